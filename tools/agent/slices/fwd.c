/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each dump is of one table, and is taken when it is whole: until then, and when it was disturbed, what was
 * known before stands. Dumps are one at a time, so what is under way is kept once.
 */
#include "tools/agent/slices/fwd.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/lwtunnel.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/vec.h"
#include "log/log.h"
#include "tools/agent/kernel/attr.h"
#include "tools/agent/kernel/nl.h"

#define SOON_NS (20 * NS_PER_MS)
#define AGAIN_NS (1 * NS_PER_S)
#define AUDIT_NS (60 * NS_PER_S)

enum { AUDITED = 64 }; /* tables, each time */

struct table {
	uint32_t id;
	bool due, known, truncated, wanted;
	VEC(struct agent_fwd_route) routes;
};

struct agent_fwd {
	struct loop *loop;
	void (*changed)(void *arg);
	void *arg;
	struct agent_nl *ask, *events;
	struct loop_timer soon, audit;
	VEC(struct table) tables; /* by id */
	VEC(struct agent_fwd_sid) sids;
	bool sids_due, sids_known;
	uint32_t n_routes; /* of all */
	uint32_t audited;  /* the next one */
	/* the dump */
	bool reading, disturbed, full;
	uint32_t id; /* RT_TABLE_MAIN: SIDs */
	VEC(struct agent_fwd_route) fresh;
	VEC(struct agent_fwd_sid) fresh_sids;
};

static size_t place_of(const struct agent_fwd *f, uint32_t id)
{
	return VEC_PLACE(&f->tables, t, t->id < id);
}

static struct table *table_of(const struct agent_fwd *f, uint32_t id)
{
	size_t at = place_of(f, id);

	return at < f->tables.n && f->tables.at[at].id == id ? &f->tables.at[at] : NULL;
}

static void soon(struct agent_fwd *f, uint64_t ns)
{
	if (!f->reading && !loop_timer_armed(&f->soon))
		loop_timer_after(&f->soon, ns);
}

/* ---- a message ---- */

struct form {
	struct ip_prefix dst;
	uint32_t table, metric;
	bool several, lwt;
};

static bool form_of(const struct nlmsghdr *h, struct form *m)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);
	struct ip_addr dst = { .family = IP_V6 };
	struct agent_attrs it;
	const struct nlattr *a;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*r) || r->rtm_family != AF_INET6 || r->rtm_dst_len > 128)
		return false;
	*m = (struct form){ .table = r->rtm_table };
	it = agent_attrs_of(h, sizeof(*r));
	while (agent_attrs_next(&it, &a)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == RTA_DST && mnl_attr_get_payload_len(a) == 16)
			dst = ip_v6(mnl_attr_get_payload(a));
		else if (type == RTA_TABLE && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
			m->table = mnl_attr_get_u32(a);
		else if (type == RTA_PRIORITY && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
			m->metric = mnl_attr_get_u32(a);
		else if (type == RTA_MULTIPATH)
			m->several = true;
		else if (type == RTA_ENCAP)
			m->lwt = true;
	}
	m->dst = ip_prefix_of(&dst, r->rtm_dst_len);
	return true;
}

static struct agent_fwd_route route_of(const struct nlmsghdr *h, const struct form *m)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);
	struct agent_fwd_route x = { .dst = m->dst, .metric = m->metric, .way = AGENT_FWD_UNSURE };
	struct agent_route is;

	if (r->rtm_type == RTN_BLACKHOLE || r->rtm_type == RTN_UNREACHABLE || r->rtm_type == RTN_PROHIBIT) {
		x.way = AGENT_FWD_DROP;
	} else if (r->rtm_type == RTN_THROW) {
		x.way = AGENT_FWD_NEXT;
	} else if (!m->several && r->rtm_src_len == 0 && agent_route_get(h, &is)) {
		if (is.kind == AGENT_ROUTE_ENCAP && is.n > 0) {
			x.way = AGENT_FWD_SID;
			x.sid = is.seg[is.n - 1];
		} else if (is.kind == AGENT_ROUTE_PLAIN && is.dev && !m->lwt) {
			x.way = AGENT_FWD_DEV;
			x.dev = is.dev;
		}
	}
	return x;
}

