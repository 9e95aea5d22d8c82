/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loop, two backends.
 *
 * Timers and deferred tasks live in our own heap and list under both; the real backend drives
 * them with one libev timer and a prepare watcher, so both order them alike. Descriptors and
 * signals exist on the real backend only. Mail is a locked list; the first letter of a batch
 * wakes the loop.
 */
#include "loop/loop.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/err.h"

enum { TIMERS_A_TURN = 1024 };

struct loop {
	bool fake, stopped;
	struct mono now;
	struct rng rng;
	struct heap timers;
	struct list tasks;
	pthread_mutex_t lock;
	struct list mail; /* guarded by lock */
	struct ev_loop *ev;
	ev_timer wake;
	ev_prepare prepare;
	ev_check check;
	ev_async async;
};

struct loop_io {
	ev_io ev;
	struct loop *loop;
	void (*fn)(void *arg, unsigned events);
	void *arg;
	int fd;
};

struct loop_signal {
	ev_signal ev;
	struct loop *loop;
	void (*fn)(void *arg, int signo);
	void *arg;
};

static struct mono clock_mono(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct mono){ (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec };
}

static void timers_run(struct loop *loop)
{
	struct heap_node *n;

	for (int i = 0; i < TIMERS_A_TURN && (n = heap_min(&loop->timers)); i++) {
		struct loop_timer *t = CONTAINER_OF(n, struct loop_timer, due);

		if (n->key > loop->now.ns)
			break;
		heap_del(&loop->timers, n);
		t->fn(t->arg);
	}
}

/* Those there now; what they schedule runs in the next turn, so no task can starve the rest. */
static void tasks_run(struct loop *loop)
{
	struct list batch;
	struct list *n;

	list_init(&batch);
	while ((n = list_pop(&loop->tasks)))
		list_add(&batch, n);
	while ((n = list_pop(&batch))) {
		struct loop_task *t = LIST_OF(n, struct loop_task, link);

		t->fn(t->arg);
	}
}

static void mail_run(struct loop *loop)
{
	struct list batch;
	struct list *n;

	list_init(&batch);
	pthread_mutex_lock(&loop->lock);
	while ((n = list_pop(&loop->mail)))
		list_add(&batch, n);
	pthread_mutex_unlock(&loop->lock);
	while ((n = list_pop(&batch))) {
		struct loop_mail *m = LIST_OF(n, struct loop_mail, link);

		m->fn(m);
	}
}

/* ---- the real backend ---- */

static void on_check(struct ev_loop *ev, ev_check *w, int events)
{
	struct loop *loop = w->data;

	(void)ev;
	(void)events;
	loop->now = clock_mono();
}

static void on_wake(struct ev_loop *ev, ev_timer *w, int events)
{
	(void)ev;
	(void)w;
	(void)events;
}

static void on_async(struct ev_loop *ev, ev_async *w, int events)
{
	(void)ev;
	(void)events;
	mail_run(w->data);
}

/* Before the loop sleeps: what is due runs, then the sleep is as long as nothing is due. */
static void on_prepare(struct ev_loop *ev, ev_prepare *w, int events)
{
	struct loop *loop = w->data;
	const struct heap_node *n;
	uint64_t wait;

	(void)events;
	loop->now = clock_mono();
	timers_run(loop);
	tasks_run(loop);
	loop->now = clock_mono();
	n = heap_min(&loop->timers);
	ev_timer_stop(ev, &loop->wake);
	if (loop->stopped || !list_empty(&loop->tasks))
		wait = 0;
	else if (n)
		wait = n->key > loop->now.ns ? n->key - loop->now.ns : 0;
	else
		return;
	ev_now_update(ev);
	ev_timer_set(&loop->wake, (double)wait / (double)NS_PER_S, 0.);
	ev_timer_start(ev, &loop->wake);
}

static int loop_make(struct loop **outp, bool fake, uint64_t seed)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return err_raise(-ENOMEM);
	loop->fake = fake;
	list_init(&loop->tasks);
	list_init(&loop->mail);
	pthread_mutex_init(&loop->lock, NULL);
	rng_seed(&loop->rng, seed);
	loop->now.ns = fake ? NS_PER_S : clock_mono().ns;
	*outp = loop;
	return 0;
}

