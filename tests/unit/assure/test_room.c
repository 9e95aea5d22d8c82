/* SPDX-License-Identifier: Apache-2.0 */
/* From what devices tell to verdicts of slices, over devices that count as agents do. */
#include "room_bed.h"

#include <stdio.h>

/* A flow from a to d that may lose a thousandth. */
#define FLOW(policy, bounds)                                                                       \
	SERVICE("one", "\"sextant-slice:assurance-policy\":{" policy "}," CUSTOM(                  \
			       BOUND("one-way-bandwidth", "bps", "1000000") "," bounds) ",",       \
		SDP("s1", "a", "g", "") "," SDP("s2", "d", "g", ""), GROUP("g", "point-to-point", P2P("1", "s1", "s2", "")))
#define LOSS BOUND("one-way-packet-loss", "ppm", "1000")
#define QUICK "\"windows-to-violate\":2,\"windows-to-clear\":2"

static void slice_up(const char *doc)
{
	struct slice_result res = put_doc(SLICE_SERVICE, "one", doc);

	ck_assert_msg(res.code == 0, "%s: %s", res.field, res.text);
	bed_settle();
	periods(2); /* devices are set up meanwhile */
	rb.flow = (uint32_t)stream()->id;
}

static void up(const char *doc)
{
	room_bed_up();
	slice_up(doc);
}

/* The first two periods of a counter have nothing to subtract from. */
static void compliant(void)
{
	periods(4);
	ck_assert_msg(rb.last.verdict == ASSURE_COMPLIANT, "%s: %s", assure_verdict_name(rb.last.verdict), rb.why);
	ck_assert(judged()->state == ASSURE_COMPLIANT && seen("one")->verdict == SLICE_COMPLIANT);
}

static const struct assure_segment *segment(unsigned i)
{
	ck_assert_uint_lt(i, rb.last.n_segments);
	return &rb.last.segments[i];
}

/* ---- what devices are told ---- */

START_TEST(the_devices_of_the_path_are_told_what_to_mark_and_count)
{
	char want[512];

	up(FLOW(QUICK, LOSS));
	snprintf(want, sizeof(want),
		 "{\"period\":1000,\"guard\":200,\"port\":[{\"name\":\"to-b\"},{\"name\":\"to-c\"}],\"end\":[],"
		 "\"flow\":[{\"id\":%u,\"last\":\"fcbb:bbbb:4:d001::\"}]}",
		 rb.flow);
	ck_assert_str_eq(router("a")->doc, want);
	ck_assert_str_eq(router("b")->doc, "{\"period\":1000,\"guard\":200,\"port\":[{\"name\":\"to-a\"},"
					   "{\"name\":\"to-d\"}],\"end\":[],\"flow\":[]}");
	ck_assert_str_eq(router("d")->doc, "{\"period\":1000,\"guard\":200,\"port\":[{\"name\":\"to-b\"},"
					   "{\"name\":\"to-c\"}],\"end\":[\"fcbb:bbbb:4:d000::/52\"],\"flow\":[]}");
	ck_assert_str_eq(router("c")->doc, "");
	ck_assert(router("a")->counters && router("d")->counters && !router("b")->counters);
	ck_assert(!router("c")->faces && !router("c")->counters);
	room_bed_down();
}
END_TEST

START_TEST(without_a_service_sid_packets_are_told_by_the_list_of_their_policy)
{
	char want[256], first[IP_TEXT_MAX], last[IP_TEXT_MAX];
	const struct intent_view *v;

	room_bed_up();
	rb.service_sid = false;
	slice_up(FLOW(QUICK, LOSS));
	v = calloc(1, sizeof(*v));
	ck_assert(v && intent_get(world.intent, &stream()->key, (struct intent_view *)(uintptr_t)v) == 0);
	snprintf(want, sizeof(want), "\"flow\":[{\"id\":%u,\"first\":\"%s\",\"last\":\"%s\"}]", rb.flow,
		 ip_text(&v->computed.at[0].sid, first, sizeof(first)),
		 ip_text(&v->computed.at[v->computed.n - 1].sid, last, sizeof(last)));
	ck_assert_msg(strstr(router("a")->doc, want) != NULL, "%s in %s", want, router("a")->doc);
	ck_assert_ptr_nonnull(strstr(router("d")->doc, "/128\"]"));
	free((struct intent_view *)(uintptr_t)v);
	room_bed_down();
}
END_TEST

