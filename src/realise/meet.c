/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From orders and what devices told to a world. What a table is to lead to is what plan.c puts there, in its order:
 * the SDP's own prefixes, those of SDPs of its group on the same router, those its flows lead to.
 */
#include "realise/meet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "realise/told.h"

enum { ARENA_LIMIT = 512 << 20 };

/* From when a device has shown what it was told to what it tells of its kernel, on a router that has much to read. */
#define SETTLE_NS (5 * NS_PER_S)

#define NONE ((uint32_t)REACH_NONE)

struct building {
	const struct realise *r;
	struct realise_meet *m;
	uint32_t n_routers; /* that are devices */
	bool nomem;
	/* of the slice that is looked at: */
	struct realise_slice *s;
	const struct slice_service *v;
	const char *id;
	struct slice_flow_view *flows;
	uint32_t n_flows;
	uint32_t first_end; /* SDP i is end first_end + i */
	const char **devices; /* by SDP; NULL: none is known */
	struct realise_prefix **prefixes; /* by SDP, found when first asked for */
	uint32_t *n_prefixes;
	bool moving;
	uint32_t *unsettled, n_unsettled;
	struct realise_joins *joins[SLICE_GROUPS_MAX + 1];
};

static const char *keep(struct building *b, const char *text)
{
	const char *t = arena_str(&b->m->arena, text);

	b->nomem = b->nomem || !t;
	return t ? t : "";
}

/* ---- routers ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static uint32_t router_of(const struct building *b, const char *device)
{
	const char **at = b->n_routers ? bsearch(&device, b->m->routers, b->n_routers, sizeof(*at), by_text) : NULL;

	return at ? (uint32_t)(at - b->m->routers) : NONE;
}

/* A router that is no device, or none that was up yet, may have SIDs nobody tells of. */
static bool others_are_there(const struct building *b)
{
	const struct ted *t = b->r->ted;

	for (uint32_t i = 0; t && i < t->n_nodes; i++) {
		if (t->nodes[i].alive && !t->nodes[i].pseudonode && router_of(b, ted_node_label(t, i)) == NONE)
			return true;
	}
	return !t;
}

static void add_routers(struct building *b)
{
	struct realise_meet *m = b->m;
	uint32_t n = (uint32_t)b->r->sights.n;
	bool *known = ARENA_ARRAY(&m->arena, (size_t)n + 1, bool);

	m->routers = ARENA_ARRAY(&m->arena, (size_t)n + 1, const char *);
	b->nomem = !known || !m->routers;
	for (uint32_t i = 0; i < n && !b->nomem; i++)
		m->routers[i] = keep(b, b->r->sights.at[i]->device);
	if (b->nomem)
		return;
	if (n > 1)
		qsort(m->routers, n, sizeof(m->routers[0]), by_text);
	m->routers[n] = "";
	b->n_routers = n;
	for (uint32_t i = 0; i < n; i++) {
		const struct realise_told *t = &b->r->sights.at[i]->told;

		known[router_of(b, b->r->sights.at[i]->device)] = realise_told_is_whole(t) && t->sids_complete;
	}
	m->world.known = known;
	m->world.n_routers = n + others_are_there(b);
}

/* ---- ends and their interfaces ---- */

static uint32_t top(struct realise_meet *m, uint32_t end)
{
	while (m->ends.at[end].up != end)
		end = m->ends.at[end].up = m->ends.at[m->ends.at[end].up].up;
	return end;
}

static void add_port(struct building *b, uint32_t router, const char *name, uint32_t owner)
{
	struct meet_port p = { .router = router, .owner = owner };

	memcpy(p.name, name, strnlen(name, sizeof(p.name) - 1));
	b->nomem = b->nomem || !VEC_ADD(&b->m->ports, p);
}

/* One that vanished from the topology is where its tables were made: what it has there is still its own. */
static const char *device_of(const struct building *b, uint32_t sdp)
{
	const struct realise_place at = realise_place_of(b->r, b->v, sdp, NULL);

	for (size_t i = 0; !at.device && i < b->s->slots.n; i++) {
		if (strcmp(b->s->slots.at[i].sdp, b->v->sdps[sdp].id) == 0)
			return b->s->slots.at[i].device;
	}
	return at.device;
}

