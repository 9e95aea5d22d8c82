/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What headends answer, or fail to: the end of a transaction, a list that is up, refused, gone or
 * never heard of again. Nothing is sent from here; what follows is reconciled later this turn.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "intent/intent_priv.h"

#define REFUSED_BACKOFF_NS (60 * NS_PER_S)

/* ---- transactions ---- */

/* Changed terms were on their way and are not known to have arrived. charged: the book has them. */
static void terms_again(struct intent_pol *p, bool charged)
{
	if (p->txn_kind == INTENT_TXN_ATTR || p->attr_in_txn) {
		p->attr_dirty = true;
		p->attr_charged = charged;
	}
	p->attr_terms = p->attr_terms || p->attr_in_txn;
	p->attr_in_txn = false;
}

static void txn_over(struct intent_pol *p)
{
	p->txn = 0;
	p->txn_kind = INTENT_TXN_NONE;
	if (!p->has_refused && !p->waiting)
		loop_timer_stop(&p->retry);
}

static const char *lsp_error_text(uint16_t code)
{
	/* RFC 8231 s7.3.3, RFC 8745, RFC 9603 */
	static const char *const text[] = { "",
					    "unknown reason",
					    "limit reached for PCE-controlled LSPs",
					    "too many pending LSP update requests",
					    "unacceptable parameters",
					    "internal error",
					    "LSP administratively brought down",
					    "LSP preempted",
					    "RSVP signalling error",
					    "unsupported colour",
					    "SID verification failed" };

	return code < ARRAY_LEN(text) ? text[code] : "unknown code";
}

/* The network has it: the way back is no longer needed. */
static void settle(struct intent_pol *p)
{
	book_settle(p->i->book, p->claim);
	intent_route_fini(&p->prev);
	intent_retry_blocked(p->i);
}

static void up_now(struct intent_pol *p)
{
	if (!p->was_up)
		settle(p);
	p->was_up = true;
	p->tries = 0;
	if (p->has_refused || p->waiting)
		return;
	p->fail[0] = '\0';
	loop_timer_stop(&p->retry);
}

/* PCEP tells rates as 32-bit floats. */
static bool rate_differs(uint64_t a, uint64_t b)
{
	uint64_t more = a > b ? a : b, less = a > b ? b : a;

	return more - less > more >> 20;
}

/* Not reported says nothing. */
static bool terms_differ(const struct intent_pol *p, const struct lsp_state *st, uint32_t pref)
{
	return (st->bandwidth_bps > 0 &&
		rate_differs(st->bandwidth_bps, p->desired->p.bandwidth_bps)) ||
	       (st->has_preference && st->preference != pref);
}

/* An LSP has become ours. Of one that we asked for the terms are known, unless they changed
 * meanwhile; of one that was there before its policy nothing is. */
void intent_lsp_bound(struct intent_pol *p, const struct lsp_state *st)
{
	uint32_t pref = p->want.set ? p->want.preference : st->preference;

	if (p->adopting && !p->deleted)
		return; /* its report is our route: compared when that is taken */
	if (p->maybe_there && !terms_differ(p, st, pref))
		return;
	if (p->maybe_there && p->want.set && !sr_list_eq(&st->list, &p->want.list)) {
		/* Another list is due or on its way, and the terms with it. */
		p->attr_in_txn = p->attr_in_txn || p->txn_kind == INTENT_TXN_LIST;
		return;
	}
	if (!p->attr_dirty) /* what is decided on is charged by the present terms */
		p->attr_charged = true;
	p->attr_dirty = p->attr_terms = true;
}

/* From the store, and the headend has it: that list is our route, whatever we would compute. */
static void adopt_report(struct intent_pol *p, const struct lsp_state *st)
{
	const struct intent_policy *d = &p->desired->p;
	uint32_t pref = p->want.set ? p->want.preference : 0;

	if (st->list.n == 0 || st->list_truncated)
		return;
	if (st->has_preference && intent_cpath_find(d, st->preference))
		pref = st->preference;
	if (!intent_cpath_find(d, pref)) {
		pref = 0;
		for (unsigned i = 0; i < d->n_cpaths; i++)
			pref = d->cpaths[i].preference > pref ? d->cpaths[i].preference : pref;
	}
	if (!p->want.set || !sr_list_eq(&p->want.list, &st->list) || p->want.preference != pref)
		intent_adopt_list(p, &st->list, pref);
	p->confirmed = p->new_sent = true;
	/* What was changed and not sent before the restart. What was changed since is dirty already,
	 * and has to be charged first. */
	if (!p->attr_dirty && terms_differ(p, st, pref))
		p->attr_dirty = p->attr_charged = p->attr_terms = true;
}

