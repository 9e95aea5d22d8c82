/* SPDX-License-Identifier: Apache-2.0 */
/* Slices whose promise is watched by probes: sessions at headends, windows of probes, verdicts. */
#include "room_bed.h"

#include <stdio.h>

#define PROBED(method, bounds)                                                                     \
	SERVICE("one", "\"sextant-slice:assurance-policy\":{\"method\":\"" method                      \
			"\",\"windows-to-violate\":2,\"windows-to-clear\":2}," CUSTOM(                    \
			       BOUND("one-way-bandwidth", "bps", "1000000") "," bounds) ",",       \
		SDP("s1", "a", "g", "") "," SDP("s2", "d", "g", ""), GROUP("g", "point-to-point", P2P("1", "s1", "s2", "")))
#define LOSS BOUND("one-way-packet-loss", "ppm", "60000")
#define VARIATION BOUND("one-way-delay-variation-maximum", "milliseconds", "3")
#define DELAY BOUND("one-way-delay-maximum", "milliseconds", "10")

static void up(const char *doc)
{
	struct slice_result res;

	room_bed_up();
	res = put_doc(SLICE_SERVICE, "one", doc);
	ck_assert_msg(res.code == 0, "%s: %s", res.field, res.text);
	bed_settle();
	periods(3);
	rb.flow = (uint32_t)stream()->id;
}

/* Windows of a stream that has only probes are of two seconds, in each two of theirs. */
static void windows(unsigned n, uint32_t lost, uint32_t us)
{
	while (n-- > 0) {
		periods(1);
		probe_window(20, lost, us);
		periods(1);
		probe_window(20, 0, us);
	}
	periods(2);
}

START_TEST(sessions_run_in_the_policy_of_the_flow_and_go_with_the_slice)
{
	char want[320], name[64], ip[IP_TEXT_MAX];
	struct ip_addr a;

	up(PROBED("stamp", DELAY));
	a = net_addr("d");
	snprintf(name, sizeof(name), "slice-%u", rb.flow);
	ck_assert_str_eq(router("a")->session_name, name);
	snprintf(want, sizeof(want), "{\"reflector\":\"%s\",", ip_text(&a, ip, sizeof(ip)));
	ck_assert(strncmp(router("a")->session, want, strlen(want)) == 0);
	snprintf(want, sizeof(want), "\"window\":1,\"policy\":{\"color\":%u,\"endpoint\":\"%s\"}}", stream()->key.color, ip);
	ck_assert_msg(strstr(router("a")->session, want) != NULL, "%s", router("a")->session);
	a = net_addr("a");
	snprintf(want, sizeof(want), "{\"allow\":[\"%s/128\"]}", ip_text(&a, ip, sizeof(ip)));
	ck_assert_str_eq(router("d")->reflector, want);
	ck_assert(!router("a")->doc[0] && !router("a")->counters && !router("b")->doc[0]);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	periods(2);
	ck_assert(!router("a")->session_name[0] && !router("d")->reflector[0]);
	room_bed_down();
}
END_TEST

START_TEST(probes_tell_delay_and_loss_and_silence_is_unknown)
{
	up(PROBED("stamp", DELAY "," LOSS));
	ck_assert_int_eq(judged()->state, ASSURE_UNKNOWN);
	windows(3, 0, 4000);
	ck_assert_msg(judged()->state == ASSURE_COMPLIANT, "%s", judged()->why);
	ck_assert(stream()->has_probe && stream()->probe_delay_us == 4000);
	ck_assert(stream()->delays_percentile_us == 4000 && rb.last.has_probe && rb.last.n_segments == 1);
	windows(4, 0, 12000);
	ck_assert_int_eq(judged()->state, ASSURE_VIOLATED);
	ck_assert_ptr_nonnull(strstr(judged()->why, "delay 12000 us of 10000 us allowed"));
	windows(40, 0, 4000);
	ck_assert_msg(judged()->state == ASSURE_COMPLIANT, "%s", judged()->why);
	windows(3, 4, 4000); /* a tenth of both windows */
	ck_assert_int_eq(judged()->state, ASSURE_VIOLATED);
	ck_assert_msg(strstr(rb.why, "loss 10.00 % of 6.00 % allowed (4 of 40)") != NULL, "%s", rb.why);
	windows(8, 0, 4000);
	periods(4); /* nothing is told */
	ck_assert(rb.last.verdict == ASSURE_UNKNOWN && judged()->state == ASSURE_UNKNOWN);
	windows(3, 20, 0); /* not one came back */
	ck_assert_int_eq(rb.last.verdict, ASSURE_UNKNOWN);
	room_bed_down();
}
END_TEST

