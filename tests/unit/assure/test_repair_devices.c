/* SPDX-License-Identifier: Apache-2.0 */
/* What devices tell, as facts that a diagnosis speaks of: queues, broken packets, clocks, drift. */
#include <stdio.h>
#include <stdlib.h>

#include "bed.h"

#include "assure/repair/repair_desk.h"

static struct repair_desk *desk;
static uint32_t watches;
static char watched[8][64];

static int watch(void *self, const char *device, const struct device_watch *w, uint32_t *id)
{
	(void)self;
	ck_assert_str_eq(device, "a");
	*id = ++watches;
	(void)snprintf(watched[*id], sizeof(watched[0]), "%s", w->path);
	return 0;
}

static void up(const char *kind)
{
	const struct device_info info = { .device = "a", .kind = kind };

	repair_device_sink.up(desk, &info);
}

static void setup(void)
{
	const struct device_port port = { .watch = watch };
	struct repair_desk_parts parts;

	watches = 0;
	bed_up(bed_square);
	parts = (struct repair_desk_parts){ .loop = world.loop, .bus = world.bus, .intent = world.intent,
					    .slice = bed.slice, .store = world.store };
	ck_assert_int_eq(repair_desk_new(&desk, &parts, NULL), 0);
	repair_desk_port(desk, &port);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 4ull * G, "")).code, 0);
	bed_settle();
}

static void teardown(void)
{
	desk = repair_desk_free(desk);
	bed_down();
}

static int64_t ahead; /* of the device's clock */

static void tell(const char *path, uint64_t u, const char *text)
{
	struct device_sample s = { .device = "a", .path = path, .number = !text, .u = u, .text = text };

	s.time_ns = (int64_t)loop_wall_ns(world.loop) + ahead;
	for (uint32_t i = 1; i <= watches; i++) {
		/* the longest that it is below: as keys are in paths, by what comes last */
		const char *last = strrchr(watched[i], '/');

		if (strcmp(last, "/state") == 0 && strncmp(path, "/device/table", 13) == 0 && strstr(path, "/state/"))
			s.watch = i;
		else if (strstr(path, last) && (strcmp(last, "/link") != 0 || strncmp(path, "/device/link", 12) == 0) &&
		    (strncmp(watched[i], "/device/table", 13) != 0 || strncmp(path, "/device/table", 13) == 0))
			s.watch = i;
	}
	ck_assert_uint_gt(s.watch, 0);
	repair_device_sink.sample(desk, &s);
}

/* The interface towards b. */
static void address(void)
{
	char text[IP_TEXT_MAX + 8], a[IP_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "[\"%s\"]",
		       ip_text(&world.ted->links[net_index("a", "b")].local_v6, a, sizeof(a)));
	tell("/device/interface[name=core0]/address", 0, text);
}

static void queue(uint64_t packets, uint64_t octets, uint64_t drops)
{
	tell("/device/link[name=core0]/nrp[id=3]/rate", 5000000, NULL);
	tell("/device/link[name=core0]/nrp[id=3]/state/packets", packets, NULL);
	tell("/device/link[name=core0]/nrp[id=3]/state/octets", octets, NULL);
	tell("/device/link[name=core0]/nrp[id=3]/state/drops", drops, NULL);
}

static const struct repair_diagnosis *found(void)
{
	static struct repair_diagnosis g;

	ck_assert_int_eq(repair_desk_diagnose(desk, &g), 0);
	return &g;
}

START_TEST(a_queue_that_drops_below_its_rate_is_starved)
{
	up("agent");
	ck_assert_uint_eq(watches, 6);
	address();
	queue(1000, 1000000, 0);
	run_ms(5000);
	queue(2000, 2000000, 0);
	ck_assert_uint_eq(found()->result.n, 0); /* it drops nothing */
	run_ms(5000);
	queue(3000, 3000000, 50); /* 1.68 Mb/s of 5 */
	ck_assert_uint_eq(found()->result.n, 1);
	ck_assert_int_eq(found()->result.cause[0].class, LOCATE_QUEUE_STARVED);
	ck_assert_ptr_nonnull(strstr(found()->cause[0], "queue-starved at a>b: queue-drops 50 of 1050"));
	ck_assert_str_eq(found()->services[0][0], "one");
}
END_TEST

