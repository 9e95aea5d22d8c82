/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When all is well nothing is raised, however little routers tell and whatever is under way; and in the same place
 * what is not well is.
 */
#include "fwd.h"

#include <stdio.h>

#include "base/str.h"

static unsigned ever(void)
{
	return alarms("slice-leak") + alarms("slice-unreached");
}

static void all_told(void)
{
	char name[8];

	for (unsigned i = 1; i <= DEVICES; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		tell_all(name);
	}
}

/* Devices answer what they are asked until nothing is to be asked. */
static void answered(void)
{
	for (unsigned idle = 0; idle < 100; idle++) {
		bed_run(20);
		if (bed_answer_all())
			idle = 0;
	}
}

static void one(const char *id, const char *doc)
{
	char name[8];

	bed_up();
	for (unsigned i = 1; i <= DEVICES; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		up(name);
	}
	bed_order(id, doc);
	bed_build(id);
	all_told();
	bed_run(LOOKS_MS);
}

/* ---- while something is under way ---- */

/* Its policies are computed and set first: devices hear of it later, if ever. */
START_TEST(an_order_that_no_device_has_heard_of_is_not_held_against_them)
{
	two_customers();
	bed_order("red", LINE("red", "eth3", "2001:db9"));
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 0);
	ck_assert_ptr_nonnull(strstr(seen_of("red").why, "being changed"));
	ck_assert_uint_eq(seen_of("blue").of[SLICE_REACH_PROVEN], 2);
	bed_build("red"); /* and now they say that they do, and go on as they did */
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), 1);
	bed_down();
}
END_TEST

/* What a device shows it was told is in its kernel, and told, later. */
START_TEST(what_is_told_a_while_after_it_was_set_is_waited_for)
{
	two_customers();
	bed_order("red", LINE("red", "eth3", "2001:db9"));
	bed_build("red");
	bed_run(4000);
	ck_assert_uint_eq(ever(), 0);
	if (_i == 0) {
		tell_all("r1");
		tell_all("r2");
	}
	bed_run(LOOKS_MS);
	ck_assert_int_eq(ever() == 0, _i == 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], _i == 0 ? 2 : 0);
	bed_down();
}
END_TEST

/* No topology yet, or half of it: where interfaces are is not known, nor whose they are. */
START_TEST(after_a_restart_nothing_counts_before_all_was_read_back)
{
	unsigned table;

	two_customers();
	bed_topology(1);
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(ever(), 0);
	bed_crash();
	up("r1");
	up("r2");
	tell_all("r1");
	tell_all("r2");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(ever(), 0);
	bed_topology(DEVICES);
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 0);
	answered();
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN] + seen_of("blue").of[SLICE_REACH_PROVEN], 4);
	table = table_of("r1", "red");
	tell_route("r1", table, "2001:db8:66::/64", "interface", "core0");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	bed_down();
}
END_TEST

#define STAR(c)                                                                                    \
	ORDER("red", "", END("a", "r1", "", AC("c", "eth1", "2001:db8:1::1", "64", "")) ","          \
	      END("b", "r2", "", AC("c", "eth1", "2001:db8:2::1", "64", "")) ","                      \
	      END("c", c, "", AC("c", "eth3", "2001:db8:3::1", "64", "")),                            \
	      "{\"id\":\"g\",\"connectivity-type\":\"ietf-vpn-common:any-to-any\",\"connectivity-construct\":[" \
	      "{\"id\":\"1\",\"a2a-sdp\":[{\"sdp-id\":\"a\"},{\"sdp-id\":\"b\"},{\"sdp-id\":\"c\"}]}]}")

#define SPOKES                                                                                     \
	ORDER("red", "", END("a", "r1", "", AC("c", "eth1", "2001:db8:1::1", "64", "")) ","          \
	      END("b", "r2", "", AC("c", "eth1", "2001:db8:2::1", "64", "")) ","                      \
	      END("c", "r3", "", AC("c", "eth3", "2001:db8:3::1", "64", "")),                         \
	      SPOKE_PAIRS)
#define SPOKE_PAIRS                                                                                \
	GROUP("g", PAIR("1", "a", "b") "," PAIR("2", "b", "a") "," PAIR("3", "a", "c") "," PAIR("4", "c", "a"))

