/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the book: room, rows, snapshots for workers, and the audit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ahead.h"
#include "base/err.h"
#include "intent/book/book_claim.h"

enum { NO_LINK = -1 };

static bool window_at(struct book_window w, uint64_t t_s)
{
	return w.start_s <= t_s && t_s < w.end_s;
}

/* ---- whose room ---- */

static bool is_listed(const struct book_scope *s, uint32_t nrp)
{
	for (uint32_t i = 0; i < s->n_listed; i++) {
		if (s->listed[i] == nrp)
			return true;
	}
	return false;
}

bool book_counts(const struct book_link *l, const struct book_scope *s, uint32_t nrp)
{
	switch (s->of) {
	case BOOK_OF_ALL:
		return true;
	case BOOK_OF_REST:
		return !book_part_of(l, nrp);
	case BOOK_OF_NRP:
		return nrp == s->nrp;
	case BOOK_OF_OTHERS:
		break;
	}
	return !is_listed(s, nrp);
}

bool book_same_room(const struct book *b, uint32_t link, uint32_t nrp, uint32_t other)
{
	const struct book_link *l = &b->links[link];

	return nrp == other || link >= b->n_links || (!book_part_of(l, nrp) && !book_part_of(l, other));
}

static uint64_t part_bps(const struct book_part *p)
{
	return p->bps == BOOK_NO_SHARE ? 0 : p->bps;
}

static uint64_t shares(const struct book_link *l)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->parts.n; i++)
		sum += part_bps(&l->parts.at[i]);
	return sum;
}

/* ---- sums ---- */

/* Reserved on one link at one moment, as seen by a request at that setup priority. */
static uint64_t used_at(const struct book_link *l, const struct book_scope *s, uint64_t t_s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->cells.n; i++) {
		const struct book_cell *c = &l->cells.at[i];

		if (!window_at(c->window, t_s) || !book_counts(l, s, c->nrp))
			continue;
		for (unsigned p = 0; p < BOOK_PRIOS; p++)
			sum += c->foreign[p] + (p <= s->setup ? c->ours[p] : 0);
	}
	return sum;
}

static uint64_t own_at(const struct book_link *l, uint32_t link, const struct book_scope *s, uint64_t t_s)
{
	const struct book_claim *c = s->except;
	const struct book_item *it = c && !c->failures ? book_item_find(c, link) : NULL;
	struct book_charge x[BOOK_SIDES];
	uint64_t sum = 0;
	unsigned n;

	if (!it)
		return 0;
	n = book_item_charges(c, it, x);
	for (unsigned i = 0; i < n; i++) {
		if (window_at(x[i].window, t_s) && book_counts(l, s, x[i].nrp) &&
		    (c->foreign || x[i].hold <= s->setup))
			sum += x[i].bps;
	}
	return sum;
}

/* Most in use in a window, what is kept for after a failure with it. */
static uint64_t peak(const struct book_link *l, uint32_t link, const struct book_scope *s,
		     struct book_window w)
{
	bool plain = l->n_timed == 0 && s->of == BOOK_OF_ALL && s->setup < BOOK_PRIOS;
	uint64_t all = plain ? l->used[s->setup] : used_at(l, s, w.start_s);
	uint64_t most = all - own_at(l, link, s, w.start_s);

	/* The sum changes for the worse only where a window starts. */
	for (size_t i = 0; l->n_timed > 0 && i < l->cells.n; i++) {
		uint64_t t = l->cells.at[i].window.start_s, used;

		if (t == w.start_s || !window_at(w, t))
			continue;
		used = used_at(l, s, t) - own_at(l, link, s, t);
		most = used > most ? used : most;
	}
	return most + (l->needs.n > 0 ? book_need_most(l, link, s) : 0);
}

static uint64_t rest(uint64_t all, uint64_t used)
{
	return used < all ? all - used : 0;
}

/* What an NRP draws on, and what stands in it as the scope has it. */
struct pool {
	uint64_t all, used;
};

static struct pool pool(const struct book_link *l, uint32_t link, struct book_scope s, struct book_window w)
{
	const struct book_part *at = s.of == BOOK_OF_REST ? NULL : book_part_of(l, s.nrp);

	s.of = at ? BOOK_OF_NRP : BOOK_OF_REST;
	if (at)
		return (struct pool){ part_bps(at), peak(l, link, &s, w) };
	return (struct pool){ rest(l->capacity_bps, shares(l)), peak(l, link, &s, w) + l->measured_bps };
}

