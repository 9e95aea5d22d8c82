/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a repair does for one slice may make another worse: whoever was moved, or has others where it runs now. It is
 * taken back then, with the reason; and kept only when those are as well as they were.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk_bed.h"

#define DO(action) "\"sextant-slice:repair-policy\":{\"action\":[" ACTION(1, action, "") "],\"hold-down\":1," \
	"\"max-actions-per-hour\":20,\"wait-to-restore\":30},"

static void up(const char *id, uint64_t bps, unsigned priority, const char *more)
{
	static char text[4096];
	struct slice_result r;

	(void)snprintf(text, sizeof(text),
		       "{\"id\":\"%s\",%s\"sextant-slice:realisation\":{\"priority\":%u},"
		       "\"service-slo-sle-policy\":{\"slo-policy\":{\"metric-bound\":[{\"metric-type\":"
		       "\"ietf-network-slice-service:one-way-bandwidth\",\"metric-unit\":\"bps\",\"bound\":\"%llu\"}]}},"
		       "\"sdps\":{\"sdp\":[{\"id\":\"s1\",\"node-id\":\"a\"},{\"id\":\"s2\",\"node-id\":\"b\"}]},"
		       "\"connection-groups\":{\"connection-group\":[{\"id\":\"g\",\"connectivity-construct\":["
		       "{\"id\":\"1\",\"p2p-sender-sdp\":\"s1\",\"p2p-receiver-sdp\":\"s2\"}]}]}}",
		       id, more, priority, (unsigned long long)bps);
	r = put_doc(SLICE_SERVICE, id, text);
	ck_assert_msg(r.code == 0, "%s: %s", r.field, r.text);
	bed_settle();
	ck_assert_str_eq(slice_state_text(seen(id)->state), "active");
}

static bool moved(const char *id)
{
	return seen(id)->detour.n_avoid > 0;
}

static void well(const char *id)
{
	window(id, "ab", 0, 0, ASSURE_COMPLIANT);
	bed_settle();
}

/* A window is over when the next one of the slice is told of. */
static void ill(const char *id)
{
	window(id, "acdb", 20, 1, ASSURE_VIOLATED);
	window(id, "acdb", 20, 1, ASSURE_VIOLATED);
	bed_settle();
}

/* Nobody sends anything in it. */
static void idle(const char *id)
{
	struct slice_flow_view f;
	struct assure_evidence e = { .slice = id, .key = &f.key, .verdict = ASSURE_UNKNOWN, .state = ASSURE_COMPLIANT,
				     .idle = true, .delay_us = UINT32_MAX, .why = "no packets were sent" };

	run_ms(1000);
	ck_assert_uint_eq(slice_flows(bed.slice, id, 0, &f, 1), 1);
	e.end_ns = loop_wall_ns(world.loop) / NS_PER_S * NS_PER_S;
	e.begin_ns = e.end_ns - NS_PER_S;
	repair_desk_evidence(desk, &e);
	bed_settle();
}

/* Gold is out of bounds until what is done for it is verified; the others are well meanwhile. */
static void verified(const char *other, const char *another)
{
	for (unsigned k = 0; k < 60 && !(incident(1) && incident(1)->phase == REPAIR_VERIFYING); k++) {
		if (other)
			well(other);
		if (another)
			well(another);
		if (!incident(1)) /* later ones may have begun after what is done */
			window("gold", "ab", 20, 1, ASSURE_VIOLATED);
		bed_settle();
	}
	ck_assert_int_eq(incident(1)->phase, REPAIR_VERIFYING);
	run_ms(1000); /* windows that began before say nothing */
}

static void later(void)
{
	run_ms(2000);
	bed_settle();
}

static void ends(uint32_t id, enum repair_outcome o)
{
	if (incident(id)->outcome != o)
		say(incident(id));
	ck_assert_int_eq(incident(id)->outcome, o);
}

/* Gold and bronze between a and b by the short way, silver by the long one. */
static void three(const char *action)
{
	struct slice_detour d = { .n_avoid = 1 };
	char label[TED_LABEL_MAX];

	up("gold", 1ull * G, 2, action);
	up("bronze", 4ull * G, 6, "");
	up("silver", 1ull * G, 4, "");
	(void)snprintf(d.avoid[0], sizeof(d.avoid[0]), "%s",
		       ted_link_label(world.ted, net_index("a", "b"), label, sizeof(label)));
	slice_detour_put(bed.slice, "silver", &d, false, NULL, NULL);
	bed_settle();
	ck_assert_uint_eq(reserved("c", "d"), 1ull * G);
}

