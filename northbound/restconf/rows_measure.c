/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured of slices: their own resource, and the leaves of the standard one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room.h"
#include "northbound/restconf/rc_int.h"

enum { HOURS_A_TIME = 64 };

static const struct assure_room *room(const struct rc_read *rd)
{
	return rd->rc->cfg.assure;
}

/* ---- leaves ---- */

/* 0.01234 of something, as percents. */
static void add_percent(struct lyd_node *n, const char *name, uint64_t ppm)
{
	rc_addf(n, name, "%" PRIu64 ".%04" PRIu64, ppm / 10000, ppm % 10000);
}

static void add_time(struct lyd_node *n, const char *name, uint64_t wall_ns)
{
	char buf[40];

	if (wall_ns && rc_time_text(wall_ns, buf, sizeof(buf)))
		rc_add(n, name, buf);
}

static void add_windows(struct lyd_node *n, const uint64_t windows[4])
{
	for (int v = 0; v < 4; v++)
		rc_addf(n, assure_verdict_name((enum assure_verdict)v), "%" PRIu64, windows[v]);
}

static void add_ip(struct lyd_node *n, const char *name, const struct ip_addr *a)
{
	char buf[IP_TEXT_MAX];

	if (a->family != IP_NONE)
		rc_add(n, name, ip_text(a, buf, sizeof(buf)));
}

/* An entry whose key is a time. */
static struct lyd_node *timed(struct lyd_node *parent, const char *list, uint64_t wall_ns)
{
	char key[40];

	return rc_time_text(wall_ns, key, sizeof(key)) ? rc_entry(parent, list, key) : NULL;
}

/* ---- slices ---- */

static bool slice_next_(struct rc_read *rd, struct rc_cursor *cur)
{
	const char *id = room(rd) ? assure_room_next(room(rd), cur->own) : NULL;
	char *copy = id ? strdup(id) : NULL;

	free(cur->own);
	cur->own = copy;
	return copy != NULL;
}

static bool slice_find_(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	const char *id = lyd_get_value(lyd_child(keys));
	struct assure_slice_view v;

	if (!id || !room(rd) || !assure_room_slice(room(rd), id, &v))
		return false;
	cur->own = strdup(id);
	return cur->own != NULL;
}

static void slice_keys_(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	(void)rd;
	str_copy(keys[0], RC_KEY_MAX, cur->own);
}

static void hours_fill(struct rc_read *rd, const char *id, struct lyd_node *history)
{
	struct assure_hour h[HOURS_A_TIME];
	uint32_t at = 0, n;

	while ((n = assure_room_hours(room(rd), id, at, h, HOURS_A_TIME)) > 0) {
		for (uint32_t i = 0; i < n; i++) {
			struct lyd_node *e = timed(history, "hour", h[i].hour * 3600 * NS_PER_S);
			uint64_t w[4];

			for (int v = 0; v < 4; v++)
				w[v] = h[i].windows[v];
			if (e)
				add_windows(e, w);
		}
		at += n;
	}
}

static void slice_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	struct assure_slice_view v;
	struct lyd_node *h;

	if (!assure_room_slice(room(rd), cur->own, &v))
		return;
	rc_add(entry, "state", assure_verdict_name(v.state));
	if (v.why[0])
		rc_add(entry, "reason", v.why);
	add_time(entry, "since", v.since_ns);
	h = rc_container(entry, NULL, "history");
	add_time(h, "since", v.begin_ns);
	add_percent(h, "availability", v.least_ppm);
	if (v.known_ppm != UINT32_MAX)
		add_percent(h, "availability-known", v.known_ppm);
	add_windows(rc_container(h, NULL, "windows"), v.windows);
	hours_fill(rd, cur->own, h);
}

/* ---- streams ---- */

/* The slice it is of: the entry above. */
static bool stream_next(struct rc_read *rd, struct rc_cursor *cur)
{
	const struct lyd_node *slice = rd->frames[rd->n_frames - 1].parent;
	struct assure_stream_view *v = calloc(1, sizeof(*v));
	bool more = v && assure_room_stream(room(rd), lyd_get_value(lyd_child(slice)), (uint32_t)cur->at, v);

	free(cur->own);
	cur->own = more ? v : NULL;
	cur->at++;
	if (!more)
		free(v);
	return more;
}

