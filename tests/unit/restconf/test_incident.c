/* SPDX-License-Identifier: Apache-2.0 */
/* sextant-assurance: incidents as they are, what operators say to them, what is wrong now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "fake_repair.h"
#include "fake_slice.h"

#define JSON "Content-Type: application/yang-data+json\r\n"
#define OPS "/restconf/operations/sextant-assurance:"
#define DATA "/restconf/data/sextant-assurance:incidents"

static const struct answer *post(const char *op, const char *body)
{
	char path[128];

	snprintf(path, sizeof(path), OPS "%s", op);
	return ask("POST", path, JSON, body);
}

/* An incident that waits for an operator. */
static void one(void)
{
	static const char *const cause = "silent-loss-wire at p1>p2: wire-loss 81 of 4017";
	const struct repair_policy policy = { .order = { { REPAIR_REROUTE, true }, { REPAIR_NOTIFY, false } },
					      .n = 2, .max_per_hour = 6, .restore_s = 60, .revertive = true };
	const struct repair_located l = { .causes = &cause, .n_causes = 1, .placed = true };
	struct repair_window w = { .slice = "gold", .policy = &policy, .verdict = REPAIR_BEYOND, .violated = true,
				   .why = "2 % lost" };
	struct repair_cfg cfg;
	struct repair_do d;

	fake_repair = (struct fake_repair){ .now = { { 5 }, UINT64_C(1790000000) * NS_PER_S } };
	repair_cfg_default(&cfg);
	cfg.able = UINT8_MAX;
	ck_assert_int_eq(repair_new(&fake_repair.incidents, &cfg, 1), 0);
	w.begin_wall_ns = fake_repair.now.wall_ns;
	ck_assert_int_eq(repair_window(fake_repair.incidents, &w, &fake_repair.now), 0);
	while (repair_next(fake_repair.incidents, &d))
		if (d.todo == REPAIR_DO_LOCATE)
			repair_located(fake_repair.incidents, d.incident, d.turn, &l, &fake_repair.now);
}

static void up(void)
{
	one();
	fake_up(2);
}

static void down(void)
{
	fake_down();
	fake_repair.incidents = repair_free(fake_repair.incidents);
}

START_TEST(an_incident_is_told_with_its_timeline)
{
	const struct answer *a;

	up();
	a = get(DATA);
	ck_status(a, 200);
	ck_has(str_text(&a->body), "\"slice\":\"gold\"");
	ck_has(str_text(&a->body), "\"phase\":\"approval\"");
	ck_has(str_text(&a->body), "\"cause\":[\"silent-loss-wire at p1>p2");
	ck_has(str_text(&a->body), "\"what\":\"opened\"");
	ck_has(str_text(&a->body), "\"what\":\"asks\",\"action\":\"reroute\"");
	a = get(DATA "/incident=1");
	ck_status(a, 200);
	body_ok(str_text(&a->body), "/sextant-assurance:incidents");
	ck_status(get(DATA "/incident=2"), 404);
	ck_status(get(DATA "/incident=99999999999"), 400);
	down();
}
END_TEST

START_TEST(whom_it_moved_and_shed_is_told_while_they_are)
{
	const struct answer *a;

	up();
	fake_repair.touched[0] = (struct repair_touched){ "bronze", false };
	fake_repair.touched[1] = (struct repair_touched){ "tin", true };
	fake_repair.n_touched = 2;
	a = get(DATA "/incident=1");
	body_ok(str_text(&a->body), "/sextant-assurance:incidents");
	ck_has(str_text(&a->body), "{\"slice\":\"bronze\",\"is\":\"moved\"},{\"slice\":\"tin\",\"is\":\"shed\"}");
	fake_repair.n_touched = 0;
	a = get(DATA "/incident=1");
	ck_assert_ptr_null(strstr(str_text(&a->body), "other-slice"));
	down();
}
END_TEST

