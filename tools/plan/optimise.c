/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan optimise: midpoints for all demands together, so that the fullest link is as empty as can
 * be, with a bound below it; SID lists of node SIDs, expanded again; the order to roll it out in.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pce/te_rollout.h"
#include "pce/te_ted.h"
#include "tools/plan/plan_int.h"

enum { LIST_MAX = TE_MIDPOINTS_MAX + 1, END_FIRST = 43, END_LAST = 50 };

#define ROLLOUT_WORK UINT64_C(50000000)
#define WORK_DEFAULT UINT64_C(200000000)

struct optimising {
	const struct plan_net *n;
	const struct plan_options *o;
	const struct plan_asks *a;
	struct arena *arena;
	struct te_ted graph;
	struct te_problem problem;
	struct te_result result;
};

/* ---- the problem ---- */

static int problem_of(struct optimising *x)
{
	const struct te_ted_cfg cfg = { .class = { .metric = PCE_IGP }, .dataplane = PCE_SRV6 };
	size_t n = x->a->demands.n;
	struct te_demand *d = ARENA_ARRAY(x->arena, n + 1, struct te_demand);

	if (!d || te_graph_of(x->n->ted, &cfg, x->arena, &x->graph) < 0)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < n; i++) {
		const struct plan_demand *from = &x->a->demands.at[i];

		d[i] = (struct te_demand){ .src = from->src, .dst = from->dst,
					   .rate_bps = from->rate_bps,
					   .delay_us_max = from->delay_us_max };
		for (unsigned k = 0; k < TE_MIDPOINTS_MAX; k++)
			d[i].now.mid[k] = k < ARRAY_LEN(from->mid) ? from->mid[k] : TE_NO_NODE;
	}
	x->problem = (struct te_problem){ .graph = x->graph.graph, .demands = d,
					  .n_demands = (uint32_t)n };
	return 0;
}

static bool go_on(void *arg, const struct te_progress *p)
{
	const struct optimising *x = arg;
	char text[128];

	if (!x->o->go_on)
		return true;
	(void)snprintf(text, sizeof(text), "fullest link %.3f %%, no less than %.3f %%, %u demands moved",
		       p->util * 100, p->bound * 100, p->changed);
	return x->o->go_on(x->o->arg, text);
}

static void solve(struct optimising *x)
{
	const struct te_options o = {
		.midpoints = x->o->midpoints,
		.seed = x->o->seed,
		.work_max = x->o->work ? x->o->work : x->o->timed ? 0 : WORK_DEFAULT,
		.charge = x->o->charge,
		.gap = 1e-5,
		.go_on = go_on,
		.arg = x,
	};

	te_optimise(&x->problem, &o, x->arena, &x->result);
}

/* ---- SID lists ---- */

/* The node SID of algorithm 0, one that goes into containers rather than another. */
static const struct ted_sid *sid_of(const struct ted_node *n)
{
	const struct ted_sid *best = NULL;

	for (uint16_t i = 0; i < n->n_sids; i++) {
		const struct ted_sid *s = &n->sids[i];

		if (s->algo == 0 && (!best || (best->behavior < END_FIRST && s->behavior >= END_FIRST &&
					       s->behavior <= END_LAST)))
			best = s;
	}
	return best;
}

static bool packs(const struct ted_sid *s)
{
	return s->behavior >= END_FIRST && s->behavior <= END_LAST && s->structure.lb &&
	       s->structure.ln && s->structure.lb <= 64 && s->structure.ln <= 32;
}

/* Node parts one behind the other as long as the block is the same and there is room. */
static unsigned pack(const struct ted_sid *const *sids, unsigned n, struct ip_addr *out)
{
	const struct ted_sid *first = NULL;
	unsigned k = 0, at = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct ted_sid *s = sids[i];
		unsigned lb = s->structure.lb, ln = s->structure.ln;

		if (first && packs(s) && lb == first->structure.lb && ln == first->structure.ln &&
		    at + ln <= 128 &&
		    ip_bits_get(&s->sid, 0, lb) == ip_bits_get(&first->sid, 0, lb)) {
			ip_bits_set(&out[k - 1], at, ln, ip_bits_get(&s->sid, lb, ln));
			at += ln;
			continue;
		}
		out[k++] = s->sid;
		first = packs(s) ? s : NULL;
		at = lb + ln;
	}
	return k;
}

