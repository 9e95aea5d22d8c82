/* SPDX-License-Identifier: Apache-2.0 */
/* loop (both backends), work, log's rate limit and metrics. */
#include "check_main.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "log/log.h"
#include "log/metric.h"
#include "loop/loop.h"
#include "work/work.h"

struct trace {
	struct loop *loop;
	struct loop_timer timer[8];
	struct loop_task task;
	struct str out;
};

struct named {
	struct trace *t;
	const char *name;
};

static void note(void *arg)
{
	const struct named *n = arg;

	str_addf(&n->t->out, "%s@%llu ", n->name,
		 (unsigned long long)((loop_now(n->t->loop).ns - NS_PER_S) / NS_PER_MS));
}

START_TEST(fake_time_goes_from_due_to_due_and_equals_keep_order)
{
	struct trace t = { 0 };
	struct named n[] = { { &t, "a" }, { &t, "b" }, { &t, "c" }, { &t, "task" } };

	ck_assert_int_eq(loop_fake_new(&t.loop, 1), 0);
	for (int i = 0; i < 3; i++)
		loop_timer_init(&t.timer[i], t.loop, note, &n[i]);
	loop_task_init(&t.task, t.loop, note, &n[3]);
	loop_timer_after(&t.timer[0], 5 * NS_PER_MS);
	loop_timer_after(&t.timer[1], 2 * NS_PER_MS);
	loop_timer_after(&t.timer[2], 5 * NS_PER_MS);
	loop_task_run(&t.task);
	loop_task_run(&t.task);
	while (loop_fake_step(t.loop, mono_add(loop_now(t.loop), 10 * NS_PER_MS)))
		;
	ck_assert_str_eq(str_text(&t.out), "task@0 b@2 a@5 c@5 ");
	ck_assert(!loop_timer_armed(&t.timer[0]));
	str_fini(&t.out);
	loop_free(t.loop);
}
END_TEST

START_TEST(a_stopped_timer_and_a_cancelled_task_stay_silent)
{
	struct trace t = { 0 };
	struct named n = { &t, "x" };

	ck_assert_int_eq(loop_fake_new(&t.loop, 1), 0);
	loop_timer_init(&t.timer[0], t.loop, note, &n);
	loop_task_init(&t.task, t.loop, note, &n);
	loop_timer_after(&t.timer[0], NS_PER_MS);
	loop_timer_stop(&t.timer[0]);
	loop_timer_stop(&t.timer[0]);
	loop_task_run(&t.task);
	loop_task_cancel(&t.task);
	ck_assert(!loop_fake_step(t.loop, mono_add(loop_now(t.loop), NS_PER_S)));
	ck_assert_str_eq(str_text(&t.out), "");
	loop_free(t.loop);
}
END_TEST

START_TEST(the_seed_decides_the_random_numbers)
{
	struct loop *a, *b, *c;
	uint64_t x, y, z;

	ck_assert_int_eq(loop_fake_new(&a, 7), 0);
	ck_assert_int_eq(loop_fake_new(&b, 7), 0);
	ck_assert_int_eq(loop_fake_new(&c, 8), 0);
	x = loop_random(a);
	y = loop_random(b);
	z = loop_random(c);
	ck_assert_uint_eq(x, y);
	ck_assert_uint_ne(x, z);
	loop_free(a);
	loop_free(b);
	loop_free(c);
}
END_TEST

static void stop_cb(void *arg)
{
	loop_stop(arg);
}

static void stop_signal(void *arg, int signo)
{
	(void)signo;
	loop_stop(arg);
}

