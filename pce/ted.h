/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Traffic engineering database: an immutable, atomically reference-counted snapshot of the
 * topology, built by topo, read by everybody and on every thread.
 *
 * Units: bandwidth bit/s, delay microseconds, loss ppm. Node and link indices are stable
 * across generations: something that goes away leaves a tombstone (alive == false) and gets
 * its index back when it returns. A link is one direction; a link is usable only when its
 * reverse is known too (ted_link.reverse != TED_NONE): half links are in the TED, to be shown,
 * but not in the adjacency lists.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ip.h"

#define TED_NONE UINT32_MAX

enum {
	TED_AFFINITY_WORDS = 8,	  /* 256 admin groups; bit n: word n/32, 1 << n%32 */
	TED_METRIC_MAX = 0xfffffe, /* IS-IS 2^24-1 means: not for SPF (RFC 5305 s3) */
};

struct ted_sid_structure {
	uint8_t lb, ln, fun, arg; /* bits; all zero: unknown */
};

/* An SRv6 SID of a node (End, uN) or of a link (End.X, uA). */
struct ted_sid {
	struct ip_addr sid;
	uint16_t behavior; /* IANA SRv6 Endpoint Behaviors */
	uint8_t algo;
	uint8_t flags;	   /* End.X: 0x80 backup-protected */
	struct ted_sid_structure structure;
	/* On a link into a pseudonode: 1 + index of the neighbour this LAN End.X goes to. 0: the
	 * link's `to`. */
	uint32_t lan_node;
};

struct ted_locator {
	struct ip_prefix prefix;
	uint8_t algo, flags;
	uint32_t metric;
};

/* Node-SID of SR-MPLS: the prefix it is bound to, and an index into the SRGB or a label. */
struct ted_node_sid {
	struct ip_prefix prefix;
	uint32_t value;
	uint8_t algo;
	bool is_label, no_php;
};

struct ted_label_range {
	uint32_t base, size;
};

struct ted_adj_sid {
	uint32_t value;
	bool is_label, backup; /* no label: an index into the node's SRLB */
	uint32_t lan_node;     /* as in ted_sid */
};

/*
 * Flexible algorithms (RFC 9350). A definition as one node advertises it; algorithms 128 to 255.
 * Admin group words past n_… are zero.
 */
enum {
	TED_FLEX_IGP = 0,   /* metric types of RFC 9350 s5.1 */
	TED_FLEX_DELAY = 1, /* minimum unidirectional link delay */
	TED_FLEX_TE = 2,
	TED_FLEX_FIRST = 128,
	TED_FLEX_SRLG_MAX = 16,
};

struct ted_fad {
	uint8_t algo, metric_type, calc_type, priority;
	uint32_t exclude_any[TED_AFFINITY_WORDS], include_any[TED_AFFINITY_WORDS],
		include_all[TED_AFFINITY_WORDS];
	uint8_t n_exclude_any, n_include_any, n_include_all; /* words; 0: no such rule */
	uint8_t n_exclude_srlg;
	uint32_t exclude_srlg[TED_FLEX_SRLG_MAX];
	uint32_t flags;	  /* first octets of the flags sub-TLV: 0x80000000 is M, prefix metric */
	bool unsupported; /* a sub-TLV, a flag or more than fits here: it cannot be honoured */
	bool exclusive;	  /* its SIDs have resources of their own: only lists for it have them, and no others */
};

/* Why nobody may compute with the definition that holds (RFC 9350 s5.3: who does not support it
 * in full stops taking part). */
enum ted_flex_fault {
	TED_FLEX_GOOD,
	TED_FLEX_SUB_TLV,     /* it holds a sub-TLV or flag we do not know */
	TED_FLEX_METRIC_TYPE, /* none of the three above */
	TED_FLEX_CALC_TYPE,   /* not 0, SPF */
};

/* The definition that holds: of living nodes' the highest priority, then the highest IGP id. */
struct ted_flex {
	struct ted_fad def;
	uint32_t by; /* node that said it */
	enum ted_flex_fault fault;
};

/* Link attributes as Flex-Algo is to use them (ASLA; RFC 9350 s12). */
struct ted_flex_attrs {
	bool has_te, has_delay;
	uint32_t te_metric;
	uint32_t delay_us; /* the minimum */
	uint32_t admin_group[TED_AFFINITY_WORDS];
	const uint32_t *srlg;
	uint16_t n_srlg;
};

