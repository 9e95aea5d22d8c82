/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows into policies. A slice's flows have one colour where they can, so that one colour steers into
 * it; flows that join the same two addresses need others, for a policy is headend, colour, endpoint.
 * What is there already keeps its numbers: a change of a rate is not another policy.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "pce/disjoint.h"
#include "slice/plan.h"

struct planning {
	const struct slice_service *s;
	const struct slice_place *places;
	const struct slice_plan *old;
	const struct slice_numbers *numbers;
	struct slice_plan *out;
	struct slice_fault *f;
	uint32_t base; /* colour of most; 0: none yet */
	bool used[SLICE_FLOWS_MAX]; /* of old: its numbers are given out again */
};

static int fault(struct planning *p, const struct slice_member *m, const char *text)
{
	(void)snprintf(p->f->field, sizeof(p->f->field),
		       "connection-groups/connection-group[id='%s']/connectivity-construct[id='%s']",
		       m->group, m->construct);
	(void)snprintf(p->f->text, sizeof(p->f->text), "%s", text);
	return err_raise(-EINVAL);
}

static bool same_ends(const struct slice_member *a, const struct slice_member *b)
{
	return a->protection == b->protection && a->back == b->back &&
	       strcmp(a->sender, b->sender) == 0 && strcmp(a->receiver, b->receiver) == 0 &&
	       strcmp(a->construct, b->construct) == 0 && strcmp(a->group, b->group) == 0 &&
	       ip_eq(&a->key.headend, &b->key.headend) && ip_eq(&a->key.endpoint, &b->key.endpoint);
}

static const struct slice_member *inherit(struct planning *p, const struct slice_member *m)
{
	for (uint32_t i = 0; p->old && i < p->old->n; i++) {
		if (!p->used[i] && same_ends(&p->old->at[i], m)) {
			p->used[i] = true;
			return &p->old->at[i];
		}
	}
	return NULL;
}

static bool free_key(const struct planning *p, const struct sr_policy_key *k)
{
	for (uint32_t i = 0; i + 1 < p->out->n; i++) { /* the last is who asks */
		if (sr_policy_key_cmp(&p->out->at[i].key, k) == 0)
			return false;
	}
	/* One of its own that is not planned yet may keep it. */
	for (uint32_t i = 0; p->old && i < p->old->n; i++) {
		if (!p->used[i] && sr_policy_key_cmp(&p->old->at[i].key, k) == 0)
			return false;
	}
	return !p->numbers->key_taken(p->numbers->ctx, k);
}

static int color(struct planning *p, struct slice_member *m)
{
	if (p->base) {
		m->key.color = p->base;
		if (free_key(p, &m->key))
			return 0;
	}
	for (;;) {
		m->key.color = p->numbers->color(p->numbers->ctx);
		if (m->key.color == 0)
			return fault(p, m, "no colour is left to be given out");
		if (!p->base)
			p->base = m->key.color;
		if (free_key(p, &m->key))
			return 0;
	}
}

static bool one_plus_one(const struct slice_service *s, const struct slice_flow *f)
{
	return s->real.sharing == SLICE_DEDICATED && f->terms.diversity;
}

/* What it has, unless the operator has named another and nobody has that. */
static void keep_color(const struct planning *p, struct slice_member *m, uint32_t has)
{
	m->key.color = p->s->real.color;
	if (!m->key.color || m->key.color == has || !free_key(p, &m->key))
		m->key.color = has;
}

/* The standby of a policy has its name and another leg. */
static int numbers_of(struct planning *p, const struct slice_flow *f, struct slice_member *m)
{
	const struct slice_member *was;

	if (m->protection) {
		m->key = m[-1].key;
		m->key.leg = 1;
		m->apart = m[-1].apart;
		return 0;
	}
	was = inherit(p, m);
	if (was)
		keep_color(p, m, was->key.color);
	else if (color(p, m) < 0)
		return -EINVAL;
	if (one_plus_one(p->s, f)) {
		m->apart = was && was->apart ? was->apart : p->numbers->apart(p->numbers->ctx);
		if (m->apart == 0)
			return fault(p, m, "no number is left for a group of paths kept apart");
	}
	return 0;
}

