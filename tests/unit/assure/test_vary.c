/* SPDX-License-Identifier: Apache-2.0 */
/* Variation of delays: what is out of bounds, and what clocks and paths have to do with it. */
#include <check.h>

#include "assure/verdict/assure.h"
#include "check_main.h"

#define MS UINT64_C(1000000)

enum { K = 1700000000, PERIOD = 1000, GUARD = 200 };

static const struct assure_point path[] = { { 1, false }, { 1, true }, { 2, false }, { 2, true } };
static const struct assure_terms delay_terms = { .period_ms = PERIOD, .guard_ms = GUARD,
						 .loss_ppm_max = ASSURE_NO_BOUND, .delay_us_max = 1000,
						 .percentile_ppm = 900000, .horizon = 20, .at_risk_pct = 80,
						 .to_violate = 1, .to_clear = 1 };
/* A millisecond and a half beyond the shortest, of nine in ten; delays themselves are not bounded. */
static const struct assure_terms vary_terms = { .period_ms = PERIOD, .guard_ms = GUARD,
						.loss_ppm_max = ASSURE_NO_BOUND,
						.delay_us_max = ASSURE_NO_BOUND,
						.variation_us_max = 1500, .variation_ppm = 900000,
						.variation_horizon = 20, .horizon = 1, .at_risk_pct = 80,
						.to_violate = 1, .to_clear = 1 };

static struct assure *a;
static struct assure_window last;

static void setup(void)
{
	ck_assert_int_eq(assure_new(&a, 4, 1), 0);
}

static void teardown(void)
{
	a = assure_free(a);
}

static uint64_t start_of(unsigned k)
{
	return (uint64_t)(K + k) * PERIOD * MS;
}

static void add(const struct assure_terms *t)
{
	ck_assert_int_eq(assure_add(a, 1, t, path, 4, start_of(0)), 0);
}

static void on_window(void *arg, const struct assure_window *w)
{
	(void)arg;
	last = *w;
}

static enum assure_verdict closed(unsigned k)
{
	assure_advance(a, start_of(k + 1) + GUARD * MS, on_window, NULL);
	ck_assert_uint_eq(last.period, K + k);
	return last.verdict;
}

/* A window in which one packet took so long. */
static enum assure_verdict delayed(unsigned k, uint64_t us, uint64_t error_us)
{
	ck_assert_int_eq(assure_delay(a, 1, us * 1000, error_us * 1000), ASSURE_TAKEN);
	return closed(k);
}

START_TEST(what_varies_more_than_promised_is_out_of_bounds)
{
	uint32_t us = 1;
	unsigned k = 0;

	add(&vary_terms);
	for (; k < 9; k++)
		ck_assert(delayed(k, 20000, 0) == ASSURE_UNKNOWN && last.variation_why == ASSURE_INSUFFICIENT_SAMPLES);
	ck_assert_int_eq(delayed(k++, 21100, 0), ASSURE_COMPLIANT); /* one of ten may */
	ck_assert(assure_variation(a, 1, &us) == ASSURE_FINE && us == 0);
	ck_assert_int_eq(delayed(k++, 21300, 0), ASSURE_COMPLIANT);
	ck_assert_int_eq(delayed(k++, 21600, 0), ASSURE_AT_RISK);
	ck_assert_int_eq(delayed(k++, 21600, 0), ASSURE_VIOLATED); /* two of 13 are beyond it */
	ck_assert(assure_variation(a, 1, &us) == ASSURE_FINE && us == 1600);
	ck_assert(last.delay_why == ASSURE_FINE && last.loss_why == ASSURE_MISSING);
	ck_assert(closed(k++) == ASSURE_UNKNOWN && last.variation_why == ASSURE_NO_SAMPLE);
	for (unsigned i = 0; i < 20; i++)
		(void)delayed(k++, 20100, 0);
	ck_assert_int_eq(last.verdict, ASSURE_COMPLIANT);
}
END_TEST

