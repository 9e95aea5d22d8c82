/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Path requests and answers. Pure functions of (ted, request): no I/O, no clock, no globals,
 * any thread; memory comes from the caller's arena.
 */
#include "base/arena.h"
#include "base/auto.h"
#include "pce/ted.h"

/* What adds up along a path. Loss adds up as units of 1e-8 neper, see pce_loss_units(). */
enum pce_metric {
	PCE_IGP,
	PCE_TE,
	PCE_DELAY,
	PCE_HOPS,
	PCE_VARIATION,
	PCE_LOSS,
	PCE_MIX, /* to minimise only: the weighted sum of the others, see pce_request.mix */
};

enum { PCE_METRICS = PCE_MIX };

/* RFC 5541 s4. MLP and MBP: among the paths with the best bottleneck, the cheapest. */
enum pce_objective {
	PCE_MCP, /* least cost: the metric to minimise */
	PCE_MLP, /* the fullest link's load, this request on it, is as low as can be */
	PCE_MBP, /* the least free bandwidth on the path is as high as can be */
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
 * Shortest path trees kept between calls, brought to the TED of each call and repaired after it
 * changed (trees.h). No answer depends on it. One thread at a time; it may outlive any TED.
 */
struct pce_trees;

int pce_trees_new(struct pce_trees **outp, size_t bytes_max);
struct pce_trees *pce_trees_free(struct pce_trees *p);
AUTO_DEFINE(struct pce_trees, pce_trees_free)

enum pce_pass_kind {
	PCE_PASS_HOP,  /* a node or a link */
	PCE_PASS_ASN,  /* at least one node of the domain; the source's and the target's count */
	PCE_PASS_SRLG, /* at least one link of the group */
};

/*
 * What the path must pass. One node may be of several domains' turn, and of a node's own (RFC 3209
 * s4.3.4.1), and one link of several groups'.
 */
struct pce_pass {
	uint32_t node; /* of a hop */
	uint32_t link; /* TED_NONE: the node */
	/* Nothing between it and the one before (or the source): RFC 3209 s4.3.3.1. That leaves the
	 * one before, when it is a domain, by whatever nodes of its own. */
	bool strict;
	enum pce_pass_kind kind;
	uint32_t number; /* of the domain or the group */
};

enum { PCE_PASSES_MAX = 16 };

/* Adjacency SIDs that the router may take off their link when it fails (RFC 9488). Preferred: the
 * others only where a hop has none of these. */
enum pce_protection {
	PCE_UNPROTECTED_PREFERRED,
	PCE_UNPROTECTED_ONLY,
	PCE_PROTECTED_PREFERRED,
	PCE_PROTECTED_ONLY,
};

struct pce_list;

/* The binding SID of another policy, a segment from its headend to its endpoint. */
struct pce_binding {
	uint32_t headend, endpoint; /* node indices */
	/* SRv6: End.B6.Encaps; its endpoint must decapsulate. In no locator it is good only where the
	 * packet is at the headend already. */
	struct ip_addr sid;
	uint32_t label;		    /* SR-MPLS; 0: none */
	const uint32_t *links;	    /* all its packets may use; PCE_BINDING_LINKS_MAX at most */
	uint32_t n_links;
	const struct pce_list *list; /* what makes them do so, for failure.h; NULL: not known */
};

enum { PCE_BINDING_LINKS_MAX = 256 };

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
	struct pce_trees *trees; /* or NULL: nothing is kept */
	/* From here on zero means: not asked. */
	enum pce_objective objective;
	uint16_t mix[PCE_METRICS]; /* weights, with minimise == PCE_MIX */
	uint32_t delay_us_min;	   /* of a simple path: none takes a turn to be slow enough */
	bool bound_variation, bound_loss;
	uint32_t variation_us_max, loss_ppm_max;
	const struct pce_pass *include; /* in this order, PCE_PASSES_MAX at most */
	uint32_t n_include;
	const uint32_t *exclude_srlgs, *exclude_asns; /* of links; of nodes */
	uint32_t n_exclude_srlgs, n_exclude_asns;
	/* Flex-Algorithm 128..255: links and nodes as its definition has them; its metric type takes
	 * the place of minimise. */
	uint8_t algo;
	uint32_t labels_max; /* a search gives up after so many partial paths, or 32 times as many
			      * comparisons between them; 0: a million */
	bool explain; /* an answer says which constraints cost something: a few searches more */
	/* The list. */
	enum pce_protection protection;
	bool no_flex; /* no SIDs of flexible algorithms (with algo: no others than of it and of 0) */
	bool decapsulates; /* no service SID follows: the last SID has to decapsulate (USD) */
	uint16_t payload;  /* octets of the largest packet carried; links with too small an MTU */
	const struct pce_binding *bindings;
	uint32_t n_bindings;
	/* A list the asker has, that keeps all that is asked for: the path it is for, when that is
	 * one, and what another has to cost less than to be worth having (0: not told). When the
	 * path is still the best one, or nothing can cost less, no list is made. */
	const uint32_t *known;
	uint32_t n_known;
	uint64_t known_cost;
	bool brief;   /* without a path, or a list, no reason is looked for: PCE_NO_CONSTRAINED, PCE_NO_MSD */
};