/* By its device in the middle, which says no, or says that it is done and goes on as it did. */
static const struct {
	const char *was, *is, *alarm;
} changes[] = {
	/* more behind b */
	{ LINE("red", "eth1", "2001:db8"),
	  ORDER("red", "", END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64", "")) ","
		END("b", "r2", "", AC("c1", "eth1", "2001:db8:2::1", "64", "") ","
		    AC("c2", "eth3", "2001:db8:3::1", "64", "")), BOTH),
	  "slice-unreached" },
	/* b is somewhere else */
	{ LINE("red", "eth1", "2001:db8"),
	  ORDER("red", "", END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64", "")) ","
		END("b", "r2", "", AC("c1", "eth3", "2001:db8:2::1", "64", "")), BOTH),
	  "slice-leak" },
	/* b and c are apart */
	{ STAR("r3"), SPOKES, "slice-leak" },
};

/* Of one that refuses, or is away, it is known that it is not as ordered: what comes of that is no news. */
START_TEST(a_device_that_has_not_taken_it_is_no_cause)
{
	for (int done = 0; done < 2; done++) {
		one("red", changes[_i].was);
		ck_assert_uint_eq(ever(), 0);
		bed_order("red", changes[_i].is);
		bed_start("red", SLICE_STEP_VPN, false);
		for (unsigned i = 0; i < 200 && !bed.told.done; i++) {
			bed_run(50);
			(void)bed_answer(device_at("r1"), DEVICE_DONE, 0, "", true);
			(void)bed_answer(device_at("r3"), DEVICE_DONE, 0, "", true);
			(void)bed_answer(device_at("r2"), done ? DEVICE_DONE : DEVICE_REFUSED, 9, "no", false);
		}
		ck_assert(bed.told.done && bed.told.ok == done);
		tell_all("r1");
		tell_all("r3");
		bed_run(LOOKS_MS);
		ck_assert_uint_eq(stands(changes[_i].alarm, "slice red"), (unsigned)done);
		ck_assert(done || ever() == 0);
		/* what has nothing to do with it counts */
		tell_route("r1", table_of("r1", "red"), "2001:db8:66::/64", "interface", "eth2");
		bed_run(LOOKS_MS);
		ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
		bed_down();
	}
}
END_TEST

/* What is wanted is not sent before it is durable, and nobody waits for that for ever. */
START_TEST(what_the_disk_has_not_taken_is_not_missed)
{
	two_customers();
	bed_do("red", SLICE_STEP_CLASSIFY, true);
	all_told();
	bed_run(LOOKS_MS);
	store_disk_fail(bed.disk, true);
	bed_start("red", SLICE_STEP_CLASSIFY, false);
	bed_run(5 * LOOKS_MS);
	ck_assert(bed.told.done && !bed.told.ok);
	ck_assert_uint_eq(ever(), 0);
	store_disk_fail(bed.disk, false);
	bed_do("red", SLICE_STEP_CLASSIFY, false);
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), 1); /* they do as they did */
	bed_down();
}
END_TEST

/* A policy that has no path for a moment has no route. */
START_TEST(what_comes_back_by_itself_is_no_alarm)
{
	unsigned table;

	two_customers();
	table = table_of("r1", "red");
	lose_route("r1", table, "2001:db8:2::/64");
	bed_run(6000);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_MISSING], 1);
	if (_i == 0)
		tell_route("r1", table, "2001:db8:2::/64", "sid", sid_of("red"));
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), (unsigned)_i);
	ck_assert_int_eq(ever() == 0, _i == 0);
	bed_down();
}
END_TEST

START_TEST(a_sid_that_is_told_before_its_table_is_unsure)
{
	char sid[IP_TEXT_MAX];

	two_customers();
	snprintf(sid, sizeof(sid), "%s", sid_of("red"));
	tell("r2", true, "", "/device/forwarding/table[id=%u]", table_of("r2", "red"));
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_UNSURE], 3); /* of r1 one, of r2 all */
	tell("r2", false, "200", "/device/forwarding/sid[prefix=%s/64]/table", sid); /* that no number of ours is */
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	bed_down();
}
END_TEST

/* ---- routers that tell nothing ---- */

