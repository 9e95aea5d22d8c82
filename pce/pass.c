/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be passed, in order: how far a path has come when it takes a link. Taking each thing
 * where it is first met is right, but for one case: a domain or a group met early and left again may be
 * met once more, right before something that has to follow it with nothing between. There both have to
 * be looked at (pce_pass_held()).
 */
#include "pce/pce_priv.h"

bool pce_pass_node(const struct pce_ctx *c, const struct pce_pass *p, uint32_t node)
{
	if (p->kind == PCE_PASS_ASN)
		return !(c->p->nflags[node] & TED_NF_PSEUDO) && c->t->nodes[node].asn == p->number;
	return p->kind == PCE_PASS_HOP && p->link == TED_NONE && p->node == node;
}

/* What a pseudonode sends is in no group: that is the sender's, on the way in. */
bool pce_pass_link(const struct pce_ctx *c, const struct pce_pass *p, uint32_t link)
{
	const struct ted_link *l = &c->t->links[link];

	if (p->kind == PCE_PASS_HOP)
		return p->link == link;
	if (p->kind != PCE_PASS_SRLG || (c->p->nflags[c->p->arcs[link].from] & TED_NF_PSEUDO))
		return false;
	for (uint32_t i = 0; i < l->n_srlg; i++)
		if (l->srlg[i] == p->number)
			return true;
	return false;
}

static bool met(const struct pce_ctx *c, const struct pce_pass *p, bool node, uint32_t at)
{
	return node ? pce_pass_node(c, p, at) : pce_pass_link(c, p, at);
}

/* Passes behind one node or link: one hop at most, and any number of what it is part of. */
static unsigned met_all(const struct pce_ctx *c, const struct pce_passes *w, unsigned done,
			bool node, uint32_t at)
{
	bool hop = false;

	while (done < w->n && met(c, &w->at[done], node, at)) {
		bool is_hop = w->at[done].kind == PCE_PASS_HOP;

		if (is_hop && hop)
			break;
		hop |= is_hop;
		done++;
	}
	return done;
}

unsigned pce_pass_begin(const struct pce_ctx *c, const struct pce_passes *w, uint32_t src)
{
	return met_all(c, w, 0, true, src);
}

unsigned pce_pass_on(const struct pce_ctx *c, const struct pce_passes *w, unsigned done,
		     uint32_t link)
{
	return met_all(c, w, met_all(c, w, done, false, link), true, c->p->arcs[link].to);
}

bool pce_pass_held(const struct pce_pass *at, unsigned n, unsigned i)
{
	return at[i].kind != PCE_PASS_HOP && i + 1 < n && at[i + 1].strict;
}

bool pce_pass_waits(const struct pce_ctx *c, const struct pce_passes *w, unsigned done,
		    uint32_t node)
{
	return done >= w->n || !w->at[done].strict || (c->p->nflags[node] & TED_NF_PSEUDO) ||
	       (done > 0 && w->at[done - 1].kind == PCE_PASS_ASN &&
		pce_pass_node(c, &w->at[done - 1], node));
}
