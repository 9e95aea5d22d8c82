/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disjoint sets against every combination of simple paths, on thousands of small random
 * networks with ties, parallel links, one-way links, LANs, zero delays and SRLGs.
 */
#include "check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"
#include "pce/disjoint.h"

enum { ROUNDS = 12000, WAYS_MAX = 4000, SRLGS = 6 };

/* ---- every simple path of a leg ---- */

struct way {
	uint64_t wires, lans, srlgs;
	uint32_t transit, nodes; /* bits */
	uint64_t cost, delay;
};

struct ways {
	struct way at[WAYS_MAX];
	uint32_t n;
	bool full;
};

struct walk {
	const struct net *n;
	const struct pce_request *q;
	struct ways *out;
};

static bool listed(const uint32_t *at, uint32_t n, uint32_t v)
{
	for (uint32_t i = 0; i < n; i++)
		if (at[i] == v)
			return true;
	return false;
}

static bool allowed(const struct walk *w, uint32_t l)
{
	const struct ted_link *k = &w->n->link[l];
	const struct pce_request *q = w->q;

	if (!w->n->usable[l] || listed(q->exclude_links, q->n_exclude_links, l) ||
	    listed(q->exclude_nodes, q->n_exclude_nodes, k->to))
		return false;
	for (uint32_t i = 0; i < k->n_srlg; i++)
		if (listed(q->exclude_srlgs, q->n_exclude_srlgs, k->srlg[i]))
			return false;
	if (w->n->node[k->from].pseudonode)
		return true;
	return q->bandwidth_bps <= k->capacity_bps &&
	       !(k->admin_group[0] & q->affinity.exclude_any[0]);
}

/* A wire is the lower of a link and its reverse. */
static uint64_t wire_bit(const struct net *n, uint32_t l)
{
	uint32_t back = l ^ 1U; /* pairs are made together */

	return UINT64_C(1) << (back < n->n_links && back < l ? back : l);
}

static void step(struct walk *w, uint32_t at, struct way so_far, uint64_t *sums);

static void cross(struct walk *w, uint32_t l, struct way x, const uint64_t *before)
{
	const struct ted_link *k = &w->n->link[l];
	uint64_t sums[NET_METRICS];

	for (unsigned m = 0; m < NET_METRICS; m++) {
		uint64_t v;
		const uint32_t bound[NET_METRICS] = { w->q->igp_max, w->q->te_max,
						      w->q->delay_us_max, w->q->hops_max };

		if (!net_cost(w->n, l, m, &v)) {
			if (m == (unsigned)w->q->minimise || bound[m] != PCE_NO_BOUND)
				return;
			v = 0;
		}
		sums[m] = before[m] + v;
		if (bound[m] != PCE_NO_BOUND && sums[m] > bound[m])
			return;
	}
	x.wires |= wire_bit(w->n, l);
	x.nodes |= 1U << k->to;
	for (uint32_t i = 0; i < k->n_srlg; i++)
		x.srlgs |= UINT64_C(1) << k->srlg[i];
	step(w, k->to, x, sums);
}

static void step(struct walk *w, uint32_t at, struct way x, uint64_t *sums)
{
	if (at == w->q->dst) {
		x.cost = sums[w->q->minimise];
		x.delay = sums[PCE_DELAY];
		if (x.delay < w->q->delay_us_min)
			return;
		if (w->out->n == WAYS_MAX)
			w->out->full = true;
		else
			w->out->at[w->out->n++] = x;
		return;
	}
	if (at != w->q->src) {
		if (w->n->node[at].overload)
			return;
		if (w->n->node[at].pseudonode)
			x.lans |= 1U << at;
		else
			x.transit |= 1U << at;
	}
	for (uint32_t l = 0; l < w->n->n_links; l++)
		if (w->n->link[l].from == at && !(x.nodes >> w->n->link[l].to & 1) &&
		    allowed(w, l))
			cross(w, l, x, sums);
}

static void all_ways(const struct net *n, const struct pce_request *q, struct ways *out)
{
	struct walk w = { n, q, out };
	struct way x = { .nodes = 1U << q->src };
	uint64_t sums[NET_METRICS] = { 0 };

	out->n = 0;
	out->full = false;
	if (!listed(q->exclude_nodes, q->n_exclude_nodes, q->src))
		step(&w, q->src, x, sums);
}

/* ---- what two paths share ---- */

static uint8_t diverse(const struct way *a, const struct way *b)
{
	uint8_t d = 0;

	if ((a->wires & b->wires) || (a->lans & b->lans))
		return 0;
	d |= PCE_DIVERSE_LINK;
	if (!(a->transit & b->nodes) && !(b->transit & a->nodes))
		d |= PCE_DIVERSE_NODE;
	if (!(a->srlgs & b->srlgs))
		d |= PCE_DIVERSE_SRLG;
	return d;
}

static bool close_enough(const struct pce_disjoint *r, const struct way *a, const struct way *b)
{
	uint64_t d = a->delay > b->delay ? a->delay - b->delay : b->delay - a->delay;

	return !r->bound_difference || d <= r->delay_difference_us_max;
}

