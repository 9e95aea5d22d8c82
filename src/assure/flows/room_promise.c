/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Availability that flows are promised against what they had in the last 30 days: counted with the history, judged
 * when that is saved and when an order changes it, durable beside it. Each flow's promise is its own, as it was when it
 * was admitted. Known to be down is also whose policy is, where its windows say nothing because nothing is sent.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"
#include "base/err.h"
#include "log/log.h"

#define HOUR_NS (3600 * NS_PER_S)

enum { VERSION = 1, FIGURES = 9 };

/* ---- what is promised ---- */

static bool is_of(const struct room_uptime *u, const struct room_flow *f)
{
	return strcmp(u->sender, f->sender) == 0 && strcmp(u->receiver, f->receiver) == 0 &&
	       strcmp(u->construct, f->construct) == 0 && strcmp(u->group, f->group) == 0;
}

/* Flows come in the order they were kept in: looked for from where the last one was. */
static struct room_uptime *uptime_find(struct room_uptimes *all, const struct room_flow *f)
{
	for (size_t i = 0; i < all->of.n; i++) {
		struct room_uptime *u = all->of.at[(all->turn + i) % all->of.n];

		if (!u->seen && is_of(u, f)) {
			all->turn = (all->turn + i + 1) % all->of.n;
			return u;
		}
	}
	return NULL;
}

static struct room_uptime *uptime_new(struct room_uptimes *all, const struct room_flow *f)
{
	struct room_uptime *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	(void)str_copy(u->group, sizeof(u->group), f->group);
	(void)str_copy(u->construct, sizeof(u->construct), f->construct);
	(void)str_copy(u->sender, sizeof(u->sender), f->sender);
	(void)str_copy(u->receiver, sizeof(u->receiver), f->receiver);
	if (VEC_ADD(&all->of, u))
		return u;
	free(u);
	return NULL;
}

void room_promises_unsee(struct room_slice *s)
{
	for (size_t i = 0; i < s->uptimes.of.n; i++)
		s->uptimes.of.at[i]->seen = false;
}

void room_promise_take(struct room_slice *s, struct room_flow *f, uint8_t nines)
{
	if (nines == 0) {
		f->uptime = NULL;
		return;
	}
	if (!f->uptime)
		f->uptime = uptime_find(&s->uptimes, f);
	if (!f->uptime)
		f->uptime = uptime_new(&s->uptimes, f);
	if (!f->uptime)
		return;
	f->uptime->seen = true;
	if (f->uptime->nines == nines)
		return;
	/* what was measured holds for any promise; how it stood was of another */
	f->uptime->nines = nines;
	f->uptime->standing = ASSURE_UNPROMISED;
	s->unsaved = true;
}

void room_promises_free(struct room_uptimes *all)
{
	for (size_t i = 0; i < all->of.n; i++)
		free(all->of.at[i]);
	VEC_FINI(&all->of);
}

/* ---- counting ---- */

/* As intent says of its policies; not of a slice that has no traffic yet, nor while nobody sees the network. */
static bool is_out(const struct assure_room *r, const struct room_flow *f)
{
	const struct ted *ted = intent_ted(r->parts.intent);
	struct slice_view v;

	return f->out && ted && !ted->stale && slice_get(r->parts.slice, f->of->id, &v) == 0 &&
	       v.state >= SLICE_ACTIVE && v.state <= SLICE_DEGRADED;
}

void room_promise_count(struct assure_room *r, struct room_flow *f, uint64_t at_ns, enum assure_verdict v)
{
	if (!f->uptime)
		return;
	if (v == ASSURE_UNKNOWN && is_out(r, f))
		v = ASSURE_VIOLATED;
	assure_uptime_count(&f->uptime->is, at_ns, r->period_ms, v);
	f->of->unsaved = true;
}

void room_promises_count_shed(struct assure_room *r, uint64_t at_ns)
{
	HASH_EACH (n, &r->pasts) {
		struct room_past *p = HASH_OF(n, struct room_past, by_id);
		struct slice_view v;

		if (p->uptimes.of.n == 0 || slice_get(r->parts.slice, p->id, &v) != 0 || !v.shed_for[0] ||
		    v.state != SLICE_SUSPENDED)
			continue;
		for (size_t i = 0; i < p->uptimes.of.n; i++)
			assure_uptime_count(&p->uptimes.of.at[i]->is, at_ns, r->period_ms, ASSURE_VIOLATED);
		p->uptimes.unsaved = true;
	}
}

/* ---- what is told ---- */

