/* SPDX-License-Identifier: Apache-2.0 */
/* ASSOCIATION objects (RFC 8697): TLVs of SR Policy (RFC 9862) and of disjoint sets (RFC 8800). */
#include "base/str.h"
#include "southbound/pcep/codec/pcepc_internal.h"

enum { FLAG_REMOVE = 0x0001 };

static struct pcepc_assoc *assoc_of(void *out)
{
	return ((struct pcepc_into *)out)->obj;
}

static void ext_read(struct rd *v, void *out)
{
	struct pcepc_assoc *a = assoc_of(out);
	size_t len = rd_left(v);

	a->has_ext = true;
	if (a->type == PCEPC_ASSOC_SR_POLICY && (len == 8 || len == 20)) {
		a->has_color = true;
		a->color = rd_u32(v);
		a->endpoint = len == 8 ? pcepc_rd_v4(v) : pcepc_rd_v6(v);
		return;
	}
	a->ext = pcepc_bytes_read(((struct pcepc_into *)out)->rx, v);
}

static struct pcepc_bytes text_read(struct rd *v, void *out)
{
	struct pcepc_bytes b = pcepc_bytes_read(((struct pcepc_into *)out)->rx, v);

	if (b.p && !str_utf8((const char *)b.p, b.n))
		v->bad = true;
	return b;
}

static void policy_name_read(struct rd *v, void *out)
{
	struct pcepc_assoc *a = assoc_of(out);

	a->policy_name = text_read(v, out);
	a->has_policy_name = !v->bad;
}

static void cpath_name_read(struct rd *v, void *out)
{
	struct pcepc_assoc *a = assoc_of(out);

	a->cpath_name = text_read(v, out);
	a->has_cpath_name = !v->bad;
}

/* 128 bits: IPv6, or IPv4 in the last four octets with zeros before; all zero is none. */
static struct ip_addr originator_read(struct rd *v)
{
	static const uint8_t zero[16];
	uint8_t b[16];

	rd_copy(v, b, sizeof(b));
	if (memcmp(b, zero, 12) != 0)
		return ip_v6(b);
	return memcmp(b + 12, zero, 4) != 0 ? ip_v4(b + 12) : (struct ip_addr){ 0 };
}

static void cpath_read(struct rd *v, void *out)
{
	struct pcepc_assoc *a = assoc_of(out);

	a->has_cpath = true;
	a->cpath.origin = rd_u8(v);
	rd_skip(v, 3);
	a->cpath.asn = rd_u32(v);
	a->cpath.originator = originator_read(v);
	a->cpath.discriminator = rd_u32(v);
}

static void preference_read(struct rd *v, void *out)
{
	struct pcepc_assoc *a = assoc_of(out);

	a->has_preference = true;
	a->preference = rd_u32(v);
}

static void disjoint_read(struct rd *v, void *out)
{
	struct pcepc_assoc *a = assoc_of(out);

	a->has_disjoint = true;
	a->disjoint = rd_u32(v);
}

static void disjoint_status_read(struct rd *v, void *out)
{
	struct pcepc_assoc *a = assoc_of(out);

	a->has_disjoint_status = true;
	a->disjoint_status = rd_u32(v);
}

static const struct tlv_row assoc_rows[] = {
	{ 31, 1, 65535, 0, VERDICT_WITHDRAW, "EXTENDED-ASSOCIATION-ID", ext_read },
	{ 46, 4, 4, 0, VERDICT_WITHDRAW, "DISJOINTNESS-CONFIGURATION", disjoint_read },
	{ 47, 4, 4, 0, VERDICT_SKIP, "DISJOINTNESS-STATUS", disjoint_status_read },
	{ 56, 1, 65535, 0, VERDICT_SKIP, "SRPOLICY-POL-NAME", policy_name_read },
	{ 57, 28, 28, 0, VERDICT_WITHDRAW, "SRPOLICY-CPATH-ID", cpath_read },
	{ 58, 1, 65535, 0, VERDICT_SKIP, "SRPOLICY-CPATH-NAME", cpath_name_read },
	{ 59, 4, 4, 0, VERDICT_SKIP, "SRPOLICY-CPATH-PREFERENCE", preference_read },
};

