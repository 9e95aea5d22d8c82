/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A site with two homes: what is behind SDPs a (r1) and b (r2) is reached from c (r3) by the first of them that is
 * not away, and by the other meanwhile.
 */
#include "fwd.h"

#include <stdio.h>

#define FAR "/device/table[id=100000]" /* c's on r3 */
#define SITE "2001:db8:1::/64"
#define BACK_MS 3000 /* a circuit has to stay up for so long */
#define BY_A "{\"prefix\":\"" SITE "\",\"segment\":[\"fd5e:64:1:d000::\"],\"policy\":{\"color\":102,\"endpoint\":\"fd00::1\"}}"
#define BY_B "{\"prefix\":\"" SITE "\",\"segment\":[\"fd5e:64:2:d000::\"],\"policy\":{\"color\":103,\"endpoint\":\"fd00::2\"}}"

#define PAIRS                                                                                                          \
	GROUP("g", PAIR("ac", "a", "c") "," PAIR("bc", "b", "c") "," PAIR("ca", "c", "a") "," PAIR("cb", "c", "b"))
#define HOMES(first, second)                                                                                     \
	ORDER("x", "", first "," second "," END("c", "r3", "", AC("c1", "eth1", "2001:db8:3::1", "64", "")), PAIRS)
#define SDP_A END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64", ""))
#define SDP_B END("b", "r2", "", AC("c1", "eth2", "2001:db8:1::1", "64", ""))

static void built(const char *doc)
{
	bed_up();
	for (unsigned i = 0; i < 3; i++) {
		up(bed.device[i].name);
		bed.device[i].way = SLICE_WAY_IS;
	}
	bed_order("x", doc);
	bed_build("x");
}

static void settle(void)
{
	for (unsigned i = 0; i < 5; i++) {
		bed_run(10);
		bed_answer_all();
	}
}

static void goes_by(const char *route, const char *not)
{
	const char *json;

	settle();
	json = there("r3", FAR);
	ck_assert_ptr_nonnull(json);
	ck_assert_msg(strstr(json, route) != NULL, "%s", json);
	ck_assert_msg(strstr(json, not) == NULL, "%s", json);
}

static void ended(void)
{
	bed_take_back("x");
	bed_run(100);
	for (unsigned i = 0; i < DEVICES; i++)
		ck_assert_uint_eq(bed.device[i].n, 0);
	ck_assert_uint_eq(bed_records(), 0);
	bed_down();
}

START_TEST(the_first_home_carries_and_each_delivers_itself)
{
	built(HOMES(SDP_A, SDP_B));
	goes_by(BY_A, BY_B);
	ck_assert_ptr_nonnull(strstr(there("r1", FAR), "{\"prefix\":\"" SITE "\",\"interface\":\"eth1\"}"));
	ck_assert_ptr_nonnull(strstr(there("r2", FAR), "{\"prefix\":\"" SITE "\",\"interface\":\"eth2\"}"));
	/* sources may come by both: what their tables route there */
	ck_assert_ptr_nonnull(there("r1", "/device/source-filter[interface=eth1]"));
	ck_assert_ptr_nonnull(there("r2", "/device/source-filter[interface=eth2]"));
	ended();
}
END_TEST

START_TEST(the_order_says_which_is_first)
{
	built(HOMES(SDP_B, SDP_A));
	goes_by(BY_B, BY_A);
	ended();
}
END_TEST

START_TEST(a_home_without_a_way_is_left_and_taken_again)
{
	built(HOMES(SDP_A, SDP_B));
	bed_way("r1", SLICE_WAY_UNKNOWN);
	goes_by(BY_A, BY_B);
	bed_way("r1", SLICE_WAY_NONE);
	goes_by(BY_B, BY_A);
	bed_way("r1", SLICE_WAY_UNKNOWN); /* nobody says that it is back */
	goes_by(BY_B, BY_A);
	bed_way("r1", SLICE_WAY_IS);
	goes_by(BY_A, BY_B);
	bed_way("r2", SLICE_WAY_NONE); /* the other carries nothing */
	goes_by(BY_A, BY_B);
	bed_way("r1", SLICE_WAY_NONE); /* none is better */
	goes_by(BY_A, BY_B);
	ended();
}
END_TEST

START_TEST(a_home_that_was_left_is_not_taken_by_guess_after_a_crash)
{
	built(HOMES(SDP_A, SDP_B));
	bed_way("r1", SLICE_WAY_NONE);
	goes_by(BY_B, BY_A);
	bed.device[0].way = SLICE_WAY_UNKNOWN;
	bed_crash();
	bed_start("x", SLICE_STEP_CLASSIFY, false);
	goes_by(BY_B, BY_A);
	bed_way("r1", SLICE_WAY_IS);
	goes_by(BY_A, BY_B);
	ended();
}
END_TEST

