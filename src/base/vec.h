/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Growable array of one type: VEC(struct x) v = {0}; VEC_ADD(&v, x) is a pointer to the new
 * element or NULL. Elements move when it grows.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *at;                                                                          \
		size_t n, cap;                                                                     \
	}

/* Makes room for one more; returns the (maybe moved) storage or NULL, then nothing changed. */
static inline void *vec_grow(void *at, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 8;
	void *p;

	if (n < *cap)
		return at;
	if (want > SIZE_MAX / 2 / size)
		return NULL;
	p = realloc(at, want * size);
	if (p)
		*cap = want;
	return p;
}

#define VEC_ADD(v, value)                                                                          \
	__extension__({                                                                            \
		__typeof__(v) v_ = (v);                                                            \
		void *p_ = vec_grow(v_->at, v_->n, &v_->cap, sizeof(*v_->at));                     \
		if (p_) {                                                                          \
			v_->at = p_;                                                               \
			v_->at[v_->n] = (value);                                                   \
		}                                                                                  \
		p_ ? &v_->at[v_->n++] : NULL;                                                      \
	})

#define VEC_FINI(v)                                                                                \
	do {                                                                                       \
		free((v)->at);                                                                     \
		(v)->at = NULL;                                                                    \
		(v)->n = (v)->cap = 0;                                                             \
	} while (0)
