/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each dump is of one table, and is taken when it is whole: until then, and when it fails, what was known before
 * stands; when it fails time and again, nothing is known. Dumps are one at a time, so what is under way is kept once.
 *
 * The kernel gives a table in parts, and goes on by counting when it changed between two of them: routes that were
 * there all the time may be missing in it, and some be there twice. Only its notifications tell, so a dump is looked
 * at when those that came before its end were read.
 */
#include "tools/agent/slices/fwd.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "log/log.h"
#include "tools/agent/kernel/nl.h"
#include "tools/agent/slices/fwd_int.h"

#define SOON_NS (20 * NS_PER_MS)
#define AGAIN_NS (1 * NS_PER_S)
#define AUDIT_NS (60 * NS_PER_S)

enum {
	AUDITED = 64, /* tables, each time */
	BAD_MAX = 8,  /* readings in a row, until what is known is no longer believed */
	TORN_MAX = 5, /* in a row, then one is taken as it is: the table changes all the time */
	REST = 9,     /* times as long as a reading took, before the next */
	GONE_MAX = 1024,
};

struct table {
	uint32_t id;
	bool due, known, truncated, wanted;
	uint8_t bad, torn; /* readings in a row */
	uint64_t since;
	VEC(struct agent_fwd_route) routes;
};

struct agent_fwd {
	struct loop *loop;
	void (*changed)(void *arg);
	void *arg;
	struct agent_nl *ask, *events;
	struct loop_timer soon, audit;
	struct mono began, rested; /* the last reading; when the next may be */
	VEC(struct table) tables; /* by id */
	VEC(struct agent_fwd_sid) sids;
	bool sids_due, sids_known;
	uint8_t sids_bad, sids_torn;
	uint32_t n_routes; /* of all */
	uint32_t audited;  /* the next one */
	uint32_t last;	   /* id of the table that was read last */
	uint64_t version;
	struct agent_fwd_gone gone[GONE_MAX]; /* a ring */
	uint64_t n_gone, forgot; /* all that ever went; the last version whose losses are not all in the ring */
	/* the dump */
	bool reading, torn; /* torn: its table changed */
	bool polled;	    /* since its end */
	int err;
	struct loop_task end;
	uint32_t id; /* RT_TABLE_MAIN: SIDs */
	struct fwd_rows fresh;
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
	uint64_t rest = mono_since(loop_now(f->loop), f->rested);

	if (!f->reading && !loop_timer_armed(&f->soon))
		loop_timer_after(&f->soon, ns > rest ? ns : rest);
}

/* ---- a whole table ---- */

static void on_reply(void *arg, uint64_t tag, const struct nlmsghdr *h)
{
	struct agent_fwd *f = arg;
	struct fwd_form m;

	(void)tag;
	if (h->nlmsg_type != RTM_NEWROUTE || !agent_fwd_form_of(h, &m) || m.table != f->id)
		return;
	if (f->id == RT_TABLE_MAIN)
		agent_fwd_add_sid(&f->fresh, h, &m);
	else
		agent_fwd_add_route(&f->fresh, h, &m);
}

static void add_gone(struct agent_fwd *f, uint32_t table, const struct ip_prefix *prefix, uint16_t member)
{
	struct agent_fwd_gone *g = &f->gone[f->n_gone++ % GONE_MAX];

	if (f->n_gone > GONE_MAX)
		f->forgot = g->since;
	*g = (struct agent_fwd_gone){ f->version + 1, *prefix, table, member };
}

/* Marks what of the fresh rows is not as it was, and keeps what went. True: they differ. */
static bool compare_routes(struct agent_fwd *f, const struct table *t)
{
	const struct agent_fwd_route *was = t->routes.at;
	struct agent_fwd_route *is = f->fresh.routes.at;
	size_t n = t->routes.n, m = f->fresh.routes.n, i = 0, k = 0;
	bool differs = false;

	while (i < n || k < m) {
		int c = i == n ? 1 : k == m ? -1 : agent_fwd_route_cmp(&was[i], &is[k]);
		bool same = c == 0 && agent_fwd_route_same(&was[i], &is[k]);

		if (c < 0)
			add_gone(f, t->id, &was[i].dst, was[i].member);
		else
			is[k].since = same ? was[i].since : f->version + 1;
		differs = differs || !same;
		i += c <= 0;
		k += c >= 0;
	}
	return differs;
}

static bool compare_sids(struct agent_fwd *f)
{
	const struct agent_fwd_sid *was = f->sids.at;
	struct agent_fwd_sid *is = f->fresh.sids.at;
	size_t n = f->sids.n, m = f->fresh.sids.n, i = 0, k = 0;
	bool differs = false;

	while (i < n || k < m) {
		int c = i == n ? 1 : k == m ? -1 : ip_prefix_cmp(&was[i].prefix, &is[k].prefix);
		bool same = c == 0 && agent_fwd_sid_same(&was[i], &is[k]);

		if (c < 0)
			add_gone(f, 0, &was[i].prefix, 0);
		else
			is[k].since = same ? was[i].since : f->version + 1;
		differs = differs || !same;
		i += c <= 0;
		k += c >= 0;
	}
	return differs;
}

