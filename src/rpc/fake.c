/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls in memory on a fake loop: a client's side and a server's side that find each other by
 * address and port. What one sends arrives after a delay drawn from the loop's seed, one
 * message at a time, and waits at the sender while the receiver is paused: as with flow
 * control, only earlier.
 *
 * A side that is over is freed by a task of the loop, when nobody stands on it any more.
 */
#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "rpc/rpc_priv.h"

enum { BLOCKED_MAX = 64, PORT_FIRST = 49152 };

struct fake {
	struct rpc base;
	uint64_t delay_min, delay_max;
	struct list calls, dead; /* struct fake_call by all */
	struct loop_task reap;
	struct ip_addr blocked[BLOCKED_MAX];
	unsigned n_blocked;
	uint16_t port_next;
};

struct fake_channel {
	struct rpc_channel base;
	struct ip_addr remote;
	uint16_t port;
	size_t recv_max;
};

struct fake_server {
	struct rpc_server base;
	struct ip_addr addr;
	size_t recv_max;
};

struct fake_call {
	struct rpc_call base;
	struct list all;
	struct fake *f;
	struct fake_call *peer; /* NULL: not connected yet, or gone */
	struct fake_server *server; /* its server's side; NULL at a client */
	struct ip_addr remote;	/* the server's */
	uint16_t port;
	size_t recv_max;
	bool connected, half_sent, dead;
	struct loop_timer tx;	 /* the next thing queued arrives */
	struct loop_timer fin;	 /* its end arrives, with fate */
	struct loop_timer limit; /* client: the deadline; server: the end of lingering */
	struct rpc_status fate;
	bool tx_stuck, fin_stuck;
	struct rpc_meta meta[RPC_META_MAX]; /* strdup'd */
	size_t n_meta;
};

static struct fake_call *call_of(const struct rpc_call *call)
{
	return CONTAINER_OF(call, struct fake_call, base);
}

static bool is_blocked(const struct fake *f, const struct ip_addr *server)
{
	for (unsigned i = 0; i < f->n_blocked; i++)
		if (ip_eq(&f->blocked[i], server))
			return true;
	return false;
}

static uint64_t delay(struct fake *f)
{
	uint64_t span = f->delay_max - f->delay_min;

	return f->delay_min + (span ? loop_random(f->base.loop) % (span + 1) : 0);
}

/* ---- life and death of a side ---- */

static void call_free(struct fake_call *c)
{
	list_del(&c->all);
	loop_timer_fini(&c->tx);
	loop_timer_fini(&c->fin);
	loop_timer_fini(&c->limit);
	for (size_t i = 0; i < c->n_meta; i++) {
		free((char *)(uintptr_t)c->meta[i].key);
		free((char *)(uintptr_t)c->meta[i].value);
	}
	rpc_call_fini(&c->base);
	free(c);
}

static void reap(void *arg)
{
	struct fake *f = arg;
	struct list *n;

	while ((n = list_pop(&f->dead)))
		call_free(LIST_OF(n, struct fake_call, all));
}

static void bury(struct fake_call *c)
{
	if (c->dead)
		return;
	c->dead = true;
	if (c->peer)
		c->peer->peer = NULL;
	c->peer = NULL;
	if (c->server)
		c->server->base.n_calls--;
	c->server = NULL;
	loop_timer_stop(&c->tx);
	loop_timer_stop(&c->fin);
	loop_timer_stop(&c->limit);
	list_del(&c->all);
	list_add(&c->f->dead, &c->all);
	loop_task_run(&c->f->reap);
}

static void end_now(struct fake_call *c)
{
	if (c->dead)
		return;
	bury(c);
	rpc_call_tell_end(&c->base, &c->fate);
}

/* The end of c arrives after a while; the first reason stays. */
static void end_later(struct fake_call *c, int code, const char *why, uint64_t after)
{
	if (c->dead || loop_timer_armed(&c->fin) || c->fin_stuck)
		return;
	rpc_status_set(&c->fate, code, why, strlen(why));
	loop_timer_after(&c->fin, after);
}

