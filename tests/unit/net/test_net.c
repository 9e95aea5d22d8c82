/* SPDX-License-Identifier: Apache-2.0 */
/* Every test of a stream runs on real sockets (loop 0) and on the fake network (loop 1). */
#include "check_main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "certs.h"
#include "net/net.h"

struct end {
	struct net_conn *c;
	const char *expect; /* consumed only as a whole, when set */
	struct str got;
	bool up, tls_up, down, greedy, lazy;
	int err, writable;
	char why[256];
	/* PCEPS-like: after "START" go TLS */
	struct net_tls *upgrade;
	enum net_tls_use use;
};

static struct loop *loop;
static struct net *net;
static struct net_listener *listener;
static struct end client, server;
static struct ip_addr lo, far;

static void up(void *arg)
{
	((struct end *)arg)->up = true;
}

static void tls_up(void *arg)
{
	((struct end *)arg)->tls_up = true;
}

static size_t data(void *arg, const uint8_t *bytes, size_t len)
{
	struct end *e = arg;

	if (e->lazy)
		return 0;
	if (e->upgrade) {
		struct net_tls *t = e->upgrade;

		if (len < 5)
			return 0;
		ck_assert_mem_eq(bytes, "START", 5);
		e->upgrade = NULL;
		ck_assert_int_eq(net_conn_tls(e->c, t, e->use, NULL), 0);
		return 5;
	}
	str_addn(&e->got, (const char *)bytes, len);
	return len;
}

static void writable(void *arg)
{
	((struct end *)arg)->writable++;
}

static void down(void *arg, int err, const char *why)
{
	struct end *e = arg;

	e->down = true;
	e->err = err;
	e->c = NULL;
	str_copy(e->why, sizeof(e->why), why);
}

static const struct net_ops ops = { up, data, writable, tls_up, down };

static void accepted(void *arg, struct net_conn *conn, const struct ip_addr *peer, uint16_t port)
{
	struct end *e = arg;

	(void)peer;
	ck_assert_uint_ne(port, 0);
	e->c = conn;
	e->up = true;
	net_conn_take(conn, &ops, e);
}

static const struct net_listen_ops listen_ops = { accepted };

/* Turns the loop until *flag, or ms passed: false. */
static void give_up(void *arg)
{
	*(bool *)arg = true;
	loop_stop(loop);
}

static void look(void *arg)
{
	loop_timer_after(arg, NS_PER_MS);
	loop_stop(loop);
}

static bool run_until(const bool *flag, uint64_t ms)
{
	struct mono limit = mono_add(loop_now(loop), ms * NS_PER_MS);
	struct loop_timer end, tick;
	bool over = false;

	if (loop_is_fake(loop)) {
		while (!*flag && loop_fake_step(loop, limit))
			;
		return *flag;
	}
	loop_timer_init(&end, loop, give_up, &over);
	loop_timer_init(&tick, loop, look, &tick);
	loop_now_update(loop);
	loop_timer_after(&end, ms * NS_PER_MS);
	loop_timer_after(&tick, NS_PER_MS);
	while (!*flag && !over)
		loop_run(loop);
	loop_timer_fini(&end);
	loop_timer_fini(&tick);
	return *flag;
}

static bool run_got(struct end *e, size_t len, uint64_t ms)
{
	bool never = false;

	for (uint64_t i = 0; i < ms && e->got.len < len; i++)
		(void)run_until(&never, 1);
	return e->got.len >= len;
}

static void world(int fake)
{
	struct net_listen_cfg cfg = { .v6only = true };

	ck_assert_int_eq(ip_parse("::1", &lo), 0);
	ck_assert_int_eq(ip_parse("2001:db8::7", &far), 0);
	client = server = (struct end){ 0 };
	ck_assert_int_eq(fake ? loop_fake_new(&loop, 5) : loop_new(&loop), 0);
	ck_assert_int_eq(fake ? net_fake_new(&net, loop, 10 * NS_PER_US, NS_PER_MS) : net_new(&net, loop), 0);
	cfg.addr = lo;
	ck_assert_int_eq(net_listen(net, &cfg, &listen_ops, &server, &listener), 0);
}

static void dial(const struct net_md5 *md5, uint64_t timeout_ns)
{
	struct net_connect_cfg cfg = { .remote = lo, .port = net_listener_port(listener),
				       .timeout_ns = timeout_ns };

	if (md5)
		cfg.md5 = *md5;
	ck_assert_int_eq(net_connect(net, &cfg, &ops, &client, &client.c), 0);
}

