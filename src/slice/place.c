/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of one service in the room: where its ends are in the topology, which numbers are given
 * out, inside of which parent it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/err.h"
#include "slice/room.h"

enum { SCRATCH_MAX = 32 << 20 };

/* ---- ends ---- */

struct headend_search {
	const struct ted *ted;
	const struct slice_service *service;
	uint32_t node[SLICE_SDPS_MAX];
	struct slice_place *places;
};

static void on_headend(void *arg, const struct intent_headend_info *h)
{
	struct headend_search *x = arg;
	uint32_t node = ted_node_by_addr(x->ted, &h->headend);

	for (uint32_t i = 0; node != TED_NONE && i < x->service->n_sdps; i++) {
		if (x->node[i] != node)
			continue;
		x->places[i].headend = h->headend;
		x->places[i].southbound = h->up ? h->caps.southbound : NULL;
	}
}

static int fault(struct slice_refusal *why, const struct slice_sdp *p, const char *leaf, const char *what,
		 const char *text)
{
	why->code = SLICE_E_INVALID;
	(void)snprintf(why->f.field, sizeof(why->f.field), "sdps/sdp[id='%s']/%s", p->id, leaf);
	(void)snprintf(why->f.text, sizeof(why->f.text), "%.100s %s", what, text);
	return err_raise(-EINVAL);
}

static int node_of(const struct ted *t, const struct slice_sdp *p, uint32_t *out, struct slice_refusal *why)
{
	char text[IP_TEXT_MAX];

	*out = TED_NONE;
	if (p->node[0])
		*out = ted_node_by_id(t, p->node);
	if (p->node[0] && *out == TED_NONE)
		return fault(why, p, "node-id", p->node, "is no router of the topology");
	for (unsigned i = 0; i < p->n_addr; i++) {
		uint32_t n = ted_node_by_addr(t, &p->addr[i]);

		if (n != TED_NONE && *out != TED_NONE && n != *out)
			return fault(why, p, "sdp-ip-address", ip_text(&p->addr[i], text, sizeof(text)),
				     "is of another router");
		*out = n == TED_NONE ? *out : n;
	}
	if (*out == TED_NONE)
		return fault(why, p, "sdp-ip-address", "none of them", "is of a router of the topology");
	return 0;
}

/* Of the order, if it is of the router; else how the router is known. */
static struct ip_addr address(const struct ted *t, const struct slice_sdp *p, uint32_t node)
{
	const struct ted_node *n = &t->nodes[node];

	for (unsigned i = 0; i < p->n_addr; i++) {
		if (ted_node_by_addr(t, &p->addr[i]) == node)
			return p->addr[i];
	}
	if (n->router_v6.family)
		return n->router_v6;
	for (uint16_t i = 0; i < n->n_prefixes; i++) {
		if (n->prefixes[i].addr.family == IP_V6)
			return n->prefixes[i].addr;
	}
	return n->router_v4;
}

static int places_of(const struct slice *s, const struct slice_service *v, struct slice_place *out,
		     struct slice_refusal *why)
{
	struct headend_search x = { .ted = s->ted, .service = v, .places = out };

	for (uint32_t i = 0; i < v->n_sdps; i++) {
		int r = node_of(s->ted, &v->sdps[i], &x.node[i], why);

		if (r < 0)
			return err_trace(r);
	}
	intent_each_headend(s->intent, on_headend, &x);
	for (uint32_t i = 0; i < v->n_sdps; i++) {
		struct ip_addr own = address(s->ted, &v->sdps[i], x.node[i]);

		/* What the headend calls itself is where others find it too. */
		out[i].endpoint = out[i].headend.family ? out[i].headend : own;
		out[i].headend = out[i].endpoint;
		if (out[i].headend.family == IP_NONE)
			return fault(why, &v->sdps[i], "node-id", v->sdps[i].node, "has no address that is known");
	}
	return 0;
}

/* ---- numbers ---- */

struct given {
	struct slice *s;
	const struct slice_entry *old;
};

static bool key_taken(void *ctx, const struct sr_policy_key *k)
{
	const struct given *g = ctx;
	const struct slice_entry *of = slice_by_key(g->s, k);

	return of && of != g->old;
}

