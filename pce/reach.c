/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Round by round, each adds one segment. What is known of a place is a staircase: ways with at
 * most so many segments, dearer ones with less delay. A new way starts a node segment and walks
 * the shortest path DAG from its place outwards; where the walk is no better than the staircase
 * it stops, and so does everything behind it: whoever got there with no more segments goes on
 * with a node segment of its own, at no more cost or delay. That prunes nearly all; what is left
 * needs distances between few pairs of places, which hub labels give.
 *
 * Whether an arc is on a shortest path from the start is asked of the distances, and a place is
 * entered only when all its predecessors in the DAG have been: so the worst of equal-cost paths
 * is known, and what hangs on a loop of zero metrics is never entered.
 */
#include "pce/reach.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "pce/hubs.h"
#include "pce/pce_priv.h"
#include "pce/trees.h"

enum {
	TOGETHER = 64,	      /* ways of one place that walk together: bits of a mask */
	HUBS_EACH_MAX = 192,  /* more would be slower than a search from each place */
	TREES_BYTES = 8 << 20,
};

#define SCRATCH_MAX ((size_t)1 << 30)

struct way {
	uint32_t place, cost, delay;
	uint32_t before; /* index of a way */
	uint32_t arc;	 /* PCE_INF: node segment */
	uint32_t segs;
};

struct stair {
	uint32_t cost, delay, before, arc;
};

/* Cost ascending, delay descending. */
struct stairs {
	struct stair *at;
	uint32_t n, cap;
};

/* A place in the walk at hand. */
struct spot {
	uint32_t entered, asked; /* walk in which it was entered; in which dist was asked for */
	uint32_t dist;
	uint32_t cost, delay; /* worst, from the start of the walk */
	uint64_t ways;	      /* those that are alive here */
};

struct reach {
	const struct ted *t;
	const struct pce_reach_request *req;
	const struct pce_shape *shape;
	struct pce_arcs igp;
	const struct pce_arc *cost_out, *cost_in, *delay_out, *delay_in;
	uint8_t *flags, *ends_here; /* by place */
	struct arena scratch;
	struct way *way;
	uint32_t n_ways, cap_ways;
	struct stairs *known, *fresh; /* by place: of rounds before; of this one */
	uint32_t *touched, n_touched; /* places with fresh ones */
	struct spot *spot;
	struct pce_near q, row_q;
	struct pce_hubs hubs;
	bool use_hubs;
	uint32_t *row, row_of, row_wanted; /* distances from a place where hubs do not serve */
	uint32_t walk;
	const struct way *first; /* ways that walk */
	uint32_t first_index, n_first;
	bool no_memory;
};

/* ---- staircases ---- */

static uint32_t stairs_after(const struct stairs *s, uint32_t cost)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (s->at[mid].cost <= cost)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool stairs_have(const struct stairs *s, uint32_t cost, uint32_t delay)
{
	uint32_t i = stairs_after(s, cost);

	return i > 0 && s->at[i - 1].delay <= delay;
}

static bool stairs_room(struct reach *r, struct stairs *s)
{
	uint32_t cap = s->cap ? s->cap * 2 : 4;
	struct stair *at;

	if (s->n < s->cap)
		return true;
	at = ARENA_ARRAY(&r->scratch, cap, struct stair);
	if (!at)
		return false;
	if (s->n)
		memcpy(at, s->at, s->n * sizeof(*at));
	s->at = at;
	s->cap = cap;
	return true;
}

/* False: there is no memory. What is not better than what is there is left out. */
static bool stairs_add(struct reach *r, struct stairs *s, const struct stair *x)
{
	uint32_t from = stairs_after(s, x->cost), to;

	if (from > 0 && s->at[from - 1].delay <= x->delay)
		return true;
	if (from > 0 && s->at[from - 1].cost == x->cost)
		from--;
	for (to = from; to < s->n && s->at[to].delay >= x->delay;)
		to++;
	if (to == from) {
		if (!stairs_room(r, s))
			return false;
		memmove(&s->at[from + 1], &s->at[from], (s->n - from) * sizeof(*x));
		s->n++;
	} else if (to > from + 1) {
		memmove(&s->at[from + 1], &s->at[to], (s->n - to) * sizeof(*x));
		s->n -= to - from - 1;
	}
	s->at[from] = *x;
	return true;
}

