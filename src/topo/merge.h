/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * From statements to one topology. A source counts only for nodes its producer can reach in
 * the source's own view; of the live sources that count for an object, the latest statement
 * holds (so a withdraw by one of two feeds is bad news at once); what only lost sources know
 * is kept until it ages out.
 */
#include "base/arena.h"
#include "pce/ted.h"
#include "topo/lsdb.h"

struct merge_source {
	bool known;	/* has said anything we keep */
	bool live;	/* session up, or the statements of a lost one must stand (frozen) */
	struct ip_addr producer; /* BGP identifier of the producer: where its view is rooted */
	struct ip_addr peer;
};

/* Which indices nodes and links have: they keep them for the life of the process. */
struct merge_slots {
	struct hash nodes, links;
	uint32_t n_nodes, n_links;
	uint32_t max; /* of each; what is beyond is left out and counted */
	uint64_t refused;
};

struct merge_link_slot;
/* Asked for each link that came or went since the last merge; false: treat it as down (damped). */
typedef bool (*merge_up_fn)(void *arg, uint32_t link_slot, bool present);

struct merge_in {
	const struct lsdb *db;
	struct merge_source sources[LSDB_SOURCES_MAX];
	struct merge_slots *slots;
	merge_up_fn up;
	void *up_arg;
};

void merge_slots_init(struct merge_slots *s, uint64_t seed, uint32_t max);
void merge_slots_fini(struct merge_slots *s);

/* Fills nodes and links of out (arena memory). 0 or -ENOMEM. */
int merge_run(const struct merge_in *in, struct arena *a, struct ted_input *out);
