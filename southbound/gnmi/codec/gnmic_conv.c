/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts messages are made of, to and from protobuf-c's structs. Reading borrows strings and
 * octets from the structs, which are in the same arena; writing borrows them from the caller.
 */
#include <string.h>

#include "southbound/gnmi/codec/gnmic_int.h"

void *gnmic_room(struct gnmic_conv *c, size_t n, size_t size)
{
	void *p = arena_array(c->a, n ? n : 1, size);

	if (!p)
		c->why = "too big";
	return p;
}

char *gnmic_text_of(const char *s)
{
	return (char *)(uintptr_t)(s ? s : "");
}

/* ---- from ---- */

static bool origin_ok(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || strchr(":/[]\\", *s))
			return false;
	return true;
}

static void elem_from(struct gnmic_conv *c, const Gnmipb__PathElem *e, struct gnmic_elem *out)
{
	out->name = e->name;
	if (!e->name[0])
		c->why = "a name in a path is empty";
	if (e->n_key > GNMIC_KEYS_MAX)
		c->why = "too many keys in a path";
	if (e->n_key == 0 || c->why)
		return;
	out->keys = GNMIC_ROOM(c, e->n_key, struct gnmic_key);
	if (!out->keys)
		return;
	for (size_t i = 0; i < e->n_key; i++) {
		out->keys[i] = (struct gnmic_key){ e->key[i]->key, e->key[i]->value };
		if (!out->keys[i].name[0])
			c->why = "a key's name is empty";
	}
	out->n_keys = e->n_key;
	if (!gnmic_keys_sort(out->keys, out->n_keys))
		c->why = "a key is there twice";
}

void gnmic_path_from(struct gnmic_conv *c, const Gnmipb__Path *p, struct gnmic_path *out)
{
	*out = (struct gnmic_path){ .origin = "", .target = "" };
	if (!p || c->why)
		return;
	out->origin = p->origin;
	out->target = p->target;
	if (p->n_elem > GNMIC_ELEMS_MAX)
		c->why = "too many elements in a path";
	else if (!origin_ok(p->origin))
		c->why = "not an origin";
	if (p->n_elem == 0 || c->why)
		return;
	out->elems = GNMIC_ROOM(c, p->n_elem, struct gnmic_elem);
	for (; !c->why && out->n_elems < p->n_elem; out->n_elems++)
		elem_from(c, p->elem[out->n_elems], &out->elems[out->n_elems]);
}

struct gnmic_path *gnmic_paths_from(struct gnmic_conv *c, Gnmipb__Path **p, size_t n)
{
	struct gnmic_path *out;

	if (n == 0 || c->why)
		return NULL;
	out = GNMIC_ROOM(c, n, struct gnmic_path);
	for (size_t i = 0; !c->why && i < n; i++)
		gnmic_path_from(c, p[i], &out[i]);
	return out;
}

static struct gnmic_value bytes_value(enum gnmic_kind kind, const ProtobufCBinaryData *d)
{
	return (struct gnmic_value){ .kind = kind, .bytes = { d->data, d->len } };
}

static bool scalar_from(const Gnmipb__TypedValue *v, struct gnmic_value *out)
{
	switch (v->value_case) {
	case GNMIPB__TYPED_VALUE__VALUE_STRING_VAL:
		*out = (struct gnmic_value){ .kind = GNMIC_STRING, .text = v->string_val };
		return true;
	case GNMIPB__TYPED_VALUE__VALUE_ASCII_VAL:
		*out = (struct gnmic_value){ .kind = GNMIC_ASCII, .text = v->ascii_val };
		return true;
	case GNMIPB__TYPED_VALUE__VALUE_INT_VAL:
		*out = (struct gnmic_value){ .kind = GNMIC_INT, .i = v->int_val };
		return true;
	case GNMIPB__TYPED_VALUE__VALUE_UINT_VAL:
		*out = (struct gnmic_value){ .kind = GNMIC_UINT, .u = v->uint_val };
		return true;
	case GNMIPB__TYPED_VALUE__VALUE_BOOL_VAL:
		*out = (struct gnmic_value){ .kind = GNMIC_BOOL, .b = v->bool_val != 0 };
		return true;
	case GNMIPB__TYPED_VALUE__VALUE_FLOAT_VAL:
		*out = (struct gnmic_value){ .kind = GNMIC_FLOAT, .d = (double)v->float_val };
		return true;
	case GNMIPB__TYPED_VALUE__VALUE_DOUBLE_VAL:
		*out = (struct gnmic_value){ .kind = GNMIC_FLOAT, .d = v->double_val };
		return true;
	default:
		return false;
	}
}

