/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same write again: one with an Idempotency-Key is done once, whatever happens between, and
 * answered alike. And writes that are not waited for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "fake.h"

#define P "/restconf/data/sextant-policy:policies"
#define ONE P "/policy=2001:db8::1,100,2001:db8::9"
#define OPS "/restconf/data/sextant-operations:operations"
#define JSON "Content-Type: application/yang-data+json\r\n"
#define KEYED(k) JSON "Idempotency-Key: " k "\r\n"
#define ASYNC JSON "Prefer: respond-async\r\n"
#define KEYS "\"headend\":\"2001:db8::1\",\"color\":100,\"endpoint\":\"2001:db8::9\""
#define DYN "\"candidate-path\":[{\"preference\":100,\"dynamic\":{\"metric\":\"delay\"}}]"
#define BODY(rest) "{\"sextant-policy:policy\":[{" KEYS "," rest "}]}"

static bool replayed(const struct answer *a)
{
	return strstr(a->head, "\r\nidempotency-replayed: true") != NULL;
}

START_TEST(the_same_key_and_body_get_the_first_answer)
{
	char first[4100], etag[40], again[40], where[300], where2[300];
	const struct answer *a;

	fake_up(4);
	a = ask("POST", P, KEYED("k-1"), BODY(DYN));
	ck_status(a, 201);
	ck_assert(!replayed(a));
	header_of(a, "etag", etag, sizeof(etag));
	header_of(a, "location", where, sizeof(where));
	a = ask("POST", P, KEYED("k-1"), BODY(DYN));
	ck_status(a, 201);
	ck_assert(replayed(a));
	ck_assert_str_eq(header_of(a, "etag", again, sizeof(again)), etag);
	ck_assert_str_eq(header_of(a, "location", where2, sizeof(where2)), where);
	ck_assert_uint_eq(fake.puts, 1);
	/* Without the key it is another request. */
	ck_status(ask("POST", P, JSON, BODY(DYN)), 409);
	/* A refusal is an answer, too. */
	fake.views[0].revision = 7;
	a = ask("PATCH", ONE, KEYED("k-2") "If-Match: \"7\"\r\n", BODY("\"msd\":5"));
	ck_status(a, 204);
	fake_restart_rc();
	a = ask("PATCH", ONE, KEYED("k-2") "If-Match: \"7\"\r\n", BODY("\"msd\":5"));
	ck_status(a, 204);
	ck_assert(replayed(a));
	ck_assert_uint_eq(fake.puts, 2);
	a = get(OPS);
	ck_status(a, 200);
	body_ok(str_text(&a->body), NULL);
	str_copy(first, sizeof(first), str_text(&a->body));
	ck_has(first, "\"idempotency-key\":\"k-1\"");
	ck_has(first, "\"state\":\"done\"");
	ck_has(first, "\"status\":201");
	fake_down();
}
END_TEST

START_TEST(a_delete_is_answered_again_where_a_second_one_is_404)
{
	fake_up(4);
	ck_status(ask("PUT", ONE, KEYED("a"), BODY(DYN)), 201);
	ck_status(ask("DELETE", ONE, KEYED("b"), NULL), 204);
	ck_status(ask("DELETE", ONE, KEYED("b"), NULL), 204);
	ck_status(ask("DELETE", ONE, KEYED("c"), NULL), 404);
	ck_assert_uint_eq(fake.deletes, 1);
	fake_down();
}
END_TEST

START_TEST(a_key_with_another_request_is_refused)
{
	const struct answer *a;

	fake_up(4);
	ck_status(ask("PUT", ONE, KEYED("k"), BODY(DYN)), 201);
	a = ask("PUT", ONE, KEYED("k"), BODY("\"msd\":5," DYN));
	ck_status(a, 409);
	ck_has(str_text(&a->body), "\"error-app-tag\":\"sextant:idempotency-key-reused\"");
	ck_status(ask("PATCH", ONE, KEYED("k"), BODY(DYN)), 409);
	ck_status(ask("DELETE", ONE, KEYED("k"), NULL), 409);
	ck_assert_uint_eq(fake.puts, 1);
	ck_assert_uint_eq(fake.deletes, 0);
	ck_status(ask("PUT", ONE, KEYED("k2"), BODY("\"msd\":5," DYN)), 204);
	/* A dry run is no write: the key is not its. */
	ck_status(ask("PUT", ONE "?sextant.dry-run=true", KEYED("k"), BODY(DYN)), 204);
	ck_status(ask("PUT", ONE "?sextant.dry-run=true", KEYED("n"), BODY(DYN)), 204);
	ck_status(ask("PUT", ONE, KEYED("n"), BODY(DYN)), 204);
	fake_down();
}
END_TEST