struct ted_node {
	bool alive;
	bool pseudonode;
	bool overload; /* may be source or target, never transit */
	bool srv6;
	char id[40];   /* IGP id text, unique inside the TED: "0000.0000.0001" */
	char name[64]; /* host name, "" when unknown */
	uint8_t igp_id[16];
	uint8_t igp_id_len, protocol;
	uint32_t asn;
	struct ip_addr router_v4, router_v6;
	const struct ip_prefix *prefixes; /* host prefixes the node owns (loopbacks) */
	const struct ted_locator *locators;
	const struct ted_sid *sids;
	const struct ted_node_sid *node_sids;
	const struct ted_label_range *srgb, *srlb;
	uint16_t n_prefixes, n_locators, n_sids, n_node_sids, n_srgb, n_srlb;
	/* MSDs of RFC 9352 / 8491; 0: not told. */
	uint8_t msd_mpls, msd_max_sl, msd_end_pop, msd_h_encaps, msd_end_d;
	uint64_t algos[4];	    /* algorithms the node takes part in (SR-Algorithm): bitset */
	const struct ted_fad *fads; /* definitions it advertises; of two for one algorithm the first */
	uint16_t n_fads;
};

struct ted_link {
	bool alive;
	uint32_t from, to;
	uint32_t reverse; /* TED_NONE: half link */
	uint32_t local_id, remote_id;
	struct ip_addr local_v6, remote_v6, local_v4, remote_v4;
	bool has_igp, has_te, has_delay, has_delay_var, has_loss;
	uint32_t igp_metric; /* links above TED_METRIC_MAX never carry an IGP shortest path */
	uint32_t te_metric;
	uint32_t delay_us;     /* the value used for paths: min of min/max when given, else 1114 */
	uint32_t delay_min_us, delay_max_us, delay_var_us, loss_ppm;
	uint64_t max_bw_bps;   /* 1089 */
	uint64_t rsv_bw_bps;   /* 1090; 0 when not told */
	uint64_t capacity_bps; /* what the book may give: 1090, else 1089, else 0 */
	uint64_t unrsv_bw_bps[8]; /* 1091, shown only, never computed on */
	uint32_t admin_group[TED_AFFINITY_WORDS];
	const uint32_t *srlg;
	const struct ted_sid *sids;	/* End.X / uA towards `to` (LAN: towards that neighbour) */
	const struct ted_adj_sid *adj_sids;
	uint16_t n_srlg, n_sids, n_adj_sids;
	uint16_t mtu; /* octets an IPv6 packet may have, 0: unknown. No TLV tells it: files and agents do */
	/* What Flex-Algo uses: the attributes above when flex_plain (files; ASLA for all), else flex;
	 * NULL: only the IGP metric. See ted_flex_weight(). */
	bool flex_plain;
	const struct ted_flex_attrs *flex;
};

/* Compressed adjacency: usable links leaving (or entering) node i are
 * idx[start[i]] .. idx[start[i + 1] - 1], link indices ascending. */
struct ted_adj {
	const uint32_t *start;
	const uint32_t *idx;
};

struct ted {
	uint64_t generation;
	bool stale; /* frozen: sight was lost, see topo */
	uint32_t n_nodes, n_links; /* with tombstones */
	uint32_t n_alive, n_usable; /* living nodes, usable links */
	const struct ted_node *nodes;
	const struct ted_link *links;
	struct ted_adj out, in;
	/* Links and nodes that differ from the generation before: for "which policies does it touch". */
	const uint32_t *changed_links, *changed_nodes;
	uint32_t n_changed_links, n_changed_nodes;
	/* Definitions that hold, by algorithm ascending: ted_flex_of(). */
	const struct ted_flex *flex;
	uint32_t n_flex;
	/* Algorithms that have another definition, or other nodes taking part, than before: bitset. */
	uint64_t changed_algos[4];
	/* private: arena, reference count, indexes by address, SID and label */
	void *priv;
};

const struct ted *ted_ref(const struct ted *t);
/* Any thread; frees with the last reference. Returns NULL, accepts NULL. */
const struct ted *ted_unref(const struct ted *t);
static inline void ted_unref_autop(const struct ted **p)
{
	ted_unref(*p);
}

