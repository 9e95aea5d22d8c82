/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of measurements: one is added, rerouted, given other terms as a whole or stays as it was. */
#include <check.h>

#include "assure/verdict/assure.h"
#include "fault.h"
#include "rooms.h"

#define MS UINT64_C(1000000)

static const struct assure_point path[] = { { 1, false }, { 2, true } };
static const struct assure_point other[] = { { 1, false }, { 3, false }, { 3, true }, { 2, true } };
static const struct assure_terms terms = { .period_ms = 1000, .guard_ms = 100, .loss_ppm_max = 1000,
					   .delay_us_max = 500, .percentile_ppm = 500000,
					   .horizon = 10, .variation_us_max = 300, .variation_ppm = 500000,
					   .variation_horizon = 10,
					   .delay_also = { { 900, 900000, 20 } },
					   .variation_also = { { 800, 900000, 20 }, { 900, 1000000, 20 } },
					   .at_risk_pct = 80, .to_violate = 1,
					   .to_clear = 1 };

static void on_window(void *arg, const struct assure_window *w)
{
	*(struct assure_window *)arg = *w;
}

static void period(struct assure *a, uint64_t k, struct assure_window *w)
{
	struct assure_report r = { .period = k, .packets = 10 * k, .began = true };

	for (unsigned i = 0; i < 2; i++) {
		r.point = path[i];
		ck_assert_int_eq(assure_report(a, 1, &r, (k + 1) * 1000 * MS), ASSURE_TAKEN);
	}
	ck_assert_int_eq(assure_delay(a, 1, 1000, 10), ASSURE_TAKEN);
	assure_advance(a, ((k + 1) * 1000 + 100) * MS, on_window, w);
	ck_assert_uint_eq(w->period, k);
}

/* Everything at once: where one step fails, what was before goes on. */
static void once(void *arg)
{
	struct assure_terms lax = terms;
	struct assure_window w = { 0 };
	struct assure *a = NULL;
	struct assure_view v;
	int made, added, moved = -1, eased = -1;
	bool refused;

	(void)arg;
	lax.delay_us_max = 1;
	lax.delay_also[1] = (struct assure_bound){ 950, 950000, 20 };
	fault_begin();
	made = assure_new(&a, 2, 7);
	added = made == 0 ? assure_add(a, 1, &terms, path, 2, 5000 * MS) : -1;
	if (added == 0) {
		moved = assure_path(a, 1, other, 4, 7000 * MS, 7000 * MS);
		eased = assure_terms_set(a, 1, &lax);
	}
	refused = fault_end();
	ck_assert(refused || (made == 0 && added == 0 && moved == 0 && eased == 0));
	if (made == 0)
		ck_assert_uint_eq(assure_count(a), added == 0);
	if (added == 0) {
		period(a, 5, &w);
		ck_assert(w.verdict == ASSURE_UNKNOWN && w.delay_why == ASSURE_INSUFFICIENT_SAMPLES);
		period(a, 6, &w);
		ck_assert(w.sent == 60 && w.lost == 0 && w.n_segments == 1);
		period(a, 7, &w);
		ck_assert_uint_eq(w.n_segments, 1); /* both ways have only the ends in common */
		period(a, 8, &w);
		ck_assert_uint_eq(w.n_segments, moved == 0 ? 3 : 1);
		ck_assert(assure_view(a, 1, &v));
		ck_assert_uint_eq(v.terms.delay_us_max, eased == 0 ? 1 : 500);
	}
	assure_free(a);
}

START_TEST(a_stream_is_added_and_changed_whole_or_not)
{
	ck_assert_uint_ge(fault_each(once, NULL), 6);
}
END_TEST

TCase *fault_assure(void)
{
	TCase *t = tcase_create("assure");

	tcase_add_test(t, a_stream_is_added_and_changed_whole_or_not);
	return t;
}