START_TEST(one_that_is_offered_more_than_its_rate_is_not)
{
	up("agent");
	address();
	queue(1000, 1000000, 0);
	run_ms(5000);
	queue(4000, 4000000, 900); /* 6.2 Mb/s of 5: and nobody says that it hurts */
	ck_assert_uint_eq(found()->result.n, 0);
	ck_assert_uint_eq(found()->result.unexplained, 1);
}
END_TEST

START_TEST(counters_that_begin_anew_tell_nothing)
{
	up("agent");
	address();
	queue(1000, 1000000, 100);
	run_ms(5000);
	queue(10, 10000, 5);
	ck_assert_uint_eq(found()->result.unexplained, 0);
	run_ms(5000);
	repair_device_sink.gap(desk, "a", 3, "overrun");
	queue(20, 20000, 700);
	ck_assert_uint_eq(found()->result.unexplained, 0);
	repair_device_sink.gone(desk, "a");
	tell("/device/link[name=core0]/nrp[id=3]/state/drops", 9000, NULL);
	ck_assert_uint_eq(found()->result.unexplained, 0);
}
END_TEST

static void statistics(uint64_t errors)
{
	tell("/device/interface[name=core0]/statistics/in-errors", errors, NULL);
}

static void clock_for(unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		run_ms(1000);
		tell("/device/generation", 1, NULL);
	}
}

START_TEST(a_clock_that_moves_is_told_from_one_that_is_told_late)
{
	up("agent");
	ahead = 700000000; /* as it always was */
	clock_for(5);
	ahead = -(int64_t)NS_PER_S * 3; /* twice it came late */
	clock_for(2);
	ahead = 700000000;
	clock_for(5);
	ck_assert_uint_eq(found()->result.n, 0);
	ahead = 2700000000;
	clock_for(1);
	ck_assert_uint_eq(found()->result.n, 1);
	ck_assert_int_eq(found()->result.cause[0].class, LOCATE_CLOCK_JUMP);
	ck_assert_ptr_nonnull(strstr(found()->cause[0], "clock-jump at a"));
	clock_for(70);
	ck_assert_uint_eq(found()->result.n, 1); /* it is still wrong */
	ahead = 700000000; /* and back */
	clock_for(4);
	ck_assert_uint_eq(found()->result.n, 0);
	ahead = -40000000000; /* backwards it could be delay, until it stays */
	clock_for(3);
	ck_assert_uint_eq(found()->result.n, 0);
	clock_for(1);
	ck_assert_uint_eq(found()->result.n, 1);
	ahead = 0; /* it was put right */
	clock_for(1);
	ck_assert_uint_eq(found()->result.n, 0);
}
END_TEST

START_TEST(a_clock_that_moved_goes_on_while_its_agent_is_away)
{
	up("agent");
	ahead = 0;
	clock_for(5);
	repair_device_sink.gap(desk, "a", 4, "down");
	ahead = 9000000000;
	clock_for(3);
	ck_assert_uint_eq(found()->result.n, 0);
	clock_for(1);
	ck_assert_uint_eq(found()->result.n, 1);
	repair_device_sink.gone(desk, "a");
	ck_assert_uint_eq(found()->result.n, 0);
}
END_TEST

START_TEST(a_queue_that_drops_no_more_is_well)
{
	up("agent");
	address();
	queue(1000, 1000000, 0);
	run_ms(2000);
	queue(1100, 1100000, 50);
	tell("/device/link[name=core0]/nrp[id=4]/state/drops", 0, NULL);
	ck_assert_uint_eq(found()->result.n, 1);
	run_ms(2000);
	tell("/device/link[name=core0]/nrp[id=4]/state/drops", 0, NULL); /* another one */
	ck_assert_uint_eq(found()->result.n, 1);
	queue(1200, 1200000, 50);
	ck_assert_uint_eq(found()->result.n, 0);
}
END_TEST

