/* SPDX-License-Identifier: Apache-2.0 */
/* sextant-optimise: operations with rights and bounds, what is read of the last one. */
#include "fake.h"

#define JSON "Content-Type: application/yang-data+json\r\n"
#define OPS "/restconf/operations/sextant-optimise:"
#define DATA "/restconf/data/sextant-optimise:optimisation"

static const struct answer *post(const char *op, const char *body)
{
	char path[128];

	snprintf(path, sizeof(path), OPS "%s", op);
	return ask("POST", path, JSON, body);
}

START_TEST(optimisation_is_started_with_defaults)
{
	const struct answer *a;

	fake_up(2);
	a = post("start", "{}");
	ck_status(a, 200);
	ck_assert_str_eq(str_text(&a->body), "{\"sextant-optimise:output\":{\"id\":\"7\"}}");
	ck_assert_uint_eq(fake.optimise.seconds, 5);
	ck_assert_uint_eq(fake.optimise.work, 0);
	ck_assert_uint_eq(fake.optimise.seed, 1);
	ck_assert_uint_eq(fake.optimise.midpoints, 2);
	ck_assert(!fake.optimise.apply); /* nothing moves unless it is said */
	a = post("start", "{\"sextant-optimise:input\":{\"seconds\":0,\"work\":\"99\",\"seed\":\"3\","
			  "\"midpoints\":1,\"charge\":500,\"dry-run\":false}}");
	ck_status(a, 200);
	ck_assert_uint_eq(fake.optimise.seconds, 0);
	ck_assert_uint_eq(fake.optimise.work, 99);
	ck_assert_uint_eq(fake.optimise.seed, 3);
	ck_assert_uint_eq(fake.optimise.charge_ppm, 500);
	ck_assert(fake.optimise.apply);
	fake_down();
}
END_TEST

static const char *const wrong[] = {
	"{\"midpoints\":4}", "{\"seconds\":3601}", "{\"charge\":1000001}", "{\"seed\":\"-1\"}",
	"{\"dry-run\":1}",   "{\"unknown\":1}",
};

START_TEST(wrong_parameters_are_refused)
{
	char body[128];

	fake_up(2);
	snprintf(body, sizeof(body), "{\"sextant-optimise:input\":%s}", wrong[_i]);
	ck_status(post("start", body), 400);
	ck_assert_uint_eq(fake.optimise.midpoints, 0);
	fake_down();
}
END_TEST

START_TEST(one_who_only_reads_starts_nothing)
{
	fake_up(2);
	fake.role = HTTP_ROLE_READ;
	ck_status(post("start", "{}"), 403);
	ck_status(post("apply", "{\"sextant-optimise:input\":{\"id\":\"7\"}}"), 403);
	ck_status(post("cancel", "{\"sextant-optimise:input\":{\"id\":\"7\"}}"), 403);
	ck_assert_uint_eq(fake.optimise.midpoints + fake.applies + fake.cancels, 0);
	ck_status(get(DATA), 200);
	fake_down();
}
END_TEST

START_TEST(what_is_not_possible_is_said)
{
	const struct answer *a;

	fake_up(2);
	fake.busy = true;
	a = post("start", "{}");
	ck_status(a, 409);
	ck_has(str_text(&a->body), "another optimisation is under way");
	for (unsigned k = 0; k < 2; k++) {
		const char *op = k ? "apply" : "cancel";

		ck_status(post(op, "{\"sextant-optimise:input\":{\"id\":\"7\"}}"), 204);
		ck_status(post(op, "{\"sextant-optimise:input\":{\"id\":\"8\"}}"), 409);
		ck_status(post(op, "{\"sextant-optimise:input\":{\"id\":\"9\"}}"), 404);
		ck_status(post(op, "{}"), 400);
	}
	ck_assert_uint_eq(fake.applies, 3);
	ck_assert_uint_eq(fake.cancels, 3);
	fake_down();
}
END_TEST

START_TEST(last_optimisation_is_read)
{
	const struct answer *a;

	fake_up(2);
	a = get(DATA "?content=nonconfig");
	ck_status(a, 200);
	ck_lacks(str_text(&a->body), "\"id\"");
	post("start", "{}");
	a = get(DATA);
	ck_status(a, 200);
	body_ok(str_text(&a->body), NULL);
	ck_has(str_text(&a->body), "\"state\":\"stopped\",\"reason\":\"step 1 of 1: silence\"");
	ck_has(str_text(&a->body), "\"before-ppm\":\"812345\",\"after-ppm\":\"412345\"");
	ck_has(str_text(&a->body), "\"rollout\":\"with-detours\"");
	ck_lacks(str_text(&a->body), "\"utilisation-ppm\""); /* not known yet */
	ck_has(str_text(&a->body), "\"new-sid\":[\"2001:db8::1\",\"2001:db8::1\"]");
	ck_has(str_text(&a->body), "\"dropped\":true,\"reason\":\"affinity\"");
	a = get(DATA "/step=1");
	ck_status(a, 200);
	ck_has(str_text(&a->body), "\"state\":\"failed\",\"reason\":\"silence\"");
	ck_status(get(DATA "/step=2"), 404);
	ck_status(get(DATA "/step=0"), 404);
	a = get(DATA "/change=2001%3Adb8%3A%3A1%2C2%2C2001%3Adb8%3A%3A1");
	ck_status(a, 200);
	ck_has(str_text(&a->body), ",2,2001:db8::1\"");
	ck_status(get(DATA "/change=x"), 404);
	ck_status(get(DATA "/left-out=x"), 404);
	fake_down();
}
END_TEST

Suite *suite_optimise(void)
{
	Suite *s = suite_create("restconf-optimise");
	TCase *t = tcase_create("optimise");

	tcase_add_test(t, optimisation_is_started_with_defaults);
	tcase_add_loop_test(t, wrong_parameters_are_refused, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(t, one_who_only_reads_starts_nothing);
	tcase_add_test(t, what_is_not_possible_is_said);
	tcase_add_test(t, last_optimisation_is_read);
	suite_add_tcase(s, t);
	return s;
}
