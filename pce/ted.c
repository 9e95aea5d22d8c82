/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building and sharing of the TED. One arena holds a whole snapshot; nothing in it changes
 * after ted_build() returned but the reference count, which is atomic. The last reference
 * frees everything.
 */
#include "pce/ted.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "base/err.h"
#include "pce/path.h"
#include "pce/ted_priv.h"

const struct ted *ted_ref(const struct ted *t)
{
	struct ted_priv *p = t->priv;

	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return t;
}

const struct ted *ted_unref(const struct ted *t)
{
	struct ted_priv *p;

	if (!t)
		return NULL;
	p = t->priv;
	if (atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	ted_graph_fini(p);
	arena_fini(&p->arena);
	free(p);
	return NULL;
}

/* Copies n elements behind *pp into the arena; an empty array becomes NULL. */
static bool copy_array(struct arena *a, const void **pp, size_t n, size_t size)
{
	if (n == 0) {
		*pp = NULL;
		return true;
	}
	*pp = arena_copy(a, *pp, n * size);
	return *pp != NULL;
}

#define COPY(a, x, field, count) copy_array(a, (const void **)&(x)->field, (x)->count,             \
					    sizeof(*(x)->field))

/* What stands after the NUL is noise that must not look like a change. */
static void text_clean(char *s, size_t cap)
{
	size_t n;

	s[cap - 1] = '\0';
	n = strlen(s);
	memset(s + n, 0, cap - n);
}

static bool copy_node(struct arena *a, struct ted_node *n)
{
	text_clean(n->id, sizeof(n->id));
	text_clean(n->name, sizeof(n->name));
	return COPY(a, n, prefixes, n_prefixes) && COPY(a, n, locators, n_locators) &&
	       COPY(a, n, sids, n_sids) && COPY(a, n, node_sids, n_node_sids) &&
	       COPY(a, n, srgb, n_srgb) && COPY(a, n, srlb, n_srlb) && COPY(a, n, fads, n_fads);
}

static bool copy_flex(struct arena *a, struct ted_link *l)
{
	struct ted_flex_attrs *own;

	if (l->flex_plain)
		l->flex = NULL;
	if (!l->flex)
		return true;
	own = arena_copy(a, l->flex, sizeof(*own));
	l->flex = own;
	return own && COPY(a, own, srlg, n_srlg);
}

static bool copy_link(struct arena *a, struct ted_link *l)
{
	return COPY(a, l, srlg, n_srlg) && COPY(a, l, sids, n_sids) &&
	       COPY(a, l, adj_sids, n_adj_sids) && copy_flex(a, l);
}

static int copy_nodes(struct ted_priv *p, const struct ted_input *in)
{
	struct ted_node *nodes = ARENA_ARRAY(&p->arena, in->n_nodes, struct ted_node);
	uint8_t *flags = ARENA_ARRAY(&p->arena, in->n_nodes, uint8_t);

	if (!nodes || !flags)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < in->n_nodes; i++) {
		struct ted_node *n = &nodes[i];

		*n = in->nodes[i];
		if (!copy_node(&p->arena, n))
			return err_raise(-ENOMEM);
		flags[i] = (uint8_t)((n->alive ? TED_NF_ALIVE : 0) |
				     (n->pseudonode ? TED_NF_PSEUDO : 0) |
				     (n->overload ? TED_NF_OVERLOAD : 0));
	}
	p->ted.nodes = nodes;
	p->ted.n_nodes = in->n_nodes;
	p->nflags = flags;
	return 0;
}

/* Links of nodes that are gone are gone too, whatever the caller says. */
static int copy_links(struct ted_priv *p, const struct ted_input *in, struct ted_link **out)
{
	struct ted_link *links = ARENA_ARRAY(&p->arena, in->n_links, struct ted_link);

	if (!links)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < in->n_links; i++) {
		struct ted_link *l = &links[i];

		*l = in->links[i];
		assert(l->from < in->n_nodes && l->to < in->n_nodes);
		if (!copy_link(&p->arena, l))
			return err_raise(-ENOMEM);
		l->alive = l->alive && p->ted.nodes[l->from].alive && p->ted.nodes[l->to].alive;
	}
	*out = links;
	p->ted.links = links;
	p->ted.n_links = in->n_links;
	return 0;
}

