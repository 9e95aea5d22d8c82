/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shortest SID list for a route, exactly: marks move along its positions, each mark a list
 * so far. Packing keeps order, so what a mark can still do depends only on the number of
 * entries, the room in the open container, and (loose) what its paths may cost by now. A mark
 * with fewer entries is never worse: it can open a container where the other has one open; but
 * REPLACE-C-SIDs begin with a whole address after which one more of them has to come, so those
 * are compared with their like only.
 */
#include "pce/pce_priv.h"

struct state {
	struct pce_route *r;
	struct pce_mark **at; /* by position */
	bool no_memory;
};

static bool is_replace(const struct pce_route *r, uint8_t group)
{
	return group != 0 &&
	       (group == PCE_GROUP_LAST || r->group[group].csid == PCE_CSID_REPLACE);
}

bool pce_mark_tied(const struct pce_route *r, const struct pce_mark *m)
{
	return is_replace(r, m->group) && m->left == 0;
}

enum pce_place pce_place(const struct pce_route *r, const struct pce_mark *m,
			 const struct pce_choice *x)
{
	if (pce_mark_tied(r, m))
		return x->group == m->group && x->group != PCE_GROUP_LAST ? PCE_PLACE_CONTAINER :
									    PCE_PLACE_NOT;
	if (x->group == 0 || x->group != m->group)
		return PCE_PLACE_ENTRY;
	if (is_replace(r, x->group))
		return PCE_PLACE_OPEN;
	return m->used + x->is.len <= 128U - r->group[x->group].lb ? PCE_PLACE_OPEN :
								     PCE_PLACE_ENTRY;
}

static bool no_worse_cost(const struct pce_route *r, const struct pce_mark *a,
			  const struct pce_mark *b)
{
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (r->cap[m] != UINT64_MAX && a->worst[m] > b->worst[m])
			return false;
	return r->delay_floor == 0 || a->delay_min >= b->delay_min;
}

bool pce_mark_no_worse(const struct pce_route *r, const struct pce_mark *a,
		       const struct pce_mark *b)
{
	if (a->count > b->count)
		return false;
	if (is_replace(r, b->group))
		return a->group == b->group && a->left >= b->left &&
		       (a->count < b->count || a->n_adj <= b->n_adj);
	if (pce_mark_tied(r, a))
		return false;
	if (a->count < b->count)
		return true;
	if (a->group == b->group && a->used == b->used)
		return a->n_adj <= b->n_adj;
	return b->group == 0 || (a->group == b->group && a->used <= b->used);
}

static bool dominates(const struct pce_route *r, const struct pce_mark *a, const struct pce_mark *b)
{
	if (a->count > b->count || (!r->strict && !no_worse_cost(r, a, b)))
		return false;
	/* What a router on the way allows depends on how many entries are left. */
	if (r->total && (a->count != b->count || a->closable < b->closable))
		return false;
	return pce_mark_no_worse(r, a, b);
}

static void mark_put(struct state *s, const struct pce_mark *proto)
{
	struct pce_mark **p = &s->at[proto->pos], *x;

	for (const struct pce_mark *y = *p; y; y = y->next)
		if (dominates(s->r, y, proto))
			return;
	while (*p) {
		if (dominates(s->r, proto, *p))
			*p = (*p)->next;
		else
			p = &(*p)->next;
	}
	x = arena_copy(&s->r->c->scratch, proto, sizeof(*proto));
	if (!x) {
		s->no_memory = true;
		return;
	}
	x->next = NULL;
	*p = x; /* at the end: equals stay in order of entry */
}

/* What is open after the SID, and how many entries there are. */
void pce_mark_open(const struct pce_route *r, struct pce_mark *x, const struct pce_mark *m,
		   const struct pce_choice *c)
{
	enum pce_place place = pce_place(r, m, c);

	x->group = c->group;
	x->count = m->count + (place != PCE_PLACE_OPEN);
	if (is_replace(r, c->group)) {
		if (place == PCE_PLACE_OPEN)
			x->left = m->left - 1;
		else if (place == PCE_PLACE_CONTAINER)
			x->left = pce_csid_slots(c->is.len) - 1;
	} else if (c->group) {
		x->used = c->is.len + (place == PCE_PLACE_OPEN ? m->used : 0);
	}
}

/* May a list end with this mark: a service SID may have to follow, or the last to decapsulate. */
static bool may_end(const struct pce_route *r, const struct pce_mark *x)
{
	const struct pce_request *q = r->c->req;

	if (q->reserved && (pce_mark_tied(r, x) || !x->closable))
		return false;
	if (q->decapsulates && q->dataplane == PCE_SRV6 &&
	    !(x->elem.choice->is.flavors & PCE_USD))
		return false;
	if (r->total && x->count + q->reserved != r->total)
		return false;
	return r->strict || x->delay_min >= r->delay_floor;
}

