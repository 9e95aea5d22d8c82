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

bool intent_lsp_here(const struct intent_lsp *l)
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

	if (!intent_lsp_here(p->lsp))
		return INTENT_WISH_NONE;
	st = &p->lsp->st;
	if (!intent_removable(p, st)) /* only hand it back */
		return p->deleted && st->delegated ? INTENT_WISH_RELEASE : INTENT_WISH_NONE;
	return st->delegated ? INTENT_WISH_REMOVE : INTENT_WISH_TAKE;
}

static enum intent_wish wish_released(const struct intent_pol *p)
{
	const struct intent_lsp *l = intent_lsp_find(p->i, &p->key.headend, p->lsp_name);

	return p->release_due && intent_lsp_here(l) && l->st.delegated ? INTENT_WISH_RELEASE :
								  INTENT_WISH_NONE;
}

enum intent_wish intent_wish_of(const struct intent_pol *p)
{
	const struct lsp_state *st;

	if (p->mode == INTENT_OBSERVED)
		return wish_released(p);
	if (p->deleted || p->desired->p.admin_down || p->desired->p.later || p->no_path)
		return wish_absent(p);
	if (!p->want.set)
		return INTENT_WISH_NONE;
	if (!intent_lsp_here(p->lsp)) /* what breaks a bound may stay, it is not made */
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
	if (p->desired && p->desired->p.later)
		return false;
	if (p->adopting || (p->txn_kind == INTENT_TXN_LIST && p->new_sent) || !p->he->synced)
		return true;
	return intent_lsp_here(p->lsp) && sr_list_eq(&p->lsp->st.list, &p->want.list);
}

/* What was computed on an older TED is walked again on this one before it leaves. One that
 * breaks a bound may stay where it is, but is not brought anywhere. */
static bool still_good(struct intent_pol *p)
{
	struct intent *i = p->i;
	struct intent_route is;
	uint32_t src;

	if (intent_due(p))
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
		if (!intent_expand_lists(i, src, &p->key.endpoint, &p->want.list, &is) &&
		    is.n_links == p->want.n_links &&
		    memcmp(is.links, p->want.links, is.n_links * sizeof(*is.links)) == 0)
			return true;
	}
	intent_dirty(p, INTENT_REPAIR);
	return false;
}

/* ---- sending ---- */

void intent_back_off(struct intent_pol *p, uint64_t base_ns)
{
	unsigned shift = p->tries < 6 ? p->tries : 6;
	uint64_t ns = base_ns << shift;

	p->tries++;
	p->waiting = true;
	loop_timer_after(&p->retry, ns < BACKOFF_MAX_NS ? ns : BACKOFF_MAX_NS);
}

void intent_failed(struct intent_pol *p, const char *text)
{
	char key[SR_KEY_TEXT_MAX];

	p->failures++;
	metric_add(p->i->m_failures, 1);
	str_copy(p->fail, sizeof(p->fail), text);
	log_event("", LOG_WARN, "intent.push.failed", "policy=%s why=\"%s\"",
		  sr_policy_key_text(&p->key, key, sizeof(key)), text);
}

/* Candidate paths of one policy have the same (RFC 9256 s6.2.1), so that it outlives a switch. */
static const struct ip_addr *bsid_asked(const struct intent_pol *p)
{
	struct sr_policy_key working = p->key;
	const struct intent_pol *w;

	working.leg = 0;
	w = p->key.leg ? intent_pol_find(p->i, &working) : p;
	return w ? &w->bsid : &p->bsid;
}

static void lsp_fill(const struct intent_pol *p, enum intent_wish w, struct driver_lsp *out)
{
	bool moves = w == INTENT_WISH_CREATE || w == INTENT_WISH_UPDATE;
	const struct intent_lsp *l = p->lsp;

	*out = (struct driver_lsp){ .key = p->key,
				    .cpath = p->cpath,
				    .preference = p->want.preference,
				    .binding_sid = *bsid_asked(p),
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
	if (intent_lsp_here(l)) {
		out->plsp_id = l->st.plsp_id;
		if (!moves)
			sr_list_set(&out->list, &l->st.list);
	}
	if (moves)
		sr_list_set(&out->list, &p->want.list);
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
	bool same = intent_lsp_here(p->lsp) && sr_list_eq(&p->lsp->st.list, &p->want.list);

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
		intent_owe_record(p);
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
		intent_failed(p, "the headend lacks the capability for it");
		p->waiting = true; /* until it comes back as something else */
		break;
	default: /* DRIVER_E_NO_SESSION or broken inside: headend_up or _ready follows, or the retry */
		intent_failed(p, "the session with the headend is not ready");
		intent_back_off(p, p->i->cfg.confirm_ns);
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
	enum intent_wish w;

	if (p->tentative)
		return;
	w = intent_wish_of(p);
	if (is_over(p)) {
		intent_pol_finish(p);
		return;
	}
	if (w != INTENT_WISH_NONE && may_send(p, w) && send_wish(p, w) && p->deleted &&
	    w == INTENT_WISH_RELEASE) {
		/* Handed back: what stays on the headend is its own. */
		intent_release_save(p->i, &p->key.headend, p->lsp_name, p->he->session);
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

	for (unsigned k = 0; k < INTENT_RECONCILE_TURN && (n = list_pop(&i->todo)); k++)
		intent_reconcile(LIST_OF(n, struct intent_pol, work_link));
	if (!list_empty(&i->todo))
		loop_task_run(&i->todo_task);
}
