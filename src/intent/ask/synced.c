/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of one set that have to fit into the links together (RFC 5440 SVEC), under an objective
 * function of the set (RFC 5541: MBC, MLL, MCC): exact by pce/te_sync.h. Delays and what bars links
 * lead its search; other bounds, and what is to be passed, are judged of each whole path it comes to.
 * Where it ends without a set and without a proof, and for sets with functions of their own paths or
 * several priorities: one after the other on what is left, which proves nothing and claims no
 * function. Lists are strict: a path another way would load other links.
 */
#include <string.h>

#include "intent/ask/ask.h"
#include "pce/te_sync.h"
#include "pce/te_ted.h"

enum {
	WORK_MAX = 30000000, /* arcs looked at: some tenths of a second */
	ORDERS = 8,
};

static bool has_rate(const struct intent_asked *q, uint32_t i)
{
	return q->at[i].bandwidth_bps > 0;
}

/* One function for all, on one room. */
static bool expressible(const struct intent_asked *q)
{
	const struct driver_path_request *first = NULL;

	for (uint32_t i = 0; i < q->n; i++) {
		const struct driver_path_request *r = &q->at[i];

		if (!has_rate(q, i))
			continue;
		first = first ? first : r;
		if (r->objective > DRIVER_OF_MCP || r->setup_prio != first->setup_prio)
			return false;
		if (!q->metric && r->metric_wanted != first->metric_wanted)
			return false;
	}
	return true;
}

/* ---- exact ---- */

struct sync {
	struct intent_asked *q;
	struct te_ted g;
	struct te_sync_request *req;
	uint32_t *of; /* of[i]: the question's request that req[i] is */
	uint32_t n;
};

/* What may be reserved, and how much of it is not free for this priority. */
static bool graph_of(struct sync *s, uint32_t first)
{
	const struct ted *t = s->q->ted;
	const uint64_t *free_bps = s->q->snap[first]->view.bps;
	uint64_t *capacity = ARENA_ARRAY(s->q->arena, (size_t)t->n_links + 1, uint64_t);
	uint64_t *other = ARENA_ARRAY(s->q->arena, (size_t)t->n_links + 1, uint64_t);
	const struct te_ted_cfg cfg = {
		.class = { .metric = s->q->metric ? intent_metric_of(s->q->metric) :
						    s->q->want[first].req.minimise },
		.dataplane = s->q->want[first].req.dataplane,
		.capacity_bps = capacity, .other_bps = other, .n_links = t->n_links,
	};

	if (!capacity || !other)
		return false;
	for (uint32_t i = 0; i < t->n_links; i++) {
		uint64_t all = t->links[i].capacity_bps, left = free_bps[i];

		capacity[i] = all > left ? all : left;
		other[i] = capacity[i] - left;
	}
	return te_graph_of(t, &cfg, s->q->arena, &s->g) == 0;
}

static bool requests_of(struct sync *s)
{
	struct intent_asked *q = s->q;

	s->req = ARENA_ARRAY(q->arena, q->n, struct te_sync_request);
	s->of = ARENA_ARRAY(q->arena, q->n, uint32_t);
	for (uint32_t i = 0; s->req && s->of && i < q->n; i++) {
		const struct pce_request *r = &q->want[i].req;
		const bool *barred;

		if (!has_rate(q, i))
			continue;
		if (s->n == 0 && !graph_of(s, i))
			return false;
		barred = te_barred_of(q->ted, &s->g, r, q->arena);
		if (!barred)
			return false;
		s->of[s->n] = i;
		s->req[s->n++] = (struct te_sync_request){
			.src = r->src, .dst = r->dst, .rate_bps = r->bandwidth_bps,
			.delay_us_max = r->delay_us_max == PCE_NO_BOUND ? TE_NO_BOUND :
									  r->delay_us_max,
			.barred = barred,
		};
	}
	return s->n > 0;
}

/* One path, so that the worst of it is all of it. */
static void sums_of(struct pce_answer *ans)
{
	const struct pce_expansion *e = &ans->expansion;

	ans->igp = e->igp_max;
	ans->te = e->te_max;
	ans->delay_us = e->delay_us_max;
	ans->hops = e->hops_max;
	ans->variation_us = e->variation_us_max;
	ans->loss_ppm = pce_loss_ppm(e->loss_max);
}

static bool encode(const struct sync *s, uint32_t at, const struct te_sync_path *p, struct arena *a,
		   struct pce_answer *ans)
{
	struct pce_request r = s->q->want[s->of[at]].req;
	uint32_t *links = ARENA_ARRAY(a, (size_t)p->n + 1, uint32_t);

	if (!links)
		return false;
	for (uint32_t i = 0; i < p->n; i++)
		links[i] = s->g.link[p->arcs[i]];
	r.strict = true;
	pce_encode(s->q->ted, &r, links, p->n, a, ans);
	return ans->status == PCE_OK;
}

