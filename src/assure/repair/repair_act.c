/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What incidents ask for, done by the ways of their actions: simulated by asking whether it could be,
 * applied by asking for it; it stands when the network says so. What was before and what is wanted are
 * durable before it is applied: a restart in between goes on from either.
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

struct desk_course *repair_act_course(const struct repair_desk *d, uint32_t incident)
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
	free(c->ran);
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

const struct desk_way *repair_act_way(enum repair_action a)
{
	static const struct desk_way *const ways[REPAIR_ACTIONS] = {
		[REPAIR_SWITCH] = &repair_moves_way,
		[REPAIR_REROUTE] = &repair_moves_way,
		[REPAIR_REBALANCE] = &repair_moves_way,
		[REPAIR_SHED] = &repair_moves_way,
		[REPAIR_RESIZE] = &repair_resize_way,
	};

	return ways[a];
}

static const char *said(const struct desk_course *c, const char *otherwise)
{
	return c->said[0] ? c->said : otherwise;
}

static void refused(struct repair_desk *d, struct desk_course *c, const char *why)
{
	const struct repair_now now = repair_desk_now(d);
	char text[REPAIR_TEXT_MAX];

	(void)str_copy(text, sizeof(text), why); /* it may be of c */
	c->n_deeds = 0;
	repair_simulated(d->r, c->incident, c->turn, false, text, &now);
}

static void failed(struct repair_desk *d, struct desk_course *c, const char *why)
{
	const struct repair_now now = repair_desk_now(d);

	c->n_deeds = 0;
	repair_applied(d->r, c->incident, c->turn, false, why, &now);
}

static void reverted(struct repair_desk *d, struct desk_course *c)
{
	const struct repair_now now = repair_desk_now(d);

	c->n_deeds = 0;
	repair_reverted(d->r, c->incident, c->turn, true, said(c, "as it was before"), &now);
}

static void tried(struct repair_desk *d, struct desk_course *c, const struct slice_result *r)
{
	const struct desk_way *w = repair_act_way(c->acts);
	const struct repair_now now = repair_desk_now(d);
	char text[REPAIR_TEXT_MAX], of[REPAIR_TEXT_MAX];

	text_of(r, text);
	(void)snprintf(of, sizeof(of), "%.60s: %.190s", r->id, text);
	if (r->code == 0)
		repair_simulated(d->r, c->incident, c->turn, true,
				 said(c, "every policy finds room within its bounds beside all others"), &now);
	else if (w->other && w->other(d, c, r))
		c->doing = DESK_ASKS;
	else
		refused(d, c, r->id[0] && strcmp(r->id, c->slice) != 0 ? of : text);
}

static void undone(struct repair_desk *d, struct desk_course *c, const struct slice_result *r)
{
	const struct repair_now now = repair_desk_now(d);
	char text[REPAIR_TEXT_MAX];

	text_of(r, text);
	if (r->code == SLICE_E_MISSING) /* one that is gone is not asked for again */
		c->doing = DESK_AGAIN;
	else if (r->code)
		repair_reverted(d->r, c->incident, c->turn, false, text, &now);
	else
		reverted(d, c);
}

/* What cannot be taken away stays as it is: nobody is left to try for. */
static void left(struct desk_course *c, const struct slice_result *r)
{
	c->doing = DESK_LEAVES;
	if (r->code && !passes(r->code) && r->code != SLICE_E_MISSING)
		c->n_deeds = 0;
}

void repair_act_answered(void *course, const struct slice_result *r)
{
	struct desk_course *c = course;
	struct repair_desk *d = c->d;
	enum desk_doing was = c->doing;
	char text[REPAIR_TEXT_MAX];

	c->doing = DESK_NOTHING;
	text_of(r, text);
	if (was == DESK_LEAVES)
		left(c, r);
	else if (was == DESK_FAILS)
		failed(d, c, said(c, text));
	else if (c->todo == REPAIR_DO_SIMULATE)
		tried(d, c, r);
	else if (passes(r->code))
		c->doing = DESK_AGAIN;
	else if (c->todo == REPAIR_DO_REVERT)
		undone(d, c, r);
	else if (r->code)
		failed(d, c, text);
	else
		c->doing = DESK_CONFIRMS;
	repair_desk_run(d);
}

/* ---- what is wanted ---- */

/* The course of the incident whose action is to be taken away. */
static struct desk_course *restored_by(struct repair_desk *d, const struct desk_course *c)
{
	const struct repair_incident *i = repair_incident_get(d->r, c->incident);

	return i && i->restores ? repair_act_course(d, i->restores) : NULL;
}

static void simulate(struct repair_desk *d, struct desk_course *c, const struct repair_do *what)
{
	const struct desk_course *was = restored_by(d, c);
	const struct desk_way *w;
	const char *why;

	c->said[0] = '\0';
	c->acts = what->action;
	if (what->action == REPAIR_RESTORE && !was) {
		refused(d, c, "it no longer runs as it was repaired");
		return;
	}
	if (was)
		c->acts = was->acts;
	w = repair_act_way(c->acts);
	why = !w ? "nothing here does it" : was ? w->turn(d, c, was) : w->plan(d, c, what);
	c->doing = DESK_ASKS;
	if (why || !w->put(d, c, DESK_TRY))
		refused(d, c, why ? why : "it is so already");
}

