/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who uses which binding SID. A policy is entered for every one that its lists name, and for those
 * SIDs of its explicit lists that nobody has: when one of them is given, forwards elsewhere or does
 * not forward any more, its users are looked at again, and nobody else. What was told last is kept
 * with the SID, for users only: where no list names a binding SID nothing is kept at all.
 */
#include <stdlib.h>
#include <string.h>

#include "intent/intent_priv.h"

struct intent_bound {
	struct hash_node node; /* of intent.bound */
	struct ip_addr sid;
	struct list users;
	bool foreign; /* LSPs of others use it */
	/* as its users know it */
	const char *why; /* not NULL: it does not forward */
	bool moving;
	uint32_t *links, n_links;
};

static const char nobody[] = "nobody has it", no_memory[] = "no memory";

struct intent_use {
	struct list link; /* in users */
	struct intent_bound *of;
	struct intent_pol *pol;
};

bool intent_bound_eq(const struct hash_node *n, const void *key)
{
	return ip_eq(&HASH_OF(n, struct intent_bound, node)->sid, key);
}

const struct ip_addr *intent_use_sid(const struct intent_pol *p, unsigned k)
{
	return &p->uses[k].of->sid;
}

/* ---- SIDs in use ---- */

static struct intent_bound *bound_find(const struct intent *i, const struct ip_addr *sid)
{
	struct hash_node *n = i->bound.count ? hash_get(&i->bound, sid, sizeof(*sid), sid) : NULL;

	return n ? HASH_OF(n, struct intent_bound, node) : NULL;
}

/* True when it is another thing to those who use it. p NULL: nobody has it. */
static bool bound_set(struct intent_bound *b, const struct intent_pol *p)
{
	const char *was = b->why, *why = p ? intent_bound_fault(p) : nobody;
	const struct intent_route *r;
	uint32_t *links;
	bool moving;

	b->why = why;
	if (why)
		return was != why;
	r = intent_bound_route(p);
	moving = book_claim_moving(p->claim);
	if (!was && b->moving == moving && b->n_links == r->n_links &&
	    memcmp(b->links, r->links, r->n_links * sizeof(*links)) == 0)
		return false;
	links = realloc(b->links, r->n_links * sizeof(*links));
	if (!links) { /* until the next news */
		b->why = no_memory;
		return true;
	}
	memcpy(links, r->links, r->n_links * sizeof(*links));
	b->links = links;
	b->n_links = r->n_links;
	b->moving = moving;
	return true;
}

static struct intent_bound *bound_get(struct intent *i, const struct ip_addr *sid)
{
	struct intent_bound *b = bound_find(i, sid);

	if (b)
		return b;
	b = calloc(1, sizeof(*b));
	if (!b || hash_put(&i->bound, sid, sizeof(*sid), &b->node) < 0) {
		free(b);
		return NULL;
	}
	b->sid = *sid;
	b->why = nobody;
	list_init(&b->users);
	(void)bound_set(b, intent_bsid_owner(i, sid));
	return b;
}

static void bound_trim(struct intent *i, struct intent_bound *b)
{
	if (b->foreign || !list_empty(&b->users))
		return;
	hash_del(&i->bound, &b->node);
	free(b->links);
	free(b);
}

void intent_bounds_fini(struct intent *i)
{
	HASH_EACH(it, &i->bound) {
		struct intent_bound *b = HASH_OF(it, struct intent_bound, node);

		b->foreign = false;
		bound_trim(i, b);
	}
	hash_fini(&i->bound);
}

/* ---- whose reservation is how good ---- */

uint8_t intent_hold_of(const struct intent_pol *p)
{
	uint8_t own = p->desired->p.hold_prio, lent = (uint8_t)(BOOK_PRIOS - p->lift);

	return lent < own ? lent : own;
}

/* Its claim by the priority it has now; one that is not whole is looked at again. */
static void rehold(struct intent_pol *p)
{
	struct book_terms t = *book_claim_terms(p->claim);
	const struct intent_route *w = &p->want;
	const struct book_way way = intent_way(w);

	if (!w->set || t.bps == 0 || t.hold == intent_hold_of(p))
		return;
	t.hold = intent_hold_of(p);
	if (!book_claim_full_way(p->claim, t.bps, &way) ||
	    book_move_way(p->i->book, p->claim, &t, &way, false) < 0)
		intent_dirty(p, INTENT_REPAIR);
	intent_retry_blocked(p->i);
}

/* Ends: depth is bounded. */
static void lend(struct intent_pol *p, unsigned deep)
{
	struct intent_bound *b = bound_find(p->i, intent_bsid_of(p));
	uint8_t best = BOOK_PRIOS, was;

	if (!p->desired || !p->claim)
		return;
	was = intent_hold_of(p);
	if (b && intent_bsid_owner(p->i, &b->sid) == p)
		LIST_EACH(it, &b->users) {
			const struct intent_pol *u = LIST_OF(it, struct intent_use, link)->pol;
			const struct intent_policy *d = u->desired ? &u->desired->p : NULL;

			if (d && !u->deleted && !d->admin_down && d->bandwidth_bps > 0 &&
			    intent_hold_of(u) < best)
				best = intent_hold_of(u);
		}
	p->lift = (uint8_t)(BOOK_PRIOS - best);
	if (intent_hold_of(p) == was)
		return;
	rehold(p);
	for (unsigned k = 0; deep < INTENT_BINDINGS_DEEP && k < p->n_uses; k++) {
		struct intent_pol *l = intent_bsid_owner(p->i, intent_use_sid(p, k));

		if (l)
			lend(l, deep + 1);
	}
}

