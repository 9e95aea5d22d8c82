/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Availability promised in an order against what the room measured: from devices that count to verdict, alarm, record
 * and view. A past of 30 days is given to the room as the record it would have written of it.
 */
#include "room_bed.h"

#include <stdio.h>

#include "log/metric.h"

#define PROMISED(nines, bounds)                                                                    \
	SERVICE("one", "\"sextant-slice:assurance-policy\":{\"windows-to-violate\":2,\"windows-to-clear\":2}," \
		       "\"service-slo-sle-policy\":{\"slo-policy\":{" nines "\"metric-bound\":[" BOUND(        \
			       "one-way-bandwidth", "bps", "1000000") bounds "]}},",               \
		SDP("s1", "a", "g", "") "," SDP("s2", "d", "g", ""), GROUP("g", "point-to-point", P2P("1", "s1", "s2", "")))
#define NINES(n) "\"availability\":\"ietf-network-slice-service:" n "-nines\","
#define LOSS "," BOUND("one-way-packet-loss", "ppm", "1000")

enum { PART_MS = ASSURE_PART_S * 1000 };

static void order_it(const char *doc)
{
	struct slice_result res = put_doc(SLICE_SERVICE, "one", doc);

	ck_assert_msg(res.code == 0, "%s: %s", res.field, res.text);
	bed_settle();
	periods(2);
	rb.flow = (uint32_t)stream()->id;
}

static void up(const char *doc)
{
	room_bed_up();
	order_it(doc);
	periods(4);
}

static const struct assure_promise_view *promise(void)
{
	return &stream()->promise;
}

static const char *stands(void)
{
	return assure_standing_name(promise()->standing);
}

static bool alarm_stands;

static void alarm_seen(void *arg, const struct bus_event *e)
{
	(void)arg;
	alarm_stands |= strcmp(e->type, "slice-availability") == 0 && strcmp(e->resource, "slice one") == 0;
}

static bool alarm_is(void)
{
	alarm_stands = false;
	bus_alarms(world.bus, alarm_seen, NULL);
	return alarm_stands;
}

/* The room is down for a moment, and finds a record. */
static void with_record(const char *text)
{
	const struct store_op op = { "assure-uptime", "one", text, strlen(text) };

	rb.room = assure_room_free(rb.room);
	run_ms(1000);
	ck_assert_int_eq(store_write(world.store, &op, 1, NULL, NULL), 0);
	run_ms(1000);
	room_bed_begin();
	run_ms(200);
}

/* It was down for so long a month ago but for a part, so long a part afterwards, and up for so many after that. */
static void past(int nines, enum assure_standing is, unsigned down1, unsigned down2, unsigned parts_up)
{
	char text[512];
	uint64_t now = loop_wall_ns(world.loop), head = now / ASSURE_PART_NS;

	snprintf(text, sizeof(text),
		 "{\"version\":1,\"flows\":[[\"g\",\"1\",\"s1\",\"s2\",%d,%d,%llu,%llu,"
		 "[%llu,1,0,0,1,%u,%u,1,%u,%u,%u,%d,0,%u,0,0]]]}",
		 nines, is, (unsigned long long)(now - 86400 * NS_PER_S),
		 (unsigned long long)(now - 40 * 86400 * NS_PER_S), (unsigned long long)head, PART_MS - down1, down1,
		 PART_MS - down2, down2, parts_up, PART_MS, ASSURE_PARTS - 3 - parts_up);
	with_record(text);
}

/* Until it is saved, and judged, again. */
static void ten_minutes(void)
{
	periods(605);
}

START_TEST(a_new_promise_has_too_little_history_and_is_not_kept)
{
	up(PROMISED(NINES("two"), LOSS));
	ten_minutes();
	ck_assert_str_eq(stands(), "insufficient");
	ck_assert(promise()->nines == 2 && promise()->measured_ppm == 1000000);
	ck_assert_uint_ge(promise()->is.up_ms, 590000);
	ck_assert_uint_eq(promise()->is.down_ms, 0);
	ck_assert_uint_eq(promise()->allowed_ms, 25920000);
	ck_assert(judged()->promise == ASSURE_INSUFFICIENT && judged()->n_broken == 0);
	ck_assert(judged()->state == ASSURE_COMPLIANT);
	ck_assert(!alarm_is() && events("slice-promise") == 0);
	ck_assert_uint_eq(records("assure-uptime"), 1);
	room_bed_down();
}
END_TEST

