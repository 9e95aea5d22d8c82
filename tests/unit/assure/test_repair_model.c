/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random courses of many slices at once: answers come, fail, are late or never come, windows are
 * good, bad or unknown, assurance windows open and close, operators do as they like. What is to
 * hold is kept account of here, from what is asked for and what was answered alone.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair.h"
#include "base/rng.h"
#include "base/str.h"
#include "check_main.h"

#define S NS_PER_S
#define HOUR (3600 * S)

#define EVERYTHING UINT64_MAX /* nobody told what it works at */

enum { SLICES = 8, INCIDENTS = 400, STEPS = 2000, ACTS = 4000, PENDING = 64 };

/* What the test knows of an incident. */
struct account {
	bool seen, placed, in_network, told_end, working;
	unsigned slice, good, applies, approvals, at, round;
	uint64_t hold;
	uint64_t applied_wall;
	unsigned beside, known; /* a bit a slice: it is watched, and was within its bounds before */
	unsigned beside_good[SLICES];
};

struct world {
	struct rng rng;
	struct repair *r;
	struct repair_cfg cfg;
	struct repair_policy policy[SLICES];
	struct repair_now now;
	bool free;
	uint8_t allowed;
	struct account inc[INCIDENTS];
	uint32_t last; /* of them */
	uint64_t hold_until[SLICES];
	struct {
		uint64_t at;
		unsigned slice;
	} acts[ACTS];
	unsigned n_acts;
	struct repair_do pending[PENDING];
	unsigned n_pending;
	bool silent; /* nobody answers any more */
};

static uint32_t below(struct world *w, uint32_t n)
{
	return (uint32_t)rng_below(&w->rng, n);
}

static bool free_now(void *ctx, const char *slice, uint8_t *allowed, char window[REPAIR_TEXT_MAX])
{
	const struct world *w = ctx;

	(void)slice;
	*allowed = w->allowed;
	(void)str_copy(window, REPAIR_TEXT_MAX, "w");
	return w->free;
}

static void world(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	rng_seed(&w->rng, seed);
	w->free = true;
	w->now = (struct repair_now){ { 7 * HOUR }, 9 * HOUR };
	repair_cfg_default(&w->cfg);
	w->cfg.incidents_max = INCIDENTS;
	w->cfg.per_hour_max = 4 + below(w, 12);
	w->cfg.at_once_max = 1 + below(w, 3);
	w->cfg.answer_ns = 20 * S;
	w->cfg.window_ns = 60 * S;
	w->cfg.approval_ns = 100 * S;
	w->cfg.again_ns = 50 * S;
	w->cfg.able = (uint8_t)(below(w, 64) | 1u << REPAIR_SWITCH);
	w->cfg.free = free_now;
	w->cfg.ctx = w;
	for (unsigned s = 0; s < SLICES; s++) {
		struct repair_policy *p = &w->policy[s];

		p->n = (uint8_t)below(w, REPAIR_ORDERS_MAX + 1);
		p->max_per_hour = (uint8_t)below(w, 5);
		p->hold_down_s = (uint16_t)below(w, 60);
		p->priority = (uint8_t)below(w, 8);
		for (unsigned i = 0; i < p->n; i++)
			p->order[i] = (struct repair_order){ (enum repair_action)below(w, REPAIR_ACTIONS),
							     below(w, 4) == 0 };
	}
	ck_assert_int_eq(repair_new(&w->r, &w->cfg, seed), 0);
}

/* ---- what must hold ---- */

static unsigned in_hour(const struct world *w, int slice)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_acts; i++)
		n += w->now.mono.ns - w->acts[i].at < HOUR && (slice < 0 || w->acts[i].slice == (unsigned)slice);
	return n;
}