START_TEST(a_real_timer_fires_no_sooner_than_asked)
{
	struct loop *loop;
	struct loop_timer t;
	struct mono start;

	ck_assert_int_eq(loop_new(&loop), 0);
	loop_timer_init(&t, loop, stop_cb, loop);
	loop_now_update(loop);
	start = loop_now(loop);
	loop_timer_after(&t, 20 * NS_PER_MS);
	loop_run(loop);
	loop_now_update(loop);
	ck_assert_uint_ge(mono_since(start, loop_now(loop)), 20 * NS_PER_MS);
	loop_timer_fini(&t);
	loop_free(loop);
}
END_TEST

struct pipe_end {
	struct loop *loop;
	struct loop_io *io;
	int fd;
	char got;
};

static void readable(void *arg, unsigned events)
{
	struct pipe_end *p = arg;

	ck_assert_uint_eq(events, LOOP_READ);
	ck_assert_int_eq((int)read(p->fd, &p->got, 1), 1);
	loop_stop(p->loop);
}

START_TEST(a_descriptor_and_a_signal_wake_the_loop)
{
	struct pipe_end p = { 0 };
	struct loop_signal *s;
	int fds[2];

	ck_assert_int_eq(loop_new(&p.loop), 0);
	ck_assert_int_eq(pipe(fds), 0);
	p.fd = fds[0];
	ck_assert_int_eq(loop_io_new(&p.io, p.loop, p.fd, readable, &p), 0);
	loop_io_want(p.io, LOOP_READ);
	ck_assert_int_eq((int)write(fds[1], "x", 1), 1);
	loop_run(p.loop);
	ck_assert_int_eq(p.got, 'x');
	ck_assert_int_eq(loop_signal_new(&s, p.loop, SIGUSR1, stop_signal, p.loop), 0);
	ck_assert_int_eq(raise(SIGUSR1), 0);
	loop_run(p.loop);
	loop_signal_free(s);
	loop_io_free(p.io);
	close(fds[0]);
	close(fds[1]);
	loop_free(p.loop);
}
END_TEST

struct counted {
	struct work_job job;
	struct loop *loop;
	int *done, *left;
	int in, out;
};

static void square(struct work_job *job)
{
	struct counted *c = CONTAINER_OF(job, struct counted, job);

	c->out = c->in * c->in;
}

static void squared(struct work_job *job)
{
	struct counted *c = CONTAINER_OF(job, struct counted, job);

	if (!job->skipped)
		ck_assert_int_eq(c->out, c->in * c->in);
	++*c->done;
	if (--*c->left == 0)
		loop_stop(c->loop);
}

enum { JOBS = 500 };

static void jobs_make(struct counted *c, struct loop *loop, int *done, int *left)
{
	for (int i = 0; i < JOBS; i++)
		c[i] = (struct counted){ .job = { .run = square, .done = squared }, .loop = loop,
					 .done = done, .left = left, .in = i };
}

START_TEST(jobs_run_on_workers_and_complete_on_the_loop)
{
	static struct counted c[JOBS];
	int done = 0, left = JOBS;
	struct loop *loop;
	struct work *w;

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(work_new(&w, loop, 3), 0);
	jobs_make(c, loop, &done, &left);
	for (int i = 0; i < JOBS; i++)
		ck_assert_int_eq(work_submit(w, &c[i].job), 0);
	loop_run(loop);
	ck_assert_int_eq(done, JOBS);
	work_free(w);
	loop_free(loop);
}
END_TEST

enum { LANES = 3, IN_A_LANE = 40 };

struct in_lane {
	struct work_job job;
	struct in_order *lane;
	int number;
};

struct in_order {
	struct work_lane lane;
	struct in_lane jobs[IN_A_LANE];
	atomic_int inside; /* jobs that run at this moment */
	int at;		   /* which is next; no lock: that is what a lane is for */
	int told;
	bool together, out_of_turn; /* of those that ran */
	bool told_out_of_turn;	    /* the loop's alone */
	int *left;
	struct loop *loop;
};

