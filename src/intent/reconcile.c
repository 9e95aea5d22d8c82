/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wish against report. The wish is a pure function of what we want and what the headend says;
 * when it is NONE nothing is sent, which is why adopting an unchanged policy is silent. One
 * transaction a policy is in flight; a newer list supersedes it (RFC 8231 s6.2), all else waits.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "intent/intent_priv.h"

#define REFUSED_BACKOFF_NS (60 * NS_PER_S)
#define BACKOFF_MAX_NS (3600 * NS_PER_S)

const char *intent_wish_text(enum intent_wish w)
{
	static const char *const text[] = { [INTENT_WISH_NONE] = "nothing",
					    [INTENT_WISH_CREATE] = "create the LSP",
					    [INTENT_WISH_UPDATE] = "update the LSP",
					    [INTENT_WISH_TAKE] = "take the LSP over",
					    [INTENT_WISH_REMOVE] = "remove the LSP",
					    [INTENT_WISH_RELEASE] = "give the delegation back" };

	return text[w];
}

static bool lsp_here(const struct intent_lsp *l)
{
	return l && l->st.session == l->he->session;
}

/*
 * May we take it out of the headend? Only what a PCE put there (RFC 8281 s5.4). FRR says so of its
 * own dynamic candidate paths too; but what is initiated as an SR policy has a colour, and this
 * one has told none.
 */
bool intent_removable(const struct intent_pol *p, const struct lsp_state *st)
{
	return st->pce_initiated && !intent_color_made(p->key.color, p->lsp_name);
}

static enum intent_wish wish_absent(const struct intent_pol *p)
{
	const struct lsp_state *st;

	if (!lsp_here(p->lsp))
		return INTENT_WISH_NONE;
	st = &p->lsp->st;
	if (!intent_removable(p, st)) /* only hand it back */
		return p->deleted && st->delegated ? INTENT_WISH_RELEASE : INTENT_WISH_NONE;
	return st->delegated ? INTENT_WISH_REMOVE : INTENT_WISH_TAKE;
}

static enum intent_wish wish_released(const struct intent_pol *p)
{
	const struct intent_lsp *l = intent_lsp_find(p->i, &p->key.headend, p->lsp_name);

	return p->release_due && lsp_here(l) && l->st.delegated ? INTENT_WISH_RELEASE :
								  INTENT_WISH_NONE;
}

enum intent_wish intent_wish_of(const struct intent_pol *p)
{
	const struct lsp_state *st;

	if (p->mode == INTENT_OBSERVED)
		return wish_released(p);
	if (p->deleted || p->desired->p.admin_down || p->no_path)
		return wish_absent(p);
	if (!p->want.set)
		return INTENT_WISH_NONE;
	if (!lsp_here(p->lsp)) /* what breaks a bound may stay, it is not made */
		return p->degraded ? INTENT_WISH_NONE : INTENT_WISH_CREATE;
	st = &p->lsp->st;
	if (!st->delegated)
		return st->pce_initiated ? INTENT_WISH_TAKE : INTENT_WISH_NONE;
	if (!sr_list_eq(&st->list, &p->want.list))
		return INTENT_WISH_UPDATE;
	return p->attr_dirty && p->attr_charged ? INTENT_WISH_UPDATE : INTENT_WISH_NONE;
}

/* ---- may it be sent now? ---- */

static bool sight_allows(const struct intent_pol *p, enum intent_wish w)
{
	const struct ted *t = p->i->ted;

	if (t && !t->stale)
		return true;
	/* Taking over changes nothing; an operator's word does not depend on what we see. */
	return w == INTENT_WISH_TAKE || w == INTENT_WISH_RELEASE ||
	       (w == INTENT_WISH_REMOVE && (p->deleted || p->desired->p.admin_down));
}

static bool txn_allows(const struct intent_pol *p, enum intent_wish w)
{
	if (p->txn_kind == INTENT_TXN_NONE)
		return true;
	if (p->txn_kind == INTENT_TXN_TAKE || p->txn_kind == INTENT_TXN_REMOVE)
		return false;
	return (w == INTENT_WISH_UPDATE && !p->new_sent) || w == INTENT_WISH_REMOVE;
}

