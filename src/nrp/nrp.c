/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room: devices as their port tells of them, and the one look at everything that news of
 * documents, topology or devices leads to, later in the turn: partitions, what devices are to have,
 * what is sent, what is shown in the topology, whose queues are ready.
 */
#include "nrp/nrp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "nrp/nrp_priv.h"

enum { DEVICES_WAIT_S = 15, MOMENT_MS = 100, COUNT_S = 5, TEXT_MAX = 1024 };

/* ---- devices ---- */

static size_t device_at(const struct nrp *n, const char *name)
{
	return VEC_PLACE(&n->devices, d, strcmp((*d)->name, name) < 0);
}

struct nrp_device *nrp_device_of(const struct nrp *n, const char *name)
{
	size_t i = device_at(n, name);

	return i < n->devices.n && strcmp(n->devices.at[i]->name, name) == 0 ? n->devices.at[i] : NULL;
}

bool nrp_device_known(const struct nrp_device *d)
{
	return d->synced[NRP_WATCH_LINK] && d->synced[NRP_WATCH_LOCATOR] && d->synced[NRP_WATCH_ADDRESS];
}

static void device_watch(struct nrp *n, struct nrp_device *d)
{
	static const struct device_watch watches[NRP_WATCHES] = {
		[NRP_WATCH_LINK] = { .path = "/sextant-device:device/link", .on_change = true },
		[NRP_WATCH_LOCATOR] = { .path = "/sextant-device:device/locator", .on_change = true },
		[NRP_WATCH_ADDRESS] = { .path = "/sextant-device:device/interface[name=*]/address", .on_change = true },
		[NRP_WATCH_COUNT] = { .path = "/sextant-device:device/link", .interval_ns = COUNT_S * NS_PER_S },
	};

	for (int w = 0; w < NRP_WATCHES; w++) {
		if (d->watch[w])
			continue;
		d->epoch[w]++;
		if (n->port.watch(n->port.self, d->name, &watches[w], &d->watch[w]) != 0)
			d->watch[w] = 0;
	}
}

static struct nrp_device *device_new(struct nrp *n, const char *name)
{
	struct nrp_device *d = calloc(1, sizeof(*d));

	if (!d || !str_copy(d->name, sizeof(d->name), name) || !VEC_INSERT(&n->devices, device_at(n, name), d)) {
		free(d);
		return NULL;
	}
	d->node = TED_NONE;
	return d;
}

static void device_free(struct nrp_device *d)
{
	nrp_box_fini(&d->have);
	nrp_box_fini(&d->want);
	nrp_leaves_fini(&d->leaves);
	VEC_FINI(&d->seats);
	free(d);
}

static void device_drop(struct nrp *n, struct nrp_device *d)
{
	if (n->ted && d->node != TED_NONE)
		(void)topo_overlay_set(n->env.topo, n->ted->nodes[d->node].id, NULL);
	VEC_CUT(&n->devices, device_at(n, d->name));
	device_free(d);
}

/* Routers that are devices, by name; and who may still have something of a partition. */
static void devices_find(struct nrp *n)
{
	for (uint32_t v = 0; v < n->ted->n_nodes; v++) {
		const char *label = ted_node_label(n->ted, v);
		struct nrp_device *d;

		if (n->ted->nodes[v].pseudonode || !n->ted->nodes[v].alive || strlen(label) >= DEVICE_NAME_MAX)
			continue;
		d = nrp_device_of(n, label);
		if (!d && n->port.has(n->port.self, label))
			d = device_new(n, label);
		if (!d)
			continue;
		d->node = v;
	}
	for (size_t i = 0; i < n->records.n; i++) {
		const struct nrp_record *r = n->records.at[i];

		for (size_t k = 0; k < r->on.n; k++)
			if (!nrp_device_of(n, r->on.at[k].name) && n->port.has(n->port.self, r->on.at[k].name))
				(void)device_new(n, r->on.at[k].name);
	}
}

/* ---- the look ---- */

void nrp_look(struct nrp *n)
{
	loop_task_run(&n->look);
}

void nrp_look_after(struct nrp *n, uint64_t ns)
{
	struct mono at = mono_add(loop_now(n->env.loop), ns);

	if (!loop_timer_armed(&n->again) || mono_before(at, n->look_at)) {
		n->look_at = at;
		loop_timer_at(&n->again, at);
	}
}

static void look_again(void *arg)
{
	nrp_look(arg);
}

static void have_read(struct nrp *n)
{
	for (size_t i = 0; i < n->devices.n; i++) {
		struct nrp_device *d = n->devices.at[i];
		struct nrp_box box;

		if (!d->dirty || nrp_box_read(&d->leaves, &box) < 0)
			continue;
		nrp_box_fini(&d->have);
		d->have = box;
		d->dirty = false;
	}
}