static void residue(void *arg, const char *id, const char *what)
{
	ck_assert_str_eq(id, "measurement");
	ck_assert_str_eq(what, "marking on b");
	++*(unsigned *)arg;
}

static unsigned left(void)
{
	unsigned n = 0;

	assure_room_audit(rb.room, residue, &n);
	return n;
}

START_TEST(nothing_is_left_at_devices_when_the_slice_has_gone)
{
	up(FLOW(QUICK ",\"hop-by-hop\":\"always\"", LOSS));
	periods(1);
	ck_assert(router("b")->counters && router("b")->doc[0]);
	ck_assert_uint_eq(left(), 0);
	disconnect_router("b");
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	periods(2);
	ck_assert_uint_eq(left(), 1);
	connect_router("b");
	periods(2);
	ck_assert_uint_eq(left(), 0);
	for (unsigned i = 0; i < ROUTERS; i++) {
		ck_assert_str_eq(rb.at[i].doc, "");
		ck_assert(!rb.at[i].faces && !rb.at[i].counters);
	}
	ck_assert_ptr_null(assure_room_next(rb.room, NULL));
	ck_assert_uint_eq(records("assure-history"), 0);
	room_bed_down();
}
END_TEST

/* The controller was dead when the slice went, or forgot. */
START_TEST(what_a_life_before_has_left_is_taken_away_and_nothing_where_nothing_is)
{
	room_bed_up();
	run_ms(2000);
	for (unsigned i = 0; i < ROUTERS; i++)
		ck_assert_uint_eq(rb.at[i].sets, 0);
	snprintf(router("c")->doc, sizeof(router("c")->doc), "{}");
	room_bed_restart();
	periods(40);
	ck_assert_str_eq(router("c")->doc, "");
	ck_assert(router("c")->deletes == 1 && router("a")->sets == 0);
	room_bed_down();
}
END_TEST

START_TEST(attachment_circuits_are_edges)
{
	up(SERVICE("one", "\"sextant-slice:assurance-policy\":{}," CUSTOM(BOUND("one-way-bandwidth", "bps", "1000000") "," LOSS) ",",
		   "{\"id\":\"s1\",\"node-id\":\"a\",\"attachment-circuits\":{\"attachment-circuit\":[{\"id\":\"ac1\","
		   "\"ac-node-id\":\"a\",\"ac-tp-id\":\"cust\"}]}}," SDP("s2", "d", "g", ""),
		   GROUP("g", "point-to-point", P2P("1", "s1", "s2", ""))));
	ck_assert_msg(strstr(router("a")->doc, "{\"name\":\"to-c\"},{\"name\":\"cust\",\"edge\":true}]") != NULL, "%s",
		      router("a")->doc);
	room_bed_down();
}
END_TEST

START_TEST(what_a_device_refuses_is_said_and_tried_again)
{
	unsigned sets;

	room_bed_up();
	router("a")->refuses = "no programs here";
	slice_up(FLOW(QUICK, LOSS));
	periods(2);
	ck_assert_msg(strstr(stream()->why, "a does not mark: refused: no programs here") != NULL, "%s", stream()->why);
	ck_assert(judged()->state == ASSURE_UNKNOWN && seen("one")->verdict == SLICE_UNKNOWN);
	sets = router("a")->sets;
	router("a")->refuses = NULL;
	periods(45);
	ck_assert_uint_eq(router("a")->sets, sets + 1);
	compliant();
	room_bed_down();
}
END_TEST

