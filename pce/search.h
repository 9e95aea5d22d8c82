/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of the search, for search.c, seek.c and complete.c only. */
#include "pce/pce_priv.h"

enum { PCE_STAGES = PCE_PASSES_MAX + 1 };

/* What is at least still to come from a place: the way to the next pass, and what is behind it. */
struct pce_low {
	const uint32_t *dist;
	uint64_t rest; /* UINT64_MAX: there is no way on */
};

/* A summand of what is minimised, or something bounded that a path uses up. */
struct pce_term {
	unsigned metric;
	uint64_t weight; /* of a summand */
	uint64_t bound;	 /* of what is used up */
	uint32_t class;
	const struct pce_arc *arc; /* by out-arc */
	struct pce_low low[PCE_STAGES]; /* by passes behind */
};

/* A way from the source, compared by (load, cost, tie). */
struct pce_label {
	uint64_t load, cost, tie;
	uint64_t seen; /* a bit for every node on the way, several nodes to a bit */
	uint32_t used[PCE_METRICS];
	uint32_t place, via; /* via: out-arc; PCE_INF at the source */
	uint32_t parent, next;
	uint8_t stage;
	bool dead;
};

struct pce_turn { /* of the queue */
	uint64_t load, cost, tie;
	uint32_t label;
};

/* First label at a place. */
struct pce_slot {
	uint32_t epoch, first;
};

struct pce_seek {
	struct pce_ctx *c;
	const struct pce_find *f;
	const struct pce_shape *s;
	uint32_t src, dst; /* places */
	struct pce_term cost[PCE_METRICS], use[PCE_METRICS];
	unsigned n_cost, n_bound; /* n_bound: all of use[] */
	unsigned n_use;		  /* that labels carry: none, before pce_seek_bounded() */
	unsigned delay;		  /* which of use[] */
	uint64_t cost_max;
	const struct pce_arc *igp;     /* ties; NULL: cost is the IGP metric itself */
	const uint32_t *igp_low;
	uint32_t cuts;		       /* PCE_CUT bits to ask of each link */
	const uint64_t *overload;      /* of the network */
	const uint64_t *crowded;       /* the same, when it is respected */
	unsigned n_pass;
	struct pce_pass pass[PCE_PASSES_MAX];
	bool held; /* some pass is taken or left, see pce_pass_held() */
	bool simple;		       /* labels are ways without a node twice */
	bool all;		       /* every way counts: nothing dominates */
	uint32_t labels_max;
	uint64_t work; /* labels compared with others */
	struct pce_label *label;
	uint32_t n, cap;
	struct pce_turn *turn;
	uint32_t n_turns, cap_turns;
	struct pce_slot *slot;
	uint32_t epoch;
	bool no_memory;
};

#define PCE_NOWHERE UINT32_MAX

/* seek.c */
enum pce_found pce_seek_init(struct pce_seek *k, struct pce_ctx *c, const struct pce_find *f);
/* What is equal otherwise is compared too, as every search has to; false without memory. */
bool pce_seek_ties(struct pce_seek *k);
/* Labels from now on carry what is bounded; false without memory. */
bool pce_seek_bounded(struct pce_seek *k);
/* Load of a link for the objective, less is better. */
uint64_t pce_seek_load(const struct pce_seek *k, uint32_t arc);

/* search.c */
bool pce_label_step(struct pce_seek *k, const struct pce_label *x, uint32_t x_id, uint32_t arc,
		    struct pce_label *y);
/* On the way to the label. */
bool pce_label_on(const struct pce_seek *k, uint32_t id, uint32_t place);
uint64_t pce_label_low(const struct pce_seek *k, const struct pce_label *x);

static inline uint64_t pce_seen_bit(uint32_t place)
{
	return UINT64_C(1) << (place * UINT32_C(0x9e3779b9) >> 26);
}

/* complete.c: some feasible end of one of the labels in the queue; its label, or PCE_NOWHERE. */
uint32_t pce_complete(struct pce_seek *k);
