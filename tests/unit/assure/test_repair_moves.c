/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room is made for a slice that suffers: others that may be go another way, or give way, the least
 * important and the fewest first; never one that may not be.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk_bed.h"

#define DO(action) "\"sextant-slice:repair-policy\":{\"action\":[" ACTION(1, action, "") "],\"hold-down\":1," \
	"\"max-actions-per-hour\":20,\"wait-to-restore\":30},"

/* From a to b, by circuits when it has ports. */
static const char *doc(const char *id, uint64_t bps, unsigned priority, bool ports, const char *more)
{
	static char text[4096];
	const char *ac = ",\"attachment-circuits\":{\"attachment-circuit\":[{\"id\":\"ac\",\"ac-tp-id\":\"p\"}]}";

	(void)snprintf(text, sizeof(text),
		       "{\"id\":\"%s\",%s\"sextant-slice:realisation\":{\"priority\":%u},"
		       "\"service-slo-sle-policy\":{\"slo-policy\":{\"metric-bound\":[{\"metric-type\":"
		       "\"ietf-network-slice-service:one-way-bandwidth\",\"metric-unit\":\"bps\",\"bound\":\"%llu\"}]}},"
		       "\"sdps\":{\"sdp\":[{\"id\":\"s1\",\"node-id\":\"a\"%s},{\"id\":\"s2\",\"node-id\":\"b\"%s}]},"
		       "\"connection-groups\":{\"connection-group\":[{\"id\":\"g\",\"connectivity-construct\":["
		       "{\"id\":\"1\",\"p2p-sender-sdp\":\"s1\",\"p2p-receiver-sdp\":\"s2\"}]}]}}",
		       id, more, priority, (unsigned long long)bps, ports ? ac : "", ports ? ac : "");
	return text;
}

static void up(const char *id, uint64_t bps, unsigned priority, const char *more)
{
	const struct slice_result r = put_doc(SLICE_SERVICE, id, doc(id, bps, priority, true, more));

	ck_assert_msg(r.code == 0, "%s: %s", r.field, r.text);
	bed_settle();
	ck_assert_str_eq(slice_state_text(seen(id)->state), "active");
}

static bool moved(const char *id)
{
	return seen(id)->detour.n_avoid > 0;
}

static bool shed(const char *id)
{
	return seen(id)->shed_for[0] != '\0';
}

static void on_ab(unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		window("gold", "ab", 0, 0, ASSURE_COMPLIANT);
	bed_settle();
	run_ms(1000);
	bed_settle();
}

/* Gold is out of bounds until its incident is in that phase, or over. */
static void suffers(enum repair_phase until)
{
	for (unsigned k = 0; k < 60; k++) {
		window("gold", "ab", 20, 1, ASSURE_VIOLATED);
		for (unsigned i = 0; i < 20; i++) {
			if (incident(1) && (incident(1)->phase == until || incident(1)->phase == REPAIR_ENDED))
				return;
			if (until != REPAIR_REVERTING && until != REPAIR_APPLYING)
				bed_settle();
			run_ms(i < 10 ? 1 : 20);
		}
	}
}

/* What was done does not help. */
static void suffers_on(void)
{
	uint32_t n = incident(1)->reverts;

	for (unsigned k = 0; k < 10 && incident(1)->reverts == n; k++) {
		window("gold", "ab", 20, 1, ASSURE_VIOLATED);
		bed_settle();
	}
	ck_assert_uint_eq(incident(1)->reverts, n + 1);
}

static void ends(uint32_t id, enum repair_outcome o)
{
	if (incident(id)->outcome != o)
		say(incident(id));
	ck_assert_int_eq(incident(id)->outcome, o);
}

/* As after kill -9. */
static void again(void)
{
	desk = repair_desk_free(desk);
	bed_crash();
	desk_up();
	bed_settle();
}

