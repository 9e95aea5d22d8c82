/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct loop *loop;
struct rpc *rpc;
struct rpc_server *server;
struct rpc_channel *channel;
struct rpc_tls *server_tls, *client_tls;
struct certs certs;
struct ip_addr lo;
struct seen seen;

/* ---- the loop ---- */

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

bool run_until(const bool *flag, uint64_t ms)
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

bool run_count(const unsigned *n, unsigned want, uint64_t ms)
{
	const bool never = false;

	for (uint64_t i = 0; i < ms && *n < want; i++)
		(void)run_until(&never, 1);
	return *n >= want;
}

/* ---- the server ---- */

static void s_end(void *arg, struct rpc_call *call, const struct rpc_status *st)
{
	(void)arg;
	seen.ended++;
	seen.end = *st;
	if (seen.call == call)
		seen.call = NULL;
}

static void echo(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	(void)arg;
	seen.messages++;
	seen.call = NULL;
	rpc_call_reply(call, data, len);
}

static void refuse(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	(void)arg;
	seen.call = NULL;
	rpc_call_finish(call, RPC_NOT_FOUND, "no such thing: %.*s\n", (int)len, (const char *)data);
}

static void never(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)call;
	(void)data;
	(void)len;
	seen.messages++;
}

static void who(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	struct str s STR_AUTO = { 0 };
	char user[32], none[32], peer[IP_TEXT_MAX];
	struct ip_addr a = rpc_call_peer(call, NULL);
	bool there = rpc_call_meta(call, "username", user, sizeof(user));

	(void)arg;
	(void)data;
	(void)len;
	ck_assert(!rpc_call_meta(call, "nothing", none, sizeof(none)) && none[0] == '\0');
	str_addf(&s, "%s %s %s", ip_text(&a, peer, sizeof(peer)), rpc_call_peer_name(call),
		 there ? user : "-");
	seen.call = NULL;
	rpc_call_reply(call, s.s, s.len);
}

static void big(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	uint64_t n = 0;
	char text[16];
	char *block;

	(void)arg;
	(void)snprintf(text, sizeof(text), "%.*s", (int)len, (const char *)data);
	ck_assert_int_eq(str_u64(text, &n), 0);
	block = calloc(1, n);
	seen.call = NULL;
	rpc_call_reply(call, block, n);
	free(block);
}

static void stream_message(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	(void)arg;
	seen.messages++;
	ck_assert_int_eq(rpc_call_send(call, data, len), 0);
}

static void stream_done(void *arg, struct rpc_call *call)
{
	(void)arg;
	seen.done++;
	seen.call = NULL;
	rpc_call_finish(call, RPC_OK, "%s", "");
}

static void flood(void *arg, struct rpc_call *call)
{
	static uint8_t block[FLOOD_OCTETS];

	(void)arg;
	while (seen.flooded < FLOOD_MESSAGES) {
		memset(block, (int)(seen.flooded & 0xff), sizeof(block));
		if (rpc_call_send(call, block, sizeof(block)) == RPC_E_FULL) {
			seen.full = true;
			break;
		}
		seen.flooded++;
		if (rpc_call_queued(call) > seen.queued_max)
			seen.queued_max = rpc_call_queued(call);
	}
	if (seen.flooded < FLOOD_MESSAGES)
		return;
	seen.call = NULL;
	rpc_call_finish(call, RPC_OK, "%s", "");
}

static void flood_message(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	(void)data;
	(void)len;
	flood(arg, call);
}

static const struct rpc_call_ops echo_ops = { .message = echo, .end = s_end, .unary = true };
static const struct rpc_call_ops fail_ops = { .message = refuse, .end = s_end, .unary = true };
static const struct rpc_call_ops never_ops = { .message = never, .end = s_end };
static const struct rpc_call_ops once_ops = { .message = never, .end = s_end, .unary = true };
static const struct rpc_call_ops who_ops = { .message = who, .end = s_end, .unary = true };
static const struct rpc_call_ops big_ops = { .message = big, .end = s_end, .unary = true };
static const struct rpc_call_ops stream_ops = { .message = stream_message, .peer_done = stream_done,
						.end = s_end };
static const struct rpc_call_ops flood_ops = { .message = flood_message, .writable = flood,
					       .end = s_end };

static const struct {
	const char *method;
	const struct rpc_call_ops *ops;
} methods[] = {
	{ "/t/echo", &echo_ops }, { "/t/fail", &fail_ops }, { "/t/never", &never_ops },
	{ "/t/once", &once_ops }, { "/t/who", &who_ops },   { "/t/big", &big_ops },
	{ "/t/stream", &stream_ops }, { "/t/flood", &flood_ops },
};