uint64_t book_room(const struct book *b, uint32_t link, const struct book_ask *ask)
{
	const struct book_scope s = { .setup = ask->setup,
				      .nrp = ask->nrp,
				      .except = ask->except,
				      .failed = ask->failed,
				      .failure = ask->failure };
	const struct book_link *l;
	uint64_t room, its;
	struct pool p;

	if (link >= b->n_links)
		return 0;
	l = &b->links[link];
	room = rest(l->capacity_bps, peak(l, link, &s, ask->window) + l->measured_bps);
	if (l->parts.n == 0)
		return room;
	p = pool(l, link, s, ask->window);
	its = rest(p.all, p.used);
	return its < room ? its : room;
}

uint32_t book_refuses(const struct book *b, const struct book_ask *ask, uint64_t bps,
		      const uint32_t *links, uint32_t n)
{
	for (uint32_t i = 0; bps > 0 && i < n; i++) {
		if (book_room(b, links[i], ask) < bps)
			return links[i];
	}
	return UINT32_MAX;
}

uint32_t book_refuses_way(const struct book *b, const struct book_ask *ask, uint64_t bps, const struct book_way *w)
{
	for (uint32_t i = 0; bps > 0 && i < w->n; i++) {
		if (book_room(b, w->links[i], ask) < book_way_bps(w, bps, i))
			return w->links[i];
	}
	return UINT32_MAX;
}

bool book_claim_full_way(const struct book_claim *c, uint64_t bps, const struct book_way *w)
{
	if (!w->units)
		return book_claim_full(c, bps, w->links, w->n);
	for (uint32_t i = 0; i < w->n; i++) {
		if (book_claim_bps(c, w->links[i]) < book_way_bps(w, bps, i))
			return false;
	}
	return true;
}

void book_snapshot(const struct book *b, const struct book_ask *ask, uint64_t *free_bps, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		free_bps[i] = book_room(b, i, ask);
}

/* Where all is booked for always, and no share is less than the link, the room is what is shown
 * and what is the claim's own: sums, as long as they did not end at nothing. */
static uint64_t own_room(const struct book *b, const struct book_ask *ask, const struct book_view *now,
			 const struct book_item *it)
{
	const struct book_claim *c = ask->except;
	struct book_charge x[BOOK_SIDES];
	uint64_t sum;
	unsigned n;

	if (!now || b->n_timed > 0 || b->n_parts > 0 || c->failures || it->link >= now->n ||
	    now->bps[it->link] == 0 || ask->failed)
		return book_room(b, it->link, ask);
	sum = now->bps[it->link];
	n = book_item_charges(c, it, x);
	for (unsigned i = 0; i < n; i++)
		sum += c->foreign || x[i].hold <= ask->setup ? x[i].bps : 0;
	return sum;
}

static int own_cmp(const void *a, const void *b)
{
	const struct book_own *x = a, *y = b;

	return x->link < y->link ? -1 : x->link > y->link;
}

/* Links in any order with doubles: each once, ascending, with its room. */
static uint32_t rooms_of(const struct book *b, const struct book_ask *ask, struct book_own *out,
			 uint32_t n)
{
	uint32_t k = 0;

	qsort(out, n, sizeof(*out), own_cmp);
	for (uint32_t i = 0; i < n; i++) {
		if (k == 0 || out[k - 1].link != out[i].link)
			out[k++].link = out[i].link;
	}
	for (uint32_t i = 0; i < k; i++)
		out[i].free_bps = book_room(b, out[i].link, ask);
	return k;
}

static uint32_t items_out(const struct book_claim *c, struct book_own *out, uint32_t n, uint32_t cap)
{
	for (uint32_t i = 0; i < c->n && n < cap; i++)
		out[n++].link = c->items[i].link;
	return n;
}

uint32_t book_own_rooms(const struct book *b, const struct book_ask *ask, const struct book_view *now,
			struct book_own *out, uint32_t cap)
{
	const struct book_claim *c = ask->except;
	uint32_t n = c ? c->n : 0;

	if (!c)
		return 0;
	LIST_EACH(it, &c->backups)
		n += LIST_OF(it, struct book_claim, of_link)->n;
	if (cap == 0)
		return n;
	if (!list_empty(&c->backups)) {
		n = items_out(c, out, 0, cap);
		LIST_EACH(it, &c->backups)
			n = items_out(LIST_OF(it, struct book_claim, of_link), out, n, cap);
		return rooms_of(b, ask, out, n);
	}
	n = n < cap ? n : cap;
	for (uint32_t i = 0; i < n; i++)
		out[i] = (struct book_own){ c->items[i].link, own_room(b, ask, now, &c->items[i]) };
	return n;
}