/* Towards nothing: it is not told as better than it was. */
uint32_t room_promise_ppm(const struct assure_spell *is)
{
	uint64_t known = is->up_ms + is->down_ms;

	return known ? (uint32_t)(is->up_ms * 1000000 / known) : UINT32_MAX;
}

void room_promise_words(const struct room_uptime *u, uint64_t now_ns, char buf[SR_REASON_MAX])
{
	static const char *const promised[] = { "0", "90", "99", "99.9", "99.99", "99.999", "99.9999" };
	struct assure_spell is;
	uint64_t allowed, all;
	char known[48] = "";
	uint32_t ppm;

	assure_uptime_sum(&u->is, now_ns, &is);
	allowed = assure_promise_allowed_ms(u->nines, u->standing, &is);
	all = is.up_ms + is.down_ms + is.unknown_ms;
	ppm = room_promise_ppm(&is);
	if (ppm != UINT32_MAX)
		(void)snprintf(known, sizeof(known), "%u.%04u %% of what is known, ", ppm / 10000, ppm % 10000);
	(void)snprintf(buf, SR_REASON_MAX,
		       "%.30s to %.30s: %s%s %% promised; down %" PRIu64 ".%03" PRIu64 " s of %" PRIu64 ".%03" PRIu64
		       " s allowed; %" PRIu64 " %% of the time unknown",
		       u->sender, u->receiver, known, promised[u->nines], is.down_ms / 1000, is.down_ms % 1000,
		       allowed / 1000, allowed % 1000, all ? is.unknown_ms * 100 / all : 100);
}

static void body_of(struct str *b, const struct room_uptime *u, uint64_t now_ns)
{
	struct assure_spell is;
	char why[SR_REASON_MAX];

	assure_uptime_sum(&u->is, now_ns, &is);
	str_add(b, "\"group\":");
	str_json(b, u->group);
	str_add(b, ",\"construct\":");
	str_json(b, u->construct);
	str_add(b, ",\"sender\":");
	str_json(b, u->sender);
	str_add(b, ",\"receiver\":");
	str_json(b, u->receiver);
	str_addf(b, ",\"state\":\"%s\",\"down-ms\":%" PRIu64 ",\"allowed-ms\":%" PRIu64 ",\"up-ms\":%" PRIu64
		    ",\"unknown-ms\":%" PRIu64 ",\"reason\":",
		 assure_standing_name(u->standing), is.down_ms,
		 assure_promise_allowed_ms(u->nines, u->standing, &is), is.up_ms, is.unknown_ms);
	room_promise_words(u, now_ns, why);
	str_json(b, why);
}

static void tell(const struct assure_room *r, const struct room_slice *s, enum bus_severity severity,
		 const char *type, struct str *body)
{
	char resource[BUS_RESOURCE_MAX];

	(void)snprintf(resource, sizeof(resource), "slice %s", s->id);
	bus_publish(r->parts.bus, assure_room_wall(r), severity, type, resource, str_text(body));
}

/* ---- the judgement ---- */

static void standing_set(struct assure_room *r, struct room_slice *s, struct room_uptime *u, enum assure_standing now)
{
	struct str b STR_AUTO = { .limit = BUS_BODY_MAX };
	enum assure_standing was = u->standing;

	if (now == was)
		return;
	u->standing = now;
	u->since_ns = assure_room_wall(r);
	s->unsaved = true;
	/* that little is known of what is new goes without saying */
	if (was == ASSURE_UNPROMISED && now == ASSURE_INSUFFICIENT)
		return;
	str_addf(&b, "\"before\":\"%s\",", assure_standing_name(was));
	body_of(&b, u, u->since_ns);
	tell(r, s, now == ASSURE_BROKEN ? BUS_WARNING : BUS_INFO, "slice-promise", &b);
}

static unsigned gravity(enum assure_standing s)
{
	static const unsigned of[] = { [ASSURE_UNPROMISED] = 0, [ASSURE_KEPT] = 1, [ASSURE_INSUFFICIENT] = 2,
				       [ASSURE_NEARLY] = 3, [ASSURE_BROKEN] = 4 };

	return of[s];
}

const struct room_uptime *room_promise_worst(const struct room_slice *s, uint32_t *n_broken)
{
	const struct room_uptime *worst = NULL;

	*n_broken = 0;
	for (size_t i = 0; i < s->uptimes.of.n; i++) {
		const struct room_uptime *u = s->uptimes.of.at[i];

		*n_broken += u->standing == ASSURE_BROKEN;
		if (!worst || gravity(u->standing) > gravity(worst->standing))
			worst = u;
	}
	return worst;
}

