/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the network, a fact of a kind and a place once: of evidence as long as it is
 * news, of sessions and topology until it is over. A full table loses the oldest.
 */
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_desk_priv.h"
#include "base/auto.h"

/* ---- the table ---- */

static bool same(const struct desk_fact *a, const struct locate_fact *f, const struct sr_policy_key *key)
{
	return a->f.kind == f->kind && a->f.node == f->node && a->f.link == f->link &&
	       a->has_key == (key != NULL) && (!key || sr_policy_key_cmp(&a->key, key) == 0);
}

static struct desk_fact *slot(struct repair_desk *d, const struct locate_fact *f, const struct sr_policy_key *key)
{
	struct desk_fact *oldest = &d->facts[0];

	for (size_t i = 0; i < d->n_facts; i++) {
		if (same(&d->facts[i], f, key))
			return &d->facts[i];
		if (d->facts[i].f.at_ns < oldest->f.at_ns)
			oldest = &d->facts[i];
	}
	return d->n_facts < LOCATE_FACTS_MAX ? &d->facts[d->n_facts++] : oldest;
}

void repair_facts_put(struct repair_desk *d, const struct locate_fact *f, const struct sr_policy_key *key,
		      bool lasts)
{
	struct desk_fact *s = slot(d, f, key);

	*s = (struct desk_fact){ .f = *f, .has_key = key != NULL, .lasts = lasts };
	if (key)
		s->key = *key;
}

static void drop_at(struct repair_desk *d, size_t i)
{
	d->facts[i] = d->facts[--d->n_facts];
}

void repair_facts_drop(struct repair_desk *d, enum locate_kind kind, uint32_t node, uint32_t link)
{
	for (size_t i = d->n_facts; i-- > 0;) {
		const struct locate_fact *f = &d->facts[i].f;

		if (f->kind == kind && f->node == node && f->link == link)
			drop_at(d, i);
	}
}

static void drop_flow(struct repair_desk *d, const struct sr_policy_key *key)
{
	for (size_t i = d->n_facts; i-- > 0;) {
		if (d->facts[i].has_key && sr_policy_key_cmp(&d->facts[i].key, key) == 0)
			drop_at(d, i);
	}
}

static struct locate_fact fact(enum locate_kind kind, uint64_t at_ns)
{
	return (struct locate_fact){ .kind = kind, .node = LOCATE_NONE, .link = LOCATE_NONE, .flow = LOCATE_NONE,
				     .at_ns = at_ns };
}

/* ---- evidence ---- */

static uint32_t link_between(const struct ted *t, uint32_t from, uint32_t to)
{
	if (from >= t->n_nodes || to >= t->n_nodes)
		return LOCATE_NONE;
	for (uint32_t i = t->out.start[from]; i < t->out.start[from + 1]; i++)
		if (t->links[t->out.idx[i]].to == to)
			return t->out.idx[i];
	return LOCATE_NONE;
}

static void segment(struct repair_desk *d, const struct assure_evidence *e, const struct assure_segment *s,
		    uint64_t sent)
{
	const struct ted *t = intent_ted(d->p.intent);
	bool inside = s->from.node == s->to.node;
	struct locate_fact f = fact(inside ? LOCATE_NODE_LOSS : LOCATE_WIRE_LOSS, e->end_ns);

	if (!t || !s->known)
		return;
	f.node = inside ? s->from.node : LOCATE_NONE;
	f.link = inside ? LOCATE_NONE : link_between(t, s->from.node, s->to.node);
	f.lost = s->lost;
	f.of = sent;
	if (inside || f.link != LOCATE_NONE) /* else several hops lie between: no place */
		repair_facts_put(d, &f, e->key, false);
}

/* What came into each segment is what was not lost before it, while that is known. */
static void ladder(struct repair_desk *d, const struct assure_evidence *e)
{
	uint64_t sent = e->sent;

	for (unsigned i = 0; i < e->n_segments; i++) {
		const struct assure_segment *s = &e->segments[i];

		segment(d, e, s, sent);
		if (s->known)
			sent -= s->lost < sent ? s->lost : sent;
	}
}

/* What tells something is not silent. */
static void heard(struct repair_desk *d, const struct assure_evidence *e)
{
	for (unsigned i = 0; d->n_facts > 0 && i < e->n_segments; i++) {
		if (!e->segments[i].known)
			continue;
		repair_facts_drop(d, LOCATE_READINGS_GONE, e->segments[i].from.node, LOCATE_NONE);
		repair_facts_drop(d, LOCATE_READINGS_GONE, e->segments[i].to.node, LOCATE_NONE);
	}
}

