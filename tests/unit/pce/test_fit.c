/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of paths under a limit on the length of lists: against every combination of simple paths,
 * each judged by itself whether it has a list that fits.
 */
#include "check_main.h"

#include <string.h>

#include "pce/disjoint.h"
#include "pce/kshortest.h"
#include "pce/multipath.h"
#include "ways.h"

enum { ALL = 10000, ROUNDS = ALL / CHECK_SHARE }; /* ALL: where what is looked for is rare */

struct game {
	struct net net;
	struct ways_nums nums;
	struct ways all[2], fit[2];
	struct pce_request leg[2];
	struct pce_disjoint req;
	const struct ted *ted;
};

static struct game *game(void)
{
	static struct game g; /* too large for a stack */

	return &g;
}

/* Those that have a list. */
static void keep_fit(struct game *g, uint32_t leg, struct pce_trees *trees)
{
	struct pce_request q = g->leg[leg];

	q.strict = true;
	q.trees = trees;
	ways_all(&g->net, &g->leg[leg], &g->all[leg]);
	g->fit[leg].n = 0;
	for (uint32_t i = 0; i < g->all[leg].n; i++) {
		const struct way *x = &g->all[leg].at[i];
		struct pce_answer a;
		struct arena arena;

		arena_init(&arena, 0);
		pce_encode(g->ted, &q, x->link, x->n, &arena, &a);
		if (a.status == PCE_OK)
			g->fit[leg].at[g->fit[leg].n++] = *x;
		arena_fini(&arena);
	}
}

static void short_lists(struct pce_request *q, struct rng *r)
{
	q->msd = (uint8_t)(1 + rng_below(r, 2));
	q->usid = rng_below(r, 4) == 0;
	q->protection = rng_below(r, 4) ? PCE_UNPROTECTED_PREFERRED : PCE_UNPROTECTED_ONLY;
	q->dataplane = rng_below(r, 6) ? PCE_SRV6 : PCE_MPLS;
}

static void deal(struct game *g, struct rng *r)
{
	struct pce_trees *trees;

	ways_net(&g->net, r, &g->nums);
	g->leg[0] = ways_request(&g->net, r);
	ways_terms(&g->leg[0], &g->net, r, &g->nums);
	g->leg[0].bandwidth_bps = 0;
	short_lists(&g->leg[0], r);
	g->leg[1] = g->leg[0];
	if (rng_below(r, 3) == 0) {
		g->leg[1].msd = 3;
		g->leg[1].delay_us_max = rng_below(r, 2) ? PCE_NO_BOUND : (uint32_t)rng_below(r, 40);
	}
	if (rng_below(r, 8) == 0) /* goes the way of those the shared search does not know */
		g->leg[1].delay_us_min = (uint32_t)rng_below(
			r, g->leg[1].delay_us_max < 10 ? g->leg[1].delay_us_max + 1 : 10);
	g->req = (struct pce_disjoint){ .leg = g->leg, .n_legs = 2, .strict = true,
					.diverse = (uint8_t)(1 + rng_below(r, 7)),
					.bound_difference = rng_below(r, 6) == 0,
					.delay_difference_us_max = (uint32_t)rng_below(r, 6) };
	g->ted = net_build(&g->net);
	for (uint32_t i = 0; i < 2; i++)
		if (g->req.bound_difference && g->leg[i].delay_us_max == PCE_NO_BOUND)
			g->leg[i].delay_us_max--; /* what is compared must be known */
	ck_assert_int_eq(pce_trees_new(&trees, SIZE_MAX), 0);
	for (uint32_t i = 0; i < 2; i++)
		keep_fit(g, i, trees);
	pce_trees_free(trees);
}

static bool apart(const struct game *g, const struct way *a, const struct way *b)
{
	uint64_t d = a->delay > b->delay ? a->delay - b->delay : b->delay - a->delay;
	uint8_t kind = g->req.diverse;

	return !(a->wires & b->wires) && !(a->lans & b->lans) &&
	       (!(kind & PCE_DIVERSE_NODE) ||
		(!(a->transit & b->nodes) && !(b->transit & a->nodes))) &&
	       (!(kind & PCE_DIVERSE_SRLG) || !(a->srlgs & b->srlgs)) &&
	       (!g->req.bound_difference || d <= g->req.delay_difference_us_max);
}