/* Does the path keep what was asked for, and has it a list that its headend can impose. */
static bool fits(void *arg, uint32_t at, const uint32_t *arcs, uint32_t n)
{
	const struct sync *s = arg;
	struct pce_answer ans = { 0 };
	struct arena a;
	bool good;

	arena_init(&a, 0);
	good = encode(s, at, &(struct te_sync_path){ arcs, n }, &a, &ans) &&
	       !pce_check(s->q->ted, &s->q->want[s->of[at]].req, &ans.expansion, &a);
	arena_fini(&a);
	return good;
}

static bool path_take(struct sync *s, uint32_t at, const struct te_sync_path *p)
{
	struct pce_answer ans = { 0 };

	if (!encode(s, at, p, s->q->arena, &ans))
		return false;
	sums_of(&ans);
	intent_asked_found(s->q, s->of[at], &ans);
	return true;
}

/* Those without bandwidth are in nobody's way. */
static bool others(struct intent_asked *q)
{
	for (uint32_t i = 0; i < q->n; i++) {
		struct pce_answer ans;

		if (has_rate(q, i))
			continue;
		pce_compute(q->ted, &q->want[i].req, q->arena, &ans);
		if (ans.status != PCE_OK)
			return false;
		intent_asked_found(q, i, &ans);
	}
	return true;
}

static enum te_sync_goal goal_of(uint8_t objective)
{
	return objective == DRIVER_OF_MBC ? TE_SYNC_MBC :
	       objective == DRIVER_OF_MLL ? TE_SYNC_MLL :
					    TE_SYNC_MCC;
}

/* *unsure: there may be a set all the same. */
static bool exact(struct intent_asked *q, bool *unsure)
{
	struct sync s = { .q = q };
	const struct te_sync_options o = { .goal = goal_of(q->objective), .seed = 1,
					   .work_max = WORK_MAX, .fits = fits, .fits_arg = &s };
	struct te_sync out;

	if (!requests_of(&s))
		return false;
	te_sync(&s.g.graph, s.req, s.n, &o, q->arena, &out);
	*unsure = out.status == TE_TOO_LARGE ||
		  (out.status == TE_OK && out.found == TE_SYNC_UNKNOWN);
	if (out.status != TE_OK || !out.paths)
		return false;
	for (uint32_t i = 0; i < s.n; i++)
		if (!path_take(&s, i, &out.paths[i]))
			return false;
	q->used = q->objective ? q->objective : DRIVER_OF_MCC;
	if (o.goal == TE_SYNC_MLL)
		q->fullest_ppb = (uint32_t)(out.value * 1e9);
	return others(q);
}

/* ---- one after the other ---- */

/* In this order; else the one that did not fit goes to the front. */
static bool in_order(struct intent_asked *q, uint32_t *order, uint64_t *taken, uint64_t *room)
{
	uint32_t links = q->ted->n_links;

	memset(taken, 0, links * sizeof(*taken));
	for (uint32_t z = 0; z < q->n; z++) {
		uint32_t i = order[z];
		struct pce_request r = q->want[i].req;
		struct pce_answer ans;

		for (uint32_t k = 0; k < links; k++)
			room[k] = r.free_bps[k] > taken[k] ? r.free_bps[k] - taken[k] : 0;
		r.free_bps = room;
		r.strict = has_rate(q, i);
		r.brief = true;
		pce_compute(q->ted, &r, q->arena, &ans);
		if (ans.status != PCE_OK) {
			memmove(&order[1], order, z * sizeof(*order));
			order[0] = i;
			return false;
		}
		for (uint32_t k = 0; k < ans.expansion.n_links; k++)
			taken[ans.expansion.links[k]] += r.bandwidth_bps;
		intent_asked_found(q, i, &ans);
	}
	return true;
}

static bool in_turn(struct intent_asked *q)
{
	size_t n = (size_t)q->ted->n_links + 1;
	uint64_t *taken = ARENA_ARRAY(q->arena, n, uint64_t);
	uint64_t *room = ARENA_ARRAY(q->arena, n, uint64_t);
	uint32_t *order = ARENA_ARRAY(q->arena, q->n, uint32_t);

	if (!taken || !room || !order)
		return false;
	for (uint32_t i = 0; i < q->n; i++)
		order[i] = i;
	for (int z = 0; z < ORDERS; z++)
		if (in_order(q, order, taken, room))
			return true;
	return false;
}

bool intent_synced_run(struct intent_asked *q)
{
	bool unsure = false;

	q->used = DRIVER_OF_NONE;
	if (!expressible(q))
		return in_turn(q);
	return exact(q, &unsure) || (unsure && in_turn(q));
}
