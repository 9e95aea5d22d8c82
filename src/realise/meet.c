/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a world has of orders, a slice at a time. What a table is to lead to is what plan.c puts there, in its order:
 * the SDP's own prefixes, those of SDPs of its group on the same router, those its flows lead to.
 */
#include "realise/meet_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "realise/told.h"

/* From when a device has shown what it was told to what it tells of its kernel, on a router that has much to read. */
#define SETTLE_NS (5 * NS_PER_S)

static const char *keep(struct meet_build *b, const char *text)
{
	const char *t = arena_str(&b->m->arena, text);

	b->nomem = b->nomem || !t;
	return t ? t : "";
}

/* ---- ends and their interfaces ---- */

uint32_t realise_meet_top(struct realise_meet *m, uint32_t end)
{
	while (m->ends.at[end].up != end)
		end = m->ends.at[end].up = m->ends.at[m->ends.at[end].up].up;
	return end;
}

void realise_meet_port_add(struct meet_build *b, uint32_t router, const char *name, uint32_t owner)
{
	struct meet_port p = { .router = router, .owner = owner };

	memcpy(p.name, name, strnlen(name, sizeof(p.name) - 1));
	b->nomem = b->nomem || !VEC_ADD(&b->m->ports, p);
}

/* One that vanished from the topology is where its tables were made: what it has there is still its own. */
static const char *device_of(const struct meet_build *b, uint32_t sdp)
{
	const struct realise_place at = realise_place_of(b->r, b->v, sdp, NULL);

	for (size_t i = 0; !at.device && i < b->s->slots.n; i++) {
		if (strcmp(b->s->slots.at[i].sdp, b->v->sdps[sdp].id) == 0)
			return b->s->slots.at[i].device;
	}
	return at.device;
}

static void add_ends(struct meet_build *b)
{
	for (uint32_t i = 0; i < b->v->n_sdps && !b->nomem; i++) {
		const struct slice_sdp *p = &b->v->sdps[i];
		const char *device = device_of(b, i);
		uint32_t router = device ? realise_meet_router_of(b, device) : NONE, end = b->first_end + i;
		const struct meet_end e = { b->id, keep(b, p->id), end };
		char name[REALISE_IF_MAX];

		b->devices[i] = device;
		b->nomem = b->nomem || !VEC_ADD(&b->m->ends, e);
		for (uint32_t k = 0; k < p->n_acs && router != NONE; k++) {
			if (realise_interface(&p->acs[k], name))
				realise_meet_port_add(b, router, name, end);
		}
	}
}

/* ---- what is ordered ---- */

static const struct realise_prefix *behind(struct meet_build *b, uint32_t sdp, uint32_t *n)
{
	if (!b->prefixes[sdp])
		b->prefixes[sdp] = realise_prefixes(&b->v->sdps[sdp], &b->m->arena, &b->n_prefixes[sdp]);
	b->nomem = b->nomem || !b->prefixes[sdp];
	*n = b->prefixes[sdp] ? b->n_prefixes[sdp] : 0;
	return b->prefixes[sdp];
}

/* Its own, or of this one already: of several homes each is one it may arrive at. */
static bool is_wanted(const struct realise_meet *m, const struct meet_source *x, const struct reach_want *w, uint32_t own)
{
	for (size_t i = x->first_want; i < m->wants.n; i++) {
		if (ip_prefix_cmp(&m->wants.at[i].prefix, &w->prefix) == 0 &&
		    (m->wants.at[i].to == w->to || m->wants.at[i].to == own))
			return true;
	}
	return false;
}

/* May be reached; what is behind it is to be, where traffic is let on. */
static void want(struct meet_build *b, const struct meet_source *x, uint32_t own, uint32_t sdp, bool on)
{
	struct realise_meet *m = b->m;
	uint32_t end = b->first_end + sdp, n;
	const struct realise_prefix *at = behind(b, sdp, &n);

	b->nomem = b->nomem || !VEC_ADD(&m->peers, end);
	for (uint32_t i = 0; on && i < n && !b->nomem; i++) {
		const struct reach_want w = { at[i].prefix, end };

		if (!is_wanted(m, x, &w, b->first_end + own))
			b->nomem = !VEC_ADD(&m->wants, w) || !VEC_ADD(&m->to, m->ends.at[end].sdp);
	}
}

static uint32_t sdp_of(const struct slice_service *v, const char *id)
{
	for (uint32_t i = 0; i < v->n_sdps; i++) {
		if (strcmp(v->sdps[i].id, id) == 0)
			return i;
	}
	return NONE;
}

