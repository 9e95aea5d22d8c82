/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The device of this router in its kernel: queues, tables, rules, packet rules. What is wanted is
 * compared with what the kernel shows, the difference is written, and the kernel is read again;
 * only what was read counts as in. The same reading, after a notification or once a minute, finds
 * what others changed, and it is repaired.
 *
 * A change is taken whole or not at all: when the kernel refuses a part of it, what was wanted
 * before is brought back, and the answer names the part and the kernel's reason. What could not
 * be had before the change and still cannot is no reason to refuse it.
 *
 * Routes that follow a policy are in other hands (pol, fib): told what is wanted here, asked here
 * how it fares. That their policy is not up is no reason to refuse a change.
 *
 * The kernel is left as it is when this is freed.
 */
#include "loop/loop.h"
#include "tools/agent/slices/nft.h"
#include "tools/agent/slices/obj.h"

struct agent_slices;

struct agent_slices_cfg {
	char sid_device[AGENT_DEV_IF_MAX];
	uint32_t metric;
	bool reduced, counters;
};

/* 0 or -errno. changed: states changed; may be NULL. */
int agent_slices_new(struct agent_slices **outp, struct loop *loop, void (*changed)(void *arg),
		     void *arg);
struct agent_slices *agent_slices_free(struct agent_slices *s);
AUTO_DEFINE(struct agent_slices, agent_slices_free)

/* Who knows the SIDs of the router software: those are left to it, and what wants the same fails. */
void agent_slices_others(struct agent_slices *s, bool (*taken)(void *arg, const struct ip_prefix *),
			 void *arg);
/* They changed. */
void agent_slices_recheck(struct agent_slices *s);

/* Who has the policies, for the routes of tables that follow one; before the start. Without it
 * they fail. agent_slices_followed(): how they fare has changed. */
struct agent_pol;
void agent_slices_policies(struct agent_slices *s, struct agent_pol *pol);
void agent_slices_followed(struct agent_slices *s);

/* Takes *device and wants it from now on, whatever the kernel says; for the start, before any
 * change. 0 or -ENOMEM. */
int agent_slices_start(struct agent_slices *s, const struct agent_slices_cfg *cfg,
		       struct agent_device **device);

/* ok: in force, every part read back (or as absent as it was before). Else error is a line, and
 * what was in force is in force again. */
typedef void (*agent_slices_done)(void *arg, bool ok, const char *error);

/* Takes *device when it succeeds. 0, -EBUSY: a change is under way. done follows, never from
 * inside the call, except when s is freed. */
int agent_slices_change(struct agent_slices *s, const struct agent_slices_cfg *cfg,
			struct agent_device **device, agent_slices_done done, void *arg);

/* What is wanted now; a change under way is not in it yet. Never NULL after the start. */
const struct agent_device *agent_slices_device(const struct agent_slices *s);
struct agent_slices_cfg agent_slices_cfg_of(const struct agent_slices *s);
uint64_t agent_slices_generation(const struct agent_slices *s);
bool agent_slices_idle(const struct agent_slices *s);

/* Reads the kernel again; done follows. Later askers of a reading not yet begun share it. */
int agent_slices_refresh(struct agent_slices *s, void (*done)(void *arg), void *arg);

enum agent_part_status { AGENT_PART_PENDING, AGENT_PART_IN, AGENT_PART_FAILED };

struct agent_part {
	uint8_t status; /* enum agent_part_status; the worst of its objects */
	const char *reason;
	bool counted;		     /* stats are of the kernel */
	struct agent_tc_stats stats; /* of its class (a link: of best effort), SID or packet rule */
};

/* How a part of agent_slices_device() fares: the device (its underlay), a link, an nrp, a
 * locator, an adjacency, a table, a route, a classifier. Counters are told when idle: in a refresh's done, for one. */
struct agent_part agent_slices_part(const struct agent_slices *s, const void *owner);
/* A route of a table, whoever sees to it. */
struct agent_part agent_slices_route(const struct agent_slices *s,
				     const struct agent_table_route *r);
/* The interface of its backups that it leads to now, NULL: none. */
const char *agent_slices_backup(const struct agent_slices *s, const struct agent_table_route *r);
/* A packet rule: kind and name as in nft.h. */
struct agent_part agent_slices_rule(const struct agent_slices *s, const void *owner,
				    const char *kind, const char *name);

/* Every interface of the router, and their addresses, as read last. */
const struct agent_ifaces *agent_slices_ifaces(const struct agent_slices *s);
const struct agent_if_addrs *agent_slices_addrs(const struct agent_slices *s);

struct agent_slices_stats {
	uint32_t wanted, in, failed;
	uint64_t rounds, made, removed, refused, repaired;
};

void agent_slices_stats(const struct agent_slices *s, struct agent_slices_stats *out);
