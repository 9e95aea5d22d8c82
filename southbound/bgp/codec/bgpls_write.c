/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the BGP-LS attribute: one row a TLV type, ascending, as RFC 9552 section 5.1 asks. */
#include "southbound/bgp/codec/bgpls.h"

typedef void (*attr_write_fn)(struct wr *w, uint16_t type, const struct bgpls_attr *a);

static void u32_write(struct wr *w, uint16_t type, uint32_t v)
{
	size_t mark = wr_tlv_open(w, type);

	wr_u32(w, v);
	wr_tlv_close(w, mark, 1);
}

static void bps_write(struct wr *w, uint64_t bps)
{
	float f = (float)((double)bps / 8.0);
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	wr_u32(w, bits);
}

static void bw_write(struct wr *w, uint16_t type, bool have, uint64_t bps)
{
	size_t mark;

	if (!have)
		return;
	mark = wr_tlv_open(w, type);
	bps_write(w, bps);
	wr_tlv_close(w, mark, 1);
}

/* A value wider than its field is our own caller's mistake: the message is not sent. */
static void u24_write(struct wr *w, uint32_t v)
{
	if (v > 0xffffff)
		w->bad = true;
	wr_u24(w, v);
}

static void msds_write(struct wr *w, uint16_t type, const struct bgpls_msd *at, size_t n)
{
	size_t mark;

	if (n == 0)
		return;
	mark = wr_tlv_open(w, type);
	for (size_t i = 0; i < n; i++) {
		wr_u8(w, at[i].type);
		wr_u8(w, at[i].value);
	}
	wr_tlv_close(w, mark, 1);
}

static void node_msd(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	msds_write(w, type, a->node_msd, a->n_node_msd);
}

static void link_msd(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	msds_write(w, type, a->link_msd, a->n_link_msd);
}

static void node_flags(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t mark;

	if (!(a->have & BGPLS_HAVE_NODE_FLAGS))
		return;
	mark = wr_tlv_open(w, type);
	wr_u8(w, a->node_flags);
	wr_tlv_close(w, mark, 1);
}

static void name(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t len = strnlen(a->name, sizeof(a->name));
	size_t mark;

	if (len == 0)
		return;
	mark = wr_tlv_open(w, type);
	wr_bytes(w, a->name, len);
	wr_tlv_close(w, mark, 1);
}

static void addr_write(struct wr *w, uint16_t type, const struct ip_addr *addr)
{
	size_t mark;

	if (addr->family == IP_NONE)
		return;
	mark = wr_tlv_open(w, type);
	wr_bytes(w, addr->b, ip_len(addr));
	wr_tlv_close(w, mark, 1);
}

static void router_v4(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	addr_write(w, type, &a->router_id_v4);
}

static void router_v6(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	addr_write(w, type, &a->router_id_v6);
}

static void ranges_write(struct wr *w, const struct bgpls_label_range *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t mark;

		u24_write(w, at[i].size);
		mark = wr_tlv_open(w, 1161);
		u24_write(w, at[i].base);
		wr_tlv_close(w, mark, 1);
	}
}

static void srgb(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t mark;

	if (a->n_srgb == 0)
		return;
	mark = wr_tlv_open(w, type);
	wr_u8(w, a->srgb_flags);
	wr_u8(w, 0);
	ranges_write(w, a->srgb, a->n_srgb);
	wr_tlv_close(w, mark, 1);
}

static void algos(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t mark;

	if (a->n_algos == 0)
		return;
	mark = wr_tlv_open(w, type);
	wr_bytes(w, a->algos, a->n_algos);
	wr_tlv_close(w, mark, 1);
}

static void srlb(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t mark;

	if (a->n_srlb == 0)
		return;
	mark = wr_tlv_open(w, type);
	wr_u16(w, 0);
	ranges_write(w, a->srlb, a->n_srlb);
	wr_tlv_close(w, mark, 1);
}

