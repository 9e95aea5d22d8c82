/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime: gRPC's completion queue, the thread that waits on it, and the way from there to
 * the loop.
 *
 * Finished tags go into a list of our own and one letter in the loop's mailbox says that the
 * list is no longer empty; at the end the list is emptied without the loop. Every tag given to
 * gRPC is counted and comes back exactly once, so when none is out nothing of ours is known to
 * gRPC any more.
 */
#include "rpc/real.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "log/log.h"

enum { TAGS_A_TURN = 256 };

/* ---- the thread ---- */

static void *cq_main(void *arg)
{
	struct rpc_real *rr = arg;
	bool first;

	for (;;) {
		grpc_event ev = grpc_completion_queue_next(rr->cq, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
		struct rpc_tag *tag = ev.tag;

		if (ev.type == GRPC_QUEUE_SHUTDOWN)
			return NULL;
		if (ev.type != GRPC_OP_COMPLETE)
			continue;
		__tsan_acquire(tag);
		tag->ok = ev.success != 0;
		pthread_mutex_lock(&rr->lock);
		first = list_empty(&rr->done);
		list_add(&rr->done, &tag->link);
		pthread_cond_signal(&rr->some);
		pthread_mutex_unlock(&rr->lock);
		if (first)
			loop_mail_post(rr->base.loop, &rr->mail);
	}
}

static void run_tag(struct rpc_real *rr, struct rpc_tag *tag)
{
	assert(rr->pending > 0);
	rr->pending--;
	tag->fn(tag);
}

static void on_mail(struct loop_mail *m)
{
	struct rpc_real *rr = CONTAINER_OF(m, struct rpc_real, mail);
	struct list batch;
	struct list *n;
	bool more;

	list_init(&batch);
	pthread_mutex_lock(&rr->lock);
	for (int i = 0; i < TAGS_A_TURN && (n = list_pop(&rr->done)); i++)
		list_add(&batch, n);
	/* The thread posts only into an empty list: what is left here is ours to announce, and
	 * while it is there nobody else posts. */
	more = !list_empty(&rr->done);
	pthread_mutex_unlock(&rr->lock);
	if (more)
		loop_mail_post(rr->base.loop, &rr->mail);
	while ((n = list_pop(&batch)))
		run_tag(rr, LIST_OF(n, struct rpc_tag, link));
}

void rpc_real_out(struct rpc_real *rr, struct rpc_tag *tag)
{
	list_init(&tag->link);
	rr->pending++;
	__tsan_release(tag);
}

void rpc_real_batch(struct rpc_real *rr, grpc_call *call, const grpc_op *ops, size_t n,
		    struct rpc_tag *tag)
{
	grpc_call_error e;

	rpc_real_out(rr, tag);
	e = grpc_call_start_batch(call, ops, n, tag, NULL);
	assert(e == GRPC_CALL_OK); /* it refuses only what our code must not ask for */
	(void)e;
}

/* ---- from start to end ---- */

/* gRPC's own words, which it writes to stderr otherwise. From any thread. */
static void grpc_says(gpr_log_func_args *args)
{
	if (args->severity == GPR_LOG_SEVERITY_ERROR)
		log_event("", LOG_DEBUG, "rpc.grpc", "text=\"%.200s\"", args->message);
}

/* On the loop's thread, which no longer turns: waits for each tag that is out. */
static void drain(struct rpc_real *rr)
{
	while (rr->pending > 0) {
		struct list *n;

		pthread_mutex_lock(&rr->lock);
		while (!(n = list_pop(&rr->done)))
			pthread_cond_wait(&rr->some, &rr->lock);
		pthread_mutex_unlock(&rr->lock);
		run_tag(rr, LIST_OF(n, struct rpc_tag, link));
	}
}

static void real_free(struct rpc *rpc)
{
	struct rpc_real *rr = rpc_real_of(rpc);

	if (rr->thread_runs)
		drain(rr);
	grpc_completion_queue_shutdown(rr->cq);
	if (rr->thread_runs)
		(void)pthread_join(rr->thread, NULL);
	loop_mail_cancel(rr->base.loop, &rr->mail);
	grpc_completion_queue_destroy(rr->cq);
	/* Not grpc_shutdown(), which may finish in another thread after us. */
	grpc_shutdown_blocking();
	pthread_cond_destroy(&rr->some);
	pthread_mutex_destroy(&rr->lock);
	free(rr);
}

static const struct rpc_backend real_backend = {
	.channel_new = rpc_real_channel_new,
	.channel_free = rpc_real_channel_free,
	.call_new = rpc_real_call_new,
	.server_new = rpc_real_server_new,
	.server_free = rpc_real_server_free,
	.push = rpc_real_push,
	.drop = rpc_real_drop,
	.finish = rpc_real_finish,
	.meta = rpc_real_meta,
	.free = real_free,
};

int rpc_new(struct rpc **outp, struct loop *loop)
{
	struct rpc_real *rr = calloc(1, sizeof(*rr));
	int r;

	if (!rr)
		return err_raise(-ENOMEM);
	rr->base.be = &real_backend;
	rr->base.loop = loop;
	list_init(&rr->base.channels);
	list_init(&rr->base.servers);
	list_init(&rr->done);
	list_init(&rr->base.tls);
	list_init(&rr->mail.link);
	rr->mail.fn = on_mail;
	pthread_mutex_init(&rr->lock, NULL);
	pthread_cond_init(&rr->some, NULL);
	gpr_set_log_function(grpc_says);
	grpc_init();
	rr->cq = grpc_completion_queue_create_for_next(NULL);
	r = pthread_create(&rr->thread, NULL, cq_main, rr);
	if (r != 0) {
		rpc_free(&rr->base);
		return err_raise(-r);
	}
	rr->thread_runs = true;
	*outp = &rr->base;
	return 0;
}

void rpc_real_target(char *out, size_t cap, const struct ip_addr *a, uint16_t port, bool scheme)
{
	char text[IP_TEXT_MAX];
	bool v6 = a->family == IP_V6;

	(void)snprintf(out, cap, "%s%s%s%s:%u", scheme ? v6 ? "ipv6:" : "ipv4:" : "", v6 ? "[" : "",
		       ip_text(a, text, sizeof(text)), v6 ? "]" : "", port);
}
