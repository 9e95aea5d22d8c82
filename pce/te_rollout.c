/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rollouts: what fits is moved; what is left over is a puzzle, solved exactly when it is small
 * (te_roll_exact.c), else by moving others out of the way for a while (te_roll_detour.c).
 *
 * A step is allowed when no link that it loads more than before is then above the limit. (With
 * the limit that is taken when none is given, that is: no link at all.)
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pce/te_roll.h"

enum { ASK_EVERY = 200000 };

#define EASE (1 + 3e-7) /* what float shares may be off */

bool te_roll_over(struct te_roll *r)
{
	const struct te_rollout_options *o = r->o;

	if (o->work_max > 0 && r->work >= o->work_max)
		r->stopped = true;
	if (!r->stopped && o->go_on && r->work >= r->work_next) {
		r->work_next = r->work + ASK_EVERY;
		r->stopped = !o->go_on(o->arg, &(struct te_progress){
			.work = r->work, .util = r->peak, .changed = r->n_moves });
	}
	return r->stopped || r->no_memory;
}

/* Calls for every arc of a way: keeps what is there, or looks whether it is too much. */
static bool walk(struct te_roll *r, uint32_t demand, const struct te_way *way, bool keep)
{
	const struct te_net *net = &r->net;
	const struct te_want *w = &net->want[demand];
	uint32_t at = w->src;
	bool good = true;

	for (uint32_t i = 0; i <= way->n; i++) {
		uint32_t to = te_way_stop(w, way, i);
		const struct te_flow *f = &net->flow[(size_t)at * net->p + to];

		for (uint32_t j = 0; j < f->n; j++) {
			uint32_t arc = net->share[f->start + j].arc;

			if (keep)
				r->was[arc] = r->util[arc];
			else if (r->util[arc] > r->limit && r->util[arc] > r->was[arc] * EASE)
				good = false;
		}
		r->work += f->n;
		at = to;
	}
	return good;
}

void te_roll_set(struct te_roll *r, uint32_t demand, const struct te_way *way)
{
	const struct te_want *w = &r->net.want[demand];

	if (!r->lost[demand])
		te_way_add(&r->net, w, &r->cur[demand], -w->rate, r->util);
	te_way_add(&r->net, w, way, w->rate, r->util);
	r->cur[demand] = *way;
	r->lost[demand] = false;
}

bool te_roll_try(struct te_roll *r, uint32_t demand, const struct te_way *way)
{
	const struct te_want *w = &r->net.want[demand];
	const struct te_way old = r->cur[demand];
	bool was_lost = r->lost[demand];

	(void)walk(r, demand, way, true);
	te_roll_set(r, demand, way);
	if (walk(r, demand, way, false))
		return true;
	te_way_add(&r->net, w, way, -w->rate, r->util);
	if (!was_lost)
		te_way_add(&r->net, w, &old, w->rate, r->util);
	r->cur[demand] = old;
	r->lost[demand] = was_lost;
	return false;
}

void te_roll_tell(struct te_roll *r, uint32_t demand, bool detour)
{
	if (r->n_moves == r->cap_moves) {
		uint32_t cap = r->cap_moves ? r->cap_moves * 2 : 64;
		struct te_move *more = realloc(r->move, cap * sizeof(*more));

		if (!more) {
			r->no_memory = true;
			return;
		}
		r->move = more;
		r->cap_moves = cap;
	}
	r->move[r->n_moves] = (struct te_move){ .demand = demand, .detour = detour };
	te_way_list(&r->net, &r->cur[demand], &r->move[r->n_moves].list);
	r->n_moves++;
	r->detours = r->detours || detour;
	r->peak = fmax(r->peak, te_fullest(r->util, r->net.m));
	r->work += r->net.m;
}

bool te_roll_greedy(struct te_roll *r)
{
	bool any = true;

	while (any && r->n_todo > 0 && !te_roll_over(r)) {
		uint32_t left = 0;

		any = false;
		for (uint32_t i = 0; i < r->n_todo; i++) {
			uint32_t d = r->todo[i];

			if (te_roll_over(r) || !te_roll_try(r, d, &r->goal[d])) {
				r->todo[left++] = d;
				continue;
			}
			te_roll_tell(r, d, false);
			any = true;
		}
		r->n_todo = left;
	}
	return r->n_todo == 0;
}

static enum te_status ways(struct te_roll *r, const struct te_list *lists, uint32_t *where)
{
	const struct te_problem *p = r->net.prob;

	for (uint32_t i = 0; i < p->n_demands; i++) {
		const struct te_want *w = &r->net.want[i];

		*where = i;
		if (w->fixed && !te_list_same(&lists[i], &p->demands[i].now))
			return TE_BAD_DEMAND;
		(void)te_way_of(&r->net, &p->demands[i].now, &r->cur[i]);
		(void)te_way_of(&r->net, &lists[i], &r->goal[i]);
		te_way_tidy(w, &r->cur[i]);
		te_way_tidy(w, &r->goal[i]);
		r->lost[i] = te_way_delay(&r->net, w, &r->cur[i]) == TE_NO_WAY;
		if (te_way_delay(&r->net, w, &r->goal[i]) == TE_NO_WAY)
			return TE_NO_ROUTE;
		if (!te_list_same(&lists[i], &p->demands[i].now))
			r->todo[r->n_todo++] = i;
	}
	*where = TE_NO_NODE;
	return TE_OK;
}

