/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of agent_fib: entries and requests in fib.c, reading the kernel in audit.c. */
#include "base/hash.h"
#include "base/list.h"
#include "tools/agent/kernel/fib.h"

enum {
	AUDIT_EVERY_S = 60,
	RETRY_MS = 2000, /* of what the kernel refused */
	SCARCE_MS = 20,	 /* of what it had no memory for just now */
	SCARCE_MAX = 50, /* so often, then it is refused */
	MEDDLE_MS = 20,	 /* after somebody touched our routes: audit, once for a burst */
	DUMPS = 2,	 /* IPv6 and IPv4 */
	REASON_MAX = 128,
};

struct key {
	uint32_t table, metric;
	struct ip_prefix dst;
};

struct entry {
	struct hash_node node;
	struct list todo; /* linked: to be looked at */
	struct key key;
	bool want, leftover;
	bool seen;     /* kernel holds what the last audit read, and nothing was sent since */
	bool ours;     /* the kernel may hold a route of ours at this key */
	bool busy;     /* a request is under way */
	bool deleting; /* and it is a removal */
	bool changed;  /* what is wanted changed meanwhile */
	uint8_t scarce; /* times in a row that the kernel had no memory for it */
	bool stale;    /* answered since the audit began: the audit says nothing about it */
	enum agent_fib_state state;
	uint32_t audit; /* number of the audit that saw it */
	struct agent_route wanted, kernel;
	char reason[REASON_MAX];
};

struct agent_fib {
	struct loop *loop;
	struct agent_fib_ops ops;
	void *arg;
	struct agent_nl *ask, *events;
	struct hash entries;
	struct list todo;
	struct loop_task work, tell;
	struct loop_timer audit_timer, retry_timer, scarce_timer, meddle_timer;
	uint32_t audit;	     /* number of the running or last one */
	unsigned dumps_left; /* of the running audit */
	bool links_changed, audit_again, audit_bad, ready, sweeping, foreign_wanted,
		foreign_running;
	struct agent_fib_stats stats;
};

/* fib.c */
struct entry *agent_fib_find(const struct agent_fib *fib, const struct agent_route *r);
struct entry *agent_fib_find_or_add(struct agent_fib *fib, const struct agent_route *r);
void agent_fib_look_at(struct agent_fib *fib, struct entry *e);
void agent_fib_retry(struct agent_fib *fib);
/* audit.c */
int agent_fib_watch(struct agent_fib *fib); /* opens the sockets */
void agent_fib_foreign_read(struct agent_fib *fib);
