/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two customers with the same prefixes on r1 and r2, and what routers say they do with their packets: as they were
 * told, and as somebody changed it by hand.
 */
#include "fwd.h"

#include <stdio.h>

#include "base/str.h"

static void line_of(void *arg, const char *id, const char *what)
{
	(void)id;
	*(unsigned *)arg += strstr(what, "a leak of slice") != NULL;
}

static unsigned audit_lines(void)
{
	struct slice_steps steps = realise_steps(bed.room);
	unsigned n = 0;

	steps.audit(steps.ctx, line_of, &n);
	return n;
}

/* ---- tests ---- */

START_TEST(of_two_customers_it_is_proven_that_each_reaches_its_own)
{
	struct seen s;

	two_customers();
	s = seen_of("red");
	ck_assert_uint_eq(s.sources, 2);
	ck_assert_str_eq(s.why, "");
	ck_assert_uint_eq(s.of[SLICE_REACH_PROVEN], 2);
	ck_assert_uint_eq(s.of[SLICE_REACH_UNSURE] + s.of[SLICE_REACH_MISSING] + s.of[SLICE_REACH_LEAK], 0);
	s = seen_of("blue");
	ck_assert_uint_eq(s.of[SLICE_REACH_PROVEN], 2);
	ck_assert_uint_eq(alarms("slice-leak") + alarms("slice-unreached"), 0);
	ck_assert(metric_value(metric_gauge("sextant_realise_sources_proven", "", "")) == 4);
	ck_assert_uint_eq(audit_lines(), 0);
	bed_down();
}
END_TEST

/* By another's SID, by another's interface, by an interface that is nobody's, and out of the table. */
static const struct {
	const char *prefix, *way, *to; /* NULL: blue's SID on r2 */
	const char *slice, *interface;
} leaks[] = {
	{ "2001:db8:2::/96", "sid", NULL, "blue", "eth2" }, /* a part of what is its own */
	{ "::/0", "interface", "eth2", "blue", "eth2" },
	{ "2001:db8:66::/64", "interface", "core0", "", "core0" },
};

START_TEST(a_route_to_somebody_else_is_an_alarm_after_a_second_look)
{
	const char *to = leaks[_i].to;
	unsigned table;
	struct seen s;

	two_customers();
	table = table_of("r1", "red");
	tell_route("r1", table, leaks[_i].prefix, leaks[_i].way, to ? to : sid_of("blue"));
	bed_run(1500);
	ck_assert_uint_eq(alarms("slice-leak"), 0); /* looked at once */
	s = seen_of("red");
	ck_assert_uint_eq(s.of[SLICE_REACH_LEAK], 1);
	ck_assert_uint_eq(s.told, 0);
	bed_run(1500);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	ck_assert_uint_eq(stands("slice-leak", "slice blue"), 0);
	ck_assert_uint_eq(alarms("slice-unreached"), 0); /* it may come back by itself */
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), _i == 0);
	s = seen_of("red");
	ck_assert_str_eq(s.slice, leaks[_i].slice);
	ck_assert_str_eq(s.interface, leaks[_i].interface);
	ck_assert_uint_eq(s.told, _i == 0 ? 2 : 1);
	ck_assert_uint_eq(audit_lines(), 1);
	ck_assert(metric_value(metric_gauge("sextant_realise_leaks", "", "")) == 1);
	lose_route("r1", table, leaks[_i].prefix);
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red") + stands("slice-unreached", "slice red"), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 2);
	ck_assert_uint_eq(audit_lines(), 0);
	bed_down();
}
END_TEST

START_TEST(what_is_gone_before_a_second_look_is_no_alarm)
{
	unsigned table;

	two_customers();
	table = table_of("r1", "red");
	tell_route("r1", table, "2001:db8:2::/96", "sid", sid_of("blue"));
	bed_run(1500);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_LEAK], 1);
	lose_route("r1", table, "2001:db8:2::/96");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(alarms("slice-leak"), 0);
	bed_down();
}
END_TEST

