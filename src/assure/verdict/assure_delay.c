/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A percentile is within its bound when few enough samples are beyond it: two counts that follow
 * the ring, no sorting. A sample whose clocks err by as much as the bound says nothing. Beyond the
 * bound is what is so even if the clocks err in its favour; near it, what is so if they do not.
 */
#include <errno.h>
#include <stdlib.h>

#include "assure/verdict/assure_priv.h"
#include "base/err.h"

#define PPM UINT64_C(1000000)

uint32_t assure_delays_need(uint32_t percentile_ppm)
{
	return percentile_ppm >= PPM ? 1 : (uint32_t)((PPM + PPM - percentile_ppm - 1) /
						      (PPM - percentile_ppm));
}

int assure_delays_init(struct delays *d, const struct assure_terms *t)
{
	uint32_t need = assure_delays_need(t->percentile_ppm), cap = 2 * need;

	if (t->delay_us_max == ASSURE_NO_BOUND)
		cap = 0;
	else if (cap < 64)
		cap = 64;
	*d = (struct delays){ .cap = cap };
	if (cap == 0)
		return 0;
	if (need > SAMPLES_MAX / 2)
		d->many = assure_many_new();
	else
		d->at = calloc(cap, sizeof(*d->at));
	return d->at || d->many ? 0 : err_raise(-ENOMEM);
}

void assure_delays_fini(struct delays *d)
{
	free(d->at);
	free(d->many);
}

static uint64_t bound_ns(const struct assure_terms *t)
{
	return (uint64_t)t->delay_us_max * 1000;
}

static bool is_over(const struct sample *s, const struct assure_terms *t)
{
	return s->ns > bound_ns(t) && s->ns - bound_ns(t) > s->error_ns;
}

static bool is_risky(const struct sample *s, const struct assure_terms *t)
{
	return s->ns + s->error_ns >= bound_ns(t) / 100 * t->at_risk_pct;
}

static void count(struct delays *d, const struct assure_terms *t, const struct sample *s, int by)
{
	if (is_over(s, t))
		d->over += (uint32_t)by;
	if (is_risky(s, t))
		d->risky += (uint32_t)by;
}

/* One is enough, so it is enough to know when the last was. */
static void look_at_any(struct delays *d, const struct assure_terms *t, const struct sample *s)
{
	struct assure_terms any = *t;

	any.delay_us_max = t->ceiling_us_max;
	if (t->ceiling_us_max == 0)
		return;
	if (is_over(s, &any))
		d->over_any = s->period + 1;
	if (!is_risky(s, &any))
		return;
	d->risky_any = s->period + 1;
	d->any_ns = s->most_ns;
}

static bool is_recent(uint64_t at, const struct assure_terms *t, uint64_t period)
{
	return at > 0 && at - 1 + t->ceiling_horizon > period;
}

enum assure_verdict assure_delays_any(const struct delays *d, const struct assure_terms *t, uint64_t period,
				      uint32_t *us)
{
	if (!is_recent(d->risky_any, t, period))
		return d->fresh > 0 ? ASSURE_COMPLIANT : ASSURE_UNKNOWN;
	*us = d->any_ns / 1000 < UINT32_MAX ? (uint32_t)(d->any_ns / 1000) : UINT32_MAX;
	if (is_recent(d->over_any, t, period))
		return ASSURE_VIOLATED;
	return d->fresh > 0 ? ASSURE_AT_RISK : ASSURE_UNKNOWN;
}

static void drop_oldest(struct delays *d, const struct assure_terms *t)
{
	count(d, t, &d->at[(d->head + d->cap - d->n) % d->cap], -1);
	d->n--;
}

void assure_delays_keep(struct delays *d, const struct assure_terms *t, const struct sample *s)
{
	if (d->cap == 0 || s->clock_ns >= bound_ns(t))
		return;
	look_at_any(d, t, s);
	if (d->many) {
		assure_many_keep(d, t, s, is_over(s, t), is_risky(s, t));
		return;
	}
	if (d->n == d->cap)
		drop_oldest(d, t);
	d->at[d->head] = *s;
	d->head = (d->head + 1) % d->cap;
	d->n++;
	d->fresh++;
	count(d, t, s, 1);
}

/* Between the two it was: as uncertain as they are apart. */
static struct sample between(uint64_t period, uint64_t lo, uint64_t hi, uint64_t clock_ns)
{
	return (struct sample){ .period = period,
				.ns = lo + (hi - lo) / 2,
				.error_ns = (hi - lo + 1) / 2 + clock_ns,
				.least_ns = lo,
				.most_ns = hi,
				.clock_ns = clock_ns };
}

void assure_spread_each(const struct assure_spread *s, uint64_t period,
			void (*keep)(void *arg, const struct sample *s), void *arg)
{
	uint64_t high = s->p99_ns ? s->p99_ns : s->median_ns;
	uint32_t n = s->samples < SAMPLES_MAX ? s->samples : SAMPLES_MAX;

	if (s->maximum_ns > UINT64_MAX / 4 || s->error_ns > UINT64_MAX / 4 || s->median_ns < s->minimum_ns ||
	    high < s->median_ns || s->maximum_ns < high)
		return;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t lo = high, hi = s->maximum_ns;
		struct sample x;

		if (i + 1 == n) { /* one took the longest, whatever the others did */
			lo = s->maximum_ns;
		} else if (i == 0) {
			lo = hi = s->minimum_ns;
		} else if (i < n / 2) {
			lo = s->minimum_ns;
			hi = s->median_ns;
		} else if (s->p99_ns && i < (uint64_t)n * 99 / 100) {
			lo = s->median_ns;
			hi = s->p99_ns;
		}
		x = between(period, lo, hi, s->error_ns);
		keep(arg, &x);
	}
}

void assure_delays_turn(struct delays *d, const struct assure_terms *t, uint64_t period)
{
	d->fresh = 0;
	if (d->many) {
		assure_many_turn(d, t, period);
		return;
	}
	while (d->n > 0 &&
	       d->at[(d->head + d->cap - d->n) % d->cap].period + t->horizon <= period + 1)
		drop_oldest(d, t);
}

enum assure_verdict assure_delays_judge(const struct delays *d, const struct assure_terms *t,
					enum assure_why *why)
{
	uint64_t may = (uint64_t)d->n * (PPM - t->percentile_ppm) / PPM; /* so many may be beyond it */

	*why = d->fresh == 0 ? ASSURE_NO_SAMPLE :
	       d->n < assure_delays_need(t->percentile_ppm) ? ASSURE_INSUFFICIENT_SAMPLES :
							       ASSURE_FINE;
	if (*why != ASSURE_FINE)
		return ASSURE_UNKNOWN;
	if (d->over > may)
		return ASSURE_VIOLATED;
	return d->risky > may ? ASSURE_AT_RISK : ASSURE_COMPLIANT;
}
