/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 (RFC 9112) by http_parser. The parser pauses twice a request: after the head, where
 * what it is lenient about is refused (folded lines, bare line feeds, repeated lengths), and
 * after the body. One request at a time; what follows waits in tail.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "northbound/http/http_int.h"

/* The header before is whole: keeps it. */
static bool add_header(struct http_conn *c)
{
	struct http_req *r = c->cur;
	bool ok;

	if (!r->in_value)
		return true;
	r->in_value = false;
	/* The parser takes a space before the colon (RFC 9112 s5.1: a server must not). */
	if (strpbrk(str_text(&c->hname), " \t")) {
		http_req_refuse(r, 400, "a header name has a space in it");
		return false;
	}
	ok = http_req_header(r, str_text(&c->hname), c->hname.len, str_text(&c->hvalue),
			     c->hvalue.len);
	c->hname.len = c->hvalue.len = 0;
	if (!ok)
		http_req_refuse(r, 431, "the header fields are too large or too many");
	return ok;
}

static int on_begin(http_parser *p)
{
	struct http_conn *c = p->data;

	c->cur = http_req_new(c);
	if (!c->cur)
		return 1;
	c->hname.limit = c->hvalue.limit = c->h->cfg.header_max;
	c->hname.len = c->hvalue.len = 0;
	return 0;
}

static int on_url(http_parser *p, const char *at, size_t len)
{
	struct http_conn *c = p->data;

	str_addn(&c->cur->target, at, len);
	if (!c->cur->target.bad)
		return 0;
	http_req_refuse(c->cur, 414, "the request target is too long");
	return 1;
}

static int on_field(http_parser *p, const char *at, size_t len)
{
	struct http_conn *c = p->data;

	if (c->cur->head_done) /* a trailer: read, not kept */
		return 0;
	if (!add_header(c))
		return 1;
	for (size_t i = 0; i < len; i++) {
		char ch = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] - 'A' + 'a') : at[i];

		str_addn(&c->hname, &ch, 1);
	}
	if (!c->hname.bad)
		return 0;
	http_req_refuse(c->cur, 431, "a header name is too long");
	return 1;
}

static int on_value(http_parser *p, const char *at, size_t len)
{
	struct http_conn *c = p->data;

	if (c->cur->head_done)
		return 0;
	c->cur->in_value = true;
	str_addn(&c->hvalue, at, len);
	if (!c->hvalue.bad)
		return 0;
	http_req_refuse(c->cur, 431, "a header value is too long");
	return 1;
}

static int on_head(http_parser *p)
{
	struct http_conn *c = p->data;

	if (!add_header(c))
		return -1;
	p->upgrade = 0; /* an offer, not taken up */
	c->event = HTTP_1_HEAD;
	http_parser_pause(p, 1);
	return 0;
}

static int on_body(http_parser *p, const char *at, size_t len)
{
	struct http_conn *c = p->data;

	http_req_body(c->cur, at, len);
	return c->cur->refuse != 0;
}

static int on_done(http_parser *p)
{
	struct http_conn *c = p->data;

	c->cur->keep = p->http_minor == 1 && http_should_keep_alive(p);
	c->event = HTTP_1_DONE;
	http_parser_pause(p, 1);
	return 0;
}

static const http_parser_settings settings = {
	.on_message_begin = on_begin,
	.on_url = on_url,
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_headers_complete = on_head,
	.on_body = on_body,
	.on_message_complete = on_done,
};

void http_1_init(struct http_conn *c)
{
	c->proto = HTTP_PROTO_1;
	c->idle_since = loop_now(c->h->loop);
	c->in_head = true;
	http_parser_init(&c->hp, HTTP_REQUEST);
	c->hp.data = c;
}

/* What the parser forgives and RFC 9112 (s2.2, s5.2) lets a server refuse. */
static bool head_octets_ok(struct http_conn *c, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t b = data[i], last = c->last_octet;

		if ((b == '\n') != (last == '\r') || b == 0)
			return false;
		if ((b == ' ' || b == '\t') && last == '\n')
			return false;
		c->last_octet = b;
	}
	return true;
}

