/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured of slices, in our resource and in the standard one. */
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "fake.h"
#include "fake_assure.h"
#include "fake_slice.h"

#define NSS "/restconf/data/ietf-network-slice-service:network-slice-services"
#define MEASURED "/restconf/data/sextant-measurements:measurements"
#define JSON "Content-Type: application/yang-data+json\r\n"
#define ORDER                                                                                      \
	"{\"ietf-network-slice-service:slice-service\":[{\"id\":\"s1\",\"sdps\":{\"sdp\":[{\"id\":\"a\"},"  \
	"{\"id\":\"b\"}]},\"connection-groups\":{\"connection-group\":[{\"id\":\"cg-1\","              \
	"\"connectivity-construct\":[{\"id\":\"1\",\"p2p-sender-sdp\":\"a\",\"p2p-receiver-sdp\":\"b\"}]}]}}]}"

enum { PERIOD = 1764000000 };

/* From r0 over r1 to r2: 20 of 1000 packets stay in r1. */
static void measured(void)
{
	struct assure_stream_view *s = &fake_assure.stream;

	fake_assure = (struct fake_assure){ .slice = "s1" };
	fake_assure.view = (struct assure_slice_view){ .state = ASSURE_VIOLATED, .why = "a to b: loss",
						       .since_ns = PERIOD * NS_PER_S, .begin_ns = PERIOD * NS_PER_S,
						       .n_streams = 1, .n_hours = 1, .windows = { 1, 2, 3, 4 },
						       .least_ppm = 500000, .known_ppm = 555555 };
	fake_assure.hour = (struct assure_hour){ .hour = PERIOD / 3600, .windows = { 1, 2, 3, 4 } };
	*s = (struct assure_stream_view){ .id = 74565, .group = "cg-1", .construct = "1", .sender = "a",
					  .receiver = "b", .measured = true, .hops = true, .why = "loss 2.00 %",
					  .n_segments = 3, .delays_percentile_us = UINT64_MAX, .variation_us = 900 };
	ip_parse("2001:db8::1", &s->key.headend);
	ip_parse("2001:db8::3", &s->key.endpoint);
	ip_parse("fc00::d", &s->last);
	s->key.color = 100;
	s->promise = (struct assure_promise_view){ .nines = 4, .standing = ASSURE_BROKEN, .since_ns = PERIOD * NS_PER_S,
						   .is = { 2000000000, 300007, 7000 }, .allowed_ms = 200030,
						   .measured_ppm = 999850 };
	fake_assure.view.promise = ASSURE_BROKEN;
	fake_assure.view.n_broken = 1;
	(void)snprintf(fake_assure.view.promise_why, sizeof(fake_assure.view.promise_why), "a to b: down");
	s->is.state = ASSURE_VIOLATED;
	s->is.terms = (struct assure_terms){ .period_ms = 1000, .loss_ppm_max = 1000, .percentile_ppm = 999000,
					     .delay_us_max = 20000, .ceiling_us_max = 40000, .variation_us_max = 3000,
					     .variation_ppm = 1000000 };
	s->is.terms.delay_also[0] = (struct assure_bound){ 30000, 999900, 9 };
	s->delay_also[0] = (struct assure_bound_view){ { ASSURE_UNKNOWN, ASSURE_INSUFFICIENT_SAMPLES }, UINT64_MAX };
	s->is.terms.variation_also[0] = (struct assure_bound){ 5000, 1000000, 9 };
	s->variation_also[0] = (struct assure_bound_view){ { ASSURE_VIOLATED, ASSURE_FINE }, 5100 };
	s->is.since_period = PERIOD;
	s->is.n_recent = 2;
	s->is.recent[0] = (struct assure_past){ .period = PERIOD + 1, .sent = 1000, .lost = 20, .delay_us = 2500,
						.verdict = ASSURE_VIOLATED,
						.delay_why = ASSURE_INSUFFICIENT_SAMPLES };
	s->is.recent[1] = (struct assure_past){ .period = PERIOD, .delay_us = UINT32_MAX, .loss_why = ASSURE_MISSING,
						.delay_why = ASSURE_INSUFFICIENT_SAMPLES,
						.variation_why = ASSURE_NO_SAMPLE };
	s->segments[0] = (struct assure_segment){ { 0, true }, { 1, false }, true, true, 0, 1200 };
	s->segments[1] = (struct assure_segment){ { 1, false }, { 1, true }, true, false, 20, 0 };
	s->lost[1] = 81;
	s->ordered_ms = 1000;
	s->has_probe = true;
	s->probe_sent = 100;
	s->probe_lost = 3;
	s->probe_delay_us = 4000;
	s->segments[2] = (struct assure_segment){ { 1, true }, { 2, false }, true, false, 0, 0 };
}

static void up(void)
{
	fake_slices_fini();
	fake_up(4);
	measured();
}

static void down(void)
{
	fake_down();
	fake_slices_fini();
	fake_assure = (struct fake_assure){ 0 };
}

