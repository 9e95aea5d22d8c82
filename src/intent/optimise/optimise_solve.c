/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search, on its thread. What midpoints cannot say of a policy (affinities, things to avoid or
 * to pass, other bounds than delay) is asked of what came out: who may not take the list that was
 * found for it stays where it is, and the rest is searched again. Flows that stay are load.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "intent/optimise/optimise_priv.h"

#define GAP 1e-5
#define BYTES_MAX ((size_t)512 << 20)
#define TREES_BYTES ((size_t)128 << 20)

enum { REFUSED_MAX = 256 }; /* demands that the engine may refuse one by one */

/* ---- one list ---- */

static const struct opt_route *route_keep(struct opt_solve *s, const struct te_segments *segs,
					  const struct pce_expansion *x)
{
	struct opt_route *r = ARENA_NEW(&s->j->arena, struct opt_route);
	uint32_t *links = arena_copy(&s->j->arena, x->links, x->n_links * sizeof(*links));
	struct pce_answer ans = { .n_segs = segs->n };

	if (!r || !links)
		return NULL;
	memcpy(ans.segs, segs->at, segs->n * sizeof(*segs->at));
	intent_list_of_answer(s->j->ted, &ans, SR_SRV6, &r->list);
	r->links = links;
	r->n_links = x->n_links;
	r->igp = x->igp_max;
	r->delay_us = x->delay_us_max;
	return r;
}

/* As any other list of that candidate path is judged; room is the book's question. */
static const char *breaks(struct opt_solve *s, const struct opt_flow *f,
			  const struct te_segments *segs, struct pce_expansion *x)
{
	const struct intent_policy *p = &f->desired->p;
	const struct intent_cpath *c = intent_cpath_find(p, f->preference);
	struct pce_request req;
	const char *bad;

	if (f->msd && segs->n + p->reserved > f->msd)
		return "the headend cannot impose so many SIDs";
	if (!intent_opt_walk(s, f, segs, x))
		return x->why && x->why[0] ? x->why : "the list does not get there";
	(void)intent_request_of(s->j->ted, p, c, &s->scratch, &req, &bad);
	req.bandwidth_bps = 0;
	req.trees = s->trees;
	if (c->strict && !x->single)
		return "strict: the list takes several equal-cost paths";
	return pce_check(s->j->ted, &req, x, &s->scratch);
}

const struct opt_route *intent_opt_route(struct opt_solve *s, const struct opt_flow *f,
					 const struct te_list *l, const char **why)
{
	const struct opt_route *r = NULL;
	struct te_segments segs;
	struct pce_expansion x;
	uint32_t nodes[OPT_LIST_MAX];
	unsigned n = intent_opt_nodes(f, l, nodes);

	if (!te_segments_of(s->j->ted, nodes, n, !f->desired->p.no_usid, &segs))
		*why = "a router on the way has told no SID";
	else
		*why = breaks(s, f, &segs, &x);
	if (!*why) {
		r = route_keep(s, &segs, &x);
		*why = "no memory";
	} else {
		*why = arena_str(&s->j->arena, *why); /* it may lie in the scratch */
	}
	arena_reset(&s->scratch);
	return r;
}

void intent_opt_fix(struct opt_solve *s, uint32_t flow, const char *why)
{
	struct opt_flow *f = &s->j->flows[flow];

	f->fixed = s->demands[flow].fixed = true;
	f->why = why ? why : "no memory";
	f->to = NULL;
	s->lists[flow] = f->now;
}

/* ---- the problem ---- */

static uint32_t delay_bound(const struct opt_flow *f)
{
	const struct intent_cpath *c = intent_cpath_find(&f->desired->p, f->preference);

	return c->delay_us_max == PCE_NO_BOUND ? TE_NO_BOUND : c->delay_us_max;
}

