/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does what is written make sense together with what is there? References first, then partitions, then
 * what each service asks of this controller. What refers to something that changes, changes with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "slice/change.h"

enum { NEST_MAX = 8 };

/* ---- references ---- */

typedef bool (*use_fn)(struct slice_commit *c, const struct slice_entry *user, const void *arg);

/* Every service as it will be, written now or not. */
static bool each_service(struct slice_commit *c, use_fn fn, const void *arg)
{
	const struct slice *s = c->s;

	for (size_t i = 0; i < c->changes.n; i++) {
		const struct slice_change *h = &c->changes.at[i];

		if (h->kind == SLICE_SERVICE && h->fresh && !fn(c, h->fresh, arg))
			return false;
	}
	for (size_t i = 0; i < s->of[SLICE_SERVICE].n; i++) {
		const struct slice_entry *e = s->of[SLICE_SERVICE].at[i];

		if (!e->deleted && !slice_change_of(c, SLICE_SERVICE, e->id) && !fn(c, e, arg))
			return false;
	}
	return true;
}

static bool is_that(void *arg, const char *id)
{
	return strcmp(arg, id) == 0;
}

static bool names_template(const struct slice_service *v, const char *id)
{
	return slice_slo_any(v, is_that, (char *)(uintptr_t)id);
}

static bool no_use_of_template(struct slice_commit *c, const struct slice_entry *user, const void *arg)
{
	const struct slice_change *h = arg;

	return !names_template(&user->service, h->id) ||
	       slice_refuse(c, h, SLICE_E_USED, "", "slice %.80s refers to it", user->id);
}

static bool no_use_of_nrp(struct slice_commit *c, const struct slice_entry *user, const void *arg)
{
	const struct slice_change *h = arg;

	return user->service.real.nrp != h->old->nrp.id ||
	       slice_refuse(c, h, SLICE_E_USED, "", "slice %.80s is in it", user->id);
}

static bool no_child(struct slice_commit *c, const struct slice_entry *user, const void *arg)
{
	const struct slice_change *h = arg;
	const char *parent = user->service.real.parent;

	return !parent || strcmp(parent, h->id) != 0 ||
	       slice_refuse(c, h, SLICE_E_USED, "", "slice %.80s is inside of it", user->id);
}

static bool template_gone(struct slice_commit *c, const struct slice_change *h)
{
	for (size_t i = 0; i < c->s->of[SLICE_TEMPLATE].n; i++) {
		const struct slice_entry *e = c->outlook.find(c, c->s, SLICE_TEMPLATE,
							      c->s->of[SLICE_TEMPLATE].at[i]->id);

		if (e && e->template.parent && strcmp(e->template.parent, h->id) == 0)
			return slice_refuse(c, h, SLICE_E_USED, "", "template %.80s refers to it", e->id);
		if (e && e->template.lower && strcmp(e->template.lower, h->id) == 0)
			return slice_refuse(c, h, SLICE_E_USED, "", "it is the lower tier of template %.80s", e->id);
	}
	return each_service(c, no_use_of_template, h);
}

/* Who stands on a changed template, at whatever distance, is planned anew. */
static bool template_reaches(struct slice_commit *c, const char *from, const char *to)
{
	for (unsigned hops = 0; from && hops <= SLICE_INHERIT_MAX; hops++) {
		const struct slice_entry *e = c->outlook.find(c, c->s, SLICE_TEMPLATE, from);

		if (strcmp(from, to) == 0)
			return true;
		from = e ? e->template.parent : NULL;
	}
	return false;
}

static bool service_reaches(struct slice_commit *c, const struct slice_service *v, const char *to)
{
	for (size_t i = 0; i < c->s->of[SLICE_TEMPLATE].n; i++) {
		const char *id = c->s->of[SLICE_TEMPLATE].at[i]->id;

		if (template_reaches(c, id, to) && names_template(v, id))
			return true;
	}
	return false;
}

