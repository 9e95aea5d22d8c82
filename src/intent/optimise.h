/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The global optimiser on live policies: those that can be moved are placed together so that the
 * fullest link is as empty as can be; what comes out is an order of moves none of which books more
 * than there is, and when it is wanted they are made, each when the one before is reported up. One
 * operation at a time; what the last one found is kept. Loop thread only; the search itself has a
 * thread of its own.
 */
#include "intent/intent.h"

enum { INTENT_OPTIMISE_SECONDS_MAX = 3600, INTENT_OPTIMISE_MIDPOINTS_MAX = 3 };

struct intent_optimise_options {
	uint32_t seconds;    /* stop after so long with the best so far; 0: work decides */
	uint64_t work;	     /* the same after so much work: repeatable; 0: seconds decide */
	uint64_t seed;
	uint8_t midpoints;   /* of a list, at most */
	uint32_t charge_ppm; /* utilisation that each changed policy must be worth */
	bool apply;	     /* make the moves; else only say them */
};

enum intent_optimise_state {
	INTENT_OPTIMISE_COMPUTING,
	INTENT_OPTIMISE_READY,	   /* there is a plan, nothing was moved */
	INTENT_OPTIMISE_APPLYING,
	INTENT_OPTIMISE_DONE,	   /* all steps are made, or there was nothing to gain */
	INTENT_OPTIMISE_STOPPED,   /* some steps are made, the rest is not; why says the reason */
	INTENT_OPTIMISE_FAILED,	   /* there is no plan; why says the reason */
};

enum intent_optimise_rollout {
	INTENT_ROLLOUT_NONE_NEEDED,
	INTENT_ROLLOUT_FOUND,
	INTENT_ROLLOUT_DETOURS, /* some policies move more than once */
	INTENT_ROLLOUT_PART,	/* not for all moves: those that fit, the rest is dropped */
	INTENT_ROLLOUT_NONE,	/* whatever the order, a link is overloaded on the way */
	INTENT_ROLLOUT_UNKNOWN, /* none was found in time */
};

struct intent_optimise_view {
	uint64_t id;
	enum intent_optimise_state state;
	char why[SR_REASON_MAX];
	struct intent_optimise_options options;
	uint64_t started_wall_ns, ended_wall_ns; /* ended 0: it has not */
	uint64_t generation; /* of the TED it was computed on */
	/* while it computes: of the best so far */
	uint64_t work, util_ppb, bound_ppb;
	uint32_t changed;
	/* found */
	bool has_plan;
	uint32_t n_movable, n_left_out; /* live policies with bandwidth */
	char fullest_before[TED_LABEL_MAX], fullest_after[TED_LABEL_MAX];
	/* Shares of the capacity by what crosses links, ECMP dividing it; parts per 1e9. The bound
	 * is proven: no placement of those movable is below it. */
	uint64_t before_ppb, after_ppb, least_ppb, gap_ppb;
	/* The same by the book, which reserves the whole rate on each way of ECMP. */
	uint64_t booked_before_ppb, booked_after_ppb;
	enum intent_optimise_rollout rollout;
	uint32_t n_changes, n_steps, n_done, n_dropped;
};

/* False: there has been none since the start. */
bool intent_optimise_get(const struct intent *i, struct intent_optimise_view *out);

/* A policy that gets another list. */
struct intent_optimise_change {
	struct sr_policy_key key;
	uint64_t bandwidth_bps;
	struct sr_list from, to;
	uint32_t delay_us_from, delay_us_to; /* over the worst ECMP member; UINT32_MAX: not known */
};

enum intent_step_state {
	INTENT_STEP_WAITING,
	INTENT_STEP_SENT,
	INTENT_STEP_DONE,
	INTENT_STEP_FAILED,
};

struct intent_optimise_step {
	struct sr_policy_key key;
	struct sr_list to;
	bool detour; /* for the time being: it moves again later */
	enum intent_step_state state;
	char why[SR_REASON_MAX]; /* FAILED */
};

/* Policies with bandwidth that stay where they are: not movable, or the move was dropped. */
struct intent_optimise_left {
	struct sr_policy_key key;
	bool dropped; /* a move was found for it, and not taken */
	char why[SR_REASON_MAX];
};

/* The n-th, from 0; false: there are fewer. */
bool intent_optimise_change(const struct intent *i, uint32_t n, struct intent_optimise_change *out);
bool intent_optimise_step(const struct intent *i, uint32_t n, struct intent_optimise_step *out);
bool intent_optimise_left(const struct intent *i, uint32_t n, struct intent_optimise_left *out);

/* *why: for people, when it is not 0. INTENT_E_INVALID, INTENT_E_BUSY (one is under way),
 * INTENT_E_MODE (hold is on, or no topology in sight), INTENT_E_LIMIT (no memory or thread). */
int intent_optimise_start(struct intent *i, const struct intent_optimise_options *o, uint64_t *id,
			  const char **why);
/* Computing: ends with the best so far as a plan that is not applied. Applying: no step more. 0,
 * INTENT_E_MISSING (another id), INTENT_E_MODE (it is over). */
int intent_optimise_cancel(struct intent *i, uint64_t id, const char **why);
/* Makes the moves of a plan that is ready. The same codes, and INTENT_E_MODE under hold. */
int intent_optimise_apply(struct intent *i, uint64_t id, const char **why);
