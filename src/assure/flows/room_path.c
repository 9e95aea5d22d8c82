/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path of a flow, as intent says it, and the stream along it. While the headend has not said
 * that it has the list of that path both it and the one before may be in use; from what both have
 * in common nothing false is learnt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"

/* A headend that switches by itself is heard of so much later. */
enum { BEFORE_PERIODS = 2, TURNS = 64 };

/* ---- points ---- */

static size_t points_of(const struct room_flow *f, struct assure_point *p)
{
	size_t n = 0;
	uint32_t last = f->n_nodes - 1;

	p[n++] = (struct assure_point){ f->nodes[0], true };
	for (uint32_t i = 1; f->hops && i < last; i++) {
		p[n++] = (struct assure_point){ f->nodes[i], false };
		p[n++] = (struct assure_point){ f->nodes[i], true };
	}
	p[n++] = (struct assure_point){ f->nodes[last], false };
	return n;
}

static void repoint(struct assure_room *r, struct room_flow *f, uint64_t since_ns, uint64_t until_ns)
{
	struct assure_point p[ASSURE_POINTS_MAX];
	size_t n = points_of(f, p);

	/* a path that passes a node twice, say: the ends are told apart anyway */
	if (assure_path(r->assure, f->id, p, n, since_ns, until_ns) != 0 && f->hops) {
		f->hops = false;
		n = points_of(f, p);
		(void)assure_path(r->assure, f->id, p, n, since_ns, until_ns);
	}
}

static bool hops_wanted(const struct room_flow *f)
{
	if (!f->whole || !f->marked)
		return false;
	if (f->of->raised || f->of->policy.hops == SLICE_HOPS_ALWAYS)
		return true;
	return f->of->policy.hops == SLICE_HOPS_ON_DEGRADE &&
	       (f->state >= ASSURE_AT_RISK || f->window >= ASSURE_AT_RISK);
}

bool room_flow_hops(struct assure_room *r, struct room_flow *f)
{
	bool want = hops_wanted(f);
	uint64_t now = assure_room_wall(r);

	if (want == f->hops)
		return false;
	f->hops = want;
	if (f->measured)
		repoint(r, f, now, now);
	return true;
}

/* ---- paths ---- */

struct way {
	uint32_t nodes[ROOM_NODES_MAX], n;
	bool whole;
};

static bool step(const struct ted *ted, const char *label, struct way *w)
{
	uint32_t l = ted_link_by_text(ted, label);

	if (l == TED_NONE || w->n == 0 || w->nodes[w->n - 1] != ted->links[l].from)
		return false;
	w->nodes[w->n++] = ted->links[l].to;
	return true;
}

/* A LAN is a node of its own in the topology, and counts nothing. */
static void lans_out(const struct ted *ted, struct way *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n; i++)
		if (!ted->nodes[w->nodes[i]].pseudonode)
			w->nodes[n++] = w->nodes[i];
	w->n = n;
}

/* Links of a path in words, as intent tells it. */
static bool walk(const struct ted *ted, const char *text, struct way *w)
{
	char label[TED_LABEL_MAX];

	for (const char *at = text; *at;) {
		size_t len = strcspn(at, ",");

		if (len >= sizeof(label) || w->n == ROOM_NODES_MAX)
			return false;
		memcpy(label, at, len);
		label[len] = '\0';
		if (!step(ted, label, w))
			return false;
		at += len + (at[len] == ',');
	}
	return true;
}

static void way_of(const struct ted *ted, const struct room_flow *f, const struct intent_view *v,
		   struct way *w)
{
	uint32_t from = ted_node_by_addr(ted, &f->key.headend);
	uint32_t to = ted_node_by_addr(ted, &f->key.endpoint);

	*w = (struct way){ 0 };
	if (from == TED_NONE || to == TED_NONE || from == to)
		return;
	w->nodes[w->n++] = from;
	if (v && v->has_computed && v->path_text[0] && walk(ted, v->path_text, w)) {
		lans_out(ted, w);
		w->whole = w->n >= 2 && w->n <= ROOM_NODES_MAX - 1 && w->nodes[0] == from &&
			   w->nodes[w->n - 1] == to;
	}
	if (!w->whole) {
		w->nodes[0] = from;
		w->nodes[1] = to;
		w->n = 2;
	}
}

