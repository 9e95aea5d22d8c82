/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One writing: what is made, the packet rules, then what is removed, so that nothing is steered
 * to where nothing is. The requests of a part go out together; the kernel takes them in order.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "log/log.h"
#include "tools/agent/slices/slices_int.h"

enum { MADE, REMOVED, REPAIRS_LOGGED = 8 };

bool agent_fails_add(struct fails *v, const void *owner, const char *name, const char *reason)
{
	struct fail f = { .owner = owner };

	(void)str_copy(f.name, sizeof(f.name), name);
	(void)str_copy(f.reason, sizeof(f.reason), reason);
	return VEC_ADD(v, f) != NULL;
}

const struct fail *agent_fails_find(const struct fails *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++) {
		if (strcmp(v->at[i].name, name) == 0)
			return &v->at[i];
	}
	return NULL;
}

/* Removed objects have no name of the device: they are called by what they are. */
static const char *name_of(const struct agent_obj *o)
{
	static const char *const kinds[] = {
		[AGENT_OBJ_QDISC] = "queueing discipline", [AGENT_OBJ_CLASS] = "class",
		[AGENT_OBJ_LEAF] = "queue",		   [AGENT_OBJ_FILTER] = "filter",
		[AGENT_OBJ_ROUTE] = "route",		   [AGENT_OBJ_RULE] = "rule",
	};

	return o->name[0] ? o->name : kinds[o->kind];
}

static void refuse(struct agent_slices *s, const struct agent_op *op, int err, const char *text)
{
	char reason[SLICES_REASON_MAX];
	const char *theirs = NULL;

	if (err == EEXIST && op->obj->kind == AGENT_OBJ_QDISC)
		theirs = "a queueing discipline of somebody else is on the interface";
	else if (err == EEXIST && op->obj->kind == AGENT_OBJ_ROUTE)
		theirs = "a route of somebody else has this prefix and metric";
	(void)snprintf(reason, sizeof(reason), "%s%s%s", theirs ? theirs : text,
		       theirs || !*text ? "" : ": ", theirs ? "" : err_text(err));
	s->stats.refused++;
	s->failed = s->failed || err != ENOMEM; /* of a moment, when thousands are asked for at once */
	(void)agent_fails_add(&s->refused, op->obj->owner, name_of(op->obj), reason);
}

static void packet_rules(struct agent_slices *s)
{
	if (agent_nft_in(s->nft))
		return;
	if (agent_nft_apply(s->nft) == 0)
		return;
	s->stats.refused++;
	s->failed = true;
	(void)agent_fails_add(&s->refused, NULL, "packet rules", agent_nft_reason(s->nft));
}

static void send_some(struct agent_slices *s, size_t from, size_t to, uint64_t part);

static void next_part(struct agent_slices *s, uint64_t part)
{
	if (part == MADE && !(s->failed && s->phase == CHANGE_APPLY)) {
		packet_rules(s);
		if (!(s->failed && s->phase == CHANGE_APPLY)) {
			send_some(s, s->n_made, s->ops.n, REMOVED);
			return;
		}
	}
	agent_slices_written(s);
}

/* The tag: which part, and which operation. */
static void on_done(void *arg, uint64_t tag, int err, const char *text)
{
	struct agent_slices *s = arg;
	size_t i = (size_t)(tag >> 1);
	bool gone;

	if (err == ECANCELED)
		return;
	if (i > 0) {
		const struct agent_op *op = &s->ops.at[i - 1];

		gone = op->op == AGENT_ROUTE_DEL &&
		       (err == ENOENT || err == ESRCH || err == ENODEV);
		if (err == ENOBUFS) /* done or not: the next reading tells */
			err = 0;
		if (err == 0)
			*(op->op == AGENT_ROUTE_DEL ? &s->stats.removed : &s->stats.made) += 1;
		else if (!gone)
			refuse(s, op, err, text);
	}
	if (--s->waiting == 0)
		next_part(s, tag & 1);
}

static void send_some(struct agent_slices *s, size_t from, size_t to, uint64_t part)
{
	uint64_t buf[AGENT_ROUTE_BYTES / 8];

	s->waiting = to - from + 1;
	for (size_t i = from; i < to; i++) {
		const struct agent_op *op = &s->ops.at[i];
		const struct nlmsghdr *h = agent_obj_put(buf, op->obj, op->op);
		struct agent_nl_ask ask = { .done = on_done, .arg = s, .tag = (i + 1) << 1 | part };

		if (agent_nl_send(s->ask, h, h->nlmsg_len, &ask) < 0)
			on_done(s, ask.tag, ENOMEM, "");
	}
	on_done(s, part, 0, ""); /* the one of this function */
}

/* The route of several circuits that an object is; NULL: it is none. */
static const struct agent_table_route *homed(const struct agent_slices *s, const struct agent_obj *o)
{
	const struct agent_device *d = agent_slices_device(s);

	for (size_t i = 0; o->kind == AGENT_OBJ_ROUTE && i < d->n_tables; i++) {
		for (size_t k = 0; d->tables[i].id == o->route.table && k < d->tables[i].n_routes; k++) {
			const struct agent_table_route *r = &d->tables[i].routes[k];

			if (r->n_backups && ip_prefix_cmp(&r->prefix, &o->route.dst) == 0)
				return r;
		}
	}
	return NULL;
}

/* A circuit went down, or is back. */
static bool tell_backup(const struct agent_slices *s, const struct agent_obj *o)
{
	const struct agent_table_route *r = homed(s, o);
	const char *backup = r ? agent_slices_backup(s, r) : NULL;

	if (r)
		log_event("", LOG_NOTICE, "agent.slices.circuit", "object=\"%s\" interface=%s", name_of(o),
			  backup ? backup : r->interface);
	return r != NULL;
}

static void tell_repairs(struct agent_slices *s)
{
	for (size_t i = 0; i < s->ops.n; i++) {
		if (tell_backup(s, s->ops.at[i].obj))
			continue;
		s->stats.repaired++;
		if (i < REPAIRS_LOGGED)
			log_event("", LOG_WARN, "agent.slices.repaired",
				  "object=\"%s\" msg=\"somebody changed it\"",
				  name_of(s->ops.at[i].obj));
	}
	if (!agent_nft_in(s->nft)) {
		s->stats.repaired++;
		log_event("", LOG_WARN, "agent.slices.repaired",
			  "object=\"packet rules\" msg=\"somebody changed it\"");
	}
}

void agent_slices_write(struct agent_slices *s)
{
	s->rounds++;
	s->refused.n = 0;
	if (s->settled && s->fails.n == 0)
		tell_repairs(s);
	send_some(s, 0, s->n_made, MADE);
}