/* Adds one SID to a list, where it may go, and when what it costs may be paid. */
static void mark_add(struct state *s, struct pce_mark *m, const struct pce_elem *e,
		     const struct pce_span *cost)
{
	const struct pce_route *r = s->r;
	struct pce_mark x = { .pos = e->to, .parent = m, .elem = *e, .n_elems = m->n_elems + 1 };
	enum pce_place place = pce_place(r, m, e->choice);

	if (place == PCE_PLACE_NOT || (place != PCE_PLACE_OPEN && !m->closable))
		return;
	x.n_adj = m->n_adj + (e->kind != PCE_SEG_NODE);
	for (unsigned k = 0; k < PCE_METRICS; k++) {
		x.worst[k] = m->worst[k] + cost->worst[k];
		if (!r->strict && x.worst[k] > r->cap[k])
			return;
	}
	x.delay_min = m->delay_min + cost->delay_min;
	pce_mark_open(r, &x, m, e->choice);
	x.closable = !r->total || pce_limit_next(r, e, x.count);
	if (e->to == r->n ? !may_end(r, &x) : is_replace(r, x.group) && !x.closable)
		return;
	if (x.group == PCE_GROUP_LAST && e->to != r->n)
		return;
	mark_put(s, &x);
}

static void span_sum(const struct pce_span *a, const struct pce_span *b, struct pce_span *out)
{
	*out = (struct pce_span){ .ok = true, .delay_min = a->delay_min + b->delay_min };
	for (unsigned m = 0; m < PCE_METRICS; m++)
		out->worst[m] = a->worst[m] + b->worst[m];
}

/* Node SIDs of position j, from one earlier position. */
static void add_nodes(struct state *s, uint32_t from, uint32_t j)
{
	const struct pce_route *r = s->r;
	const struct ted *t = r->c->t;

	for (uint32_t i = 0; i < r->node_sids[j].n; i++) {
		const struct pce_choice *x = &r->node_sids[j].at[i];
		const struct pce_row *row = pce_route_row(r, x->algo);
		struct pce_elem e = { .choice = x, .kind = PCE_SEG_NODE, .at = j, .to = j };

		if (!row || from < row->from || !row->at[from].ok)
			continue;
		if (x->node_sid) {
			e.label = ted_label_of(t, r->node[from], x->node_sid);
			if (e.label == 0)
				continue;
		}
		for (struct pce_mark *m = s->at[from]; m; m = m->next)
			mark_add(s, m, &e, &row->at[from]);
	}
}

/* A SID that position j reads and that leads further: SRv6 routes to it from any earlier one. */
static void add_on(struct state *s, const struct pce_elem *e, const struct pce_span *cost)
{
	const struct pce_route *r = s->r;
	const struct pce_row *row = pce_route_row(r, e->choice->algo);

	for (struct pce_mark *m = s->at[e->at]; m; m = m->next)
		mark_add(s, m, e, cost);
	if (r->c->req->dataplane == PCE_MPLS || !row)
		return;
	for (uint32_t i = row->from; i < e->at; i++) {
		struct pce_span both;

		if (!row->at[i].ok)
			continue;
		span_sum(&row->at[i], cost, &both);
		for (struct pce_mark *m = s->at[i]; m; m = m->next)
			mark_add(s, m, e, &both);
	}
}

static void position(struct state *s, uint32_t j)
{
	struct pce_route *r = s->r;
	struct pce_span cost;

	pce_route_rows(r, j);
	for (uint32_t i = 0; i < j; i++)
		add_nodes(s, i, j);
	if (j == r->n)
		return;
	pce_route_hop(r, j, &cost);
	for (uint32_t i = 0; i < r->adj_sids[j].n; i++) {
		const struct pce_choice *x = &r->adj_sids[j].at[i];
		struct pce_elem e = { x, PCE_SEG_ADJ, x->label, j, j + 1 };

		add_on(s, &e, &cost);
	}
	for (uint32_t i = 0; i < r->n_bound; i++) {
		const struct pce_bound *b = &r->bound[i];
		struct pce_elem e = { &b->choice, PCE_SEG_BINDING, b->choice.label, j, b->to };

		if (b->at == j)
			add_on(s, &e, &b->cost);
	}
}

static const struct pce_mark *best_at(const struct state *s, uint32_t pos)
{
	const struct pce_mark *best = s->at[pos];

	for (const struct pce_mark *m = best; m; m = m->next)
		if (m->count < best->count ||
		    (m->count == best->count && m->n_adj < best->n_adj))
			best = m;
	return best;
}

const struct pce_mark *pce_encode_best(struct pce_route *r, uint32_t *blocked)
{
	struct state s = { .r = r };
	struct pce_mark start = { .closable = true };

	*blocked = 0;
	s.at = ARENA_ARRAY(&r->c->scratch, (size_t)r->n + 1, struct pce_mark *);
	if (!s.at) {
		r->c->no_memory = true;
		return NULL;
	}
	mark_put(&s, &start);
	/* One node SID is the least there can be; only when that fails all rows are needed. */
	pce_route_rows(r, r->n);
	add_nodes(&s, 0, r->n);
	for (uint32_t j = 0; j <= r->n && (j > 0 || !s.at[r->n]); j++) {
		position(&s, j);
		if (s.at[j] && j < r->n)
			*blocked = j;
	}
	r->c->no_memory = r->c->no_memory || s.no_memory;
	return best_at(&s, r->n);
}