START_TEST(a_table_that_its_sid_does_not_lead_to_is_a_leak_of_who_uses_it)
{
	char text[16], sid[IP_TEXT_MAX];

	two_customers();
	snprintf(text, sizeof(text), "%u", table_of("r2", "blue"));
	snprintf(sid, sizeof(sid), "%s", sid_of("red"));
	tell("r2", false, text, "/device/forwarding/sid[prefix=%s/64]/table", sid);
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	ck_assert_uint_eq(stands("slice-leak", "slice blue"), 0);
	snprintf(text, sizeof(text), "%u", table_of("r2", "red"));
	tell("r2", false, text, "/device/forwarding/sid[prefix=%s/64]/table", sid);
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 0);
	tell("r2", false, "254", "/device/forwarding/sid[prefix=%s/64]/table", sid); /* the router's own */
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	bed_down();
}
END_TEST

START_TEST(what_is_no_longer_routed_is_missing)
{
	unsigned table;
	struct seen s;

	two_customers();
	table = table_of("r1", "red");
	lose_route("r1", table, "2001:db8:2::/64");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), 1);
	ck_assert_uint_eq(stands("slice-unreached", "slice blue"), 0);
	s = seen_of("red");
	ck_assert_uint_eq(s.of[SLICE_REACH_MISSING], 1);
	ck_assert_uint_eq(s.of[SLICE_REACH_PROVEN], 1); /* the way back */
	ck_assert_ptr_nonnull(strstr(s.text, "2001:db8:2::/64"));
	ck_assert_uint_eq(alarms("slice-leak"), 0);
	tell_route("r1", table, "2001:db8:2::/64", "sid", sid_of("red"));
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), 0);
	bed_down();
}
END_TEST

/* In each way that a device can leave something out. */
START_TEST(what_is_not_told_is_unsure_and_no_alarm)
{
	unsigned table;
	struct seen s;

	two_customers();
	table = table_of("r2", "red");
	switch (_i) {
	case 0:
		realise_device_sink.gap(bed.room, "r2", FORWARDING, "away");
		break;
	case 1:
		tell("r2", false, "false", "/device/forwarding/table[id=%u]/complete", table);
		break;
	case 2:
		tell("r2", true, "", "/device/forwarding/table[id=%u]/complete", table);
		break;
	case 3:
		tell("r2", false, "false", "/device/forwarding/sids-complete");
		break;
	case 4: /* garbage: nothing of it is believed */
		tell("r2", false, "x", "/device/forwarding/table[id=x]/route[member=0][prefix=1]/way");
		break;
	case 5:
		tell_route("r2", table, "2001:db8:2::/64", "other", NULL);
		break;
	case 6: /* more than is kept */
		for (unsigned i = 0; i <= TOLD_TABLES_MAX; i++)
			tell("r2", false, "true", "/device/forwarding/table[id=%u]/complete", 7 + i);
		break;
	default: /* whose packets come to the table nobody knows */
		break;
	}
	if (_i == 7) {
		struct device_sample m = { .device = "r1", .watch = 5, .text = "a rule of somebody else (5) leads to it" };
		char path[DEVICE_PATH_MAX];

		snprintf(path, sizeof(path), "/device/table[id=%u]/state/reason", table_of("r1", "red"));
		m.path = path;
		realise_device_sink.sample(bed.room, &m);
	}
	bed_run(LOOKS_MS);
	s = seen_of("red");
	ck_assert_uint_ge(s.of[SLICE_REACH_UNSURE], 1);
	ck_assert_uint_le(s.of[SLICE_REACH_PROVEN], 1);
	ck_assert_uint_eq(s.of[SLICE_REACH_MISSING] + s.of[SLICE_REACH_LEAK], 0);
	ck_assert_uint_eq(alarms("slice-leak") + alarms("slice-unreached"), 0);
	ck_assert(metric_value(metric_gauge("sextant_realise_sources_unsure", "", "")) >= 1);
	if (_i < 7) {
		tell_all("r2");
		bed_run(LOOKS_MS);
		ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 2);
	}
	bed_down();
}
END_TEST

