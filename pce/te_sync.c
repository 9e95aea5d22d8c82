/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests are placed one after the other, the largest first, arc by arc, depth first, the most
 * promising arc first; what cannot become better than the best is not gone into. Complete, so
 * that an end within the budget is a proof.
 */
#include "pce/te_sync.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pce/te_sync_priv.h"

enum { ASK_EVERY = 100000 };

#define BETTER (1 - 1e-12)

const char *te_sync_goal_text(enum te_sync_goal g)
{
	static const char *const text[] = { [TE_SYNC_MBC] = "mbc", [TE_SYNC_MLL] = "mll",
					    [TE_SYNC_MCC] = "mcc" };

	return text[g];
}

bool te_sync_over(struct te_sync_run *r)
{
	const struct te_sync_options *o = r->o;

	if (r->work >= o->work_max)
		r->stopped = true;
	if (!r->stopped && o->go_on && r->work >= r->work_next) {
		r->work_next = r->work + ASK_EVERY;
		r->stopped = !o->go_on(o->arg, &(struct te_progress){
			.work = r->work, .util = r->best, .bound = r->bound });
	}
	return r->stopped;
}

static double unit(const struct te_sync_run *r, uint32_t request)
{
	return r->o->goal == TE_SYNC_MBC ? (double)r->req[request].rate_bps : 1;
}

double te_sync_pay(const struct te_sync_run *r, uint32_t request, uint32_t arc)
{
	return r->o->goal == TE_SYNC_MBC ? unit(r, request) : (double)r->g->arcs[arc].metric;
}

bool te_sync_fits(const struct te_sync_run *r, uint32_t request, uint32_t arc)
{
	const struct te_arc *a = &r->g->arcs[arc];

	if (r->req[request].barred && r->req[request].barred[arc])
		return false;
	return a->from != a->to && a->capacity_bps > 0 &&
	       r->load[arc] + (double)r->req[request].rate_bps <=
		       (double)a->capacity_bps * (1 + 1e-12);
}

void te_sync_add(struct te_sync_run *r, uint32_t request, double sign)
{
	for (uint32_t i = 0; i < r->n_path[request]; i++)
		r->load[r->path[request][i]] += sign * (double)r->req[request].rate_bps;
}

double te_sync_value(const struct te_sync_run *r)
{
	double v = 0;

	if (r->o->goal == TE_SYNC_MLL) {
		for (uint32_t i = 0; i < r->g->m; i++)
			if (r->g->arcs[i].capacity_bps > 0)
				v = fmax(v, r->load[i] / (double)r->g->arcs[i].capacity_bps);
		return v;
	}
	for (uint32_t q = 0; q < r->n; q++)
		for (uint32_t i = 0; i < r->n_path[q]; i++)
			v += te_sync_pay(r, q, r->path[q][i]);
	return v;
}

void te_sync_keep(struct te_sync_run *r)
{
	double v = te_sync_value(r);

	if (v >= r->best * BETTER)
		return;
	r->best = v;
	for (uint32_t q = 0; q < r->n; q++) {
		memcpy(r->best_path[q], r->path[q], r->n_path[q] * sizeof(**r->path));
		r->n_best[q] = r->n_path[q];
	}
}

/* ---- the complete search ---- */

struct place {
	uint32_t request, node, arc; /* arc: tried last, TE_NO_NODE: none */
	double f;		     /* and what it promised */
	uint64_t delay;
	double value; /* paid on the way here; MLL: the fullest so far */
};

struct deep {
	struct te_sync_run *r;
	uint32_t *order; /* of requests */
	double *rest;	 /* by place in order: what those behind pay at least */
	bool *on;	 /* [request * nodes + node]: on its path */
	struct place *stack;
	uint32_t depth, at; /* at: request being placed, by order */
};

static bool passable(const struct te_sync_run *r, uint32_t request, uint32_t node)
{
	return node == r->req[request].dst || !r->g->flags ||
	       !(r->g->flags[node] & TE_NO_TRANSIT);
}

