/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue and some threads. On a fake loop there are none: a job runs on the loop after
 * a delay drawn from the loop's seed, so that answers arrive late and out of order, repeatably.
 */
#include "work/work.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "base/err.h"

enum { QUEUE_MAX = 1024, THREADS_MAX = 64, SUITED_MAX = 7 };

struct work {
	struct loop *loop;
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct list queue; /* by loop_mail.link; guarded by lock */
	unsigned n_queued; /* guarded by lock */
	bool stop;	   /* guarded by lock */
	unsigned n_threads;
	pthread_t threads[THREADS_MAX];
	struct list fake; /* jobs waiting for their moment on a fake loop */
	struct list jobs; /* all that are not done, by link; loop's thread only */
};

static void job_done(struct loop_mail *m)
{
	struct work_job *job = CONTAINER_OF(m, struct work_job, mail);

	list_del(&job->link);
	job->done(job);
}

/* ---- the queue, under the lock ---- */

static void queue_put(struct work *w, struct list *before, struct work_job *job)
{
	list_add(before, &job->mail.link);
	w->n_queued++;
	if (job->lane)
		job->lane->queued = job;
}

static void dequeue(struct work *w, struct work_job *job)
{
	list_del(&job->mail.link);
	w->n_queued--;
	if (job->lane)
		job->lane->queued = NULL;
}

/* The next of its lane waits behind what others submitted before. NULL: none. */
static struct work_job *lane_next(const struct work_job *job)
{
	struct list *n = job->lane ? list_pop(&job->lane->queue) : NULL;

	if (job->lane)
		job->lane->busy = n != NULL;
	return n ? CONTAINER_OF(n, struct work_job, mail.link) : NULL;
}

/* When it is told, what it was part of may go. So that is the last thing, and under the lock, for
 * the next of its lane not to be told before it. */
static void ran(struct work *w, struct work_job *job)
{
	struct work_job *next;

	pthread_mutex_lock(&w->lock);
	next = lane_next(job);
	if (next)
		queue_put(w, &w->queue, next); /* this thread looks there at once */
	loop_mail_post(w->loop, &job->mail);
	pthread_mutex_unlock(&w->lock);
}

static void *worker(void *arg)
{
	struct work *w = arg;

	for (;;) {
		struct work_job *job;

		pthread_mutex_lock(&w->lock);
		while (!w->stop && list_empty(&w->queue))
			pthread_cond_wait(&w->some, &w->lock);
		if (w->stop) {
			pthread_mutex_unlock(&w->lock);
			return NULL;
		}
		job = CONTAINER_OF(w->queue.next, struct work_job, mail.link);
		dequeue(w, job);
		pthread_mutex_unlock(&w->lock);
		job->run(job);
		ran(w, job);
	}
}

/* The loop computes too while it waits, so it is given a processor. */
unsigned work_threads_suited(void)
{
	cpu_set_t may;
	int n = sched_getaffinity(0, sizeof(may), &may) == 0 ? CPU_COUNT(&may) : 1;

	return n <= 2 ? 1 : n - 1 < SUITED_MAX ? (unsigned)n - 1 : SUITED_MAX;
}

int work_new(struct work **outp, struct loop *loop, unsigned n_threads)
{
	AUTO(work_free) struct work *w = calloc(1, sizeof(*w));

	if (!w)
		return err_raise(-ENOMEM);
	w->loop = loop;
	list_init(&w->queue);
	list_init(&w->fake);
	list_init(&w->jobs);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->some, NULL);
	if (n_threads == 0)
		n_threads = work_threads_suited();
	if (n_threads > THREADS_MAX)
		n_threads = THREADS_MAX;
	for (; !loop_is_fake(loop) && w->n_threads < n_threads; w->n_threads++) {
		int r = pthread_create(&w->threads[w->n_threads], NULL, worker, w);

		if (r != 0)
			return err_raise(-r);
	}
	*outp = TAKE(w);
	return 0;
}

/* No thread is left. What ran may wait in the loop's mailbox, which nobody will read. */
static void complete_all(struct work *w)
{
	struct list *n;

	while ((n = list_pop(&w->jobs))) {
		struct work_job *job = LIST_OF(n, struct work_job, link);

		loop_timer_fini(&job->timer);
		loop_mail_cancel(w->loop, &job->mail); /* or out of the queue */
		job->skipped = true;
		job->done(job);
	}
}

struct work *work_free(struct work *w)
{
	if (!w)
		return NULL;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->some);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->n_threads; i++)
		(void)pthread_join(w->threads[i], NULL);
	complete_all(w);
	pthread_cond_destroy(&w->some);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return NULL;
}

static void fake_submit(struct work *w, struct work_job *job);

static void fake_due(void *arg)
{
	struct work_job *job = arg, *next;

	list_del(&job->mail.link);
	list_del(&job->link);
	loop_timer_fini(&job->timer);
	job->run(job);
	next = lane_next(job);
	if (next)
		fake_submit(job->pool, next);
	job->done(job);
}

static void fake_submit(struct work *w, struct work_job *job)
{
	job->pool = w;
	list_add(&w->fake, &job->mail.link);
	loop_timer_init(&job->timer, w->loop, fake_due, job);
	loop_timer_after(&job->timer, 10 * NS_PER_US + loop_random(w->loop) % (2 * NS_PER_MS));
}

unsigned work_threads(const struct work *w)
{
	return w->n_threads;
}

void work_lane_init(struct work_lane *lane)
{
	list_init(&lane->queue);
	lane->queued = NULL;
	lane->busy = false;
}

/* False: the queue is full. Under the lock where there are threads. */
static bool enqueue(struct work *w, struct work_job *job)
{
	if (job->lane && job->lane->busy) {
		list_add(&job->lane->queue, &job->mail.link);
		return true;
	}
	if (w->n_queued == QUEUE_MAX)
		return false;
	if (job->lane)
		job->lane->busy = true;
	if (loop_is_fake(w->loop)) {
		fake_submit(w, job);
		return true;
	}
	queue_put(w, &w->queue, job);
	pthread_cond_signal(&w->some);
	return true;
}

int work_submit_in(struct work *w, struct work_lane *lane, struct work_job *job)
{
	bool taken;

	job->skipped = false;
	job->lane = lane;
	list_init(&job->link);
	list_init(&job->mail.link);
	job->mail.fn = job_done;
	pthread_mutex_lock(&w->lock);
	taken = enqueue(w, job);
	pthread_mutex_unlock(&w->lock);
	if (!taken)
		return -EAGAIN;
	list_add(&w->jobs, &job->link); /* its mail is read by this thread, later */
	return 0;
}

int work_submit(struct work *w, struct work_job *job)
{
	return work_submit_in(w, NULL, job);
}

/* ---- jobs for the loop ---- */

struct work_job *work_take(struct work *w, struct work_lane *lane)
{
	struct work_job *job;

	pthread_mutex_lock(&w->lock);
	job = lane->queued;
	if (job)
		dequeue(w, job);
	pthread_mutex_unlock(&w->lock);
	return job;
}

void work_give_back(struct work *w, struct work_job *job)
{
	pthread_mutex_lock(&w->lock);
	queue_put(w, w->queue.next, job);
	pthread_cond_signal(&w->some);
	pthread_mutex_unlock(&w->lock);
}

void work_done_here(struct work *w, struct work_job *job)
{
	struct work_job *next;

	pthread_mutex_lock(&w->lock);
	next = lane_next(job);
	if (next) {
		queue_put(w, &w->queue, next);
		pthread_cond_signal(&w->some);
	}
	pthread_mutex_unlock(&w->lock);
	job_done(&job->mail);
}
