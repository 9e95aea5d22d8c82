/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each round reads the rules there are (their comment is the prefix) and sends one batch that
 * adds and deletes what differs from what is wanted. A round that finds nothing to do is just
 * a reading of the counts.
 */
#include "tools/agent/kernel/count.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "log/log.h"
#include "tools/agent/kernel/attr.h"
#include "tools/agent/kernel/nl.h"

enum {
	PRIORITY = -300,  /* before connection tracking */
	DST_OFFSET = 24,  /* of the destination in an IPv6 header */
	COMMENT = 0,	  /* type in the user data of a rule, as nft writes it */
	RULE_BYTES = 512, /* room one rule takes in a batch, at most */
	BATCH_RULES = 64,
	BATCH_BYTES = (BATCH_RULES + 4) * RULE_BYTES,
	AGAIN_MS = 100,
};

static const char table[] = "sextant_agent", chain[] = "sids";

struct rule {
	struct ip_prefix sid;
	uint64_t handle, packets, bytes;
	bool wanted, there;
};

struct agent_count {
	struct loop *loop;
	struct agent_nl *nl;
	VEC(struct rule) rules;
	struct loop_timer again;
	bool running, dirty, bad;
	void (*done)(void *arg);
	void *arg;
	char error[128];
};

static struct rule *rule_of(struct agent_count *c, const struct ip_prefix *sid)
{
	for (size_t i = 0; i < c->rules.n; i++) {
		if (ip_prefix_cmp(&c->rules.at[i].sid, sid) == 0)
			return &c->rules.at[i];
	}
	return NULL;
}

static void round_start(struct agent_count *c);

static void on_again(void *arg)
{
	round_start(arg);
}

int agent_count_new(struct agent_count **outp, struct loop *loop)
{
	AUTO(agent_count_free) struct agent_count *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return err_raise(-ENOMEM);
	c->loop = loop;
	loop_timer_init(&c->again, loop, on_again, c);
	r = agent_nl_new(&c->nl, loop, NETLINK_NETFILTER, NULL, NULL);
	if (r < 0)
		return err_trace(r);
	*outp = TAKE(c);
	return 0;
}

struct agent_count *agent_count_free(struct agent_count *c)
{
	if (!c)
		return NULL;
	c->done = NULL;
	agent_nl_free(c->nl);
	loop_timer_fini(&c->again);
	VEC_FINI(&c->rules);
	free(c);
	return NULL;
}

void agent_count_begin(struct agent_count *c)
{
	for (size_t i = 0; i < c->rules.n; i++)
		c->rules.at[i].wanted = false;
}

void agent_count_add(struct agent_count *c, const struct ip_prefix *sid)
{
	struct rule *r = rule_of(c, sid);
	struct rule fresh = { .sid = *sid, .wanted = true };

	if (sid->addr.family != IP_V6 || sid->len == 0)
		return;
	if (r)
		r->wanted = true;
	else if (c->rules.n < AGENT_COUNT_MAX)
		(void)VEC_ADD(&c->rules, fresh);
}

void agent_count_end(struct agent_count *c)
{
	c->dirty = true;
	if (!c->running && !loop_timer_armed(&c->again))
		loop_timer_after(&c->again, AGAIN_MS * NS_PER_MS);
}

static struct nlmsghdr *msg_put(void *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *m;
	bool batch = type == NFNL_MSG_BATCH_BEGIN || type == NFNL_MSG_BATCH_END;

	h->nlmsg_type = batch ? type : (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->nfgen_family = batch ? AF_UNSPEC : NFPROTO_IPV6;
	m->version = NFNETLINK_V0;
	m->res_id = batch ? htons(NFNL_SUBSYS_NFTABLES) : 0;
	return h;
}

static struct nlattr *expr_open(struct nlmsghdr *h, const char *name, struct nlattr **data)
{
	struct nlattr *e = mnl_attr_nest_start(h, NFTA_LIST_ELEM);

	mnl_attr_put_strz(h, NFTA_EXPR_NAME, name);
	*data = mnl_attr_nest_start(h, NFTA_EXPR_DATA);
	return e;
}

static void expr_close(struct nlmsghdr *h, struct nlattr *e, struct nlattr *data)
{
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, e);
}

