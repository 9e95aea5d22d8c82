/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A claim's items when it holds something, or moves: one item a link, ascending, each with what
 * stands on the old side and what is wanted. What they cost is book.c's.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/err.h"
#include "core/sr.h"
#include "intent/book/book_claim.h"

static int item_cmp(const void *a, const void *b)
{
	const struct book_item *x = a, *y = b;

	return x->link < y->link ? -1 : x->link > y->link;
}

/* One item a link out of items in any order, sides merged. */
uint32_t book_items_merge(struct book_item *items, size_t n)
{
	uint32_t k = 0;

	qsort(items, n, sizeof(*items), item_cmp);
	for (size_t i = 0; i < n; i++) {
		struct book_item *to = k > 0 ? &items[k - 1] : NULL;

		if (!to || to->link != items[i].link) {
			items[k++] = items[i];
			continue;
		}
		to->in |= items[i].in;
		for (unsigned s = 0; s < BOOK_SIDES; s++) {
			if (items[i].bps[s] > to->bps[s])
				to->bps[s] = items[i].bps[s];
		}
	}
	return k;
}

struct book_item book_item_want(uint32_t link, uint64_t bps)
{
	return (struct book_item){ .link = link, .in = 1u << BOOK_WANT, .bps = { 0, bps } };
}

uint64_t book_way_bps(const struct book_way *w, uint64_t bps, uint32_t k)
{
	return w->units ? sr_share(bps, w->units[k], w->total) : bps;
}

int book_hold_way(struct book *b, struct book_claim *c, const struct book_terms *t, const struct book_way *w)
{
	const struct book_terms terms[BOOK_SIDES] = { *t, *t };
	struct book_item *items = malloc((w->n + (size_t)1) * sizeof(*items));

	assert(t->bps <= BOOK_BPS_MAX && t->hold < BOOK_PRIOS && !c->failures);
	if (!items)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < w->n; i++)
		items[i] = book_item_want(w->links[i], book_way_bps(w, t->bps, i));
	return book_items_put(b, c, terms, items, book_items_merge(items, w->n));
}

int book_hold(struct book *b, struct book_claim *c, const struct book_terms *t,
	      const uint32_t *links, uint32_t n)
{
	return book_hold_way(b, c, t, &(struct book_way){ .links = links, .n = n });
}

/* What stands on the old side once the new one is replaced. False: nothing. */
static bool item_to_old(const struct book_item *it, bool join, struct book_item *out)
{
	uint64_t bps = it->in & 1u << BOOK_OLD ? it->bps[BOOK_OLD] : 0;

	if (!(it->in & 1u << BOOK_OLD) && !join)
		return false;
	if (join && it->in & 1u << BOOK_WANT && it->bps[BOOK_WANT] > bps)
		bps = it->bps[BOOK_WANT];
	*out = (struct book_item){ .link = it->link, .in = 1u << BOOK_OLD, .bps = { bps, 0 } };
	return true;
}

static bool ascending(const uint32_t *links, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		if (links[i] <= links[i - 1])
			return false;
	}
	return true;
}

/* What stays on the old side, and links on the new one: an item a link, by link. Links ascend. */
static uint32_t weave(const struct book_claim *c, bool join, const uint32_t *links, uint32_t n,
		      struct book_item *out)
{
	uint32_t i = 0, k = 0, made = 0;

	while (i < c->n || k < n) {
		bool old = i < c->n && (k == n || c->items[i].link <= links[k]);
		bool want = k < n && (i == c->n || links[k] <= c->items[i].link);
		struct book_item it = { .in = 0 };

		if (old)
			(void)item_to_old(&c->items[i++], join, &it);
		if (want) {
			it.link = links[k++];
			it.in |= 1u << BOOK_WANT;
		}
		if (it.in)
			out[made++] = it;
	}
	return made;
}

static uint32_t weave_sorted(const struct book_claim *c, bool join, const uint32_t *links, uint32_t n,
			     struct book_item *out)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < c->n; i++)
		k += item_to_old(&c->items[i], join, &out[k]);
	for (uint32_t i = 0; i < n; i++)
		out[k++] = book_item_want(links[i], 0);
	return book_items_merge(out, k);
}

int book_move_way(struct book *b, struct book_claim *c, const struct book_terms *t, const struct book_way *w,
		  bool new_was_sent)
{
	struct book_terms terms[BOOK_SIDES] = { c->terms[BOOK_OLD], *t };
	struct book_item *items = malloc((c->n + (size_t)w->n + 1) * sizeof(*items));
	uint32_t k, at = 0;
	bool had_old = false;

	assert(t->bps <= BOOK_BPS_MAX && t->hold < BOOK_PRIOS && !c->failures);
	assert(!w->units || ascending(w->links, w->n));
	if (!items)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < c->n; i++)
		had_old = had_old || c->items[i].in & 1u << BOOK_OLD;
	k = ascending(w->links, w->n) ? weave(c, new_was_sent, w->links, w->n, items) :
					weave_sorted(c, new_was_sent, w->links, w->n, items);
	for (uint32_t i = 0; i < k; i++) {
		if (items[i].in & 1u << BOOK_WANT)
			items[i].bps[BOOK_WANT] = book_way_bps(w, t->bps, at++);
	}
	if (new_was_sent) {
		/* Joined sides keep the better priority: never less protected than promised. */
		terms[BOOK_OLD] = c->terms[BOOK_WANT];
		if (had_old && c->terms[BOOK_OLD].hold < terms[BOOK_OLD].hold)
			terms[BOOK_OLD].hold = c->terms[BOOK_OLD].hold;
	}
	return book_items_put(b, c, terms, items, k);
}

int book_move(struct book *b, struct book_claim *c, const struct book_terms *t,
	      const uint32_t *links, uint32_t n, bool new_was_sent)
{
	return book_move_way(b, c, t, &(struct book_way){ .links = links, .n = n }, new_was_sent);
}

bool book_claim_moving(const struct book_claim *c)
{
	for (uint32_t k = 0; k < c->n; k++)
		if (c->items[k].in & 1u << BOOK_OLD)
			return true;
	return false;
}
