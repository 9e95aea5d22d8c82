/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of moves. The engine finds one in which no link is overloaded by what crosses it; the
 * book reserves more than that, the whole rate on every way of ECMP, so each move is then tried on
 * a copy of it, old list and new at once as make-before-break has it. What does not fit waits for
 * others to move away; what never fits is dropped, and the figures are those without it.
 */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "intent/optimise/optimise_priv.h"

#define ORDER_WORK UINT64_C(50000000)

enum { TRIES_MAX = 16, PASSES_MAX = 64 };

struct order {
	struct opt_solve *s;
	const struct te_move *moves;
	uint32_t n_moves;
	const struct opt_route **route; /* by move; NULL: may not be used */
	bool *taken;			/* by move */
	const struct opt_route **at;	/* by flow: where it is */
	bool *over, *out;		/* by flow: has its last list; is left out */
	uint64_t *used_bps;		/* by link */
};

/* ---- a copy of the book ---- */

static bool has(const struct opt_route *r, uint32_t link)
{
	uint32_t lo = 0, hi = r->n_links;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (r->links[mid] < link)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < r->n_links && r->links[lo] == link;
}

/* The link on which it does not fit beside all there is, TED_NONE: it fits. */
static uint32_t too_full(const struct order *o, uint32_t flow, const struct opt_route *to)
{
	const struct opt_job *j = o->s->j;

	for (uint32_t k = 0; k < to->n_links; k++) {
		uint32_t l = to->links[k];
		uint64_t used = o->used_bps[l], cap = j->capacity_bps[l];

		if (!has(o->at[flow], l) && (used > cap || cap - used < j->flows[flow].rate_bps))
			return l;
	}
	return TED_NONE;
}

static void move(struct order *o, uint32_t flow, const struct opt_route *to)
{
	const struct opt_route *from = o->at[flow];
	uint64_t rate = o->s->j->flows[flow].rate_bps;

	for (uint32_t k = 0; k < to->n_links; k++)
		if (!has(from, to->links[k]))
			o->used_bps[to->links[k]] += rate;
	for (uint32_t k = 0; k < from->n_links; k++)
		if (!has(to, from->links[k]))
			o->used_bps[from->links[k]] -= rate;
	o->at[flow] = to;
}

static double booked_most(const struct order *o)
{
	const struct opt_job *j = o->s->j;
	double most = 0;

	for (uint32_t l = 0; l < j->n_links; l++)
		if (j->capacity_bps[l] > 0)
			most = fmax(most, (double)o->used_bps[l] / (double)j->capacity_bps[l]);
	return most;
}

/* ---- steps ---- */

static bool try_move(struct order *o, uint32_t m)
{
	const struct te_move *x = &o->moves[m];
	struct opt_job *j = o->s->j;

	if (o->taken[m] || o->over[x->demand] || o->out[x->demand] || !o->route[m] ||
	    too_full(o, x->demand, o->route[m]) != TED_NONE)
		return false;
	move(o, x->demand, o->route[m]);
	o->taken[m] = true;
	o->over[x->demand] = !x->detour;
	j->steps[j->n_steps++] = (struct opt_step){ .flow = x->demand, .to = o->route[m],
						    .detour = x->detour };
	return true;
}

static void start_over(struct order *o)
{
	struct opt_job *j = o->s->j;

	j->n_steps = 0;
	memcpy(o->used_bps, j->reserved_bps, j->n_links * sizeof(*o->used_bps));
	memset(o->taken, 0, o->n_moves * sizeof(*o->taken));
	memset(o->over, 0, j->n_flows * sizeof(*o->over));
	for (uint32_t k = 0; k < j->n_flows; k++)
		o->at[k] = &j->flows[k].is;
}

static void pass(struct order *o)
{
	bool any = true;

	start_over(o);
	for (unsigned n = 0; any && n < PASSES_MAX; n++) {
		any = false;
		for (uint32_t m = 0; m < o->n_moves; m++)
			any = try_move(o, m) || any;
	}
}

static void drop(struct order *o, uint32_t flow)
{
	struct opt_job *j = o->s->j;
	struct opt_flow *f = &j->flows[flow];
	char label[TED_LABEL_MAX];
	uint32_t link = too_full(o, flow, f->to);

	o->out[flow] = true;
	f->dropped = true;
	f->why = link == TED_NONE ? "no order of moves was found for it in time" :
				    arena_printf(&j->arena, "%s has too little free for the move",
						 ted_link_label(j->ted, link, label, sizeof(label)));
	if (!f->why)
		f->why = "no memory";
}

