/* SPDX-License-Identifier: Apache-2.0 */
/* The OPEN object and its capability TLVs. */
#include "southbound/pcep/codec/pcepc_internal.h"

static struct pcepc_open *open_of(void *out)
{
	return ((struct pcepc_into *)out)->obj;
}

bool pcepc_open_pst(const struct pcepc_open *o, uint8_t pst)
{
	for (size_t i = 0; i < o->n_psts; i++)
		if (o->psts[i] == pst)
			return true;
	/* No TLV 34 means RSVP-TE only, and SR too when TLV 26 stands alone (older Cisco). */
	return !o->has_pst &&
	       (pst == PCEPC_PST_RSVP || (pst == PCEPC_PST_SR && o->sr_top_level));
}

bool pcepc_open_assoc(const struct pcepc_open *o, uint16_t type)
{
	for (size_t i = 0; i < o->n_assoc_types; i++)
		if (o->assoc_types[i] == type)
			return true;
	return false;
}

static void ofs_read(struct rd *v, void *out)
{
	struct pcepc_open *o = open_of(out);

	o->has_ofs = true;
	while (rd_left(v) >= 2) {
		uint16_t of = rd_u16(v);

		if (o->n_ofs < PCEPC_OFS_MAX)
			o->ofs[o->n_ofs++] = of;
	}
}

static void stateful_read(struct rd *v, void *out)
{
	struct pcepc_open *o = open_of(out);

	o->has_stateful = true;
	o->stateful = rd_u32(v);
}

static void db_version_read(struct rd *v, void *out)
{
	struct pcepc_open *o = open_of(out);

	o->has_db_version = true;
	o->db_version = rd_u64(v);
}

static void speaker_read(struct rd *v, void *out)
{
	struct pcepc_open *o = open_of(out);

	o->has_speaker = true;
	o->speaker = pcepc_bytes_read(((struct pcepc_into *)out)->rx, v);
}

static void sr_read(struct rd *v, void *out)
{
	struct pcepc_open *o = open_of(out);

	o->has_sr = true;
	rd_skip(v, 2);
	o->sr_flags = rd_u8(v);
	o->sr_msd = rd_u8(v);
}

static void sr_top_read(struct rd *v, void *out)
{
	open_of(out)->sr_top_level = true;
	sr_read(v, out);
}

static void srv6_read(struct rd *v, void *out)
{
	struct pcepc_open *o = open_of(out);

	o->has_srv6 = true;
	rd_skip(v, 2);
	o->srv6_flags = rd_u16(v);
	while (rd_left(v) >= 2) {
		struct pcepc_msd msd = { .type = rd_u8(v) };

		msd.value = rd_u8(v);
		if (o->n_msds < PCEPC_MSDS_MAX)
			o->msds[o->n_msds++] = msd;
	}
}

static void pst_cap_read(struct rd *v, void *out)
{
	struct pcepc_open *o = open_of(out);
	struct pcepc_into *into = out;
	uint8_t n;

	o->has_pst = true;
	rd_skip(v, 3);
	n = rd_u8(v);
	for (uint8_t i = 0; i < n; i++) {
		uint8_t pst = rd_u8(v);

		if (o->n_psts < PCEPC_PSTS_MAX && !v->bad)
			o->psts[o->n_psts++] = pst;
	}
	rd_skip(v, (4u - n % 4u) % 4u);
	pcepc_tlvs(into->rx, v, &pcepc_pst_table, o);
}

static void assoc_types_read(struct rd *v, void *out)
{
	struct pcepc_open *o = open_of(out);

	o->has_assoc_types = true;
	while (rd_left(v) >= 2) {
		uint16_t type = rd_u16(v);

		if (o->n_assoc_types < PCEPC_ASSOC_TYPES_MAX)
			o->assoc_types[o->n_assoc_types++] = type;
	}
}

static void sr_policy_read(struct rd *v, void *out)
{
	struct pcepc_open *o = open_of(out);

	o->has_sr_policy = true;
	o->sr_policy = rd_u32(v);
}

static void multipath_read(struct rd *v, void *out)
{
	struct pcepc_open *o = open_of(out);

	o->has_multipath = true;
	o->multipath = rd_u16(v);
	o->multipath_flags = rd_u16(v);
}

static const struct tlv_row open_rows[] = {
	{ 4, 2, 65535, 0, VERDICT_SKIP, "OF-List", ofs_read },
	{ 16, 4, 4, 0, VERDICT_RESET, "STATEFUL-PCE-CAPABILITY", stateful_read },
	{ 23, 8, 8, 0, VERDICT_SKIP, "LSP-DB-VERSION", db_version_read },
	{ 24, 1, 65535, 0, VERDICT_SKIP, "SPEAKER-ENTITY-ID", speaker_read },
	{ 26, 4, 4, 0, VERDICT_SKIP, "SR-PCE-CAPABILITY", sr_top_read },
	{ 34, 4, 65535, 0, VERDICT_RESET, "PATH-SETUP-TYPE-CAPABILITY", pst_cap_read },
	{ 35, 0, 65535, 0, VERDICT_SKIP, "ASSOC-Type-List", assoc_types_read },
	{ 60, 4, 4, 0, VERDICT_SKIP, "MULTIPATH-CAP", multipath_read },
	{ 71, 4, 4, 0, VERDICT_SKIP, "SRPOLICY-CAPABILITY", sr_policy_read },
};

