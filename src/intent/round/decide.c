/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an evaluation changes. Bad news acts at once: a broken route is replaced or taken down,
 * one that breaks a bound is replaced or marked degraded. Good news settles: a better route must
 * be better by the hysteresis for the whole wait-to-revert. A route is admitted and charged
 * here, before anything is sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/group/group.h"
#include "intent/intent_priv.h"

struct book_terms intent_terms(const struct intent_policy *d)
{
	return (struct book_terms){
		.bps = d->bandwidth_bps, .hold = d->hold_prio, .nrp = d->nrp, .window = BOOK_ALWAYS
	};
}

/* One that others lead through is held as well as the best of them. */
static struct book_terms terms_of(const struct intent_pol *p)
{
	struct book_terms t = intent_terms(&p->desired->p);

	t.hold = intent_hold_of(p);
	return t;
}

static void note(char dst[SR_REASON_MAX], const char *text)
{
	str_copy(dst, SR_REASON_MAX, text ? text : "");
}

/* It is placed again, or has its reservation back. */
static void pushed_forget(struct intent_pol *p)
{
	free(p->pushed);
	p->pushed = NULL;
}

static void relax_note(struct intent_pol *p, const char *text)
{
	free(p->relax);
	p->relax = text && text[0] ? strdup(text) : NULL; /* without memory it goes unsaid */
}

static void why_forget(struct intent_pol *p)
{
	p->why[0] = '\0';
	relax_note(p, NULL);
}

/* The reason, and before it who took what it had; the words of what would help have their own room. */
static void note_loss(struct intent_pol *p, const struct intent_eval *e, const char *why)
{
	if (e->brief)
		return; /* it stands there */
	p->why_generation = e->ted->generation;
	relax_note(p, e->relax);
	if (p->pushed)
		(void)snprintf(p->why, sizeof(p->why), "%.150s; %.100s", p->pushed, why);
	else
		note(p->why, why);
}

static void revert_forget(struct intent_pol *p)
{
	list_del(&p->better_link);
	loop_timer_stop(&p->revert);
}

/* ---- taking a route ---- */

static bool full(const struct intent_pol *p, const struct intent_route *r)
{
	const struct book_way w = intent_way(r);

	return book_claim_full_way(p->claim, p->desired->p.bandwidth_bps, &w);
}

/* A preempted one has lost a part. */
bool intent_booked(const struct intent_pol *p)
{
	return p->claim && p->want.set && p->want.n_links > 0 &&
	       full(p, &p->want);
}

/* The link on which a route does not fit, UINT32_MAX when it fits. */
static uint32_t refuses(const struct intent_pol *p, const struct intent_route *r)
{
	const struct intent_policy *d = &p->desired->p;
	const struct book_view *now = intent_room_now(p->i, d->setup_prio, d->nrp);
	const struct book_ask ask = intent_ask_of(p);
	const struct book_way w = intent_way(r);
	uint32_t k = 0;

	/* Where there is room beside its own there is no need to ask for more. */
	while (now && k < r->n_links && r->links[k] < now->n &&
	       now->bps[r->links[k]] >= book_way_bps(&w, d->bandwidth_bps, k))
		k++;
	if (k == r->n_links)
		return UINT32_MAX;
	return book_refuses_way(p->i->book, &ask, d->bandwidth_bps, &w);
}

/* Admitted before; false without memory, then nothing changed. */
static bool charge(struct intent_pol *p, const struct intent_route *r, bool new_was_sent)
{
	const struct book_terms t = terms_of(p);
	const struct book_way w = intent_way(r);

	if (book_move_way(p->i->book, p->claim, &t, &w, new_was_sent) < 0) {
		log_event("", LOG_ERROR, "intent.book.memory", "policy=%s", p->lsp_name);
		return false;
	}
	if (t.bps > 0) {
		intent_guards_make_room(p, r->links, r->n_links);
		(void)intent_preempt(p, r);
		intent_guards_fit(p->i, r->links, r->n_links);
	}
	return true;
}

/* A confirmed route is what a refused move goes back to; older ones are in the book only. */
static void want_to_prev(struct intent_pol *p)
{
	if (p->want.set && p->confirmed) {
		intent_route_fini(&p->prev);
		intent_route_move(&p->want, &p->prev);
	} else {
		intent_route_fini(&p->want);
	}
}

