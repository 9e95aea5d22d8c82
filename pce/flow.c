/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Successive shortest paths on reduced costs. The potential of a place is minus its distance to
 * the target (from the tree), plus what searches so far have raised it by, minus the same number
 * for all: only places a search reached before the target are touched.
 *
 * A place that only one path may pass (a transit node when nodes are to differ, a LAN always)
 * has two states once a path passes it: IN, reached by arcs that carry nothing, from which one
 * can only push the path back; and OUT, reached by pushing a path back, from which all arcs that
 * carry nothing are open.
 */
#include <stdlib.h>
#include <string.h>

#include "pce/flow.h"

enum { OUT, IN };

enum via {
	VIA_ARC,    /* along an arc that carries nothing */
	VIA_BACK,   /* against one that carries a path */
	VIA_INSIDE, /* from OUT to IN of a place */
};

struct state {
	uint64_t dist;	 /* in this round */
	uint64_t lower;	 /* what its potential is below the others' */
	uint32_t round;	 /* dist is of it */
	uint32_t from;	 /* state, 2 * place + OUT or IN */
	uint32_t arc;
	uint8_t via;
	bool done;
};

struct place {
	uint32_t epoch;
	uint32_t paths; /* that pass it */
	uint32_t pos;	/* in the path being taken out */
	struct state at[2];
};

struct numbers {
	uint32_t *at;
	uint32_t n, cap;
};

struct flow {
	struct pce_legs *l;
	const struct pce_leg *g;
	bool nodes;
	uint32_t epoch, round;
	struct place *place;
	uint32_t *carries; /* by out-arc: epoch, when a path uses it */
	struct numbers touched; /* states, in this round */
	struct numbers used;    /* arcs that carried after some round */
};

static struct place *place_of(const struct flow *f, uint32_t p)
{
	struct place *x = &f->place[p];

	if (x->epoch != f->epoch) {
		memset(x, 0, sizeof(*x));
		x->epoch = f->epoch;
	}
	return x;
}

static bool carries(const struct flow *f, uint32_t arc)
{
	return f->carries[arc] == f->epoch;
}

static bool reverse_carries(const struct flow *f, uint32_t arc)
{
	uint32_t back = f->l->t->links[f->l->s->out_link[arc]].reverse;

	return back < f->l->t->n_links && carries(f, f->l->s->out_arc[back]);
}

/* Only one path may pass it. */
static bool narrow(const struct flow *f, uint32_t p)
{
	if (p == f->g->src || p == f->g->dst)
		return false;
	return f->nodes || pce_is_lan(f->l, f->l->s->node[p]);
}

static bool number_add(struct numbers *x, uint32_t id)
{
	if (x->n == x->cap) {
		uint32_t cap = x->cap ? x->cap * 2 : 256;
		uint32_t *at = realloc(x->at, cap * sizeof(*at));

		if (!at)
			return false;
		x->at = at;
		x->cap = cap;
	}
	x->at[x->n++] = id;
	return true;
}

/* From a state at dist d to another, cost more (reduced, not negative). False: no memory. */
static bool relax(struct flow *f, uint32_t from, uint32_t to, uint64_t d, uint32_t arc,
		  enum via via)
{
	struct state *x = &place_of(f, to / 2)->at[to % 2];

	if (x->round == f->round) {
		if (x->done || x->dist <= d)
			return true;
	} else if (!number_add(&f->touched, to)) {
		return false;
	}
	x->round = f->round;
	x->dist = d;
	x->done = false;
	x->from = from;
	x->arc = arc;
	x->via = (uint8_t)via;
	return pce_heap_push(&f->l->heap,
			     (struct pce_entry){ d, UINT32_MAX - f->l->heap.n, to });
}

/* Along arcs that carry nothing. */
static bool forward(struct flow *f, uint32_t id)
{
	const struct pce_leg *g = f->g;
	const uint32_t *h = g->tree->dist;
	uint32_t p = id / 2;
	const struct state *x = &f->place[p].at[OUT];
	const uint64_t base = x->dist + x->lower;

	for (uint32_t i = f->l->s->out[p]; i < f->l->s->out[p + 1]; i++) {
		uint32_t v = g->arc[i].place, w = g->arc[i].w, soft, to;
		const struct place *y;
		uint64_t price;

		if (w == PCE_INF || h[v] == PCE_INF || carries(f, i) || v == g->src ||
		    !pce_leg_step(f->l, g, i, &price, &soft) || reverse_carries(f, i))
			continue;
		y = place_of(f, v);
		to = 2 * v + (y->paths && narrow(f, v) ? IN : OUT);
		/* w - h(p) + h(v), as the potentials have it; lower is the other way round. */
		if (!relax(f, id, to, base + w + h[v] - h[p] - y->at[to % 2].lower, i, VIA_ARC))
			return false;
	}
	return true;
}