START_TEST(one_of_lower_priority_goes_another_way_and_there_is_room)
{
	struct repair_touched touched[4];

	up("gold", 1ull * G, 2, DO("rebalance"));
	up("bronze", 4ull * G, 6, "");
	suffers(REPAIR_VERIFYING);
	ck_assert(told(incident(1), REPAIR_W_SIMULATED, "bronze"));
	ck_assert(told(incident(1), REPAIR_W_APPLIED, "bronze: every policy is up the other way"));
	ck_assert(moved("bronze") && !moved("gold"));
	ck_assert_uint_eq(repair_desk_touched(desk, 1, touched, 4), 1);
	ck_assert_str_eq(touched[0].slice, "bronze");
	ck_assert(!touched[0].shed);
	ck_assert_uint_eq(reserved("a", "b"), 1ull * G);
	ck_assert_uint_eq(reserved("c", "d"), 4ull * G);
	ck_assert_int_eq(repair_desk_release(desk, "bronze", NULL, NULL), REPAIR_E_STATE);
	on_ab(6);
	ends(1, REPAIR_KEPT);
	ck_assert_uint_eq(incident(1)->actions, 1);
	ck_assert(moved("bronze"));
	ck_assert_str_eq(slice_state_text(seen("bronze")->state), "active");
}
END_TEST

START_TEST(when_the_cause_stayed_gone_it_goes_back)
{
	struct repair_touched touched[4];

	up("gold", 1ull * G, 2, DO("rebalance"));
	up("bronze", 4ull * G, 6, "");
	suffers(REPAIR_VERIFYING);
	on_ab(6);
	ends(1, REPAIR_KEPT);
	for (unsigned k = 0; k < 60 && !incident(2); k++)
		on_ab(1);
	ck_assert_uint_eq(incident(2)->restores, 1);
	on_ab(8);
	ends(2, REPAIR_KEPT);
	ck_assert_uint_eq(repair_desk_touched(desk, 1, touched, 4), 0);
	ck_assert(!moved("bronze"));
	ck_assert_uint_eq(reserved("a", "b"), 5ull * G);
}
END_TEST

START_TEST(one_of_no_lower_priority_stays_where_it_is)
{
	up("gold", 1ull * G, 4, DO("rebalance"));
	up("same", 3ull * G, 4, "");
	up("better", 3ull * G, 1, DO("rebalance")); /* says that it may, but is better */
	suffers(REPAIR_ENDED);
	ends(1, REPAIR_GIVEN_UP);
	ck_assert(told(incident(1), REPAIR_W_REFUSED, "of 2 other slices there 0 may be moved"));
	ck_assert_uint_eq(incident(1)->actions, 0);
	ck_assert(!moved("same") && !moved("better"));
	ck_assert_uint_eq(reserved("a", "b"), 7ull * G);
}
END_TEST

START_TEST(one_of_the_same_priority_that_says_so_is_moved)
{
	up("gold", 1ull * G, 4, DO("rebalance"));
	up("same", 3ull * G, 4, DO("rebalance"));
	suffers(REPAIR_VERIFYING);
	ck_assert(moved("same") && !moved("gold"));
	on_ab(6);
	ends(1, REPAIR_KEPT);
}
END_TEST

START_TEST(what_did_not_help_is_taken_back_and_done_with_one_more)
{
	up("gold", 1ull * G, 2, DO("rebalance"));
	up("silver", 3ull * G, 5, "");
	up("bronze", 2ull * G, 6, "");
	suffers(REPAIR_VERIFYING);
	ck_assert(moved("bronze") && !moved("silver")); /* the least important, though it is smaller */
	suffers_on();
	suffers(REPAIR_VERIFYING);
	ck_assert(told(incident(1), REPAIR_W_REVERTED, "bronze: as before"));
	ck_assert(told(incident(1), REPAIR_W_CHOSEN, "one slice more"));
	ck_assert(moved("bronze") && moved("silver"));
	ck_assert_uint_eq(incident(1)->actions, 2);
	on_ab(6);
	ends(1, REPAIR_KEPT);
	ck_assert_uint_eq(reserved("a", "b"), 1ull * G);
}
END_TEST