static void take(struct intent_pol *p, const struct intent_route *best, bool repair)
{
	struct intent_route r;
	bool pref = p->want.set && p->want.preference != best->preference;
	bool led = p->n_uses > 0;

	if (intent_route_copy(best, &r) < 0)
		return;
	if (!charge(p, &r, p->new_sent)) {
		intent_route_fini(&r);
		return;
	}
	intent_paper_write(p);
	want_to_prev(p);
	intent_route_move(&r, &p->want);
	p->new_sent = p->confirmed = p->was_up = false;
	p->attr_dirty = p->attr_charged = p->attr_dirty || pref;
	if (p->tries <= INTENT_TRIES_AT_ONCE)
		p->waiting = false; /* another list, another chance */
	p->no_path = p->degraded = false;
	intent_blocked_set(p, false);
	why_forget(p);
	pushed_forget(p);
	revert_forget(p);
	if (p->want.list.more)
		metric_add(p->i->m_sets, 1);
	if (repair) {
		p->repairs++;
		metric_add(p->i->m_repairs, 1);
	}
	intent_uses_look(p);
	p->leads_new = led || p->n_uses > 0;
	intent_owe_event(p);
	/* Its room is promised: it is there again after a restart, as of those that were sent. */
	if (p->desired->p.later && !p->tentative)
		intent_owe_record(p);
	intent_reconcile(p);
}

/* Others of its group go first: their old ways are what it is to be kept off. */
static void take_best(struct intent_pol *p, const struct intent_eval *e, bool repair)
{
	for (uint32_t k = 0; e->group && k < e->group->n; k++) {
		const struct intent_peer *o = &e->group->peer[k];
		struct intent_pol *other = o->moves ? intent_pol_find(p->i, &o->desired->p.key) : NULL;

		if (!other)
			continue;
		intent_pin_lift(other, "it is placed together with others of its group");
		take(other, &o->to, false);
	}
	take(p, &e->best, repair);
}

/* No candidate path is valid: the policy goes down (RFC 9256 s2.10). What is in the network
 * stays charged until it is reported gone. */
static void lose(struct intent_pol *p, const struct intent_eval *e, const char *why)
{
	bool there = p->lsp || p->txn || p->maybe_there;

	intent_paper_write(p);
	intent_route_fini(&p->want);
	intent_route_fini(&p->prev);
	p->no_path = true;
	p->degraded = false;
	intent_blocked_set(p, e->blocked);
	note_loss(p, e, why);
	revert_forget(p);
	if (!there) {
		book_drop(p->i->book, p->claim);
		p->new_sent = false;
	}
	p->confirmed = p->was_up = false;
	intent_uses_look(p);
	intent_reconcile(p);
}

/* ---- keeping one ---- */

/* Its charge followed the traffic: whoever is held worse makes room, and where that is not enough
 * it goes without a reservation itself, for nothing is promised twice. */
static void fit(struct intent_pol *p)
{
	struct intent *i = p->i;

	intent_guards_make_room(p, p->want.links, p->want.n_links);
	if (!intent_preempt(p, &p->want))
		return;
	for (uint32_t k = 0; k < p->want.n_links; k++) {
		uint32_t link = p->want.links[k];

		if (intent_overfull(i, link, p->desired->p.nrp))
			book_yield(i->book, p->claim, link);
	}
}

/* Of the same links. */
static bool units_eq(const struct intent_route *a, const struct intent_route *b)
{
	if (!a->units || !b->units)
		return a->units == b->units;
	return memcmp(a->units, b->units, a->n_links * sizeof(*a->units)) == 0;
}

/* The same list may run over other links now: the charge follows the traffic. */
static void refresh(struct intent_pol *p, const struct intent_eval *e)
{
	const struct book_terms t = *book_claim_terms(p->claim);
	const struct intent_route *now = &e->now;
	struct intent_route r;
	struct book_way w;

	if (p->want.preference != now->preference) { /* it does for another candidate path */
		p->want.preference = now->preference;
		p->attr_charged = p->attr_charged || !p->attr_dirty;
		p->attr_dirty = true;
	}
	/* One that was adopted has its links, and not yet their order. */
	if (p->want.generation != 0 && p->want.n_path == now->n_path && p->want.n_links == now->n_links &&
	    memcmp(p->want.links, now->links, now->n_links * sizeof(*now->links)) == 0 &&
	    units_eq(&p->want, now)) {
		p->want.generation = now->generation;
		p->want.igp = now->igp;
		p->want.te = now->te;
		p->want.hops = now->hops;
		p->want.delay_us = now->delay_us;
		p->want.worst_delay_us = now->worst_delay_us;
		/* A policy behind it has moved, and the list itself has not. */
		if (p->n_uses > 0 && !e->moving && p->confirmed && !p->prev.set &&
		    !loop_timer_armed(&p->retry))
			book_settle(p->i->book, p->claim);
		return;
	}
	if (intent_route_copy(now, &r) < 0)
		return;
	/* Behind a binding SID it moves when that policy does, which may be on its way. */
	w = intent_way(&r);
	if (book_move_way(p->i->book, p->claim, &t, &w, e->moving) < 0) {
		intent_route_fini(&r);
		return;
	}
	intent_route_fini(&p->want);
	intent_route_move(&r, &p->want);
	if (t.bps > 0)
		fit(p);
}

