/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept for after a failure gives way to what is reserved now: on no link is there more of
 * both than it has. To a new route give way what is held worse than it is set up, and, while a
 * failure that it was kept for has come, what others keep for other failures; to facts (capacity,
 * measured traffic, LSPs of others) everything does, the worst held first. Who gave way is worked
 * out again.
 */
#include <stdlib.h>

#include "intent/guard/guard.h"

/* The whole claim goes: a way with a hole in it is none. */
static void give_way(struct intent *i, struct book_claim *c)
{
	struct intent_guard *g = book_claim_owner(c);

	for (uint32_t k = 0; k < g->n; k++) {
		if (g->at[k].claim == c) {
			(void)intent_guard_let(g, &g->at[k]);
			g->n_open++;
		}
	}
	intent_guard_todo(g, true);
	intent_retry_blocked(i);
}

/* Worst held first, then by key from behind. */
static int by_worth(const void *a, const void *b)
{
	const struct book_claim *x = *(struct book_claim *const *)a, *y = *(struct book_claim *const *)b;
	const struct intent_guard *g = book_claim_owner(x), *h = book_claim_owner(y);

	if (book_claim_hold(x) != book_claim_hold(y))
		return book_claim_hold(x) > book_claim_hold(y) ? -1 : 1;
	if (g != h)
		return -sr_policy_key_cmp(&g->pol->key, &h->pol->key);
	return book_backup_failure(x) > book_backup_failure(y) ? -1 : 1;
}

/* Who may be asked to go from a link. */
struct whom {
	bool all;
	uint8_t setup;
	bool failed;
	uint64_t failure;
};

static bool may_go(const struct whom *w, const struct book_claim *c)
{
	return w->all || book_claim_hold(c) > w->setup ||
	       (w->failed && book_backup_failure(c) != w->failure);
}

static void fit_link(struct intent *i, uint32_t link, const struct whom *w)
{
	size_t n, k = 0;
	struct book_claim *const *all = book_backups(i->book, link, &n);
	struct book_claim **at;

	if (n == 0 || !book_over_after(i->book, link, NULL))
		return;
	at = malloc(n * sizeof(struct book_claim *));
	for (size_t m = 0; at && m < n; m++) {
		if (may_go(w, all[m]))
			at[k++] = all[m];
	}
	if (at)
		qsort(at, k, sizeof(struct book_claim *), by_worth);
	for (size_t m = 0; m < k; m++) {
		uint64_t failure = book_backup_failure(at[m]);

		if (book_over_after(i->book, link, &failure))
			give_way(i, at[m]);
	}
	free(at);
}

void intent_guards_fit(struct intent *i, const uint32_t *links, uint32_t n)
{
	const struct whom all = { .all = true };

	for (uint32_t k = 0; i->guards->n_claims > 0 && k < n; k++)
		fit_link(i, links[k], &all);
}

void intent_guards_make_room(struct intent_pol *p, const uint32_t *links, uint32_t n)
{
	struct intent *i = p->i;
	const struct book_ask ask = intent_ask_of(p);
	const struct whom w = { .setup = ask.setup, .failed = ask.failed, .failure = ask.failure };

	if (i->guards->n_claims == 0)
		return;
	/* What it keeps for itself is not in its own way: it is there now. */
	for (uint32_t k = 0; p->guard && k < p->guard->n; k++) {
		if (p->guard->at[k].claim)
			book_backup_leave(i->book, p->guard->at[k].claim, links, n);
	}
	for (uint32_t k = 0; k < n; k++)
		fit_link(i, links[k], &w);
}
