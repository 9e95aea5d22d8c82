/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile client of the HTTP server on the fake network: the first octet says how (HTTP/1
 * octets as they are, or HTTP/2 frames built from short records), its upper half seeds the
 * network's delays and cuts. The handler answers at once, late, never, or streams.
 *
 * Whatever comes: every request is answered or gone once, what was held is bounded, an hour
 * later no connection is left, and nothing leaks.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rd.h"
#include "base/wr.h"
#include "log/log.h"
#include "northbound/http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { MODE_FRAMES = 1, MODE_DEAF = 2, MODE_SLOW = 4, MODE_ABORT = 8, HELD_MAX = 4096 };
enum { BODY_MAX = 8192, STREAMED = 40000 };

struct held {
	struct http_req *req; /* NULL: answered, or gone */
	bool stream;
	size_t left;
};

static struct world {
	struct loop *loop;
	struct net *net;
	struct http *http;
	struct net_conn *client;
	bool down;
	struct held held[HELD_MAX];
	unsigned n_held;
} w;

/* ---- the handler ---- */

static void held_gone(void *arg)
{
	struct held *h = arg;

	assert(h->req);
	h->req = NULL;
}

static void held_room(void *arg)
{
	static const char piece[4000];
	struct held *h = arg;

	while (h->req && h->left) {
		size_t n = h->left < sizeof(piece) ? h->left : sizeof(piece);

		if (http_stream_write(h->req, piece, n) != 0)
			return;
		assert(http_stream_queued(h->req) <= HTTP_STREAM_BOUND + sizeof(piece) + 32);
		h->left -= n;
	}
	if (h->req) {
		http_stream_end(h->req);
		h->req = NULL;
	}
}

static struct held *hold(struct http_req *r, bool stream)
{
	struct held *h = &w.held[w.n_held++];

	assert(w.n_held < HELD_MAX);
	*h = (struct held){ .req = r, .stream = stream, .left = STREAMED };
	return h;
}

static void handler(void *arg, struct http_req *r)
{
	const struct http_header text[] = { { "content-type", "text/plain" } };
	const char *path = http_path(r), *accept = http_header(r, "accept");
	struct held *h;
	size_t len;
	const char *body = http_body(r, &len);

	(void)arg;
	assert(path[0] == '/' || strcmp(path, "*") == 0);
	assert(http_method(r)[0] && len <= BODY_MAX && body[len] == '\0');
	assert(http_user(r)->role == HTTP_ROLE_ADMIN && !strchr(path, '?') && http_query(r));
	switch (path[1]) {
	case 'l': /* late, and told when the client goes */
		http_on_gone(r, held_gone, hold(r, false));
		break;
	case 'c': /* late, and not told */
		hold(r, false);
		break;
	case 's':
		h = hold(r, true);
		http_on_gone(r, held_gone, h);
		http_stream_start(r, 200, text, 1, held_room, h);
		held_room(h);
		break;
	case 'e':
		http_reply(r, 204, NULL, 0, NULL, 0);
		break;
	default:
		http_reply(r, 200, text, 1, accept ? accept : body, accept ? strlen(accept) : len);
		break;
	}
}

static void answer_held(void)
{
	for (unsigned i = 0; i < w.n_held; i++) {
		struct http_req *r = w.held[i].req;

		if (!r || w.held[i].stream)
			continue;
		w.held[i].req = NULL;
		http_reply(r, 200, NULL, 0, "late", 4);
	}
}

/* ---- the client ---- */

static size_t c_data(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	return len;
}

static void c_up(void *arg)
{
	(void)arg;
}

static void c_down(void *arg, int err, const char *why)
{
	(void)arg;
	(void)err;
	(void)why;
	w.client = NULL;
}

static const struct net_ops client_ops = { .up = c_up, .data = c_data, .down = c_down };

static void run(uint64_t ns)
{
	struct mono end = mono_add(loop_now(w.loop), ns);

	while (loop_fake_step(w.loop, end))
		;
}

static void client_send(const void *data, size_t len)
{
	if (w.client)
		(void)net_conn_send(w.client, data, len); /* a full queue loses it: hostile enough */
}

static void frame_send(unsigned type, unsigned flags, uint32_t stream, const uint8_t *data, size_t len)
{
	uint8_t buf[9 + 512];
	struct wr f = wr_of(buf, sizeof(buf));

	wr_u24(&f, (uint32_t)len);
	wr_u8(&f, (uint8_t)type);
	wr_u8(&f, (uint8_t)flags);
	wr_u32(&f, stream);
	wr_bytes(&f, data, len);
	assert(!f.bad);
	client_send(buf, f.len);
}

