/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger. Invariant: a cell is the sum of the charges of all items of all claims, and exists
 * only while something is charged in it. Memory for a change is taken before anything is
 * touched; what only releases needs none, so it cannot fail.
 */
#include "intent/book/book.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "intent/book/book_claim.h"

int book_new(struct book **outp)
{
	struct book *b = calloc(1, sizeof(*b));

	if (b)
		b->log = malloc(BOOK_LOG * sizeof(*b->log));
	if (!b || !b->log) {
		free(b);
		return err_raise(-ENOMEM);
	}
	list_init(&b->claims);
	/* Its keys are numbers of the topology, which no peer chooses. */
	hash_init(&b->failures, 1, book_failure_eq);
	*outp = b;
	return 0;
}

static void claim_release(struct book_claim *c)
{
	list_del(&c->link);
	book_backups_detach(c);
	free(c->items);
	free(c->failures);
	free(c);
}

struct book *book_free(struct book *b)
{
	struct list *n;

	if (!b)
		return NULL;
	while ((n = list_pop(&b->claims)))
		claim_release(LIST_OF(n, struct book_claim, link));
	for (uint32_t i = 0; i < b->n_links; i++) {
		VEC_FINI(&b->links[i].cells);
		VEC_FINI(&b->links[i].users);
		VEC_FINI(&b->links[i].backups);
		VEC_FINI(&b->links[i].needs);
		VEC_FINI(&b->links[i].parts);
	}
	book_failures_fini(b);
	free(b->links);
	free(b->log);
	free(b);
	return NULL;
}

int book_links_grow(struct book *b, uint32_t n)
{
	struct book_link *p;
	uint32_t cap = b->n_links;

	if (n <= b->n_links)
		return 0;
	while (cap < n)
		cap = cap < 64 ? 64 : cap > UINT32_MAX / 2 ? n : cap * 2;
	p = realloc(b->links, cap * sizeof(*p));
	if (!p)
		return err_raise(-ENOMEM);
	memset(p + b->n_links, 0, (cap - b->n_links) * sizeof(*p));
	b->links = p;
	b->n_links = cap;
	return 0;
}

int book_capacity_set(struct book *b, uint32_t link, uint64_t bps)
{
	int r;

	if (link >= b->n_links && bps == 0)
		return 0;
	r = book_links_grow(b, link + 1);
	if (r < 0)
		return r;
	if (b->links[link].capacity_bps != bps)
		book_changed(b, link);
	b->links[link].capacity_bps = bps;
	return 0;
}

uint64_t book_capacity(const struct book *b, uint32_t link)
{
	return link < b->n_links ? b->links[link].capacity_bps : 0;
}

int book_measured_set(struct book *b, uint32_t link, uint64_t bps)
{
	int r = link >= b->n_links && bps == 0 ? 0 : book_links_grow(b, link + 1);

	if (r < 0 || link >= b->n_links || b->links[link].measured_bps == bps)
		return r;
	b->links[link].measured_bps = bps;
	book_changed(b, link);
	return 0;
}

uint64_t book_measured(const struct book *b, uint32_t link)
{
	return link < b->n_links ? b->links[link].measured_bps : 0;
}

struct book_part *book_part_of(const struct book_link *l, uint32_t nrp)
{
	for (size_t k = 0; k < l->parts.n; k++) {
		if (l->parts.at[k].nrp == nrp)
			return &l->parts.at[k];
	}
	return NULL;
}

int book_share_set(struct book *b, uint32_t link, uint32_t nrp, uint64_t bps)
{
	int r = link >= b->n_links && bps == 0 ? 0 : book_links_grow(b, link + 1);
	struct book_link *l = &b->links[link];
	struct book_part *at;

	if (r < 0 || link >= b->n_links)
		return r;
	at = book_part_of(l, nrp);
	if (at && bps > 0) {
		at->bps = bps;
	} else if (at) {
		*at = l->parts.at[--l->parts.n];
		b->n_parts--;
	} else if (bps > 0) {
		if (!VEC_ADD(&l->parts, ((struct book_part){ nrp, bps })))
			return err_raise(-ENOMEM);
		b->n_parts++;
	}
	book_changed(b, link);
	return 0;
}

