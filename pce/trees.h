/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Shortest path trees kept between calls and between generations: one shard of the cache, and
 * the working memory of the searches that use it. One thread at a time owns a shard; no answer
 * depends on what a shard holds.
 *
 * A call begins with pce_trees_follow(), which brings the shard to the call's TED. When it is the
 * next generation the change is kept in a log and each tree is repaired from it when it is next
 * asked for (incremental SPF); any other TED empties the shard, unless the shape is the same:
 * then what differs is found by comparing the weights.
 *
 * Trees and arcs handed out are valid until the next pce_trees_follow(); the byte limit is kept
 * by throwing out the least recently used among those not handed out since.
 */
#include "pce/graph.h"

struct pce_tree {
	uint32_t root;		/* place all distances lead to */
	const uint32_t *dist;	/* by place; PCE_INF: no way */
	const uint32_t *via;	/* by place: out-arc to take, one of the cheapest; PCE_INF at the root */
};

/* 0 or -ENOMEM; nothing of the shard before is valid then but the shard itself. */
int pce_trees_follow(struct pce_trees *p, const struct ted *t);
const struct pce_shape *pce_trees_shape(const struct pce_trees *p);

/* A small number for the class, to be used until the next follow; UINT32_MAX without memory. */
uint32_t pce_trees_class(struct pce_trees *p, const struct pce_class *c);
const struct pce_arc *pce_class_out(struct pce_trees *p, uint32_t class); /* beside shape->out_to */
const struct pce_arc *pce_class_in(struct pce_trees *p, uint32_t class);  /* beside shape->in_from */

/* Distances from everywhere towards a node index. NULL without memory. */
const struct pce_tree *pce_tree_to(struct pce_trees *p, uint32_t class, uint32_t node);
/* From a node index to everywhere; via is the in-arc. Not kept over generations. */
const struct pce_tree *pce_tree_from(struct pce_trees *p, uint32_t class, uint32_t node);

/* Counters since the shard was made: for metrics and benchmarks. */
struct pce_trees_stats {
	uint64_t built, repaired, hits, evicted;
	uint64_t touched; /* nodes whose distance a repair looked at */
	size_t bytes;
};
void pce_trees_stats(const struct pce_trees *p, struct pce_trees_stats *out);
