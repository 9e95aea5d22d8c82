/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A generation from the one before, at the cost of what changed.
 *
 * Rows come from a spare or by copying (ted_rows.c); a row that is written keeps the arrays that
 * did not change; links between the same two nodes are paired anew, because each may be the
 * other's better partner; a node that comes or goes has all its links looked at; adjacency is
 * patched. Whatever is too much, or touches more than rows say (new indices, a full log of keys,
 * half of the store garbage), is a full build: the same result.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "pce/graph.h"
#include "pce/ted_priv.h"

enum {
	TOUCHED_MAX = 1024,	  /* rows of links: beyond it a full build costs less */
	GARBAGE_MIN = 1 << 20,	  /* octets of a store that may always be added */
	NEEDS_FULL = 1,		  /* of functions here: > 0, consumed by ted_update() */
};

struct update {
	const struct ted_patch *in;
	const struct ted_priv *old;
	struct ted_priv *p;
	struct arena scratch;
	struct ted_subset touched; /* links whose rows are written, ascending */
};

/* ---- the full way ---- */

/* All rows as the caller would have given them for a full build. */
static int build_whole(const struct ted_patch *in, struct arena *a, const struct ted **outp)
{
	const struct ted *prev = in->prev;
	bool given = ted_priv_of(prev)->store->given_pairs;
	uint32_t n = prev->n_nodes, m = prev->n_links;
	struct ted_input whole = { .stale = in->stale, .prev = prev };
	struct ted_node *nodes;
	struct ted_link *links;

	if (in->n_nodes > 0 && in->node_at[in->n_nodes - 1] >= n)
		n = in->node_at[in->n_nodes - 1] + 1;
	if (in->n_links > 0 && in->link_at[in->n_links - 1] >= m)
		m = in->link_at[in->n_links - 1] + 1;
	nodes = ARENA_ARRAY(a, n, struct ted_node);
	links = ARENA_ARRAY(a, m, struct ted_link);
	if (!nodes || !links)
		return err_raise(-ENOMEM);
	if (prev->n_nodes > 0)
		memcpy(nodes, prev->nodes, prev->n_nodes * sizeof(*nodes));
	for (uint32_t i = 0; i < prev->n_links; i++) {
		links[i] = prev->links[i];
		if (!given)
			links[i].reverse = TED_NONE;
	}
	for (uint32_t i = 0; i < in->n_nodes; i++)
		nodes[in->node_at[i]] = in->nodes[i];
	for (uint32_t i = 0; i < in->n_links; i++)
		links[in->link_at[i]] = in->links[i];
	whole.nodes = nodes;
	whole.links = links;
	whole.n_nodes = n;
	whole.n_links = m;
	return ted_build(&whole, outp);
}

static bool rows_fit(const struct ted_patch *in)
{
	const struct ted *prev = in->prev;

	for (uint32_t i = 0; i < in->n_nodes; i++) {
		const struct ted_node *n = &in->nodes[i];
		uint32_t at = in->node_at[i];

		assert(i == 0 || at > in->node_at[i - 1]);
		if (at >= prev->n_nodes || n->pseudonode != prev->nodes[at].pseudonode)
			return false;
	}
	for (uint32_t i = 0; i < in->n_links; i++) {
		const struct ted_link *l = &in->links[i];
		uint32_t at = in->link_at[i];

		assert(i == 0 || at > in->link_at[i - 1]);
		if (at >= prev->n_links || l->from != prev->links[at].from ||
		    l->to != prev->links[at].to || l->reverse != TED_NONE)
			return false;
	}
	return true;
}

static bool patchable(const struct ted_patch *in)
{
	const struct ted_priv *old = ted_priv_of(in->prev);
	const struct ted_store *s = old->store;

	return old->serial == s->serial && !s->given_pairs && in->n_links <= TOUCHED_MAX &&
	       in->n_nodes <= TOUCHED_MAX && s->arena.used <= 2 * s->base + GARBAGE_MIN &&
	       rows_fit(in);
}

/* ---- the rows ---- */

