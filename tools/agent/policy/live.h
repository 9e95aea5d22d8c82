/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Watches paths: probes that take given SIDs to their end and come back by the routing of the router
 * there, which sends them on as any packet to us (no reflector is needed). Only answers of ours count:
 * each probe carries a number that nobody who has not seen it knows.
 */
#include "base/auto.h"
#include "base/ip.h"
#include "loop/loop.h"
#include "tools/agent/policy/live_judge.h"

enum {
	AGENT_WATCHES_MAX = 1024,
	AGENT_PROBES_PER_S = 20000, /* of all watches; with more of them each has fewer */
};

struct agent_live;
struct agent_watch;

/* changed: a watch has come to another state; not from inside a call. */
int agent_live_new(struct agent_live **outp, struct loop *loop, void (*changed)(void *arg, void *who),
		   void *arg);
struct agent_live *agent_live_free(struct agent_live *l); /* no watch is left */
AUTO_DEFINE(struct agent_live, agent_live_free)
/* self: what probes come back to, an address of this router. */
void agent_live_configure(struct agent_live *l, const struct agent_live_cfg *cfg, const struct ip_addr *self);
const struct agent_live_cfg *agent_live_config(const struct agent_live *l);
uint64_t agent_live_now(void); /* monotonic, of this moment */

/* NULL: no memory, too many, or more segments than a probe can carry. */
struct agent_watch *agent_live_watch(struct agent_live *l, const struct ip_addr *segments, unsigned n, void *who);
struct agent_watch *agent_live_unwatch(struct agent_watch *w);
bool agent_watch_along(const struct agent_watch *w, const struct ip_addr *segments, unsigned n);

struct agent_watch_view {
	const struct agent_judge *judge;
	uint64_t send_errors;
	const char *error; /* of the last one sent; "" */
};

void agent_watch_view(const struct agent_watch *w, struct agent_watch_view *out);
