/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core of a connection: buffers with limits, delivery to the owner, orderly and abrupt
 * ends. A connection that ended sits in net->dead until the loop is out of every callback.
 */
#include "net/net.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "net/net_priv.h"

enum { READ_MAX = 256 * 1024, SEND_MAX = 1024 * 1024 };

/* ---- buffers ---- */

int net_buf_add(struct net_buf *b, const void *data, size_t len)
{
	if (b->off > 0 && (b->len == 0 || b->off > b->cap / 2)) {
		memmove(b->data, b->data + b->off, b->len);
		b->off = 0;
	}
	if (b->off + b->len + len > b->cap) {
		size_t cap = b->cap ? b->cap : 1024;
		uint8_t *p;

		while (cap < b->off + b->len + len)
			cap *= 2;
		p = realloc(b->data, cap);
		if (!p)
			return err_raise(-ENOMEM);
		b->data = p;
		b->cap = cap;
	}
	if (len > 0)
		memcpy(b->data + b->off + b->len, data, len);
	b->len += len;
	return 0;
}

void net_buf_drop(struct net_buf *b, size_t n)
{
	b->off += n;
	b->len -= n;
	if (b->len == 0) {
		b->off = 0;
		if (b->cap > 64 * 1024) /* a burst's memory goes back */
			net_buf_fini(b);
	}
}

void net_buf_fini(struct net_buf *b)
{
	free(b->data);
	*b = (struct net_buf){ 0 };
}

/* ---- life ---- */

static void conn_free(struct net_conn *c)
{
	SSL_free(c->ssl);
	net_tls_unref(c->tls);
	net_buf_fini(&c->in);
	net_buf_fini(&c->out);
	net_buf_fini(&c->early);
	free(c);
}

static void reap(void *arg)
{
	struct net *net = arg;
	struct list *n;

	while ((n = list_pop(&net->dead)))
		conn_free(LIST_OF(n, struct net_conn, link));
}

void net_nonlocal(struct net *net)
{
	net->nonlocal = true;
}

int net_make(struct net **outp, struct loop *loop, const struct net_transport *transport)
{
	struct net *net = calloc(1, sizeof(*net));

	if (!net)
		return err_raise(-ENOMEM);
	net->loop = loop;
	net->transport = transport;
	list_init(&net->conns);
	list_init(&net->listeners);
	list_init(&net->dead);
	list_init(&net->blocks);
	list_init(&net->kicked);
	loop_task_init(&net->reap, loop, reap, net);
	loop_task_init(&net->push, loop, net_real_push, net);
	*outp = net;
	return 0;
}

int net_new(struct net **outp, struct loop *loop)
{
	return err_trace(net_make(outp, loop, &net_real));
}

int net_fake_new(struct net **outp, struct loop *loop, uint64_t delay_ns_min, uint64_t delay_ns_max)
{
	int r = net_make(outp, loop, &net_fake);

	if (r < 0)
		return err_trace(r);
	(*outp)->fake = true;
	(*outp)->delay_ns_min = delay_ns_min;
	(*outp)->delay_ns_max = delay_ns_max;
	(*outp)->next_port = 20000;
	return 0;
}

struct net *net_free(struct net *net)
{
	if (!net)
		return NULL;
	LIST_EACH(l, &net->listeners)
		net_listener_free(LIST_OF(l, struct net_listener, link));
	while (!list_empty(&net->conns))
		net_conn_close(LIST_OF(net->conns.next, struct net_conn, link));
	loop_task_cancel(&net->push);
	loop_task_cancel(&net->reap);
	reap(net);
	net_fake_fini(net);
	free(net);
	return NULL;
}

static void deliver_cb(void *arg);
static void fail_cb(void *arg);

struct net_conn *net_conn_make(struct net *net)
{
	struct net_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->net = net;
	c->fd = -1;
	c->read_max = READ_MAX;
	c->send_max = SEND_MAX;
	list_init(&c->inbox);
	list_init(&c->kicked);
	loop_timer_init(&c->timer, net->loop, NULL, c);
	loop_task_init(&c->deliver, net->loop, deliver_cb, c);
	loop_task_init(&c->fail, net->loop, fail_cb, c);
	list_add(&net->conns, &c->link);
	return c;
}

struct net_conn *net_conn_close(struct net_conn *c)
{
	if (!c || c->state == NET_DEAD)
		return NULL;
	c->state = NET_DEAD;
	c->net->transport->close(c);
	loop_timer_fini(&c->timer);
	loop_task_cancel(&c->deliver);
	loop_task_cancel(&c->fail);
	list_del(&c->link);
	list_add(&c->net->dead, &c->link);
	loop_task_run(&c->net->reap);
	return NULL;
}

