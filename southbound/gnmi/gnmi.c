/* SPDX-License-Identifier: Apache-2.0 */
/* Devices by configuration, and the port. */
#include "southbound/gnmi/gnmi.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "log/metric.h"
#include "southbound/gnmi/gnmi_int.h"

static uint64_t or_s(uint64_t ns, uint64_t s)
{
	return ns ? ns : s * NS_PER_S;
}

int gnmi_new(struct gnmi **outp, struct loop *loop, struct rpc *rpc, struct bus *bus,
	     const struct gnmi_cfg *cfg)
{
	struct gnmi *g = calloc(1, sizeof(*g));

	if (!g)
		return err_raise(-ENOMEM);
	g->loop = loop;
	g->rpc = rpc;
	g->bus = bus;
	g->cfg = (struct gnmi_cfg){
		.call_ns = or_s(cfg->call_ns, 10),
		.probe_ns = or_s(cfg->probe_ns, 20),
		.drift_ns = or_s(cfg->drift_ns, 60),
		.wait_ns = or_s(cfg->wait_ns, 60),
		.backoff_ns_min = or_s(cfg->backoff_ns_min, 1),
		.backoff_ns_max = or_s(cfg->backoff_ns_max, 60),
		.confirm_ns = or_s(cfg->confirm_ns, 60),
	};
	list_init(&g->devs);
	*outp = g;
	return 0;
}

void gnmi_sink(struct gnmi *g, const struct device_sink *sink, void *arg)
{
	assert(list_empty(&g->devs));
	g->sink = *sink;
	g->arg = arg;
}

struct gnmi_dev *gnmi_find(struct gnmi *g, const char *name)
{
	LIST_EACH(n, &g->devs) {
		struct gnmi_dev *d = LIST_OF(n, struct gnmi_dev, link);

		if (strcmp(d->name, name) == 0)
			return d;
	}
	return NULL;
}

/* ---- devices ---- */

static void dev_free(struct gnmi_dev *d)
{
	gnmi_sess_stop(d);
	while (!list_empty(&d->watches))
		gnmi_watch_del(LIST_OF(d->watches.next, struct gnmi_watch, link));
	gnmi_drift_fini(d);
	gnmi_queue_fini(d);
	list_del(&d->link);
	explicit_bzero(d->password, sizeof(d->password));
	free(d);
}

struct gnmi *gnmi_free(struct gnmi *g)
{
	if (!g)
		return NULL;
	g->sink = (struct device_sink){ 0 };
	while (!list_empty(&g->devs))
		dev_free(LIST_OF(g->devs.next, struct gnmi_dev, link));
	free(g);
	return NULL;
}

static void metrics(struct gnmi_dev *d)
{
	char labels[DEVICE_NAME_MAX + 16];

	(void)snprintf(labels, sizeof(labels), "device=\"%s\"", d->name);
	d->m.up = metric_gauge("sextant_gnmi_session_up", "1 when the session is up", labels);
	d->m.flaps = metric_counter("sextant_gnmi_session_losses_total", "sessions lost", labels);
	d->m.done = metric_counter("sextant_gnmi_sets_done_total",
				   "transactions done and read back", labels);
	d->m.not_done = metric_counter("sextant_gnmi_sets_not_done_total",
				       "transactions refused, false, undone, broken or unknown", labels);
	d->m.drifts = metric_counter("sextant_gnmi_drifts_total",
				     "changes found no longer as they were set", labels);
	d->m.samples = metric_counter("sextant_gnmi_samples_total", "values told by watches", labels);
}

static bool copy_cfg(struct gnmi_dev *d, const struct gnmi_device_cfg *cfg)
{
	const struct gnmi_kind *k = cfg->kind && cfg->kind[0] ? gnmi_kind(cfg->kind) : NULL;

	if (!cfg->name || !cfg->name[0] || cfg->addr.family == IP_NONE || !cfg->port ||
	    (cfg->kind && cfg->kind[0] && !k))
		return false;
	d->addr = cfg->addr;
	d->port = cfg->port;
	d->tls = cfg->tls;
	d->kind_cfg = k;
	/* The name is a label and a resource: nothing that would have to be escaped. */
	for (const char *p = cfg->name; *p; p++)
		if (*p <= ' ' || *p > '~' || strchr("\"\\/", *p))
			return false;
	(void)snprintf(d->resource, sizeof(d->resource), "gnmi/%s", cfg->name);
	(void)snprintf(d->scope, sizeof(d->scope), "device=%s", cfg->name);
	return str_copy(d->name, sizeof(d->name), cfg->name) &&
	       str_copy(d->server_name, sizeof(d->server_name), cfg->server_name ? cfg->server_name : "") &&
	       str_copy(d->username, sizeof(d->username), cfg->username ? cfg->username : "") &&
	       str_copy(d->password, sizeof(d->password), cfg->password ? cfg->password : "");
}

static bool same(const struct gnmi_dev *a, const struct gnmi_dev *b)
{
	return ip_eq(&a->addr, &b->addr) && a->port == b->port && a->tls == b->tls &&
	       a->kind_cfg == b->kind_cfg && strcmp(a->server_name, b->server_name) == 0 &&
	       strcmp(a->username, b->username) == 0 && strcmp(a->password, b->password) == 0;
}