const struct tlv_table pcepc_open_table = {
	.rows = open_rows,
	.n_rows = ARRAY_LEN(open_rows),
	.pad = TLV_PAD_4,
	.on_framing = VERDICT_RESET,
	.unknown = pcepc_tlv_unknown,
};

static const struct tlv_row pst_rows[] = {
	{ 26, 4, 4, 0, VERDICT_RESET, "SR-PCE-CAPABILITY", sr_read },
	{ 27, 4, 65535, 0, VERDICT_RESET, "SRv6-PCE-CAPABILITY", srv6_read },
};

const struct tlv_table pcepc_pst_table = {
	.rows = pst_rows,
	.n_rows = ARRAY_LEN(pst_rows),
	.pad = TLV_PAD_4,
	.on_framing = VERDICT_RESET,
	.unknown = pcepc_tlv_unknown,
};

void pcepc_open_read(struct pcepc_rx *rx, const struct pcepc_obj *obj, struct rd *body)
{
	struct pcepc_open *o = pcepc_alloc(rx, sizeof(*o));

	(void)obj;
	if (!o)
		return;
	o->version = (uint8_t)(rd_u8(body) >> 5);
	o->keepalive_s = rd_u8(body);
	o->dead_s = rd_u8(body);
	o->sid = rd_u8(body);
	if (o->version != PCEPC_VERSION)
		pcepc_note(rx, VERDICT_RESET, TLV_WHY_BAD_VALUE, 0, 1, 8);
	if (!rx->msg->open)
		rx->msg->open = o;
	pcepc_tlvs(rx, body, &pcepc_open_table, o);
}

static void sr_write(struct wr *w, const struct pcepc_open *o)
{
	size_t m = wr_tlv_open(w, 26);

	wr_u16(w, 0);
	wr_u8(w, o->sr_flags);
	wr_u8(w, o->sr_msd);
	wr_tlv_close(w, m, 4);
}

static void pst_cap_write(struct wr *w, const struct pcepc_open *o)
{
	size_t m = wr_tlv_open(w, 34), sub;

	wr_u24(w, 0);
	wr_u8(w, o->n_psts);
	wr_bytes(w, o->psts, o->n_psts);
	wr_zero(w, (4u - o->n_psts % 4u) % 4u);
	if (o->has_sr)
		sr_write(w, o);
	if (o->has_srv6) {
		sub = wr_tlv_open(w, 27);
		wr_u16(w, 0);
		wr_u16(w, o->srv6_flags);
		for (size_t i = 0; i < o->n_msds; i++) {
			wr_u8(w, o->msds[i].type);
			wr_u8(w, o->msds[i].value);
		}
		wr_tlv_close(w, sub, 4);
	}
	wr_tlv_close(w, m, 4);
}

static void u32_write(struct wr *w, uint16_t type, uint32_t v)
{
	size_t m = wr_tlv_open(w, type);

	wr_u32(w, v);
	wr_tlv_close(w, m, 4);
}

static void open_tail_write(struct wr *w, const struct pcepc_open *o)
{
	size_t m;

	if (o->has_assoc_types) {
		m = wr_tlv_open(w, 35);
		for (size_t i = 0; i < o->n_assoc_types; i++)
			wr_u16(w, o->assoc_types[i]);
		wr_tlv_close(w, m, 4);
	}
	if (o->has_ofs) {
		m = wr_tlv_open(w, 4);
		for (size_t i = 0; i < o->n_ofs; i++)
			wr_u16(w, o->ofs[i]);
		wr_tlv_close(w, m, 4);
	}
	if (o->has_sr_policy)
		u32_write(w, 71, o->sr_policy);
	if (o->has_multipath)
		u32_write(w, 60, (uint32_t)o->multipath << 16 | o->multipath_flags);
	if (o->has_db_version) {
		m = wr_tlv_open(w, 23);
		wr_u64(w, o->db_version);
		wr_tlv_close(w, m, 4);
	}
	if (o->has_speaker) {
		m = wr_tlv_open(w, 24);
		wr_bytes(w, o->speaker.p, o->speaker.n);
		wr_tlv_close(w, m, 4);
	}
}

void pcepc_open_write(struct wr *w, const struct pcepc_open *o)
{
	size_t m = pcepc_obj_open(w, PCEPC_OBJ_OPEN, 1, false);

	wr_u8(w, (uint8_t)(PCEPC_VERSION << 5));
	wr_u8(w, o->keepalive_s);
	wr_u8(w, o->dead_s);
	wr_u8(w, o->sid);
	if (o->has_stateful)
		u32_write(w, 16, o->stateful);
	if (o->sr_top_level)
		sr_write(w, o);
	if (o->has_pst)
		pst_cap_write(w, o);
	open_tail_write(w, o);
	pcepc_obj_close(w, m);
}