static bool stream_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	const char *id = lyd_get_value(lyd_child(lyd_parent(keys)));
	struct assure_stream_view *v = calloc(1, sizeof(*v));
	uint64_t flow;

	if (!v || !room(rd) || str_u64(lyd_get_value(lyd_child(keys)), &flow) < 0) {
		free(v);
		return false;
	}
	for (uint32_t i = 0; assure_room_stream(room(rd), id, i, v); i++) {
		if (v->id == flow) {
			cur->own = v;
			return true;
		}
	}
	free(v);
	return false;
}

static void stream_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	const struct assure_stream_view *v = cur->own;

	(void)rd;
	snprintf(keys[0], RC_KEY_MAX, "%" PRIu64, v->id);
}

static const char *node_label(const struct rc_read *rd, uint32_t node)
{
	return rd->ted && node < rd->ted->n_nodes ? ted_node_label(rd->ted, node) : "?";
}

static void segments_fill(struct rc_read *rd, const struct assure_stream_view *v, struct lyd_node *entry)
{
	char key[8];

	for (unsigned i = 0; i < v->n_segments; i++) {
		const struct assure_segment *g = &v->segments[i];
		struct lyd_node *s;

		snprintf(key, sizeof(key), "%u", i);
		s = rc_entry(entry, "segment", key);
		rc_add(s, "from", node_label(rd, g->from.node));
		rc_add(s, "to", node_label(rd, g->to.node));
		if (g->known)
			rc_addf(s, "lost", "%" PRIu64, g->lost);
		rc_addf(s, "lost-total", "%" PRIu64, v->lost[i]);
		if (g->has_delay)
			rc_addf(s, "delay", "%" PRIu32, g->delay_us);
	}
}

static void why_fill(struct lyd_node *n, const char *name, uint8_t why)
{
	if (why != ASSURE_FINE)
		rc_add(n, name, assure_why_name((enum assure_why)why));
}

static void windows_fill(const struct assure_stream_view *v, struct lyd_node *entry)
{
	uint64_t period_ns = v->is.terms.period_ms * NS_PER_MS;

	for (size_t i = 0; i < v->is.n_recent; i++) {
		const struct assure_past *p = &v->is.recent[i];
		struct lyd_node *w = timed(entry, "window", p->period * period_ns);

		if (!w)
			continue;
		rc_add(w, "verdict", assure_verdict_name((enum assure_verdict)p->verdict));
		if (p->loss_why == ASSURE_FINE) {
			rc_addf(w, "sent", "%" PRIu64, p->sent);
			rc_addf(w, "lost", "%" PRIu64, p->lost);
		}
		if (p->delay_us != UINT32_MAX)
			rc_addf(w, "delay", "%" PRIu32, p->delay_us);
		why_fill(w, "loss-unknown", p->loss_why);
		why_fill(w, "delay-unknown", p->delay_why);
		why_fill(w, "variation-unknown", p->variation_why);
	}
	for (size_t i = 0; i < v->is.n_buckets; i++) {
		const struct assure_bucket *b = &v->is.buckets[i];
		struct lyd_node *n = timed(entry, "bucket", b->period * period_ns);
		uint64_t sums[4];

		for (int k = 0; k < 4; k++)
			sums[k] = b->windows[k];
		if (n)
			add_windows(n, sums);
	}
}

static void bound_fill(struct lyd_node *entry, unsigned index, const char *kind, const struct assure_bound *b,
		       const struct assure_bound_view *is)
{
	struct lyd_node *n;
	char key[8];

	(void)snprintf(key, sizeof(key), "%u", index);
	n = rc_entry(entry, "further-bound", key);
	rc_add(n, "kind", kind);
	rc_addf(n, "bound", "%" PRIu32, b->us_max);
	add_percent(n, "percentile", b->ppm);
	rc_add(n, "verdict", assure_verdict_name(is->is.verdict));
	if (is->is.why != ASSURE_FINE)
		rc_add(n, "unknown", assure_why_name(is->is.why));
	if (is->us != UINT64_MAX)
		rc_addf(n, "value", "%" PRIu64, is->us);
}

