/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Monotonic time. Never a bare integer; ask loop_now(), never the system. Durations are
 * nanoseconds in uint64_t with the unit in the name.
 */
#include <stdbool.h>
#include <stdint.h>

struct mono {
	uint64_t ns;
};

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

static inline struct mono mono_add(struct mono t, uint64_t ns)
{
	return (struct mono){ t.ns > UINT64_MAX - ns ? UINT64_MAX : t.ns + ns };
}

static inline bool mono_before(struct mono a, struct mono b)
{
	return a.ns < b.ns;
}

/* Nanoseconds from a to b, 0 when b is not later. */
static inline uint64_t mono_since(struct mono a, struct mono b)
{
	return b.ns > a.ns ? b.ns - a.ns : 0;
}
