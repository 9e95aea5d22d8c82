/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * One object of the kernel that carries a slice, as a value, and its rtnetlink form; what is
 * wanted against what was read back, as messages. No I/O.
 *
 * Ours are: queueing disciplines with the handle 5e78: and everything below them, routes and
 * rules with the protocol 201. What a dump shows of others is never in these functions' results.
 */
#include "base/vec.h"
#include "tools/agent/kernel/route.h"
#include "tools/agent/slices/device.h"

enum {
	AGENT_OBJ_NAME_MAX = 112,
	AGENT_TC_ROOT = 0x5e780000, /* handle of our queueing disciplines */
	AGENT_TC_LINK = 1,	    /* minor of the class of the whole link */
	AGENT_TC_BEST = 2,	    /* of best effort */
	AGENT_TC_NRP = 0x100,	    /* of NRP 0; 1 is the first there is */
	AGENT_RULE_UNDERLAY = 900,  /* preferences of our rules, in this order */
	AGENT_RULE_CLASS = 1000,
	AGENT_RULE_BOUND = 1100,
	AGENT_RULE_ELSE = 1200,
	AGENT_MARK_SHIFT = 16, /* a classifier's id is the upper half of the mark */
};

/* In the order they are made; removed in the opposite one. */
enum agent_obj_kind {
	AGENT_OBJ_QDISC,
	AGENT_OBJ_CLASS,
	AGENT_OBJ_LEAF,
	AGENT_OBJ_FILTER,
	AGENT_OBJ_ROUTE,
	AGENT_OBJ_RULE,
};

struct agent_tc_stats {
	uint64_t packets, bytes, drops, backlog;
};

/* How a packet counts, of what is its own and of what it may have beside. */
struct agent_tc_count {
	uint16_t overhead, least; /* octets more, and at least so many */
	uint8_t cells;		  /* another link layer than Ethernet */
};

struct agent_tc_class {
	uint32_t id, parent;
	uint64_t rate, ceil; /* octets a second */
	uint32_t buffer, cbuffer, quantum, prio;
	struct agent_tc_count own, lent; /* zero: as packets are */
	struct agent_tc_stats stats; /* read only */
};

struct agent_tc_leaf {
	uint32_t parent, handle, limit; /* of a bfifo; 0: it is none */
	bool sizes; /* a table of sizes, so that packets count as others; none is ours */
};

struct agent_tc_filter {
	uint16_t pref, protocol; /* as ETH_P_… */
	uint32_t classid, handle; /* handle: read only */
	struct ip_prefix dst;	  /* none: not a filter of our form */
	char form[16];		  /* "u32" */
};

struct agent_rule {
	uint32_t pref, table, mark, mask;
	bool unreachable; /* instead of a table */
	char iif[AGENT_DEV_IF_MAX];
	struct ip_prefix dst;
};

struct agent_obj {
	uint8_t kind;	   /* enum agent_obj_kind */
	uint32_t dev;	   /* ifindex, of queues */
	const void *owner; /* the part of the device it is wanted for */
	char name[AGENT_OBJ_NAME_MAX];
	union {
		bool sizes; /* of a qdisc, as of a leaf */
		struct agent_tc_class cls;
		struct agent_tc_leaf leaf;
		struct agent_tc_filter filter;
		struct agent_route route;
		struct agent_rule rule;
	};
};

struct agent_objs {
	struct agent_obj *at;
	size_t n, cap;
};

/* The same place in the kernel: it holds only one of them. For sorting: kinds in their order. */
int agent_obj_cmp(const struct agent_obj *a, const struct agent_obj *b);
/* Of the same place: nothing is to be done. Counters do not matter. */
bool agent_obj_same(const struct agent_obj *a, const struct agent_obj *b);
/* Writes the request into buf (AGENT_ROUTE_BYTES); the header is at its start. */
struct nlmsghdr *agent_obj_put(void *buf, const struct agent_obj *o, enum agent_route_op op);
/* Reads one message of a dump. False for what is not ours or no object of these. */
bool agent_obj_get(const struct nlmsghdr *h, struct agent_obj *o);
/* True: a rule, and somebody else's. */
bool agent_obj_others_rule(const struct nlmsghdr *h, struct agent_rule *r);

struct agent_op {
	const struct agent_obj *obj; /* wanted, or seen and not wanted */
	enum agent_route_op op;
};

struct agent_ops {
	struct agent_op *at;
	size_t n, cap;
};

/* Sorts both. What to do, in order: what is made or changed, then (from *n_made on) what is
 * removed. False: no memory. */
bool agent_obj_plan(struct agent_objs *want, struct agent_objs *seen, struct agent_ops *out,
		    size_t *n_made);

struct agent_if_addr {
	uint32_t index;
	struct ip_addr addr;
};

struct agent_if_addrs { /* as the kernel told them: of an interface together */
	struct agent_if_addr *at;
	size_t n, cap;
};

struct agent_iface {
	uint32_t index;
	char name[AGENT_DEV_IF_MAX];
	uint8_t oper; /* IF_OPER_… */
	bool on;      /* IFF_UP: switched on, with or without a carrier */
	uint32_t mtu;
	uint64_t in_octets, in_packets, in_discards, in_errors;
	uint64_t out_octets, out_packets, out_discards, out_errors;
};

struct agent_ifaces {
	struct agent_iface *at;
	size_t n, cap;
};

/* What of the kernel the objects stand on. */
struct agent_ground {
	struct agent_ifaces ifaces;
	struct agent_if_addrs addrs;
	/* Whether the router software has this SID already; may be NULL. */
	bool (*taken)(void *arg, const struct ip_prefix *sid);
	void *taken_arg;
	char sid_device[AGENT_DEV_IF_MAX];
	uint32_t metric;
	bool reduced, counters;
};

/* A part of the device that cannot be asked for. */
struct agent_missing {
	const void *owner;
	char name[AGENT_OBJ_NAME_MAX];
	char reason[96];
};

struct agent_missings {
	struct agent_missing *at;
	size_t n, cap;
};

/* The objects that d needs. False: no memory. */
/* Where a route leads while its interface is down; NULL: it is not, or so are all. */
const struct agent_backup *agent_obj_backup(const struct agent_ground *g, const struct agent_table_route *r);
bool agent_obj_want(const struct agent_device *d, const struct agent_ground *g,
		    struct agent_objs *out, struct agent_missings *missing);
