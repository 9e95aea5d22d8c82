/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disjoint sets against every combination of simple paths, on thousands of small random
 * networks with ties, parallel links, one-way links, LANs, zero delays and SRLGs.
 */
#include "check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pce/disjoint.h"
#include "ways.h"

enum { ROUNDS = 12000 / CHECK_SHARE };

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

struct game {
	struct net net;
	struct ways_nums nums;
	struct ways ways[3];
	struct pce_request leg[3];
	struct pce_disjoint req;
	const struct ted *ted;
};

/* level 0: alike legs without terms; 1: with terms of each; 2: other ends and metrics too; 3: a
 * bound on the difference of delays; 4: windows of delay. */
static void deal(struct game *g, struct rng *r, unsigned level)
{
	ways_net(&g->net, r, &g->nums);
	g->req = (struct pce_disjoint){ .leg = g->leg, .n_legs = rng_below(r, 5) ? 2 : 3,
					.strict = true };
	g->req.diverse = (uint8_t)(1 + rng_below(r, 7));
	g->leg[0] = ways_request(&g->net, r);
	if (level > 0)
		ways_terms(&g->leg[0], &g->net, r, &g->nums);
	for (uint32_t i = 1; i < 3; i++) {
		g->leg[i] = level > 1 && rng_below(r, 2) ? ways_request(&g->net, r) : g->leg[0];
		if (level > 0 && rng_below(r, 2))
			g->leg[i].delay_us_max = (uint32_t)rng_below(r, 40);
	}
	if (level == 3) {
		g->req.bound_difference = true;
		g->req.delay_difference_us_max = (uint32_t)rng_below(r, 6);
	}
	for (uint32_t i = 0; level == 4 && i < 3; i++)
		g->leg[i].delay_us_min = (uint32_t)rng_below(
			r, g->leg[i].delay_us_max < 20 ? g->leg[i].delay_us_max + 1 : 20);
	g->ted = net_build(&g->net);
	for (uint32_t i = 0; i < g->req.n_legs; i++) {
		struct pce_request q = g->leg[i];

		/* What is compared must be known. */
		if (g->req.bound_difference && q.delay_us_max == PCE_NO_BOUND)
			q.delay_us_max--;
		ways_all(&g->net, &q, &g->ways[i]);
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
		w[i] = ways_own(&g->net, &g->leg[i], &a->leg[i], &g->ways[i]);
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

START_TEST(delays_differ_as_little_as_asked)
{
	play(3, 14, ROUNDS / 4);
}
END_TEST

START_TEST(legs_keep_windows_of_delay)
{
	play(4, 15, ROUNDS / 4);
}
END_TEST

/* ---- what is second best ---- */

/* Together the legs take no more of a link than it has. */
static void no_link_is_overbooked(const struct game *g, const struct pce_disjoint_answer *a)
{
	uint64_t load[NET_LINKS] = { 0 };

	for (uint32_t i = 0; i < a->n_legs; i++)
		for (uint32_t k = 0; k < a->leg[i].n_path; k++)
			load[a->leg[i].path[k]] += g->leg[i].bandwidth_bps;
	for (uint32_t l = 0; l < g->net.n_links; l++)
		if (!g->net.node[g->net.link[l].from].pseudonode)
			ck_assert_uint_le(load[l], g->net.link[l].capacity_bps);
}

/* The kinds in the order a set that need not be strict falls back through them. */
static uint64_t best_rung(const struct game *g, uint8_t *met)
{
	static const uint8_t rungs[] = { PCE_DIVERSE_SRLG | PCE_DIVERSE_LINK,
					 PCE_DIVERSE_NODE | PCE_DIVERSE_LINK, PCE_DIVERSE_LINK };
	uint64_t best;

	*met = g->req.diverse | PCE_DIVERSE_LINK;
	best = best_set(&g->req, g->ways, *met);
	for (unsigned i = 0; best == UINT64_MAX && i < 3; i++) {
		if ((rungs[i] & PCE_DIVERSE_SRLG) && !(g->req.diverse & PCE_DIVERSE_SRLG))
			continue;
		*met = rungs[i];
		best = best_set(&g->req, g->ways, *met);
	}
	return best;
}

START_TEST(without_strict_the_next_best_kind_is_given_and_said)
{
	struct game *g = game();
	unsigned less = 0, shared = 0;
	struct rng r;

	rng_seed(&r, 16);
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		struct pce_disjoint_answer a;
		struct arena arena;
		uint64_t best;
		uint8_t met;

		deal(g, &r, 1);
		g->req.strict = false;
		best = best_rung(g, &met);
		arena_init(&arena, 0);
		pce_disjoint_paths(g->ted, &g->req, &arena, &a);
		if (!g->ways[0].n || !g->ways[1].n || (g->req.n_legs == 3 && !g->ways[2].n)) {
			ck_assert_int_eq(a.status, PCE_NO_CONSTRAINED);
		} else if (best == UINT64_MAX && a.status != PCE_OK) {
			/* what they would share has no bandwidth for both */
			ck_assert_uint_gt(g->leg[0].bandwidth_bps, 0);
		} else {
			no_link_is_overbooked(g, &a);
			ck_assert_msg(a.status == PCE_OK, "round %u: %s", i, a.why);
			(void)judge(g, &a);
			if (best != UINT64_MAX) {
				ck_assert_uint_eq(a.met & met, met);
				ck_assert_uint_eq(a.cost, best);
			}
			ck_assert_int_eq(a.why[0] == '\0', !(g->req.diverse & ~a.met));
			less += (g->req.diverse & ~a.met) != 0;
			shared += a.shared_links > 0;
		}
		arena_fini(&arena);
		ted_unref(g->ted);
	}
	ck_assert_uint_gt(less, 100);
	ck_assert_uint_gt(shared, 100);
}
END_TEST

/* RFC 8800, P: the first leg as if it were alone. */
START_TEST(a_leg_that_comes_first_has_its_own_best_path)
{
	struct game *g = game();
	unsigned found = 0;
	struct rng r;

	rng_seed(&r, 17);
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		struct pce_disjoint_answer a;
		struct arena arena;
		uint64_t best = UINT64_MAX;

		deal(g, &r, 2);
		g->req.n_legs = 2;
		g->req.shortest = 1;
		for (uint32_t k = 0; k < g->ways[0].n; k++)
			best = g->ways[0].at[k].cost < best ? g->ways[0].at[k].cost : best;
		arena_init(&arena, 0);
		pce_disjoint_paths(g->ted, &g->req, &arena, &a);
		if (a.status == PCE_OK) {
			const struct way *w =
				ways_own(&g->net, &g->leg[0], &a.leg[0], &g->ways[0]);
			uint8_t kind = g->req.diverse | PCE_DIVERSE_LINK;
			uint64_t second = UINT64_MAX;

			found++;
			(void)judge(g, &a);
			ck_assert_uint_eq(a.leg[0].cost, best);
			for (uint32_t k = 0; k < g->ways[1].n; k++)
				if ((diverse(w, &g->ways[1].at[k]) & kind) == kind &&
				    g->ways[1].at[k].cost < second)
					second = g->ways[1].at[k].cost;
			ck_assert_uint_eq(a.leg[1].cost, second);
		} else {
			ck_assert_int_eq(a.status, PCE_NO_CONSTRAINED);
			ck_assert_uint_eq(a.n_legs, 0);
		}
		arena_fini(&arena);
		ted_unref(g->ted);
	}
	ck_assert_uint_gt(found, ROUNDS / 40);
}
END_TEST