static bool may_send(const struct intent_pol *p, enum intent_wish w)
{
	return p->i->driver && !p->i->hold && p->he->up && p->he->synced && !p->full &&
	       !p->waiting && sight_allows(p, w) && txn_allows(p, w);
}

/* The headend has this list, or may have it: an answer is due, or it cannot be asked now. */
bool intent_in_force(const struct intent_pol *p)
{
	if (p->adopting || (p->txn_kind == INTENT_TXN_LIST && p->new_sent) || !p->he->synced)
		return true;
	return lsp_here(p->lsp) && sr_list_eq(&p->lsp->st.list, &p->want.list);
}

/* What was computed on an older TED is walked again on this one before it leaves. One that
 * breaks a bound may stay where it is, but is not brought anywhere. */
static bool still_good(struct intent_pol *p)
{
	struct intent *i = p->i;
	struct pce_expansion x;
	uint32_t src;

	if (p->dirty != INTENT_CLEAN || p->in_batch)
		return false; /* about to be looked at, and sent then */
	if (p->degraded && !intent_in_force(p)) {
		intent_dirty(p, INTENT_REPAIR);
		return false;
	}
	if (p->want.generation == i->ted->generation)
		return true;
	src = intent_endpoint_node(i->ted, &p->key.headend);
	arena_reset(&i->arena);
	if (src != TED_NONE) {
		intent_expand(i->ted, src, &p->key.endpoint, &p->want.list, &i->arena, &x);
		if (x.valid && x.n_links == p->want.n_links &&
		    memcmp(x.links, p->want.links, x.n_links * sizeof(*x.links)) == 0)
			return true;
	}
	intent_dirty(p, INTENT_REPAIR);
	return false;
}

/* ---- sending ---- */

static void back_off(struct intent_pol *p, uint64_t base_ns)
{
	unsigned shift = p->tries < 6 ? p->tries : 6;
	uint64_t ns = base_ns << shift;

	p->tries++;
	p->waiting = true;
	loop_timer_after(&p->retry, ns < BACKOFF_MAX_NS ? ns : BACKOFF_MAX_NS);
}

static void failed(struct intent_pol *p, const char *text)
{
	char key[SR_KEY_TEXT_MAX];

	p->failures++;
	metric_add(p->i->m_failures, 1);
	str_copy(p->fail, sizeof(p->fail), text);
	log_event("", LOG_WARN, "intent.push.failed", "policy=%s why=\"%s\"",
		  sr_policy_key_text(&p->key, key, sizeof(key)), text);
}

static void lsp_fill(const struct intent_pol *p, enum intent_wish w, struct driver_lsp *out)
{
	const struct intent_lsp *l = p->lsp;

	*out = (struct driver_lsp){ .key = p->key,
				    .cpath = p->cpath,
				    .preference = p->want.preference,
				    .binding_sid = p->bsid,
				    .session = p->he->session,
				    .take_over = w == INTENT_WISH_TAKE };
	if (p->mode == INTENT_OBSERVED)
		l = intent_lsp_find(p->i, &p->key.headend, p->lsp_name);
	str_copy(out->name, sizeof(out->name), p->lsp_name);
	if (p->desired) {
		out->bandwidth_bps = p->desired->p.bandwidth_bps;
		out->setup_prio = p->desired->p.setup_prio;
		out->hold_prio = p->desired->p.hold_prio;
	}
	if (lsp_here(l)) {
		out->plsp_id = l->st.plsp_id;
		out->list = l->st.list;
	}
	if (w == INTENT_WISH_CREATE || w == INTENT_WISH_UPDATE)
		out->list = p->want.list;
}

static int hand_over(struct intent_pol *p, enum intent_wish w, uint32_t *txn)
{
	const struct driver *d = p->i->driver;
	struct driver_lsp l;

	lsp_fill(p, w, &l);
	if (w == INTENT_WISH_REMOVE)
		return d->remove(d->self, &l, txn);
	if (w == INTENT_WISH_RELEASE)
		return d->release(d->self, &l, txn);
	return d->apply(d->self, &l, txn);
}

static void repair_measure(struct intent *i)
{
	if (!i->repairing)
		return;
	loop_now_update(i->loop);
	i->repair.repairs++;
	i->repair.last_ns = mono_since(i->ted_at, loop_now(i->loop));
	if (i->repair.last_ns > i->repair.max_ns)
		i->repair.max_ns = i->repair.last_ns;
}

