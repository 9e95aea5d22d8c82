/* SPDX-License-Identifier: Apache-2.0 */
#include "te_net.h"

#include <string.h>

#define FAR UINT64_C(1000000000000)

struct te_list tn_list(uint32_t a, uint32_t b, uint32_t c)
{
	return (struct te_list){ { a, b, c } };
}

static bool transit(const struct tn *t, uint32_t node)
{
	return !t->prob.graph.flags || !(t->flags[node] & TE_NO_TRANSIT);
}

/* Bellman-Ford towards one node. */
static void distances(const struct tn *t, uint32_t to, uint64_t *dist)
{
	for (uint32_t v = 0; v < t->prob.graph.n; v++)
		dist[v] = v == to ? 0 : FAR;
	for (uint32_t round = 0; round < t->prob.graph.n; round++) {
		for (uint32_t i = 0; i < t->prob.graph.m; i++) {
			const struct te_arc *a = &t->arc[i];

			if (dist[a->to] >= FAR || (a->to != to && !transit(t, a->to)))
				continue;
			if (dist[a->to] + a->metric < dist[a->from])
				dist[a->from] = dist[a->to] + a->metric;
		}
	}
}

static bool next_hop(const struct tn *t, uint32_t i, uint32_t to, const uint64_t *dist)
{
	const struct te_arc *a = &t->arc[i];

	return a->from != to && a->from != a->to && dist[a->to] < FAR &&
	       (a->to == to || transit(t, a->to)) && dist[a->to] + a->metric == dist[a->from];
}

/*
 * Traffic is moved hop by hop, all of it at once, as often as there are nodes: what is still on
 * the way then goes round in a loop. Splits are exact here: they are few.
 */
static void route(struct tn *t, uint32_t from, uint32_t to, const uint64_t *dist)
{
	double at[TN_NODES] = { 0 }, next[TN_NODES];
	uint64_t late[TN_NODES] = { 0 };
	double left = 0;

	memset(t->share[from][to], 0, sizeof(t->share[from][to]));
	t->delay[from][to] = 0;
	t->reached[from][to] = dist[from] < FAR;
	at[from] = 1;
	for (uint32_t hop = 0; t->reached[from][to] && hop < t->prob.graph.n; hop++) {
		uint64_t then[TN_NODES] = { 0 };

		memset(next, 0, sizeof(next));
		for (uint32_t i = 0; i < t->prob.graph.m; i++) {
			const struct te_arc *a = &t->arc[i];
			uint32_t ways = 0;

			if (at[a->from] <= 0 || !next_hop(t, i, to, dist))
				continue;
			for (uint32_t j = 0; j < t->prob.graph.m; j++)
				ways += t->arc[j].from == a->from && next_hop(t, j, to, dist);
			t->share[from][to][i] += at[a->from] / ways;
			next[a->to] += at[a->from] / ways;
			if (late[a->from] + a->delay_us > then[a->to])
				then[a->to] = late[a->from] + a->delay_us;
			if (a->capacity_bps == 0)
				t->reached[from][to] = false;
		}
		memcpy(at, next, sizeof(at));
		memcpy(late, then, sizeof(late));
		if (late[to] > t->delay[from][to])
			t->delay[from][to] = late[to];
		at[to] = 0;
	}
	for (uint32_t v = 0; v < t->prob.graph.n; v++)
		left += v == to ? 0 : at[v];
	if (from != to && left > 0)
		t->reached[from][to] = false;
}

void tn_routes(struct tn *t)
{
	uint64_t dist[TN_NODES];

	for (uint32_t to = 0; to < t->prob.graph.n; to++) {
		distances(t, to, dist);
		for (uint32_t from = 0; from < t->prob.graph.n; from++)
			route(t, from, to, dist);
	}
}