START_TEST(who_promises_none_is_not_judged)
{
	up(PROMISED("", LOSS));
	ten_minutes();
	ck_assert(promise()->nines == 0 && judged()->promise == ASSURE_UNPROMISED);
	ck_assert_uint_eq(records("assure-uptime"), 0);
	room_bed_down();
}
END_TEST

START_TEST(it_is_kept_at_risk_and_broken_and_the_alarm_stands_over_a_restart)
{
	uint64_t down;

	up(PROMISED(NINES("two"), LOSS));
	/* 25 704 s are allowed of what is known by then; 25 600 are used */
	past(2, ASSURE_KEPT, PART_MS, 4000000, 117);
	periods(5);
	ck_assert_str_eq(stands(), "at-risk");
	ck_assert(!alarm_is() && events("slice-promise") == 1);
	ck_assert_double_eq(metric_value(metric_gauge("sextant_assure_promises", "", "state=\"at-risk\"")), 1);
	rb.lost[0] = 10;
	ten_minutes();
	ck_assert_str_eq(stands(), "broken");
	down = promise()->is.down_ms;
	ck_assert_uint_gt(down, promise()->allowed_ms);
	ck_assert_uint_ge(down, PART_MS + 4000000 + 595000);
	ck_assert(alarm_is() && events("slice-promise") == 2 && judged()->n_broken == 1);
	ck_assert_msg(strncmp(judged()->promise_why, "s1 to s2: 98.9", 14) == 0, "%s", judged()->promise_why);
	ck_assert_double_eq(metric_value(metric_gauge("sextant_assure_promises", "", "state=\"broken\"")), 1);
	/* whoever begins anew raises it anew, and tells nothing twice */
	run_ms(1000);
	room_bed_restart();
	run_ms(200);
	ck_assert_str_eq(stands(), "broken");
	ck_assert_uint_ge(promise()->is.down_ms, down - 15000);
	ck_assert(alarm_is() && events("slice-promise") == 2 && events("slice-availability") == 2);
	room_bed_down();
}
END_TEST

START_TEST(who_keeps_it_again_is_told_so_once_there_is_something_to_spare)
{
	up(PROMISED(NINES("two"), LOSS));
	past(2, ASSURE_BROKEN, PART_MS, 2000000, 117); /* 23 600 of 25 704 s */
	ck_assert(alarm_is());
	periods(5);
	ck_assert_str_eq(stands(), "broken");
	past(2, ASSURE_BROKEN, 19000000, 0, 117);
	ck_assert(alarm_is());
	periods(5);
	ck_assert_str_eq(stands(), "at-risk");
	ck_assert(!alarm_is() && judged()->n_broken == 0);
	past(2, ASSURE_NEARLY, 10000000, 0, 117);
	periods(5);
	ck_assert_str_eq(stands(), "kept");
	ck_assert_uint_eq(events("slice-promise"), 2);
	room_bed_down();
}
END_TEST

START_TEST(what_nobody_measured_is_neither_up_nor_down)
{
	struct assure_spell was, is;

	up(PROMISED(NINES("two"), LOSS));
	past(2, ASSURE_INSUFFICIENT, 0, 0, 60);
	periods(8);
	ck_assert_str_eq(stands(), "kept");
	for (unsigned i = 0; i < ROUTERS; i++)
		disconnect_router(rb.at[i].name);
	periods(3);
	was = promise()->is;
	ten_minutes();
	is = promise()->is;
	ck_assert(is.up_ms == was.up_ms && is.down_ms == was.down_ms);
	ck_assert_uint_ge(is.unknown_ms, was.unknown_ms + 600000);
	ck_assert_str_eq(stands(), "kept");
	/* less than half of the month: a past of 50 parts */
	past(2, ASSURE_KEPT, 0, 0, 48);
	periods(5);
	ck_assert_str_eq(stands(), "insufficient");
	room_bed_down();
}
END_TEST

