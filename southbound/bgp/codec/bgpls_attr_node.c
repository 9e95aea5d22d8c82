/* SPDX-License-Identifier: Apache-2.0 */
/* Node attributes: flags, name, router ids, MSDs, SRGB and SRLB, Flex-Algorithm definitions. */
#include "base/str.h"
#include "southbound/bgp/codec/bgpls_internal.h"

static struct bgpls_attr *attr_of(void *out)
{
	return ((struct bgpls_ctx *)out)->attr;
}

static void msd_read(struct bgpls_ctx *c, struct rd *v, struct bgpls_msd **at, size_t *n,
		     size_t *cap)
{
	if (rd_left(v) % 2 != 0) {
		v->bad = true;
		return;
	}
	while (rd_left(v) > 0) {
		struct bgpls_msd *m = BGPLS_ADD(c, *at, *n, cap);

		if (!m) {
			v->bad = true;
			return;
		}
		m->type = rd_u8(v);
		m->value = rd_u8(v);
	}
}

void bgpls_read_node_msd(struct rd *v, void *out)
{
	struct bgpls_ctx *c = out;

	msd_read(c, v, &c->attr->node_msd, &c->attr->n_node_msd, &c->cap_msd[0]);
}

void bgpls_read_link_msd(struct rd *v, void *out)
{
	struct bgpls_ctx *c = out;

	msd_read(c, v, &c->attr->link_msd, &c->attr->n_link_msd, &c->cap_msd[1]);
}

void bgpls_read_node_flags(struct rd *v, void *out)
{
	struct bgpls_attr *a = attr_of(out);

	a->node_flags = rd_u8(v);
	a->have |= BGPLS_HAVE_NODE_FLAGS;
}

