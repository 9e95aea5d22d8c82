/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Route messages. The kernel wants the full SRH, last segment first, segments left = n - 1,
 * and reduces it itself when the mode says so.
 *
 * Several lists are next hops of one route. For IPv6 the kernel takes such only with a gateway ("device
 * only routes cannot be added using the multipath API"); nothing ever goes to it, since the encapsulation
 * looks its first segment up anew, and all may have the same one.
 */
#include "tools/agent/kernel/route.h"

#include <libmnl/libmnl.h>
#include <linux/lwtunnel.h>
#include <linux/rtnetlink.h>
#include <linux/seg6.h>
#include <linux/seg6_iptunnel.h>
#include <linux/seg6_local.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
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

/* One of its lists, by number. */
struct view {
	const struct ip_addr *seg;
	uint16_t weight;
	uint8_t n;
};

static unsigned count_of(const struct agent_route *r)
{
	return 1U + (r->more ? r->more->n : 0);
}

static struct view view_of(const struct agent_route *r, unsigned k)
{
	const struct agent_weighted *w = k ? &r->more->at[k - 1] : NULL;

	if (w)
		return (struct view){ w->seg, w->weight, w->n };
	return (struct view){ r->seg, r->more ? r->more->weight : 1, r->n };
}

static bool segs_same(const struct view *a, const struct view *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++) {
		if (!ip_eq(&a->seg[i], &b->seg[i]))
			return false;
	}
	return true;
}

/* The kernel tells them in an order of its own. */
static bool lists_same(const struct agent_route *a, const struct agent_route *b)
{
	unsigned n = count_of(a), taken = 0;

	if (n != count_of(b))
		return false;
	for (unsigned i = 0, k; i < n; i++) {
		struct view x = view_of(a, i);

		for (k = 0; k < n; k++) {
			struct view y = view_of(b, k);

			if (!(taken & 1U << k) && x.weight == y.weight && segs_same(&x, &y))
				break;
		}
		if (k == n)
			return false;
		taken |= 1U << k;
	}
	return true;
}

bool agent_route_same(const struct agent_route *a, const struct agent_route *b)
{
	if (agent_route_key_cmp(a, b) != 0 || a->kind != b->kind || a->dev != b->dev ||
	    !lists_same(a, b))
		return false;
	if (a->kind != AGENT_ROUTE_LOCAL)
		return a->reduced == b->reduced && ip_eq(&a->nh, &b->nh);
	return a->action == b->action && ip_eq(&a->nh, &b->nh) && a->oif == b->oif &&
	       a->lookup == b->lookup && a->next_csid == b->next_csid && a->lblen == b->lblen &&
	       a->nflen == b->nflen && a->counters == b->counters;
}

int agent_route_keep(const struct agent_route *from, struct agent_route *to)
{
	struct agent_more *more = NULL;

	if (from->more) {
		more = malloc(sizeof(*more));
		if (!more)
			return err_raise(-ENOMEM);
		*more = *from->more;
	}
	*to = *from;
	to->more = more;
	return 0;
}

void agent_route_drop(struct agent_route *r)
{
	struct agent_more *own;

	memcpy(&own, &r->more, sizeof(own)); /* const for all but its owner */
	free(own);
	r->more = NULL;
}

static uint16_t weight_sum(uint16_t a, uint16_t b)
{
	return a + b < AGENT_WEIGHT_MAX ? (uint16_t)(a + b) : AGENT_WEIGHT_MAX;
}

bool agent_route_add_list(struct agent_route *r, struct agent_more *more, const struct agent_weighted *list)
{
	struct view is = { list->seg, list->weight, list->n };

	if (r->n == 0) {
		*more = (struct agent_more){ .weight = list->weight };
		r->n = list->n;
		memcpy(r->seg, list->seg, sizeof(r->seg));
		return true;
	}
	for (unsigned k = 0; k <= more->n; k++) { /* the kernel refuses two that are the same */
		struct view v = k ? (struct view){ more->at[k - 1].seg, 0, more->at[k - 1].n }
				  : (struct view){ r->seg, 0, r->n };
		uint16_t *w = k ? &more->at[k - 1].weight : &more->weight;

		if (!segs_same(&v, &is))
			continue;
		*w = weight_sum(*w, list->weight);
		return true;
	}
	if (more->n == SR_LISTS_MAX - 1)
		return false;
	more->at[more->n++] = *list;
	r->more = more;
	return true;
}

/* Writes the SRH of the list; its length. */
static size_t put_srh(void *at, const struct view *v)
{
	struct ipv6_sr_hdr h = {
		.hdrlen = (uint8_t)(v->n * 2),
		.type = 4,
		.segments_left = (uint8_t)(v->n - 1),
		.first_segment = (uint8_t)(v->n - 1),
	};
	uint8_t *p = at;

	memcpy(p, &h, sizeof(h));
	for (unsigned i = 0; i < v->n; i++)
		memcpy(p + sizeof(h) + (size_t)(v->n - 1 - i) * 16, v->seg[i].b, 16);
	return sizeof(h) + (size_t)v->n * 16;
}

