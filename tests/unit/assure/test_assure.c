/* SPDX-License-Identifier: Apache-2.0 */
/* Windows and verdicts by hand: what is unknown, what violates, what clears, what is kept. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "assure/verdict/assure.h"
#include "base/rng.h"
#include "check_main.h"

#define MS UINT64_C(1000000)

enum { K = 1700000000, PERIOD = 1000, GUARD = 200 };

static const struct assure_point path[] = { { 1, false }, { 1, true }, { 2, false }, { 2, true } };
static const struct assure_terms loss_terms = { .period_ms = PERIOD, .guard_ms = GUARD,
						.loss_ppm_max = 10000, .delay_us_max = ASSURE_NO_BOUND,
						.horizon = 1, .at_risk_pct = 80, .to_violate = 3,
						.to_clear = 2 };
static const struct assure_terms delay_terms = { .period_ms = PERIOD, .guard_ms = GUARD,
						 .loss_ppm_max = ASSURE_NO_BOUND,
						 .delay_us_max = 1000, .percentile_ppm = 900000,
						 .horizon = 20, .at_risk_pct = 80, .to_violate = 1,
						 .to_clear = 1 };

static struct assure *a;
static struct assure_window last;
static unsigned told;

static void setup(void)
{
	told = 0;
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

/* When the readings of period k are told. */
static uint64_t told_at(unsigned k)
{
	return start_of(k + 1) + GUARD / 2 * MS;
}

static void add(const struct assure_terms *t)
{
	ck_assert_int_eq(assure_add(a, 1, t, path, 4, start_of(0)), 0);
}

static void on_window(void *arg, const struct assure_window *w)
{
	(void)arg;
	last = *w;
	told++;
}

static enum assure_take say_at(unsigned k, unsigned point, uint64_t packets, uint64_t now)
{
	struct assure_report r = { .point = path[point], .period = K + k, .packets = packets };

	return assure_report(a, 1, &r, now);
}

static enum assure_take say(unsigned k, unsigned point, uint64_t packets)
{
	return say_at(k, point, packets, told_at(k));
}

static const struct assure_window *closed(unsigned k)
{
	assure_advance(a, start_of(k + 1) + GUARD * MS, on_window, NULL);
	ck_assert_uint_eq(last.period, K + k);
	return &last;
}

/* Period k with 1000 packets sent, so many of them lost in node 2; counters begin at 0. */
static const struct assure_window *window(unsigned k, uint64_t lost)
{
	static uint64_t sum[2][2];
	unsigned c = k % 2;

	if (k < 2)
		sum[c][0] = sum[c][1] = 0;
	sum[c][0] += 1000;
	sum[c][1] += 1000 - lost;
	for (unsigned p = 0; p < 4; p++)
		ck_assert_int_eq(say(k, p, sum[c][p == 3]), ASSURE_TAKEN);
	return closed(k);
}

static const struct assure_window *silent(unsigned k)
{
	return closed(k);
}

/* ---- loss ---- */

START_TEST(loss_is_placed_where_it_is)
{
	const struct assure_window *w;

	add(&loss_terms);
	ck_assert_int_eq(window(0, 0)->loss_why, ASSURE_MISSING); /* nothing to begin from */
	ck_assert_int_eq(window(1, 0)->verdict, ASSURE_UNKNOWN);
	w = window(2, 0);
	ck_assert(w->verdict == ASSURE_COMPLIANT && w->state == ASSURE_COMPLIANT);
	w = window(3, 7);
	ck_assert(w->loss_why == ASSURE_FINE && w->sent == 1000 && w->lost == 7);
	ck_assert_uint_eq(w->n_segments, 3);
	ck_assert(w->segments[0].known && w->segments[0].lost == 0);
	ck_assert(w->segments[1].known && w->segments[1].lost == 0);
	ck_assert(w->segments[2].known && w->segments[2].lost == 7);
	ck_assert(w->segments[2].from.node == 2 && !w->segments[2].from.out && w->segments[2].to.out);
}
END_TEST

