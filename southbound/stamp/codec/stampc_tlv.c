/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLVs of STAMP: flags, type, length, value. One row a type; the sub-TLVs of a return path are
 * rows of a second table. Flags belong to the framing here, so base/tlv.h does not fit.
 */
#include "southbound/stamp/codec/stampc.h"

#include "base/auto.h"

struct row {
	uint8_t type;
	uint16_t len_min, len_max;
	/* Sets v->bad when it dislikes the content; must consume all of it. */
	void (*read)(struct rd *v, struct stampc_opts *out);
};

struct tlv {
	uint8_t flags, type;
	uint16_t len;
	struct rd value;
};

struct table {
	const struct row *rows;
	size_t n;
};

static const struct row *row_of(const struct table *t, uint8_t type)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].type == type)
			return &t->rows[i];
	return NULL;
}

/* False when the framing is lost. */
static bool next(struct rd *r, struct tlv *t)
{
	t->flags = rd_u8(r);
	t->type = rd_u8(r);
	t->len = rd_u16(r);
	t->value = rd_sub(r, t->len);
	return !r->bad;
}

static bool walk(struct rd r, const struct table *table, struct stampc_opts *out)
{
	struct tlv t;

	while (rd_left(&r) > 0) {
		const struct row *row;

		if (!next(&r, &t))
			return false;
		out->flags |= t.flags;
		row = row_of(table, t.type);
		if (!row) {
			out->unknown++;
			continue;
		}
		if (t.len < row->len_min || t.len > row->len_max)
			return false;
		row->read(&t.value, out);
		if (!rd_done(&t.value))
			return false;
	}
	return true;
}

static void read_addr(struct rd *v, struct ip_addr *out)
{
	size_t n = rd_left(v);
	const uint8_t *p = rd_take(v, n);

	if (n == 16)
		*out = ip_v6(p);
	else if (n == 4)
		*out = ip_v4(p);
	else
		v->bad = true;
}

static void read_padding(struct rd *v, struct stampc_opts *out)
{
	out->padding = (uint16_t)rd_left(v); /* no longer than the TLV's length */
	rd_skip(v, rd_left(v));
}

static void read_hmac(struct rd *v, struct stampc_opts *out)
{
	out->hmac = rd_take(v, STAMPC_MAC);
}

static void read_destination(struct rd *v, struct stampc_opts *out)
{
	read_addr(v, &out->destination);
}

static void read_control(struct rd *v, struct stampc_opts *out)
{
	out->has_control = true;
	out->control = rd_u32(v);
}

static void read_return_addr(struct rd *v, struct stampc_opts *out)
{
	read_addr(v, &out->return_addr);
}

static void read_segments(struct rd *v, struct stampc_opts *out)
{
	out->n_segments = 0;
	while (rd_left(v) > 0 && !v->bad) {
		const uint8_t *p = rd_take(v, 16);

		if (p)
			out->segments[out->n_segments++] = ip_v6(p);
	}
}

static const struct row subs[] = {
	{ STAMPC_SUB_CONTROL, 4, 4, read_control },
	{ STAMPC_SUB_ADDRESS, 4, 16, read_return_addr },
	{ STAMPC_SUB_SRV6, 16, 16 * STAMPC_SEGMENTS_MAX, read_segments },
};
static const struct table sub_table = { subs, ARRAY_LEN(subs) };

static void read_return(struct rd *v, struct stampc_opts *out)
{
	out->has_return = true;
	if (!walk(*v, &sub_table, out))
		v->bad = true;
	rd_skip(v, rd_left(v));
}

static const struct row rows[] = {
	{ STAMPC_TLV_PADDING, 0, UINT16_MAX, read_padding },
	{ STAMPC_TLV_HMAC, STAMPC_MAC, STAMPC_MAC, read_hmac },
	{ STAMPC_TLV_DESTINATION, 4, 16, read_destination },
	{ STAMPC_TLV_RETURN, 0, UINT16_MAX, read_return },
};
static const struct table top_table = { rows, ARRAY_LEN(rows) };

