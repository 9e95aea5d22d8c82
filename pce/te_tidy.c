/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second goal: of placements that load the fullest link alike, one that changes fewer
 * demands, and uses fewer midpoints. Small demands first: more of them fit.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "pce/te_priv.h"

enum { PASSES = 4 };

struct by_rate {
	double rate;
	uint32_t demand;
};

static int lighter(const void *a, const void *b)
{
	const struct by_rate *x = a, *y = b;

	if (x->rate < y->rate || x->rate > y->rate)
		return x->rate < y->rate ? -1 : 1;
	return x->demand < y->demand ? -1 : 1;
}

static bool within(const struct te_net *net, const struct te_want *w, const struct te_way *way,
		   const double *util, double limit)
{
	uint32_t at = w->src;

	for (uint32_t i = 0; i <= way->n; i++) {
		uint32_t to = te_way_stop(w, way, i);
		const struct te_flow *f = &net->flow[(size_t)at * net->p + to];

		for (uint32_t j = 0; j < f->n; j++)
			if (util[net->share[f->start + j].arc] > limit)
				return false;
		at = to;
	}
	return true;
}

/* Takes the way if no link passes the limit. */
static bool take(struct te_search *s, uint32_t i, const struct te_way *way, double limit)
{
	const struct te_want *w = &s->net->want[i];

	if (!te_way_fits(s->net, w, way))
		return false;
	te_way_add(s->net, w, &s->cur[i], -w->rate, s->util);
	te_way_add(s->net, w, way, w->rate, s->util);
	if (within(s->net, w, way, s->util, limit)) {
		s->cur[i] = *way;
		return true;
	}
	te_way_add(s->net, w, way, -w->rate, s->util);
	te_way_add(s->net, w, &s->cur[i], w->rate, s->util);
	return false;
}

static bool without(struct te_search *s, uint32_t i, double limit)
{
	const struct te_way was = s->cur[i];
	struct te_way way = { 0 };

	if (take(s, i, &way, limit))
		return true;
	for (uint32_t drop = 0; was.n > 1 && drop < was.n; drop++) {
		way.n = 0;
		for (uint32_t j = 0; j < was.n; j++)
			if (j != drop)
				way.mid[way.n++] = was.mid[j];
		te_way_tidy(&s->net->want[i], &way);
		if (take(s, i, &way, limit))
			return true;
	}
	return false;
}

static bool pass(struct te_search *s, const struct by_rate *order, double limit)
{
	bool any = false;

	for (uint32_t z = 0; z < s->n_free; z++) {
		uint32_t i = order[z].demand;
		const struct te_want *w = &s->net->want[i];

		if (w->has_now && te_way_same(&s->cur[i], &w->now))
			continue;
		if (w->has_now && take(s, i, &w->now, limit))
			any = true;
		else if (s->cur[i].n > 0 && without(s, i, limit))
			any = true;
	}
	return any;
}

void te_tidy(struct te_search *s, double limit)
{
	const struct te_net *net = s->net;
	AUTO_FREE struct by_rate *order = calloc((size_t)s->n_free + 1, sizeof(*order));

	if (!order)
		return; /* as good, only less tidy */
	memcpy(s->cur, s->best, net->n_wants * sizeof(*s->cur));
	memcpy(s->util, net->base, net->m * sizeof(*s->util));
	for (uint32_t i = 0; i < net->n_wants; i++)
		if (!net->want[i].fixed)
			te_way_add(net, &net->want[i], &s->cur[i], net->want[i].rate, s->util);
	for (uint32_t i = 0; i < s->n_free; i++)
		order[i] = (struct by_rate){ net->want[s->order[i]].rate, s->order[i] };
	qsort(order, s->n_free, sizeof(*order), lighter);
	for (uint32_t i = 0; i < PASSES && pass(s, order, limit); i++)
		;
	memcpy(s->best, s->cur, net->n_wants * sizeof(*s->best));
}
