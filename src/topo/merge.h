/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * From statements to one topology. A source counts only for nodes its producer can reach in
 * the source's own view; of the live sources that count for an object, the latest statement
 * holds (so a withdraw by one of two feeds is bad news at once); what only lost sources know
 * is kept until it ages out.
 *
 * A merge looks at everything (merge.c), or, as long as nodes, sources and what they reach are
 * the same, at what is dirty (step.c): the rows are the same either way.
 */
#include "topo/slots.h"

struct overlay;

struct merge_source {
	bool known;	/* has said anything we keep */
	bool live;	/* session up, or the statements of a lost one must stand (frozen) */
	struct ip_addr producer; /* BGP identifier of the producer: where its view is rooted */
	struct ip_addr peer;
};

/* Asked for each link that came or went since the last merge; false: treat it as down (damped). */
typedef bool (*merge_up_fn)(void *arg, uint32_t link_slot, bool present);

/* What a merge knows of a node slot: its entries, and who counts for it. */
struct merge_node {
	struct list parts; /* node, prefixes, SIDs: the newest first */
	struct list out, in; /* links */
	uint32_t live, any; /* live sources, all sources, that reach it */
};

/* The view of one source. */
struct merge_view {
	uint32_t root;	/* slot of its producer, TED_NONE: outside of the topology, counts for all */
	unsigned name;	/* which of its addresses told so */
	uint32_t *via;	/* by slot: the neighbour it was reached over, itself at the root */
};

struct merge {
	struct merge_slots slots;
	struct merge_node *nodes;
	uint32_t n_nodes;
	struct merge_view view[LSDB_SOURCES_MAX];
	uint32_t known; /* sources with a view */
	VEC(uint32_t) held; /* links told up that are treated as down */
	bool ready; /* all of this is as of the last merge */
};

void merge_init(struct merge *m, uint64_t seed, uint32_t max);
void merge_fini(struct merge *m);

struct merge_in {
	struct lsdb *db;
	struct merge_source sources[LSDB_SOURCES_MAX];
	merge_up_fn up;
	void *up_arg;
	const struct ted *prev; /* what the last merge led to */
	bool whole;		/* sources changed, or prev is not of this */
	const struct overlay *overlay;
};

/* In arena memory. */
struct merge_out {
	bool whole; /* input is filled, else patch */
	struct ted_input input;
	struct ted_patch patch;
};

/* 0 or -ENOMEM; after that the next one has to be whole. */
int merge_run(struct merge *m, const struct merge_in *in, struct arena *a, struct merge_out *out);
