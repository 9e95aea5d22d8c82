/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All destinations under a delay bound and a number of segments, against every list of node and
 * adjacency segments there is, on small random networks: ties, zero metrics, parallel links,
 * one-way links, LANs, overload, missing metrics.
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "net.h"
#include "pce/reach.h"

enum { ROUNDS = 2600 / CHECK_SHARE, SEGS = 3, POINTS = 40000 };

#define NONE UINT64_MAX

struct sum {
	uint64_t cost, delay; /* NONE: cannot be used */
};

static struct net net;
static struct rng rng;
static uint64_t dist[NET_NODES][NET_NODES];
static struct sum node_seg[NET_NODES][NET_NODES];

/* ---- the oracle: shortest paths, the worst of each DAG, every list ---- */

static void distances(void)
{
	for (uint32_t u = 0; u < net.n_nodes; u++) {
		for (uint32_t v = 0; v < net.n_nodes; v++)
			dist[u][v] = u == v ? 0 : NONE;
		for (uint32_t round = 0; round < net.n_nodes; round++)
			for (uint32_t l = 0; l < net.n_links; l++) {
				const struct ted_link *k = &net.link[l];
				uint64_t w;

				if (net.usable[l] && net_cost(&net, l, PCE_IGP, &w) &&
				    dist[u][k->from] != NONE &&
				    (k->from == u || !net.node[k->from].overload) &&
				    dist[u][k->from] + w < dist[u][k->to])
					dist[u][k->to] = dist[u][k->from] + w;
			}
	}
}

static struct sum link_sum(const struct pce_reach_request *q, uint32_t l)
{
	struct sum s;

	if (!net_cost(&net, l, q->minimise, &s.cost))
		s.cost = NONE;
	if (!net_cost(&net, l, PCE_DELAY, &s.delay))
		s.delay = NONE;
	if (!net.node[net.link[l].from].pseudonode &&
	    (net.link[l].admin_group[0] & q->affinity.exclude_any[0]))
		s.delay = NONE;
	return s;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a == NONE || b == NONE ? NONE : a + b;
}

static struct sum sum_add(struct sum a, struct sum b)
{
	return (struct sum){ add(a.cost, b.cost), add(a.delay, b.delay) };
}

/* The worst over all shortest paths u..v, backwards; a loop on the way: there is none. */
static struct sum worst(const struct pce_reach_request *q, uint32_t u, uint32_t v, uint32_t open)
{
	struct sum s = { 0, 0 };

	if (v == u)
		return s;
	if (dist[u][v] == NONE || (open & 1U << v))
		return (struct sum){ NONE, NONE };
	for (uint32_t l = 0; l < net.n_links; l++) {
		const struct ted_link *k = &net.link[l];
		struct sum x;
		uint64_t w;

		if (!net.usable[l] || k->to != v || !net_cost(&net, l, PCE_IGP, &w) ||
		    dist[u][k->from] == NONE || (net.node[k->from].overload && k->from != u) ||
		    dist[u][k->from] + w != dist[u][v])
			continue;
		x = sum_add(worst(q, u, k->from, open | 1U << v), link_sum(q, l));
		s.cost = x.cost > s.cost ? x.cost : s.cost;
		s.delay = x.delay > s.delay ? x.delay : s.delay;
	}
	return s;
}

struct found {
	uint64_t cost, delay;
	uint32_t node, segs;
};

static struct found all[POINTS];
static uint32_t n_all;

static void note(const struct pce_reach_request *q, uint32_t node, struct sum s, uint32_t segs)
{
	if (s.cost == NONE || s.delay == NONE || s.delay > q->delay_us_max)
		return;
	ck_assert_uint_lt(n_all, POINTS);
	all[n_all++] = (struct found){ s.cost, s.delay, node, segs };
}

