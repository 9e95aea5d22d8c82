/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room: what it is told (slices and policies by the bus, the topology, devices), and when it
 * acts. Changes are looked at once a turn, devices are told a moment later, windows are closed
 * when they are due. Streams are those of assure.h; this owns who they are of.
 */
#include "assure/flows/room.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"
#include "base/err.h"
#include "log/log.h"

#define TICK_NS NS_PER_S
#define REPLAN_NS (10 * NS_PER_S) /* what was refused, or could not be told, is tried again */

uint64_t assure_room_wall(const struct assure_room *r)
{
	return loop_wall_ns(r->parts.loop);
}

void assure_room_plan_soon(struct assure_room *r)
{
	if (!loop_timer_armed(&r->plan))
		loop_timer_after(&r->plan, ROOM_PLAN_NS);
}

/* ---- what happens elsewhere ---- */

static void policy_moved(struct assure_room *r, const char *text)
{
	struct sr_policy_key key;

	if (r->all_moved || sr_policy_key_parse(text, &key) < 0)
		return;
	key.leg = 0;
	if (r->moved.n >= ROOM_DIRTY_MAX || !VEC_ADD(&r->moved, key))
		r->all_moved = true;
	loop_task_run(&r->look);
}

static void slice_changed(struct assure_room *r, const char *resource)
{
	struct room_id id;

	if (r->all_changed || strncmp(resource, "slice ", 6) != 0 ||
	    !str_copy(id.id, sizeof(id.id), resource + 6))
		return;
	if (r->changed.n >= ROOM_DIRTY_MAX || !VEC_ADD(&r->changed, id))
		r->all_changed = true;
	loop_task_run(&r->look);
}

static bool is_own(const char *type)
{
	return strcmp(type, "slice-verdict") == 0 || strcmp(type, "slice-promise") == 0 ||
	       strcmp(type, "slice-availability") == 0;
}

static void on_event(void *arg, const struct bus_event *e)
{
	struct assure_room *r = arg;

	if (strncmp(e->type, "policy-", 7) == 0)
		policy_moved(r, e->resource);
	if (strncmp(e->type, "slice-", 6) == 0 && !is_own(e->type))
		slice_changed(r, e->resource);
}

void assure_on_ted(void *arg, const struct ted *ted)
{
	struct assure_room *r = arg;

	(void)ted; /* paths are told of by intent; those that are not whole are looked at again */
	loop_task_run(&r->look);
}

void assure_room_look(struct assure_room *r)
{
	r->all_changed = r->all_moved = true;
	loop_task_run(&r->look);
}

static void on_look(void *arg)
{
	struct assure_room *r = arg;

	room_slices_look(r);
	room_paths_look(r);
	assure_room_plan_soon(r);
}

static void on_plan(void *arg)
{
	struct assure_room *r = arg;

	r->planned = loop_now(r->parts.loop);
	room_plan(r);
	assure_room_arm(r);
}

/* ---- time ---- */

/* The wall clock against the other one: what was counted by the old time says nothing of now. */
static bool jumped(struct assure_room *r, uint64_t wall_ns)
{
	struct mono now = loop_now(r->parts.loop);
	uint64_t went = mono_since(r->last_mono, now), at = r->last_wall_ns + went;
	uint64_t off = wall_ns > at ? wall_ns - at : at - wall_ns;
	bool first = r->last_wall_ns == 0;

	r->last_mono = now;
	r->last_wall_ns = wall_ns;
	return !first && r->period_ms && off > r->period_ms * NS_PER_MS / 2;
}

void assure_room_arm(struct assure_room *r)
{
	uint64_t now = assure_room_wall(r), due = assure_due(r->assure);
	uint64_t in = due <= now ? 0 : due - now;

	loop_timer_after(&r->tick, in < TICK_NS ? in + NS_PER_MS : TICK_NS);
}

static void on_tick(void *arg)
{
	struct assure_room *r = arg;
	uint64_t now = assure_room_wall(r);

	if (jumped(r, now)) {
		log_event("", LOG_WARN, "assure.clock", "msg=\"the wall clock jumped; all is unknown\"");
		if (assure_rebase(r->assure, now) < 0)
			log_event("", LOG_ERROR, "assure.memory", "msg=\"streams keep the old time\"");
		r->next = 0;
	}
	room_windows(r, now);
	room_history_count(r, now);
	room_promises_recount(r);
	room_paths_look(r);
	if (mono_since(r->planned, loop_now(r->parts.loop)) > REPLAN_NS)
		assure_room_plan_soon(r);
	assure_room_arm(r);
}

