/* SPDX-License-Identifier: Apache-2.0 */
#include "ways.h"

#include <stdlib.h>
#include <string.h>

struct walk {
	const struct net *n;
	const struct pce_request *q;
	struct ways *out;
};

static bool listed(const uint32_t *at, uint32_t n, uint32_t v)
{
	for (uint32_t i = 0; i < n; i++)
		if (at[i] == v)
			return true;
	return false;
}

static bool allowed(const struct walk *w, uint32_t l)
{
	const struct ted_link *k = &w->n->link[l];
	const struct pce_request *q = w->q;

	if (!w->n->usable[l] || listed(q->exclude_links, q->n_exclude_links, l) ||
	    listed(q->exclude_nodes, q->n_exclude_nodes, k->to))
		return false;
	for (uint32_t i = 0; i < k->n_srlg; i++)
		if (listed(q->exclude_srlgs, q->n_exclude_srlgs, k->srlg[i]))
			return false;
	if (w->n->node[k->from].pseudonode)
		return true;
	return q->bandwidth_bps <= k->capacity_bps &&
	       !(k->admin_group[0] & q->affinity.exclude_any[0]);
}

/* A wire is the lower of a link and its reverse. */
static uint64_t wire_bit(const struct net *n, uint32_t l)
{
	uint32_t back = l ^ 1U; /* pairs are made together */

	return UINT64_C(1) << (back < n->n_links && back < l ? back : l);
}

static void step(struct walk *w, uint32_t at, struct way so_far, uint64_t *sums);

static void cross(struct walk *w, uint32_t l, struct way x, const uint64_t *before)
{
	const struct ted_link *k = &w->n->link[l];
	uint64_t sums[NET_METRICS];

	for (unsigned m = 0; m < NET_METRICS; m++) {
		uint64_t v;
		const uint32_t bound[NET_METRICS] = { w->q->igp_max, w->q->te_max,
						      w->q->delay_us_max, w->q->hops_max };

		if (!net_cost(w->n, l, m, &v)) {
			if (m == (unsigned)w->q->minimise || bound[m] != PCE_NO_BOUND ||
			    (m == PCE_DELAY && w->q->delay_us_min))
				return;
			v = 0;
		}
		sums[m] = before[m] + v;
		if (bound[m] != PCE_NO_BOUND && sums[m] > bound[m])
			return;
	}
	x.wires |= wire_bit(w->n, l);
	x.nodes |= 1U << k->to;
	x.link[x.n++] = l;
	for (uint32_t i = 0; i < k->n_srlg; i++)
		x.srlgs |= UINT64_C(1) << k->srlg[i];
	step(w, k->to, x, sums);
}

static void step(struct walk *w, uint32_t at, struct way x, uint64_t *sums)
{
	if (at == w->q->dst) {
		x.cost = sums[w->q->minimise];
		x.delay = sums[PCE_DELAY];
		if (x.delay < w->q->delay_us_min)
			return;
		x.nodes &= (1U << w->n->n_routers) - 1;
		if (w->out->n == WAYS_MAX)
			abort();
		w->out->at[w->out->n++] = x;
		return;
	}
	if (at != w->q->src) {
		if (w->n->node[at].overload)
			return;
		if (w->n->node[at].pseudonode)
			x.lans |= 1U << at;
		else
			x.transit |= 1U << at;
	}
	for (uint32_t l = 0; l < w->n->n_links; l++)
		if (w->n->link[l].from == at && !(x.nodes >> w->n->link[l].to & 1) &&
		    allowed(w, l))
			cross(w, l, x, sums);
}

void ways_all(const struct net *n, const struct pce_request *q, struct ways *out)
{
	struct walk w = { n, q, out };
	struct way x = { .nodes = 1U << q->src };
	uint64_t sums[NET_METRICS] = { 0 };

	out->n = 0;
	if (!listed(q->exclude_nodes, q->n_exclude_nodes, q->src))
		step(&w, q->src, x, sums);
}

