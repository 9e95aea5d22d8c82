/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of the probes whose windows are open; slot seq % cap. Invariant: closed <= seq of every
 * probe in the ring < next, next - closed <= cap.
 */
#include "tools/agent/measure/stamp_win.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mono.h"

/* A clock that is slewed moves by at most 0.05 %; scheduling lies between the two readings. */
#define JUMP_NS (2 * NS_PER_MS)
#define SLEW 1000
#define UNKNOWN UINT32_MAX

struct slot {
	uint64_t mark, wall_ns, mono_ns;
	uint32_t refl_seq;
	uint32_t rtt, forward, backward; /* ns, UNKNOWN when it is */
	uint64_t error_ns;
	bool answered;
};

struct agent_stamp_acc {
	uint32_t n, cap, next, closed;
	bool stateful, has_last;
	bool anchored; /* seq and refl_seq of the last answer that loss was placed by */
	uint32_t anchor_seq, anchor_refl;
	struct agent_stamp_window last;
	struct agent_stamp_totals totals;
	uint32_t *scratch; /* n */
	struct slot slots[];
};

int agent_stamp_acc_new(struct agent_stamp_acc **outp, uint32_t n, uint32_t in_flight,
			bool stateful)
{
	uint32_t cap = 16;
	struct agent_stamp_acc *a;

	while (cap < n + in_flight + 2)
		cap *= 2; /* a power of two: numbers wrap */
	a = calloc(1, sizeof(*a) + cap * sizeof(a->slots[0]));
	if (!a)
		return err_raise(-ENOMEM);
	a->scratch = calloc(n, sizeof(*a->scratch));
	if (!a->scratch) {
		free(a);
		return err_raise(-ENOMEM);
	}
	a->n = n;
	a->cap = cap;
	a->stateful = stateful;
	*outp = a;
	return 0;
}

struct agent_stamp_acc *agent_stamp_acc_free(struct agent_stamp_acc *a)
{
	if (a)
		free(a->scratch);
	free(a);
	return NULL;
}

static struct slot *slot_of(struct agent_stamp_acc *a, uint32_t seq)
{
	return &a->slots[seq & (a->cap - 1)];
}

static void close_one(struct agent_stamp_acc *a, uint64_t wall_ns);

uint32_t agent_stamp_acc_sent(struct agent_stamp_acc *a, uint64_t mark, uint64_t wall_ns,
			      uint64_t mono_ns)
{
	if (a->next - a->closed >= a->cap) /* the loop was away for long: what is due is over */
		close_one(a, wall_ns);
	*slot_of(a, a->next) = (struct slot){ .mark = mark,
					      .wall_ns = wall_ns,
					      .mono_ns = mono_ns,
					      .rtt = UNKNOWN,
					      .forward = UNKNOWN,
					      .backward = UNKNOWN };
	a->totals.sent++;
	return a->next++;
}

bool agent_stamp_acc_awaits(struct agent_stamp_acc *a, uint32_t seq, uint64_t mark,
			    uint64_t *wall_ns, uint64_t *mono_ns)
{
	const struct slot *s = slot_of(a, seq);

	if ((int32_t)(seq - a->next) >= 0) {
		a->totals.stray++;
		return false;
	}
	if ((int32_t)(seq - a->closed) < 0) {
		a->totals.late++;
		return false;
	}
	if (s->mark != mark) {
		a->totals.stray++;
		return false;
	}
	if (s->answered) {
		a->totals.duplicates++;
		return false;
	}
	*wall_ns = s->wall_ns;
	*mono_ns = s->mono_ns;
	return true;
}

/* ---- one answer ---- */

static bool jumped(const struct agent_stamp_times *t)
{
	uint64_t mono = t->now_mono_ns - t->sent_mono_ns;
	int64_t off = (int64_t)(t->now_wall_ns - t->t1) - (int64_t)mono;
	uint64_t abs = off < 0 ? (uint64_t)-off : (uint64_t)off;

	return t->now_mono_ns < t->sent_mono_ns || abs > JUMP_NS + mono / SLEW;
}

static uint32_t capped(uint64_t ns)
{
	return ns < UNKNOWN ? (uint32_t)ns : UNKNOWN - 1;
}

static void one_way(struct agent_stamp_acc *a, struct slot *s, const struct agent_stamp_times *t)
{
	if (!t->sync || t->error_ns == UINT64_MAX)
		return;
	/* A delay below zero is a clock that errs by more than it says. */
	if (t->t2 < t->t1 || t->t4 < t->t3) {
		a->totals.doubts++;
		return;
	}
	s->forward = capped(t->t2 - t->t1);
	s->backward = capped(t->t4 - t->t3);
	s->error_ns = t->error_ns;
}

static void histogram(struct agent_stamp_totals *t, uint32_t ns)
{
	uint32_t us = ns / 1000;
	unsigned i = 0;

	while (i < AGENT_STAMP_BUCKETS - 1 && us > UINT32_C(1) << i)
		i++;
	t->histogram[i]++;
}

void agent_stamp_acc_answer(struct agent_stamp_acc *a, uint32_t seq, uint32_t refl_seq,
			    const struct agent_stamp_times *t)
{
	struct slot *s = slot_of(a, seq);

	s->answered = true;
	s->refl_seq = refl_seq;
	a->totals.received++;
	if (jumped(t) || t->t4 <= t->t1 || t->t3 < t->t2 || t->t3 - t->t2 >= t->t4 - t->t1) {
		a->totals.doubts++;
		return;
	}
	s->rtt = capped(t->t4 - t->t1 - (t->t3 - t->t2));
	histogram(&a->totals, s->rtt);
	one_way(a, s, t);
}

