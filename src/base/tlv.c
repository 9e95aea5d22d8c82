/* SPDX-License-Identifier: Apache-2.0 */
/* The walker behind every TLV table: see tlv.h for the contract. */
#include "base/tlv.h"

#include <assert.h>

enum verdict fault_note(struct fault *fault, enum verdict v, enum tlv_why why, uint16_t type)
{
	if (fault->count < UINT16_MAX)
		fault->count++;
	if (v > fault->verdict) {
		fault->verdict = v;
		fault->why = why;
		fault->type = type;
	}
	return fault->verdict;
}

const char *fault_why_text(enum tlv_why why)
{
	static const char *const text[] = {
		[TLV_WHY_NONE] = "no fault",
		[TLV_WHY_SHORT_HEADER] = "short TLV header",
		[TLV_WHY_PAST_END] = "TLV runs past its container",
		[TLV_WHY_BAD_LENGTH] = "bad length",
		[TLV_WHY_REPEATED] = "repeated",
		[TLV_WHY_BAD_VALUE] = "bad value",
		[TLV_WHY_MISSING] = "missing",
		[TLV_WHY_ORDER] = "out of order",
	};

	return text[why];
}

const struct tlv_row *tlv_row_find(const struct tlv_row *rows, size_t n, uint16_t type)
{
	size_t lo = 0;

	while (lo < n) {
		size_t mid = lo + (n - lo) / 2;

		if (rows[mid].type == type)
			return &rows[mid];
		if (rows[mid].type < type)
			lo = mid + 1;
		else
			n = mid;
	}
	return NULL;
}

static enum tlv_why row_read(const struct tlv_row *row, struct rd *value, bool seen, void *out)
{
	size_t len = rd_left(value);

	if (seen && !(row->flags & TLV_MANY))
		return TLV_WHY_REPEATED;
	if (len < row->len_min || len > row->len_max)
		return TLV_WHY_BAD_LENGTH;
	row->read(value, out);
	return rd_done(value) ? TLV_WHY_NONE : TLV_WHY_BAD_VALUE;
}

static void missing_note(const struct tlv_table *t, uint64_t seen, struct fault *fault)
{
	for (size_t i = 0; i < t->n_rows; i++)
		if ((t->rows[i].flags & TLV_MUST) && !(seen & UINT64_C(1) << i))
			fault_note(fault, (enum verdict)t->rows[i].on_fault, TLV_WHY_MISSING,
				   t->rows[i].type);
}

/* The last TLV's padding may be absent; that is how several senders end a list. */
static void pad_skip(struct rd *r, size_t len, size_t align)
{
	size_t pad = (align - len % align) % align;

	rd_skip(r, pad < rd_left(r) ? pad : rd_left(r));
}

enum verdict tlv_walk(struct rd *r, const struct tlv_table *t, void *out, struct fault *fault)
{
	uint64_t seen = 0;

	assert(t->n_rows <= 64);

	while (rd_left(r) > 0) {
		uint16_t type = rd_u16(r);
		uint16_t len = rd_u16(r);
		const struct tlv_row *row;
		enum tlv_why why;
		struct rd value;
		uint64_t bit;

		if (r->bad)
			return fault_note(fault, t->on_framing, TLV_WHY_SHORT_HEADER, 0);
		value = rd_sub(r, len);
		if (r->bad)
			return fault_note(fault, t->on_framing, TLV_WHY_PAST_END, type);
		pad_skip(r, len, t->pad);

		row = tlv_row_find(t->rows, t->n_rows, type);
		if (!row) {
			if (t->unknown)
				t->unknown(type, value, out);
			continue;
		}
		bit = UINT64_C(1) << (row - t->rows);
		why = row_read(row, &value, (seen & bit) != 0, out);
		if (why != TLV_WHY_NONE)
			fault_note(fault, (enum verdict)row->on_fault, why, type);
		seen |= bit;
	}
	missing_note(t, seen, fault);
	return fault->verdict;
}