/* Nobody is left on a detour: who could not go on from there does not set out. */
static bool strays(struct order *o)
{
	bool any = false;

	for (uint32_t k = 0; k < o->s->j->n_flows; k++) {
		if (o->over[k] || o->out[k] || o->at[k] == &o->s->j->flows[k].is)
			continue;
		drop(o, k);
		any = true;
	}
	return any;
}

static void steps(struct order *o)
{
	struct opt_job *j = o->s->j;
	unsigned n = 0;

	do
		pass(o);
	while (strays(o) && ++n < TRIES_MAX);
	if (n == TRIES_MAX)
		j->n_steps = 0;
	for (uint32_t k = 0; k < j->n_flows; k++) {
		struct opt_flow *f = &j->flows[k];

		if (f->to && !(j->n_steps > 0 && o->over[k]) && !o->out[k])
			drop(o, k);
		if (f->to && o->out[k]) {
			f->to = NULL;
			o->s->lists[k] = f->now;
		}
	}
}

/* ---- figures ---- */

/* What crosses the fullest link, as a share of it; infinite: a list crosses what carries nothing. */
static double fullest(const struct opt_solve *s, const struct te_list *lists,
		      char label[TED_LABEL_MAX])
{
	struct arena a;
	double *load, most = INFINITY;
	uint32_t where;

	arena_init(&a, 0);
	load = ARENA_ARRAY(&a, (size_t)s->problem.graph.m + 1, double);
	if (load && te_loads(&s->problem, lists, load, &where) == TE_OK) {
		most = 0;
		for (uint32_t k = 0; k < s->problem.graph.m; k++) {
			if (!(load[k] > most))
				continue;
			most = load[k];
			(void)ted_link_label(s->j->ted, s->graph.link[k], label, TED_LABEL_MAX);
		}
	}
	arena_fini(&a);
	return most;
}

static void figures_before(struct opt_solve *s, struct te_list *now)
{
	struct opt_figures *is = &s->j->is;

	for (uint32_t k = 0; k < s->j->n_flows; k++)
		now[k] = s->j->flows[k].now;
	is->before = fullest(s, now, is->fullest_before);
}

/* Moves that gain nothing are not made. */
static void give_up(struct opt_solve *s, const char *why)
{
	struct opt_job *j = s->j;

	j->n_steps = 0;
	for (uint32_t k = 0; k < j->n_flows; k++) {
		struct opt_flow *f = &j->flows[k];

		if (!f->to)
			continue;
		f->to = NULL;
		f->dropped = true;
		f->why = why;
		s->lists[k] = f->now;
	}
}

static bool wants_any(const struct opt_job *j)
{
	for (uint32_t k = 0; k < j->n_flows; k++)
		if (j->flows[k].to)
			return true;
	return false;
}

/* ---- the whole ---- */

static bool order_open(struct order *o)
{
	struct opt_job *j = o->s->j;
	struct arena *a = &j->arena;
	size_t m = (size_t)o->n_moves + 1, n = (size_t)j->n_flows + 1;

	o->route = ARENA_ARRAY(a, m, const struct opt_route *);
	o->taken = ARENA_ARRAY(a, m, bool);
	o->at = ARENA_ARRAY(a, n, const struct opt_route *);
	o->over = ARENA_ARRAY(a, n, bool);
	o->out = ARENA_ARRAY(a, n, bool);
	o->used_bps = ARENA_ARRAY(a, (size_t)j->n_links + 1, uint64_t);
	j->steps = ARENA_ARRAY(a, m, struct opt_step);
	if (!o->route || !o->taken || !o->at || !o->over || !o->out || !o->used_bps || !j->steps)
		return false;
	for (uint32_t k = 0; k < o->n_moves; k++) {
		const struct te_move *x = &o->moves[k];
		const char *why;

		o->route[k] = x->detour ? intent_opt_route(o->s, &j->flows[x->demand], &x->list, &why) :
					  j->flows[x->demand].to;
	}
	start_over(o);
	j->is.booked_before = j->is.booked_after = booked_most(o);
	return true;
}

static bool order_goes_on(void *arg, const struct te_progress *p)
{
	(void)p;
	return intent_opt_go_on(arg, OPT_PHASES - 1);
}

static enum intent_optimise_rollout rollout_of(const struct te_rollout *r)
{
	static const enum intent_optimise_rollout of[] = {
		[TE_ROLLOUT_FOUND] = INTENT_ROLLOUT_FOUND,
		[TE_ROLLOUT_DETOURS] = INTENT_ROLLOUT_DETOURS,
		[TE_ROLLOUT_NONE] = INTENT_ROLLOUT_NONE,
		[TE_ROLLOUT_UNKNOWN] = INTENT_ROLLOUT_UNKNOWN,
	};