/* What the headend forwards by: the policy's own list, or its standby's when that is down; out when both are. */
static const struct intent_view *view_of(struct assure_room *r, struct room_flow *f)
{
	struct sr_policy_key key = f->key;
	struct intent_view *v = r->view;
	bool there = intent_get(r->parts.intent, &key, v) == 0;

	f->out = false;
	if (there && v->state != INTENT_DOWN)
		return v;
	key.leg = 1;
	if (intent_get(r->parts.intent, &key, v) == 0 && v->state == INTENT_UP)
		return v;
	f->out = there;
	key.leg = f->key.leg;
	return intent_get(r->parts.intent, &key, v) == 0 ? v : NULL;
}

static void sids_of(struct assure_room *r, struct room_flow *f, const struct intent_view *v)
{
	struct slice_flow_view of = { .group = f->group, .construct = f->construct, .sender = f->sender,
				      .receiver = f->receiver, .key = f->key };

	f->first = f->last = (struct ip_addr){ 0 };
	if (r->cfg.last_sid && r->cfg.last_sid(r->cfg.ctx, f->of->id, &of, &f->last))
		return;
	f->last = (struct ip_addr){ 0 };
	if (!v || !v->has_computed || v->computed.dataplane != SR_SRV6 || v->computed.n == 0)
		return;
	f->first = v->computed.at[0].sid;
	f->last = v->computed.at[v->computed.n - 1].sid;
}

static bool same_way(const struct room_flow *f, const struct way *w)
{
	return f->n_nodes == w->n && f->whole == w->whole &&
	       memcmp(f->nodes, w->nodes, w->n * sizeof(w->nodes[0])) == 0;
}

static void way_take(struct assure_room *r, struct room_flow *f, const struct way *w)
{
	uint64_t now = assure_room_wall(r), before = BEFORE_PERIODS * f->terms.period_ms * NS_PER_MS;
	bool ends = f->n_nodes >= 2 && w->n >= 2 && f->nodes[0] == w->nodes[0] &&
		    f->nodes[f->n_nodes - 1] == w->nodes[w->n - 1];

	f->moved_ns = now;
	f->stray_ns = 0;
	memcpy(f->nodes, w->nodes, sizeof(f->nodes));
	f->n_nodes = w->n;
	f->whole = w->whole;
	if (f->measured && !ends) {
		room_flow_stop(r, f);
	} else if (f->measured) {
		f->hops = hops_wanted(f);
		repoint(r, f, now - before, UINT64_MAX);
	}
}

static void path_look(struct assure_room *r, struct room_flow *f)
{
	const struct ted *ted = intent_ted(r->parts.intent);
	const struct intent_view *v = view_of(r, f);
	struct way w;

	f->look = false;
	way_of(ted, f, v, &w);
	sids_of(r, f, v);
	if (!same_way(f, &w)) {
		way_take(r, f, &w);
		f->moving = true;
		assure_room_plan_soon(r);
	}
	if (!f->moving || !v || !v->confirmed)
		return;
	f->moving = false;
	f->moved_ns = assure_room_wall(r);
	if (f->measured)
		assure_settled(r->assure, f->id, assure_room_wall(r));
}

static int by_key(const void *a, const void *b)
{
	return sr_policy_key_cmp(a, b);
}

/* Either leg's is a move of the flow. */
static bool is_moved(const struct assure_room *r, const struct room_flow *f)
{
	struct sr_policy_key k = f->key;

	k.leg = 0;
	return r->moved.n > 0 &&
	       bsearch(&k, r->moved.at, r->moved.n, sizeof(k), by_key) != NULL;
}

