/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1: framing, limits, time, order, late answers, streams; who is asking. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "client.h"

#define HOST "Host: localhost\r\n"

START_TEST(a_get_is_answered_with_length_date_and_body)
{
	struct world w;
	struct client *c;
	const char *a;

	world_up(&w, NULL);
	c = client_new(&w);
	a = client_ask(c, "GET /x/y?q=1&r=%20 HTTP/1.1\r\n" HOST "\r\n");
	ck_has(a, "HTTP/1.1 200 OK\r\n");
	ck_has(a, "content-length: 4\r\n");
	ck_has(a, "date: ");
	ck_has(a, "\r\n\r\n/x/y");
	ck_assert_str_eq(w.query, "q=1&r=%20");
	ck_assert_str_eq(w.user, "local");
	ck_assert_int_eq(w.role, HTTP_ROLE_ADMIN);
	ck_assert(!c->down);
	client_free(c);
	world_down(&w);
}
END_TEST

START_TEST(head_has_the_length_and_no_body)
{
	struct world w;
	struct client *c;
	const char *a;

	world_up(&w, NULL);
	c = client_new(&w);
	a = client_ask(c, "HEAD /abc HTTP/1.1\r\n" HOST "\r\nGET /empty HTTP/1.1\r\n" HOST "\r\n");
	ck_has(a, "content-length: 4\r\n");
	ck_lacks(a, "/abc");
	ck_has(a, "HTTP/1.1 204 No Content");
	ck_assert_uint_eq(client_count(c, "content-length"), 1);
	client_free(c);
	world_down(&w);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
	struct world w;
	struct client *c;
	struct str q = { 0 };
	const char *a, *last;

	world_up(&w, NULL);
	c = client_new(&w);
	for (int i = 0; i < 60; i++)
		str_addf(&q, "GET /n%03d HTTP/1.1\r\n" HOST "\r\n", i);
	a = client_ask(c, q.s);
	last = a;
	for (int i = 0; i < 60; i++) {
		char needle[20];

		snprintf(needle, sizeof(needle), "/n%03d", i);
		last = strstr(last, needle);
		ck_assert_ptr_nonnull(last);
	}
	ck_assert_uint_eq(w.n_requests, 60);
	str_fini(&q);
	client_free(c);
	world_down(&w);
}
END_TEST

/* Found by the fuzzer: dropping the tail twice left the connection spinning. */
START_TEST(a_bad_request_behind_a_good_one_ends_the_connection)
{
	struct world w;
	struct client *c;
	const char *a;

	world_up(&w, NULL);
	c = client_new(&w);
	a = client_ask(c, "GET /a HTTP/1.1\r\n" HOST "\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n" HOST
			  "\r\n");
	ck_has(a, "HTTP/1.1 200");
	ck_has(a, "HTTP/1.1 400");
	ck_lacks(a, "/c");
	world_run(&w, 10 * NS_PER_S);
	ck_assert(c->down);
	ck_assert_uint_eq(w.n_requests, 1);
	client_free(c);
	world_down(&w);
}
END_TEST

START_TEST(a_late_answer_holds_what_follows)
{
	struct world w;
	struct client *c;
	const char *a;

	world_up(&w, NULL);
	c = client_new(&w);
	a = client_ask(c, "GET /late HTTP/1.1\r\n" HOST "\r\nGET /next HTTP/1.1\r\n" HOST "\r\n");
	ck_assert_str_eq(a, "");
	ck_assert_uint_eq(w.n_requests, 1);
	world_run(&w, 1000 * NS_PER_S); /* a handler may take its time */
	ck_assert(!c->down);
	http_reply(w.held, 200, NULL, 0, "done", 4);
	world_run(&w, NS_PER_S);
	ck_has(str_text(&c->rx), "done");
	ck_has(str_text(&c->rx), "/next");
	client_free(c);
	world_down(&w);
}
END_TEST

START_TEST(gone_is_told_when_the_client_leaves)
{
	struct world w;
	struct client *c;

	world_up(&w, NULL);
	c = client_new(&w);
	client_ask(c, "GET /late HTTP/1.1\r\n" HOST "\r\n");
	ck_assert_ptr_nonnull(w.held);
	client_free(c);
	world_run(&w, NS_PER_S);
	ck_assert(w.gone);
	/* One that did not ask to be told answers into the void. */
	c = client_new(&w);
	client_ask(c, "GET /careless HTTP/1.1\r\n" HOST "\r\n");
	client_free(c);
	world_run(&w, NS_PER_S);
	http_reply(w.held, 200, NULL, 0, "x", 1);
	world_down(&w);
}
END_TEST