/* Its charge followed the traffic to where others are who have to make room. */
static bool crowded(const struct intent_pol *p)
{
	if (!intent_crowded(p->i, p->want.links, p->want.n_links, p->desired->p.nrp))
		return false;
	for (uint32_t k = 0; k < p->want.n_links; k++) {
		if (intent_overfull(p->i, p->want.links[k], p->desired->p.nrp))
			return true;
	}
	return false;
}

/* New terms on the same list, or a reservation that was lost to a better priority and has room
 * again, whether or not anybody saw it without: charged in full. */
static void recharge(struct intent_pol *p, const struct intent_eval *e)
{
	bool terms = p->attr_dirty && !p->attr_charged;

	if (!terms && intent_booked(p) && !crowded(p))
		return;
	if (!e->exact && refuses(p, &p->want) != UINT32_MAX) {
		intent_dirty(p, INTENT_REPAIR); /* another of this round was first */
		return;
	}
	if (charge(p, &p->want, terms && p->new_sent) && terms)
		p->attr_charged = true;
}

/* It breaks a bound and there is nothing better: better than nothing, where it forwards. */
static void degrade(struct intent_pol *p, const struct intent_eval *e, const char *why)
{
	char text[SR_REASON_MAX];

	(void)snprintf(text, sizeof(text), "%.120s; no other path: %.110s", e->cur_breaks, why);
	if (!intent_in_force(p)) {
		lose(p, e, why[0] ? why : e->cur_breaks);
		return;
	}
	p->degraded = true;
	p->meets = e->cur_meets;
	intent_blocked_set(p, true);
	/* What was changed has to be told all the same, when it fits. */
	if (p->attr_dirty && !p->attr_charged && refuses(p, &p->want) == UINT32_MAX)
		p->attr_charged = charge(p, &p->want, p->new_sent);
	note_loss(p, e, why[0] ? text : e->cur_breaks);
	revert_forget(p);
	intent_reconcile(p);
}

static bool better(const struct intent_pol *p, const struct intent_eval *e)
{
	const struct intent_cpath *c = intent_cpath_find(&p->desired->p, e->best.preference);
	uint64_t now, then;

	if (e->best.preference != e->now.preference)
		return e->best.preference > e->now.preference;
	if (e->group && e->group->best_score != e->group->now_score)
		return e->group->best_score < e->group->now_score;
	/* The list of a pin is the better one whatever it costs. */
	if (!c || c->kind == INTENT_EXPLICIT ||
	    (p->pin && sr_list_eq(&e->best.list, &p->pin->list)))
		return !sr_list_eq(&e->best.list, &e->now.list);
	now = intent_route_cost(&e->now, c);
	then = intent_route_cost(&e->best, c);
	return then < now && then * 100 <= now * (100 - p->i->cfg.hysteresis_pct);
}

/* Good news: true when it has settled. */
static bool settled(struct intent_pol *p)
{
	const struct intent *i = p->i;
	struct mono now = loop_now(i->loop), due;

	if (!list_linked(&p->better_link)) {
		list_add(&p->i->better, &p->better_link);
		p->better_since = now;
	}
	due = mono_add(p->better_since, i->cfg.wait_to_revert_ns);
	if (!mono_before(now, due))
		return true;
	if (!loop_timer_armed(&p->revert))
		loop_timer_at(&p->revert, due);
	return false;
}

/* What it is now costs more than what was decided on: it runs elsewhere, or a metric rose. */
static bool got_worse(const struct intent_pol *p, const struct intent_eval *e)
{
	const struct intent_cpath *c = intent_cpath_find(&p->desired->p, e->now.preference);

	return c && c->kind == INTENT_DYNAMIC && p->want.generation != 0 &&
	       intent_route_cost(&e->now, c) > intent_route_cost(&p->want, c);
}

enum patience { SETTLE, AT_ONCE, WHATEVER };

static void keep_or_improve(struct intent_pol *p, struct intent_eval *e, bool best, enum patience how)
{
	bool same = best && sr_list_eq(&e->best.list, &p->want.list) &&
		    e->best.preference == p->want.preference;

	p->degraded = p->no_path = false;
	intent_blocked_set(p, false);
	why_forget(p);
	if (best && !same &&
	    (how == WHATEVER || (better(p, e) && (how == AT_ONCE || settled(p))))) {
		take_best(p, e, how == AT_ONCE);
		return;
	}
	if (same || !best || !better(p, e))
		revert_forget(p);
	recharge(p, e);
	if (p->pushed && intent_booked(p))
		pushed_forget(p);
	intent_reconcile(p);
}

