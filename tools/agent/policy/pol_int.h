/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of agent_pol: LSPs and policies in pol.c, what the configuration wants in steer.c,
 * what tables want in follow.c. */
#include "base/vec.h"
#include "tools/agent/policy/live.h"
#include "tools/agent/policy/pol.h"

struct key {
	uint32_t color;
	struct ip_addr endpoint;
};

struct agent_policy {
	struct hash_node node;
	struct key key;
	struct agent_pol *pol;
	struct list lsps, steers, follows;
	struct agent_lsp *active;
	struct agent_route bsid; /* wanted; n 0: none; has not its further lists, as all here */
	struct list stirred_link; /* a watch of its candidates has come to another state */
	struct loop_timer again;  /* a better candidate will have been alive for long enough */
	uint64_t switches;	  /* from one candidate to another, by what probes said */
};

struct steer {
	struct list member;
	struct agent_policy *policy;
	const struct agent_steering *cfg;
	struct agent_route route; /* its key always; n 0: not wanted */
	bool fallback;
	const char *blocked; /* why there is no route though there could be; NULL */
};

/* A route of a customer's table: follow.c. */
struct follow {
	struct list member;
	struct agent_policy *policy;
	uint32_t table;
	struct ip_prefix dst;
	uint8_t n; /* segments of its own, behind the policy's */
	uint8_t told; /* state that was told last, and one; 0: none */
	struct ip_addr seg[SR_SEGS_MAX];
	struct agent_route route; /* as the fib was asked; n 0: it was not */
	bool take;		  /* slices have a route of this key, to be replaced by this one */
	bool moving;		  /* it was in with the list before */
	bool waits;		  /* there is no route because the policy is not up */
	char why[128];		  /* there can be no route; "" there can */
};

/* A route of one that is no longer wanted, until the kernel does not have it. */
struct leaving {
	uint32_t table, metric;
	struct ip_prefix dst;
};

struct agent_pol {
	struct loop *loop;
	struct agent_fib *fib;
	struct agent_pol_ops ops;
	void *arg;
	const struct agent_cfg *cfg;
	uint32_t dev; /* ifindex of the SID device; 0: absent */
	struct hash policies;
	struct list lsps;
	size_t n_lsps;
	uint32_t last_id;
	struct steer *steers; /* sorted by prefix, as in cfg */
	size_t n_steers;
	struct follow *follows; /* sorted by table and prefix */
	size_t n_follows;
	VEC(struct leaving) leaving;
	struct ip_prefix *underlay; /* where first SIDs of theirs must be */
	size_t n_underlay;
	struct agent_route *sids;
	size_t n_sids;
	struct loop_task judge;
	struct agent_live *live;
	struct list stirred;
	struct loop_task stir;
};

/* pol.c */
struct agent_policy *agent_pol_policy(struct agent_pol *pol, uint32_t color,
				      const struct ip_addr *endpoint);
void agent_pol_apply_all(struct agent_pol *pol);
void agent_pol_drop_unused(struct agent_pol *pol);
void agent_pol_rechoose(struct agent_pol *pol, struct agent_policy *p);
/* choose.c: which candidate of a policy is the active one */
struct agent_lsp *agent_pol_choose(struct agent_policy *p);
void agent_pol_watch(struct agent_policy *p); /* its candidates, as they are now */
void agent_pol_unwatch(struct agent_lsp *l);
enum agent_live_state agent_pol_alive(const struct agent_lsp *l); /* by its probes alone */
/* lists.c */
bool agent_pol_in_use(const struct agent_lsp *l, unsigned k);
unsigned agent_pol_longest_list(const struct sr_list *list);
/* Wants r with l's lists in use, the tail behind each; r has none. Further ones are not left in r. 0 or -ENOMEM. */
int agent_pol_want(struct agent_pol *pol, struct agent_route *r, const struct agent_lsp *l, const struct ip_addr *tail,
		   unsigned n_tail);
/* steer.c */
void agent_pol_steer(struct agent_pol *pol, struct steer *s);
/* follow.c */
void agent_pol_follow_one(struct agent_pol *pol, struct follow *f);
unsigned agent_pol_moving(const struct agent_pol *pol, const struct agent_policy *p);
/* Most segments of a route that is in: what a new list must leave room for. */
unsigned agent_pol_longest(const struct agent_pol *pol, const struct agent_policy *p);
void agent_pol_tell_followed(struct agent_pol *pol);
