/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop closed, in the world of slices: evidence of windows in, policies that move and headends
 * that say so, and what is told of it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk_bed.h"

START_TEST(loss_on_a_wire_is_gone_around_verified_and_kept)
{
	stands("one", REROUTE);
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
	bad("one");
	ck_assert_ptr_nonnull(incident(1));
	ck_assert_uint_eq(raised, 1);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 0);
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active"); /* nobody told its verdict to slice */
	good("one", 6);
	if (incident(1)->outcome != REPAIR_KEPT)
		say(incident(1));
	ck_assert_int_eq(incident(1)->outcome, REPAIR_KEPT);
	ck_assert_ptr_nonnull(strstr(incident(1)->cause[0], "silent-loss-wire at a>b: "));
	ck_assert_ptr_nonnull(strstr(incident(1)->cause[0], "20 of 1000"));
	ck_assert_uint_eq(reserved("c", "d"), 4ull * G);
	ck_assert_uint_eq(lowered, 1);
	ck_assert_uint_eq(records("incident"), 1);
	ck_assert_uint_ge(events("incident"), 2); /* raised and cleared */
	ck_assert_uint_gt(events("incident-phase"), 3);
}
END_TEST

START_TEST(a_flow_that_nobody_uses_hinders_no_repair)
{
	stands("one", REROUTE);
	bad("one");
	bed_settle();
	for (unsigned i = 0; i < 6; i++) {
		good("one", 1);
		quiet("one", ASSURE_COMPLIANT);
	}
	ck_assert_int_eq(incident(1)->outcome, REPAIR_KEPT);
}
END_TEST

START_TEST(a_flow_that_is_to_be_mended_and_says_nothing_is_not_mended)
{
	stands("one", REROUTE);
	bad("one");
	bed_settle();
	for (unsigned i = 0; i < 6; i++) {
		good("one", 1);
		quiet("one", ASSURE_VIOLATED);
	}
	ck_assert_int_ne(incident(1)->outcome, REPAIR_KEPT);
}
END_TEST

START_TEST(what_does_not_help_is_taken_back)
{
	stands("one", REROUTE);
	bad("one");
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 0);
	window("one", "acdb", 30, 2, ASSURE_VIOLATED);
	window("one", "acdb", 30, 2, ASSURE_VIOLATED);
	window("one", "acdb", 30, 2, ASSURE_VIOLATED);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
	ck_assert_uint_eq(reserved("c", "d"), 0);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_REVERTED);
}
END_TEST

/* Another slice has what there is on the only other way. */
START_TEST(where_there_is_no_room_nothing_is_done)
{
	struct slice_detour d = { .n_avoid = 1 };
	char label[TED_LABEL_MAX];

	stands("one", REROUTE);
	stands("two", "");
	(void)snprintf(d.avoid[0], sizeof(d.avoid[0]), "%s",
		       ted_link_label(world.ted, net_index("a", "b"), label, sizeof(label)));
	slice_detour_put(bed.slice, "two", &d, false, NULL, NULL);
	bed_settle();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", order("two", 7ull * G, "")).code, 0);
	bed_settle();
	ck_assert_uint_eq(reserved("c", "d"), 7ull * G);
	bad("one");
	bad("one");
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GIVEN_UP);
	ck_assert(told(incident(1), REPAIR_W_REFUSED, "bit/s"));
	ck_assert_uint_eq(incident(1)->actions, 0);
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
	ck_assert_uint_eq(reserved("c", "d"), 7ull * G);
}
END_TEST

START_TEST(what_cannot_be_placed_is_not_gone_around)
{
	stands("one", REROUTE);
	for (unsigned i = 0; i < 16; i++)
		window("one", "", 20, 0, ASSURE_VIOLATED); /* from end to end only */
	ck_assert(told(incident(1), REPAIR_W_LOCATED, "unknown"));
	ck_assert(told(incident(1), REPAIR_W_SKIPPED, "no place"));
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GIVEN_UP);
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
}
END_TEST

