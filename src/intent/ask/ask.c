/* SPDX-License-Identifier: Apache-2.0 */
/* What headends ask, as questions: read, worked out on the TED and the book of when it is their turn,
 * answered to the driver. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "intent/ask/ask.h"
#include "intent/ask/question.h"

enum { NO_PATH_PCE = 0x1 }; /* RFC 5440 s7.5: not now */

struct intent_ask {
	struct intent_question is;
	uint32_t session, id;
	uint8_t n, n_snaps;
	struct intent_asked q;
	/* n each, in the arena */
	struct driver_path_request *at;
	struct intent_snap **snap;
	uint8_t *msd;
	struct arena arena;
};

static void ask_free(struct intent_question *is)
{
	struct intent_ask *k = CONTAINER_OF(is, struct intent_ask, is);

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

/* It is its turn: what it is answered on is of now. */
static enum intent_begin ask_begin(struct intent *i, struct intent_question *is)
{
	struct intent_ask *k = CONTAINER_OF(is, struct intent_ask, is);

	if (!i->ted || i->ted->stale)
		return INTENT_BEGIN_NOT;
	k->q.ted = ted_ref(i->ted);
	for (unsigned n = 0; n < k->n; n++) {
		k->msd[n] = msd_for(i, &k->q.headend, &k->at[n]);
		k->snap[n] = intent_snap_now(i, k->at[n].setup_prio, 0);
		if (!k->snap[n])
			return INTENT_BEGIN_NOT;
		k->n_snaps++;
	}
	return INTENT_BEGIN_RUN;
}

static void ask_run(struct intent_question *is)
{
	intent_asked_run(&CONTAINER_OF(is, struct intent_ask, is)->q);
}

static void ask_done(struct intent *i, struct intent_question *is, bool put_off)
{
	struct intent_ask *k = CONTAINER_OF(is, struct intent_ask, is);

	if (put_off)
		not_now(i, &(struct driver_path_set){ .headend = k->q.headend, .ask = k->id,
						      .session = k->session, .n = k->n });
	else
		tell(i, &(struct driver_path_answer){
			.headend = k->q.headend, .session = k->session, .ask = k->id, .n = k->n,
			.at = k->q.reply, .objective = k->q.used, .met = k->q.met,
			.fullest_ppb = k->q.fullest_ppb });
}

static const struct intent_question_kind kind = { ask_begin, ask_run, ask_done, ask_free };

void intent_path_request(void *arg, const struct driver_path_set *set)
{
	struct intent *i = arg;
	struct intent_ask *k = calloc(1, sizeof(*k));

	assert(set->n > 0 && set->n <= DRIVER_PATHS_MAX);
	if (k && !ask_load(k, set)) {
		ask_free(&k->is);
		k = NULL;
	}
	if (k)
		k->is.is = &kind;
	if (!k || !intent_question_ask(i, &k->is))
		not_now(i, set);
}

/* ---- nobody waits any more ---- */

void intent_asks_drop(struct intent *i, const struct ip_addr *headend)
{
	LIST_EACH(it, &i->asks) {
		struct intent_question *q = LIST_OF(it, struct intent_question, link);

		if (q->is == &kind &&
		    ip_eq(&CONTAINER_OF(q, struct intent_ask, is)->q.headend, headend))
			intent_question_drop(i, q);
	}
}