static unsigned list_of(const struct optimising *x, uint32_t demand, const struct te_list *l,
			struct ip_addr *out)
{
	const struct ted_sid *sids[LIST_MAX];
	unsigned n = 0;

	for (unsigned k = 0; k <= TE_MIDPOINTS_MAX; k++) {
		uint32_t node = k < TE_MIDPOINTS_MAX ? l->mid[k] : x->problem.demands[demand].dst;

		if (node == TE_NO_NODE)
			continue;
		sids[n] = sid_of(&x->n->ted->nodes[node]);
		if (!sids[n++])
			return 0;
	}
	return pack(sids, n, out);
}

/* The list as it will be sent, walked over ECMP by the engine: it must end where it should. */
static bool put_list(const struct optimising *x, uint32_t demand, const struct te_list *l,
		     struct pce_trees *trees, json_object *o)
{
	const struct te_demand *d = &x->problem.demands[demand];
	json_object *a = json_object_new_array();
	struct ip_addr sids[LIST_MAX];
	struct pce_expansion e;
	struct arena scratch;
	unsigned n = list_of(x, demand, l, sids);
	const struct pce_list list = { .dataplane = PCE_SRV6, .n = n, .sids = sids, .trees = trees };
	char text[IP_TEXT_MAX];
	bool good = false;

	for (unsigned i = 0; i < n; i++)
		(void)json_object_array_add(a, json_object_new_string(ip_text(&sids[i], text,
									      sizeof(text))));
	plan_put(o, "sids", a);
	if (n == 0) {
		plan_put_text(o, "sids-why", "a node on the way has told no SID");
		return false;
	}
	arena_init(&scratch, 0);
	pce_expand(x->n->ted, d->src, d->dst, &list, &scratch, &e);
	good = e.valid;
	if (good) {
		plan_put_u64(o, "delay-max", e.delay_us_max);
		plan_put(o, "single-path", json_object_new_boolean(e.single));
		plan_put(o, "links", plan_links(x->n, e.links, e.n_links));
	} else {
		plan_put_text(o, "sids-why", e.why ? e.why : "it does not get there");
	}
	arena_fini(&scratch);
	return good;
}

/* ---- what comes out ---- */

static json_object *midpoints(const struct optimising *x, const struct te_list *l)
{
	json_object *a = json_object_new_array();

	for (unsigned k = 0; k < TE_MIDPOINTS_MAX; k++)
		if (l->mid[k] != TE_NO_NODE)
			(void)json_object_array_add(a, json_object_new_string(ted_node_label(
							       x->n->ted, l->mid[k])));
	return a;
}

static json_object *demands(const struct optimising *x, struct pce_trees *trees, uint32_t *bad)
{
	json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < x->problem.n_demands; i++) {
		const struct te_demand *d = &x->problem.demands[i];
		const struct te_list *l = &x->result.lists[i];
		json_object *o = json_object_new_object();

		plan_put_text(o, "name", x->a->demands.at[i].name);
		plan_put_text(o, "source", ted_node_label(x->n->ted, d->src));
		plan_put_text(o, "destination", ted_node_label(x->n->ted, d->dst));
		plan_put_u64(o, "bandwidth", d->rate_bps);
		plan_put(o, "midpoints", midpoints(x, l));
		plan_put(o, "changed", json_object_new_boolean(memcmp(l, &d->now, sizeof(*l)) != 0));
		*bad += !put_list(x, i, l, trees, o);
		(void)json_object_array_add(list, o);
	}
	return list;
}

