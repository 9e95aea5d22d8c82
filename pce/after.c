/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest paths without what failed. Distances towards a node are the kept tree's, and only nodes
 * all of whose shortest paths are cut are computed anew: first those that lost every support, from
 * the cut backwards, then Dijkstra among them. Where links of routers cost nothing, support may go
 * round in a circle: then all is computed.
 */
#include "pce/after.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "pce/buckets.h"
#include "pce/ted_priv.h"

enum { TREES_BYTES = 64 << 20 };

static bool overloaded(const struct pce_after *x, uint32_t place)
{
	return x->overload && bitset_has(x->overload, place);
}

/* ---- SRLGs ---- */

struct member {
	uint32_t srlg, link;
};

static int by_srlg(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->srlg != y->srlg)
		return x->srlg < y->srlg ? -1 : 1;
	return (x->link > y->link) - (x->link < y->link);
}

static bool srlgs_index(struct pce_after *x)
{
	const struct ted *t = x->t;
	uint32_t n = 0, *start, *link, *srlg;
	struct member *m;

	for (uint32_t i = 0; i < t->n_links; i++)
		n += ted_link_usable(&t->links[i]) ? t->links[i].n_srlg : 0;
	m = ARENA_ARRAY(&x->arena, n + 1, struct member);
	start = ARENA_ARRAY(&x->arena, (size_t)n + 2, uint32_t);
	srlg = ARENA_ARRAY(&x->arena, n + 1, uint32_t);
	link = ARENA_ARRAY(&x->arena, n + 1, uint32_t);
	if (!m || !start || !srlg || !link)
		return false;
	n = 0;
	for (uint32_t i = 0; i < t->n_links; i++)
		for (uint32_t k = 0; ted_link_usable(&t->links[i]) && k < t->links[i].n_srlg; k++)
			m[n++] = (struct member){ t->links[i].srlg[k], i };
	qsort(m, n, sizeof(*m), by_srlg);
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || m[i].srlg != m[i - 1].srlg) {
			srlg[x->n_srlg] = m[i].srlg;
			start[x->n_srlg++] = i;
		}
		link[i] = m[i].link;
	}
	start[x->n_srlg] = n;
	x->srlg_start = start;
	x->srlg_link = link;
	x->srlg = srlg;
	return true;
}

