/* SPDX-License-Identifier: Apache-2.0 */
/* Synchronised sets against every combination of simple paths. */
#include "check_main.h"

#include <math.h>
#include <string.h>

#include "pce/te_sync.h"
#include "te_net.h"

enum { ROUNDS = 4000, SET = 3, PATHS = 400, LEN = TN_NODES };

/* Every simple path of every request that it could take alone. */
struct all {
	uint32_t n[SET];
	struct {
		uint32_t arc[LEN], n;
	} path[SET][PATHS];
};

static bool may_pass(const struct tn *t, uint32_t node, uint32_t dst)
{
	return node == dst || !t->prob.graph.flags || !(t->flags[node] & TE_NO_TRANSIT);
}

/* Stands for lists that do not fit: some paths will not do, whatever they are. */
static bool fits(void *arg, uint32_t request, const uint32_t *arcs, uint32_t n)
{
	uint32_t h = request * 7 + *(const uint32_t *)arg;

	for (uint32_t i = 0; i < n; i++)
		h = h * 31 + arcs[i];
	return n < 2 ? h % 5 : h % 3;
}

/* Depth first over arcs; small networks, small depth. */
static void walk(struct all *a, const struct tn *t, uint32_t q, const struct te_sync_request *r,
		 uint32_t *arcs, uint32_t n)
{
	uint32_t at = n ? t->arc[arcs[n - 1]].to : r->src;
	uint64_t delay = 0;

	for (uint32_t i = 0; i < n; i++)
		delay += t->arc[arcs[i]].delay_us;
	if (delay > r->delay_us_max && r->delay_us_max != TE_NO_BOUND)
		return;
	if (at == r->dst) {
		ck_assert_uint_lt(a->n[q], PATHS);
		memcpy(a->path[q][a->n[q]].arc, arcs, n * sizeof(*arcs));
		a->path[q][a->n[q]++].n = n;
		return;
	}
	if (n > 0 && !may_pass(t, at, r->dst))
		return;
	for (uint32_t i = 0; i < t->prob.graph.m; i++) {
		bool again = t->arc[i].to == r->src;

		for (uint32_t j = 0; j < n; j++)
			again = again || t->arc[arcs[j]].to == t->arc[i].to;
		if (t->arc[i].from != at || again || t->arc[i].capacity_bps == 0 ||
		    (r->barred && r->barred[i]))
			continue;
		arcs[n] = i;
		walk(a, t, q, r, arcs, n + 1);
	}
}

static double value(const struct tn *t, enum te_sync_goal goal, const struct te_sync_request *r,
		    const uint32_t *const *arcs, const uint32_t *n)
{
	double load[TN_ARCS], sum = 0, max = 0;

	for (uint32_t i = 0; i < t->prob.graph.m; i++)
		load[i] = (double)t->arc[i].other_bps;
	for (uint32_t q = 0; q < SET; q++) {
		for (uint32_t i = 0; i < n[q]; i++) {
			const struct te_arc *x = &t->arc[arcs[q][i]];

			load[arcs[q][i]] += (double)r[q].rate_bps;
			if (load[arcs[q][i]] > (double)x->capacity_bps)
				return INFINITY;
			sum += goal == TE_SYNC_MCC ? (double)x->metric : (double)r[q].rate_bps;
		}
	}
	for (uint32_t i = 0; i < t->prob.graph.m; i++)
		if (t->arc[i].capacity_bps)
			max = fmax(max, load[i] / (double)t->arc[i].capacity_bps);
	return goal == TE_SYNC_MLL ? max : sum;
}

static double best_of(const struct tn *t, const struct all *a, enum te_sync_goal goal,
		      const struct te_sync_request *r)
{
	double best = INFINITY;

	for (uint32_t i = 0; i < a->n[0]; i++)
		for (uint32_t j = 0; j < a->n[1]; j++)
			for (uint32_t k = 0; k < a->n[2]; k++) {
				const uint32_t *arcs[SET] = { a->path[0][i].arc, a->path[1][j].arc,
							      a->path[2][k].arc };
				const uint32_t n[SET] = { a->path[0][i].n, a->path[1][j].n,
							  a->path[2][k].n };

				best = fmin(best, value(t, goal, r, arcs, n));
			}
	return best;
}

