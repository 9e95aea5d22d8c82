/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a question for paths: taken on the loop with the TED and the book of that moment,
 * worked out by a worker, answered on the loop to the driver. Who is in a hurry does not wait:
 * nothing here changes state of intent's.
 */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "intent/ask.h"

enum { NO_PATH_PCE = 0x1 }; /* RFC 5440 s7.5: not now */

struct intent_ask {
	struct work_job work;
	struct list link;
	struct intent *i; /* NULL: intent is gone */
	uint32_t session, id;
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
	for (unsigned n = 0; n < k->q.n; n++)
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
static bool ask_load(struct intent *i, struct intent_ask *k, const struct driver_path_set *set)
{
	k->session = set->session;
	k->id = set->ask;
	k->q = (struct intent_asked){ .headend = set->headend, .objective = set->objective,
				      .metric = set->metric, .diverse = set->diverse,
				      .best_available = set->best_available,
				      .arena = &k->arena };
	arena_init(&k->arena, 0);
	k->q.ted = ted_ref(i->ted);
	k->q.at = k->at = ARENA_ARRAY(&k->arena, set->n, struct driver_path_request);
	k->q.msd = k->msd = ARENA_ARRAY(&k->arena, set->n, uint8_t);
	k->snap = ARENA_ARRAY(&k->arena, set->n, struct intent_snap *);
	k->q.snap = (const struct intent_snap *const *)k->snap;
	k->q.reply = ARENA_ARRAY(&k->arena, set->n, struct driver_path_reply);
	if (!k->at || !k->msd || !k->snap || !k->q.reply)
		return false;
	for (unsigned n = 0; n < set->n; n++) {
		uint8_t setup = set->at[n].setup_prio;

		k->at[n] = set->at[n];
		if (setup >= BOOK_PRIOS)
			k->at[n].setup_prio = setup = BOOK_PRIOS - 1;
		k->msd[n] = msd_for(i, &set->headend, &k->at[n]);
		k->snap[n] = intent_snap_now(i, setup, 0);
		if (!k->snap[n])
			return false;
		k->q.n++;
	}
	return true;
}

static void ask_run(struct work_job *w)
{
	struct intent_ask *k = CONTAINER_OF(w, struct intent_ask, work);

	if (!atomic_load_explicit(&k->dropped, memory_order_relaxed))
		intent_asked_run(&k->q);
}

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
			.headend = k->q.headend, .session = k->session, .ask = k->id, .n = k->q.n,
			.at = k->q.reply, .objective = k->q.used, .met = k->q.met,
			.fullest_ppb = k->q.fullest_ppb });
	ask_free(k);
}

void intent_path_request(void *arg, const struct driver_path_set *set)
{
	struct intent *i = arg;
	struct intent_ask *k;

	assert(set->n > 0 && set->n <= DRIVER_PATHS_MAX);
	k = i->ted && !i->ted->stale && i->n_asks < INTENT_ASKS_MAX ? calloc(1, sizeof(*k)) : NULL;
	if (k && !ask_load(i, k, set)) {
		ask_free(k);
		k = NULL;
	}
	if (!k) {
		not_now(i, set);
		return;
	}
	k->i = i;
	list_add(&i->asks, &k->link);
	i->n_asks++;
	k->work.run = ask_run;
	k->work.done = ask_done;
	if (work_submit(i->work, &k->work) == 0)
		return;
	ask_run(&k->work); /* the queue is full: here, then */
	ask_done(&k->work);
}

/* ---- nobody waits any more ---- */

void intent_asks_drop(struct intent *i, const struct ip_addr *headend)
{
	LIST_EACH(it, &i->asks) {
		struct intent_ask *k = LIST_OF(it, struct intent_ask, link);

		if (ip_eq(&k->q.headend, headend))
			atomic_store_explicit(&k->dropped, true, memory_order_relaxed);
	}
}

void intent_asks_orphan(struct intent *i)
{
	struct list *n;

	while ((n = list_pop(&i->asks))) {
		struct intent_ask *k = LIST_OF(n, struct intent_ask, link);

		k->i = NULL;
		atomic_store_explicit(&k->dropped, true, memory_order_relaxed);
	}
	i->n_asks = 0;
}