uint32_t book_rooms_after(const struct book *b, const struct book_ask *ask, struct book_own *out,
			  uint32_t cap)
{
	const struct book_failure *f = book_failure_find(b, ask->failure);
	uint32_t n_links = f ? (uint32_t)f->links.n : 0, n;

	if (cap == 0)
		return n_links + ask->except->n;
	n = items_out(ask->except, out, 0, cap);
	for (uint32_t i = 0; i < n_links && n < cap; i++)
		out[n++].link = f->links.at[i];
	return rooms_of(b, ask, out, n);
}

uint32_t book_claim_link(const struct book_claim *c, uint32_t i)
{
	return i < c->n ? c->items[i].link : UINT32_MAX;
}

static uint64_t item_bps(const struct book_claim *c, const struct book_item *it)
{
	struct book_charge x[BOOK_SIDES];
	uint64_t sum = 0;

	for (unsigned i = 0, n = it ? book_item_charges(c, it, x) : 0; i < n; i++)
		sum += x[i].bps;
	return sum;
}

uint64_t book_claim_bps(const struct book_claim *c, uint32_t link)
{
	return item_bps(c, book_item_find(c, link));
}

bool book_claim_full(const struct book_claim *c, uint64_t bps, const uint32_t *links, uint32_t n)
{
	uint32_t at = 0;

	for (uint32_t i = 0; bps > 0 && i < n; i++) {
		/* They ascend as a rule, as the items do. */
		while (at < c->n && c->items[at].link < links[i])
			at++;
		if (at < c->n && c->items[at].link == links[i]) {
			if (item_bps(c, &c->items[at]) < bps)
				return false;
		} else if (book_claim_bps(c, links[i]) < bps) {
			return false;
		}
	}
	return true;
}

uint64_t book_claim_weak(const struct book_claim *c, uint32_t link, uint8_t setup, uint8_t *hold)
{
	const struct book_item *it = book_item_find(c, link);
	struct book_charge x[BOOK_SIDES];
	uint8_t best = BOOK_PRIOS;
	uint64_t sum = 0;

	for (unsigned i = 0, n = it ? book_item_charges(c, it, x) : 0; i < n; i++) {
		if (x[i].hold <= setup || x[i].bps == 0)
			continue;
		sum += x[i].bps;
		best = x[i].hold < best ? x[i].hold : best;
	}
	if (hold && sum > 0)
		*hold = best;
	return sum;
}

uint64_t book_excess(const struct book *b, uint32_t link)
{
	const struct book_scope all = { .setup = BOOK_PRIOS - 1 };
	const struct book_link *l;

	if (link >= b->n_links)
		return 0;
	l = &b->links[link];
	return rest(peak(l, link, &all, BOOK_ALWAYS) + l->measured_bps, l->capacity_bps);
}

uint64_t book_nrp_most(const struct book *b, uint32_t link, uint32_t nrp)
{
	const struct book_scope s = { .setup = BOOK_PRIOS - 1, .of = BOOK_OF_NRP, .nrp = nrp };

	return link < b->n_links ? peak(&b->links[link], link, &s, BOOK_ALWAYS) : 0;
}

uint64_t book_outside_most(const struct book *b, uint32_t link, const uint32_t *nrps, uint32_t n)
{
	const struct book_scope s = { .setup = BOOK_PRIOS - 1,
				      .of = BOOK_OF_OTHERS,
				      .listed = nrps,
				      .n_listed = n,
				      .failed = true,
				      .failure = BOOK_NO_BACKUPS };

	return link < b->n_links ? peak(&b->links[link], link, &s, BOOK_ALWAYS) : 0;
}

uint64_t book_share_excess(const struct book *b, uint32_t link, uint32_t nrp)
{
	const struct book_scope s = { .setup = BOOK_PRIOS - 1, .nrp = nrp };
	struct pool p;

	if (link >= b->n_links || b->links[link].parts.n == 0)
		return 0;
	p = pool(&b->links[link], link, s, BOOK_ALWAYS);
	return rest(p.used, p.all);
}

