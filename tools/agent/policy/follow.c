/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes of customers' tables that follow a policy: the list of its active candidate, then the
 * route's own segments. They hang on the policy as steered prefixes do, so that whatever changes
 * it (a controller, a probe) is one replace of each, at once and with nothing in between.
 *
 * What one route cannot have is its own trouble: the policy is not down for it, since others'
 * routes follow it too. Only a route that was in with the list before, and is not with this one
 * yet, keeps the policy from being up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tools/agent/policy/pol_int.h"

static int follow_cmp(const void *a, const void *b)
{
	const struct follow *x = a, *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	return ip_prefix_cmp(&x->dst, &y->dst);
}

static struct follow *find(const struct agent_pol *pol, uint32_t table, const struct ip_prefix *dst)
{
	struct follow key = { .table = table, .dst = *dst };

	return pol->n_follows ? bsearch(&key, pol->follows, pol->n_follows, sizeof(key), follow_cmp)
			      : NULL;
}

/* ---- one ---- */

static bool in_underlay(const struct agent_pol *pol, const struct ip_addr *sid)
{
	for (size_t i = 0; i < pol->n_underlay; i++) {
		if (ip_prefix_has(&pol->underlay[i], sid))
			return true;
	}
	return false;
}

static bool all_in_underlay(const struct agent_pol *pol, const struct sr_list *list)
{
	for (unsigned k = 0; k < sr_list_count(list); k++) {
		if (!in_underlay(pol, &sr_list_nth(list, k)->at[0].sid))
			return false;
	}
	return true;
}

/* Why there can be no route; "" when there can. */
static void obstacle(const struct agent_pol *pol, struct follow *f)
{
	const struct agent_lsp *via = f->policy->active;
	unsigned max = pol->cfg->msd < AGENT_SEGS_MAX ? pol->cfg->msd : AGENT_SEGS_MAX;
	unsigned n = via ? agent_pol_longest_list(&via->st.list) : 0;

	f->why[0] = '\0';
	f->waits = !via;
	if (!via)
		(void)str_copy(f->why, sizeof(f->why), "the policy has no path that is up");
	else if (n + f->n > max)
		(void)snprintf(f->why, sizeof(f->why),
			       "%u SIDs of the policy and %u of the route are more than the %u that "
			       "this router imposes",
			       n, f->n, max);
	else if (!all_in_underlay(pol, &via->st.list))
		(void)str_copy(f->why, sizeof(f->why),
			       "the first SID of the policy is in no 'underlay' block: packets would "
			       "come back to this table");
	else if (!pol->dev)
		(void)str_copy(f->why, sizeof(f->why), "the SID device is absent");
}

static bool steered(const struct agent_pol *pol, const struct follow *f)
{
	for (size_t i = 0; pol->cfg->table == f->table && i < pol->n_steers; i++) {
		if (ip_prefix_cmp(&pol->steers[i].route.dst, &f->dst) == 0)
			return true;
	}
	return false;
}

void agent_pol_follow_one(struct agent_pol *pol, struct follow *f)
{
	struct agent_route r = { .dst = f->dst,
				 .table = f->table,
				 .metric = pol->cfg->metric,
				 .protocol = AGENT_PROTO,
				 .kind = AGENT_ROUTE_ENCAP,
				 .reduced = pol->cfg->reduced,
				 .dev = pol->dev,
				 .take = f->take };
	enum agent_fib_state was = f->route.n ? agent_fib_state(pol->fib, &f->route)
					      : AGENT_FIB_ABSENT;

	if (steered(pol, f)) { /* its route is of the same key: not ours to take away */
		(void)str_copy(f->why, sizeof(f->why), "the configuration steers this prefix");
		f->route.n = 0;
		return;
	}
	obstacle(pol, f);
	if (f->route.n && (f->why[0] || agent_route_key_cmp(&f->route, &r) != 0))
		agent_fib_unset(pol->fib, &f->route);
	f->moving = !f->why[0] && (was == AGENT_FIB_IN || (f->moving && was == AGENT_FIB_PENDING));
	if (!f->why[0] && agent_pol_want(pol, &r, f->policy->active, f->seg, f->n) < 0) {
		(void)str_copy(f->why, sizeof(f->why), "out of memory");
		r.n = 0;
	}
	f->route = r;
	f->take = false;
}

/* ---- all ---- */

static size_t count(const struct agent_device *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_tables; i++) {
		for (size_t k = 0; k < d->tables[i].n_routes; k++)
			n += d->tables[i].routes[k].color != 0;
	}
	return n;
}

struct filling {
	struct agent_pol *pol;
	const struct agent_pol_held *held;
	struct follow *at;
	size_t n;
};

static bool add(struct filling *fl, uint32_t table, const struct agent_table_route *r)
{
	const struct follow *old = find(fl->pol, table, &r->prefix);
	struct follow *f = &fl->at[fl->n];

	*f = (struct follow){ .table = table, .dst = r->prefix, .n = r->n };
	memcpy(f->seg, r->seg, r->n * sizeof(r->seg[0]));
	if (old) {
		f->route = old->route;
		f->moving = old->moving;
		f->told = old->told;
	}
	f->take = (!old || old->route.n == 0) && fl->held &&
		  fl->held->has(fl->held->arg, table, &r->prefix);
	f->policy = agent_pol_policy(fl->pol, r->color, &r->endpoint);
	fl->n += f->policy != NULL;
	return f->policy != NULL;
}