/* ---- distances ---- */

static bool row_relax(struct reach *r, uint32_t v, uint32_t dist)
{
	const struct pce_arcs *g = &r->igp;

	if (g->ends_here[v] && v != r->row_of)
		return true;
	for (uint32_t i = g->start_out[v]; i < g->start_out[v + 1]; i++) {
		uint64_t d = (uint64_t)dist + g->out[i].w;

		if (g->out[i].w == PCE_INF || d >= PCE_FAR || d >= r->row[g->out[i].place])
			continue;
		r->row[g->out[i].place] = (uint32_t)d;
		if (!pce_near_push(&r->row_q, (uint32_t)d, g->out[i].place))
			return false;
	}
	return true;
}

static void row_make(struct reach *r, uint32_t from)
{
	bool ok;

	memset(r->row, 0xff, r->igp.n * sizeof(*r->row));
	r->row_of = from;
	r->row[from] = 0;
	r->row_q.n = 0;
	ok = pce_near_push(&r->row_q, 0, from);
	while (ok && r->row_q.n) {
		uint64_t e = pce_near_pop(&r->row_q);
		uint32_t v = (uint32_t)(e & UINT32_MAX), d = (uint32_t)(e >> 32);

		if (r->row[v] == d)
			ok = row_relax(r, v, d);
	}
	r->no_memory = r->no_memory || !ok;
}

/* From the start of the walk; the source's own are always searched: it may be overloaded. */
static uint32_t distance(struct reach *r, uint32_t place)
{
	struct spot *x = &r->spot[place];

	if (x->asked == r->walk)
		return x->dist;
	x->asked = r->walk;
	if (r->use_hubs && r->row_wanted != r->shape->place[r->req->src]) {
		pce_hubs_from(&r->hubs, r->row_wanted);
		x->dist = pce_hubs_dist(&r->hubs, place);
	} else {
		if (r->row_of != r->row_wanted)
			row_make(r, r->row_wanted);
		x->dist = r->row[place];
	}
	return x->dist;
}

/* ---- ways ---- */

static uint32_t plus(uint32_t a, uint32_t b)
{
	uint64_t v = (uint64_t)a + b;

	return a == PCE_INF || b == PCE_INF || v >= PCE_FAR ? PCE_INF : (uint32_t)v;
}

/* Is a way with this still worth having at a place; a pseudonode is only passed. */
static bool worth(const struct reach *r, uint32_t place, uint32_t cost, uint32_t delay)
{
	if (cost == PCE_INF || delay == PCE_INF || delay > r->req->delay_us_max)
		return false;
	return (r->flags[place] & TED_NF_PSEUDO) || !stairs_have(&r->known[place], cost, delay);
}

static void offer(struct reach *r, uint32_t place, const struct stair *x)
{
	struct stairs *s = &r->fresh[place];

	if (s->n == 0)
		r->touched[r->n_touched++] = place;
	if (!stairs_add(r, s, x))
		r->no_memory = true;
}

/* Adjacency segment over an arc, for those of the walking ways that are alive at its near end. */
static void offer_far(struct reach *r, uint32_t place, uint32_t arc, const struct spot *from,
		      uint32_t cost, uint32_t delay)
{
	for (uint64_t left = from->ways; left; left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(left);
		struct stair x = { plus(r->first[i].cost, cost), plus(r->first[i].delay, delay),
				   r->first_index + i, arc };

		if (worth(r, place, x.cost, x.delay))
			offer(r, place, &x);
	}
}

static void offer_adjacencies(struct reach *r, uint32_t v)
{
	const struct pce_arcs *g = &r->igp;
	const struct spot *x = &r->spot[v];

	if (r->flags[v] & TED_NF_PSEUDO)
		return;
	for (uint32_t i = g->start_out[v]; i < g->start_out[v + 1]; i++) {
		uint32_t w = r->shape->out_to[i];
		uint32_t cost = plus(x->cost, r->cost_out[i].w);
		uint32_t delay = plus(x->delay, r->delay_out[i].w);

		if (!(r->flags[w] & TED_NF_PSEUDO)) {
			offer_far(r, w, i, x, cost, delay);
			continue;
		}
		for (uint32_t j = g->start_out[w]; j < g->start_out[w + 1]; j++)
			if (r->shape->out_to[j] != v)
				offer_far(r, r->shape->out_to[j], i, x,
					  plus(cost, r->cost_out[j].w),
					  plus(delay, r->delay_out[j].w));
	}
}

