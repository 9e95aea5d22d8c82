/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What evaluations work in. Policies are dealt out to shards by their endpoint, so that those of
 * one endpoint meet the same shortest path trees; a shard keeps its trees and a copy of the free
 * bandwidth from one round to the next, and one thread at a time has it. There are as many as
 * workers: more would only drive each other out of the processors' caches. What is found depends on
 * none of this: no answer depends on what a shard holds.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "intent/intent_priv.h"

struct intent_shards *intent_shards_new(unsigned n_threads)
{
	struct intent_shards *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->n = n_threads < 1 ? 1 : n_threads < INTENT_SHARDS ? n_threads : INTENT_SHARDS;
	for (unsigned k = 0; k < s->n; k++) {
		work_lane_init(&s->at[k].lane);
		s->at[k].trees_bytes = INTENT_TREES_BYTES / s->n;
	}
	s->here.trees_bytes = INTENT_TREES_HERE;
	list_init(&s->spares);
	s->refs = 1;
	return s;
}

struct intent_shards *intent_shards_unref(struct intent_shards *s)
{
	if (!s || --s->refs > 0)
		return NULL;
	for (unsigned k = 0; k < s->n; k++) {
		pce_trees_free(s->at[k].trees);
		free(s->at[k].room);
		arena_fini(&s->at[k].scratch);
	}
	pce_trees_free(s->here.trees);
	intent_batches_fini(&s->spares);
	free(s);
	return NULL;
}

/* FNV-1a: the same on every machine and in every run. */
struct intent_shard *intent_shard_of(struct intent_shards *s, const struct ip_addr *endpoint)
{
	uint32_t h = 2166136261U;

	for (size_t k = 0; k < sizeof(endpoint->b); k++)
		h = (h ^ endpoint->b[k]) * 16777619U;
	return &s->at[(h ^ h >> 16) % s->n];
}

/* NULL without memory: then without trees. */
struct pce_trees *intent_shard_trees(struct intent_shard *s)
{
	if (!s->trees)
		(void)pce_trees_new(&s->trees, s->trees_bytes);
	return s->trees;
}

/* A copy of the snapshot to work in, made only when it shows another. NULL without memory. */
uint64_t *intent_shard_room(struct intent_shard *s, const struct intent_snap *snap)
{
	uint32_t n = snap->view.n;

	if (s->serial == snap->serial)
		return s->room;
	if (n > s->n_room || !s->room) {
		uint64_t *p = realloc(s->room, (n + (size_t)1) * sizeof(*p));

		if (!p)
			return NULL;
		s->room = p;
		s->n_room = n;
	}
	memcpy(s->room, snap->view.bps, n * sizeof(*s->room));
	s->serial = snap->serial;
	return s->room;
}

/* ---- the residual snapshot: one kind of request, one version of the book ---- */

void intent_snap_unref(struct intent_snap *s)
{
	if (!s || --s->refs > 0)
		return;
	book_view_fini(&s->view);
	free(s);
}

static void kind_reset(struct intent_kind *k, uint8_t setup, uint32_t nrp)
{
	book_view_fini(&k->live);
	intent_snap_unref(k->snap);
	*k = (struct intent_kind){ .live = { .setup = setup, .nrp = nrp } };
}

/* There are few: the least recently used makes room. */
static struct intent_kind *kind_of(struct intent *i, uint8_t setup, uint32_t nrp)
{
	struct intent_kind *k, *oldest = &i->kinds[0];

	nrp = book_view_nrp(i->book, nrp);
	for (unsigned n = 0; n < i->n_kinds; n++) {
		k = &i->kinds[n];
		if (k->live.setup == setup && k->live.nrp == nrp) {
			k->used = ++i->kind_uses;
			return k;
		}
		oldest = k->used < oldest->used ? k : oldest;
	}
	k = i->n_kinds < INTENT_KINDS_MAX ? &i->kinds[i->n_kinds++] : oldest;
	kind_reset(k, setup, nrp);
	k->used = ++i->kind_uses;
	return k;
}

void intent_kinds_fini(struct intent *i)
{
	for (unsigned n = 0; n < i->n_kinds; n++)
		kind_reset(&i->kinds[n], 0, 0);
	i->n_kinds = 0;
}

const struct book_view *intent_room_now(struct intent *i, uint8_t setup, uint32_t nrp)
{
	struct intent_kind *k = kind_of(i, setup, nrp);

	return book_view_follow(i->book, &k->live, i->ted->n_links) < 0 ? NULL : &k->live;
}

bool intent_overfull(const struct intent *i, uint32_t link, uint32_t nrp)
{
	return book_excess(i->book, link) > 0 || book_share_excess(i->book, link, nrp) > 0;
}

bool intent_crowded(struct intent *i, const uint32_t *links, uint32_t n, uint32_t nrp)
{
	/* Who sees all there is: where he has room there is not too much. Shares are asked for. */
	const struct book_view *all = intent_room_now(i, BOOK_PRIOS - 1, 0);
	bool shares = book_view_nrp(i->book, 1) != 0;

	for (uint32_t k = 0; k < n; k++) {
		if (all && !shares && links[k] < all->n && all->bps[links[k]] > 0)
			continue;
		if (intent_overfull(i, links[k], nrp))
			return true;
	}
	return false;
}

static struct intent_snap *snap_new(uint32_t n)
{
	struct intent_snap *s = calloc(1, sizeof(*s));
	uint64_t *bps = s ? malloc((n + (size_t)1) * sizeof(*bps)) : NULL;

	if (!bps) {
		free(s);
		return NULL;
	}
	s->refs = 1;
	s->view.bps = bps;
	s->view.n = n;
	return s;
}

/* The book of this moment, for reading by any thread until it is given back; NULL without memory. */
struct intent_snap *intent_snap_now(struct intent *i, uint8_t setup, uint32_t nrp)
{
	struct intent_kind *k = kind_of(i, setup, nrp);
	struct intent_snap *s = k->snap;
	uint32_t n = i->ted->n_links;

	if (book_view_follow(i->book, &k->live, n) < 0)
		return NULL;
	if (!s || s->view.at != k->live.at || s->view.n < n) {
		uint64_t *bps;

		if (!s || s->refs > 1 || s->view.n < k->live.n) { /* or somebody still reads it */
			s = snap_new(k->live.n);
			if (!s)
				return NULL;
			intent_snap_unref(k->snap);
			k->snap = s;
		}
		bps = s->view.bps;
		if (k->live.n > 0)
			memcpy(bps, k->live.bps, k->live.n * sizeof(*bps));
		s->view = k->live;
		s->view.bps = bps;
		s->serial = ++i->snap_serial;
	}
	s->refs++;
	return s;
}
