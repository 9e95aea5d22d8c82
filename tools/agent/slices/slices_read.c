/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reading of the kernel: interfaces and their addresses, disciplines, routes and rules first; then classes and
 * filters of the interfaces whose discipline is ours; then the packet rules. Notifications of
 * what others do to objects like ours ask for one.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/err.h"
#include "log/log.h"
#include "tools/agent/kernel/attr.h"
#include "tools/agent/slices/slices_int.h"

#define MEDDLE_NS (20 * NS_PER_MS)

enum {
	SEEN_MAX = 1 << 20, /* objects; more than any device of ours has */
	ADDRS_MAX = 1 << 16,
};

static void get_counts(const struct nlattr *a, struct agent_iface *i)
{
	struct rtnl_link_stats64 st = { 0 };
	size_t len = mnl_attr_get_payload_len(a);

	memcpy(&st, mnl_attr_get_payload(a), len < sizeof(st) ? len : sizeof(st));
	i->in_octets = st.rx_bytes;
	i->in_packets = st.rx_packets;
	i->in_discards = st.rx_dropped;
	i->in_errors = st.rx_errors;
	i->out_octets = st.tx_bytes;
	i->out_packets = st.tx_packets;
	i->out_discards = st.tx_dropped;
	i->out_errors = st.tx_errors;
}

static void on_link(struct agent_slices *s, const struct nlmsghdr *h)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	struct agent_attrs it;
	const struct nlattr *a;
	struct agent_iface i = { 0 };

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return;
	i.index = (uint32_t)m->ifi_index;
	i.on = (m->ifi_flags & IFF_UP) != 0;
	it = agent_attrs_of(h, sizeof(*m));
	while (agent_attrs_next(&it, &a)) {
		if (mnl_attr_get_type(a) == IFLA_IFNAME &&
		    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) == 0)
			(void)str_copy(i.name, sizeof(i.name), mnl_attr_get_str(a));
		else if (mnl_attr_get_type(a) == IFLA_OPERSTATE && mnl_attr_get_payload_len(a) > 0)
			i.oper = mnl_attr_get_u8(a);
		else if (mnl_attr_get_type(a) == IFLA_MTU && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
			i.mtu = mnl_attr_get_u32(a);
		else if (mnl_attr_get_type(a) == IFLA_STATS64)
			get_counts(a, &i);
	}
	if (i.name[0] && !VEC_ADD(&s->ifaces, i))
		s->bad_read = true;
}

static void on_addr(struct agent_slices *s, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct agent_attrs it;
	const struct nlattr *a;
	struct agent_if_addr i = { 0 };

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || m->ifa_family != AF_INET6)
		return;
	i.index = m->ifa_index;
	it = agent_attrs_of(h, sizeof(*m));
	while (agent_attrs_next(&it, &a)) {
		/* the local end; IFA_ADDRESS is the other one where the two differ */
		if ((mnl_attr_get_type(a) == IFA_LOCAL ||
		     (mnl_attr_get_type(a) == IFA_ADDRESS && i.addr.family == IP_NONE)) &&
		    mnl_attr_get_payload_len(a) == 16)
			i.addr = ip_v6(mnl_attr_get_payload(a));
	}
	if (i.addr.family != IP_NONE &&
	    (s->addrs.n >= ADDRS_MAX || !VEC_ADD(&s->addrs, i)))
		s->bad_read = true;
}

static void on_reply(void *arg, uint64_t tag, const struct nlmsghdr *h)
{
	struct agent_slices *s = arg;
	struct agent_rule rule;
	struct agent_obj o;

	(void)tag;
	if (h->nlmsg_type == RTM_NEWLINK)
		on_link(s, h);
	else if (h->nlmsg_type == RTM_NEWADDR)
		on_addr(s, h);
	else if (agent_obj_others_rule(h, &rule))
		s->bad_read = (s->others.n < SLICES_OTHERS_MAX && !VEC_ADD(&s->others, rule)) || s->bad_read;
	else if (agent_obj_get(h, &o) && (s->seen.n >= SEEN_MAX || !VEC_ADD(&s->seen, o)))
		s->bad_read = true;
}

static void read_below(struct agent_slices *s);

/* Others look at it while it is read: they see what was read before. */
static void take_ground(struct agent_slices *s)
{
	struct agent_ifaces ifaces = s->ground.ifaces;
	struct agent_if_addrs addrs = s->ground.addrs;

	s->ground.ifaces = s->ifaces;
	s->ground.addrs = s->addrs;
	s->ifaces = ifaces;
	s->addrs = addrs;
}

enum { FIRST, BELOW };

static void on_done(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_slices *s = arg;
	/* an interface may go meanwhile; what else went with it is told by the next reading */
	bool gone = tag == BELOW && (err == ENODEV || err == EINVAL || err == ENOENT);

	if (err == ECANCELED)
		return;
	if (err == EINTR || err == ENOBUFS) {
		s->again = s->bad_read = true; /* changed while it was read */
	} else if (err != 0 && !gone) {
		s->bad_read = true;
		log_event("", LOG_WARN, "agent.slices.unread", "error=\"%s\" text=\"%s\"",
			  err_text(err), text);
	}
	if (--s->waiting > 0)
		return;
	if (tag == FIRST && !s->bad_read) {
		take_ground(s);
		read_below(s);
	} else {
		agent_slices_read_end(s);
	}
}

