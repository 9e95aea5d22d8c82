/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What the programs in the kernel and the agent share: the maps. A change of anything here is a
 * new ALTMARK_ABI, so that an agent does not take over the maps of another build.
 *
 * Packets carry the mark in a destination options header of 8 octets right behind the IPv6 header
 * (RFC 9343): type 0x12, length 4, FlowMonID (20 bits), L (colour), D (delay), reserved (10).
 */
#include <linux/types.h>

enum {
	ALTMARK_ABI = 2,
	ALTMARK_FLOWS_MAX = 1024,  /* marked here */
	ALTMARK_COUNTS_MAX = 4096, /* counted here, both directions */
	ALTMARK_ENDS_MAX = 256,
	ALTMARK_PORTS_MAX = 256,
	ALTMARK_ANY_DSCP = 255,
};

enum altmark_dir { ALTMARK_IN, ALTMARK_OUT };

/* Map "am_flows": which packets are marked when they leave by a core port. */
struct altmark_flow_key {
	__u8 first[16]; /* their destination: the first SID; all zero: any, from our own source */
	__u8 last[16];	/* their last segment; the destination when there is no routing header */
	__u8 dscp;	/* or ALTMARK_ANY_DSCP */
	__u8 pad[3];
};

struct altmark_flow {
	__u32 id; /* FlowMonID */
	__u32 pad;
	__u64 d_period; /* the last in which a packet was D-marked */
};

/* Map "am_counts". */
struct altmark_count_key {
	__u8 src[16]; /* outer source: where it was marked */
	__u32 id;
	__u32 dir; /* enum altmark_dir */
	__u32 ifindex;
};

struct altmark_count {
	__u64 packets[2], bytes[2]; /* by colour, since it began */
	__u64 first_ns[2];	    /* wall clock; 0: none yet */
	__u64 d_ns[2];		    /* when the last D-marked packet passed */
	__u64 last_ns;
};

/* Map "am_ends": destinations at which the mark is taken off; prefixes. */
struct altmark_end_key {
	__u32 len;
	__u8 addr[16];
};

/* Kinds of flow keys: what none is of need not be looked for. */
enum altmark_kind {
	ALTMARK_FIRST_DSCP = 1,
	ALTMARK_FIRST = 2, /* of any DSCP */
	ALTMARK_ANY_FIRST_DSCP = 4,
	ALTMARK_ANY_FIRST = 8,
};

/* Map "am_time", one entry, written by the agent alone. Period 0: nothing is marked. */
struct altmark_time {
	__u64 wall_minus_mono_ns, period_ns, guard_ns;
	__u8 source[16]; /* of what we encapsulate */
	__u32 kinds;	 /* of all flows */
	__u32 pad;
};

/* Map "am_self", one entry: abi and boot from the agent that made it, the rest from the programs. */
struct altmark_self {
	__u64 abi, boot;
	__u64 too_long; /* packets that were not marked: no room for 8 octets */
	__u64 refused;	/* nor these: the kernel would not */
	__u64 full;	/* not counted: no room for another flow */
	__u64 stripped; /* marks taken off at an edge */
};

/* Map "am_ports", by interface. */
struct altmark_port {
	__u32 mtu;  /* as the agent last saw it */
	__u32 made; /* its clsact qdisc is ours */
};