/* Something the search does not know of, so that it may have to be made again. */
static bool is_hard(const struct opt_flow *f)
{
	const struct intent_cpath *c = intent_cpath_find(&f->desired->p, f->preference);
	struct intent_cpath plain;

	intent_cpath_default(&plain);
	return c->strict || c->n_exclude || c->n_include || c->n_exclude_srlg || c->n_exclude_asn ||
	       c->hops_max != PCE_NO_BOUND || c->igp_max != PCE_NO_BOUND ||
	       c->te_max != PCE_NO_BOUND || c->variation_us_max != PCE_NO_BOUND ||
	       c->loss_ppm_max != PCE_NO_BOUND || c->delay_us_min || c->payload ||
	       memcmp(&c->affinity, &plain.affinity, sizeof(plain.affinity)) != 0;
}

/* A flow that cannot be told in midpoints never was one: its load is that of others. */
static void set_aside(struct opt_job *j, const struct opt_flow *f)
{
	for (uint32_t k = 0; k < f->is.n_links; k++)
		if (f->is.links[k] < j->n_links)
			j->other_bps[f->is.links[k]] += f->rate_bps;
}

/* ---- whom the search is about ---- */

/* Routers that flows begin, end or turn at. */
struct points {
	bool *seen; /* by node */
	uint32_t n;
};

static void points_add(struct points *p, const struct opt_flow *f)
{
	uint32_t nodes[OPT_LIST_MAX];
	unsigned n = intent_opt_nodes(f, &f->now, nodes);

	p->n += !p->seen[f->src];
	p->seen[f->src] = true;
	for (unsigned k = 0; k < n; k++) {
		p->n += !p->seen[nodes[k]];
		p->seen[nodes[k]] = true;
	}
}

static uint32_t points_new(const struct points *p, const struct opt_flow *f)
{
	uint32_t nodes[OPT_LIST_MAX], fresh = !p->seen[f->src];
	unsigned n = intent_opt_nodes(f, &f->now, nodes);

	for (unsigned k = 0; k < n; k++)
		fresh += !p->seen[nodes[k]];
	return fresh;
}

static int by_crowd(const void *a, const void *b)
{
	const struct opt_flow *x = a, *y = b;

	if (x->crowd != y->crowd)
		return x->crowd > y->crowd ? -1 : 1;
	return sr_policy_key_cmp(&x->key, &y->key);
}

static double crowd_of(const struct opt_job *j, const struct opt_flow *f)
{
	double most = 0;

	for (uint32_t k = 0; k < f->is.n_links; k++) {
		uint32_t l = f->is.links[k];

		if (l < j->n_links && j->capacity_bps[l] > 0)
			most = fmax(most, (double)j->reserved_bps[l] / (double)j->capacity_bps[l]);
	}
	return most;
}

/* Where there are more ends than the engine takes together, those on the fullest links come
 * first: no other can empty them. */
static void sort_if_many(struct opt_job *j, struct points *ends)
{
	for (uint32_t k = 0; k < j->n_flows; k++) {
		struct opt_flow *f = &j->flows[k];

		f->src = intent_endpoint_node(j->ted, &f->key.headend);
		f->dst = intent_endpoint_node(j->ted, &f->key.endpoint);
		f->now = (struct te_list){ { TE_NO_NODE, TE_NO_NODE, TE_NO_NODE } };
		f->crowd = crowd_of(j, f);
		if (f->src != TED_NONE && f->dst != TED_NONE)
			points_add(ends, f);
	}
	if (ends->n > j->points_max)
		qsort(j->flows, j->n_flows, sizeof(*j->flows), by_crowd);
}

static const char *stays(struct opt_solve *s, struct opt_flow *f, const struct points *p)
{
	struct opt_job *j = s->j;

	if (f->src == TED_NONE || f->dst == TED_NONE || f->src == f->dst)
		return "its ends are not in the topology";
	if (p->n + points_new(p, f) > j->points_max)
		return "more routers than are placed together; its links are not the fullest";
	if (!intent_opt_now(s, f))
		return "no midpoints lead the way it takes now";
	if (f->now.mid[0] != TE_NO_NODE && j->o.midpoints < TE_MIDPOINTS_MAX &&
	    f->now.mid[j->o.midpoints] != TE_NO_NODE)
		return "it has more midpoints now than are allowed";
	if (p->n + points_new(p, f) > j->points_max)
		return "more routers than are placed together; its links are not the fullest";
	return NULL;
}

