/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The optimiser's course: search, and beside it the bound; when the bound's split placement is as
 * good as it gets, search again around roundings of it. All turns are taken by work done, never
 * by time, so that one answer belongs to one (problem, options, moment of stopping).
 */
#include <math.h>
#include <string.h>

#include "pce/te_priv.h"

enum {
	BOUND_SHARE = 8, /* times the search's work goes to the bound, until it is ready */
	BOUND_LATER = 4, /* afterwards the search gets that much more */
	BOUND_ROUNDS = 20000,
	SHAKES = 6, /* for one rounding */
	LATE_ROUNDS = 4,
};

#define ROUND_GAP 0.02 /* roundings are nearly good: only the fullest links matter */
#define GAP_MIN 1e-6
#define READY 3e-4
#define DONE 2e-6

struct course {
	const struct te_problem *prob;
	const struct te_options *o;
	struct te_net net;
	struct te_search search;
	struct te_bound bound;
	uint64_t bound_at, search_at; /* work when it was ready */
	bool bound_open, bound_ready, bound_done; /* ready: good enough to be rounded */
	uint32_t roundings;
	enum te_end end;
};

static uint64_t work_of(const struct course *c)
{
	return c->net.work + c->search.work + c->bound.work;
}

/* Is it over? c->end then says why. */
static bool over(struct course *c)
{
	const struct te_options *o = c->o;
	const struct te_search *s = &c->search;
	double gap = fmax(o->gap, GAP_MIN);

	c->end = TE_END_OPTIMAL;
	if (s->n_free == 0 || s->best_cost <= 0)
		return true;
	if (c->bound_open && s->best_cost - c->bound.bound <= gap * s->best_cost)
		return true;
	c->end = TE_END_TARGET;
	if (o->target > 0 && s->best_util <= o->target)
		return true;
	c->end = TE_END_WORK;
	if (o->work_max > 0 && work_of(c) >= o->work_max)
		return true;
	c->end = TE_END_STOPPED;
	return o->go_on && !o->go_on(o->arg, &(struct te_progress){
		.work = work_of(c), .util = s->best_util,
		.bound = c->bound_open ? c->bound.bound : 0, .changed = s->best_changed });
}

static void round_off(struct course *c)
{
	struct te_search *s = &c->search;
	uint64_t before = c->bound.work;

	memcpy(s->cur, s->best, c->net.n_wants * sizeof(*s->cur)); /* those without rate */
	if (te_bound_round(&c->bound, c->roundings ? &s->rng : NULL, s->cur))
		te_search_restart(s, ROUND_GAP);
	c->bound_at += c->bound.work - before; /* no turn of the bound's */
	c->roundings++;
	s->width = s->k;
}

static void bound_turn(struct course *c)
{
	te_bound_step(&c->bound);
	c->bound_done = te_bound_done(&c->bound, DONE) || c->bound.rounds >= BOUND_ROUNDS;
	if (c->bound_ready || (!c->bound_done && !te_bound_done(&c->bound, READY)))
		return;
	c->bound_ready = true;
	c->bound_at = c->bound.work;
	c->search_at = c->search.work;
	round_off(c);
}

static void search_turn(struct course *c)
{
	te_search_step(&c->search);
	if (!c->search.dry)
		return;
	if (c->bound_ready && c->search.kicks >= SHAKES * c->roundings)
		round_off(c);
	else
		te_search_shake(&c->search);
}

static bool bounds_turn(const struct course *c)
{
	if (!c->bound_open || c->bound_done)
		return false;
	if (!c->bound_ready)
		return c->bound.work <= BOUND_SHARE * c->search.work;
	return BOUND_LATER * (c->bound.work - c->bound_at) <= c->search.work - c->search_at;
}

static enum te_status run(struct course *c)
{
	while (!over(c)) {
		if (!c->bound_open && c->search.work > 4 * c->net.work) {
			if (te_bound_init(&c->bound, &c->search) < 0)
				return TE_NO_MEMORY;
			c->bound_open = true;
		}
		if (bounds_turn(c))
			bound_turn(c);
		else
			search_turn(c);
	}
	return TE_OK;
}

