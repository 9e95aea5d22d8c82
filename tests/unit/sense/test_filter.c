/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a link, reading by reading. */
#include "check_main.h"

#include <string.h>

#include "base/rng.h"
#include "sense/sense_filter.h"

static const struct sense_rule rule = { .threshold_pct = 10, .floor = 100, .hold_ns = 60 * NS_PER_S,
					.interval_ns = 120 * NS_PER_S };

static struct sense_filter f;
static struct mono now;

static void setup(void)
{
	f = (struct sense_filter){ 0 };
	now = (struct mono){ NS_PER_S };
}

/* A reading every 10 s; what was said in the last of n. */
static enum sense_news put(uint64_t value, unsigned n)
{
	enum sense_news last = SENSE_SAME;

	for (unsigned i = 0; i < n; i++) {
		last = sense_filter_put(&f, &rule, value, now);
		now = mono_add(now, 10 * NS_PER_S);
	}
	return last;
}

/* How often something was said. */
static unsigned said_of(uint64_t value, unsigned n)
{
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++)
		k += put(value, 1) != SENSE_SAME;
	return k;
}

START_TEST(two_readings_are_enough_to_begin_and_one_is_not)
{
	ck_assert_int_eq(put(1000, 1), SENSE_SAME);
	ck_assert(!f.known);
	ck_assert_int_eq(put(1000, 1), SENSE_FIRST);
	ck_assert_uint_eq(f.said, 1000);
}
END_TEST

START_TEST(one_reading_that_stands_out_says_nothing)
{
	put(1000, 3);
	ck_assert_uint_eq(said_of(90000, 1) + said_of(1000, 20), 0);
	ck_assert_uint_eq(said_of(1, 1) + said_of(1000, 20), 0);
	ck_assert_uint_eq(f.said, 1000);
}
END_TEST

START_TEST(worse_is_said_with_the_second_reading)
{
	put(1000, 3);
	ck_assert_int_eq(put(9000, 1), SENSE_SAME);
	ck_assert_int_eq(put(9000, 1), SENSE_WORSE);
	ck_assert_uint_eq(f.said, 9000);
	ck_assert_uint_eq(said_of(9000, 50), 0);
}
END_TEST

START_TEST(better_is_said_when_it_held)
{
	put(9000, 3);
	ck_assert_uint_eq(said_of(1000, 7), 0); /* the second is at 10 s, 60 s later is the eighth */
	ck_assert_int_eq(put(1200, 1), SENSE_BETTER);
	ck_assert_uint_eq(f.said, 1000);
	/* and not when it was interrupted */
	setup();
	put(9000, 3);
	for (int i = 0; i < 20; i++)
		ck_assert_uint_eq(said_of(1000, 6) + said_of(9000, 3), 0);
	ck_assert_uint_eq(f.said, 9000);
}
END_TEST

START_TEST(the_most_that_was_read_meanwhile_is_what_is_said)
{
	put(9000, 3);
	put(2000, 4);
	put(1000, 4);
	ck_assert_uint_eq(f.said, 2000);
}
END_TEST

START_TEST(what_is_small_is_said_at_the_interval)
{
	unsigned n;

	put(10000, 2);
	n = said_of(10500, 100); /* by 5 of a hundred */
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(f.said, 10500);
	ck_assert_uint_eq(said_of(10510, 100), 0); /* by less than a quarter of the floor */
}
END_TEST

/* Each time it turns out worse again the next good news waits longer: 64 times, no more. */
START_TEST(what_flaps_is_believed_later_and_later)
{
	uint64_t wait_ns, last = 0;

	put(9000, 3);
	for (int i = 0; i < 9; i++) {
		struct mono from = now;

		while (put(1000, 1) != SENSE_BETTER)
			;
		wait_ns = mono_since(from, now);
		ck_assert_uint_ge(wait_ns, last);
		if (i < 6 && i > 0)
			ck_assert_uint_gt(wait_ns, last);
		last = wait_ns;
		put(9000, 3);
		ck_assert_uint_eq(f.said, 9000);
	}
	ck_assert_uint_ge(last, 64 * rule.hold_ns);
	ck_assert_uint_lt(last, 66 * rule.hold_ns);
	/* when it held for long it begins anew */
	while (put(1000, 1) != SENSE_BETTER)
		;
	put(1000, 65 * 60);
	put(9000, 3);
	ck_assert_uint_eq(f.level, 0);
}
END_TEST

START_TEST(any_readings_are_survived)
{
	struct rng r;

	rng_seed(&r, 7);
	for (int i = 0; i < 200000; i++) {
		uint64_t v = rng_u64(&r) >> (rng_u64(&r) % 64);
		enum sense_news n = put(v, 1);

		ck_assert(n == SENSE_SAME || f.known);
	}
}
END_TEST

/* ---- what a link carries ---- */

static struct sense_load l;
static int64_t at_ns;
static uint64_t octets;

static bool count(uint64_t bps, unsigned s)
{
	at_ns += (int64_t)(s * NS_PER_S);
	octets += bps / 8 * s;
	return sense_load_count(&l, octets, at_ns);
}

static void load_setup(void)
{
	l = (struct sense_load){ 0 };
	at_ns = (int64_t)(1000 * NS_PER_S);
	octets = 77;
	(void)count(0, 1);
}

START_TEST(a_rate_takes_two_readings)
{
	l = (struct sense_load){ 0 };
	ck_assert(!count(8000, 10));
	ck_assert(count(8000, 10));
	ck_assert_uint_eq(l.bps, 8000);
}
END_TEST