/* Adjacency segments of router v for a packet that has cost s so far. */
static void note_links(const struct pce_reach_request *q, uint32_t v, struct sum s, uint32_t segs)
{
	if (net.node[v].overload && v != q->src)
		return;
	for (uint32_t l = 0; l < net.n_links; l++) {
		uint32_t far = net.link[l].to;
		struct sum x = sum_add(s, link_sum(q, l));

		if (!net.usable[l] || net.link[l].from != v)
			continue;
		if (!net.node[far].pseudonode) {
			note(q, far, x, segs);
			continue;
		}
		for (uint32_t k = 0; k < net.n_links; k++)
			if (net.usable[k] && net.link[k].from == far && net.link[k].to != v)
				note(q, net.link[k].to, sum_add(x, link_sum(q, k)), segs);
	}
}

static void every_list(const struct pce_reach_request *q)
{
	uint32_t from = 0;

	n_all = 0;
	all[n_all++] = (struct found){ .node = q->src };
	for (uint32_t k = 1; k <= q->segs_max; k++) {
		uint32_t end = n_all;

		for (; from < end; from++) {
			const struct found f = all[from];
			struct sum s = { f.cost, f.delay };

			if (net.node[f.node].overload && f.node != q->src)
				continue;
			for (uint32_t v = 0; v < net.n_routers; v++) {
				struct sum x = sum_add(s, node_seg[f.node][v]);

				if (v != f.node)
					note(q, v, x, k);
				if (v == f.node || (q->routed_adjacency && x.delay <= q->delay_us_max))
					note_links(q, v, x, k);
			}
		}
	}
}

static bool is_better(const struct found *a, const struct found *b)
{
	return a->node == b->node && a->cost <= b->cost && a->delay <= b->delay &&
	       a->segs <= b->segs &&
	       (a->cost < b->cost || a->delay < b->delay || a->segs < b->segs);
}

static bool is_best(const struct found *x)
{
	for (uint32_t i = 0; i < n_all; i++)
		if (is_better(&all[i], x))
			return false;
	return true;
}

/* ---- the cases ---- */

static void net_random(void)
{
	struct net_cfg cfg = {
		.routers = 3 + (uint32_t)rng_below(&rng, 5),
		.pairs = 3 + (uint32_t)rng_below(&rng, 7),
		.lan = rng_below(&rng, 4) == 0,
		.half = rng_below(&rng, 2),
		.overload = rng_below(&rng, 3) == 0,
		.odd_metrics = rng_below(&rng, 3) == 0,
		.complete = true,
		.metric_max = rng_below(&rng, 2) ? 3 : 20,
		.delay_max = rng_below(&rng, 2) ? 3 : 50,
	};

	net_make(&net, &rng, &cfg);
	for (uint32_t l = 0; rng_below(&rng, 4) == 0 && l < net.n_links; l++)
		if (rng_below(&rng, 4) == 0)
			net.link[l].igp_metric = 0;
}

static bool has(const struct pce_reach *out, const struct found *f)
{
	for (uint32_t i = out->start[f->node]; i < out->start[f->node + 1]; i++)
		if (out->points[i].cost == f->cost && out->points[i].delay_us == f->delay &&
		    out->points[i].segs == f->segs)
			return true;
	return false;
}

/* The last segment of a point does cost what lies between it and the point before. */
static bool joins(const struct pce_reach_request *q, const struct pce_reach *out,
		  const struct pce_reach_point *x)
{
	const struct pce_reach_point *y = &out->points[x->before];
	struct sum s = { y->cost, y->delay_us };

	if (x->link == TED_NONE) {
		s = sum_add(s, node_seg[y->node][x->node]);
	} else {
		uint32_t near = net.link[x->link].from, far = net.link[x->link].to;

		if (near != y->node && !q->routed_adjacency)
			return false;
		s = sum_add(sum_add(s, node_seg[y->node][near]), link_sum(q, x->link));
		if (far != x->node && !net.node[far].pseudonode)
			return false;
	}
	return s.cost == x->cost && s.delay == x->delay_us && y->segs + 1 == x->segs;
}