START_TEST(what_is_no_key_is_refused)
{
	char headers[400], long_key[260];
	const struct answer *a;

	fake_up(4);
	memset(long_key, 'x', 256);
	long_key[256] = '\0';
	snprintf(headers, sizeof(headers), JSON "Idempotency-Key: %s\r\n", long_key);
	a = ask("PUT", ONE, headers, BODY(DYN));
	ck_status(a, 400);
	ck_has(str_text(&a->body), "bad-attribute");
	ck_status(ask("PUT", ONE, JSON "Idempotency-Key: \xc3\xa4\r\n", BODY(DYN)), 400);
	ck_status(ask("PUT", ONE, JSON "Idempotency-Key: \r\n", BODY(DYN)), 400);
	ck_assert_uint_eq(fake.puts, 0);
	long_key[255] = '\0';
	snprintf(headers, sizeof(headers), JSON "Idempotency-Key: %s\r\n", long_key);
	ck_status(ask("PUT", ONE, headers, BODY(DYN)), 201);
	ck_status(ask("PUT", ONE, headers, BODY(DYN)), 201);
	ck_assert_uint_eq(fake.puts, 1);
	fake_down();
}
END_TEST

START_TEST(what_may_pass_is_not_remembered)
{
	const struct answer *a;

	fake_up(4);
	fake.refuse_store = true;
	ck_status(ask("PUT", ONE, KEYED("k"), BODY(DYN)), 507);
	fake.refuse_store = false;
	a = ask("PUT", ONE, KEYED("k"), BODY(DYN));
	ck_status(a, 201);
	ck_assert(!replayed(a));
	/* A refusal for good is. */
	a = ask("POST", "/restconf/operations/sextant-policy:adopt", KEYED("x"),
		"{\"sextant-policy:input\":{" KEYS "}}");
	ck_assert_int_lt(a->status, 500);
	fake_down();
}
END_TEST

START_TEST(operations_of_yesterday_are_forgotten)
{
	fake_up(4);
	ck_status(ask("PUT", ONE, KEYED("k"), BODY(DYN)), 201);
	fake_run(UINT64_C(86300) * NS_PER_S);
	ck_status(ask("PUT", ONE, KEYED("k"), BODY(DYN)), 201);
	fake_run(UINT64_C(200) * NS_PER_S);
	ck_status(ask("PUT", P "/policy=2001:db8::1,101,2001:db8::9", KEYED("other"),
		      "{\"sextant-policy:policy\":[{\"headend\":\"2001:db8::1\",\"color\":101,"
		      "\"endpoint\":\"2001:db8::9\"," DYN "}]}"), 201);
	ck_status(ask("PUT", ONE, KEYED("k"), BODY(DYN)), 204);
	ck_assert_uint_eq(fake.puts, 3);
	fake_down();
}
END_TEST

/* ---- killed at every moment ---- */

static const struct {
	const char *method, *path, *body;
	bool first; /* the policy is there before */
	int status;
} kills[] = {
	{ "POST", P, BODY(DYN), false, 201 },
	{ "PUT", ONE, BODY("\"msd\":5," DYN), false, 201 },
	{ "PUT", ONE, BODY("\"msd\":5," DYN), true, 204 },
	{ "PATCH", ONE, BODY("\"msd\":5"), true, 204 },
	{ "DELETE", ONE, NULL, true, 204 },
};

