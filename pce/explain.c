/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why there is no path. A deletion filter finds constraints that conflict, minimal under
 * inclusion: each in turn is left out for good when there is no path without it either. Only
 * what is left can help alone; for those bounds the nearest value that would do is searched for.
 * When nothing helps alone, what has to change together is found by letting constraints in one
 * after the other. Runs when there is no path, so it may cost some dozen searches.
 */
#include <string.h>

#include "base/str.h"
#include "pce/pce_priv.h"

enum { VIA_MAX = 8 };

struct why {
	struct pce_ctx *c;
	struct pce_answer *out;
	uint32_t asked, conflict; /* PCE_CUT bits */
	struct str text;
	bool no_memory; /* a search could not say */
};

/* Tried in this order, so the later ones are likelier to be named: what an operator would rather
 * hear of, because it has a value to change. */
static const enum pce_constraint order[] = {
	PCE_C_OVERLOAD, PCE_C_AFFINITY, PCE_C_SRLG, PCE_C_ASN,	PCE_C_EXCLUDE,
	PCE_C_INCLUDE,	PCE_C_ALGO,	PCE_C_MTU,  PCE_C_IGP,	PCE_C_TE,
	PCE_C_HOPS,	PCE_C_LOSS,	PCE_C_VARIATION, PCE_C_DELAY_MIN, PCE_C_DELAY, PCE_C_BANDWIDTH,
};

/* The metric of a bound from above; PCE_METRICS: it is none. */
static unsigned metric_of(enum pce_constraint by)
{
	unsigned m = 0;

	while (m < PCE_METRICS && pce_bound_of(m) != by)
		m++;
	return m;
}

/* What is minimised must be known: a bound that nothing breaks says so. */
static void must_know(const struct why *w, uint32_t without, struct pce_find *f)
{
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (pce_minimises(w->c->req, m) && f->bound[m] == PCE_NO_BOUND &&
		    !(without & PCE_CUT(pce_bound_of(m))))
			f->bound[m] = PCE_NO_BOUND - 1;
}

/*
 * Left out with a bound is also that its metric must be known to be minimised. Less constraints
 * never ask for more: without an algorithm nothing has to be known in its place.
 */
static void find_of(const struct why *w, uint32_t without, struct pce_find *f)
{
	const struct pce_request *r = w->c->req;
	bool other = r->algo && (without & PCE_CUT(PCE_C_ALGO));

	pce_find_without(w->c, without, f);
	f->objective = PCE_MCP;
	for (unsigned m = 0; m < PCE_METRICS; m++)
		other |= (without & PCE_CUT(pce_bound_of(m))) && pce_minimises(r, m);
	if (!other)
		return;
	must_know(w, without, f);
	f->minimise = PCE_HOPS;
	f->own_metric = true;
}

/* Many questions, so each has less room than the one that was asked; one that gives up leaves
 * its constraint in the conflict. */
static enum pce_found ask(struct why *w, const struct pce_find *f, struct pce_path *p)
{
	struct pce_find less = *f;
	enum pce_found r;

	if (less.labels_max == 0 || less.labels_max > PCE_LABELS_ASIDE)
		less.labels_max = PCE_LABELS_ASIDE;
	r = pce_search(w->c, &less, p);
	w->no_memory |= r == PCE_FOUND_NO_MEMORY;
	w->out->reasons_gave_up |= r == PCE_FOUND_NO_BUDGET;
	return r;
}

static enum pce_found ask_without(struct why *w, uint32_t without)
{
	struct pce_path p = { 0 };
	struct pce_find f;

	find_of(w, without, &f);
	return ask(w, &f, &p);
}

static void find_asked(struct why *w)
{
	w->asked = pce_constraints_of(w->c);
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (pce_minimises(w->c->req, m) && m != PCE_HOPS)
			w->asked |= PCE_CUT(pce_bound_of(m));
}

static void find_conflict(struct why *w)
{
	w->conflict = w->asked;
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		uint32_t less = w->conflict & ~PCE_CUT(order[i]);

		if (less != w->conflict && ask_without(w, w->asked & ~less) == PCE_FOUND_NOT)
			w->conflict = less;
	}
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (w->conflict & PCE_CUT(order[i]))
			w->out->conflict[w->out->n_conflict++] = order[i];
}

/* ---- how many links ---- */