static void put_value(struct nlmsghdr *h, uint16_t type, const void *value, size_t len)
{
	struct nlattr *n = mnl_attr_nest_start(h, type);

	mnl_attr_put(h, NFTA_DATA_VALUE, len, value);
	mnl_attr_nest_end(h, n);
}

/* register 1 := register 1 & mask, for lengths that are not whole octets */
static void put_mask(struct nlmsghdr *h, uint8_t bits, uint32_t octets)
{
	struct ip_addr ones = { .family = IP_V6 };
	static const uint8_t zero[16];
	struct nlattr *data, *e = expr_open(h, "bitwise", &data);

	memset(ones.b, 0xff, sizeof(ones.b));
	ones = ip_prefix_of(&ones, bits).addr;
	mnl_attr_put_u32(h, NFTA_BITWISE_SREG, htonl(NFT_REG_1));
	mnl_attr_put_u32(h, NFTA_BITWISE_DREG, htonl(NFT_REG_1));
	mnl_attr_put_u32(h, NFTA_BITWISE_LEN, htonl(octets));
	put_value(h, NFTA_BITWISE_MASK, ones.b, octets);
	put_value(h, NFTA_BITWISE_XOR, zero, octets);
	expr_close(h, e, data);
}

static void put_exprs(struct nlmsghdr *h, const struct ip_prefix *sid)
{
	uint32_t octets = (sid->len + 7u) / 8;
	struct nlattr *data, *e, *list = mnl_attr_nest_start(h, NFTA_RULE_EXPRESSIONS);

	e = expr_open(h, "payload", &data);
	mnl_attr_put_u32(h, NFTA_PAYLOAD_DREG, htonl(NFT_REG_1));
	mnl_attr_put_u32(h, NFTA_PAYLOAD_BASE, htonl(NFT_PAYLOAD_NETWORK_HEADER));
	mnl_attr_put_u32(h, NFTA_PAYLOAD_OFFSET, htonl(DST_OFFSET));
	mnl_attr_put_u32(h, NFTA_PAYLOAD_LEN, htonl(octets));
	expr_close(h, e, data);
	if (sid->len % 8 != 0)
		put_mask(h, sid->len, octets);
	e = expr_open(h, "cmp", &data);
	mnl_attr_put_u32(h, NFTA_CMP_SREG, htonl(NFT_REG_1));
	mnl_attr_put_u32(h, NFTA_CMP_OP, htonl(NFT_CMP_EQ));
	put_value(h, NFTA_CMP_DATA, sid->addr.b, octets);
	expr_close(h, e, data);
	e = expr_open(h, "counter", &data);
	expr_close(h, e, data);
	mnl_attr_nest_end(h, list);
}

static struct nlmsghdr *put_add(void *buf, const struct ip_prefix *sid)
{
	struct nlmsghdr *h = msg_put(buf, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	uint8_t ud[2 + IP_PREFIX_TEXT_MAX];
	char text[IP_PREFIX_TEXT_MAX];
	size_t len = strlen(ip_prefix_text(sid, text, sizeof(text))) + 1;

	mnl_attr_put_strz(h, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain);
	put_exprs(h, sid);
	ud[0] = COMMENT;
	ud[1] = (uint8_t)len;
	memcpy(ud + 2, text, len);
	mnl_attr_put(h, NFTA_RULE_USERDATA, len + 2, ud);
	return h;
}

static struct nlmsghdr *put_del(void *buf, uint64_t handle)
{
	struct nlmsghdr *h = msg_put(buf, NFT_MSG_DELRULE, 0);

	mnl_attr_put_strz(h, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain);
	mnl_attr_put_u64(h, NFTA_RULE_HANDLE, htobe64(handle));
	return h;
}

static struct nlmsghdr *put_table(void *buf)
{
	struct nlmsghdr *h = msg_put(buf, NFT_MSG_NEWTABLE, NLM_F_CREATE);