static uint64_t best_pair(const struct game *g, const struct ways *w)
{
	uint64_t best = UINT64_MAX;

	for (uint32_t i = 0; i < w[0].n; i++)
		for (uint32_t j = 0; j < w[1].n; j++)
			if (w[0].at[i].cost + w[1].at[j].cost < best &&
			    apart(g, &w[0].at[i], &w[1].at[j]))
				best = w[0].at[i].cost + w[1].at[j].cost;
	return best;
}

/* Every bound asked for is told with what the path leaves of it, and nothing else is. */
static unsigned slacks_are_told(const struct net *n, const struct pce_request *q,
				const struct pce_answer *a, uint64_t widest)
{
	const struct {
		enum pce_constraint of;
		bool asked;
		uint64_t bound, value, slack;
	} want[] = {
		{ PCE_C_BANDWIDTH, q->bandwidth_bps > 0, q->bandwidth_bps, widest,
		  widest - q->bandwidth_bps },
		{ PCE_C_DELAY, q->delay_us_max != PCE_NO_BOUND, q->delay_us_max, a->delay_us,
		  q->delay_us_max - a->delay_us },
		{ PCE_C_HOPS, q->hops_max != PCE_NO_BOUND, q->hops_max, a->hops, q->hops_max - a->hops },
		{ PCE_C_IGP, q->igp_max != PCE_NO_BOUND, q->igp_max, a->igp, q->igp_max - a->igp },
		{ PCE_C_TE, q->te_max != PCE_NO_BOUND, q->te_max, a->te, q->te_max - a->te },
		{ PCE_C_DELAY_MIN, q->delay_us_min > 0, q->delay_us_min, a->delay_us,
		  a->delay_us - q->delay_us_min },
	};
	uint32_t at = 0, binding = 0;
	uint64_t delay = 0, v;

	for (uint32_t i = 0; i < a->n_path; i++)
		delay += net_cost(n, a->path[i], PCE_DELAY, &v) ? v : 0;
	ck_assert_uint_eq(delay, a->delay_us);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const struct pce_slack *s = NULL;

		for (uint32_t k = 0; k < a->n_slack; k++)
			if (a->slack[k].of == want[i].of)
				s = &a->slack[k];
		ck_assert_int_eq(s != NULL, want[i].asked);
		if (!s)
			continue;
		ck_assert(s->is_bound && !s->has_cost);
		ck_assert_uint_eq(s->bound, want[i].bound);
		ck_assert_uint_eq(s->value, want[i].value);
		ck_assert_uint_eq(s->slack, want[i].slack);
		binding += s->binding;
		at++;
	}
	ck_assert_uint_eq(a->n_slack, at);
	ck_assert_uint_eq(binding, at > 0);
	return at;
}

START_TEST(the_cheapest_pair_whose_lists_fit_is_found)
{
	struct game *g = game();
	unsigned found = 0, dearer = 0, none = 0, slacks = 0;
	struct rng r;

	rng_seed(&r, (uint64_t)_i + 71);
	for (unsigned i = 0; i < ROUNDS / 2; i++) {
		struct pce_disjoint_answer a;
		struct arena arena;
		uint64_t best, any;

		deal(g, &r);
		best = best_pair(g, g->fit);
		any = best_pair(g, g->all);
		arena_init(&arena, 0);
		pce_disjoint(g->ted, &g->req, &arena, &a);
		if (best == UINT64_MAX) {
			none += any != UINT64_MAX;
			ck_assert_msg(a.status != PCE_OK && a.status != PCE_NO_BUDGET,
				      "round %u: no pair fits: %s", i, a.why);
			ck_assert_int_eq(a.status == PCE_NO_CONSTRAINED && a.n_legs == 0,
					 any == UINT64_MAX);
			ck_assert(any == UINT64_MAX ||
				  strstr(a.why, "there is no other set whose lists fit"));
		} else {
			found++;
			dearer += best > any;
			ck_assert_msg(a.status == PCE_OK, "round %u: one of %llu fits: %s %s", i,
				      (unsigned long long)best, pce_status_text(a.status), a.why);
			ck_assert_msg(a.cost == best && a.cost_least == best,
				      "round %u: costs %llu, at least %llu, not %llu", i,
				      (unsigned long long)a.cost, (unsigned long long)a.cost_least,
				      (unsigned long long)best);
			for (uint32_t k = 0; k < 2; k++) {
				ck_assert(ways_own(&g->net, &g->leg[k], &a.leg[k], &g->fit[k]));
				ck_assert_int_eq(a.leg[k].status, PCE_OK);
				ck_assert_uint_le(a.leg[k].n_segs, g->leg[k].msd);
				slacks += slacks_are_told(&g->net, &g->leg[k], &a.leg[k], 0);
			}
		}
		arena_fini(&arena);
		ted_unref(g->ted);
	}
	ck_assert_uint_gt(found, ROUNDS / 20);
	ck_assert_uint_gt(dearer, ROUNDS / 200);
	ck_assert_uint_gt(none, ROUNDS / 100);
	ck_assert_uint_gt(slacks, ROUNDS / 20);
}
END_TEST

