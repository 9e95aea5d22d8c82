/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BGP-LS NLRIs (RFC 9552 section 5.2, RFC 9514 section 6): node, link, IPv4 and IPv6 prefix,
 * SRv6 SID. An NLRI's identity is its bytes; the struct read here is what it says.
 */
#include "southbound/bgp/codec/bgpls.h"

enum {
	TLV_LOCAL_NODE = 256,
	TLV_REMOTE_NODE = 257,
	TLV_LINK_IDS = 258,
	TLV_LOCAL_V4 = 259,
	TLV_REMOTE_V4 = 260,
	TLV_LOCAL_V6 = 261,
	TLV_REMOTE_V6 = 262,
	TLV_MT = 263,
	TLV_OSPF_ROUTE_TYPE = 264,
	TLV_IP_REACH = 265,
	TLV_SRV6_SID = 518,
};

/* What a row's reader fills. */
struct nlri_ctx {
	struct bgpls_nlri *nlri;
	enum bgpls_order order;
	struct fault *fault;
};

/*
 * RFC 9552 section 5.1: ascending by type, then length, then value. Returns false on a
 * violation, or when the TLVs do not fill r.
 */
static bool order_ok(struct rd r, enum bgpls_order order)
{
	struct rd prev = { 0 };
	uint16_t prev_type = 0;

	while (rd_left(&r) > 0) {
		uint16_t type = rd_u16(&r);
		struct rd v = rd_sub(&r, rd_u16(&r));
		size_t len = rd_left(&v);

		if (r.bad)
			return false;
		if (type < prev_type && !(order == BGPLS_ORDER_FRR && type == TLV_MT &&
					  prev_type == TLV_SRV6_SID))
			return false;
		if (type == prev_type && len < rd_left(&prev))
			return false;
		if (type == prev_type && len == rd_left(&prev) && len > 0 &&
		    memcmp(prev.pos, v.pos, len) > 0)
			return false;
		prev_type = type;
		prev = v;
	}
	return true;
}

static void asn_read(struct rd *v, void *out)
{
	((struct bgpls_node_id *)out)->asn = rd_u32(v);
}

static void ls_id_read(struct rd *v, void *out)
{
	((struct bgpls_node_id *)out)->ls_id = rd_u32(v);
}

static void area_read(struct rd *v, void *out)
{
	((struct bgpls_node_id *)out)->area = rd_u32(v);
}

static void igp_id_read(struct rd *v, void *out)
{
	struct bgpls_node_id *n = out;
	size_t len = rd_left(v);

	if (len != 4 && len != 6 && len != 7 && len != 8 && len != 16) {
		v->bad = true;
		return;
	}
	n->igp_id_len = (uint8_t)len;
	rd_copy(v, n->igp_id, len);
}

static void bgp_id_read(struct rd *v, void *out)
{
	((struct bgpls_node_id *)out)->bgp_router_id = rd_u32(v);
}

static void member_as_read(struct rd *v, void *out)
{
	((struct bgpls_node_id *)out)->member_as = rd_u32(v);
}

const struct tlv_row bgpls_node_rows[] = {
	{ 512, 4, 4, 0, VERDICT_WITHDRAW, "autonomous-system", asn_read },
	{ 513, 4, 4, 0, VERDICT_WITHDRAW, "bgp-ls-identifier", ls_id_read },
	{ 514, 4, 4, 0, VERDICT_WITHDRAW, "ospf-area-id", area_read },
	{ 515, 4, 16, 0, VERDICT_WITHDRAW, "igp-router-id", igp_id_read },
	{ 516, 4, 4, 0, VERDICT_WITHDRAW, "bgp-router-id", bgp_id_read },
	{ 517, 4, 4, 0, VERDICT_WITHDRAW, "confederation-member", member_as_read },
};
const size_t bgpls_node_rows_len = ARRAY_LEN(bgpls_node_rows);

/* Lengths of the IGP router-id each protocol has, as bits 1 << length. */
static bool igp_id_fits(uint8_t protocol, uint8_t len)
{
	static const uint32_t lens[] = {
		[BGPLS_ISIS_L1] = 1u << 6 | 1u << 7,  [BGPLS_ISIS_L2] = 1u << 6 | 1u << 7,
		[BGPLS_OSPFV2] = 1u << 4 | 1u << 8,   [BGPLS_OSPFV3] = 1u << 4 | 1u << 8,
	};

	if (protocol >= ARRAY_LEN(lens) || lens[protocol] == 0)
		return true;
	return lens[protocol] >> len & 1;
}

