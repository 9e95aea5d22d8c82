/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents and what is remembered of slices. Each piece of news changes one incident and then lets
 * those that wait look again, for an end of one may be the turn of another.
 */
#include "assure/repair/repair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_priv.h"
#include "base/err.h"
#include "base/str.h"

#define HOUR (3600 * NS_PER_S)

/* ---- names ---- */

static const char *const actions[REPAIR_ACTIONS] = {
	"switch-to-protect", "reroute", "rebalance", "resize-nrp", "shed-lower-priority", "notify-only",
	"restore",
};
static const char *const phases[REPAIR_PHASES] = {
	"locating", "choosing", "approval", "simulating", "applying", "verifying", "reverting", "ended",
};
static const char *const outcomes[REPAIR_OUTCOMES] = {
	"open", "kept", "reverted", "given-up", "cleared", "accepted", "slice-gone",
};
static const char *const whats[REPAIR_WHATS] = {
	"opened", "located",   "chosen", "skipped", "waits",  "asks",	   "approved", "rejected", "simulated",
	"refused", "applied", "failed", "window",  "reverting", "reverted", "told",	"ended",     "resumed",
};

const char *repair_action_name(enum repair_action a)
{
	return actions[a];
}

const char *repair_phase_name(enum repair_phase p)
{
	return phases[p];
}

const char *repair_outcome_name(enum repair_outcome o)
{
	return outcomes[o];
}

const char *repair_what_name(enum repair_what w)
{
	return whats[w];
}

/* ---- life ---- */

void repair_cfg_default(struct repair_cfg *cfg)
{
	*cfg = (struct repair_cfg){ .slices_max = 4096,
				    .incidents_max = 256,
				    .per_hour_max = 60,
				    .at_once_max = 4,
				    .answer_ns = 60 * NS_PER_S,
				    .window_ns = 300 * NS_PER_S,
				    .approval_ns = HOUR,
				    .wait_ns = 2 * HOUR,
				    .again_ns = HOUR };
}

static bool slice_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, struct repair_slice, node)->id, key) == 0;
}

int repair_new(struct repair **outp, const struct repair_cfg *cfg, uint64_t seed)
{
	AUTO(repair_free) struct repair *r = calloc(1, sizeof(*r));

	if (!r)
		return err_raise(-ENOMEM);
	r->cfg = *cfg;
	hash_init(&r->slices, seed, slice_eq);
	list_init(&r->incidents);
	r->hour.cap = cfg->per_hour_max;
	r->hour.at = calloc(cfg->per_hour_max + (size_t)1, sizeof(*r->hour.at));
	r->waiting = calloc(cfg->incidents_max + (size_t)1, sizeof(struct incident *));
	r->slots = calloc(cfg->incidents_max + (size_t)1, sizeof(*r->slots));
	if (!r->hour.at || !r->waiting || !r->slots)
		return err_raise(-ENOMEM);
	*outp = TAKE(r);
	return 0;
}

void repair_incident_free(struct repair *r, struct incident *i)
{
	r->slots[i->slot] = false;
	for (unsigned t = 0; t < REPAIR_TASKS; t++)
		r->n_todo -= (i->todo >> t) & 1u;
	list_del(&i->link);
	r->n_incidents--;
	VEC_FINI(&i->timeline);
	VEC_FINI(&i->beside);
	free(i);
}

struct repair *repair_free(struct repair *r)
{
	if (!r)
		return NULL;
	LIST_EACH (l, &r->incidents)
		repair_incident_free(r, LIST_OF(l, struct incident, link));
	HASH_EACH (n, &r->slices)
		free(HASH_OF(n, struct repair_slice, node));
	hash_fini(&r->slices);
	free(r->hour.at);
	free(r->waiting);
	free(r->slots);
	free(r);
	return NULL;
}

/* ---- slices ---- */

struct repair_slice *repair_slice_get(const struct repair *r, const char *id)
{
	struct hash_node *n = hash_get(&r->slices, id, strlen(id), id);

	return n ? HASH_OF(n, struct repair_slice, node) : NULL;
}

