/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Route messages. The kernel wants the full SRH, last segment first, segments left = n - 1,
 * and reduces it itself when the mode says so.
 */
#include "tools/agent/kernel/route.h"

#include <libmnl/libmnl.h>
#include <linux/lwtunnel.h>
#include <linux/rtnetlink.h>
#include <linux/seg6.h>
#include <linux/seg6_iptunnel.h>
#include <linux/seg6_local.h>
#include <stdio.h>
#include <string.h>

#include "tools/agent/kernel/attr.h"

enum { SRH_MAX = sizeof(struct ipv6_sr_hdr) + AGENT_SEGS_MAX * 16 };

int agent_route_key_cmp(const struct agent_route *a, const struct agent_route *b)
{
	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return ip_prefix_cmp(&a->dst, &b->dst);
}

static bool segs_same(const struct agent_route *a, const struct agent_route *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++) {
		if (!ip_eq(&a->seg[i], &b->seg[i]))
			return false;
	}
	return true;
}

bool agent_route_same(const struct agent_route *a, const struct agent_route *b)
{
	if (agent_route_key_cmp(a, b) != 0 || a->kind != b->kind || a->dev != b->dev ||
	    !segs_same(a, b))
		return false;
	if (a->kind != AGENT_ROUTE_LOCAL)
		return a->reduced == b->reduced && ip_eq(&a->nh, &b->nh);
	return a->action == b->action && ip_eq(&a->nh, &b->nh) && a->oif == b->oif &&
	       a->lookup == b->lookup && a->next_csid == b->next_csid && a->lblen == b->lblen &&
	       a->nflen == b->nflen && a->counters == b->counters;
}

/* Writes the SRH of the list; its length. */
static size_t put_srh(void *at, const struct agent_route *r)
{
	struct ipv6_sr_hdr h = {
		.hdrlen = (uint8_t)(r->n * 2),
		.type = 4,
		.segments_left = (uint8_t)(r->n - 1),
		.first_segment = (uint8_t)(r->n - 1),
	};
	uint8_t *p = at;

	memcpy(p, &h, sizeof(h));
	for (unsigned i = 0; i < r->n; i++)
		memcpy(p + sizeof(h) + (size_t)(r->n - 1 - i) * 16, r->seg[i].b, 16);
	return sizeof(h) + (size_t)r->n * 16;
}

static void put_encap(struct nlmsghdr *h, const struct agent_route *r)
{
	uint8_t buf[sizeof(int32_t) + SRH_MAX] = { 0 };
	int32_t mode = r->reduced ? SEG6_IPTUN_MODE_ENCAP_RED : SEG6_IPTUN_MODE_ENCAP;
	struct nlattr *nest = mnl_attr_nest_start(h, RTA_ENCAP);

	memcpy(buf, &mode, sizeof(mode));
	mnl_attr_put(h, SEG6_IPTUNNEL_SRH, sizeof(mode) + put_srh(buf + sizeof(mode), r), buf);
	mnl_attr_nest_end(h, nest);
	mnl_attr_put_u16(h, RTA_ENCAP_TYPE, LWTUNNEL_ENCAP_SEG6);
}

static void put_flavors(struct nlmsghdr *h, const struct agent_route *r)
{
	struct nlattr *nest = mnl_attr_nest_start(h, SEG6_LOCAL_FLAVORS);

	mnl_attr_put_u32(h, SEG6_LOCAL_FLV_OPERATION, UINT32_C(1) << SEG6_LOCAL_FLV_OP_NEXT_CSID);
	mnl_attr_put_u8(h, SEG6_LOCAL_FLV_LCBLOCK_BITS, r->lblen);
	mnl_attr_put_u8(h, SEG6_LOCAL_FLV_LCNODE_FN_BITS, r->nflen);
	mnl_attr_nest_end(h, nest);
}

static void put_counters(struct nlmsghdr *h)
{
	struct nlattr *nest = mnl_attr_nest_start(h, SEG6_LOCAL_COUNTERS);

	mnl_attr_put_u64(h, SEG6_LOCAL_CNT_PACKETS, 0);
	mnl_attr_put_u64(h, SEG6_LOCAL_CNT_BYTES, 0);
	mnl_attr_put_u64(h, SEG6_LOCAL_CNT_ERRORS, 0);
	mnl_attr_nest_end(h, nest);
}

