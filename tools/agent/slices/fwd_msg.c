/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's messages as rows, and rows in order. */
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <linux/seg6_local.h>
#include <stdlib.h>

#include "tools/agent/kernel/attr.h"
#include "tools/agent/slices/fwd_int.h"

bool agent_fwd_form_of(const struct nlmsghdr *h, struct fwd_form *m)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);
	struct ip_addr dst = { .family = IP_V6 };
	struct agent_attrs it;
	const struct nlattr *a;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*r) || r->rtm_family != AF_INET6 || r->rtm_dst_len > 128)
		return false;
	*m = (struct fwd_form){ .table = r->rtm_table };
	it = agent_attrs_of(h, sizeof(*r));
	while (agent_attrs_next(&it, &a)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == RTA_DST && mnl_attr_get_payload_len(a) == 16)
			dst = ip_v6(mnl_attr_get_payload(a));
		else if (type == RTA_TABLE && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
			m->table = mnl_attr_get_u32(a);
		else if (type == RTA_PRIORITY && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
			m->metric = mnl_attr_get_u32(a);
	}
	m->dst = ip_prefix_of(&dst, r->rtm_dst_len);
	return true;
}

/* ---- routes ---- */

struct ways {
	struct agent_fwd_route at[FWD_MEMBERS_MAX];
	unsigned n; /* may be more */
};

static void on_way(void *arg, const struct agent_route *hop, bool odd)
{
	struct ways *w = arg;
	struct agent_fwd_route *x = w->n < FWD_MEMBERS_MAX ? &w->at[w->n] : NULL;

	w->n++;
	if (!x)
		return;
	*x = (struct agent_fwd_route){ .way = AGENT_FWD_UNSURE };
	if (hop->kind == AGENT_ROUTE_ENCAP && hop->n > 0) {
		x->way = AGENT_FWD_SID;
		x->sid = hop->seg[hop->n - 1];
	} else if (hop->kind == AGENT_ROUTE_PLAIN && hop->dev && !odd) {
		x->way = AGENT_FWD_DEV;
		x->dev = hop->dev;
	}
}

static void add(struct fwd_rows *r, const struct fwd_form *m, const struct agent_fwd_route *way)
{
	struct agent_fwd_route x = *way;

	x.dst = m->dst;
	x.metric = m->metric;
	if (r->routes.n == AGENT_FWD_ROUTES_MAX)
		r->full = true;
	else if (!VEC_ADD(&r->routes, x))
		r->memory = true;
}

void agent_fwd_add_route(struct fwd_rows *r, const struct nlmsghdr *h, const struct fwd_form *m)
{
	const struct rtmsg *t = mnl_nlmsg_get_payload(h);
	struct agent_fwd_route one = { .way = AGENT_FWD_UNSURE };
	struct ways w;

	w.n = 0;
	if (t->rtm_src_len > 0) { /* for some packets only */
		add(r, m, &one);
	} else if (t->rtm_type == RTN_BLACKHOLE || t->rtm_type == RTN_UNREACHABLE || t->rtm_type == RTN_PROHIBIT) {
		one.way = AGENT_FWD_DROP;
		add(r, m, &one);
	} else if (t->rtm_type == RTN_THROW) {
		one.way = AGENT_FWD_NEXT;
		add(r, m, &one);
	} else if (!agent_route_hops(h, on_way, &w) || w.n == 0 || w.n > FWD_MEMBERS_MAX) {
		add(r, m, &one);
	} else {
		for (unsigned i = 0; i < w.n; i++)
			add(r, m, &w.at[i]);
	}
}

/* ---- SIDs ---- */

struct locals {
	struct agent_fwd_sid sid; /* the first */
	unsigned n, n_local;
};

static void on_local(void *arg, const struct agent_route *hop, bool odd)
{
	struct locals *l = arg;

	(void)odd;
	l->n++;
	if (hop->kind != AGENT_ROUTE_LOCAL || l->n_local++ > 0)
		return;
	l->sid = (struct agent_fwd_sid){ .table = hop->lookup, .action = hop->action, .next_csid = hop->next_csid,
					 .block = hop->lblen, .node = hop->nflen };
}

bool agent_fwd_is_sid(const struct nlmsghdr *h)
{
	struct locals l = { 0 };

	return agent_route_hops(h, on_local, &l) && l.n_local > 0;
}

static bool is_of(const struct fwd_form *m, const struct ip_prefix *prefix)
{
	return m->dst.addr.family == IP_V6 && ip_prefix_cmp(&m->dst, prefix) == 0;
}

