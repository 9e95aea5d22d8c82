/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * SIDs that the router software installed. They are known so that they can be counted and
 * shown, and so that FRR's uA can be repaired: isisd installs them with the bits of the node
 * alone (nflen 16), where node and function are to be shifted out (nflen 32), and the packet
 * leaves with a wrong destination. The repair stands before FRR's SID as two more specific
 * ones of ours; it follows the SID when it moves and goes with it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "tools/agent/kernel/fib.h"
#include "base/auto.h"

enum { AGENT_SIDS_MAX = 8192 };

struct agent_sids;

int agent_sids_new(struct agent_sids **outp, struct loop *loop, struct agent_fib *fib,
		   void (*changed)(void *arg), void *arg);
struct agent_sids *agent_sids_free(struct agent_sids *s);
AUTO_DEFINE(struct agent_sids, agent_sids_free)

void agent_sids_repair(struct agent_sids *s, bool on);
/* What agent_fib tells. */
void agent_sids_foreign(struct agent_sids *s, const struct agent_route *r, bool gone);
void agent_sids_all(struct agent_sids *s);
/* Whether the router software has this very SID. */
bool agent_sids_has(const struct agent_sids *s, const struct ip_prefix *sid);
/* Whether an address is for a SID of the router software. */
bool agent_sids_holds(const struct agent_sids *s, const struct ip_addr *sid);
/* In order of prefix. repaired: a corrected SID of ours stands before it. */
void agent_sids_each(const struct agent_sids *s,
		     void (*fn)(void *arg, const struct agent_route *r, bool repaired), void *arg);
/* A uA whose shift is the node alone, though the function is part of the SID. */
bool agent_sids_is_broken(const struct agent_route *r);
