/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binding SIDs of our own policies as segments of lists: whose a SID is, what its packets do, and
 * whether it may be used. Packets that come in by a binding SID are beside those the policy itself
 * has booked for: whoever sends them books for them on every link behind it.
 *
 * A policy that uses another is looked at after it and told of its changes (bound.c), so lists
 * must not lead round in circles: a write that would make them is refused, and what comes about
 * in another way (two writes at once, SIDs that headends choose) is not used.
 */
#include <string.h>

#include "intent/intent_priv.h"

enum { CHAIN_STEPS = 1024 }; /* segments that are looked at behind one binding SID */

bool intent_told_eq(const struct hash_node *n, const void *key)
{
	return ip_eq(&HASH_OF(n, struct intent_pol, by_told)->told, key);
}

const struct ip_addr *intent_bsid_of(const struct intent_pol *p)
{
	return p->told.family != IP_NONE ? &p->told : &p->bsid;
}

struct intent_pol *intent_bsid_owner(const struct intent *i, const struct ip_addr *sid)
{
	struct hash_node *n;

	if (i->bsids.count + i->told.count == 0 || sid->family != IP_V6)
		return NULL;
	n = hash_get(&i->bsids, sid, sizeof(*sid), sid);
	if (n && ip_eq(intent_bsid_of(HASH_OF(n, struct intent_pol, by_bsid)), sid))
		return HASH_OF(n, struct intent_pol, by_bsid);
	n = hash_get(&i->told, sid, sizeof(*sid), sid);
	return n ? HASH_OF(n, struct intent_pol, by_told) : NULL;
}

/* ---- may it be used? ---- */

/* The at-th SID it leads to by the list it has, or by any (wished); NULL: no more. */
static const struct ip_addr *edge(const struct intent_pol *p, unsigned at, bool wished)
{
	if (wished)
		return at < p->n_uses ? intent_use_sid(p, at) : NULL;
	return p->n_uses > 0 && p->want.set && at < p->want.list.n ? &p->want.list.at[at].sid : NULL;
}

const char *intent_chain_fault(const struct intent_pol *to, const struct intent_pol *from,
			       bool wished)
{
	struct {
		const struct intent_pol *p;
		unsigned at;
	} way[INTENT_BINDINGS_DEEP] = { { from, 0 } };
	unsigned deep = 1;

	if (from == to)
		return "it is its own";
	for (unsigned steps = 0; deep > 0 && steps <= CHAIN_STEPS; steps++) {
		const struct intent_pol *p = way[deep - 1].p, *next;
		const struct ip_addr *sid = edge(p, way[deep - 1].at++, wished);

		next = sid ? intent_bsid_owner(p->i, sid) : NULL;
		deep -= !sid;
		if (!next || next == p)
			continue;
		if (next == to)
			return "its packets would come back here and go round for ever";
		if (deep == INTENT_BINDINGS_DEEP)
			return "it leads through too many policies, one behind the other";
		way[deep].p = next;
		way[deep++].at = 0;
	}
	return deep > 0 ? "it leads through too many policies" : NULL;
}

const char *intent_list_circle(const struct intent_pol *p, const struct sr_list *list)
{
	const char *why = NULL;

	for (unsigned k = 0; p->n_uses > 0 && !why && k < list->n; k++) {
		const struct intent_pol *l = intent_bsid_owner(p->i, &list->at[k].sid);

		why = l ? intent_chain_fault(p, l, false) : NULL;
	}
	return why;
}

const struct intent_route *intent_bound_route(const struct intent_pol *p)
{
	const struct intent_route *r = !p->new_sent && p->prev.set ? &p->prev : &p->want;

	return p->binds && r->set && r->generation != 0 && r->n_links > 0 ? r : NULL;
}

const char *intent_bound_fault(const struct intent_pol *l)
{
	if (l->deleted || l->mode != INTENT_MANAGED)
		return "that policy is not managed any more";
	if (l->desired->p.admin_down)
		return "that policy is administratively down";
	if (l->no_path || !l->want.set)
		return "that policy has no path";
	if (l->desired->p.lists_max > 1)
		return "that policy may have several lists: its max-lists has to be 1";
	if (!l->binds)
		return "its headend does not report it up with that SID";
	return ip_is_any(&l->key.endpoint) ? "that policy has no endpoint" :
	       !intent_bound_route(l)	   ? "it is not known which way that policy goes" :
					     NULL;
}

const char *intent_unbindable(const struct intent_pol *p, const struct intent_pol *lower)
{
	const char *why = intent_chain_fault(p, lower, false);

	return why ? why : intent_bound_fault(lower);
}

/* ---- what is behind it ---- */