static void put_encap(struct nlmsghdr *h, const struct agent_route *r, const struct view *v)
{
	uint8_t buf[sizeof(int32_t) + SRH_MAX] = { 0 };
	int32_t mode = r->reduced ? SEG6_IPTUN_MODE_ENCAP_RED : SEG6_IPTUN_MODE_ENCAP;
	struct nlattr *nest = mnl_attr_nest_start(h, RTA_ENCAP);

	memcpy(buf, &mode, sizeof(mode));
	mnl_attr_put(h, SEG6_IPTUNNEL_SRH, sizeof(mode) + put_srh(buf + sizeof(mode), v), buf);
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

static void put_local(struct nlmsghdr *h, const struct agent_route *r, const struct view *v)
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
	if (v->n > 0)
		mnl_attr_put(h, SEG6_LOCAL_SRH, put_srh(srh, v), srh);
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

/* fe80::1 of the SID device: nobody is there, and nobody is asked for. */
static const uint8_t nowhere[16] = { 0xfe, 0x80, [15] = 1 };

static void put_lists(struct nlmsghdr *h, const struct agent_route *r)
{
	bool v6 = r->dst.addr.family == IP_V6;
	struct nlattr *nest = mnl_attr_nest_start(h, RTA_MULTIPATH);

	for (unsigned k = 0; k < count_of(r); k++) {
		struct rtnexthop *nh = mnl_nlmsg_get_payload_tail(h);
		struct view v = view_of(r, k);
		uint32_t from = h->nlmsg_len;

		*nh = (struct rtnexthop){ .rtnh_flags = v6 ? RTNH_F_ONLINK : 0,
					  .rtnh_hops = (uint8_t)(v.weight - 1),
					  .rtnh_ifindex = (int)r->dev };
		h->nlmsg_len += (uint32_t)sizeof(*nh); /* eight octets: aligned */
		if (v6)
			mnl_attr_put(h, RTA_GATEWAY, sizeof(nowhere), nowhere);
		if (r->kind == AGENT_ROUTE_ENCAP)
			put_encap(h, r, &v);
		else
			put_local(h, r, &v);
		nh->rtnh_len = (unsigned short)(h->nlmsg_len - from);
	}
	mnl_attr_nest_end(h, nest);
}

static void put_one(struct nlmsghdr *h, struct rtmsg *m, const struct agent_route *r)
{
	struct view v = view_of(r, 0);

	mnl_attr_put_u32(h, RTA_OIF, r->dev);
	if (r->kind == AGENT_ROUTE_ENCAP)
		put_encap(h, r, &v);
	else if (r->kind == AGENT_ROUTE_LOCAL)
		put_local(h, r, &v);
	else
		put_next_hop(h, m, r);
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
	if (r->more)
		put_lists(h, r);
	else
		put_one(h, m, r);
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
			r->packets += u64_of(a);
		else if (type == SEG6_LOCAL_CNT_BYTES)
			r->bytes += u64_of(a);
		else if (type == SEG6_LOCAL_CNT_ERRORS)
			r->errors += u64_of(a);
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
	case SEG6_LOCAL_VRFTABLE: /* never both */
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

/* Attributes of a message, or of one of its next hops. */
struct parts {
	struct ip_addr dst; /* its family first */
	const struct nlattr *encap, *lists;
	uint16_t encap_type;
	bool object; /* the next hop is one */
};

static void get_parts(struct agent_attrs it, struct agent_route *r, struct parts *p)
{
	const struct nlattr *a;
	size_t len = ip_len(&p->dst);

	while (agent_attrs_next(&it, &a)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == RTA_DST && mnl_attr_get_payload_len(a) == len)
			memcpy(p->dst.b, mnl_attr_get_payload(a), len);
		else if (type == RTA_TABLE)
			r->table = u32_of(a);
		else if (type == RTA_PRIORITY)
			r->metric = u32_of(a);
		else if (type == RTA_OIF)
			r->dev = u32_of(a);
		else if (type == RTA_GATEWAY && mnl_attr_get_payload_len(a) == len)
			r->nh = p->dst.family == IP_V6 ? ip_v6(mnl_attr_get_payload(a))
						       : ip_v4(mnl_attr_get_payload(a));
		else if (type == RTA_ENCAP)
			p->encap = a;
		else if (type == RTA_ENCAP_TYPE && mnl_attr_validate(a, MNL_TYPE_U16) == 0)
			p->encap_type = mnl_attr_get_u16(a);
		else if (type == RTA_MULTIPATH)
			p->lists = a;
		else if (type == RTA_NH_ID)
			p->object = true;
	}
	if (p->encap) {
		r->nh = (struct ip_addr){ 0 }; /* a SID's neighbour is inside */
		get_lwtunnel(p->encap, p->encap_type, r);
	}
}

static bool next_hop(struct agent_attrs *it, struct rtnexthop *nh, struct agent_attrs *inside)
{
	size_t step;

	if (it->left < sizeof(*nh))
		return false;
	memcpy(nh, it->p, sizeof(*nh));
	if (nh->rtnh_len < sizeof(*nh) || nh->rtnh_len > it->left)
		return false;
	*inside = (struct agent_attrs){ it->p + sizeof(*nh), nh->rtnh_len - sizeof(*nh) };
	step = ((size_t)nh->rtnh_len + 3) & ~(size_t)3;
	if (step > it->left)
		step = it->left;
	it->p += step;
	it->left -= step;
	return true;
}

/* The like in all but the list. */
static bool alike(const struct agent_route *a, const struct agent_route *b)
{
	return a->kind != AGENT_ROUTE_PLAIN && a->kind == b->kind && a->dev == b->dev && a->reduced == b->reduced &&
	       a->action == b->action && a->lookup == b->lookup && a->oif == b->oif &&
	       a->counters == b->counters && ip_eq(&a->nh, &b->nh);
}

/* False: it is none that we could have written. */
static bool get_lists(const struct nlattr *lists, uint8_t family, struct agent_route *r, struct agent_more *more)
{
	struct agent_attrs it = agent_attrs_in(lists), inside;
	struct rtnexthop nh;
	unsigned n = 0;

	*more = (struct agent_more){ 0 };
	for (; next_hop(&it, &nh, &inside); n++) {
		struct parts p = { .dst.family = family };
		struct agent_route one = { .dev = (uint32_t)nh.rtnh_ifindex };
		struct agent_weighted w;

		get_parts(inside, &one, &p);
		if (n == 0) {
			struct agent_route first = one;

			first.table = r->table;
			first.metric = r->metric;
			first.protocol = r->protocol;
			first.n = 0;
			*r = first;
		}
		w = (struct agent_weighted){ .weight = (uint16_t)(nh.rtnh_hops + 1), .n = one.n };
		memcpy(w.seg, one.seg, sizeof(w.seg));
		if (!alike(r, &one) || one.n == 0 || !agent_route_add_list(r, more, &w))
			return false;
		if (n > 0) {
			r->packets += one.packets;
			r->bytes += one.bytes;
			r->errors += one.errors;
		}
	}
	return n > 1;
}

bool agent_route_get(const struct nlmsghdr *h, struct agent_route *r)
{
	return agent_route_get_all(h, r, NULL);
}

bool agent_route_get_all(const struct nlmsghdr *h, struct agent_route *r, struct agent_more *more)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	struct parts p = { 0 };

	*r = (struct agent_route){ 0 };
	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || m->rtm_type != RTN_UNICAST ||
	    (m->rtm_family != AF_INET && m->rtm_family != AF_INET6))
		return false;
	p.dst.family = m->rtm_family == AF_INET6 ? IP_V6 : IP_V4;
	r->protocol = m->rtm_protocol;
	r->table = m->rtm_table;
	get_parts(agent_attrs_of(h, sizeof(*m)), r, &p);
	if (p.lists && more && !get_lists(p.lists, p.dst.family, r, more)) {
		r->kind = AGENT_ROUTE_PLAIN;
		r->more = NULL;
	}
	r->dst = ip_prefix_of(&p.dst, m->rtm_dst_len);
	return true;
}

