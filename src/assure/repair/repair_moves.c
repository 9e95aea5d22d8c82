/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actions that change how slices run: the one that suffers goes around what is suspected, or over its standby;
 * others of lower priority go another way, or are shed, so that there is room for it. All slices of an action are
 * one set: simulated together, applied and taken back together or not at all. What somebody else changed
 * meanwhile is left as it is.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_desk_priv.h"
#include "base/str.h"

/* ---- deeds ---- */

static bool sheds(const struct desk_deed *e)
{
	return strcmp(e->before.shed_for, e->want.shed_for) != 0;
}

static bool runs(const struct slice_view *v, const struct desk_deed *e, const struct slice_move *as)
{
	return sheds(e) ? strcmp(v->shed_for, as->shed_for) == 0 : slice_detour_same(&v->detour, &as->detour);
}

bool repair_moves_runs(const struct repair_desk *d, const struct desk_deed *e, bool undone)
{
	AUTO_FREE struct slice_view *v = calloc(1, sizeof(*v));

	return v && slice_get(d->p.slice, e->want.id, v) == 0 && runs(v, e, undone ? &e->before : &e->want);
}

static struct desk_deed *deed_new(struct desk_course *c, const char *id, const struct slice_view *v)
{
	struct desk_deed *e = &c->deed[c->n_deeds++];

	*e = (struct desk_deed){ .before.detour = v->detour };
	(void)str_copy(e->before.id, sizeof(e->before.id), id);
	(void)str_copy(e->before.shed_for, sizeof(e->before.shed_for), v->shed_for);
	e->want = e->before;
	return e;
}

static bool other_slices(const struct desk_course *c)
{
	return c->acts == REPAIR_REBALANCE || c->acts == REPAIR_SHED;
}

/* Its action is to take another's away: that is done again when this one is undone. */
static bool restores(const struct repair_desk *d, const struct desk_course *c)
{
	const struct repair_incident *i = repair_incident_get(d->r, c->incident);

	return i && i->restores;
}

/* "bronze, silver" */
static const char *names(const struct desk_course *c, char out[128])
{
	size_t at = 0;

	out[0] = '\0';
	for (uint8_t i = 0; i < c->n_deeds && at < 100; i++)
		at += (size_t)snprintf(out + at, 128 - at, "%s%.60s", i ? ", " : "", c->deed[i].want.id);
	return out;
}

static void say(struct desk_course *c, const char *moved, const char *shed)
{
	char text[128];

	if (other_slices(c))
		(void)snprintf(c->said, sizeof(c->said), "%s: %s", names(c, text),
			       c->acts == REPAIR_SHED ? shed : moved);
}

/* ---- what is wanted of the slice itself ---- */

static bool has(const struct slice_detour *d, const char *text)
{
	for (uint8_t i = 0; i < d->n_avoid; i++)
		if (strcmp(d->avoid[i], text) == 0)
			return true;
	return false;
}

/* Around all that is suspected; of what was gone around before the last goes first. */
static void around(const struct desk_course *c, struct desk_deed *e)
{
	const struct slice_detour *before = &e->before.detour;
	struct slice_detour *want = &e->want.detour;

	want->n_avoid = 0;
	for (uint8_t i = 0; i < c->n_suspects; i++)
		(void)str_copy(want->avoid[want->n_avoid++], TED_LABEL_MAX, c->suspect[i]);
	for (uint8_t i = 0; i < before->n_avoid && want->n_avoid < SLICE_AVOID_MAX; i++)
		if (!has(want, before->avoid[i]))
			(void)str_copy(want->avoid[want->n_avoid++], TED_LABEL_MAX, before->avoid[i]);
}

/* NULL: the policies that are to be taken are up, and do not run over what is suspected. */
static const char *unfit(struct repair_desk *d, const struct desk_course *c, bool standby)
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	struct slice_flow_view f;

	for (uint32_t at = 0; v && slice_flows(d->p.slice, c->slice, at, &f, 1) == 1; at++) {
		/* what was the standby, or if that is in use what was in use before */
		if (f.inside || f.protection != standby)
			continue;
		if (intent_get(d->p.intent, &f.key, v) != 0 || v->state != INTENT_UP)
			return "what it would switch to is not up";
		for (uint8_t i = 0; i < c->n_suspects; i++)
			if (strstr(v->path_text, c->suspect[i]))
				return "what it would switch to runs over the suspect too";
	}
	return v ? NULL : "no memory";
}