/* A node whose counters are missing makes what is before and behind it unknown. */
static void silent_nodes(struct repair_desk *d, const struct assure_evidence *e)
{
	for (unsigned i = 0; i + 1 < e->n_segments; i++) {
		const struct assure_segment *a = &e->segments[i], *b = &e->segments[i + 1];
		struct locate_fact f = fact(LOCATE_READINGS_GONE, e->end_ns);

		if (a->known || b->known || a->from.node == a->to.node || b->from.node != b->to.node)
			continue;
		f.node = b->from.node;
		repair_facts_put(d, &f, NULL, false);
	}
}

static uint32_t delay_bound(const struct repair_desk *d, const struct assure_evidence *e)
{
	struct slice_flow_view v;

	for (uint32_t at = 0; at < SLICE_FLOWS_MAX && slice_flows(d->p.slice, e->slice, at, &v, 1) == 1; at++)
		if (sr_policy_key_cmp(&v.key, e->key) == 0)
			return v.delay_us_max;
	return PCE_NO_BOUND;
}

static void delays(struct repair_desk *d, const struct assure_evidence *e)
{
	struct locate_fact f = fact(LOCATE_FLOW_DELAY, e->end_ns);

	f.value = e->delay_us;
	f.bound = delay_bound(d, e);
	if (e->delay_us != UINT32_MAX && f.bound != PCE_NO_BOUND && f.value > f.bound)
		repair_facts_put(d, &f, e->key, false);
}

static void probes(struct repair_desk *d, const struct assure_evidence *e, enum locate_kind kind, uint64_t lost,
		   uint64_t of)
{
	struct locate_fact f = fact(kind, e->end_ns);

	f.lost = lost < of ? lost : of;
	f.of = of;
	if (of > 0)
		repair_facts_put(d, &f, e->key, false);
}

/* The far end tells which way all of them are lost. */
static void silence(struct repair_desk *d, const struct assure_evidence *e)
{
	uint64_t n = e->silent_sent;

	if (e->silence == ASSURE_NO_SILENCE)
		return;
	probes(d, e, LOCATE_PROBE_FORWARD, e->silence == ASSURE_LOST_THERE ? n : 0, n);
	if (e->silence == ASSURE_LOST_BACK)
		probes(d, e, LOCATE_PROBE_BACK, n, n);
}

/* In silence nothing is told apart: neither directions nor sizes. */
static void looked(struct repair_desk *d, const struct assure_evidence *e)
{
	if (!e->looked || e->small.received == 0)
		return;
	probes(d, e, LOCATE_PROBE_FORWARD, e->small.lost_forward, e->small.sent);
	probes(d, e, LOCATE_PROBE_BACK, e->small.lost_backward, e->small.sent);
	if (!e->steady)
		return;
	probes(d, e, LOCATE_LARGE_LOSS, e->large.sent - (e->large.received < e->large.sent ? e->large.received : e->large.sent),
	       e->large.sent);
}

static void astray(struct repair_desk *d, const struct assure_evidence *e)
{
	struct locate_fact f = fact(LOCATE_STRAY, e->end_ns);

	f.node = e->stray;
	f.of = e->stray_packets;
	if (f.of > 0)
		repair_facts_put(d, &f, e->key, false);
}

void repair_facts_evidence(struct repair_desk *d, const struct assure_evidence *e)
{
	struct locate_fact f = fact(LOCATE_FLOW_LOSS, e->end_ns);

	drop_flow(d, e->key);
	repair_flows_evidence(d, e);
	heard(d, e);
	if (e->loss_known && e->last && e->sent > e->lost)
		repair_devices_arrived(d, e);
	/* Of those that are well nothing is kept: there are many. */
	if (e->verdict == ASSURE_COMPLIANT && e->state == ASSURE_COMPLIANT)
		return;
	if (e->loss_known) {
		f.lost = e->lost;
		f.of = e->sent;
		repair_facts_put(d, &f, e->key, false);
		ladder(d, e);
	}
	silent_nodes(d, e);
	astray(d, e);
	delays(d, e);
	if (e->has_probe)
		probes(d, e, LOCATE_PROBE_FORWARD, e->probe_lost, e->probe_sent);
	silence(d, e);
	looked(d, e);
}

