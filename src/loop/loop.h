/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The event loop: timers, file descriptors, signals, deferred work, mailboxes, the clock.
 *
 * Two backends behind one interface. The real one is libev. The fake one has no descriptors:
 * its clock stands still until loop_fake_step() moves it to the next due timer or deferred
 * task, and its random numbers follow from a seed, so a run is repeatable. Everything here is
 * for the loop's own thread but loop_mail_post().
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/mono.h"
#include "base/rng.h"

struct loop;

int loop_new(struct loop **outp);
int loop_fake_new(struct loop **outp, uint64_t seed);
struct loop *loop_free(struct loop *loop);
AUTO_DEFINE(struct loop, loop_free)

bool loop_is_fake(const struct loop *loop);
void loop_run(struct loop *loop); /* until loop_stop() */
void loop_stop(struct loop *loop);

/* Time as of this turn of the loop; loop_now_update() after long work. */
struct mono loop_now(const struct loop *loop);
void loop_now_update(struct loop *loop);
/* Wall clock, nanoseconds since 1970, for timestamps shown to people. The fake loop derives
 * it from its monotonic clock. */
uint64_t loop_wall_ns(const struct loop *loop);
uint64_t loop_random(struct loop *loop);

/* Fake only: runs deferred tasks and everything due at the earliest due time, moving the
 * clock there but never past limit. False when nothing is due up to limit (the clock is then
 * at limit). */
bool loop_fake_step(struct loop *loop, struct mono limit);

struct loop_timer {
	struct loop *loop;
	void (*fn)(void *arg);
	void *arg;
	struct heap_node due;	/* fake backend */
	void *ev;		/* real backend */
};

void loop_timer_init(struct loop_timer *t, struct loop *loop, void (*fn)(void *arg), void *arg);
void loop_timer_at(struct loop_timer *t, struct mono when); /* arms, or moves */
void loop_timer_after(struct loop_timer *t, uint64_t ns);
void loop_timer_stop(struct loop_timer *t); /* fine when not armed, zeroed or uninitialised-zero */
bool loop_timer_armed(const struct loop_timer *t);
void loop_timer_fini(struct loop_timer *t); /* stops and releases */

/* Runs once, after the current callbacks and before the loop sleeps. Scheduling twice is once. */
struct loop_task {
	struct loop *loop;
	void (*fn)(void *arg);
	void *arg;
	struct list link;
};

void loop_task_init(struct loop_task *t, struct loop *loop, void (*fn)(void *arg), void *arg);
void loop_task_run(struct loop_task *t);
void loop_task_cancel(struct loop_task *t);

enum {
	LOOP_READ = 1,
	LOOP_WRITE = 2,
};

struct loop_io; /* real backend only */
int loop_io_new(struct loop_io **outp, struct loop *loop, int fd,
		void (*fn)(void *arg, unsigned events), void *arg);
void loop_io_want(struct loop_io *io, unsigned events); /* 0 pauses */
struct loop_io *loop_io_free(struct loop_io *io);	/* does not close fd */

struct loop_signal;
int loop_signal_new(struct loop_signal **outp, struct loop *loop, int signo,
		    void (*fn)(void *arg, int signo), void *arg);
struct loop_signal *loop_signal_free(struct loop_signal *s);

/* Messages from other threads, delivered on the loop in order of posting. */
struct loop_mail {
	struct list link;
	void (*fn)(struct loop_mail *m); /* runs on the loop; owns m from then on */
};

void loop_mail_post(struct loop *loop, struct loop_mail *m); /* any thread */
/* Takes back what was posted and not delivered yet; fine when it was. The loop's thread only,
 * and only when nobody may still be posting m. */
void loop_mail_cancel(struct loop *loop, struct loop_mail *m);
