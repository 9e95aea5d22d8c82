/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why there is no disjoint set. A leg that has no path even alone explains itself. Else a deletion
 * filter finds the constraints that, beside the disjointness, leave no set: each in turn is left
 * out of all legs for good when there is none without it either. Those that help alone are
 * loosened to the nearest value, by halving between a value with a set and one without; each set
 * found is a step. Each question is a search of its own with a small budget: one that gives up leaves
 * its constraint in the conflict, or its value not the nearest, which is told. Where there is a set
 * (or a path) but none whose lists fit, it is asked for those, and the limit of the lists is a
 * constraint as the others.
 */
#include <string.h>

#include "base/str.h"
#include "pce/branch.h"
#include "pce/pce_priv.h"

enum {
	DIFFERENCE = PCE_C_COUNT, /* the bound on how far delays are apart */
	BUDGET = 2000,
	LOSS_MAX = 999999, /* parts per million: something gets through */
};

struct why {
	const struct ted *t;
	const struct pce_disjoint *req;
	struct pce_disjoint_answer *out;
	const struct pce_fitting *fit; /* none whose lists fit */
	/* What may have changed already, when only several changes together help: bits, values. */
	uint32_t changed, open; /* open: those still to come */
	uint64_t to[PCE_C_COUNT];
	struct pce_trees *trees, *own;
	uint32_t asked, conflict; /* PCE_CUT bits, and DIFFERENCE */
	bool hopeless; /* none without constraints either */
	struct str text;
};

/* As in explain.c: what is tried first is told last. */
static const enum pce_constraint order[] = {
	PCE_C_AFFINITY, PCE_C_SRLG, PCE_C_ASN, PCE_C_EXCLUDE,	PCE_C_INCLUDE,	 PCE_C_ALGO,  PCE_C_MTU,
	PCE_C_IGP,	PCE_C_TE,	PCE_C_HOPS, PCE_C_LOSS, PCE_C_VARIATION, PCE_C_DELAY_MIN, PCE_C_DELAY,
	PCE_C_BANDWIDTH, PCE_C_MSD,
};

/* ---- requests with less ---- */

static unsigned metric_of(enum pce_constraint c)
{
	unsigned m = 0;

	while (m < PCE_METRICS && pce_bound_of(m) != c)
		m++;
	return m;
}

/* Nor need it be known any more to be minimised. */
static void drop_metric(struct pce_request *r, unsigned m)
{
	bool left = false;

	if (!pce_minimises(r, m) || m == PCE_HOPS)
		return;
	r->mix[m] = 0;
	for (unsigned k = 0; r->minimise == PCE_MIX && k < PCE_METRICS; k++)
		left = left || r->mix[k];
	if (!left)
		r->minimise = PCE_HOPS;
}

static void drop(struct pce_request *r, enum pce_constraint c)
{
	unsigned m = metric_of(c);

	if (m < PCE_METRICS) {
		drop_metric(r, m);
		r->bound_variation = r->bound_variation && c != PCE_C_VARIATION;
		r->bound_loss = r->bound_loss && c != PCE_C_LOSS;
		pce_bound_set(r, c, PCE_NO_BOUND);
	} else if (c == PCE_C_AFFINITY) {
		r->affinity = (struct pce_affinity){ .exclude_any = { 0 } };
	} else if (c == PCE_C_BANDWIDTH) {
		r->bandwidth_bps = 0;
	} else if (c == PCE_C_EXCLUDE) {
		r->n_exclude_nodes = r->n_exclude_links = 0;
	} else if (c == PCE_C_SRLG) {
		r->n_exclude_srlgs = 0;
	} else if (c == PCE_C_ASN) {
		r->n_exclude_asns = 0;
	} else if (c == PCE_C_INCLUDE) {
		r->n_include = 0;
	} else if (c == PCE_C_DELAY_MIN) {
		r->delay_us_min = 0;
	} else if (c == PCE_C_MTU) {
		r->payload = 0;
	} else if (c == PCE_C_ALGO && r->algo) {
		r->algo = 0;
		r->minimise = PCE_HOPS;
	}
}

