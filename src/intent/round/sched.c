/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds: which policies are looked at, and in which order: repair before re-optimisation, then
 * setup priority, then key. Few are looked at on the loop at once, for news of a failure need not
 * wait for a thread; more go to workers, a wave at a time. A sweep over all policies is a walk
 * over the table in that order, a small wave at a time, which any repair goes before.
 */
#include <stdlib.h>
#include <string.h>

#include "base/ahead.h"
#include "base/err.h"
#include "intent/intent_priv.h"

enum {
	SCAN_MAX = 4096, /* policies a sweep passes by in one turn */
	TOUCHED = 32,	  /* users of a link at a time */
	TOUCHED_BYTES = 192, /* of a policy, that intent_dirty() reads and writes */
};

/* ---- dirt ---- */

static bool in_sight(const struct intent *i)
{
	return i->ted && !i->ted->stale;
}

void intent_dirty(struct intent_pol *p, enum intent_dirt how)
{
	struct intent *i = p->i;

	if (p->mode != INTENT_MANAGED || p->deleted)
		return;
	if (how > p->dirty || !list_linked(&p->dirty_link)) {
		p->dirty = how > p->dirty ? how : p->dirty;
		list_del(&p->dirty_link);
		list_add(&i->fresh, &p->dirty_link);
	}
	if (in_sight(i))
		loop_task_run(&i->round);
	else /* nothing is computed; that it waits for it is said */
		intent_todo(p);
}

void intent_clean(struct intent_pol *p)
{
	p->dirty = p->waits = INTENT_CLEAN;
	list_del(&p->dirty_link);
	intent_batch_forget(p);
}

void intent_sweep_all(struct intent *i, enum intent_dirt how)
{
	if (how > i->sweep_how)
		i->sweep_how = how;
	if (how >= INTENT_REPAIR)
		i->sweep_no++;
	if (i->sweep_left == 0)
		i->sweep_at = 0;
	/* One that is under way goes round: who stands last has its turn however often it starts. */
	i->sweep_left = i->order.n;
	loop_task_run(&i->round);
}

/* A sweep after bad news has still to come by. */
static bool to_sweep(const struct intent_pol *p)
{
	const struct intent *i = p->i;

	return i->sweep_left > 0 && i->sweep_how >= INTENT_REPAIR && p->swept_no != i->sweep_no;
}

bool intent_due(const struct intent_pol *p)
{
	return p->dirty != INTENT_CLEAN || p->in_batch || p->waits != INTENT_CLEAN || to_sweep(p);
}

/* ---- the table of a sweep ---- */

static int order_cmp(uint8_t prio, const struct sr_policy_key *key, const struct intent_pol *p)
{
	if (prio != p->order_prio)
		return prio < p->order_prio ? -1 : 1;
	return sr_policy_key_cmp(key, &p->key);
}

