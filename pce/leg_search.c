/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cheapest path of a leg: A* over labels, guided by the reverse tree of what is minimised,
 * pruned by the reverse trees of what is bounded. A label goes when another at its node is no
 * worse in everything; without bounds that leaves one a node. Weights, prices and soft marks are
 * not negative, so no path that comes back to a node survives, zero weights included.
 *
 * Of labels that promise the same the one made last goes first: where the tree's own path is
 * open the search walks straight along it.
 */
#include <stdlib.h>

#include "pce/leg.h"

#define NONE UINT32_MAX

/* A cost is one number: units of what is minimised, and of soft marks. */
struct units {
	uint64_t main, soft;
};

static const struct units main_first = { UINT64_C(1) << 24, 1 };
static const struct units soft_first = { 1, UINT64_C(1) << 40 };

struct seek {
	struct pce_legs *l;
	const struct pce_leg *g;
	const struct pce_seek *k;
	struct units u;
	uint32_t epoch;
};

static bool label_room(struct pce_legs *l)
{
	uint32_t cap = l->cap_label ? l->cap_label * 2 : 128;
	struct pce_leg_label *at;

	if (l->n_label < l->cap_label)
		return true;
	if (l->n_label >= PCE_LEG_LABELS)
		return false;
	at = realloc(l->label, cap * sizeof(*at));
	if (!at)
		return false;
	l->label = at;
	l->cap_label = cap;
	return true;
}

static bool dominates(const struct pce_leg *g, const struct pce_leg_label *a,
		      const struct pce_leg_label *b)
{
	if (a->cost > b->cost)
		return false;
	for (unsigned i = 0; i < g->n_bound; i++)
		if (a->used[i] > b->used[i])
			return false;
	return true;
}

/* The label, in place of those at its node that it dominates; false: it is dominated itself. */
static bool frontier(struct seek *s, uint32_t id)
{
	struct pce_legs *l = s->l;
	struct pce_leg_label *x = &l->label[id];
	struct pce_leg_head *h = &l->head[x->place];
	uint32_t *at = &h->first;

	if (h->epoch != s->epoch)
		*h = (struct pce_leg_head){ s->epoch, NONE };
	for (uint32_t i = h->first; i != NONE; i = l->label[i].next)
		if (dominates(s->g, &l->label[i], x))
			return false;
	while (*at != NONE) {
		struct pce_leg_label *y = &l->label[*at];

		if (dominates(s->g, x, y)) {
			y->dead = true;
			*at = y->next;
		} else {
			at = &y->next;
		}
	}
	x->next = h->first;
	h->first = id;
	return true;
}

/* False: no memory, or too many. */
static bool push(struct seek *s, const struct pce_leg_label *x)
{
	struct pce_legs *l = s->l;
	uint32_t id = l->n_label;

	if (!label_room(l))
		return false;
	l->label[id] = *x;
	if (!frontier(s, id))
		return true;
	l->n_label++;
	return pce_heap_push(&l->heap,
			     (struct pce_entry){ x->cost + s->g->tree->dist[x->place] * s->u.main,
						 UINT32_MAX - id, id });
}

/* Can it still keep every bound, at best? */
static bool hopeful(const struct seek *s, const struct pce_leg_label *x)
{
	const struct pce_leg *g = s->g;
	uint64_t far = g->tree->dist[x->place];

	if (far == PCE_INF)
		return false;
	for (unsigned i = 0; i < g->n_bound; i++)
		if ((uint64_t)x->used[i] + g->bound[i].tree->dist[x->place] > g->bound[i].most)
			return false;
	if (s->k->most == UINT64_MAX)
		return true;
	return s->u.soft == 1 ? x->cost / s->u.main + far <= s->k->most :
				(x->cost & (s->u.soft - 1)) + far <= s->k->most;
}

static bool bounds_add(const struct pce_leg *g, const struct pce_leg_label *x, uint32_t arc,
		       struct pce_leg_label *y)
{
	for (unsigned i = 0; i < g->n_bound; i++) {
		uint64_t v = (uint64_t)x->used[i] + g->bound[i].arc[arc].w;

		if (v > g->bound[i].most)
			return false;
		y->used[i] = (uint32_t)v;
	}
	return true;
}

