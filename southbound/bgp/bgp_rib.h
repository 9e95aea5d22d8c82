/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Adj-RIB-In of one peer: which NLRIs it has told, by their opaque bytes. What they say lives
 * in topo; the bytes are kept so that a withdraw, and the purge after a new session, can name
 * the object again. Charged to a quota.
 */
#include "base/hash.h"
#include "base/quota.h"
#include "base/rd.h"

struct bgp_rib_entry {
	struct hash_node node;
	uint32_t round; /* of the session that last told it */
	uint32_t len;
	uint8_t bytes[]; /* the NLRI, type and length included */
};

struct bgp_rib {
	struct hash hash;
	struct quota objects;
	struct quota bytes;
	uint32_t round;
};

enum bgp_rib_result {
	BGP_RIB_KEPT,
	BGP_RIB_FULL, /* quota or memory: the NLRI is not kept */
};

void bgp_rib_init(struct bgp_rib *r, uint64_t seed, uint32_t objects_max);
void bgp_rib_limit(struct bgp_rib *r, uint32_t objects_max);
void bgp_rib_fini(struct bgp_rib *r);
/* A new session: what it does not tell again is stale. */
void bgp_rib_next_round(struct bgp_rib *r);
enum bgp_rib_result bgp_rib_put(struct bgp_rib *r, struct rd nlri);
/* True when it was there. */
bool bgp_rib_del(struct bgp_rib *r, struct rd nlri);
/* Calls fn for every entry not of this round, then drops it. */
void bgp_rib_purge(struct bgp_rib *r, void (*fn)(void *arg, struct rd nlri), void *arg);
/* Forgets everything. fn may be NULL. */
void bgp_rib_clear(struct bgp_rib *r, void (*fn)(void *arg, struct rd nlri), void *arg);
