/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Inside of what keeps bandwidth for after a failure. A policy that asks for it has a guard: for
 * each single failure of the kinds it asks for that hits its route, the route it would be given
 * then is worked out, on the topology without what fails, and room is kept on the links it does
 * not have now, as a backup in the book. That is done behind everything else: a slice of guards at
 * a time on one worker, while no policy waits for a route. Loop only but for what a slice owns.
 */
#include <stdatomic.h>

#include "intent/group/group.h"

enum {
	GUARD_FAILURES_MAX = 128, /* of one policy */
	GUARD_CLAIMS_MAX = 1 << 18, /* backups of all of them */
	GUARD_SLICE = 16,	  /* guards at the worker */
	GUARD_QUESTIONS = 128,	  /* and failures, more only of one guard alone */
	GUARD_ROOMS = 1 << 14,	  /* and rooms after them, which the loop looks up in one turn */
	GUARD_SETTLE_MS = 500,	  /* after news nothing is worked out: more of the same may come */
	GUARD_RETRY_MS = 2000,	  /* room was released: who lacks it is looked at, not at each release */
	GUARD_NEWS_MAX = 4096,	  /* links with news; more are as good as all */
	GUARD_TREES_BYTES = 128 << 20,
};

/* One failure a guard is for. */
struct guard_failure {
	uint64_t failure; /* its number in the book */
	struct book_claim *claim; /* NULL: nothing has to be kept, or can */
	bool held;	  /* the policy finds its room after it */
};

struct intent_guard {
	struct intent_pol *pol;
	struct list link, todo;
	bool anew; /* all its failures are to be worked out; else those that are open */
	struct guard_item *item; /* at the worker */
	/* what it was worked out for */
	bool known;
	struct book_terms terms;
	uint8_t protect;
	uint64_t peers; /* the ways of others of its group */
	uint32_t *links, n_links;
	struct guard_failure *at; /* ascending */
	uint32_t n, n_open;
	enum intent_guarded state;
	char why[SR_REASON_MAX];
	bool alarmed;
};

/* A topology line of the worker's own, in which things fail. */
struct guard_net {
	const struct ted *real, *now;
	struct pce_trees *trees;
	uint32_t *dead; /* links, ascending: dead in now and not in real */
	uint32_t n_dead, node; /* TED_NONE */
};

/* One failure of one guard: what the worker is asked, and its answer. */
struct guard_question {
	uint32_t item;
	uint64_t failure;
	struct book_own *own; /* rooms after it, where they are not those of the slice */
	uint32_t n_own;
	bool ran;
	bool found;
	const uint32_t *links; /* of the route, ascending */
	uint32_t n_links;
	const char *why; /* not found; NULL: no memory */
};

struct guard_item {
	struct intent_guard *guard; /* NULL: gone, or looked at again; loop only */
	struct intent_desired *desired; /* refs are the loop's */
	struct intent_group_eval *group; /* in the slice's arena; NULL: it is of none */
	uint8_t msd;
	bool anew;
	uint32_t first, n; /* of the questions */
};

struct guard_slice {
	struct work_job job;
	struct intent *i; /* NULL: it is gone; loop only */
	const struct ted *ted;
	struct guard_net *net;
	struct arena in, out, scratch;
	uint64_t *room;
	struct guard_item items[GUARD_SLICE];
	uint32_t n_items;
	struct guard_question *at;
	uint32_t n, n_rooms;
	atomic_bool cancelled;
};

struct srlg_down {
	uint32_t srlg;
	bool down;
};

struct intent_guards {
	struct list all;
	struct list todo[BOOK_PRIOS]; /* by setup priority */
	uint32_t n_claims;
	struct loop_task task;
	struct loop_timer settle, retry;
	struct mono from; /* not before */
	struct guard_slice *slice; /* at the worker */
	struct guard_net *net;	   /* while no slice has it */
	struct book_view bare;
	VEC(uint32_t) news;
	bool all_news;
	VEC(struct srlg_down) srlgs; /* as they are in srlgs_at */
	uint64_t srlgs_at;
	uint32_t states[INTENT_GUARD_FULL + 1];
	struct metric *m_state[INTENT_GUARD_FULL + 1], *m_claims;
};

static inline uint64_t guard_key(enum pce_failure_kind kind, uint32_t index)
{
	return ((uint64_t)kind + 1) << 32 | index;
}

static inline struct pce_failure guard_what(uint64_t key)
{
	return (struct pce_failure){ .kind = (enum pce_failure_kind)((key >> 32) - 1),
				     .index = (uint32_t)key };
}

/* guard.c */
void intent_guard_todo(struct intent_guard *g, bool anew);
void intent_guard_state_set(struct intent_guard *g, enum intent_guarded state, const char *why);
/* Gives back what is kept for one failure; true: there was something. */
bool intent_guard_let(struct intent_guard *g, struct guard_failure *f);
/* The failures a policy's route is subject to, ascending. NULL: *why. */
uint64_t *intent_guard_failures_of(const struct intent_pol *p, struct arena *a, uint32_t *n,
				   const char **why);
void intent_guard_known_set(struct intent_guard *g);

/* guard_job.c */
void intent_guard_run(void *arg); /* struct intent */

/* guard_net.c, on the worker: 0 or -ENOMEM */
struct guard_net *intent_guard_net_free(struct guard_net *n);
int intent_guard_net_bring(struct guard_net *n, const struct ted *real);
int intent_guard_net_fail(struct guard_net *n, const struct pce_failure *what);
void intent_guard_slice_work(struct guard_slice *s);
