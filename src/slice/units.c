/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units of bounds. The model leaves them a free text, so what is taken is said here, and all else is
 * refused: a bound misread by a thousand is worse than none.
 */
#include <string.h>

#include "base/err.h"
#include "slice/model.h"

#define BPS_MAX UINT64_C(100000000000000) /* what the book takes */
#define NS_MAX UINT64_C(4294000000000)	  /* microseconds have 32 bits everywhere else */
#define PPM_MAX UINT64_C(1000000)

enum dimension { BANDWIDTH, TIME, LOSS };

static const struct unit {
	enum dimension of;
	const char *name;
	uint64_t times;
} units[] = {
	{ BANDWIDTH, "bps", 1 },
	{ BANDWIDTH, "kbps", 1000 },
	{ BANDWIDTH, "Mbps", 1000000 },
	{ BANDWIDTH, "Gbps", 1000000000 },
	{ TIME, "nanoseconds", 1 },
	{ TIME, "microseconds", 1000 },
	{ TIME, "milliseconds", 1000000 },
	{ TIME, "seconds", 1000000000 },
	{ LOSS, "ppm", 1 },
	{ LOSS, "percent", 10000 },
};

static const struct {
	const char *why_unit, *why_max;
	uint64_t max;
} dimensions[] = {
	[BANDWIDTH] = { "the unit is bps, kbps, Mbps or Gbps", "at most 100 Tb/s can be booked", BPS_MAX },
	[TIME] = { "the unit is nanoseconds, microseconds, milliseconds or seconds",
		   "at most 4294 seconds are a bound", NS_MAX },
	[LOSS] = { "the unit is percent or ppm", "there are no more than 100 percent", PPM_MAX },
};

static const struct {
	const char *name;
	enum dimension of;
} metrics[SLICE_METRICS] = {
	[SLICE_BW_ONE_WAY] = { "one-way-bandwidth", BANDWIDTH },
	[SLICE_BW_TWO_WAY] = { "two-way-bandwidth", BANDWIDTH },
	[SLICE_BW_SHARED] = { "shared-bandwidth", BANDWIDTH },
	[SLICE_DELAY_MAX] = { "one-way-delay-maximum", TIME },
	[SLICE_DELAY_PCT] = { "one-way-delay-percentile", TIME },
	[SLICE_DELAY2_MAX] = { "two-way-delay-maximum", TIME },
	[SLICE_DELAY2_PCT] = { "two-way-delay-percentile", TIME },
	[SLICE_VARIATION_MAX] = { "one-way-delay-variation-maximum", TIME },
	[SLICE_VARIATION_PCT] = { "one-way-delay-variation-percentile", TIME },
	[SLICE_VARIATION2_MAX] = { "two-way-delay-variation-maximum", TIME },
	[SLICE_VARIATION2_PCT] = { "two-way-delay-variation-percentile", TIME },
	[SLICE_LOSS] = { "one-way-packet-loss", LOSS },
	[SLICE_LOSS2] = { "two-way-packet-loss", LOSS },
};

const char *slice_metric_name(enum slice_metric m)
{
	return metrics[m].name;
}

int slice_unit(enum slice_metric m, const char *unit, uint64_t bound, uint64_t *out, const char **why)
{
	enum dimension of = metrics[m].of;
	const struct unit *u = NULL;

	*out = 0;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].of == of && strcmp(units[i].name, unit) == 0)
			u = &units[i];
	}
	*why = !u ? dimensions[of].why_unit :
	       bound > dimensions[of].max / u->times ? dimensions[of].why_max : "";
	if ((*why)[0])
		return err_raise(-EINVAL);
	*out = bound * u->times;
	return 0;
}
