/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Our routes in the kernel: what is wanted against what is there. A wanted route is in place
 * only when a dump of the kernel's table showed it as wanted, never because a request was
 * acknowledged. Whatever else carries our protocol number at the start is a leftover of an
 * earlier run: it stays until agent_fib_sweep(), so that traffic outlives the agent.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/agent/kernel/nl.h"
#include "tools/agent/kernel/route.h"
#include "base/auto.h"

struct agent_fib;

struct agent_fib_ops {
	/* States changed since the last call; ask agent_fib_state(). */
	void (*changed)(void *arg);
	/* A route of somebody else came, changed or went (table main, seg6local only). */
	void (*foreign)(void *arg, const struct agent_route *r, bool gone);
	/* Interfaces came, went or changed; once for a burst. */
	void (*links)(void *arg);
	/* All of the foreign routes were told again; forget those not told since the last call. */
	void (*foreign_all)(void *arg);
};

enum agent_fib_state {
	AGENT_FIB_ABSENT,  /* not wanted and not there */
	AGENT_FIB_PENDING, /* asked for, not read back yet */
	AGENT_FIB_IN,	   /* read back as wanted */
	AGENT_FIB_FAILED,  /* the kernel refused it; tried again later */
};

int agent_fib_new(struct agent_fib **outp, struct loop *loop, const struct agent_fib_ops *ops,
		  void *arg);
struct agent_fib *agent_fib_free(struct agent_fib *fib); /* leaves the kernel as it is */
AUTO_DEFINE(struct agent_fib, agent_fib_free)

/* Reads the kernel for the first time; changed() follows when it was read. */
void agent_fib_start(struct agent_fib *fib);
bool agent_fib_ready(const struct agent_fib *fib);

/* Wants r, which is copied with all its lists, instead of what had its key; replaced in one step. 0 or -ENOMEM. */
int agent_fib_set(struct agent_fib *fib, const struct agent_route *r);
void agent_fib_unset(struct agent_fib *fib, const struct agent_route *key);
enum agent_fib_state agent_fib_state(const struct agent_fib *fib, const struct agent_route *key);
/* Why it failed, "" when it did not. */
const char *agent_fib_reason(const struct agent_fib *fib, const struct agent_route *key);
/* The route as last read from the kernel, NULL when it was not there. */
const struct agent_route *agent_fib_seen(const struct agent_fib *fib,
					 const struct agent_route *key);
/* The route as it is wanted, with all its lists; NULL when none is. Good until the next change. */
const struct agent_route *agent_fib_wanted(const struct agent_fib *fib, const struct agent_route *key);

/* Leftovers are removed from now on. */
void agent_fib_sweep(struct agent_fib *fib);
/* Leftovers with this metric are removed now, whatever the rest has to wait for. */
void agent_fib_sweep_metric(struct agent_fib *fib, uint32_t metric);
/* Wants nothing any more, leftovers included. */
void agent_fib_flush(struct agent_fib *fib);
/* True when nothing is under way. */
bool agent_fib_idle(const struct agent_fib *fib);
/* Reads the kernel again (counters); changed() follows. What was asked for now has been read
 * when stats.audits has reached the number returned. */
uint64_t agent_fib_audit(struct agent_fib *fib);

struct agent_fib_stats {
	uint32_t wanted, in, pending, failed, leftover;
	uint64_t audits, installs, replaces, removes, refusals, repaired, losses;
};

void agent_fib_stats(const struct agent_fib *fib, struct agent_fib_stats *out);
/* Every route of ours, wanted or left over. */
void agent_fib_each(const struct agent_fib *fib,
		    void (*fn)(void *arg, const struct agent_route *r, enum agent_fib_state state,
			       bool leftover),
		    void *arg);
