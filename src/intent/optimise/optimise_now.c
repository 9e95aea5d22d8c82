/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a policy runs now, in the optimiser's words: a few midpoints between which packets take
 * shortest paths. Its list may say the same with other SIDs, so what counts is that the midpoints
 * lead over exactly the links the list does; what no midpoints say is left where it is.
 */
#include <string.h>

#include "base/err.h"
#include "intent/optimise/optimise_priv.h"

unsigned intent_opt_nodes(const struct opt_flow *f, const struct te_list *l,
			  uint32_t nodes[OPT_LIST_MAX])
{
	unsigned n = 0;

	for (unsigned k = 0; k < TE_MIDPOINTS_MAX && l->mid[k] != TE_NO_NODE; k++)
		nodes[n++] = l->mid[k];
	nodes[n++] = f->dst;
	return n;
}

bool intent_opt_walk(struct opt_solve *s, const struct opt_flow *f, const struct te_segments *segs,
		     struct pce_expansion *x)
{
	struct ip_addr sids[PCE_SEGS_MAX];
	const struct pce_list l = { .dataplane = PCE_SRV6, .n = segs->n, .sids = sids,
				    .trees = s->trees };

	for (uint32_t k = 0; k < segs->n; k++)
		sids[k] = segs->at[k].sid;
	pce_expand(s->j->ted, f->src, f->dst, &l, &s->scratch, x);
	return x->valid;
}

/* Do node SIDs over these midpoints take the links that the list takes? */
static bool same_way(struct opt_solve *s, const struct opt_flow *f, const struct te_list *l)
{
	struct pce_expansion x;
	struct te_segments segs;
	uint32_t nodes[OPT_LIST_MAX];
	unsigned n = intent_opt_nodes(f, l, nodes);

	return te_segments_of(s->j->ted, nodes, n, !f->desired->p.no_usid, &segs) &&
	       intent_opt_walk(s, f, &segs, &x) && x.n_links == f->is.n_links &&
	       memcmp(x.links, f->is.links, x.n_links * sizeof(*x.links)) == 0;
}

static const struct te_list no_midpoints = { { TE_NO_NODE, TE_NO_NODE, TE_NO_NODE } };

/* The routers at which the segments of its list end. */
static bool by_segments(struct opt_solve *s, const struct opt_flow *f, struct te_list *out)
{
	const struct sr_list *list = &f->is.list;
	struct ip_addr sids[SR_SEGS_MAX];
	const struct pce_list l = { .dataplane = PCE_SRV6, .n = list->n, .sids = sids,
				    .trees = s->trees };
	struct pce_flow flow;
	const char *why;
	unsigned n = 0;

	for (unsigned k = 0; k < list->n; k++)
		sids[k] = list->at[k].sid;
	if (pce_flow_of_list(s->j->ted, f->src, f->dst, &l, &s->scratch, &flow, &why) != 0)
		return false;
	*out = no_midpoints;
	for (uint32_t k = 0; k < flow.n_hops; k++) {
		uint32_t node = flow.hops[k].node;

		if (node == f->dst || node == f->src || (n > 0 && out->mid[n - 1] == node))
			continue;
		if (n == TE_MIDPOINTS_MAX || node >= s->j->ted->n_nodes)
			return false;
		out->mid[n++] = node;
	}
	return same_way(s, f, out);
}

/* The farthest router on the path, from place at, to which the shortest path is that of the path;
 * returns its place, or at when there is none. */
static uint32_t farthest(struct opt_solve *s, const struct opt_flow *f, uint32_t at)
{
	const struct ted *t = s->j->ted;
	struct opt_flow leg = { .src = at ? t->links[f->path[at - 1]].to : f->src };

	for (uint32_t end = f->n_path; end > at; end--) {
		struct te_segments segs;
		struct pce_expansion x;
		uint32_t k = at;

		leg.dst = t->links[f->path[end - 1]].to;
		if (!te_segments_of(t, &leg.dst, 1, true, &segs) ||
		    !intent_opt_walk(s, &leg, &segs, &x) || !x.single || x.n_links != end - at)
			continue;
		for (uint32_t n = 0; k < end; k++, n = 0) {
			while (n < x.n_links && x.links[n] != f->path[k])
				n++;
			if (n == x.n_links)
				break;
		}
		if (k == end)
			return end;
	}
	return at;
}

/* As few routers of its path as can be. */
static bool by_path(struct opt_solve *s, const struct opt_flow *f, struct te_list *out)
{
	uint32_t at = 0;

	*out = no_midpoints;
	for (unsigned n = 0; at < f->n_path; n++) {
		uint32_t to = farthest(s, f, at);

		if (to == at || (to < f->n_path && n == TE_MIDPOINTS_MAX))
			return false;
		if (to < f->n_path)
			out->mid[n] = s->j->ted->links[f->path[to - 1]].to;
		at = to;
	}
	return f->n_path > 0 && same_way(s, f, out);
}

bool intent_opt_now(struct opt_solve *s, struct opt_flow *f)
{
	bool found;

	f->now = no_midpoints;
	found = same_way(s, f, &f->now) || by_segments(s, f, &f->now) || by_path(s, f, &f->now);
	if (!found)
		f->now = no_midpoints;
	arena_reset(&s->scratch);
	return found;
}