/* What a request has of it, as a number; without: what no path could break. */
static uint64_t value_of(const struct pce_request *r, enum pce_constraint c)
{
	struct pce_find f;

	if (c == PCE_C_BANDWIDTH)
		return r->bandwidth_bps;
	if (c == PCE_C_DELAY_MIN)
		return r->delay_us_min;
	pce_find_of(r, &f);
	if (f.bound[metric_of(c)] == PCE_NO_BOUND)
		return UINT64_MAX;
	return c == PCE_C_LOSS ? r->loss_ppm_max : f.bound[metric_of(c)];
}

static bool has_affinity(const struct pce_affinity *x)
{
	for (unsigned i = 0; i < TED_AFFINITY_WORDS; i++)
		if (x->exclude_any[i] | x->include_any[i] | x->include_all[i])
			return true;
	return false;
}

static bool has(const struct pce_request *r, enum pce_constraint c)
{
	unsigned m = metric_of(c);

	if (m < PCE_METRICS)
		return value_of(r, c) != UINT64_MAX || (pce_minimises(r, m) && m != PCE_HOPS);
	if (c == PCE_C_AFFINITY)
		return has_affinity(&r->affinity);
	if (c == PCE_C_EXCLUDE)
		return r->n_exclude_nodes || r->n_exclude_links;
	if (c == PCE_C_SRLG)
		return r->n_exclude_srlgs > 0;
	if (c == PCE_C_ASN)
		return r->n_exclude_asns > 0;
	if (c == PCE_C_INCLUDE)
		return r->n_include > 0;
	if (c == PCE_C_MSD)
		return false; /* of the set, see fit */
	if (c == PCE_C_MTU)
		return r->payload > 0;
	return c == PCE_C_ALGO ? r->algo != 0 : value_of(r, c) > 0;
}

/* ---- is there a set ---- */

struct question {
	uint32_t without;
	uint8_t diverse;
	enum pce_constraint loosen; /* to value, where a leg has it harder; PCE_C_COUNT: none */
	uint64_t value;
};

static bool from_below(enum pce_constraint c)
{
	return c == PCE_C_BANDWIDTH || c == PCE_C_DELAY_MIN;
}

static void loosen(struct pce_request *r, enum pce_constraint c, uint64_t to)
{
	uint64_t is = value_of(r, c);

	if (from_below(c) ? is <= to : is >= to)
		return;
	if (c == PCE_C_BANDWIDTH)
		r->bandwidth_bps = to;
	else
		pce_bound_set(r, c, (uint32_t)to);
}

static uint64_t narrowest(const struct why *w, const struct pce_request *r, const struct pce_answer *a)
{
	uint64_t least = a->expansion.valid ? a->bottleneck_bps : UINT64_MAX;

	for (uint32_t i = 0; i < a->n_path; i++) {
		uint64_t v = pce_free_bps(r, w->t, a->path[i]);

		if (!w->t->nodes[w->t->links[a->path[i]].from].pseudonode && v < least)
			least = v;
	}
	return least;
}

/* The worse of what the path has and what its list does: a loose one need not follow it. */
static uint64_t path_value(const struct why *w, const struct pce_request *r,
			   const struct pce_answer *a, enum pce_constraint c)
{
	const struct pce_expansion *e = &a->expansion;
	const uint64_t worst[PCE_C_COUNT] = {
		[PCE_C_IGP] = e->igp_max,	 [PCE_C_TE] = e->te_max,
		[PCE_C_DELAY] = e->delay_us_max, [PCE_C_DELAY_MIN] = e->delay_us_min,
		[PCE_C_HOPS] = e->hops_max,	 [PCE_C_VARIATION] = e->variation_us_max,
		[PCE_C_LOSS] = pce_loss_ppm(e->loss_max),
	};
	const uint64_t at[PCE_C_COUNT] = {
		[PCE_C_IGP] = a->igp,	      [PCE_C_TE] = a->te,
		[PCE_C_DELAY] = a->delay_us,  [PCE_C_DELAY_MIN] = a->delay_us,
		[PCE_C_HOPS] = a->hops,	      [PCE_C_VARIATION] = a->variation_us,
		[PCE_C_LOSS] = a->loss_ppm,
	};

	if (c == PCE_C_BANDWIDTH)
		return narrowest(w, r, a);
	if (!e->valid)
		return at[c];
	return from_below(c) == (worst[c] < at[c]) ? worst[c] : at[c];
}

