/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building and sharing of the TED. Nothing in a generation changes after ted_build() or
 * ted_update() returned but its reference count, which is atomic. The last reference frees it;
 * its rows go back to the store they came from (ted_rows.c).
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
	if (p->store)
		ted_rows_retire(p->store, p->rows);
	ted_store_unref(p->store);
	free(p);
	return NULL;
}

uint8_t ted_nflags_of(const struct ted_node *n)
{
	return (uint8_t)((n->alive ? TED_NF_ALIVE : 0) | (n->pseudonode ? TED_NF_PSEUDO : 0) |
			 (n->overload ? TED_NF_OVERLOAD : 0));
}

static int copy_nodes(struct ted_priv *p, const struct ted_input *in)
{
	for (uint32_t i = 0; i < in->n_nodes; i++) {
		struct ted_node *n = &p->rows->nodes[i];

		*n = in->nodes[i];
		p->n_pseudo += n->pseudonode;
		if (ted_node_own(&p->store->arena, n, NULL) < 0)
			return -ENOMEM;
		p->rows->nflags[i] = ted_nflags_of(n);
	}
	return 0;
}

/* Links of nodes that are gone are gone too, whatever the caller says. */
static int copy_links(struct ted_priv *p, const struct ted_input *in)
{
	for (uint32_t i = 0; i < in->n_links; i++) {
		struct ted_link *l = &p->rows->links[i];

		*l = in->links[i];
		assert(l->from < in->n_nodes && l->to < in->n_nodes);
		if (ted_link_own(&p->store->arena, l, NULL) < 0)
			return -ENOMEM;
		l->alive = l->alive && p->ted.nodes[l->from].alive && p->ted.nodes[l->to].alive;
		p->store->given_pairs |= l->reverse != TED_NONE;
	}
	return 0;
}

struct ted_arc ted_arc_of(const uint8_t *nflags, const struct ted_link *l)
{
	struct ted_arc a = { .from = l->from, .to = l->to, .hops = 1 };

	if (nflags[l->from] & TED_NF_PSEUDO) {
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

static void make_arcs(struct ted_rows *r)
{
	for (uint32_t i = 0; i < r->n_links; i++)
		r->arcs[i] = ted_arc_of(r->nflags, &r->links[i]);
}

void ted_count(struct ted *t)
{
	t->n_alive = t->n_usable = 0;
	for (uint32_t i = 0; i < t->n_nodes; i++)
		t->n_alive += t->nodes[i].alive;
	for (uint32_t i = 0; i < t->n_links; i++)
		t->n_usable += ted_link_usable(&t->links[i]);
}

static int fill(struct ted_priv *p, const struct ted_input *in, struct arena *scratch)
{
	int r = copy_nodes(p, in);

	if (r == 0)
		r = copy_links(p, in);
	if (r == 0)
		r = ted_pair(p->rows->links, &p->ted, scratch);
	if (r == 0) {
		make_arcs(p->rows);
		r = ted_adj_build(p->rows, scratch);
	}
	if (r == 0)
		r = ted_graph(p, in->prev);
	if (r == 0)
		r = ted_index(p, scratch);
	if (r == 0)
		r = ted_flex_resolve(p);
	if (r == 0)
		r = ted_delta(p, in->prev);
	ted_count(&p->ted);
	p->store->base = p->store->arena.used;
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
	atomic_init(&p->refs, 1);
	p->ted.priv = p;
	p->ted.stale = in->stale;
	p->ted.generation = in->prev ? in->prev->generation + 1 : 1;
	p->store = ted_store_new();
	p->rows = ted_rows_new(in->n_nodes, in->n_links);
	if (!p->store || !p->rows) {
		if (!p->store)
			free(p->rows);
		ted_unref(&p->ted);
		return err_raise(-ENOMEM);
	}
	ted_rows_use(p);
	arena_init(&scratch, 0);
	r = fill(p, in, &scratch);
	arena_fini(&scratch);
	if (r < 0) {
		ted_unref(&p->ted);
		return err_trace(r);
	}
	*outp = &p->ted;
	return 0;
}
