/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What the files of the path engine share. A context lives for one call of the public API: its
 * working memory is in a scratch arena of that call, only answers are in the caller's arena.
 */
#include "base/arena.h"
#include "pce/path.h"
#include "pce/ted_priv.h"
#include "pce/trees.h"

/* The build clears every variable; these are large, and filled before they are read. */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define NOT_CLEARED __attribute__((uninitialized))
#else
#define NOT_CLEARED
#endif

enum {
	PCE_PATH_MAX = 255,   /* hop limit of a packet */
	PCE_LABELS_ASIDE = 1 << 16, /* of a search that only explains */
};

/* Constraints that take whole links out; bits of pce_ctx.cut and pce_find.mask. */
#define PCE_CUT(c) (UINT32_C(1) << (c))
/* Those of one request only; the others are in classes and trees already. */
#define PCE_CUT_LINKS                                                                              \
	(PCE_CUT(PCE_C_BANDWIDTH) | PCE_CUT(PCE_C_EXCLUDE) | PCE_CUT(PCE_C_SRLG) |                 \
	 PCE_CUT(PCE_C_ASN) | PCE_CUT(PCE_C_MTU))
#define PCE_CUT_ALL                                                                                \
	(PCE_CUT_LINKS | PCE_CUT(PCE_C_AFFINITY) | PCE_CUT(PCE_C_OVERLOAD) | PCE_CUT(PCE_C_ALGO) | \
	 PCE_CUT(PCE_C_INCLUDE))

/* All equal-cost shortest paths from one node to the target, summed up. */
struct pce_dag {
	bool reached;	   /* there is a path and no zero-metric loop */
	bool allowed;	   /* every link may be used (cut, metrics known where bounded) */
	bool labelled;	   /* SR-MPLS: every router on it can read the label */
	uint8_t paths;	   /* 1, or 2 for more than one */
	uint64_t worst[PCE_METRICS];
	uint64_t delay_min;
};

struct pce_dag_node {
	uint32_t epoch; /* entry is of the current evaluation */
	bool done, marked;
	struct pce_dag sum;
};

/* What the constraints of a request say of a link, once it was asked. */
struct pce_cut {
	uint32_t epoch;
	uint32_t by; /* PCE_CUT bits */
};

struct pce_used;
struct heard;
struct owner;

/* Told of each hop of a SID list as it is walked: to a node by the shortest paths of an algorithm,
 * over a link, or what a binding SID does. */
struct pce_note {
	uint32_t node, link; /* link TED_NONE: the node */
	uint8_t algo;
	const struct ted_node_sid *sid;	   /* SR-MPLS: its label is read on the way */
	const struct pce_binding *binding; /* NULL: none */
};
typedef void (*pce_note_fn)(void *arg, const struct pce_note *note);

struct pce_ctx {
	const struct ted *t;
	const struct ted_priv *p;
	const struct pce_request *req; /* NULL in pce_expand */
	struct arena *out;	       /* the caller's: answers */
	struct arena scratch;
	bool lent; /* by the shard, which keeps its memory for the next call */
	struct pce_cut *cut;	       /* by link: ask pce_cut() */
	uint32_t cut_epoch;
	uint32_t asked;		       /* PCE_CUT bits of constraints that can forbid any link */
	bool need[PCE_METRICS];	       /* the metric is minimised or bounded: it must be known */
	struct pce_trees *trees;       /* the caller's, or own */
	struct pce_trees *own;
	const struct pce_shape *shape;
	uint32_t routed;	       /* class of what routers do: IGP metric, no constraint */
	const struct pce_arc *routed_out; /* its out-arcs */
	const struct pce_arc *out_arcs; /* of the class of the tree pce_spt() gave last */
	struct pce_dag_node *dag;      /* by place */
	uint32_t *stack, *stack_arc;   /* by depth */
	uint32_t epoch;
	struct pce_removed *met;       /* counts links that searches may not take; NULL: not */
	uint32_t depth_least; /* what if the headend's MSD were so much; 0: not asked */
	bool as_asked; /* pce_fit(): lists are as strict as the request, not always */
	uint64_t *work; /* steps that searches for path and list have left together; NULL: their own limits */
	bool no_memory;
	pce_note_fn note; /* NULL: nobody asks */
	void *note_arg;
};

