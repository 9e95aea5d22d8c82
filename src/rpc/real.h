/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The backend on the gRPC C core. One thread waits on the one completion queue and hands each
 * finished tag to the loop; everything else here runs on the loop's thread.
 */
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <pthread.h>

#include "rpc/rpc_priv.h"

/* gRPC is not built with our sanitizer, which therefore cannot see that what goes
 * through it to another of our threads is in order there. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RPC_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define RPC_TSAN 1
#endif
#ifdef RPC_TSAN
void __tsan_acquire(void *p);
void __tsan_release(void *p);
#else
#define __tsan_acquire(p) ((void)(p))
#define __tsan_release(p) ((void)(p))
#endif

/* Something gRPC was asked to do and will tell once when done. */
struct rpc_tag {
	struct list link;
	void (*fn)(struct rpc_tag *tag); /* on the loop */
	bool ok;
};

struct rpc_real {
	struct rpc base;
	grpc_completion_queue *cq;
	pthread_t thread;
	bool thread_runs;
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct list done; /* struct rpc_tag; guarded by lock */
	struct loop_mail mail;
	unsigned pending; /* tags out with gRPC or in done; loop's thread only */
};

struct rpc_real_channel {
	struct rpc_channel base;
	grpc_channel *ch;
	struct rpc_tls *tls;
	unsigned generation; /* of tls, when ch was made */
	char target[IP_TEXT_MAX + 16], authority[RPC_NAME_MAX];
	bool named; /* authority is a name given, not the address */
	size_t recv_max;
	uint64_t keepalive_ns;
};

struct rpc_real_server {
	struct rpc_server base;
	struct rpc_real *rr;
	grpc_server *server;
	unsigned refs; /* the owner's, and one a tag or call of it */
	struct rpc_tag down;
};

struct rpc_real_call {
	struct rpc_call base;
	struct rpc_real *rr;
	struct rpc_real_server *server; /* NULL: a client's */
	grpc_call *call;
	unsigned refs; /* the owner's or the sender's, and one a tag */
	struct rpc_tag send, recv, head, end;
	bool sending, receiving;
	bool head_sent, half_sent;
	bool deaf;	/* no more messages are asked for */
	bool end_in;	/* the status, or the end of a server's call, is there */
	bool quit;	/* the owner's reference is given back */
	grpc_metadata meta[RPC_META_MAX]; /* client: to send */
	size_t n_meta;
	grpc_metadata_array head_meta, trail_meta; /* as received */
	grpc_byte_buffer *in, *out;
	size_t out_len; /* octets of out */
	grpc_status_code code;
	grpc_slice details;
	int cancelled;
	struct loop_timer linger;
};

static inline struct rpc_real *rpc_real_of(struct rpc *rpc)
{
	return CONTAINER_OF(rpc, struct rpc_real, base);
}

/* Starts ops; tag->fn is called once on the loop, always. */
void rpc_real_batch(struct rpc_real *rr, grpc_call *call, const grpc_op *ops, size_t n,
		    struct rpc_tag *tag);
/* Before a tag is given to gRPC by other means than a batch. */
void rpc_real_out(struct rpc_real *rr, struct rpc_tag *tag);

/* real_call.c */
int rpc_real_call_make(struct rpc_real_call **outp, struct rpc_real *rr, grpc_call *call, bool server);
void rpc_real_call_begin(struct rpc_real_call *c); /* waits for its end */
void rpc_real_call_unref(struct rpc_real_call *c);
void rpc_real_push(struct rpc_call *call);
void rpc_real_drop(struct rpc_call *call);
void rpc_real_finish(struct rpc_call *call);
bool rpc_real_meta(const struct rpc_call *call, const char *key, char *out, size_t cap);

/* real_client.c */
int rpc_real_channel_new(struct rpc_channel **outp, struct rpc *rpc, const struct rpc_channel_cfg *cfg);
void rpc_real_channel_free(struct rpc_channel *ch);
int rpc_real_call_new(struct rpc_call **outp, struct rpc_channel *ch, const struct rpc_call_cfg *cfg);

/* real_server.c */
int rpc_real_server_new(struct rpc_server **outp, struct rpc *rpc, const struct rpc_server_cfg *cfg);
void rpc_real_server_free(struct rpc_server *s);
void rpc_real_server_unref(struct rpc_real_server *s);

/* real_tls.c */
grpc_channel_credentials *rpc_real_channel_creds(struct rpc_tls *tls);
grpc_server_credentials *rpc_real_server_creds(struct rpc_tls *tls);

/* "[2001:db8::1]:9339", or with a scheme. */
void rpc_real_target(char *out, size_t cap, const struct ip_addr *a, uint16_t port, bool scheme);
