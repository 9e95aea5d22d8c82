/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Byte reader
 *
 * A bounded view, with a sticky error, of bytes somebody else owns. It allocates nothing. A
 * read past the end gives zero and marks the reader bad, as does every later read, so a
 * decoder is straight-line code with one rd_done() at its end. rd_sub() cuts out a nested
 * length first and moves the parent past it: what happens inside can neither shift the
 * parent's framing nor make the parent bad.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rd {
	const uint8_t *pos;
	const uint8_t *end;
	bool bad;
};

static inline struct rd rd_of(const void *data, size_t len)
{
	const uint8_t *p = data;

	return (struct rd){ .pos = p, .end = p ? p + len : p };
}

static inline size_t rd_left(const struct rd *r)
{
	return (size_t)(r->end - r->pos);
}

/* True when everything was read and nothing went wrong. */
static inline bool rd_done(const struct rd *r)
{
	return !r->bad && r->pos == r->end;
}

/* A pointer to len bytes, moved past; NULL (and bad) when there are fewer. */
static inline const uint8_t *rd_take(struct rd *r, size_t len)
{
	const uint8_t *p = r->pos;

	if (r->bad || rd_left(r) < len) {
		r->bad = true;
		r->pos = r->end;
		return NULL;
	}
	if (len > 0)
		r->pos += len;
	return p;
}

static inline void rd_skip(struct rd *r, size_t len)
{
	(void)rd_take(r, len);
}

static inline struct rd rd_sub(struct rd *r, size_t len)
{
	const uint8_t *p = rd_take(r, len);

	if (r->bad)
		return (struct rd){ .bad = true };
	return rd_of(p, len);
}

static inline uint8_t rd_u8(struct rd *r)
{
	const uint8_t *p = rd_take(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t rd_u16(struct rd *r)
{
	const uint8_t *p = rd_take(r, 2);

	return p ? (uint16_t)((uint32_t)p[0] << 8 | p[1]) : 0;
}

static inline uint32_t rd_u24(struct rd *r)
{
	const uint8_t *p = rd_take(r, 3);

	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t rd_u32(struct rd *r)
{
	const uint8_t *p = rd_take(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t rd_u64(struct rd *r)
{
	uint64_t hi = rd_u32(r);
	uint64_t lo = rd_u32(r);

	return r->bad ? 0 : hi << 32 | lo;
}

/* Copies len bytes, or zero-fills dst when there are fewer. */
static inline void rd_copy(struct rd *r, void *dst, size_t len)
{
	const uint8_t *p = rd_take(r, len);

	if (len == 0)
		return;
	if (p)
		memcpy(dst, p, len);
	else
		memset(dst, 0, len);
}