static void node_read(struct rd *v, struct nlri_ctx *c, struct bgpls_node_id *node)
{
	static const struct tlv_table table = { bgpls_node_rows, ARRAY_LEN(bgpls_node_rows),
						TLV_PAD_NONE, VERDICT_WITHDRAW, NULL };
	struct rd order = *v;

	if (c->order != BGPLS_ORDER_ANY && !order_ok(order, c->order)) {
		fault_note(c->fault, VERDICT_WITHDRAW, TLV_WHY_ORDER, TLV_LOCAL_NODE);
		v->bad = true;
		return;
	}
	(void)tlv_walk(v, &table, node, c->fault);
	if ((node->igp_id_len == 0 && node->bgp_router_id == 0) ||
	    (node->igp_id_len != 0 && !igp_id_fits(c->nlri->protocol, node->igp_id_len)))
		v->bad = true;
}

static void local_node_read(struct rd *v, void *out)
{
	struct nlri_ctx *c = out;

	node_read(v, c, &c->nlri->local);
}

static void remote_node_read(struct rd *v, void *out)
{
	struct nlri_ctx *c = out;

	node_read(v, c, &c->nlri->remote);
}

static void link_ids_read(struct rd *v, void *out)
{
	struct bgpls_nlri *n = ((struct nlri_ctx *)out)->nlri;

	n->has_ids = true;
	n->local_link_id = rd_u32(v);
	n->remote_link_id = rd_u32(v);
}

/* Several addresses of an interface may be told; the first (lowest) stands for it. */
static void addr_read(struct rd *v, struct ip_addr *a)
{
	size_t len = rd_left(v);
	const uint8_t *p = rd_take(v, len);

	if (a->family == IP_NONE && p)
		*a = len == 4 ? ip_v4(p) : ip_v6(p);
}

static void local_v4_read(struct rd *v, void *out)
{
	addr_read(v, &((struct nlri_ctx *)out)->nlri->local_v4);
}

static void remote_v4_read(struct rd *v, void *out)
{
	addr_read(v, &((struct nlri_ctx *)out)->nlri->remote_v4);
}

static void local_v6_read(struct rd *v, void *out)
{
	addr_read(v, &((struct nlri_ctx *)out)->nlri->local_v6);
}

static void remote_v6_read(struct rd *v, void *out)
{
	addr_read(v, &((struct nlri_ctx *)out)->nlri->remote_v6);
}

static void mt_read(struct rd *v, void *out)
{
	struct bgpls_nlri *n = ((struct nlri_ctx *)out)->nlri;

	n->has_mt = true;
	n->mt_id = rd_u16(v) & 0xfff;
}

static void route_type_read(struct rd *v, void *out)
{
	((struct nlri_ctx *)out)->nlri->ospf_route_type = rd_u8(v);
}

/* Length in bits, then as few octets as hold them; some senders leave octets out (IOS XR once
 * did), what is missing is zero. Octets beyond are an error. */
static void reach_read(struct rd *v, void *out)
{
	struct bgpls_nlri *n = ((struct nlri_ctx *)out)->nlri;
	struct ip_addr a = { .family = n->type == BGPLS_PREFIX4 ? IP_V4 : IP_V6 };
	uint8_t len = rd_u8(v);
	size_t octets = rd_left(v);

	if (len > ip_bits(&a) || octets > ((size_t)len + 7) / 8) {
		v->bad = true;
		return;
	}
	rd_copy(v, a.b, octets);
	n->prefix = ip_prefix_of(&a, len);
}

static void srv6_sid_read(struct rd *v, void *out)
{
	struct bgpls_nlri *n = ((struct nlri_ctx *)out)->nlri;
	const uint8_t *p = rd_take(v, 16);

	if (p)
		n->sid = ip_v6(p);
}

const struct tlv_row bgpls_link_rows[] = {
	{ 256, 0, UINT16_MAX, TLV_MUST, VERDICT_WITHDRAW, "local-node", local_node_read },
	{ 257, 0, UINT16_MAX, TLV_MUST, VERDICT_WITHDRAW, "remote-node", remote_node_read },
	{ 258, 8, 8, 0, VERDICT_WITHDRAW, "link-ids", link_ids_read },
	{ 259, 4, 4, TLV_MANY, VERDICT_WITHDRAW, "ipv4-interface", local_v4_read },
	{ 260, 4, 4, TLV_MANY, VERDICT_WITHDRAW, "ipv4-neighbor", remote_v4_read },
	{ 261, 16, 16, TLV_MANY, VERDICT_WITHDRAW, "ipv6-interface", local_v6_read },
	{ 262, 16, 16, TLV_MANY, VERDICT_WITHDRAW, "ipv6-neighbor", remote_v6_read },
	{ 263, 2, 2, 0, VERDICT_WITHDRAW, "multi-topology-id", mt_read },
};
const size_t bgpls_link_rows_len = ARRAY_LEN(bgpls_link_rows);