static void count_cut(struct why *w)
{
	struct pce_ctx *c = w->c;

	for (unsigned k = 0; k < PCE_C_COUNT; k++)
		w->out->removed[k].links = 0;
	for (uint32_t i = 0; c->asked && i < c->t->out.start[c->t->n_nodes]; i++) {
		uint32_t cut = pce_cut(c, c->t->out.idx[i]);

		for (unsigned k = 0; cut && k < PCE_C_COUNT; k++)
			w->out->removed[k].links += cut >> k & 1;
	}
}

/* Links no path within the bound can use, or whose metric nobody told. */
static void count_bound(struct why *w, unsigned m)
{
	const struct pce_class is = { .metric = (enum pce_metric)m };
	struct pce_trees *trees = w->c->trees;
	const struct pce_shape *s = w->c->shape;
	uint32_t class = pce_trees_class(trees, &is);
	const struct pce_tree *from, *to;
	const struct pce_arc *arc;
	struct pce_find f;

	pce_find_of(w->c->req, &f);
	if (class == UINT32_MAX)
		return;
	from = pce_tree_from(trees, class, w->c->req->src);
	to = pce_tree_to(trees, class, w->c->req->dst);
	arc = pce_class_out(trees, class);
	for (uint32_t u = 0; from && to && u < s->n; u++)
		for (uint32_t i = s->out[u]; i < s->out[u + 1]; i++) {
			const struct ted_link *l = &w->c->t->links[s->out_link[i]];
			uint32_t a = from->dist[u], b = to->dist[arc[i].place];
			bool far = a == PCE_INF || b == PCE_INF ||
				   (uint64_t)a + arc[i].w + b > f.bound[m];

			if (l->alive && l->reverse != TED_NONE &&
			    (arc[i].w == PCE_INF || (f.bound[m] != PCE_NO_BOUND && far)))
				w->out->removed[pce_bound_of(m)].links++;
		}
}

static void count_links(struct why *w)
{
	count_cut(w);
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (w->asked & PCE_CUT(pce_bound_of(m)))
			count_bound(w, m);
}

/* ---- the nearest value that would do ---- */

/* The least of a bounded metric under everything else; what is minimised must still be known. */
static bool nearest_bound(struct why *w, unsigned m, uint32_t without, uint64_t *out)
{
	struct pce_path p = { 0 };
	struct pce_find f, was;

	pce_find_of(w->c->req, &was);
	pce_find_without(w->c, without, &f);
	must_know(w, without, &f);
	f.minimise = (enum pce_metric)m;
	f.objective = PCE_MCP;
	f.own_metric = true;
	if (was.bound[m] == PCE_NO_BOUND || ask(w, &f, &p) != PCE_FOUND)
		return false;
	w->out->reasons_gave_up |= p.cost != p.cost_least;
	*out = m == PCE_LOSS ? pce_loss_ppm(p.sum[m]) : p.sum[m];
	return true;
}

/* The slowest path there is, by halving what is not known: each path found is a step up. */
static bool nearest_delay_min(struct why *w, uint32_t without, uint64_t *out)
{
	uint64_t lo = 0, hi = w->c->req->delay_us_min; /* lo: there is one, hi: there is none */
	struct pce_path p = { 0 };
	struct pce_find f;
	bool sure = true;

	find_of(w, without, &f);
	f.bound[PCE_DELAY] = f.bound[PCE_DELAY] == PCE_NO_BOUND ? PCE_NO_BOUND - 1 :
								  f.bound[PCE_DELAY];
	while (lo + 1 < hi && sure) {
		enum pce_found r;

		f.delay_us_min = (uint32_t)(lo + (hi - lo) / 2);
		r = ask(w, &f, &p);
		sure = r == PCE_FOUND || r == PCE_FOUND_NOT;
		if (r == PCE_FOUND)
			lo = p.sum[PCE_DELAY];
		else
			hi = f.delay_us_min;
	}
	*out = lo;
	return sure;
}

static bool nearest_bandwidth(struct why *w, uint32_t without, uint64_t *out)
{
	struct pce_path p = { 0 };
	struct pce_find f;

	find_of(w, without, &f);
	f.objective = PCE_MBP;
	if (ask(w, &f, &p) != PCE_FOUND)
		return false;
	w->out->reasons_gave_up |= p.cost != p.cost_least;
	*out = UINT64_MAX - p.load;
	return true;
}

static bool nearest(struct why *w, enum pce_constraint by, uint32_t without, uint64_t *out)
{
	unsigned m = metric_of(by);

	if (m < PCE_METRICS)
		return nearest_bound(w, m, without, out);
	if (by == PCE_C_DELAY_MIN)
		return nearest_delay_min(w, without, out);
	return by == PCE_C_BANDWIDTH && nearest_bandwidth(w, without, out);
}

/* ---- texts ---- */