/* LAN nodes count as nodes of a way only as LANs. */
static void trim(struct ways *w, const struct net *n)
{
	for (uint32_t i = 0; i < w->n; i++)
		w->at[i].nodes &= (1U << n->n_routers) - 1;
}

static uint64_t best_set(const struct pce_disjoint *r, const struct ways *w, uint8_t kind)
{
	uint64_t best = UINT64_MAX;

	for (uint32_t i = 0; i < w[0].n; i++)
		for (uint32_t j = 0; j < w[1].n; j++) {
			const struct way *a = &w[0].at[i], *b = &w[1].at[j];

			if ((diverse(a, b) & kind) != kind || !close_enough(r, a, b) ||
			    a->cost + b->cost >= best)
				continue;
			if (r->n_legs == 2) {
				best = a->cost + b->cost;
				continue;
			}
			for (uint32_t k = 0; k < w[2].n; k++) {
				const struct way *c = &w[2].at[k];

				if (a->cost + b->cost + c->cost < best &&
				    (diverse(a, c) & kind) == kind &&
				    (diverse(b, c) & kind) == kind && close_enough(r, a, c) &&
				    close_enough(r, b, c))
					best = a->cost + b->cost + c->cost;
			}
		}
	return best;
}

/* The engine's path is one of the leg's, and which. */
static const struct way *own_way(const struct net *n, const struct pce_request *q,
				 const struct pce_answer *a, const struct ways *w)
{
	uint64_t wires = 0;
	uint32_t at = q->src, nodes = 1U << q->src;

	for (uint32_t i = 0; i < a->n_path; i++) {
		ck_assert_uint_eq(n->link[a->path[i]].from, at);
		at = n->link[a->path[i]].to;
		ck_assert(!(nodes >> at & 1));
		nodes |= 1U << at;
		wires |= wire_bit(n, a->path[i]);
	}
	ck_assert_uint_eq(at, q->dst);
	for (uint32_t i = 0; i < w->n; i++)
		if (w->at[i].wires == wires && w->at[i].cost == a->cost)
			return &w->at[i];
	return NULL;
}

/* ---- random sets ---- */

struct nums {
	uint32_t srlg[NET_LINKS][3], node[1], link[1], group[1];
};

static void give_srlgs(struct net *n, struct rng *r, struct nums *x)
{
	uint64_t few = 1 + rng_below(r, 4); /* how rare they are */

	for (uint32_t l = 0; l < n->n_links; l++) {
		n->link[l].srlg = x->srlg[l];
		n->link[l].n_srlg = 0;
		if ((l & 1) && rng_below(r, 4)) { /* mostly as the other direction */
			n->link[l].n_srlg = n->link[l - 1].n_srlg;
			n->link[l].srlg = n->link[l - 1].srlg;
			continue;
		}
		while (n->link[l].n_srlg < 3 && rng_below(r, few) == 0 && rng_below(r, 2))
			x->srlg[l][n->link[l].n_srlg++] = (uint32_t)rng_below(r, SRLGS * few);
	}
}

static struct pce_request random_leg(const struct net *n, struct rng *r)
{
	struct pce_request q = { .minimise = (enum pce_metric)rng_below(r, NET_METRICS),
				 .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
				 .igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND };

	q.src = (uint32_t)rng_below(r, n->n_routers);
	q.dst = (uint32_t)((q.src + 1 + rng_below(r, n->n_routers - 1)) % n->n_routers);
	return q;
}

static void random_terms(struct pce_request *q, const struct net *n, struct rng *r, struct nums *x)
{
	if (rng_below(r, 3) == 0)
		q->delay_us_max = (uint32_t)rng_below(r, 40);
	if (rng_below(r, 6) == 0)
		q->hops_max = 1 + (uint32_t)rng_below(r, 5);
	if (rng_below(r, 8) == 0)
		q->te_max = (uint32_t)rng_below(r, 30);
	if (rng_below(r, 8) == 0)
		q->igp_max = (uint32_t)rng_below(r, 20);
	if (rng_below(r, 4) == 0)
		q->bandwidth_bps = 1000 * (1 + rng_below(r, 4));
	if (rng_below(r, 6) == 0)
		q->affinity.exclude_any[0] = 1U << rng_below(r, 4);
	x->node[0] = (uint32_t)rng_below(r, n->n_nodes);
	x->link[0] = (uint32_t)rng_below(r, n->n_links);
	x->group[0] = (uint32_t)rng_below(r, SRLGS);
	q->exclude_nodes = x->node;
	q->n_exclude_nodes = rng_below(r, 10) == 0 && x->node[0] != q->src && x->node[0] != q->dst;
	q->exclude_links = x->link;
	q->n_exclude_links = rng_below(r, 10) == 0;
	q->exclude_srlgs = x->group;
	q->n_exclude_srlgs = rng_below(r, 10) == 0;
}

struct game {
	struct net net;
	struct nums nums;
	struct ways ways[3];
	struct pce_request leg[3];
	struct pce_disjoint req;
	const struct ted *ted;
};