static void add_ends(struct building *b)
{
	for (uint32_t i = 0; i < b->v->n_sdps && !b->nomem; i++) {
		const struct slice_sdp *p = &b->v->sdps[i];
		const char *device = device_of(b, i);
		uint32_t router = device ? router_of(b, device) : NONE, end = b->first_end + i;
		const struct meet_end e = { b->id, keep(b, p->id), end };
		char name[REALISE_IF_MAX];

		b->devices[i] = device;
		b->nomem = b->nomem || !VEC_ADD(&b->m->ends, e);
		for (uint32_t k = 0; k < p->n_acs && router != NONE; k++) {
			if (realise_interface(&p->acs[k], name))
				add_port(b, router, name, end);
		}
	}
}

static int by_port(const void *a, const void *b)
{
	const struct meet_port *x = a, *y = b;
	int c = (x->router > y->router) - (x->router < y->router);

	c = c ? c : strcmp(x->name, y->name);
	return c ? c : (x->owner > y->owner) - (x->owner < y->owner);
}

static bool same_port(const struct meet_port *x, const struct meet_port *y)
{
	return x->router == y->router && strcmp(x->name, y->name) == 0;
}

static void join_owners(struct realise_meet *m)
{
	size_t n = 0;

	if (m->ports.n > 1)
		qsort(m->ports.at, m->ports.n, sizeof(m->ports.at[0]), by_port);
	for (size_t i = 0; i < m->ports.n; i++) {
		struct meet_port *last = n ? &m->ports.at[n - 1] : NULL, *p = &m->ports.at[i];

		if (!last || !same_port(last, p))
			m->ports.at[n++] = *p;
		else if (p->owner != NONE) /* nobody's come last */
			m->ends.at[top(m, p->owner)].up = top(m, last->owner);
	}
	m->ports.n = n;
}

static uint32_t port_of(const struct realise_meet *m, uint32_t router, const char *name)
{
	struct meet_port key = { .router = router };
	size_t at;

	memcpy(key.name, name, strnlen(name, sizeof(key.name) - 1));
	at = VEC_PLACE(&m->ports, p, by_port(p, &key) < 0);
	return at < m->ports.n && same_port(&m->ports.at[at], &key) ? (uint32_t)at : NONE;
}

/* ---- what is ordered ---- */

static const struct realise_prefix *behind(struct building *b, uint32_t sdp, uint32_t *n)
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
static void want(struct building *b, const struct meet_source *x, uint32_t own, uint32_t sdp, bool on)
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

static const struct realise_joins *joins_of(struct building *b, const char *id)
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

static void add_wants(struct building *b, const struct meet_source *x, uint32_t sdp)
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
		uint32_t to = f->protection || strcmp(f->group, x->group) != 0 || strcmp(f->sender, x->sdp) != 0 ?
				      NONE :
				      sdp_of(b->v, f->receiver);

		if (to != NONE)
			want(b, x, sdp, to, on && b->devices[to]);
	}
}

/* ---- sources ---- */

static const struct realise_sight *sight_of(const struct realise *r, const char *device)
{
	for (size_t i = 0; i < r->sights.n; i++) {
		if (strcmp(r->sights.at[i]->device, device) == 0)
			return r->sights.at[i];
	}
	return NULL;
}

/* Rules of others lead to it, or around it: what enters may be looked up elsewhere. */
static const struct realise_mixed *rule_of_others(const struct realise_sight *g, const char *path)
{
	for (size_t i = 0; i < g->mixed.n; i++) {
		if (strcmp(g->mixed.at[i].path, path) == 0 && strncmp(g->mixed.at[i].how, "a rule", 6) == 0)
			return &g->mixed.at[i];
	}
	return NULL;
}

