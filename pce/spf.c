/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole tree: Dijkstra with a bucket queue, over hubs; chains are filled in (chains.c). Towards a root arcs are followed against their
 * direction. An overloaded node is reached, never crossed. What would be farther than PCE_FAR is
 * not reached.
 */
#include <string.h>

#include "pce/trees_priv.h"

/* The row of what was reached now will be read when it is settled: it is not near the others. */
static bool relax_row(struct pce_buckets *q, const struct pce_view *v, struct pce_kept *k,
		      uint32_t u, uint32_t d)
{
	for (uint32_t i = v->start[u]; i < v->start[u + 1]; i++) {
		uint64_t nd = (uint64_t)d + v->arc[i].w;
		uint32_t x = v->arc[i].place;

		if (nd >= k->dist[x] || nd > PCE_FAR)
			continue;
		k->dist[x] = (uint32_t)nd;
		k->via[x] = v->cross[i];
		__builtin_prefetch(&v->arc[v->start[x]]);
		if (!pce_buckets_push(q, (uint32_t)nd, x))
			return false;
	}
	return true;
}

bool pce_spf_run(struct pce_trees *p, struct pce_kept *k, const struct pce_view *v,
		 struct pce_settled *settled)
{
	struct pce_buckets *q = p->queue;
	uint32_t u, d;

	while (pce_buckets_pop(q, &d, &u)) {
		if (k->dist[u] != d)
			continue;
		if (settled)
			settled->at[settled->n++] = u;
		if (pce_overloaded(p, u) && u != k->is.root)
			continue;
		if (!relax_row(q, v, k, u, d))
			return false;
	}
	return true;
}

bool pce_spf_full(struct pce_trees *p, struct pce_kept *k)
{
	const struct pce_view v = pce_view_of(p, k->class, k->from), hubs = pce_hubs_of(p, k->class, k->from);
	uint32_t root = k->is.root, n = p->shape->n_hubs;
	bool good = pce_buckets_begin(p->queue);

	memset(k->dist, 0xff, n * sizeof(*k->dist));
	memset(k->via, 0xff, n * sizeof(*k->via));
	k->dist[root] = 0;
	k->via[root] = PCE_INF;
	if (good)
		good = root < n ? pce_buckets_push(p->queue, 0, root) : pce_chain_seed(p, k, &v);
	if (!good || !pce_spf_run(p, k, &hubs, NULL))
		return false;
	for (uint32_t i = 0; i < p->shape->n_chains; i++)
		pce_chain_fill(p, k, &v, &p->shape->chain[i]);
	return true;
}
