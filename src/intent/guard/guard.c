/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guards: who has one, what it is for, what of it stands, and which failure has come. A guard's
 * claims stay as they were until it is worked out anew, so that what was kept for a failure is
 * there while the failure unfolds.
 */
#include "intent/guard/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

const char *intent_guarded_text(enum intent_guarded s)
{
	static const char *const text[] = { [INTENT_GUARD_NONE] = "none",
					    [INTENT_GUARD_PENDING] = "pending",
					    [INTENT_GUARD_PARTIAL] = "partial",
					    [INTENT_GUARD_FULL] = "full" };

	return text[s];
}

/* ---- what is shown ---- */

static void alarm(struct intent_guard *g, bool on)
{
	STR_AUTO struct str s = { 0 };

	if (g->alarmed == on)
		return;
	g->alarmed = on;
	str_add(&s, "\"reason\":");
	str_json(&s, on ? g->why : "");
	intent_event(g->pol, on ? BUS_ALARM : BUS_CLEARED, "policy-unprotected", "%s", str_text(&s));
}

/* While it is worked out an alarm stands as it did. */
void intent_guard_state_set(struct intent_guard *g, enum intent_guarded state, const char *why)
{
	struct intent_guards *all = g->pol->i->guards;

	str_copy(g->why, sizeof(g->why), why);
	if (state != g->state) {
		all->states[g->state]--;
		all->states[state]++;
		if (g->state != INTENT_GUARD_NONE)
			metric_set(all->m_state[g->state], all->states[g->state]);
		if (state != INTENT_GUARD_NONE)
			metric_set(all->m_state[state], all->states[state]);
		g->state = state;
	}
	if (state != INTENT_GUARD_PENDING)
		alarm(g, state == INTENT_GUARD_PARTIAL);
}

void intent_guard_view(const struct intent_pol *p, struct intent_view *out)
{
	const struct intent_guard *g = p->guard;

	if (!g)
		return;
	out->guarded = g->state;
	str_copy(out->guard_why, sizeof(out->guard_why), g->why);
	out->guard_failures = g->n;
	out->guard_open = g->n_open;
}

/* ---- claims ---- */

bool intent_guard_let(struct intent_guard *g, struct guard_failure *f)
{
	struct intent_guards *all = g->pol->i->guards;
	bool had = f->claim != NULL;

	f->held = false;
	if (!had)
		return false;
	f->claim = book_claim_free(g->pol->i->book, f->claim);
	metric_set(all->m_claims, --all->n_claims);
	return true;
}

/* It is worked out again: what the worker finds now is of no use. */
void intent_guard_todo(struct intent_guard *g, bool anew)
{
	struct intent *i = g->pol->i;

	if (g->item) {
		anew = anew || g->item->anew;
		g->item->guard = NULL;
		g->item = NULL;
	}
	g->anew = anew || (g->anew && list_linked(&g->todo));
	if (g->anew && g->state != INTENT_GUARD_PENDING)
		intent_guard_state_set(g, INTENT_GUARD_PENDING, "being worked out");
	if (!list_linked(&g->todo))
		list_add(&i->guards->todo[g->pol->desired->p.setup_prio], &g->todo);
	loop_task_run(&i->guards->task);
}

/* ---- which policies have one ---- */

static bool wants(const struct intent_pol *p)
{
	return p->mode == INTENT_MANAGED && !p->deleted && p->desired && p->desired->p.protect &&
	       p->desired->p.bandwidth_bps > 0 && !p->desired->p.admin_down;
}

static uint32_t route_links(const struct intent_pol *p)
{
	return p->want.set && p->want.generation != 0 && intent_booked(p) ? p->want.n_links : 0;
}

static bool terms_eq(const struct book_terms *a, const struct book_terms *b)
{
	return a->bps == b->bps && a->hold == b->hold && a->nrp == b->nrp;
}