/* One a slice: it stands while any of its promises is broken, and names one. */
static void alarm_look(struct assure_room *r, struct room_slice *s)
{
	struct str b STR_AUTO = { .limit = BUS_BODY_MAX };
	uint32_t n;
	const struct room_uptime *worst = room_promise_worst(s, &n);

	r->recount = true;
	if ((n > 0) == s->broken)
		return;
	s->broken = n > 0;
	str_addf(&b, "\"broken\":%" PRIu32 "%s", n, worst ? "," : "");
	if (worst)
		body_of(&b, worst, assure_room_wall(r));
	tell(r, s, n > 0 ? BUS_ALARM : BUS_CLEARED, "slice-availability", &b);
}

static void judge(struct assure_room *r, struct room_slice *s, struct room_uptime *u, uint64_t now_ns)
{
	struct assure_spell is;

	assure_uptime_sum(&u->is, now_ns, &is);
	standing_set(r, s, u, assure_promise_judge(u->standing, u->nines, s->policy.at_risk_pct, &is));
}

void room_promises_judge(struct assure_room *r, struct room_slice *s, uint64_t now_ns)
{
	for (size_t i = 0; i < s->uptimes.of.n; i++)
		judge(r, s, s->uptimes.of.at[i], now_ns);
	if (s->uptimes.of.n > 0)
		alarm_look(r, s);
}

void room_promises_look(struct assure_room *r, struct room_slice *s)
{
	for (size_t i = s->uptimes.of.n; i-- > 0;) {
		struct room_uptime *u = s->uptimes.of.at[i];

		if (!u->seen) {
			free(u);
			VEC_CUT(&s->uptimes.of, i);
			s->unsaved = true;
		} else if (u->standing == ASSURE_UNPROMISED) {
			judge(r, s, u, assure_room_wall(r));
		}
	}
	alarm_look(r, s);
}

void room_promises_pause(struct assure_room *r, struct room_slice *s)
{
	struct str b STR_AUTO = { .limit = BUS_BODY_MAX };

	r->recount = true;
	if (!s->broken)
		return;
	s->broken = false;
	str_add(&b, "\"reason\":\"it is not measured any more: nothing is said of what it is promised\"");
	tell(r, s, BUS_CLEARED, "slice-availability", &b);
}

void room_promises_recount(struct assure_room *r)
{
	uint32_t n[ASSURE_STANDINGS] = { 0 };

	if (!r->recount)
		return;
	r->recount = false;
	HASH_EACH (h, &r->slices) {
		const struct room_slice *s = HASH_OF(h, struct room_slice, by_id);

		for (size_t i = 0; i < s->uptimes.of.n; i++)
			n[s->uptimes.of.at[i]->standing]++;
	}
	for (int i = ASSURE_INSUFFICIENT; i < ASSURE_STANDINGS; i++)
		metric_set(r->m_standing[i], n[i]);
}

/* ---- records ---- */

/* The oldest first, so many alike each: how many, up, down. */
static void print_parts(struct str *o, const struct assure_uptime *u)
{
	unsigned alike = 1;
	bool first = true;

	for (unsigned i = 1; i <= ASSURE_PARTS; i++, alike++) {
		uint64_t at = (u->head + i) % ASSURE_PARTS, next = (u->head + i + 1) % ASSURE_PARTS;

		if (i < ASSURE_PARTS && u->up_ms[at] == u->up_ms[next] && u->down_ms[at] == u->down_ms[next])
			continue;
		str_addf(o, "%s%u,%" PRIu32 ",%" PRIu32, first ? "" : ",", alike, u->up_ms[at], u->down_ms[at]);
		first = false;
		alike = 0;
	}
}

static char *print(const struct room_uptimes *all)
{
	struct str o STR_AUTO = { 0 };

	str_addf(&o, "{\"version\":%d,\"flows\":[", VERSION);
	for (size_t i = 0; i < all->of.n; i++) {
		const struct room_uptime *u = all->of.at[i];
		const char *const names[] = { u->group, u->construct, u->sender, u->receiver };

		str_add(&o, i ? ",[" : "[");
		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			str_json(&o, names[k]);
			str_add(&o, ",");
		}
		str_addf(&o, "%u,%d,%" PRIu64 ",%" PRIu64 ",[%" PRIu64 ",", u->nines, (int)u->standing, u->since_ns,
			 u->is.begin_ns, u->is.head);
		print_parts(&o, &u->is);
		str_add(&o, "]]");
	}
	str_add(&o, "]}");
	return str_take(&o);
}