/* To what value the constraint has to go for this set. */
static uint64_t needs(const struct why *w, const struct pce_disjoint_answer *a, enum pce_constraint c)
{
	uint64_t v = from_below(c) ? UINT64_MAX : 0;

	for (uint32_t i = 0; i < a->n_legs; i++) {
		const struct pce_request *r = &w->req->leg[i];
		uint64_t is = path_value(w, r, &a->leg[i], c), own = value_of(r, c);

		if (from_below(c) && is < own && is < v)
			v = is;
		if (!from_below(c) && is > own && is > v)
			v = is;
	}
	return v;
}

/* The question for alternatives, whose lists are strict, and for one path. What a loose list does is
 * in the leg's expansion. */
void pce_disjoint_single(const struct ted *t, const struct pce_request *req,
			 const struct pce_fitting *fit, struct arena *a, struct pce_disjoint_answer *out)
{
	static const enum pce_status of[] = {
		[PCE_FOUND] = PCE_OK,
		[PCE_FOUND_WORTHLESS] = PCE_NO_BUDGET,
		[PCE_FOUND_NOT] = PCE_NO_CONSTRAINED,
		[PCE_FOUND_NO_MEMORY] = PCE_NO_MEMORY,
		[PCE_FOUND_NO_BUDGET] = PCE_NO_BUDGET,
	};
	struct pce_path p = { 0 };
	struct pce_find f;
	struct pce_ctx c;
	uint32_t needed;

	*out = (struct pce_disjoint_answer){ .status = PCE_NO_MEMORY, .why = "" };
	out->leg = ARENA_NEW(a, struct pce_answer);
	if (out->leg && pce_ctx_init(&c, t, req, req->trees, a)) {
		c.depth_least = fit->depth_least;
		c.as_asked = fit->as_asked;
		c.work = fit->work;
		pce_find_of(req, &f);
		out->status = of[fit->on ? pce_fit(&c, &f, &p) : pce_search(&c, &f, &p)];
		if (out->status == PCE_OK) {
			*out->leg = (struct pce_answer){ .why = "" };
			pce_answer_path(out->leg, &p);
			if (fit->on && fit->as_asked)
				pce_encode_in(&c, &p, req->strict, out->leg, &needed);
			out->leg->cost = out->cost = p.cost;
			out->n_legs = 1;
		}
	}
	if (out->leg)
		pce_ctx_fini(&c);
}

