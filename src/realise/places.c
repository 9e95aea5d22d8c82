/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the ends of a slice are, which numbers their tables have, and so what is wanted. A number is
 * a router's: it is nobody else's while a table of it may be there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "realise/room.h"

enum { OBJECTS_MAX = 64 << 20, NEST_MAX = 16 };

/* ---- places ---- */

static uint32_t node_of(const struct ted *t, const struct slice_sdp *p)
{
	uint32_t n = p->node[0] ? ted_node_by_id(t, p->node) : TED_NONE;

	for (unsigned i = 0; n == TED_NONE && i < p->n_addr; i++)
		n = ted_node_by_addr(t, &p->addr[i]);
	return n;
}

/* Its own locator, of the algorithm everybody has. */
static struct ip_prefix own_locator(const struct ted_node *n)
{
	for (uint16_t i = 0; i < n->n_locators; i++) {
		if (n->locators[i].algo == 0 && n->locators[i].prefix.addr.family == IP_V6)
			return n->locators[i].prefix;
	}
	return (struct ip_prefix){ 0 };
}

/* Its own, or that of the slice it is inside of. */
static uint32_t partition_of(const struct realise *r, const struct slice_service *v)
{
	for (unsigned depth = 0; v && !v->real.nrp && v->real.parent && depth < NEST_MAX; depth++)
		v = slice_service_of(r->cfg.slice, v->real.parent);
	return v ? v->real.nrp : 0;
}

struct realise_place realise_place_of(const struct realise *r, const struct slice_service *service, uint32_t i,
				      const char **why)
{
	const char *unused;
	struct realise_place p = { 0 };
	uint32_t node = r->ted ? node_of(r->ted, &service->sdps[i]) : TED_NONE;
	uint32_t nrp = partition_of(r, service);
	int has = 1;

	why = why ? why : &unused;
	*why = "its router is not in the topology";
	if (node == TED_NONE)
		return p;
	p.device = ted_node_label(r->ted, node);
	*why = "its router has no SRv6 locator that is known";
	if (nrp && r->cfg.locator)
		has = r->cfg.locator(r->cfg.locator_ctx, p.device, nrp, &p.locator);
	if (has < 0)
		*why = "the partition has no locator on its router yet";
	else if (has > 0)
		p.locator = own_locator(&r->ted->nodes[node]);
	if (has < 0)
		p.locator = (struct ip_prefix){ 0 };
	if (p.locator.addr.family == IP_V6)
		*why = NULL;
	return p;
}

/* ---- numbers ---- */

static bool slot_is(const struct realise_slot *x, const char *device, const char *sdp, const char *group)
{
	return strcmp(x->device, device) == 0 && strcmp(x->sdp, sdp) == 0 && strcmp(x->group, group) == 0;
}

static const struct realise_slot *slot_of(const struct realise_slice *s, const char *device, const char *sdp,
					  const char *group)
{
	for (size_t i = 0; i < s->slots.n; i++) {
		if (slot_is(&s->slots.at[i], device, sdp, group))
			return &s->slots.at[i];
	}
	return NULL;
}

static void note(uint64_t *busy, uint32_t number)
{
	if (number < REALISE_NUMBERS)
		busy[number / 64] |= UINT64_C(1) << number % 64;
}

/* What is given out on a device, and what may still be there of what was. */
static void count_busy(const struct realise *r, const char *device, uint64_t *busy)
{
	for (size_t i = 0; i < r->slices.n; i++) {
		const struct realise_slice *s = r->slices.at[i];
		const struct realise_site *x = realise_site_of(r->slices.at[i], device, false);

		for (size_t k = 0; k < s->slots.n; k++) {
			if (strcmp(s->slots.at[k].device, device) == 0)
				note(busy, s->slots.at[k].number);
		}
		for (size_t k = 0; x && k < x->feet.n; k++) {
			uint32_t id = 0;

			if (sscanf(x->feet.at[k].path, "/device/table[id=%9" SCNu32 "]", &id) == 1 &&
			    id >= REALISE_TABLE_FIRST)
				note(busy, id - (id < REALISE_ARRIVALS_FIRST ? REALISE_TABLE_FIRST : REALISE_ARRIVALS_FIRST));
		}
	}
}