void intent_lsp_news(struct intent_pol *p, const struct lsp_state *st)
{
	bool up = st->oper == LSP_UP || st->oper == LSP_ACTIVE;
	bool answer = p->txn_kind != INTENT_TXN_NONE && st->txn == p->txn;
	char text[SR_REASON_MAX];
	bool eq;

	if (p->adopting && !p->deleted)
		adopt_report(p, st);
	eq = p->want.set && sr_list_eq(&st->list, &p->want.list);
	if (eq) /* sent or not: an older request may have had the same list */
		p->new_sent = true;
	if (answer && st->error) {
		(void)snprintf(text, sizeof(text), "the headend answers with LSP error %u: %s",
			       st->error, lsp_error_text(st->error));
		intent_txn_failed(p, text, false);
		return;
	}
	if (p->txn_kind == INTENT_TXN_TAKE && st->delegated) {
		txn_over(p);
	} else if (eq && ((p->txn_kind == INTENT_TXN_LIST && (answer || up)) ||
			  (p->txn_kind == INTENT_TXN_ATTR && answer))) {
		p->confirmed = p->new_sent = true;
		p->attr_in_txn = p->attr_in_txn && !answer;
		txn_over(p);
		if (!up) /* it has this long to bring it up before the old is let go */
			loop_timer_after(&p->retry, p->i->cfg.confirm_ns);
	}
	if (eq && p->txn_kind == INTENT_TXN_NONE) {
		p->confirmed = p->new_sent = true;
		if (up)
			up_now(p);
	}
}

void intent_lsp_gone(struct intent_pol *p, bool asked)
{
	struct intent *i = p->i;

	txn_over(p);
	p->confirmed = p->was_up = p->new_sent = p->maybe_there = false;
	intent_route_fini(&p->prev);
	if (p->want.set && !p->deleted && !p->desired->p.admin_down) {
		book_settle(i->book, p->claim);
		if (!asked) {
			intent_failed(p, "the headend removed the LSP");
			intent_back_off(p, i->cfg.confirm_ns);
		}
		if (p->degraded)
			intent_dirty(p, INTENT_REPAIR);
	} else {
		intent_route_fini(&p->want);
		book_drop(i->book, p->claim);
	}
	intent_retry_blocked(i);
	intent_todo(p);
}

/* Back to what the network has. */
static void roll_back(struct intent_pol *p)
{
	p->has_refused = true;
	sr_list_drop(&p->refused);
	/* without memory for further lists it is another one, and asked for once more */
	(void)sr_list_keep(&p->want.list, &p->refused);
	intent_route_fini(&p->want);
	if (p->prev.set && p->lsp) {
		book_revert(p->i->book, p->claim);
		intent_route_move(&p->prev, &p->want);
		p->want.generation = 0; /* charge it afresh when it is next looked at */
		intent_unwalked(p);
		p->new_sent = p->confirmed = true;
		return;
	}
	intent_route_fini(&p->prev);
	p->new_sent = p->lsp != NULL;
	p->confirmed = false;
	if (!p->lsp) {
		p->maybe_there = false;
		book_drop(p->i->book, p->claim);
		intent_retry_blocked(p->i);
	}
}

void intent_txn_failed(struct intent_pol *p, const char *text, bool gone)
{
	bool list = p->txn_kind == INTENT_TXN_LIST;
	bool removal = p->txn_kind == INTENT_TXN_REMOVE;

	terms_again(p, !list || !p->prev.set);
	txn_over(p);
	intent_failed(p, text);
	if (gone && p->lsp) {
		struct intent_lsp *l = p->lsp;

		p->lsp = NULL;
		intent_lsp_free(l);
		intent_lsp_gone(p, removal);
		return;
	}
	if (list && p->want.set) {
		roll_back(p);
		intent_dirty(p, INTENT_REPAIR);
	}
	intent_back_off(p, REFUSED_BACKOFF_NS);
	/* Another list may be tried at once, this one is remembered; but a headend that refuses one
	 * after the other is not asked for ever. */
	if (list && p->tries <= INTENT_TRIES_AT_ONCE)
		p->waiting = false;
	intent_todo(p);
}

void intent_session_reset(struct intent_pol *p)
{
	terms_again(p, true); /* perhaps they never arrived */
	p->txn = 0;
	p->txn_kind = INTENT_TXN_NONE;
	p->full = p->has_refused = p->waiting = false;
	p->tries = 0;
	p->fail[0] = '\0';
	loop_timer_stop(&p->retry);
	if (p->no_path)
		intent_dirty(p, INTENT_REPAIR); /* the reason may have been the old session's */
}

/* ---- timers ---- */

void intent_retry_fire(void *arg)
{
	struct intent_pol *p = arg;
	char text[SR_REASON_MAX];

	if (p->txn_kind != INTENT_TXN_NONE) {
		(void)snprintf(text, sizeof(text), "no answer from the headend within %llu ms",
			       (unsigned long long)(p->i->cfg.confirm_ns / NS_PER_MS));
		terms_again(p, true);
		p->txn = 0;
		p->txn_kind = INTENT_TXN_NONE;
		intent_failed(p, text);
		intent_back_off(p, p->i->cfg.confirm_ns);
	} else if (p->waiting || p->has_refused) {
		p->waiting = p->has_refused = false;
		intent_dirty(p, p->no_path ? INTENT_REPAIR : INTENT_SWEEP);
	} else if (p->confirmed && !p->was_up && p->claim) {
		/* Accepted long ago and not denied: without a data plane it never says up. */
		settle(p);
	}
	intent_todo(p);
}

void intent_revert_fire(void *arg)
{
	intent_dirty(arg, INTENT_SWEEP);
}
