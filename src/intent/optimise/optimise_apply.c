/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The moves of a plan, one after the other. Each is a pin, and then an evaluation like any other:
 * it is judged on the TED and book of that moment, charged before it is sent, made before the old
 * list is let go. The next one waits until the headend reports it up. Whatever else happens to
 * a policy of the plan, or does not fit any more, ends it: what is made stays, what was only out
 * of the way for a while finds its own way back.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "intent/optimise/optimise_priv.h"

/* Beside what the headend has to answer and then to bring it up. */
enum { PATIENCES = 3 };

/* ---- ends ---- */

static void unblock(struct intent_optimiser *o)
{
	if (o->unblock_due)
		loop_task_run(&o->i->unblock);
	o->unblock_due = false;
}

/* On its detour nothing keeps it there. */
static void come_back(struct intent_optimiser *o)
{
	const struct opt_job *j = o->job;

	for (uint32_t k = 0; k < j->n_steps; k++) {
		const struct opt_step *s = &j->steps[k];
		struct intent_pol *p = intent_pol_find(o->i, &j->flows[s->flow].key);

		if (s->detour && s->state == INTENT_STEP_DONE && p && p->pin &&
		    sr_list_eq(&p->pin->list, &s->to->list)) {
			intent_pin_lift(p, "the optimisation has stopped");
			intent_dirty(p, INTENT_SWEEP);
		}
	}
}

void intent_opt_apply_end(struct intent_optimiser *o, enum intent_optimise_state s, const char *why)
{
	o->waiting = NULL;
	loop_timer_stop(&o->patience);
	loop_task_cancel(&o->task);
	if (s == INTENT_OPTIMISE_STOPPED)
		come_back(o);
	unblock(o);
	intent_opt_end(o, s, why);
}

static void step_event(struct intent_optimiser *o, const struct opt_step *s)
{
	STR_AUTO struct str b = { 0 };
	char key[SR_KEY_TEXT_MAX];

	str_addf(&b, "\"id\":%llu,\"step\":%u,\"steps\":%u,\"state\":\"%s\"",
		 (unsigned long long)o->id, o->at + 1, o->job->n_steps,
		 intent_step_state_text(s->state));
	if (s->why) {
		str_add(&b, ",\"reason\":");
		str_json(&b, s->why);
	}
	bus_publish(o->i->bus, loop_wall_ns(o->i->loop),
		    s->state == INTENT_STEP_FAILED ? BUS_WARNING : BUS_INFO, "optimise-step",
		    sr_policy_key_text(&o->job->flows[s->flow].key, key, sizeof(key)), str_text(&b));
}

static void stop(struct intent_optimiser *o, const char *why)
{
	struct opt_step *s = &o->job->steps[o->at];
	char text[SR_REASON_MAX];

	s->state = INTENT_STEP_FAILED;
	s->why = arena_str(&o->job->arena, why);
	metric_add(o->m_failed, 1);
	step_event(o, s);
	(void)snprintf(text, sizeof(text), "step %u of %u: %.200s", o->at + 1, o->job->n_steps, why);
	intent_opt_apply_end(o, INTENT_OPTIMISE_STOPPED, text);
}

static int pin(struct intent_pol *p, const struct opt_flow *f, const struct sr_list *list,
	       uint32_t igp)
{
	const struct intent_pin to = { .list = *list, .preference = f->preference, .igp = igp };

	return intent_pin(p, &to);
}

/* Who was not moved stays as well, where its own cheapest path may be another: else it would take
 * the room that was made. */
static void keep_rest(struct intent_optimiser *o)
{
	const struct opt_job *j = o->job;

	for (uint32_t k = 0; k < j->n_flows; k++) {
		const struct opt_flow *f = &j->flows[k];
		struct intent_pol *p = f->kept ? intent_pol_find(o->i, &f->key) : NULL;

		if (p && p->mode == INTENT_MANAGED && !p->deleted && p->want.set && !p->pin &&
		    p->want.preference == f->preference && sr_list_eq(&p->want.list, &f->is.list) &&
		    pin(p, f, &f->is.list, p->want.igp) < 0)
			log_event("", LOG_ERROR, "intent.optimise.memory", "what=pin");
	}
}

/* ---- one step ---- */

/* The list the policy should have before this step. */
static const struct sr_list *list_before(const struct opt_job *j, uint32_t at)
{
	for (uint32_t k = at; k-- > 0;)
		if (j->steps[k].flow == j->steps[at].flow)
			return &j->steps[k].to->list;
	return &j->flows[j->steps[at].flow].is.list;
}

static const char *policy_differs(const struct intent_optimiser *o, const struct intent_pol *p)
{
	const struct opt_job *j = o->job;
	const struct opt_flow *f = &j->flows[j->steps[o->at].flow];

	if (!p || p->mode != INTENT_MANAGED || p->deleted)
		return "the policy is gone";
	if (o->i->hold)
		return "hold is on";
	if (!o->i->ted || o->i->ted->stale)
		return "the topology is not in sight";
	if (p->desired->p.bandwidth_bps != f->rate_bps ||
	    !intent_cpath_find(&p->desired->p, f->preference))
		return "the policy was written meanwhile";
	if (p->state != INTENT_UP || p->fail[0])
		return "the policy is not well any more";
	if (!sr_list_eq(&p->want.list, list_before(j, o->at)) || p->want.preference != f->preference)
		return "the policy was rerouted meanwhile";
	return NULL;
}

