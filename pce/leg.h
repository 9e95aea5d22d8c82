/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Legs: the paths of one answer that has several (disjoint sets, k shortest, multipath), and the
 * search they share. Inside of the engine.
 *
 * A leg is a request made ready: its classes and reverse trees. A search finds its cheapest path
 * under what is marked at that moment: links, nodes and SRLGs can be closed, can have a price on
 * top of what they cost, or be soft, which is: of two paths that cost the same the one with less
 * of them (or, soft first, the one with less of them whatever it costs). Trees know nothing of
 * marks and stay lower bounds.
 *
 * Marks and labels carry epochs in rooms of the shard: no search pays for the network's size.
 */
#include "pce/heap.h"
#include "pce/pce_priv.h"
#include "pce/trees.h"

enum {
	PCE_ROOM_LEG_PLACE = PCE_ROOM_OWN + 12,
	PCE_ROOM_LEG_ARC,
	PCE_ROOM_LEG_LABEL,
	PCE_ROOM_LEG_TAKEN,
	PCE_ROOM_FLOW_PLACE,
	PCE_ROOM_FLOW_ARC,
	PCE_LEG_LABELS = 1 << 20, /* of one search */
};

/* A room is as large as who asked first for it said: no two may have one number. */
_Static_assert((int)PCE_ROOM_FLOW_ARC < (int)PCE_ROOM_USED && (int)PCE_ROOM_OWNER < (int)PCE_ROOMS,
	       "rooms of searches overlap");

enum pce_how {
	PCE_CLOSED,
	PCE_SOFT,
};

struct pce_leg_mark {
	uint32_t epoch, price;
	uint16_t soft;
	bool closed;
};

/* What other paths carry over an arc. */
struct pce_leg_taken {
	uint32_t epoch;
	uint64_t bps;
};

struct pce_leg_srlg {
	uint32_t srlg;
	struct pce_leg_mark is;
};

/* Labels of one node: the first in the list, of this epoch. */
struct pce_leg_head {
	uint32_t epoch, first;
};

struct pce_leg_label {
	uint64_t cost; /* prices and soft included, see unit */
	uint32_t place, arc, parent, next;
	uint32_t used[PCE_METRICS];
	bool dead;
};

struct pce_legs {
	const struct ted *t;
	const struct ted_priv *p;
	struct pce_trees *trees, *own;
	const struct pce_shape *s;
	const uint64_t *overload;
	uint32_t depth_least; /* as in struct pce_ctx */
	struct arena *out; /* the caller's */
	struct arena scratch;
	/* marks: by place, by out-arc, and the SRLGs' table */
	uint32_t epoch;
	struct pce_leg_mark *place, *arc;
	struct pce_leg_srlg *srlg;
	uint32_t n_srlg, cap_srlg;
	struct pce_leg_taken *taken;
	bool any_taken;
	/* a search's */
	struct pce_leg_head *head;
	struct pce_leg_label *label;
	uint32_t n_label, cap_label;
	struct pce_heap heap;
	uint64_t searches;
};

struct pce_leg_bound {
	enum pce_metric metric;
	const struct pce_arc *arc;
	const struct pce_tree *tree;
	uint32_t most;
};

struct pce_leg {
	const struct pce_request *req;
	uint32_t src, dst; /* places */
	const struct pce_arc *arc; /* by out-arc: what is minimised */
	const struct pce_tree *tree;
	struct pce_leg_bound bound[PCE_METRICS];
	unsigned n_bound;
	/* It asks for what this search does not do: pce_search() does, without prices and soft. */
	bool general;
};

/* One search: from where (a place), with what already used; nothing that costs more than most. */
struct pce_seek {
	uint32_t from;
	uint32_t used[PCE_METRICS]; /* in the order of the leg's bounds */
	uint32_t cost;
	uint64_t most; /* of cost and prices; UINT64_MAX: any */
	bool soft_first;
};

struct pce_way {
	const uint32_t *links;
	uint32_t n;
	uint64_t priced; /* what was minimised, prices included, without `cost` of the seek */
	uint64_t sum[PCE_METRICS];
	uint64_t cost; /* what the leg minimises */
	uint32_t soft;
};