START_TEST(one_that_was_moved_and_is_worse_off_goes_back)
{
	three(DO("rebalance"));
	verified("bronze", NULL);
	ck_assert(moved("bronze"));
	well("gold");
	ill("bronze");
	later();
	ends(1, REPAIR_REVERTED);
	ck_assert(told(incident(1), REPAIR_W_APPLIED, "beside it watched"));
	ck_assert(told(incident(1), REPAIR_W_WINDOW, "slice bronze is out of bounds: w"));
	ck_assert(told(incident(1), REPAIR_W_REVERTING, "slice bronze was not out of bounds before, and is now"));
	ck_assert(told(incident(1), REPAIR_W_REVERTED, "bronze: as before"));
	ck_assert(!moved("bronze"));
	ck_assert_uint_eq(reserved("a", "b"), 5ull * G);
}
END_TEST

START_TEST(it_is_kept_once_they_are_as_well_as_before)
{
	three(DO("rebalance"));
	verified("bronze", "silver");
	for (unsigned k = 0; k < 5; k++)
		well("gold");
	ck_assert_int_eq(incident(1)->phase, REPAIR_VERIFYING);
	ck_assert(told(incident(1), REPAIR_W_WAITS, "for windows of slice bronze"));
	for (unsigned k = 0; k < 4; k++)
		well("bronze");
	ck_assert_int_eq(incident(1)->phase, REPAIR_VERIFYING);
	for (unsigned k = 0; k < 4; k++)
		well("silver");
	later();
	ends(1, REPAIR_KEPT);
	ck_assert(moved("bronze"));
}
END_TEST

/* Though nothing is ordered to be repaired in it. */
START_TEST(one_that_has_others_where_it_runs_now_and_is_worse_off_ends_it)
{
	three(DO("rebalance"));
	verified("silver", NULL);
	well("gold");
	ill("silver");
	later();
	ends(1, REPAIR_REVERTED);
	ck_assert(told(incident(1), REPAIR_W_REVERTING, "slice silver was not out of bounds before"));
	ck_assert(!moved("bronze"));
}
END_TEST

START_TEST(one_of_which_nothing_was_known_may_say_so_too)
{
	three(DO("rebalance"));
	window("silver", "acdb", 0, 0, ASSURE_UNKNOWN);
	window("silver", "acdb", 0, 0, ASSURE_UNKNOWN);
	verified(NULL, NULL);
	ill("silver");
	ill("silver");
	later();
	ends(1, REPAIR_REVERTED);
	ck_assert(told(incident(1), REPAIR_W_REVERTING, "slice silver was not known to be out of bounds before"));
}
END_TEST

START_TEST(one_that_was_out_of_bounds_before_blames_nobody)
{
	three(DO("rebalance"));
	well("silver");
	ill("silver");
	ill("silver");
	verified(NULL, NULL);
	for (unsigned k = 0; k < 4; k++) {
		well("gold");
		ill("silver");
	}
	later();
	ends(1, REPAIR_KEPT);
	ck_assert(moved("bronze"));
}
END_TEST

START_TEST(one_where_nobody_came_blames_nobody)
{
	three(DO("rebalance"));
	up("stays", 1ull * G, 1, ""); /* on a > b, as important as may be: it is not moved */
	verified("stays", NULL);
	ck_assert(moved("bronze"));
	for (unsigned k = 0; k < 4; k++) {
		well("gold");
		ill("stays");
	}
	later();
	ends(1, REPAIR_KEPT);
}
END_TEST

START_TEST(of_one_that_was_well_unknown_is_not_enough)
{
	three(DO("rebalance"));
	verified("bronze", NULL);
	for (unsigned k = 0; k < 4; k++)
		well("gold");
	for (unsigned k = 0; k < REPAIR_BLIND + 2u && incident(1)->phase == REPAIR_VERIFYING; k++)
		window("bronze", "acdb", 0, 0, ASSURE_UNKNOWN);
	later();
	ends(1, REPAIR_REVERTED);
	ck_assert(told(incident(1), REPAIR_W_REVERTING, "whether slice bronze is as well as before is not known"));
	ck_assert(!moved("bronze"));
}
END_TEST

START_TEST(one_that_nobody_uses_is_none_the_worse)
{
	three(DO("rebalance"));
	verified("bronze", NULL);
	for (unsigned k = 0; k < 4; k++)
		well("gold");
	for (unsigned k = 0; k < 5; k++)
		idle("bronze");
	later();
	ends(1, REPAIR_KEPT);
}
END_TEST

