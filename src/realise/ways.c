/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which home of a site is away: the policy that leads there has no way, as its headend and the topology say, or its
 * circuits are down, as its router says. What is not known at the moment is as it was, over a restart too: a home
 * that was left is not taken again by guess.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "log/log.h"
#include "realise/room.h"

enum { DOWN_MAX = 4096 };

#define BACK_NS (3 * NS_PER_S) /* so long a circuit has to stay up: its neighbours are found, and it does not flap */

static const char interfaces[] = "/device/interface/oper-status";

/* ---- circuits ---- */

bool realise_ways_up(struct realise *r, struct realise_sight *g)
{
	const struct device_watch w = { .path = interfaces, .on_change = true };

	return r->port.watch(r->port.self, g->device, &w, &g->watch_down) == 0;
}

void realise_ways_fini(struct realise_sight *g)
{
	VEC_FINI(&g->down);
}

/* All slices with such sites: a circuit is of few, but to find whose costs as much. */
static void look_again(struct realise *r, const struct realise_slice *only)
{
	for (size_t i = 0; i < r->slices.n; i++) {
		struct realise_slice *s = r->slices.at[i];

		if (!s->homes || (only && s != only))
			continue;
		s->planned = false;
		realise_look(s);
	}
}

static bool name_of(const char *path, char out[REALISE_IF_MAX])
{
	static const char key[] = "/device/interface[name=";
	const char *end = strchr(path, ']');
	size_t n = strlen(key);

	if (strncmp(path, key, n) != 0 || !end || end < path + n || (size_t)(end - path) - n >= REALISE_IF_MAX)
		return false;
	memcpy(out, path + n, (size_t)(end - path) - n);
	out[(size_t)(end - path) - n] = '\0';
	return true;
}

static bool is_down(const struct device_sample *s)
{
	return s->gone || !s->text || strcmp(s->text, "down") == 0 || strcmp(s->text, "lower-layer-down") == 0 ||
	       strcmp(s->text, "not-present") == 0;
}

static bool is_circuit(const struct realise *r, const char *device, const char *name)
{
	for (size_t i = 0; i < r->slices.n; i++) {
		const struct realise_slice *s = r->slices.at[i];

		for (size_t k = 0; k < s->claims.n; k++) {
			if (strcmp(s->claims.at[k].device, device) == 0 && strcmp(s->claims.at[k].interface, name) == 0)
				return true;
		}
	}
	return false;
}

void realise_ways_back(void *arg)
{
	struct realise *r = arg;
	struct mono now = loop_now(r->cfg.loop), next = { 0 };
	bool any = false, more = false;

	for (size_t i = 0; i < r->sights.n; i++) {
		struct realise_sight *g = r->sights.at[i];

		for (size_t k = g->down.n; k-- > 0;) {
			struct mono when = mono_add(g->down.at[k].since, BACK_NS);

			if (!g->down.at[k].back)
				continue;
			if (!mono_before(now, when)) {
				g->down.at[k] = g->down.at[--g->down.n];
				any = true;
			} else if (!more || mono_before(when, next)) {
				next = when;
				more = true;
			}
		}
	}
	if (more)
		loop_timer_at(&r->back, next);
	if (any)
		look_again(r, NULL);
}

/* Up again: others carry what it would until it has stayed so; where there are none it is taken at once. */
static void is_back(struct realise *r, struct realise_down *x)
{
	x->back = true;
	x->since = loop_now(r->cfg.loop);
	if (!loop_timer_armed(&r->back))
		loop_timer_after(&r->back, BACK_NS);
}

bool realise_ways_sample(struct realise *r, struct realise_sight *g, const struct device_sample *s)
{
	struct realise_down x = { 0 }, *was;
	bool down = is_down(s), nobodys;
	size_t at = 0;

	if (!g->watch_down || s->watch != g->watch_down)
		return false;
	if (!name_of(s->path, x.name))
		return true;
	while (at < g->down.n && strcmp(g->down.at[at].name, x.name) != 0)
		at++;
	was = at < g->down.n ? &g->down.at[at] : NULL;
	if (was)
		was->stale = false;
	nobodys = s->gone && !is_circuit(r, g->device, x.name); /* and is not remembered */
	if (was ? down == !was->back && !nobodys : !down || nobodys)
		return true;
	if (nobodys)
		*was = g->down.at[--g->down.n];
	else if (was && down)
		was->back = false;
	else if (was)
		is_back(r, was);
	else if (g->down.n == DOWN_MAX || !VEC_ADD(&g->down, x))
		return true;
	look_again(r, NULL);
	return true;
}

