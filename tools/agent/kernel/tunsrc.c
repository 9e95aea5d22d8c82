/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/kernel/tunsrc.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/seg6_genl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "tools/agent/kernel/attr.h"
#include "tools/agent/kernel/nl.h"

struct agent_tunsrc {
	struct agent_nl *nl;
	uint16_t family; /* 0: not known yet */
	struct ip_addr addr;
	char state[128];
};

int agent_tunsrc_new(struct agent_tunsrc **outp, struct loop *loop)
{
	AUTO(agent_tunsrc_free) struct agent_tunsrc *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return err_raise(-ENOMEM);
	r = agent_nl_new(&t->nl, loop, NETLINK_GENERIC, NULL, NULL);
	if (r < 0)
		return err_trace(r);
	*outp = TAKE(t);
	return 0;
}

struct agent_tunsrc *agent_tunsrc_free(struct agent_tunsrc *t)
{
	if (!t)
		return NULL;
	agent_nl_free(t->nl);
	free(t);
	return NULL;
}

static struct nlmsghdr *genl(void *buf, uint16_t type, uint8_t cmd)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *g;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->cmd = cmd;
	g->version = 1;
	return h;
}

static void failed(struct agent_tunsrc *t, const char *step, int err, const char *text)
{
	(void)snprintf(t->state, sizeof(t->state), "%s: %s%s%s", step, text, *text ? ": " : "",
		       err_text(err));
	log_event("", LOG_ERROR, "agent.tunsrc.failed", "reason=\"%s\"", t->state);
}

static void on_set(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_tunsrc *t = arg;

	(void)tag;
	if (err == ECANCELED)
		return;
	if (err != 0)
		failed(t, "set", err, text);
	else
		(void)str_copy(t->state, sizeof(t->state), "set");
}

static void set(struct agent_tunsrc *t)
{
	struct agent_nl_ask ask = { .done = on_set, .arg = t };
	uint64_t buf[32];
	struct nlmsghdr *h = genl(buf, t->family, SEG6_CMD_SET_TUNSRC);

	mnl_attr_put(h, SEG6_ATTR_DST, 16, t->addr.b);
	if (agent_nl_send(t->nl, h, h->nlmsg_len, &ask) < 0)
		failed(t, "set", ENOMEM, "");
}

static void on_family(void *arg, uint64_t tag, const struct nlmsghdr *h)
{
	struct agent_tunsrc *t = arg;
	struct agent_attrs it = agent_attrs_of(h, sizeof(struct genlmsghdr));
	const struct nlattr *a;

	(void)tag;
	while (agent_attrs_next(&it, &a)) {
		if (mnl_attr_get_type(a) == CTRL_ATTR_FAMILY_ID &&
		    mnl_attr_validate(a, MNL_TYPE_U16) == 0)
			t->family = mnl_attr_get_u16(a);
	}
}

static void on_family_done(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_tunsrc *t = arg;

	(void)tag;
	if (err == ECANCELED)
		return;
	if (err != 0 || !t->family)
		failed(t, "SEG6", err ? err : ENOENT, text);
	else
		set(t);
}

void agent_tunsrc_set(struct agent_tunsrc *t, const struct ip_addr *addr)
{
	struct agent_nl_ask ask = { .reply = on_family, .done = on_family_done, .arg = t };
	uint64_t buf[32];
	struct nlmsghdr *h;

	if (ip_eq(&t->addr, addr))
		return;
	t->addr = *addr;
	t->state[0] = '\0';
	if (t->family) {
		set(t);
		return;
	}
	h = genl(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(h, CTRL_ATTR_FAMILY_NAME, "SEG6");
	if (agent_nl_send(t->nl, h, h->nlmsg_len, &ask) < 0)
		failed(t, "SEG6", ENOMEM, "");
}

const char *agent_tunsrc_state(const struct agent_tunsrc *t)
{
	return t->state;
}
