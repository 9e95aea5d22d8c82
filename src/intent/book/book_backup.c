/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room for after a failure. A link keeps, for each failure some backup over it is for, the sum of
 * what those backups carry then; it reserves the largest of the sums, as one failure at a time is
 * what is prepared for. Invariants: a need is the sum of the items of all backups for its failure
 * in its NRP, and exists only while there is one; a link's most is the largest sum of one failure;
 * a failure is known while some link has a need for it, and knows which have.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "intent/book/book_claim.h"

bool book_claim_backup(const struct book_claim *c)
{
	return c->failures != NULL;
}

uint64_t book_backup_failure(const struct book_claim *c)
{
	return c->n_failures > 0 ? c->failures[0] : BOOK_NO_BACKUPS;
}

/* ---- failures ---- */

bool book_failure_eq(const struct hash_node *n, const void *key)
{
	return HASH_OF(n, struct book_failure, node)->failure == *(const uint64_t *)key;
}

struct book_failure *book_failure_find(const struct book *b, uint64_t failure)
{
	struct hash_node *n = hash_get(&b->failures, &failure, sizeof(failure), &failure);

	return n ? HASH_OF(n, struct book_failure, node) : NULL;
}

static struct book_failure *failure_make(struct book *b, uint64_t failure)
{
	struct book_failure *f = book_failure_find(b, failure);

	if (f)
		return f;
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->failure = failure;
	if (hash_put(&b->failures, &failure, sizeof(failure), &f->node) == 0)
		return f;
	free(f);
	return NULL;
}

static void failure_trim(struct book *b, struct book_failure *f)
{
	if (f->held > 0 || f->links.n > 0)
		return;
	hash_del(&b->failures, &f->node);
	VEC_FINI(&f->links);
	free(f);
}

void book_failures_fini(struct book *b)
{
	HASH_EACH(it, &b->failures) {
		struct book_failure *f = HASH_OF(it, struct book_failure, node);

		VEC_FINI(&f->links);
		free(f);
	}
	hash_fini(&b->failures);
}

static size_t link_at(const struct book_failure *f, uint32_t link)
{
	size_t lo = 0, hi = f->links.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->links.at[mid] < link)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void failure_link_add(struct book *b, uint64_t failure, uint32_t link)
{
	struct book_failure *f = book_failure_find(b, failure);
	size_t at;

	assert(f);
	at = link_at(f, link);
	if (at < f->links.n && f->links.at[at] == link)
		return; /* for another NRP */
	assert(f->links.n < f->links.cap);
	memmove(&f->links.at[at + 1], &f->links.at[at], (f->links.n - at) * sizeof(*f->links.at));
	f->links.at[at] = link;
	f->links.n++;
}