static void compare(const struct pce_reach_request *q, const struct pce_reach *out, int round)
{
	uint32_t best = 0;

	for (uint32_t i = 0; i < n_all; i++) {
		bool twice = false;

		if (!is_best(&all[i]))
			continue;
		for (uint32_t j = 0; j < i; j++)
			twice = twice || (all[j].node == all[i].node && all[j].cost == all[i].cost &&
					  all[j].delay == all[i].delay && all[j].segs == all[i].segs);
		best += !twice;
		ck_assert_msg(has(out, &all[i]), "round %d: node %u cost %llu delay %llu in %u is missed",
			      round, all[i].node, (unsigned long long)all[i].cost,
			      (unsigned long long)all[i].delay, all[i].segs);
	}
	ck_assert_msg(best == out->n_points, "round %d: %u points, there are %u", round, out->n_points, best);
	for (uint32_t i = 0; i < out->n_points; i++)
		ck_assert_msg(out->points[i].before == TED_NONE || joins(q, out, &out->points[i]),
			      "round %d: point %u does not follow", round, i);
}

START_TEST(every_trade_of_cost_delay_and_segments_is_found_and_no_other)
{
	uint32_t several = 0;

	rng_seed(&rng, (uint64_t)_i + 1);
	for (int round = 0; round < ROUNDS; round++) {
		struct pce_reach_request q = {
			.minimise = (enum pce_metric)rng_below(&rng, NET_METRICS),
			.delay_us_max = rng_below(&rng, 3) ? 1 + (uint32_t)rng_below(&rng, 120) : PCE_NO_BOUND,
			.segs_max = (uint8_t)(1 + rng_below(&rng, SEGS)),
			.routed_adjacency = rng_below(&rng, 3) == 0,
		};
		struct pce_reach out;
		struct arena arena;
		const struct ted *t;

		net_random();
		q.src = (uint32_t)rng_below(&rng, net.n_routers);
		q.affinity.exclude_any[0] = rng_below(&rng, 3) ? 0 : 1U << rng_below(&rng, 4);
		q.segs_max = q.routed_adjacency && q.segs_max > 2 ? 2 : q.segs_max;
		t = net_build(&net);
		arena_init(&arena, 0);
		ck_assert_int_eq(pce_reach(t, &q, &arena, &out), 0);
		distances();
		for (uint32_t u = 0; u < net.n_routers; u++)
			for (uint32_t v = 0; v < net.n_routers; v++)
				node_seg[u][v] = worst(&q, u, v, 0);
		every_list(&q);
		compare(&q, &out, round);
		several += out.n_points > net.n_routers;
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_uint_gt(several, ROUNDS / 10);
}
END_TEST

START_TEST(a_request_without_sense_is_refused)
{
	struct pce_reach_request good = { .segs_max = 2, .delay_us_max = PCE_NO_BOUND }, q;
	struct pce_reach out;
	struct arena arena;
	const struct ted *t;

	rng_seed(&rng, 5);
	net_random();
	t = net_build(&net);
	arena_init(&arena, 0);
	ck_assert_int_eq(pce_reach(t, &good, &arena, &out), 0);
	q = good;
	q.src = t->n_nodes;
	ck_assert_int_eq(pce_reach(t, &q, &arena, &out), PCE_REACH_E_REQUEST);
	q = good;
	q.segs_max = 0;
	ck_assert_int_eq(pce_reach(t, &q, &arena, &out), PCE_REACH_E_REQUEST);
	q.segs_max = PCE_REACH_SEGS_MAX + 1;
	ck_assert_int_eq(pce_reach(t, &q, &arena, &out), PCE_REACH_E_REQUEST);
	arena_fini(&arena);
	ted_unref(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reach");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, every_trade_of_cost_delay_and_segments_is_found_and_no_other, 0, 4);
	tcase_add_test(t, a_request_without_sense_is_refused);
	suite_add_tcase(s, t);
	return check_main(s);
}