START_TEST(what_is_not_measured_says_nothing)
{
	stands("one", REROUTE);
	for (unsigned i = 0; i < 6; i++)
		window("one", "acdb", 0, 0, ASSURE_COMPLIANT);
	ck_assert_ptr_null(incident(1));
	stands("two", ""); /* no order to do anything */
	bad("two");
	bad("two");
	ck_assert_ptr_null(incident(1));
}
END_TEST

START_TEST(an_operator_approves_and_it_is_done)
{
	stands("one", ACTIONS(ACTION(1, "reroute", ",\"approval\":\"operator\"") "," ACTION(2, "notify-only", "")));
	bad("one");
	bad("one");
	ck_assert_int_eq(incident(1)->phase, REPAIR_APPROVAL);
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
	ck_assert_int_eq(repair_desk_approve(desk, 1, true, "ann"), 0);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 0);
	ck_assert_int_eq(repair_desk_release(desk, "one", NULL, NULL), REPAIR_E_STATE);
	good("one", 6);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_KEPT);
	ck_assert_int_eq(repair_desk_release(desk, "one", NULL, NULL), 0);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
}
END_TEST

START_TEST(what_cannot_be_is_passed_over_and_the_operator_is_told)
{
	stands("one", ACTIONS(ACTION(1, "switch-to-protect", "") "," ACTION(2, "resize-nrp", "") "," ACTION(3, "notify-only", "")));
	bad("one");
	bad("one");
	ck_assert(told(incident(1), REPAIR_W_REFUSED, "standby"));
	ck_assert(told(incident(1), REPAIR_W_REFUSED, "the slice is in no partition"));
	ck_assert_uint_eq(events("incident-notify"), 1);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GIVEN_UP);
}
END_TEST

START_TEST(a_slice_with_a_standby_switches_to_it)
{
	static struct intent_view v[2];
	struct slice_flow_view f[2];

	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", pair()).code, 0);
	bed_settle();
	bad("one");
	bed_settle();
	ck_assert_uint_eq(slice_flows(bed.slice, "one", 0, f, 2), 2);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(intent_get(world.intent, &f[i].key, &v[i]), 0);
	ck_assert_uint_lt(v[0].reported.preference, v[1].reported.preference);
	good("one", 6);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_KEPT);
	ck_assert(told(incident(1), REPAIR_W_APPLIED, "headend"));
}
END_TEST

START_TEST(a_slice_that_is_deleted_ends_its_incident)
{
	stands("one", REROUTE);
	bad("one");
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	run_ms(2000);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GONE);
	nothing_left();
}
END_TEST

/* A link that goes is known by the topology, an agent by its session. */
START_TEST(what_the_network_says_of_itself_is_diagnosed)
{
	AUTO_FREE struct repair_diagnosis *g = malloc(sizeof(*g));

	stands("one", REROUTE);
	ck_assert_int_eq(repair_desk_diagnose(desk, g), 0);
	ck_assert_uint_eq(g->result.n, 0);
	bus_publish(world.bus, 1, BUS_ALARM, "gnmi-session-down", "gnmi/a", "");
	ck_assert_int_eq(repair_desk_diagnose(desk, g), 0);
	ck_assert_uint_eq(g->result.n, 1);
	ck_assert_str_eq(g->cause[0], "agent-dead at a: gnmi-session-gone");
	ck_assert_str_eq(g->services[0][0], "one");
	bus_publish(world.bus, 1, BUS_CLEARED, "gnmi-session-down", "gnmi/a", "");
	ck_assert_int_eq(repair_desk_diagnose(desk, g), 0);
	ck_assert_uint_eq(g->result.n, 0);
	net_dir("c", "d")->alive = net_dir("d", "c")->alive = false;
	bed_publish();
	repair_desk_on_ted(desk, world.ted);
	ck_assert_int_eq(repair_desk_diagnose(desk, g), 0);
	ck_assert_uint_eq(g->result.n, 1);
	ck_assert_int_eq(g->result.cause[0].class, LOCATE_LINK_DOWN);
	ck_assert_uint_eq(g->result.cause[0].n_services, 0);
}
END_TEST

