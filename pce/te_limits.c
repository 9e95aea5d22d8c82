/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds of other kinds: of single demands that are not split, and of any routing at all. */
#include <math.h>
#include <string.h>

#include "pce/te_priv.h"

#define LENGTH_MAX 1e12 /* below 2^40 */

/* out[to][from] = least over midpoints of the greater of w[from][mid] and in[to][mid] */
static void widest_table(struct te_bound *b, const double *in, double *out)
{
	const struct te_net *net = b->net;
	size_t stride = net->stride;

	for (uint32_t t = 0; t < net->p; t++) {
		double *row = &out[t * stride];

		memcpy(row, &in[t * stride], stride * sizeof(*row));
		for (uint32_t h = 0; h < net->p; h++) {
			double rest = in[t * stride + h];
			const double *to_h = &b->wt[h * stride];

			if (!net->hub[h] || rest >= TE_FAR_PRICE)
				continue;
			for (size_t i = 0; i < stride; i += TE_LANES)
				for (size_t j = i; j < i + TE_LANES; j++) {
					double x = to_h[j] > rest ? to_h[j] : rest;

					row[j] = x < row[j] ? x : row[j];
				}
		}
	}
	b->work += (uint64_t)net->p * net->p * net->p / (TE_LANES / 2);
}

/*
 * What one demand alone makes of the fullest link of its best list: it is not split, so that this
 * can be above what the balance of all of them says. (An arc crossed twice counts once: less
 * than it carries.)
 */
void te_bound_single(struct te_bound *b)
{
	const struct te_net *net = b->net;
	const double *widest;

	for (size_t i = 0; i < (size_t)net->p * net->p; i++) {
		const struct te_flow *f = &net->flow[i];
		double max = net->delay[i] == TE_NO_WAY ? TE_FAR_PRICE : 0;

		for (uint32_t j = 0; j < f->n; j++)
			max = fmax(max, (double)net->share[f->start + j].share);
		b->wt[i % net->p * net->stride + i / net->p] = max;
	}
	for (uint32_t i = 0; i < b->k; i++)
		widest_table(b, te_bound_within(b, i), b->via[i]);
	widest = te_bound_within(b, b->k);
	for (uint32_t i = 0; i < net->n_wants; i++) {
		const struct te_want *w = &net->want[i];
		double x = w->rate * widest[(size_t)w->dst * net->stride + w->src];

		if (!w->fixed && x < TE_FAR_PRICE)
			b->bound = fmax(b->bound, x * (1 - TE_SLACK));
	}
}

/* Lengths in whole numbers, so that distances are exact. */
static bool lengths(const struct te_bound *b, uint64_t *len)
{
	const struct te_net *net = b->net;
	double max = 0;

	for (uint32_t i = 0; i < net->m; i++)
		if (net->cap[i] > 0)
			max = fmax(max, b->best_price[i] / net->cap[i]);
	for (uint32_t i = 0; i < net->m; i++)
		len[i] = net->cap[i] > 0 && max > 0 ?
				 (uint64_t)(b->best_price[i] / net->cap[i] / max * LENGTH_MAX) :
				 UINT64_MAX;
	return max > 0;
}

void te_bound_any(struct te_bound *b)
{
	const struct te_net *net = b->net;
	uint64_t *len = ARENA_ARRAY(&b->mem, (size_t)net->m + 1, uint64_t);
	double *rate = ARENA_ARRAY(&b->mem, (size_t)net->p * net->p + 1, double);
	double paid = 0, sum = 0, bound;

	if (!len || !rate || !lengths(b, len))
		return;
	for (uint32_t i = 0; i < b->n_pairs; i++)
		rate[(size_t)b->pair[i].want.dst * net->p + b->pair[i].want.src] +=
			b->pair[i].want.rate;
	for (uint32_t t = 0; t < net->p; t++) {
		te_spf_run(&b->spf, net->node[t], len);
		for (uint32_t f = 0; f < net->p; f++)
			if (rate[(size_t)t * net->p + f] > 0)
				paid += rate[(size_t)t * net->p + f] *
					(double)b->spf.dist[net->node[f]];
	}
	for (uint32_t i = 0; i < net->m; i++) {
		if (len[i] == UINT64_MAX)
			continue;
		paid += (double)len[i] * net->cap[i] * net->base[i];
		sum += (double)len[i] * net->cap[i];
	}
	bound = sum > 0 ? paid / sum * (1 - TE_SLACK) : 0;
	if (bound > b->bound_any && bound < INFINITY)
		b->bound_any = bound;
}
