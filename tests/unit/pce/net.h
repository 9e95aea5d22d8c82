/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Small random networks for the path engine's tests, and a packet simulator that forwards as
 * routers do. Written from the RFCs and apart from the engine: it shares no code with it.
 */
#include "base/rng.h"
#include "pce/after.h"
#include "pce/path.h"

enum {
	NET_NODES = 9,
	NET_LINKS = 48,
	NET_SIDS = 8,
	NET_METRICS = 4,
	NET_PATH = 12,	    /* links of a simple path */
	NET_TRACES = 4096,
	NET_TRACE_LEN = 40, /* links one packet may cross before it is a loop */
};

struct net {
	struct ted_node node[NET_NODES];
	struct ted_link link[NET_LINKS];
	bool usable[NET_LINKS]; /* both directions are there and alive */
	uint32_t n_nodes, n_links, n_routers;
	bool complete; /* every router and hop has SIDs and labels */
	/* what the nodes and links point at */
	struct ted_locator locator[NET_NODES][3];
	struct ted_sid node_sid[NET_NODES][3];
	struct ted_sid link_sid[NET_LINKS][NET_SIDS];
	struct ted_node_sid mpls_sid[NET_NODES];
	struct ted_label_range srgb[NET_NODES][2];
	struct ted_adj_sid adj_sid[NET_LINKS][NET_SIDS];
	uint32_t srlg[NET_LINKS][1];
};

struct net_cfg {
	uint32_t routers, pairs; /* pairs: links with both directions */
	bool lan, half, overload, odd_metrics, complete;
	uint32_t metric_max, delay_max; /* small: many ties */
};

void net_make(struct net *n, struct rng *r, const struct net_cfg *cfg);
/* Every link shares its risk with a few others: it is in one of so many groups. */
void net_risks(struct net *n, struct rng *r, uint32_t groups);
const struct ted *net_build(const struct net *n);

/* What a link costs by a metric; false: it has none. Out of a pseudonode everything is free. */
bool net_cost(const struct net *n, uint32_t link, unsigned metric, uint64_t *out);

/* Does it fail with that? Both directions of a link do. */
bool net_hit(const struct net *n, const struct ted *t, const struct pce_failure *what, uint32_t link);

/* The way of one packet. */
struct net_trace {
	uint32_t link[NET_TRACE_LEN];
	uint32_t n, end;
};

struct net_run {
	struct net_trace trace[NET_TRACES];
	uint32_t n;
	bool lost; /* some packet was dropped or looped */
};

/* Every way a packet with this list can take from src. */
void net_forward(const struct net *n, uint32_t src, const struct pce_list *list,
		 struct net_run *out);