static void list_from(struct gnmic_conv *c, const Gnmipb__ScalarArray *l, struct gnmic_value *out);

static void value_from(struct gnmic_conv *c, const Gnmipb__TypedValue *v, struct gnmic_value *out,
		       bool in_list)
{
	*out = (struct gnmic_value){ .kind = GNMIC_NONE };
	if (!v || scalar_from(v, out))
		return;
	switch (v->value_case) {
	case GNMIPB__TYPED_VALUE__VALUE_BYTES_VAL:
		*out = bytes_value(GNMIC_BYTES, &v->bytes_val);
		break;
	case GNMIPB__TYPED_VALUE__VALUE_PROTO_BYTES:
		*out = bytes_value(GNMIC_PROTO, &v->proto_bytes);
		break;
	case GNMIPB__TYPED_VALUE__VALUE_JSON_VAL:
		*out = bytes_value(GNMIC_JSON, &v->json_val);
		break;
	case GNMIPB__TYPED_VALUE__VALUE_JSON_IETF_VAL:
		*out = bytes_value(GNMIC_JSON_IETF, &v->json_ietf_val);
		break;
	case GNMIPB__TYPED_VALUE__VALUE_DECIMAL_VAL:
		*out = (struct gnmic_value){ .kind = GNMIC_DECIMAL };
		out->dec.digits = v->decimal_val->digits;
		out->dec.precision = v->decimal_val->precision;
		break;
	case GNMIPB__TYPED_VALUE__VALUE_LEAFLIST_VAL:
		if (in_list)
			c->why = "a leaf-list in a leaf-list";
		else
			list_from(c, v->leaflist_val, out);
		break;
	default: /* any_val, or a kind of a later standard */
		break;
	}
}

static void list_from(struct gnmic_conv *c, const Gnmipb__ScalarArray *l, struct gnmic_value *out)
{
	*out = (struct gnmic_value){ .kind = GNMIC_LIST };
	if (l->n_element == 0)
		return;
	out->list.at = GNMIC_ROOM(c, l->n_element, struct gnmic_value);
	for (; !c->why && out->list.n < l->n_element; out->list.n++)
		value_from(c, l->element[out->list.n], &out->list.at[out->list.n], true);
}

void gnmic_value_from(struct gnmic_conv *c, const Gnmipb__TypedValue *v, struct gnmic_value *out)
{
	value_from(c, v, out, false);
}

struct gnmic_update *gnmic_updates_from(struct gnmic_conv *c, Gnmipb__Update **u, size_t n)
{
	struct gnmic_update *out;

	if (n == 0 || c->why)
		return NULL;
	out = GNMIC_ROOM(c, n, struct gnmic_update);
	for (size_t i = 0; !c->why && i < n; i++) {
		gnmic_path_from(c, u[i]->path, &out[i].path);
		gnmic_value_from(c, u[i]->val, &out[i].val);
		out[i].duplicates = u[i]->duplicates;
	}
	return out;
}

void gnmic_origin_once(struct gnmic_conv *c, const struct gnmic_path *prefix,
		       const struct gnmic_path *path)
{
	if (!c->why && prefix->origin[0] && path->origin[0])
		c->why = "an origin in the prefix and in a path";
}

void gnmic_notification_from(struct gnmic_conv *c, const Gnmipb__Notification *n,
			     struct gnmic_notification *out)
{
	*out = (struct gnmic_notification){ .timestamp_ns = n->timestamp, .atomic = n->atomic != 0 };
	gnmic_path_from(c, n->prefix, &out->prefix);
	out->updates = gnmic_updates_from(c, n->update, n->n_update);
	out->deletes = gnmic_paths_from(c, n->delete_, n->n_delete_);
	if (c->why)
		return;
	out->n_updates = n->n_update;
	out->n_deletes = n->n_delete_;
	for (size_t i = 0; i < out->n_updates; i++)
		gnmic_origin_once(c, &out->prefix, &out->updates[i].path);
	for (size_t i = 0; i < out->n_deletes; i++)
		gnmic_origin_once(c, &out->prefix, &out->deletes[i]);
}

/* ---- to ---- */

