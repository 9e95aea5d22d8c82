/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Inside of a TED, for the files of this folder only: compact metrics for the searches, and
 * the indexes. Everything here is as immutable as the snapshot it belongs to.
 */
#include <stdatomic.h>

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
enum { TED_ARC_METRICS = 6 };

struct ted_arc {
	uint32_t from, to;
	union {
		struct {
			uint32_t igp, te, delay, hops;
			uint32_t variation, loss; /* loss as pce_loss_units() */
		};
		uint32_t metric[TED_ARC_METRICS]; /* the same, by enum pce_metric */
	};
};

/* One entry of an index: sorted by h; with the same h nodes before links, then by ref and aux. */
struct ted_key {
	uint64_t h;
	uint32_t ref, aux;
};

#define TED_IX_OF_LINK (UINT32_C(1) << 31)

static inline uint64_t ted_key_rank(const struct ted_key *k)
{
	return (uint64_t)(k->aux & TED_IX_OF_LINK) << 32 | (uint64_t)k->ref << 20 |
	       (k->aux & 0xfffff);
}

static inline bool ted_key_before(const struct ted_key *a, const struct ted_key *b)
{
	return a->h != b->h ? a->h < b->h : ted_key_rank(a) < ted_key_rank(b);
}

struct ted_keys {
	struct ted_key *at;
	uint32_t n;
};

struct pce_shape; /* graph.h */
struct ted_mark;

enum ted_index_kind {
	TED_IX_TEXTS,	   /* ref: node; aux 0: id, 1: name */
	TED_IX_ADDRS,	   /* ref: node */
	TED_IX_LINK_ADDRS, /* ref: link */
	TED_IX_LOCATORS,   /* ref: node, aux: which of its locators */
	TED_IX_SIDS,	   /* ref: node or link; aux: which of its SIDs, | TED_IX_OF_LINK */
	TED_IX_NODE_SIDS,  /* h: value << 1 | is_label; ref: node, aux: which */
	TED_IX_COUNT,
};

/* Keys of a generation, and maybe of what was before: who looks up asks the row again. */
struct ted_index {
	struct ted_keys k[TED_IX_COUNT];
};

/* The flat arrays of one generation, in one block of memory. */
struct ted_rows {
	uint64_t serial; /* of the generation they are or were */
	uint32_t n_nodes, n_links;
	struct ted_node *nodes;
	struct ted_link *links;
	struct ted_arc *arcs; /* by link index */
	uint32_t *out_start, *out_idx, *in_start, *in_idx;
	uint8_t *nflags; /* by node index */
};

enum { TED_LOG_MAX = 4096, TED_SPARES = 2 };

/*
 * What a full build and the updates after it, one by one, share. What rows point at lives here
 * until the last of these generations is gone; updates end, by a new full build, when half of it
 * is garbage. Rows of a generation nobody holds any more are kept as spare: the next update
 * brings them up to date from the log instead of copying everything. Only `refs` and `spare`
 * are for all threads, the rest is written by the one that builds.
 */
struct ted_store {
	_Atomic uint32_t refs;
	_Atomic(struct ted_rows *) spare[TED_SPARES];
	struct arena arena;
	size_t base;	 /* octets the full build took */
	uint64_t serial; /* of the newest generation */
	struct {
		uint64_t serial;
		uint32_t ref; /* index << 1 | is a link's */
	} log[TED_LOG_MAX];  /* rows written by updates: the last of log_n, round and round */
	uint64_t log_n;
	uint64_t log_since; /* all of later generations is in the log */
	bool given_pairs;   /* some reverse was the caller's */
	struct ted_index index;
};

struct ted_priv {
	struct ted ted;
	_Atomic uint32_t refs;
	struct arena arena;
	struct ted_store *store;
	struct ted_rows *rows; /* what ted and the next three point into */
	uint64_t serial;
	const struct ted_arc *arcs;
	const uint8_t *nflags;
	struct ted_index more; /* keys that came after the store's */
	uint8_t loc_lens[129]; /* lengths of locators in use, longest first */
	uint32_t n_loc_lens;
	uint32_t n_pseudo; /* pseudonodes, dead ones too */
	const struct pce_shape *shape;	    /* counted; shared with other generations */
	struct ted_mark *mark, *prev_mark; /* of this generation, of the one before; counted */
};

static inline const struct ted_priv *ted_priv_of(const struct ted *t)
{
	return (const struct ted_priv *)t->priv;
}

/* Few, or nearly in order: by insertion. */
void ted_sort(uint32_t *at, uint32_t n);

