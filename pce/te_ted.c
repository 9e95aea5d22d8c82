/* SPDX-License-Identifier: Apache-2.0 */
#include "pce/te_ted.h"

#include <errno.h>

#include "base/err.h"
#include "pce/pce_priv.h"

/* Out of a pseudonode there is only wire. */
#define WIRE_BPS (UINT64_C(1) << 60)

static bool has_node_sid(const struct ted_node *n, const struct te_ted_cfg *cfg)
{
	if (cfg->dataplane == PCE_MPLS)
		return pce_node_sid(n, cfg->class.algo) != NULL;
	for (uint32_t i = 0; i < n->n_sids; i++) {
		struct pce_sid is;

		pce_sid_read(&n->sids[i], &is);
		if (is.kind == PCE_SID_END && n->sids[i].algo == cfg->class.algo)
			return true;
	}
	return false;
}

static uint8_t flags_of(const struct ted_node *n, const struct te_ted_cfg *cfg)
{
	uint8_t flags = 0;

	if (n->overload || !n->alive)
		flags |= TE_NO_TRANSIT;
	if (!n->alive || n->pseudonode || !has_node_sid(n, cfg))
		flags |= TE_NO_MIDPOINT;
	return flags;
}

static uint64_t of_link(const uint64_t *by_link, const struct te_ted_cfg *cfg, uint32_t link,
			uint64_t otherwise)
{
	if (!by_link)
		return otherwise;
	return link < cfg->n_links ? by_link[link] : 0;
}

static struct te_arc arc_of(const struct ted *t, const struct te_ted_cfg *cfg, uint32_t link,
			    uint32_t metric)
{
	const struct ted_link *k = &t->links[link];
	bool lan = t->nodes[k->from].pseudonode;

	return (struct te_arc){
		.from = k->from, .to = k->to, .metric = metric,
		.delay_us = lan ? 0 : k->has_delay ? k->delay_us : TE_NO_BOUND - 1,
		.capacity_bps = lan ? WIRE_BPS :
				      of_link(cfg->capacity_bps, cfg, link, k->capacity_bps),
		.other_bps = lan ? 0 : of_link(cfg->other_bps, cfg, link, 0),
	};
}

int te_graph_of(const struct ted *t, const struct te_ted_cfg *cfg, struct arena *a,
		struct te_ted *out)
{
	struct te_arc *arcs = ARENA_ARRAY(a, (size_t)t->n_links + 1, struct te_arc);
	uint8_t *flags = ARENA_ARRAY(a, (size_t)t->n_nodes + 1, uint8_t);
	uint32_t *link = ARENA_ARRAY(a, (size_t)t->n_links + 1, uint32_t);

	if (!arcs || !flags || !link)
		return err_raise(-ENOMEM);
	*out = (struct te_ted){ .link = link,
				.graph = { .n = t->n_nodes, .arcs = arcs, .flags = flags } };
	for (uint32_t i = 0; i < t->n_nodes; i++)
		flags[i] = flags_of(&t->nodes[i], cfg);
	for (uint32_t i = 0; i < t->n_links; i++) {
		uint32_t metric = pce_class_weight(t, &cfg->class, i);

		if (metric == PCE_INF)
			continue;
		link[out->graph.m] = i;
		arcs[out->graph.m++] = arc_of(t, cfg, i, metric);
	}
	return 0;
}

static bool listed(const uint32_t *at, uint32_t n, uint32_t v)
{
	for (uint32_t i = 0; i < n; i++)
		if (at[i] == v)
			return true;
	return false;
}

static bool node_barred(const struct ted *t, const struct pce_request *r, uint32_t node)
{
	return listed(r->exclude_nodes, r->n_exclude_nodes, node) ||
	       (!t->nodes[node].pseudonode &&
		listed(r->exclude_asns, r->n_exclude_asns, t->nodes[node].asn));
}

/* What a pseudonode sends has neither colour nor SRLG: those are the sender's, on the way in. */
static bool link_barred(const struct ted *t, const struct pce_request *r, uint32_t link)
{
	const struct ted_link *l = &t->links[link];

	if (node_barred(t, r, l->from) || node_barred(t, r, l->to) ||
	    listed(r->exclude_links, r->n_exclude_links, link))
		return true;
	if (t->nodes[l->from].pseudonode)
		return false;
	for (uint32_t i = 0; i < l->n_srlg; i++)
		if (listed(r->exclude_srlgs, r->n_exclude_srlgs, l->srlg[i]))
			return true;
	return pce_affinity_cuts(&r->affinity, l);
}

const bool *te_barred_of(const struct ted *t, const struct te_ted *g, const struct pce_request *req,
			 struct arena *a)
{
	bool *barred = ARENA_ARRAY(a, (size_t)g->graph.m + 1, bool);

	for (uint32_t i = 0; barred && i < g->graph.m; i++)
		barred[i] = link_barred(t, req, g->link[i]);
	return barred;
}