START_TEST(what_never_helps_leaves_all_as_it_was)
{
	up("gold", 1ull * G, 2, DO("rebalance"));
	up("silver", 3ull * G, 5, "");
	up("bronze", 2ull * G, 6, "");
	suffers(REPAIR_ENDED);
	ends(1, REPAIR_REVERTED);
	ck_assert_uint_eq(incident(1)->actions, 2);
	ck_assert(told(incident(1), REPAIR_W_REFUSED, "of 2 other slices there 2 may be moved"));
	ck_assert(!moved("silver") && !moved("bronze"));
	ck_assert_uint_eq(reserved("a", "b"), 6ull * G);
	ck_assert_uint_eq(reserved("c", "d"), 0);
}
END_TEST

/* Where a repair of its own sent it once. */
static void fills_cd(void)
{
	struct slice_detour d = { .n_avoid = 1 };
	char label[TED_LABEL_MAX];

	up("other", 1ull * G, 6, "");
	(void)snprintf(d.avoid[0], sizeof(d.avoid[0]), "%s",
		       ted_link_label(world.ted, net_index("a", "b"), label, sizeof(label)));
	slice_detour_put(bed.slice, "other", &d, false, NULL, NULL);
	bed_settle();
	up("other", 5ull * G, 6, "");
	ck_assert_uint_eq(reserved("c", "d"), 5ull * G);
}

START_TEST(who_finds_no_room_elsewhere_is_passed_over)
{
	up("gold", 1ull * G, 2, DO("rebalance"));
	up("silver", 1ull * G, 5, "");
	up("bronze", 7ull * G, 6, "");
	fills_cd();
	suffers(REPAIR_VERIFYING);
	ck_assert(!moved("bronze") && moved("silver"));
	on_ab(6);
	ends(1, REPAIR_KEPT);
}
END_TEST

START_TEST(where_nobody_finds_room_nothing_is_done)
{
	up("gold", 1ull * G, 2, DO("rebalance"));
	up("bronze", 7ull * G, 6, "");
	fills_cd();
	suffers(REPAIR_ENDED);
	ends(1, REPAIR_GIVEN_UP);
	ck_assert(told(incident(1), REPAIR_W_REFUSED, "bronze: "));
	ck_assert(!moved("bronze"));
	ck_assert_uint_eq(reserved("a", "b"), 8ull * G);
}
END_TEST

/* ---- giving way ---- */

START_TEST(one_of_lower_priority_gives_way_keeps_its_room_and_comes_back)
{
	up("gold", 1ull * G, 2, DO("shed-lower-priority"));
	up("bronze", 4ull * G, 6, "");
	suffers(REPAIR_VERIFYING);
	ck_assert(shed("bronze") && !shed("gold"));
	ck_assert_str_eq(slice_state_text(seen("bronze")->state), "suspended");
	ck_assert_ptr_nonnull(strstr(seen("bronze")->reason, "it gives way to slice gold"));
	ck_assert_uint_eq(events("slice-shed"), 1);
	ck_assert(bed.jobs[bed.n_jobs - 1].undo && bed.jobs[bed.n_jobs - 1].step == SLICE_STEP_CLASSIFY);
	ck_assert_uint_eq(reserved("a", "b"), 5ull * G);
	ck_assert(told(incident(1), REPAIR_W_APPLIED, "bronze: suspended"));
	on_ab(6);
	ends(1, REPAIR_KEPT);
	for (unsigned k = 0; k < 60 && !incident(2); k++)
		on_ab(1);
	ck_assert_uint_eq(incident(2)->restores, 1);
	on_ab(8);
	ends(2, REPAIR_KEPT);
	ck_assert(!shed("bronze"));
	ck_assert_str_eq(slice_state_text(seen("bronze")->state), "active");
	ck_assert_uint_eq(events("slice-shed"), 2); /* and cleared */
}
END_TEST

START_TEST(one_of_no_lower_priority_never_gives_way)
{
	up("gold", 1ull * G, 4, DO("shed-lower-priority"));
	up("same", 3ull * G, 4, DO("shed-lower-priority"));
	up("better", 3ull * G, 1, "");
	suffers(REPAIR_ENDED);
	ends(1, REPAIR_GIVEN_UP);
	ck_assert(told(incident(1), REPAIR_W_REFUSED, "of 2 other slices there 0 may be shed"));
	ck_assert(!shed("same") && !shed("better"));
}
END_TEST

