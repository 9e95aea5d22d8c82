/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of agent_fwd: messages and rows in fwd_msg.c (no I/O), when what is read in fwd.c. */
#include "base/vec.h"
#include "tools/agent/slices/fwd.h"

enum { FWD_MEMBERS_MAX = 64 }; /* next hops of a message; with more its way is unsure */

struct nlmsghdr;

/* Of an IPv6 route. */
struct fwd_form {
	struct ip_prefix dst;
	uint32_t table, metric;
};

struct fwd_rows {
	VEC(struct agent_fwd_route) routes;
	VEC(struct agent_fwd_sid) sids;
	struct fwd_form plain; /* of main, the last one that is no SID */
	bool full, memory;     /* more than is kept; there was no memory */
};

/* False: it is none, or malformed. */
bool agent_fwd_form_of(const struct nlmsghdr *h, struct fwd_form *m);
/* A route that leads to a SID of this router. */
bool agent_fwd_is_sid(const struct nlmsghdr *h);
void agent_fwd_add_route(struct fwd_rows *r, const struct nlmsghdr *h, const struct fwd_form *m);
/* Messages of table main in the order of the kernel: those of one prefix follow one another, by metric. */
void agent_fwd_add_sid(struct fwd_rows *r, const struct nlmsghdr *h, const struct fwd_form *m);
/* In order, and without what does not count. */
void agent_fwd_trim(struct fwd_rows *r);
void agent_fwd_rows_reset(struct fwd_rows *r);
void agent_fwd_rows_fini(struct fwd_rows *r);

int agent_fwd_route_cmp(const struct agent_fwd_route *a, const struct agent_fwd_route *b); /* prefix and member */
bool agent_fwd_route_same(const struct agent_fwd_route *a, const struct agent_fwd_route *b);
bool agent_fwd_sid_same(const struct agent_fwd_sid *a, const struct agent_fwd_sid *b);
