/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Arena: memory that lives as long as one message, one computation or one answer.
 *
 * Blocks come from malloc, are charged against a limit given at creation, and go back
 * together. arena_alloc() gives zeroed, 16-byte aligned memory or NULL (limit, no memory);
 * code that handles a peer's bytes must take NULL as "too big", not as a bug.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t used;  /* bytes taken from malloc */
	size_t limit; /* 0: none */
};

void arena_init(struct arena *a, size_t limit_bytes);
void arena_fini(struct arena *a);

/* Gives everything back but one block, for reuse by the next message. */
void arena_reset(struct arena *a);

void *arena_alloc(struct arena *a, size_t len);
void *arena_array(struct arena *a, size_t n, size_t size); /* checks n * size */
void *arena_copy(struct arena *a, const void *src, size_t len);
char *arena_str(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, n, type) ((type *)arena_array((a), (n), sizeof(type)))
