/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BGP-LS attribute: its table, the names of what it skips, the walk.
 *
 * A fault inside one TLV costs that TLV (VERDICT_SKIP); TLVs that do not fit the attribute cost
 * the attribute (RFC 9552 section 8.2.2); nothing here costs the object or the session.
 */
#include "southbound/bgp/codec/bgpls_internal.h"

enum { SKIP = VERDICT_SKIP, MANY = TLV_MANY };

const struct tlv_row bgpls_attr_rows[] = {
	{ 266, 2, UINT16_MAX, 0, SKIP, "node-msd", bgpls_read_node_msd },
	{ 267, 2, UINT16_MAX, 0, SKIP, "link-msd", bgpls_read_link_msd },
	{ 1024, 1, 1, 0, SKIP, "node-flags", bgpls_read_node_flags },
	{ 1026, 1, 255, 0, SKIP, "node-name", bgpls_read_name },
	{ 1028, 4, 4, MANY, SKIP, "ipv4-router-id", bgpls_read_router_v4 },
	{ 1029, 16, 16, MANY, SKIP, "ipv6-router-id", bgpls_read_router_v6 },
	{ 1034, 2, UINT16_MAX, 0, SKIP, "sr-capabilities", bgpls_read_srgb },
	{ 1035, 1, 256, 0, SKIP, "sr-algorithms", bgpls_read_algos },
	{ 1036, 2, UINT16_MAX, 0, SKIP, "sr-local-block", bgpls_read_srlb },
	{ 1038, 4, UINT16_MAX, 0, SKIP, "srv6-capabilities", bgpls_read_srv6_caps },
	{ 1039, 4, UINT16_MAX, MANY, SKIP, "flex-algo-definition", bgpls_read_fad },
	{ 1088, 4, 4, 0, SKIP, "admin-group", bgpls_read_admin_group },
	{ 1089, 4, 4, 0, SKIP, "max-bandwidth", bgpls_read_max_bw },
	{ 1090, 4, 4, 0, SKIP, "max-reservable-bandwidth", bgpls_read_rsv_bw },
	{ 1091, 32, 32, 0, SKIP, "unreserved-bandwidth", bgpls_read_unrsv_bw },
	{ 1092, 3, 4, 0, SKIP, "te-metric", bgpls_read_te_metric },
	{ 1095, 1, 3, 0, SKIP, "igp-metric", bgpls_read_igp_metric },
	{ 1096, 4, UINT16_MAX, 0, SKIP, "srlg", bgpls_read_srlg },
	{ 1099, 7, 8, MANY, SKIP, "adjacency-sid", bgpls_read_adj_sid },
	{ 1100, 11, 14, MANY, SKIP, "lan-adjacency-sid", bgpls_read_lan_adj_sid },
	{ 1106, 22, UINT16_MAX, MANY, SKIP, "srv6-end-x", bgpls_read_endx },
	{ 1107, 28, UINT16_MAX, MANY, SKIP, "isis-srv6-lan-end-x", bgpls_read_lan_endx_isis },
	{ 1108, 26, UINT16_MAX, MANY, SKIP, "ospfv3-srv6-lan-end-x", bgpls_read_lan_endx_ospf },
	{ 1114, 4, 4, 0, SKIP, "delay", bgpls_read_delay },
	{ 1115, 8, 8, 0, SKIP, "min-max-delay", bgpls_read_delay_mm },
	{ 1116, 4, 4, 0, SKIP, "delay-variation", bgpls_read_delay_var },
	{ 1117, 4, 4, 0, SKIP, "loss", bgpls_read_loss },
	{ 1118, 4, 4, 0, SKIP, "residual-bandwidth", bgpls_read_residual_bw },
	{ 1119, 4, 4, 0, SKIP, "available-bandwidth", bgpls_read_available_bw },
	{ 1120, 4, 4, 0, SKIP, "utilized-bandwidth", bgpls_read_utilized_bw },
	{ 1122, 4, UINT16_MAX, MANY, SKIP, "application-specific", bgpls_read_asla },
	{ 1155, 4, 4, 0, SKIP, "prefix-metric", bgpls_read_prefix_metric },
	{ 1158, 7, 8, MANY, SKIP, "prefix-sid", bgpls_read_prefix_sid },
	{ 1162, 8, UINT16_MAX, 0, SKIP, "srv6-locator", bgpls_read_locator },
	{ 1173, 4, UINT16_MAX, 0, SKIP, "ext-admin-group", bgpls_read_ext_admin_group },
	{ 1250, 4, 4, 0, SKIP, "srv6-behavior", bgpls_read_behavior },
	{ 1252, 4, 4, 0, SKIP, "srv6-sid-structure", bgpls_read_structure },
};
const size_t bgpls_attr_rows_len = ARRAY_LEN(bgpls_attr_rows);