START_TEST(a_counter_that_began_in_the_period_needs_no_other)
{
	struct assure_report r = { .period = K, .packets = 5, .began = true };

	add(&loss_terms);
	for (unsigned p = 0; p < 4; p++) {
		r.point = path[p];
		ck_assert_int_eq(assure_report(a, 1, &r, told_at(0)), ASSURE_TAKEN);
	}
	ck_assert(closed(0)->verdict == ASSURE_COMPLIANT && last.sent == 5 && last.lost == 0);
}
END_TEST

START_TEST(a_silent_node_in_the_middle_makes_its_segments_unknown_only)
{
	add(&loss_terms);
	for (unsigned k = 0; k < 4; k++) {
		ck_assert_int_eq(say(k, 0, 100 * (k / 2 + 1)), ASSURE_TAKEN);
		ck_assert_int_eq(say(k, 1, 100 * (k / 2 + 1)), ASSURE_TAKEN);
		ck_assert_int_eq(say(k, 3, 99 * (k / 2 + 1)), ASSURE_TAKEN);
		(void)closed(k);
	}
	ck_assert(last.loss_why == ASSURE_FINE && last.sent == 100 && last.lost == 1);
	ck_assert(last.segments[0].known && !last.segments[1].known && !last.segments[2].known);
}
END_TEST

START_TEST(a_silent_end_is_unknown)
{
	add(&loss_terms);
	for (unsigned k = 0; k < 4; k++) {
		for (unsigned p = 0; p < 3; p++)
			ck_assert_int_eq(say(k, p, 100 * (k / 2 + 1)), ASSURE_TAKEN);
		ck_assert_int_eq(closed(k)->verdict, ASSURE_UNKNOWN);
	}
	ck_assert(last.loss_why == ASSURE_MISSING && last.sent == 0 && last.lost == 0);
	ck_assert(last.segments[0].known && last.segments[1].known && !last.segments[2].known);
}
END_TEST

/* Each: the third reading of the egress after 100, 100; what becomes of it. */
static const struct {
	const char *name;
	uint64_t ingress, egress;
	enum assure_why why;
} odd[] = {
	{ "a wrap", 200, 3, ASSURE_WENT_BACK },
	{ "more than was sent", 200, 201, ASSURE_IMPOSSIBLE },
	{ "no counter", UINT64_MAX, 150, ASSURE_IMPOSSIBLE },
	{ "nothing sent", 100, 100, ASSURE_IDLE },
	{ "fine", 200, 200, ASSURE_FINE },
};

START_TEST(a_counter_that_cannot_be_is_unknown)
{
	add(&loss_terms);
	for (unsigned k = 0; k < 3; k++) {
		for (unsigned p = 0; p < 4; p++)
			(void)say(k, p, k < 2 ? 100 : p == 3 ? odd[_i].egress : odd[_i].ingress);
		(void)closed(k);
	}
	ck_assert_msg(last.loss_why == odd[_i].why, "%s: %s", odd[_i].name,
		      assure_why_name(last.loss_why));
	ck_assert((last.verdict == ASSURE_UNKNOWN) == (odd[_i].why != ASSURE_FINE));
	ck_assert_uint_eq(last.lost, 0);
}
END_TEST

START_TEST(a_restart_is_unknown_even_if_the_counter_is_higher)
{
	struct assure_report r = { .period = K + 2, .packets = 500, .boot = 1 };

	add(&loss_terms);
	(void)window(0, 0);
	(void)window(1, 0);
	for (unsigned p = 0; p < 4; p++) {
		r.point = path[p];
		r.boot = p == 3;
		r.packets = 2000;
		ck_assert_int_eq(assure_report(a, 1, &r, told_at(2)), ASSURE_TAKEN);
	}
	ck_assert_int_eq(closed(2)->loss_why, ASSURE_WENT_BACK);
}
END_TEST