/* ---- a window ---- */

static int by_value(const void *x, const void *y)
{
	const uint32_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* Nearest rank: the smallest value that p % are not above. */
static uint32_t rank(const uint32_t *sorted, uint32_t n, uint32_t p)
{
	return sorted[((uint64_t)n * p + 99) / 100 - 1] / 1000;
}

static struct agent_stamp_delay delay_of(uint32_t *ns, uint32_t n)
{
	struct agent_stamp_delay d = { .n = n, .has_p99 = n >= AGENT_STAMP_P99_SAMPLES };

	if (n == 0)
		return d;
	qsort(ns, n, sizeof(*ns), by_value);
	d.min = ns[0] / 1000;
	d.max = ns[n - 1] / 1000;
	d.p50 = rank(ns, n, 50);
	if (d.has_p99)
		d.p99 = rank(ns, n, 99);
	return d;
}

enum way { RTT, FORWARD, BACKWARD };

static struct agent_stamp_delay delay_in(struct agent_stamp_acc *a, enum way way)
{
	uint32_t n = 0;

	for (uint32_t seq = a->closed; seq != a->closed + a->last.sent; seq++) {
		const struct slot *s = slot_of(a, seq);
		uint32_t v = way == RTT ? s->rtt : way == FORWARD ? s->forward : s->backward;

		if (v != UNKNOWN)
			a->scratch[n++] = v;
	}
	return delay_of(a->scratch, n);
}

/* What was lost after the anchor, up to the last answer of this window, by direction. */
static void place(struct agent_stamp_acc *a)
{
	struct agent_stamp_window *w = &a->last;
	uint32_t answered = 0, seq_max = 0, refl_max = 0;

	for (uint32_t seq = a->closed; seq != a->closed + w->sent; seq++) {
		const struct slot *s = slot_of(a, seq);

		if (!s->answered)
			continue;
		if (!a->anchored) {
			a->anchored = true;
			a->anchor_seq = seq;
			a->anchor_refl = s->refl_seq;
			continue;
		}
		answered++;
		seq_max = seq - a->anchor_seq;
		/* a reflector that began anew steps back: that is huge, and seen below */
		if (s->refl_seq - a->anchor_refl > refl_max)
			refl_max = s->refl_seq - a->anchor_refl;
	}
	if (answered == 0)
		return;
	if (refl_max < answered || refl_max > seq_max) {
		a->totals.resets++;
		a->anchored = false; /* the next window has one */
		return;
	}
	w->lost_forward = seq_max - refl_max;
	w->lost_backward = refl_max - answered;
	a->totals.lost_forward += w->lost_forward;
	a->totals.lost_backward += w->lost_backward;
	a->anchor_seq += seq_max;
	a->anchor_refl += refl_max;
}

static void sum_up(struct agent_stamp_acc *a)
{
	struct agent_stamp_window *w = &a->last;
	struct agent_stamp_totals *t = &a->totals;

	for (uint32_t seq = a->closed; seq != a->closed + w->sent; seq++) {
		const struct slot *s = slot_of(a, seq);

		w->received += s->answered;
		if (s->forward != UNKNOWN && s->error_ns / 1000 + 1 > w->error_us)
			w->error_us = s->error_ns / 1000 + (s->error_ns % 1000 != 0);
	}
	w->known = w->received > 0;
	t->windows++;
	t->windows_unknown += !w->known;
	if (w->known)
		t->lost += w->sent - w->received;
	else
		t->unknown += w->sent;
}

static void close_one(struct agent_stamp_acc *a, uint64_t wall_ns)
{
	uint32_t have = a->next - a->closed;

	a->last = (struct agent_stamp_window){ .first = a->closed,
					       .sent = have < a->n ? have : a->n,
					       .start_wall_ns = slot_of(a, a->closed)->wall_ns,
					       .end_wall_ns = wall_ns };
	sum_up(a);
	if (a->stateful)
		place(a);
	a->last.rtt = delay_in(a, RTT);
	a->last.forward = delay_in(a, FORWARD);
	a->last.backward = delay_in(a, BACKWARD);
	a->closed += a->last.sent;
	a->has_last = true;
}

bool agent_stamp_acc_close(struct agent_stamp_acc *a, uint64_t mono_ns, uint64_t wall_ns)
{
	bool any = false;

	while (a->next - a->closed >= a->n &&
	       slot_of(a, a->closed + a->n - 1)->mono_ns < mono_ns) {
		close_one(a, wall_ns);
		any = true;
	}
	return any;
}

void agent_stamp_acc_restart(struct agent_stamp_acc *a)
{
	for (; a->closed != a->next; a->closed++)
		a->totals.unknown += !slot_of(a, a->closed)->answered;
	a->has_last = a->anchored = false;
}

const struct agent_stamp_totals *agent_stamp_acc_totals(const struct agent_stamp_acc *a)
{
	return &a->totals;
}

const struct agent_stamp_window *agent_stamp_acc_last(const struct agent_stamp_acc *a)
{
	return a->has_last ? &a->last : NULL;
}
