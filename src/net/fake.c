/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network in memory for simulations: every address exists, octets arrive in order after a
 * seeded delay and cut at seeded places, connections can be reset and hosts kept apart.
 *
 * A packet waits in its receiver's inbox with a timer of its own. The end of a stream is a
 * packet too, so it never overtakes data.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "net/net_priv.h"

#define CONNECT_TIMEOUT (60 * NS_PER_S)

enum packet_kind {
	PACKET_SYN,	/* at the client: time to find the listener */
	PACKET_ACCEPTED, /* at the client */
	PACKET_DATA,
	PACKET_END,
};

struct packet {
	struct list link;
	struct net_conn *to;
	enum packet_kind kind;
	bool due;
	struct loop_timer timer;
	struct net_md5 md5;
	size_t len;
	uint8_t data[];
};

struct key {
	struct list link;
	struct ip_addr peer;
	struct net_md5 md5;
};

struct block {
	struct list link;
	struct ip_addr a, b;
};

static void packet_free(struct packet *p)
{
	loop_timer_fini(&p->timer);
	list_del(&p->link);
	free(p);
}

static void inbox_run(struct net_conn *c);

static void packet_due(void *arg)
{
	struct packet *p = arg;

	p->due = true;
	inbox_run(p->to);
}

static struct packet *packet_send(struct net_conn *to, enum packet_kind kind, const void *data, size_t len)
{
	struct net *net = to->net;
	struct packet *p = calloc(1, sizeof(*p) + len);
	uint64_t spread = net->delay_ns_max - net->delay_ns_min;
	uint64_t due = loop_now(net->loop).ns + net->delay_ns_min +
		       (spread ? loop_random(net->loop) % spread : 0);

	if (!p)
		abort(); /* a test's machine is out of memory */
	p->to = to;
	p->kind = kind;
	p->len = len;
	if (len > 0)
		memcpy(p->data, data, len);
	if (due < to->last_due_ns)
		due = to->last_due_ns;
	to->last_due_ns = due;
	list_add(&to->inbox, &p->link);
	loop_timer_init(&p->timer, net->loop, packet_due, p);
	loop_timer_at(&p->timer, (struct mono){ due });
	return p;
}

/* ---- the transport ---- */

/* Room at the receiver is what ends a sender's queue. */
static void fake_kick(struct net_conn *c)
{
	if (c->state == NET_DEAD || c->state == NET_CONNECTING || !c->other)
		return;
	while (c->out.len > 0) {
		size_t n = c->out.len < 16384 ? c->out.len : 16384;
		size_t flying = 0;

		LIST_EACH(l, &c->other->inbox)
			flying += LIST_OF(l, struct packet, link)->len;
		if (flying > c->other->read_max)
			return;
		if (n > 1 && loop_random(c->net->loop) % 4 == 0)
			n = 1 + loop_random(c->net->loop) % n;
		packet_send(c->other, PACKET_DATA, net_buf_at(&c->out), n);
		net_buf_drop(&c->out, n);
	}
}

static void fake_pause(struct net_conn *c)
{
	if (c->state == NET_OPEN && net_conn_hungry(c) && !list_empty(&c->inbox) && !c->delivering) {
		struct packet *p = LIST_OF(c->inbox.next, struct packet, link);

		if (p->due && !loop_timer_armed(&p->timer))
			loop_timer_at(&p->timer, loop_now(c->net->loop));
	}
}

static void fake_shut(struct net_conn *c)
{
	if (c->other)
		packet_send(c->other, PACKET_END, NULL, 0);
	if (c->other)
		c->other->other = NULL;
	c->other = NULL;
	net_conn_close(c);
}

static void fake_close(struct net_conn *c)
{
	LIST_EACH(l, &c->inbox)
		packet_free(LIST_OF(l, struct packet, link));
	if (c->other) {
		packet_send(c->other, PACKET_END, NULL, 0);
		c->other->other = NULL;
		c->other = NULL;
	}
}

