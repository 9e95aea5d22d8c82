/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's session: Capabilities over a new channel make it, Capabilities now and then keep
 * it, and two that are not answered, or a broken connection, end it. Then back-off, with what
 * the loop's random numbers add, and a new channel: gRPC's own back-off would come on top.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log/log.h"
#include "log/metric.h"
#include "southbound/gnmi/gnmi_int.h"

static void connect_now(struct gnmi_dev *d);

void gnmi_publish(struct gnmi_dev *d, enum bus_severity sev, const char *type, const char *fmt, ...)
{
	char body[512];
	va_list ap;

	if (!d->g->bus)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(body, sizeof(body), fmt, ap);
	va_end(ap);
	bus_publish(d->g->bus, loop_wall_ns(d->g->loop), sev, type, d->resource, body);
}

void gnmi_call_cfg(const struct gnmi_dev *d, struct rpc_call_cfg *cfg, struct rpc_meta meta[2])
{
	cfg->timeout_ns = d->g->cfg.call_ns;
	cfg->meta = meta;
	cfg->n_meta = 0;
	if (!d->username[0])
		return;
	meta[cfg->n_meta++] = (struct rpc_meta){ "username", d->username };
	meta[cfg->n_meta++] = (struct rpc_meta){ "password", d->password };
}

int gnmi_ask(struct gnmi_dev *d, const char *method, const void *data, size_t len, rpc_answer_fn fn,
	     void *arg, struct rpc_call **call)
{
	struct rpc_call_cfg cfg = { .method = method };
	struct rpc_meta meta[2];

	gnmi_call_cfg(d, &cfg, meta);
	d->tx++;
	return rpc_unary(call, d->ch, &cfg, data, len, fn, arg);
}

static uint64_t backoff(struct gnmi_dev *d)
{
	const struct gnmi_cfg *cfg = &d->g->cfg;
	uint64_t ns = cfg->backoff_ns_min << (d->failures < 16 ? d->failures : 16);

	if (ns > cfg->backoff_ns_max)
		ns = cfg->backoff_ns_max;
	return ns + loop_random(d->g->loop) % (ns / 4 + 1);
}

/* Everything that has a call lets go of it, then the channel goes. */
static void let_go(struct gnmi_dev *d, const char *why)
{
	d->call = rpc_call_cancel(d->call);
	gnmi_queue_pause(d);
	gnmi_drift_stop(d);
	d->state = GNMI_DOWN;
	LIST_EACH(n, &d->watches)
		gnmi_watch_stop(LIST_OF(n, struct gnmi_watch, link), why);
	d->ch = rpc_channel_free(d->ch);
}

static void down(struct gnmi_dev *d, const char *why)
{
	bool was_up = d->state == GNMI_UP;

	(void)str_copy(d->last_error, sizeof(d->last_error), why);
	let_go(d, why);
	loop_timer_after(&d->timer, backoff(d));
	d->failures++;
	gnmi_queue_expire(d);
	if (!was_up && d->waiting)
		return; /* told already */
	d->waiting = true;
	d->up_wall_ns = 0;
	metric_set(d->m.up, 0);
	log_event(d->scope, LOG_WARN, "gnmi.session.down", "reason=\"%.150s\"", d->last_error);
	gnmi_publish(d, BUS_ALARM, "gnmi-session-down", "%s", "");
	if (!was_up)
		return;
	d->flaps++;
	metric_add(d->m.flaps, 1);
	if (d->g->sink.down)
		d->g->sink.down(d->g->arg, d->name, d->last_error);
}

static bool learn(struct gnmi_dev *d, const struct gnmic_caps *caps)
{
	if (!(caps->encodings >> GNMIC_ENC_JSON_IETF & 1)) {
		down(d, "the device does not speak JSON_IETF");
		return false;
	}
	d->kind = d->kind_cfg ? d->kind_cfg : gnmi_kind_of(caps);
	d->policies = d->kind->policy && gnmi_kind_has(caps, d->kind->policy_models);
	d->probes = d->kind->probe_models && gnmi_kind_has(caps, d->kind->probe_models);
	d->lists = gnmi_kind_lists(caps, d->kind);
	d->models = (unsigned)caps->n_models;
	(void)str_copy(d->version, sizeof(d->version), caps->version);
	return true;
}