bool stampc_opts_read(struct rd tlvs, struct stampc_opts *out)
{
	*out = (struct stampc_opts){ 0 };
	out->malformed = !walk(tlvs, &top_table, out);
	return !out->malformed;
}

/* ---- out ---- */

static size_t open_tlv(struct wr *w, uint8_t type)
{
	return wr_tlv_open(w, (uint16_t)(STAMPC_FLAG_U << 8 | type));
}

static void write_addr(struct wr *w, uint8_t type, const struct ip_addr *a)
{
	size_t mark;

	if (a->family == IP_NONE)
		return;
	mark = open_tlv(w, type);
	wr_bytes(w, a->b, ip_len(a));
	wr_tlv_close(w, mark, 1);
}

static void write_return(struct wr *w, const struct stampc_opts *o)
{
	size_t mark = open_tlv(w, STAMPC_TLV_RETURN), sub;

	if (o->has_control) {
		sub = open_tlv(w, STAMPC_SUB_CONTROL);
		wr_u32(w, o->control);
		wr_tlv_close(w, sub, 1);
	}
	write_addr(w, STAMPC_SUB_ADDRESS, &o->return_addr);
	if (o->n_segments > 0) {
		sub = open_tlv(w, STAMPC_SUB_SRV6);
		for (unsigned i = 0; i < o->n_segments && i < STAMPC_SEGMENTS_MAX; i++)
			wr_bytes(w, o->segments[i].b, 16);
		wr_tlv_close(w, sub, 1);
	}
	wr_tlv_close(w, mark, 1);
}

void stampc_opts_write(struct wr *w, const struct stampc_opts *o)
{
	size_t mark;

	write_addr(w, STAMPC_TLV_DESTINATION, &o->destination);
	if (o->has_return)
		write_return(w, o);
	if (o->hmac) {
		mark = open_tlv(w, STAMPC_TLV_HMAC);
		wr_bytes(w, o->hmac, STAMPC_MAC);
		wr_tlv_close(w, mark, 1);
	}
	if (o->padding > 0) {
		mark = open_tlv(w, STAMPC_TLV_PADDING);
		wr_zero(w, o->padding);
		wr_tlv_close(w, mark, 1);
	}
}

/* ---- reflected ---- */

static void put(struct wr *w, const struct tlv *t, uint8_t flags)
{
	struct rd v = t->value;

	wr_u8(w, flags);
	wr_u8(w, t->type);
	wr_u16(w, t->len);
	wr_bytes(w, v.pos, rd_left(&v));
}

/* True when the value is what the row says. */
static bool sound(const struct row *row, const struct tlv *t)
{
	struct stampc_opts scratch = { 0 };
	struct rd v = t->value;

	if (t->len < row->len_min || t->len > row->len_max)
		return false;
	row->read(&v, &scratch);
	return rd_done(&v);
}

/* Of a sound return path: each sub-TLV says whether it is understood. */
static void put_subs(struct wr *w, const struct tlv *top)
{
	struct rd r = top->value;
	struct tlv t;

	wr_u8(w, 0);
	wr_u8(w, top->type);
	wr_u16(w, top->len);
	while (rd_left(&r) > 0 && next(&r, &t))
		put(w, &t, row_of(&sub_table, t.type) ? 0 : STAMPC_FLAG_U);
}

void stampc_tlv_reflect(struct wr *w, struct rd tlvs)
{
	struct rd r = tlvs;
	struct tlv t;

	while (rd_left(&r) > 0) {
		struct rd here = r;
		const struct row *row;

		if (!next(&r, &t)) {
			/* the rest as it came; its first octet, the flags, says so */
			wr_u8(w, (uint8_t)(rd_u8(&here) | STAMPC_FLAG_M));
			wr_bytes(w, here.pos, rd_left(&here));
			return;
		}
		row = row_of(&top_table, t.type);
		if (!row) {
			put(w, &t, STAMPC_FLAG_U);
		} else if (!sound(row, &t)) {
			put(w, &t, STAMPC_FLAG_M);
			wr_bytes(w, r.pos, rd_left(&r));
			return;
		} else if (t.type == STAMPC_TLV_RETURN) {
			put_subs(w, &t);
		} else {
			put(w, &t, 0);
		}
	}
}
