/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of all kinds: order, equality, messages, and the plan. A rule is all key: the kernel
 * cannot change one, only add and remove it.
 */
#include "tools/agent/slices/obj.h"

#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "tools/agent/kernel/attr.h"
#include "tools/agent/slices/tc.h"

/* ---- order ---- */

static int num_cmp(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int rule_cmp(const struct agent_rule *a, const struct agent_rule *b)
{
	int d;

	if ((d = num_cmp(a->pref, b->pref)) != 0 || (d = num_cmp(a->table, b->table)) != 0 ||
	    (d = num_cmp(a->mark, b->mark)) != 0 || (d = num_cmp(a->mask, b->mask)) != 0 ||
	    (d = num_cmp(a->unreachable, b->unreachable)) != 0 ||
	    (d = strcmp(a->iif, b->iif)) != 0)
		return d;
	return ip_prefix_cmp(&a->dst, &b->dst);
}

static int filter_cmp(const struct agent_tc_filter *a, const struct agent_tc_filter *b)
{
	int d;

	if ((d = num_cmp(a->pref, b->pref)) != 0 || (d = num_cmp(a->protocol, b->protocol)) != 0 ||
	    (d = strcmp(a->form, b->form)) != 0)
		return d;
	return ip_prefix_cmp(&a->dst, &b->dst);
}

int agent_obj_cmp(const struct agent_obj *a, const struct agent_obj *b)
{
	int d = num_cmp(a->kind, b->kind);

	if (d == 0)
		d = num_cmp(a->dev, b->dev);
	if (d != 0)
		return d;
	switch ((enum agent_obj_kind)a->kind) {
	case AGENT_OBJ_QDISC:
		return 0;
	case AGENT_OBJ_CLASS:
		return num_cmp(a->cls.id, b->cls.id);
	case AGENT_OBJ_LEAF:
		return num_cmp(a->leaf.parent, b->leaf.parent);
	case AGENT_OBJ_FILTER:
		return filter_cmp(&a->filter, &b->filter);
	case AGENT_OBJ_ROUTE:
		return agent_route_key_cmp(&a->route, &b->route);
	case AGENT_OBJ_RULE:
		return rule_cmp(&a->rule, &b->rule);
	}
	return 0;
}

bool agent_obj_same(const struct agent_obj *a, const struct agent_obj *b)
{
	if (a->kind == AGENT_OBJ_RULE)
		return true;
	return a->kind == AGENT_OBJ_ROUTE ? agent_route_same(&a->route, &b->route)
					  : agent_tc_same(a, b);
}

/* ---- rules ---- */

static const uint16_t rule_flags[] = {
	[AGENT_ROUTE_ADD] = NLM_F_CREATE | NLM_F_EXCL,
	[AGENT_ROUTE_REPLACE] = NLM_F_CREATE,
	[AGENT_ROUTE_DEL] = 0,
};

static struct nlmsghdr *put_rule(void *buf, const struct agent_rule *r, enum agent_route_op op)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct fib_rule_hdr *m;

	h->nlmsg_type = op == AGENT_ROUTE_DEL ? RTM_DELRULE : RTM_NEWRULE;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | rule_flags[op]);
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->family = AF_INET6;
	m->action = r->unreachable ? FR_ACT_UNREACHABLE : FR_ACT_TO_TBL;
	m->table = r->table < 256 ? (uint8_t)r->table : RT_TABLE_UNSPEC;
	m->dst_len = r->dst.len;
	mnl_attr_put_u32(h, FRA_PRIORITY, r->pref);
	mnl_attr_put_u8(h, FRA_PROTOCOL, AGENT_PROTO_SLICES);
	if (r->table)
		mnl_attr_put_u32(h, FRA_TABLE, r->table);
	if (r->mask) {
		mnl_attr_put_u32(h, FRA_FWMARK, r->mark);
		mnl_attr_put_u32(h, FRA_FWMASK, r->mask);
	}
	if (r->iif[0])
		mnl_attr_put_strz(h, FRA_IIFNAME, r->iif);
	if (r->dst.addr.family != IP_NONE)
		mnl_attr_put(h, FRA_DST, ip_len(&r->dst.addr), r->dst.addr.b);
	return h;
}

static uint32_t u32_of(const struct nlattr *a)
{
	return mnl_attr_validate(a, MNL_TYPE_U32) < 0 ? 0 : mnl_attr_get_u32(a);
}

static bool get_rule(const struct nlmsghdr *h, struct agent_rule *r, bool *ours)
{
	const struct fib_rule_hdr *m = mnl_nlmsg_get_payload(h);
	struct agent_attrs it;
	const struct nlattr *a;

	*ours = false;
	*r = (struct agent_rule){ 0 };
	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || m->family != AF_INET6)
		return false;
	r->unreachable = m->action == FR_ACT_UNREACHABLE;
	it = agent_attrs_of(h, sizeof(*m));
	while (agent_attrs_next(&it, &a)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == FRA_PROTOCOL && mnl_attr_get_payload_len(a) > 0)
			*ours = mnl_attr_get_u8(a) == AGENT_PROTO_SLICES;
		else if (type == FRA_PRIORITY)
			r->pref = u32_of(a);
		else if (type == FRA_TABLE)
			r->table = u32_of(a);
		else if (type == FRA_FWMARK)
			r->mark = u32_of(a);
		else if (type == FRA_FWMASK)
			r->mask = u32_of(a);
		else if (type == FRA_IIFNAME && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) == 0)
			(void)str_copy(r->iif, sizeof(r->iif), mnl_attr_get_str(a));
		else if (type == FRA_DST && mnl_attr_get_payload_len(a) == 16) {
			struct ip_addr dst = ip_v6(mnl_attr_get_payload(a));

			r->dst = ip_prefix_of(&dst, m->dst_len);
		}
	}
	if (!r->mask)
		r->mark = 0;
	return true;
}

