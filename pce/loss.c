/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packet loss as something that adds up: -ln(1 - loss) in integers. A link's value is 2 to 4
 * units above the true one, a bound's too, so two links or more that keep the bound in units
 * keep it in truth, and a single link with exactly the loss allowed is still allowed.
 */
#include "pce/path.h"

enum { MILLION = 1000000, GUARD = 3 };

#define UNITS_PER_NEPER UINT64_C(100000000)
#define LN2_Q32 UINT64_C(2977044472)

/* ln(MILLION / left) as Q32, at most 32 below the true value: a power of two, and for the rest
 * 2 artanh((a - b) / (a + b)) by its series. */
static uint64_t log_q32(uint32_t left)
{
	uint64_t m = left, whole = 0, z, z2, term, sum;

	while (2 * m <= MILLION) {
		m *= 2;
		whole += LN2_Q32 - 1;
	}
	z = ((MILLION - m) << 32) / (MILLION + m);
	z2 = z * z >> 32;
	sum = term = z;
	for (unsigned k = 3; term; k += 2) {
		term = term * z2 >> 32;
		sum += term / k;
	}
	return whole + 2 * sum;
}

uint32_t pce_loss_units(uint32_t ppm)
{
	if (ppm == 0)
		return 0;
	if (ppm >= MILLION)
		return PCE_LOSS_ALL;
	return (uint32_t)((log_q32(MILLION - ppm) * UNITS_PER_NEPER >> 32) + 1 + GUARD);
}

uint32_t pce_loss_ppm(uint64_t units)
{
	/* x / (1 + x) < 1 - exp(-x) < x */
	uint64_t lo = units * MILLION / (UNITS_PER_NEPER + units), hi = units / 100 + 1;

	if (units == 0)
		return 0;
	if (units >= PCE_LOSS_ALL)
		return MILLION;
	lo = lo > 8 ? lo - 8 : 0;
	hi = hi < MILLION ? hi : MILLION;
	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (pce_loss_units((uint32_t)mid) >= units)
			hi = mid;
		else
			lo = mid + 1;
	}
	return (uint32_t)lo;
}
