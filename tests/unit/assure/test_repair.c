/* SPDX-License-Identifier: Apache-2.0 */
/* One course of repair at a time, by hand. */
#include <check.h>
#include <string.h>

#include "assure/repair/repair.h"
#include "base/str.h"
#include "check_main.h"

#define S NS_PER_S

struct bed {
	struct repair *r;
	struct repair_cfg cfg;
	struct repair_policy policy;
	struct repair_now now;
	struct repair_do did; /* the last that wants an answer */
	unsigned notified, asked;
	bool free;
	uint8_t allowed;
};

static struct bed b;

static bool free_now(void *ctx, const char *slice, uint8_t *allowed, char window[REPAIR_TEXT_MAX])
{
	const struct bed *is = ctx;

	(void)slice;
	*allowed = is->allowed;
	(void)str_copy(window, REPAIR_TEXT_MAX, "night");
	return is->free;
}

static void setup(void)
{
	b = (struct bed){ .free = true, .now = { { 1000 * S }, 5000 * S } };
	repair_cfg_default(&b.cfg);
	b.cfg.able = 1u << REPAIR_SWITCH | 1u << REPAIR_REROUTE | 1u << REPAIR_NOTIFY;
	b.cfg.free = free_now;
	b.cfg.ctx = &b;
	b.policy = (struct repair_policy){ .order = { { REPAIR_SWITCH, false }, { REPAIR_REROUTE, false } },
					   .n = 2, .max_per_hour = 6, .hold_down_s = 30 };
	ck_assert_int_eq(repair_new(&b.r, &b.cfg, 1), 0);
}

static void teardown(void)
{
	b.r = repair_free(b.r);
}

static void pass(uint64_t s)
{
	b.now.mono.ns += s * S;
	b.now.wall_ns += s * S;
	repair_tick(b.r, &b.now);
}

/* What is to be done now. */
static bool doing(enum repair_todo t)
{
	struct repair_do d;
	bool is = false;

	while (repair_next(b.r, &d)) {
		b.notified += d.todo == REPAIR_DO_NOTIFY;
		b.asked += d.todo == REPAIR_DO_ASK;
		if (d.todo <= REPAIR_DO_REVERT) {
			b.did = d;
			is = d.todo == t;
		}
	}
	return is;
}

static int window_of(const char *slice, enum repair_verdict v, bool violated)
{
	const struct repair_window w = { slice, &b.policy, b.now.wall_ns, v, violated, .why = "loss" };

	return repair_window(b.r, &w, &b.now);
}

static void window(enum repair_verdict v, bool violated)
{
	pass(1);
	ck_assert_int_eq(window_of("a", v, violated), 0);
}

static void located(uint64_t hold, bool placed)
{
	static const char *const cause = "silent-loss-wire on 1>2";
	const struct repair_located l = { &cause, 1, placed, &hold, 1 };

	repair_located(b.r, b.did.incident, b.did.turn, &l, &b.now);
}

static const struct repair_incident *incident(uint32_t id)
{
	return repair_incident_get(b.r, id);
}

/* Up to where it is simulated. */
static void opened(void)
{
	window(REPAIR_BEYOND, true);
	ck_assert(doing(REPAIR_DO_LOCATE));
	located(7, true);
}

static void applied(void)
{
	ck_assert(doing(REPAIR_DO_SIMULATE));
	repair_simulated(b.r, b.did.incident, b.did.turn, true, "fits", &b.now);
	ck_assert(doing(REPAIR_DO_APPLY));
	repair_applied(b.r, b.did.incident, b.did.turn, true, "done", &b.now);
}

static void rolled_back(void)
{
	ck_assert(doing(REPAIR_DO_REVERT));
	repair_reverted(b.r, b.did.incident, b.did.turn, true, "as before", &b.now);
}

static bool has(const struct repair_incident *i, enum repair_what what, const char *text)
{
	for (uint32_t k = 0; k < i->n_timeline; k++)
		if (i->timeline[k].what == what && strstr(i->timeline[k].text, text))
			return true;
	return false;
}

START_TEST(three_windows_within_the_bounds_and_it_is_kept)
{
	opened();
	applied();
	ck_assert_int_eq(b.did.action, REPAIR_SWITCH);
	window(REPAIR_WITHIN, true);
	window(REPAIR_WITHIN, true);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_OPEN);
	window(REPAIR_WITHIN, true);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_KEPT);
	ck_assert_int_eq(incident(1)->phase, REPAIR_ENDED);
	ck_assert_str_eq(incident(1)->cause[0], "silent-loss-wire on 1>2");
	ck_assert_int_eq(incident(1)->timeline[0].what, REPAIR_W_OPENED);
	ck_assert_int_eq(incident(1)->timeline[incident(1)->n_timeline - 1].what, REPAIR_W_ENDED);
	window(REPAIR_WITHIN, false);
	ck_assert_ptr_null(repair_incident_next(b.r, 1));
}
END_TEST