static unsigned count(const struct http_req *r, const char *name)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < r->n_headers; i++)
		n += strcmp(r->text.s + r->headers[i].name, name) == 0;
	return n;
}

/* NULL, or what is wrong with the framing of this request; *status then says how. */
static const char *framing(const struct http_conn *c, int *status)
{
	const struct http_req *r = c->cur;
	const char *te = http_header(r, "transfer-encoding");
	const char *expect = http_header(r, "expect");

	*status = 400;
	if (count(r, "content-length") + (te != NULL) > 1 || count(r, "transfer-encoding") > 1)
		return "more than one length is given";
	if (te && (strcasecmp(te, "chunked") != 0 || c->hp.http_minor == 0))
		return "the only transfer coding taken is chunked";
	if (count(r, "host") > 1 || (c->hp.http_minor == 1 && !count(r, "host")))
		return "exactly one Host header is needed";
	if (expect && strcasecmp(expect, "100-continue") != 0) {
		*status = 417;
		return "the only expectation met is 100-continue";
	}
	if (!te && c->hp.content_length != UINT64_MAX &&
	    c->hp.content_length > c->h->cfg.body_max) {
		*status = 413;
		return "the body is larger than this server takes";
	}
	return NULL;
}

/* The head is whole. False: refused, the answer is on its way. */
static bool head_check(struct http_conn *c)
{
	struct http_req *r = c->cur;
	bool body = http_header(r, "transfer-encoding") || (c->hp.content_length != UINT64_MAX &&
							    c->hp.content_length);
	const char *why, *host = http_header(r, "host");
	int status;

	str_copy(r->method, sizeof(r->method), http_method_str((enum http_method)c->hp.method));
	str_add(&r->authority, host ? host : "");
	if (c->hp.http_major != 1 || c->hp.http_minor > 1) {
		http_1_fail(c, 505, "HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here");
		return false;
	}
	if (c->hp.method == HTTP_CONNECT) {
		http_1_fail(c, 501, "this is not a proxy");
		return false;
	}
	why = framing(c, &status);
	if (why) {
		http_1_fail(c, status, why);
		return false;
	}
	http_req_head_done(r);
	if (r->refuse) {
		http_1_fail(c, r->refuse, r->refuse_why);
		return false;
	}
	if (body && c->hp.http_minor == 1 && http_header(r, "expect")) {
		static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

		http_conn_send(c, go_on, sizeof(go_on) - 1); /* a full queue: the client goes on by itself */
	}
	return true;
}

static const char *parser_why(const struct http_conn *c, int *status)
{
	enum http_errno e = HTTP_PARSER_ERRNO(&c->hp);

	*status = e == HPE_HEADER_OVERFLOW ? 431 : e == HPE_INVALID_METHOD ? 501 : 400;
	if (e == HPE_HEADER_OVERFLOW)
		return "the header fields are too large";
	return http_errno_description(e);
}

void http_1_fail(struct http_conn *c, int status, const char *why)
{
	struct http_req *r = c->cur;

	if (!r)
		r = c->cur = http_req_new(c);
	c->draining = true;
	c->drain_at = mono_add(loop_now(c->h->loop), HTTP_DRAIN_NS);
	http_buf_take(&c->tail, c->tail.len);
	http_conn_pause(c, false);
	if (!r)
		return;
	if (r->refuse && status == 400) { /* a callback stopped the parser and knew better */
		status = r->refuse;
		why = r->refuse_why;
	}
	if (!r->path)
		r->path = r->query = "";
	r->keep = false;
	r->refuse = 0;
	http_req_refuse(r, status, why);
	http_req_dispatch(r);
}

