/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscribe, when: intervals, changes, readings that are waited for, and whose turn it is. What is told then:
 * gnmi_sub.c.
 */
#include <stdlib.h>

#include "tools/agent/gnmi/gnmi_sub_int.h"

enum { ARENA_SUB_MAX = 1 << 20 };

/* ---- time ---- */

void agent_gsub_want(struct agent_gsub *c)
{
	if (c->blocked)
		return; /* the queue's end wants it then */
	c->wants = true;
	if (c->parts) /* nothing of it is read by slices then */
		loop_task_run(&c->g->parts);
	else
		c->due = agent_gnmi_read(c->g);
}

static void arm(struct agent_gsub *c)
{
	struct mono now = loop_now(c->g->loop), least = { 0 };
	bool any = false;

	for (size_t i = 0; i < c->n_ones; i++) {
		const struct one *o = &c->ones[i];

		if (o->interval_ns && (!any || mono_before(o->next, least))) {
			least = o->next;
			any = true;
		}
		if (o->heartbeat_ns && (!any || mono_before(o->beat, least))) {
			least = o->beat;
			any = true;
		}
	}
	if (any && c->mode == GNMIPB__SUBSCRIPTION_LIST__MODE__STREAM)
		loop_timer_after(&c->timer, mono_since(now, least));
}

static void tick(struct one *o, struct mono now)
{
	if (o->heartbeat_ns && !mono_before(now, o->beat)) {
		o->beat = mono_add(now, o->heartbeat_ns);
		o->gen++;
		o->due = true;
	}
	if (!o->interval_ns || mono_before(now, o->next))
		return;
	o->next = mono_add(o->next, o->interval_ns);
	if (mono_before(o->next, now)) /* late: not many at once */
		o->next = mono_add(now, o->interval_ns);
	o->gen += !o->suppress;
	o->due = true;
}

static void on_timer(void *arg)
{
	struct agent_gsub *c = arg;

	for (size_t i = 0; i < c->n_ones; i++)
		tick(&c->ones[i], loop_now(c->g->loop));
	arm(c);
	agent_gsub_want(c);
}

/* ---- what is due ---- */

/* What changed, or has to be told again, since its walk began. */
static void go_on(struct agent_gsub *c)
{
	for (size_t i = 0; i < c->n_ones; i++) {
		if (c->ones[i].due)
			agent_gsub_want(c);
		if (c->ones[i].due_change)
			loop_task_run(&c->g->parts);
	}
}

/* The whole of what was asked for was told. */
static int complete(struct agent_gsub *c)
{
	int rc;

	if (!c->first) {
		go_on(c);
		return 0;
	}
	rc = agent_gsub_sync(c);
	if (rc != 0)
		return rc;
	c->first = c->silent = false;
	if (c->mode == GNMIPB__SUBSCRIPTION_LIST__MODE__ONCE) {
		rpc_call_finish(c->call, RPC_OK, "%s", "");
		agent_gsub_free(c);
		return 0;
	}
	for (size_t i = 0; i < c->n_ones; i++) {
		c->ones[i].done = false;
		c->ones[i].next = mono_add(loop_now(c->g->loop), c->ones[i].interval_ns);
		c->ones[i].beat = mono_add(loop_now(c->g->loop), c->ones[i].heartbeat_ns);
	}
	arm(c);
	go_on(c);
	return 0;
}

/* One tree of everything and one of parts alone, each made when somebody needs it; parts: what any of those who
 * need them ask for. */
struct trees {
	struct lyd_node *all, *some;
	unsigned parts;
};

static const struct lyd_node *tree_for(const struct agent_gsub *c, struct trees *t)
{
	if (!c->parts && !t->all)
		t->all = agent_gnmi_all(c->g, t->parts);
	if (c->parts && !t->some)
		t->some = agent_gnmi_only(c->g, t->parts);
	return c->parts ? t->some : t->all;
}

static int serve_one(struct agent_gsub *c, struct one *o, struct trees *t)
{
	bool walked = agent_gsub_walks(c, o);
	int rc = walked ? agent_gsub_walk(c, o) : agent_gsub_evaluate(c, o, tree_for(c, t));

	if (rc == GSUB_E_MORE)
		o->due_change = true;
	if (rc != 0)
		return rc;
	o->due_change = walked && o->on_change && o->told != agent_fwd_version(c->g->cfg.fwd);
	o->due = walked && !c->first && o->told_gen != o->gen;
	o->done = true;
	return 0;
}