START_TEST(telemetry_twice_late_early_or_contradictory)
{
	struct assure_view v;
	struct assure_report stranger = { .point = { 9, false }, .period = K };

	add(&loss_terms);
	(void)window(0, 0);
	(void)window(1, 0);
	for (unsigned p = 0; p < 4; p++)
		ck_assert_int_eq(say(2, p, 2000), ASSURE_TAKEN);
	ck_assert_int_eq(say(2, 3, 2000), ASSURE_DUPLICATE);
	ck_assert_int_eq(say_at(3, 0, 9, told_at(2)), ASSURE_EARLY); /* it is not over */
	ck_assert_int_eq(say_at(1000000, 0, 9, told_at(2)), ASSURE_EARLY);
	ck_assert_int_eq(assure_report(a, 1, &stranger, told_at(2)), ASSURE_NO_POINT);
	ck_assert_int_eq(assure_report(a, 2, &stranger, told_at(2)), ASSURE_NO_STREAM);
	ck_assert_int_eq(closed(2)->verdict, ASSURE_COMPLIANT);
	for (unsigned p = 0; p < 4; p++)
		(void)say(3, p, 2000);
	ck_assert_int_eq(say(3, 3, 1999), ASSURE_CONFLICT);
	ck_assert(closed(3)->verdict == ASSURE_UNKNOWN && last.loss_why == ASSURE_CONTRADICTED);
	for (unsigned p = 0; p < 3; p++)
		(void)say(4, p, 3000);
	ck_assert_int_eq(closed(4)->loss_why, ASSURE_MISSING);
	ck_assert_int_eq(say_at(4, 3, 3000, told_at(5)), ASSURE_LATE);
	(void)silent(5);
	for (unsigned p = 0; p < 4; p++)
		ck_assert_int_eq(say(6, p, 4000), ASSURE_TAKEN);
	/* what came late is what the next begins from */
	ck_assert(closed(6)->verdict == ASSURE_COMPLIANT && last.sent == 1000);
	ck_assert(assure_view(a, 1, &v));
	ck_assert(v.reports[ASSURE_DUPLICATE] == 1 && v.reports[ASSURE_LATE] == 1 &&
		  v.reports[ASSURE_EARLY] == 2 && v.reports[ASSURE_CONFLICT] == 1 &&
		  v.reports[ASSURE_NO_POINT] == 1);
}
END_TEST

/* ---- verdicts ---- */

START_TEST(violated_after_k_of_k_and_cleared_after_as_many_as_asked)
{
	static const struct {
		uint64_t lost; /* of 1000; the bound is 10 */
		enum assure_verdict window, state;
	} steps[] = {
		{ 0, ASSURE_COMPLIANT, ASSURE_COMPLIANT }, { 8, ASSURE_AT_RISK, ASSURE_AT_RISK },
		{ 10, ASSURE_AT_RISK, ASSURE_AT_RISK },	   { 7, ASSURE_COMPLIANT, ASSURE_COMPLIANT },
		{ 11, ASSURE_VIOLATED, ASSURE_AT_RISK },   { 50, ASSURE_VIOLATED, ASSURE_AT_RISK },
		{ 0, ASSURE_COMPLIANT, ASSURE_COMPLIANT }, { 11, ASSURE_VIOLATED, ASSURE_AT_RISK },
		{ 11, ASSURE_VIOLATED, ASSURE_AT_RISK },   { 11, ASSURE_VIOLATED, ASSURE_VIOLATED },
		{ 0, ASSURE_COMPLIANT, ASSURE_VIOLATED },  { 30, ASSURE_VIOLATED, ASSURE_VIOLATED },
		{ 0, ASSURE_COMPLIANT, ASSURE_VIOLATED },  { 9, ASSURE_AT_RISK, ASSURE_AT_RISK },
		{ 0, ASSURE_COMPLIANT, ASSURE_COMPLIANT },
	};

	add(&loss_terms);
	(void)window(0, 0);
	(void)window(1, 0);
	for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
		(void)window(2 + i, steps[i].lost);
		ck_assert_msg(last.verdict == steps[i].window && last.state == steps[i].state,
			      "step %u: %s, %s", i, assure_verdict_name(last.verdict),
			      assure_verdict_name(last.state));
	}
}
END_TEST