/* Flows that stay in the problem move to the front. */
static bool flows_ready(struct opt_solve *s)
{
	struct opt_job *j = s->j;
	struct points ends = { .seen = ARENA_ARRAY(&j->arena, (size_t)j->ted->n_nodes + 1, bool) };
	struct points p = { .seen = ARENA_ARRAY(&j->arena, (size_t)j->ted->n_nodes + 1, bool) };
	uint32_t n = 0;

	if (!ends.seen || !p.seen)
		return false;
	sort_if_many(j, &ends);
	for (uint32_t k = 0; k < j->n_flows; k++) {
		struct opt_flow *f = &j->flows[k], swap;

		f->why = stays(s, f, &p);
		if (f->why) {
			set_aside(j, f);
			if (!intent_opt_left_add(j, &f->key, f->why, false))
				return false;
			continue;
		}
		points_add(&p, f);
		swap = j->flows[n];
		j->flows[n++] = *f;
		if (f != &j->flows[n - 1])
			*f = swap;
	}
	j->n_flows = n;
	return true;
}

static bool problem_of(struct opt_solve *s)
{
	struct opt_job *j = s->j;
	const struct te_ted_cfg cfg = { .class = { .metric = PCE_IGP }, .dataplane = PCE_SRV6,
					.capacity_bps = j->capacity_bps, .other_bps = j->other_bps,
					.n_links = j->n_links };
	size_t n = (size_t)j->n_flows + 1;

	s->demands = ARENA_ARRAY(&j->arena, n, struct te_demand);
	s->lists = ARENA_ARRAY(&j->arena, n, struct te_list);
	if (!s->demands || !s->lists || te_graph_of(j->ted, &cfg, &j->arena, &s->graph) < 0)
		return false;
	for (uint32_t k = 0; k < j->n_flows; k++) {
		const struct opt_flow *f = &j->flows[k];

		s->demands[k] = (struct te_demand){ .src = f->src, .dst = f->dst,
						    .rate_bps = f->rate_bps,
						    .delay_us_max = delay_bound(f), .now = f->now };
		s->lists[k] = f->now;
	}
	s->problem = (struct te_problem){ .graph = s->graph.graph, .demands = s->demands,
					  .n_demands = j->n_flows };
	return true;
}

/* ---- searching ---- */

bool intent_opt_go_on(struct opt_solve *s, unsigned phase)
{
	return !atomic_load_explicit(&s->j->stop, memory_order_relaxed) &&
	       atomic_load_explicit(&s->j->phase, memory_order_relaxed) <= phase;
}

static bool search_goes_on(void *arg, const struct te_progress *p)
{
	struct opt_solve *s = arg;
	struct opt_job *j = s->j;
	double util = p->util < 1e9 ? p->util : 1e9;

	atomic_store_explicit(&j->spent, p->work, memory_order_relaxed);
	atomic_store_explicit(&j->util_ppb, (uint64_t)(util * 1e9), memory_order_relaxed);
	atomic_store_explicit(&j->bound_ppb, (uint64_t)(p->bound * 1e9), memory_order_relaxed);
	atomic_store_explicit(&j->changed, p->changed, memory_order_relaxed);
	return intent_opt_go_on(s, s->round);
}

/* The engine names a demand that it cannot serve: that one stays, the others go on. */
static enum te_status search(struct opt_solve *s, uint64_t work_max, struct te_result *r)
{
	const struct te_options o = { .midpoints = s->j->o.midpoints, .seed = s->j->o.seed,
				      .work_max = work_max, .gap = GAP, .bytes_max = BYTES_MAX,
				      .charge = (double)s->j->o.charge_ppm / 1e6,
				      .go_on = search_goes_on, .arg = s };