static void serve(struct agent_gsub *c, struct trees *t)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->n_ones; i++) {
		struct one *o = &c->ones[i];

		if (c->first ? !o->done : o->due || o->due_change)
			rc = serve_one(c, o, t);
	}
	c->wants = rc == GSUB_E_MORE;
	if (rc == 0)
		rc = complete(c);
	if (rc < 0)
		agent_gsub_refuse(c, RPC_RESOURCE_EXHAUSTED, "too much is subscribed to");
	else if (rc == RPC_E_FULL)
		c->blocked = true;
	else if (rc == GSUB_E_MORE)
		loop_task_run(&c->g->parts);
}

enum why { FRESH, CHANGED, PARTS };

static bool is_due(const struct agent_gsub *c, enum why why)
{
	bool change = false;

	if (!c->ones || c->blocked)
		return false;
	for (size_t i = 0; i < c->n_ones; i++)
		change = change || c->ones[i].due_change;
	if (change && !c->first && why != FRESH)
		return true;
	return why == PARTS ? c->wants && c->parts :
	       why == FRESH ? c->wants && !c->parts && c->due <= c->g->read :
			      false;
}

/* What is needed of parts; of a tree of everything, forwarding alone may be left out. */
static unsigned needs(const struct agent_gsub *c)
{
	for (size_t i = 0; !c->parts && i < c->n_ones; i++) {
		if (agent_gnmi_asks(&c->ones[i].path, GNMI_PART_FORWARDING))
			return GNMI_PART_FORWARDING;
	}
	return c->parts;
}

static void serve_some(struct agent_gnmi *g, enum why why)
{
	struct trees trees = { 0 };
	struct list all;

	list_init(&all);
	for (struct list *n; (n = list_pop(&g->subs));) {
		const struct agent_gsub *c = LIST_OF(n, struct agent_gsub, link);

		trees.parts |= is_due(c, why) ? needs(c) : 0;
		list_add(&all, n);
	}
	for (struct list *n; (n = list_pop(&all));) {
		struct agent_gsub *c = LIST_OF(n, struct agent_gsub, link);

		list_add(&g->subs, &c->link);
		if (is_due(c, why))
			serve(c, &trees);
	}
	lyd_free_all(trees.all);
	lyd_free_all(trees.some);
}

void agent_gsub_fresh(struct agent_gnmi *g)
{
	serve_some(g, FRESH);
}

void agent_gsub_parts(struct agent_gnmi *g)
{
	serve_some(g, PARTS);
}

void agent_gnmi_changed(struct agent_gnmi *g)
{
	LIST_EACH (it, &g->subs) {
		struct agent_gsub *c = LIST_OF(it, struct agent_gsub, link);

		for (size_t i = 0; i < c->n_ones; i++)
			c->ones[i].due_change = c->ones[i].on_change;
	}
	serve_some(g, CHANGED);
}

static void parts_changed(struct agent_gnmi *g, unsigned parts)
{
	LIST_EACH (it, &g->subs) {
		struct agent_gsub *c = LIST_OF(it, struct agent_gsub, link);

		for (size_t i = 0; i < c->n_ones; i++)
			c->ones[i].due_change |= c->ones[i].on_change && agent_gnmi_asks(&c->ones[i].path, parts);
	}
	loop_task_run(&g->parts);
}

void agent_gnmi_measured(struct agent_gnmi *g, unsigned parts)
{
	parts_changed(g, parts);
}

void agent_gnmi_forwarded(struct agent_gnmi *g)
{
	parts_changed(g, GNMI_PART_FORWARDING);
}

/* ---- life ---- */

struct agent_gsub *agent_gsub_new(struct agent_gnmi *g, struct rpc_call *call)
{
	struct agent_gsub *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->g = g;
	c->call = call;
	arena_init(&c->arena, ARENA_SUB_MAX);
	arena_init(&c->out, GNMI_ARENA_MAX);
	loop_timer_init(&c->timer, g->loop, on_timer, c);
	list_add(&g->subs, &c->link);
	return c;
}

void agent_gsub_free_all(struct agent_gnmi *g)
{
	while (!list_empty(&g->subs))
		agent_gsub_free(LIST_OF(g->subs.next, struct agent_gsub, link));
}

void agent_gsub_refuse(struct agent_gsub *c, enum rpc_code code, const char *why)
{
	rpc_call_finish(c->call, code, "%s", why);
	agent_gsub_free(c);
}
