/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest path trees as the routers compute them: IGP metric, towards one node, over all
 * usable links whatever a request excludes; overloaded nodes are reached, not crossed. Trees
 * stop growing when the nodes asked for are settled; a few are kept for the same call.
 */
#include <string.h>

#include "pce/pce_priv.h"

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
		const struct ted_arc *a = &c->p->arcs[in->idx[i]];
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

static struct pce_spt *spt_slot(struct pce_ctx *c)
{
	struct pce_spt *s;

	if (c->n_spts < PCE_SPT_CACHED) {
		s = &c->spts[c->n_spts];
		s->dist = ARENA_ARRAY(&c->scratch, c->t->n_nodes, uint32_t);
		if (!s->dist)
			return NULL;
		c->n_spts++;
		return s;
	}
	s = &c->spts[c->spt_hand];
	c->spt_hand = (c->spt_hand + 1) % PCE_SPT_CACHED;
	return s;
}

const struct pce_spt *pce_spt(struct pce_ctx *c, uint32_t target, const uint32_t *want,
			      uint32_t n_want)
{
	struct pce_spt *s = NULL;

	for (uint32_t i = 0; i < c->n_spts && !s; i++)
		if (c->spts[i].target == target)
			s = &c->spts[i];
	if (s && (s->radius == UINT32_MAX || all_within(s, want, n_want)))
		return s;
	if (!s)
		s = spt_slot(c);
	if (s) {
		s->target = target;
		if (grow_tree(c, s, want, n_want))
			return s;
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
