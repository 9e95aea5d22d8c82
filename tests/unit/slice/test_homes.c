/* SPDX-License-Identifier: Apache-2.0 */
/* Slices whose sites have several homes, as who does their steps says: what is lost with one of them, and what is not. */
#include <stdio.h>

#include "base/auto.h"
#include "bed.h"

#define STATE slice_state_text(seen("one")->state)

static void up(void)
{
	bed_up(bed_pair);
	for (int k = 0; k < SLICE_STEPS; k++)
		bed.available[k] = k != SLICE_STEP_POLICIES;
	bed_crash(); /* they are known from the start on */
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "")).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE, "active");
}

/* What its headend has of its policy goes down, or comes back. */
static void policy_is(enum lsp_oper oper)
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	struct slice_flow_view f;

	ck_assert_uint_eq(slice_flows(bed.slice, "one", 0, &f, 1), 1);
	ck_assert(v && intent_get(world.intent, &f.key, v) == 0);
	if (!v)
		return;
	pcc_lsp("a", v->lsp_name)->oper = (uint8_t)oper;
	pcc_report("a", v->lsp_name);
	run_ms(100);
}

static void homes(enum slice_homes is, bool spares)
{
	bed.homes = is;
	bed.spares = spares;
	slice_homes_changed(bed.slice, "one");
	run_ms(0);
}

static void says(const char *state, const char *reason)
{
	ck_assert_str_eq(STATE, state);
	ck_assert_str_eq(seen("one")->reason, reason);
}

START_TEST(a_home_that_is_away_is_a_risk_and_says_which)
{
	homes(SLICE_HOMES_LESS, false);
	says("at-risk", "redundancy is lost: home s2 (b) is away");
	homes(SLICE_HOMES_LESS, true);
	policy_is(LSP_DOWN); /* that leads to it */
	says("at-risk", "redundancy is lost: home s2 (b) is away");
	ck_assert_uint_eq(events("slice-violated"), 0);
	policy_is(LSP_UP);
	homes(SLICE_HOMES_ALL, false);
	says("active", "");
}
END_TEST

START_TEST(what_no_other_home_carries_is_violated)
{
	homes(SLICE_HOMES_LESS, false);
	policy_is(LSP_DOWN);
	ck_assert_str_eq(STATE, "violated");
	ck_assert(!strstr(seen("one")->reason, "redundancy"));
	ck_assert_uint_eq(events("slice-violated"), 1);
	homes(SLICE_HOMES_LESS, true); /* now it does */
	says("at-risk", "redundancy is lost: home s2 (b) is away");
	ck_assert_uint_eq(events("slice-violated"), 2); /* cleared */
	homes(SLICE_HOMES_ALL, false);
	ck_assert_str_eq(STATE, "violated");
}
END_TEST

START_TEST(no_home_that_is_left_is_violated)
{
	homes(SLICE_HOMES_NONE, false);
	says("violated", "home s2 (b) is away");
	ck_assert_uint_eq(events("slice-violated"), 1);
	homes(SLICE_HOMES_LESS, false);
	says("at-risk", "redundancy is lost: home s2 (b) is away");
}
END_TEST

/* Of one that is down before anybody says which home is away. */
START_TEST(a_policy_that_is_spared_is_a_risk_by_itself)
{
	homes(SLICE_HOMES_ALL, true);
	policy_is(LSP_DOWN);
	ck_assert_str_eq(STATE, "at-risk");
	ck_assert(strstr(seen("one")->reason, "redundancy is lost: s1 to s2: "));
}
END_TEST

START_TEST(what_was_measured_on_what_carries_counts)
{
	homes(SLICE_HOMES_LESS, true);
	ck_assert_int_eq(slice_verdict_set(bed.slice, "one", SLICE_VIOLATION, "loss 2 %"), 0);
	run_ms(0);
	says("violated", "measured: loss 2 %");
	ck_assert_int_eq(slice_verdict_set(bed.slice, "one", SLICE_UNKNOWN, "nothing is known"), 0);
	run_ms(0);
	says("at-risk", "redundancy is lost: home s2 (b) is away");
	ck_assert_int_eq(slice_verdict_set(bed.slice, "one", SLICE_COMPLIANT, ""), 0);
	run_ms(0);
	says("at-risk", "redundancy is lost: home s2 (b) is away");
}
END_TEST

/* After a start steps are taken again: a policy to a home that is away is not waited for. */
START_TEST(a_restart_while_a_home_is_away_is_no_violation)
{
	homes(SLICE_HOMES_LESS, true);
	net_cut("a", "b");
	bed_publish();
	bed_settle();
	ck_assert_str_eq(STATE, "at-risk");
	bed_crash();
	bed_settle();
	run_ms(120000); /* past all patience */
	says("at-risk", "redundancy is lost: home s2 (b) is away");
	ck_assert_uint_eq(events("slice-violated"), 0);
	bed.spares = false;
	bed_crash();
	bed_settle();
	run_ms(120000);
	ck_assert_str_eq(STATE, "violated");
}
END_TEST

/* One that never stood is not begun with less than was ordered. */
START_TEST(a_new_slice_waits_for_all_of_its_policies)
{
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	bed.spares = true;
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "")).code, 0);
	run_ms(1000); /* no headend answers */
	ck_assert_str_eq(STATE, "realising");
	run_ms(120000);
	ck_assert_str_eq(STATE, "rolled-back");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slice-homes");
	TCase *tc = tcase_create("homes");

	tcase_add_checked_fixture(tc, up, bed_down);
	tcase_add_test(tc, a_home_that_is_away_is_a_risk_and_says_which);
	tcase_add_test(tc, what_no_other_home_carries_is_violated);
	tcase_add_test(tc, no_home_that_is_left_is_violated);
	tcase_add_test(tc, a_policy_that_is_spared_is_a_risk_by_itself);
	tcase_add_test(tc, what_was_measured_on_what_carries_counts);
	tcase_add_test(tc, a_restart_while_a_home_is_away_is_no_violation);
	tcase_add_test(tc, a_new_slice_waits_for_all_of_its_policies);
	suite_add_tcase(s, tc);
	return check_main(s);
}
