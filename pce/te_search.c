/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Best response on an exponential potential: links are priced exp(eta (util - top)), one demand
 * at a time leaves, and comes back by the list that makes the sum of prices least. eta grows as
 * moves dry up, so that only the fullest links count in the end; then the placement is shaken
 * and it begins again.
 *
 * Lists are found on tables of expected prices (first order, a little out of date); the best few
 * are then worked out exactly.
 */
#include <math.h>
#include <string.h>

#include "pce/te_priv.h"

enum {
	TRIES = 5,	   /* lists worked out exactly for a demand and a number of midpoints */
	GRAIN = 200000,	   /* quantum of work */
	FEW = 200,	   /* demands: so few are shaken harder */
	TABLE_WORTH = 4,   /* tables are remade after that many times the work they take */
};

#define FAR_PRICE 1e30f
#define BIG 0.1 /* of the fullest link */
#define GAP_START 0.3
#define GAP_STEP 0.7
#define GAP_END 0.001

/* exp(x) - 1, x >= 0: mostly small. */
static inline float grow(float x)
{
	if (x < 0.7f)
		return x * (1 + x * (0.5f + x * (0.16666667f +
						  x * (0.041666667f + x * 0.008333333f))));
	return expf(x < 60 ? x : 60) - 1;
}

static inline float pair_cost(const struct te_search *s, uint32_t a, uint32_t b, float step)
{
	const struct te_flow *f = &s->net->flow[(size_t)a * s->net->p + b];
	const struct te_share *e = &s->net->share[f->start];
	float sum = 0;

	for (uint32_t i = 0; i < f->n; i++)
		sum += s->price[e[i].arc] * grow(step * e[i].share);
	return sum;
}

/* What the potential grows by; limit: no need to know more. */
static float way_cost(struct te_search *s, const struct te_want *w, const struct te_way *way,
		      float limit)
{
	float step = (float)(s->eta * w->rate), sum = 0;
	uint32_t at = w->src;

	for (uint32_t i = 0; i <= way->n && sum < limit; i++) {
		uint32_t to = te_way_stop(w, way, i);

		sum += pair_cost(s, at, to, step);
		s->work += s->net->flow[(size_t)at * s->net->p + to].n;
		at = to;
	}
	if (s->charge > 0 && !(w->has_now && te_way_same(way, &w->now)))
		sum += (float)(s->charge * s->eta * s->sum);
	return sum;
}

static float price_of(const struct te_search *s, uint32_t arc)
{
	double x = s->eta * (s->util[arc] - s->top);

	return expf((float)(x < 60 ? x : 60));
}

static void reprice(struct te_search *s, const struct te_want *w, const struct te_way *way)
{
	uint32_t at = w->src;

	for (uint32_t i = 0; i <= way->n; i++) {
		uint32_t to = te_way_stop(w, way, i);
		const struct te_flow *f = &s->net->flow[(size_t)at * s->net->p + to];
		const struct te_share *e = &s->net->share[f->start];

		for (uint32_t j = 0; j < f->n; j++)
			s->price[e[j].arc] = price_of(s, e[j].arc);
		s->work += f->n;
		at = to;
	}
}

static void put(struct te_search *s, uint32_t i, double sign)
{
	const struct te_want *w = &s->net->want[i];

	te_way_add(s->net, w, &s->cur[i], sign * w->rate, s->util);
	reprice(s, w, &s->cur[i]);
}

static void keep_best(struct te_search *s)
{
	double top = te_fullest(s->util, s->net->m), cost = top + s->charge * s->changed;

	if (!(cost < s->best_cost * (1 - 1e-9)))
		return;
	s->best_cost = cost;
	s->best_util = top;
	s->best_changed = s->changed;
	memcpy(s->best, s->cur, s->net->n_wants * sizeof(*s->best));
}

