/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wanted path prepared for encoding: hops between routers, the SIDs each could use, and
 * which node segments are acceptable. Strict: the shortest path between two of its routers is
 * the only one and is the path itself. Loose: all equal-cost shortest paths may be used and are
 * within what the list may cost. Both for each algorithm that SIDs have.
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

/* ---- choices ---- */

static bool in_group(const struct pce_group *g, const struct ted_sid *s, const struct pce_sid *is)
{
	return g->csid == is->csid && g->lb == is->lb &&
	       (is->csid == PCE_CSID_NEXT ? g->ln == is->ln : g->len == is->len) &&
	       pce_sid_same_block(&g->sid, &s->sid, is->lb);
}

/* SIDs that share a block and its lengths may share a container. */
static uint8_t group_of(struct pce_route *r, const struct ted_sid *s, const struct pce_sid *is)
{
	uint8_t alone = is->csid == PCE_CSID_REPLACE ? PCE_GROUP_LAST : 0;

	if (is->csid == PCE_CSID_NONE || !r->usid)
		return alone;
	for (uint32_t g = 1; g <= r->n_groups; g++)
		if (in_group(&r->group[g], s, is))
			return (uint8_t)g;
	if (r->n_groups + 1 == PCE_GROUPS_MAX)
		return alone;
	r->group[++r->n_groups] = (struct pce_group){ s->sid, is->csid, is->lb, is->ln, is->len };
	return (uint8_t)r->n_groups;
}

static bool algo_wanted(const struct pce_route *r, uint8_t algo)
{
	const struct pce_request *q = r->c->req;

	if (!ted_flex_mixes(r->c->t, q->algo, algo))
		return false;
	return algo == 0 || (!q->no_flex && (q->algo == 0 || algo == q->algo) &&
			     algo >= TED_FLEX_FIRST);
}

/* One of a kind is enough: the same algorithm and container, and no longer. */
static void choose(struct pce_route *r, struct pce_choices *out, const struct ted_sid *s,
		   enum pce_sid_kind kind, uint32_t owner)
{
	struct pce_choice x = { .sid = s, .algo = s->algo };

	if (out->n == PCE_SIDS_CHOICE || !algo_wanted(r, s->algo))
		return;
	pce_sid_read(s, &x.is);
	if (x.is.kind != kind || !pce_sid_routed(r->c->t, s, owner))
		return;
	x.group = group_of(r, s, &x.is);
	for (uint32_t i = 0; i < out->n; i++)
		if (out->at[i].algo == x.algo && out->at[i].group == x.group &&
		    out->at[i].is.len <= x.is.len && out->at[i].is.flavors == x.is.flavors)
			return;
	out->at[out->n++] = x;
}

static void choose_adj(struct pce_route *r, struct pce_choices *out, uint32_t link, uint32_t to,
		       bool backup)
{
	const struct ted_link *l = &r->c->t->links[link];

	for (uint32_t i = 0; i < l->n_sids; i++) {
		const struct ted_sid *s = &l->sids[i];
		uint32_t far = s->lan_node ? s->lan_node - 1 : l->to;

		if (far == to && !!(s->flags & 0x80) == backup)
			choose(r, out, s, PCE_SID_END_X, l->from);
	}
}

void pce_choose_node(struct pce_route *r, uint32_t node, struct pce_choices *out)
{
	const struct ted_node *n = &r->c->t->nodes[node];

	for (uint32_t j = 0; j < n->n_sids; j++)
		choose(r, out, &n->sids[j], PCE_SID_END, node);
}

void pce_choose_link(struct pce_route *r, uint32_t link, uint32_t far, struct pce_choices *out)
{
	enum pce_protection protection = r->c->req->protection;
	bool first = pce_protected_first(protection);

	choose_adj(r, out, link, far, first);
	if (out->n == 0 && !pce_protection_only(protection))
		choose_adj(r, out, link, far, !first);
}

static void choose_srv6(struct pce_route *r)
{
	for (uint32_t i = 1; i <= r->n; i++)
		pce_choose_node(r, r->node[i], &r->node_sids[i]);
	for (uint32_t h = 0; h < r->n; h++)
		pce_choose_link(r, r->hop[h].link, r->node[h + 1], &r->adj_sids[h]);
}

