/* SPDX-License-Identifier: Apache-2.0 */
/* Subscribe, what clients ask for: lists of subscriptions, polls. What they are told: gnmi_sub.c. */
#include "base/err.h"
#include "tools/agent/gnmi/gnmi_sub_int.h"

#define INTERVAL_MIN_NS (100 * NS_PER_MS)
#define INTERVAL_OWN_NS (10 * NS_PER_S) /* where the target may choose */

static bool fill_stream(struct one *o, const Gnmipb__Subscription *s, struct agent_gerror *e)
{
	bool own = s->mode == GNMIPB__SUBSCRIPTION_MODE__TARGET_DEFINED;

	o->heartbeat_ns = s->heartbeat_interval;
	o->suppress = own || s->suppress_redundant;
	o->on_change = own || s->mode == GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE;
	if (own)
		o->interval_ns = INTERVAL_OWN_NS;
	else if (s->mode == GNMIPB__SUBSCRIPTION_MODE__SAMPLE)
		o->interval_ns = s->sample_interval ? s->sample_interval : INTERVAL_MIN_NS;
	else if (!o->on_change)
		return agent_gfail(e, RPC_INVALID_ARGUMENT, "no such subscription mode");
	if ((o->interval_ns && o->interval_ns < INTERVAL_MIN_NS) ||
	    (o->heartbeat_ns && o->heartbeat_ns < INTERVAL_MIN_NS) ||
	    o->interval_ns > INT64_MAX / 4 || o->heartbeat_ns > INT64_MAX / 4)
		return agent_gfail(e, RPC_INVALID_ARGUMENT, "intervals are 100 ms or more");
	if (!own && o->on_change && o->path.schema && agent_gsub_counts(o->path.schema))
		return agent_gfail(e, RPC_INVALID_ARGUMENT, "a counter cannot be ON_CHANGE");
	return true;
}

static bool fill(struct agent_gsub *c, const Gnmipb__SubscriptionList *l, struct agent_gerror *e)
{
	if (l->encoding != GNMIPB__ENCODING__JSON_IETF && l->encoding != GNMIPB__ENCODING__JSON)
		return agent_gfail(e, RPC_UNIMPLEMENTED, "only JSON_IETF and JSON are spoken");
	if (l->n_subscription == 0 || l->n_subscription > GNMI_SUBS_MAX)
		return agent_gfail(e, RPC_INVALID_ARGUMENT, "1 to %d subscriptions", GNMI_SUBS_MAX);
	if (!agent_gsub_room(c, l->n_subscription))
		return agent_gfail(e, RPC_RESOURCE_EXHAUSTED, "no memory");
	c->mode = l->mode;
	c->ietf = l->encoding == GNMIPB__ENCODING__JSON_IETF;
	c->silent = l->updates_only;
	for (size_t i = 0; i < l->n_subscription; i++) {
		struct one *o = &c->ones[i];

		if (!agent_gpath_resolve(c->g->models, l->prefix, l->subscription[i]->path,
					 &c->arena, &o->path, e) ||
		    (l->mode == GNMIPB__SUBSCRIPTION_LIST__MODE__STREAM &&
		     !fill_stream(o, l->subscription[i], e)))
			return false;
	}
	for (size_t i = 0; i < c->n_ones; i++) {
		unsigned parts = agent_gnmi_parts(&c->ones[i].path);

		if (!parts) {
			c->parts = 0;
			break;
		}
		c->parts |= parts;
	}
	return true;
}

static void poll_again(struct agent_gsub *c)
{
	for (size_t i = 0; i < c->n_ones; i++) {
		c->ones[i].gen++;
		c->ones[i].done = false;
	}
	c->first = true;
	agent_gsub_want(c);
}

static void on_message(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	struct agent_gsub *c = arg;
	struct agent_gerror e = { 0 };
	const char *why = "";
	bool again = c->ones && c->mode == GNMIPB__SUBSCRIPTION_LIST__MODE__POLL;
	Gnmipb__SubscribeRequest *q = pb_unpack(&gnmipb__subscribe_request__descriptor, data, len,
						again ? &c->out : &c->arena, &why);

	(void)call;
	if (!q) {
		agent_gsub_refuse(c, RPC_INVALID_ARGUMENT, why);
	} else if (again && q->request_case == GNMIPB__SUBSCRIBE_REQUEST__REQUEST_POLL) {
		poll_again(c);
	} else if (c->ones || q->request_case != GNMIPB__SUBSCRIBE_REQUEST__REQUEST_SUBSCRIBE) {
		agent_gsub_refuse(c, RPC_INVALID_ARGUMENT, "one list of subscriptions is expected, and first");
	} else {
		c->req = q;
		if (!fill(c, q->subscribe, &e)) {
			agent_gsub_refuse(c, e.code, e.text);
			return;
		}
		c->first = true;
		agent_gsub_want(c);
	}
}

static void on_writable(void *arg, struct rpc_call *call)
{
	struct agent_gsub *c = arg;

	(void)call;
	if (!c->blocked)
		return;
	c->blocked = false;
	agent_gsub_want(c);
}

static void on_end(void *arg, struct rpc_call *call, const struct rpc_status *st)
{
	(void)call;
	(void)st;
	agent_gsub_free(arg);
}

void agent_gsub_accept(struct agent_gnmi *g, struct rpc_call *call)
{
	static const struct rpc_call_ops ops = { .message = on_message,
						 .writable = on_writable,
						 .end = on_end };
	struct agent_gsub *c = agent_gsub_new(g, call);

	if (c)
		rpc_call_take(call, &ops, c);
	else
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "no memory");
}