START_TEST(a_device_that_comes_back_is_told_again)
{
	unsigned sets;

	up(FLOW(QUICK, LOSS));
	compliant();
	sets = router("d")->sets;
	disconnect_router("d");
	periods(2);
	ck_assert(rb.last.verdict == ASSURE_UNKNOWN && judged()->state == ASSURE_UNKNOWN);
	ck_assert_msg(strstr(rb.why, "d is not connected: the connection broke") != NULL, "%s", rb.why);
	router("d")->doc[0] = '\0';
	connect_router("d");
	periods(1);
	ck_assert_uint_eq(router("d")->sets, sets + 1);
	compliant();
	ck_assert_uint_eq(router("a")->sets, 1);
	room_bed_down();
}
END_TEST

START_TEST(a_slice_without_an_assurance_policy_is_not_measured)
{
	struct slice_result res;

	room_bed_up();
	res = put_doc(SLICE_SERVICE, "one", SERVICE("one", CUSTOM(BOUND("one-way-bandwidth", "bps", "1000000") "," LOSS) ",",
						    SDP("s1", "a", "g", "") "," SDP("s2", "d", "g", ""),
						    GROUP("g", "point-to-point", P2P("1", "s1", "s2", ""))));
	ck_assert_int_eq(res.code, 0);
	bed_settle();
	periods(3);
	ck_assert(seen("one")->state == SLICE_ACTIVE && !assure_room_next(rb.room, NULL));
	ck_assert_uint_eq(router("a")->sets, 0);
	room_bed_down();
}
END_TEST

START_TEST(a_router_without_a_device_is_named)
{
	room_bed_up();
	disconnect_router("d");
	router("d")->present = false;
	assure_device_sink.gone(rb.room, "d");
	slice_up(FLOW(QUICK, LOSS));
	periods(3);
	ck_assert_msg(strstr(stream()->why, "d is not among the devices") != NULL, "%s", stream()->why);
	room_bed_down();
}
END_TEST

/* ---- verdicts ---- */

START_TEST(loss_beyond_the_bound_violates_and_is_placed)
{
	up(FLOW(QUICK, LOSS));
	compliant();
	ck_assert_uint_eq(rb.last.sent, 1000);
	rb.lost[1] = 20; /* in b */
	periods(1);
	ck_assert(rb.last.verdict == ASSURE_VIOLATED && rb.last.state == ASSURE_AT_RISK);
	ck_assert(rb.last.n_segments == 1 && segment(0)->lost == 20);
	ck_assert_msg(strcmp(rb.why, "loss 2.00 % of 0.10 % allowed (20 of 1000)") == 0, "%s", rb.why);
	periods(5); /* hops are measured now */
	ck_assert(rb.last.state == ASSURE_VIOLATED && rb.last.n_segments == 3);
	ck_assert(segment(0)->known && segment(0)->lost == 0);
	ck_assert(segment(1)->known && segment(1)->lost == 20 && segment(1)->from.node == segment(1)->to.node);
	ck_assert(segment(2)->known && segment(2)->lost == 0);
	ck_assert_ptr_nonnull(strstr(rb.why, "20 of them in b"));
	ck_assert(stream()->lost[0] == 0 && stream()->lost[1] >= 20 && stream()->lost[1] % 20 == 0);
	ck_assert(seen("one")->verdict == SLICE_VIOLATION && seen("one")->state == SLICE_VIOLATED);
	ck_assert_uint_ge(events("slice-verdict"), 2);
	rb.lost[1] = 0;
	rb.lost[2] = 5; /* on the wire behind b */
	periods(2);
	ck_assert(segment(2)->lost == 5 && segment(1)->lost == 0);
	ck_assert_ptr_nonnull(strstr(rb.why, "5 of them between b and d"));
	rb.lost[2] = 0;
	periods(4);
	ck_assert(judged()->state == ASSURE_COMPLIANT && seen("one")->state == SLICE_ACTIVE);
	ck_assert(rb.last.n_segments == 1 && !router("b")->counters);
	room_bed_down();
}
END_TEST

