/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of a shard, for trees.c, spf.c and ispf.c only. */
#include "base/cells.h"
#include "base/list.h"
#include "pce/buckets.h"
#include "pce/pce_priv.h"
#include "pce/trees.h"

/*
 * What changed, by number of the change: the first kept is `base`. Of a shard: link indices; of a
 * class: out-arcs whose weight is another. With PCE_LOG_PLACE: a place that became overloaded, or
 * no longer is.
 */
#define PCE_LOG_PLACE (UINT32_C(1) << 31)

struct pce_log {
	uint64_t base, end;
	uint32_t *at;
	size_t cap;
};

/* One tree. Its arrays are elsewhere: all trees there are lie close together. */
struct pce_kept {
	struct pce_tree is; /* first: what is handed out */
	struct pce_kept *next; /* of the same chain */
	uint32_t class, node;
	bool from;    /* a tree from the node, not towards it */
	uint64_t pin;  /* the follow after which it was last handed out */
	struct list lru;
	uint64_t seen; /* changes of the class that are in it */
	uint32_t *dist, *via;
};

struct pce_kept_class {
	struct pce_class is;
	struct pce_arc *out, *in;
	struct pce_arc *hub_out, *hub_in; /* rows of hubs, a chain as one arc */
	struct pce_log log;
	uint64_t dearer;  /* changes of its log from here on only made arcs dearer */
	uint64_t seen;	  /* changes of the shard that are in the arcs */
	uint64_t compared; /* the shard's `compare` they were compared for */
	uint64_t pin, used; /* the follow, and the tick, when last asked for */
	uint32_t n_trees;
};

struct pce_shelf {
	void *at;
	size_t bytes;
};

struct pce_trees {
	const struct ted *t; /* valid until the call that followed it ends */
	struct ted_mark *mark;
	const struct pce_shape *shape;
	uint64_t *overload; /* bitmap by place */
	uint32_t n_overload;
	struct pce_log log;
	uint64_t compare; /* how often a TED came that was not the next one */
	uint32_t stamp; /* epoch in which t came */
	uint32_t nodes_stamp; /* and in which the last one came that had other nodes */
	uint64_t follows, ticks;
	struct pce_kept_class **class;
	uint32_t n_class;
	struct pce_kept **chain; /* trees by class and root */
	uint32_t n_chain, n_trees;
	struct pce_kept *spare; /* memory of the one thrown out last */
	struct cells cells; /* of what trees are in */
	struct list lru; /* trees, the latest first */
	size_t bytes_max;
	struct pce_buckets *queue;
	struct pce_shelf room[PCE_ROOMS];
	uint32_t epoch;
	struct arena scratch; /* lent to the call at hand */
	bool lent;
	struct pce_trees_stats stats;
};

/* One direction of a class for one root. */
struct pce_view {
	const uint32_t *start;	 /* row of a place: arcs towards those whose distance may follow */
	const struct pce_arc *arc;
	const uint32_t *cross; /* the same link in the other rows: what via says */
	const uint32_t *up;    /* rows of arcs the other way: towards the root */
	const struct pce_arc *up_arc;
};

struct pce_view pce_view_of(const struct pce_trees *p, uint32_t class, bool from);
/* The same of hubs alone, a chain as one arc. */
struct pce_view pce_hubs_of(const struct pce_trees *p, uint32_t class, bool from);
static inline bool pce_overloaded(const struct pce_trees *p, uint32_t place)
{
	return p->n_overload && (p->overload[place >> 6] >> (place & 63) & 1);
}

/* spf.c: false without memory: the tree is worth nothing then. */
bool pce_spf_full(struct pce_trees *p, struct pce_kept *k);

/* Hubs in the order they were settled in. */
struct pce_settled {
	uint32_t *at; /* as many as there may be */
	uint32_t n;
	bool no_memory;
};

/* Dijkstra from what is in the queue; whom it settles, unless NULL. */
bool pce_spf_run(struct pce_trees *p, struct pce_kept *k, const struct pce_view *v,
		 struct pce_settled *settled);
/* ispf.c: from the log of its class. */
bool pce_spf_repair(struct pce_trees *p, struct pce_kept *k);

/* chains.c: hub_out and hub_in, as out and in are, or after one of them or a place changed. */
void pce_hubs_fill(const struct pce_trees *p, struct pce_kept_class *c);
void pce_hubs_patch(const struct pce_trees *p, struct pce_kept_class *c, uint32_t out);
void pce_hubs_overload(const struct pce_trees *p, struct pce_kept_class *c, uint32_t place);
/* The chain of a place, NULL of a hub; that an out-arc is part of, NULL between hubs. */
static inline const struct pce_chain *pce_chain_of(const struct pce_shape *s, uint32_t place)
{
	return place < s->n_hubs ? NULL : &s->chain[s->in_chain[place - s->n_hubs]];
}

static inline const struct pce_chain *pce_chain_with(const struct pce_shape *s, uint32_t out)
{
	uint32_t to = s->out_to[out];

	return pce_chain_of(s, to < s->n_hubs ? s->in_from[s->in_of_out[out]] : to);
}

/* Does via, of a hub, lead into this chain (NULL: there is none)? */
static inline bool pce_chain_is_end(const struct pce_chain *h, bool from, uint32_t via)
{
	return h && (from ? via == h->in_a || via == h->in_b : via == h->out_a || via == h->out_b);
}

/* What the root inside a chain offers the hub at one end, and by which arc; PCE_INF: nothing. */
uint32_t pce_chain_end(const struct pce_trees *p, struct pce_kept *k, const struct pce_view *v,
		       const struct pce_chain *h, bool up, uint32_t *hub, uint32_t *via);
/* Both ends; false without memory. */
bool pce_chain_seed(struct pce_trees *p, struct pce_kept *k, const struct pce_view *v);
/* The places in a chain, once its hubs are right. */
void pce_chain_fill(const struct pce_trees *p, struct pce_kept *k, const struct pce_view *v,
		    const struct pce_chain *h);

/* log.c; what no longer fits takes the oldest with it, without memory all. */
void pce_log_add(struct pce_log *l, uint32_t what, size_t most);
void pce_log_lose(struct pce_log *l); /* all changes so far, and one that nobody wrote down */
void pce_log_fini(struct pce_log *l);