static void put_local(struct nlmsghdr *h, const struct agent_route *r)
{
	struct nlattr *nest = mnl_attr_nest_start(h, RTA_ENCAP);
	uint8_t srh[SRH_MAX];

	mnl_attr_put_u32(h, SEG6_LOCAL_ACTION, r->action);
	if (r->nh.family == IP_V6)
		mnl_attr_put(h, SEG6_LOCAL_NH6, 16, r->nh.b);
	if (r->nh.family == IP_V4)
		mnl_attr_put(h, SEG6_LOCAL_NH4, 4, r->nh.b);
	if (r->oif)
		mnl_attr_put_u32(h, SEG6_LOCAL_OIF, r->oif);
	if (r->lookup)
		mnl_attr_put_u32(h, SEG6_LOCAL_TABLE, r->lookup);
	if (r->n > 0)
		mnl_attr_put(h, SEG6_LOCAL_SRH, put_srh(srh, r), srh);
	if (r->next_csid)
		put_flavors(h, r);
	if (r->counters)
		put_counters(h);
	mnl_attr_nest_end(h, nest);
	mnl_attr_put_u16(h, RTA_ENCAP_TYPE, LWTUNNEL_ENCAP_SEG6_LOCAL);
}

/* On the link whatever main says: a customer's addresses are in no table but its own. */
static void put_next_hop(struct nlmsghdr *h, struct rtmsg *m, const struct agent_route *r)
{
	if (r->nh.family == IP_NONE)
		return;
	m->rtm_flags = RTNH_F_ONLINK;
	mnl_attr_put(h, RTA_GATEWAY, ip_len(&r->nh), r->nh.b);
}

static const uint16_t op_flags[] = {
	[AGENT_ROUTE_ADD] = NLM_F_CREATE | NLM_F_EXCL,
	[AGENT_ROUTE_REPLACE] = NLM_F_CREATE | NLM_F_REPLACE,
	[AGENT_ROUTE_DEL] = 0,
};

struct nlmsghdr *agent_route_put(void *buf, const struct agent_route *r, enum agent_route_op op)
{
	bool v6 = r->dst.addr.family == IP_V6;
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *m;

	h->nlmsg_type = op == AGENT_ROUTE_DEL ? RTM_DELROUTE : RTM_NEWROUTE;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | op_flags[op]);
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = v6 ? AF_INET6 : AF_INET;
	m->rtm_dst_len = r->dst.len;
	m->rtm_protocol = r->protocol ? r->protocol : AGENT_PROTO;
	m->rtm_table = r->table < 256 ? (uint8_t)r->table : RT_TABLE_UNSPEC;
	m->rtm_scope = v6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	m->rtm_type = RTN_UNICAST;
	mnl_attr_put(h, RTA_DST, ip_len(&r->dst.addr), r->dst.addr.b);
	mnl_attr_put_u32(h, RTA_TABLE, r->table);
	mnl_attr_put_u32(h, RTA_PRIORITY, r->metric);
	if (op == AGENT_ROUTE_DEL)
		return h; /* the key and our protocol are enough */
	mnl_attr_put_u32(h, RTA_OIF, r->dev);
	if (r->kind == AGENT_ROUTE_ENCAP)
		put_encap(h, r);
	else if (r->kind == AGENT_ROUTE_LOCAL)
		put_local(h, r);
	else
		put_next_hop(h, m, r);
	return h;
}

static uint32_t u32_of(const struct nlattr *a)
{
	return mnl_attr_validate(a, MNL_TYPE_U32) < 0 ? 0 : mnl_attr_get_u32(a);
}

static uint64_t u64_of(const struct nlattr *a)
{
	return mnl_attr_validate(a, MNL_TYPE_U64) < 0 ? 0 : mnl_attr_get_u64(a);
}

static bool get_srh(const uint8_t *p, size_t len, struct agent_route *r)
{
	struct ipv6_sr_hdr h;
	unsigned n;

	if (len < sizeof(h))
		return false;
	memcpy(&h, p, sizeof(h));
	n = (unsigned)h.first_segment + 1;
	if (n > AGENT_SEGS_MAX || len < sizeof(h) + (size_t)n * 16)
		return false;
	r->n = (uint8_t)n;
	for (unsigned i = 0; i < n; i++)
		r->seg[i] = ip_v6(p + sizeof(h) + (size_t)(n - 1 - i) * 16);
	return true;
}