START_TEST(where_a_router_tells_nothing_a_sid_that_nobody_has_may_be_its_own)
{
	char sid[IP_TEXT_MAX];

	bed_up();
	up("r1");
	up("r2");
	if (_i) { /* all there are */
		up("r3");
		up("r4");
	}
	bed_order("red", LINE("red", "eth1", "2001:db8"));
	bed_build("red");
	all_told();
	bed_run(LOOKS_MS);
	snprintf(sid, sizeof(sid), "%s", sid_of("red"));
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 2);
	tell("r2", true, "", "/device/forwarding/sid[prefix=%s/64]", sid);
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), (unsigned)_i);
	ck_assert_int_eq(ever() == 0, _i == 0);
	bed_down();
}
END_TEST

/* Of what is put right the alarm ends, though something else of the same table is never known. */
START_TEST(an_alarm_ends_where_another_router_never_tells)
{
	unsigned table;

	one("red", STAR("r3"));
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 6);
	realise_device_sink.gap(bed.room, "r3", FORWARDING, "it is of another maker");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 2);
	table = table_of("r1", "red");
	tell_route("r1", table, "2001:db8:66::/64", "interface", "core0");
	tell_route("r1", table, "2001:db8:2::/64", "drop", NULL);
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), 1);
	tell_route("r1", table, "2001:db8:66::/64", "other", NULL); /* nobody knows */
	tell_route("r1", table, "2001:db8:2::/64", "other", NULL);
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), 1);
	lose_route("r1", table, "2001:db8:66::/64");
	tell_route("r1", table, "2001:db8:2::/64", "sid", sid_of("red"));
	tell_route("r1", table, "2001:db8:2:0:8000::/80", "other", NULL); /* half of it */
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 0);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), 1);
	lose_route("r1", table, "2001:db8:2:0:8000::/80");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), 0);
	bed_down();
}
END_TEST

/* ---- kinds of orders ---- */

#define P2MP                                                                                       \
	ORDER("red", "", END("a", "r1", "", AC("c", "eth1", "2001:db8:1::1", "64", "")) ","          \
	      END("b", "r2", "", AC("c", "eth1", "2001:db8:2::1", "64", "")) ","                      \
	      END("c", "r3", "", AC("c", "eth3", "2001:db8:3::1", "64", "")),                         \
	      "{\"id\":\"g\",\"connectivity-type\":\"" NSS "point-to-multipoint\","                   \
	      "\"connectivity-construct\":[{\"id\":\"1\",\"p2mp-sender-sdp\":\"a\","                   \
	      "\"p2mp-receiver-sdp\":[\"b\",\"c\"]}]}")

/* From b on r2 to what is behind c on r3, by c's SID: who may, and who may not. */
static const struct {
	const char *doc;
	unsigned proven;
	bool may;
} kinds[] = {
	{ STAR("r3"), 6, true },
	{ SPOKES, 4, false },
	{ P2MP, 2, false },
};

START_TEST(who_is_joined_may_and_nobody_else)
{
	struct ip_addr sid;
	char text[IP_TEXT_MAX];

	one("red", kinds[_i].doc);
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], kinds[_i].proven);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_UNSURE] + seen_of("red").of[SLICE_REACH_MISSING], 0);
	ck_assert(realise_service_sid(bed.room, "red", "g", "c", &sid));
	tell_route("r2", table_of("r2", "red"), "2001:db8:3::/64", "sid", ip_text(&sid, text, sizeof(text)));
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), !kinds[_i].may);
	bed_down();
}
END_TEST

#define HUB(behind)                                                                                \
	ORDER("red", "",                                                                           \
	      END("a", "r1", "", AC("c", "eth1", "2001:db8:1::1", "64",                              \
				    ",\"sextant-slice:customer-prefix\":[\"" behind "\"],"           \
				    "\"sextant-slice:next-hop\":\"2001:db8:1::9\"")) ","              \
	      END("b", "r2", "", AC("c", "eth1", "2001:db8:2::1", "64", "")) ","                      \
	      END("c", "r3", "", AC("c", "eth3", "2001:db8:3::1", "64", "")), SPOKE_PAIRS)