START_TEST(broken_packets_and_objects_that_are_not_as_they_were)
{
	const struct device_drift other = { .device = "a", .path = "/device/link[name=core0]", .found = "x" };
	const struct device_drift sid = { .device = "a", .path = "/device/table[id=100000]/sid", .found = "nothing" };

	ahead = 0;
	up("agent");
	address();
	statistics(10);
	run_ms(5000);
	statistics(10);
	ck_assert_uint_eq(found()->result.unexplained, 0);
	run_ms(5000);
	statistics(14);
	ck_assert_uint_eq(found()->result.n, 0); /* alone it names no cause */
	ck_assert_uint_eq(found()->result.unexplained, 1);
	repair_device_sink.drift(desk, &other);
	ck_assert_uint_eq(found()->result.n, 0);
	repair_device_sink.drift(desk, &sid);
	ck_assert_uint_eq(found()->result.n, 1);
	ck_assert_int_eq(found()->result.cause[0].class, LOCATE_WRONG_SID);
}
END_TEST

#define TABLE "/device/table[id=100000]"

/* A window that ends now, of packets that came to a. */
static void arrive(const char *last, uint64_t packets, uint64_t ms)
{
	struct slice_flow_view f;
	struct ip_addr sid;
	struct assure_evidence e = { .slice = "one", .key = &f.key, .verdict = ASSURE_COMPLIANT, .state = ASSURE_COMPLIANT,
				     .loss_known = true, .sent = packets, .delay_us = UINT32_MAX, .last = &sid,
				     .end = ted_node_by_id(world.ted, "a"), .why = "" };

	ck_assert_uint_eq(slice_flows(bed.slice, "one", 0, &f, 1), 1);
	ck_assert_int_eq(ip_parse(last, &sid), 0);
	e.end_ns = loop_wall_ns(world.loop);
	e.begin_ns = e.end_ns - ms * NS_PER_MS;
	repair_desk_evidence(desk, &e);
}

/* What comes in two seconds, and what of it the SID says it took. */
static void served(const char *last, uint64_t come, uint64_t taken)
{
	run_ms(2000);
	arrive(last, come, 1000);
	tell(TABLE "/state/packets", taken, NULL);
}

START_TEST(a_sid_that_takes_nothing_of_what_comes_to_it_is_wrong)
{
	up("agent");
	tell(TABLE "/sid", 0, "[\"fcbb:bbbb:1:d001::\",\"fd5e:64:1:d001::\"]");
	tell(TABLE "/state/packets", 100, NULL);
	for (unsigned i = 1; i < 5; i++)
		served("fcbb:bbbb:1:d001::", 50, 100 + 50 * i);
	ck_assert_uint_eq(found()->result.n, 0);
	for (unsigned i = 0; i < 4; i++)
		served("fd5e:64:1:d001::", 50, 300);
	ck_assert_uint_eq(found()->result.n, 1);
	ck_assert_int_eq(found()->result.cause[0].class, LOCATE_WRONG_SID);
	ck_assert_ptr_nonnull(strstr(found()->cause[0], "wrong-sid at a: sid-not-served"));
	/* the flow's own packets came as promised: whom it hits is who ends there */
	ck_assert_str_eq(found()->services[0][0], "one");
	served("fd5e:64:1:d001::", 50, 350);
	ck_assert_uint_eq(found()->result.n, 0);
}
END_TEST

START_TEST(a_table_that_the_device_lost_is_wrong_and_one_it_never_had_is_not)
{
	up("agent");
	tell(TABLE "/state/status", 0, "failed");
	tell(TABLE "/state/reason", 0, "the router software has this SID");
	ck_assert_uint_eq(found()->result.n, 0);
	tell(TABLE "/state/status", 0, "in");
	ck_assert_uint_eq(found()->result.n, 0);
	tell(TABLE "/state/status", 0, "failed");
	tell(TABLE "/state/reason", 0, "there is no interface ce2");
	ck_assert_uint_eq(found()->result.n, 0);
	tell(TABLE "/state/reason", 0, "the router software has this SID");
	ck_assert_uint_eq(found()->result.n, 1);
	ck_assert_int_eq(found()->result.cause[0].class, LOCATE_WRONG_SID);
	tell(TABLE "/state/status", 0, "in");
	ck_assert_uint_eq(found()->result.n, 0);
}
END_TEST