/*
 * Loss in parts per million as what adds up, and back: links and bounds are rounded up by 2 to 4
 * units (0.04 ppm), so that a path which keeps a bound in units never loses more than the bound,
 * and at worst one that is less than 0.04 ppm a link within it is not taken. Nothing gets
 * through a link of PCE_LOSS_ALL.
 */
#define PCE_LOSS_ALL UINT32_MAX
uint32_t pce_loss_units(uint32_t ppm);
uint32_t pce_loss_ppm(uint64_t units);

enum pce_segment_kind {
	PCE_SEG_NODE,
	PCE_SEG_ADJ,
	PCE_SEG_CONTAINER,
	PCE_SEG_BINDING,
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
	PCE_NO_SID,	     /* no path has a list: a SID or label was not advertised; link/node of the cheapest in why */
	PCE_NO_MSD,	     /* needs more SIDs than the headend can impose */
	PCE_NO_MEMORY,
	PCE_INVALID,	     /* the request contradicts itself or the topology's definitions */
	PCE_NO_BUDGET,	     /* the search gave up: neither a path nor a proof that there is none */
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
	PCE_C_DELAY_MIN,
	PCE_C_VARIATION,
	PCE_C_LOSS,
	PCE_C_INCLUDE,
	PCE_C_SRLG,
	PCE_C_ASN,
	PCE_C_ALGO,
	PCE_C_MTU,
	PCE_C_COUNT,
};

const char *pce_constraint_text(enum pce_constraint c); /* "affinity", "bandwidth", … */
const char *pce_status_text(enum pce_status s);
const char *pce_metric_text(enum pce_metric m);		/* "igp", "te", "delay", … */
const char *pce_objective_text(enum pce_objective o);	/* "mcp", "mlp", "mbp" */

struct pce_removed {
	uint32_t links;	  /* taken out by it alone; with a path: of those the search came by */
	bool decisive;	  /* without it alone there is a path */
	uint64_t nearest; /* the best value reachable for a bound (delay_us, hops, …); bandwidth: widest bps; 0 unknown */
};

/* What a SID list does on this TED, ECMP included. */
struct pce_expansion {
	const uint32_t *links; /* every link any packet may use, ascending */
	uint32_t n_links;
	uint32_t delay_us_max, hops_max, igp_max, te_max; /* worst over all paths */
	uint32_t delay_us_min;
	uint32_t variation_us_max, loss_max; /* loss_max: in units */
	bool single; /* exactly one path */
	const uint32_t *path; /* the same links in order, of a single path; NULL: it has to be found out */
	uint32_t n_list; /* entries of the list */
	/* Not valid: the segment (0-based) that does not exist or leads nowhere, and why. */
	bool valid;
	uint32_t bad_segment;
	const char *why; /* arena text; "" when valid */
};