/* util and changed from scratch: what float additions left behind goes away. */
static void recount(struct te_search *s)
{
	const struct te_net *net = s->net;

	memcpy(s->util, net->base, net->m * sizeof(*s->util));
	s->changed = 0;
	for (uint32_t i = 0; i < net->n_wants; i++) {
		const struct te_want *w = &net->want[i];

		if (w->fixed)
			continue;
		te_way_add(net, w, &s->cur[i], w->rate, s->util);
		s->changed += !(w->has_now && te_way_same(&s->cur[i], &w->now));
	}
	s->work += net->m;
}

void te_search_restart(struct te_search *s, double gap)
{
	recount(s);
	keep_best(s);
	s->at = 0;
	s->rounds = 0;
	s->gap = gap;
	s->dry = false;
}

static bool open_search(struct te_search *s)
{
	const struct te_net *net = s->net;
	size_t table = (size_t)net->p * net->stride + 1;

	s->cur = ARENA_ARRAY(&s->mem, (size_t)net->n_wants + 1, struct te_way);
	s->best = ARENA_ARRAY(&s->mem, (size_t)net->n_wants + 1, struct te_way);
	s->order = ARENA_ARRAY(&s->mem, (size_t)net->n_wants + 1, uint32_t);
	s->util = ARENA_ARRAY(&s->mem, (size_t)net->m + 1, double);
	s->price = ARENA_ARRAY(&s->mem, (size_t)net->m + 1, float);
	s->hot = ARENA_ARRAY(&s->mem, (size_t)net->m + 1, bool);
	s->w = ARENA_ARRAY(&s->mem, table, float);
	s->wt = ARENA_ARRAY(&s->mem, table, float);
	s->rest = ARENA_ARRAY(&s->mem, net->stride + 1, float);
	if (!s->cur || !s->best || !s->order || !s->util || !s->price || !s->hot || !s->w || !s->wt ||
	    !s->rest)
		return false;
	for (uint32_t i = 0; i + 1 < s->k; i++) {
		s->via[i] = ARENA_ARRAY(&s->mem, table, float);
		if (!s->via[i])
			return false;
	}
	return te_least_new(&s->least, net, s->k) == 0;
}

enum te_status te_search_init(struct te_search *s, const struct te_net *net,
			      const struct te_options *o, uint32_t *where)
{
	*s = (struct te_search){ .net = net, .k = o->midpoints, .charge = o->charge,
				 .best_util = INFINITY, .best_cost = INFINITY, .gap = GAP_START,
				 .quantum = GRAIN };
	arena_init(&s->mem, 0);
	rng_seed(&s->rng, o->seed);
	if (!open_search(s))
		return TE_NO_MEMORY;
	for (uint32_t i = 0; i < net->n_wants; i++) {
		const struct te_want *w = &net->want[i];

		if (w->has_now) {
			s->cur[i] = w->now;
		} else if (!te_least_way(s->least, w, &s->cur[i])) {
			*where = i;
			return TE_NO_ROUTE;
		} else if (!te_way_fits(net, w, &s->cur[i])) {
			*where = i;
			return TE_NO_DELAY;
		}
		if (!w->fixed)
			s->order[s->n_free++] = i;
	}
	recount(s);
	keep_best(s);
	s->width = s->k < 1 ? s->k : 1;
	return TE_OK;
}

void te_search_fini(struct te_search *s)
{
	s->least = te_least_free(s->least);
	arena_fini(&s->mem);
}

/* Prices of all pairs, first order. */
static void pair_table(struct te_search *s)
{
	const struct te_net *net = s->net;

	for (uint32_t a = 0; a < net->p; a++) {
		for (uint32_t b = 0; b < net->p; b++) {
			const struct te_flow *f = &net->flow[(size_t)a * net->p + b];
			const struct te_share *e = &net->share[f->start];
			float sum = 0;

			for (uint32_t i = 0; i < f->n; i++)
				sum += s->price[e[i].arc] * e[i].share;
			if (net->delay[(size_t)a * net->p + b] == TE_NO_WAY)
				sum = FAR_PRICE;
			s->w[(size_t)a * net->stride + b] = sum;
			s->wt[(size_t)b * net->stride + a] = sum;
		}
	}
	s->work += net->n_share;
}

