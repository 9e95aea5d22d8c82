/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices and the steps that are asked for. A step only says what is wanted; sites bring it about, and
 * it is done when all of them show it. What is wanted outlives a crash: a slice that has traffic is
 * not taken apart by being built again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "realise/room.h"

enum { PATIENCE_S = 45, RETRY_S = 1 };

static void look_run(void *arg);

/* ---- life ---- */

int realise_new(struct realise **outp, const struct realise_cfg *cfg)
{
	struct realise *r = calloc(1, sizeof(*r));

	if (!r)
		return err_raise(-ENOMEM);
	r->cfg = *cfg;
	if (!r->cfg.patience_ns)
		r->cfg.patience_ns = PATIENCE_S * NS_PER_S;
	if (!r->cfg.retry_ns)
		r->cfg.retry_ns = RETRY_S * NS_PER_S;
	list_init(&r->look);
	list_init(&r->verifying);
	loop_task_init(&r->look_task, cfg->loop, look_run, r);
	loop_timer_init(&r->back, cfg->loop, realise_ways_back, r);
	r->m_slices = metric_gauge("sextant_realise_slices", "Slices that have something on devices.", "");
	r->m_refused = metric_counter("sextant_realise_refused_total", "What devices refused of slices.", "");
	r->m_retries = metric_counter("sextant_realise_retries_total",
				      "Times something of a slice on a device is tried again.", "");
	r->m_drifts = metric_counter("sextant_realise_drifts_total",
				     "Objects of slices found on a device other than they were set.", "");
	if (!realise_leaks_new(r)) {
		free(r);
		return err_raise(-ENOMEM);
	}
	*outp = r;
	return 0;
}

struct realise *realise_free(struct realise *r)
{
	if (!r)
		return NULL;
	while (r->slices.n)
		realise_slice_del(r->slices.at[r->slices.n - 1]);
	VEC_FINI(&r->slices);
	VEC_FINI(&r->watches);
	realise_seen_fini(r);
	realise_leaks_free(r);
	loop_task_cancel(&r->look_task);
	loop_timer_fini(&r->back);
	ted_unref(r->ted);
	free(r);
	return NULL;
}

void realise_on_probed(struct realise *r, void (*fn)(void *ctx, const char *device), void *ctx)
{
	r->probed = fn;
	r->probed_ctx = ctx;
}

void realise_port(struct realise *r, const struct device_port *port)
{
	r->port = *port;
}

/* Where an id is, or would be. */
static size_t place_in(const struct realise *r, const char *id)
{
	return VEC_PLACE(&r->slices, s, strcmp((*s)->id, id) < 0);
}

struct realise_slice *realise_find(const struct realise *r, const char *id)
{
	size_t at = place_in(r, id);

	return at < r->slices.n && strcmp(r->slices.at[at]->id, id) == 0 ? r->slices.at[at] : NULL;
}

static void out_of_patience(void *arg);

static void save_again(void *arg)
{
	realise_save(arg);
}

struct realise_slice *realise_slice_new(struct realise *r, const char *id)
{
	struct realise_slice *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->r = r;
	s->rev = ++r->rev_given;
	s->id = strdup(id);
	if (!s->id || !VEC_INSERT(&r->slices, place_in(r, id), s)) {
		free(s->id);
		free(s);
		return NULL;
	}
	arena_init(&s->arena, 0);
	loop_timer_init(&s->patience, r->cfg.loop, out_of_patience, s);
	loop_timer_init(&s->resave, r->cfg.loop, save_again, s);
	metric_set(r->m_slices, (double)r->slices.n);
	return s;
}

