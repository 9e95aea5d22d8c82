/* SPDX-License-Identifier: Apache-2.0 */
/* Paths that operators ask for: found beside the loop, on the book of their turn, told once. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "intent/intent_priv.h"

enum { G = 1000000000 };

static struct told {
	unsigned n;
	int rc;
	enum intent_paths_kind kind;
	enum pce_status status;
	const struct ted *ted;
	uint32_t paths, first; /* first link of the first path */
	uint64_t cost;
	char why[200];
} told;

static void setup(void)
{
	world_up(NULL);
	net_square();
	memset(&told, 0, sizeof(told));
}

static void take(const struct pce_answer *path, uint32_t n, enum pce_status status,
		 const char *why)
{
	told.status = status;
	told.paths = n;
	told.first = n && path->n_path ? path->path[0] : TED_NONE;
	for (uint32_t i = 0; i < n; i++)
		told.cost += path[i].cost;
	(void)snprintf(told.why, sizeof(told.why), "%s", why);
}

static void on_paths(void *arg, int rc, const struct intent_paths *is)
{
	unsigned n = told.n;

	ck_assert_ptr_eq(arg, &told);
	told = (struct told){ .n = n + 1, .rc = rc, .kind = is->kind, .ted = is->ted };
	switch (is->kind) {
	case INTENT_PATHS_ONE:
		take(&is->one, is->one.status == PCE_OK, is->one.status, is->one.why);
		break;
	case INTENT_PATHS_DISJOINT:
		take(is->disjoint.leg, is->disjoint.n_legs, is->disjoint.status, is->disjoint.why);
		break;
	case INTENT_PATHS_ALTERNATIVES:
		take(is->alternatives.path, is->alternatives.n, is->alternatives.status,
		     is->alternatives.why);
		break;
	case INTENT_PATHS_MULTIPATH:
		take(is->multipath.path, is->multipath.n, is->multipath.status, is->multipath.why);
		break;
	case INTENT_PATHS_REACH:
		take(NULL, 0, is->reached.status, is->reached.why);
		for (uint32_t i = 0; is->reached.status == PCE_OK && i < is->ted->n_nodes; i++) {
			uint32_t from = is->reached.all.start[i];

			if (i == is->reached.src || from == is->reached.all.start[i + 1])
				continue;
			told.paths++;
			told.cost += is->reached.all.points[from].cost;
		}
		break;
	}
}

static struct intent_set_query query(const char *src, const char *dst)
{
	struct intent_set_query q = { .path.setup_prio = 7, .count = 2,
				      .diverse = PCE_DIVERSE_LINK };

	intent_cpath_default(&q.path.constraints);
	memcpy(q.path.src, src, strlen(src) + 1);
	memcpy(q.path.dst, dst, strlen(dst) + 1);
	for (unsigned i = 0; i < PCE_LEGS_MAX; i++)
		q.leg[i].delay_us_max = PCE_NO_BOUND;
	return q;
}

static void ask(enum intent_paths_kind kind, const struct intent_set_query *q)
{
	unsigned n = told.n;

	ck_assert_int_eq(intent_paths(world.intent, kind, q, on_paths, &told), 0);
	ck_assert_uint_eq(told.n, n); /* a worker's, not the loop's */
	run_ms(1000);
	ck_assert_uint_eq(told.n, n + 1);
	ck_assert_int_eq(told.rc, 0);
	ck_assert_int_eq(told.kind, kind);
	ck_assert_ptr_eq(told.ted, intent_ted(world.intent));
}

START_TEST(each_kind_is_found)
{
	struct intent_set_query q = query("a", "d");

	ask(INTENT_PATHS_ONE, &q);
	ck_assert_int_eq(told.status, PCE_OK);
	ck_assert_uint_eq(told.first, net_index("a", "b"));
	ask(INTENT_PATHS_DISJOINT, &q);
	ck_assert_int_eq(told.status, PCE_OK);
	ck_assert_uint_eq(told.paths, 2);
	ask(INTENT_PATHS_ALTERNATIVES, &q);
	ck_assert_int_eq(told.status, PCE_OK);
	ck_assert_uint_eq(told.paths, 2);
	q.path.bandwidth_bps = 15ull * G; /* of two ways of 10 each */
	ask(INTENT_PATHS_MULTIPATH, &q);
	ck_assert_int_eq(told.status, PCE_OK);
	ck_assert_uint_eq(told.paths, 2);
	ask(INTENT_PATHS_ONE, &q);
	ck_assert_int_eq(told.status, PCE_NO_CONSTRAINED);
	audit();
}
END_TEST

