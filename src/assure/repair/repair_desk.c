/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence into windows of slices, windows into incidents, and what they ask for into deeds. The
 * window of a slice is over when a later one begins, or nothing more of it can come.
 */
#include "assure/repair/repair_desk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_desk_priv.h"
#include "base/err.h"
#include "base/str.h"
#include "log/log.h"

/* ---- life ---- */

struct repair_now repair_desk_now(const struct repair_desk *d)
{
	return (struct repair_now){ loop_now(d->p.loop), loop_wall_ns(d->p.loop) };
}

static bool watch_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, struct desk_watch, node)->id, key) == 0;
}

static void tick(void *arg);
static void event(void *arg, const struct bus_event *e);

static void metrics(struct repair_desk *d)
{
	char labels[64];

	d->m_open = metric_gauge("sextant_incidents_open", "Incidents that have not ended", "");
	d->m_opened = metric_counter("sextant_incidents_total", "Incidents opened", "");
	d->m_actions = metric_counter("sextant_repair_actions_total", "Actions of repairs that were applied", "");
	d->m_reverts = metric_counter("sextant_repair_reverts_total", "Actions of repairs that were taken back", "");
	for (unsigned o = REPAIR_KEPT; o < REPAIR_OUTCOMES; o++) {
		(void)snprintf(labels, sizeof(labels), "outcome=\"%s\"", repair_outcome_name((enum repair_outcome)o));
		d->m_ended[o] = metric_counter("sextant_incidents_ended_total", "Incidents that ended", labels);
	}
}

int repair_desk_new(struct repair_desk **outp, const struct repair_desk_parts *parts,
		    const struct repair_cfg *cfg)
{
	AUTO(repair_desk_free) struct repair_desk *d = calloc(1, sizeof(*d));
	struct repair_cfg c;
	int r;

	if (!d)
		return err_raise(-ENOMEM);
	d->p = *parts;
	list_init(&d->courses);
	hash_init(&d->devices, loop_random(parts->loop), repair_device_eq);
	hash_init(&d->watches, loop_random(parts->loop), watch_eq);
	repair_flows_init(d);
	loop_timer_init(&d->tick, parts->loop, tick, d);
	repair_cfg_default(&c);
	c = cfg ? *cfg : c;
	c.able = 1u << REPAIR_NOTIFY | 1u << REPAIR_RESTORE;
	for (unsigned a = 0; a < REPAIR_ACTIONS; a++)
		c.able |= (uint8_t)((repair_act_way((enum repair_action)a) ? 1u : 0u) << a);
	if (parts->windows) {
		c.free = window_book_free_for;
		c.ctx = parts->windows;
	}
	r = repair_new(&d->r, &c, loop_random(parts->loop));
	if (r < 0)
		return err_trace(r);
	if (parts->windows)
		window_book_incidents(parts->windows, d->r);
	metrics(d);
	d->reader = (struct bus_reader){ .fn = event, .arg = d };
	bus_subscribe(parts->bus, &d->reader);
	loop_timer_after(&d->tick, DESK_TICK_MS * NS_PER_MS);
	*outp = TAKE(d);
	return 0;
}

static void watch_free(struct repair_desk *d, struct desk_watch *w)
{
	hash_del(&d->watches, &w->node);
	VEC_FINI(&w->pairs);
	free(w);
}

struct repair_desk *repair_desk_free(struct repair_desk *d)
{
	if (!d)
		return NULL;
	bus_unsubscribe(&d->reader);
	store_forget(d->p.store, d);
	loop_timer_fini(&d->tick);
	LIST_EACH (l, &d->courses)
		repair_act_end(d, LIST_OF(l, struct desk_course, link));
	HASH_EACH (n, &d->watches)
		watch_free(d, HASH_OF(n, struct desk_watch, node));
	hash_fini(&d->watches);
	repair_devices_free(d);
	repair_flows_free(d);
	if (d->p.windows)
		window_book_incidents(d->p.windows, NULL);
	repair_free(d->r);
	free(d->up_links);
	free(d->up_nodes);
	free(d);
	return NULL;
}

int repair_desk_load(struct repair_desk *d)
{
	int r = repair_keep_load(d);

	if (r == 0)
		repair_desk_run(d);
	return r;
}

/* ---- what is asked for ---- */

static void count(struct repair_desk *d)
{
	struct repair_counts c;

	repair_counts(d->r, &c);
	metric_set(d->m_open, c.open);
	metric_add(d->m_opened, c.opened - d->shown.opened);
	metric_add(d->m_actions, c.actions - d->shown.actions);
	metric_add(d->m_reverts, c.reverts - d->shown.reverts);
	for (unsigned o = REPAIR_KEPT; o < REPAIR_OUTCOMES; o++)
		metric_add(d->m_ended[o], c.ended[o] - d->shown.ended[o]);
	d->shown = c;
}