START_TEST(one_without_circuits_cannot_give_way)
{
	up("gold", 1ull * G, 4, DO("shed-lower-priority"));
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "bare", doc("bare", 3ull * G, 6, false, "")).code, 0);
	bed_settle();
	suffers(REPAIR_ENDED);
	ends(1, REPAIR_GIVEN_UP);
	ck_assert(!shed("bare"));
}
END_TEST

START_TEST(only_as_many_give_way_as_are_needed)
{
	up("gold", 1ull * G, 2, DO("shed-lower-priority"));
	up("silver", 3ull * G, 5, "");
	up("bronze", 2ull * G, 6, "");
	up("small", 1ull * G, 6, "");
	suffers(REPAIR_VERIFYING);
	ck_assert(shed("bronze") && !shed("silver") && !shed("small")); /* of two alike the one that leaves more */
	suffers_on();
	suffers(REPAIR_VERIFYING);
	ck_assert(shed("bronze") && shed("small") && !shed("silver"));
	on_ab(6);
	ends(1, REPAIR_KEPT);
	ck_assert_str_eq(slice_state_text(seen("silver")->state), "active");
}
END_TEST

START_TEST(who_is_shed_is_let_on_by_an_operator)
{
	up("gold", 1ull * G, 2, DO("shed-lower-priority"));
	up("bronze", 4ull * G, 6, "");
	suffers(REPAIR_VERIFYING);
	ck_assert_int_eq(repair_desk_release(desk, "bronze", NULL, NULL), REPAIR_E_STATE);
	on_ab(6);
	ends(1, REPAIR_KEPT);
	ck_assert_int_eq(repair_desk_release(desk, "bronze", NULL, NULL), 0);
	bed_settle();
	ck_assert(!shed("bronze"));
	ck_assert_str_eq(slice_state_text(seen("bronze")->state), "active");
	on_ab(60);
	ck_assert_ptr_null(incident(2)); /* nothing is left to be taken back */
}
END_TEST

START_TEST(with_the_slice_they_gave_way_to_the_reason_goes)
{
	up("gold", 1ull * G, 2, DO("shed-lower-priority"));
	up("bronze", 4ull * G, 6, "");
	suffers(REPAIR_VERIFYING);
	on_ab(6);
	ends(1, REPAIR_KEPT);
	ck_assert(shed("bronze"));
	ck_assert_int_eq(drop(SLICE_SERVICE, "gold").code, 0);
	bed_settle();
	run_ms(3000);
	bed_settle();
	ck_assert(!shed("bronze"));
	ck_assert_str_eq(slice_state_text(seen("bronze")->state), "active");
}
END_TEST

START_TEST(in_the_middle_of_it_too)
{
	up("gold", 1ull * G, 2, DO("rebalance"));
	up("bronze", 4ull * G, 6, "");
	suffers(REPAIR_VERIFYING);
	ck_assert(moved("bronze"));
	ck_assert_int_eq(drop(SLICE_SERVICE, "gold").code, 0);
	bed_settle();
	run_ms(3000);
	bed_settle();
	ends(1, REPAIR_GONE);
	ck_assert(!moved("bronze"));
	ck_assert_uint_eq(reserved("c", "d"), 0);
}
END_TEST

/* Its incident went for newer ones, or cannot be read. */
START_TEST(what_is_shed_for_no_incident_is_let_on)
{
	struct slice_move m = { .id = "bronze", .shed_for = "gold" };

	up("bronze", 4ull * G, 6, "");
	slice_moves_put(bed.slice, &m, 1, false, NULL, NULL);
	bed_settle();
	ck_assert(shed("bronze"));
	run_ms(6000);
	bed_settle();
	ck_assert(!shed("bronze"));
}
END_TEST

/* ---- who may not be touched ---- */

static void window_on(const char *slice)
{
	const struct window_book_parts parts = { .loop = world.loop, .bus = world.bus, .store = world.store,
						 .intent = world.intent, .slice = bed.slice };
	struct window w = { .name = "w", .start_wall_ns = loop_wall_ns(world.loop), .duration_s = 3600, .interval = 1, .n_services = 1 };
	struct window_view v;

	ck_assert_int_eq(window_book_new(&desk_windows, &parts), 0);
	(void)snprintf(w.service[0], sizeof(w.service[0]), "%s", slice);
	window_book_put(desk_windows, &w, 0, NULL, NULL);
	run_ms(2000);
	ck_assert(window_book_get(desk_windows, "w", &v) && v.active);
	desk = repair_desk_free(desk);
	desk_up();
}

