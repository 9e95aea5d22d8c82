/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue and some threads. On a fake loop there are none: a job runs on the loop after
 * a delay drawn from the loop's seed, so that answers arrive late and out of order, repeatably.
 */
#include "work/work.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/err.h"

enum { QUEUE_MAX = 1024, THREADS_MAX = 64 };

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
		job = CONTAINER_OF(list_pop(&w->queue), struct work_job, mail.link);
		w->n_queued--;
		pthread_mutex_unlock(&w->lock);
		job->run(job);
		loop_mail_post(w->loop, &job->mail);
	}
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
		n_threads = 1;
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

static void fake_due(void *arg)
{
	struct work_job *job = arg;

	list_del(&job->mail.link);
	list_del(&job->link);
	loop_timer_fini(&job->timer);
	job->run(job);
	job->done(job);
}

static void fake_submit(struct work *w, struct work_job *job)
{
	list_add(&w->fake, &job->mail.link);
	loop_timer_init(&job->timer, w->loop, fake_due, job);
	loop_timer_after(&job->timer, 10 * NS_PER_US + loop_random(w->loop) % (2 * NS_PER_MS));
}

unsigned work_threads(const struct work *w)
{
	return w->n_threads;
}

int work_submit(struct work *w, struct work_job *job)
{
	int r = 0;

	job->skipped = false;
	list_init(&job->link);
	list_init(&job->mail.link);
	job->mail.fn = job_done;
	if (loop_is_fake(w->loop)) {
		list_add(&w->jobs, &job->link);
		fake_submit(w, job);
		return 0;
	}
	pthread_mutex_lock(&w->lock);
	if (w->n_queued == QUEUE_MAX) {
		r = -EAGAIN;
	} else {
		list_add(&w->queue, &job->mail.link);
		w->n_queued++;
		pthread_cond_signal(&w->some);
	}
	pthread_mutex_unlock(&w->lock);
	if (r == 0)
		list_add(&w->jobs, &job->link); /* its mail is read by this thread, later */
	return r;
}
