/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry a key (table, prefix, metric). A change is a request; its acknowledgement asks for
 * an audit, one for all that came meanwhile; the audit (a dump of all routes with our protocol
 * number) alone moves an entry to IN. The same audit finds what somebody removed or changed.
 *
 * A key not known to be ours is added with EXCL: a route of somebody else is never replaced.
 */
#include "tools/agent/fib.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/str.h"
#include "log/log.h"

enum {
	AUDIT_EVERY_S = 60,
	RETRY_MS = 2000, /* of what the kernel refused */
	MEDDLE_MS = 20,	 /* after somebody touched our routes: audit, once for a burst */
	DUMPS = 2,	 /* IPv6 and IPv4 */
	REASON_MAX = 128,
};

struct key {
	uint32_t table, metric;
	struct ip_prefix dst;
};

struct entry {
	struct hash_node node;
	struct list todo; /* linked: to be looked at */
	struct key key;
	bool want, leftover;
	bool seen;     /* kernel holds what the last audit read, and nothing was sent since */
	bool ours;     /* the kernel may hold a route of ours at this key */
	bool busy;     /* a request is under way */
	bool deleting; /* and it is a removal */
	bool changed;  /* what is wanted changed meanwhile */
	bool stale;    /* answered since the audit began: the audit says nothing about it */
	enum agent_fib_state state;
	uint32_t audit; /* number of the audit that saw it */
	struct agent_route wanted, kernel;
	char reason[REASON_MAX];
};

struct agent_fib {
	struct loop *loop;
	struct agent_fib_ops ops;
	void *arg;
	struct agent_nl *ask, *events;
	struct hash entries;
	struct list todo;
	struct loop_task work, tell;
	struct loop_timer audit_timer, retry_timer, meddle_timer;
	uint32_t audit;	     /* number of the running or last one */
	unsigned dumps_left; /* of the running audit */
	bool links_changed, audit_again, audit_bad, ready, sweeping, foreign_wanted,
		foreign_running;
	struct agent_fib_stats stats;
};

static bool entry_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&HASH_OF(n, const struct entry, node)->key, key, sizeof(struct key)) == 0;
}

static struct key key_of(const struct agent_route *r)
{
	return (struct key){ .table = r->table, .metric = r->metric, .dst = r->dst };
}

static struct entry *find(const struct agent_fib *fib, const struct agent_route *r)
{
	struct key k = key_of(r);
	struct hash_node *n = hash_get(&fib->entries, &k, sizeof(k), &k);

	return n ? HASH_OF(n, struct entry, node) : NULL;
}

static struct entry *find_or_add(struct agent_fib *fib, const struct agent_route *r)
{
	struct entry *e = find(fib, r);

	if (e)
		return e;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->key = key_of(r);
	list_init(&e->todo);
	if (hash_put(&fib->entries, &e->key, sizeof(e->key), &e->node) < 0) {
		free(e);
		return NULL;
	}
	return e;
}

static void look_at(struct agent_fib *fib, struct entry *e)
{
	if (list_linked(&e->todo))
		return;
	list_add(&fib->todo, &e->todo);
	loop_task_run(&fib->work);
}

static void become(struct agent_fib *fib, struct entry *e, enum agent_fib_state state)
{
	if (state != AGENT_FIB_FAILED)
		e->reason[0] = '\0';
	if (e->state == state)
		return;
	e->state = state;
	loop_task_run(&fib->tell);
}

static void on_done(void *arg, uint64_t tag, int err, const char *text);

/* The tag of a request is its key's hash node: entries are freed only when nothing is busy. */
static void request(struct agent_fib *fib, struct entry *e, const struct agent_route *r,
		    enum agent_route_op op)
{
	uint64_t buf[AGENT_ROUTE_BYTES / 8];
	const struct nlmsghdr *h = agent_route_put(buf, r, op);
	struct agent_nl_ask ask = { .done = on_done, .arg = fib, .tag = (uint64_t)(uintptr_t)e };

