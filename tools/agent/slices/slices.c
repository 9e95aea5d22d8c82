/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round: read, compare, write, read again, until what is read is as wanted, something is refused
 * or it was tried often enough. What is read then is the verdict. A change is a round of another
 * device; a bad verdict starts a round of the old one.
 *
 * Owners point into the device that is wanted: `fails` and `want` are made anew by each verdict,
 * and the device that a change replaces lives until the verdict on it.
 */
#include "tools/agent/slices/slices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "log/log.h"
#include "tools/agent/slices/slices_int.h"

#define AUDIT_NS (60 * NS_PER_S)
#define RETRY_NS (2 * NS_PER_S)
#define BAD_READ_NS (20 * NS_PER_MS)
#define FOLLOW_NS (500 * NS_PER_MS)

/* ---- the verdict ---- */

static void add_fail(struct agent_slices *s, const void *owner, const char *name)
{
	const struct fail *why = agent_fails_find(&s->refused, name);

	if (!agent_fails_find(&s->fails, name))
		(void)agent_fails_add(&s->fails, owner, name,
				      why ? why->reason : "the kernel does not show it as wanted");
}

static void collect_fails(struct agent_slices *s)
{
	s->fails.n = 0;
	for (size_t i = 0; i < s->ops.n; i++) {
		const struct agent_obj *o = s->ops.at[i].obj;

		add_fail(s, o->owner, o->name[0] ? o->name : "what is not wanted");
	}
	for (size_t i = 0; i < s->missing.n; i++) {
		const struct agent_missing *m = &s->missing.at[i];

		(void)agent_fails_add(&s->fails, m->owner, m->name, m->reason);
	}
	if (!agent_nft_in(s->nft))
		add_fail(s, NULL, "packet rules");
	agent_slices_follow_fails(s);
}

static int by_owner(const void *a, const void *b)
{
	const struct counts *x = a, *y = b;

	return (x->owner > y->owner) - (x->owner < y->owner);
}

static int by_place(const void *a, const void *b)
{
	return agent_obj_cmp(a, b);
}

static void collect_counts(struct agent_slices *s)
{
	s->counts.n = 0;
	for (size_t i = 0; i < s->want.n && s->seen.n; i++) {
		const struct agent_obj *w = &s->want.at[i];
		struct counts c = { .owner = w->owner };

		if (w->kind == AGENT_OBJ_CLASS ? (w->cls.id & 0xffff) == AGENT_TC_LINK
					       : w->kind != AGENT_OBJ_ROUTE || !w->route.counters)
			continue;
		c.seen = bsearch(w, s->seen.at, s->seen.n, sizeof(*w), by_place);
		if (c.seen)
			(void)VEC_ADD(&s->counts, c);
	}
	if (s->counts.n)
		qsort(s->counts.at, s->counts.n, sizeof(*s->counts.at), by_owner);
}

static void log_fails(const struct agent_slices *s, const struct fails *known)
{
	for (size_t i = 0; i < s->fails.n; i++) {
		if (!agent_fails_find(known, s->fails.at[i].name))
			log_event("", LOG_WARN, "agent.slices.failed",
				  "object=\"%s\" reason=\"%s\"", s->fails.at[i].name,
				  s->fails.at[i].reason);
	}
}

static void answer(struct agent_slices *s, bool ok)
{
	agent_slices_done done = s->done;

	s->done = NULL;
	s->phase = CHANGE_NONE;
	s->old = agent_device_free(s->old);
	if (ok)
		s->generation++;
	log_event("", ok ? LOG_NOTICE : LOG_ERROR,
		  ok ? "agent.slices.changed" : "agent.slices.refused",
		  "generation=%llu error=\"%s\"", (unsigned long long)s->generation, s->error);
	if (done)
		done(s->done_arg, ok, s->error);
}

static void revert(struct agent_slices *s, const struct fail *why)
{
	(void)snprintf(s->error, sizeof(s->error), "%s: %s", why->name, why->reason);
	agent_device_free(s->now);
	s->now = TAKE(s->old);
	s->cfg = s->old_cfg;
	s->phase = CHANGE_REVERT;
	s->settled = s->following = false;
	s->fails.n = 0; /* its owners are gone */
	if (agent_nft_want(s->nft, s->now) < 0)
		log_event("", LOG_ERROR, "agent.slices.memory", "msg=\"packet rules\"");
}

/* The first that failed and did not before the change. */
static const struct fail *new_fail(const struct agent_slices *s)
{
	for (size_t i = 0; i < s->fails.n; i++) {
		if (!agent_fails_find(&s->before, s->fails.at[i].name))
			return &s->fails.at[i];
	}
	return NULL;
}

static void round_end(struct agent_slices *s);

