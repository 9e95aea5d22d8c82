/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who promises what: a template over the one it refers to, a level over the one above it. What a
 * level says of one thing replaces what was said of that thing; a full override forgets the rest.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/err.h"
#include "slice/plan.h"

static void lay_over(struct slice_slo *under, const struct slice_slo *over)
{
	for (unsigned m = 0; m < SLICE_METRICS; m++) {
		if (over->bound[m].set)
			under->bound[m] = over->bound[m];
	}
	if (over->nines)
		under->nines = over->nines;
	if (over->mtu)
		under->mtu = over->mtu;
	if (over->has_security) {
		under->has_security = true;
		under->security = over->security;
	}
	if (over->has_isolation) {
		under->has_isolation = true;
		under->isolation = over->isolation;
	}
	if (over->has_diversity) {
		under->has_diversity = true;
		under->diversity = over->diversity;
	}
	if (over->has_occupancy) {
		under->has_occupancy = true;
		under->occupancy = over->occupancy;
	}
}

int slice_slo_template(const struct slice_catalogue *c, const char *id, struct slice_slo *out,
		       struct slice_fault *f)
{
	const struct slice_template *chain[SLICE_INHERIT_MAX];
	unsigned n = 0;

	*out = (struct slice_slo){ 0 };
	for (const char *next = id; next; next = chain[n - 1]->parent) {
		if (n == SLICE_INHERIT_MAX) {
			(void)snprintf(f->text, sizeof(f->text),
				       "template %.100s refers to itself, or to more than %d above one another",
				       id, SLICE_INHERIT_MAX);
			return err_raise(-EINVAL);
		}
		chain[n] = c->find(c->ctx, next);
		if (!chain[n]) {
			(void)snprintf(f->text, sizeof(f->text), "there is no template %.100s", next);
			return err_raise(-EINVAL);
		}
		n++;
	}
	while (n > 0)
		lay_over(out, &chain[--n]->slo);
	return 0;
}

int slice_slo_resolve(const struct slice_catalogue *c, const struct slice_policy *const *levels,
		      unsigned n, struct slice_slo *out, struct slice_fault *f)
{
	*out = (struct slice_slo){ 0 };
	for (unsigned i = 0; i < n; i++) {
		const struct slice_policy *p = levels[i];
		struct slice_slo said = p->slo;
		int r = 0;

		if (!p->custom && !p->template_ref)
			continue;
		if (p->template_ref)
			r = slice_slo_template(c, p->template_ref, &said, f);
		if (r < 0)
			return err_trace(r);
		if (p->override == SLICE_FULL)
			*out = said;
		else
			lay_over(out, &said);
	}
	return 0;
}

/* ---- what it means for one direction ---- */

enum { BOTH_WAYS = 2 };

/* The least of what was said; 0 says there is no bound. UINT64_MAX: none at all. */
static uint64_t least(const struct slice_slo *s, const enum slice_metric *one, unsigned n,
		      enum slice_metric two)
{
	uint64_t at = UINT64_MAX;

	for (unsigned i = 0; i < n; i++) {
		uint64_t v = s->bound[one[i]].value;

		if (v) {
			/* Half of what both directions may take together is enough for each, whatever
			 * way the other goes; of loss too, for 1-(1-p)(1-p) is below 2p. */
			v = one[i] >= two ? v / BOTH_WAYS : v;
			at = v < at ? v : at;
		}
	}
	return at;
}

/* Of the packets that the least bound is for: 0 when it is for all. at: maximum and percentile one way,
 * both of them both ways. */
static uint32_t percentile_of(const struct slice_slo *s, const enum slice_metric at[4], uint64_t bound)
{
	const struct slice_bound *one = &s->bound[at[1]], *two = &s->bound[at[3]];

	if (bound == UINT64_MAX || s->bound[at[0]].value == bound || s->bound[at[2]].value / BOTH_WAYS == bound)
		return 0;
	return one->value == bound ? one->percentile_milli : two->percentile_milli;
}

static uint32_t us(uint64_t ns)
{
	return ns == UINT64_MAX ? PCE_NO_BOUND : (uint32_t)(ns / NS_PER_US);
}

void slice_terms(const struct slice_slo *s, uint8_t margin_pct, struct slice_terms *out)
{
	static const enum slice_metric delays[4] = { SLICE_DELAY_MAX, SLICE_DELAY_PCT, SLICE_DELAY2_MAX,
						    SLICE_DELAY2_PCT };
	static const enum slice_metric variations[4] = { SLICE_VARIATION_MAX, SLICE_VARIATION_PCT,
							SLICE_VARIATION2_MAX, SLICE_VARIATION2_PCT };
	static const enum slice_metric longest[] = { SLICE_DELAY_MAX, SLICE_DELAY2_MAX };
	static const enum slice_metric losses[] = { SLICE_LOSS, SLICE_LOSS2 };
	uint64_t delay = least(s, delays, ARRAY_LEN(delays), SLICE_DELAY2_MAX);
	uint64_t any = least(s, longest, ARRAY_LEN(longest), SLICE_DELAY2_MAX);
	uint64_t variation = least(s, variations, ARRAY_LEN(variations), SLICE_VARIATION2_MAX);
	uint64_t loss = least(s, losses, ARRAY_LEN(losses), SLICE_LOSS2);
	uint64_t one = s->bound[SLICE_BW_ONE_WAY].value, two = s->bound[SLICE_BW_TWO_WAY].value;

	*out = (struct slice_terms){
		.bandwidth_bps = one > two ? one : two,
		.shared_bps = s->bound[SLICE_BW_SHARED].value,
		.delay_us_max = us(delay == UINT64_MAX ? delay : delay * (100u - margin_pct) / 100),
		.promised_us = us(delay),
		.percentile_milli = percentile_of(s, delays, delay),
		.ceiling_us = us(any > delay ? any : UINT64_MAX),
		.variation_us_max = us(variation),
		.variation_milli = percentile_of(s, variations, variation),
		.loss_ppm_max = loss == UINT64_MAX ? PCE_NO_BOUND : (uint32_t)loss,
		.mtu = (uint16_t)s->mtu,
		.diversity = s->diversity,
		.nines = s->nines,
		.two_way = two > 0 || s->bound[SLICE_DELAY2_MAX].value || s->bound[SLICE_DELAY2_PCT].value ||
			   s->bound[SLICE_VARIATION2_MAX].value || s->bound[SLICE_VARIATION2_PCT].value ||
			   s->bound[SLICE_LOSS2].value,
		.isolate = s->isolation & SLICE_ISOLATE_RESOURCE,
		.secure = s->security != 0,
		.occupancy = s->has_occupancy,
	};
}
