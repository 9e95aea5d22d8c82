/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Ownership helpers
 *
 * A local that owns something is declared AUTO(x_free) and given away with TAKE(x).
 * AUTO_DEFINE(struct x, x_free) beside x_free's declaration makes the pair work; x_free
 * returns NULL and accepts NULL.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define AUTO(fn) __attribute__((__cleanup__(fn##_autop)))
#define AUTO_DEFINE(type, fn)                                                                      \
	static inline void fn##_autop(type **p)                                                    \
	{                                                                                          \
		if (*p)                                                                            \
			fn(*p);                                                                    \
	}
#define TAKE(p)                                                                                    \
	__extension__({                                                                            \
		__typeof__(p) take_ = (p);                                                         \
		(p) = NULL;                                                                        \
		take_;                                                                             \
	})

static inline void auto_free_autop(void *p)
{
	void **pp = p;

	free(*pp);
}

#define AUTO_FREE __attribute__((__cleanup__(auto_free_autop)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member)                                                            \
	__extension__({                                                                            \
		const __typeof__(((type *)0)->member) *m_ = (ptr);                                 \
		(type *)(void *)((uintptr_t)m_ - offsetof(type, member));                          \
	})