static bool template_put(struct slice_commit *c, const struct slice_change *h)
{
	const struct slice_catalogue k = { .find = slice_outlook_template, .ctx = &c->outlook };
	const struct slice *s = c->s;
	struct slice_fault f = { 0 };
	struct slice_slo slo;
	unsigned tiers;

	if (slice_slo_template(&k, h->id, &slo, &f) < 0)
		return slice_refuse(c, h, SLICE_E_INVALID, "template-ref", "%s", f.text);
	if (h->fresh->template.lower && !slice_outlook_template(&c->outlook, h->fresh->template.lower))
		return slice_refuse(c, h, SLICE_E_INVALID, "sextant-slice:lower-tier", "there is no template %.100s",
				    h->fresh->template.lower);
	(void)slice_slo_lower(&k, h->id, SLICE_INHERIT_MAX, &tiers);
	if (tiers == SLICE_INHERIT_MAX)
		return slice_refuse(c, h, SLICE_E_INVALID, "sextant-slice:lower-tier",
				    "template %.100s is below itself, or has %d tiers below it", h->id, SLICE_INHERIT_MAX);
	for (size_t i = 0; h->old && i < s->of[SLICE_SERVICE].n; i++) {
		struct slice_entry *e = s->of[SLICE_SERVICE].at[i];

		if (service_reaches(c, &e->service, h->id) && !slice_follow(c, e))
			return false;
	}
	return true;
}

/* ---- partitions ---- */

/* Another partition, as it will be, that is computed with this algorithm; NULL: none. */
static const struct slice_entry *algo_holder(struct slice_commit *c, const struct slice_entry *but, uint8_t algo)
{
	const struct slice *s = c->s;

	for (size_t i = 0; i < c->changes.n; i++) {
		const struct slice_entry *e = c->changes.at[i].fresh;

		if (e && e != but && c->changes.at[i].kind == SLICE_NRP && slice_algo_of(e) == algo)
			return e;
	}
	for (size_t i = 0; i < s->of[SLICE_NRP].n; i++) {
		const struct slice_entry *e = s->of[SLICE_NRP].at[i];

		if (!slice_change_of(c, SLICE_NRP, e->id) && slice_algo_of(e) == algo)
			return e;
	}
	return NULL;
}

static const char algo_field[] = "topology/igp-congruent/algo-id";

/* A draft runs by nothing yet, and a child by what its parent does. */
static bool runs_elsewhere(struct slice_commit *c, const struct slice_entry *user, const void *arg)
{
	const struct slice_change *h = arg;
	const struct slice_service *v = &user->service;

	return v->admin == SLICE_ADMIN_PRE || v->real.parent || v->real.flex_algo != slice_algo_of(h->fresh) ||
	       v->real.nrp == h->fresh->nrp.id ||
	       slice_refuse(c, h, SLICE_E_USED, algo_field, "slice %.80s runs by algorithm %u, and is not in it",
			    user->id, v->real.flex_algo);
}

/* Operators' own policies, named, would be in the way. True: there are none. */
static bool no_operators(struct slice_commit *c, const struct slice_change *h, const struct intent_use_query *q,
			 const char *field, const char *what)
{
	struct sr_policy_key key[INTENT_USES_TOLD];
	uint32_t n = intent_operators_use(c->s->intent, q, key);
	char text[INTENT_USES_TOLD][2 * IP_TEXT_MAX + 16], more[32] = "";

	for (uint32_t i = 0; i < n && i < INTENT_USES_TOLD; i++)
		(void)sr_policy_key_text(&key[i], text[i], sizeof(text[i]));
	if (n > INTENT_USES_TOLD)
		(void)snprintf(more, sizeof(more), " and %u more", n - INTENT_USES_TOLD);
	return n == 0 || slice_refuse(c, h, SLICE_E_USED, field, "policy %s%s%s%s: %s", text[0], n > 1 ? ", " : "",
				      n > 1 ? text[1] : "", more, what);
}

/* What is in a partition, or runs by SIDs of its own, would be nowhere without it. */
static bool no_operators_in(struct slice_commit *c, const struct slice_change *h)
{
	const struct slice_entry *was = h->old;
	const struct intent_use_query in = { .nrp = was->nrp.id }, by = { .algo = slice_algo_of(was) };

	if (!no_operators(c, h, &in, "", "in this partition"))
		return false;
	return !by.algo || !c->s->partitions.algo_used || !slice_nrp_has_block(&was->nrp) ||
	       no_operators(c, h, &by, algo_field, "by the algorithm of this partition's SIDs");
}

