/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Killed in the middle of a repair, at every step and in every phase: the incident is taken up with its
 * timeline, and ends with the network as it says.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk_bed.h"

enum { STEPS = 60, WINDOWS = 40 };

/* The headend answers, as a step of its own, when nothing else is due. */
static void go(unsigned steps)
{
	for (unsigned k = 0; k < steps; k++)
		if (!loop_fake_step(world.loop, mono_add(loop_now(world.loop), 100 * NS_PER_MS)))
			(void)pcc_answer("a");
}

static void killed(void)
{
	desk = repair_desk_free(desk);
	bed_crash();
	desk_up();
}

static bool detoured(void)
{
	return seen("one")->detour.n_avoid > 0;
}

/* A window as the network gives it. */
static void measure_once(bool helps)
{
	if (!detoured())
		window("one", "ab", 20, 1, ASSURE_VIOLATED);
	else
		window("one", "acdb", helps ? 0 : 30, helps ? 0 : 2, helps ? ASSURE_COMPLIANT : ASSURE_VIOLATED);
}

/* And more, until the incident is over. */
static void measured(bool helps)
{
	for (unsigned k = 0; k < WINDOWS && (!incident(1) || incident(1)->phase != REPAIR_ENDED); k++)
		measure_once(helps);
	bed_settle();
}

static void ended_as_told(bool helps, unsigned steps)
{
	const struct repair_incident *i = incident(1);

	ck_assert_ptr_nonnull(i);
	if (i->phase != REPAIR_ENDED || i->outcome != (helps ? REPAIR_KEPT : REPAIR_REVERTED))
		say(i);
	ck_assert_msg(i->phase == REPAIR_ENDED, "%u steps: %s", steps, repair_phase_name(i->phase));
	ck_assert_msg(i->outcome == (helps ? REPAIR_KEPT : REPAIR_REVERTED), "%u steps: %s", steps,
		      repair_outcome_name(i->outcome));
	ck_assert_int_eq(detoured(), helps);
	/* After a restart intent moves by its own rules: not before the better way stood for a while. */
	for (unsigned k = 0; k < 10 && !helps && reserved("a", "b") == 0; k++) {
		run_ms(10000);
		bed_settle();
	}
	ck_assert_msg(reserved("a", "b") == (helps ? 0 : 4ull * G), "%u steps", steps);
	ck_assert_uint_eq(reserved("c", "d"), helps ? 4ull * G : 0);
}

/* Out of bounds, late: and three windows of what was done; then so many steps, then kill -9. */
static void one(unsigned steps, bool helps, bool late, unsigned phases[REPAIR_PHASES])
{
	bool open, kept;

	desk_setup();
	stands("one", REROUTE);
	for (unsigned k = 0; k < (late ? 5 : 2); k++)
		measure_once(helps);
	ck_assert_ptr_nonnull(incident(1));
	go(steps);
	open = incident(1)->phase != REPAIR_ENDED;
	phases[incident(1)->phase]++;
	killed();
	kept = incident(1) != NULL;
	ck_assert_msg(kept || !detoured(), "%u steps: a detour, and no incident tells of it", steps);
	if (kept && open)
		ck_assert(told(incident(1), REPAIR_W_RESUMED, "the controller was restarted while "));
	if (kept)
		ck_assert(told(incident(1), REPAIR_W_OPENED, "violated: "));
	bed_settle();
	measured(helps);
	ended_as_told(helps, steps);
	if (kept)
		ck_assert_ptr_null(incident(2));
	desk_teardown();
}

START_TEST(killed_between_any_two_steps_it_is_kept_where_it_helps)
{
	unsigned phases[REPAIR_PHASES] = { 0 };

	for (unsigned n = 0; n < STEPS; n++) {
		one(n, true, false, phases);
		one(n, true, true, phases);
	}
	ck_assert_uint_gt(phases[REPAIR_SIMULATING], 0);
	ck_assert_uint_gt(phases[REPAIR_APPLYING], 2);
	ck_assert_uint_gt(phases[REPAIR_VERIFYING], 4);
}
END_TEST

START_TEST(killed_between_any_two_steps_it_is_taken_back_where_it_does_not)
{
	unsigned phases[REPAIR_PHASES] = { 0 };

	for (unsigned n = 0; n < STEPS; n++) {
		one(n, false, false, phases);
		one(n, false, true, phases);
	}
	ck_assert_uint_gt(phases[REPAIR_APPLYING], 2);
	ck_assert_uint_gt(phases[REPAIR_REVERTING], 0);
	ck_assert_uint_gt(phases[REPAIR_ENDED], 0);
}
END_TEST

