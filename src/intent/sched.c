/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds: which policies are looked at, in which order, on which thread. The first few of a
 * round are done on the loop at once, because news of a failure must not wait for a thread; the
 * rest goes to workers against one snapshot of the book, and is admitted in the same order when
 * all of it is back. Who lost the last bandwidth is dirty again. A batch whose TED has been
 * replaced is abandoned: its policies are dirty again and its jobs free themselves.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "intent/intent_priv.h"

struct item {
	struct intent_eval eval;
	struct intent_pol *pol;
	enum intent_dirt how;
};

struct snap {
	uint8_t setup;
	uint32_t nrp;
	uint64_t *free_bps;
};

enum { SNAPS_MAX = 16 };

struct job {
	struct work_job work;
	struct intent_batch *batch;
	struct item *items;
	uint32_t n;
	bool failed;
};

struct intent_batch {
	struct intent *i; /* NULL: abandoned */
	const struct ted *ted;
	struct item *items;
	struct job *jobs;
	uint32_t n_items, n_jobs, n_open;
	struct snap snaps[SNAPS_MAX];
	uint8_t n_snaps;
	struct mono started;
};

/* ---- dirt ---- */

void intent_dirty(struct intent_pol *p, enum intent_dirt how)
{
	if (p->mode != INTENT_MANAGED || p->deleted)
		return;
	if (how > p->dirty)
		p->dirty = how;
	if (!list_linked(&p->dirty_link))
		list_add(&p->i->dirty, &p->dirty_link);
	loop_task_run(&p->i->round);
}

void intent_clean(struct intent_pol *p)
{
	p->dirty = INTENT_CLEAN;
	p->in_batch = false;
	list_del(&p->dirty_link);
	for (uint32_t k = 0; p->i->batch && k < p->i->batch->n_items; k++) {
		if (p->i->batch->items[k].pol == p)
			p->i->batch->items[k].pol = NULL;
	}
}

void intent_sweep_all(struct intent *i, enum intent_dirt how)
{
	for (size_t k = 0; k < i->pols.n; k++)
		intent_dirty(i->pols.at[k], how);
}

void intent_touch(struct intent *i, uint32_t link)
{
	size_t n;
	struct book_claim *const *users = book_users(i->book, link, &n);

	for (size_t k = 0; k < n; k++) {
		if (book_claim_foreign(users[k]))
			intent_foreign_touch(book_claim_owner(users[k]));
		else
			intent_dirty(book_claim_owner(users[k]), INTENT_REPAIR);
	}
}

uint8_t intent_msd(const struct intent_pol *p, const struct intent_policy *d)
{
	const struct headend_caps *c = &p->he->caps;
	uint8_t told = d->dataplane == SR_MPLS ? c->msd_mpls : c->msd_srv6;
	uint8_t msd = d->msd ? d->msd : told ? told : p->i->cfg.msd_default;

	return msd > SR_SEGS_MAX ? SR_SEGS_MAX : msd;
}

/* ---- one item ---- */

/* What needs no sight, or has nobody to compute for. */
static bool wants_evaluation(const struct intent_pol *p)
{
	const struct intent *i = p->i;
	bool grace = mono_since(i->started, loop_now(i->loop)) < i->cfg.restart_grace_ns;

	if (p->mode != INTENT_MANAGED || p->deleted || p->desired->p.admin_down)
		return false;
	/* What the headend runs is about to be told: computing now would only move it. */
	return !p->adopting || (!grace && !p->he->up);
}

/* Improving has time until the charges of others are known; repairing has not. */
static bool has_time(const struct intent_pol *p)
{
	return p->dirty == INTENT_SWEEP && !list_empty(&p->i->expand);
}

static struct book_ask ask_of(const struct intent_pol *p)
{
	return (struct book_ask){ .setup = p->desired->p.setup_prio,
				  .nrp = p->desired->p.nrp,
				  .window = BOOK_ALWAYS,
				  .except = p->claim };
}

static void item_load(struct item *it, struct intent_pol *p)
{
	struct intent_eval *e = &it->eval;
	const struct book_ask ask = ask_of(p);
	uint32_t n = 0;

	*it = (struct item){ .pol = p, .how = p->dirty };
	arena_init(&e->arena, 0);
	e->ted = p->i->ted;
	e->desired = intent_desired_ref(p->desired);
	e->msd = intent_msd(p, &p->desired->p);
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
}

static void item_decide(struct item *it)
{
	struct intent *i = it->pol->i;

	i->repairing = it->how == INTENT_REPAIR;
	if (!intent_decide(it->pol, &it->eval, it->how))
		intent_dirty(it->pol, it->how);
	i->repairing = false;
}

/* ---- on the loop ---- */