/* ---- the bus ---- */

static uint32_t node_by_peer(const struct ted *t, const char *text)
{
	struct ip_addr a;

	return ip_parse(text, &a) == 0 ? ted_node_by_addr(t, &a) : TED_NONE;
}

static void node_fact(struct repair_desk *d, const struct bus_event *e, enum locate_kind kind, uint32_t node,
		      bool bad)
{
	struct locate_fact f = fact(kind, e->wall_ns);

	f.node = node;
	if (node == TED_NONE)
		return;
	if (bad)
		repair_facts_put(d, &f, NULL, true);
	else
		repair_facts_drop(d, kind, node, LOCATE_NONE);
}

/* value 0: no source of the topology is left; 1: others are. */
static void on_feed(struct repair_desk *d, const struct bus_event *e, bool none_left)
{
	struct locate_fact f = fact(LOCATE_FEED_GONE, e->wall_ns);

	f.value = !none_left;
	/* A table has one of a kind and place: that none is left says more, and stays. */
	if (e->severity == BUS_ALARM && (none_left || !intent_ted(d->p.intent)->stale))
		repair_facts_put(d, &f, NULL, true);
	else if (e->severity == BUS_CLEARED)
		repair_facts_drop(d, LOCATE_FEED_GONE, LOCATE_NONE, LOCATE_NONE);
}

/* What stands behind a prefix; NULL: it has another. */
static const char *behind(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

void repair_facts_event(struct repair_desk *d, const struct bus_event *e)
{
	const struct ted *t = intent_ted(d->p.intent);
	bool bad = e->severity == BUS_ALARM;
	const char *name;

	if (!t)
		return;
	if ((name = behind(e->resource, "pcep/peer/")) && strcmp(e->type, "pcep-session-down") == 0)
		node_fact(d, e, LOCATE_PCEP_GONE, node_by_peer(t, name), bad);
	else if ((name = behind(e->resource, "gnmi/")) && strcmp(e->type, "gnmi-session-down") == 0)
		node_fact(d, e, LOCATE_DEVICE_GONE, ted_node_by_id(t, name), bad);
	else if (strcmp(e->type, "topology-stale") == 0)
		on_feed(d, e, true);
	else if (strcmp(e->type, "bgp-session-down") == 0)
		on_feed(d, e, false);
}

/* ---- the topology ---- */

/* A map as long as what it is of; what is new in it is not known to have been there. */
static bool grow(uint8_t **map, uint32_t *n, uint32_t want)
{
	uint8_t *m;

	if (want <= *n)
		return true;
	m = realloc(*map, want);
	if (!m)
		return false;
	memset(m + *n, 0, want - *n);
	*map = m;
	*n = want;
	return true;
}

static void turn(struct repair_desk *d, uint8_t *was, bool is, struct locate_fact *f)
{
	if (*was && !is)
		repair_facts_put(d, f, NULL, true);
	else if (is)
		repair_facts_drop(d, f->kind, f->node, f->link);
	*was = is;
}

static bool went(const struct repair_desk *d, const struct ted *t)
{
	for (uint32_t i = 0; i < t->n_changed_links; i++)
		if (d->up_links[t->changed_links[i]] && !repair_link_usable(t, t->changed_links[i]))
			return true;
	return false;
}

void repair_facts_ted(struct repair_desk *d, const struct ted *t)
{
	uint64_t now = loop_wall_ns(d->p.loop);

	if (!grow(&d->up_links, &d->n_links, t->n_links) || !grow(&d->up_nodes, &d->n_nodes, t->n_nodes))
		return;
	d->was_stale = t->stale;
	if (went(d, t))
		repair_flows_left(d, t);
	for (uint32_t i = 0; i < t->n_changed_links; i++) {
		uint32_t l = t->changed_links[i];
		struct locate_fact f = fact(LOCATE_LINK_GONE, now);

		f.link = l;
		turn(d, &d->up_links[l], repair_link_usable(t, l), &f);
	}
	for (uint32_t i = 0; i < t->n_changed_nodes; i++) {
		uint32_t n = t->changed_nodes[i];
		struct locate_fact f = fact(LOCATE_NODE_GONE, now);

		f.node = n;
		turn(d, &d->up_nodes[n], t->nodes[n].alive, &f);
	}
	repair_flows_back(d, t);
}