/* What it was worked out for is what the policy is. */
static bool is_of_now(const struct intent_guard *g)
{
	const struct intent_pol *p = g->pol;
	const struct book_terms t = intent_terms(&p->desired->p);
	uint32_t n = route_links(p);

	return g->known && terms_eq(&g->terms, &t) && g->protect == p->desired->p.protect &&
	       g->peers == intent_group_print(p) && g->n_links == n &&
	       (n == 0 || memcmp(g->links, p->want.links, n * sizeof(*g->links)) == 0);
}

void intent_guard_known_set(struct intent_guard *g)
{
	const struct intent_pol *p = g->pol;
	uint32_t n = route_links(p), *at = realloc(g->links, (n + (size_t)1) * sizeof(*at));

	g->known = at != NULL;
	if (!at)
		return;
	if (n > 0)
		memcpy(at, p->want.links, n * sizeof(*at));
	g->links = at;
	g->n_links = n;
	g->terms = intent_terms(&p->desired->p);
	g->protect = p->desired->p.protect;
	g->peers = intent_group_print(p);
}

static void guard_new(struct intent_pol *p)
{
	struct intent_guards *all = p->i->guards;
	struct intent_guard *g = calloc(1, sizeof(*g));

	if (!g) {
		log_event("", LOG_ERROR, "intent.guard.memory", "policy=%s", p->lsp_name);
		return;
	}
	g->pol = p;
	list_init(&g->todo);
	list_add(&all->all, &g->link);
	all->states[INTENT_GUARD_NONE]++;
	p->guard = g;
}

void intent_guard_free(struct intent_pol *p)
{
	struct intent_guard *g = p->guard;
	bool had = false;

	if (!g)
		return;
	for (uint32_t k = 0; k < g->n; k++)
		had = intent_guard_let(g, &g->at[k]) || had;
	intent_guard_state_set(g, INTENT_GUARD_NONE, "");
	p->i->guards->states[INTENT_GUARD_NONE]--;
	if (g->item)
		g->item->guard = NULL;
	list_del(&g->todo);
	list_del(&g->link);
	free(g->at);
	free(g->links);
	free(g);
	p->guard = NULL;
	if (had)
		intent_retry_blocked(p->i);
}

void intent_guard_look(struct intent_pol *p)
{
	if (!wants(p)) {
		intent_guard_free(p);
		return;
	}
	if (!p->guard)
		guard_new(p);
	if (p->guard && !(p->guard->anew && list_linked(&p->guard->todo)) && !is_of_now(p->guard))
		intent_guard_todo(p->guard, true);
}

/* ---- its failures ---- */

static int key_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

struct keys {
	uint64_t *at;
	uint32_t n;
};

/* A router in the midst of the route, or a LAN. */
static void node_key(const struct intent_pol *p, uint32_t node, struct keys *out)
{
	const struct ted *t = p->i->ted;

	if (node != intent_endpoint_node(t, &p->key.headend) &&
	    node != intent_endpoint_node(t, &p->key.endpoint))
		out->at[out->n++] = guard_key(PCE_FAIL_NODE, node);
}

static void link_keys(const struct intent_pol *p, uint32_t link, struct keys *out)
{
	const struct ted_link *l = &p->i->ted->links[link];
	uint8_t how = p->desired->p.protect;
	uint32_t back = l->reverse;

	if (back == TED_NONE)
		return;
	out->at[out->n++] = guard_key(PCE_FAIL_LINK, back < link ? back : link);
	if (how == INTENT_PROTECT_NODE || how == INTENT_PROTECT_SRLG_NODE)
		node_key(p, l->to, out);
	for (unsigned s = 0; how >= INTENT_PROTECT_SRLG && s < 2; s++, l = &p->i->ted->links[back])
		for (uint16_t k = 0; k < l->n_srlg; k++)
			out->at[out->n++] = guard_key(PCE_FAIL_SRLG, l->srlg[k]);
}

