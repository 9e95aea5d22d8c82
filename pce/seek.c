/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question made ready for the search: which arcs cost what, what is bounded, what must be
 * passed, and for each of them exact lower bounds from the trees the shard keeps. Nothing here
 * costs more the larger the network is, once the trees are there.
 */
#include "pce/heap.h"
#include "pce/search.h"

static const struct pce_affinity any;

static struct pce_class class_of(const struct pce_seek *k, unsigned metric)
{
	const struct pce_request *r = k->c->req;

	return (struct pce_class){
		.metric = (enum pce_metric)metric,
		.algo = k->f->algo,
		.own_metric = k->f->algo != 0,
		.affinity = k->f->mask & PCE_CUT(PCE_C_AFFINITY) ? r->affinity : any,
	};
}

static bool term_init(struct pce_seek *k, struct pce_term *x, const struct pce_class *is)
{
	x->metric = is->metric;
	x->class = pce_trees_class(k->c->trees, is);
	if (x->class == UINT32_MAX)
		return false;
	x->arc = pce_class_out(k->c->trees, x->class);
	return true;
}

static bool add_cost(struct pce_seek *k, unsigned metric, uint64_t weight)
{
	struct pce_class is = class_of(k, metric);
	struct pce_term *x = &k->cost[k->n_cost++];

	/* The metric type of the definition takes the place of what was to be minimised. */
	if (is.algo && !k->f->own_metric) {
		is.own_metric = false;
		is.metric = PCE_IGP;
	}
	x->weight = weight;
	return term_init(k, x, &is);
}

static bool add_use(struct pce_seek *k, unsigned metric, uint64_t bound)
{
	struct pce_class is = class_of(k, metric);
	struct pce_term *x = &k->use[k->n_bound];

	if (metric == PCE_DELAY)
		k->delay = k->n_bound;
	k->n_bound++;
	x->bound = bound;
	return term_init(k, x, &is);
}

/* ---- lower bounds ---- */

/* Dijkstra against a class's arcs from what the heap holds, overloaded nodes as good as others;
 * what is too far is not reached, or as far as can be told. False without memory. */
static bool spread(struct pce_seek *k, const struct pce_term *x, struct pce_heap *heap,
		   uint32_t *dist, bool far)
{
	const struct pce_arc *in = pce_class_in(k->c->trees, x->class);

	while (heap->n) {
		struct pce_entry e = pce_heap_pop(heap);

		if (e.k0 != dist[e.id])
			continue;
		for (uint32_t i = k->s->in[e.id]; i < k->s->in[e.id + 1]; i++) {
			uint64_t d = e.k0 + in[i].w;

			if (in[i].w == PCE_INF || (d > PCE_FAR && !far))
				continue;
			d = d > PCE_FAR ? PCE_FAR : d;
			if (d >= dist[in[i].place])
				continue;
			dist[in[i].place] = (uint32_t)d;
			if (!pce_heap_push(heap, (struct pce_entry){ d, 0, in[i].place }))
				return false;
		}
	}
	return true;
}

/* Towards a node by a class's arcs, overloaded nodes as good as others. Only to explain. */
static const uint32_t *low_through_overload(struct pce_seek *k, const struct pce_term *x,
					    uint32_t root)
{
	struct pce_heap heap = { .a = &k->c->scratch };
	uint32_t *dist = ARENA_ARRAY(&k->c->scratch, (size_t)k->s->n + 1, uint32_t);

	if (!dist || !pce_heap_push(&heap, (struct pce_entry){ .id = root }))
		return NULL;
	memset(dist, 0xff, k->s->n * sizeof(*dist));
	dist[root] = 0;
	return spread(k, x, &heap, dist, false) ? dist : NULL;
}

static const uint32_t *low_to(struct pce_seek *k, const struct pce_term *x, uint32_t place)
{
	const struct pce_tree *t;

	if (!(k->f->mask & PCE_CUT(PCE_C_OVERLOAD)) && k->overload)
		return low_through_overload(k, x, place);
	t = pce_tree_to(k->c->trees, x->class, k->s->node[place]);
	return t ? t->dist : NULL;
}

static uint64_t low_at(const struct pce_low *l, uint32_t place)
{
	return l->rest == UINT64_MAX || l->dist[place] == PCE_INF ? UINT64_MAX :
								    l->dist[place] + l->rest;
}

