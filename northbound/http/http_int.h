/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Inside northbound/http. A connection speaks one version for life; every request is a
 * struct http_req on its connection's list. Answers only mark the request and schedule the
 * connection's task: nothing is sent, parsed on, or freed from inside a handler.
 */
#include <http_parser.h>
#include <nghttp2/nghttp2.h>

#include "base/list.h"
#include "base/quota.h"
#include "log/metric.h"
#include "northbound/http/http.h"

enum {
	HTTP_SEND_MAX = 512 * 1024, /* net's queue per connection */
	HTTP_READ_MAX = 64 * 1024,
	HTTP_TAIL_PAUSE = 64 * 1024, /* pipelined octets held before reading stops */
	HTTP_TAIL_MAX = 512 * 1024,
	HTTP_HEADERS_MAX = 128,
	HTTP_TARGET_MAX = 8 * 1024,
	HTTP_PIECE = 16 * 1024,
	HTTP_PIPELINE_TURN = 16, /* pipelined requests a turn of the loop */
};

#define HTTP_LINGER_NS (5 * NS_PER_S)
#define HTTP_DRAIN_NS (2 * NS_PER_S)

struct http_buf {
	uint8_t *at;
	size_t off, len, cap; /* len octets from off */
};

int http_buf_add(struct http_buf *b, const void *data, size_t len); /* 0 or -ENOMEM */
void http_buf_take(struct http_buf *b, size_t len);
void http_buf_fini(struct http_buf *b);

struct http_pair {
	uint32_t name, value; /* offsets in text */
};

struct http_req {
	struct list link;
	struct http *h;
	struct http_conn *c; /* NULL: the client is gone and nobody wanted to know */
	int32_t sid;	     /* HTTP/2 stream */
	struct mono start;
	/* request */
	char method[20];
	struct str target; /* as received; path and query point into it when the head is done */
	const char *path, *query;
	struct str text; /* header names and values, each NUL terminated */
	struct http_pair headers[HTTP_HEADERS_MAX];
	uint32_t n_headers;
	size_t head_bytes;
	struct str authority;
	struct str body;
	size_t body_charged;
	int refuse; /* status: found bad while reading */
	const char *refuse_why;
	bool head_done, dispatched, in_value;
	/* answer */
	bool head_only, answered, submitted, streaming, ended, chunked, want_room, keep;
	int status;
	struct http_header *out_headers; /* HTTP/2, until submitted; one block */
	size_t n_out_headers;
	struct http_buf out;
	void (*gone)(void *arg);
	void *gone_arg;
	http_room_fn room;
	void *room_arg;
};

enum http_proto {
	HTTP_PROTO_NEW,
	HTTP_PROTO_1,
	HTTP_PROTO_2,
};

struct http_conn {
	struct list link;
	struct http *h;
	struct net_conn *nc;
	struct http_user user;
	enum http_proto proto;
	bool tls;
	bool paused;
	bool draining; /* an error was answered: the rest of the input is dropped */
	bool finish;   /* close when everything is sent */
	struct mono start, idle_since, progress_at, drain_at;
	size_t queued_seen;
	struct loop_timer timer;
	struct loop_task task;
	struct list reqs;
	uint32_t n_reqs;
	/* HTTP/1 */
	http_parser hp;
	struct http_req *cur;
	struct http_buf tail;
	struct str hname, hvalue; /* of the header being read */
	uint8_t last_octet;	  /* of the head, to see folded lines and bare line feeds */
	bool in_head;
	enum { HTTP_1_NOTHING, HTTP_1_HEAD, HTTP_1_DONE } event; /* why the parser paused */
	/* HTTP/2 */
	nghttp2_session *ng;
	struct http_buf pend; /* what nghttp2 gave and net refused */
	uint64_t reset_window_ns;
	uint32_t resets, controls;
};

struct http_listener {
	struct list link;
	struct http *h;
	struct net_listener *nl;
	struct net_tls *tls;
};

struct http {
	struct loop *loop;
	struct net *net;
	struct http_cfg cfg;
	http_handler_fn fn;
	void *arg;
	struct list listeners, conns, orphans;
	uint32_t n_conns;
	struct quota bodies;
	nghttp2_session_callbacks *cb;
	nghttp2_option *opt;
	uint64_t date_s;
	char date[40];
	struct metric *m_conns, *m_time, *m_refused;
};

/* http.c */
void http_conn_close(struct http_conn *c); /* gone callbacks run; c is freed */
void http_conn_end(struct http_conn *c);   /* the same, but what is queued is still sent */
void http_conn_arm(struct http_conn *c);
void http_conn_pause(struct http_conn *c, bool paused);
/* 0, or NET_E_FULL: nothing taken. */
int http_conn_send(struct http_conn *c, const void *data, size_t len);
const char *http_date(struct http *h);

/* req.c */
struct http_req *http_req_new(struct http_conn *c);
/* When it must be whole, while it is still being received. */
struct mono http_req_deadline(const struct http_req *r);
struct http_req *http_req_free(struct http_req *r);
/* The client or its stream is gone: tells the handler when it still owns r, frees it. */
void http_req_drop(struct http_req *r);
bool http_req_header(struct http_req *r, const char *name, size_t nlen, const char *value,
		     size_t vlen);
void http_req_body(struct http_req *r, const void *data, size_t len);
/* Splits the target, checks what both versions share; sets refuse. */
void http_req_head_done(struct http_req *r);
/* Hands a whole request to the handler, or answers its refusal. */
void http_req_dispatch(struct http_req *r);
void http_req_refuse(struct http_req *r, int status, const char *why);
void http_req_reply_error(struct http_req *r, int status, const char *why);
void http_req_count(struct http_req *r);
const char *http_status_text(int status);

/* h1.c, h2.c: false when the connection was closed */
void http_1_init(struct http_conn *c);
bool http_1_data(struct http_conn *c, const uint8_t *data, size_t len);
bool http_1_run(struct http_conn *c);
void http_1_fail(struct http_conn *c, int status, const char *why);
void http_1_head(struct http_req *r, const struct http_header *headers, size_t n, bool sized,
		 size_t body_len);
int http_2_init(struct http_conn *c);
bool http_2_data(struct http_conn *c, const uint8_t *data, size_t len);
bool http_2_run(struct http_conn *c);
void http_2_expire(struct http_conn *c, struct mono now);
int http_2_callbacks(struct http *h);
