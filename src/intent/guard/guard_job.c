/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices: guards to be worked out, in order of setup priority and arrival, one slice at a time at
 * one worker, and only while no policy waits for a route. What the worker finds is admitted in the
 * same order, each failure against the book of that moment: a claim takes only what nobody has, it
 * pushes nobody out. Who lost to another of his slice is asked about again. So what stands in the
 * end does not depend on how many workers there are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "intent/guard/guard.h"

/* ---- the life of a slice ---- */

static void slice_free(struct guard_slice *s)
{
	for (uint32_t k = 0; k < s->n_items; k++) {
		struct intent_eval e = { .group = s->items[k].group };

		intent_group_unload(&e);
		intent_desired_unref(s->items[k].desired);
	}
	ted_unref(s->ted);
	arena_fini(&s->in);
	arena_fini(&s->out);
	arena_fini(&s->scratch);
	intent_guard_net_free(s->net);
	free(s->at);
	free(s->room);
	free(s);
}

static struct guard_slice *slice_new(struct intent *i)
{
	struct intent_guards *all = i->guards;
	struct guard_slice *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->at = calloc(GUARD_QUESTIONS + GUARD_FAILURES_MAX, sizeof(*s->at));
	s->net = all->net ? all->net : calloc(1, sizeof(*s->net));
	all->net = NULL;
	arena_init(&s->in, 0);
	arena_init(&s->out, 0);
	arena_init(&s->scratch, 0);
	s->i = i;
	s->ted = ted_ref(i->ted);
	if (s->at && s->net) {
		s->net->node = s->net->now ? s->net->node : TED_NONE;
		return s;
	}
	slice_free(s);
	return NULL;
}

/* ---- making one ---- */

/* Answered here: it has no route of its own that is booked. */
static void resolve_none(struct intent_guard *g, const char *why)
{
	bool had = false;

	for (uint32_t k = 0; k < g->n; k++)
		had = intent_guard_let(g, &g->at[k]) || had;
	g->n = g->n_open = 0;
	intent_guard_known_set(g);
	intent_guard_state_set(g, g->n_links > 0 ? INTENT_GUARD_PARTIAL : INTENT_GUARD_PENDING, why);
	if (had)
		intent_retry_blocked(g->pol->i);
}

static struct book_ask ask_after(const struct intent_pol *p, uint64_t failure)
{
	return (struct book_ask){ .setup = BOOK_PRIOS - 1,
				  .nrp = p->desired->p.nrp,
				  .window = BOOK_ALWAYS,
				  .except = p->claim,
				  .failed = true,
				  .failure = failure };
}

/* Where it has moved away from it is still charged: that is not room to be kept once more. */
static void less_left(const struct intent_pol *p, struct book_own *own, uint32_t n)
{
	uint32_t at = 0;

	for (uint32_t k = 0; k < n; k++) {
		uint64_t held = book_claim_bps(p->claim, own[k].link);

		while (at < p->want.n_links && p->want.links[at] < own[k].link)
			at++;
		if (at < p->want.n_links && p->want.links[at] == own[k].link)
			continue;
		own[k].free_bps -= held < own[k].free_bps ? held : own[k].free_bps;
	}
}

static bool question_add(struct guard_slice *s, const struct intent_guard *g, uint64_t failure)
{
	const struct book_ask ask = ask_after(g->pol, failure);
	struct guard_question *q = &s->at[s->n];
	const struct book *b = g->pol->i->book;
	uint32_t most = book_rooms_after(b, &ask, NULL, 0);

	*q = (struct guard_question){ .item = s->n_items, .failure = failure };
	q->own = ARENA_ARRAY(&s->in, most + (size_t)1, struct book_own);
	if (!q->own)
		return false;
	q->n_own = most > 0 ? book_rooms_after(b, &ask, q->own, most) : 0;
	less_left(g->pol, q->own, q->n_own);
	s->n_rooms += q->n_own;
	s->n++;
	return true;
}

/* The failures to be asked about; NULL: *why. */
static uint64_t *asked_of(struct guard_slice *s, struct intent_guard *g, uint32_t *n, const char **why)
{
	uint64_t *keys;

	if (g->anew)
		return intent_guard_failures_of(g->pol, &s->in, n, why);
	*why = "no memory";
	*n = 0;
	keys = ARENA_ARRAY(&s->in, g->n + (size_t)1, uint64_t);
	for (uint32_t k = 0; keys && k < g->n; k++) {
		if (!g->at[k].held)
			keys[(*n)++] = g->at[k].failure;
	}
	return keys;
}

