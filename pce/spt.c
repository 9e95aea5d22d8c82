/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest path trees as the routers compute them: IGP metric, towards one node, over all
 * usable links whatever a request excludes; overloaded nodes are reached, not crossed. Trees
 * stop growing when the nodes asked for are settled; they are kept for the same call, or by the
 * caller for many.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "pce/pce_priv.h"

enum { SPT_LEAST = 48 }; /* a call holds on to some at a time */

/* Distance and node in one word: orders by distance, then by node. */
struct queue {
	uint64_t *at;
	uint32_t n, cap;
	struct arena *a;
};

static bool queue_grow(struct queue *q)
{
	uint32_t cap = q->cap ? q->cap * 2 : 512;
	uint64_t *at = cap > q->cap ? ARENA_ARRAY(q->a, cap, uint64_t) : NULL;

	if (!at)
		return false;
	if (q->n)
		memcpy(at, q->at, q->n * sizeof(*at));
	q->at = at;
	q->cap = cap;
	return true;
}

static bool queue_push(struct queue *q, uint32_t dist, uint32_t node)
{
	uint64_t e = (uint64_t)dist << 32 | node;
	uint32_t i = q->n;

	if (i == q->cap && !queue_grow(q))
		return false;
	q->n++;
	for (; i > 0 && e < q->at[(i - 1) / 2]; i = (i - 1) / 2)
		q->at[i] = q->at[(i - 1) / 2];
	q->at[i] = e;
	return true;
}

static uint64_t queue_pop(struct queue *q)
{
	uint64_t top = q->at[0], e = q->at[--q->n];
	uint32_t i = 0;

	for (uint32_t k = 1; k < q->n; k = 2 * i + 1) {
		if (k + 1 < q->n && q->at[k + 1] < q->at[k])
			k++;
		if (q->at[k] >= e)
			break;
		q->at[i] = q->at[k];
		i = k;
	}
	q->at[i] = e;
	return top;
}

static bool relax_into(struct pce_ctx *c, struct pce_spt *s, struct queue *q, uint32_t v)
{
	const struct ted_adj *in = &c->t->in;

	for (uint32_t i = in->start[v]; i < in->start[v + 1]; i++) {
		const struct ted_in_arc *a = &c->p->in_arcs[i];
		uint64_t d;

		if (a->igp == TED_NONE)
			continue;
		d = (uint64_t)s->dist[v] + a->igp;
		if (d > PCE_DIST_MAX || d >= s->dist[a->from])
			continue;
		s->dist[a->from] = (uint32_t)d;
		if (!queue_push(q, (uint32_t)d, a->from))
			return false;
	}
	return true;
}

static bool all_within(const struct pce_spt *s, const uint32_t *want, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (s->dist[want[i]] >= s->radius)
			return false;
	return n > 0;
}

static bool grow_tree(struct pce_ctx *c, struct pce_spt *s, const uint32_t *want, uint32_t n_want)
{
	struct queue q = { .a = &c->scratch };
	uint32_t waiting = 0; /* those before it in want[] are settled */

	memset(s->dist, 0xff, c->t->n_nodes * sizeof(*s->dist));
	s->dist[s->target] = 0;
	s->radius = UINT32_MAX;
	if (!queue_push(&q, 0, s->target))
		return false;
	while (q.n) {
		uint64_t e = queue_pop(&q);
		uint32_t v = (uint32_t)(e & UINT32_MAX), d = (uint32_t)(e >> 32);

		if (s->dist[v] != d)
			continue;
		while (waiting < n_want && s->dist[want[waiting]] < d)
			waiting++;
		if (n_want && waiting == n_want) {
			s->radius = d;
			return true;
		}
		if ((c->p->nflags[v] & TED_NF_OVERLOAD) && v != s->target)
			continue;
		if (!relax_into(c, s, &q, v))
			return false;
	}
	return true;
}

/* ---- keeping ---- */

bool pce_trees_init(struct pce_trees *p, const struct ted *t, struct arena *a, uint32_t cap)
{
	*p = (struct pce_trees){ .t = t, .arena = a, .cap = cap };
	p->at = ARENA_ARRAY(a, cap, struct pce_spt);
	p->of = ARENA_ARRAY(a, (size_t)t->n_nodes + 1, uint32_t);
	return p->at && p->of;
}

int pce_trees_new(struct pce_trees **outp, const struct ted *t, size_t bytes_max)
{
	size_t tree = ((size_t)t->n_nodes + 1) * sizeof(uint32_t), cap = bytes_max / tree;
	struct pce_trees *p = calloc(1, sizeof(*p));
	struct arena kept;

	if (!p)
		return err_raise(-ENOMEM);
	arena_init(&kept, 0);
	if (cap < SPT_LEAST)
		cap = SPT_LEAST;
	if (cap > t->n_nodes)
		cap = (size_t)t->n_nodes + 1;
	if (!pce_trees_init(p, t, &kept, (uint32_t)cap)) {
		arena_fini(&kept);
		free(p);
		return err_raise(-ENOMEM);
	}
	p->kept = kept;
	p->arena = &p->kept;
	*outp = p;
	return 0;
}

struct pce_trees *pce_trees_free(struct pce_trees *p)
{
	if (!p)
		return NULL;
	arena_fini(&p->kept);
	free(p);
	return NULL;
}

static struct pce_spt *spt_slot(struct pce_trees *p, uint32_t target)
{
	struct pce_spt *s;

	if (p->n < p->cap) {
		s = &p->at[p->n];
		s->dist = ARENA_ARRAY(p->arena, p->t->n_nodes, uint32_t);
		if (!s->dist)
			return NULL;
		p->n++;
	} else {
		s = &p->at[p->hand];
		p->hand = (p->hand + 1) % p->cap;
		if (s->target != TED_NONE)
			p->of[s->target] = 0;
	}
	s->target = target;
	p->of[target] = (uint32_t)(s - p->at) + 1;
	return s;
}

const struct pce_spt *pce_spt(struct pce_ctx *c, uint32_t target, const uint32_t *want,
			      uint32_t n_want)
{
	struct pce_trees *p = c->trees;
	struct pce_spt *s = p->of[target] ? &p->at[p->of[target] - 1] : NULL;

	if (s && (s->radius == UINT32_MAX || all_within(s, want, n_want)))
		return s;
	if (s)
		n_want = 0; /* asked for twice, and for more: the whole of it now */
	else
		s = spt_slot(p, target);
	if (s) {
		if (grow_tree(c, s, want, n_want))
			return s;
		p->of[target] = 0;
		s->target = TED_NONE;
	}
	c->no_memory = true;
	return NULL;
}

bool pce_on_spt(const struct pce_ctx *c, const struct pce_spt *s, uint32_t link)
{
	const struct ted_arc *a = &c->p->arcs[link];

	if (a->igp == TED_NONE || s->dist[a->from] == TED_NONE || s->dist[a->to] == TED_NONE ||
	    a->from == s->target)
		return false;
	if ((c->p->nflags[a->to] & TED_NF_OVERLOAD) && a->to != s->target)
		return false;
	return (uint64_t)s->dist[a->to] + a->igp == s->dist[a->from];
}