uint64_t book_share(const struct book *b, uint32_t link, uint32_t nrp)
{
	const struct book_part *at = link < b->n_links ? book_part_of(&b->links[link], nrp) : NULL;

	return at ? at->bps : 0;
}

uint32_t book_n_links(const struct book *b)
{
	return b->n_links;
}

/* ---- claims ---- */

int book_claim_new(struct book *b, bool foreign, void *owner, struct book_claim **outp)
{
	struct book_claim *c = calloc(1, sizeof(*c));

	if (!c)
		return err_raise(-ENOMEM);
	c->foreign = foreign;
	c->owner = owner;
	list_init(&c->backups);
	list_init(&c->of_link);
	list_add(&b->claims, &c->link);
	*outp = c;
	return 0;
}

void *book_claim_owner(const struct book_claim *c)
{
	return c->owner;
}

bool book_claim_foreign(const struct book_claim *c)
{
	return c->foreign;
}

uint8_t book_claim_hold(const struct book_claim *c)
{
	return c->terms[BOOK_WANT].hold;
}

const struct book_terms *book_claim_terms(const struct book_claim *c)
{
	return &c->terms[BOOK_WANT];
}

static bool window_eq(struct book_window a, struct book_window b)
{
	return a.start_s == b.start_s && a.end_s == b.end_s;
}

static bool for_always(struct book_window w)
{
	return window_eq(w, BOOK_ALWAYS);
}

static struct book_cell *cell_find(struct book_link *l, uint32_t nrp, struct book_window w)
{
	for (size_t i = 0; i < l->cells.n; i++) {
		struct book_cell *c = &l->cells.at[i];

		if (c->nrp == nrp && window_eq(c->window, w))
			return c;
	}
	return NULL;
}

unsigned book_item_charges(const struct book_claim *c, const struct book_item *it,
			   struct book_charge out[BOOK_SIDES])
{
	unsigned n = 0;

	for (unsigned s = 0; s < BOOK_SIDES; s++) {
		const struct book_terms *t = &c->terms[s];

		if (it->in & 1u << s)
			out[n++] = (struct book_charge){ t->nrp, t->window, t->hold, it->bps[s] };
	}
	if (n < 2 || out[0].nrp != out[1].nrp || !window_eq(out[0].window, out[1].window))
		return n;
	/* Both sides on one link: the larger, at the better of the two priorities. */
	if (out[1].bps > out[0].bps)
		out[0].bps = out[1].bps;
	if (out[1].hold < out[0].hold)
		out[0].hold = out[1].hold;
	return 1;
}

const struct book_item *book_item_find(const struct book_claim *c, uint32_t link)
{
	uint32_t lo = 0, hi = c->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (c->items[mid].link < link)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->n && c->items[lo].link == link ? &c->items[lo] : NULL;
}

/* ---- charging ---- */

/* Whom a charge is in the way of, and by how much more; what others reserve is in everybody's. */
static void used_add(struct book_link *l, const struct book_claim *c, const struct book_charge *x, uint64_t bps)
{
	for (unsigned p = c->foreign ? 0 : x->hold; p < BOOK_PRIOS; p++)
		l->used[p] += bps;
}

static void timed_add(struct book *b, struct book_link *l, const struct book_cell *cell, uint32_t n)
{
	if (for_always(cell->window))
		return;
	b->n_timed += n;
	l->n_timed += n;
}