static void item_add(struct guard_slice *s, struct intent_guard *g, const uint64_t *keys, uint32_t n)
{
	struct guard_item *it = &s->items[s->n_items];
	struct intent_eval e = { .ted = s->ted };

	*it = (struct guard_item){ .guard = g, .anew = g->anew, .first = s->n,
				   .desired = intent_desired_ref(g->pol->desired),
				   .msd = intent_msd(g->pol, &g->pol->desired->p) };
	intent_group_load(g->pol, &e, &s->in);
	it->group = e.group;
	for (uint32_t k = 0; k < n; k++) {
		if (!question_add(s, g, keys[k]))
			break;
	}
	it->n = s->n - it->first;
	s->n_items++;
	intent_guard_known_set(g);
	g->item = it;
}

/* False: it does not fit any more, and stays where it is. */
static bool take(struct guard_slice *s, struct intent_guard *g)
{
	const struct intent_pol *p = g->pol;
	const char *why;
	uint64_t *keys;
	uint32_t n;

	if (!p->want.set || p->want.generation == 0 || !intent_booked(p)) {
		list_del(&g->todo);
		resolve_none(g, "the policy itself has no room reserved");
		return true;
	}
	keys = asked_of(s, g, &n, &why);
	if (keys && s->n > 0 && s->n + n > GUARD_QUESTIONS)
		return false;
	list_del(&g->todo);
	if (keys)
		item_add(s, g, keys, n);
	else
		resolve_none(g, why);
	return true;
}

/* A view is of one kind of request: a slice is of one NRP, where there are shares. */
static void fill(struct guard_slice *s)
{
	struct intent *i = s->i;
	struct intent_guards *all = i->guards;
	bool first = true;

	for (unsigned p = 0; p < BOOK_PRIOS; p++) {
		LIST_EACH(at, &all->todo[p]) {
			struct intent_guard *g = LIST_OF(at, struct intent_guard, todo);
			uint32_t nrp = book_view_nrp(i->book, g->pol->desired->p.nrp);

			if (s->n_items == GUARD_SLICE || s->n_rooms > GUARD_ROOMS || (!first && nrp != all->bare.nrp))
				return;
			if (first && nrp != all->bare.nrp) {
				book_view_fini(&all->bare);
				all->bare.nrp = nrp;
			}
			first = false;
			if (!take(s, g))
				return;
		}
	}
}

static bool room_copy(struct guard_slice *s)
{
	struct book_view *v = &s->i->guards->bare;
	uint32_t n = s->ted->n_links;

	if (book_view_follow(s->i->book, v, n) < 0)
		return false;
	s->room = malloc((n + (size_t)1) * sizeof(*s->room));
	if (s->room && n > 0)
		memcpy(s->room, v->bps, n * sizeof(*s->room));
	return s->room != NULL;
}

/* ---- admitting what it found ---- */

static uint32_t extra_links(const struct intent_guard *g, const struct guard_question *q, uint32_t *out)
{
	uint32_t n = 0, at = 0;

	for (uint32_t k = 0; k < q->n_links; k++) {
		while (at < g->n_links && g->links[at] < q->links[k])
			at++;
		if (at == g->n_links || g->links[at] != q->links[k])
			out[n++] = q->links[k];
	}
	return n;
}

static bool claim_is(const struct intent_guard *g, const struct book_claim *c, const uint32_t *links,
		     uint32_t n)
{
	const struct book_terms *t = c ? book_claim_terms(c) : NULL;

	if (!c || t->bps != g->terms.bps || t->hold != g->terms.hold || t->nrp != g->terms.nrp)
		return false;
	for (uint32_t k = 0; k < n; k++) {
		if (book_claim_link(c, k) != links[k])
			return false;
	}
	return book_claim_link(c, n) == UINT32_MAX;
}

/* Keeps the room. NULL, or why not. */
static const char *claim_put(struct intent_guard *g, struct guard_failure *f, const uint32_t *links,
			     uint32_t n)
{
	struct intent *i = g->pol->i;
	struct intent_guards *all = i->guards;
	const struct book_backup to = { .links = links, .n_links = n, .failures = &f->failure,
					.n_failures = 1, .of = g->pol->claim };

	if (!f->claim) {
		if (all->n_claims >= GUARD_CLAIMS_MAX)
			return "more rooms are kept for after failures than the controller can have";
		if (book_claim_new(i->book, false, g, &f->claim) < 0)
			return "no memory";
		metric_set(all->m_claims, ++all->n_claims);
	}
	if (book_back_up(i->book, f->claim, &g->terms, &to) == 0)
		return NULL;
	(void)intent_guard_let(g, f);
	return "no memory";
}