static void further_fill(const struct assure_stream_view *v, struct lyd_node *entry)
{
	const struct assure_terms *t = &v->is.terms;
	unsigned n = 0;

	for (unsigned i = 0; i < ASSURE_ALSO_MAX; i++)
		if (t->delay_also[i].us_max)
			bound_fill(entry, n++, "delay", &t->delay_also[i], &v->delay_also[i]);
	for (unsigned i = 0; i < ASSURE_ALSO_MAX; i++)
		if (t->variation_also[i].us_max)
			bound_fill(entry, n++, "delay-variation", &t->variation_also[i], &v->variation_also[i]);
}

static void terms_fill(const struct assure_stream_view *v, struct lyd_node *entry)
{
	const struct assure_terms *t = &v->is.terms;
	struct lyd_node *p = rc_container(entry, NULL, "promised");

	if (t->loss_ppm_max != ASSURE_NO_BOUND)
		rc_addf(p, "packet-loss", "%" PRIu32, t->loss_ppm_max);
	if (t->delay_us_max != ASSURE_NO_BOUND) {
		rc_addf(p, "delay", "%" PRIu32, t->delay_us_max);
		add_percent(p, "percentile", t->percentile_ppm);
	}
	if (t->ceiling_us_max)
		rc_addf(p, "delay-maximum", "%" PRIu32, t->ceiling_us_max);
	if (t->variation_us_max) {
		rc_addf(p, "delay-variation", "%" PRIu32, t->variation_us_max);
		add_percent(p, "variation-percentile", t->variation_ppm);
	}
	if (t->period_ms)
		rc_addf(entry, "period", "%" PRIu32, t->period_ms);
	if (t->period_ms && v->ordered_ms != t->period_ms)
		rc_addf(entry, "period-ordered", "%" PRIu32, v->ordered_ms);
}

static void probe_fill(const struct assure_stream_view *v, struct lyd_node *entry)
{
	struct lyd_node *n = v->has_probe ? rc_container(entry, NULL, "probe") : NULL;

	if (!n)
		return;
	rc_addf(n, "sent", "%" PRIu64, v->probe_sent);
	rc_addf(n, "lost", "%" PRIu64, v->probe_lost);
	if (v->probe_delay_us != UINT32_MAX)
		rc_addf(n, "delay", "%" PRIu32, v->probe_delay_us);
}

static void add_seconds(struct lyd_node *n, const char *name, uint64_t ms)
{
	rc_addf(n, name, "%" PRIu64 ".%03" PRIu64, ms / 1000, ms % 1000);
}

static void promise_fill(const struct assure_promise_view *p, struct lyd_node *entry)
{
	static const char *const promised[] = { "", "90", "99", "99.9", "99.99", "99.999", "99.9999" };
	struct lyd_node *n = p->nines ? rc_container(entry, NULL, "availability") : NULL;

	if (!n)
		return;
	rc_add(n, "promised", promised[p->nines]);
	if (p->standing != ASSURE_UNPROMISED)
		rc_add(n, "state", assure_standing_name(p->standing));
	add_time(n, "since", p->since_ns);
	if (p->measured_ppm != UINT32_MAX)
		add_percent(n, "measured", p->measured_ppm);
	add_seconds(n, "up", p->is.up_ms);
	add_seconds(n, "down", p->is.down_ms);
	add_seconds(n, "unknown", p->is.unknown_ms);
	add_seconds(n, "down-allowed", p->allowed_ms);
	if (p->allowed_ms)
		rc_addf(n, "budget-used", "%" PRIu64, p->is.down_ms * 100 / p->allowed_ms);
}

static void counts_fill(const struct assure_view *v, struct lyd_node *entry)
{
	static const struct {
		const char *name;
		enum assure_take take;
	} rows[] = { { "taken", ASSURE_TAKEN },	      { "duplicate", ASSURE_DUPLICATE },
		     { "conflict", ASSURE_CONFLICT }, { "late", ASSURE_LATE },
		     { "early", ASSURE_EARLY },	      { "off-path", ASSURE_NO_POINT } };
	struct lyd_node *n = rc_container(entry, NULL, "readings");

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rc_addf(n, rows[i].name, "%" PRIu64, v->reports[rows[i].take]);
	add_windows(rc_container(entry, NULL, "windows"), v->windows);
}

