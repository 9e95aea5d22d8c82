/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocation in a chain of blocks; the newest block is the head and the one in use. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_MIN = 4096, ALIGN = 16 };

struct arena_block {
	struct arena_block *next;
	size_t cap, used;
	_Alignas(ALIGN) unsigned char data[];
};

void arena_init(struct arena *a, size_t limit_bytes)
{
	*a = (struct arena){ .limit = limit_bytes };
}

static void chain_free(struct arena_block *b)
{
	while (b) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_fini(struct arena *a)
{
	chain_free(a->head);
	*a = (struct arena){ .limit = a->limit };
}

void arena_reset(struct arena *a)
{
	struct arena_block *b = a->head;

	if (!b)
		return;
	chain_free(b->next);
	b->next = NULL;
	memset(b->data, 0, b->used);
	b->used = 0;
	a->used = sizeof(*b) + b->cap;
}

static struct arena_block *block_add(struct arena *a, size_t need)
{
	size_t cap = a->head ? a->head->cap * 2 : BLOCK_MIN;
	struct arena_block *b;

	if (cap > (size_t)1 << 20)
		cap = (size_t)1 << 20;
	if (cap < need)
		cap = need;
	if (a->limit && (a->used > a->limit || a->limit - a->used < sizeof(*b) + cap)) {
		cap = need; /* the last piece may be small enough to fit still */
		if (a->used > a->limit || a->limit - a->used < sizeof(*b) + cap)
			return NULL;
	}
	b = calloc(1, sizeof(*b) + cap);
	if (!b)
		return NULL;
	b->cap = cap;
	b->next = a->head;
	a->head = b;
	a->used += sizeof(*b) + cap;
	return b;
}

void *arena_alloc(struct arena *a, size_t len)
{
	struct arena_block *b = a->head;
	void *p;

	if (len > SIZE_MAX / 2)
		return NULL;
	len = (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (len == 0)
		len = ALIGN;
	if (!b || b->cap - b->used < len) {
		b = block_add(a, len);
		if (!b)
			return NULL;
	}
	p = b->data + b->used;
	b->used += len;
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / 4 / size)
		return NULL;
	return arena_alloc(a, n * size);
}

void *arena_copy(struct arena *a, const void *src, size_t len)
{
	void *p = arena_alloc(a, len);

	if (p && len > 0)
		memcpy(p, src, len);
	return p;
}

char *arena_str(struct arena *a, const char *s)
{
	return arena_copy(a, s, strlen(s) + 1);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0)
		p = arena_alloc(a, (size_t)n + 1);
	if (p)
		(void)vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return p;
}