/* Nothing is sent into a policy that is down: no window says so, its headend does. */
START_TEST(a_policy_that_is_down_is_down_though_nothing_is_measured)
{
	uint64_t before;

	up(PROMISED(NINES("two"), LOSS));
	ten_minutes();
	ck_assert_uint_eq(promise()->is.down_ms, 0);
	before = promise()->is.up_ms;
	net_cut("a", "b");
	net_cut("a", "c");
	bed_publish();
	bed_settle();
	rb.sent = 0;
	periods(60);
	ck_assert_int_eq(judged()->state, ASSURE_UNKNOWN);
	ck_assert_uint_ge(promise()->is.down_ms, 50000);
	ck_assert_uint_le(promise()->is.up_ms, before + 8000);
	/* and while the network is out of sight nobody knows */
	net_stale();
	before = promise()->is.down_ms;
	periods(60);
	ck_assert_uint_le(promise()->is.down_ms, before + 4000);
	room_bed_down();
}
END_TEST

static void moved(void *arg, const struct slice_result *r)
{
	struct answer *x = arg;

	x->done = true;
	x->r = *r;
}

static void shed_for(const char *whom)
{
	struct slice_move m = { .id = "one" };
	struct answer x = { 0 };

	(void)snprintf(m.shed_for, sizeof(m.shed_for), "%s", whom);
	slice_moves_put(bed.slice, &m, 1, false, moved, &x);
	ck_assert_int_eq(wait_for(&x).code, 0);
	bed_settle();
}

/* Suspended for another's sake it is not measured; it is not there either, and that is known. */
START_TEST(a_slice_that_is_shed_is_down_meanwhile)
{
	static const char other[] =
		SERVICE("two", "\"sextant-slice:assurance-policy\":{}," CUSTOM(BOUND("one-way-bandwidth", "bps", "1")) ",",
			SDP("s1", "a", "g", "") "," SDP("s2", "d", "g", ""),
			GROUP("g", "point-to-point", P2P("1", "s1", "s2", "")));
	struct assure_spell was;

	room_bed_up();
	rb.room = assure_room_free(rb.room);
	bed.available[SLICE_STEP_CLASSIFY] = true;
	bed_crash();
	room_bed_begin();
	order_it(PROMISED(NINES("two"), LOSS));
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", other).code, 0);
	bed_settle();
	periods(10);
	ck_assert_uint_eq(promise()->is.down_ms, 0);
	was = promise()->is;
	shed_for("two");
	periods(700); /* it is saved meanwhile: a restart does not make it good */
	rb.room = assure_room_free(rb.room);
	run_ms(1000);
	room_bed_begin();
	periods(5);
	shed_for("");
	periods(3);
	ck_assert_uint_ge(promise()->is.down_ms, 500000); /* what was not saved is unknown */
	ck_assert_uint_le(promise()->is.down_ms, 706000);
	ck_assert_uint_le(promise()->is.up_ms, was.up_ms + 6000);
	room_bed_down();
}
END_TEST

/* Idle alone is no outage. */
START_TEST(a_flow_that_sends_nothing_is_unknown)
{
	uint64_t was;

	up(PROMISED(NINES("two"), LOSS));
	rb.sent = 0;
	periods(5);
	was = promise()->is.up_ms;
	periods(60);
	ck_assert(promise()->is.up_ms == was && promise()->is.down_ms == 0);
	ck_assert_uint_ge(promise()->is.unknown_ms, 55000);
	room_bed_down();
}
END_TEST

START_TEST(without_a_bound_it_is_up_when_packets_arrive_and_down_when_none_does)
{
	struct assure_spell was;

	up(PROMISED(NINES("three"), ""));
	rb.lost[0] = 900; /* of 1000 */
	periods(60);
	was = promise()->is;
	ck_assert(was.up_ms >= 55000 && was.down_ms == 0);
	rb.lost[0] = rb.sent;
	periods(60);
	ck_assert_uint_ge(promise()->is.down_ms, 55000);
	ck_assert_uint_le(promise()->is.up_ms, was.up_ms + 3000);
	room_bed_down();
}
END_TEST

START_TEST(another_promise_is_judged_by_the_same_time_and_none_is_forgotten)
{
	up(PROMISED(NINES("two"), LOSS));
	past(2, ASSURE_KEPT, 10000000, 0, 117);
	periods(5);
	ck_assert_str_eq(stands(), "kept");
	order_it(PROMISED(NINES("three"), LOSS)); /* 2 570 s */
	ck_assert_str_eq(stands(), "broken");
	ck_assert(alarm_is() && promise()->nines == 3);
	order_it(PROMISED(NINES("two"), LOSS));
	ck_assert_str_eq(stands(), "kept");
	ck_assert(!alarm_is());
	order_it(PROMISED(NINES("three"), LOSS));
	ck_assert(alarm_is());
	order_it(PROMISED("", LOSS));
	ck_assert(!alarm_is() && promise()->nines == 0);
	ten_minutes();
	ck_assert_uint_eq(records("assure-uptime"), 0);
	room_bed_down();
}
END_TEST

