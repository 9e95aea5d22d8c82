/* SPDX-License-Identifier: Apache-2.0 */
/* Several bounds of one kind: each for itself, the worst counts. Nine in ten within a millisecond is the first. */
#include <check.h>
#include <stdlib.h>

#include "assure/verdict/assure.h"
#include "check_main.h"

#define MS UINT64_C(1000000)

enum { K = 1700000000, PERIOD = 1000, GUARD = 200 };

static const struct assure_point path[] = { { 1, false }, { 1, true }, { 2, false }, { 2, true } };
static const struct assure_terms one = { .period_ms = PERIOD, .guard_ms = GUARD,
					 .loss_ppm_max = ASSURE_NO_BOUND, .delay_us_max = 1000,
					 .percentile_ppm = 900000, .horizon = 20, .at_risk_pct = 80,
					 .to_violate = 1, .to_clear = 1 };

static struct assure *a;
static struct assure_window last;
static unsigned k;

static void setup(void)
{
	ck_assert_int_eq(assure_new(&a, 4, 1), 0);
	k = 0;
}

static void teardown(void)
{
	a = assure_free(a);
}

/* ... and so many in a million within another time, of so many windows. */
static struct assure_terms with(uint32_t us, uint32_t ppm, uint32_t horizon)
{
	struct assure_terms t = one;

	t.delay_also[0] = (struct assure_bound){ us, ppm, horizon };
	return t;
}

static uint64_t start_of(unsigned n)
{
	return (uint64_t)(K + n) * PERIOD * MS;
}

static void add(const struct assure_terms *t)
{
	ck_assert_int_eq(assure_add(a, 1, t, path, 4, start_of(k)), 0);
}

static void on_window(void *arg, const struct assure_window *w)
{
	(void)arg;
	last = *w;
}

static enum assure_verdict closed(void)
{
	assure_advance(a, start_of(k + 1) + GUARD * MS, on_window, NULL);
	ck_assert_uint_eq(last.period, K + k);
	k++;
	return last.verdict;
}

static enum assure_verdict delayed(uint64_t us)
{
	ck_assert_int_eq(assure_delay(a, 1, us * 1000, 0), ASSURE_TAKEN);
	return closed();
}

START_TEST(the_second_is_held_to_where_the_first_is_kept)
{
	struct assure_terms t = with(2000, 950000, 40);
	uint32_t us = 0;

	add(&t);
	for (unsigned i = 0; i < 20; i++)
		(void)delayed(300);
	ck_assert_int_eq(delayed(300), ASSURE_COMPLIANT);
	ck_assert_int_eq(delayed(2100), ASSURE_COMPLIANT); /* one of 22 may be */
	ck_assert_int_eq(delayed(2100), ASSURE_VIOLATED);  /* two may not; of the first two of 20 may */
	ck_assert(last.delay_also[0].verdict == ASSURE_VIOLATED && last.delay_also[0].why == ASSURE_FINE);
	ck_assert_int_eq(assure_percentile_also(a, 1, 0, &us), ASSURE_FINE);
	ck_assert_uint_eq(us, 2100);
	ck_assert_int_eq(assure_percentile_also(a, 1, 1, &us), ASSURE_NO_SAMPLE);
	/* without it all is well */
	ck_assert_int_eq(assure_terms_set(a, 1, &one), 0);
	ck_assert_int_eq(delayed(300), ASSURE_COMPLIANT);
	ck_assert_int_eq(assure_percentile_also(a, 1, 0, &us), ASSURE_NO_SAMPLE);
}
END_TEST

START_TEST(the_first_is_held_to_where_the_second_is_kept)
{
	struct assure_terms t = with(9000, 950000, 40);

	add(&t);
	for (unsigned i = 0; i < 20; i++)
		(void)delayed(300);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(delayed(1500), ASSURE_COMPLIANT);
	ck_assert_int_eq(delayed(1500), ASSURE_VIOLATED);
	ck_assert_int_eq(last.delay_also[0].verdict, ASSURE_COMPLIANT);
}
END_TEST

START_TEST(each_says_for_itself_that_it_has_too_few_samples)
{
	struct assure_terms t = with(2000, 990000, 200);
	uint32_t us;

	add(&t);
	for (unsigned i = 0; i < 99; i++)
		ck_assert_int_eq(delayed(300), ASSURE_UNKNOWN);
	ck_assert_int_eq(last.delay_why, ASSURE_FINE);
	ck_assert(last.delay_also[0].why == ASSURE_INSUFFICIENT_SAMPLES && last.delay_also[0].verdict == ASSURE_UNKNOWN);
	ck_assert_int_eq(assure_percentile_also(a, 1, 0, &us), ASSURE_INSUFFICIENT_SAMPLES);
	ck_assert_int_eq(delayed(300), ASSURE_COMPLIANT);
	/* near it is at risk, as of the first */
	(void)delayed(300);
	ck_assert_int_eq(delayed(1700), ASSURE_COMPLIANT);
	ck_assert_int_eq(delayed(1700), ASSURE_AT_RISK);
	ck_assert_int_eq(last.delay_also[0].verdict, ASSURE_AT_RISK);
	/* and none at all is unknown */
	ck_assert(closed() == ASSURE_UNKNOWN && last.delay_also[0].why == ASSURE_NO_SAMPLE);
}
END_TEST

START_TEST(what_lies_before_its_own_windows_does_not_count)
{
	struct assure_terms t = with(2000, 950000, 40);

	add(&t);
	for (unsigned i = 0; i < 5; i++)
		(void)delayed(2100);
	for (unsigned i = 0; i < 39; i++)
		(void)delayed(300);
	ck_assert(last.delay_also[0].verdict != ASSURE_VIOLATED);
	for (unsigned i = 0; i < 2; i++)
		(void)delayed(2100);
	ck_assert_int_eq(last.delay_also[0].verdict, ASSURE_COMPLIANT); /* two of 40 */
	(void)delayed(2100);
	ck_assert_int_eq(last.delay_also[0].verdict, ASSURE_VIOLATED);
}
END_TEST

