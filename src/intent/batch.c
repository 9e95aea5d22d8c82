/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One wave of evaluations on workers: requests of a round, grouped by shard, against one snapshot
 * of the book. It is admitted in the order of the round when all of it is back; who lost the last
 * bandwidth to another of the wave is evaluated again there and then, on the book of that moment.
 * A wave whose TED has been replaced is abandoned: its policies are dirty again, its jobs stop
 * after the evaluation they are at and free it. Jobs of one shard wait for each other.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "intent/intent_priv.h"

struct item {
	struct intent_eval eval;
	struct intent_pol *pol; /* NULL: gone or clean meanwhile */
	enum intent_dirt how;
	struct intent_snap *snap;
	struct item *next; /* of the same shard */
	bool ran;
};

struct job {
	struct work_job work;
	struct intent_batch *batch;
	struct intent_shard *shard;
	struct list link; /* in the shard's queue */
	struct item *first, **end;
};

struct intent_batch {
	struct intent *i; /* NULL: abandoned */
	struct work *pool;
	struct intent_shards *shards;
	const struct ted *ted;
	struct item *items;
	uint32_t n_items, n_open;
	struct job jobs[INTENT_SHARDS];
	struct mono started;
	atomic_bool cancelled;
};

/* ---- one item ---- */

static struct book_ask ask_of(const struct intent_pol *p)
{
	return (struct book_ask){ .setup = p->desired->p.setup_prio,
				  .nrp = p->desired->p.nrp,
				  .window = BOOK_ALWAYS,
				  .except = p->claim };
}

static void item_load(struct item *it, struct intent_pol *p, enum intent_dirt how)
{
	struct intent_eval *e = &it->eval;
	const struct book_ask ask = ask_of(p);
	uint32_t n = 0;

	it->pol = p;
	it->how = how;
	arena_init(&e->arena, 0);
	e->ted = p->i->ted;
	e->n_free = e->ted->n_links;
	e->desired = intent_desired_ref(p->desired);
	e->msd = intent_msd(p, &p->desired->p);
	e->brief = how == INTENT_SWEEP && (p->no_path || p->degraded) && p->why[0] &&
		   p->why_generation == e->ted->generation;
	e->has_cur = p->want.set;
	if (e->has_cur) {
		e->cur = p->want.list;
		e->cur_preference = p->want.preference;
		e->cur_path = arena_copy(&e->arena, p->want.path,
					 p->want.n_path * sizeof(*p->want.path));
		e->n_cur_path = e->cur_path ? p->want.n_path : 0;
	}
	if (p->has_refused) {
		e->refused = arena_copy(&e->arena, &p->refused, sizeof(p->refused));
		e->refused_why = arena_str(&e->arena, p->fail);
	}
	if (p->pin)
		e->pin = arena_copy(&e->arena, p->pin, sizeof(*p->pin));
	n = book_own_rooms(p->i->book, &ask, NULL, 0);
	e->own = ARENA_ARRAY(&e->arena, n, struct book_own);
	if (e->own)
		e->n_own = n;
	book_own_rooms(p->i->book, &ask, e->own, e->n_own);
}

static void item_unload(struct item *it)
{
	it->eval.desired = intent_desired_unref(it->eval.desired);
	arena_fini(&it->eval.arena);
	intent_snap_unref(it->snap);
}

/* False: it lost against another of its wave. */
static bool item_decide(struct item *it)
{
	struct intent *i = it->pol->i;
	bool decided;

	i->repairing = it->how == INTENT_REPAIR;
	decided = intent_decide(it->pol, &it->eval, it->how);
	i->repairing = false;
	return decided;
}

/* ---- on the loop ---- */

void intent_run_here(struct intent_pol *p, enum intent_dirt how)
{
	struct intent *i = p->i;
	struct intent_shard *s = intent_shard_of(i->shards, &p->key.endpoint);
	uint64_t *room = intent_room_now(i, p->desired->p.setup_prio, p->desired->p.nrp);
	struct mono from = loop_now(i->loop);
	struct item it = { 0 };

	if (!room) {
		log_event("", LOG_ERROR, "intent.compute.memory", "links=%u", i->ted->n_links);
		return;
	}
	item_load(&it, p, how);
	it.eval.exact = true;
	/* The end of an abandoned wave may still have it. */
	it.eval.trees = s->running ? NULL : intent_shard_trees(s);
	intent_eval_run(&it.eval, room);
	loop_now_update(i->loop);
	metric_observe_ns(i->m_compute, mono_since(from, loop_now(i->loop)));
	if (!item_decide(&it))
		intent_dirty(p, how);
	item_unload(&it);
}

/* ---- on workers ---- */

static void batch_free(struct intent_batch *b)
{
	for (uint32_t k = 0; k < b->n_items; k++)
		item_unload(&b->items[k]);
	ted_unref(b->ted);
	intent_shards_unref(b->shards);
	free(b->items);
	free(b);
}

static void job_run(struct work_job *w)
{
	struct job *j = CONTAINER_OF(w, struct job, work);
	struct intent_batch *b = j->batch;
	struct pce_trees *trees = intent_shard_trees(j->shard);

	for (struct item *it = j->first; it; it = it->next) {
		uint64_t *room = intent_shard_room(j->shard, it->snap);

		if (!room || atomic_load_explicit(&b->cancelled, memory_order_relaxed))
			return;
		it->eval.trees = trees;
		intent_eval_run(&it->eval, room);
		it->eval.trees = NULL;
		it->ran = true;
	}
}