static bool fill(struct filling *fl, const struct agent_device *d)
{
	for (size_t i = 0; i < d->n_tables; i++) {
		const struct agent_table *t = &d->tables[i];

		for (size_t k = 0; k < t->n_routes; k++) {
			if (t->routes[k].color && !add(fl, t->id, &t->routes[k]))
				return false;
		}
	}
	return true;
}

static int give_up(struct agent_pol *pol, struct filling *fl, struct ip_prefix *underlay)
{
	free(fl->at);
	free(underlay);
	agent_pol_drop_unused(pol);
	return err_raise(-ENOMEM);
}

static void leave(struct agent_pol *pol, const struct agent_route *r)
{
	struct leaving l = { r->table, r->metric, r->dst };

	agent_fib_unset(pol->fib, r);
	(void)VEC_ADD(&pol->leaving, l); /* without memory nobody waits for it */
}

/* How many are not gone. */
static size_t left(struct agent_pol *pol)
{
	size_t n = 0;

	for (size_t i = 0; i < pol->leaving.n; i++) {
		const struct leaving *l = &pol->leaving.at[i];
		struct agent_route key = { .table = l->table, .metric = l->metric, .dst = l->dst };

		if (!find(pol, l->table, &l->dst) &&
		    agent_fib_state(pol->fib, &key) != AGENT_FIB_ABSENT)
			pol->leaving.at[n++] = *l;
	}
	pol->leaving.n = n;
	return n;
}

int agent_pol_follow(struct agent_pol *pol, const struct agent_device *d,
		     const struct agent_pol_held *held)
{
	struct filling fl = { .pol = pol, .held = held };
	struct ip_prefix *underlay = calloc(d->n_underlay + 1, sizeof(*underlay));
	struct follow *old = pol->follows;
	size_t n_old = pol->n_follows;

	fl.at = calloc(count(d) + 1, sizeof(*fl.at));
	if (!underlay || !fl.at || !fill(&fl, d))
		return give_up(pol, &fl, underlay);
	memcpy(underlay, d->underlay, d->n_underlay * sizeof(*underlay));
	qsort(fl.at, fl.n, sizeof(*fl.at), follow_cmp);
	for (size_t i = 0; i < n_old; i++)
		list_del(&old[i].member);
	free(pol->underlay);
	pol->underlay = underlay;
	pol->n_underlay = d->n_underlay;
	pol->follows = fl.at;
	pol->n_follows = fl.n;
	for (size_t i = 0; i < fl.n; i++) {
		list_add(&fl.at[i].policy->follows, &fl.at[i].member);
		if (pol->cfg)
			agent_pol_follow_one(pol, &fl.at[i]);
	}
	for (size_t i = 0; i < n_old; i++) {
		if (old[i].route.n && !find(pol, old[i].table, &old[i].dst))
			leave(pol, &old[i].route);
	}
	free(old);
	agent_pol_drop_unused(pol);
	loop_task_run(&pol->judge);
	return 0;
}

/* ---- how they fare ---- */

static struct agent_followed state_of(const struct agent_pol *pol, const struct follow *f)
{
	struct agent_followed s = { .reason = "" };

	if (f->why[0]) {
		s.state = AGENT_FIB_FAILED;
		s.reason = f->why;
		s.waits = f->waits;
		return s;
	}
	s.state = f->route.n ? agent_fib_state(pol->fib, &f->route) : AGENT_FIB_PENDING;
	if (s.state == AGENT_FIB_ABSENT)
		s.state = AGENT_FIB_PENDING;
	if (s.state == AGENT_FIB_FAILED)
		s.reason = agent_fib_reason(pol->fib, &f->route);
	return s;
}

bool agent_pol_followed(const struct agent_pol *pol, uint32_t table, const struct ip_prefix *dst,
			struct agent_followed *out)
{
	const struct follow *f = find(pol, table, dst);

	if (f)
		*out = state_of(pol, f);
	return f != NULL;
}

bool agent_pol_follow_pending(const struct agent_pol *pol)
{
	for (size_t i = 0; i < pol->n_follows; i++) {
		if (state_of(pol, &pol->follows[i]).state == AGENT_FIB_PENDING)
			return true;
	}
	return pol->leaving.n > 0;
}

unsigned agent_pol_moving(const struct agent_pol *pol, const struct agent_policy *p)
{
	unsigned n = 0;

	LIST_EACH (it, &p->follows) {
		const struct follow *f = LIST_OF(it, const struct follow, member);

		n += f->moving && state_of(pol, f).state == AGENT_FIB_PENDING;
	}
	return n;
}

unsigned agent_pol_longest(const struct agent_pol *pol, const struct agent_policy *p)
{
	unsigned n = 0;

	LIST_EACH (it, &p->follows) {
		const struct follow *f = LIST_OF(it, const struct follow, member);

		if (f->n > n && state_of(pol, f).state == AGENT_FIB_IN)
			n = f->n;
	}
	return n;
}

void agent_pol_tell_followed(struct agent_pol *pol)
{
	bool changed = pol->leaving.n > 0 && left(pol) == 0;

	for (size_t i = 0; i < pol->n_follows; i++) {
		struct follow *f = &pol->follows[i];
		uint8_t now = (uint8_t)(1 + state_of(pol, f).state);

		changed = changed || f->told != now;
		f->told = now;
	}
	if (changed && pol->ops.followed)
		pol->ops.followed(pol->arg);
}
