/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IRO (RFC 5440 s7.12, RFC 7896) and XRO (RFC 5521), with AS numbers of RFC 7897: lists of things in the network, of the same
 * make but for the octet an XRO has an attribute in. Sub-objects we do not know are counted.
 */
#include "southbound/pcep/codec/pcepc_internal.h"

enum { FLAG_FAIL = 0x0001, HEADER = 2 };

struct spot_row {
	uint8_t type, len; /* with its two octets of header */
	bool xro_only;
};

static const struct spot_row rows[] = {
	{ PCEPC_SPOT_V4, 8, false },
	{ PCEPC_SPOT_V6, 20, false },
	{ PCEPC_SPOT_UNNUMBERED, 12, false },
	{ PCEPC_SPOT_AS4, 8, false },
	{ PCEPC_SPOT_AS, 4, false },
	{ PCEPC_SPOT_SRLG, 8, true },
};

static const struct spot_row *row_of(uint8_t type, uint8_t class)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].type == type)
			return class == PCEPC_OBJ_IRO && rows[i].xro_only ? NULL : &rows[i];
	return NULL;
}

/* Counts those we know; false when a length inside is impossible. */
static bool spots_count(struct rd r, uint8_t class, uint32_t *known)
{
	*known = 0;
	while (rd_left(&r) > 0) {
		uint8_t type = rd_u8(&r) & 0x7f;
		uint8_t len = rd_u8(&r);
		const struct spot_row *row = row_of(type, class);

		if (r.bad || len < HEADER || (row && row->len != len))
			return false;
		rd_skip(&r, len - HEADER);
		if (r.bad)
			return false;
		*known += row != NULL;
	}
	return true;
}

/* False: a value that cannot be. */
static bool spot_read(struct rd *r, struct pcepc_spot *s)
{
	switch (s->type) {
	case PCEPC_SPOT_V4:
	case PCEPC_SPOT_V6:
		s->addr = s->type == PCEPC_SPOT_V4 ? pcepc_rd_v4(r) : pcepc_rd_v6(r);
		s->len = rd_u8(r);
		s->attribute = rd_u8(r);
		return s->len <= 8 * ip_len(&s->addr);
	case PCEPC_SPOT_UNNUMBERED:
		rd_skip(r, 1);
		s->attribute = rd_u8(r);
		s->addr = pcepc_rd_v4(r);
		s->value = rd_u32(r);
		return true;
	case PCEPC_SPOT_AS4:
		rd_skip(r, 2);
		s->value = rd_u32(r);
		return true;
	case PCEPC_SPOT_AS:
		s->value = rd_u16(r);
		return true;
	default: /* SRLG */
		s->value = rd_u32(r);
		rd_skip(r, 1);
		s->attribute = rd_u8(r);
		return true;
	}
}

static void spots_each(struct pcepc_rx *rx, struct pcepc_spots *l, struct rd *body)
{
	while (rd_left(body) > 0) {
		uint8_t first = rd_u8(body);
		uint8_t len = rd_u8(body);
		struct pcepc_spot s = { .type = first & 0x7f, .soft = first & 0x80 };
		struct rd r = rd_sub(body, len - (unsigned)HEADER);

		if (!row_of(s.type, rx->class)) {
			l->skipped++;
			pcepc_note_skip(rx, PCEPC_SKIP_SUBOBJECT, s.type);
			continue;
		}
		if (!spot_read(&r, &s))
			body->bad = true;
		if (rx->class == PCEPC_OBJ_IRO) /* reserved there */
			s.attribute = 0;
		l->at[l->n++] = s;
	}
}

void pcepc_spots_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	bool xro = o->class == PCEPC_OBJ_XRO;
	struct pcepc_spots **slot = xro ? &rx->item->xro : &rx->item->iro;
	struct pcepc_spots *l;
	uint32_t known;

	if (*slot) { /* one of each is all a request may have */
		body->bad = true;
		return;
	}
	l = pcepc_alloc(rx, sizeof(*l));
	if (!l)
		return;
	*slot = l;
	if (xro) {
		rd_skip(body, 2);
		l->fail = rd_u16(body) & FLAG_FAIL;
	}
	if (!spots_count(*body, o->class, &known)) {
		body->bad = true;
		return;
	}
	if (known > 0) {
		l->at = arena_array(rx->arena, known, sizeof(*l->at));
		if (!l->at) {
			rx->no_memory = true;
			return;
		}
	}
	spots_each(rx, l, body);
}

static void spot_write(struct wr *w, const struct pcepc_spot *s)
{
	size_t at = w->len;

	wr_u16(w, 0);
	switch (s->type) {
	case PCEPC_SPOT_V4:
	case PCEPC_SPOT_V6:
		pcepc_wr_ip(w, &s->addr);
		wr_u8(w, s->len);
		wr_u8(w, s->attribute);
		break;
	case PCEPC_SPOT_UNNUMBERED:
		wr_u8(w, 0);
		wr_u8(w, s->attribute);
		pcepc_wr_ip(w, &s->addr);
		wr_u32(w, s->value);
		break;
	case PCEPC_SPOT_AS4:
		wr_u16(w, 0);
		wr_u32(w, s->value);
		break;
	case PCEPC_SPOT_AS:
		wr_u16(w, (uint16_t)s->value);
		break;
	default: /* SRLG */
		wr_u32(w, s->value);
		wr_u8(w, 0);
		wr_u8(w, s->attribute);
		break;
	}
	wr_patch_u16(w, at, (size_t)(s->type | (s->soft ? 0x80u : 0)) << 8 | (w->len - at));
}

void pcepc_spots_write(struct wr *w, uint8_t class, const struct pcepc_spots *s, bool must)
{
	size_t m = pcepc_obj_open(w, class, 1, must);

	if (class == PCEPC_OBJ_XRO) {
		wr_u16(w, 0);
		wr_u16(w, s->fail ? FLAG_FAIL : 0);
	}
	for (uint32_t i = 0; i < s->n; i++)
		spot_write(w, &s->at[i]);
	pcepc_obj_close(w, m);
}