static void add_sid(struct agent_fwd *f, const struct nlmsghdr *h)
{
	struct agent_route is;
	struct agent_fwd_sid x;

	if (!agent_route_get(h, &is) || is.kind != AGENT_ROUTE_LOCAL)
		return;
	x = (struct agent_fwd_sid){ .prefix = is.dst, .metric = is.metric, .table = is.lookup, .action = is.action,
				    .next_csid = is.next_csid, .block = is.lblen, .node = is.nflen };
	if (f->fresh_sids.n == AGENT_FWD_SIDS_MAX)
		f->full = true;
	else if (!VEC_ADD(&f->fresh_sids, x))
		f->disturbed = true;
}

static void on_reply(void *arg, uint64_t tag, const struct nlmsghdr *h)
{
	struct agent_fwd *f = arg;
	struct form m;

	(void)tag;
	/* the kernel's own of main are read over: not a SID among them */
	if (h->nlmsg_type != RTM_NEWROUTE || !form_of(h, &m) || m.table != f->id)
		return;
	if (f->id == RT_TABLE_MAIN)
		add_sid(f, h);
	else if (f->fresh.n == AGENT_FWD_ROUTES_MAX)
		f->full = true;
	else if (!VEC_ADD(&f->fresh, route_of(h, &m)))
		f->disturbed = true;
}

/* ---- a whole table ---- */

static int by_route(const void *a, const void *b)
{
	const struct agent_fwd_route *x = a, *y = b;
	int c = ip_prefix_cmp(&x->dst, &y->dst);

	return c ? c : (x->metric > y->metric) - (x->metric < y->metric);
}

static int by_sid(const void *a, const void *b)
{
	const struct agent_fwd_sid *x = a, *y = b;
	int c = ip_prefix_cmp(&x->prefix, &y->prefix);

	return c ? c : (x->metric > y->metric) - (x->metric < y->metric);
}

/* Of each prefix the route with the least metric counts. */
static void trim(struct agent_fwd *f)
{
	size_t n = 0;

	if (f->fresh.n > 1)
		qsort(f->fresh.at, f->fresh.n, sizeof(f->fresh.at[0]), by_route);
	for (size_t i = 0; i < f->fresh.n; i++) {
		if (n == 0 || ip_prefix_cmp(&f->fresh.at[n - 1].dst, &f->fresh.at[i].dst) != 0)
			f->fresh.at[n++] = f->fresh.at[i];
	}
	f->fresh.n = n;
	n = 0;
	if (f->fresh_sids.n > 1)
		qsort(f->fresh_sids.at, f->fresh_sids.n, sizeof(f->fresh_sids.at[0]), by_sid);
	for (size_t i = 0; i < f->fresh_sids.n; i++) {
		if (n == 0 || ip_prefix_cmp(&f->fresh_sids.at[n - 1].prefix, &f->fresh_sids.at[i].prefix) != 0)
			f->fresh_sids.at[n++] = f->fresh_sids.at[i];
	}
	f->fresh_sids.n = n;
}

/* Fields, not memory: the last octets of a row are nobody's. */
static bool routes_same(const struct agent_fwd_route *a, const struct agent_fwd_route *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (by_route(&a[i], &b[i]) != 0 || a[i].way != b[i].way || a[i].dev != b[i].dev ||
		    ip_cmp(&a[i].sid, &b[i].sid) != 0)
			return false;
	}
	return true;
}

static bool sids_same(const struct agent_fwd_sid *a, const struct agent_fwd_sid *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (by_sid(&a[i], &b[i]) != 0 || a[i].table != b[i].table || a[i].action != b[i].action ||
		    a[i].next_csid != b[i].next_csid || a[i].block != b[i].block || a[i].node != b[i].node)
			return false;
	}
	return true;
}