static void elem_to(struct gnmic_conv *c, const struct gnmic_elem *e, Gnmipb__PathElem *out)
{
	Gnmipb__PathElem__KeyEntry *keys;

	gnmipb__path_elem__init(out);
	out->name = gnmic_text_of(e->name);
	if (e->n_keys == 0)
		return;
	keys = GNMIC_ROOM(c, e->n_keys, Gnmipb__PathElem__KeyEntry);
	out->key = GNMIC_ROOM(c, e->n_keys, Gnmipb__PathElem__KeyEntry *);
	if (!keys || !out->key)
		return;
	for (; out->n_key < e->n_keys; out->n_key++) {
		Gnmipb__PathElem__KeyEntry *k = &keys[out->n_key];

		gnmipb__path_elem__key_entry__init(k);
		k->key = gnmic_text_of(e->keys[out->n_key].name);
		k->value = gnmic_text_of(e->keys[out->n_key].value);
		out->key[out->n_key] = k;
	}
}

Gnmipb__Path *gnmic_path_to(struct gnmic_conv *c, const struct gnmic_path *p)
{
	Gnmipb__Path *out = GNMIC_ROOM(c, 1, Gnmipb__Path);
	Gnmipb__PathElem *elems;

	if (!out)
		return NULL;
	gnmipb__path__init(out);
	out->origin = gnmic_text_of(p->origin);
	out->target = gnmic_text_of(p->target);
	if (p->n_elems == 0)
		return out;
	elems = GNMIC_ROOM(c, p->n_elems, Gnmipb__PathElem);
	out->elem = GNMIC_ROOM(c, p->n_elems, Gnmipb__PathElem *);
	if (!elems || !out->elem)
		return NULL;
	for (; out->n_elem < p->n_elems; out->n_elem++) {
		elem_to(c, &p->elems[out->n_elem], &elems[out->n_elem]);
		out->elem[out->n_elem] = &elems[out->n_elem];
	}
	return c->why ? NULL : out;
}

Gnmipb__Path *gnmic_prefix_to(struct gnmic_conv *c, const struct gnmic_path *p)
{
	if (p->n_elems == 0 && !gnmic_text_of(p->origin)[0] && !gnmic_text_of(p->target)[0])
		return NULL;
	return gnmic_path_to(c, p);
}

Gnmipb__Path **gnmic_paths_to(struct gnmic_conv *c, const struct gnmic_path *p, size_t n)
{
	Gnmipb__Path **out = GNMIC_ROOM(c, n, Gnmipb__Path *);

	for (size_t i = 0; out && i < n && !c->why; i++)
		out[i] = gnmic_path_to(c, &p[i]);
	return out;
}

static void bytes_to(ProtobufCBinaryData *out, const struct gnmic_value *v)
{
	out->data = (uint8_t *)(uintptr_t)v->bytes.data;
	out->len = v->bytes.len;
}

static void value_to(struct gnmic_conv *c, const struct gnmic_value *v, Gnmipb__TypedValue *out);

static void list_to(struct gnmic_conv *c, const struct gnmic_value *v, Gnmipb__TypedValue *out)
{
	Gnmipb__ScalarArray *l = GNMIC_ROOM(c, 1, Gnmipb__ScalarArray);
	Gnmipb__TypedValue *at = GNMIC_ROOM(c, v->list.n, Gnmipb__TypedValue);

	if (!l || !at)
		return;
	gnmipb__scalar_array__init(l);
	l->element = GNMIC_ROOM(c, v->list.n, Gnmipb__TypedValue *);
	for (; !c->why && l->n_element < v->list.n; l->n_element++) {
		const struct gnmic_value *e = &v->list.at[l->n_element];

		if (e->kind == GNMIC_LIST)
			c->why = "a leaf-list in a leaf-list";
		else
			value_to(c, e, &at[l->n_element]);
		l->element[l->n_element] = &at[l->n_element];
	}
	out->value_case = GNMIPB__TYPED_VALUE__VALUE_LEAFLIST_VAL;
	out->leaflist_val = l;
}

static void decimal_to(struct gnmic_conv *c, const struct gnmic_value *v, Gnmipb__TypedValue *out)
{
	Gnmipb__Decimal64 *d = GNMIC_ROOM(c, 1, Gnmipb__Decimal64);

	if (!d)
		return;
	gnmipb__decimal64__init(d);
	d->digits = v->dec.digits;
	d->precision = v->dec.precision;
	out->value_case = GNMIPB__TYPED_VALUE__VALUE_DECIMAL_VAL;
	out->decimal_val = d;
}