static const char *own(struct repair_desk *d, struct desk_course *c)
{
	AUTO_FREE struct slice_view *v = calloc(1, sizeof(*v));
	struct desk_deed *e;

	if (!v || slice_get(d->p.slice, c->slice, v) != 0)
		return "the slice is not there";
	if (v->shed_for[0])
		return "the slice is shed: it is given back first";
	if (repair_act_holds(d, c->slice, c))
		return "another repair has to do with the slice";
	e = deed_new(c, c->slice, v);
	if (c->acts == REPAIR_SWITCH) {
		e->want.detour.swapped = !e->before.detour.swapped;
		return unfit(d, c, e->want.detour.swapped);
	}
	around(c, e);
	return slice_detour_same(&e->before.detour, &e->want.detour) ? "nothing of it can go another way" : NULL;
}

/* ---- what is wanted of others ---- */

static const char *nobody(const struct desk_course *c, char out[REPAIR_TEXT_MAX])
{
	if (c->seen == 0)
		return "no other slice runs there";
	(void)snprintf(out, REPAIR_TEXT_MAX, "of %u other slices there %u may be %s%s", c->seen, c->n_picks,
		       c->acts == REPAIR_SHED ? "shed" : "moved",
		       c->n_picks ? ", and so many were" :
				    ": they are of no lower priority, in an assurance window, or in another repair");
	return out;
}

/* The first so many of those that are thought of. NULL, or why not. */
static const char *take(struct repair_desk *d, struct desk_course *c)
{
	AUTO_FREE struct slice_view *v = calloc(1, sizeof(*v));

	c->n_deeds = 0;
	if (c->need > c->n_picks || c->need > SLICE_MOVES_MAX)
		return nobody(c, c->said);
	for (uint8_t i = 0; i < c->need; i++) {
		struct desk_deed *e;

		if (!v || slice_get(d->p.slice, c->pick[i].id, v) != 0)
			return "one of them is gone";
		e = deed_new(c, c->pick[i].id, v);
		if (c->acts == REPAIR_SHED)
			(void)str_copy(e->want.shed_for, sizeof(e->want.shed_for), c->slice);
		else
			around(c, e);
	}
	return NULL;
}

static const char *others(struct repair_desk *d, struct desk_course *c, const struct repair_do *what)
{
	if (!c->crowded)
		return "what is suspected there is no want of room";
	c->need = (uint8_t)(what->round + 1);
	repair_picks_look(d, c, c->acts);
	return take(d, c);
}

static const char *plan(struct repair_desk *d, struct desk_course *c, const struct repair_do *what)
{
	c->n_deeds = c->n_picks = 0;
	return other_slices(c) ? others(d, c, what) : own(d, c);
}

/* ---- what others remember as how it was ---- */

static bool same_move(const struct slice_move *a, const struct slice_move *b)
{
	return strcmp(a->id, b->id) == 0 && strcmp(a->shed_for, b->shed_for) == 0 &&
	       slice_detour_same(&a->detour, &b->detour);
}

/* What of's action did is taken away underneath of what others did. */
static void forget(struct repair_desk *d, const struct desk_deed *e, const struct desk_course *of)
{
	LIST_EACH (l, &d->courses) {
		struct desk_course *o = LIST_OF(l, struct desk_course, link);

		for (uint8_t k = 0; o != of && k < o->n_deeds; k++) {
			if (!same_move(&o->deed[k].before, &e->want) || sheds(&o->deed[k]))
				continue;
			o->deed[k].before = e->before;
			repair_unsaved_all(d->r);
		}
	}
}

static void forget_all(struct repair_desk *d, const struct desk_course *c)
{
	for (uint8_t i = 0; i < c->n_deeds; i++)
		forget(d, &c->deed[i], c);
}

static const char *turn(struct repair_desk *d, struct desk_course *c, const struct desk_course *was)
{
	c->n_deeds = c->n_picks = 0;
	for (uint8_t i = was->n_deeds; i-- > 0;) {
		const struct desk_deed *e = &was->deed[i];

		if (repair_moves_runs(d, e, false))
			c->deed[c->n_deeds++] = (struct desk_deed){ .before = e->want, .want = e->before };
		else
			forget(d, e, was);
	}
	if (c->n_deeds == 0)
		return "it no longer runs as it was repaired";
	if (!other_slices(c) && c->deed[0].want.detour.swapped != c->deed[0].before.detour.swapped)
		return unfit(d, c, c->deed[0].want.detour.swapped);
	return NULL;
}

/* ---- asking ---- */