static void is_a_path(const struct tn *t, const struct te_sync_request *r,
		      const struct te_sync_path *p)
{
	uint32_t at = r->src;
	uint64_t delay = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		ck_assert_uint_lt(p->arcs[i], t->prob.graph.m);
		ck_assert_uint_eq(t->arc[p->arcs[i]].from, at);
		ck_assert(!r->barred || !r->barred[p->arcs[i]]);
		at = t->arc[p->arcs[i]].to;
		delay += t->arc[p->arcs[i]].delay_us;
		ck_assert(may_pass(t, at, r->dst));
	}
	ck_assert_uint_eq(at, r->dst);
	ck_assert(r->delay_us_max == TE_NO_BOUND || delay <= r->delay_us_max);
}

static void judge(const struct tn *t, const struct te_sync_request *r, enum te_sync_goal goal,
		  const struct te_sync *out, double best)
{
	const uint32_t *arcs[SET];
	uint32_t n[SET];

	if (out->found == TE_SYNC_NONE) {
		ck_assert(!(best < INFINITY));
		return;
	}
	if (out->found == TE_SYNC_UNKNOWN)
		return;
	for (uint32_t q = 0; q < SET; q++) {
		is_a_path(t, &r[q], &out->paths[q]);
		arcs[q] = out->paths[q].arcs;
		n[q] = out->paths[q].n;
	}
	ck_assert_double_eq_tol(value(t, goal, r, arcs, n), out->value, 1e-9 * (1 + out->value));
	ck_assert_double_ge(out->value, best * (1 - 1e-9));
	ck_assert_msg(out->bound <= best * (1 + 1e-9), "bound %f best %f", out->bound, best);
	if (out->found == TE_SYNC_OPTIMAL)
		ck_assert_double_le(out->value, best * (1 + 1e-9));
}

/* Arcs that requests must not take, each its own; in two of seven instances. */
static bool barred[SET][TN_ARCS];

static void make(struct tn *t, struct te_sync_request *r, uint64_t seed)
{
	const struct tn_cfg cfg = { .nodes = 5 + seed % 2, .wires = 7 + seed % 2, .demands = SET,
				    .metric_max = 3, .zero = seed % 4 == 0, .holes = seed % 3 == 0,
				    .flags = seed % 5 == 0, .bounds = seed % 2 == 0 };
	struct rng rng;

	rng_seed(&rng, seed);
	tn_make(t, &rng, &cfg);
	for (uint32_t q = 0; q < SET; q++)
		r[q] = (struct te_sync_request){ .src = t->demand[q].src, .dst = t->demand[q].dst,
						 .rate_bps = t->demand[q].rate_bps,
						 .delay_us_max = t->demand[q].delay_us_max };
	for (uint32_t q = 0; seed % 7 > 4 && q < SET; q++) {
		for (uint32_t i = 0; i < TN_ARCS; i++)
			barred[q][i] = rng_below(&rng, 4) == 0;
		r[q].barred = barred[q];
	}
}

START_TEST(small_sets_are_solved_exactly)
{
	uint32_t ends[4] = { 0 }, alone = 0;

	for (uint64_t seed = 0; seed < ROUNDS; seed++) {
		struct te_sync_options o = { .goal = (enum te_sync_goal)(seed % 3),
					     .work_max = 20000000 };
		struct te_sync_request r[SET];
		struct te_sync out;
		struct all all = { 0 };
		struct arena a;
		struct tn t;
		double best;

		make(&t, r, seed);
		for (uint32_t q = 0; q < SET; q++) {
			uint32_t arcs[LEN + 1];

			walk(&all, &t, q, &r[q], arcs, 0);
		}
		best = best_of(&t, &all, o.goal, r);
		arena_init(&a, 0);
		te_sync(&t.prob.graph, r, SET, &o, &a, &out);
		if (out.status != TE_OK) {
			ck_assert(out.status == TE_NO_ROUTE || out.status == TE_NO_DELAY);
			ck_assert(!(best < INFINITY));
			alone++;
		} else {
			ck_assert(out.found == TE_SYNC_OPTIMAL || out.found == TE_SYNC_NONE);
			ends[out.found]++;
			judge(&t, r, o.goal, &out, best);
		}
		arena_fini(&a);
	}
	ck_assert_uint_gt(ends[TE_SYNC_OPTIMAL], ROUNDS / 4);
	ck_assert_uint_gt(ends[TE_SYNC_NONE], 10);
	ck_assert_uint_gt(alone, 20);
}
END_TEST