START_TEST(bodies_come_by_length_and_in_chunks)
{
	struct world w;
	struct client *c;
	const char *a;

	world_up(&w, NULL);
	c = client_new(&w);
	client_ask(c, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello");
	ck_assert_str_eq(w.body, "hello");
	client_ask(c, "POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
		      "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n");
	ck_assert_str_eq(w.body, "abcdefg");
	a = client_ask(c, "POST /c HTTP/1.1\r\n" HOST "\r\n"); /* no length: no body */
	ck_has(a, "200 OK");
	ck_assert_uint_eq(w.body_len, 0);
	a = client_ask(c, "PUT /d HTTP/1.1\r\n" HOST "Content-Length: 2\r\n"
			  "Expect: 100-continue\r\n\r\n");
	ck_assert_str_eq(a, "HTTP/1.1 100 Continue\r\n\r\n");
	a = client_ask(c, "ok");
	ck_has(a, "200 OK");
	ck_assert_str_eq(w.body, "ok");
	client_free(c);
	world_down(&w);
}
END_TEST

START_TEST(every_split_of_a_request_is_the_same_request)
{
	static const char req[] = "POST /split?x HTTP/1.1\r\nhost: [::1]:80\r\nx-a: b c\r\n"
				  "transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";

	for (size_t at = 1; at < sizeof(req) - 1; at++) {
		struct world w;
		struct client *c;

		world_up(&w, NULL);
		c = client_new(&w);
		client_sendn(c, req, at);
		world_run(&w, 20 * NS_PER_MS);
		client_sendn(c, req + at, sizeof(req) - 1 - at);
		world_run(&w, 20 * NS_PER_MS);
		ck_has(str_text(&c->rx), "200 OK");
		ck_assert_str_eq(w.body, "hi");
		client_free(c);
		world_down(&w);
	}
}
END_TEST

static const struct {
	const char *what, *request, *status;
} refused[] = {
	{ "both lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"
	  "\r\n0\r\n\r\n", "400" },
	{ "both lengths, the other way", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	  "Content-Length: 3\r\n\r\n0\r\n\r\n", "400" },
	{ "length twice", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
	  "400" },
	{ "length with sign", "POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc", "400" },
	{ "huge length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\n",
	  "400" },
	{ "coding unknown", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", "400" },
	{ "coding chain", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	  "400" },
	{ "coding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400" },
	{ "folded line", "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", "400" },
	{ "bare line feed", "GET / HTTP/1.1\r\nHost: localhost\nX: a\r\n\r\n", "400" },
	{ "bare line feeds", "GET / HTTP/1.1\nHost: localhost\n\n", "400" },
	{ "space before colon", "GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", "400" },
	{ "no host", "GET / HTTP/1.1\r\n\r\n", "400" },
	{ "two hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", "400" },
	{ "bad chunk", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400" },
	{ "fragment", "GET /a#b HTTP/1.1\r\n" HOST "\r\n", "400" },
	{ "no path", "GET a HTTP/1.1\r\n" HOST "\r\n", "400" },
	{ "version 2 in words", "GET / HTTP/2.0\r\n" HOST "\r\n", "505" },
	{ "connect", "CONNECT localhost:80 HTTP/1.1\r\n" HOST "\r\n", "501" },
	{ "method unknown", "FROB / HTTP/1.1\r\n" HOST "\r\n", "501" },
	{ "other expectation", "POST / HTTP/1.1\r\n" HOST "Expect: tea\r\nContent-Length: 1\r\n\r\nx", "417" },
	{ "foreign name", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421" },
	{ "garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "501" },
};

START_TEST(what_is_not_clean_is_refused_and_closed)
{
	struct world w;
	struct client *c;
	char want[32];
	const char *a;

	world_up(&w, NULL);
	c = client_new(&w);
	a = client_ask(c, refused[_i].request);
	snprintf(want, sizeof(want), "HTTP/1.1 %s ", refused[_i].status);
	ck_assert_msg(strncmp(a, want, strlen(want)) == 0, "%s: %s", refused[_i].what, a);
	ck_has(a, "connection: close");
	ck_has(a, "ietf-restconf:errors");
	ck_assert_uint_eq(w.n_requests, 0);
	client_send(c, "GET /smuggled HTTP/1.1\r\n" HOST "\r\n");
	world_run(&w, 10 * NS_PER_S);
	ck_assert(c->down);
	ck_assert_uint_eq(w.n_requests, 0);
	client_free(c);
	world_down(&w);
}
END_TEST

static const char *const hosts_ok[] = { "localhost", "localhost:8080", "127.0.0.1:1", "[::1]:99",
					"::1", "a.localhost", "10.0.0.1" };

START_TEST(local_names_and_literals_are_served)
{
	struct world w;
	struct client *c;
	char req[200];

	world_up(&w, NULL);
	for (size_t i = 0; i < ARRAY_LEN(hosts_ok); i++) {
		c = client_new(&w);
		snprintf(req, sizeof(req), "GET http://%s/p HTTP/1.1\r\nHost: %s\r\n\r\n",
			 hosts_ok[i][0] == ':' ? "[::1]" : hosts_ok[i], hosts_ok[i]);
		if (strcmp(hosts_ok[i], "::1") == 0)
			ck_has(client_ask(c, req), "421"); /* not a form of RFC 3986 */
		else
			ck_has(client_ask(c, req), "200 OK");
		client_free(c);
	}
	world_down(&w);
}
END_TEST

static void small(struct http_cfg *cfg)
{
	cfg->body_max = 1000;
	cfg->header_max = 2000;
	cfg->conns_max = 3;
}

START_TEST(sizes_and_numbers_are_bounded)
{
	struct world w;
	struct client *c, *more[3];
	struct str q = { 0 };

	world_up(&w, small);
	c = client_new(&w);
	ck_has(client_ask(c, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n"
			     "Expect: 100-continue\r\n\r\n"), "HTTP/1.1 413 ");
	client_free(c);
	c = client_new(&w);
	str_add(&q, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 101; i++)
		str_add(&q, "a\r\n0123456789\r\n");
	ck_has(client_ask(c, q.s), "HTTP/1.1 413 ");
	client_free(c);
	c = client_new(&w);
	q.len = 0;
	str_add(&q, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 0; i < 100; i++)
		str_addf(&q, "X-%d: 0123456789012345\r\n", i);
	ck_has(client_ask(c, q.s), "HTTP/1.1 431 ");
	client_free(c);
	c = client_new(&w);
	q.len = 0;
	str_add(&q, "GET /");
	for (int i = 0; i < 9000; i++)
		str_add(&q, "a");
	ck_has(client_ask(c, q.s), "HTTP/1.1 414 ");
	client_free(c);
	world_run(&w, 10 * NS_PER_S);
	for (size_t i = 0; i < 3; i++)
		more[i] = client_new(&w);
	c = client_new(&w);
	client_ask(c, "GET / HTTP/1.1\r\n" HOST "\r\n");
	ck_assert(c->down);
	client_free(c);
	for (size_t i = 0; i < 3; i++) {
		ck_has(client_ask(more[i], "GET / HTTP/1.1\r\n" HOST "\r\n"), "200 OK");
		client_free(more[i]);
	}
	str_fini(&q);
	world_down(&w);
}
END_TEST

START_TEST(slow_and_silent_clients_are_let_go)
{
	struct world w;
	struct client *silent, *slow, *idle, *body;

	world_up(&w, NULL);
	silent = client_new(&w);
	slow = client_new(&w);
	idle = client_new(&w);
	body = client_new(&w);
	client_ask(idle, "GET / HTTP/1.1\r\n" HOST "\r\n");
	client_send(slow, "GET / HTTP/1.1\r\n");
	client_send(body, "POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\n");
	for (int i = 0; i < 9; i++) {
		client_send(slow, "a: b\r\n");
		world_run(&w, NS_PER_S);
	}
	ck_assert(!slow->down);
	world_run(&w, 5 * NS_PER_S);
	ck_has(str_text(&slow->rx), "HTTP/1.1 408 ");
	ck_assert(slow->down);
	ck_assert(silent->down);
	ck_assert(!idle->down);
	ck_assert(!body->down);
	world_run(&w, 90 * NS_PER_S);
	ck_assert(idle->down);
	ck_assert(body->down);
	ck_assert_uint_eq(w.n_requests, 1);
	client_free(silent);
	client_free(slow);
	client_free(idle);
	client_free(body);
	world_down(&w);
}
END_TEST

START_TEST(a_stream_of_20_mb_holds_little_and_waits_for_its_reader)
{
	struct world w;
	struct client *c;

	world_up(&w, NULL);
	w.to_stream = 20 * 1024 * 1024;
	c = client_new(&w);
	net_conn_pause(c->nc, true);
	net_conn_limits(c->nc, 16384, 16384);
	client_ask(c, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
	ck_assert_uint_lt(w.streamed, 3 * 1024 * 1024);
	ck_assert(!w.gone);
	for (int i = 0; i < 20000 && w.held; i++) {
		net_conn_pause(c->nc, false);
		world_run(&w, 10 * NS_PER_MS);
		net_conn_pause(c->nc, true);
	}
	net_conn_pause(c->nc, false);
	world_run(&w, 10 * NS_PER_S);
	ck_assert_uint_eq(w.streamed, 20 * 1024 * 1024);
	ck_assert_uint_gt(c->total, 20 * 1024 * 1024);
	ck_assert_uint_gt(w.rooms, 10);
	ck_has(str_text(&c->rx), "transfer-encoding: chunked");
	/* and the connection goes on */
	ck_has(client_ask(c, "GET /after HTTP/1.1\r\n" HOST "\r\n"), "/after");
	client_free(c);
	world_down(&w);
}
END_TEST

START_TEST(a_reader_that_stalls_is_dropped)
{
	struct world w;
	struct client *c;

	world_up(&w, NULL);
	w.to_stream = 20 * 1024 * 1024;
	c = client_new(&w);
	net_conn_limits(c->nc, 16384, 16384);
	net_conn_pause(c->nc, true);
	client_ask(c, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
	world_run(&w, 60 * NS_PER_S);
	ck_assert(!w.gone);
	world_run(&w, 60 * NS_PER_S);
	ck_assert(w.gone);
	client_free(c);
	world_down(&w);
}
END_TEST

START_TEST(a_large_reply_arrives_whole)
{
	struct world w;
	struct client *c;

	world_up(&w, NULL);
	c = client_new(&w);
	client_send(c, "GET /big HTTP/1.1\r\n" HOST "\r\n");
	world_run(&w, 60 * NS_PER_S);
	ck_assert_uint_gt(c->total, 3000000);
	ck_has(str_text(&c->rx), "content-length: 3000000");
	client_free(c);
	world_down(&w);
}
END_TEST

START_TEST(http_1_0_is_answered_and_closed)
{
	struct world w;
	struct client *c;

	world_up(&w, NULL);
	w.to_stream = 10;
	c = client_new(&w);
	client_ask(c, "GET /stream HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
	ck_lacks(str_text(&c->rx), "chunked");
	ck_has(str_text(&c->rx), "\r\n\r\nxxxxxxxxxx");
	ck_assert(c->down);
	client_free(c);
	world_down(&w);
}
END_TEST

START_TEST(plaintext_beyond_loopback_is_refused)
{
	struct world w;
	struct net_listen_cfg lc = { .port = 8081 };

	world_up(&w, NULL);
	ip_parse("::", &lc.addr);
	ck_assert_int_eq(http_listen(w.http, &lc, NULL), -EPERM);
	ip_parse("192.0.2.1", &lc.addr);
	ck_assert_int_eq(http_listen(w.http, &lc, NULL), -EPERM);
	ip_parse("127.0.0.1", &lc.addr);
	ck_assert_int_eq(http_listen(w.http, &lc, NULL), 0);
	world_down(&w);
}
END_TEST

Suite *suite_http(void);
Suite *suite_http(void)
{
	Suite *s = suite_create("http");
	TCase *t = tcase_create("h1");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_get_is_answered_with_length_date_and_body);
	tcase_add_test(t, head_has_the_length_and_no_body);
	tcase_add_test(t, pipelined_requests_are_answered_in_order);
	tcase_add_test(t, a_bad_request_behind_a_good_one_ends_the_connection);
	tcase_add_test(t, a_late_answer_holds_what_follows);
	tcase_add_test(t, gone_is_told_when_the_client_leaves);
	tcase_add_test(t, bodies_come_by_length_and_in_chunks);
	tcase_add_test(t, every_split_of_a_request_is_the_same_request);
	tcase_add_loop_test(t, what_is_not_clean_is_refused_and_closed, 0, ARRAY_LEN(refused));
	tcase_add_test(t, local_names_and_literals_are_served);
	tcase_add_test(t, sizes_and_numbers_are_bounded);
	tcase_add_test(t, slow_and_silent_clients_are_let_go);
	tcase_add_test(t, a_stream_of_20_mb_holds_little_and_waits_for_its_reader);
	tcase_add_test(t, a_reader_that_stalls_is_dropped);
	tcase_add_test(t, a_large_reply_arrives_whole);
	tcase_add_test(t, http_1_0_is_answered_and_closed);
	tcase_add_test(t, plaintext_beyond_loopback_is_refused);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(suite_http());
	int failed;

	srunner_add_suite(sr, suite_h2());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed && !getenv("CK_TAP_LOG_FILE_NAME") ? EXIT_FAILURE : EXIT_SUCCESS;
}
