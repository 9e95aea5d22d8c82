/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * From one router to all others: every trade between cost, delay and number of segments that a
 * list of node and adjacency segments can make. A node segment costs what its worst equal-cost
 * path costs, an adjacency segment its link; the topology is taken as it is, whatever SIDs are
 * told. Exact.
 *
 * A node segment through or to routers joined by a loop of zero IGP metrics does not exist:
 * where its packets go cannot be said.
 */
#include "pce/path.h"

enum { PCE_REACH_SEGS_MAX = 16 };

struct pce_reach_request {
	uint32_t src;		   /* node index */
	enum pce_metric minimise;  /* the cost */
	uint32_t delay_us_max;	   /* PCE_NO_BOUND: none, but links without a delay are not used */
	uint8_t segs_max;	   /* 1 .. PCE_REACH_SEGS_MAX */
	bool routed_adjacency;	   /* SRv6: an End.X is one segment from wherever it is used */
	struct pce_affinity affinity; /* links that no path of a list may use */
	struct pce_trees *trees;   /* or NULL */
	size_t bytes_max;	   /* working memory, -ENOMEM where it would take more; 0: 1 GiB */
};

/* One way to get to a node; no other is better in one of the three and no worse in the rest. */
struct pce_reach_point {
	uint32_t node;
	uint32_t cost, delay_us;
	uint32_t segs;
	uint32_t before; /* the point the last segment starts from; TED_NONE at the source */
	/* The last segment: TED_NONE for the node segment of node; else the adjacency segment of
	 * that link (into the pseudonode on a LAN), routed to its near end where that is not the
	 * node of `before`. */
	uint32_t link;
};

struct pce_reach {
	const uint32_t *start; /* n_nodes + 1: points of node i are start[i] .. start[i + 1] - 1 */
	const struct pce_reach_point *points; /* of a node by segments, then cost */
	uint32_t n_points;
	size_t bytes; /* working memory it took */
};

/* 0, -ENOMEM, or > 0: the request makes no sense. The answer is in the arena. */
enum { PCE_REACH_E_REQUEST = 1 };
int pce_reach(const struct ted *t, const struct pce_reach_request *req, struct arena *a,
	      struct pce_reach *out);