static size_t order_at(const struct intent *i, uint8_t prio, const struct sr_policy_key *key)
{
	size_t lo = 0, hi = i->order.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (order_cmp(prio, key, i->order.at[mid]) > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void intent_order_del(struct intent_pol *p)
{
	struct intent *i = p->i;
	size_t at;

	if (!p->ordered)
		return;
	at = order_at(i, p->order_prio, &p->key);
	i->order.n--;
	memmove(&i->order.at[at], &i->order.at[at + 1], (i->order.n - at) * sizeof(p));
	if (at < i->sweep_at)
		i->sweep_at--;
	p->ordered = false;
}

/* There is room for as many as there are policies. */
void intent_order_put(struct intent_pol *p)
{
	struct intent *i = p->i;
	size_t at;

	if (p->ordered && p->order_prio == p->desired->p.setup_prio)
		return;
	intent_order_del(p);
	p->order_prio = p->desired->p.setup_prio;
	at = order_at(i, p->order_prio, &p->key);
	memmove(&i->order.at[at + 1], &i->order.at[at], (i->order.n - at) * sizeof(p));
	i->order.at[at] = p;
	i->order.n++;
	if (at < i->sweep_at)
		i->sweep_at++;
	p->ordered = true;
}

/* After a failure nothing of its users is in the processor's caches: some at a time, so that memory is
 * waited for once for all of them. */
static void touch_some(struct book_claim *const *users, size_t n)
{
	for (size_t k = 0; k < n; k++)
		book_claim_ahead(users[k]);
	for (size_t k = 0; k < n; k++)
		ahead(book_claim_owner(users[k]), TOUCHED_BYTES);
	for (size_t k = 0; k < n; k++) {
		if (book_claim_foreign(users[k]))
			intent_foreign_touch(book_claim_owner(users[k]));
		else
			intent_dirty(book_claim_owner(users[k]), INTENT_REPAIR);
	}
}

void intent_touch(struct intent *i, uint32_t link)
{
	size_t n;
	struct book_claim *const *users = book_users(i->book, link, &n);

	for (size_t k = 0; k < n; k += TOUCHED)
		touch_some(users + k, n - k < TOUCHED ? n - k : TOUCHED);
}

uint8_t intent_msd(const struct intent_pol *p, const struct intent_policy *d)
{
	const struct headend_caps *c = &p->he->caps;
	uint8_t told = d->dataplane == SR_MPLS ? c->msd_mpls : c->msd_srv6;
	uint8_t msd = d->msd ? d->msd : told ? told : p->i->cfg.msd_default;

	return msd > SR_SEGS_MAX ? SR_SEGS_MAX : msd;
}

uint8_t intent_lists(const struct intent_pol *p, const struct intent_policy *d)
{
	const struct headend_caps *c = &p->he->caps;
	uint8_t most = d->lists_max > 1 ? d->lists_max : 1, takes = c->lists > 1 ? c->lists : 1;

	return c->southbound && takes < most ? takes : most;
}

/* ---- the round ---- */

/* What needs no sight, or has nobody to compute for. */
static bool wants_evaluation(const struct intent_pol *p)
{
	const struct intent *i = p->i;
	bool grace = mono_since(i->started, loop_now(i->loop)) < i->cfg.restart_grace_ns;

	if (p->mode != INTENT_MANAGED || p->deleted || p->desired->p.admin_down)
		return false;
	/* What the headend runs is about to be told: computing now would only move it. */
	return !p->adopting || (!grace && !p->he->up);
}

bool intent_awaited(const struct intent_pol *p)
{
	return (p->dirty >= INTENT_REPAIR || p->in_batch || p->waits != INTENT_CLEAN || to_sweep(p)) &&
	       wants_evaluation(p);
}

/* Its lists lead through a policy whose turn is still to come: looked at after that one. */
static bool put_off(struct intent_pol *p, enum intent_dirt how)
{
	if (p->n_uses == 0 || !intent_uses_wait(p))
		return false;
	intent_clean(p);
	p->waits = how;
	p->swept_no = p->i->sweep_no;
	return true;
}

/* Improving has time until the charges of others are known; repairing has not. */
static bool has_time(const struct intent_pol *p)
{
	return p->dirty == INTENT_SWEEP && !list_empty(&p->i->expand);
}

/* What says when it is a policy's turn, beside it: sorting goes over thousands of them many times. */
struct turn {
	struct intent_pol *pol;
	bool sweep;
	uint8_t prio;
	struct sr_policy_key key;
};

static struct turn turn_of(struct intent_pol *p)
{
	return (struct turn){ p, p->dirty == INTENT_SWEEP, p->desired->p.setup_prio, p->key };
}

/* Repair before re-optimisation, then setup priority, then key. */
static int turn_cmp(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->sweep != y->sweep)
		return x->sweep ? 1 : -1;
	if (x->prio != y->prio)
		return x->prio < y->prio ? -1 : 1;
	return sr_policy_key_cmp(&x->key, &y->key);
}

/* All that is on the list, in order; false without memory. */
static bool turns_of(const struct list *all, struct turn **outp, size_t *n)
{
	struct turn *at;
	size_t k = 0;

	*n = 0;
	LIST_EACH(it, all)
		++*n;
	at = malloc((*n + 1) * sizeof(*at));
	if (!at)
		return false;
	LIST_EACH(it, all) {
		at[k].pol = LIST_OF(it, struct intent_pol, dirty_link);
		ahead(&at[k].pol->key, sizeof(at[k].pol->key));
		ahead(&at[k++].pol->desired->p.setup_prio, 1);
	}
	for (k = 0; k < *n; k++)
		at[k] = turn_of(at[k].pol);
	qsort(at, *n, sizeof(*at), turn_cmp);
	*outp = at;
	return true;
}

/* What became dirty since joins the rest, in order. False without memory: then it waits. */
static bool fresh_merge(struct intent *i)
{
	AUTO_FREE struct turn *at = NULL;
	struct list *to = i->dirty.next;
	size_t n;

	if (list_empty(&i->fresh))
		return true;
	if (!turns_of(&i->fresh, &at, &n))
		return false;
	for (size_t k = 0; k < n; k++) {
		while (to != &i->dirty) {
			const struct turn there = turn_of(LIST_OF(to, struct intent_pol, dirty_link));

			if (turn_cmp(&there, &at[k]) > 0)
				break;
			to = to->next;
		}
		list_del(&at[k].pol->dirty_link);
		list_add(to, &at[k].pol->dirty_link);
	}
	return true;
}

struct wave {
	struct intent_pick at[INTENT_WAVE];
	uint32_t n, max;
};

static void wave_add(struct wave *w, struct intent_pol *p, enum intent_dirt how)
{
	intent_clean(p);
	p->in_batch = true;
	p->swept_no = p->i->sweep_no;
	w->max = how == INTENT_SWEEP ? INTENT_SWEEP_WAVE : INTENT_WAVE;
	w->at[w->n++] = (struct intent_pick){ p, how };
}

/* No re-optimisation among repairs, they would wait for it. */
static void wave_dirty(struct intent *i, struct wave *w)
{
	LIST_EACH(it, &i->dirty) {
		struct intent_pol *p = LIST_OF(it, struct intent_pol, dirty_link);

		if (w->n == w->max || has_time(p) ||
		    (p->dirty == INTENT_SWEEP &&
		     (i->n_waves > 0 || (w->n > 0 && w->max == INTENT_WAVE))))
			return;
		if (put_off(p, p->dirty))
			continue;
		if (wants_evaluation(p)) {
			wave_add(w, p, p->dirty);
		} else {
			intent_clean(p);
			intent_todo(p);
		}
	}
}

/* The next ones of the sweep, when it is their turn. */
static void wave_sweep(struct intent *i, struct wave *w)
{
	bool light = i->sweep_how == INTENT_SWEEP;

	if (w->n == 0)
		w->max = light ? INTENT_SWEEP_WAVE : INTENT_WAVE;
	if (light && (i->n_waves > 0 || w->max == INTENT_WAVE || !list_empty(&i->expand)))
		return;
	for (unsigned k = 0; k < SCAN_MAX && i->sweep_left > 0 && w->n < w->max; k++) {
		struct intent_pol *p;

		if (i->sweep_at >= i->order.n)
			i->sweep_at = 0;
		if (i->order.n == 0)
			break;
		p = i->order.at[i->sweep_at++];
		i->sweep_left--;
		if (p->in_batch || p->dirty >= i->sweep_how)
			continue; /* it has, or gets, its turn */
		if (put_off(p, i->sweep_how))
			continue;
		if (wants_evaluation(p))
			wave_add(w, p, i->sweep_how);
		else
			intent_todo(p);
	}
	if (i->sweep_left == 0 || i->order.n == 0) {
		i->sweep_left = 0;
		i->sweep_how = INTENT_CLEAN;
	}
}

/* What one turn of the loop may take. A cold tree costs as much as there are routers. */
uint32_t intent_turn_max(const struct ted *t)
{
	uint32_t n = t->n_nodes <= INTENT_SYNC_NODES ? INTENT_SYNC_MAX :
						      INTENT_SYNC_MAX * INTENT_SYNC_NODES / t->n_nodes;

	return n > 0 ? n : 1;
}

/* A search that is known to be long is no work for the loop. */
static bool is_long(const struct wave *w)
{
	for (uint32_t k = 0; k < w->n; k++)
		if (w->at[k].pol->put_off)
			return true;
	return false;
}

/* What is next in the order: a wave on its way, or few here. False: nothing, or not now. */
static bool wave_next(struct intent *i)
{
	struct wave w = { .max = INTENT_WAVE };

	if (!in_sight(i) || i->n_waves == INTENT_WAVES || !fresh_merge(i))
		return false;
	wave_dirty(i, &w);
	wave_sweep(i, &w);
	if (w.n == 0) {
		intent_admits_kick(i);
		intent_guards_kick(i);
	}
	if (i->n_waves > 0 && w.n == 0)
		return false;
	if (w.n > intent_turn_max(i->ted) || i->n_waves > 0 || is_long(&w)) {
		intent_batch_start(i, w.at, w.n);
		return true; /* perhaps another */
	}
	for (uint32_t k = 0; k < w.n; k++) {
		struct intent_pol *p = w.at[k].pol;

		enum intent_dirt how = p->dirty > w.at[k].how ? p->dirty : w.at[k].how;

		if (!p->in_batch)
			continue; /* another's turn has changed it */
		intent_clean(p);
		intent_run_here(p, how);
	}
	return w.n > 0 || (i->sweep_left > 0 && list_empty(&i->expand));
}

/* All that may be on their way begin before one of them is admitted, however fast it was. Who has nothing
 * to do but to wait for workers does some of their work: the processor it would leave idle is one of few. */
void intent_round_run(void *arg)
{
	struct intent *i = arg;

	if (wave_next(i) || intent_batch_admit(i) || intent_batch_help(i))
		loop_task_run(&i->round);
}