START_TEST(unknown_neither_violates_nor_absolves)
{
	static const struct {
		int lost; /* < 0: nothing is told */
		enum assure_verdict state;
	} steps[] = {
		{ 0, ASSURE_COMPLIANT }, { -1, ASSURE_UNKNOWN }, { -1, ASSURE_UNKNOWN },
		{ -2, ASSURE_UNKNOWN },	 { -2, ASSURE_UNKNOWN }, { 20, ASSURE_AT_RISK },
		{ 20, ASSURE_AT_RISK },	 { -1, ASSURE_UNKNOWN }, { -1, ASSURE_UNKNOWN },
		{ -2, ASSURE_UNKNOWN },	 { -2, ASSURE_UNKNOWN }, { 20, ASSURE_VIOLATED },
		{ 0, ASSURE_VIOLATED },	 { -1, ASSURE_VIOLATED }, { -1, ASSURE_VIOLATED },
		{ -2, ASSURE_VIOLATED }, { -2, ASSURE_VIOLATED }, { 0, ASSURE_VIOLATED },
		{ 0, ASSURE_COMPLIANT },
	};

	add(&loss_terms);
	(void)window(0, 0);
	(void)window(1, 0);
	for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
		if (steps[i].lost == -1)
			(void)silent(2 + i);
		else /* -2: told again, but with nothing before it to subtract */
			(void)window(2 + i, steps[i].lost > 0 ? (uint64_t)steps[i].lost : 0);
		ck_assert_msg(last.state == steps[i].state, "step %u: %s", i,
			      assure_verdict_name(last.state));
		ck_assert((steps[i].lost < 0) == (last.verdict == ASSURE_UNKNOWN));
	}
}
END_TEST

/* ---- delay ---- */

START_TEST(a_percentile_needs_its_samples)
{
	add(&delay_terms); /* the 90th: ten */
	for (unsigned k = 0; k < 12; k++) {
		ck_assert_int_eq(assure_delay(a, 1, 500000, 1000), ASSURE_TAKEN);
		(void)closed(k);
		ck_assert_int_eq(last.delay_why, k < 9 ? ASSURE_INSUFFICIENT_SAMPLES : ASSURE_FINE);
		ck_assert_int_eq(last.verdict, k < 9 ? ASSURE_UNKNOWN : ASSURE_COMPLIANT);
	}
	(void)closed(12); /* none in this window, though there are twelve */
	ck_assert(last.verdict == ASSURE_UNKNOWN && last.delay_why == ASSURE_NO_SAMPLE);
}
END_TEST

START_TEST(a_percentile_against_its_bound)
{
	uint32_t us;

	add(&delay_terms);
	for (unsigned k = 0; k < 10; k++) {
		(void)assure_delay(a, 1, k == 0 ? 5000000 : 500000, 1000);
		(void)closed(k);
	}
	ck_assert_int_eq(last.verdict, ASSURE_COMPLIANT); /* one of ten may be beyond it */
	ck_assert_int_eq(assure_percentile(a, 1, 900000, &us), ASSURE_FINE);
	ck_assert_uint_eq(us, 500);
	ck_assert_int_eq(assure_percentile(a, 1, 1000000, &us), ASSURE_FINE);
	ck_assert_uint_eq(us, 5000);
	ck_assert_int_eq(assure_percentile(a, 1, 999000, &us), ASSURE_INSUFFICIENT_SAMPLES);
	(void)assure_delay(a, 1, 1100000, 1000);
	ck_assert_int_eq(closed(10)->verdict, ASSURE_VIOLATED);
	for (unsigned k = 11; k < 30; k++) {
		(void)assure_delay(a, 1, 500000, 1000);
		(void)closed(k);
	}
	ck_assert_int_eq(last.verdict, ASSURE_COMPLIANT); /* the two left the horizon */
	for (unsigned k = 30; k < 36; k++) {
		(void)assure_delay(a, 1, 850000, 1000);
		(void)closed(k);
	}
	ck_assert_int_eq(last.verdict, ASSURE_AT_RISK);
}
END_TEST