void intent_lend(struct intent_pol *p)
{
	lend(p, 0);
	for (unsigned k = 0; k < p->n_uses; k++) {
		struct intent_pol *l = intent_bsid_owner(p->i, intent_use_sid(p, k));

		if (l)
			lend(l, 0);
	}
}

/* ---- news ---- */

static void wake(struct intent_pol *p, enum intent_dirt how)
{
	how = p->waits > how ? p->waits : how;
	p->waits = INTENT_CLEAN;
	if (how != INTENT_CLEAN)
		intent_dirty(p, how);
}

static void tell(struct intent *i, struct intent_bound *b, struct intent_pol *p)
{
	bool changed = bound_set(b, p) || (p && p->leads_new);

	if (p)
		p->leads_new = false;
	if (p && changed)
		lend(p, 0);

	LIST_EACH(it, &b->users)
		wake(LIST_OF(it, struct intent_use, link)->pol, changed ? INTENT_REPAIR : INTENT_CLEAN);
	if (changed && b->foreign)
		intent_foreign_all(i);
}

/* ---- what the headend says of a policy ---- */

static bool told_free(const struct intent_pol *p, const struct ip_addr *sid)
{
	return sid->family == IP_V6 && !ip_eq(sid, &p->bsid) &&
	       !hash_get(&p->i->told, sid, sizeof(*sid), sid);
}

static void told_set(struct intent_pol *p, const struct ip_addr *sid)
{
	struct intent *i = p->i;
	struct intent_bound *b = bound_find(i, intent_bsid_of(p));

	if (p->told_known)
		hash_del(&i->told, &p->by_told);
	p->told = *sid;
	p->told_known = told_free(p, sid) && hash_put(&i->told, sid, sizeof(*sid), &p->by_told) == 0;
	if (b && !ip_eq(&b->sid, intent_bsid_of(p)))
		tell(i, b, NULL);
}

/* Out of a session, or while the headend tells what it has, it is what it was. */
static void binds_look(struct intent_pol *p)
{
	const struct intent_lsp *l = p->lsp;

	if (!p->he->up || !p->he->synced)
		return;
	if (!intent_lsp_here(l) || l->st.oper == LSP_DOWN || l->st.binding_sid.family != IP_V6)
		p->binds = false;
	else if (l->st.oper == LSP_UP || l->st.oper == LSP_ACTIVE)
		p->binds = true; /* going up, it does what it did */
}

void intent_bound_news(struct intent_pol *p)
{
	static const struct ip_addr none;
	const struct ip_addr *told = p->lsp ? &p->lsp->st.binding_sid : &none;
	struct intent_bound *b;

	if (p->mode != INTENT_MANAGED || !p->desired)
		return;
	if (p->key.leg) /* what leads through the policy follows its working path */
		return;
	if (!ip_eq(told, &p->told))
		told_set(p, told);
	binds_look(p);
	/* Before it is decided what becomes of it there is nothing to tell. */
	if (p->i->bound.count == 0 || intent_awaited(p))
		return;
	b = bound_find(p->i, intent_bsid_of(p));
	if (b && intent_bsid_owner(p->i, &b->sid) == p)
		tell(p->i, b, p);
}

void intent_bound_gone(struct intent_pol *p)
{
	struct intent_bound *b = bound_find(p->i, intent_bsid_of(p));

	p->binds = false;
	told_set(p, &(struct ip_addr){ 0 });
	if (!b)
		return;
	tell(p->i, b, NULL);
	b->foreign = false;
	bound_trim(p->i, b);
}

static bool in_list(const struct sr_list *list, const struct ip_addr *sid)
{
	for (unsigned k = 0; k < list->n; k++)
		if (ip_eq(&list->at[k].sid, sid))
			return true;
	return false;
}

const struct intent_pol *intent_bound_user(const struct intent_pol *p)
{
	const struct intent_bound *b = bound_find(p->i, intent_bsid_of(p));

	if (!b || b->why)
		return NULL;
	LIST_EACH(it, &b->users) {
		const struct intent_pol *u = LIST_OF(it, struct intent_use, link)->pol;

		if (u->want.set && !u->deleted && in_list(&u->want.list, &b->sid))
			return u;
	}
	return NULL;
}

bool intent_leads(const struct intent_pol *p, const struct sr_list *list)
{
	for (unsigned k = 0; k < p->n_uses; k++)
		if (intent_bsid_owner(p->i, intent_use_sid(p, k)) && in_list(list, intent_use_sid(p, k)))
			return true;
	return false;
}

