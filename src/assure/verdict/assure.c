/* SPDX-License-Identifier: Apache-2.0 */
/* The streams by id, and in a heap by when their next window is due. */
#include "assure/verdict/assure.h"

#include <errno.h>
#include <stdlib.h>

#include "assure/verdict/assure_priv.h"
#include "base/err.h"

#define NS_PER_MS UINT64_C(1000000)
#define PPM 1000000u

struct assure {
	size_t max;
	struct hash streams;
	struct heap due;
};

static bool id_eq(const struct hash_node *n, const void *key)
{
	return HASH_OF(n, struct stream, node)->id == *(const uint64_t *)key;
}

static struct stream *stream_of(const struct assure *a, uint64_t id)
{
	struct hash_node *n = hash_get(&a->streams, &id, sizeof(id), &id);

	return n ? HASH_OF(n, struct stream, node) : NULL;
}

int assure_new(struct assure **outp, size_t streams_max, uint64_t seed)
{
	struct assure *a = calloc(1, sizeof(*a));

	if (!a)
		return err_raise(-ENOMEM);
	a->max = streams_max;
	hash_init(&a->streams, seed, id_eq);
	*outp = a;
	return 0;
}

static struct stream *stream_free(struct stream *s)
{
	if (!s)
		return NULL;
	free(s->rungs);
	assure_delays_fini(&s->delays);
	assure_vary_fini(&s->vary);
	assure_also_free(s->also);
	free(s);
	return NULL;
}
AUTO_DEFINE(struct stream, stream_free)

struct assure *assure_free(struct assure *a)
{
	if (!a)
		return NULL;
	HASH_EACH (n, &a->streams)
		stream_free(HASH_OF(n, struct stream, node));
	hash_fini(&a->streams);
	heap_fini(&a->due);
	free(a);
	return NULL;
}

static bool sensible(const struct assure_terms *t)
{
	return t->period_ms >= 10 && t->period_ms <= 3600000 && t->guard_ms < t->period_ms &&
	       (t->loss_ppm_max <= PPM || t->loss_ppm_max == ASSURE_NO_BOUND) &&
	       t->percentile_ppm <= PPM &&
	       assure_delays_need(t->percentile_ppm) <= NEED_MAX && t->delay_us_max > 0 &&
	       (t->ceiling_us_max == 0 || t->ceiling_horizon > 0) &&
	       (t->variation_us_max == 0 ||
		(t->variation_ppm <= PPM && t->variation_horizon > 0 && assure_vary_need(t) <= SAMPLES_MAX / 2)) &&
	       assure_also_sensible(t) && t->horizon > 0 && t->at_risk_pct <= 100 && t->to_violate > 0 && t->to_clear > 0;
}

/* When the window that is open is over and all of it should have been told. */
static uint64_t due_ns(const struct stream *s)
{
	return ((s->next + 1) * s->terms.period_ms + s->terms.guard_ms) * NS_PER_MS;
}

int assure_add(struct assure *a, uint64_t id, const struct assure_terms *t,
	       const struct assure_point *points, size_t n, uint64_t now_ns)
{
	AUTO(stream_free) struct stream *s = NULL;
	int rc;

	if (!sensible(t))
		return ASSURE_E_TERMS;
	if (stream_of(a, id))
		return ASSURE_E_EXISTS;
	if (a->streams.count >= a->max)
		return ASSURE_E_FULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_raise(-ENOMEM);
	s->id = id;
	s->terms = *t;
	s->next = s->since = now_ns / (t->period_ms * NS_PER_MS);
	rc = assure_delays_init(&s->delays, t);
	if (rc == 0)
		rc = assure_vary_init(&s->vary, t);
	if (rc == 0)
		rc = assure_also_new(&s->also, t);
	if (rc == 0)
		rc = assure_ladder_path(s, points, n, 0, s->next);
	if (rc == 0)
		rc = hash_put(&a->streams, &s->id, sizeof(s->id), &s->node);
	if (rc)
		return rc;
	rc = heap_add(&a->due, &s->due, due_ns(s));
	if (rc < 0) {
		hash_del(&a->streams, &s->node);
		return err_trace(rc);
	}
	(void)TAKE(s);
	return 0;
}