START_TEST(what_varies_more_than_promised_breaks_the_promise)
{
	up(PROBED("stamp", VARIATION "," LOSS));
	windows(3, 0, 4000); /* from 2 to 4 ms */
	ck_assert_msg(judged()->state == ASSURE_COMPLIANT, "%s", judged()->why);
	ck_assert(stream()->variation_us == 2000 && stream()->is.terms.variation_us_max == 3000);
	windows(4, 0, 5500); /* to 5.5 */
	ck_assert_int_eq(judged()->state, ASSURE_VIOLATED);
	ck_assert_ptr_nonnull(strstr(judged()->why, "delay varies by 3500 us of 3000 us allowed"));
	windows(40, 0, 4000);
	ck_assert_msg(judged()->state == ASSURE_COMPLIANT, "%s", judged()->why);
	windows(3, 0, 0); /* without delays it is not known, whatever is of loss */
	ck_assert_int_eq(judged()->state, ASSURE_UNKNOWN);
	ck_assert_msg(strstr(rb.why, "variation unknown: no delay was measured") != NULL, "%s", rb.why);
	room_bed_down();
}
END_TEST

START_TEST(variation_alone_is_a_promise)
{
	up(PROBED("stamp", VARIATION));
	ck_assert_int_eq(judged()->state, ASSURE_UNKNOWN);
	windows(3, 0, 4000);
	ck_assert_msg(judged()->state == ASSURE_COMPLIANT, "%s", judged()->why);
	room_bed_down();
}
END_TEST

/* Windows that nobody answers, while the far end counts so many more in each. */
static void silent(unsigned n, uint64_t *count, uint64_t more)
{
	while (n-- > 0) {
		periods(1);
		*count += more;
		heard("d", *count);
		probe_window(20, 20, 0);
	}
	periods(2);
}

START_TEST(silence_has_a_direction_when_the_far_end_tells)
{
	uint64_t count = 500;

	up(PROBED("stamp", DELAY "," LOSS));
	windows(3, 0, 4000);
	/* probes do not go through the service SID: it is not deaf for them */
	ck_assert(rb.last.last == NULL && rb.last.loss_known);
	ck_assert(!router("d")->heard && rb.last.silence == ASSURE_NO_SILENCE);
	periods(1);
	probe_window(20, 20, 0);
	periods(2);
	ck_assert(router("d")->heard && rb.last.silence == ASSURE_NO_SILENCE); /* it is asked from now on */
	silent(2, &count, 0);
	ck_assert_int_eq(rb.last.silence, ASSURE_NO_SILENCE); /* one window is none */
	silent(2, &count, 0);
	ck_assert(rb.last.silence == ASSURE_LOST_THERE && rb.last.silent_sent == 20 && !rb.last.has_probe);
	ck_assert_int_eq(rb.last.verdict, ASSURE_UNKNOWN);
	silent(3, &count, 20);
	ck_assert_int_eq(rb.last.silence, ASSURE_LOST_BACK);
	/* who is silent itself tells nothing */
	assure_device_sink.gap(rb.room, "d", router("d")->heard, "away");
	periods(1);
	probe_window(20, 20, 0);
	periods(2);
	ck_assert_int_eq(rb.last.silence, ASSURE_NO_SILENCE);
	windows(3, 0, 4000);
	ck_assert(!router("d")->heard && rb.last.silence == ASSURE_NO_SILENCE);
	room_bed_down();
}
END_TEST

START_TEST(without_clocks_there_is_loss_but_no_delay)
{
	up(PROBED("stamp", DELAY "," LOSS));
	windows(3, 0, 0);
	ck_assert(rb.last.verdict == ASSURE_UNKNOWN && rb.last.loss_known && rb.last.sent == 40);
	ck_assert_msg(strstr(rb.why, "delay unknown: no delay was measured") != NULL, "%s", rb.why);
	room_bed_down();
}
END_TEST

START_TEST(what_is_refused_is_said_and_what_was_left_is_taken_away)
{
	up(PROBED("stamp", LOSS));
	router("a")->refuses_probes = "no such policy";
	assure_device_sink.drift(rb.room, &(struct device_drift){ .device = "a", .path = "/device/measure/stamp/session",
								 .found = "nothing" });
	periods(4);
	ck_assert_msg(strstr(rb.why, "a refused the probes: no such policy") != NULL, "%s", rb.why);
	router("a")->refuses_probes = NULL;
	periods(40);
	windows(3, 0, 4000);
	ck_assert_int_eq(judged()->state, ASSURE_COMPLIANT);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	periods(2);
	/* a session of a life before, and one of somebody else */
	snprintf(router("c")->session_name, sizeof(router("c")->session_name), "slice-77");
	for (unsigned i = 0; i < 2; i++) {
		struct device_sample s = { .device = "c", .watch = router("c")->sessions, .text = "true",
					   .path = i ? "/device/measure/stamp/session[name=theirs]/state/known" :
						       "/device/measure/stamp/session[name=slice-77]/state/known" };

		assure_device_sink.sample(rb.room, &s);
	}
	periods(2);
	ck_assert_str_eq(router("c")->session_name, "");
	room_bed_down();
}
END_TEST