static void lane_job_run(struct work_job *job)
{
	struct in_lane *x = CONTAINER_OF(job, struct in_lane, job);
	struct in_order *l = x->lane;

	l->together |= atomic_fetch_add(&l->inside, 1) != 0;
	l->out_of_turn |= l->at != x->number;
	(void)sched_yield();
	l->at++;
	atomic_fetch_sub(&l->inside, 1);
}

static void lane_job_done(struct work_job *job)
{
	struct in_lane *x = CONTAINER_OF(job, struct in_lane, job);
	struct in_order *l = x->lane;

	l->told_out_of_turn |= l->told++ != x->number;
	if (--*l->left == 0)
		loop_stop(l->loop);
}

static void lanes_fill(struct in_order *l, struct work *w, struct loop *loop, int *left)
{
	*left = LANES * IN_A_LANE;
	for (int k = 0; k < LANES; k++) {
		l[k] = (struct in_order){ .left = left, .loop = loop };
		work_lane_init(&l[k].lane);
	}
	for (int i = 0; i < LANES * IN_A_LANE; i++) {
		struct in_lane *x = &l[i % LANES].jobs[i / LANES];

		*x = (struct in_lane){ .job = { .run = lane_job_run, .done = lane_job_done },
				       .lane = &l[i % LANES],
				       .number = i / LANES };
		ck_assert_int_eq(work_submit_in(w, &x->lane->lane, &x->job), 0);
	}
}

static void lanes_held(const struct in_order *l)
{
	for (int k = 0; k < LANES; k++) {
		ck_assert(!l[k].together);
		ck_assert(!l[k].out_of_turn);
		ck_assert(!l[k].told_out_of_turn);
		ck_assert_int_eq(l[k].told, IN_A_LANE);
	}
}

START_TEST(jobs_of_a_lane_run_one_at_a_time_and_in_order)
{
	static struct in_order l[LANES];
	struct loop *loop;
	struct work *w;
	int left;

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(work_new(&w, loop, 4), 0);
	lanes_fill(l, w, loop, &left);
	loop_run(loop);
	lanes_held(l);
	for (int k = 0; k < LANES; k++)
		ck_assert_int_eq(l[k].at, IN_A_LANE);
	work_free(w);
	loop_free(loop);
}
END_TEST

START_TEST(lanes_on_a_fake_loop_keep_their_order_too_and_are_skipped_at_the_end)
{
	static struct in_order l[LANES];
	struct loop *loop;
	struct work *w;
	int left;

	ck_assert_int_eq(loop_fake_new(&loop, 5), 0);
	ck_assert_int_eq(work_new(&w, loop, 4), 0);
	lanes_fill(l, w, loop, &left);
	while (left > LANES * IN_A_LANE / 2)
		(void)loop_fake_step(loop, mono_add(loop_now(loop), NS_PER_MS));
	for (int k = 0; k < LANES; k++)
		ck_assert(!l[k].together && !l[k].out_of_turn);
	work_free(w);
	ck_assert_int_eq(left, 0);
	for (int k = 0; k < LANES; k++)
		ck_assert_int_eq(l[k].told, IN_A_LANE);
	loop_free(loop);
}
END_TEST

/* As many as the processors that the process may use, less one for the loop: not those of the machine. */
START_TEST(threads_follow_the_processors_of_the_process)
{
	cpu_set_t all, one;
	unsigned suited;
	struct loop *loop;
	struct work *w;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	suited = work_threads_suited();
	ck_assert_uint_eq(suited, CPU_COUNT(&all) < 3 ? 1 : CPU_COUNT(&all) < 9 ? (unsigned)CPU_COUNT(&all) - 1 : 7);
	CPU_ZERO(&one);
	for (size_t c = 0; c < CPU_SETSIZE; c++)
		if (CPU_ISSET(c, &all) && CPU_COUNT(&one) == 0)
			CPU_SET(c, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	ck_assert_uint_eq(work_threads_suited(), 1);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(all), &all), 0);
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(work_new(&w, loop, 0), 0);
	ck_assert_uint_eq(work_threads(w), suited);
	work_free(w);
	loop_free(loop);
}
END_TEST