	return r->status == TE_OK ? of[r->found] : INTENT_ROLLOUT_UNKNOWN;
}

static bool detours(const struct opt_job *j)
{
	for (uint32_t k = 0; k < j->n_steps; k++)
		if (j->steps[k].detour)
			return true;
	return false;
}

/* True: the steps that fit make the fullest link emptier. */
static bool gain(struct order *o)
{
	struct opt_solve *s = o->s;
	struct opt_figures *is = &s->j->is;

	steps(o);
	is->after = fullest(s, s->lists, is->fullest_after);
	is->booked_after = booked_most(o);
	return is->after < is->before * (1 - 1e-9) && s->j->n_steps > 0;
}

static void stay(struct opt_figures *is)
{
	is->after = is->before;
	memcpy(is->fullest_after, is->fullest_before, sizeof(is->fullest_after));
	is->booked_after = is->booked_before;
}

static void whole(struct order *o)
{
	struct opt_figures *is = &o->s->j->is;

	if (gain(o)) {
		is->rollout = detours(o->s->j) ? INTENT_ROLLOUT_DETOURS : INTENT_ROLLOUT_FOUND;
		return;
	}
	give_up(o->s, "without the moves that do not fit this one gains nothing");
	stay(is);
	is->rollout = INTENT_ROLLOUT_NONE_NEEDED;
}

/* There is no order of all moves: those that fit, when they gain something. Else the plan is told
 * as it is, for people: without steps. */
static void part(struct order *o, const struct te_list *wanted)
{
	struct opt_solve *s = o->s;
	struct opt_job *j = s->j;
	const struct opt_route **to = ARENA_ARRAY(&j->arena, (size_t)j->n_flows + 1,
						  const struct opt_route *);

	for (uint32_t k = 0; to && k < j->n_flows; k++)
		to[k] = j->flows[k].to;
	if (!to || gain(o)) {
		j->is.rollout = INTENT_ROLLOUT_PART;
		return;
	}
	j->n_steps = 0;
	memcpy(s->lists, wanted, j->n_flows * sizeof(*wanted));
	for (uint32_t k = 0; k < j->n_flows; k++) {
		if (!to[k])
			continue;
		j->flows[k].to = to[k];
		j->flows[k].dropped = false;
		j->flows[k].why = NULL;
	}
	stay(&j->is);
	j->is.after = fullest(s, s->lists, j->is.fullest_after); /* where it would lead */
}

/* Each that changes, once. */
static bool direct(struct order *o, const struct te_list *wanted)
{
	struct opt_job *j = o->s->j;
	struct te_move *moves = ARENA_ARRAY(&j->arena, (size_t)j->n_flows + 1, struct te_move);

	o->n_moves = 0;
	o->moves = moves;
	for (uint32_t k = 0; moves && k < j->n_flows; k++)
		if (j->flows[k].to)
			moves[o->n_moves++] = (struct te_move){ .demand = k, .list = wanted[k] };
	return moves != NULL;
}

/* False: no memory. */
static bool order(struct opt_solve *s, const struct te_rollout *roll)
{
	struct order o = { .s = s, .moves = roll->moves, .n_moves = roll->n_moves };
	bool found = roll->status == TE_OK && (roll->found == TE_ROLLOUT_FOUND ||
					       roll->found == TE_ROLLOUT_DETOURS);
	const struct te_list *wanted = arena_copy(&s->j->arena, s->lists,
						  (size_t)s->j->n_flows * sizeof(*wanted));
	bool any = wants_any(s->j);

	if (!wanted || (any && !found && !direct(&o, wanted)) || !order_open(&o))
		return false;
	stay(&s->j->is);
	if (!any)
		return true;
	s->j->is.rollout = rollout_of(roll);
	if (found)
		whole(&o);
	else
		part(&o, wanted);
	return true;
}

void intent_opt_order(struct opt_solve *s)
{
	const struct te_rollout_options opt = { .work_max = ORDER_WORK, .go_on = order_goes_on,
						.arg = s };
	struct te_list *now = ARENA_ARRAY(&s->j->arena, (size_t)s->j->n_flows + 1, struct te_list);
	struct te_rollout roll = { .status = TE_OK };

	s->j->is.bound = s->bound;
	if (now) {
		figures_before(s, now);
		if (wants_any(s->j))
			te_rollout(&s->problem, s->lists, &opt, &s->j->arena, &roll);
	}
	if (!now || !order(s, &roll))
		s->j->why = "no memory";
}