START_TEST(an_operator_approves_once)
{
	up();
	fake.role = HTTP_ROLE_READ;
	ck_status(post("approve", "{\"sextant-assurance:input\":{\"incident\":1}}"), 403);
	ck_assert_int_eq(repair_incident_get(fake_repair.incidents, 1)->phase, REPAIR_APPROVAL);
	fake.role = HTTP_ROLE_OPERATE;
	ck_status(post("approve", "{\"sextant-assurance:input\":{\"incident\":7}}"), 404);
	ck_status(post("approve", "{\"sextant-assurance:input\":{}}"), 400);
	ck_status(post("approve", "{\"sextant-assurance:input\":{\"incident\":1}}"), 204);
	ck_assert_int_eq(repair_incident_get(fake_repair.incidents, 1)->phase, REPAIR_SIMULATING);
	ck_assert_str_ne(fake_repair.who, "");
	ck_status(post("approve", "{\"sextant-assurance:input\":{\"incident\":1}}"), 409);
	down();
}
END_TEST

START_TEST(an_operator_says_no_or_takes_it_as_it_is)
{
	up();
	fake_slices.below = "template silver in place of gold";
	ck_assert_ptr_null(strstr(str_text(&get(DATA "/incident=1")->body), "lower-tier"));
	ck_status(post("approve", "{\"sextant-assurance:input\":{\"incident\":1,\"approved\":false}}"), 204);
	ck_assert_int_eq(repair_incident_get(fake_repair.incidents, 1)->outcome, REPAIR_GIVEN_UP);
	ck_has(str_text(&get(DATA "/incident=1")->body), "\"lower-tier\":\"template silver in place of gold\"");
	fake_slices.below = NULL;
	ck_assert_ptr_null(strstr(str_text(&get(DATA "/incident=1")->body), "lower-tier"));
	ck_status(post("accept", "{\"sextant-assurance:input\":{\"incident\":1}}"), 409);
	down();
	up();
	ck_status(post("accept", "{\"sextant-assurance:input\":{\"incident\":1}}"), 204);
	ck_assert_int_eq(repair_incident_get(fake_repair.incidents, 1)->outcome, REPAIR_ACCEPTED);
	ck_has(str_text(&get(DATA "/incident=1")->body), "\"outcome\":\"accepted\"");
	down();
}
END_TEST

START_TEST(what_was_changed_is_taken_away)
{
	up();
	ck_status(post("release", "{\"sextant-assurance:input\":{\"slice\":\"gold\"}}"), 204);
	ck_status(post("release", "{\"sextant-assurance:input\":{\"slice\":\"x\"}}"), 404);
	fake_repair.release = REPAIR_E_STATE;
	ck_status(post("release", "{\"sextant-assurance:input\":{\"slice\":\"gold\"}}"), 409);
	ck_assert_uint_eq(fake_repair.releases, 3);
	down();
}
END_TEST

/* All that is asked for is done, until nothing is. */
static void done_all(void)
{
	const struct repair_now *now = &fake_repair.now;
	const struct repair_located l = { 0 }; /* nothing is wrong any more */
	struct repair *r = fake_repair.incidents;
	struct repair_do d;

	while (repair_next(r, &d)) {
		if (d.todo == REPAIR_DO_LOCATE)
			repair_located(r, d.incident, d.turn, &l, now);
		else if (d.todo == REPAIR_DO_SIMULATE)
			repair_simulated(r, d.incident, d.turn, true, "", now);
		else if (d.todo == REPAIR_DO_APPLY)
			repair_applied(r, d.incident, d.turn, true, "", now);
	}
}

static void pass(uint64_t ns)
{
	fake_repair.now.mono = mono_add(fake_repair.now.mono, ns);
	fake_repair.now.wall_ns += ns;
	repair_tick(fake_repair.incidents, &fake_repair.now);
	done_all();
}