const struct net_transport net_fake = {
	.kick = fake_kick,
	.pause = fake_pause,
	.shut = fake_shut,
	.close = fake_close,
};

/* ---- who may talk to whom ---- */

static bool same_host(const struct ip_addr *want, const struct ip_addr *have)
{
	return !want || ip_eq(want, have);
}

static bool between(const struct net_conn *c, const struct ip_addr *a, const struct ip_addr *b)
{
	return (same_host(a, &c->local) && same_host(b, &c->peer)) ||
	       (same_host(b, &c->local) && same_host(a, &c->peer));
}

static bool blocked(const struct net *net, const struct ip_addr *a, const struct ip_addr *b)
{
	for (const struct list *l = net->blocks.next; l != &net->blocks; l = l->next) {
		const struct block *x = CONTAINER_OF(l, struct block, link);

		if ((ip_eq(&x->a, a) && ip_eq(&x->b, b)) || (ip_eq(&x->a, b) && ip_eq(&x->b, a)))
			return true;
	}
	return false;
}

static void cut(struct net_conn *c, int err)
{
	LIST_EACH(k, &c->inbox)
		packet_free(LIST_OF(k, struct packet, link));
	c->other = NULL;
	net_conn_fail(c, err, err_text(err));
}

void net_fake_cut(struct net *net, const struct ip_addr *a, const struct ip_addr *b, int err)
{
	LIST_EACH(l, &net->conns) {
		struct net_conn *c = LIST_OF(l, struct net_conn, link);

		struct net_conn *other = c->other;

		if (!between(c, a, b) || c->state != NET_OPEN)
			continue;
		cut(c, err);
		/* One that is accepted and does not know it yet is cut too. */
		if (other && other->state != NET_FINISHING)
			cut(other, err);
		else if (other)
			other->other = NULL;
	}
}

void net_fake_block(struct net *net, const struct ip_addr *a, const struct ip_addr *b, bool block)
{
	struct block *x;

	LIST_EACH(l, &net->blocks) {
		x = LIST_OF(l, struct block, link);
		if ((ip_eq(&x->a, a) && ip_eq(&x->b, b)) || (ip_eq(&x->a, b) && ip_eq(&x->b, a))) {
			list_del(&x->link);
			free(x);
		}
	}
	if (!block)
		return;
	x = calloc(1, sizeof(*x));
	if (!x)
		abort();
	x->a = *a;
	x->b = *b;
	list_add(&net->blocks, &x->link);
}

void net_fake_fini(struct net *net)
{
	LIST_EACH(l, &net->blocks)
		free(LIST_OF(l, struct block, link));
	list_init(&net->blocks);
}

static const struct net_md5 *key_of(const struct net_listener *l, const struct ip_addr *peer)
{
	static const struct net_md5 none;

	for (const struct list *n = l->keys.next; n != &l->keys; n = n->next) {
		const struct key *k = CONTAINER_OF(n, struct key, link);

		if (ip_eq(&k->peer, peer))
			return &k->md5;
	}
	return &none;
}

int net_fake_md5(struct net_listener *l, const struct ip_addr *peer, const struct net_md5 *key)
{
	struct key *k;

	LIST_EACH(n, &l->keys) {
		k = LIST_OF(n, struct key, link);
		if (ip_eq(&k->peer, peer)) {
			list_del(&k->link);
			free(k);
		}
	}
	if (key->len == 0)
		return 0;
	k = calloc(1, sizeof(*k));
	if (!k)
		return err_raise(-ENOMEM);
	k->peer = *peer;
	k->md5 = *key;
	list_add(&l->keys, &k->link);
	return 0;
}

static struct net_listener *listener_find(struct net *net, const struct ip_addr *addr, uint16_t port)
{
	struct net_listener *any = NULL;

	LIST_EACH(n, &net->listeners) {
		struct net_listener *l = LIST_OF(n, struct net_listener, link);

		if (l->cfg.port != port)
			continue;
		if (ip_eq(&l->cfg.addr, addr))
			return l;
		if (ip_is_any(&l->cfg.addr))
			any = l;
	}
	return any;
}