/* What is told next is all there is; until then they are as they were. */
void realise_ways_gap(struct realise_sight *g, uint32_t watch)
{
	for (size_t i = 0; watch && watch == g->watch_down && i < g->down.n; i++)
		g->down.at[i].stale = true;
}

/* One that was down and is not told of is no more: a circuit stays down. */
void realise_ways_synced(struct realise *r, struct realise_sight *g, uint32_t watch)
{
	bool any = false;

	for (size_t i = g->down.n; watch && watch == g->watch_down && i-- > 0;) {
		if (!g->down.at[i].stale || is_circuit(r, g->device, g->down.at[i].name))
			continue;
		g->down.at[i] = g->down.at[--g->down.n];
		any = true;
	}
	if (any)
		look_again(r, NULL);
}

/* ---- policies ---- */

void realise_ways(void *ctx, const char *id)
{
	struct realise *r = ctx;
	struct realise_slice *s = realise_find(r, id);

	if (s)
		look_again(r, s);
}

static size_t away_at(const struct realise_slice *s, uint64_t flow)
{
	size_t i = 0;

	while (i < s->away.n && s->away.at[i] != flow)
		i++;
	return i;
}

/* As it was, where that is not known now. False: no memory. */
static bool is_away(struct realise_slice *s, const struct slice_flow_view *f, bool *out)
{
	uint64_t id = realise_flow_id(f);
	size_t at = away_at(s, id);
	bool was = at < s->away.n;

	switch (slice_way_of(s->r->cfg.slice, &f->key)) {
	case SLICE_WAY_UNKNOWN:
		*out = was;
		return true;
	case SLICE_WAY_IS:
		*out = false;
		if (was)
			s->away.at[at] = s->away.at[--s->away.n];
		break;
	case SLICE_WAY_NONE:
		*out = true;
		if (!was && !VEC_ADD(&s->away, id))
			return false;
		break;
	}
	if (was != *out) {
		s->on_rev++; /* durable before anything is sent */
		log_event("", LOG_INFO, "realise.home", "slice=%s from=%s to=%s away=%d", s->id, f->sender, f->receiver,
			  *out);
	}
	return true;
}

/* Flows that are no more, or lead to no home. */
static void prune(struct realise_slice *s, const struct realise_in *in, const bool *home)
{
	for (size_t i = s->away.n; i-- > 0;) {
		bool there = false;

		for (uint32_t k = 0; k < in->n_flows && !there; k++)
			there = home[k] && realise_flow_id(&in->flows[k]) == s->away.at[i];
		if (there)
			continue;
		s->away.at[i] = s->away.at[--s->away.n];
		s->on_rev++;
	}
}

static bool find_down(struct realise_slice *s, struct realise_in *in)
{
	struct realise_circuit *at;
	uint32_t n = 0;

	for (size_t i = 0; i < s->r->sights.n; i++)
		n += (uint32_t)s->r->sights.at[i]->down.n;
	at = ARENA_ARRAY(&s->arena, n + 1, struct realise_circuit);
	for (size_t i = 0; at && i < s->r->sights.n; i++) {
		const struct realise_sight *g = s->r->sights.at[i];

		for (size_t k = 0; k < g->down.n; k++)
			at[in->n_down++] = (struct realise_circuit){ g->device, g->down.at[k].name, g->down.at[k].back };
	}
	in->down = at;
	return at;
}