struct touch {
	uint64_t *seen; /* by link: it is among the touched */
	uint32_t *at;
	uint32_t n, looked;
};

static void touch(struct touch *t, uint32_t link)
{
	if (bitset_has(t->seen, link))
		return;
	bitset_add(t->seen, link);
	t->at[t->n++] = link;
}

/* Living links from a to b. False: too many to look at. */
static bool touch_between(const struct update *u, struct touch *t, uint32_t a, uint32_t b)
{
	const struct pce_shape *s = u->old->shape;
	uint32_t row = s->place[a];

	for (uint32_t k = s->out[row]; k < s->out[row + 1]; k++) {
		const struct ted_link *l = &u->old->ted.links[s->out_link[k]];

		if (l->to != b || !l->alive)
			continue;
		if (t->n >= TOUCHED_MAX)
			return false;
		touch(t, s->out_link[k]);
	}
	t->looked += s->out[row + 1] - s->out[row];
	return t->looked <= u->old->ted.n_links + TOUCHED_MAX;
}

/* Links from and to a node that goes, or comes: those it comes with are among the rows. */
static bool touch_node(const struct update *u, struct touch *t, uint32_t node)
{
	const struct pce_shape *s = u->old->shape;
	uint32_t row = s->place[node];

	if (s->out[row + 1] - s->out[row] + s->in[row + 1] - s->in[row] > TOUCHED_MAX - t->n)
		return false;
	for (uint32_t k = s->out[row]; k < s->out[row + 1]; k++)
		touch(t, s->out_link[k]);
	for (uint32_t k = s->in[row]; k < s->in[row + 1]; k++)
		touch(t, s->in_link[k]);
	return true;
}

void ted_sort(uint32_t *at, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		uint32_t x = at[i], k = i;

		for (; k > 0 && at[k - 1] > x; k--)
			at[k] = at[k - 1];
		at[k] = x;
	}
}

static int touched_find(struct update *u)
{
	const struct ted_patch *in = u->in;
	struct touch t = { 0 };

	t.seen = ARENA_ARRAY(&u->scratch, BITSET_WORDS((size_t)u->old->ted.n_links), uint64_t);
	t.at = ARENA_ARRAY(&u->scratch, 2 * TOUCHED_MAX, uint32_t);
	if (!t.seen || !t.at)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < in->n_links; i++)
		touch(&t, in->link_at[i]);
	for (uint32_t i = 0; i < in->n_nodes; i++) {
		uint32_t node = in->node_at[i];

		if (in->nodes[i].alive != u->old->ted.nodes[node].alive && !touch_node(u, &t, node))
			return NEEDS_FULL;
	}
	for (uint32_t i = 0; i < in->n_links; i++) {
		const struct ted_link *l = &in->links[i];

		if (!touch_between(u, &t, l->from, l->to) || !touch_between(u, &t, l->to, l->from))
			return NEEDS_FULL;
	}
	ted_sort(t.at, t.n);
	u->touched = (struct ted_subset){ t.at, t.n };
	return 0;
}

static int rows_write(struct update *u)
{
	const struct ted_patch *in = u->in;
	struct ted_rows *r = u->p->rows;
	struct arena *a = &u->p->store->arena;

	for (uint32_t i = 0; i < in->n_nodes; i++) {
		struct ted_node *n = &r->nodes[in->node_at[i]];

		*n = in->nodes[i];
		if (ted_node_own(a, n, &u->old->ted.nodes[in->node_at[i]]) < 0)
			return -ENOMEM;
		r->nflags[in->node_at[i]] = ted_nflags_of(n);
	}
	for (uint32_t i = 0; i < in->n_links; i++) {
		struct ted_link *l = &r->links[in->link_at[i]];

		*l = in->links[i];
		if (ted_link_own(a, l, &u->old->ted.links[in->link_at[i]]) < 0)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < u->touched.n; i++) {
		struct ted_link *l = &r->links[u->touched.at[i]];

		l->alive = l->alive && r->nodes[l->from].alive && r->nodes[l->to].alive;
		l->reverse = TED_NONE;
	}
	return ted_pair_some(r->links, &u->p->ted, &u->touched, &u->scratch);
}

