/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes and weights. A shape is made once for all generations of a TED that know the same nodes
 * and links; it is counted on its own, as generations go in any order. Places follow a breadth
 * first search over every link there is, so that what a search touches together lies together:
 * first the hubs, then chain by chain (chains.c) the nodes that have two neighbours only.
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

/* How places are given out: rows by node index. */
struct plan {
	const struct ted_priv *p;
	struct rows out, in;
	uint32_t *seen; /* nodes breadth first */
	uint32_t n_seen;
	bool *met, *hub;
	uint32_t *place, *node; /* of the shape */
	uint32_t n, n_chains;
	struct pce_chain *chain;
};

static uint32_t out_end(const struct plan *g, uint32_t node, uint32_t i)
{
	return g->p->arcs[g->out.link[g->out.start[node] + i]].to;
}

static uint32_t in_end(const struct plan *g, uint32_t node, uint32_t i)
{
	return g->p->arcs[g->in.link[g->in.start[node] + i]].from;
}

/* Two neighbours, and one link each way to both. */
static bool in_chain(const struct plan *g, uint32_t v)
{
	uint32_t a, b;

	if (g->out.start[v + 1] - g->out.start[v] != 2 || g->in.start[v + 1] - g->in.start[v] != 2)
		return false;
	a = out_end(g, v, 0);
	b = out_end(g, v, 1);
	return a != b && a != v && b != v &&
	       ((in_end(g, v, 0) == a && in_end(g, v, 1) == b) ||
		(in_end(g, v, 0) == b && in_end(g, v, 1) == a));
}

static void meet(struct plan *g, uint32_t v)
{
	if (g->met[v])
		return;
	g->met[v] = true;
	g->seen[g->n_seen++] = v;
}

/* Breadth first over every link there is. A ring that nothing hangs on has a hub all the same. */
static void look_from(struct plan *g, uint32_t start)
{
	uint32_t at = g->n_seen;
	bool any = false;

	for (meet(g, start); at < g->n_seen; at++) {
		uint32_t u = g->seen[at];

		for (uint32_t i = 0; i < g->out.start[u + 1] - g->out.start[u]; i++)
			meet(g, out_end(g, u, i));
		for (uint32_t i = 0; i < g->in.start[u + 1] - g->in.start[u]; i++)
			meet(g, in_end(g, u, i));
		g->hub[u] = !in_chain(g, u);
		any = any || g->hub[u];
	}
	g->hub[start] = g->hub[start] || !any;
}

static void give_place(struct plan *g, uint32_t v)
{
	g->node[g->n] = v;
	g->place[v] = g->n++;
}

/* The chain that begins with v, beside hub a. */
static void follow_chain(struct plan *g, uint32_t a, uint32_t v)
{
	struct pce_chain *h = &g->chain[g->n_chains++];
	uint32_t before = a, next;

	*h = (struct pce_chain){ .first = g->n, .a = g->place[a] };
	while (!g->hub[v]) {
		give_place(g, v);
		h->len++;
		next = out_end(g, v, 0) == before ? out_end(g, v, 1) : out_end(g, v, 0);
		before = v;
		v = next;
	}
	h->b = g->place[v];
}

static void place_all(struct plan *g, struct pce_shape *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		g->place[i] = TED_NONE;
	for (uint32_t i = 0; i < s->n; i++)
		if (!g->met[i])
			look_from(g, i);
	for (uint32_t i = 0; i < s->n; i++)
		if (g->hub[g->seen[i]])
			give_place(g, g->seen[i]);
	s->n_hubs = g->n;
	for (uint32_t i = 0; i < s->n_hubs; i++) {
		uint32_t u = g->node[i];

		for (uint32_t k = 0; k < g->out.start[u + 1] - g->out.start[u]; k++)
			if (g->place[out_end(g, u, k)] == TED_NONE)
				follow_chain(g, u, out_end(g, u, k));
	}
	s->n_chains = g->n_chains;
}

