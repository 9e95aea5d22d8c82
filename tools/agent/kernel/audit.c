/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel says of our routes: the audit (a dump of all with our protocol number),
 * notifications of what others do to them, and the SIDs of the router software.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "base/err.h"
#include "log/log.h"
#include "tools/agent/kernel/fib_int.h"

static void on_audit_route(void *arg, uint64_t tag, const struct nlmsghdr *h)
{
	struct agent_fib *fib = arg;
	struct agent_route r, own;
	struct agent_more more;
	struct entry *e;

	(void)tag;
	if (h->nlmsg_type != RTM_NEWROUTE || !agent_route_get_all(h, &r, &more) || r.protocol != AGENT_PROTO)
		return;
	e = agent_fib_find(fib, &r);
	if (!e) {
		e = agent_fib_find_or_add(fib, &r);
		if (!e)
			return;
		e->leftover = true;
	}
	if (agent_route_keep(&r, &own) < 0)
		own = (struct agent_route){ .dst = r.dst }; /* what is not known is not as wanted */
	agent_route_drop(&e->kernel);
	e->kernel = own;
	e->audit = fib->audit;
	if (!e->busy && !e->stale)
		e->ours = e->seen = true;
}

/* Judges an entry by the audit that ended. */
static void judge(struct agent_fib *fib, struct entry *e)
{
	bool there = e->audit == fib->audit;

	if (e->busy || e->stale) {
		e->stale = false; /* the next audit counts */
		fib->audit_again = fib->audit_again || !e->busy;
		return;
	}
	if (e->want && e->state == AGENT_FIB_IN &&
	    !(there && agent_route_same(&e->kernel, &e->wanted))) {
		char dst[IP_PREFIX_TEXT_MAX];

		fib->stats.repaired++;
		log_event("", LOG_WARN, "agent.route.repaired", "prefix=%s was=%s",
			  ip_prefix_text(&e->key.dst, dst, sizeof(dst)),
			  there ? "changed" : "gone");
	}
	e->seen = there;
	e->ours = there;
	if (!e->want || e->state != AGENT_FIB_FAILED)
		agent_fib_look_at(fib, e); /* what was refused waits for its retry */
}

static void audit_end(struct agent_fib *fib)
{
	fib->stats.audits++;
	if (fib->audit_bad) {
		fib->audit_again = true;
	} else {
		if (!fib->ready)
			log_event("", LOG_INFO, "agent.kernel.read", "routes=%zu",
				  fib->entries.count);
		fib->ready = true;
		HASH_EACH (it, &fib->entries)
			judge(fib, HASH_OF(it, struct entry, node));
		loop_task_run(&fib->tell);
	}
	loop_timer_after(&fib->audit_timer, AUDIT_EVERY_S * NS_PER_S);
	if (fib->audit_again)
		loop_timer_after(&fib->meddle_timer, fib->audit_bad ? MEDDLE_MS * NS_PER_MS : 0);
}

static void on_audit_done(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_fib *fib = arg;

	(void)tag;
	if (err == ECANCELED)
		return;
	if (err != 0) {
		fib->audit_bad = true;
		log_event("", LOG_WARN, "agent.audit.failed", "error=\"%s\" text=\"%s\"",
			  err_text(err), text);
	}
	if (--fib->dumps_left == 0)
		audit_end(fib);
}

static int dump(struct agent_nl *nl, uint8_t family, uint8_t protocol,
		const struct agent_nl_ask *ask)
{
	uint64_t buf[16];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *m;

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = family;
	m->rtm_protocol = protocol;
	return agent_nl_send(nl, h, h->nlmsg_len, ask);
}

uint64_t agent_fib_audit(struct agent_fib *fib)
{
	static const uint8_t families[DUMPS] = { AF_INET6, AF_INET };
	struct agent_nl_ask ask = {
		.reply = on_audit_route, .done = on_audit_done, .arg = fib, .dump = true
	};

	if (fib->dumps_left > 0) {
		fib->audit_again = true;
		return fib->stats.audits + 2;
	}
	fib->audit++;
	fib->audit_again = fib->audit_bad = false;
	HASH_EACH (it, &fib->entries)
		HASH_OF(it, struct entry, node)->stale = false;
	fib->dumps_left = DUMPS;
	for (unsigned i = 0; i < DUMPS; i++) {
		if (dump(fib->ask, families[i], AGENT_PROTO, &ask) < 0)
			on_audit_done(fib, 0, ENOMEM, "");
	}
	return fib->stats.audits + 1;
}

