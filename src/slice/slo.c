/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who promises what: a template over the one it refers to, a level over the one above it. What a
 * level says of one thing replaces what was said of that thing; a full override forgets the rest.
 */
#include <assert.h>
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

const char *slice_slo_lower(const struct slice_catalogue *c, const char *id, unsigned n, unsigned *got)
{
	for (*got = 0; *got < n; ++*got) {
		const struct slice_template *t = c->find(c->ctx, id);

		if (!t || !t->lower)
			break;
		id = t->lower;
	}
	return id;
}

static bool construct_any(const struct slice_construct *k, bool (*fn)(void *arg, const char *id), void *arg)
{
	bool found = k->policy.template_ref && fn(arg, k->policy.template_ref);

	for (uint32_t i = 0; k->kind == SLICE_C_A2A && i < k->n_ends && !found; i++)
		found = k->ends[i].policy.template_ref && fn(arg, k->ends[i].policy.template_ref);
	return found;
}

bool slice_slo_any(const struct slice_service *s, bool (*fn)(void *arg, const char *id), void *arg)
{
	bool found = s->policy.template_ref && fn(arg, s->policy.template_ref);

	for (uint32_t g = 0; g < s->n_groups && !found; g++) {
		const struct slice_group *is = &s->groups[g];

		found = is->policy.template_ref && fn(arg, is->policy.template_ref);
		for (uint32_t k = 0; k < is->n_constructs && !found; k++)
			found = construct_any(&is->constructs[k], fn, arg);
	}
	return found;
}

