/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * gRPC: channels and calls towards servers, servers and the calls of their clients. Two
 * backends behind one interface: the gRPC C core, and calls in memory on a fake loop (seeded
 * delays, cuts, blocks) for tests. Loop thread only; callbacks come from the loop, never from
 * inside a call downwards.
 *
 * Messages are octets here; rpc/proto/pb.h turns them into structs and back, safely.
 *
 * A call has one owner. It ends once: `end` is told, or the owner gave it up (rpc_call_cancel,
 * rpc_call_finish, rpc_call_reply, or by freeing its channel or server) and is told nothing
 * any more. Either way it must not be touched afterwards. Every callback may do either.
 *
 * A client, one question and one answer:
 *	rpc_unary(channel, &cfg, req, req_len, answered, arg, &call);
 * A client's stream:
 *	rpc_call_new(channel, &cfg, &ops, arg, &call); rpc_call_send(call, …); … rpc_call_send_end(call);
 * A server:
 *	static void accept(void *arg, struct rpc_call *call)
 *	{
 *		if (strcmp(rpc_call_method(call), "/gnmi.gNMI/Get") == 0)
 *			rpc_call_take(call, &get_ops, arg);	(get_ops.message calls rpc_call_reply)
 *	}						(not taken: the client is told UNIMPLEMENTED)
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/ip.h"
#include "loop/loop.h"

struct rpc;	    /* the runtime: one a process */
struct rpc_tls;	    /* certificates, shared by channels and servers */
struct rpc_channel; /* one peer we call */
struct rpc_server;
struct rpc_call;

enum {
	RPC_TEXT_MAX = 256,
	RPC_NAME_MAX = 128,		   /* method, metadata, names of peers */
	RPC_META_MAX = 8,		   /* metadata we send with a call */
	RPC_RECV_MAX = 4 << 20,		   /* octets of a message, when not told otherwise */
	RPC_SEND_MAX = 1 << 20,		   /* octets queued a call, when not told otherwise */
	RPC_MESSAGE_MAX = 64 << 20,	   /* octets of a message, whatever was told */
	RPC_CALLS_MAX = 256,		   /* of all clients of a server, when not told otherwise */
};

/* gRPC's status codes, by their numbers. */
enum rpc_code {
	RPC_OK = 0,
	RPC_CANCELLED = 1,
	RPC_UNKNOWN = 2,
	RPC_INVALID_ARGUMENT = 3,
	RPC_DEADLINE_EXCEEDED = 4,
	RPC_NOT_FOUND = 5,
	RPC_ALREADY_EXISTS = 6,
	RPC_PERMISSION_DENIED = 7,
	RPC_RESOURCE_EXHAUSTED = 8,
	RPC_FAILED_PRECONDITION = 9,
	RPC_ABORTED = 10,
	RPC_OUT_OF_RANGE = 11,
	RPC_UNIMPLEMENTED = 12,
	RPC_INTERNAL = 13,
	RPC_UNAVAILABLE = 14,
	RPC_DATA_LOSS = 15,
	RPC_UNAUTHENTICATED = 16,
};

struct rpc_status {
	enum rpc_code code; /* a number gRPC does not know is RPC_UNKNOWN */
	char text[RPC_TEXT_MAX]; /* as the peer or gRPC worded it, without control characters */
};

const char *rpc_code_text(enum rpc_code code); /* "UNAVAILABLE" */

/* ---- the runtime ---- */

/* Starts gRPC's threads: after daemonising, never before a fork without exec. */
int rpc_new(struct rpc **outp, struct loop *loop);
/* No threads, no sockets, no TLS: channels find the servers of the same runtime by address and
 * port; a message arrives after a seeded delay in [min, max]. */
int rpc_fake_new(struct rpc **outp, struct loop *loop, uint64_t delay_ns_min, uint64_t delay_ns_max);
/* Ends what is left of servers, channels and calls (nobody is told) and waits for gRPC's
 * threads. Not from inside a callback. */
struct rpc *rpc_free(struct rpc *rpc);
AUTO_DEFINE(struct rpc, rpc_free)
/* Fake only: ends every call to the servers at this address as a broken connection does; while
 * blocked, calls to them and what is on its way get nowhere, in silence. */
void rpc_fake_cut(struct rpc *rpc, const struct ip_addr *server);
void rpc_fake_block(struct rpc *rpc, const struct ip_addr *server, bool blocked);

/* ---- certificates: mutual TLS 1.2 or 1.3, always ---- */

struct rpc_tls_cfg {
	const char *ca_file;		  /* whom to trust */
	const char *cert_file, *key_file; /* who we are; PEM, the chain in one file */
};

/* 0, or -errno with the file named in err (which has err_cap octets). Reads files. */
int rpc_tls_new(struct rpc_tls **outp, struct rpc *rpc, const struct rpc_tls_cfg *cfg, char *err,
		size_t err_cap);
/* Reads the files again: for handshakes and channels' new calls from now on. On an error what
 * was read before stays. */
int rpc_tls_reload(struct rpc_tls *tls, char *err, size_t err_cap);
/* The owner's; channels and servers made from it keep what they need. */
struct rpc_tls *rpc_tls_free(struct rpc_tls *tls);
AUTO_DEFINE(struct rpc_tls, rpc_tls_free)

/* ---- channels ---- */

