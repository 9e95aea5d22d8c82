/* SPDX-License-Identifier: Apache-2.0 */
/* Weights against every vector of weights; sets of paths against what is free on each link. */
#include "check_main.h"

#include <stdlib.h>
#include <string.h>

#include "pce/multipath.h"
#include "ways.h"

enum { ROUNDS = 10000 / CHECK_SHARE };

/* ---- weights ---- */

/* A share as a fraction of what it fills: a / b. */
struct share {
	uint64_t a, b;
};

static bool less(struct share x, struct share y)
{
	return x.a * y.b < y.a * x.b;
}

static struct share fullest(const uint64_t *cap, uint32_t n, const uint32_t *w, uint32_t total)
{
	struct share most = { 0, 1 };

	for (uint32_t i = 0; i < n; i++) {
		struct share s = { w[i], cap[i] * total };

		if (less(most, s))
			most = s;
	}
	return most;
}

static struct share best_of_all(const uint64_t *cap, uint32_t n, uint32_t total_max)
{
	struct share best = { 1, 0 };
	uint32_t w[4];

	for (uint32_t total = 1; total <= total_max; total++)
		for (w[0] = 0; w[0] <= total; w[0]++)
			for (w[1] = 0; w[0] + w[1] <= total; w[1]++)
				for (w[2] = 0; w[0] + w[1] + w[2] <= total; w[2]++) {
					struct share s;

					w[3] = total - w[0] - w[1] - w[2];
					if ((n < 4 && w[3]) || (n < 3 && w[2]) || (n < 2 && w[1]))
						continue;
					s = fullest(cap, n, w, total);
					if (less(s, best))
						best = s;
				}
	return best;
}

START_TEST(weights_fill_the_fullest_least)
{
	struct rng r;

	rng_seed(&r, 31);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t cap[4];
		uint32_t w[4] = { 0 }, n = 1 + (uint32_t)rng_below(&r, 4), sum = 0, total;
		uint32_t most = n + (uint32_t)rng_below(&r, 13);
		struct share best, got;

		for (uint32_t k = 0; k < n; k++)
			cap[k] = 1 + rng_below(&r, rng_below(&r, 2) ? 10 : 1000);
		total = pce_weights(cap, n, most, w);
		for (uint32_t k = 0; k < n; k++)
			sum += w[k];
		ck_assert_uint_eq(sum, total);
		ck_assert_uint_le(total, most);
		best = best_of_all(cap, n, most);
		got = fullest(cap, n, w, total);
		ck_assert_msg(!less(best, got) && !less(got, best), "round %u", i);
	}
}
END_TEST

/* ---- sets ---- */

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

static void judge(const struct game *g, const struct pce_multipath *m,
		  const struct pce_multipath_answer *a)
{
	uint64_t load[NET_LINKS] = { 0 }, sum = 0;
	uint32_t total = 0;

	ck_assert_uint_ge(a->n, 1);
	ck_assert_uint_le(a->n, m->lists_max);
	for (uint32_t i = 0; i < a->n; i++) {
		ck_assert_msg(ways_own(&g->net, &g->req, &a->path[i], &g->ways) != NULL,
			      "path %u breaks the terms", i);
		ck_assert_uint_ge(a->weight[i], 1);
		total += a->weight[i];
		sum += a->rate_bps[i];
		for (uint32_t k = 0; k < a->path[i].n_path; k++)
			load[a->path[i].path[k]] += a->rate_bps[i];
		/* what comes is never more than what is booked */
		ck_assert_uint_ge(a->rate_bps[i] * a->total, m->req->bandwidth_bps * a->weight[i]);
	}
	ck_assert_uint_eq(total, a->total);
	ck_assert_uint_le(total, m->weights_max ? m->weights_max : PCE_WEIGHTS);
	ck_assert_uint_ge(sum, m->req->bandwidth_bps);
	for (uint32_t l = 0; l < g->net.n_links; l++)
		if (!g->net.node[g->net.link[l].from].pseudonode)
			ck_assert_uint_le(load[l], g->net.link[l].capacity_bps);
}

