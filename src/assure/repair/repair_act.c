/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What incidents ask for. An action is another detour of the slice: simulated by asking whether it
 * could be, applied by asking for it; it stands when every policy of the slice is up, as its headend
 * says. What was before and what is wanted are durable before it is applied: a restart in between goes
 * on from either.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_desk_priv.h"
#include "base/err.h"
#include "base/str.h"
#include "log/log.h"

/* ---- courses ---- */

struct desk_course *repair_act_course(struct repair_desk *d, uint32_t incident)
{
	LIST_EACH (l, &d->courses) {
		struct desk_course *c = LIST_OF(l, struct desk_course, link);

		if (c->incident == incident)
			return c;
	}
	return NULL;
}

struct desk_course *repair_act_course_new(struct repair_desk *d, uint32_t incident, const char *slice)
{
	struct desk_course *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->d = d;
	c->incident = incident;
	(void)str_copy(c->slice, sizeof(c->slice), slice);
	list_add(&d->courses, &c->link);
	return c;
}

void repair_act_end(struct repair_desk *d, struct desk_course *c)
{
	slice_forget(d->p.slice, c);
	list_del(&c->link);
	free(c);
}

/* ---- answers ---- */

static void text_of(const struct slice_result *r, char *out)
{
	if (r->link[0])
		(void)snprintf(out, REPAIR_TEXT_MAX, "%.120s: %.60s has %llu bit/s of %llu", r->text, r->link,
			       (unsigned long long)r->free_bps, (unsigned long long)r->wanted_bps);
	else
		(void)snprintf(out, REPAIR_TEXT_MAX, "%.250s", r->text);
}

/* It may be otherwise a little later: after a restart slices have to be found standing first. */
static bool passes(int code)
{
	return code == SLICE_E_BUSY || code == SLICE_E_BLIND;
}

static void answered(void *arg, const struct slice_result *r)
{
	struct desk_course *c = arg;
	struct repair_desk *d = c->d;
	const struct repair_now now = repair_desk_now(d);
	char text[REPAIR_TEXT_MAX];

	c->doing = DESK_NOTHING;
	text_of(r, text);
	if (c->todo == REPAIR_DO_SIMULATE)
		repair_simulated(d->r, c->incident, c->turn, r->code == 0,
				 r->code ? text : "every policy finds room within its bounds beside all others", &now);
	else if (passes(r->code))
		c->doing = DESK_AGAIN;
	else if (c->todo == REPAIR_DO_REVERT)
		repair_reverted(d->r, c->incident, c->turn, r->code == 0, r->code ? text : "as it was before", &now);
	else if (r->code)
		repair_applied(d->r, c->incident, c->turn, false, text, &now);
	else
		c->doing = DESK_CONFIRMS;
	repair_desk_run(d);
}

/* ---- what is wanted ---- */

static bool has(const struct slice_detour *d, const char *text)
{
	for (uint8_t i = 0; i < d->n_avoid; i++)
		if (strcmp(d->avoid[i], text) == 0)
			return true;
	return false;
}

bool repair_act_same(const struct slice_detour *a, const struct slice_detour *b)
{
	if (a->swapped != b->swapped || a->n_avoid != b->n_avoid)
		return false;
	for (uint8_t i = 0; i < a->n_avoid; i++)
		if (!has(b, a->avoid[i]))
			return false;
	return true;
}

/* Around all that is suspected; of what was gone around before the last goes first. */
static void around(struct desk_course *c)
{
	c->want.n_avoid = 0;
	for (uint8_t i = 0; i < c->n_suspects; i++)
		(void)str_copy(c->want.avoid[c->want.n_avoid++], TED_LABEL_MAX, c->suspect[i]);
	for (uint8_t i = 0; i < c->before.n_avoid && c->want.n_avoid < SLICE_AVOID_MAX; i++)
		if (!has(&c->want, c->before.avoid[i]))
			(void)str_copy(c->want.avoid[c->want.n_avoid++], TED_LABEL_MAX, c->before.avoid[i]);
}