START_TEST(paths_that_will_not_do_are_in_no_set)
{
	uint32_t ends[4] = { 0 }, dearer = 0;

	for (uint32_t seed = 0; seed < ROUNDS; seed++) {
		struct te_sync_options o = { .goal = (enum te_sync_goal)(seed % 3),
					     .work_max = 100000000, .fits = fits, .fits_arg = &seed };
		struct te_sync_request r[SET];
		struct te_sync out;
		struct all all = { 0 }, good = { 0 };
		struct arena a;
		struct tn t;
		double best;

		make(&t, r, seed);
		for (uint32_t q = 0; q < SET; q++) {
			uint32_t arcs[LEN + 1];

			walk(&all, &t, q, &r[q], arcs, 0);
			for (uint32_t i = 0; i < all.n[q]; i++)
				if (fits(&seed, q, all.path[q][i].arc, all.path[q][i].n))
					good.path[q][good.n[q]++] = all.path[q][i];
		}
		best = best_of(&t, &good, o.goal, r);
		arena_init(&a, 0);
		te_sync(&t.prob.graph, r, SET, &o, &a, &out);
		if (out.status != TE_OK) {
			ck_assert(!(best < INFINITY));
		} else {
			ck_assert(out.found == TE_SYNC_OPTIMAL || out.found == TE_SYNC_NONE);
			ends[out.found]++;
			judge(&t, r, o.goal, &out, best);
			for (uint32_t q = 0; out.paths && q < SET; q++)
				ck_assert(fits(&seed, q, out.paths[q].arcs, out.paths[q].n));
			dearer += best < INFINITY && best > best_of(&t, &all, o.goal, r) * (1 + 1e-9);
		}
		arena_fini(&a);
	}
	ck_assert_uint_gt(ends[TE_SYNC_OPTIMAL], ROUNDS / 8);
	ck_assert_uint_gt(ends[TE_SYNC_NONE], ROUNDS / 20);
	ck_assert_uint_gt(dearer, ROUNDS / 40);
}
END_TEST

START_TEST(beyond_the_budget_the_bound_still_holds)
{
	uint32_t ends[4] = { 0 };

	for (uint64_t seed = 0; seed < ROUNDS; seed++) {
		struct te_sync_options o = { .goal = (enum te_sync_goal)(seed % 3),
					     .work_max = 100 + seed % 40 * 1000 };
		struct te_sync_request r[SET];
		struct te_sync out;
		struct all all = { 0 };
		struct arena a;
		struct tn t;

		make(&t, r, seed);
		arena_init(&a, 0);
		te_sync(&t.prob.graph, r, SET, &o, &a, &out);
		for (uint32_t q = 0; q < SET && out.status == TE_OK; q++) {
			uint32_t arcs[LEN + 1];

			walk(&all, &t, q, &r[q], arcs, 0);
		}
		if (out.status == TE_OK) {
			ends[out.found]++;
			judge(&t, r, o.goal, &out, best_of(&t, &all, o.goal, r));
		}
		arena_fini(&a);
	}
	ck_assert_uint_gt(ends[TE_SYNC_FEASIBLE], 10);
	ck_assert_uint_gt(ends[TE_SYNC_OPTIMAL], 10);
	ck_assert_uint_ge(ends[TE_SYNC_UNKNOWN], 5);
}
END_TEST

START_TEST(bad_sets_are_refused)
{
	struct te_sync_options o = { .goal = TE_SYNC_MCC, .work_max = 100000 };
	struct te_sync_request r[SET];
	struct te_sync out;
	struct arena a;
	struct tn t;

	make(&t, r, 1);
	arena_init(&a, 0);
	te_sync(&t.prob.graph, r, SET, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	te_sync(&t.prob.graph, r, 0, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	ck_assert_int_eq(out.found, TE_SYNC_OPTIMAL);
	r[1].dst = r[1].src;
	te_sync(&t.prob.graph, r, SET, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_BAD_DEMAND);
	ck_assert_uint_eq(out.where, 1);
	r[1].dst = 77;
	te_sync(&t.prob.graph, r, SET, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_BAD_DEMAND);
	te_sync(&t.prob.graph, r, TE_SYNC_MAX + 1, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_TOO_LARGE);
	o.work_max = 0;
	te_sync(&t.prob.graph, r, SET, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_BAD_OPTIONS);
	for (int g = TE_SYNC_MBC; g <= TE_SYNC_MCC; g++)
		ck_assert_uint_eq(strlen(te_sync_goal_text((enum te_sync_goal)g)), 3);
	arena_fini(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("te-sync");
	TCase *c = tcase_create("te-sync");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, small_sets_are_solved_exactly);
	tcase_add_test(c, paths_that_will_not_do_are_in_no_set);
	tcase_add_test(c, beyond_the_budget_the_bound_still_holds);
	tcase_add_test(c, bad_sets_are_refused);
	suite_add_tcase(s, c);
	return check_main(s);
}