static void slice_drop(struct repair *r, struct repair_slice *s)
{
	hash_del(&r->slices, &s->node);
	free(s);
}

/* Nothing of it is still to be held to. */
static bool forgettable(const struct repair_slice *s, struct mono now)
{
	return !s->open && !s->spent && !mono_before(now, s->hold_until) &&
	       (s->hour.n == 0 || mono_since(s->hour.at[s->hour.n - 1], now) >= HOUR);
}

int repair_slice_make(struct repair *r, const char *id, struct mono now, struct repair_slice **outp)
{
	struct repair_slice *s = repair_slice_get(r, id);

	*outp = s;
	if (s)
		return 0;
	if (r->slices.count >= r->cfg.slices_max) {
		HASH_EACH (n, &r->slices) {
			if (forgettable(HASH_OF(n, struct repair_slice, node), now))
				slice_drop(r, HASH_OF(n, struct repair_slice, node));
		}
	}
	if (r->slices.count >= r->cfg.slices_max)
		return REPAIR_E_FULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_raise(-ENOMEM);
	(void)str_copy(s->id, sizeof(s->id), id);
	s->hour.at = s->times;
	s->hour.cap = REPAIR_HOUR_MAX;
	if (hash_put(&r->slices, s->id, strlen(s->id), &s->node) < 0) {
		free(s);
		return err_raise(-ENOMEM);
	}
	*outp = s;
	return 0;
}

/* ---- incidents ---- */

struct incident *repair_find(const struct repair *r, uint32_t id)
{
	LIST_EACH (l, &r->incidents) {
		struct incident *i = LIST_OF(l, struct incident, link);

		if (i->view.id == id)
			return i;
	}
	return NULL;
}

static struct incident *oldest_ended(const struct repair *r)
{
	LIST_EACH (l, &r->incidents) {
		struct incident *i = LIST_OF(l, struct incident, link);

		if (i->view.phase == REPAIR_ENDED && !i->todo)
			return i;
	}
	return NULL;
}

int repair_incident_new(struct repair *r, uint32_t id, struct incident **outp)
{
	struct incident *i = r->n_incidents >= r->cfg.incidents_max ? oldest_ended(r) : NULL;
	struct list *before = &r->incidents;

	if (r->n_incidents >= r->cfg.incidents_max && !i)
		return REPAIR_E_FULL;
	if (i)
		repair_incident_free(r, i);
	i = calloc(1, sizeof(*i));
	if (!i)
		return err_raise(-ENOMEM);
	i->view.id = id;
	while (r->slots[i->slot])
		i->slot++;
	r->slots[i->slot] = true;
	LIST_EACH (l, &r->incidents)
		if (before == &r->incidents && LIST_OF(l, struct incident, link)->view.id > id)
			before = l;
	list_add(before, &i->link);
	r->n_incidents++;
	r->id_given = id > r->id_given ? id : r->id_given;
	*outp = i;
	return 0;
}

static int open_one(struct repair *r, struct repair_slice *s, const struct repair_window *w,
		    const struct repair_now *now)
{
	struct incident *i;
	int rc = repair_incident_new(r, r->id_given + 1, &i);

	if (rc != 0)
		return rc;
	(void)str_copy(i->view.slice, sizeof(i->view.slice), s->id);
	i->view.policy = *w->policy;
	i->view.policy.n = w->policy->n < REPAIR_ORDERS_MAX ? w->policy->n : REPAIR_ORDERS_MAX;
	i->view.opened_wall_ns = now->wall_ns;
	i->of = s;
	s->open = i;
	s->spent = false;
	r->counts.opened++;
	repair_tell(i, REPAIR_W_OPENED, now, "violated: %.200s", w->why ? w->why : "");
	repair_turn(r, i, REPAIR_LOCATING, REPAIR_DO_LOCATE, now);
	return 0;
}

/* ---- windows ---- */

void repair_keep(struct repair *r, struct incident *i, const struct repair_now *now)
{
	struct mono until = mono_add(now->mono, i->view.policy.hold_down_s * NS_PER_S);

	i->of->hold_until = until;
	repair_end(r, i, REPAIR_KEPT, "three windows within the bounds", now);
}