static void accept_call(void *arg, struct rpc_call *call)
{
	(void)arg;
	seen.accepted++;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (strcmp(methods[i].method, rpc_call_method(call)) != 0)
			continue;
		seen.call = call;
		rpc_call_take(call, methods[i].ops, NULL);
	}
}

/* ---- the world ---- */

void dial(uint16_t port)
{
	struct rpc_channel_cfg cc = { .port = port, .tls = client_tls };

	cc.remote = lo;
	rpc_channel_free(channel);
	ck_assert_int_eq(rpc_channel_new(&channel, rpc, &cc), 0);
}

void world_up_cfg(int fake, const struct rpc_server_cfg *cfg)
{
	static const struct rpc_server_ops ops = { .accept = accept_call };
	struct rpc_server_cfg sc = *cfg;
	char err[256] = "";

	ck_assert_int_eq(ip_parse("::1", &lo), 0);
	memset(&seen, 0, sizeof(seen));
	server_tls = client_tls = NULL;
	channel = NULL;
	certs_make(&certs);
	ck_assert_int_eq(fake ? loop_fake_new(&loop, 5) : loop_new(&loop), 0);
	ck_assert_int_eq(fake ? rpc_fake_new(&rpc, loop, 10 * NS_PER_US, NS_PER_MS) : rpc_new(&rpc, loop), 0);
	if (!fake) {
		struct rpc_tls_cfg s = { certs.ca, certs.cert, certs.key };
		struct rpc_tls_cfg c = { certs.ca, certs.client_cert, certs.client_key };

		ck_assert_int_eq(rpc_tls_new(&server_tls, rpc, &s, err, sizeof(err)), 0);
		ck_assert_int_eq(rpc_tls_new(&client_tls, rpc, &c, err, sizeof(err)), 0);
	}
	sc.addr = lo;
	sc.tls = server_tls;
	ck_assert_int_eq(rpc_server_new(&server, rpc, &sc, &ops, NULL), 0);
	ck_assert_uint_ne(rpc_server_port(server), 0);
	dial(rpc_server_port(server));
}

void world_up(int fake)
{
	const struct rpc_server_cfg cfg = { .port = 0 };

	world_up_cfg(fake, &cfg);
}

/* Whatever is open is ended by rpc_free(), which is part of every test. */
void world_down(void)
{
	rpc_tls_free(server_tls);
	rpc_tls_free(client_tls);
	rpc_free(rpc);
	loop_free(loop);
	certs_remove(&certs);
}

/* ---- clients ---- */

static void answered(void *arg, const struct rpc_status *st, const uint8_t *data, size_t len)
{
	struct asked *a = arg;

	ck_assert(!a->ended);
	ck_assert(st->code == RPC_OK || !data);
	a->ended = true;
	a->call = NULL;
	a->st = *st;
	str_addn(&a->got, (const char *)data, len);
}

int try_with(struct asked *a, const char *method, const struct rpc_meta *meta, size_t n)
{
	struct rpc_call_cfg cfg = { .method = method, .meta = meta, .n_meta = n };

	return rpc_unary(&a->call, channel, &cfg, NULL, 0, answered, a);
}

void ask_with(struct asked *a, const char *method, const struct rpc_meta *meta, size_t n)
{
	ck_assert_int_eq(try_with(a, method, meta, n), 0);
}

void ask(struct asked *a, const char *method, const char *text, uint64_t timeout_ms)
{
	struct rpc_call_cfg cfg = { .method = method, .timeout_ns = timeout_ms * NS_PER_MS };

	ck_assert_int_eq(rpc_unary(&a->call, channel, &cfg, text, strlen(text), answered, a), 0);
	ck_assert(!a->ended);
}

static void c_message(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	struct asked *a = arg;

	ck_assert_ptr_eq(call, a->call);
	a->messages++;
	str_addn(&a->got, (const char *)data, len);
}

static void c_writable(void *arg, struct rpc_call *call)
{
	(void)call;
	((struct asked *)arg)->writable++;
}

static void c_end(void *arg, struct rpc_call *call, const struct rpc_status *st)
{
	struct asked *a = arg;

	(void)call;
	ck_assert(!a->ended);
	a->ended = true;
	a->call = NULL;
	a->st = *st;
}

static const struct rpc_call_ops c_ops = { .message = c_message, .writable = c_writable, .end = c_end };

void open_stream(struct asked *a, const char *method, uint64_t timeout_ms)
{
	struct rpc_call_cfg cfg = { .method = method, .timeout_ns = timeout_ms * NS_PER_MS };

	ck_assert_int_eq(rpc_call_new(&a->call, channel, &cfg, &c_ops, a), 0);
}

void asked_fini(struct asked *a)
{
	str_fini(&a->got);
}
