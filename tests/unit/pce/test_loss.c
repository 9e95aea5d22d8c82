/* SPDX-License-Identifier: Apache-2.0 */
/* Loss in units against logarithms of the C library. */
#include "check_main.h"

#include <math.h>

#include "base/rng.h"
#include "pce/path.h"

enum { MILLION = 1000000 };

static long double truth(uint32_t ppm)
{
	return -log1pl(-(long double)ppm / MILLION) * 1e8L;
}

START_TEST(a_value_is_two_to_four_units_above_the_logarithm)
{
	for (uint32_t ppm = 1; ppm < MILLION; ppm++) {
		long double over = (long double)pce_loss_units(ppm) - truth(ppm);

		ck_assert_msg(over >= 2 && over <= 4, "%u ppm: %Lf over", ppm, over);
	}
	ck_assert_uint_eq(pce_loss_units(0), 0);
	ck_assert_uint_eq(pce_loss_units(MILLION), PCE_LOSS_ALL);
	ck_assert_uint_eq(pce_loss_units(UINT32_MAX), PCE_LOSS_ALL);
}
END_TEST

START_TEST(there_and_back_is_the_same)
{
	for (uint32_t ppm = 0; ppm <= MILLION; ppm += ppm < 3000 ? 1 : 97)
		ck_assert_uint_eq(pce_loss_ppm(pce_loss_units(ppm)), ppm);
	ck_assert_uint_eq(pce_loss_ppm(pce_loss_units(10) + 1), 11);
	ck_assert_uint_eq(pce_loss_ppm(UINT64_MAX), MILLION);
}
END_TEST

/* The product of what gets through, for paths of a few links: never more lost than is said. */
START_TEST(a_sum_never_hides_loss)
{
	struct rng r;

	rng_seed(&r, 5);
	for (int round = 0; round < 100000; round++) {
		uint32_t n = 2 + (uint32_t)rng_below(&r, 12);
		long double through = 1, lost;
		uint64_t sum = 0;

		for (uint32_t i = 0; i < n; i++) {
			uint32_t ppm = 1 + (uint32_t)rng_below(&r, round % 2 ? 50 : 100000);

			through *= 1 - (long double)ppm / MILLION;
			sum += pce_loss_units(ppm);
		}
		lost = (1 - through) * MILLION;
		ck_assert((long double)pce_loss_ppm(sum) >= lost);
		ck_assert((long double)pce_loss_ppm(sum) <= lost + 1.001L + 0.04L * n);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("loss");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60); /* on a machine with much else to do */
	tcase_add_test(t, a_value_is_two_to_four_units_above_the_logarithm);
	tcase_add_test(t, there_and_back_is_the_same);
	tcase_add_test(t, a_sum_never_hides_loss);
	suite_add_tcase(s, t);
	return check_main(s);
}
