/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a service. Steps are taken in order and taken back in the opposite one; each may be
 * repeated, so after a crash all begin anew. Nothing here runs inside of who calls: news only marks a
 * service to be looked at later in the turn.
 *
 * One that never stood is rolled back when a step fails, with its cause. One that stood is not: it has
 * traffic, so it is violated and tried again; nor is one that was promised long before it began.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "slice/room.h"

enum { RETRY_S = 30, POLL_S = 1, LINGER_S = 5 };

static void saved(void *arg, int r)
{
	const struct slice_entry *e = arg;

	if (r < 0)
		log_event("", LOG_WARN, "slice.store.write", "slice=%s error=%s", e->id, err_text(r));
}

void slice_save(struct slice_entry *e)
{
	AUTO_FREE char *text = slice_record_print(e, e->revision);
	const struct store_op op = { slice_bucket(e->kind), e->id, text, text ? strlen(text) : 0 };

	/* Should it fail, a restart takes the steps again: they are the same then. */
	if (!text || store_write(e->s->store, &op, 1, saved, e) < 0)
		log_event("", LOG_WARN, "slice.store.write", "slice=%s", e->id);
}

void slice_look(struct slice_entry *e)
{
	if (!list_linked(&e->look))
		list_add(&e->s->look, &e->look);
	loop_task_run(&e->s->look_task);
}

static void wait_for(struct slice_entry *e, uint64_t ns, bool again)
{
	e->again = again;
	loop_timer_after(&e->timer, ns);
}

/* Nobody's answer is waited for any more. */
static void wait_no_more(struct slice_entry *e)
{
	if (e->jobbed)
		slice_steps_cancel(e->s, e->id);
	intent_set_forget(e->s->intent, e);
	e->asked = e->waiting = e->jobbed = e->again = false;
	loop_timer_stop(&e->timer);
}

/* ---- alarms ---- */

void slice_alarm_set(struct slice_entry *e, bool on)
{
	if (e->alarm == on)
		return;
	e->alarm = on;
	slice_event(e, on ? BUS_ALARM : BUS_CLEARED, "slice-violated");
}

/* ---- building ---- */

/* Its traffic is not let on. */
static bool is_off(const struct slice_entry *e)
{
	return e->service.admin != SLICE_ADMIN_UP || e->shed_for[0];
}

static bool needs(const struct slice_entry *e, enum slice_step step)
{
	bool own = e->service.real.sharing != SLICE_SHARED && !e->service.real.parent;

	for (uint32_t i = 0; i < e->plan.n; i++)
		own = own || (e->plan.at[i].terms.isolate && !e->plan.at[i].inside);
	if (step == SLICE_STEP_POLICIES)
		return true;
	if (step == SLICE_STEP_QUEUE && !own)
		return false;
	/* Traffic is not let on before it is to be up. */
	if (step == SLICE_STEP_VERIFY && is_off(e))
		return false;
	return slice_step_by(e->s, step) != NULL;
}

static void start(struct slice_entry *e, enum slice_step step, bool undo)
{
	struct slice *s = e->s;
	const struct slice_steps *by = slice_step_by(s, step);
	struct slice_flow_view *flows = calloc((size_t)e->plan.n + 1, sizeof(*flows));
	struct slice_job job = { .id = e->id, .service = &e->service, .flows = flows, .step = step, .undo = undo };

	if (!flows) {
		wait_for(e, POLL_S * NS_PER_S, true);
		return;
	}
	job.n_flows = slice_flows(s, e->id, 0, flows, e->plan.n);
	e->waiting = e->jobbed = true;
	e->job_undo = undo;
	e->job_step = step;
	wait_for(e, s->cfg.realise_ns, false);
	by->start[step](by->ctx, &job);
	free(flows);
}

static void failed(struct slice_entry *e, const char *why)
{
	char cause[SR_REASON_MAX];

	(void)snprintf(cause, sizeof(cause), "%s: %.200s", slice_step_text(e->step), why);
	wait_no_more(e);
	if (!e->established && !e->service.real.begins_s) {
		metric_add(e->s->m_rolled_back, 1);
		slice_undo(e, false, cause);
		return;
	}
	slice_state_set(e, SLICE_VIOLATED, cause);
	slice_alarm_set(e, true);
	wait_for(e, RETRY_S * NS_PER_S, true);
}

static void health(struct slice_entry *e);

static void stands(struct slice_entry *e)
{
	loop_timer_stop(&e->timer);
	e->phase = SLICE_STANDS;
	e->established = true;
	health(e);
	slice_save(e);
}