static bool get_encap(const struct nlattr *nest, struct agent_route *r)
{
	struct agent_attrs it = agent_attrs_in(nest);
	const struct nlattr *a;

	while (agent_attrs_next(&it, &a)) {
		const uint8_t *p = mnl_attr_get_payload(a);
		size_t len = mnl_attr_get_payload_len(a);
		int32_t mode;

		if (mnl_attr_get_type(a) != SEG6_IPTUNNEL_SRH || len < sizeof(mode))
			continue;
		memcpy(&mode, p, sizeof(mode));
		if (mode != SEG6_IPTUN_MODE_ENCAP && mode != SEG6_IPTUN_MODE_ENCAP_RED)
			return false;
		r->reduced = mode == SEG6_IPTUN_MODE_ENCAP_RED;
		return get_srh(p + sizeof(mode), len - sizeof(mode), r);
	}
	return false;
}

static void get_flavors(const struct nlattr *nest, struct agent_route *r)
{
	struct agent_attrs it = agent_attrs_in(nest);
	const struct nlattr *a;

	r->lblen = 32; /* what the kernel takes when it is not told */
	r->nflen = 16;
	while (agent_attrs_next(&it, &a)) {
		uint16_t type = mnl_attr_get_type(a);
		uint8_t v = mnl_attr_get_payload_len(a) ? mnl_attr_get_u8(a) : 0;

		if (type == SEG6_LOCAL_FLV_OPERATION)
			r->next_csid = u32_of(a) & UINT32_C(1) << SEG6_LOCAL_FLV_OP_NEXT_CSID;
		else if (type == SEG6_LOCAL_FLV_LCBLOCK_BITS)
			r->lblen = v;
		else if (type == SEG6_LOCAL_FLV_LCNODE_FN_BITS)
			r->nflen = v;
	}
	if (!r->next_csid)
		r->lblen = r->nflen = 0;
}

static void get_counters(const struct nlattr *nest, struct agent_route *r)
{
	struct agent_attrs it = agent_attrs_in(nest);
	const struct nlattr *a;

	r->counters = true;
	while (agent_attrs_next(&it, &a)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == SEG6_LOCAL_CNT_PACKETS)
			r->packets = u64_of(a);
		else if (type == SEG6_LOCAL_CNT_BYTES)
			r->bytes = u64_of(a);
		else if (type == SEG6_LOCAL_CNT_ERRORS)
			r->errors = u64_of(a);
	}
}

static void get_local_attr(const struct nlattr *a, struct agent_route *r)
{
	const uint8_t *p = mnl_attr_get_payload(a);
	size_t len = mnl_attr_get_payload_len(a);

	switch (mnl_attr_get_type(a)) {
	case SEG6_LOCAL_ACTION:
		r->action = (uint8_t)u32_of(a);
		break;
	case SEG6_LOCAL_SRH:
		(void)get_srh(p, len, r);
		break;
	case SEG6_LOCAL_TABLE:
		r->lookup = u32_of(a);
		break;
	case SEG6_LOCAL_NH4:
		r->nh = len == 4 ? ip_v4(p) : (struct ip_addr){ 0 };
		break;
	case SEG6_LOCAL_NH6:
		r->nh = len == 16 ? ip_v6(p) : (struct ip_addr){ 0 };
		break;
	case SEG6_LOCAL_OIF:
		r->oif = u32_of(a);
		break;
	case SEG6_LOCAL_FLAVORS:
		get_flavors(a, r);
		break;
	case SEG6_LOCAL_COUNTERS:
		get_counters(a, r);
		break;
	default: /* attributes of behaviours we never install */
		break;
	}
}

static void get_lwtunnel(const struct nlattr *nest, uint16_t type, struct agent_route *r)
{
	struct agent_attrs it = agent_attrs_in(nest);
	const struct nlattr *a;

	if (type == LWTUNNEL_ENCAP_SEG6) {
		r->kind = get_encap(nest, r) ? AGENT_ROUTE_ENCAP : AGENT_ROUTE_PLAIN;
		return;
	}
	if (type != LWTUNNEL_ENCAP_SEG6_LOCAL)
		return;
	r->kind = AGENT_ROUTE_LOCAL;
	while (agent_attrs_next(&it, &a))
		get_local_attr(a, r);
}

