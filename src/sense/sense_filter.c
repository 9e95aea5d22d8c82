/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/sense_filter.h"

#include <string.h>

enum { LEVEL_MAX = 6, FLAP_HOLDS = 10 };

#define BPS_MAX UINT64_C(100000000000000)
#define GAP_MAX_NS ((int64_t)(600 * NS_PER_S))
#define GAP_MIN_NS ((int64_t)(100 * NS_PER_MS))

const char *sense_news_text(enum sense_news n)
{
	static const char *const texts[] = { [SENSE_SAME] = "same", [SENSE_FIRST] = "first", [SENSE_WORSE] = "worse",
					     [SENSE_BETTER] = "better", [SENSE_REFRESH] = "refresh" };

	return texts[n];
}

/* Of one the one, of two the larger, of three the middle. */
static uint64_t middle(const struct sense_filter *f)
{
	uint64_t a = f->last[0], b = f->last[1], c = f->last[2];
	uint64_t lo = a < b ? a : b, hi = a < b ? b : a;

	if (f->n < 2)
		return a;
	if (f->n == 2)
		return hi;
	return c < lo ? lo : c > hi ? hi : c;
}

static uint64_t threshold(const struct sense_filter *f, const struct sense_rule *rule)
{
	/* divided first: what is said may be anything */
	uint64_t t = f->said / 100 * rule->threshold_pct + f->said % 100 * rule->threshold_pct / 100;

	return t > rule->floor ? t : rule->floor;
}

static enum sense_news say(struct sense_filter *f, uint64_t value, struct mono now, enum sense_news news)
{
	f->known = true;
	f->said = value;
	f->better = false;
	f->told_at = now;
	return news;
}

static uint64_t hold(const struct sense_filter *f, const struct sense_rule *rule)
{
	return rule->hold_ns << f->level;
}

/* Worse soon after it was said to be better: the next time that is believed later. */
static enum sense_news worse(struct sense_filter *f, const struct sense_rule *rule, uint64_t value, struct mono now)
{
	if (f->eased_at.ns && mono_since(f->eased_at, now) > hold(f, rule) * FLAP_HOLDS)
		f->level = 0;
	else if (f->eased_at.ns && f->level < LEVEL_MAX)
		f->level++;
	f->eased_at = (struct mono){ 0 };
	return say(f, value, now, SENSE_WORSE);
}

static enum sense_news better(struct sense_filter *f, const struct sense_rule *rule, uint64_t value, struct mono now)
{
	if (!f->better) {
		f->better = true;
		f->better_since = now;
		f->most = value;
	}
	f->most = value > f->most ? value : f->most;
	if (mono_since(f->better_since, now) < hold(f, rule))
		return SENSE_SAME;
	f->eased_at = now;
	return say(f, f->most, now, SENSE_BETTER);
}

enum sense_news sense_filter_put(struct sense_filter *f, const struct sense_rule *rule, uint64_t value,
				 struct mono now)
{
	uint64_t is, apart;

	f->last[2] = f->last[1];
	f->last[1] = f->last[0];
	f->last[0] = value;
	f->n = f->n < 3 ? f->n + 1 : 3;
	is = middle(f);
	if (!f->known)
		return f->n < 2 ? SENSE_SAME : say(f, is, now, SENSE_FIRST);
	apart = is > f->said ? is - f->said : f->said - is;
	if (apart >= threshold(f, rule) && apart > 0)
		return is > f->said ? worse(f, rule, is, now) : better(f, rule, is, now);
	f->better = false;
	if (apart < (rule->floor + 3) / 4 || apart == 0 || mono_since(f->told_at, now) < rule->interval_ns)
		return SENSE_SAME;
	return say(f, is, now, SENSE_REFRESH);
}

void sense_filter_forget(struct sense_filter *f)
{
	f->known = f->better = false;
	f->n = 0;
}

/* ---- what a link carries ---- */

bool sense_load_count(struct sense_load *l, uint64_t octets, int64_t time_ns)
{
	int64_t gap = time_ns > 0 ? time_ns - l->time_ns : 0;
	uint64_t more = octets - l->octets, ms;
	bool good = l->based && time_ns > 0 && time_ns > l->time_ns && octets >= l->octets && gap <= GAP_MAX_NS;

	/* too soon to tell: what comes later is counted from the one before */
	if (good && gap < GAP_MIN_NS)
		return false;
	l->based = time_ns > 0;
	l->octets = octets;
	l->time_ns = time_ns > 0 ? time_ns : 0;
	if (!good)
		return false;
	ms = (uint64_t)gap / NS_PER_MS;
	if (more > BPS_MAX / 8000 * ms)
		return false;
	l->bps = more / ms * 8000 + more % ms * 8000 / ms;
	return true;
}

void sense_load_beside(struct sense_load *l, uint64_t reserved_bps)
{
	uint64_t most = 0, least;

	memmove(l->reserved_bps + 1, l->reserved_bps, sizeof(l->reserved_bps) - sizeof(l->reserved_bps[0]));
	l->reserved_bps[0] = reserved_bps;
	if (l->n_reserved < SENSE_RESERVED_KEPT)
		l->n_reserved++;
	for (uint8_t i = 0; i < l->n_reserved; i++)
		most = l->reserved_bps[i] > most ? l->reserved_bps[i] : most;
	least = l->bps > most ? l->bps - most : 0;
	if (!l->known || l->beside_bps < least)
		l->beside_bps = least;
	else if (l->beside_bps > l->bps)
		l->beside_bps = l->bps;
	l->known = true;
}
