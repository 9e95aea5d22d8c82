/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waves of evaluations on workers: requests of a round, grouped by shard, against one snapshot of
 * the book. INTENT_WAVES may be on their way: while one is admitted on the loop the next ones are
 * evaluated, on the book as it was when they began. Waves are admitted in the order of the round,
 * and no wave before all those have begun that may be on their way beside it; who lost the last
 * bandwidth to another is evaluated again there and then, on the book of that moment. What a wave
 * sees and when it is admitted so follow from the waves before it, not from how fast its workers are.
 * Waves whose TED has been replaced are abandoned: their policies are dirty again, their jobs stop
 * after the evaluation they are at and free them. Jobs of one shard are a lane of the pool's: the
 * next one begins when the one before ends, whatever the loop is at.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/ahead.h"
#include "intent/group/group.h"
#include "intent/intent_priv.h"

enum { SPARES = INTENT_WAVES }; /* waves kept with their memory for those to come */

struct intent_item {
	struct intent_pol *pol; /* NULL: gone or clean meanwhile */
	enum intent_dirt how;
	struct intent_snap *snap;
	struct intent_item *next; /* of the same shard */
	bool ran;
	struct intent_eval eval;
};

struct job {
	struct work_job work;
	struct intent_batch *batch;
	struct intent_shard *shard;
	struct intent_item *first, **end;
	struct arena out; /* what its evaluations found */
};

struct intent_batch {
	struct list link; /* in intent's waves, or the spare ones */
	struct intent *i; /* NULL: abandoned */
	struct work *pool;
	struct intent_shards *shards;
	const struct ted *ted;
	struct arena in; /* what its evaluations are given */
	struct intent_item items[INTENT_WAVE];
	uint32_t n_items, n_open;
	struct job jobs[INTENT_SHARDS];
	struct mono started;
	atomic_bool cancelled;
};

/* ---- one item ---- */

/* A repair has others of its wave waiting, and on the loop everybody waits. In a group one search is
 * not what takes the time. */
static uint32_t labels_of(const struct intent_item *it, const struct intent_pol *p, bool here)
{
	bool hurry = here || it->how == INTENT_REPAIR;

	return hurry && !it->eval.group ? p->i->cfg.wave_labels : 0;
}

/* Further lists go with it: the policy may have others before this is over. */
static bool list_load(const struct sr_list *from, struct sr_list *to, struct arena *a)
{
	sr_list_set(to, from);
	if (from->more)
		to->more = arena_copy(a, from->more, sizeof(*from->more));
	return !from->more || to->more;
}

/* now: the rooms it will see. a: of whatever it is given. */
static void item_load(struct intent_item *it, struct intent_pol *p, const struct book_view *now,
		      struct arena *a)
{
	struct intent_eval *e = &it->eval;
	const struct book_ask ask = intent_ask_of(p);
	uint32_t n = 0;

	e->ted = p->i->ted;
	e->n_free = e->ted->n_links;
	e->desired = intent_desired_ref(p->desired);
	e->msd = intent_msd(p, &p->desired->p);
	e->lists_max = intent_lists(p, &p->desired->p);
	e->force = it->how == INTENT_FORCE;
	e->hysteresis_pct = p->i->cfg.hysteresis_pct;
	intent_group_load(p, e, a);
	e->brief = !e->group && it->how == INTENT_SWEEP && (p->no_path || p->degraded) && p->why[0] &&
		   !p->put_off && p->why_generation == e->ted->generation;
	e->has_cur = p->want.set;
	if (e->has_cur) {
		e->has_cur = list_load(&p->want.list, &e->cur, a);
		e->cur_preference = p->want.preference;
		e->cur_path = arena_copy(a, p->want.path, p->want.n_path * sizeof(*p->want.path));
		e->n_cur_path = e->cur_path ? p->want.n_path : 0;
	}
	if (p->has_refused) {
		struct sr_list *refused = ARENA_NEW(a, struct sr_list);

		e->refused = refused && list_load(&p->refused, refused, a) ? refused : NULL;
		e->refused_why = arena_str(a, p->fail);
	}
	if (p->pin)
		e->pin = arena_copy(a, p->pin, sizeof(*p->pin));
	n = book_own_rooms(p->i->book, &ask, NULL, NULL, 0);
	e->own = ARENA_ARRAY(a, n, struct book_own);
	if (e->own && n > 0)
		e->n_own = book_own_rooms(p->i->book, &ask, now, e->own, n);
	intent_uses_look(p);
	if (p->n_uses > 0)
		intent_bind(p, e, a);
}