/* Fewer slices first. */
static bool grows(const struct incident *i)
{
	enum repair_action a = i->view.policy.order[i->view.at].action;

	return a == REPAIR_REBALANCE || a == REPAIR_SHED;
}

/* And those beside it have to be as well as they were. */
static void within(struct repair *r, struct incident *i, const struct repair_now *now)
{
	const char *waits = repair_beside_waits(i);

	if (i->view.good == REPAIR_VERIFY)
		return; /* one beside it is waited for */
	i->view.good++;
	repair_tell(i, REPAIR_W_WINDOW, now, "within the bounds, %u of %d", i->view.good, REPAIR_VERIFY);
	repair_todo_add(r, i, REPAIR_DO_SHOW);
	if (i->view.good == REPAIR_VERIFY && !waits)
		repair_keep(r, i, now);
	else if (i->view.good == REPAIR_VERIFY)
		repair_tell(i, REPAIR_W_WAITS, now, "for windows of slice %.110s beside it", waits);
}

static void verify(struct repair *r, struct incident *i, const struct repair_window *w,
		   const struct repair_now *now)
{
	if (w->begin_wall_ns < i->view.applied_wall_ns)
		return; /* it began before */
	i->resumed = i->resumed && w->verdict == REPAIR_UNKNOWN;
	switch (w->verdict) {
	case REPAIR_WITHIN:
		within(r, i, now);
		break;
	case REPAIR_BEYOND:
		repair_tell(i, REPAIR_W_WINDOW, now, "out of bounds: %.200s", w->why ? w->why : "");
		i->more = grows(i);
		repair_take_back(r, i, "it did not help", now);
		break;
	case REPAIR_UNKNOWN:
		if (i->resumed)
			return; /* sessions come back, counters have no base yet: in time it is taken back */
		i->view.blind++;
		repair_tell(i, REPAIR_W_WINDOW, now, "unknown: %.200s", w->why ? w->why : "");
		if (i->view.blind == REPAIR_BLIND)
			repair_take_back(r, i, "whether it helped is not known", now);
		break;
	}
}

/* Its slice was not measured yet since the start: out of bounds it goes on, within them it is over. */
static void resume(struct repair *r, struct incident *i, const struct repair_window *w,
		   const struct repair_now *now)
{
	if (w->verdict == REPAIR_BEYOND || w->violated) {
		i->resumed = false;
		i->view.good = 0;
		if (i->view.phase != REPAIR_LOCATING)
			return;
		i->view.n_causes = 0;
		repair_turn(r, i, REPAIR_LOCATING, REPAIR_DO_LOCATE, now);
	} else if (w->verdict == REPAIR_WITHIN && ++i->view.good == REPAIR_VERIFY) {
		repair_end(r, i, i->view.reverts ? REPAIR_REVERTED : REPAIR_CLEARED,
			   "the slice is within its bounds again", now);
	}
}

/* Nothing of it is in the network yet. */
static bool early(const struct incident *i)
{
	return i->view.phase <= REPAIR_SIMULATING;
}

/* What its list could not mend has gone by. */
static void well_again(struct repair *r, struct repair_slice *s)
{
	struct incident *i = s->spent ? repair_find(r, s->last) : NULL;

	if (i)
		i->well = i->unsaved = true;
	s->spent = s->accepted = s->recalled = false;
}

/* Something is to be done about it: it is out of bounds as it runs now, not only until enough windows were
 * within them, nor as it ran before the last incident ended. */
static bool fresh(const struct repair_slice *s, const struct repair_window *w, const struct repair_now *now)
{
	return w->verdict == REPAIR_BEYOND && w->begin_wall_ns >= s->since_wall_ns &&
	       !(s->spent && (s->accepted || mono_before(now->mono, s->again)));
}