uint64_t *intent_guard_failures_of(const struct intent_pol *p, struct arena *a, uint32_t *n,
				   const char **why)
{
	const struct ted *t = p->i->ted;
	struct keys all = { 0 };
	size_t most = 0;

	*n = 0;
	*why = "no memory";
	for (uint32_t k = 0; k < p->want.n_links; k++) {
		const struct ted_link *l = &t->links[p->want.links[k]];

		most += 2 + (size_t)l->n_srlg;
		most += l->reverse != TED_NONE ? t->links[l->reverse].n_srlg : 0;
	}
	all.at = ARENA_ARRAY(a, most + 1, uint64_t);
	if (!all.at)
		return NULL;
	for (uint32_t k = 0; k < p->want.n_links; k++)
		link_keys(p, p->want.links[k], &all);
	qsort(all.at, all.n, sizeof(*all.at), key_cmp);
	for (uint32_t k = 0; k < all.n; k++) {
		if (*n == 0 || all.at[*n - 1] != all.at[k])
			all.at[(*n)++] = all.at[k];
	}
	if (*n <= GUARD_FAILURES_MAX)
		return all.at;
	*why = "its route is subject to more than 128 single failures";
	return NULL;
}

/* ---- which has come ---- */

static bool usable(const struct ted *t, uint32_t link)
{
	return link < t->n_links && t->links[link].alive && t->links[link].reverse != TED_NONE;
}

/* No link of the group is left. */
static bool srlg_find(const struct ted *t, uint32_t srlg)
{
	for (uint32_t l = 0; l < t->n_links; l++) {
		if (!usable(t, l))
			continue;
		for (uint16_t k = 0; k < t->links[l].n_srlg; k++) {
			if (t->links[l].srlg[k] == srlg)
				return false;
		}
	}
	return true;
}

/* Looked for once a generation. */
static bool srlg_down(struct intent *i, uint32_t srlg)
{
	struct intent_guards *all = i->guards;
	struct srlg_down x = { .srlg = srlg };

	if (all->srlgs_at != i->ted->generation)
		all->srlgs.n = 0;
	all->srlgs_at = i->ted->generation;
	for (size_t k = 0; k < all->srlgs.n; k++) {
		if (all->srlgs.at[k].srlg == srlg)
			return all->srlgs.at[k].down;
	}
	x.down = srlg_find(i->ted, srlg);
	(void)VEC_ADD(&all->srlgs, x); /* else it is looked for again */
	return x.down;
}

static bool is_down(struct intent *i, uint64_t failure)
{
	const struct ted *t = i->ted;
	struct pce_failure what = guard_what(failure);

	switch (what.kind) {
	case PCE_FAIL_LINK:
		return !usable(t, what.index);
	case PCE_FAIL_NODE:
		return what.index >= t->n_nodes || !t->nodes[what.index].alive ||
		       t->out.start[what.index] == t->out.start[what.index + 1];
	case PCE_FAIL_SRLG:
		return srlg_down(i, what.index);
	}
	return false;
}

/* Links stand first, routers and groups behind them: without a dead link on its route none of those
 * has failed. A router explains what its links do, and what groups of them do. */
static bool failure_now(const struct intent_pol *p, uint64_t *failure)
{
	const struct intent_guard *g = p->guard;
	bool found = false;

	for (uint32_t k = 0; k < g->n; k++) {
		enum pce_failure_kind kind = guard_what(g->at[k].failure).kind;
		bool better = !found || (kind != PCE_FAIL_LINK &&
					 guard_what(*failure).kind == PCE_FAIL_LINK);

		if (kind != PCE_FAIL_LINK && !found)
			return false;
		if (better && is_down(p->i, g->at[k].failure)) {
			*failure = g->at[k].failure;
			found = true;
		}
	}
	return found;
}

struct book_ask intent_ask_of(const struct intent_pol *p)
{
	const struct intent_policy *d = &p->desired->p;
	struct book_ask ask = {
		.setup = d->setup_prio, .nrp = d->nrp, .window = BOOK_ALWAYS, .except = p->claim
	};

	ask.failed = p->guard && p->i->ted && failure_now(p, &ask.failure);
	return ask;
}

/* ---- news ---- */

