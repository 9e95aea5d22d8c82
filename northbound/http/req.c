/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests: what was received, the answer, their life. A request belongs to its connection;
 * the handler may use it from dispatch until it has answered or its gone function ran.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "northbound/http/http_int.h"

int http_buf_add(struct http_buf *b, const void *data, size_t len)
{
	if (!len)
		return 0;
	if (b->off && b->off + b->len + len > b->cap) {
		memmove(b->at, b->at + b->off, b->len);
		b->off = 0;
	}
	if (b->len + len > b->cap) {
		size_t want = b->cap ? b->cap : 1024;
		uint8_t *p;

		while (want < b->len + len)
			want *= 2;
		p = realloc(b->at, want);
		if (!p)
			return err_raise(-ENOMEM);
		b->at = p;
		b->cap = want;
	}
	memcpy(b->at + b->off + b->len, data, len);
	b->len += len;
	return 0;
}

void http_buf_take(struct http_buf *b, size_t len)
{
	b->off += len;
	b->len -= len;
	if (b->len)
		return;
	b->off = 0;
	if (b->cap > HTTP_STREAM_BOUND) /* do not keep what one big answer needed */
		http_buf_fini(b);
}

void http_buf_fini(struct http_buf *b)
{
	free(b->at);
	*b = (struct http_buf){ 0 };
}

struct http_req *http_req_new(struct http_conn *c)
{
	struct http_req *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->h = c->h;
	r->c = c;
	r->start = loop_now(c->h->loop);
	r->target.limit = HTTP_TARGET_MAX;
	r->text.limit = c->h->cfg.header_max + HTTP_HEADERS_MAX * 2;
	r->authority.limit = 300;
	r->body.limit = c->h->cfg.body_max;
	list_add(&c->reqs, &r->link);
	c->n_reqs++;
	return r;
}

struct mono http_req_deadline(const struct http_req *r)
{
	const struct http_cfg *cfg = &r->h->cfg;

	return mono_add(r->start, cfg->header_ns_max + (r->head_done ? cfg->idle_ns_max : 0));
}

struct http_req *http_req_free(struct http_req *r)
{
	if (!r)
		return NULL;
	list_del(&r->link);
	if (r->c) {
		r->c->n_reqs--;
		if (r->c->cur == r)
			r->c->cur = NULL;
	}
	quota_give(&r->h->bodies, r->body_charged);
	str_fini(&r->target);
	str_fini(&r->text);
	str_fini(&r->authority);
	str_fini(&r->body);
	free(r->out_headers);
	http_buf_fini(&r->out);
	free(r);
	return NULL;
}

void http_req_drop(struct http_req *r)
{
	void (*gone)(void *) = r->gone;
	void *arg = r->gone_arg;

	if (!r->dispatched || r->ended) {
		http_req_free(r);
		return;
	}
	if (gone) {
		http_req_free(r);
		gone(arg);
		return;
	}
	/* Its handler will answer later, into the void. */
	list_del(&r->link);
	r->c->n_reqs--;
	if (r->c->cur == r)
		r->c->cur = NULL;
	r->c = NULL;
	http_buf_fini(&r->out);
	list_add(&r->h->orphans, &r->link);
}

bool http_req_header(struct http_req *r, const char *name, size_t nlen, const char *value,
		     size_t vlen)
{
	struct http_pair *p;

	r->head_bytes += nlen + vlen + 4;
	if (r->n_headers == HTTP_HEADERS_MAX || r->head_bytes > r->h->cfg.header_max)
		return false;
	p = &r->headers[r->n_headers];
	p->name = (uint32_t)r->text.len;
	str_addn(&r->text, name, nlen);
	str_addn(&r->text, "", 1);
	p->value = (uint32_t)r->text.len;
	str_addn(&r->text, value, vlen);
	str_addn(&r->text, "", 1);
	if (r->text.bad)
		return false;
	r->n_headers++;
	return true;
}

void http_req_body(struct http_req *r, const void *data, size_t len)
{
	if (r->refuse)
		return;
	if (len > r->h->cfg.body_max - r->body.len) {
		http_req_refuse(r, 413, "the body is larger than this server takes");
		return;
	}
	if (!quota_take(&r->h->bodies, len)) {
		http_req_refuse(r, 503, "too many request bodies at once, try again");
		return;
	}
	r->body_charged += len;
	str_addn(&r->body, data, len);
	if (r->body.bad)
		http_req_refuse(r, 503, "no memory for the body, try again");
}

void http_req_refuse(struct http_req *r, int status, const char *why)
{
	if (r->refuse)
		return;
	r->refuse = status;
	r->refuse_why = why;
	quota_give(&r->h->bodies, r->body_charged);
	r->body_charged = 0;
	str_fini(&r->body);
}

/*
 * A browser can be led to a loopback server under a foreign name (DNS rebinding), and loopback
 * is admin: only names that mean this host, or literal addresses, are answered there.
 */