static void verdict(struct agent_slices *s)
{
	const struct fail *bad;

	s->rounds = s->n_waits = 0;
	s->failed = false;
	if (s->phase == CHANGE_NONE)
		s->before.n = 0;
	for (size_t i = 0; s->phase == CHANGE_NONE && i < s->fails.n; i++)
		(void)VEC_ADD(&s->before, s->fails.at[i]);
	collect_fails(s);
	bad = new_fail(s);
	if (s->phase == CHANGE_APPLY && bad) {
		revert(s, bad);
		agent_slices_round(s);
		return;
	}
	collect_counts(s);
	s->settled = true;
	log_fails(s, &s->before);
	if (s->phase != CHANGE_NONE)
		answer(s, s->phase == CHANGE_APPLY);
	round_end(s);
}

/* ---- the round ---- */

void agent_slices_round(struct agent_slices *s)
{
	s->running = true;
	s->again = false;
	loop_timer_stop(&s->soon);
	agent_slices_read(s);
}

static void begin_change(struct agent_slices *s)
{
	s->before.n = 0;
	for (size_t i = 0; i < s->fails.n; i++)
		(void)VEC_ADD(&s->before, s->fails.at[i]);
	s->old = TAKE(s->now);
	s->old_cfg = s->cfg;
	s->now = TAKE(s->next);
	s->cfg = s->next_cfg;
	s->phase = CHANGE_APPLY;
	s->error[0] = '\0';
	s->settled = s->following = false;
	s->fails.n = 0;
	if (agent_nft_want(s->nft, s->now) < 0)
		log_event("", LOG_ERROR, "agent.slices.memory", "msg=\"packet rules\"");
}

static void start_round(struct agent_slices *s)
{
	memcpy(s->asked[0], s->asked[1], sizeof(s->asked[0]));
	s->n_asked[0] = s->n_asked[1];
	s->n_asked[1] = 0;
	if (s->next)
		begin_change(s);
	agent_slices_round(s);
}

static void round_end(struct agent_slices *s)
{
	unsigned n = s->n_asked[0];
	struct asker asked[SLICES_ASKED_MAX];

	memcpy(asked, s->asked[0], sizeof(asked)); /* they may ask again */
	s->running = false;
	s->n_asked[0] = 0;
	s->stats.rounds++;
	loop_timer_after(&s->audit, AUDIT_NS);
	for (unsigned i = 0; i < n; i++)
		asked[i].done(asked[i].arg);
	if (s->changed)
		s->changed(s->arg);
	if (s->running)
		return; /* somebody asked for a change meanwhile */
	if (s->next || s->n_asked[1] > 0)
		start_round(s);
	else if (s->again)
		agent_slices_reread(s);
	else if (s->fails.n > 0)
		loop_timer_after(&s->soon, RETRY_NS);
}

/* The kernel could not be read: soon again; a change does not wait for ever. */
static void unread(struct agent_slices *s)
{
	struct fail why = { .name = "kernel", .reason = "cannot be read" };

	if (++s->bad_reads < SLICES_BAD_READS_MAX) {
		loop_timer_after(&s->soon, BAD_READ_NS);
		return;
	}
	s->bad_reads = 0;
	if (s->phase == CHANGE_APPLY) {
		revert(s, &why);
		loop_timer_after(&s->soon, BAD_READ_NS);
		return;
	}
	if (s->phase == CHANGE_REVERT)
		answer(s, false);
	s->again = true;
	round_end(s);
}

static bool compare(struct agent_slices *s)
{
	bool ok;

	s->want.n = s->missing.n = s->ops.n = 0;
	(void)str_copy(s->ground.sid_device, sizeof(s->ground.sid_device), s->cfg.sid_device);
	s->ground.metric = s->cfg.metric;
	s->ground.reduced = s->cfg.reduced;
	s->ground.counters = s->cfg.counters;
	ok = agent_obj_want(s->now, &s->ground, &s->want, &s->missing) && agent_slices_stray(s) &&
	     agent_slices_foreign(s) && agent_obj_plan(&s->want, &s->seen, &s->ops, &s->n_made) && agent_nft_read(s->nft) == 0;
	if (ok)
		agent_slices_hand_over(s);
	return ok;
}

/* As wanted, or as good as it gets: what follows policies is waited for. */
static void judge(struct agent_slices *s)
{
	bool refused = s->failed && s->phase == CHANGE_APPLY; /* it goes back all the same */

	if (!refused && agent_slices_follow(s) && s->n_waits++ < SLICES_WAITS_MAX) {
		s->waits = true;
		loop_timer_after(&s->soon, FOLLOW_NS);
		return;
	}
	verdict(s);
}