static bool pair_fits(const struct game *g, const struct way *x, const struct way *y,
		      const uint64_t *rate)
{
	uint64_t load[NET_LINKS] = { 0 };

	for (uint32_t k = 0; k < x->n; k++)
		load[x->link[k]] += rate[0];
	for (uint32_t k = 0; k < y->n; k++)
		load[y->link[k]] += rate[1];
	for (uint32_t l = 0; l < g->net.n_links; l++)
		if (!g->net.node[g->net.link[l].from].pseudonode &&
		    load[l] > g->net.link[l].capacity_bps)
			return false;
	return true;
}

/* Two paths with weights 1 to 1, 1 to 2 or 2 to 1: what a set of two could be at the least. */
static bool pair_exists(const struct game *g, uint64_t bps)
{
	const uint64_t rates[3][2] = { { (bps + 1) / 2, (bps + 1) / 2 },
				       { (bps + 2) / 3, (2 * bps + 2) / 3 },
				       { (2 * bps + 2) / 3, (bps + 2) / 3 } };

	for (uint32_t i = 0; i < g->ways.n; i++)
		for (uint32_t j = i; j < g->ways.n; j++)
			for (unsigned k = 0; k < 3; k++)
				if (pair_fits(g, &g->ways.at[i], &g->ways.at[j], rates[k]))
					return true;
	return false;
}

static bool may(const struct game *g, uint32_t l)
{
	const struct pce_request *q = &g->req;
	const struct ted_link *k = &g->net.link[l];
	const uint32_t end[2] = { k->from, k->to };

	for (uint32_t i = 0; i < q->n_exclude_links; i++)
		if (q->exclude_links[i] == l)
			return false;
	for (uint32_t e = 0; e < 2; e++) {
		if (g->net.node[end[e]].overload && end[e] != q->src && end[e] != q->dst)
			return false;
		for (uint32_t i = 0; i < q->n_exclude_nodes; i++)
			if (q->exclude_nodes[i] == end[e])
				return false;
	}
	if (g->net.node[k->from].pseudonode)
		return g->net.usable[l];
	for (uint32_t i = 0; i < q->n_exclude_srlgs; i++)
		for (uint32_t j = 0; j < k->n_srlg; j++)
			if (q->exclude_srlgs[i] == k->srlg[j])
				return false;
	return g->net.usable[l] && !(k->admin_group[0] & q->affinity.exclude_any[0]);
}

/* The most there can flow: of every way to part the nodes, what goes from the one side to the other. */
static uint64_t narrowest(const struct game *g)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t side = 0; side < 1U << g->net.n_nodes; side++) {
		uint64_t sum = 0;

		if (!(side >> g->req.src & 1) || (side >> g->req.dst & 1))
			continue;
		for (uint32_t l = 0; l < g->net.n_links; l++) {
			const struct ted_link *k = &g->net.link[l];

			if (!(side >> k->from & 1) || (side >> k->to & 1) || !may(g, l))
				continue;
			sum += g->net.node[k->from].pseudonode ? UINT32_MAX : k->capacity_bps;
		}
		least = sum < least ? sum : least;
	}
	return least;
}

/* A set, a proof that there is none, or neither. */
static void proof_holds(const struct game *g, const struct pce_multipath_answer *a, uint64_t limit,
			unsigned round)
{
	uint64_t asked = g->req.bandwidth_bps;

	if (a->status == PCE_OK || a->status == PCE_NO_BUDGET)
		ck_assert_msg(limit >= asked && a->limit_bps == 0, "round %u: %s: %llu of %llu", round,
			      pce_status_text(a->status), (unsigned long long)asked,
			      (unsigned long long)limit);
	if (a->limit_bps) {
		ck_assert_int_eq(a->status, PCE_NO_CONSTRAINED);
		ck_assert_msg(a->limit_bps == limit && limit < asked && a->most_bps <= limit,
			      "round %u: %llu, told %llu", round, (unsigned long long)limit,
			      (unsigned long long)a->limit_bps);
		ck_assert(strstr(a->why, "needs bandwidth <= "));
	}
}

