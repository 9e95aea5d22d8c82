/* SPDX-License-Identifier: Apache-2.0 */
/* A few rtnetlink requests, before the loop runs and after it ended: they may block. */
#include "tools/sim/anyip.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "base/auto.h"
#include "base/err.h"

static struct mnl_socket *sock_close(struct mnl_socket *s)
{
	if (s)
		(void)mnl_socket_close(s);
	return NULL;
}
AUTO_DEFINE(struct mnl_socket, sock_close)

static struct rtmsg *route(struct nlmsghdr *h, const struct ip_addr *dst, uint8_t len)
{
	struct rtmsg *rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));

	*rt = (struct rtmsg){ .rtm_family = AF_INET6, .rtm_dst_len = len };
	mnl_attr_put(h, RTA_DST, 16, dst->b);
	return rt;
}

/* Sends h and reads one answer into buf. 0 or -errno. */
static int ask(struct nlmsghdr *h, char *buf, size_t cap, mnl_cb_t fn, void *arg)
{
	AUTO(sock_close) struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	ssize_t n;

	h->nlmsg_seq = 1;
	if (!s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(s, h, h->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(s, buf, cap);
	if (n < 0 || mnl_cb_run(buf, (size_t)n, 1, mnl_socket_get_portid(s), fn, arg) < 0)
		return -errno;
	return 0;
}

static int on_route(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(h);
	bool *local = arg;

	*local = h->nlmsg_type == RTM_NEWROUTE && rt->rtm_type == RTN_LOCAL;
	return MNL_CB_OK;
}

static bool is_local(const struct ip_addr *a)
{
	char buf[4096] = { 0 };
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	bool local = false;

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST;
	(void)route(h, a, 128);
	return ask(h, buf, sizeof(buf), on_route, &local) == 0 && local;
}

static int change(const struct ip_prefix *prefix, uint16_t type, uint16_t flags)
{
	char buf[4096] = { 0 };
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *rt;

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	rt = route(h, &prefix->addr, prefix->len);
	rt->rtm_table = RT_TABLE_LOCAL;
	rt->rtm_type = RTN_LOCAL;
	rt->rtm_protocol = RTPROT_STATIC;
	rt->rtm_scope = RT_SCOPE_HOST;
	mnl_attr_put_u32(h, RTA_OIF, if_nametoindex("lo"));
	return ask(h, buf, sizeof(buf), NULL, NULL);
}

int sim_anyip_add(const struct ip_prefix *prefix, bool *added)
{
	struct ip_addr probe = prefix->addr;
	int rc;

	*added = false;
	ip_bits_set(&probe, 112, 16, 1);
	if (is_local(&probe))
		return 0;
	rc = change(prefix, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
	*added = rc == 0;
	return rc < 0 ? err_raise(rc) : 0;
}

void sim_anyip_del(const struct ip_prefix *prefix)
{
	(void)change(prefix, RTM_DELROUTE, 0);
}

int sim_host_set(const struct ip_addr *a, bool there)
{
	char buf[512] = { 0 };
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *m;
	int rc;

	h->nlmsg_type = there ? RTM_NEWADDR : RTM_DELADDR;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (there ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	*m = (struct ifaddrmsg){ .ifa_family = AF_INET6, .ifa_prefixlen = 128, .ifa_flags = IFA_F_NODAD,
				 .ifa_index = if_nametoindex("lo") };
	mnl_attr_put(h, IFA_LOCAL, 16, a->b);
	mnl_attr_put(h, IFA_ADDRESS, 16, a->b);
	rc = ask(h, buf, sizeof(buf), NULL, NULL);
	return rc < 0 && there ? err_raise(rc) : 0;
}