int assure_path(struct assure *a, uint64_t id, const struct assure_point *points, size_t n,
		uint64_t since_ns, uint64_t until_ns)
{
	struct stream *s = stream_of(a, id);
	uint64_t period_ns;

	if (!s)
		return ASSURE_E_ABSENT;
	if (until_ns < since_ns || !assure_ladder_same_ends(s, points, n))
		return ASSURE_E_TERMS;
	period_ns = s->terms.period_ms * NS_PER_MS;
	s->path++;
	return assure_ladder_path(s, points, n, since_ns / period_ns, until_ns / period_ns);
}

void assure_settled(struct assure *a, uint64_t id, uint64_t until_ns)
{
	struct stream *s = stream_of(a, id);

	if (s)
		assure_ladder_settled(s, until_ns / (s->terms.period_ms * NS_PER_MS));
}

static bool same_delay(const struct assure_terms *a, const struct assure_terms *b)
{
	return a->delay_us_max == b->delay_us_max && a->percentile_ppm == b->percentile_ppm &&
	       a->horizon == b->horizon && a->at_risk_pct == b->at_risk_pct &&
	       a->ceiling_us_max == b->ceiling_us_max && a->ceiling_horizon == b->ceiling_horizon;
}

/* What was measured one by one holds, only the bound is another; counts of what is beyond a bound say
 * nothing of another one: those begin anew. */
static int delays_anew(const struct stream *s, const struct assure_terms *t, struct delays *fresh)
{
	const struct delays *d = &s->delays;
	int rc = assure_delays_init(fresh, t);

	if (rc < 0)
		return err_trace(rc);
	for (uint32_t i = d->many ? 0 : d->n; i > 0; i--)
		assure_delays_keep(fresh, t, &d->at[(d->head + d->cap - i) % d->cap]);
	fresh->fresh = d->many ? 0 : d->fresh;
	return 0;
}

static int vary_anew(const struct stream *s, const struct assure_terms *t, struct vary *fresh)
{
	const struct vary *v = &s->vary;
	int rc = assure_vary_init(fresh, t);

	if (rc < 0)
		return err_trace(rc);
	for (uint32_t i = v->n; i > 0; i--)
		assure_vary_keep(fresh, t, &v->at[(v->head + v->cap - i) % v->cap]);
	fresh->fresh = v->fresh;
	return 0;
}

int assure_terms_set(struct assure *a, uint64_t id, const struct assure_terms *t)
{
	struct stream *s = stream_of(a, id);
	AUTO(assure_also_free) struct also *also = NULL;
	struct delays delays;
	struct vary vary;
	int rc;

	if (!s)
		return ASSURE_E_ABSENT;
	if (!sensible(t) || t->period_ms != s->terms.period_ms || t->guard_ms != s->terms.guard_ms)
		return ASSURE_E_TERMS;
	rc = assure_also_new(&also, t);
	if (rc == 0)
		rc = vary_anew(s, t, &vary);
	if (rc < 0)
		return rc;
	if (!s->delays.many || !same_delay(&s->terms, t)) {
		rc = delays_anew(s, t, &delays);
		if (rc < 0) {
			assure_vary_fini(&vary);
			return rc;
		}
		assure_also_take(s, TAKE(also), t);
		assure_delays_fini(&s->delays);
		s->delays = delays;
	} else {
		assure_also_take(s, TAKE(also), t);
	}
	assure_vary_fini(&s->vary);
	s->vary = vary;
	s->terms = *t;
	return 0;
}

void assure_del(struct assure *a, uint64_t id)
{
	struct stream *s = stream_of(a, id);

	if (!s)
		return;
	hash_del(&a->streams, &s->node);
	heap_del(&a->due, &s->due);
	stream_free(s);
}

