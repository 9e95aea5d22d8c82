/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Global optimiser: which midpoints should every demand go over, so that the fullest link is as
 * empty as can be? A demand travels from source to target over at most k midpoints, on IGP
 * shortest paths with ECMP in between; it is never split but by ECMP.
 *
 * Pure: the graph and the demands come in plain arrays, no clock is read. An answer depends on
 * (problem, options) alone; a caller who wants to stop by time does so in go_on(), what he gets
 * is then the best so far. Beside the answer stands a lower bound, valid whatever the float
 * errors on the way: no placement whatever is below it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum {
	TE_MIDPOINTS_MAX = 3,
	TE_NODES_MAX = 100000,
	TE_ARCS_MAX = 4000000,
	TE_DEMANDS_MAX = 2000000,
	/* Sources, targets and midpoints together: every pair of them is worked out. */
	TE_POINTS_MAX = 1024,
};

#define TE_NO_NODE UINT32_MAX
#define TE_NO_BOUND UINT32_MAX

struct te_arc {
	uint32_t from, to;
	uint32_t metric;       /* IGP; all values are metrics */
	uint32_t delay_us;
	uint64_t capacity_bps; /* 0: part of the IGP, but nothing may be sent over it */
	uint64_t other_bps;    /* carried already by what is not optimised */
};

/* How a node may be used; an array of them, or NULL: everything. */
enum {
	TE_NO_TRANSIT = 1,  /* shortest paths do not go through (overload) */
	TE_NO_MIDPOINT = 2, /* has no SID of its own (pseudonode) */
};

struct te_graph {
	uint32_t n, m;
	const struct te_arc *arcs;
	const uint8_t *flags;
};

/* Unused places are TE_NO_NODE, at the end. */
struct te_list {
	uint32_t mid[TE_MIDPOINTS_MAX];
};

struct te_demand {
	uint32_t src, dst;
	uint64_t rate_bps;
	uint32_t delay_us_max; /* over the worst ECMP member; TE_NO_BOUND */
	struct te_list now;    /* the running configuration */
	bool fixed;	       /* stays where it is */
};

struct te_problem {
	struct te_graph graph;
	const struct te_demand *demands;
	uint32_t n_demands;
};

struct te_progress {
	uint64_t work;	/* spent so far, of options.work_max */
	double util;	/* of the best placement so far */
	double bound;	/* proven so far */
	uint32_t changed; /* demands that the best placement moves */
};

/* Called every millisecond or so. false: stop now with what there is. */
typedef bool (*te_go_on_fn)(void *arg, const struct te_progress *p);

struct te_options {
	uint8_t midpoints;   /* at most, 0 .. TE_MIDPOINTS_MAX */
	uint64_t seed;
	uint64_t work_max;   /* link loads looked at; 0: no limit, go_on() decides */
	double target;	     /* good enough: stop at this utilisation; 0: as low as can be */
	double gap;	     /* good enough: this close to the bound, relative */
	double charge;	     /* utilisation that every changed demand must be worth */
	size_t bytes_max;    /* working memory; 0: 1 GiB */
	te_go_on_fn go_on;   /* NULL: work_max decides, which is then not 0 */
	void *arg;
};

enum te_status {
	TE_OK,
	TE_BAD_OPTIONS,	 /* no end, or numbers that mean nothing */
	TE_BAD_GRAPH,	 /* an arc with an end that does not exist; too large */
	TE_BAD_DEMAND,	 /* where: no such node, nowhere to go, midpoints that are none */
	TE_NO_ROUTE,	 /* where: no list reaches the target over links with capacity */
	TE_NO_DELAY,	 /* where: lists do, but none within the delay bound */
	TE_TOO_LARGE,	 /* more points or memory than allowed */
	TE_NO_MEMORY,
};

const char *te_status_text(enum te_status s);

/* Why the search ended. */
enum te_end {
	TE_END_OPTIMAL, /* within gap of the bound */
	TE_END_TARGET,
	TE_END_WORK,
	TE_END_STOPPED, /* go_on() said so */
};

struct te_result {
	enum te_status status;
	uint32_t where;	   /* demand or arc the status speaks of, TE_NO_NODE: none */
	enum te_end end;
	double util_start; /* of the running configuration; infinite when it uses what it may not */
	double util;
	double bound;	   /* of any placement with that many midpoints and these delay bounds */
	double bound_any;  /* of any routing at all, split at will (multi-commodity flow) */
	double gap;	   /* (util - bound) / util: at most that far from the optimum */
	uint32_t changed;  /* demands with another list than now */
	uint32_t midpoints; /* in use, over all demands */
	uint64_t work;
	const struct te_list *lists; /* by demand */
	const double *load;	     /* by arc, share of the capacity, other_bps included */
};

/* Always fills *out; lists and load live in a. */
void te_optimise(const struct te_problem *p, const struct te_options *o, struct arena *a,
		 struct te_result *out);

/* Shares of the capacity by arc (m of them) for these lists. */
enum te_status te_loads(const struct te_problem *p, const struct te_list *lists, double *load,
			uint32_t *where);