static void say_value(struct str *s, enum pce_constraint by, uint64_t v)
{
	if (by == PCE_C_DELAY || by == PCE_C_DELAY_MIN || by == PCE_C_VARIATION)
		str_addf(s, "%llu.%03llu ms", (unsigned long long)(v / 1000),
			 (unsigned long long)(v % 1000));
	else if (by == PCE_C_BANDWIDTH && v >= 1000000 && v % 1000000 == 0)
		str_addf(s, "%llu.%03llu Gb/s", (unsigned long long)(v / 1000000000),
			 (unsigned long long)(v / 1000000 % 1000));
	else
		str_addf(s, "%llu%s", (unsigned long long)v,
			 by == PCE_C_LOSS ? " ppm" : by == PCE_C_BANDWIDTH ? " bit/s" : "");
}

static void say_path(struct why *w, const struct pce_find *f, const struct pce_path *p)
{
	uint32_t n = 0;

	str_addf(&w->text, "%s %llu", f->algo ? "cost" : pce_metric_text(f->minimise),
		 (unsigned long long)p->cost);
	for (uint32_t i = 0; i + 1 < p->n; i++) {
		uint32_t node = w->c->p->arcs[p->links[i]].to;

		if (w->c->p->nflags[node] & TED_NF_PSEUDO)
			continue;
		if (n == VIA_MAX) {
			str_add(&w->text, ", ...");
			return;
		}
		str_addf(&w->text, "%s%s", n ? ", " : " via ", ted_node_label(w->c->t, node));
		n++;
	}
	if (n == 0)
		str_add(&w->text, " directly");
}

static void say_conflict(struct why *w)
{
	const struct pce_answer *out = w->out;

	for (uint32_t i = 0; i < out->n_conflict; i++)
		str_addf(&w->text, "%s%s", i == 0 ? " under " : i + 1 < out->n_conflict ? ", " : " and ",
			 pce_constraint_text(out->conflict[i]));
	if (out->n_conflict > 1)
		str_add(&w->text, " together");
}

/* A packet too long is a matter of one link, by whose name it is mended. */
static void say_narrow(struct why *w, enum pce_constraint by, const struct pce_path *p)
{
	uint32_t more = pce_overhead(w->c->req, 1), n;
	uint32_t at = by == PCE_C_MTU ? pce_narrow(w->c, p->links, p->n, more, &n) : TED_NONE;
	const char *s = at != TED_NONE ? pce_say_narrow(w->c, at, more, w->c->out) : NULL;

	if (s)
		str_addf(&w->text, "; %s", s);
}

/* Why a constraint has to go: what it takes out, and what there is without it. */
static void say_drop(struct why *w, enum pce_constraint by, uint32_t without)
{
	const struct pce_removed *r = &w->out->removed[by];
	struct pce_path p = { 0 };
	struct pce_find f;

	str_addf(&w->text, "no %s constraint", pce_constraint_text(by));
	find_of(w, without, &f);
	if (metric_of(by) < PCE_METRICS)
		str_addf(&w->text, " (%u link%s without that metric", r->links,
			 r->links == 1 ? "" : "s");
	else if (r->links)
		str_addf(&w->text, " (%u link%s cut", r->links, r->links == 1 ? "" : "s");
	else
		str_add(&w->text, " (");
	str_add(&w->text, r->links || metric_of(by) < PCE_METRICS ? "; without it " : "without it ");
	if (ask(w, &f, &p) == PCE_FOUND) {
		say_path(w, &f, &p);
		say_narrow(w, by, &p);
	}
	str_add(&w->text, ")");
}

void pce_say_relax(struct str *s, const struct pce_relax *x)
{
	bool at_most = x->of == PCE_C_BANDWIDTH || x->of == PCE_C_DELAY_MIN;

	str_addf(s, "%s%s %s ", x->of == PCE_C_MSD ? "MSD" : pce_constraint_text(x->of),
		 x->of == PCE_C_BANDWIDTH || x->of == PCE_C_MSD ? "" : " bound", at_most ? "<=" : ">=");
	say_value(s, x->of, x->needs);
}

const char *pce_relax_text(const struct pce_relax *relax, uint32_t n, bool together, size_t most,
			   struct arena *a)
{
	static const char others[] = " and others"; /* the longer one */
	STR_AUTO struct str all = { .limit = 4096 };
	const char *glue = together ? "and" : "or";

