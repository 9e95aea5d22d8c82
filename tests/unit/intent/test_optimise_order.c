/* SPDX-License-Identifier: Apache-2.0 */
/* Which policies are placed, and in which order they move, where not all can. */
#include <string.h>

#include "bed_optimise.h"
#include "intent/optimise/optimise_priv.h"

enum { G = 1000000000 };

/* Two policies that would have to change places, with room for neither to be beside the other. */
static void puzzle(void)
{
	struct intent_policy *p;

	world_up(NULL);
	for (const char *n = "a\0b\0c\0d\0e\0f\0g\0"; *n; n += 2)
		net_node(n);
	net_link("a", "b", 10, 1000, 10 * (uint64_t)G);
	net_link("b", "d", 10, 1000, 10 * (uint64_t)G);
	net_link("a", "c", 20, 1000, 9 * (uint64_t)G);
	net_link("c", "d", 20, 1000, 9 * (uint64_t)G);
	net_link("d", "e", 10, 1000, 10 * (uint64_t)G);
	net_link("e", "f", 10, 1000, 10 * (uint64_t)G);
	net_link("e", "g", 10, 1000, 10 * (uint64_t)G);
	net_link("g", "f", 10, 1000, 10 * (uint64_t)G);
	net_publish();
	pcc_up("a");
	pcc_up("e");
	for (uint32_t c = 1; c <= 2; c++) {
		p = policy("a", c, "d");
		p->bandwidth_bps = (c == 1 ? 6 : 8) * (uint64_t)G;
		put_ok(p);
	}
	all_answer();
	SAME(fullest(), 8.0 / 9);
}

START_TEST(that_there_is_no_order_is_said)
{
	const char *why;

	puzzle();
	ck_assert_int_eq(optimise(true)->state, INTENT_OPTIMISE_FAILED);
	ck_assert_int_eq(now()->rollout, INTENT_ROLLOUT_NONE);
	ck_assert_uint_eq(now()->n_changes, 2);
	ck_assert_uint_eq(now()->n_steps, 0);
	ck_assert_uint_eq(now()->after_ppb, 800000000); /* where it would lead */
	ck_assert_int_eq(intent_optimise_apply(world.intent, now()->id, &why), INTENT_E_MODE);
	ck_assert_uint_eq(calls_open(), 0);
	SAME(fullest(), 8.0 / 9);
	world_down();
}
END_TEST

START_TEST(where_there_is_no_order_what_fits_is_moved)
{
	struct intent_optimise_left l;

	puzzle();
	for (uint32_t c = 3; c <= 5; c++) {
		struct intent_policy *p = policy("e", c, "f");

		p->bandwidth_bps = 3300000000;
		put_ok(p);
	}
	all_answer();
	SAME(fullest(), 0.99);
	optimise(true);
	all_answer();
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_DONE);
	ck_assert_int_eq(now()->rollout, INTENT_ROLLOUT_PART);
	ck_assert_uint_eq(now()->n_dropped, 2);
	ck_assert_uint_eq(now()->n_done, now()->n_changes);
	ck_assert(intent_optimise_left(world.intent, 0, &l) && l.dropped);
	ck_assert_msg(strstr(l.why, "too little free for the move"), "%s", l.why);
	SAME(fullest(), 8.0 / 9);
	SAME((double)now()->after_ppb / 1e9, 8.0 / 9);
	world_down();
}
END_TEST

START_TEST(where_there_are_too_many_ends_the_fullest_links_come_first)
{
	const struct intent_optimise_options o = options(true);
	struct intent_optimise_left l;
	struct intent_policy *p;

	world_up(NULL);
	net_square();
	pcc_up("a");
	for (uint32_t c = 1; c <= 9; c++) { /* the first has a link to itself */
		p = policy("a", c, c == 1 ? "c" : "d");
		p->bandwidth_bps = G;
		put_ok(p);
	}
	all_answer();
	(void)start(&o);
	world.intent->optimiser->job->points_max = 2;
	(void)computed();
	all_answer();
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_DONE);
	ck_assert_uint_eq(now()->n_movable, 8);
	ck_assert_uint_eq(now()->n_left_out, 1);
	ck_assert(intent_optimise_left(world.intent, 0, &l));
	ck_assert_uint_eq(l.key.color, 1);
	ck_assert_msg(strstr(l.why, "more routers"), "%s", l.why);
	SAME(fullest(), 0.5);
	world_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-optimise-order");
	TCase *t = tcase_create("order");

	tcase_add_test(t, where_there_are_too_many_ends_the_fullest_links_come_first);
	tcase_add_test(t, that_there_is_no_order_is_said);
	tcase_add_test(t, where_there_is_no_order_what_fits_is_moved);
	suite_add_tcase(s, t);
	return check_main(s);
}