START_TEST(marks_and_probes_go_together)
{
	up(PROBED("both", DELAY "," LOSS));
	ck_assert(router("a")->doc[0] && router("a")->session_name[0]);
	for (unsigned i = 0; i < 4; i++) {
		periods(1);
		probe_window(10, 0, 3000);
	}
	periods(1);
	ck_assert_int_eq(rb.last.verdict, ASSURE_COMPLIANT);
	ck_assert(rb.last.sent == 1000 && rb.last.has_probe && rb.last.probe_sent == 10);
	room_bed_down();
}
END_TEST

static void looks_for(unsigned n, uint32_t small, uint32_t large)
{
	while (n-- > 0) {
		look_window(true, 20, large);
		look_window(false, 20, small);
		periods(1);
	}
}

START_TEST(who_is_in_trouble_is_looked_at_with_probes_of_both_sizes)
{
	const struct router *a, *d;
	char want[128], ip[IP_TEXT_MAX];
	struct ip_addr end;

	up(PROBED("alt-mark", LOSS));
	a = router("a");
	d = router("d");
	end = net_addr("d");
	periods(3);
	ck_assert(rb.last.verdict == ASSURE_COMPLIANT && !rb.last.looked);
	ck_assert(!a->look[0][0] && !a->look[1][0] && !d->reflector[0]); /* nobody without trouble is */
	rb.lost[0] = rb.sent / 5;
	periods(3);
	ck_assert_int_eq(rb.last.verdict, ASSURE_VIOLATED);
	snprintf(want, sizeof(want), "\"policy\":{\"color\":%u,\"endpoint\":\"%s\"}}", stream()->key.color,
		 ip_text(&end, ip, sizeof(ip)));
	ck_assert(strstr(a->look[0], "\"padding\":0,") && strstr(a->look[0], want) && d->reflector[0]);
	/* as long as a packet of 1280 octets with its outer header */
	ck_assert_msg(strstr(a->look[1], "\"padding\":1232,") && strstr(a->look[1], want), "%s", a->look[1]);
	ck_assert(!rb.last.looked);
	looks_for(1, 20, 0);
	ck_assert(rb.last.looked && !rb.last.steady); /* what was before, small ones do not tell */
	looks_for(1, 20, 0);
	ck_assert(rb.last.looked && rb.last.steady && rb.last.small.received == 20 && rb.last.small.lost_forward == 0);
	ck_assert(rb.last.large.sent == 20 && rb.last.large.received == 0);
	looks_for(1, 17, 20);
	ck_assert(rb.last.steady && rb.last.small.lost_forward == 3 && rb.last.large.received == 20);
	looks_for(1, 10, 0); /* all go, from the middle of this window of small ones on */
	ck_assert(!rb.last.steady);
	looks_for(1, 19, 0); /* and come again */
	ck_assert(!rb.last.steady);
	periods(6); /* nothing is told any more */
	ck_assert(!rb.last.looked);
	rb.lost[0] = 0;
	periods(10);
	ck_assert(a->look[0][0] && a->look[1][0]);
	periods(10);
	ck_assert(!a->look[0][0] && !a->look[1][0] && !d->reflector[0]);
	room_bed_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("assure-probe");
	TCase *t = tcase_create("all");

	tcase_add_test(t, sessions_run_in_the_policy_of_the_flow_and_go_with_the_slice);
	tcase_add_test(t, probes_tell_delay_and_loss_and_silence_is_unknown);
	tcase_add_test(t, what_varies_more_than_promised_breaks_the_promise);
	tcase_add_test(t, variation_alone_is_a_promise);
	tcase_add_test(t, silence_has_a_direction_when_the_far_end_tells);
	tcase_add_test(t, without_clocks_there_is_loss_but_no_delay);
	tcase_add_test(t, what_is_refused_is_said_and_what_was_left_is_taken_away);
	tcase_add_test(t, marks_and_probes_go_together);
	tcase_add_test(t, who_is_in_trouble_is_looked_at_with_probes_of_both_sizes);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return check_main(s);
}