static void slot_free(struct realise_slot *x)
{
	free(x->device);
	free(x->sdp);
	free(x->group);
}

/* The least that is free; < 0: none is, or no memory. */
static int give_out(struct realise_slice *s, const char *device, const char *sdp, const char *group)
{
	uint64_t busy[REALISE_NUMBERS / 64] = { 0 };
	struct realise_slot x = { .device = strdup(device), .sdp = strdup(sdp), .group = strdup(group) };

	count_busy(s->r, device, busy);
	while (x.number < REALISE_NUMBERS && busy[x.number / 64] >> x.number % 64 & 1)
		x.number++;
	if (x.number < REALISE_NUMBERS && x.device && x.sdp && x.group && VEC_ADD(&s->slots, x))
		return (int)x.number;
	slot_free(&x);
	return -1;
}

/* ---- the plan ---- */

struct planning {
	struct realise_slice *s;
	struct realise_in in;
	struct realise_place *places;
	struct realise_table *tables;
	struct realise_homes homes;
};

static bool fail(struct realise_slice *s, const char *sdp, const char *why)
{
	(void)snprintf(s->why, sizeof(s->why), "%s%.80s%s%.150s", sdp ? "SDP " : "", sdp ? sdp : "", sdp ? ": " : "",
		       why);
	return false;
}

/* A home that has vanished from the topology is where it was: its site is reached by the others meanwhile. */
static bool where_it_was(const struct planning *p, uint32_t sdp)
{
	for (size_t i = 0; i < p->s->slots.n; i++) {
		const struct realise_slot *x = &p->s->slots.at[i];

		if (strcmp(x->sdp, p->in.service->sdps[sdp].id) != 0 || !x->locator.len || !realise_is_home(&p->homes, sdp))
			continue;
		p->places[sdp] = (struct realise_place){ x->device, x->locator };
		return true;
	}
	return false;
}

static bool find_homes(struct planning *p)
{
	struct realise_behind *b = ARENA_ARRAY(&p->s->arena, p->in.service->n_sdps + 1, struct realise_behind);

	return (b && realise_homes(p->in.service, &p->s->arena, b, &p->homes)) || fail(p->s, NULL, "no memory");
}

static bool find_places(struct planning *p)
{
	const struct slice_service *v = p->in.service;
	const char *why;

	p->places = ARENA_ARRAY(&p->s->arena, v->n_sdps + 1, struct realise_place);
	if (!p->places)
		return fail(p->s, NULL, "no memory");
	for (uint32_t i = 0; i < v->n_sdps; i++) {
		if (realise_circuits(&v->sdps[i]) == 0 || v->sdps[i].down)
			continue;
		p->places[i] = realise_place_of(p->s->r, v, i, &why);
		if (why && !where_it_was(p, i))
			return fail(p->s, v->sdps[i].id, why);
		p->places[i].device = arena_str(&p->s->arena, p->places[i].device);
		if (!p->places[i].device)
			return fail(p->s, NULL, "no memory");
	}
	return true;
}

static struct realise_slot *slot_in(struct realise_slice *s, const char *device, const char *sdp, const char *group)
{
	for (size_t i = 0; i < s->slots.n; i++) {
		if (slot_is(&s->slots.at[i], device, sdp, group))
			return &s->slots.at[i];
	}
	return NULL;
}

static bool number(struct planning *p)
{
	const struct slice_service *v = p->in.service;

	for (uint32_t i = 0; i < p->in.n_tables; i++) {
		struct realise_table *t = &p->tables[i];
		const char *device = p->places[t->sdp].device, *sdp = v->sdps[t->sdp].id;
		const struct realise_slot *x = slot_of(p->s, device, sdp, t->group);
		int n = x ? (int)x->number : give_out(p->s, device, sdp, t->group);

		if (n < 0)
			return fail(p->s, sdp, "no table number is free on its router");
		t->number = (uint32_t)n;
		slot_in(p->s, device, sdp, t->group)->locator = p->places[t->sdp].locator;
	}
	return true;
}