/* NULL: the policies that are to be taken are up, and do not run over what is suspected. */
static const char *unfit(struct repair_desk *d, const struct desk_course *c)
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	struct slice_flow_view f;

	for (uint32_t at = 0; v && slice_flows(d->p.slice, c->slice, at, &f, 1) == 1; at++) {
		/* what was the standby, or if that is in use what was in use before */
		if (f.inside || f.protection != c->want.swapped)
			continue;
		if (intent_get(d->p.intent, &f.key, v) != 0 || v->state != INTENT_UP)
			return "what it would switch to is not up";
		for (uint8_t i = 0; i < c->n_suspects; i++)
			if (strstr(v->path_text, c->suspect[i]))
				return "what it would switch to runs over the suspect too";
	}
	return v ? NULL : "no memory";
}

/* The course of the incident whose action is to be taken away. */
static struct desk_course *restored_by(struct repair_desk *d, const struct desk_course *c)
{
	const struct repair_incident *i = repair_incident_get(d->r, c->incident);

	return i && i->restores ? repair_act_course(d, i->restores) : NULL;
}

/* NULL, or why it cannot be. */
static const char *wanted(struct repair_desk *d, struct desk_course *c, enum repair_action action)
{
	const struct desk_course *was = restored_by(d, c);

	if (action == REPAIR_REROUTE)
		around(c);
	else if (action == REPAIR_SWITCH)
		c->want.swapped = !c->before.swapped;
	else if (was && repair_act_same(&c->before, &was->want))
		c->want = was->before;
	else
		return "it no longer runs as it was repaired";
	return c->want.swapped != c->before.swapped ? unfit(d, c) : NULL;
}

static void simulate(struct repair_desk *d, struct desk_course *c, enum repair_action action)
{
	const struct repair_now now = repair_desk_now(d);
	const char *why = NULL;
	struct slice_view *v = calloc(1, sizeof(*v));

	if (!v || slice_get(d->p.slice, c->slice, v) != 0) {
		free(v);
		repair_simulated(d->r, c->incident, c->turn, false, "the slice is not there", &now);
		return;
	}
	c->before = c->want = v->detour;
	free(v);
	why = wanted(d, c, action);
	if (why) {
		repair_simulated(d->r, c->incident, c->turn, false, why, &now);
		return;
	}
	c->doing = DESK_ASKS;
	slice_detour_put(d->p.slice, c->slice, &c->want, true, answered, c);
}

/* ---- telling ---- */

static void publish(struct repair_desk *d, const struct repair_incident *i, enum bus_severity sev, const char *type)
{
	STR_AUTO struct str b = { .limit = BUS_BODY_MAX };
	char resource[32];

	(void)snprintf(resource, sizeof(resource), "incident/%u", i->id);
	str_add(&b, "\"slice\":");
	str_json(&b, i->slice);
	str_addf(&b, ",\"phase\":\"%s\",\"outcome\":\"%s\"", repair_phase_name(i->phase), repair_outcome_name(i->outcome));
	if (i->n_timeline > 0) {
		const struct repair_entry *e = &i->timeline[i->n_timeline - 1];

		if (e->action >= 0)
			str_addf(&b, ",\"action\":\"%s\"", repair_action_name((enum repair_action)e->action));
		str_addf(&b, ",\"what\":\"%s\",\"text\":", repair_what_name(e->what));
		str_json(&b, e->text);
	}
	bus_publish(d->p.bus, loop_wall_ns(d->p.loop), sev, type, resource, str_text(&b));
}

static void mend(struct repair_desk *d, const struct repair_incident *i)
{
	bool works = i->phase >= REPAIR_SIMULATING && i->phase <= REPAIR_REVERTING;

	(void)slice_mend_set(d->p.slice, i->slice,
			     works			    ? SLICE_MEND_REPAIR :
			     i->outcome == REPAIR_ACCEPTED ? SLICE_MEND_ACCEPTED :
							     SLICE_MEND_NONE);
}

static void show(struct repair_desk *d, const struct repair_do *what, struct desk_course *c)
{
	const struct repair_incident *i = repair_incident_get(d->r, what->incident);
	bool over = i->phase == REPAIR_ENDED;

	mend(d, i);
	publish(d, i, BUS_INFO, "incident-phase");
	if (i->phase != REPAIR_APPROVAL)
		publish(d, i, BUS_CLEARED, "incident-approval");
	publish(d, i, over ? BUS_CLEARED : BUS_ALARM, "incident");
	if (!over || !c)
		return;
	if (d->p.hops)
		(void)d->p.hops(d->p.ctx, c->slice, false);
	slice_forget(d->p.slice, c);
	c->doing = DESK_NOTHING;
	c->locating = false;
	c->over = i->acted && i->outcome != REPAIR_GONE;
	(void)repair_keep_all(d); /* with what was done */
	if (!c->over)
		repair_act_end(d, c);
}

