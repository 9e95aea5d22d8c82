/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What else an order that was refused could be: of a lower tier; in another partition, or outside of all. Asked
 * as it would be ordered so: there by that partition's algorithm, judged as any order, and only where the same
 * order with another nrp-id would be taken. Nothing is booked for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "slice/change.h"

static size_t alternatives(const struct slice_result *r)
{
	size_t n = 0;

	while (n < SLICE_ALTERNATIVES_MAX && r->alternative[n][0])
		n++;
	return n;
}

/* ---- would it be taken? ---- */

/* The partition that is tried; NULL: outside of them. */
static const struct slice_entry *tried(const struct slice_commit *c, size_t at)
{
	const struct slice *s = c->s;

	return at < s->of[SLICE_NRP].n ? s->of[SLICE_NRP].at[at] : NULL;
}

/* An algorithm that was ordered stays; that of the partition goes with it. */
static uint8_t algo_there(const struct slice_realisation *r, const struct slice_entry *nrp)
{
	if (r->flex_algo && !r->algo_is_nrps)
		return r->flex_algo;
	return nrp ? slice_algo_of(nrp) : 0;
}

/* What has SIDs of a partition is in its queues: no other slice runs by its algorithm. */
static bool algo_is_open(const struct slice *s, uint8_t algo, const struct slice_entry *nrp)
{
	for (size_t i = 0; algo && s->partitions.algo_used && i < s->of[SLICE_NRP].n; i++)
		if (s->of[SLICE_NRP].at[i] != nrp && slice_algo_of(s->of[SLICE_NRP].at[i]) == algo)
			return false;
	return true;
}

/* One that is dedicated is the only one of its partition. */
static bool room_beside(const struct slice_commit *c, const struct slice_entry *e, const struct slice_entry *nrp)
{
	const struct slice *s = c->s;
	bool dedicated = e->service.real.sharing == SLICE_DEDICATED;

	if (!s->partitions.changed)
		return true;
	for (size_t i = 0; i < s->of[SLICE_SERVICE].n; i++) {
		const struct slice_entry *o = s->of[SLICE_SERVICE].at[i];

		if (!o->deleted && o->service.real.nrp == nrp->nrp.id && !o->service.real.parent &&
		    (dedicated || o->service.real.sharing == SLICE_DEDICATED))
			return false;
	}
	for (size_t i = 0; dedicated && i < c->put_of.n; i++)
		if (c->put_of.at[i]->fresh != e) /* they would all be there */
			return false;
	return true;
}

/* Outside there is no queue: for those that share, if the operator takes any there. */
static bool room_outside(const struct slice *s, const struct slice_entry *e)
{
	bool shares = e->service.real.sharing == SLICE_SHARED;

	for (uint32_t i = 0; i < e->plan.n; i++)
		shares = shares && !e->plan.at[i].terms.isolate;
	return shares && !s->cfg.inside_only;
}

static bool would_be_taken(const struct slice_commit *c, const struct slice_entry *nrp)
{
	for (size_t i = 0; i < c->put_of.n; i++) {
		const struct slice_change *h = c->put_of.at[i];
		const struct slice_realisation *r = &h->fresh->service.real;

		/* one that holds something stays in its partition */
		if ((h->old && h->old->plan.n) || r->nrp == (nrp ? nrp->nrp.id : 0))
			return false;
		if (!algo_is_open(c->s, algo_there(r, nrp), nrp))
			return false;
		if (nrp ? !room_beside(c, h->fresh, nrp) : !room_outside(c->s, h->fresh))
			return false;
	}
	return c->put_of.n > 0;
}

/* ---- is there room? ---- */

/* Its availability too; what is told of that is of the order as it came. */
static bool judge(void *arg, const struct intent_set_way *ways, size_t n, struct intent_set_result *r)
{
	struct slice_commit *c = arg;
	bool was = c->judged, keeps = slice_judge(c, ways, n, r);

	c->judged = was;
	memset(c->odds_offer, 0, sizeof(c->odds_offer));
	return keeps;
}

