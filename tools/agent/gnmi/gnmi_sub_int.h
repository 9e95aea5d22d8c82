/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of Subscribe: requests in gnmi_subreq.c, when something is due in gnmi_due.c, evaluations in gnmi_sub.c. */
#include "base/hash.h"
#include "tools/agent/gnmi/gnmi_fwd.h"
#include "tools/agent/gnmi/gnmi_int.h"

enum { GNMI_BATCH = 100 }; /* updates of a message */

struct leaf;

/* One subscription of a call. */
struct one {
	struct agent_gpath path;
	uint64_t interval_ns, heartbeat_ns; /* 0: none */
	bool on_change, suppress;
	bool due, due_change, done; /* done: its first state is told, that of others is not */
	struct mono next, beat;
	uint32_t gen;
	uint32_t pass; /* its evaluation */
	uint64_t told; /* version of what is forwarded that was told, 0: none */
	uint32_t told_gen;
	struct {
		bool on;
		uint64_t since, version; /* what is told: what is not as it was, and is so since this at the latest */
		uint32_t gen;
		struct agent_gfwd_at at;
	} walk; /* through what is forwarded, a part a turn */
	struct hash leaves;
};

struct agent_gsub {
	struct list link;
	struct agent_gnmi *g;
	struct rpc_call *call;
	struct arena arena; /* of the request */
	Gnmipb__SubscribeRequest *req;
	struct one *ones;
	size_t n_ones, n_leaves;
	uint64_t due; /* the reading it waits for, when it wants one */
	Gnmipb__SubscriptionList__Mode mode;
	bool ietf, silent; /* silent: the first state is not told */
	bool first, wants, blocked;
	unsigned parts; /* when all it asks for are such; else 0 */
	struct loop_timer timer;
	/* the message being made */
	struct arena out;
	Gnmipb__Notification note;
	Gnmipb__Update *updates[GNMI_BATCH];
	Gnmipb__Path *deletes[GNMI_BATCH];
	struct leaf *told[GNMI_BATCH]; /* of updates; of deletes, when there are only such */
	uint64_t values[GNMI_BATCH];
};

/* Of a new call; NULL: no memory. */
struct agent_gsub *agent_gsub_new(struct agent_gnmi *g, struct rpc_call *call);
struct agent_gsub *agent_gsub_free(struct agent_gsub *c);
/* For n subscriptions. False: no memory. */
bool agent_gsub_room(struct agent_gsub *c, size_t n);
/* What is told again or new, and what went, of one subscription, by a tree of what there is. 0, < 0: too much is
 * subscribed to, or RPC_E_FULL: to be done again when the queue has room. */
int agent_gsub_evaluate(struct agent_gsub *c, struct one *o, const struct lyd_node *tree);
/* One of all that is forwarded: it is gone through a part a turn. */
bool agent_gsub_walks(const struct agent_gsub *c, const struct one *o);
enum { GSUB_E_MORE = RPC_E_FULL + 1 }; /* to be gone on with in the next turn */
int agent_gsub_walk(struct agent_gsub *c, struct one *o); /* as agent_gsub_evaluate(), and GSUB_E_MORE */
/* The first state is whole. 0, < 0 or RPC_E_FULL. */
int agent_gsub_sync(struct agent_gsub *c);
/* Ends the call. */
void agent_gsub_refuse(struct agent_gsub *c, enum rpc_code code, const char *why);
/* Something of it is due: it is served by the next reading. */
void agent_gsub_want(struct agent_gsub *c);
/* A counter of the kernel, which is no news when it moves. */
bool agent_gsub_counts(const struct lysc_node *n);