/* ---- life ---- */

static void metrics(struct assure_room *r)
{
	static const char *const takes[] = { "taken",	  "no-stream", "no-point", "duplicate",
					     "conflict", "late",      "early" };
	char label[48];

	for (int v = 0; v < 4; v++) {
		(void)snprintf(label, sizeof(label), "verdict=\"%s\"",
			       assure_verdict_name((enum assure_verdict)v));
		r->m_windows[v] = metric_counter("sextant_assure_windows_total",
						 "windows of streams that were judged", label);
	}
	for (int s = ASSURE_INSUFFICIENT; s < ASSURE_STANDINGS; s++) {
		(void)snprintf(label, sizeof(label), "state=\"%s\"", assure_standing_name((enum assure_standing)s));
		r->m_standing[s] = metric_gauge("sextant_assure_promises",
						"flows that are promised availability, by how that is kept", label);
	}
	for (int t = 0; t <= ASSURE_EARLY; t++) {
		(void)snprintf(label, sizeof(label), "became=\"%s\"", takes[t]);
		r->m_readings[t] = metric_counter("sextant_assure_readings_total",
						  "readings of marked packets, by what became of them", label);
	}
	r->m_streams = metric_gauge("sextant_assure_streams", "flows that are measured", "");
	r->m_faults = metric_counter("sextant_assure_refused_samples_total",
				     "samples that make no sense, or that there was no room for", "");
}

static bool flow_eq(const struct hash_node *n, const void *key)
{
	return HASH_OF(n, struct room_flow, by_id)->id == *(const uint32_t *)key;
}

static bool slice_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, struct room_slice, by_id)->id, key) == 0;
}

static bool device_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, struct room_device, by_name)->name, key) == 0;
}

int assure_room_new(struct assure_room **outp, const struct assure_room_parts *parts,
		    const struct assure_room_cfg *cfg)
{
	AUTO(assure_room_free) struct assure_room *r = calloc(1, sizeof(*r));

	if (!r)
		return err_raise(-ENOMEM);
	r->parts = *parts;
	r->cfg = *cfg;
	r->seed = loop_random(parts->loop);
	hash_init(&r->flows, r->seed, flow_eq);
	hash_init(&r->slices, r->seed, slice_eq);
	hash_init(&r->devices, r->seed, device_eq);
	hash_init(&r->pasts, r->seed, room_past_eq);
	loop_timer_init(&r->tick, parts->loop, on_tick, r);
	loop_timer_init(&r->plan, parts->loop, on_plan, r);
	loop_task_init(&r->look, parts->loop, on_look, r);
	r->reader = (struct bus_reader){ .fn = on_event, .arg = r };
	bus_subscribe(parts->bus, &r->reader);
	r->view = calloc(1, sizeof(*r->view));
	if (!r->view || assure_new(&r->assure, cfg->streams_max, r->seed) < 0)
		return err_raise(-ENOMEM);
	r->began = loop_now(parts->loop);
	metrics(r);
	assure_room_look(r);
	loop_timer_after(&r->tick, TICK_NS);
	*outp = TAKE(r);
	return 0;
}

struct assure_room *assure_room_free(struct assure_room *r)
{
	if (!r)
		return NULL;
	if (r->parts.store)
		store_forget(r->parts.store, r);
	bus_unsubscribe(&r->reader);
	loop_timer_fini(&r->tick);
	loop_timer_fini(&r->plan);
	loop_task_cancel(&r->look);
	HASH_EACH (n, &r->slices)
		room_slice_free(r, HASH_OF(n, struct room_slice, by_id));
	HASH_EACH (n, &r->devices)
		room_device_free(HASH_OF(n, struct room_device, by_name));
	room_pasts_free(r);
	hash_fini(&r->flows);
	hash_fini(&r->slices);
	hash_fini(&r->devices);
	VEC_FINI(&r->at_node);
	VEC_FINI(&r->moved);
	VEC_FINI(&r->changed);
	VEC_FINI(&r->order);
	assure_free(r->assure);
	free(r->view);
	free(r);
	return NULL;
}

void assure_room_port(struct assure_room *r, const struct device_port *port)
{
	r->port = *port;
	r->has_port = true;
	assure_room_look(r);
}

void assure_room_watch(struct assure_room *r,
		       void (*fn)(void *arg, const struct assure_evidence *e), void *arg)
{
	r->watch = fn;
	r->watch_arg = arg;
}