/* ---- single cases ---- */

struct drawn {
	struct ted_node node[8];
	struct ted_link link[32];
	uint32_t srlg[32];
	uint32_t n, m;
};

static void draw_node(struct drawn *d, bool lan)
{
	d->node[d->n].alive = true;
	d->node[d->n].pseudonode = lan;
	(void)snprintf(d->node[d->n].id, sizeof(d->node[d->n].id), "n%u", d->n);
	d->n++;
}

static void draw(struct drawn *d, uint32_t a, uint32_t b, uint32_t metric, uint32_t srlg)
{
	for (unsigned side = 0; side < 2; side++) {
		struct ted_link *l = &d->link[d->m];

		*l = (struct ted_link){ .alive = true, .from = side ? b : a, .to = side ? a : b,
					.reverse = d->m ^ 1U, .has_igp = true, .igp_metric = metric,
					.local_id = d->m + 1, .srlg = &d->srlg[d->m],
					.n_srlg = srlg != 0 };
		d->srlg[d->m++] = srlg;
	}
}

static void ask(const struct drawn *d, uint8_t kind, bool strict, struct arena *arena,
		struct pce_disjoint_answer *a)
{
	const struct ted_input in = { .nodes = d->node, .links = d->link, .n_nodes = d->n,
				      .n_links = d->m };
	struct pce_request leg[2] = { { .dst = 1, .delay_us_max = PCE_NO_BOUND,
					.hops_max = PCE_NO_BOUND, .igp_max = PCE_NO_BOUND,
					.te_max = PCE_NO_BOUND } };
	const struct pce_disjoint req = { .leg = leg, .n_legs = 2, .diverse = kind,
					  .strict = strict };
	const struct ted *t = NULL;