static void item_unload(struct intent_item *it)
{
	it->eval.desired = intent_desired_unref(it->eval.desired);
	intent_group_unload(&it->eval);
	intent_snap_unref(it->snap);
	it->snap = NULL;
}

/* False: it lost against another of its wave. */
static bool item_decide(struct intent_item *it, struct intent_pol *p)
{
	struct intent *i = p->i;
	bool decided;

	i->repairing = it->how == INTENT_REPAIR;
	decided = intent_decide(p, &it->eval, it->how);
	i->repairing = false;
	return decided;
}

/* Its search was cut short: it has another turn, after all repairs. True: until then nothing is decided. */
static bool item_put_off(const struct intent_item *it, struct intent_pol *p)
{
	p->put_off = it->eval.gave_up;
	if (!p->put_off)
		return false;
	metric_add(p->i->m_put_off, 1);
	intent_dirty(p, it->how == INTENT_FORCE ? INTENT_FORCE : INTENT_SWEEP);
	return !it->eval.best.set;
}

/* ---- on the loop ---- */

void intent_run_here(struct intent_pol *p, enum intent_dirt how)
{
	struct intent *i = p->i;
	struct intent_shard *s = intent_shard_of(i->shards, &p->key.endpoint);
	const struct book_view *now = intent_room_now(i, p->desired->p.setup_prio, p->desired->p.nrp);
	struct mono from = loop_now(i->loop);
	struct intent_item it = { .how = how };

	if (!now) {
		log_event("", LOG_ERROR, "intent.compute.memory", "links=%u", i->ted->n_links);
		intent_todo(p); /* who waited for it goes on */
		return;
	}
	arena_init(&it.eval.arena, 0);
	item_load(&it, p, now, &it.eval.arena);
	it.eval.exact = true;
	it.eval.labels_max = labels_of(&it, p, true);
	/* A wave on its way has it, or the end of an abandoned one. */
	it.eval.trees = intent_shard_trees(s->n_jobs > 0 ? &i->shards->here : s);
	intent_eval_run(&it.eval, now->bps);
	loop_now_update(i->loop);
	metric_observe_ns(i->m_compute, mono_since(from, loop_now(i->loop)));
	if (!intent_group_same(p, &it.eval) || (!item_put_off(&it, p) && !item_decide(&it, p)))
		intent_dirty(p, how);
	item_unload(&it);
	arena_fini(&it.eval.arena);
}

bool intent_try(struct intent_pol *p, struct intent_desired *wish, struct intent_route *out,
		char why[SR_REASON_MAX])
{
	struct intent *i = p->i;
	struct intent_shard *s = intent_shard_of(i->shards, &p->key.endpoint);
	const struct book_view *now = intent_room_now(i, wish->p.setup_prio, wish->p.nrp);
	struct intent_desired *was = p->desired;
	struct intent_item it = { .how = INTENT_REPAIR };
	struct intent_eval *e = &it.eval;
	const struct intent_route *found;
	bool there = false;

	if (!now)
		return str_copy(why, SR_REASON_MAX, "no memory") && false;
	arena_init(&e->arena, 0);
	p->desired = wish;
	item_load(&it, p, now, &e->arena);
	p->desired = was;
	e->exact = true;
	e->trees = intent_shard_trees(s->n_jobs > 0 ? &i->shards->here : s);
	intent_eval_run(e, now->bps);
	/* What it has does for the new wish, or there is another way. */
	found = e->has_cur && e->cur_valid && !e->cur_breaks ? &e->now : e->best.set ? &e->best : NULL;
	if (!found)
		str_copy(why, SR_REASON_MAX, e->why ? e->why : e->cur_breaks ? e->cur_breaks : "no path");
	else if (intent_route_copy(found, out) == 0)
		there = true;
	else
		str_copy(why, SR_REASON_MAX, "no memory");
	item_unload(&it);
	arena_fini(&e->arena);
	return there;
}

/* ---- on workers ---- */

