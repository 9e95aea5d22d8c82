/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delays for percentiles that take more samples than are kept one by one: parts of the horizon, each
 * with how many samples there were, how many of them beyond the bound or near it (exact, as with
 * single ones), and counts by size, eight to each doubling, from which the value at a percentile is
 * read: never better than it was, and by an eighth worse at most. A part is forgotten as a whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assure/verdict/assure_priv.h"
#include "base/err.h"

enum {
	FINE = 8, /* to a doubling */
	OCTAVES = 24, /* of microseconds above FINE: a minute and more */
	BUCKETS = FINE * (OCTAVES + 1) + 1,
	PARTS = 20,
	IN_HORIZON = 8, /* parts, by time and by samples */
	COUNT_MAX = INT32_MAX,
};

struct part {
	uint64_t from; /* period */
	uint32_t n, over, risky;
	uint32_t at[BUCKETS];
};

struct assure_many {
	uint32_t first, n_parts; /* a ring, the oldest first */
	struct part parts[PARTS];
};

struct assure_many *assure_many_new(void)
{
	return calloc(1, sizeof(struct assure_many));
}

static unsigned bucket_of(uint64_t ns)
{
	uint64_t us = ns / 1000 + (ns % 1000 > 0);
	unsigned octave;

	if (us < FINE)
		return (unsigned)us;
	octave = 60u - (unsigned)__builtin_clzll(us); /* 8 to 15: 0 */
	return octave >= OCTAVES ? BUCKETS - 1 : FINE * octave + (unsigned)(us >> octave);
}

/* The largest that is counted there, in microseconds. */
static uint32_t top_of(unsigned bucket)
{
	unsigned octave = bucket / FINE - (bucket >= FINE);

	if (bucket == BUCKETS - 1)
		return UINT32_MAX;
	return bucket < FINE ? bucket : ((bucket - FINE * octave + 1) << octave) - 1;
}

static struct part *newest(struct assure_many *m)
{
	return m->n_parts ? &m->parts[(m->first + m->n_parts - 1) % PARTS] : NULL;
}

static void drop_oldest(struct delays *d)
{
	struct assure_many *m = d->many;
	const struct part *p = &m->parts[m->first];

	d->n -= p->n;
	d->over -= p->over;
	d->risky -= p->risky;
	m->first = (m->first + 1) % PARTS;
	m->n_parts--;
}

static struct part *part_for(struct delays *d, const struct assure_terms *t, uint64_t period)
{
	struct assure_many *m = d->many;
	struct part *p = newest(m);
	uint32_t enough = assure_delays_need(t->percentile_ppm) * 2 / IN_HORIZON;

	if (p && p->n < enough && period - p->from < t->horizon / IN_HORIZON + 1)
		return p;
	if (m->n_parts == PARTS)
		drop_oldest(d);
	p = &m->parts[(m->first + m->n_parts++) % PARTS];
	*p = (struct part){ .from = period };
	return p;
}

void assure_many_keep(struct delays *d, const struct assure_terms *t, const struct sample *s, bool over,
		      bool risky)
{
	struct part *p;

	if (d->n >= COUNT_MAX)
		return;
	p = part_for(d, t, s->period);
	p->n++;
	p->over += over;
	p->risky += risky;
	p->at[bucket_of(s->most_ns)]++;
	d->n++;
	d->over += over;
	d->risky += risky;
	d->fresh++;
}

void assure_many_turn(struct delays *d, const struct assure_terms *t, uint64_t period)
{
	struct assure_many *m = d->many;
	uint32_t twice = 2 * assure_delays_need(t->percentile_ppm);

	while (m->n_parts > 0 &&
	       (m->parts[m->first].from + t->horizon <= period + 1 || d->n - m->parts[m->first].n >= twice))
		drop_oldest(d);
}

uint32_t assure_many_rank(const struct delays *d, uint64_t rank)
{
	const struct assure_many *m = d->many;
	uint64_t sum = 0;

	for (unsigned b = 0; b < BUCKETS; b++) {
		for (uint32_t i = 0; i < m->n_parts; i++)
			sum += m->parts[(m->first + i) % PARTS].at[b];
		if (sum >= rank)
			return top_of(b);
	}
	return UINT32_MAX;
}