static struct ted_arc arc_of(const struct ted_priv *p, const struct ted_link *l)
{
	struct ted_arc a = { .from = l->from, .to = l->to, .hops = 1 };

	if (p->nflags[l->from] & TED_NF_PSEUDO) {
		a.hops = 0;
		return a;
	}
	a.igp = l->has_igp && l->igp_metric <= TED_METRIC_MAX ? l->igp_metric : TED_NONE;
	a.te = l->has_te ? l->te_metric : a.igp;
	a.delay = l->has_delay ? l->delay_us : TED_NONE;
	a.variation = l->has_delay_var ? l->delay_var_us : TED_NONE;
	a.loss = l->has_loss ? pce_loss_units(l->loss_ppm) : TED_NONE;
	return a;
}

static int make_arcs(struct ted_priv *p)
{
	struct ted_arc *arcs = ARENA_ARRAY(&p->arena, p->ted.n_links, struct ted_arc);

	if (!arcs)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < p->ted.n_links; i++)
		arcs[i] = arc_of(p, &p->ted.links[i]);
	p->arcs = arcs;
	return 0;
}

static bool usable(const struct ted_link *l)
{
	return l->alive && l->reverse != TED_NONE;
}

/* Counting sort by the end asked for keeps link indices ascending inside a node. */
static int make_adj(struct ted_priv *p, bool out, struct ted_adj *adj)
{
	const struct ted *t = &p->ted;
	uint32_t *start = ARENA_ARRAY(&p->arena, (size_t)t->n_nodes + 2, uint32_t);
	uint32_t n = 0, *idx;

	if (!start)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < t->n_links; i++) {
		if (!usable(&t->links[i]))
			continue;
		start[(out ? t->links[i].from : t->links[i].to) + 2]++;
		n++;
	}
	for (uint32_t i = 2; i < t->n_nodes + 2; i++)
		start[i] += start[i - 1];
	idx = ARENA_ARRAY(&p->arena, n, uint32_t);
	if (!idx)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < t->n_links; i++)
		if (usable(&t->links[i]))
			idx[start[(out ? t->links[i].from : t->links[i].to) + 1]++] = i;
	adj->start = start;
	adj->idx = idx;
	return 0;
}

static int make_in_arcs(struct ted_priv *p)
{
	uint32_t n = p->ted.in.start[p->ted.n_nodes];
	struct ted_in_arc *a = ARENA_ARRAY(&p->arena, (size_t)n + 1, struct ted_in_arc);

	if (!a)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < n; i++) {
		const struct ted_arc *arc = &p->arcs[p->ted.in.idx[i]];

		a[i] = (struct ted_in_arc){ arc->from, arc->igp };
	}
	p->in_arcs = a;
	return 0;
}

static int fill(struct ted_priv *p, const struct ted_input *in, struct arena *scratch)
{
	struct ted_link *links = NULL;
	int r = copy_nodes(p, in);

	if (r == 0)
		r = copy_links(p, in, &links);
	if (r == 0)
		r = ted_pair(links, &p->ted, scratch);
	if (r == 0)
		r = make_arcs(p);
	if (r == 0)
		r = ted_graph(p, in->prev);
	if (r == 0)
		r = make_adj(p, true, &p->ted.out);
	if (r == 0)
		r = make_adj(p, false, &p->ted.in);
	if (r == 0)
		r = make_in_arcs(p);
	if (r == 0)
		r = ted_index(p, scratch);
	if (r == 0)
		r = ted_flex_resolve(p);
	if (r == 0)
		r = ted_delta(p, in->prev);
	return err_trace(r);
}

int ted_build(const struct ted_input *in, const struct ted **outp)
{
	struct ted_priv *p = calloc(1, sizeof(*p));
	struct arena scratch;
	int r;

	if (!p)
		return err_raise(-ENOMEM);
	arena_init(&p->arena, 0);
	arena_init(&scratch, 0);
	atomic_init(&p->refs, 1);
	p->ted.priv = p;
	p->ted.stale = in->stale;
	p->ted.generation = in->prev ? in->prev->generation + 1 : 1;
	r = fill(p, in, &scratch);
	arena_fini(&scratch);
	if (r < 0) {
		ted_unref(&p->ted);
		return err_trace(r);
	}
	*outp = &p->ted;
	return 0;
}
