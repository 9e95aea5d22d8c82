/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of paths whose requests ask for anything there is (nodes and links to pass, flexible
 * algorithms, mixed metrics, loss, excluded domains, windows of delay …), against every simple
 * path: disjoint pairs cost the least together, the k shortest are the cheapest in order, and what
 * carries a bandwidth together keeps the terms.
 */
#include "check_main.h"

#include <stdlib.h>
#include <string.h>

#include "pce/disjoint.h"
#include "pce/kshortest.h"
#include "pce/multipath.h"
#include "want.h"

enum { ROUNDS = 3000, WAYS = 4000 };

struct way {
	uint64_t wires, srlgs, cost, load;
	uint32_t transit, nodes, lans;
	uint32_t link[NET_PATH], n;
};

static struct {
	struct way at[WAYS];
	uint32_t n;
} ways[2];

static struct want_net w;
static struct rng rng;

static bool is_lan(uint32_t node)
{
	return w.n.node[node].pseudonode;
}

static struct way way_of(const uint32_t *link, uint32_t n, uint64_t cost)
{
	struct way x = { .n = n, .cost = cost };

	memcpy(x.link, link, n * sizeof(*link));
	x.nodes = 1U << w.n.link[link[0]].from;
	for (uint32_t i = 0; i < n; i++) {
		const struct ted_link *l = &w.n.link[link[i]];
		uint32_t back = link[i] ^ 1U, wire = back < link[i] ? back : link[i];

		x.wires |= UINT64_C(1) << wire;
		if (is_lan(l->to))
			x.lans |= 1U << l->to;
		else
			x.nodes |= 1U << l->to;
		if (i + 1 < n && !is_lan(l->to))
			x.transit |= 1U << l->to;
		for (uint32_t k = 0; k < l->n_srlg && !is_lan(l->from); k++)
			x.srlgs |= UINT64_C(1) << l->srlg[k];
	}
	return x;
}

static void keep(void *arg, const struct want *x)
{
	uint32_t leg = *(uint32_t *)arg;

	ck_assert_uint_lt(ways[leg].n, WAYS);
	ways[leg].at[ways[leg].n] = way_of(x->path, x->n, x->cost);
	ways[leg].at[ways[leg].n++].load = x->load;
}

static void all_ways(const struct pce_request *q, uint32_t leg)
{
	ways[leg].n = 0;
	want_each(&w, q, true, keep, &leg);
}

static uint8_t diverse(const struct way *a, const struct way *b)
{
	uint8_t d = PCE_DIVERSE_LINK;

	if ((a->wires & b->wires) || (a->lans & b->lans))
		return 0;
	if (!(a->transit & b->nodes) && !(b->transit & a->nodes))
		d |= PCE_DIVERSE_NODE;
	if (!(a->srlgs & b->srlgs))
		d |= PCE_DIVERSE_SRLG;
	return d;
}

/* The path is one of those there are, and costs what is said. */
static const struct way *own(uint32_t leg, const struct pce_answer *a)
{
	for (uint32_t i = 0; i < ways[leg].n; i++) {
		const struct way *x = &ways[leg].at[i];

		if (x->n == a->n_path && x->cost == a->cost &&
		    memcmp(x->link, a->path, x->n * sizeof(*x->link)) == 0)
			return x;
	}
	return NULL;
}

/* ---- pairs ---- */

static uint64_t best_pair(uint8_t kind)
{
	uint64_t best = UINT64_MAX;

	for (uint32_t i = 0; i < ways[0].n; i++)
		for (uint32_t j = 0; j < ways[1].n; j++) {
			const struct way *a = &ways[0].at[i], *b = &ways[1].at[j];

			if (a->cost + b->cost < best && (diverse(a, b) & kind) == kind)
				best = a->cost + b->cost;
		}
	return best;
}