/* The first link without room for it, or UINT32_MAX. */
static uint32_t full_link(const struct intent_guard *g, uint64_t failure, const uint32_t *links,
			  uint32_t n)
{
	const struct book_ask ask = ask_after(g->pol, failure);
	const struct book *b = g->pol->i->book;

	for (uint32_t k = 0; k < n; k++) {
		uint64_t needs = g->terms.bps + book_claim_bps(g->pol->claim, links[k]);

		if (book_refuses(b, &ask, needs, &links[k], 1) != UINT32_MAX)
			return links[k];
	}
	return UINT32_MAX;
}

struct outcome {
	bool released, lost;
	char why[SR_REASON_MAX]; /* of the first failure that is open */
};

static const char *failure_name(const struct ted *t, uint64_t failure, char buf[TED_LABEL_MAX])
{
	struct pce_failure what = guard_what(failure);

	if (what.kind == PCE_FAIL_LINK)
		return ted_link_label(t, what.index, buf, TED_LABEL_MAX);
	if (what.kind == PCE_FAIL_NODE)
		return ted_node_label(t, what.index);
	(void)snprintf(buf, TED_LABEL_MAX, "SRLG %u", what.index);
	return buf;
}

static void open_now(struct intent_guard *g, struct guard_failure *f, const char *why, struct outcome *o)
{
	char name[TED_LABEL_MAX];

	o->released = intent_guard_let(g, f) || o->released;
	if (!o->why[0])
		(void)snprintf(o->why, sizeof(o->why), "if %.80s fails: %.160s",
			       failure_name(g->pol->i->ted, f->failure, name), why);
}

static void admit(struct guard_slice *s, struct intent_guard *g, const struct guard_question *q,
		  struct guard_failure *f, struct outcome *o)
{
	uint32_t *links = ARENA_ARRAY(&s->in, q->n_links + (size_t)1, uint32_t);
	uint32_t n = links && q->found ? extra_links(g, q, links) : 0;
	const char *why = !q->ran || !links ? "no memory" : !q->found ? q->why : NULL;
	char label[TED_LABEL_MAX], text[SR_REASON_MAX];
	uint32_t full;

	if (why) {
		open_now(g, f, why, o);
		return;
	}
	f->held = true;
	if (n == 0) {
		o->released = intent_guard_let(g, f) || o->released;
		f->held = true;
		return;
	}
	if (claim_is(g, f->claim, links, n))
		return;
	full = full_link(g, q->failure, links, n);
	if (full != UINT32_MAX) {
		o->lost = true;
		(void)snprintf(text, sizeof(text), "bandwidth: %.150s has too little free",
			       ted_link_label(s->ted, full, label, sizeof(label)));
		open_now(g, f, text, o);
		return;
	}
	o->released = o->released || f->claim;
	why = claim_put(g, f, links, n);
	if (why)
		open_now(g, f, why, o);
}

/* Another set of failures: what stands for one of the old ones is taken over. False without memory. */
static bool failures_set(struct guard_slice *s, struct guard_item *it, struct outcome *o)
{
	struct intent_guard *g = it->guard;
	struct guard_failure *at = calloc(it->n + (size_t)1, sizeof(*at));
	uint32_t k = 0;

	if (!at)
		return false;
	for (uint32_t n = 0; n < it->n; n++) {
		at[n].failure = s->at[it->first + n].failure;
		for (; k < g->n && g->at[k].failure < at[n].failure; k++)
			o->released = intent_guard_let(g, &g->at[k]) || o->released;
		if (k < g->n && g->at[k].failure == at[n].failure)
			at[n].claim = g->at[k++].claim;
	}
	for (; k < g->n; k++)
		o->released = intent_guard_let(g, &g->at[k]) || o->released;
	free(g->at);
	g->at = at;
	g->n = it->n;
	return true;
}

static void item_commit(struct guard_slice *s, struct guard_item *it)
{
	struct intent_guard *g = it->guard;
	struct outcome o = { 0 };
	uint32_t k = 0;

	if (it->anew && !failures_set(s, it, &o)) {
		intent_guard_todo(g, true);
		return;
	}
	for (uint32_t n = 0; n < it->n; n++) {
		const struct guard_question *q = &s->at[it->first + n];

		while (k < g->n && g->at[k].failure != q->failure)
			k++;
		if (k < g->n)
			admit(s, g, q, &g->at[k], &o);
	}
	g->n_open = 0;
	for (k = 0; k < g->n; k++)
		g->n_open += !g->at[k].held;
	if (o.lost)
		intent_guard_todo(g, false);
	if (g->n_open == 0)
		intent_guard_state_set(g, INTENT_GUARD_FULL, "");
	else if (!o.lost || g->state != INTENT_GUARD_PENDING)
		intent_guard_state_set(g, INTENT_GUARD_PARTIAL, o.why);
	if (o.released) {
		intent_retry_blocked(s->i);
		intent_guards_retry(s->i);
	}
}

