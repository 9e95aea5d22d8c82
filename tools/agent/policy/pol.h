/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The policies of this headend: candidate paths that controllers gave us (LSPs), the best of
 * each policy in the kernel, customer prefixes steered into it, routes of customers' tables that
 * follow it, local SIDs of the configuration. Decides which routes are wanted (agent_fib) and what each LSP's state is.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/agent/cfg.h"
#include "tools/agent/slices/device.h"
#include "tools/agent/kernel/fib.h"
#include "base/auto.h"
#include "base/hash.h"
#include "base/list.h"
#include "core/sr.h"

enum {
	AGENT_LSPS_MAX = 4096,
	AGENT_CONTROLLERS_MAX = 4,
	AGENT_REPAIR_METRIC = 5, /* of repaired uA SIDs */
};

struct agent_policy;

struct agent_lsp {
	struct list link;   /* of all, in order of plsp_id */
	struct list member; /* of its policy */
	struct agent_policy *policy;
	struct lsp_state st; /* owns further lists; headend, session, txn, sync are the session's business */
	struct ip_addr creator; /* controller it belongs to; none: to whom takes it */
	uint32_t controller; /* session's number that may change it; 0: orphan or only ours */
	uint64_t version;    /* grows with each change of st */
	uint64_t told[AGENT_CONTROLLERS_MAX]; /* version each controller knows */
	char reason[SR_REASON_MAX]; /* why it is not up; "" */
	bool configured; /* of the device, not of a controller: static.h */
	/* Of its lists, while there are several, or its policy has other candidates; or NULL. */
	struct agent_watch *watch[SR_LISTS_MAX];
	bool unwatched; /* some list should have one */
	bool news;	/* other lists of it are in use, and nobody was told */
};

struct agent_pol;

struct agent_pol_ops {
	/* st or reason changed: report it, keep it. removed is set in st for the last time. */
	void (*changed)(void *arg, struct agent_lsp *lsp);
	/* Routes of tables fare differently; may be NULL. */
	void (*followed)(void *arg);
	/* Whether a SID is one of this router itself, beside those of its configuration; may be NULL. */
	bool (*own)(void *arg, const struct ip_addr *sid);
};

int agent_pol_new(struct agent_pol **outp, struct loop *loop, struct agent_fib *fib,
		  const struct agent_pol_ops *ops, void *arg);
struct agent_pol *agent_pol_free(struct agent_pol *pol);
AUTO_DEFINE(struct agent_pol, agent_pol_free)

/* Takes a new configuration, which must stay until the next one. 0 or -ENOMEM. */
int agent_pol_configure(struct agent_pol *pol, const struct agent_cfg *cfg);
/* The fib's states changed. */
void agent_pol_fib_changed(struct agent_pol *pol);
/* Interfaces came or went. */
void agent_pol_links_changed(struct agent_pol *pol);

enum {
	AGENT_POL_E_MSD = 1,  /* with service SIDs longer than this router imposes */
	AGENT_POL_E_LIST = 2, /* no list of IPv6 SIDs */
	AGENT_POL_E_KEY = 3,  /* no colour or endpoint */
	AGENT_POL_E_FULL = 4,
	AGENT_POL_E_BSID = 5, /* the binding SID asked for belongs to another policy */
};

/*
 * Makes or changes the LSP of wish->name: key, path, preference, binding SID, flags. 0 and
 * *outp, with state GOING_UP (or UP when it waits behind a better one) and changed() to follow;
 * or AGENT_POL_E_* with nothing changed, the reason in why; or -ENOMEM.
 */
int agent_pol_put(struct agent_pol *pol, const struct lsp_state *wish, struct agent_lsp **outp,
		  char why[SR_REASON_MAX]);
/* As above for one of the device's own (configured), or of a controller: neither takes the name of
 * one of the other. */
int agent_pol_place(struct agent_pol *pol, const struct lsp_state *wish, bool configured,
		    struct agent_lsp **outp, char why[SR_REASON_MAX]);
/* Whether it would be taken, and changes nothing. Of what is configured only what controllers gave
 * is in the way: the rest is about to be changed with it. */
int agent_pol_check(const struct agent_pol *pol, const struct lsp_state *wish, bool configured,
		    char why[SR_REASON_MAX]);
unsigned agent_pol_msd(const struct agent_pol *pol);
/* changed() is called with st.removed before it goes. */
void agent_pol_remove(struct agent_pol *pol, struct agent_lsp *lsp);
struct agent_lsp *agent_pol_by_name(const struct agent_pol *pol, const char *name);
struct agent_lsp *agent_pol_by_id(const struct agent_pol *pol, uint32_t plsp_id);
struct agent_lsp *agent_pol_next(const struct agent_pol *pol,
				 const struct agent_lsp *after); /* NULL: first */

/* ---- routes of tables that follow a policy ---- */

struct agent_pol_held { /* who else of this agent has a route there that is to be replaced */
	bool (*has)(void *arg, uint32_t table, const struct ip_prefix *dst);
	void *arg;
};

/* Wants the routes with a policy of d's tables, and no others; d is not kept. held may be NULL.
 * 0, or -ENOMEM with nothing changed. */
int agent_pol_follow(struct agent_pol *pol, const struct agent_device *d,
		     const struct agent_pol_held *held);

struct agent_followed {
	enum agent_fib_state state; /* never absent */
	bool waits;		    /* failed because the policy is not up */
	const char *reason;
};

/* False: no such route. */
bool agent_pol_followed(const struct agent_pol *pol, uint32_t table, const struct ip_prefix *dst,
			struct agent_followed *out);
/* Something of it is under way still, a removal too. */
bool agent_pol_follow_pending(const struct agent_pol *pol);

/* How a steering entry does, for people. */
struct agent_steer_state {
	const struct agent_steering *cfg;
	const struct agent_lsp *via; /* NULL: fallback or not installed */
	bool fallback;
	enum agent_fib_state state;
	const char *reason;
	const struct agent_route *route; /* wanted; NULL when none is */
};

void agent_pol_each_steer(const struct agent_pol *pol,
			  void (*fn)(void *arg, const struct agent_steer_state *s), void *arg);
bool agent_pol_is_active(const struct agent_lsp *lsp);
/* The list of the policy's active candidate, of several the first in use; NULL: there is none. Good
 * until policies change. */
const struct sr_list *agent_pol_active(const struct agent_pol *pol, uint32_t color,
				       const struct ip_addr *endpoint);