START_TEST(devices_that_tell_nothing_prove_nothing)
{
	struct seen s;

	bed_up();
	up("r1");
	up("r2");
	bed_order("red", LINE("red", "eth1", "2001:db8"));
	bed_build("red");
	realise_device_sink.synced(bed.room, "r1", FORWARDING); /* it has no such model */
	bed_run(LOOKS_MS);
	s = seen_of("red");
	ck_assert_uint_eq(s.sources, 2);
	ck_assert_uint_eq(s.of[SLICE_REACH_UNSURE], 4); /* what is wanted, and all else, of each side */
	ck_assert_uint_eq(s.of[SLICE_REACH_PROVEN], 0);
	ck_assert_ptr_nonnull(strstr(s.why, "does not tell"));
	ck_assert_uint_eq(alarms("slice-leak") + alarms("slice-unreached"), 0);
	bed_down();
}
END_TEST

START_TEST(a_leak_that_is_out_of_sight_stands_until_it_is_seen_gone)
{
	unsigned table;

	two_customers();
	table = table_of("r1", "red");
	tell_route("r1", table, "2001:db8:2::/96", "sid", sid_of("blue"));
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	realise_device_sink.gap(bed.room, "r1", FORWARDING, "away");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	tell_all("r1"); /* without it */
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 0);
	tell_route("r1", table, "2001:db8:2::/96", "sid", sid_of("blue"));
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	device_at("r1")->missing = true; /* nobody looks after it any more */
	realise_device_sink.gone(bed.room, "r1");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 0);
	bed_down();
}
END_TEST

START_TEST(while_a_slice_is_changed_nothing_of_it_counts)
{
	two_customers();
	bed_order("red", LINE("red", "eth3", "2001:db8"));
	bed_start("red", SLICE_STEP_VPN, false);
	bed_run(LOOKS_MS); /* devices do not answer yet, and go on as they did */
	ck_assert(!bed.told.done);
	ck_assert_uint_eq(alarms("slice-leak") + alarms("slice-unreached"), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 0);
	ck_assert_uint_eq(seen_of("blue").of[SLICE_REACH_PROVEN], 2);
	while (!bed.told.done) {
		(void)bed_answer_all();
		bed_run(20);
	}
	bed_do("red", SLICE_STEP_CLASSIFY, false);
	tell_all("r1");
	tell_all("r2");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 2);
	ck_assert_uint_eq(alarms("slice-leak") + alarms("slice-unreached"), 0);
	bed_down();
}
END_TEST

START_TEST(a_slice_whose_traffic_is_taken_off_is_to_reach_nothing)
{
	unsigned table;
	struct seen s;

	two_customers();
	bed_do("red", SLICE_STEP_CLASSIFY, true);
	tell_all("r1");
	tell_all("r2");
	bed_run(LOOKS_MS);
	s = seen_of("red");
	ck_assert_uint_eq(s.sources, 2);
	ck_assert_uint_eq(s.of[SLICE_REACH_PROVEN] + s.of[SLICE_REACH_MISSING], 0);
	ck_assert_uint_eq(alarms("slice-leak") + alarms("slice-unreached"), 0);
	table = table_of("r1", "red");
	tell_route("r1", table, "2001:db8:2::/64", "sid", sid_of("blue"));
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	bed_take_back("red");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 0); /* it is no more */
	bed_down();
}
END_TEST