/* With headends that can push so many. */
static bool pair_with(struct game *g, uint64_t msd)
{
	const uint8_t own[2] = { g->leg[0].msd, g->leg[1].msd };
	bool there;

	for (uint32_t i = 0; i < 2; i++) {
		g->leg[i].msd = own[i] > msd ? own[i] : (uint8_t)msd;
		keep_fit(g, i, NULL);
	}
	there = best_pair(g, g->fit) != UINT64_MAX;
	for (uint32_t i = 0; i < 2; i++)
		g->leg[i].msd = own[i];
	return there;
}

static bool pair_without(struct game *g, enum pce_constraint c, uint64_t v)
{
	const struct pce_request own[2] = { g->leg[0], g->leg[1] };
	bool there;

	for (uint32_t i = 0; i < 2; i++) {
		uint32_t *at = c == PCE_C_DELAY ? &g->leg[i].delay_us_max :
			       c == PCE_C_HOPS	? &g->leg[i].hops_max :
			       c == PCE_C_IGP	? &g->leg[i].igp_max :
						  &g->leg[i].te_max;

		*at = *at < v ? (uint32_t)v : *at;
		keep_fit(g, i, NULL);
	}
	there = best_pair(g, g->fit) != UINT64_MAX;
	g->leg[0] = own[0];
	g->leg[1] = own[1];
	return there;
}

START_TEST(how_many_sids_headends_must_push)
{
	struct game *g = game();
	unsigned told = 0, others = 0;
	struct rng r;

	rng_seed(&r, 75);
	for (unsigned i = 0; i < ALL / 5; i++) {
		struct pce_disjoint_answer a;
		struct arena arena;
		bool msd = false;

		deal(g, &r);
		g->req.explain = true;
		arena_init(&arena, 0);
		pce_disjoint(g->ted, &g->req, &arena, &a);
		for (uint32_t k = 0; a.status == PCE_NO_MSD && k < a.n_conflict; k++)
			msd = msd || a.conflict[k] == PCE_C_MSD;
		ck_assert_int_eq(msd, a.status == PCE_NO_MSD);
		for (uint32_t k = 0; msd && k < a.n_relax && !a.relax_together; k++) {
			const struct pce_relax *x = &a.relax[k];

			if (x->of == PCE_C_MSD && !x->drop) {
				told++;
				ck_assert_msg(pair_with(g, x->needs), "round %u: %s", i, a.why);
				ck_assert_msg(!pair_with(g, x->needs - 1), "round %u: %s", i, a.why);
				ck_assert_ptr_nonnull(strstr(a.why, "MSD >= "));
			} else if (x->of == PCE_C_DELAY || x->of == PCE_C_HOPS ||
				   x->of == PCE_C_IGP || x->of == PCE_C_TE) {
				others++;
				ck_assert(x->drop || pair_without(g, x->of, x->needs));
				ck_assert(x->drop || !pair_without(g, x->of, x->needs - 1));
			}
		}
		arena_fini(&arena);
		ted_unref(g->ted);
	}
	ck_assert_uint_gt(told, ALL / 200);
	ck_assert_uint_gt(others, 0);
}
END_TEST

