/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headends by configuration and their sessions. A session begins when the device is up and all that
 * its policies' watches have to say was heard: only then is a headend told, with what is there; so
 * what an earlier life of ours has set is found and nothing is set again. It ends with the
 * device's, or when nobody knows what is there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "log/log.h"
#include "log/metric.h"
#include "southbound/gnmi/driver_int.h"

#define SESSION_BIT 0x80000000u /* never a number of another driver's */

struct driver_dev *gnmi_driver_dev(struct gnmi_driver *d, const char *device)
{
	LIST_EACH(n, &d->devs) {
		struct driver_dev *h = LIST_OF(n, struct driver_dev, link);

		if (strcmp(h->name, device) == 0)
			return h;
	}
	return NULL;
}

struct driver_dev *gnmi_driver_headend(const struct gnmi_driver *d, const struct ip_addr *headend)
{
	LIST_EACH(n, &d->devs) {
		struct driver_dev *h = LIST_OF(n, struct driver_dev, link);

		if (h->serves && ip_eq(&h->headend, headend))
			return h;
	}
	return NULL;
}

/* ---- learning ---- */

static void unwatch(struct driver_dev *h)
{
	struct device_port *p = &h->d->port;

	for (size_t k = 0; k < DRIVER_WATCHES_MAX; k++) {
		if (h->watch[k])
			p->unwatch(p->self, h->name, h->watch[k]);
		h->watch[k] = 0;
		h->synced[k] = false;
	}
}

void gnmi_driver_learn(struct driver_dev *h)
{
	struct device_port *p = &h->d->port;

	loop_task_cancel(&h->relearn);
	loop_timer_stop(&h->again);
	loop_timer_stop(&h->settle);
	h->learning = true;
	h->learnings++;
	gnmi_driver_rows_forget(h);
	unwatch(h);
	for (size_t k = 0; k < DRIVER_WATCHES_MAX && h->kind->policy_watch && h->kind->policy_watch[k]; k++) {
		const struct device_watch w = { .path = h->kind->policy_watch[k], .on_change = true,
						.interval_ns = DRIVER_LOOK_NS };

		if (p->watch(p->self, h->name, &w, &h->watch[k]) == 0)
			continue;
		h->watch[k] = 0;
		log_event(h->scope, LOG_WARN, "gnmi.policies.unwatched", "path=\"%s\"", w.path);
		loop_timer_after(&h->again, 10 * NS_PER_S);
	}
}

static void learn_again(void *arg)
{
	struct driver_dev *h = arg;

	if (h->up && h->able && h->serves)
		gnmi_driver_learn(h);
}

static bool all_heard(const struct driver_dev *h)
{
	size_t n = 0;

	while (n < DRIVER_WATCHES_MAX && h->kind->policy_watch && h->kind->policy_watch[n])
		n++;
	for (size_t k = 0; k < n; k++)
		if (!h->watch[k] || !h->synced[k])
			return false;
	return true;
}

/* ---- sessions ---- */

static struct headend_caps caps_of(const struct driver_dev *h)
{
	struct headend_caps c = { .southbound = "gnmi", .srv6 = true, .update = true, .initiate = true, .sr_policy_assoc = true,
				  .msd_srv6 = h->kind->segments_max, .lists = h->lists };

	if (h->msd && (!c.msd_srv6 || h->msd < c.msd_srv6))
		c.msd_srv6 = h->msd;
	return c;
}

static void session_begin(struct driver_dev *h)
{
	struct gnmi_driver *d = h->d;
	struct headend_caps caps = caps_of(h);
	uint32_t session;

	d->last_session = (d->last_session + 1) | SESSION_BIT;
	session = h->session = d->last_session;
	log_event(h->scope, LOG_NOTICE, "gnmi.policies.up", "policies=%zu msd=%u", (size_t)h->rows.count,
		  caps.msd_srv6);
	d->sink->headend_up(d->arg, &h->headend, session, &caps);
	gnmi_driver_rows_judge(h);
	if (h->session == session)
		d->sink->headend_synced(d->arg, &h->headend, session);
}

static void session_end(struct driver_dev *h, const char *why)
{
	uint32_t session = h->session;

	h->session = 0;
	h->learning = h->full = false;
	loop_timer_stop(&h->settle);
	loop_timer_stop(&h->ready);
	gnmi_driver_txns_stale(h);
	gnmi_driver_rows_drop(h);
	if (!session)
		return;
	log_event(h->scope, LOG_WARN, "gnmi.policies.down", "reason=\"%.150s\"", why);
	h->d->sink->headend_down(h->d->arg, &h->headend, session);
}