/* ---- what follows from the rows ---- */

static int count_and_list(struct update *u)
{
	struct ted *t = &u->p->ted;
	const struct ted *old = &u->old->ted;
	uint32_t *links = ARENA_ARRAY(&u->p->arena, u->touched.n, uint32_t);
	uint32_t *nodes = ARENA_ARRAY(&u->p->arena, u->in->n_nodes, uint32_t);

	if (!links || !nodes)
		return err_raise(-ENOMEM);
	t->changed_links = links;
	t->changed_nodes = nodes;
	t->n_alive = old->n_alive;
	t->n_usable = old->n_usable;
	for (uint32_t i = 0; i < u->touched.n; i++) {
		uint32_t link = u->touched.at[i];

		t->n_usable += ted_link_usable(&t->links[link]);
		t->n_usable -= ted_link_usable(&old->links[link]);
		if (!ted_link_eq(&t->links[link], &old->links[link]))
			links[t->n_changed_links++] = link;
	}
	for (uint32_t i = 0; i < u->in->n_nodes; i++) {
		uint32_t node = u->in->node_at[i];

		t->n_alive += t->nodes[node].alive;
		t->n_alive -= old->nodes[node].alive;
		if (!ted_node_eq(&t->nodes[node], &old->nodes[node]))
			nodes[t->n_changed_nodes++] = node;
	}
	return 0;
}

static bool definitions_touched(const struct update *u)
{
	for (uint32_t i = 0; i < u->in->n_nodes; i++)
		if (u->in->nodes[i].n_fads > 0 ||
		    u->old->ted.nodes[u->in->node_at[i]].n_fads > 0)
			return true;
	return false;
}

static int flex_update(struct update *u)
{
	const struct ted *old = &u->old->ted;
	struct ted *t = &u->p->ted;
	int r = 0;

	if (definitions_touched(u)) {
		r = ted_flex_resolve(u->p);
	} else {
		t->flex = arena_copy(&u->p->arena, old->flex, old->n_flex * sizeof(*old->flex));
		t->n_flex = old->n_flex;
		if (!t->flex)
			r = err_raise(-ENOMEM);
	}
	if (r == 0)
		ted_flex_delta(t, old);
	return r;
}

static void commit(struct update *u)
{
	struct ted_store *s = u->p->store;

	u->p->serial = u->p->rows->serial = ++s->serial;
	for (uint32_t i = 0; i < u->in->n_nodes; i++)
		ted_log(s, s->serial, u->in->node_at[i] << 1);
	for (uint32_t i = 0; i < u->touched.n; i++)
		ted_log(s, s->serial, u->touched.at[i] << 1 | 1);
}

static int patch(struct update *u)
{
	const struct ted_subset nodes = { u->in->node_at, u->in->n_nodes };
	const struct ted_subset links = { u->in->link_at, u->in->n_links };
	struct ted_priv *p = u->p;
	int r = touched_find(u);

	if (r != 0)
		return r;
	p->rows = ted_rows_after(p->store, u->old);
	if (!p->rows)
		return err_raise(-ENOMEM);
	ted_rows_use(p);
	r = ted_graph_next(p, &u->old->ted);
	if (r == 0)
		r = rows_write(u);
	for (uint32_t i = 0; r == 0 && i < u->touched.n; i++) {
		uint32_t link = u->touched.at[i];

		p->rows->arcs[link] = ted_arc_of(p->nflags, &p->ted.links[link]);
	}
	if (r == 0)
		r = ted_adj_patch(p->rows, u->old->rows, &u->touched, &u->scratch);
	if (r == 0)
		r = ted_index_more(p, &u->old->more, &nodes, &links);
	if (r == 0)
		r = count_and_list(u);
	if (r == 0)
		r = flex_update(u);
	if (r == 0)
		commit(u);
	return r;
}

/* Rows that were written in part are no generation: they are not kept as spare. */
static void give_up(struct ted_priv *p)
{
	free(p->rows);
	p->rows = NULL;
	ted_unref(&p->ted);
}