START_TEST(a_counter_that_went_back_is_none)
{
	load_setup();
	ck_assert(count(8000, 10));
	octets = 5;
	ck_assert(!count(8000, 10));
	ck_assert(count(16000, 10));
	ck_assert_uint_eq(l.bps, 16000);
	/* nor is a clock that did, or one that stood */
	at_ns -= (int64_t)(100 * NS_PER_S);
	ck_assert(!count(8000, 10));
	ck_assert(!count(8000, 0));
	ck_assert(count(8000, 10));
	ck_assert_uint_eq(l.bps, 8000);
	/* nor what no link carries */
	octets += UINT64_MAX / 2;
	ck_assert(!count(8000, 1));
	ck_assert(!sense_load_count(&l, 1, INT64_MIN));
	ck_assert(!sense_load_count(&l, 1, INT64_MAX));
}
END_TEST

static uint64_t beside(uint64_t bps, uint64_t reserved)
{
	ck_assert(count(bps, 10));
	sense_load_beside(&l, reserved);
	return l.beside_bps;
}

START_TEST(what_is_reserved_and_sent_is_not_beside)
{
	load_setup();
	ck_assert_uint_eq(beside(5000000, 5000000), 0);
	ck_assert_uint_eq(beside(8000000, 5000000), 3000000);
	ck_assert_uint_eq(beside(6000000, 5000000), 3000000); /* by somebody: it is not known by whom */
	ck_assert_uint_eq(beside(1000000, 5000000), 1000000);
}
END_TEST

START_TEST(a_reservation_that_is_not_used_yet_hides_nothing)
{
	load_setup();
	ck_assert_uint_eq(beside(5000000, 0), 5000000);
	ck_assert_uint_eq(beside(5000000, 5000000), 5000000); /* booked, nothing sent */
	ck_assert_uint_eq(beside(10000000, 5000000), 5000000); /* sent */
}
END_TEST

START_TEST(packets_of_a_reservation_that_left_are_not_others)
{
	load_setup();
	ck_assert_uint_eq(beside(5000000, 5000000), 0);
	ck_assert_uint_eq(beside(5000000, 0), 0); /* it has gone, its packets were counted before */
	ck_assert_uint_eq(beside(0, 0), 0);
	/* and those that stay are */
	for (int i = 0; i < SENSE_RESERVED_KEPT; i++)
		beside(2000000, 0);
	ck_assert_uint_eq(l.beside_bps, 2000000);
}
END_TEST

/*
 * Two ways of 2 Mb/s of others' traffic, and a policy of 5 that is moved between them again and again. It
 * is booked before its packets come, and gone from the book before they stop. Nothing of that is news.
 */
static unsigned swing(bool naive)
{
	static const struct sense_rule r = { .threshold_pct = 10, .floor = 100000, .hold_ns = 20 * NS_PER_S,
					     .interval_ns = 120 * NS_PER_S };
	struct sense_load way[2] = { 0 };
	struct sense_filter say[2] = { 0 };
	uint64_t sum[2] = { 0 };
	unsigned news = 0;
	int on = 0, was = 0;

	for (unsigned t = 1; t <= 700; t++) {
		for (int w = 0; w < 2; w++) {
			uint64_t reserved = on == w ? 5000000 : 0;

			sum[w] += (was == w ? UINT64_C(7000000) : 2000000) / 8 * 10;
			if (!sense_load_count(&way[w], sum[w], (int64_t)(t * 10 * NS_PER_S)))
				continue;
			sense_load_beside(&way[w], reserved);
			if (naive)
				way[w].beside_bps = way[w].bps > reserved ? way[w].bps - reserved : 0;
			news += sense_filter_put(&say[w], &r, way[w].beside_bps, (struct mono){ t * 10 * NS_PER_S }) >
				SENSE_FIRST;
		}
		/* packets follow two readings after the book */
		if (t % 7 == 2)
			was = on;
		if (t % 7 == 0)
			on = !on;
	}
	ck_assert(naive || (say[0].said == 2000000 && say[1].said == 2000000));
	return news;
}

START_TEST(our_own_moves_are_no_news)
{
	ck_assert_uint_eq(swing(false), 0);
}
END_TEST

/* So the one above can fail. */
START_TEST(without_a_memory_of_reservations_they_would_be)
{
	ck_assert_uint_ge(swing(true), 10); /* the filter alone damps that as well */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sense-filter");
	TCase *t = tcase_create("filter");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, two_readings_are_enough_to_begin_and_one_is_not);
	tcase_add_test(t, one_reading_that_stands_out_says_nothing);
	tcase_add_test(t, worse_is_said_with_the_second_reading);
	tcase_add_test(t, better_is_said_when_it_held);
	tcase_add_test(t, the_most_that_was_read_meanwhile_is_what_is_said);
	tcase_add_test(t, what_is_small_is_said_at_the_interval);
	tcase_add_test(t, what_flaps_is_believed_later_and_later);
	tcase_add_test(t, any_readings_are_survived);
	suite_add_tcase(s, t);
	t = tcase_create("load");
	tcase_add_test(t, a_rate_takes_two_readings);
	tcase_add_test(t, a_counter_that_went_back_is_none);
	tcase_add_test(t, what_is_reserved_and_sent_is_not_beside);
	tcase_add_test(t, a_reservation_that_is_not_used_yet_hides_nothing);
	tcase_add_test(t, packets_of_a_reservation_that_left_are_not_others);
	tcase_add_test(t, our_own_moves_are_no_news);
	tcase_add_test(t, without_a_memory_of_reservations_they_would_be);
	suite_add_tcase(s, t);
	return check_main(s);
}
