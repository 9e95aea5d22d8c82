/* SPDX-License-Identifier: Apache-2.0 */
/* Assurance windows: written and read, and what they forbid while they are on. */
#include <stdio.h>
#include <stdlib.h>

#include "fake.h"
#include "fake_assure.h"
#include "fake_window.h"

#define JSON "Content-Type: application/yang-data+json\r\n"
#define DATA "/restconf/data/sextant-assurance:assurance-windows"
#define NIGHT DATA "/window=night"
#define BODY(more)                                                                                 \
	"{\"sextant-assurance:window\":[{\"name\":\"night\",\"start\":\"2026-11-26T22:00:00Z\","    \
	"\"duration\":3600,\"slice\":[\"gold\",\"scada\"]" more "}]}"
#define HOLD "/restconf/operations/sextant-policy:hold"

static void up(void)
{
	fake_windows = (struct fake_windows){ 0 };
	fake_up(2);
}

START_TEST(a_window_is_written_and_read_as_it_is)
{
	const struct window *w = &fake_windows.is.window;
	const struct answer *a;

	up();
	ck_status(ask("PUT", NIGHT, JSON, BODY(",\"frequency\":\"daily\",\"level\":\"high\",\"approved-action\":"
					       "[\"reroute\",\"notify-only\"]")), 201);
	ck_assert_str_eq(w->name, "night");
	ck_assert_uint_eq(w->start_wall_ns, UINT64_C(1795730400) * NS_PER_S);
	ck_assert(w->duration_s == 3600 && w->every == WINDOW_DAILY && w->interval == 1 && w->count == 0);
	ck_assert(w->freeze && w->high && w->check_s == 3600 && w->n_services == 2);
	ck_assert_uint_eq(w->allowed, 1u << REPAIR_REROUTE | 1u << REPAIR_NOTIFY);
	fake_windows.is.active = true;
	fake_windows.is.check = (struct window_check){ .ended_ns = 5, .failures = 9, .bad = 1, .n_findings = 1 };
	snprintf(fake_windows.is.check.finding[0], WINDOW_TEXT_MAX, "link a>b: gold loses its way");
	fake_windows.is.report = (struct window_report){ .begin_ns = 1, .end_ns = 2, .refused = 4, .unwatched_s = 37,
							 .n_incidents = 1, .incident = { 7 } };
	fake_windows.is.report.of[0] = (struct window_service_report){ .windows = { 1, 998, 1 }, .worst_ns = 9,
								       .worst = "81 of 4017" };
	a = get(NIGHT);
	ck_status(a, 200);
	body_ok(str_text(&a->body), "/sextant-assurance:assurance-windows");
	ck_has(str_text(&a->body), "\"slice\":[\"gold\",\"scada\"]");
	ck_has(str_text(&a->body), "\"approved-action\":[\"reroute\",\"notify-only\"]");
	ck_has(str_text(&a->body), "\"finding\":[\"link a>b: gold loses its way\"]");
	ck_has(str_text(&a->body), "\"availability\":\"99.8\"");
	ck_has(str_text(&a->body), "\"incident\":[7]");
	ck_assert_ptr_null(strstr(str_text(&a->body), "availability-promise"));
	fake_assure = (struct fake_assure){ .slice = "gold", .view = { .promise = ASSURE_NEARLY, .promise_why = "x to y" } };
	a = get(NIGHT);
	body_ok(str_text(&a->body), "/sextant-assurance:assurance-windows");
	ck_has(str_text(&a->body), "\"availability\":\"99.8\",\"availability-promise\":\"at-risk\","
				   "\"availability-reason\":\"x to y\"");
	fake_assure = (struct fake_assure){ 0 };
	ck_has(str_text(&a->body), "\"refused-writes\":4,\"unwatched\":37,");
	fake_windows.is.report.unwatched_s = 0; /* that is told too: somebody was there all the time */
	ck_has(str_text(&get(NIGHT)->body), "\"unwatched\":0,");
	fake_windows.is.report.begin_ns = 0; /* nothing to tell of yet */
	ck_assert_ptr_null(strstr(str_text(&get(NIGHT)->body), "unwatched"));
	ck_status(get(DATA "/window=day"), 404);
	ck_status(ask("DELETE", NIGHT, "", NULL), 204);
	ck_assert(!fake_windows.there);
	ck_status(get(NIGHT), 404);
	fake_down();
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
	up();
	ck_status(ask("PUT", NIGHT, JSON, "{\"sextant-assurance:window\":[{\"name\":\"night\",\"duration\":9,"
					  "\"start\":\"2026-11-26T22:00:00Z\"}]}"), 400); /* no slice */
	ck_status(ask("PUT", NIGHT, JSON, BODY(",\"frequency\":\"monthly\"")), 400);
	ck_status(ask("PUT", NIGHT, JSON, BODY(",\"frequency\":\"hourly\",\"interval\":0")), 400);
	ck_status(ask("PUT", NIGHT, JSON, BODY(",\"approved-action\":[\"pray\"]")), 400);
	fake.role = HTTP_ROLE_READ;
	ck_status(ask("PUT", NIGHT, JSON, BODY("")), 403);
	fake.role = HTTP_ROLE_ADMIN;
	ck_assert(!fake_windows.there);
	fake_windows.full = true;
	ck_status(ask("PUT", NIGHT, JSON, BODY("")), 413);
	fake_down();
}
END_TEST