void repair_desk_run(struct repair_desk *d)
{
	struct repair_do what;

	while (repair_next(d->r, &what))
		repair_act_do(d, &what);
	repair_keep_all(d);
	count(d);
}

/* ---- windows ---- */

static struct repair_policy policy_of(const struct slice_view *v)
{
	static const enum repair_action kinds[] = {
		[SLICE_SWITCH] = REPAIR_SWITCH,	    [SLICE_REROUTE] = REPAIR_REROUTE,
		[SLICE_REBALANCE] = REPAIR_REBALANCE, [SLICE_RESIZE_NRP] = REPAIR_RESIZE,
		[SLICE_SHED] = REPAIR_SHED,	    [SLICE_NOTIFY] = REPAIR_NOTIFY,
	};
	struct repair_policy p = { .max_per_hour = v->repair.max_per_hour,
				   .hold_down_s = v->repair.hold_down_s,
				   .priority = v->priority,
				   .revertive = v->repair.revertive,
				   .restore_s = v->repair.restore_s };

	while (p.n < v->repair.n_actions && p.n < REPAIR_ORDERS_MAX) {
		const struct slice_action *a = &v->repair.action[p.n];

		p.order[p.n++] = (struct repair_order){ kinds[a->kind], a->by_operator };
	}
	return p;
}

/* A flow that nobody uses says nothing of the slice, unless it is the one that is to be mended. */
static enum repair_verdict verdict_of(const struct desk_watch *w)
{
	bool unknown = false, known = false;

	for (size_t i = 0; i < w->pairs.n; i++) {
		const struct desk_pair *p = &w->pairs.at[i];

		if (p->verdict == ASSURE_VIOLATED)
			return REPAIR_BEYOND;
		unknown = unknown || (p->verdict == ASSURE_UNKNOWN && !p->quiet);
		known = known || p->verdict != ASSURE_UNKNOWN;
	}
	return known && !unknown ? REPAIR_WITHIN : REPAIR_UNKNOWN;
}

/* Nobody used it. */
static bool idle(const struct desk_watch *w)
{
	for (size_t i = 0; i < w->pairs.n; i++)
		if (!w->pairs.at[i].quiet)
			return false;
	return w->pairs.n > 0;
}

static void remember(struct desk_watch *w, enum repair_verdict v)
{
	if (v == REPAIR_WITHIN) {
		w->well_ns = w->end_ns;
		w->ill_ns = 0;
	} else if (v == REPAIR_BEYOND && !w->ill_ns) {
		w->ill_ns = w->end_ns;
	}
}

static void flush(struct repair_desk *d, struct desk_watch *w)
{
	const struct repair_now now = repair_desk_now(d);
	struct slice_view *v = calloc(1, sizeof(*v));
	struct repair_policy policy;
	struct repair_window win = { .slice = w->id, .policy = &policy, .begin_wall_ns = w->begin_ns,
				     .verdict = verdict_of(w), .violated = w->violated, .idle = idle(w),
				     .why = w->why };

	w->open = false;
	if (!v || slice_get(d->p.slice, w->id, v) != 0) {
		free(v);
		return;
	}
	policy = policy_of(v);
	free(v);
	if (!w->violated)
		(void)slice_mend_set(d->p.slice, w->id, SLICE_MEND_NONE);
	if (d->p.windows)
		window_book_measured(d->p.windows, w->id, &win);
	remember(w, win.verdict);
	repair_beside_window(d->r, &win, &now);
	/* Without an order to do anything there is nothing to be done. */
	if (policy.n > 0 && repair_window(d->r, &win, &now) != 0)
		log_event("", LOG_WARN, "repair.incident.full", "slice=%s", w->id);
	repair_desk_run(d);
}

static struct desk_watch *watch_of(struct repair_desk *d, const char *id)
{
	struct hash_node *n = hash_get(&d->watches, id, strlen(id), id);
	struct desk_watch *w;

	if (n)
		return HASH_OF(n, struct desk_watch, node);
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	(void)str_copy(w->id, sizeof(w->id), id);
	if (hash_put(&d->watches, w->id, strlen(w->id), &w->node) < 0) {
		free(w);
		return NULL;
	}
	return w;
}

static void add_stream(struct desk_watch *w, const struct assure_evidence *e)
{
	struct desk_pair p = { .key = *e->key, .verdict = e->verdict,
			       .quiet = e->idle && e->state != ASSURE_VIOLATED };

	p.key.leg = 0;
	if (e->state == ASSURE_VIOLATED || e->verdict == ASSURE_VIOLATED)
		(void)str_copy(w->why, sizeof(w->why), e->why ? e->why : "");
	else if (!w->why[0] && e->verdict == ASSURE_UNKNOWN)
		(void)str_copy(w->why, sizeof(w->why), e->why ? e->why : "");
	w->violated = w->violated || e->state == ASSURE_VIOLATED;
	for (size_t i = 0; i < w->pairs.n; i++) {
		struct desk_pair *x = &w->pairs.at[i];

		if (sr_policy_key_cmp(&x->key, &p.key) != 0)
			continue;
		/* known is more than unknown, worse more than better */
		x->verdict = p.verdict > x->verdict ? p.verdict : x->verdict;
		x->quiet = x->quiet && p.quiet;
		return;
	}
	if (w->pairs.n < DESK_PAIRS_MAX)
		(void)VEC_ADD(&w->pairs, p);
}

