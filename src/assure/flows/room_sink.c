/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: that they are there, what became of what they were told, and what is wrong with them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"
#include "log/log.h"

struct room_device *room_device_of(const struct assure_room *r, const char *name)
{
	struct hash_node *n = hash_get(&r->devices, name, strlen(name), name);

	return n ? HASH_OF(n, struct room_device, by_name) : NULL;
}

static bool meter_eq(const struct hash_node *n, const void *key)
{
	const struct room_meter *m = HASH_OF(n, struct room_meter, by_key);
	const struct room_meter *k = key;

	return m->flow == k->flow && m->out == k->out && ip_eq(&m->source, &k->source);
}

static bool counter_eq(const struct hash_node *n, const void *key)
{
	const struct str *k = key;
	const struct room_counter *c = HASH_OF(n, struct room_counter, by_path);

	return c->len == k->len && memcmp(c->path, k->s, k->len) == 0;
}

struct room_device *room_device_get(struct assure_room *r, const char *name)
{
	struct room_device *d = room_device_of(r, name);

	if (d)
		return d;
	if (strlen(name) >= DEVICE_NAME_MAX || !r->port.has(r->port.self, name))
		return NULL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->r = r;
	d->node = TED_NONE;
	(void)str_copy(d->name, sizeof(d->name), name);
	(void)str_copy(d->trouble, sizeof(d->trouble), "it has not been connected yet");
	hash_init(&d->counters, r->seed, counter_eq);
	hash_init(&d->meters, r->seed, meter_eq);
	if (hash_put(&r->devices, d->name, strlen(d->name), &d->by_name) < 0) {
		free(d);
		return NULL;
	}
	return d;
}

struct room_device *room_device_free(struct room_device *d)
{
	room_counters_forget(d);
	hash_fini(&d->counters);
	hash_fini(&d->meters);
	hash_del(&d->r->devices, &d->by_name);
	if (d->r->last_device == d)
		d->r->last_device = NULL;
	VEC_FINI(&d->faces);
	VEC_FINI(&d->wants.flows);
	VEC_FINI(&d->wants.ends);
	VEC_FINI(&d->wants.edges);
	VEC_FINI(&d->wants.probes);
	VEC_FINI(&d->wants.senders);
	VEC_FINI(&d->sessions);
	VEC_FINI(&d->heard);
	str_fini(&d->answers);
	str_fini(&d->said);
	free(d);
	return NULL;
}

/* ---- what the hub says ---- */

static void on_up(void *arg, const struct device_info *info)
{
	struct assure_room *r = arg;
	struct room_device *d = room_device_get(r, info->device);

	if (!d)
		return;
	d->up = true;
	d->agent = strcmp(info->kind, "agent") == 0;
	d->known = d->refused = d->looked = d->marks = false; /* who knows what it has now */
	d->retry_at = (struct mono){ 0 };
	d->trouble[0] = '\0';
	room_probes_forget(d);
	assure_room_plan_soon(r);
}

static void on_down(void *arg, const char *device, const char *why)
{
	struct room_device *d = room_device_of(arg, device);

	if (!d)
		return;
	d->up = d->synced = false;
	(void)str_copy(d->trouble, sizeof(d->trouble), why && why[0] ? why : "its session ended");
}

static void on_gone(void *arg, const char *device)
{
	struct assure_room *r = arg;
	struct room_device *d = room_device_of(r, device);

	if (!d)
		return;
	if (d->node < r->at_node.n)
		r->at_node.at[d->node] = NULL;
	room_device_free(d);
	assure_room_plan_soon(r);
}

static void on_result(void *arg, const struct device_result *res)
{
	struct assure_room *r = arg;
	struct room_device *d = room_device_of(r, res->device);

	if (!d || room_probe_result(d, res) || d->txn != res->txn)
		return;
	d->txn = 0;
	/* what cannot be marked has nothing to take away either */
	d->refused = res->outcome != DEVICE_DONE && (d->wants.any || res->outcome != DEVICE_REFUSED);
	if (d->refused) {
		d->known = false;
		d->retry_at = mono_add(loop_now(r->parts.loop), ROOM_RETRY_NS);
		(void)snprintf(d->trouble, sizeof(d->trouble), "%s%s%.200s",
			       device_outcome_text(res->outcome), res->text && res->text[0] ? ": " : "",
			       res->text ? res->text : "");
		log_event("", d->wants.any ? LOG_WARN : LOG_INFO, "assure.marking", "device=%s outcome=\"%s\"",
			  d->name, d->trouble);
	} else {
		d->trouble[0] = '\0';
		if (d->whole_ns == UINT64_MAX)
			d->whole_ns = assure_room_wall(r);
		if (!d->wants.any)
			r->port.forget(r->port.self, d->name, "/device/measure/marking");
	}
	assure_room_plan_soon(r);
}

/* Somebody changed it: it is said again. */
static void on_drift(void *arg, const struct device_drift *drift)
{
	struct assure_room *r = arg;
	struct room_device *d = room_device_of(r, drift->device);

	if (d && strncmp(drift->path, "/device/measure/stamp", 21) == 0)
		room_probes_forget(d);
	if (!d || strncmp(drift->path, "/device/measure/", 16) != 0)
		return;
	if (strncmp(drift->path, "/device/measure/marking", 23) == 0)
		d->known = false;
	assure_room_plan_soon(r);
}

const struct device_sink assure_device_sink = {
	.up = on_up,
	.down = on_down,
	.gone = on_gone,
	.result = on_result,
	.sample = room_on_sample,
	.synced = room_on_synced,
	.gap = room_on_gap,
	.drift = on_drift,
};

/* ---- for people ---- */

static bool clock_is_wrong(const struct room_device *d)
{
	int64_t half = (int64_t)d->r->period_ms * (int64_t)NS_PER_MS / 2;

	return d->skew_ns > half || d->skew_ns < -half;
}

bool room_device_deaf(const struct assure_room *r, uint32_t node)
{
	const struct room_device *d = room_device_at(r, node);

	return !d || !d->up || d->refused || !d->known || d->portless || !d->synced || clock_is_wrong(d);
}

void room_device_trouble(const struct assure_room *r, uint32_t node, char *buf, size_t cap)
{
	const struct ted *ted = intent_ted(r->parts.intent);
	const char *name = ted && node < ted->n_nodes ? ted_node_label(ted, node) : "?";
	const struct room_device *d = room_device_at(r, node);

	if (!d)
		(void)snprintf(buf, cap, "%s is not among the devices", name);
	else if (!d->up)
		(void)snprintf(buf, cap, "%s is not connected: %.120s", name, d->trouble);
	else if (d->refused)
		(void)snprintf(buf, cap, "%s does not mark: %.120s", name, d->trouble);
	else if (d->portless)
		(void)snprintf(buf, cap, "no interface of %s has the address of a link", name);
	else if (!d->known || d->txn)
		(void)snprintf(buf, cap, "%s is being set up", name);
	else if (clock_is_wrong(d))
		(void)snprintf(buf, cap, "the clock of %s is %" PRId64 " ms %s", name,
			       (d->skew_ns < 0 ? -d->skew_ns : d->skew_ns) / (int64_t)NS_PER_MS,
			       d->skew_ns < 0 ? "ahead" : "behind");
	else if (!d->synced)
		(void)snprintf(buf, cap, "what %s counted meanwhile is not known", name);
	else
		(void)snprintf(buf, cap, "%s told no reading in time", name);
}
