/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What the kernel does with customers' packets, whoever told it to: all routes of the tables that are looked
 * after, and the SIDs of table main. Read, never written. A table is read again when the kernel tells of a route
 * in it, all of them when notifications were lost, and a few at each audit: not everything is notified.
 *
 * Bounded: a table or a router with more than is kept is said to be truncated, and none of its routes are told.
 */
#include "loop/loop.h"
#include "tools/agent/kernel/route.h"

enum {
	AGENT_FWD_TABLES_MAX = 1024,
	AGENT_FWD_ROUTES_MAX = 4096, /* of a table */
	AGENT_FWD_ALL_MAX = 32768,   /* of all */
	AGENT_FWD_SIDS_MAX = 8192,
};

enum agent_fwd_way {
	AGENT_FWD_DEV,	  /* out of an interface */
	AGENT_FWD_SID,	  /* encapsulated, to that SID last */
	AGENT_FWD_DROP,
	AGENT_FWD_NEXT,	  /* throw: as if the table had none */
	AGENT_FWD_UNSURE, /* of a kind that is not read */
};

struct agent_fwd_route {
	struct ip_prefix dst;
	uint32_t metric, dev; /* ifindex */
	struct ip_addr sid;
	uint8_t way; /* enum agent_fwd_way */
};

struct agent_fwd_table {
	uint32_t id;
	bool known;	/* read since it is looked after */
	bool truncated; /* there is more than is kept: no route is here */
	const struct agent_fwd_route *routes; /* by prefix; of each the one that counts */
	uint32_t n;
};

struct agent_fwd_sid {
	struct ip_prefix prefix;
	uint32_t metric, table; /* table: of End.DT6 and the like, 0 none */
	uint8_t action;		/* SEG6_LOCAL_ACTION_* */
	bool next_csid;
	uint8_t block, node; /* bits, of next_csid */
};

struct agent_fwd;

/* changed (may be NULL): something else is known now. 0 or -errno. */
int agent_fwd_new(struct agent_fwd **outp, struct loop *loop, void (*changed)(void *arg), void *arg);
struct agent_fwd *agent_fwd_free(struct agent_fwd *f);
AUTO_DEFINE(struct agent_fwd, agent_fwd_free)
/* These tables from now on, in any order. 0, -ENOMEM, or -EINVAL: too many. */
int agent_fwd_want(struct agent_fwd *f, const uint32_t *ids, uint32_t n);

uint32_t agent_fwd_tables(const struct agent_fwd *f);
struct agent_fwd_table agent_fwd_table_at(const struct agent_fwd *f, uint32_t i); /* by id; until the loop runs on */
/* NULL and 0: they are not known, or more than are kept. */
const struct agent_fwd_sid *agent_fwd_sids(const struct agent_fwd *f, uint32_t *n);