/* ---- telling ---- */

static void publish(struct repair_desk *d, const struct repair_incident *i, enum bus_severity sev, const char *type)
{
	STR_AUTO struct str b = { .limit = BUS_BODY_MAX };
	char resource[32], below[SR_REASON_MAX];

	(void)snprintf(resource, sizeof(resource), "incident/%u", i->id);
	str_add(&b, "\"slice\":");
	str_json(&b, i->slice);
	str_addf(&b, ",\"phase\":\"%s\",\"outcome\":\"%s\"", repair_phase_name(i->phase), repair_outcome_name(i->outcome));
	if (i->phase == REPAIR_ENDED && (i->outcome == REPAIR_GIVEN_UP || i->outcome == REPAIR_REVERTED) &&
	    slice_tier_below(d->p.slice, i->slice, below, sizeof(below))) {
		str_add(&b, ",\"lower-tier\":");
		str_json(&b, below);
	}
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
	c->over = i->acted;
	if (i->outcome == REPAIR_GONE)
		c->doing = DESK_LEAVES;
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
	const struct desk_way *w = repair_act_way(c->acts);

	c->said[0] = '\0';
	c->doing = DESK_ASKS;
	if (!w) {
		failed(d, c, "nothing here does it");
		return;
	}
	if (!repair_keep_all(d)) {
		failed(d, c, "the store takes no more");
		return;
	}
	repair_others_before(d, c);
	if (!w->put(d, c, DESK_DO)) /* before a restart it came so far */
		c->doing = DESK_CONFIRMS;
}

static void revert(struct repair_desk *d, struct desk_course *c)
{
	const struct desk_way *w = repair_act_way(c->acts);

	c->said[0] = '\0';
	c->doing = DESK_ASKS;
	if (!w || !w->put(d, c, DESK_UNDO))
		reverted(d, c);
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
			simulate(d, c, what);
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

/* ---- slices that are gone ---- */

bool repair_act_holds(const struct repair_desk *d, const char *slice, const struct desk_course *skip)
{
	LIST_EACH (l, &d->courses) {
		const struct desk_course *c = LIST_OF(l, struct desk_course, link);
		const struct desk_way *w = repair_act_way(c->acts);

		if (c != skip && !c->over && w && w->holds(c, slice))
			return true;
	}
	return false;
}

void repair_act_orphans(struct repair_desk *d)
{
	AUTO_FREE struct slice_view *v = calloc(1, sizeof(*v));

	LIST_EACH (l, &d->courses) {
		struct desk_course *c = LIST_OF(l, struct desk_course, link);

		if (v && c->over && slice_get(d->p.slice, c->slice, v) == SLICE_E_MISSING)
			c->doing = DESK_LEAVES;
	}
}

/* False: nothing of it is left. */
static bool leaves(struct repair_desk *d, struct desk_course *c)
{
	const struct desk_way *w = repair_act_way(c->acts);

	slice_forget(d->p.slice, c);
	return w && !w->moot(d, c) && w->put(d, c, DESK_UNDO);
}

/* ---- time ---- */

static void confirm(struct repair_desk *d, struct desk_course *c)
{
	const struct repair_now now = repair_desk_now(d);
	const struct desk_way *w = repair_act_way(c->acts);
	enum desk_stands is = w->stands(d, c);

	if (is == DESK_NOT_YET)
		return;
	c->doing = is == DESK_FAILED ? DESK_FAILS : DESK_NOTHING;
	if (is == DESK_STANDS)
		repair_others_after(d, c);
	if (is == DESK_STANDS)
		repair_applied(d->r, c->incident, c->turn, true,
			       said(c, "every policy is up, as its headend says"), &now);
	else if (!w->put(d, c, DESK_UNDO))
		failed(d, c, said(c, "it failed"));
}

static void course_tick(struct repair_desk *d, struct desk_course *c)
{
	/* It went for a newer one; or what it did is taken away with its slice. */
	if ((c->over && !repair_incident_get(d->r, c->incident)) || (c->doing == DESK_LEAVES && !leaves(d, c))) {
		repair_act_end(d, c);
		return;
	}
	if (c->locating)
		c->locating = !repair_net_locate(d, c);
	if (c->doing == DESK_CONFIRMS)
		confirm(d, c);
	if (c->doing == DESK_AGAIN && c->todo == REPAIR_DO_APPLY)
		apply(d, c);
	else if (c->doing == DESK_AGAIN)
		revert(d, c);
}

void repair_act_tick(struct repair_desk *d)
{
	LIST_EACH (l, &d->courses)
		course_tick(d, LIST_OF(l, struct desk_course, link));
}