/* What it does is not known. */
static void unsure(struct agent_fwd_sid *s)
{
	s->action = SEG6_LOCAL_ACTION_UNSPEC;
	s->table = 0;
	s->next_csid = false;
	s->block = s->node = 0;
}

void agent_fwd_add_sid(struct fwd_rows *r, const struct nlmsghdr *h, const struct fwd_form *m)
{
	struct agent_fwd_sid *last = r->sids.n ? &r->sids.at[r->sids.n - 1] : NULL;
	struct locals l = { 0 };

	if (!agent_route_hops(h, on_local, &l) || l.n_local == 0) {
		r->plain = *m;
		if (last && is_of(m, &last->prefix) && last->metric == m->metric)
			unsure(last);
		return;
	}
	l.sid.prefix = m->dst;
	l.sid.metric = m->metric;
	if (l.n > 1 || is_of(&r->plain, &m->dst))
		unsure(&l.sid);
	if (r->sids.n == AGENT_FWD_SIDS_MAX)
		r->full = true;
	else if (!VEC_ADD(&r->sids, l.sid))
		r->memory = true;
}

/* ---- in order ---- */

static int by_route(const void *a, const void *b)
{
	const struct agent_fwd_route *x = a, *y = b;
	int c = ip_prefix_cmp(&x->dst, &y->dst);

	if (c)
		return c;
	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	if (x->way != y->way)
		return x->way < y->way ? -1 : 1;
	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return ip_cmp(&x->sid, &y->sid);
}

static int by_sid(const void *a, const void *b)
{
	const struct agent_fwd_sid *x = a, *y = b;
	int c = ip_prefix_cmp(&x->prefix, &y->prefix);

	return c ? c : (x->metric > y->metric) - (x->metric < y->metric);
}

/* Of each prefix those with the least metric: the kernel takes any of them. */
static void trim_routes(struct fwd_rows *r)
{
	struct agent_fwd_route *at = r->routes.at;
	size_t n = 0;

	if (r->routes.n > 1)
		qsort(at, r->routes.n, sizeof(*at), by_route);
	for (size_t i = 0; i < r->routes.n; i++) {
		bool first = n == 0 || ip_prefix_cmp(&at[n - 1].dst, &at[i].dst) != 0;

		if (!first && (at[i].metric != at[n - 1].metric || by_route(&at[i], &at[n - 1]) == 0))
			continue;
		at[i].member = first ? 0 : (uint16_t)(at[n - 1].member + 1);
		at[n++] = at[i];
	}
	r->routes.n = n;
}

void agent_fwd_trim(struct fwd_rows *r)
{
	struct agent_fwd_sid *at = r->sids.at;
	size_t n = 0;

	trim_routes(r);
	if (r->sids.n > 1)
		qsort(at, r->sids.n, sizeof(*at), by_sid);
	for (size_t i = 0; i < r->sids.n; i++) {
		if (n == 0 || ip_prefix_cmp(&at[n - 1].prefix, &at[i].prefix) != 0)
			at[n++] = at[i];
		else if (at[n - 1].metric == at[i].metric)
			unsure(&at[n - 1]); /* either of them answers */
	}
	r->sids.n = n;
}

int agent_fwd_route_cmp(const struct agent_fwd_route *a, const struct agent_fwd_route *b)
{
	int c = ip_prefix_cmp(&a->dst, &b->dst);

	return c ? c : (a->member > b->member) - (a->member < b->member);
}

/* Fields, not memory: some octets of a row are nobody's. Another metric alone is the same way. */
bool agent_fwd_route_same(const struct agent_fwd_route *a, const struct agent_fwd_route *b)
{
	return a->way == b->way && a->dev == b->dev && ip_cmp(&a->sid, &b->sid) == 0;
}

bool agent_fwd_sid_same(const struct agent_fwd_sid *a, const struct agent_fwd_sid *b)
{
	return a->table == b->table && a->action == b->action && a->next_csid == b->next_csid &&
	       a->block == b->block && a->node == b->node;
}

void agent_fwd_rows_reset(struct fwd_rows *r)
{
	r->routes.n = r->sids.n = 0;
	r->plain = (struct fwd_form){ 0 };
	r->full = r->memory = false;
}

void agent_fwd_rows_fini(struct fwd_rows *r)
{
	VEC_FINI(&r->routes);
	VEC_FINI(&r->sids);
}