START_TEST(within_all_other_bounds_it_is_held_to_as_well)
{
	struct assure_terms t = delay_terms;

	t.variation_us_max = 100;
	t.variation_ppm = 1000000;
	t.variation_horizon = 20;
	add(&t);
	for (unsigned k = 0; k < 12; k++)
		(void)delayed(k, 300, 0);
	ck_assert(last.verdict == ASSURE_COMPLIANT && last.delay_why == ASSURE_FINE);
	ck_assert_int_eq(delayed(12, 500, 0), ASSURE_VIOLATED); /* half of the bound on delay */
	/* not promised any more */
	ck_assert_int_eq(assure_terms_set(a, 1, &delay_terms), 0);
	ck_assert_int_eq(delayed(13, 500, 0), ASSURE_COMPLIANT);
	/* and again: it begins anew */
	ck_assert_int_eq(assure_terms_set(a, 1, &t), 0);
	ck_assert(delayed(14, 500, 0) == ASSURE_UNKNOWN && last.variation_why == ASSURE_INSUFFICIENT_SAMPLES);
	ck_assert_int_eq(delayed(15, 500, 0), ASSURE_COMPLIANT);
	/* another bound: what was measured holds */
	t.variation_us_max = 400;
	ck_assert_int_eq(assure_terms_set(a, 1, &t), 0);
	ck_assert_int_eq(delayed(16, 100, 0), ASSURE_AT_RISK); /* and 500 before it */
}
END_TEST

START_TEST(what_clocks_are_apart_is_none_and_hides_none)
{
	struct assure_terms t = vary_terms;
	unsigned k = 0;

	t.variation_ppm = 1000000;
	add(&t);
	/* a clock that is a second behind, vouched for to within a millisecond, as all are */
	(void)delayed(k++, 1000000, 1000);
	ck_assert_int_eq(delayed(k++, 1000500, 1000), ASSURE_COMPLIANT);
	ck_assert_int_eq(delayed(k++, 1003000, 1000), ASSURE_AT_RISK);  /* it may have moved by two */
	ck_assert_int_eq(delayed(k++, 1003600, 1000), ASSURE_VIOLATED); /* but not by more */
	for (unsigned i = 0; i < 30; i++)
		(void)delayed(k++, 1000000, 1000);
	ck_assert_int_eq(last.verdict, ASSURE_COMPLIANT);
	/* of one that may err by as much as the bound nothing is known */
	ck_assert(delayed(k++, 1000000, 1500) == ASSURE_UNKNOWN && last.variation_why == ASSURE_NO_SAMPLE);
}
END_TEST

START_TEST(a_path_that_is_longer_is_none)
{
	static const struct assure_point other[] = { { 1, false }, { 1, true }, { 3, false }, { 3, true },
						     { 2, false }, { 2, true } };
	struct assure_terms t = vary_terms;
	unsigned k = 0;

	t.variation_ppm = 1000000;
	add(&t);
	for (; k < 5; k++)
		(void)delayed(k, 2000, 0);
	ck_assert_int_eq(last.verdict, ASSURE_COMPLIANT);
	ck_assert_int_eq(assure_path(a, 1, other, 6, start_of(k), start_of(k)), 0);
	/* which way packets of that window went is not known: they are compared with none */
	ck_assert(delayed(k, 9000, 0) == ASSURE_UNKNOWN && last.variation_why == ASSURE_NO_SAMPLE);
	for (k++; k < 10; k++)
		ck_assert_int_eq(delayed(k, 9000, 0), ASSURE_COMPLIANT);
	ck_assert_int_eq(delayed(k++, 10600, 0), ASSURE_VIOLATED);
}
END_TEST

START_TEST(of_delays_of_which_little_is_told_it_is_what_it_may_have_been)
{
	struct assure_spread s = { .samples = 200, .minimum_ns = 2000000, .median_ns = 2100000,
				   .p99_ns = 2900000, .maximum_ns = 3400000 };
	struct assure_terms t = vary_terms;
	uint32_t us = 0;

	t.variation_ppm = 990000;
	add(&t);
	ck_assert_int_eq(assure_delays_told(a, 1, &s), ASSURE_TAKEN);
	ck_assert_int_eq(closed(0), ASSURE_COMPLIANT);
	ck_assert(assure_variation(a, 1, &us) == ASSURE_FINE && us == 900);
	s.p99_ns = 3300000; /* some took 1.3 ms more, maybe */
	(void)assure_delays_told(a, 1, &s);
	ck_assert_int_eq(closed(1), ASSURE_AT_RISK);
	s.median_ns = s.p99_ns = s.maximum_ns = 5000000; /* half of them took 3 */
	(void)assure_delays_told(a, 1, &s);
	ck_assert_int_eq(closed(2), ASSURE_VIOLATED);
}
END_TEST

