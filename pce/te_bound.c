/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lower bounds. Prices p >= 0 of links with sum 1 give one: whoever carries the traffic loads the
 * fullest link with at least sum(p * util), and that is at least what every demand pays when it
 * takes its cheapest list. Shares are floats, correctly rounded, and all sums are of numbers
 * that are not negative: a relative error far below TE_SLACK, which is taken off.
 *
 * The prices are mult * exp(eta (util - top)) of a split placement that is balanced pair by pair;
 * after each round they become the multipliers (method of multipliers with entropy as distance).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "pce/te_priv.h"

enum {
	GRAIN = 200000,
	BALANCES = 2, /* passes over the pairs between two tables */
	STEPS = 100,  /* of one pair in a pass, at most */
};

#define MULT_MIN 1e-9
#define ETA_START 90

/* b->phase: 0 new prices, then that pass over the pairs */

/* A demand on its way into its pair. */
struct entry {
	const struct te_want *want;
	uint32_t demand;
};

static bool same_ends(const struct te_want *a, const struct te_want *b)
{
	return a->src == b->src && a->dst == b->dst && a->delay_us_max == b->delay_us_max;
}

static int by_ends(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->want->src != y->want->src)
		return x->want->src < y->want->src ? -1 : 1;
	if (x->want->dst != y->want->dst)
		return x->want->dst < y->want->dst ? -1 : 1;
	if (x->want->delay_us_max != y->want->delay_us_max)
		return x->want->delay_us_max < y->want->delay_us_max ? -1 : 1;
	return x->demand < y->demand ? -1 : 1;
}

static void column_add(struct te_pair *p, const struct te_way *way, double rate)
{
	uint32_t least = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		if (te_way_same(&p->col[i].way, way)) {
			p->col[i].rate += rate;
			return;
		}
		if (p->col[i].rate < p->col[least].rate)
			least = i;
	}
	if (p->n < TE_COLUMNS) {
		p->col[p->n++] = (struct te_column){ *way, rate };
	} else if (p->col[least].rate <= 0 || rate > 0) {
		p->col[least].way = *way;
		p->col[least].rate += rate;
	}
}

static void pair_up(struct te_bound *b, const struct te_search *s, const struct entry *e,
		    uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct te_pair *p = b->n_pairs ? &b->pair[b->n_pairs - 1] : NULL;

		if (!p || !same_ends(&p->want, e[i].want)) {
			p = &b->pair[b->n_pairs++];
			*p = (struct te_pair){ .want = *e[i].want, .first = i };
			p->want.rate = 0;
		}
		p->want.rate += e[i].want->rate;
		p->members++;
		b->member[i] = e[i].demand;
		column_add(p, &s->best[e[i].demand], e[i].want->rate);
	}
}

/* Demands of the search's best placement, put together by ends. */
static bool pairs(struct te_bound *b, const struct te_search *s)
{
	const struct te_net *net = b->net;
	AUTO_FREE struct entry *e = calloc((size_t)net->n_wants + 1, sizeof(*e));
	uint32_t n = 0;

	if (!e)
		return false;
	for (uint32_t i = 0; i < net->n_wants; i++)
		if (!net->want[i].fixed && net->want[i].rate > 0)
			e[n++] = (struct entry){ &net->want[i], i };
	qsort(e, n, sizeof(*e), by_ends);
	pair_up(b, s, e, n);
	return true;
}

void te_bound_recount(struct te_bound *b)
{
	memcpy(b->util, b->net->base, b->net->m * sizeof(*b->util));
	for (uint32_t i = 0; i < b->n_pairs; i++)
		for (uint32_t j = 0; j < b->pair[i].n; j++)
			if (b->pair[i].col[j].rate > 0)
				te_way_add(b->net, &b->pair[i].want, &b->pair[i].col[j].way,
					   b->pair[i].col[j].rate, b->util);
	b->top = te_fullest(b->util, b->net->m);
	b->upper = fmin(b->upper, b->top);
}

double te_bound_price(const struct te_bound *b, uint32_t arc)
{
	double x = b->eta * (b->util[arc] - b->top);

	return b->mult[arc] * exp(x < 60 ? x : 60);
}