static void on_fin(void *arg)
{
	struct fake_call *c = arg;

	c->fin_stuck = c->fate.code != RPC_DEADLINE_EXCEEDED && is_blocked(c->f, &c->remote);
	if (!c->fin_stuck)
		end_now(c);
}

/* The client's time is up, which both sides know; or a server's last words are not heard. */
static void on_limit(void *arg)
{
	struct fake_call *c = arg;
	struct fake_call *peer = c->peer;

	if (peer)
		end_later(peer, RPC_CANCELLED, "the other side is gone", 0);
	rpc_status_set(&c->fate, RPC_DEADLINE_EXCEEDED, "Deadline Exceeded", 17);
	end_now(c);
}

/* ---- what is sent arrives ---- */

static void kick(struct fake_call *c)
{
	bool some = !list_empty(&c->base.out) || (c->base.half && !c->half_sent);

	if (!c->dead && some && !c->tx_stuck && !loop_timer_armed(&c->tx))
		loop_timer_after(&c->tx, delay(c->f));
}

static void on_tx(void *arg);

static struct fake_call *call_make(struct fake *f, bool server)
{
	struct fake_call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	rpc_call_init(&c->base, &f->base, server);
	c->f = f;
	loop_timer_init(&c->tx, f->base.loop, on_tx, c);
	loop_timer_init(&c->fin, f->base.loop, on_fin, c);
	loop_timer_init(&c->limit, f->base.loop, on_limit, c);
	list_add(&f->calls, &c->all);
	return c;
}

static struct fake_server *server_find(struct fake *f, const struct ip_addr *addr, uint16_t port)
{
	LIST_EACH(n, &f->base.servers) {
		struct fake_server *s = LIST_OF(n, struct fake_server, base.link);

		if (s->base.port == port && (ip_eq(&s->addr, addr) || ip_is_any(&s->addr)))
			return s;
	}
	return NULL;
}

static void connect_call(struct fake_call *c)
{
	struct fake_server *s = server_find(c->f, &c->remote, c->port);
	struct fake_call *at = s ? call_make(c->f, true) : NULL;

	c->connected = true;
	if (!at) {
		end_later(c, RPC_UNAVAILABLE, "failed to connect: connection refused", 0);
		return;
	}
	at->connected = true;
	at->peer = c;
	c->peer = at;
	at->server = s;
	s->base.n_calls++;
	at->remote = c->remote;
	at->recv_max = s->recv_max;
	(void)str_copy(at->base.method, sizeof(at->base.method), c->base.method);
	(void)str_copy(at->base.peer_name, sizeof(at->base.peer_name), "fake");
	(void)ip_parse("::1", &at->base.peer);
	for (size_t i = 0; i < c->n_meta; i++) { /* they move: the client has no use for them */
		at->meta[at->n_meta++] = c->meta[i];
	}
	c->n_meta = 0;
	rpc_server_tell(&s->base, &at->base);
}

static void arrive_half(struct fake_call *c)
{
	struct fake_call *peer = c->peer;

	c->half_sent = true;
	if (!c->base.server) {
		rpc_call_tell_over(&peer->base);
		return;
	}
	peer->fate = c->base.status;
	bury(c);
	end_now(peer);
}

static void arrive_message(struct fake_call *c)
{
	struct fake_call *peer = c->peer;
	struct rpc_msg *m = rpc_call_next(&c->base);
	size_t len = m->len;

	if (len > peer->recv_max) {
		end_later(c, RPC_RESOURCE_EXHAUSTED, "Received message larger than max", 0);
		end_later(peer, RPC_RESOURCE_EXHAUSTED, "Received message larger than max", 0);
	} else {
		rpc_call_tell_message(&peer->base, m->data, len);
	}
	free(m);
	rpc_call_was_sent(&c->base, len);
}