/* ---- the walk ---- */

/* All places before it in the DAG have been entered: the worst of them; else false. */
static bool gather(struct reach *r, uint32_t v, uint32_t dist)
{
	const struct pce_arcs *g = &r->igp;
	struct spot *x = &r->spot[v];

	x->cost = x->delay = 0;
	x->ways = UINT64_MAX;
	for (uint32_t i = g->start_in[v]; i < g->start_in[v + 1]; i++) {
		const struct pce_arc *a = &g->in[i];
		const struct spot *y = &r->spot[a->place];
		uint32_t before;

		if (a->w == PCE_INF || a->w > dist ||
		    (g->ends_here[a->place] && a->place != r->row_wanted))
			continue;
		before = y->entered == r->walk ? y->dist : distance(r, a->place);
		if (before == PCE_INF || before + a->w != dist)
			continue;
		if (y->entered != r->walk)
			return false;
		x->ways &= y->ways;
		if (plus(y->cost, r->cost_in[i].w) > x->cost)
			x->cost = plus(y->cost, r->cost_in[i].w);
		if (plus(y->delay, r->delay_in[i].w) > x->delay)
			x->delay = plus(y->delay, r->delay_in[i].w);
	}
	return true;
}

/* Those of the ways that get there no better than others did before go no further. */
static uint64_t alive(const struct reach *r, uint32_t v, uint64_t ways, uint32_t cost,
		      uint32_t delay)
{
	uint64_t out = 0;

	for (uint64_t left = ways; left; left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(left);

		if (worth(r, v, plus(r->first[i].cost, cost), plus(r->first[i].delay, delay)))
			out |= UINT64_C(1) << i;
	}
	return out;
}

static void go_on(struct reach *r, uint32_t v)
{
	const struct pce_arcs *g = &r->igp;
	const struct spot *x = &r->spot[v];

	if (g->ends_here[v] && v != r->row_wanted)
		return;
	if (v == r->row_wanted || r->req->routed_adjacency)
		offer_adjacencies(r, v);
	for (uint32_t i = g->start_out[v]; i < g->start_out[v + 1]; i++) {
		const struct pce_arc *a = &g->out[i];
		uint32_t d = plus(x->dist, a->w);

		/* What is dead with this arc alone is dead whatever other arcs lead there. */
		if (d == PCE_INF || r->spot[a->place].entered == r->walk ||
		    !alive(r, a->place, x->ways, plus(x->cost, r->cost_out[i].w),
			   plus(x->delay, r->delay_out[i].w)) ||
		    distance(r, a->place) != d)
			continue;
		if (!pce_near_push(&r->q, d, a->place))
			r->no_memory = true;
	}
}

static void enter(struct reach *r, uint32_t v, uint32_t dist)
{
	struct spot *x = &r->spot[v];

	if (x->entered == r->walk || !gather(r, v, dist))
		return;
	x->ways = alive(r, v, x->ways, x->cost, x->delay);
	if (!x->ways)
		return;
	x->entered = r->walk;
	x->dist = dist;
	for (uint64_t left = x->ways; left && !(r->flags[v] & TED_NF_PSEUDO); left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(left);

		offer(r, v, &(struct stair){ plus(r->first[i].cost, x->cost),
					     plus(r->first[i].delay, x->delay),
					     r->first_index + i, PCE_INF });
	}
	go_on(r, v);
}

static void walk_from(struct reach *r, uint32_t index, uint32_t n)
{
	uint32_t u = r->way[index].place;

	if (r->igp.ends_here[u] && u != r->shape->place[r->req->src])
		return;
	r->walk++;
	r->row_wanted = u;
	r->first = &r->way[index];
	r->first_index = index;
	r->n_first = n;
	r->q.n = 0;
	r->spot[u] = (struct spot){ .entered = r->walk, .asked = r->walk,
				    .ways = n == TOGETHER ? UINT64_MAX : (UINT64_C(1) << n) - 1 };
	go_on(r, u);
	while (r->q.n && !r->no_memory) {
		uint64_t e = pce_near_pop(&r->q);

		enter(r, (uint32_t)(e & UINT32_MAX), (uint32_t)(e >> 32));
	}
}