static const struct realise_joins *joins_of(struct meet_build *b, const char *id)
{
	uint32_t group = UINT32_MAX, at = SLICE_GROUPS_MAX;

	for (uint32_t g = 0; g < b->v->n_groups && g < SLICE_GROUPS_MAX; g++) {
		if (strcmp(b->v->groups[g].id, id) == 0)
			group = at = g;
	}
	if (!b->joins[at]) {
		b->joins[at] = calloc(1, sizeof(*b->joins[at]));
		if (b->joins[at])
			realise_join(b->v, group, b->joins[at]);
	}
	b->nomem = b->nomem || !b->joins[at];
	return b->joins[at];
}

static void add_wants(struct meet_build *b, const struct meet_source *x, uint32_t sdp)
{
	const struct realise_joins *j = joins_of(b, x->group);
	bool on = b->s->parts & REALISE_CLASSIFY;

	want(b, x, sdp, sdp, true);
	for (uint32_t i = 0; j && i < b->v->n_sdps; i++) {
		if (realise_joined(j, sdp, i) && b->devices[i] && strcmp(b->devices[i], x->device) == 0)
			want(b, x, sdp, i, on);
	}
	for (uint32_t i = 0; i < b->n_flows; i++) {
		const struct slice_flow_view *f = &b->flows[i];
		uint32_t to = b->ways[i].from != sdp || f->protection || strcmp(f->group, x->group) != 0 ? NONE :
													    b->ways[i].to;

		if (to != NONE)
			want(b, x, sdp, to, on && b->devices[to]);
	}
}

/* ---- sources ---- */

/* Rules of others lead to it, or around it: what enters may be looked up elsewhere. */
static const struct realise_mixed *rule_of_others(const struct realise_sight *g, const char *path)
{
	for (size_t i = 0; i < g->mixed.n; i++) {
		if (strcmp(g->mixed.at[i].path, path) == 0 && strncmp(g->mixed.at[i].how, "a rule", 6) == 0)
			return &g->mixed.at[i];
	}
	return NULL;
}

static const char *not_sure(struct meet_build *b, const char *device, uint32_t table)
{
	struct arena *a = &b->m->arena;
	uint32_t router = realise_meet_router_of(b, device);
	const struct realise_sight *g = router == NONE ? NULL : b->sights[router];
	struct realise_site *x = realise_site_of(b->s, device, false);
	const struct realise_mixed *mixed;
	const struct realise_foot *f;
	char path[REALISE_PATH_MAX];

	if (!g || !realise_told_is_whole(&g->told))
		return arena_printf(a, "%.60s does not tell what it does with packets", device);
	(void)snprintf(path, sizeof(path), "/device/table[id=%u]", table);
	f = x ? realise_foot_of(x, path) : NULL;
	if (!f || !f->json || f->drifted || x->state != REALISE_DONE)
		return arena_printf(a, "what is set on %.60s was not read back", device);
	mixed = rule_of_others(g, path);
	return mixed ? arena_printf(a, "%.60s: %.120s", device, mixed->how) : NULL;
}

/* What is ordered now is not (yet) what devices are told. */
static bool is_moving(const struct realise_slice *s, const struct slice_view *v)
{
	return s->asked || list_linked(&s->look) || !s->planned || s->planned_of != v->ordered ||
	       s->kept_parts != s->parts;
}

bool realise_meet_moving(const struct realise *r, const char *slice)
{
	const struct realise_slice *s = realise_find(r, slice);
	struct slice_view v;

	return !s || slice_get(r->cfg.slice, slice, &v) != 0 || is_moving(s, &v);
}

static bool is_settled(struct meet_build *b, const struct realise_site *x)
{
	struct realise_meet *m = b->m;
	const struct mono when = mono_add(x->touched, SETTLE_NS);

	if (x->state != REALISE_DONE || x->txn)
		return false;
	if (!mono_before(m->when, when))
		return true;
	if (!m->settles || mono_before(when, m->settled))
		m->settled = when;
	m->settles = true;
	return false;
}

static void find_unsettled(struct meet_build *b)
{
	b->n_unsettled = 0;
	b->unsettled = ARENA_ARRAY(&b->m->arena, b->s->sites.n + 1, uint32_t);
	b->nomem = b->nomem || !b->unsettled;
	for (size_t i = 0; i < b->s->sites.n && !b->nomem; i++) {
		const struct realise_site *x = b->s->sites.at[i];

		if (!is_settled(b, x))
			b->unsettled[b->n_unsettled++] = realise_meet_router_of(b, x->device);
	}
}

bool realise_meet_settled(const struct meet_source *x, uint32_t router)
{
	for (uint32_t i = 0; i < x->n_unsettled; i++) {
		if (x->unsettled[i] == router)
			return false;
	}
	return true;
}