START_TEST(pairs_cost_the_least_whatever_each_asks_for)
{
	unsigned found = 0, none = 0, sums = 0;

	rng_seed(&rng, (uint64_t)_i + 1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct want_lists lists[2];
		struct pce_request leg[2];
		struct pce_disjoint d = { .leg = leg, .n_legs = 2, .strict = true };
		struct pce_disjoint_answer a;
		const struct ted *t;
		struct arena arena;
		uint64_t best;
		uint8_t kind;

		want_net_random(&w, &rng);
		want_request(&w, &rng, &lists[0], &leg[0]);
		leg[0].objective = PCE_MCP; /* a sum is minimised */
		leg[1] = leg[0];
		if (rng_below(&rng, 2)) {
			want_request(&w, &rng, &lists[1], &leg[1]);
			leg[1].objective = PCE_MCP;
			if (rng_below(&rng, 4)) {
				leg[1].src = leg[0].src;
				leg[1].dst = leg[0].dst;
			}
		}
		d.diverse = (uint8_t)(1 + rng_below(&rng, 7));
		kind = d.diverse | PCE_DIVERSE_LINK;
		all_ways(&leg[0], 0);
		all_ways(&leg[1], 1);
		best = best_pair(kind);
		t = net_build(&w.n);
		arena_init(&arena, 0);
		pce_disjoint_paths(t, &d, &arena, &a);
		if (best == UINT64_MAX) {
			none++;
			ck_assert_msg(a.status == PCE_NO_CONSTRAINED || a.status == PCE_INVALID,
				      "round %u: there is no pair: %s", i, a.why);
			ck_assert_str_ne(a.why, "");
		} else {
			const struct way *x, *y;

			found++;
			ck_assert_msg(a.status == PCE_OK, "round %u: there is one of %llu: %s", i,
				      (unsigned long long)best, a.why);
			x = own(0, &a.leg[0]);
			y = own(1, &a.leg[1]);
			ck_assert_msg(x && y, "round %u: a leg breaks its terms", i);
			ck_assert_uint_eq(diverse(x, y) & kind, kind);
			ck_assert_msg(a.cost == best && a.cost_least == best,
				      "round %u: costs %llu, at least %llu, not %llu", i,
				      (unsigned long long)a.cost, (unsigned long long)a.cost_least,
				      (unsigned long long)best);
			sums += a.branched > 0;
		}
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_uint_gt(found, ROUNDS / 20);
	ck_assert_uint_gt(none, ROUNDS / 10);
	ck_assert_uint_gt(sums, ROUNDS / 100);
}
END_TEST

/* ---- the best bottleneck ---- */

/* Of the legs that ask for it, the worst; *cost: the least sum of pairs that have it. */
static uint64_t best_bottleneck(const struct pce_request *leg, uint8_t kind, uint64_t *cost)
{
	uint64_t best = UINT64_MAX;

	*cost = UINT64_MAX;
	for (uint32_t i = 0; i < ways[0].n; i++)
		for (uint32_t j = 0; j < ways[1].n; j++) {
			const struct way *a = &ways[0].at[i], *b = &ways[1].at[j];
			uint64_t x = leg[0].objective == PCE_MCP ? 0 : a->load;
			uint64_t y = leg[1].objective == PCE_MCP ? 0 : b->load;

			x = y > x ? y : x;
			if ((diverse(a, b) & kind) != kind || x > best ||
			    (x == best && a->cost + b->cost >= *cost))
				continue;
			best = x;
			*cost = a->cost + b->cost;
		}
	return best;
}

START_TEST(the_worst_bottleneck_of_a_pair_is_as_good_as_can_be)
{
	unsigned found = 0, dearer = 0;

	rng_seed(&rng, (uint64_t)_i + 401);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct pce_request leg[2];
		struct pce_disjoint d = { .leg = leg, .n_legs = 2, .strict = true };
		uint8_t kind = (uint8_t)(1 + rng_below(&rng, 7));
		uint64_t best, cost, worst = 0;
		struct pce_disjoint_answer a;
		struct want_lists lists;
		const struct ted *t;
		struct arena arena;

		want_net_random(&w, &rng);
		want_request(&w, &rng, &lists, &leg[0]);
		leg[0].objective = rng_below(&rng, 2) ? PCE_MLP : PCE_MBP;
		leg[1] = leg[0];
		if (rng_below(&rng, 3) == 0)
			leg[1].objective = PCE_MCP;
		if (rng_below(&rng, 3) == 0)
			leg[1].bandwidth_bps = rng_below(&rng, 3000);
		d.diverse = kind;
		kind |= PCE_DIVERSE_LINK;
		all_ways(&leg[0], 0);
		all_ways(&leg[1], 1);
		best = best_bottleneck(leg, kind, &cost);
		t = net_build(&w.n);
		arena_init(&arena, 0);
		pce_disjoint_paths(t, &d, &arena, &a);
		ck_assert_int_eq(a.status == PCE_OK, cost != UINT64_MAX);
		if (a.status == PCE_OK) {
			for (uint32_t k = 0; k < 2; k++) {
				const struct way *x = own(k, &a.leg[k]);

				ck_assert_msg(x, "round %u: a leg breaks its terms", i);
				if (leg[k].objective != PCE_MCP && x->load > worst)
					worst = x->load;
				if (leg[k].objective == PCE_MLP)
					ck_assert_uint_eq(a.leg[k].load_ppb, x->load);
			}
			ck_assert_msg(worst == best, "round %u: %llu, not %llu", i,
				      (unsigned long long)worst, (unsigned long long)best);
			ck_assert_msg(a.cost == cost && a.cost_least == cost, "round %u: %llu, not %llu",
				      i, (unsigned long long)a.cost, (unsigned long long)cost);
			found++;
			dearer += cost > best_pair(kind);
		}
		leg[1].objective = leg[0].objective == PCE_MLP ? PCE_MBP : PCE_MLP;
		pce_disjoint_paths(t, &d, &arena, &a);
		ck_assert_int_eq(a.status, PCE_INVALID);
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_uint_gt(found, ROUNDS / 20);
	ck_assert_uint_gt(dearer, ROUNDS / 100);
}
END_TEST

/* ---- why there is none ---- */

static const enum pce_constraint of_metric[] = { PCE_C_IGP, PCE_C_TE, PCE_C_DELAY, PCE_C_HOPS,
						 PCE_C_VARIATION, PCE_C_LOSS };

/* Without a constraint; what is minimised by its metric need not be known then. */
static void less(struct pce_request *q, enum pce_constraint c)
{
	bool left = false;

	for (unsigned m = 0; m < PCE_METRICS && !q->algo; m++) {
		if (of_metric[m] != c || m == PCE_HOPS)
			continue;
		if (q->minimise == (enum pce_metric)m)
			q->minimise = PCE_HOPS;
		q->mix[m] = 0;
	}
	for (unsigned m = 0; m < PCE_METRICS; m++)
		left = left || q->mix[m];
	if (c == PCE_C_ALGO && q->algo)
		q->minimise = PCE_HOPS;
	else if (q->minimise == PCE_MIX && !q->algo && !left)
		q->minimise = PCE_HOPS;
	(void)want_drop(q, c);
}

static bool pair_there(const struct pce_request *leg, uint32_t without, uint8_t kind)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct pce_request q = leg[i];

		for (unsigned c = 0; c < PCE_C_COUNT; c++)
			if (without >> c & 1)
				less(&q, (enum pce_constraint)c);
		all_ways(&q, i);
	}
	return best_pair(kind | PCE_DIVERSE_LINK) != UINT64_MAX;
}