	for (uint32_t i = 0; i < n; i++) {
		size_t room = most - (i + 1 < n ? sizeof(others) - 1 : 0);
		STR_AUTO struct str one = { .limit = 256 };

		if (i > 0)
			str_addf(&one, " %s ", glue);
		if (relax[i].drop)
			str_addf(&one, relax[i].of == PCE_C_MSD ? "no limit on lists" : "no %s constraint",
				 pce_constraint_text(relax[i].of));
		else
			pce_say_relax(&one, &relax[i]);
		if (strlen(str_text(&all)) + strlen(str_text(&one)) > room) {
			str_addf(&all, " %s others", glue);
			break;
		}
		str_add(&all, str_text(&one));
	}
	return arena_str(a, str_text(&all));
}

static void say_relax(struct why *w, const struct pce_relax *x, uint32_t without)
{
	str_add(&w->text, w->out->n_relax == 1		? "; needs " :
			  w->out->relax_together ? " and " : " or ");
	if (x->drop)
		say_drop(w, x->of, without);
	else
		pce_say_relax(&w->text, x);
}

/* ---- what would help ---- */

static void add_relax(struct why *w, enum pce_constraint by, uint32_t without)
{
	struct pce_relax *x = &w->out->relax[w->out->n_relax++];

	*x = (struct pce_relax){ .of = by };
	x->drop = !nearest(w, by, without, &x->needs);
	say_relax(w, x, without);
}

static void relax_alone(struct why *w)
{
	for (size_t i = ARRAY_LEN(order); i-- > 0;) {
		struct pce_removed *r = &w->out->removed[order[i]];

		if (!(w->conflict & PCE_CUT(order[i])) ||
		    ask_without(w, PCE_CUT(order[i])) != PCE_FOUND)
			continue;
		r->decisive = true;
		add_relax(w, order[i], PCE_CUT(order[i]));
		if (!w->out->relax[w->out->n_relax - 1].drop)
			r->nearest = w->out->relax[w->out->n_relax - 1].needs;
	}
}

/* Everything is out, and comes in again one by one as long as there is a path: what stays out. */
static uint32_t misfits(struct why *w)
{
	uint32_t without = w->asked;

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if ((without & PCE_CUT(order[i])) &&
		    ask_without(w, without & ~PCE_CUT(order[i])) == PCE_FOUND)
			without &= ~PCE_CUT(order[i]);
	return without;
}

/*
 * Bounds among the misfits get their nearest value one after the other, each with those before
 * it loosened to theirs; a copy of the request carries them.
 */
static void relax_together(struct why *w)
{
	const struct pce_request *asked = w->c->req;
	struct pce_request r = *asked;
	uint32_t without = misfits(w);

	w->out->relax_together = true;
	w->c->req = &r;
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		const struct pce_relax *x = &w->out->relax[w->out->n_relax];

		if (!(without & PCE_CUT(order[i])))
			continue;
		add_relax(w, order[i], without);
		if (x->drop || order[i] == PCE_C_BANDWIDTH)
			continue;
		without &= ~PCE_CUT(order[i]);
		pce_bound_set(&r, order[i], (uint32_t)x->needs);
	}
	w->c->req = asked;
}

static void explain(struct why *w)
{
	const struct ted *t = w->c->t;
	uint32_t src = w->c->req->src, dst = w->c->req->dst;

	find_asked(w);
	if (ask_without(w, w->asked) == PCE_FOUND) {
		w->out->status = PCE_NO_CONSTRAINED;
		find_conflict(w);
		say_conflict(w);
		count_links(w);
		relax_alone(w);
		if (w->out->n_relax == 0)
			relax_together(w);
		if (w->out->reasons_gave_up)
			str_add(&w->text, PCE_SAY_GAVE_UP);
		return;
	}
	w->out->status = PCE_NO_ROUTE;
	if (t->out.start[src] == t->out.start[src + 1])
		str_addf(&w->text, ": %s has no usable link", ted_node_label(t, src));
	else if (t->in.start[dst] == t->in.start[dst + 1])
		str_addf(&w->text, ": %s has no usable link", ted_node_label(t, dst));
	else
		str_add(&w->text, ": the topology is in parts");
}

void pce_explain(struct pce_ctx *c, struct pce_answer *out)
{
	struct why w = { .c = c, .out = out, .text = { .limit = 4096 } };

	c->met = NULL;
	str_addf(&w.text, "no path from %s to %s", ted_node_label(c->t, c->req->src),
		 ted_node_label(c->t, c->req->dst));
	explain(&w);
	out->why = arena_str(c->out, str_text(&w.text));
	str_fini(&w.text);
	if (!out->why || w.no_memory) {
		out->status = PCE_NO_MEMORY;
		out->why = "out of memory";
	}
}