/* One question to the search: best path under these bounds and the constraints in mask. */
struct pce_find {
	enum pce_metric minimise;
	enum pce_objective objective;
	uint8_t algo;
	bool own_metric; /* with algo: minimise all the same what is to be minimised */
	uint32_t bound[PCE_METRICS];
	uint32_t delay_us_min;
	uint32_t mask;
	uint32_t labels_max; /* 0: as many as a search may have at all */
	uint64_t worth; /* what costs as much is not worth having; 0: everything is */
};

#define PCE_UNBOUNDED                                                                              \
	{                                                                                          \
		PCE_NO_BOUND, PCE_NO_BOUND, PCE_NO_BOUND, PCE_NO_BOUND, PCE_NO_BOUND, PCE_NO_BOUND \
	}

struct pce_path {
	const uint32_t *links;
	uint32_t n;
	uint64_t sum[PCE_METRICS];
	uint64_t cost, load; /* what was minimised; of the fullest link, for MLP and MBP */
	uint64_t cost_least; /* no path costs less */
	/* No path at all that may be used costs less, and none that costs as much has a lower IGP
	 * metric: then the same is true between any two of its nodes. */
	bool plain;
};

enum pce_found {
	PCE_FOUND,
	PCE_FOUND_WORTHLESS, /* nothing costs less than pce_find.worth */
	PCE_FOUND_NOT,
	PCE_FOUND_NO_MEMORY,
	PCE_FOUND_NO_BUDGET, /* neither found nor shown that there is none */
};

/* ctx.c */
bool pce_ctx_init(struct pce_ctx *c, const struct ted *t, const struct pce_request *req,
		  struct pce_trees *trees, struct arena *out);
void pce_ctx_fini(struct pce_ctx *c);
/* For pce_link_cut() and pce_check_in() alone: no memory, no pce_ctx_fini(). */
void pce_ctx_look(struct pce_ctx *c, const struct ted *t, const struct pce_request *req);
/* A path needs the metric for what is minimised. */
bool pce_minimises(const struct pce_request *req, unsigned metric);
void pce_find_of(const struct pce_request *req, struct pce_find *f);
uint64_t pce_free_bps(const struct pce_request *req, const struct ted *t, uint32_t link);
/* Which constraints forbid the link; judged when first asked, then remembered. */
uint32_t pce_cut_judge(struct pce_ctx *c, uint32_t link);
static inline uint32_t pce_cut(struct pce_ctx *c, uint32_t link)
{
	const struct pce_cut *k = &c->cut[link];

	return k->epoch == c->cut_epoch ? k->by : pce_cut_judge(c, link);
}
/* What one constraint says of one link. */
bool pce_link_cut(const struct pce_ctx *c, uint32_t link, enum pce_constraint by);
static inline uint32_t pce_arc_metric(const struct ted_arc *a, unsigned metric)
{
	return a->metric[metric];
}
uint32_t pce_sat32(uint64_t v);
void pce_path_sum(const struct pce_ctx *c, struct pce_path *p);

/* seek.c: of the link with the request on it, parts per 1e9. */
uint64_t pce_link_load(const struct pce_request *req, const struct ted *t, uint32_t link);
/* search.c */
enum pce_found pce_search(struct pce_ctx *c, const struct pce_find *f, struct pce_path *out);
/* search.c: every simple path in order of cost, until give() has enough or so many labels were
 * made. Meanwhile no other search: they share the shard's memory. False: there may be others. */
typedef bool (*pce_give_fn)(void *arg, const struct pce_path *p);
bool pce_search_all(struct pce_ctx *c, const struct pce_find *f, uint32_t labels_max,
		    pce_give_fn give, void *arg);

/* alternatives.c: feasible simple paths in order of cost, for as long as give() wants more. True:
 * there are no others. */
bool pce_alternatives(struct pce_ctx *c, const struct pce_find *f, pce_give_fn give, void *arg);

/* dag.c: the tree towards a node as routers see it. NULL without memory (c->no_memory). */
const struct pce_tree *pce_spt(struct pce_ctx *c, uint32_t node);
/* The same of any algorithm. What is asked of a tree (pce_on_spt(), pce_dag_…) is asked before
 * the next tree is. */
const struct pce_tree *pce_spt_algo(struct pce_ctx *c, uint32_t node, uint8_t algo);
/* The same for pce_dag_single() alone: it may lag behind. Where it finds a way, that is right, for what
 * changed since has only become dearer; NULL, or no way found: the tree itself has to be asked. */
