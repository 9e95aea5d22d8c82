/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTB, bfifo and u32. Rates go as 64 bits beside the old 32; the link layer is named, so that the
 * kernel does not ask for the rate tables of old tools. Times are in ticks of 64 ns.
 */
#include "tools/agent/slices/tc.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/gen_stats.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/mono.h"
#include "base/str.h"
#include "tools/agent/kernel/attr.h"

enum {
	HTB_VERSION = 3,
	TICK_NS = 64,
	BURST_MS = 1,
	BURST_OCTETS = 3200, /* two packets and their frames */
	QUANTUM_MIN = 1600,
	QUANTUM_MAX = 60000,
	DST_OFFSET = 24, /* of the destination in an IPv6 header */
	WORDS = 4,
	SELECTOR_BYTES = sizeof(struct tc_u32_sel) + WORDS * sizeof(struct tc_u32_key),
};

static uint32_t ticks_of(uint64_t rate)
{
	uint64_t octets = rate * BURST_MS / 1000 + BURST_OCTETS;
	uint64_t ticks = octets * (NS_PER_S / TICK_NS) / rate;

	return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

void agent_tc_tune(struct agent_tc_class *c)
{
	uint64_t share = c->rate / 1000;

	c->buffer = ticks_of(c->rate);
	c->cbuffer = ticks_of(c->ceil);
	c->quantum = share < QUANTUM_MIN   ? QUANTUM_MIN
		     : share > QUANTUM_MAX ? QUANTUM_MAX
					   : (uint32_t)share;
}

/* ---- writing ---- */

static uint32_t rate32(uint64_t rate)
{
	return rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
}

static void put_class(struct nlmsghdr *h, const struct agent_tc_class *c)
{
	struct tc_htb_opt o = {
		.rate = { .rate = rate32(c->rate), .linklayer = TC_LINKLAYER_ETHERNET },
		.ceil = { .rate = rate32(c->ceil), .linklayer = TC_LINKLAYER_ETHERNET },
		.buffer = c->buffer,
		.cbuffer = c->cbuffer,
		.quantum = c->quantum,
		.prio = c->prio,
	};
	struct nlattr *nest = mnl_attr_nest_start(h, TCA_OPTIONS);

	if (c->rate > UINT32_MAX)
		mnl_attr_put_u64(h, TCA_HTB_RATE64, c->rate);
	if (c->ceil > UINT32_MAX)
		mnl_attr_put_u64(h, TCA_HTB_CEIL64, c->ceil);
	mnl_attr_put(h, TCA_HTB_PARMS, sizeof(o), &o);
	mnl_attr_nest_end(h, nest);
}

static void put_root(struct nlmsghdr *h)
{
	struct tc_htb_glob g = { .version = HTB_VERSION, .rate2quantum = 10,
				 .defcls = AGENT_TC_BEST };
	struct nlattr *nest = mnl_attr_nest_start(h, TCA_OPTIONS);

	mnl_attr_put(h, TCA_HTB_INIT, sizeof(g), &g);
	mnl_attr_nest_end(h, nest);
}

static void put_filter(struct nlmsghdr *h, const struct agent_tc_filter *f)
{
	struct tc_u32_sel sel = { .flags = TC_U32_TERMINAL };
	uint8_t raw[SELECTOR_BYTES];
	struct ip_addr ones = { .family = IP_V6 };
	struct nlattr *nest = mnl_attr_nest_start(h, TCA_OPTIONS);
	unsigned n = f->dst.len == 0 ? 1 : (f->dst.len + 31u) / 32;

	memset(ones.b, 0xff, sizeof(ones.b));
	ones = ip_prefix_of(&ones, f->dst.len).addr;
	for (unsigned i = 0; i < n; i++) {
		struct tc_u32_key key = { .off = DST_OFFSET + (int)i * 4 };

		memcpy(&key.mask, ones.b + (size_t)i * 4, 4);
		memcpy(&key.val, f->dst.addr.b + (size_t)i * 4, 4);
		memcpy(raw + sizeof(sel) + i * sizeof(key), &key, sizeof(key));
	}
	sel.nkeys = (uint8_t)n;
	memcpy(raw, &sel, sizeof(sel));
	mnl_attr_put_u32(h, TCA_U32_CLASSID, f->classid);
	mnl_attr_put(h, TCA_U32_SEL, sizeof(sel) + n * sizeof(struct tc_u32_key), raw);
	mnl_attr_nest_end(h, nest);
}

static const uint16_t types[][2] = { /* made, removed */
	[AGENT_OBJ_QDISC] = { RTM_NEWQDISC, RTM_DELQDISC },
	[AGENT_OBJ_CLASS] = { RTM_NEWTCLASS, RTM_DELTCLASS },
	[AGENT_OBJ_LEAF] = { RTM_NEWQDISC, RTM_DELQDISC },
	[AGENT_OBJ_FILTER] = { RTM_NEWTFILTER, RTM_DELTFILTER },
};

static const uint16_t op_flags[] = {
	[AGENT_ROUTE_ADD] = NLM_F_CREATE | NLM_F_EXCL,
	[AGENT_ROUTE_REPLACE] = NLM_F_CREATE | NLM_F_REPLACE,
	[AGENT_ROUTE_DEL] = 0,
};

static void place(struct tcmsg *t, const struct agent_obj *o)
{
	t->tcm_ifindex = (int)o->dev;
	switch ((enum agent_obj_kind)o->kind) {
	case AGENT_OBJ_QDISC:
		t->tcm_parent = TC_H_ROOT;
		t->tcm_handle = AGENT_TC_ROOT;
		break;
	case AGENT_OBJ_CLASS:
		t->tcm_parent = o->cls.parent;
		t->tcm_handle = o->cls.id;
		break;
	case AGENT_OBJ_LEAF:
		t->tcm_parent = o->leaf.parent;
		t->tcm_handle = o->leaf.handle;
		break;
	case AGENT_OBJ_FILTER:
		t->tcm_parent = AGENT_TC_ROOT;
		t->tcm_handle = o->filter.handle;
		t->tcm_info = (uint32_t)o->filter.pref << 16 | htons(o->filter.protocol);
		break;
	case AGENT_OBJ_ROUTE:
	case AGENT_OBJ_RULE:
		break;
	}
}

static void put_options(struct nlmsghdr *h, const struct agent_obj *o)
{
	struct tc_fifo_qopt fifo = { .limit = o->leaf.limit };

	if (o->kind == AGENT_OBJ_QDISC)
		put_root(h);
	else if (o->kind == AGENT_OBJ_CLASS)
		put_class(h, &o->cls);
	else if (o->kind == AGENT_OBJ_LEAF)
		mnl_attr_put(h, TCA_OPTIONS, sizeof(fifo), &fifo);
	else
		put_filter(h, &o->filter);
}

static const char *form_of(const struct agent_obj *o)
{
	return o->kind == AGENT_OBJ_LEAF     ? "bfifo"
	       : o->kind == AGENT_OBJ_FILTER ? o->filter.form
					     : "htb";
}

struct nlmsghdr *agent_tc_put(void *buf, const struct agent_obj *o, enum agent_route_op op)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct tcmsg *t;

	h->nlmsg_type = types[o->kind][op == AGENT_ROUTE_DEL];
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | op_flags[op]);
	t = mnl_nlmsg_put_extra_header(h, sizeof(*t));
	t->tcm_family = AF_UNSPEC;
	place(t, o);
	mnl_attr_put_strz(h, TCA_KIND, form_of(o));
	/* HTB cannot be changed where it is; without options only a table of sizes goes */
	if (op != AGENT_ROUTE_DEL && !(op == AGENT_ROUTE_REPLACE && o->kind == AGENT_OBJ_QDISC))
		put_options(h, o);
	return h;
}

