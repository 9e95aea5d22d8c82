/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * HTTP/1.1 and HTTP/2 server on net's connections. The loop thread only. A handler gets a
 * whole request (body bounded by cfg), answers now or later, or streams (SSE).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "net/net.h"

struct http;
struct http_req;

struct http_header {
	const char *name, *value; /* names lower case */
};

/* Roles of RFC 8341-like access; what a route needs is checked by restconf. */
enum http_role {
	HTTP_ROLE_NONE,
	HTTP_ROLE_READ,
	HTTP_ROLE_OPERATE,
	HTTP_ROLE_ADMIN,
};

struct http_user {
	char name[128];	     /* certificate CN, or "local" on loopback and unix sockets */
	enum http_role role;
	struct ip_addr from;
};

struct http_cfg {
	size_t body_max;	/* default 8 MiB */
	size_t header_max;	/* default 64 KiB */
	uint64_t header_ns_max; /* slowloris: time for a complete request head, default 10 s */
	uint64_t idle_ns_max;	/* default 75 s */
	uint32_t conns_max, streams_max; /* default 512 connections, 100 streams each */
	uint64_t bodies_max;	/* octets of request bodies held by all connections, default 64 MiB */
	uint32_t resets_max;	/* streams reset within a second before the connection ends, default 100 */
	/* Maps a verified certificate name to a role. Plain loopback connections are admin. */
	enum http_role (*role_of)(void *arg, const char *cert_name);
	void *role_arg;
};

void http_cfg_default(struct http_cfg *cfg);

/* What a listener's TLS offers: "h2", "http/1.1". For net_tls_cfg.alpn. */
extern const char *const http_alpn[];

/* Gets each complete request. req stays valid until it is answered or gone was called. */
typedef void (*http_handler_fn)(void *arg, struct http_req *req);

int http_new(struct http **outp, struct loop *loop, struct net *net, const struct http_cfg *cfg,
	     http_handler_fn fn, void *arg);
struct http *http_free(struct http *h);
AUTO_DEFINE(struct http, http_free)
/* tls NULL: plaintext, refused (-EPERM) unless addr is loopback. */
int http_listen(struct http *h, const struct net_listen_cfg *cfg, struct net_tls *tls);
void http_unlisten_all(struct http *h);
uint16_t http_port(const struct http *h); /* of the first listener */

const char *http_method(const struct http_req *r);
const char *http_path(const struct http_req *r);  /* raw, percent-encoded, without query */
const char *http_query(const struct http_req *r); /* raw, "" when none */
const char *http_header(const struct http_req *r, const char *lower_name); /* NULL when absent */
const char *http_body(const struct http_req *r, size_t *len);
const struct http_user *http_user(const struct http_req *r);
/* For late answers: fn is called if the client goes away first; the req is then dead. */
void http_on_gone(struct http_req *r, void (*fn)(void *arg), void *arg);

/* Answers once; the body is copied. HEAD and 204/304 send no body by themselves. After this,
 * or http_stream_end(), the req is not the caller's any more. */
void http_reply(struct http_req *r, int status, const struct http_header *headers, size_t n_headers,
		const void *body, size_t len);

/* A streamed body: head first, then pieces as room allows. */
typedef void (*http_room_fn)(void *arg); /* there is room again (below half of the bound) */
void http_stream_start(struct http_req *r, int status, const struct http_header *headers,
		       size_t n_headers, http_room_fn room, void *arg);
enum { HTTP_E_FULL = 1, HTTP_STREAM_BOUND = 256 * 1024 };
/* 0 or HTTP_E_FULL: nothing taken, room will be called. Into an empty stream anything fits. */
int http_stream_write(struct http_req *r, const void *data, size_t len);
/* Octets written and not yet handed to the connection. */
size_t http_stream_queued(const struct http_req *r);
void http_stream_end(struct http_req *r);
