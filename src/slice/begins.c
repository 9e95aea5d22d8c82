/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices that begin later. Such a one is admitted and booked as any other, its policies wait in intent, and
 * no step is taken. When its time has come its document is written once more: all that holds for a write holds
 * for that, and whatever else was changed meanwhile has gone in between. What cannot begin then is an alarm and
 * is tried again; what could not begin is told some minutes before. The wall clock may jump, so no timer is
 * set for long, and what has begun is never asked for its time again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "log/log.h"
#include "slice/room.h"

enum {
	LOOK_S = 60,
	AGAIN_S = 10,
	CHECK_S = 300, /* before its time: could it begin? */
	LATE_S = 60,   /* after it, whatever the reason: an alarm */
	AT_ONCE = 64,
};

static uint64_t now_of(const struct slice *s)
{
	return loop_wall_ns(s->loop) / NS_PER_S;
}

bool slice_begun(const struct slice_entry *e)
{
	return e->phase == SLICE_BUILD || e->phase == SLICE_STANDS;
}

static bool waits(const struct slice_entry *e)
{
	return e->phase == SLICE_LATER && !e->deleted;
}

void slice_begins_look(struct slice *s)
{
	uint64_t now_s = now_of(s), wait_s = UINT64_MAX;

	for (size_t i = 0; i < s->of[SLICE_SERVICE].n; i++) {
		const struct slice_entry *e = s->of[SLICE_SERVICE].at[i];
		uint64_t at = e->service.real.begins_s, left_s;

		if (!waits(e))
			continue;
		left_s = at <= now_s ? AGAIN_S : at <= now_s + CHECK_S ? at - now_s : at - now_s - CHECK_S;
		wait_s = left_s < wait_s ? left_s : wait_s;
	}
	if (wait_s == UINT64_MAX)
		loop_timer_stop(&s->begins);
	else
		loop_timer_after(&s->begins, (wait_s < LOOK_S ? wait_s : LOOK_S) * NS_PER_S);
}

/* ---- could it begin? ---- */

static bool member_ready(const struct slice_entry *e, const struct slice_member *m, struct intent_view *v,
			 char why[SR_REASON_MAX])
{
	const char *what = NULL;

	if (intent_get(e->s->intent, &m->key, v) != 0)
		what = "its policy is not there";
	else if (!v->has_computed || (!m->inside && v->desired.bandwidth_bps > 0 && !v->charged))
		what = v->has_computed ? "its room was taken" : v->reason;
	else if (!v->southbound)
		what = "no session with the headend";
	if (what)
		(void)snprintf(why, SR_REASON_MAX, "%.50s to %.50s: %.120s", m->sender, m->receiver, what);
	return !what;
}

static bool ready(const struct slice_entry *e, char why[SR_REASON_MAX])
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	struct slice_fault f = { 0 };

	if (!slice_in_sight(e->s)) {
		(void)str_copy(why, SR_REASON_MAX, "the topology is not in sight");
		return false;
	}
	for (uint32_t i = 0; v && i < e->plan.n; i++)
		if (!member_ready(e, &e->plan.at[i], v, why))
			return false;
	if (!slice_steps_possible(e->s, &e->service, &f)) {
		(void)str_copy(why, SR_REASON_MAX, f.text);
		return false;
	}
	return v;
}

void slice_begin_check(struct slice_entry *e)
{
	char why[SR_REASON_MAX] = "", text[SR_REASON_MAX] = "";
	uint64_t now_s = now_of(e->s), at = e->service.real.begins_s;
	bool good;

	if (at <= now_s)
		return; /* what became of trying it is said */
	good = ready(e, why);
	if (!good)
		(void)snprintf(text, sizeof(text), "it could not begin now: %.220s", why);
	slice_state_set(e, SLICE_SCHEDULED, text);
	if (at > now_s + CHECK_S || e->begin == (good ? SLICE_SURE : SLICE_DOUBTFUL))
		return;
	e->begin = good ? SLICE_SURE : SLICE_DOUBTFUL;
	slice_event(e, good ? BUS_INFO : BUS_WARNING, good ? "slice-begin-checked" : "slice-begin-doubtful");
}

/* ---- it begins ---- */

static void late(struct slice_entry *e, const char *why)
{
	char text[SR_REASON_MAX];

	(void)snprintf(text, sizeof(text), "its time has come, and it cannot begin: %.200s", why);
	slice_state_set(e, SLICE_SCHEDULED, text);
	slice_alarm_set(e, true);
}

static void tried(void *arg, const struct slice_result *r)
{
	struct slice *s = arg;
	struct slice_entry *e = r->code && r->id[0] ? slice_find(s, SLICE_SERVICE, r->id) : NULL;

	if (r->code)
		log_event("", LOG_WARN, "slice.begin", "id=\"%s\" error=\"%s\"", r->id, r->text);
	/* Of what passes by itself there is no alarm at once: see overdue(). */
	if (e && waits(e) && r->code != SLICE_E_BLIND && r->code != SLICE_E_BUSY)
		late(e, r->text);
	if (!loop_timer_armed(&s->begins))
		loop_timer_after(&s->begins, AGAIN_S * NS_PER_S);
}

static void overdue(struct slice_entry *e, uint64_t now_s)
{
	char why[SR_REASON_MAX] = "";

	if (e->alarm || now_s < e->service.real.begins_s + LATE_S)
		return;
	late(e, ready(e, why) ? "it is not taken" : why);
}

/* A child begins in what its parent has, and one that is over does not begin any more. */
static bool may_begin(const struct slice *s, const struct slice_entry *e, uint64_t now_s)
{
	const char *parent = e->service.real.parent;
	const struct slice_entry *p = parent ? slice_find(s, SLICE_SERVICE, parent) : NULL;

	return !e->writing && (!p || slice_begun(p)) && (!e->service.real.ends_s || e->service.real.ends_s > now_s);
}

void slice_begins_fire(void *arg)
{
	struct slice *s = arg;
	uint64_t now_s = now_of(s);
	char ids[AT_ONCE][SLICE_ID_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->of[SLICE_SERVICE].n; i++) {
		struct slice_entry *e = s->of[SLICE_SERVICE].at[i];

		if (!waits(e))
			continue;
		if (e->service.real.begins_s > now_s) {
			slice_look(e);
			continue;
		}
		overdue(e, now_s);
		if (n < AT_ONCE && may_begin(s, e, now_s))
			(void)str_copy(ids[n++], SLICE_ID_MAX, e->id);
	}
	for (size_t i = 0; i < n; i++) {
		const struct slice_entry *e = slice_find(s, SLICE_SERVICE, ids[i]);
		const struct slice_edit w = { .kind = SLICE_SERVICE, .how = SLICE_UPDATE, .id = ids[i],
					      .doc = e ? e->doc : "", .len = e ? e->len : 0 };

		slice_put(s, &(struct slice_write){ .edits = &w, .n = 1 }, tried, s);
	}
	slice_begins_look(s);
}