/* It lost packets until its site was reached by another home, and nothing is sent by it since. */
START_TEST(what_was_measured_of_a_flow_that_another_home_stands_in_for_is_unknown)
{
	up(FLOW(QUICK, LOSS));
	compliant();
	rb.lost[1] = 20;
	periods(3);
	ck_assert(judged()->state == ASSURE_VIOLATED && seen("one")->state == SLICE_VIOLATED);
	bed.spares = true;
	periods(1);
	ck_assert(judged()->state == ASSURE_UNKNOWN && seen("one")->verdict == SLICE_UNKNOWN);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	bed.spares = false;
	periods(1);
	ck_assert(judged()->state == ASSURE_VIOLATED && seen("one")->state == SLICE_VIOLATED);
	room_bed_down();
}
END_TEST

START_TEST(hops_are_measured_always_or_never_as_ordered_and_when_raised)
{
	up(FLOW(QUICK ",\"hop-by-hop\":\"never\"", LOSS));
	rb.lost[1] = 20;
	periods(6);
	ck_assert(rb.last.state == ASSURE_VIOLATED && rb.last.n_segments == 1);
	ck_assert(assure_room_hops(rb.room, "one", true) && !assure_room_hops(rb.room, "two", true));
	periods(4);
	ck_assert(rb.last.n_segments == 3 && segment(1)->known && segment(1)->lost == 20);
	ck_assert(assure_room_hops(rb.room, "one", false));
	periods(2);
	ck_assert(rb.last.n_segments == 1 && !router("b")->counters);
	room_bed_down();
}
END_TEST

START_TEST(a_node_that_tells_nothing_is_unknown_and_no_loss)
{
	up(FLOW(QUICK ",\"hop-by-hop\":\"always\"", LOSS));
	compliant();
	router("b")->mute = true;
	periods(1);
	ck_assert(rb.last.verdict == ASSURE_COMPLIANT && rb.last.n_segments == 3);
	for (unsigned i = 0; i < 3; i++)
		ck_assert(!segment(i)->known);
	router("b")->mute = false;
	router("d")->mute = true;
	periods(1);
	ck_assert(rb.last.verdict == ASSURE_UNKNOWN && !rb.last.loss_known);
	ck_assert_msg(strstr(rb.why, "a or d told no reading in time") != NULL, "%s", rb.why);
	ck_assert(judged()->state == ASSURE_UNKNOWN && seen("one")->verdict == SLICE_UNKNOWN);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	room_bed_down();
}
END_TEST

START_TEST(a_wrong_clock_is_unknown_and_named)
{
	up(FLOW(QUICK, LOSS));
	compliant();
	router("d")->clock_ms = 2 * PERIOD_MS; /* the same colour */
	periods(3);
	ck_assert(rb.last.verdict == ASSURE_UNKNOWN && judged()->state == ASSURE_UNKNOWN);
	ck_assert_msg(strstr(rb.why, "the clock of d is 2000 ms ahead") != NULL, "%s", rb.why);
	router("d")->clock_ms = -2 * PERIOD_MS;
	periods(4);
	ck_assert(rb.last.verdict == ASSURE_UNKNOWN && judged()->state == ASSURE_UNKNOWN);
	router("d")->clock_ms = 0;
	compliant();
	room_bed_down();
}
END_TEST

START_TEST(a_counter_that_wraps_or_begins_anew_is_unknown)
{
	up(FLOW(QUICK, LOSS));
	compliant();
	router("d")->count[0][0] = router("d")->count[0][1] = 0; /* less than it was */
	periods(1);
	ck_assert(rb.last.verdict == ASSURE_UNKNOWN);
	ck_assert_msg(strstr(rb.why, "wrapped or began anew") != NULL, "%s", rb.why);
	periods(2);
	compliant();
	router("a")->boot++;
	periods(2);
	ck_assert(rb.last.verdict == ASSURE_UNKNOWN && rb.last.sent == 0);
	compliant();
	room_bed_down();
}
END_TEST

static void again(void)
{
	tell("d", false);
	tell("a", true);
}

static void otherwise(void)
{
	tell_as("d", false, "to-last", now_period() - 1, router("d")->count[0][(now_period() - 1) % 2] - 1);
}