/* One whose traffic is down is not merely on its way again: that is said before patience ends. */
static void stood(struct slice_entry *e)
{
	char why[SR_REASON_MAX] = "";

	if (!e->established || slice_examine(e, why) != SLICE_ILL)
		return;
	slice_state_set(e, SLICE_VIOLATED, why);
	slice_alarm_set(e, true);
}

static void build_on(struct slice_entry *e)
{
	char why[SR_REASON_MAX] = "";

	while (e->step < SLICE_STEPS && !e->waiting) {
		bool off = e->step == SLICE_STEP_CLASSIFY && is_off(e);

		if (!needs(e, e->step)) {
			e->step++;
			continue;
		}
		/* What is violated stays so until it stands again. */
		if (e->state != SLICE_VIOLATED)
			slice_state_set(e, e->step == SLICE_STEP_VERIFY ? SLICE_VERIFYING : SLICE_REALISING, "");
		if (e->step != SLICE_STEP_POLICIES) {
			start(e, e->step, off);
			return;
		}
		if (!slice_policies_ready(e, why)) {
			stood(e);
			if (!loop_timer_armed(&e->timer))
				wait_for(e, e->s->cfg.realise_ns, false);
			return;
		}
		loop_timer_stop(&e->timer);
		e->done |= (uint8_t)(1u << e->step++);
	}
	if (!e->waiting)
		stands(e);
}

void slice_build(struct slice_entry *e, enum slice_step from)
{
	e->phase = SLICE_BUILD;
	e->step = from;
	wait_no_more(e);
	slice_look(e);
}

/* ---- standing ---- */

static enum slice_state state_of(const struct slice_entry *e, enum slice_ill worst)
{
	bool was_ill = e->state == SLICE_VIOLATED || e->state == SLICE_REPAIRING;

	if (worst == SLICE_ILL)
		return e->mend == SLICE_MEND_REPAIR   ? SLICE_REPAIRING :
		       e->mend == SLICE_MEND_ACCEPTED ? SLICE_DEGRADED :
							SLICE_VIOLATED;
	/* What moves while it is up goes on forwarding; what was down is being mended. */
	if (worst == SLICE_MENDING && was_ill)
		return SLICE_REPAIRING;
	if (is_off(e))
		return SLICE_SUSPENDED;
	return worst == SLICE_RISKY ? SLICE_AT_RISK : SLICE_ACTIVE;
}

static void health(struct slice_entry *e)
{
	char why[SR_REASON_MAX] = "";
	enum slice_ill worst = slice_examine(e, why);
	enum slice_state st;

	if (!is_off(e) && worst < SLICE_ILL && e->verdict >= SLICE_RISK) {
		worst = e->verdict == SLICE_VIOLATION ? SLICE_ILL : SLICE_RISKY;
		(void)snprintf(why, sizeof(why), "measured: %.200s", e->verdict_why);
	}
	st = state_of(e, worst);
	if (st == SLICE_SUSPENDED && e->shed_for[0])
		(void)snprintf(why, sizeof(why), "shed: it gives way to slice %.200s, which is violated where both run",
			       e->shed_for);
	if (st == SLICE_ACTIVE)
		(void)str_copy(why, sizeof(why), e->unproved);
	slice_state_set(e, st, st == SLICE_SUSPENDED && !e->shed_for[0] ? "" : why);
	if (st != SLICE_REPAIRING)
		slice_alarm_set(e, st == SLICE_VIOLATED);
}

/* ---- taking back ---- */

void slice_undo(struct slice_entry *e, bool deleted, const char *cause)
{
	char why[SR_REASON_MAX];

	(void)str_copy(why, sizeof(why), cause);
	wait_no_more(e);
	e->phase = SLICE_UNDO;
	e->deleted = deleted;
	e->established = false;
	e->step = SLICE_STEPS;
	slice_state_set(e, deleted ? SLICE_RETIRING : SLICE_ROLLED_BACK, why);
	slice_alarm_set(e, false);
	if (e->shed_for[0])
		slice_event(e, BUS_CLEARED, "slice-shed");
	if (!deleted) {
		slice_event(e, BUS_WARNING, "slice-rolled-back");
		slice_save(e);
	}
	slice_look(e);
}

static void removed(void *arg, int r)
{
	struct slice_entry *e = arg;
	struct slice *s = e->s;
	struct slice_entry *parent;

	if (r < 0) {
		wait_for(e, POLL_S * NS_PER_S, true);
		return;
	}
	slice_event(e, BUS_INFO, "slice-gone");
	parent = e->service.real.parent ? slice_find(s, SLICE_SERVICE, e->service.real.parent) : NULL;
	slice_entry_del(s, e);
	slice_partitions_changed(s);
	if (parent)
		slice_look(parent);
}