void agent_slices_followed(struct agent_slices *s)
{
	if (!s->waits)
		return;
	s->waits = false;
	loop_timer_stop(&s->soon);
	agent_slices_read(s);
}

void agent_slices_read_end(struct agent_slices *s)
{
	if (s->bad_read || !compare(s)) {
		s->counts.n = 0;
		unread(s);
		return;
	}
	s->bad_reads = 0;
	s->waits = false;
	if ((s->ops.n == 0 && agent_nft_in(s->nft)) || s->failed || s->rounds >= SLICES_ROUNDS_MAX)
		judge(s);
	else
		agent_slices_write(s);
}

void agent_slices_written(struct agent_slices *s)
{
	agent_slices_read(s);
}

static void on_soon(void *arg)
{
	struct agent_slices *s = arg;

	s->waits = false;
	if (s->running)
		agent_slices_read(s); /* again, after a bad reading or a wait */
	else
		start_round(s);
}

static void on_audit(void *arg)
{
	struct agent_slices *s = arg;

	if (!s->running)
		start_round(s);
}

/* ---- what others call ---- */

int agent_slices_start(struct agent_slices *s, const struct agent_slices_cfg *cfg,
		       struct agent_device **device)
{
	if (agent_nft_want(s->nft, *device) < 0)
		return err_raise(-ENOMEM);
	s->now = TAKE(*device);
	s->cfg = *cfg;
	start_round(s);
	return 0;
}

int agent_slices_change(struct agent_slices *s, const struct agent_slices_cfg *cfg,
			struct agent_device **device, agent_slices_done done, void *arg)
{
	if (s->phase != CHANGE_NONE || s->next)
		return err_raise(-EBUSY);
	s->next = TAKE(*device);
	s->next_cfg = *cfg;
	s->done = done;
	s->done_arg = arg;
	if (!s->running)
		start_round(s);
	return 0;
}

int agent_slices_refresh(struct agent_slices *s, void (*done)(void *arg), void *arg)
{
	if (s->n_asked[1] == SLICES_ASKED_MAX)
		return err_raise(-EBUSY);
	s->asked[1][s->n_asked[1]++] = (struct asker){ done, arg };
	if (!s->running)
		start_round(s);
	return 0;
}

void agent_slices_others(struct agent_slices *s, bool (*taken)(void *arg, const struct ip_prefix *),
			 void *arg)
{
	s->ground.taken = taken;
	s->ground.taken_arg = arg;
}

void agent_slices_recheck(struct agent_slices *s)
{
	if (s->now && s->now->n_locators + s->now->n_tables > 0)
		agent_slices_reread(s);
}

const struct agent_device *agent_slices_device(const struct agent_slices *s)
{
	return s->now;
}

struct agent_slices_cfg agent_slices_cfg_of(const struct agent_slices *s)
{
	return s->cfg;
}

uint64_t agent_slices_generation(const struct agent_slices *s)
{
	return s->generation;
}

bool agent_slices_idle(const struct agent_slices *s)
{
	return !s->running && !s->next && !s->again && s->phase == CHANGE_NONE && s->settled;
}

int agent_slices_new(struct agent_slices **outp, struct loop *loop, void (*changed)(void *arg),
		     void *arg)
{
	AUTO(agent_slices_free) struct agent_slices *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_raise(-ENOMEM);
	s->loop = loop;
	s->changed = changed;
	s->arg = arg;
	loop_timer_init(&s->audit, loop, on_audit, s);
	loop_timer_init(&s->soon, loop, on_soon, s);
	r = agent_nft_new(&s->nft);
	if (r == 0)
		r = agent_slices_watch(s);
	if (r < 0)
		return err_trace(r);
	*outp = TAKE(s);
	return 0;
}

struct agent_slices *agent_slices_free(struct agent_slices *s)
{
	if (!s)
		return NULL;
	agent_nl_free(s->ask);
	agent_nl_free(s->events);
	agent_nl_free(s->nft_events);
	agent_nft_free(s->nft);
	loop_timer_fini(&s->audit);
	loop_timer_fini(&s->soon);
	agent_device_free(s->now);
	agent_device_free(s->old);
	agent_device_free(s->next);
	VEC_FINI(&s->ground.ifaces);
	VEC_FINI(&s->ground.addrs);
	VEC_FINI(&s->ifaces);
	VEC_FINI(&s->addrs);
	VEC_FINI(&s->want);
	VEC_FINI(&s->seen);
	VEC_FINI(&s->missing);
	VEC_FINI(&s->others);
	VEC_FINI(&s->checks);
	VEC_FINI(&s->ops);
	VEC_FINI(&s->refused);
	VEC_FINI(&s->fails);
	VEC_FINI(&s->before);
	VEC_FINI(&s->counts);
	free(s);
	return NULL;
}
