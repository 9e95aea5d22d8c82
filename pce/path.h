/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Path requests and answers. Pure functions of (ted, request): no I/O, no clock, no globals,
 * any thread; memory comes from the caller's arena.
 */
#include "base/arena.h"
#include "base/auto.h"
#include "pce/ted.h"

enum pce_metric {
	PCE_IGP,
	PCE_TE,
	PCE_DELAY,
	PCE_HOPS,
};

enum pce_dataplane {
	PCE_SRV6,
	PCE_MPLS,
};

struct pce_affinity {
	uint32_t exclude_any[TED_AFFINITY_WORDS];
	uint32_t include_any[TED_AFFINITY_WORDS];
	uint32_t include_all[TED_AFFINITY_WORDS];
};

#define PCE_NO_BOUND UINT32_MAX

enum { PCE_SEGS_MAX = 16 };

/*
 * Shortest path trees kept between calls on one TED: many requests go through the same routers.
 * No answer depends on it. One thread at a time; the TED is borrowed and must outlive it.
 */
struct pce_trees;

int pce_trees_new(struct pce_trees **outp, const struct ted *t, size_t bytes_max);
struct pce_trees *pce_trees_free(struct pce_trees *p);
AUTO_DEFINE(struct pce_trees, pce_trees_free)

struct pce_request {
	uint32_t src, dst; /* node indices */
	enum pce_metric minimise;
	uint32_t delay_us_max, hops_max, igp_max, te_max; /* PCE_NO_BOUND: none */
	uint64_t bandwidth_bps;
	/* Free bandwidth per link at the request's priority (from the book), n_links long; NULL
	 * means capacity_bps of the TED. */
	const uint64_t *free_bps;
	uint32_t n_free;
	struct pce_affinity affinity;
	const uint32_t *exclude_nodes, *exclude_links; /* links: that direction only */
	uint32_t n_exclude_nodes, n_exclude_links;
	/* strict: the set of paths the list can take is exactly the path found.
	 * loose: every path it can take meets every bound and constraint. */
	bool strict;
	enum pce_dataplane dataplane;
	bool usid;	      /* may pack NEXT-C-SIDs into containers */
	uint8_t msd;	      /* most SIDs (after packing) the headend can impose; 0: PCE_SEGS_MAX */
	uint8_t reserved;     /* of them kept for service SIDs */
	struct pce_trees *trees; /* of the same TED, or NULL */
};

enum pce_segment_kind {
	PCE_SEG_NODE,
	PCE_SEG_ADJ,
	PCE_SEG_CONTAINER,
};

struct pce_segment {
	enum pce_segment_kind kind;
	uint8_t algo;
	uint16_t behavior;
	struct ip_addr sid; /* SRv6 */
	uint32_t label;	    /* SR-MPLS */
	struct ted_sid_structure structure;
	uint32_t node; /* where the last SID of it ends up: node SID's node; adjacency: link's far end */
	uint32_t link; /* adjacency (the last one of a container, if it is one); else TED_NONE */
};

/* Why there is no path; the first three name what is impossible whatever the constraints. */
enum pce_status {
	PCE_OK,
	PCE_NO_SOURCE,
	PCE_NO_TARGET,
	PCE_NO_ROUTE,	     /* not even without constraints */
	PCE_NO_CONSTRAINED,  /* constraints removed every path; see removed[] */
	PCE_NO_SID,	     /* a needed SID or label was not advertised; link/node named in why */
	PCE_NO_MSD,	     /* needs more SIDs than the headend can impose */
	PCE_NO_MEMORY,
};

/* Counts of usable links each constraint took out, each alone, and whether dropping only that
 * constraint would give a path. */
enum pce_constraint {
	PCE_C_AFFINITY,
	PCE_C_BANDWIDTH,
	PCE_C_EXCLUDE,
	PCE_C_DELAY,
	PCE_C_HOPS,
	PCE_C_IGP,
	PCE_C_TE,
	PCE_C_OVERLOAD,
	PCE_C_MSD,
	PCE_C_COUNT,
};

const char *pce_constraint_text(enum pce_constraint c); /* "affinity", "bandwidth", … */
const char *pce_status_text(enum pce_status s);
const char *pce_metric_text(enum pce_metric m);		/* "igp", "te", "delay", "hops" */

struct pce_removed {
	uint32_t links;	  /* taken out by it alone */
	bool decisive;	  /* without it alone there is a path */
	uint64_t nearest; /* the best value reachable for a bound (delay_us, hops, …); bandwidth: widest bps; 0 unknown */
};

/* What a SID list does on this TED, ECMP included. */
struct pce_expansion {
	const uint32_t *links; /* every link any packet may use, ascending */
	uint32_t n_links;
	uint32_t delay_us_max, hops_max, igp_max, te_max; /* worst over all paths */
	uint32_t delay_us_min;
	bool single; /* exactly one path */
	/* Not valid: the segment (0-based) that does not exist or leads nowhere, and why. */
	bool valid;
	uint32_t bad_segment;
	const char *why; /* arena text; "" when valid */
};

struct pce_answer {
	enum pce_status status;
	const uint32_t *path; /* links in order, of the path wanted */
	uint32_t n_path;
	uint32_t delay_us, igp, te, hops; /* of that path */
	struct pce_segment segs[PCE_SEGS_MAX];
	uint32_t n_segs;
	struct pce_expansion expansion;
	uint64_t bottleneck_bps; /* least free bandwidth over the expansion */
	struct pce_removed removed[PCE_C_COUNT];
	const char *why; /* one line for people, arena text; "" when OK */
};

/* Always fills *out (status says); deterministic. */
void pce_compute(const struct ted *t, const struct pce_request *req, struct arena *a,
		 struct pce_answer *out);

/*
 * Encodes a given path (links in order) under req's dataplane, strictness and MSD; fills
 * segs, expansion, status, why as pce_compute does. For explicit paths by hops and for
 * re-encoding when a SID changed but the path did not.
 */
void pce_encode(const struct ted *t, const struct pce_request *req, const uint32_t *path,
		uint32_t n_path, struct arena *a, struct pce_answer *out);

/* One list as sent, to be checked on the TED: explicit lists, reported lists of other owners. */
struct pce_list {
	enum pce_dataplane dataplane;
	uint32_t n;
	const struct ip_addr *sids; /* SRv6: containers allowed */
	const uint32_t *labels;	    /* SR-MPLS */
	struct pce_trees *trees;    /* as in a request */
};

/* Walks the list from src. dst TED_NONE: wherever it ends. A trailing service SID inside the
 * last node's locator is allowed. */
void pce_expand(const struct ted *t, uint32_t src, uint32_t dst, const struct pce_list *list,
		struct arena *a, struct pce_expansion *out);

/* Do the links (in order) of path still exist and meet every constraint of req? NULL: yes;
 * else a text saying which does not. Bandwidth against req->free_bps. */
const char *pce_check(const struct ted *t, const struct pce_request *req,
		      const struct pce_expansion *e, struct arena *a);