static void source_seen(void *arg, const struct topo_source_info *s)
{
	bool *whole = arg;

	*whole = *whole && s->eor;
}

/* All who may have SIDs of ours have said so, and the feeds have told of them all: what comes last
 * of the topology is shown a moment later. */
static void wait_end(struct nrp *n)
{
	bool all = n->ted->n_alive > 0;

	if (!n->waiting || n->ready)
		return;
	topo_each_source(n->env.topo, source_seen, &all);
	for (size_t i = 0; i < n->devices.n; i++)
		all = all && nrp_device_known(n->devices.at[i]) && n->devices.at[i]->node != TED_NONE;
	if (!all)
		return;
	n->ready = true;
	loop_timer_after(&n->waited, MOMENT_MS * NS_PER_MS);
}

/* Or it took too long. */
static void waited(void *arg)
{
	struct nrp *n = arg;

	n->waiting = false;
	topo_overlay_wait(n->env.topo, false);
}

/* What is read while the first picture of the topology is not whole is shown, and not acted on. */
static bool may_push(const struct nrp *n)
{
	return n->ted->generation > 0 && !n->ted->stale;
}

/* There are no partitions: nobody need tell of queues. */
static void rest(struct nrp *n)
{
	const uint64_t none[4] = { 0 };

	nrp_parts_fini(n);
	topo_overlay_algos(n->env.topo, none, none);
	for (size_t i = 0; i < n->devices.n; i++) {
		struct nrp_device *d = n->devices.at[i];

		for (int w = 0; w < NRP_WATCHES; w++) {
			if (d->watch[w])
				n->port.unwatch(n->port.self, d->name, d->watch[w]);
			d->watch[w] = 0;
			d->synced[w] = false;
		}
		nrp_leaves_fini(&d->leaves);
		d->dirty = true;
	}
	have_read(n);
	nrp_queue_look(n);
	nrp_tell(n);
}

static void look(void *arg)
{
	struct nrp *n = arg;

	if (!n->ted || !n->port.set)
		return;
	if (n->records.n == 0 && slice_count(n->env.slice, SLICE_NRP) == 0) {
		rest(n);
		return;
	}
	devices_find(n);
	for (size_t i = 0; i < n->devices.n; i++)
		device_watch(n, n->devices.at[i]);
	have_read(n);
	if (nrp_parts_read(n) < 0 || nrp_records_keep(n) < 0 || nrp_want(n) < 0 || nrp_records_mark(n) < 0) {
		log_event("", LOG_ERROR, "nrp.look", "error=no memory");
		nrp_look_after(n, NS_PER_S);
		return;
	}
	nrp_sids_show(n);
	wait_end(n);
	for (size_t i = 0; i < n->devices.n && may_push(n); i++)
		nrp_push(n, n->devices.at[i]);
	if (may_push(n))
		nrp_records_clean(n);
	nrp_grow_tell(n);
	nrp_queue_look(n);
	nrp_tell(n);
}

/* ---- the sink ---- */

static struct nrp_device *told(struct nrp *n, const char *name, uint32_t watch, int *w)
{
	struct nrp_device *d = nrp_device_of(n, name);

	for (*w = 0; d && *w < NRP_WATCHES; ++*w)
		if (d->watch[*w] == watch)
			return d;
	return NULL;
}

static void on_up(void *arg, const struct device_info *info)
{
	struct nrp *n = arg;
	struct nrp_device *d = nrp_device_of(n, info->device);

	if (!d)
		d = device_new(n, info->device);
	if (!d)
		return;
	d->up = true;
	d->fits = strcmp(info->kind, "agent") == 0;
	nrp_look(n);
}

static void on_down(void *arg, const char *device, const char *why)
{
	struct nrp_device *d = nrp_device_of(arg, device);

	(void)why;
	if (!d)
		return;
	d->up = false;
	nrp_look(arg);
}

static void on_gone(void *arg, const char *device)
{
	struct nrp *n = arg;
	struct nrp_device *d = nrp_device_of(n, device);

	if (!d)
		return;
	device_drop(n, d);
	nrp_look(n);
}

static void on_result(void *arg, const struct device_result *r)
{
	struct nrp_device *d = nrp_device_of(arg, r->device);

	if (d && d->txn == r->txn)
		nrp_pushed(arg, d, r);
}

static void on_sample(void *arg, const struct device_sample *s)
{
	struct nrp *n = arg;
	int w;
	struct nrp_device *d = told(n, s->device, s->watch, &w);
	bool changed;

	if (!d || strlen(s->path) >= DEVICE_PATH_MAX || strlen(s->text) >= TEXT_MAX)
		return;
	/* Counters come by a watch of their own, which says nothing else. */
	if (w == NRP_WATCH_COUNT ? !nrp_path_counts(s->path) : !s->gone && nrp_path_counts(s->path))
		return;
	if (s->gone)
		changed = nrp_leaf_gone(&d->leaves, s->path) && w != NRP_WATCH_COUNT;
	else
		changed = nrp_leaf_put(&d->leaves, s->path, s->text, (uint8_t)w, d->epoch[w]);
	if (!changed)
		return;
	d->dirty = true;
	if (d->synced[w])
		nrp_look(n);
}