/* So many seconds within its bounds, a window each. */
static void well(unsigned windows)
{
	const struct repair_policy *policy = &repair_incident_get(fake_repair.incidents, 1)->policy;
	struct repair_window w = { .slice = "gold", .policy = policy, .verdict = REPAIR_WITHIN, .why = "" };

	for (unsigned k = 0; k < windows; k++) {
		w.begin_wall_ns = fake_repair.now.wall_ns;
		pass(NS_PER_S);
		ck_assert_int_eq(repair_window(fake_repair.incidents, &w, &fake_repair.now), 0);
		done_all();
	}
}

START_TEST(what_takes_back_an_earlier_one_says_which)
{
	const struct answer *a;

	up();
	ck_status(post("approve", "{\"sextant-assurance:input\":{\"incident\":1}}"), 204);
	done_all();
	well(10);
	ck_has(str_text(&get(DATA "/incident=1")->body), "\"outcome\":\"kept\"");
	ck_status(get(DATA "/incident=2"), 404);
	pass(86400 * NS_PER_S);
	repair_restore_now(fake_repair.incidents, repair_restore_next(fake_repair.incidents, 0), &fake_repair.now);
	done_all();
	a = get(DATA "/incident=2");
	ck_status(a, 200);
	body_ok(str_text(&a->body), "/sextant-assurance:incidents");
	ck_has(str_text(&a->body), "\"restores\":1,");
	ck_has(str_text(&a->body), "\"action\":\"restore\"");
	ck_assert_ptr_null(strstr(str_text(&get(DATA "/incident=1")->body), "restores"));
	down();
}
END_TEST

START_TEST(what_is_wrong_is_told_with_who_it_hits)
{
	const struct answer *a;

	up();
	a = post("diagnose", "{}");
	ck_status(a, 200);
	ck_assert_str_eq(str_text(&a->body), "{\"sextant-assurance:output\":{\"unexplained\":0}}");
	fake_repair.found.result = (struct locate_result){
		.n = 1, .unexplained = 2, .cause = { { .class = LOCATE_AGENT_DEAD, .score = 90, .n_services = 1 } }
	};
	fake_repair.found.n_evidence = 2;
	fake_repair.found.evidence[0] = (struct repair_evidence){ .rank = 1, .kind = LOCATE_DEVICE_GONE, .at = "r1",
								  .at_ns = 1700000000000000000 };
	fake_repair.found.evidence[1] = (struct repair_evidence){ .kind = LOCATE_WIRE_LOSS, .at = "r1>r2", .slice = "gold",
								  .lost = 3, .of = 9 };
	snprintf(fake_repair.found.cause[0], REPAIR_TEXT_MAX, "agent-dead at r1");
	snprintf(fake_repair.found.services[0][0], SLICE_ID_MAX, "gold");
	a = post("diagnose", "{}");
	ck_status(a, 200);
	ck_has(str_text(&a->body), "\"class\":\"agent-dead\",\"text\":\"agent-dead at r1\",\"score\":90,\"slice\":[\"gold\"]");
	ck_has(str_text(&a->body), "\"unexplained\":2");
	ck_has(str_text(&a->body), "{\"index\":1,\"rank\":1,\"fact\":\"gnmi-session-gone\",\"at\":\"r1\",\"time\":\"2023-");
	ck_has(str_text(&a->body), "{\"index\":2,\"fact\":\"wire-loss\",\"at\":\"r1>r2\",\"slice\":\"gold\",\"lost\":\"3\",\"of\":\"9\"}");
	down();
}
END_TEST

Suite *suite_incident(void)
{
	Suite *s = suite_create("restconf-incident");
	TCase *t = tcase_create("incident");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, an_incident_is_told_with_its_timeline);
	tcase_add_test(t, whom_it_moved_and_shed_is_told_while_they_are);
	tcase_add_test(t, an_operator_approves_once);
	tcase_add_test(t, an_operator_says_no_or_takes_it_as_it_is);
	tcase_add_test(t, what_was_changed_is_taken_away);
	tcase_add_test(t, what_takes_back_an_earlier_one_says_which);
	tcase_add_test(t, what_is_wrong_is_told_with_who_it_hits);
	suite_add_tcase(s, t);
	return s;
}