/* From one to the next and round after 2^30: what was given up is nobody's for very long. */
static uint32_t color(void *ctx)
{
	struct slice *s = ((struct given *)ctx)->s;
	uint32_t c = s->color_next;

	s->color_next = c + 1 < 2u * SLICE_COLORS ? c + 1 : SLICE_COLORS;
	return c;
}

static uint32_t apart(void *ctx)
{
	struct slice *s = ((struct given *)ctx)->s;
	uint32_t n = s->apart_next;

	s->apart_next = n < UINT32_MAX ? n + 1 : SLICE_APART_FIRST;
	return n;
}

/* ---- parents ---- */

static uint32_t delay_now(void *ctx, const struct sr_policy_key *key)
{
	const struct slice *s = ctx;
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));

	if (!v || intent_get(s->intent, key, v) != 0 || !v->has_computed)
		return PCE_NO_BOUND;
	return v->worst_delay_us > v->delay_us ? v->worst_delay_us : v->delay_us;
}

static bool child_of(const struct slice_entry *c, const struct slice_entry *parent)
{
	return c->service.real.parent && strcmp(c->service.real.parent, parent->id) == 0;
}

/* Plans of other children, as they will be: they may be changed in the same write. */
static int nest(const struct slice_outlook *o, struct slice_entry *e, const struct slice_entry *parent,
		struct slice_refusal *why)
{
	struct slice *s = o->s;
	const struct slice_plan **others = calloc(s->of[SLICE_SERVICE].n + o->n_fresh + 1, sizeof(*others));
	struct slice_inside in = { .parent = &parent->plan, .others = others, .delay_us = delay_now, .ctx = s };
	int r = others ? 0 : err_raise(-ENOMEM);

	for (size_t i = 0; others && i < s->of[SLICE_SERVICE].n; i++) {
		const struct slice_entry *c =
			o->find(o->ctx, s, SLICE_SERVICE, s->of[SLICE_SERVICE].at[i]->id);

		if (c && c != e && child_of(c, parent))
			others[in.n_others++] = &c->plan;
	}
	for (size_t i = 0; others && i < o->n_fresh; i++) {
		if (o->fresh[i] != e && child_of(o->fresh[i], parent))
			others[in.n_others++] = &o->fresh[i]->plan;
	}
	if (r == 0)
		r = slice_nest(&in, &e->plan, &why->f, &why->lack);
	free(others);
	why->code = r == -EINVAL ? SLICE_E_SHORT : why->code;
	return r;
}

/* ---- the plan ---- */

const struct slice_template *slice_outlook_template(const void *outlook, const char *id)
{
	const struct slice_outlook *o = outlook;
	const struct slice_entry *e = o->find(o->ctx, o->s, SLICE_TEMPLATE, id);

	return e ? &e->template : NULL;
}

static struct slice_entry *find_now(const void *ctx, const struct slice *s, enum slice_kind kind, const char *id)
{
	(void)ctx;
	return slice_find(s, kind, id);
}

struct slice_outlook slice_outlook_now(struct slice *s)
{
	return (struct slice_outlook){ .s = s, .find = find_now };
}

/* A partition with an algorithm is where its slices' paths are computed. */
static void adopt_algo(const struct slice_outlook *o, struct slice_service *v)
{
	for (size_t i = 0; v->real.nrp && !v->real.flex_algo && i < o->s->of[SLICE_NRP].n; i++) {
		const struct slice_entry *n =
			o->find(o->ctx, o->s, SLICE_NRP, o->s->of[SLICE_NRP].at[i]->id);

		if (n && n->nrp.id == v->real.nrp) {
			v->real.flex_algo = slice_algo_of(n);
			v->real.algo_is_nrps = true;
		}
	}
}

