/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server: listeners, connections, their bounds in number and time. A connection is freed
 * only from net's callbacks, its own task or timer, never from under a handler.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "log/log.h"
#include "northbound/http/http_int.h"

const char *const http_alpn[] = { "h2", "http/1.1", NULL };

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
enum { PREFACE_LEN = sizeof(preface) - 1 };

void http_cfg_default(struct http_cfg *cfg)
{
	*cfg = (struct http_cfg){
		.body_max = 8 * 1024 * 1024,
		.header_max = 64 * 1024,
		.header_ns_max = 10 * NS_PER_S,
		.idle_ns_max = 75 * NS_PER_S,
		.conns_max = 512,
		.streams_max = 100,
		.bodies_max = 64 * 1024 * 1024,
		.resets_max = 100,
	};
}

const char *http_date(struct http *h)
{
	uint64_t s = loop_wall_ns(h->loop) / NS_PER_S;
	time_t t = (time_t)s;
	struct tm tm;

	if (s != h->date_s || !h->date[0]) {
		h->date_s = s;
		gmtime_r(&t, &tm);
		strftime(h->date, sizeof(h->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	}
	return h->date;
}

/* ---- a connection's life ---- */

static void conn_free(struct http_conn *c)
{
	loop_timer_fini(&c->timer);
	loop_task_cancel(&c->task);
	while (!list_empty(&c->reqs))
		http_req_drop(LIST_OF(c->reqs.next, struct http_req, link));
	nghttp2_session_del(c->ng);
	http_buf_fini(&c->tail);
	http_buf_fini(&c->pend);
	str_fini(&c->hname);
	str_fini(&c->hvalue);
	list_del(&c->link);
	c->h->n_conns--;
	metric_set(c->h->m_conns, c->h->n_conns);
	free(c);
}

void http_conn_close(struct http_conn *c)
{
	net_conn_close(c->nc);
	conn_free(c);
}

void http_conn_end(struct http_conn *c)
{
	net_conn_finish(c->nc, HTTP_LINGER_NS);
	conn_free(c);
}

void http_conn_pause(struct http_conn *c, bool paused)
{
	if (c->paused == paused)
		return;
	c->paused = paused;
	net_conn_pause(c->nc, paused);
}

int http_conn_send(struct http_conn *c, const void *data, size_t len)
{
	int r = net_conn_send(c->nc, data, len);

	if (r == 0) {
		c->progress_at = loop_now(c->h->loop);
		c->queued_seen = net_conn_queued(c->nc);
	}
	return r;
}

static bool output_pending(const struct http_conn *c)
{
	if (c->pend.len || net_conn_queued(c->nc))
		return true;
	for (struct list *n = c->reqs.next; n != &c->reqs; n = n->next)
		if (LIST_OF(n, struct http_req, link)->out.len)
			return true;
	return false;
}

/* When the first of the requests still being received must be whole; UINT64_MAX: there is none. */
static struct mono partial_deadline(const struct http_conn *c)
{
	struct mono first = { UINT64_MAX };

	for (struct list *n = c->reqs.next; n != &c->reqs; n = n->next) {
		const struct http_req *r = LIST_OF(n, struct http_req, link);
		struct mono when = http_req_deadline(r);

		if (!r->dispatched && mono_before(when, first))
			first = when;
	}
	return first;
}

static struct mono conn_deadline(const struct http_conn *c)
{
	const struct http_cfg *cfg = &c->h->cfg;
	struct mono partial;

	if (c->draining)
		return c->drain_at;
	if (output_pending(c))
		return mono_add(c->progress_at, cfg->idle_ns_max);
	if (c->proto == HTTP_PROTO_NEW)
		return mono_add(c->start, cfg->header_ns_max);
	partial = partial_deadline(c);
	if (partial.ns != UINT64_MAX)
		return partial;
	if (list_empty(&c->reqs))
		return mono_add(c->idle_since, cfg->idle_ns_max);
	return partial; /* none: the handler's turn */
}

void http_conn_arm(struct http_conn *c)
{
	struct mono when = conn_deadline(c);

	if (when.ns == UINT64_MAX)
		loop_timer_stop(&c->timer);
	else
		loop_timer_at(&c->timer, when);
}

static void conn_timer(void *arg)
{
	struct http_conn *c = arg;
	struct mono now = loop_now(c->h->loop);
	size_t queued = net_conn_queued(c->nc);

	if (queued < c->queued_seen) { /* slow is not stalled */
		c->queued_seen = queued;
		c->progress_at = now;
	}
	if (mono_before(now, conn_deadline(c))) {
		http_conn_arm(c);
		return;
	}
	if (!c->draining && !output_pending(c) && partial_deadline(c).ns != UINT64_MAX) {
		if (c->proto == HTTP_PROTO_1)
			http_1_fail(c, 408, "the request did not arrive in time");
		else
			http_2_expire(c, now);
		loop_task_run(&c->task);
		return;
	}
	http_conn_end(c);
}

static bool conn_run(struct http_conn *c)
{
	switch (c->proto) {
	case HTTP_PROTO_NEW:
		return true;
	case HTTP_PROTO_1:
		return http_1_run(c);
	case HTTP_PROTO_2:
		return http_2_run(c);
	}
	return true;
}

static void conn_task(void *arg)
{
	struct http_conn *c = arg;

	if (!conn_run(c))
		return;
	LIST_EACH(it, &c->reqs) {
		struct http_req *r = LIST_OF(it, struct http_req, link);

		if (r->want_room && !r->ended && r->out.len <= HTTP_STREAM_BOUND / 2) {
			r->want_room = false;
			if (r->room)
				r->room(r->room_arg);
		}
	}
	http_conn_arm(c);
}

/* ---- what net tells ---- */

/* Plaintext: HTTP/2 with prior knowledge begins with its preface (RFC 9113 s3.3). */
static int pick_plain(struct http_conn *c, const uint8_t *data, size_t len, bool *wait)
{
	size_t n = len < PREFACE_LEN ? len : PREFACE_LEN;

	*wait = false;
	if (memcmp(data, preface, n) != 0) {
		http_1_init(c);
		return 0;
	}
	*wait = n < PREFACE_LEN;
	return *wait ? 0 : http_2_init(c);
}

static size_t on_data(void *arg, const uint8_t *data, size_t len)
{
	struct http_conn *c = arg;
	bool alive, wait = false;

	if (c->draining)
		return len;
	if (c->proto == HTTP_PROTO_NEW && pick_plain(c, data, len, &wait) < 0) {
		http_conn_close(c);
		return len;
	}
	if (wait)
		return 0;
	alive = c->proto == HTTP_PROTO_2 ? http_2_data(c, data, len) : http_1_data(c, data, len);
	if (alive)
		loop_task_run(&c->task);
	return len;
}

static void on_writable(void *arg)
{
	struct http_conn *c = arg;

	c->progress_at = loop_now(c->h->loop);
	loop_task_run(&c->task);
}

static enum http_role role_of(const struct http *h, const char *name)
{
	return name[0] && h->cfg.role_of ? h->cfg.role_of(h->cfg.role_arg, name) : HTTP_ROLE_NONE;
}

static void on_tls_up(void *arg)
{
	struct http_conn *c = arg;
	const char *name = net_conn_peer_name(c->nc);

	str_copy(c->user.name, sizeof(c->user.name), name);
	c->user.role = role_of(c->h, name);
	if (strcmp(net_conn_alpn(c->nc), "h2") != 0) {
		http_1_init(c);
	} else if (http_2_init(c) < 0) {
		http_conn_close(c);
		return;
	}
	loop_task_run(&c->task);
}

static void on_down(void *arg, int err, const char *why)
{
	struct http_conn *c = arg;
	char peer[IP_TEXT_MAX];

	if (err && c->proto == HTTP_PROTO_NEW && c->tls)
		log_event("", LOG_NOTICE, "http.tls.failed", "from=%s why=\"%s\"",
			  ip_text(&c->user.from, peer, sizeof(peer)), why ? why : err_text(err));
	conn_free(c);
}

static const struct net_ops ops = {
	.data = on_data,
	.writable = on_writable,
	.tls_up = on_tls_up,
	.down = on_down,
};

static void on_accept(void *arg, struct net_conn *nc, const struct ip_addr *peer, uint16_t port)
{
	struct http_listener *l = arg;
	struct http *h = l->h;
	struct http_conn *c;

	(void)port;
	if (h->n_conns >= h->cfg.conns_max) {
		metric_add(h->m_refused, 1);
		log_event("", LOG_WARN, "http.full", "connections=%u", h->n_conns);
		return; /* not taken: net closes it */
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return;
	c->h = h;
	c->nc = nc;
	c->user.from = *peer;
	c->start = c->idle_since = c->progress_at = loop_now(h->loop);
	list_init(&c->reqs);
	loop_timer_init(&c->timer, h->loop, conn_timer, c);
	loop_task_init(&c->task, h->loop, conn_task, c);
	list_add(&h->conns, &c->link);
	metric_set(h->m_conns, ++h->n_conns);
	net_conn_take(nc, &ops, c);
	net_conn_limits(nc, HTTP_READ_MAX, HTTP_SEND_MAX);
	http_conn_arm(c);
	if (!l->tls) {
		str_copy(c->user.name, sizeof(c->user.name), "local");
		c->user.role = HTTP_ROLE_ADMIN;
		return;
	}
	c->tls = true;
	if (net_conn_tls(nc, l->tls, NET_TLS_SERVER, NULL) < 0)
		http_conn_close(c);
}

static const struct net_listen_ops listen_ops = { .accept = on_accept };

/* ---- the server ---- */

int http_new(struct http **outp, struct loop *loop, struct net *net, const struct http_cfg *cfg,
	     http_handler_fn fn, void *arg)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h)
		return err_raise(-ENOMEM);
	h->loop = loop;
	h->net = net;
	h->cfg = *cfg;
	h->fn = fn;
	h->arg = arg;
	h->bodies.limit = cfg->bodies_max;
	list_init(&h->listeners);
	list_init(&h->conns);
	list_init(&h->orphans);
	h->m_conns = metric_gauge("sextant_http_connections", "Open HTTP connections.", "");
	h->m_refused = metric_counter("sextant_http_refused_total",
				      "Requests and connections refused by HTTP itself.", "");
	h->m_time = metric_histogram("sextant_http_request_duration_seconds",
				     "From the first octet of a request to its answer.", "");
	if (http_2_callbacks(h) < 0) {
		http_free(h);
		return err_raise(-ENOMEM);
	}
	*outp = h;
	return 0;
}

struct http *http_free(struct http *h)
{
	if (!h)
		return NULL;
	http_unlisten_all(h);
	while (!list_empty(&h->conns))
		http_conn_close(LIST_OF(h->conns.next, struct http_conn, link));
	while (!list_empty(&h->orphans))
		http_req_free(LIST_OF(h->orphans.next, struct http_req, link));
	nghttp2_session_callbacks_del(h->cb);
	nghttp2_option_del(h->opt);
	free(h);
	return NULL;
}

int http_listen(struct http *h, const struct net_listen_cfg *cfg, struct net_tls *tls)
{
	struct http_listener *l;
	int r;

	if (!tls && !ip_is_loopback(&cfg->addr))
		return err_raise(-EPERM);
	l = calloc(1, sizeof(*l));
	if (!l)
		return err_raise(-ENOMEM);
	l->h = h;
	r = net_listen(h->net, cfg, &listen_ops, l, &l->nl);
	if (r < 0) {
		free(l);
		return err_trace(r);
	}
	l->tls = tls ? net_tls_ref(tls) : NULL;
	list_add(&h->listeners, &l->link);
	return 0;
}

void http_unlisten_all(struct http *h)
{
	struct list *n;

	while ((n = list_pop(&h->listeners))) {
		struct http_listener *l = LIST_OF(n, struct http_listener, link);

		net_listener_free(l->nl);
		net_tls_unref(l->tls);
		free(l);
	}
}

uint16_t http_port(const struct http *h)
{
	if (list_empty(&h->listeners))
		return 0;
	return net_listener_port(LIST_OF(h->listeners.next, struct http_listener, link)->nl);
}
