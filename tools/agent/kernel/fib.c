/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry a key (table, prefix, metric). A change is a request; its acknowledgement asks for
 * an audit, one for all that came meanwhile; the audit (a dump of all routes with our protocol
 * number) alone moves an entry to IN. The same audit finds what somebody removed or changed.
 *
 * A key not known to be ours is added with EXCL: a route of somebody else is never replaced.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "tools/agent/kernel/fib_int.h"

static bool entry_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&HASH_OF(n, const struct entry, node)->key, key, sizeof(struct key)) == 0;
}

static struct key key_of(const struct agent_route *r)
{
	return (struct key){ .table = r->table, .metric = r->metric, .dst = r->dst };
}

struct entry *agent_fib_find(const struct agent_fib *fib, const struct agent_route *r)
{
	struct key k = key_of(r);
	struct hash_node *n = hash_get(&fib->entries, &k, sizeof(k), &k);

	return n ? HASH_OF(n, struct entry, node) : NULL;
}

struct entry *agent_fib_find_or_add(struct agent_fib *fib, const struct agent_route *r)
{
	struct entry *e = agent_fib_find(fib, r);

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

static void entry_free(struct entry *e)
{
	agent_route_drop(&e->wanted);
	agent_route_drop(&e->kernel);
	free(e);
}

void agent_fib_look_at(struct agent_fib *fib, struct entry *e)
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
	entry_free(e);
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
		request(fib, e, &e->wanted, e->ours || e->wanted.take ? AGENT_ROUTE_REPLACE : AGENT_ROUTE_ADD);
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

/* Its reserve for what routes need a processor is small: thousands at once exhaust it for a moment. */
static bool is_scarce(struct agent_fib *fib, struct entry *e, int err)
{
	if (err != ENOMEM || e->scarce == SCARCE_MAX)
		return false;
	e->scarce++;
	if (!loop_timer_armed(&fib->scarce_timer))
		loop_timer_after(&fib->scarce_timer, SCARCE_MS * NS_PER_MS);
	return true;
}

static void on_scarce(void *arg)
{
	struct agent_fib *fib = arg;

	HASH_EACH (it, &fib->entries) {
		struct entry *e = HASH_OF(it, struct entry, node);

		if (e->scarce && e->state == AGENT_FIB_PENDING)
			agent_fib_look_at(fib, e);
	}
}

static void on_done(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_fib *fib = arg;
	struct entry *e = (struct entry *)(uintptr_t)tag;
	bool gone = err == ESRCH && e->deleting;

	e->busy = false;
	if (err == ECANCELED)
		return;
	if (e->changed)
		agent_fib_look_at(fib, e);
	if (err == 0 || gone || err == ENOBUFS) { /* the last: done or not, the audit will tell */
		e->stale = true; /* an audit under way may have passed it already */
		e->seen = false;
		e->ours = !e->deleting || err == ENOBUFS;
		e->wanted.take = false;
		e->scarce = 0;
		if (e->state == AGENT_FIB_FAILED)
			become(fib, e, AGENT_FIB_PENDING);
		agent_fib_audit(fib);
	} else if (e->want && !is_scarce(fib, e, err)) {
		e->scarce = 0;
		fail(fib, e, err, text);
	}
}

void agent_fib_retry(struct agent_fib *fib)
{
	HASH_EACH (it, &fib->entries) {
		struct entry *e = HASH_OF(it, struct entry, node);

		if (e->state == AGENT_FIB_FAILED)
			agent_fib_look_at(fib, e);
	}
}

static void on_retry(void *arg)
{
	agent_fib_retry(arg);
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
	loop_timer_init(&fib->retry_timer, loop, on_retry, fib);
	loop_timer_init(&fib->scarce_timer, loop, on_scarce, fib);
	r = agent_fib_watch(fib);
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
	loop_timer_fini(&fib->scarce_timer);
	loop_timer_fini(&fib->meddle_timer);
	HASH_EACH (it, &fib->entries) {
		hash_del(&fib->entries, it);
		entry_free(HASH_OF(it, struct entry, node));
	}
	hash_fini(&fib->entries);
	free(fib);
	return NULL;
}

void agent_fib_start(struct agent_fib *fib)
{
	agent_fib_audit(fib);
	agent_fib_foreign_read(fib);
}

bool agent_fib_ready(const struct agent_fib *fib)
{
	return fib->ready;
}

int agent_fib_set(struct agent_fib *fib, const struct agent_route *r)
{
	struct entry *e = agent_fib_find(fib, r);
	struct agent_route own;

	if (e && e->want && agent_route_same(&e->wanted, r))
		return 0;
	if (agent_route_keep(r, &own) < 0)
		return err_raise(-ENOMEM);
	e = agent_fib_find_or_add(fib, r);
	if (!e) {
		agent_route_drop(&own);
		return err_raise(-ENOMEM);
	}
	e->want = true;
	e->leftover = false;
	agent_route_drop(&e->wanted);
	e->wanted = own;
	e->changed = true;
	become(fib, e, AGENT_FIB_PENDING);
	agent_fib_look_at(fib, e);
	return 0;
}

void agent_fib_unset(struct agent_fib *fib, const struct agent_route *key)
{
	struct entry *e = agent_fib_find(fib, key);

	if (!e || !e->want)
		return;
	e->want = false;
	e->changed = true;
	agent_fib_look_at(fib, e);
}

enum agent_fib_state agent_fib_state(const struct agent_fib *fib, const struct agent_route *key)
{
	const struct entry *e = agent_fib_find(fib, key);

	return e ? e->state : AGENT_FIB_ABSENT;
}

const char *agent_fib_reason(const struct agent_fib *fib, const struct agent_route *key)
{
	const struct entry *e = agent_fib_find(fib, key);

	return e ? e->reason : "";
}

const struct agent_route *agent_fib_seen(const struct agent_fib *fib, const struct agent_route *key)
{
	const struct entry *e = agent_fib_find(fib, key);

	return e && e->seen ? &e->kernel : NULL;
}

const struct agent_route *agent_fib_wanted(const struct agent_fib *fib, const struct agent_route *key)
{
	const struct entry *e = agent_fib_find(fib, key);

	return e && e->want ? &e->wanted : NULL;
}

void agent_fib_sweep(struct agent_fib *fib)
{
	fib->sweeping = true;
	HASH_EACH (it, &fib->entries) {
		struct entry *e = HASH_OF(it, struct entry, node);

		if (e->leftover)
			agent_fib_look_at(fib, e);
	}
}

void agent_fib_sweep_metric(struct agent_fib *fib, uint32_t metric)
{
	HASH_EACH (it, &fib->entries) {
		struct entry *e = HASH_OF(it, struct entry, node);

		if (!e->leftover || e->key.metric != metric)
			continue;
		e->leftover = false;
		agent_fib_look_at(fib, e);
	}
}

void agent_fib_flush(struct agent_fib *fib)
{
	fib->sweeping = true;
	HASH_EACH (it, &fib->entries) {
		struct entry *e = HASH_OF(it, struct entry, node);

		e->want = false;
		e->changed = true;
		agent_fib_look_at(fib, e);
	}
}

bool agent_fib_idle(const struct agent_fib *fib)
{
	return fib->ready && fib->dumps_left == 0 && list_empty(&fib->todo) &&
	       !fib->foreign_running && !loop_timer_armed(&fib->meddle_timer) &&
	       !loop_timer_armed(&fib->scarce_timer) &&
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