static int window_in(struct repair *r, struct repair_slice *s, const struct repair_window *w,
		     const struct repair_now *now)
{
	struct incident *i = s->open;

	if (!i && !w->violated) {
		if (w->verdict == REPAIR_WITHIN || !s->recalled)
			well_again(r, s);
		return 0;
	}
	if (i && i->view.restores && early(i)) {
		if (!w->violated)
			return 0;
		repair_end(r, i, REPAIR_GIVEN_UP, "the slice is out of bounds", now);
		i = NULL;
	}
	if (!i)
		return fresh(s, w, now) ? open_one(r, s, w, now) : 0;
	if (i->view.phase == REPAIR_VERIFYING)
		verify(r, i, w, now);
	else if (i->resumed && early(i))
		resume(r, i, w, now);
	else if (!w->violated && early(i))
		repair_end(r, i, i->view.reverts ? REPAIR_REVERTED : REPAIR_CLEARED,
			   "the slice is within its bounds again", now);
	return 0;
}

int repair_window(struct repair *r, const struct repair_window *w, const struct repair_now *now)
{
	struct repair_slice *s = repair_slice_get(r, w->slice);
	int rc = 0;

	if (!s && !w->violated)
		return 0;
	if (!s)
		rc = repair_slice_make(r, w->slice, now->mono, &s);
	if (rc == 0)
		rc = window_in(r, s, w, now);
	repair_choose_all(r, now);
	return rc;
}

/* ---- answers ---- */

static struct incident *answer_of(struct repair *r, uint32_t id, uint32_t turn, enum repair_phase p)
{
	struct incident *i = repair_find(r, id);

	return i && i->turn == turn && i->view.phase == p ? i : NULL;
}

static void holds_set(struct incident *i, const struct repair_located *l)
{
	i->holds_all = l->n_holds > REPAIR_HOLDS_MAX;
	i->n_holds = i->holds_all ? 0 : l->n_holds;
	for (uint32_t k = 0; k < i->n_holds; k++)
		i->holds[k] = l->holds[k];
}

void repair_located(struct repair *r, uint32_t incident, uint32_t turn, const struct repair_located *l,
		    const struct repair_now *now)
{
	struct incident *i = answer_of(r, incident, turn, REPAIR_LOCATING);

	if (!i)
		return;
	i->placed = l->placed;
	holds_set(i, l);
	if (i->view.restores && l->placed) {
		repair_end(r, i, REPAIR_GIVEN_UP, "the cause is there again", now);
		return;
	}
	for (uint32_t k = 0; k < l->n_causes && k < REPAIR_CAUSES_MAX; k++)
		(void)str_copy(i->view.cause[i->view.n_causes++], REPAIR_TEXT_MAX, l->causes[k]);
	repair_tell(i, REPAIR_W_LOCATED, now, "%.240s", l->n_causes ? l->causes[0] : "unknown");
	i->view.phase = REPAIR_CHOOSING;
	i->due = now->mono;
	repair_choose_all(r, now);
}

void repair_simulated(struct repair *r, uint32_t incident, uint32_t turn, bool ok, const char *why,
		      const struct repair_now *now)
{
	struct incident *i = answer_of(r, incident, turn, REPAIR_SIMULATING);
	char frozen[REPAIR_TEXT_MAX];

	if (!i)
		return;
	repair_tell(i, ok ? REPAIR_W_SIMULATED : REPAIR_W_REFUSED, now, "%.240s", why);
	if (!ok) {
		r->counts.refused++;
		repair_pass(i, now);
	} else if (repair_frozen(r, i, frozen)) {
		repair_tell(i, REPAIR_W_SKIPPED, now, "%.240s", frozen);
		repair_pass(i, now);
	} else if (!repair_approved(r, i)) {
		i->view.phase = REPAIR_CHOOSING; /* the window in which it was approved has ended */
	} else {
		repair_hour_add(&i->of->hour, now->mono);
		repair_hour_add(&r->hour, now->mono);
		i->of->hold_until = mono_add(now->mono, i->view.policy.hold_down_s * NS_PER_S);
		if (i->n_acts < REPAIR_ORDERS_MAX)
			i->act_wall_ns[i->n_acts++] = now->wall_ns;
		i->view.actions++;
		i->beside.n = 0;
		r->counts.actions++;
		repair_turn(r, i, REPAIR_APPLYING, REPAIR_DO_APPLY, now);
	}
	repair_choose_all(r, now);
}