/* What is promised at any level, or by any template, and nothing here keeps: better no slice than half of one. */
static int served(const struct slice_flows *flows, struct slice_refusal *why)
{
	for (uint32_t i = 0; i < flows->n; i++) {
		const struct slice_flow *w = &flows->at[i];

		if (!w->terms.secure && !w->terms.occupancy)
			continue;
		why->code = SLICE_E_STEP;
		(void)snprintf(why->f.field, sizeof(why->f.field),
			       "connection-groups/connection-group[id='%s']/connectivity-construct[id='%s']", w->group,
			       w->construct);
		(void)snprintf(why->f.text, sizeof(why->f.text), "%s",
			       w->terms.secure ?
				       "nothing here authenticates or encrypts: sle-policy/security has to go" :
				       "nothing here counts flows: sle-policy/max-occupancy-level has to go; rates of "
				       "SDPs bound what comes in");
		return err_raise(-EINVAL);
	}
	return 0;
}

/* Policies go where their headends have sessions: another southbound is not to be had for them. */
static int sent(const struct slice_service *v, const struct slice_flows *flows, const struct slice_place *places,
		struct slice_refusal *why)
{
	const char *by = v->real.southbound == SLICE_PCEP ? "pcep" : "gnmi";

	for (uint32_t i = 0; v->real.southbound != SLICE_SOUTH_ANY && !v->real.parent && i < flows->n; i++) {
		const struct slice_sdp *p = &v->sdps[flows->at[i].sender];
		const char *is = places[flows->at[i].sender].southbound;

		if (is ? strcmp(is, by) == 0 : v->real.southbound == SLICE_PCEP)
			continue;
		why->code = SLICE_E_STEP;
		(void)snprintf(why->f.field, sizeof(why->f.field), "sextant-slice:realisation/southbound");
		(void)snprintf(why->f.text, sizeof(why->f.text),
			       is ? "the headend of SDP %.80s is served by %.20s: say that, or leave it out" :
				    "the headend of SDP %.80s has no session: which southbound serves it is not known%.0s",
			       p->id, is ? is : "");
		return err_raise(-EINVAL);
	}
	return 0;
}

static int plan_in(const struct slice_outlook *o, struct slice_entry *e, const struct slice_entry *old,
		   struct arena *scratch, struct slice_refusal *why)
{
	struct slice *s = o->s;
	const struct slice_catalogue c = { slice_outlook_template, o, o->lower };
	struct given given = { s, old };
	const struct slice_numbers numbers = { key_taken, color, apart, &given };
	struct slice_place *places = ARENA_ARRAY(scratch, e->service.n_sdps + 1, struct slice_place);
	const struct slice_entry *parent = NULL;
	struct slice_flows flows;
	int r = places ? slice_roles(&e->service, &e->arena, &why->f) : -ENOMEM;

	adopt_algo(o, &e->service);
	if (r == 0)
		r = slice_expand(&e->service, &c, s->cfg.delay_margin_pct, scratch, &flows, &why->f);
	if (r == 0)
		r = served(&flows, why);
	if (r == 0)
		r = places_of(s, &e->service, places, why);
	if (r == 0)
		r = sent(&e->service, &flows, places, why);
	if (r == 0)
		r = slice_plan(&e->service, &flows, places, old ? &old->plan : NULL, &numbers, &e->arena, &e->plan,
			       &why->f);
	if (r == 0 && e->service.real.parent)
		parent = o->find(o->ctx, s, SLICE_SERVICE, e->service.real.parent);
	return r == 0 && parent ? nest(o, e, parent, why) : r;
}

int slice_plan_of(const struct slice_outlook *o, struct slice_entry *e, const struct slice_entry *old,
		  struct slice_refusal *why)
{
	struct arena scratch;
	int r;

	if (!slice_in_sight(o->s)) {
		why->code = SLICE_E_BLIND;
		(void)snprintf(why->f.text, sizeof(why->f.text),
			       "the topology is not in sight: nothing can be promised");
		return err_raise(-EINVAL);
	}
	why->code = SLICE_E_INVALID;
	arena_init(&scratch, SCRATCH_MAX);
	r = plan_in(o, e, old, &scratch, why);
	arena_fini(&scratch);
	if (r == -ENOMEM) {
		why->code = SLICE_E_LIMIT;
		(void)snprintf(why->f.text, sizeof(why->f.text), "no memory for what it comes to");
	}
	return r;
}