START_TEST(what_clocks_may_err_by_is_not_held_against_anybody)
{
	add(&delay_terms);
	for (unsigned k = 0; k < 10; k++) {
		(void)assure_delay(a, 1, 1100000, 200000); /* 0.9 to 1.3 ms against 1 */
		(void)closed(k);
	}
	ck_assert_int_eq(last.verdict, ASSURE_AT_RISK);
	for (unsigned k = 10; k < 14; k++) {
		(void)assure_delay(a, 1, 1, 1000000); /* errs by as much as the bound */
		ck_assert_int_eq(closed(k)->delay_why, ASSURE_NO_SAMPLE);
	}
}
END_TEST

/* So many windows of 100 delays each, from window k on. */
static unsigned hundreds(unsigned k, unsigned n, uint64_t ns)
{
	for (unsigned to = k + n; k < to; k++) {
		for (int i = 0; i < 100; i++)
			ck_assert_int_eq(assure_delay(a, 1, ns, 1000), ASSURE_TAKEN);
		(void)closed(k);
	}
	return k;
}

static struct assure_terms nines(uint32_t ppm)
{
	struct assure_terms t = delay_terms;

	t.percentile_ppm = ppm;
	t.horizon = 2000;
	return t;
}

START_TEST(four_nines_need_ten_thousand_samples_of_many_windows)
{
	const struct assure_terms t = nines(999900);
	uint32_t us;
	unsigned k;

	add(&t);
	k = hundreds(0, 99, 500000);
	ck_assert(last.verdict == ASSURE_UNKNOWN && last.delay_why == ASSURE_INSUFFICIENT_SAMPLES);
	ck_assert_int_eq(assure_percentile(a, 1, 999900, &us), ASSURE_INSUFFICIENT_SAMPLES);
	k = hundreds(k, 1, 500000);
	ck_assert(last.verdict == ASSURE_COMPLIANT && last.delay_why == ASSURE_FINE);
	ck_assert_int_eq(assure_percentile(a, 1, 999900, &us), ASSURE_FINE);
	ck_assert(us >= 500 && us <= 562);
	(void)closed(k++);
	ck_assert(last.verdict == ASSURE_UNKNOWN && last.delay_why == ASSURE_NO_SAMPLE);
	/* one of ten thousand may be beyond it, and a second one may not */
	(void)assure_delay(a, 1, 5000000, 1000);
	ck_assert_int_eq(closed(k++)->verdict, ASSURE_COMPLIANT);
	(void)assure_delay(a, 1, 5000000, 1000);
	ck_assert_int_eq(closed(k++)->verdict, ASSURE_VIOLATED);
	ck_assert_int_eq(assure_percentile(a, 1, 999900, &us), ASSURE_FINE);
	ck_assert(us >= 5000 && us <= 5625);
	/* they are forgotten with their part: there are twice the samples it takes without */
	k = hundreds(k, 100, 500000);
	ck_assert_int_eq(last.verdict, ASSURE_COMPLIANT); /* two of twenty thousand */
	k = hundreds(k, 150, 500000);
	ck_assert_int_eq(assure_percentile(a, 1, 999900, &us), ASSURE_FINE);
	ck_assert_uint_le(us, 562);
}
END_TEST

START_TEST(many_samples_leave_the_horizon)
{
	struct assure_terms t = nines(999900);
	unsigned k;

	t.horizon = 200;
	add(&t);
	k = hundreds(0, 101, 500000);
	ck_assert_int_eq(last.verdict, ASSURE_COMPLIANT);
	for (unsigned to = k + 200; k < to; k++) {
		(void)assure_delay(a, 1, 500000, 1000);
		(void)closed(k);
	}
	ck_assert_int_eq(last.delay_why, ASSURE_INSUFFICIENT_SAMPLES);
}
END_TEST

