/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The outer source address of everything this router encapsulates: one for the whole network
 * namespace, set through the generic netlink family SEG6 (what "ip sr tunsrc set" does).
 */
#include "base/auto.h"
#include "base/ip.h"
#include "loop/loop.h"

struct agent_tunsrc;

int agent_tunsrc_new(struct agent_tunsrc **outp, struct loop *loop);
struct agent_tunsrc *agent_tunsrc_free(struct agent_tunsrc *t);
AUTO_DEFINE(struct agent_tunsrc, agent_tunsrc_free)
void agent_tunsrc_set(struct agent_tunsrc *t, const struct ip_addr *addr);
/* "set", "" while asked, or why not. */
const char *agent_tunsrc_state(const struct agent_tunsrc *t);
