/* SPDX-License-Identifier: Apache-2.0 */
#include "lab.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/agent/kernel/attr.h"

static int ask(void *msg, mnl_cb_t cb, void *arg)
{
	struct mnl_socket *s = mnl_socket_open(NETLINK_ROUTE);
	struct nlmsghdr *h = msg;
	char buf[32768];
	int r;

	h->nlmsg_seq = 7;
	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID), 0);
	ck_assert_int_gt((int)mnl_socket_sendto(s, h, h->nlmsg_len), 0);
	do {
		ssize_t n = mnl_socket_recvfrom(s, buf, sizeof(buf));

		ck_assert_int_gt((int)n, 0);
		r = mnl_cb_run(buf, (size_t)n, 7, mnl_socket_get_portid(s), cb, arg);
	} while (r > 0);
	r = r < 0 ? errno : 0;
	mnl_socket_close(s);
	return r;
}

static struct nlmsghdr *link_msg(void *buf, uint16_t type, uint16_t flags, const char *name)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	((struct ifinfomsg *)mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg)))->ifi_family =
		AF_UNSPEC;
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return h;
}

void lab_up(const char *name, bool up)
{
	uint64_t buf[64];
	struct nlmsghdr *h = link_msg(buf, RTM_NEWLINK, 0, name);
	struct ifinfomsg *m = mnl_nlmsg_get_payload(h);

	m->ifi_flags = up ? IFF_UP : 0;
	m->ifi_change = IFF_UP;
	ck_assert_int_eq(ask(h, NULL, NULL), 0);
}

void lab_del_link(const char *name)
{
	uint64_t buf[64];

	ck_assert_int_eq(ask(link_msg(buf, RTM_DELLINK, 0, name), NULL, NULL), 0);
}

