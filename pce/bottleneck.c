/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disjoint sets of legs that ask for the best bottleneck (RFC 5541 MLP, MBP): the worst link of any
 * of them is as good as can be, and of such sets the sum is the least. The value is found by halving
 * over those that links have, each step a set of least sum on the links that are good enough: the
 * others have no bandwidth for these legs.
 */
#include <stdlib.h>
#include <string.h>

#include "pce/branch.h"

struct narrow {
	struct pce_set *b;
	struct pce_request *own, was[PCE_LEGS_MAX];
	const enum pce_objective *of;
	uint64_t *room[PCE_LEGS_MAX]; /* NULL: the leg has no such objective */
	uint64_t *value;	      /* ascending */
	uint32_t n;
};

/* How bad the link is for the leg: the more the worse. */
static uint64_t badness(const struct narrow *w, uint32_t leg, uint32_t link)
{
	const struct pce_legs *l = w->b->l;

	if (pce_is_lan(l, l->p->arcs[link].from))
		return 0;
	return w->of[leg] == PCE_MBP ? UINT64_MAX - pce_free_bps(&w->was[leg], l->t, link) :
				       pce_link_load(&w->was[leg], l->t, link);
}

uint64_t pce_set_load(const struct pce_legs *l, const struct pce_request *req, const struct pce_way *w)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < w->n; i++) {
		uint64_t v = pce_is_lan(l, l->p->arcs[w->links[i]].from) ?
				     0 : pce_link_load(req, l->t, w->links[i]);

		most = v > most ? v : most;
	}
	return most;
}

static uint64_t worst(const struct narrow *w)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < w->b->n; i++)
		for (uint32_t k = 0; w->room[i] && k < w->b->way[i].n; k++) {
			uint64_t v = badness(w, i, w->b->way[i].links[k]);

			most = v > most ? v : most;
		}
	return most;
}

/* A request without bandwidth asks for the least there is, of links that have it. */
static void allow(struct narrow *w, uint64_t most)
{
	for (uint32_t i = 0; i < w->b->n; i++) {
		const struct pce_request *q = &w->was[i];

		for (uint32_t k = 0; w->room[i] && k < w->b->l->t->n_links; k++)
			w->room[i][k] = badness(w, i, k) > most ? 0 :
					q->bandwidth_bps	? pce_free_bps(q, w->b->l->t, k) :
								  1;
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void values(struct narrow *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->b->n; i++)
		for (uint32_t k = 0; w->room[i] && k < w->b->l->t->n_links; k++)
			w->value[w->n++] = badness(w, i, k);
	qsort(w->value, w->n, sizeof(*w->value), by_value);
	for (uint32_t i = 0; i < w->n; i++)
		if (i == 0 || w->value[i] != w->value[n - 1])
			w->value[n++] = w->value[i];
	w->n = n;
}

/* The first value that is not less. */
static uint32_t place(const struct narrow *w, uint64_t v)
{
	uint32_t low = 0, high = w->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (w->value[mid] < v)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Legs that ask for the same keep asking for the same, to the last pointer: the search knows it. */
static bool rooms(struct narrow *w)
{
	const struct pce_set *b = w->b;
	uint32_t links = b->l->t->n_links;

	for (uint32_t i = 0; i < b->n; i++) {
		w->was[i] = w->own[i];
		for (uint32_t k = 0; k < i && w->of[i] != PCE_MCP && !w->room[i]; k++)
			if (w->of[k] == w->of[i] && memcmp(&w->was[k], &w->was[i], sizeof(*w->was)) == 0)
				w->room[i] = w->room[k];
		if (w->of[i] != PCE_MCP && !w->room[i])
			w->room[i] = ARENA_ARRAY(&b->l->scratch, (size_t)links + 1, uint64_t);
		if (w->of[i] != PCE_MCP && !w->room[i])
			return false;
	}
	w->value = ARENA_ARRAY(&b->l->scratch, (size_t)links * b->n + 1, uint64_t);
	return w->value != NULL;
}

static void narrow_legs(struct narrow *w)
{
	for (uint32_t i = 0; i < w->b->n; i++) {
		struct pce_request *q = &w->own[i];

		if (!w->room[i])
			continue;
		q->free_bps = w->room[i];
		q->n_free = w->b->l->t->n_links;
		q->bandwidth_bps = q->bandwidth_bps ? q->bandwidth_bps : 1;
	}
}

/* b has a set; it has the one with the best bottleneck then. */
static enum pce_found halve(struct narrow *w)
{
	struct pce_set *b = w->b, best = *b;
	uint32_t low = 0, high = place(w, worst(w));
	enum pce_found r = PCE_FOUND;
	bool unsure = false;

	while (low < high && r != PCE_FOUND_NO_MEMORY) {
		uint32_t mid = low + (high - low) / 2;

		allow(w, w->value[mid]);
		r = pce_branch(b);
		if (r == PCE_FOUND) {
			best = *b;
			high = place(w, worst(w));
		} else {
			unsure = unsure || b->unsure || b->least != UINT64_MAX;
			low = mid + 1;
		}
	}
	best.side = b->side; /* was made meanwhile, perhaps */
	best.branched = b->branched;
	*b = best;
	if (unsure)
		b->least = 0; /* a better bottleneck was not excluded */
	return r == PCE_FOUND_NO_MEMORY ? r : PCE_FOUND;
}

enum pce_found pce_bottleneck(struct pce_set *b, struct pce_request *own, const enum pce_objective *of)
{
	struct narrow w = { .b = b, .own = own, .of = of };
	bool any = false;
	enum pce_found r;

	for (uint32_t i = 0; i < b->n; i++)
		any = any || of[i] != PCE_MCP;
	if (!any)
		return PCE_FOUND;
	if (!rooms(&w))
		return PCE_FOUND_NO_MEMORY;
	values(&w);
	narrow_legs(&w);
	r = halve(&w);
	memcpy(own, w.was, b->n * sizeof(*own));
	return r;
}