static void on_audit_timer(void *arg)
{
	(void)agent_fib_audit(arg);
}

static void foreign_route(struct agent_fib *fib, const struct nlmsghdr *h)
{
	struct agent_route r;

	if (!fib->ops.foreign || !agent_route_get(h, &r) || r.protocol == AGENT_PROTO ||
	    r.protocol == AGENT_PROTO_SLICES || r.kind != AGENT_ROUTE_LOCAL ||
	    r.table != RT_TABLE_MAIN)
		return;
	fib->ops.foreign(fib->arg, &r, h->nlmsg_type == RTM_DELROUTE);
}

static void on_foreign(void *arg, uint64_t tag, const struct nlmsghdr *h)
{
	(void)tag;
	if (h->nlmsg_type == RTM_NEWROUTE)
		foreign_route(arg, h);
}

static void on_foreign_done(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_fib *fib = arg;

	(void)tag;
	(void)text;
	fib->foreign_running = false;
	if (err == ECANCELED)
		return;
	if (err == 0 && fib->ops.foreign_all)
		fib->ops.foreign_all(fib->arg);
	if (err != 0 || fib->foreign_wanted)
		loop_timer_after(&fib->meddle_timer, MEDDLE_MS * NS_PER_MS);
	fib->foreign_wanted = fib->foreign_wanted || err != 0;
}

/* Everybody's routes, for the SIDs of the router software. */
void agent_fib_foreign_read(struct agent_fib *fib)
{
	struct agent_nl_ask ask = {
		.reply = on_foreign, .done = on_foreign_done, .arg = fib, .dump = true
	};

	if (fib->foreign_running || !fib->ops.foreign)
		return;
	fib->foreign_wanted = false;
	fib->foreign_running = true;
	if (dump(fib->ask, AF_INET6, RTPROT_UNSPEC, &ask) < 0)
		on_foreign_done(fib, 0, ENOMEM, "");
}

static void on_meddle(void *arg)
{
	struct agent_fib *fib = arg;

	if (fib->foreign_wanted)
		agent_fib_foreign_read(fib);
	if (fib->links_changed) { /* what was refused for want of a link may go now */
		fib->links_changed = false;
		if (fib->ops.links)
			fib->ops.links(fib->arg);
		agent_fib_retry(fib);
	}
	agent_fib_audit(fib);
}

static void audit_soon(struct agent_fib *fib)
{
	if (!loop_timer_armed(&fib->meddle_timer))
		loop_timer_after(&fib->meddle_timer, MEDDLE_MS * NS_PER_MS);
}

static void on_event(void *arg, const struct nlmsghdr *h)
{
	struct agent_fib *fib = arg;
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_DELLINK) {
		fib->links_changed = true;
		audit_soon(fib); /* routes go with their link, some without a word */
		return;
	}
	if (h->nlmsg_type != RTM_NEWROUTE && h->nlmsg_type != RTM_DELROUTE)
		return;
	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return;
	if (m->rtm_protocol != AGENT_PROTO)
		foreign_route(fib, h);
	else if (h->nlmsg_pid != agent_nl_port(fib->ask))
		audit_soon(fib);
}

static void on_lost(void *arg)
{
	struct agent_fib *fib = arg;

	fib->stats.losses++;
	log_event("", LOG_NOTICE, "agent.netlink.lost", "action=resync");
	fib->foreign_wanted = true;
	audit_soon(fib);
}

int agent_fib_watch(struct agent_fib *fib)
{
	static const struct agent_nl_ops none = { 0 };
	static const struct agent_nl_ops events = { .event = on_event, .lost = on_lost };
	static const unsigned groups[] = { RTNLGRP_LINK, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_ROUTE };
	int r;

	loop_timer_init(&fib->audit_timer, fib->loop, on_audit_timer, fib);
	loop_timer_init(&fib->meddle_timer, fib->loop, on_meddle, fib);
	r = agent_nl_new(&fib->ask, fib->loop, NETLINK_ROUTE, &none, fib);

	if (r == 0)
		r = agent_nl_new(&fib->events, fib->loop, NETLINK_ROUTE, &events, fib);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(groups); i++)
		r = agent_nl_join(fib->events, groups[i]);
	return err_trace(r);
}
