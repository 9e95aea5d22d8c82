/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A server with a few methods and a channel to it, on the gRPC core or on the fake. */
#include <stdbool.h>

#include "base/str.h"
#include "certs.h"
#include "rpc/rpc.h"

enum { FLOOD_OCTETS = 16 << 10, FLOOD_MESSAGES = 400 };

extern struct loop *loop;
extern struct rpc *rpc;
extern struct rpc_server *server;
extern struct rpc_channel *channel;
extern struct rpc_tls *server_tls, *client_tls;
extern struct certs certs;
extern struct ip_addr lo;

/* What the server saw. */
extern struct seen {
	unsigned accepted, messages, done, ended;
	struct rpc_call *call; /* the newest taken and not over */
	struct rpc_status end;
	bool full; /* the flood met a full queue */
	size_t queued_max;
	unsigned flooded;
} seen;

/* A client's call as the test sees it. */
struct asked {
	struct rpc_call *call;
	bool ended;
	struct rpc_status st;
	struct str got;
	unsigned messages, writable;
};

void world_up(int fake);
void world_up_cfg(int fake, const struct rpc_server_cfg *cfg);
void world_down(void);
void dial(uint16_t port); /* another channel in place of the one there is */
/* Turns the loop until *flag, or ms passed: false. */
bool run_until(const bool *flag, uint64_t ms);
/* Until *n is at least want. */
bool run_count(const unsigned *n, unsigned want, uint64_t ms);
void ask(struct asked *a, const char *method, const char *text, uint64_t timeout_ms);
void ask_with(struct asked *a, const char *method, const struct rpc_meta *meta, size_t n);
int try_with(struct asked *a, const char *method, const struct rpc_meta *meta, size_t n);
void open_stream(struct asked *a, const char *method, uint64_t timeout_ms);
void asked_fini(struct asked *a);