START_TEST(a_window_that_began_before_the_action_says_nothing_of_it)
{
	opened();
	pass(5);
	applied();
	for (unsigned i = 0; i < 3; i++) {
		const struct repair_window w = { "a", &b.policy, b.now.wall_ns - 3 * S, REPAIR_WITHIN, true, .why = "" };

		ck_assert_int_eq(repair_window(b.r, &w, &b.now), 0);
	}
	ck_assert_int_eq(incident(1)->phase, REPAIR_VERIFYING);
	ck_assert_uint_eq(incident(1)->good, 0);
}
END_TEST

START_TEST(what_does_not_help_is_taken_back_and_the_next_is_tried_after_the_hold_down)
{
	opened();
	applied();
	window(REPAIR_WITHIN, true);
	window(REPAIR_BEYOND, true);
	rolled_back();
	ck_assert(!doing(REPAIR_DO_SIMULATE));
	ck_assert_int_eq(incident(1)->phase, REPAIR_CHOOSING);
	ck_assert(has(incident(1), REPAIR_W_WAITS, "hold-down"));
	pass(29);
	ck_assert(!doing(REPAIR_DO_SIMULATE));
	pass(1);
	applied();
	ck_assert_int_eq(b.did.action, REPAIR_REROUTE);
	window(REPAIR_BEYOND, true);
	rolled_back();
	ck_assert_int_eq(incident(1)->outcome, REPAIR_REVERTED);
	ck_assert_uint_eq(incident(1)->reverts, 2);
}
END_TEST

START_TEST(unknown_is_not_within_the_bounds)
{
	opened();
	applied();
	for (unsigned i = 0; i + 1 < REPAIR_BLIND; i++)
		window(REPAIR_UNKNOWN, true);
	ck_assert_int_eq(incident(1)->phase, REPAIR_VERIFYING);
	window(REPAIR_UNKNOWN, true);
	ck_assert(doing(REPAIR_DO_REVERT));
}
END_TEST

START_TEST(no_window_at_all_is_not_enough)
{
	opened();
	applied();
	pass(299);
	ck_assert(!doing(REPAIR_DO_REVERT));
	pass(1);
	ck_assert(doing(REPAIR_DO_REVERT));
}
END_TEST

START_TEST(what_the_simulation_refuses_is_not_done)
{
	opened();
	ck_assert(doing(REPAIR_DO_SIMULATE));
	repair_simulated(b.r, 1, b.did.turn, false, "slice b would be violated", &b.now);
	ck_assert(doing(REPAIR_DO_SIMULATE));
	ck_assert_int_eq(b.did.action, REPAIR_REROUTE);
	repair_simulated(b.r, 1, b.did.turn, false, "no way", &b.now);
	ck_assert(!doing(REPAIR_DO_APPLY));
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GIVEN_UP);
	ck_assert(has(incident(1), REPAIR_W_REFUSED, "slice b"));
	/* it stays violated: not tried again at once, but after a while */
	window(REPAIR_BEYOND, true);
	ck_assert_ptr_null(repair_incident_next(b.r, 1));
	pass(3600);
	window(REPAIR_BEYOND, true);
	ck_assert_ptr_nonnull(repair_incident_next(b.r, 1));
}
END_TEST

START_TEST(a_slice_that_was_well_in_between_is_tried_again)
{
	b.policy.n = 0;
	opened();
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GIVEN_UP);
	window(REPAIR_WITHIN, false);
	window(REPAIR_BEYOND, true);
	ck_assert_ptr_nonnull(incident(2));
}
END_TEST

START_TEST(what_nothing_here_does_is_skipped_with_that_reason)
{
	b.policy.order[0].action = REPAIR_RESIZE;
	b.policy.order[1].action = REPAIR_NOTIFY;
	opened();
	ck_assert(has(incident(1), REPAIR_W_SKIPPED, "nothing here does resize-nrp"));
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GIVEN_UP);
	ck_assert(!doing(REPAIR_DO_SIMULATE));
	ck_assert_uint_eq(b.notified, 1);
}
END_TEST

START_TEST(nothing_is_gone_around_where_nothing_is_suspected)
{
	b.policy.order[0].action = REPAIR_REROUTE;
	b.policy.n = 1;
	window(REPAIR_BEYOND, true);
	ck_assert(doing(REPAIR_DO_LOCATE));
	located(7, false);
	ck_assert(!doing(REPAIR_DO_SIMULATE));
	ck_assert(has(incident(1), REPAIR_W_SKIPPED, "no place"));
}
END_TEST

