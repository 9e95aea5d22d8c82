/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What LSPs of others hold: their lists are walked on the TED, some each turn of the loop, and
 * charged apart from ours. Only a report or a TED in sight changes a charge.
 */
#include "base/err.h"
#include "base/str.h"
#include "intent/intent_priv.h"

void intent_foreign_touch(struct intent_lsp *l)
{
	struct intent *i = l->he->i;

	if (!l->claim)
		return;
	if (!list_linked(&l->expand_link))
		list_add(&i->expand, &l->expand_link);
	loop_task_run(&i->expand_task);
}

void intent_foreign_all(struct intent *i)
{
	LIST_EACH(it, &i->foreign)
		intent_foreign_touch(LIST_OF(it, struct intent_lsp, own_link));
}

static void uncharge(struct intent_lsp *l, const char *why)
{
	struct intent *i = l->he->i;

	if (l->charged) {
		book_drop(i->book, l->claim);
		l->charged = false;
		intent_retry_blocked(i);
	}
	str_copy(l->note, sizeof(l->note), why);
}

/* Others took so much of a link, or of what is left beside shares of it, or shares are others, that ours
 * no longer fit: those look for another way. */
static void crowd_out(struct intent *i, uint32_t link)
{
	size_t n;
	struct book_claim *const *users = book_users(i->book, link, &n);

	intent_guards_fit(i, &link, 1);
	for (size_t k = 0; k < n; k++) {
		if (!book_claim_foreign(users[k]) && book_claim_bps(users[k], link) > 0 &&
		    intent_overfull(i, link, book_claim_terms(users[k])->nrp))
			intent_dirty(book_claim_owner(users[k]), INTENT_REPAIR);
	}
}

static void charge(struct intent_lsp *l, const struct intent_route *x)
{
	struct intent *i = l->he->i;
	const struct lsp_state *st = &l->st;
	const struct book_terms t = {
		.bps = st->bandwidth_bps < BOOK_BPS_MAX ? st->bandwidth_bps : BOOK_BPS_MAX,
		.hold = st->hold_prio < BOOK_PRIOS ? st->hold_prio : BOOK_PRIOS - 1,
		.window = BOOK_ALWAYS,
	};
	const struct book_way way = intent_way(x);
	uint64_t *was = ARENA_ARRAY(&i->arena, x->n_links, uint64_t);

	for (uint32_t k = 0; was && k < x->n_links; k++)
		was[k] = book_claim_bps(l->claim, x->links[k]);
	if (!was || book_hold_way(i->book, l->claim, &t, &way) < 0) {
		str_copy(l->note, sizeof(l->note), "not booked: no memory");
		return;
	}
	l->charged = true;
	l->note[0] = '\0';
	for (uint32_t k = 0; k < x->n_links; k++) {
		if (book_way_bps(&way, t.bps, k) > was[k])
			crowd_out(i, x->links[k]);
	}
	intent_retry_blocked(i); /* where it was before, or held more */
}

static void expand(struct intent_lsp *l)
{
	struct intent *i = l->he->i;
	const struct lsp_state *st = &l->st;
	uint32_t src = intent_endpoint_node(i->ted, &l->he->addr);
	struct intent_route x;
	const char *why;
	bool known;

	if (!st->admin_up && st->oper == LSP_DOWN) {
		uncharge(l, "not booked: administratively down");
	} else if (st->list.n == 0 || st->list_truncated) {
		uncharge(l, st->list_truncated ? "not booked: its list is too long to follow" :
						 "not booked: no list is reported");
	} else if (src == TED_NONE) {
		uncharge(l, "not booked: the headend is not in the topology");
	} else {
		arena_reset(&i->arena);
		/* It may lead out of the topology: what it uses inside is charged. */
		for (unsigned k = 0; k < sr_list_count(&st->list); k++)
			intent_bound_foreign(i, sr_list_nth(&st->list, k));
		known = intent_endpoint_node(i->ted, &st->endpoint) != TED_NONE;
		why = intent_expand_lists(i, src, known ? &st->endpoint : NULL, &st->list, &x);
		if (!why)
			charge(l, &x);
		else
			uncharge(l, arena_printf(&i->arena, "not booked: %s", why));
	}
	if (l->pol)
		intent_todo(l->pol);
}

int intent_measured(struct intent *i, uint32_t link, uint64_t bps)
{
	bool less = bps < book_measured(i->book, link);
	int r = book_measured_set(i->book, link, bps);

	if (r < 0)
		return err_trace(r);
	if (less)
		intent_retry_blocked(i);
	else
		crowd_out(i, link);
	return 0;
}

uint64_t intent_nrp_reserved(const struct intent *i, uint32_t link, uint32_t nrp)
{
	return book_nrp_most(i->book, link, nrp);
}

uint64_t intent_outside(const struct intent *i, uint32_t link, const uint32_t *nrps, uint32_t n)
{
	return book_outside_most(i->book, link, nrps, n);
}

int intent_share(struct intent *i, uint32_t link, uint32_t nrp, uint64_t bps)
{
	int r = book_share_set(i->book, link, nrp, bps);

	if (r < 0)
		return err_trace(r);
	crowd_out(i, link);
	intent_retry_blocked(i);
	return 0;
}

void intent_expand_run(void *arg)
{
	struct intent *i = arg;
	struct list *n;

	/* Without sight they keep what they hold, and wait. */
	if (!i->ted || i->ted->stale)
		return;
	for (unsigned k = 0; k < INTENT_FOREIGN_TURN && (n = list_pop(&i->expand)); k++)
		expand(LIST_OF(n, struct intent_lsp, expand_link));
	if (!list_empty(&i->expand))
		loop_task_run(&i->expand_task);
	else
		loop_task_run(&i->round); /* what had time waited for this */
}
