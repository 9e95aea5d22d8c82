/* SPDX-License-Identifier: Apache-2.0 */
/* In place of assurance: what a test says was measured of one slice. */
#include "fake_assure.h"

#include <string.h>

struct fake_assure fake_assure;

const char *assure_verdict_name(enum assure_verdict v)
{
	static const char *const names[] = { "unknown", "compliant", "at-risk", "violated" };

	return names[v];
}

const char *assure_why_name(enum assure_why w)
{
	return w == ASSURE_INSUFFICIENT_SAMPLES ? "insufficient-samples" :
	       w == ASSURE_NO_SAMPLE		? "no-sample" :
						  "missing";
}

const char *assure_room_next(const struct assure_room *r, const char *after)
{
	(void)r;
	return after ? NULL : fake_assure.slice;
}

static bool is_it(const char *id)
{
	return fake_assure.slice && strcmp(id, fake_assure.slice) == 0;
}

bool assure_room_slice(const struct assure_room *r, const char *id, struct assure_slice_view *out)
{
	(void)r;
	*out = fake_assure.view;
	return is_it(id);
}

uint32_t assure_room_hours(const struct assure_room *r, const char *id, uint32_t at, struct assure_hour *out,
			   uint32_t cap)
{
	(void)r;
	if (!is_it(id) || at > 0 || cap == 0)
		return 0;
	*out = fake_assure.hour;
	return 1;
}

bool assure_room_stream(const struct assure_room *r, const char *id, uint32_t n, struct assure_stream_view *out)
{
	(void)r;
	*out = fake_assure.stream;
	return is_it(id) && n == 0;
}
