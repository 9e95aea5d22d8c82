/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 (RFC 9113) by nghttp2. Answers are submitted and sent from the connection's task
 * only. What a peer can make us do for nothing is counted: streams reset, pings, settings.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "log/log.h"
#include "northbound/http/http_int.h"

static struct http_req *stream(nghttp2_session *s, int32_t id)
{
	return nghttp2_session_get_stream_user_data(s, id);
}

static int on_begin(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
	struct http_conn *c = arg;
	struct http_req *r;

	if (f->hd.type != NGHTTP2_HEADERS || f->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	/* Requests whose stream was reset may still be with their handler. */
	if (c->finish || c->n_reqs >= c->h->cfg.streams_max)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	r = http_req_new(c);
	if (!r)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	r->sid = f->hd.stream_id;
	nghttp2_session_set_stream_user_data(s, f->hd.stream_id, r);
	return 0;
}

static void on_pseudo(struct http_req *r, const char *name, const char *value, size_t len)
{
	if (strcmp(name, ":path") == 0)
		str_addn(&r->target, value, len);
	else if (strcmp(name, ":authority") == 0)
		str_addn(&r->authority, value, len);
	else if (strcmp(name, ":method") == 0 && !str_copy(r->method, sizeof(r->method), value))
		http_req_refuse(r, 501, "the method is not known");
}

static int on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t nlen,
		     const uint8_t *value, size_t vlen, uint8_t flags, void *arg)
{
	struct http_req *r = stream(s, f->hd.stream_id);

	(void)flags;
	(void)arg;
	if (!r || r->refuse || r->head_done)
		return 0;
	/* nghttp2 ends names and values with NUL. */
	if (name[0] == ':') {
		on_pseudo(r, (const char *)name, (const char *)value, vlen);
		return 0;
	}
	if (nlen == 4 && memcmp(name, "host", 4) == 0 && !r->authority.len)
		str_addn(&r->authority, (const char *)value, vlen);
	if (!http_req_header(r, (const char *)name, nlen, (const char *)value, vlen))
		http_req_refuse(r, 431, "the header fields are too large or too many");
	return 0;
}

static int on_chunk(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
		    void *arg)
{
	struct http_req *r = stream(s, id);

	(void)flags;
	(void)arg;
	if (r && !r->dispatched)
		http_req_body(r, data, len);
	/* Answer at once; the stream is reset when the answer is out. */
	if (r && r->refuse && !r->dispatched)
		http_req_dispatch(r);
	return 0;
}

static void send_continue(nghttp2_session *s, const struct http_req *r)
{
	uint8_t name[] = ":status", value[] = "100";
	const nghttp2_nv nv = { name, value, 7, 3, NGHTTP2_NV_FLAG_NONE };

	nghttp2_submit_headers(s, NGHTTP2_FLAG_NONE, r->sid, NULL, &nv, 1, NULL);
}