START_TEST(no_link_gets_more_than_it_has)
{
	struct game *g = game();
	unsigned found = 0, several = 0, there = 0, missed = 0, proven = 0, open = 0;
	struct rng r;

	rng_seed(&r, 32);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct pce_multipath m = { .req = &g->req,
					   .lists_max = 2 + (uint32_t)rng_below(&r, 4) };
		struct pce_multipath_answer a;
		const struct ted *t;
		struct arena arena;

		ways_net(&g->net, &r, &g->nums);
		g->req = ways_request(&g->net, &r);
		ways_terms(&g->req, &g->net, &r, &g->nums);
		g->req.bandwidth_bps = 1; /* of a path: any; what is asked for comes after */
		ways_all(&g->net, &g->req, &g->ways);
		g->req.bandwidth_bps = 1 + rng_below(&r, 20000);
		m.weights_max = rng_below(&r, 2) ? 0 : 8;
		t = net_build(&g->net);
		arena_init(&arena, 0);
		pce_multipath_paths(t, &m, &arena, &a);
		if (a.status == PCE_OK) {
			judge(g, &m, &a);
			found++;
			several += a.n > 1;
			ck_assert_str_eq(a.why, "");
		} else {
			ck_assert_msg(a.status == PCE_NO_BUDGET || a.limit_bps || g->ways.n == 0,
				      "round %u: %s: %s", i, pce_status_text(a.status), a.why);
			ck_assert_str_ne(a.why, "");
		}
		proof_holds(g, &a, narrowest(g), i);
		proven += a.limit_bps != 0;
		open += a.status == PCE_NO_BUDGET;
		if (pair_exists(g, g->req.bandwidth_bps)) {
			there++;
			missed += a.status != PCE_OK;
		}
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_uint_gt(found, ROUNDS / 10);
	ck_assert_uint_gt(several, ROUNDS / 50);
	ck_assert_uint_gt(proven, ROUNDS / 10);
	ck_assert_uint_gt(open, 0); /* bounds, and weights */
	ck_assert_msg(missed * 50 <= there, "missed %u of %u that two paths carry", missed, there);
}
END_TEST

START_TEST(what_cannot_be_shared_out_is_refused)
{
	struct game *g = game();
	struct pce_multipath_answer a;
	struct arena arena;
	const struct ted *t;
	struct rng r;

	rng_seed(&r, 33);
	ways_net(&g->net, &r, &g->nums);
	g->req = ways_request(&g->net, &r);
	t = net_build(&g->net);
	arena_init(&arena, 0);
	for (unsigned i = 0; i < 5; i++) {
		const struct pce_multipath bad[5] = {
			{ &g->req, 4, 0 }, /* no bandwidth */
			{ &g->req, 0, 0 },
			{ &g->req, PCE_LISTS_MAX + 1, 0 },
			{ &g->req, 4, PCE_WEIGHTS_MAX + 1 },
			{ &g->req, 4, 3 },
		};

		g->req.bandwidth_bps = i > 0;
		pce_multipath_paths(t, &bad[i], &arena, &a);
		ck_assert_int_eq(a.status, PCE_INVALID);
		ck_assert_uint_eq(a.n, 0);
		ck_assert_str_ne(a.why, "");
	}
	arena_fini(&arena);
	ted_unref(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("multipath");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, weights_fill_the_fullest_least);
	tcase_add_test(t, no_link_gets_more_than_it_has);
	tcase_add_test(t, what_cannot_be_shared_out_is_refused);
	suite_add_tcase(s, t);
	return check_main(s);
}