/* *need: of the set found, for what is loosened, or c. */
static enum pce_status ask(struct why *w, const struct question *q, enum pce_constraint c,
			   uint64_t *need)
{
	struct pce_request leg[PCE_LEGS_MAX];
	struct pce_disjoint d = *w->req;
	const struct pce_fitting fit = {
		.on = w->fit->on && !(q->without & PCE_CUT(PCE_C_MSD)),
		.depth_least = (uint32_t)(q->loosen == PCE_C_MSD		? q->value :
					  w->changed & PCE_CUT(PCE_C_MSD) ? w->to[PCE_C_MSD] :
									    0),
		.as_asked = w->fit->as_asked,
		.work = w->fit->work,
	};
	struct pce_disjoint_answer a;
	struct arena arena;

	for (uint32_t i = 0; i < d.n_legs; i++) {
		leg[i] = w->req->leg[i];
		leg[i].trees = w->trees;
		leg[i].strict = leg[i].strict || leg[i].objective || leg[i].minimise == PCE_MIX;
		leg[i].objective = PCE_MCP; /* is there a set at all */
		if (d.n_legs == 1 && (!leg[i].labels_max || leg[i].labels_max > PCE_LABELS_ASIDE))
			leg[i].labels_max = PCE_LABELS_ASIDE;
		for (size_t k = 0; k < ARRAY_LEN(order); k++)
			if (q->without & PCE_CUT(order[k]))
				drop(&leg[i], order[k]);
			else if ((w->changed & PCE_CUT(order[k])) && order[k] != PCE_C_MSD)
				loosen(&leg[i], order[k], w->to[order[k]]);
		if (q->loosen != PCE_C_COUNT && q->loosen != PCE_C_MSD)
			loosen(&leg[i], q->loosen, q->value);
	}
	d.leg = leg;
	d.strict = true;
	d.explain = false;
	d.diverse = q->diverse;
	d.bound_difference = d.bound_difference && !(q->without & PCE_CUT(DIFFERENCE));
	d.budget = !d.budget || d.budget > BUDGET ? BUDGET : d.budget;
	arena_init(&arena, 0);
	if (d.n_legs == 1)
		pce_disjoint_single(w->t, leg, &fit, &arena, &a);
	else
		pce_disjoint_find(w->t, &d, &fit, &arena, &a);
	if (a.status == PCE_OK && c != PCE_C_COUNT)
		*need = needs(w, &a, c);
	arena_fini(&arena);
	w->out->reasons_gave_up |= a.status == PCE_NO_BUDGET;
	return a.status;
}

static enum pce_status without(struct why *w, uint32_t set)
{
	const struct question q = { set, w->req->diverse, PCE_C_COUNT, 0 };

	return ask(w, &q, PCE_C_COUNT, NULL);
}

/* ---- the conflict ---- */

static void find_asked(struct why *w)
{
	if (w->req->bound_difference)
		w->asked |= PCE_CUT(DIFFERENCE);
	if (w->fit->on)
		w->asked |= PCE_CUT(PCE_C_MSD);
	for (uint32_t i = 0; i < w->req->n_legs; i++)
		for (size_t k = 0; k < ARRAY_LEN(order); k++)
			if (has(&w->req->leg[i], order[k]))
				w->asked |= PCE_CUT(order[k]);
}

static void leave_out(struct why *w, unsigned c)
{
	uint32_t less = w->conflict & ~PCE_CUT(c);

	if (less != w->conflict && without(w, w->asked & ~less) == PCE_NO_CONSTRAINED)
		w->conflict = less;
}

static void find_conflict(struct why *w)
{
	struct pce_disjoint_answer *out = w->out;

	w->conflict = w->asked;
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		leave_out(w, order[i]);
	leave_out(w, DIFFERENCE);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (w->conflict & PCE_CUT(order[i]))
			out->conflict[out->n_conflict++] = order[i];
	out->conflict_difference = w->conflict & PCE_CUT(DIFFERENCE);
}

/* ---- what would help ---- */

/* Entries that headends must be able to impose. */
static bool nearest_msd(struct why *w, uint64_t *out)
{
	struct question q = { w->open & ~PCE_CUT(PCE_C_MSD), w->req->diverse, PCE_C_MSD,
			      PCE_SEGS_MAX };
	uint64_t bad = 0, good = PCE_SEGS_MAX;
	enum pce_status s = ask(w, &q, PCE_C_COUNT, NULL);

	if (s != PCE_OK)
		return false;
	while (good - bad > 1 && (s == PCE_OK || s == PCE_NO_CONSTRAINED)) {
		q.value = bad + (good - bad) / 2;
		s = ask(w, &q, PCE_C_COUNT, NULL);
		*(s == PCE_OK ? &good : &bad) = q.value;
	}
	*out = good;
	return true;
}