struct held {
	struct work_job job;
	atomic_bool runs, go;
};

static void held_run(struct work_job *job)
{
	struct held *h = CONTAINER_OF(job, struct held, job);

	atomic_store(&h->runs, true);
	while (!atomic_load(&h->go))
		(void)sched_yield();
}

static void held_done(struct work_job *job)
{
	(void)job;
}

/* The one thread is busy: what waits in a lane may be taken, its first alone, and the next after that is done. */
START_TEST(the_loop_takes_what_no_thread_has_begun)
{
	static struct in_order l;
	struct held h = { .job = { .run = held_run, .done = held_done } };
	struct work_lane other;
	struct loop *loop;
	struct work *w;
	int left = IN_A_LANE;

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(work_new(&w, loop, 1), 0);
	ck_assert_int_eq(work_submit(w, &h.job), 0);
	while (!atomic_load(&h.runs))
		(void)sched_yield();
	l = (struct in_order){ .left = &left, .loop = loop };
	work_lane_init(&l.lane);
	work_lane_init(&other);
	for (int i = 0; i < IN_A_LANE; i++) {
		l.jobs[i] = (struct in_lane){ .job = { .run = lane_job_run, .done = lane_job_done },
					      .lane = &l,
					      .number = i };
		ck_assert_int_eq(work_submit_in(w, &l.lane, &l.jobs[i].job), 0);
	}
	ck_assert_ptr_null(work_take(w, &other));
	for (int i = 0; i < IN_A_LANE / 2; i++) {
		ck_assert_ptr_eq(work_take(w, &l.lane), &l.jobs[i].job);
		ck_assert_ptr_null(work_take(w, &l.lane)); /* one at a time */
		work_give_back(w, &l.jobs[i].job);
		ck_assert_ptr_eq(work_take(w, &l.lane), &l.jobs[i].job);
		lane_job_run(&l.jobs[i].job);
		work_done_here(w, &l.jobs[i].job);
		ck_assert_int_eq(l.told, i + 1);
	}
	atomic_store(&h.go, true);
	loop_run(loop); /* the thread does the rest */
	ck_assert(!l.together && !l.out_of_turn);
	ck_assert_int_eq(l.told, IN_A_LANE);
	ck_assert_ptr_null(work_take(w, &l.lane));
	work_free(w);
	loop_free(loop);
}
END_TEST

START_TEST(jobs_on_a_fake_loop_complete_later_and_freeing_skips_the_rest)
{
	static struct counted c[JOBS];
	int done = 0, left = JOBS + 1;
	struct loop *loop;
	struct work *w;

	ck_assert_int_eq(loop_fake_new(&loop, 3), 0);
	ck_assert_int_eq(work_new(&w, loop, 3), 0);
	jobs_make(c, loop, &done, &left);
	for (int i = 0; i < JOBS; i++)
		ck_assert_int_eq(work_submit(w, &c[i].job), 0);
	ck_assert_int_eq(done, 0);
	while (loop_fake_step(loop, mono_add(loop_now(loop), NS_PER_US)) && done < 10)
		;
	work_free(w);
	ck_assert_int_eq(done, JOBS);
	ck_assert(c[JOBS - 1].job.skipped || c[0].job.skipped);
	loop_free(loop);
}
END_TEST

struct awaited {
	struct work_job job;
	atomic_bool ran;
	int told;
	bool skipped;
};

static void note_run(struct work_job *job)
{
	atomic_store(&CONTAINER_OF(job, struct awaited, job)->ran, true);
}

static void note_told(struct work_job *job)
{
	struct awaited *a = CONTAINER_OF(job, struct awaited, job);

	a->told++;
	a->skipped = job->skipped;
}

