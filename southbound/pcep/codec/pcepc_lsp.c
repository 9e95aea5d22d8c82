/* SPDX-License-Identifier: Apache-2.0 */
/* The LSP, SRP and RP objects and their TLVs; the small TLV tables of other objects. */
#include "base/str.h"
#include "southbound/pcep/codec/pcepc_internal.h"

static void *obj_of(void *out)
{
	return ((struct pcepc_into *)out)->obj;
}

static void name_read(struct rd *v, void *out)
{
	struct pcepc_lsp *l = obj_of(out);

	l->has_name = true;
	l->name = pcepc_bytes_read(((struct pcepc_into *)out)->rx, v);
	/* a NUL inside would make two names one for us */
	if (l->name.p && !str_utf8((const char *)l->name.p, l->name.n)) {
		l->has_name = false;
		v->bad = true;
	}
}

static void ids4_read(struct rd *v, void *out)
{
	struct pcepc_lsp *l = obj_of(out);

	l->has_ids = true;
	l->ids.sender = pcepc_rd_v4(v);
	l->ids.lsp_id = rd_u16(v);
	l->ids.tunnel_id = rd_u16(v);
	l->ids.ext_tunnel = pcepc_rd_v4(v);
	l->ids.endpoint = pcepc_rd_v4(v);
}

static void ids6_read(struct rd *v, void *out)
{
	struct pcepc_lsp *l = obj_of(out);

	l->has_ids = true;
	l->ids.sender = pcepc_rd_v6(v);
	l->ids.lsp_id = rd_u16(v);
	l->ids.tunnel_id = rd_u16(v);
	l->ids.ext_tunnel = pcepc_rd_v6(v);
	l->ids.endpoint = pcepc_rd_v6(v);
}

static void lsp_error_read(struct rd *v, void *out)
{
	struct pcepc_lsp *l = obj_of(out);

	l->has_error = true;
	l->error = rd_u32(v);
}

static void db_version_read(struct rd *v, void *out)
{
	struct pcepc_lsp *l = obj_of(out);

	l->has_db_version = true;
	l->db_version = rd_u64(v);
}

static void speaker_read(struct rd *v, void *out)
{
	struct pcepc_lsp *l = obj_of(out);

	l->has_speaker = true;
	l->speaker = pcepc_bytes_read(((struct pcepc_into *)out)->rx, v);
}

/* The value's length per binding type, RFC 9604 section 4; 0: unknown type. */
static size_t binding_len(uint8_t type)
{
	static const uint8_t len[] = { 3, 4, 16, 24 };

	return type < ARRAY_LEN(len) ? len[type] : 0;
}

static void binding_value_read(struct rd *v, struct pcepc_binding *b)
{
	uint32_t word;

	switch (b->type) {
	case PCEPC_BT_LABEL:
		b->label = rd_u24(v) >> 4;
		break;
	case PCEPC_BT_LABEL_ENTRY:
		word = rd_u32(v);
		b->label = word >> 12;
		b->label_rest = word & 0xfff;
		break;
	default:
		b->sid = pcepc_rd_v6(v);
		if (b->type != PCEPC_BT_SRV6_BEHAVIOR)
			break;
		rd_skip(v, 2);
		b->behavior = rd_u16(v);
		rd_copy(v, b->structure, sizeof(b->structure));
		break;
	}
}

static void binding_read(struct rd *v, void *out)
{
	struct pcepc_lsp *l = obj_of(out);
	struct pcepc_binding b = { .type = rd_u8(v) };
	size_t want = binding_len(b.type);

	b.flags = rd_u8(v);
	rd_skip(v, 2);
	b.empty = rd_left(v) == 0;
	/* some senders count the pad octet of a plain label */
	if (!b.empty && (want == 0 || rd_left(v) < want || rd_left(v) > ((want + 3u) & ~3u))) {
		v->bad = true;
		return;
	}
	if (!b.empty)
		binding_value_read(v, &b);
	v->pos = v->end;
	if (!l->has_binding) /* more than one may be told: the first is the one in use */
		l->binding = b;
	l->has_binding = true;
}

static void cisco_bsid_read(struct rd *v, void *out)
{
	struct pcepc_lsp *l = obj_of(out);

	rd_skip(v, 2);
	l->has_cisco_bsid = true;
	l->cisco_bsid = rd_u32(v) >> 12;
}

static const struct tlv_row lsp_rows[] = {
	{ 17, 1, 65535, 0, VERDICT_WITHDRAW, "SYMBOLIC-PATH-NAME", name_read },
	{ 18, 16, 16, 0, VERDICT_WITHDRAW, "IPV4-LSP-IDENTIFIERS", ids4_read },
	{ 19, 52, 52, 0, VERDICT_WITHDRAW, "IPV6-LSP-IDENTIFIERS", ids6_read },
	{ 20, 4, 4, 0, VERDICT_SKIP, "LSP-ERROR-CODE", lsp_error_read },
	{ 23, 8, 8, 0, VERDICT_SKIP, "LSP-DB-VERSION", db_version_read },
	{ 24, 1, 65535, 0, VERDICT_SKIP, "SPEAKER-ENTITY-ID", speaker_read },
	{ 55, 4, 28, TLV_MANY, VERDICT_SKIP, "TE-PATH-BINDING", binding_read },
	{ 65505, 6, 6, 0, VERDICT_SKIP, "CISCO-BSID", cisco_bsid_read },
};