int net_fake_listen(struct net_listener *l)
{
	if (l->cfg.port == 0)
		l->cfg.port = l->net->next_port++;
	LIST_EACH(n, &l->net->listeners) {
		struct net_listener *o = LIST_OF(n, struct net_listener, link);

		if (o != l && o->cfg.port == l->cfg.port && ip_eq(&o->cfg.addr, &l->cfg.addr))
			return -EADDRINUSE;
	}
	return 0;
}

void net_fake_unlisten(struct net_listener *l)
{
	LIST_EACH(n, &l->keys)
		free(LIST_OF(n, struct key, link));
	list_init(&l->keys);
}

/* ---- connecting ---- */

static void connect_timeout(void *arg)
{
	net_conn_end(arg, ETIMEDOUT, "no answer to the connection request");
}

int net_fake_connect(struct net_conn *c, const struct net_connect_cfg *cfg)
{
	static const uint8_t loopback[16] = { [15] = 1 };
	struct packet *p;

	if (c->local.family == IP_NONE)
		c->local = ip_v6(loopback);
	if (c->local_port == 0)
		c->local_port = c->net->next_port++;
	c->timer.fn = connect_timeout;
	loop_timer_after(&c->timer, cfg->timeout_ns ? cfg->timeout_ns : CONNECT_TIMEOUT);
	p = packet_send(c, PACKET_SYN, NULL, 0);
	p->md5 = cfg->md5;
	return 0;
}

static void syn(struct net_conn *c, const struct net_md5 *md5)
{
	struct net_listener *l = listener_find(c->net, &c->peer, c->peer_port);
	const struct net_md5 *want;
	struct net_conn *s;

	if (blocked(c->net, &c->local, &c->peer))
		return; /* lost: the timeout tells */
	if (!l) {
		net_conn_end(c, ECONNREFUSED, err_text(ECONNREFUSED));
		return;
	}
	want = key_of(l, &c->local);
	if (want->len != md5->len || memcmp(want->key, md5->key, md5->len) != 0)
		return; /* a wrong signature is dropped in silence */
	s = net_conn_make(c->net);
	if (!s)
		return;
	s->state = NET_OPEN;
	s->peer = c->local;
	s->peer_port = c->local_port;
	s->local = c->peer;
	s->local_port = c->peer_port;
	s->other = c;
	c->other = s;
	packet_send(c, PACKET_ACCEPTED, NULL, 0);
	l->ops->accept(l->arg, s, &s->peer, s->peer_port);
	if (!s->taken)
		net_conn_close(s);
}

/* Takes the first packet that is due; the next one gets its own turn. */
static void inbox_run(struct net_conn *c)
{
	struct packet *p = list_empty(&c->inbox) ? NULL : LIST_OF(c->inbox.next, struct packet, link);
	enum packet_kind kind;
	struct net_conn *sender = c->other;

	if (!p || !p->due)
		return;
	if (p->kind == PACKET_DATA && !net_conn_hungry(c))
		return; /* stays until the owner reads again */
	list_del(&p->link);
	kind = p->kind;
	if (kind == PACKET_SYN)
		syn(c, &p->md5);
	else if (kind == PACKET_ACCEPTED)
		net_conn_opened(c);
	else if (kind == PACKET_DATA)
		net_conn_rx(c, p->data, p->len);
	packet_free(p);
	if (kind == PACKET_END) {
		net_conn_end(c, 0, "closed by the peer");
		return;
	}
	if (c->state == NET_DEAD)
		return;
	if (kind == PACKET_ACCEPTED)
		fake_kick(c);
	if (kind == PACKET_DATA && sender && sender == c->other && sender->state != NET_DEAD) {
		fake_kick(sender);
		net_conn_sent(sender, 0);
	}
	if (c->state == NET_OPEN && !list_empty(&c->inbox) &&
	    LIST_OF(c->inbox.next, struct packet, link)->due)
		fake_pause(c);
}