START_TEST(its_percentile_needs_samples_and_has_limits)
{
	struct assure_terms t = vary_terms;

	t.variation_ppm = 999999; /* a million samples */
	ck_assert_int_eq(assure_add(a, 1, &t, path, 4, start_of(0)), ASSURE_E_TERMS);
	t.variation_ppm = 999000;
	t.variation_horizon = 0;
	ck_assert_int_eq(assure_add(a, 1, &t, path, 4, start_of(0)), ASSURE_E_TERMS);
	t.variation_horizon = 2000;
	add(&t);
	for (unsigned k = 0; k < 999; k++)
		(void)delayed(k, 100, 0);
	ck_assert(last.verdict == ASSURE_UNKNOWN && last.variation_why == ASSURE_INSUFFICIENT_SAMPLES);
	ck_assert_int_eq(delayed(999, 100, 0), ASSURE_COMPLIANT);
	/* a jump of our own clock: all begins anew */
	ck_assert_int_eq(assure_rebase(a, start_of(1000)), 0);
	ck_assert_int_eq(delayed(1000, 100, 0), ASSURE_UNKNOWN);
}
END_TEST

START_TEST(what_is_promised_of_some_packets_and_what_of_all_are_both_held_to)
{
	struct assure_terms t = delay_terms;
	unsigned k = 0;

	t.ceiling_us_max = 4000; /* nine in ten within 1 ms, none beyond 4 */
	t.ceiling_horizon = 5;
	add(&t);
	for (; k < 19; k++)
		(void)delayed(k, 300, 0);
	ck_assert(last.verdict == ASSURE_COMPLIANT && last.beyond_us == 0);
	ck_assert_int_eq(delayed(k++, 2000, 0), ASSURE_COMPLIANT); /* one of twenty may */
	ck_assert(delayed(k++, 4500, 0) == ASSURE_VIOLATED && last.beyond_us == 4500);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(delayed(k++, 300, 0), ASSURE_VIOLATED);
	ck_assert(delayed(k++, 300, 0) == ASSURE_COMPLIANT && last.beyond_us == 0);
	for (unsigned i = 0; i < 20; i++)
		(void)delayed(k++, 300, 0);
	ck_assert_int_eq(delayed(k++, 4200, 300), ASSURE_AT_RISK); /* it may have been less, and may not */
	ck_assert_int_eq(assure_terms_set(a, 1, &delay_terms), 0);
	(void)delayed(k++, 300, 0);
	ck_assert_int_eq(last.beyond_us, 0);
	t.ceiling_horizon = 0;
	ck_assert_int_eq(assure_terms_set(a, 1, &t), ASSURE_E_TERMS);
}
END_TEST

START_TEST(of_many_packets_one_is_enough_too)
{
	struct assure_terms t = delay_terms;

	t.percentile_ppm = 999900; /* ten thousand are needed for that: not kept one by one */
	t.horizon = 20000;
	t.ceiling_us_max = 4000;
	t.ceiling_horizon = 5;
	add(&t);
	ck_assert_int_eq(delayed(0, 300, 0), ASSURE_UNKNOWN);
	ck_assert(delayed(1, 4500, 0) == ASSURE_VIOLATED && last.delay_why == ASSURE_INSUFFICIENT_SAMPLES);
	ck_assert(closed(2) == ASSURE_VIOLATED); /* nothing new, and that was so */
	for (unsigned k = 3; k < 6; k++)
		(void)delayed(k, 300, 0);
	ck_assert_int_eq(delayed(6, 300, 0), ASSURE_UNKNOWN);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vary");
	TCase *t = tcase_create("vary");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_varies_more_than_promised_is_out_of_bounds);
	tcase_add_test(t, within_all_other_bounds_it_is_held_to_as_well);
	tcase_add_test(t, what_clocks_are_apart_is_none_and_hides_none);
	tcase_add_test(t, a_path_that_is_longer_is_none);
	tcase_add_test(t, of_delays_of_which_little_is_told_it_is_what_it_may_have_been);
	tcase_add_test(t, its_percentile_needs_samples_and_has_limits);
	tcase_add_test(t, what_is_promised_of_some_packets_and_what_of_all_are_both_held_to);
	tcase_add_test(t, of_many_packets_one_is_enough_too);
	suite_add_tcase(s, t);
	return check_main(s);
}
