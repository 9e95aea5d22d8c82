/* SPDX-License-Identifier: Apache-2.0 */
/* What lists put on every link, in doubles, target by target: the last word on a placement. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "pce/te_priv.h"

/* One stretch of a list. */
struct leg {
	uint32_t from, to, demand;
	double rate;
};

static int by_target(const void *a, const void *b)
{
	const struct leg *x = a, *y = b;

	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return (x->demand > y->demand) - (x->demand < y->demand);
}

static size_t legs_of(const struct te_demand *d, const struct te_list *l, uint32_t demand,
		      struct leg *out)
{
	uint32_t at = d->src, n = te_list_n(l);
	size_t legs = 0;

	for (uint32_t i = 0; i <= n; i++) {
		uint32_t to = i < n ? l->mid[i] : d->dst;

		if (to != at)
			out[legs++] = (struct leg){ at, to, demand, (double)d->rate_bps };
		at = to;
	}
	return legs;
}

/* Traffic towards one target flows down the order, the furthest first. */
static void flow_down(struct te_spf *f, uint32_t target, double *amount, double *load)
{
	for (uint32_t i = f->n_order; i > 1; i--) {
		uint32_t u = f->order[i - 1];
		double part = amount[u] / f->hops[u];

		for (uint32_t j = f->out[u]; amount[u] > 0 && j < f->out[u + 1]; j++) {
			uint32_t arc = f->out_arc[j];

			if (!te_spf_uses(f, arc, target, NULL))
				continue;
			load[arc] += part;
			amount[f->g->arcs[arc].to] += part;
		}
		amount[u] = 0;
	}
	amount[target] = 0;
}

static enum te_status all_legs(struct te_spf *f, const struct leg *legs, size_t n, double *load,
			       uint32_t *where)
{
	double *amount = ARENA_ARRAY(&f->mem, f->g->n, double);

	if (!amount)
		return TE_NO_MEMORY;
	for (size_t i = 0; i < n;) {
		uint32_t target = legs[i].to;

		te_spf_run(f, target, NULL);
		for (; i < n && legs[i].to == target; i++) {
			if (f->rank[legs[i].from] == TE_NO_NODE) {
				*where = legs[i].demand;
				return TE_NO_ROUTE;
			}
			amount[legs[i].from] += legs[i].rate;
		}
		flow_down(f, target, amount, load);
	}
	return TE_OK;
}

static void shares(const struct te_graph *g, double *load)
{
	for (uint32_t i = 0; i < g->m; i++) {
		double cap = (double)g->arcs[i].capacity_bps;

		if (cap > 0)
			load[i] = (load[i] + (double)g->arcs[i].other_bps) / cap;
		else
			load[i] = load[i] > 0 ? INFINITY : 0;
	}
}

enum te_status te_loads(const struct te_problem *p, const struct te_list *lists, double *load,
			uint32_t *where)
{
	enum te_status s = te_check_problem(p, where);
	AUTO_FREE struct leg *legs = NULL;
	struct te_spf f;
	size_t n = 0;

	if (s != TE_OK)
		return s;
	memset(load, 0, p->graph.m * sizeof(*load));
	legs = calloc((size_t)p->n_demands * (TE_MIDPOINTS_MAX + 1) + 1, sizeof(*legs));
	if (!legs)
		return TE_NO_MEMORY;
	for (uint32_t i = 0; i < p->n_demands; i++) {
		if (!te_list_good(&p->graph, &lists[i])) {
			*where = i;
			return TE_BAD_DEMAND;
		}
		n += legs_of(&p->demands[i], &lists[i], i, &legs[n]);
	}
	qsort(legs, n, sizeof(*legs), by_target);
	s = te_spf_init(&f, &p->graph) < 0 ? TE_NO_MEMORY : all_legs(&f, legs, n, load, where);
	te_spf_fini(&f);
	shares(&p->graph, load);
	return s;
}