void repair_desk_evidence(void *arg, const struct assure_evidence *e)
{
	struct repair_desk *d = arg;
	struct desk_watch *w = watch_of(d, e->slice);

	repair_facts_evidence(d, e);
	if (!w || (w->end_ns > 0 && e->begin_ns < w->begin_ns))
		return;
	if (w->open && e->begin_ns > w->begin_ns)
		flush(d, w);
	if (!w->open && w->end_ns > 0 && e->begin_ns <= w->begin_ns)
		return; /* of a window that was told already */
	if (!w->open) {
		w->open = true;
		w->violated = false;
		w->why[0] = '\0';
		w->pairs.n = 0;
		w->begin_ns = e->begin_ns;
		w->end_ns = e->end_ns;
	}
	add_stream(w, e);
}

/* ---- news ---- */

void repair_desk_on_ted(void *arg, const struct ted *ted)
{
	repair_facts_ted(arg, ted);
}

void repair_desk_fact(struct repair_desk *d, const struct locate_fact *f, const struct sr_policy_key *key)
{
	repair_facts_put(d, f, key, false);
}

void repair_desk_fact_over(struct repair_desk *d, enum locate_kind kind, uint32_t node, uint32_t link)
{
	repair_facts_drop(d, kind, node, link);
}

/* The bus is not to be published to from inside: what an end of a slice means is done at the tick. */
static void event(void *arg, const struct bus_event *e)
{
	struct repair_desk *d = arg;

	repair_facts_event(d, e);
	if (strcmp(e->type, "slice-gone") == 0)
		d->gone = true;
}

static bool is_gone(const struct repair_desk *d, const char *slice, struct slice_view *v)
{
	return slice_get(d->p.slice, slice, v) == SLICE_E_MISSING;
}

static void slices_gone(struct repair_desk *d)
{
	const struct repair_now now = repair_desk_now(d);
	AUTO_FREE struct slice_view *v = calloc(1, sizeof(*v));
	const struct repair_incident *i = NULL;

	for (uint32_t id = 0; v && (i = repair_incident_next(d->r, id)); id = i->id)
		if (i->phase != REPAIR_ENDED && is_gone(d, i->slice, v))
			repair_gone(d->r, i->slice, &now);
	HASH_EACH (n, &d->watches) {
		struct desk_watch *w = HASH_OF(n, struct desk_watch, node);

		if (!v || !is_gone(d, w->id, v))
			continue;
		repair_gone(d->r, w->id, &now);
		watch_free(d, w);
	}
	repair_act_orphans(d);
}

static void tick(void *arg)
{
	struct repair_desk *d = arg;
	const struct repair_now now = repair_desk_now(d);

	if (d->gone)
		slices_gone(d);
	d->gone = false;
	HASH_EACH (n, &d->watches) {
		struct desk_watch *w = HASH_OF(n, struct desk_watch, node);

		if (w->open && now.wall_ns > w->end_ns + 2 * (w->end_ns - w->begin_ns) + NS_PER_S)
			flush(d, w);
	}
	repair_act_tick(d);
	repair_tick(d->r, &now);
	repair_back_tick(d);
	repair_desk_run(d);
	repair_keep_tick(d);
	loop_timer_after(&d->tick, DESK_TICK_MS * NS_PER_MS);
}

/* ---- commands ---- */

int repair_desk_approve(struct repair_desk *d, uint32_t incident, bool ok, const char *who)
{
	const struct repair_now now = repair_desk_now(d);
	int r = repair_approve(d->r, incident, ok, who, &now);

	repair_desk_run(d);
	return r;
}

int repair_desk_accept(struct repair_desk *d, uint32_t incident, const char *who)
{
	const struct repair_now now = repair_desk_now(d);
	int r = repair_accept(d->r, incident, who, &now);

	repair_desk_run(d);
	return r;
}

int repair_desk_release(struct repair_desk *d, const char *slice, slice_done_fn done, void *arg)
{
	LIST_EACH (l, &d->courses) {
		const struct desk_course *c = LIST_OF(l, struct desk_course, link);

		if (!c->over && strcmp(c->slice, slice) == 0)
			return REPAIR_E_STATE;
	}
	if (repair_act_holds(d, slice, NULL))
		return REPAIR_E_STATE;
	if (!repair_resize_release(d, slice, done, arg))
		slice_release(d->p.slice, slice, done, arg);
	return 0;
}

const struct repair *repair_desk_incidents(const struct repair_desk *d)
{
	return d->r;
}
