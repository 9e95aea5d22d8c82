/* SPDX-License-Identifier: Apache-2.0 */
/*
 * k shortest paths against every simple path, on thousands of small random networks: the same
 * list of costs, every path one of them, none twice.
 */
#include "check_main.h"

#include <stdlib.h>
#include <string.h>

#include "pce/kshortest.h"
#include "ways.h"

enum { ROUNDS = 6000 / CHECK_SHARE };

struct game {
	struct net net;
	struct ways_nums nums;
	struct ways ways;
	struct pce_request req;
};

static struct game *game(void)
{
	static struct game g; /* too large for a stack */

	return &g;
}

static int by_cost(const void *a, const void *b)
{
	const struct way *x = a, *y = b;

	return (x->cost > y->cost) - (x->cost < y->cost);
}

static void judge(const struct game *g, uint32_t k, const struct pce_kshortest_answer *a)
{
	uint32_t n = g->ways.n < k ? g->ways.n : k;
	bool seen[WAYS_MAX] = { false };

	ck_assert_msg(a->n == n, "%u paths, not %u: %s", a->n, n, a->why);
	ck_assert_int_eq(a->status == PCE_OK, n > 0);
	if (a->all)
		ck_assert_uint_eq(n, g->ways.n);
	for (uint32_t i = 0; i < n; i++) {
		const struct way *w = ways_own(&g->net, &g->req, &a->path[i], &g->ways);

		ck_assert_msg(w != NULL, "path %u breaks the terms", i);
		ck_assert_msg(!seen[w - g->ways.at], "path %u is there twice", i);
		seen[w - g->ways.at] = true;
		ck_assert_uint_eq(a->path[i].cost, g->ways.at[i].cost);
	}
}

static void play(bool terms, uint64_t seed)
{
	static const uint32_t ks[] = { 1, 2, 3, 5, 16, 256 };
	struct game *g = game();
	unsigned full = 0, short_of = 0;
	struct rng r;

	rng_seed(&r, seed);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct pce_kshortest_answer a;
		const struct ted *t;
		struct arena arena;
		uint32_t k = ks[rng_below(&r, 6)];

		ways_net(&g->net, &r, &g->nums);
		g->req = ways_request(&g->net, &r);
		if (terms)
			ways_terms(&g->req, &g->net, &r, &g->nums);
		ways_all(&g->net, &g->req, &g->ways);
		qsort(g->ways.at, g->ways.n, sizeof(g->ways.at[0]), by_cost);
		t = net_build(&g->net);
		arena_init(&arena, 0);
		pce_kshortest_paths(t, &g->req, k, &arena, &a);
		judge(g, k, &a);
		full += a.n == k;
		short_of += a.n < k;
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_uint_gt(full, ROUNDS / 10);
	ck_assert_uint_gt(short_of, ROUNDS / 10);
}

START_TEST(they_are_the_cheapest_in_order)
{
	play(false, 21);
}
END_TEST

START_TEST(they_are_the_cheapest_of_those_that_keep_the_terms)
{
	play(true, 22);
}
END_TEST

START_TEST(kept_trees_change_no_answer)
{
	AUTO(pce_trees_free) struct pce_trees *trees = NULL;
	struct game *g = game();
	struct rng r;

	ck_assert_int_eq(pce_trees_new(&trees, 1 << 20), 0);
	rng_seed(&r, 23);
	for (unsigned i = 0; i < 1000; i++) {
		struct pce_kshortest_answer a, b;
		const struct ted *t;
		struct arena arena;

		ways_net(&g->net, &r, &g->nums);
		g->req = ways_request(&g->net, &r);
		t = net_build(&g->net);
		arena_init(&arena, 0);
		pce_kshortest_paths(t, &g->req, 8, &arena, &a);
		g->req.trees = trees;
		pce_kshortest_paths(t, &g->req, 8, &arena, &b);
		ck_assert_uint_eq(a.n, b.n);
		for (uint32_t k = 0; k < a.n; k++) {
			ck_assert_uint_eq(a.path[k].n_path, b.path[k].n_path);
			ck_assert_int_eq(memcmp(a.path[k].path, b.path[k].path,
						a.path[k].n_path * sizeof(uint32_t)), 0);
		}
		arena_fini(&arena);
		ted_unref(t);
	}
}
END_TEST

static bool on_path(const struct pce_answer *p, uint32_t link)
{
	for (uint32_t i = 0; i < p->n_path; i++)
		if (p->path[i] == link)
			return true;
	return false;
}

/* A loose list of the second path would do for the first, and traffic would take that. */
START_TEST(a_list_leads_along_its_own_path)
{
	struct game *g = game();
	unsigned lists = 0;
	struct rng r;

	rng_seed(&r, 25);
	for (unsigned i = 0; i < 1000; i++) {
		struct pce_kshortest_answer a;
		const struct ted *t;
		struct arena arena;

		ways_net(&g->net, &r, &g->nums);
		g->req = ways_request(&g->net, &r);
		t = net_build(&g->net);
		arena_init(&arena, 0);
		pce_kshortest(t, &g->req, 5, &arena, &a);
		for (uint32_t k = 0; k < a.n; k++) {
			const struct pce_answer *p = &a.path[k];

			if (p->status != PCE_OK)
				continue;
			lists++;
			ck_assert(p->expansion.single);
			ck_assert_uint_eq(p->expansion.n_links, p->n_path);
			for (uint32_t l = 0; l < p->n_path; l++)
				ck_assert(on_path(p, p->expansion.links[l]));
		}
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_uint_gt(lists, 500);
}
END_TEST

START_TEST(none_or_too_many_cannot_be_asked_for)
{
	struct game *g = game();
	struct pce_kshortest_answer a;
	const struct ted *t;
	struct arena arena;
	struct rng r;

	rng_seed(&r, 24);
	ways_net(&g->net, &r, &g->nums);
	g->req = ways_request(&g->net, &r);
	t = net_build(&g->net);
	arena_init(&arena, 0);
	pce_kshortest_paths(t, &g->req, 0, &arena, &a);
	ck_assert_int_eq(a.status, PCE_INVALID);
	pce_kshortest_paths(t, &g->req, PCE_KSHORTEST_MAX + 1, &arena, &a);
	ck_assert_int_eq(a.status, PCE_INVALID);
	g->req.src = g->net.n_nodes;
	pce_kshortest_paths(t, &g->req, 1, &arena, &a);
	ck_assert_int_eq(a.status, PCE_NO_SOURCE);
	g->req.src = g->req.dst;
	pce_kshortest_paths(t, &g->req, 1, &arena, &a);
	ck_assert_int_eq(a.status, PCE_NO_TARGET);
	arena_fini(&arena);
	ted_unref(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("kshortest");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, they_are_the_cheapest_in_order);
	tcase_add_test(t, they_are_the_cheapest_of_those_that_keep_the_terms);
	tcase_add_test(t, kept_trees_change_no_answer);
	tcase_add_test(t, a_list_leads_along_its_own_path);
	tcase_add_test(t, none_or_too_many_cannot_be_asked_for);
	suite_add_tcase(s, t);
	return check_main(s);
}