static void answered(void *arg, const struct intent_set_result *r);

static bool ask(struct slice_commit *c, const struct slice_entry *nrp)
{
	size_t n = 0;
	struct intent_policy **puts = slice_puts(c, &n);
	const struct intent_set_write w = { .puts = (const struct intent_policy *const *)puts,
					    .n_puts = n,
					    .owner = SLICE_OWNER,
					    .dry_run = true,
					    .judge = judge };

	for (size_t i = 0; i < n; i++) {
		puts[i]->nrp = nrp ? nrp->nrp.id : 0;
		puts[i]->cpaths[0].algo = algo_there(&c->put_of.at[i]->fresh->service.real, nrp);
	}
	if (puts)
		intent_put_set(c->s->intent, &w, answered, c);
	for (size_t i = 0; i < n; i++)
		free(puts[i]);
	free(puts);
	return puts != NULL;
}

/* In words, with what is not to be had there. */
static void offer(struct slice_commit *c, const struct slice_entry *nrp)
{
	char *to = c->result.alternative[alternatives(&c->result)];

	if (nrp)
		(void)snprintf(to, SR_REASON_MAX, "nrp-id %u (%.100s)", nrp->nrp.id, nrp->id);
	else
		(void)snprintf(to, SR_REASON_MAX, "nrp-id 0 (outside of partitions: reserved, but without a queue)");
}

static void answered(void *arg, const struct intent_set_result *r)
{
	struct slice_commit *c = arg;

	if (r->code == 0 && alternatives(&c->result) < SLICE_ALTERNATIVES_MAX)
		offer(c, tried(c, c->other - 1));
	if (!slice_other(c) && !slice_later(c))
		slice_settle(c);
}

/* ---- a lower tier ---- */

struct tiers {
	struct slice_catalogue of;
	unsigned n;
	struct str *text; /* "silver in place of gold, …"; NULL: not wanted */
};

/* The templates as they are, none a tier lower. */
static struct slice_catalogue tiers_of(const struct slice_outlook *o)
{
	return (struct slice_catalogue){ .find = slice_outlook_template, .ctx = o };
}

static bool has_tier(void *arg, const char *id)
{
	const struct tiers *t = arg;
	unsigned got;

	(void)slice_slo_lower(&t->of, id, t->n, &got);
	return got == t->n;
}

/* Each once, however many levels name it. */
static bool tell_tier(void *arg, const char *id)
{
	const struct tiers *t = arg;
	STR_AUTO struct str told = { 0 }, one = { 0 };
	unsigned got;
	const char *lower = slice_slo_lower(&t->of, id, t->n, &got);

	if (got == 0)
		return false;
	str_addf(&told, "%s,", str_text(t->text));
	str_addf(&one, " %s in place of %s,", lower, id);
	if (!strstr(str_text(&told), str_text(&one)))
		str_addf(t->text, "%s %s in place of %s", t->text->len ? "," : "template", lower, id);
	return false;
}

static bool is_order(const struct slice_change *h)
{
	return h->kind == SLICE_SERVICE && h->fresh && !h->follows && h->fresh->service.admin != SLICE_ADMIN_PRE;
}

static bool any_has_tier(struct slice_commit *c)
{
	struct tiers t = { tiers_of(&c->outlook), c->tier, NULL };

	for (size_t i = 0; i < c->changes.n; i++)
		if (is_order(&c->changes.at[i]) && slice_slo_any(&c->changes.at[i].fresh->service, has_tier, &t))
			return true;
	return false;
}