void repair_applied(struct repair *r, uint32_t incident, uint32_t turn, bool ok, const char *why,
		    const struct repair_now *now)
{
	struct incident *i = answer_of(r, incident, turn, REPAIR_APPLYING);

	if (!i)
		return;
	if (ok && i->beside.n > 0)
		repair_tell(i, REPAIR_W_APPLIED, now, "%.200s; %zu beside it watched", why, i->beside.n);
	else
		repair_tell(i, ok ? REPAIR_W_APPLIED : REPAIR_W_FAILED, now, "%.240s", why);
	if (ok) {
		i->view.phase = REPAIR_VERIFYING;
		i->view.acted = true;
		i->view.applied_wall_ns = now->wall_ns;
		i->view.good = i->view.blind = 0;
		i->due = mono_add(now->mono, r->cfg.window_ns);
		repair_todo_add(r, i, REPAIR_DO_SHOW);
	} else {
		repair_pass(i, now);
	}
	repair_choose_all(r, now);
}

/* Taking back failed: once more, a while later, or an operator has to. */
static void not_reverted(struct repair *r, struct incident *i, const char *why, const struct repair_now *now)
{
	repair_tell(i, REPAIR_W_FAILED, now, "not taken back: %.200s", why);
	if (i->tries < REPAIR_REVERTS) {
		i->turn++;
		i->failed = true; /* and that was told */
		i->due = mono_add(now->mono, r->cfg.answer_ns);
		return;
	}
	repair_end(r, i, REPAIR_GIVEN_UP, "what was done could not be taken back: an operator has to", now);
	repair_todo_add(r, i, REPAIR_DO_NOTIFY);
}

void repair_reverted(struct repair *r, uint32_t incident, uint32_t turn, bool ok, const char *why,
		     const struct repair_now *now)
{
	struct incident *i = answer_of(r, incident, turn, REPAIR_REVERTING);

	if (!i)
		return;
	if (!ok) {
		not_reverted(r, i, why, now);
	} else {
		repair_tell(i, REPAIR_W_REVERTED, now, "%.240s", why);
		i->view.acted = false;
		i->view.reverts++;
		r->counts.reverts++;
		i->of->hold_until = mono_add(now->mono, i->view.policy.hold_down_s * NS_PER_S);
		repair_reconsider(i, now);
	}
	repair_choose_all(r, now);
}

/* ---- people ---- */

int repair_approve(struct repair *r, uint32_t incident, bool ok, const char *who,
		   const struct repair_now *now)
{
	struct incident *i = repair_find(r, incident);

	if (!i)
		return REPAIR_E_NONE;
	if (i->view.phase != REPAIR_APPROVAL)
		return REPAIR_E_STATE;
	repair_tell(i, ok ? REPAIR_W_APPROVED : REPAIR_W_REJECTED, now, "by %.200s", who);
	if (ok) {
		i->approved = true;
		i->view.phase = REPAIR_CHOOSING;
		i->wait_until = mono_add(now->mono, r->cfg.wait_ns);
	} else {
		repair_pass(i, now);
	}
	repair_choose_all(r, now);
	return 0;
}

int repair_accept(struct repair *r, uint32_t incident, const char *who, const struct repair_now *now)
{
	struct incident *i = repair_find(r, incident);
	char by[REPAIR_TEXT_MAX];

	if (!i)
		return REPAIR_E_NONE;
	if (!early(i))
		return REPAIR_E_STATE;
	(void)snprintf(by, sizeof(by), "by %.200s", who);
	repair_end(r, i, REPAIR_ACCEPTED, by, now);
	repair_choose_all(r, now);
	return 0;
}

void repair_gone(struct repair *r, const char *slice, const struct repair_now *now)
{
	struct repair_slice *s = repair_slice_get(r, slice);

	repair_beside_gone(r, slice, now);
	if (!s)
		return;
	if (s->open)
		repair_end(r, s->open, REPAIR_GONE, "", now);
	repair_restore_none(r, slice);
	slice_drop(r, s);
	repair_choose_all(r, now);
}

