/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The way from the lists that run to those wanted, one demand at a time, such that no link is
 * overloaded at any step. A demand moves at once: the old list carries nothing afterwards.
 */
#include "pce/te.h"

/* One step of a rollout: that demand then has this list. */
struct te_move {
	uint32_t demand;
	struct te_list list;
	bool detour; /* for the time being: it moves again later */
};

struct te_rollout_options {
	double limit;	   /* 0: the highest of 1, the utilisation before and the one after */
	uint64_t work_max; /* as in te_options */
	te_go_on_fn go_on; /* or NULL */
	void *arg;
};

enum te_rollout_found {
	TE_ROLLOUT_FOUND,
	TE_ROLLOUT_DETOURS, /* with demands that move more than once */
	TE_ROLLOUT_NONE,    /* moving every demand once, in whatever order, overloads a link; and
			     * no detour was found either */
	TE_ROLLOUT_UNKNOWN, /* not found within the budget */
};

struct te_rollout {
	enum te_status status;
	uint32_t where;
	enum te_rollout_found found;
	double limit;
	double peak; /* of the fullest link after any of the moves */
	const struct te_move *moves;
	uint32_t n_moves;
	uint64_t work;
};

/* From demands' lists of now to lists. */
void te_rollout(const struct te_problem *p, const struct te_list *lists,
		const struct te_rollout_options *o, struct arena *a, struct te_rollout *out);
