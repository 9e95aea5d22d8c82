/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds beside the first one of a kind: each has delays of its own, for each counts by its own percentile over its own
 * windows, and is judged as the first is. Streams that have none keep nothing for them.
 */
#include <errno.h>
#include <stdlib.h>

#include "assure/verdict/assure_priv.h"
#include "base/err.h"

#define PPM UINT64_C(1000000)

struct also {
	struct delays delays[ASSURE_ALSO_MAX];
	struct vary vary[ASSURE_ALSO_MAX];
};

/* As if it were the only one of its kind. */
static struct assure_terms delay_of(const struct assure_terms *t, unsigned i)
{
	struct assure_terms one = *t;

	one.delay_us_max = t->delay_also[i].us_max ? t->delay_also[i].us_max : ASSURE_NO_BOUND;
	one.percentile_ppm = t->delay_also[i].ppm;
	one.horizon = t->delay_also[i].horizon;
	one.ceiling_us_max = 0;
	return one;
}

static struct assure_terms variation_of(const struct assure_terms *t, unsigned i)
{
	struct assure_terms one = *t;

	one.variation_us_max = t->variation_also[i].us_max;
	one.variation_ppm = t->variation_also[i].ppm;
	one.variation_horizon = t->variation_also[i].horizon;
	return one;
}

bool assure_also_sensible(const struct assure_terms *t)
{
	for (unsigned i = 0; i < ASSURE_ALSO_MAX; i++) {
		const struct assure_bound *d = &t->delay_also[i], *v = &t->variation_also[i];
		const struct assure_terms one = variation_of(t, i);

		if (d->us_max && (d->ppm > PPM || d->horizon == 0 || assure_delays_need(d->ppm) > NEED_MAX ||
				  t->delay_us_max == ASSURE_NO_BOUND))
			return false;
		if (v->us_max && (v->ppm > PPM || v->horizon == 0 || assure_vary_need(&one) > SAMPLES_MAX / 2 ||
				  t->variation_us_max == 0))
			return false;
	}
	return true;
}

struct also *assure_also_free(struct also *a)
{
	for (unsigned i = 0; a && i < ASSURE_ALSO_MAX; i++) {
		assure_delays_fini(&a->delays[i]);
		assure_vary_fini(&a->vary[i]);
	}
	free(a);
	return NULL;
}

static bool has_any(const struct assure_terms *t)
{
	for (unsigned i = 0; i < ASSURE_ALSO_MAX; i++)
		if (t->delay_also[i].us_max || t->variation_also[i].us_max)
			return true;
	return false;
}

int assure_also_new(struct also **outp, const struct assure_terms *t)
{
	AUTO(assure_also_free) struct also *a = NULL;

	*outp = NULL;
	if (!has_any(t))
		return 0;
	a = calloc(1, sizeof(*a));
	if (!a)
		return err_raise(-ENOMEM);
	for (unsigned i = 0; i < ASSURE_ALSO_MAX; i++) {
		const struct assure_terms d = delay_of(t, i), v = variation_of(t, i);

		if (assure_delays_init(&a->delays[i], &d) < 0 || assure_vary_init(&a->vary[i], &v) < 0)
			return err_raise(-ENOMEM);
	}
	*outp = TAKE(a);
	return 0;
}

void assure_also_keep(struct stream *s, const struct sample *x, const struct alike *y)
{
	for (unsigned i = 0; s->also && i < ASSURE_ALSO_MAX; i++) {
		const struct assure_terms d = delay_of(&s->terms, i), v = variation_of(&s->terms, i);

		assure_delays_keep(&s->also->delays[i], &d, x);
		if (y && s->also->vary[i].cap > 0)
			assure_vary_keep(&s->also->vary[i], &v, y);
	}
}

void assure_also_turn(struct stream *s, uint64_t period)
{
	for (unsigned i = 0; s->also && i < ASSURE_ALSO_MAX; i++) {
		const struct assure_terms d = delay_of(&s->terms, i), v = variation_of(&s->terms, i);

		assure_delays_turn(&s->also->delays[i], &d, period);
		assure_vary_turn(&s->also->vary[i], &v, period);
	}
}