static void on_synced(void *arg, const char *device, uint32_t watch)
{
	struct nrp *n = arg;
	int w;
	struct nrp_device *d = told(n, device, watch, &w);

	if (!d)
		return;
	if (nrp_leaves_purge(&d->leaves, (uint8_t)w, d->epoch[w]))
		d->dirty = true;
	d->synced[w] = true;
	nrp_look(n);
}

/* What was told stays until it is told anew: nobody knows that it is gone. */
static void on_gap(void *arg, const char *device, uint32_t watch, const char *why)
{
	int w;
	struct nrp_device *d = told(arg, device, watch, &w);

	(void)why;
	if (d)
		d->epoch[w]++;
}

const struct device_sink nrp_device_sink = {
	.up = on_up,
	.down = on_down,
	.gone = on_gone,
	.result = on_result,
	.sample = on_sample,
	.synced = on_synced,
	.gap = on_gap,
};

/* ---- news ---- */

void nrp_on_ted(void *arg, const struct ted *ted)
{
	struct nrp *n = arg;

	ted_unref(n->ted);
	n->ted = ted_ref(ted);
	nrp_look(n);
}

static bool algo_used(void *ctx, uint8_t algo)
{
	const struct nrp *n = ctx;

	return topo_algo_told(n->env.topo, algo);
}

static void changed(void *ctx)
{
	nrp_look(ctx);
}

static void audit(void *ctx, void (*fn)(void *arg, const char *id, const char *what), void *arg)
{
	(void)nrp_audit(ctx, fn, arg);
}

/* ---- life ---- */

static void metrics(struct nrp *n)
{
	char labels[48];

	for (int s = 0; s < NRP_STATUSES; s++) {
		(void)snprintf(labels, sizeof(labels), "state=\"%s\"", nrp_status_text((enum nrp_status)s));
		n->m_links[s] = metric_gauge("sextant_nrp_links", "Queues of partitions on links, by state.", labels);
	}
	for (int o = DEVICE_DONE; o <= DEVICE_UNKNOWN; o++) {
		(void)snprintf(labels, sizeof(labels), "outcome=\"%s\"", device_outcome_text((enum device_outcome)o));
		n->m_sets[o] = metric_counter("sextant_nrp_sets_total", "Changes of partitions on devices, by outcome.",
					      labels);
	}
}

int nrp_new(struct nrp **outp, const struct nrp_env *env)
{
	struct nrp *n = calloc(1, sizeof(*n));
	const struct slice_steps steps = { .ctx = n, .start = { [SLICE_STEP_QUEUE] = nrp_queue_start },
					   .cancel = nrp_queue_cancel, .audit = audit,
					   .devices = nrp_queues_each };
	const struct slice_partitions partitions = { .ctx = n, .algo_used = algo_used, .changed = changed,
						    .queue = nrp_grow_queue };

	if (!n)
		return err_raise(-ENOMEM);
	n->env = *env;
	loop_task_init(&n->look, env->loop, look, n);
	loop_timer_init(&n->again, env->loop, look_again, n);
	loop_timer_init(&n->waited, env->loop, waited, n);
	metrics(n);
	slice_steps_add(env->slice, &steps);
	slice_partitions_set(env->slice, &partitions);
	*outp = n;
	return 0;
}

struct nrp *nrp_free(struct nrp *n)
{
	if (!n)
		return NULL;
	loop_task_cancel(&n->look);
	loop_timer_fini(&n->again);
	loop_timer_fini(&n->waited);
	nrp_queue_fini(n);
	nrp_parts_fini(n);
	nrp_records_fini(n);
	for (size_t i = 0; i < n->devices.n; i++)
		device_free(n->devices.at[i]);
	VEC_FINI(&n->devices);
	ted_unref(n->ted);
	free(n);
	return NULL;
}

int nrp_load(struct nrp *n)
{
	int r = nrp_records_load(n);

	if (r < 0)
		return err_trace(r);
	if (slice_count(n->env.slice, SLICE_NRP) > 0) {
		n->waiting = true;
		loop_timer_after(&n->waited, DEVICES_WAIT_S * NS_PER_S);
		topo_overlay_wait(n->env.topo, true);
	}
	nrp_look(n);
	return 0;
}

void nrp_port_set(struct nrp *n, const struct device_port *port)
{
	n->port = *port;
}
