/* SPDX-License-Identifier: Apache-2.0 */
/*
 * k shortest simple paths: Yen's parts as Lawler makes them. A part is all paths that begin like
 * one already found up to some node (the spur) and go on over none of some arcs there; parts
 * never overlap. Each waits with a lower bound from the reverse tree, and is searched only when
 * no other part can be cheaper: most never are.
 */
#include <string.h>

#include "pce/kshortest.h"
#include "pce/branch.h"
#include "pce/leg.h"

/* Arcs shut at a spur: the list of the part before, and one more. */
struct shut {
	uint32_t link;
	const struct shut *next;
};

struct part {
	const struct pce_way *base; /* begins like it */
	uint32_t at;		    /* the spur: where its link number `at` begins */
	const struct shut *shut;
	const struct pce_way *way; /* the cheapest of the part, once found */
};

struct parts {
	struct pce_legs l;
	struct pce_leg g;
	const struct pce_request *req;
	uint32_t k;
	struct pce_heap heap;
	struct part *at;
	uint32_t n, cap;
	struct pce_kshortest_answer *out;
	bool no_memory, gave_up;
};

/* Found parts go first among equals: they need no search. */
static bool part_add(struct parts *s, const struct part *p, uint64_t least)
{
	if (s->n == s->cap) {
		uint32_t cap = s->cap ? s->cap * 2 : 64;
		struct part *at = ARENA_ARRAY(&s->l.scratch, cap, struct part);

		if (!at)
			return false;
		if (s->n)
			memcpy(at, s->at, s->n * sizeof(*at));
		s->at = at;
		s->cap = cap;
	}
	s->at[s->n] = *p;
	return pce_heap_push(&s->heap, (struct pce_entry){ least, p->way == NULL, s->n++ });
}

static bool is_shut(const struct shut *s, uint32_t link)
{
	for (; s; s = s->next)
		if (s->link == link)
			return true;
	return false;
}

static uint32_t spur_of(const struct parts *s, const struct part *p)
{
	return p->base && p->at < p->base->n ? s->l.t->links[p->base->links[p->at]].from :
					       s->req->src;
}

static void sum_link(const struct parts *s, uint32_t link, uint64_t *sum)
{
	for (unsigned m = 0; m < PCE_METRICS; m++) {
		uint32_t v = pce_arc_metric(&s->l.p->arcs[link], m);

		sum[m] += v == TED_NONE ? 0 : v;
	}
}

static void prefix_sums(const struct parts *s, const struct pce_way *w, uint32_t n, uint64_t *sum)
{
	memset(sum, 0, PCE_METRICS * sizeof(*sum));
	for (uint32_t i = 0; i < n; i++)
		sum_link(s, w->links[i], sum);
}

/* ---- searching a part ---- */

static enum pce_found spur_by_marks(struct parts *s, const struct part *p, const uint64_t *sum,
				    struct pce_way *out)
{
	struct pce_seek k = pce_leg_seek(&s->g);

	if (!pce_marks_begin(&s->l, &s->g))
		return PCE_FOUND_NO_MEMORY;
	for (uint32_t i = 0; i < p->at; i++)
		pce_mark_node(&s->l, s->l.t->links[p->base->links[i]].from, PCE_CLOSED);
	for (const struct shut *x = p->shut; x; x = x->next)
		pce_mark_arc(&s->l, x->link, PCE_CLOSED);
	k.from = s->l.s->place[spur_of(s, p)];
	for (unsigned i = 0; i < s->g.n_bound; i++)
		k.used[i] = pce_sat32(sum[s->g.bound[i].metric]);
	return pce_leg_search(&s->l, &s->g, &k, out);
}

/* Can it beat nothing because a bound is passed already: the tree says so for every arc. */
static bool keeps_bounds(const struct parts *s, const uint64_t *sum, uint32_t arc)
{
	const struct pce_leg *g = &s->g;

	for (unsigned i = 0; i < g->n_bound; i++) {
		const struct pce_leg_bound *b = &g->bound[i];

		if (b->arc[arc].w == PCE_INF || b->tree->dist[b->arc[arc].place] == PCE_INF ||
		    sum[b->metric] + b->arc[arc].w + b->tree->dist[b->arc[arc].place] > b->most)
			return false;
	}
	return true;
}