const struct tlv_table pcepc_lsp_table = {
	.rows = lsp_rows,
	.n_rows = ARRAY_LEN(lsp_rows),
	.pad = TLV_PAD_4,
	.on_framing = VERDICT_WITHDRAW,
	.unknown = pcepc_tlv_unknown,
};

static void srp_pst_read(struct rd *v, void *out)
{
	struct pcepc_srp *s = obj_of(out);

	s->has_pst = true;
	s->pst = rd_u32(v) & 0xff;
}

static void rp_pst_read(struct rd *v, void *out)
{
	struct pcepc_rp *rp = obj_of(out);

	rp->has_pst = true;
	rp->pst = rd_u32(v) & 0xff;
}

static void no_path_vector_read(struct rd *v, void *out)
{
	struct pcepc_no_path *np = obj_of(out);

	np->has_vector = true;
	np->vector = rd_u32(v);
}

static void overload_read(struct rd *v, void *out)
{
	struct pcepc_ntf *n = obj_of(out);

	n->has_overload = true;
	n->overload_s = rd_u32(v);
}

static void missing_read(struct rd *v, void *out)
{
	struct pcepc_err *e = obj_of(out);

	e->has_missing = true;
	e->missing = rd_u32(v);
}

static void vendor_color_read(struct rd *v, void *out)
{
	struct pcepc_vendor *ve = obj_of(out);

	ve->has_color = true;
	ve->color = rd_u32(v);
}

static void vendor_preference_read(struct rd *v, void *out)
{
	struct pcepc_vendor *ve = obj_of(out);

	ve->has_preference = true;
	ve->preference = rd_u32(v);
}

#define SMALL_TABLE(table, framing, ...)                                                           \
	static const struct tlv_row table##_rows[] = { __VA_ARGS__ };                              \
	const struct tlv_table table = {                                                           \
		.rows = table##_rows,                                                              \
		.n_rows = ARRAY_LEN(table##_rows),                                                 \
		.pad = TLV_PAD_4,                                                                  \
		.on_framing = framing,                                                             \
		.unknown = pcepc_tlv_unknown,                                                      \
	}

SMALL_TABLE(pcepc_srp_table, VERDICT_WITHDRAW,
	    { 28, 4, 4, 0, VERDICT_WITHDRAW, "PATH-SETUP-TYPE", srp_pst_read });
SMALL_TABLE(pcepc_rp_table, VERDICT_WITHDRAW,
	    { 28, 4, 4, 0, VERDICT_WITHDRAW, "PATH-SETUP-TYPE", rp_pst_read });
SMALL_TABLE(pcepc_no_path_table, VERDICT_SKIP,
	    { 1, 4, 4, 0, VERDICT_SKIP, "NO-PATH-VECTOR", no_path_vector_read });
SMALL_TABLE(pcepc_error_table, VERDICT_SKIP,
	    { 3, 4, 4, 0, VERDICT_SKIP, "REQ-MISSING", missing_read });
SMALL_TABLE(pcepc_ntf_table, VERDICT_SKIP,
	    { 2, 4, 4, 0, VERDICT_SKIP, "OVERLOAD-DURATION", overload_read });
SMALL_TABLE(pcepc_vendor_table, VERDICT_SKIP,
	    { 1, 4, 4, 0, VERDICT_SKIP, "CISCO-COLOR", vendor_color_read },
	    { 3, 4, 4, 0, VERDICT_SKIP, "CISCO-PREFERENCE", vendor_preference_read });

static void err_id_add(struct pcepc_rx *rx, enum pcepc_err_kind kind, uint32_t id)
{
	struct pcepc_err *e = pcepc_alloc(rx, sizeof(*e));

	if (!e)
		return;
	e->kind = kind;
	e->id = id;
	*rx->err_tail = e;
	rx->err_tail = &e->next;
}

void pcepc_lsp_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_lsp *l = pcepc_alloc(rx, sizeof(*l));
	uint32_t word = rd_u32(body);

	(void)o;
	if (!l)
		return;
	l->plsp_id = word >> 12;
	l->flags = word & 0xfff;
	pcepc_tlvs(rx, body, &pcepc_lsp_table, l);
	if (rx->item)
		rx->item->lsp = l;
	else
		err_id_add(rx, PCEPC_ERR_LSP, l->plsp_id);
}