/* What was known and what is now change places. True: they differ. */
static bool take_table(struct agent_fwd *f, struct table *t)
{
	bool truncated = f->full || f->n_routes - t->routes.n + f->fresh.n > AGENT_FWD_ALL_MAX;
	__typeof__(t->routes) was = t->routes;
	bool differs;

	if (truncated)
		f->fresh.n = 0;
	differs = !t->known || t->truncated != truncated || was.n != f->fresh.n ||
		  !routes_same(was.at, f->fresh.at, was.n);
	f->n_routes = (uint32_t)(f->n_routes - was.n + f->fresh.n);
	t->routes.at = f->fresh.at;
	t->routes.n = f->fresh.n;
	t->routes.cap = f->fresh.cap;
	f->fresh.at = was.at;
	f->fresh.cap = was.cap;
	f->fresh.n = 0;
	t->known = true;
	t->truncated = truncated;
	return differs;
}

static bool take_sids(struct agent_fwd *f)
{
	__typeof__(f->sids) was = f->sids;
	bool known = !f->full;
	bool differs = f->sids_known != known || was.n != f->fresh_sids.n ||
		       !sids_same(was.at, f->fresh_sids.at, was.n);

	f->sids.at = f->fresh_sids.at;
	f->sids.n = f->fresh_sids.n;
	f->sids.cap = f->fresh_sids.cap;
	f->fresh_sids.at = was.at;
	f->fresh_sids.cap = was.cap;
	f->fresh_sids.n = 0;
	f->sids_known = known;
	return differs;
}

static void go_on(struct agent_fwd *f);

static void on_done(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_fwd *f = arg;
	struct table *t = table_of(f, (uint32_t)tag);
	bool good = (err == 0 || err == ENOENT) && !f->disturbed; /* one that is not there has nothing in it */
	bool differs = false;

	(void)text;
	f->reading = false;
	if (err == ECANCELED)
		return;
	trim(f);
	if (good && f->id == RT_TABLE_MAIN)
		differs = take_sids(f);
	else if (good && t)
		differs = take_table(f, t);
	else if (!good && f->id == RT_TABLE_MAIN)
		f->sids_due = true;
	else if (!good && t)
		t->due = true;
	if (!good)
		log_event("", LOG_WARN, "agent.fwd.unread", "table=%u error=\"%s\"", f->id, err_text(err));
	if (differs && f->changed)
		f->changed(f->arg);
	if (good)
		go_on(f);
	else
		soon(f, AGAIN_NS);
}

static void dump(struct agent_fwd *f, uint32_t id)
{
	uint64_t buf[16];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	const struct agent_nl_ask ask = { .reply = on_reply, .done = on_done, .arg = f, .tag = id, .dump = true };

	f->reading = true;
	f->disturbed = f->full = false;
	f->id = id;
	f->fresh.n = f->fresh_sids.n = 0;
	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m->rtm_family = AF_INET6;
	mnl_attr_put_u32(h, RTA_TABLE, id);
	if (agent_nl_send(f->ask, h, h->nlmsg_len, &ask) < 0)
		on_done(f, id, ENOMEM, "");
}

static void go_on(struct agent_fwd *f)
{
	loop_timer_stop(&f->soon);
	if (f->reading)
		return;
	if (f->sids_due) {
		f->sids_due = false;
		dump(f, RT_TABLE_MAIN);
		return;
	}
	for (size_t i = 0; i < f->tables.n; i++) {
		if (f->tables.at[i].due) {
			f->tables.at[i].due = false;
			dump(f, f->tables.at[i].id);
			return;
		}
	}
}

/* ---- when ---- */

static void on_event(void *arg, const struct nlmsghdr *h)
{
	struct agent_fwd *f = arg;
	struct table *t;
	struct form m;

	if ((h->nlmsg_type != RTM_NEWROUTE && h->nlmsg_type != RTM_DELROUTE) || !form_of(h, &m))
		return;
	t = table_of(f, m.table);
	if (t)
		t->due = true;
	else if (m.table == RT_TABLE_MAIN && m.lwt)
		f->sids_due = true;
	else
		return;
	soon(f, SOON_NS);
}

static void all_due(struct agent_fwd *f)
{
	for (size_t i = 0; i < f->tables.n; i++)
		f->tables.at[i].due = true;
	f->sids_due = true;
	soon(f, SOON_NS);
}