START_TEST(killed_at_any_moment_it_is_done_once)
{
	const char *body = kills[_i].body;
	unsigned before = 0, after = 0;

	for (uint64_t t = 0; t < 5; t++) {
		unsigned done, all;
		const struct answer *a;

		fake_up(4);
		if (kills[_i].first)
			ck_status(ask("PUT", ONE, JSON, BODY(DYN)), 201);
		all = fake.puts + fake.deletes;
		ask_begin(kills[_i].method, kills[_i].path, KEYED("k"), body);
		fake_run(t * 3 * NS_PER_MS);
		fake_crash();
		done = fake.puts + fake.deletes - all;
		ck_assert_uint_le(done, 1);
		*(done ? &after : &before) += 1;
		a = ask(kills[_i].method, kills[_i].path, KEYED("k"), body);
		ck_status(a, kills[_i].status);
		ck_assert_msg(fake.puts + fake.deletes - all == 1, "killed after %u: done %u times",
			      (unsigned)t, fake.puts + fake.deletes - all);
		ck_assert(replayed(a) == (done == 1));
		ck_assert_uint_eq(fake.n_views, body ? 1 : 0);
		ck_status(ask(kills[_i].method, kills[_i].path, KEYED("k"), body), kills[_i].status);
		ck_assert_uint_eq(fake.puts + fake.deletes - all, 1);
		fake_down();
	}
	ck_assert(before > 0 && after > 0); /* both happened, or nothing was tried */
}
END_TEST

/* ---- not waited for ---- */

START_TEST(a_write_that_is_not_waited_for_is_an_operation)
{
	char where[200], path[300];
	const struct answer *a;

	fake_up(4);
	a = ask("PUT", ONE, ASYNC "Idempotency-Key: k\r\n", BODY(DYN));
	ck_status(a, 202);
	header_of(a, "location", where, sizeof(where));
	ck_has(where, OPS "/operation=");
	fake_run(100 * NS_PER_MS);
	a = get(where);
	ck_status(a, 200);
	body_ok(str_text(&a->body), "/sextant-operations:operations");
	ck_has(str_text(&a->body), "\"state\":\"done\"");
	ck_has(str_text(&a->body), "\"status\":201");
	ck_has(str_text(&a->body), "\"progress\":100");
	ck_assert_uint_eq(fake.puts, 1);
	a = ask("PUT", ONE, ASYNC "Idempotency-Key: k\r\n", BODY(DYN));
	ck_status(a, 202);
	ck_assert_str_eq(header_of(a, "location", path, sizeof(path)), where);
	ck_assert_uint_eq(fake.puts, 1);
	/* What is wrong is said at once; what is refused later, there. */
	ck_status(ask("PUT", ONE, ASYNC, BODY("\"msd\":\"five\"")), 400);
	fake.refuse_store = true;
	a = ask("PUT", ONE, ASYNC, BODY("\"msd\":5," DYN));
	ck_status(a, 202);
	header_of(a, "location", where, sizeof(where));
	fake_run(100 * NS_PER_MS);
	a = get(where);
	ck_has(str_text(&a->body), "\"state\":\"failed\"");
	ck_has(str_text(&a->body), "\"status\":507");
	ck_has(str_text(&a->body), "\"text\":\"the fake refuses\"");
	fake_restart_rc();
	ck_has(str_text(&get(where)->body), "\"state\":\"failed\"");
	ck_status(get(OPS "/operation=99999"), 404);
	ck_status(ask("DELETE", where, "", NULL), 405);
	fake_down();
}
END_TEST

#define CANCEL "/restconf/operations/sextant-operations:cancel"

#define CANCEL_1 "{\"sextant-operations:input\":{\"id\":\"1\"}}"