	mnl_attr_put_strz(h, NFTA_TABLE_NAME, table);
	return h;
}

static struct nlmsghdr *put_chain(void *buf)
{
	struct nlmsghdr *h = msg_put(buf, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	struct nlattr *hook;

	mnl_attr_put_strz(h, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(h, NFTA_CHAIN_NAME, chain);
	mnl_attr_put_strz(h, NFTA_CHAIN_TYPE, "filter");
	hook = mnl_attr_nest_start(h, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(h, NFTA_HOOK_HOOKNUM, htonl(NF_INET_PRE_ROUTING));
	mnl_attr_put_u32(h, NFTA_HOOK_PRIORITY, htonl((uint32_t)PRIORITY));
	mnl_attr_nest_end(h, hook);
	mnl_attr_put_u32(h, NFTA_CHAIN_POLICY, htonl(NF_ACCEPT));
	return h;
}

/* What differs, up to a batch; how many rules, 0: nothing to do. */
static unsigned put_changes(const struct agent_count *c, uint8_t *buf, size_t *len)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->rules.n && n < BATCH_RULES; i++) {
		const struct rule *r = &c->rules.at[i];

		if (r->wanted == r->there)
			continue;
		*len += (r->wanted ? put_add(buf + *len, &r->sid) : put_del(buf + *len, r->handle))
				->nlmsg_len;
		n++;
	}
	return n;
}

static void finish(struct agent_count *c)
{
	void (*done)(void *arg) = c->done;

	c->running = false;
	c->done = NULL;
	if (c->dirty)
		loop_timer_after(&c->again, AGAIN_MS * NS_PER_MS);
	if (done)
		done(c->arg);
}

static void failed(struct agent_count *c, int err, const char *text)
{
	char why[sizeof(c->error)];

	(void)snprintf(why, sizeof(why), "nftables: %s%s%s", text, *text ? ": " : "",
		       err_text(err));
	if (strcmp(why, c->error) != 0)
		log_event("", LOG_WARN, "agent.count.failed", "reason=\"%s\"", why);
	(void)str_copy(c->error, sizeof(c->error), why);
}

static void on_batch_done(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_count *c = arg;

	(void)tag;
	if (err == ECANCELED)
		return;
	if (err != 0)
		failed(c, err, text);
	else
		c->dirty = true; /* read what came of it, or send the next batch */
	finish(c);
}

static void send_changes(struct agent_count *c)
{
	struct agent_nl_ask ask = { .done = on_batch_done, .arg = c };
	AUTO_FREE uint8_t *buf = malloc(BATCH_BYTES);
	struct nlmsghdr *last;
	size_t len = 0;

	if (!buf) {
		failed(c, ENOMEM, "");
		finish(c);
		return;
	}
	len += msg_put(buf + len, NFNL_MSG_BATCH_BEGIN, 0)->nlmsg_len;
	len += put_table(buf + len)->nlmsg_len;
	last = put_chain(buf + len);
	last->nlmsg_flags |= NLM_F_ACK;
	len += last->nlmsg_len;
	if (put_changes(c, buf, &len) == 0) {
		finish(c);
		return;
	}
	len += msg_put(buf + len, NFNL_MSG_BATCH_END, 0)->nlmsg_len;
	if (agent_nl_send(c->nl, buf, len, &ask) < 0)
		on_batch_done(c, 0, ENOMEM, "");
}

static uint64_t be64_of(const struct nlattr *a)
{
	return mnl_attr_validate(a, MNL_TYPE_U64) < 0 ? 0 : be64toh(mnl_attr_get_u64(a));
}

static void get_counter(const struct nlattr *exprs, struct rule *r)
{
	struct agent_attrs list = agent_attrs_in(exprs), in, nums;
	const struct nlattr *e, *a, *v;

	while (agent_attrs_next(&list, &e)) {
		for (in = agent_attrs_in(e); agent_attrs_next(&in, &a);) {
			if (mnl_attr_get_type(a) == NFTA_EXPR_NAME &&
			    (mnl_attr_validate(a, MNL_TYPE_NUL_STRING) < 0 ||
			     strcmp(mnl_attr_get_str(a), "counter") != 0))
				break;
			if (mnl_attr_get_type(a) != NFTA_EXPR_DATA)
				continue;
			for (nums = agent_attrs_in(a); agent_attrs_next(&nums, &v);) {
				if (mnl_attr_get_type(v) == NFTA_COUNTER_PACKETS)
					r->packets = be64_of(v);
				else if (mnl_attr_get_type(v) == NFTA_COUNTER_BYTES)
					r->bytes = be64_of(v);
			}
		}
	}
}

static bool get_comment(const struct nlattr *a, struct ip_prefix *sid)
{
	const uint8_t *p = mnl_attr_get_payload(a);
	size_t len = mnl_attr_get_payload_len(a);
	char text[IP_PREFIX_TEXT_MAX];

	if (len < 3 || p[0] != COMMENT || p[1] == 0 || p[1] > len - 2 || p[1] > sizeof(text))
		return false;
	memcpy(text, p + 2, p[1]);
	text[p[1] - 1] = '\0';
	return ip_prefix_parse(text, sid) == 0;
}

/* A rule of ours: its counts into what is known, or a new row that nobody wants. */
static void on_rule(void *arg, uint64_t tag, const struct nlmsghdr *h)
{
	struct agent_count *c = arg;
	struct agent_attrs it = agent_attrs_of(h, sizeof(struct nfgenmsg));
	const struct nlattr *a;
	struct rule got = { .there = true }, *r;
	bool named = false, our_table = false;

	(void)tag;
	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE))
		return;
	while (agent_attrs_next(&it, &a)) {
		if (mnl_attr_get_type(a) == NFTA_RULE_HANDLE)
			got.handle = be64_of(a);
		else if (mnl_attr_get_type(a) == NFTA_RULE_EXPRESSIONS)
			get_counter(a, &got);
		else if (mnl_attr_get_type(a) == NFTA_RULE_USERDATA)
			named = get_comment(a, &got.sid);
		else if (mnl_attr_get_type(a) == NFTA_RULE_TABLE)
			our_table = mnl_attr_validate(a, MNL_TYPE_NUL_STRING) == 0 &&
				    strcmp(mnl_attr_get_str(a), table) == 0;
	}
	if (!our_table || !named)
		return;
	r = rule_of(c, &got.sid);
	if (r) {
		got.wanted = r->wanted;
		*r = got;
	} else if (c->rules.n < 2 * AGENT_COUNT_MAX) {
		(void)VEC_ADD(&c->rules, got);
	}
}

