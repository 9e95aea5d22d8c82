/* SPDX-License-Identifier: Apache-2.0 */
/* A walk along SIDs: a node's over all shortest ways to it, an adjacency's over its link. */
#include "oracle_apart.h"

#include <string.h>

enum { FAR = 1 << 30 };

static bool usable(uint32_t l)
{
	const struct ted *t = world.ted;

	return t->links[l].alive && t->links[t->links[l].reverse].alive;
}

void way_add(struct way *w, uint32_t link)
{
	const struct ted_link *l = &world.ted->links[link];

	w->wire[link / 2] = w->node[l->from] = w->node[l->to] = true;
	for (uint16_t k = 0; k < l->n_srlg; k++)
		w->srlg[w->n_srlg++] = l->srlg[k];
}

/* Floyd and Warshall. */
static void distances(uint32_t d[WORLD_NODES][WORLD_NODES])
{
	const struct ted *t = world.ted;
	uint32_t n = t->n_nodes;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < n; k++)
			d[i][k] = i == k ? 0 : FAR;
	for (uint32_t l = 0; l < t->n_links; l++) {
		const struct ted_link *k = &t->links[l];

		if (usable(l) && k->igp_metric < d[k->from][k->to])
			d[k->from][k->to] = k->igp_metric;
	}
	for (uint32_t m = 0; m < n; m++)
		for (uint32_t i = 0; i < n; i++)
			for (uint32_t k = 0; k < n; k++)
				if (d[i][m] + d[m][k] < d[i][k])
					d[i][k] = d[i][m] + d[m][k];
}

static void go(struct way *w, uint32_t from, uint32_t to)
{
	const struct ted *t = world.ted;
	uint32_t d[WORLD_NODES][WORLD_NODES];

	distances(d);
	ck_assert_uint_lt(d[from][to], FAR);
	for (uint32_t l = 0; l < t->n_links; l++) {
		const struct ted_link *k = &t->links[l];

		if (usable(l) && d[from][k->from] + k->igp_metric + d[k->to][to] == d[from][to])
			way_add(w, l);
	}
}

static uint32_t link_of_sid(const struct ip_addr *sid)
{
	for (uint32_t l = 0; l < world.ted->n_links; l++) {
		if (ip_eq(&world.ted->links[l].sids[0].sid, sid))
			return l;
	}
	return TED_NONE;
}

static uint32_t node_of_sid(const struct ip_addr *sid)
{
	for (uint32_t n = 0; n < world.ted->n_nodes; n++) {
		if (ip_eq(&world.ted->nodes[n].sids[0].sid, sid))
			return n;
	}
	return TED_NONE;
}

void way_walk(const char *headend, uint32_t color, const char *endpoint, struct way *out)
{
	const struct ip_addr from = net_addr(headend), to = net_addr(endpoint);
	const struct intent_view *v = view_of(headend, color, endpoint);
	const struct lsp_state *st;
	uint32_t at = ted_node_by_addr(world.ted, &from);

	ck_assert_ptr_nonnull(v);
	st = pcc_lsp(headend, v->lsp_name);
	ck_assert_msg(st && st->list.n > 0, "%s has no list of %u", headend, color);
	memset(out, 0, sizeof(*out));
	out->src = at;
	for (unsigned k = 0; k < st->list.n; k++) {
		uint32_t link = link_of_sid(&st->list.at[k].sid);
		uint32_t node = link == TED_NONE ? node_of_sid(&st->list.at[k].sid) :
						   world.ted->links[link].from;

		ck_assert_uint_ne(node, TED_NONE);
		go(out, at, node);
		at = node;
		if (link == TED_NONE)
			continue;
		ck_assert(usable(link));
		way_add(out, link);
		at = world.ted->links[link].to;
	}
	out->dst = ted_node_by_addr(world.ted, &to);
	ck_assert_uint_eq(at, out->dst);
}

unsigned ways_shared_wires(const struct way *x, const struct way *y)
{
	unsigned n = 0;

	for (unsigned k = 0; k < ARRAY_LEN(x->wire); k++)
		n += x->wire[k] && y->wire[k];
	return n;
}

static bool ends_at(const struct way *w, uint32_t node)
{
	return w->src == node || w->dst == node;
}

uint8_t ways_met(const struct way *x, const struct way *y)
{
	uint8_t met = PCE_DIVERSE_LINK | PCE_DIVERSE_NODE | PCE_DIVERSE_SRLG;

	if (ways_shared_wires(x, y) > 0)
		return 0;
	for (uint32_t n = 0; n < WORLD_NODES; n++) {
		if (x->node[n] && y->node[n] && !(ends_at(x, n) && ends_at(y, n)))
			met &= (uint8_t)~PCE_DIVERSE_NODE;
	}
	for (unsigned i = 0; i < x->n_srlg; i++) {
		for (unsigned k = 0; k < y->n_srlg; k++) {
			if (x->srlg[i] == y->srlg[k])
				met &= (uint8_t)~PCE_DIVERSE_SRLG;
		}
	}
	return met;
}

unsigned ways_rung(uint8_t asked, uint8_t met)
{
	if ((asked & ~met) == 0)
		return 0;
	if (asked & met & PCE_DIVERSE_SRLG)
		return 1;
	return met & PCE_DIVERSE_NODE ? 2 : met & PCE_DIVERSE_LINK ? 3 : 4;
}
