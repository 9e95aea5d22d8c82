/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is durable of a slice: numbers given out, and everything that may be on a device. A record goes
 * to disk before what it names goes to a device, and comes back without it after it is gone there.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "realise/room.h"

enum { RECORD_VERSION = 1, RECORD_MAX = 4 << 20, DEPTH_MAX = 8 };

/* ---- writing ---- */

static void put_slots(struct str *t, const struct realise_slice *s)
{
	char text[IP_PREFIX_TEXT_MAX];

	str_add(t, ",\"numbers\":[");
	for (size_t i = 0; i < s->slots.n; i++) {
		const struct realise_slot *x = &s->slots.at[i];

		str_addf(t, "%s{\"number\":%u,\"device\":", i ? "," : "", x->number);
		str_json(t, x->device);
		str_add(t, ",\"sdp\":");
		str_json(t, x->sdp);
		str_add(t, ",\"group\":");
		str_json(t, x->group);
		if (x->locator.addr.family == IP_V6)
			str_addf(t, ",\"locator\":\"%s\"", ip_prefix_text(&x->locator, text, sizeof(text)));
		str_add(t, "}");
	}
	str_add(t, "]");
}

/* What is gone is not in it. *n: how many are. */
static void put_feet(struct str *t, struct realise_slice *s, size_t *n)
{
	*n = 0;
	str_add(t, ",\"there\":[");
	for (size_t i = 0; i < s->sites.n; i++) {
		struct realise_site *x = s->sites.at[i];

		for (size_t k = 0; k < x->feet.n; k++) {
			struct realise_foot *f = &x->feet.at[k];

			f->saving = true;
			if (f->gone)
				continue;
			str_addf(t, "%s{\"device\":", *n ? "," : "");
			str_json(t, x->device);
			str_add(t, ",\"path\":");
			str_json(t, f->path);
			str_add(t, "}");
			++*n;
		}
	}
	str_add(t, "]}");
}

static void put_on(struct str *t, const struct realise_slice *s)
{
	str_add(t, ",\"on\":[");
	for (size_t i = 0; i < s->on.n; i++)
		str_addf(t, "%s{\"flow\":%llu,\"blind\":%d}", i ? "," : "", (unsigned long long)s->on.at[i].flow,
			 s->on.at[i].blind);
	str_add(t, "]");
}

static void put_away(struct str *t, const struct realise_slice *s)
{
	str_add(t, s->away.n ? ",\"away\":[" : "");
	for (size_t i = 0; i < s->away.n; i++)
		str_addf(t, "%s{\"flow\":%llu}", i ? "," : "", (unsigned long long)s->away.at[i]);
	str_add(t, s->away.n ? "]" : "");
}

static void arrived(struct realise_slice *s)
{
	for (size_t i = 0; i < s->sites.n; i++) {
		struct realise_site *x = s->sites.at[i];

		for (size_t k = x->feet.n; k-- > 0;) {
			struct realise_foot *f = &x->feet.at[k];

			if (f->saving && f->gone)
				realise_foot_drop(x, k);
			else
				f->durable = f->durable || f->saving;
		}
	}
}

static void saved(void *arg, int r)
{
	struct realise_slice *s = arg;

	s->saving = false;
	if (r == 0) {
		s->kept_parts = s->saving_parts;
		s->kept_on = s->saving_on;
		arrived(s);
		if (s->dirty)
			realise_save(s);
	} else {
		log_event("", LOG_WARN, "realise.store.write", "slice=%s error=%s", s->id, err_text(r));
		loop_timer_after(&s->resave, NS_PER_S);
	}
	realise_look(s);
}

void realise_save(struct realise_slice *s)
{
	STR_AUTO struct str t = { .limit = RECORD_MAX };
	struct store_op op = { REALISE_BUCKET, s->id, NULL, 0 };
	size_t n;

	s->dirty = true;
	if (s->saving || loop_timer_armed(&s->resave))
		return;
	for (size_t i = 0; i < s->sites.n; i++) {
		for (size_t k = 0; k < s->sites.at[i]->feet.n; k++)
			s->sites.at[i]->feet.at[k].saving = false;
	}
	str_addf(&t, "{\"version\":%d,\"parts\":%u", RECORD_VERSION, s->parts);
	put_slots(&t, s);
	if (!s->on_all)
		put_on(&t, s);
	put_away(&t, s);
	put_feet(&t, s, &n);
	if (n || s->parts) {
		op.value = str_text(&t);
		op.len = t.len;
	}
	if (t.bad || store_write(s->r->cfg.store, &op, 1, saved, s) < 0) {
		loop_timer_after(&s->resave, NS_PER_S);
		return;
	}
	s->kept = op.value != NULL;
	s->saving_parts = s->parts;
	s->saving_on = s->on_rev;
	s->saving = true;
	s->dirty = false;
}

