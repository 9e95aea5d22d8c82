/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The availability a flow is promised against what was measured of it: how long it was up and how long
 * down in the last 30 days, and whether that keeps the promise. What was not measured is neither. Pure.
 */
#include "assure/verdict/assure.h"

enum {
	ASSURE_PARTS = 120, /* of 30 days, 6 hours each: so far the oldest end moves at a time */
	ASSURE_PART_S = 6 * 3600,
	ASSURE_NINES_MAX = 6,
};

#define ASSURE_PART_NS (ASSURE_PART_S * UINT64_C(1000000000))

/* begin_ns: when it was watched first, of the wall clock; 0: it is not yet. Of part p (its number since 1970) at
 * p % ASSURE_PARTS, of the last ASSURE_PARTS up to head. */
struct assure_uptime {
	uint64_t begin_ns, head;
	uint32_t up_ms[ASSURE_PARTS], down_ms[ASSURE_PARTS];
};

/* So long it was as it was promised, or not, from at_ns on; unknown time needs not be told. What a clock that was set
 * back tells of a part beyond its length is left out, up before down. */
void assure_uptime_count(struct assure_uptime *u, uint64_t at_ns, uint32_t ms, enum assure_verdict v);

/* Of the last 30 days, or since it began: up + down + unknown is that time. */
struct assure_spell {
	uint64_t up_ms, down_ms, unknown_ms;
};

void assure_uptime_sum(const struct assure_uptime *u, uint64_t now_ns, struct assure_spell *out);

enum assure_standing {
	ASSURE_UNPROMISED,
	ASSURE_INSUFFICIENT, /* less than half of 30 days is known: nothing is said */
	ASSURE_KEPT,
	ASSURE_NEARLY, /* kept, but most of the budget is used */
	ASSURE_BROKEN, /* and not yet kept again with something to spare */
	ASSURE_STANDINGS,
};

const char *assure_standing_name(enum assure_standing s);

/*
 * nines: 2 is 99 %, at most ASSURE_NINES_MAX; 0: unpromised. It may be down for 10^-nines of what is known; exactly that
 * keeps it. More than 10^-nines of 30 days is broken even where little is known, whatever the rest was. before: how it
 * stood; UNPROMISED when this is a new promise.
 */
enum assure_standing assure_promise_judge(enum assure_standing before, uint8_t nines, uint8_t at_risk_pct,
					  const struct assure_spell *is);
/* What it may be down for: of what is known, or, where that is insufficient, of 30 days. */
uint64_t assure_promise_allowed_ms(uint8_t nines, enum assure_standing is, const struct assure_spell *spell);