int te_bound_init(struct te_bound *b, const struct te_search *s)
{
	const struct te_net *net = s->net;
	size_t table = (size_t)net->p * net->stride + 1, m = (size_t)net->m + 1;

	*b = (struct te_bound){ .net = net, .least = s->least, .k = s->k, .upper = INFINITY,
				.quantum = GRAIN };
	arena_init(&b->mem, 0);
	b->pair = ARENA_ARRAY(&b->mem, (size_t)net->n_wants + 1, struct te_pair);
	b->member = ARENA_ARRAY(&b->mem, (size_t)net->n_wants + 1, uint32_t);
	b->util = ARENA_ARRAY(&b->mem, m, double);
	b->mult = ARENA_ARRAY(&b->mem, m, double);
	b->price = ARENA_ARRAY(&b->mem, m, double);
	b->best_price = ARENA_ARRAY(&b->mem, m, double);
	b->mark = ARENA_ARRAY(&b->mem, m, double);
	b->w = ARENA_ARRAY(&b->mem, table, double);
	b->wt = ARENA_ARRAY(&b->mem, table, double);
	for (uint32_t i = 0; i < s->k; i++) {
		b->via[i] = ARENA_ARRAY(&b->mem, table, double);
		if (!b->via[i])
			return err_raise(-ENOMEM);
	}
	if (te_spf_init(&b->spf, &net->prob->graph) < 0 || !b->pair || !b->member || !b->util || !b->mult ||
	    !b->price || !b->best_price || !b->mark || !b->w || !b->wt)
		return err_raise(-ENOMEM);
	if (!pairs(b, s))
		return err_raise(-ENOMEM);
	te_bound_recount(b);
	b->eta = ETA_START / fmax(b->top, 1e-12);
	for (uint32_t i = 0; i < net->m; i++)
		b->mult[i] = 1;
	te_bound_single(b);
	return 0;
}

void te_bound_fini(struct te_bound *b)
{
	te_spf_fini(&b->spf);
	arena_fini(&b->mem);
}

static double pair_price(const struct te_bound *b, uint32_t from, uint32_t to)
{
	const struct te_flow *f = &b->net->flow[(size_t)from * b->net->p + to];
	const struct te_share *e = &b->net->share[f->start];
	double sum = 0;

	for (uint32_t i = 0; i < f->n; i++)
		sum += b->price[e[i].arc] * (double)e[i].share;
	return sum;
}

static double way_price(struct te_bound *b, const struct te_want *w, const struct te_way *way)
{
	uint32_t at = w->src;
	double sum = 0;

	for (uint32_t i = 0; i <= way->n; i++) {
		uint32_t to = te_way_stop(w, way, i);

		sum += pair_price(b, at, to);
		b->work += b->net->flow[(size_t)at * b->net->p + to].n;
		at = to;
	}
	return sum;
}

static void pair_table(struct te_bound *b)
{
	const struct te_net *net = b->net;

	for (uint32_t from = 0; from < net->p; from++) {
		for (uint32_t to = 0; to < net->p; to++) {
			bool none = net->delay[(size_t)from * net->p + to] == TE_NO_WAY;
			double x = none ? TE_FAR_PRICE : pair_price(b, from, to);

			b->w[(size_t)from * net->stride + to] = x;
			b->wt[(size_t)to * net->stride + from] = x;
		}
	}
	b->work += net->n_share;
}

/* out[to][from] = least over midpoints of w[from][mid] + in[to][mid] */
static void via_table(struct te_bound *b, const double *in, double *out)
{
	const struct te_net *net = b->net;
	size_t stride = net->stride;

	for (uint32_t t = 0; t < net->p; t++) {
		double *row = &out[t * stride];

		memcpy(row, &in[t * stride], stride * sizeof(*row));
		for (uint32_t h = 0; h < net->p; h++) {
			double rest = in[t * stride + h];
			const double *to_h = &b->wt[h * stride];

			if (!net->hub[h] || rest >= TE_FAR_PRICE)
				continue;
			for (size_t i = 0; i < stride; i += TE_LANES)
				for (size_t j = i; j < i + TE_LANES; j++) {
					double x = to_h[j] + rest;

					row[j] = x < row[j] ? x : row[j];
				}
		}
	}
	b->work += (uint64_t)net->p * net->p * net->p / (TE_LANES / 2);
}

/* A list being put together, and what it costs so far. */
struct trail {
	struct te_way way;
	uint32_t at;
	uint64_t delay;
	double price;
};