const uint64_t *intent_free_now(struct intent *i, const struct book_ask *ask)
{
	uint32_t n = i->ted->n_links;

	if (n > i->n_scratch) {
		uint64_t *p = realloc(i->scratch, 2 * (size_t)n * sizeof(*p));

		if (!p)
			return NULL;
		i->scratch = p;
		i->n_scratch = n;
	}
	/* First half: the answer; second half: a place for an evaluation to work in. */
	book_snapshot(i->book, ask, i->scratch, n);
	return i->scratch;
}

static void run_here(struct intent *i, struct intent_pol *p)
{
	const struct book_ask ask = { .setup = p->desired->p.setup_prio,
				      .nrp = p->desired->p.nrp,
				      .window = BOOK_ALWAYS };
	struct mono from = loop_now(i->loop);
	struct item it;

	item_load(&it, p);
	intent_clean(p);
	it.eval.free_bps = intent_free_now(i, &ask);
	if (it.eval.free_bps) {
		it.eval.n_free = i->ted->n_links;
		it.eval.exact = true;
		if (!i->trees) /* without memory: without trees */
			(void)pce_trees_new(&i->trees, INTENT_TREES_BYTES);
		it.eval.trees = i->trees;
		intent_eval_run(&it.eval, i->scratch + i->ted->n_links);
		loop_now_update(i->loop);
		metric_observe_ns(i->m_compute, mono_since(from, loop_now(i->loop)));
		item_decide(&it);
	} else {
		log_event("", LOG_ERROR, "intent.compute.memory", "links=%u", i->ted->n_links);
	}
	item_unload(&it);
}

/* ---- on workers ---- */

static void batch_free(struct intent_batch *b)
{
	for (uint32_t k = 0; k < b->n_items; k++)
		item_unload(&b->items[k]);
	for (unsigned k = 0; k < b->n_snaps; k++)
		free(b->snaps[k].free_bps);
	ted_unref(b->ted);
	free(b->items);
	free(b->jobs);
	free(b);
}

static void job_run(struct work_job *w)
{
	struct job *j = CONTAINER_OF(w, struct job, work);
	uint64_t *scratch = malloc(((size_t)j->batch->ted->n_links + 1) * sizeof(*scratch));
	AUTO(pce_trees_free) struct pce_trees *trees = NULL;

	j->failed = !scratch;
	if (scratch) /* without memory: without trees */
		(void)pce_trees_new(&trees, INTENT_TREES_BYTES);
	for (uint32_t k = 0; scratch && k < j->n; k++) {
		j->items[k].eval.trees = trees;
		intent_eval_run(&j->items[k].eval, scratch);
		j->items[k].eval.trees = NULL;
	}
	free(scratch);
}

/* All jobs are back: admit in the order of the round. */
static void batch_finish(struct intent_batch *b, bool ran)
{
	struct intent *i = b->i;

	i->batch = NULL;
	metric_observe_ns(i->m_compute, mono_since(b->started, loop_now(i->loop)));
	for (uint32_t k = 0; k < b->n_items; k++) {
		struct item *it = &b->items[k];
		struct intent_pol *p = it->pol;

		if (!p)
			continue;
		p->in_batch = false;
		/* A later change of mind is dirty already, with a reason of its own. */
		if (p->dirty != INTENT_CLEAN || it->eval.desired != p->desired || !ran)
			intent_dirty(p, it->how);
		else
			item_decide(it);
	}
	loop_task_run(&i->round);
}

static void job_done(struct work_job *w)
{
	struct job *j = CONTAINER_OF(w, struct job, work);
	struct intent_batch *b = j->batch;
	bool ran = true;

	if (--b->n_open > 0)
		return;
	for (uint32_t k = 0; k < b->n_jobs; k++)
		ran = ran && !b->jobs[k].failed && !b->jobs[k].work.skipped;
	if (b->i)
		batch_finish(b, ran);
	batch_free(b);
}

void intent_batch_abandon(struct intent *i)
{
	struct intent_batch *b = i->batch;

	if (!b)
		return;
	i->batch = NULL;
	b->i = NULL;
	for (uint32_t k = 0; k < b->n_items; k++) {
		struct intent_pol *p = b->items[k].pol;

		if (!p)
			continue;
		p->in_batch = false;
		intent_dirty(p, b->items[k].how);
	}
}

/* The base snapshot for a request; one a (setup priority, NRP) of the batch. NULL: too many. */
static const uint64_t *batch_snap(struct intent_batch *b, const struct intent_policy *p)
{
	const struct book_ask ask = { .setup = p->setup_prio, .nrp = p->nrp, .window = BOOK_ALWAYS };
	struct snap *s;

	for (unsigned k = 0; k < b->n_snaps; k++) {
		if (b->snaps[k].setup == p->setup_prio && b->snaps[k].nrp == p->nrp)
			return b->snaps[k].free_bps;
	}
	if (b->n_snaps == SNAPS_MAX)
		return NULL;
	s = &b->snaps[b->n_snaps];
	*s = (struct snap){ .setup = p->setup_prio, .nrp = p->nrp };
	s->free_bps = malloc(((size_t)b->ted->n_links + 1) * sizeof(*s->free_bps));
	if (!s->free_bps)
		return NULL;
	b->n_snaps++;
	book_snapshot(b->i->book, &ask, s->free_bps, b->ted->n_links);
	return s->free_bps;
}

