/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What the two backends share: the owner's side of a call (rpc.c), and how a backend is asked
 * and answers. Every object of a backend begins with the struct named here.
 */
#include <pthread.h>

#include "base/list.h"
#include "rpc/rpc.h"

enum { RPC_LINGER_S = 10 };

struct rpc_backend {
	int (*channel_new)(struct rpc_channel **outp, struct rpc *rpc,
			   const struct rpc_channel_cfg *cfg);
	void (*channel_free)(struct rpc_channel *ch);
	int (*call_new)(struct rpc_call **outp, struct rpc_channel *ch, const struct rpc_call_cfg *cfg);
	int (*server_new)(struct rpc_server **outp, struct rpc *rpc, const struct rpc_server_cfg *cfg);
	void (*server_free)(struct rpc_server *s);
	/* Something may have become possible: a message or the end of ours to send, one to take. */
	void (*push)(struct rpc_call *call);
	/* The owner is gone: end it now (and forget the call when all is quiet). */
	void (*drop)(struct rpc_call *call);
	/* The owner of a server's call is gone, its status goes out behind what is queued. */
	void (*finish)(struct rpc_call *call);
	bool (*meta)(const struct rpc_call *call, const char *key, char *out, size_t cap);
	void (*cut)(struct rpc *rpc, const struct ip_addr *server); /* fake only */
	void (*block)(struct rpc *rpc, const struct ip_addr *server, bool blocked);
	void (*free)(struct rpc *rpc);
};

struct rpc {
	const struct rpc_backend *be;
	struct loop *loop;
	struct list channels, servers;
	struct list tls; /* all not ended yet */
};

struct rpc_channel {
	struct list link; /* rpc->channels */
	struct rpc *rpc;
	struct list calls; /* that have an owner */
};

struct rpc_server {
	struct list link; /* rpc->servers */
	struct rpc *rpc;
	struct rpc_server_ops ops; /* accept NULL: freed */
	void *arg;
	uint16_t port;
	unsigned calls_max, n_calls;
	struct list calls; /* that have an owner */
};

/* A message that waits to be sent. */
struct rpc_msg {
	struct list link;
	size_t len;
	uint8_t data[];
};

struct rpc_call {
	struct rpc *rpc;
	struct list link; /* of its channel or server, while it has an owner */
	const struct rpc_call_ops *ops; /* NULL: no owner, or none yet */
	void *arg;
	bool server;
	bool half;	/* nothing is queued behind what is: send_end, finish */
	bool over;	/* the peer will send no more */
	bool got;	/* a message came */
	bool paused;
	bool full;	/* the owner was refused, and waits for writable */
	struct list out; /* struct rpc_msg */
	size_t out_len, send_max;
	struct rpc_status status; /* server: to be sent once half */
	char method[RPC_NAME_MAX], peer_name[RPC_NAME_MAX];
	struct ip_addr peer;
	uint16_t peer_port;
	rpc_answer_fn answer; /* rpc_unary: its owner */
	void *answer_arg;
	struct rpc_msg *reply;
};

/* ---- for the backends ---- */

void rpc_call_init(struct rpc_call *call, struct rpc *rpc, bool server);
void rpc_call_fini(struct rpc_call *call); /* memory only */
/* The first in the queue, taken out but counted as queued until rpc_call_was_sent(). */
struct rpc_msg *rpc_call_next(struct rpc_call *call);
void rpc_call_was_sent(struct rpc_call *call, size_t len);
/* Tell the owner, if there is one: it may be gone afterwards, the call is not (the backend
 * holds it). */
void rpc_call_tell_message(struct rpc_call *call, const uint8_t *data, size_t len);
void rpc_call_tell_over(struct rpc_call *call);
void rpc_call_tell_end(struct rpc_call *call, const struct rpc_status *st);
/* To the server's owner; answers itself when nobody takes it. */
void rpc_server_tell(struct rpc_server *s, struct rpc_call *call);
void rpc_status_set(struct rpc_status *st, int code, const char *text, size_t len);

struct rpc_tls_pem {
	char *ca, *cert, *key; /* PEM text */
};

struct rpc_tls {
	struct list link; /* rpc->tls */
	char *ca_file, *cert_file, *key_file;
	unsigned generation; /* counts reloads; loop's thread only, as all but what follows lock */
	unsigned refs;	     /* the owner's, and one a channel */
	struct list serves;  /* struct rpc_tls_serve; not empty: lives until the runtime ends */
	pthread_mutex_t lock; /* gRPC's threads ask for a server's certificates */
	struct rpc_tls_pem pem;
	unsigned pem_generation; /* of pem */
};

/* One server's view of it. */
struct rpc_tls_serve {
	struct list link;
	struct rpc_tls *tls;
	unsigned given; /* generation gRPC has; guarded by tls->lock */
};

struct rpc_tls *rpc_tls_ref(struct rpc_tls *tls);
void rpc_tls_end(struct rpc_tls *tls); /* memory; when no thread of gRPC's is left */
