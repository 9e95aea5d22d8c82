/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a question for paths: taken on the loop, worked out by a worker on the TED and the
 * book of when it is its turn, answered on the loop to the driver. Nothing here changes state of
 * intent's. One question is at a worker at a time, so that however many are asked the other
 * workers are there for repairs; the others wait in the list, in order.
 */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "intent/ask/ask.h"

enum { NO_PATH_PCE = 0x1 }; /* RFC 5440 s7.5: not now */

struct intent_ask {
	struct work_job work;
	struct list link;
	struct intent *i; /* NULL: intent is gone */
	uint32_t session, id;
	bool running; /* a worker has it, with the TED and snapshots */
	uint8_t n, n_snaps;
	struct intent_asked q;
	/* n each, in the arena */
	struct driver_path_request *at;
	struct intent_snap **snap;
	uint8_t *msd;
	struct arena arena;
	atomic_bool dropped;
};

static void ask_free(struct intent_ask *k)
{
	for (unsigned n = 0; n < k->n_snaps; n++)
		intent_snap_unref(k->snap[n]);
	ted_unref(k->q.ted);
	arena_fini(&k->arena);
	free(k);
}

static void tell(struct intent *i, const struct driver_path_answer *a)
{
	if (i->driver && i->driver->paths)
		i->driver->paths(i->driver->self, a);
}

static void not_now(struct intent *i, const struct driver_path_set *set)
{
	struct driver_path_reply reply[DRIVER_PATHS_MAX] = { 0 };

	for (unsigned n = 0; n < set->n; n++)
		reply[n].no_path_vector = NO_PATH_PCE;
	tell(i, &(struct driver_path_answer){ .headend = set->headend, .session = set->session,
					      .ask = set->ask, .n = set->n, .at = reply });
}

/* ---- the question ---- */

static uint8_t msd_for(struct intent *i, const struct ip_addr *headend,
		       const struct driver_path_request *q)
{
	const struct intent_headend *h = intent_headend_get(i, headend, false);
	uint8_t told = !h ? 0 : q->dataplane == SR_MPLS ? h->caps.msd_mpls : h->caps.msd_srv6;

	if (q->has_msd && q->msd > 0)
		return q->msd;
	return told ? told : i->cfg.msd_default;
}

/* False: no memory. */
static bool ask_load(struct intent_ask *k, const struct driver_path_set *set)
{
	struct intent_asked *q = &k->q;

	k->session = set->session;
	k->id = set->ask;
	k->n = q->n = set->n;
	*q = (struct intent_asked){ .headend = set->headend, .n = set->n,
				    .objective = set->objective, .metric = set->metric,
				    .diverse = set->diverse, .best_available = set->best_available,
				    .arena = &k->arena };
	arena_init(&k->arena, 0);
	k->at = ARENA_ARRAY(&k->arena, set->n, struct driver_path_request);
	k->msd = ARENA_ARRAY(&k->arena, set->n, uint8_t);
	k->snap = ARENA_ARRAY(&k->arena, set->n, struct intent_snap *);
	q->reply = ARENA_ARRAY(&k->arena, set->n, struct driver_path_reply);
	if (!k->at || !k->msd || !k->snap || !q->reply)
		return false;
	for (unsigned n = 0; n < set->n; n++) {
		k->at[n] = set->at[n];
		if (k->at[n].setup_prio >= BOOK_PRIOS)
			k->at[n].setup_prio = BOOK_PRIOS - 1;
	}
	q->at = k->at;
	q->msd = k->msd;
	q->snap = (const struct intent_snap *const *)k->snap;
	return true;
}

/* It is its turn: what it is answered on is of now. False: not now. */
static bool ask_start(struct intent *i, struct intent_ask *k)
{
	if (!i->ted || i->ted->stale)
		return false;
	k->q.ted = ted_ref(i->ted);
	for (unsigned n = 0; n < k->n; n++) {
		k->msd[n] = msd_for(i, &k->q.headend, &k->at[n]);
		k->snap[n] = intent_snap_now(i, k->at[n].setup_prio, 0);
		if (!k->snap[n])
			return false;
		k->n_snaps++;
	}
	k->running = true;
	return work_submit(i->work, &k->work) == 0;
}

static void ask_run(struct work_job *w)
{
	struct intent_ask *k = CONTAINER_OF(w, struct intent_ask, work);

	if (!atomic_load_explicit(&k->dropped, memory_order_relaxed))
		intent_asked_run(&k->q);
}

static void asks_next(struct intent *i);

static void ask_done(struct work_job *w)
{
	struct intent_ask *k = CONTAINER_OF(w, struct intent_ask, work);
	struct intent *i = k->i;

	if (i) {
		list_del(&k->link);
		i->n_asks--;
	}
	if (i && !w->skipped && !atomic_load_explicit(&k->dropped, memory_order_relaxed))
		tell(i, &(struct driver_path_answer){
			.headend = k->q.headend, .session = k->session, .ask = k->id, .n = k->n,
			.at = k->q.reply, .objective = k->q.used, .met = k->q.met,
			.fullest_ppb = k->q.fullest_ppb });
	if (i && !w->skipped)
		asks_next(i);
	ask_free(k);
}

/* The first, unless one is at a worker already. Those that cannot start are put off. */
static void asks_next(struct intent *i)
{
	while (!list_empty(&i->asks)) {
		struct intent_ask *k = LIST_OF(i->asks.next, struct intent_ask, link);

		if (k->running || ask_start(i, k))
			return;
		list_del(&k->link);
		i->n_asks--;
		not_now(i, &(struct driver_path_set){ .headend = k->q.headend, .ask = k->id,
						      .session = k->session, .n = k->n });
		ask_free(k);
	}
}

void intent_path_request(void *arg, const struct driver_path_set *set)
{
	struct intent *i = arg;
	struct intent_ask *k = i->n_asks < INTENT_ASKS_MAX ? calloc(1, sizeof(*k)) : NULL;

	assert(set->n > 0 && set->n <= DRIVER_PATHS_MAX);
	if (k && !ask_load(k, set)) {
		ask_free(k);
		k = NULL;
	}
	if (!k) {
		not_now(i, set);
		return;
	}
	k->i = i;
	k->work.run = ask_run;
	k->work.done = ask_done;
	list_add(&i->asks, &k->link);
	i->n_asks++;
	asks_next(i);
}

/* ---- nobody waits any more ---- */

void intent_asks_drop(struct intent *i, const struct ip_addr *headend)
{
	LIST_EACH(it, &i->asks) {
		struct intent_ask *k = LIST_OF(it, struct intent_ask, link);

		if (!ip_eq(&k->q.headend, headend))
			continue;
		atomic_store_explicit(&k->dropped, true, memory_order_relaxed);
		if (k->running)
			continue;
		list_del(&k->link);
		i->n_asks--;
		ask_free(k);
	}
}

void intent_asks_orphan(struct intent *i)
{
	struct list *n;

	while ((n = list_pop(&i->asks))) {
		struct intent_ask *k = LIST_OF(n, struct intent_ask, link);

		k->i = NULL;
		atomic_store_explicit(&k->dropped, true, memory_order_relaxed);
		if (!k->running)
			ask_free(k);
	}
	i->n_asks = 0;
}
