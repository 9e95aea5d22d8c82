/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the split placement to one that splits nothing. Pairs are decided one batch after the
 * other, those with the greatest rate first; in between the others are balanced again, under
 * prices that also see links which the multipliers think little of.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "pce/te_priv.h"

enum {
	BATCHES = 16,
	PASSES = 3, /* of balance between two of them */
	DRAWN = 8,  /* one choice in so many is left to chance */
};

#define STEEP 1000.0   /* eta by the fullest link */
#define MULT_LEAST 1e-2 /* of the greatest multiplier */

/* Draws a column that still has rate to give; without rng the one that has most. */
static uint32_t draw(const struct te_pair *p, const double *left, struct rng *rng)
{
	double sum = 0, at;
	uint32_t most = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		sum += fmax(left[i], 0);
		most = left[i] > left[most] ? i : most;
	}
	if (!rng || sum <= 0 || rng_below(rng, DRAWN) != 0)
		return most;
	at = sum * ((double)rng_below(rng, 1 << 20) / (1 << 20));
	for (uint32_t i = 0; i < p->n; i++) {
		at -= fmax(left[i], 0);
		if (at < 0)
			return i;
	}
	return most;
}

static void give_out(const struct te_bound *b, struct rng *rng, struct te_way *ways)
{
	for (uint32_t i = 0; i < b->n_pairs; i++) {
		const struct te_pair *p = &b->pair[i];
		double left[TE_COLUMNS] = { 0 };

		for (uint32_t j = 0; j < p->n; j++)
			left[j] = p->col[j].rate;
		for (uint32_t j = 0; j < p->members; j++) {
			uint32_t demand = b->member[p->first + j], c = draw(p, left, rng);

			ways[demand] = p->col[c].way;
			left[c] -= b->net->want[demand].rate;
		}
	}
}


/* Its members take one list each; the columns then carry what that makes. */
static void decide(struct te_bound *b, struct te_pair *p, struct rng *rng)
{
	double left[TE_COLUMNS] = { 0 }, now[TE_COLUMNS] = { 0 };

	for (uint32_t j = 0; j < p->n; j++)
		left[j] = p->col[j].rate;
	for (uint32_t j = 0; j < p->members; j++) {
		double rate = b->net->want[b->member[p->first + j]].rate;
		uint32_t c = draw(p, left, rng);

		left[c] -= rate;
		now[c] += rate;
	}
	for (uint32_t j = 0; j < p->n; j++) {
		te_way_add(b->net, &p->want, &p->col[j].way, now[j] - p->col[j].rate, b->util);
		p->col[j].rate = now[j];
	}
}

struct split {
	double rate;
	uint32_t pair;
};

static int heavier(const void *a, const void *b)
{
	const struct split *x = a, *y = b;

	if (x->rate < y->rate || x->rate > y->rate)
		return x->rate > y->rate ? -1 : 1;
	return x->pair < y->pair ? -1 : 1;
}

static void reprice(struct te_bound *b)
{
	for (uint32_t i = 0; i < b->net->m; i++)
		b->price[i] = b->net->cap[i] > 0 ? te_bound_price(b, i) : 0;
}

static void dive(struct te_bound *b, struct rng *rng, const struct split *s, uint32_t n)
{
	uint32_t done = 0;

	for (uint32_t batch = 1; batch <= BATCHES; batch++) {
		uint32_t end = (uint32_t)((uint64_t)n * batch / BATCHES);

		for (; done < end; done++)
			decide(b, &b->pair[s[done].pair], rng);
		te_bound_recount(b);
		reprice(b);
		for (uint32_t z = 0; z < PASSES; z++)
			for (uint32_t i = done; i < n; i++)
				te_bound_balance(b, &b->pair[s[i].pair]);
	}
}

/* The placement it leaves behind in the columns is taken back by the caller. */
static bool dive_from(struct te_bound *b, struct rng *rng)
{
	AUTO_FREE struct split *s = calloc((size_t)b->n_pairs + 1, sizeof(*s));
	double max = 0;
	uint32_t n = 0;

	if (!s)
		return false;
	for (uint32_t i = 0; i < b->n_pairs; i++)
		if (b->pair[i].n > 1)
			s[n++] = (struct split){ b->pair[i].want.rate, i };
	qsort(s, n, sizeof(*s), heavier);
	for (uint32_t i = 0; i < b->net->m; i++)
		max = fmax(max, b->mult[i]);
	for (uint32_t i = 0; i < b->net->m; i++)
		b->mult[i] = fmax(b->mult[i], max * MULT_LEAST);
	b->eta = STEEP / fmax(b->top, 1e-12);
	dive(b, rng, s, n);
	return true;
}

bool te_bound_round(struct te_bound *b, struct rng *rng, struct te_way *ways)
{
	size_t pairs = b->n_pairs * sizeof(*b->pair), m = b->net->m * sizeof(double);
	AUTO_FREE struct te_pair *pair = malloc(pairs + 1);
	AUTO_FREE double *mult = malloc(m + 1);
	double eta = b->eta, upper = b->upper;
	bool good = pair && mult;

	if (good) {
		memcpy(pair, b->pair, pairs);
		memcpy(mult, b->mult, m);
		good = dive_from(b, rng);
		give_out(b, NULL, ways);
		memcpy(b->pair, pair, pairs);
		memcpy(b->mult, mult, m);
	}
	b->eta = eta;
	b->upper = upper;
	te_bound_recount(b);
	return good;
}