/* Nothing of it is left: neither is the record, or it says that it was rolled back. */
static void undone(struct slice_entry *e)
{
	const struct store_op op = { slice_bucket(e->kind), e->id, NULL, 0 };

	slice_keys_drop(e);
	e->plan.n = 0;
	e->done = 0;
	if (!e->deleted) {
		e->phase = SLICE_IDLE;
		slice_save(e);
		return;
	}
	e->waiting = true; /* for the disk */
	if (store_write(e->s->store, &op, 1, removed, e) < 0) {
		e->waiting = false;
		wait_for(e, POLL_S * NS_PER_S, true);
	}
}

static void let_go(void *arg, const struct intent_set_result *r)
{
	struct slice_entry *e = arg;

	e->waiting = false;
	if (r->code)
		wait_for(e, POLL_S * NS_PER_S, true);
	else
		slice_look(e);
}

/* True: none of its policies is left, neither here nor at its headend. */
static bool policies_gone(struct slice_entry *e)
{
	struct sr_policy_key *gone = calloc((size_t)e->n_keys + 1, sizeof(*gone));
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	struct intent_set_write w = { .gone = gone, .owner = SLICE_OWNER };
	bool lingers = false;

	for (uint32_t i = 0; gone && v && i < e->n_keys; i++) {
		const struct sr_policy_key *k = &e->keys[i].key;

		if (intent_get(e->s->intent, k, v) == 0 && strcmp(v->desired.owner, SLICE_OWNER) == 0)
			gone[w.n_gone++] = *k;
		lingers = lingers || intent_lingers(e->s->intent, k);
	}
	if (!gone || !v) {
		wait_for(e, POLL_S * NS_PER_S, true);
		lingers = true;
	} else if (w.n_gone > 0) {
		e->waiting = true;
		intent_put_set(e->s->intent, &w, let_go, e);
		lingers = true;
	}
	free(gone);
	if (lingers && !e->waiting && !loop_timer_armed(&e->timer))
		wait_for(e, LINGER_S * NS_PER_S, true); /* should nobody tell of the end */
	return !lingers;
}

static void undo_on(struct slice_entry *e)
{
	if (e->deleted && slice_has_child(e->s, e->id))
		return; /* the last of them brings us here again */
	while (e->step > 0 && !e->waiting) {
		enum slice_step step = (enum slice_step)(e->step - 1);

		if (step == SLICE_STEP_POLICIES) {
			if (!policies_gone(e))
				return;
		} else if (slice_step_by(e->s, step)) {
			start(e, step, true);
			return;
		}
		e->done &= (uint8_t)~(1u << step);
		e->step = step;
	}
	if (!e->waiting)
		undone(e);
}

/* ---- news ---- */

void slice_step_done(struct slice *s, const char *id, enum slice_step step, bool undo, bool ok, const char *why)
{
	struct slice_entry *e = slice_find(s, SLICE_SERVICE, id);

	if (!e || !e->waiting || !e->jobbed || e->job_undo != undo || e->job_step != step)
		return;
	e->waiting = e->jobbed = false;
	loop_timer_stop(&e->timer);
	if (e->phase == SLICE_UNDO) {
		if (ok) {
			e->done &= (uint8_t)~(1u << step);
			e->step = step;
			slice_look(e);
		} else {
			(void)snprintf(e->reason, sizeof(e->reason), "%s is not taken back: %.180s",
				       slice_step_text(step), why);
			wait_for(e, POLL_S * NS_PER_S, true);
		}
		return;
	}
	if (!ok) {
		failed(e, why);
		return;
	}
	if (step == SLICE_STEP_VERIFY && !undo)
		(void)str_copy(e->unproved, sizeof(e->unproved), why);
	e->done = undo ? (uint8_t)(e->done & ~(1u << step)) : (uint8_t)(e->done | 1u << step);
	e->step = (enum slice_step)(step + 1);
	slice_look(e);
}

void slice_step_waits(struct slice *s, const char *id, enum slice_step step, const char *why)
{
	struct slice_entry *e = slice_find(s, SLICE_SERVICE, id);

	if (!e || e->phase != SLICE_BUILD || !e->waiting || !e->jobbed || e->job_undo || e->job_step != step)
		return;
	wait_for(e, s->cfg.realise_ns, false);
	if (e->state != SLICE_VIOLATED)
		slice_state_set(e, e->state, why);
}