static const struct repair_diagnosis *diagnosis(void)
{
	static struct repair_diagnosis g;

	ck_assert_int_eq(repair_desk_diagnose(desk, &g), 0);
	return &g;
}

static void on_ted(const struct ted *ted)
{
	repair_desk_on_ted(desk, ted);
}

START_TEST(whom_a_dead_link_hit_is_known_though_they_left_it)
{
	const struct repair_diagnosis *g;

	stands("one", "");
	world.on_ted = on_ted;
	net_dir("a", "b")->alive = net_dir("b", "a")->alive = false;
	bed_publish();
	bed_settle();
	g = diagnosis();
	ck_assert_uint_eq(g->result.n, 1);
	ck_assert_int_eq(g->result.cause[0].class, LOCATE_LINK_DOWN);
	ck_assert_uint_eq(g->result.cause[0].n_services, 1);
	ck_assert_str_eq(g->services[0][0], "one");
	good("one", 2); /* on its new way */
	ck_assert_uint_eq(diagnosis()->result.cause[0].n_services, 1);
	ck_assert_uint_eq(g->n_evidence, 2);
	ck_assert_int_eq(g->evidence[0].kind, LOCATE_LINK_GONE);
	ck_assert_uint_eq(g->evidence[0].rank, 1);
	ck_assert_str_eq(g->evidence[0].at, "a>b");
	net_dir("a", "b")->alive = net_dir("b", "a")->alive = true;
	bed_publish();
	ck_assert_uint_eq(diagnosis()->result.n, 0);
	ck_assert_uint_eq(g->n_evidence, 0);
}
END_TEST

/* One direction is told first, and everybody has left when the other is. */
START_TEST(whom_half_a_link_hit_is_known_when_all_of_it_is_dead)
{
	const struct repair_diagnosis *g;

	stands("one", "");
	world.on_ted = on_ted;
	net_dir("b", "a")->alive = false;
	bed_publish();
	bed_settle();
	net_dir("a", "b")->alive = false;
	bed_publish();
	bed_settle();
	good("one", 2);
	g = diagnosis();
	ck_assert_uint_eq(g->result.n, 1);
	ck_assert_int_eq(g->result.cause[0].class, LOCATE_LINK_DOWN);
	ck_assert_uint_eq(g->result.cause[0].n_services, 1);
	ck_assert_str_eq(g->services[0][0], "one");
}
END_TEST

/* What went while nobody saw it is news as soon as somebody does, and only that. */
START_TEST(what_went_out_of_sight_is_diagnosed_in_sight)
{
	const struct repair_diagnosis *g;

	stands("one", "");
	world.on_ted = on_ted;
	bed_publish();
	net_dir("c", "d")->alive = net_dir("d", "c")->alive = false;
	bed_publish();
	net_stale();
	ck_assert_int_eq(diagnosis()->result.cause[0].class, LOCATE_LINK_DOWN); /* known before */
	net_dir("c", "d")->alive = net_dir("d", "c")->alive = true;
	bed_publish();
	ck_assert_uint_eq(diagnosis()->result.n, 0);
	net_stale();
	ck_assert_uint_eq(diagnosis()->result.n, 0);
	net_dir("a", "b")->alive = net_dir("b", "a")->alive = false;
	bed_publish();
	bed_settle();
	g = diagnosis();
	ck_assert_uint_eq(g->result.n, 1);
	ck_assert_int_eq(g->result.cause[0].class, LOCATE_LINK_DOWN);
	ck_assert_uint_eq(g->result.cause[0].n_services, 1);
	ck_assert_str_eq(g->services[0][0], "one");
	ck_assert_uint_eq(g->n_evidence, 2);
}
END_TEST