/* Is the target in time, over the best rest there is? */
static bool in_time(struct te_bound *b, const struct te_want *w, const struct trail *t, uint32_t hub,
		    uint32_t left)
{
	uint64_t d = t->delay + b->net->delay[(size_t)t->at * b->net->p + hub];

	return w->delay_us_max == TE_NO_BOUND ||
	       d + te_least_row(b->least, hub, left)[w->dst] <= w->delay_us_max;
}

/*
 * Every list that begins with the trail and may be cheaper than the best: what the tables say of
 * its rest, without the delay bound, is not more than it costs. Calls itself once a midpoint.
 */
static void explore(struct te_bound *b, const struct te_want *w, const struct trail *t,
		    struct trail *best)
{
	const struct te_net *net = b->net;
	uint32_t left = b->k - t->way.n;
	const double *there = &b->w[(size_t)t->at * net->stride], *rest;

	if (t->price + there[w->dst] < best->price && in_time(b, w, t, w->dst, 0)) {
		*best = *t;
		best->price += there[w->dst];
	}
	if (left == 0)
		return;
	rest = &te_bound_within(b, left - 1)[(size_t)w->dst * net->stride];
	b->work += net->p / 2;
	for (uint32_t h = 0; h < net->p; h++) {
		struct trail next = *t;

		if (t->price + there[h] + rest[h] >= best->price || !net->hub[h] || h == t->at ||
		    h == w->dst || !in_time(b, w, t, h, left - 1))
			continue;
		next.way.mid[next.way.n++] = (uint16_t)h;
		next.at = h;
		next.delay += net->delay[(size_t)t->at * net->p + h];
		next.price += there[h];
		explore(b, w, &next, best);
	}
}

/* The tables are fresh: no need to walk arcs. */
static double table_price(const struct te_bound *b, const struct te_want *w,
			  const struct te_way *way)
{
	uint32_t at = w->src;
	double sum = 0;

	for (uint32_t i = 0; i <= way->n; i++) {
		uint32_t to = te_way_stop(w, way, i);

		sum += b->w[(size_t)at * b->net->stride + to];
		at = to;
	}
	return sum;
}

/* What the pair pays at least; a list cheaper than all its columns becomes one. */
static double least_price(struct te_bound *b, struct te_pair *p)
{
	const struct te_want *w = &p->want;
	double least = te_bound_within(b, b->k)[(size_t)w->dst * b->net->stride + w->src];
	struct trail best = { .price = TE_FAR_PRICE }, start = { .at = w->src };
	double known;

	for (uint32_t i = 0; i < p->n; i++)
		best.price = fmin(best.price, table_price(b, w, &p->col[i].way));
	known = best.price;
	if (w->delay_us_max == TE_NO_BOUND && least >= known * (1 - 1e-7))
		return least;
	if (w->delay_us_max == TE_NO_BOUND) /* the table's own list is all that is looked for */
		best.price = fmin(best.price, least * (1 + 1e-9));
	explore(b, w, &start, &best);
	if (best.price < known * (1 - 1e-7)) {
		te_way_tidy(w, &best.way);
		column_add(p, &best.way, 0);
	}
	return w->delay_us_max == TE_NO_BOUND ? least : best.price;
}

/* The bound at these prices; cheapest lists become columns. */
static void columns(struct te_bound *b)
{
	const struct te_net *net = b->net;
	double paid = 0, sum = 0, bound;

	for (uint32_t i = 0; i < net->m; i++) {
		sum += b->price[i];
		paid += b->price[i] * b->net->base[i];
	}
	for (uint32_t i = 0; i < b->n_pairs; i++)
		paid += b->pair[i].want.rate * least_price(b, &b->pair[i]);
	bound = paid / sum * (1 - TE_SLACK);
	if (sum > 0 && bound > b->bound && bound < INFINITY) {
		b->bound = bound;
		memcpy(b->best_price, b->price, net->m * sizeof(*b->price));
	}
}

static void mark(struct te_bound *b, const struct te_want *w, const struct te_way *way, double by)
{
	te_way_add(b->net, w, way, by, b->mark);
}

/* Walks the arcs of a way; what was marked is taken back on the first visit. */
static double curve(struct te_bound *b, const struct te_want *w, const struct te_way *way)
{
	uint32_t at = w->src;
	double sum = 0;

	for (uint32_t i = 0; i <= way->n; i++) {
		uint32_t to = te_way_stop(w, way, i);
		const struct te_flow *f = &b->net->flow[(size_t)at * b->net->p + to];
		const struct te_share *e = &b->net->share[f->start];

		for (uint32_t j = 0; j < f->n; j++) {
			double x = b->mark[e[j].arc];

			sum += b->price[e[j].arc] * x * x;
			b->mark[e[j].arc] = 0;
		}
		b->work += 3 * (uint64_t)f->n;
		at = to;
	}
	return sum * b->eta;
}

