/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/kernel/sids.h"

#include <errno.h>
#include <linux/seg6_local.h>
#include <stdlib.h>

#include "tools/agent/policy/pol.h"
#include "base/err.h"
#include "base/vec.h"
#include "log/log.h"

struct sid {
	struct agent_route route;
	bool told; /* since the last agent_sids_all() */
	bool repaired;
};

struct agent_sids {
	struct agent_fib *fib;
	void (*changed)(void *arg);
	void *arg;
	VEC(struct sid) at; /* sorted by key */
	bool repair;
	struct loop_task tell;
};

static void on_tell(void *arg)
{
	struct agent_sids *s = arg;

	s->changed(s->arg);
}

int agent_sids_new(struct agent_sids **outp, struct loop *loop, struct agent_fib *fib,
		   void (*changed)(void *arg), void *arg)
{
	struct agent_sids *s = calloc(1, sizeof(*s));

	if (!s)
		return err_raise(-ENOMEM);
	s->fib = fib;
	s->changed = changed;
	s->arg = arg;
	loop_task_init(&s->tell, loop, on_tell, s);
	*outp = s;
	return 0;
}

struct agent_sids *agent_sids_free(struct agent_sids *s)
{
	if (!s)
		return NULL;
	loop_task_cancel(&s->tell);
	VEC_FINI(&s->at);
	free(s);
	return NULL;
}

bool agent_sids_is_broken(const struct agent_route *r)
{
	return r->protocol == AGENT_PROTO_ISIS && r->kind == AGENT_ROUTE_LOCAL &&
	       r->action == SEG6_LOCAL_ACTION_END_X && r->next_csid && r->nflen == 16 &&
	       r->dst.len == r->lblen + 2 * r->nflen;
}

/*
 * Two routes, each for half of what follows the SID, and so more specific than FRR's own. A
 * route with FRR's very prefix would make zebra, which hears of it, take its own back, and
 * nobody could tell that from a SID that went.
 */
static struct agent_route repair_of(const struct agent_route *r, unsigned half)
{
	struct agent_route fix = *r;

	fix.dst.len = (uint8_t)(r->dst.len + 1);
	ip_bits_set(&fix.dst.addr, r->dst.len, 1, half);
	fix.protocol = AGENT_PROTO;
	fix.metric = AGENT_REPAIR_METRIC;
	fix.nflen = (uint8_t)(r->dst.len - r->lblen);
	fix.counters = true;
	return fix;
}

static void apply(struct agent_sids *s, struct sid *sid, bool gone)
{
	bool want = s->repair && !gone && agent_sids_is_broken(&sid->route);
	char t[IP_PREFIX_TEXT_MAX];

	if (want && !sid->repaired)
		log_event("", LOG_INFO, "agent.ua.repair", "sid=%s",
			  ip_prefix_text(&sid->route.dst, t, sizeof(t)));
	for (unsigned half = 0; half < 2; half++) {
		struct agent_route fix = repair_of(&sid->route, half);

		if (want)
			(void)agent_fib_set(s->fib, &fix);
		else if (sid->repaired)
			agent_fib_unset(s->fib, &fix);
	}
	sid->repaired = want;
}

/* Index of the first that is not before r. */
static size_t place_of(const struct agent_sids *s, const struct agent_route *r)
{
	return VEC_PLACE(&s->at, sid, agent_route_key_cmp(&sid->route, r) < 0);
}

static void forget(struct agent_sids *s, size_t i)
{
	apply(s, &s->at.at[i], true);
	s->at.n--;
	for (; i < s->at.n; i++)
		s->at.at[i] = s->at.at[i + 1];
}

static bool insert(struct agent_sids *s, size_t i, const struct agent_route *r)
{
	struct sid fresh = { .route = *r };

	return s->at.n < AGENT_SIDS_MAX && VEC_INSERT(&s->at, i, fresh);
}

void agent_sids_foreign(struct agent_sids *s, const struct agent_route *r, bool gone)
{
	size_t i = place_of(s, r);
	bool known = i < s->at.n && agent_route_key_cmp(&s->at.at[i].route, r) == 0;

	if (gone && known)
		forget(s, i);
	if (!gone && !known && !insert(s, i, r))
		return;
	if (!gone) {
		s->at.at[i].route = *r;
		s->at.at[i].told = true;
		apply(s, &s->at.at[i], false);
	}
	if (gone == known)
		loop_task_run(&s->tell);
}

void agent_sids_all(struct agent_sids *s)
{
	for (size_t i = s->at.n; i > 0; i--) {
		if (!s->at.at[i - 1].told)
			forget(s, i - 1);
		else
			s->at.at[i - 1].told = false;
	}
	/* Repairs of an earlier run whose SID went meanwhile: no controller can want them. */
	agent_fib_sweep_metric(s->fib, AGENT_REPAIR_METRIC);
	loop_task_run(&s->tell);
}

void agent_sids_repair(struct agent_sids *s, bool on)
{
	s->repair = on;
	for (size_t i = 0; i < s->at.n; i++)
		apply(s, &s->at.at[i], false);
}

bool agent_sids_holds(const struct agent_sids *s, const struct ip_addr *sid)
{
	for (size_t i = 0; i < s->at.n; i++) {
		if (ip_prefix_has(&s->at.at[i].route.dst, sid))
			return true;
	}
	return false;
}

/* Metrics are few: each is looked through by halves. */
bool agent_sids_has(const struct agent_sids *s, const struct ip_prefix *sid)
{
	for (size_t at = 0; at < s->at.n;) {
		struct agent_route key = { .table = s->at.at[at].route.table,
					   .metric = s->at.at[at].route.metric,
					   .dst = *sid };
		struct agent_route end = { .table = key.table, .metric = key.metric + 1 };
		size_t i = place_of(s, &key);

		if (i < s->at.n && agent_route_key_cmp(&s->at.at[i].route, &key) == 0)
			return true;
		if (end.metric == 0)
			return false;
		at = place_of(s, &end);
	}
	return false;
}

void agent_sids_each(const struct agent_sids *s,
		     void (*fn)(void *arg, const struct agent_route *r, bool repaired), void *arg)
{
	for (size_t i = 0; i < s->at.n; i++)
		fn(arg, &s->at.at[i].route, s->at.at[i].repaired);
}