START_TEST(windows_hops_and_history_of_a_slice_are_told)
{
	const struct answer *a;
	const char *body;

	up();
	a = get(MEASURED);
	ck_status(a, 200);
	body = str_text(&a->body);
	body_ok(body, NULL);
	ck_has(body, "\"id\":\"s1\",\"state\":\"violated\",\"reason\":\"a to b: loss\"");
	ck_has(body, "\"availability\":\"50.0\",\"availability-known\":\"55.5555\"");
	ck_has(body, "\"windows\":{\"unknown\":\"1\",\"compliant\":\"2\",\"at-risk\":\"3\",\"violated\":\"4\"}");
	ck_has(body, "\"hour\":[{\"start\":\"2025-11-24T16:00:00.000000+00:00\"");
	ck_has(body, "\"flow\":74565,\"group\":\"cg-1\",\"construct\":\"1\",\"sender\":\"a\",\"receiver\":\"b\"");
	ck_has(body, "{\"index\":1,\"from\":\"r1\",\"to\":\"r1\",\"lost\":\"20\",\"lost-total\":\"81\"}");
	ck_has(body, "\"verdict\":\"violated\",\"sent\":\"1000\",\"lost\":\"20\",\"delay\":2500,"
		     "\"delay-unknown\":\"insufficient-samples\"");
	ck_has(body, "\"verdict\":\"unknown\",\"loss-unknown\":\"missing\"");
	ck_has(body, "\"delay-maximum\":40000,");
	ck_has(body, "\"further-bound\":[{\"index\":0,\"kind\":\"delay\",\"bound\":30000,\"percentile\":\"99.99\","
		     "\"verdict\":\"unknown\",\"unknown\":\"insufficient-samples\"},{\"index\":1,"
		     "\"kind\":\"delay-variation\",\"bound\":5000,\"percentile\":\"100.0\",\"verdict\":\"violated\","
		     "\"value\":5100}]");
	ck_has(body, "\"delay-variation\":3000,\"variation-percentile\":\"100.0\"");
	ck_has(body, "\"delay-variation\":900");
	ck_has(body, "\"variation-unknown\":\"no-sample\"");
	ck_has(body, "\"probe\":{\"sent\":\"100\",\"lost\":\"3\",\"delay\":4000}");
	ck_has(body, "\"availability\":{\"promised\":\"99.99\",\"state\":\"broken\",\"since\":\"2025-11-24T16:00:00.000000+00:00\","
		     "\"measured\":\"99.985\",\"up\":\"2000000.0\",\"down\":\"300.007\",\"unknown\":\"7.0\","
		     "\"down-allowed\":\"200.03\",\"budget-used\":149}");
	ck_has(body, "\"period\":1000,");
	ck_assert_ptr_null(strstr(body, "period-ordered"));
	a = get(MEASURED "/slice=s1/stream=74565/segment=1");
	ck_status(a, 200);
	ck_has(str_text(&a->body), "\"lost\":\"20\"");
	/* another was ordered: routers mark by one, and that is said */
	fake_assure.stream.ordered_ms = 5000;
	body = str_text(&get(MEASURED)->body);
	body_ok(body, NULL);
	ck_has(body, "\"period\":1000,\"period-ordered\":5000");
	/* nothing is promised: nothing is said of it */
	fake_assure.stream.promise.nines = 0;
	ck_lacks(str_text(&get(MEASURED)->body), "\"promised\":\"99");
	ck_status(get(MEASURED "/slice=s1/stream=1"), 404);
	ck_status(get(MEASURED "/slice=s2"), 404);
	ck_status(ask("DELETE", MEASURED "/slice=s1", "", NULL), 405);
	fake_assure.slice = NULL;
	ck_status(get(MEASURED "/slice=s1"), 404);
	down();
}
END_TEST

START_TEST(the_standard_resource_has_what_was_measured)
{
	const struct answer *a;
	const char *body;

	up();
	ck_status(ask("POST", NSS, JSON, ORDER), 201);
	fake_slices.construct = "1";
	a = get(NSS "/slice-service=s1");
	ck_status(a, 200);
	body = str_text(&a->body);
	body_ok(body, "/ietf-network-slice-service:network-slice-services");
	ck_has(body, "\"availability-30d\":\"50.0\",\"availability-promise\":\"broken\",\"availability-reason\":\"a to b: down\"");
	ck_has(body, "\"connectivity-construct-monitoring\":{\"one-way-min-delay\":\"2500\",\"one-way-max-delay\":\"2500\","
		     "\"one-way-delay-variation\":\"0\",\"one-way-packet-loss\":\"2.0\"}");
	ck_has(body, "\"node-id\":\"r0\",\"tx-packets\":\"1000\"}");
	ck_has(body, "\"node-id\":\"r1\",\"one-way-delay\":1200,\"packet-loss\":\"2.0\",\"rx-packets\":\"1000\","
		     "\"tx-packets\":\"980\"}");
	ck_has(body, "\"node-id\":\"r2\",\"rx-packets\":\"980\"}");
	fake_assure.stream.segments[1].known = false; /* r1 is silent */
	body = str_text(&get(NSS "/slice-service=s1")->body);
	ck_has(body, "\"node-id\":\"r1\",\"one-way-delay\":1200,\"rx-packets\":\"1000\"}");
	ck_has(body, "\"node-id\":\"r2\"}");
	fake_assure.slice = NULL;
	body = str_text(&get(NSS "/slice-service=s1")->body);
	ck_lacks(body, "availability");
	/* who promises it, and is not measured, is told as that */
	fake_slices.nines = 3;
	body = str_text(&get(NSS "/slice-service=s1")->body);
	body_ok(body, "/ietf-network-slice-service:network-slice-services");
	ck_has(body, "\"availability-promise\":\"insufficient\",\"availability-reason\":\"it is not measured: ");
	fake_slices.nines = 0;
	ck_lacks(body, "node-id\":\"r1");
	down();
}
END_TEST

Suite *suite_measure(void)
{
	Suite *s = suite_create("measure");
	TCase *t = tcase_create("all");

	tcase_add_test(t, windows_hops_and_history_of_a_slice_are_told);
	tcase_add_test(t, the_standard_resource_has_what_was_measured);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
