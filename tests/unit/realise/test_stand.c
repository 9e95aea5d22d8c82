/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of a site with two homes, a (r1) and b (r2), that is reached from c (r3): which is away, whether the other
 * carries what was for it, and which flows may be down meanwhile.
 */
#include "fwd.h"

#include <stdio.h>


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

static void ended(void)
{
	bed_take_back("x");
	bed_run(100);
	for (unsigned i = 0; i < DEVICES; i++)
		ck_assert_uint_eq(bed.device[i].n, 0);
	ck_assert_uint_eq(stands("slice-home-away", "slice x"), 0);
	ck_assert_uint_eq(bed_records(), 0);
	bed_down();
}

static enum slice_homes is(char why[SR_REASON_MAX])
{
	const struct slice_steps steps = realise_steps(bed.room);

	memset(why, 0, SR_REASON_MAX);
	return steps.homes(steps.ctx, "x", why);
}

/* Of the flow from one SDP to another. */
static bool spared(const char *from, const char *to)
{
	const struct slice_steps steps = realise_steps(bed.room);
	const struct ordered *o = bed_ordered("x");
	struct sr_policy_key key;

	for (uint32_t i = 0; o && i < o->n_flows; i++) {
		if (strcmp(o->flows[i].sender, from) != 0 || strcmp(o->flows[i].receiver, to) != 0)
			continue;
		key = o->flows[i].key;
		key.leg = 1;
		ck_assert(steps.spared(steps.ctx, "x", &o->flows[i].key) == steps.spared(steps.ctx, "x", &key));
		return steps.spared(steps.ctx, "x", &o->flows[i].key);
	}
	ck_abort_msg("no flow from %s to %s", from, to);
	return false;
}

static void says(enum slice_homes state, const char *words)
{
	char why[SR_REASON_MAX];

	ck_assert_msg(is(why) == state, "%s", why);
	ck_assert_str_eq(why, words);
	ck_assert_uint_eq(stands("slice-home-away", "slice x"), state != SLICE_HOMES_ALL);
}

START_TEST(a_home_without_a_way_is_named_and_the_other_stands_in)
{
	unsigned news;

	built(HOMES(SDP_A, SDP_B));
	settle();
	says(SLICE_HOMES_ALL, "");
	ck_assert(!spared("c", "a") && !spared("a", "c") && !spared("b", "c"));
	news = bed.home_news;
	bed_way("r1", SLICE_WAY_NONE);
	settle();
	says(SLICE_HOMES_LESS, "home a (r1) is away: no way leads there; c sends to b (r2)");
	ck_assert_uint_gt(bed.home_news, news);
	ck_assert(spared("c", "a") && spared("a", "c"));
	ck_assert(!spared("c", "b") && !spared("b", "c")); /* they carry it */
	bed_way("r1", SLICE_WAY_UNKNOWN); /* nobody says that it is back */
	settle();
	says(SLICE_HOMES_LESS, "home a (r1) is away: no way leads there; c sends to b (r2)");
	bed_way("r1", SLICE_WAY_IS);
	settle();
	says(SLICE_HOMES_ALL, "");
	ck_assert(!spared("c", "a") && !spared("a", "c"));
	ck_assert_uint_eq(bed_events("slice-home-away"), 2);
	ended();
}
END_TEST

START_TEST(the_second_home_away_is_lost_redundancy_too)
{
	built(HOMES(SDP_A, SDP_B));
	settle();
	ck_assert(spared("c", "b")); /* it carries nothing */
	bed_way("r2", SLICE_WAY_NONE);
	settle();
	says(SLICE_HOMES_LESS, "home b (r2) is away: no way leads there; c sends to a (r1)");
	ck_assert(spared("c", "b") && spared("b", "c"));
	ck_assert(!spared("c", "a") && !spared("a", "c"));
	ended();
}
END_TEST

START_TEST(a_home_whose_circuit_is_down_is_named)
{
	built(HOMES(SDP_A, SDP_B));
	bed_circuit("r1", "eth1", "down");
	settle();
	says(SLICE_HOMES_LESS, "home a (r1) is away: its circuit is down; c sends to b (r2)");
	bed_circuit("r2", "eth2", "down");
	settle();
	says(SLICE_HOMES_NONE, "home a (r1) is away: its circuit is down; no home of 2001:db8:1::/64 is left for c");
	bed_circuit("r1", "eth1", "up");
	settle();
	says(SLICE_HOMES_LESS, "home b (r2) is away: its circuit is down; c sends to a (r1)");
	bed_circuit("r2", "eth2", "up");
	settle();
	says(SLICE_HOMES_ALL, "");
	ended();
}
END_TEST