static void put_rollout(const struct optimising *x, json_object *out)
{
	static const char *const found[] = { "found", "with-detours", "none", "unknown" };
	const struct te_rollout_options o = { .work_max = ROLLOUT_WORK };
	json_object *r = json_object_new_object(), *moves = json_object_new_array();
	struct te_rollout roll;

	te_rollout(&x->problem, x->result.lists, &o, x->arena, &roll);
	if (roll.status == TE_OK) {
		plan_put_text(r, "found", found[roll.found]);
		plan_put_real(r, "limit", roll.limit);
		plan_put_real(r, "peak", roll.peak);
	} else {
		plan_put_text(r, "found", te_status_text(roll.status));
	}
	for (uint32_t i = 0; roll.status == TE_OK && i < roll.n_moves; i++) {
		json_object *m = json_object_new_object();

		plan_put_text(m, "name", x->a->demands.at[roll.moves[i].demand].name);
		plan_put(m, "midpoints", midpoints(x, &roll.moves[i].list));
		if (roll.moves[i].detour)
			plan_put(m, "detour", json_object_new_boolean(true));
		(void)json_object_array_add(moves, m);
	}
	plan_put(r, "moves", moves);
	plan_put(out, "rollout", r);
}

static bool put_result(const struct optimising *x, json_object *out)
{
	static const char *const ends[] = { "optimal", "target", "work", "stopped" };
	const struct te_result *r = &x->result;
	double *load_bps = ARENA_ARRAY(x->arena, x->n->ted->n_links + 1, double);

	if (!load_bps)
		return false;
	plan_put_text(out, "end", ends[r->end]);
	if (isfinite(r->util_start))
		plan_put_real(out, "utilisation-before", r->util_start);
	plan_put_real(out, "utilisation-after", r->util);
	plan_put_real(out, "bound", r->bound);
	plan_put_real(out, "bound-any-routing", r->bound_any);
	plan_put_real(out, "gap", r->gap);
	plan_put_u64(out, "changed", r->changed);
	plan_put_u64(out, "midpoints", r->midpoints);
	plan_put_u64(out, "work", r->work);
	for (uint32_t i = 0; i < x->graph.graph.m; i++)
		load_bps[x->graph.link[i]] = r->load[i] * (double)x->graph.graph.arcs[i].capacity_bps;
	plan_put_loads(out, x->n, load_bps);
	return true;
}

/* Which demand or link it is about. */
static void put_failure(const struct optimising *x, json_object *out)
{
	const struct te_result *r = &x->result;

	plan_put_text(out, "why", te_status_text(r->status));
	if (r->where < x->problem.n_demands && r->status != TE_BAD_GRAPH)
		plan_put_text(out, "demand", x->a->demands.at[r->where].name);
}

static int finish(const struct optimising *x, json_object **out, struct str *err)
{
	AUTO(pce_trees_free) struct pce_trees *trees = NULL;
	const struct te_result *r = &x->result;
	uint32_t bad = 0;

	if (r->status == TE_NO_MEMORY || r->status == TE_TOO_LARGE || r->status == TE_BAD_OPTIONS ||
	    pce_trees_new(&trees, (size_t)256 << 20) < 0) {
		str_add(err, te_status_text(r->status == TE_OK ? TE_NO_MEMORY : r->status));
		return PLAN_REFUSED;
	}
	*out = plan_head(x->n, "optimise");
	plan_put_u64(*out, "demands", x->problem.n_demands);
	plan_put_u64(*out, "demands-left-out", x->a->n_left_out);
	plan_put_u64(*out, "seed", x->o->seed);
	plan_put_text(*out, "status", r->status == TE_OK ? "ok" : "infeasible");
	if (r->status != TE_OK) {
		put_failure(x, *out);
		return PLAN_INFEASIBLE;
	}
	if (!put_result(x, *out)) {
		str_add(err, "no memory");
		return PLAN_REFUSED;
	}
	put_rollout(x, *out);
	plan_put(*out, "results", demands(x, trees, &bad));
	plan_put_u64(*out, "without-sid-list", bad);
	return PLAN_FINE;
}

int plan_optimise(const struct plan_net *n, const struct plan_asks *a, const struct plan_options *o,
		  json_object **out, struct str *err)
{
	struct optimising x = { .n = n, .o = o, .a = a };
	struct arena arena;
	int rc;

	if (a->demands.n == 0) {
		str_add(err, "no demand to place: --demands");
		return PLAN_REFUSED;
	}
	arena_init(&arena, 0);
	x.arena = &arena;
	if (problem_of(&x) < 0) {
		str_add(err, "no memory");
		rc = PLAN_REFUSED;
	} else {
		solve(&x);
		rc = finish(&x, out, err);
	}
	arena_fini(&arena);
	return rc;
}