	for (unsigned k = 0; k < REFUSED_MAX; k++) {
		te_optimise(&s->problem, &o, &s->j->arena, r);
		if ((r->status != TE_NO_ROUTE && r->status != TE_NO_DELAY) ||
		    r->where >= s->j->n_flows || s->demands[r->where].fixed)
			break;
		intent_opt_fix(s, r->where, te_status_text(r->status));
	}
	return r->status;
}

/* Who may not take what was found for it stays; how many. */
static uint32_t judge(struct opt_solve *s, const struct te_result *r)
{
	uint32_t refused = 0;

	for (uint32_t k = 0; k < s->j->n_flows; k++) {
		struct opt_flow *f = &s->j->flows[k];
		const char *why;

		f->to = NULL;
		s->lists[k] = f->now;
		if (f->fixed || memcmp(&r->lists[k], &f->now, sizeof(f->now)) == 0)
			continue;
		f->to = intent_opt_route(s, f, &r->lists[k], &why);
		if (f->to)
			s->lists[k] = r->lists[k];
		else
			intent_opt_fix(s, k, why);
		f->dropped = f->dropped || f->fixed;
		refused += f->fixed;
	}
	return refused;
}

static bool any_hard(const struct opt_job *j)
{
	for (uint32_t k = 0; k < j->n_flows; k++)
		if (is_hard(&j->flows[k]))
			return true;
	return false;
}

/* Rounds without anybody to be asked again are one, with nearly all the time and work. */
static enum te_status rounds(struct opt_solve *s)
{
	bool hard = any_hard(s->j);
	struct te_result r = { .status = TE_OK };

	s->work_left = s->j->o.work;
	for (unsigned k = 0; k < OPT_ROUNDS; k++) {
		bool last = k + 1 == OPT_ROUNDS;
		uint64_t give = hard && !last ? s->work_left / 2 : s->work_left;

		s->round = hard ? k : OPT_ROUNDS - 1;
		if (k > 0 && (!intent_opt_go_on(s, s->round) || (s->j->o.work && give == 0)))
			break; /* those refused stay, the others have what was found */
		if (search(s, give, &r) != TE_OK)
			return r.status;
		s->work_left -= r.work < s->work_left ? r.work : s->work_left;
		s->bound = r.bound;
		if (judge(s, &r) == 0)
			break;
	}
	return TE_OK;
}

/* ---- the whole ---- */

static void leave(struct opt_solve *s)
{
	struct opt_job *j = s->j;

	j->changes = ARENA_ARRAY(&j->arena, (size_t)j->n_flows + 1, uint32_t);
	for (uint32_t k = 0; j->changes && k < j->n_flows; k++) {
		struct opt_flow *f = &j->flows[k];
		const struct intent_cpath *c = intent_cpath_find(&f->desired->p, f->preference);

		f->kept = !f->to && (f->now.mid[0] != TE_NO_NODE || c->minimise != PCE_IGP);
		if (f->to)
			j->changes[j->n_changes++] = k;
		j->n_dropped += f->dropped;
		if (f->why && !intent_opt_left_add(j, &f->key, f->why, f->dropped))
			j->why = "no memory";
	}
	if (!j->changes)
		j->why = "no memory";
}

static void solve(struct opt_solve *s)
{
	struct opt_job *j = s->j;
	enum te_status r;

	if (!flows_ready(s) || !problem_of(s)) {
		j->why = "no memory";
		return;
	}
	if (j->n_flows == 0) {
		j->why = "no live policy with bandwidth can be moved";
		return;
	}
	r = rounds(s);
	if (r != TE_OK) {
		j->why = te_status_text(r);
		return;
	}
	intent_opt_order(s);
	leave(s);
}

void intent_opt_solve(struct opt_job *j)
{
	struct opt_solve s = { .j = j };

	arena_init(&s.scratch, 0);
	if (pce_trees_new(&s.trees, TREES_BYTES) < 0)
		j->why = "no memory";
	else
		solve(&s);
	pce_trees_free(s.trees);
	arena_fini(&s.scratch);
}
