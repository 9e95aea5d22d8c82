/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

static void on_gone(void *arg)
{
	struct world *w = arg;

	w->gone = true;
	w->held = NULL;
}

static void room(void *arg)
{
	struct world *w = arg;
	char buf[4000];

	w->rooms++;
	memset(buf, 'x', sizeof(buf));
	while (w->held && w->streamed < w->to_stream) {
		size_t n = w->to_stream - w->streamed;

		n = n < sizeof(buf) ? n : sizeof(buf);
		if (http_stream_write(w->held, buf, n) != 0)
			return;
		w->streamed += n;
		ck_assert_uint_le(http_stream_queued(w->held), HTTP_STREAM_BOUND + 8192);
	}
	if (w->held && w->to_stream) {
		http_stream_end(w->held);
		w->held = NULL;
	}
}

static void handler(void *arg, struct http_req *r)
{
	const struct http_header text[] = { { "content-type", "text/plain" } };
	struct world *w = arg;
	const char *body;

	w->n_requests++;
	str_copy(w->method, sizeof(w->method), http_method(r));
	str_copy(w->path, sizeof(w->path), http_path(r));
	str_copy(w->query, sizeof(w->query), http_query(r));
	str_copy(w->user, sizeof(w->user), http_user(r)->name);
	w->role = http_user(r)->role;
	body = http_body(r, &w->body_len);
	str_copy(w->body, sizeof(w->body), body);
	if (strcmp(w->path, "/late") == 0) {
		w->held = r;
		http_on_gone(r, on_gone, w);
		return;
	}
	if (strcmp(w->path, "/careless") == 0) { /* asks for no gone */
		w->held = r;
		return;
	}
	if (strcmp(w->path, "/stream") == 0) {
		w->held = r;
		http_on_gone(r, on_gone, w);
		http_stream_start(r, 200, text, 1, room, w);
		room(w);
		return;
	}
	if (strcmp(w->path, "/empty") == 0) {
		http_reply(r, 204, text, 1, NULL, 0);
		return;
	}
	if (strcmp(w->path, "/big") == 0) {
		char *big = malloc(3000000);

		memset(big, 'y', 3000000);
		http_reply(r, 200, text, 1, big, 3000000);
		free(big);
		return;
	}
	http_reply(r, 200, text, 1, w->path, strlen(w->path));
}

void world_up(struct world *w, void (*tune)(struct http_cfg *cfg))
{
	struct net_listen_cfg lc = { .port = 8080 };

	memset(w, 0, sizeof(*w));
	ck_assert_int_eq(loop_fake_new(&w->loop, 7), 0);
	ck_assert_int_eq(net_fake_new(&w->net, w->loop, NS_PER_US, NS_PER_MS), 0);
	http_cfg_default(&w->cfg);
	if (tune)
		tune(&w->cfg);
	ck_assert_int_eq(http_new(&w->http, w->loop, w->net, &w->cfg, handler, w), 0);
	ck_assert_int_eq(ip_parse("::1", &lc.addr), 0);
	ck_assert_int_eq(http_listen(w->http, &lc, NULL), 0);
	w->port = http_port(w->http);
}

void world_down(struct world *w)
{
	http_free(w->http);
	net_free(w->net);
	loop_free(w->loop);
}

void world_run(struct world *w, uint64_t ns)
{
	struct mono end = mono_add(loop_now(w->loop), ns);

	while (loop_fake_step(w->loop, end))
		;
}

static void c_up(void *arg)
{
	((struct client *)arg)->up = true;
}

static size_t c_data(void *arg, const uint8_t *data, size_t len)
{
	struct client *c = arg;

	c->total += len;
	if (c->rx.len < 100000)
		str_addn(&c->rx, (const char *)data, len);
	return len;
}

static void c_tls(void *arg)
{
	((struct client *)arg)->tls_up = true;
}

static void c_down(void *arg, int err, const char *why)
{
	struct client *c = arg;

	(void)err;
	(void)why;
	c->down = true;
	c->nc = NULL;
}

static const struct net_ops client_ops = { .up = c_up, .data = c_data, .tls_up = c_tls, .down = c_down };

struct client *client_new(struct world *w)
{
	struct client *c = calloc(1, sizeof(*c));
	struct net_connect_cfg cc = { .port = w->port };

	c->w = w;
	ck_assert_int_eq(ip_parse("::1", &cc.remote), 0);
	ck_assert_int_eq(ip_parse("::1", &cc.local), 0);
	ck_assert_int_eq(net_connect(w->net, &cc, &client_ops, c, &c->nc), 0);
	world_run(w, 20 * NS_PER_MS);
	ck_assert(c->up);
	return c;
}

void client_free(struct client *c)
{
	net_conn_close(c->nc);
	str_fini(&c->rx);
	free(c);
}

void client_sendn(struct client *c, const void *data, size_t len)
{
	const char *p = data;

	while (len && c->nc) {
		size_t n = len < 16384 ? len : 16384;

		if (net_conn_send(c->nc, p, n) != 0) {
			world_run(c->w, NS_PER_MS);
			continue;
		}
		p += n;
		len -= n;
	}
}

void client_send(struct client *c, const char *text)
{
	client_sendn(c, text, strlen(text));
}

const char *client_ask(struct client *c, const char *text)
{
	c->rx.len = 0;
	client_send(c, text);
	world_run(c->w, 200 * NS_PER_MS);
	return c->rx.len ? str_text(&c->rx) : "";
}

unsigned client_count(const struct client *c, const char *needle)
{
	unsigned n = 0;

	for (const char *p = str_text(&c->rx); (p = strstr(p, needle)); p++)
		n++;
	return n;
}