/* ---- doing ---- */

static void locate(struct repair_desk *d, const struct repair_do *what)
{
	struct desk_course *c = repair_act_course(d, what->incident);

	if (!c)
		c = repair_act_course_new(d, what->incident, what->slice);
	if (!c)
		return; /* in time it goes on without */
	c->turn = what->turn;
	c->tries = 0;
	if (d->p.hops)
		(void)d->p.hops(d->p.ctx, c->slice, true);
	if (restored_by(d, c)) {
		repair_net_restore(d, c, restored_by(d, c));
		return;
	}
	c->locating = !repair_net_locate(d, c);
}

/* Durable first, with what was before: who starts again after us has to know. */
static void apply(struct repair_desk *d, struct desk_course *c)
{
	const struct repair_now now = repair_desk_now(d);
	struct slice_view *v = calloc(1, sizeof(*v));

	if (v && slice_get(d->p.slice, c->slice, v) == 0 && repair_act_same(&v->detour, &c->want))
		c->doing = DESK_CONFIRMS; /* before a restart it came so far */
	free(v);
	if (c->doing == DESK_CONFIRMS)
		return;
	if (!repair_keep_all(d)) {
		repair_applied(d->r, c->incident, c->turn, false, "the store takes no more", &now);
		return;
	}
	c->doing = DESK_ASKS;
	slice_detour_put(d->p.slice, c->slice, &c->want, false, answered, c);
}

static void revert(struct repair_desk *d, struct desk_course *c)
{
	c->doing = DESK_ASKS;
	slice_detour_put(d->p.slice, c->slice, &c->before, false, answered, c);
}

void repair_act_do(struct repair_desk *d, const struct repair_do *what)
{
	struct desk_course *c = repair_act_course(d, what->incident);

	if (c && what->todo <= REPAIR_DO_REVERT) {
		slice_forget(d->p.slice, c); /* of the turn before nothing is waited for */
		c->turn = what->turn;
		c->todo = what->todo;
		c->doing = DESK_NOTHING;
		c->locating = false;
	}
	switch (what->todo) {
	case REPAIR_DO_LOCATE:
		locate(d, what);
		break;
	case REPAIR_DO_SIMULATE:
		if (c)
			simulate(d, c, what->action);
		break;
	case REPAIR_DO_APPLY:
		if (c)
			apply(d, c);
		break;
	case REPAIR_DO_REVERT:
		if (c)
			revert(d, c);
		break;
	case REPAIR_DO_NOTIFY:
		publish(d, repair_incident_get(d->r, what->incident), BUS_WARNING, "incident-notify");
		break;
	case REPAIR_DO_ASK:
		publish(d, repair_incident_get(d->r, what->incident), BUS_ALARM, "incident-approval");
		break;
	case REPAIR_DO_SHOW:
		show(d, what, c);
		break;
	case REPAIR_TASKS:
		break;
	}
}

/* ---- time ---- */

static bool all_up(struct repair_desk *d, const char *slice)
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	struct slice_flow_view f;

	for (uint32_t at = 0; v && slice_flows(d->p.slice, slice, at, &f, 1) == 1; at++) {
		if (f.inside)
			continue;
		if (intent_get(d->p.intent, &f.key, v) != 0 || v->state != INTENT_UP || !v->confirmed ||
		    (v->has_reported && v->reported.has_preference && v->reported.preference != v->active_preference))
			return false;
	}
	return v != NULL;
}

void repair_act_tick(struct repair_desk *d)
{
	const struct repair_now now = repair_desk_now(d);

	LIST_EACH (l, &d->courses) {
		struct desk_course *c = LIST_OF(l, struct desk_course, link);

		if (c->over && !repair_incident_get(d->r, c->incident)) {
			repair_act_end(d, c); /* it went for a newer one */
			continue;
		}
		if (c->locating)
			c->locating = !repair_net_locate(d, c);
		if (c->doing == DESK_CONFIRMS && all_up(d, c->slice)) {
			c->doing = DESK_NOTHING;
			repair_applied(d->r, c->incident, c->turn, true, "every policy is up, as its headend says", &now);
		}
		if (c->doing == DESK_AGAIN && c->todo == REPAIR_DO_APPLY)
			apply(d, c);
		else if (c->doing == DESK_AGAIN)
			revert(d, c);
	}
}