static void item_discharge(struct book *b, const struct book_claim *c, const struct book_item *it)
{
	struct book_link *l = &b->links[it->link];
	struct book_charge x[BOOK_SIDES];
	unsigned n = book_item_charges(c, it, x);

	book_changed(b, it->link);
	if (c->failures) {
		book_need_del(b, c, it);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		struct book_cell *cell = cell_find(l, x[i].nrp, x[i].window);
		uint64_t *sum;

		assert(cell && cell->n > 0);
		sum = c->foreign ? &cell->foreign[x[i].hold] : &cell->ours[x[i].hold];
		assert(*sum >= x[i].bps);
		*sum -= x[i].bps;
		used_add(l, c, &x[i], -x[i].bps);
		if (--cell->n > 0)
			continue;
		timed_add(b, l, cell, -1U);
		*cell = l->cells.at[--l->cells.n];
	}
}

/* Room for two more cells is there: cells_reserve(), or they were there a moment ago. */
static void item_charge(struct book *b, const struct book_claim *c, const struct book_item *it)
{
	struct book_link *l = &b->links[it->link];
	struct book_charge x[BOOK_SIDES];
	unsigned n = book_item_charges(c, it, x);

	book_changed(b, it->link);
	if (c->failures) {
		book_need_add(b, c, it);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		struct book_cell *cell = cell_find(l, x[i].nrp, x[i].window);

		if (!cell) {
			assert(l->cells.n < l->cells.cap);
			cell = &l->cells.at[l->cells.n++];
			*cell = (struct book_cell){ .nrp = x[i].nrp, .window = x[i].window };
			timed_add(b, l, cell, 1);
		}
		cell->n++;
		used_add(l, c, &x[i], x[i].bps);
		*(c->foreign ? &cell->foreign[x[i].hold] : &cell->ours[x[i].hold]) += x[i].bps;
	}
}

/* Backups are apart: nobody who reserves has to look through them. Order means nothing. */
static struct book_claims *users_of(struct book_link *l, const struct book_claim *c)
{
	return c->failures ? &l->backups : &l->users;
}

bool book_user_is(const struct book *b, const struct book_claim *c, const struct book_item *it)
{
	const struct book_claims *v = users_of(&b->links[it->link], c);

	return it->at < v->n && v->at[it->at] == c;
}

static void user_add(struct book_link *l, struct book_claim *c, struct book_item *it)
{
	struct book_claims *v = users_of(l, c);

	it->at = (uint32_t)v->n & BOOK_USERS_MAX;
	v->at[v->n++] = c;
}

/* The last one takes its place. */
static void user_del(struct book_link *l, const struct book_claim *c, const struct book_item *it)
{
	struct book_claims *v = users_of(l, c);
	struct book_claim *last = v->at[--v->n];

	assert(v->at[it->at] == c || last == c);
	if (last == c)
		return;
	v->at[it->at] = last;
	last->items[book_item_find(last, it->link) - last->items].at = it->at;
}

/* Room for what one more item can need: two cells and a user. */
int book_link_reserve(struct book *b, uint32_t link)
{
	struct book_link *l;
	void *cells, *users;
	int r = book_links_grow(b, link + 1);

	if (r < 0)
		return r;
	l = &b->links[link];
	/* vec_grow() starts at 8 and doubles: asked for n + 1 it leaves room for n + 2. */
	cells = vec_grow(l->cells.at, l->cells.n + 1, &l->cells.cap, sizeof(l->cells.at[0]));
	if (cells)
		l->cells.at = cells;
	users = vec_grow(l->users.at, l->users.n, &l->users.cap, sizeof(l->users.at[0]));
	if (users)
		l->users.at = users;
	return cells && users ? 0 : err_raise(-ENOMEM);
}

/* An item costs on its link what the other, of another claim or other terms, does. */
static bool charges_eq(const struct book_claim *c, const struct book_item *x, const struct book_claim *d,
		       const struct book_item *y)
{
	struct book_charge a[BOOK_SIDES], b[BOOK_SIDES];
	unsigned n = book_item_charges(c, x, a);

	/* A backup has one side, on which it stays what it is until it is made anew. */
	if (c->failures || d->failures)
		return c == d && x->in == y->in && x->bps[BOOK_WANT] == y->bps[BOOK_WANT];
	if (n != book_item_charges(d, y, b))
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (a[i].nrp != b[i].nrp || !window_eq(a[i].window, b[i].window) ||
		    a[i].hold != b[i].hold || a[i].bps != b[i].bps)
			return false;
	}
	return true;
}

