/* SPDX-License-Identifier: Apache-2.0 */
/* Rollouts against every order of moves, each step's loads worked out apart from the engine. */
#include "check_main.h"

#include <math.h>
#include <string.h>

#include "pce/te_rollout.h"
#include "te_net.h"

enum { ROUNDS = 3000, MOVES = 6 };

static const struct te_list direct = { { TE_NO_NODE, TE_NO_NODE, TE_NO_NODE } };

static double peak_of(const struct tn *t, const struct te_list *lists)
{
	double load[TN_ARCS];

	ck_assert(tn_loads(t, lists, load));
	return tn_max(t, load);
}

/* Sets of moves that can be reached without passing the limit, smallest first. */
static bool order_exists(const struct tn *t, const struct te_list *goal, double limit)
{
	bool reached[1 << MOVES] = { true };
	uint32_t n = t->prob.n_demands;

	for (uint32_t set = 0; set < 1U << n; set++) {
		for (uint32_t i = 0; reached[set] && i < n; i++) {
			struct te_list lists[TN_DEMANDS];

			for (uint32_t j = 0; j < n; j++)
				lists[j] = (set | 1U << i) >> j & 1 ? goal[j] : t->demand[j].now;
			if (peak_of(t, lists) <= limit * (1 + 1e-6))
				reached[set | 1U << i] = true;
		}
	}
	return reached[(1U << n) - 1];
}

/* Every step is within the limit and the end is the goal; returns the highest peak. */
static void steps_hold(const struct tn *t, const struct te_list *goal,
		       const struct te_rollout *out, double limit)
{
	struct te_list lists[TN_DEMANDS];
	uint32_t times[TN_DEMANDS] = { 0 };
	double peak = 0;

	for (uint32_t i = 0; i < t->prob.n_demands; i++)
		lists[i] = t->demand[i].now;
	for (uint32_t i = 0; i < out->n_moves; i++) {
		double now;

		lists[out->moves[i].demand] = out->moves[i].list;
		times[out->moves[i].demand]++;
		now = peak_of(t, lists);
		ck_assert_double_le(now, limit * (1 + 1e-6));
		peak = now > peak ? now : peak;
	}
	for (uint32_t i = 0; i < t->prob.n_demands; i++) {
		struct te_list a[TN_DEMANDS], b[TN_DEMANDS];

		ck_assert(out->found == TE_ROLLOUT_DETOURS || times[i] <= 1);
		memcpy(a, lists, t->prob.n_demands * sizeof(*a));
		memcpy(b, goal, t->prob.n_demands * sizeof(*b));
		ck_assert_double_eq_tol(peak_of(t, a), peak_of(t, b), 1e-9);
		if (memcmp(&lists[i], &goal[i], sizeof(goal[i])) != 0) /* an end named as midpoint */
			ck_assert(goal[i].mid[0] == t->demand[i].src ||
				  goal[i].mid[0] == t->demand[i].dst);
	}
	ck_assert_double_eq_tol(peak, out->peak, 1e-6 * (1 + peak));
}

static void random_lists(struct tn *t, struct rng *r, struct te_list *goal)
{
	for (uint32_t i = 0; i < t->prob.n_demands; i++) {
		struct te_demand *d = &t->demand[i];

		d->fixed = false;
		d->now = goal[i] = direct;
		for (uint32_t z = 0; z < 2; z++) {
			struct te_list *l = z ? &goal[i] : &d->now;
			uint32_t v = (uint32_t)rng_below(r, t->prob.graph.n + 2);

			if (v < t->prob.graph.n && v != d->src && v != d->dst)
				l->mid[0] = v;
		}
	}
}

START_TEST(an_order_is_found_when_there_is_one)
{
	static const struct tn_cfg cfg = { .nodes = 6, .wires = 9, .demands = MOVES, .metric_max = 2 };
	uint32_t found = 0, detours = 0, none = 0;

	for (uint64_t seed = 0; seed < ROUNDS; seed++) {
		struct te_rollout_options o = { .work_max = 3000000 };
		struct te_list goal[TN_DEMANDS], start[TN_DEMANDS];
		struct te_rollout out;
		struct arena a;
		struct tn t;
		struct rng r;
		double limit;

		rng_seed(&r, seed);
		tn_make(&t, &r, &cfg);
		for (uint32_t i = 0; i < MOVES; i++) { /* large ones that want the same links */
			t.demand[i].src = t.demand[i % 2].src;
			t.demand[i].dst = t.demand[i % 2].dst;
			t.demand[i].rate_bps = t.demand[i % 2].rate_bps + 1000000;
		}
		random_lists(&t, &r, goal);
		for (uint32_t i = 0; i < MOVES && seed % 2; i++)
			goal[i] = t.demand[(i + 2) % MOVES].now; /* they change places */
		for (uint32_t i = 0; i < MOVES; i++)
			start[i] = t.demand[i].now;
		limit = fmax(peak_of(&t, start), peak_of(&t, goal));
		o.limit = seed % 8 ? limit : 0;
		limit = seed % 8 ? limit : fmax(1, limit);
		arena_init(&a, 0);
		te_rollout(&t.prob, goal, &o, &a, &out);
		ck_assert_int_eq(out.status, TE_OK);
		ck_assert_double_eq_tol(out.limit, limit, 1e-6 * limit);
		if (order_exists(&t, goal, limit)) {
			ck_assert_msg(out.found == TE_ROLLOUT_FOUND, "seed %lu", (unsigned long)seed);
			found++;
		} else {
			ck_assert(out.found == TE_ROLLOUT_DETOURS || out.found == TE_ROLLOUT_NONE);
			detours += out.found == TE_ROLLOUT_DETOURS;
			none += out.found == TE_ROLLOUT_NONE;
		}
		if (out.found <= TE_ROLLOUT_DETOURS)
			steps_hold(&t, goal, &out, limit);
		else
			ck_assert_uint_eq(out.n_moves, 0);
		arena_fini(&a);
	}
	ck_assert_uint_gt(found, ROUNDS / 2);
	ck_assert_msg(detours >= 20, "%u", detours);
	ck_assert_msg(none >= 20, "%u", none);
}
END_TEST