/* out[to][from] = least over midpoints of w[from][mid] + in[to][mid] */
static void via_table(struct te_search *s, const float *in, float *out)
{
	const struct te_net *net = s->net;
	size_t stride = net->stride;

	for (uint32_t t = 0; t < net->p; t++) {
		float *row = &out[t * stride];

		memcpy(row, &in[t * stride], stride * sizeof(*row));
		for (uint32_t h = 0; h < net->p; h++) {
			float rest = in[t * stride + h];
			const float *to_h = &s->wt[h * stride];

			if (!net->hub[h] || rest >= FAR_PRICE)
				continue;
			for (size_t i = 0; i < stride; i += TE_LANES)
				for (size_t j = i; j < i + TE_LANES; j++) {
					float x = to_h[j] + rest;

					row[j] = x < row[j] ? x : row[j];
				}
		}
	}
	s->work += (uint64_t)net->p * net->p * net->p / TE_LANES;
}

static void tables(struct te_search *s)
{
	uint64_t before = s->work;

	pair_table(s);
	if (s->width > 1)
		via_table(s, s->wt, s->via[0]);
	if (s->width > 2)
		via_table(s, s->via[0], s->via[1]);
	s->table_work = s->work + TABLE_WORTH * (s->work - before);
}

/* The few best first midpoints by the tables. */
struct firsts {
	float cost[TRIES];
	uint16_t hub[TRIES];
	uint32_t n;
};

static void first_add(struct firsts *f, float cost, uint32_t hub)
{
	uint32_t at = f->n < TRIES ? f->n++ : TRIES - 1;

	for (; at > 0 && f->cost[at - 1] > cost; at--) {
		f->cost[at] = f->cost[at - 1];
		f->hub[at] = f->hub[at - 1];
	}
	f->cost[at] = cost;
	f->hub[at] = (uint16_t)hub;
}

/* from → hub → … (mids - 1 more) → dst, hubs that are too far away left out. */
static void find_firsts(struct te_search *s, const struct te_want *w, uint32_t from, uint32_t mids,
			struct firsts *f)
{
	const struct te_net *net = s->net;
	const float *there = &s->w[(size_t)from * net->stride];
	const float *rest = &(mids == 1 ? s->wt : s->via[mids - 2])[(size_t)w->dst * net->stride];

	f->n = 0;
	for (uint32_t h = 0; h < net->p; h++) {
		float x = there[h] + rest[h];

		if (x >= FAR_PRICE || (f->n == TRIES && x >= f->cost[TRIES - 1]))
			continue;
		if (net->hub[h] && h != from && h != w->dst)
			first_add(f, x, h);
	}
	s->work += net->p / 4;
}

/* The rest of the list after its first midpoint, by the tables. */
static void complete(struct te_search *s, const struct te_want *w, struct te_way *way,
		     uint32_t mids)
{
	for (uint32_t left = mids - 1; left > 0; left--) {
		struct firsts f;

		find_firsts(s, w, way->mid[way->n - 1], left, &f);
		if (f.n == 0)
			return;
		way->mid[way->n++] = f.hub[0];
	}
}

struct choice {
	struct te_way way;
	float cost;
};

static void try_way(struct te_search *s, const struct te_want *w, const struct te_way *way,
		    struct choice *best)
{
	float cost;

	if (w->delay_us_max == TE_NO_BOUND ? te_way_delay(s->net, w, way) == TE_NO_WAY :
					     !te_way_fits(s->net, w, way))
		return;
	cost = way_cost(s, w, way, best->cost);
	if (cost < best->cost)
		*best = (struct choice){ *way, cost };
}

