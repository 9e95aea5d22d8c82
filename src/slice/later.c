/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another time: slices that end by themselves leave their room. The later, the more of them are gone, so
 * the first end after which an order would fit is found by halving, a trial a turn of the loop. Nothing
 * is booked for it: who comes first then has it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "slice/change.h"

enum { PUTS_MAX = 16, ENDS_MAX = 4096 };

static bool counts(const struct slice_commit *c, const struct slice_entry *e)
{
	return e->service.real.ends_s && !e->deleted && !slice_change_of(c, SLICE_SERVICE, e->id);
}

static int by_time(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static void ends_gather(struct slice_commit *c)
{
	uint64_t now_s = loop_wall_ns(c->s->loop) / NS_PER_S;
	size_t k = 0;

	c->ends.n = 0;
	for (size_t i = 0; i < c->s->of[SLICE_SERVICE].n && c->ends.n < ENDS_MAX; i++) {
		const struct slice_entry *e = c->s->of[SLICE_SERVICE].at[i];

		/* one that is over already is on its way out */
		if (counts(c, e) && e->service.real.ends_s > now_s)
			(void)VEC_ADD(&c->ends, e->service.real.ends_s);
	}
	if (c->ends.n > 1)
		qsort(c->ends.at, c->ends.n, sizeof(c->ends.at[0]), by_time);
	for (size_t i = 0; i < c->ends.n; i++)
		if (k == 0 || c->ends.at[k - 1] != c->ends.at[i])
			c->ends.at[k++] = c->ends.at[i];
	c->ends.n = k;
}

/* Policies of slices that are over by then, with room for more. NULL without memory. */
static struct sr_policy_key *gone_by(const struct slice_commit *c, uint64_t at_s, size_t more, size_t *n)
{
	const struct slice *s = c->s;
	struct sr_policy_key *keys = calloc((size_t)s->flows + more + 1, sizeof(*keys));

	*n = 0;
	for (size_t i = 0; keys && i < s->of[SLICE_SERVICE].n; i++) {
		const struct slice_entry *e = s->of[SLICE_SERVICE].at[i];

		for (uint32_t k = 0; counts(c, e) && e->service.real.ends_s <= at_s && k < e->n_keys; k++)
			keys[(*n)++] = e->keys[k].key;
	}
	return keys;
}

static bool fits_at(struct slice_commit *c, uint64_t at_s)
{
	size_t n_puts = 0, n_gone = 0;
	struct intent_policy **puts = slice_puts(c, &n_puts);
	AUTO_FREE struct sr_policy_key *gone = gone_by(c, at_s, n_puts, &n_gone);
	bool fits = puts && gone && n_puts <= PUTS_MAX;

	/* what changes may keep the room it has */
	for (size_t i = 0; fits && i < n_puts; i++)
		gone[n_gone++] = puts[i]->key;
	fits = fits &&
	       intent_would_fit(c->s->intent, (const struct intent_policy *const *)puts, n_puts, gone, n_gone);

	for (size_t i = 0; puts && i < n_puts; i++)
		free(puts[i]);
	free(puts);
	return fits;
}

static void offer(struct slice_commit *c)
{
	time_t at = (time_t)c->ends.at[c->ends_high];
	struct tm tm;
	char text[32];

	for (size_t i = 0; i < SLICE_ALTERNATIVES_MAX; i++) {
		if (c->result.alternative[i][0])
			continue;
		if (gmtime_r(&at, &tm) &&
		    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
			(void)snprintf(c->result.alternative[i], SR_REASON_MAX, "from %s on", text);
		return;
	}
}

/* Below ends_low it does not fit, at ends_high it does. */
static void halve(void *arg)
{
	struct slice_commit *c = arg;
	bool last = c->ends_high == c->ends.n; /* the last end of all is asked first: nothing, if not then */
	size_t at = last ? c->ends.n - 1 : c->ends_low + (c->ends_high - c->ends_low) / 2;

	if (c->ends_low < c->ends_high) {
		if (slice_in_sight(c->s) && fits_at(c, c->ends.at[at]))
			c->ends_high = at;
		else
			c->ends_low = at + 1;
	}
	if (c->ends_low < c->ends_high && c->ends_high < c->ends.n) {
		loop_task_run(&c->later);
		return;
	}
	if (c->ends_high < c->ends.n)
		offer(c);
	slice_settle(c);
}

bool slice_later(struct slice_commit *c)
{
	size_t said = 0;

	while (said < SLICE_ALTERNATIVES_MAX && c->result.alternative[said][0])
		said++;
	if (c->result.code != SLICE_E_SHORT || c->moves.n > 0 || said == SLICE_ALTERNATIVES_MAX)
		return false;
	ends_gather(c);
	if (c->ends.n == 0)
		return false;
	c->ends_low = 0;
	c->ends_high = c->ends.n;
	loop_task_init(&c->later, c->s->loop, halve, c);
	loop_task_run(&c->later);
	return true;
}