static bool host_is_here(const char *host)
{
	char name[300];
	size_t n = strcspn(host, ":");
	struct ip_addr a;

	if (host[0] == '[') {
		const char *end = strchr(host, ']');

		n = end ? (size_t)(end - host) - 1 : 0;
		host++;
	}
	if (n == 0 || n >= sizeof(name))
		return false;
	memcpy(name, host, n);
	name[n] = '\0';
	if (strcasecmp(name, "localhost") == 0)
		return true;
	if (n > 10 && strcasecmp(name + n - 10, ".localhost") == 0)
		return true;
	return ip_parse(name, &a) == 0;
}

/* Absolute form (RFC 9112 s3.2.2): the path starts after the authority. */
static char *target_path(char *t)
{
	char *p = strstr(t, "://");

	if (t[0] == '/' || !p)
		return t;
	return strpbrk(p + 3, "/?");
}

void http_req_head_done(struct http_req *r)
{
	char *t, *q;

	r->head_done = true;
	r->path = r->query = "";
	if (r->refuse)
		return;
	if (r->target.bad || !r->target.len) {
		http_req_refuse(r, 414, "the request target is too long");
		return;
	}
	t = target_path(r->target.s);
	if (!t || (t[0] != '/' && strcmp(t, "*") != 0) || strlen(t) != r->target.len -
	    (size_t)(t - r->target.s) || strchr(t, '#')) {
		http_req_refuse(r, 400, "the request target is not a path");
		return;
	}
	r->path = t;
	q = strchr(t, '?');
	if (q) {
		*q = '\0';
		r->query = q + 1;
	}
	if (!r->c->tls && ip_is_loopback(&r->c->user.from) &&
	    !host_is_here(str_text(&r->authority)))
		http_req_refuse(r, 421, "this listener is for localhost or literal addresses");
}

void http_req_dispatch(struct http_req *r)
{
	r->dispatched = true;
	r->head_only = strcmp(r->method, "HEAD") == 0;
	if (r->refuse) {
		http_req_reply_error(r, r->refuse, r->refuse_why);
		return;
	}
	r->h->fn(r->h->arg, r);
}

/* ---- what handlers use ---- */

const char *http_method(const struct http_req *r)
{
	return r->method;
}

const char *http_path(const struct http_req *r)
{
	return r->path;
}

const char *http_query(const struct http_req *r)
{
	return r->query;
}

const char *http_header(const struct http_req *r, const char *lower_name)
{
	for (uint32_t i = 0; i < r->n_headers; i++)
		if (strcmp(r->text.s + r->headers[i].name, lower_name) == 0)
			return r->text.s + r->headers[i].value;
	return NULL;
}

const char *http_body(const struct http_req *r, size_t *len)
{
	*len = r->body.len;
	return str_text(&r->body);
}

const struct http_user *http_user(const struct http_req *r)
{
	static const struct http_user nobody = { .name = "", .role = HTTP_ROLE_NONE };

	return r->c ? &r->c->user : &nobody;
}

void http_on_gone(struct http_req *r, void (*fn)(void *arg), void *arg)
{
	r->gone = fn;
	r->gone_arg = arg;
}

static const struct {
	int status;
	const char *text, *tag;
} statuses[] = {
	{ 100, "Continue", "" },
	{ 200, "OK", "" },
	{ 201, "Created", "" },
	{ 204, "No Content", "" },
	{ 304, "Not Modified", "" },
	{ 400, "Bad Request", "malformed-message" },
	{ 401, "Unauthorized", "access-denied" },
	{ 403, "Forbidden", "access-denied" },
	{ 404, "Not Found", "invalid-value" },
	{ 405, "Method Not Allowed", "operation-not-supported" },
	{ 406, "Not Acceptable", "invalid-value" },
	{ 408, "Request Timeout", "operation-failed" },
	{ 409, "Conflict", "in-use" },
	{ 411, "Length Required", "malformed-message" },
	{ 412, "Precondition Failed", "operation-failed" },
	{ 413, "Content Too Large", "too-big" },
	{ 414, "URI Too Long", "too-big" },
	{ 415, "Unsupported Media Type", "invalid-value" },
	{ 417, "Expectation Failed", "invalid-value" },
	{ 421, "Misdirected Request", "access-denied" },
	{ 431, "Request Header Fields Too Large", "too-big" },
	{ 500, "Internal Server Error", "operation-failed" },
	{ 501, "Not Implemented", "operation-not-supported" },
	{ 503, "Service Unavailable", "resource-denied" },
	{ 505, "HTTP Version Not Supported", "operation-not-supported" },
	{ 507, "Insufficient Storage", "resource-denied" },
};

static size_t status_row(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].status == status)
			return i;
	return ARRAY_LEN(statuses);
}

const char *http_status_text(int status)
{
	size_t i = status_row(status);

	return i < ARRAY_LEN(statuses) ? statuses[i].text : "Status";
}