/* Three equal ways from 0 to 1, over 2, 3 and 4; a demand fills 80 of 100. */
static void three_ways(struct tn *t, uint64_t third)
{
	static const uint32_t ends[6][2] = { { 0, 2 }, { 2, 1 }, { 0, 3 }, { 3, 1 }, { 0, 4 }, { 4, 1 } };

	memset(t, 0, sizeof(*t));
	t->prob.graph = (struct te_graph){ .n = 5, .m = 6, .arcs = t->arc };
	for (uint32_t i = 0; i < 6; i++)
		t->arc[i] = (struct te_arc){ .from = ends[i][0], .to = ends[i][1], .metric = 1,
					     .capacity_bps = i < 4 ? 100 : third };
	for (uint32_t i = 0; i < 2; i++)
		t->demand[i] = (struct te_demand){ .src = 0, .dst = 1, .rate_bps = 80,
						   .delay_us_max = TE_NO_BOUND,
						   .now = tn_list(2 + i, TE_NO_NODE, TE_NO_NODE) };
	t->prob.demands = t->demand;
	t->prob.n_demands = 2;
	tn_routes(t);
}

START_TEST(two_that_change_places_need_a_third_place)
{
	struct te_rollout_options o = { .work_max = 1000000 };
	const struct te_list goal[2] = { tn_list(3, TE_NO_NODE, TE_NO_NODE),
					 tn_list(2, TE_NO_NODE, TE_NO_NODE) };
	struct te_rollout out;
	struct arena a;
	struct tn t;

	arena_init(&a, 0);
	three_ways(&t, 100);
	te_rollout(&t.prob, goal, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	ck_assert_int_eq(out.found, TE_ROLLOUT_DETOURS);
	ck_assert_uint_eq(out.n_moves, 3);
	ck_assert(out.moves[0].detour && !out.moves[1].detour && !out.moves[2].detour);
	steps_hold(&t, goal, &out, 1);
	three_ways(&t, 70); /* too small for it */
	te_rollout(&t.prob, goal, &o, &a, &out);
	ck_assert_int_eq(out.found, TE_ROLLOUT_NONE);
	ck_assert_uint_eq(out.n_moves, 0);
	o.limit = 1.6; /* the operator lets it pass */
	te_rollout(&t.prob, goal, &o, &a, &out);
	ck_assert_int_eq(out.found, TE_ROLLOUT_FOUND);
	steps_hold(&t, goal, &out, 1.6);
	arena_fini(&a);
}
END_TEST

START_TEST(not_found_in_time_is_not_the_same_as_none)
{
	struct te_rollout_options o = { .work_max = 1 };
	const struct te_list goal[2] = { tn_list(3, TE_NO_NODE, TE_NO_NODE),
					 tn_list(2, TE_NO_NODE, TE_NO_NODE) };
	struct te_rollout out;
	struct arena a;
	struct tn t;

	arena_init(&a, 0);
	three_ways(&t, 100);
	te_rollout(&t.prob, goal, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	ck_assert_int_eq(out.found, TE_ROLLOUT_UNKNOWN);
	ck_assert_uint_eq(out.n_moves, 0);
	o.work_max = 0; /* no end */
	te_rollout(&t.prob, goal, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_BAD_OPTIONS);
	o = (struct te_rollout_options){ .work_max = 1000, .limit = NAN };
	te_rollout(&t.prob, goal, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_BAD_OPTIONS);
	arena_fini(&a);
}
END_TEST

START_TEST(goals_are_checked)
{
	struct te_rollout_options o = { .work_max = 1000000 };
	struct te_list goal[2] = { tn_list(2, TE_NO_NODE, TE_NO_NODE),
				   tn_list(9, TE_NO_NODE, TE_NO_NODE) };
	struct te_rollout out;
	struct arena a;
	struct tn t;

	arena_init(&a, 0);
	three_ways(&t, 100);
	te_rollout(&t.prob, goal, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_BAD_DEMAND);
	ck_assert_uint_eq(out.where, 1);
	goal[1] = tn_list(4, TE_NO_NODE, TE_NO_NODE);
	te_rollout(&t.prob, goal, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	ck_assert_uint_eq(out.n_moves, 1);
	t.demand[1].fixed = true;
	te_rollout(&t.prob, goal, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_BAD_DEMAND);
	t.demand[1].fixed = false;
	t.arc[4].capacity_bps = 0;
	te_rollout(&t.prob, goal, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_NO_ROUTE);
	ck_assert_uint_eq(out.where, 1);
	/* what runs over it already is lost, and may come back */
	t.demand[1].now = goal[1];
	goal[1] = tn_list(3, TE_NO_NODE, TE_NO_NODE);
	te_rollout(&t.prob, goal, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	ck_assert_int_eq(out.found, TE_ROLLOUT_FOUND);
	ck_assert_uint_eq(out.n_moves, 1);
	arena_fini(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rollout");
	TCase *c = tcase_create("rollout");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, an_order_is_found_when_there_is_one);
	tcase_add_test(c, two_that_change_places_need_a_third_place);
	tcase_add_test(c, not_found_in_time_is_not_the_same_as_none);
	tcase_add_test(c, goals_are_checked);
	suite_add_tcase(s, c);
	return check_main(s);
}