/* The least a path of the part can cost; UINT64_MAX: there is none. Under marks that close what
 * the path must not come back to. */
static uint64_t least_of(const struct parts *s, const struct part *p, const uint64_t *sum)
{
	const struct pce_shape *x = s->l.s;
	const struct pce_leg *g = &s->g;
	uint32_t at = x->place[spur_of(s, p)];
	uint64_t least = UINT64_MAX;

	for (uint32_t i = x->out[at]; i < x->out[at + 1]; i++) {
		uint64_t far = (uint64_t)g->arc[i].w + g->tree->dist[g->arc[i].place], price;
		uint32_t soft;

		if (g->arc[i].w == PCE_INF || g->tree->dist[g->arc[i].place] == PCE_INF ||
		    far >= least || is_shut(p->shut, x->out_link[i]) ||
		    !pce_leg_step(&s->l, g, i, &price, &soft) || !keeps_bounds(s, sum, i))
			continue;
		least = far;
	}
	return least == UINT64_MAX ? least : least + sum[s->req->minimise];
}

/* Prefix and what the spur found, in one. */
static const struct pce_way *join(struct parts *s, const struct part *p, const struct pce_way *rest)
{
	struct pce_way *w = ARENA_NEW(&s->l.scratch, struct pce_way);
	uint32_t *links = ARENA_ARRAY(&s->l.scratch, (size_t)p->at + rest->n + 1, uint32_t);

	if (!w || !links)
		return NULL;
	if (p->at)
		memcpy(links, p->base->links, p->at * sizeof(*links));
	memcpy(links + p->at, rest->links, rest->n * sizeof(*links));
	*w = (struct pce_way){ .links = links, .n = p->at + rest->n };
	pce_way_sum(&s->l, &s->g, w);
	return w;
}

/* False: no memory; or (gave_up) what the part has is not known, and so nothing after it. */
static bool search_part(struct parts *s, struct part p)
{
	uint64_t sum[PCE_METRICS];
	struct pce_way rest;
	enum pce_found r;

	prefix_sums(s, p.base, p.at, sum);
	r = spur_by_marks(s, &p, sum, &rest);
	s->gave_up = r == PCE_FOUND_NO_BUDGET;
	if (r != PCE_FOUND)
		return r == PCE_FOUND_NOT;
	p.way = join(s, &p, &rest);
	return p.way && part_add(s, &p, p.way->cost);
}

/* ---- parting what is left of a part when its cheapest path is taken ---- */

static bool part_rest(struct parts *s, const struct part *p)
{
	const struct pce_way *w = p->way;
	uint64_t sum[PCE_METRICS];

	if (!pce_marks_begin(&s->l, &s->g))
		return false;
	for (uint32_t i = 0; i < p->at; i++)
		pce_mark_node(&s->l, s->l.t->links[w->links[i]].from, PCE_CLOSED);
	prefix_sums(s, w, p->at, sum);
	for (uint32_t i = p->at; i < w->n; i++) {
		struct shut *x = ARENA_NEW(&s->l.scratch, struct shut);
		struct part q = { .base = w, .at = i, .shut = x };
		uint64_t least;

		if (!x)
			return false;
		*x = (struct shut){ w->links[i], i == p->at ? p->shut : NULL };
		least = least_of(s, &q, sum);
		if (least != UINT64_MAX && !part_add(s, &q, least))
			return false;
		pce_mark_node(&s->l, s->l.t->links[w->links[i]].from, PCE_CLOSED);
		sum_link(s, w->links[i], sum);
	}
	return true;
}