static void forget_gone(struct agent_count *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->rules.n; i++) {
		if (c->rules.at[i].wanted || c->rules.at[i].there)
			c->rules.at[n++] = c->rules.at[i];
	}
	c->rules.n = n;
}

static void on_read(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_count *c = arg;

	(void)tag;
	if (err == ECANCELED)
		return;
	if (err != 0) {
		failed(c, err, text);
		c->dirty = c->dirty || err == EINTR; /* changed while it was read */
		finish(c);
		return;
	}
	c->error[0] = '\0';
	forget_gone(c);
	send_changes(c);
}

static void round_start(struct agent_count *c)
{
	struct agent_nl_ask ask = { .reply = on_rule, .done = on_read, .arg = c, .dump = true };
	uint64_t buf[32];
	struct nlmsghdr *h;

	if (c->running)
		return;
	c->running = true;
	c->dirty = false;
	for (size_t i = 0; i < c->rules.n; i++)
		c->rules.at[i].there = false;
	h = msg_put(buf, NFT_MSG_GETRULE, NLM_F_DUMP);
	mnl_attr_put_strz(h, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain);
	if (agent_nl_send(c->nl, h, h->nlmsg_len, &ask) < 0)
		on_read(c, 0, ENOMEM, "");
}

void agent_count_refresh(struct agent_count *c, void (*done)(void *arg), void *arg)
{
	c->done = done;
	c->arg = arg;
	round_start(c);
}

void agent_count_each(const struct agent_count *c,
		      void (*fn)(void *arg, const struct ip_prefix *sid, uint64_t packets,
				 uint64_t bytes),
		      void *arg)
{
	for (size_t i = 0; i < c->rules.n; i++) {
		const struct rule *r = &c->rules.at[i];

		if (r->wanted && r->there)
			fn(arg, &r->sid, r->packets, r->bytes);
	}
}

bool agent_count_get(const struct agent_count *c, const struct ip_prefix *sid, uint64_t *packets,
		     uint64_t *bytes)
{
	for (size_t i = 0; i < c->rules.n; i++) {
		const struct rule *r = &c->rules.at[i];

		if (!r->wanted || !r->there || ip_prefix_cmp(&r->sid, sid) != 0)
			continue;
		*packets = r->packets;
		*bytes = r->bytes;
		return true;
	}
	return false;
}

const char *agent_count_error(const struct agent_count *c)
{
	return c->error;
}