static void on_tx(void *arg)
{
	struct fake_call *c = arg;

	if (is_blocked(c->f, &c->remote)) {
		c->tx_stuck = true;
		return;
	}
	if (!c->connected)
		connect_call(c);
	if (c->dead || !c->peer)
		return;
	/* A side without an owner takes what comes: nobody will ever pause or take it. */
	if (!list_empty(&c->base.out) && c->peer->base.paused && c->peer->base.ops) {
		c->tx_stuck = true;
		return;
	}
	if (!list_empty(&c->base.out))
		arrive_message(c);
	else if (c->base.half && !c->half_sent)
		arrive_half(c);
	kick(c);
}

/* ---- what the owner asks ---- */

static void unstick(struct fake_call *c)
{
	if (c->tx_stuck) {
		c->tx_stuck = false;
		loop_timer_after(&c->tx, 0);
	}
}

static void fake_push(struct rpc_call *call)
{
	struct fake_call *c = call_of(call);

	kick(c);
	if (c->peer && !call->paused)
		unstick(c->peer);
}

static void fake_drop(struct rpc_call *call)
{
	struct fake_call *c = call_of(call);

	if (c->peer)
		end_later(c->peer, RPC_CANCELLED, "CANCELLED", delay(c->f));
	bury(c);
}

static void fake_finish(struct rpc_call *call)
{
	struct fake_call *c = call_of(call);

	loop_timer_after(&c->limit, RPC_LINGER_S * NS_PER_S);
	kick(c);
}

static bool fake_meta(const struct rpc_call *call, const char *key, char *out, size_t cap)
{
	const struct fake_call *c = CONTAINER_OF(call, const struct fake_call, base);

	for (size_t i = 0; i < c->n_meta; i++)
		if (strcmp(c->meta[i].key, key) == 0)
			return str_copy(out, cap, c->meta[i].value);
	return false;
}

static int fake_call_new(struct rpc_call **outp, struct rpc_channel *ch, const struct rpc_call_cfg *cfg)
{
	struct fake_channel *home = CONTAINER_OF(ch, struct fake_channel, base);
	struct fake *f = CONTAINER_OF(ch->rpc, struct fake, base);
	struct fake_call *c = call_make(f, false);

	if (!c)
		return err_raise(-ENOMEM);
	c->remote = home->remote;
	c->port = home->port;
	c->recv_max = home->recv_max;
	for (size_t i = 0; i < cfg->n_meta; i++) {
		c->meta[c->n_meta].key = strdup(cfg->meta[i].key);
		c->meta[c->n_meta++].value = strdup(cfg->meta[i].value);
	}
	if (cfg->timeout_ns)
		loop_timer_after(&c->limit, cfg->timeout_ns);
	*outp = &c->base;
	return 0;
}

/* ---- channels, servers, the network ---- */

static int fake_channel_new(struct rpc_channel **outp, struct rpc *rpc,
			    const struct rpc_channel_cfg *cfg)
{
	struct fake_channel *ch = calloc(1, sizeof(*ch));

	(void)rpc;
	if (!ch)
		return err_raise(-ENOMEM);
	ch->remote = cfg->remote;
	ch->port = cfg->port;
	ch->recv_max = cfg->recv_max ? cfg->recv_max : RPC_RECV_MAX;
	*outp = &ch->base;
	return 0;
}

static void fake_channel_free(struct rpc_channel *ch)
{
	free(CONTAINER_OF(ch, struct fake_channel, base));
}

static int fake_server_new(struct rpc_server **outp, struct rpc *rpc, const struct rpc_server_cfg *cfg)
{
	struct fake *f = CONTAINER_OF(rpc, struct fake, base);
	struct fake_server *s;

	if (cfg->port && server_find(f, &cfg->addr, cfg->port))
		return err_raise(-EADDRINUSE);
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_raise(-ENOMEM);
	s->addr = cfg->addr;
	s->base.port = cfg->port ? cfg->port : f->port_next++;
	s->recv_max = cfg->recv_max ? cfg->recv_max : RPC_RECV_MAX;
	*outp = &s->base;
	return 0;
}