#define EXCHANGE(a, b)                                                                             \
	do {                                                                                       \
		__typeof__((a)->at) at_ = (a)->at;                                                 \
		size_t n_ = (a)->n, cap_ = (a)->cap;                                               \
		(a)->at = (b)->at;                                                                 \
		(a)->n = (b)->n;                                                                   \
		(a)->cap = (b)->cap;                                                               \
		(b)->at = at_;                                                                     \
		(b)->n = n_;                                                                       \
		(b)->cap = cap_;                                                                   \
	} while (0)

/* A table that did not fit may, now that there is room. */
static void room(struct agent_fwd *f, const struct table *but)
{
	for (size_t i = 0; i < f->tables.n; i++)
		f->tables.at[i].due |= f->tables.at[i].truncated && &f->tables.at[i] != but;
}

/* What was known and what is now change places. True: they differ. */
static bool take_table(struct agent_fwd *f, struct table *t, bool known)
{
	bool truncated = f->fresh.full || f->n_routes - t->routes.n + f->fresh.routes.n > AGENT_FWD_ALL_MAX;
	bool differs;

	if (truncated || !known)
		f->fresh.routes.n = 0;
	differs = compare_routes(f, t) || t->known != known || t->truncated != truncated;
	if (f->fresh.routes.n < t->routes.n)
		room(f, t);
	f->n_routes = (uint32_t)(f->n_routes - t->routes.n + f->fresh.routes.n);
	EXCHANGE(&t->routes, &f->fresh.routes);
	t->known = known;
	t->truncated = truncated;
	if (differs)
		t->since = ++f->version;
	return differs;
}

static bool take_sids(struct agent_fwd *f, bool known)
{
	bool differs;

	known = known && !f->fresh.full;
	if (!known)
		f->fresh.sids.n = 0;
	differs = compare_sids(f) || f->sids_known != known;
	EXCHANGE(&f->sids, &f->fresh.sids);
	f->sids_known = known;
	f->version += differs;
	return differs;
}

/* Nothing came of a reading, it is to be repeated. True: and nothing is known any more. */
static bool unread(struct agent_fwd *f, struct table *t, int err)
{
	uint8_t *bad = t ? &t->bad : &f->sids_bad;

	log_event("", LOG_WARN, "agent.fwd.unread", "table=%u error=\"%s\"", f->id, err_text(err));
	if (t)
		t->due = true;
	else
		f->sids_due = true;
	if (*bad == BAD_MAX || ++*bad < BAD_MAX)
		return false;
	agent_fwd_rows_reset(&f->fresh);
	return t ? take_table(f, t, false) : take_sids(f, false);
}

static bool take(struct agent_fwd *f, struct table *t)
{
	agent_fwd_trim(&f->fresh);
	if (t)
		t->bad = 0;
	else
		f->sids_bad = 0;
	return t ? take_table(f, t, true) : take_sids(f, true);
}

/* To be read again, what was known stands: it changed while it was read. */
static bool again(struct agent_fwd *f, struct table *t)
{
	uint8_t *torn = t ? &t->torn : &f->sids_torn;

	if (!f->torn || ++*torn == TORN_MAX) {
		*torn = 0;
		return false;
	}
	if (t)
		t->due = true;
	else
		f->sids_due = true;
	soon(f, SOON_NS << *torn);
	return true;
}

static void conclude(struct agent_fwd *f)
{
	struct table *t = table_of(f, f->id);
	bool differs = false;

	f->reading = false;
	if (t || f->id == RT_TABLE_MAIN) { /* else it is not looked after any more */
		if (f->err)
			differs = unread(f, t, f->err);
		else if (!again(f, t))
			differs = take(f, t);
	}
	if (differs && f->changed)
		f->changed(f->arg);
	soon(f, f->err ? AGAIN_NS : 0);
}

/* Twice: the loop looks at what came between the two. */
static void on_end(void *arg)
{
	struct agent_fwd *f = arg;

	if (f->polled) {
		conclude(f);
		return;
	}
	f->polled = true;
	loop_task_run(&f->end);
}

static void on_done(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_fwd *f = arg;

	(void)tag;
	(void)text;
	if (err == ECANCELED)
		return;
	if (err == ENOENT) /* a table that is not there has nothing in it */
		err = 0;
	f->err = err == 0 && f->fresh.memory ? ENOMEM : err;
	f->polled = false;
	loop_now_update(f->loop);
	f->rested = mono_add(loop_now(f->loop), REST * mono_since(f->began, loop_now(f->loop)));
	loop_task_run(&f->end);
}