static uint32_t srlg_find(const struct pce_after *x, uint32_t number)
{
	uint32_t lo = 0, hi = x->n_srlg;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (x->srlg[mid] < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < x->n_srlg && x->srlg[lo] == number ? lo : TED_NONE;
}

/* ---- making ---- */

static bool rooms(struct pce_after *x)
{
	uint32_t n = x->t->n_nodes, m = x->t->n_links;

	x->dead = ARENA_ARRAY(&x->arena, m + 1, uint32_t);
	x->is_dead = ARENA_ARRAY(&x->arena, m + 1, uint8_t);
	x->dist_from = ARENA_ARRAY(&x->arena, n + 1, uint32_t);
	x->dist_to = ARENA_ARRAY(&x->arena, n + 1, uint32_t);
	/* Each node goes on the stack once by each of its links at most. */
	x->stack = ARENA_ARRAY(&x->arena, (size_t)n + m + 1, uint32_t);
	x->hit = ARENA_ARRAY(&x->arena, n + 1, uint8_t);
	x->lost = ARENA_ARRAY(&x->arena, n + 1, uint32_t);
	x->q = calloc(1, sizeof(*x->q));
	return x->dead && x->is_dead && x->dist_from && x->dist_to && x->stack && x->hit &&
	       x->lost && x->q && srlgs_index(x);
}

static bool zero_links(const struct pce_after *x)
{
	for (uint32_t e = 0; e < x->s->m; e++)
		if (x->out[e].w == 0 &&
		    !x->t->nodes[x->t->links[x->s->out_link[e]].from].pseudonode)
			return true;
	return false;
}

/* ---- algorithms ---- */

enum after_zero { ZERO_NOT_KNOWN, ZERO_NONE, ZERO_SOME };

bool pce_after_redefined(const struct pce_after *x, uint8_t algo)
{
	const struct ted_flex *was = algo ? ted_flex_of(x->t, algo) : NULL;
	struct ted_flex is;

	if (!was || x->node_dead == TED_NONE || was->by != x->node_dead)
		return false;
	return !ted_flex_without(x->t, algo, x->node_dead, &is) || !ted_fad_eq(&is.def, &was->def);
}

static uint32_t weight_under(const struct pce_after *x, const struct ted_flex *f, uint32_t link)
{
	const struct ted_link *l = &x->t->links[link];
	uint32_t w;

	if (!f || f->fault != TED_FLEX_GOOD || !ted_link_usable(l) ||
	    !ted_flex_node(x->t, f->def.algo, l->from) || !ted_flex_node(x->t, f->def.algo, l->to))
		return PCE_INF;
	w = ted_flex_weight(x->t, &f->def, link);
	return w > PCE_FAR ? PCE_INF : w;
}

/* No shard has trees of such a definition: its arcs are made here. */
static int arcs_make(struct pce_after *x)
{
	const struct pce_shape *s = x->s;
	struct ted_flex f;
	bool any = ted_flex_without(x->t, x->algo, x->node_dead, &f);

	if (!x->own_out)
		x->own_out = ARENA_ARRAY(&x->arena, (size_t)s->m + 1, struct pce_arc);
	if (!x->own_in)
		x->own_in = ARENA_ARRAY(&x->arena, (size_t)s->m + 1, struct pce_arc);
	if (!x->own_out || !x->own_in)
		return err_raise(-ENOMEM);
	for (uint32_t e = 0; e < s->m; e++) {
		uint32_t w = weight_under(x, any ? &f : NULL, s->out_link[e]), in = s->in_of_out[e];

		x->own_out[e] = (struct pce_arc){ s->out_to[e], w };
		x->own_in[in] = (struct pce_arc){ s->in_from[in], w };
	}
	x->out = x->own_out;
	x->in = x->own_in;
	return 0;
}

static int class_use(struct pce_after *x)
{
	const struct pce_class is = { .metric = PCE_IGP, .algo = x->algo };

	x->class = pce_trees_class(x->trees, &is);
	if (x->class == UINT32_MAX)
		return err_raise(-ENOMEM);
	x->other = pce_after_redefined(x, x->algo);
	if (x->other)
		return arcs_make(x);
	x->out = pce_class_out(x->trees, x->class);
	x->in = pce_class_in(x->trees, x->class);
	if (!x->out || !x->in)
		return err_raise(-ENOMEM);
	if (x->zero_of[x->algo] == ZERO_NOT_KNOWN)
		x->zero_of[x->algo] = zero_links(x) ? ZERO_SOME : ZERO_NONE;
	x->zero = x->zero_of[x->algo] == ZERO_SOME;
	return 0;
}

int pce_after_algo(struct pce_after *x, uint8_t algo)
{
	x->algo = algo;
	return class_use(x);
}

int pce_after_renew(struct pce_after *x)
{
	if (pce_trees_follow(x->trees, x->t) < 0)
		return err_raise(-ENOMEM);
	x->overload = pce_trees_overload(x->trees);
	return class_use(x);
}

int pce_after_new(struct pce_after **outp, const struct ted *t, struct pce_trees *trees)
{
	AUTO(pce_after_free) struct pce_after *x = calloc(1, sizeof(*x));

	if (!x)
		return err_raise(-ENOMEM);
	arena_init(&x->arena, 0);
	x->t = t;
	x->trees = trees;
	x->node_dead = TED_NONE;
	if (!trees && pce_trees_new(&x->own, TREES_BYTES) < 0)
		return err_raise(-ENOMEM);
	if (!trees)
		x->trees = x->own;
	x->s = pce_shape_of(t);
	if (pce_after_renew(x) < 0 || !rooms(x))
		return err_raise(-ENOMEM);
	*outp = TAKE(x);
	return 0;
}

struct pce_after *pce_after_free(struct pce_after *x)
{
	if (!x)
		return NULL;
	if (x->q)
		free(x->q->at);
	free(x->q);
	pce_trees_free(x->own);
	arena_fini(&x->arena);
	free(x);
	return NULL;
}

/* ---- the failure ---- */

static void kill_one(struct pce_after *x, uint32_t link)
{
	if (x->is_dead[link] || !ted_link_usable(&x->t->links[link]))
		return;
	x->is_dead[link] = 1;
	x->dead[x->n_dead++] = link;
}

static void kill_link(struct pce_after *x, uint32_t link)
{
	kill_one(x, link);
	if (x->t->links[link].reverse != TED_NONE)
		kill_one(x, x->t->links[link].reverse);
}

static void kill_node(struct pce_after *x, uint32_t node)
{
	const struct ted *t = x->t;

	x->node_dead = node;
	for (uint32_t i = t->out.start[node]; i < t->out.start[node + 1]; i++)
		kill_link(x, t->out.idx[i]);
}

int pce_after_fail(struct pce_after *x, const struct pce_failure *f)
{
	uint32_t at;

	for (uint32_t i = 0; i < x->n_dead; i++)
		x->is_dead[x->dead[i]] = 0;
	x->n_dead = 0;
	x->node_dead = TED_NONE;
	x->what = *f;
	switch (f->kind) {
	case PCE_FAIL_LINK:
		if (f->index >= x->t->n_links || !ted_link_usable(&x->t->links[f->index]))
			return 1;
		kill_link(x, f->index);
		return 0;
	case PCE_FAIL_NODE:
		if (f->index >= x->t->n_nodes || !x->t->nodes[f->index].alive)
			return 1;
		kill_node(x, f->index);
		return 0;
	case PCE_FAIL_SRLG:
		at = srlg_find(x, f->index);
		if (at == TED_NONE)
			return 1;
		for (uint32_t i = x->srlg_start[at]; i < x->srlg_start[at + 1]; i++)
			kill_link(x, x->srlg_link[i]);
		return 0;
	}
	return 1;
}

const uint32_t *pce_after_dead(const struct pce_after *x, uint32_t *n)
{
	*n = x->n_dead;
	return x->dead;
}

bool pce_after_is_dead(const struct pce_after *x, uint32_t link)
{
	return x->is_dead[link];
}

bool pce_after_node_dead(const struct pce_after *x, uint32_t node)
{
	return x->node_dead == node;
}

/* ---- distances ---- */

const uint32_t *pce_before_from(struct pce_after *x, uint32_t node)
{
	const struct pce_tree *s = pce_tree_from(x->trees, x->class, node);

	return s ? s->dist : NULL;
}

const uint32_t *pce_before_to(struct pce_after *x, uint32_t node)
{
	const struct pce_tree *s = pce_tree_to(x->trees, x->class, node);

	return s ? s->dist : NULL;
}

static uint32_t farther(uint32_t d, uint32_t w)
{
	uint64_t sum = (uint64_t)d + w;

	return d == PCE_INF || w == PCE_INF || sum > PCE_FAR ? PCE_INF : (uint32_t)sum;
}

const uint32_t *pce_after_from(struct pce_after *x, uint32_t node)
{
	const struct pce_shape *s = x->s;
	uint32_t root = s->place[node], key, u, *dist = x->dist_from;

	memset(dist, 0xff, (size_t)s->n * sizeof(*dist));
	if (pce_after_node_dead(x, node))
		return dist;
	dist[root] = 0;
	if (!pce_buckets_begin(x->q) || !pce_buckets_push(x->q, 0, root))
		return NULL;
	while (pce_buckets_pop(x->q, &key, &u)) {
		if (key != dist[u] || (overloaded(x, u) && u != root))
			continue;
		for (uint32_t e = s->out[u]; e < s->out[u + 1]; e++) {
			uint32_t v = x->out[e].place, d = farther(key, x->out[e].w);

			if (d >= dist[v] || x->is_dead[s->out_link[e]])
				continue;
			dist[v] = d;
			if (!pce_buckets_push(x->q, d, v))
				return NULL;
		}
	}
	return dist;
}

/* Relaxes what leads into v; only towards nodes that are hit, when `hit` is not NULL. */
static bool relax_into(struct pce_after *x, uint32_t *dist, uint32_t v, const uint8_t *hit)
{
	const struct pce_shape *s = x->s;

	for (uint32_t e = s->in[v]; e < s->in[v + 1]; e++) {
		uint32_t u = x->in[e].place, d = farther(dist[v], x->in[e].w);

		if (d >= dist[u] || (hit && !hit[u]) || x->is_dead[s->in_link[e]])
			continue;
		dist[u] = d;
		if (!pce_buckets_push(x->q, d, u))
			return false;
	}
	return true;
}

static bool settle(struct pce_after *x, uint32_t *dist, uint32_t root, const uint8_t *hit)
{
	uint32_t key, v;

	while (pce_buckets_pop(x->q, &key, &v))
		if (key == dist[v] && (!overloaded(x, v) || v == root) &&
		    !relax_into(x, dist, v, hit))
			return false;
	return true;
}

static const uint32_t *to_whole(struct pce_after *x, uint32_t root)
{
	memset(x->dist_to, 0xff, (size_t)x->s->n * sizeof(*x->dist_to));
	x->dist_to[root] = 0;
	return pce_buckets_begin(x->q) && pce_buckets_push(x->q, 0, root) &&
			       settle(x, x->dist_to, root, NULL) ?
		       x->dist_to :
		       NULL;
}

static bool tight(const struct pce_after *x, const uint32_t *dist, uint32_t u, uint32_t root,
		  uint32_t e)
{
	uint32_t v = x->out[e].place;

	return dist[v] != PCE_INF && (!overloaded(x, v) || v == root) &&
	       farther(dist[v], x->out[e].w) == dist[u];
}

static bool supported(const struct pce_after *x, const uint32_t *dist, uint32_t u, uint32_t root)
{
	const struct pce_shape *s = x->s;

	for (uint32_t e = s->out[u]; e < s->out[u + 1]; e++)
		if (!x->hit[x->out[e].place] && !x->is_dead[s->out_link[e]] &&
		    tight(x, dist, u, root, e))
			return true;
	return false;
}

/* Who has no shortest path left; distances are still those of before. */
static void lost_find(struct pce_after *x, const uint32_t *dist, uint32_t root)
{
	const struct pce_shape *s = x->s;
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->n_dead; i++) {
		uint32_t u = s->place[x->t->links[x->dead[i]].from];

		if (dist[u] != PCE_INF && u != root && tight(x, dist, u, root, s->out_arc[x->dead[i]]))
			x->stack[n++] = u;
	}
	while (n > 0) {
		uint32_t u = x->stack[--n];

		if (x->hit[u] || supported(x, dist, u, root))
			continue;
		x->hit[u] = 1;
		x->lost[x->n_lost++] = u;
		for (uint32_t e = s->in[u]; e < s->in[u + 1]; e++) {
			uint32_t p = x->in[e].place;

			if (!x->hit[p] && p != root && dist[p] != PCE_INF &&
			    tight(x, dist, p, root, s->out_of_in[e]))
				x->stack[n++] = p;
		}
	}
}

