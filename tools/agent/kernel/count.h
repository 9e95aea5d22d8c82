/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Packets per SID of the router software. The kernel counts on the SIDs that were installed
 * with counters (ours), FRR installs without: for those one nftables rule a SID, in a table of
 * our own ("sextant_agent", prerouting), matches the destination address of what arrives. A
 * packet counts for the SID it arrives with: what a uN shifts to the next C-SID counts once
 * here and once at the next node. Rules are kept over a restart, with their counts.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/ip.h"
#include "loop/loop.h"

enum { AGENT_COUNT_MAX = 1024 };

struct agent_count;

int agent_count_new(struct agent_count **outp, struct loop *loop);
struct agent_count *agent_count_free(struct agent_count *c); /* leaves the rules */
AUTO_DEFINE(struct agent_count, agent_count_free)

/* What is to be counted: begin, add each, end. More than AGENT_COUNT_MAX are left out. */
void agent_count_begin(struct agent_count *c);
void agent_count_add(struct agent_count *c, const struct ip_prefix *sid);
void agent_count_end(struct agent_count *c);

/* Reads the counts; done follows, also when it failed. */
void agent_count_refresh(struct agent_count *c, void (*done)(void *arg), void *arg);
void agent_count_each(const struct agent_count *c,
		      void (*fn)(void *arg, const struct ip_prefix *sid, uint64_t packets,
				 uint64_t bytes),
		      void *arg);
/* False when sid is not counted (yet). */
bool agent_count_get(const struct agent_count *c, const struct ip_prefix *sid, uint64_t *packets,
		     uint64_t *bytes);
/* Why nothing is counted, "" when it is. */
const char *agent_count_error(const struct agent_count *c);