/* ---- rounds ---- */

static bool way_add(struct reach *r, const struct way *x)
{
	if (r->n_ways == r->cap_ways) {
		uint32_t cap = r->cap_ways ? r->cap_ways * 2 : r->igp.n + 64;
		struct way *at = cap > r->cap_ways ? ARENA_ARRAY(&r->scratch, cap, struct way) : NULL;

		if (!at)
			return false;
		if (r->n_ways)
			memcpy(at, r->way, r->n_ways * sizeof(*at));
		r->way = at;
		r->cap_ways = cap;
	}
	r->way[r->n_ways++] = *x;
	return true;
}

/* What this round found becomes known, and is what the next one starts from. */
static bool settle(struct reach *r, uint32_t segs)
{
	for (uint32_t i = 0; i < r->n_touched; i++) {
		uint32_t place = r->touched[i];
		struct stairs *s = &r->fresh[place];

		for (uint32_t j = 0; j < s->n; j++) {
			const struct stair *x = &s->at[j];

			if (!way_add(r, &(struct way){ place, x->cost, x->delay, x->before, x->arc,
						       segs }) ||
			    !stairs_add(r, &r->known[place], x))
				return false;
		}
		s->n = 0;
	}
	r->n_touched = 0;
	return true;
}

static bool rounds(struct reach *r)
{
	const struct way start = { r->shape->place[r->req->src], 0, 0, PCE_INF, PCE_INF, 0 };
	const struct stair zero = { 0, 0, PCE_INF, PCE_INF };
	uint32_t from = 0;

	if (!way_add(r, &start) || !stairs_add(r, &r->known[start.place], &zero))
		return false;
	for (uint32_t k = 1; k <= r->req->segs_max && from < r->n_ways; k++) {
		uint32_t end = r->n_ways, n;

		for (; from < end; from += n) {
			for (n = 1; n < TOGETHER && from + n < end &&
				    r->way[from + n].place == r->way[from].place;)
				n++;
			walk_from(r, from, n);
		}
		if (r->no_memory || !settle(r, k))
			return false;
	}
	return true;
}

/* ---- making ready ---- */

static bool load_class(struct reach *r, struct pce_trees *p, enum pce_metric metric, bool cut,
		       const struct pce_arc **out, const struct pce_arc **in)
{
	struct pce_class c = { .metric = metric };
	uint32_t id;

	if (cut)
		c.affinity = r->req->affinity;
	id = pce_trees_class(p, &c);
	if (id == UINT32_MAX)
		return false;
	*out = pce_class_out(p, id);
	*in = pce_class_in(p, id);
	return *out && *in;
}

static bool is_symmetric(const struct reach *r)
{
	for (uint32_t i = 0; i < r->shape->m; i++) {
		uint32_t link = r->shape->out_link[i], back = r->t->links[link].reverse;
		uint32_t w = r->igp.out[i].w;

		if (w == PCE_INF)
			continue;
		if (back == TED_NONE || r->igp.out[r->shape->out_arc[back]].w != w)
			return false;
	}
	for (uint32_t p = 0; p < r->igp.n; p++)
		if (r->ends_here[p])
			return false;
	return true;
}

static bool make_arrays(struct reach *r)
{
	const uint32_t n = r->shape->n;
	const struct ted_priv *priv = ted_priv_of(r->t);

	r->flags = ARENA_ARRAY(&r->scratch, n, uint8_t);
	r->ends_here = ARENA_ARRAY(&r->scratch, n, uint8_t);
	r->known = ARENA_ARRAY(&r->scratch, n, struct stairs);
	r->fresh = ARENA_ARRAY(&r->scratch, n, struct stairs);
	r->touched = ARENA_ARRAY(&r->scratch, n, uint32_t);
	r->spot = ARENA_ARRAY(&r->scratch, n, struct spot);
	r->row = ARENA_ARRAY(&r->scratch, n, uint32_t);
	r->row_of = PCE_INF;
	r->q.a = r->row_q.a = &r->scratch;
	if (!r->flags || !r->ends_here || !r->known || !r->fresh || !r->touched || !r->spot ||
	    !r->row)
		return false;
	for (uint32_t p = 0; p < n; p++) {
		r->flags[p] = priv->nflags[r->shape->node[p]];
		r->ends_here[p] = (r->flags[p] & TED_NF_OVERLOAD) != 0;
	}
	return true;
}