START_TEST(what_has_not_begun_is_cancelled)
{
	char body[100], where[200], headers[200];
	unsigned cancelled = 0, late = 0, puts;
	const struct answer *a;
	bool taken = false;

	fake_up(4);
	/* The disk is now fast, now slow. A write has the next number, as has a cancel that was one. */
	for (unsigned n = 1; n < 40 && (!cancelled || !late); n += taken ? 2 : 1) {
		snprintf(body, sizeof(body), "{\"sextant-operations:input\":{\"id\":\"%u\"}}", n);
		snprintf(where, sizeof(where), OPS "/operation=%u", n);
		snprintf(headers, sizeof(headers), JSON "Idempotency-Key: k-%u\r\n", n);
		ask_begin("PUT", ONE, headers, BODY(DYN));
		puts = fake.puts;
		a = ask("POST", CANCEL, JSON, body);
		taken = a->status == 204;
		ck_assert_msg(taken || a->status == 409, "%d", a->status);
		*(taken ? &cancelled : &late) += 1;
		fake_run(100 * NS_PER_MS);
		ck_assert_uint_eq(fake.puts - puts, taken ? 0 : 1);
		ck_has(str_text(&get(where)->body),
		       taken ? "\"state\":\"cancelled\"" : "\"state\":\"done\"");
		ck_status(ask("POST", CANCEL, JSON, body), 409);
	}
	ck_assert(cancelled > 0 && late > 0);
	fake_down();
}
END_TEST

START_TEST(what_is_not_there_is_not_cancelled)
{
	fake_up(4);
	ck_status(ask("POST", CANCEL, JSON, "{\"sextant-operations:input\":{\"id\":\"77\"}}"), 404);
	ck_status(ask("POST", CANCEL, JSON, "{\"sextant-operations:input\":{}}"), 400);
	fake.role = HTTP_ROLE_READ;
	ck_status(ask("POST", CANCEL, JSON, CANCEL_1), 403);
	fake_down();
}
END_TEST

/* While a write that is remembered is on its way no other of the same entry begins: after a
 * stop what is there must tell which of them was done. */
START_TEST(one_at_a_time_of_an_entry)
{
	static const char *const other[] = { JSON, KEYED("l") };
	unsigned busy = 0, after = 0;
	const struct answer *a;

	for (uint64_t t = 0; t < 5; t++) {
		fake_up(4);
		ask_begin("PUT", ONE, KEYED("k"), BODY(DYN));
		fake_run(t * 3 * NS_PER_MS);
		a = ask("PUT", ONE, other[t % 2], BODY("\"msd\":5," DYN));
		if (a->status == 409) {
			ck_has(str_text(&a->body), "\"error-tag\":\"in-use\"");
			busy++;
		} else {
			ck_status(a, 204);
			after++;
		}
		fake_run(100 * NS_PER_MS);
		ck_assert_uint_eq(fake.views[0].desired.msd, a->status == 409 ? 0 : 5);
		/* Of another one it may. */
		ask_begin("PUT", ONE, KEYED("m"), BODY(DYN));
		ck_status(ask("PUT", P "/policy=2001:db8::1,101,2001:db8::9", JSON,
			      "{\"sextant-policy:policy\":[{\"headend\":\"2001:db8::1\",\"color\":101,"
			      "\"endpoint\":\"2001:db8::9\"," DYN "}]}"), 201);
		fake_down();
	}
	ck_assert(busy > 0 && after > 0);
}
END_TEST

Suite *suite_again(void)
{
	Suite *s = suite_create("restconf-again");
	TCase *t = tcase_create("again");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, the_same_key_and_body_get_the_first_answer);
	tcase_add_test(t, a_delete_is_answered_again_where_a_second_one_is_404);
	tcase_add_test(t, a_key_with_another_request_is_refused);
	tcase_add_test(t, what_is_no_key_is_refused);
	tcase_add_test(t, what_may_pass_is_not_remembered);
	tcase_add_test(t, operations_of_yesterday_are_forgotten);
	tcase_add_loop_test(t, killed_at_any_moment_it_is_done_once, 0,
			    (int)(sizeof(kills) / sizeof(kills[0])));
	tcase_add_test(t, a_write_that_is_not_waited_for_is_an_operation);
	tcase_add_test(t, what_has_not_begun_is_cancelled);
	tcase_add_test(t, what_is_not_there_is_not_cancelled);
	tcase_add_test(t, one_at_a_time_of_an_entry);
	suite_add_tcase(s, t);
	return s;
}