/* Of the square: b and c over a link each, d over two; within the delay of one link b and c alone. */
START_TEST(all_that_is_reached_from_one)
{
	struct intent_set_query q = query("a", "");
	uint64_t b, c;

	q.path.constraints.minimise = PCE_IGP;
	q.count = 4;
	b = net_dir("a", "b")->igp_metric;
	c = net_dir("a", "c")->igp_metric;
	ask(INTENT_PATHS_REACH, &q);
	ck_assert_int_eq(told.status, PCE_OK);
	ck_assert_uint_eq(told.paths, 3);
	ck_assert_uint_ge(told.cost, b + c);
	q.path.constraints.delay_us_max = net_dir("a", "b")->delay_us;
	if (q.path.constraints.delay_us_max < net_dir("a", "c")->delay_us)
		q.path.constraints.delay_us_max = net_dir("a", "c")->delay_us;
	ask(INTENT_PATHS_REACH, &q);
	ck_assert_uint_eq(told.paths, 2);
	ck_assert_uint_eq(told.cost, b + c);
	q.count = PCE_REACH_SEGS_MAX + 1;
	ask(INTENT_PATHS_REACH, &q);
	ck_assert_int_eq(told.status, PCE_INVALID);
	q = query("nowhere", "");
	q.count = 4;
	ck_assert_int_eq(intent_paths(world.intent, INTENT_PATHS_REACH, &q, on_paths, &told), 0);
	run_ms(1000);
	ck_assert_int_eq(told.status, PCE_NO_SOURCE);
	ck_assert_ptr_nonnull(strstr(told.why, "nowhere is no node"));
	audit();
}
END_TEST

START_TEST(legs_have_terms_of_their_own)
{
	struct intent_set_query q = query("a", "d");

	q.leg[1].delay_us_max = 0;
	ask(INTENT_PATHS_DISJOINT, &q);
	ck_assert_int_eq(told.status, PCE_NO_CONSTRAINED);
	q.leg[1].delay_us_max = PCE_NO_BOUND;
	memcpy(q.leg[1].dst, "nowhere", 8);
	ck_assert_int_eq(intent_paths(world.intent, INTENT_PATHS_DISJOINT, &q, on_paths, &told), 0);
	ck_assert_int_eq(told.status, PCE_NO_TARGET); /* nothing to search: at once */
	ck_assert_ptr_nonnull(strstr(told.why, "leg 2: nowhere"));
}
END_TEST

/* a to d by b or by c: whatever only one leg asks for, it gets, and the other does not have to. */
START_TEST(a_leg_says_whatever_a_path_can)
{
	struct intent_set_query q = query("a", "d");
	struct intent_leg_query *l = &q.leg[1];

	l->has_constraints = true;
	intent_cpath_default(&l->constraints);
	memcpy(l->constraints.exclude[l->constraints.n_exclude++], "b", 2);
	ask(INTENT_PATHS_DISJOINT, &q);
	ck_assert_int_eq(told.status, PCE_OK);
	ck_assert_uint_eq(told.first, net_index("a", "b")); /* of the other leg */
	q.leg[0] = *l;
	ask(INTENT_PATHS_DISJOINT, &q);
	ck_assert_int_eq(told.status, PCE_NO_CONSTRAINED);
	q.leg[0].has_constraints = false;
	l->constraints.hops_max = 1;
	ask(INTENT_PATHS_DISJOINT, &q);
	ck_assert_int_eq(told.status, PCE_NO_CONSTRAINED);
	l->has_constraints = false;
	l->has_bandwidth = true;
	l->bandwidth_bps = 11ull * G; /* of ways of 10 */
	ask(INTENT_PATHS_DISJOINT, &q);
	ck_assert_int_eq(told.status, PCE_NO_CONSTRAINED);
	q.path.bandwidth_bps = 11ull * G;
	l->bandwidth_bps = q.leg[0].bandwidth_bps = 0;
	q.leg[0].has_bandwidth = true;
	ask(INTENT_PATHS_DISJOINT, &q);
	ck_assert_int_eq(told.status, PCE_OK);
	l->has_constraints = true;
	memcpy(l->constraints.exclude[0], "nowhere", 8);
	ck_assert_int_eq(intent_paths(world.intent, INTENT_PATHS_DISJOINT, &q, on_paths, &told), 0);
	ck_assert_ptr_nonnull(strstr(told.why, "leg 2: nowhere is no node or link"));
}
END_TEST

