/* SPDX-License-Identifier: Apache-2.0 */
/* How an incident goes from one phase to the next, and what is written of it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "assure/repair/repair_priv.h"
#include "base/str.h"

void repair_tell(struct incident *i, enum repair_what what, const struct repair_now *now,
		 const char *fmt, ...)
{
	struct repair_entry e = { .wall_ns = now->wall_ns, .what = what, .action = -1 };
	va_list ap;

	if (i->chosen && i->view.at < i->view.policy.n)
		e.action = (int)i->view.policy.order[i->view.at].action;
	va_start(ap, fmt);
	(void)vsnprintf(e.text, sizeof(e.text), fmt, ap);
	va_end(ap);
	if (i->timeline.n >= REPAIR_TIMELINE_MAX || !VEC_ADD(&i->timeline, e))
		i->view.cut = true;
	i->unsaved = true;
	i->view.timeline = i->timeline.at;
	i->view.n_timeline = (uint32_t)i->timeline.n;
}

void repair_todo_add(struct repair *r, struct incident *i, enum repair_todo t)
{
	uint16_t bit = (uint16_t)(1u << t);

	r->n_todo += !(i->todo & bit);
	i->todo |= bit;
}

/* What was asked for is no longer wanted; what was to be told is. */
static void todo_drop(struct repair *r, struct incident *i)
{
	uint16_t keep = i->todo & 1u << REPAIR_DO_NOTIFY;

	for (unsigned t = 0; t < REPAIR_TASKS; t++)
		r->n_todo -= (uint32_t)((i->todo & ~keep) >> t) & 1u;
	i->todo = keep;
}

static void phase_set(struct repair *r, struct incident *i, enum repair_phase p)
{
	i->view.phase = p;
	i->unsaved = true;
	repair_todo_add(r, i, REPAIR_DO_SHOW);
}

void repair_turn(struct repair *r, struct incident *i, enum repair_phase p, enum repair_todo t,
		 const struct repair_now *now)
{
	i->turn++;
	todo_drop(r, i);
	phase_set(r, i, p);
	repair_todo_add(r, i, t);
	i->due = mono_add(now->mono, r->cfg.answer_ns);
}

void repair_end(struct repair *r, struct incident *i, enum repair_outcome o, const char *why,
		const struct repair_now *now)
{
	struct repair_slice *s = i->of;

	i->chosen = false; /* the end is of all of it */
	repair_tell(i, REPAIR_W_ENDED, now, "%s%s%s", repair_outcome_name(o), why[0] ? ": " : "", why);
	todo_drop(r, i);
	phase_set(r, i, REPAIR_ENDED);
	i->turn++;
	i->view.outcome = o;
	i->view.ended_wall_ns = now->wall_ns;
	i->due = (struct mono){ UINT64_MAX };
	VEC_FINI(&i->beside);
	i->of = NULL;
	i->resumed = false;
	s->open = NULL;
	s->last = i->view.id;
	s->since_wall_ns = now->wall_ns;
	s->recalled = false;
	s->spent = !i->view.restores && (o == REPAIR_REVERTED || o == REPAIR_GIVEN_UP || o == REPAIR_ACCEPTED);
	s->accepted = o == REPAIR_ACCEPTED;
	s->again = mono_add(now->mono, r->cfg.again_ns);
	r->counts.ended[o]++;
	repair_restore_ended(r, i);
	repair_restore_plan(r, s, now);
}

static void look_again(struct incident *i, const struct repair_now *now)
{
	i->view.phase = REPAIR_CHOOSING;
	i->approved = i->chosen = i->more = false;
	i->told = 0;
	i->due = now->mono;
}

void repair_pass(struct incident *i, const struct repair_now *now)
{
	i->view.at++;
	i->view.round = 0;
	look_again(i, now);
}

void repair_reconsider(struct incident *i, const struct repair_now *now)
{
	if (!i->more || i->view.round + 1 >= REPAIR_ROUNDS) {
		repair_pass(i, now);
		return;
	}
	i->view.round++;
	look_again(i, now);
}

