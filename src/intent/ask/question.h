/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Questions for paths, inside of intent: of headends (ask.c) and of operators (paths.c). One at a
 * time is at a worker, so that however many are asked the other workers are there for repairs; the
 * others wait in one list, in order. None keeps its worker for ever: who searches on and on is told
 * to come to an end.
 */
#include <stdatomic.h>

#include "intent/intent_priv.h"

enum intent_begin {
	INTENT_BEGIN_RUN, /* a worker has something to do */
	INTENT_BEGIN_DONE, /* the answer is there already */
	INTENT_BEGIN_NOT,  /* not now */
};

struct intent_question;

struct intent_question_kind {
	/* Its turn has come: it takes the TED and the book of now. */
	enum intent_begin (*begin)(struct intent *i, struct intent_question *q);
	void (*run)(struct intent_question *q); /* on a worker; not when dropped */
	void (*done)(struct intent *i, struct intent_question *q, bool not_now);
	void (*free)(struct intent_question *q);
};

struct intent_question {
	const struct intent_question_kind *is;
	struct work_job work;
	struct loop_timer limit;
	struct list link;
	struct intent *i; /* NULL: intent is gone */
	bool running;	  /* a worker has it */
	atomic_bool dropped; /* nobody waits for the answer */
	atomic_bool late;    /* to come to an end with what there is */
};

/* Takes q in any case. False: too many wait; it is freed without a word. */
bool intent_question_ask(struct intent *i, struct intent_question *q);
/* Nobody waits for it any more: done() is not called. q may be gone. */
void intent_question_drop(struct intent *i, struct intent_question *q);
/* For who can be asked while he searches: on a worker. */
bool intent_question_goes_on(const struct intent_question *q);