START_TEST(what_is_told_twice_is_nothing_new)
{
	up(FLOW(QUICK, LOSS));
	compliant();
	rb.meanwhile = again;
	periods(3);
	ck_assert(rb.last.verdict == ASSURE_COMPLIANT && rb.last.sent == 1000 && rb.last.lost == 0);
	ck_assert_uint_eq(stream()->is.reports[ASSURE_DUPLICATE], 6);
	room_bed_down();
}
END_TEST

START_TEST(two_readings_of_one_period_that_differ_are_unknown)
{
	up(FLOW(QUICK, LOSS));
	compliant();
	rb.meanwhile = otherwise;
	periods(1);
	ck_assert(rb.last.verdict == ASSURE_UNKNOWN && !rb.last.loss_known);
	ck_assert_msg(strstr(rb.why, "two readings of the same period differ") != NULL, "%s", rb.why);
	rb.meanwhile = NULL;
	periods(1); /* of the other colour */
	ck_assert_int_eq(rb.last.verdict, ASSURE_COMPLIANT);
	periods(1); /* has that one for its base */
	ck_assert_int_eq(rb.last.verdict, ASSURE_UNKNOWN);
	compliant();
	room_bed_down();
}
END_TEST

START_TEST(what_comes_late_does_not_change_a_window_that_is_over)
{
	up(FLOW(QUICK, LOSS));
	compliant();
	router("d")->mute = true;
	periods(1);
	ck_assert_int_eq(rb.last.verdict, ASSURE_UNKNOWN);
	router("d")->mute = false;
	tell("d", false);
	ck_assert_uint_eq(stream()->is.reports[ASSURE_LATE], 1);
	ck_assert_int_eq(stream()->is.recent[0].verdict, ASSURE_UNKNOWN);
	periods(2); /* the second begins from it */
	ck_assert(rb.last.verdict == ASSURE_COMPLIANT && rb.last.sent == 1000);
	room_bed_down();
}
END_TEST

START_TEST(what_was_told_before_a_gap_is_no_base)
{
	up(FLOW(QUICK, LOSS));
	compliant();
	assure_device_sink.gap(rb.room, "d", router("d")->counters, "the stream ended");
	tell_as("d", false, "to-last", now_period() - 1, 5); /* who knows of when */
	assure_device_sink.synced(rb.room, "d", router("d")->counters);
	periods(1);
	ck_assert_int_eq(rb.last.verdict, ASSURE_COMPLIANT); /* its own base was told before */
	assure_device_sink.gap(rb.room, "d", router("d")->counters, "the stream ended");
	router("d")->mute = true;
	periods(1);
	ck_assert_int_eq(rb.last.verdict, ASSURE_UNKNOWN);
	ck_assert_msg(strstr(rb.why, "what d counted meanwhile is not known") != NULL, "%s", rb.why);
	router("d")->mute = false;
	assure_device_sink.synced(rb.room, "d", router("d")->counters);
	compliant();
	room_bed_down();
}
END_TEST

/* A flow that moves to another interface of a node is counted there from then on. */
static void split(void)
{
	uint64_t k = now_period() - 1;

	tell_as("d", false, "to-other", k, router("d")->count[0][k % 2] + 7);
}

START_TEST(interfaces_of_a_node_count_together)
{
	up(FLOW(QUICK, LOSS));
	compliant();
	rb.meanwhile = split;
	periods(4);
	ck_assert(rb.last.verdict == ASSURE_UNKNOWN); /* more arrived than was sent */
	ck_assert_ptr_nonnull(strstr(rb.why, "more packets arrived than were sent"));
	room_bed_down();
}
END_TEST

START_TEST(a_counter_taken_up_within_a_period_says_nothing_of_it)
{
	struct router *d;

	room_bed_up();
	d = router("d");
	slice_up(FLOW(QUICK, LOSS));
	compliant();
	disconnect_router("d");
	run_ms(100);
	connect_router("d");
	d->boot++;
	d->count[0][0] = d->count[0][1] = 0;
	d->began = true;
	rb.lost[2] = 500; /* passed before its programs were there */
	period();
	ck_assert_msg(rb.last.verdict == ASSURE_UNKNOWN, "%s", rb.why);
	rb.lost[2] = 0;
	period(); /* of the other colour, whole */
	ck_assert(rb.last.verdict == ASSURE_COMPLIANT && rb.last.sent == 1000);
	room_bed_down();
}
END_TEST