static bool give_path(struct parts *s, const struct pce_path *from, uint64_t cost)
{
	struct pce_answer *a = &s->out->path[s->out->n];
	struct pce_path p = *from;

	p.links = arena_copy(s->l.out, from->links, from->n * sizeof(*from->links));
	if (!p.links)
		return false;
	*a = (struct pce_answer){ .status = PCE_OK, .why = "" };
	pce_answer_path(a, &p);
	a->cost = a->cost_least = cost;
	s->out->n++;
	return true;
}

static bool give_way(struct parts *s, const struct pce_way *w)
{
	struct pce_path p = { .links = w->links, .n = w->n };

	memcpy(p.sum, w->sum, sizeof(p.sum));
	return give_path(s, &p, w->cost);
}

/* False: no memory. */
static bool by_parts(struct parts *s)
{
	if (!search_part(s, (struct part){ 0 }))
		return s->gave_up;
	while (s->heap.n && s->out->n < s->k) {
		struct part p = s->at[pce_heap_pop(&s->heap).id];

		if (!p.way) {
			if (!search_part(s, p))
				return s->gave_up;
			continue;
		}
		if (!give_way(s, p.way))
			return false;
		if (s->out->n < s->k && !part_rest(s, &p))
			return false;
	}
	s->out->all = s->heap.n == 0 && s->out->n < s->k;
	return true;
}

/* ---- requests the shared search does not know: best first over all simple paths ---- */

static bool give_other(void *arg, const struct pce_path *p)
{
	struct parts *s = arg;

	if (!give_path(s, p, p->cost)) {
		s->no_memory = true;
		return false;
	}
	return s->out->n < s->k;
}

static bool by_enumeration(struct parts *s)
{
	struct pce_find f;
	struct pce_ctx c;
	bool good = pce_ctx_init(&c, s->l.t, s->req, s->l.trees, &s->l.scratch);

	pce_find_of(s->req, &f);
	if (good)
		s->out->all = pce_alternatives(&c, &f, give_other, s);
	good = good && !c.no_memory && !s->no_memory;
	pce_ctx_fini(&c);
	return good;
}

/* ---- the answer ---- */

static void fail(struct pce_kshortest_answer *out, enum pce_status status, const char *why)
{
	out->n = 0;
	out->status = status;
	out->why = why ? why : "out of memory";
}

/* Not even one: the question for one says why, or finds what path by path was too far to come to. */
static void explain(struct parts *s)
{
	struct pce_answer *a = ARENA_NEW(s->l.out, struct pce_answer);
	struct pce_request one = *s->req;

	if (!a) {
		fail(s->out, PCE_NO_MEMORY, NULL);
		return;
	}
	one.brief = false;
	pce_path(s->l.t, &one, s->l.out, a);
	if (a->status == PCE_OK) {
		s->out->path[s->out->n++] = *a;
		return;
	}
	fail(s->out, a->status, a->why);
	s->out->none = a;
	s->out->all = a->status == PCE_NO_CONSTRAINED || a->status == PCE_NO_ROUTE;
}

static void say_gave_up(struct parts *s)
{
	struct pce_kshortest_answer *out = s->out;

	out->gave_up = out->n > 0 && out->n < s->k && !out->all;
	if (!out->gave_up)
		return;
	out->why = arena_printf(s->l.out, "the search gave up after %u of %u paths: there may be others",
				out->n, s->k);
	if (!out->why)
		fail(out, PCE_NO_MEMORY, NULL);
}

static void work(struct parts *s)
{
	const char *why;
	enum pce_status status = pce_leg_init(&s->l, &s->g, s->req, &why);
	bool good;

	if (status == PCE_OK && (s->k == 0 || s->k > PCE_KSHORTEST_MAX)) {
		status = PCE_INVALID;
		why = "1 to 256 paths can be asked for";
	}
	if (status != PCE_OK) {
		fail(s->out, status, why);
		return;
	}
	s->out->path = ARENA_ARRAY(s->l.out, s->k, struct pce_answer);
	good = s->out->path && (s->g.general ? by_enumeration(s) : by_parts(s));
	if (!good)
		fail(s->out, PCE_NO_MEMORY, NULL);
	else if (s->out->n == 0)
		explain(s);
	if (good)
		say_gave_up(s);
}