static void may_apply(const struct world *w, const struct repair_do *d, const struct account *a)
{
	const struct repair_incident *i = repair_incident_get(w->r, d->incident);
	const struct repair_order *o = &i->policy.order[i->at];

	ck_assert_uint_ge(w->now.mono.ns, w->hold_until[a->slice]);
	ck_assert_uint_lt(in_hour(w, (int)a->slice), i->policy.max_per_hour);
	ck_assert_uint_lt(in_hour(w, -1), w->cfg.per_hour_max);
	ck_assert(w->cfg.able & 1u << d->action);
	ck_assert_int_ne(d->action, REPAIR_NOTIFY);
	ck_assert((d->action != REPAIR_REROUTE && d->action != REPAIR_REBALANCE && d->action != REPAIR_SHED) || a->placed);
	/* more than before only of what does more, and only after less of it did not help */
	ck_assert(d->round == 0 || d->action == REPAIR_REBALANCE || d->action == REPAIR_SHED);
	ck_assert(d->round == 0 || (a->at == i->at && a->round + 1 == d->round && a->applies > 0));
	ck_assert_uint_lt(d->round, REPAIR_ROUNDS);
	ck_assert(w->free || (w->allowed & 1u << d->action));
	ck_assert(!o->by_operator || a->approvals > 0 || !w->free);
	ck_assert(!a->in_network);
}

/* Those at work are few, and none at the place of another. */
static void apart(const struct world *w, uint32_t id)
{
	unsigned n = 0;

	for (uint32_t k = 1; k <= w->last; k++) {
		n += w->inc[k].working;
		if (k == id || !w->inc[k].working)
			continue;
		ck_assert_uint_ne(w->inc[k].hold, w->inc[id].hold);
		ck_assert_uint_ne(w->inc[k].hold, EVERYTHING);
	}
	ck_assert_uint_le(n, w->cfg.at_once_max);
}

static unsigned count(const struct repair_incident *i, enum repair_what what)
{
	unsigned n = 0;

	for (uint32_t k = 0; k < i->n_timeline; k++)
		n += i->timeline[k].what == what;
	return n;
}

static void complete(const struct repair_incident *i, const struct account *a)
{
	const struct repair_entry *t = i->timeline;

	ck_assert(!i->cut);
	ck_assert_int_eq(t[0].what, REPAIR_W_OPENED);
	ck_assert_int_eq(t[i->n_timeline - 1].what, REPAIR_W_ENDED);
	for (uint32_t k = 1; k < i->n_timeline; k++)
		ck_assert_uint_ge(t[k].wall_ns, t[k - 1].wall_ns);
	ck_assert_uint_eq(i->actions, a->applies);
	ck_assert_uint_eq(count(i, REPAIR_W_SIMULATED) >= a->applies, true);
	ck_assert_uint_eq(count(i, REPAIR_W_APPROVED), a->approvals);
	ck_assert_uint_eq(count(i, REPAIR_W_ENDED), 1);
	ck_assert_uint_eq(count(i, REPAIR_W_REVERTED), i->reverts);
}

/* Tries of taking back that failed, or that nobody answered. */
static unsigned unanswered(const struct repair_incident *i)
{
	unsigned n = 0;

	for (uint32_t k = i->n_timeline; k-- > 0 && i->timeline[k].what != REPAIR_W_REVERTING;)
		n += i->timeline[k].what == REPAIR_W_FAILED;
	return n;
}

static void ended(struct world *w, const struct repair_incident *i, struct account *a)
{
	a->working = false;
	if (a->told_end)
		return;
	a->told_end = true;
	complete(i, a);
	switch (i->outcome) {
	case REPAIR_KEPT:
		ck_assert(a->in_network);
		ck_assert_uint_ge(a->good, REPAIR_VERIFY);
		for (unsigned s = 0; s < SLICES; s++)
			ck_assert(!(a->known & 1u << s) || a->beside_good[s] >= REPAIR_VERIFY);
		w->hold_until[a->slice] = w->now.mono.ns + i->policy.hold_down_s * S;
		break;
	case REPAIR_GIVEN_UP:
		ck_assert(!a->in_network || unanswered(i) == REPAIR_REVERTS);
		break;
	case REPAIR_REVERTED:
		ck_assert_uint_gt(i->reverts, 0);
		ck_assert(!a->in_network);
		break;
	case REPAIR_CLEARED:
	case REPAIR_ACCEPTED:
		ck_assert(!a->in_network);
		break;
	case REPAIR_GONE:
		break;
	case REPAIR_OPEN:
	case REPAIR_OUTCOMES:
		ck_abort_msg("an end without an outcome");
	}
}