/* As it is to run, and in all else as it does. False: it is not to be asked for. */
static bool asked_of(struct repair_desk *d, const struct desk_deed *e, bool undo, struct slice_move *out)
{
	AUTO_FREE struct slice_view *v = calloc(1, sizeof(*v));
	const struct slice_move *to = undo ? &e->before : &e->want;

	if (!v || slice_get(d->p.slice, to->id, v) != 0)
		return !undo; /* what is gone has nothing to be taken away; else it is refused for that */
	if (undo && !runs(v, e, &e->want) && !runs(v, e, &e->before))
		return false; /* somebody else has changed it */
	*out = *to;
	if (sheds(e))
		out->detour = v->detour;
	else
		(void)str_copy(out->shed_for, sizeof(out->shed_for), v->shed_for);
	return true;
}

static bool put(struct repair_desk *d, struct desk_course *c, enum desk_put how)
{
	AUTO_FREE struct slice_move *m = calloc(SLICE_MOVES_MAX, sizeof(*m));
	bool so = true;
	size_t n = 0;

	for (uint8_t k = 0; m && k < c->n_deeds; k++) {
		const struct desk_deed *e = &c->deed[how == DESK_UNDO ? c->n_deeds - 1 - k : k];

		so = so && how == DESK_DO && repair_moves_runs(d, e, false);
		m[n] = e->want;
		n += asked_of(d, e, how == DESK_UNDO, &m[n]);
	}
	if (how == DESK_UNDO && !restores(d, c))
		forget_all(d, c);
	if (how == DESK_TRY)
		say(c, "every policy finds room elsewhere within its bounds beside all others",
		    "of lower priority, they can be taken off where they enter");
	else if (how == DESK_UNDO)
		say(c, "as before", "their traffic is let on again");
	if (n == 0 || so)
		return false;
	slice_moves_put(d->p.slice, m, n, how == DESK_TRY, repair_act_answered, c);
	return true;
}

/* Who finds no room elsewhere is not thought of any more. */
static bool other(struct repair_desk *d, struct desk_course *c, const struct slice_result *r)
{
	uint8_t at = 0;

	if (!other_slices(c) || c->n_picks == 0)
		return false;
	while (at < c->n_picks && strcmp(c->pick[at].id, r->id) != 0)
		at++;
	if (at == c->n_picks)
		at = (uint8_t)(c->n_deeds ? c->n_deeds - 1 : 0);
	memmove(&c->pick[at], &c->pick[at + 1], (c->n_picks - at - 1u) * sizeof(c->pick[0]));
	c->n_picks--;
	return take(d, c) == NULL && put(d, c, DESK_TRY);
}

/* ---- does it stand ---- */

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

/* Its devices have taken it off, or let it on again. */
static bool is_shed(struct repair_desk *d, const char *slice, bool shed)
{
	AUTO_FREE struct slice_view *v = calloc(1, sizeof(*v));
	bool on;

	if (!v || slice_get(d->p.slice, slice, v) != 0)
		return v != NULL; /* of one that is gone nothing is waited for */
	on = v->done & 1u << SLICE_STEP_CLASSIFY;
	return shed ? v->state == SLICE_SUSPENDED && !on : on;
}

static enum desk_stands stands(struct repair_desk *d, struct desk_course *c)
{
	for (uint8_t i = 0; i < c->n_deeds; i++) {
		const struct desk_deed *e = &c->deed[i];

		if (sheds(e) ? !is_shed(d, e->want.id, e->want.shed_for[0]) : !all_up(d, e->want.id))
			return DESK_NOT_YET;
	}
	if (restores(d, c))
		say(c, "as before, every policy is up, as its headend says", "their traffic is let on again");
	else
		say(c, "every policy is up the other way, as its headend says",
		    "suspended, and what they reserved is kept");
	return DESK_STANDS;
}

static bool moot(struct repair_desk *d, const struct desk_course *was)
{
	for (uint8_t i = 0; i < was->n_deeds; i++)
		if (repair_moves_runs(d, &was->deed[i], false))
			return false;
	forget_all(d, was);
	return true;
}

static bool holds(const struct desk_course *c, const char *slice)
{
	for (uint8_t i = 0; i < c->n_deeds; i++)
		if (strcmp(c->deed[i].want.id, slice) == 0)
			return true;
	return false;
}

/* ---- told ---- */

uint32_t repair_desk_touched(const struct repair_desk *d, uint32_t incident, struct repair_touched *out,
			     uint32_t cap)
{
	const struct desk_course *c = repair_act_course(d, incident);
	const struct repair_incident *i = repair_incident_get(d->r, incident);
	uint32_t n = 0;

	/* what takes away leaves nothing */
	for (uint8_t k = 0; c && i && !i->restores && k < c->n_deeds && n < cap; k++) {
		const struct desk_deed *e = &c->deed[k];

		if (strcmp(e->want.id, c->slice) == 0 || !repair_moves_runs(d, e, false))
			continue;
		out[n] = (struct repair_touched){ .shed = sheds(e) };
		(void)str_copy(out[n++].slice, SLICE_ID_MAX, e->want.id);
	}
	return n;
}