/* Against arcs that carry a path into the place. */
static bool back(struct flow *f, uint32_t id)
{
	const struct pce_leg *g = f->g;
	const uint32_t *h = g->tree->dist;
	uint32_t p = id / 2;
	const struct state *x = &f->place[p].at[id % 2];
	const uint64_t base = x->dist + x->lower;
	const struct pce_shape *s = f->l->s;

	for (uint32_t i = s->in[p]; i < s->in[p + 1]; i++) {
		uint32_t a = s->out_of_in[i], v = s->in_from[i];

		if (!carries(f, a) || v == g->src)
			continue;
		if (!relax(f, id, 2 * v + OUT,
			   base + h[v] - h[p] - g->arc[a].w - place_of(f, v)->at[OUT].lower, a,
			   VIA_BACK))
			return false;
	}
	return true;
}

static bool settle(struct flow *f, uint32_t id)
{
	uint32_t p = id / 2;
	const struct place *x = &f->place[p];

	if (id % 2 == IN)
		return back(f, id);
	if (pce_leg_through(f->l, f->g, p) && !forward(f, id))
		return false;
	if (!x->paths || p == f->g->src)
		return true;
	if (!narrow(f, p))
		return back(f, id);
	return relax(f, id, 2 * p + IN, x->at[OUT].dist + x->at[OUT].lower - x->at[IN].lower, 0,
		     VIA_INSIDE);
}

static enum pce_found search(struct flow *f)
{
	struct pce_heap *q = &f->l->heap;

	q->n = 0;
	f->touched.n = 0;
	f->round++;
	if (f->g->tree->dist[f->g->src] == PCE_INF)
		return PCE_FOUND_NOT;
	if (!relax(f, TED_NONE, 2 * f->g->src + OUT, 0, 0, VIA_ARC))
		return PCE_FOUND_NO_MEMORY;
	while (q->n) {
		struct pce_entry e = pce_heap_pop(q);
		struct state *x = &f->place[e.id / 2].at[e.id % 2];

		if (x->done || x->dist != e.k0)
			continue;
		x->done = true;
		if (e.id / 2 == f->g->dst)
			return PCE_FOUND;
		if (!settle(f, e.id))
			return PCE_FOUND_NO_MEMORY;
	}
	return PCE_FOUND_NOT;
}

/* Potentials rise by the distance, at most by the target's. */
static void raise(struct flow *f)
{
	uint64_t most = f->place[f->g->dst].at[OUT].dist;

	for (uint32_t i = 0; i < f->touched.n; i++) {
		struct place *p = &f->place[f->touched.at[i] / 2];
		struct state *x = &p->at[f->touched.at[i] % 2];

		if (x->dist < most)
			x->lower += most - x->dist;
		/* One state until a path passes: then both begin alike. */
		if (f->touched.at[i] % 2 == OUT && !p->paths)
			p->at[IN].lower = x->lower;
	}
}

/* How many paths a place has now: as many as carry into it. */
static void count_paths(struct flow *f, uint32_t p)
{
	const struct pce_shape *s = f->l->s;

	f->place[p].paths = 0;
	for (uint32_t i = s->in[p]; i < s->in[p + 1]; i++)
		f->place[p].paths += carries(f, s->out_of_in[i]);
}

static bool augment(struct flow *f)
{
	const uint32_t start = 2 * f->g->src + OUT, end = 2 * f->g->dst + OUT;
	const struct state *x;

	for (uint32_t id = end; id != start; id = x->from) {
		x = &f->place[id / 2].at[id % 2];
		if (x->via == VIA_BACK)
			f->carries[x->arc] = 0;
		else if (x->via == VIA_ARC) {
			f->carries[x->arc] = f->epoch;
			if (!number_add(&f->used, x->arc))
				return false;
		}
	}
	for (uint32_t id = end; id != start; id = x->from) {
		x = &f->place[id / 2].at[id % 2];
		count_paths(f, id / 2);
	}
	return true;
}

/* ---- what came of it ---- */

/* Arcs that carried once, and perhaps twice, to those that do: each once. */
static void tidy_used(struct flow *f)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->used.n; i++) {
		uint32_t a = f->used.at[i];

		if (!carries(f, a))
			continue;
		f->carries[a] = 0;
		f->used.at[n++] = a;
	}
	f->used.n = n;
	for (uint32_t i = 0; i < n; i++)
		f->carries[f->used.at[i]] = f->epoch;
}