bool agent_route_hops(const struct nlmsghdr *h, agent_route_hop fn, void *arg)
{
	struct agent_attrs it, inside;
	struct agent_route whole, hop;
	struct parts p = { 0 }, q;
	struct rtnexthop nh;

	if (!agent_route_get(h, &whole))
		return false;
	p.dst.family = whole.dst.addr.family;
	hop = whole;
	get_parts(agent_attrs_of(h, sizeof(struct rtmsg)), &hop, &p);
	if (p.object)
		return false;
	if (!p.lists) {
		fn(arg, &hop, p.encap && hop.kind == AGENT_ROUTE_PLAIN);
		return true;
	}
	it = agent_attrs_in(p.lists);
	while (next_hop(&it, &nh, &inside)) {
		q = (struct parts){ .dst.family = p.dst.family };
		hop = whole;
		hop.dev = (uint32_t)nh.rtnh_ifindex;
		get_parts(inside, &hop, &q);
		fn(arg, &hop, q.encap && hop.kind == AGENT_ROUTE_PLAIN);
	}
	return it.left == 0;
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
	for (unsigned k = 0; r->n && k < count_of(r); k++) {
		struct view v = view_of(r, k);

		(void)snprintf(t, sizeof(t), r->more ? " %u*[" : " [", v.weight);
		for (unsigned i = 0; i < v.n; i++) {
			add_text(buf, cap, i ? " " : t, "");
			add_text(buf, cap, "", ip_text(&v.seg[i], t, sizeof(t)));
		}
		add_text(buf, cap, "]", "");
	}
	return buf;
}