static bool make_ready(struct reach *r, struct pce_trees *p)
{
	enum pce_hubs_made made;

	r->shape = pce_trees_shape(p);
	if (!make_arrays(r))
		return false;
	if (!load_class(r, p, PCE_IGP, false, &r->igp.out, &r->igp.in) ||
	    !load_class(r, p, r->req->minimise, false, &r->cost_out, &r->cost_in) ||
	    !load_class(r, p, PCE_DELAY, true, &r->delay_out, &r->delay_in))
		return false;
	r->igp.n = r->shape->n;
	r->igp.start_out = r->shape->out;
	r->igp.start_in = r->shape->in;
	r->igp.ends_here = r->ends_here;
	r->igp.symmetric = is_symmetric(r);
	made = pce_hubs_make(&r->hubs, &r->igp, HUBS_EACH_MAX, &r->scratch);
	r->use_hubs = made == PCE_HUBS_MADE;
	return made != PCE_HUBS_NO_MEMORY;
}

/* ---- the answer ---- */

static bool give(struct reach *r, struct arena *a, struct pce_reach *out)
{
	uint32_t n = r->shape->n;
	uint32_t *start = ARENA_ARRAY(a, (size_t)n + 1, uint32_t);
	uint32_t *at = ARENA_ARRAY(&r->scratch, r->n_ways, uint32_t); /* of a way: its point */
	struct pce_reach_point *points = ARENA_ARRAY(a, r->n_ways, struct pce_reach_point);

	if (!start || !at || !points)
		return false;
	for (uint32_t i = 0; i < r->n_ways; i++)
		start[r->shape->node[r->way[i].place]]++;
	for (uint32_t i = 0, sum = 0; i <= n; i++) {
		uint32_t own = start[i];

		start[i] = sum;
		sum += own;
	}
	for (uint32_t i = 0; i < r->n_ways; i++) {
		const struct way *w = &r->way[i];
		uint32_t node = r->shape->node[w->place];

		at[i] = start[node]++;
		points[at[i]] = (struct pce_reach_point){
			.node = node,
			.cost = w->cost,
			.delay_us = w->delay,
			.segs = w->segs,
			.before = w->before == PCE_INF ? TED_NONE : at[w->before],
			.link = w->arc == PCE_INF ? TED_NONE : r->shape->out_link[w->arc],
		};
	}
	memmove(&start[1], &start[0], n * sizeof(*start));
	start[0] = 0;
	*out = (struct pce_reach){ .start = start, .points = points, .n_points = r->n_ways,
				   .bytes = r->scratch.used };
	return true;
}

static bool makes_sense(const struct ted *t, const struct pce_reach_request *req)
{
	return req->src < t->n_nodes && t->nodes[req->src].alive &&
	       !t->nodes[req->src].pseudonode && req->segs_max > 0 &&
	       req->segs_max <= PCE_REACH_SEGS_MAX && (unsigned)req->minimise < PCE_METRICS;
}

int pce_reach(const struct ted *t, const struct pce_reach_request *req, struct arena *a,
	      struct pce_reach *out)
{
	AUTO(pce_trees_free) struct pce_trees *own = NULL;
	struct pce_trees *p = req->trees;
	struct reach r = { .t = t, .req = req };
	bool ok;

	*out = (struct pce_reach){ 0 };
	if (!makes_sense(t, req))
		return PCE_REACH_E_REQUEST;
	if (!p && pce_trees_new(&own, TREES_BYTES) < 0)
		return err_raise(-ENOMEM);
	p = p ? p : own;
	if (pce_trees_follow(p, t) < 0)
		return err_raise(-ENOMEM);
	arena_init(&r.scratch, req->bytes_max ? req->bytes_max : SCRATCH_MAX);
	ok = make_ready(&r, p) && rounds(&r) && give(&r, a, out);
	arena_fini(&r.scratch);
	return ok ? 0 : err_raise(-ENOMEM);
}
