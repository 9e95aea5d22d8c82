/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Growable array of one type: VEC(struct x) v = {0}; VEC_ADD(&v, x) is a pointer to the new
 * element or NULL. Elements move when it grows.
 *
 * One that is kept in an order: VEC_PLACE(&v, it, before) is the index of the first element that is not
 * before what is looked for, v.n when all are; before is an expression of it, a pointer to an element.
 * VEC_INSERT(&v, i, x) has x at i, VEC_CUT(&v, i) takes it out; what is behind moves.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

#define VEC_PLACE(v, it, before)                                                                   \
	__extension__({                                                                            \
		__typeof__(v) s_ = (v);                                                            \
		size_t lo_ = 0, hi_ = s_->n;                                                       \
		while (lo_ < hi_) {                                                                \
			size_t mid_ = lo_ + (hi_ - lo_) / 2;                                       \
			__typeof__(&s_->at[0]) it = &s_->at[mid_];                                 \
			if (before)                                                                \
				lo_ = mid_ + 1;                                                    \
			else                                                                       \
				hi_ = mid_;                                                        \
		}                                                                                  \
		lo_;                                                                               \
	})

#define VEC_INSERT(v, i, value)                                                                    \
	__extension__({                                                                            \
		__typeof__(v) in_ = (v);                                                           \
		size_t i_ = (i);                                                                   \
		__typeof__(in_->at[0]) x_ = (value);                                               \
		__typeof__(&in_->at[0]) to_ = VEC_ADD(in_, x_);                                    \
		if (to_) {                                                                         \
			to_ = &in_->at[i_];                                                        \
			memmove(to_ + 1, to_, (in_->n - 1 - i_) * sizeof(*to_));                   \
			*to_ = x_;                                                                 \
		}                                                                                  \
		to_;                                                                               \
	})

#define VEC_CUT(v, i)                                                                              \
	do {                                                                                       \
		__typeof__(v) cut_ = (v);                                                          \
		size_t at_ = (i);                                                                  \
		cut_->n--;                                                                         \
		memmove(&cut_->at[at_], &cut_->at[at_ + 1], (cut_->n - at_) * sizeof(*cut_->at));  \
	} while (0)

#define VEC_FINI(v)                                                                                \
	do {                                                                                       \
		free((v)->at);                                                                     \
		(v)->at = NULL;                                                                    \
		(v)->n = (v)->cap = 0;                                                             \
	} while (0)