/* A request's head with the fields a server asks for, and one of the input's. */
static void request_send(unsigned flags, uint32_t stream, const uint8_t *path, size_t len)
{
	uint8_t buf[512];
	struct wr h = wr_of(buf, sizeof(buf));

	wr_u8(&h, flags & 2 ? 0x83 : 0x82); /* POST or GET, by the static table (RFC 7541 A) */
	wr_u8(&h, 0x86);		    /* http */
	wr_u8(&h, 0x01);		    /* :authority, literal */
	wr_u8(&h, 9);
	wr_bytes(&h, "localhost", 9);
	wr_u8(&h, 0x04); /* :path, literal */
	wr_u8(&h, (uint8_t)(len > 100 ? 101 : len + 1));
	wr_u8(&h, '/');
	wr_bytes(&h, path, len > 100 ? 100 : len);
	frame_send(1, 4 | (flags & 1), stream, buf, h.len);
}

/* Records: kind, flags, stream, length, octets. */
static void frames_send(struct rd in)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

	client_send(preface, sizeof(preface) - 1);
	frame_send(4, 0, 0, NULL, 0);
	while (rd_left(&in) > 0) {
		uint8_t kind = rd_u8(&in), flags = rd_u8(&in), stream = rd_u8(&in);
		size_t want = rd_u8(&in), n = want < rd_left(&in) ? want : rd_left(&in);
		const uint8_t *p = rd_take(&in, n);

		switch (kind & 0xf) {
		case 10:
			request_send(flags, stream, p, n);
			break;
		case 11:
			run(flags * 100 * NS_PER_MS);
			break;
		case 12:
			if (w.client)
				net_conn_pause(w.client, flags & 1);
			break;
		case 13:
			answer_held();
			break;
		case 14:
			client_send(p, n);
			break;
		default:
			frame_send(kind & 0xf, flags, stream, p, n);
			break;
		}
	}
}

static void octets_send(struct rd in, bool slow)
{
	size_t half = slow ? rd_left(&in) / 2 : 0;

	client_send(in.pos, half);
	if (slow)
		run(2 * NS_PER_S);
	rd_skip(&in, half);
	client_send(in.pos, rd_left(&in));
}

/* ---- one input ---- */

static void up(uint8_t seed)
{
	const struct log_cfg quiet = { .level = LOG_ERROR };
	struct net_listen_cfg lc = { .port = 80 };
	struct net_connect_cfg cc = { .port = 80 };
	struct http_cfg cfg;

	memset(&w, 0, offsetof(struct world, held));
	w.n_held = 0;
	log_setup(&quiet);
	assert(loop_fake_new(&w.loop, seed) == 0);
	assert(net_fake_new(&w.net, w.loop, NS_PER_US, NS_PER_MS) == 0);
	http_cfg_default(&cfg);
	cfg.body_max = BODY_MAX;
	cfg.bodies_max = 3 * BODY_MAX;
	cfg.header_max = 2048;
	cfg.streams_max = 10;
	assert(http_new(&w.http, w.loop, w.net, &cfg, handler, NULL) == 0);
	assert(ip_parse("::1", &lc.addr) == 0);
	assert(http_listen(w.http, &lc, NULL) == 0);
	cc.remote = cc.local = lc.addr;
	assert(net_connect(w.net, &cc, &client_ops, NULL, &w.client) == 0);
	run(5 * NS_PER_MS);
	assert(w.client);
}

static void down(void)
{
	w.client = net_conn_close(w.client);
	http_free(w.http);
	net_free(w.net);
	loop_free(w.loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rd in = rd_of(data, len);
	uint8_t mode = rd_u8(&in);

	if (rd_left(&in) > 64 * 1024)
		return 0;
	up(mode >> 4);
	if (mode & MODE_DEAF)
		net_conn_pause(w.client, true);
	if (mode & MODE_FRAMES)
		frames_send(in);
	else
		octets_send(in, mode & MODE_SLOW);
	run(NS_PER_S);
	if (mode & MODE_ABORT)
		w.client = net_conn_close(w.client);
	run(NS_PER_S);
	answer_held();
	run(3600 * NS_PER_S);
	if (w.client) /* who does not read does not see the end */
		net_conn_pause(w.client, false);
	run(NS_PER_S);
	assert(!w.client);
	down();
	for (unsigned i = 0; i < w.n_held; i++)
		assert(!w.held[i].req);
	return 0;
}