/* The plans are those of the tier until tier_end(). */
static bool tier_begin(struct slice_commit *c)
{
	struct slice_refusal why = { 0 };
	bool good = true;

	c->kept.n = 0;
	c->outlook.lower = c->tier;
	for (size_t i = 0; i < c->changes.n && good; i++) {
		struct slice_change *h = &c->changes.at[i];
		bool planned = h->kind == SLICE_SERVICE && h->fresh;

		good = VEC_ADD(&c->kept, planned ? h->fresh->plan : (struct slice_plan){ 0 }) != NULL;
		if (good && is_order(h))
			good = slice_plan_of(&c->outlook, h->fresh, h->old, &why) == 0;
	}
	return good;
}

static void tier_end(struct slice_commit *c)
{
	c->outlook.lower = 0;
	for (size_t i = 0; i < c->kept.n; i++)
		if (c->changes.at[i].kind == SLICE_SERVICE && c->changes.at[i].fresh)
			c->changes.at[i].fresh->plan = c->kept.at[i];
	c->kept.n = 0;
}

static void offer_tier(struct slice_commit *c)
{
	STR_AUTO struct str text = { .limit = SR_REASON_MAX };
	struct tiers t = { tiers_of(&c->outlook), c->tier, &text };

	for (size_t i = 0; i < c->changes.n; i++)
		if (is_order(&c->changes.at[i]))
			(void)slice_slo_any(&c->changes.at[i].fresh->service, tell_tier, &t);
	(void)str_copy(c->result.alternative[alternatives(&c->result)], SR_REASON_MAX, str_text(&text));
}

static void tier_answered(void *arg, const struct intent_set_result *r)
{
	struct slice_commit *c = arg;

	tier_end(c);
	if (r->code == 0) {
		offer_tier(c);
		c->tier = SLICE_INHERIT_MAX; /* the highest that fits */
	}
	if (!slice_other(c) && (c->judged || !slice_later(c)))
		slice_settle(c);
}

static bool ask_tier(struct slice_commit *c)
{
	size_t n = 0;
	struct intent_policy **puts = tier_begin(c) ? slice_puts(c, &n) : NULL;
	const struct intent_set_write w = { .puts = (const struct intent_policy *const *)puts,
					    .n_puts = n,
					    .owner = SLICE_OWNER,
					    .dry_run = true,
					    .judge = judge };

	if (n > 0)
		intent_put_set(c->s->intent, &w, tier_answered, c);
	else
		tier_end(c);
	for (size_t i = 0; i < n; i++)
		free(puts[i]);
	free(puts);
	return n > 0;
}

/* Repairs keep to what was ordered. */
static bool lower_tier(struct slice_commit *c)
{
	while (c->moves.n == 0 && c->tier < SLICE_INHERIT_MAX && alternatives(&c->result) < SLICE_ALTERNATIVES_MAX) {
		c->tier++;
		if (!any_has_tier(c))
			c->tier = SLICE_INHERIT_MAX;
		else if (ask_tier(c))
			return true;
	}
	return false;
}

/* The partitions by name, and after them none: what has a queue is nearer to what was asked for. */
bool slice_other(struct slice_commit *c)
{
	if (lower_tier(c))
		return true;
	if (c->judged) /* room elsewhere makes nothing more available */
		return false;
	while (c->other <= c->s->of[SLICE_NRP].n && alternatives(&c->result) < SLICE_ALTERNATIVES_MAX) {
		const struct slice_entry *nrp = tried(c, c->other++);

		if (would_be_taken(c, nrp) && ask(c, nrp))
			return true;
	}
	return false;
}

bool slice_tier_below(const struct slice *s, const char *id, char *out, size_t cap)
{
	STR_AUTO struct str text = { .limit = SR_REASON_MAX };
	const struct slice_outlook now = slice_outlook_now((struct slice *)(uintptr_t)s);
	struct tiers t = { tiers_of(&now), 1, &text };
	const struct slice_entry *e = slice_find(s, SLICE_SERVICE, id);

	if (e)
		(void)slice_slo_any(&e->service, tell_tier, &t);
	return text.len > 0 && str_copy(out, cap, str_text(&text));
}