/* A bound of that still has its metric known. */
static uint64_t loosest(enum pce_constraint c)
{
	if (from_below(c))
		return c == PCE_C_DELAY_MIN;
	return c == PCE_C_LOSS ? LOSS_MAX : PCE_NO_BOUND - 1;
}

/* A set and none on either side of the value, as far as searches say; false: they say nothing. */
static bool nearest(struct why *w, enum pce_constraint c, uint64_t *out)
{
	struct question q = { w->open & ~PCE_CUT(c), w->req->diverse, c, loosest(c) };
	uint64_t good, bad = from_below(c) ? 0 : UINT64_MAX;
	enum pce_status s = PCE_OK;

	if (c == PCE_C_MSD)
		return nearest_msd(w, out);
	if (c != PCE_C_BANDWIDTH && c != PCE_C_DELAY_MIN && metric_of(c) == PCE_METRICS)
		return false;
	for (uint32_t i = 0; i < w->req->n_legs; i++) {
		uint64_t v = value_of(&w->req->leg[i], c);

		bad = from_below(c) ? (v > bad ? v : bad) : (v < bad ? v : bad);
	}
	if (bad == UINT64_MAX || ask(w, &q, c, &good) != PCE_OK)
		return false;
	while (s == PCE_OK && (from_below(c) ? bad - good > 1 : good - bad > 1)) {
		q.value = from_below(c) ? good + (bad - good) / 2 : bad + (good - bad) / 2;
		s = ask(w, &q, c, &good);
		if (s != PCE_NO_CONSTRAINED)
			continue;
		bad = q.value;
		s = PCE_OK;
	}
	*out = good;
	return true;
}

static void add_relax(struct why *w, enum pce_constraint c)
{
	struct pce_disjoint_answer *out = w->out;
	struct pce_relax *x = &out->relax[out->n_relax++];

	*x = (struct pce_relax){ .of = c };
	x->drop = !nearest(w, c, &x->needs);
}

/* Everything is out, and comes in again one by one as long as there is a set: what stays out. Bounds
 * among those get their nearest value one after the other, each beside those before it. */
static void relax_together(struct why *w)
{
	uint32_t out = w->asked;

	w->out->relax_together = true;
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if ((out & PCE_CUT(order[i])) && without(w, out & ~PCE_CUT(order[i])) == PCE_OK)
			out &= ~PCE_CUT(order[i]);
	w->open = out;
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		const struct pce_relax *x = &w->out->relax[w->out->n_relax];

		if (!(out & PCE_CUT(order[i])))
			continue;
		add_relax(w, order[i]);
		if (x->drop)
			continue;
		w->open &= ~PCE_CUT(order[i]);
		w->changed |= PCE_CUT(order[i]);
		w->to[order[i]] = x->needs;
	}
	w->open = w->changed = 0;
}

static void find_possible(struct why *w)
{
	for (unsigned bit = PCE_DIVERSE_LINK; bit <= PCE_DIVERSE_SRLG; bit <<= 1) {
		const struct question q = { 0, (uint8_t)bit, PCE_C_COUNT, 0 };

		if (bit != w->req->diverse && ask(w, &q, PCE_C_COUNT, NULL) == PCE_OK)
			w->out->possible |= (uint8_t)bit;
	}
}

/* ---- words ---- */

/* What the lists are refused for: their length, or a SID that is missing. */
static const char *constraint_text(const struct why *w, enum pce_constraint c)
{
	return c == PCE_C_MSD && w->out->status == PCE_NO_SID ? "the SIDs there are" :
								pce_constraint_text(c);
}