/* What its packets have is in its queues: it is nobody else's. */
static bool algo_is_its_own(struct slice_commit *c, const struct slice_change *h)
{
	uint8_t algo = slice_algo_of(h->fresh);
	const struct slice_entry *other = algo ? algo_holder(c, h->fresh, algo) : NULL;

	if (!algo || !c->s->partitions.algo_used || (h->old && slice_algo_of(h->old) == algo))
		return true;
	if (other)
		return slice_refuse(c, h, SLICE_E_INVALID, algo_field, "algorithm %u is that of partition %.80s", algo,
				    other->id);
	return each_service(c, runs_elsewhere, h) &&
	       no_operators(c, h, &(struct intent_use_query){ .algo = algo, .beside = h->fresh->nrp.id }, algo_field,
			    "by that algorithm, and not in this partition");
}

static bool algo_said(struct slice_commit *c, const struct slice_change *h)
{
	const struct slice_partitions *p = &c->s->partitions;

	return !p->algo_used(p->ctx, h->fresh->nrp.algo) ||
	       slice_refuse(c, h, SLICE_E_INVALID, algo_field,
			    "the routers compute with algorithm %u themselves: SIDs of a partition need one "
			    "that nobody uses, or say none", h->fresh->nrp.algo);
}

/* SIDs of its own are found in the topology under an algorithm that is the partition's alone. */
static bool algo_give(struct slice_commit *c, const struct slice_change *h)
{
	const struct slice_partitions *p = &c->s->partitions;
	struct slice_entry *e = h->fresh;

	if (!p->algo_used || !slice_nrp_has_block(&e->nrp))
		return true;
	if (e->nrp.algo)
		return algo_said(c, h);
	if (h->old && h->old->algo_given && !algo_holder(c, e, h->old->algo_given)) {
		e->algo_given = h->old->algo_given;
		return true;
	}
	for (unsigned algo = UINT8_MAX; algo >= TED_FLEX_FIRST; algo--) {
		const struct intent_use_query q = { .algo = (uint8_t)algo };
		struct sr_policy_key key[INTENT_USES_TOLD];

		if (p->algo_used(p->ctx, q.algo) || algo_holder(c, e, q.algo) ||
		    intent_operators_use(c->s->intent, &q, key))
			continue;
		e->algo_given = (uint8_t)algo;
		return true;
	}
	return slice_refuse(c, h, SLICE_E_LIMIT, "", "there is no algorithm left for its SIDs");
}

/* Its document is what stands: it runs otherwise, begins, or follows what it stands on. What was taken is held. */
static bool says_the_same(const struct slice_change *h)
{
	const struct slice_entry *a = h->old, *b = h->fresh;

	return a && !a->deleted && a->len == b->len && memcmp(a->doc, b->doc, a->len) == 0;
}

static bool all_is_kept(struct slice_commit *c, const struct slice_change *h, const struct slice_fault *unkept)
{
	return !unkept || says_the_same(h) || slice_refuse(c, h, SLICE_E_STEP, unkept->field, "%s", unkept->text);
}

static bool nrp_put(struct slice_commit *c, const struct slice_change *h)
{
	const struct slice *s = c->s;

	for (size_t i = 0; i < s->of[SLICE_NRP].n; i++) {
		const struct slice_entry *e = c->outlook.find(c, s, SLICE_NRP, s->of[SLICE_NRP].at[i]->id);

		if (e && e != h->fresh && e->nrp.id == h->fresh->nrp.id)
			return slice_refuse(c, h, SLICE_E_INVALID, "nrp-id", "%u is %.80s", e->nrp.id, e->id);
	}
	if (!all_is_kept(c, h, h->fresh->nrp.unkept) || !algo_give(c, h) || !algo_is_its_own(c, h))
		return false;
	if (!h->old)
		return true;
	if (!slice_growth_may_go(c, h))
		return false;
	if ((h->old->nrp.id != h->fresh->nrp.id || slice_algo_of(h->old) != slice_algo_of(h->fresh)) &&
	    !no_operators_in(c, h))
		return false;
	if (h->old->nrp.id != h->fresh->nrp.id || slice_algo_of(h->old) != slice_algo_of(h->fresh) ||
	    slice_shares_less(s, &h->old->nrp, &h->fresh->nrp))
		return each_service(c, no_use_of_nrp, h);
	return true;
}

