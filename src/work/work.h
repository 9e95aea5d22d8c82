/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Worker threads: a job runs on some worker and its completion arrives on the loop. On a fake
 * loop there are no threads: the job runs and completes at a seeded later moment on the loop,
 * so simulations are repeatable.
 */
#include "loop/loop.h"

struct work;

/* run: on a worker; touches only what the job owns and immutable references it holds.
 * done: on the loop, always called exactly once (also at work_free, as skipped). */
struct work_lane;
struct work_job {
	void (*run)(struct work_job *job);
	void (*done)(struct work_job *job);
	struct loop_mail mail; /* private */
	struct loop_timer timer; /* private */
	struct list link;	 /* private */
	struct work_lane *lane;	 /* private */
	struct work *pool;	 /* private */
	bool skipped; /* set before done when it never ran, or nobody was told of it before the end */
};

/* Jobs of one lane run one at a time, in the order they were submitted, and are done in that order:
 * what they share needs no lock. The next begins without the loop's help. It has to last until the
 * last of its jobs is done. */
struct work_lane {
	struct list queue;	 /* private */
	struct work_job *queued; /* private */
	bool busy;		 /* private */
};

unsigned work_threads_suited(void); /* one less than the processors this process may use, 1 to 7 */
int work_new(struct work **outp, struct loop *loop, unsigned n_threads); /* 0: as many as are suited */
/* Waits for running jobs; completes as skipped the queued, and those that ran and whose completion
 * the loop has not come to. */
struct work *work_free(struct work *w);
AUTO_DEFINE(struct work, work_free)
unsigned work_threads(const struct work *w); /* on a fake loop none */
/* 0 or -EAGAIN when the queue (1024) is full. */
int work_submit(struct work *w, struct work_job *job); /* on the loop's thread */
void work_lane_init(struct work_lane *lane);
/* The same in a lane; -EAGAIN only while nothing of the lane waits or runs. */
int work_submit_in(struct work *w, struct work_lane *lane, struct work_job *job);
/* A job of the lane that no thread has begun, for the loop to run it rather than wait for it; its `run`
 * is not called. NULL: there is none; on a fake loop never. What was taken is given back, or done. */
struct work_job *work_take(struct work *w, struct work_lane *lane);
void work_give_back(struct work *w, struct work_job *job); /* before all that wait */
void work_done_here(struct work *w, struct work_job *job); /* calls done */