void realise_slice_del(struct realise_slice *s)
{
	struct realise *r = s->r;

	VEC_CUT(&r->slices, place_in(r, s->id));
	metric_set(r->m_slices, (double)r->slices.n);
	store_forget(r->cfg.store, s);
	list_del(&s->look);
	list_del(&s->verify);
	loop_timer_fini(&s->patience);
	loop_timer_fini(&s->resave);
	for (size_t i = 0; i < s->sites.n; i++)
		realise_site_free(s->sites.at[i]);
	VEC_FINI(&s->sites);
	for (size_t i = 0; i < s->slots.n; i++) {
		free(s->slots.at[i].device);
		free(s->slots.at[i].sdp);
		free(s->slots.at[i].group);
	}
	VEC_FINI(&s->slots);
	VEC_FINI(&s->claims);
	VEC_FINI(&s->probes);
	VEC_FINI(&s->on);
	VEC_FINI(&s->away);
	arena_fini(&s->arena);
	free(s->id);
	free(s);
}

void realise_event(const struct realise_slice *s, enum bus_severity severity, const char *type,
		   const char *device, const char *what)
{
	realise_event_of(s->r, s->id, severity, type, device, what);
}

void realise_event_of(const struct realise *r, const char *id, enum bus_severity severity, const char *type,
		      const char *device, const char *what)
{
	STR_AUTO struct str b = { .limit = BUS_BODY_MAX };
	char resource[BUS_RESOURCE_MAX];

	str_add(&b, "\"device\":");
	str_json(&b, device);
	str_add(&b, ",\"what\":");
	str_json(&b, what);
	(void)snprintf(resource, sizeof(resource), "slice %s", id);
	bus_publish(r->cfg.bus, loop_wall_ns(r->cfg.loop), severity, type, resource, str_text(&b));
}

/* ---- looking ---- */

void realise_look(struct realise_slice *s)
{
	if (!list_linked(&s->look))
		list_add(&s->r->look, &s->look);
	loop_task_run(&s->r->look_task);
}

/* What is measured is measured until a step is answered. */
static void stop_probing(struct realise_slice *s)
{
	if (!(s->parts & REALISE_VERIFY))
		return;
	realise_turn_end(s);
	s->parts &= ~(unsigned)REALISE_VERIFY;
	s->planned = false;
	realise_look(s);
}

static void answer(struct realise_slice *s, bool ok, const char *why)
{
	char note[SR_REASON_MAX] = "";

	s->asked = false;
	loop_timer_stop(&s->patience);
	stop_probing(s);
	if (ok && s->step == SLICE_STEP_VERIFY && !s->undo)
		realise_turn_note(s, note);
	slice_step_done(s->r->cfg.slice, s->id, s->step, s->undo, ok, note[0] ? note : why);
}

/* A site for each device that something is wanted on. */
static bool make_sites(struct realise_slice *s)
{
	for (uint32_t i = 0; i < s->objects.n; i++) {
		if (!realise_site_of(s, s->objects.at[i].device, true))
			return false;
	}
	return true;
}

static bool has_feet(const struct realise_slice *s)
{
	for (size_t i = 0; i < s->sites.n; i++) {
		if (s->sites.at[i]->feet.n)
			return true;
	}
	return false;
}

/* Nothing is wanted, nothing is there, and no record says otherwise. */
static bool is_over(const struct realise_slice *s)
{
	return !s->parts && !s->asked && !s->kept && !s->saving && !s->dirty && !has_feet(s);
}

/* The worst of the sites; *bad is it. */
static enum realise_site_state look_at_sites(struct realise_slice *s, const struct realise_site **bad)
{
	enum realise_site_state worst = REALISE_DONE;

	*bad = NULL;
	for (size_t i = 0; i < s->sites.n; i++) {
		struct realise_site *x = s->sites.at[i];

		realise_site_look(x);
		if (x->state == REALISE_DONE || worst == REALISE_REFUSED || realise_ways_gone(s, x))
			continue;
		worst = x->state;
		*bad = x;
	}
	return worst;
}

static void say_site(char out[SR_REASON_MAX], const struct realise_site *x)
{
	(void)snprintf(out, SR_REASON_MAX, "%.60s: %.180s", x->device, x->why[0] ? x->why : "it has not answered");
}