static enum te_status answer(struct course *c, struct arena *a, struct te_result *out)
{
	struct te_search *s = &c->search;
	struct te_list *lists = ARENA_ARRAY(a, (size_t)c->net.n_wants + 1, struct te_list);
	double *load = ARENA_ARRAY(a, (size_t)c->net.m + 1, double);

	if (!lists || !load)
		return TE_NO_MEMORY;
	te_tidy(s, fmax(s->best_util * (1 + 1e-9), c->o->target));
	for (uint32_t i = 0; i < c->net.n_wants; i++) {
		const struct te_want *w = &c->net.want[i];

		if (w->has_now && (w->fixed || te_way_same(&s->best[i], &w->now)))
			lists[i] = c->prob->demands[i].now;
		else
			te_way_list(&c->net, &s->best[i], &lists[i]);
		out->changed += !te_list_same(&lists[i], &c->prob->demands[i].now);
		out->midpoints += te_list_n(&lists[i]);
	}
	out->lists = lists;
	out->load = load;
	return te_loads(c->prob, lists, load, &out->where);
}

/* Who stopped before there was a bound gets one that took little. */
static void late_bound(struct course *c)
{
	if (c->search.n_free == 0 || (c->bound_open && c->bound.rounds > 0))
		return;
	if (!c->bound_open && te_bound_init(&c->bound, &c->search) < 0)
		return;
	c->bound_open = true;
	while (c->bound.rounds < LATE_ROUNDS && !te_bound_done(&c->bound, DONE))
		te_bound_step(&c->bound);
}

static void figures(struct course *c, struct te_result *out)
{
	late_bound(c);
	out->util = te_fullest(out->load, c->net.m);
	out->end = c->end;
	out->work = work_of(c);
	out->bound = te_fullest(c->net.base, c->net.m) * (1 - GAP_MIN);
	if (c->bound_open) {
		te_bound_any(&c->bound);
		out->bound_any = fmin(c->bound.bound_any, out->util);
		out->bound = fmax(out->bound, c->bound.bound);
	}
	out->bound = fmin(fmax(out->bound, out->bound_any), out->util);
	out->gap = out->util > 0 ? (out->util - out->bound) / out->util : 0;
}

/* Of what runs: infinite where it is lost, or crosses what carries nothing. */
static enum te_status before(struct course *c, struct arena *a, struct te_result *out)
{
	struct te_list *now = ARENA_ARRAY(a, (size_t)c->net.n_wants + 1, struct te_list);
	double *load = ARENA_ARRAY(a, (size_t)c->net.m + 1, double);
	enum te_status s;
	uint32_t where;

	if (!now || !load)
		return TE_NO_MEMORY;
	for (uint32_t i = 0; i < c->net.n_wants; i++)
		now[i] = c->prob->demands[i].now;
	s = te_loads(c->prob, now, load, &where);
	out->util_start = s == TE_OK ? te_fullest(load, c->net.m) : INFINITY;
	return s == TE_NO_ROUTE ? TE_OK : s;
}

static bool sensible(const struct te_options *o)
{
	return o->midpoints <= TE_MIDPOINTS_MAX && (o->work_max > 0 || o->go_on) &&
	       o->target >= 0 && o->gap >= 0 && o->charge >= 0 && o->target < INFINITY &&
	       o->gap < 1 && o->charge < INFINITY;
}

void te_optimise(const struct te_problem *p, const struct te_options *o, struct arena *a,
		 struct te_result *out)
{
	struct course c = { .prob = p, .o = o };

	*out = (struct te_result){ .where = TE_NO_NODE, .status = TE_BAD_OPTIONS };
	if (!sensible(o))
		return;
	out->status = te_net_init(&c.net, p, o, NULL, &out->where);
	if (out->status == TE_OK)
		out->status = te_search_init(&c.search, &c.net, o, &out->where);
	if (out->status == TE_OK)
		out->status = before(&c, a, out);
	if (out->status == TE_OK)
		out->status = run(&c);
	if (out->status == TE_OK)
		out->status = answer(&c, a, out);
	if (out->status == TE_OK)
		figures(&c, out);
	if (c.bound.net)
		te_bound_fini(&c.bound);
	te_search_fini(&c.search);
	te_net_fini(&c.net);
}
