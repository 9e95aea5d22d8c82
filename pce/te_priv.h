/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What the files of the optimiser share. Nodes that demands start from, end at or may go over
 * are points, numbered densely; what traffic between two points does to the links is worked out
 * once for every pair. Utilisations are doubles, prices of single searches floats.
 */
#include "base/rng.h"
#include "pce/te.h"

#define TE_UNREACHED UINT64_MAX

/* No list: traffic between the pair is lost, or would cross a link without capacity. */
#define TE_NO_WAY UINT32_MAX

/* Shortest paths towards one node, and the memory for them. */
struct te_spf {
	const struct te_graph *g;
	const uint32_t *out, *in; /* n + 1 */
	const uint32_t *out_arc, *in_arc;
	uint64_t *dist;
	uint32_t *order; /* reached nodes, the target first, next hops before those who use them */
	uint32_t n_order;
	uint32_t *rank; /* by node: place in order, TE_NO_NODE: not reached, or into a loop */
	uint32_t *hops; /* by node: how many arcs it spreads over */
	uint32_t *heap, *pos;
	uint32_t n_heap;
	struct arena mem;
};

int te_spf_init(struct te_spf *f, const struct te_graph *g); /* 0 or -ENOMEM */
void te_spf_fini(struct te_spf *f);
/* len: by arc, UINT64_MAX: not in use; NULL: metrics. Lengths are below 2^40. */
void te_spf_run(struct te_spf *f, uint32_t target, const uint64_t *len);
bool te_spf_uses(const struct te_spf *f, uint32_t arc, uint32_t target, const uint64_t *len);

/* One arc of what flows between two points; share: of the arc's capacity, by one unit of rate. */
struct te_share {
	uint32_t arc;
	float share;
};

struct te_flow {
	uint32_t start, n;
};

/* A list by points, midpoints first to last. */
struct te_way {
	uint16_t mid[TE_MIDPOINTS_MAX];
	uint16_t n;
};

/* A demand by points; unit of rate: see te_net.unit. */
struct te_want {
	uint16_t src, dst;
	bool fixed, has_now; /* has_now: the list of now leads there */
	uint32_t delay_us_max;
	double rate;
	struct te_way now;
};

struct te_net {
	const struct te_problem *prob;
	uint32_t n, m, p;
	uint32_t stride; /* p rounded up to TE_LANES */
	uint32_t n_wants;
	uint32_t *point; /* by node, or TE_NO_NODE */
	uint32_t *node;	 /* by point */
	bool *hub;	 /* by point: may be a midpoint */
	double unit;	 /* bit/s: the largest capacity */
	double *cap;	 /* by arc, in units; 0: nothing may be sent */
	double *base;	 /* by arc: what is there whatever we do, share of the capacity */
	struct te_flow *flow; /* [from * p + to] */
	struct te_share *share;
	size_t n_share, cap_share;
	uint32_t *delay; /* [from * p + to]: worst member, TE_NO_WAY */
	struct te_want *want;
	struct arena mem;
	uint64_t work;
};

enum { TE_LANES = 8 };

/* Checks everything, works out flows. where: as in te_result. also: lists that will be asked for
 * beside those of now, checked by the caller; or NULL. */
enum te_status te_net_init(struct te_net *net, const struct te_problem *p,
			   const struct te_options *o, const struct te_list *also,
			   uint32_t *where);
void te_net_fini(struct te_net *net);

/* te_check.c */
enum te_status te_check_graph(const struct te_graph *g, uint32_t *where);
enum te_status te_check_problem(const struct te_problem *p, uint32_t *where);
uint32_t te_list_n(const struct te_list *l);
bool te_list_same(const struct te_list *a, const struct te_list *b);
bool te_list_good(const struct te_graph *g, const struct te_list *l);

/* te_way.c */
bool te_way_same(const struct te_way *a, const struct te_way *b);
/* Worst delay, or TE_NO_WAY when some part has none. */
uint64_t te_way_delay(const struct te_net *net, const struct te_want *w, const struct te_way *way);
bool te_way_fits(const struct te_net *net, const struct te_want *w, const struct te_way *way);
/* Midpoints that are where the traffic is already are dropped. */
void te_way_tidy(const struct te_want *w, struct te_way *way);
void te_way_add(const struct te_net *net, const struct te_want *w, const struct te_way *way,
		double rate, double *util);
void te_way_list(const struct te_net *net, const struct te_way *way, struct te_list *out);
/* false: some midpoint is no point. */
bool te_way_of(const struct te_net *net, const struct te_list *l, struct te_way *out);
/* The fullest link. */
double te_fullest(const double *util, uint32_t m);
/* Calls f for every stretch of the way. */
static inline uint32_t te_way_stop(const struct te_want *w, const struct te_way *way, uint32_t i)
{
	return i < way->n ? way->mid[i] : w->dst;
}