/* Each room by itself, what is left beside shares too. */
static bool parts_over(const struct book_link *l, uint32_t link, struct book_scope s)
{
	struct pool p;

	for (size_t k = 0; k < l->parts.n; k++) {
		s.nrp = l->parts.at[k].nrp;
		p = pool(l, link, s, BOOK_ALWAYS);
		if (p.used > p.all)
			return true;
	}
	s.of = BOOK_OF_REST;
	p = pool(l, link, s, BOOK_ALWAYS);
	return p.used > p.all;
}

bool book_over_after(const struct book *b, uint32_t link, const uint64_t *failure)
{
	struct book_scope s = { .setup = BOOK_PRIOS - 1,
				.failed = failure != NULL,
				.failure = failure ? *failure : 0 };
	const struct book_link *l;

	if (link >= b->n_links)
		return false;
	l = &b->links[link];
	if (peak(l, link, &s, BOOK_ALWAYS) + l->measured_bps > l->capacity_bps)
		return true;
	return l->parts.n > 0 && parts_over(l, link, s);
}

void book_claim_ahead(const struct book_claim *c)
{
	ahead(c, sizeof(*c));
}

void book_items_ahead(const struct book_claim *c)
{
	if (c)
		ahead(c->items, c->n * sizeof(*c->items));
}

void book_links_ahead(const struct book *b, const uint32_t *links, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (links[i] < b->n_links)
			ahead(&b->links[links[i]], sizeof(b->links[0]));
}

struct book_claim *const *book_users(const struct book *b, uint32_t link, size_t *n)
{
	*n = link < b->n_links ? b->links[link].users.n : 0;
	return *n ? b->links[link].users.at : NULL;
}

struct book_claim *const *book_backups(const struct book *b, uint32_t link, size_t *n)
{
	*n = link < b->n_links ? b->links[link].backups.n : 0;
	return *n ? b->links[link].backups.at : NULL;
}

bool book_row(const struct book *b, uint32_t link, struct book_row *out)
{
	const struct book_link *l;

	*out = (struct book_row){ 0 };
	if (link >= b->n_links)
		return false;
	l = &b->links[link];
	out->capacity_bps = l->capacity_bps;
	out->measured_bps = l->measured_bps;
	out->n_claims = (uint32_t)l->users.n;
	memcpy(out->backup_bps, l->most, sizeof(out->backup_bps));
	out->shares_bps = shares(l);
	for (size_t i = 0; i < l->parts.n; i++)
		out->unused_bps += rest(part_bps(&l->parts.at[i]), book_nrp_most(b, link, l->parts.at[i].nrp));
	for (size_t i = 0; i < l->cells.n; i++) {
		for (unsigned p = 0; p < BOOK_PRIOS; p++) {
			out->ours_bps[p] += l->cells.at[i].ours[p];
			out->foreign_bps[p] += l->cells.at[i].foreign[p];
		}
	}
	return true;
}

/* ---- audit ---- */

struct tally {
	struct book_cell *cells; /* as the running ones of the same link, sums from zero */
	struct book_need *needs;
	uint32_t users;
};

/* A backup's item, for each of its failures; false: the running book has no such need. */
static bool tally_needs(struct tally *t, const struct book_link *l, const struct book_claim *c,
			const struct book_item *it)
{
	const struct book_terms *terms = &c->terms[BOOK_WANT];

	for (uint32_t k = 0; k < c->n_failures; k++) {
		size_t at = 0;

		while (at < l->needs.n && (l->needs.at[at].failure != c->failures[k] ||
					   l->needs.at[at].nrp != terms->nrp))
			at++;
		if (at == l->needs.n)
			return false;
		t->needs[at].bps[terms->hold] += it->bps[BOOK_WANT];
		t->needs[at].n++;
	}
	return true;
}

/* Adds one charge to the tally; false: the running book has no such cell. */
static bool tally_add(struct tally *t, const struct book_link *l, const struct book_claim *c,
		      const struct book_charge *x)
{
	for (size_t i = 0; i < l->cells.n; i++) {
		struct book_cell *cell = &t->cells[i];

		if (cell->nrp != x->nrp || cell->window.start_s != x->window.start_s ||
		    cell->window.end_s != x->window.end_s)
			continue;
		*(c->foreign ? &cell->foreign[x->hold] : &cell->ours[x->hold]) += x->bps;
		cell->n++;
		return true;
	}
	return false;
}