	leg[1] = leg[0];
	ck_assert_int_eq(ted_build(&in, &t), 0);
	arena_init(arena, 0);
	pce_disjoint_paths(t, &req, arena, a);
	ted_unref(t);
}

START_TEST(a_lan_is_one_wire)
{
	struct drawn d = { 0 };
	struct pce_disjoint_answer a;
	struct arena arena;

	/* 0 and 1 with two links each into one LAN (4), by routers 2 and 3. */
	for (unsigned i = 0; i < 4; i++)
		draw_node(&d, false);
	draw_node(&d, true);
	draw(&d, 0, 4, 10, 0);
	draw(&d, 1, 4, 10, 0);
	draw(&d, 0, 2, 10, 0);
	draw(&d, 2, 4, 10, 0);
	draw(&d, 1, 3, 10, 0);
	draw(&d, 3, 4, 10, 0);
	for (uint8_t kind = 1; kind < 8; kind++) {
		ask(&d, kind, true, &arena, &a);
		ck_assert_int_eq(a.status, PCE_NO_CONSTRAINED);
		arena_fini(&arena);
	}
	ask(&d, PCE_DIVERSE_LINK, false, &arena, &a);
	ck_assert_int_eq(a.status, PCE_OK);
	ck_assert_uint_eq(a.met, 0);
	ck_assert_uint_eq(a.shared_nodes, 0);
	ck_assert_uint_ge(a.shared_links, 1);
	arena_fini(&arena);
	/* The twin: beside the LAN a wire. */
	draw(&d, 2, 3, 50, 0);
	ask(&d, PCE_DIVERSE_NODE, true, &arena, &a);
	ck_assert_int_eq(a.status, PCE_OK);
	ck_assert_uint_eq(a.met, PCE_DIVERSE_LINK | PCE_DIVERSE_NODE | PCE_DIVERSE_SRLG);
	arena_fini(&arena);
}
END_TEST

START_TEST(parallel_links_are_two_wires_until_they_share_a_risk)
{
	struct drawn d = { 0 };
	struct pce_disjoint_answer a;
	struct arena arena;

	draw_node(&d, false);
	draw_node(&d, false);
	draw(&d, 0, 1, 10, 7);
	draw(&d, 0, 1, 20, 7);
	ask(&d, PCE_DIVERSE_NODE, true, &arena, &a);
	ck_assert_int_eq(a.status, PCE_OK);
	ck_assert_uint_eq(a.cost, 30);
	ck_assert_uint_eq(a.shared_srlgs, 1);
	arena_fini(&arena);
	ask(&d, PCE_DIVERSE_SRLG, true, &arena, &a);
	ck_assert_int_eq(a.status, PCE_NO_CONSTRAINED);
	arena_fini(&arena);
	draw(&d, 0, 1, 40, 8);
	ask(&d, PCE_DIVERSE_SRLG, true, &arena, &a);
	ck_assert_int_eq(a.status, PCE_OK);
	ck_assert_uint_eq(a.cost, 50);
	arena_fini(&arena);
}
END_TEST

