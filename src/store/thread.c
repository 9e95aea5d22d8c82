/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store thread: takes everything that is queued, commits it at once, posts the completions,
 * and only then looks after the log. While one commit syncs, the next group gathers by itself,
 * so there is no waiting for company. queue and finished are shared under the lock; db's writer
 * side is the thread's.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"
#include "store/store_impl.h"

enum {
	BATCH_MAX = 1024,
	BATCH_BYTES_MAX = 8 * 1024 * 1024,
	WAL_SOON = 1000,	  /* frames: checkpoint when the queue is empty */
	IDLE_S = 1,		  /* then the rest of the log goes too */
};

struct back {
	struct store *s;
	struct store_db db;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct list queue, finished; /* guarded by lock */
	bool stop, mailed;	     /* guarded by lock */
	struct loop_mail mail;
};

/* On the loop. */
static void mail_cb(struct loop_mail *m)
{
	struct back *b = CONTAINER_OF(m, struct back, mail);
	struct list done;
	struct list *n;

	list_init(&done);
	pthread_mutex_lock(&b->lock);
	b->mailed = false;
	while ((n = list_pop(&b->finished)))
		list_add(&done, n);
	pthread_mutex_unlock(&b->lock);
	store_completed(b->s, &done);
}

static void finish(struct back *b, struct list *txns)
{
	struct list *n;
	bool post;

	pthread_mutex_lock(&b->lock);
	while ((n = list_pop(txns)))
		list_add(&b->finished, n);
	post = !b->mailed && !list_empty(&b->finished);
	if (post)
		b->mailed = true;
	pthread_mutex_unlock(&b->lock);
	if (post)
		loop_mail_post(b->s->loop, &b->mail);
}

static void finish_one(struct back *b, struct store_txn *t)
{
	struct list one;

	list_init(&one);
	list_add(&one, &t->link);
	finish(b, &one);
}

/* With the lock held: moves writes until a bound or a backup, which stays in front. */
static void gather(struct back *b, struct list *batch)
{
	size_t n = 0, bytes = 0;

	while (!list_empty(&b->queue) && n < BATCH_MAX && bytes < BATCH_BYTES_MAX) {
		struct store_txn *t = LIST_OF(b->queue.next, struct store_txn, link);

		if (t->backup)
			break;
		list_del(&t->link);
		list_add(batch, &t->link);
		n++;
		bytes += t->bytes;
	}
}

/* Waits for work; false when the idle time passed without any. */
static bool wait_for_work(struct back *b)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_S;
	while (!b->stop && list_empty(&b->queue) && !b->db.backup) {
		if (b->db.wal_frames == 0)
			pthread_cond_wait(&b->some, &b->lock);
		else if (pthread_cond_timedwait(&b->some, &b->lock, &until) == ETIMEDOUT)
			return false;
	}
	return true;
}

/* One round. False when all is done and the end is wanted. */
static bool round_run(struct back *b)
{
	struct store_txn *backup = NULL;
	struct list batch;
	bool work, more, stop;

	list_init(&batch);
	pthread_mutex_lock(&b->lock);
	work = wait_for_work(b);
	gather(b, &batch);
	if (list_empty(&batch) && !list_empty(&b->queue) && !b->db.backup)
		backup = LIST_OF(list_pop(&b->queue), struct store_txn, link);
	more = !list_empty(&b->queue);
	stop = b->stop;
	pthread_mutex_unlock(&b->lock);

	if (!list_empty(&batch)) {
		store_db_commit(&b->db, &batch);
		finish(b, &batch);
	}
	if (backup)
		store_backup_begin(&b->db, backup);
	if (stop && !more && !backup)
		return false;
	if (b->db.backup && store_backup_step(&b->db))
		finish_one(b, TAKE(b->db.backup));
	if (!work || b->db.wal_frames >= STORE_WAL_LARGE || (!more && b->db.wal_frames >= WAL_SOON))
		store_db_checkpoint(&b->db);
	return true;
}

static void *thread_main(void *arg)
{
	struct back *b = arg;

	(void)pthread_setname_np(pthread_self(), "store");
	while (round_run(b))
		;
	if (b->db.backup) {
		store_backup_abort(&b->db);
		finish_one(b, TAKE(b->db.backup));
	}
	return NULL;
}

static void back_submit(void *back, struct store_txn *t)
{
	struct back *b = back;

	pthread_mutex_lock(&b->lock);
	list_add(&b->queue, &t->link);
	pthread_cond_signal(&b->some);
	pthread_mutex_unlock(&b->lock);
}

static int back_each(void *back, const char *bucket,
		     int (*fn)(void *arg, const char *key, const void *value, size_t len), void *arg)
{
	struct back *b = back;

	return store_db_each(&b->db, bucket, fn, arg);
}

static void back_close(void *back)
{
	struct back *b = back;

	if (b->started) {
		pthread_mutex_lock(&b->lock);
		b->stop = true;
		pthread_cond_signal(&b->some);
		pthread_mutex_unlock(&b->lock);
		(void)pthread_join(b->thread, NULL);
		loop_mail_cancel(b->s->loop, &b->mail);
	}
	store_txns_free(&b->queue);
	store_txns_free(&b->finished);
	store_db_close(&b->db);
	pthread_cond_destroy(&b->some);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

const struct store_back store_thread_back = { back_submit, back_each, back_close };

/* Signals are the loop's: the thread blocks them all. */
static int thread_start(struct back *b)
{
	sigset_t all, old;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&b->thread, NULL, thread_main, b);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	b->started = r == 0;
	return -r;
}

int store_thread_new(void **outp, struct store *s, const char *path, char *err, size_t err_cap)
{
	struct back *b = calloc(1, sizeof(*b));
	pthread_condattr_t attr;
	int r;

	if (!b) {
		(void)str_copy(err, err_cap, "out of memory");
		return err_raise(-ENOMEM);
	}
	b->s = s;
	b->mail.fn = mail_cb;
	list_init(&b->queue);
	list_init(&b->finished);
	pthread_mutex_init(&b->lock, NULL);
	pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&b->some, &attr);
	pthread_condattr_destroy(&attr);
	r = store_db_open(&b->db, path, err, err_cap);
	if (r == 0 && (r = thread_start(b)) < 0) {
		(void)str_copy(err, err_cap, "cannot start the store thread");
		r = err_raise(r);
	}
	if (r < 0) {
		back_close(b);
		return err_trace(r);
	}
	*outp = b;
	return 0;
}
