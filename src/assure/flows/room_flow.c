/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows of slices as streams. Invariant: a slice that is up has a room_slice with a room_flow for
 * each flow that is not a standby; what is no longer ordered is gone after the next look. A
 * FlowMonID follows from the flow's names, the next free one when two meet, so that a restart
 * finds what routers count already.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"

#define PPM 1000000u

enum { ID_MAX = (1 << ROOM_FLOW_ID_BITS) - 1, FLOWS_A_TIME = 64 };

struct room_flow *room_flow_of(const struct assure_room *r, uint64_t id)
{
	uint32_t key = (uint32_t)id;
	struct hash_node *n = hash_get(&r->flows, &key, sizeof(key), &key);

	return n ? HASH_OF(n, struct room_flow, by_id) : NULL;
}

struct room_slice *room_slice_of(const struct assure_room *r, const char *id)
{
	struct hash_node *n = hash_get(&r->slices, id, strlen(id), id);

	return n ? HASH_OF(n, struct room_slice, by_id) : NULL;
}

/* ---- flows ---- */

static void flow_free(struct assure_room *r, struct room_flow *f)
{
	if (f->measured)
		assure_del(r->assure, f->id);
	hash_del(&r->flows, &f->by_id);
	r->order.at[f->place] = r->order.at[--r->order.n];
	r->order.at[f->place]->place = f->place;
	free(f);
}

static uint32_t id_of(const struct assure_room *r, const struct room_flow *f)
{
	static const uint64_t key[2] = { 0 }; /* names are ours, and an id is to be the same again */
	const char *const names[] = { f->of->id, f->group, f->construct, f->sender, f->receiver };
	uint64_t h = 0;
	uint32_t id;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		h = h * 31 + hash_bytes(key, names[i], strlen(names[i]));
	id = (uint32_t)(h % ID_MAX) + 1;
	while (room_flow_of(r, id))
		id = id % ID_MAX + 1;
	return id;
}

static struct room_flow *flow_new(struct assure_room *r, struct room_slice *s,
				  const struct slice_flow_view *v)
{
	struct room_flow *f = r->flows.count < r->cfg.streams_max ? calloc(1, sizeof(*f)) : NULL;

	if (!f)
		return NULL;
	f->of = s;
	(void)str_copy(f->group, sizeof(f->group), v->group);
	(void)str_copy(f->construct, sizeof(f->construct), v->construct);
	(void)str_copy(f->sender, sizeof(f->sender), v->sender);
	(void)str_copy(f->receiver, sizeof(f->receiver), v->receiver);
	f->id = id_of(r, f);
	f->delay_us = f->variation_us = UINT64_MAX;
	f->place = r->order.n;
	if (!VEC_ADD(&r->order, f)) {
		free(f);
		return NULL;
	}
	if (hash_put(&r->flows, &f->id, sizeof(f->id), &f->by_id) < 0 || !VEC_ADD(&s->flows, f)) {
		r->order.n--;
		if (room_flow_of(r, f->id) == f)
			hash_del(&r->flows, &f->by_id);
		free(f);
		return NULL;
	}
	return f;
}

static bool is_flow(const struct room_flow *f, const struct slice_flow_view *v)
{
	return strcmp(f->sender, v->sender) == 0 && strcmp(f->receiver, v->receiver) == 0 &&
	       strcmp(f->construct, v->construct) == 0 && strcmp(f->group, v->group) == 0;
}

/* Flows come in the same order each time: looked for from where the last one was. */
static struct room_flow *flow_find(struct room_slice *s, const struct slice_flow_view *v, size_t *at)
{
	for (size_t i = 0; i < s->flows.n; i++) {
		struct room_flow *f = s->flows.at[(*at + i) % s->flows.n];

		if (is_flow(f, v)) {
			*at = (*at + i + 1) % s->flows.n;
			return f;
		}
	}
	return NULL;
}

/* As ordered, within what can be. */
static uint32_t period_of(const struct slice_assurance *p)
{
	uint32_t least = p->alt_mark ? ROOM_PERIOD_MS_MIN : ROOM_PROBES_MS_MIN;

	return p->period_ms < least ? least : p->period_ms > ROOM_PERIOD_MS_MAX ? ROOM_PERIOD_MS_MAX : p->period_ms;
}

static uint32_t horizon_of(uint32_t period_ms, uint32_t percentile_ppm)
{
	uint32_t need = percentile_ppm >= PPM ? 1 : (PPM - 1) / (PPM - percentile_ppm) + 1;
	uint32_t minute = 60000 / period_ms + 1;

	return 2 * need > minute ? 2 * need : minute;
}

static void also_of(const struct slice_also from[SLICE_ALSO_MAX], uint32_t period_ms,
		    struct assure_bound to[ASSURE_ALSO_MAX])
{
	_Static_assert((int)SLICE_ALSO_MAX == (int)ASSURE_ALSO_MAX, "each is judged");
	for (unsigned i = 0; i < SLICE_ALSO_MAX && from[i].us; i++) {
		uint32_t ppm = from[i].milli ? from[i].milli * 10 : PPM;

		to[i] = (struct assure_bound){ from[i].us, ppm, horizon_of(period_ms, ppm) };
	}
}

