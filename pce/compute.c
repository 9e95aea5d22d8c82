/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a request: path, list, proof; where one fails, why. */
#include <string.h>

#include "pce/branch.h"
#include "pce/pce_priv.h"

static void fail(struct pce_answer *out, enum pce_status status, const char *why)
{
	out->status = status;
	out->why = why;
}

static bool is_router(const struct ted *t, uint32_t node)
{
	return node < t->n_nodes && t->nodes[node].alive && !t->nodes[node].pseudonode;
}

static bool check_ends(const struct ted *t, const struct pce_request *req, struct pce_answer *out)
{
	if (!is_router(t, req->src))
		fail(out, PCE_NO_SOURCE, "the source is not in the topology");
	else if (!is_router(t, req->dst))
		fail(out, PCE_NO_TARGET, "the target is not in the topology");
	else if (req->src == req->dst)
		fail(out, PCE_NO_TARGET, "source and target are the same node");
	else
		return true;
	return false;
}

static void answer_path(struct pce_ctx *c, const struct pce_path *p, struct pce_answer *out)
{
	pce_answer_path(out, p);
	out->cost = p->cost;
	out->cost_least = p->cost_least;
	if (c->req->objective == PCE_MLP)
		out->load_ppb = p->load;
	pce_slacks(c, p, out);
}

/* ---- when the cheapest path has no list that fits ---- */

struct other {
	struct pce_ctx *c;
	struct pce_answer *out;
	uint32_t least, tried;
	bool found, no_memory;
};

static bool try_other(void *arg, const struct pce_path *p)
{
	struct other *o = arg;
	struct pce_answer a = *o->out;
	struct pce_path kept = *p;
	uint32_t needed = 0;

	o->tried++;
	pce_encode_in(o->c, p, o->c->req->strict, &a, &needed);
	if (a.status == PCE_NO_MSD && needed && needed < o->least)
		o->least = needed;
	o->no_memory = a.status == PCE_NO_MEMORY;
	if (a.status != PCE_OK)
		return !o->no_memory;
	kept.links = arena_copy(o->c->out, p->links, p->n * sizeof(*p->links));
	o->no_memory = !kept.links;
	if (!kept.links)
		return false;
	*o->out = a;
	o->out->n_slack = 0;
	answer_path(o->c, &kept, o->out);
	o->found = true;
	return false;
}

/* One: what a list that was refused kept from being found may cost less than the next. */
static bool try_first(void *arg, const struct pce_path *p)
{
	(void)try_other(arg, p);
	return false;
}

/* Steps of all searches for reasons together, for each label one search may have; of the search for path
 * and list round a SID that is missing, where labels are few, and of its reasons. */
enum { WHY_STEPS = 16, WHY_LABELS = 1 << 18, SID_STEPS = 4 };

/* What stands in the way of a list that fits: of a single leg, as of sets. */
static void explain_list(struct pce_ctx *c, struct pce_answer *out)
{
	bool few = c->req->labels_max && out->status == PCE_NO_SID;
	uint64_t work = (uint64_t)(few ? SID_STEPS : WHY_STEPS) *
			(c->req->labels_max ? c->req->labels_max : WHY_LABELS);
	const struct pce_fitting fit = { .on = true, .as_asked = true, .work = &work };
	struct pce_disjoint_answer d = { .status = out->status, .why = out->why,
					 .reasons_gave_up = out->reasons_gave_up };
	struct pce_request leg = *c->req;

	leg.trees = c->trees;
	pce_disjoint_why(c->t, &(struct pce_disjoint){ .leg = &leg, .n_legs = 1 }, &fit, c->out, &d);
	memcpy(out->conflict, d.conflict, sizeof(d.conflict));
	memcpy(out->relax, d.relax, sizeof(d.relax));
	out->n_conflict = d.n_conflict;
	out->n_relax = d.n_relax;
	out->relax_together = d.relax_together;
	out->reasons_gave_up = d.reasons_gave_up;
	out->why = d.why;
	for (uint32_t i = 0; i < d.n_relax && !d.relax_together; i++) {
		struct pce_removed *r = &out->removed[d.relax[i].of];

		r->decisive = true;
		if (!d.relax[i].drop)
			r->nearest = d.relax[i].needs;
	}
}

/* all: there are no other paths than those that were tried. */
static const char *say_list(const struct pce_ctx *c, const struct other *o, uint32_t needed, bool all)
{
	if (!needed && all)
		return arena_printf(c->out, "%s; no other path has a list that fits", o->out->why);
	if (!needed && !o->tried)
		return arena_printf(c->out, "%s; whether another path has a list was not found out", o->out->why);
	if (!needed)
		return arena_printf(c->out, "%s; none of %u other paths tried has a list that fits",
				    o->out->why, o->tried);
	return arena_printf(c->out,
			    o->tried ? "the cheapest path needs %u SIDs, the headend can impose "
				       "%u; none of %u paths tried needs fewer than %u" :
				       "the cheapest path needs %u SIDs, the headend can impose "
				       "%u; no other path does with so few",
			    needed, pce_depth(c), o->tried, o->least);
}

/*
 * needed 0: it is not the headend that refuses the list of the cheapest path, but routers on the way,
 * or there is none, as a SID is missing.
 */
static void find_other(struct pce_ctx *c, const struct pce_find *f, uint32_t needed,
		       struct pce_answer *out)
{
	struct other o = { .c = c, .out = out, .least = needed ? needed : UINT32_MAX };
	const uint64_t cost_least = out->cost_least;
	bool all = pce_joint(c, f, try_first, &o), refused = o.tried > 0;