static void change(struct gnmi_dev *d, const struct gnmi_device_cfg *cfg)
{
	(void)copy_cfg(d, cfg);
	gnmi_sess_restart(d, "the device's configuration changed");
}

int gnmi_device_set(struct gnmi *g, const struct gnmi_device_cfg *cfg)
{
	struct gnmi_dev *d, *fresh = calloc(1, sizeof(*fresh));

	if (!fresh)
		return err_raise(-ENOMEM);
	if (!copy_cfg(fresh, cfg)) {
		free(fresh);
		return GNMI_E_CONFIG;
	}
	d = gnmi_find(g, fresh->name);
	if (d) {
		if (!same(d, fresh))
			change(d, cfg);
		free(fresh);
		return 0;
	}
	fresh->g = g;
	fresh->kind = fresh->kind_cfg;
	list_init(&fresh->watches);
	gnmi_queue_init(fresh);
	gnmi_drift_init(fresh);
	metrics(fresh);
	list_add(&g->devs, &fresh->link);
	gnmi_sess_start(fresh);
	return 0;
}

int gnmi_device_del(struct gnmi *g, const char *name)
{
	struct gnmi_dev *d = gnmi_find(g, name);
	struct rpc_status st = { .code = RPC_CANCELLED, .text = "the device is no longer configured" };
	struct list *n;

	if (!d)
		return 1;
	gnmi_sess_stop(d);
	gnmi_publish(d, BUS_CLEARED, "gnmi-session-down", "%s", "");
	while ((n = list_pop(&d->batch.txns)) || (n = list_pop(&d->txns)))
		gnmi_txn_end(d, LIST_OF(n, struct gnmi_txn, link), DEVICE_UNKNOWN, &st);
	metric_set(d->m.up, 0);
	dev_free(d);
	if (g->sink.gone)
		g->sink.gone(g->arg, name);
	return 0;
}

/* ---- the port ---- */

static int port_set(void *self, const char *device, const struct device_change *changes, size_t n,
		    uint32_t *txn)
{
	struct gnmi_dev *d = gnmi_find(self, device);
	int r = d ? gnmi_txn_new(d, changes, n, txn) : DEVICE_E_NONE;

	if (r == 0)
		gnmi_queue_next(d);
	return r;
}

static int port_watch(void *self, const char *device, const struct device_watch *w, uint32_t *watch)
{
	struct gnmi_dev *d = gnmi_find(self, device);

	return d ? gnmi_watch_new(d, w, watch) : DEVICE_E_NONE;
}

static void port_unwatch(void *self, const char *device, uint32_t watch)
{
	struct gnmi_dev *d = gnmi_find(self, device);

	if (!d)
		return;
	LIST_EACH(n, &d->watches)
		if (LIST_OF(n, struct gnmi_watch, link)->id == watch)
			gnmi_watch_del(LIST_OF(n, struct gnmi_watch, link));
}

static void port_forget(void *self, const char *device, const char *path)
{
	struct gnmi_dev *d = gnmi_find(self, device);
	struct gnmic_path p;
	struct arena a;

	arena_init(&a, 64 << 10);
	if (d && gnmic_path_parse(path, &a, &p) == NULL)
		gnmi_drift_forget(d, &p);
	arena_fini(&a);
}

static bool port_has(void *self, const char *device)
{
	return gnmi_find(self, device) != NULL;
}

struct device_port gnmi_port(struct gnmi *g)
{
	return (struct device_port){ .self = g, .set = port_set, .watch = port_watch,
				     .unwatch = port_unwatch, .forget = port_forget,
				     .has = port_has };
}

/* ---- sessions, as people see them ---- */

static void each(void *self, void (*fn)(void *arg, const struct session_info *s), void *arg)
{
	static const char *const states[] = { "down", "connecting", "up" };
	struct gnmi *g = self;

	LIST_EACH(n, &g->devs) {
		const struct gnmi_dev *d = LIST_OF(n, struct gnmi_dev, link);
		struct session_info s = {
			.protocol = "gnmi", .peer = d->addr, .port = d->port, .state = states[d->state],
			.up = d->state == GNMI_UP, .secured = true, .security = "tls",
			.up_since_wall_ns = d->up_wall_ns, .rx_messages = d->rx, .tx_messages = d->tx,
			.rx_errors = d->rx_errors, .objects = d->drift.n, .flaps = d->flaps,
		};

		(void)str_copy(s.last_error, sizeof(s.last_error), d->last_error);
		(void)snprintf(s.detail, sizeof(s.detail),
			       "%s kind=%s gnmi=%s models=%u watches=%u sets=%u resting=%u", d->name,
			       d->kind ? d->kind->name : "-", d->version[0] ? d->version : "-", d->models,
			       d->n_watches, d->n_txns, gnmi_queue_resting(d));
		fn(arg, &s);
	}
}

static int reset(void *self, const struct ip_addr *peer)
{
	struct gnmi *g = self;
	int r = 1;

	LIST_EACH(n, &g->devs) {
		struct gnmi_dev *d = LIST_OF(n, struct gnmi_dev, link);

		if (!ip_eq(&d->addr, peer))
			continue;
		gnmi_sess_restart(d, "reset by the operator");
		r = 0;
	}
	return r;
}

struct session_query gnmi_sessions(struct gnmi *g)
{
	return (struct session_query){ .self = g, .each = each, .reset = reset };
}
