/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A world of one server and raw clients on the fake network, and what its handler does. */
#include <check.h>
#include <stdbool.h>

#include "northbound/http/http.h"

struct world {
	struct loop *loop;
	struct net *net;
	struct http *http;
	struct http_cfg cfg;
	uint16_t port;
	/* what the handler saw last */
	unsigned n_requests;
	char method[20], path[300], query[300], body[2000], user[128];
	size_t body_len;
	enum http_role role;
	/* late and streamed answers */
	struct http_req *held;
	bool gone;
	size_t to_stream, streamed;
	unsigned rooms;
};

struct client {
	struct world *w;
	struct net_conn *nc;
	struct str rx;
	bool up, tls_up, down, reading;
	size_t total;
};

void world_up(struct world *w, void (*tune)(struct http_cfg *cfg));
void world_down(struct world *w);
void world_run(struct world *w, uint64_t ns);
struct client *client_new(struct world *w);
void client_free(struct client *c);
void client_send(struct client *c, const char *text);
void client_sendn(struct client *c, const void *data, size_t len);
/* Sends, waits, returns everything that came. */
const char *client_ask(struct client *c, const char *text);
unsigned client_count(const struct client *c, const char *needle);
#define ck_has(text, needle)                                                                       \
	ck_assert_msg(strstr((text), (needle)) != NULL, "no \"%s\" in:\n%.2000s", (needle), (text))
#define ck_lacks(text, needle)                                                                     \
	ck_assert_msg(strstr((text), (needle)) == NULL, "\"%s\" in:\n%.2000s", (needle), (text))

Suite *suite_h2(void);