bool agent_route_get(const struct nlmsghdr *h, struct agent_route *r)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *a, *encap = NULL;
	struct agent_attrs it;
	struct ip_addr dst = { 0 };
	uint16_t encap_type = 0;

	*r = (struct agent_route){ 0 };
	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || m->rtm_type != RTN_UNICAST ||
	    (m->rtm_family != AF_INET && m->rtm_family != AF_INET6))
		return false;
	dst.family = m->rtm_family == AF_INET6 ? IP_V6 : IP_V4;
	r->protocol = m->rtm_protocol;
	r->table = m->rtm_table;
	it = agent_attrs_of(h, sizeof(*m));
	while (agent_attrs_next(&it, &a)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == RTA_DST && mnl_attr_get_payload_len(a) == ip_len(&dst))
			memcpy(dst.b, mnl_attr_get_payload(a), ip_len(&dst));
		else if (type == RTA_TABLE)
			r->table = u32_of(a);
		else if (type == RTA_PRIORITY)
			r->metric = u32_of(a);
		else if (type == RTA_OIF)
			r->dev = u32_of(a);
		else if (type == RTA_GATEWAY && mnl_attr_get_payload_len(a) == ip_len(&dst))
			r->nh = dst.family == IP_V6 ? ip_v6(mnl_attr_get_payload(a))
						    : ip_v4(mnl_attr_get_payload(a));
		else if (type == RTA_ENCAP)
			encap = a;
		else if (type == RTA_ENCAP_TYPE && mnl_attr_validate(a, MNL_TYPE_U16) == 0)
			encap_type = mnl_attr_get_u16(a);
	}
	r->dst = ip_prefix_of(&dst, m->rtm_dst_len);
	if (encap) {
		r->nh = (struct ip_addr){ 0 }; /* a SID's neighbour is inside */
		get_lwtunnel(encap, encap_type, r);
	}
	return true;
}

static const char *const actions[] = {
	[SEG6_LOCAL_ACTION_END] = "End",
	[SEG6_LOCAL_ACTION_END_X] = "End.X",
	[SEG6_LOCAL_ACTION_END_T] = "End.T",
	[SEG6_LOCAL_ACTION_END_DX2] = "End.DX2",
	[SEG6_LOCAL_ACTION_END_DX6] = "End.DX6",
	[SEG6_LOCAL_ACTION_END_DX4] = "End.DX4",
	[SEG6_LOCAL_ACTION_END_DT6] = "End.DT6",
	[SEG6_LOCAL_ACTION_END_DT4] = "End.DT4",
	[SEG6_LOCAL_ACTION_END_B6] = "End.B6",
	[SEG6_LOCAL_ACTION_END_B6_ENCAP] = "End.B6.Encaps",
	[SEG6_LOCAL_ACTION_END_DT46] = "End.DT46",
};

const char *agent_action_name(uint8_t action, bool next_csid)
{
	if (next_csid && action == SEG6_LOCAL_ACTION_END)
		return "uN";
	if (next_csid && action == SEG6_LOCAL_ACTION_END_X)
		return "uA";
	if (action >= sizeof(actions) / sizeof(actions[0]) || !actions[action])
		return "other";
	return actions[action];
}

static void add_text(char *buf, size_t cap, const char *what, const char *value)
{
	size_t len = strlen(buf);

	(void)snprintf(buf + len, cap - len, "%s%s", what, value);
}

const char *agent_route_text(const struct agent_route *r, char *buf, size_t cap)
{
	char t[IP_TEXT_MAX];

	(void)snprintf(buf, cap, "%s",
		       r->kind == AGENT_ROUTE_PLAIN   ? "plain"
		       : r->kind == AGENT_ROUTE_LOCAL ? agent_action_name(r->action, r->next_csid)
		       : r->reduced		      ? "encap.red"
						      : "encap");
	if (r->kind == AGENT_ROUTE_LOCAL && r->lookup) {
		(void)snprintf(t, sizeof(t), "%u", r->lookup);
		add_text(buf, cap, " table ", t);
	}
	if (r->kind == AGENT_ROUTE_LOCAL && r->nh.family != IP_NONE)
		add_text(buf, cap, " nh ", ip_text(&r->nh, t, sizeof(t)));
	for (unsigned i = 0; i < r->n; i++)
		add_text(buf, cap, i ? " " : " [", ip_text(&r->seg[i], t, sizeof(t)));
	if (r->n)
		add_text(buf, cap, "]", "");
	return buf;
}