/* ---- paths ---- */

START_TEST(a_reroute_in_the_middle_of_a_period_is_no_loss)
{
	up(FLOW(QUICK ",\"hop-by-hop\":\"always\"", LOSS));
	compliant();
	for (unsigned round = 0; round < 4; round++) {
		bool over_c = round % 2 == 0;

		if (over_c)
			net_cut("a", "b");
		else
			net_heal("a", "b");
		assure_on_ted(rb.room, world.ted);
		run_ms(50);
		for (unsigned n = 0; n < 20 && pcc_answer("a") == 0; n++)
			run_ms(1000);
		rb.path = over_c ? "acd" : "abd";
		for (unsigned n = 0; n < 8; n++) {
			period();
			ck_assert_msg(rb.last.verdict == ASSURE_COMPLIANT || !rb.last.loss_known, "%s", rb.why);
			ck_assert(!rb.last.loss_known || rb.last.lost == 0);
			for (unsigned i = 0; i < rb.last.n_segments; i++)
				ck_assert(!segment(i)->known || segment(i)->lost == 0);
		}
		ck_assert(rb.last.verdict == ASSURE_COMPLIANT && rb.last.n_segments == 3 && segment(1)->known);
		ck_assert_str_eq(ted_node_label(world.ted, segment(1)->to.node), over_c ? "c" : "b");
	}
	room_bed_down();
}
END_TEST

/* c is there for another slice; what of this one comes to it was sent elsewhere. */
START_TEST(packets_where_their_path_does_not_go_are_astray)
{
	struct slice_result res;

	up(FLOW(QUICK ",\"hop-by-hop\":\"always\"", LOSS));
	res = put_doc(SLICE_SERVICE, "two",
		      SERVICE("two", "\"sextant-slice:assurance-policy\":{" QUICK "}," CUSTOM(
				      BOUND("one-way-bandwidth", "bps", "1000000") "," LOSS) ",",
			      SDP("s1", "a", "g", "") "," SDP("s2", "c", "g", ""),
			      GROUP("g", "point-to-point", P2P("1", "s1", "s2", ""))));
	ck_assert_msg(res.code == 0, "%s: %s", res.field, res.text);
	rb.only = "one";
	bed_settle();
	periods(2);
	compliant();
	ck_assert(router("c")->counters && rb.last.stray_packets == 0 && rb.last.last && rb.last.last->family == IP_V6);
	ck_assert_str_eq(ted_node_label(world.ted, rb.last.end), "d");
	rb.path = "acd";
	periods(6);
	ck_assert_uint_eq(rb.last.stray_packets, rb.sent);
	ck_assert_str_eq(ted_node_label(world.ted, rb.last.stray), "c");
	rb.path = "abd";
	periods(6);
	ck_assert_uint_eq(rb.last.stray_packets, 0);
	room_bed_down();
}
END_TEST

/* ---- delays, history, restarts ---- */

START_TEST(a_percentile_with_too_few_samples_says_so)
{
	up(FLOW(QUICK, "{\"metric-type\":\"ietf-network-slice-service:one-way-delay-percentile\",\"metric-unit\":"
		       "\"milliseconds\",\"bound\":\"20\",\"percentile-value\":\"90.000\"}"));
	periods(5);
	ck_assert_int_eq(rb.last.verdict, ASSURE_UNKNOWN);
	ck_assert_msg(strcmp(rb.why, "delay unknown: insufficient samples") == 0, "%s", rb.why);
	periods(8); /* ten are enough for that */
	ck_assert_int_eq(rb.last.verdict, ASSURE_COMPLIANT);
	ck_assert_uint_eq(stream()->delays_percentile_us, 2000);
	room_bed_down();
}
END_TEST