START_TEST(one_that_an_assurance_window_names_is_left_alone)
{
	up("gold", 1ull * G, 2, DO("rebalance") );
	up("bronze", 4ull * G, 6, "");
	window_on("bronze");
	suffers(REPAIR_ENDED);
	ends(1, REPAIR_GIVEN_UP);
	ck_assert(told(incident(1), REPAIR_W_REFUSED, "of 1 other slices there 0 may be moved"));
	ck_assert(!moved("bronze"));
}
END_TEST

START_TEST(a_window_of_another_hinders_nothing)
{
	up("gold", 1ull * G, 2, DO("rebalance"));
	up("bronze", 4ull * G, 6, "");
	up("far", 1ull * G, 6, "");
	window_on("far");
	suffers(REPAIR_VERIFYING);
	ck_assert(moved("bronze") && !moved("far"));
}
END_TEST

static void child(const char *id, const char *parent, unsigned priority)
{
	static char text[4096];
	const char *is = doc(id, 1ull * G, priority, true, ""), *at = strstr(is, "\"priority\":");

	(void)snprintf(text, sizeof(text), "%.*s\"parent-slice\":\"%s\",%s", (int)(at - is), is, parent, at);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, id, text).code, 0);
	bed_settle();
}

/* Whose children may be as important as any. */
START_TEST(one_that_carries_others_is_left_alone)
{
	up("gold", 1ull * G, 2, DO("rebalance"));
	up("bronze", 4ull * G, 6, "");
	child("inner", "bronze", 1);
	suffers(REPAIR_ENDED);
	ends(1, REPAIR_GIVEN_UP);
	ck_assert(told(incident(1), REPAIR_W_REFUSED, "of 2 other slices there 0 may be moved"));
	ck_assert(!moved("bronze"));
}
END_TEST

START_TEST(one_in_another_may_be_shed)
{
	up("gold", 1ull * G, 2, DO("shed-lower-priority"));
	up("bronze", 4ull * G, 1, "");
	child("inner", "bronze", 6);
	suffers(REPAIR_VERIFYING);
	ck_assert(shed("inner") && !shed("bronze"));
	ck_assert_str_eq(slice_state_text(seen("inner")->state), "suspended");
	on_ab(6);
	ends(1, REPAIR_KEPT);
}
END_TEST

START_TEST(of_many_the_least_important_is_found)
{
	char id[16];

	up("gold", 1ull * G, 2, DO("rebalance"));
	for (unsigned k = 0; k < 40; k++) {
		(void)snprintf(id, sizeof(id), "s%02u", k);
		ck_assert_int_eq(put_doc(SLICE_SERVICE, id, doc(id, G / 10, 5, true, "")).code, 0);
	}
	up("zinc", G / 20, 7, "");
	suffers(REPAIR_VERIFYING);
	ck_assert(moved("zinc") && !moved("s00"));
}
END_TEST

/* ---- kill -9 ---- */

static const char *const acts[] = { "rebalance", "shed-lower-priority" };

static bool done(const char *id)
{
	return moved(id) || shed(id);
}

/* At any time from when it was to be applied: what is not durable was not done. */
START_TEST(a_restart_while_it_is_applied_goes_on)
{
	char more[512];

	(void)snprintf(more, sizeof(more), DO("%s"), acts[_i % 2]);
	up("gold", 1ull * G, 2, more);
	up("bronze", 4ull * G, 6, "");
	suffers(REPAIR_APPLYING);
	ck_assert_int_eq(incident(1)->phase, REPAIR_APPLYING);
	run_ms((unsigned)_i / 2 * 3);
	again();
	ck_assert(incident(1) || !done("bronze"));
	ck_assert(incident(1) || _i < 4);
	suffers(REPAIR_VERIFYING);
	ck_assert(done("bronze"));
	on_ab(6);
	ends(1, REPAIR_KEPT);
	ck_assert_uint_eq(incident(1)->actions, 1);
}
END_TEST