const struct way *ways_own(const struct net *n, const struct pce_request *q,
			   const struct pce_answer *a, const struct ways *w)
{
	uint64_t cost = 0, v;

	for (uint32_t i = 0; i < a->n_path; i++) {
		(void)net_cost(n, a->path[i], (unsigned)q->minimise, &v);
		cost += v;
	}
	for (uint32_t i = 0; i < w->n; i++)
		if (w->at[i].n == a->n_path && cost == a->cost &&
		    memcmp(w->at[i].link, a->path, a->n_path * sizeof(*a->path)) == 0)
			return &w->at[i];
	return NULL;
}

static void give_srlgs(struct net *n, struct rng *r, struct ways_nums *x)
{
	uint64_t few = 1 + rng_below(r, 4); /* how rare they are */

	for (uint32_t l = 0; l < n->n_links; l++) {
		n->link[l].srlg = x->srlg[l];
		n->link[l].n_srlg = 0;
		if (n->node[n->link[l].from].pseudonode)
			continue; /* says nothing of its links */
		if ((l & 1) && rng_below(r, 4)) { /* mostly as the other direction */
			n->link[l].n_srlg = n->link[l - 1].n_srlg;
			n->link[l].srlg = n->link[l - 1].srlg;
			continue;
		}
		while (n->link[l].n_srlg < 3 && rng_below(r, few) == 0 && rng_below(r, 2))
			x->srlg[l][n->link[l].n_srlg++] = (uint32_t)rng_below(r, WAYS_SRLGS * few);
	}
}

struct pce_request ways_request(const struct net *n, struct rng *r)
{
	struct pce_request q = { .minimise = (enum pce_metric)rng_below(r, NET_METRICS),
				 .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
				 .igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND };

	q.src = (uint32_t)rng_below(r, n->n_routers);
	q.dst = (uint32_t)((q.src + 1 + rng_below(r, n->n_routers - 1)) % n->n_routers);
	return q;
}

void ways_terms(struct pce_request *q, const struct net *n, struct rng *r, struct ways_nums *x)
{
	if (rng_below(r, 3) == 0)
		q->delay_us_max = (uint32_t)rng_below(r, 40);
	if (rng_below(r, 6) == 0)
		q->hops_max = 1 + (uint32_t)rng_below(r, 5);
	if (rng_below(r, 8) == 0)
		q->te_max = (uint32_t)rng_below(r, 30);
	if (rng_below(r, 8) == 0)
		q->igp_max = (uint32_t)rng_below(r, 20);
	if (rng_below(r, 4) == 0)
		q->bandwidth_bps = 1000 * (1 + rng_below(r, 4));
	if (rng_below(r, 6) == 0)
		q->affinity.exclude_any[0] = 1U << rng_below(r, 4);
	x->node[0] = (uint32_t)rng_below(r, n->n_nodes);
	x->link[0] = (uint32_t)rng_below(r, n->n_links);
	x->group[0] = (uint32_t)rng_below(r, WAYS_SRLGS);
	q->exclude_nodes = x->node;
	q->n_exclude_nodes = rng_below(r, 10) == 0 && x->node[0] != q->src && x->node[0] != q->dst;
	q->exclude_links = x->link;
	q->n_exclude_links = rng_below(r, 10) == 0;
	q->exclude_srlgs = x->group;
	q->n_exclude_srlgs = rng_below(r, 10) == 0;
}

void ways_net(struct net *n, struct rng *r, struct ways_nums *x)
{
	struct net_cfg cfg = { .routers = 4 + (uint32_t)rng_below(r, 4),
			       .pairs = 6 + (uint32_t)rng_below(r, 9),
			       .lan = rng_below(r, 3) == 0,
			       .half = rng_below(r, 3) == 0,
			       .overload = rng_below(r, 5) == 0,
			       .odd_metrics = rng_below(r, 5) == 0,
			       .metric_max = 1 + (uint32_t)rng_below(r, 9),
			       .delay_max = (uint32_t)rng_below(r, 12) };

	net_make(n, r, &cfg);
	give_srlgs(n, r, x);
}
