/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Successive shortest paths on reduced costs. The potential of a place is minus its distance to
 * the target (from the tree), plus what searches so far have raised it by. Each search goes from
 * both ends at once: a ring at either end is a dear detour, and one side alone would search all
 * that is as near as that. When the two meet at cost D, the forward side complete up to F, a
 * potential rises by min(forward distance, F) + D - F - min(backward distance, D - F), which
 * keeps every reduced cost from falling below zero and makes them zero along the path; less D - F
 * for all, that touches only places a search has seen.
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
enum { AHEAD, BACK };

enum via {
	VIA_ARC,    /* along an arc that carries nothing */
	VIA_BACK,   /* against one that carries a path */
	VIA_INSIDE, /* from OUT to IN of a place */
};

/* One direction's view of a state: how far from that end, and over what. */
struct seen {
	uint64_t dist;
	uint32_t round; /* all this is of it */
	uint32_t next;	/* state one step nearer to the end: 2 * place + OUT or IN */
	uint32_t arc;
	uint8_t via;
	bool done;
};

struct state {
	struct seen seen[2];
	int64_t raised; /* its potential */
	uint32_t pos;	/* in the path found */
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
	struct numbers touched[2]; /* states, in this round */
	struct numbers used;	   /* arcs that carried after some round */
	struct pce_heap heap[2];
	uint64_t best; /* where both sides met */
	uint32_t meet;
};

static bool number_add(struct numbers *x, uint32_t id)
{
	if (x->n == x->cap) {
		uint32_t cap = x->cap ? x->cap * 2 : 64;
		uint32_t *at = realloc(x->at, cap * sizeof(*at));

		if (!at)
			return false;
		x->at = at;
		x->cap = cap;
	}
	x->at[x->n++] = id;
	return true;
}

static struct place *place_of(const struct flow *f, uint32_t p)
{
	struct place *x = &f->place[p];

	if (x->epoch != f->epoch) {
		memset(x, 0, sizeof(*x));
		x->epoch = f->epoch;
	}
	return x;
}

static struct state *state_of(const struct flow *f, uint32_t id)
{
	return &place_of(f, id / 2)->at[id % 2];
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

/* Where an arc that carries nothing leads. */
static uint32_t entry(const struct flow *f, uint32_t p)
{
	return 2 * p + (place_of(f, p)->paths && narrow(f, p) ? IN : OUT);
}

/* From one end to a state at dist d. False: no memory. */
static bool relax(struct flow *f, unsigned dir, uint32_t to, const struct seen *how)
{
	struct state *s = state_of(f, to);
	struct seen *x = &s->seen[dir];
	const struct seen *other = &s->seen[!dir];

	if (x->round == f->round) {
		if (x->done || x->dist <= how->dist)
			return true;
	} else if (!number_add(&f->touched[dir], to)) {
		return false;
	}
	*x = *how;
	x->round = f->round;
	if (other->round == f->round && x->dist + other->dist < f->best) {
		f->best = x->dist + other->dist;
		f->meet = to;
	}
	return pce_heap_push(&f->heap[dir],
			     (struct pce_entry){ x->dist, f->g->tree->dist[to / 2], to });
}

/* One arc of the residual graph, from a state to another, of a cost as it is, not reduced:
 * looked at from the state it leaves (AHEAD) or the one it enters (BACK). */
static bool step(struct flow *f, unsigned dir, const uint32_t ends[2], int64_t cost,
		 struct seen how)
{
	const uint32_t *h = f->g->tree->dist;
	uint32_t at = ends[dir == AHEAD ? 0 : 1], to = ends[dir == AHEAD ? 1 : 0];
	int64_t potential = (int64_t)h[ends[1] / 2] - h[ends[0] / 2] +
			    state_of(f, ends[0])->raised - state_of(f, ends[1])->raised;