/* The fullest link before and after, and the limit that follows. */
static void limits(struct te_roll *r)
{
	const struct te_net *net = &r->net;
	double after;

	memcpy(r->was, net->base, net->m * sizeof(*r->was));
	memcpy(r->util, net->base, net->m * sizeof(*r->util));
	for (uint32_t i = 0; i < net->n_wants; i++) {
		const struct te_want *w = &net->want[i];

		if (w->fixed)
			continue;
		if (!r->lost[i])
			te_way_add(net, w, &r->cur[i], w->rate, r->util);
		te_way_add(net, w, &r->goal[i], w->rate, r->was);
	}
	after = te_fullest(r->was, net->m);
	r->limit = r->o->limit > 0 ? r->o->limit :
				     fmax(1, fmax(te_fullest(r->util, net->m), after));
	r->limit *= EASE;
}

static enum te_status open_roll(struct te_roll *r, const struct te_problem *p,
				const struct te_list *lists, uint32_t *where)
{
	struct te_options o = { .midpoints = TE_MIDPOINTS_MAX };
	enum te_status s = te_check_problem(p, where);
	size_t n = (size_t)p->n_demands + 1;

	for (uint32_t i = 0; s == TE_OK && i < p->n_demands; i++) {
		if (te_list_good(&p->graph, &lists[i]))
			continue;
		*where = i;
		s = TE_BAD_DEMAND;
	}
	if (s == TE_OK)
		s = te_net_init(&r->net, p, &o, lists, where);
	if (s != TE_OK)
		return s;
	r->cur = ARENA_ARRAY(&r->mem, n, struct te_way);
	r->goal = ARENA_ARRAY(&r->mem, n, struct te_way);
	r->lost = ARENA_ARRAY(&r->mem, n, bool);
	r->todo = ARENA_ARRAY(&r->mem, n, uint32_t);
	r->last = ARENA_ARRAY(&r->mem, n, uint32_t);
	r->util = ARENA_ARRAY(&r->mem, (size_t)p->graph.m + 1, double);
	r->was = ARENA_ARRAY(&r->mem, (size_t)p->graph.m + 1, double);
	if (!r->cur || !r->goal || !r->lost || !r->todo || !r->last || !r->util || !r->was)
		return TE_NO_MEMORY;
	s = ways(r, lists, where);
	if (s == TE_OK)
		limits(r);
	return s;
}

/* Those that were kept for the end: whatever the order, they are as good as it then gets. */
static bool finish(struct te_roll *r)
{
	for (uint32_t i = 0; i < r->n_last; i++)
		if (!te_way_same(&r->cur[r->last[i]], &r->goal[r->last[i]]) ||
		    r->lost[r->last[i]])
			r->todo[r->n_todo++] = r->last[i];
	return te_roll_greedy(r) || te_roll_detour(r);
}

static void solve(struct te_roll *r, struct te_rollout *out)
{
	enum te_roll_exact e = te_roll_exact(r);

	if ((e == TE_ROLL_DONE || te_roll_greedy(r) || te_roll_detour(r)) && finish(r)) {
		out->found = r->detours ? TE_ROLLOUT_DETOURS : TE_ROLLOUT_FOUND;
		return;
	}
	r->n_moves = 0; /* half of a way is none */
	out->found = e == TE_ROLL_NONE && !r->stopped ? TE_ROLLOUT_NONE : TE_ROLLOUT_UNKNOWN;
}

void te_rollout(const struct te_problem *p, const struct te_list *lists,
		const struct te_rollout_options *o, struct arena *a, struct te_rollout *out)
{
	struct te_roll r = { .o = o };

	*out = (struct te_rollout){ .where = TE_NO_NODE, .status = TE_BAD_OPTIONS,
				    .found = TE_ROLLOUT_UNKNOWN };
	if (!(o->limit >= 0) || o->limit > 1e30 || (o->work_max == 0 && !o->go_on))
		return;
	arena_init(&r.mem, 0);
	out->status = open_roll(&r, p, lists, &out->where);
	if (out->status == TE_OK) {
		solve(&r, out);
		if (r.n_moves > 0)
			out->moves = arena_copy(a, r.move, r.n_moves * sizeof(*r.move));
		out->n_moves = r.n_moves;
		out->limit = r.limit;
		out->peak = r.peak;
		out->work = r.work + r.net.work;
		if (r.no_memory || (r.n_moves > 0 && !out->moves))
			out->status = TE_NO_MEMORY;
	}
	free(r.move);
	te_net_fini(&r.net);
	arena_fini(&r.mem);
}