unsigned assure_also_judge(const struct stream *s, struct assure_window *w, enum assure_verdict of[2 * ASSURE_ALSO_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < ASSURE_ALSO_MAX; i++)
		w->delay_also[i] = w->variation_also[i] = (struct assure_found){ ASSURE_UNKNOWN, ASSURE_FINE };
	for (unsigned i = 0; s->also && i < ASSURE_ALSO_MAX; i++) {
		const struct assure_terms d = delay_of(&s->terms, i), v = variation_of(&s->terms, i);
		struct assure_found *delay = &w->delay_also[i], *variation = &w->variation_also[i];

		if (s->terms.delay_also[i].us_max) {
			delay->verdict = assure_delays_judge(&s->also->delays[i], &d, &delay->why);
			of[n++] = delay->verdict;
		}
		if (s->terms.variation_also[i].us_max) {
			variation->verdict = assure_vary_judge(&s->also->vary[i], &v, &variation->why);
			of[n++] = variation->verdict;
		}
	}
	return n;
}

const struct delays *assure_also_delays(const struct stream *s, unsigned i)
{
	return s->also && i < ASSURE_ALSO_MAX && s->terms.delay_also[i].us_max ? &s->also->delays[i] : NULL;
}

enum assure_why assure_also_variation(const struct stream *s, unsigned i, uint32_t *us)
{
	const struct assure_terms v = variation_of(&s->terms, i < ASSURE_ALSO_MAX ? i : 0);

	if (!s->also || i >= ASSURE_ALSO_MAX || !v.variation_us_max)
		return ASSURE_NO_SAMPLE;
	return assure_vary_value(&s->also->vary[i], &v, us);
}

/* ---- other terms ---- */

static bool same_bound(const struct assure_bound *a, const struct assure_bound *b)
{
	return a->us_max == b->us_max && a->ppm == b->ppm && a->horizon == b->horizon;
}

static void delay_take(struct stream *s, struct also *fresh, const struct assure_terms *t, unsigned i)
{
	const struct assure_terms one = delay_of(t, i);
	const struct delays *first = &s->delays;

	for (unsigned k = 0; s->also && k < ASSURE_ALSO_MAX; k++) {
		if (same_bound(&s->terms.delay_also[k], &t->delay_also[i]) && s->terms.at_risk_pct == t->at_risk_pct) {
			struct delays was = s->also->delays[k];

			s->also->delays[k] = fresh->delays[i];
			fresh->delays[i] = was;
			return;
		}
	}
	for (uint32_t k = first->many ? 0 : first->n; k > 0; k--)
		assure_delays_keep(&fresh->delays[i], &one, &first->at[(first->head + first->cap - k) % first->cap]);
	fresh->delays[i].fresh = first->many ? 0 : first->fresh;
}

static void vary_take(const struct stream *s, struct also *fresh, const struct assure_terms *t, unsigned i)
{
	const struct assure_terms one = variation_of(t, i);
	const struct vary *first = &s->vary;

	/* they are kept as they were, and judged when they are asked for: whose were the most */
	for (unsigned k = 0; s->also && k < ASSURE_ALSO_MAX; k++)
		first = s->also->vary[k].samples > first->samples ? &s->also->vary[k] : first;
	for (uint32_t k = first->n; k > 0; k--)
		assure_vary_keep(&fresh->vary[i], &one, &first->at[(first->head + first->cap - k) % first->cap]);
	fresh->vary[i].fresh = first->fresh;
}

void assure_also_take(struct stream *s, struct also *fresh, const struct assure_terms *t)
{
	for (unsigned i = 0; fresh && i < ASSURE_ALSO_MAX; i++) {
		if (t->delay_also[i].us_max)
			delay_take(s, fresh, t, i);
		if (t->variation_also[i].us_max)
			vary_take(s, fresh, t, i);
	}
	assure_also_free(s->also);
	s->also = fresh;
}
