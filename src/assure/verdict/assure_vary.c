/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variation of delays: how much longer than the shortest of the horizon each took (packet delay
 * variation, RFC 5481 s4.2). That another path is longer is no variation: each is compared with those
 * that went the same way, and one of which that is not known with none. What clocks are apart is in both,
 * so it is not in the difference as long as it stays the same: within the bound is what is so if it does,
 * beyond it what is so even if it does not. A sample that stands for several is from its least to its most.
 */
#include <errno.h>
#include <stdlib.h>

#include "assure/verdict/assure_priv.h"
#include "base/err.h"

#define PPM UINT64_C(1000000)

enum { TWO = 2, LEAST_CAP = 64 };

uint32_t assure_vary_need(const struct assure_terms *t)
{
	uint32_t need = assure_delays_need(t->variation_ppm);

	return need < TWO ? TWO : need; /* one alone does not vary */
}

int assure_vary_init(struct vary *v, const struct assure_terms *t)
{
	uint32_t cap = TWO * assure_vary_need(t);

	*v = (struct vary){ .cap = t->variation_us_max == 0 ? 0 : cap < LEAST_CAP ? LEAST_CAP : cap };
	if (v->cap == 0)
		return 0;
	v->at = calloc(v->cap, sizeof(*v->at));
	return v->at ? 0 : err_raise(-ENOMEM);
}

void assure_vary_fini(struct vary *v)
{
	free(v->at);
	v->at = NULL;
}

static const struct alike *nth(const struct vary *v, uint32_t i) /* 0: the newest */
{
	return &v->at[(v->head + v->cap - 1 - i) % v->cap];
}

static uint64_t bound_ns(const struct assure_terms *t)
{
	return (uint64_t)t->variation_us_max * 1000;
}

static void drop_oldest(struct vary *v)
{
	v->samples -= nth(v, v->n - 1)->times;
	v->n--;
}

static bool is_alike(const struct alike *a, const struct alike *b)
{
	return a->period == b->period && a->least_ns == b->least_ns && a->most_ns == b->most_ns &&
	       a->clock_ns == b->clock_ns && a->path == b->path;
}

void assure_vary_keep(struct vary *v, const struct assure_terms *t, const struct alike *s)
{
	if (v->cap == 0 || s->clock_ns >= bound_ns(t) || s->most_ns > UINT64_MAX / 4 || s->most_ns < s->least_ns ||
	    v->samples > UINT32_MAX / 2 - s->times)
		return;
	if (v->n > 0 && is_alike(nth(v, 0), s)) {
		v->at[(v->head + v->cap - 1) % v->cap].times += s->times;
	} else {
		if (v->n == v->cap)
			drop_oldest(v);
		v->at[v->head] = *s;
		v->head = (v->head + 1) % v->cap;
		v->n++;
	}
	v->samples += s->times;
	v->fresh += s->times;
}

void assure_vary_turn(struct vary *v, const struct assure_terms *t, uint64_t period)
{
	v->fresh = 0;
	while (v->n > 0 && nth(v, v->n - 1)->period + t->variation_horizon <= period + 1)
		drop_oldest(v);
}

/* The shortest of those that went one way, clocks being as they were. */
struct base {
	uint64_t least, most, clock;
};

/* From sample i on (the newest is 0): the first that went another way, or the end. */
static uint32_t one_way(const struct vary *v, uint32_t i, struct base *b)
{
	uint32_t path = nth(v, i)->path;

	*b = (struct base){ UINT64_MAX, UINT64_MAX, 0 };
	for (; i < v->n && nth(v, i)->path == path; i++) {
		const struct alike *s = nth(v, i);

		b->least = s->least_ns < b->least ? s->least_ns : b->least;
		if (s->most_ns < b->most) {
			b->most = s->most_ns;
			b->clock = s->clock_ns;
		}
	}
	return i;
}

enum assure_verdict assure_vary_judge(const struct vary *v, const struct assure_terms *t, enum assure_why *why)
{
	uint64_t may = (uint64_t)v->samples * (PPM - t->variation_ppm) / PPM, over = 0, risky = 0;
	struct base b;

	*why = v->fresh == 0		    ? ASSURE_NO_SAMPLE :
	       v->samples < assure_vary_need(t) ? ASSURE_INSUFFICIENT_SAMPLES :
						  ASSURE_FINE;
	if (*why != ASSURE_FINE)
		return ASSURE_UNKNOWN;
	for (uint32_t i = 0, end = 0; i < v->n;) {
		for (end = one_way(v, i, &b); i < end; i++) {
			const struct alike *s = nth(v, i);

			if (s->least_ns > b.most + b.clock + s->clock_ns + bound_ns(t))
				over += s->times;
			if (s->most_ns - b.least >= bound_ns(t) / 100 * t->at_risk_pct)
				risky += s->times;
		}
	}
	if (over > may)
		return ASSURE_VIOLATED;
	return risky > may ? ASSURE_AT_RISK : ASSURE_COMPLIANT;
}

struct value {
	uint64_t ns;
	uint32_t times;
};

static int by_value(const void *x, const void *y)
{
	const struct value *a = x, *b = y;

	return (a->ns > b->ns) - (a->ns < b->ns);
}

enum assure_why assure_vary_value(const struct vary *v, const struct assure_terms *t, uint32_t *us)
{
	uint64_t rank = v->samples - (uint64_t)v->samples * (PPM - t->variation_ppm) / PPM, sum = 0;
	AUTO_FREE struct value *at = NULL;
	struct base b;
	uint32_t k = 0;

	if (v->samples == 0)
		return ASSURE_NO_SAMPLE;
	at = v->samples < assure_vary_need(t) ? NULL : calloc(v->n, sizeof(*at));
	if (!at)
		return ASSURE_INSUFFICIENT_SAMPLES;
	for (uint32_t i = 0, end = 0; i < v->n;) {
		for (end = one_way(v, i, &b); i < end; i++)
			at[i] = (struct value){ nth(v, i)->most_ns - b.least, nth(v, i)->times };
	}
	qsort(at, v->n, sizeof(*at), by_value);
	/* the smallest that no more than may are beyond, as in assure_vary_judge() */
	while (k + 1 < v->n && (sum += at[k].times) < rank)
		k++;
	*us = at[k].ns / 1000 < UINT32_MAX ? (uint32_t)(at[k].ns / 1000) : UINT32_MAX;
	return ASSURE_FINE;
}