const struct pce_tree *pce_spt_behind(struct pce_ctx *c, uint32_t node, uint8_t algo);
/* A link is on a shortest path to the tree's root. */
bool pce_on_spt(const struct pce_ctx *c, const struct pce_tree *s, uint32_t link);

/* sid: whose label must be readable on the way, NULL: none. A new epoch per target. */
void pce_dag_begin(struct pce_ctx *c);
const struct pce_dag *pce_dag_from(struct pce_ctx *c, const struct pce_tree *s, uint32_t from,
				   const struct ted_node_sid *sid);
/* The usual case at once: links of the only shortest path, in order; 0: there is none, or more than
 * one, or it is the root itself. */
uint32_t pce_dag_single(const struct pce_ctx *c, const struct pce_tree *s, uint32_t from,
			uint32_t links[PCE_PATH_MAX]);
/* Are the links of a way at most so much of a metric in sum, and may all be used? */
bool pce_way_allowed(struct pce_ctx *c, const uint32_t *links, uint32_t n, enum pce_metric metric, uint64_t most);
/* Marks every link of the DAG; after pce_dag_from() in the same epoch. */
void pce_dag_mark(struct pce_ctx *c, const struct pce_tree *s, uint32_t from, struct pce_used *used);

/* sid.c */
enum pce_sid_kind {
	PCE_SID_OTHER, /* service, binding, not ours to use */
	PCE_SID_END,
	PCE_SID_END_X,
};

/* How a SID may share a 128-bit entry with others (RFC 9800). */
enum pce_csid {
	PCE_CSID_NONE,
	PCE_CSID_NEXT,
	PCE_CSID_REPLACE,
};

enum { PCE_PSP = 1, PCE_USP = 2, PCE_USD = 4 }; /* flavours, RFC 8986 s4.16 */

struct pce_sid {
	enum pce_sid_kind kind;
	enum pce_csid csid; /* with a structure that makes sense */
	uint8_t flavors;
	uint8_t lb, ln, len; /* len: bits it takes in a container */
	uint64_t value;	    /* those bits */
};

void pce_sid_read(const struct ted_sid *s, struct pce_sid *out);
/* The owner routes it, with the SID's algorithm: no locator says otherwise. */
bool pce_sid_routed(const struct ted *t, const struct ted_sid *s, uint32_t owner);
bool pce_sid_same_block(const struct ip_addr *a, const struct ip_addr *b, unsigned lb);
/* The container after the active C-SID was consumed. */
struct ip_addr pce_sid_shift(const struct ip_addr *a, unsigned lb, unsigned len);
bool pce_sid_has_more(const struct ip_addr *a, unsigned lb, unsigned len);
/* REPLACE-C-SID: places of a container, taken from the last to place 0; the index in an address
 * says which one it came from. */
unsigned pce_csid_slots(unsigned len);
uint64_t pce_csid_slot(const struct ip_addr *container, unsigned len, unsigned index);
unsigned pce_csid_index(const struct ip_addr *da, unsigned len);
void pce_csid_index_set(struct ip_addr *da, unsigned len, unsigned index);
const struct ted_node_sid *pce_node_sid(const struct ted_node *n, uint8_t algo);
static inline bool pce_protected_first(enum pce_protection p)
{
	return p == PCE_PROTECTED_PREFERRED || p == PCE_PROTECTED_ONLY;
}
static inline bool pce_protection_only(enum pce_protection p)
{
	return p == PCE_UNPROTECTED_ONLY || p == PCE_PROTECTED_ONLY;
}
uint32_t pce_adj_label(const struct ted *t, uint32_t link, uint32_t far,
		       enum pce_protection protection);

/* used.c: links that packets may use, gathered without a look at the others. */
struct pce_used {
	struct pce_ctx *c;
	uint32_t *seen; /* by link: epoch */
	uint32_t epoch;
	uint32_t *links, n, cap;
};

enum { PCE_ROOM_USED = PCE_ROOM_OWN + 18, PCE_ROOM_WANTED, PCE_ROOM_INTO,
       PCE_ROOM_NODE_SIDS, PCE_ROOM_ADJ_SIDS, PCE_ROOM_ONLY, PCE_ROOM_JOINT, PCE_ROOM_JOINT_LABELS,
       PCE_ROOM_HEARD, PCE_ROOM_OWNER };
