/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world of orders and of what devices told, some of it a turn of the loop. What is read of others is of one moment: a
 * slice that is another than when it was read is read again with all the rest, and where that does not end it does not
 * count. What is left then is sorting of copies.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/err.h"
#include "realise/meet_int.h"

enum {
	ARENA_LIMIT = 512 << 20,
	RESTARTS_MAX = 3,
};

/* ---- routers ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

uint32_t realise_meet_router_of(const struct meet_build *b, const char *device)
{
	const char **at = b->n_routers ? bsearch(&device, b->m->routers, b->n_routers, sizeof(*at), by_text) : NULL;

	return at ? (uint32_t)(at - b->m->routers) : NONE;
}

/* A router that is no device, or none that was up yet, may have SIDs nobody tells of. */
static bool others_are_there(const struct meet_build *b)
{
	const struct ted *t = b->r->ted;

	for (uint32_t i = 0; t && i < t->n_nodes; i++) {
		if (t->nodes[i].alive && !t->nodes[i].pseudonode && realise_meet_router_of(b, ted_node_label(t, i)) == NONE)
			return true;
	}
	return !t;
}

static void add_routers(struct meet_build *b)
{
	struct realise_meet *m = b->m;
	uint32_t n = (uint32_t)b->r->sights.n;

	m->routers = ARENA_ARRAY(&m->arena, (size_t)n + 1, const char *);
	b->sights = ARENA_ARRAY(&m->arena, (size_t)n + 1, const struct realise_sight *);
	b->nomem = !b->sights || !m->routers;
	for (uint32_t i = 0; i < n && !b->nomem; i++) {
		m->routers[i] = arena_str(&m->arena, b->r->sights.at[i]->device);
		b->nomem = !m->routers[i];
	}
	if (b->nomem)
		return;
	if (n > 1)
		qsort(m->routers, n, sizeof(m->routers[0]), by_text);
	m->routers[n] = "";
	b->n_routers = n;
	for (uint32_t i = 0; i < n; i++)
		b->sights[realise_meet_router_of(b, b->r->sights.at[i]->device)] = b->r->sights.at[i];
	m->world.n_routers = n + others_are_there(b);
}

/* ---- interfaces ---- */

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
			m->ends.at[realise_meet_top(m, p->owner)].up = realise_meet_top(m, last->owner);
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

/* ---- the moment ---- */

static bool is_other(const struct meet_build *b, const struct meet_piece *p)
{
	const struct realise_slice *s = realise_find(b->r, p->id);
	struct slice_view v;

	if (!s || s->rev != p->rev || list_linked(&s->look))
		return true;
	if (!p->ordered || b->slice_rev == slice_revision(b->r->cfg.slice))
		return false;
	return slice_get(b->r->cfg.slice, p->id, &v) != 0 || v.ordered != p->ordered;
}

/* Slices that are others than when they were read do not count. How many are, or were not there. */
static uint32_t find_others(struct meet_build *b)
{
	bool all = b->seen_rev != b->r->seen_rev;
	uint32_t n = all || b->pieces.n != b->r->slices.n;

	for (size_t i = 0; i < b->pieces.n; i++) {
		const struct meet_piece *p = &b->pieces.at[i];

		if (!all && !is_other(b, p))
			continue;
		n++;
		for (uint32_t k = 0; k < p->n; k++)
			b->m->sources.at[p->first + k].moving = true;
	}
	return n;
}

static void copy_table(struct meet_build *b, uint32_t router, const struct told_table *t, bool whole)
{
	struct meet_told x = { .router = router, .id = t->id, .known = whole && t->complete, .n = (uint32_t)t->routes.n };
	struct told_route *at = x.n ? ARENA_ARRAY(&b->m->arena, x.n, struct told_route) : NULL;

	if (at)
		memcpy(at, t->routes.at, x.n * sizeof(*at));
	x.at = at;
	b->nomem = b->nomem || (x.n && !at) || !VEC_ADD(&b->told, x);
}

/* A SID may be told a moment before or after its table, and what is left of one that is no longer set is not told:
 * of a table with a number of ours nobody says that it is the router's own. */
static void add_untold(struct meet_build *b, uint32_t router, const struct realise_told *t, const struct told_sid *sid)
{
	const struct reach_table x = { .router = router, .id = sid->table };
	size_t at = VEC_PLACE(&t->tables, k, k->id < sid->table);

	if (sid->action != TOLD_END_DT || sid->table < REALISE_TABLE_FIRST ||
	    sid->table >= REALISE_ARRIVALS_FIRST + REALISE_NUMBERS)
		return;
	if (at == t->tables.n || t->tables.at[at].id != sid->table)
		b->nomem = b->nomem || !VEC_ADD(&b->m->tables, x);
}

