/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 with an nghttp2 client: prior knowledge, ALPN and mutual TLS, limits, floods. */
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs.h"
#include "client.h"

struct h2 {
	struct client *c;
	nghttp2_session *s;
	size_t fed;
	char status[8];
	struct str body;
	size_t data, streams_closed;
	uint32_t last_error;
	bool goaway;
	const char *upload;
	size_t upload_len;
};

static int h_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t nlen,
		    const uint8_t *value, size_t vlen, uint8_t flags, void *arg)
{
	struct h2 *h = arg;

	(void)s;
	(void)f;
	(void)nlen;
	(void)vlen;
	(void)flags;
	if (strcmp((const char *)name, ":status") == 0)
		str_copy(h->status, sizeof(h->status), (const char *)value);
	return 0;
}

static int h_chunk(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
		   void *arg)
{
	struct h2 *h = arg;

	(void)s;
	(void)flags;
	(void)id;
	h->data += len;
	if (h->body.len < 100000)
		str_addn(&h->body, (const char *)data, len);
	return 0;
}

static int h_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
	(void)s;
	if (f->hd.type == NGHTTP2_GOAWAY)
		((struct h2 *)arg)->goaway = true;
	return 0;
}

static int h_close(nghttp2_session *s, int32_t id, uint32_t code, void *arg)
{
	struct h2 *h = arg;

	(void)s;
	(void)id;
	h->streams_closed++;
	h->last_error = code;
	return 0;
}

static void h2_pump(struct h2 *h)
{
	const uint8_t *out;
	ssize_t n;

	for (int i = 0; i < 400; i++) {
		while (h->c->nc && (n = nghttp2_session_mem_send(h->s, &out)) > 0)
			client_sendn(h->c, out, (size_t)n);
		world_run(h->c->w, 5 * NS_PER_MS);
		if (!h->c->rx.len)
			continue;
		if (nghttp2_session_mem_recv(h->s, (const uint8_t *)h->c->rx.s, h->c->rx.len) < 0)
			return;
		h->c->rx.len = 0;
	}
}

static void h2_open(struct h2 *h, struct client *c)
{
	nghttp2_session_callbacks *cb;

	memset(h, 0, sizeof(*h));
	h->c = c;
	nghttp2_session_callbacks_new(&cb);
	nghttp2_session_callbacks_set_on_header_callback(cb, h_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, h_chunk);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, h_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, h_close);
	nghttp2_session_client_new(&h->s, cb, h);
	nghttp2_session_callbacks_del(cb);
	nghttp2_submit_settings(h->s, NGHTTP2_FLAG_NONE, NULL, 0);
}

static void h2_shut(struct h2 *h)
{
	nghttp2_session_del(h->s);
	str_fini(&h->body);
	client_free(h->c);
}