/* All that is wanted is there. */
static void settled(struct realise_slice *s)
{
	bool probing = s->parts & REALISE_VERIFY && s->step == SLICE_STEP_VERIFY && s->asked;

	if (!s->parts && (s->kept || s->dirty) && !s->saving && !has_feet(s)) {
		realise_save(s); /* the record goes */
	} else if (probing && realise_verify_look(s)) {
		realise_turn_passed(s);
		stop_probing(s); /* sessions go first */
	} else if (s->asked && !probing && (s->parts || (!s->kept && !s->saving))) {
		answer(s, true, "");
	}
}

/* False: it is over. */
static bool look_at(struct realise_slice *s)
{
	const struct realise_site *bad;
	enum realise_site_state is;
	char why[SR_REASON_MAX];

	if (!s->planned && !realise_slice_plan(s)) {
		if (!s->undo || !s->asked)
			return true; /* the topology may know more later; patience ends it */
		/* What cannot be worked out any more is taken away whole. */
		s->objects = (struct realise_objects){ 0 };
		s->planned = true;
	}
	/* What is wanted is durable before anything moves: after a crash it is not the other way. */
	if (s->kept_parts != s->parts || (s->parts && s->kept_on != s->on_rev)) {
		realise_save(s);
		return true;
	}
	if (!make_sites(s)) {
		realise_look(s);
		return true;
	}
	is = look_at_sites(s, &bad);
	if (s->asked && is == REALISE_REFUSED) {
		say_site(why, bad);
		answer(s, false, why);
	} else if (is == REALISE_DONE) {
		settled(s);
	}
	return !is_over(s);
}

static void look_run(void *arg)
{
	struct realise *r = arg;
	struct list *n;

	while ((n = list_pop(&r->look))) {
		struct realise_slice *s = LIST_OF(n, struct realise_slice, look);
		bool over = !look_at(s);

		s->rev = ++r->rev_given;
		realise_ways_tell(s);
		if (over)
			realise_slice_del(s);
	}
	realise_leaks_due(r);
	if (r->turns_due)
		realise_turns(r);
	if (r->watches.n)
		realise_verify_trim(r);
}

/* ---- steps ---- */

/* Each flow is given its time when its turn comes: who waits for that says so, and goes on. */
static bool has_time(struct realise_slice *s)
{
	bool verifies = s->asked && !s->undo && s->step == SLICE_STEP_VERIFY && s->parts & REALISE_VERIFY;
	uint64_t left = verifies && s->planned ? realise_turn_left(s) : 0;
	char why[SR_REASON_MAX];

	if (!left)
		return false;
	realise_turn_why(s, why);
	slice_step_waits(s->r->cfg.slice, s->id, s->step, why);
	loop_timer_after(&s->patience, left);
	return true;
}

static void out_of_patience(void *arg)
{
	struct realise_slice *s = arg;
	char why[SR_REASON_MAX] = "it takes too long";

	if (has_time(s))
		return;
	if (!s->planned)
		(void)str_copy(why, sizeof(why), s->why);
	else if (s->kept_parts != s->parts)
		(void)str_copy(why, sizeof(why), "the disk has not taken what is wanted");
	else
		realise_verify_why(s, why);
	for (size_t i = 0; s->planned && i < s->sites.n; i++) {
		if (s->sites.at[i]->state != REALISE_DONE)
			say_site(why, s->sites.at[i]);
	}
	if (s->asked)
		answer(s, false, why);
}

static bool has_circuits(const struct slice_service *v)
{
	for (uint32_t i = 0; i < v->n_sdps; i++) {
		if (realise_circuits(&v->sdps[i]))
			return true;
	}
	return false;
}

static unsigned part_of(enum slice_step step)
{
	switch (step) {
	case SLICE_STEP_VPN:
		return REALISE_VPN;
	case SLICE_STEP_VERIFY:
		return REALISE_VERIFY;
	case SLICE_STEP_CLASSIFY:
		return REALISE_CLASSIFY;
	case SLICE_STEP_QUEUE:
	case SLICE_STEP_POLICIES:
	case SLICE_STEPS:
		break;
	}
	return 0;
}