START_TEST(without_a_topology_there_is_an_answer)
{
	struct intent_set_query q = query("a", "d");

	world_crash();
	ck_assert_int_eq(intent_paths(world.intent, INTENT_PATHS_ALTERNATIVES, &q, on_paths, &told),
			 0);
	ck_assert_uint_eq(told.n, 1);
	ck_assert_int_eq(told.status, PCE_NO_SOURCE);
	ck_assert_ptr_null(told.ted);
}
END_TEST

/* The book when it is their turn counts, not the one when they were asked. */
START_TEST(the_second_waits_for_the_first)
{
	struct intent_set_query q = query("a", "d");
	struct intent_policy *p = policy("a", 1, "d");

	pcc_up("a");
	q.path.bandwidth_bps = 5ull * G;
	for (unsigned n = 0; n < 2; n++)
		ck_assert_int_eq(intent_paths(world.intent, INTENT_PATHS_ONE, &q, on_paths, &told), 0);
	ck_assert_uint_eq(told.n, 0);
	while (told.n == 0)
		run_ms(1);
	ck_assert_uint_eq(told.first, net_index("a", "b"));
	while (told.n == 1)
		run_ms(1);
	p->bandwidth_bps = 6ull * G;
	put_ok(p);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ask(INTENT_PATHS_ONE, &q);
	ck_assert_uint_eq(told.first, net_index("a", "c"));
}
END_TEST

/* 0: at a worker; 1: waiting; 2: all of it ends with intent. */
START_TEST(who_has_gone_is_not_told)
{
	struct intent_set_query q = query("a", "d");

	ck_assert_int_eq(intent_paths(world.intent, INTENT_PATHS_DISJOINT, &q, on_paths, &told), 0);
	if (_i == 1)
		ck_assert_int_eq(intent_paths(world.intent, INTENT_PATHS_ONE, &q, on_paths, &world),
				 0);
	if (_i < 2)
		intent_paths_forget(world.intent, _i ? (void *)&world : (void *)&told);
	else
		world_crash();
	run_ms(1000);
	ck_assert_uint_eq(told.n, _i == 1);
}
END_TEST

START_TEST(too_many_are_refused)
{
	struct intent_set_query q = query("a", "d");

	for (unsigned n = 0; n < INTENT_ASKS_MAX; n++)
		ck_assert_int_eq(intent_paths(world.intent, INTENT_PATHS_ONE, &q, on_paths, &told), 0);
	ck_assert_int_eq(intent_paths(world.intent, INTENT_PATHS_ONE, &q, on_paths, &told),
			 INTENT_E_BUSY);
	run_ms(60000);
	ck_assert_uint_eq(told.n, INTENT_ASKS_MAX);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-paths");
	TCase *tc = tcase_create("paths");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, each_kind_is_found);
	tcase_add_test(tc, all_that_is_reached_from_one);
	tcase_add_test(tc, legs_have_terms_of_their_own);
	tcase_add_test(tc, a_leg_says_whatever_a_path_can);
	tcase_add_test(tc, without_a_topology_there_is_an_answer);
	tcase_add_test(tc, the_second_waits_for_the_first);
	tcase_add_loop_test(tc, who_has_gone_is_not_told, 0, 3);
	tcase_add_test(tc, too_many_are_refused);
	suite_add_tcase(s, tc);
	return check_main(s);
}