bool pce_used_init(struct pce_used *u, struct pce_ctx *c, unsigned room);
/* False: it was there before, or there is no memory (c->no_memory). */
bool pce_used_add(struct pce_used *u, uint32_t link);
bool pce_used_has(const struct pce_used *u, uint32_t link);
void pce_used_sort(struct pce_used *u);

/* binding.c: what the expansion of a binding does; false when it is not a set of paths from its
 * headend to its endpoint. */
struct pce_bound_sum {
	uint64_t worst[PCE_METRICS], delay_min;
	bool single, allowed;
};
bool pce_binding_sum(struct pce_ctx *c, const struct pce_binding *b, struct pce_bound_sum *out);

/* expand.c, expand_mpls.c */
struct pce_walk {
	struct pce_ctx *c;
	struct pce_expansion *out;
	const struct pce_list *list;
	struct pce_used used;
	struct heard *heard; /* expand.c; or NULL */
	struct owner *owner; /* the same */
	uint32_t at;
	uint64_t worst[PCE_METRICS], delay_min;
	bool single;
	bool in_order; /* links came one after the other, none twice */
};
/* Over the shortest paths of an algorithm; sid: whose label must be readable on the way, or NULL. */
struct pce_walk_goal {
	uint32_t node;
	uint8_t algo;
	const struct ted_node_sid *sid;
};
bool pce_walk_to(struct pce_walk *w, const struct pce_walk_goal *g, uint32_t seg);
void pce_walk_cross(struct pce_walk *w, uint32_t link, uint32_t far);
bool pce_walk_bad(struct pce_walk *w, uint32_t seg, const char *why);
/* The binding SID of the node the packet is at was read: 1; it is none: 0; < 0 bad. */
int pce_walk_binding(struct pce_walk *w, const struct ip_addr *sid, uint32_t label, uint32_t seg);
bool pce_walk_labels(struct pce_walk *w, const struct pce_list *list);
void pce_expand_in(struct pce_ctx *c, uint32_t src, uint32_t dst, const struct pce_list *list,
		   struct pce_expansion *out);
/* The second half of a LAN crossing: the link from pseudonode link->to to node far. */
uint32_t pce_lan_exit(const struct ted *t, uint32_t link, uint32_t far);

/*
 * Encoding. A route is the path as hops between routers (a LAN crossing is one hop); position 0
 * is the source. A row has the node segments of one algorithm that end at one position.
 */
enum { PCE_SIDS_CHOICE = 8, PCE_GROUPS_MAX = 32, PCE_ROWS_MAX = 6, PCE_GROUP_LAST = 255 };

struct pce_hop {
	uint32_t link, exit; /* exit: out of the pseudonode, or TED_NONE */
};

/* One SID that could be used; group 0: goes in no container, PCE_GROUP_LAST: nothing after it. */
struct pce_choice {
	const struct ted_sid *sid;	      /* SRv6, but bindings */
	const struct ted_node_sid *node_sid;  /* SR-MPLS */
	const struct pce_binding *binding;
	struct pce_sid is;
	uint32_t label;	      /* SR-MPLS: adjacency, binding */
	uint8_t algo, group;  /* algo: the SID is routed by */
};

struct pce_choices {
	struct pce_choice at[PCE_SIDS_CHOICE];
	uint32_t n;
};

struct pce_span {
	bool ok;
	uint64_t worst[PCE_METRICS], delay_min;
};

struct pce_row {
	uint8_t algo;
	uint32_t from; /* spans before it are not ok, and not set */
	struct pce_span *at; /* by position the segment starts from */
};

/* A binding whose headend is a position of the route, and what it leads to. */
struct pce_bound {
	struct pce_choice choice;
	uint32_t at, to;
	struct pce_span cost;
};

/* SIDs that may share a container. */
struct pce_group {
	struct ip_addr sid; /* any of it: the block */
	enum pce_csid csid;
	uint8_t lb, ln, len; /* len: REPLACE-C-SID */
};