/* What the set is worth at least when the path goes on by the arc; infinite: no use. */
static double promise(const struct deep *d, const struct place *p, uint32_t arc)
{
	const struct te_sync_run *r = d->r;
	const struct te_arc *a = &r->g->arcs[arc];
	const struct te_sync_request *q = &r->req[p->request];
	size_t cell = (size_t)p->request * r->g->n + a->to;
	double rate = (double)q->rate_bps, least;

	if (!te_sync_fits(r, p->request, arc) || d->on[cell] ||
	    !passable(r, p->request, a->to) || r->least[cell] == TE_UNREACHED)
		return INFINITY;
	if (q->delay_us_max != TE_NO_BOUND &&
	    p->delay + a->delay_us + r->fast[cell] > q->delay_us_max)
		return INFINITY;
	if (r->o->goal == TE_SYNC_MLL)
		return fmax(p->value, (r->load[arc] + rate) / (double)a->capacity_bps);
	least = (double)r->least[cell] * (r->o->goal == TE_SYNC_MBC ? rate : 1);
	return p->value + te_sync_pay(r, p->request, arc) + least + d->rest[d->at];
}

/* The next arc in order of promise that could lead to something better; TE_NO_NODE: none. */
static uint32_t next_arc(struct deep *d, struct place *p, double *f)
{
	struct te_sync_run *r = d->r;
	uint32_t best = TE_NO_NODE;

	for (uint32_t i = r->spf.out[p->node]; i < r->spf.out[p->node + 1]; i++) {
		uint32_t arc = r->spf.out_arc[i];
		double x = promise(d, p, arc);

		r->work++;
		if (x >= r->best * BETTER ||
		    (p->arc != TE_NO_NODE && (x < p->f || (x <= p->f && arc <= p->arc))))
			continue;
		if (best == TE_NO_NODE || x < *f) {
			best = arc;
			*f = x;
		}
	}
	return best;
}

static void push(struct deep *d, uint32_t node, uint64_t delay, double value)
{
	uint32_t q = d->order[d->at];

	d->stack[d->depth++] = (struct place){ .request = q, .node = node, .arc = TE_NO_NODE,
					       .delay = delay, .value = value };
	d->on[(size_t)q * d->r->g->n + node] = true;
}

/* The arc into the place on top is taken back. */
static void pop(struct deep *d)
{
	struct te_sync_run *r = d->r;
	struct place p = d->stack[--d->depth];

	d->on[(size_t)p.request * r->g->n + p.node] = false;
	if (d->depth == 0)
		return;
	if (p.node == r->req[p.request].src) { /* back in the request before */
		d->at--;
		p = d->stack[d->depth - 1];
	}
	r->load[r->path[p.request][--r->n_path[p.request]]] -=
		(double)r->req[p.request].rate_bps;
}

static void go(struct deep *d, struct place *p, uint32_t arc, double f)
{
	struct te_sync_run *r = d->r;
	const struct te_arc *a = &r->g->arcs[arc];
	uint32_t q = p->request;
	double value = r->o->goal == TE_SYNC_MLL ? f : p->value + te_sync_pay(r, q, arc);
	uint64_t delay = p->delay + a->delay_us;

	p->arc = arc;
	p->f = f;
	r->path[q][r->n_path[q]++] = arc;
	r->load[arc] += (double)r->req[q].rate_bps;
	if (a->to != r->req[q].dst) {
		push(d, a->to, delay, value);
	} else if (!te_sync_good(r, q)) {
		r->n_path[q]--;
		r->load[arc] -= (double)r->req[q].rate_bps;
	} else if (d->at + 1 < r->n) {
		d->at++;
		push(d, r->req[d->order[d->at]].src, 0, value);
	} else {
		te_sync_keep(r);
		r->n_path[q]--;
		r->load[arc] -= (double)r->req[q].rate_bps;
	}
}