START_TEST(what_is_well_is_not_hit)
{
	const struct locate_fact clock = { .kind = LOCATE_CLOCK_STEP, .node = node("b"), .link = LOCATE_NONE,
					   .flow = LOCATE_NONE, .value = 900000, .at_ns = loop_wall_ns(world.loop) };

	stands("one", "");
	repair_desk_fact(desk, &clock, NULL);
	ck_assert_uint_eq(diagnosis()->result.cause[0].n_services, 1);
	window("one", "ab", 0, 0, ASSURE_COMPLIANT);
	ck_assert_uint_eq(diagnosis()->result.n, 1);
	ck_assert_uint_eq(diagnosis()->result.cause[0].n_services, 0);
	window("one", "ab", 0, 0, ASSURE_UNKNOWN); /* that it was well is long ago */
	ck_assert_uint_eq(diagnosis()->result.cause[0].n_services, 1);
	window("one", "ab", 0, 0, ASSURE_COMPLIANT);
	run_ms(20000);
	ck_assert_uint_eq(diagnosis()->result.cause[0].n_services, 1);
}
END_TEST

/* Before any source of the topology has told anything. */
START_TEST(before_anything_is_in_sight_nothing_is_diagnosed)
{
	AUTO_FREE struct repair_diagnosis *g = malloc(sizeof(*g));
	const struct repair_desk_parts parts = { .loop = world.loop, .bus = world.bus, .intent = world.intent,
						 .slice = bed.slice, .store = world.store };
	struct repair_desk *blind;

	ck_assert_ptr_null(intent_ted(world.intent));
	ck_assert_int_eq(repair_desk_new(&blind, &parts, NULL), 0);
	bus_publish(world.bus, 1, BUS_ALARM, "gnmi-session-down", "gnmi/a", "");
	bus_publish(world.bus, 1, BUS_ALARM, "bgp-session-down", "bgp/peer/::1", "");
	ck_assert_int_lt(repair_desk_diagnose(blind, g), 0);
	ck_assert_uint_eq(g->result.n, 0);
	run_ms(2000);
	repair_desk_free(blind);
}
END_TEST

static void nothing(void)
{
	bed = (struct bed){ .fails = -1, .silent = -1 };
	world_up(NULL);
	slice_cfg_default(&bed.cfg);
	ck_assert_int_eq(slice_new(&bed.slice, world.loop, world.store, world.bus, world.intent, &bed.cfg), 0);
	loop_timer_init(&bed.tell, world.loop, NULL, NULL);
}

int main(void)
{
	Suite *s = suite_create("repair-desk");
	TCase *t = tcase_create("square"), *blind = tcase_create("blind");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, desk_setup, desk_teardown);
	tcase_add_test(t, loss_on_a_wire_is_gone_around_verified_and_kept);
	tcase_add_test(t, a_flow_that_nobody_uses_hinders_no_repair);
	tcase_add_test(t, a_flow_that_is_to_be_mended_and_says_nothing_is_not_mended);
	tcase_add_test(t, what_does_not_help_is_taken_back);
	tcase_add_test(t, where_there_is_no_room_nothing_is_done);
	tcase_add_test(t, what_cannot_be_placed_is_not_gone_around);
	tcase_add_test(t, what_is_not_measured_says_nothing);
	tcase_add_test(t, an_operator_approves_and_it_is_done);
	tcase_add_test(t, what_cannot_be_is_passed_over_and_the_operator_is_told);
	tcase_add_test(t, a_slice_with_a_standby_switches_to_it);
	tcase_add_test(t, a_slice_that_is_deleted_ends_its_incident);
	tcase_add_test(t, what_the_network_says_of_itself_is_diagnosed);
	tcase_add_test(t, whom_a_dead_link_hit_is_known_though_they_left_it);
	tcase_add_test(t, whom_half_a_link_hit_is_known_when_all_of_it_is_dead);
	tcase_add_test(t, what_went_out_of_sight_is_diagnosed_in_sight);
	tcase_add_test(t, what_is_well_is_not_hit);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(blind, nothing, bed_down);
	tcase_add_test(blind, before_anything_is_in_sight_nothing_is_diagnosed);
	suite_add_tcase(s, blind);
	return check_main(s);
}