/* ---- reading ---- */

struct parts {
	const struct nlattr *kind, *options, *stats;
	bool sizes;
};

static struct parts parts_of(const struct nlmsghdr *h)
{
	struct agent_attrs it = agent_attrs_of(h, sizeof(struct tcmsg));
	struct parts p = { 0 };
	const struct nlattr *a;

	while (agent_attrs_next(&it, &a)) {
		if (mnl_attr_get_type(a) == TCA_KIND &&
		    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) == 0)
			p.kind = a;
		else if (mnl_attr_get_type(a) == TCA_OPTIONS)
			p.options = a;
		else if (mnl_attr_get_type(a) == TCA_STATS2)
			p.stats = a;
		else if (mnl_attr_get_type(a) == TCA_STAB)
			p.sizes = true;
	}
	return p;
}

static bool form_is(const struct parts *p, const char *form)
{
	return p->kind && strcmp(mnl_attr_get_str(p->kind), form) == 0;
}

static bool copy(const struct nlattr *a, void *out, size_t len)
{
	size_t have = mnl_attr_get_payload_len(a);

	memset(out, 0, len);
	memcpy(out, mnl_attr_get_payload(a), have < len ? have : len);
	return have >= len;
}

static void get_stats(const struct nlattr *nest, struct agent_tc_stats *s)
{
	struct agent_attrs it = agent_attrs_in(nest);
	const struct nlattr *a;
	struct gnet_stats_basic b;
	struct gnet_stats_queue q;
	uint64_t packets = 0;

	while (agent_attrs_next(&it, &a)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == TCA_STATS_BASIC) {
			(void)copy(a, &b, sizeof(b));
			s->bytes = b.bytes;
			s->packets = b.packets;
		} else if (type == TCA_STATS_PKT64) {
			(void)copy(a, &packets, sizeof(packets));
		} else if (type == TCA_STATS_QUEUE) {
			(void)copy(a, &q, sizeof(q));
			s->drops = q.drops;
			s->backlog = q.backlog;
		}
	}
	if (packets)
		s->packets = packets;
}