void intent_bound_foreign(struct intent *i, const struct sr_list *list)
{
	if (i->bsids.count + i->told.count == 0)
		return;
	for (unsigned k = 0; k < list->n; k++) {
		struct intent_bound *b = intent_bsid_owner(i, &list->at[k].sid) ?
						 bound_get(i, &list->at[k].sid) :
						 NULL;

		if (b)
			b->foreign = true;
	}
}

/* ---- what a policy uses ---- */

struct sids {
	struct ip_addr at[INTENT_BINDINGS_MAX];
	unsigned n;
};

/* May it ever lead through others? */
static bool names_any(const struct intent_policy *d)
{
	for (unsigned k = 0; k < d->n_cpaths; k++)
		if (d->cpaths[k].kind == INTENT_EXPLICIT || d->cpaths[k].n_binding > 0)
			return true;
	return false;
}

/* may: SIDs nobody has count too, for somebody may get them: of lists that are not in force; of
 * those that are only the last may be one, which was taken for a service's. */
enum may { NONE, LAST, ALL };

static void collect_sid(const struct intent_pol *p, const struct ip_addr *sid, bool may,
			struct sids *out)
{
	bool there = ip_eq(sid, intent_bsid_of(p)) || out->n == INTENT_BINDINGS_MAX;

	for (unsigned o = 0; o < out->n && !there; o++)
		there = ip_eq(&out->at[o], sid);
	if (!there && (may || intent_bsid_owner(p->i, sid)))
		out->at[out->n++] = *sid;
}

static void collect(const struct intent_pol *p, const struct sr_list *list, enum may may,
		    struct sids *out)
{
	for (unsigned k = 0; list->dataplane == SR_SRV6 && k < list->n; k++)
		collect_sid(p, &list->at[k].sid, may == ALL || (may == LAST && k + 1 == list->n), out);
}

static void collect_cpath(const struct intent_pol *p, const struct intent_cpath *c, struct sids *out)
{
	bool has = p->want.set && sr_list_eq(&c->list, &p->want.list);

	if (c->kind == INTENT_EXPLICIT)
		collect(p, &c->list, has ? LAST : ALL, out);
	for (unsigned k = 0; c->kind == INTENT_DYNAMIC && k < c->n_binding; k++)
		collect_sid(p, &c->binding[k], true, out);
}

static bool uses_same(const struct intent_pol *p, const struct sids *s)
{
	if (p->n_uses != s->n)
		return false;
	for (unsigned k = 0; k < s->n; k++)
		if (!ip_eq(intent_use_sid(p, k), &s->at[k]))
			return false;
	return true;
}

static void uses_free(struct intent *i, struct intent_use *at, unsigned n)
{
	for (unsigned k = 0; k < n; k++) {
		struct intent_pol *l = intent_bsid_owner(i, &at[k].of->sid);

		list_del(&at[k].link);
		if (l)
			lend(l, 0);
		bound_trim(i, at[k].of);
	}
	free(at);
}

void intent_uses_drop(struct intent_pol *p)
{
	struct intent_use *at = p->uses;
	unsigned n = p->n_uses;

	p->uses = NULL;
	p->n_uses = 0;
	uses_free(p->i, at, n);
}

static void uses_set(struct intent_pol *p, const struct sids *s)
{
	struct intent_use *at = s->n ? calloc(s->n, sizeof(*at)) : NULL;
	unsigned n = 0;

	while (at && n < s->n && (at[n].of = bound_get(p->i, &s->at[n]))) {
		at[n].pol = p;
		list_add(&at[n].of->users, &at[n].link);
		n++;
	}
	if (n < s->n) { /* it does without them, and looks again the next time */
		log_event("", LOG_ERROR, "intent.binding.memory", "policy=%s", p->lsp_name);
		uses_free(p->i, at, n);
		at = NULL;
		n = 0;
	}
	intent_uses_drop(p);
	p->uses = at;
	p->n_uses = n;
	intent_lend(p);
}

void intent_uses_look(struct intent_pol *p)
{
	const struct intent *i = p->i;
	const struct intent_policy *d = &p->desired->p;
	struct sids s;

	if (d->dataplane != SR_SRV6 ||
	    (i->bsids.count + i->told.count + p->n_uses == 0 && !names_any(d)))
		return;
	s.n = 0;
	if (p->want.set)
		collect(p, &p->want.list, NONE, &s);
	if (p->pin)
		collect(p, &p->pin->list, NONE, &s);
	for (unsigned k = 0; k < d->n_cpaths; k++)
		collect_cpath(p, &d->cpaths[k], &s);
	if (!uses_same(p, &s))
		uses_set(p, &s);
}

/* By the list it has only: what it may want besides is told when it is there. So nobody waits for
 * somebody who waits for him. */
bool intent_uses_wait(const struct intent_pol *p)
{
	for (unsigned k = 0; p->want.set && k < p->n_uses; k++) {
		const struct ip_addr *sid = intent_use_sid(p, k);
		const struct intent_pol *l = intent_bsid_owner(p->i, sid);

		if (l && intent_awaited(l) && in_list(&p->want.list, sid) &&
		    !intent_chain_fault(p, l, false))
			return true;
	}
	return false;
}