START_TEST(a_home_that_vanished_from_the_topology_does_not_hold_up_the_others)
{
	static const char by_d[] = "{\"prefix\":\"" SITE "\",\"segment\":[\"fd5e:64:4:d000::\"],"
				   "\"policy\":{\"color\":102,\"endpoint\":\"fd00::4\"}}";

	built(HOMES(END("a", "r4", "", AC("c1", "eth1", "2001:db8:1::1", "64", "")), SDP_B));
	goes_by(by_d, BY_B);
	bed_topology(3);
	bed_way("r4", SLICE_WAY_NONE);
	goes_by(BY_B, by_d);
	ck_assert_ptr_nonnull(there("r4", FAR)); /* what it has is not taken away */
	bed_crash();
	bed_circuit("r2", "eth2", "up");
	bed_start("x", SLICE_STEP_CLASSIFY, false);
	goes_by(BY_B, by_d);
	bed_topology(4);
	bed_way("r4", SLICE_WAY_IS);
	goes_by(by_d, BY_B);
	ended();
}
END_TEST

/* A site with one home is where it is known to be, or nowhere. */
START_TEST(an_only_home_that_vanished_is_waited_for)
{
	built(HOMES(END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64", "")),
		    END("b", "r4", "", AC("c1", "eth1", "2001:db8:9::1", "64", ""))));
	settle();
	bed_topology(3);
	bed_way("r4", SLICE_WAY_NONE);
	settle();
	ck_assert(!realise_find(bed.room, "x")->planned);
	bed_topology(4);
	settle();
	ck_assert(realise_find(bed.room, "x")->planned);
	ended();
}
END_TEST

/* r1's circuit is up again: it is taken when it stayed so. */
static void is_back(void)
{
	goes_by(BY_B, BY_A);
	bed_run(BACK_MS - 500);
	goes_by(BY_B, BY_A);
	bed_run(500);
	goes_by(BY_A, BY_B);
}

START_TEST(a_home_whose_circuit_is_down_is_left)
{
	built(HOMES(SDP_A, SDP_B));
	bed_circuit("r1", "eth2", "down"); /* another one */
	bed_circuit("r2", "eth1", "down"); /* one of this name elsewhere */
	goes_by(BY_A, BY_B);
	bed_circuit("r1", "eth1", "lower-layer-down");
	goes_by(BY_B, BY_A);
	/* its own table delivers as before: nothing goes round between homes */
	ck_assert_ptr_nonnull(strstr(there("r1", FAR), "{\"prefix\":\"" SITE "\",\"interface\":\"eth1\"}"));
	bed_circuit("r2", "eth2", "down");
	goes_by(BY_A, BY_B);
	bed_circuit("r2", "eth2", "up"); /* no other is left: at once */
	goes_by(BY_B, BY_A);
	bed_run(BACK_MS);
	realise_device_sink.gap(bed.room, "r1", 7, "");
	goes_by(BY_B, BY_A);
	bed_circuit("r1", "eth1", "up");
	realise_device_sink.synced(bed.room, "r1", 7);
	is_back();
	bed_circuit("r1", "eth1", NULL); /* it is no more */
	goes_by(BY_B, BY_A);
	realise_device_sink.gap(bed.room, "r1", 7, "");
	realise_device_sink.synced(bed.room, "r1", 7);
	goes_by(BY_B, BY_A);
	bed_circuit("r1", "eth1", "up");
	is_back();
	ended();
}
END_TEST

START_TEST(a_circuit_that_flaps_is_not_taken_until_it_stays_up)
{
	built(HOMES(SDP_A, SDP_B));
	bed_circuit("r1", "eth1", "down");
	goes_by(BY_B, BY_A);
	for (int i = 0; i < 5; i++) {
		bed_circuit("r1", "eth1", "up");
		bed_run(BACK_MS - 500);
		goes_by(BY_B, BY_A);
		bed_circuit("r1", "eth1", "down");
		bed_run(100);
		goes_by(BY_B, BY_A);
	}
	bed_circuit("r1", "eth1", "up");
	is_back();
	/* it stays what it is when the other one goes, and when both do the one that is back is good enough */
	bed_circuit("r2", "eth2", "down");
	goes_by(BY_A, BY_B);
	bed_circuit("r2", "eth2", "up");
	bed_circuit("r1", "eth1", "down");
	goes_by(BY_B, BY_A);
	ended();
}
END_TEST

/* Two lines to the first home: one of them is enough. */
START_TEST(a_home_with_a_second_circuit_is_left_when_both_are_down)
{
	built(HOMES(END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64", "") ","
			    AC("c2", "eth3", "2001:db8:1::1", "64", "")), SDP_B));
	bed_circuit("r1", "eth1", "down");
	goes_by(BY_A, BY_B);
	bed_circuit("r1", "eth3", "down");
	goes_by(BY_B, BY_A);
	bed_circuit("r1", "eth1", "up");
	is_back();
	ended();
}
END_TEST

