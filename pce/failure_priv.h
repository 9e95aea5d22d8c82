/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What failure.c and failure_route.c share. */
#include "base/vec.h"
#include "pce/failure.h"
#include "pce/pce_priv.h"

enum {
	LOAD_BITS = 10, /* loads are in 1/1024 bit/s */
	FLOW_METRICS = PCE_METRICS,
};

#define FLOW_UNKNOWN UINT64_MAX /* some link does not tell the metric */

__extension__ typedef unsigned __int128 u128;

/* One stretch of a flow: by shortest paths, or over a link. */
struct leg {
	uint32_t flow, from, to;
	uint32_t link; /* TED_NONE: by shortest paths */
	uint8_t algo;
	bool split; /* over several paths */
	const struct ted_node_sid *sid;
	enum pce_flow_loss loss;
	uint32_t n_uses;
	size_t use; /* first of its uses */
	uint64_t worst[FLOW_METRICS], delay_min;
};

struct use {
	uint32_t link;
	uint64_t amount;
};

struct ordered {
	uint32_t to, leg;
	uint8_t algo;
};

/* A node of the paths of one leg. */
struct spot {
	uint32_t epoch, waits; /* arcs of the paths into it that were not counted yet */
	uint64_t amount;
	uint64_t worst[FLOW_METRICS], delay_min;
};

struct pce_failures {
	const struct ted *t;
	const struct ted_priv *p;
	const struct pce_flow *flows;
	uint32_t n_flows;
	struct pce_after *x;
	struct arena arena;
	struct leg *legs, *again; /* as things are; after the failure, those of `seen_leg` */
	uint32_t n_legs, *flow_leg;
	uint64_t algos[4]; /* of legs: bitset */
	VEC(struct use) uses;
	size_t n_uses_now;
	const uint32_t *user_start, *user_leg; /* legs by link */
	uint64_t *load, *after;
	uint32_t *order, n_order; /* links, the fullest first */
	struct pce_flow_effect *now;
	uint32_t n_now;
	/* of one failure */
	uint32_t turn, *seen_link, *seen_leg;
	uint32_t *touched, n_touched, *todo, n_todo;
	/* of one leg */
	uint32_t epoch, *stack;
	struct spot *spot;
};

/* Orders f->todo by target. 0 or -ENOMEM. */
int pce_legs_sort(struct pce_failures *f, struct arena *a);
/* Routes the legs of f->todo into `into`, after the failure or as things are. 0 or -ENOMEM. */
int pce_legs_route(struct pce_failures *f, struct leg *into, bool after);
/* What became of a flow: legs of `changed` where they were routed in this turn. */
void pce_flow_judge(const struct pce_failures *f, uint32_t flow, const struct leg *changed,
		    struct pce_flow_effect *out);
uint64_t pce_link_ppb(const struct pce_failures *f, uint32_t link, uint64_t load);

static inline uint64_t pce_load_bps(uint64_t load)
{
	return (load >> LOAD_BITS) + ((load & ((1U << LOAD_BITS) - 1)) != 0);
}
