/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cheapest path under bounds, exactly.
 *
 * Cost is compared as (metric asked for, IGP, hops), which settles most ties in favour of what
 * routers do anyway; the rest is settled by link and node index. The search without bounds
 * comes first: when its answer keeps the bounds it is the answer. Otherwise labels (cost and
 * what each bounded metric has used up) are settled in order of cost; a label goes when another
 * at the same node is no worse in everything, or when a lower bound to the target says that a
 * bound cannot be kept. Both trees and labels respect the same links.
 */
#include "pce/heap.h"
#include "pce/pce_priv.h"

enum { LABELS_MAX = 1 << 20 };

struct cost {
	uint64_t main, tie;
};

/* IGP in the high part, hops in the low 20 bits: no path has a million hops. */
static struct cost cost_add(struct cost c, const struct ted_arc *a, unsigned metric)
{
	uint64_t igp = a->igp == TED_NONE ? TED_METRIC_MAX + 1 : a->igp;

	return (struct cost){ c.main + pce_arc_metric(a, metric), c.tie + (igp << 20) + a->hops };
}

static bool cost_less(struct cost a, struct cost b)
{
	return a.main != b.main ? a.main < b.main : a.tie < b.tie;
}

static enum pce_found give_path(struct pce_ctx *c, const uint32_t *reversed, uint32_t n,
				struct pce_path *out)
{
	uint32_t *links = ARENA_ARRAY(c->out, n, uint32_t);

	if (!links)
		return PCE_FOUND_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++)
		links[i] = reversed[n - 1 - i];
	out->links = links;
	out->n = n;
	pce_path_sum(c, out);
	return PCE_FOUND;
}

/* ---- without bounds ---- */

struct plain {
	struct cost *dist;
	uint32_t *via;
	bool *settled;
	struct pce_heap heap;
};

static bool plain_init(struct pce_ctx *c, struct plain *s)
{
	uint32_t n = c->t->n_nodes;

	*s = (struct plain){ .heap = { .a = &c->scratch } };
	s->dist = ARENA_ARRAY(&c->scratch, n, struct cost);
	s->via = ARENA_ARRAY(&c->scratch, n, uint32_t);
	s->settled = ARENA_ARRAY(&c->scratch, n, bool);
	if (!s->dist || !s->via || !s->settled)
		return false;
	for (uint32_t i = 0; i < n; i++)
		s->dist[i] = (struct cost){ UINT64_MAX, UINT64_MAX };
	s->dist[c->req->src] = (struct cost){ 0, 0 };
	return pce_heap_push(&s->heap, (struct pce_entry){ .id = c->req->src });
}

static bool plain_relax(struct pce_ctx *c, const struct pce_find *f, struct plain *s, uint32_t u)
{
	const struct ted_adj *out = &c->t->out;

	for (uint32_t i = out->start[u]; i < out->start[u + 1]; i++) {
		uint32_t l = out->idx[i];
		const struct ted_arc *a = &c->p->arcs[l];
		struct cost d;

		if (s->settled[a->to] || !pce_passable(c, f, l))
			continue;
		d = cost_add(s->dist[u], a, f->minimise);
		if (!cost_less(d, s->dist[a->to]))
			continue;
		s->dist[a->to] = d;
		s->via[a->to] = l;
		if (!pce_heap_push(&s->heap, (struct pce_entry){ d.main, d.tie, a->to }))
			return false;
	}
	return true;
}

static enum pce_found plain_path(struct pce_ctx *c, const struct plain *s, struct pce_path *out)
{
	uint32_t *rev = ARENA_ARRAY(&c->scratch, c->t->n_nodes, uint32_t);
	uint32_t n = 0;

	if (!rev)
		return PCE_FOUND_NO_MEMORY;
	for (uint32_t v = c->req->dst; v != c->req->src; v = c->p->arcs[rev[n - 1]].from)
		rev[n++] = s->via[v];
	return give_path(c, rev, n, out);
}

static enum pce_found search_plain(struct pce_ctx *c, const struct pce_find *f,
				   struct pce_path *out)
{
	struct plain s;

	if (!plain_init(c, &s))
		return PCE_FOUND_NO_MEMORY;
	while (s.heap.n) {
		uint32_t u = pce_heap_pop(&s.heap).id;

		if (s.settled[u])
			continue;
		s.settled[u] = true;
		if (u == c->req->dst)
			return plain_path(c, &s, out);
		if (!plain_relax(c, f, &s, u))
			return PCE_FOUND_NO_MEMORY;
	}
	return PCE_FOUND_NOT;
}

/* ---- with bounds ---- */

struct label {
	struct cost cost;
	uint32_t used[PCE_METRICS]; /* of the bounded metrics, in order of res[] */
	uint32_t node, via;
	bool dead;
	struct label *parent, *next; /* next: at the same node */
};

struct labels {
	struct pce_heap heap;
	struct label **at; /* by id */
	uint32_t n, cap;
	struct label **of;	 /* by node */
	unsigned res[PCE_METRICS]; /* bounded metrics other than the one minimised */
	unsigned n_res;
	const uint64_t *low[PCE_METRICS]; /* lower bounds to the target, by metric */
};