/* The end, told to the owner. */
static void conn_down(struct net_conn *c, int err, const char *why)
{
	const struct net_ops *ops = c->state == NET_FINISHING ? NULL : c->ops;
	void *arg = c->arg;

	if (c->state == NET_DEAD)
		return;
	net_conn_close(c);
	if (ops && ops->down)
		ops->down(arg, err, why);
}

static void fail_cb(void *arg)
{
	struct net_conn *c = arg;

	conn_down(c, c->fail_err, c->fail_why);
}

void net_conn_fail(struct net_conn *c, int err, const char *why)
{
	if (c->state == NET_DEAD || list_linked(&c->fail.link))
		return;
	c->fail_err = err;
	c->fail_why = why;
	loop_task_run(&c->fail);
}

/* ---- up to the owner ---- */

static int feed_leftover(struct net_conn *c)
{
	struct net_buf left = c->in;
	int r;

	c->tls_fresh = false;
	c->in = (struct net_buf){ 0 };
	r = net_tls_rx(c, left.data ? net_buf_at(&left) : NULL, left.len);
	net_buf_fini(&left);
	return r;
}

static void tls_progress(struct net_conn *c, int r);

/* Shows what is there until the owner takes no more. */
static void deliver(struct net_conn *c)
{
	if (c->delivering)
		return;
	c->delivering = true;
	while (c->state == NET_OPEN && c->ops && !c->paused && c->in.len > 0 && !(c->ssl && !c->tls_up)) {
		size_t n = c->ops->data(c->arg, net_buf_at(&c->in), c->in.len);

		if (c->state == NET_DEAD)
			break;
		net_buf_drop(&c->in, n);
		if (c->tls_fresh) {
			c->delivering = false;
			tls_progress(c, feed_leftover(c));
			return;
		}
		if (n == 0)
			break;
	}
	c->delivering = false;
	if (c->state == NET_FINISHING)
		net_buf_drop(&c->in, c->in.len);
	if (c->state != NET_OPEN)
		return;
	if (!c->paused && c->in.len >= c->read_max)
		net_conn_fail(c, EMSGSIZE, "message larger than the receive buffer");
	c->net->transport->pause(c);
}

static void deliver_cb(void *arg)
{
	struct net_conn *c = arg;

	if (c->state == NET_OPEN)
		deliver(c);
}

bool net_conn_hungry(const struct net_conn *c)
{
	return c->state == NET_FINISHING ||
	       (c->state == NET_OPEN && c->taken && !c->paused && c->in.len < c->read_max);
}

/* After the filter moved: handshake done? plaintext? failure? */
static void tls_progress(struct net_conn *c, int r)
{
	bool came_up = false;

	if (r == 0)
		r = net_tls_step(c, &came_up);
	c->net->transport->kick(c);
	if (r < 0) {
		conn_down(c, EPROTO, c->tls_error);
		return;
	}
	if (came_up && c->ops && c->ops->tls_up)
		c->ops->tls_up(c->arg);
	if (c->state == NET_OPEN)
		deliver(c);
}

void net_conn_rx(struct net_conn *c, const uint8_t *data, size_t len)
{
	if (c->state == NET_FINISHING)
		return; /* the owner is gone: read only to see the end */
	if (c->ssl) {
		tls_progress(c, net_tls_rx(c, data, len));
		return;
	}
	if (net_buf_add(&c->in, data, len) < 0) {
		conn_down(c, ENOMEM, "out of memory");
		return;
	}
	deliver(c);
}

void net_conn_end(struct net_conn *c, int err, const char *why)
{
	conn_down(c, err, why);
}

void net_conn_opened(struct net_conn *c)
{
	loop_timer_stop(&c->timer);
	c->state = NET_OPEN;
	if (c->ops && c->ops->up)
		c->ops->up(c->arg);
	if (c->state == NET_OPEN)
		c->net->transport->pause(c);
}

static void linger_over(void *arg)
{
	net_conn_close(arg);
}

void net_conn_sent(struct net_conn *c, size_t n)
{
	net_buf_drop(&c->out, n);
	if (c->state == NET_FINISHING && c->out.len == 0) {
		c->net->transport->shut(c);
		return;
	}
	if (c->state == NET_OPEN && c->high && c->out.len <= c->send_max / 2) {
		c->high = false;
		if (c->ops && c->ops->writable)
			c->ops->writable(c->arg);
	}
}