/* Spokes lead all they have to a hub that has all, theirs among it: it is for the hub, which is not to be gone past. */
START_TEST(spokes_do_not_meet_in_the_table_of_a_hub_that_has_all)
{
	char sid[IP_TEXT_MAX], table[16];
	struct ip_addr to;

	one("red", HUB("2001:db8::/32"));
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_MISSING] + seen_of("red").of[SLICE_REACH_LEAK], 0);
	ck_assert_uint_ge(seen_of("red").of[SLICE_REACH_PROVEN], 6);
	ck_assert(realise_service_sid(bed.room, "red", "g", "a", &to));
	snprintf(table, sizeof(table), "%u", table_of("r1", "red"));
	tell("r1", false, table, "/device/forwarding/sid[prefix=%s/64]/table", ip_text(&to, sid, sizeof(sid)));
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), 1);
	bed_down();
}
END_TEST

START_TEST(what_comes_by_a_sid_has_a_table_of_its_own_where_another_would_lead_it_on)
{
	const char *all, *own;

	one("red", HUB("2001:db8::/32"));
	all = there("r1", "/device/table[id=100000]");
	own = there("r1", "/device/table[id=104096]");
	ck_assert(all && own);
	ck_assert_ptr_null(strstr(all, "\"sid\""));
	ck_assert_ptr_nonnull(strstr(all, "\"interface\":[\"eth1\"]"));
	ck_assert_ptr_nonnull(strstr(all, "\"segment\""));
	ck_assert_ptr_nonnull(strstr(own, "\"sid\":[\"fd5e:64:1:d000::\"],\"sid-length\":64,\"route\""));
	ck_assert_ptr_nonnull(strstr(own, "2001:db8::/32"));
	ck_assert_ptr_null(strstr(own, "\"segment\""));
	ck_assert_uint_eq(objects("r2"), objects("r3"));
	ck_assert_ptr_null(there("r2", "/device/table[id=104096]"));
	/* it comes and goes with what is behind the hub, and nothing of it is left */
	bed_order("red", HUB("2001:db9::/32"));
	bed_build("red");
	ck_assert_ptr_null(there("r1", "/device/table[id=104096]"));
	ck_assert_ptr_nonnull(strstr(there("r1", "/device/table[id=100000]"), "\"sid\""));
	bed_order("red", HUB("2001:db8::/32"));
	bed_build("red");
	ck_assert_ptr_nonnull(there("r1", "/device/table[id=104096]"));
	bed_take_back("red");
	ck_assert_uint_eq(objects("r1") + objects("r2") + objects("r3"), 0);
	bed_down();
}
END_TEST

/* Two of three on one router: by its own tables, and apart where they are not joined. */
START_TEST(neighbours_reach_each_other_by_the_tables_of_their_router)
{
	unsigned table;

	one("red", STAR("r2"));
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 6);
	table = table_of("r2", "red");
	ck_assert_uint_eq(ever(), 0);
	lose_route("r2", table, "2001:db8:3::/64");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), 1);
	bed_down();
}
END_TEST

/* An end that is taken out of service is reached by nobody, and its interface is still its own. */
START_TEST(an_end_that_is_down_is_not_waited_for)
{
	one("red", STAR("r2"));
	bed_ordered("red")->service.sdps[2].down = true;
	bed_ordered("red")->n_flows = 0;
	bed_ordered("red")->written = ++bed.writes;
	bed_build("red");
	all_told();
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_MISSING], 0);
	bed_down();
}
END_TEST

/* The second of a pair is the headend's to change over to: one route, one SID, whichever path carries it. */
START_TEST(a_protected_flow_is_one_way)
{
	struct ordered *o;

	two_customers();
	bed_take_back("red");
	bed_order("red", LINE("red", "eth1", "2001:db8"));
	o = bed_ordered("red");
	o->flows[o->n_flows] = o->flows[0];
	o->flows[o->n_flows].protection = true;
	o->flows[o->n_flows++].key.color = 900;
	bed_build("red");
	all_told();
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 2);
	tell_route("r1", table_of("r1", "red"), "2001:db8:2::/64", "sid", sid_of("red")); /* changed over */
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(ever(), 0);
	tell_route("r1", table_of("r1", "red"), "2001:db8:2::/64", "sid", sid_of("blue"));
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	bed_down();
}
END_TEST

