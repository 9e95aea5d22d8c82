/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Synchronised sets (RFC 5440 SVEC) under an objective function of the whole set (RFC 5541 s3.1.2):
 * an explicit path for every request, none split, all of them together within the capacity of
 * every link, each within its delay bound. Exact as far as the budget goes; beyond it the best
 * found, with a bound.
 */
#include "pce/te.h"

enum {
	TE_SYNC_MAX = 1024,	    /* requests of a set */
	TE_SYNC_CELLS = 16 << 20,   /* requests times nodes */
};

enum te_sync_goal {
	TE_SYNC_MBC, /* least bandwidth taken, summed over all links: bit/s */
	TE_SYNC_MLL, /* least loaded most loaded link: share of its capacity */
	TE_SYNC_MCC, /* least cost, summed over all paths: metric */
};

const char *te_sync_goal_text(enum te_sync_goal g); /* "mbc", … */

struct te_sync_request {
	uint32_t src, dst;
	uint64_t rate_bps;
	uint32_t delay_us_max; /* TE_NO_BOUND */
	const bool *barred;    /* by arc: not for this one; NULL: none is */
};

struct te_sync_options {
	enum te_sync_goal goal;
	uint64_t seed;
	uint64_t work_max; /* arcs looked at; not 0 */
	te_go_on_fn go_on; /* or NULL */
	void *arg;
	/* Will the path do for the request: has it a SID list that fits. The same answer whenever asked.
	 * NULL: any path will. */
	bool (*fits)(void *arg, uint32_t request, const uint32_t *arcs, uint32_t n);
	void *fits_arg;
};

enum te_sync_found {
	TE_SYNC_OPTIMAL,
	TE_SYNC_FEASIBLE, /* the budget ended: at most gap from the optimum */
	TE_SYNC_NONE,	  /* there is none, proven */
	TE_SYNC_UNKNOWN,  /* none found within the budget */
};

struct te_sync_path {
	const uint32_t *arcs; /* in order */
	uint32_t n;
};

struct te_sync {
	enum te_status status; /* TE_NO_ROUTE, TE_NO_DELAY: request `where` even alone has no path */
	uint32_t where;
	enum te_sync_found found;
	double value, bound, gap;
	const struct te_sync_path *paths; /* by request; NULL when there is none */
	uint64_t work;
};

/* The graph's metric is the cost, other_bps is taken already. Always fills *out. */
void te_sync(const struct te_graph *g, const struct te_sync_request *reqs, uint32_t n,
	     const struct te_sync_options *o, struct arena *a, struct te_sync *out);