void agent_slices_read_one(struct agent_slices *s, int err, const char *text)
{
	on_done(s, FIRST, err, text);
}

static void dump(struct agent_slices *s, struct nlmsghdr *h, uint16_t type, uint64_t tag)
{
	struct agent_nl_ask ask = {
		.reply = on_reply, .done = on_done, .arg = s, .tag = tag, .dump = true
	};

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (agent_nl_send(s->ask, h, h->nlmsg_len, &ask) < 0)
		on_done(s, tag, ENOMEM, "");
}

static void dump_tc(struct agent_slices *s, uint16_t type, uint32_t dev, uint64_t tag)
{
	uint64_t buf[16];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct tcmsg *t = mnl_nlmsg_put_extra_header(h, sizeof(*t));

	t->tcm_ifindex = (int)dev;
	t->tcm_parent = type == RTM_GETTFILTER ? AGENT_TC_ROOT : 0;
	dump(s, h, type, tag);
}

static void read_below(struct agent_slices *s)
{
	size_t n = s->seen.n;

	s->waiting = 1; /* of this function */
	for (size_t i = 0; i < n; i++) {
		uint32_t dev = s->seen.at[i].dev;

		if (s->seen.at[i].kind != AGENT_OBJ_QDISC)
			continue;
		s->waiting += 2;
		dump_tc(s, RTM_GETTCLASS, dev, BELOW);
		dump_tc(s, RTM_GETTFILTER, dev, BELOW);
	}
	on_done(s, BELOW, 0, "");
}

void agent_slices_read(struct agent_slices *s)
{
	uint64_t buf[16];
	struct nlmsghdr *h;
	struct rtmsg *route;
	struct fib_rule_hdr *rule;
	struct ifaddrmsg *addr;

	s->seen.n = s->others.n = 0;
	s->ifaces.n = s->addrs.n = 0;
	s->bad_read = false;
	s->waiting = 5;
	agent_slices_foreign_read(s);
	h = mnl_nlmsg_put_header(buf);
	(void)mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	dump(s, h, RTM_GETLINK, FIRST);
	dump_tc(s, RTM_GETQDISC, 0, FIRST);
	h = mnl_nlmsg_put_header(buf);
	route = mnl_nlmsg_put_extra_header(h, sizeof(*route));
	route->rtm_family = AF_INET6;
	route->rtm_protocol = AGENT_PROTO_SLICES;
	dump(s, h, RTM_GETROUTE, FIRST);
	h = mnl_nlmsg_put_header(buf);
	rule = mnl_nlmsg_put_extra_header(h, sizeof(*rule));
	rule->family = AF_INET6;
	dump(s, h, RTM_GETRULE, FIRST);
	h = mnl_nlmsg_put_header(buf);
	addr = mnl_nlmsg_put_extra_header(h, sizeof(*addr));
	addr->ifa_family = AF_INET6;
	dump(s, h, RTM_GETADDR, FIRST);
}

/* ---- notifications ---- */

void agent_slices_reread(struct agent_slices *s)
{
	if (s->running)
		s->again = true;
	else if (!loop_timer_armed(&s->soon))
		loop_timer_after(&s->soon, MEDDLE_NS);
}

/* What others do to what may be ours. Interfaces: objects come and go with them. */
static void on_event(void *arg, const struct nlmsghdr *h)
{
	struct agent_slices *s = arg;
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_pid == agent_nl_port(s->ask))
		return;
	if ((h->nlmsg_type == RTM_NEWROUTE || h->nlmsg_type == RTM_DELROUTE) &&
	    (mnl_nlmsg_get_payload_len(h) < sizeof(*m) ||
	     (m->rtm_protocol != AGENT_PROTO_SLICES && !agent_slices_foreign_event(s, h))))
		return;
	agent_slices_reread(s);
}

static void on_nft_event(void *arg, const struct nlmsghdr *h)
{
	if (h->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN))
		agent_slices_reread(arg);
}

static void on_lost(void *arg)
{
	agent_slices_foreign_lost(arg);
	agent_slices_reread(arg);
}

int agent_slices_watch(struct agent_slices *s)
{
	static const struct agent_nl_ops events = { .event = on_event, .lost = on_lost };
	static const struct agent_nl_ops nft = { .event = on_nft_event, .lost = on_lost };
	static const unsigned groups[] = { RTNLGRP_LINK, RTNLGRP_TC, RTNLGRP_IPV6_ROUTE,
					   RTNLGRP_IPV6_RULE,  RTNLGRP_IPV6_IFADDR };
	int r = agent_nl_new(&s->ask, s->loop, NETLINK_ROUTE, NULL, s);

	if (r == 0)
		r = agent_nl_new(&s->events, s->loop, NETLINK_ROUTE, &events, s);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(groups); i++)
		r = agent_nl_join(s->events, groups[i]);
	if (r == 0)
		r = agent_nl_new(&s->nft_events, s->loop, NETLINK_NETFILTER, &nft, s);
	if (r == 0)
		r = agent_nl_join(s->nft_events, NFNLGRP_NFTABLES);
	return err_trace(r);
}