struct pce_route {
	struct pce_ctx *c;
	const struct pce_path *path;
	bool strict, usid;
	uint64_t cap[PCE_METRICS];  /* loose: no path of the list may be worse */
	uint64_t delay_floor;	    /* loose: nor faster */
	uint32_t n;		    /* hops */
	uint32_t *node;		    /* n + 1 */
	struct pce_hop *hop;	    /* n */
	struct pce_choices *node_sids; /* by position */
	struct pce_choices *adj_sids;  /* by hop */
	struct pce_bound *bound;
	uint32_t n_bound;
	struct pce_row row[PCE_ROWS_MAX]; /* that end at the position at hand */
	uint32_t n_rows;
	struct pce_group group[PCE_GROUPS_MAX]; /* from 1 */
	uint32_t n_groups;
	/* Entries of the whole list, service SIDs too, when routers on the way have limits on it;
	 * 0: they have none that matters. */
	uint32_t total;
};

/* One SID of a list before packing. */
struct pce_elem {
	const struct pce_choice *choice;
	enum pce_segment_kind kind; /* node, adjacency, binding */
	uint32_t label; /* SR-MPLS */
	uint32_t at;	/* position of the router that reads it */
	uint32_t to;	/* position it leads to */
};

/* Fewest entries after packing; chain in the scratch arena, NULL when there is no list. */
struct pce_mark {
	uint32_t pos, count, n_adj, n_elems;
	uint8_t group;	/* of the open container, or 0 */
	uint32_t used;	/* NEXT-C-SID: bits after the block */
	uint32_t left;	/* REPLACE-C-SID: free places; 0: one of the group has to follow */
	bool closable;	/* the router that reads the last SID may go on to the next entry */
	uint64_t worst[PCE_METRICS], delay_min;
	struct pce_elem elem;
	struct pce_mark *parent, *next;
};

/* route.c */
bool pce_route_init(struct pce_route *r, struct pce_ctx *c, const struct pce_path *path);
/* Rows of all algorithms that SIDs at position `to` are routed by. */
void pce_route_rows(struct pce_route *r, uint32_t to);
const struct pce_row *pce_route_row(const struct pce_route *r, uint8_t algo);
/* What it costs to cross a hop. */
void pce_route_hop(const struct pce_route *r, uint32_t hop, struct pce_span *out);

/* Where a SID goes after those of a mark. */
enum pce_place { PCE_PLACE_NOT, PCE_PLACE_ENTRY, PCE_PLACE_OPEN, PCE_PLACE_CONTAINER };
enum pce_place pce_place(const struct pce_route *r, const struct pce_mark *m,
			 const struct pce_choice *x);
/* What is open after the SID is added to m, and how many entries there are. */
void pce_mark_open(const struct pce_route *r, struct pce_mark *x, const struct pce_mark *m,
		   const struct pce_choice *c);
/* One of its group has to follow. */
bool pce_mark_tied(const struct pce_route *r, const struct pce_mark *m);
/* Whatever b can go on with, a can, and ends with no more entries. */
bool pce_mark_no_worse(const struct pce_route *r, const struct pce_mark *a,
		       const struct pce_mark *b);
/* SIDs that may be used of a node, of a link towards a router. */
void pce_choose_node(struct pce_route *r, uint32_t node, struct pce_choices *out);
void pce_choose_link(struct pce_route *r, uint32_t link, uint32_t far, struct pce_choices *out);

/* joint.c: paths whose lists fit, the cheapest first, for as long as give() wants more. False: it
 * cannot say that there are no others. */
bool pce_joint(struct pce_ctx *c, const struct pce_find *f, pce_give_fn give, void *arg);

/* encode_best.c: blocked: the furthest position reached when there is no list. */
const struct pce_mark *pce_encode_best(struct pce_route *r, uint32_t *blocked);

/* encode_segs.c */
bool pce_encode_segs(const struct pce_route *r, const struct pce_mark *last, struct pce_answer *out);
/* encode_quick.c: the usual list as entries, or 0: it is not so simple. Still to be proven. */
uint32_t pce_encode_quick(const struct pce_route *r, struct pce_segment *segs);

/* encode_limits.c (RFC 9352 s4): entries the headend may impose; what a router on the way says. */
uint32_t pce_depth(const struct pce_ctx *c);
bool pce_limits_node(const struct ted_node *n, uint32_t total);
/* Could any router of the route mind a list of that many entries? */
bool pce_limits_told(const struct pce_route *r, uint32_t total);
/* The router that reads the SID, in that entry of r->total, may go on to the next one. */
bool pce_limit_next(const struct pce_route *r, const struct pce_elem *e, uint32_t count);
bool pce_limit_end(const struct pce_route *r);
/* Octets that so many entries of a list, and the service SID, add to a packet. */
uint32_t pce_overhead(const struct pce_request *q, uint32_t n);
/* Of links, the one with the least MTU that a packet with so much more does not fit, and how many there
 * are of them; TED_NONE: it fits, as far as their MTU is known. */