static void stream_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct assure_stream_view *v = cur->own;

	rc_add(entry, "group", v->group);
	rc_add(entry, "construct", v->construct);
	rc_add(entry, "sender", v->sender);
	rc_add(entry, "receiver", v->receiver);
	add_ip(entry, "headend", &v->key.headend);
	rc_addf(entry, "color", "%" PRIu32, v->key.color);
	add_ip(entry, "endpoint", &v->key.endpoint);
	add_ip(entry, "first-sid", &v->first);
	add_ip(entry, "last-sid", &v->last);
	rc_add(entry, "measured", v->measured ? "true" : "false");
	rc_add(entry, "hop-by-hop", v->hops ? "true" : "false");
	rc_add(entry, "state", assure_verdict_name(v->is.state));
	if (v->why[0])
		rc_add(entry, "reason", v->why);
	terms_fill(v, entry);
	further_fill(v, entry);
	promise_fill(&v->promise, entry);
	if (!v->measured)
		return;
	add_time(entry, "since", v->is.since_period * v->is.terms.period_ms * NS_PER_MS);
	if (v->delays_percentile_us != UINT64_MAX)
		rc_addf(entry, "delay", "%" PRIu64, v->delays_percentile_us);
	if (v->is.terms.variation_us_max && v->variation_us != UINT64_MAX)
		rc_addf(entry, "delay-variation", "%" PRIu64, v->variation_us);
	probe_fill(v, entry);
	counts_fill(&v->is, entry);
	segments_fill(rd, v, entry);
	windows_fill(v, entry);
}

/* ---- what the standard resource says ---- */

static void monitoring_fill(struct lyd_node *construct, const struct assure_view *v)
{
	struct lyd_node *m = rc_inside(construct, NULL, "connectivity-construct-monitoring");
	uint32_t least = UINT32_MAX, most = 0;
	uint64_t sent = 0, lost = 0;

	for (size_t i = 0; i < v->n_recent; i++) {
		const struct assure_past *p = &v->recent[i];

		if (p->delay_us != UINT32_MAX) {
			least = p->delay_us < least ? p->delay_us : least;
			most = p->delay_us > most ? p->delay_us : most;
		}
		sent += p->loss_why == ASSURE_FINE ? p->sent : 0;
		lost += p->loss_why == ASSURE_FINE ? p->lost : 0;
	}
	if (least != UINT32_MAX) {
		rc_addf(m, "one-way-min-delay", "%" PRIu32, least);
		rc_addf(m, "one-way-max-delay", "%" PRIu32, most);
		rc_addf(m, "one-way-delay-variation", "%" PRIu32, most - least);
	}
	if (sent)
		add_percent(m, "one-way-packet-loss", lost * 1000000 / sent);
}

/* A router that packets pass: how many came and went, what was lost inside, and how long it took from
 * the one before. */
struct passing {
	uint64_t in, out, lost;
	bool has_in, has_out, has_lost, has_delay;
	uint32_t delay_us;
};

static void hop_add(struct rc_read *rd, struct lyd_node *realised, unsigned index, uint32_t node,
		    const struct passing *p)
{
	struct lyd_node *h;
	char key[8];

	snprintf(key, sizeof(key), "%u", index);
	h = rc_entry(realised, "hop", key);
	rc_add(h, "node-id", node_label(rd, node));
	if (p->has_delay)
		rc_addf(h, "one-way-delay", "%" PRIu32, p->delay_us);
	if (p->has_lost && p->in > 0)
		add_percent(h, "packet-loss", p->lost * 1000000 / p->in);
	if (p->has_in)
		rc_addf(h, "rx-packets", "%" PRIu64, p->in);
	if (p->has_out)
		rc_addf(h, "tx-packets", "%" PRIu64, p->out);
}

static unsigned hops_of(const struct lyd_node *realised)
{
	const struct lyd_node *n;
	unsigned hops = 0;

	LY_LIST_FOR(lyd_child(realised), n)
	{
		hops += strcmp(n->schema->name, "hop") == 0;
	}
	return hops;
}