/* ---- the world's part ---- */

static void watch(struct world *w, const struct repair_do *d)
{
	struct account *a = &w->inc[d->incident];
	const struct repair_incident *i = repair_incident_get(w->r, d->incident);

	ck_assert_uint_lt(d->incident, INCIDENTS);
	if (!a->seen) {
		a->seen = true;
		w->last = d->incident > w->last ? d->incident : w->last;
		a->hold = EVERYTHING;
		a->slice = (unsigned)(d->slice[0] - 'a');
		for (uint32_t k = 1; k <= w->last; k++) /* one open a slice */
			ck_assert(k == d->incident || !w->inc[k].seen || w->inc[k].told_end ||
				  w->inc[k].slice != a->slice ||
				  repair_incident_get(w->r, k)->phase == REPAIR_ENDED);
	}
	a->working = i->phase >= REPAIR_SIMULATING && i->phase <= REPAIR_REVERTING;
	if (d->todo == REPAIR_DO_APPLY) {
		may_apply(w, d, a);
		ck_assert_uint_lt(w->n_acts, ACTS);
		w->acts[w->n_acts].at = w->now.mono.ns;
		w->acts[w->n_acts++].slice = a->slice;
		w->hold_until[a->slice] = w->now.mono.ns + i->policy.hold_down_s * S;
		a->at = i->at;
		a->round = d->round;
		a->in_network = true; /* may be from now on */
		a->good = 0;
		a->applies++;
	}
	if (i->phase == REPAIR_ENDED)
		ended(w, i, a);
}

static void drain(struct world *w)
{
	struct repair_do d;

	while (repair_next(w->r, &d)) {
		watch(w, &d);
		if (d.todo <= REPAIR_DO_REVERT && w->n_pending < PENDING)
			w->pending[w->n_pending++] = d;
	}
	for (uint32_t k = 1; k <= w->last; k++) {
		const struct repair_incident *i = w->inc[k].seen ? repair_incident_get(w->r, k) : NULL;

		w->inc[k].working = i && i->phase >= REPAIR_SIMULATING && i->phase <= REPAIR_REVERTING;
	}
	for (uint32_t k = 1; k <= w->last; k++)
		if (w->inc[k].working)
			apart(w, k);
}

static void tell_located(struct world *w, const struct repair_do *d, struct account *a)
{
	static const char *const cause[] = { "x", "y" };
	const uint64_t hold = below(w, 5);
	const bool placed = below(w, 2);
	const struct repair_located l = { cause, below(w, 3), placed, &hold, 1 };
	const struct repair_incident *i = repair_incident_get(w->r, d->incident);

	if (i->phase == REPAIR_LOCATING) {
		a->placed = placed;
		a->hold = hold;
	}
	repair_located(w->r, d->incident, d->turn, &l, &w->now);
}

/* Those that it may have made worse. */
static void beside(struct world *w, const struct repair_do *d, struct account *a)
{
	a->beside = a->known = 0;
	memset(a->beside_good, 0, sizeof(a->beside_good));
	for (unsigned s = 0; s < SLICES; s++) {
		const char id[2] = { (char)('a' + s), '\0' };
		const bool known = below(w, 2);

		if (s == a->slice || below(w, 6) > 0 || repair_beside_add(w->r, d->incident, d->turn, id, known) != 0)
			continue; /* or the answer is of a turn before */
		a->beside |= 1u << s;
		a->known |= known ? 1u << s : 0;
	}
}