/* Items before and after a change side by side, by link. */
struct change {
	const struct book_claim *was, *is;
	uint32_t i, k; /* places in them */
	bool plain;    /* both sides stand in the same NRP and window, before and after */
};

/* Do all sides that something stands on stand in the NRP and window of the first of them? */
static bool all_alike(const struct book_claim *c, const struct book_terms **first)
{
	unsigned sides = 0;

	for (uint32_t i = 0; i < c->n; i++)
		sides |= c->items[i].in;
	for (unsigned s = 0; s < BOOK_SIDES; s++) {
		const struct book_terms *t = &c->terms[s];

		if (!(sides & 1u << s))
			continue;
		if (!*first)
			*first = t;
		if (t->nrp != (*first)->nrp || !window_eq(t->window, (*first)->window))
			return false;
	}
	return true;
}

static struct change change_of(const struct book_claim *was, const struct book_claim *is)
{
	const struct book_terms *first = NULL;

	return (struct change){ .was = was,
				.is = is,
				.plain = !was->failures && !is->failures && all_alike(was, &first) &&
					 all_alike(is, &first) };
}

/* The one charge of an item whose sides stand in the same place; see book_item_charges(). */
static uint64_t plain_charge(const struct book_claim *c, const struct book_item *it, uint8_t *hold)
{
	const struct book_terms *t = c->terms;
	unsigned first = it->in & 1u << BOOK_OLD ? BOOK_OLD : BOOK_WANT;
	uint64_t bps = it->bps[first];

	*hold = t[first].hold;
	if (it->in != (1u << BOOK_OLD | 1u << BOOK_WANT))
		return bps;
	if (t[BOOK_WANT].hold < *hold)
		*hold = t[BOOK_WANT].hold;
	return it->bps[BOOK_WANT] > bps ? it->bps[BOOK_WANT] : bps;
}

static bool same_charge(const struct change *w, const struct book_item *a, const struct book_item *b)
{
	uint8_t hold_a, hold_b;

	if (!w->plain)
		return charges_eq(w->was, a, w->is, b);
	return plain_charge(w->was, a, &hold_a) == plain_charge(w->is, b, &hold_b) && hold_a == hold_b;
}

/* The next link where something changes: what stood there, what will; either may be NULL. */
static bool change_next(struct change *w, const struct book_item **was, struct book_item **is)
{
	while (w->i < w->was->n || w->k < w->is->n) {
		const struct book_item *a = w->i < w->was->n ? &w->was->items[w->i] : NULL;
		struct book_item *b = w->k < w->is->n ? &w->is->items[w->k] : NULL;

		if (a && b && a->link < b->link)
			b = NULL;
		else if (a && b && a->link > b->link)
			a = NULL;
		w->i += a != NULL;
		w->k += b != NULL;
		*was = a;
		*is = b;
		if (!a || !b)
			return true;
		b->at = a->at;
		if (!same_charge(w, a, b))
			return true;
	}
	return false;
}

/* Replaces a claim's items; what is new on a link is charged before what was is discharged, so
 * that the reserved room is there. On failure nothing changed and items is freed. */
int book_items_put(struct book *b, struct book_claim *c, const struct book_terms terms[BOOK_SIDES],
		   struct book_item *take_items, uint32_t n)
{
	const struct book_claim was = *c;
	struct book_claim is = *c;
	struct change look, walk;
	const struct book_item *x;
	struct book_item *y;

