/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a question for paths: taken on the loop, worked out by a worker, told on the loop.
 * Nothing here changes state of intent's. */
#include <stdlib.h>

#include "intent/ask/question.h"

enum { LATE_S = 20 };

static void question_free(struct intent_question *q)
{
	loop_timer_fini(&q->limit);
	q->is->free(q);
}

static void leave(struct intent *i, struct intent_question *q)
{
	list_del(&q->link);
	i->n_asks--;
}

static void late(void *arg)
{
	struct intent_question *q = arg;

	atomic_store_explicit(&q->late, true, memory_order_relaxed);
}

bool intent_question_goes_on(const struct intent_question *q)
{
	return !atomic_load_explicit(&q->late, memory_order_relaxed) &&
	       !atomic_load_explicit(&q->dropped, memory_order_relaxed);
}

static void at_worker(struct work_job *w)
{
	struct intent_question *q = CONTAINER_OF(w, struct intent_question, work);

	if (!atomic_load_explicit(&q->dropped, memory_order_relaxed))
		q->is->run(q);
}

static void next(struct intent *i);

static void from_worker(struct work_job *w)
{
	struct intent_question *q = CONTAINER_OF(w, struct intent_question, work);
	struct intent *i = q->i;
	bool skipped = w->skipped;

	if (i)
		leave(i, q);
	if (i && !skipped && !atomic_load_explicit(&q->dropped, memory_order_relaxed))
		q->is->done(i, q, false);
	if (i && !skipped)
		next(i);
	question_free(q);
}

static enum intent_begin begin(struct intent *i, struct intent_question *q)
{
	enum intent_begin b = q->is->begin(i, q);

	if (b != INTENT_BEGIN_RUN)
		return b;
	q->work.run = at_worker;
	q->work.done = from_worker;
	q->running = true;
	if (work_submit(i->work, &q->work) != 0) {
		q->running = false;
		return INTENT_BEGIN_NOT;
	}
	loop_timer_after(&q->limit, LATE_S * UINT64_C(1000000000));
	return b;
}

/* The first, unless one is at a worker already. */
static void next(struct intent *i)
{
	while (!list_empty(&i->asks)) {
		struct intent_question *q = LIST_OF(i->asks.next, struct intent_question, link);
		enum intent_begin b = q->running ? INTENT_BEGIN_RUN : begin(i, q);

		if (b == INTENT_BEGIN_RUN)
			return;
		leave(i, q);
		q->is->done(i, q, b == INTENT_BEGIN_NOT);
		question_free(q);
	}
}

bool intent_question_ask(struct intent *i, struct intent_question *q)
{
	if (i->n_asks >= INTENT_ASKS_MAX) {
		q->is->free(q);
		return false;
	}
	q->i = i;
	loop_timer_init(&q->limit, i->loop, late, q);
	list_add(&i->asks, &q->link);
	i->n_asks++;
	next(i);
	return true;
}

void intent_question_drop(struct intent *i, struct intent_question *q)
{
	atomic_store_explicit(&q->dropped, true, memory_order_relaxed);
	if (q->running)
		return;
	leave(i, q);
	question_free(q);
}

void intent_asks_orphan(struct intent *i)
{
	struct list *n;

	while ((n = list_pop(&i->asks))) {
		struct intent_question *q = LIST_OF(n, struct intent_question, link);

		q->i = NULL;
		loop_timer_fini(&q->limit);
		atomic_store_explicit(&q->dropped, true, memory_order_relaxed);
		if (!q->running)
			question_free(q);
	}
	i->n_asks = 0;
}