void pce_kshortest_paths(const struct ted *t, const struct pce_request *req, uint32_t k,
			 struct arena *a, struct pce_kshortest_answer *out)
{
	struct parts s = { .req = req, .k = k, .out = out };

	*out = (struct pce_kshortest_answer){ .why = "" };
	if (pce_legs_init(&s.l, t, req->trees, a)) {
		s.heap.a = &s.l.scratch;
		work(&s);
	} else {
		fail(out, PCE_NO_MEMORY, NULL);
	}
	pce_legs_fini(&s.l);
}

/* ---- lists ---- */

/* No path at all has a list that the headend can impose. */
static void explain_lists(const struct ted *t, const struct pce_request *req, struct arena *a,
			  struct pce_kshortest_answer *out)
{
	struct pce_disjoint_answer d = { .status = PCE_NO_MSD, .why = out->why };
	struct pce_answer *none = ARENA_NEW(a, struct pce_answer);

	if (!none) {
		fail(out, PCE_NO_MEMORY, NULL);
		return;
	}
	pce_disjoint_why(t, &(struct pce_disjoint){ .leg = req, .n_legs = 1 },
			 &(struct pce_fitting){ .on = true }, a, &d);
	*none = (struct pce_answer){ .status = d.status, .n_conflict = d.n_conflict,
				     .n_relax = d.n_relax, .relax_together = d.relax_together,
				     .reasons_gave_up = d.reasons_gave_up, .why = d.why };
	memcpy(none->conflict, d.conflict, sizeof(d.conflict));
	memcpy(none->relax, d.relax, sizeof(d.relax));
	out->none = none;
	out->why = d.why;
}

/* Of those given. */
static enum pce_status refusal(const struct pce_kshortest_answer *out)
{
	enum pce_status first = out->path[0].status;

	for (uint32_t i = 0; i < out->n; i++)
		if (out->path[i].status == PCE_OK || out->path[i].status == PCE_NO_MEMORY)
			return PCE_OK;
		else if (out->path[i].status == PCE_NO_MSD)
			first = PCE_NO_MSD;
	return first;
}

static void no_lists(const struct ted *t, const struct pce_request *req, struct arena *a,
		     struct pce_kshortest_answer *out)
{
	enum pce_status status = refusal(out);
	struct pce_disjoint_answer one;

	if (status == PCE_OK)
		return;
	pce_disjoint_single(t, req, &(struct pce_fitting){ .on = true }, a, &one);
	if (one.status == PCE_OK) {
		out->cost_listed = one.cost;
		out->why = arena_printf(a, "none of these has a list; a path that costs %llu has",
					(unsigned long long)one.cost);
	} else if (one.status == PCE_NO_CONSTRAINED) {
		out->status = status;
		out->why = arena_printf(a, "no path has a list (the first: %s)", out->path[0].why);
	} else {
		out->why = "none of these has a list, and no other path that has was found";
	}
	if (!out->why)
		fail(out, PCE_NO_MEMORY, NULL);
	else if (out->status == PCE_NO_MSD)
		explain_lists(t, req, a, out);
}

void pce_kshortest(const struct ted *t, const struct pce_request *req, uint32_t k, struct arena *a,
		   struct pce_kshortest_answer *out)
{
	struct pce_request own = *req;

	own.strict = true; /* a loose list of the second could lead along the first */
	pce_kshortest_paths(t, req, k, a, out);
	for (uint32_t i = 0; i < out->n; i++) {
		struct pce_answer *p = &out->path[i], was = *p;

		pce_encode(t, &own, was.path, was.n_path, a, p);
		p->cost = was.cost;
		p->cost_least = was.cost_least;
		pce_slacks_of(t, &own, p);
	}
	own.brief = false;
	if (out->status == PCE_OK && out->n)
		no_lists(t, &own, a, out);
}
