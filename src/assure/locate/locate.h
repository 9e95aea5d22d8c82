/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Fault localisation: facts about the network in, causes out, the likeliest first, with the facts
 * that speak for each and the services it hits. Pure: no I/O, no clock, no globals; the same facts
 * in any order of arrival give the same answer. What no cause explains stays unexplained: where
 * nothing decisive was seen the answer is "unknown", never a guess.
 *
 * Nodes and links are numbers, those of the TED; a link is one direction.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define LOCATE_NONE UINT32_MAX

enum {
	LOCATE_FACTS_MAX = 1024, /* what is beyond is not read, and said to be cut */
	LOCATE_CAUSES_MAX = 16,
	LOCATE_SPEAKS_MAX = 12, /* facts told of a cause */
	LOCATE_PLACES_MAX = 4,
	LOCATE_SERVICES_MAX = 32, /* told of a cause */
	LOCATE_LEFT_MAX = 32, /* told of what is not explained */
};

enum locate_kind {
	LOCATE_LINK_GONE,     /* link: no longer announced (BGP-LS) */
	LOCATE_NODE_GONE,     /* node: likewise */
	LOCATE_FEED_GONE,     /* a source of the topology; value: how many are left */
	LOCATE_PCEP_GONE,     /* node: its session is down */
	LOCATE_DEVICE_GONE,   /* node: its gNMI session is down */
	LOCATE_READINGS_GONE, /* node: its counters are not told, or make no sense */
	LOCATE_POLICY_DOWN,   /* flow: as its headend says */
	LOCATE_FLOW_LOSS,     /* flow: lost of so many, from end to end */
	LOCATE_FLOW_DELAY,    /* flow: value us, bound us */
	LOCATE_WIRE_LOSS,     /* link, flow: lost of so many between its two ends; 0 is told too */
	LOCATE_NODE_LOSS,     /* node, flow: likewise inside of it */
	LOCATE_PROBE_FORWARD, /* flow: small probes lost of so many on the way out */
	LOCATE_PROBE_BACK,    /* flow: on the way back */
	LOCATE_LARGE_LOSS,    /* flow, maybe link: packets of the promised size, where small ones pass */
	LOCATE_CLASS_DROPS,   /* link: by a queue of it; value: bit/s offered, bound: its rate (0: not known) */
	LOCATE_LINK_FULL,     /* link: value bit/s sent, bound: what it can */
	LOCATE_IF_ERRORS,     /* link: lost packets that came broken to its far end */
	LOCATE_SID_WRONG,     /* node: what is read back there is not what was put there */
	LOCATE_SID_DEAF,      /* node: lost of so many packets that came to a SID of it were not taken by it */
	LOCATE_STRAY,	      /* node, flow: its packets are counted where its path does not pass */
	LOCATE_CLOCK_STEP,    /* node: its clock moved by value us, and says to err by bound us */
	LOCATE_KINDS,
};

const char *locate_kind_name(enum locate_kind k); /* "link-gone", ... */

struct locate_fact {
	enum locate_kind kind;
	uint32_t node, link, flow; /* flow: index; LOCATE_NONE: not said */
	uint64_t lost, of;
	uint64_t value, bound;
	uint64_t at_ns;
};

enum locate_class {
	LOCATE_UNKNOWN,
	LOCATE_LINK_DOWN,
	LOCATE_NODE_DOWN,
	LOCATE_SILENT_NODE,
	LOCATE_SILENT_WIRE,
	LOCATE_MTU_HOLE,
	LOCATE_WRONG_SID,
	LOCATE_QUEUE_STARVED,
	LOCATE_CONGESTION,
	LOCATE_ONE_WAY,
	LOCATE_AGENT_DEAD,
	LOCATE_FEED_LOST,
	LOCATE_CLOCK_JUMP,
	LOCATE_CLASSES,
};

const char *locate_class_name(enum locate_class c); /* "link-down", ... */

struct locate_link {
	uint32_t from, to;
	uint32_t reverse; /* LOCATE_NONE: none is known */
};

/* A policy of a service and the links it runs over, in order, or did when something there broke. */
struct locate_flow {
	uint32_t service;
	const uint32_t *links;
	uint32_t n_links;
	bool well; /* its own packets arrive as promised: what is behind its last node is not told */
};

struct locate_net {
	const struct locate_link *links;
	uint32_t n_links, n_nodes;
	const struct locate_flow *flows;
	uint32_t n_flows;
};

struct locate_when {
	uint64_t now_ns;
	uint64_t horizon_ns;   /* what is older, or of later than now, is not read */
	uint32_t loss_ppm_min; /* less is no loss */
};

struct locate_place {
	enum { LOCATE_NOWHERE, LOCATE_AT_NODE, LOCATE_AT_LINK, LOCATE_AT_WIRE } what; /* wire: both ways */
	uint32_t index; /* of a wire: the lesser of its two links */
};

struct locate_cause {
	enum locate_class class;
	/* More than one: it is one of these, nothing tells which. */
	struct locate_place place[LOCATE_PLACES_MAX];
	uint32_t n_places; /* may be more than are told */
	bool inside;	   /* the node itself says so: flows that end there lose what has arrived */
	uint32_t score;
	uint32_t speaks[LOCATE_SPEAKS_MAX]; /* indices of facts, as they were given */
	uint32_t n_speaks;
	uint32_t services[LOCATE_SERVICES_MAX]; /* ascending */
	uint32_t n_services;
};

struct locate_result {
	struct locate_cause cause[LOCATE_CAUSES_MAX];
	uint32_t n;	      /* 0: unknown */
	uint32_t unexplained; /* bad news that no cause explains */
	uint32_t left[LOCATE_LEFT_MAX]; /* such, indices of facts */
	bool cut;	      /* there was more than is looked at */
};

/* Facts that name what is not in net are not read. 0, or -ENOMEM (of the arena's limit too). */
int locate_causes(const struct locate_net *net, const struct locate_when *when,
		  const struct locate_fact *facts, size_t n, struct arena *a, struct locate_result *out);

/* Whether the cause, as far as its places are told, is on the flow's path, and the flow is not well. */
bool locate_hits(const struct locate_net *net, const struct locate_cause *c, uint32_t flow);
