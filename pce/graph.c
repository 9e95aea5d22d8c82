/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes and weights. A shape is made once for all generations of a TED that know the same nodes
 * and links; it is counted on its own, as generations go in any order. Places follow a breadth
 * first search over every link there is, so that what a search touches together lies together.
 *
 * A mark is the identity of one generation: "is the next of" must not be guessed from numbers,
 * as two TEDs may be built from the same one.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/err.h"
#include "pce/graph.h"
#include "pce/pce_priv.h"

struct shape {
	struct pce_shape is; /* first: what is handed out */
	_Atomic uint32_t refs;
	struct arena arena;
};

struct ted_mark {
	_Atomic uint32_t refs;
};

/* ---- counting ---- */

struct ted_mark *ted_mark_ref(struct ted_mark *m)
{
	if (m)
		atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

struct ted_mark *ted_mark_unref(struct ted_mark *m)
{
	if (m && atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) == 1)
		free(m);
	return NULL;
}

/* Shapes are handed out as const; only the count changes. */
static struct shape *shape_of(const struct pce_shape *s)
{
	union {
		const struct pce_shape *in;
		struct shape *out;
	} u = { s };

	return u.out;
}

const struct pce_shape *pce_shape_ref(const struct pce_shape *s)
{
	atomic_fetch_add_explicit(&shape_of(s)->refs, 1, memory_order_relaxed);
	return s;
}

