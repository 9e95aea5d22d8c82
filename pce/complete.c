/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When labels run out: the first labels of the queue are led to the target along the cheapest way
 * by each metric in turn, and the best end that keeps every bound is taken.
 */
#include <string.h>

#include "pce/search.h"

enum { TRIED_MAX = 512 };

struct lead {
	struct pce_seek *k;
	uint32_t best;
};

/* What is still to come at least: a step that is nearer makes it less by just what it costs. */
static uint64_t left(const struct pce_term *by, const struct pce_label *x)
{
	const struct pce_low *l = &by->low[x->stage];

	return l->rest == UINT64_MAX || l->dist[x->place] == PCE_INF ? UINT64_MAX :
								       l->dist[x->place] + l->rest;
}

/* A step that brings the label nearer by one metric; the first such link. */
static bool nearer(struct pce_seek *k, const struct pce_term *by, uint32_t id, struct pce_label *y)
{
	const struct pce_label *x = &k->label[id];
	uint64_t low = left(by, x);

	if (k->crowded && x->place != k->src &&
	    (k->crowded[x->place >> 6] >> (x->place & 63) & 1))
		return false;
	for (uint32_t i = k->s->out[x->place]; i < k->s->out[x->place + 1]; i++) {
		const struct pce_arc *a = &by->arc[i];
		uint64_t load;

		if (a->w == PCE_INF || pce_label_on(k, id, a->place) ||
		    !pce_label_step(k, x, id, i, y) || low == UINT64_MAX ||
		    left(by, y) == UINT64_MAX || left(by, y) + a->w != low ||
		    (pce_cut(k->c, k->s->out_link[i]) & k->cuts))
			continue;
		load = k->f->objective == PCE_MCP ? 0 : pce_seek_load(k, i);
		y->load = load > y->load ? load : y->load;
		return true;
	}
	return false;
}

static bool keeps(const struct pce_seek *k, const struct pce_label *x)
{
	for (unsigned i = 0; i < k->n_use; i++)
		if (x->used[i] > k->use[i].bound)
			return false;
	return x->cost <= k->cost_max &&
	       (!k->f->delay_us_min || x->used[k->delay] >= k->f->delay_us_min);
}

static bool better(const struct pce_label *a, const struct pce_label *b)
{
	if (a->load != b->load)
		return a->load < b->load;
	return a->cost != b->cost ? a->cost < b->cost : a->tie < b->tie;
}

/* Labels of the way are put behind the others; a way that comes to nothing is taken back. */
static void lead_by(struct lead *l, const struct pce_term *by, uint32_t id)
{
	struct pce_seek *k = l->k;
	uint32_t from = k->n;

	while (k->label[id].place != k->dst && k->n < k->cap) {
		struct pce_label y;

		if (pce_label_low(k, &k->label[id]) == UINT64_MAX || !nearer(k, by, id, &y))
			break;
		id = k->n++;
		k->label[id] = y;
	}
	if (k->label[id].place == k->dst && keeps(k, &k->label[id]) &&
	    (l->best == PCE_NOWHERE || better(&k->label[id], &k->label[l->best])))
		l->best = id;
	else
		k->n = from;
}

static bool room_for_ends(struct pce_seek *k)
{
	uint32_t tries = k->n_turns < TRIED_MAX ? k->n_turns : TRIED_MAX;
	uint32_t cap = k->n + (tries + 1) * (k->s->n < PCE_PATH_MAX ? k->s->n : PCE_PATH_MAX);
	struct pce_label *to;

	if (k->cap >= cap)
		return true;
	to = ARENA_ARRAY(&k->c->scratch, cap, struct pce_label);
	if (!to) {
		k->no_memory = true;
		return false;
	}
	memcpy(to, k->label, k->n * sizeof(*to));
	k->label = to;
	k->cap = cap;
	return true;
}

uint32_t pce_complete(struct pce_seek *k)
{
	struct lead l = { .k = k, .best = PCE_NOWHERE };

	if (!room_for_ends(k))
		return PCE_NOWHERE;
	for (uint32_t i = 0; i < k->n_turns && i < TRIED_MAX; i++) {
		uint32_t id = k->turn[i].label;

		if (k->label[id].dead)
			continue;
		for (unsigned m = 0; m < k->n_use; m++)
			lead_by(&l, &k->use[m], id);
		for (unsigned m = 0; m < k->n_cost; m++)
			lead_by(&l, &k->cost[m], id);
	}
	return l.best;
}
