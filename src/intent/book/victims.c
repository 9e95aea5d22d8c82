/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice of victims: a greedy set first, thinned out, then branch and bound over who goes and
 * who stays, worst holding priority first. A branch ends when it is as dear as the best set and
 * not enough yet (each victim more makes it dearer), or when all that are left cannot do.
 */
#include "intent/book/victims.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/err.h"

enum { PRIOS = 8, BUDGET = 1 << 15, SEARCHED_MAX = 256 };

struct price {
	uint32_t count[PRIOS];
	uint64_t bps;
};

struct choice {
	const struct intent_victims *v;
	uint64_t *need;	   /* by place: still missing */
	uint32_t *order;   /* candidates, worst priority first */
	uint64_t *left;	   /* (n + 1) × places: what order[k] and those behind it give together */
	uint8_t *tried;	   /* by depth: 1 goes, 2 stays */
	bool *now, *best;  /* by candidate */
	struct price price, best_price;
};

static int price_cmp(const struct price *a, const struct price *b)
{
	for (unsigned p = 0; p < PRIOS; p++) {
		if (a->count[p] != b->count[p])
			return a->count[p] < b->count[p] ? -1 : 1;
	}
	return a->bps < b->bps ? -1 : a->bps > b->bps;
}

/* True when a comes first by the candidates' order. */
static bool set_before(const bool *a, const bool *b, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		if (a[k] != b[k])
			return a[k];
	}
	return false;
}

static bool is_enough(const struct choice *c, const bool *set)
{
	for (uint32_t l = 0; l < c->v->n_places; l++) {
		uint64_t sum = 0;

		for (uint32_t k = 0; k < c->v->n; k++)
			sum += set[k] ? c->v->at[k].gives[l] : 0;
		if (sum < c->need[l])
			return false;
	}
	return true;
}

static struct price price_of(const struct choice *c, const bool *set)
{
	struct price p = { 0 };

	for (uint32_t k = 0; k < c->v->n; k++) {
		if (!set[k])
			continue;
		p.count[c->v->at[k].hold]++;
		p.bps += c->v->at[k].bps;
	}
	return p;
}

/* ---- greedy ---- */

/* What candidate k adds of what is missing; *all: with it nothing is. */
static uint64_t use_of(const struct choice *c, uint32_t k, const uint64_t *missing, bool *all)
{
	uint64_t sum = 0;

	*all = true;
	for (uint32_t l = 0; l < c->v->n_places; l++) {
		uint64_t g = c->v->at[k].gives[l];

		*all = *all && g >= missing[l];
		sum += g < missing[l] ? g : missing[l];
	}
	return sum;
}

/* The next victim at one priority: the smallest that ends it, else the one of most use. */
static uint32_t greedy_next(const struct choice *c, unsigned hold, const uint64_t *missing)
{
	uint32_t best = UINT32_MAX;
	uint64_t best_use = 0;
	bool best_all = false;

	for (uint32_t k = 0; k < c->v->n; k++) {
		bool all, better;
		uint64_t use;

		if (c->v->at[k].hold != hold || c->best[k])
			continue;
		use = use_of(c, k, missing, &all);
		better = best == UINT32_MAX || (all && !best_all) ||
			 (all == best_all && (all ? c->v->at[k].bps < c->v->at[best].bps : use > best_use));
		if (use > 0 && better) {
			best = k;
			best_use = use;
			best_all = all;
		}
	}
	return best;
}

static void greedy(struct choice *c, uint64_t *missing)
{
	memcpy(missing, c->need, c->v->n_places * sizeof(*missing));
	for (unsigned hold = PRIOS; hold-- > 0;) {
		uint32_t k;

		while ((k = greedy_next(c, hold, missing)) != UINT32_MAX) {
			c->best[k] = true;
			for (uint32_t l = 0; l < c->v->n_places; l++) {
				uint64_t g = c->v->at[k].gives[l];

				missing[l] -= g < missing[l] ? g : missing[l];
			}
		}
	}
	/* Who is not needed stays, the best held first. */
	for (uint32_t n = c->v->n; n-- > 0;) {
		uint32_t k = c->order[n];

		if (!c->best[k])
			continue;
		c->best[k] = false;
		c->best[k] = !is_enough(c, c->best);
	}
	c->best_price = price_of(c, c->best);
}

/* ---- branch and bound ---- */

static void go(struct choice *c, uint32_t k, bool goes)
{
	const struct intent_candidate *x = &c->v->at[k];

	c->now[k] = goes;
	if (goes) {
		c->price.count[x->hold]++;
		c->price.bps += x->bps;
	} else {
		c->price.count[x->hold]--;
		c->price.bps -= x->bps;
	}
}

static bool enough_now(const struct choice *c, const uint64_t *sum)
{
	for (uint32_t l = 0; l < c->v->n_places; l++) {
		if (sum[l] < c->need[l])
			return false;
	}
	return true;
}

