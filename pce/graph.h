/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The TED as searches read it. Nodes are renumbered ("places") so that neighbours lie close
 * together in memory, links are arcs in compressed rows of 8-byte entries, weights are 32-bit
 * integers. Inside of the engine; answers speak of node and link indices.
 *
 * The shape (places and rows) knows every node and link index there is, tombstones and half
 * links too, and is shared by all generations that know the same ones: an event changes
 * weights, never rows. Weights belong to one generation and one class.
 */
#include "pce/path.h"

#define PCE_INF UINT32_MAX /* weight of an arc that cannot be used; distance of what cannot be reached */

/* No distance is above it (RFC 5305 s3): what is farther cannot be reached. */
#define PCE_FAR UINT32_C(0xfe000000)

/*
 * Places with two neighbours and one link each way to both, in a row between two hubs (which may
 * be one): first, first + 1, … The links at the ends, as arcs of the hubs: to the chain and from it.
 */
struct pce_chain {
	uint32_t first, len;
	uint32_t a, b; /* hubs beside the first and the last */
	uint32_t out_a, in_a, out_b, in_b;
};

struct pce_shape {
	uint32_t n, m;		/* nodes and links of the TED */
	const uint32_t *place;	/* by node index */
	const uint32_t *node;	/* by place */
	const uint32_t *out;	/* n + 1: arcs leaving place p are out[p] .. out[p + 1] - 1, links ascending */
	const uint32_t *out_to;	/* by out-arc: place of the far end */
	const uint32_t *out_link; /* by out-arc: link index */
	const uint32_t *out_arc; /* by link index: its out-arc */
	const uint32_t *in;	/* the same for arcs entering a place */
	const uint32_t *in_from;
	const uint32_t *in_link;
	const uint32_t *in_arc;
	/* The same link in the other rows: out-arc of an in-arc, in-arc of an out-arc. */
	const uint32_t *out_of_in;
	const uint32_t *in_of_out;
	/* Places 0 .. n_hubs - 1 are in no chain; those of chains follow, chain by chain. Arcs of
	 * hubs, with a chain as one arc, beside the first rows: the hub at its far end says the same
	 * chain by this arc. */
	uint32_t n_hubs, n_chains;
	const struct pce_chain *chain;
	const uint32_t *in_chain; /* by place - n_hubs: number of its chain */
	const uint32_t *hub_out_of_in;
	const uint32_t *hub_in_of_out;
};

const struct pce_shape *pce_shape_of(const struct ted *t);

/* One arc of a class: the other end's place, and its weight or PCE_INF. */
struct pce_arc {
	uint32_t place, w;
};

/*
 * What a tree may use, and what it costs. Links that cannot carry traffic (dead, half, without
 * the metric) weigh PCE_INF in every class; an overloaded node is never between two others.
 * Bandwidth and exclusions of one request are no part of a class: searches test those arc by
 * arc, and trees without them are still lower bounds.
 */
struct pce_class {
	enum pce_metric metric;
	uint8_t algo;	 /* 0; or a Flex-Algo: what its definition allows, by its metric type */
	bool own_metric; /* with an algo: by `metric` all the same */
	struct pce_affinity affinity;
};

/* The link's weight in a class on this TED, PCE_INF where it has none. */
uint32_t pce_class_weight(const struct ted *t, const struct pce_class *c, uint32_t link);
bool pce_affinity_cuts(const struct pce_affinity *a, const struct ted_link *l);