/* False without memory. */
static bool fill(const struct intent_pol *l, struct arena *a, struct pce_binding *out)
{
	const struct intent_route *r = intent_bound_route(l);
	const uint32_t *links = arena_copy(a, r->links, r->n_links * sizeof(*links));

	*out = (struct pce_binding){ .headend = intent_endpoint_node(l->i->ted, &l->key.headend),
				     .endpoint = intent_endpoint_node(l->i->ted, &l->key.endpoint),
				     .sid = *intent_bsid_of(l),
				     .links = links,
				     .n_links = r->n_links };
	return links;
}

static void unbound_add(struct intent_eval *e, struct intent_unbound *at, const struct intent_pol *l,
			const char *why, struct arena *a)
{
	char key[SR_KEY_TEXT_MAX];

	at[e->n_unbound++] = (struct intent_unbound){
		.sid = *intent_bsid_of(l),
		.why = arena_printf(a, "of %s: %s", sr_policy_key_text(&l->key, key, sizeof(key)), why),
	};
}

void intent_bind(const struct intent_pol *p, struct intent_eval *e, struct arena *a)
{
	struct pce_binding *b = ARENA_ARRAY(a, p->n_uses, struct pce_binding);
	struct intent_unbound *u = ARENA_ARRAY(a, p->n_uses, struct intent_unbound);

	for (unsigned k = 0; b && u && k < p->n_uses; k++) {
		const struct intent_pol *l = intent_bsid_owner(p->i, intent_use_sid(p, k));
		const char *why = l ? intent_unbindable(p, l) : NULL;

		if (why)
			unbound_add(e, u, l, why, a);
		if (!l || why || !fill(l, a, &b[e->n_bindings]))
			continue;
		e->n_bindings++;
		e->moving = e->moving || book_claim_moving(l->claim);
	}
	e->bindings = b;
	e->unbound = u;
}

void intent_may_bind(const struct ted *t, const struct intent_cpath *c, const struct pce_binding *from,
		     uint32_t n, struct arena *a, struct pce_request *req)
{
	struct pce_binding *at = c->n_binding && n ? ARENA_ARRAY(a, n, struct pce_binding) : NULL;

	for (uint32_t k = 0; at && k < n; k++) {
		bool here = from[k].headend == req->src ||
			    ted_node_by_addr(t, &from[k].sid) == from[k].headend;

		for (unsigned b = 0; here && b < c->n_binding; b++) {
			if (!ip_eq(&c->binding[b], &from[k].sid))
				continue;
			at[req->n_bindings++] = from[k];
			break;
		}
	}
	req->bindings = at;
}

/* ---- of a list alone ---- */

struct found {
	const struct intent *i;
	struct pce_binding *at;
	uint32_t n;
	struct arena *a;
	bool deep;
};

/* The list behind it, for those who have to walk it themselves. False without memory. */
static bool list_fill(const struct intent_pol *l, struct arena *a, struct pce_binding *b)
{
	const struct sr_list *from = &intent_bound_route(l)->list;
	struct pce_list *to = ARENA_NEW(a, struct pce_list);
	struct ip_addr *sids = ARENA_ARRAY(a, (size_t)from->n + 1, struct ip_addr);

	if (!to || !sids)
		return false;
	for (unsigned k = 0; k < from->n; k++)
		sids[k] = from->at[k].sid;
	*to = (struct pce_list){ .dataplane = PCE_SRV6, .n = from->n, .sids = sids };
	b->list = to;
	return true;
}

static void look(struct found *f, const struct sr_list *list)
{
	for (unsigned k = 0; k < list->n && f->n < INTENT_BINDINGS_MAX; k++) {
		const struct ip_addr *sid = &list->at[k].sid;
		const struct intent_pol *l = intent_bsid_owner(f->i, sid);
		bool there = false;

		/* One that holds its own binding SID goes nowhere. */
		if (!l || intent_unbindable(NULL, l) || sr_list_eq(&intent_bound_route(l)->list, list))
			continue;
		for (uint32_t b = 0; b < f->n; b++)
			there = there || ip_eq(&f->at[b].sid, sid);
		if (!there && fill(l, f->a, &f->at[f->n]) &&
		    (!f->deep || list_fill(l, f->a, &f->at[f->n])))
			f->n++;
	}
}

const struct pce_binding *intent_bindings_of(const struct intent *i, const struct sr_list *list,
					     bool deep, struct arena *a, uint32_t *n)
{
	struct found f = { .i = i, .a = a, .deep = deep };

	*n = 0;
	if (i->bsids.count + i->told.count == 0 || list->dataplane != SR_SRV6)
		return NULL;
	for (unsigned k = 0; k < list->n && !f.at; k++)
		if (intent_bsid_owner(i, &list->at[k].sid))
			f.at = ARENA_ARRAY(a, INTENT_BINDINGS_MAX, struct pce_binding);
	if (!f.at)
		return NULL;
	look(&f, list);
	for (uint32_t b = 0; deep && b < f.n; b++)
		look(&f, &intent_bound_route(intent_bsid_owner(i, &f.at[b].sid))->list);
	*n = f.n;
	return f.at;
}
