/* SPDX-License-Identifier: Apache-2.0 */
/* The event stream: order, form, resume, gap, filters, heartbeat, slow and many readers. */
#include <libyang/libyang.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "northbound/events/events.h"

struct world {
	struct loop *loop;
	struct net *net;
	struct http *http;
	struct bus *bus;
	struct sse *sse;
};

struct client {
	struct world *w;
	struct net_conn *nc;
	struct str rx;
	bool up, down;
};

#define ck_has(text, needle)                                                                       \
	ck_assert_msg(strstr((text), (needle)) != NULL, "no %s in:\n%.2000s", (needle), (text))
#define ck_lacks(text, needle)                                                                     \
	ck_assert_msg(strstr((text), (needle)) == NULL, "%s in:\n%.2000s", (needle), (text))

static void run(struct world *w, uint64_t ns)
{
	struct mono end = mono_add(loop_now(w->loop), ns);

	while (loop_fake_step(w->loop, end))
		;
}

static void up(struct world *w, void (*tune)(struct sse_cfg *cfg))
{
	struct net_listen_cfg lc = { .port = 80 };
	struct sse_cfg sc;
	struct http_cfg hc;

	memset(w, 0, sizeof(*w));
	ck_assert_int_eq(loop_fake_new(&w->loop, 1), 0);
	ck_assert_int_eq(net_fake_new(&w->net, w->loop, NS_PER_US, NS_PER_MS), 0);
	ck_assert_int_eq(bus_new(&w->bus, 1), 0);
	sse_cfg_default(&sc);
	sc.loop = w->loop;
	sc.bus = w->bus;
	if (tune)
		tune(&sc);
	ck_assert_int_eq(sse_new(&w->sse, &sc), 0);
	http_cfg_default(&hc);
	ck_assert_int_eq(http_new(&w->http, w->loop, w->net, &hc, sse_handle, w->sse), 0);
	ip_parse("::1", &lc.addr);
	ck_assert_int_eq(http_listen(w->http, &lc, NULL), 0);
}

static void down(struct world *w)
{
	sse_free(w->sse);
	http_free(w->http);
	bus_free(w->bus);
	net_free(w->net);
	loop_free(w->loop);
}

static void c_up(void *arg)
{
	((struct client *)arg)->up = true;
}

static size_t c_data(void *arg, const uint8_t *data, size_t len)
{
	str_addn(&((struct client *)arg)->rx, (const char *)data, len);
	return len;
}

static void c_down(void *arg, int err, const char *why)
{
	(void)err;
	(void)why;
	((struct client *)arg)->down = true;
	((struct client *)arg)->nc = NULL;
}

static const struct net_ops ops = { .up = c_up, .data = c_data, .down = c_down };

static struct client *follow(struct world *w, const char *query, const char *headers)
{
	struct client *c = calloc(1, sizeof(*c));
	struct net_connect_cfg cc = { .port = 80 };
	struct str req = { 0 };

	c->w = w;
	ip_parse("::1", &cc.remote);
	ip_parse("::1", &cc.local);
	ck_assert_int_eq(net_connect(w->net, &cc, &ops, c, &c->nc), 0);
	run(w, 10 * NS_PER_MS);
	str_addf(&req, "GET /restconf/streams/sextant-events%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", query,
		 headers);
	ck_assert_int_eq(net_conn_send(c->nc, req.s, req.len), 0);
	str_fini(&req);
	run(w, 10 * NS_PER_MS);
	return c;
}

static void leave(struct client *c)
{
	net_conn_close(c->nc);
	str_fini(&c->rx);
	free(c);
}

static void publish(struct world *w, const char *type, const char *resource, const char *body)
{
	bus_publish(w->bus, 1700000000000001000, BUS_INFO, type, resource, body);
}

static unsigned count(const struct client *c, const char *needle)
{
	unsigned n = 0;

	for (const char *p = str_text(&c->rx); (p = strstr(p, needle)); p++)
		n++;
	return n;
}

/* The notification inside, judged by the schema. */
static void judge(const char *stream)
{
	static const char wrap[] = "\"sextant-events:";
	const char *p = strstr(stream, wrap), *end = p ? strstr(p, "}\n\n") : NULL;
	struct ly_ctx *ctx;
	struct lyd_node *tree = NULL, *op = NULL;
	struct str b = { 0 };
	struct ly_in *in;

	ck_assert(p && end);
	str_addf(&b, "{%.*s", (int)(end - p), p);
	ck_assert_int_eq(ly_ctx_new(getenv("SEXTANT_MODELS"), LY_CTX_DISABLE_SEARCHDIR_CWD, &ctx), 0);
	ck_assert_ptr_nonnull(ly_ctx_load_module(ctx, "sextant-events", NULL, NULL));
	ly_in_new_memory(b.s, &in);
	ck_assert_msg(lyd_parse_op(ctx, NULL, in, LYD_JSON, LYD_TYPE_NOTIF_YANG, &tree, &op) == LY_SUCCESS,
		      "%s in %s", ly_errmsg(ctx), b.s);
	ly_in_free(in, 0);
	lyd_free_all(tree);
	ly_ctx_destroy(ctx);
	str_fini(&b);
}