const struct tlv_table pcepc_assoc_table = {
	.rows = assoc_rows,
	.n_rows = ARRAY_LEN(assoc_rows),
	.pad = TLV_PAD_4,
	.on_framing = VERDICT_WITHDRAW,
	.unknown = pcepc_tlv_unknown,
};

/* RFC 9862 section 4: colour and endpoint, and the candidate path's identity, are mandatory. */
static void sr_policy_check(struct pcepc_rx *rx, const struct pcepc_assoc *a)
{
	if (a->type != PCEPC_ASSOC_SR_POLICY || a->remove)
		return;
	if (!a->has_color)
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_MISSING, 31, 26, 20);
	else if (!a->has_cpath)
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_MISSING, 57, 6, 21);
}

/* RFC 8800 section 4.2: what kind of disjointness is wanted must be said. */
static void disjoint_check(struct pcepc_rx *rx, const struct pcepc_assoc *a)
{
	if (a->type == PCEPC_ASSOC_DISJOINT && !a->remove && !a->has_disjoint &&
	    !a->has_disjoint_status)
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_MISSING, 46, 6, 15);
}

void pcepc_assoc_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_assoc *a = pcepc_alloc(rx, sizeof(*a));

	if (!a)
		return;
	rd_skip(body, 2);
	a->remove = rd_u16(body) & FLAG_REMOVE;
	a->type = rd_u16(body);
	a->id = rd_u16(body);
	a->source = o->type == 1 ? pcepc_rd_v4(body) : pcepc_rd_v6(body);
	*rx->assoc_tail = a;
	rx->assoc_tail = &a->next;
	if (body->bad)
		return;
	pcepc_tlvs(rx, body, &pcepc_assoc_table, a);
	sr_policy_check(rx, a);
	disjoint_check(rx, a);
}

static void bytes_write(struct wr *w, uint16_t type, const struct pcepc_bytes *b)
{
	size_t m = wr_tlv_open(w, type);

	wr_bytes(w, b->p, b->n);
	wr_tlv_close(w, m, 4);
}

static void ext_write(struct wr *w, const struct pcepc_assoc *a)
{
	size_t m;

	if (!a->has_color) {
		bytes_write(w, 31, &a->ext);
		return;
	}
	m = wr_tlv_open(w, 31);
	wr_u32(w, a->color);
	pcepc_wr_ip(w, &a->endpoint);
	wr_tlv_close(w, m, 4);
}

static void cpath_write(struct wr *w, const struct pcepc_cpath_id *c)
{
	size_t m = wr_tlv_open(w, 57), len = ip_len(&c->originator);

	wr_u8(w, c->origin);
	wr_u24(w, 0);
	wr_u32(w, c->asn);
	wr_zero(w, 16 - len);
	pcepc_wr_ip(w, &c->originator);
	wr_u32(w, c->discriminator);
	wr_tlv_close(w, m, 4);
}

static void u32_write(struct wr *w, uint16_t type, uint32_t v)
{
	size_t m = wr_tlv_open(w, type);

	wr_u32(w, v);
	wr_tlv_close(w, m, 4);
}

void pcepc_assoc_write(struct wr *w, const struct pcepc_assoc *a, bool must)
{
	size_t obj = pcepc_obj_open(w, PCEPC_OBJ_ASSOCIATION, a->source.family == IP_V6 ? 2 : 1, must);

	wr_u16(w, 0);
	wr_u16(w, a->remove ? FLAG_REMOVE : 0);
	wr_u16(w, a->type);
	wr_u16(w, a->id);
	wr_bytes(w, a->source.b, a->source.family == IP_V6 ? 16 : 4);
	if (a->has_ext || a->has_color)
		ext_write(w, a);
	if (a->has_disjoint)
		u32_write(w, 46, a->disjoint);
	if (a->has_disjoint_status)
		u32_write(w, 47, a->disjoint_status);
	if (a->has_policy_name)
		bytes_write(w, 56, &a->policy_name);
	if (a->has_cpath)
		cpath_write(w, &a->cpath);
	if (a->has_cpath_name)
		bytes_write(w, 58, &a->cpath_name);
	if (a->has_preference)
		u32_write(w, 59, a->preference);
	pcepc_obj_close(w, obj);
}