/* Packets take either way: each of them has to be right. */
START_TEST(of_several_ways_each_counts)
{
	char key[128];

	two_customers();
	snprintf(key, sizeof(key), "/device/forwarding/table[id=%u]/route[member=1][prefix=2001:db8:2::/64]",
		 table_of("r1", "red"));
	tell("r1", false, "sid", "%s/way", key);
	tell("r1", false, sid_of("red"), "%s/sid", key);
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 2);
	tell("r1", true, "", "%s", key);
	tell("r1", false, "drop", "%s/way", key);
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), 1);
	ck_assert_uint_eq(alarms("slice-leak"), 0);
	bed_down();
}
END_TEST

/* A customer with two lines to one router: the other one is its own too, and nobody else's. */
START_TEST(a_second_line_is_the_same_customer)
{
	two_customers();
	bed_order("red", ORDER("red", "", END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64", "")) ","
			       END("b", "r2", "", AC("c1", "eth1", "2001:db8:2::1", "64", "") ","
				   AC("c2", "eth3", "2001:db8:2::9", "64", "")), BOTH));
	bed_build("red");
	all_told();
	bed_run(LOOKS_MS);
	tell_route("r2", table_of("r2", "red"), "2001:db8:2::/64", "interface", "eth3"); /* changed over */
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 2);
	tell_route("r2", table_of("r2", "red"), "2001:db8:2::/64", "interface", "eth2"); /* blue's */
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice red"), 1);
	bed_down();
}
END_TEST

static int partition_locator(void *ctx, const char *device, uint32_t nrp, struct ip_prefix *out)
{
	char text[32];

	(void)ctx;
	snprintf(text, sizeof(text), "fd5e:99:%s::/48", device + 1);
	return nrp == 1 && ip_prefix_parse(text, out) == 0 ? 0 : 1;
}

/* Its tables' SIDs are in the partition's locators: others of the same router are not its. */
START_TEST(a_slice_of_a_partition_is_led_by_its_sids)
{
	two_customers();
	bed_take_back("red");
	bed.room->cfg.locator = partition_locator;
	bed_order("red", LINE("red", "eth1", "2001:db8"));
	bed_ordered("red")->service.real.nrp = 1;
	bed_build("red");
	all_told();
	bed_run(LOOKS_MS);
	ck_assert_ptr_nonnull(strstr(sid_of("red"), "fd5e:99:2:"));
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("red").of[SLICE_REACH_PROVEN], 2);
	tell_route("r1", table_of("r1", "red"), "2001:db8:2::/64", "sid", "fd5e:64:2:d000::");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-unreached", "slice red"), 1);
	bed_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("realise-quiet");
	TCase *tc = tcase_create("quiet");

	tcase_add_test(tc, an_order_that_no_device_has_heard_of_is_not_held_against_them);
	tcase_add_loop_test(tc, what_is_told_a_while_after_it_was_set_is_waited_for, 0, 2);
	tcase_add_test(tc, after_a_restart_nothing_counts_before_all_was_read_back);
	tcase_add_loop_test(tc, a_device_that_has_not_taken_it_is_no_cause, 0, (int)ARRAY_LEN(changes));
	tcase_add_test(tc, what_the_disk_has_not_taken_is_not_missed);
	tcase_add_loop_test(tc, what_comes_back_by_itself_is_no_alarm, 0, 2);
	tcase_add_test(tc, a_sid_that_is_told_before_its_table_is_unsure);
	tcase_add_loop_test(tc, where_a_router_tells_nothing_a_sid_that_nobody_has_may_be_its_own, 0, 2);
	tcase_add_test(tc, an_alarm_ends_where_another_router_never_tells);
	tcase_add_loop_test(tc, who_is_joined_may_and_nobody_else, 0, (int)ARRAY_LEN(kinds));
	tcase_add_test(tc, spokes_do_not_meet_in_the_table_of_a_hub_that_has_all);
	tcase_add_test(tc, what_comes_by_a_sid_has_a_table_of_its_own_where_another_would_lead_it_on);
	tcase_add_test(tc, neighbours_reach_each_other_by_the_tables_of_their_router);
	tcase_add_test(tc, an_end_that_is_down_is_not_waited_for);
	tcase_add_test(tc, a_protected_flow_is_one_way);
	tcase_add_test(tc, of_several_ways_each_counts);
	tcase_add_test(tc, a_second_line_is_the_same_customer);
	tcase_add_test(tc, a_slice_of_a_partition_is_led_by_its_sids);
	suite_add_tcase(s, tc);
	return check_main(s);
}