static bool tally_item(struct tally *t, const struct book *b, const struct book_claim *c,
		       const struct book_item *it)
{
	const struct book_link *l = &b->links[it->link];
	struct book_charge x[BOOK_SIDES];
	unsigned n = book_item_charges(c, it, x);

	for (unsigned i = 0; !c->failures && i < n; i++) {
		if (!tally_add(&t[it->link], l, c, &x[i]))
			return false;
	}
	if (c->failures && !tally_needs(&t[it->link], l, c, it))
		return false;
	t[it->link].users++;
	return book_user_is(b, c, it);
}

/* What is kept beside the needs: the most of them, and where each failure's are. */
static bool needs_eq(const struct book *b, const struct book_link *l)
{
	uint64_t most[BOOK_PRIOS];

	book_most_find(l, most);
	for (size_t i = 0; i < l->needs.n; i++) {
		const struct book_failure *f = book_failure_find(b, l->needs.at[i].failure);
		bool has = false;

		for (size_t k = 0; f && k < f->links.n; k++)
			has = has || &b->links[f->links.at[k]] == l;
		if (!has)
			return false;
	}
	return memcmp(most, l->most, sizeof(most)) == 0;
}

static bool tally_eq(const struct book *b, const struct tally *t, const struct book_link *l)
{
	uint64_t used[BOOK_PRIOS] = { 0 };

	if (t->users != l->users.n + l->backups.n || !needs_eq(b, l))
		return false;
	for (size_t i = 0; i < l->cells.n; i++) {
		const struct book_cell *a = &t->cells[i], *c = &l->cells.at[i];

		if (a->n != c->n || memcmp(a->ours, c->ours, sizeof(a->ours)) != 0 ||
		    memcmp(a->foreign, c->foreign, sizeof(a->foreign)) != 0)
			return false;
		for (unsigned p = 0; p < BOOK_PRIOS; p++)
			for (unsigned by = 0; by < BOOK_PRIOS; by++)
				used[p] += c->foreign[by] + (by <= p ? c->ours[by] : 0);
	}
	if (memcmp(used, l->used, sizeof(used)) != 0)
		return false;
	for (size_t i = 0; i < l->needs.n; i++) {
		if (t->needs[i].n != l->needs.at[i].n ||
		    memcmp(t->needs[i].bps, l->needs.at[i].bps, sizeof(t->needs[i].bps)) != 0)
			return false;
	}
	return true;
}

static int tally_make(const struct book *b, struct tally *t)
{
	for (uint32_t i = 0; i < b->n_links; i++) {
		const struct book_link *l = &b->links[i];

		t[i].cells = calloc(l->cells.n + 1, sizeof(*t[i].cells));
		t[i].needs = calloc(l->needs.n + 1, sizeof(*t[i].needs));
		if (!t[i].cells || !t[i].needs)
			return -ENOMEM;
		for (size_t k = 0; k < l->cells.n; k++) {
			t[i].cells[k].nrp = l->cells.at[k].nrp;
			t[i].cells[k].window = l->cells.at[k].window;
		}
	}
	return 0;
}

/* The first link that is wrong, NO_LINK when none is. */
static int64_t tally_run(const struct book *b, struct tally *t)
{
	for (const struct list *n = b->claims.next; n != &b->claims; n = n->next) {
		const struct book_claim *c = CONTAINER_OF(n, const struct book_claim, link);

		for (uint32_t i = 0; i < c->n; i++) {
			if (c->items[i].link >= b->n_links || !tally_item(t, b, c, &c->items[i]))
				return c->items[i].link;
		}
	}
	for (uint32_t i = 0; i < b->n_links; i++) {
		if (!tally_eq(b, &t[i], &b->links[i]))
			return i;
	}
	return NO_LINK;
}

bool book_audit(const struct book *b, char *why, size_t cap)
{
	struct tally *t = calloc((size_t)b->n_links + 1, sizeof(*t));
	int64_t bad = NO_LINK;
	bool ran = t && tally_make(b, t) == 0;

	if (ran)
		bad = tally_run(b, t);
	for (uint32_t i = 0; t && i < b->n_links; i++) {
		free(t[i].cells);
		free(t[i].needs);
	}
	free(t);
	if (!ran)
		(void)snprintf(why, cap, "no memory for the audit");
	else if (bad != NO_LINK)
		(void)snprintf(why, cap, "link %lld: the book differs from the sum of its claims",
			       (long long)bad);
	else if (cap)
		why[0] = '\0';
	return ran && bad == NO_LINK;
}