const struct tlv_row bgpls_prefix_rows[] = {
	{ 256, 0, UINT16_MAX, TLV_MUST, VERDICT_WITHDRAW, "local-node", local_node_read },
	{ 263, 2, 2, 0, VERDICT_WITHDRAW, "multi-topology-id", mt_read },
	{ 264, 1, 1, 0, VERDICT_WITHDRAW, "ospf-route-type", route_type_read },
	{ 265, 1, 17, TLV_MUST, VERDICT_WITHDRAW, "ip-reachability", reach_read },
};
const size_t bgpls_prefix_rows_len = ARRAY_LEN(bgpls_prefix_rows);

const struct tlv_row bgpls_sid_rows[] = {
	{ 256, 0, UINT16_MAX, TLV_MUST, VERDICT_WITHDRAW, "local-node", local_node_read },
	{ 263, 2, 2, 0, VERDICT_WITHDRAW, "multi-topology-id", mt_read },
	{ 518, 16, 16, TLV_MUST, VERDICT_WITHDRAW, "srv6-sid", srv6_sid_read },
};
const size_t bgpls_sid_rows_len = ARRAY_LEN(bgpls_sid_rows);

/* A node NLRI has the local descriptor alone. */
static const struct {
	const char *name; /* NULL: not known */
	struct tlv_table table;
} types[] = {
	[BGPLS_NODE] = { "node", { bgpls_sid_rows, 1, TLV_PAD_NONE, VERDICT_WITHDRAW, NULL } },
	[BGPLS_LINK] = { "link", { bgpls_link_rows, ARRAY_LEN(bgpls_link_rows), TLV_PAD_NONE,
				   VERDICT_WITHDRAW, NULL } },
	[BGPLS_PREFIX4] = { "ipv4-prefix", { bgpls_prefix_rows, ARRAY_LEN(bgpls_prefix_rows),
					     TLV_PAD_NONE, VERDICT_WITHDRAW, NULL } },
	[BGPLS_PREFIX6] = { "ipv6-prefix", { bgpls_prefix_rows, ARRAY_LEN(bgpls_prefix_rows),
					     TLV_PAD_NONE, VERDICT_WITHDRAW, NULL } },
	[5] = { NULL, { 0 } },
	[BGPLS_SID] = { "srv6-sid", { bgpls_sid_rows, ARRAY_LEN(bgpls_sid_rows), TLV_PAD_NONE,
				      VERDICT_WITHDRAW, NULL } },
};

const char *bgpls_type_name(uint16_t type)
{
	return type < ARRAY_LEN(types) ? types[type].name : NULL;
}

bool bgpls_next(struct rd *list, struct bgpls_raw *out, bool *framing_lost)
{
	struct rd head = *list;
	size_t len;

	*framing_lost = false;
	if (rd_left(list) == 0)
		return false;
	out->type = rd_u16(&head);
	len = rd_u16(&head);
	out->value = rd_sub(&head, len);
	if (head.bad) {
		*framing_lost = true;
		rd_skip(list, rd_left(list));
		return false;
	}
	out->bytes = rd_sub(list, 4 + len);
	return true;
}

static enum verdict nlri_read(const struct bgpls_raw *raw, const struct bgpls_opts *opts,
			      struct bgpls_nlri *out, struct fault *fault)
{
	struct nlri_ctx ctx = { .nlri = out, .order = opts->order, .fault = fault };
	struct rd r = raw->value;

	*out = (struct bgpls_nlri){ .type = raw->type };
	if (!bgpls_type_name(raw->type))
		return VERDICT_SKIP;
	if (opts->vpn)
		out->rd = rd_u64(&r);
	out->protocol = rd_u8(&r);
	out->identifier = rd_u64(&r);
	if (r.bad)
		return fault_note(fault, VERDICT_WITHDRAW, TLV_WHY_SHORT_HEADER, raw->type);
	if (opts->order != BGPLS_ORDER_ANY && !order_ok(r, opts->order))
		return fault_note(fault, VERDICT_WITHDRAW, TLV_WHY_ORDER, raw->type);
	return tlv_walk(&r, &types[raw->type].table, &ctx, fault);
}

enum verdict bgpls_nlri_read(const struct bgpls_raw *raw, const struct bgpls_opts *opts,
			     struct bgpls_nlri *out, struct fault *fault)
{
	/* Its own: what an earlier NLRI did must not condemn this one. */
	struct fault own = { 0 };
	enum verdict v = nlri_read(raw, opts, out, &own);