/*
 * Building. Fill nodes and links (arrays and what they point at may be anything alive during
 * the call: everything is copied), then ted_build() pairs reverses where the caller left
 * TED_NONE and both directions match (remote/local addresses or ids swapped; for pseudonodes
 * by ends), makes the adjacency and the indexes. prev (may be NULL) gives generation and delta.
 */
struct ted_input {
	const struct ted_node *nodes;
	const struct ted_link *links;
	uint32_t n_nodes, n_links;
	bool stale;
	const struct ted *prev;
};

int ted_build(const struct ted_input *in, const struct ted **outp); /* 0 or -ENOMEM */

/*
 * The generation after prev, where some rows are others: the same as ted_build() makes of all of
 * them, at the cost of what changed. Indices ascend; a link's reverse is TED_NONE, it is found.
 * When a node comes back, the links that come back with it are among the rows. Generations of
 * one line are made by one thread at a time; what it cannot patch it builds anew.
 */
struct ted_patch {
	const struct ted *prev;
	const uint32_t *node_at, *link_at; /* indices of the rows */
	const struct ted_node *nodes;
	const struct ted_link *links;
	uint32_t n_nodes, n_links; /* rows */
	bool stale;
};

int ted_update(const struct ted_patch *in, const struct ted **outp); /* 0 or -ENOMEM */
/* The same as ted_build(); where little differs from prev, at the cost of finding that out. */
int ted_rebuild(const struct ted_input *in, const struct ted **outp); /* 0 or -ENOMEM */
/* Takes back what ted_build() or ted_update() made of prev and nobody else has seen: prev is the
 * newest of its line again. */
void ted_undo(const struct ted *t, const struct ted *prev);
/* Makes spare memory for the next update while there is time. 0 or -ENOMEM, and nothing is lost. */
int ted_spare(const struct ted *t);

/* Look-ups: TED_NONE when unknown. */
uint32_t ted_node_by_id(const struct ted *t, const char *id_or_name);
uint32_t ted_node_by_addr(const struct ted *t, const struct ip_addr *a); /* router id, loopback, or inside a locator */
uint32_t ted_link_by_addr(const struct ted *t, const struct ip_addr *local); /* interface address */
/* "A>B" by node ids or names, or "A>B@LOCALADDR" to tell parallel links apart. */
uint32_t ted_link_by_text(const struct ted *t, const char *text);
const char *ted_node_label(const struct ted *t, uint32_t node); /* name, else id */
/* "name>name", with "@local address" when parallel links exist. */
const char *ted_link_label(const struct ted *t, uint32_t link, char *buf, size_t cap);
enum { TED_LABEL_MAX = 200 };
/* The label of a node-SID as imposed for the next hop's... global SRGB view: SRGB base of
 * `at` + index. 0 when `at` has no SRGB or the index is out of it. */
uint32_t ted_label_of(const struct ted *t, uint32_t at, const struct ted_node_sid *sid);

/* ---- Flex-Algo ---- */

/* The definition that holds for an algorithm, NULL: there is none. */
const struct ted_flex *ted_flex_of(const struct ted *t, uint8_t algo);
/* Whether a list for an algorithm (0: none) may have SIDs of another: see ted_fad.exclusive. */
bool ted_flex_mixes(const struct ted *t, uint8_t list, uint8_t sid);
/* The same if one node were not there. False: there is none. */
bool ted_flex_without(const struct ted *t, uint8_t algo, uint32_t node, struct ted_flex *out);
/* "it has a sub-TLV that is not supported", for TED_FLEX_GOOD "". */
const char *ted_flex_why(enum ted_flex_fault fault);
/* Does a node take part: alive and advertising the algorithm; a pseudonode always does. */
bool ted_flex_node(const struct ted *t, uint8_t algo, uint32_t node);
/* What a link costs under a definition, TED_NONE: it is pruned (RFC 9350 s13: affinities, SRLGs,
 * the metric is not told). Out of a pseudonode 0. Asks neither for the ends' participation nor
 * whether the link is usable. */
uint32_t ted_flex_weight(const struct ted *t, const struct ted_fad *def, uint32_t link);