/* Numbers of tables that are not needed any more: tables that may still be there keep them busy. */
static void give_back(struct planning *p)
{
	struct realise_slice *s = p->s;

	for (size_t i = s->slots.n; i-- > 0;) {
		struct realise_slot *x = &s->slots.at[i];
		bool used = false;

		for (uint32_t k = 0; k < p->in.n_tables && !used; k++) {
			const struct realise_table *t = &p->tables[k];

			used = slot_is(x, p->places[t->sdp].device, p->in.service->sdps[t->sdp].id, t->group);
		}
		if (used)
			continue;
		slot_free(x);
		*x = s->slots.at[--s->slots.n];
	}
}

static bool claim(struct planning *p)
{
	p->s->claims.n = 0;
	for (uint32_t i = 0; i < p->in.n_tables; i++) {
		const struct realise_table *t = &p->tables[i];
		const struct slice_sdp *sdp = &p->in.service->sdps[t->sdp];

		for (uint32_t k = 0; k < sdp->n_acs; k++) {
			struct realise_claim c;

			(void)str_copy(c.device, sizeof(c.device), p->places[t->sdp].device);
			if (realise_is_bound(p->in.service, sdp, t->group, &sdp->acs[k]) &&
			    realise_interface(&sdp->acs[k], c.interface) && !VEC_ADD(&p->s->claims, c))
				return fail(p->s, NULL, "no memory");
		}
	}
	return true;
}

static bool plan_order(struct planning *p)
{
	struct realise_slice *s = p->s;
	struct slice_fault f = { 0 };

	if (!find_homes(p) || !find_places(p))
		return false;
	p->in.places = p->places;
	if (realise_tables(&p->in, &s->arena, &p->tables, &p->in.n_tables) < 0)
		return fail(s, NULL, "no memory");
	p->in.tables = p->tables;
	give_back(p);
	if (!number(p) || !claim(p))
		return false;
	if (!realise_ways_plan(s, &p->homes, &p->in) || !realise_verify_plan(s, &p->in))
		return fail(s, NULL, "no memory");
	if (realise_plan(&p->in, &s->arena, &s->objects, &f) < 0)
		return fail(s, NULL, f.text[0] ? f.text : "no memory");
	if (s->homes && s->parts & REALISE_CLASSIFY && !realise_stand(&p->in, &s->arena, &s->stand))
		return fail(s, NULL, "no memory");
	return true;
}

static void forget_all(struct realise_slice *s)
{
	s->claims.n = s->probes.n = 0;
	while (s->slots.n)
		slot_free(&s->slots.at[--s->slots.n]);
}

bool realise_slice_plan(struct realise_slice *s)
{
	struct planning p = { .s = s, .in = { .id = s->id, .parts = s->parts } };
	struct slice_flow_view *flows = NULL;
	struct slice_view v;
	bool ok = true;

	arena_fini(&s->arena);
	arena_init(&s->arena, OBJECTS_MAX);
	s->objects = (struct realise_objects){ 0 };
	s->stand = (struct realise_stand){ 0 };
	s->why[0] = '\0';
	p.in.service = slice_service_of(s->r->cfg.slice, s->id);
	if (!s->parts || !p.in.service || slice_get(s->r->cfg.slice, s->id, &v) != 0) {
		forget_all(s);
	} else {
		flows = calloc((size_t)v.n_flows + 1, sizeof(*flows));
		s->planned_of = v.ordered;
		p.in.flows = flows;
		p.in.n_flows = flows ? slice_flows(s->r->cfg.slice, s->id, 0, flows, v.n_flows) : 0;
		ok = flows ? plan_order(&p) : fail(s, NULL, "no memory");
	}
	free(flows);
	s->planned = ok;
	return ok;
}

