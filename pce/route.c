/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wanted path prepared for encoding: hops between routers, the SIDs each could use, and
 * which node segments are acceptable. Strict: the shortest path between two of its routers is
 * the only one and is the path itself. Loose: all equal-cost shortest paths may be used and are
 * within what the list may cost.
 */
#include "pce/pce_priv.h"

static bool is_lan(const struct pce_ctx *c, uint32_t node)
{
	return c->p->nflags[node] & TED_NF_PSEUDO;
}

static bool split_hops(struct pce_route *r)
{
	struct pce_ctx *c = r->c;
	uint32_t links = r->path->n;

	r->node = ARENA_ARRAY(&c->scratch, links + 1, uint32_t);
	r->hop = ARENA_ARRAY(&c->scratch, links, struct pce_hop);
	if (!r->node || !r->hop)
		return false;
	r->node[0] = c->req->src;
	for (uint32_t i = 0; i < links; i++) {
		struct pce_hop *h = &r->hop[r->n];

		*h = (struct pce_hop){ .link = r->path->links[i], .exit = TED_NONE };
		if (is_lan(c, c->p->arcs[h->link].to) && i + 1 < links)
			h->exit = r->path->links[++i];
		r->node[++r->n] = c->p->arcs[h->exit == TED_NONE ? h->link : h->exit].to;
	}
	return true;
}

/* SIDs that share a block and its lengths may share a container. 0 when too many differ. */
static uint8_t group_of(struct pce_route *r, const struct ted_sid *s, const struct pce_sid *is)
{
	if (!is->next || !r->usid)
		return 0;
	for (uint32_t g = 1; g <= r->n_groups; g++)
		if (r->group_lb[g] == is->lb && r->group_ln[g] == is->ln &&
		    pce_sid_same_block(&r->group_sid[g], &s->sid, is->lb))
			return (uint8_t)g;
	if (r->n_groups + 1 == PCE_GROUPS_MAX)
		return 0;
	r->n_groups++;
	r->group_lb[r->n_groups] = is->lb;
	r->group_ln[r->n_groups] = is->ln;
	r->group_sid[r->n_groups] = s->sid;
	return (uint8_t)r->n_groups;
}

/* Protected adjacency SIDs come last: they may leave the link when it fails. */
static void choose(struct pce_route *r, struct pce_choices *out, const struct ted_sid *s,
		   enum pce_sid_kind kind, uint32_t owner)
{
	struct pce_choice x = { .sid = s };

	if (out->n == PCE_SIDS_CHOICE || s->algo != 0)
		return;
	pce_sid_read(s, &x.is);
	if (x.is.kind != kind || !pce_sid_routed(r->c->t, s, owner))
		return;
	x.group = group_of(r, s, &x.is);
	for (uint32_t i = 0; i < out->n; i++)
		if (out->at[i].group == x.group && out->at[i].is.len <= x.is.len)
			return;
	out->at[out->n++] = x;
}

static void choose_adj(struct pce_route *r, uint32_t hop, bool backup)
{
	const struct ted_link *l = &r->c->t->links[r->hop[hop].link];

	for (uint32_t i = 0; i < l->n_sids; i++) {
		const struct ted_sid *s = &l->sids[i];
		uint32_t far = s->lan_node ? s->lan_node - 1 : l->to;

		if (far == r->node[hop + 1] && !!(s->flags & 0x80) == backup)
			choose(r, &r->adj_sids[hop], s, PCE_SID_END_X, l->from);
	}
}

static void choose_all(struct pce_route *r)
{
	for (uint32_t i = 1; i <= r->n; i++) {
		const struct ted_node *n = &r->c->t->nodes[r->node[i]];

		for (uint32_t j = 0; j < n->n_sids; j++)
			choose(r, &r->node_sids[i], &n->sids[j], PCE_SID_END, r->node[i]);
	}
	for (uint32_t h = 0; h < r->n; h++) {
		choose_adj(r, h, false);
		choose_adj(r, h, true);
	}
}

bool pce_route_init(struct pce_route *r, struct pce_ctx *c, const struct pce_path *path)
{
	size_t side;

	r->c = c;
	r->path = path;
	r->n = r->n_groups = 0;
	if (!split_hops(r))
		return false;
	side = (size_t)r->n + 1;
	r->span = ARENA_ARRAY(&c->scratch, side * side, struct pce_span);
	r->node_sids = ARENA_ARRAY(&c->scratch, side, struct pce_choices);
	r->adj_sids = ARENA_ARRAY(&c->scratch, side, struct pce_choices);
	if (!r->span || !r->node_sids || !r->adj_sids)
		return false;
	if (c->req->dataplane == PCE_SRV6)
		choose_all(r);
	return true;
}

static bool hop_on_spt(const struct pce_route *r, const struct pce_tree *s, uint32_t hop)
{
	const struct pce_hop *h = &r->hop[hop];

	return pce_on_spt(r->c, s, h->link) && (h->exit == TED_NONE || pce_on_spt(r->c, s, h->exit));
}

static bool within(const struct pce_route *r, const struct pce_dag *d)
{
	if (!d->allowed)
		return false;
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (d->worst[m] > r->cap[m])
			return false;
	return true;
}

/* All spans that end at one position, from the nearest start backwards. */
void pce_route_span(struct pce_route *r, uint32_t to)
{
	struct pce_ctx *c = r->c;
	const struct ted_node *end = &c->t->nodes[r->node[to]];
	const struct ted_node_sid *sid =
		c->req->dataplane == PCE_MPLS ? pce_node_sid(end) : NULL;
	const struct pce_tree *s = pce_spt(c, r->node[to]);
	bool same = true; /* the path from here to the end is a shortest one */

	if (!s)
		return;
	pce_dag_begin(c);
	for (uint32_t i = to; i-- > 0;) {
		const struct pce_dag *d = pce_dag_from(c, s, r->node[i], sid);
		struct pce_span *span = &r->span[i * (r->n + 1) + to];

		same = same && hop_on_spt(r, s, i);
		span->ok = d->reached && d->labelled &&
			   (r->strict ? same && d->paths == 1 : within(r, d));
		for (unsigned m = 0; m < PCE_METRICS; m++)
			span->worst[m] = d->worst[m];
	}
}
