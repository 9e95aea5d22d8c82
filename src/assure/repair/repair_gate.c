/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between an action and its being tried, one gate after another. */
#include <stdio.h>
#include <string.h>

#include "assure/repair/repair_priv.h"
#include "base/auto.h"

#define HOUR (3600 * NS_PER_S)

struct asking {
	const struct repair *r;
	struct incident *i;
	const struct repair_order *order;
	const struct repair_now *now;
	char *why;
};

bool repair_works(const struct incident *i)
{
	return i->view.phase >= REPAIR_SIMULATING && i->view.phase <= REPAIR_REVERTING;
}

/* ---- what is done in an hour ---- */

static uint32_t within_hour(const struct repair_hour *h, struct mono now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->n; i++)
		n += mono_since(h->at[i], now) < HOUR;
	return n;
}

void repair_hour_add(struct repair_hour *h, struct mono at)
{
	uint32_t old = h->n - within_hour(h, at);

	if (h->n == h->cap && old == 0)
		old = 1; /* gates let no more through than are remembered */
	memmove(h->at, h->at + old, (h->n - old) * sizeof(*h->at));
	h->n -= old;
	h->at[h->n++] = at;
}

/* When the first of those that fill it is an hour old. */
static struct mono hour_over(const struct repair_hour *h, uint32_t max, struct mono now)
{
	uint32_t n = within_hour(h, now);

	return n >= max && n > 0 ? mono_add(h->at[h->n - n + (n - max)], HOUR) : now;
}

/* ---- gates ---- */

static enum repair_way able(const struct asking *q)
{
	if (q->r->cfg.able & 1u << q->order->action)
		return WAY_GO;
	(void)snprintf(q->why, REPAIR_TEXT_MAX, "nothing here does %s", repair_action_name(q->order->action));
	return WAY_SKIP;
}

static enum repair_way only_tells(const struct asking *q)
{
	return q->order->action == REPAIR_NOTIFY ? WAY_TELL : WAY_GO;
}

bool repair_frozen(const struct repair *r, const struct incident *i, char why[REPAIR_TEXT_MAX])
{
	enum repair_action a = i->view.policy.order[i->view.at].action;
	char window[REPAIR_TEXT_MAX] = "";
	uint8_t allowed = 0;

	if (!r->cfg.free || r->cfg.free(r->cfg.ctx, i->view.slice, &allowed, window) || (allowed & 1u << a))
		return false;
	(void)snprintf(why, REPAIR_TEXT_MAX, "not approved beforehand for assurance window %.120s", window);
	return true;
}

static enum repair_way frozen(const struct asking *q)
{
	return repair_frozen(q->r, q->i, q->why) ? WAY_SKIP : WAY_GO;
}

static enum repair_way placed(const struct asking *q)
{
	static const bool at_a_place[REPAIR_ACTIONS] = { [REPAIR_REROUTE] = true, [REPAIR_REBALANCE] = true,
							 [REPAIR_SHED] = true };

	if (!at_a_place[q->order->action] || q->i->placed)
		return WAY_GO;
	(void)snprintf(q->why, REPAIR_TEXT_MAX, "no place is suspected that could be %s",
		       q->order->action == REPAIR_REROUTE ? "gone around" : "relieved");
	return WAY_SKIP;
}

static enum repair_way patient(const struct asking *q)
{
	if (mono_before(q->now->mono, q->i->wait_until))
		return WAY_GO;
	(void)snprintf(q->why, REPAIR_TEXT_MAX, "it has waited too long");
	return WAY_SKIP;
}

/* Approved beforehand is approved, while that window lasts. */
bool repair_approved(const struct repair *r, const struct incident *i)
{
	const struct repair_order *o = &i->view.policy.order[i->view.at];
	char window[REPAIR_TEXT_MAX];
	uint8_t allowed = 0;

	if (!o->by_operator || i->approved)
		return true;
	return r->cfg.free && !r->cfg.free(r->cfg.ctx, i->view.slice, &allowed, window) &&
	       (allowed & 1u << o->action);
}

static enum repair_way approved(const struct asking *q)
{
	if (repair_approved(q->r, q->i))
		return WAY_GO;
	(void)snprintf(q->why, REPAIR_TEXT_MAX, "waits for an operator");
	return WAY_ASK;
}