void gnmi_driver_learnt(struct driver_dev *h)
{
	if (!h->learning || !h->up || !all_heard(h) || (!h->session && gnmi_driver_waits(h)))
		return;
	h->learning = false;
	if (h->session)
		gnmi_driver_rows_judge(h);
	else
		session_begin(h);
}

void gnmi_driver_break(struct driver_dev *h, const char *why)
{
	uint64_t ns = NS_PER_S << (h->breaks < 6 ? h->breaks : 6);

	session_end(h, why);
	unwatch(h);
	h->breaks++;
	loop_timer_after(&h->again, ns < DRIVER_AGAIN_NS_MAX ? ns : DRIVER_AGAIN_NS_MAX);
}

/* ---- devices ---- */

static void dev_free(struct driver_dev *h)
{
	gnmi_driver_txns_drop(h);
	gnmi_driver_rows_drop(h);
	hash_fini(&h->rows);
	loop_timer_fini(&h->ready);
	loop_timer_fini(&h->settle);
	loop_timer_fini(&h->again);
	loop_task_cancel(&h->answer);
	loop_task_cancel(&h->judge);
	loop_task_cancel(&h->relearn);
	list_del(&h->link);
	free(h);
}

static void dev_metrics(struct driver_dev *h)
{
	char labels[DEVICE_NAME_MAX + 16];

	(void)snprintf(labels, sizeof(labels), "device=\"%s\"", h->name);
	h->m.policies = metric_gauge("sextant_gnmi_policies", "policies told of the device", labels);
	h->m.failures = metric_counter("sextant_gnmi_policy_failures_total",
				       "changes of policies that were not done", labels);
}

static struct driver_dev *dev_get(struct gnmi_driver *d, const char *device)
{
	struct driver_dev *h = gnmi_driver_dev(d, device);

	if (h)
		return h;
	h = calloc(1, sizeof(*h));
	if (!h || !str_copy(h->name, sizeof(h->name), device)) {
		free(h);
		return NULL;
	}
	h->d = d;
	(void)snprintf(h->scope, sizeof(h->scope), "device=%s", device);
	gnmi_driver_rows_init(h, loop_random(d->loop));
	list_init(&h->txns);
	list_init(&h->answers);
	loop_timer_init(&h->ready, d->loop, gnmi_driver_ready, h);
	loop_timer_init(&h->settle, d->loop, gnmi_driver_settle, h);
	loop_timer_init(&h->again, d->loop, learn_again, h);
	loop_task_init(&h->answer, d->loop, gnmi_driver_answer, h);
	loop_task_init(&h->judge, d->loop, gnmi_driver_judge, h);
	loop_task_init(&h->relearn, d->loop, learn_again, h);
	dev_metrics(h);
	list_add(&d->devs, &h->link);
	return h;
}

static void unable(struct driver_dev *h, bool standing)
{
	char resource[BUS_RESOURCE_MAX];

	if (standing)
		log_event(h->scope, LOG_ERROR, "gnmi.policies.unable",
			  "kind=%s msg=\"the device has no models for SRv6 policies\"", h->kind->name);
	if (!h->d->bus)
		return;
	(void)snprintf(resource, sizeof(resource), "gnmi/%s", h->name);
	bus_publish(h->d->bus, loop_wall_ns(h->d->loop), standing ? BUS_ALARM : BUS_CLEARED,
		    "gnmi-no-policies", resource, "");
}

static void begin(struct driver_dev *h)
{
	unable(h, !h->able);
	if (h->able)
		gnmi_driver_learn(h);
}

static void on_up(void *arg, const struct device_info *info)
{
	struct driver_dev *h = dev_get(arg, info->device);

	if (!h)
		return;
	h->up = true;
	h->able = info->policies;
	h->lists = info->lists;
	h->kind = gnmi_kind(info->kind);
	h->able = h->able && h->kind;
	if (h->serves && h->kind)
		begin(h);
}

static void on_down(void *arg, const char *device, const char *why)
{
	struct driver_dev *h = gnmi_driver_dev(arg, device);

	if (!h)
		return;
	h->up = false;
	session_end(h, why);
	unwatch(h);
	loop_timer_stop(&h->again);
	loop_task_cancel(&h->relearn);
}