static const char *not_sure(struct building *b, const char *device, uint32_t table)
{
	struct arena *a = &b->m->arena;
	const struct realise_sight *g = sight_of(b->r, device);
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

static bool is_settled(struct building *b, const struct realise_site *x)
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

static void find_unsettled(struct building *b)
{
	b->n_unsettled = 0;
	b->unsettled = ARENA_ARRAY(&b->m->arena, b->s->sites.n + 1, uint32_t);
	b->nomem = b->nomem || !b->unsettled;
	for (size_t i = 0; i < b->s->sites.n && !b->nomem; i++) {
		const struct realise_site *x = b->s->sites.at[i];

		if (!is_settled(b, x))
			b->unsettled[b->n_unsettled++] = router_of(b, x->device);
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

static void add_source(struct building *b, const struct realise_slot *slot)
{
	struct realise_meet *m = b->m;
	uint32_t sdp = sdp_of(b->v, slot->sdp), router = router_of(b, slot->device);
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

static bool find_flows(struct building *b)
{
	struct slice_view view;

	b->n_flows = 0;
	b->moving = true;
	if (slice_get(b->r->cfg.slice, b->s->id, &view) != 0)
		return true;
	b->moving = is_moving(b->s, &view);
	b->flows = calloc((size_t)view.n_flows + 1, sizeof(*b->flows));
	b->n_flows = b->flows ? slice_flows(b->r->cfg.slice, b->s->id, 0, b->flows, view.n_flows) : 0;
	return b->flows;
}

static void add_slice(struct building *b, struct realise_slice *s)
{
	struct arena *a = &b->m->arena;

	b->s = s;
	b->v = s->parts & REALISE_VPN ? slice_service_of(b->r->cfg.slice, s->id) : NULL;
	if (!b->v)
		return;
	b->id = keep(b, s->id);
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
	free(b->flows);
	b->flows = NULL;
}

/* ---- what devices told ---- */

static void add_told_ports(struct building *b, uint32_t router, const struct told_table *t)
{
	const char *last = "";

	for (size_t i = 0; i < t->routes.n && !b->nomem; i++) {
		const struct told_route *r = &t->routes.at[i];

		if (r->way != TOLD_INTERFACE || !r->interface[0] || strcmp(r->interface, last) == 0)
			continue;
		last = r->interface;
		add_port(b, router, last, NONE);
	}
}

static struct reach_route route_of(const struct realise_meet *m, uint32_t router, const struct told_route *t)
{
	struct reach_route r = { .prefix = t->prefix, .way = REACH_UNSURE };

	switch ((enum told_way)t->way) {
	case TOLD_INTERFACE:
		r.port = t->interface[0] ? port_of(m, router, t->interface) : NONE;
		r.way = r.port == NONE ? REACH_UNSURE : REACH_PORT;
		break;
	case TOLD_SID:
		r.sid = t->sid;
		r.way = t->sid.family == IP_V6 ? REACH_SID : REACH_UNSURE;
		break;
	case TOLD_DROP:
		r.way = REACH_DROP;
		break;
	case TOLD_NEXT:
		r.way = REACH_NEXT;
		break;
	case TOLD_WAY_NONE:
	case TOLD_OTHER:
		break;
	}
	return r;
}

static void add_table(struct building *b, uint32_t router, const struct told_table *t, bool whole)
{
	struct reach_table x = { .router = router, .id = t->id, .known = whole && t->complete };

	x.at = x.known ? ARENA_ARRAY(&b->m->arena, t->routes.n + 1, struct reach_route) : NULL;
	b->nomem = b->nomem || (x.known && !x.at);
	for (size_t i = 0; x.at && i < t->routes.n; i++)
		x.at[x.n++] = route_of(b->m, router, &t->routes.at[i]);
	b->nomem = b->nomem || !VEC_ADD(&b->m->tables, x);
}

static void add_sid(struct building *b, uint32_t router, const struct told_sid *t)
{
	struct reach_sid x = { .prefix = t->prefix, .router = router, .table = t->table, .block = t->block,
			       .node = t->node };

	switch ((enum told_action)t->action) {
	case TOLD_END:
	case TOLD_END_X:
		x.does = t->node ? REACH_SHIFTS : REACH_ENDS;
		break;
	case TOLD_END_DT:
		x.does = REACH_LOOKS_UP;
		break;
	case TOLD_ACTION_NONE:
	case TOLD_ACTION_OTHER:
		x.does = REACH_ELSE;
		break;
	}
	b->nomem = b->nomem || !VEC_ADD(&b->m->sids, x);
}

/* A SID may be told a moment before or after its table, and what is left of one that is no longer set is not told:
 * of a table with a number of ours nobody says that it is the router's own. */
static void add_untold(struct building *b, uint32_t router, const struct realise_told *t, const struct told_sid *sid)
{
	const struct reach_table x = { .router = router, .id = sid->table };
	size_t at = VEC_PLACE(&t->tables, k, k->id < sid->table);

	if (sid->action != TOLD_END_DT || sid->table < REALISE_TABLE_FIRST ||
	    sid->table >= REALISE_ARRIVALS_FIRST + REALISE_NUMBERS)
		return;
	if (at == t->tables.n || t->tables.at[at].id != sid->table)
		b->nomem = b->nomem || !VEC_ADD(&b->m->tables, x);
}

static void add_told(struct building *b)
{
	for (size_t i = 0; i < b->r->sights.n; i++) {
		const struct realise_sight *g = b->r->sights.at[i];
		const struct realise_told *t = &g->told;
		uint32_t router = router_of(b, g->device);

		for (size_t k = 0; k < t->tables.n && !b->nomem; k++)
			add_table(b, router, &t->tables.at[k], realise_told_is_whole(t));
		for (size_t k = 0; k < t->sids.n && b->m->world.known[router] && !b->nomem; k++) {
			add_sid(b, router, &t->sids.at[k]);
			add_untold(b, router, t, &t->sids.at[k]);
		}
	}
}

/* ---- all ---- */

static void finish(struct building *b)
{
	struct realise_meet *m = b->m;
	struct reach_world *w = &m->world;
	struct reach_port *ports = ARENA_ARRAY(&m->arena, m->ports.n + 1, struct reach_port);

	b->nomem = b->nomem || !ports;
	for (size_t i = 0; i < m->ports.n && ports; i++) {
		if (m->ports.at[i].owner != NONE)
			m->ports.at[i].owner = top(m, m->ports.at[i].owner);
		ports[i].owner = m->ports.at[i].owner;
	}
	for (size_t i = 0; i < m->wants.n; i++)
		m->wants.at[i].to = top(m, m->wants.at[i].to);
	for (size_t i = 0; i < m->peers.n; i++)
		m->peers.at[i] = top(m, m->peers.at[i]);
	for (size_t i = 0; i < m->sources.n; i++) {
		struct meet_source *x = &m->sources.at[i];
		struct reach_source *y = &m->reach_sources.at[i];

		y->owner = top(m, y->owner);
		y->wants = m->wants.at + x->first_want;
		y->peers = m->peers.at + x->first_peer;
		x->to = m->to.at + x->first_want;
	}
	w->ports = ports;
	w->tables = m->tables.at;
	w->n_tables = (uint32_t)m->tables.n;
	w->sids = m->sids.at;
	w->n_sids = (uint32_t)m->sids.n;
	w->sources = m->reach_sources.at;
	w->n_sources = (uint32_t)m->reach_sources.n;
	b->nomem = b->nomem || realise_reach_ready(w) < 0;
}

struct realise_meet *realise_meet_new(const struct realise *r)
{
	struct realise_meet *m = calloc(1, sizeof(*m));
	struct building b = { .r = r, .m = m };

	if (!m)
		return NULL;
	arena_init(&m->arena, ARENA_LIMIT);
	m->when = loop_now(r->cfg.loop);
	m->wall_ns = loop_wall_ns(r->cfg.loop);
	add_routers(&b);
	for (size_t i = 0; i < r->slices.n && !b.nomem; i++)
		add_slice(&b, r->slices.at[i]);
	for (size_t i = 0; i < r->sights.n && !b.nomem; i++) {
		const struct realise_sight *g = r->sights.at[i];

		for (size_t k = 0; k < g->told.tables.n; k++)
			add_told_ports(&b, router_of(&b, g->device), &g->told.tables.at[k]);
	}
	if (!b.nomem) {
		join_owners(m);
		add_told(&b);
		finish(&b);
	}
	return b.nomem ? realise_meet_free(m) : m;
}

struct realise_meet *realise_meet_free(struct realise_meet *m)
{
	if (!m)
		return NULL;
	m->world.tables = m->tables.at;
	m->world.n_tables = (uint32_t)m->tables.n;
	realise_reach_fini(&m->world);
	VEC_FINI(&m->ends);
	VEC_FINI(&m->ports);
	VEC_FINI(&m->sources);
	VEC_FINI(&m->reach_sources);
	VEC_FINI(&m->tables);
	VEC_FINI(&m->sids);
	VEC_FINI(&m->wants);
	VEC_FINI(&m->to);
	VEC_FINI(&m->peers);
	arena_fini(&m->arena);
	free(m);
	return NULL;
}

bool realise_meet_any(const struct realise *r)
{
	for (size_t i = 0; i < r->sights.n; i++) {
		if (r->sights.at[i]->told.tables.n || r->sights.at[i]->told.sids.n)
			return true;
	}
	return false;
}