uint32_t pce_narrow(const struct pce_ctx *c, const uint32_t *links, uint32_t n_links, uint32_t more, uint32_t *n);
const char *pce_say_narrow(const struct pce_ctx *c, uint32_t link, uint32_t more, struct arena *a);
/* Octets all links may carry with this many entries on top of the payload; fills removed[]. */
const char *pce_mtu_check(struct pce_ctx *c, struct pce_answer *out);

/* encode.c: status, segs, n_segs, expansion, why; needed: entries the shortest list has. */
void pce_encode_in(struct pce_ctx *c, const struct pce_path *path, bool strict,
		   struct pce_answer *out, uint32_t *needed);
/* No SID leads to the target at all, whatever the path: says so. "": some does; NULL: no memory. */
const char *pce_say_no_end(struct pce_ctx *c);
uint32_t pce_msd(const struct pce_request *req);
void pce_answer_path(struct pce_answer *out, const struct pce_path *p);

/* fit.c: has the path a list (strict, but see pce_ctx.as_asked) that the headend can impose and
 * routers on it can read. */
bool pce_fits(struct pce_ctx *c, const struct pce_path *p);
/* The cheapest path that has; as pce_search(). */
enum pce_found pce_fit(struct pce_ctx *c, const struct pce_find *f, struct pce_path *out);

/* explain.c */
void pce_explain(struct pce_ctx *c, struct pce_answer *out);
#define PCE_SAY_GAVE_UP "; the search for reasons gave up: there may be fewer, and nearer changes"
struct str;
void pce_say_relax(struct str *s, const struct pce_relax *x); /* to a value: "delay bound >= …" */
/* slack.c: what is left of each bound, and what binds. */
void pce_slacks(struct pce_ctx *c, const struct pce_path *p, struct pce_answer *out);
/* The same of one path of several, without searches: what binds is a guess. */
void pce_slacks_of(const struct ted *t, const struct pce_request *req, struct pce_answer *a);
enum pce_constraint pce_bound_of(unsigned metric);
/* The constraints a request has, as PCE_CUT bits. */
uint32_t pce_constraints_of(const struct pce_ctx *c);
/* The same question without some of them. */
void pce_bound_set(struct pce_request *r, enum pce_constraint by, uint32_t to);
void pce_find_without(const struct pce_ctx *c, uint32_t without, struct pce_find *f);

/* most.c: what can be carried from source to target at most, by however many paths over links that the
 * request may use; all that is asked for, when that is less. */
enum pce_found pce_most(const struct ted *t, const struct pce_request *r, struct arena *a,
			uint64_t *out);

/* pass.c: what is to be passed. A node, a link is the one or of the one that is named. */
struct pce_passes {
	const struct pce_pass *at;
	unsigned n;
};

bool pce_pass_node(const struct pce_ctx *c, const struct pce_pass *p, uint32_t node);
bool pce_pass_link(const struct pce_ctx *c, const struct pce_pass *p, uint32_t link);
/* How many are behind at the source; behind a link and its far end, of those before it: the most.
 * As many as that less those that are held is the same path taken in another way. */
unsigned pce_pass_begin(const struct pce_ctx *c, const struct pce_passes *w, uint32_t src);
unsigned pce_pass_on(const struct pce_ctx *c, const struct pce_passes *w, unsigned done,
		     uint32_t link);
/* Pass i may be worth leaving where it is met, for a later meeting. */
bool pce_pass_held(const struct pce_pass *at, unsigned n, unsigned i);
/* A node may be entered though the next pass is not met with it. */
bool pce_pass_waits(const struct pce_ctx *c, const struct pce_passes *w, unsigned done,
		    uint32_t node);

/* valid.c: NULL, or in which way the request cannot be meant; arena text. */
const char *pce_valid(const struct ted *t, const struct pce_request *req, struct arena *a);

/* check.c */
/* Only one path does what is asked, not whatever routers make of a loose list. */
bool pce_wants_strict(const struct pce_request *r);
const char *pce_check_in(const struct pce_ctx *c, const struct pce_expansion *e, struct arena *a);