/* Others of its group are where they were when it was asked about. */
static bool peers_same(const struct guard_item *it)
{
	const struct intent_pol *p = it->guard->pol;
	const struct intent_eval e = { .group = it->group, .has_cur = p->want.set, .cur = p->want.list };

	return intent_group_same(p, &e);
}

/* Old news, or half done: they come again. */
static void commit(struct guard_slice *s)
{
	bool cancelled = atomic_load_explicit(&s->cancelled, memory_order_relaxed);

	for (uint32_t k = 0; k < s->n_items; k++) {
		struct guard_item *it = &s->items[k];
		struct intent_guard *g = it->guard;

		if (!g)
			continue;
		g->item = NULL;
		if (cancelled || s->i->ted != s->ted || s->job.skipped || !peers_same(it))
			intent_guard_todo(g, it->anew);
		else
			item_commit(s, it);
	}
}

static void slice_run(struct work_job *job)
{
	intent_guard_slice_work(CONTAINER_OF(job, struct guard_slice, job));
}

static void slice_over(struct work_job *job)
{
	struct guard_slice *s = CONTAINER_OF(job, struct guard_slice, job);
	struct intent *i = s->i;

	if (i) {
		i->guards->slice = NULL;
		i->guards->net = s->net;
		s->net = NULL;
		commit(s);
		loop_task_run(&i->guards->task);
	}
	slice_free(s);
}

/* ---- when ---- */

/* Nobody waits for a route: what is better for somebody is not what holds this up for ever. */
static bool quiet(const struct intent *i)
{
	return i->ted && !i->ted->stale && i->n_waves == 0 && list_empty(&i->dirty) &&
	       list_empty(&i->fresh) && (i->sweep_left == 0 || i->sweep_how == INTENT_SWEEP);
}

/* More news may come; or the optimiser's moves count on the room that there was. */
static bool waits(struct intent *i)
{
	struct intent_guards *all = i->guards;

	if (intent_optimise_moves(i))
		loop_timer_after(&all->settle, GUARD_SETTLE_MS * NS_PER_MS);
	else if (mono_before(loop_now(i->loop), all->from))
		loop_timer_at(&all->settle, all->from);
	else
		return false;
	return true;
}

static bool any_todo(const struct intent_guards *all)
{
	for (unsigned p = 0; p < BOOK_PRIOS; p++) {
		if (!list_empty(&all->todo[p]))
			return true;
	}
	return false;
}

static void touch(struct intent *i, uint32_t link)
{
	size_t n;
	struct book_claim *const *at = book_backups(i->book, link, &n);

	for (size_t k = 0; k < n; k++)
		intent_guard_todo(book_claim_owner(at[k]), true);
	at = book_users(i->book, link, &n);
	for (size_t k = 0; k < n; k++) {
		struct intent_pol *p = book_claim_foreign(at[k]) ? NULL : book_claim_owner(at[k]);

		if (p && p->guard)
			intent_guard_todo(p->guard, true);
	}
}

static void news_look(struct intent *i)
{
	struct intent_guards *all = i->guards;

	for (size_t k = 0; !all->all_news && k < all->news.n; k++)
		touch(i, all->news.at[k]);
	if (all->all_news) {
		LIST_EACH(it, &all->all)
			intent_guard_todo(LIST_OF(it, struct intent_guard, link), true);
	}
	all->news.n = 0;
	all->all_news = false;
}

/* Nothing is left to do: the worker's topology is not kept for nothing. */
static void rest(struct intent_guards *all)
{
	if (list_empty(&all->all))
		all->net = intent_guard_net_free(all->net);
}

void intent_guard_run(void *arg)
{
	struct intent *i = arg;
	struct intent_guards *all = i->guards;
	struct guard_slice *s;

	if (all->slice || !quiet(i))
		return; /* its end comes back here, or the round's */
	if ((all->news.n > 0 || all->all_news || any_todo(all)) && waits(i))
		return;
	news_look(i);
	if (!any_todo(all)) {
		rest(all);
		return;
	}
	s = slice_new(i);
	if (s)
		fill(s);
	if (!s || s->n_items == 0 || !room_copy(s)) {
		if (s) {
			all->net = s->net;
			s->net = NULL;
			commit(s); /* without answers */
			slice_free(s);
		}
		if (any_todo(all))
			loop_timer_after(&all->settle, GUARD_SETTLE_MS * NS_PER_MS);
		return;
	}
	all->slice = s;
	s->job = (struct work_job){ .run = slice_run, .done = slice_over };
	if (work_submit(i->work, &s->job) == 0)
		return;
	slice_run(&s->job); /* the queue is full: here, then */
	slice_over(&s->job);
}