START_TEST(one_whose_windows_do_not_come_is_waited_for_no_longer_than_the_slice)
{
	three(DO("rebalance"));
	verified("bronze", NULL);
	for (unsigned k = 0; k < 400 && incident(1)->phase == REPAIR_VERIFYING; k++)
		well("gold");
	later();
	ends(1, REPAIR_REVERTED);
	ck_assert(told(incident(1), REPAIR_W_REVERTING, "too few windows of slice bronze in time"));
}
END_TEST

START_TEST(one_that_is_gone_is_not_waited_for)
{
	three(DO("rebalance"));
	verified("silver", NULL);
	for (unsigned k = 0; k < 4; k++)
		well("gold");
	ck_assert_int_eq(incident(1)->phase, REPAIR_VERIFYING);
	ck_assert_int_eq(drop(SLICE_SERVICE, "silver").code, 0);
	later();
	ends(1, REPAIR_KEPT);
}
END_TEST

START_TEST(what_goes_around_alone_is_held_to_it_too)
{
	three(DO("reroute"));
	verified("silver", NULL);
	ck_assert(moved("gold") && !moved("bronze"));
	ill("silver");
	ill("silver");
	later();
	ends(1, REPAIR_REVERTED);
	ck_assert(told(incident(1), REPAIR_W_REVERTING, "slice silver"));
	ck_assert(!moved("gold"));
}
END_TEST

/* On the way back packets come again to where those are who run there since. */
START_TEST(a_way_back_that_makes_another_worse_is_not_taken)
{
	three(DO("rebalance"));
	verified(NULL, NULL);
	for (unsigned k = 0; k < 4; k++)
		well("gold");
	later();
	ends(1, REPAIR_KEPT);
	up("new", 1ull * G, 1, "");
	for (unsigned k = 0; k < 90 && !(incident(2) && incident(2)->phase == REPAIR_VERIFYING); k++) {
		well("gold");
		well("new");
	}
	ck_assert_uint_eq(incident(2)->restores, 1);
	ck_assert(!moved("bronze"));
	run_ms(1000);
	well("gold");
	ill("new");
	later();
	ends(2, REPAIR_REVERTED);
	ck_assert(told(incident(2), REPAIR_W_REVERTING, "slice new was not out of bounds before"));
	ck_assert(moved("bronze"));
}
END_TEST

START_TEST(a_restart_does_not_forget_them)
{
	three(DO("rebalance"));
	verified("bronze", NULL);
	well("gold");
	desk = repair_desk_free(desk);
	bed_crash();
	desk_up();
	bed_settle();
	ck_assert_int_eq(incident(1)->phase, REPAIR_VERIFYING);
	for (unsigned k = 0; k < 5; k++)
		well("gold");
	ck_assert_int_eq(incident(1)->phase, REPAIR_VERIFYING);
	if (_i)
		ill("bronze");
	for (unsigned k = 0; k < 4; k++)
		well("bronze");
	later();
	ends(1, _i ? REPAIR_REVERTED : REPAIR_KEPT);
	ck_assert(moved("bronze") == !_i);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("repair-beside");
	TCase *t = tcase_create("square");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, desk_setup, desk_teardown);
	tcase_add_test(t, one_that_was_moved_and_is_worse_off_goes_back);
	tcase_add_test(t, it_is_kept_once_they_are_as_well_as_before);
	tcase_add_test(t, one_that_has_others_where_it_runs_now_and_is_worse_off_ends_it);
	tcase_add_test(t, one_of_which_nothing_was_known_may_say_so_too);
	tcase_add_test(t, one_that_was_out_of_bounds_before_blames_nobody);
	tcase_add_test(t, one_where_nobody_came_blames_nobody);
	tcase_add_test(t, of_one_that_was_well_unknown_is_not_enough);
	tcase_add_test(t, one_that_nobody_uses_is_none_the_worse);
	tcase_add_test(t, one_whose_windows_do_not_come_is_waited_for_no_longer_than_the_slice);
	tcase_add_test(t, one_that_is_gone_is_not_waited_for);
	tcase_add_test(t, what_goes_around_alone_is_held_to_it_too);
	tcase_add_test(t, a_way_back_that_makes_another_worse_is_not_taken);
	tcase_add_loop_test(t, a_restart_does_not_forget_them, 0, 2);
	suite_add_tcase(s, t);
	return check_main(s);
}