/* Takes one path out of the flow; loops of weight zero are cut off. */
static bool take_way(struct flow *f, uint32_t *passed, uint32_t *links, struct pce_way *w)
{
	const struct pce_shape *s = f->l->s;
	uint32_t at = f->g->src, n = 0, pos;

	while (at != f->g->dst) {
		uint32_t i = s->out[at];

		while (i < s->out[at + 1] && !carries(f, i))
			i++;
		if (i == s->out[at + 1])
			return false;
		f->carries[i] = 0;
		f->place[at].pos = n;
		passed[n] = at;
		links[n++] = s->out_link[i];
		at = s->out_to[i];
		pos = f->place[at].pos;
		if (pos < n && passed[pos] == at)
			n = pos;
	}
	w->links = arena_copy(&f->l->scratch, links, n * sizeof(*links));
	w->n = n;
	if (!w->links)
		return false;
	pce_way_sum(f->l, f->g, w);
	w->priced = w->cost;
	return true;
}

static void add_toll(struct pce_flow *out, bool node, uint32_t id, uint64_t price)
{
	if (price > UINT32_MAX)
		return; /* any price makes a bound, none too */
	out->toll[out->n_toll++] = (struct pce_toll){ node, id, (uint32_t)price };
	out->tolls += price;
}

/* What a link or a place that carries has come to be below its own cost. */
static bool make_tolls(struct flow *f, struct pce_flow *out)
{
	const uint32_t *h = f->g->tree->dist;
	const struct pce_shape *s = f->l->s;

	out->toll = ARENA_ARRAY(&f->l->scratch, 2 * (size_t)f->used.n + 1, struct pce_toll);
	for (uint32_t i = 0; out->toll && i < f->used.n; i++) {
		uint32_t a = f->used.at[i], v = s->out_to[a];
		uint32_t u = s->place[f->l->p->arcs[s->out_link[a]].from];
		const struct place *x = place_of(f, u), *y = place_of(f, v);
		unsigned in = narrow(f, v) ? IN : OUT;
		/* -(w + potential of u - of v), a potential being -h - lower */
		uint64_t gain = (uint64_t)h[u] + x->at[OUT].lower;
		uint64_t spend = (uint64_t)f->g->arc[a].w + h[v] + y->at[in].lower;

		if (gain > spend)
			add_toll(out, false, s->out_link[a], gain - spend);
		if (in == IN && y->at[IN].lower > y->at[OUT].lower)
			add_toll(out, true, s->node[v], y->at[IN].lower - y->at[OUT].lower);
	}
	return out->toll != NULL;
}

static int by_cost(const void *a, const void *b)
{
	const struct pce_way *x = a, *y = b;

	return x->cost != y->cost ? (x->cost > y->cost) - (x->cost < y->cost) :
				    (x->links[0] > y->links[0]) - (x->links[0] < y->links[0]);
}

static bool take_ways(struct flow *f, uint32_t n, struct pce_flow *out)
{
	struct arena *a = &f->l->scratch;
	uint32_t *passed, *links;

	tidy_used(f);
	if (!make_tolls(f, out))
		return false;
	passed = ARENA_ARRAY(a, (size_t)f->used.n + 1, uint32_t);
	links = ARENA_ARRAY(a, (size_t)f->used.n + 1, uint32_t);
	out->way = ARENA_ARRAY(a, (size_t)n + 1, struct pce_way);
	if (!passed || !links || !out->way)
		return false;
	for (; out->n < n; out->n++)
		if (!take_way(f, passed, links, &out->way[out->n]))
			return false;
	qsort(out->way, n, sizeof(*out->way), by_cost);
	return true;
}

enum pce_found pce_flow(struct pce_legs *l, const struct pce_leg *g, uint32_t n, bool nodes,
			struct pce_flow *out)
{
	struct flow f = { .l = l, .g = g, .nodes = nodes, .epoch = l->epoch };
	enum pce_found r = PCE_FOUND;
	uint32_t k = 0;

	*out = (struct pce_flow){ 0 };
	f.place = pce_room_places(l->trees, PCE_ROOM_FLOW_PLACE, sizeof(*f.place));
	f.carries = pce_room_links(l->trees, PCE_ROOM_FLOW_ARC, sizeof(*f.carries));
	if (!f.place || !f.carries)
		return PCE_FOUND_NO_MEMORY;
	for (; k < n && r == PCE_FOUND; k += r == PCE_FOUND) {
		r = search(&f);
		if (r != PCE_FOUND)
			break;
		raise(&f);
		if (!augment(&f))
			r = PCE_FOUND_NO_MEMORY;
	}
	if (r != PCE_FOUND_NO_MEMORY && !take_ways(&f, k, out))
		r = PCE_FOUND_NO_MEMORY;
	free(f.touched.at);
	free(f.used.at);
	return r;
}