bool tn_loads(const struct tn *t, const struct te_list *lists, double *load)
{
	for (uint32_t i = 0; i < t->prob.graph.m; i++)
		load[i] = (double)t->arc[i].other_bps;
	for (uint32_t i = 0; i < t->prob.n_demands; i++) {
		uint32_t at = t->demand[i].src;

		for (uint32_t j = 0; j <= TE_MIDPOINTS_MAX; j++) {
			bool mid = j < TE_MIDPOINTS_MAX && lists[i].mid[j] != TE_NO_NODE;
			uint32_t to = mid ? lists[i].mid[j] : t->demand[i].dst;

			if (at != to && !t->reached[at][to])
				return false;
			for (uint32_t k = 0; at != to && k < t->prob.graph.m; k++)
				load[k] += t->share[at][to][k] * (double)t->demand[i].rate_bps;
			at = to;
			if (!mid)
				break;
		}
	}
	for (uint32_t i = 0; i < t->prob.graph.m; i++)
		load[i] = t->arc[i].capacity_bps ? load[i] / (double)t->arc[i].capacity_bps : 0;
	return true;
}

bool tn_delay(const struct tn *t, const struct te_demand *d, const struct te_list *l,
	      uint64_t *delay)
{
	uint32_t at = d->src;

	*delay = 0;
	for (uint32_t j = 0; j <= TE_MIDPOINTS_MAX; j++) {
		bool mid = j < TE_MIDPOINTS_MAX && l->mid[j] != TE_NO_NODE;
		uint32_t to = mid ? l->mid[j] : d->dst;

		if (at != to && !t->reached[at][to])
			return false;
		*delay += at != to ? t->delay[at][to] : 0;
		at = to;
		if (!mid)
			break;
	}
	return true;
}

double tn_max(const struct tn *t, const double *load)
{
	double max = 0;

	for (uint32_t i = 0; i < t->prob.graph.m; i++)
		max = load[i] > max ? load[i] : max;
	return max;
}

static void wire(struct tn *t, struct rng *r, const struct tn_cfg *cfg, uint32_t a, uint32_t b)
{
	static const uint64_t capacity[] = { 1000, 2500, 10000, 10000 };
	uint32_t least = cfg->zero ? 0 : 1;

	for (uint32_t way = 0; way < 2; way++) {
		struct te_arc *x = &t->arc[t->prob.graph.m++];

		*x = (struct te_arc){ .from = way ? b : a, .to = way ? a : b };
		x->metric = least + (uint32_t)rng_below(r, cfg->metric_max);
		x->delay_us = (uint32_t)rng_below(r, 10);
		x->capacity_bps = capacity[rng_below(r, 4)] * 1000000;
		if (cfg->holes && rng_below(r, 12) == 0)
			x->capacity_bps = 0;
		if (rng_below(r, 8) == 0)
			x->other_bps = x->capacity_bps / (1 + rng_below(r, 9));
		if (cfg->holes && rng_below(r, 8) == 0)
			return; /* one way only */
	}
}

void tn_make(struct tn *t, struct rng *r, const struct tn_cfg *cfg)
{
	uint32_t n = cfg->nodes;

	memset(t, 0, sizeof(*t));
	t->prob.graph = (struct te_graph){ .n = n, .arcs = t->arc };
	for (uint32_t i = 0; i < cfg->wires; i++) {
		uint32_t a = i + 1 < n ? i + 1 : (uint32_t)rng_below(r, n);
		uint32_t b = (uint32_t)rng_below(r, i + 1 < n ? i + 1 : n);

		wire(t, r, cfg, a, a == b ? (a + 1) % n : b);
	}
	for (uint32_t i = 0; cfg->flags && i < n; i++)
		t->flags[i] = (uint8_t)(rng_below(r, 6) ? 0 : 1 + rng_below(r, 3));
	t->prob.graph.flags = cfg->flags ? t->flags : NULL;
	for (uint32_t i = 0; i < cfg->demands; i++) {
		struct te_demand *d = &t->demand[i];

		d->src = (uint32_t)rng_below(r, n);
		d->dst = (d->src + 1 + (uint32_t)rng_below(r, n - 1)) % n;
		d->rate_bps = rng_below(r, 10) ? (1 + rng_below(r, 4000)) * 1000000 : 0;
		d->delay_us_max = cfg->bounds && rng_below(r, 2) ? 5 + (uint32_t)rng_below(r, 20) :
								   TE_NO_BOUND;
		d->now = tn_list(TE_NO_NODE, TE_NO_NODE, TE_NO_NODE);
		if (cfg->running && rng_below(r, 2))
			d->now.mid[0] = (uint32_t)rng_below(r, n);
		d->fixed = cfg->running && rng_below(r, 6) == 0;
	}
	t->prob.demands = t->demand;
	t->prob.n_demands = cfg->demands;
	tn_routes(t);
}