static int update_start(struct update *u, const struct ted_patch *in)
{
	struct ted_priv *p = calloc(1, sizeof(*p));

	*u = (struct update){ .in = in, .old = ted_priv_of(in->prev), .p = p };
	if (!p)
		return err_raise(-ENOMEM);
	arena_init(&p->arena, 0);
	arena_init(&u->scratch, 0);
	atomic_init(&p->refs, 1);
	p->ted.priv = p;
	p->ted.stale = in->stale;
	p->ted.generation = in->prev->generation + 1;
	p->store = ted_store_ref(u->old->store);
	memcpy(p->loc_lens, u->old->loc_lens, sizeof(p->loc_lens));
	p->n_loc_lens = u->old->n_loc_lens;
	p->n_pseudo = u->old->n_pseudo;
	return 0;
}

int ted_update(const struct ted_patch *in, const struct ted **outp)
{
	struct arena whole;
	struct update u;
	int r = NEEDS_FULL;

	if (patchable(in)) {
		r = update_start(&u, in);
		if (r < 0)
			return err_trace(r);
		r = patch(&u);
		arena_fini(&u.scratch);
		if (r == 0)
			*outp = &u.p->ted;
		else
			give_up(u.p);
	}
	if (r != NEEDS_FULL)
		return err_trace(r);
	arena_init(&whole, 0);
	r = build_whole(in, &whole, outp);
	arena_fini(&whole);
	return err_trace(r);
}

/* ---- all rows, of which few are others ---- */

/* Rows of the input that are not those of prev. False: too many, or no memory. */
static bool rows_differ(const struct ted_input *in, struct arena *a, struct ted_patch *out)
{
	uint32_t *node_at = ARENA_ARRAY(a, TOUCHED_MAX, uint32_t);
	uint32_t *link_at = ARENA_ARRAY(a, TOUCHED_MAX, uint32_t);
	struct ted_node *nodes = ARENA_ARRAY(a, TOUCHED_MAX, struct ted_node);
	struct ted_link *links = ARENA_ARRAY(a, TOUCHED_MAX, struct ted_link);
	uint32_t n = 0, m = 0;

	if (!node_at || !link_at || !nodes || !links)
		return false;
	*out = (struct ted_patch){ .prev = in->prev, .node_at = node_at, .link_at = link_at,
				   .nodes = nodes, .links = links, .stale = in->stale };
	for (uint32_t i = 0; i < in->n_nodes; i++) {
		if (ted_node_same(&in->nodes[i], &in->prev->nodes[i]))
			continue;
		if (n == TOUCHED_MAX)
			return false;
		nodes[n] = in->nodes[i];
		node_at[n++] = i;
	}
	for (uint32_t i = 0; i < in->n_links; i++) {
		if (in->links[i].reverse != TED_NONE)
			return false;
		if (ted_link_same(&in->links[i], &in->prev->links[i]))
			continue;
		if (m == TOUCHED_MAX)
			return false;
		links[m] = in->links[i];
		link_at[m++] = i;
	}
	out->n_nodes = n;
	out->n_links = m;
	return patchable(out);
}

int ted_rebuild(const struct ted_input *in, const struct ted **outp)
{
	const struct ted *prev = in->prev;
	struct ted_patch p;
	struct arena a;
	bool few;
	int r;

	if (!prev || prev->n_nodes != in->n_nodes || prev->n_links != in->n_links)
		return err_trace(ted_build(in, outp));
	arena_init(&a, 0);
	few = rows_differ(in, &a, &p);
	r = few ? ted_update(&p, outp) : ted_build(in, outp);
	arena_fini(&a);
	return err_trace(r);
}

void ted_undo(const struct ted *t, const struct ted *prev)
{
	struct ted_priv *p = t->priv;

	assert(atomic_load(&p->refs) == 1);
	if (p->store != ted_priv_of(prev)->store) {
		ted_unref(t);
		return;
	}
	p->store->serial = ted_priv_of(prev)->serial; /* what was logged is copied once too often */
	give_up(p);
}