int assure_rebase(struct assure *a, uint64_t now_ns)
{
	HASH_EACH (n, &a->streams) {
		struct stream *s = HASH_OF(n, struct stream, node);
		struct also *also = NULL;
		struct delays fresh;
		int rc = assure_delays_init(&fresh, &s->terms);

		if (rc == 0)
			rc = assure_also_new(&also, &s->terms);
		if (rc < 0) {
			assure_delays_fini(&fresh);
			return err_trace(rc);
		}
		assure_delays_fini(&s->delays);
		s->delays = fresh;
		assure_also_free(s->also);
		s->also = also;
		s->vary.n = s->vary.samples = s->vary.fresh = 0;
		s->next = s->since = now_ns / (s->terms.period_ms * NS_PER_MS);
		s->state = ASSURE_UNKNOWN;
		s->out_run = s->clear_run = 0;
		assure_ladder_forget(s);
		heap_del(&a->due, &s->due);
		(void)heap_add(&a->due, &s->due, due_ns(s)); /* there is room: it was in it */
	}
	return 0;
}

size_t assure_count(const struct assure *a)
{
	return a->streams.count;
}

enum assure_take assure_report(struct assure *a, uint64_t id, const struct assure_report *r,
			       uint64_t now_ns)
{
	struct stream *s = stream_of(a, id);
	enum assure_take t;

	if (!s)
		return ASSURE_NO_STREAM;
	t = assure_ladder_take(s, r, now_ns);
	s->reports[t]++;
	return t;
}

static void sample_keep(void *arg, const struct sample *x)
{
	struct stream *s = arg;
	const struct alike y = { x->period, x->least_ns, x->most_ns, x->clock_ns, s->path, 1 };

	bool certain = s->vary.cap > 0 && assure_ladder_certain(s);

	assure_delays_keep(&s->delays, &s->terms, x);
	if (certain)
		assure_vary_keep(&s->vary, &s->terms, &y);
	assure_also_keep(s, x, certain ? &y : NULL);
}

static void sample_add(struct stream *s, uint64_t ns, uint64_t error_ns)
{
	const struct sample x = { .period = s->next, .ns = ns, .error_ns = error_ns,
				  .least_ns = ns, .most_ns = ns, .clock_ns = error_ns };

	if (ns <= UINT64_MAX / 4 && error_ns <= UINT64_MAX / 4)
		sample_keep(s, &x);
}

enum assure_take assure_delay(struct assure *a, uint64_t id, uint64_t delay_ns, uint64_t error_ns)
{
	struct stream *s = stream_of(a, id);

	if (!s)
		return ASSURE_NO_STREAM;
	sample_add(s, delay_ns, error_ns);
	return ASSURE_TAKEN;
}

enum assure_take assure_delays_told(struct assure *a, uint64_t id, const struct assure_spread *told)
{
	struct stream *s = stream_of(a, id);

	if (!s)
		return ASSURE_NO_STREAM;
	assure_spread_each(told, s->next, sample_keep, s);
	return ASSURE_TAKEN;
}

static void close_window(struct stream *s, void (*fn)(void *arg, const struct assure_window *w),
			 void *arg)
{
	struct assure_window w;
	uint64_t ns = 0, error_ns = 0;

	/* segments are filled as far as n_segments says: no need to clear them all */
	w.id = s->id;
	w.period = s->next;
	w.loss_why = w.delay_why = w.variation_why = ASSURE_FINE;
	w.sent = w.lost = 0;
	w.has_delay = false;
	w.delay_us = w.beyond_us = 0;
	w.n_segments = 0;
	assure_ladder_read(s, &w, &ns, &error_ns);
	if (w.has_delay)
		sample_add(s, ns, error_ns);
	assure_judge(s, &w);
	assure_delays_turn(&s->delays, &s->terms, s->next);
	assure_vary_turn(&s->vary, &s->terms, s->next);
	assure_also_turn(s, s->next);
	s->next++;
	assure_ladder_trim(s);
	fn(arg, &w);
}

/* Nobody looked for long: of all that time nothing is known. */
static void skip(struct stream *s, uint64_t now_ns)
{
	uint64_t period_ns = s->terms.period_ms * NS_PER_MS;
	uint64_t at = now_ns / period_ns;

	if (at < s->next + ASSURE_BEHIND_MAX)
		return;
	s->windows[ASSURE_UNKNOWN] += at - ASSURE_BEHIND_MAX / 2 - s->next;
	s->next = at - ASSURE_BEHIND_MAX / 2;
	assure_ladder_trim(s);
}