static void batch_commit(struct intent_batch *b)
{
	struct intent *i = b->i;

	for (uint32_t k = 0; k < b->n_items; k++) {
		struct item *it = &b->items[k];
		struct intent_pol *p = it->pol;

		if (!p)
			continue;
		p->in_batch = false;
		it->pol = NULL;
		/* A later change of mind is dirty already, with a reason of its own. */
		if (p->dirty != INTENT_CLEAN || it->eval.desired != p->desired || !it->ran) {
			intent_dirty(p, it->how);
			continue;
		}
		it->pol = p;
		if (!item_decide(it))
			intent_run_here(p, it->how);
		it->pol = NULL;
	}
	loop_task_run(&i->round);
}

static void batch_finish(struct intent_batch *b)
{
	struct intent *i = b->i;

	if (i) {
		metric_observe_ns(i->m_compute, mono_since(b->started, loop_now(i->loop)));
		i->batch = NULL;
		i->committing = b;
		batch_commit(b);
		i->committing = NULL;
	}
	batch_free(b);
}

static void shard_next(struct intent_shard *s);

static void job_over(struct job *j)
{
	struct intent_batch *b = j->batch;
	struct intent_shard *s = j->shard;

	s->running = NULL;
	shard_next(s);
	if (--b->n_open == 0)
		batch_finish(b);
}

static void job_done(struct work_job *w)
{
	job_over(CONTAINER_OF(w, struct job, work));
}

static void shard_next(struct intent_shard *s)
{
	struct list *n = s->running ? NULL : list_pop(&s->queue);
	struct job *j;

	if (!n)
		return;
	j = LIST_OF(n, struct job, link);
	s->running = j;
	j->work.run = job_run;
	j->work.done = job_done;
	if (work_submit(j->batch->pool, &j->work) == 0)
		return;
	job_run(&j->work); /* the queue is full: here, then */
	job_over(j);
}

void intent_batch_forget(struct intent_pol *p)
{
	struct intent_batch *at[] = { p->i->batch, p->i->committing };

	for (unsigned s = 0; s < ARRAY_LEN(at); s++) {
		for (uint32_t k = 0; at[s] && k < at[s]->n_items; k++) {
			if (at[s]->items[k].pol == p)
				at[s]->items[k].pol = NULL;
		}
	}
	p->in_batch = false;
}

void intent_batch_abandon(struct intent *i)
{
	struct intent_batch *b = i->batch;

	if (!b)
		return;
	i->batch = NULL;
	b->i = NULL;
	atomic_store_explicit(&b->cancelled, true, memory_order_relaxed);
	for (uint32_t k = 0; k < b->n_items; k++) {
		struct intent_pol *p = b->items[k].pol;

		if (!p)
			continue;
		p->in_batch = false;
		intent_dirty(p, b->items[k].how);
	}
	for (unsigned k = 0; k < INTENT_SHARDS; k++) {
		if (!list_linked(&b->jobs[k].link))
			continue;
		list_del(&b->jobs[k].link);
		b->n_open--;
	}
	if (b->n_open == 0)
		batch_free(b);
}

static void batch_submit(struct intent_batch *b)
{
	/* One more than the jobs, so that a job done at once does not free what is still used. */
	b->n_open = 1;
	for (unsigned k = 0; k < INTENT_SHARDS; k++) {
		struct job *j = &b->jobs[k];

		if (!j->first)
			continue;
		b->n_open++;
		list_add(&j->shard->queue, &j->link);
	}
	for (unsigned k = 0; k < INTENT_SHARDS; k++) {
		if (b->jobs[k].first)
			shard_next(b->jobs[k].shard);
	}
	if (--b->n_open == 0)
		batch_finish(b);
}

static struct intent_batch *batch_new(struct intent *i, uint32_t n)
{
	struct intent_batch *b = calloc(1, sizeof(*b));

	if (b)
		b->items = calloc(n, sizeof(*b->items));
	if (!b || !b->items) {
		free(b);
		return NULL;
	}
	b->i = i;
	b->pool = i->work;
	b->shards = i->shards;
	b->shards->refs++;
	b->ted = ted_ref(i->ted);
	b->started = loop_now(i->loop);
	for (unsigned k = 0; k < INTENT_SHARDS; k++) {
		struct job *j = &b->jobs[k];

		j->batch = b;
		j->shard = &b->shards->at[k];
		j->end = &j->first;
		list_init(&j->link);
	}
	return b;
}

void intent_batch_start(struct intent *i, const struct intent_pick *at, uint32_t n)
{
	struct intent_batch *b = batch_new(i, n);

	for (uint32_t k = 0; k < n; k++) {
		struct intent_pol *p = at[k].pol;
		const struct intent_policy *d = &p->desired->p;
		struct intent_snap *snap = b ? intent_snap_now(i, d->setup_prio, d->nrp) : NULL;
		struct item *it;
		struct job *j;

		if (!snap) {
			p->in_batch = false;
			intent_dirty(p, at[k].how);
			continue;
		}
		it = &b->items[b->n_items++];
		item_load(it, p, at[k].how);
		it->snap = snap;
		j = &b->jobs[intent_shard_of(b->shards, &p->key.endpoint) - b->shards->at];
		*j->end = it;
		j->end = &it->next;
	}
	if (!b)
		return;
	i->batch = b;
	batch_submit(b);
}