static void say(struct why *w)
{
	static const char *const kinds[] = { "link", "node", "SRLG" };
	const struct pce_disjoint_answer *out = w->out;
	/* Of one path the limit of its list alone has been said. */
	bool said = w->req->n_legs == 1 && w->conflict == PCE_CUT(PCE_C_MSD);
	uint32_t n = said ? 0 : out->n_conflict;

	for (uint32_t i = 0; i < n; i++)
		str_addf(&w->text, "%s%s", i == 0 ? ": with " : i + 1 < n ? ", " : " and ",
			 constraint_text(w, out->conflict[i]));
	if (out->conflict_difference)
		str_addf(&w->text, "%sthe bound on the difference of delays", n ? " and " : ": with ");
	if (w->hopeless)
		str_add(&w->text, ": not even without constraints");
	for (uint32_t i = 0; i < out->n_relax; i++) {
		const struct pce_relax *x = &out->relax[i];

		str_add(&w->text, i == 0 ? "; needs " : out->relax_together ? " and " : " or ");
		if (x->drop && x->of == PCE_C_MSD && out->status == PCE_NO_SID)
			str_add(&w->text, "the missing SIDs");
		else if (x->drop && x->of == PCE_C_MSD)
			str_addf(&w->text, "no limit on lists (an MSD of %u is not enough)", PCE_SEGS_MAX);
		else if (x->drop)
			str_addf(&w->text, "no %s constraint", pce_constraint_text(x->of));
		else
			pce_say_relax(&w->text, x);
	}
	for (unsigned k = 0, told = 0; k < 3; k++)
		if (out->possible >> k & 1)
			str_addf(&w->text, "%s%s", told++ ? ", " : "; there is one by ", kinds[k]);
	if (out->reasons_gave_up)
		str_add(&w->text, PCE_SAY_GAVE_UP);
}

/* ---- the whole ---- */

/* A leg that has none alone. */
static bool alone(struct why *w, struct arena *a)
{
	struct pce_disjoint_answer *out = w->out;

	for (uint32_t i = 0; i < w->req->n_legs; i++) {
		struct pce_request r = w->req->leg[i];
		struct pce_answer x;

		r.trees = w->trees;
		r.brief = false;
		pce_path(w->t, &r, a, &x);
		if (x.status != PCE_NO_CONSTRAINED && x.status != PCE_NO_ROUTE)
			continue;
		out->leg_alone = i + 1;
		memcpy(out->conflict, x.conflict, sizeof(out->conflict));
		memcpy(out->relax, x.relax, sizeof(out->relax));
		out->n_conflict = x.n_conflict;
		out->n_relax = x.n_relax;
		out->relax_together = x.relax_together;
		out->reasons_gave_up = x.reasons_gave_up;
		str_addf(&w->text, "; leg %u even alone: %s", i + 1, x.why);
		return true;
	}
	return false;
}

static void whole(struct why *w)
{
	enum pce_status s;

	find_asked(w);
	s = without(w, w->asked);
	w->hopeless = s == PCE_NO_CONSTRAINED;
	if (s == PCE_OK) {
		find_conflict(w);
		for (size_t i = ARRAY_LEN(order); i-- > 0;)
			if ((w->conflict & PCE_CUT(order[i])) &&
			    without(w, PCE_CUT(order[i])) == PCE_OK)
				add_relax(w, order[i]);
		if (w->out->n_relax == 0 && !w->out->conflict_difference)
			relax_together(w);
	}
	if (w->req->n_legs > 1)
		find_possible(w);
	say(w);
}

void pce_disjoint_why(const struct ted *t, const struct pce_disjoint *req,
		      const struct pce_fitting *fit, struct arena *a, struct pce_disjoint_answer *out)
{
	struct why w = { .t = t, .req = req, .out = out, .fit = fit, .trees = req->leg[0].trees,
			 .text = { .limit = 4096 } };
	const char *text;

	if (!w.trees && pce_trees_new(&w.own, SIZE_MAX) < 0)
		return; /* it is said that there is none */
	w.trees = w.trees ? w.trees : w.own;
	str_add(&w.text, out->why);
	if (fit->on || !alone(&w, a))
		whole(&w);
	text = arena_str(a, str_text(&w.text));
	out->why = text ? text : out->why;
	str_fini(&w.text);
	pce_trees_free(w.own);
}
