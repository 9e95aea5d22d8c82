/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Alternate marking in the agent (RFC 9341, 9343): which flows are marked and where, and readings of
 * what was counted. Period k is [k, k + 1) * period of the wall clock, its colour k mod 2.
 *
 * A reading is taken a guard time after its period and again at half of the next: only a count that
 * stood still in between is told. One that did not is of packets coloured by another clock, and
 * unknown. A wall clock that jumps begins a new `boot`: what was counted before is no base any more.
 */
#include "base/str.h"
#include "loop/loop.h"
#include "tools/agent/measure/altmark_cfg.h"
#include "tools/agent/measure/altmark_map.h"

enum { AGENT_ALTMARK_READINGS = 16 };

struct agent_altmark_reading {
	uint64_t period, packets, bytes; /* since boot */
	uint64_t boot;
	bool began;    /* the counter of this colour was zero when the period began */
	uint64_t d_ns; /* when the D-marked packet passed; 0: none */
};

/* Of one flow at one point of this node. */
struct agent_altmark_counter {
	struct altmark_count_key key;
	char interface[AGENT_ALTMARK_NAME]; /* "": it is gone */
	unsigned n; /* readings, the oldest first */
	struct agent_altmark_reading at[AGENT_ALTMARK_READINGS];
};

struct agent_altmark;

int agent_altmark_new(struct agent_altmark **outp, struct loop *loop);
/* Marking and counting go on in the kernel. */
struct agent_altmark *agent_altmark_free(struct agent_altmark *a);
AUTO_DEFINE(struct agent_altmark, agent_altmark_free)
/* Without alternate-marking in cfg, all that is ours is removed from the kernel. What the kernel
 * refuses is tried again, and shown. 0, or < 0: no memory. */
int agent_altmark_configure(struct agent_altmark *a, const struct agent_altmark_cfg *cfg);
/* Everything of ours out of the kernel. */
void agent_altmark_flush(struct agent_altmark *a);

/* told: after readings were taken, or the state changed. */
void agent_altmark_watch(struct agent_altmark *a, void (*told)(void *arg), void *arg);

struct agent_altmark_view {
	bool on;
	const char *reason; /* why it is not all as wanted, "" else */
	bool refused;	    /* by the kernel; else interfaces are missing */
	struct altmark_self self; /* zero when nothing is loaded */
	uint64_t jumps, unstable, missed;
	uint32_t period_ms;
};

void agent_altmark_view(const struct agent_altmark *a, struct agent_altmark_view *out);

/* Sorted by nothing; a pointer is good until the loop's next turn. */
void agent_altmark_each(const struct agent_altmark *a,
			void (*fn)(void *arg, const struct agent_altmark_counter *c), void *arg);
/* Packets of the period of reading i; false: unknown. */
bool agent_altmark_packets(const struct agent_altmark_counter *c, unsigned i, uint64_t *packets);

/* Members "alternate-marking", "marked-flows" of the agent's JSON, each after a comma. */
void agent_altmark_json(const struct agent_altmark *a, struct str *o);