/* ---- time ---- */

static void late(struct repair *r, struct incident *i, const struct repair_now *now)
{
	/* What it would work at is not known: nobody works beside it. */
	static const struct repair_located none = { .n_holds = REPAIR_HOLDS_MAX + 1 };
	char why[REPAIR_TEXT_MAX];

	switch (i->view.phase) {
	case REPAIR_LOCATING:
		repair_located(r, i->view.id, i->turn, &none, now);
		break;
	case REPAIR_APPROVAL:
		(void)repair_approve(r, i->view.id, false, "nobody in time", now);
		break;
	case REPAIR_SIMULATING:
		repair_simulated(r, i->view.id, i->turn, false, "no answer in time", now);
		break;
	case REPAIR_APPLYING: /* nobody knows what is there */
		i->view.acted = true;
		repair_take_back(r, i, "no answer in time", now);
		break;
	case REPAIR_VERIFYING:
		repair_take_back(r, i, repair_beside_late(i, why) ? why : "too few windows in time", now);
		break;
	case REPAIR_REVERTING:
		if (i->tries >= REPAIR_REVERTS) {
			not_reverted(r, i, "no answer in time", now);
			break;
		}
		if (!i->failed)
			repair_tell(i, REPAIR_W_FAILED, now, "not taken back: no answer in time");
		i->failed = false;
		i->tries++;
		repair_turn(r, i, REPAIR_REVERTING, REPAIR_DO_REVERT, now);
		break;
	case REPAIR_CHOOSING:
	case REPAIR_ENDED:
	case REPAIR_PHASES:
		break;
	}
}

void repair_tick(struct repair *r, const struct repair_now *now)
{
	LIST_EACH (l, &r->incidents) {
		struct incident *i = LIST_OF(l, struct incident, link);

		if (i->view.phase != REPAIR_ENDED && !mono_before(now->mono, i->due))
			late(r, i, now);
	}
	repair_choose_all(r, now);
}

bool repair_due(const struct repair *r, struct mono *out)
{
	*out = (struct mono){ UINT64_MAX };
	LIST_EACH (l, &r->incidents) {
		const struct incident *i = LIST_OF(l, struct incident, link);

		if (i->view.phase != REPAIR_ENDED && mono_before(i->due, *out))
			*out = i->due;
	}
	return out->ns != UINT64_MAX;
}

/* ---- what is to be done ---- */

bool repair_next(struct repair *r, struct repair_do *out)
{
	if (r->n_todo == 0)
		return false;
	LIST_EACH (l, &r->incidents) {
		struct incident *i = LIST_OF(l, struct incident, link);
		unsigned t = 0;

		if (!i->todo)
			continue;
		while (!(i->todo & 1u << t))
			t++;
		i->todo &= (uint16_t)~(1u << t);
		r->n_todo--;
		*out = (struct repair_do){ .todo = (enum repair_todo)t, .incident = i->view.id, .turn = i->turn,
					   .phase = i->view.phase, .round = i->view.round,
					   .action = REPAIR_NOTIFY };
		if (i->view.at < i->view.policy.n)
			out->action = i->view.policy.order[i->view.at].action;
		(void)str_copy(out->slice, sizeof(out->slice), i->view.slice);
		return true;
	}
	return false;
}

/* ---- queries ---- */

const struct repair_incident *repair_incident_next(const struct repair *r, uint32_t after)
{
	LIST_EACH (l, &r->incidents) {
		const struct incident *i = LIST_OF(l, struct incident, link);

		if (i->view.id > after)
			return &i->view;
	}
	return NULL;
}

const struct repair_incident *repair_incident_get(const struct repair *r, uint32_t id)
{
	const struct incident *i = repair_find(r, id);

	return i ? &i->view : NULL;
}

void repair_counts(const struct repair *r, struct repair_counts *out)
{
	*out = r->counts;
	LIST_EACH (l, &r->incidents) {
		const struct incident *i = LIST_OF(l, struct incident, link);

		out->open += i->view.phase != REPAIR_ENDED;
		out->working += repair_works(i);
	}
}