void http_req_count(struct http_req *r)
{
	char labels[64];

	snprintf(labels, sizeof(labels), "code=\"%d\"", r->status);
	metric_add(metric_counter("sextant_http_requests_total", "HTTP requests answered.", labels),
		   1);
	metric_observe_ns(r->h->m_time, mono_since(r->start, loop_now(r->h->loop)));
}

/* The one API here is RESTCONF, so what HTTP itself refuses has that shape too. */
void http_req_reply_error(struct http_req *r, int status, const char *why)
{
	const struct http_header headers[] = {
		{ "content-type", "application/yang-data+json" },
		{ "cache-control", "no-cache" },
	};
	struct str STR_AUTO b = { 0 };
	size_t i = status_row(status);

	str_add(&b, "{\"ietf-restconf:errors\":{\"error\":[{\"error-type\":\"transport\","
		    "\"error-tag\":");
	str_json(&b, i < ARRAY_LEN(statuses) ? statuses[i].tag : "operation-failed");
	str_add(&b, ",\"error-message\":");
	str_json(&b, why);
	str_add(&b, "}]}}");
	metric_add(r->h->m_refused, 1);
	http_reply(r, status, headers, ARRAY_LEN(headers), str_text(&b), b.len);
}

/* Headers of an HTTP/2 answer wait for the connection's task: copies in one block. */
static void keep_headers(struct http_req *r, const struct http_header *h, size_t n)
{
	size_t size = n * sizeof(*h);
	char *p;

	for (size_t i = 0; i < n; i++)
		size += strlen(h[i].name) + strlen(h[i].value) + 2;
	r->out_headers = malloc(size ? size : 1);
	if (!r->out_headers)
		return;
	r->n_out_headers = n;
	p = (char *)(r->out_headers + n);
	for (size_t i = 0; i < n; i++) {
		size_t nl = strlen(h[i].name) + 1, vl = strlen(h[i].value) + 1;

		r->out_headers[i].name = memcpy(p, h[i].name, nl);
		r->out_headers[i].value = memcpy(p + nl, h[i].value, vl);
		p += nl + vl;
	}
}

static bool bodyless(const struct http_req *r)
{
	return r->head_only || r->status == 204 || r->status == 304;
}

void http_reply(struct http_req *r, int status, const struct http_header *headers, size_t n_headers,
		const void *body, size_t len)
{
	if (!r->c) {
		http_req_free(r);
		return;
	}
	r->status = status;
	r->answered = r->ended = true;
	r->gone = NULL;
	if (r->c->proto == HTTP_PROTO_2) {
		struct http_header all[24];
		char cl[24];
		size_t n = n_headers < 22 ? n_headers : 22;

		if (n)
			memcpy(all, headers, n * sizeof(*all));
		snprintf(cl, sizeof(cl), "%zu", len);
		if (status != 204 && status != 304)
			all[n++] = (struct http_header){ "content-length", cl };
		keep_headers(r, all, n);
	} else {
		http_1_head(r, headers, n_headers, true, len);
	}
	if (!bodyless(r) && http_buf_add(&r->out, body, len) < 0)
		r->c->finish = true; /* a short body: the close tells */
	http_req_count(r);
	loop_task_run(&r->c->task);
}

void http_stream_start(struct http_req *r, int status, const struct http_header *headers,
		       size_t n_headers, http_room_fn room, void *arg)
{
	if (!r->c)
		return;
	r->status = status;
	r->answered = r->streaming = true;
	r->room = room;
	r->room_arg = arg;
	if (r->c->proto == HTTP_PROTO_2)
		keep_headers(r, headers, n_headers);
	else
		http_1_head(r, headers, n_headers, false, 0);
	http_req_count(r);
	loop_task_run(&r->c->task);
}

int http_stream_write(struct http_req *r, const void *data, size_t len)
{
	char size[24];
	int r1 = 0;

	if (!r->c || bodyless(r) || !len)
		return 0;
	if (r->out.len && r->out.len + len > HTTP_STREAM_BOUND) {
		r->want_room = true;
		return HTTP_E_FULL;
	}
	if (r->chunked) {
		snprintf(size, sizeof(size), "%zx\r\n", len);
		r1 |= http_buf_add(&r->out, size, strlen(size));
	}
	r1 |= http_buf_add(&r->out, data, len);
	if (r->chunked)
		r1 |= http_buf_add(&r->out, "\r\n", 2);
	if (r1 < 0)
		r->c->finish = true;
	loop_task_run(&r->c->task);
	return 0;
}

size_t http_stream_queued(const struct http_req *r)
{
	return r->out.len;
}

void http_stream_end(struct http_req *r)
{
	if (!r->c) {
		http_req_free(r);
		return;
	}
	r->ended = true;
	r->gone = NULL;
	r->want_room = false;
	if (r->chunked && !bodyless(r) && http_buf_add(&r->out, "0\r\n\r\n", 5) < 0)
		r->c->finish = true;
	loop_task_run(&r->c->task);
}