START_TEST(events_come_in_order_and_as_the_schema_says)
{
	struct world w;
	struct client *c;

	up(&w, NULL);
	publish(&w, "before", "x", "");
	c = follow(&w, "", "");
	ck_has(str_text(&c->rx), "content-type: text/event-stream");
	ck_has(str_text(&c->rx), ": sextant-events");
	publish(&w, "policy-state", "a \"quoted\" one", "\"state\":\"up\",\"n\":3");
	publish(&w, "link-down", "r1>r2", "");
	run(&w, NS_PER_S);
	ck_lacks(str_text(&c->rx), "before");
	ck_has(str_text(&c->rx), "id: 2\ndata: {\"ietf-restconf:notification\":{\"eventTime\":"
				 "\"2023-11-14T22:13:20.000001Z\",\"sextant-events:event\":");
	ck_has(str_text(&c->rx), "\"details\":{\"state\":\"up\",\"n\":3}}}}\n\n");
	ck_assert(strstr(str_text(&c->rx), "id: 2\n") < strstr(str_text(&c->rx), "id: 3\n"));
	judge(str_text(&c->rx));
	leave(c);
	run(&w, NS_PER_S);
	ck_assert_uint_eq(sse_clients(w.sse), 0);
	down(&w);
}
END_TEST

START_TEST(a_client_resumes_where_it_was)
{
	struct world w;
	struct client *c;

	up(&w, NULL);
	for (int i = 0; i < 10; i++)
		publish(&w, "t", "r", "");
	c = follow(&w, "", "Last-Event-ID: 7\r\n");
	ck_assert_uint_eq(count(c, "\nid: "), 3);
	ck_has(str_text(&c->rx), "id: 8\n");
	ck_lacks(str_text(&c->rx), "event: gap");
	leave(c);
	c = follow(&w, "?after=9", "");
	ck_assert_uint_eq(count(c, "\nid: "), 1);
	leave(c);
	down(&w);
}
END_TEST

START_TEST(what_was_lost_is_told_as_a_gap)
{
	struct world w;
	struct client *c;

	up(&w, NULL);
	for (int i = 0; i < BUS_RING + 100; i++)
		publish(&w, "t", "r", "");
	c = follow(&w, "", "Last-Event-ID: 5\r\n");
	run(&w, NS_PER_S);
	ck_has(str_text(&c->rx), "event: gap\n");
	ck_has(str_text(&c->rx), "\"after\":\"5\",\"next\":\"101\"");
	ck_assert_uint_eq(count(c, "event: gap"), 1);
	ck_assert_uint_eq(count(c, "\nid: "), BUS_RING);
	judge(str_text(&c->rx));
	leave(c);
	/* Ids of a daemon before this one. */
	c = follow(&w, "", "Last-Event-ID: 999999\r\n");
	ck_has(str_text(&c->rx), "event: gap\n");
	leave(c);
	down(&w);
}
END_TEST

START_TEST(filters_select)
{
	struct world w;
	struct client *c;

	up(&w, NULL);
	c = follow(&w, "?type=a&type=b&resource=pol%2Ficy", "");
	publish(&w, "a", "pol/icy1", "");
	publish(&w, "b", "pol/icy2", "");
	publish(&w, "c", "pol/icy3", "");
	publish(&w, "a", "other", "");
	run(&w, NS_PER_S);
	ck_assert_uint_eq(count(c, "\nid: "), 2);
	leave(c);
	down(&w);
}
END_TEST

static const char *const wrong[] = { "?after=x", "?frob=1", "?after", "?type=%zz",
				     "?type=1&type=2&type=3&type=4&type=5&type=6&type=7&type=8&type=9" };

START_TEST(wrong_parameters_are_400)
{
	struct world w;
	struct client *c;

	up(&w, NULL);
	c = follow(&w, wrong[_i], "");
	ck_has(str_text(&c->rx), "HTTP/1.1 400");
	ck_has(str_text(&c->rx), "ietf-restconf:errors");
	ck_assert_uint_eq(sse_clients(w.sse), 0);
	leave(c);
	c = follow(&w, "", "Last-Event-ID: abc\r\n");
	ck_has(str_text(&c->rx), "HTTP/1.1 400");
	leave(c);
	down(&w);
}
END_TEST

