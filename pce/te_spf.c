/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest paths towards one node by 64-bit lengths, with the order in which traffic towards it
 * flows. What loops on links of length 0, or ends up in such a loop, counts as not reached.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "pce/te_priv.h"

static bool closer(const struct te_spf *f, uint32_t a, uint32_t b)
{
	return f->dist[a] < f->dist[b] || (f->dist[a] == f->dist[b] && a < b);
}

static void put(struct te_spf *f, uint32_t at, uint32_t v)
{
	f->heap[at] = v;
	f->pos[v] = at;
}

static void rise(struct te_spf *f, uint32_t at)
{
	uint32_t v = f->heap[at];

	while (at > 0 && closer(f, v, f->heap[(at - 1) / 4])) {
		put(f, at, f->heap[(at - 1) / 4]);
		at = (at - 1) / 4;
	}
	put(f, at, v);
}

static void sink(struct te_spf *f, uint32_t at)
{
	uint32_t v = f->heap[at];

	for (;;) {
		uint32_t first = 4 * at + 1, best = first;

		if (first >= f->n_heap)
			break;
		for (uint32_t i = first + 1; i < first + 4 && i < f->n_heap; i++)
			if (closer(f, f->heap[i], f->heap[best]))
				best = i;
		if (!closer(f, f->heap[best], v))
			break;
		put(f, at, f->heap[best]);
		at = best;
	}
	put(f, at, v);
}

static uint32_t take(struct te_spf *f)
{
	uint32_t v = f->heap[0];

	f->n_heap--;
	if (f->n_heap > 0) {
		f->heap[0] = f->heap[f->n_heap];
		sink(f, 0);
	}
	return v;
}

static uint64_t length(const struct te_spf *f, uint32_t arc, const uint64_t *len)
{
	return len ? len[arc] : f->g->arcs[arc].metric;
}

static bool passable(const struct te_spf *f, uint32_t node, uint32_t target)
{
	return node == target || !f->g->flags || !(f->g->flags[node] & TE_NO_TRANSIT);
}

bool te_spf_uses(const struct te_spf *f, uint32_t arc, uint32_t target, const uint64_t *len)
{
	const struct te_arc *a = &f->g->arcs[arc];
	uint64_t l = length(f, arc, len);

	return l != UINT64_MAX && a->from != target && a->from != a->to && f->dist[a->to] != TE_UNREACHED &&
	       passable(f, a->to, target) && f->dist[a->to] + l == f->dist[a->from];
}

static void relax(struct te_spf *f, uint32_t v, const uint64_t *len)
{
	for (uint32_t i = f->in[v]; i < f->in[v + 1]; i++) {
		uint32_t arc = f->in_arc[i], u = f->g->arcs[arc].from;
		uint64_t l = length(f, arc, len);

		if (l == UINT64_MAX || f->dist[v] + l >= f->dist[u])
			continue;
		if (f->dist[u] == TE_UNREACHED)
			put(f, f->n_heap++, u);
		f->dist[u] = f->dist[v] + l;
		rise(f, f->pos[u]);
	}
}

/* Next hops before those who use them: who waits for nobody is next. */
static void arrange(struct te_spf *f, uint32_t target, const uint64_t *len)
{
	memset(f->rank, 0xff, f->g->n * sizeof(*f->rank));
	memset(f->hops, 0, f->g->n * sizeof(*f->hops));
	for (uint32_t i = 0; i < f->g->m; i++)
		f->hops[f->g->arcs[i].from] += te_spf_uses(f, i, target, len);
	memcpy(f->pos, f->hops, f->g->n * sizeof(*f->pos)); /* the heap is empty */
	f->n_order = 0;
	f->order[f->n_order++] = target;
	f->rank[target] = 0;
	for (uint32_t at = 0; at < f->n_order; at++) {
		uint32_t v = f->order[at];

		for (uint32_t i = f->in[v]; i < f->in[v + 1]; i++) {
			uint32_t u = f->g->arcs[f->in_arc[i]].from;

			if (!te_spf_uses(f, f->in_arc[i], target, len) || --f->pos[u] > 0)
				continue;
			f->rank[u] = f->n_order;
			f->order[f->n_order++] = u;
		}
	}
}

void te_spf_run(struct te_spf *f, uint32_t target, const uint64_t *len)
{
	memset(f->dist, 0xff, f->g->n * sizeof(*f->dist));
	f->n_heap = 0;
	f->dist[target] = 0;
	put(f, f->n_heap++, target);
	while (f->n_heap > 0) {
		uint32_t v = take(f);

		if (passable(f, v, target))
			relax(f, v, len);
	}
	arrange(f, target, len);
}

static void rows(const struct te_graph *g, uint32_t *start, uint32_t *arc, bool in)
{
	for (uint32_t i = 0; i < g->m; i++)
		start[(in ? g->arcs[i].to : g->arcs[i].from) + 1]++;
	for (uint32_t i = 0; i < g->n; i++)
		start[i + 1] += start[i];
	for (uint32_t i = 0; i < g->m; i++)
		arc[start[in ? g->arcs[i].to : g->arcs[i].from]++] = i;
	for (uint32_t i = g->n; i > 0; i--)
		start[i] = start[i - 1];
	start[0] = 0;
}

int te_spf_init(struct te_spf *f, const struct te_graph *g)
{
	uint32_t *out, *in, *out_arc, *in_arc;

	*f = (struct te_spf){ .g = g };
	arena_init(&f->mem, 0);
	out = ARENA_ARRAY(&f->mem, (size_t)g->n + 1, uint32_t);
	in = ARENA_ARRAY(&f->mem, (size_t)g->n + 1, uint32_t);
	out_arc = ARENA_ARRAY(&f->mem, (size_t)g->m + 1, uint32_t);
	in_arc = ARENA_ARRAY(&f->mem, (size_t)g->m + 1, uint32_t);
	f->dist = ARENA_ARRAY(&f->mem, g->n, uint64_t);
	f->order = ARENA_ARRAY(&f->mem, g->n, uint32_t);
	f->rank = ARENA_ARRAY(&f->mem, g->n, uint32_t);
	f->hops = ARENA_ARRAY(&f->mem, g->n, uint32_t);
	f->heap = ARENA_ARRAY(&f->mem, g->n, uint32_t);
	f->pos = ARENA_ARRAY(&f->mem, g->n, uint32_t);
	if (!out || !in || !out_arc || !in_arc || !f->dist || !f->order || !f->rank || !f->hops ||
	    !f->heap || !f->pos)
		return err_raise(-ENOMEM);
	rows(g, out, out_arc, false);
	rows(g, in, in_arc, true);
	f->out = out;
	f->in = in;
	f->out_arc = out_arc;
	f->in_arc = in_arc;
	return 0;
}

void te_spf_fini(struct te_spf *f)
{
	arena_fini(&f->mem);
}