static void srv6_caps(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t mark;

	if (!(a->have & BGPLS_HAVE_SRV6_CAPS))
		return;
	mark = wr_tlv_open(w, type);
	wr_u16(w, a->srv6_flags);
	wr_u16(w, 0);
	wr_tlv_close(w, mark, 1);
}

static void words_write(struct wr *w, uint16_t type, const uint32_t *words, size_t n)
{
	size_t mark;

	if (n == 0)
		return;
	mark = wr_tlv_open(w, type);
	for (size_t i = 0; i < n; i++)
		wr_u32(w, words[i]);
	wr_tlv_close(w, mark, 1);
}

static void fad_write(struct wr *w, uint16_t type, const struct bgpls_flex_algo *f)
{
	size_t outer = wr_tlv_open(w, type);

	wr_u8(w, f->algo);
	wr_u8(w, f->metric_type);
	wr_u8(w, f->calc_type);
	wr_u8(w, f->priority);
	words_write(w, 1040, f->exclude_any, f->n_exclude_any);
	words_write(w, 1041, f->include_any, f->n_include_any);
	words_write(w, 1042, f->include_all, f->n_include_all);
	if (f->has_flags)
		words_write(w, 1043, &f->flags, 1);
	words_write(w, 1045, f->exclude_srlg, f->n_exclude_srlg);
	if (f->unsupported)
		wr_tlv_close(w, wr_tlv_open(w, 1046), 1);
	wr_tlv_close(w, outer, 1);
}

static void fads(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	for (size_t i = 0; i < a->n_flex; i++)
		fad_write(w, type, &a->flex[i]);
}

static void admin_group(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	if (a->te.have & BGPLS_HAVE_ADMIN_GROUP)
		u32_write(w, type, a->te.admin_group[0]);
}

static void max_bw(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	bw_write(w, type, a->have & BGPLS_HAVE_MAX_BW, a->max_bw_bps);
}

static void rsv_bw(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	bw_write(w, type, a->have & BGPLS_HAVE_RSV_BW, a->rsv_bw_bps);
}

static void unrsv_bw(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t mark;

	if (!(a->have & BGPLS_HAVE_UNRSV_BW))
		return;
	mark = wr_tlv_open(w, type);
	for (size_t i = 0; i < 8; i++)
		bps_write(w, a->unrsv_bw_bps[i]);
	wr_tlv_close(w, mark, 1);
}

static void te_metric(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	if (a->te.have & BGPLS_HAVE_TE_METRIC)
		u32_write(w, type, a->te.te_metric);
}

static void igp_metric(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t mark;

	if (!(a->have & BGPLS_HAVE_IGP_METRIC))
		return;
	mark = wr_tlv_open(w, type);
	u24_write(w, a->igp_metric);
	wr_tlv_close(w, mark, 1);
}

static void srlg(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	words_write(w, type, a->te.srlg, a->te.n_srlg);
}

/* Plain and LAN forms have types of their own. */
static void adj_write(struct wr *w, uint16_t type, const struct bgpls_attr *a, bool lan)
{
	for (size_t i = 0; i < a->n_adj; i++) {
		const struct bgpls_adj_sid *s = &a->adj[i];
		size_t mark;

		if ((s->neighbor_len > 0) != lan)
			continue;
		mark = wr_tlv_open(w, type);
		wr_u8(w, s->flags);
		wr_u8(w, s->weight);
		wr_u16(w, 0);
		wr_bytes(w, s->neighbor, s->neighbor_len);
		if (s->is_label)
			u24_write(w, s->value);
		else
			wr_u32(w, s->value);
		wr_tlv_close(w, mark, 1);
	}
}

static void adj_sids(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	adj_write(w, type, a, false);
}

static void lan_adj_sids(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	adj_write(w, type, a, true);
}