static void respond(struct te_search *s, const struct te_want *w, struct choice *best)
{
	struct te_way way = { 0 };
	float step = (float)(s->eta * w->rate);

	try_way(s, w, &way, best);
	if (s->charge > 0 && w->has_now)
		try_way(s, w, &w->now, best);
	for (uint32_t mids = 1; mids <= s->width; mids++) {
		struct firsts f;

		find_firsts(s, w, w->src, mids, &f);
		for (uint32_t i = 0; i < f.n && f.cost[i] * step < best->cost; i++) {
			way = (struct te_way){ .mid = { f.hub[i] }, .n = 1 };
			complete(s, w, &way, mids);
			te_way_tidy(w, &way);
			try_way(s, w, &way, best);
		}
	}
}

/* What one unit of rate at most takes of a link, on the way or (for what is not split) ever. */
static double coarse(const struct te_search *s, const struct te_want *w, const struct te_way *way)
{
	uint32_t at = w->src;
	float max = 0;

	for (uint32_t i = 0; i <= way->n; i++) {
		uint32_t to = te_way_stop(w, way, i);
		const struct te_flow *f = &s->net->flow[(size_t)at * s->net->p + to];

		for (uint32_t j = 0; j < f->n; j++)
			max = fmaxf(max, s->net->share[f->start + j].share);
		at = to;
	}
	return w->rate * (double)max;
}

/* Over two midpoints; the sum of parts that is not above the best there is worked out. */
static void respond_pairs(struct te_search *s, const struct te_want *w, struct choice *best)
{
	const struct te_net *net = s->net;
	float step = (float)(s->eta * w->rate);

	for (uint32_t b = 0; b < net->p; b++)
		s->rest[b] = net->hub[b] && b != w->src && b != w->dst &&
					     net->delay[(size_t)b * net->p + w->dst] != TE_NO_WAY ?
				     pair_cost(s, b, w->dst, step) :
				     FAR_PRICE;
	for (uint32_t a = 0; a < net->p; a++) {
		float first;

		if (!net->hub[a] || a == w->src || a == w->dst ||
		    net->delay[(size_t)w->src * net->p + a] == TE_NO_WAY)
			continue;
		first = pair_cost(s, w->src, a, step);
		for (uint32_t b = 0; first < best->cost && b < net->p; b++) {
			struct te_way way = { .mid = { (uint16_t)a, (uint16_t)b }, .n = 2 };

			if (b == a || first + s->rest[b] >= best->cost)
				continue;
			s->work += net->flow[(size_t)a * net->p + b].n;
			if (first + s->rest[b] + pair_cost(s, a, b, step) < best->cost)
				try_way(s, w, &way, best);
		}
	}
	s->work += 20 * (uint64_t)net->p;
}

/* A demand that fills a good part of a link: first-order prices say nothing about it. */
static void respond_big(struct te_search *s, const struct te_want *w, struct choice *best)
{
	const struct te_net *net = s->net;

	for (uint32_t h = 0; s->width > 0 && h < net->p; h++) {
		struct te_way way = { .mid = { (uint16_t)h }, .n = 1 };

		if (net->hub[h] && h != w->src && h != w->dst)
			try_way(s, w, &way, best);
	}
	if (s->width > 1)
		respond_pairs(s, w, best);
}

static bool crosses_hot(const struct te_search *s, const struct te_want *w,
			const struct te_way *way)
{
	uint32_t at = w->src;

	for (uint32_t i = 0; i <= way->n; i++) {
		uint32_t to = te_way_stop(w, way, i);
		const struct te_flow *f = &s->net->flow[(size_t)at * s->net->p + to];
		const struct te_share *e = &s->net->share[f->start];

		for (uint32_t j = 0; j < f->n; j++)
			if (s->hot[e[j].arc])
				return true;
		at = to;
	}
	return false;
}