static void batch_submit(struct intent_batch *b)
{
	struct intent *i = b->i;

	/* One more than the jobs, so that a job done at once does not free what is still used. */
	b->n_open = b->n_jobs + 1;
	for (uint32_t k = 0; k < b->n_jobs; k++) {
		struct job *j = &b->jobs[k];
		uint32_t left = b->n_items - k * INTENT_JOB_ITEMS;

		*j = (struct job){ .batch = b,
				   .items = &b->items[k * INTENT_JOB_ITEMS],
				   .n = left < INTENT_JOB_ITEMS ? left : INTENT_JOB_ITEMS };
		j->work.run = job_run;
		j->work.done = job_done;
		if (work_submit(i->work, &j->work) == 0)
			continue;
		job_run(&j->work); /* the queue is full: here, then */
		b->n_open--;
	}
	if (--b->n_open == 0) {
		batch_finish(b, true);
		batch_free(b);
	}
}

/* Takes pols (n of them, in order) into a batch; what does not fit stays dirty. */
static void batch_start(struct intent *i, struct intent_pol **pols, uint32_t n)
{
	struct intent_batch *b = calloc(1, sizeof(*b));

	if (!b)
		return;
	b->i = i;
	b->ted = ted_ref(i->ted);
	b->started = loop_now(i->loop);
	b->items = calloc(n, sizeof(*b->items));
	b->jobs = calloc(n / INTENT_JOB_ITEMS + 1, sizeof(*b->jobs));
	for (uint32_t k = 0; b->items && b->jobs && k < n; k++) {
		struct item *it = &b->items[b->n_items];
		const uint64_t *base = batch_snap(b, &pols[k]->desired->p);

		if (!base)
			continue;
		item_load(it, pols[k]);
		it->eval.free_bps = base;
		it->eval.n_free = b->ted->n_links;
		b->n_items++;
		intent_clean(pols[k]);
		pols[k]->in_batch = true;
	}
	if (b->n_items == 0) {
		batch_free(b);
		return;
	}
	b->n_jobs = (b->n_items + INTENT_JOB_ITEMS - 1) / INTENT_JOB_ITEMS;
	i->batch = b;
	batch_submit(b);
}

/* ---- the round ---- */

/* Repair before re-optimisation, then setup priority, then key. */
static int pol_order(const void *a, const void *b)
{
	const struct intent_pol *x = *(struct intent_pol *const *)a;
	const struct intent_pol *y = *(struct intent_pol *const *)b;
	bool sx = x->dirty == INTENT_SWEEP, sy = y->dirty == INTENT_SWEEP;

	if (sx != sy)
		return sx ? 1 : -1;
	if (x->desired->p.setup_prio != y->desired->p.setup_prio)
		return x->desired->p.setup_prio < y->desired->p.setup_prio ? -1 : 1;
	return sr_policy_key_cmp(&x->key, &y->key);
}

/* Dirty policies in order, malloc'd; those with nothing to compute are only reconciled. */
static struct intent_pol **round_collect(struct intent *i, uint32_t *n)
{
	uint32_t count = 0;
	struct intent_pol **at;

	*n = 0;
	LIST_EACH(it, &i->dirty)
		count++;
	at = malloc((count + (size_t)1) * sizeof(struct intent_pol *));
	LIST_EACH(it, &i->dirty) {
		struct intent_pol *p = LIST_OF(it, struct intent_pol, dirty_link);

		if (!at)
			break;
		if (!wants_evaluation(p)) {
			intent_clean(p);
			intent_todo(p);
		} else if (!p->in_batch && !has_time(p)) {
			at[(*n)++] = p;
		}
	}
	if (at)
		qsort(at, *n, sizeof(struct intent_pol *), pol_order);
	return at;
}

void intent_round_run(void *arg)
{
	struct intent *i = arg;
	AUTO_FREE struct intent_pol **at = NULL;
	uint32_t n, k = 0;

	if (!i->ted || i->ted->stale || list_empty(&i->dirty)) {
		/* Without sight nothing is computed; what waits for it says so. */
		LIST_EACH(it, &i->dirty)
			intent_state_refresh(LIST_OF(it, struct intent_pol, dirty_link));
		return;
	}
	at = round_collect(i, &n);
	if (!at)
		return;
	for (; k < n && k < INTENT_SYNC_MAX; k++)
		run_here(i, at[k]);
	if (k < n && !i->batch)
		batch_start(i, at + k, n - k);
}