static void add_source(struct meet_build *b, const struct realise_slot *slot)
{
	struct realise_meet *m = b->m;
	uint32_t sdp = sdp_of(b->v, slot->sdp), router = realise_meet_router_of(b, slot->device);
	struct meet_source x = {
		.slice = b->id,
		.sdp = keep(b, slot->sdp),
		.group = keep(b, slot->group),
		.device = keep(b, slot->device),
		.table = REALISE_TABLE_FIRST + slot->number,
		.unsettled = b->unsettled,
		.n_unsettled = b->n_unsettled,
		.first_want = (uint32_t)m->wants.n,
		.first_peer = (uint32_t)m->peers.n,
	};
	struct reach_source y = { .owner = b->first_end + sdp, .router = router == NONE ? b->n_routers : router,
				  .n_entries = 1 };
	struct reach_entry *e = ARENA_NEW(&m->arena, struct reach_entry);

	if (sdp == NONE || !e) {
		b->nomem = b->nomem || !e;
		return;
	}
	x.moving = b->moving || !realise_meet_settled(&x, router);
	x.why = not_sure(b, slot->device, x.table);
	*e = (struct reach_entry){ .way = router == NONE ? REACH_UNSURE : REACH_NEXT, .table = x.table };
	y.entries = e;
	add_wants(b, &x, sdp);
	y.n_wants = (uint32_t)m->wants.n - x.first_want;
	y.n_peers = (uint32_t)m->peers.n - x.first_peer;
	b->nomem = b->nomem || !VEC_ADD(&m->sources, x) || !VEC_ADD(&m->reach_sources, y);
}

/* Flows come by their ends in order: the next one is the same as the last, or the one behind. */
static uint32_t sdp_near(const struct slice_service *v, const char *id, uint32_t *near)
{
	for (uint32_t i = *near; i < v->n_sdps && i < *near + 2; i++) {
		if (strcmp(v->sdps[i].id, id) == 0)
			return *near = i;
	}
	*near = sdp_of(v, id);
	if (*near != NONE)
		return *near;
	*near = 0;
	return NONE;
}

static bool find_ways(struct meet_build *b)
{
	uint32_t from = 0, to = 0;

	b->ways = ARENA_ARRAY(&b->m->arena, (size_t)b->n_flows + 1, struct meet_way);
	for (uint32_t i = 0; b->ways && i < b->n_flows; i++)
		b->ways[i] = (struct meet_way){ sdp_near(b->v, b->flows[i].sender, &from),
						sdp_near(b->v, b->flows[i].receiver, &to) };
	return b->ways;
}

static bool find_flows(struct meet_build *b)
{
	struct slice_view view;

	b->n_flows = 0;
	b->ordered = 0;
	b->moving = true;
	if (slice_get(b->r->cfg.slice, b->s->id, &view) != 0)
		return find_ways(b);
	b->moving = is_moving(b->s, &view);
	b->ordered = view.ordered;
	b->flows = calloc((size_t)view.n_flows + 1, sizeof(*b->flows));
	b->n_flows = b->flows ? slice_flows(b->r->cfg.slice, b->s->id, 0, b->flows, view.n_flows) : 0;
	return b->flows && find_ways(b);
}

uint32_t realise_meet_slice_add(struct meet_build *b, struct realise_slice *s)
{
	struct arena *a = &b->m->arena;
	struct meet_piece piece = { .rev = s->rev, .first = (uint32_t)b->m->sources.n };
	uint32_t cost = 8;

	b->s = s;
	b->v = s->parts & REALISE_VPN ? slice_service_of(b->r->cfg.slice, s->id) : NULL;
	b->id = piece.id = keep(b, s->id);
	if (!b->v) {
		b->nomem = b->nomem || !VEC_ADD(&b->pieces, piece);
		return cost;
	}
	b->first_end = (uint32_t)b->m->ends.n;
	b->devices = ARENA_ARRAY(a, (size_t)b->v->n_sdps + 1, const char *);
	b->prefixes = ARENA_ARRAY(a, (size_t)b->v->n_sdps + 1, struct realise_prefix *);
	b->n_prefixes = ARENA_ARRAY(a, (size_t)b->v->n_sdps + 1, uint32_t);
	b->nomem = b->nomem || !b->devices || !b->prefixes || !b->n_prefixes || !find_flows(b);
	if (!b->nomem)
		find_unsettled(b);
	if (!b->nomem)
		add_ends(b);
	for (size_t i = 0; i < s->slots.n && !b->nomem; i++)
		add_source(b, &s->slots.at[i]);
	for (size_t g = 0; g < ARRAY_LEN(b->joins); g++) {
		free(b->joins[g]);
		b->joins[g] = NULL;
	}
	cost += b->v->n_sdps + (uint32_t)s->slots.n * (8 + b->n_flows / 8) + b->n_flows;
	piece.ordered = b->ordered;
	piece.n = (uint32_t)b->m->sources.n - piece.first;
	b->nomem = b->nomem || !VEC_ADD(&b->pieces, piece);
	free(b->flows);
	b->flows = NULL;
	return cost;
}
