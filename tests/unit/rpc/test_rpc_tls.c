/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only real connections have: certificates, peers that do not speak gRPC, connections that
 * break or fall silent (a relay of our own between client and server).
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "net/net.h"
#include "world.h"

enum { WAIT_MS = 20000 };

static struct net *net;

/* ---- a relay: everything one side sends goes to the other, until it is told otherwise ---- */

struct leg {
	struct net_conn *c;
	struct leg *to;
	bool silent; /* swallows */
};

static struct relay {
	struct net_listener *l;
	struct leg near, far;
} relay;

static size_t leg_data(void *arg, const uint8_t *data, size_t len)
{
	struct leg *leg = arg;

	if (!leg->silent && leg->to->c)
		(void)net_conn_send(leg->to->c, data, len);
	return len;
}

static void leg_up(void *arg)
{
	(void)arg;
}

static void leg_down(void *arg, int err, const char *why)
{
	struct leg *leg = arg;

	(void)err;
	(void)why;
	leg->c = NULL;
	leg->to->c = net_conn_close(leg->to->c);
}

static const struct net_ops leg_ops = { .up = leg_up, .data = leg_data, .down = leg_down };

static void relay_accept(void *arg, struct net_conn *conn, const struct ip_addr *peer, uint16_t port)
{
	struct net_connect_cfg cfg = { .port = rpc_server_port(server) };

	(void)arg;
	(void)peer;
	(void)port;
	cfg.remote = lo;
	relay.near.c = conn;
	net_conn_take(conn, &leg_ops, &relay.near);
	ck_assert_int_eq(net_connect(net, &cfg, &leg_ops, &relay.far, &relay.far.c), 0);
	/* What the near one says before the far one is up waits in its queue. */
}

static void relay_up(void)
{
	static const struct net_listen_ops ops = { relay_accept };
	struct net_listen_cfg cfg = { .v6only = true };

	cfg.addr = lo;
	relay = (struct relay){ 0 };
	relay.near.to = &relay.far;
	relay.far.to = &relay.near;
	ck_assert_int_eq(net_new(&net, loop), 0);
	ck_assert_int_eq(net_listen(net, &cfg, &ops, NULL, &relay.l), 0);
	dial(net_listener_port(relay.l));
}

static void relay_down(void)
{
	relay.near.c = net_conn_close(relay.near.c);
	relay.far.c = net_conn_close(relay.far.c);
	net_free(net);
	world_down();
}

START_TEST(a_peer_that_dies_ends_the_calls_of_both)
{
	struct asked a = { 0 };

	world_up(0);
	relay_up();
	open_stream(&a, "/t/never", 0);
	ck_assert_int_eq(rpc_call_send(a.call, "x", 1), 0);
	ck_assert(run_count(&seen.messages, 1, WAIT_MS));
	relay.near.c = net_conn_close(relay.near.c);
	relay.far.c = net_conn_close(relay.far.c);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_UNAVAILABLE);
	ck_assert(run_count(&seen.ended, 1, WAIT_MS));
	ck_assert_int_eq(seen.end.code, RPC_CANCELLED);
	/* And again over a new connection. */
	a.ended = false;
	dial(net_listener_port(relay.l));
	ask(&a, "/t/echo", "back", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_OK);
	asked_fini(&a);
	relay_down();
}
END_TEST

START_TEST(a_peer_that_falls_silent_costs_a_deadline_and_is_not_waited_for)
{
	struct asked a = { 0 };

	world_up(0);
	relay_up();
	ask(&a, "/t/echo", "hello", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_OK);
	relay.near.silent = relay.far.silent = true;
	a.ended = false;
	ask(&a, "/t/echo", "anyone?", 300);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_DEADLINE_EXCEEDED);
	ck_assert_uint_eq(seen.messages, 1);
	asked_fini(&a);
	relay_down(); /* does not hang either */
}
END_TEST

START_TEST(a_reader_that_stalls_does_not_keep_an_answered_call)
{
	struct asked a = { 0 };

	world_up(0);
	relay_up();
	open_stream(&a, "/t/flood", 0);
	ck_assert_int_eq(rpc_call_send(a.call, "go", 2), 0);
	ck_assert(run_count(&a.messages, 1, WAIT_MS));
	relay.near.silent = relay.far.silent = true;
	ck_assert(run_until(&seen.full, WAIT_MS));
	/* Queued words and the status cannot leave. The call's slot is free again all the same. */
	rpc_call_finish(seen.call, RPC_OK, "%s", "");
	seen.call = NULL;
	{
		const bool never = false;

		for (int i = 0; i < WAIT_MS && rpc_server_calls(server) > 0; i++)
			(void)run_until(&never, 1);
	}
	ck_assert_uint_eq(rpc_server_calls(server), 0);
	ck_assert_uint_eq(seen.ended, 0);
	asked_fini(&a);
	relay_down();
}
END_TEST