void assure_advance(struct assure *a, uint64_t now_ns,
		    void (*fn)(void *arg, const struct assure_window *w), void *arg)
{
	struct heap_node *n;

	while ((n = heap_min(&a->due)) && n->key <= now_ns) {
		struct stream *s = CONTAINER_OF(n, struct stream, due);

		skip(s, now_ns);
		close_window(s, fn, arg);
		heap_del(&a->due, n);
		(void)heap_add(&a->due, n, due_ns(s)); /* there is room: it was in it */
	}
}

uint64_t assure_due(const struct assure *a)
{
	const struct heap_node *n = heap_min(&a->due);

	return n ? n->key : UINT64_MAX;
}

/* ---- what is kept ---- */

bool assure_view(const struct assure *a, uint64_t id, struct assure_view *out)
{
	const struct stream *s = stream_of(a, id);

	if (!s)
		return false;
	*out = (struct assure_view){ .terms = s->terms,
				     .state = s->state,
				     .since_period = s->since,
				     .n_recent = s->n_recent,
				     .n_buckets = s->n_buckets };
	for (size_t i = 0; i < ARRAY_LEN(s->windows); i++)
		out->windows[i] = s->windows[i];
	for (size_t i = 0; i < ARRAY_LEN(s->reports); i++)
		out->reports[i] = s->reports[i];
	for (uint32_t i = 0; i < s->n_recent; i++)
		out->recent[i] =
			s->recent[(s->recent_head + ASSURE_RECENT - i) % ASSURE_RECENT];
	for (uint32_t i = 0; i < s->n_buckets; i++)
		out->buckets[i] =
			s->buckets[(s->bucket_head + ASSURE_BUCKETS - i) % ASSURE_BUCKETS];
	return true;
}

static int by_value(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static enum assure_why percentile(const struct delays *d, uint32_t ppm, uint32_t *us)
{
	AUTO_FREE uint64_t *ns = NULL;
	uint64_t rank;

	if (!d || d->n == 0 || ppm > PPM)
		return ASSURE_NO_SAMPLE;
	/* the smallest that at most 1 - p of the samples are beyond, as assure_delays_judge() */
	rank = d->n - (uint64_t)d->n * (PPM - ppm) / PPM;
	rank = rank ? rank : 1;
	if (d->n < assure_delays_need(ppm))
		return ASSURE_INSUFFICIENT_SAMPLES;
	if (d->many) {
		*us = assure_many_rank(d, rank);
		return ASSURE_FINE;
	}
	ns = calloc(d->n, sizeof(*ns));
	if (!ns)
		return ASSURE_INSUFFICIENT_SAMPLES;
	for (uint32_t i = 0; i < d->n; i++)
		ns[i] = d->at[(d->head + d->cap - 1 - i) % d->cap].most_ns;
	qsort(ns, d->n, sizeof(*ns), by_value);
	*us = ns[rank - 1] / 1000 < UINT32_MAX ? (uint32_t)(ns[rank - 1] / 1000) : UINT32_MAX;
	return ASSURE_FINE;
}

enum assure_why assure_percentile(const struct assure *a, uint64_t id, uint32_t ppm, uint32_t *us)
{
	const struct stream *s = stream_of(a, id);

	return percentile(s ? &s->delays : NULL, ppm, us);
}

enum assure_why assure_percentile_also(const struct assure *a, uint64_t id, unsigned i, uint32_t *us)
{
	const struct stream *s = stream_of(a, id);
	const struct delays *d = s ? assure_also_delays(s, i) : NULL;

	return d ? percentile(d, s->terms.delay_also[i].ppm, us) : ASSURE_NO_SAMPLE;
}

enum assure_why assure_variation_also(const struct assure *a, uint64_t id, unsigned i, uint32_t *us)
{
	const struct stream *s = stream_of(a, id);

	return s ? assure_also_variation(s, i, us) : ASSURE_NO_SAMPLE;
}

enum assure_why assure_variation(const struct assure *a, uint64_t id, uint32_t *us)
{
	const struct stream *s = stream_of(a, id);

	return s && s->terms.variation_us_max ? assure_vary_value(&s->vary, &s->terms, us) : ASSURE_NO_SAMPLE;
}
