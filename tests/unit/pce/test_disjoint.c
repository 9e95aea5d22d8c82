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

enum { ROUNDS = 12000 };

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

/* level 0: alike legs without terms; 1: with terms of each; 2: other ends and metrics too. */
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
	g->ted = net_build(&g->net);
	for (uint32_t i = 0; i < g->req.n_legs; i++)
		ways_all(&g->net, &g->leg[i], &g->ways[i]);
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