START_TEST(another_bound_begins_many_samples_anew)
{
	struct assure_terms t = nines(999900);
	unsigned k;

	add(&t);
	k = hundreds(0, 101, 500000);
	t.to_clear++;
	ck_assert_int_eq(assure_terms_set(a, 1, &t), 0);
	k = hundreds(k, 1, 500000);
	ck_assert_int_eq(last.verdict, ASSURE_COMPLIANT);
	t.delay_us_max = 400;
	ck_assert_int_eq(assure_terms_set(a, 1, &t), 0);
	k = hundreds(k, 1, 500000);
	ck_assert_int_eq(last.delay_why, ASSURE_INSUFFICIENT_SAMPLES);
	/* and to a percentile that takes few, and back */
	ck_assert_int_eq(assure_terms_set(a, 1, &delay_terms), 0);
	k = hundreds(k, 1, 500000);
	ck_assert_int_eq(last.verdict, ASSURE_COMPLIANT);
	ck_assert_int_eq(assure_terms_set(a, 1, &t), 0);
	(void)hundreds(k, 100, 500000);
	ck_assert_int_eq(last.verdict, ASSURE_VIOLATED);
}
END_TEST

/* Against single samples of the same, sorted. */
START_TEST(counts_by_size_say_what_sorting_says)
{
	const struct assure_terms t = nines(999800);
	static uint64_t ns[20000];
	struct rng r;
	uint32_t us;

	rng_seed(&r, 11);
	add(&t);
	for (unsigned k = 0, n = 0; k < 100; k++) {
		for (int i = 0; i < 100; i++, n++) {
			ns[n] = 1000 + (rng_u64(&r) >> (30 + rng_below(&r, 24)));
			(void)assure_delay(a, 1, ns[n], 10);
		}
		(void)closed(k);
		for (unsigned at = n - 100; at < n; at++) /* kept sorted, the largest first */
			for (unsigned x = at; x > 0 && ns[x] > ns[x - 1]; x--) {
				uint64_t swap = ns[x];

				ns[x] = ns[x - 1];
				ns[x - 1] = swap;
			}
		if (n < 5000)
			continue;
		ck_assert_int_eq(assure_percentile(a, 1, 999800, &us), ASSURE_FINE);
		ck_assert_uint_ge((uint64_t)us * 1000, ns[n / 5000]);
		ck_assert(us <= (ns[n / 5000] / 1000 + 1) * 9 / 8 || us == UINT32_MAX);
	}
}
END_TEST

START_TEST(delays_of_marked_packets_come_with_the_readings)
{
	struct assure_report r = { .period = K, .began = true, .packets = 1, .d_error_us = 10 };

	add(&delay_terms);
	for (unsigned p = 0; p < 4; p++) {
		r.point = path[p];
		r.d_ns = start_of(0) + (1 + p * p) * 100000;
		ck_assert_int_eq(assure_report(a, 1, &r, told_at(0)), ASSURE_TAKEN);
	}
	(void)closed(0);
	ck_assert(last.has_delay && last.delay_us == 900);
	ck_assert(last.segments[0].delay_us == 100 && last.segments[1].delay_us == 300 &&
		  last.segments[2].delay_us == 500);
	/* a node whose clock is behind: no delay, rather than none of zero */
	for (unsigned p = 0; p < 4; p++) {
		r.point = path[p];
		r.period = K + 1;
		r.d_ns = start_of(1) + (p == 3 ? 0 : 100000);
		(void)assure_report(a, 1, &r, told_at(1));
	}
	(void)closed(1);
	ck_assert(!last.has_delay && last.delay_why == ASSURE_NO_SAMPLE);
	ck_assert(!last.segments[2].has_delay);
}
END_TEST

