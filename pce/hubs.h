/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Exact distances between any two places after one preparation ("pruned hub labels"): each place
 * knows its distance to and from a few important places, chosen such that every shortest path
 * goes through one that both its ends know. Backbones need some tens of them a place. Inside of
 * the engine.
 */
#include "base/arena.h"
#include "pce/graph.h"

/* A graph by places: arcs of place p are out[start_out[p]] .. out[start_out[p + 1] - 1]. */
struct pce_arcs {
	uint32_t n;
	const uint32_t *start_out, *start_in;
	const struct pce_arc *out, *in;
	const uint8_t *ends_here; /* by place: nothing goes on from it */
	bool symmetric;		  /* each arc has one back with its weight */
};

struct pce_hub {
	uint32_t rank, dist;
};

struct pce_hub_list {
	struct pce_hub *at;
	uint32_t n, cap;
};

struct pce_hubs {
	uint32_t n;
	struct pce_hub_list *to, *from; /* by place; the same when the graph is symmetric */
	uint32_t *near;	/* by rank: from the place of pce_hubs_from(); PCE_INF: not known there */
	uint32_t source;
};

enum pce_hubs_made { PCE_HUBS_MADE, PCE_HUBS_TOO_MANY, PCE_HUBS_NO_MEMORY };

/* Some graphs have no few important places: PCE_HUBS_TOO_MANY when more than that a place. */
enum pce_hubs_made pce_hubs_make(struct pce_hubs *h, const struct pce_arcs *g, uint32_t each_max,
				 struct arena *a);
/* Distances asked for are from this place. */
void pce_hubs_from(struct pce_hubs *h, uint32_t source);
/* PCE_INF: no way. */
uint32_t pce_hubs_dist(const struct pce_hubs *h, uint32_t place);

/* Queue by distance, then place, of the searches over places. */
struct pce_near {
	uint64_t *at; /* distance << 32 | place */
	uint32_t n, cap;
	struct arena *a;
};

bool pce_near_push(struct pce_near *q, uint32_t dist, uint32_t place);
uint64_t pce_near_pop(struct pce_near *q); /* not of an empty one */