static void fake_server_free(struct rpc_server *server)
{
	struct fake_server *s = CONTAINER_OF(server, struct fake_server, base);
	struct fake *f = CONTAINER_OF(server->rpc, struct fake, base);

	/* Those without an owner are left: their last words are not heard any more. */
	LIST_EACH(n, &f->calls) {
		struct fake_call *c = LIST_OF(n, struct fake_call, all);

		if (c->server != s)
			continue;
		if (c->peer)
			end_later(c->peer, RPC_UNAVAILABLE, "Server shutdown", 0);
		bury(c);
	}
	free(s);
}

static void fake_cut(struct rpc *rpc, const struct ip_addr *server)
{
	struct fake *f = CONTAINER_OF(rpc, struct fake, base);

	LIST_EACH(n, &f->calls) {
		struct fake_call *c = LIST_OF(n, struct fake_call, all);

		if (!ip_eq(&c->remote, server) || !c->connected)
			continue;
		if (c->base.server)
			end_later(c, RPC_CANCELLED, "the connection broke", 0);
		else
			end_later(c, RPC_UNAVAILABLE, "Connection reset by peer", 0);
	}
}

static void unblocked(struct fake *f, const struct ip_addr *server)
{
	LIST_EACH(n, &f->calls) {
		struct fake_call *c = LIST_OF(n, struct fake_call, all);

		if (!ip_eq(&c->remote, server))
			continue;
		unstick(c);
		if (c->fin_stuck) {
			c->fin_stuck = false;
			loop_timer_after(&c->fin, 0);
		}
	}
}

static void fake_block(struct rpc *rpc, const struct ip_addr *server, bool blocked)
{
	struct fake *f = CONTAINER_OF(rpc, struct fake, base);
	unsigned kept = 0;

	if (blocked) {
		assert(f->n_blocked < BLOCKED_MAX);
		f->blocked[f->n_blocked++] = *server;
		return;
	}
	for (unsigned i = 0; i < f->n_blocked; i++)
		if (!ip_eq(&f->blocked[i], server))
			f->blocked[kept++] = f->blocked[i];
	f->n_blocked = kept;
	unblocked(f, server);
}

static void fake_free(struct rpc *rpc)
{
	struct fake *f = CONTAINER_OF(rpc, struct fake, base);

	loop_task_cancel(&f->reap);
	LIST_EACH(n, &f->calls)
		call_free(LIST_OF(n, struct fake_call, all));
	reap(f);
	free(f);
}

static const struct rpc_backend fake_backend = {
	.channel_new = fake_channel_new,
	.channel_free = fake_channel_free,
	.call_new = fake_call_new,
	.server_new = fake_server_new,
	.server_free = fake_server_free,
	.push = fake_push,
	.drop = fake_drop,
	.finish = fake_finish,
	.meta = fake_meta,
	.cut = fake_cut,
	.block = fake_block,
	.free = fake_free,
};

int rpc_fake_new(struct rpc **outp, struct loop *loop, uint64_t delay_ns_min, uint64_t delay_ns_max)
{
	struct fake *f = calloc(1, sizeof(*f));

	assert(loop_is_fake(loop) && delay_ns_min <= delay_ns_max);
	if (!f)
		return err_raise(-ENOMEM);
	f->base.be = &fake_backend;
	f->base.loop = loop;
	list_init(&f->base.channels);
	list_init(&f->base.servers);
	list_init(&f->base.tls);
	list_init(&f->calls);
	list_init(&f->dead);
	loop_task_init(&f->reap, loop, reap, f);
	f->delay_min = delay_ns_min;
	f->delay_max = delay_ns_max;
	f->port_next = PORT_FIRST;
	*outp = &f->base;
	return 0;
}
