/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Queue of the searches: a binary heap by value, ordered by (k0, k1, id), so that what leaves
 * first never depends on where it lies in memory. Grows in an arena; stale entries are the
 * user's to recognise.
 */
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"

struct pce_entry {
	uint64_t k0, k1;
	uint32_t id;
};

struct pce_heap {
	struct arena *a;
	struct pce_entry *at;
	uint32_t n, cap;
};

static inline bool pce_entry_before(const struct pce_entry *x, const struct pce_entry *y)
{
	if (x->k0 != y->k0)
		return x->k0 < y->k0;
	if (x->k1 != y->k1)
		return x->k1 < y->k1;
	return x->id < y->id;
}

static inline bool pce_heap_grow(struct pce_heap *h)
{
	uint32_t cap = h->cap ? h->cap * 2 : 256;
	struct pce_entry *at = cap > h->cap ? ARENA_ARRAY(h->a, cap, struct pce_entry) : NULL;

	if (!at)
		return false;
	if (h->n)
		memcpy(at, h->at, h->n * sizeof(*at));
	h->at = at;
	h->cap = cap;
	return true;
}

static inline bool pce_heap_push(struct pce_heap *h, struct pce_entry e)
{
	uint32_t i = h->n;

	if (i == h->cap && !pce_heap_grow(h))
		return false;
	h->n++;
	for (; i > 0 && pce_entry_before(&e, &h->at[(i - 1) / 2]); i = (i - 1) / 2)
		h->at[i] = h->at[(i - 1) / 2];
	h->at[i] = e;
	return true;
}

/* Not on an empty heap. */
static inline struct pce_entry pce_heap_pop(struct pce_heap *h)
{
	struct pce_entry top = h->at[0], e = h->at[--h->n];
	uint32_t i = 0;

	for (;;) {
		uint32_t k = 2 * i + 1;

		if (k >= h->n)
			break;
		if (k + 1 < h->n && pce_entry_before(&h->at[k + 1], &h->at[k]))
			k++;
		if (!pce_entry_before(&h->at[k], &e))
			break;
		h->at[i] = h->at[k];
		i = k;
	}
	h->at[i] = e;
	return top;
}