struct rpc_channel_cfg {
	struct ip_addr remote;
	uint16_t port;
	struct rpc_tls *tls;	 /* may be NULL on a fake runtime */
	const char *server_name; /* what the certificate must be for; NULL: for the address */
	size_t recv_max;	 /* octets of a message; 0: RPC_RECV_MAX */
	uint64_t keepalive_ns;	 /* HTTP/2 pings while calls are open; 0: none. Many servers end a
				  * connection that pings more often than every 5 minutes */
};

/* Connects with the first call, and again with a later one (gRPC backs off between). For a try
 * at once: free it and make another. */
int rpc_channel_new(struct rpc_channel **outp, struct rpc *rpc, const struct rpc_channel_cfg *cfg);
struct rpc_channel *rpc_channel_free(struct rpc_channel *ch); /* its calls are gone, untold */
AUTO_DEFINE(struct rpc_channel, rpc_channel_free)

/* ---- calls, both sides ---- */

struct rpc_call_ops {
	/* A message; data until it returns. */
	void (*message)(void *arg, struct rpc_call *call, const uint8_t *data, size_t len);
	/* Server: the client will send no more. May be NULL. */
	void (*peer_done)(void *arg, struct rpc_call *call);
	/* The send queue, which was full, fell to half. May be NULL. */
	void (*writable)(void *arg, struct rpc_call *call);
	/* Client: the server's status, or why there is none. Server: the client cancelled, its
	 * time ran out or the connection broke. The call is gone when it returns. May be NULL. */
	void (*end)(void *arg, struct rpc_call *call, const struct rpc_status *st);
	/* Server: exactly one message is expected; a client that sends none or a second one is
	 * refused, and `end` told. */
	bool unary;
};

struct rpc_meta {
	const char *key, *value; /* key: [a-z0-9-_.], not ending in -bin; value: printable ASCII */
};

struct rpc_call_cfg {
	const char *method;	/* "/gnmi.gNMI/Get" */
	uint64_t timeout_ns;	/* from now on; 0: none (streams) */
	const struct rpc_meta *meta;
	size_t n_meta;
	size_t send_max;	/* octets queued; 0: RPC_SEND_MAX */
};

/* The call leaves with its first message. */
int rpc_call_new(struct rpc_call **outp, struct rpc_channel *ch, const struct rpc_call_cfg *cfg,
		 const struct rpc_call_ops *ops, void *arg);

/* Told once; data (NULL, 0 unless st->code is RPC_OK) until it returns. */
typedef void (*rpc_answer_fn)(void *arg, const struct rpc_status *st, const uint8_t *data, size_t len);
/* outp may be NULL; what it gives is for rpc_call_cancel() only. */
int rpc_unary(struct rpc_call **outp, struct rpc_channel *ch, const struct rpc_call_cfg *cfg,
	      const void *data, size_t len, rpc_answer_fn fn, void *arg);

enum { RPC_E_FULL = 1 };

/* Queues a copy, all or nothing: 0; RPC_E_FULL when others wait and it would pass the bound
 * (writable is told later); -EMSGSIZE above RPC_MESSAGE_MAX; -ENOMEM. */
int rpc_call_send(struct rpc_call *call, const void *data, size_t len);
size_t rpc_call_queued(const struct rpc_call *call); /* octets not handed to the transport yet */
void rpc_call_send_end(struct rpc_call *call);	     /* client: no more messages follow */
/* Takes no further messages: what the peer sends then waits in flow control, at the peer. */
void rpc_call_pause(struct rpc_call *call, bool paused);
/* Drops the queue and ends the call now; the peer learns CANCELLED. NULL is fine. */
struct rpc_call *rpc_call_cancel(struct rpc_call *call);

/* ---- servers ---- */

struct rpc_server_cfg {
	struct ip_addr addr;
	uint16_t port;	     /* 0: any free one */
	struct rpc_tls *tls; /* may be NULL on a fake runtime */
	size_t recv_max;     /* octets of a message; 0: RPC_RECV_MAX */
	unsigned calls_max;  /* at a time, of all clients; 0: RPC_CALLS_MAX */
};

struct rpc_server_ops {
	/* A call: take it, or finish it; else the client is told UNIMPLEMENTED. */
	void (*accept)(void *arg, struct rpc_call *call);
};

/* 0 or -errno (-EADDRINUSE when gRPC cannot bind). Port really bound: rpc_server_port(). */
int rpc_server_new(struct rpc_server **outp, struct rpc *rpc, const struct rpc_server_cfg *cfg,
		   const struct rpc_server_ops *ops, void *arg);
struct rpc_server *rpc_server_free(struct rpc_server *s); /* its calls are gone, untold */
AUTO_DEFINE(struct rpc_server, rpc_server_free)
uint16_t rpc_server_port(const struct rpc_server *s);
unsigned rpc_server_calls(const struct rpc_server *s); /* open now, those ending included */

const char *rpc_call_method(const struct rpc_call *call);
struct ip_addr rpc_call_peer(const struct rpc_call *call, uint16_t *port);
/* Common name of the client's verified certificate, "" when none. */
const char *rpc_call_peer_name(const struct rpc_call *call);
/* The first value under this key, false (and "") when absent or too long. */
bool rpc_call_meta(const struct rpc_call *call, const char *key, char *out, size_t cap);
void rpc_call_take(struct rpc_call *call, const struct rpc_call_ops *ops, void *arg);
/* Sends what is queued, then the status (within 10 s, or never). The call is given up. */
void rpc_call_finish(struct rpc_call *call, enum rpc_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* One message, then RPC_OK. The call is given up. */
void rpc_call_reply(struct rpc_call *call, const void *data, size_t len);