static void one_demand(struct te_search *s, uint32_t i)
{
	const struct te_want *w = &s->net->want[i];
	struct choice best;
	float now;

	s->work += 8;
	if (w->rate <= 0 || !crosses_hot(s, w, &s->cur[i]))
		return;
	put(s, i, -1);
	now = way_cost(s, w, &s->cur[i], FAR_PRICE);
	best = (struct choice){ s->cur[i], now };
	respond(s, w, &best);
	if (coarse(s, w, &s->cur[i]) > BIG * s->top)
		respond_big(s, w, &best);
	if (best.cost < now * 0.9999f) {
		bool was = w->has_now && te_way_same(&s->cur[i], &w->now);
		bool is = w->has_now && te_way_same(&best.way, &w->now);

		s->cur[i] = best.way;
		s->changed = s->changed + was - is;
		s->moves++;
		put(s, i, 1);
		keep_best(s);
	} else {
		put(s, i, 1);
	}
}

static void begin_round(struct te_search *s)
{
	const struct te_net *net = s->net;
	double floor_util;

	if (s->rounds > 0 && s->moves < s->n_free / 500 + 3) {
		s->gap *= GAP_STEP;
		s->dry = s->gap < GAP_END;
		if (s->dry)
			return;
	}
	s->moves_all += s->moves;
	s->moves = 0;
	s->rounds++;
	recount(s);
	s->top = te_fullest(s->util, net->m);
	s->eta = log((double)net->m + 2) / (s->gap * fmax(s->top, 1e-12));
	s->sum = 0;
	floor_util = s->top * fmax(0, 1 - 2.5 * s->gap);
	for (uint32_t i = 0; i < net->m; i++) {
		s->price[i] = price_of(s, i);
		s->sum += (double)s->price[i];
		s->hot[i] = s->util[i] >= floor_util;
	}
	for (uint32_t i = s->n_free; i > 1; i--) {
		uint32_t j = (uint32_t)rng_below(&s->rng, i), t = s->order[j];

		s->order[j] = s->order[i - 1];
		s->order[i - 1] = t;
	}
	s->work += net->m + s->n_free;
	tables(s);
}

/* Somewhere else: what runs, the direct way, or over any midpoint. */
static void displace(struct te_search *s, uint32_t i)
{
	const struct te_net *net = s->net;
	const struct te_want *w = &net->want[i];
	struct te_way way = { .mid = { (uint16_t)rng_below(&s->rng, net->p) }, .n = 1 };

	if (s->charge > 0 && w->has_now) {
		s->cur[i] = w->now;
		return;
	}
	(void)te_least_way(s->least, w, &s->cur[i]);
	te_way_tidy(w, &way);
	if (s->k > 0 && net->n_wants < FEW && rng_below(&s->rng, 2) && net->hub[way.mid[0]] &&
	    te_way_fits(net, w, &way))
		s->cur[i] = way;
}

/* Some demands are displaced; now and then from the best placement. */
void te_search_shake(struct te_search *s)
{
	uint64_t few = s->n_free / 50 + 1 + rng_below(&s->rng, s->n_free / 8 + 3);

	s->kicks++;
	s->dry = false;
	s->gap = 0.05 + 0.1 * (double)rng_below(&s->rng, 1000) / 1000;
	if (s->kicks % 3 == 0)
		memcpy(s->cur, s->best, s->net->n_wants * sizeof(*s->cur));
	if (s->n_free >= FEW)
		few = s->n_free / 50;
	for (uint64_t z = 0; z < few; z++)
		displace(s, s->order[rng_below(&s->rng, s->n_free)]);
	s->width = s->k < 1 ? s->k : 1 + s->kicks % s->k;
}

void te_search_step(struct te_search *s)
{
	uint64_t end = s->work + s->quantum;

	while (s->work < end) {
		if (s->at == 0)
			begin_round(s);
		if (s->dry)
			return;
		if (s->work > s->table_work)
			tables(s);
		for (uint32_t i = 0; i < 64 && s->at < s->n_free; i++)
			one_demand(s, s->order[s->at++]);
		if (s->at >= s->n_free)
			s->at = 0;
	}
}
