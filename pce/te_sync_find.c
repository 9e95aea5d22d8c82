/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A placement for a start: requests one after the other on what is left, in an order that learns
 * from failures; then one at a time is taken out and placed anew. And a bound, from prices of
 * links as in te_bound.c: for sums by Lagrange (what does not fit is paid for), for the fullest
 * link by the prices themselves.
 */
#include <math.h>
#include <string.h>

#include "pce/te_sync_priv.h"

enum {
	ORDERS = 60,
	TURNS = 40, /* a request */
	PRICINGS = 60,
};

#define LEN_MAX 1e12
#define STEEP 12.0

/* Lengths for a request on what is left; delay: those instead. */
static void lengths(struct te_sync_run *r, uint32_t q, bool delay)
{
	double rate = (double)r->req[q].rate_bps;

	for (uint32_t i = 0; i < r->g->m; i++) {
		const struct te_arc *a = &r->g->arcs[i];
		double full;

		if (!te_sync_fits(r, q, i)) {
			r->len[i] = UINT64_MAX;
			continue;
		}
		full = (r->load[i] + rate) / (double)a->capacity_bps;
		if (delay)
			r->len[i] = a->delay_us;
		else if (r->o->goal == TE_SYNC_MLL)
			r->len[i] = 1 + (uint64_t)(1e6 * exp(STEEP * (full - 1)));
		else
			r->len[i] = 1000 * (r->o->goal == TE_SYNC_MCC ? a->metric : 1) +
				    (uint64_t)(10 * full); /* ties: where there is room */
	}
	r->work += r->g->m;
}

/* Walks the tree; false: too slow, or no way. */
static bool walk(struct te_sync_run *r, uint32_t q)
{
	const struct te_sync_request *x = &r->req[q];
	uint64_t delay = 0;
	uint32_t at = x->src;

	r->n_path[q] = 0;
	if (r->spf.rank[at] == TE_NO_NODE)
		return false;
	while (at != x->dst) {
		uint32_t i = r->spf.out[at];

		/* the next hop is nearer in the order, so that this ends */
		while (!te_spf_uses(&r->spf, r->spf.out_arc[i], x->dst, r->len) ||
		       r->spf.rank[r->g->arcs[r->spf.out_arc[i]].to] >= r->spf.rank[at])
			i++;
		r->path[q][r->n_path[q]++] = r->spf.out_arc[i];
		delay += r->g->arcs[r->spf.out_arc[i]].delay_us;
		at = r->g->arcs[r->spf.out_arc[i]].to;
	}
	return x->delay_us_max == TE_NO_BOUND || delay <= x->delay_us_max;
}

static bool place(struct te_sync_run *r, uint32_t q)
{
	for (int delay = 0; delay < 2; delay++) {
		lengths(r, q, delay == 1);
		te_spf_run(&r->spf, r->req[q].dst, r->len);
		if (walk(r, q) && te_sync_good(r, q)) {
			te_sync_add(r, q, 1);
			return true;
		}
	}
	r->n_path[q] = 0;
	return false;
}

static void empty(struct te_sync_run *r)
{
	for (uint32_t i = 0; i < r->g->m; i++)
		r->load[i] = (double)r->g->arcs[i].other_bps;
	memset(r->n_path, 0, r->n * sizeof(*r->n_path));
}

/* All in that order; else the one that did not fit goes to the front. */
static bool place_all(struct te_sync_run *r, uint32_t *order)
{
	empty(r);
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t q = order[i];

		if (place(r, q))
			continue;
		memmove(&order[1], order, i * sizeof(*order));
		order[0] = q;
		return false;
	}
	return true;
}

/* One at a time anew; worse is taken back. */
static void improve(struct te_sync_run *r, uint32_t *old)
{
	uint64_t turns = (uint64_t)TURNS * r->n;

	for (uint64_t z = 0; z < turns && !te_sync_over(r); z++) {
		uint32_t q = (uint32_t)rng_below(&r->rng, r->n), n = r->n_path[q];
		double before = te_sync_value(r);

		memcpy(old, r->path[q], n * sizeof(*old));
		te_sync_add(r, q, -1);
		if (place(r, q) && te_sync_value(r) <= before) {
			te_sync_keep(r);
			continue;
		}
		te_sync_add(r, q, -1); /* nothing when it has no path */
		memcpy(r->path[q], old, n * sizeof(*old));
		r->n_path[q] = n;
		te_sync_add(r, q, 1);
	}
}

/* ---- bounds ---- */

/* Whole numbers below the real lengths: what is found with them is not too much. */
static double scale_to(struct te_sync_run *r, const double *x)
{
	double max = 0, scale;

	for (uint32_t i = 0; i < r->g->m; i++)
		max = fmax(max, x[i]);
	scale = max > 0 ? LEN_MAX / max : 1;
	for (uint32_t i = 0; i < r->g->m; i++)
		r->len[i] = (uint64_t)(x[i] * scale);
	return scale;
}