static const Gnmipb__TypedValue__ValueCase cases[] = {
	[GNMIC_NONE] = GNMIPB__TYPED_VALUE__VALUE__NOT_SET,
	[GNMIC_STRING] = GNMIPB__TYPED_VALUE__VALUE_STRING_VAL,
	[GNMIC_INT] = GNMIPB__TYPED_VALUE__VALUE_INT_VAL,
	[GNMIC_UINT] = GNMIPB__TYPED_VALUE__VALUE_UINT_VAL,
	[GNMIC_BOOL] = GNMIPB__TYPED_VALUE__VALUE_BOOL_VAL,
	[GNMIC_BYTES] = GNMIPB__TYPED_VALUE__VALUE_BYTES_VAL,
	[GNMIC_FLOAT] = GNMIPB__TYPED_VALUE__VALUE_DOUBLE_VAL,
	[GNMIC_DECIMAL] = GNMIPB__TYPED_VALUE__VALUE_DECIMAL_VAL,
	[GNMIC_LIST] = GNMIPB__TYPED_VALUE__VALUE_LEAFLIST_VAL,
	[GNMIC_JSON] = GNMIPB__TYPED_VALUE__VALUE_JSON_VAL,
	[GNMIC_JSON_IETF] = GNMIPB__TYPED_VALUE__VALUE_JSON_IETF_VAL,
	[GNMIC_ASCII] = GNMIPB__TYPED_VALUE__VALUE_ASCII_VAL,
	[GNMIC_PROTO] = GNMIPB__TYPED_VALUE__VALUE_PROTO_BYTES,
};

static void value_to(struct gnmic_conv *c, const struct gnmic_value *v, Gnmipb__TypedValue *out)
{
	gnmipb__typed_value__init(out);
	out->value_case = cases[v->kind];
	switch (v->kind) {
	case GNMIC_NONE:
		break;
	case GNMIC_STRING:
		out->string_val = gnmic_text_of(v->text);
		break;
	case GNMIC_ASCII:
		out->ascii_val = gnmic_text_of(v->text);
		break;
	case GNMIC_INT:
		out->int_val = v->i;
		break;
	case GNMIC_UINT:
		out->uint_val = v->u;
		break;
	case GNMIC_BOOL:
		out->bool_val = v->b;
		break;
	case GNMIC_FLOAT:
		out->double_val = v->d;
		break;
	case GNMIC_BYTES:
		bytes_to(&out->bytes_val, v);
		break;
	case GNMIC_JSON:
		bytes_to(&out->json_val, v);
		break;
	case GNMIC_JSON_IETF:
		bytes_to(&out->json_ietf_val, v);
		break;
	case GNMIC_PROTO:
		bytes_to(&out->proto_bytes, v);
		break;
	case GNMIC_DECIMAL:
		decimal_to(c, v, out);
		break;
	case GNMIC_LIST:
		list_to(c, v, out);
		break;
	}
}

static Gnmipb__Update *update_to(struct gnmic_conv *c, const struct gnmic_update *u)
{
	Gnmipb__Update *out = GNMIC_ROOM(c, 1, Gnmipb__Update);

	if (!out)
		return NULL;
	gnmipb__update__init(out);
	out->path = gnmic_path_to(c, &u->path);
	out->duplicates = u->duplicates;
	if (u->val.kind == GNMIC_NONE)
		return out;
	out->val = GNMIC_ROOM(c, 1, Gnmipb__TypedValue);
	if (out->val)
		value_to(c, &u->val, out->val);
	return out;
}

Gnmipb__Update **gnmic_updates_to(struct gnmic_conv *c, const struct gnmic_update *u, size_t n)
{
	Gnmipb__Update **out = GNMIC_ROOM(c, n, Gnmipb__Update *);

	for (size_t i = 0; out && i < n && !c->why; i++)
		out[i] = update_to(c, &u[i]);
	return out;
}

Gnmipb__Notification *gnmic_notification_to(struct gnmic_conv *c, const struct gnmic_notification *n)
{
	Gnmipb__Notification *out = GNMIC_ROOM(c, 1, Gnmipb__Notification);

	if (!out)
		return NULL;
	gnmipb__notification__init(out);
	out->timestamp = n->timestamp_ns;
	out->atomic = n->atomic;
	out->prefix = gnmic_prefix_to(c, &n->prefix);
	out->update = gnmic_updates_to(c, n->updates, n->n_updates);
	out->n_update = n->n_updates;
	out->delete_ = gnmic_paths_to(c, n->deletes, n->n_deletes);
	out->n_delete_ = n->n_deletes;
	return c->why ? NULL : out;
}