START_TEST(an_operator_is_waited_for)
{
	b.policy.order[0].by_operator = b.policy.order[1].by_operator = true;
	opened();
	ck_assert(!doing(REPAIR_DO_SIMULATE));
	ck_assert_uint_eq(b.asked, 1);
	ck_assert_int_eq(repair_approve(b.r, 9, true, "ann", &b.now), REPAIR_E_NONE);
	ck_assert_int_eq(repair_approve(b.r, 1, true, "ann", &b.now), 0);
	ck_assert_int_eq(repair_approve(b.r, 1, true, "ann", &b.now), REPAIR_E_STATE);
	ck_assert(doing(REPAIR_DO_SIMULATE));
	repair_simulated(b.r, 1, b.did.turn, false, "no", &b.now);
	ck_assert_int_eq(incident(1)->phase, REPAIR_APPROVAL);
	ck_assert_int_eq(repair_approve(b.r, 1, false, "ann", &b.now), 0);
	ck_assert(has(incident(1), REPAIR_W_REJECTED, "ann"));
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GIVEN_UP);
}
END_TEST

START_TEST(nobody_approves_and_nothing_is_done)
{
	b.policy.order[0].by_operator = b.policy.order[1].by_operator = true;
	opened();
	pass(3599);
	ck_assert_int_eq(incident(1)->phase, REPAIR_APPROVAL);
	pass(1);
	pass(3600);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GIVEN_UP);
	ck_assert_uint_eq(incident(1)->actions, 0);
}
END_TEST

START_TEST(in_an_assurance_window_only_what_was_approved_beforehand)
{
	b.free = false;
	b.allowed = 1u << REPAIR_REROUTE;
	b.policy.order[1].by_operator = true; /* approved beforehand is approved */
	opened();
	ck_assert(doing(REPAIR_DO_SIMULATE));
	ck_assert_int_eq(b.did.action, REPAIR_REROUTE);
	ck_assert(has(incident(1), REPAIR_W_SKIPPED, "night"));
	b.allowed = 0; /* it changes in between */
	repair_simulated(b.r, 1, b.did.turn, true, "fits", &b.now);
	ck_assert(!doing(REPAIR_DO_APPLY));
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GIVEN_UP);
}
END_TEST

START_TEST(two_do_not_work_at_one_place)
{
	uint32_t first;

	opened();
	first = b.did.incident;
	ck_assert(doing(REPAIR_DO_SIMULATE));
	ck_assert_int_eq(window_of("b", REPAIR_BEYOND, true), 0);
	ck_assert(doing(REPAIR_DO_LOCATE));
	located(7, true);
	ck_assert(!doing(REPAIR_DO_SIMULATE));
	ck_assert(has(incident(2), REPAIR_W_WAITS, "same place"));
	ck_assert_int_eq(window_of("c", REPAIR_BEYOND, true), 0);
	ck_assert(doing(REPAIR_DO_LOCATE));
	located(8, true); /* another place: at once */
	ck_assert(doing(REPAIR_DO_SIMULATE));
	ck_assert_uint_eq(b.did.incident, 3);
	repair_gone(b.r, "a", &b.now);
	ck_assert_int_eq(incident(first)->outcome, REPAIR_GONE);
	ck_assert(doing(REPAIR_DO_SIMULATE));
	ck_assert_uint_eq(b.did.incident, 2);
}
END_TEST

START_TEST(an_hour_has_so_many_actions_and_no_more)
{
	b.policy.max_per_hour = 2;
	b.policy.hold_down_s = 0;
	b.cfg.again_ns = S;
	teardown();
	ck_assert_int_eq(repair_new(&b.r, &b.cfg, 1), 0);
	opened();
	applied();
	window(REPAIR_BEYOND, true);
	rolled_back();
	applied();
	window(REPAIR_BEYOND, true);
	rolled_back();
	window(REPAIR_BEYOND, true);
	window(REPAIR_BEYOND, true);
	ck_assert(doing(REPAIR_DO_LOCATE));
	located(7, true);
	ck_assert(!doing(REPAIR_DO_SIMULATE));
	ck_assert(has(incident(2), REPAIR_W_WAITS, "its 2 actions"));
	pass(3600);
	ck_assert(doing(REPAIR_DO_SIMULATE));
}
END_TEST

