/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why there is no path: each constraint is dropped alone and the search asked again; for bounds
 * the best value reachable under everything else is found, for bandwidth the widest path. Only
 * runs when there is no path, so it may cost a dozen searches.
 */
#include <stdlib.h>

#include "base/str.h"
#include "pce/pce_priv.h"

enum { VIA_MAX = 8 };

static const enum pce_constraint bound_of[PCE_METRICS] = { [PCE_IGP] = PCE_C_IGP,
							   [PCE_TE] = PCE_C_TE,
							   [PCE_DELAY] = PCE_C_DELAY,
							   [PCE_HOPS] = PCE_C_HOPS,
							   [PCE_VARIATION] = PCE_C_VARIATION,
							   [PCE_LOSS] = PCE_C_LOSS };
static const enum pce_constraint cutting[] = { PCE_C_AFFINITY, PCE_C_BANDWIDTH, PCE_C_EXCLUDE,
					       PCE_C_OVERLOAD };

void pce_count_removed(struct pce_ctx *c, struct pce_answer *out)
{
	for (uint32_t i = 0; i < c->t->out.start[c->t->n_nodes]; i++) {
		uint32_t cut = pce_cut(c, c->t->out.idx[i]);

		for (size_t k = 0; cut && k < ARRAY_LEN(cutting); k++)
			if (cut & PCE_CUT(cutting[k]))
				out->removed[cutting[k]].links++;
	}
}

struct why {
	struct pce_ctx *c;
	struct pce_answer *out;
	struct pce_find f;
	struct str text;
	uint32_t said;
	bool no_memory; /* a search could not say */
};

/* Links no path within the bound can use, or whose metric nobody told. */
static void count_bound(struct why *w, unsigned m)
{
	struct pce_ctx *c = w->c;
	const struct pce_find alone = { .minimise = (enum pce_metric)m,
					.bound = PCE_UNBOUNDED };
	const uint64_t *from = pce_tree(c, &alone, m, c->req->src, false);
	const uint64_t *to = pce_tree(c, &alone, m, c->req->dst, true);
	uint64_t bound = w->f.bound[m] == PCE_NO_BOUND ? UINT64_MAX - 1 : w->f.bound[m];

	if (!from || !to)
		return;
	for (uint32_t i = 0; i < c->t->out.start[c->t->n_nodes]; i++) {
		const struct ted_arc *a = &c->p->arcs[c->t->out.idx[i]];
		uint32_t v = pce_arc_metric(a, m);
		bool out_of_reach = from[a->from] == UINT64_MAX || to[a->to] == UINT64_MAX;

		if (v == TED_NONE ||
		    (bound != UINT64_MAX - 1 &&
		     (out_of_reach || from[a->from] + v + to[a->to] > bound)))
			w->out->removed[bound_of[m]].links++;
	}
}

/* ---- texts ---- */

static void say_value(struct str *s, unsigned metric, uint64_t v)
{
	if (metric == PCE_DELAY)
		str_addf(s, "%llu.%03llu ms", (unsigned long long)(v / 1000),
			 (unsigned long long)(v % 1000));
	else
		str_addf(s, "%s %llu", pce_metric_text((enum pce_metric)metric),
			 (unsigned long long)v);
}

static void say_via(struct why *w, const struct pce_path *p)
{
	uint32_t n = 0;

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

static void say_next(struct why *w)
{
	str_add(&w->text, w->said++ ? "; " : ": ");
}

/* ---- one constraint at a time ---- */

static bool found(struct why *w, const struct pce_find *f, struct pce_path *p)
{
	enum pce_found r = pce_search(w->c, f, p);

	w->no_memory |= r == PCE_FOUND_NO_MEMORY;
	return r == PCE_FOUND;
}

static void try_cut(struct why *w, enum pce_constraint by)
{
	struct pce_removed *r = &w->out->removed[by];
	struct pce_find f = w->f;
	struct pce_path p;

	if (r->links == 0)
		return;
	f.mask &= (uint8_t)~PCE_CUT(by);
	r->decisive = found(w, &f, &p);
	say_next(w);
	str_addf(&w->text, "%u link%s cut by %s", r->links, r->links == 1 ? "" : "s",
		 pce_constraint_text(by));
	if (!r->decisive)
		return;
	str_add(&w->text, ", without it ");
	say_value(&w->text, w->f.minimise, p.sum[w->f.minimise]);
	say_via(w, &p);
}

static int cmp_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint32_t widths(struct why *w, uint64_t *at)
{
	const struct ted *t = w->c->t;
	uint32_t n = 0, kept = 0;

	for (uint32_t i = 0; i < t->out.start[t->n_nodes]; i++) {
		uint32_t l = t->out.idx[i];
		uint64_t v = pce_free_bps(w->c->req, t, l);

		if (!(w->c->p->nflags[t->links[l].from] & TED_NF_PSEUDO) &&
		    v < w->c->req->bandwidth_bps)
			at[n++] = v;
	}
	qsort(at, n, sizeof(*at), cmp_u64);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || at[kept - 1] != at[i])
			at[kept++] = at[i];
	return kept;
}