/* trees: the caller's, or NULL. pce_legs_fini() also after a failure. */
bool pce_legs_init(struct pce_legs *l, const struct ted *t, struct pce_trees *trees,
		   struct arena *out);
void pce_legs_fini(struct pce_legs *l);

/* PCE_OK, or why (arena text) the request cannot be a leg. */
enum pce_status pce_leg_init(struct pce_legs *l, struct pce_leg *g, const struct pce_request *req,
			     const char **why);
struct pce_seek pce_leg_seek(const struct pce_leg *g);

/*
 * Marks; begin forgets all, and closes what the leg's own request excludes. False: no memory.
 * Each search or flow wants marks of its own, begun before it: they share an epoch, so that no
 * epoch that wraps can take marks away in between.
 */
bool pce_marks_begin(struct pce_legs *l, const struct pce_leg *g);
void pce_marks_clear(struct pce_legs *l); /* a begin that closes nothing */
void pce_mark_arc(struct pce_legs *l, uint32_t link, enum pce_how how);
void pce_mark_wire(struct pce_legs *l, uint32_t link, enum pce_how how); /* and its reverse */
void pce_mark_node(struct pce_legs *l, uint32_t node, enum pce_how how);
bool pce_mark_srlg(struct pce_legs *l, uint32_t srlg, enum pce_how how);
void pce_price_arc(struct pce_legs *l, uint32_t link, uint32_t price);
void pce_price_node(struct pce_legs *l, uint32_t node, uint32_t price);
void pce_take(struct pce_legs *l, uint32_t link, uint64_t bps);
static inline uint64_t pce_taken(const struct pce_legs *l, uint32_t link)
{
	const struct pce_leg_taken *k = &l->taken[l->s->out_arc[link]];

	return k->epoch == l->epoch ? k->bps : 0;
}

/* One leg by pce_search(), or with fit by pce_fit(), with a shard of its own: the trees of legs stay
 * as they are. */
enum pce_found pce_leg_other(struct pce_legs *l, const struct pce_request *req, bool fit,
			     struct pce_trees *side, struct pce_way *out);
#define PCE_SIDE_BYTES ((size_t)128 << 20)
bool pce_leg_fits(struct pce_legs *l, const struct pce_request *req, struct pce_trees *side,
		  const struct pce_way *w);
/* Searches for path and list together that one set may ask for: the more the smaller the network is,
 * for each may look at all of it some hundred times. */
uint32_t pce_fits_max(const struct ted *t);

/* Is the arc open for the leg under the marks; what it costs beyond its weight. */
bool pce_leg_step(const struct pce_legs *l, const struct pce_leg *g, uint32_t arc, uint64_t *price,
		  uint32_t *soft);
/* The way's links are in l->scratch. */
enum pce_found pce_leg_search(struct pce_legs *l, const struct pce_leg *g,
			      const struct pce_seek *k, struct pce_way *out);
void pce_way_sum(const struct pce_legs *l, const struct pce_leg *g, struct pce_way *w);

static inline bool pce_leg_through(const struct pce_legs *l, const struct pce_leg *g,
				   uint32_t place)
{
	return !l->overload || place == g->src || !(l->overload[place >> 6] >> (place & 63) & 1);
}

static inline bool pce_soft_arc(const struct pce_legs *l, uint32_t link)
{
	const struct pce_leg_mark *m = &l->arc[l->s->out_arc[link]];

	return m->epoch == l->epoch && m->soft;
}

static inline bool pce_soft_node(const struct pce_legs *l, uint32_t node)
{
	const struct pce_leg_mark *m = &l->place[l->s->place[node]];

	return m->epoch == l->epoch && m->soft;
}

bool pce_soft_srlg(const struct pce_legs *l, uint32_t srlg);
bool pce_unsoft_srlg(struct pce_legs *l, uint32_t srlg); /* was it; it is not after */

static inline bool pce_is_lan(const struct pce_legs *l, uint32_t node)
{
	return l->p->nflags[node] & TED_NF_PSEUDO;
}

/* Risks of a link; what a LAN sends has none: those are the sender's, on the way in. */
static inline uint32_t pce_n_srlg(const struct pce_legs *l, uint32_t link)
{
	return pce_is_lan(l, l->p->arcs[link].from) ? 0 : l->t->links[link].n_srlg;
}