static int member(struct planning *p, const struct slice_flow *f, bool protection)
{
	struct slice_member *m = &p->out->at[p->out->n];
	const struct slice_place *from = &p->places[f->sender], *to = &p->places[f->receiver];

	*m = (struct slice_member){ .protection = protection, .back = f->back, .terms = f->terms };
	(void)str_copy(m->group, sizeof(m->group), f->group);
	(void)str_copy(m->construct, sizeof(m->construct), f->construct);
	(void)str_copy(m->sender, sizeof(m->sender), p->s->sdps[f->sender].id);
	(void)str_copy(m->receiver, sizeof(m->receiver), p->s->sdps[f->receiver].id);
	m->key.headend = from->headend;
	m->key.endpoint = to->endpoint;
	m->bandwidth_bps = f->terms.bandwidth_bps;
	m->inside = p->s->real.parent != NULL;
	p->out->n++;
	return m->inside ? 0 : numbers_of(p, f, m);
}

static int flow(struct planning *p, const struct slice_flow *f)
{
	int r;

	/* Two SDPs of one router: what passes between them crosses no link. */
	if (ip_eq(&p->places[f->sender].headend, &p->places[f->receiver].headend))
		return 0;
	r = member(p, f, false);

	if (r == 0 && one_plus_one(p->s, f))
		r = member(p, f, true);
	return r;
}

/* Most old colours are the base: the operator's, or of the first that was given one. */
static uint32_t base_color(const struct slice_service *s, const struct slice_plan *old)
{
	if (s->real.color)
		return s->real.color;
	return old && old->n ? old->at[0].key.color : 0;
}

int slice_plan(const struct slice_service *s, const struct slice_flows *flows,
	       const struct slice_place *places, const struct slice_plan *old,
	       const struct slice_numbers *numbers, struct arena *a, struct slice_plan *out,
	       struct slice_fault *f)
{
	struct planning p = { .s = s, .places = places, .old = old, .numbers = numbers, .out = out, .f = f };
	uint32_t n = 0;

	for (uint32_t i = 0; i < flows->n; i++)
		n += one_plus_one(s, &flows->at[i]) ? 2 : 1;
	*out = (struct slice_plan){ 0 };
	if (n > SLICE_FLOWS_MAX) {
		(void)snprintf(f->text, sizeof(f->text), "it makes %u policies, at most %d are served", n,
			       SLICE_FLOWS_MAX);
		return err_raise(-EINVAL);
	}
	p.base = base_color(s, old);
	out->at = ARENA_ARRAY(a, n ? n : 1, struct slice_member);
	if (!out->at)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < flows->n; i++) {
		if (flow(&p, &flows->at[i]) < 0)
			return err_raise(-EINVAL);
	}
	return 0;
}

/* ---- policies ---- */

enum { WORKING = 200, STANDBY = 100 }; /* preferences */
enum { MARK_OCTETS = 8 };

static enum intent_protect protect(uint8_t diverse)
{
	if (diverse & PCE_DIVERSE_NODE)
		return diverse & PCE_DIVERSE_SRLG ? INTENT_PROTECT_SRLG_NODE : INTENT_PROTECT_NODE;
	if (diverse & PCE_DIVERSE_SRLG)
		return INTENT_PROTECT_SRLG;
	return diverse ? INTENT_PROTECT_LINK : INTENT_PROTECT_NONE;
}

/* Measured packets have a mark in a header of its own (RFC 9343). */
static uint16_t payload(const struct slice_service *s, const struct slice_member *m)
{
	bool marked = s->assure.said && s->assure.alt_mark;
	uint32_t octets = m->terms.mtu && marked ? m->terms.mtu + (uint32_t)MARK_OCTETS : m->terms.mtu;

	return octets > UINT16_MAX ? UINT16_MAX : (uint16_t)octets;
}

void slice_policy_of(const struct slice_service *s, const struct slice_member *m, struct intent_policy *out)
{
	struct intent_cpath *c = &out->cpaths[0];

	intent_policy_default(out);
	out->key = m->key;
	out->bandwidth_bps = m->bandwidth_bps;
	out->setup_prio = out->hold_prio = s->real.priority;
	out->nrp = s->real.nrp;
	out->n_cpaths = 1;
	intent_cpath_default(c);
	c->kind = INTENT_DYNAMIC;
	c->minimise = m->terms.delay_us_max == PCE_NO_BOUND ? PCE_IGP : PCE_DELAY;
	c->delay_us_max = m->terms.delay_us_max;
	c->variation_us_max = m->terms.variation_us_max;
	c->loss_ppm_max = m->terms.loss_ppm_max;
	c->algo = s->real.flex_algo;
	c->payload = payload(s, m);
	if (m->apart) {
		out->group.id = m->apart;
		out->group.diverse = m->terms.diversity;
		c->strict = true; /* what ECMP did could meet the other */
		c->preference = m->protection ? STANDBY : WORKING;
	} else {
		out->protect = (uint8_t)protect(m->terms.diversity);
	}
}
