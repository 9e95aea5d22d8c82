/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations of the optimiser: started, watched, cancelled, and what they found. The thread has no
 * clock: timers here tell it which of its ends have passed.
 */
#include "intent/optimise/optimise_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/err.h"
#include "base/str.h"

enum { NICE = 10 };

#define FAKE_WORK UINT64_C(20000000)

/* Of the seconds, in percent: the searches' ends, then that of looking for an order. */
static const uint8_t phase_pct[OPT_PHASES] = { 50, 75, 90, 100 };

const char *intent_optimise_state_text(enum intent_optimise_state s)
{
	static const char *const text[] = {
		[INTENT_OPTIMISE_COMPUTING] = "computing", [INTENT_OPTIMISE_READY] = "ready",
		[INTENT_OPTIMISE_APPLYING] = "applying",   [INTENT_OPTIMISE_DONE] = "done",
		[INTENT_OPTIMISE_STOPPED] = "stopped",	   [INTENT_OPTIMISE_FAILED] = "failed",
	};

	return text[s];
}

const char *intent_step_state_text(enum intent_step_state s)
{
	static const char *const text[] = { [INTENT_STEP_WAITING] = "waiting",
					    [INTENT_STEP_SENT] = "sent",
					    [INTENT_STEP_DONE] = "done",
					    [INTENT_STEP_FAILED] = "failed" };

	return text[s];
}

/* ---- events ---- */

static void event(struct intent_optimiser *o, enum bus_severity sev, const char *type)
{
	STR_AUTO struct str s = { 0 };
	struct intent *i = o->i;
	char id[24];

	(void)snprintf(id, sizeof(id), "%llu", (unsigned long long)o->id);
	str_addf(&s, "\"state\":\"%s\"", intent_optimise_state_text(o->state));
	if (o->why[0]) {
		str_add(&s, ",\"reason\":");
		str_json(&s, o->why);
	}
	if (!o->running && o->job)
		str_addf(&s, ",\"changes\":%u,\"steps\":%u", o->job->n_changes, o->job->n_steps);
	bus_publish(i->bus, loop_wall_ns(i->loop), sev, type, id, str_text(&s));
	log_event("", sev == BUS_INFO ? LOG_NOTICE : LOG_WARN, "intent.optimise",
		  "id=%s state=%s why=\"%s\"", id, intent_optimise_state_text(o->state), o->why);
}

void intent_opt_end(struct intent_optimiser *o, enum intent_optimise_state s, const char *why)
{
	bool bad = s == INTENT_OPTIMISE_STOPPED || s == INTENT_OPTIMISE_FAILED;

	o->state = s;
	str_copy(o->why, sizeof(o->why), why);
	o->ended_wall_ns = loop_wall_ns(o->i->loop);
	metric_set(o->m_running, 0);
	metric_add(bad ? o->m_stopped : o->m_runs, 1);
	event(o, bad ? BUS_WARNING : BUS_INFO, "optimise-ended");
}

/* ---- the thread's end ---- */

static void found(struct intent_optimiser *o)
{
	struct opt_job *j = o->job;

	if (j->why)
		intent_opt_end(o, INTENT_OPTIMISE_FAILED, j->why);
	else if (j->n_changes == 0)
		intent_opt_end(o, INTENT_OPTIMISE_DONE, "nothing is to be gained");
	else if (j->n_steps == 0)
		intent_opt_end(o, INTENT_OPTIMISE_FAILED,
			       j->is.rollout == INTENT_ROLLOUT_NONE ?
				       "whatever the order of moves, a link is overloaded on the way" :
				       "no order of moves was found in time");
	else if (!j->o.apply)
		intent_opt_end(o, INTENT_OPTIMISE_READY, atomic_load(&j->stop) ? "cancelled" : "");
	else
		intent_opt_apply_start(o);
}

static void job_run(struct work_job *w)
{
	struct opt_job *j = CONTAINER_OF(w, struct opt_job, work);

	if (j->own_thread) /* repairs go first, also for a processor */
		(void)setpriority(PRIO_PROCESS, 0, NICE);
	intent_opt_solve(j);
}

static void job_done(struct work_job *w)
{
	struct opt_job *j = CONTAINER_OF(w, struct opt_job, work);
	struct intent_optimiser *o = j->of;

	o->running = false;
	if (w->skipped) /* the room is being left */
		return;
	loop_timer_stop(&o->phase);
	intent_opt_job_release(j);
	found(o);
}

static void phase_arm(struct intent_optimiser *o, unsigned passed)
{
	uint64_t ns = (uint64_t)o->job->o.seconds * NS_PER_S / 100;

	if (passed < OPT_PHASES)
		loop_timer_at(&o->phase, mono_add(o->started, ns * phase_pct[passed]));
}

static void phase_fire(void *arg)
{
	struct intent_optimiser *o = arg;

	if (o->running)
		phase_arm(o, atomic_fetch_add(&o->job->phase, 1) + 1);
}

/* ---- life ---- */