	memcpy(is.terms, terms, sizeof(is.terms));
	is.items = take_items;
	is.n = n;
	look = change_of(&was, &is);
	while (change_next(&look, &x, &y)) {
		if (y && book_link_reserve(b, y->link) < 0) {
			free(take_items);
			return err_raise(-ENOMEM);
		}
	}
	memcpy(c->terms, terms, sizeof(c->terms));
	c->items = take_items;
	c->n = n;
	walk = change_of(&was, c);
	while (change_next(&walk, &x, &y)) {
		struct book_link *l = &b->links[y ? y->link : x->link];

		if (y)
			item_charge(b, c, y);
		if (x)
			item_discharge(b, &was, x);
		if (!y)
			user_del(l, c, x);
		else if (!x)
			user_add(l, c, y);
	}
	free(was.items);
	return 0;
}

/* ---- releasing: no memory needed ---- */

static void sides_release(struct book *b, struct book_claim *c, uint8_t sides)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		const struct book_item *was = &c->items[i];
		struct book_item it = *was;

		it.in &= ~sides & 3U;
		for (unsigned s = 0; s < BOOK_SIDES; s++) {
			if (sides & 1u << s)
				it.bps[s] = 0;
		}
		if (!it.in || !charges_eq(c, was, c, &it)) {
			item_discharge(b, c, was);
			if (it.in)
				item_charge(b, c, &it);
			else
				user_del(&b->links[it.link], c, was);
		}
		if (it.in)
			c->items[k++] = it;
	}
	c->n = k;
}

void book_settle(struct book *b, struct book_claim *c)
{
	sides_release(b, c, 1u << BOOK_OLD);
}

void book_revert(struct book *b, struct book_claim *c)
{
	if (c->failures)
		return; /* a backup has no old side */
	/* The old becomes what is wanted again. */
	sides_release(b, c, 1u << BOOK_WANT);
	for (uint32_t i = 0; i < c->n; i++) {
		c->items[i].in = 1u << BOOK_WANT;
		c->items[i].bps[BOOK_WANT] = c->items[i].bps[BOOK_OLD];
		c->items[i].bps[BOOK_OLD] = 0;
	}
	c->terms[BOOK_WANT] = c->terms[BOOK_OLD];
}

void book_drop(struct book *b, struct book_claim *c)
{
	sides_release(b, c, 1u << BOOK_OLD | 1u << BOOK_WANT);
}

void book_yield(struct book *b, struct book_claim *c, uint32_t link)
{
	const struct book_item *it = book_item_find(c, link);

	if (!it)
		return;
	if (c->failures) { /* nobody needs to know that it would go there */
		book_backup_leave(b, c, &link, 1);
		return;
	}
	item_discharge(b, c, it);
	c->items[it - c->items].bps[BOOK_OLD] = 0;
	c->items[it - c->items].bps[BOOK_WANT] = 0;
	item_charge(b, c, it);
}

void book_backup_leave(struct book *b, struct book_claim *c, const uint32_t *links, uint32_t n)
{
	assert(c->failures);
	for (uint32_t i = 0; i < n; i++) {
		const struct book_item *it = book_item_find(c, links[i]);
		uint32_t at = it ? (uint32_t)(it - c->items) : 0;

		if (!it)
			continue;
		item_discharge(b, c, it);
		user_del(&b->links[links[i]], c, it);
		c->n--;
		memmove(&c->items[at], &c->items[at + 1], (c->n - at) * sizeof(*c->items));
	}
}

void book_claim_foreign_set(struct book *b, struct book_claim *c, bool foreign)
{
	assert(!c->failures);
	for (uint32_t i = 0; i < c->n; i++)
		item_discharge(b, c, &c->items[i]);
	c->foreign = foreign;
	for (uint32_t i = 0; i < c->n; i++)
		item_charge(b, c, &c->items[i]);
}

struct book_claim *book_claim_free(struct book *b, struct book_claim *c)
{
	if (!c)
		return NULL;
	book_drop(b, c);
	claim_release(c);
	return NULL;
}
