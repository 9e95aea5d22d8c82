/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of the targets: target.c servers and Sets, target_sub.c subscriptions, target_state.c what
 * the network says, target_sids.c what it learns,
 * target_log.c what was asked. */
#include <stdio.h>

#include "base/list.h"
#include "tools/sim/target.h"
#include "tools/sim/tree.h"
#include "tools/sim/walk.h"

enum {
	SIM_REQUEST_MAX = 4 << 20,
	SIM_ARENA_MAX = 64 << 20,
	SIM_STREAMS_MAX = 256, /* of one target */
	SIM_STRAY_TABLE = 190000,
};

struct sim_target {
	struct sim_targets *all;
	uint32_t router;
	struct rpc_server *server; /* NULL: its router is down, or it could not listen */
	struct lyd_node *config;   /* NULL: nothing */
	uint64_t generation, sets, refused;
	enum sim_fault fault;
	uint32_t times; /* left; 0: always */
	bool cut;	/* its connections end soon */
	struct list subs; /* struct sim_sub */
	uint32_t n_subs;
};

/* What went over a half of a wire: a tenth of its bandwidth while it works, nothing else. */
struct sim_count {
	uint64_t octets;
	bool works; /* since the last look */
};

struct sim_targets {
	struct loop *loop;
	const struct sim_topo *t;
	struct sim_pccs *pccs;
	struct sim_targets_cfg cfg;
	struct rpc *rpc;
	bool rpc_ours;
	struct rpc_tls *tls;
	struct ly_ctx *ctx;
	struct sim_target *at;
	struct sim_count *count; /* 2 * wire + side */
	struct mono counted;
	struct sim_paths *paths;
	VEC(struct sim_sid) sids; /* of every locator and table that is configured */
	struct loop_task look;	  /* subscriptions have something to tell */
	struct loop_timer listen; /* servers that are to begin, or end */
	FILE *log;		  /* NULL: none */
};

/* ---- target_state.c ---- */

/* Everything up to now; before the network changes is best, at once after it is good enough. */
void sim_targets_count_up(struct sim_targets *ts);
/* The interface has this name and goes over this half (SIM_NONE: no interface of a link). */
uint32_t sim_target_half(const struct sim_target *tg, const char *name);
/* Configuration and state; NULL: no memory. The caller frees it. */
struct lyd_node *sim_target_tree(const struct sim_target *tg, bool state);

/* ---- target_sub.c ---- */

void sim_sub_accept(struct sim_target *tg, struct rpc_call *call);
/* What was asked for on change and has changed is told. */
void sim_subs_look(struct sim_target *tg);
/* Their calls are gone. */
void sim_subs_drop(struct sim_target *tg);

/* ---- target_log.c: nothing without a file ---- */

int sim_log_open(struct sim_targets *ts, const char *file);
void sim_log_close(struct sim_targets *ts);
/* What was asked, whatever comes of it. */
void sim_log_set(const struct sim_target *tg, const struct gnmic_set *s);
/* What became of it; either may be NULL: nothing is configured. */
void sim_log_change(const struct sim_target *tg, const struct lyd_node *before, const struct lyd_node *after);

/* ---- target_sids.c ---- */

/* The SIDs of what is configured now are those that packets meet. */
void sim_targets_sids(struct sim_targets *ts);