	e->busy = true;
	e->deleting = op == AGENT_ROUTE_DEL;
	e->changed = false;
	fib->stats.installs += op == AGENT_ROUTE_ADD;
	fib->stats.replaces += op == AGENT_ROUTE_REPLACE;
	fib->stats.removes += op == AGENT_ROUTE_DEL;
	if (agent_nl_send(fib->ask, h, h->nlmsg_len, &ask) < 0)
		on_done(fib, ask.tag, ENOMEM, "");
}

static void drop(struct agent_fib *fib, struct entry *e)
{
	list_del(&e->todo);
	hash_del(&fib->entries, &e->node);
	free(e);
}

/* Brings one entry a step nearer to what is wanted. */
static void step(struct agent_fib *fib, struct entry *e)
{
	if (e->busy || !fib->ready)
		return;
	if (e->want) {
		if (e->seen && agent_route_same(&e->kernel, &e->wanted)) {
			become(fib, e, AGENT_FIB_IN);
			return;
		}
		if (e->state != AGENT_FIB_FAILED)
			become(fib, e, AGENT_FIB_PENDING);
		request(fib, e, &e->wanted, e->ours ? AGENT_ROUTE_REPLACE : AGENT_ROUTE_ADD);
		return;
	}
	if (e->leftover && e->ours && !fib->sweeping)
		return;
	if (e->ours) {
		struct agent_route key = { .dst = e->key.dst,
					   .table = e->key.table,
					   .metric = e->key.metric };

		become(fib, e, AGENT_FIB_PENDING);
		request(fib, e, &key, AGENT_ROUTE_DEL);
		return;
	}
	become(fib, e, AGENT_FIB_ABSENT);
	drop(fib, e);
}

static void on_work(void *arg)
{
	struct agent_fib *fib = arg;
	struct list *n;

	while ((n = list_pop(&fib->todo)))
		step(fib, LIST_OF(n, struct entry, todo));
}

static void on_tell(void *arg)
{
	struct agent_fib *fib = arg;

	if (fib->ops.changed)
		fib->ops.changed(fib->arg);
}

static void fail(struct agent_fib *fib, struct entry *e, int err, const char *text)
{
	char dst[IP_PREFIX_TEXT_MAX], reason[REASON_MAX];

	if (err == EEXIST)
		(void)snprintf(reason, sizeof(reason),
			       "a route of somebody else has this prefix and metric");
	else
		(void)snprintf(reason, sizeof(reason), "%s%s%s", text, *text ? ": " : "",
			       err_text(err));
	fib->stats.refusals++;
	if (e->state != AGENT_FIB_FAILED || strcmp(reason, e->reason) != 0)
		log_event("", LOG_WARN, "agent.route.refused", "prefix=%s reason=\"%s\"",
			  ip_prefix_text(&e->key.dst, dst, sizeof(dst)), reason);
	(void)str_copy(e->reason, sizeof(e->reason), reason);
	become(fib, e, AGENT_FIB_FAILED);
	if (!loop_timer_armed(&fib->retry_timer))
		loop_timer_after(&fib->retry_timer, RETRY_MS * NS_PER_MS);
}

static void on_done(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_fib *fib = arg;
	struct entry *e = (struct entry *)(uintptr_t)tag;
	bool gone = err == ESRCH && e->deleting;

	e->busy = false;
	if (err == ECANCELED)
		return;
	e->stale = true; /* an audit under way may have passed it already */
	if (e->changed)
		look_at(fib, e);
	if (err == 0 || gone || err == ENOBUFS) { /* the last: done or not, the audit will tell */
		e->seen = false;
		e->ours = !e->deleting || err == ENOBUFS;
		if (e->state == AGENT_FIB_FAILED)
			become(fib, e, AGENT_FIB_PENDING);
		agent_fib_audit(fib);
	} else if (e->want) {
		fail(fib, e, err, text);
	}
}

