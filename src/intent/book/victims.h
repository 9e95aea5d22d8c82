/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Who gives way. A better priority takes reservations from worse ones; among all sets of victims
 * that make enough room everywhere, the one is chosen that comes first by
 *
 *  1. how many victims hold at priority 0, then how many at 1, and so on to 7: what is held better
 *     is spared before the number of victims counts, and fewest go of each priority;
 *  2. the sum of the victims' rates;
 *  3. the candidates' order: the set with the first candidate that is in one of the two only.
 *
 * Pure. Exact while the search stays within its budget, which a dozen candidates always do and
 * more do as a rule; past it the best set found so far, none of which is spare.
 */
#include <stdbool.h>
#include <stdint.h>

struct intent_candidate {
	uint8_t hold;
	uint64_t bps;	      /* its rate */
	const uint64_t *gives; /* what its leaving frees, by place */
	bool chosen;	      /* out */
};

struct intent_victims {
	const uint64_t *need; /* by place: a link, or an NRP's share of one */
	uint32_t n_places;
	struct intent_candidate *at; /* in their order */
	uint32_t n;
	bool exact; /* out: nothing better exists */
};

/* Where all candidates together are not enough, all of that place are chosen. 0 or -ENOMEM. */
int intent_victims_choose(struct intent_victims *v);
