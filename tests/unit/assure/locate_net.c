/* SPDX-License-Identifier: Apache-2.0 */
#include "locate_net.h"

#include <check.h>
#include <string.h>

uint32_t below(struct net *w, uint32_t n)
{
	return (uint32_t)rng_below(&w->rng, n);
}

void wire(struct net *w, uint32_t a, uint32_t b)
{
	uint32_t l = w->n_links;

	w->links[l] = (struct locate_link){ a, b, l + 1 };
	w->links[l + 1] = (struct locate_link){ b, a, l };
	w->n_links += 2;
}

/* A walk that meets no node twice. */
uint32_t walk(struct net *w, uint32_t *hops)
{
	uint32_t at = below(w, NODES), n = 0;
	bool been[NODES] = { false };

	for (unsigned tries = 0; n < HOPS && tries < 40; tries++) {
		uint32_t l = below(w, w->n_links);

		been[at] = true;
		if (w->links[l].from != at || been[w->links[l].to])
			continue;
		hops[n++] = l;
		at = w->links[l].to;
	}
	return n;
}

void world(struct net *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	rng_seed(&w->rng, seed);
	for (uint32_t i = 0; i < NODES; i++) {
		wire(w, i, (i + 1) % NODES);
		if (i % 2 == 0)
			wire(w, i, (i + 3 + below(w, 5)) % NODES);
	}
	for (uint32_t f = 0; f < FLOWS; f++) {
		w->flows[f] = (struct locate_flow){ .service = f / 2 * 7, .links = w->hops[f] };
		while (w->flows[f].n_links < 2)
			w->flows[f].n_links = walk(w, w->hops[f]);
	}
	w->net = (struct locate_net){ w->links, w->n_links, NODES, w->flows, FLOWS };
}

/* ---- what is seen ---- */

struct locate_fact *tell(struct net *w, enum locate_kind kind)
{
	struct locate_fact *f = &w->facts[w->n++];

	ck_assert_uint_lt(w->n, FACTS);
	*f = (struct locate_fact){ .kind = kind, .node = LOCATE_NONE, .link = LOCATE_NONE,
				   .flow = LOCATE_NONE, .at_ns = NOW - below(w, 20) * S };
	return f;
}

void tell_flow(struct net *w, enum locate_kind kind, uint32_t flow, uint64_t lost, uint64_t of)
{
	struct locate_fact *f = tell(w, kind);

	f->flow = flow;
	f->lost = lost;
	f->of = of;
}

void tell_link(struct net *w, enum locate_kind kind, uint32_t link, uint64_t lost, uint64_t of)
{
	struct locate_fact *f = tell(w, kind);

	f->link = link;
	f->lost = lost;
	f->of = of;
}

void tell_node(struct net *w, enum locate_kind kind, uint32_t node)
{
	tell(w, kind)->node = node;
}

bool runs_over(const struct net *w, uint32_t flow, uint32_t link)
{
	for (uint32_t i = 0; i < w->flows[flow].n_links; i++)
		if (w->flows[flow].links[i] == link)
			return true;
	return false;
}

bool runs_through(const struct net *w, uint32_t flow, uint32_t node)
{
	for (uint32_t i = 0; i < w->flows[flow].n_links; i++) {
		const struct locate_link *l = &w->links[w->flows[flow].links[i]];

		if (l->from == node || l->to == node)
			return true;
	}
	return false;
}

bool turns_at(const struct net *w, uint32_t flow, uint32_t node)
{
	return runs_through(w, flow, node) && w->links[w->flows[flow].links[0]].from != node;
}

/* The ladder of a flow that loses so many at one place; what is behind it gets the rest. */
void ladder(struct net *w, uint32_t flow, uint32_t link, uint32_t node, uint64_t lost)
{
	const struct locate_flow *fl = &w->flows[flow];
	uint64_t sent = 1000 + below(w, 1000);

	lost = lost > sent ? sent : lost;
	tell_flow(w, LOCATE_FLOW_LOSS, flow, lost, sent);
	for (uint32_t i = 0; i < fl->n_links && sent > 0; i++) {
		const struct locate_link *l = &w->links[fl->links[i]];
		uint64_t here = fl->links[i] == link ? lost : 0;
		struct locate_fact *f;

		tell_link(w, LOCATE_WIRE_LOSS, fl->links[i], here, sent);
		w->facts[w->n - 1].flow = flow;
		sent -= here;
		if (sent == 0)
			break;
		here = l->to == node ? lost : 0;
		f = tell(w, LOCATE_NODE_LOSS);
		f->node = l->to;
		f->flow = flow;
		f->lost = here;
		f->of = sent;
		sent -= here;
	}
}

void probe(struct net *w, uint32_t flow, bool forward, bool back)
{
	tell_flow(w, LOCATE_PROBE_FORWARD, flow, forward ? 0 : 100, 100);
	tell_flow(w, LOCATE_PROBE_BACK, flow, back ? 0 : 100, 100);
}