static bool enter(void)
{
	return unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

bool lab_possible(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(enter() ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

void lab_enter(void)
{
	ck_assert(enter());
	lab_up("lo", true);
}

int lab_ns(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

void lab_switch(int ns)
{
	ck_assert_int_eq(setns(ns, CLONE_NEWNET), 0);
}

unsigned lab_link(const char *name, const char *kind)
{
	uint64_t buf[64];
	struct nlmsghdr *h = link_msg(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);
	struct nlattr *info = mnl_attr_nest_start(h, IFLA_LINKINFO);

	mnl_attr_put_strz(h, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(h, info);
	ck_assert_int_eq(ask(h, NULL, NULL), 0);
	lab_up(name, true);
	return if_nametoindex(name);
}

void lab_cable(const char *a, const char *b, int other)
{
	uint64_t buf[64];
	struct nlmsghdr *h = link_msg(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, a);
	struct nlattr *info = mnl_attr_nest_start(h, IFLA_LINKINFO), *data, *peer;
	int here = lab_ns();

	mnl_attr_put_strz(h, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(h, VETH_INFO_PEER);
	(void)mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, b);
	mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)other);
	mnl_attr_nest_end(h, peer);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	ck_assert_int_eq(ask(h, NULL, NULL), 0);
	lab_up(a, true);
	lab_switch(other);
	lab_up(b, true);
	lab_switch(here);
	close(here);
}

void lab_addr(const char *name, const char *addr, unsigned len)
{
	uint64_t buf[64];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *m;
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(addr, &a), 0);
	h->nlmsg_type = RTM_NEWADDR;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifa_family = a.family == IP_V6 ? AF_INET6 : AF_INET;
	m->ifa_prefixlen = (uint8_t)len;
	m->ifa_index = if_nametoindex(name);
	if (a.family == IP_V6)
		m->ifa_flags = IFA_F_NODAD;
	mnl_attr_put(h, IFA_LOCAL, ip_len(&a), a.b);
	mnl_attr_put(h, IFA_ADDRESS, ip_len(&a), a.b);
	ck_assert_int_eq(ask(h, NULL, NULL), 0);
}

void lab_sysctl(const char *path, const char *value)
{
	char file[256];
	FILE *f;

	(void)snprintf(file, sizeof(file), "/proc/sys/net/%s", path);
	f = fopen(file, "w");
	ck_assert_msg(f != NULL, "%s", file);
	ck_assert_int_ge(fputs(value, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

int lab_route(const struct agent_route *r, uint8_t protocol, bool del)
{
	uint64_t buf[AGENT_ROUTE_BYTES / 8];
	struct nlmsghdr *h = agent_route_put(buf, r, del ? AGENT_ROUTE_DEL : AGENT_ROUTE_REPLACE);

	((struct rtmsg *)mnl_nlmsg_get_payload(h))->rtm_protocol = protocol;
	return ask(h, NULL, NULL);
}

void lab_via(const char *prefix, const char *gateway, const char *dev)
{
	uint64_t buf[64];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *m;
	struct ip_prefix p;
	struct ip_addr gw;

	ck_assert(ip_prefix_parse(prefix, &p) == 0 && ip_parse(gateway, &gw) == 0);
	h->nlmsg_type = RTM_NEWROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = p.addr.family == IP_V6 ? AF_INET6 : AF_INET;
	m->rtm_dst_len = p.len;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_type = RTN_UNICAST;
	mnl_attr_put(h, RTA_DST, ip_len(&p.addr), p.addr.b);
	mnl_attr_put(h, RTA_GATEWAY, ip_len(&gw), gw.b);
	mnl_attr_put_u32(h, RTA_OIF, if_nametoindex(dev));
	ck_assert_int_eq(ask(h, NULL, NULL), 0);
}

struct wanted {
	uint32_t table;
	uint8_t protocol;
	struct agent_route *out;
	unsigned n, max;
};

static int on_route(const struct nlmsghdr *h, void *arg)
{
	struct wanted *w = arg;
	struct agent_route r;

	if (agent_route_get(h, &r) && r.table == w->table && r.protocol == w->protocol &&
	    w->n < w->max)
		w->out[w->n++] = r;
	return MNL_CB_OK;
}

struct listed {
	uint32_t table;
	uint8_t protocol;
	const struct ip_prefix *dst;
	unsigned n;
};

static int on_lists(const struct nlmsghdr *h, void *arg)
{
	struct listed *w = arg;
	struct agent_route r;
	struct agent_more more;

	if (agent_route_get_all(h, &r, &more) && r.table == w->table && r.protocol == w->protocol &&
	    ip_prefix_cmp(&r.dst, w->dst) == 0 && r.kind != AGENT_ROUTE_PLAIN)
		w->n += 1U + (r.more ? r.more->n : 0);
	return MNL_CB_OK;
}

static void dump(uint8_t family, int (*on)(const struct nlmsghdr *h, void *arg), void *arg)
{
	uint64_t buf[64];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	((struct rtmsg *)mnl_nlmsg_put_extra_header(h, sizeof(struct rtmsg)))->rtm_family = family;
	ck_assert_int_eq(ask(h, on, arg), 0);
}

unsigned lab_lists(uint32_t table, uint8_t protocol, const struct ip_prefix *dst)
{
	struct listed w = { table, protocol, dst, 0 };

	dump(dst->addr.family == IP_V6 ? AF_INET6 : AF_INET, on_lists, &w);
	return w.n;
}

unsigned lab_routes(uint32_t table, uint8_t protocol, struct agent_route *out, unsigned max)
{
	static const uint8_t families[] = { AF_INET6, AF_INET };
	struct wanted w = { .table = table, .protocol = protocol, .out = out, .max = max };

	for (unsigned i = 0; i < 2; i++)
		dump(families[i], on_route, &w);
	return w.n;
}

struct waiting {
	struct loop *loop;
	bool (*done)(void *arg);
	void *arg;
	struct loop_timer poll;
	unsigned left;
	bool is;
};

static void on_poll(void *arg)
{
	struct waiting *w = arg;

	w->is = w->done(w->arg);
	if (w->is || w->left-- == 0)
		loop_stop(w->loop);
	else
		loop_timer_after(&w->poll, 2 * NS_PER_MS);
}

bool lab_run(struct loop *loop, bool (*done)(void *arg), void *arg)
{
	struct waiting w = { .loop = loop, .done = done, .arg = arg, .left = 15000 };

	loop_timer_init(&w.poll, loop, on_poll, &w);
	loop_timer_after(&w.poll, 0);
	loop_run(loop);
	loop_timer_fini(&w.poll);
	return w.is;
}
