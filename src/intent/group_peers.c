/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an evaluation is told of the others of a group, and whether that still holds. Copies: its
 * worker reads nothing that the loop writes.
 */
#include <string.h>

#include "intent/group.h"

/* Broken, it keeps nobody off: it is about to be placed again. */
static bool in_the_way(const struct intent_pol *p)
{
	const struct ted *t = p->i->ted;

	if (!intent_group_placed(p))
		return false;
	for (uint32_t k = 0; k < p->want.n_links; k++) {
		uint32_t l = p->want.links[k];

		if (l >= t->n_links || !t->links[l].alive || t->links[l].reverse == TED_NONE)
			return false;
	}
	return true;
}

static bool is_fixed(const struct intent_pol *p)
{
	return !p->he->up || !p->he->synced || p->adopting;
}

static bool held_load(const struct intent_pol *p, struct arena *a, struct intent_held *out)
{
	uint32_t n = 0, link;

	while (book_claim_link(p->claim, n) != UINT32_MAX)
		n++;
	out->link = ARENA_ARRAY(a, n, uint32_t);
	out->bps = ARENA_ARRAY(a, n, uint64_t);
	if (n > 0 && (!out->link || !out->bps))
		return false;
	for (; out->n < n; out->n++) {
		link = book_claim_link(p->claim, out->n);
		out->link[out->n] = link;
		out->bps[out->n] = book_claim_bps(p->claim, link);
	}
	return true;
}

static bool room_load(struct intent_peer *out, struct intent_pol *p, struct arena *a)
{
	const struct intent_policy *d = &p->desired->p;
	const struct book_ask q = intent_ask_of(p);
	uint32_t n;

	if (!held_load(p, a, &out->held))
		return false;
	if (d->bandwidth_bps == 0)
		return true;
	out->snap = intent_snap_now(p->i, d->setup_prio, d->nrp);
	if (!out->snap)
		return false;
	n = book_own_rooms(p->i->book, &q, NULL, NULL, 0);
	out->own = ARENA_ARRAY(a, n, struct book_own);
	if (out->own && n > 0)
		out->n_own = book_own_rooms(p->i->book, &q, &out->snap->view, out->own, n);
	return out->own || n == 0;
}

static bool peer_load(struct intent_peer *out, struct intent_pol *p, struct arena *a)
{
	const struct intent_route *w = &p->want;

	*out = (struct intent_peer){ .desired = intent_desired_ref(p->desired),
				     .list = w->list,
				     .preference = w->preference,
				     .links = arena_copy(a, w->links, w->n_links * sizeof(*w->links)),
				     .path = arena_copy(a, w->path, w->n_path * sizeof(*w->path)),
				     .n_links = w->n_links,
				     .n_path = w->n_path,
				     .fixed = is_fixed(p),
				     .msd = intent_msd(p, &p->desired->p) };
	if (p->has_refused)
		out->refused = arena_copy(a, &p->refused, sizeof(p->refused));
	return out->links && (out->path || w->n_path == 0) && (out->refused || !p->has_refused) &&
	       room_load(out, p, a);
}

/* The next of the others in the way, from *at on; NULL: there is none. */
static struct intent_pol *peer_next(const struct intent_pol *p, size_t *at)
{
	const struct intent_group *g = p->member->group;

	while (*at < g->at.n) {
		struct intent_pol *o = g->at.at[(*at)++];

		if (o != p && in_the_way(o))
			return o;
	}
	return NULL;
}

uint64_t intent_group_print(const struct intent_pol *p)
{
	const struct intent_membership *m = &p->desired->p.group;
	uint64_t h = UINT64_C(14695981039346656037);
	const struct intent_pol *o;
	size_t at = 0;

	if (!p->member)
		return 0;
	h = intent_group_mix(h, &m->id, sizeof(m->id));
	h = intent_group_mix(h, &m->diverse, sizeof(m->diverse));
	h = intent_group_mix(h, &m->best_available, sizeof(m->best_available));
	while ((o = peer_next(p, &at)))
		h = intent_group_mix(h, &o->member->print, sizeof(o->member->print));
	return h;
}

void intent_group_load(struct intent_pol *p, struct intent_eval *e, struct arena *a)
{
	const struct intent_membership *m = &p->desired->p.group;
	struct intent_pol *o;
	size_t at = 0;

	if (!p->member)
		return;
	e->group = ARENA_NEW(a, struct intent_group_eval);
	if (!e->group)
		return; /* and nothing comes of it: intent_group_same() */
	e->group->id = m->id;
	e->group->diverse = m->diverse;
	e->group->best_available = m->best_available;
	e->group->broken = !held_load(p, a, &e->group->held);
	while ((o = peer_next(p, &at)) && e->group->n < ARRAY_LEN(e->group->peer)) {
		if (!peer_load(&e->group->peer[e->group->n++], o, a))
			e->group->broken = true;
	}
}

void intent_group_unload(struct intent_eval *e)
{
	for (uint32_t k = 0; e->group && k < e->group->n; k++) {
		struct intent_peer *p = &e->group->peer[k];

		p->desired = intent_desired_unref(p->desired);
		intent_snap_unref(p->snap);
		p->snap = NULL;
	}
	e->group = NULL;
}

static bool peer_same(const struct intent_peer *x, const struct intent_pol *p)
{
	return x->desired == p->desired && x->fixed == is_fixed(p) && x->n_links == p->want.n_links &&
	       x->preference == p->want.preference && sr_list_eq(&x->list, &p->want.list) &&
	       memcmp(x->links, p->want.links, x->n_links * sizeof(*x->links)) == 0;
}

bool intent_group_same(const struct intent_pol *p, const struct intent_eval *e)
{
	const struct intent_group_eval *g = e->group;
	const struct intent_pol *o;
	uint32_t n = 0;
	size_t at = 0;

	if (!g || !p->member)
		return !g && !p->member;
	if (g->broken)
		return false;
	if (e->has_cur != p->want.set || (e->has_cur && !sr_list_eq(&e->cur, &p->want.list)))
		return false; /* it was placed together with another of the same wave */
	while ((o = peer_next(p, &at)) && n < ARRAY_LEN(g->peer)) {
		if (n == g->n || !peer_same(&g->peer[n++], o))
			return false;
	}
	return n == g->n;
}