/* ---- what is kept ---- */

START_TEST(history_and_availability_are_kept_within_bounds)
{
	static struct assure_view v;
	uint32_t least, known;
	const uint64_t none[4] = { 5, 0, 0, 0 };

	add(&loss_terms);
	for (unsigned k = 0; k < 2 * ASSURE_BUCKET_WINDOWS; k++)
		(void)window(k, k % 10 == 9 ? 11 : 0);
	ck_assert(assure_view(a, 1, &v));
	ck_assert_uint_eq(v.n_recent, ASSURE_RECENT);
	ck_assert_uint_eq(v.recent[0].period, K + 2 * ASSURE_BUCKET_WINDOWS - 1);
	ck_assert(v.recent[0].verdict == ASSURE_VIOLATED && v.recent[0].lost == 11);
	ck_assert(v.recent[1].period == v.recent[0].period - 1 && v.recent[1].lost == 0);
	ck_assert(v.windows[ASSURE_UNKNOWN] == 2 && v.windows[ASSURE_VIOLATED] == 180 &&
		  v.windows[ASSURE_COMPLIANT] == 1618);
	assure_availability(v.windows, &least, &known);
	ck_assert_uint_eq(least, 898888);
	ck_assert_uint_eq(known, 899888);
	assure_availability(none, &least, &known);
	ck_assert(least == 0 && known == UINT32_MAX);
	ck_assert(v.n_buckets == 2 || v.n_buckets == 3);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t sum = 0;

		for (size_t b = 0; b < v.n_buckets; b++)
			sum += v.buckets[b].windows[i];
		ck_assert_uint_eq(sum, v.windows[i]);
	}
}
END_TEST

START_TEST(other_terms_keep_the_history)
{
	struct assure_terms t = loss_terms;
	struct assure_view v;

	add(&loss_terms);
	for (unsigned k = 0; k < 5; k++)
		(void)window(k, 0);
	t.loss_ppm_max = 0;
	ck_assert_int_eq(assure_terms_set(a, 1, &t), 0);
	ck_assert_int_eq(window(5, 1)->verdict, ASSURE_VIOLATED);
	ck_assert(assure_view(a, 1, &v) && v.windows[ASSURE_COMPLIANT] == 3);
	t.period_ms = 10000;
	ck_assert_int_eq(assure_terms_set(a, 1, &t), ASSURE_E_TERMS);
	ck_assert_int_eq(assure_terms_set(a, 2, &loss_terms), ASSURE_E_ABSENT);
}
END_TEST

START_TEST(there_is_an_end_to_what_is_taken)
{
	static const struct assure_point loop[] = { { 1, false }, { 2, false }, { 1, false } };
	struct assure_terms t = delay_terms;
	struct assure_point other[2] = { { 1, false }, { 3, true } };

	for (uint64_t id = 1; id <= 4; id++)
		ck_assert_int_eq(assure_add(a, id, &loss_terms, path, 4, 0), 0);
	ck_assert_int_eq(assure_add(a, 5, &loss_terms, path, 4, 0), ASSURE_E_FULL);
	assure_del(a, 2);
	assure_del(a, 2);
	ck_assert_int_eq(assure_add(a, 1, &loss_terms, path, 4, 0), ASSURE_E_EXISTS);
	ck_assert_int_eq(assure_add(a, 5, &loss_terms, loop, 3, 0), ASSURE_E_TERMS);
	ck_assert_int_eq(assure_add(a, 5, &loss_terms, path, 1, 0), ASSURE_E_TERMS);
	t.percentile_ppm = 999999; /* a million samples */
	ck_assert_int_eq(assure_add(a, 5, &t, path, 4, 0), ASSURE_E_TERMS);
	t = loss_terms;
	t.guard_ms = t.period_ms;
	ck_assert_int_eq(assure_add(a, 5, &t, path, 4, 0), ASSURE_E_TERMS);
	ck_assert_int_eq(assure_path(a, 1, other, 2, 5, 9), ASSURE_E_TERMS); /* another end */
	ck_assert_int_eq(assure_path(a, 1, path, 4, 9, 5), ASSURE_E_TERMS);
	ck_assert_int_eq(assure_path(a, 9, path, 4, 5, 9), ASSURE_E_ABSENT);
	ck_assert_int_eq(assure_add(a, 5, &loss_terms, path, 4, 0), 0);
	ck_assert_uint_eq(assure_count(a), 4);
}
END_TEST