bool agent_obj_others_rule(const struct nlmsghdr *h, struct agent_rule *r)
{
	bool ours;

	return h->nlmsg_type == RTM_NEWRULE && get_rule(h, r, &ours) && !ours;
}

/* ---- messages ---- */

struct nlmsghdr *agent_obj_put(void *buf, const struct agent_obj *o, enum agent_route_op op)
{
	if (o->kind == AGENT_OBJ_ROUTE)
		return agent_route_put(buf, &o->route, op);
	if (o->kind == AGENT_OBJ_RULE)
		return put_rule(buf, &o->rule, op);
	return agent_tc_put(buf, o, op);
}

bool agent_obj_get(const struct nlmsghdr *h, struct agent_obj *o)
{
	bool ours;

	*o = (struct agent_obj){ 0 };
	if (h->nlmsg_type == RTM_NEWROUTE) {
		o->kind = AGENT_OBJ_ROUTE;
		return agent_route_get(h, &o->route) && o->route.protocol == AGENT_PROTO_SLICES;
	}
	if (h->nlmsg_type == RTM_NEWRULE) {
		o->kind = AGENT_OBJ_RULE;
		return get_rule(h, &o->rule, &ours) && ours;
	}
	return agent_tc_get(h, o);
}

/* ---- the plan ---- */

static int by_place(const void *a, const void *b)
{
	return agent_obj_cmp(a, b);
}

static const struct agent_obj *find(const struct agent_objs *v, const struct agent_obj *key)
{
	return v->n ? bsearch(key, v->at, v->n, sizeof(*v->at), by_place) : NULL;
}

static bool add(struct agent_ops *out, const struct agent_obj *o, enum agent_route_op op)
{
	struct agent_op e = { o, op };

	return VEC_ADD(out, e) != NULL;
}

/* What goes by itself when the discipline or class above it is removed. A leaf is never removed
 * on its own: its class would be left with the kernel's default queue. */
static bool goes_along(const struct agent_obj *o, const struct agent_objs *want)
{
	struct agent_obj above = { .kind = AGENT_OBJ_QDISC, .dev = o->dev };

	if (o->kind == AGENT_OBJ_LEAF)
		return true;
	return (o->kind == AGENT_OBJ_CLASS || o->kind == AGENT_OBJ_FILTER) && !find(want, &above);
}

/* Without a handle the whole list of a preference goes; emptied filter by filter, u32 would leave
 * its head. */
static void whole_list(struct agent_obj *o, const struct agent_objs *want)
{
	struct agent_obj least = { .kind = AGENT_OBJ_FILTER, .dev = o->dev };
	size_t from = 0, to = want->n;

	least.filter.pref = o->filter.pref;
	while (from < to) { /* the first wanted one that is not before it */
		size_t mid = from + (to - from) / 2;

		if (agent_obj_cmp(&want->at[mid], &least) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == want->n || want->at[from].kind != AGENT_OBJ_FILTER ||
	    want->at[from].dev != o->dev || want->at[from].filter.pref != o->filter.pref)
		o->filter.handle = 0;
}

bool agent_obj_plan(struct agent_objs *want, struct agent_objs *seen, struct agent_ops *out,
		    size_t *n_made)
{
	bool ok = true;

	if (want->n)
		qsort(want->at, want->n, sizeof(*want->at), by_place);
	if (seen->n)
		qsort(seen->at, seen->n, sizeof(*seen->at), by_place);
	for (size_t i = 0; i < want->n; i++) {
		const struct agent_obj *w = &want->at[i], *s = find(seen, w);

		if (!s)
			ok = add(out, w, w->kind == AGENT_OBJ_LEAF ? AGENT_ROUTE_REPLACE
								   : AGENT_ROUTE_ADD) &&
			     ok;
		else if (!agent_obj_same(w, s) && w->kind == AGENT_OBJ_FILTER)
			ok = add(out, s, AGENT_ROUTE_DEL) && add(out, w, AGENT_ROUTE_ADD) && ok;
		else if (!agent_obj_same(w, s))
			ok = add(out, w, AGENT_ROUTE_REPLACE) && ok;
	}
	*n_made = out->n;
	for (size_t i = seen->n; i-- > 0;) {
		struct agent_obj *s = &seen->at[i];

		if (find(want, s) || goes_along(s, want))
			continue;
		if (s->kind == AGENT_OBJ_FILTER)
			whole_list(s, want);
		ok = add(out, s, AGENT_ROUTE_DEL) && ok;
	}
	return ok;
}