START_TEST(each_alternative_tells_what_it_leaves)
{
	struct game *g = game();
	unsigned slacks = 0;
	struct rng r;

	rng_seed(&r, 74);
	for (unsigned i = 0; i < ROUNDS / 20; i++) {
		struct pce_kshortest_answer a;
		struct arena arena;

		deal(g, &r);
		arena_init(&arena, 0);
		pce_kshortest(g->ted, &g->leg[1], 4, &arena, &a);
		for (uint32_t k = 0; k < a.n; k++)
			slacks += slacks_are_told(&g->net, &g->leg[1], &a.path[k], 0);
		arena_fini(&arena);
		ted_unref(g->ted);
	}
	ck_assert_uint_gt(slacks, ROUNDS / 50);
}
END_TEST

/* One leg of that headend; is there a path that has a list? */
static bool one_with(struct game *g, const struct pce_request *q)
{
	const struct pce_request own = g->leg[0];

	g->leg[0] = *q;
	keep_fit(g, 0, NULL);
	g->leg[0] = own;
	return g->fit[0].n > 0;
}

static unsigned list_reasons_hold(struct game *g, const struct pce_kshortest_answer *a, unsigned round)
{
	const struct pce_answer *x = a->none;
	unsigned msd = 0;

	ck_assert_ptr_nonnull(x);
	ck_assert_str_eq(x->why, a->why);
	for (uint32_t k = 0; k < x->n_conflict; k++)
		msd += x->conflict[k] == PCE_C_MSD;
	ck_assert_msg(msd == 1, "round %u: MSD is not of the conflict: %s", round, a->why);
	msd = 0;
	for (uint32_t k = 0; k < x->n_relax && !x->relax_together; k++) {
		uint64_t v = x->relax[k].needs;
		struct pce_request q = g->leg[0];
		uint32_t *at = x->relax[k].of == PCE_C_DELAY ? &q.delay_us_max :
			       x->relax[k].of == PCE_C_HOPS  ? &q.hops_max :
			       x->relax[k].of == PCE_C_IGP   ? &q.igp_max :
			       x->relax[k].of == PCE_C_TE    ? &q.te_max :
							       NULL;

		if (x->relax[k].drop || (!at && x->relax[k].of != PCE_C_MSD))
			continue;
		for (unsigned less = 0; less < 2; less++) {
			if (at)
				*at = (uint32_t)(v - less);
			else
				q.msd = (uint8_t)(v - less);
			ck_assert_msg(one_with(g, &q) == !less, "round %u: %s", round, a->why);
		}
		msd += !at;
		ck_assert(at || strstr(a->why, "MSD >= "));
	}
	return msd;
}

START_TEST(alternatives_none_of_which_has_a_list)
{
	struct game *g = game();
	unsigned told = 0, dearer = 0, some = 0, others = 0;
	struct rng r;

	rng_seed(&r, 76);
	for (unsigned i = 0; i < ALL / 5; i++) {
		struct pce_kshortest_answer a;
		struct arena arena;
		uint64_t least = UINT64_MAX;
		bool listed = false;

		deal(g, &r);
		for (uint32_t k = 0; k < g->fit[0].n; k++)
			if (g->fit[0].at[k].cost < least)
				least = g->fit[0].at[k].cost;
		arena_init(&arena, 0);
		pce_kshortest(g->ted, &g->leg[0], 1 + (uint32_t)rng_below(&r, 3), &arena, &a);
		for (uint32_t k = 0; k < a.n; k++)
			listed = listed || a.path[k].status == PCE_OK;
		if (a.n == 0) {
			ck_assert(a.status != PCE_OK && a.status != PCE_NO_MSD);
		} else if (listed || least != UINT64_MAX) {
			ck_assert_int_eq(a.status, PCE_OK);
			ck_assert_uint_eq(a.cost_listed, listed ? 0 : least);
			ck_assert(!a.none && listed == !a.why[0]);
			dearer += !listed;
			some += listed;
		} else {
			ck_assert(a.status != PCE_OK && a.status != PCE_NO_CONSTRAINED);
			ck_assert(a.cost_listed == 0 && strncmp(a.why, "no path has a list", 18) == 0);
			if (a.status == PCE_NO_MSD)
				told += list_reasons_hold(g, &a, i);
			else
				others++;
		}
		arena_fini(&arena);
		ted_unref(g->ted);
	}
	ck_assert_uint_gt(told, ALL / 200);
	ck_assert_uint_gt(dearer, ALL / 400);
	ck_assert_uint_gt(some, ALL / 50);
	ck_assert_uint_gt(others, 0);
}
END_TEST

