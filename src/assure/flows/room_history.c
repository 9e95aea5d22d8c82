/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of slices by the hour, 30 days of them, kept over restarts. A window of a slice is as
 * the worst of its flows is. While nobody watched nothing is known, which is counted like that.
 * Records lose at most what was counted since the last save.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"
#include "base/err.h"
#include "log/log.h"

#define BUCKET "assure-history"
#define HOUR_NS (3600 * NS_PER_S)
#define SAVE_NS (600 * NS_PER_S)

enum { VERSION = 1, FIGURES = 5, A_TIME_MAX = 64 };

bool room_past_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, struct room_past, by_id)->id, key) == 0;
}

/* ---- counting ---- */

static struct assure_hour *hour_of(struct room_slice *s, uint64_t hour)
{
	struct assure_hour h = { .hour = hour };

	if (s->hours.n > 0 && s->hours.at[s->hours.n - 1].hour >= hour)
		return &s->hours.at[s->hours.n - 1];
	while (s->hours.n > 0 &&
	       (s->hours.n == ASSURE_HOURS || s->hours.at[0].hour + ASSURE_HOURS <= hour)) {
		memmove(s->hours.at, s->hours.at + 1, (s->hours.n - 1) * sizeof(h));
		s->hours.n--;
	}
	return VEC_ADD(&s->hours, h);
}

static void count(struct room_slice *s, uint64_t at_ns, enum assure_verdict v, uint64_t n)
{
	struct assure_hour *h = hour_of(s, at_ns / HOUR_NS);

	if (h)
		h->windows[v] += n < UINT32_MAX - h->windows[v] ? (uint32_t)n : 0;
	s->unsaved = true;
}

/* What a flow was in the window that ended then. */
static enum assure_verdict flow_at(const struct room_flow *f, uint64_t end_ns, uint64_t period_ns)
{
	/* a longer window stands for all that it has of it */
	uint64_t last_ns = f->window_end_ns + (uint64_t)f->terms.period_ms * NS_PER_MS - period_ns;

	if (!f->measured || last_ns < end_ns)
		return ASSURE_UNKNOWN;
	/* who is promised no bound is there when packets arrive */
	return f->promised ? f->window : f->arrives;
}

/* The worst of what its flows were in the period that began then; false: nothing is promised. */
static bool worst_of(struct assure_room *r, struct room_slice *s, uint64_t at_ns, enum assure_verdict *out)
{
	uint64_t period_ns = r->period_ms * NS_PER_MS;
	bool any = false;

	*out = ASSURE_COMPLIANT;
	for (size_t i = 0; i < s->flows.n; i++) {
		struct room_flow *f = s->flows.at[i];
		enum assure_verdict v = flow_at(f, at_ns + period_ns, period_ns);

		room_promise_count(r, f, at_ns, v);
		if (!f->promised)
			continue;
		any = true;
		if (v == ASSURE_UNKNOWN && *out != ASSURE_VIOLATED)
			*out = ASSURE_UNKNOWN;
		else if (v == ASSURE_VIOLATED || (v > *out && *out != ASSURE_UNKNOWN))
			*out = v;
	}
	return any;
}

static void save_all(struct assure_room *r, uint64_t now_ns);

static void period_count(struct assure_room *r, uint64_t k)
{
	uint64_t period_ns = r->period_ms * NS_PER_MS;
	enum assure_verdict v;

	HASH_EACH (n, &r->slices) {
		struct room_slice *s = HASH_OF(n, struct room_slice, by_id);

		if (worst_of(r, s, k * period_ns, &v))
			count(s, k * period_ns, v, 1);
	}
	room_promises_count_shed(r, k * period_ns);
}

static void slept(struct assure_room *r, uint64_t periods)
{
	uint64_t period_ns = r->period_ms * NS_PER_MS;

	HASH_EACH (n, &r->slices)
		count(HASH_OF(n, struct room_slice, by_id), r->next * period_ns, ASSURE_UNKNOWN, periods);
	r->next += periods;
}

void room_history_count(struct assure_room *r, uint64_t now_ns)
{
	uint64_t period_ns = r->period_ms * NS_PER_MS, over;

	if (r->period_ms == 0)
		return;
	/* periods whose guard time is over too */
	over = now_ns < period_ns ? 0 : (now_ns - r->period_ms / 4 * 3 * NS_PER_MS) / period_ns;
	if (r->next == 0 || r->next > over + 1)
		r->next = over;
	if (over > r->next + A_TIME_MAX)
		slept(r, over - r->next - 1);
	for (; r->next < over; r->next++)
		period_count(r, r->next);
	if (now_ns >= r->saved_ns + SAVE_NS || now_ns < r->saved_ns)
		save_all(r, now_ns);
}