static enum repair_way held_down(const struct asking *q)
{
	if (!mono_before(q->now->mono, q->i->of->hold_until))
		return WAY_GO;
	(void)snprintf(q->why, REPAIR_TEXT_MAX, "hold-down of the slice: %llu s left",
		       (unsigned long long)(mono_since(q->now->mono, q->i->of->hold_until) / NS_PER_S));
	q->i->due = q->i->of->hold_until;
	return WAY_WAIT;
}

static enum repair_way slice_hour(const struct asking *q)
{
	uint32_t max = q->i->view.policy.max_per_hour;

	if (max == 0) {
		(void)snprintf(q->why, REPAIR_TEXT_MAX, "the slice allows no action in an hour");
		return WAY_SKIP;
	}
	if (within_hour(&q->i->of->hour, q->now->mono) < max)
		return WAY_GO;
	(void)snprintf(q->why, REPAIR_TEXT_MAX, "the slice had its %u actions of an hour", max);
	q->i->due = hour_over(&q->i->of->hour, max, q->now->mono);
	return WAY_WAIT;
}

static uint32_t in_phase(const struct repair *r, enum repair_phase p)
{
	uint32_t n = 0;

	LIST_EACH (l, &r->incidents)
		n += LIST_OF(l, struct incident, link)->view.phase == p;
	return n;
}

/* Those that are simulated may be applied: they have their part. */
static enum repair_way all_hour(const struct asking *q)
{
	uint32_t max = q->r->cfg.per_hour_max, had = within_hour(&q->r->hour, q->now->mono);

	if (max == 0) {
		(void)snprintf(q->why, REPAIR_TEXT_MAX, "no action is allowed in an hour");
		return WAY_SKIP;
	}
	if (had + in_phase(q->r, REPAIR_SIMULATING) < max)
		return WAY_GO;
	(void)snprintf(q->why, REPAIR_TEXT_MAX, "all slices together had their %u actions of an hour", max);
	if (had >= max)
		q->i->due = hour_over(&q->r->hour, max, q->now->mono);
	return WAY_WAIT;
}

static uint32_t working(const struct repair *r)
{
	uint32_t n = 0;

	LIST_EACH (l, &r->incidents)
		n += repair_works(LIST_OF(l, struct incident, link));
	return n;
}

static enum repair_way at_once(const struct asking *q)
{
	if (working(q->r) < q->r->cfg.at_once_max)
		return WAY_GO;
	(void)snprintf(q->why, REPAIR_TEXT_MAX, "%u repairs are at work", q->r->cfg.at_once_max);
	return WAY_WAIT;
}

static bool share(const struct incident *a, const struct incident *b)
{
	if (a->holds_all || b->holds_all)
		return true;
	for (uint32_t i = 0; i < a->n_holds; i++)
		for (uint32_t k = 0; k < b->n_holds; k++)
			if (a->holds[i] == b->holds[k])
				return true;
	return false;
}

static enum repair_way alone(const struct asking *q)
{
	LIST_EACH (l, &q->r->incidents) {
		const struct incident *o = LIST_OF(l, struct incident, link);

		if (o == q->i || !repair_works(o) || !share(o, q->i))
			continue;
		(void)snprintf(q->why, REPAIR_TEXT_MAX, "incident %u repairs %.100s at the same place", o->view.id,
			       o->view.slice);
		return WAY_WAIT;
	}
	return WAY_GO;
}

enum repair_way repair_gate(const struct repair *r, struct incident *i, const struct repair_now *now,
			    char why[REPAIR_TEXT_MAX], unsigned *gate)
{
	static enum repair_way (*const gates[])(const struct asking *) = {
		able,	   only_tells, frozen,	   placed,  patient, approved,
		held_down, slice_hour, all_hour, at_once, alone,
	};
	const struct asking q = { r, i, &i->view.policy.order[i->view.at], now, why };

	for (*gate = 0; *gate < ARRAY_LEN(gates); ++*gate) {
		enum repair_way w = gates[*gate](&q);

		if (w != WAY_GO)
			return w;
	}
	return WAY_GO;
}