bool realise_ways_plan(struct realise_slice *s, const struct realise_homes *homes, struct realise_in *in)
{
	const struct slice_service *v = in->service;
	bool *away = ARENA_ARRAY(&s->arena, in->n_flows + 1, bool), *home = ARENA_ARRAY(&s->arena, in->n_flows + 1, bool);
	uint8_t *is = ARENA_ARRAY(&s->arena, v->n_sdps + 1, uint8_t);

	s->homes = homes->n > 0;
	if (!away || !home || !is)
		return false;
	for (uint32_t i = 0; i < homes->n; i++)
		is[homes->at[i].sdp] = 1;
	for (uint32_t i = 0; i < in->n_flows && s->homes; i++) {
		const struct slice_flow_view *f = &in->flows[i];

		for (uint32_t k = 0; k < v->n_sdps && !f->protection && !home[i]; k++)
			home[i] = is[k] && strcmp(v->sdps[k].id, f->receiver) == 0;
		if (home[i] && !is_away(s, f, &away[i]))
			return false;
	}
	if (s->away.n)
		prune(s, in, home);
	in->away = away;
	return !s->homes || find_down(s, in);
}

/* ---- what is said of it ---- */

/* It cannot take what it is to have, or does not say. */
static const struct realise_site *stuck(const struct realise_slice *s, const char *device)
{
	for (size_t i = 0; i < s->sites.n; i++) {
		const struct realise_site *x = s->sites.at[i];

		if (strcmp(x->device, device) == 0)
			return x->state == REALISE_REFUSED || (x->state == REALISE_WAITS && x->tries) ? x : NULL;
	}
	return NULL;
}

bool realise_ways_spared(void *ctx, const char *id, const struct sr_policy_key *key)
{
	const struct realise_slice *s = realise_find(ctx, id);
	const struct realise_spare *f = s && s->homes ? realise_stand_of(&s->stand, key) : NULL;

	if (!f || !f->home)
		return false;
	if (list_linked(&s->look)) /* in this turn, and then it is told */
		return true;
	if (!s->planned || !f->device || (s->kept_on != s->on_rev && !s->saving))
		return false;
	return !stuck(s, f->device);
}

enum slice_homes realise_ways_homes(void *ctx, const char *id, char why[SR_REASON_MAX])
{
	const struct realise_slice *s = realise_find(ctx, id);
	const struct realise_site *x = NULL;

	if (!s || !s->homes || !(s->parts & REALISE_CLASSIFY))
		return SLICE_HOMES_ALL;
	if (!s->planned) { /* it is not known just now: as it was */
		memcpy(why, s->home_why, SR_REASON_MAX);
		return s->home_is;
	}
	for (uint32_t i = 0; s->stand.is == SLICE_HOMES_LESS && i < s->stand.n_moved && !x; i++)
		x = stuck(s, s->stand.moved[i]);
	if (x)
		(void)snprintf(why, SR_REASON_MAX, "%.120s, which %.30s has not taken: %.80s", s->stand.why, x->device,
			       x->why[0] ? x->why : "it has not answered");
	else
		memcpy(why, s->stand.why, SR_REASON_MAX);
	return x ? SLICE_HOMES_NONE : s->stand.is;
}

static const char *device_of(const struct realise_slice *s)
{
	const struct slice_service *v = slice_service_of(s->r->cfg.slice, s->id);

	for (size_t i = 0; v && s->stand.sdp < v->n_sdps && i < s->slots.n; i++) {
		if (strcmp(s->slots.at[i].sdp, v->sdps[s->stand.sdp].id) == 0)
			return s->slots.at[i].device;
	}
	return "";
}

void realise_ways_tell(struct realise_slice *s)
{
	static const char type[] = "slice-home-away";
	bool was = s->home_is != SLICE_HOMES_ALL, is;

	if (!s->homes && !was)
		return;
	if (s->planned) {
		is = s->stand.is != SLICE_HOMES_ALL;
		if (is && (!was || strcmp(s->home_why, s->stand.why) != 0))
			realise_event(s, BUS_ALARM, type, device_of(s), s->stand.why);
		else if (!is && was)
			realise_event(s, BUS_CLEARED, type, "", "all homes are there");
		s->home_is = s->stand.is;
		memcpy(s->home_why, s->stand.why, SR_REASON_MAX);
	}
	slice_homes_changed(s->r->cfg.slice, s->id);
}

bool realise_ways_gone(const struct realise_slice *s, const struct realise_site *x)
{
	for (uint32_t i = 0; x->state == REALISE_WAITS && x->tries && i < s->stand.n_gone; i++) {
		if (strcmp(s->stand.gone[i], x->device) == 0)
			return true;
	}
	return false;
}