/* Paths that change faster than windows close, and reports that are anything. */
START_TEST(whatever_is_said_stays_within_bounds)
{
	struct rng rng;
	uint64_t now = start_of(0);

	rng_seed(&rng, (uint64_t)_i + 1);
	add(&loss_terms);
	for (unsigned i = 0; i < 20000; i++) {
		struct assure_point p[8] = { path[0] };
		struct assure_report r = { .period = K + rng_below(&rng, now / MS / PERIOD - K + 3),
					   .packets = rng_u64(&rng) >> rng_below(&rng, 64),
					   .d_ns = rng_u64(&rng) >> rng_below(&rng, 64),
					   .boot = rng_below(&rng, 2),
					   .began = rng_below(&rng, 2) };
		size_t n = 2 + rng_below(&rng, 7);

		for (size_t j = 1; j + 1 < n; j++)
			p[j] = (struct assure_point){ (uint32_t)(10 + rng_below(&rng, 200)), true };
		p[n - 1] = path[3];
		if (rng_below(&rng, 8) == 0)
			(void)assure_path(a, 1, p, n, now, now + rng_below(&rng, 5000) * MS);
		r.point = rng_below(&rng, 2) ? path[rng_below(&rng, 4)] : p[rng_below(&rng, n)];
		(void)assure_report(a, 1, &r, now);
		now += rng_below(&rng, 100) * MS;
		assure_advance(a, now, on_window, NULL);
		ck_assert(last.lost <= last.sent && last.n_segments < ASSURE_POINTS_MAX);
		ck_assert(assure_due(a) > now);
	}
	ck_assert_uint_gt(told, 500);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("assure");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, loss_is_placed_where_it_is);
	tcase_add_test(tc, a_counter_that_began_in_the_period_needs_no_other);
	tcase_add_test(tc, a_silent_node_in_the_middle_makes_its_segments_unknown_only);
	tcase_add_test(tc, a_silent_end_is_unknown);
	tcase_add_loop_test(tc, a_counter_that_cannot_be_is_unknown, 0, (int)ARRAY_LEN(odd));
	tcase_add_test(tc, a_restart_is_unknown_even_if_the_counter_is_higher);
	tcase_add_test(tc, telemetry_twice_late_early_or_contradictory);
	tcase_add_test(tc, violated_after_k_of_k_and_cleared_after_as_many_as_asked);
	tcase_add_test(tc, unknown_neither_violates_nor_absolves);
	tcase_add_test(tc, a_percentile_needs_its_samples);
	tcase_add_test(tc, a_percentile_against_its_bound);
	tcase_add_test(tc, what_clocks_may_err_by_is_not_held_against_anybody);
	tcase_add_test(tc, four_nines_need_ten_thousand_samples_of_many_windows);
	tcase_add_test(tc, many_samples_leave_the_horizon);
	tcase_add_test(tc, another_bound_begins_many_samples_anew);
	tcase_add_test(tc, counts_by_size_say_what_sorting_says);
	tcase_add_test(tc, delays_of_marked_packets_come_with_the_readings);
	tcase_add_test(tc, history_and_availability_are_kept_within_bounds);
	tcase_add_test(tc, other_terms_keep_the_history);
	tcase_add_test(tc, there_is_an_end_to_what_is_taken);
	tcase_add_loop_test(tc, whatever_is_said_stays_within_bounds, 0, 8);
	suite_add_tcase(s, tc);
	return check_main(s);
}
