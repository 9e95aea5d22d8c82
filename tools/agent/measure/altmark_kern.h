/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Our programs in the kernel: loaded, attached, their maps. Known by the handle and priority of
 * their filters and by their names; nobody else's filter is touched, and a clsact qdisc is removed
 * only when it was made by us and is empty.
 *
 * Maps live as long as a filter of ours does: an agent that starts finds them by its filters, so
 * counting goes on while there is no agent (without CAP_SYS_ADMIN they are pinned: altmark_pin.h).
 * Calls block for as long as a system call does.
 */
#include "tools/agent/measure/altmark_cfg.h"
#include "tools/agent/measure/altmark_map.h"

struct agent_amk;

/* 0, or -errno with the reason in why. */
int agent_amk_new(struct agent_amk **outp, char *why, size_t cap);
/* Leaves all as it is in the kernel. */
struct agent_amk *agent_amk_free(struct agent_amk *k);
/* Removes whatever is ours, also of an agent before; needs no agent_amk. How many filters. */
unsigned agent_amk_remove_all(void);

int agent_amk_time(struct agent_amk *k, const struct altmark_time *t);
int agent_amk_flows(struct agent_amk *k, const struct agent_altmark_flow *flows, size_t n);
int agent_amk_ends(struct agent_amk *k, const struct ip_prefix *ends, size_t n);
/* Attaches to these, detaches from all others. missing: those that are not there. 0 or -errno. */
int agent_amk_ports(struct agent_amk *k, const struct agent_altmark_port *ports, size_t n,
		    unsigned *missing);
int agent_amk_self(const struct agent_amk *k, struct altmark_self *out);
/* fn returns false to have the entry deleted. */
int agent_amk_counts(struct agent_amk *k,
		     bool (*fn)(void *arg, const struct altmark_count_key *key,
				const struct altmark_count *c),
		     void *arg);