static struct agent_tc_count count_of(const struct tc_ratespec *r)
{
	return (struct agent_tc_count){ .overhead = r->overhead, .least = r->mpu,
					.cells = (r->linklayer & TC_LINKLAYER_MASK) != TC_LINKLAYER_ETHERNET };
}

static bool get_class(const struct parts *p, const struct tcmsg *t, struct agent_obj *o)
{
	struct agent_attrs it;
	const struct nlattr *a;
	struct tc_htb_opt opt = { 0 };
	uint64_t rate = 0, ceil = 0;

	if (t->tcm_handle >> 16 != AGENT_TC_ROOT >> 16 || !p->options || !form_is(p, "htb"))
		return false;
	it = agent_attrs_in(p->options);
	while (agent_attrs_next(&it, &a)) {
		if (mnl_attr_get_type(a) == TCA_HTB_PARMS)
			(void)copy(a, &opt, sizeof(opt));
		else if (mnl_attr_get_type(a) == TCA_HTB_RATE64)
			(void)copy(a, &rate, sizeof(rate));
		else if (mnl_attr_get_type(a) == TCA_HTB_CEIL64)
			(void)copy(a, &ceil, sizeof(ceil));
	}
	o->kind = AGENT_OBJ_CLASS;
	o->cls = (struct agent_tc_class){ .id = t->tcm_handle,
					  .parent = t->tcm_parent == TC_H_ROOT ? AGENT_TC_ROOT
									       : t->tcm_parent,
					  .rate = rate ? rate : opt.rate.rate,
					  .ceil = ceil ? ceil : opt.ceil.rate,
					  .buffer = opt.buffer,
					  .cbuffer = opt.cbuffer,
					  .quantum = opt.quantum,
					  .prio = opt.prio,
					  .own = count_of(&opt.rate),
					  .lent = count_of(&opt.ceil) };
	if (p->stats)
		get_stats(p->stats, &o->cls.stats);
	return true;
}

static bool get_qdisc(const struct parts *p, const struct tcmsg *t, struct agent_obj *o)
{
	struct tc_fifo_qopt fifo = { 0 };

	if (t->tcm_parent == TC_H_ROOT && t->tcm_handle == AGENT_TC_ROOT && form_is(p, "htb")) {
		o->kind = AGENT_OBJ_QDISC;
		o->sizes = p->sizes;
		return true;
	}
	if (t->tcm_parent >> 16 != AGENT_TC_ROOT >> 16)
		return false;
	if (p->options && form_is(p, "bfifo"))
		(void)copy(p->options, &fifo, sizeof(fifo));
	o->kind = AGENT_OBJ_LEAF;
	o->leaf = (struct agent_tc_leaf){ .parent = t->tcm_parent,
					  .handle = t->tcm_handle,
					  .limit = fifo.limit,
					  .sizes = p->sizes };
	return true;
}

/* The prefix a selector stands for; none when it is not of our form. */
static struct ip_prefix dst_of(const struct nlattr *sel)
{
	struct tc_u32_sel head;
	uint8_t raw[SELECTOR_BYTES];
	struct ip_prefix none = { 0 }, p;
	uint8_t mask[16] = { 0 }, val[16] = { 0 };
	struct ip_addr ones = { .family = IP_V6 };
	unsigned len = 0;