/* The list takes the links it was planned to, and beside all that is booked there is room. */
static const char *network_differs(struct intent_optimiser *o, const struct intent_pol *p,
				   const struct opt_route *to, char text[SR_REASON_MAX])
{
	struct intent *i = o->i;
	const struct book_ask ask = { .setup = BOOK_PRIOS - 1, .nrp = p->desired->p.nrp,
				      .window = BOOK_ALWAYS, .except = p->claim };
	uint32_t src = intent_endpoint_node(i->ted, &p->key.headend), link;
	char label[TED_LABEL_MAX];
	struct pce_expansion x;

	if (src == TED_NONE)
		return "the headend is not in the topology";
	arena_reset(&i->arena);
	intent_expand(i, src, &p->key.endpoint, &to->list, &x);
	if (!x.valid || x.n_links != to->n_links ||
	    memcmp(x.links, to->links, x.n_links * sizeof(*x.links)) != 0)
		return "the topology has changed: the list does not lead where it was planned to";
	link = book_refuses(i->book, &ask, p->desired->p.bandwidth_bps, to->links, to->n_links);
	if (link == UINT32_MAX)
		return NULL;
	(void)snprintf(text, SR_REASON_MAX, "%s has too little free now",
		       ted_link_label(i->ted, link, label, sizeof(label)));
	return text;
}

static void take_step(struct intent_optimiser *o)
{
	struct opt_job *j = o->job;
	struct opt_step *s = &j->steps[o->at];
	const struct opt_flow *f = &j->flows[s->flow];
	struct intent_pol *p = intent_pol_find(o->i, &f->key);
	char text[SR_REASON_MAX];
	const char *why = policy_differs(o, p);

	if (!why)
		why = network_differs(o, p, s->to, text);
	if (!why && pin(p, f, &s->to->list, s->to->igp) < 0)
		why = "no memory";
	if (why) {
		stop(o, why);
		return;
	}
	s->state = INTENT_STEP_SENT;
	o->lifted[0] = '\0';
	o->waiting = p;
	loop_timer_after(&o->patience, PATIENCES * o->i->cfg.confirm_ns);
	step_event(o, s);
	intent_clean(p);
	intent_run_here(p, INTENT_FORCE); /* may have told of itself by now */
	loop_task_run(&o->task);
}

/* 1: it is up; 0: not yet; -1: it will not be, *why says so. */
static int answered(struct intent_optimiser *o, const char **why)
{
	const struct opt_step *s = &o->job->steps[o->at];
	const struct intent_pol *p = o->waiting;

	*why = "the policy is gone";
	if (!p || p->deleted || p->mode != INTENT_MANAGED)
		return -1;
	*why = o->lifted;
	if (o->lifted[0])
		return -1;
	*why = p->fail[0] ? p->fail : "the policy was rerouted meanwhile";
	if (!p->want.set || !sr_list_eq(&p->want.list, &s->to->list) || p->fail[0])
		return -1;
	*why = "the session with the headend is lost";
	if (!p->he->up)
		return -1;
	*why = p->reason[0] ? p->reason : intent_state_text(p->state);
	if (p->state == INTENT_DOWN || p->state == INTENT_DEGRADED || p->state == INTENT_HELD)
		return -1;
	return p->confirmed && p->was_up && p->state == INTENT_UP;
}

void intent_opt_apply_run(void *arg)
{
	struct intent_optimiser *o = arg;
	const char *why = NULL;
	int r = o->state == INTENT_OPTIMISE_APPLYING ? answered(o, &why) : 0;

	if (r < 0) {
		stop(o, why);
		return;
	}
	if (r == 0)
		return;
	o->job->steps[o->at].state = INTENT_STEP_DONE;
	metric_add(o->m_steps, 1);
	step_event(o, &o->job->steps[o->at]);
	o->waiting = NULL;
	if (++o->at < o->job->n_steps) {
		take_step(o);
		return;
	}
	keep_rest(o);
	intent_opt_apply_end(o, INTENT_OPTIMISE_DONE, "");
}

void intent_opt_apply_late(void *arg)
{
	struct intent_optimiser *o = arg;

	if (o->state == INTENT_OPTIMISE_APPLYING)
		stop(o, "the headend does not report the list up");
}

void intent_opt_apply_start(struct intent_optimiser *o)
{
	o->state = INTENT_OPTIMISE_APPLYING;
	o->why[0] = '\0';
	o->at = 0;
	take_step(o);
}

/* ---- what the others tell ---- */

void intent_optimise_news(struct intent_pol *p)
{
	struct intent_optimiser *o = p->i->optimiser;

	if (o && o->waiting == p)
		loop_task_run(&o->task);
}

void intent_optimise_gone(struct intent_pol *p)
{
	struct intent_optimiser *o = p->i->optimiser;

	if (!o || o->waiting != p)
		return;
	o->waiting = NULL;
	loop_task_run(&o->task);
}

void intent_optimise_lifted(struct intent_pol *p, const char *why)
{
	struct intent_optimiser *o = p->i->optimiser;

	if (!o || o->waiting != p)
		return;
	str_copy(o->lifted, sizeof(o->lifted), why);
	loop_task_run(&o->task);
}

bool intent_optimise_moves(const struct intent *i)
{
	struct intent_optimiser *o = i->optimiser;

	if (!o || o->state != INTENT_OPTIMISE_APPLYING || o->running)
		return false;
	o->unblock_due = true;
	return true;
}