/* ---- nobody's ---- */

static bool shed_by_someone(const struct repair_desk *d, const char *slice)
{
	LIST_EACH (l, &d->courses) {
		const struct desk_course *c = LIST_OF(l, struct desk_course, link);

		for (uint8_t i = 0; i < c->n_deeds; i++)
			if (sheds(&c->deed[i]) && strcmp(c->deed[i].want.id, slice) == 0)
				return true;
	}
	return false;
}

void repair_moves_sweep(struct repair_desk *d)
{
	AUTO_FREE struct slice_view *v = calloc(1, sizeof(*v));
	const struct slice *s = d->p.slice;

	for (const char *id = slice_next(s, SLICE_SERVICE, NULL); v && id; id = slice_next(s, SLICE_SERVICE, id)) {
		struct slice_move m = { 0 };

		if (slice_get(s, id, v) != 0 || !v->shed_for[0] || shed_by_someone(d, id))
			continue;
		m.detour = v->detour;
		(void)str_copy(m.id, sizeof(m.id), id);
		slice_moves_put(d->p.slice, &m, 1, false, NULL, NULL);
	}
}

/* ---- durable ---- */

static void detour_print(struct str *s, const struct slice_move *m)
{
	str_addf(s, "{\"swapped\":%d,\"shed-for\":", m->detour.swapped);
	str_json(s, m->shed_for);
	str_add(s, ",\"avoid\":[");
	for (uint8_t i = 0; i < m->detour.n_avoid; i++) {
		str_add(s, i ? "," : "");
		str_json(s, m->detour.avoid[i]);
	}
	str_add(s, "]}");
}

static void print(struct str *s, const struct desk_course *c)
{
	str_add(s, ",\"moves\":[");
	for (uint8_t i = 0; i < c->n_deeds; i++) {
		str_add(s, i ? ",{\"slice\":" : "{\"slice\":");
		str_json(s, c->deed[i].want.id);
		str_add(s, ",\"before\":");
		detour_print(s, &c->deed[i].before);
		str_add(s, ",\"want\":");
		detour_print(s, &c->deed[i].want);
		str_add(s, "}");
	}
	str_add(s, "]");
}

static json_object *member(json_object *o, const char *name, enum json_type type)
{
	json_object *v = NULL;

	return json_object_object_get_ex(o, name, &v) && json_object_is_type(v, type) ? v : NULL;
}

static void detour_read(json_object *o, const char *name, struct slice_move *out)
{
	json_object *v = member(o, name, json_type_object), *is;
	struct slice_detour *d = &out->detour;

	is = v ? member(v, "swapped", json_type_int) : NULL;
	d->swapped = is && json_object_get_int(is) != 0;
	is = v ? member(v, "shed-for", json_type_string) : NULL;
	if (is && !str_copy(out->shed_for, sizeof(out->shed_for), json_object_get_string(is)))
		out->shed_for[0] = '\0';
	is = v ? member(v, "avoid", json_type_array) : NULL;
	for (size_t i = 0; is && i < json_object_array_length(is) && d->n_avoid < SLICE_AVOID_MAX; i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(is, i));

		if (text && str_copy(d->avoid[d->n_avoid], TED_LABEL_MAX, text))
			d->n_avoid++;
	}
}

static void deed_read(json_object *o, const char *id, struct desk_course *c)
{
	struct desk_deed *e = &c->deed[c->n_deeds];

	*e = (struct desk_deed){ 0 };
	if (!id || !id[0] || !str_copy(e->want.id, sizeof(e->want.id), id))
		return;
	(void)str_copy(e->before.id, sizeof(e->before.id), id);
	detour_read(o, "before", &e->before);
	detour_read(o, "want", &e->want);
	c->n_deeds++;
}

/* Those of before had one, of the slice itself. */
static void read(json_object *o, struct desk_course *c)
{
	json_object *v = member(o, "moves", json_type_array);

	c->n_deeds = 0;
	if (!v && member(o, "want", json_type_object))
		deed_read(o, c->slice, c);
	for (size_t i = 0; v && i < json_object_array_length(v) && c->n_deeds < SLICE_MOVES_MAX; i++) {
		json_object *one = json_object_array_get_idx(v, i), *id;

		id = json_object_is_type(one, json_type_object) ? member(one, "slice", json_type_string) : NULL;
		if (id)
			deed_read(one, json_object_get_string(id), c);
	}
}

const struct desk_way repair_moves_way = {
	.plan = plan,
	.turn = turn,
	.put = put,
	.other = other,
	.stands = stands,
	.moot = moot,
	.holds = holds,
	.print = print,
	.read = read,
};