START_TEST(what_single_failures_would_do_is_asked_for)
{
	up();
	ck_status(ask("POST", "/restconf/operations/sextant-assurance:check-window", JSON,
		      "{\"sextant-assurance:input\":{\"name\":\"night\"}}"), 404);
	ck_status(ask("PUT", NIGHT, JSON, BODY("")), 201);
	ck_status(ask("POST", "/restconf/operations/sextant-assurance:check-window", JSON,
		      "{\"sextant-assurance:input\":{\"name\":\"night\"}}"), 204);
	ck_assert_uint_eq(fake_windows.checks, 1);
	fake_down();
}
END_TEST

START_TEST(nothing_else_is_changed_while_it_is_on)
{
	const struct answer *a;

	up();
	fake_windows.frozen_until_ns = UINT64_C(1795734000) * NS_PER_S;
	a = ask("POST", HOLD, JSON, "{\"sextant-policy:input\":{\"set\":true}}");
	ck_status(a, 409);
	ck_has(str_text(&a->body), "\"error-app-tag\":\"sextant:assurance-window\"");
	ck_has(str_text(&a->body), "night until 2026-11-26T23:00:00");
	ck_assert_uint_eq(fake.holds, 0);
	ck_status(ask("DELETE", "/restconf/data/sextant-policy:policies/policy=::1,1,::2", "", NULL), 409);
	ck_status(ask("PATCH", "/restconf/data", JSON, "{}"), 409);
	ck_assert_uint_eq(fake_windows.refused, 3);
	/* windows themselves, reading, and who has no right */
	ck_status(ask("PUT", NIGHT, JSON, BODY("")), 201);
	ck_status(get("/restconf/data/sextant-policy:policies"), 200);
	ck_status(ask("POST", "/restconf/operations/sextant-path:compute", JSON, "{}"), 400);
	fake.role = HTTP_ROLE_READ;
	ck_status(ask("POST", HOLD, JSON, "{\"sextant-policy:input\":{\"set\":true}}"), 403);
	fake.role = HTTP_ROLE_ADMIN;
	ck_assert_uint_eq(fake_windows.refused, 3);
	fake_windows.frozen_until_ns = 0;
	ck_status(ask("POST", HOLD, JSON, "{\"sextant-policy:input\":{\"set\":true}}"), 204);
	ck_assert_uint_eq(fake.holds, 1);
	fake_down();
}
END_TEST

Suite *suite_window(void)
{
	Suite *s = suite_create("restconf-window");
	TCase *t = tcase_create("window");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_window_is_written_and_read_as_it_is);
	tcase_add_test(t, what_makes_no_sense_is_refused);
	tcase_add_test(t, what_single_failures_would_do_is_asked_for);
	tcase_add_test(t, nothing_else_is_changed_while_it_is_on);
	suite_add_tcase(s, t);
	return s;
}