/* Cheapest path of the request at lengths x; it is added to `flow`. What it pays, at least. */
static double cheapest(struct te_sync_run *r, uint32_t q, const double *x, double *flow)
{
	double scale = scale_to(r, x), rate = (double)r->req[q].rate_bps;

	for (uint32_t i = 0; i < r->g->m; i++)
		if (r->g->arcs[i].capacity_bps == 0 ||
		    (double)r->g->arcs[i].other_bps + rate >
			    (double)r->g->arcs[i].capacity_bps * (1 + 1e-12))
			r->len[i] = UINT64_MAX;
	te_spf_run(&r->spf, r->req[q].dst, r->len);
	r->work += 2 * (uint64_t)r->g->m;
	if (r->spf.rank[r->req[q].src] != TE_NO_NODE) {
		(void)walk(r, q);
		for (uint32_t i = 0; i < r->n_path[q]; i++)
			flow[r->path[q][i]] += rate;
	}
	return (double)r->spf.dist[r->req[q].src] / scale;
}

static void raise_bound(struct te_sync_run *r, double b)
{
	b -= fabs(b) * 1e-9;
	if (b > r->bound && b < INFINITY)
		r->bound = b;
}

/* price: what a bit/s costs beyond the sum. */
static void sum_bound(struct te_sync_run *r, double *price, double *x, double *flow)
{
	for (uint32_t z = 0; z < PRICINGS && !te_sync_over(r); z++) {
		double total = 0, norm = 0, step;

		memset(flow, 0, r->g->m * sizeof(*flow));
		for (uint32_t q = 0; q < r->n; q++) {
			for (uint32_t i = 0; i < r->g->m; i++)
				x[i] = te_sync_pay(r, q, i) +
				       price[i] * (double)r->req[q].rate_bps;
			total += cheapest(r, q, x, flow);
		}
		for (uint32_t i = 0; i < r->g->m; i++) {
			double room = (double)r->g->arcs[i].capacity_bps -
				      (double)r->g->arcs[i].other_bps;

			total -= price[i] * fmax(room, 0);
			flow[i] -= fmax(room, 0);
			norm += flow[i] > 0 || price[i] > 0 ? flow[i] * flow[i] : 0;
		}
		raise_bound(r, total);
		if (norm <= 0 || !(r->best < INFINITY))
			return;
		step = fmax(r->best - total, 0) / norm;
		for (uint32_t i = 0; i < r->g->m; i++)
			price[i] = fmax(0, price[i] + step * flow[i]);
	}
}

/* price: of a link's full capacity. */
static void load_bound(struct te_sync_run *r, double *price, double *x, double *flow)
{
	for (uint32_t i = 0; i < r->g->m; i++)
		price[i] = exp(STEEP * fmin(r->load[i] / fmax((double)r->g->arcs[i].capacity_bps, 1), 4));
	for (uint32_t z = 1; z <= PRICINGS && !te_sync_over(r); z++) {
		double paid = 0, sum = 0, top = 0;

		memset(flow, 0, r->g->m * sizeof(*flow));
		for (uint32_t i = 0; i < r->g->m; i++) {
			const struct te_arc *a = &r->g->arcs[i];

			x[i] = a->capacity_bps ? price[i] / (double)a->capacity_bps : 0;
			sum += a->capacity_bps ? price[i] : 0;
			paid += x[i] * (double)a->other_bps;
		}
		for (uint32_t q = 0; q < r->n; q++)
			paid += cheapest(r, q, x, flow) * (double)r->req[q].rate_bps;
		raise_bound(r, sum > 0 ? paid / sum : 0);
		for (uint32_t i = 0; i < r->g->m; i++)
			top = fmax(top, flow[i] / fmax((double)r->g->arcs[i].capacity_bps, 1));
		for (uint32_t i = 0; i < r->g->m; i++)
			price[i] *= exp(flow[i] / fmax((double)r->g->arcs[i].capacity_bps, 1) /
					fmax(top, 1e-12) / sqrt(z));
	}
}

static void find_bound(struct te_sync_run *r)
{
	size_t m = (size_t)r->g->m + 1;
	double *price = ARENA_ARRAY(&r->mem, m, double), *x = ARENA_ARRAY(&r->mem, m, double);
	double *flow = ARENA_ARRAY(&r->mem, m, double);

	r->bound = r->o->goal == TE_SYNC_MLL ? r->base : 0;
	if (!price || !x || !flow)
		return; /* a worse bound is one, too */
	if (r->o->goal == TE_SYNC_MLL)
		load_bound(r, price, x, flow);
	else
		sum_bound(r, price, x, flow);
}

void te_sync_find(struct te_sync_run *r)
{
	uint32_t *order = ARENA_ARRAY(&r->mem, r->n, uint32_t);
	uint32_t *old = ARENA_ARRAY(&r->mem, r->g->n, uint32_t);

	if (!order || !old)
		return;
	for (uint32_t i = 0; i < r->n; i++)
		order[i] = i;
	for (uint32_t z = 0; z < ORDERS && !te_sync_over(r); z++) {
		if (place_all(r, order)) {
			te_sync_keep(r);
			improve(r, old);
			break;
		}
	}
	find_bound(r);
}