	how.dist = state_of(f, at)->seen[dir].dist + (uint64_t)(cost + potential);
	how.next = at;
	return relax(f, dir, to, &how);
}

/* An arc that carries nothing, open to one more path. */
static bool is_open(const struct flow *f, uint32_t arc)
{
	uint64_t price;
	uint32_t soft;

	return !carries(f, arc) && pce_leg_step(f->l, f->g, arc, &price, &soft) &&
	       !reverse_carries(f, arc);
}

static bool is_tied(const struct flow *f, uint32_t p)
{
	return f->g->tree->dist[p] != PCE_INF;
}

/* ---- what lies ahead of a state ---- */

static bool arcs_ahead(struct flow *f, uint32_t p)
{
	const struct pce_leg *g = f->g;
	const struct pce_shape *s = f->l->s;

	for (uint32_t i = s->out[p]; i < s->out[p + 1]; i++) {
		uint32_t v = g->arc[i].place;

		if (g->arc[i].w == PCE_INF || !is_tied(f, v) || v == g->src || !is_open(f, i))
			continue;
		if (!step(f, AHEAD, (const uint32_t[]){ 2 * p + OUT, entry(f, v) }, g->arc[i].w,
			  (struct seen){ .arc = i, .via = VIA_ARC }))
			return false;
	}
	return true;
}

static bool push_back_ahead(struct flow *f, uint32_t id)
{
	const struct pce_shape *s = f->l->s;

	for (uint32_t i = s->in[id / 2]; i < s->in[id / 2 + 1]; i++) {
		uint32_t a = s->out_of_in[i], v = s->in_from[i];

		if (!carries(f, a) || v == f->g->src)
			continue;
		if (!step(f, AHEAD, (const uint32_t[]){ id, 2 * v + OUT }, -(int64_t)f->g->arc[a].w,
			  (struct seen){ .arc = a, .via = VIA_BACK }))
			return false;
	}
	return true;
}

static bool ahead(struct flow *f, uint32_t id)
{
	uint32_t p = id / 2;

	if (id % 2 == IN)
		return push_back_ahead(f, id);
	if (pce_leg_through(f->l, f->g, p) && !arcs_ahead(f, p))
		return false;
	if (!f->place[p].paths || p == f->g->src)
		return true;
	if (!narrow(f, p))
		return push_back_ahead(f, id);
	return step(f, AHEAD, (const uint32_t[]){ id, 2 * p + IN }, 0,
		    (struct seen){ .via = VIA_INSIDE });
}

/* ---- what lies behind it ---- */

static bool arcs_behind(struct flow *f, uint32_t id)
{
	const struct pce_shape *s = f->l->s;
	const struct pce_leg *g = f->g;

	for (uint32_t i = s->in[id / 2]; i < s->in[id / 2 + 1]; i++) {
		uint32_t a = s->out_of_in[i], u = s->in_from[i];

		if (g->arc[a].w == PCE_INF || !is_tied(f, u) || u == g->dst ||
		    !pce_leg_through(f->l, g, u) || !is_open(f, a))
			continue;
		if (!step(f, BACK, (const uint32_t[]){ 2 * u + OUT, id }, g->arc[a].w,
			  (struct seen){ .arc = a, .via = VIA_ARC }))
			return false;
	}
	return true;
}

static bool push_back_behind(struct flow *f, uint32_t p)
{
	const struct pce_shape *s = f->l->s;

	for (uint32_t i = s->out[p]; i < s->out[p + 1]; i++) {
		uint32_t w = s->out_to[i];

		if (!carries(f, i) || w == f->g->dst)
			continue;
		if (!step(f, BACK, (const uint32_t[]){ entry(f, w), 2 * p + OUT },
			  -(int64_t)f->g->arc[i].w, (struct seen){ .arc = i, .via = VIA_BACK }))
			return false;
	}
	return true;
}

static bool behind(struct flow *f, uint32_t id)
{
	uint32_t p = id / 2;

	if (p == f->g->src)
		return true;
	if (id % 2 == IN)
		return arcs_behind(f, id) &&
		       step(f, BACK, (const uint32_t[]){ 2 * p + OUT, id }, 0,
			    (struct seen){ .via = VIA_INSIDE });
	if (f->place[p].paths && p != f->g->dst && !push_back_behind(f, p))
		return false;
	return entry(f, p) == IN + 2 * p || arcs_behind(f, id);
}

/* ---- one path more ---- */

static uint64_t top(struct flow *f, unsigned dir)
{
	struct pce_heap *q = &f->heap[dir];

	while (q->n) {
		const struct seen *x = &state_of(f, q->at[0].id)->seen[dir];

		if (!x->done && x->dist == q->at[0].k0)
			return x->dist;
		(void)pce_heap_pop(q);
	}
	return UINT64_MAX;
}

static bool begin(struct flow *f)
{
	f->round++;
	f->best = UINT64_MAX;
	for (unsigned dir = 0; dir < 2; dir++) {
		f->heap[dir].n = 0;
		f->touched[dir].n = 0;
	}
	return relax(f, AHEAD, 2 * f->g->src + OUT, &(const struct seen){ .next = TED_NONE }) &&
	       relax(f, BACK, 2 * f->g->dst + OUT, &(const struct seen){ .next = TED_NONE });
}

/* In turn from both ends, until what they have done between them reaches the best. */
static enum pce_found search(struct flow *f, uint64_t *radius)
{
	unsigned dir = AHEAD;