/* In the legs where it is harder. */
static void loosen_both(struct pce_request *q, enum pce_constraint c, uint64_t v)
{
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t *const at[PCE_C_COUNT] = {
			[PCE_C_IGP] = &q[i].igp_max,
			[PCE_C_TE] = &q[i].te_max,
			[PCE_C_DELAY] = &q[i].delay_us_max,
			[PCE_C_HOPS] = &q[i].hops_max,
			[PCE_C_VARIATION] = &q[i].variation_us_max,
			[PCE_C_LOSS] = &q[i].loss_ppm_max,
		};

		if (c == PCE_C_BANDWIDTH && q[i].bandwidth_bps > v)
			q[i].bandwidth_bps = v;
		if (c == PCE_C_DELAY_MIN && q[i].delay_us_min > v)
			q[i].delay_us_min = (uint32_t)v;
		if (at[c] && *at[c] < v)
			*at[c] = (uint32_t)v;
	}
}

static bool pair_with(const struct pce_request *leg, enum pce_constraint c, uint64_t v, uint8_t kind)
{
	struct pce_request q[2] = { leg[0], leg[1] };

	loosen_both(q, c, v);
	return pair_there(q, 0, kind);
}

/* All changes made; nearer: one of them a step less far than told. */
static bool pair_changed(const struct pce_request *leg, const struct pce_disjoint_answer *a,
			 uint8_t kind, uint32_t nearer)
{
	struct pce_request q[2] = { leg[0], leg[1] };
	uint32_t without = 0;

	for (uint32_t i = 0; i < a->n_relax; i++) {
		const struct pce_relax *x = &a->relax[i];
		bool down = x->of == PCE_C_BANDWIDTH || x->of == PCE_C_DELAY_MIN;

		if (x->drop)
			without |= 1U << x->of;
		else
			loosen_both(q, x->of, i != nearer ? x->needs : down ? x->needs + 1 : x->needs - 1);
	}
	return pair_there(q, without, kind);
}

