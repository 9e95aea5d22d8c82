/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Inside of a TED, for the files of this folder only: compact metrics for the searches, and
 * the indexes. Everything here is as immutable as the snapshot it belongs to.
 */
#include "pce/ted.h"

enum {
	TED_NF_ALIVE = 1 << 0,
	TED_NF_PSEUDO = 1 << 1,
	TED_NF_OVERLOAD = 1 << 2,
};

/*
 * What a link costs. TED_NONE: the metric is not known, or (IGP) the link is not in SPF. A link
 * out of a pseudonode costs nothing: a LAN is paid on the way in.
 */
struct ted_arc {
	uint32_t from, to;
	uint32_t igp, te, delay, hops;
	uint32_t variation, loss; /* loss as pce_loss_units() */
};

/* What ted.in lists, in its order, as shortest path trees need it: igp as in ted_arc. */
struct ted_in_arc {
	uint32_t from, igp;
};

/* One entry of an index: sorted by h, entries with the same h in order of entry. */
struct ted_key {
	uint64_t h;
	uint32_t ref, aux;
};

struct ted_keys {
	struct ted_key *at;
	uint32_t n;
};

struct pce_shape; /* graph.h */
struct ted_mark;

struct ted_priv {
	struct ted ted;
	_Atomic uint32_t refs;
	struct arena arena;
	const struct ted_arc *arcs; /* by link index */
	const struct ted_in_arc *in_arcs; /* beside ted.in.idx */
	const uint8_t *nflags;	    /* by node index */
	struct ted_keys texts;	    /* ref: node; aux 0: id, 1: name */
	struct ted_keys addrs;	    /* ref: node */
	struct ted_keys link_addrs; /* ref: link */
	struct ted_keys locators;   /* ref: node, aux: which of its locators */
	struct ted_keys sids;	    /* ref: node or link; aux: which << 1 | is a link's */
	struct ted_keys node_sids;  /* h: value << 1 | is_label; ref: node, aux: which */
	uint8_t loc_lens[129];	    /* lengths of locators in use, longest first */
	uint32_t n_loc_lens;
	const struct pce_shape *shape;	    /* counted; shared with other generations */
	struct ted_mark *mark, *prev_mark; /* of this generation, of the one before; counted */
};

static inline const struct ted_priv *ted_priv_of(const struct ted *t)
{
	return (const struct ted_priv *)t->priv;
}

int ted_pair(struct ted_link *links, const struct ted *t, struct arena *scratch);
int ted_index(struct ted_priv *p, struct arena *scratch);
int ted_flex_resolve(struct ted_priv *p);
int ted_delta(struct ted_priv *p, const struct ted *prev);
bool ted_fad_eq(const struct ted_fad *a, const struct ted_fad *b);
/* After the delta of nodes: fills changed_algos. */
void ted_flex_delta(struct ted *t, const struct ted *prev);
/* graph.c; after the arcs. ted_graph_fini() also when it failed, or was never called. */
int ted_graph(struct ted_priv *p, const struct ted *prev);
void ted_graph_fini(struct ted_priv *p);
const struct pce_shape *pce_shape_ref(const struct pce_shape *s);
const struct pce_shape *pce_shape_unref(const struct pce_shape *s); /* accepts NULL */
struct ted_mark *ted_mark_ref(struct ted_mark *m);		     /* accept NULL */
struct ted_mark *ted_mark_unref(struct ted_mark *m);

/* Sorts by h, stable. tmp has room for n. */
void ted_keys_sort(struct ted_key *at, struct ted_key *tmp, uint32_t n);
/* First entry with that h, or n. */
uint32_t ted_keys_find(const struct ted_keys *k, uint64_t h);
uint64_t ted_hash(uint64_t h, const void *data, size_t len);

/* The locator (any algorithm) an address is in by longest match. */
struct ted_locator_hit {
	uint32_t node;	/* TED_NONE: none */
	uint32_t which; /* of the node's locators */
	bool anycast;	/* other nodes have the same prefix */
};
struct ted_locator_hit ted_locator_of(const struct ted *t, const struct ip_addr *a);

/* Who has exactly this SID; link TED_NONE for a node's own. node TED_NONE: nobody. */
struct ted_sid_hit {
	uint32_t node, link;
	const struct ted_sid *sid;
};
struct ted_sid_hit ted_sid_of(const struct ted *t, const struct ip_addr *a);

/* The node that has node-SID `value` of algorithm 0; *twice tells that others have it too. */
uint32_t ted_node_of_index(const struct ted *t, uint32_t value, bool is_label, bool *twice);
/* Index into label ranges; 0 when outside. */
uint32_t ted_range_label(const struct ted_label_range *r, uint32_t n, uint32_t index);
