/* SPDX-License-Identifier: Apache-2.0 */
/* A window's verdict, what it makes of the stream's, and what is kept of it. */
#include "assure/verdict/assure_priv.h"

#define PPM UINT64_C(1000000)

const char *assure_verdict_name(enum assure_verdict v)
{
	static const char *const names[] = { "unknown", "compliant", "at-risk", "violated" };

	return names[v];
}

const char *assure_why_name(enum assure_why w)
{
	static const char *const names[] = { "",
					     "missing",
					     "contradicted",
					     "counter-went-back",
					     "impossible",
					     "idle",
					     "no-sample",
					     "insufficient-samples" };

	return names[w];
}

/* ---- one window ---- */

static enum assure_verdict judge_loss(const struct assure_terms *t, const struct assure_window *w)
{
	uint64_t bound = t->loss_ppm_max * w->sent; /* both are bounded: 2^20, 2^36 */

	if (w->loss_why != ASSURE_FINE)
		return ASSURE_UNKNOWN;
	if (w->lost * PPM > bound)
		return ASSURE_VIOLATED;
	return w->lost > 0 && w->lost * PPM >= bound / 100 * t->at_risk_pct ? ASSURE_AT_RISK :
									      ASSURE_COMPLIANT;
}

/* Out of bound is so whatever else is unknown; within is only what is known to be. */
static enum assure_verdict worse(enum assure_verdict a, enum assure_verdict b)
{
	if (a == ASSURE_VIOLATED || b == ASSURE_VIOLATED)
		return ASSURE_VIOLATED;
	if (a == ASSURE_UNKNOWN || b == ASSURE_UNKNOWN)
		return ASSURE_UNKNOWN;
	return a > b ? a : b;
}

static enum assure_verdict judge_window(const struct stream *s, struct assure_window *w)
{
	const struct assure_terms *t = &s->terms;
	enum assure_verdict of[4 + 2 * ASSURE_ALSO_MAX], v;
	unsigned n = 0;

	if (t->loss_ppm_max != ASSURE_NO_BOUND)
		of[n++] = judge_loss(t, w);
	if (t->delay_us_max != ASSURE_NO_BOUND)
		of[n++] = assure_delays_judge(&s->delays, t, &w->delay_why);
	if (t->delay_us_max != ASSURE_NO_BOUND && t->ceiling_us_max)
		of[n++] = assure_delays_any(&s->delays, t, w->period, &w->beyond_us);
	if (t->variation_us_max)
		of[n++] = assure_vary_judge(&s->vary, t, &w->variation_why);
	n += assure_also_judge(s, w, of + n);
	v = n ? of[0] : ASSURE_UNKNOWN;
	for (unsigned i = 1; i < n; i++)
		v = worse(v, of[i]);
	return v;
}

/* ---- the stream ---- */

static enum assure_verdict next_state(struct stream *s, enum assure_verdict v)
{
	bool violated = s->state == ASSURE_VIOLATED;

	switch (v) {
	case ASSURE_VIOLATED:
		s->clear_run = 0;
		if (s->out_run < s->terms.to_violate)
			s->out_run++;
		if (violated || s->out_run >= s->terms.to_violate)
			return ASSURE_VIOLATED;
		return ASSURE_AT_RISK;
	case ASSURE_UNKNOWN:
		s->clear_run = 0;
		return violated ? ASSURE_VIOLATED : ASSURE_UNKNOWN;
	case ASSURE_AT_RISK:
	case ASSURE_COMPLIANT:
		break;
	}
	if (violated && ++s->clear_run < s->terms.to_clear)
		return ASSURE_VIOLATED;
	s->out_run = s->clear_run = 0;
	return v;
}

static void keep(struct stream *s, const struct assure_window *w)
{
	struct assure_bucket *b = &s->buckets[s->bucket_head];

	s->recent_head = (s->recent_head + 1) % ASSURE_RECENT;
	s->recent[s->recent_head] =
		(struct assure_past){ .period = w->period,
				      .sent = w->sent,
				      .lost = w->lost,
				      .delay_us = w->has_delay ? w->delay_us : UINT32_MAX,
				      .verdict = (uint8_t)w->verdict,
				      .loss_why = (uint8_t)w->loss_why,
				      .delay_why = (uint8_t)w->delay_why,
				      .variation_why = (uint8_t)w->variation_why };
	s->n_recent += s->n_recent < ASSURE_RECENT;
	s->windows[w->verdict]++;
	if (s->n_buckets == 0 || w->period - b->period >= ASSURE_BUCKET_WINDOWS) {
		s->bucket_head = (s->bucket_head + 1) % ASSURE_BUCKETS;
		s->n_buckets += s->n_buckets < ASSURE_BUCKETS;
		b = &s->buckets[s->bucket_head];
		*b = (struct assure_bucket){ .period = w->period -
						       w->period % ASSURE_BUCKET_WINDOWS };
	}
	b->windows[w->verdict]++;
}

void assure_judge(struct stream *s, struct assure_window *w)
{
	w->verdict = judge_window(s, w);
	w->before = s->state;
	w->state = next_state(s, w->verdict);
	if (w->state != w->before)
		s->since = w->period;
	s->state = w->state;
	keep(s, w);
}

void assure_availability(const uint64_t windows[4], uint32_t *least_ppm, uint32_t *known_ppm)
{
	uint64_t good = windows[ASSURE_COMPLIANT] + windows[ASSURE_AT_RISK];
	uint64_t known = good + windows[ASSURE_VIOLATED], all = known + windows[ASSURE_UNKNOWN];

	*least_ppm = all ? (uint32_t)(good * PPM / all) : 0;
	*known_ppm = known ? (uint32_t)(good * PPM / known) : UINT32_MAX;
}