/* Parses until the current request is whole or the input ends; what was taken. */
static size_t feed(struct http_conn *c, const uint8_t *data, size_t len)
{
	size_t off = 0;

	while (off < len && !c->draining && !(c->cur && c->cur->dispatched)) {
		size_t n, seen;
		int status;

		c->event = HTTP_1_NOTHING;
		n = http_parser_execute(&c->hp, &settings, (const char *)data + off, len - off);
		seen = n + (c->event == HTTP_1_HEAD); /* it stops before the last line feed */
		if (c->in_head && !head_octets_ok(c, data + off, seen < len - off ? seen : len - off)) {
			http_1_fail(c, 400, "the head has a folded line or a bare CR, LF or NUL");
			return len;
		}
		off += n;
		if (c->event != HTTP_1_NOTHING) {
			http_parser_pause(&c->hp, 0);
		} else if (HTTP_PARSER_ERRNO(&c->hp) != HPE_OK) {
			const char *why = parser_why(c, &status);

			http_1_fail(c, status, why);
			return len;
		}
		if (c->event == HTTP_1_HEAD) {
			c->in_head = false;
			c->last_octet = '\r'; /* the line feed is still to come */
			if (!head_check(c))
				return len;
		} else if (c->event == HTTP_1_DONE) {
			c->in_head = true;
			c->last_octet = 0;
			http_req_dispatch(c->cur);
		}
	}
	return off;
}

bool http_1_data(struct http_conn *c, const uint8_t *data, size_t len)
{
	size_t n = 0;

	if (!c->tail.len)
		n = feed(c, data, len);
	if (n == len || c->draining)
		return true;
	if (c->tail.len + len - n > HTTP_TAIL_MAX || http_buf_add(&c->tail, data + n, len - n) < 0) {
		http_conn_close(c);
		return false;
	}
	if (c->tail.len > HTTP_TAIL_PAUSE)
		http_conn_pause(c, true);
	return true;
}

/* ---- answers ---- */

void http_1_head(struct http_req *r, const struct http_header *headers, size_t n, bool sized,
		 size_t body_len)
{
	struct str STR_AUTO b = { 0 };

	if (!sized && r->c->hp.http_minor == 0)
		r->keep = false;
	str_addf(&b, "HTTP/1.1 %d %s\r\ndate: %s\r\n", r->status, http_status_text(r->status),
		 http_date(r->h));
	for (size_t i = 0; i < n; i++)
		str_addf(&b, "%s: %s\r\n", headers[i].name, headers[i].value);
	if (sized && r->status != 204 && r->status != 304)
		str_addf(&b, "content-length: %zu\r\n", body_len);
	if (!sized && r->c->hp.http_minor == 1) {
		r->chunked = true;
		str_add(&b, "transfer-encoding: chunked\r\n");
	}
	if (!r->keep)
		str_add(&b, "connection: close\r\n");
	str_add(&b, "\r\n");
	if (b.bad || http_buf_add(&r->out, b.s, b.len) < 0)
		r->c->finish = true;
}

/* Moves the answer into net's queue. False: it is full. */
static bool pump(struct http_conn *c, struct http_req *r)
{
	while (r->out.len) {
		size_t n = r->out.len < HTTP_PIECE ? r->out.len : HTTP_PIECE;

		if (http_conn_send(c, r->out.at + r->out.off, n) != 0)
			return false;
		http_buf_take(&r->out, n);
	}
	return true;
}

/* False: the connection ended with this answer. */
static bool answered(struct http_conn *c, struct http_req *r)
{
	bool keep = r->keep && !c->finish;

	http_req_free(r);
	c->idle_since = loop_now(c->h->loop);
	if (keep || c->draining)
		return true;
	http_conn_end(c);
	return false;
}

bool http_1_run(struct http_conn *c)
{
	for (unsigned i = 0; i < HTTP_PIPELINE_TURN; i++) {
		struct http_req *r = c->cur;
		size_t n;

		if (r && r->dispatched) {
			if (!pump(c, r) || !r->ended)
				break;
			if (!answered(c, r))
				return false;
		}
		if (c->draining || !c->tail.len)
			break;
		n = feed(c, c->tail.at + c->tail.off, c->tail.len);
		if (!c->draining) /* what is refused has dropped the tail already */
			http_buf_take(&c->tail, n);
	}
	if (c->finish && !c->draining && !(c->cur && c->cur->out.len)) {
		http_conn_end(c);
		return false;
	}
	if (c->tail.len <= HTTP_TAIL_PAUSE)
		http_conn_pause(c, false);
	if (c->tail.len && !c->cur)
		loop_task_run(&c->task);
	return true;
}