void room_promises_save(struct assure_room *r, const char *id, struct room_uptimes *all)
{
	char *text = all->of.n > 0 ? print(all) : NULL;

	if (text)
		room_record_write(r, ROOM_UPTIME_BUCKET, id, text);
	else if (all->durable && all->of.n == 0)
		room_record_write(r, ROOM_UPTIME_BUCKET, id, NULL);
	all->durable = all->of.n > 0;
	all->unsaved = false;
}

/* ---- reading: a record that makes no sense is none ---- */

static uint64_t figure(json_object *o, size_t at)
{
	json_object *v = json_object_array_get_idx(o, at);

	return json_object_is_type(v, json_type_int) && json_object_get_int64(v) >= 0 ? json_object_get_uint64(v) :
											  UINT64_MAX;
}

static bool text_at(json_object *o, size_t at, char out[SLICE_ID_MAX])
{
	json_object *v = json_object_array_get_idx(o, at);

	return json_object_is_type(v, json_type_string) && str_copy(out, SLICE_ID_MAX, json_object_get_string(v));
}

static bool parts_read(json_object *o, struct assure_uptime *u, uint64_t now_ns)
{
	size_t n = json_object_is_type(o, json_type_array) ? json_object_array_length(o) : 0;
	uint64_t at = 0;

	if (n % 3 != 1 || n > 3 * ASSURE_PARTS + 1)
		return false;
	u->head = figure(o, 0);
	if (u->head > now_ns / ASSURE_PART_NS + 1)
		return false;
	for (size_t i = 1; i < n; i += 3) {
		uint64_t alike = figure(o, i), up = figure(o, i + 1), down = figure(o, i + 2);

		if (alike > ASSURE_PARTS - at || up > ASSURE_PART_S * 1000 || down > ASSURE_PART_S * 1000 - up)
			return false;
		for (uint64_t end = at + alike; at < end; at++) {
			u->up_ms[(u->head + at + 1) % ASSURE_PARTS] = (uint32_t)up;
			u->down_ms[(u->head + at + 1) % ASSURE_PARTS] = (uint32_t)down;
		}
	}
	return at == ASSURE_PARTS;
}

static bool uptime_read(json_object *o, struct room_uptime *u, uint64_t now_ns)
{
	uint64_t nines, standing;

	if (!json_object_is_type(o, json_type_array) || json_object_array_length(o) != FIGURES ||
	    !text_at(o, 0, u->group) || !text_at(o, 1, u->construct) || !text_at(o, 2, u->sender) ||
	    !text_at(o, 3, u->receiver))
		return false;
	nines = figure(o, 4);
	standing = figure(o, 5);
	u->since_ns = figure(o, 6);
	u->is.begin_ns = figure(o, 7);
	if (nines == 0 || nines > ASSURE_NINES_MAX || standing >= ASSURE_STANDINGS ||
	    u->since_ns > now_ns + HOUR_NS || u->is.begin_ns > now_ns + HOUR_NS)
		return false;
	u->nines = (uint8_t)nines;
	u->standing = (enum assure_standing)standing;
	return parts_read(json_object_array_get_idx(o, 8), &u->is, now_ns);
}

static bool uptimes_read(json_object *o, struct room_uptimes *all, uint64_t now_ns)
{
	json_object *v = NULL;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, "version", &v) ||
	    json_object_get_int64(v) != VERSION || !json_object_object_get_ex(o, "flows", &v) ||
	    !json_object_is_type(v, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		struct room_uptime *u = calloc(1, sizeof(*u));

		if (u && uptime_read(json_object_array_get_idx(v, i), u, now_ns) && VEC_ADD(&all->of, u))
			continue;
		free(u);
		return false;
	}
	return true;
}

static int on_record(void *arg, const char *key, const void *value, size_t len)
{
	struct assure_room *r = arg;
	struct room_past *p = room_past_of(r, key);
	struct json_tokener *t = p && len <= INT32_MAX ? json_tokener_new() : NULL;
	json_object *o = t ? json_tokener_parse_ex(t, value, (int)len) : NULL;

	if (p && p->uptimes.of.n == 0 && !uptimes_read(o, &p->uptimes, assure_room_wall(r))) {
		room_promises_free(&p->uptimes);
		log_event("", LOG_WARN, "assure.promise", "slice=%s msg=\"its record makes no sense\"", key);
	}
	if (p)
		p->uptimes.durable = true;
	json_object_put(o);
	if (t)
		json_tokener_free(t);
	return 0;
}

int room_promises_load(struct assure_room *r)
{
	return store_each(r->parts.store, ROOM_UPTIME_BUCKET, on_record, r);
}
