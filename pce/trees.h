/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Shortest path trees kept between calls and between generations: one shard of the cache, and
 * the working memory of the searches that use it. One thread at a time owns a shard; no answer
 * depends on what a shard holds. pce_trees_new() and pce_trees_free() are in path.h.
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

/*
 * dist is a fact of the TED. via is one of several when there are ties, and which one depends on
 * how the tree came about: use it where any cheapest way will do, never to choose an answer.
 */
struct pce_tree {
	uint32_t root;		/* place all distances lead to */
	const uint32_t *dist;	/* by place; PCE_INF: no way */
	const uint32_t *via;	/* by place: out-arc to take, one of the cheapest; PCE_INF at the root */
};

/* 0 or -ENOMEM; nothing of the shard before is valid then but the shard itself. */
int pce_trees_follow(struct pce_trees *p, const struct ted *t);
const struct pce_shape *pce_trees_shape(const struct pce_trees *p);
/* Bitmap by place of the overloaded nodes; NULL when there are none. */
const uint64_t *pce_trees_overload(const struct pce_trees *p);

/* A small number for the class, to be used until the next follow; UINT32_MAX without memory. */
uint32_t pce_trees_class(struct pce_trees *p, const struct pce_class *c);
const struct pce_arc *pce_class_out(struct pce_trees *p, uint32_t class); /* beside shape->out_to */
const struct pce_arc *pce_class_in(struct pce_trees *p, uint32_t class);  /* beside shape->in_from */

/* Distances from everywhere towards a node index. NULL without memory. */
const struct pce_tree *pce_tree_to(struct pce_trees *p, uint32_t class, uint32_t node);
/*
 * The same, which may lag behind the TED: no distance is above the true one, for what changed since has
 * only become dearer. A way from a place to the root whose arcs, as they are now, add up to the
 * distance it says is a shortest one, and there are as many such ways as there are shortest ones.
 * Good until the next tree is asked for; NULL: there is none, or something has become cheaper.
 */
const struct pce_tree *pce_tree_behind(struct pce_trees *p, uint32_t class, uint32_t node);
/* From a node index to everywhere; via is the in-arc. */
const struct pce_tree *pce_tree_from(struct pce_trees *p, uint32_t class, uint32_t node);

/*
 * Working memory that stays with the shard, so that no call pays for the size of the network:
 * arrays with an element a place or a link, all zero when made and then as they were left.
 * Elements carry the epoch they were written in; what is older counts as unset. Arrays of the
 * same name always have elements of the same size. NULL without memory.
 */
enum pce_room {
	PCE_ROOM_DAG,	/* by place: dag.c */
	PCE_ROOM_STACK, /* by place: stacks, no epoch */
	PCE_ROOM_STACK_ARC,
	PCE_ROOM_CUT,	/* by link: ctx.c */
	PCE_ROOM_SPF,	/* by place: ispf.c */
	PCE_ROOM_SPF_LOST, /* no epoch, as the settled ones */
	PCE_ROOM_SPF_SETTLED,
	PCE_ROOM_SPF_CHAIN,
	PCE_ROOM_SLOT,	/* by place: search.c */
	PCE_ROOM_LABEL, /* labels, turns of its queue: as many as places, no epoch */
	PCE_ROOM_TURN,
	PCE_ROOM_OWN = 12, /* from here on the files of searches number their own */
	PCE_ROOMS = 40,
};
void *pce_room_places(struct pce_trees *p, unsigned room, size_t size);
void *pce_room_links(struct pce_trees *p, unsigned room, size_t size);
/* Memory for the call at hand, that stays with the shard. False: another call has it. */
bool pce_trees_lend(struct pce_trees *p, struct arena *out);
void pce_trees_give_back(struct pce_trees *p, struct arena *take);
/* A number no element of any room has yet; never 0. */
uint32_t pce_trees_epoch(struct pce_trees *p);
/* The epoch in which the TED that is followed was first: what was worked out from it, and
 * pointers into it, are good for as long as it stays the same. */
uint32_t pce_trees_stamp(const struct pce_trees *p);
/* The same of what follows from nodes alone (their locators), without pointers: links come and go. */
uint32_t pce_trees_nodes_stamp(const struct pce_trees *p);

/* Counters since the shard was made: for metrics and benchmarks. */
struct pce_trees_stats {
	uint64_t built, repaired, hits, evicted;
	uint64_t touched; /* nodes whose distance a repair looked at */
	size_t bytes;
};
void pce_trees_stats(const struct pce_trees *p, struct pce_trees_stats *out);
