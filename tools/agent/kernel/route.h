/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * One kernel route that matters to us, as a value, and its rtnetlink form. No I/O.
 * Segment lists are in the order of the path, first segment first.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "core/sr.h"

struct nlmsghdr;

enum {
	AGENT_PROTO = 200,		  /* rtm_protocol of everything policies install */
	AGENT_PROTO_SLICES = 201,	  /* and of what slices install, rules too */
	AGENT_PROTO_ISIS = 187,		  /* FRR's */
	AGENT_SEGS_MAX = SR_SEGS_MAX + 1, /* a list and its service SID */
	AGENT_WEIGHT_MAX = 256,		  /* of a next hop, as the kernel has it */
	AGENT_ROUTE_BYTES = 4096,	  /* enough for any route message we write */
};

enum agent_route_kind {
	AGENT_ROUTE_PLAIN, /* no segment routing in it: nh, or dev alone */
	AGENT_ROUTE_ENCAP, /* seg6: encapsulation with a list */
	AGENT_ROUTE_LOCAL, /* seg6local: a SID of this router */
};

/* What a route with several lists has beside its own: the kernel's next hops, each with its
 * encapsulation. Their order means nothing; no two of them are the same. */
struct agent_more {
	uint16_t weight; /* of the route's own list; 1 to AGENT_WEIGHT_MAX, as those of the others */
	uint8_t n;
	struct agent_weighted {
		uint16_t weight;
		uint8_t n;
		struct ip_addr seg[AGENT_SEGS_MAX];
	} at[SR_LISTS_MAX - 1];
};

struct agent_route {
	struct ip_prefix dst;
	uint32_t table, metric;
	uint8_t protocol; /* 0 when written: AGENT_PROTO */
	uint8_t kind; /* enum agent_route_kind */
	uint32_t dev; /* ifindex; for SRv6 little more than a placeholder */
	bool reduced; /* encap.red */
	bool take;    /* when written first: a route of slices is replaced, atomically */
	uint8_t n;    /* segments, of encap and End.B6.Encaps */
	struct ip_addr seg[AGENT_SEGS_MAX];
	/* NULL: there is one list. A copy by assignment borrows: who keeps one uses agent_route_keep(). */
	const struct agent_more *more;
	uint8_t action; /* SEG6_LOCAL_ACTION_* */
	struct ip_addr nh;
	uint32_t oif;	 /* of End.X; 0 none */
	uint32_t lookup; /* table of End.DT6 */
	bool next_csid;
	uint8_t lblen, nflen; /* bits of locator block; of node (and function) */
	bool counters;
	uint64_t packets, bytes, errors; /* read only */
};

/* Same key: the kernel holds only one of them. */
int agent_route_key_cmp(const struct agent_route *a, const struct agent_route *b);
/* Same key and same forwarding; counts, protocol and the order of lists do not matter. */
bool agent_route_same(const struct agent_route *a, const struct agent_route *b);

int agent_route_keep(const struct agent_route *from, struct agent_route *to); /* 0, or -ENOMEM and to unchanged */
void agent_route_drop(struct agent_route *r); /* what agent_route_keep() made */
/* Another list with its weight into r, which has more or nothing yet; one that is there already gets both
 * weights. False: there is no room. */
bool agent_route_add_list(struct agent_route *r, struct agent_more *more, const struct agent_weighted *list);

enum agent_route_op {
	AGENT_ROUTE_ADD,     /* refused when the key is there */
	AGENT_ROUTE_REPLACE, /* atomic for packets, makes it when absent */
	AGENT_ROUTE_DEL,
};

/* Writes the request into buf (AGENT_ROUTE_BYTES); the header is at its start. */
struct nlmsghdr *agent_route_put(void *buf, const struct agent_route *r, enum agent_route_op op);
/* Reads a route message. False for what is no unicast route of IPv4 or IPv6, or is malformed. */
bool agent_route_get(const struct nlmsghdr *h, struct agent_route *r);
/* The same with all lists of one that has several, which are in more then; without it such a route is a
 * plain one. One that is not the like of ours in all its next hops is plain, too. */
bool agent_route_get_all(const struct nlmsghdr *h, struct agent_route *r, struct agent_more *more);

/* Every next hop of a message as a route of its own, whoever wrote it; odd: its encapsulation is none that is read.
 * False: it is no unicast route, is malformed, or its next hops are objects of their own, whose encapsulation the
 * kernel does not tell. What was given until then is not to be used. */
typedef void (*agent_route_hop)(void *arg, const struct agent_route *hop, bool odd);
bool agent_route_hops(const struct nlmsghdr *h, agent_route_hop fn, void *arg);

/* "End.DT6 table 100", "encap.red [a b]": for people. */
const char *agent_route_text(const struct agent_route *r, char *buf, size_t cap);
const char *agent_action_name(uint8_t action, bool next_csid);