START_TEST(what_waits_for_an_operator_does_so_still)
{
	stands("one", ACTIONS(ACTION(1, "reroute", ",\"approval\":\"operator\"")));
	bad("one");
	bad("one");
	ck_assert_int_eq(incident(1)->phase, REPAIR_APPROVAL);
	run_ms(500);
	killed();
	ck_assert_int_eq(incident(1)->phase, REPAIR_APPROVAL);
	ck_assert_ptr_nonnull(strstr(incident(1)->cause[0], "silent-loss-wire at a>b"));
	bed_settle();
	window("one", "", 0, 0, ASSURE_UNKNOWN);
	window("one", "", 0, 0, ASSURE_UNKNOWN);
	ck_assert_int_eq(incident(1)->phase, REPAIR_APPROVAL); /* unknown is not well */
	ck_assert_int_eq(repair_desk_approve(desk, 1, true, "ann"), 0);
	bed_settle();
	measured(true);
	ended_as_told(true, 0);
}
END_TEST

START_TEST(what_was_looked_for_is_over_when_the_slice_is_found_well)
{
	stands("one", ACTIONS(ACTION(1, "reroute", ",\"approval\":\"operator\"")));
	bad("one");
	bad("one");
	run_ms(500);
	killed();
	bed_settle();
	for (unsigned k = 0; k < REPAIR_VERIFY; k++) {
		ck_assert_int_eq(incident(1)->phase, REPAIR_APPROVAL);
		window("one", "ab", 0, 0, ASSURE_COMPLIANT);
	}
	window("one", "ab", 0, 0, ASSURE_COMPLIANT);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_CLEARED);
	ck_assert(!detoured());
}
END_TEST

START_TEST(what_is_over_is_told_as_it_was_and_slices_are_held_to_it)
{
	uint32_t n;

	stands("one", REROUTE);
	bad("one");
	bed_settle();
	measured(false);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_REVERTED);
	n = incident(1)->n_timeline;
	run_ms(500);
	killed();
	bed_settle();
	ck_assert_int_eq(incident(1)->outcome, REPAIR_REVERTED);
	ck_assert_uint_eq(incident(1)->n_timeline, n);
	ck_assert_uint_eq(incident(1)->actions, 1);
	window("one", "", 0, 0, ASSURE_UNKNOWN);
	bad("one");
	ck_assert_ptr_null(incident(2)); /* an hour, or until it was well */
	for (unsigned k = 0; k < 3; k++)
		window("one", "ab", 0, 0, ASSURE_COMPLIANT);
	bad("one");
	bad("one");
	ck_assert_ptr_nonnull(incident(2));
}
END_TEST

START_TEST(a_slice_that_went_meanwhile_ends_its_incident)
{
	stands("one", REROUTE);
	bad("one");
	run_ms(500);
	desk = repair_desk_free(desk); /* and nobody sees it go */
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	desk_up();
	run_ms(2000);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GONE);
}
END_TEST

START_TEST(a_disk_that_fails_gets_it_later)
{
	stands("one", ACTIONS(ACTION(1, "notify-only", "")));
	store_disk_fail(world.disk, true);
	bad("one");
	run_ms(500);
	ck_assert_ptr_nonnull(incident(1));
	ck_assert_uint_eq(records("incident"), 0);
	store_disk_fail(world.disk, false);
	run_ms(12000);
	ck_assert_uint_eq(records("incident"), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("repair-again");
	TCase *every = tcase_create("every step"), *t = tcase_create("phases");

	tcase_set_timeout(every, 240);
	tcase_add_test(every, killed_between_any_two_steps_it_is_kept_where_it_helps);
	tcase_add_test(every, killed_between_any_two_steps_it_is_taken_back_where_it_does_not);
	suite_add_tcase(s, every);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, desk_setup, desk_teardown);
	tcase_add_test(t, what_waits_for_an_operator_does_so_still);
	tcase_add_test(t, what_was_looked_for_is_over_when_the_slice_is_found_well);
	tcase_add_test(t, what_is_over_is_told_as_it_was_and_slices_are_held_to_it);
	tcase_add_test(t, a_slice_that_went_meanwhile_ends_its_incident);
	tcase_add_test(t, a_disk_that_fails_gets_it_later);
	suite_add_tcase(s, t);
	return check_main(s);
}