/* A window of one second for what costs the peer nothing. */
static void count_abuse(struct http_conn *c, bool reset)
{
	uint64_t now = loop_now(c->h->loop).ns;

	if (now - c->reset_window_ns > NS_PER_S) {
		c->reset_window_ns = now;
		c->resets = c->controls = 0;
	}
	if (reset)
		c->resets++;
	else
		c->controls++;
	if (c->finish || (c->resets <= c->h->cfg.resets_max &&
			  c->controls <= 10 * c->h->cfg.resets_max))
		return;
	c->finish = true;
	metric_add(c->h->m_refused, 1);
	log_event("", LOG_WARN, "http.flood", "resets=%u controls=%u", c->resets, c->controls);
	nghttp2_session_terminate_session(c->ng, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void on_head(nghttp2_session *s, const nghttp2_frame *f, struct http_req *r)
{
	bool more = !(f->hd.flags & NGHTTP2_FLAG_END_STREAM);
	const char *cl, *expect;
	uint64_t len;

	http_req_head_done(r);
	cl = http_header(r, "content-length");
	if (!r->refuse && cl && str_u64(cl, &len) == 0 && len > r->h->cfg.body_max)
		http_req_refuse(r, 413, "the body is larger than this server takes");
	expect = http_header(r, "expect");
	if (more && !r->refuse && expect && strcmp(expect, "100-continue") == 0)
		send_continue(s, r);
	if (more && r->refuse)
		http_req_dispatch(r);
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
	struct http_conn *c = arg;
	struct http_req *r;

	switch (f->hd.type) {
	case NGHTTP2_RST_STREAM:
		count_abuse(c, true);
		return 0;
	case NGHTTP2_HEADERS:
	case NGHTTP2_DATA:
		break;
	case NGHTTP2_WINDOW_UPDATE:
		return 0;
	default: /* frame types are the peer's, not our enum */
		count_abuse(c, false);
		return 0;
	}
	r = stream(s, f->hd.stream_id);
	if (f->hd.type == NGHTTP2_DATA && f->hd.length == 0)
		count_abuse(c, false);
	if (!r)
		return 0;
	if (f->hd.type == NGHTTP2_HEADERS && !r->head_done)
		on_head(s, f, r);
	if ((f->hd.flags & NGHTTP2_FLAG_END_STREAM) && !r->dispatched && !c->finish)
		http_req_dispatch(r);
	return 0;
}

static int on_sent(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
	/* Answered before the request ended, which may never be (RFC 9113 s8.1). */
	if ((f->hd.type == NGHTTP2_HEADERS || f->hd.type == NGHTTP2_DATA) &&
	    (f->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
	    nghttp2_session_get_stream_remote_close(s, f->hd.stream_id) == 0)
		nghttp2_submit_rst_stream(s, NGHTTP2_FLAG_NONE, f->hd.stream_id, NGHTTP2_NO_ERROR);
	/* Resets the peer provokes from us cost the same as its own. */
	if (f->hd.type == NGHTTP2_RST_STREAM && f->rst_stream.error_code != NGHTTP2_NO_ERROR)
		count_abuse(arg, true);
	return 0;
}

static int on_close(nghttp2_session *s, int32_t id, uint32_t code, void *arg)
{
	struct http_conn *c = arg;
	struct http_req *r = stream(s, id);

	(void)code;
	if (!r)
		return 0;
	nghttp2_session_set_stream_user_data(s, id, NULL);
	c->idle_since = loop_now(c->h->loop);
	http_req_drop(r);
	return 0;
}

int http_2_callbacks(struct http *h)
{
	if (nghttp2_session_callbacks_new(&h->cb) != 0 || nghttp2_option_new(&h->opt) != 0)
		return -ENOMEM;
	nghttp2_session_callbacks_set_on_begin_headers_callback(h->cb, on_begin);
	nghttp2_session_callbacks_set_on_header_callback(h->cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(h->cb, on_chunk);
	nghttp2_session_callbacks_set_on_frame_recv_callback(h->cb, on_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(h->cb, on_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(h->cb, on_close);
	nghttp2_option_set_max_outbound_ack(h->opt, 200);
	nghttp2_option_set_max_settings(h->opt, 16);
	nghttp2_option_set_no_closed_streams(h->opt, 1);
	return 0;
}

int http_2_init(struct http_conn *c)
{
	const nghttp2_settings_entry set[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, c->h->cfg.streams_max },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 256 * 1024 },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)c->h->cfg.header_max },
	};

	if (nghttp2_session_server_new2(&c->ng, c->h->cb, c, c->h->opt) != 0)
		return err_raise(-ENOMEM);
	c->proto = HTTP_PROTO_2;
	c->idle_since = loop_now(c->h->loop);
	nghttp2_submit_settings(c->ng, NGHTTP2_FLAG_NONE, set, ARRAY_LEN(set));
	nghttp2_session_set_local_window_size(c->ng, NGHTTP2_FLAG_NONE, 0, 1024 * 1024);
	return 0;
}

bool http_2_data(struct http_conn *c, const uint8_t *data, size_t len)
{
	ssize_t n = nghttp2_session_mem_recv(c->ng, data, len);

	if (n < 0) /* a GOAWAY is queued; sent by the task, then the end */
		c->finish = true;
	return true;
}

void http_2_expire(struct http_conn *c, struct mono now)
{
	LIST_EACH(it, &c->reqs) {
		struct http_req *r = LIST_OF(it, struct http_req, link);

		if (!r->dispatched && !mono_before(now, http_req_deadline(r)) &&
		    nghttp2_submit_rst_stream(c->ng, NGHTTP2_FLAG_NONE, r->sid, NGHTTP2_CANCEL) != 0)
			c->finish = true;
	}
}

/* ---- answers ---- */

static ssize_t read_body(nghttp2_session *s, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
			 nghttp2_data_source *src, void *arg)
{
	struct http_req *r = src->ptr;
	size_t n = r->out.len < len ? r->out.len : len;

	(void)s;
	(void)id;
	(void)arg;
	if (n) {
		memcpy(buf, r->out.at + r->out.off, n);
		http_buf_take(&r->out, n);
	}
	if (!r->out.len && r->ended)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	else if (!n)
		return NGHTTP2_ERR_DEFERRED;
	return (ssize_t)n;
}

static nghttp2_nv nv_of(const char *name, const char *value)
{
	/* nghttp2 copies both and changes neither; its type is not const. */
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
			     strlen(value), NGHTTP2_NV_FLAG_NONE };
}

static void submit(struct http_conn *c, struct http_req *r)
{
	nghttp2_data_provider dp = { .source.ptr = r, .read_callback = read_body };
	bool body = !r->head_only && (r->out.len || !r->ended);
	nghttp2_nv nv[28];
	char status[8];
	size_t n = 0;

	r->submitted = true;
	snprintf(status, sizeof(status), "%d", r->status);
	nv[n++] = nv_of(":status", status);
	nv[n++] = nv_of("date", http_date(c->h));
	for (size_t i = 0; r->out_headers && i < r->n_out_headers && n < ARRAY_LEN(nv); i++)
		nv[n++] = nv_of(r->out_headers[i].name, r->out_headers[i].value);
	if (!r->out_headers || nghttp2_submit_response(c->ng, r->sid, nv, n, body ? &dp : NULL) != 0)
		nghttp2_submit_rst_stream(c->ng, NGHTTP2_FLAG_NONE, r->sid, NGHTTP2_INTERNAL_ERROR);
	free(r->out_headers);
	r->out_headers = NULL;
}

static void submit_all(struct http_conn *c)
{
	LIST_EACH(it, &c->reqs) {
		struct http_req *r = LIST_OF(it, struct http_req, link);

		if (!r->answered)
			continue;
		if (!r->submitted)
			submit(c, r);
		else if (r->out.len || r->ended)
			nghttp2_session_resume_data(c->ng, r->sid); /* fine when not deferred */
	}
}

/* False: net's queue is full. */
static bool flush(struct http_conn *c, bool *dead)
{
	const uint8_t *data;
	ssize_t n;

	*dead = false;
	if (c->pend.len) {
		if (http_conn_send(c, c->pend.at + c->pend.off, c->pend.len) != 0)
			return false;
		http_buf_take(&c->pend, c->pend.len);
	}
	while ((n = nghttp2_session_mem_send(c->ng, &data)) > 0) {
		if (http_conn_send(c, data, (size_t)n) == 0)
			continue;
		*dead = http_buf_add(&c->pend, data, (size_t)n) < 0;
		return false;
	}
	*dead = n < 0;
	return true;
}

bool http_2_run(struct http_conn *c)
{
	bool dead, drained;

	submit_all(c);
	drained = flush(c, &dead);
	http_conn_pause(c, !drained); /* who does not read is not read from */
	if (dead) {
		http_conn_close(c);
		return false;
	}
	if (drained && (c->finish || (!nghttp2_session_want_read(c->ng) &&
				      !nghttp2_session_want_write(c->ng)))) {
		http_conn_end(c);
		return false;
	}
	return true;
}
