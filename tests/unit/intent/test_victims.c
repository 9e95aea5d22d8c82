/* SPDX-License-Identifier: Apache-2.0 */
/* Who gives way, against trying every set there is. */
#include "check_main.h"

#include <string.h>

#include "base/rng.h"
#include "intent/book/victims.h"

enum { MOST = 9, PLACES = 3, ROUNDS = 2500 };

static struct intent_candidate at[512];
static uint64_t gives[512][PLACES], need[PLACES];
static struct intent_victims v;

static void make(struct rng *r, uint32_t n, uint64_t big)
{
	v = (struct intent_victims){ .need = need, .n_places = 1 + (uint32_t)rng_below(r, PLACES), .at = at, .n = n };
	for (uint32_t k = 0; k < n; k++) {
		at[k] = (struct intent_candidate){ .hold = (uint8_t)(7 - rng_below(r, 4)),
						   .bps = 1 + rng_below(r, big),
						   .gives = gives[k] };
		for (uint32_t l = 0; l < v.n_places; l++)
			gives[k][l] = rng_below(r, 3) ? at[k].bps : 0;
	}
	for (uint32_t l = 0; l < v.n_places; l++)
		need[l] = rng_below(r, 1 + big * n / 3);
}

/* Of a set: is it enough where all together are, and all of a place where they are not. */
static bool does(uint32_t set)
{
	for (uint32_t l = 0; l < v.n_places; l++) {
		uint64_t sum = 0, all = 0;

		for (uint32_t k = 0; k < v.n; k++) {
			all += gives[k][l];
			sum += set >> k & 1 ? gives[k][l] : 0;
		}
		if (sum < (need[l] < all ? need[l] : all))
			return false;
	}
	return true;
}

/* Written from the order in the header, criterion by criterion. */
static bool better(uint32_t a, uint32_t b)
{
	uint64_t bps[2] = { 0 };

	for (unsigned hold = 0; hold < 8; hold++) {
		unsigned n[2] = { 0 };

		for (uint32_t k = 0; k < v.n; k++) {
			n[0] += at[k].hold == hold && a >> k & 1;
			n[1] += at[k].hold == hold && b >> k & 1;
		}
		if (n[0] != n[1])
			return n[0] < n[1];
	}
	for (uint32_t k = 0; k < v.n; k++) {
		bps[0] += a >> k & 1 ? at[k].bps : 0;
		bps[1] += b >> k & 1 ? at[k].bps : 0;
	}
	if (bps[0] != bps[1])
		return bps[0] < bps[1];
	for (uint32_t k = 0; k < v.n; k++) {
		if ((a >> k & 1) != (b >> k & 1))
			return a >> k & 1;
	}
	return false;
}

static uint32_t chosen(void)
{
	uint32_t set = 0;

	for (uint32_t k = 0; k < v.n; k++)
		set |= (uint32_t)at[k].chosen << k;
	return set;
}

START_TEST(the_set_is_the_first_of_all_sets)
{
	unsigned none = 0, some = 0;
	struct rng r;

	rng_seed(&r, (uint64_t)_i + 1);
	for (unsigned n = 0; n < ROUNDS; n++) {
		uint32_t best = UINT32_MAX;

		make(&r, (uint32_t)rng_below(&r, MOST + 1), _i % 2 ? 3 : 1000);
		for (uint32_t set = 0; set < 1u << v.n; set++) {
			if (does(set) && (best == UINT32_MAX || better(set, best)))
				best = set;
		}
		ck_assert_int_eq(intent_victims_choose(&v), 0);
		ck_assert(v.exact);
		ck_assert_uint_eq(chosen(), best);
		none += best == 0;
		some += best != 0 && best != (1u << v.n) - 1;
	}
	ck_assert_uint_gt(none, 10);
	ck_assert_uint_gt(some, ROUNDS / 4);
}
END_TEST

/* Sums do not fit a bit set here: counted place by place. */
static bool many_do(uint32_t without)
{
	for (uint32_t l = 0; l < v.n_places; l++) {
		uint64_t sum = 0, all = 0;

		for (uint32_t k = 0; k < v.n; k++) {
			all += gives[k][l];
			sum += at[k].chosen && k != without ? gives[k][l] : 0;
		}
		if (sum < (need[l] < all ? need[l] : all))
			return false;
	}
	return true;
}

START_TEST(of_many_enough_go_and_none_to_spare)
{
	unsigned inexact = 0;
	struct rng r;

	rng_seed(&r, 7);
	for (unsigned n = 0; n < 60; n++) {
		make(&r, 60 + (uint32_t)rng_below(&r, 450), 1000000);
		ck_assert_int_eq(intent_victims_choose(&v), 0);
		ck_assert(many_do(UINT32_MAX));
		for (uint32_t k = 0; k < v.n; k++)
			ck_assert(!at[k].chosen || !many_do(k));
		inexact += !v.exact;
	}
	ck_assert_uint_gt(inexact, 0);
}
END_TEST

START_TEST(one_of_a_bad_priority_goes_before_any_of_a_better)
{
	static const uint64_t big[] = { 50 }, small[] = { 10 };

	v = (struct intent_victims){ .need = need, .n_places = 1, .at = at, .n = 7 };
	need[0] = 50;
	at[0] = (struct intent_candidate){ .hold = 5, .bps = 50, .gives = big };
	for (unsigned k = 1; k < 7; k++)
		at[k] = (struct intent_candidate){ .hold = 6, .bps = 10, .gives = small };
	ck_assert_int_eq(intent_victims_choose(&v), 0);
	ck_assert_uint_eq(chosen(), 0x3e); /* five of them, the first in order, not the one that is better held */
	need[0] = 0;
	ck_assert_int_eq(intent_victims_choose(&v), 0);
	ck_assert_uint_eq(chosen(), 0);
	v.n = 0;
	need[0] = 5;
	ck_assert_int_eq(intent_victims_choose(&v), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-victims");
	TCase *t = tcase_create("victims");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, the_set_is_the_first_of_all_sets, 0, 6);
	tcase_add_test(t, of_many_enough_go_and_none_to_spare);
	tcase_add_test(t, one_of_a_bad_priority_goes_before_any_of_a_better);
	suite_add_tcase(s, t);
	return check_main(s);
}