/* ---- the public calls ---- */

int net_listen(struct net *net, const struct net_listen_cfg *cfg, const struct net_listen_ops *ops,
	       void *arg, struct net_listener **outp)
{
	struct net_listener *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return err_raise(-ENOMEM);
	l->net = net;
	l->cfg = *cfg;
	l->ops = ops;
	l->arg = arg;
	l->fd = -1;
	list_init(&l->keys);
	list_add(&net->listeners, &l->link);
	r = net->fake ? net_fake_listen(l) : net_real_listen(l);
	if (r < 0) {
		net_listener_free(l);
		return r; /* -EADDRINUSE and the like are for the operator: the caller words it */
	}
	*outp = l;
	return 0;
}

int net_listener_md5(struct net_listener *l, const struct ip_addr *peer, const struct net_md5 *key)
{
	if (l->net->fake)
		return net_fake_md5(l, peer, key);
	return net_real_md5(l->fd, peer, key, l->cfg.addr.family == IP_V6);
}

uint16_t net_listener_port(const struct net_listener *l)
{
	return l->cfg.port;
}

int net_connect(struct net *net, const struct net_connect_cfg *cfg, const struct net_ops *ops,
		void *arg, struct net_conn **outp)
{
	struct net_conn *c = net_conn_make(net);
	int r;

	if (!c)
		return err_raise(-ENOMEM);
	c->ops = ops;
	c->arg = arg;
	c->taken = true;
	c->peer = cfg->remote;
	c->peer_port = cfg->port;
	c->local = cfg->local;
	c->local_port = cfg->local_port;
	r = net->fake ? net_fake_connect(c, cfg) : net_real_connect(c, cfg);
	if (r < 0) {
		net_conn_close(c);
		return r;
	}
	*outp = c;
	return 0;
}

void net_conn_take(struct net_conn *c, const struct net_ops *ops, void *arg)
{
	c->ops = ops;
	c->arg = arg;
	c->taken = true;
	if (c->in.len > 0)
		loop_task_run(&c->deliver);
}

void net_conn_limits(struct net_conn *c, size_t read_max, size_t send_max)
{
	c->read_max = read_max;
	c->send_max = send_max;
}

size_t net_conn_queued(const struct net_conn *c)
{
	return c->out.len + c->early.len;
}

int net_conn_send(struct net_conn *c, const void *data, size_t len)
{
	int r;

	if (c->state == NET_DEAD || c->state == NET_FINISHING)
		return 0; /* down is on its way or was told */
	if (net_conn_queued(c) + len > c->send_max) {
		c->high = true;
		return NET_E_FULL;
	}
	if (c->ssl && !c->tls_up)
		r = net_buf_add(&c->early, data, len);
	else if (c->ssl)
		r = net_tls_tx(c, data, len);
	else
		r = net_buf_add(&c->out, data, len);
	if (r < 0) {
		net_conn_fail(c, c->ssl ? EPROTO : ENOMEM, c->ssl ? c->tls_error : "out of memory");
		return 0;
	}
	if (c->out.len > c->send_max / 2)
		c->high = true;
	if (c->state == NET_OPEN)
		c->net->transport->kick(c);
	return 0;
}

void net_conn_pause(struct net_conn *c, bool paused)
{
	if (c->paused == paused)
		return;
	c->paused = paused;
	c->net->transport->pause(c);
	if (!paused && c->in.len > 0)
		loop_task_run(&c->deliver);
}

void net_conn_finish(struct net_conn *c, uint64_t linger_ns)
{
	if (c->state == NET_CONNECTING) {
		net_conn_close(c);
		return;
	}
	if (c->state != NET_OPEN)
		return;
	if (c->ssl && c->tls_up)
		net_tls_bye(c);
	c->state = NET_FINISHING;
	c->ops = NULL;
	net_buf_drop(&c->in, c->in.len);
	c->timer.fn = linger_over;
	loop_timer_after(&c->timer, linger_ns);
	c->net->transport->kick(c);
	if (c->state == NET_FINISHING && c->out.len == 0)
		c->net->transport->shut(c);
	else if (c->state == NET_FINISHING)
		c->net->transport->pause(c);
}

struct ip_addr net_conn_peer(const struct net_conn *c, uint16_t *port)
{
	if (port)
		*port = c->peer_port;
	return c->peer;
}

struct ip_addr net_conn_local(const struct net_conn *c, uint16_t *port)
{
	if (port)
		*port = c->local_port;
	return c->local;
}