static void failure_link_del(struct book *b, uint64_t failure, uint32_t link)
{
	struct book_failure *f = book_failure_find(b, failure);
	size_t at;

	assert(f);
	at = link_at(f, link);
	assert(at < f->links.n && f->links.at[at] == link);
	f->links.n--;
	memmove(&f->links.at[at], &f->links.at[at + 1], (f->links.n - at) * sizeof(*f->links.at));
	failure_trim(b, f);
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

/* What one failure needs, at each priority or better: from its first need. Returns behind its last. */
static size_t failure_sums(const struct book_link *l, size_t at, uint64_t out[BOOK_PRIOS])
{
	uint64_t failure = l->needs.at[at].failure;

	memset(out, 0, BOOK_PRIOS * sizeof(*out));
	for (; at < l->needs.n && l->needs.at[at].failure == failure; at++) {
		uint64_t sum = 0;

		for (unsigned p = 0; p < BOOK_PRIOS; p++) {
			sum += l->needs.at[at].bps[p];
			out[p] += sum;
		}
	}
	return at;
}

static void most_raise(uint64_t most[BOOK_PRIOS], const uint64_t sums[BOOK_PRIOS])
{
	for (unsigned p = 0; p < BOOK_PRIOS; p++)
		most[p] = sums[p] > most[p] ? sums[p] : most[p];
}

void book_most_find(const struct book_link *l, uint64_t most[BOOK_PRIOS])
{
	memset(most, 0, BOOK_PRIOS * sizeof(*most));
	for (size_t at = 0; at < l->needs.n;) {
		uint64_t sums[BOOK_PRIOS];

		at = failure_sums(l, at, sums);
		most_raise(most, sums);
	}
}

void book_need_add(struct book *b, const struct book_claim *c, const struct book_item *it)
{
	const struct book_terms *t = &c->terms[BOOK_WANT];
	struct book_link *l = &b->links[it->link];

	for (uint32_t k = 0; k < c->n_failures; k++) {
		size_t at = need_at(l, c->failures[k], t->nrp);
		uint64_t sums[BOOK_PRIOS];

		if (!need_is(l, at, c->failures[k], t->nrp)) {
			assert(l->needs.n < l->needs.cap);
			memmove(&l->needs.at[at + 1], &l->needs.at[at],
				(l->needs.n - at) * sizeof(*l->needs.at));
			l->needs.at[at] = (struct book_need){ .failure = c->failures[k], .nrp = t->nrp };
			l->needs.n++;
			failure_link_add(b, c->failures[k], it->link);
		}
		l->needs.at[at].bps[t->hold] += it->bps[BOOK_WANT];
		l->needs.at[at].n++;
		(void)failure_sums(l, need_at(l, c->failures[k], 0), sums);
		most_raise(l->most, sums);
	}
}

static void need_remove(struct book *b, struct book_link *l, size_t at, uint32_t link)
{
	uint64_t failure = l->needs.at[at].failure;
	size_t first;

	l->needs.n--;
	memmove(&l->needs.at[at], &l->needs.at[at + 1], (l->needs.n - at) * sizeof(*l->needs.at));
	first = need_at(l, failure, 0);
	if (first == l->needs.n || l->needs.at[first].failure != failure)
		failure_link_del(b, failure, link);
}

void book_need_del(struct book *b, const struct book_claim *c, const struct book_item *it)
{
	const struct book_terms *t = &c->terms[BOOK_WANT];
	struct book_link *l = &b->links[it->link];
	bool was_most = false;

	for (uint32_t k = 0; k < c->n_failures; k++) {
		size_t at = need_at(l, c->failures[k], t->nrp);
		uint64_t sums[BOOK_PRIOS];

		assert(need_is(l, at, c->failures[k], t->nrp));
		assert(l->needs.at[at].bps[t->hold] >= it->bps[BOOK_WANT]);
		(void)failure_sums(l, need_at(l, c->failures[k], 0), sums);
		for (unsigned p = 0; p < BOOK_PRIOS; p++)
			was_most = was_most || sums[p] == l->most[p];
		l->needs.at[at].bps[t->hold] -= it->bps[BOOK_WANT];
		if (--l->needs.at[at].n == 0)
			need_remove(b, l, at, it->link);
	}
	if (was_most)
		book_most_find(l, l->most);
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

/* What a backup adds to one need, as the scope sees it. */
static uint64_t part_of(const struct book_claim *c, const struct book_need *x, uint32_t link,
			const struct book_scope *s)
{
	const struct book_terms *t = &c->terms[BOOK_WANT];
	const struct book_item *it;

	if (t->nrp != x->nrp || t->hold > s->setup || !has_failure(c, x->failure))
		return 0;
	it = book_item_find(c, link);
	return it ? it->bps[BOOK_WANT] : 0;
}

static uint64_t own_part(const struct book_need *x, uint32_t link, const struct book_scope *s)
{
	const struct book_claim *c = s->except;
	uint64_t sum = 0;

	if (!c)
		return 0;
	if (c->failures)
		return part_of(c, x, link, s);
	LIST_EACH(it, &c->backups)
		sum += part_of(LIST_OF(it, struct book_claim, of_link), x, link, s);
	return sum;
}

static bool is_plain(const struct book_scope *s)
{
	return s->of == BOOK_OF_ALL && !s->failed &&
	       (!s->except || (!s->except->failures && list_empty(&s->except->backups)));
}

uint64_t book_need_most(const struct book_link *l, uint32_t link, const struct book_scope *s)
{
	uint64_t most = 0, sum = 0;
	size_t from = s->failed ? need_at(l, s->failure, 0) : 0;

	if (is_plain(s))
		return l->most[s->setup];
	for (size_t k = from; k < l->needs.n; k++) {
		const struct book_need *x = &l->needs.at[k];

		if (s->failed && x->failure != s->failure)
			break;
		if (k == from || x->failure != x[-1].failure)
			sum = 0;
		if (!book_counts(l, s, x->nrp))
			continue;
		for (unsigned p = 0; p <= s->setup; p++)
			sum += x->bps[p];
		sum -= own_part(x, link, s);
		most = sum > most ? sum : most;
	}
	return most;
}

/* ---- claims ---- */

void book_backups_detach(struct book_claim *c)
{
	struct list *n;

	list_del(&c->of_link);
	while ((n = list_pop(&c->backups)))
		LIST_OF(n, struct book_claim, of_link)->of = NULL;
}

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

/* Storage for n; NULL without memory, then nothing changed. */
static void *grown(void *at, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap : 8;
	void *p;

	if (n <= *cap && at)
		return at;
	while (want < n)
		want *= 2;
	p = realloc(at, want * size);
	if (p)
		*cap = want;
	return p;
}

static void failures_let(struct book *b, const uint64_t *f, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		struct book_failure *x = book_failure_find(b, f[k]);

		x->held--;
		failure_trim(b, x);
	}
}

/* They stay known, with places for so many links more. False without memory: none is held. */
static bool failures_hold(struct book *b, const uint64_t *f, uint32_t n, uint32_t n_links)
{
	for (uint32_t k = 0; k < n; k++) {
		struct book_failure *x = failure_make(b, f[k]);
		void *at = NULL;

		if (x) {
			x->held++;
			at = grown(x->links.at, x->links.n + n_links, &x->links.cap, sizeof(*x->links.at));
		}
		if (!at) {
			failures_let(b, f, k + (x != NULL));
			return false;
		}
		x->links.at = at;
	}
	return true;
}

static bool link_room(struct book *b, uint32_t link, uint32_t n_failures)
{
	struct book_link *l;
	void *at;

	if (book_links_grow(b, link + 1) < 0 || book_link_reserve(b, link) < 0)
		return false;
	l = &b->links[link];
	at = grown(l->needs.at, l->needs.n + n_failures, &l->needs.cap, sizeof(*l->needs.at));
	if (at)
		l->needs.at = at;
	if (!at)
		return false;
	at = grown(l->backups.at, l->backups.n + 1, &l->backups.cap, sizeof(struct book_claim *));
	if (at)
		l->backups.at = at;
	return at != NULL;
}

static bool room_made(struct book *b, const struct book_item *items, uint32_t n, uint32_t n_failures)
{
	for (uint32_t k = 0; k < n; k++) {
		if (!link_room(b, items[k].link, n_failures))
			return false;
	}
	return true;
}

static void stand_in(struct book_claim *c, struct book_claim *of)
{
	list_del(&c->of_link);
	c->of = of;
	if (of)
		list_add(&of->backups, &c->of_link);
}

int book_back_up(struct book *b, struct book_claim *c, const struct book_terms *t,
		 const struct book_backup *to)
{
	const struct book_terms terms[BOOK_SIDES] = { *t, *t };
	struct book_item *items = malloc((to->n_links + (size_t)1) * sizeof(*items));
	uint32_t n = 0, n_failures;
	uint64_t *f = failures_of(to, &n_failures);
	bool held;
	int r;

	assert(t->bps <= BOOK_BPS_MAX && t->hold < BOOK_PRIOS);
	for (uint32_t k = 0; items && k < to->n_links; k++)
		items[n++] = book_item_want(to->links[k], t->bps);
	n = items ? book_items_merge(items, n) : 0;
	held = items && f && failures_hold(b, f, n_failures, n);
	if (!held || !room_made(b, items, n, n_failures)) {
		if (held)
			failures_let(b, f, n_failures);
		free(items);
		free(f);
		return err_raise(-ENOMEM);
	}
	book_drop(b, c);
	free(c->failures);
	c->failures = f;
	c->n_failures = n_failures;
	stand_in(c, to->of);
	r = book_items_put(b, c, terms, items, n);
	assert(r == 0); /* all the memory is there */
	failures_let(b, f, n_failures);
	return r;
}