static bool labels_init(struct pce_ctx *c, const struct pce_find *f, struct labels *s)
{
	*s = (struct labels){ .heap = { .a = &c->scratch } };
	s->of = ARENA_ARRAY(&c->scratch, c->t->n_nodes, struct label *);
	s->cap = 1024;
	s->at = ARENA_ARRAY(&c->scratch, s->cap, struct label *);
	for (unsigned m = 0; m < PCE_METRICS; m++) {
		bool main = m == (unsigned)f->minimise;

		if (!main && f->bound[m] == PCE_NO_BOUND)
			continue;
		if (!main)
			s->res[s->n_res++] = m;
		s->low[m] = pce_tree(c, f, m, c->req->dst, true);
		if (!s->low[m])
			return false;
	}
	return s->of && s->at;
}

/* Can a path through this label keep every bound? */
static bool hopeful(const struct labels *s, const struct pce_find *f, const struct label *x)
{
	uint64_t low = s->low[f->minimise][x->node];

	if (low == UINT64_MAX)
		return false;
	if (f->bound[f->minimise] != PCE_NO_BOUND && x->cost.main + low > f->bound[f->minimise])
		return false;
	for (unsigned i = 0; i < s->n_res; i++)
		if (x->used[i] + s->low[s->res[i]][x->node] > f->bound[s->res[i]])
			return false;
	return true;
}

static bool dominates(const struct labels *s, const struct label *a, const struct label *b)
{
	if (cost_less(b->cost, a->cost))
		return false;
	for (unsigned i = 0; i < s->n_res; i++)
		if (a->used[i] > b->used[i])
			return false;
	return true;
}

/* Keeps the labels of a node free of dominated ones; false when x itself is. */
static bool frontier_add(struct labels *s, struct label *x)
{
	struct label **p = &s->of[x->node];

	for (const struct label *y = *p; y; y = y->next)
		if (dominates(s, y, x))
			return false;
	while (*p) {
		if (dominates(s, x, *p)) {
			(*p)->dead = true;
			*p = (*p)->next;
		} else {
			p = &(*p)->next;
		}
	}
	x->next = s->of[x->node];
	s->of[x->node] = x;
	return true;
}

static bool labels_push(struct pce_ctx *c, const struct pce_find *f, struct labels *s,
			const struct label *proto)
{
	struct label *x;

	if (s->n == LABELS_MAX)
		return false;
	if (s->n == s->cap) {
		struct label **at = ARENA_ARRAY(&c->scratch, s->cap * 2, struct label *);

		if (!at)
			return false;
		memcpy(at, s->at, s->n * sizeof(struct label *));
		s->at = at;
		s->cap *= 2;
	}
	x = arena_copy(&c->scratch, proto, sizeof(*proto));
	if (!x)
		return false;
	if (!frontier_add(s, x))
		return true;
	s->at[s->n] = x;
	return pce_heap_push(&s->heap,
			     (struct pce_entry){ x->cost.main + s->low[f->minimise][x->node],
						 x->cost.tie, s->n++ });
}

static bool labels_extend(struct pce_ctx *c, const struct pce_find *f, struct labels *s,
			  struct label *x)
{
	const struct ted_adj *out = &c->t->out;

	for (uint32_t i = out->start[x->node]; i < out->start[x->node + 1]; i++) {
		uint32_t l = out->idx[i];
		const struct ted_arc *a = &c->p->arcs[l];
		struct label y = { .node = a->to, .via = l, .parent = x };
		bool fits = true;

		if (!pce_passable(c, f, l))
			continue;
		y.cost = cost_add(x->cost, a, f->minimise);
		for (unsigned k = 0; k < s->n_res; k++) {
			uint64_t used = (uint64_t)x->used[k] + pce_arc_metric(a, s->res[k]);

			fits = fits && used <= f->bound[s->res[k]];
			y.used[k] = pce_sat32(used);
		}
		if (fits && hopeful(s, f, &y) && !labels_push(c, f, s, &y))
			return false;
	}
	return true;
}

static enum pce_found labels_path(struct pce_ctx *c, const struct label *x, struct pce_path *out)
{
	uint32_t *rev = ARENA_ARRAY(&c->scratch, c->t->n_nodes, uint32_t);
	uint32_t n = 0;

	if (!rev)
		return PCE_FOUND_NO_MEMORY;
	for (; x->parent; x = x->parent)
		rev[n++] = x->via;
	return give_path(c, rev, n, out);
}

static enum pce_found search_labels(struct pce_ctx *c, const struct pce_find *f,
				    struct pce_path *out)
{
	struct label start = { .node = c->req->src };
	struct labels s;

	if (!labels_init(c, f, &s))
		return PCE_FOUND_NO_MEMORY;
	if (!hopeful(&s, f, &start))
		return PCE_FOUND_NOT;
	if (!labels_push(c, f, &s, &start))
		return PCE_FOUND_NO_MEMORY;
	while (s.heap.n) {
		struct label *x = s.at[pce_heap_pop(&s.heap).id];

		if (x->dead)
			continue;
		if (x->node == c->req->dst)
			return labels_path(c, x, out);
		if (!labels_extend(c, f, &s, x))
			return PCE_FOUND_NO_MEMORY;
	}
	return PCE_FOUND_NOT;
}

enum pce_found pce_search(struct pce_ctx *c, const struct pce_find *f, struct pce_path *out)
{
	enum pce_found r = search_plain(c, f, out);
	bool keeps = true;

	if (r != PCE_FOUND)
		return r;
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (f->bound[m] != PCE_NO_BOUND && out->sum[m] > f->bound[m])
			keeps = false;
	return keeps ? PCE_FOUND : search_labels(c, f, out);
}