	(void)copy(sel, raw, sizeof(raw));
	memcpy(&head, raw, sizeof(head));
	if (head.nkeys == 0 || head.nkeys > WORDS ||
	    mnl_attr_get_payload_len(sel) < sizeof(head) + head.nkeys * sizeof(struct tc_u32_key))
		return none;
	for (unsigned i = 0; i < head.nkeys; i++) {
		struct tc_u32_key key;

		memcpy(&key, raw + sizeof(head) + i * sizeof(key), sizeof(key));
		if (key.off != DST_OFFSET + (int)i * 4 || key.offmask != 0)
			return none;
		memcpy(mask + (size_t)i * 4, &key.mask, 4);
		memcpy(val + (size_t)i * 4, &key.val, 4);
	}
	while (len < 128 && mask[len / 8] & 0x80 >> len % 8)
		len++;
	memset(ones.b, 0xff, sizeof(ones.b));
	p = ip_prefix_of(&ones, (uint8_t)len);
	if (memcmp(p.addr.b, mask, sizeof(mask)) != 0)
		return none;
	ones = ip_v6(val);
	return ip_prefix_of(&ones, (uint8_t)len);
}

static bool get_filter(const struct parts *p, const struct tcmsg *t, struct agent_obj *o)
{
	struct agent_tc_filter *f = &o->filter;
	struct agent_attrs it = { 0 };
	const struct nlattr *a, *sel = NULL;

	if (t->tcm_parent != AGENT_TC_ROOT || t->tcm_handle == 0 || !p->options || !p->kind)
		return false; /* the head of a list of filters, if anything */
	o->kind = AGENT_OBJ_FILTER;
	*f = (struct agent_tc_filter){ .pref = (uint16_t)(t->tcm_info >> 16),
				       .protocol = ntohs((uint16_t)t->tcm_info),
				       .handle = t->tcm_handle };
	(void)str_copy(f->form, sizeof(f->form), mnl_attr_get_str(p->kind));
	if (!form_is(p, "u32"))
		return true;
	it = agent_attrs_in(p->options);
	while (agent_attrs_next(&it, &a)) {
		if (mnl_attr_get_type(a) == TCA_U32_DIVISOR)
			return false; /* a table of filters */
		if (mnl_attr_get_type(a) == TCA_U32_SEL)
			sel = a;
		else if (mnl_attr_get_type(a) == TCA_U32_CLASSID)
			(void)copy(a, &f->classid, sizeof(f->classid));
	}
	if (sel && f->protocol == ETH_P_IPV6)
		f->dst = dst_of(sel);
	return sel != NULL;
}

bool agent_tc_get(const struct nlmsghdr *h, struct agent_obj *o)
{
	const struct tcmsg *t = mnl_nlmsg_get_payload(h);
	struct parts p;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*t))
		return false;
	p = parts_of(h);
	o->dev = (uint32_t)t->tcm_ifindex;
	if (h->nlmsg_type == RTM_NEWQDISC)
		return get_qdisc(&p, t, o);
	if (h->nlmsg_type == RTM_NEWTCLASS)
		return get_class(&p, t, o);
	return h->nlmsg_type == RTM_NEWTFILTER && get_filter(&p, t, o);
}

static bool count_same(const struct agent_tc_count *x, const struct agent_tc_count *y)
{
	return x->overhead == y->overhead && x->least == y->least && x->cells == y->cells;
}

/* The kernel keeps the first share and priority of a class that has others below it, and uses
 * neither. */
static bool class_same(const struct agent_tc_class *x, const struct agent_tc_class *y)
{
	bool inner = x->id == (AGENT_TC_ROOT | AGENT_TC_LINK);

	return x->parent == y->parent && x->rate == y->rate && x->ceil == y->ceil &&
	       x->buffer == y->buffer && x->cbuffer == y->cbuffer && count_same(&x->own, &y->own) &&
	       count_same(&x->lent, &y->lent) &&
	       (inner || (x->quantum == y->quantum && x->prio == y->prio));
}

bool agent_tc_same(const struct agent_obj *a, const struct agent_obj *b)
{
	if (a->kind == AGENT_OBJ_CLASS)
		return class_same(&a->cls, &b->cls);
	if (a->kind == AGENT_OBJ_LEAF)
		return a->leaf.handle == b->leaf.handle && a->leaf.limit == b->leaf.limit &&
		       a->leaf.sizes == b->leaf.sizes;
	if (a->kind == AGENT_OBJ_QDISC)
		return a->sizes == b->sizes;
	return a->filter.classid == b->filter.classid;
}