static bool can_be_enough(const struct choice *c, uint32_t depth, const uint64_t *sum)
{
	const uint64_t *left = c->left + (size_t)depth * c->v->n_places;

	for (uint32_t l = 0; l < c->v->n_places; l++) {
		if (sum[l] + left[l] < c->need[l])
			return false;
	}
	return true;
}

static void sum_add(const struct choice *c, uint32_t k, uint64_t *sum, bool add)
{
	for (uint32_t l = 0; l < c->v->n_places; l++)
		sum[l] += add ? c->v->at[k].gives[l] : -c->v->at[k].gives[l];
}

/* Is it worth going on from here? What is enough is compared. */
static bool open_here(struct choice *c, uint32_t depth, const uint64_t *sum)
{
	int cmp = price_cmp(&c->price, &c->best_price);

	if (enough_now(c, sum)) {
		if (cmp < 0 || (cmp == 0 && set_before(c->now, c->best, c->v->n))) {
			memcpy(c->best, c->now, c->v->n * sizeof(*c->best));
			c->best_price = c->price;
		}
		return false;
	}
	return cmp < 0 && depth < c->v->n && can_be_enough(c, depth, sum);
}

/* False: the budget ended it. */
static bool search(struct choice *c, uint64_t *sum)
{
	uint32_t depth = 0;

	memset(sum, 0, c->v->n_places * sizeof(*sum));
	c->tried[0] = 0;
	if (!open_here(c, 0, sum))
		return true;
	for (uint32_t steps = 0; steps < BUDGET; steps++) {
		uint32_t k = c->order[depth];

		if (c->tried[depth] == 0) {
			c->tried[depth] = 1;
			go(c, k, true);
			sum_add(c, k, sum, true);
		} else if (c->tried[depth] == 1) {
			c->tried[depth] = 2;
			go(c, k, false);
			sum_add(c, k, sum, false);
		} else {
			if (depth == 0)
				return true;
			depth--;
			continue;
		}
		if (open_here(c, depth + 1, sum))
			c->tried[++depth] = 0;
	}
	return false;
}

/* ---- all of it ---- */

static int candidate_cmp(const struct intent_victims *v, uint32_t x, uint32_t y)
{
	const struct intent_candidate *a = &v->at[x], *b = &v->at[y];

	if (a->hold != b->hold)
		return a->hold > b->hold ? -1 : 1;
	if (a->bps != b->bps)
		return a->bps > b->bps ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Worst priority first, then the largest: shell sort, for the order needs to know v. */
static void sort(const struct choice *c)
{
	uint32_t gap = 1, n = c->v->n;

	while (gap < n / 3)
		gap = 3 * gap + 1;
	for (; gap > 0; gap /= 3) {
		for (uint32_t k = gap; k < n; k++) {
			uint32_t x = c->order[k], at = k;

			for (; at >= gap && candidate_cmp(c->v, x, c->order[at - gap]) < 0; at -= gap)
				c->order[at] = c->order[at - gap];
			c->order[at] = x;
		}
	}
}

static void prepare(struct choice *c)
{
	const struct intent_victims *v = c->v;

	for (uint32_t k = 0; k < v->n; k++)
		c->order[k] = k;
	sort(c);
	for (uint32_t k = v->n; k-- > 0;) {
		for (uint32_t l = 0; l < v->n_places; l++)
			c->left[(size_t)k * v->n_places + l] = c->left[(k + (size_t)1) * v->n_places + l] +
							       v->at[c->order[k]].gives[l];
	}
	/* No more than all of them can give. */
	for (uint32_t l = 0; l < v->n_places; l++)
		c->need[l] = v->need[l] < c->left[l] ? v->need[l] : c->left[l];
}

int intent_victims_choose(struct intent_victims *v)
{
	size_t n = v->n + (size_t)1, places = v->n_places + (size_t)1;
	AUTO_FREE uint64_t *words = calloc((n + 2) * places, sizeof(*words));
	AUTO_FREE uint32_t *order = calloc(n, sizeof(*order));
	AUTO_FREE uint8_t *tried = calloc(n + 1, sizeof(*tried));
	AUTO_FREE bool *sets = calloc(2 * n, sizeof(*sets));
	struct choice c = { .v = v, .order = order, .tried = tried };

	if (!words || !order || !tried || !sets)
		return err_raise(-ENOMEM);
	c.need = words;
	c.left = words + 2 * places;
	c.now = sets;
	c.best = sets + n;
	prepare(&c);
	greedy(&c, words + places);
	v->exact = v->n <= SEARCHED_MAX && search(&c, words + places);
	for (uint32_t k = 0; k < v->n; k++)
		v->at[k].chosen = c.best[k];
	return 0;
}