static void answer(struct world *w)
{
	unsigned at = w->n_pending ? below(w, w->n_pending) : 0;
	struct repair_do d;
	struct account *a;
	const struct repair_incident *i;
	bool ok = below(w, 4) > 0;

	if (w->n_pending == 0 || w->silent)
		return;
	d = w->pending[at];
	w->pending[at] = w->pending[--w->n_pending];
	a = &w->inc[d.incident];
	i = repair_incident_get(w->r, d.incident);
	if (d.todo == REPAIR_DO_LOCATE) {
		tell_located(w, &d, a);
	} else if (d.todo == REPAIR_DO_SIMULATE) {
		repair_simulated(w->r, d.incident, d.turn, ok, "s", &w->now);
	} else if (d.todo == REPAIR_DO_APPLY) {
		if (i->phase == REPAIR_APPLYING) {
			a->in_network = ok;
			a->applied_wall = w->now.wall_ns;
			beside(w, &d, a);
		}
		repair_applied(w->r, d.incident, d.turn, ok, "a", &w->now);
	} else {
		uint32_t before = i->reverts;

		repair_reverted(w->r, d.incident, d.turn, ok, "r", &w->now);
		if (i->reverts > before) {
			a->in_network = false;
			w->hold_until[a->slice] = w->now.mono.ns + i->policy.hold_down_s * S;
		}
	}
	if (below(w, 8) == 0 && w->n_pending < PENDING)
		w->pending[w->n_pending++] = d; /* and again, too late */
}

static struct account *verifying(struct world *w, unsigned slice)
{
	for (uint32_t k = 1; k <= w->last; k++) {
		const struct repair_incident *i = w->inc[k].seen ? repair_incident_get(w->r, k) : NULL;

		if (i && w->inc[k].slice == slice && i->phase == REPAIR_VERIFYING)
			return &w->inc[k];
	}
	return NULL;
}

/* Who was not out of bounds before is now: it is taken back at once. */
static void window_beside(struct world *w, unsigned s, const struct repair_window *win)
{
	bool hurt[INCIDENTS] = { false };

	for (uint32_t k = 1; k <= w->last; k++) {
		const struct repair_incident *i = w->inc[k].seen ? repair_incident_get(w->r, k) : NULL;
		struct account *a = &w->inc[k];

		if (!i || i->phase != REPAIR_VERIFYING || !(a->beside & 1u << s) || win->begin_wall_ns < a->applied_wall)
			continue;
		hurt[k] = win->verdict == REPAIR_BEYOND;
		a->beside_good[s] += win->verdict == REPAIR_WITHIN || (win->verdict == REPAIR_UNKNOWN && win->idle);
	}
	repair_beside_window(w->r, win, &w->now);
	for (uint32_t k = 1; k <= w->last; k++)
		ck_assert(!hurt[k] || repair_incident_get(w->r, k)->phase == REPAIR_REVERTING);
}

static void window(struct world *w)
{
	unsigned s = below(w, SLICES), v = below(w, 8);
	const char id[2] = { (char)('a' + s), '\0' };
	struct account *a = verifying(w, s);
	struct repair_window win = { .slice = id, .policy = &w->policy[s], .violated = below(w, 5) > 0, .why = "x" };

	win.begin_wall_ns = w->now.wall_ns - below(w, 3) * S;
	win.verdict = v < 4 ? REPAIR_WITHIN : v < 5 ? REPAIR_UNKNOWN : REPAIR_BEYOND;
	if (a && win.begin_wall_ns >= a->applied_wall && win.verdict == REPAIR_WITHIN)
		a->good++;
	win.idle = win.verdict == REPAIR_UNKNOWN && below(w, 2);
	window_beside(w, s, &win);
	ck_assert_int_ge(repair_window(w->r, &win, &w->now), 0);
}