START_TEST(no_home_that_is_left_spares_nothing)
{
	built(HOMES(SDP_A, SDP_B));
	bed_way("r1", SLICE_WAY_NONE);
	bed_way("r2", SLICE_WAY_NONE);
	settle();
	says(SLICE_HOMES_NONE, "home a (r1) is away: no way leads there; no home of 2001:db8:1::/64 is left for c");
	ck_assert(!spared("c", "a") && !spared("a", "c") && !spared("b", "c"));
	ended();
}
END_TEST

/* A way back alone that is lost: the customer goes on sending by that home. */
START_TEST(what_is_lost_of_a_home_that_is_there_is_lost)
{
	built(HOMES(SDP_A, SDP_B));
	bed_way("r3", SLICE_WAY_NONE);
	settle();
	says(SLICE_HOMES_ALL, "");
	ck_assert(!spared("a", "c") && !spared("b", "c"));
	ended();
}
END_TEST

/* Until the source's router shows that it sends to the other nobody says that it does; that it will is believed once. */
START_TEST(who_has_not_taken_the_change_is_not_reached)
{
	char why[SR_REASON_MAX];

	built(HOMES(SDP_A, SDP_B));
	settle();
	bed_way("r1", SLICE_WAY_NONE);
	ck_assert(spared("c", "a")); /* it is looked at in this turn */
	bed_run(10);
	ck_assert_uint_eq(device_at("r3")->n_waiting, 1);
	ck_assert(spared("c", "a"));
	ck_assert(bed_answer(device_at("r3"), DEVICE_REFUSED, 3, "no room", false));
	bed_run(10);
	ck_assert(!spared("c", "a") && !spared("a", "c"));
	ck_assert_int_eq(is(why), SLICE_HOMES_NONE);
	ck_assert_msg(strstr(why, "which r3 has not taken: refused: no room") != NULL, "%s", why);
	ck_assert_uint_eq(stands("slice-home-away", "slice x"), 1);
	bed_run(40000);
	settle();
	says(SLICE_HOMES_LESS, "home a (r1) is away: no way leads there; c sends to b (r2)");
	ck_assert(spared("c", "a"));
	ended();
}
END_TEST

START_TEST(a_router_that_does_not_answer_shows_nothing)
{
	built(HOMES(SDP_A, SDP_B));
	settle();
	bed_way("r1", SLICE_WAY_NONE);
	bed_run(10);
	ck_assert(bed_answer(device_at("r3"), DEVICE_UNKNOWN, 14, "no session", false));
	bed_run(10);
	ck_assert(!spared("c", "a") && !spared("a", "c"));
	ended();
}
END_TEST

/* What is behind a home alone has no other way. */
START_TEST(what_is_behind_one_home_alone_is_not_carried_by_another)
{
	built(HOMES(END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64", "") ","
			    AC("c2", "eth3", "2001:db8:7::1", "64",
			       ",\"sextant-slice:customer-prefix\":[\"2001:db8:77::/48\"],"
			       "\"sextant-slice:next-hop\":\"2001:db8:7::2\"")), SDP_B));
	bed_way("r1", SLICE_WAY_NONE);
	settle();
	ck_assert(!spared("c", "a") && !spared("a", "c"));
	ended();
}
END_TEST

/* The link between router and customer is of the home itself. */
START_TEST(a_link_of_its_own_does_not_keep_a_home_from_being_spared)
{
#define CUSTOMER(hop)                                                                                                  \
	",\"sextant-slice:customer-prefix\":[\"2001:db8:cc::/48\"],\"sextant-slice:next-hop\":\"" hop "\""

	built(HOMES(END("a", "r1", "", AC("c1", "eth1", "2001:db8:11::1", "64", CUSTOMER("2001:db8:11::2"))),
		    END("b", "r2", "", AC("c1", "eth2", "2001:db8:12::1", "64", CUSTOMER("2001:db8:12::2")))));
	bed_way("r1", SLICE_WAY_NONE);
	settle();
	says(SLICE_HOMES_LESS, "home a (r1) is away: no way leads there; c sends to b (r2)");
	ck_assert(spared("c", "a") && spared("a", "c"));
	ended();
}
END_TEST