int loop_new(struct loop **outp)
{
	AUTO(loop_free) struct loop *loop = NULL;
	uint64_t seed;
	int r;

	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		seed = clock_mono().ns;
	r = loop_make(&loop, false, seed);
	if (r < 0)
		return err_trace(r);
	loop->ev = ev_loop_new(EVFLAG_AUTO);
	if (!loop->ev)
		return err_raise(-ENOMEM);
	ev_init(&loop->wake, on_wake);
	ev_prepare_init(&loop->prepare, on_prepare);
	ev_check_init(&loop->check, on_check);
	ev_set_priority(&loop->check, EV_MAXPRI);
	ev_async_init(&loop->async, on_async);
	loop->prepare.data = loop->check.data = loop->async.data = loop;
	ev_prepare_start(loop->ev, &loop->prepare);
	ev_check_start(loop->ev, &loop->check);
	ev_async_start(loop->ev, &loop->async);
	*outp = TAKE(loop);
	return 0;
}

int loop_fake_new(struct loop **outp, uint64_t seed)
{
	return err_trace(loop_make(outp, true, seed));
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	if (loop->ev) {
		ev_timer_stop(loop->ev, &loop->wake);
		ev_prepare_stop(loop->ev, &loop->prepare);
		ev_check_stop(loop->ev, &loop->check);
		ev_async_stop(loop->ev, &loop->async);
		ev_loop_destroy(loop->ev);
	}
	heap_fini(&loop->timers);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
	return NULL;
}

bool loop_is_fake(const struct loop *loop)
{
	return loop->fake;
}

void loop_run(struct loop *loop)
{
	assert(!loop->fake);
	loop->stopped = false;
	while (!loop->stopped)
		ev_run(loop->ev, EVRUN_ONCE);
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
	if (loop->ev)
		ev_break(loop->ev, EVBREAK_ALL);
}

struct mono loop_now(const struct loop *loop)
{
	return loop->now;
}

void loop_now_update(struct loop *loop)
{
	if (!loop->fake)
		loop->now = clock_mono();
}