static void up(struct gnmi_dev *d)
{
	struct device_info info = { d->name, d->kind->name, d->version, d->models, d->policies,
				    d->probes, d->lists };

	d->state = GNMI_UP;
	d->waiting = false;
	d->failures = d->missed = 0;
	d->commit_ok = d->kind->commit;
	d->last_error[0] = '\0';
	d->up_wall_ns = loop_wall_ns(d->g->loop);
	metric_set(d->m.up, 1);
	log_event(d->scope, LOG_NOTICE, "gnmi.session.up", "kind=%s version=%s models=%u policies=%s",
		  d->kind->name, d->version, d->models, d->policies ? "yes" : "no");
	gnmi_publish(d, BUS_CLEARED, "gnmi-session-down", "%s", "");
	gnmi_publish(d, BUS_INFO, "gnmi-session-up", "\"kind\":\"%s\"", d->kind->name);
	loop_timer_after(&d->timer, d->g->cfg.probe_ns);
	if (d->g->sink.up)
		d->g->sink.up(d->g->arg, &info);
	LIST_EACH(n, &d->watches)
		gnmi_watch_start(LIST_OF(n, struct gnmi_watch, link));
	gnmi_drift_start(d);
	gnmi_queue_resume(d);
}

static void probed(struct gnmi_dev *d, const struct rpc_status *st)
{
	if (st->code == RPC_DEADLINE_EXCEEDED && ++d->missed < 2) {
		loop_timer_after(&d->timer, 0);
		return;
	}
	if (st->code != RPC_OK) {
		down(d, st->text[0] ? st->text : rpc_code_text(st->code));
		return;
	}
	d->missed = 0;
	loop_timer_after(&d->timer, d->g->cfg.probe_ns);
}

static void answered(void *arg, const struct rpc_status *st, const uint8_t *data, size_t len)
{
	struct gnmi_dev *d = arg;
	struct gnmic_caps caps;
	struct arena a;
	const char *why;

	d->call = NULL;
	d->rx++;
	if (d->state == GNMI_UP) {
		probed(d, st);
		return;
	}
	if (st->code != RPC_OK) {
		down(d, st->text[0] ? st->text : rpc_code_text(st->code));
		return;
	}
	arena_init(&a, GNMI_ARENA_MAX);
	why = gnmic_caps_read(data, len, &a, &caps);
	if (why) {
		d->rx_errors++;
		down(d, why);
	} else if (learn(d, &caps)) {
		up(d);
	}
	arena_fini(&a);
}

static void ask(struct gnmi_dev *d)
{
	if (gnmi_ask(d, "/gnmi.gNMI/Capabilities", NULL, 0, answered, d, &d->call) < 0) {
		d->call = NULL;
		down(d, "no memory");
	}
}

static void connect_now(struct gnmi_dev *d)
{
	struct rpc_channel_cfg cfg = { .remote = d->addr, .port = d->port, .tls = d->tls,
				       .recv_max = GNMI_ARENA_MAX,
				       .server_name = d->server_name[0] ? d->server_name : NULL };

	gnmi_queue_expire(d);
	if (rpc_channel_new(&d->ch, d->g->rpc, &cfg) < 0) {
		d->ch = NULL;
		down(d, "no channel: are there certificates?");
		return;
	}
	d->state = GNMI_CONNECTING;
	ask(d);
}

static void due(void *arg)
{
	struct gnmi_dev *d = arg;

	if (d->state == GNMI_DOWN)
		connect_now(d);
	else if (!d->call)
		ask(d);
}

void gnmi_sess_doubt(struct gnmi_dev *d)
{
	if (d->state == GNMI_UP && !d->call)
		loop_timer_after(&d->timer, 0);
}

void gnmi_sess_start(struct gnmi_dev *d)
{
	loop_timer_init(&d->timer, d->g->loop, due, d);
	loop_timer_after(&d->timer, 0);
}

void gnmi_sess_restart(struct gnmi_dev *d, const char *why)
{
	down(d, why);
	d->failures = 0;
	loop_timer_after(&d->timer, 0);
}

void gnmi_sess_stop(struct gnmi_dev *d)
{
	let_go(d, "the device is no longer configured");
	loop_timer_fini(&d->timer);
}
