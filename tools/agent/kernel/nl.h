/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * A netlink socket on the loop. Requests are queued, at most some are under way, answers are
 * matched by sequence number, one dump runs at a time. Every request ends with exactly one
 * done(), also when the kernel lost the answer (ENOBUFS) or the socket is freed (ECANCELED).
 * Use one socket for requests and another for notifications, so that a burst of the second
 * cannot lose answers of the first.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "loop/loop.h"

struct nlmsghdr;
struct agent_nl;

struct agent_nl_ops {
	void (*event)(void *arg, const struct nlmsghdr *h); /* notifications; may be NULL */
	void (*lost)(void *arg); /* notifications were lost: ask for everything again */
};

struct agent_nl_ask {
	/* Each part of the answer; may be NULL. */
	void (*reply)(void *arg, uint64_t tag, const struct nlmsghdr *h);
	/* err: 0 or an errno; text: the kernel's own words, "" when none. */
	void (*done)(void *arg, uint64_t tag, int err, const char *text);
	void *arg;
	uint64_t tag;
	bool dump;
};

/* bus: NETLINK_ROUTE, …; 0 or -errno. */
int agent_nl_new(struct agent_nl **outp, struct loop *loop, int bus, const struct agent_nl_ops *ops,
		 void *arg);
struct agent_nl *agent_nl_free(struct agent_nl *nl);
AUTO_DEFINE(struct agent_nl, agent_nl_free)

int agent_nl_join(struct agent_nl *nl, unsigned group);
uint32_t agent_nl_port(const struct agent_nl *nl); /* nlmsg_pid of what we cause */

/* Queues one or more messages (len octets; headers get our sequence number). Copies them.
 * 0, or -ENOMEM, then done is not called. */
int agent_nl_send(struct agent_nl *nl, const void *msgs, size_t len,
		  const struct agent_nl_ask *ask);
size_t agent_nl_pending(const struct agent_nl *nl);