#define PCT(type, ms, p)                                                                           \
	"{\"metric-type\":\"ietf-network-slice-service:" type "\",\"metric-unit\":\"milliseconds\",\"bound\":\"" ms \
	"\",\"percentile-value\":\"" p "\"}"

static int last_window(void)
{
	return stream()->is.recent[0].verdict; /* of the flow there; nothing goes back */
}

/* One way of some, and both ways (half of it each) of more: each says for itself what it lacks, and what it is. */
START_TEST(each_of_several_percentiles_is_judged_and_named)
{
	up(FLOW(QUICK, PCT("one-way-delay-percentile", "20", "80.000") "," PCT("two-way-delay-percentile", "60", "95.000")));
	periods(10);
	ck_assert_int_eq(last_window(), ASSURE_UNKNOWN);
	ck_assert_msg(strcmp(stream()->why, "delay for 95.00 % of packets unknown: insufficient samples") == 0, "%s", stream()->why);
	ck_assert(stream()->delays_percentile_us == 2000 && stream()->delay_also[0].us == UINT64_MAX);
	ck_assert_int_eq(stream()->delay_also[0].is.why, ASSURE_INSUFFICIENT_SAMPLES);
	ck_assert(stream()->is.terms.delay_also[0].us_max == 30000 && stream()->is.terms.delay_also[0].ppm == 950000);
	periods(12); /* twenty are enough for that */
	ck_assert_int_eq(last_window(), ASSURE_COMPLIANT);
	ck_assert(stream()->delay_also[0].is.verdict == ASSURE_COMPLIANT && stream()->delay_also[0].us == 2000);
	/* one in seven is late by 38 ms: within what may be of the first, not of the second */
	for (unsigned i = 0; i < 20; i++) {
		router("d")->late_ms = i % 7 ? 0 : 38;
		period();
	}
	ck_assert_int_eq(last_window(), ASSURE_VIOLATED);
	ck_assert_msg(strcmp(stream()->why, "delay 40000 us of 30000 us allowed for 95.00 % of packets") == 0, "%s", stream()->why);
	ck_assert_int_eq(stream()->delay_also[0].is.verdict, ASSURE_VIOLATED);
	ck_assert_uint_eq(stream()->delays_percentile_us, 2000);
	room_bed_down();
}
END_TEST

START_TEST(after_a_restart_all_is_unknown_until_there_is_data)
{
	uint64_t windows;
	uint32_t id;

	up(FLOW(QUICK, LOSS));
	compliant();
	periods(10);
	id = rb.flow;
	windows = judged()->windows[ASSURE_COMPLIANT];
	ck_assert_uint_ge(windows, 10);
	periods(600); /* saved on the way */
	room_bed_restart();
	run_ms(100);
	ck_assert(judged()->state == ASSURE_UNKNOWN && stream()->id == id);
	ck_assert_uint_ge(judged()->windows[ASSURE_COMPLIANT], windows);
	periods(1);
	ck_assert_int_eq(judged()->state, ASSURE_UNKNOWN);
	compliant();
	ck_assert(judged()->least_ppm < judged()->known_ppm && judged()->known_ppm == 1000000);
	room_bed_down();
}
END_TEST

/* The record as somebody else's hand left it, and one of tomorrow. */
static const char *const records_of_history[] = {
	"", "[]", "{", "{\"version\":1}", "{\"version\":2,\"begin\":1,\"until\":2,\"hours\":[]}",
	"{\"version\":1,\"begin\":2,\"until\":1,\"hours\":[]}",
	"{\"version\":1,\"begin\":1,\"until\":2,\"hours\":[[1,2,3]]}",
	"{\"version\":1,\"begin\":1,\"until\":2,\"hours\":[[5,0,0,0,0],[5,0,0,0,0]]}",
	"{\"version\":1,\"begin\":1,\"until\":2,\"hours\":[[1,-1,4294967296,0,0]]}",
	"{\"version\":1,\"begin\":1,\"until\":9000000000000000000,\"hours\":[[1,1,2,3,4]]}",
	"{\"version\":1,\"begin\":1,\"until\":2,\"hours\":[[99999999,1,2,3,4]]}",
};

