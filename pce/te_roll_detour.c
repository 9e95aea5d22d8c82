/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When nothing fits any more: a demand that is in the way goes elsewhere for a while, another one
 * moves, and the first one follows later. Found one at a time, by trying; nothing is proven.
 */
#include "pce/te_roll.h"

enum { ROUNDS = 4 }; /* detours for each demand to be moved, at most */

static bool crosses(const struct te_roll *r, uint32_t demand, const bool *arcs)
{
	const struct te_net *net = &r->net;
	const struct te_want *w = &net->want[demand];
	uint32_t at = w->src;

	for (uint32_t i = 0; i <= r->cur[demand].n; i++) {
		uint32_t to = te_way_stop(w, &r->cur[demand], i);
		const struct te_flow *f = &net->flow[(size_t)at * net->p + to];

		for (uint32_t j = 0; j < f->n; j++)
			if (arcs[net->share[f->start + j].arc])
				return true;
		at = to;
	}
	return false;
}

/* The links that are too full once the demand is where it wants to be. */
static void in_the_way(struct te_roll *r, uint32_t demand, bool *arcs)
{
	const struct te_way old = r->cur[demand];
	const struct te_want *w = &r->net.want[demand];
	bool lost = r->lost[demand];

	te_roll_set(r, demand, &r->goal[demand]);
	for (uint32_t i = 0; i < r->net.m; i++)
		arcs[i] = r->util[i] > r->limit;
	te_roll_set(r, demand, &old);
	if (lost) {
		te_way_add(&r->net, w, &old, -w->rate, r->util);
		r->lost[demand] = true;
	}
	r->work += r->net.m;
}

static bool awaited(const struct te_roll *r, uint32_t demand)
{
	for (uint32_t i = 0; i < r->n_todo; i++)
		if (r->todo[i] == demand)
			return true;
	return false;
}

/* Is there a place for the helper that lets the demand move? Both are then moved. */
static bool give_way(struct te_roll *r, uint32_t demand, uint32_t helper, const struct te_way *way)
{
	const struct te_want *w = &r->net.want[helper];
	const struct te_way old = r->cur[helper];

	if (te_way_same(way, &old) || !te_way_fits(&r->net, w, way) ||
	    !te_roll_try(r, helper, way))
		return false;
	r->work += 8;
	if (!te_roll_try(r, demand, &r->goal[demand])) {
		te_roll_set(r, helper, &old);
		return false;
	}
	return true;
}

static bool find_place(struct te_roll *r, uint32_t demand, uint32_t helper)
{
	const struct te_net *net = &r->net;
	const struct te_way was = r->cur[demand];
	struct te_way way = { 0 };
	bool found, lost = r->lost[demand];

	found = give_way(r, demand, helper, &way);
	for (uint32_t h = 0; !found && h < net->p && !te_roll_over(r); h++) {
		way = (struct te_way){ .mid = { (uint16_t)h }, .n = 1 };
		if (net->hub[h] && h != net->want[helper].src && h != net->want[helper].dst)
			found = give_way(r, demand, helper, &way);
	}
	if (!found)
		return false;
	/* told one after the other, so that the peak is seen */
	te_roll_set(r, demand, &was);
	if (lost) {
		te_way_add(net, &net->want[demand], &was, -net->want[demand].rate, r->util);
		r->lost[demand] = true;
	}
	te_roll_tell(r, helper, true);
	te_roll_set(r, demand, &r->goal[demand]);
	te_roll_tell(r, demand, false);
	return true;
}

static bool help(struct te_roll *r, uint32_t at, bool *arcs)
{
	uint32_t demand = r->todo[at];

	in_the_way(r, demand, arcs);
	for (uint32_t j = 0; j < r->net.n_wants && !te_roll_over(r); j++) {
		if (j == demand || r->net.want[j].fixed || r->lost[j] || !crosses(r, j, arcs) ||
		    !find_place(r, demand, j))
			continue;
		r->todo[at] = r->todo[--r->n_todo];
		if (!awaited(r, j))
			r->todo[r->n_todo++] = j;
		return true;
	}
	return false;
}

bool te_roll_detour(struct te_roll *r)
{
	bool *arcs = ARENA_ARRAY(&r->mem, (size_t)r->net.m + 1, bool);
	uint64_t rounds = (uint64_t)ROUNDS * r->n_todo;

	if (!arcs) {
		r->no_memory = true;
		return false;
	}
	for (uint64_t i = 0; i < rounds && !te_roll_greedy(r); i++) {
		bool any = false;

		for (uint32_t at = 0; at < r->n_todo && !any && !te_roll_over(r); at++)
			any = help(r, at, arcs);
		if (!any)
			return false;
	}
	return r->n_todo == 0;
}