static void add_sid(struct meet_build *b, uint32_t router, const struct told_sid *t)
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

static void copy_told(struct meet_build *b)
{
	bool *known = ARENA_ARRAY(&b->m->arena, (size_t)b->n_routers + 1, bool);

	b->nomem = b->nomem || !known;
	for (size_t i = 0; i < b->r->sights.n && !b->nomem; i++) {
		const struct realise_sight *g = b->r->sights.at[i];
		const struct realise_told *t = &g->told;
		uint32_t router = realise_meet_router_of(b, g->device);

		if (router == NONE)
			continue; /* it came meanwhile: nothing counts */
		known[router] = realise_told_is_whole(t) && t->sids_complete;
		for (size_t k = 0; k < t->tables.n && !b->nomem; k++)
			copy_table(b, router, &t->tables.at[k], realise_told_is_whole(t));
		for (size_t k = 0; k < t->sids.n && known[router] && !b->nomem; k++) {
			add_sid(b, router, &t->sids.at[k]);
			add_untold(b, router, t, &t->sids.at[k]);
		}
	}
	b->m->world.known = known;
}

/* ---- of copies ---- */

static void told_ports(struct meet_build *b, const struct meet_told *t)
{
	const char *last = "";

	for (uint32_t i = 0; i < t->n && !b->nomem; i++) {
		const struct told_route *r = &t->at[i];

		if (r->way != TOLD_INTERFACE || !r->interface[0] || strcmp(r->interface, last) == 0)
			continue;
		last = r->interface;
		realise_meet_port_add(b, t->router, last, NONE);
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

static void told_table(struct meet_build *b, const struct meet_told *t)
{
	struct reach_table x = { .router = t->router, .id = t->id, .known = t->known };

	x.at = x.known ? ARENA_ARRAY(&b->m->arena, (size_t)t->n + 1, struct reach_route) : NULL;
	b->nomem = b->nomem || (x.known && !x.at);
	for (uint32_t i = 0; x.at && i < t->n; i++)
		x.at[x.n++] = route_of(b->m, t->router, &t->at[i]);
	b->nomem = b->nomem || !VEC_ADD(&b->m->tables, x);
}

static void find_tops(struct meet_build *b)
{
	struct realise_meet *m = b->m;
	struct reach_world *w = &m->world;
	struct reach_port *ports = ARENA_ARRAY(&m->arena, m->ports.n + 1, struct reach_port);

	b->nomem = b->nomem || !ports;
	for (size_t i = 0; i < m->ports.n && ports; i++) {
		if (m->ports.at[i].owner != NONE)
			m->ports.at[i].owner = realise_meet_top(m, m->ports.at[i].owner);
		ports[i].owner = m->ports.at[i].owner;
	}
	for (size_t i = 0; i < m->wants.n; i++)
		m->wants.at[i].to = realise_meet_top(m, m->wants.at[i].to);
	for (size_t i = 0; i < m->peers.n; i++)
		m->peers.at[i] = realise_meet_top(m, m->peers.at[i]);
	for (size_t i = 0; i < m->sources.n; i++) {
		struct meet_source *x = &m->sources.at[i];
		struct reach_source *y = &m->reach_sources.at[i];

		y->owner = realise_meet_top(m, y->owner);
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
}

/* ---- turns ---- */

static bool begin(struct meet_build *b)
{
	b->m = calloc(1, sizeof(*b->m));
	if (!b->m)
		return false;
	arena_init(&b->m->arena, ARENA_LIMIT);
	b->m->when = loop_now(b->r->cfg.loop);
	b->seen_rev = b->r->seen_rev;
	b->slice_rev = slice_revision(b->r->cfg.slice);
	b->phase = MEET_SLICES;
	b->at = 0;
	b->pieces.n = b->told.n = 0;
	add_routers(b);
	return !b->nomem;
}

static void again(struct meet_build *b)
{
	b->m = realise_meet_free(b->m);
	b->restarts++;
	b->nomem = !begin(b) || b->nomem;
}

/* The next one by its id: others come and go between turns. NULL: there is none. */
static struct realise_slice *next_slice(const struct meet_build *b)
{
	const struct realise *r = b->r;
	const char *last = b->pieces.n ? b->pieces.at[b->pieces.n - 1].id : "";
	size_t at = VEC_PLACE(&r->slices, s, strcmp((*s)->id, last) <= 0);

	return at < r->slices.n ? r->slices.at[at] : NULL;
}

static uint32_t moment(struct meet_build *b)
{
	if (find_others(b) && b->restarts < RESTARTS_MAX) {
		again(b);
		return 0;
	}
	b->m->when = loop_now(b->r->cfg.loop);
	b->m->wall_ns = loop_wall_ns(b->r->cfg.loop);
	copy_told(b);
	b->phase = MEET_PORTS;
	b->at = 0;
	return UINT32_MAX; /* that is a turn */
}

static uint32_t slice_step(struct meet_build *b)
{
	struct realise_slice *s = b->seen_rev == b->r->seen_rev ? next_slice(b) : NULL;

	if (s)
		return realise_meet_slice_add(b, s);
	b->phase = MEET_MOMENT;
	return UINT32_MAX; /* which is a turn of its own */
}

static uint32_t up_step(struct meet_build *b)
{
	struct reach_world *w = &b->m->world;

	if (b->at == w->n_tables) {
		b->phase = MEET_DONE;
		return UINT32_MAX;
	}
	b->nomem = realise_reach_up(w, b->at) < 0;
	return 1 + w->tables[b->at++].n;
}

static uint32_t table_step(struct meet_build *b)
{
	const struct meet_told *t = b->at < b->told.n ? &b->told.at[b->at++] : NULL;

	if (!t) {
		b->phase++;
		b->at = 0;
		return 0;
	}
	if (b->phase == MEET_PORTS)
		told_ports(b, t);
	else
		told_table(b, t);
	return 1 + t->n;
}

/* What it cost, about the same for the same time. */
static uint32_t step(struct meet_build *b)
{
	switch (b->phase) {
	case MEET_SLICES:
		return slice_step(b);
	case MEET_MOMENT:
		return moment(b);
	case MEET_PORTS:
	case MEET_TABLES:
		return table_step(b);
	case MEET_JOIN:
		join_owners(b->m);
		break;
	case MEET_TOPS:
		find_tops(b);
		break;
	case MEET_ORDER:
		b->nomem = b->nomem || realise_reach_order(&b->m->world) < 0;
		break;
	case MEET_UP:
		return up_step(b);
	case MEET_DONE:
		return UINT32_MAX;
	}
	b->phase++;
	b->at = 0;
	return UINT32_MAX;
}

struct meet_build *realise_meet_begin(struct realise *r)
{
	struct meet_build *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->r = r;
	return begin(b) ? b : realise_meet_drop(b);
}

struct meet_build *realise_meet_drop(struct meet_build *b)
{
	if (!b)
		return NULL;
	realise_meet_free(b->m);
	VEC_FINI(&b->pieces);
	VEC_FINI(&b->told);
	free(b);
	return NULL;
}

int realise_meet_step(struct meet_build *b, uint32_t most, struct realise_meet **outp)
{
	uint32_t cost = 0;

	while (!b->nomem && b->phase != MEET_DONE && cost < most) {
		uint32_t one = step(b);

		cost = one > most - cost ? most : cost + one;
	}
	if (b->nomem)
		return err_raise(-ENOMEM);
	if (b->phase != MEET_DONE)
		return 0;
	*outp = TAKE(b->m);
	return MEET_READY;
}

struct realise_meet *realise_meet_new(struct realise *r)
{
	struct meet_build *b = realise_meet_begin(r);
	struct realise_meet *m = NULL;
	int rc = 0;

	while (b && rc == 0)
		rc = realise_meet_step(b, UINT32_MAX, &m);
	realise_meet_drop(b);
	return m;
}

struct realise_meet *realise_meet_of(struct realise *r, const char *slice)
{
	struct meet_build *b = realise_meet_begin(r);
	struct realise_slice *s = realise_find(r, slice);
	struct realise_meet *m = NULL;
	int rc = 0;

	if (b && s)
		(void)realise_meet_slice_add(b, s);
	if (b) {
		b->m->wall_ns = loop_wall_ns(r->cfg.loop);
		b->m->world.known = ARENA_ARRAY(&b->m->arena, (size_t)b->n_routers + 1, bool);
		b->nomem = b->nomem || !b->m->world.known;
		b->phase = MEET_JOIN;
	}
	while (b && rc == 0)
		rc = realise_meet_step(b, UINT32_MAX, &m);
	realise_meet_drop(b);
	return m;
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