/* What we know of and leave: nothing here decides a path. Sorted. */
static const struct {
	uint16_t type;
	const char *name;
} skip_rows[] = {
	{ 263, "multi-topology-ids" },	  { 1025, "opaque-node" },
	{ 1027, "isis-area" },		  { 1030, "ipv4-remote-router-id" },
	{ 1031, "ipv6-remote-router-id" }, { 1032, "s-bfd-discriminators" },
	{ 1037, "srms-preference" },	  { 1044, "flex-algo-prefix-metric" },
	{ 1093, "link-protection" },	  { 1094, "mpls-protocol-mask" },
	{ 1097, "opaque-link" },	  { 1098, "link-name" },
	{ 1101, "peer-node-sid" },	  { 1102, "peer-adjacency-sid" },
	{ 1103, "peer-set-sid" },	  { 1104, "link-msd-frr" },
	{ 1152, "igp-flags" },		  { 1153, "route-tags" },
	{ 1154, "extended-tags" },	  { 1156, "ospf-forwarding-address" },
	{ 1157, "opaque-prefix" },	  { 1159, "sid-range" },
	{ 1170, "prefix-attribute-flags" }, { 1171, "source-router-id" },
	{ 1172, "l2-bundle-member" },	  { 1174, "source-ospf-router-id" },
	{ 1201, "sr-binding-sid" },	  { 1202, "sr-candidate-path-state" },
	{ 1203, "sr-candidate-path-name" }, { 1204, "sr-candidate-path-constraints" },
	{ 1205, "sr-segment-list" },	  { 1212, "srv6-binding-sid" },
	{ 1213, "sr-policy-name" },	  { 1251, "srv6-bgp-peer-node-sid" },
};

static const char *skip_name(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(skip_rows); i++)
		if (skip_rows[i].type == type)
			return skip_rows[i].name;
	return NULL;
}

const char *bgpls_tlv_name(uint16_t type)
{
	const struct tlv_row *row = tlv_row_find(bgpls_attr_rows, bgpls_attr_rows_len, type);

	return row ? row->name : skip_name(type);
}

static void attr_unknown(uint16_t type, struct rd value, void *out)
{
	struct bgpls_ctx *c = out;
	const char *name = skip_name(type);

	(void)value;
	if (name)
		c->attr->skipped++;
	else
		c->attr->unknown++;
	if (c->log)
		c->log->fn(c->log->arg, type, name);
}

void *bgpls_grow(struct bgpls_ctx *c, void *at, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap * 2 : 4;
	void *p;

	if (n < *cap)
		return at;
	p = arena_array(c->arena, want, size);
	if (!p)
		return NULL;
	if (n > 0)
		memcpy(p, at, n * size);
	*cap = want;
	return p;
}

/* 3 octets are a label in the low 20 bits, 4 an index (RFC 9085 section 2.1.1). */
uint32_t bgpls_sid_label(struct rd *v, bool *is_label)
{
	*is_label = rd_left(v) == 3;
	return *is_label ? rd_u24(v) & 0xfffff : rd_u32(v);
}

bool bgpls_structure_read(struct rd *v, struct bgpls_structure *s)
{
	s->lb = rd_u8(v);
	s->ln = rd_u8(v);
	s->fun = rd_u8(v);
	s->arg = rd_u8(v);
	return (unsigned)s->lb + s->ln + s->fun + s->arg <= 128;
}

enum verdict bgpls_attr_read(struct rd *value, struct arena *arena, struct bgpls_attr *out,
			     struct fault *fault, const struct bgpls_skip_log *log)
{
	static const struct tlv_table table = { bgpls_attr_rows, ARRAY_LEN(bgpls_attr_rows),
						TLV_PAD_NONE, VERDICT_WITHDRAW, attr_unknown };
	struct fault own = { 0 };
	struct bgpls_ctx c = { .attr = out, .arena = arena, .fault = &own, .log = log };
	enum verdict v;

	*out = (struct bgpls_attr){ 0 };
	v = tlv_walk(value, &table, &c, &own);
	if (own.count > 0)
		fault_note(fault, own.verdict, own.why, own.type);
	if (v >= VERDICT_WITHDRAW) {
		*out = (struct bgpls_attr){ 0 };
		return v;
	}
	bgpls_te_merge(&c);
	return v;
}