START_TEST(other_terms_keep_what_was_measured_of_a_bound_that_stays)
{
	struct assure_terms t = with(2000, 990000, 200);
	struct assure_terms u;

	add(&t);
	for (unsigned i = 0; i < 150; i++)
		(void)delayed(300);
	/* the first is another, and there is one more before it */
	u = t;
	u.delay_us_max = 900;
	u.delay_also[0] = (struct assure_bound){ 1900, 950000, 40 };
	u.delay_also[1] = t.delay_also[0];
	ck_assert_int_eq(assure_terms_set(a, 1, &u), 0);
	(void)delayed(300);
	ck_assert_int_eq(last.delay_also[1].verdict, ASSURE_COMPLIANT); /* a hundred are there */
	ck_assert_int_eq(last.delay_also[0].verdict, ASSURE_COMPLIANT); /* of what the first one has */
	/* of a new one that takes more than that it is not known yet */
	u.delay_also[1].us_max = 2001;
	ck_assert_int_eq(assure_terms_set(a, 1, &u), 0);
	(void)delayed(300);
	ck_assert_int_eq(last.delay_also[1].why, ASSURE_INSUFFICIENT_SAMPLES);
	/* a jump of the clock: nothing is known of any */
	ck_assert_int_eq(assure_rebase(a, start_of(k)), 0);
	(void)delayed(300);
	ck_assert(last.delay_why == ASSURE_INSUFFICIENT_SAMPLES && last.delay_also[0].why == ASSURE_INSUFFICIENT_SAMPLES);
}
END_TEST

START_TEST(variations_are_several_too)
{
	struct assure_terms t = one;
	uint32_t us;

	t.delay_us_max = ASSURE_NO_BOUND;
	t.variation_us_max = 1500; /* of half of them */
	t.variation_ppm = 500000;
	t.variation_horizon = 30;
	t.variation_also[0] = (struct assure_bound){ 4000, 950000, 30 };
	t.variation_also[1] = (struct assure_bound){ 9000, 1000000, 30 };
	add(&t);
	for (unsigned i = 0; i < 21; i++)
		(void)delayed(300);
	ck_assert_int_eq(delayed(5000), ASSURE_COMPLIANT); /* one of twenty */
	ck_assert_int_eq(delayed(5000), ASSURE_VIOLATED);
	ck_assert(last.variation_why == ASSURE_FINE && last.variation_also[0].verdict == ASSURE_VIOLATED);
	ck_assert_int_eq(last.variation_also[1].verdict, ASSURE_COMPLIANT);
	ck_assert_int_eq(assure_variation_also(a, 1, 0, &us), ASSURE_FINE);
	ck_assert_uint_eq(us, 4700);
	for (unsigned i = 0; i < 30; i++)
		(void)delayed(300);
	ck_assert_int_eq(last.verdict, ASSURE_COMPLIANT);
	ck_assert_int_eq(delayed(9400), ASSURE_VIOLATED); /* none may */
	ck_assert(last.variation_also[0].verdict == ASSURE_COMPLIANT && last.variation_also[1].verdict == ASSURE_VIOLATED);
	ck_assert_int_eq(assure_variation_also(a, 1, 2, &us), ASSURE_NO_SAMPLE);
	/* the same delays are judged by another bound at once */
	t.variation_also[1].us_max = 10000;
	ck_assert_int_eq(assure_terms_set(a, 1, &t), 0);
	(void)delayed(300);
	ck_assert(last.variation_also[1].verdict == ASSURE_AT_RISK && last.verdict == ASSURE_AT_RISK);
}
END_TEST

START_TEST(bounds_that_make_no_sense_are_refused)
{
	struct assure_terms t = with(2000, 1000001, 40);

	ck_assert_int_eq(assure_add(a, 1, &t, path, 4, start_of(0)), ASSURE_E_TERMS);
	t = with(2000, 950000, 0);
	ck_assert_int_eq(assure_add(a, 1, &t, path, 4, start_of(0)), ASSURE_E_TERMS);
	t = with(2000, 999999, 40); /* a million samples */
	ck_assert_int_eq(assure_add(a, 1, &t, path, 4, start_of(0)), ASSURE_E_TERMS);
	t = with(2000, 950000, 40);
	t.delay_us_max = ASSURE_NO_BOUND; /* beside none */
	ck_assert_int_eq(assure_add(a, 1, &t, path, 4, start_of(0)), ASSURE_E_TERMS);
	t = one;
	t.variation_also[0] = (struct assure_bound){ 2000, 950000, 40 };
	ck_assert_int_eq(assure_add(a, 1, &t, path, 4, start_of(0)), ASSURE_E_TERMS);
	ck_assert_int_eq(assure_add(a, 1, &one, path, 4, start_of(0)), 0);
	ck_assert_int_eq(assure_terms_set(a, 1, &t), ASSURE_E_TERMS);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("assure-bounds");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_second_is_held_to_where_the_first_is_kept);
	tcase_add_test(t, the_first_is_held_to_where_the_second_is_kept);
	tcase_add_test(t, each_says_for_itself_that_it_has_too_few_samples);
	tcase_add_test(t, what_lies_before_its_own_windows_does_not_count);
	tcase_add_test(t, other_terms_keep_what_was_measured_of_a_bound_that_stays);
	tcase_add_test(t, variations_are_several_too);
	tcase_add_test(t, bounds_that_make_no_sense_are_refused);
	suite_add_tcase(s, t);
	return check_main(s);
}
