/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the files of the rollout share. */
#include "pce/te_priv.h"
#include "pce/te_rollout.h"

/* Where every demand is, what that loads, and what was moved to get here. */
struct te_roll {
	struct te_net net;
	const struct te_rollout_options *o;
	struct te_way *cur, *goal;
	bool *lost;    /* by demand: carries nothing now, its list leads nowhere */
	double *util;  /* by arc */
	double *was;   /* by arc: scratch of a step */
	double limit, peak;
	uint32_t *todo; /* demands not at their goal */
	uint32_t n_todo;
	uint32_t *last; /* demands that are best moved when all others are */
	uint32_t n_last;
	struct te_move *move;
	uint32_t n_moves, cap_moves;
	bool detours;
	uint64_t work, work_next; /* next: when to ask go_on() again */
	bool stopped, no_memory;
	struct arena mem;
};

/* Out of budget, or told to stop. */
bool te_roll_over(struct te_roll *r);
/* Puts the demand on the way; false (and nothing changed) when that overloads a link. */
bool te_roll_try(struct te_roll *r, uint32_t demand, const struct te_way *way);
/* Puts it there whatever it does. */
void te_roll_set(struct te_roll *r, uint32_t demand, const struct te_way *way);
/* Tells the move; the demand has the way already. */
void te_roll_tell(struct te_roll *r, uint32_t demand, bool detour);
/* Whatever of todo fits, again and again; true: all is done. */
bool te_roll_greedy(struct te_roll *r);

enum te_roll_exact {
	TE_ROLL_DONE,
	TE_ROLL_NONE,	/* there is no order */
	TE_ROLL_TOO_MANY, /* or out of budget */
};

/* te_roll_exact.c: moves what may be moved first without any harm, puts aside what is best moved
 * last, and looks for an order of the rest, one move each. */
enum te_roll_exact te_roll_exact(struct te_roll *r);
/* te_roll_detour.c: with demands out of the way for the time being. true: all is done. */
bool te_roll_detour(struct te_roll *r);