/* ---- records ---- */

static char *print(const struct assure_hour *at, size_t n, uint64_t begin_ns, uint64_t until_ns)
{
	struct str s STR_AUTO = { 0 };

	str_addf(&s, "{\"version\":%d,\"begin\":%" PRIu64 ",\"until\":%" PRIu64 ",\"hours\":[", VERSION, begin_ns,
		 until_ns);
	for (size_t i = 0; i < n; i++) {
		const struct assure_hour *h = &at[i];

		str_addf(&s, "%s[%" PRIu64 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 "]", i ? "," : "",
			 h->hour, h->windows[0], h->windows[1], h->windows[2], h->windows[3]);
	}
	str_add(&s, "]}");
	return str_take(&s);
}

void room_record_write(struct assure_room *r, const char *bucket, const char *id, char *text)
{
	const struct store_op op = { bucket, id, text, text ? strlen(text) : 0 };

	/* behind what it does: not waited for, and what a full queue refuses is saved next time */
	if (r->parts.store)
		(void)store_write(r->parts.store, &op, 1, NULL, NULL);
	free(text);
}

static void save(struct assure_room *r, struct room_slice *s, uint64_t now_ns)
{
	char *text = print(s->hours.at, s->hours.n, s->begin_ns, now_ns);

	if (text)
		room_record_write(r, BUCKET, s->id, text);
	room_promises_save(r, s->id, &s->uptimes);
	s->unsaved = false;
}

static void save_all(struct assure_room *r, uint64_t now_ns)
{
	HASH_EACH (n, &r->slices) {
		struct room_slice *s = HASH_OF(n, struct room_slice, by_id);

		room_promises_judge(r, s, now_ns);
		if (s->unsaved)
			save(r, s, now_ns);
	}
	HASH_EACH (n, &r->pasts) {
		struct room_past *p = HASH_OF(n, struct room_past, by_id);

		if (p->uptimes.unsaved)
			room_promises_save(r, p->id, &p->uptimes);
	}
	r->saved_ns = now_ns;
}

/* ---- slices that come and go ---- */

struct room_past *room_past_of(const struct assure_room *r, const char *id)
{
	struct hash_node *n = hash_get(&r->pasts, id, strlen(id), id);

	return n ? HASH_OF(n, struct room_past, by_id) : NULL;
}

static void past_free(struct assure_room *r, struct room_past *p)
{
	hash_del(&r->pasts, &p->by_id);
	VEC_FINI(&p->hours);
	room_promises_free(&p->uptimes);
	free(p);
}

void room_pasts_free(struct assure_room *r)
{
	HASH_EACH (n, &r->pasts)
		past_free(r, HASH_OF(n, struct room_past, by_id));
	hash_fini(&r->pasts);
}

/* What was not watched is not known. */
static void gap_count(struct assure_room *r, struct room_slice *s, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t period_ns = r->period_ms * NS_PER_MS;

	if (from_ns + ASSURE_HOURS * HOUR_NS < to_ns)
		from_ns = to_ns - ASSURE_HOURS * HOUR_NS;
	while (period_ns && from_ns < to_ns) {
		uint64_t end = (from_ns / HOUR_NS + 1) * HOUR_NS;

		end = end < to_ns ? end : to_ns;
		count(s, from_ns, ASSURE_UNKNOWN, (end - from_ns) / period_ns);
		from_ns = end;
	}
}

void room_history_begin(struct assure_room *r, struct room_slice *s)
{
	struct room_past *p = room_past_of(r, s->id);
	uint64_t now = assure_room_wall(r);

	s->begin_ns = now;
	if (!p)
		return;
	s->begin_ns = p->begin_ns;
	for (size_t i = 0; i < p->hours.n; i++)
		(void)VEC_ADD(&s->hours, p->hours.at[i]);
	s->uptimes = p->uptimes;
	p->uptimes = (struct room_uptimes){ 0 };
	gap_count(r, s, p->until_ns, now);
	past_free(r, p);
}

static struct room_past *past_new(struct assure_room *r, const char *id)
{
	struct room_past *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	(void)str_copy(p->id, sizeof(p->id), id);
	if (hash_put(&r->pasts, p->id, strlen(p->id), &p->by_id) == 0)
		return p;
	free(p);
	return NULL;
}