/* level 0: alike legs without terms; 1: with terms of each; 2: other ends and metrics too. */
static void deal(struct game *g, struct rng *r, unsigned level)
{
	struct net_cfg cfg = { .routers = 4 + (uint32_t)rng_below(r, 4),
			       .pairs = 6 + (uint32_t)rng_below(r, 9),
			       .lan = rng_below(r, 3) == 0,
			       .half = rng_below(r, 3) == 0,
			       .overload = rng_below(r, 5) == 0,
			       .odd_metrics = rng_below(r, 5) == 0,
			       .metric_max = 1 + (uint32_t)rng_below(r, 9),
			       .delay_max = (uint32_t)rng_below(r, 12) };

	net_make(&g->net, r, &cfg);
	give_srlgs(&g->net, r, &g->nums);
	g->req = (struct pce_disjoint){ .leg = g->leg, .n_legs = rng_below(r, 5) ? 2 : 3,
					.strict = true };
	g->req.diverse = (uint8_t)(1 + rng_below(r, 7));
	g->leg[0] = random_leg(&g->net, r);
	if (level > 0)
		random_terms(&g->leg[0], &g->net, r, &g->nums);
	for (uint32_t i = 1; i < 3; i++) {
		g->leg[i] = level > 1 && rng_below(r, 2) ? random_leg(&g->net, r) : g->leg[0];
		if (level > 0 && rng_below(r, 2))
			g->leg[i].delay_us_max = (uint32_t)rng_below(r, 40);
	}
	g->ted = net_build(&g->net);
	for (uint32_t i = 0; i < g->req.n_legs; i++) {
		all_ways(&g->net, &g->leg[i], &g->ways[i]);
		ck_assert(!g->ways[i].full);
		trim(&g->ways[i], &g->net);
	}
}

static struct game *game(void)
{
	static struct game g; /* too large for a stack */

	return &g;
}

/* The set is one, is as disjoint as it says, and costs what it says. */
static uint8_t judge(const struct game *g, const struct pce_disjoint_answer *a)
{
	const struct way *w[3] = { 0 };
	uint8_t met = PCE_DIVERSE_LINK | PCE_DIVERSE_NODE | PCE_DIVERSE_SRLG;
	uint64_t cost = 0;

	ck_assert_uint_eq(a->n_legs, g->req.n_legs);
	for (uint32_t i = 0; i < a->n_legs; i++) {
		w[i] = own_way(&g->net, &g->leg[i], &a->leg[i], &g->ways[i]);
		ck_assert_msg(w[i] != NULL, "leg %u breaks its own terms", i);
		cost += w[i]->cost;
		for (uint32_t j = 0; j < i; j++) {
			met &= diverse(w[i], w[j]);
			ck_assert(close_enough(&g->req, w[i], w[j]));
		}
	}
	ck_assert_uint_eq(cost, a->cost);
	ck_assert_uint_eq(met, a->met);
	return met;
}

static void play(unsigned level, uint64_t seed, unsigned rounds)
{
	struct game *g = game();
	unsigned found = 0, none = 0;
	struct rng r;

	rng_seed(&r, seed);
	for (unsigned i = 0; i < rounds; i++) {
		struct pce_disjoint_answer a;
		struct arena arena;
		uint64_t best;

		deal(g, &r, level);
		best = best_set(&g->req, g->ways, g->req.diverse | PCE_DIVERSE_LINK);
		arena_init(&arena, 0);
		pce_disjoint_paths(g->ted, &g->req, &arena, &a);
		if (best == UINT64_MAX) {
			none++;
			ck_assert_msg(a.status == PCE_NO_CONSTRAINED, "round %u: there is no set: %s %s",
				      i, pce_status_text(a.status), a.why);
			ck_assert_uint_eq(a.n_legs, 0);
		} else {
			found++;
			ck_assert_msg(a.status == PCE_OK, "round %u: there is a set of cost %llu: %s",
				      i, (unsigned long long)best, a.why);
			ck_assert_msg(a.cost == best, "round %u: costs %llu, not %llu", i,
				      (unsigned long long)a.cost, (unsigned long long)best);
			ck_assert_uint_eq(a.cost_least, best);
			ck_assert_uint_eq(judge(g, &a) & g->req.diverse, g->req.diverse);
			ck_assert_str_eq(a.why, "");
		}
		arena_fini(&arena);
		ted_unref(g->ted);
	}
	ck_assert_uint_gt(found, rounds / 10);
	ck_assert_uint_gt(none, rounds / 10);
}

START_TEST(alike_legs_cost_the_least)
{
	play(0, 11, ROUNDS);
}
END_TEST

START_TEST(legs_with_terms_of_their_own_cost_the_least)
{
	play(1, 12, ROUNDS);
}
END_TEST

START_TEST(legs_between_different_ends_cost_the_least)
{
	play(2, 13, ROUNDS);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("disjoint");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, alike_legs_cost_the_least);
	tcase_add_test(t, legs_with_terms_of_their_own_cost_the_least);
	tcase_add_test(t, legs_between_different_ends_cost_the_least);
	suite_add_tcase(s, t);
	return check_main(s);
}