/* Some in turn each time besides: whatever was not told of is found so. */
void room_paths_look(struct assure_room *r)
{
	const struct ted *ted = intent_ted(r->parts.intent);
	size_t n = r->order.n, moving = 0;

	if (!ted || ted->stale)
		return; /* all_moved and what moved stay for later */
	if (r->moved.n > 1)
		qsort(r->moved.at, r->moved.n, sizeof(r->moved.at[0]), by_key);
	for (size_t i = 0; i < n; i++) {
		struct room_flow *f = r->order.at[i];
		bool look = r->all_moved || f->look || is_moved(r, f);

		if (look || ((f->moving || !f->whole) && moving++ < ROOM_PATHS_A_TURN))
			path_look(r, f);
	}
	for (size_t i = 0; i < TURNS && i < n; i++)
		path_look(r, r->order.at[r->turn++ % n]);
	r->all_moved = false;
	r->moved.n = 0;
}

/* ---- streams ---- */

void room_flow_stop(struct assure_room *r, struct room_flow *f)
{
	if (f->measured)
		assure_del(r->assure, f->id);
	f->measured = f->moving = f->hops = false;
	f->state = f->window = f->arrives = ASSURE_UNKNOWN;
	f->n_segments = 0;
	f->delay_us = f->variation_us = UINT64_MAX;
	for (unsigned i = 0; i < ASSURE_ALSO_MAX; i++)
		f->delay_also[i] = f->variation_also[i] =
			(struct assure_bound_view){ { ASSURE_UNKNOWN, ASSURE_NO_SAMPLE }, UINT64_MAX };
	f->has_probe = false;
	f->heard_sent = f->heard_lost = 0;
	f->why[0] = '\0';
}

static const char *fault_of(const struct room_flow *f)
{
	if (f->n_nodes < 2)
		return "its ends are not two routers of the topology";
	if (!f->marked)
		return NULL;
	if (f->same)
		return "its packets cannot be told from those of another flow of the same routers";
	if (f->too_many)
		return "its headend marks as many flows as it can";
	if (f->last.family != IP_V6)
		return "its policy has no list yet";
	return NULL;
}

static int stream_add(struct assure_room *r, struct room_flow *f)
{
	struct assure_point p[ASSURE_POINTS_MAX];
	uint64_t now = assure_room_wall(r);
	int rc;

	f->hops = hops_wanted(f);
	rc = assure_add(r->assure, f->id, &f->terms, p, points_of(f, p), now);
	if (rc != ASSURE_E_TERMS || !f->hops)
		return rc;
	f->hops = false;
	return assure_add(r->assure, f->id, &f->terms, p, points_of(f, p), now);
}

static uint32_t highest(uint32_t ppm, const struct assure_bound also[ASSURE_ALSO_MAX])
{
	for (unsigned i = 0; i < ASSURE_ALSO_MAX; i++) /* what is for all is no percentile */
		ppm = also[i].us_max && also[i].ppm > ppm && also[i].ppm < 1000000 ? also[i].ppm : ppm;
	return ppm;
}

void room_flow_measure(struct assure_room *r, struct room_flow *f)
{
	const char *fault = fault_of(f);
	uint32_t delay = highest(f->terms.percentile_ppm, f->terms.delay_also);
	uint32_t variation = highest(f->terms.variation_ppm, f->terms.variation_also);

	if (fault) {
		room_flow_stop(r, f);
		(void)str_copy(f->fault, sizeof(f->fault), fault);
		return;
	}
	if (f->measured)
		return;
	switch (stream_add(r, f)) {
	case 0:
		f->measured = true;
		f->fault[0] = '\0';
		(void)str_copy(f->why, sizeof(f->why), "unknown: no window is over yet");
		break;
	case ASSURE_E_FULL:
		(void)str_copy(f->fault, sizeof(f->fault), "as many flows as can be are measured");
		break;
	case ASSURE_E_TERMS:
		(void)snprintf(f->fault, sizeof(f->fault),
			       "its bounds cannot be measured: percentiles of %u.%04u %% of delay, %u.%04u %% of its "
			       "variation take more delays than are kept",
			       delay / 10000, delay % 10000, variation / 10000, variation % 10000);
		break;
	default:
		(void)str_copy(f->fault, sizeof(f->fault), "there is no memory for it");
		break;
	}
}