static void forget(struct assure_room *r, const char *id)
{
	room_record_write(r, BUCKET, id, NULL);
	room_record_write(r, ROOM_UPTIME_BUCKET, id, NULL);
}

void room_history_sweep(struct assure_room *r)
{
	HASH_EACH (n, &r->pasts) {
		struct room_past *p = HASH_OF(n, struct room_past, by_id);
		struct slice_view v;

		if (slice_get(r->parts.slice, p->id, &v) == 0)
			continue;
		forget(r, p->id);
		past_free(r, p);
	}
}

/* A slice that is no longer there has no history; one that is down keeps it. */
void room_history_end(struct assure_room *r, struct room_slice *s)
{
	struct slice_view v;
	struct room_past *p;

	if (slice_get(r->parts.slice, s->id, &v) != 0) {
		forget(r, s->id);
		return;
	}
	save(r, s, assure_room_wall(r));
	p = past_new(r, s->id);
	if (!p)
		return;
	p->begin_ns = s->begin_ns;
	p->until_ns = assure_room_wall(r);
	p->uptimes = s->uptimes;
	s->uptimes = (struct room_uptimes){ 0 };
	for (size_t i = 0; i < s->hours.n; i++)
		(void)VEC_ADD(&p->hours, s->hours.at[i]);
}

/* ---- reading: a record that makes no sense is none ---- */

static uint64_t figure(json_object *o)
{
	return json_object_is_type(o, json_type_int) ? json_object_get_uint64(o) : UINT64_MAX;
}

static bool hour_read(json_object *o, struct room_past *p)
{
	struct assure_hour h = { 0 };

	if (!json_object_is_type(o, json_type_array) || json_object_array_length(o) != FIGURES)
		return false;
	h.hour = figure(json_object_array_get_idx(o, 0));
	for (size_t i = 0; i < ARRAY_LEN(h.windows); i++) {
		uint64_t n = figure(json_object_array_get_idx(o, i + 1));

		if (n > UINT32_MAX)
			return false;
		h.windows[i] = (uint32_t)n;
	}
	if (h.hour > UINT32_MAX || (p->hours.n > 0 && p->hours.at[p->hours.n - 1].hour >= h.hour))
		return false;
	return VEC_ADD(&p->hours, h) != NULL;
}

/* One of a time that is far from now is of a wrong clock; a clock that was set back a little is none. */
static bool past_read(json_object *o, struct room_past *p, uint64_t now_ns)
{
	json_object *hours = NULL, *x = NULL;

	if (!json_object_object_get_ex(o, "version", &x) || figure(x) != VERSION ||
	    !json_object_object_get_ex(o, "hours", &hours) || !json_object_is_type(hours, json_type_array) ||
	    json_object_array_length(hours) > ASSURE_HOURS)
		return false;
	p->begin_ns = json_object_object_get_ex(o, "begin", &x) ? figure(x) : UINT64_MAX;
	p->until_ns = json_object_object_get_ex(o, "until", &x) ? figure(x) : UINT64_MAX;
	for (size_t i = 0; i < json_object_array_length(hours); i++)
		if (!hour_read(json_object_array_get_idx(hours, i), p))
			return false;
	return p->begin_ns <= p->until_ns && p->until_ns <= now_ns + HOUR_NS &&
	       (p->hours.n == 0 || p->hours.at[p->hours.n - 1].hour <= now_ns / HOUR_NS + 1);
}

static int on_record(void *arg, const char *key, const void *value, size_t len)
{
	struct assure_room *r = arg;
	struct slice_view v;
	struct json_tokener *t;
	struct room_past *p;
	json_object *o;
	bool good;

	if (slice_get(r->parts.slice, key, &v) != 0 || room_past_of(r, key) || len > INT32_MAX)
		return 0;
	t = json_tokener_new();
	p = past_new(r, key);
	o = t ? json_tokener_parse_ex(t, value, (int)len) : NULL;
	good = p && json_object_is_type(o, json_type_object) && past_read(o, p, assure_room_wall(r));
	json_object_put(o);
	if (t)
		json_tokener_free(t);
	if (!good && p) {
		past_free(r, p);
		log_event("", LOG_WARN, "assure.history", "slice=%s msg=\"its record makes no sense\"", key);
	}
	return 0;
}

int assure_room_load(struct assure_room *r)
{
	int rc = r->parts.store ? store_each(r->parts.store, BUCKET, on_record, r) : 0;

	if (rc >= 0 && r->parts.store)
		rc = room_promises_load(r);
	return rc < 0 ? err_trace(rc) : 0;
}