static void structure_write(struct wr *w, const struct bgpls_structure *s)
{
	size_t mark = wr_tlv_open(w, 1252);

	wr_u8(w, s->lb);
	wr_u8(w, s->ln);
	wr_u8(w, s->fun);
	wr_u8(w, s->arg);
	wr_tlv_close(w, mark, 1);
}

static void endx_write(struct wr *w, uint16_t type, const struct bgpls_attr *a, uint8_t nbr_len)
{
	for (size_t i = 0; i < a->n_endx; i++) {
		const struct bgpls_srv6_sid *s = &a->endx[i];
		size_t mark;

		if (s->neighbor_len != nbr_len)
			continue;
		mark = wr_tlv_open(w, type);
		wr_u16(w, s->behavior);
		wr_u8(w, s->flags);
		wr_u8(w, s->algo);
		wr_u8(w, s->weight);
		wr_u8(w, 0);
		wr_bytes(w, s->neighbor, nbr_len);
		wr_bytes(w, s->sid.b, 16);
		if (s->has_structure)
			structure_write(w, &s->structure);
		wr_tlv_close(w, mark, 1);
	}
}

static void endx(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	endx_write(w, type, a, 0);
}

static void lan_endx_isis(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	endx_write(w, type, a, 6);
}

static void lan_endx_ospf(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	endx_write(w, type, a, 4);
}

enum {
	ANOMALOUS = 0x80,
	ASLA_FLEX = 0x10000000, /* X in a mask of four octets */
};

static void delay(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t mark;

	if (!(a->te.have & BGPLS_HAVE_DELAY))
		return;
	mark = wr_tlv_open(w, type);
	wr_u8(w, a->te.delay_anomalous ? ANOMALOUS : 0);
	u24_write(w, a->te.delay_us);
	wr_tlv_close(w, mark, 1);
}

static void delay_mm(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t mark;

	if (!(a->te.have & BGPLS_HAVE_DELAY_MM))
		return;
	mark = wr_tlv_open(w, type);
	wr_u8(w, a->te.delay_anomalous ? ANOMALOUS : 0);
	u24_write(w, a->te.delay_min_us);
	wr_u8(w, 0);
	u24_write(w, a->te.delay_max_us);
	wr_tlv_close(w, mark, 1);
}

static void delay_var(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	if (!(a->te.have & BGPLS_HAVE_DELAY_VAR))
		return;
	if (a->te.delay_var_us > 0xffffff)
		w->bad = true;
	u32_write(w, type, a->te.delay_var_us);
}

/* The largest value of the field means "that or more". */
static void loss(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	uint64_t units = ((uint64_t)a->te.loss_ppm * 100 + 1) / 3;
	size_t mark;

	if (!(a->te.have & BGPLS_HAVE_LOSS))
		return;
	mark = wr_tlv_open(w, type);
	wr_u8(w, a->te.loss_anomalous ? ANOMALOUS : 0);
	wr_u24(w, units > 0xffffff ? 0xffffff : (uint32_t)units);
	wr_tlv_close(w, mark, 1);
}

static void residual_bw(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	bw_write(w, type, a->te.have & BGPLS_HAVE_RESIDUAL_BW, a->te.residual_bw_bps);
}

static void available_bw(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	bw_write(w, type, a->te.have & BGPLS_HAVE_AVAILABLE_BW, a->te.available_bw_bps);
}

static void utilized_bw(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	bw_write(w, type, a->te.have & BGPLS_HAVE_UTILIZED_BW, a->te.utilized_bw_bps);
}

static void prefix_metric(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	if (a->have & BGPLS_HAVE_PREFIX_METRIC)
		u32_write(w, type, a->prefix_metric);
}

static void prefix_sids(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	for (size_t i = 0; i < a->n_sids; i++) {
		const struct bgpls_prefix_sid *s = &a->sids[i];
		size_t mark = wr_tlv_open(w, type);

		wr_u8(w, s->flags);
		wr_u8(w, s->algo);
		wr_u16(w, 0);
		if (s->is_label)
			u24_write(w, s->value);
		else
			wr_u32(w, s->value);
		wr_tlv_close(w, mark, 1);
	}
}

