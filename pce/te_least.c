/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Least worst delay between points over at most so many midpoints. Rows are made when first
 * asked for: most demands are within their bound without any midpoint.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "pce/te_priv.h"

struct te_least {
	const struct te_net *net;
	uint32_t k;
	bool *made;	/* by source */
	uint32_t *row;	/* [(mids - 1) * p * p + from * p + to] */
	uint16_t *last; /* same: last midpoint, or NONE: as with one midpoint less */
};

#define NONE UINT16_MAX

int te_least_new(struct te_least **outp, const struct te_net *net, uint32_t k)
{
	AUTO(te_least_free) struct te_least *l = calloc(1, sizeof(*l));
	size_t pairs = (size_t)net->p * net->p + 1;

	if (!l)
		return err_raise(-ENOMEM);
	l->net = net;
	l->k = k;
	l->made = calloc(net->p + 1, sizeof(*l->made));
	l->row = calloc(pairs * (k ? k : 1), sizeof(*l->row));
	l->last = calloc(pairs * (k ? k : 1), sizeof(*l->last));
	if (!l->made || !l->row || !l->last)
		return err_raise(-ENOMEM);
	*outp = TAKE(l);
	return 0;
}

struct te_least *te_least_free(struct te_least *l)
{
	if (l) {
		free(l->made);
		free(l->row);
		free(l->last);
		free(l);
	}
	return NULL;
}

static void over(struct te_least *l, const uint32_t *before, uint32_t *row, uint16_t *last,
		 uint32_t hub)
{
	const uint32_t *delay = &l->net->delay[(size_t)hub * l->net->p];

	for (uint32_t t = 0; t < l->net->p; t++) {
		uint64_t d = (uint64_t)before[hub] + delay[t];

		if (delay[t] == TE_NO_WAY || d >= row[t])
			continue;
		row[t] = (uint32_t)d;
		last[t] = (uint16_t)hub;
	}
}

const uint32_t *te_least_row(struct te_least *l, uint32_t from, uint32_t mids)
{
	size_t p = l->net->p;
	const uint32_t *direct = &l->net->delay[from * p];

	for (uint32_t j = 0; j < l->k && !l->made[from]; j++) {
		const uint32_t *before = j ? &l->row[((j - 1) * p + from) * p] : direct;
		uint32_t *row = &l->row[(j * p + from) * p];
		uint16_t *last = &l->last[(j * p + from) * p];

		for (uint32_t t = 0; t < p; t++) {
			row[t] = before[t];
			last[t] = NONE;
		}
		for (uint32_t h = 0; h < p; h++)
			if (l->net->hub[h] && before[h] != TE_NO_WAY)
				over(l, before, row, last, h);
	}
	l->made[from] = true;
	return mids ? &l->row[((mids - 1) * p + from) * p] : direct;
}

bool te_least_way(struct te_least *l, const struct te_want *w, struct te_way *out)
{
	size_t p = l->net->p;
	uint32_t at = w->dst;

	*out = (struct te_way){ 0 };
	if (te_way_fits(l->net, w, out))
		return true;
	if (te_least_row(l, w->src, l->k)[w->dst] == TE_NO_WAY)
		return false;
	for (uint32_t j = l->k; j > 0; j--) {
		uint16_t m = l->last[((j - 1) * p + w->src) * p + at];

		if (m == NONE)
			continue;
		for (uint32_t i = out->n++; i > 0; i--)
			out->mid[i] = out->mid[i - 1];
		out->mid[0] = m;
		at = m;
	}
	te_way_tidy(w, out);
	return true;
}