/* Which links to look at, ascending; NULL: all. */
struct ted_subset {
	const uint32_t *at;
	uint32_t n;
};
int ted_pair(struct ted_link *links, const struct ted *t, struct arena *scratch);
/* The same for some, whose reverses are not known; all others between the same nodes are among
 * them, or dead. */
int ted_pair_some(struct ted_link *links, const struct ted *t, const struct ted_subset *some,
		  struct arena *scratch);
int ted_index(struct ted_priv *p, struct arena *scratch);
enum { TED_MORE_MAX = 1024 }; /* keys of one kind after the store's */
/* Adds what the rows of these nodes and links need to what the generation before had. 0, -ENOMEM,
 * or 1: too many, time for a full build. */
int ted_index_more(struct ted_priv *p, const struct ted_index *before,
		   const struct ted_subset *nodes, const struct ted_subset *links);

/* Rows: zeroed, or NULL. */
struct ted_rows *ted_rows_new(uint32_t n_nodes, uint32_t n_links);
void ted_rows_retire(struct ted_store *s, struct ted_rows *r);
/* Rows with what old has, of any memory; NULL: no memory. */
struct ted_rows *ted_rows_after(struct ted_store *s, const struct ted_priv *old);
void ted_log(struct ted_store *s, uint64_t serial, uint32_t ref);
struct ted_store *ted_store_new(void);
struct ted_store *ted_store_ref(struct ted_store *s);
void ted_store_unref(struct ted_store *s);
/* Makes p's pointers those of p->rows. */
void ted_rows_use(struct ted_priv *p);

bool ted_link_usable(const struct ted_link *l);
struct ted_arc ted_arc_of(const uint8_t *nflags, const struct ted_link *l);
uint8_t ted_nflags_of(const struct ted_node *n);
int ted_adj_build(struct ted_rows *r, struct arena *scratch);
/* From old's adjacency to that of r, where only these links became, or ceased to be, usable. */
int ted_adj_patch(struct ted_rows *r, const struct ted_rows *old, const struct ted_subset *links,
		  struct arena *scratch);

/* Copies what a row points at into the arena, but for arrays that `old` (NULL: none) has too. */
int ted_node_own(struct arena *a, struct ted_node *n, const struct ted_node *old);
int ted_link_own(struct arena *a, struct ted_link *l, const struct ted_link *old);
/* Rows with the same contents but for reverses; or with them, or both dead, whatever they say. */
bool ted_node_same(const struct ted_node *a, const struct ted_node *b);
bool ted_link_same(const struct ted_link *a, const struct ted_link *b);
bool ted_node_eq(const struct ted_node *a, const struct ted_node *b);
bool ted_link_eq(const struct ted_link *a, const struct ted_link *b);
void ted_count(struct ted *t);
int ted_flex_resolve(struct ted_priv *p);
int ted_delta(struct ted_priv *p, const struct ted *prev);
bool ted_fad_eq(const struct ted_fad *a, const struct ted_fad *b);
/* After the delta of nodes: fills changed_algos. */
void ted_flex_delta(struct ted *t, const struct ted *prev);
/* graph.c; after the arcs. ted_graph_fini() also when it failed, or was never called. */
int ted_graph(struct ted_priv *p, const struct ted *prev);
/* The same where the shape is known to be prev's. */
int ted_graph_next(struct ted_priv *p, const struct ted *prev);
void ted_graph_fini(struct ted_priv *p);
const struct pce_shape *pce_shape_ref(const struct pce_shape *s);
const struct pce_shape *pce_shape_unref(const struct pce_shape *s); /* accepts NULL */
struct ted_mark *ted_mark_ref(struct ted_mark *m);		     /* accept NULL */
struct ted_mark *ted_mark_unref(struct ted_mark *m);

/* Sorts by h, stable. tmp has room for n. */
void ted_keys_sort(struct ted_key *at, struct ted_key *tmp, uint32_t n);
uint64_t ted_hash(uint64_t h, const void *data, size_t len);
uint64_t ted_addr_hash(const struct ip_addr *a);
uint64_t ted_prefix_hash(const struct ip_prefix *p);
uint64_t ted_text_hash(const char *s);
bool ted_host_prefix(const struct ip_prefix *p);

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

/* The node that has node-SID `value`, of whatever algorithm; twice: others have it too. */
struct ted_node_sid_hit {
	uint32_t node;
	const struct ted_node_sid *sid;
	bool twice;
};
struct ted_node_sid_hit ted_node_sid_of(const struct ted *t, uint32_t value, bool is_label);
/* Index into label ranges; 0 when outside. */
uint32_t ted_range_label(const struct ted_label_range *r, uint32_t n, uint32_t index);