static void choose_label(struct pce_route *r, uint32_t i, uint8_t algo)
{
	struct pce_choices *out = &r->node_sids[i];
	const struct ted_node_sid *s = pce_node_sid(&r->c->t->nodes[r->node[i]], algo);

	for (uint32_t k = 0; k < out->n; k++)
		if (out->at[k].algo == algo)
			return;
	if (s && out->n < PCE_SIDS_CHOICE && algo_wanted(r, algo))
		out->at[out->n++] = (struct pce_choice){ .node_sid = s, .algo = algo };
}

static void choose_mpls(struct pce_route *r)
{
	for (uint32_t i = 1; i <= r->n; i++) {
		const struct ted_node *n = &r->c->t->nodes[r->node[i]];

		for (uint32_t j = 0; j < n->n_node_sids; j++)
			choose_label(r, i, n->node_sids[j].algo);
	}
	for (uint32_t h = 0; h < r->n; h++) {
		uint32_t label = pce_adj_label(r->c->t, r->hop[h].link, r->node[h + 1],
					       r->c->req->protection);

		if (label)
			r->adj_sids[h].at[r->adj_sids[h].n++] = (struct pce_choice){ .label = label };
	}
}

/* ---- bindings ---- */

/* The links of the route between two positions, and no others. */
static bool same_links(const struct pce_route *r, const struct pce_binding *b, uint32_t from,
		       uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t h = from; h < to; h++) {
		const uint32_t links[] = { r->hop[h].link, r->hop[h].exit };

		for (size_t k = 0; k < ARRAY_LEN(links) && links[k] != TED_NONE; k++, n++) {
			bool there = false;

			for (uint32_t i = 0; i < b->n_links; i++)
				there = there || b->links[i] == links[k];
			if (!there)
				return false;
		}
	}
	return n == b->n_links;
}

/* How a packet gets to the headend that reads the binding SID; false: it does not. */
static bool binding_choice(const struct pce_route *r, const struct pce_binding *b,
			   struct pce_choice *x)
{
	struct ted_locator_hit hit;

	*x = (struct pce_choice){ .binding = b, .label = b->label };
	if (r->c->req->dataplane == PCE_MPLS)
		return b->label != 0;
	if (b->sid.family != IP_V6)
		return false;
	hit = ted_locator_of(r->c->t, &b->sid);
	if (hit.node != TED_NONE)
		x->algo = r->c->t->nodes[hit.node].locators[hit.which].algo;
	return hit.node == TED_NONE || (hit.node == b->headend && !hit.anycast &&
					algo_wanted(r, x->algo));
}

static void choose_binding(struct pce_route *r, const struct pce_binding *b)
{
	struct pce_bound x = { 0 };
	struct pce_bound_sum sum;

	if (!binding_choice(r, b, &x.choice) || !pce_binding_sum(r->c, b, &sum))
		return;
	x.cost = (struct pce_span){ .ok = true, .delay_min = sum.delay_min };
	for (unsigned m = 0; m < PCE_METRICS; m++)
		x.cost.worst[m] = sum.worst[m];
	for (x.at = 0; x.at < r->n; x.at++)
		for (x.to = x.at + 1; x.to <= r->n && r->node[x.at] == b->headend; x.to++)
			if (r->node[x.to] == b->endpoint && r->n_bound <= r->c->req->n_bindings &&
			    (r->strict ? sum.single && same_links(r, b, x.at, x.to) : sum.allowed))
				r->bound[r->n_bound++] = x;
}

/* ---- */

static bool make_room(struct pce_route *r)
{
	struct arena *a = &r->c->scratch;
	size_t side = (size_t)r->n + 1;

	r->node_sids = ARENA_ARRAY(a, side, struct pce_choices);
	r->adj_sids = ARENA_ARRAY(a, side, struct pce_choices);
	/* Nodes of a path differ: a binding has one headend and one endpoint at most. */
	r->bound = ARENA_ARRAY(a, (size_t)r->c->req->n_bindings + 1, struct pce_bound);
	for (uint32_t i = 0; i < PCE_ROWS_MAX; i++)
		r->row[i].at = NULL;
	return r->node_sids && r->adj_sids && r->bound;
}