static bool nrps_fit(struct slice_commit *c)
{
	const struct slice *s = c->s;
	const struct slice_nrp **nrps = calloc(s->of[SLICE_NRP].n + c->changes.n + 1, sizeof(*nrps));
	const struct slice_change *last = NULL;
	struct slice_fault f = { 0 };
	uint32_t n = 0;
	int r = 0;

	for (size_t i = 0; nrps && i < s->of[SLICE_NRP].n; i++) {
		if (!slice_change_of(c, SLICE_NRP, s->of[SLICE_NRP].at[i]->id))
			nrps[n++] = &s->of[SLICE_NRP].at[i]->nrp;
	}
	for (size_t i = 0; nrps && i < c->changes.n; i++) {
		if (c->changes.at[i].kind != SLICE_NRP)
			continue;
		last = &c->changes.at[i];
		if (last->fresh)
			nrps[n++] = &last->fresh->nrp;
	}
	if (nrps && last)
		r = slice_shares_check(s, nrps, n, &f);
	free(nrps);
	if (!nrps || r == -ENOMEM)
		return slice_refuse(c, last, SLICE_E_LIMIT, "", "no memory");
	return r == 0 || slice_refuse(c, last, SLICE_E_INVALID, f.field, "%s", f.text);
}

/* ---- services ---- */

/* What has SIDs of a partition is in its queues. */
static bool algo_is_open(struct slice_commit *c, const struct slice_change *h)
{
	const struct slice_realisation *r = &h->fresh->service.real;
	const struct slice_entry *holder = NULL;

	if (r->flex_algo && c->s->partitions.algo_used)
		holder = algo_holder(c, NULL, r->flex_algo);
	return !holder || holder->nrp.id == r->nrp ||
	       slice_refuse(c, h, SLICE_E_INVALID, "sextant-slice:realisation/flex-algo",
			    "algorithm %u is that of partition %.80s: its queues are for slices in it",
			    r->flex_algo, holder->id);
}

static bool steps_served(struct slice_commit *c, const struct slice_change *h)
{
	const struct slice_realisation *r = &h->fresh->service.real;
	static const char at[] = "sextant-slice:realisation/";
	struct slice_fault f = { 0 };
	char field[64];

	if (r->sharing != SLICE_SHARED && !r->parent && !slice_step_by(c->s, SLICE_STEP_QUEUE)) {
		(void)snprintf(field, sizeof(field), "%ssharing", at);
		return slice_refuse(c, h, SLICE_E_STEP, field,
				    "a slice with resources of its own needs queues, and nothing here makes them: "
				    "order it shared");
	}
	if (r->southbound == SLICE_BGP) {
		(void)snprintf(field, sizeof(field), "%ssouthbound", at);
		return slice_refuse(c, h, SLICE_E_STEP, field, "nothing here sends policies by BGP: pcep, gnmi, or leave it out");
	}
	if (r->transport == SLICE_BEST_EFFORT || (r->transport == SLICE_FLEX_ALGO && !r->flex_algo)) {
		(void)snprintf(field, sizeof(field), "%stransport", at);
		return slice_refuse(c, h, SLICE_E_STEP, field,
				    "sr-policy, or flex-algo with the number of one: nothing here steers otherwise");
	}
	if (!algo_is_open(c, h))
		return false;
	if (!slice_steps_possible(c->s, &h->fresh->service, &f))
		return slice_refuse(c, h, SLICE_E_STEP, f.field, "%s", f.text);
	return true;
}

