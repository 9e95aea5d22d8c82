/* SPDX-License-Identifier: Apache-2.0 */
/* Windows as they are durable. */
#include <json-c/json.h>

#include "assure/window/window_priv.h"
#include "base/str.h"

enum { RECORD_MAX = 64 * 1024 };

static void number(struct str *s, const char *name, uint64_t v)
{
	str_addf(s, ",\"%s\":%llu", name, (unsigned long long)v);
}

char *window_record_print(const struct window *w, uint64_t revision)
{
	STR_AUTO struct str s = { .limit = RECORD_MAX };

	str_add(&s, "{\"version\":1,\"name\":");
	str_json(&s, w->name);
	str_add(&s, ",\"description\":");
	str_json(&s, w->description);
	number(&s, "revision", revision);
	number(&s, "start_wall_ns", w->start_wall_ns);
	number(&s, "duration_s", w->duration_s);
	number(&s, "every", w->every);
	number(&s, "interval", w->interval);
	number(&s, "count", w->count);
	number(&s, "freeze", w->freeze);
	number(&s, "high", w->high);
	number(&s, "allowed", w->allowed);
	number(&s, "check_s", w->check_s);
	str_add(&s, ",\"services\":[");
	for (uint8_t i = 0; i < w->n_services; i++) {
		str_add(&s, i ? "," : "");
		str_json(&s, w->service[i]);
	}
	str_add(&s, "]}");
	return str_take(&s);
}

static bool get(json_object *o, const char *name, uint64_t max, uint64_t *out)
{
	json_object *v = NULL;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_int))
		return false;
	*out = json_object_get_uint64(v);
	return json_object_get_int64(v) >= 0 && *out <= max;
}

static bool text(json_object *v, char *out, size_t cap)
{
	return json_object_is_type(v, json_type_string) && str_copy(out, cap, json_object_get_string(v));
}

static bool services(json_object *o, struct window *w)
{
	json_object *v = NULL;
	bool good = json_object_object_get_ex(o, "services", &v) && json_object_is_type(v, json_type_array) &&
		    json_object_array_length(v) <= WINDOW_SERVICES_MAX;

	for (size_t i = 0; good && i < json_object_array_length(v); i++)
		good = text(json_object_array_get_idx(v, i), w->service[w->n_services++], WINDOW_SERVICE_MAX);
	return good;
}

static bool numbers(json_object *o, struct window *w, uint64_t *revision)
{
	uint64_t v[9];

	if (!get(o, "revision", INT64_MAX, revision) || !get(o, "start_wall_ns", INT64_MAX, &w->start_wall_ns) ||
	    !get(o, "duration_s", WINDOW_DURATION_S_MAX, &v[0]) || !get(o, "every", WINDOW_WEEKLY, &v[1]) ||
	    !get(o, "interval", UINT16_MAX, &v[2]) || !get(o, "count", UINT32_MAX, &v[3]) ||
	    !get(o, "freeze", 1, &v[4]) || !get(o, "high", 1, &v[5]) || !get(o, "allowed", UINT8_MAX, &v[6]) ||
	    !get(o, "check_s", UINT32_MAX, &v[7]))
		return false;
	w->duration_s = (uint32_t)v[0];
	w->every = (uint8_t)v[1];
	w->interval = (uint16_t)v[2];
	w->count = (uint32_t)v[3];
	w->freeze = v[4];
	w->high = v[5];
	w->allowed = (uint8_t)v[6];
	w->check_s = (uint32_t)v[7];
	return true;
}

bool window_record_read(const char *record, size_t len, struct window *w, uint64_t *revision)
{
	struct json_tokener *tok = len <= RECORD_MAX ? json_tokener_new_ex(4) : NULL;
	json_object *o = tok ? json_tokener_parse_ex(tok, record, (int)len) : NULL, *v = NULL;
	const char *leaf;
	bool good = json_object_is_type(o, json_type_object);

	*w = (struct window){ 0 };
	good = good && json_object_object_get_ex(o, "name", &v) && text(v, w->name, sizeof(w->name)) &&
	       json_object_object_get_ex(o, "description", &v) && text(v, w->description, sizeof(w->description)) &&
	       numbers(o, w, revision) && services(o, w) && !window_fault(w, &leaf);
	json_object_put(o);
	if (tok)
		json_tokener_free(tok);
	return good;
}