static bool extend(struct seek *s, uint32_t id)
{
	struct pce_legs *l = s->l;
	const struct pce_leg *g = s->g;
	uint32_t place = l->label[id].place;

	for (uint32_t i = l->s->out[place]; i < l->s->out[place + 1]; i++) {
		struct pce_leg_label y = { .place = g->arc[i].place, .arc = i, .parent = id };
		const struct pce_leg_head *h = &l->head[y.place];
		uint64_t price;
		uint32_t soft;

		if (g->arc[i].w == PCE_INF || g->tree->dist[y.place] == PCE_INF)
			continue;
		y.cost = l->label[id].cost + g->arc[i].w * s->u.main;
		if (!g->n_bound && h->epoch == s->epoch && l->label[h->first].cost <= y.cost)
			continue;
		if (!pce_leg_step(l, g, i, &price, &soft) ||
		    !bounds_add(g, &l->label[id], i, &y))
			continue;
		y.cost += price * s->u.main + soft * s->u.soft;
		if (hopeful(s, &y) && !push(s, &y))
			return false;
	}
	return true;
}

void pce_way_sum(const struct pce_legs *l, const struct pce_leg *g, struct pce_way *w)
{
	for (unsigned m = 0; m < PCE_METRICS; m++)
		w->sum[m] = 0;
	for (uint32_t i = 0; i < w->n; i++)
		for (unsigned m = 0; m < PCE_METRICS; m++) {
			uint32_t v = pce_arc_metric(&l->p->arcs[w->links[i]], m);

			w->sum[m] += v == TED_NONE ? 0 : v;
		}
	if (!g->general)
		w->cost = w->sum[g->req->minimise];
}

static enum pce_found give(struct seek *s, uint32_t id, struct pce_way *out)
{
	struct pce_legs *l = s->l;
	uint64_t cost = l->label[id].cost;
	uint32_t n = 0, *links;

	for (uint32_t i = id; l->label[i].parent != NONE; i = l->label[i].parent)
		n++;
	links = ARENA_ARRAY(&l->scratch, (size_t)n + 1, uint32_t);
	if (!links)
		return PCE_FOUND_NO_MEMORY;
	*out = (struct pce_way){ .links = links, .n = n };
	for (uint32_t i = id; l->label[i].parent != NONE; i = l->label[i].parent)
		links[--n] = l->s->out_link[l->label[i].arc];
	out->priced = s->u.soft == 1 ? cost / s->u.main : cost & (s->u.soft - 1);
	out->soft = (uint32_t)(s->u.soft == 1 ? cost & (s->u.main - 1) : cost / s->u.soft);
	pce_way_sum(l, s->g, out);
	return PCE_FOUND;
}

static enum pce_found gave_up(const struct pce_legs *l)
{
	return l->n_label >= PCE_LEG_LABELS ? PCE_FOUND_NO_BUDGET : PCE_FOUND_NO_MEMORY;
}

enum pce_found pce_leg_search(struct pce_legs *l, const struct pce_leg *g,
			      const struct pce_seek *k, struct pce_way *out)
{
	struct seek s = { .l = l, .g = g, .k = k, .epoch = l->epoch };
	struct pce_leg_label start = { .place = k->from, .parent = NONE };

	s.u = k->soft_first ? soft_first : main_first;
	l->searches++;
	l->n_label = 0;
	l->heap.n = 0;
	for (unsigned i = 0; i < g->n_bound; i++)
		start.used[i] = k->used[i];
	if (!hopeful(&s, &start))
		return PCE_FOUND_NOT;
	if (!push(&s, &start))
		return gave_up(l);
	while (l->heap.n) {
		uint32_t id = pce_heap_pop(&l->heap).id;

		if (l->label[id].dead)
			continue;
		if (l->label[id].place == g->dst)
			return give(&s, id, out);
		if (pce_leg_through(l, g, l->label[id].place) && !extend(&s, id))
			return gave_up(l);
	}
	return PCE_FOUND_NOT;
}
