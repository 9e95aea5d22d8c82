/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preemption: a better setup priority takes reservations from worse holding ones, the fewest it
 * can (victims.h). Who lost one keeps its path until it is placed again, which is at once, and is
 * told by whom and where.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/book/victims.h"
#include "intent/intent_priv.h"

/* Links of a route with too much on them, as places of the choice: all of a link, then what the NRP
 * draws on there. */
struct places {
	uint32_t *link;
	bool *share;
	uint64_t *need;
	uint32_t n;
};

static struct places places_of(struct intent *i, const struct intent_route *r, uint32_t nrp)
{
	struct places at = { .link = ARENA_ARRAY(&i->arena, 2 * (size_t)r->n_links, uint32_t),
			     .share = ARENA_ARRAY(&i->arena, 2 * (size_t)r->n_links, bool),
			     .need = ARENA_ARRAY(&i->arena, 2 * (size_t)r->n_links, uint64_t) };

	for (uint32_t k = 0; at.link && at.share && at.need && k < 2 * r->n_links; k++) {
		uint32_t link = r->links[k / 2];
		uint64_t more = k % 2 ? book_share_excess(i->book, link, nrp) : book_excess(i->book, link);

		if (more == 0)
			continue;
		at.link[at.n] = link;
		at.share[at.n] = k % 2;
		at.need[at.n++] = more;
	}
	return at;
}

static int claim_cmp(const void *a, const void *b)
{
	const struct intent_pol *x = book_claim_owner(*(struct book_claim *const *)a);
	const struct intent_pol *y = book_claim_owner(*(struct book_claim *const *)b);

	return sr_policy_key_cmp(&x->key, &y->key);
}

/* Claims of ours that may be pushed aside somewhere, each once, by key. */
static struct book_claim **losers_of(const struct intent_pol *by, const struct places *at, uint32_t *n)
{
	struct intent *i = by->i;
	uint8_t setup = by->desired->p.setup_prio;
	struct book_claim **out;
	size_t users, cap = 0, k = 0;

	*n = 0;
	for (uint32_t l = 0; l < at->n; l++) {
		(void)book_users(i->book, at->link[l], &users);
		cap += users;
	}
	out = ARENA_ARRAY(&i->arena, cap, struct book_claim *);
	for (uint32_t l = 0; out && l < at->n; l++) {
		struct book_claim *const *all = book_users(i->book, at->link[l], &users);

		for (size_t u = 0; u < users; u++) {
			if (all[u] != by->claim && !book_claim_foreign(all[u]) && !book_claim_backup(all[u]) &&
			    book_claim_weak(all[u], at->link[l], setup, NULL) > 0)
				out[k++] = all[u];
		}
	}
	if (!out || k == 0)
		return NULL;
	qsort(out, k, sizeof(struct book_claim *), claim_cmp);
	for (size_t u = 0; u < k; u++) {
		if (*n == 0 || out[*n - 1] != out[u])
			out[(*n)++] = out[u];
	}
	return out;
}

static void push_aside(struct intent_pol *by, struct book_claim *c, uint32_t link)
{
	struct intent *i = by->i;
	struct intent_pol *loser = book_claim_owner(c);
	char label[TED_LABEL_MAX], key[SR_KEY_TEXT_MAX];
	STR_AUTO struct str who = { 0 };
	STR_AUTO struct str s = { 0 };

	book_yield(i->book, c, link);
	(void)ted_link_label(i->ted, link, label, sizeof(label));
	(void)sr_policy_key_text(&by->key, key, sizeof(key));
	str_addf(&who, "preempted by %s on %s", key, label);
	free(loser->pushed);
	loser->pushed = str_take(&who); /* without memory: it is not told by whom */
	str_add(&s, "\"link\":");
	str_json(&s, label);
	str_add(&s, ",\"by\":");
	str_json(&s, key);
	intent_event(loser, BUS_WARNING, "policy-preempted", "%s", str_text(&s));
	intent_dirty(loser, INTENT_REPAIR);
}

/* What cannot be chosen in one go, because windows or backups do not add up, or for want of
 * memory: the worst held that is there, of those the last by key, one at a time. */
static void one_by_one(struct intent_pol *p, uint32_t link)
{
	const struct intent_policy *d = &p->desired->p;
	struct intent *i = p->i;

	while (intent_overfull(i, link, d->nrp)) {
		struct book_claim *worst = NULL;
		uint8_t worst_hold = 0, hold;
		size_t n;
		struct book_claim *const *users = book_users(i->book, link, &n);
		bool any = book_excess(i->book, link) > 0; /* else who draws on the same helps, no other */

		for (size_t k = 0; k < n; k++) {
			if (book_claim_foreign(users[k]) || users[k] == p->claim ||
			    (!any && !book_same_room(i->book, link, d->nrp, book_claim_terms(users[k])->nrp)) ||
			    book_claim_weak(users[k], link, d->setup_prio, &hold) == 0 ||
			    (worst && (hold < worst_hold ||
				       (hold == worst_hold && claim_cmp(&users[k], &worst) < 0))))
				continue;
			worst = users[k];
			worst_hold = hold;
		}
		if (!worst)
			return;
		push_aside(p, worst, link);
	}
}

static void choose(struct intent_pol *p, const struct places *at)
{
	struct intent *i = p->i;
	uint8_t setup = p->desired->p.setup_prio;
	struct intent_victims v = { .need = at->need, .n_places = at->n };
	struct book_claim **c = losers_of(p, at, &v.n);
	uint64_t *gives = ARENA_ARRAY(&i->arena, (size_t)v.n * at->n, uint64_t);

	v.at = ARENA_ARRAY(&i->arena, v.n, struct intent_candidate);
	if (!c || !gives || !v.at)
		return;
	for (uint32_t k = 0; k < v.n; k++) {
		const struct book_terms *t = book_claim_terms(c[k]);

		v.at[k] = (struct intent_candidate){ .hold = BOOK_PRIOS - 1,
						     .bps = t->bps,
						     .gives = &gives[(size_t)k * at->n] };
		for (uint32_t l = 0; l < at->n; l++) {
			uint8_t hold = BOOK_PRIOS - 1;
			uint64_t bps = book_claim_weak(c[k], at->link[l], setup, &hold);

			if (at->share[l] && !book_same_room(i->book, at->link[l], t->nrp, p->desired->p.nrp))
				bps = 0;
			gives[(size_t)k * at->n + l] = bps;
			v.at[k].hold = hold < v.at[k].hold ? hold : v.at[k].hold;
		}
	}
	if (intent_victims_choose(&v) < 0)
		return;
	for (uint32_t k = 0; k < v.n; k++) {
		for (uint32_t l = 0; v.at[k].chosen && l < at->n; l++) {
			if (v.at[k].gives[l] > 0 && book_claim_bps(c[k], at->link[l]) > 0)
				push_aside(p, c[k], at->link[l]);
		}
	}
}

/* p has been charged on the route: whoever is too much there now goes. False: nobody was. */
bool intent_preempt(struct intent_pol *p, const struct intent_route *r)
{
	struct intent *i = p->i;
	struct places at;

	if (!intent_crowded(i, r->links, r->n_links, p->desired->p.nrp))
		return false;
	/* The evaluation that led here is not in this arena. */
	arena_reset(&i->arena);
	at = places_of(i, r, p->desired->p.nrp);
	if (at.n > 0)
		choose(p, &at);
	for (uint32_t k = 0; k < r->n_links; k++)
		one_by_one(p, r->links[k]);
	return true;
}