/* Names go to logs and JSON: only good UTF-8, cut at a character. */
void bgpls_read_name(struct rd *v, void *out)
{
	struct bgpls_attr *a = attr_of(out);
	char text[256] = "";
	size_t len = rd_left(v);

	rd_copy(v, text, len);
	if (!str_utf8(text, len)) {
		v->bad = true;
		return;
	}
	if (len > sizeof(a->name) - 1) {
		len = sizeof(a->name) - 1;
		while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(a->name, text, len);
}

/* Repeatable; the first stands for the node. */
void bgpls_read_router_v4(struct rd *v, void *out)
{
	struct bgpls_attr *a = attr_of(out);
	const uint8_t *p = rd_take(v, 4);

	if (p && a->router_id_v4.family == IP_NONE)
		a->router_id_v4 = ip_v4(p);
}

void bgpls_read_router_v6(struct rd *v, void *out)
{
	struct bgpls_attr *a = attr_of(out);
	const uint8_t *p = rd_take(v, 16);

	if (p && a->router_id_v6.family == IP_NONE)
		a->router_id_v6 = ip_v6(p);
}

/* { size 24 bits, TLV 1161 with a label }, repeated. A range past the label space is bad. */
static void ranges_read(struct bgpls_ctx *c, struct rd *v, struct bgpls_label_range **at,
			size_t *n, size_t *cap)
{
	*n = 0;
	while (rd_left(v) > 0 && !v->bad) {
		uint32_t size = rd_u24(v);
		uint16_t type = rd_u16(v);
		struct rd sid = rd_sub(v, rd_u16(v));
		bool is_label;
		uint32_t base = bgpls_sid_label(&sid, &is_label);
		struct bgpls_label_range *range;

		if (v->bad || type != 1161 || !rd_done(&sid) || !is_label || size == 0 ||
		    base + size > 1u << 20) {
			v->bad = true;
			break;
		}
		range = BGPLS_ADD(c, *at, *n, cap);
		if (!range) {
			v->bad = true;
			break;
		}
		*range = (struct bgpls_label_range){ .base = base, .size = size };
	}
	if (v->bad)
		*n = 0;
}

void bgpls_read_srgb(struct rd *v, void *out)
{
	struct bgpls_ctx *c = out;

	c->attr->srgb_flags = rd_u8(v);
	rd_skip(v, 1);
	ranges_read(c, v, &c->attr->srgb, &c->attr->n_srgb, &c->cap_srgb);
}

void bgpls_read_srlb(struct rd *v, void *out)
{
	struct bgpls_ctx *c = out;

	rd_skip(v, 2);
	ranges_read(c, v, &c->attr->srlb, &c->attr->n_srlb, &c->cap_srlb);
}

void bgpls_read_algos(struct rd *v, void *out)
{
	struct bgpls_ctx *c = out;
	size_t n = rd_left(v);

	c->attr->algos = arena_copy(c->arena, rd_take(v, n), n);
	c->attr->n_algos = c->attr->algos ? n : 0;
	v->bad |= !c->attr->algos;
}

void bgpls_read_srv6_caps(struct rd *v, void *out)
{
	struct bgpls_attr *a = attr_of(out);

	a->srv6_flags = rd_u16(v);
	rd_skip(v, rd_left(v)); /* reserved, sub-TLVs: none defined */
	a->have |= BGPLS_HAVE_SRV6_CAPS;
}

/* A mask longer than ours is fine while what is beyond is zero. */
static void mask_read(struct rd *v, uint32_t *words, uint8_t *n, struct bgpls_flex_algo *f)
{
	v->bad |= rd_left(v) % 4 != 0;
	for (size_t i = 0; rd_left(v) > 0 && !v->bad; i++) {
		uint32_t word = rd_u32(v);

		if (i < BGPLS_WORDS) {
			words[i] = word;
			*n = (uint8_t)(i + 1);
		} else if (word) {
			f->unsupported = true;
		}
	}
}

static void fad_exclude_any(struct rd *v, void *out)
{
	struct bgpls_flex_algo *f = out;

	mask_read(v, f->exclude_any, &f->n_exclude_any, f);
}

static void fad_include_any(struct rd *v, void *out)
{
	struct bgpls_flex_algo *f = out;

	mask_read(v, f->include_any, &f->n_include_any, f);
}

static void fad_include_all(struct rd *v, void *out)
{
	struct bgpls_flex_algo *f = out;

	mask_read(v, f->include_all, &f->n_include_all, f);
}

static void fad_flags(struct rd *v, void *out)
{
	struct bgpls_flex_algo *f = out;

	f->has_flags = true;
	for (unsigned i = 0; rd_left(v) > 0; i++) {
		uint8_t octet = rd_u8(v);

		if (i < 4)
			f->flags |= (uint32_t)octet << (24 - 8 * i);
		/* M is all there is; a flag we do not know may change the path (RFC 9350 s6.4). */
		if (i == 0 ? (octet & 0x7f) != 0 : octet != 0)
			f->unsupported = true;
	}
}

static void fad_exclude_srlg(struct rd *v, void *out)
{
	struct bgpls_flex_algo *f = out;

	v->bad |= rd_left(v) % 4 != 0;
	while (rd_left(v) > 0 && !v->bad) {
		uint32_t srlg = rd_u32(v);

		if (f->n_exclude_srlg < BGPLS_FAD_SRLG_MAX)
			f->exclude_srlg[f->n_exclude_srlg++] = srlg;
		else
			f->unsupported = true;
	}
}

static void fad_unsupported(struct rd *v, void *out)
{
	((struct bgpls_flex_algo *)out)->unsupported = true;
	rd_skip(v, rd_left(v));
}

/* RFC 9350 section 6.1: who does not know a sub-TLV must not take part. */
static void fad_unknown(uint16_t type, struct rd value, void *out)
{
	(void)type;
	(void)value;
	((struct bgpls_flex_algo *)out)->unsupported = true;
}

const struct tlv_row bgpls_fad_rows[] = {
	{ 1040, 4, UINT16_MAX, 0, VERDICT_SKIP, "fad-exclude-any", fad_exclude_any },
	{ 1041, 4, UINT16_MAX, 0, VERDICT_SKIP, "fad-include-any", fad_include_any },
	{ 1042, 4, UINT16_MAX, 0, VERDICT_SKIP, "fad-include-all", fad_include_all },
	{ 1043, 1, UINT16_MAX, 0, VERDICT_SKIP, "fad-flags", fad_flags },
	{ 1045, 4, UINT16_MAX, 0, VERDICT_SKIP, "fad-exclude-srlg", fad_exclude_srlg },
	{ 1046, 0, UINT16_MAX, 0, VERDICT_SKIP, "fad-unsupported", fad_unsupported },
};
const size_t bgpls_fad_rows_len = ARRAY_LEN(bgpls_fad_rows);

void bgpls_read_fad(struct rd *v, void *out)
{
	static const struct tlv_table table = { bgpls_fad_rows, ARRAY_LEN(bgpls_fad_rows),
						TLV_PAD_NONE, VERDICT_SKIP, fad_unknown };
	struct bgpls_ctx *c = out;
	struct bgpls_flex_algo f = { .algo = rd_u8(v) }, *kept;
	struct fault own = { 0 };

	f.metric_type = rd_u8(v);
	f.calc_type = rd_u8(v);
	f.priority = rd_u8(v);
	/* A definition with a broken part would mean something else: drop it whole. */
	if (tlv_walk(v, &table, &f, &own) != VERDICT_OK || f.algo < 128 ||
	    c->attr->n_flex >= BGPLS_FADS_MAX) {
		v->bad = true;
		return;
	}
	kept = BGPLS_ADD(c, c->attr->flex, c->attr->n_flex, &c->cap_flex);
	if (kept)
		*kept = f;
	v->bad |= !kept;
}
