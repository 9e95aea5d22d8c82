/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of windows as they are durable: the last of each window, written a second after it changed.
 * What lies between two writes is lost in a crash, and counted as not watched.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "assure/window/window_priv.h"
#include "base/auto.h"
#include "base/str.h"
#include "log/log.h"

#define BUCKET "assurance-report"
enum { RECORD_MAX = 64 * 1024, DEPTH_MAX = 6 };

/* ---- out ---- */

static void number(struct str *s, const char *name, uint64_t v)
{
	str_addf(s, ",\"%s\":%llu", name, (unsigned long long)v);
}

static char *print(const struct window_entry *e, uint64_t now)
{
	STR_AUTO struct str s = { .limit = RECORD_MAX };
	const struct window_report *r = &e->report;

	str_add(&s, "{\"version\":1");
	number(&s, "saved", now);
	number(&s, "begin", r->begin_ns);
	number(&s, "end", r->end_ns);
	number(&s, "over", r->over);
	number(&s, "refused", r->refused);
	number(&s, "unwatched", r->unwatched_s);
	str_add(&s, ",\"incidents\":[");
	for (uint32_t i = 0; i < r->n_incidents; i++)
		str_addf(&s, "%s%u", i ? "," : "", r->incident[i]);
	str_add(&s, "],\"services\":[");
	for (uint8_t i = 0; i < e->w.n_services; i++) {
		const struct window_service_report *o = &r->of[i];

		str_addf(&s, "%s[%u,%u,%u,%llu,", i ? "," : "", o->windows[0], o->windows[1], o->windows[2],
			 (unsigned long long)o->worst_ns);
		str_json(&s, o->worst);
		str_add(&s, "]");
	}
	str_add(&s, "]}");
	return str_take(&s);
}

void window_report_save(struct window_entry *e)
{
	AUTO_FREE char *text = print(e, loop_wall_ns(e->b->p.loop));
	const struct store_op op = { BUCKET, e->w.name, text, text ? strlen(text) : 0 };

	/* what the store does not take now it gets a second later */
	e->unsaved = !text || store_write(e->b->p.store, &op, 1, NULL, NULL) < 0;
}

void window_report_drop(struct window_entry *e)
{
	const struct store_op op = { BUCKET, e->w.name, NULL, 0 };

	e->unsaved = false;
	if (store_write(e->b->p.store, &op, 1, NULL, NULL) < 0)
		log_event("", LOG_WARN, "window.report.write", "window=%s", e->w.name);
}

/* ---- in ---- */

static bool get(json_object *o, const char *name, uint64_t max, uint64_t *out)
{
	json_object *v = NULL;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_int) ||
	    json_object_get_int64(v) < 0)
		return false;
	*out = json_object_get_uint64(v);
	return *out <= max;
}

static bool service(json_object *o, struct window_service_report *out)
{
	const char *worst;

	if (!json_object_is_type(o, json_type_array) || json_object_array_length(o) != 5)
		return false;
	for (unsigned v = 0; v < 3; v++)
		out->windows[v] = (uint32_t)json_object_get_uint64(json_object_array_get_idx(o, v));
	out->worst_ns = json_object_get_uint64(json_object_array_get_idx(o, 3));
	worst = json_object_get_string(json_object_array_get_idx(o, 4));
	return worst && str_copy(out->worst, sizeof(out->worst), worst);
}

static bool lists(json_object *o, const struct window *w, struct window_report *r)
{
	json_object *v = NULL;
	bool good = json_object_object_get_ex(o, "incidents", &v) && json_object_is_type(v, json_type_array) &&
		    json_object_array_length(v) <= WINDOW_INCIDENTS_MAX;

	for (size_t i = 0; good && i < json_object_array_length(v); i++)
		r->incident[r->n_incidents++] =
			(uint32_t)json_object_get_uint64(json_object_array_get_idx(v, i));
	good = good && json_object_object_get_ex(o, "services", &v) && json_object_is_type(v, json_type_array) &&
	       json_object_array_length(v) == w->n_services;
	for (uint8_t i = 0; good && i < w->n_services; i++)
		good = service(json_object_array_get_idx(v, i), &r->of[i]);
	return good;
}

static bool read_report(const char *text, size_t len, const struct window *w, struct window_report *r,
			uint64_t *saved)
{
	struct json_tokener *tok = len <= RECORD_MAX ? json_tokener_new_ex(DEPTH_MAX) : NULL;
	json_object *o = tok ? json_tokener_parse_ex(tok, text, (int)len) : NULL;
	uint64_t v[3];
	bool good = json_object_is_type(o, json_type_object);

	*r = (struct window_report){ 0 };
	good = good && get(o, "saved", INT64_MAX, saved) && get(o, "begin", INT64_MAX, &r->begin_ns) &&
	       get(o, "end", INT64_MAX, &r->end_ns) && get(o, "over", 1, &v[0]) &&
	       get(o, "refused", UINT32_MAX, &v[1]) && get(o, "unwatched", UINT32_MAX, &v[2]) && lists(o, w, r);
	if (good) {
		r->over = v[0];
		r->refused = (uint32_t)v[1];
		r->unwatched_s = (uint32_t)v[2];
	}
	json_object_put(o);
	if (tok)
		json_tokener_free(tok);
	return good;
}

/* From when it was written until now, or its end: rounded up, never better than it was. */
static void gap(struct window_report *r, uint64_t saved, uint64_t now)
{
	uint64_t until = now < r->end_ns ? now : r->end_ns;

	if (!r->over && until > saved)
		r->unwatched_s += (uint32_t)((until - saved + NS_PER_S - 1) / NS_PER_S);
}

static int load_one(void *arg, const char *key, const void *value, size_t len)
{
	struct window_book *b = arg;
	struct window_entry *e = window_entry_find(b, key);
	struct window_report *r = e ? calloc(1, sizeof(*r)) : NULL;
	uint64_t saved, now = loop_wall_ns(b->p.loop);

	if (r && read_report(value, len, &e->w, r, &saved)) {
		gap(r, saved, now);
		e->report = *r;
		e->active = r->begin_ns && !r->over && now >= r->end_ns; /* it is told at the next look */
		e->unsaved = true;
	} else if (e) { /* of others it is what a deletion left */
		log_event("", LOG_ERROR, "window.report", "window=%s error=\"it cannot be read\"", key);
	}
	free(r);
	return 0;
}

int window_reports_load(struct window_book *b)
{
	return store_each(b->p.store, BUCKET, load_one, b);
}