static bool route_keep(struct intent_route *r, struct arena *a)
{
	r->path = arena_copy(a, r->path, r->n_path * sizeof(*r->path));
	r->links = arena_copy(a, r->links, r->n_links * sizeof(*r->links));
	if (!r->units)
		return r->path && r->links;
	r->units = arena_copy(a, r->units, r->n_links * sizeof(*r->units));
	r->list.more = arena_copy(a, r->list.more, sizeof(*r->list.more));
	return r->path && r->links && r->units && r->list.more;
}

static bool text_keep(const char **text, struct arena *a)
{
	if (*text)
		*text = arena_str(a, *text);
	return *text;
}

/* What was found leaves the memory it was found in. False without memory. */
static bool item_keep(struct intent_eval *e, struct arena *a)
{
	const bool why = e->why, cur_why = e->cur_why, breaks = e->cur_breaks, relax = e->relax;

	return (!e->now.set || route_keep(&e->now, a)) && (!e->best.set || route_keep(&e->best, a)) &&
	       text_keep(&e->why, a) == why && text_keep(&e->relax, a) == relax &&
	       text_keep(&e->cur_why, a) == cur_why &&
	       text_keep(&e->cur_breaks, a) == breaks && intent_eval_group_keep(e, a);
}

/* One of it; false: there is none, or no use in it. */
static bool job_step(struct job *j)
{
	struct intent_item *it = j->first;
	struct arena *scratch = &j->shard->scratch;
	uint64_t *room = it ? intent_shard_room(j->shard, it->snap) : NULL;

	if (!room || atomic_load_explicit(&j->batch->cancelled, memory_order_relaxed))
		return false;
	j->first = it->next;
	it->eval.trees = intent_shard_trees(j->shard);
	it->eval.arena = *scratch;
	intent_eval_run(&it->eval, room);
	it->ran = item_keep(&it->eval, &j->out);
	*scratch = it->eval.arena;
	arena_reset(scratch);
	it->eval.arena = (struct arena){ 0 };
	it->eval.trees = NULL;
	return true;
}

static void job_run(struct work_job *w)
{
	struct job *j = CONTAINER_OF(w, struct job, work);

	while (job_step(j))
		;
}

/* As what the loop computes by itself: searches that are known to be short, on trees that are soon made. */
static bool may_help(const struct job *j)
{
	const struct intent_item *it = j->first;

	return it && it->how == INTENT_REPAIR && !it->eval.group && it->eval.lists_max <= 1;
}

bool intent_batch_help(struct intent *i)
{
	struct work_job *w = NULL;
	struct mono from = loop_now(i->loop);
	struct job *j;
	bool more;

	if (i->n_waves == 0 || !i->ted || i->ted->n_nodes > INTENT_SYNC_MAX * INTENT_SYNC_NODES)
		return false;
	for (unsigned k = 0; k < i->shards->n && !w; k++)
		w = work_take(i->work, &i->shards->at[k].lane);
	if (!w)
		return false;
	j = CONTAINER_OF(w, struct job, work);
	while (may_help(j) && mono_since(from, loop_now(i->loop)) < INTENT_HELP_NS && job_step(j))
		loop_now_update(i->loop);
	if (!j->first || atomic_load_explicit(&j->batch->cancelled, memory_order_relaxed)) {
		work_done_here(i->work, w);
		return true;
	}
	more = may_help(j);
	work_give_back(i->work, w); /* no longer ours to look at */
	return more;
}

/* ---- the life of a wave ---- */

static void batch_fini(struct intent_batch *b)
{
	arena_fini(&b->in);
	for (unsigned k = 0; k < INTENT_SHARDS; k++)
		arena_fini(&b->jobs[k].out);
	free(b);
}

void intent_batches_fini(struct list *spares)
{
	struct list *n;

	while ((n = list_pop(spares)))
		batch_fini(LIST_OF(n, struct intent_batch, link));
}

static void batch_free(struct intent_batch *b)
{
	struct intent_shards *s = b->shards;

	for (uint32_t k = 0; k < b->n_items; k++)
		item_unload(&b->items[k]);
	ted_unref(b->ted);
	if (s->n_spares < SPARES) {
		s->n_spares++;
		list_add(&s->spares, &b->link);
	} else {
		batch_fini(b);
	}
	intent_shards_unref(s);
}

/* What loading, and then admitting, a policy reads, some policies before it is its turn: first itself,
 * then what it points at, then what that does. */
enum { AHEAD = 2, AHEAD_BYTES = 640 };