static void start(void *ctx, const struct slice_job *job)
{
	struct realise *r = ctx;
	struct realise_slice *s = realise_find(r, job->id);
	unsigned part = part_of(job->step), was;
	char why[SR_REASON_MAX] = "";
	int wanted = !job->undo;

	if (!s && (job->undo || !has_circuits(job->service))) {
		slice_step_done(r->cfg.slice, job->id, job->step, job->undo, true, "");
		return;
	}
	if (!s)
		s = realise_slice_new(r, job->id);
	if (!s) {
		slice_step_done(r->cfg.slice, job->id, job->step, job->undo, false, "no memory");
		return;
	}
	was = s->parts;
	if (wanted && part == REALISE_VERIFY)
		wanted = realise_turn_begin(s, job, why);
	if (wanted < 0) {
		slice_step_done(r->cfg.slice, job->id, job->step, job->undo, false, why);
		return;
	}
	/* What is taken off is verified before it is let on again. */
	if (job->undo)
		realise_turn_off(s);
	if (!wanted && part != REALISE_CLASSIFY)
		stop_probing(s);
	s->parts = wanted ? was | part : part == REALISE_VPN ? 0 : was & ~part;
	/* Taking back what was never put there is done, whatever else a device says. */
	if (!wanted && s->parts == was && was) {
		if (part == REALISE_VERIFY && !job->undo)
			realise_turn_note(s, why);
		slice_step_done(r->cfg.slice, job->id, job->step, job->undo, true, why);
		return;
	}
	s->asked = true;
	s->step = job->step;
	s->undo = job->undo;
	s->planned = false;
	for (size_t i = 0; i < s->sites.n; i++)
		realise_site_urge(s->sites.at[i]);
	loop_timer_after(&s->patience, r->cfg.patience_ns);
	realise_look(s);
}

static void cancel(void *ctx, const char *id)
{
	struct realise_slice *s = realise_find(ctx, id);

	if (!s)
		return;
	s->asked = false;
	loop_timer_stop(&s->patience);
	stop_probing(s);
	realise_look(s);
}

static void audit(void *ctx, void (*fn)(void *arg, const char *id, const char *what), void *arg)
{
	const struct realise *r = ctx;
	char what[SR_REASON_MAX];

	realise_seen_audit(r, fn, arg);
	realise_leaks_audit(r, fn, arg);
	for (size_t i = 0; i < r->slices.n; i++) {
		const struct realise_slice *s = r->slices.at[i];

		for (size_t k = 0; k < s->sites.n; k++) {
			const struct realise_site *x = s->sites.at[k];

			for (size_t j = 0; j < x->feet.n; j++) {
				if (x->feet.at[j].gone)
					continue; /* of its record, for a moment */
				(void)snprintf(what, sizeof(what), "%s on %s", x->feet.at[j].path, x->device);
				fn(arg, s->id, what);
			}
		}
	}
}

static void devices(void *ctx, const char *id, slice_device_fn fn, void *arg)
{
	static const char *const states[] = { [REALISE_WAITS] = "waiting", [REALISE_DONE] = "done",
					      [REALISE_REFUSED] = "refused" };
	const struct realise_slice *s = realise_find(ctx, id);

	for (size_t i = 0; s && i < s->sites.n; i++) {
		const struct realise_site *x = s->sites.at[i];
		struct slice_device v = { .part = "tables", .device = x->device, .state = states[x->state],
					  .reason = x->why };

		for (uint32_t k = 0; k < s->objects.n; k++)
			v.wanted += strcmp(s->objects.at[k].device, x->device) == 0;
		for (size_t k = 0; k < x->feet.n; k++)
			v.there += x->feet.at[k].json != NULL;
		if (v.wanted || x->feet.n)
			fn(arg, &v);
	}
}

static uint64_t reach(void *ctx, const char *id, slice_reach_fn fn, void *arg)
{
	return realise_leaks_reach(ctx, id, fn, arg);
}