static void dig(struct deep *d)
{
	struct te_sync_run *r = d->r;

	push(d, r->req[d->order[0]].src, 0, r->o->goal == TE_SYNC_MLL ? r->base : 0);
	while (d->depth > 0 && !te_sync_over(r)) {
		struct place *p = &d->stack[d->depth - 1];
		double f = INFINITY;
		uint32_t arc = next_arc(d, p, &f);

		if (arc == TE_NO_NODE)
			pop(d);
		else
			go(d, p, arc, f);
	}
}

static bool complete(struct te_sync_run *r)
{
	size_t n = r->g->n, most = 0;
	struct deep d = { .r = r };

	d.order = ARENA_ARRAY(&r->mem, r->n, uint32_t);
	d.rest = ARENA_ARRAY(&r->mem, r->n, double);
	d.on = ARENA_ARRAY(&r->mem, r->n * n, bool);
	most = r->n * n + 1;
	d.stack = ARENA_ARRAY(&r->mem, most, struct place);
	if (!d.order || !d.rest || !d.on || !d.stack)
		return false;
	for (uint32_t i = 0; i < r->n; i++) { /* insertion: the largest first */
		uint32_t at = i;

		for (; at > 0 && r->req[d.order[at - 1]].rate_bps < r->req[i].rate_bps; at--)
			d.order[at] = d.order[at - 1];
		d.order[at] = i;
	}
	for (uint32_t i = r->n; i > 1; i--) {
		uint32_t q = d.order[i - 1];

		d.rest[i - 2] = d.rest[i - 1] +
				(double)r->least[q * n + r->req[q].src] * unit(r, q);
	}
	for (uint32_t i = 0; i < r->g->m; i++)
		r->load[i] = (double)r->g->arcs[i].other_bps;
	memset(r->n_path, 0, r->n * sizeof(*r->n_path));
	dig(&d);
	return true;
}

/* ---- the set ---- */

/* Least lengths and delays to each target, over arcs that could carry the request alone. */
static enum te_status alone(struct te_sync_run *r, uint32_t *where)
{
	size_t n = r->g->n;

	for (uint32_t q = 0; q < r->n; q++) {
		const struct te_sync_request *x = &r->req[q];

		*where = q;
		for (int delay = 0; delay < 2; delay++) {
			for (uint32_t i = 0; i < r->g->m; i++) {
				const struct te_arc *a = &r->g->arcs[i];
				uint64_t len = r->o->goal == TE_SYNC_MCC ? a->metric : 1;

				r->len[i] = !te_sync_fits(r, q, i) ? UINT64_MAX :
					    delay ? a->delay_us : len;
			}
			te_spf_run(&r->spf, x->dst, r->len);
			memcpy(delay ? &r->fast[q * n] : &r->least[q * n], r->spf.dist,
			       n * sizeof(*r->fast));
			r->work += r->g->m;
		}
		if (r->least[q * n + x->src] == TE_UNREACHED)
			return TE_NO_ROUTE;
		if (x->delay_us_max != TE_NO_BOUND && r->fast[q * n + x->src] > x->delay_us_max)
			return TE_NO_DELAY;
	}
	*where = TE_NO_NODE;
	return TE_OK;
}

static enum te_status check(const struct te_graph *g, const struct te_sync_request *reqs,
			    uint32_t n, uint32_t *where)
{
	enum te_status s = te_check_graph(g, where);

	if (s != TE_OK)
		return s;
	if (n > TE_SYNC_MAX || (size_t)n * g->n > TE_SYNC_CELLS)
		return TE_TOO_LARGE;
	for (uint32_t i = 0; i < n; i++) {
		*where = i;
		if (reqs[i].src >= g->n || reqs[i].dst >= g->n || reqs[i].src == reqs[i].dst)
			return TE_BAD_DEMAND;
	}
	*where = TE_NO_NODE;
	return TE_OK;
}