/* By way of a link, to what is behind pass i and those that the link is of as well. */
static uint64_t low_by(const struct pce_seek *k, const struct pce_term *x, unsigned i, uint32_t arc)
{
	uint64_t rest;

	for (i++; i < k->n_pass && pce_pass_link(k->c, &k->pass[i], k->s->out_link[arc]);)
		i++;
	rest = low_at(&x->low[i], k->s->out_to[arc]);

	return rest == UINT64_MAX || x->arc[arc].w == PCE_INF ? UINT64_MAX : rest + x->arc[arc].w;
}

/* What is behind hop i, seen from in front of it; and where to go for it. */
static uint64_t rest_of(const struct pce_seek *k, const struct pce_term *x, unsigned i,
			uint32_t *place)
{
	const struct pce_pass *p = &k->pass[i];

	if (p->link == TED_NONE) {
		*place = k->s->place[p->node];
		return low_at(&x->low[i + 1], *place);
	}
	*place = k->s->place[k->c->p->arcs[p->link].from];
	return low_by(k, x, i, k->s->out_arc[p->link]);
}

/* What is to come from a place where a domain or a group may be met; UINT64_MAX: it is not met. */
static uint64_t low_met(const struct pce_seek *k, const struct pce_term *x, unsigned i,
			uint32_t place)
{
	uint64_t least = UINT64_MAX;

	if (k->pass[i].kind == PCE_PASS_ASN)
		return pce_pass_node(k->c, &k->pass[i], k->s->node[place]) ?
			       low_at(&x->low[i + 1], place) :
			       UINT64_MAX;
	for (uint32_t arc = k->s->out[place]; arc < k->s->out[place + 1]; arc++) {
		uint64_t low = pce_pass_link(k->c, &k->pass[i], k->s->out_link[arc]) ?
				       low_by(k, x, i, arc) :
				       UINT64_MAX;

		least = low < least ? low : least;
	}
	return least;
}

/*
 * Towards whatever of a domain or a group is best, with what is behind it: no kept tree says that,
 * and this one is made for this request. What is too far to be told is as far as can be told.
 */
static bool lows_met(struct pce_seek *k, struct pce_term *x, unsigned i)
{
	uint64_t *seed = ARENA_ARRAY(&k->c->scratch, (size_t)k->s->n + 1, uint64_t);
	uint32_t *dist = ARENA_ARRAY(&k->c->scratch, (size_t)k->s->n + 1, uint32_t);
	struct pce_heap heap = { .a = &k->c->scratch };
	struct pce_low *l = &x->low[i];

	if (!seed || !dist)
		return false;
	*l = (struct pce_low){ .dist = dist, .rest = UINT64_MAX };
	memset(dist, 0xff, k->s->n * sizeof(*dist));
	for (uint32_t at = 0; at < k->s->n; at++) {
		seed[at] = low_met(k, x, i, at);
		l->rest = seed[at] < l->rest ? seed[at] : l->rest;
	}
	for (uint32_t at = 0; at < k->s->n; at++) {
		uint64_t d = seed[at] - l->rest;

		if (seed[at] == UINT64_MAX)
			continue;
		dist[at] = d > PCE_FAR ? PCE_FAR : (uint32_t)d;
		if (!pce_heap_push(&heap, (struct pce_entry){ dist[at], 0, at }))
			return false;
	}
	return spread(k, x, &heap, dist, true);
}

static bool term_lows(struct pce_seek *k, struct pce_term *x)
{
	x->low[k->n_pass] = (struct pce_low){ .dist = low_to(k, x, k->dst) };
	if (!x->low[k->n_pass].dist)
		return false;
	for (unsigned i = k->n_pass; i-- > 0;) {
		uint32_t place;

		if (k->pass[i].kind != PCE_PASS_HOP) {
			if (!lows_met(k, x, i))
				return false;
			continue;
		}
		x->low[i].rest = rest_of(k, x, i, &place);
		x->low[i].dist = low_to(k, x, place);
		if (!x->low[i].dist)
			return false;
	}
	return true;
}

static bool lows(struct pce_seek *k, struct pce_term *x, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!term_lows(k, &x[i]))
			return false;
	return true;
}

bool pce_seek_bounded(struct pce_seek *k)
{
	k->n_use = k->n_bound;
	return lows(k, k->use, k->n_use);
}

/* Ties go to what routers prefer anyway. The tree is the one that encoding asks for too. */
bool pce_seek_ties(struct pce_seek *k)
{
	const struct pce_class is = { .metric = PCE_IGP };
	struct pce_term x = { 0 };

	if (k->f->minimise == PCE_IGP && !k->f->algo)
		return true;
	if (!term_init(k, &x, &is))
		return false;
	k->igp = x.arc;
	k->igp_low = low_to(k, &x, k->dst);
	return k->igp_low != NULL;
}