uint64_t loop_wall_ns(const struct loop *loop)
{
	struct timespec ts;

	if (loop->fake) /* 2026-01-01 plus the fake time */
		return UINT64_C(1767225600) * NS_PER_S + loop->now.ns;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t loop_random(struct loop *loop)
{
	return rng_u64(&loop->rng);
}

/* ---- the fake backend ---- */

static bool mail_waiting(struct loop *loop)
{
	bool any;

	pthread_mutex_lock(&loop->lock);
	any = !list_empty(&loop->mail);
	pthread_mutex_unlock(&loop->lock);
	return any;
}

bool loop_fake_step(struct loop *loop, struct mono limit)
{
	const struct heap_node *n;

	assert(loop->fake);
	if (mail_waiting(loop) || !list_empty(&loop->tasks)) {
		mail_run(loop);
		tasks_run(loop);
		return true;
	}
	n = heap_min(&loop->timers);
	if (!n || n->key > limit.ns) {
		if (limit.ns > loop->now.ns)
			loop->now = limit;
		return false;
	}
	if (n->key > loop->now.ns)
		loop->now.ns = n->key;
	timers_run(loop);
	return true;
}

/* ---- timers and tasks ---- */

void loop_timer_init(struct loop_timer *t, struct loop *loop, void (*fn)(void *arg), void *arg)
{
	*t = (struct loop_timer){ .loop = loop, .fn = fn, .arg = arg };
}

void loop_timer_at(struct loop_timer *t, struct mono when)
{
	heap_del(&t->loop->timers, &t->due);
	if (heap_add(&t->loop->timers, &t->due, when.ns) < 0)
		abort(); /* a timer that never fires would be worse */
}

void loop_timer_after(struct loop_timer *t, uint64_t ns)
{
	loop_timer_at(t, mono_add(t->loop->now, ns));
}

void loop_timer_stop(struct loop_timer *t)
{
	if (t->loop)
		heap_del(&t->loop->timers, &t->due);
}

bool loop_timer_armed(const struct loop_timer *t)
{
	return t->due.pos != 0;
}

void loop_timer_fini(struct loop_timer *t)
{
	loop_timer_stop(t);
	t->loop = NULL;
}

void loop_task_init(struct loop_task *t, struct loop *loop, void (*fn)(void *arg), void *arg)
{
	*t = (struct loop_task){ .loop = loop, .fn = fn, .arg = arg };
	list_init(&t->link);
}

void loop_task_run(struct loop_task *t)
{
	if (!list_linked(&t->link))
		list_add(&t->loop->tasks, &t->link);
}

void loop_task_cancel(struct loop_task *t)
{
	list_del(&t->link);
}

/* ---- descriptors and signals ---- */

static void on_io(struct ev_loop *ev, ev_io *w, int events)
{
	struct loop_io *io = w->data;

	(void)ev;
	io->fn(io->arg, (events & EV_READ ? LOOP_READ : 0U) | (events & EV_WRITE ? LOOP_WRITE : 0U));
}

int loop_io_new(struct loop_io **outp, struct loop *loop, int fd,
		void (*fn)(void *arg, unsigned events), void *arg)
{
	struct loop_io *io;

	if (loop->fake)
		return err_raise(-ENOTSUP);
	io = calloc(1, sizeof(*io));
	if (!io)
		return err_raise(-ENOMEM);
	io->loop = loop;
	io->fd = fd;
	io->fn = fn;
	io->arg = arg;
	ev_io_init(&io->ev, on_io, fd, 0);
	io->ev.data = io;
	*outp = io;
	return 0;
}

void loop_io_want(struct loop_io *io, unsigned events)
{
	int want = (events & LOOP_READ ? EV_READ : 0) | (events & LOOP_WRITE ? EV_WRITE : 0);

	if (want == (io->ev.events & (EV_READ | EV_WRITE)) && ev_is_active(&io->ev) == (want != 0))
		return;
	ev_io_stop(io->loop->ev, &io->ev);
	if (want == 0)
		return;
	ev_io_set(&io->ev, io->fd, want);
	ev_io_start(io->loop->ev, &io->ev);
}

struct loop_io *loop_io_free(struct loop_io *io)
{
	if (io) {
		ev_io_stop(io->loop->ev, &io->ev);
		free(io);
	}
	return NULL;
}

static void on_signal(struct ev_loop *ev, ev_signal *w, int events)
{
	struct loop_signal *s = w->data;

	(void)ev;
	(void)events;
	s->fn(s->arg, w->signum);
}

int loop_signal_new(struct loop_signal **outp, struct loop *loop, int signo,
		    void (*fn)(void *arg, int signo), void *arg)
{
	struct loop_signal *s;

	if (loop->fake)
		return err_raise(-ENOTSUP);
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_raise(-ENOMEM);
	s->loop = loop;
	s->fn = fn;
	s->arg = arg;
	ev_signal_init(&s->ev, on_signal, signo);
	s->ev.data = s;
	ev_signal_start(loop->ev, &s->ev);
	*outp = s;
	return 0;
}

struct loop_signal *loop_signal_free(struct loop_signal *s)
{
	if (s) {
		ev_signal_stop(s->loop->ev, &s->ev);
		free(s);
	}
	return NULL;
}

/* ---- mail ---- */

void loop_mail_post(struct loop *loop, struct loop_mail *m)
{
	bool first;

	pthread_mutex_lock(&loop->lock);
	first = list_empty(&loop->mail);
	list_add(&loop->mail, &m->link);
	pthread_mutex_unlock(&loop->lock);
	if (first && loop->ev)
		ev_async_send(loop->ev, &loop->async);
}

void loop_mail_cancel(struct loop *loop, struct loop_mail *m)
{
	pthread_mutex_lock(&loop->lock);
	list_del(&m->link);
	pthread_mutex_unlock(&loop->lock);
}
