/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room for after a failure. A link keeps, for each failure some backup over it is for, the sum of
 * what those backups carry then; it reserves the largest of the sums, as one failure at a time is
 * what is prepared for. Invariant: a need is the sum of the items of all backups for its failure
 * in its NRP, and exists only while there is one.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "intent/book_claim.h"

bool book_claim_backup(const struct book_claim *c)
{
	return c->failures != NULL;
}

/* ---- needs of a link ---- */

/* The first at (failure, nrp) or behind it. */
static size_t need_at(const struct book_link *l, uint64_t failure, uint32_t nrp)
{
	size_t lo = 0, hi = l->needs.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct book_need *x = &l->needs.at[mid];

		if (x->failure < failure || (x->failure == failure && x->nrp < nrp))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool need_is(const struct book_link *l, size_t at, uint64_t failure, uint32_t nrp)
{
	return at < l->needs.n && l->needs.at[at].failure == failure && l->needs.at[at].nrp == nrp;
}

void book_need_add(struct book *b, const struct book_claim *c, const struct book_item *it)
{
	const struct book_terms *t = &c->terms[BOOK_WANT];
	struct book_link *l = &b->links[it->link];

	for (uint32_t k = 0; k < c->n_failures; k++) {
		size_t at = need_at(l, c->failures[k], t->nrp);

		if (!need_is(l, at, c->failures[k], t->nrp)) {
			assert(l->needs.n < l->needs.cap);
			memmove(&l->needs.at[at + 1], &l->needs.at[at],
				(l->needs.n - at) * sizeof(*l->needs.at));
			l->needs.at[at] = (struct book_need){ .failure = c->failures[k], .nrp = t->nrp };
			l->needs.n++;
		}
		l->needs.at[at].bps[t->hold] += it->bps[BOOK_WANT];
		l->needs.at[at].n++;
	}
}

void book_need_del(struct book *b, const struct book_claim *c, const struct book_item *it)
{
	const struct book_terms *t = &c->terms[BOOK_WANT];
	struct book_link *l = &b->links[it->link];

	for (uint32_t k = 0; k < c->n_failures; k++) {
		size_t at = need_at(l, c->failures[k], t->nrp);

		assert(need_is(l, at, c->failures[k], t->nrp));
		assert(l->needs.at[at].bps[t->hold] >= it->bps[BOOK_WANT]);
		l->needs.at[at].bps[t->hold] -= it->bps[BOOK_WANT];
		if (--l->needs.at[at].n > 0)
			continue;
		l->needs.n--;
		memmove(&l->needs.at[at], &l->needs.at[at + 1],
			(l->needs.n - at) * sizeof(*l->needs.at));
	}
}

static bool has_failure(const struct book_claim *c, uint64_t failure)
{
	uint32_t lo = 0, hi = c->n_failures;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (c->failures[mid] == failure)
			return true;
		if (c->failures[mid] < failure)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* What a claim adds to one need, as the scope sees it. */
static uint64_t own_part(const struct book_need *x, uint32_t link, const struct book_scope *s)
{
	const struct book_claim *c = s->except;
	const struct book_terms *t = c ? &c->terms[BOOK_WANT] : NULL;
	const struct book_item *it;

	if (!c || !c->failures || t->nrp != x->nrp || t->hold > s->setup || !has_failure(c, x->failure))
		return 0;
	it = book_item_find(c, link);
	return it ? it->bps[BOOK_WANT] : 0;
}

uint64_t book_need_most(const struct book_link *l, uint32_t link, const struct book_scope *s)
{
	uint64_t most = 0, sum = 0;

	for (size_t k = 0; k < l->needs.n; k++) {
		const struct book_need *x = &l->needs.at[k];

		if (k == 0 || x->failure != x[-1].failure)
			sum = 0;
		if (s->one && x->nrp != s->nrp)
			continue;
		for (unsigned p = 0; p <= s->setup; p++)
			sum += x->bps[p];
		sum -= own_part(x, link, s);
		most = sum > most ? sum : most;
	}
	return most;
}

int book_need_reserve(struct book *b, uint32_t link, uint32_t n)
{
	struct book_link *l;
	int r = book_links_grow(b, link + 1);

	if (r < 0)
		return err_trace(r);
	l = &b->links[link];
	while (l->needs.cap < l->needs.n + n) {
		void *p = vec_grow(l->needs.at, l->needs.cap, &l->needs.cap, sizeof(*l->needs.at));

		if (!p)
			return err_raise(-ENOMEM);
		l->needs.at = p;
	}
	return 0;
}

/* ---- claims ---- */

static int failure_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorted, each once; NULL without memory. */
static uint64_t *failures_of(const struct book_backup *to, uint32_t *n)
{
	uint64_t *f = malloc((to->n_failures + (size_t)1) * sizeof(*f));

	*n = 0;
	if (!f)
		return NULL;
	if (to->n_failures > 0)
		memcpy(f, to->failures, to->n_failures * sizeof(*f));
	qsort(f, to->n_failures, sizeof(*f), failure_cmp);
	for (uint32_t k = 0; k < to->n_failures; k++) {
		if (*n == 0 || f[*n - 1] != f[k])
			f[(*n)++] = f[k];
	}
	return f;
}

static bool room_made(struct book *b, const struct book_item *items, uint32_t n, uint32_t n_failures)
{
	for (uint32_t k = 0; k < n; k++) {
		if (book_need_reserve(b, items[k].link, n_failures) < 0 ||
		    book_link_reserve(b, items[k].link) < 0)
			return false;
	}
	return true;
}

int book_back_up(struct book *b, struct book_claim *c, const struct book_terms *t,
		 const struct book_backup *to)
{
	const struct book_terms terms[BOOK_SIDES] = { *t, *t };
	struct book_item *items = malloc((to->n_links + (size_t)1) * sizeof(*items));
	uint32_t n = 0, n_failures;
	uint64_t *f = failures_of(to, &n_failures);
	int r;

	assert(t->bps <= BOOK_BPS_MAX && t->hold < BOOK_PRIOS);
	for (uint32_t k = 0; items && k < to->n_links; k++)
		items[n++] = book_item_want(to->links[k], t->bps);
	n = items ? book_items_merge(items, n) : 0;
	if (!items || !f || !room_made(b, items, n, n_failures)) {
		free(items);
		free(f);
		return err_raise(-ENOMEM);
	}
	book_drop(b, c);
	free(c->failures);
	c->failures = f;
	c->n_failures = n_failures;
	r = book_items_put(b, c, terms, items, n);
	assert(r == 0); /* all the memory is there */
	return r;
}