/* te_least.c: the list of at most k midpoints with the least worst delay. false: there is none. */
struct te_least;
int te_least_new(struct te_least **outp, const struct te_net *net, uint32_t k); /* 0 or -ENOMEM */
struct te_least *te_least_free(struct te_least *l);
AUTO_DEFINE(struct te_least, te_least_free)
bool te_least_way(struct te_least *l, const struct te_want *w, struct te_way *out);
/* Worst delay of the best list of at most `mids` midpoints from a point to another. */
const uint32_t *te_least_row(struct te_least *l, uint32_t from, uint32_t mids);

/*
 * te_search.c: best response on an exponential potential, one demand at a time. Resumable: every
 * call does about `quantum` of work.
 */
struct te_search {
	const struct te_net *net;
	struct te_least *least;
	uint32_t k;	  /* midpoints at most */
	double charge;
	struct rng rng;
	struct te_way *cur, *best;
	double *util;	  /* of cur */
	double best_util;
	double best_cost; /* best_util + charges */
	uint32_t changed, best_changed;
	float *price;	  /* by arc: exp(eta (util - top)) */
	double eta, top, sum; /* sum of prices */
	bool *hot;	  /* by arc */
	float *rest;	  /* by point: scratch of one demand */
	float *w, *wt;	  /* [from * stride + to] expected price, and the other way round */
	float *via[2];	  /* [to * stride + from]: with one and two midpoints in between */
	uint32_t width;	  /* midpoints tried now, <= k */
	uint32_t *order, at;
	uint32_t n_free;
	double gap;
	uint32_t moves, moves_all, kicks, rounds;
	bool dry; /* no moves left that help */
	uint64_t work, table_work, quantum;
	struct arena mem;
};

enum te_status te_search_init(struct te_search *s, const struct te_net *net,
			      const struct te_options *o, uint32_t *where);
void te_search_fini(struct te_search *s);
void te_search_step(struct te_search *s);
/* Shakes the placement when the search has run dry. */
void te_search_shake(struct te_search *s);
/* s->cur was filled by the caller: looks for better ones around it. */
void te_search_restart(struct te_search *s, double gap);
/* te_tidy.c: s->best back to what runs, and to fewer midpoints, where no link passes limit. */
void te_tidy(struct te_search *s, double limit);

/*
 * te_bound.c: what no placement can be below. Any prices of links give such a bound; good ones
 * are found by balancing a placement that may split demands at will, by lists of at most k
 * midpoints, under an exponential potential whose multipliers follow the prices.
 */
enum { TE_COLUMNS = 6 };

#define TE_SLACK (1.0 / (1 << 21)) /* taken off every bound: see te_bound.c */
#define TE_FAR_PRICE 1e30

struct te_column {
	struct te_way way;
	double rate;
};

/* Demands with the same ends and the same delay bound. */
struct te_pair {
	struct te_want want;
	struct te_column col[TE_COLUMNS];
	uint32_t n;
	uint32_t first, members; /* places in te_bound.member */
};

struct te_bound {
	const struct te_net *net;
	struct te_least *least; /* the search's */
	uint32_t k;
	struct te_pair *pair;
	uint32_t n_pairs;
	uint32_t *member; /* demands, by pair */
	double *util, *mult, *price; /* by arc */
	double *mark;		     /* by arc, zero between uses */
	double *w, *wt, *via[TE_MIDPOINTS_MAX]; /* as in te_search */
	double eta, top;
	double bound;	  /* proven, rounded down */
	double *best_price; /* that it was proven with */
	double bound_any;
	double upper;	  /* the fullest link of the split placement */
	uint32_t at;	  /* pair being balanced */
	uint32_t phase, rounds;
	uint64_t work, quantum;
	struct te_spf spf;
	struct arena mem;
};

int te_bound_init(struct te_bound *b, const struct te_search *s); /* 0 or -ENOMEM */
void te_bound_fini(struct te_bound *b);
void te_bound_step(struct te_bound *b);
/* Bound of any routing, at the best prices. */
void te_bound_any(struct te_bound *b); /* te_limits.c */
/* The split placement is that close to the bound, relative. */
bool te_bound_done(const struct te_bound *b, double close);
/* te_limits.c */
void te_bound_single(struct te_bound *b);
/* te_round.c: a placement that splits nothing: lists are drawn by the rate they carry, or, without
 * rng, the one with most is taken. false: no memory, ways are as they were. */
bool te_bound_round(struct te_bound *b, struct rng *rng, struct te_way *ways);
/* For those: */
void te_bound_recount(struct te_bound *b);
double te_bound_price(const struct te_bound *b, uint32_t arc);
/* Moves rate between the lists of a pair until none is much dearer than another. Far from there a
 * step is short, for the price falls by a factor only: more of them then. */
void te_bound_balance(struct te_bound *b, struct te_pair *p);
/* Table of cheapest prices over at most so many midpoints: [to][from]. */
static inline const double *te_bound_within(const struct te_bound *b, uint32_t mids)
{
	return mids == 0 ? b->wt : b->via[mids - 1];
}