START_TEST(a_restart_while_it_is_verified_and_after_it_was_kept_goes_on)
{
	char more[512];

	(void)snprintf(more, sizeof(more), DO("%s"), acts[_i]);
	up("gold", 1ull * G, 2, more);
	up("bronze", 4ull * G, 6, "");
	suffers(REPAIR_VERIFYING);
	ck_assert_int_eq(incident(1)->phase, REPAIR_VERIFYING);
	again();
	ck_assert(done("bronze"));
	on_ab(6);
	ends(1, REPAIR_KEPT);
	again();
	ck_assert(done("bronze"));
	ck_assert_str_eq(slice_state_text(seen("bronze")->state), _i ? "suspended" : "active");
	for (unsigned k = 0; k < 60 && !incident(2); k++)
		on_ab(1);
	again();
	on_ab(8);
	for (unsigned k = 0; k < 60 && done("bronze"); k++)
		on_ab(1);
	ck_assert(!done("bronze"));
}
END_TEST

START_TEST(a_restart_while_it_is_taken_back_goes_on)
{
	char more[512];

	(void)snprintf(more, sizeof(more), DO("%s"), acts[_i % 2]);
	up("gold", 1ull * G, 2, more);
	up("bronze", 4ull * G, 6, "");
	suffers(REPAIR_VERIFYING);
	ck_assert(done("bronze"));
	suffers(REPAIR_REVERTING);
	ck_assert_int_eq(incident(1)->phase, REPAIR_REVERTING);
	run_ms((unsigned)_i / 2 * 3);
	again();
	suffers(REPAIR_ENDED);
	ends(1, REPAIR_REVERTED);
	ck_assert(!done("bronze"));
	ck_assert_uint_eq(incident(1)->reverts, 1);
	ck_assert_str_eq(slice_state_text(seen("bronze")->state), "active");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("repair-moves");
	TCase *t = tcase_create("square");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, desk_setup, desk_teardown);
	tcase_add_test(t, one_of_lower_priority_goes_another_way_and_there_is_room);
	tcase_add_test(t, when_the_cause_stayed_gone_it_goes_back);
	tcase_add_test(t, one_of_no_lower_priority_stays_where_it_is);
	tcase_add_test(t, one_of_the_same_priority_that_says_so_is_moved);
	tcase_add_test(t, what_did_not_help_is_taken_back_and_done_with_one_more);
	tcase_add_test(t, what_never_helps_leaves_all_as_it_was);
	tcase_add_test(t, who_finds_no_room_elsewhere_is_passed_over);
	tcase_add_test(t, where_nobody_finds_room_nothing_is_done);
	tcase_add_test(t, one_of_lower_priority_gives_way_keeps_its_room_and_comes_back);
	tcase_add_test(t, one_of_no_lower_priority_never_gives_way);
	tcase_add_test(t, one_without_circuits_cannot_give_way);
	tcase_add_test(t, only_as_many_give_way_as_are_needed);
	tcase_add_test(t, who_is_shed_is_let_on_by_an_operator);
	tcase_add_test(t, with_the_slice_they_gave_way_to_the_reason_goes);
	tcase_add_test(t, in_the_middle_of_it_too);
	tcase_add_test(t, what_is_shed_for_no_incident_is_let_on);
	tcase_add_test(t, one_that_an_assurance_window_names_is_left_alone);
	tcase_add_test(t, a_window_of_another_hinders_nothing);
	tcase_add_test(t, one_that_carries_others_is_left_alone);
	tcase_add_test(t, one_in_another_may_be_shed);
	tcase_add_test(t, of_many_the_least_important_is_found);
	tcase_add_loop_test(t, a_restart_while_it_is_applied_goes_on, 0, 16);
	tcase_add_loop_test(t, a_restart_while_it_is_verified_and_after_it_was_kept_goes_on, 0, 2);
	tcase_add_loop_test(t, a_restart_while_it_is_taken_back_goes_on, 0, 16);
	suite_add_tcase(s, t);
	return check_main(s);
}
