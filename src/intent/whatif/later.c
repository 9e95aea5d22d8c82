/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room as it would be without some policies: what is free now and what those hold of the same room, a
 * partition's share or what is left beside shares. Of what is kept for failures nothing is counted back:
 * so there may be more room than this says, and never less.
 */
#include "intent/group/group.h"
#include "intent/intent_priv.h"

struct rooms {
	const struct intent *i;
	struct arena *a;
	uint64_t *link;
	uint32_t n, nrp;
};

/* What there is too much of a link goes first. */
static uint64_t debt(const struct rooms *r, uint32_t link)
{
	uint64_t all = book_excess(r->i->book, link), its = book_share_excess(r->i->book, link, r->nrp);

	return all > its ? all : its;
}

static void give_back(struct rooms *r, const struct sr_policy_key *key)
{
	const struct intent_pol *p = intent_pol_find(r->i, key);
	uint32_t link;

	for (uint32_t k = 0; p && p->claim && (link = book_claim_link(p->claim, k)) != UINT32_MAX; k++) {
		uint64_t bps = book_claim_bps(p->claim, link);

		if (link >= r->n)
			continue;
		if (book_same_room(r->i->book, link, book_claim_terms(p->claim)->nrp, r->nrp))
			r->link[link] += bps;
	}
}

static bool rooms_make(struct rooms *r, const struct sr_policy_key *gone, size_t n_gone)
{
	const struct book_ask ask = { .setup = BOOK_PRIOS - 1, .nrp = r->nrp, .window = BOOK_ALWAYS };

	r->link = ARENA_ARRAY(r->a, (size_t)r->n + 1, uint64_t);
	if (!r->link)
		return false;
	book_snapshot(r->i->book, &ask, r->link, r->n);
	for (size_t k = 0; k < n_gone; k++)
		give_back(r, &gone[k]);
	for (uint32_t l = 0; l < r->n; l++) {
		uint64_t owed = debt(r, l);

		r->link[l] -= owed < r->link[l] ? owed : r->link[l];
	}
	return true;
}

/* What one asks for, with the room there would be. */
static bool request(struct rooms *r, const struct intent_policy *p, struct pce_request *req)
{
	struct intent_path_query *q = ARENA_NEW(r->a, struct intent_path_query);
	struct pce_answer ans;

	if (!q || p->n_cpaths == 0 || p->nrp != r->nrp || p->cpaths[0].kind != INTENT_DYNAMIC)
		return false;
	ip_text(&p->key.headend, q->src, sizeof(q->src));
	ip_text(&p->key.endpoint, q->dst, sizeof(q->dst));
	q->constraints = p->cpaths[0];
	q->bandwidth_bps = p->bandwidth_bps;
	q->setup_prio = BOOK_PRIOS - 1;
	q->dataplane = p->dataplane;
	q->msd = p->msd;
	q->reserved = p->reserved;
	q->no_usid = p->no_usid;
	q->nrp = p->nrp;
	if (!intent_query_request(r->i, q, r->a, req, &ans))
		return false;
	req->free_bps = r->link;
	req->explain = false;
	req->brief = true;
	return true;
}

/* It has its way, and has taken it. */
static bool take(struct rooms *r, const struct intent_policy *p, const struct pce_answer *ans)
{
	if (ans->status != PCE_OK || !ans->expansion.valid)
		return false;
	for (uint32_t k = 0; k < ans->expansion.n_links; k++) {
		uint64_t *room = &r->link[ans->expansion.links[k]];

		if (*room < p->bandwidth_bps)
			return false;
		*room -= p->bandwidth_bps;
	}
	return true;
}

static bool place(struct rooms *r, const struct intent_policy *p)
{
	struct pce_request req;
	struct pce_answer ans;

	if (!request(r, p, &req))
		return false;
	pce_compute(r->i->ted, &req, r->a, &ans);
	return take(r, p, &ans);
}

/* All that are kept apart from the first of them, together. One of the group that is not asked for has its
 * way already, and nothing is known here of that. */
static bool place_group(struct rooms *r, const struct intent_policy *const *puts, size_t n)
{
	const struct intent_membership *g = &puts[0]->group;
	const struct intent_policy *of[PCE_LEGS_MAX] = { NULL };
	struct pce_request leg[PCE_LEGS_MAX];
	struct pce_disjoint d = { .leg = leg, .diverse = g->diverse, .strict = !g->best_available };
	struct pce_disjoint_answer ans;

	for (size_t k = 0; k < n; k++) {
		if (puts[k]->group.id != g->id)
			continue;
		if (d.n_legs == PCE_LEGS_MAX || !request(r, puts[k], &leg[d.n_legs]))
			return false;
		of[d.n_legs++] = puts[k];
	}
	if (intent_group_size(r->i, g->id) > d.n_legs)
		return false;
	pce_disjoint(r->i->ted, &d, r->a, &ans);
	if (ans.status != PCE_OK || ans.n_legs != d.n_legs || (!g->best_available && (ans.met & g->diverse) != g->diverse))
		return false;
	for (uint32_t k = 0; k < ans.n_legs; k++) {
		if (!take(r, of[k], &ans.leg[k]))
			return false;
	}
	return true;
}

static bool place_next(struct rooms *r, const struct intent_policy *const *puts, size_t n, size_t at)
{
	if (!puts[at]->group.id)
		return place(r, puts[at]);
	for (size_t k = 0; k < at; k++) {
		if (puts[k]->group.id == puts[at]->group.id)
			return true; /* placed with that one */
	}
	return place_group(r, puts + at, n - at);
}

bool intent_would_fit(const struct intent *i, const struct intent_policy *const *puts, size_t n,
		      const struct sr_policy_key *gone, size_t n_gone)
{
	struct arena a;
	struct rooms r = { .i = i, .a = &a, .nrp = n ? puts[0]->nrp : 0 };
	bool fits = n > 0 && i->ted && !i->ted->stale;

	if (!fits)
		return false;
	arena_init(&a, 0);
	r.n = i->ted->n_links;
	fits = rooms_make(&r, gone, n_gone);
	for (size_t k = 0; fits && k < n; k++)
		fits = place_next(&r, puts, n, k);
	arena_fini(&a);
	return fits;
}