static void dump(struct agent_fwd *f, uint32_t id)
{
	uint64_t buf[16];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	const struct agent_nl_ask ask = { .reply = on_reply, .done = on_done, .arg = f, .tag = id, .dump = true };

	f->reading = true;
	f->torn = false;
	f->id = id;
	f->began = loop_now(f->loop);
	agent_fwd_rows_reset(&f->fresh);
	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m->rtm_family = AF_INET6;
	mnl_attr_put_u32(h, RTA_TABLE, id);
	if (agent_nl_send(f->ask, h, h->nlmsg_len, &ask) < 0)
		on_done(f, id, ENOMEM, "");
}

/* In turn, so that none that changes all the time keeps the others from being read. */
static struct table *next_due(const struct agent_fwd *f)
{
	size_t n = f->tables.n, from = place_of(f, f->last + 1);

	for (size_t i = 0; i < n; i++) {
		if (f->tables.at[(from + i) % n].due)
			return &f->tables.at[(from + i) % n];
	}
	return NULL;
}

static void go_on(struct agent_fwd *f)
{
	struct table *t;

	if (f->reading)
		return;
	t = next_due(f);
	if (f->sids_due && (!t || f->id != RT_TABLE_MAIN)) {
		f->sids_due = false;
		dump(f, RT_TABLE_MAIN);
	} else if (t) {
		t->due = false;
		f->last = t->id;
		dump(f, t->id);
	}
}

/* ---- when ---- */

/* A route that is none takes the place of a SID, or stands before it. */
static bool is_known_sid(const struct agent_fwd *f, const struct ip_prefix *p)
{
	size_t at = VEC_PLACE(&f->sids, s, ip_prefix_cmp(&s->prefix, p) < 0);

	return at < f->sids.n && ip_prefix_cmp(&f->sids.at[at].prefix, p) == 0;
}

static void on_event(void *arg, const struct nlmsghdr *h)
{
	struct agent_fwd *f = arg;
	struct table *t;
	struct fwd_form m;

	if ((h->nlmsg_type != RTM_NEWROUTE && h->nlmsg_type != RTM_DELROUTE) || !agent_fwd_form_of(h, &m))
		return;
	f->torn |= f->reading && m.table == f->id;
	t = table_of(f, m.table);
	if (t)
		t->due = true;
	else if (m.table == RT_TABLE_MAIN && (agent_fwd_is_sid(h) || is_known_sid(f, &m.dst)))
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
	struct agent_fwd *f = arg;

	f->torn = true;
	all_due(f);
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
	loop_task_init(&f->end, loop, on_end, f);
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
	loop_task_cancel(&f->end);
	for (size_t i = 0; i < f->tables.n; i++)
		VEC_FINI(&f->tables.at[i].routes);
	VEC_FINI(&f->tables);
	VEC_FINI(&f->sids);
	agent_fwd_rows_fini(&f->fresh);
	free(f);
	return NULL;
}

static void forget_table(struct agent_fwd *f, struct table *t)
{
	f->n_routes -= (uint32_t)t->routes.n;
	VEC_FINI(&t->routes);
	f->forgot = ++f->version;
}

int agent_fwd_want(struct agent_fwd *f, const uint32_t *ids, uint32_t n)
{
	size_t kept = 0;
	bool news = false;

	if (n > AGENT_FWD_TABLES_MAX)
		return err_raise(-EINVAL);
	for (size_t i = 0; i < f->tables.n; i++)
		f->tables.at[i].wanted = false;
	for (uint32_t i = 0; i < n; i++) {
		const struct table fresh = { .id = ids[i], .due = true, .wanted = true, .since = f->version + 1 };
		struct table *t = table_of(f, ids[i]);

		if (t)
			t->wanted = true;
		else if (!VEC_INSERT(&f->tables, place_of(f, ids[i]), fresh))
			return err_raise(-ENOMEM);
		else
			news = true;
	}
	f->version += news;
	for (size_t i = 0; i < f->tables.n; i++) {
		struct table *t = &f->tables.at[i];

		if (t->wanted)
			f->tables.at[kept++] = *t;
		else
			forget_table(f, t);
	}
	if (kept < f->tables.n)
		room(f, NULL);
	if (news || kept < f->tables.n)
		soon(f, SOON_NS);
	f->tables.n = kept;
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
					 .since = t->since, .routes = t->routes.at, .n = (uint32_t)t->routes.n };
}

const struct agent_fwd_sid *agent_fwd_sids(const struct agent_fwd *f, uint32_t *n)
{
	*n = (uint32_t)f->sids.n;
	return f->sids.at;
}

bool agent_fwd_sids_known(const struct agent_fwd *f)
{
	return f->sids_known;
}

uint64_t agent_fwd_version(const struct agent_fwd *f)
{
	return f->version;
}

bool agent_fwd_gone(const struct agent_fwd *f, uint64_t since, void (*fn)(void *arg, const struct agent_fwd_gone *g),
		    void *arg)
{
	uint64_t first = f->n_gone > GONE_MAX ? f->n_gone - GONE_MAX : 0;

	if (since < f->forgot)
		return false;
	for (uint64_t i = first; fn && i < f->n_gone; i++) {
		if (f->gone[i % GONE_MAX].since > since)
			fn(arg, &f->gone[i % GONE_MAX]);
	}
	return true;
}