static void settle_fire(void *arg)
{
	struct intent *i = arg;

	loop_task_run(&i->guards->task);
}

static void retry_fire(void *arg)
{
	struct intent *i = arg;

	LIST_EACH(it, &i->guards->all) {
		struct intent_guard *g = LIST_OF(it, struct intent_guard, link);

		if (g->n_open > 0 && !list_linked(&g->todo) && !g->item)
			intent_guard_todo(g, false);
	}
}

void intent_guards_retry(struct intent *i)
{
	struct intent_guards *all = i->guards;

	if (all->states[INTENT_GUARD_PARTIAL] > 0 && !loop_timer_armed(&all->retry))
		loop_timer_after(&all->retry, GUARD_RETRY_MS * NS_PER_MS);
}

void intent_guards_kick(struct intent *i)
{
	loop_task_run(&i->guards->task);
}

/* Only noted: whom it concerns is found when everybody has a route. */
void intent_guards_news(struct intent *i, bool all_of_it)
{
	struct intent_guards *all = i->guards;
	const struct ted *t = i->ted;

	if (list_empty(&all->all))
		return;
	if (all->slice)
		atomic_store_explicit(&all->slice->cancelled, true, memory_order_relaxed);
	all->from = mono_add(loop_now(i->loop), GUARD_SETTLE_MS * NS_PER_MS);
	all->all_news = all->all_news || all_of_it;
	for (uint32_t k = 0; !all->all_news && k < t->n_changed_links; k++)
		all->all_news = all->news.n >= GUARD_NEWS_MAX || !VEC_ADD(&all->news, t->changed_links[k]);
	for (uint32_t k = 0; !all->all_news && k < t->n_changed_nodes; k++) {
		uint32_t node = t->changed_nodes[k];

		for (uint32_t e = t->out.start[node]; !all->all_news && e < t->out.start[node + 1]; e++)
			all->all_news = all->news.n >= GUARD_NEWS_MAX ||
					!VEC_ADD(&all->news, t->out.idx[e]);
	}
	loop_task_run(&all->task);
}

/* ---- life ---- */

int intent_guards_new(struct intent *i)
{
	struct intent_guards *all = calloc(1, sizeof(*all));
	char label[40];

	if (!all)
		return err_raise(-ENOMEM);
	list_init(&all->all);
	for (unsigned k = 0; k < BOOK_PRIOS; k++)
		list_init(&all->todo[k]);
	loop_task_init(&all->task, i->loop, intent_guard_run, i);
	loop_timer_init(&all->settle, i->loop, settle_fire, i);
	loop_timer_init(&all->retry, i->loop, retry_fire, i);
	all->bare = (struct book_view){ .setup = BOOK_PRIOS - 1, .bare = true };
	for (unsigned s = INTENT_GUARD_PENDING; s < ARRAY_LEN(all->m_state); s++) {
		(void)snprintf(label, sizeof(label), "protection=\"%s\"",
			       intent_guarded_text((enum intent_guarded)s));
		all->m_state[s] = metric_gauge("sextant_policies_protected",
					       "Policies whose bandwidth is to survive a failure", label);
		metric_set(all->m_state[s], 0);
	}
	all->m_claims = metric_gauge("sextant_backup_claims", "Rooms kept for after a failure", "");
	metric_set(all->m_claims, 0);
	i->guards = all;
	return 0;
}

/* The policies are gone. A slice at the worker frees itself. */
void intent_guards_free(struct intent *i)
{
	struct intent_guards *all = i->guards;

	if (!all)
		return;
	loop_task_cancel(&all->task);
	loop_timer_fini(&all->settle);
	loop_timer_fini(&all->retry);
	if (all->slice) {
		atomic_store_explicit(&all->slice->cancelled, true, memory_order_relaxed);
		all->slice->i = NULL;
	}
	intent_guard_net_free(all->net);
	book_view_fini(&all->bare);
	VEC_FINI(&all->news);
	VEC_FINI(&all->srlgs);
	free(all);
	i->guards = NULL;
}
