/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path is walked along the schema, so that whatever libyang is asked for exists and every key
 * value is canonical. Names may carry their module; keys that are absent or "*" match all.
 */
#include "tools/agent/gnmi/gnmi_path.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { JSON_DEPTH_MAX = 16 };

bool agent_gfail(struct agent_gerror *e, enum rpc_code code, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return false;
}

/* ---- paths in ---- */

struct walk {
	const struct ly_ctx *ctx;
	struct arena *a;
	struct agent_gpath *out;
	struct agent_gerror *e;
	size_t len; /* of the xpath */
};

static bool add(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool add(struct walk *w, const char *fmt, ...)
{
	size_t room = sizeof(w->out->xpath) - w->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->out->xpath + w->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		return agent_gfail(w->e, RPC_INVALID_ARGUMENT, "the path is too long");
	w->len += (size_t)n;
	return true;
}

static bool is_module(const struct lys_module *m, const char *name, size_t len)
{
	return strlen(m->name) == len && strncmp(m->name, name, len) == 0;
}

static const struct lysc_node *child_named(const struct walk *w, const char *module, size_t mlen,
					   const char *name)
{
	const struct lysc_node *parent = w->out->schema, *found = NULL;
	const struct lys_module *m;
	uint32_t i = 0;

	if (parent) { /* its children may be of other modules, which augment it */
		while ((found = lys_getnext(found, parent, NULL, 0))) {
			if (strcmp(found->name, name) == 0 &&
			    (!module || is_module(found->module, module, mlen)))
				return found;
		}
		return NULL;
	}
	while (!found && (m = ly_ctx_get_module_iter(w->ctx, &i))) {
		if (!m->implemented || (module && !is_module(m, module, mlen)))
			continue;
		found = lys_find_child(NULL, m, name, 0, LYS_CONTAINER | LYS_LIST, 0);
	}
	return found;
}

static const char *key_value(const Gnmipb__PathElem *el, const char *name)
{
	for (size_t i = 0; i < el->n_key; i++) {
		if (strcmp(el->key[i]->key, name) == 0)
			return el->key[i]->value;
	}
	return NULL;
}

static bool add_key(struct walk *w, const struct lysc_node *key, const char *value)
{
	const char *canonical = NULL;
	char quote;
	bool ok;

	if (!value || strcmp(value, "*") == 0) {
		w->out->wild = true;
		return true;
	}
	ok = lyd_value_validate(w->ctx, key, value, strlen(value), NULL, NULL, &canonical) ==
	     LY_SUCCESS;
	ly_err_clean(w->ctx ? (struct ly_ctx *)(uintptr_t)w->ctx : NULL, NULL);
	if (!ok || !canonical)
		return agent_gfail(w->e, RPC_INVALID_ARGUMENT, "'%.64s' is no value of key '%s'",
				   value, key->name);
	w->out->keys[w->out->n_keys] = arena_str(w->a, canonical);
	lydict_remove(w->ctx, canonical);
	value = w->out->keys[w->out->n_keys++];
	if (!value)
		return agent_gfail(w->e, RPC_RESOURCE_EXHAUSTED, "no memory");
	quote = strchr(value, '\'') ? '"' : '\'';
	if (strchr(value, quote))
		return agent_gfail(w->e, RPC_INVALID_ARGUMENT, "key '%s': both kinds of quotes",
				   key->name);
	return add(w, "[%s:%s=%c%s%c]", key->module->name, key->name, quote, value, quote);
}

static bool add_keys(struct walk *w, const struct lysc_node *list, const Gnmipb__PathElem *el)
{
	const struct lysc_node *c = NULL;
	size_t known = 0;

	while ((c = lys_getnext(c, list, NULL, 0))) {
		if (!lysc_is_key(c))
			continue;
		if (w->out->n_keys == AGENT_GPATH_ELEMS_MAX)
			return agent_gfail(w->e, RPC_INVALID_ARGUMENT, "the path is too long");
		known += key_value(el, c->name) != NULL;
		if (!add_key(w, c, key_value(el, c->name)))
			return false;
	}
	if (known != el->n_key)
		return agent_gfail(w->e, RPC_INVALID_ARGUMENT, "'%s' has no such key", list->name);
	return true;
}

static bool add_elem(struct walk *w, const Gnmipb__PathElem *el)
{
	const char *colon = strchr(el->name, ':'), *name = colon ? colon + 1 : el->name;
	const struct lysc_node *n =
		child_named(w, colon ? el->name : NULL,
			    colon ? (size_t)(colon - el->name) : 0, name);

	if (!n || w->out->n_elems == AGENT_GPATH_ELEMS_MAX)
		return agent_gfail(w->e, RPC_INVALID_ARGUMENT, "there is no '%.64s'%s%s", el->name,
				   w->out->schema ? " in " : "",
				   w->out->schema ? w->out->schema->name : "");
	w->out->schema = n;
	w->out->elems[w->out->n_elems++] = n;
	if (!add(w, "/%s:%s", n->module->name, n->name))
		return false;
	if (n->nodetype == LYS_LIST)
		return add_keys(w, n, el);
	if (el->n_key > 0)
		return agent_gfail(w->e, RPC_INVALID_ARGUMENT, "'%s' has no keys", n->name);
	return true;
}

static bool add_path(struct walk *w, const Gnmipb__Path *p)
{
	if (!p)
		return true;
	if (p->origin[0] && strcmp(p->origin, "rfc7951") != 0 &&
	    !ly_ctx_get_module_implemented(w->ctx, p->origin))
		return agent_gfail(w->e, RPC_INVALID_ARGUMENT, "there is no origin '%.64s'",
				   p->origin);
	for (size_t i = 0; i < p->n_elem; i++) {
		if (!add_elem(w, p->elem[i]))
			return false;
	}
	return true;
}

bool agent_gpath_resolve(const struct ly_ctx *ctx, const Gnmipb__Path *prefix,
			 const Gnmipb__Path *path, struct arena *a, struct agent_gpath *out,
			 struct agent_gerror *e)
{
	struct walk w = { .ctx = ctx, .a = a, .out = out, .e = e };

	memset(out, 0, sizeof(*out));
	return add_path(&w, prefix) && add_path(&w, path);
}

/* ---- paths out ---- */

static bool put_key(Gnmipb__PathElem *el, const struct lyd_node *key, struct arena *a)
{
	Gnmipb__PathElem__KeyEntry *k = ARENA_NEW(a, Gnmipb__PathElem__KeyEntry);

	if (!k)
		return false;
	gnmipb__path_elem__key_entry__init(k);
	k->key = arena_str(a, key->schema->name);
	k->value = arena_str(a, lyd_get_value(key));
	el->key[el->n_key++] = k;
	return k->key && k->value;
}

static Gnmipb__PathElem *elem_of(const struct lyd_node *n, struct arena *a)
{
	Gnmipb__PathElem *el = ARENA_NEW(a, Gnmipb__PathElem);
	const struct lyd_node *c;
	size_t keys = 0;

	if (!el)
		return NULL;
	gnmipb__path_elem__init(el);
	el->name = arena_str(a, n->schema->name);
	if (n->schema->nodetype != LYS_LIST)
		return el->name ? el : NULL;
	for (c = lyd_child(n); c && lysc_is_key(c->schema); c = c->next)
		keys++;
	el->key = ARENA_ARRAY(a, keys + 1, Gnmipb__PathElem__KeyEntry *);
	for (c = lyd_child(n); el->key && c && lysc_is_key(c->schema); c = c->next) {
		if (!put_key(el, c, a))
			return NULL;
	}
	return el->key && el->name ? el : NULL;
}

Gnmipb__Path *agent_gpath_of(const struct lyd_node *n, struct arena *a)
{
	Gnmipb__Path *p = ARENA_NEW(a, Gnmipb__Path);
	const struct lyd_node *up;
	size_t depth = 0;

	for (up = n; up; up = lyd_parent(up))
		depth++;
	if (!p)
		return NULL;
	gnmipb__path__init(p);
	p->elem = ARENA_ARRAY(a, depth, Gnmipb__PathElem *);
	if (!p->elem)
		return NULL;
	p->n_elem = depth;
	for (up = n; up; up = lyd_parent(up)) {
		p->elem[--depth] = elem_of(up, a);
		if (!p->elem[depth])
			return NULL;
	}
	return p;
}

/* ---- values out ---- */

static char *printed(const struct lyd_node *n, uint32_t more)
{
	char *text = NULL;

	if (lyd_print_mem(&text, n, LYD_JSON, LYD_PRINT_SHRINK | LYD_PRINT_WD_ALL | more) !=
	    LY_SUCCESS)
		return NULL;
	return text;
}

/* libyang prints {"module:name":VALUE}: a name holds no quotes. */
static char *leaf_text(const struct lyd_node *n, struct arena *a)
{
	AUTO_FREE char *text = printed(n, 0);
	char *at = text ? strstr(text, "\":") : NULL, *end = text ? strrchr(text, '}') : NULL;

	if (!at || !end)
		return NULL;
	*end = '\0';
	return arena_str(a, at + 2);
}

static char *leaf_list_text(const struct lyd_node *n, struct arena *a)
{
	STR_AUTO struct str o = { 0 };
	const struct lyd_node *c;

	str_add(&o, "[");
	for (c = lyd_first_sibling(n); c; c = c->next) {
		char *one;

		if (c->schema != n->schema)
			continue;
		one = leaf_text(c, a); /* "[VALUE]" */
		if (!one || strlen(one) < 2)
			return NULL;
		str_add(&o, o.len > 1 ? "," : "");
		str_addn(&o, one + 1, strlen(one) - 2);
	}
	str_add(&o, "]");
	return o.bad ? NULL : arena_str(a, str_text(&o));
}

char *agent_gval_text(const struct lyd_node *n, struct arena *a)
{
	AUTO_FREE char *text = NULL;

	if (n->schema->nodetype == LYS_LEAF)
		return leaf_text(n, a);
	if (n->schema->nodetype == LYS_LEAFLIST)
		return leaf_list_text(n, a);
	if (!lyd_child(n))
		return arena_str(a, "{}");
	text = printed(lyd_child(n), LYD_PRINT_WITHSIBLINGS);
	return text ? arena_str(a, text) : NULL;
}

/* ---- values in ---- */

static bool wants_number(const struct lysc_node *leaf)
{
	const struct lysc_type *t = NULL;

	if (leaf->nodetype == LYS_LEAF)
		t = ((const struct lysc_node_leaf *)leaf)->type;
	else if (leaf->nodetype == LYS_LEAFLIST)
		t = ((const struct lysc_node_leaflist *)leaf)->type;
	if (t && t->basetype == LY_TYPE_LEAFREF)
		t = ((const struct lysc_type_leafref *)t)->realtype;
	return t && (t->basetype == LY_TYPE_UINT8 || t->basetype == LY_TYPE_UINT16 ||
		     t->basetype == LY_TYPE_UINT32 || t->basetype == LY_TYPE_INT8 ||
		     t->basetype == LY_TYPE_INT16 || t->basetype == LY_TYPE_INT32);
}

struct json_object *agent_gval_scalar(const struct lysc_node *leaf, const char *text)
{
	uint64_t n;

	if (wants_number(leaf) && str_u64(text, &n) == 0 && n <= INT64_MAX)
		return json_object_new_int64((int64_t)n);
	return json_object_new_string(text);
}

static struct json_object *from_json(const ProtobufCBinaryData *d, struct agent_gerror *e)
{
	struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH_MAX);
	struct json_object *o = NULL;
	bool whole = false;

	if (tok) {
		json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
		/* a number ends with what follows it */
		o = d->len >= INT32_MAX
			    ? NULL
			    : json_tokener_parse_ex(tok, (const char *)d->data, (int)d->len);
		if (!o && json_tokener_get_error(tok) == json_tokener_continue)
			o = json_tokener_parse_ex(tok, "", 1);
		whole = o && json_tokener_get_error(tok) == json_tokener_success &&
			str_utf8((const char *)d->data, d->len);
		json_tokener_free(tok);
	}
	if (whole)
		return o;
	json_object_put(o);
	(void)agent_gfail(e, RPC_INVALID_ARGUMENT, "the value is not JSON");
	return NULL;
}

