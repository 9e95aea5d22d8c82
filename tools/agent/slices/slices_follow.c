/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes of tables that follow a policy are pol's: it is told of them when everything else is in
 * place, and the verdict waits for it. A prefix that goes from a list of its own to a policy, or
 * back, changes hands: the new route replaces the old one, so that there is always one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "log/log.h"
#include "tools/agent/policy/pol.h"
#include "tools/agent/slices/slices_int.h"

void agent_slices_policies(struct agent_slices *s, struct agent_pol *pol)
{
	s->pol = pol;
}

static bool ours(void *arg, uint32_t table, const struct ip_prefix *dst)
{
	const struct agent_slices *s = arg;
	struct agent_obj key = { .kind = AGENT_OBJ_ROUTE };
	size_t from = 0, to = s->seen.n; /* sorted by the plan */

	key.route = (struct agent_route){ .table = table, .dst = *dst, .metric = s->cfg.metric };
	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (agent_obj_cmp(&s->seen.at[mid], &key) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from < s->seen.n && agent_obj_cmp(&s->seen.at[from], &key) == 0;
}

static const struct agent_table_route *follower(const struct agent_device *d, uint32_t table,
						const struct ip_prefix *dst)
{
	for (size_t i = 0; i < d->n_tables; i++) {
		const struct agent_table *t = &d->tables[i];

		for (size_t k = 0; t->id == table && k < t->n_routes; k++) {
			if (ip_prefix_cmp(&t->routes[k].prefix, dst) == 0)
				return t->routes[k].color ? &t->routes[k] : NULL;
		}
	}
	return NULL;
}

/* Whether pol is about to replace the route. */
static bool comes(const struct agent_slices *s, const struct agent_route *r)
{
	struct agent_followed f;

	if (!s->pol || r->metric != s->cfg.metric || !follower(s->now, r->table, &r->dst))
		return false;
	return !s->following || (agent_pol_followed(s->pol, r->table, &r->dst, &f) &&
				 f.state == AGENT_FIB_PENDING);
}

static bool is_pols(const struct agent_slices *s, const struct agent_obj *o)
{
	struct agent_followed f;

	return s->pol && !s->following && o->kind == AGENT_OBJ_ROUTE &&
	       agent_pol_followed(s->pol, o->route.table, &o->route.dst, &f);
}

void agent_slices_hand_over(struct agent_slices *s)
{
	size_t n = s->n_made;

	s->kept = false;
	for (size_t i = 0; i < s->n_made; i++) {
		struct agent_op *op = &s->ops.at[i];

		if (op->op == AGENT_ROUTE_ADD && is_pols(s, op->obj))
			op->op = AGENT_ROUTE_REPLACE;
	}
	for (size_t i = s->n_made; i < s->ops.n; i++) {
		const struct agent_obj *o = s->ops.at[i].obj;

		if (o->kind == AGENT_OBJ_ROUTE && comes(s, &o->route))
			s->kept = true;
		else
			s->ops.at[n++] = s->ops.at[i];
	}
	s->ops.n = n;
}

bool agent_slices_follow(struct agent_slices *s)
{
	const struct agent_pol_held held = { ours, s };

	if (!s->pol)
		return false;
	if (!s->following && agent_pol_follow(s->pol, s->now, &held) < 0)
		log_event("", LOG_ERROR, "agent.slices.memory", "msg=\"routes that follow policies\"");
	s->following = true;
	/* What was kept is gone by now, or not to be kept any longer: the next reading tells. */
	return s->kept || (s->phase != CHANGE_NONE && agent_pol_follow_pending(s->pol));
}

static struct agent_followed followed(const struct agent_slices *s,
				      const struct agent_table_route *r)
{
	struct agent_followed f = { .state = AGENT_FIB_PENDING, .reason = "" };

	if (!s->pol)
		f = (struct agent_followed){ AGENT_FIB_FAILED, true, "there are no policies here" };
	else if (s->following)
		(void)agent_pol_followed(s->pol, r->table, &r->prefix, &f);
	return f;
}

static void each(const struct agent_slices *s,
		 void (*fn)(void *arg, const struct agent_table_route *r, const struct agent_followed *f),
		 void *arg)
{
	for (size_t i = 0; i < s->now->n_tables; i++) {
		const struct agent_table *t = &s->now->tables[i];

		for (size_t k = 0; k < t->n_routes; k++) {
			struct agent_followed f;

			if (!t->routes[k].color)
				continue;
			f = followed(s, &t->routes[k]);
			fn(arg, &t->routes[k], &f);
		}
	}
}

static void add_fail(void *arg, const struct agent_table_route *r, const struct agent_followed *f)
{
	struct agent_slices *s = arg;
	char prefix[IP_PREFIX_TEXT_MAX], name[AGENT_OBJ_NAME_MAX];

	/* a path may change at any time: only what a change waited for in vain is wrong */
	if (f->state == AGENT_FIB_IN || f->waits ||
	    (f->state == AGENT_FIB_PENDING && s->phase == CHANGE_NONE))
		return;
	(void)snprintf(name, sizeof(name), "table %u route %s", r->table,
		       ip_prefix_text(&r->prefix, prefix, sizeof(prefix)));
	(void)agent_fails_add(&s->fails, r, name,
			      f->state == AGENT_FIB_FAILED ? f->reason
							   : "the kernel does not show it as wanted");
}

void agent_slices_follow_fails(struct agent_slices *s)
{
	each(s, add_fail, s);
}

struct tally {
	struct agent_slices_stats *out;
	uint32_t pending;
};

static void add_stats(void *arg, const struct agent_table_route *r, const struct agent_followed *f)
{
	struct tally *t = arg;

	(void)r;
	t->out->wanted++;
	t->out->failed += f->waits; /* the others are in the verdict */
	t->pending += f->state == AGENT_FIB_PENDING;
}

uint32_t agent_slices_follow_stats(const struct agent_slices *s, struct agent_slices_stats *out)
{
	struct tally t = { .out = out };

	each(s, add_stats, &t);
	return t.pending;
}

struct agent_part agent_slices_route(const struct agent_slices *s,
				     const struct agent_table_route *r)
{
	struct agent_followed f;

	if (!r->color)
		return agent_slices_part(s, r);
	f = followed(s, r);
	return (struct agent_part){ .status = f.state == AGENT_FIB_IN	    ? AGENT_PART_IN
					      : f.state == AGENT_FIB_FAILED ? AGENT_PART_FAILED
									    : AGENT_PART_PENDING,
				    .reason = f.reason };
}