static void conflict_is_minimal(const struct pce_request *leg, const struct pce_disjoint_answer *a,
				uint8_t kind, unsigned round)
{
	uint32_t rest = ~0U;

	for (uint32_t i = 0; i < a->n_conflict; i++)
		rest &= ~(1U << a->conflict[i]);
	ck_assert_msg(!pair_there(leg, rest, kind), "round %u: no conflict: %s", round, a->why);
	for (uint32_t i = 0; i < a->n_conflict; i++)
		ck_assert_msg(pair_there(leg, rest | 1U << a->conflict[i], kind),
			      "round %u: %s is too much: %s", round,
			      pce_constraint_text(a->conflict[i]), a->why);
}

static unsigned relaxations_help(const struct pce_request *leg, const struct pce_disjoint_answer *a,
				 uint8_t kind, unsigned round)
{
	uint32_t all = 0;
	unsigned values = 0;

	for (uint32_t i = 0; i < a->n_relax; i++) {
		const struct pce_relax *x = &a->relax[i];
		bool down = x->of == PCE_C_BANDWIDTH || x->of == PCE_C_DELAY_MIN;

		all |= 1U << x->of;
		if (a->relax_together) {
			values += !x->drop;
			ck_assert_msg(x->drop || !pair_changed(leg, a, kind, i),
				      "round %u: together, nearer: %s", round, a->why);
			continue;
		}
		if (x->drop) {
			ck_assert_msg(pair_there(leg, 1U << x->of, kind), "round %u: %s", round,
				      a->why);
			continue;
		}
		values++;
		ck_assert_msg(pair_with(leg, x->of, x->needs, kind), "round %u: %s", round, a->why);
		ck_assert_msg(!pair_with(leg, x->of, down ? x->needs + 1 : x->needs - 1, kind),
			      "round %u: nearer: %s", round, a->why);
	}
	if (a->relax_together)
		ck_assert_msg(pair_there(leg, all, kind) && pair_changed(leg, a, kind, UINT32_MAX),
			      "round %u: together: %s", round, a->why);
	return values;
}

START_TEST(why_there_is_no_pair)
{
	unsigned alone = 0, conflicts = 0, values = 0, kinds = 0;

	rng_seed(&rng, (uint64_t)_i + 301);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct want_lists lists;
		struct pce_request leg[2];
		struct pce_disjoint d = { .leg = leg, .n_legs = 2, .strict = true, .explain = true };
		struct pce_disjoint_answer a;
		const struct ted *t;
		struct arena arena;

		want_net_random(&w, &rng);
		want_request(&w, &rng, &lists, &leg[0]);
		leg[0].objective = PCE_MCP;
		leg[1] = leg[0];
		if (rng_below(&rng, 2))
			leg[1].delay_us_max = (uint32_t)rng_below(&rng, 120);
		if (leg[1].delay_us_max < leg[1].delay_us_min)
			leg[1].delay_us_max = leg[1].delay_us_min;
		d.diverse = (uint8_t)(1 + rng_below(&rng, 7));
		t = net_build(&w.n);
		arena_init(&arena, 0);
		pce_disjoint_paths(t, &d, &arena, &a);
		if (a.status == PCE_NO_CONSTRAINED && a.leg_alone) {
			all_ways(&leg[a.leg_alone - 1], 0);
			ck_assert_uint_eq(ways[0].n, 0);
			alone++;
		} else if (a.status == PCE_NO_CONSTRAINED) {
			conflict_is_minimal(leg, &a, d.diverse, i);
			values += relaxations_help(leg, &a, d.diverse, i);
			for (uint8_t bit = 1; bit < 8; bit = (uint8_t)(bit << 1))
				if (bit != d.diverse)
					ck_assert_int_eq((a.possible & bit) != 0,
							 pair_there(leg, 0, bit));
			conflicts += a.n_conflict > 0;
			kinds += a.possible != 0;
			ck_assert(a.n_conflict == 0 || a.n_relax > 0);
		} else {
			ck_assert_uint_eq(a.n_conflict + a.n_relax + a.leg_alone + a.possible, 0);
		}
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_uint_gt(alone, ROUNDS / 20);
	ck_assert_uint_gt(conflicts, ROUNDS / 20);
	ck_assert_uint_gt(values, ROUNDS / 100);
	ck_assert_uint_gt(kinds, ROUNDS / 300);
}
END_TEST

