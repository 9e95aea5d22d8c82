/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a restart: what is to be kept is told, and what was kept goes on. What a slice is held to
 * (hold-down, actions in an hour, what could not be mended) follows from its incidents.
 */
#include "assure/repair/repair_priv.h"

#define HOUR (3600 * NS_PER_S)

/* ---- keeping ---- */

bool repair_unsaved(struct repair *r, uint32_t *id, uint32_t *slot)
{
	LIST_EACH (l, &r->incidents) {
		struct incident *i = LIST_OF(l, struct incident, link);

		if (!i->unsaved)
			continue;
		i->unsaved = false;
		*id = i->view.id;
		*slot = i->slot;
		return true;
	}
	return false;
}

void repair_unsaved_all(struct repair *r)
{
	LIST_EACH (l, &r->incidents)
		LIST_OF(l, struct incident, link)->unsaved = true;
}

/* ---- what slices are held to ---- */

/* When something was, by the clock that only runs; what is to come by the wall's was just now. */
static struct mono when(uint64_t wall_ns, const struct repair_now *now)
{
	uint64_t age = now->wall_ns > wall_ns ? now->wall_ns - wall_ns : 0;

	return (struct mono){ now->mono.ns > age ? now->mono.ns - age : 0 };
}

static void acts_recall(struct repair *r, struct repair_slice *s, const struct incident *i,
			const struct repair_now *now)
{
	for (uint8_t k = 0; k < i->n_acts; k++) {
		struct mono at = when(i->act_wall_ns[k], now);
		struct mono until = mono_add(at, i->view.policy.hold_down_s * NS_PER_S);

		if (now->wall_ns > i->act_wall_ns[k] && now->wall_ns - i->act_wall_ns[k] >= HOUR)
			continue;
		repair_hour_add(&s->hour, at);
		if (r->hour.cap > 0)
			repair_hour_add(&r->hour, at);
		s->hold_until = mono_before(s->hold_until, until) ? until : s->hold_until;
	}
}

static void ended_recall(struct repair *r, struct repair_slice *s, const struct incident *i,
			 const struct repair_now *now)
{
	enum repair_outcome o = i->view.outcome;

	s->last = i->view.id;
	s->since_wall_ns = i->view.ended_wall_ns < now->wall_ns ? i->view.ended_wall_ns : now->wall_ns;
	s->spent = !i->well && !i->view.restores && (o == REPAIR_REVERTED || o == REPAIR_GIVEN_UP || o == REPAIR_ACCEPTED);
	s->accepted = s->spent && o == REPAIR_ACCEPTED;
	s->recalled = s->spent;
	s->again = mono_add(when(i->view.ended_wall_ns, now), r->cfg.again_ns);
}

/* ---- going on ---- */

static void wait_for_sight(struct repair *r, struct incident *i, const struct repair_now *now)
{
	i->view.phase = REPAIR_LOCATING;
	i->chosen = i->approved = false;
	i->told = 0;
	i->view.good = 0;
	i->due = mono_add(now->mono, r->cfg.wait_ns);
}

static void go_on(struct repair *r, struct incident *i, const struct repair_now *now)
{
	/* Sessions have to come back first. */
	uint64_t patience = r->cfg.answer_ns + r->cfg.window_ns;

	i->resumed = true;
	i->holds_all = true; /* links are no longer counted as they were */
	i->turn++;
	i->wait_until = mono_add(now->mono, r->cfg.wait_ns);
	repair_tell(i, REPAIR_W_RESUMED, now, "the controller was restarted while %s",
		    repair_phase_name(i->view.phase));
	switch (i->view.phase) {
	case REPAIR_LOCATING:
	case REPAIR_CHOOSING:
	case REPAIR_SIMULATING:
		if (i->view.restores)
			repair_end(r, i, REPAIR_GIVEN_UP, "it waits anew", now);
		else
			wait_for_sight(r, i, now);
		break;
	case REPAIR_APPROVAL:
		repair_todo_add(r, i, REPAIR_DO_ASK);
		i->due = mono_add(now->mono, r->cfg.approval_ns);
		break;
	case REPAIR_APPLYING:
		repair_todo_add(r, i, REPAIR_DO_APPLY);
		i->due = mono_add(now->mono, patience);
		break;
	case REPAIR_VERIFYING:
		i->view.blind = 0;
		i->due = mono_add(now->mono, patience);
		break;
	case REPAIR_REVERTING:
		i->tries = 1;
		i->failed = false;
		repair_todo_add(r, i, REPAIR_DO_REVERT);
		i->due = mono_add(now->mono, patience);
		break;
	case REPAIR_ENDED:
	case REPAIR_PHASES:
		break;
	}
	repair_todo_add(r, i, REPAIR_DO_SHOW);
}

/* What could not be taken back is tried once more. */
static void try_again(struct incident *i)
{
	if (i->view.phase != REPAIR_ENDED || i->view.outcome != REPAIR_GIVEN_UP || !i->view.acted)
		return;
	i->view.phase = REPAIR_REVERTING;
	i->view.outcome = REPAIR_OPEN;
	i->view.ended_wall_ns = 0;
}

void repair_resume(struct repair *r, const struct repair_now *now)
{
	LIST_EACH (l, &r->incidents) {
		struct incident *i = LIST_OF(l, struct incident, link);
		struct repair_slice *s;

		i->unsaved = false;
		if (repair_slice_make(r, i->view.slice, now->mono, &s) != 0)
			continue; /* no more slices than there may be: of others nothing is held to */
		acts_recall(r, s, i, now);
		if (!s->open)
			try_again(i);
		if (i->view.phase == REPAIR_ENDED || s->open) {
			ended_recall(r, s, i, now);
			repair_restore_plan(r, s, now);
			continue;
		}
		i->of = s;
		s->open = i;
		go_on(r, i, now);
	}
}