/* The same prefix of another customer, and of another group of the same one, is another destination. */
START_TEST(same_prefixes_of_others_are_no_homes)
{
	const char *json;

	built(ORDER("x", "", SDP_A "," SDP_B "," END("c", "r3", "", AC("c1", "eth1", "2001:db8:3::1", "64", "")) ","
		    END("d", "r3", "", AC("c1", "eth4", "2001:db8:4::1", "64", "")),
		    GROUP("g", PAIR("ca", "c", "a") "," PAIR("ac", "a", "c")) ","
		    GROUP("h", PAIR("db", "d", "b") "," PAIR("bd", "b", "d"))));
	bed_way("r1", SLICE_WAY_NONE);
	bed_circuit("r1", "eth1", "down");
	settle();
	json = there("r3", FAR);
	ck_assert_msg(json && strstr(json, "fd5e:64:1:d000::") && !strstr(json, "fd5e:64:2"), "%s", json);
	json = there("r3", "/device/table[id=100001]");
	ck_assert_msg(json && strstr(json, "fd5e:64:2:d000::") && !strstr(json, "fd5e:64:1"), "%s", json);
	ended();
}
END_TEST

static unsigned ever(void)
{
	return alarms("slice-leak") + alarms("slice-unreached");
}

static void all_told(void)
{
	settle();
	for (unsigned i = 0; i < DEVICES; i++)
		tell_all(bed.device[i].name);
	bed_run(LOOKS_MS);
}

START_TEST(either_home_is_where_it_is_to_arrive)
{
	built(HOMES(SDP_A, SDP_B));
	up("r4");
	all_told();
	ck_assert_uint_eq(seen_of("x").of[SLICE_REACH_PROVEN], 3);
	bed_way("r1", SLICE_WAY_NONE);
	all_told();
	goes_by(BY_B, BY_A);
	ck_assert_uint_eq(seen_of("x").of[SLICE_REACH_PROVEN], 3);
	ck_assert_uint_eq(ever(), 0);
	ended();
}
END_TEST

START_TEST(beside_its_homes_it_is_a_leak_or_unreached)
{
	built(HOMES(SDP_A, SDP_B));
	up("r4");
	all_told();
	tell_route("r1", 100000, SITE, "interface", "eth7"); /* that home delivers elsewhere */
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice x"), 1);
	ck_assert_uint_eq(stands("slice-unreached", "slice x"), 1);
	tell_route("r1", 100000, SITE, "interface", "eth1");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice x") + stands("slice-unreached", "slice x"), 0);
	lose_route("r3", 100000, SITE);
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice x"), 0);
	ck_assert_uint_eq(stands("slice-unreached", "slice x"), 1);
	ended();
}
END_TEST

/* What it has is where it was: on its interface packets are delivered, and nowhere else. */
START_TEST(a_home_that_vanished_from_the_topology_is_no_leak)
{
	built(HOMES(END("a", "r4", "", AC("c1", "eth1", "2001:db8:1::1", "64", "")), SDP_B));
	up("r4");
	all_told();
	ck_assert_uint_eq(seen_of("x").of[SLICE_REACH_PROVEN], 3);
	bed_topology(3);
	bed_way("r4", SLICE_WAY_NONE);
	all_told();
	ck_assert_uint_eq(ever(), 0);
	ck_assert_uint_eq(seen_of("x").of[SLICE_REACH_LEAK], 0);
	ck_assert_uint_eq(seen_of("x").of[SLICE_REACH_PROVEN], 3);
	tell_route("r4", 100000, SITE, "interface", "eth7"); /* there it is none of the customer's */
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice x"), 1);
	tell_route("r4", 100000, SITE, "interface", "eth1");
	bed_run(LOOKS_MS);
	ck_assert_uint_eq(stands("slice-leak", "slice x"), 0);
	bed_topology(4);
	bed_way("r4", SLICE_WAY_IS);
	all_told();
	ck_assert_uint_eq(seen_of("x").of[SLICE_REACH_PROVEN], 3);
	ended();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("realise-homes");
	TCase *tc = tcase_create("homes");

	tcase_add_test(tc, the_first_home_carries_and_each_delivers_itself);
	tcase_add_test(tc, the_order_says_which_is_first);
	tcase_add_test(tc, a_home_without_a_way_is_left_and_taken_again);
	tcase_add_test(tc, a_home_that_was_left_is_not_taken_by_guess_after_a_crash);
	tcase_add_test(tc, a_home_that_vanished_from_the_topology_does_not_hold_up_the_others);
	tcase_add_test(tc, an_only_home_that_vanished_is_waited_for);
	tcase_add_test(tc, a_home_whose_circuit_is_down_is_left);
	tcase_add_test(tc, a_circuit_that_flaps_is_not_taken_until_it_stays_up);
	tcase_add_test(tc, a_home_with_a_second_circuit_is_left_when_both_are_down);
	tcase_add_test(tc, either_home_is_where_it_is_to_arrive);
	tcase_add_test(tc, beside_its_homes_it_is_a_leak_or_unreached);
	tcase_add_test(tc, a_home_that_vanished_from_the_topology_is_no_leak);
	tcase_add_test(tc, same_prefixes_of_others_are_no_homes);
	suite_add_tcase(s, tc);
	return check_main(s);
}