static void locator(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t mark;

	if (!(a->have & BGPLS_HAVE_LOCATOR))
		return;
	mark = wr_tlv_open(w, type);
	wr_u8(w, a->locator_flags);
	wr_u8(w, a->locator_algo);
	wr_u16(w, 0);
	wr_u32(w, a->locator_metric);
	wr_tlv_close(w, mark, 1);
}

/* Only when bits beyond the 32 of 1088 are set. */
static void ext_admin_group(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t n = BGPLS_WORDS;

	while (n > 0 && a->te.admin_group[n - 1] == 0)
		n--;
	if ((a->te.have & BGPLS_HAVE_ADMIN_GROUP) && n > 1)
		words_write(w, type, a->te.admin_group, n);
}

static void behavior(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	size_t mark;

	if (!(a->have & BGPLS_HAVE_BEHAVIOR))
		return;
	mark = wr_tlv_open(w, type);
	wr_u16(w, a->behavior);
	wr_u8(w, a->behavior_flags);
	wr_u8(w, a->behavior_algo);
	wr_tlv_close(w, mark, 1);
}

static void structure(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	(void)type;
	if (a->have & BGPLS_HAVE_STRUCTURE)
		structure_write(w, &a->structure);
}

static void asla_flex(struct wr *w, uint16_t type, const struct bgpls_attr *a);

static const struct {
	uint16_t type;
	attr_write_fn write;
} write_rows[] = {
	{ 266, node_msd },	{ 267, link_msd },	   { 1024, node_flags },
	{ 1026, name },		{ 1028, router_v4 },	   { 1029, router_v6 },
	{ 1034, srgb },		{ 1035, algos },	   { 1036, srlb },
	{ 1038, srv6_caps },	{ 1039, fads },		   { 1088, admin_group },
	{ 1089, max_bw },	{ 1090, rsv_bw },	   { 1091, unrsv_bw },
	{ 1092, te_metric },	{ 1095, igp_metric },	   { 1096, srlg },
	{ 1099, adj_sids },	{ 1100, lan_adj_sids },	   { 1106, endx },
	{ 1107, lan_endx_isis }, { 1108, lan_endx_ospf },   { 1114, delay },
	{ 1115, delay_mm },	{ 1116, delay_var },	   { 1117, loss },
	{ 1118, residual_bw },	{ 1119, available_bw },	   { 1120, utilized_bw },
	{ 1122, asla_flex },
	{ 1155, prefix_metric }, { 1158, prefix_sids },	   { 1162, locator },
	{ 1173, ext_admin_group }, { 1250, behavior },	   { 1252, structure },
};

/* What is for Flex-Algo in one TLV of its own; the rest is written plainly. */
static void asla_flex(struct wr *w, uint16_t type, const struct bgpls_attr *a)
{
	const struct bgpls_attr inner = { .te = a->te_flex };
	size_t mark;

	if (!a->te_flex.have)
		return;
	mark = wr_tlv_open(w, type);
	wr_u8(w, 4);
	wr_u8(w, 0);
	wr_u16(w, 0);
	wr_u32(w, ASLA_FLEX);
	for (size_t i = 0; i < ARRAY_LEN(write_rows); i++)
		if (tlv_row_find(bgpls_asla_rows, bgpls_asla_rows_len, write_rows[i].type))
			write_rows[i].write(w, write_rows[i].type, &inner);
	wr_tlv_close(w, mark, 1);
}

void bgpls_attr_write(struct wr *w, const struct bgpls_attr *attr)
{
	for (size_t i = 0; i < ARRAY_LEN(write_rows); i++)
		write_rows[i].write(w, write_rows[i].type, attr);
}