/* One that is over when it is ordered is none, and a child is over before its parent. */
static bool ends_ok(struct slice_commit *c, const struct slice_change *h)
{
	static const char field[] = "sextant-slice:realisation/ends";
	uint64_t ends_s = h->fresh->service.real.ends_s;
	const char *id = h->fresh->service.real.parent;
	const struct slice_entry *parent = id ? c->outlook.find(c, c->s, SLICE_SERVICE, id) : NULL;

	if (ends_s && ends_s <= loop_wall_ns(c->s->loop) / NS_PER_S && !h->follows)
		return slice_refuse(c, h, SLICE_E_INVALID, field, "that is over already");
	return !parent || !parent->service.real.ends_s || (ends_s && ends_s <= parent->service.real.ends_s) ||
	       slice_refuse(c, h, SLICE_E_INVALID, field, "its parent %.80s ends before", id);
}

/* What runs is not taken down for a while; a child runs in what its parent has. */
static bool begins_ok(struct slice_commit *c, const struct slice_change *h)
{
	static const char field[] = "sextant-slice:realisation/begins";
	const struct slice_service *v = &h->fresh->service;
	uint64_t begins_s = v->real.begins_s, now_s = loop_wall_ns(c->s->loop) / NS_PER_S;
	const struct slice_entry *parent =
		v->real.parent ? c->outlook.find(c, c->s, SLICE_SERVICE, v->real.parent) : NULL;

	if (begins_s > now_s && h->old && slice_begun(h->old) && h->old->service.real.begins_s != begins_s)
		return slice_refuse(c, h, SLICE_E_INVALID, field, "it has begun already");
	return !parent || v->admin == SLICE_ADMIN_PRE || slice_begun(parent) || parent->service.real.begins_s <= begins_s ||
	       parent->service.real.begins_s <= now_s ||
	       slice_refuse(c, h, SLICE_E_INVALID, field, "its parent %.80s begins later", v->real.parent);
}

static bool parent_ok(struct slice_commit *c, const struct slice_change *h)
{
	static const char field[] = "sextant-slice:realisation/parent-slice";
	const struct slice_entry *e = h->fresh;
	const char *id = e->service.real.parent, *was = h->old ? h->old->service.real.parent : NULL;

	if (h->old && h->old->plan.n && (!id != !was || (id && strcmp(id, was) != 0)))
		return slice_refuse(c, h, SLICE_E_INVALID, field,
				    "it cannot be changed: delete the slice and order another");
	for (unsigned depth = 0; id; depth++) {
		e = c->outlook.find(c, c->s, SLICE_SERVICE, id);
		if (!e || e->deleted)
			return slice_refuse(c, h, SLICE_E_INVALID, field, "there is no slice %.80s", id);
		if (e->service.admin == SLICE_ADMIN_PRE && h->fresh->service.admin != SLICE_ADMIN_PRE)
			return slice_refuse(c, h, SLICE_E_INVALID, field, "slice %.80s is not realised itself", id);
		if (depth == NEST_MAX)
			return slice_refuse(c, h, SLICE_E_INVALID, field,
					    "it is inside of itself, or more than %d deep", NEST_MAX);
		id = e->service.real.parent;
	}
	return true;
}

static bool alone_in_partition(struct slice_commit *c, const struct slice_entry *user, const void *arg)
{
	static const char field[] = "sextant-slice:realisation/sharing";
	const struct slice_change *h = arg;
	const struct slice_realisation *r = &h->fresh->service.real, *u = &user->service.real;

	if (user == h->fresh || u->nrp != r->nrp || u->parent)
		return true;
	if (r->sharing == SLICE_DEDICATED)
		return slice_refuse(c, h, SLICE_E_INVALID, field,
				    "slice %.80s is in partition %u: one that is dedicated has a partition of its own",
				    user->id, r->nrp);
	return u->sharing != SLICE_DEDICATED ||
	       slice_refuse(c, h, SLICE_E_INVALID, "sextant-slice:realisation/nrp-id",
			    "partition %u is slice %.80s's alone: that one is dedicated", r->nrp, user->id);
}

/* Queues are of partitions; those of others than the whole link are what this controller makes. */
static bool partition_served(struct slice_commit *c, const struct slice_change *h)
{
	const struct slice_realisation *r = &h->fresh->service.real;

	if (!c->s->partitions.changed || r->parent)
		return true;
	if (r->sharing != SLICE_SHARED && !r->nrp)
		return slice_refuse(c, h, SLICE_E_INVALID, "sextant-slice:realisation/nrp-id",
				    "say which partition's queues it is to have, or order it shared");
	return !r->nrp || each_service(c, alone_in_partition, h);
}

