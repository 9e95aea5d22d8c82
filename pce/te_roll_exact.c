/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is there an order? Only links matter that some mix of old and new lists overloads. Of the moves
 * left, one that loads none of them more can go first, and one that unloads none of them can go
 * last; neither takes an order away. What remains is searched set by set: what a set of moves
 * loads does not depend on their order, so every set is entered once.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "pce/te_roll.h"

enum { SET_MAX = 20 };

/* Per arc: all that may come together; scratch for one demand's old and new. */
struct mix {
	double *peak, *old, *new;
};

/* Calls take(arc) for every arc of the demand's old and new way, each once. */
static void each_arc(struct te_roll *r, struct mix *x, uint32_t demand,
		     void (*take)(struct te_roll *r, struct mix *x, uint32_t arc, unsigned *out),
		     unsigned *out)
{
	const struct te_net *net = &r->net;
	const struct te_want *w = &net->want[demand];
	const struct te_way *both[2] = { &r->cur[demand], &r->goal[demand] };

	if (!r->lost[demand])
		te_way_add(net, w, both[0], w->rate, x->old);
	te_way_add(net, w, both[1], w->rate, x->new);
	for (uint32_t z = r->lost[demand] ? 1 : 0; z < 2; z++) {
		uint32_t at = w->src;

		for (uint32_t i = 0; i <= both[z]->n; i++) {
			uint32_t to = te_way_stop(w, both[z], i);
			const struct te_flow *f = &net->flow[(size_t)at * net->p + to];

			for (uint32_t j = 0; j < f->n; j++) {
				uint32_t arc = net->share[f->start + j].arc;

				if (x->old[arc] > 0 || x->new[arc] > 0)
					take(r, x, arc, out);
				x->old[arc] = x->new[arc] = 0;
			}
			r->work += f->n;
			at = to;
		}
	}
}

static void take_peak(struct te_roll *r, struct mix *x, uint32_t arc, unsigned *out)
{
	(void)r;
	(void)out;
	x->peak[arc] += fmax(x->old[arc], x->new[arc]) - x->old[arc];
}

enum { ADDS = 1, RELEASES = 2 };

static void take_kind(struct te_roll *r, struct mix *x, uint32_t arc, unsigned *out)
{
	double less = x->old[arc] * (1 - 1e-12), more = x->old[arc] * (1 + 1e-12);

	if (x->peak[arc] <= r->limit)
		return;
	if (x->new[arc] > more)
		*out |= ADDS;
	if (x->new[arc] < less)
		*out |= RELEASES;
}

/* One pass of sorting moves out; true: something changed. */
static bool sort_out(struct te_roll *r, struct mix *x)
{
	uint32_t left = 0, before = r->n_todo;

	memcpy(x->peak, r->util, r->net.m * sizeof(*x->peak));
	for (uint32_t i = 0; i < r->n_todo; i++)
		each_arc(r, x, r->todo[i], take_peak, NULL);
	for (uint32_t i = 0; i < r->n_todo; i++) {
		uint32_t d = r->todo[i];
		unsigned kind = 0;

		each_arc(r, x, d, take_kind, &kind);
		if (!(kind & ADDS) && te_roll_try(r, d, &r->goal[d]))
			te_roll_tell(r, d, false);
		else if ((kind & ADDS) && !(kind & RELEASES))
			r->last[r->n_last++] = d;
		else
			r->todo[left++] = d;
	}
	r->n_todo = left;
	return left < before;
}

static bool seen(uint8_t *sets, uint32_t set)
{
	bool was = sets[set / 8] >> set % 8 & 1;

	sets[set / 8] |= (uint8_t)(1U << set % 8);
	return was;
}

struct puzzle {
	struct te_way from[SET_MAX];
	bool lost[SET_MAX];
	uint32_t next[SET_MAX + 1], chosen[SET_MAX]; /* by depth */
	uint32_t depth, set;
	uint8_t *sets; /* entered */
};

static void undo(struct te_roll *r, struct puzzle *p)
{
	uint32_t i = p->chosen[--p->depth], d = r->todo[i];

	p->set &= ~(1U << i);
	te_roll_set(r, d, &p->from[i]);
	if (p->lost[i]) {
		te_way_add(&r->net, &r->net.want[d], &p->from[i], -r->net.want[d].rate, r->util);
		r->lost[d] = true;
	}
}

/* One move more that leads to a set not entered yet. */
static bool deeper(struct te_roll *r, struct puzzle *p)
{
	while (p->next[p->depth] < r->n_todo) {
		uint32_t i = p->next[p->depth]++, d = r->todo[i];

		if ((p->set >> i & 1) || !te_roll_try(r, d, &r->goal[d]))
			continue;
		p->chosen[p->depth++] = i;
		p->set |= 1U << i;
		if (!seen(p->sets, p->set)) {
			p->next[p->depth] = 0;
			return true;
		}
		undo(r, p);
	}
	return false;
}

static enum te_roll_exact search(struct te_roll *r, struct puzzle *p)
{
	while (p->depth < r->n_todo) {
		if (te_roll_over(r)) {
			while (p->depth > 0)
				undo(r, p);
			return TE_ROLL_TOO_MANY;
		}
		if (deeper(r, p))
			continue;
		if (p->depth == 0)
			return TE_ROLL_NONE;
		undo(r, p);
	}
	while (p->depth > 0)
		undo(r, p);
	return TE_ROLL_DONE;
}

static enum te_roll_exact puzzle(struct te_roll *r)
{
	struct puzzle p = { .depth = 0 };
	uint32_t n = r->n_todo, order[SET_MAX];
	AUTO_FREE uint8_t *sets = NULL;
	enum te_roll_exact e;

	if (n == 0)
		return TE_ROLL_DONE;
	if (n > SET_MAX)
		return TE_ROLL_TOO_MANY;
	p.sets = sets = calloc(((size_t)1 << n) / 8 + 1, 1);
	if (!sets) {
		r->no_memory = true;
		return TE_ROLL_TOO_MANY;
	}
	for (uint32_t i = 0; i < n; i++) {
		p.from[i] = r->cur[r->todo[i]];
		p.lost[i] = r->lost[r->todo[i]];
	}
	e = search(r, &p);
	if (e != TE_ROLL_DONE)
		return e;
	for (uint32_t i = 0; i < n; i++)
		order[i] = r->todo[p.chosen[i]];
	for (uint32_t i = 0; i < n; i++) {
		te_roll_set(r, order[i], &r->goal[order[i]]);
		te_roll_tell(r, order[i], false);
	}
	r->n_todo = 0;
	return e;
}

enum te_roll_exact te_roll_exact(struct te_roll *r)
{
	size_t m = (size_t)r->net.m + 1;
	struct mix x = { ARENA_ARRAY(&r->mem, m, double), ARENA_ARRAY(&r->mem, m, double),
			 ARENA_ARRAY(&r->mem, m, double) };

	if (!x.peak || !x.old || !x.new) {
		r->no_memory = true;
		return TE_ROLL_TOO_MANY;
	}
	while (r->n_todo > 0 && !te_roll_over(r) && sort_out(r, &x))
		;
	return puzzle(r);
}