static bool open_run(struct te_sync_run *r)
{
	size_t n = r->g->n, cells = r->n * n + 1, m = (size_t)r->g->m + 1;

	r->len = ARENA_ARRAY(&r->mem, m, uint64_t);
	r->load = ARENA_ARRAY(&r->mem, m, double);
	r->least = ARENA_ARRAY(&r->mem, cells, uint64_t);
	r->fast = ARENA_ARRAY(&r->mem, cells, uint64_t);
	r->path = ARENA_ARRAY(&r->mem, (size_t)r->n + 1, uint32_t *);
	r->best_path = ARENA_ARRAY(&r->mem, (size_t)r->n + 1, uint32_t *);
	r->n_path = ARENA_ARRAY(&r->mem, (size_t)r->n + 1, uint32_t);
	r->n_best = ARENA_ARRAY(&r->mem, (size_t)r->n + 1, uint32_t);
	if (te_spf_init(&r->spf, r->g) < 0 || !r->len || !r->load || !r->least || !r->fast ||
	    !r->path || !r->best_path || !r->n_path || !r->n_best)
		return false;
	for (uint32_t q = 0; q < r->n; q++) {
		r->path[q] = ARENA_ARRAY(&r->mem, n, uint32_t);
		r->best_path[q] = ARENA_ARRAY(&r->mem, n, uint32_t);
		if (!r->path[q] || !r->best_path[q])
			return false;
	}
	for (uint32_t i = 0; i < r->g->m; i++) {
		const struct te_arc *a = &r->g->arcs[i];

		r->load[i] = (double)a->other_bps;
		if (a->capacity_bps > 0)
			r->base = fmax(r->base, r->load[i] / (double)a->capacity_bps);
	}
	return true;
}

static enum te_status answer(struct te_sync_run *r, struct arena *a, struct te_sync *out)
{
	struct te_sync_path *paths = ARENA_ARRAY(a, (size_t)r->n + 1, struct te_sync_path);
	bool proven = !r->stopped;

	out->work = r->work;
	if (!(r->best < INFINITY)) {
		out->found = proven ? TE_SYNC_NONE : TE_SYNC_UNKNOWN;
		return TE_OK;
	}
	if (!paths)
		return TE_NO_MEMORY;
	for (uint32_t q = 0; q < r->n; q++) {
		paths[q].arcs = arena_copy(a, r->best_path[q], r->n_best[q] * sizeof(uint32_t));
		paths[q].n = r->n_best[q];
		if (!paths[q].arcs)
			return TE_NO_MEMORY;
	}
	out->paths = paths;
	out->value = r->best;
	out->bound = proven ? r->best : fmin(r->bound, r->best);
	out->gap = out->value > 0 ? (out->value - out->bound) / out->value : 0;
	out->found = proven || out->gap <= 0 ? TE_SYNC_OPTIMAL : TE_SYNC_FEASIBLE;
	return TE_OK;
}

void te_sync(const struct te_graph *g, const struct te_sync_request *reqs, uint32_t n,
	     const struct te_sync_options *o, struct arena *a, struct te_sync *out)
{
	struct te_sync_run r = { .g = g, .req = reqs, .o = o, .n = n, .best = INFINITY };

	*out = (struct te_sync){ .where = TE_NO_NODE, .status = TE_BAD_OPTIONS,
				 .found = TE_SYNC_UNKNOWN };
	if (o->work_max == 0)
		return;
	out->status = check(g, reqs, n, &out->where);
	if (out->status != TE_OK)
		return;
	arena_init(&r.mem, 0);
	rng_seed(&r.rng, o->seed);
	out->status = open_run(&r) ? alone(&r, &out->where) : TE_NO_MEMORY;
	if (out->status == TE_OK) {
		if (n > 0)
			te_sync_find(&r);
		else
			te_sync_keep(&r);
		if (n > 0 && !te_sync_over(&r) && !complete(&r))
			out->status = TE_NO_MEMORY;
	}
	if (out->status == TE_OK)
		out->status = answer(&r, a, out);
	te_spf_fini(&r.spf);
	te_sync_fits_fini(&r.fits);
	arena_fini(&r.mem);
}