	if ((!all || refused) && !o.found && !o.no_memory)
		all = pce_alternatives(c, f, try_other, &o);
	if (!all && refused && !o.found && !o.no_memory) {
		(void)pce_joint(c, f, try_other, &o);
		if (o.found) /* some list, not the cheapest that there may be */
			out->cost_least = cost_least;
	}
	if (o.found)
		return;
	if (out->status == PCE_NO_MSD)
		out->removed[PCE_C_MSD] = (struct pce_removed){
			.decisive = needed > 0,
			.nearest = needed ? o.least + c->req->reserved : 0,
		};
	out->why = say_list(c, &o, needed, all);
	out->reasons_gave_up = !all;
	if (!all && c->work && out->why) /* it has no more to look for reasons with */
		out->why = arena_printf(c->out, "%s" PCE_SAY_GAVE_UP, out->why);
	if (!out->why || o.no_memory)
		fail(out, PCE_NO_MEMORY, "out of memory");
	else if (!c->req->brief && (all || !c->work))
		explain_list(c, out);
}

/*
 * Nothing limits how long lists may get that lead nowhere: who has few labels, or asks again and again,
 * looks less far, and is told.
 */
static void find_with_sids(struct pce_ctx *c, const struct pce_find *f, struct pce_answer *out)
{
	const char *why = pce_say_no_end(c);
	uint64_t work = c->req->labels_max ? (uint64_t)SID_STEPS * c->req->labels_max : WHY_LABELS;

	if (!why) {
		fail(out, PCE_NO_MEMORY, "out of memory");
	} else if (why[0]) {
		out->why = why;
	} else {
		c->work = c->req->brief || c->req->labels_max ? &work : NULL;
		find_other(c, f, 0, out);
		c->work = NULL;
	}
}

/* The list of the cheapest path makes packets too long for a link: the next one that does not. */
static void find_wider(struct pce_ctx *c, const struct pce_find *f, struct pce_answer *out)
{
	const struct pce_removed none = { 0 }, met = out->removed[PCE_C_MTU];
	struct other o = { .c = c, .out = out };

	out->removed[PCE_C_MTU] = none;
	pce_alternatives(c, f, try_other, &o);
	if (!o.found)
		out->removed[PCE_C_MTU] = met;
}

/* False: there is none, and the answer says why. */
static bool find_path(struct pce_ctx *c, const struct pce_find *f, struct pce_path *p,
		      struct pce_answer *out)
{
	c->met = out->removed;
	switch (pce_search(c, f, p)) {
	case PCE_FOUND:
		answer_path(c, p, out);
		return true;
	case PCE_FOUND_WORTHLESS:
		out->known = true;
		return true;
	case PCE_FOUND_NOT:
		if (c->req->brief)
			fail(out, PCE_NO_CONSTRAINED, "no path keeps the constraints");
		else
			pce_explain(c, out);
		return false;
	case PCE_FOUND_NO_BUDGET:
		fail(out, PCE_NO_BUDGET,
		     "the search gave up: too many ways come near these constraints");
		return false;
	case PCE_FOUND_NO_MEMORY:
		break;
	}
	fail(out, PCE_NO_MEMORY, "the search ran out of memory");
	return false;
}

/* The asker has its list. */
static bool is_known(const struct pce_request *q, const struct pce_path *p)
{
	return q->n_known && q->n_known == p->n &&
	       memcmp(q->known, p->links, p->n * sizeof(*q->known)) == 0;
}

static void path_only(struct pce_ctx *c, struct pce_answer *out)
{
	struct pce_path p = { 0 };
	struct pce_find f;

	pce_find_of(c->req, &f);
	(void)find_path(c, &f, &p, out);
}

static void compute(struct pce_ctx *c, struct pce_answer *out)
{
	struct pce_path p = { 0 };
	uint32_t needed = 0;
	struct pce_find f;

	pce_find_of(c->req, &f);
	f.worth = c->req->known_cost;
	if (!find_path(c, &f, &p, out))
		return;
	out->known = out->known || is_known(c->req, &p);
	if (out->known)
		return;
	pce_encode_in(c, &p, c->req->strict, out, &needed);
	if (out->status == PCE_NO_MSD)
		find_other(c, &f, needed, out);
	else if (out->status == PCE_NO_SID)
		find_with_sids(c, &f, out);
	else if (out->status == PCE_NO_CONSTRAINED && out->removed[PCE_C_MTU].decisive)
		find_wider(c, &f, out);
}

static void run(const struct ted *t, const struct pce_request *req, struct arena *a,
		struct pce_answer *out, void (*way)(struct pce_ctx *c, struct pce_answer *out))
{
	const char *why;
	struct pce_ctx c;

	*out = (struct pce_answer){ .why = "" };
	if (!check_ends(t, req, out))
		return;
	why = pce_valid(t, req, a);
	if (why) {
		fail(out, PCE_INVALID, why);
		return;
	}
	if (pce_ctx_init(&c, t, req, req->trees, a))
		way(&c, out);
	else
		fail(out, PCE_NO_MEMORY, "out of memory");
	pce_ctx_fini(&c);
}

void pce_path(const struct ted *t, const struct pce_request *req, struct arena *a,
	      struct pce_answer *out)
{
	run(t, req, a, out, path_only);
}

void pce_compute(const struct ted *t, const struct pce_request *req, struct arena *a,
		 struct pce_answer *out)
{
	run(t, req, a, out, compute);
}