/* Routers follow the SIDs: of the last window, as far as it is known. */
static void ladder_fill(struct rc_read *rd, struct lyd_node *realised, const struct assure_stream_view *v)
{
	bool known = v->is.n_recent > 0 && v->is.recent[0].loss_why == ASSURE_FINE;
	uint64_t packets = known ? v->is.recent[0].sent : 0;
	struct passing p = { .out = packets, .has_out = known };
	unsigned index = hops_of(realised);
	uint32_t node = v->n_segments ? v->segments[0].from.node : 0;

	for (unsigned i = 0; i < v->n_segments; i++) {
		const struct assure_segment *g = &v->segments[i];

		known = known && g->known && g->lost <= packets;
		packets -= known ? g->lost : 0;
		if (g->to.out) { /* through the router */
			p.out = packets;
			p.has_out = p.has_lost = known;
			p.lost = g->lost;
			continue;
		}
		hop_add(rd, realised, index++, node, &p);
		node = g->to.node;
		p = (struct passing){ .in = packets, .has_in = known, .has_delay = g->has_delay,
				      .delay_us = g->delay_us };
	}
	if (v->n_segments)
		hop_add(rd, realised, index, node, &p);
}

/* Of a construct of several flows the first is shown, as everywhere. */
static void construct_fill(struct rc_read *rd, struct lyd_node *construct, const struct assure_stream_view *v)
{
	struct lyd_node *r = rc_inside(construct, "sextant-slice", "realised");

	if (rc_child(r, "state"))
		return;
	rc_add(r, "state", assure_verdict_name(v->is.state));
	if (!v->measured)
		return;
	ladder_fill(rd, r, v);
	monitoring_fill(construct, &v->is);
}

/* A promise that nobody judges is told as that. */
static void unjudged_fill(const struct rc_read *rd, const char *id, struct lyd_node *entry)
{
	struct slice_flow_view f[16];
	bool promised = false;
	uint32_t at = 0, n;

	while (!promised && (n = slice_flows(rd->rc->cfg.slice, id, at, f, ARRAY_LEN(f))) > 0) {
		for (uint32_t i = 0; i < n; i++)
			promised |= f[i].nines > 0;
		at += n;
	}
	if (!promised)
		return;
	entry = rc_inside(entry, "sextant-slice", "compliance-state");
	rc_add(entry, "availability-promise", assure_standing_name(ASSURE_INSUFFICIENT));
	rc_add(entry, "availability-reason", "it is not measured: it is not up, or its order has no assurance-policy");
}

void rc_measured_fill(struct rc_read *rd, const char *id, struct lyd_node *entry)
{
	struct lyd_node *groups = rc_inside(entry, NULL, "connection-groups");
	struct assure_stream_view *v = calloc(1, sizeof(*v));
	struct assure_slice_view s;
	struct lyd_node *state;

	if (v && room(rd) && assure_room_slice(room(rd), id, &s)) {
		state = rc_inside(entry, "sextant-slice", "compliance-state");
		add_percent(state, "availability-30d", s.least_ppm);
		if (s.promise != ASSURE_UNPROMISED) {
			rc_add(state, "availability-promise", assure_standing_name(s.promise));
			rc_add(state, "availability-reason", s.promise_why);
		}
		for (uint32_t i = 0; assure_room_stream(room(rd), id, i, v); i++) {
			struct lyd_node *c = rc_entry_of(rc_entry_of(groups, "connection-group", v->group),
							 "connectivity-construct", v->construct);

			if (c)
				construct_fill(rd, c, v);
		}
	} else if (room(rd)) {
		unjudged_fill(rd, id, entry);
	}
	free(v);
}

const struct rc_row rc_rows_measure[] = {
	{ .path = "/sextant-measurements:measurements/slice", .next = slice_next_, .find = slice_find_,
	  .keys = slice_keys_, .fill = slice_fill },
	{ .path = "/sextant-measurements:measurements/slice/stream", .next = stream_next, .find = stream_find,
	  .keys = stream_keys, .fill = stream_fill },
};
const size_t rc_n_rows_measure = ARRAY_LEN(rc_rows_measure);
