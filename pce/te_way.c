/* SPDX-License-Identifier: Apache-2.0 */
/* Lists by points: what they load, how long they take. */
#include "pce/te_priv.h"

bool te_way_same(const struct te_way *a, const struct te_way *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (a->mid[i] != b->mid[i])
			return false;
	return true;
}

uint64_t te_way_delay(const struct te_net *net, const struct te_want *w, const struct te_way *way)
{
	uint64_t sum = 0;
	uint32_t at = w->src;

	for (uint32_t i = 0; i <= way->n; i++) {
		uint32_t to = te_way_stop(w, way, i), d = net->delay[(size_t)at * net->p + to];

		if (d == TE_NO_WAY)
			return TE_NO_WAY;
		sum += d;
		at = to;
	}
	return sum < TE_NO_WAY ? sum : TE_NO_WAY - 1;
}

bool te_way_fits(const struct te_net *net, const struct te_want *w, const struct te_way *way)
{
	uint64_t d = te_way_delay(net, w, way);

	return d != TE_NO_WAY && (w->delay_us_max == TE_NO_BOUND || d <= w->delay_us_max);
}

void te_way_tidy(const struct te_want *w, struct te_way *way)
{
	uint32_t at = w->src;
	uint16_t n = 0;

	for (uint32_t i = 0; i < way->n; i++) {
		if (way->mid[i] == at)
			continue;
		at = way->mid[i];
		way->mid[n++] = way->mid[i];
	}
	while (n > 0 && way->mid[n - 1] == w->dst)
		n--;
	way->n = n;
}

void te_way_add(const struct te_net *net, const struct te_want *w, const struct te_way *way,
		double rate, double *util)
{
	uint32_t at = w->src;

	for (uint32_t i = 0; i <= way->n; i++) {
		uint32_t to = te_way_stop(w, way, i);
		const struct te_flow *f = &net->flow[(size_t)at * net->p + to];
		const struct te_share *s = &net->share[f->start];

		for (uint32_t j = 0; j < f->n; j++)
			util[s[j].arc] += rate * (double)s[j].share;
		at = to;
	}
}

void te_way_list(const struct te_net *net, const struct te_way *way, struct te_list *out)
{
	for (uint32_t i = 0; i < TE_MIDPOINTS_MAX; i++)
		out->mid[i] = i < way->n ? net->node[way->mid[i]] : TE_NO_NODE;
}

bool te_way_of(const struct te_net *net, const struct te_list *l, struct te_way *out)
{
	*out = (struct te_way){ .n = (uint16_t)te_list_n(l) };
	for (uint32_t i = 0; i < out->n; i++) {
		uint32_t point = net->point[l->mid[i]];

		if (point == TE_NO_NODE)
			return false;
		out->mid[i] = (uint16_t)point;
	}
	return true;
}

double te_fullest(const double *util, uint32_t m)
{
	double max = 0;

	for (uint32_t i = 0; i < m; i++)
		max = util[i] > max ? util[i] : max;
	return max;
}