void slice_timer_fire(void *arg)
{
	struct slice_entry *e = arg;
	char why[SR_REASON_MAX] = "no answer in time";

	if (e->again) {
		e->again = false;
		slice_look(e);
		return;
	}
	if (e->phase == SLICE_UNDO) {
		wait_no_more(e);
		slice_look(e);
		return;
	}
	if (e->phase == SLICE_BUILD && e->step == SLICE_STEP_POLICIES && slice_policies_ready(e, why))
		slice_look(e);
	else if (e->phase == SLICE_BUILD)
		failed(e, why);
}

static void look_at(struct slice_entry *e)
{
	switch (e->phase) {
	case SLICE_IDLE:
		if (e->service.admin == SLICE_ADMIN_PRE)
			slice_draft_look(e);
		break;
	case SLICE_BUILD:
		/* Policies may be up before another try is due. */
		if (!e->waiting && (!e->again || e->step == SLICE_STEP_POLICIES))
			build_on(e);
		break;
	case SLICE_STANDS:
		health(e);
		break;
	case SLICE_UNDO:
		if (!e->waiting)
			undo_on(e);
		break;
	case SLICE_LATER:
		slice_begin_check(e);
		break;
	case SLICE_PHASES:
		break;
	}
}

void slice_look_run(void *arg)
{
	struct slice *s = arg;
	struct list *n;

	while ((n = list_pop(&s->look)))
		look_at(LIST_OF(n, struct slice_entry, look));
}

void slice_on_policy(void *arg, const struct sr_policy_key *key)
{
	struct slice *s = arg;
	struct slice_entry *e = slice_by_key(s, key);

	if (!e)
		return;
	slice_look(e);
	slice_steps_ways(s, e->id);
	/* Where it runs is where its partition's queues have to be long enough. */
	if (e->service.real.nrp)
		slice_partitions_changed(s);
	for (size_t i = 0; s->n_inside > 0 && i < s->of[SLICE_SERVICE].n; i++) {
		const char *parent = s->of[SLICE_SERVICE].at[i]->service.real.parent;

		if (parent && strcmp(parent, e->id) == 0)
			slice_look(s->of[SLICE_SERVICE].at[i]);
		if (parent) /* of it, or of one of its children */
			slice_steps_ways(s, s->of[SLICE_SERVICE].at[i]->id);
	}
}

int slice_verdict_set(struct slice *s, const char *id, enum slice_verdict v, const char *why)
{
	struct slice_entry *e = slice_find(s, SLICE_SERVICE, id);

	if (!e)
		return SLICE_E_MISSING;
	e->verdict = v;
	(void)str_copy(e->verdict_why, sizeof(e->verdict_why), why);
	slice_look(e);
	return 0;
}

int slice_mend_set(struct slice *s, const char *id, enum slice_mend is)
{
	struct slice_entry *e = slice_find(s, SLICE_SERVICE, id);

	if (!e)
		return SLICE_E_MISSING;
	e->mend = is;
	slice_look(e);
	return 0;
}

/* ---- drafts ---- */

static void draft_answered(void *arg, const struct intent_set_result *r)
{
	struct slice_entry *e = arg;

	e->asked = false;
	slice_state_set(e, r->code ? SLICE_INFEASIBLE : SLICE_FEASIBLE, r->text);
}

void slice_draft_look(struct slice_entry *e)
{
	const struct slice_outlook o = slice_outlook_now(e->s);
	AUTO(slice_entry_free) struct slice_entry *try = NULL;
	struct slice_refusal why = { 0 };
	int r;

	if (e->asked)
		return;
	if (!slice_in_sight(e->s)) {
		slice_state_set(e, SLICE_DRAFT, "the topology is not in sight");
		return;
	}
	r = slice_entry_new(e->s, SLICE_SERVICE, e->id, e->doc, e->len, &try, &why.f);
	if (r == 0)
		r = slice_plan_of(&o, try, NULL, &why);
	if (r < 0) {
		slice_state_set(e, SLICE_INFEASIBLE, why.f.text);
		return;
	}
	e->asked = slice_dry_run(try, draft_answered, e);
}

/* ---- after a start ---- */

void slice_resume(struct slice_entry *e)
{
	switch (e->phase) {
	case SLICE_IDLE:
	case SLICE_LATER:
		slice_look(e);
		break;
	case SLICE_BUILD:
	case SLICE_STANDS:
		if (e->shed_for[0])
			slice_event(e, BUS_ALARM, "slice-shed");
		slice_build(e, SLICE_STEP_QUEUE);
		break;
	case SLICE_UNDO:
		e->step = SLICE_STEPS;
		slice_look(e);
		break;
	case SLICE_PHASES:
		break;
	}
}