/* ---- together ---- */

/* The least that links of the path have beside what the other paths take. */
static uint64_t widest(const struct net *n, const struct pce_multipath_answer *a, uint32_t at)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < a->path[at].n_path; i++) {
		uint32_t l = a->path[at].path[i];
		uint64_t left = n->link[l].capacity_bps;

		for (uint32_t p = 0; p < a->n; p++)
			for (uint32_t k = 0; p != at && k < a->path[p].n_path; k++)
				left -= a->path[p].path[k] == l ? a->rate_bps[p] : 0;
		if (!n->node[n->link[l].from].pseudonode && left < least)
			least = left;
	}
	return least;
}

static bool carry(const struct game *g, const struct way *x, const struct way *y, uint64_t bps)
{
	uint64_t load[NET_LINKS] = { 0 };

	for (uint32_t k = 0; k < x->n; k++)
		load[x->link[k]] += (bps + 1) / 2;
	for (uint32_t k = 0; k < y->n; k++)
		load[y->link[k]] += (bps + 1) / 2;
	for (uint32_t l = 0; l < g->net.n_links; l++)
		if (!g->net.node[g->net.link[l].from].pseudonode &&
		    load[l] > g->net.link[l].capacity_bps)
			return false;
	return true;
}

static bool two_carry(const struct game *g, uint64_t bps)
{
	for (uint32_t i = 0; i < g->fit[0].n; i++)
		for (uint32_t j = i; j < g->fit[0].n; j++)
			if (carry(g, &g->fit[0].at[i], &g->fit[0].at[j], bps))
				return true;
	return false;
}

START_TEST(lists_of_what_carries_it_together_fit)
{
	struct game *g = game();
	unsigned found = 0, other = 0, there = 0, missed = 0;
	struct rng r;

	rng_seed(&r, 73);
	for (unsigned i = 0; i < ROUNDS / 2; i++) {
		struct pce_multipath m = { .req = &g->leg[0], .lists_max = 3 };
		struct pce_multipath_answer a, plain;
		struct pce_request share;
		struct arena arena;

		deal(g, &r);
		g->leg[0].bandwidth_bps = 1 + rng_below(&r, 16000);
		arena_init(&arena, 0);
		pce_multipath(g->ted, &m, &arena, &a);
		pce_multipath_paths(g->ted, &m, &arena, &plain);
		for (uint32_t k = 0; a.status == PCE_OK && k < a.n; k++) {
			ck_assert(ways_own(&g->net, &g->leg[0], &a.path[k], &g->fit[0]));
			ck_assert_int_eq(a.path[k].status, PCE_OK);
			ck_assert_uint_le(a.path[k].n_segs, g->leg[0].msd);
			share = g->leg[0];
			share.bandwidth_bps = a.rate_bps[k];
			(void)slacks_are_told(&g->net, &share, &a.path[k], widest(&g->net, &a, k));
			other += k >= plain.n || plain.path[k].n_path != a.path[k].n_path ||
				 memcmp(plain.path[k].path, a.path[k].path,
					a.path[k].n_path * sizeof(uint32_t)) != 0;
		}
		ck_assert(a.status == PCE_OK || a.why[0] != '\0');
		found += a.status == PCE_OK;
		if (two_carry(g, g->leg[0].bandwidth_bps)) {
			there++;
			missed += a.status != PCE_OK;
		}
		arena_fini(&arena);
		ted_unref(g->ted);
	}
	ck_assert_uint_gt(found, ROUNDS / 20);
	ck_assert_uint_gt(other, ROUNDS / 200);
	ck_assert_msg(missed * 50 <= there, "missed %u of %u that two paths carry", missed, there);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fit");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, the_cheapest_pair_whose_lists_fit_is_found, 0, 2);
	tcase_add_test(t, how_many_sids_headends_must_push);
	tcase_add_test(t, each_alternative_tells_what_it_leaves);
	tcase_add_test(t, alternatives_none_of_which_has_a_list);
	tcase_add_test(t, lists_of_what_carries_it_together_fit);
	suite_add_tcase(s, t);
	return check_main(s);
}