static struct json_object *from_text(const struct lysc_node *schema, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static struct json_object *from_text(const struct lysc_node *schema, const char *fmt, ...)
{
	char text[32];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return agent_gval_scalar(schema, text);
}

static struct json_object *from_scalar(const struct lysc_node *schema, const Gnmipb__TypedValue *v)
{
	switch (v->value_case) {
	case GNMIPB__TYPED_VALUE__VALUE_STRING_VAL:
		return agent_gval_scalar(schema, v->string_val);
	case GNMIPB__TYPED_VALUE__VALUE_ASCII_VAL:
		return agent_gval_scalar(schema, v->ascii_val);
	case GNMIPB__TYPED_VALUE__VALUE_UINT_VAL:
		return from_text(schema, "%llu", (unsigned long long)v->uint_val);
	case GNMIPB__TYPED_VALUE__VALUE_INT_VAL:
		return from_text(schema, "%lld", (long long)v->int_val);
	case GNMIPB__TYPED_VALUE__VALUE_BOOL_VAL:
		return json_object_new_boolean(v->bool_val);
	default: /* an enum of the generated code */
		return NULL;
	}
}

struct json_object *agent_gval_json(const struct lysc_node *schema, const Gnmipb__TypedValue *v,
				    struct agent_gerror *e)
{
	struct json_object *o = NULL;

	if (v && v->value_case == GNMIPB__TYPED_VALUE__VALUE_JSON_IETF_VAL)
		return from_json(&v->json_ietf_val, e);
	if (v && v->value_case == GNMIPB__TYPED_VALUE__VALUE_JSON_VAL)
		return from_json(&v->json_val, e);
	if (v && v->value_case == GNMIPB__TYPED_VALUE__VALUE_LEAFLIST_VAL) {
		o = json_object_new_array();
		for (size_t i = 0; i < v->leaflist_val->n_element; i++)
			(void)json_object_array_add(o, from_scalar(schema,
								   v->leaflist_val->element[i]));
		return o;
	}
	if (v && schema && schema->nodetype & (LYS_LEAF | LYS_LEAFLIST))
		o = from_scalar(schema, v);
	if (!o)
		(void)agent_gfail(e, RPC_INVALID_ARGUMENT,
				  "a value of this kind is not understood");
	return o;
}