/* ---- the cheapest in order ---- */

static int by_cost(const void *a, const void *b)
{
	const struct way *x = a, *y = b;

	return (x->cost > y->cost) - (x->cost < y->cost);
}

START_TEST(the_k_shortest_are_the_cheapest_whatever_is_asked_for)
{
	unsigned several = 0, none = 0;

	rng_seed(&rng, (uint64_t)_i + 101);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t k = 1 + (uint32_t)rng_below(&rng, 8), n;
		struct pce_kshortest_answer a;
		bool seen[WAYS] = { false };
		struct want_lists lists;
		struct pce_request q;
		const struct ted *t;
		struct arena arena;

		want_net_random(&w, &rng);
		want_request(&w, &rng, &lists, &q);
		q.objective = PCE_MCP;
		all_ways(&q, 0);
		qsort(ways[0].at, ways[0].n, sizeof(ways[0].at[0]), by_cost);
		n = ways[0].n < k ? ways[0].n : k;
		t = net_build(&w.n);
		arena_init(&arena, 0);
		pce_kshortest_paths(t, &q, k, &arena, &a);
		ck_assert_msg(a.n == n, "round %u: %u paths, not %u: %s", i, a.n, n, a.why);
		ck_assert_int_eq(a.status == PCE_OK, n > 0);
		ck_assert(!a.all || n == ways[0].n);
		for (uint32_t p = 0; p < n; p++) {
			const struct way *x = own(0, &a.path[p]);

			ck_assert_msg(x != NULL, "round %u: path %u breaks the terms", i, p);
			ck_assert_msg(!seen[x - ways[0].at], "round %u: path %u twice", i, p);
			seen[x - ways[0].at] = true;
			ck_assert_uint_eq(x->cost, ways[0].at[p].cost);
		}
		several += n > 1;
		none += n == 0;
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_uint_gt(several, ROUNDS / 10);
	ck_assert_uint_gt(none, ROUNDS / 10);
}
END_TEST

/* ---- together ---- */

START_TEST(what_carries_it_together_keeps_the_terms)
{
	unsigned found = 0, several = 0;

	rng_seed(&rng, (uint64_t)_i + 201);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct pce_multipath_answer a;
		uint64_t load[NET_LINKS] = { 0 }, sum = 0;
		struct want_lists lists;
		struct pce_request q;
		const struct pce_multipath m = { .req = &q, .lists_max = 4 };
		const struct ted *t;
		struct arena arena;

		want_net_random(&w, &rng);
		want_request(&w, &rng, &lists, &q);
		q.objective = PCE_MCP;
		q.bandwidth_bps = 1;
		all_ways(&q, 0); /* those that carry anything */
		q.bandwidth_bps = 1 + rng_below(&rng, 20000);
		t = net_build(&w.n);
		arena_init(&arena, 0);
		pce_multipath_paths(t, &m, &arena, &a);
		found += a.status == PCE_OK;
		several += a.n > 1;
		ck_assert(a.status == PCE_OK || a.why[0] != '\0');
		for (uint32_t p = 0; p < a.n; p++) {
			ck_assert_msg(own(0, &a.path[p]), "round %u: path %u breaks the terms", i, p);
			sum += a.rate_bps[p];
			for (uint32_t k = 0; k < a.path[p].n_path; k++)
				load[a.path[p].path[k]] += a.rate_bps[p];
		}
		ck_assert(a.status != PCE_OK || sum >= q.bandwidth_bps);
		for (uint32_t l = 0; l < w.n.n_links; l++)
			ck_assert(is_lan(w.n.link[l].from) || load[l] <= w.n.link[l].capacity_bps);
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_uint_gt(found, ROUNDS / 20);
	ck_assert_uint_gt(several, ROUNDS / 100);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sets");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, pairs_cost_the_least_whatever_each_asks_for, 0, 2);
	tcase_add_loop_test(t, the_worst_bottleneck_of_a_pair_is_as_good_as_can_be, 0, 2);
	tcase_add_loop_test(t, why_there_is_no_pair, 0, 2);
	tcase_add_test(t, the_k_shortest_are_the_cheapest_whatever_is_asked_for);
	tcase_add_test(t, what_carries_it_together_keeps_the_terms);
	suite_add_tcase(s, t);
	return check_main(s);
}