static bool follow_children(struct slice_commit *c, const struct slice_change *h)
{
	const struct slice *s = c->s;
	const char *id = h->id;

	for (size_t i = 0; i < s->of[SLICE_SERVICE].n; i++) {
		struct slice_entry *e = s->of[SLICE_SERVICE].at[i];

		if (e->service.real.parent && strcmp(e->service.real.parent, id) == 0 && !slice_follow(c, e))
			return false;
	}
	return true;
}

static bool service_put(struct slice_commit *c, size_t at)
{
	const struct slice_change h = c->changes.at[at];
	const struct slice_service *v = &h.fresh->service;

	if (!h.old && !VEC_ADD(&c->fresh, h.fresh))
		return slice_refuse(c, &h, SLICE_E_LIMIT, "", "no memory");
	if (!h.old && c->s->of[SLICE_SERVICE].n + c->fresh.n > c->s->cfg.services_max)
		return slice_refuse(c, &h, SLICE_E_LIMIT, "", "%u slices are the limit", c->s->cfg.services_max);
	if (h.old && h.old->service.vpn != v->vpn)
		return slice_refuse(c, &h, SLICE_E_EXISTS, "", "%s has that id already",
				    v->vpn ? "a slice" : "a VPN");
	/* What a policy holds in one partition is no room in another while it moves. */
	if (h.old && h.old->plan.n && h.old->service.real.nrp != v->real.nrp)
		return slice_refuse(c, &h, SLICE_E_INVALID, "sextant-slice:realisation/nrp-id",
				    "it cannot be changed: delete the slice and order another");
	/* The book has the shares of what is there; those of one that comes with it would come too late. */
	if (v->real.nrp && !slice_nrp_of(c->s, v->real.nrp))
		return slice_refuse(c, &h, SLICE_E_INVALID, "sextant-slice:realisation/nrp-id",
				    "there is no partition %u: one is written before the slices in it",
				    v->real.nrp);
	if (c->s->cfg.inside_only && !v->real.nrp && !v->real.parent && !(h.old && h.old->plan.n))
		return slice_refuse(c, &h, SLICE_E_INVALID, "sextant-slice:realisation/nrp-id",
				    "say which partition it is to be in: none are taken outside of them here");
	if (h.old && h.old->plan.n && v->admin == SLICE_ADMIN_PRE)
		return slice_refuse(c, &h, SLICE_E_INVALID, "status/admin-status/status",
				    "it is realised: admin-down suspends it, deleting takes it away");
	return all_is_kept(c, &h, v->unkept) && parent_ok(c, &h) && begins_ok(c, &h) && ends_ok(c, &h) && steps_served(c, &h) &&
	       partition_served(c, &h) && follow_children(c, &h);
}

/* A service that goes leaves no child behind. */
static bool service_gone(struct slice_commit *c, const struct slice_change *h)
{
	return each_service(c, no_child, h);
}

static bool check_one(struct slice_commit *c, size_t i)
{
	const struct slice_change h = c->changes.at[i];

	switch (h.kind) {
	case SLICE_TEMPLATE:
		return h.fresh ? template_put(c, &h) : template_gone(c, &h);
	case SLICE_SERVICE:
		return h.fresh ? service_put(c, i) : service_gone(c, &h);
	case SLICE_NRP:
		return h.fresh ? nrp_put(c, &h) : each_service(c, no_use_of_nrp, &h) && no_operators_in(c, &h);
	case SLICE_PHB:
	case SLICE_KINDS:
		break;
	}
	return true;
}

bool slice_check(struct slice_commit *c, unsigned *budget)
{
	bool done = c->checked == c->changes.n && c->checked > 0;

	/* What follows is added behind, and is looked at in its turn. */
	for (; c->checked < c->changes.n && *budget > 0; (*budget)--) {
		if (!check_one(c, c->checked++))
			return false;
	}
	return done || c->checked < c->changes.n || nrps_fit(c);
}