static void people(struct world *w)
{
	uint32_t id = 1 + below(w, INCIDENTS - 1);
	bool ok = below(w, 3) > 0;

	for (uint32_t k = 1; k <= w->last; k++) { /* rather one that waits for them */
		const struct repair_incident *i = repair_incident_get(w->r, k);

		if (i && i->phase == REPAIR_APPROVAL)
			id = k;
	}
	if (below(w, 30) == 0)
		(void)repair_accept(w->r, id, "p", &w->now);
	else if (repair_approve(w->r, id, ok, "p", &w->now) == 0 && ok)
		w->inc[id].approvals++;
}

static void forget_beside(struct account *a, unsigned slice)
{
	a->beside &= ~(1u << slice);
	a->known &= ~(1u << slice);
}

static void step(struct world *w)
{
	static const char ids[][2] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	unsigned slice;

	switch (below(w, 10)) {
	case 0:
	case 1:
	case 2:
		answer(w);
		break;
	case 3:
	case 4:
	case 5:
		window(w);
		break;
	case 6:
		people(w);
		break;
	case 7:
		if (below(w, 40) == 0) {
			slice = below(w, SLICES);
			repair_gone(w->r, ids[slice], &w->now);
			w->hold_until[slice] = 0;
			for (uint32_t k = 1; k <= w->last; k++)
				forget_beside(&w->inc[k], slice);
			for (unsigned i = 0; i < w->n_acts; i++) /* for all it counts still */
				w->acts[i].slice = w->acts[i].slice == slice ? SLICES : w->acts[i].slice;
		} else if (below(w, 10) == 0) {
			w->free = below(w, 3) > 0;
			w->allowed = (uint8_t)below(w, 64);
		}
		break;
	default:
		w->now.mono.ns += below(w, 8) * S;
		w->now.wall_ns += below(w, 8) * S;
		repair_tick(w->r, &w->now);
	}
	drain(w);
}

/* Nobody answers any more, only time passes: all come to an end. */
static void run_out(struct world *w)
{
	struct mono due;
	unsigned n = 0;

	w->silent = true;
	w->n_pending = 0;
	while (repair_due(w->r, &due)) {
		uint64_t d = mono_since(w->now.mono, due);

		ck_assert_uint_lt(n++, 2000);
		w->now.mono.ns += d;
		w->now.wall_ns += d;
		repair_tick(w->r, &w->now);
		drain(w);
	}
}

START_TEST(nothing_is_done_that_may_not_be_and_all_comes_to_an_end)
{
	AUTO_FREE struct world *w = malloc(sizeof(*w));
	unsigned outcomes[REPAIR_OUTCOMES] = { 0 };
	struct repair_counts c;

	for (uint64_t seed = 1; seed <= 12; seed++) {
		world(w, seed * 16 + (uint64_t)_i);
		for (unsigned k = 0; k < STEPS; k++)
			step(w);
		run_out(w);
		for (uint32_t k = 1; k <= w->last; k++)
			ck_assert(!w->inc[k].seen || w->inc[k].told_end);
		repair_counts(w->r, &c);
		ck_assert_uint_eq(c.open, 0);
		ck_assert_uint_eq(c.working, 0);
		for (unsigned o = 0; o < REPAIR_OUTCOMES; o++)
			outcomes[o] += (unsigned)c.ended[o];
		w->r = repair_free(w->r);
	}
	/* A test in which nothing happens shows nothing. */
	for (unsigned o = REPAIR_KEPT; o < REPAIR_OUTCOMES; o++)
		ck_assert_msg(outcomes[o] > 0, "%s", repair_outcome_name((enum repair_outcome)o));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("repair-model");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, nothing_is_done_that_may_not_be_and_all_comes_to_an_end, 0, 5);
	suite_add_tcase(s, tc);
	return check_main(s);
}
