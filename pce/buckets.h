/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Queue for keys that never go below the last one taken (Dijkstra's): three levels of buckets,
 * 12, 12 and 8 bits of the key, bitmaps to find the next one that is used. The finest level
 * holds the 4096 keys from `base` on, one bucket a key; an entry moves down at most twice.
 * Nothing depends on how large a weight can be. Among equal keys the last in is the first out.
 *
 * Entries that a better one made stale stay until they are met: the user recognises them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum {
	PCE_BUCKET_BITS = 12,
	PCE_BUCKETS = 1 << PCE_BUCKET_BITS,
};

struct pce_bucket_entry {
	uint32_t id, key, next;
};

struct pce_bucket_level {
	uint64_t used; /* words of map that are not zero */
	uint64_t map[PCE_BUCKETS / 64];
	uint32_t head[PCE_BUCKETS]; /* where the bit is set */
};

/* All zero to begin with. */
struct pce_buckets {
	struct pce_bucket_level level[3];
	uint32_t base; /* first key of the finest level */
	uint32_t n;    /* entries in it */
	struct pce_bucket_entry *at; /* entry 0 is none */
	uint32_t made, cap, spare;
};

static inline void pce_bucket_link(struct pce_buckets *q, unsigned level, uint32_t b, uint32_t e)
{
	struct pce_bucket_level *l = &q->level[level];
	uint64_t bit = UINT64_C(1) << (b & 63);

	q->at[e].next = l->map[b >> 6] & bit ? l->head[b] : 0;
	l->head[b] = e;
	l->map[b >> 6] |= bit;
	l->used |= UINT64_C(1) << (b >> 6);
}

static inline void pce_bucket_clear(struct pce_bucket_level *l, uint32_t b)
{
	l->map[b >> 6] &= ~(UINT64_C(1) << (b & 63));
	if (!l->map[b >> 6])
		l->used &= ~(UINT64_C(1) << (b >> 6));
}

static inline uint32_t pce_bucket_first(const struct pce_bucket_level *l)
{
	unsigned w = (unsigned)__builtin_ctzll(l->used);

	return w << 6 | (unsigned)__builtin_ctzll(l->map[w]);
}

static inline void pce_bucket_place(struct pce_buckets *q, uint32_t e)
{
	uint32_t key = q->at[e].key, far = key ^ q->base;

	if (far < PCE_BUCKETS)
		pce_bucket_link(q, 0, key & (PCE_BUCKETS - 1), e);
	else if (far < 1U << 2 * PCE_BUCKET_BITS)
		pce_bucket_link(q, 1, key >> PCE_BUCKET_BITS & (PCE_BUCKETS - 1), e);
	else
		pce_bucket_link(q, 2, key >> 2 * PCE_BUCKET_BITS, e);
}

static inline bool pce_buckets_grow(struct pce_buckets *q)
{
	uint32_t cap = q->cap ? q->cap * 2 : 1024;
	struct pce_bucket_entry *at =
		cap > q->cap ? realloc(q->at, cap * sizeof(*at)) : NULL;

	if (!at)
		return false;
	q->at = at;
	q->cap = cap;
	return true;
}

/* An empty queue for keys from 0 on; false without memory. */
static inline bool pce_buckets_begin(struct pce_buckets *q)
{
	for (unsigned i = 0; q->n && i < 3; i++) {
		for (unsigned w = 0; w < PCE_BUCKETS / 64; w++)
			q->level[i].map[w] = 0;
		q->level[i].used = 0;
	}
	q->n = q->base = q->spare = 0;
	q->made = 1;
	return q->cap || pce_buckets_grow(q);
}

/* key: not below the last one taken. False without memory. */
static inline bool pce_buckets_push(struct pce_buckets *q, uint32_t key, uint32_t id)
{
	uint32_t e = q->spare;

	if (e) {
		q->spare = q->at[e].next;
	} else {
		if (q->made == q->cap && !pce_buckets_grow(q))
			return false;
		e = q->made++;
	}
	q->at[e].id = id;
	q->at[e].key = key;
	pce_bucket_place(q, e);
	q->n++;
	return true;
}

/* The finest level is empty, something else is not: shows the next block that is used. */
static inline void pce_buckets_descend(struct pce_buckets *q)
{
	unsigned level = q->level[1].used ? 1 : 2;
	struct pce_bucket_level *l = &q->level[level];
	uint32_t b = pce_bucket_first(l), e = l->head[b], next;

	if (level == 2)
		q->base = b << 2 * PCE_BUCKET_BITS;
	else
		q->base = (q->base & ~((1U << 2 * PCE_BUCKET_BITS) - 1)) | b << PCE_BUCKET_BITS;
	pce_bucket_clear(l, b);
	for (; e; e = next) {
		next = q->at[e].next;
		pce_bucket_place(q, e);
	}
}

/* Takes an entry with the lowest key; false when there is none. */
static inline bool pce_buckets_pop(struct pce_buckets *q, uint32_t *key, uint32_t *id)
{
	struct pce_bucket_level *l = &q->level[0];
	uint32_t b, e;

	if (!q->n)
		return false;
	while (!l->used)
		pce_buckets_descend(q);
	b = pce_bucket_first(l);
	e = l->head[b];
	*key = q->base | b;
	*id = q->at[e].id;
	if (q->at[e].next)
		l->head[b] = q->at[e].next;
	else
		pce_bucket_clear(l, b);
	q->at[e].next = q->spare;
	q->spare = e;
	q->n--;
	return true;
}