/* One constraint that was asked for, and the answer's path: value, and what is left of a bound. */
struct pce_slack {
	enum pce_constraint of;
	bool is_bound;
	uint64_t value, bound, slack; /* us, ppm, bit/s, metric or hops */
	/* With pce_request.explain: without it the path would be better. Else a guess: of the
	 * bounds the one with the least left, as a share of it. */
	bool binding;
	bool has_cost;	       /* with explain, on what binds: */
	uint64_t cost_without; /* what is minimised then (load with MLP, bit/s with MBP) */
};

/* One change of a constraint that would help: to what value a bound must go. */
struct pce_relax {
	enum pce_constraint of;
	bool drop;	/* not a bound, or no value is near: it has to go */
	uint64_t needs; /* the nearest bound under which there is a path */
};

struct pce_answer {
	enum pce_status status;
	const uint32_t *path; /* links in order, of the path wanted */
	uint32_t n_path;
	uint32_t delay_us, igp, te, hops, variation_us, loss_ppm; /* of that path */
	uint64_t cost;	  /* of that path: what was minimised */
	uint64_t load_ppb; /* objective MLP: of the fullest link with this request, parts per 1e9 */
	/* Nothing costs less than cost_least; == cost unless a search ran out of labels. */
	uint64_t cost_least;
	bool known; /* what is known will do: there are no segments, no expansion, maybe no path */
	struct pce_segment segs[PCE_SEGS_MAX];
	uint32_t n_segs;
	struct pce_expansion expansion;
	uint64_t bottleneck_bps; /* least free bandwidth over the expansion */
	struct pce_removed removed[PCE_C_COUNT];
	struct pce_slack slack[PCE_C_COUNT]; /* with a path, also one of several */
	uint32_t n_slack;
	/*
	 * Without one: constraints that together leave no path, and any of them less leaves one; and
	 * the changes that would help: each alone, or only all together. With PCE_NO_MSD and PCE_NO_SID:
	 * that leave none with a list that fits; PCE_C_MSD is one of them (to be dropped: there is a list
	 * under no limit, as SIDs are missing), and needs counts the SIDs reserved too. With PCE_NO_SID none
	 * at all: no SID leads to the target, so nothing helps.
	 */
	enum pce_constraint conflict[PCE_C_COUNT];
	uint32_t n_conflict;
	struct pce_relax relax[PCE_C_COUNT];
	uint32_t n_relax;
	bool relax_together;
	/* A search for these gave up: the conflict may name one too many, the changes (which help) may
	 * not be the nearest, or not all there are. */
	bool reasons_gave_up;
	const char *why; /* one line for people, arena text; "" when OK */
};

/* The changes in words, of at most so many octets: "delay bound >= 14.200 ms or no exclude constraint"; what
 * does not fit is "or others". "" without any; NULL: no memory. */
const char *pce_relax_text(const struct pce_relax *relax, uint32_t n, bool together, size_t most,
			   struct arena *a);

/* Always fills *out (status says); deterministic. */
void pce_compute(const struct ted *t, const struct pce_request *req, struct arena *a,
		 struct pce_answer *out);

/* The path alone: neither SID list nor expansion, MSD and strict are not looked at. */
void pce_path(const struct ted *t, const struct pce_request *req, struct arena *a,
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
	const struct pce_binding *bindings; /* binding SIDs that are known; or NULL */
	uint32_t n_bindings;
};

/* Walks the list from src. dst TED_NONE: wherever it ends. A trailing service SID inside the
 * last node's locator is allowed. */
void pce_expand(const struct ted *t, uint32_t src, uint32_t dst, const struct pce_list *list,
		struct arena *a, struct pce_expansion *out);

/* Do the links (in order) of path still exist and meet every constraint of req? NULL: yes;
 * else a text saying which does not. Bandwidth against req->free_bps. */
const char *pce_check(const struct ted *t, const struct pce_request *req,
		      const struct pce_expansion *e, struct arena *a);
