/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Availability promised and measured. Unknown time is what is neither up nor down, so that no gap has to be counted: a
 * restart, a jump of the clock, a change of the period leave none out. All in whole milliseconds, nothing is rounded in
 * a comparison.
 */
#include "assure/verdict/assure_promise.h"

#define MS_NS UINT64_C(1000000)
#define PART_MS (ASSURE_PART_S * UINT64_C(1000))
#define WHOLE_MS (ASSURE_PARTS * PART_MS)
/* So much has to be known; who was judged once is judged down to a day less, lest it go to and fro. */
#define ENOUGH_MS (WHOLE_MS / 2)
#define STILL_MS (ENOUGH_MS - 24 * 3600 * UINT64_C(1000))

enum { BACK_PCT_MAX = 90 }; /* of its budget, at most, has who keeps a promise again used */

const char *assure_standing_name(enum assure_standing s)
{
	static const char *const names[] = { "none", "insufficient", "kept", "at-risk", "broken" };

	return names[s];
}

/* ---- time ---- */

static void forward(struct assure_uptime *u, uint64_t part)
{
	for (unsigned i = 0; u->head < part && i < ASSURE_PARTS; i++) {
		uint64_t at = (part - i) % ASSURE_PARTS;

		if (part - i <= u->head)
			break;
		u->up_ms[at] = u->down_ms[at] = 0;
	}
	u->head = u->head < part ? part : u->head;
}

void assure_uptime_count(struct assure_uptime *u, uint64_t at_ns, uint32_t ms, enum assure_verdict v)
{
	uint64_t part = at_ns / ASSURE_PART_NS, at = part % ASSURE_PARTS, free_ms;

	if (u->begin_ns == 0)
		u->begin_ns = at_ns;
	if (v == ASSURE_UNKNOWN || part + ASSURE_PARTS <= u->head)
		return;
	forward(u, part);
	free_ms = PART_MS - u->down_ms[at];
	if (v == ASSURE_VIOLATED) {
		u->down_ms[at] += ms < free_ms ? ms : (uint32_t)free_ms;
		free_ms = PART_MS - u->down_ms[at];
	} else {
		u->up_ms[at] += ms < free_ms ? ms : (uint32_t)free_ms;
	}
	if (u->up_ms[at] > free_ms)
		u->up_ms[at] = (uint32_t)free_ms;
}

void assure_uptime_sum(const struct assure_uptime *u, uint64_t now_ns, struct assure_spell *out)
{
	uint64_t now = now_ns / ASSURE_PART_NS, first = now < ASSURE_PARTS ? 0 : now - (ASSURE_PARTS - 1);
	uint64_t from_ns = first * ASSURE_PART_NS, span;

	*out = (struct assure_spell){ 0 };
	for (uint64_t p = first; p <= now && p <= u->head; p++) {
		if (p + ASSURE_PARTS <= u->head)
			continue;
		out->up_ms += u->up_ms[p % ASSURE_PARTS];
		out->down_ms += u->down_ms[p % ASSURE_PARTS];
	}
	from_ns = u->begin_ns > from_ns ? u->begin_ns : from_ns;
	span = u->begin_ns && now_ns > from_ns ? (now_ns - from_ns) / MS_NS : 0;
	if (span > out->up_ms + out->down_ms)
		out->unknown_ms = span - out->up_ms - out->down_ms;
}

/* ---- the judgement ---- */

static uint64_t scale_of(uint8_t nines)
{
	uint64_t n = 1;

	for (uint8_t i = 0; i < nines && i < ASSURE_NINES_MAX; i++)
		n *= 10;
	return n;
}

/* Is at least so much of a budget used, all of it being 10^-nines of known? Bounded: 2^32 * 10^6 * 100. */
static bool used(uint64_t spent, uint64_t known_ms, unsigned pct)
{
	return spent > 0 && spent * 100 >= known_ms * pct;
}

enum assure_standing assure_promise_judge(enum assure_standing before, uint8_t nines, uint8_t at_risk_pct,
					  const struct assure_spell *is)
{
	uint64_t known = is->up_ms + is->down_ms, spent = is->down_ms * scale_of(nines);
	unsigned risk = at_risk_pct ? at_risk_pct : 100, back = risk < BACK_PCT_MAX ? risk : BACK_PCT_MAX;
	bool judged = before >= ASSURE_KEPT, enough = known >= (judged ? STILL_MS : ENOUGH_MS);

	if (nines == 0)
		return ASSURE_UNPROMISED;
	if (spent > WHOLE_MS)
		return ASSURE_BROKEN;
	if (before == ASSURE_BROKEN && (!enough || used(spent, known, back)))
		return ASSURE_BROKEN;
	if (!enough)
		return ASSURE_INSUFFICIENT;
	if (spent > known)
		return ASSURE_BROKEN;
	/* who was at risk is well again with an eighth less */
	return used(spent, known, before >= ASSURE_NEARLY ? back - back / 8 : risk) ? ASSURE_NEARLY : ASSURE_KEPT;
}

uint64_t assure_promise_allowed_ms(uint8_t nines, enum assure_standing is, const struct assure_spell *spell)
{
	uint64_t known = spell->up_ms + spell->down_ms;

	return (is == ASSURE_INSUFFICIENT || known < STILL_MS ? WHOLE_MS : known) / scale_of(nines);
}