/* ---- what is asked ---- */

static bool terms(struct pce_seek *k)
{
	const struct pce_find *f = k->f;
	bool flex = f->algo && !f->own_metric, good = true;

	k->cost_max = UINT64_MAX;
	k->delay = PCE_NOWHERE;
	if (f->minimise == PCE_MIX && !flex) {
		for (unsigned m = 0; m < PCE_METRICS; m++)
			if (k->c->req->mix[m])
				good = good && add_cost(k, m, k->c->req->mix[m]);
	} else {
		good = add_cost(k, f->minimise % PCE_METRICS, 1);
	}
	for (unsigned m = 0; m < PCE_METRICS; m++) {
		bool lower = m == PCE_DELAY && f->delay_us_min;

		if (f->bound[m] == PCE_NO_BOUND && !lower)
			continue;
		if (!flex && m == (unsigned)f->minimise && !lower)
			k->cost_max = f->bound[m];
		else
			good = good && add_use(k, m, f->bound[m] == PCE_NO_BOUND ? UINT64_MAX :
										   f->bound[m]);
	}
	return good;
}

static void passes(struct pce_seek *k)
{
	const struct pce_request *r = k->c->req;

	if (!(k->f->mask & PCE_CUT(PCE_C_INCLUDE)))
		return;
	for (uint32_t i = 0; i < r->n_include && i < PCE_PASSES_MAX; i++) {
		const struct pce_pass *p = &r->include[i];

		if (i == 0 && pce_pass_node(k->c, p, r->src) && p->kind == PCE_PASS_HOP)
			continue; /* it begins there */
		k->pass[k->n_pass++] = *p;
	}
	for (unsigned i = 0; i < k->n_pass; i++)
		k->held |= pce_pass_held(k->pass, k->n_pass, i);
}

static bool rooms(struct pce_seek *k)
{
	struct pce_trees *t = k->c->trees;

	k->slot = pce_room_places(t, PCE_ROOM_SLOT, sizeof(*k->slot));
	k->label = pce_room_places(t, PCE_ROOM_LABEL, sizeof(*k->label));
	k->turn = pce_room_places(t, PCE_ROOM_TURN, sizeof(*k->turn));
	k->cap = k->cap_turns = k->s->n;
	return k->slot && k->label && k->turn;
}

enum pce_found pce_seek_init(struct pce_seek *k, struct pce_ctx *c, const struct pce_find *f)
{
	k->c = c;
	k->f = f;
	k->s = c->shape;
	k->src = k->s->place[c->req->src];
	k->dst = k->s->place[c->req->dst];
	k->overload = pce_trees_overload(c->trees);
	k->cuts = f->mask & c->asked & PCE_CUT_LINKS;
	passes(k);
	k->crowded = f->mask & PCE_CUT(PCE_C_OVERLOAD) ? k->overload : NULL;
	return rooms(k) && terms(k) && lows(k, k->cost, k->n_cost) ?
		       PCE_FOUND :
		       PCE_FOUND_NO_MEMORY;
}

/* ---- how full ---- */

__extension__ typedef unsigned __int128 u128;

/* Parts per 1e9 of the capacity that are in use with the request on it; rounded up. */
static uint64_t load_ppb(uint64_t capacity, uint64_t free_bps, uint64_t bandwidth)
{
	u128 used = capacity > free_bps ? capacity - free_bps : 0;

	if (capacity == 0)
		return UINT64_MAX;
	used = ((used + bandwidth) * 1000000000U + capacity - 1) / capacity;
	return used > UINT64_MAX ? UINT64_MAX : (uint64_t)used;
}

uint64_t pce_link_load(const struct pce_request *req, const struct ted *t, uint32_t link)
{
	return load_ppb(t->links[link].capacity_bps, pce_free_bps(req, t, link),
			req->bandwidth_bps);
}

uint64_t pce_seek_load(const struct pce_seek *k, uint32_t arc)
{
	const struct pce_ctx *c = k->c;
	uint32_t link = k->s->out_link[arc];

	if (c->p->nflags[c->p->arcs[link].from] & TED_NF_PSEUDO)
		return 0;
	if (k->f->objective == PCE_MBP)
		return UINT64_MAX - pce_free_bps(c->req, c->t, link);
	return pce_link_load(c->req, c->t, link);
}