static void reprice(struct te_bound *b, const struct te_want *w, const struct te_way *way)
{
	uint32_t at = w->src;

	for (uint32_t i = 0; i <= way->n; i++) {
		uint32_t to = te_way_stop(w, way, i);
		const struct te_flow *f = &b->net->flow[(size_t)at * b->net->p + to];
		const struct te_share *e = &b->net->share[f->start];

		for (uint32_t j = 0; j < f->n; j++)
			b->price[e[j].arc] = te_bound_price(b, e[j].arc);
		at = to;
	}
}

/* One Newton step of rate from a dearer list of the pair to its cheapest one. */
static void shift(struct te_bound *b, struct te_pair *p, uint32_t from, uint32_t to, double gain)
{
	const struct te_way *old = &p->col[from].way, *new = &p->col[to].way;
	double bend, step;

	mark(b, &p->want, old, 1);
	mark(b, &p->want, new, -1);
	bend = curve(b, &p->want, old) + curve(b, &p->want, new);
	step = fmin(bend > 0 ? gain / bend : p->col[from].rate, p->col[from].rate);
	p->col[from].rate -= step;
	p->col[to].rate += step;
	te_way_add(b->net, &p->want, old, -step, b->util);
	te_way_add(b->net, &p->want, new, step, b->util);
	reprice(b, &p->want, old);
	reprice(b, &p->want, new);
}

/* true: some list was more than twice as dear as another, and still is likely to be. */
static bool balance_once(struct te_bound *b, struct te_pair *p)
{
	double cost[TE_COLUMNS] = { 0 };
	bool far = false;
	uint32_t to = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		cost[i] = way_price(b, &p->want, &p->col[i].way);
		to = cost[i] < cost[to] ? i : to;
	}
	for (uint32_t i = 0; i < p->n; i++) {
		if (i == to || p->col[i].rate <= 0 || cost[i] <= cost[to] * (1 + 1e-6))
			continue;
		shift(b, p, i, to, cost[i] - cost[to]);
		far = far || (p->col[i].rate > 0 && cost[i] > 2 * cost[to]);
	}
	return far;
}

void te_bound_balance(struct te_bound *b, struct te_pair *p)
{
	b->work += 4;
	if (p->n < 2)
		return;
	for (uint32_t i = 0; i < STEPS && balance_once(b, p); i++)
		;
}

static void new_prices(struct te_bound *b)
{
	double sum = 0, max = 0;

	te_bound_recount(b);
	for (uint32_t i = 0; i < b->net->m; i++) {
		b->price[i] = b->net->cap[i] > 0 ? te_bound_price(b, i) : 0;
		sum += b->price[i];
	}
	for (uint32_t i = 0; i < b->net->m; i++) {
		b->price[i] = sum > 0 ? b->price[i] / sum : 1.0 / b->net->m;
		max = fmax(max, b->price[i]);
	}
	for (uint32_t i = 0; i < b->net->m; i++)
		b->mult[i] = fmax(b->price[i], max * MULT_MIN);
	b->work += 4 * (uint64_t)b->net->m;
	pair_table(b);
	for (uint32_t i = 0; i < b->k; i++)
		via_table(b, te_bound_within(b, i), b->via[i]);
}

static void begin_round(struct te_bound *b)
{
	new_prices(b);
	columns(b);
	for (uint32_t i = 0; i < b->net->m; i++)
		b->price[i] = b->net->cap[i] > 0 ? te_bound_price(b, i) : 0;
	b->at = 0;
	b->phase = 1;
	b->rounds++;
}

void te_bound_step(struct te_bound *b)
{
	uint64_t end = b->work + b->quantum;

	while (b->work < end) {
		if (b->phase == 0)
			begin_round(b);
		while (b->at < b->n_pairs && b->work < end)
			te_bound_balance(b, &b->pair[b->at++]);
		if (b->at < b->n_pairs)
			return;
		b->at = 0;
		b->phase = b->phase < BALANCES ? b->phase + 1 : 0;
	}
}

bool te_bound_done(const struct te_bound *b, double close)
{
	return b->n_pairs == 0 || b->upper - b->bound <= close * b->upper;
}