bool pce_route_init(struct pce_route *r, struct pce_ctx *c, const struct pce_path *path)
{
	r->c = c;
	r->path = path;
	r->n = r->n_groups = r->n_bound = r->n_rows = 0;
	if (!split_hops(r) || !make_room(r))
		return false;
	if (c->req->dataplane == PCE_SRV6)
		choose_srv6(r);
	else
		choose_mpls(r);
	for (uint32_t i = 0; i < c->req->n_bindings; i++)
		choose_binding(r, &c->req->bindings[i]);
	return !c->no_memory;
}

/* ---- rows ---- */

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

static void row_fill(struct pce_route *r, struct pce_row *row, uint32_t to)
{
	struct pce_ctx *c = r->c;
	const struct ted_node_sid *sid =
		c->req->dataplane == PCE_MPLS ? pce_node_sid(&c->t->nodes[r->node[to]], row->algo) :
						NULL;
	const struct pce_tree *s = pce_spt_algo(c, r->node[to], row->algo);
	bool same = true; /* the path from here to the end is a shortest one */

	row->from = to;
	if (!s)
		return;
	pce_dag_begin(c);
	for (uint32_t i = to; i-- > 0 && same; row->from = i) {
		const struct pce_dag *d = pce_dag_from(c, s, r->node[i], sid);
		struct pce_span *span = &row->at[i];

		/* Loose: the path itself need not be one of the shortest. */
		same = !r->strict || (hop_on_spt(r, s, i) && d->paths == 1);
		span->ok = same && d->reached && d->labelled && (r->strict || within(r, d));
		span->delay_min = d->delay_min;
		for (unsigned m = 0; m < PCE_METRICS; m++)
			span->worst[m] = d->worst[m];
	}
}

static void row_want(struct pce_route *r, uint8_t algo)
{
	struct pce_row *row = &r->row[r->n_rows];

	if (r->n_rows == PCE_ROWS_MAX || pce_route_row(r, algo))
		return;
	if (!row->at)
		row->at = ARENA_ARRAY(&r->c->scratch, (size_t)r->n + 1, struct pce_span);
	if (!row->at) {
		r->c->no_memory = true;
		return;
	}
	row->algo = algo;
	r->n_rows++;
}

void pce_route_rows(struct pce_route *r, uint32_t to)
{
	r->n_rows = 0;
	row_want(r, 0);
	for (uint32_t i = 0; i < r->node_sids[to].n; i++)
		row_want(r, r->node_sids[to].at[i].algo);
	for (uint32_t i = 0; i < r->adj_sids[to].n; i++)
		row_want(r, r->adj_sids[to].at[i].algo);
	for (uint32_t i = 0; i < r->n_bound; i++)
		if (r->bound[i].at == to)
			row_want(r, r->bound[i].choice.algo);
	for (uint32_t i = 0; i < r->n_rows; i++)
		row_fill(r, &r->row[i], to);
}

const struct pce_row *pce_route_row(const struct pce_route *r, uint8_t algo)
{
	for (uint32_t i = 0; i < r->n_rows; i++)
		if (r->row[i].algo == algo)
			return &r->row[i];
	return NULL;
}

void pce_route_hop(const struct pce_route *r, uint32_t hop, struct pce_span *out)
{
	const uint32_t links[] = { r->hop[hop].link, r->hop[hop].exit };

	*out = (struct pce_span){ .ok = true };
	for (size_t i = 0; i < ARRAY_LEN(links) && links[i] != TED_NONE; i++)
		for (unsigned m = 0; m < PCE_METRICS; m++) {
			uint32_t v = pce_arc_metric(&r->c->p->arcs[links[i]], m);

			out->worst[m] += v == TED_NONE ? 0 : v;
		}
	out->delay_min = out->worst[PCE_DELAY];
}