static void on_gone(void *arg, const char *device)
{
	struct driver_dev *h = gnmi_driver_dev(arg, device);

	if (!h)
		return;
	memset(h->watch, 0, sizeof(h->watch)); /* they went with it */
	on_down(arg, device, "the device is no longer configured");
	gnmi_driver_txns_drop(h);
	if (!h->serves)
		dev_free(h);
}

static void on_result(void *arg, const struct device_result *r)
{
	struct driver_dev *h = gnmi_driver_dev(arg, r->device);

	if (h)
		gnmi_driver_result(h, r);
}

static int watch_of(const struct driver_dev *h, uint32_t watch)
{
	for (int k = 0; k < DRIVER_WATCHES_MAX; k++)
		if (h->watch[k] == watch)
			return k;
	return -1;
}

static void on_sample(void *arg, const struct device_sample *s)
{
	struct driver_dev *h = gnmi_driver_dev(arg, s->device);

	if (h && watch_of(h, s->watch) >= 0)
		gnmi_driver_sample(h, s);
}

static void on_synced(void *arg, const char *device, uint32_t watch)
{
	struct driver_dev *h = gnmi_driver_dev(arg, device);
	int k = h ? watch_of(h, watch) : -1;

	if (k < 0)
		return;
	h->synced[k] = true;
	gnmi_driver_learnt(h);
}

/* All of them anew, but not while the client walks over its watches. */
static void on_gap(void *arg, const char *device, uint32_t watch, const char *why)
{
	struct driver_dev *h = gnmi_driver_dev(arg, device);
	int k = h ? watch_of(h, watch) : -1;

	(void)why;
	if (k < 0)
		return;
	h->synced[k] = false;
	if (!h->learning)
		loop_task_run(&h->relearn);
	h->learning = true;
}

/* Something that was set is not there: perhaps a policy. */
static void on_drift(void *arg, const struct device_drift *drift)
{
	struct driver_dev *h = gnmi_driver_dev(arg, drift->device);

	if (h && h->session && !h->learning)
		loop_task_run(&h->relearn);
}

const struct device_sink gnmi_driver_devices = {
	.up = on_up,
	.down = on_down,
	.gone = on_gone,
	.result = on_result,
	.sample = on_sample,
	.synced = on_synced,
	.gap = on_gap,
	.drift = on_drift,
};

/* ---- configuration and life ---- */

int gnmi_driver_headend_set(struct gnmi_driver *d, const char *device, const struct ip_addr *headend)
{
	const struct driver_dev *other = gnmi_driver_headend(d, headend);
	struct driver_dev *h;

	if (other)
		return strcmp(other->name, device) == 0 ? 0 : GNMI_DRIVER_E_TAKEN;
	h = dev_get(d, device);
	if (!h)
		return err_raise(-ENOMEM);
	if (h->serves)
		session_end(h, "the headend's address changed");
	h->serves = true;
	h->headend = *headend;
	if (h->up && h->kind)
		begin(h);
	return 0;
}

int gnmi_driver_headend_del(struct gnmi_driver *d, const char *device)
{
	struct driver_dev *h = gnmi_driver_dev(d, device);

	if (!h || !h->serves)
		return 1;
	session_end(h, "the device no longer serves a headend");
	unwatch(h);
	loop_timer_stop(&h->again);
	loop_task_cancel(&h->relearn);
	if (h->up && h->kind && !h->able)
		unable(h, false);
	h->serves = false;
	if (!h->up)
		dev_free(h);
	return 0;
}

bool gnmi_driver_serves(const struct gnmi_driver *d, const struct ip_addr *headend)
{
	return gnmi_driver_headend(d, headend) != NULL;
}

const struct driver *gnmi_driver_driver(struct gnmi_driver *d)
{
	return &d->driver;
}

void gnmi_driver_port(struct gnmi_driver *d, const struct device_port *port)
{
	d->port = *port;
}

int gnmi_driver_new(struct gnmi_driver **outp, struct loop *loop, struct bus *bus,
		    const struct driver_sink *sink, void *arg)
{
	struct gnmi_driver *d = calloc(1, sizeof(*d));

	if (!d)
		return err_raise(-ENOMEM);
	d->loop = loop;
	d->bus = bus;
	d->sink = sink;
	d->arg = arg;
	list_init(&d->devs);
	gnmi_driver_asks(d);
	*outp = d;
	return 0;
}

struct gnmi_driver *gnmi_driver_free(struct gnmi_driver *d)
{
	if (!d)
		return NULL;
	while (!list_empty(&d->devs))
		dev_free(LIST_OF(d->devs.next, struct driver_dev, link));
	free(d);
	return NULL;
}