static struct assure_terms terms_of(const struct assure_room *r, const struct room_slice *s,
				    const struct slice_flow_view *v)
{
	const struct slice_assurance *p = &s->policy;
	uint32_t ppm = v->percentile_milli ? v->percentile_milli * 10 : PPM;
	uint32_t variation_ppm = v->variation_milli ? v->variation_milli * 10 : PPM;
	uint32_t period = p->alt_mark ? r->period_ms : period_of(p);

	struct assure_terms t = {
		.period_ms = period,
		.guard_ms = period / 4 * 3,
		.loss_ppm_max = v->loss_ppm_max == PCE_NO_BOUND ? ASSURE_NO_BOUND :
				v->loss_ppm_max > PPM		? PPM :
								  v->loss_ppm_max,
		.delay_us_max = v->promised_us == PCE_NO_BOUND ? ASSURE_NO_BOUND : v->promised_us,
		.percentile_ppm = ppm,
		.horizon = horizon_of(period, ppm),
		.ceiling_us_max = v->ceiling_us == PCE_NO_BOUND ? 0 : v->ceiling_us,
		.ceiling_horizon = horizon_of(period, PPM),
		.variation_us_max = v->variation_us_max == PCE_NO_BOUND ? 0 : v->variation_us_max,
		.variation_ppm = variation_ppm,
		.variation_horizon = horizon_of(period, variation_ppm),
		.at_risk_pct = p->at_risk_pct ? p->at_risk_pct : 100,
		.to_violate = p->windows_to_violate ? p->windows_to_violate : 1,
		.to_clear = p->windows_to_clear ? p->windows_to_clear : 1,
	};

	also_of(v->delay_also, period, t.delay_also);
	also_of(v->variation_also, period, t.variation_also);
	return t;
}

static bool same_terms(const struct assure_terms *a, const struct assure_terms *b)
{
	return a->period_ms == b->period_ms && a->guard_ms == b->guard_ms &&
	       a->loss_ppm_max == b->loss_ppm_max && a->delay_us_max == b->delay_us_max &&
	       a->percentile_ppm == b->percentile_ppm && a->horizon == b->horizon &&
	       a->ceiling_us_max == b->ceiling_us_max && a->ceiling_horizon == b->ceiling_horizon &&
	       a->variation_us_max == b->variation_us_max && a->variation_ppm == b->variation_ppm &&
	       a->variation_horizon == b->variation_horizon &&
	       memcmp(a->delay_also, b->delay_also, sizeof(a->delay_also)) == 0 && /* numbers without holes */
	       memcmp(a->variation_also, b->variation_also, sizeof(a->variation_also)) == 0 &&
	       a->at_risk_pct == b->at_risk_pct && a->to_violate == b->to_violate &&
	       a->to_clear == b->to_clear;
}

static void flow_terms(struct assure_room *r, struct room_flow *f, const struct slice_flow_view *v)
{
	const struct slice_assurance *p = &f->of->policy;
	struct assure_terms t = terms_of(r, f->of, v);

	if (sr_policy_key_cmp(&f->key, &v->key) != 0 || f->marked != p->alt_mark) {
		room_flow_stop(r, f); /* other packets */
		f->key = v->key;
	}
	f->marked = p->alt_mark;
	f->probed = p->stamp;
	f->has_probe = f->has_probe && p->stamp;
	if (f->measured && !same_terms(&t, &f->terms) &&
	    (t.period_ms != f->terms.period_ms || assure_terms_set(r->assure, f->id, &t) != 0))
		room_flow_stop(r, f);
	f->terms = t;
	room_promise_take(f->of, f, v->nines);
	f->promised = t.loss_ppm_max != ASSURE_NO_BOUND || t.delay_us_max != ASSURE_NO_BOUND || t.variation_us_max;
}

/* ---- slices ---- */

struct room_slice *room_slice_free(struct assure_room *r, struct room_slice *s)
{
	for (size_t i = 0; i < s->flows.n; i++)
		flow_free(r, s->flows.at[i]);
	room_history_end(r, s);
	VEC_FINI(&s->flows);
	VEC_FINI(&s->edges);
	VEC_FINI(&s->hours);
	room_promises_free(&s->uptimes);
	hash_del(&r->slices, &s->by_id);
	free(s);
	return NULL;
}

static struct room_slice *slice_add(struct assure_room *r, const char *id)
{
	struct room_slice *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	(void)str_copy(s->id, sizeof(s->id), id);
	if (hash_put(&r->slices, s->id, strlen(s->id), &s->by_id) < 0) {
		free(s);
		return NULL;
	}
	s->since_ns = assure_room_wall(r);
	(void)str_copy(s->why, sizeof(s->why), "nothing is measured yet");
	room_history_begin(r, s);
	return s;
}