const struct pce_shape *pce_shape_unref(const struct pce_shape *s)
{
	struct shape *h = s ? shape_of(s) : NULL;

	if (!h || atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	arena_fini(&h->arena);
	free(h);
	return NULL;
}

/* ---- making ---- */

/* Rows of links by one of their ends, links ascending: start (n + 1) and list. */
struct rows {
	uint32_t *start, *link;
};

static bool rows_make(struct rows *r, const struct ted_priv *p, const uint32_t *place, bool out,
		      struct arena *a)
{
	uint32_t n = p->ted.n_nodes, m = p->ted.n_links;

	r->start = ARENA_ARRAY(a, (size_t)n + 2, uint32_t);
	r->link = ARENA_ARRAY(a, (size_t)m + 1, uint32_t);
	if (!r->start || !r->link)
		return false;
	for (uint32_t l = 0; l < m; l++)
		r->start[place[out ? p->arcs[l].from : p->arcs[l].to] + 2]++;
	for (uint32_t i = 2; i < n + 2; i++)
		r->start[i] += r->start[i - 1];
	for (uint32_t l = 0; l < m; l++)
		r->link[r->start[place[out ? p->arcs[l].from : p->arcs[l].to] + 1]++] = l;
	return true;
}

/* Gives the next places to the neighbours of the node at one place. */
static uint32_t spread(const struct ted_priv *p, const struct rows *r, bool out, uint32_t node,
		       uint32_t *place, uint32_t *order, uint32_t n)
{
	for (uint32_t i = r->start[node]; i < r->start[node + 1]; i++) {
		uint32_t v = out ? p->arcs[r->link[i]].to : p->arcs[r->link[i]].from;

		if (place[v] != TED_NONE)
			continue;
		place[v] = n;
		order[n++] = v;
	}
	return n;
}

static bool order_nodes(const struct ted_priv *p, uint32_t *place, uint32_t *order)
{
	uint32_t n = p->ted.n_nodes, k = 0, at = 0;
	struct rows out, in;
	struct arena scratch;
	bool good;

	arena_init(&scratch, 0);
	for (uint32_t i = 0; i < n; i++)
		place[i] = i; /* rows by node index */
	good = rows_make(&out, p, place, true, &scratch) &&
	       rows_make(&in, p, place, false, &scratch);
	for (uint32_t i = 0; i < n; i++)
		place[i] = TED_NONE;
	for (uint32_t i = 0; good && i < n; i++) {
		if (place[i] != TED_NONE)
			continue;
		place[i] = k;
		order[k++] = i;
		for (; at < k; at++) {
			k = spread(p, &out, true, order[at], place, order, k);
			k = spread(p, &in, false, order[at], place, order, k);
		}
	}
	arena_fini(&scratch);
	return good;
}

static bool link_rows(struct shape *h, const struct rows *out, const struct rows *in,
		      const struct ted_priv *p)
{
	struct pce_shape *s = &h->is;
	size_t m = (size_t)s->m + 1;
	uint32_t *out_to = ARENA_ARRAY(&h->arena, m, uint32_t);
	uint32_t *in_from = ARENA_ARRAY(&h->arena, m, uint32_t);
	uint32_t *out_arc = ARENA_ARRAY(&h->arena, m, uint32_t);
	uint32_t *in_arc = ARENA_ARRAY(&h->arena, m, uint32_t);
	uint32_t *out_of_in = ARENA_ARRAY(&h->arena, m, uint32_t);
	uint32_t *in_of_out = ARENA_ARRAY(&h->arena, m, uint32_t);

	if (!out_to || !in_from || !out_arc || !in_arc || !out_of_in || !in_of_out)
		return false;
	for (uint32_t i = 0; i < s->m; i++) {
		out_to[i] = s->place[p->arcs[out->link[i]].to];
		in_from[i] = s->place[p->arcs[in->link[i]].from];
		out_arc[out->link[i]] = i;
		in_arc[in->link[i]] = i;
	}
	for (uint32_t l = 0; l < s->m; l++) {
		out_of_in[in_arc[l]] = out_arc[l];
		in_of_out[out_arc[l]] = in_arc[l];
	}
	s->out_to = out_to;
	s->in_from = in_from;
	s->out_arc = out_arc;
	s->in_arc = in_arc;
	s->out_of_in = out_of_in;
	s->in_of_out = in_of_out;
	return true;
}

static bool shape_fill(struct shape *h, const struct ted_priv *p)
{
	struct pce_shape *s = &h->is;
	uint32_t *place = ARENA_ARRAY(&h->arena, (size_t)p->ted.n_nodes + 1, uint32_t);
	uint32_t *node = ARENA_ARRAY(&h->arena, (size_t)p->ted.n_nodes + 1, uint32_t);
	struct rows out, in;

	s->n = p->ted.n_nodes;
	s->m = p->ted.n_links;
	if (!place || !node || !order_nodes(p, place, node) ||
	    !rows_make(&out, p, place, true, &h->arena) ||
	    !rows_make(&in, p, place, false, &h->arena))
		return false;
	s->place = place;
	s->node = node;
	s->out = out.start;
	s->out_link = out.link;
	s->in = in.start;
	s->in_link = in.link;
	return link_rows(h, &out, &in, p);
}

/* Does the generation before have the same nodes and links, each between the same two. */
static bool same_shape(const struct ted_priv *p, const struct ted *prev)
{
	const struct ted_priv *q = prev ? ted_priv_of(prev) : NULL;

	if (!q || prev->n_nodes != p->ted.n_nodes || prev->n_links != p->ted.n_links)
		return false;
	for (uint32_t l = 0; l < p->ted.n_links; l++)
		if (p->arcs[l].from != q->arcs[l].from || p->arcs[l].to != q->arcs[l].to)
			return false;
	return true;
}

int ted_graph(struct ted_priv *p, const struct ted *prev)
{
	struct shape *h;

	p->mark = calloc(1, sizeof(*p->mark));
	if (!p->mark)
		return err_raise(-ENOMEM);
	atomic_init(&p->mark->refs, 1);
	p->prev_mark = prev ? ted_mark_ref(ted_priv_of(prev)->mark) : NULL;
	if (same_shape(p, prev)) {
		p->shape = pce_shape_ref(ted_priv_of(prev)->shape);
		return 0;
	}
	h = calloc(1, sizeof(*h));
	if (!h)
		return err_raise(-ENOMEM);
	atomic_init(&h->refs, 1);
	arena_init(&h->arena, 0);
	p->shape = &h->is;
	return shape_fill(h, p) ? 0 : err_raise(-ENOMEM);
}

void ted_graph_fini(struct ted_priv *p)
{
	p->shape = pce_shape_unref(p->shape);
	p->mark = ted_mark_unref(p->mark);
	p->prev_mark = ted_mark_unref(p->prev_mark);
}

const struct pce_shape *pce_shape_of(const struct ted *t)
{
	return ted_priv_of(t)->shape;
}

/* ---- weights ---- */

bool pce_affinity_cuts(const struct pce_affinity *a, const struct ted_link *l)
{
	bool any = false, asked = false;

	for (unsigned i = 0; i < TED_AFFINITY_WORDS; i++) {
		if (l->admin_group[i] & a->exclude_any[i])
			return true;
		if ((l->admin_group[i] & a->include_all[i]) != a->include_all[i])
			return true;
		asked = asked || a->include_any[i];
		any = any || (l->admin_group[i] & a->include_any[i]);
	}
	return asked && !any;
}

/* Without a definition that holds and is understood nobody routes by the algorithm. */
static uint32_t flex_weight(const struct ted *t, const struct pce_class *c, uint32_t link)
{
	const struct ted_flex *f = ted_flex_of(t, c->algo);
	const struct ted_link *l = &t->links[link];
	uint32_t w;

	if (!f || f->fault != TED_FLEX_GOOD || !ted_flex_node(t, c->algo, l->from) ||
	    !ted_flex_node(t, c->algo, l->to))
		return PCE_INF;
	w = ted_flex_weight(t, &f->def, link);
	return w == TED_NONE || !c->own_metric ?
		       w :
		       pce_arc_metric(&ted_priv_of(t)->arcs[link], c->metric);
}

/* What a pseudonode sends has no colour: that is the sender's, on the way in. */
uint32_t pce_class_weight(const struct ted *t, const struct pce_class *c, uint32_t link)
{
	const struct ted_priv *p = ted_priv_of(t);
	const struct ted_link *l = &t->links[link];
	uint32_t w;

	if (!l->alive || l->reverse == TED_NONE)
		return PCE_INF;
	w = c->algo ? flex_weight(t, c, link) : pce_arc_metric(&p->arcs[link], c->metric);
	if (w > PCE_FAR)
		return PCE_INF;
	if (!(p->nflags[l->from] & TED_NF_PSEUDO) && pce_affinity_cuts(&c->affinity, l))
		return PCE_INF;
	return w;
}
