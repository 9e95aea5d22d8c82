/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/measure/altmark_tc.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "tools/agent/measure/altmark_pin.h"

enum { HANDLE = 0x5e7a };

struct bpf_tc_hook *agent_amk_hook_at(struct bpf_tc_hook *h, unsigned ifindex,
				   enum bpf_tc_attach_point at)
{
	memset(h, 0, sizeof(*h));
	h->sz = sizeof(*h);
	h->ifindex = (int)ifindex;
	h->attach_point = at;
	return h;
}

/* What arrives is counted before other filters may drop it, what leaves after they did. */
static uint32_t priority(enum bpf_tc_attach_point at)
{
	return at == BPF_TC_INGRESS ? 10 : 49000;
}

struct bpf_tc_opts *agent_amk_filter_at(struct bpf_tc_opts *o, enum bpf_tc_attach_point at)
{
	memset(o, 0, sizeof(*o));
	o->sz = sizeof(*o);
	o->handle = HANDLE;
	o->priority = priority(at);
	return o;
}

int agent_amk_ours_at(unsigned ifindex, enum bpf_tc_attach_point at, struct bpf_prog_info *info)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts opts;
	uint32_t len = sizeof(*info);
	int fd;

	if (bpf_tc_query(agent_amk_hook_at(&hook, ifindex, at), agent_amk_filter_at(&opts, at)) != 0)
		return -ENOENT;
	fd = agent_pin_prog(opts.prog_id);
	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, info, &len) == 0 && strncmp(info->name, "am_", 3) == 0)
		return fd;
	(void)close(fd);
	return -ENOENT;
}

bool agent_amk_is_ours(unsigned ifindex, enum bpf_tc_attach_point at)
{
	struct bpf_prog_info info = { 0 };
	int fd = agent_amk_ours_at(ifindex, at, &info);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

static int on_filter(const struct nlmsghdr *h, void *arg)
{
	*(bool *)arg |= h->nlmsg_type == RTM_NEWTFILTER;
	return MNL_CB_OK;
}

bool agent_amk_has_filters(unsigned ifindex, uint32_t parent)
{
	_Alignas(struct nlmsghdr) char buf[8192];
	struct mnl_socket *s = mnl_socket_open(NETLINK_ROUTE);
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct tcmsg *t;
	bool any = false;
	ssize_t n = -1;
	int more = MNL_CB_OK;

	h->nlmsg_type = RTM_GETTFILTER;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	t = mnl_nlmsg_put_extra_header(h, sizeof(*t));
	t->tcm_ifindex = (int)ifindex;
	t->tcm_parent = parent;
	if (!s)
		return true;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(s, h, h->nlmsg_len) >= 0)
		while (more > MNL_CB_STOP && (n = mnl_socket_recvfrom(s, buf, sizeof(buf))) > 0)
			more = mnl_cb_run(buf, (size_t)n, 0, mnl_socket_get_portid(s), on_filter,
					  &any);
	(void)mnl_socket_close(s);
	return any || n < 0 || more < MNL_CB_STOP;
}
