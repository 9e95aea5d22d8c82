/* SPDX-License-Identifier: Apache-2.0 */
/* The way back: when the cause is gone and stayed gone, as an action of its own, and not else. */
#include <stdio.h>
#include <stdlib.h>

#include "desk_bed.h"

#define BACK(more) "\"sextant-slice:repair-policy\":{\"action\":[" ACTION(1, "reroute", "") "],\"hold-down\":1," \
	"\"max-actions-per-hour\":20" more "},"

static const char *const after_30 = BACK(",\"wait-to-restore\":30");

static bool detoured(void)
{
	return seen("one")->detour.n_avoid > 0;
}

/* Out of bounds as long as it runs over a>b. */
static void broken(void)
{
	for (unsigned k = 0; k < 10 && !detoured(); k++) {
		window("one", "ab", 20, 1, ASSURE_VIOLATED);
		run_ms(500);
		bed_settle();
	}
}

/* Out of bounds on a>b, gone around, and kept. */
static void kept(const char *more)
{
	stands("one", more);
	broken();
	good("one", 6);
	if (incident(1)->outcome != REPAIR_KEPT)
		say(incident(1));
	ck_assert_int_eq(incident(1)->outcome, REPAIR_KEPT);
	ck_assert(detoured());
}

static void on(unsigned windows)
{
	for (unsigned k = 0; k < windows; k++)
		window("one", detoured() ? "acdb" : "ab", 0, 0, ASSURE_COMPLIANT);
}

/* Until it is tried. */
static bool tried(uint32_t id, unsigned windows)
{
	for (unsigned k = 0; k < windows && !incident(id); k++)
		on(1);
	return incident(id) != NULL;
}

START_TEST(when_the_cause_stayed_gone_it_runs_as_ordered_again)
{
	uint64_t kept_ns;

	kept(after_30);
	kept_ns = incident(1)->ended_wall_ns;
	ck_assert(tried(2, 120));
	ck_assert_uint_ge(incident(2)->opened_wall_ns - kept_ns, 30 * NS_PER_S);
	ck_assert_uint_eq(incident(2)->restores, 1);
	bed_settle();
	on(8);
	if (incident(2)->outcome != REPAIR_KEPT)
		say(incident(2));
	ck_assert_int_eq(incident(2)->outcome, REPAIR_KEPT);
	ck_assert(!detoured());
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
	ck_assert_uint_eq(reserved("c", "d"), 0);
	on(120);
	ck_assert_ptr_null(incident(3)); /* once */
}
END_TEST

START_TEST(what_is_not_to_go_back_does_not)
{
	kept(BACK(",\"wait-to-restore\":30,\"revertive\":false"));
	ck_assert(!tried(2, 200));
	ck_assert(detoured());
}
END_TEST

START_TEST(what_breaks_on_the_way_back_is_done_again_and_waits_twice_as_long)
{
	uint64_t first;

	kept(after_30);
	ck_assert(tried(2, 120));
	bed_settle();
	broken();
	on(1);
	ck_assert_int_eq(incident(2)->outcome, REPAIR_REVERTED);
	first = incident(2)->ended_wall_ns;
	ck_assert(detoured());
	ck_assert_uint_eq(reserved("a", "b"), 0);
	on(6);
	ck_assert(tried(3, 200));
	ck_assert_uint_eq(incident(3)->restores, 1);
	ck_assert_uint_ge(incident(3)->opened_wall_ns - first, 2 * 30 * NS_PER_S);
	bed_settle();
	on(8);
	ck_assert_int_eq(incident(3)->outcome, REPAIR_KEPT);
	ck_assert(!detoured()); /* this time it is as it was before the first */
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
}
END_TEST

/* Another slice goes on to tell of loss there. */
START_TEST(while_the_cause_is_there_it_stays_away)
{
	stands("two", "");
	kept(after_30);
	for (unsigned k = 0; k < 150; k++) {
		window("two", "ab", 20, 1, ASSURE_VIOLATED);
		on(1);
	}
	ck_assert_ptr_null(incident(2));
	ck_assert(detoured());
	ck_assert(tried(2, 150)); /* it tells of none any more */
}
END_TEST

START_TEST(what_an_operator_took_away_is_not_tried)
{
	kept(after_30);
	ck_assert_int_eq(repair_desk_release(desk, "one", NULL, NULL), 0);
	bed_settle();
	ck_assert(!detoured());
	ck_assert(!tried(2, 150));
}
END_TEST

START_TEST(it_is_tried_after_a_restart_too)
{
	kept(after_30);
	run_ms(500);
	desk = repair_desk_free(desk);
	bed_crash();
	desk_up();
	bed_settle();
	ck_assert(tried(2, 150));
	bed_settle();
	on(8);
	ck_assert_int_eq(incident(2)->outcome, REPAIR_KEPT);
	ck_assert(!detoured());
}
END_TEST

START_TEST(a_restart_in_the_middle_goes_on_with_it)
{
	kept(after_30);
	ck_assert(tried(2, 120));
	bed_settle();
	run_ms(500);
	ck_assert_int_eq(incident(2)->phase, REPAIR_VERIFYING);
	desk = repair_desk_free(desk);
	bed_crash();
	desk_up();
	bed_settle();
	on(8);
	ck_assert_int_eq(incident(2)->outcome, REPAIR_KEPT);
	ck_assert_uint_eq(incident(2)->restores, 1);
	ck_assert(!detoured());
	ck_assert(!tried(3, 150));
}
END_TEST

START_TEST(the_standby_gives_back_too)
{
	static char doc[4096];
	const char *at = strstr(pair(), "\"hold-down\":5,");

	(void)snprintf(doc, sizeof(doc), "%.*s\"wait-to-restore\":30,%s", (int)(at - pair()), pair(), at);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", doc).code, 0);
	bed_settle();
	bad("one");
	bed_settle();
	good("one", 6);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_KEPT);
	ck_assert(seen("one")->detour.swapped);
	for (unsigned k = 0; k < 150 && !incident(2); k++)
		good("one", 1);
	ck_assert_ptr_nonnull(incident(2));
	bed_settle();
	for (unsigned k = 0; k < 8; k++)
		window("one", "ab", 0, 0, ASSURE_COMPLIANT);
	ck_assert_int_eq(incident(2)->outcome, REPAIR_KEPT);
	ck_assert(!seen("one")->detour.swapped);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("repair-restore");
	TCase *t = tcase_create("square");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, desk_setup, desk_teardown);
	tcase_add_test(t, when_the_cause_stayed_gone_it_runs_as_ordered_again);
	tcase_add_test(t, what_is_not_to_go_back_does_not);
	tcase_add_test(t, what_breaks_on_the_way_back_is_done_again_and_waits_twice_as_long);
	tcase_add_test(t, while_the_cause_is_there_it_stays_away);
	tcase_add_test(t, what_an_operator_took_away_is_not_tried);
	tcase_add_test(t, it_is_tried_after_a_restart_too);
	tcase_add_test(t, a_restart_in_the_middle_goes_on_with_it);
	tcase_add_test(t, the_standby_gives_back_too);
	suite_add_tcase(s, t);
	return check_main(s);
}