START_TEST(silence_has_a_heartbeat)
{
	struct world w;
	struct client *c;

	up(&w, NULL);
	c = follow(&w, "", "");
	run(&w, 14 * NS_PER_S);
	ck_assert_uint_eq(count(c, ": still here"), 0);
	run(&w, 2 * NS_PER_S);
	ck_assert_uint_eq(count(c, ": still here"), 1);
	run(&w, 300 * NS_PER_S);
	ck_assert_uint_eq(count(c, ": still here"), 21);
	ck_assert(!c->down);
	leave(c);
	down(&w);
}
END_TEST

START_TEST(a_slow_reader_misses_events_and_is_told)
{
	char body[1500];
	struct world w;
	struct client *c;

	up(&w, NULL);
	memset(body, 0, sizeof(body));
	snprintf(body, sizeof(body), "\"x\":\"%01400d\"", 1);
	c = follow(&w, "", "");
	net_conn_limits(c->nc, 4096, 4096);
	net_conn_pause(c->nc, true);
	for (int i = 0; i < 10000; i++) {
		publish(&w, "t", "r", body);
		if (i % 100 == 0)
			run(&w, NS_PER_MS);
	}
	run(&w, 10 * NS_PER_S);
	ck_assert(!c->down);
	net_conn_pause(c->nc, false);
	net_conn_limits(c->nc, 65536, 65536);
	run(&w, 40 * NS_PER_S);
	ck_has(str_text(&c->rx), "event: gap\n");
	ck_has(str_text(&c->rx), "id: 10000\n");
	ck_assert_uint_lt(count(c, "\nid: "), 5000);
	leave(c);
	down(&w);
}
END_TEST

START_TEST(a_reader_that_never_reads_is_dropped)
{
	char body[1500];
	struct world w;
	struct client *c;

	up(&w, NULL);
	memset(body, 0, sizeof(body));
	snprintf(body, sizeof(body), "\"x\":\"%01400d\"", 1);
	c = follow(&w, "", "");
	net_conn_pause(c->nc, true);
	for (int i = 0; i < 4000; i++) {
		publish(&w, "t", "r", body);
		if (i % 100 == 0)
			run(&w, NS_PER_MS);
	}
	run(&w, 30 * NS_PER_S);
	ck_assert_uint_eq(sse_clients(w.sse), 1);
	run(&w, 60 * NS_PER_S);
	ck_assert_uint_eq(sse_clients(w.sse), 0);
	leave(c);
	down(&w);
}
END_TEST

static void two(struct sse_cfg *cfg)
{
	cfg->clients_max = 2;
}

START_TEST(the_number_of_clients_is_bounded)
{
	struct client *c[3];
	struct world w;

	up(&w, two);
	for (int i = 0; i < 3; i++)
		c[i] = follow(&w, "", "");
	ck_has(str_text(&c[1]->rx), "200 OK");
	ck_has(str_text(&c[2]->rx), "HTTP/1.1 503");
	leave(c[0]);
	leave(c[2]);
	run(&w, NS_PER_S);
	c[0] = follow(&w, "", "");
	ck_has(str_text(&c[0]->rx), "200 OK");
	leave(c[0]);
	leave(c[1]);
	down(&w);
}
END_TEST

START_TEST(freeing_the_room_ends_the_streams)
{
	struct client *c;
	struct world w;

	up(&w, NULL);
	c = follow(&w, "", "");
	sse_free(w.sse);
	w.sse = NULL;
	publish(&w, "t", "r", "");
	run(&w, NS_PER_S);
	ck_has(str_text(&c->rx), "0\r\n\r\n");
	leave(c);
	down(&w);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("events");
	TCase *t = tcase_create("sse");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, events_come_in_order_and_as_the_schema_says);
	tcase_add_test(t, a_client_resumes_where_it_was);
	tcase_add_test(t, what_was_lost_is_told_as_a_gap);
	tcase_add_test(t, filters_select);
	tcase_add_loop_test(t, wrong_parameters_are_400, 0, ARRAY_LEN(wrong));
	tcase_add_test(t, silence_has_a_heartbeat);
	tcase_add_test(t, a_slow_reader_misses_events_and_is_told);
	tcase_add_test(t, a_reader_that_never_reads_is_dropped);
	tcase_add_test(t, the_number_of_clients_is_bounded);
	tcase_add_test(t, freeing_the_room_ends_the_streams);
	suite_add_tcase(s, t);
	return check_main(s);
}