static bool wide_enough(struct why *w, uint64_t bps)
{
	const struct ted *t = w->c->t;
	struct pce_find f = w->f;
	struct pce_path p;

	for (uint32_t l = 0; l < t->n_links; l++) {
		bool narrow = !(w->c->p->nflags[t->links[l].from] & TED_NF_PSEUDO) &&
			      pce_free_bps(w->c->req, t, l) < bps;

		w->c->cut[l].by = (uint8_t)((pce_cut(w->c, l) & ~PCE_CUT(PCE_C_BANDWIDTH)) |
					    (narrow ? PCE_CUT(PCE_C_BANDWIDTH) : 0));
	}
	return found(w, &f, &p);
}

/* The widest path under everything else, by halving the widths there are. */
static void find_widest(struct why *w)
{
	struct pce_removed *r = &w->out->removed[PCE_C_BANDWIDTH];
	uint64_t *at = ARENA_ARRAY(&w->c->scratch, w->c->t->n_links, uint64_t);
	uint32_t lo = 0, hi;

	if (!at || !r->decisive)
		return;
	hi = widths(w, at);
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (wide_enough(w, at[mid])) {
			r->nearest = at[mid];
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	(void)wide_enough(w, w->c->req->bandwidth_bps); /* the marks as they were */
	str_addf(&w->text, " (widest %llu bit/s)", (unsigned long long)r->nearest);
}

static void say_bound(struct why *w, unsigned m, bool known)
{
	struct pce_removed *r = &w->out->removed[bound_of[m]];

	if (r->links == 0 && !r->decisive)
		return;
	say_next(w);
	if (!r->decisive) {
		str_addf(&w->text, "%u link%s cut by %s", r->links, r->links == 1 ? "" : "s",
			 pce_constraint_text(bound_of[m]));
		return;
	}
	if (!known) {
		str_addf(&w->text, "%u link%s without a %s metric", r->links,
			 r->links == 1 ? "" : "s", pce_metric_text((enum pce_metric)m));
		return;
	}
	str_addf(&w->text, "least %s is ", pce_metric_text((enum pce_metric)m));
	say_value(&w->text, m, r->nearest);
	str_add(&w->text, ", allowed ");
	say_value(&w->text, m, w->f.bound[m]);
}

/* Without the bound, and without asking that the metric be known. */
static void try_bound(struct why *w, unsigned m)
{
	struct pce_removed *r = &w->out->removed[bound_of[m]];
	struct pce_find f = w->f;
	struct pce_path p;
	bool known = false;

	if (w->f.bound[m] == PCE_NO_BOUND && m != (unsigned)w->f.minimise)
		return;
	count_bound(w, m);
	f.bound[m] = PCE_NO_BOUND;
	f.minimise = m == (unsigned)w->f.minimise ? PCE_HOPS : w->f.minimise;
	r->decisive = found(w, &f, &p);
	if (w->f.bound[m] != PCE_NO_BOUND) {
		f.minimise = (enum pce_metric)m;
		known = found(w, &f, &p);
		r->nearest = known ? p.sum[m] : 0;
	}
	say_bound(w, m, known);
}

static bool connected(struct why *w)
{
	const struct pce_find any = { .minimise = PCE_HOPS,
				      .bound = PCE_UNBOUNDED };
	struct pce_path p;

	return found(w, &any, &p);
}

static void say_no_route(struct why *w)
{
	const struct ted *t = w->c->t;
	uint32_t src = w->c->req->src, dst = w->c->req->dst;

	if (t->out.start[src] == t->out.start[src + 1])
		str_addf(&w->text, ": %s has no usable link", ted_node_label(t, src));
	else if (t->in.start[dst] == t->in.start[dst + 1])
		str_addf(&w->text, ": %s has no usable link", ted_node_label(t, dst));
	else
		str_add(&w->text, ": the topology is in parts");
}

static void ask_all(struct why *w)
{
	for (size_t i = 0; i < ARRAY_LEN(cutting); i++) {
		try_cut(w, cutting[i]);
		if (cutting[i] == PCE_C_BANDWIDTH)
			find_widest(w);
	}
	for (unsigned m = 0; m < PCE_METRICS; m++)
		try_bound(w, m);
	for (unsigned i = 0; i < PCE_C_COUNT; i++)
		if (w->out->removed[i].decisive)
			return;
	if (w->said > 1)
		str_add(&w->text, "; only together");
}

void pce_explain(struct pce_ctx *c, struct pce_answer *out)
{
	struct why w = { .c = c, .out = out, .text = { .limit = 2048 } };

	pce_find_of(c->req, &w.f);
	str_addf(&w.text, "no path from %s to %s", ted_node_label(c->t, c->req->src),
		 ted_node_label(c->t, c->req->dst));
	out->status = PCE_NO_CONSTRAINED;
	if (connected(&w)) {
		ask_all(&w);
	} else {
		out->status = PCE_NO_ROUTE;
		say_no_route(&w);
	}
	out->why = arena_str(c->out, str_text(&w.text));
	str_fini(&w.text);
	if (!out->why || w.no_memory) {
		out->status = PCE_NO_MEMORY;
		out->why = "out of memory";
	}
}