void repair_take_back(struct repair *r, struct incident *i, const char *why, const struct repair_now *now)
{
	i->tries = 1;
	i->failed = false;
	repair_tell(i, REPAIR_W_REVERTING, now, "%s", why);
	repair_turn(r, i, REPAIR_REVERTING, REPAIR_DO_REVERT, now);
}

/* ---- choosing ---- */

static void waits(struct repair *r, struct incident *i, unsigned gate, const char *why,
		  const struct repair_now *now)
{
	if (!(i->told & 1u << gate)) {
		repair_tell(i, REPAIR_W_WAITS, now, "%s", why);
		repair_todo_add(r, i, REPAIR_DO_SHOW);
	}
	i->told |= (uint16_t)(1u << gate);
	if (mono_before(i->wait_until, i->due))
		i->due = i->wait_until;
}

static void asks(struct repair *r, struct incident *i, const char *why, const struct repair_now *now)
{
	repair_tell(i, REPAIR_W_ASKS, now, "%s", why);
	phase_set(r, i, REPAIR_APPROVAL);
	repair_todo_add(r, i, REPAIR_DO_ASK);
	i->due = mono_add(now->mono, r->cfg.approval_ns);
}

/* One action is looked at. False: it stays with that. */
static bool look(struct repair *r, struct incident *i, const struct repair_now *now)
{
	char why[REPAIR_TEXT_MAX] = "";
	unsigned gate;

	if (!i->chosen) {
		i->chosen = true;
		i->wait_until = mono_add(now->mono, r->cfg.wait_ns);
		if (i->view.round)
			repair_tell(i, REPAIR_W_CHOSEN, now, "%u of %u, with one slice more than before",
				    i->view.at + 1u, i->view.policy.n);
		else
			repair_tell(i, REPAIR_W_CHOSEN, now, "%u of %u", i->view.at + 1u, i->view.policy.n);
	}
	i->due = i->wait_until; /* unless a gate knows better */
	switch (repair_gate(r, i, now, why, &gate)) {
	case WAY_GO:
		repair_turn(r, i, REPAIR_SIMULATING, REPAIR_DO_SIMULATE, now);
		return false;
	case WAY_WAIT:
		waits(r, i, gate, why, now);
		return false;
	case WAY_ASK:
		asks(r, i, why, now);
		return false;
	case WAY_SKIP:
		repair_tell(i, REPAIR_W_SKIPPED, now, "%s", why);
		break;
	case WAY_TELL:
		repair_tell(i, REPAIR_W_TOLD, now, "the operator is told");
		repair_todo_add(r, i, REPAIR_DO_NOTIFY);
		break;
	}
	repair_pass(i, now);
	return true;
}

static void choose(struct repair *r, struct incident *i, const struct repair_now *now)
{
	while (i->view.at < i->view.policy.n) {
		if (!look(r, i, now))
			return;
	}
	repair_end(r, i, i->view.reverts ? REPAIR_REVERTED : REPAIR_GIVEN_UP, "no action is left", now);
}

static int turn_cmp(const void *x, const void *y)
{
	const struct incident *const *a = x, *const *b = y;

	if ((*a)->view.policy.priority != (*b)->view.policy.priority)
		return (*a)->view.policy.priority < (*b)->view.policy.priority ? -1 : 1;
	return ((*a)->view.id > (*b)->view.id) - ((*a)->view.id < (*b)->view.id);
}

void repair_choose_all(struct repair *r, const struct repair_now *now)
{
	size_t n = 0;

	LIST_EACH (l, &r->incidents) {
		struct incident *i = LIST_OF(l, struct incident, link);

		if (i->view.phase == REPAIR_CHOOSING)
			r->waiting[n++] = i;
	}
	qsort(r->waiting, n, sizeof(struct incident *), turn_cmp);
	for (size_t k = 0; k < n; k++)
		choose(r, r->waiting[k], now);
}