/* The best way of a lost node over nodes that are not. */
static bool restart(struct pce_after *x, uint32_t *dist, uint32_t u, uint32_t root)
{
	const struct pce_shape *s = x->s;

	for (uint32_t e = s->out[u]; e < s->out[u + 1]; e++) {
		uint32_t v = x->out[e].place, d;

		if (x->hit[v] || x->is_dead[s->out_link[e]] || (overloaded(x, v) && v != root))
			continue;
		d = farther(dist[v], x->out[e].w);
		if (d < dist[u])
			dist[u] = d;
	}
	return dist[u] == PCE_INF || pce_buckets_push(x->q, dist[u], u);
}

const uint32_t *pce_after_to(struct pce_after *x, uint32_t node)
{
	uint32_t root = x->s->place[node], *dist = x->dist_to;
	const uint32_t *before;
	bool good = true;

	if (pce_after_node_dead(x, node)) {
		memset(dist, 0xff, (size_t)x->s->n * sizeof(*dist));
		return dist;
	}
	if (x->zero || x->other)
		return to_whole(x, root);
	before = pce_before_to(x, node);
	if (!before || !pce_buckets_begin(x->q))
		return NULL;
	memcpy(dist, before, (size_t)x->s->n * sizeof(*dist));
	x->n_lost = 0;
	lost_find(x, dist, root);
	for (uint32_t i = 0; i < x->n_lost; i++)
		dist[x->lost[i]] = PCE_INF;
	for (uint32_t i = 0; good && i < x->n_lost; i++)
		good = restart(x, dist, x->lost[i], root);
	good = good && settle(x, dist, root, x->hit);
	for (uint32_t i = 0; i < x->n_lost; i++)
		x->hit[x->lost[i]] = 0;
	return good ? dist : NULL;
}

