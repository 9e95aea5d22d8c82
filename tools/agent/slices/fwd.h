/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What the kernel does with customers' packets, whoever told it to: all routes of the tables that are looked
 * after, and the SIDs of table main. Read, never written. A table is read again when the kernel tells of a route
 * in it, all of them when notifications were lost, and a few at each audit: not everything is notified.
 *
 * Bounded: a table or a router with more than is kept is said to be truncated, and none of its routes are told.
 * So is time: reading takes a tenth of it at most, however much changes.
 *
 * What is known has a version, and every part of it the version since when it is as it is: who told somebody
 * once, tells him the difference.
 */
#include "loop/loop.h"
#include "tools/agent/kernel/route.h"

enum {
	AGENT_FWD_TABLES_MAX = 1024,
	AGENT_FWD_ROUTES_MAX = 8192, /* of a table, each way of a route that has several counted */
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
	uint64_t since;
	struct ip_prefix dst;
	uint32_t metric, dev; /* ifindex */
	struct ip_addr sid;
	uint16_t member; /* of one prefix packets take either */
	uint8_t way;	 /* enum agent_fwd_way */
};

struct agent_fwd_table {
	uint32_t id;
	bool known;	/* read since it is looked after */
	bool truncated; /* there is more than is kept: no route is here */
	uint64_t since; /* of anything of it */
	const struct agent_fwd_route *routes; /* by prefix and member; of each those with the least metric */
	uint32_t n;
};

struct agent_fwd_sid {
	uint64_t since;
	struct ip_prefix prefix;
	uint32_t metric, table; /* table: of End.DT6 and the like, 0 none */
	uint8_t action;		/* SEG6_LOCAL_ACTION_*; UNSPEC: of several, or behind a route that is no SID */
	bool next_csid;
	uint8_t block, node; /* bits, of next_csid */
};

struct agent_fwd;

/* changed (may be NULL): something else is known now. 0 or -errno. */
int agent_fwd_new(struct agent_fwd **outp, struct loop *loop, void (*changed)(void *arg), void *arg);
struct agent_fwd *agent_fwd_free(struct agent_fwd *f);
AUTO_DEFINE(struct agent_fwd, agent_fwd_free)
/* These tables from now on, in any order; nothing happens when they are the same. 0, -ENOMEM, or -EINVAL: too many. */
int agent_fwd_want(struct agent_fwd *f, const uint32_t *ids, uint32_t n);

uint32_t agent_fwd_tables(const struct agent_fwd *f);
struct agent_fwd_table agent_fwd_table_at(const struct agent_fwd *f, uint32_t i); /* by id; until the loop runs on */
/* By prefix; none while they are not known, or more than are kept. */
const struct agent_fwd_sid *agent_fwd_sids(const struct agent_fwd *f, uint32_t *n);
bool agent_fwd_sids_known(const struct agent_fwd *f);

/* Of all that is known; 0: nothing was read yet. */
uint64_t agent_fwd_version(const struct agent_fwd *f);

struct agent_fwd_gone {
	uint64_t since;
	struct ip_prefix prefix;
	uint32_t table; /* 0: a SID */
	uint16_t member;
};

/* What went since a version, oldest first; it may be back. fn may be NULL. False: that is not known any more (much
 * went, or a whole table), and everything is to be compared. */
bool agent_fwd_gone(const struct agent_fwd *f, uint64_t since, void (*fn)(void *arg, const struct agent_fwd_gone *g),
		    void *arg);