/* ---- at admission ---- */

static bool no(struct slice_fault *f, const struct slice_sdp *p, const char *leaf, const char *text)
{
	(void)snprintf(f->field, sizeof(f->field), "sdps/sdp[id='%s']%s", p->id, leaf);
	(void)snprintf(f->text, sizeof(f->text), "%s", text);
	return false;
}

static bool circuit_is_free(const struct realise *r, const char *id, const char *device, const char *interface,
			    char text[SR_REASON_MAX])
{
	for (size_t i = 0; i < r->slices.n; i++) {
		const struct realise_slice *s = r->slices.at[i];

		for (size_t k = 0; strcmp(s->id, id) != 0 && k < s->claims.n; k++) {
			if (strcmp(s->claims.at[k].device, device) != 0 ||
			    strcmp(s->claims.at[k].interface, interface) != 0)
				continue;
			(void)snprintf(text, SR_REASON_MAX, "all packets of %s on %s are slice %.100s's", interface,
				       device, s->id);
			return false;
		}
	}
	return true;
}

static bool circuits_possible(const struct realise *r, const struct slice_service *v, const struct slice_sdp *p,
			      const char *device, struct slice_fault *f)
{
	char name[REALISE_IF_MAX], text[SR_REASON_MAX];
	bool any = false;

	for (uint32_t i = 0; i < p->n_acs; i++) {
		const struct slice_ac *ac = &p->acs[i];

		if (ac->down || !realise_interface(ac, name))
			continue;
		if (ac->node[0] && strcmp(ac->node, device) != 0 && strcmp(ac->node, p->node) != 0)
			return no(f, p, "/attachment-circuits", "a circuit is on another router than its SDP");
		any = v->n_groups == 0;
		for (uint32_t g = 0; g < v->n_groups; g++)
			any = any || realise_is_bound(v, p, v->groups[g].id, ac);
		if (any && !circuit_is_free(r, v->id, device, name, text))
			return no(f, p, "/attachment-circuits", text);
	}
	return true;
}

bool realise_possible(void *ctx, const struct slice_service *service, struct slice_fault *f)
{
	const struct realise *r = ctx;
	const char *homes[SLICE_SDPS_MAX] = { 0 };

	if (!realise_check(service, f))
		return false;
	for (uint32_t i = 0; i < service->n_sdps; i++) {
		const struct slice_sdp *p = &service->sdps[i];
		const char *why;
		struct realise_place at;
		char text[SR_REASON_MAX];

		if (realise_circuits(p) == 0)
			continue;
		at = realise_place_of(r, service, i, &why);
		homes[i] = at.device;
		if (!at.device)
			continue; /* who plans it says so better */
		if (!r->port.has(r->port.self, at.device)) {
			(void)snprintf(text, sizeof(text),
				       "%.60s is no device of the configuration: nothing can be bound to a slice there",
				       at.device);
			return no(f, p, "/node-id", text);
		}
		if (why && !partition_of(r, service))
			return no(f, p, "/node-id", why);
		if (!circuits_possible(r, service, p, at.device, f))
			return false;
	}
	return realise_check_homes(service, homes, f);
}

/* ---- queries ---- */

bool realise_service_sid(const struct realise *r, const char *slice, const char *group, const char *sdp,
			 struct ip_addr *out)
{
	const struct realise_slice *s = realise_find(r, slice);
	const struct slice_service *v = s ? slice_service_of(r->cfg.slice, slice) : NULL;
	uint8_t len;

	for (uint32_t i = 0; v && i < v->n_sdps; i++) {
		struct realise_place p;
		const struct realise_slot *x;

		if (strcmp(v->sdps[i].id, sdp) != 0)
			continue;
		p = realise_place_of(r, v, i, NULL);
		x = p.device ? slot_of(s, p.device, sdp, group) : NULL;
		return x && realise_sid(&p, x->number, out, &len);
	}
	return false;
}