START_TEST(a_record_that_makes_no_sense_is_no_history)
{
	const char *text = records_of_history[_i];
	const struct store_op op = { "assure-history", "one", text, strlen(text) };

	up(FLOW(QUICK, LOSS));
	periods(3);
	rb.room = assure_room_free(rb.room);
	run_ms(1000);
	ck_assert_int_eq(store_write(world.store, &op, 1, NULL, NULL), 0);
	run_ms(1000);
	room_bed_begin();
	run_ms(200);
	ck_assert_uint_eq(judged()->windows[ASSURE_COMPLIANT], 0);
	compliant();
	room_bed_down();
}
END_TEST

START_TEST(windows_that_nobody_watched_are_none_of_the_good_ones)
{
	struct assure_hour h[2];

	up(FLOW(QUICK, LOSS));
	periods(20);
	for (unsigned i = 0; i < ROUTERS; i++)
		disconnect_router(rb.at[i].name);
	periods(20);
	ck_assert_uint_ge(assure_room_hours(rb.room, "one", 0, h, 2), 1);
	ck_assert_uint_ge(h[0].windows[ASSURE_UNKNOWN], 20);
	ck_assert_uint_ge(h[0].windows[ASSURE_COMPLIANT], 15);
	ck_assert(judged()->least_ppm < 600000 && judged()->known_ppm == 1000000);
	room_bed_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("assure-room");
	TCase *t = tcase_create("all");

	tcase_add_test(t, the_devices_of_the_path_are_told_what_to_mark_and_count);
	tcase_add_test(t, without_a_service_sid_packets_are_told_by_the_list_of_their_policy);
	tcase_add_test(t, nothing_is_left_at_devices_when_the_slice_has_gone);
	tcase_add_test(t, what_a_life_before_has_left_is_taken_away_and_nothing_where_nothing_is);
	tcase_add_test(t, attachment_circuits_are_edges);
	tcase_add_test(t, what_a_device_refuses_is_said_and_tried_again);
	tcase_add_test(t, a_device_that_comes_back_is_told_again);
	tcase_add_test(t, a_slice_without_an_assurance_policy_is_not_measured);
	tcase_add_test(t, a_router_without_a_device_is_named);
	tcase_add_test(t, loss_beyond_the_bound_violates_and_is_placed);
	tcase_add_test(t, what_was_measured_of_a_flow_that_another_home_stands_in_for_is_unknown);
	tcase_add_test(t, hops_are_measured_always_or_never_as_ordered_and_when_raised);
	tcase_add_test(t, a_node_that_tells_nothing_is_unknown_and_no_loss);
	tcase_add_test(t, a_wrong_clock_is_unknown_and_named);
	tcase_add_test(t, a_counter_that_wraps_or_begins_anew_is_unknown);
	tcase_add_test(t, what_is_told_twice_is_nothing_new);
	tcase_add_test(t, two_readings_of_one_period_that_differ_are_unknown);
	tcase_add_test(t, what_comes_late_does_not_change_a_window_that_is_over);
	tcase_add_test(t, what_was_told_before_a_gap_is_no_base);
	tcase_add_test(t, interfaces_of_a_node_count_together);
	tcase_add_test(t, a_counter_taken_up_within_a_period_says_nothing_of_it);
	tcase_add_test(t, a_reroute_in_the_middle_of_a_period_is_no_loss);
	tcase_add_test(t, packets_where_their_path_does_not_go_are_astray);
	tcase_add_test(t, a_percentile_with_too_few_samples_says_so);
	tcase_add_test(t, each_of_several_percentiles_is_judged_and_named);
	tcase_add_test(t, after_a_restart_all_is_unknown_until_there_is_data);
	tcase_add_loop_test(t, a_record_that_makes_no_sense_is_no_history, 0, ARRAY_LEN(records_of_history));
	tcase_add_test(t, windows_that_nobody_watched_are_none_of_the_good_ones);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return check_main(s);
}
