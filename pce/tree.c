/* SPDX-License-Identifier: Apache-2.0 */
/* Distances by one metric over the links a search may use: exact lower bounds for it. */
#include <string.h>

#include "pce/heap.h"
#include "pce/pce_priv.h"

bool pce_passable(struct pce_ctx *c, const struct pce_find *f, uint32_t link)
{
	const struct ted_arc *a = &c->p->arcs[link];

	if (pce_cut(c, link) & f->mask)
		return false;
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if ((f->bound[m] != PCE_NO_BOUND || m == (unsigned)f->minimise) &&
		    pce_arc_metric(a, m) == TED_NONE)
			return false;
	return true;
}

uint64_t *pce_tree(struct pce_ctx *c, const struct pce_find *f, unsigned metric, uint32_t root,
		   bool towards)
{
	struct pce_heap heap = { .a = &c->scratch };
	uint64_t *dist = ARENA_ARRAY(&c->scratch, c->t->n_nodes, uint64_t);
	const struct ted_adj *adj = towards ? &c->t->in : &c->t->out;

	if (!dist)
		return NULL;
	memset(dist, 0xff, c->t->n_nodes * sizeof(*dist));
	dist[root] = 0;
	if (!pce_heap_push(&heap, (struct pce_entry){ .id = root }))
		return NULL;
	while (heap.n) {
		struct pce_entry e = pce_heap_pop(&heap);

		if (e.k0 != dist[e.id])
			continue;
		for (uint32_t i = adj->start[e.id]; i < adj->start[e.id + 1]; i++) {
			const struct ted_arc *a = &c->p->arcs[adj->idx[i]];
			uint32_t v = towards ? a->from : a->to, w = pce_arc_metric(a, metric);

			if (w == TED_NONE || e.k0 + w >= dist[v] ||
			    !pce_passable(c, f, adj->idx[i]))
				continue;
			dist[v] = e.k0 + w;
			if (!pce_heap_push(&heap, (struct pce_entry){ dist[v], 0, v }))
				return NULL;
		}
	}
	return dist;
}