static void on_audit_route(void *arg, uint64_t tag, const struct nlmsghdr *h)
{
	struct agent_fib *fib = arg;
	struct agent_route r;
	struct entry *e;

	(void)tag;
	if (h->nlmsg_type != RTM_NEWROUTE || !agent_route_get(h, &r) || r.protocol != AGENT_PROTO)
		return;
	e = find(fib, &r);
	if (!e) {
		e = find_or_add(fib, &r);
		if (!e)
			return;
		e->leftover = true;
	}
	e->kernel = r;
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
		look_at(fib, e); /* what was refused waits for its retry */
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

void agent_fib_audit(struct agent_fib *fib)
{
	static const uint8_t families[DUMPS] = { AF_INET6, AF_INET };
	struct agent_nl_ask ask = {
		.reply = on_audit_route, .done = on_audit_done, .arg = fib, .dump = true
	};

	if (fib->dumps_left > 0) {
		fib->audit_again = true;
		return;
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
}

static void on_audit_timer(void *arg)
{
	agent_fib_audit(arg);
}

static void on_retry(void *arg)
{
	struct agent_fib *fib = arg;

	HASH_EACH (it, &fib->entries) {
		struct entry *e = HASH_OF(it, struct entry, node);

		if (e->state == AGENT_FIB_FAILED)
			look_at(fib, e);
	}
}

static void foreign_route(struct agent_fib *fib, const struct nlmsghdr *h)
{
	struct agent_route r;

	if (!fib->ops.foreign || !agent_route_get(h, &r) || r.protocol == AGENT_PROTO ||
	    r.kind != AGENT_ROUTE_LOCAL || r.table != RT_TABLE_MAIN)
		return;
	fib->ops.foreign(fib->arg, &r, h->nlmsg_type == RTM_DELROUTE);
}

static void on_foreign(void *arg, uint64_t tag, const struct nlmsghdr *h)
{
	(void)tag;
	if (h->nlmsg_type == RTM_NEWROUTE)
		foreign_route(arg, h);
}

static void foreign_read(struct agent_fib *fib);

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
static void foreign_read(struct agent_fib *fib)
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
		foreign_read(fib);
	if (fib->links_changed && fib->ops.links)
		fib->ops.links(fib->arg);
	fib->links_changed = false;
	on_retry(fib);
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

static int open_sockets(struct agent_fib *fib)
{
	static const struct agent_nl_ops none = { 0 };
	static const struct agent_nl_ops events = { .event = on_event, .lost = on_lost };
	static const unsigned groups[] = { RTNLGRP_LINK, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_ROUTE };
	int r = agent_nl_new(&fib->ask, fib->loop, NETLINK_ROUTE, &none, fib);

	if (r == 0)
		r = agent_nl_new(&fib->events, fib->loop, NETLINK_ROUTE, &events, fib);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(groups); i++)
		r = agent_nl_join(fib->events, groups[i]);
	return err_trace(r);
}

int agent_fib_new(struct agent_fib **outp, struct loop *loop, const struct agent_fib_ops *ops,
		  void *arg)
{
	AUTO(agent_fib_free) struct agent_fib *fib = calloc(1, sizeof(*fib));
	int r;

	if (!fib)
		return err_raise(-ENOMEM);
	fib->loop = loop;
	fib->ops = *ops;
	fib->arg = arg;
	list_init(&fib->todo);
	hash_init(&fib->entries, loop_random(loop), entry_eq);
	loop_task_init(&fib->work, loop, on_work, fib);
	loop_task_init(&fib->tell, loop, on_tell, fib);
	loop_timer_init(&fib->audit_timer, loop, on_audit_timer, fib);
	loop_timer_init(&fib->retry_timer, loop, on_retry, fib);
	loop_timer_init(&fib->meddle_timer, loop, on_meddle, fib);
	r = open_sockets(fib);
	if (r < 0)
		return err_trace(r);
	*outp = TAKE(fib);
	return 0;
}

struct agent_fib *agent_fib_free(struct agent_fib *fib)
{
	if (!fib)
		return NULL;
	agent_nl_free(fib->ask);
	agent_nl_free(fib->events);
	loop_task_cancel(&fib->work);
	loop_task_cancel(&fib->tell);
	loop_timer_fini(&fib->audit_timer);
	loop_timer_fini(&fib->retry_timer);
	loop_timer_fini(&fib->meddle_timer);
	HASH_EACH (it, &fib->entries) {
		hash_del(&fib->entries, it);
		free(HASH_OF(it, struct entry, node));
	}
	hash_fini(&fib->entries);
	free(fib);
	return NULL;
}

void agent_fib_start(struct agent_fib *fib)
{
	agent_fib_audit(fib);
	foreign_read(fib);
}

bool agent_fib_ready(const struct agent_fib *fib)
{
	return fib->ready;
}

int agent_fib_set(struct agent_fib *fib, const struct agent_route *r)
{
	struct entry *e = find_or_add(fib, r);

	if (!e)
		return err_raise(-ENOMEM);
	if (e->want && agent_route_same(&e->wanted, r))
		return 0;
	e->want = true;
	e->leftover = false;
	e->wanted = *r;
	e->changed = true;
	become(fib, e, AGENT_FIB_PENDING);
	look_at(fib, e);
	return 0;
}

void agent_fib_unset(struct agent_fib *fib, const struct agent_route *key)
{
	struct entry *e = find(fib, key);

	if (!e || !e->want)
		return;
	e->want = false;
	e->changed = true;
	look_at(fib, e);
}

enum agent_fib_state agent_fib_state(const struct agent_fib *fib, const struct agent_route *key)
{
	const struct entry *e = find(fib, key);

	return e ? e->state : AGENT_FIB_ABSENT;
}

const char *agent_fib_reason(const struct agent_fib *fib, const struct agent_route *key)
{
	const struct entry *e = find(fib, key);

	return e ? e->reason : "";
}

const struct agent_route *agent_fib_seen(const struct agent_fib *fib, const struct agent_route *key)
{
	const struct entry *e = find(fib, key);

	return e && e->seen ? &e->kernel : NULL;
}

void agent_fib_sweep(struct agent_fib *fib)
{
	fib->sweeping = true;
	HASH_EACH (it, &fib->entries) {
		struct entry *e = HASH_OF(it, struct entry, node);

		if (e->leftover)
			look_at(fib, e);
	}
}

void agent_fib_flush(struct agent_fib *fib)
{
	fib->sweeping = true;
	HASH_EACH (it, &fib->entries) {
		struct entry *e = HASH_OF(it, struct entry, node);

		e->want = false;
		e->changed = true;
		look_at(fib, e);
	}
}

bool agent_fib_idle(const struct agent_fib *fib)
{
	return fib->ready && fib->dumps_left == 0 && list_empty(&fib->todo) &&
	       !fib->foreign_running && !loop_timer_armed(&fib->meddle_timer) &&
	       agent_nl_pending(fib->ask) == 0;
}

void agent_fib_stats(const struct agent_fib *fib, struct agent_fib_stats *out)
{
	*out = fib->stats;
	HASH_EACH (it, &fib->entries) {
		const struct entry *e = HASH_OF(it, const struct entry, node);

		out->wanted += e->want;
		out->in += e->want && e->state == AGENT_FIB_IN;
		out->pending += e->want && e->state == AGENT_FIB_PENDING;
		out->failed += e->want && e->state == AGENT_FIB_FAILED;
		out->leftover += e->leftover;
	}
}

void agent_fib_each(const struct agent_fib *fib,
		    void (*fn)(void *arg, const struct agent_route *r, enum agent_fib_state state,
			       bool leftover),
		    void *arg)
{
	HASH_EACH (it, &fib->entries) {
		const struct entry *e = HASH_OF(it, const struct entry, node);

		fn(arg, e->seen ? &e->kernel : &e->wanted, e->state, e->leftover);
	}
}