	if (own.count > 0)
		fault_note(fault, own.verdict, own.why, own.type);
	return v;
}

static void u32_tlv_write(struct wr *w, uint16_t type, uint32_t v)
{
	size_t mark = wr_tlv_open(w, type);

	wr_u32(w, v);
	wr_tlv_close(w, mark, 1);
}

/* Zero is "absent" but for OSPF, whose backbone area is 0. */
static void node_write(struct wr *w, uint16_t type, uint8_t protocol,
		       const struct bgpls_node_id *n)
{
	bool ospf = protocol == BGPLS_OSPFV2 || protocol == BGPLS_OSPFV3;
	size_t outer = wr_tlv_open(w, type);

	if (n->asn)
		u32_tlv_write(w, 512, n->asn);
	if (n->ls_id)
		u32_tlv_write(w, 513, n->ls_id);
	if (n->area || ospf)
		u32_tlv_write(w, 514, n->area);
	if (n->igp_id_len) {
		size_t mark = wr_tlv_open(w, 515);

		wr_bytes(w, n->igp_id, n->igp_id_len);
		wr_tlv_close(w, mark, 1);
	}
	if (n->bgp_router_id)
		u32_tlv_write(w, 516, n->bgp_router_id);
	if (n->member_as)
		u32_tlv_write(w, 517, n->member_as);
	wr_tlv_close(w, outer, 1);
}

static void addr_write(struct wr *w, uint16_t type, const struct ip_addr *a)
{
	size_t mark;

	if (a->family == IP_NONE)
		return;
	mark = wr_tlv_open(w, type);
	wr_bytes(w, a->b, ip_len(a));
	wr_tlv_close(w, mark, 1);
}

static void mt_write(struct wr *w, const struct bgpls_nlri *n)
{
	size_t mark;

	if (!n->has_mt)
		return;
	mark = wr_tlv_open(w, TLV_MT);
	wr_u16(w, n->mt_id);
	wr_tlv_close(w, mark, 1);
}

static void link_write(struct wr *w, const struct bgpls_nlri *n)
{
	node_write(w, TLV_REMOTE_NODE, n->protocol, &n->remote);
	if (n->has_ids) {
		size_t mark = wr_tlv_open(w, TLV_LINK_IDS);

		wr_u32(w, n->local_link_id);
		wr_u32(w, n->remote_link_id);
		wr_tlv_close(w, mark, 1);
	}
	addr_write(w, TLV_LOCAL_V4, &n->local_v4);
	addr_write(w, TLV_REMOTE_V4, &n->remote_v4);
	addr_write(w, TLV_LOCAL_V6, &n->local_v6);
	addr_write(w, TLV_REMOTE_V6, &n->remote_v6);
	mt_write(w, n);
}

static void prefix_write(struct wr *w, const struct bgpls_nlri *n)
{
	size_t mark;

	mt_write(w, n);
	if (n->ospf_route_type) {
		mark = wr_tlv_open(w, TLV_OSPF_ROUTE_TYPE);
		wr_u8(w, n->ospf_route_type);
		wr_tlv_close(w, mark, 1);
	}
	mark = wr_tlv_open(w, TLV_IP_REACH);
	wr_u8(w, n->prefix.len);
	wr_bytes(w, n->prefix.addr.b, ((size_t)n->prefix.len + 7) / 8);
	wr_tlv_close(w, mark, 1);
}

static void sid_write(struct wr *w, const struct bgpls_nlri *n)
{
	mt_write(w, n);
	addr_write(w, TLV_SRV6_SID, &n->sid);
}

void bgpls_nlri_write(struct wr *w, const struct bgpls_nlri *n, bool vpn)
{
	static void (*const rest[])(struct wr *, const struct bgpls_nlri *) = {
		[BGPLS_LINK] = link_write,
		[BGPLS_PREFIX4] = prefix_write,
		[BGPLS_PREFIX6] = prefix_write,
		[BGPLS_SID] = sid_write,
	};
	size_t mark = wr_tlv_open(w, n->type);

	if (!bgpls_type_name(n->type)) {
		w->bad = true;
		return;
	}
	if (vpn)
		wr_u64(w, n->rd);
	wr_u8(w, n->protocol);
	wr_u64(w, n->identifier);
	node_write(w, TLV_LOCAL_NODE, n->protocol, &n->local);
	if (rest[n->type])
		rest[n->type](w, n);
	wr_tlv_close(w, mark, 1);
}