static void connected(int fake)
{
	world(fake);
	dial(NULL, 0);
	ck_assert(run_until(&client.up, 1000));
	ck_assert(run_until(&server.up, 1000));
}

static void end_world(void)
{
	net_free(net);
	loop_free(loop);
	str_fini(&client.got);
	str_fini(&server.got);
}

START_TEST(octets_arrive_whole_and_in_order)
{
	enum { LEN = 500000 };
	char *block = malloc(LEN);

	connected(_i);
	for (int i = 0; i < LEN; i++)
		block[i] = (char)(i * 7 + i / 251);
	ck_assert_int_eq(net_conn_send(client.c, block, LEN), 0);
	ck_assert_int_eq(net_conn_send(server.c, "hi", 2), 0);
	ck_assert(run_got(&server, LEN, 5000));
	ck_assert_mem_eq(server.got.s, block, LEN);
	ck_assert(run_got(&client, 2, 1000));
	ck_assert_str_eq(str_text(&client.got), "hi");
	free(block);
	end_world();
}
END_TEST

START_TEST(finish_sends_the_queue_then_ends)
{
	connected(_i);
	ck_assert_int_eq(net_conn_send(client.c, "last words", 10), 0);
	net_conn_finish(client.c, NS_PER_S);
	ck_assert(run_until(&server.down, 2000));
	ck_assert_int_eq(server.err, 0);
	ck_assert_str_eq(str_text(&server.got), "last words");
	ck_assert(!client.down);
	end_world();
}
END_TEST

START_TEST(nobody_listening_is_refused)
{
	world(_i);
	listener = net_listener_free(listener);
	ck_assert_int_eq(net_connect(net, &(struct net_connect_cfg){ .remote = lo, .port = 1 }, &ops, &client,
				     &client.c), 0);
	ck_assert(!client.down); /* never from inside the call */
	ck_assert(run_until(&client.down, 2000));
	ck_assert_int_eq(client.err, ECONNREFUSED);
	end_world();
}
END_TEST

START_TEST(a_full_queue_refuses_all_and_tells_when_there_is_room)
{
	static char block[60000];
	int r = 0, sent = 0;

	connected(_i);
	net_conn_limits(server.c, 4096, 1 << 20);
	net_conn_limits(client.c, 4096, 200000);
	net_conn_pause(server.c, true);
	for (int i = 0; i < 1000 && r == 0; i++) {
		bool never = false;

		r = net_conn_send(client.c, block, sizeof(block));
		sent += r == 0;
		(void)run_until(&never, 1);
	}
	ck_assert_int_eq(r, NET_E_FULL);
	ck_assert_uint_le(net_conn_queued(client.c), 200000);
	ck_assert_int_eq(client.writable, 0);
	net_conn_pause(server.c, false);
	ck_assert(run_got(&server, (size_t)sent * sizeof(block), 10000));
	ck_assert_int_gt(client.writable, 0);
	end_world();
}
END_TEST

START_TEST(a_message_beyond_the_limit_ends_the_connection)
{
	static char block[9000];

	connected(_i);
	server.lazy = true;
	net_conn_limits(server.c, 8000, 1000);
	ck_assert_int_eq(net_conn_send(client.c, block, sizeof(block)), 0);
	ck_assert(run_until(&server.down, 2000));
	ck_assert_int_eq(server.err, EMSGSIZE);
	end_world();
}
END_TEST

START_TEST(a_port_in_use_is_said)
{
	struct net_listen_cfg cfg;
	struct net_listener *l = NULL;

	world(_i);
	cfg = (struct net_listen_cfg){ .addr = lo, .port = net_listener_port(listener), .v6only = true };
	ck_assert_int_eq(net_listen(net, &cfg, &listen_ops, &server, &l), -EADDRINUSE);
	end_world();
}
END_TEST

static struct net_md5 md5_key(const char *text)
{
	struct net_md5 k = { .len = (uint8_t)strlen(text) };

	memcpy(k.key, text, k.len);
	return k;
}

START_TEST(the_right_md5_key_connects)
{
	struct net_md5 k = md5_key("secret");

	world(_i);
	ck_assert_int_eq(net_listener_md5(listener, &lo, &k), 0);
	dial(&k, 2 * NS_PER_S);
	ck_assert(run_until(&client.up, 2000));
	end_world();
}
END_TEST