static void metrics_get(struct intent_optimiser *o)
{
	static const char runs[] = "sextant_optimise_runs_total";
	static const char steps[] = "sextant_optimise_steps_total";

	o->m_runs = metric_counter(runs, "Optimisations of live policies that ended", "end=\"good\"");
	o->m_stopped = metric_counter(runs, "Optimisations of live policies that ended", "end=\"bad\"");
	o->m_steps = metric_counter(steps, "Moves of policies to optimised lists", "end=\"done\"");
	o->m_failed = metric_counter(steps, "Moves of policies to optimised lists", "end=\"failed\"");
	o->m_running = metric_gauge("sextant_optimise_running", "1 while one is under way", "");
}

static struct intent_optimiser *optimiser_of(struct intent *i)
{
	struct intent_optimiser *o = i->optimiser;

	if (o)
		return o;
	o = calloc(1, sizeof(*o));
	if (!o || work_new(&o->pool, i->loop, 1) < 0) {
		free(o);
		return NULL;
	}
	o->i = i;
	o->id = loop_wall_ns(i->loop) / NS_PER_S; /* one that is not of an earlier life */
	loop_timer_init(&o->phase, i->loop, phase_fire, o);
	loop_timer_init(&o->patience, i->loop, intent_opt_apply_late, o);
	loop_task_init(&o->task, i->loop, intent_opt_apply_run, o);
	metrics_get(o);
	i->optimiser = o;
	return o;
}

void intent_optimise_fini(struct intent *i)
{
	struct intent_optimiser *o = i->optimiser;

	if (!o)
		return;
	if (o->running)
		atomic_store(&o->job->stop, true);
	work_free(o->pool);
	if (o->running) /* it ended, and its word of that is on its way */
		loop_mail_cancel(i->loop, &o->job->work.mail);
	loop_timer_fini(&o->phase);
	loop_timer_fini(&o->patience);
	loop_task_cancel(&o->task);
	intent_opt_job_free(o->job);
	free(o);
	i->optimiser = NULL;
}

/* ---- commands ---- */

static int refuse(int code, const char *text, const char **why)
{
	*why = text;
	return code;
}

static bool is_busy(const struct intent_optimiser *o)
{
	return o && (o->running || o->state == INTENT_OPTIMISE_APPLYING);
}

static int start_check(const struct intent *i, const struct intent_optimise_options *o,
		       const char **why)
{
	if (o->seconds == 0 && o->work == 0)
		return refuse(INTENT_E_INVALID, "seconds or work are wanted, so that it ends", why);
	if (o->seconds > INTENT_OPTIMISE_SECONDS_MAX)
		return refuse(INTENT_E_INVALID, "at most 3600 seconds", why);
	if (o->midpoints > INTENT_OPTIMISE_MIDPOINTS_MAX)
		return refuse(INTENT_E_INVALID, "at most 3 midpoints", why);
	if (o->charge_ppm > 1000000)
		return refuse(INTENT_E_INVALID, "at most a million in a million", why);
	if (is_busy(i->optimiser))
		return refuse(INTENT_E_BUSY, "another optimisation is under way", why);
	if (!i->ted || i->ted->stale || i->ted->n_nodes == 0)
		return refuse(INTENT_E_MODE, "the topology is not in sight", why);
	if (o->apply && i->hold)
		return refuse(INTENT_E_MODE, "hold is on: nothing is sent", why);
	return 0;
}

int intent_optimise_start(struct intent *i, const struct intent_optimise_options *opt, uint64_t *id,
			  const char **why)
{
	int r = start_check(i, opt, why);
	struct intent_optimiser *o = r == 0 ? optimiser_of(i) : NULL;
	struct opt_job *j = o ? intent_opt_job_new(i, opt) : NULL;

	if (r != 0)
		return r;
	if (!j)
		return refuse(INTENT_E_LIMIT, "no memory, or no thread", why);
	if (j->o.work == 0 && loop_is_fake(i->loop)) /* no time passes while a job runs there */
		j->o.work = FAKE_WORK;
	j->own_thread = !loop_is_fake(i->loop);
	j->of = o;
	j->work.run = job_run;
	j->work.done = job_done;
	if (work_submit(o->pool, &j->work) < 0) {
		intent_opt_job_free(j);
		return refuse(INTENT_E_LIMIT, "the optimiser's queue is full", why);
	}
	intent_opt_job_free(o->job);
	o->job = j;
	o->running = true;
	*id = ++o->id;
	o->state = INTENT_OPTIMISE_COMPUTING;
	o->why[0] = '\0';
	o->started = loop_now(i->loop);
	o->started_wall_ns = loop_wall_ns(i->loop);
	o->ended_wall_ns = 0;
	if (j->o.seconds > 0)
		phase_arm(o, 0);
	metric_set(o->m_running, 1);
	event(o, BUS_INFO, "optimise-started");
	return 0;
}