/* Twins: nothing comes; few; to another SID; before it took the last; a counter that began anew. */
START_TEST(a_sid_that_nothing_came_to_is_not)
{
	up("agent");
	tell(TABLE "/sid", 0, "[\"fcbb:bbbb:1:d001::\"]");
	for (unsigned i = 0; i < 6; i++)
		served("fcbb:bbbb:1:d001::", 0, 100);
	ck_assert_uint_eq(found()->result.n, 0);
	for (unsigned i = 0; i < 6; i++)
		served("fcbb:bbbb:1:d002::", 50, 100);
	ck_assert_uint_eq(found()->result.n, 0);
	served("fcbb:bbbb:1:d001::", 4, 100);
	for (unsigned i = 0; i < 6; i++)
		served("fcbb:bbbb:1:d001::", 0, 100);
	ck_assert_uint_eq(found()->result.n, 0);
	tell(TABLE "/state/packets", 200, NULL);
	for (unsigned i = 0; i < 6; i++) {
		run_ms(2000);
		arrive("fcbb:bbbb:1:d001::", 50, 60000);
		tell(TABLE "/state/packets", 200, NULL);
	}
	ck_assert_uint_eq(found()->result.n, 0);
	for (unsigned i = 0; i < 6; i++)
		served("fcbb:bbbb:1:d001::", 50, 100 - i);
	ck_assert_uint_eq(found()->result.n, 0);
	tell(TABLE "/state/packets", 200, NULL);
	served("fcbb:bbbb:1:d001::", 50, 200);
	repair_device_sink.gap(desk, "a", 6, "overrun");
	served("fcbb:bbbb:1:d001::", 50, 200);
	served("fcbb:bbbb:1:d001::", 50, 200);
	ck_assert_uint_eq(found()->result.n, 0);
}
END_TEST

START_TEST(what_is_no_agent_or_nonsense_is_left_alone)
{
	static const char *const odd[] = { "", "/", "/device/link", "/device/link[name=]/nrp[id=1]/state/drops",
					   "/device/link[name=x]/nrp[id=99999999999]/state/drops",
					   "/device/link[name=x]/nrp[id=-1]/state/drops", "/device/interface[name=x" };

	up("sros");
	ck_assert_uint_eq(watches, 0);
	up("agent");
	up("agent"); /* a session more: they last */
	ck_assert_uint_eq(watches, 6);
	for (unsigned i = 0; i < ARRAY_LEN(odd); i++) {
		for (uint32_t w = 1; w <= 6; w++) {
			const struct device_sample s = { .device = "a", .watch = w, .path = odd[i], .number = true,
							 .u = UINT64_MAX, .text = "[\"::1\",\"x\"", .time_ns = INT64_MIN };

			repair_device_sink.sample(desk, &s);
		}
	}
	for (unsigned i = 0; i < 300; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/device/link[name=i%u]/nrp[id=%u]/state/drops", i, i);
		tell(path, i, NULL);
	}
	ck_assert_uint_eq(found()->result.n, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("repair-devices");
	TCase *t = tcase_create("square");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_queue_that_drops_below_its_rate_is_starved);
	tcase_add_test(t, one_that_is_offered_more_than_its_rate_is_not);
	tcase_add_test(t, counters_that_begin_anew_tell_nothing);
	tcase_add_test(t, a_clock_that_moves_is_told_from_one_that_is_told_late);
	tcase_add_test(t, a_clock_that_moved_goes_on_while_its_agent_is_away);
	tcase_add_test(t, a_queue_that_drops_no_more_is_well);
	tcase_add_test(t, broken_packets_and_objects_that_are_not_as_they_were);
	tcase_add_test(t, a_sid_that_takes_nothing_of_what_comes_to_it_is_wrong);
	tcase_add_test(t, a_sid_that_nothing_came_to_is_not);
	tcase_add_test(t, a_table_that_the_device_lost_is_wrong_and_one_it_never_had_is_not);
	tcase_add_test(t, what_is_no_agent_or_nonsense_is_left_alone);
	suite_add_tcase(s, t);
	return check_main(s);
}