static void edge_add(struct room_slice *s, const struct slice_sdp *sdp, const struct slice_ac *ac)
{
	struct room_edge e = { 0 };
	bool fits = str_copy(e.device, sizeof(e.device), ac->node[0] ? ac->node : sdp->node);

	if (ac->vlan)
		fits = fits && snprintf(e.port, sizeof(e.port), "%s.%u", ac->port, ac->vlan) <
				       (int)sizeof(e.port);
	else
		fits = fits && str_copy(e.port, sizeof(e.port), ac->port);
	if (fits && e.device[0] && ac->port[0])
		(void)VEC_ADD(&s->edges, e);
}

/* Where its customers are: marks do not cross there. */
static void edges_read(struct assure_room *r, struct room_slice *s, uint64_t revision)
{
	struct slice_service service;
	struct slice_fault fault;
	struct arena a;
	size_t len;
	const char *doc = slice_doc(r->parts.slice, SLICE_SERVICE, s->id, &len, &revision);

	s->edges.n = 0;
	s->revision = revision;
	arena_init(&a, 16 << 20);
	if (doc && slice_service_read(doc, len, &a, &service, &fault) == 0) {
		for (uint32_t i = 0; i < service.n_sdps; i++)
			for (uint32_t k = 0; k < service.sdps[i].n_acs; k++)
				edge_add(s, &service.sdps[i], &service.sdps[i].acs[k]);
	}
	arena_fini(&a);
}

static void flows_look(struct assure_room *r, struct room_slice *s)
{
	struct slice_flow_view v[FLOWS_A_TIME];
	uint32_t at = 0, n;
	size_t turn = 0;

	for (size_t i = 0; i < s->flows.n; i++)
		s->flows.at[i]->seen = false;
	room_promises_unsee(s);
	while ((n = slice_flows(r->parts.slice, s->id, at, v, FLOWS_A_TIME)) > 0) {
		for (uint32_t i = 0; i < n; i++) {
			struct room_flow *f = v[i].protection ? NULL : flow_find(s, &v[i], &turn);

			if (!f && !v[i].protection)
				f = flow_new(r, s, &v[i]);
			if (!f)
				continue;
			f->seen = f->look = true;
			flow_terms(r, f, &v[i]);
		}
		at += n;
	}
	for (size_t i = s->flows.n; i-- > 0;) {
		if (s->flows.at[i]->seen)
			continue;
		flow_free(r, s->flows.at[i]);
		s->flows.at[i] = s->flows.at[--s->flows.n];
	}
	room_promises_look(r, s);
}

/* From when its routers are being set up: what is marked before there is traffic hurts nobody. */
static bool is_up(enum slice_state s)
{
	return s >= SLICE_REALISING && s <= SLICE_DEGRADED;
}

static bool slice_is_up(const struct assure_room *r, const char *id, struct slice_view *v)
{
	return slice_get(r->parts.slice, id, v) == 0 && is_up(v->state) &&
	       v->admin == SLICE_ADMIN_UP && v->assure.said;
}

static void slice_look(struct assure_room *r, const char *id)
{
	struct room_slice *s = room_slice_of(r, id);
	struct slice_view v;

	if (!slice_is_up(r, id, &v)) {
		if (s) {
			room_promises_pause(r, s);
			room_slice_free(r, s);
		}
		return;
	}
	if (!s)
		s = slice_add(r, id);
	if (!s)
		return;
	s->seen = true;
	s->policy = v.assure;
	if (s->revision != v.revision)
		edges_read(r, s, v.revision);
	flows_look(r, s);
}

/* Everything marks by the same time: the shortest that is ordered. History goes by it too. */
static bool period_look(struct assure_room *r)
{
	uint32_t marks = 0, probes = 0, was = r->period_ms;
	struct slice_view v;

	for (const char *id = slice_next(r->parts.slice, SLICE_SERVICE, NULL); id;
	     id = slice_next(r->parts.slice, SLICE_SERVICE, id)) {
		bool up = slice_is_up(r, id, &v);
		uint32_t *least = v.assure.alt_mark ? &marks : &probes, ms = period_of(&v.assure);

		if (up && (*least == 0 || ms < *least))
			*least = ms;
	}
	r->period_ms = marks ? marks : probes;
	if (r->period_ms != was)
		r->next = 0;
	return r->period_ms != was;
}

static void all_look(struct assure_room *r)
{
	HASH_EACH (n, &r->slices)
		HASH_OF(n, struct room_slice, by_id)->seen = false;
	for (const char *id = slice_next(r->parts.slice, SLICE_SERVICE, NULL); id;
	     id = slice_next(r->parts.slice, SLICE_SERVICE, id))
		slice_look(r, id);
	HASH_EACH (n, &r->slices) {
		struct room_slice *s = HASH_OF(n, struct room_slice, by_id);

		if (s->seen)
			continue;
		room_promises_pause(r, s);
		room_slice_free(r, s);
	}
}

void room_slices_look(struct assure_room *r)
{
	if (!r->all_changed && r->changed.n == 0)
		return;
	if (period_look(r))
		r->all_changed = true;
	for (size_t i = 0; !r->all_changed && i < r->changed.n; i++)
		slice_look(r, r->changed.at[i].id);
	if (r->all_changed)
		all_look(r);
	room_history_sweep(r);
	r->changed.n = 0;
	r->all_changed = false;
}