/* Every answer that may be there is that there is no session. */
static void away(const char *device)
{
	for (unsigned i = 0; i < 4; i++) {
		while (bed_answer(device_at(device), DEVICE_REFUSED, 14, "there is no session", false))
			;
		for (unsigned k = 0; k < DEVICES; k++) {
			while (strcmp(bed.device[k].name, device) != 0 &&
			       bed_answer(&bed.device[k], DEVICE_DONE, 0, "", true))
				;
		}
		bed_run(100);
	}
}

/* After a restart steps are asked for again, of a router too that cannot be told anything. */
START_TEST(a_step_is_done_without_the_router_of_a_home_that_is_away)
{
	built(HOMES(SDP_A, SDP_B));
	settle();
	bed_way("r1", SLICE_WAY_NONE);
	settle();
	bed_crash();
	bed_start("x", SLICE_STEP_VPN, false);
	bed_run(100);
	away("r1");
	ck_assert(bed.told.done && bed.told.ok);
	bed_start("x", SLICE_STEP_CLASSIFY, false);
	bed_run(100);
	away("r1");
	ck_assert(bed.told.done && bed.told.ok);
	says(SLICE_HOMES_LESS, "home a (r1) is away: no way leads there; c sends to b (r2)");
	ck_assert_int_eq(realise_site_of(realise_find(bed.room, "x"), "r1", false)->state, REALISE_WAITS);
	bed_way("r1", SLICE_WAY_IS);
	up("r1");
	settle();
	ck_assert_int_eq(realise_site_of(realise_find(bed.room, "x"), "r1", false)->state, REALISE_DONE);
	says(SLICE_HOMES_ALL, "");
	ended();
}
END_TEST

/* One of a home that is there, and one of no home, are waited for. */
START_TEST(a_step_waits_for_every_other_router)
{
	const char *device = _i ? "r3" : "r2";

	built(HOMES(SDP_A, SDP_B));
	settle();
	bed_way("r1", SLICE_WAY_NONE);
	settle();
	bed_crash();
	bed_start("x", SLICE_STEP_VPN, false);
	bed_run(100);
	away(device);
	ck_assert(!bed.told.done);
	up(device);
	for (unsigned i = 0; i < 4; i++)
		settle();
	ck_assert(bed.told.done && bed.told.ok);
	ended();
}
END_TEST

/* The alarm of a slice that is taken away, or whose traffic is, goes. */
START_TEST(an_alarm_ends_with_its_slice)
{
	built(HOMES(SDP_A, SDP_B));
	bed_way("r1", SLICE_WAY_NONE);
	settle();
	ck_assert_uint_eq(stands("slice-home-away", "slice x"), 1);
	ended();
}
END_TEST

START_TEST(traffic_that_is_taken_off_has_no_homes)
{
	built(HOMES(SDP_A, SDP_B));
	bed_way("r1", SLICE_WAY_NONE);
	settle();
	bed_do("x", SLICE_STEP_CLASSIFY, true);
	settle();
	says(SLICE_HOMES_ALL, "");
	ck_assert(!spared("c", "a"));
	bed_do("x", SLICE_STEP_VPN, true);
	bed_run(100);
	bed_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("realise-stand");
	TCase *tc = tcase_create("stand");

	tcase_add_test(tc, a_home_without_a_way_is_named_and_the_other_stands_in);
	tcase_add_test(tc, the_second_home_away_is_lost_redundancy_too);
	tcase_add_test(tc, a_home_whose_circuit_is_down_is_named);
	tcase_add_test(tc, no_home_that_is_left_spares_nothing);
	tcase_add_test(tc, what_is_lost_of_a_home_that_is_there_is_lost);
	tcase_add_test(tc, who_has_not_taken_the_change_is_not_reached);
	tcase_add_test(tc, a_router_that_does_not_answer_shows_nothing);
	tcase_add_test(tc, what_is_behind_one_home_alone_is_not_carried_by_another);
	tcase_add_test(tc, a_link_of_its_own_does_not_keep_a_home_from_being_spared);
	tcase_add_test(tc, a_step_is_done_without_the_router_of_a_home_that_is_away);
	tcase_add_loop_test(tc, a_step_waits_for_every_other_router, 0, 2);
	tcase_add_test(tc, an_alarm_ends_with_its_slice);
	tcase_add_test(tc, traffic_that_is_taken_off_has_no_homes);
	suite_add_tcase(s, tc);
	return check_main(s);
}