#define BY_DSCP(id, value)                                                                         \
	ORDER(id, ",\"sextant-slice:realisation\":{\"steering\":\"dscp\"}",                          \
	      END("a", "r1", CRITERIA(CRITERION("1", "g", TERM("dscp", ",\"dscp\":[" value "]"))),     \
		  AC("c1", "eth1", "2001:db8:1::1", "64", "")) ","                                 \
	      END("b", "r2", CRITERIA(CRITERION("1", "g", TERM("dscp", ",\"dscp\":[" value "]"))),     \
		  AC("c1", "eth1", "2001:db8:2::1", "64", "")), BOTH)

START_TEST(who_shares_an_interface_is_one_customer)
{
	two_customers();
	bed_take_back("red");
	bed_order("red", NULL);
	bed_order("gold", BY_DSCP("gold", "10"));
	bed_order("silver", BY_DSCP("silver", "12"));
	bed_build("gold");
	bed_build("silver");
	tell_all("r1");
	tell_all("r2");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(seen_of("gold").of[SLICE_REACH_PROVEN], 2);
	ck_assert_uint_eq(seen_of("silver").of[SLICE_REACH_PROVEN], 2);
	tell_route("r1", table_of("r1", "gold"), "2001:db8:2::/64", "sid", sid_of("silver"));
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(alarms("slice-leak") + alarms("slice-unreached"), 0); /* it comes out where it is to */
	tell_route("r1", table_of("r1", "gold"), "2001:db8:2::/64", "sid", sid_of("blue"));
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice gold"), 1);
	bed_down();
}
END_TEST

/* Whatever comes: bounded, no crash, and in the end all is told anew and proven. */
START_TEST(nonsense_does_no_harm)
{
	static const char *const paths[] = {
		"", "/", "/device", "/device/forwarding/", "/device/forwarding/table", "/device/forwarding/table[",
		"/device/forwarding/table[id=1", "/device/forwarding/table[id=1]/route",
		"/device/forwarding/table[id=1]/route[prefix=::/0]", "/device/forwarding/table[id=1]/route[member=0]",
		"/device/forwarding/table[id=99999999999]/complete", "/device/forwarding/sid", "/device/forwarding/sid[prefix=]",
		"/device/forwarding/sid[prefix=10.0.0.0/8]/action", "/device/forwarding/table[=]/x[[]]", "//////[]",
		"/device/forwarding/table[id=1]/route[member=70000][prefix=::/0]/way",
	};

	two_customers();
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		tell("r1", true, "", "%s", paths[i]);
		tell("r1", false, "x", "%s", paths[i]);
		tell("r1", true, "", "%s", paths[i]);
		bed_run(2000);
		ck_assert_uint_eq(alarms("slice-leak"), 0);
		tell_all("r1");
	}
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 2);
	bed_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("realise-leaks");
	TCase *tc = tcase_create("leaks");

	tcase_add_test(tc, of_two_customers_it_is_proven_that_each_reaches_its_own);
	tcase_add_loop_test(tc, a_route_to_somebody_else_is_an_alarm_after_a_second_look, 0, (int)ARRAY_LEN(leaks));
	tcase_add_test(tc, what_is_gone_before_a_second_look_is_no_alarm);
	tcase_add_test(tc, a_table_that_its_sid_does_not_lead_to_is_a_leak_of_who_uses_it);
	tcase_add_test(tc, what_is_no_longer_routed_is_missing);
	tcase_add_loop_test(tc, what_is_not_told_is_unsure_and_no_alarm, 0, 8);
	tcase_add_test(tc, devices_that_tell_nothing_prove_nothing);
	tcase_add_test(tc, a_leak_that_is_out_of_sight_stands_until_it_is_seen_gone);
	tcase_add_test(tc, while_a_slice_is_changed_nothing_of_it_counts);
	tcase_add_test(tc, a_slice_whose_traffic_is_taken_off_is_to_reach_nothing);
	tcase_add_test(tc, who_shares_an_interface_is_one_customer);
	tcase_add_test(tc, nonsense_does_no_harm);
	suite_add_tcase(s, tc);
	return check_main(s);
}
