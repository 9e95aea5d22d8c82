/* SPDX-License-Identifier: Apache-2.0 */
/* Segments: adjacency SIDs, End.X SIDs, prefix SIDs, locators, what an SRv6 SID does. */
#include "southbound/bgp/codec/bgpls_internal.h"

static struct bgpls_attr *attr_of(void *out)
{
	return ((struct bgpls_ctx *)out)->attr;
}

static void adj_sid_read(struct bgpls_ctx *c, struct rd *v, bool lan)
{
	struct bgpls_attr *a = c->attr;
	struct bgpls_adj_sid s = { .flags = rd_u8(v) }, *kept;

	s.weight = rd_u8(v);
	rd_skip(v, 2);
	if (lan) {
		/* 3 or 4 octets of SID after 6 of IS-IS or 4 of OSPF: the lengths do not meet. */
		s.neighbor_len = rd_left(v) >= 9 ? 6 : 4;
		rd_copy(v, s.neighbor, s.neighbor_len);
	}
	s.value = bgpls_sid_label(v, &s.is_label);
	if (!rd_done(v)) {
		v->bad = true;
		return;
	}
	kept = BGPLS_ADD(c, a->adj, a->n_adj, &c->cap_adj);
	if (kept)
		*kept = s;
	v->bad |= !kept;
}

void bgpls_read_adj_sid(struct rd *v, void *out)
{
	adj_sid_read(out, v, false);
}

void bgpls_read_lan_adj_sid(struct rd *v, void *out)
{
	adj_sid_read(out, v, true);
}

static void endx_structure_read(struct rd *v, void *out)
{
	struct bgpls_srv6_sid *s = out;

	s->has_structure = bgpls_structure_read(v, &s->structure);
	v->bad |= !s->has_structure;
}

static void endx_read(struct bgpls_ctx *c, struct rd *v, uint8_t neighbor_len)
{
	static const struct tlv_row rows[] = {
		{ 1252, 4, 4, 0, VERDICT_SKIP, "srv6-sid-structure", endx_structure_read },
	};
	static const struct tlv_table table = { rows, ARRAY_LEN(rows), TLV_PAD_NONE,
						VERDICT_WITHDRAW, NULL };
	struct bgpls_attr *a = c->attr;
	struct bgpls_srv6_sid s = { .behavior = rd_u16(v) }, *kept;
	struct fault own = { 0 };
	const uint8_t *sid;

	s.flags = rd_u8(v);
	s.algo = rd_u8(v);
	s.weight = rd_u8(v);
	rd_skip(v, 1);
	s.neighbor_len = neighbor_len;
	rd_copy(v, s.neighbor, neighbor_len);
	sid = rd_take(v, 16);
	if (!sid)
		return;
	s.sid = ip_v6(sid);
	if (tlv_walk(v, &table, &s, &own) >= VERDICT_WITHDRAW) {
		v->bad = true;
		return;
	}
	if (own.count > 0)
		fault_note(c->fault, own.verdict, own.why, own.type);
	kept = BGPLS_ADD(c, a->endx, a->n_endx, &c->cap_endx);
	if (kept)
		*kept = s;
	v->bad |= !kept;
}

void bgpls_read_endx(struct rd *v, void *out)
{
	endx_read(out, v, 0);
}

void bgpls_read_lan_endx_isis(struct rd *v, void *out)
{
	endx_read(out, v, 6);
}

void bgpls_read_lan_endx_ospf(struct rd *v, void *out)
{
	endx_read(out, v, 4);
}

void bgpls_read_prefix_metric(struct rd *v, void *out)
{
	struct bgpls_attr *a = attr_of(out);

	a->prefix_metric = rd_u32(v);
	a->have |= BGPLS_HAVE_PREFIX_METRIC;
}

void bgpls_read_prefix_sid(struct rd *v, void *out)
{
	struct bgpls_ctx *c = out;
	struct bgpls_prefix_sid s = { .flags = rd_u8(v) }, *kept;

	s.algo = rd_u8(v);
	rd_skip(v, 2);
	s.value = bgpls_sid_label(v, &s.is_label);
	kept = BGPLS_ADD(c, c->attr->sids, c->attr->n_sids, &c->cap_sids);
	if (kept)
		*kept = s;
	v->bad |= !kept;
}

void bgpls_read_locator(struct rd *v, void *out)
{
	struct bgpls_attr *a = attr_of(out);

	a->locator_flags = rd_u8(v);
	a->locator_algo = rd_u8(v);
	rd_skip(v, 2);
	a->locator_metric = rd_u32(v);
	rd_skip(v, rd_left(v)); /* sub-TLVs: none defined */
	a->have |= BGPLS_HAVE_LOCATOR;
}

void bgpls_read_behavior(struct rd *v, void *out)
{
	struct bgpls_attr *a = attr_of(out);

	a->behavior = rd_u16(v);
	a->behavior_flags = rd_u8(v);
	a->behavior_algo = rd_u8(v);
	a->have |= BGPLS_HAVE_BEHAVIOR;
}

void bgpls_read_structure(struct rd *v, void *out)
{
	struct bgpls_attr *a = attr_of(out);
	struct bgpls_structure s;

	if (!bgpls_structure_read(v, &s)) {
		v->bad = true;
		return;
	}
	a->structure = s;
	a->have |= BGPLS_HAVE_STRUCTURE;
}