bool pce_after_on(const struct pce_after *x, const uint32_t *to, uint32_t target, uint32_t arc)
{
	const struct ted_link *l = &x->t->links[x->s->out_link[arc]];
	uint32_t u = x->s->place[l->from];

	return to[u] != PCE_INF && !x->is_dead[x->s->out_link[arc]] &&
	       tight(x, to, u, x->s->place[target], arc);
}

/* ---- labels ---- */

bool pce_all_readable(const struct ted *t)
{
	uint64_t index = 0, least = UINT64_MAX;

	for (uint32_t i = 0; i < t->n_nodes; i++) {
		const struct ted_node *n = &t->nodes[i];
		uint64_t labels = 0;

		if (!n->alive || n->pseudonode)
			continue;
		for (uint32_t k = 0; k < n->n_srgb; k++)
			labels += n->srgb[k].size;
		least = labels < least ? labels : least;
		for (uint32_t k = 0; k < n->n_node_sids; k++)
			if (!n->node_sids[k].is_label && n->node_sids[k].value > index)
				index = n->node_sids[k].value;
	}
	return index < least;
}

/* No link counts as dead here. */
static bool before_on(const struct pce_after *x, const uint32_t *to, uint32_t target, uint32_t u,
		      uint32_t arc)
{
	return to[u] != PCE_INF && tight(x, to, u, target, arc);
}

bool pce_before_readable(struct pce_after *x, const uint32_t *to, uint32_t from, uint32_t node,
			 const struct ted_node_sid *sid)
{
	const struct pce_shape *s = x->s;
	uint32_t n = 0, seen = 0, target = s->place[node];
	bool good = true;

	x->stack[n++] = from;
	x->hit[from] = 1;
	x->lost[seen++] = from;
	while (good && n > 0) {
		uint32_t u = x->stack[--n];

		if (u == target)
			continue;
		good = x->t->nodes[s->node[u]].pseudonode ||
		       ted_label_of(x->t, s->node[u], sid) != 0;
		for (uint32_t e = s->out[u]; e < s->out[u + 1]; e++) {
			uint32_t v = x->out[e].place;

			if (x->hit[v] || !before_on(x, to, target, u, e))
				continue;
			x->hit[v] = 1;
			x->lost[seen++] = v;
			x->stack[n++] = v;
		}
	}
	while (seen > 0)
		x->hit[x->lost[--seen]] = 0;
	return good;
}