static void on_lost(void *arg)
{
	all_due(arg);
}

static void on_soon(void *arg)
{
	go_on(arg);
}

/* A route that goes with its interface is not told of. */
static void on_audit(void *arg)
{
	struct agent_fwd *f = arg;

	for (size_t i = 0; i < AUDITED && i < f->tables.n; i++) {
		f->audited = f->audited < f->tables.n ? f->audited : 0;
		f->tables.at[f->audited++].due = true;
	}
	f->sids_due = true;
	soon(f, SOON_NS);
	loop_timer_after(&f->audit, AUDIT_NS);
}

/* ---- life ---- */

int agent_fwd_new(struct agent_fwd **outp, struct loop *loop, void (*changed)(void *arg), void *arg)
{
	static const struct agent_nl_ops events = { .event = on_event, .lost = on_lost };
	struct agent_fwd *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return err_raise(-ENOMEM);
	f->loop = loop;
	f->changed = changed;
	f->arg = arg;
	loop_timer_init(&f->soon, loop, on_soon, f);
	loop_timer_init(&f->audit, loop, on_audit, f);
	r = agent_nl_new(&f->ask, loop, NETLINK_ROUTE, NULL, f);
	if (r == 0)
		r = agent_nl_new(&f->events, loop, NETLINK_ROUTE, &events, f);
	if (r == 0)
		r = agent_nl_join(f->events, RTNLGRP_IPV6_ROUTE);
	if (r < 0) {
		agent_fwd_free(f);
		return err_trace(r);
	}
	all_due(f);
	loop_timer_after(&f->audit, AUDIT_NS);
	*outp = f;
	return 0;
}

struct agent_fwd *agent_fwd_free(struct agent_fwd *f)
{
	if (!f)
		return NULL;
	agent_nl_free(f->ask);
	agent_nl_free(f->events);
	loop_timer_fini(&f->soon);
	loop_timer_fini(&f->audit);
	for (size_t i = 0; i < f->tables.n; i++)
		VEC_FINI(&f->tables.at[i].routes);
	VEC_FINI(&f->tables);
	VEC_FINI(&f->sids);
	VEC_FINI(&f->fresh);
	VEC_FINI(&f->fresh_sids);
	free(f);
	return NULL;
}

int agent_fwd_want(struct agent_fwd *f, const uint32_t *ids, uint32_t n)
{
	size_t kept = 0;

	if (n > AGENT_FWD_TABLES_MAX)
		return err_raise(-EINVAL);
	for (size_t i = 0; i < f->tables.n; i++)
		f->tables.at[i].wanted = false;
	for (uint32_t i = 0; i < n; i++) {
		const struct table fresh = { .id = ids[i], .due = true, .wanted = true };
		struct table *t = table_of(f, ids[i]);

		if (t)
			t->wanted = true;
		else if (!VEC_INSERT(&f->tables, place_of(f, ids[i]), fresh))
			return err_raise(-ENOMEM);
	}
	for (size_t i = 0; i < f->tables.n; i++) {
		struct table *t = &f->tables.at[i];

		if (t->wanted) {
			f->tables.at[kept++] = *t;
			continue;
		}
		f->n_routes -= (uint32_t)t->routes.n;
		VEC_FINI(&t->routes);
	}
	f->tables.n = kept;
	soon(f, SOON_NS);
	return 0;
}

uint32_t agent_fwd_tables(const struct agent_fwd *f)
{
	return (uint32_t)f->tables.n;
}

struct agent_fwd_table agent_fwd_table_at(const struct agent_fwd *f, uint32_t i)
{
	const struct table *t = &f->tables.at[i];

	return (struct agent_fwd_table){ .id = t->id, .known = t->known, .truncated = t->truncated,
					 .routes = t->routes.at, .n = (uint32_t)t->routes.n };
}

const struct agent_fwd_sid *agent_fwd_sids(const struct agent_fwd *f, uint32_t *n)
{
	*n = f->sids_known ? (uint32_t)f->sids.n : 0;
	return f->sids_known ? f->sids.at : NULL;
}
