/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of agent_gnmi: server, Capabilities and Get in gnmi.c, Set in gnmi_set.c, Subscribe in
 * gnmi_sub.c. */
#include "base/list.h"
#include "rpc/proto/pb.h"
#include "tools/agent/gnmi/gnmi.h"
#include "tools/agent/gnmi/gnmi_path.h"

/* What is told without a reading of the slices, by itself; with enum agent_measure_part. */
enum { GNMI_PART_FORWARDING = AGENT_MEASURE_ALL + 1 };

enum {
	GNMI_REQUEST_MAX = 4 << 20,
	GNMI_ARENA_MAX = 64 << 20, /* of a request and its answer */
	GNMI_CALLS_MAX = 32,
	GNMI_SUBS_MAX = 64, /* of one call */
};

struct agent_gnmi {
	struct loop *loop;
	struct agent_slices *slices;
	struct ly_ctx *models;
	struct agent_gnmi_cfg cfg;
	char file[256];
	struct rpc *rpc;
	struct rpc_tls *tls;
	struct rpc_server *server;
	struct list gets;	 /* struct agent_gget, that wait for a reading */
	struct list subs;	 /* struct agent_gsub */
	struct loop_task again;	 /* subscriptions to look at */
	struct loop_task parts; /* and those of parts alone */
	bool reading, read_again;
	uint64_t read; /* readings that ended */
	/* the Set under way */
	struct rpc_call *set_call; /* NULL: its client is gone */
	struct arena set_arena;
	Gnmipb__SetRequest *set;
	struct agent_device *before; /* what to go back to when the file cannot be written */
	struct agent_gnmi_stats stats;
};

/* Asks for a reading of the kernel that begins now or later. It has ended when g->read has come
 * to the number returned. */
uint64_t agent_gnmi_read(struct agent_gnmi *g);
/* Which parts a path is of, 0: of others too, or all. */
unsigned agent_gnmi_parts(const struct agent_gpath *p);
/* Whether it asks for any of these, maybe among others. */
bool agent_gnmi_asks(const struct agent_gpath *p, unsigned parts);
/* The device with all its state, of GNMI_PART_FORWARDING only if it is asked for: it may be long. NULL: no memory. */
struct lyd_node *agent_gnmi_all(const struct agent_gnmi *g, unsigned parts);
/* The device with these parts alone; NULL: no memory. */
struct lyd_node *agent_gnmi_only(const struct agent_gnmi *g, unsigned parts);
void agent_gnmi_reply(struct rpc_call *call, const ProtobufCMessage *m, struct arena *a);
/* A call of Set. */
void agent_gset_accept(struct agent_gnmi *g, struct rpc_call *call);
/* A call of Subscribe. */
void agent_gsub_accept(struct agent_gnmi *g, struct rpc_call *call);
void agent_gsub_free_all(struct agent_gnmi *g);
/* The kernel was read: what waits for it is due. */
void agent_gsub_fresh(struct agent_gnmi *g);
/* Some part is new, or who asks for parts alone is due. */
void agent_gsub_parts(struct agent_gnmi *g);

/* ns since 1970. */
int64_t agent_gnmi_wall_ns(void);
/* The text of a value in the encoding that was asked for. */
void agent_gnmi_val(Gnmipb__TypedValue *v, char *json, bool ietf);