START_TEST(a_wrong_md5_key_times_out)
{
	struct net_md5 k = md5_key("secret"), wrong = md5_key("guess");

	world(_i);
	ck_assert_int_eq(net_listener_md5(listener, &lo, &k), 0);
	dial(&wrong, 300 * NS_PER_MS);
	ck_assert(run_until(&client.down, 2000));
	ck_assert_int_eq(client.err, ETIMEDOUT);
	ck_assert(!server.up);
	end_world();
}
END_TEST

/* ---- TLS ---- */

static struct certs certs;

static struct net_tls *tls_of(enum net_tls_use use, const char *cert, const char *key, const char *ca)
{
	static const char *const alpn[] = { "h2", "http/1.1", NULL };
	struct net_tls_cfg cfg = { .cert_file = cert, .key_file = key, .ca_file = ca, .tls13_only = true,
				   .alpn = alpn };
	struct net_tls *tls = NULL;
	char err[256] = "";

	ck_assert_msg(net_tls_new(&tls, use, &cfg, err, sizeof(err)) == 0, "%s", err);
	return tls;
}

/* Client: "START" and its ClientHello leave together. Server: upgrades inside its callback. */
static void upgrade(struct net_tls *s, struct net_tls *c, const char *name)
{
	server.upgrade = s;
	server.use = NET_TLS_SERVER;
	ck_assert_int_eq(net_conn_send(client.c, "START", 5), 0);
	ck_assert_int_eq(net_conn_tls(client.c, c, NET_TLS_CLIENT, name), 0);
	ck_assert_int_eq(net_conn_send(client.c, "early", 5), 0);
}

START_TEST(tls_in_mid_stream_loses_no_octet)
{
	struct net_tls *s, *c;

	certs_make(&certs);
	s = tls_of(NET_TLS_SERVER, certs.cert, certs.key, certs.ca);
	c = tls_of(NET_TLS_CLIENT, certs.client_cert, certs.client_key, certs.ca);
	connected(_i);
	upgrade(s, c, "::1");
	ck_assert(run_until(&server.tls_up, 3000));
	ck_assert(run_until(&client.tls_up, 3000));
	ck_assert(run_got(&server, 5, 1000));
	ck_assert_str_eq(str_text(&server.got), "early");
	ck_assert_str_eq(net_conn_peer_name(server.c), "client");
	ck_assert_str_eq(net_conn_alpn(server.c), "h2");
	ck_assert_str_eq(net_conn_alpn(client.c), "h2");
	ck_assert_int_eq(net_conn_send(server.c, "answer", 6), 0);
	ck_assert(run_got(&client, 6, 1000));
	net_conn_finish(client.c, NS_PER_S);
	ck_assert(run_until(&server.down, 2000));
	ck_assert_int_eq(server.err, 0);
	end_world();
	net_tls_unref(s);
	net_tls_unref(c);
	certs_remove(&certs);
}
END_TEST

static void refused(const char *cert, const char *key, const char *client_ca, const char *name)
{
	struct net_tls *s, *c;

	s = tls_of(NET_TLS_SERVER, certs.cert, certs.key, certs.ca);
	c = tls_of(NET_TLS_CLIENT, cert, key, client_ca);
	upgrade(s, c, name);
	ck_assert(run_until(&server.down, 3000));
	ck_assert_int_ne(server.err, 0);
	ck_assert_uint_eq(server.got.len, 0);
	ck_assert(!server.tls_up);
	net_tls_unref(s);
	net_tls_unref(c);
}

START_TEST(a_certificate_of_another_ca_is_refused)
{
	certs_make(&certs);
	connected(_i);
	refused(certs.other_cert, certs.other_key, certs.ca, NULL);
	end_world();
	certs_remove(&certs);
}
END_TEST

START_TEST(no_client_certificate_is_refused)
{
	certs_make(&certs);
	connected(_i);
	refused(NULL, NULL, certs.ca, NULL);
	end_world();
	certs_remove(&certs);
}
END_TEST

START_TEST(a_server_of_another_ca_or_name_is_refused)
{
	certs_make(&certs);
	connected(_i);
	refused(certs.client_cert, certs.client_key, certs.other_ca, NULL);
	end_world();
	connected(_i);
	refused(certs.client_cert, certs.client_key, certs.ca, "elsewhere.example");
	end_world();
	certs_remove(&certs);
}
END_TEST

