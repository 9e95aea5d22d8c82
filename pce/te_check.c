/* SPDX-License-Identifier: Apache-2.0 */
/* What the optimiser takes: everything else is refused here, before anything is worked out. */
#include "pce/te_priv.h"

const char *te_status_text(enum te_status s)
{
	static const char *const text[] = {
		[TE_OK] = "ok",
		[TE_BAD_OPTIONS] = "options without an end or a meaning",
		[TE_BAD_GRAPH] = "a link without an end, or too many nodes or links",
		[TE_BAD_DEMAND] = "a demand from or over a node that does not exist, or without a way to go",
		[TE_NO_ROUTE] = "no way to the target over links with capacity",
		[TE_NO_DELAY] = "no list of midpoints is within the delay bound",
		[TE_TOO_LARGE] = "more nodes or memory than allowed",
		[TE_NO_MEMORY] = "no memory",
	};

	return text[s];
}

uint32_t te_list_n(const struct te_list *l)
{
	uint32_t n = 0;

	while (n < TE_MIDPOINTS_MAX && l->mid[n] != TE_NO_NODE)
		n++;
	return n;
}

bool te_list_same(const struct te_list *a, const struct te_list *b)
{
	uint32_t n = te_list_n(a);

	if (n != te_list_n(b))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (a->mid[i] != b->mid[i])
			return false;
	return true;
}

enum te_status te_check_graph(const struct te_graph *g, uint32_t *where)
{
	if (g->n == 0 || g->n > TE_NODES_MAX || g->m > TE_ARCS_MAX)
		return TE_BAD_GRAPH;
	for (uint32_t i = 0; i < g->m; i++) {
		const struct te_arc *a = &g->arcs[i];

		*where = i;
		if (a->from >= g->n || a->to >= g->n)
			return TE_BAD_GRAPH;
	}
	*where = TE_NO_NODE;
	return TE_OK;
}

bool te_list_good(const struct te_graph *g, const struct te_list *l)
{
	uint32_t n = te_list_n(l);

	for (uint32_t i = 0; i < n; i++)
		if (l->mid[i] >= g->n)
			return false;
	for (uint32_t i = n; i < TE_MIDPOINTS_MAX; i++)
		if (l->mid[i] != TE_NO_NODE)
			return false;
	return true;
}

enum te_status te_check_problem(const struct te_problem *p, uint32_t *where)
{
	enum te_status s = te_check_graph(&p->graph, where);

	if (s != TE_OK)
		return s;
	if (p->n_demands > TE_DEMANDS_MAX)
		return TE_TOO_LARGE;
	for (uint32_t i = 0; i < p->n_demands; i++) {
		const struct te_demand *d = &p->demands[i];

		*where = i;
		if (d->src >= p->graph.n || d->dst >= p->graph.n || d->src == d->dst ||
		    !te_list_good(&p->graph, &d->now))
			return TE_BAD_DEMAND;
	}
	*where = TE_NO_NODE;
	return TE_OK;
}
