/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes of others in tables of ours: by one of them a customer reaches what is not his. Those of policies and
 * of slices have our protocols, the kernel's own are its own; everything else is somebody's. They are not
 * touched; the table is said not to be in, with the reason.
 *
 * A table is looked into when it is new, when the kernel tells of such a route in it, as long as there is one,
 * and a few at each audit. Each is a dump of that table alone: the router's own are not read.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "tools/agent/kernel/attr.h"
#include "tools/agent/slices/slices_int.h"

#define EVERY_NS (60 * NS_PER_S)

enum {
	CHECKS_MAX = 256, /* in one reading */
	AUDITED = 64,	  /* of those nothing was told of, every minute */
};

/* Where a table is, or would be. */
static size_t place_of(const struct agent_slices *s, uint32_t table)
{
	return VEC_PLACE(&s->checks, c, c->table < table);
}

static struct agent_check *check_of(const struct agent_slices *s, uint32_t table)
{
	size_t at = place_of(s, table);

	return at < s->checks.n && s->checks.at[at].table == table ? &s->checks.at[at] : NULL;
}

/* Those of the device that is wanted, no others. */
static void keep_tables(struct agent_slices *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->checks.n; i++)
		s->checks.at[i].there = false;
	for (size_t i = 0; i < s->now->n_tables; i++) {
		const struct agent_check fresh = { .table = s->now->tables[i].id, .due = true };
		struct agent_check *c = check_of(s, fresh.table);

		if (!c && VEC_INSERT(&s->checks, place_of(s, fresh.table), fresh))
			c = check_of(s, fresh.table);
		if (c)
			c->there = true;
		else
			s->bad_read = true;
	}
	for (size_t i = 0; i < s->checks.n; i++) {
		if (s->checks.at[i].there)
			s->checks.at[n++] = s->checks.at[i];
	}
	s->checks.n = n;
}

static void audit(struct agent_slices *s)
{
	struct mono now = loop_now(s->loop);

	if (mono_before(now, s->check_at))
		return;
	s->check_at = mono_add(now, EVERY_NS);
	for (size_t i = 0; i < AUDITED && i < s->checks.n; i++) {
		s->check_next = s->check_next < s->checks.n ? s->check_next : 0;
		s->checks.at[s->check_next++].due = true;
	}
}

/* ---- a table ---- */

struct found {
	uint32_t table;
	struct ip_prefix dst;
	uint8_t protocol;
};

static bool is_others(uint8_t protocol)
{
	return protocol != AGENT_PROTO && protocol != AGENT_PROTO_SLICES && protocol != RTPROT_KERNEL &&
	       protocol != RTPROT_REDIRECT;
}

/* Of any type: one that throws packets leads back to the router's own tables. */
static bool get(const struct nlmsghdr *h, struct found *f)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	struct ip_addr dst = { .family = IP_V6 };
	struct agent_attrs it;
	const struct nlattr *a;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || m->rtm_family != AF_INET6 || !is_others(m->rtm_protocol) ||
	    m->rtm_table == RT_TABLE_MAIN || m->rtm_table == RT_TABLE_LOCAL || m->rtm_dst_len > 128)
		return false;
	*f = (struct found){ .table = m->rtm_table, .protocol = m->rtm_protocol };
	it = agent_attrs_of(h, sizeof(*m));
	while (agent_attrs_next(&it, &a)) {
		if (mnl_attr_get_type(a) == RTA_TABLE && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
			f->table = mnl_attr_get_u32(a);
		else if (mnl_attr_get_type(a) == RTA_DST && mnl_attr_get_payload_len(a) == sizeof(dst.b))
			dst = ip_v6(mnl_attr_get_payload(a));
	}
	f->dst = ip_prefix_of(&dst, m->rtm_dst_len);
	return true;
}

static void on_reply(void *arg, uint64_t tag, const struct nlmsghdr *h)
{
	struct agent_check *c = check_of(arg, (uint32_t)tag);
	struct found f;

	if (!c || h->nlmsg_type != RTM_NEWROUTE || !get(h, &f) || f.table != c->table)
		return;
	if (c->reading++ > 0)
		return;
	c->first = f.dst;
	c->protocol = f.protocol;
}

static void on_done(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_slices *s = arg;
	struct agent_check *c = check_of(s, (uint32_t)tag);

	if (err == ECANCELED)
		return;
	/* one that is not there has nothing in it */
	if (c && (err == 0 || err == ENOENT))
		c->n = c->reading;
	else if (c)
		c->due = s->again = true;
	agent_slices_read_one(s, err == ENOENT || err == EINTR ? 0 : err, text);
}

static void dump(struct agent_slices *s, struct agent_check *c)
{
	uint64_t buf[16];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	const struct agent_nl_ask ask = { .reply = on_reply, .done = on_done, .arg = s, .tag = c->table, .dump = true };

	c->due = false;
	c->reading = 0;
	s->waiting++;
	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m->rtm_family = AF_INET6;
	mnl_attr_put_u32(h, RTA_TABLE, c->table);
	if (agent_nl_send(s->ask, h, h->nlmsg_len, &ask) < 0)
		on_done(s, c->table, ENOMEM, "");
}

void agent_slices_foreign_read(struct agent_slices *s)
{
	size_t n = 0;

	keep_tables(s);
	audit(s);
	for (size_t i = 0; i < s->checks.n; i++) {
		struct agent_check *c = &s->checks.at[i];

		if (!c->due && c->n == 0)
			continue;
		if (n++ < CHECKS_MAX)
			dump(s, c);
		else
			s->again = true;
	}
}

/* ---- what the kernel tells ---- */

bool agent_slices_foreign_event(struct agent_slices *s, const struct nlmsghdr *h)
{
	struct agent_check *c;
	struct found f;

	if (!get(h, &f) || !(c = check_of(s, f.table)))
		return false;
	c->due = true;
	return true;
}

void agent_slices_foreign_lost(struct agent_slices *s)
{
	for (size_t i = 0; i < s->checks.n; i++)
		s->checks.at[i].due = true;
}

bool agent_slices_foreign(struct agent_slices *s)
{
	for (size_t i = 0; i < s->now->n_tables; i++) {
		const struct agent_table *t = &s->now->tables[i];
		const struct agent_check *c = check_of(s, t->id);
		struct agent_missing m = { .owner = t };
		char prefix[IP_PREFIX_TEXT_MAX];

		if (!c || c->n == 0)
			continue;
		(void)snprintf(m.name, sizeof(m.name), "table %u", t->id);
		(void)snprintf(m.reason, sizeof(m.reason), "a route of somebody else (%s, protocol %u) is in it",
			       ip_prefix_text(&c->first, prefix, sizeof(prefix)), c->protocol);
		if (c->n > 1)
			(void)snprintf(m.reason, sizeof(m.reason), "%u routes of somebody else are in it (%.44s)", c->n, prefix);
		if (!VEC_ADD(&s->missing, m))
			return false;
	}
	return true;
}