struct slice_steps realise_steps(struct realise *r)
{
	return (struct slice_steps){
		.ctx = r,
		.start = { [SLICE_STEP_VPN] = start, [SLICE_STEP_VERIFY] = start, [SLICE_STEP_CLASSIFY] = start },
		.cancel = cancel,
		.audit = audit,
		.possible = realise_possible,
		.devices = devices,
		.reach = reach,
		.ways = realise_ways,
		.spared = realise_ways_spared,
		.homes = realise_ways_homes,
	};
}

/* ---- after a start ---- */

static int load_one(void *arg, const char *key, const void *value, size_t len)
{
	struct realise *r = arg;
	struct realise_slice *s;

	if (realise_record_read(r, key, value, len) < 0) {
		log_event("", LOG_ERROR, "realise.record", "slice=%s error=\"cannot be read\"", key);
		return 0;
	}
	s = realise_find(r, key);
	if (!slice_service_of(r->cfg.slice, key)) {
		log_event("", LOG_WARN, "realise.orphan", "slice=%s", key);
		s->parts = 0;
		realise_look(s);
	}
	return 0;
}

int realise_load(struct realise *r)
{
	return err_trace(store_each(r->cfg.store, REALISE_BUCKET, load_one, r));
}

/* Where a router is known by another locator, its SIDs are others. */
void realise_on_ted(void *arg, const struct ted *ted)
{
	struct realise *r = arg;
	bool nodes = !r->ted || ted->n_changed_nodes > 0;

	ted_ref(ted);
	ted_unref(r->ted);
	r->ted = ted;
	r->seen_rev += nodes;
	for (size_t i = 0; i < r->slices.n; i++) {
		struct realise_slice *s = r->slices.at[i];

		if (s->planned && !nodes)
			continue;
		s->planned = false;
		realise_look(s);
	}
}

/* ---- what devices say ---- */

static struct realise_site *site_at(const struct realise *r, size_t i, const char *device)
{
	return realise_site_of(r->slices.at[i], device, false);
}

static void on_result(void *arg, const struct device_result *result)
{
	struct realise *r = arg;

	for (size_t i = 0; i < r->slices.n; i++) {
		struct realise_site *x = site_at(r, i, result->device);

		if (x && x->txn == result->txn) {
			realise_site_result(x, result);
			return;
		}
	}
}

static void on_up(void *arg, const struct device_info *info)
{
	struct realise *r = arg;

	realise_seen_up(r, info);
	for (size_t i = 0; i < r->slices.n; i++) {
		struct realise_site *x = site_at(r, i, info->device);

		if (!x || x->state == REALISE_DONE)
			continue;
		realise_site_urge(x);
		realise_look(x->s);
	}
}

static void on_gone(void *arg, const char *device)
{
	struct realise *r = arg;

	for (size_t i = 0; i < r->slices.n; i++) {
		struct realise_site *x = site_at(r, i, device);

		if (x)
			realise_site_lost(x);
	}
	realise_verify_gone(r, device);
	realise_seen_gone(r, device);
}

static void on_sample(void *arg, const struct device_sample *s)
{
	if (!realise_seen_sample(arg, s))
		realise_verify_sample(arg, s);
}

static void on_gap(void *arg, const char *device, uint32_t watch, const char *why)
{
	(void)why;
	realise_verify_gap(arg, device, watch);
	realise_seen_gap(arg, device, watch);
}

static void on_synced(void *arg, const char *device, uint32_t watch)
{
	realise_seen_synced(arg, device, watch);
}

static void on_drift(void *arg, const struct device_drift *d)
{
	struct realise *r = arg;

	for (size_t i = 0; i < r->slices.n; i++) {
		struct realise_site *x = site_at(r, i, d->device);

		if (x && realise_site_drift(x, d))
			return;
	}
}

const struct device_sink realise_device_sink = {
	.up = on_up,
	.gone = on_gone,
	.result = on_result,
	.sample = on_sample,
	.synced = on_synced,
	.gap = on_gap,
	.drift = on_drift,
};