START_TEST(what_is_not_answered_is_taken_back)
{
	opened();
	ck_assert(doing(REPAIR_DO_SIMULATE));
	repair_simulated(b.r, 1, b.did.turn, true, "fits", &b.now);
	ck_assert(doing(REPAIR_DO_APPLY));
	pass(60);
	ck_assert(doing(REPAIR_DO_REVERT));
	repair_applied(b.r, 1, b.did.turn - 1, true, "late", &b.now); /* of another turn */
	ck_assert_int_eq(incident(1)->phase, REPAIR_REVERTING);
	pass(60);
	ck_assert(doing(REPAIR_DO_REVERT));
	repair_reverted(b.r, 1, b.did.turn, false, "the disk is full", &b.now);
	pass(60);
	ck_assert(doing(REPAIR_DO_REVERT));
	repair_reverted(b.r, 1, b.did.turn, false, "the disk is full", &b.now);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GIVEN_UP);
	(void)doing(REPAIR_DO_SHOW);
	ck_assert_uint_eq(b.notified, 1);
}
END_TEST

START_TEST(well_again_before_anything_was_done)
{
	opened();
	ck_assert(doing(REPAIR_DO_SIMULATE));
	window(REPAIR_UNKNOWN, true);
	ck_assert_int_eq(incident(1)->phase, REPAIR_SIMULATING);
	window(REPAIR_WITHIN, false);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_CLEARED);
	repair_simulated(b.r, 1, b.did.turn, true, "late", &b.now);
	ck_assert(!doing(REPAIR_DO_APPLY));
}
END_TEST

START_TEST(an_operator_may_take_it_as_it_is)
{
	b.policy.order[0].by_operator = true;
	opened();
	ck_assert_int_eq(repair_accept(b.r, 2, "ann", &b.now), REPAIR_E_NONE);
	ck_assert_int_eq(repair_accept(b.r, 1, "ann", &b.now), 0);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_ACCEPTED);
	pass(100000);
	window(REPAIR_BEYOND, true);
	ck_assert_ptr_null(incident(2));
	window(REPAIR_WITHIN, false);
	window(REPAIR_BEYOND, true);
	ck_assert(doing(REPAIR_DO_LOCATE));
	located(7, true);
	ck_assert_int_eq(repair_approve(b.r, 2, true, "ann", &b.now), 0);
	applied();
	ck_assert_int_eq(repair_accept(b.r, 2, "ann", &b.now), REPAIR_E_STATE);
}
END_TEST

START_TEST(there_is_an_end_to_incidents_and_slices)
{
	b.policy.n = 0;
	b.cfg.incidents_max = 2;
	b.cfg.slices_max = 3;
	teardown();
	ck_assert_int_eq(repair_new(&b.r, &b.cfg, 1), 0);
	ck_assert_int_eq(window_of("a", REPAIR_BEYOND, true), 0);
	ck_assert_int_eq(window_of("b", REPAIR_BEYOND, true), 0);
	ck_assert_int_eq(window_of("c", REPAIR_BEYOND, true), REPAIR_E_FULL);
	ck_assert(doing(REPAIR_DO_LOCATE)); /* of b */
	located(1, false);
	while (doing(REPAIR_DO_SHOW))
		;
	ck_assert_int_eq(window_of("c", REPAIR_BEYOND, true), 0); /* in place of b's, which ended */
	ck_assert_ptr_null(incident(2));
	ck_assert_ptr_nonnull(incident(3));
	ck_assert_int_eq(window_of("d", REPAIR_BEYOND, true), REPAIR_E_FULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("repair");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, three_windows_within_the_bounds_and_it_is_kept);
	tcase_add_test(tc, a_window_that_began_before_the_action_says_nothing_of_it);
	tcase_add_test(tc, what_does_not_help_is_taken_back_and_the_next_is_tried_after_the_hold_down);
	tcase_add_test(tc, unknown_is_not_within_the_bounds);
	tcase_add_test(tc, no_window_at_all_is_not_enough);
	tcase_add_test(tc, what_the_simulation_refuses_is_not_done);
	tcase_add_test(tc, a_slice_that_was_well_in_between_is_tried_again);
	tcase_add_test(tc, what_nothing_here_does_is_skipped_with_that_reason);
	tcase_add_test(tc, nothing_is_gone_around_where_nothing_is_suspected);
	tcase_add_test(tc, an_operator_is_waited_for);
	tcase_add_test(tc, nobody_approves_and_nothing_is_done);
	tcase_add_test(tc, in_an_assurance_window_only_what_was_approved_beforehand);
	tcase_add_test(tc, two_do_not_work_at_one_place);
	tcase_add_test(tc, an_hour_has_so_many_actions_and_no_more);
	tcase_add_test(tc, what_is_not_answered_is_taken_back);
	tcase_add_test(tc, well_again_before_anything_was_done);
	tcase_add_test(tc, an_operator_may_take_it_as_it_is);
	tcase_add_test(tc, there_is_an_end_to_incidents_and_slices);
	suite_add_tcase(s, tc);
	return check_main(s);
}