static void sent(struct intent_pol *p, enum intent_wish w, uint32_t txn)
{
	bool same = lsp_here(p->lsp) && sr_list_eq(&p->lsp->st.list, &p->want.list);

	p->txn = txn;
	p->pushes++;
	metric_add(p->i->m_pushes, 1);
	loop_timer_after(&p->retry, p->i->cfg.confirm_ns);
	switch (w) {
	case INTENT_WISH_NONE:
		break;
	case INTENT_WISH_TAKE:
		p->txn_kind = INTENT_TXN_TAKE;
		break;
	case INTENT_WISH_REMOVE:
		p->txn_kind = INTENT_TXN_REMOVE;
		break;
	case INTENT_WISH_RELEASE:
		/* Nothing depends on the answer: it is the headend's again. */
		p->release_due = false;
		p->txn = 0;
		loop_timer_stop(&p->retry);
		break;
	case INTENT_WISH_CREATE:
	case INTENT_WISH_UPDATE:
		p->txn_kind = same ? INTENT_TXN_ATTR : INTENT_TXN_LIST;
		p->new_sent = p->maybe_there = true;
		p->confirmed = p->was_up = false;
		p->attr_in_txn = p->attr_terms || p->attr_in_txn;
		p->attr_dirty = p->attr_charged = p->attr_terms = false;
		repair_measure(p->i);
		intent_path_save(p);
		break;
	}
}

/* True when it left. */
static bool send_wish(struct intent_pol *p, enum intent_wish w)
{
	uint32_t txn = 0;
	int r;

	if ((w == INTENT_WISH_CREATE || w == INTENT_WISH_UPDATE) && !still_good(p))
		return false;
	r = hand_over(p, w, &txn);
	switch (r) {
	case 0:
		sent(p, w, txn);
		return true;
	case DRIVER_E_FULL:
		p->full = true;
		break;
	case DRIVER_E_REFUSED:
		failed(p, "the headend lacks the capability for it");
		p->waiting = true; /* until it comes back as something else */
		break;
	default: /* DRIVER_E_NO_SESSION or broken inside: headend_up or _ready follows, or the retry */
		failed(p, "the session with the headend is not ready");
		back_off(p, p->i->cfg.confirm_ns);
		break;
	}
	return false;
}

/* A deleted policy is over when nothing of it can be in the network any more: a request nobody
 * answered may still be on its way. */
static bool is_over(const struct intent_pol *p)
{
	return p->deleted && !p->lsp && p->txn_kind == INTENT_TXN_NONE && !p->maybe_there;
}

/* May free p, when it is a deleted policy. */
void intent_reconcile(struct intent_pol *p)
{
	enum intent_wish w = intent_wish_of(p);

	if (is_over(p)) {
		intent_pol_finish(p);
		return;
	}
	if (w != INTENT_WISH_NONE && may_send(p, w) && send_wish(p, w) && p->deleted &&
	    w == INTENT_WISH_RELEASE) {
		/* Handed back: what stays on the headend is its own. */
		intent_lsp_foreign(p->lsp);
		intent_pol_finish(p);
		return;
	}
	intent_state_refresh(p);
}

void intent_todo(struct intent_pol *p)
{
	if (!list_linked(&p->work_link))
		list_add(&p->i->todo, &p->work_link);
	loop_task_run(&p->i->todo_task);
}

void intent_todo_run(void *arg)
{
	struct intent *i = arg;
	struct list *n;

	while ((n = list_pop(&i->todo)))
		intent_reconcile(LIST_OF(n, struct intent_pol, work_link));
}

/* ---- answers ---- */

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
			failed(p, "the headend removed the LSP");
			back_off(p, i->cfg.confirm_ns);
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
	p->refused = p->want.list;
	intent_route_fini(&p->want);
	if (p->prev.set && p->lsp) {
		book_revert(p->i->book, p->claim);
		p->want = p->prev;
		p->prev = (struct intent_route){ 0 };
		p->want.generation = 0; /* charge it afresh when it is next looked at */
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
	failed(p, text);
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
	back_off(p, REFUSED_BACKOFF_NS);
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
		failed(p, text);
		back_off(p, p->i->cfg.confirm_ns);
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