int intent_optimise_cancel(struct intent *i, uint64_t id, const char **why)
{
	struct intent_optimiser *o = i->optimiser;

	if (!o || o->id != id)
		return refuse(INTENT_E_MISSING, "there is no such optimisation", why);
	if (!is_busy(o))
		return refuse(INTENT_E_MODE, "it is over", why);
	if (o->running) {
		o->job->o.apply = false; /* the thread does not look at it */
		atomic_store(&o->job->stop, true);
		return 0;
	}
	intent_opt_apply_end(o, INTENT_OPTIMISE_STOPPED, "cancelled");
	return 0;
}

int intent_optimise_apply(struct intent *i, uint64_t id, const char **why)
{
	struct intent_optimiser *o = i->optimiser;

	if (!o || o->id != id)
		return refuse(INTENT_E_MISSING, "there is no such optimisation", why);
	if (is_busy(o))
		return refuse(INTENT_E_BUSY, "it is under way", why);
	if (o->state != INTENT_OPTIMISE_READY)
		return refuse(INTENT_E_MODE, "it has no plan that could be applied", why);
	if (i->hold)
		return refuse(INTENT_E_MODE, "hold is on: nothing is sent", why);
	metric_set(o->m_running, 1);
	o->ended_wall_ns = 0;
	intent_opt_apply_start(o);
	return 0;
}

/* ---- queries ---- */

static uint64_t ppb(double share)
{
	return share >= 1e9 || isnan(share) ? UINT64_MAX : share <= 0 ? 0 : (uint64_t)(share * 1e9 + 0.5);
}

static void plan_out(const struct opt_job *j, struct intent_optimise_view *out)
{
	const struct opt_figures *is = &j->is;

	out->has_plan = true;
	str_copy(out->fullest_before, sizeof(out->fullest_before), is->fullest_before);
	str_copy(out->fullest_after, sizeof(out->fullest_after), is->fullest_after);
	out->before_ppb = ppb(is->before);
	out->after_ppb = ppb(is->after);
	out->least_ppb = ppb(fmin(is->bound, is->after));
	out->gap_ppb = is->after > 0 ? ppb((is->after - is->bound) / is->after) : 0;
	out->booked_before_ppb = ppb(is->booked_before);
	out->booked_after_ppb = ppb(is->booked_after);
	out->rollout = is->rollout;
	out->n_changes = j->n_changes;
	out->n_steps = j->n_steps;
	out->n_dropped = j->n_dropped;
	for (uint32_t k = 0; k < j->n_steps; k++)
		out->n_done += j->steps[k].state == INTENT_STEP_DONE;
}

bool intent_optimise_get(const struct intent *i, struct intent_optimise_view *out)
{
	const struct intent_optimiser *o = i->optimiser;
	struct opt_job *j = o ? o->job : NULL;

	*out = (struct intent_optimise_view){ 0 };
	if (!j)
		return false;
	out->id = o->id;
	out->state = o->state;
	str_copy(out->why, sizeof(out->why), o->why);
	out->options = j->o;
	out->started_wall_ns = o->started_wall_ns;
	out->ended_wall_ns = o->ended_wall_ns;
	out->generation = j->generation;
	out->work = atomic_load(&j->spent);
	out->util_ppb = atomic_load(&j->util_ppb);
	out->bound_ppb = atomic_load(&j->bound_ppb);
	out->changed = atomic_load(&j->changed);
	if (o->running)
		return true;
	out->n_movable = j->n_flows;
	out->n_left_out = j->n_left;
	if (!j->why)
		plan_out(j, out);
	return true;
}

static const struct opt_job *plan_of(const struct intent *i)
{
	const struct intent_optimiser *o = i->optimiser;

	return o && !o->running ? o->job : NULL;
}

bool intent_optimise_change(const struct intent *i, uint32_t n, struct intent_optimise_change *out)
{
	const struct opt_job *j = plan_of(i);

	const struct opt_flow *f = j && n < j->n_changes ? &j->flows[j->changes[n]] : NULL;

	if (!f)
		return false;
	*out = (struct intent_optimise_change){ .key = f->key,
						.bandwidth_bps = f->rate_bps,
						.from = f->is.list,
						.to = f->to->list,
						.delay_us_from = f->is.delay_us,
						.delay_us_to = f->to->delay_us };
	return true;
}

bool intent_optimise_step(const struct intent *i, uint32_t n, struct intent_optimise_step *out)
{
	const struct opt_job *j = plan_of(i);
	const struct opt_step *s = j && n < j->n_steps ? &j->steps[n] : NULL;

	if (!s)
		return false;
	*out = (struct intent_optimise_step){ .key = j->flows[s->flow].key,
					      .to = s->to->list,
					      .detour = s->detour,
					      .state = s->state };
	str_copy(out->why, sizeof(out->why), s->why ? s->why : "");
	return true;
}

bool intent_optimise_left(const struct intent *i, uint32_t n, struct intent_optimise_left *out)
{
	const struct opt_job *j = plan_of(i);

	if (!j || n >= j->n_left)
		return false;
	*out = (struct intent_optimise_left){ .key = j->left[n].key, .dropped = j->left[n].dropped };
	str_copy(out->why, sizeof(out->why), j->left[n].why);
	return true;
}