/* The chains; NULL without memory. */
static struct pce_chain *order_nodes(struct shape *h, const struct ted_priv *p, uint32_t *place,
				     uint32_t *node)
{
	size_t n = (size_t)h->is.n + 1;
	struct plan g = { .p = p, .place = place, .node = node };
	struct arena scratch;
	bool good;

	arena_init(&scratch, 0);
	for (uint32_t i = 0; i < h->is.n; i++)
		place[i] = i; /* rows by node index */
	g.seen = ARENA_ARRAY(&scratch, n, uint32_t);
	g.met = ARENA_ARRAY(&scratch, n, bool);
	g.hub = ARENA_ARRAY(&scratch, n, bool);
	g.chain = ARENA_ARRAY(&h->arena, n, struct pce_chain);
	good = g.seen && g.met && g.hub && g.chain &&
	       rows_make(&g.out, p, place, true, &scratch) &&
	       rows_make(&g.in, p, place, false, &scratch);
	if (good)
		place_all(&g, &h->is);
	h->is.chain = g.chain;
	arena_fini(&scratch);
	return good ? g.chain : NULL;
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

/* The hubs' arcs into a chain, found from inside, where rows are short. */
static void chain_ends(const struct pce_shape *s, struct pce_chain *h)
{
	uint32_t last = h->first + h->len - 1, k;

	k = s->out[h->first];
	h->in_a = s->in_of_out[s->out_to[k] == h->a ? k : k + 1];
	k = s->in[h->first];
	h->out_a = s->out_of_in[s->in_from[k] == h->a ? k : k + 1];
	k = s->out[last];
	h->in_b = s->in_of_out[s->out_to[k] == h->b ? k : k + 1];
	k = s->in[last];
	h->out_b = s->out_of_in[s->in_from[k] == h->b ? k : k + 1];
}

static bool hub_rows(struct shape *h, struct pce_chain *chain)
{
	struct pce_shape *s = &h->is;
	size_t n_out = s->out[s->n_hubs], n_in = s->in[s->n_hubs];
	uint32_t *out_of_in = ARENA_ARRAY(&h->arena, n_in + 1, uint32_t);
	uint32_t *in_of_out = ARENA_ARRAY(&h->arena, n_out + 1, uint32_t);
	uint32_t *in_chain = ARENA_ARRAY(&h->arena, (size_t)s->n - s->n_hubs + 1, uint32_t);

	if (!out_of_in || !in_of_out || !in_chain)
		return false;
	for (size_t i = 0; i < n_in; i++)
		out_of_in[i] = s->out_of_in[i];
	for (size_t i = 0; i < n_out; i++)
		in_of_out[i] = s->in_of_out[i];
	for (uint32_t i = 0; i < s->n_chains; i++) {
		struct pce_chain *c = &chain[i];

		chain_ends(s, c);
		for (uint32_t k = 0; k < c->len; k++)
			in_chain[c->first + k - s->n_hubs] = i;
		out_of_in[c->in_b] = c->out_a;
		in_of_out[c->out_a] = c->in_b;
		out_of_in[c->in_a] = c->out_b;
		in_of_out[c->out_b] = c->in_a;
	}
	s->in_chain = in_chain;
	s->hub_out_of_in = out_of_in;
	s->hub_in_of_out = in_of_out;
	return true;
}

static bool shape_fill(struct shape *h, const struct ted_priv *p)
{
	struct pce_shape *s = &h->is;
	uint32_t *place = ARENA_ARRAY(&h->arena, (size_t)p->ted.n_nodes + 1, uint32_t);
	uint32_t *node = ARENA_ARRAY(&h->arena, (size_t)p->ted.n_nodes + 1, uint32_t);
	struct pce_chain *chain;
	struct rows out, in;

	s->n = p->ted.n_nodes;
	s->m = p->ted.n_links;
	chain = place && node ? order_nodes(h, p, place, node) : NULL;
	if (!chain || !rows_make(&out, p, place, true, &h->arena) ||
	    !rows_make(&in, p, place, false, &h->arena))
		return false;
	s->place = place;
	s->node = node;
	s->out = out.start;
	s->out_link = out.link;
	s->in = in.start;
	s->in_link = in.link;
	return link_rows(h, &out, &in, p) && hub_rows(h, chain);
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

static int marks_make(struct ted_priv *p, const struct ted *prev)
{
	p->mark = calloc(1, sizeof(*p->mark));
	if (!p->mark)
		return err_raise(-ENOMEM);
	atomic_init(&p->mark->refs, 1);
	p->prev_mark = prev ? ted_mark_ref(ted_priv_of(prev)->mark) : NULL;
	return 0;
}

int ted_graph_next(struct ted_priv *p, const struct ted *prev)
{
	p->shape = pce_shape_ref(ted_priv_of(prev)->shape);
	return marks_make(p, prev);
}

int ted_graph(struct ted_priv *p, const struct ted *prev)
{
	struct shape *h;

	if (same_shape(p, prev))
		return ted_graph_next(p, prev);
	if (marks_make(p, prev) < 0)
		return -ENOMEM;
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
