/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shortest SID list for a route, exactly: marks move along its positions, each mark a list
 * so far. Packing keeps order, so what a mark can still do depends only on the number of
 * entries, the room in the open container, and (loose) what its paths may cost by now. A mark
 * with fewer entries is never worse: it can open a container where the other has one open.
 */
#include "pce/pce_priv.h"

struct state {
	struct pce_route *r;
	struct pce_mark **at; /* by position */
	bool no_memory;
};

bool pce_fits(const struct pce_route *r, const struct pce_mark *open, const struct pce_choice *x)
{
	return x->group != 0 && open->group == x->group &&
	       open->used + x->is.len <= 128U - r->group_lb[x->group];
}

static bool no_worse_cost(const struct pce_route *r, const struct pce_mark *a,
			  const struct pce_mark *b)
{
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (r->cap[m] != UINT64_MAX && a->worst[m] > b->worst[m])
			return false;
	return true;
}

static bool dominates(const struct pce_route *r, const struct pce_mark *a, const struct pce_mark *b)
{
	if (a->count > b->count || (!r->strict && !no_worse_cost(r, a, b)))
		return false;
	if (a->count < b->count)
		return true;
	if (a->group == b->group && a->used == b->used)
		return a->n_adj <= b->n_adj;
	return b->group == 0 || (a->group == b->group && a->used <= b->used);
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

/* Adds one SID to a list: what it costs is the worst of the span, and of the hop after it. */
static void mark_add(struct state *s, struct pce_mark *m, const struct pce_elem *e,
		     const uint64_t *worst)
{
	const struct pce_route *r = s->r;
	struct pce_mark x = { .pos = e->to, .parent = m, .elem = *e, .n_elems = m->n_elems + 1 };

	x.n_adj = m->n_adj + e->adj;
	x.count = m->count + 1;
	for (unsigned k = 0; k < PCE_METRICS; k++) {
		x.worst[k] = m->worst[k] + worst[k];
		if (!r->strict && x.worst[k] > r->cap[k])
			return;
	}
	if (e->choice) {
		x.group = e->choice->group;
		x.used = x.group ? e->choice->is.len : 0;
		if (pce_fits(r, m, e->choice)) {
			x.count = m->count;
			x.used += m->used;
		}
	}
	mark_put(s, &x);
}

static void add_node(struct state *s, struct pce_mark *m, uint32_t to, const struct pce_span *span)
{
	struct pce_route *r = s->r;
	const struct ted *t = r->c->t;
	struct pce_elem e = { .to = to };

	if (!span->ok)
		return;
	if (r->c->req->dataplane == PCE_MPLS) {
		const struct ted_node_sid *sid = pce_node_sid(&t->nodes[r->node[to]]);

		e.label = sid ? ted_label_of(t, r->node[m->pos], sid) : 0;
		if (e.label)
			mark_add(s, m, &e, span->worst);
		return;
	}
	for (uint32_t i = 0; i < r->node_sids[to].n; i++) {
		e.choice = &r->node_sids[to].at[i];
		mark_add(s, m, &e, span->worst);
	}
}

static void hop_cost(const struct pce_route *r, uint32_t hop, uint64_t *worst)
{
	const uint32_t links[] = { r->hop[hop].link, r->hop[hop].exit };

	for (size_t i = 0; i < ARRAY_LEN(links) && links[i] != TED_NONE; i++)
		for (unsigned m = 0; m < PCE_METRICS; m++) {
			uint32_t v = pce_arc_metric(&r->c->p->arcs[links[i]], m);

			worst[m] += v == TED_NONE ? 0 : v;
		}
}

/* An adjacency SID of the node at `hop`: SRv6 routes to it from any earlier position. */
static void add_adj(struct state *s, struct pce_mark *m, uint32_t hop, const struct pce_span *span)
{
	struct pce_route *r = s->r;
	struct pce_elem e = { .to = hop + 1, .adj = true };
	uint64_t worst[PCE_METRICS] = { 0 };

	if (hop != m->pos) {
		if (!span->ok)
			return;
		for (unsigned k = 0; k < PCE_METRICS; k++)
			worst[k] = span->worst[k];
	}
	hop_cost(r, hop, worst);
	if (r->c->req->dataplane == PCE_MPLS) {
		e.label = hop == m->pos ? pce_adj_label(r->c->t, r->hop[hop].link,
							r->node[hop + 1]) : 0;
		if (e.label)
			mark_add(s, m, &e, worst);
		return;
	}
	for (uint32_t i = 0; i < r->adj_sids[hop].n; i++) {
		e.choice = &r->adj_sids[hop].at[i];
		mark_add(s, m, &e, worst);
	}
}

static void extend(struct state *s, struct pce_mark *m)
{
	const struct pce_route *r = s->r;
	const struct pce_span *row = &r->span[m->pos * (r->n + 1)];

	for (uint32_t j = m->pos + 1; j <= r->n; j++)
		add_node(s, m, j, &row[j]);
	for (uint32_t h = m->pos; h < r->n; h++)
		add_adj(s, m, h, &row[h]);
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
	struct pce_mark start = { 0 };

	*blocked = 0;
	s.at = ARENA_ARRAY(&r->c->scratch, (size_t)r->n + 1, struct pce_mark *);
	if (!s.at) {
		r->c->no_memory = true;
		return NULL;
	}
	mark_put(&s, &start);
	/* One node SID is the least there can be; only when that fails all spans are needed. */
	pce_route_span(r, r->n);
	for (struct pce_mark *m = s.at[0]; m; m = m->next)
		add_node(&s, m, r->n, &r->span[r->n]);
	if (!s.at[r->n])
		for (uint32_t j = 1; j < r->n; j++)
			pce_route_span(r, j);
	for (uint32_t i = 0; i < r->n && (i > 0 || !s.at[r->n]); i++) {
		if (s.at[i])
			*blocked = i;
		for (struct pce_mark *m = s.at[i]; m; m = m->next)
			extend(&s, m);
	}
	r->c->no_memory = r->c->no_memory || s.no_memory;
	return best_at(&s, r->n);
}