/* ---- reading: our own, yet a disk may hold anything ---- */

static const char *text_of(json_object *o, const char *name)
{
	json_object *v;

	return json_object_object_get_ex(o, name, &v) && json_object_is_type(v, json_type_string) ?
		       json_object_get_string(v) :
		       NULL;
}

static bool number_of(json_object *o, const char *name, uint64_t max, uint64_t *out)
{
	json_object *v;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_int))
		return false;
	*out = json_object_get_uint64(v);
	return *out <= max;
}

static bool get_slot(struct realise_slice *s, json_object *o)
{
	const char *device = text_of(o, "device"), *sdp = text_of(o, "sdp"), *group = text_of(o, "group");
	const char *locator = text_of(o, "locator");
	struct realise_slot x;
	uint64_t number;

	if (!device || !sdp || !group || !number_of(o, "number", REALISE_NUMBERS - 1, &number))
		return false;
	x = (struct realise_slot){ strdup(device), strdup(sdp), strdup(group), (uint32_t)number,
				   { .len = 0 } };
	if (locator && ip_prefix_parse(locator, &x.locator) != 0)
		x.locator = (struct ip_prefix){ 0 };
	if (x.device && x.sdp && x.group && VEC_ADD(&s->slots, x))
		return true;
	free(x.device);
	free(x.sdp);
	free(x.group);
	return false;
}

static bool get_foot(struct realise_slice *s, json_object *o)
{
	const char *device = text_of(o, "device"), *path = text_of(o, "path");
	struct realise_site *x;
	struct realise_foot *f;

	if (!device || !path || strlen(device) >= DEVICE_NAME_MAX || strlen(path) >= REALISE_PATH_MAX)
		return false;
	x = realise_site_of(s, device, true);
	f = x ? realise_foot_add(x, path) : NULL;
	if (f)
		f->durable = true;
	return f;
}

static bool get_on(struct realise_slice *s, json_object *o)
{
	struct realise_let_on x = { 0 };
	uint64_t blind;

	if (!number_of(o, "flow", INT64_MAX, &x.flow) || !number_of(o, "blind", 1, &blind))
		return false;
	x.blind = blind;
	return s->on.n < SLICE_FLOWS_MAX && VEC_ADD(&s->on, x);
}

static bool get_away(struct realise_slice *s, json_object *o)
{
	uint64_t flow;

	return number_of(o, "flow", INT64_MAX, &flow) && s->away.n < SLICE_FLOWS_MAX && VEC_ADD(&s->away, flow);
}

static bool get_all(struct realise_slice *s, json_object *o, const char *name,
		    bool (*one)(struct realise_slice *s, json_object *o))
{
	json_object *v;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		if (!one(s, json_object_array_get_idx(v, i)))
			return false;
	}
	return true;
}

static json_object *parse(const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MAX);
	json_object *o = NULL;

	if (tok && len <= RECORD_MAX) {
		json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
		o = json_tokener_parse_ex(tok, text, (int)len);
		if (json_tokener_get_error(tok) != json_tokener_success ||
		    !json_object_is_type(o, json_type_object)) {
			json_object_put(o);
			o = NULL;
		}
	}
	if (tok)
		json_tokener_free(tok);
	return o;
}

int realise_record_read(struct realise *r, const char *id, const char *text, size_t len)
{
	json_object *o = parse(text, len);
	struct realise_slice *s = o ? realise_slice_new(r, id) : NULL;
	uint64_t version = 0, parts = 0;
	bool ok = s && number_of(o, "version", RECORD_VERSION, &version) && version == RECORD_VERSION &&
		  number_of(o, "parts", REALISE_PARTS, &parts) &&
		  get_all(s, o, "numbers", get_slot) && get_all(s, o, "there", get_foot);

	if (ok && json_object_object_get_ex(o, "on", NULL))
		ok = get_all(s, o, "on", get_on);
	else if (ok)
		s->on_all = (parts & REALISE_CLASSIFY) != 0; /* of a version that did not say */
	if (ok && json_object_object_get_ex(o, "away", NULL))
		ok = get_all(s, o, "away", get_away);
	json_object_put(o);
	if (!ok) {
		if (s)
			realise_slice_del(s);
		return err_raise(-EINVAL);
	}
	s->parts = s->kept_parts = (unsigned)parts;
	s->kept = true;
	return 0;
}
