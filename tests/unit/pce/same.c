/* SPDX-License-Identifier: Apache-2.0 */
#include "same.h"

#include <string.h>

#include "pce/ted_priv.h"

static void rows_same(const struct ted *a, const struct ted *b)
{
	MUST(a->n_nodes == b->n_nodes);
	MUST(a->n_links == b->n_links);
	MUST(a->n_alive == b->n_alive);
	MUST(a->n_usable == b->n_usable);
	for (uint32_t i = 0; i < a->n_nodes; i++) {
		struct ted_node x = a->nodes[i], y = b->nodes[i];

		MUST(x.alive == y.alive);
		x.alive = y.alive = true; /* the dead are compared too */
		MUST(ted_node_eq(&x, &y));
	}
	for (uint32_t i = 0; i < a->n_links; i++) {
		struct ted_link x = a->links[i], y = b->links[i];

		MUST(x.alive == y.alive);
		MUST(x.reverse == y.reverse);
		x.alive = y.alive = true;
		MUST(ted_link_eq(&x, &y));
	}
}

static void adj_same(const struct ted *a, const struct ted *b)
{
	const struct ted_priv *pa = ted_priv_of(a), *pb = ted_priv_of(b);
	size_t starts = (a->n_nodes + 1) * sizeof(uint32_t), n = a->out.start[a->n_nodes];

	MUST(memcmp(a->out.start, b->out.start, starts) == 0);
	MUST(memcmp(a->in.start, b->in.start, starts) == 0);
	if (n > 0) {
		MUST(memcmp(a->out.idx, b->out.idx, n * sizeof(uint32_t)) == 0);
		MUST(memcmp(a->in.idx, b->in.idx, n * sizeof(uint32_t)) == 0);
	}
	MUST(memcmp(pa->arcs, pb->arcs, a->n_links * sizeof(*pa->arcs)) == 0);
	MUST(memcmp(pa->nflags, pb->nflags, a->n_nodes) == 0);
}

static void delta_same(const struct ted *a, const struct ted *b)
{
	MUST(a->generation == b->generation);
	MUST(a->n_changed_links == b->n_changed_links);
	MUST(a->n_changed_nodes == b->n_changed_nodes);
	for (uint32_t i = 0; i < a->n_changed_links; i++)
		MUST(a->changed_links[i] == b->changed_links[i]);
	for (uint32_t i = 0; i < a->n_changed_nodes; i++)
		MUST(a->changed_nodes[i] == b->changed_nodes[i]);
	MUST(memcmp(a->changed_algos, b->changed_algos, sizeof(a->changed_algos)) == 0);
}

static void flex_same(const struct ted *a, const struct ted *b)
{
	MUST(a->n_flex == b->n_flex);
	for (uint32_t i = 0; i < a->n_flex; i++) {
		MUST(ted_fad_eq(&a->flex[i].def, &b->flex[i].def));
		MUST(a->flex[i].by == b->flex[i].by);
		MUST(a->flex[i].fault == b->flex[i].fault);
	}
}

static void found_by_addr(const struct ted *a, const struct ted *b, struct ip_addr x)
{
	struct ted_sid_hit sa = ted_sid_of(a, &x), sb = ted_sid_of(b, &x);
	struct ted_locator_hit la = ted_locator_of(a, &x), lb = ted_locator_of(b, &x);

	MUST(ted_node_by_addr(a, &x) == ted_node_by_addr(b, &x));
	MUST(ted_link_by_addr(a, &x) == ted_link_by_addr(b, &x));
	MUST(sa.node == sb.node);
	MUST(sa.link == sb.link);
	MUST(!sa.sid == !sb.sid);
	if (sa.sid)
		MUST(sa.sid->behavior == sb.sid->behavior);
	MUST(la.node == lb.node);
	if (la.node != TED_NONE)
		MUST(la.which == lb.which);
	MUST(la.anycast == lb.anycast);
}

static void lookups_same(const struct ted *a, const struct ted *b, const struct ted_same *what)
{
	for (uint32_t i = 0; i < what->n_addrs; i++)
		found_by_addr(a, b, what->addrs[i]);
	for (uint32_t i = 0; i < what->n_texts; i++)
		MUST(ted_node_by_id(a, what->texts[i]) == ted_node_by_id(b, what->texts[i]));
	for (uint32_t i = 0; i < 16; i++) {
		struct ted_node_sid_hit ha = ted_node_sid_of(a, i / 2, i % 2);
		struct ted_node_sid_hit hb = ted_node_sid_of(b, i / 2, i % 2);

		MUST(ha.node == hb.node && ha.twice == hb.twice && !ha.sid == !hb.sid);
	}
}

void ted_same(const struct ted *a, const struct ted *b, const struct ted_same *what)
{
	MUST(a->stale == b->stale);
	rows_same(a, b);
	adj_same(a, b);
	delta_same(a, b);
	flex_same(a, b);
	lookups_same(a, b, what);
}
