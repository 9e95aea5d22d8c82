/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Byte writer: fixed room, sticky overflow, lengths patched after the fact.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wr {
	uint8_t *base;
	size_t len;
	size_t cap;
	bool bad;
};

static inline struct wr wr_of(void *data, size_t cap)
{
	return (struct wr){ .base = data, .cap = cap };
}

static inline uint8_t *wr_room(struct wr *w, size_t n)
{
	uint8_t *p;

	if (w->bad || w->cap - w->len < n) {
		w->bad = true;
		return NULL;
	}
	p = w->base + w->len;
	w->len += n;
	return p;
}

static inline void wr_u8(struct wr *w, uint8_t v)
{
	uint8_t *p = wr_room(w, 1);

	if (p)
		p[0] = v;
}

static inline void wr_u16(struct wr *w, uint16_t v)
{
	uint8_t *p = wr_room(w, 2);

	if (p) {
		p[0] = (uint8_t)(v >> 8);
		p[1] = (uint8_t)(v & 0xff);
	}
}

static inline void wr_u24(struct wr *w, uint32_t v)
{
	wr_u8(w, (uint8_t)(v >> 16 & 0xff));
	wr_u16(w, (uint16_t)(v & 0xffff));
}

static inline void wr_u32(struct wr *w, uint32_t v)
{
	wr_u16(w, (uint16_t)(v >> 16));
	wr_u16(w, (uint16_t)(v & 0xffff));
}

static inline void wr_u64(struct wr *w, uint64_t v)
{
	wr_u32(w, (uint32_t)(v >> 32));
	wr_u32(w, (uint32_t)(v & UINT32_MAX));
}

static inline void wr_bytes(struct wr *w, const void *src, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p && n > 0)
		memcpy(p, src, n);
}

static inline void wr_zero(struct wr *w, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p && n > 0)
		memset(p, 0, n);
}

/* Patches two octets written earlier at offset at. */
static inline void wr_patch_u16(struct wr *w, size_t at, size_t v)
{
	if (w->bad || w->len < 2 || at > w->len - 2 || v > UINT16_MAX) {
		w->bad = true;
		return;
	}
	w->base[at] = (uint8_t)(v >> 8);
	w->base[at + 1] = (uint8_t)(v & 0xff);
}

/* Opens a TLV with 16-bit type and length; close it with the mark returned. */
static inline size_t wr_tlv_open(struct wr *w, uint16_t type)
{
	wr_u16(w, type);
	wr_u16(w, 0);
	return w->len;
}

/* Patches the length (padding not counted) and zero-pads to align (1: none). */
static inline void wr_tlv_close(struct wr *w, size_t mark, size_t align)
{
	size_t n = w->len - mark;

	if (w->bad)
		return;
	wr_patch_u16(w, mark - 2, n);
	if (align > 1 && n % align != 0)
		wr_zero(w, align - n % align);
}