	if (!is_tied(f, f->g->src))
		return PCE_FOUND_NOT;
	if (!begin(f))
		return PCE_FOUND_NO_MEMORY;
	for (;;) {
		uint64_t a = top(f, AHEAD), b = top(f, BACK);
		uint32_t id;

		*radius = a;
		if (a == UINT64_MAX || b == UINT64_MAX || a + b >= f->best)
			return f->best == UINT64_MAX ? PCE_FOUND_NOT : PCE_FOUND;
		id = pce_heap_pop(&f->heap[dir]).id;
		state_of(f, id)->seen[dir].done = true;
		if (!(dir == AHEAD ? ahead(f, id) : behind(f, id)))
			return PCE_FOUND_NO_MEMORY;
		dir = !dir;
	}
}

/* See above. radius: the forward side is complete below it. */
static void raise(struct flow *f, uint64_t radius)
{
	uint64_t fore = radius < f->best ? radius : f->best, aft = f->best - fore;

	for (unsigned dir = 0; dir < 2; dir++) {
		uint64_t most = dir == AHEAD ? fore : aft;

		for (uint32_t i = 0; i < f->touched[dir].n; i++) {
			uint32_t id = f->touched[dir].at[i];
			struct place *p = &f->place[id / 2];
			struct state *x = &p->at[id % 2];
			int64_t by = x->seen[dir].dist < most ?
					     (int64_t)(most - x->seen[dir].dist) : 0;

			x->raised += dir == AHEAD ? -by : by;
			/* One state until a path passes: then both begin alike. */
			if (id % 2 == OUT && !p->paths)
				p->at[IN].raised = x->raised;
		}
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

/* A state of the path found, and what led into it. */
struct pace {
	uint32_t id, arc;
	uint8_t via;
};

/* Where both halves overlap (over weights of zero) is a loop: it is cut off. */
static void add_pace(struct flow *f, struct pace *at, uint32_t *n, struct pace x)
{
	struct state *s = &f->place[x.id / 2].at[x.id % 2];

	if (s->pos < *n && at[s->pos].id == x.id) {
		*n = s->pos + 1;
		return;
	}
	s->pos = *n;
	at[(*n)++] = x;
}

static struct pace *list_paces(struct flow *f, uint32_t *n)
{
	struct pace *at = ARENA_ARRAY(&f->l->scratch,
				      (size_t)f->touched[0].n + f->touched[1].n + 1, struct pace);
	const uint32_t start = 2 * f->g->src + OUT, end = 2 * f->g->dst + OUT;
	uint32_t half = 0;

	if (!at)
		return NULL;
	for (uint32_t id = f->meet; id != start; half++) {
		const struct seen *x = &f->place[id / 2].at[id % 2].seen[AHEAD];

		at[half] = (struct pace){ id, x->arc, x->via };
		id = x->next;
	}
	for (uint32_t i = 0; i < half / 2; i++) {
		struct pace x = at[i];

		at[i] = at[half - 1 - i];
		at[half - 1 - i] = x;
	}
	*n = 0;
	for (uint32_t i = 0; i < half; i++)
		add_pace(f, at, n, at[i]);
	for (uint32_t id = f->meet; id != end;) {
		const struct seen *x = &f->place[id / 2].at[id % 2].seen[BACK];

		add_pace(f, at, n, (struct pace){ x->next, x->arc, x->via });
		id = x->next;
	}
	return at;
}

static bool augment(struct flow *f)
{
	uint32_t n;
	const struct pace *at = list_paces(f, &n);

	for (uint32_t i = 0; at && i < n; i++) {
		if (at[i].via == VIA_BACK)
			f->carries[at[i].arc] = 0;
		else if (at[i].via == VIA_ARC)
			f->carries[at[i].arc] = f->epoch;
		if (at[i].via == VIA_ARC && !number_add(&f->used, at[i].arc))
			return false;
	}
	for (uint32_t i = 0; at && i < n; i++)
		count_paths(f, at[i].id / 2);
	return at != NULL;
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
		/* A potential is raised - h: how far the reduced cost is below zero. */
		int64_t below = (int64_t)h[u] - x->at[OUT].raised - h[v] + y->at[in].raised -
				f->g->arc[a].w;
		int64_t inside = in == IN ? y->at[OUT].raised - y->at[IN].raised : 0;

		if (below > 0)
			add_toll(out, false, s->out_link[a], (uint64_t)below);
		if (inside > 0)
			add_toll(out, true, s->node[v], (uint64_t)inside);
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

static void flow_fini(struct flow *f)
{
	free(f->touched[0].at);
	free(f->touched[1].at);
	free(f->used.at);
}

enum pce_found pce_flow(struct pce_legs *l, const struct pce_leg *g, uint32_t n, bool nodes,
			struct pce_flow *out)
{
	struct flow f = { .l = l, .g = g, .nodes = nodes, .epoch = l->epoch,
			  .heap = { { .a = &l->scratch }, { .a = &l->scratch } } };
	enum pce_found r = PCE_FOUND;
	uint32_t k = 0;

	*out = (struct pce_flow){ 0 };
	f.place = pce_room_places(l->trees, PCE_ROOM_FLOW_PLACE, sizeof(*f.place));
	f.carries = pce_room_links(l->trees, PCE_ROOM_FLOW_ARC, sizeof(*f.carries));
	if (!f.place || !f.carries)
		return PCE_FOUND_NO_MEMORY;
	while (k < n && r == PCE_FOUND) {
		uint64_t radius;

		r = search(&f, &radius);
		if (r != PCE_FOUND)
			break;
		raise(&f, radius);
		if (!augment(&f))
			r = PCE_FOUND_NO_MEMORY;
		k++;
	}
	if (r != PCE_FOUND_NO_MEMORY && !take_ways(&f, k, out))
		r = PCE_FOUND_NO_MEMORY;
	flow_fini(&f);
	return r;
}