void pcepc_srp_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_srp *s = pcepc_alloc(rx, sizeof(*s));

	(void)o;
	if (!s)
		return;
	s->flags = rd_u32(body);
	s->id = rd_u32(body);
	pcepc_tlvs(rx, body, &pcepc_srp_table, s);
	if (rx->item)
		rx->item->srp = s;
	else
		err_id_add(rx, PCEPC_ERR_SRP, s->id);
}

void pcepc_rp_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_rp *rp = pcepc_alloc(rx, sizeof(*rp));

	(void)o;
	if (!rp)
		return;
	rp->flags = rd_u32(body);
	rp->id = rd_u32(body);
	pcepc_tlvs(rx, body, &pcepc_rp_table, rp);
	if (rx->item)
		rx->item->rp = rp;
	else
		err_id_add(rx, PCEPC_ERR_RP, rp->id);
}

void pcepc_pst_write(struct wr *w, bool has, uint8_t pst)
{
	size_t m;

	if (!has)
		return;
	m = wr_tlv_open(w, 28);
	wr_u32(w, pst);
	wr_tlv_close(w, m, 4);
}

void pcepc_srp_write(struct wr *w, const struct pcepc_srp *s)
{
	size_t m = pcepc_obj_open(w, PCEPC_OBJ_SRP, 1, true);

	wr_u32(w, s->flags);
	wr_u32(w, s->id);
	pcepc_pst_write(w, s->has_pst, s->pst);
	pcepc_obj_close(w, m);
}

void pcepc_rp_write(struct wr *w, const struct pcepc_rp *rp)
{
	size_t m = pcepc_obj_open(w, PCEPC_OBJ_RP, 1, true);

	wr_u32(w, rp->flags);
	wr_u32(w, rp->id);
	pcepc_pst_write(w, rp->has_pst, rp->pst);
	pcepc_obj_close(w, m);
}

static void ids_write(struct wr *w, const struct pcepc_lsp_ids *ids)
{
	bool v6 = ids->sender.family == IP_V6;
	uint8_t zero[16] = { 0 };
	size_t m = wr_tlv_open(w, v6 ? 19 : 18), n = v6 ? 16 : 4;

	wr_bytes(w, ids->sender.family ? ids->sender.b : zero, n);
	wr_u16(w, ids->lsp_id);
	wr_u16(w, ids->tunnel_id);
	wr_bytes(w, ids->ext_tunnel.b, n);
	wr_bytes(w, ids->endpoint.b, n);
	wr_tlv_close(w, m, 4);
}

static void binding_write(struct wr *w, const struct pcepc_binding *b)
{
	size_t m = wr_tlv_open(w, 55);

	wr_u8(w, b->type);
	wr_u8(w, b->flags);
	wr_u16(w, 0);
	if (b->empty) {
		wr_tlv_close(w, m, 4);
		return;
	}
	switch (b->type) {
	case PCEPC_BT_LABEL:
		wr_u24(w, b->label << 4);
		break;
	case PCEPC_BT_LABEL_ENTRY:
		wr_u32(w, b->label << 12 | (b->label_rest & 0xfffu));
		break;
	default:
		wr_bytes(w, b->sid.b, 16);
		if (b->type != PCEPC_BT_SRV6_BEHAVIOR)
			break;
		wr_u16(w, 0);
		wr_u16(w, b->behavior);
		wr_bytes(w, b->structure, sizeof(b->structure));
		break;
	}
	wr_tlv_close(w, m, 4);
}

static void bytes_write(struct wr *w, uint16_t type, const struct pcepc_bytes *b)
{
	size_t m = wr_tlv_open(w, type);

	wr_bytes(w, b->p, b->n);
	wr_tlv_close(w, m, 4);
}

static void lsp_tail_write(struct wr *w, const struct pcepc_lsp *l)
{
	size_t m;

	if (l->has_error) {
		m = wr_tlv_open(w, 20);
		wr_u32(w, l->error);
		wr_tlv_close(w, m, 4);
	}
	if (l->has_db_version) {
		m = wr_tlv_open(w, 23);
		wr_u64(w, l->db_version);
		wr_tlv_close(w, m, 4);
	}
	if (l->has_speaker)
		bytes_write(w, 24, &l->speaker);
	if (l->has_binding)
		binding_write(w, &l->binding);
	if (l->has_cisco_bsid) {
		m = wr_tlv_open(w, 65505);
		wr_u16(w, 0);
		wr_u32(w, l->cisco_bsid << 12);
		wr_tlv_close(w, m, 4);
	}
}

void pcepc_lsp_write(struct wr *w, const struct pcepc_lsp *l)
{
	size_t m = pcepc_obj_open(w, PCEPC_OBJ_LSP, 1, true);

	wr_u32(w, l->plsp_id << 12 | (l->flags & 0xfffu));
	if (l->has_ids)
		ids_write(w, &l->ids);
	if (l->has_name)
		bytes_write(w, 17, &l->name);
	lsp_tail_write(w, l);
	pcepc_obj_close(w, m);
}