static ssize_t upload(nghttp2_session *s, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
		      nghttp2_data_source *src, void *arg)
{
	struct h2 *h = src->ptr;
	size_t n = h->upload_len < len ? h->upload_len : len;

	(void)s;
	(void)id;
	(void)arg;
	memset(buf, 'u', n);
	h->upload_len -= n;
	if (!h->upload_len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static nghttp2_nv nv(char *name, char *value)
{
	return (nghttp2_nv){ (uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), 0 };
}

static int32_t h2_request(struct h2 *h, char *method, char *path, size_t body)
{
	char m[] = ":method", p[] = ":path", s[] = ":scheme", a[] = ":authority", http[] = "http",
	     host[] = "localhost";
	nghttp2_nv nvs[] = { nv(m, method), nv(p, path), nv(s, http), nv(a, host) };
	nghttp2_data_provider dp = { .source.ptr = h, .read_callback = upload };

	h->upload_len = body;
	return nghttp2_submit_request(h->s, NULL, nvs, 4, body ? &dp : NULL, NULL);
}

START_TEST(prior_knowledge_is_seen_by_the_preface)
{
	char get[] = "GET", head[] = "HEAD", path[] = "/two?k=v", empty[] = "/empty";
	struct world w;
	struct h2 h;

	world_up(&w, NULL);
	h2_open(&h, client_new(&w));
	h2_request(&h, get, path, 0);
	h2_pump(&h);
	ck_assert_str_eq(h.status, "200");
	ck_assert_str_eq(str_text(&h.body), "/two");
	ck_assert_str_eq(w.query, "k=v");
	h2_request(&h, head, path, 0);
	h2_pump(&h);
	ck_assert_str_eq(h.status, "200");
	ck_assert_uint_eq(h.data, 4);
	h2_request(&h, get, empty, 0);
	h2_pump(&h);
	ck_assert_str_eq(h.status, "204");
	ck_assert_uint_eq(h.streams_closed, 3);
	h2_shut(&h);
	world_down(&w);
}
END_TEST

START_TEST(five_megabytes_go_up_and_twenty_come_down)
{
	char put[] = "PUT", get[] = "GET", up[] = "/up", down[] = "/stream";
	struct world w;
	struct h2 h;

	world_up(&w, NULL);
	w.to_stream = 20 * 1024 * 1024;
	h2_open(&h, client_new(&w));
	h2_request(&h, put, up, 5 * 1024 * 1024);
	for (int i = 0; i < 20 && w.n_requests == 0; i++)
		h2_pump(&h);
	ck_assert_uint_eq(w.body_len, 5 * 1024 * 1024);
	h.data = 0;
	h2_request(&h, get, down, 0);
	for (int i = 0; i < 200 && h.data < w.to_stream; i++)
		h2_pump(&h);
	ck_assert_uint_eq(h.data, 20 * 1024 * 1024);
	ck_assert_uint_gt(w.rooms, 10);
	h2_shut(&h);
	world_down(&w);
}
END_TEST

static void small(struct http_cfg *cfg)
{
	cfg->body_max = 1000;
	cfg->streams_max = 10;
	cfg->resets_max = 20;
}

START_TEST(a_body_too_large_is_413_and_others_go_on)
{
	char put[] = "PUT", get[] = "GET", path[] = "/p";
	struct world w;
	struct h2 h;

	world_up(&w, small);
	h2_open(&h, client_new(&w));
	h2_request(&h, put, path, 5000);
	h2_pump(&h);
	ck_assert_str_eq(h.status, "413");
	ck_assert_uint_eq(w.n_requests, 0);
	h2_request(&h, get, path, 0);
	h2_pump(&h);
	ck_assert_str_eq(h.status, "200");
	h2_shut(&h);
	world_down(&w);
}
END_TEST

START_TEST(rapid_resets_end_the_connection)
{
	char get[] = "GET", path[] = "/late";
	struct world w;
	struct h2 h;

	world_up(&w, small);
	h2_open(&h, client_new(&w));
	h2_pump(&h);
	for (int i = 0; i < 100; i++) {
		int32_t id = h2_request(&h, get, path, 0);
		const uint8_t *out;
		ssize_t n;

		while (h.c->nc && (n = nghttp2_session_mem_send(h.s, &out)) > 0)
			client_sendn(h.c, out, (size_t)n);
		nghttp2_submit_rst_stream(h.s, 0, id, NGHTTP2_CANCEL);
		while (h.c->nc && (n = nghttp2_session_mem_send(h.s, &out)) > 0)
			client_sendn(h.c, out, (size_t)n);
		world_run(&w, NS_PER_MS);
	}
	h2_pump(&h);
	ck_assert(h.goaway || h.c->down);
	ck_assert(h.c->down);
	ck_assert_uint_lt(w.n_requests, 40);
	h2_shut(&h);
	world_down(&w);
}
END_TEST

START_TEST(a_few_resets_do_not)
{
	char get[] = "GET", path[] = "/late", other[] = "/x";
	struct world w;
	struct h2 h;

	world_up(&w, small);
	h2_open(&h, client_new(&w));
	for (int i = 0; i < 5; i++) {
		int32_t id = h2_request(&h, get, path, 0);

		h2_pump(&h);
		nghttp2_submit_rst_stream(h.s, 0, id, NGHTTP2_CANCEL);
		h2_pump(&h);
		ck_assert(w.gone);
		w.gone = false;
	}
	h2_request(&h, get, other, 0);
	h2_pump(&h);
	ck_assert_str_eq(h.status, "200");
	h2_shut(&h);
	world_down(&w);
}
END_TEST

START_TEST(a_ping_flood_ends_the_connection)
{
	struct world w;
	struct h2 h;

	world_up(&w, small);
	h2_open(&h, client_new(&w));
	h2_pump(&h);
	for (int i = 0; i < 300; i++)
		nghttp2_submit_ping(h.s, 0, NULL);
	h2_pump(&h);
	ck_assert(h.c->down);
	h2_shut(&h);
	world_down(&w);
}
END_TEST

START_TEST(foreign_authority_is_refused_too)
{
	char m[] = ":method", p[] = ":path", s[] = ":scheme", a[] = ":authority", http[] = "http",
	     host[] = "evil.example", get[] = "GET", path[] = "/";
	nghttp2_nv nvs[] = { nv(m, get), nv(p, path), nv(s, http), nv(a, host) };
	struct world w;
	struct h2 h;

	world_up(&w, NULL);
	h2_open(&h, client_new(&w));
	nghttp2_submit_request(h.s, NULL, nvs, 4, NULL, NULL);
	h2_pump(&h);
	ck_assert_str_eq(h.status, "421");
	ck_assert_uint_eq(w.n_requests, 0);
	h2_shut(&h);
	world_down(&w);
}
END_TEST

static ssize_t never(nghttp2_session *s, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
		     nghttp2_data_source *src, void *arg)
{
	(void)s;
	(void)id;
	(void)buf;
	(void)len;
	(void)flags;
	(void)src;
	(void)arg;
	return NGHTTP2_ERR_DEFERRED;
}

/* Found by the fuzzer: such a stream, and its connection, stayed for ever (RFC 9113 s8.1). */
START_TEST(a_refused_request_that_never_ends_is_reset_after_its_answer)
{
	char m[] = ":method", p[] = ":path", s[] = ":scheme", a[] = ":authority", http[] = "http",
	     host[] = "evil.example", post[] = "POST", path[] = "/";
	nghttp2_nv nvs[] = { nv(m, post), nv(p, path), nv(s, http), nv(a, host) };
	const nghttp2_data_provider dp = { .read_callback = never };
	struct world w;
	struct h2 h;

	world_up(&w, NULL);
	h2_open(&h, client_new(&w));
	nghttp2_submit_request(h.s, NULL, nvs, 4, &dp, NULL);
	h2_pump(&h);
	ck_assert_str_eq(h.status, "421");
	ck_assert_uint_eq(h.streams_closed, 1);
	ck_assert_uint_eq(h.last_error, NGHTTP2_NO_ERROR);
	ck_assert(!h.c->down);
	world_run(&w, 80 * NS_PER_S);
	ck_assert(h.c->down);
	h2_shut(&h);
	world_down(&w);
}
END_TEST

START_TEST(garbage_after_the_preface_ends_it)
{
	struct world w;
	struct client *c;

	world_up(&w, NULL);
	c = client_new(&w);
	client_send(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nthis is no frame at all, none whatsoever");
	world_run(&w, 10 * NS_PER_S);
	ck_assert(c->down);
	client_free(c);
	world_down(&w);
}
END_TEST

/* Found by the fuzzer: a head that never ended kept the timer firing from 10 s to 85 s. */
START_TEST(half_a_head_is_reset_in_time_without_spinning)
{
	static const char half[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
				   "\0\0\0\4\0\0\0\0\0"	/* SETTINGS */
				   "\0\0\2\1\0\0\0\0\1\x82\x86"; /* HEADERS without END_HEADERS */
	static const char reset[] = "\0\0\4\3\0\0\0\0\1\0\0\0\x8"; /* RST_STREAM, CANCEL */
	struct world w;
	struct client *c;
	unsigned steps = 0;

	world_up(&w, NULL);
	c = client_new(&w);
	client_sendn(c, half, sizeof(half) - 1);
	world_run(&w, 9 * NS_PER_S);
	ck_assert_ptr_null(memmem(c->rx.s, c->rx.len, reset, sizeof(reset) - 1));
	for (struct mono end = mono_add(loop_now(w.loop), 3 * NS_PER_S); loop_fake_step(w.loop, end);)
		ck_assert_uint_lt(++steps, 100);
	ck_assert_ptr_nonnull(memmem(c->rx.s, c->rx.len, reset, sizeof(reset) - 1));
	ck_assert(!c->down);
	world_run(&w, 80 * NS_PER_S);
	ck_assert(c->down);
	ck_assert_uint_eq(w.n_requests, 0);
	client_free(c);
	world_down(&w);
}
END_TEST

/* ---- mutual TLS ---- */

static enum http_role role_of(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "client") == 0 ? HTTP_ROLE_OPERATE : HTTP_ROLE_NONE;
}

static void with_roles(struct http_cfg *cfg)
{
	cfg->role_of = role_of;
}

static struct client *tls_client(struct world *w, const struct certs *cs, const char *cert,
				 const char *key, const char *const *alpn)
{
	struct net_tls_cfg cfg = { .cert_file = cert, .key_file = key, .ca_file = cs->ca, .alpn = alpn };
	struct net_tls *tls;
	struct client *c;
	char err[300];

	ck_assert_msg(net_tls_new(&tls, NET_TLS_CLIENT, &cfg, err, sizeof(err)) == 0, "%s", err);
	c = client_new(w);
	ck_assert_int_eq(net_conn_tls(c->nc, tls, NET_TLS_CLIENT, "localhost"), 0);
	net_tls_unref(tls);
	world_run(w, NS_PER_S);
	return c;
}

static void tls_world(struct world *w, const struct certs *cs)
{
	struct net_tls_cfg cfg = { .cert_file = cs->cert, .key_file = cs->key, .ca_file = cs->ca,
				   .alpn = http_alpn };
	struct net_listen_cfg lc = { .port = 8443 };
	struct net_tls *tls;
	char err[300];

	world_up(w, with_roles);
	ck_assert_msg(net_tls_new(&tls, NET_TLS_SERVER, &cfg, err, sizeof(err)) == 0, "%s", err);
	ck_assert_int_eq(ip_parse("::", &lc.addr), 0);
	ck_assert_int_eq(http_listen(w->http, &lc, tls), 0);
	net_tls_unref(tls);
	w->port = 8443;
}

START_TEST(mutual_tls_names_the_user_and_its_role)
{
	static const char *const h1[] = { "http/1.1", NULL };
	struct certs cs;
	struct world w;
	struct client *c;

	certs_make(&cs);
	tls_world(&w, &cs);
	c = tls_client(&w, &cs, cs.client_cert, cs.client_key, h1);
	ck_assert(c->tls_up);
	/* Behind mutual TLS every name is served: only loopback is trusted without it. */
	ck_has(client_ask(c, "GET /a HTTP/1.1\r\nHost: controller.example\r\n\r\n"), "200 OK");
	ck_assert_str_eq(w.user, "client");
	ck_assert_int_eq(w.role, HTTP_ROLE_OPERATE);
	client_free(c);
	/* A certificate of the right CA without a role. */
	c = tls_client(&w, &cs, cs.cert, cs.key, h1);
	client_ask(c, "GET /a HTTP/1.1\r\nHost: controller.example\r\n\r\n");
	ck_assert_str_eq(w.user, "server");
	ck_assert_int_eq(w.role, HTTP_ROLE_NONE);
	client_free(c);
	world_down(&w);
	certs_remove(&cs);
}
END_TEST

START_TEST(strangers_and_the_nameless_get_no_answer)
{
	struct certs cs;
	struct world w;
	struct client *c;

	certs_make(&cs);
	tls_world(&w, &cs);
	c = tls_client(&w, &cs, cs.other_cert, cs.other_key, NULL);
	client_ask(c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert(c->down);
	client_free(c);
	c = tls_client(&w, &cs, NULL, NULL, NULL);
	client_ask(c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert(c->down);
	client_free(c);
	c = client_new(&w); /* plaintext to a TLS port */
	client_ask(c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert(c->down);
	client_free(c);
	ck_assert_uint_eq(w.n_requests, 0);
	world_down(&w);
	certs_remove(&cs);
}
END_TEST

START_TEST(alpn_h2_needs_no_guess)
{
	char get[] = "GET", path[] = "/tls";
	struct certs cs;
	struct world w;
	struct h2 h;

	certs_make(&cs);
	tls_world(&w, &cs);
	h2_open(&h, tls_client(&w, &cs, cs.client_cert, cs.client_key, http_alpn));
	ck_assert_str_eq(net_conn_alpn(h.c->nc), "h2");
	h2_request(&h, get, path, 0);
	h2_pump(&h);
	ck_assert_str_eq(h.status, "200");
	ck_assert_str_eq(w.user, "client");
	h2_shut(&h);
	world_down(&w);
	certs_remove(&cs);
}
END_TEST

Suite *suite_h2(void)
{
	Suite *s = suite_create("h2");
	TCase *t = tcase_create("h2");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, prior_knowledge_is_seen_by_the_preface);
	tcase_add_test(t, five_megabytes_go_up_and_twenty_come_down);
	tcase_add_test(t, a_body_too_large_is_413_and_others_go_on);
	tcase_add_test(t, rapid_resets_end_the_connection);
	tcase_add_test(t, a_few_resets_do_not);
	tcase_add_test(t, a_ping_flood_ends_the_connection);
	tcase_add_test(t, foreign_authority_is_refused_too);
	tcase_add_test(t, a_refused_request_that_never_ends_is_reset_after_its_answer);
	tcase_add_test(t, garbage_after_the_preface_ends_it);
	tcase_add_test(t, half_a_head_is_reset_in_time_without_spinning);
	tcase_add_test(t, mutual_tls_names_the_user_and_its_role);
	tcase_add_test(t, strangers_and_the_nameless_get_no_answer);
	tcase_add_test(t, alpn_h2_needs_no_guess);
	suite_add_tcase(s, t);
	return s;
}