START_TEST(garbage_instead_of_a_handshake_ends_it)
{
	struct net_tls *s;

	certs_make(&certs);
	s = tls_of(NET_TLS_SERVER, certs.cert, certs.key, certs.ca);
	connected(_i);
	server.upgrade = s;
	server.use = NET_TLS_SERVER;
	ck_assert_int_eq(net_conn_send(client.c, "STARTplain text all along", 25), 0);
	ck_assert(run_until(&server.down, 2000));
	ck_assert_ptr_nonnull(strstr(server.why, "TLS"));
	end_world();
	net_tls_unref(s);
	certs_remove(&certs);
}
END_TEST

START_TEST(a_bad_file_is_named)
{
	struct net_tls_cfg cfg = { .cert_file = "/nonexistent/cert.pem", .key_file = "/nonexistent/key.pem" };
	struct net_tls *tls = NULL;
	char err[256] = "";

	ck_assert_int_lt(net_tls_new(&tls, NET_TLS_SERVER, &cfg, err, sizeof(err)), 0);
	ck_assert_ptr_nonnull(strstr(err, "/nonexistent/cert.pem"));
	ck_assert_ptr_null(tls);
}
END_TEST

/* ---- the fake network's own powers ---- */

START_TEST(a_cut_resets_both_ends_and_a_block_times_out)
{
	connected(1);
	net_fake_cut(net, &lo, &lo, ECONNRESET);
	ck_assert(run_until(&client.down, 10));
	ck_assert(run_until(&server.down, 10));
	ck_assert_int_eq(client.err, ECONNRESET);
	client = server = (struct end){ 0 };
	net_fake_block(net, &lo, &lo, true);
	dial(NULL, NS_PER_S);
	ck_assert(run_until(&client.down, 2000));
	ck_assert_int_eq(client.err, ETIMEDOUT);
	net_fake_block(net, &lo, &lo, false);
	client = (struct end){ 0 };
	dial(NULL, NS_PER_S);
	ck_assert(run_until(&client.up, 2000));
	end_world();
}
END_TEST

/* Found by tests/sim: the far end has accepted, and is freed before its answer arrives. */
START_TEST(a_cut_reaches_one_that_does_not_know_yet_that_it_is_accepted)
{
	world(1);
	dial(NULL, NS_PER_S);
	while (!server.c && loop_fake_step(loop, mono_add(loop_now(loop), NS_PER_S)))
		;
	ck_assert(server.c && !client.up);
	net_fake_cut(net, &lo, &lo, ECONNRESET);
	ck_assert(run_until(&client.down, 10));
	ck_assert(!client.up);
	ck_assert_int_eq(client.err, ECONNRESET);
	end_world();
}
END_TEST

START_TEST(the_same_seed_gives_the_same_moments)
{
	struct mono at[2];

	for (int i = 0; i < 2; i++) {
		connected(1);
		ck_assert_int_eq(net_conn_send(client.c, "0123456789", 10), 0);
		ck_assert(run_got(&server, 10, 1000));
		at[i] = loop_now(loop);
		end_world();
	}
	ck_assert_uint_eq(at[0].ns, at[1].ns);
}
END_TEST

int main(void)
{
	const TTest *const both[] = {
		octets_arrive_whole_and_in_order,
		finish_sends_the_queue_then_ends,
		nobody_listening_is_refused,
		a_full_queue_refuses_all_and_tells_when_there_is_room,
		a_message_beyond_the_limit_ends_the_connection,
		a_port_in_use_is_said,
		the_right_md5_key_connects,
		a_wrong_md5_key_times_out,
		tls_in_mid_stream_loses_no_octet,
		a_certificate_of_another_ca_is_refused,
		no_client_certificate_is_refused,
		a_server_of_another_ca_or_name_is_refused,
		garbage_instead_of_a_handshake_ends_it,
	};
	const TTest *const once[] = {
		a_bad_file_is_named,
		a_cut_resets_both_ends_and_a_block_times_out,
		the_same_seed_gives_the_same_moments,
		a_cut_reaches_one_that_does_not_know_yet_that_it_is_accepted,
	};
	Suite *s = suite_create("net");
	TCase *t = tcase_create("all");

	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		tcase_add_loop_test(t, both[i], 0, 2);
	for (size_t i = 0; i < ARRAY_LEN(once); i++)
		tcase_add_test(t, once[i]);
	suite_add_tcase(s, t);
	return check_main(s);
}