/* Its completion is in the mailbox of a loop that does not run any more. */
START_TEST(a_job_that_ran_and_was_not_told_of_is_skipped_at_the_end)
{
	struct awaited a = { .job = { .run = note_run, .done = note_told } };
	struct loop *loop;
	struct work *w;

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(work_new(&w, loop, 1), 0);
	ck_assert_int_eq(work_submit(w, &a.job), 0);
	while (!atomic_load(&a.ran))
		(void)sched_yield();
	ck_assert_int_eq(a.told, 0);
	work_free(w);
	ck_assert_int_eq(a.told, 1);
	ck_assert(a.skipped);
	loop_free(loop);
	ck_assert_int_eq(a.told, 1);
}
END_TEST

static void last_line(void *arg, const char *line)
{
	str_copy(arg, 256, line);
}

static void count_line(void *arg, const char *line)
{
	*(int *)arg += strstr(line, "event=test.burst") != NULL;
}

START_TEST(a_call_site_is_rate_limited_and_lines_stay_one_line)
{
	struct log_cfg cfg = { .level = LOG_INFO };
	char line[256] = "";
	int n = 0;

	log_setup(&cfg);
	for (int i = 0; i < 100; i++)
		log_event("peer=x", LOG_INFO, "test.burst", "n=%d", i);
	log_recent(1024, count_line, &n);
	ck_assert_int_ge(n, 20);
	ck_assert_int_lt(n, 100);
	log_event("", LOG_WARN, "test.text", "text=\"a\nb\"");
	log_recent(1, last_line, line);
	ck_assert_ptr_nonnull(strstr(line, "lvl=warning event=test.text text=\"a b\""));
	log_event("", LOG_DEBUG, "test.silent", "%s", "");
	log_recent(1, last_line, line);
	ck_assert_ptr_null(strstr(line, "test.silent"));
}
END_TEST

START_TEST(metrics_print_as_prometheus_text)
{
	STR_AUTO struct str s = { 0 };
	struct metric *c = metric_counter("sextant_test_total", "A test", "peer=\"a\"");
	struct metric *h = metric_histogram("sextant_test_seconds", "Time", "");

	ck_assert_ptr_eq(c, metric_counter("sextant_test_total", "A test", "peer=\"a\""));
	metric_add(c, 3);
	metric_observe_ns(h, 3 * NS_PER_MS);
	metric_print(&s);
	ck_assert_ptr_nonnull(strstr(str_text(&s), "# TYPE sextant_test_total counter\n"
						   "sextant_test_total{peer=\"a\"} 3\n"));
	ck_assert_ptr_nonnull(strstr(str_text(&s), "sextant_test_seconds_bucket{le=\"0.0025\"} 0\n"));
	ck_assert_ptr_nonnull(strstr(str_text(&s), "sextant_test_seconds_bucket{le=\"0.005\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(str_text(&s), "sextant_test_seconds_count 1\n"));
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		fake_time_goes_from_due_to_due_and_equals_keep_order,
		a_stopped_timer_and_a_cancelled_task_stay_silent,
		the_seed_decides_the_random_numbers,
		a_real_timer_fires_no_sooner_than_asked,
		a_descriptor_and_a_signal_wake_the_loop,
		jobs_run_on_workers_and_complete_on_the_loop,
		jobs_on_a_fake_loop_complete_later_and_freeing_skips_the_rest,
		jobs_of_a_lane_run_one_at_a_time_and_in_order,
		threads_follow_the_processors_of_the_process,
		the_loop_takes_what_no_thread_has_begun,
		lanes_on_a_fake_loop_keep_their_order_too_and_are_skipped_at_the_end,
		a_job_that_ran_and_was_not_told_of_is_skipped_at_the_end,
		a_call_site_is_rate_limited_and_lines_stay_one_line,
		metrics_print_as_prometheus_text,
	};
	Suite *s = suite_create("loop");
	TCase *t = tcase_create("all");

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return check_main(s);
}