static void load_ahead(const struct intent_pick *at, uint32_t n, uint32_t k)
{
	if (k + 3 * AHEAD < n)
		ahead(at[k + 3 * AHEAD].pol, AHEAD_BYTES);
	if (k + 2 * AHEAD < n) {
		const struct intent_pol *p = at[k + 2 * AHEAD].pol;

		book_claim_ahead(p->claim);
		ahead(p->desired, 256);
		ahead(p->want.path, p->want.n_path * sizeof(*p->want.path));
	}
	if (k + AHEAD < n)
		book_items_ahead(at[k + AHEAD].pol->claim);
}

static void admit_ahead(const struct intent_batch *b, uint32_t k)
{
	const struct intent_item *at = b->items, *it;

	if (k + 3 * AHEAD < b->n_items && at[k + 3 * AHEAD].pol) {
		ahead(at[k + 3 * AHEAD].pol, AHEAD_BYTES);
		ahead(&at[k + 3 * AHEAD].eval, 512);
	}
	it = k + 2 * AHEAD < b->n_items ? &at[k + 2 * AHEAD] : NULL;
	if (it && it->pol) {
		book_claim_ahead(it->pol->claim);
		ahead(it->pol->want.links, it->pol->want.n_links * sizeof(uint32_t));
		ahead(it->eval.now.links, it->eval.now.n_links * sizeof(uint32_t));
		ahead(it->eval.best.links, it->eval.best.n_links * sizeof(uint32_t));
	}
	it = k + AHEAD < b->n_items ? &at[k + AHEAD] : NULL;
	if (it && it->pol && it->ran) {
		book_items_ahead(it->pol->claim);
		book_links_ahead(b->i->book, it->eval.now.links, it->eval.now.n_links);
		book_links_ahead(b->i->book, it->eval.best.links, it->eval.best.n_links);
	}
}

static void batch_commit(struct intent_batch *b)
{
	struct intent *i = b->i;

	i->admitting = true;
	for (uint32_t k = 0; k < b->n_items; k++) {
		struct intent_item *it = &b->items[k];
		struct intent_pol *p = it->pol;

		admit_ahead(b, k);
		if (!p)
			continue;
		intent_batch_forget(p);
		/* A later change of mind is dirty already, with a reason of its own. */
		if (p->dirty != INTENT_CLEAN || it->eval.desired != p->desired || !it->ran ||
		    !intent_group_same(p, &it->eval))
			intent_dirty(p, it->how);
		else if (!item_put_off(it, p) && !item_decide(it, p))
			intent_run_here(p, it->how);
	}
	i->admitting = false;
}

bool intent_batch_admit(struct intent *i)
{
	struct intent_batch *b = list_empty(&i->waves) ? NULL :
							 LIST_OF(i->waves.next, struct intent_batch, link);

	if (!b || b->n_open > 0)
		return false;
	list_del(&b->link);
	i->n_waves--;
	metric_observe_ns(i->m_compute, mono_since(b->started, loop_now(i->loop)));
	batch_commit(b);
	batch_free(b);
	loop_task_run(&i->paper_task);
	return true;
}

/* All of it is back: its turn to be admitted is the round's to know. */
static void batch_over(struct intent_batch *b)
{
	if (b->i)
		loop_task_run(&b->i->round);
	else
		batch_free(b);
}

static void job_over(struct job *j)
{
	struct intent_batch *b = j->batch;

	j->shard->n_jobs--;
	if (--b->n_open == 0)
		batch_over(b);
}

static void job_done(struct work_job *w)
{
	job_over(CONTAINER_OF(w, struct job, work));
}

static void job_start(struct job *j)
{
	j->batch->n_open++;
	j->shard->n_jobs++;
	j->work.run = job_run;
	j->work.done = job_done;
	if (work_submit_in(j->batch->pool, &j->shard->lane, &j->work) == 0)
		return;
	job_run(&j->work); /* the queue is full: here, then */
	job_over(j);
}

void intent_batch_forget(struct intent_pol *p)
{
	if (p->item)
		p->item->pol = NULL;
	p->item = NULL;
	p->in_batch = false;
}

static void abandon(struct intent_batch *b)
{
	list_del(&b->link);
	b->i = NULL;
	atomic_store_explicit(&b->cancelled, true, memory_order_relaxed);
	for (uint32_t k = 0; k < b->n_items; k++) {
		struct intent_pol *p = b->items[k].pol;

		if (!p)
			continue;
		intent_batch_forget(p);
		intent_dirty(p, b->items[k].how);
	}
	if (b->n_open == 0)
		batch_free(b);
}