START_TEST(nothing_is_left_of_it_when_the_slice_has_gone)
{
	up(PROMISED(NINES("three"), LOSS));
	past(3, ASSURE_KEPT, 10000000, 0, 117);
	periods(5);
	ck_assert(alarm_is());
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	run_ms(1000);
	ck_assert(!alarm_is());
	ck_assert_uint_eq(records("assure-uptime"), 0);
	room_bed_down();
}
END_TEST

/* As somebody else's hand left it, and one of tomorrow. */
#define NAMES "\"g\",\"1\",\"s1\",\"s2\""
static const char *const bad[] = {
	"", "[]", "{", "{\"version\":1}", "{\"version\":2,\"flows\":[]}", "{\"version\":1,\"flows\":{}}",
	"{\"version\":1,\"flows\":[[" NAMES ",3,2,1,1]]}",
	"{\"version\":1,\"flows\":[[" NAMES ",3,2,1,1,[]]]}",
	"{\"version\":1,\"flows\":[[" NAMES ",3,2,1,1,[1,119,0,0]]]}",
	"{\"version\":1,\"flows\":[[" NAMES ",3,2,1,1,[1,121,0,0]]]}",
	"{\"version\":1,\"flows\":[[" NAMES ",3,2,1,1,[1,120,21600001,0]]]}",
	"{\"version\":1,\"flows\":[[" NAMES ",3,2,1,1,[1,120,21600000,1]]]}",
	"{\"version\":1,\"flows\":[[" NAMES ",3,2,1,1,[1,120,-1,0]]]}",
	"{\"version\":1,\"flows\":[[" NAMES ",7,2,1,1,[1,120,1,0]]]}",
	"{\"version\":1,\"flows\":[[" NAMES ",3,5,1,1,[1,120,1,0]]]}",
	"{\"version\":1,\"flows\":[[" NAMES ",3,2,1,1,[99999999,120,1,0]]]}",
	"{\"version\":1,\"flows\":[[" NAMES ",3,2,1,9000000000000000000,[1,120,1,0]]]}",
	"{\"version\":1,\"flows\":[[\"g\",1,\"s1\",\"s2\",3,2,1,1,[1,120,1,0]]]}",
};

START_TEST(a_record_that_makes_no_sense_is_none)
{
	up(PROMISED(NINES("two"), LOSS));
	with_record(bad[_i]);
	ck_assert_str_eq(stands(), "insufficient");
	ck_assert(promise()->is.up_ms == 0 && promise()->is.down_ms == 0);
	periods(6);
	ck_assert_uint_gt(promise()->is.up_ms, 0);
	room_bed_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("assure-room-promise");
	TCase *t = tcase_create("all");

	tcase_add_test(t, a_new_promise_has_too_little_history_and_is_not_kept);
	tcase_add_test(t, who_promises_none_is_not_judged);
	tcase_add_test(t, it_is_kept_at_risk_and_broken_and_the_alarm_stands_over_a_restart);
	tcase_add_test(t, who_keeps_it_again_is_told_so_once_there_is_something_to_spare);
	tcase_add_test(t, what_nobody_measured_is_neither_up_nor_down);
	tcase_add_test(t, a_policy_that_is_down_is_down_though_nothing_is_measured);
	tcase_add_test(t, a_slice_that_is_shed_is_down_meanwhile);
	tcase_add_test(t, a_flow_that_sends_nothing_is_unknown);
	tcase_add_test(t, without_a_bound_it_is_up_when_packets_arrive_and_down_when_none_does);
	tcase_add_test(t, another_promise_is_judged_by_the_same_time_and_none_is_forgotten);
	tcase_add_test(t, nothing_is_left_of_it_when_the_slice_has_gone);
	tcase_add_loop_test(t, a_record_that_makes_no_sense_is_none, 0, ARRAY_LEN(bad));
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return check_main(s);
}
