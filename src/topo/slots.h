/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Which indices nodes and links have in the TED: they keep them for the life of the process.
 *
 * Producers write the same router differently (with or without its AS number, as level 1 and
 * level 2): identity here is (protocol family, instance, IGP id), split by AS only where two
 * different AS numbers really claim the same id.
 */
#include "base/arena.h"
#include "base/vec.h"
#include "pce/ted.h"
#include "topo/lsdb.h"

struct merge_node_key {
	uint32_t asn;
	uint8_t family; /* 1 IS-IS, 2 OSPFv2, 3 OSPFv3, 4 others */
	uint8_t len;
	uint8_t id[18];
	uint64_t instance;
};

struct merge_link_key {
	uint32_t from, to;
	uint32_t local_id, remote_id;
	struct ip_addr local, remote;
};

struct merge_slot {
	struct hash_node node;
	uint32_t index;
	union {
		struct merge_node_key nk;
		struct merge_link_key lk;
	};
};

struct merge_slots {
	struct hash nodes, links;
	VEC(const struct merge_slot *) link_at; /* by index */
	uint32_t n_nodes, n_links;
	uint32_t max; /* of each; what is beyond is left out and counted */
	uint64_t refused;
};

void merge_slots_init(struct merge_slots *s, uint64_t seed, uint32_t max);
void merge_slots_fini(struct merge_slots *s);
/* Gives every node of the database its slot, TED_NONE beyond the limit. 0 or -ENOMEM. */
int merge_slots_of_nodes(struct merge_slots *s, const struct lsdb *db, struct arena *a);
/* The slot of a link entry whose ends have theirs; TED_NONE beyond the limit. */
uint32_t merge_slot_of_link(struct merge_slots *s, struct lsdb_entry *e);
