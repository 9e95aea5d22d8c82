/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Into the processor's caches what is read soon, while others are looked at. */
#include <stddef.h>

static inline void ahead(const void *at, size_t len)
{
	for (size_t k = 0; k < len; k += 64)
		__builtin_prefetch((const char *)at + k);
}