void intent_batch_abandon(struct intent *i)
{
	while (!list_empty(&i->waves))
		abandon(LIST_OF(i->waves.next, struct intent_batch, link));
	i->n_waves = 0;
}

/* One after the other to one endpoint, on one snapshot: what one has read the next finds in the
 * processor's caches. What is found does not depend on the order. */
static int item_order(const void *a, const void *b)
{
	const struct intent_item *x = *(struct intent_item *const *)a, *y = *(struct intent_item *const *)b;
	int d = x->snap->serial == y->snap->serial ? ip_cmp(&x->pol->key.endpoint, &y->pol->key.endpoint) :
		x->snap->serial < y->snap->serial  ? -1 :
						     1;

	return d ? d : sr_policy_key_cmp(&x->pol->key, &y->pol->key);
}

static void deal(struct intent_batch *b)
{
	struct intent_item *at[INTENT_WAVE];

	for (uint32_t k = 0; k < b->n_items; k++)
		at[k] = &b->items[k];
	qsort(at, b->n_items, sizeof(at[0]), item_order);
	for (uint32_t k = 0; k < b->n_items; k++) {
		struct job *j = &b->jobs[intent_shard_of(b->shards, &at[k]->pol->key.endpoint) - b->shards->at];

		*j->end = at[k];
		j->end = &at[k]->next;
	}
}

static void batch_submit(struct intent_batch *b)
{
	deal(b);
	/* One more than the jobs, so that a job done at once does not free what is still used. */
	b->n_open = 1;
	for (unsigned k = 0; k < b->shards->n; k++) {
		if (b->jobs[k].first)
			job_start(&b->jobs[k]);
	}
	if (--b->n_open == 0)
		batch_over(b);
}

static struct intent_batch *batch_spare(struct intent_shards *s)
{
	struct list *n = list_pop(&s->spares);
	struct intent_batch *b = n ? LIST_OF(n, struct intent_batch, link) :
				     calloc(1, sizeof(struct intent_batch));

	s->n_spares -= n != NULL;
	return b;
}

static struct intent_batch *batch_new(struct intent *i)
{
	struct intent_batch *b = batch_spare(i->shards);

	if (!b)
		return NULL;
	list_init(&b->link);
	arena_reset(&b->in);
	b->i = i;
	b->pool = i->work;
	b->shards = i->shards;
	b->shards->refs++;
	b->ted = ted_ref(i->ted);
	b->started = loop_now(i->loop);
	b->n_items = b->n_open = 0;
	atomic_store_explicit(&b->cancelled, false, memory_order_relaxed);
	for (unsigned k = 0; k < b->shards->n; k++) {
		struct job *j = &b->jobs[k];

		j->batch = b;
		j->shard = &b->shards->at[k];
		j->first = NULL;
		j->end = &j->first;
		arena_reset(&j->out);
	}
	return b;
}

static void batch_add(struct intent_batch *b, struct intent_pol *p, enum intent_dirt how,
		      struct intent_snap *take_snap)
{
	struct intent_item *it = &b->items[b->n_items++];

	memset(it, 0, offsetof(struct intent_item, eval));
	intent_eval_init(&it->eval);
	it->how = how;
	it->snap = take_snap;
	item_load(it, p, &take_snap->view, &b->in);
	it->eval.labels_max = labels_of(it, p, false);
	it->pol = p;
	p->item = it;
}

void intent_batch_start(struct intent *i, const struct intent_pick *at, uint32_t n)
{
	struct intent_batch *b = batch_new(i);

	for (uint32_t k = 0; k < n; k++) {
		struct intent_pol *p = at[k].pol;
		const struct intent_policy *d = &p->desired->p;
		struct intent_snap *snap;

		load_ahead(at, n, k);
		snap = b ? intent_snap_now(i, d->setup_prio, d->nrp) : NULL;

		if (snap) {
			batch_add(b, p, at[k].how, snap);
		} else {
			p->in_batch = false;
			intent_dirty(p, at[k].how);
		}
	}
	if (!b)
		return;
	list_add(&i->waves, &b->link);
	i->n_waves++;
	batch_submit(b);
}