START_TEST(what_is_no_set_is_refused)
{
	static const struct pce_request leg[9];
	static const struct pce_disjoint bad[] = {
		{ .leg = leg, .n_legs = 1, .diverse = 1 },
		{ .leg = leg, .n_legs = 9, .diverse = 1 },
		{ .leg = leg, .n_legs = 2, .diverse = 0 },
		{ .leg = leg, .n_legs = 2, .diverse = 8 },
		{ .leg = leg, .n_legs = 2, .diverse = 1, .shortest = 4 },
	};
	struct game *g = game();
	struct pce_disjoint_answer a;
	struct arena arena;
	struct rng r;

	rng_seed(&r, 18);
	deal(g, &r, 0);
	arena_init(&arena, 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		pce_disjoint_paths(g->ted, &bad[i], &arena, &a);
		ck_assert_int_eq(a.status, PCE_INVALID);
		ck_assert_str_ne(a.why, "");
	}
	g->leg[1].src = g->net.n_nodes;
	pce_disjoint_paths(g->ted, &g->req, &arena, &a);
	ck_assert_int_eq(a.status, PCE_NO_SOURCE);
	arena_fini(&arena);
	ted_unref(g->ted);
}
END_TEST

START_TEST(when_the_budget_ends_the_gap_is_told)
{
	struct game *g = game();
	unsigned gaps = 0, gave_up = 0;
	struct rng r;

	rng_seed(&r, 19);
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		struct pce_disjoint_answer a;
		struct arena arena;
		uint64_t best;

		deal(g, &r, 2);
		g->req.budget = 1;
		best = best_set(&g->req, g->ways, g->req.diverse | PCE_DIVERSE_LINK);
		arena_init(&arena, 0);
		pce_disjoint_paths(g->ted, &g->req, &arena, &a);
		if (a.status == PCE_OK) {
			ck_assert_uint_ge(a.cost, best);
			ck_assert_uint_le(a.cost_least, best);
			gaps += a.cost_least < a.cost;
		} else if (a.status == PCE_NO_BUDGET) {
			gave_up++;
		} else {
			ck_assert_uint_eq(best, UINT64_MAX);
		}
		arena_fini(&arena);
		ted_unref(g->ted);
	}
	ck_assert_uint_gt(gaps, 0);
	ck_assert_uint_gt(gave_up, 0);
}
END_TEST

static bool twice(void *arg)
{
	unsigned *asked = arg;

	return ++*asked <= 2;
}

/* Who asks for the set ends it: that is as if the budget had ended there. */
START_TEST(it_ends_when_it_is_told_to)
{
	struct game *g = game();
	unsigned stopped = 0;
	struct rng r;

	rng_seed(&r, 20);
	for (unsigned i = 0; i < ROUNDS / 8; i++) {
		struct pce_disjoint_answer a;
		struct arena arena;
		unsigned asked = 0;
		uint64_t best;

		deal(g, &r, 2);
		g->req.go_on = twice;
		g->req.arg = &asked;
		best = best_set(&g->req, g->ways, g->req.diverse | PCE_DIVERSE_LINK);
		arena_init(&arena, 0);
		pce_disjoint_paths(g->ted, &g->req, &arena, &a);
		ck_assert_uint_le(asked, 3); /* no is no */
		if (a.status == PCE_OK) {
			ck_assert_uint_ge(a.cost, best);
			ck_assert_uint_le(a.cost_least, best);
		} else if (a.status == PCE_NO_CONSTRAINED) {
			ck_assert_uint_eq(best, UINT64_MAX);
		} else {
			ck_assert_int_eq(a.status, PCE_NO_BUDGET);
		}
		stopped += asked > 2;
		arena_fini(&arena);
		ted_unref(g->ted);
	}
	ck_assert_uint_gt(stopped, 0);
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
	tcase_add_test(t, delays_differ_as_little_as_asked);
	tcase_add_test(t, legs_keep_windows_of_delay);
	tcase_add_test(t, without_strict_the_next_best_kind_is_given_and_said);
	tcase_add_test(t, a_leg_that_comes_first_has_its_own_best_path);
	tcase_add_test(t, a_lan_is_one_wire);
	tcase_add_test(t, parallel_links_are_two_wires_until_they_share_a_risk);
	tcase_add_test(t, what_is_no_set_is_refused);
	tcase_add_test(t, when_the_budget_ends_the_gap_is_told);
	tcase_add_test(t, it_ends_when_it_is_told_to);
	suite_add_tcase(s, t);
	return check_main(s);
}