int slice_slo_resolve(const struct slice_catalogue *c, const struct slice_policy *const *levels,
		      unsigned n, struct slice_slo *out, struct slice_fault *f)
{
	*out = (struct slice_slo){ 0 };
	for (unsigned i = 0; i < n; i++) {
		const struct slice_policy *p = levels[i];
		struct slice_slo said = p->slo;
		unsigned got;
		int r = 0;

		if (!p->custom && !p->template_ref)
			continue;
		if (p->template_ref)
			r = slice_slo_template(c, slice_slo_lower(c, p->template_ref, c->lower, &got), &said, f);
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

static uint32_t us(uint64_t ns)
{
	return ns == UINT64_MAX ? PCE_NO_BOUND : (uint32_t)(ns / NS_PER_US);
}

/* ---- bounds of one kind ---- */

enum { BOUNDS_MAX = 12, ALL_MILLI = 100000 };

/* Ascending, and so is the share of packets that each is for: what another one implies is none of them. */
struct bounds {
	unsigned n;
	struct slice_also at[BOUNDS_MAX];
};

static uint32_t share(const struct slice_also *b)
{
	return b->milli ? b->milli : ALL_MILLI;
}

static bool implies(const struct slice_also *a, const struct slice_also *b)
{
	return a->us <= b->us && share(a) >= share(b);
}

static void bound_add(struct bounds *b, uint32_t us_is, uint32_t milli)
{
	const struct slice_also x = { us_is, milli };
	unsigned n = 0, at = 0;

	for (unsigned i = 0; i < b->n; i++)
		if (implies(&b->at[i], &x))
			return;
	for (unsigned i = 0; i < b->n; i++)
		if (!implies(&x, &b->at[i]))
			b->at[n++] = b->at[i];
	assert(n < BOUNDS_MAX); /* five of one order, twice */
	while (at < n && b->at[at].us < x.us)
		at++;
	memmove(&b->at[at + 1], &b->at[at], (n - at) * sizeof(b->at[0]));
	b->at[at] = x;
	b->n = n + 1;
}

/* The n-th to the last but `last` of them. */
static void also_take(struct slice_also out[SLICE_ALSO_MAX], const struct bounds *b, bool but_last)
{
	unsigned end = b->n - (but_last && b->n > 0);

	memset(out, 0, SLICE_ALSO_MAX * sizeof(out[0]));
	assert(end <= SLICE_ALSO_MAX + 1); /* shares of one end's three and the other's, all packets once */
	for (unsigned i = 1; i < end; i++)
		out[i - 1] = b->at[i];
}

static void delays_take(struct slice_terms *t, const struct bounds *b)
{
	bool any = b->n > 1 && share(&b->at[b->n - 1]) == ALL_MILLI;

	t->promised_us = b->n ? b->at[0].us : PCE_NO_BOUND;
	t->percentile_milli = b->n ? b->at[0].milli : 0;
	t->ceiling_us = any ? b->at[b->n - 1].us : PCE_NO_BOUND;
	also_take(t->delay_also, b, any);
}

static void variations_take(struct slice_terms *t, const struct bounds *b)
{
	t->variation_us_max = b->n ? b->at[0].us : PCE_NO_BOUND;
	t->variation_milli = b->n ? b->at[0].milli : 0;
	also_take(t->variation_also, b, false);
}

static void delays_of(struct bounds *b, const struct slice_terms *t)
{
	if (t->promised_us != PCE_NO_BOUND)
		bound_add(b, t->promised_us, t->percentile_milli);
	if (t->ceiling_us != PCE_NO_BOUND)
		bound_add(b, t->ceiling_us, 0);
	for (unsigned i = 0; i < SLICE_ALSO_MAX && t->delay_also[i].us; i++)
		bound_add(b, t->delay_also[i].us, t->delay_also[i].milli);
}

static void variations_of(struct bounds *b, const struct slice_terms *t)
{
	if (t->variation_us_max != PCE_NO_BOUND)
		bound_add(b, t->variation_us_max, t->variation_milli);
	for (unsigned i = 0; i < SLICE_ALSO_MAX && t->variation_also[i].us; i++)
		bound_add(b, t->variation_also[i].us, t->variation_also[i].milli);
}

void slice_terms_join(struct slice_terms *to, const struct slice_terms *other)
{
	struct bounds delays = { 0 }, variations = { 0 };

	delays_of(&delays, to);
	delays_of(&delays, other);
	delays_take(to, &delays);
	variations_of(&variations, to);
	variations_of(&variations, other);
	variations_take(to, &variations);
}

/* What was said of one kind: maximum and percentile one way, both of them both ways. */
static struct bounds said(const struct slice_slo *s, const enum slice_metric at[4])
{
	struct bounds b = { 0 };

	for (unsigned i = 0; i < 4; i++) {
		const struct slice_bound *x = &s->bound[at[i]];

		if (x->value) /* of both ways half, as in least() */
			bound_add(&b, us(i < 2 ? x->value : x->value / BOTH_WAYS), i % 2 ? x->percentile_milli : 0);
	}
	return b;
}

void slice_terms(const struct slice_slo *s, uint8_t margin_pct, struct slice_terms *out)
{
	static const enum slice_metric delays[4] = { SLICE_DELAY_MAX, SLICE_DELAY_PCT, SLICE_DELAY2_MAX,
						    SLICE_DELAY2_PCT };
	static const enum slice_metric variations[4] = { SLICE_VARIATION_MAX, SLICE_VARIATION_PCT,
							SLICE_VARIATION2_MAX, SLICE_VARIATION2_PCT };
	static const enum slice_metric losses[] = { SLICE_LOSS, SLICE_LOSS2 };
	uint64_t delay = least(s, delays, ARRAY_LEN(delays), SLICE_DELAY2_MAX);
	const struct bounds of_delay = said(s, delays), of_variation = said(s, variations);
	uint64_t loss = least(s, losses, ARRAY_LEN(losses), SLICE_LOSS2);
	uint64_t one = s->bound[SLICE_BW_ONE_WAY].value, two = s->bound[SLICE_BW_TWO_WAY].value;

	*out = (struct slice_terms){
		.bandwidth_bps = one > two ? one : two,
		.shared_bps = s->bound[SLICE_BW_SHARED].value,
		.delay_us_max = us(delay == UINT64_MAX ? delay : delay * (100u - margin_pct) / 100),
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
	delays_take(out, &of_delay);
	variations_take(out, &of_variation);
}