/* The link on which others of its group do not fit that are placed together with it. */
static uint32_t others_refuse(const struct intent_pol *p, const struct intent_eval *e)
{
	uint32_t link = UINT32_MAX;

	for (uint32_t k = 0; e->group && k < e->group->n && link == UINT32_MAX; k++) {
		const struct intent_peer *o = &e->group->peer[k];
		const struct intent_pol *other =
			o->moves ? intent_pol_find(p->i, &o->desired->p.key) : NULL;

		if (other)
			link = refuses(other, &o->to);
	}
	return link;
}

/* The best route, if it may be used: not refused by the headend meanwhile, and with room. */
static bool best_usable(struct intent_pol *p, const struct intent_eval *e, char why[SR_REASON_MAX],
			bool *lost)
{
	char label[TED_LABEL_MAX];
	const char *circle;
	uint32_t link;

	*lost = false;
	if (!e->best.set)
		return false;
	/* One that was decided on meanwhile may lead here. */
	circle = intent_list_circle(p, &e->best.list);
	if (circle) {
		note(why, circle);
		return false;
	}
	if (p->has_refused && sr_list_eq(&e->best.list, &p->refused)) {
		note(why, p->fail);
		return false;
	}
	link = refuses(p, &e->best);
	if (link == UINT32_MAX)
		link = others_refuse(p, e);
	if (link == UINT32_MAX)
		return true;
	*lost = !e->exact;
	(void)snprintf(why, SR_REASON_MAX, "bandwidth: %s has too little free",
		       ted_link_label(e->ted, link, label, sizeof(label)));
	return false;
}

bool intent_decide(struct intent_pol *p, struct intent_eval *e, enum intent_dirt how)
{
	char why[SR_REASON_MAX] = "";
	bool lost, best;
	enum patience patience = how == INTENT_FORCE ? WHATEVER : SETTLE;

	if (e->pin_why)
		intent_pin_lift(p, e->pin_why);
	best = best_usable(p, e, why, &lost);
	if (lost)
		return false;
	if (!why[0] && !best)
		note(why, e->why);
	else
		e->relax = NULL; /* what stands in the way is another matter */
	if (p->want.set && e->cur_valid) {
		if (patience == SETTLE && got_worse(p, e))
			patience = AT_ONCE; /* bad news, though it still forwards */
		refresh(p, e);
	}
	if (!p->want.set || !e->cur_valid) {
		if (best)
			take_best(p, e, p->want.set || p->no_path);
		else
			lose(p, e, why);
	} else if (!e->cur_breaks) {
		keep_or_improve(p, e, best, patience);
	} else if (best && (e->best.preference != p->want.preference ||
			    !sr_list_eq(&e->best.list, &p->want.list))) {
		take_best(p, e, true); /* the same list may do for another candidate path */
	} else if (p->lsp || p->maybe_there) {
		degrade(p, e, why);
	} else { /* nothing forwards that could stay */
		lose(p, e, why[0] ? why : e->cur_breaks);
	}
	return true;
}

/* ---- adoption ---- */

/* It is walked as soon as there is a TED to walk it on. */
void intent_unwalked(struct intent_pol *p)
{
	if (!list_linked(&p->unwalked_link) && (p->adopting || p->want.generation == 0))
		list_add(&p->i->unwalked, &p->unwalked_link);
}

/* The headend runs this: it is our route until an evaluation says otherwise. */
void intent_adopt_list(struct intent_pol *p, const struct sr_list *l, uint32_t preference)
{
	struct intent *i = p->i;
	const struct book_terms t = terms_of(p);
	struct intent_route r = { .set = true, .list = *l }, walked, copy;
	struct book_way w;

	if (i->ted && i->ted->n_nodes > 0) {
		uint32_t src = intent_endpoint_node(i->ted, &p->key.headend);

		arena_reset(&i->arena);
		if (src != TED_NONE && !intent_expand_lists(i, src, &p->key.endpoint, l, &walked))
			r = walked;
	}
	r.n_path = 0; /* their order is known when it is evaluated */
	r.preference = preference;
	if (intent_route_copy(&r, &copy) < 0)
		return;
	w = intent_way(&copy);
	if (book_hold_way(i->book, p->claim, &t, &w) < 0) {
		intent_route_fini(&copy);
		return;
	}
	intent_route_fini(&p->want);
	intent_route_fini(&p->prev);
	p->want = copy;
	intent_guards_fit(i, p->want.links, p->want.n_links);
	p->new_sent = p->maybe_there = !p->desired->p.later;
	p->no_path = false;
	p->binds = p->binds || (p->adopting && !p->lsp); /* for all we know */
	intent_uses_look(p);
	intent_unwalked(p);
}