/* ---- certificates ---- */

static void client_with(const char *ca, const char *cert, const char *key, const char *name)
{
	struct rpc_tls_cfg cfg = { ca, cert, key };
	struct rpc_channel_cfg cc = { .port = rpc_server_port(server), .server_name = name };
	struct rpc_tls *tls = NULL;
	char err[256] = "";

	rpc_channel_free(channel);
	ck_assert_int_eq(rpc_tls_new(&tls, rpc, &cfg, err, sizeof(err)), 0);
	cc.remote = lo;
	cc.tls = tls;
	ck_assert_int_eq(rpc_channel_new(&channel, rpc, &cc), 0);
	rpc_tls_free(tls); /* the channel keeps it */
}

static enum rpc_code echo_code(void)
{
	struct asked a = { 0 };

	ask(&a, "/t/echo", "hello", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	asked_fini(&a);
	return a.st.code;
}

START_TEST(a_client_of_another_ca_is_refused)
{
	world_up(0);
	client_with(certs.ca, certs.other_cert, certs.other_key, NULL);
	ck_assert_int_eq(echo_code(), RPC_UNAVAILABLE);
	ck_assert_uint_eq(seen.accepted, 0);
	client_with(certs.ca, certs.client_cert, certs.client_key, NULL);
	ck_assert_int_eq(echo_code(), RPC_OK);
	world_down();
}
END_TEST

START_TEST(a_server_of_another_ca_or_name_is_refused)
{
	world_up(0);
	client_with(certs.other_ca, certs.client_cert, certs.client_key, NULL);
	ck_assert_int_eq(echo_code(), RPC_UNAVAILABLE);
	client_with(certs.ca, certs.client_cert, certs.client_key, "router7.example");
	ck_assert_int_eq(echo_code(), RPC_UNAVAILABLE);
	ck_assert_uint_eq(seen.accepted, 0);
	client_with(certs.ca, certs.client_cert, certs.client_key, "localhost");
	ck_assert_int_eq(echo_code(), RPC_OK);
	world_down();
}
END_TEST

static void copy_file(const char *from, const char *to)
{
	char buf[8192];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	size_t n;

	ck_assert(in && out);
	n = fread(buf, 1, sizeof(buf), in);
	ck_assert_uint_eq(fwrite(buf, 1, n, out), n);
	fclose(in);
	fclose(out);
}

START_TEST(certificates_read_again_are_used_from_then_on)
{
	struct asked a = { 0 };
	char err[256] = "";

	world_up(0);
	ck_assert_int_eq(echo_code(), RPC_OK);
	/* The client's files are replaced by a stranger's: nothing changes until they are read. */
	copy_file(certs.other_cert, certs.client_cert);
	copy_file(certs.other_key, certs.client_key);
	dial(rpc_server_port(server));
	ck_assert_int_eq(echo_code(), RPC_OK);
	ck_assert_int_eq(rpc_tls_reload(client_tls, err, sizeof(err)), 0);
	ck_assert_int_eq(echo_code(), RPC_UNAVAILABLE);
	/* The server learns to trust the stranger, for handshakes from now on. */
	copy_file(certs.other_ca, certs.ca);
	ck_assert_int_eq(rpc_tls_reload(server_tls, err, sizeof(err)), 0);
	copy_file(certs.cert, certs.other_ca); /* so that the client's trust is not what changed */
	dial(rpc_server_port(server));
	ask(&a, "/t/who", "", WAIT_MS);
	ck_assert(run_until(&a.ended, WAIT_MS));
	ck_assert_int_eq(a.st.code, RPC_OK);
	ck_assert_str_eq(str_text(&a.got), "::1 stranger -");
	asked_fini(&a);
	world_down();
}
END_TEST

START_TEST(a_bad_file_is_named_and_what_was_read_stays)
{
	struct rpc_tls_cfg cfg;
	struct rpc_tls *tls = NULL;
	char err[256] = "";

	world_up(0);
	cfg = (struct rpc_tls_cfg){ "/nonexistent/ca.pem", certs.cert, certs.key };
	ck_assert_int_lt(rpc_tls_new(&tls, rpc, &cfg, err, sizeof(err)), 0);
	ck_assert_str_eq(err, "cannot read '/nonexistent/ca.pem': No such file or directory");
	cfg = (struct rpc_tls_cfg){ certs.ca, certs.cert, certs.client_key };
	ck_assert_int_lt(rpc_tls_new(&tls, rpc, &cfg, err, sizeof(err)), 0);
	ck_assert_ptr_nonnull(strstr(err, "key does not belong to certificate"));
	cfg = (struct rpc_tls_cfg){ certs.key, certs.cert, certs.key };
	ck_assert_int_lt(rpc_tls_new(&tls, rpc, &cfg, err, sizeof(err)), 0);
	ck_assert_ptr_nonnull(strstr(err, "no certificate in CA file"));
	cfg = (struct rpc_tls_cfg){ certs.ca, NULL, certs.key };
	ck_assert_int_lt(rpc_tls_new(&tls, rpc, &cfg, err, sizeof(err)), 0);
	ck_assert_ptr_null(tls);
	copy_file(certs.key, certs.cert); /* the server's own file goes bad */
	ck_assert_int_lt(rpc_tls_reload(server_tls, err, sizeof(err)), 0);
	ck_assert_int_eq(echo_code(), RPC_OK);
	world_down();
}
END_TEST

START_TEST(a_port_in_use_is_refused_and_without_certificates_nobody_listens)
{
	static const struct rpc_server_ops ops = { NULL };
	struct rpc_server_cfg cfg = { 0 };
	struct rpc_channel_cfg cc = { .port = 1 };
	struct rpc_server *second = NULL;
	struct rpc_channel *plain = NULL;

	world_up(0);
	cfg.addr = cc.remote = lo;
	cfg.port = rpc_server_port(server);
	ck_assert_int_lt(rpc_server_new(&second, rpc, &cfg, &ops, NULL), 0);
	cfg.tls = server_tls;
	ck_assert_int_lt(rpc_server_new(&second, rpc, &cfg, &ops, NULL), 0);
	cfg.port = 0; /* the same certificates serve two */
	ck_assert_int_eq(rpc_server_new(&second, rpc, &cfg, &ops, NULL), 0);
	ck_assert_int_lt(rpc_channel_new(&plain, rpc, &cc), 0);
	ck_assert_int_eq(echo_code(), RPC_OK);
	world_down();
}
END_TEST

/* ---- who does not speak gRPC over TLS ---- */

static bool raw_down;

static void raw_ended(void *arg, int err, const char *why)
{
	(void)err;
	(void)why;
	*(struct net_conn **)arg = NULL;
	raw_down = true;
}

static void raw_up(void *arg)
{
	struct net_conn **c = arg;
	static const char h2[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";

	ck_assert_int_eq(net_conn_send(*c, h2, sizeof(h2) - 1), 0);
}

static size_t raw_data(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	return len;
}

static const struct net_ops raw_ops = { .up = raw_up, .data = raw_data, .down = raw_ended };

START_TEST(a_plaintext_client_is_turned_away_and_others_are_served)
{
	struct net_connect_cfg cfg = { .port = 0 };
	struct net_conn *c = NULL;

	world_up(0);
	ck_assert_int_eq(net_new(&net, loop), 0);
	cfg.remote = lo;
	cfg.port = rpc_server_port(server);
	raw_down = false;
	ck_assert_int_eq(net_connect(net, &cfg, &raw_ops, &c, &c), 0);
	ck_assert(run_until(&raw_down, WAIT_MS));
	ck_assert_uint_eq(seen.accepted, 0);
	ck_assert_int_eq(echo_code(), RPC_OK);
	net_free(net);
	world_down();
}
END_TEST

START_TEST(a_server_that_speaks_no_tls_is_unavailable)
{
	static const struct net_listen_ops ops = { relay_accept };
	struct net_listen_cfg cfg = { .v6only = true };

	world_up(0);
	cfg.addr = lo;
	relay = (struct relay){ 0 };
	relay.near.to = &relay.far;
	relay.far.to = &relay.near;
	ck_assert_int_eq(net_new(&net, loop), 0);
	ck_assert_int_eq(net_listen(net, &cfg, &ops, NULL, &relay.l), 0);
	dial(net_listener_port(relay.l));
	relay.near.to = &relay.near; /* an echo of the client's own words */
	ck_assert_int_eq(echo_code(), RPC_UNAVAILABLE);
	ck_assert_uint_eq(seen.accepted, 0);
	relay_down();
}
END_TEST

int main(void)
{
	const TTest *const real[] = {
		a_peer_that_dies_ends_the_calls_of_both,
		a_peer_that_falls_silent_costs_a_deadline_and_is_not_waited_for,
		a_reader_that_stalls_does_not_keep_an_answered_call,
		a_client_of_another_ca_is_refused,
		a_server_of_another_ca_or_name_is_refused,
		certificates_read_again_are_used_from_then_on,
		a_bad_file_is_named_and_what_was_read_stays,
		a_port_in_use_is_refused_and_without_certificates_nobody_listens,
		a_plaintext_client_is_turned_away_and_others_are_served,
		a_server_that_speaks_no_tls_is_unavailable,
	};
	Suite *s = suite_create("rpc-tls");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < ARRAY_LEN(real); i++)
		tcase_add_test(t, real[i]);
	suite_add_tcase(s, t);
	return check_main(s);
}
