/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Inside of the optimiser. A job is filled on the loop (optimise_gather.c), solved on a thread of
 * its own (optimise_solve.c, optimise_order.c), and is then the plan that is shown and made
 * (optimise.c, optimise_apply.c). While the thread has it the loop touches its atomics only.
 */
#include <stdatomic.h>

#include "intent/intent_priv.h"
#include "intent/optimise.h"
#include "pce/te_rollout.h"
#include "pce/te_ted.h"

enum {
	OPT_FLOWS_MAX = 50000,
	OPT_ROUNDS = 3,	    /* searches: who cannot take what was found for it stays in the next */
	OPT_PHASES = 4,	    /* ends of those, and of the order of moves */
	OPT_LIST_MAX = TE_MIDPOINTS_MAX + 1,
	OPT_POINTS_MAX = 512, /* routers that flows begin, end and turn at; others may be midpoints */
};

/* A list and what it does, found to be what its policy asks for. */
struct opt_route {
	struct sr_list list;
	const uint32_t *links; /* ascending */
	uint32_t n_links;
	uint32_t igp, delay_us; /* over the worst ECMP member */
};

/* A live policy that may be moved. */
struct opt_flow {
	struct sr_policy_key key;
	struct intent_desired *desired; /* a reference as long as the thread may have it */
	uint64_t rate_bps;
	uint32_t preference;
	uint8_t msd;
	struct opt_route is;
	const uint32_t *path; /* links in order, when it is one path */
	uint32_t n_path;
	/* the thread's */
	uint32_t src, dst;
	double crowd; /* of the links it crosses, how full the fullest is */
	struct te_list now;
	bool fixed, dropped;
	bool kept; /* not moved, and its own cheapest path may be another */
	const char *why; /* it stays: why */
	const struct opt_route *to;
};

struct opt_step {
	uint32_t flow;
	const struct opt_route *to;
	bool detour;
	enum intent_step_state state;
	const char *why;
};

struct opt_left {
	struct sr_policy_key key;
	const char *why;
	bool dropped;
};

struct opt_figures {
	double before, after, bound; /* infinite before: not known */
	double booked_before, booked_after;
	char fullest_before[TED_LABEL_MAX], fullest_after[TED_LABEL_MAX];
	enum intent_optimise_rollout rollout;
};

struct opt_job {
	struct work_job work;
	struct intent_optimiser *of; /* loop only */
	bool own_thread;	     /* not the loop's */
	struct intent_optimise_options o;
	const struct ted *ted; /* until the thread is done */
	uint64_t generation;
	struct arena arena;
	struct opt_flow *flows;
	uint32_t n_flows, n_all; /* the rest stays, as was found on the way */
	struct opt_left *left;
	uint32_t n_left, cap_left;
	/* By link, n_links long: capacity, all that is reserved, and what of it is not of flows. */
	uint64_t *capacity_bps, *reserved_bps, *other_bps;
	uint32_t n_links;
	uint32_t points_max; /* OPT_POINTS_MAX */
	/* both sides */
	atomic_bool stop;
	atomic_uint phase; /* ends that have passed */
	_Atomic uint64_t spent, util_ppb, bound_ppb;
	atomic_uint changed;
	/* out */
	const char *why; /* no plan: why */
	struct opt_figures is;
	uint32_t *changes; /* flows that get another list */
	struct opt_step *steps;
	uint32_t n_steps, n_changes, n_dropped;
};

/* optimise_gather.c */
struct opt_job *intent_opt_job_new(struct intent *i, const struct intent_optimise_options *o);
void intent_opt_job_free(struct opt_job *j);
void intent_opt_job_release(struct opt_job *j); /* what only the thread needed */
bool intent_opt_left_add(struct opt_job *j, const struct sr_policy_key *key, const char *why,
			 bool dropped);

/* optimise_solve.c, on the thread */
struct opt_solve {
	struct opt_job *j;
	struct arena scratch;
	struct pce_trees *trees;
	struct te_ted graph;
	struct te_problem problem;
	struct te_demand *demands;
	struct te_list *lists; /* what is wanted, by flow */
	unsigned round;
	uint64_t work_left;
	double bound;
};

void intent_opt_solve(struct opt_job *j);
/* The list over these midpoints for a flow; NULL: *why says what keeps it from being used. */
const struct opt_route *intent_opt_route(struct opt_solve *s, const struct opt_flow *f,
					 const struct te_list *l, const char **why);
bool intent_opt_go_on(struct opt_solve *s, unsigned phase);
void intent_opt_fix(struct opt_solve *s, uint32_t flow, const char *why);

/* optimise_now.c: the midpoints that lead the way a flow takes now; false: none do. */
bool intent_opt_now(struct opt_solve *s, struct opt_flow *f);
/* Walks node SIDs over these routers; false: not valid. */
bool intent_opt_walk(struct opt_solve *s, const struct opt_flow *f, const struct te_segments *segs,
		     struct pce_expansion *x);
unsigned intent_opt_nodes(const struct opt_flow *f, const struct te_list *l,
			  uint32_t nodes[OPT_LIST_MAX]);

/* optimise_order.c: steps from the lists of now to those wanted, checked against the book. */
void intent_opt_order(struct opt_solve *s);

/* ---- the loop's ---- */

struct intent_optimiser {
	struct intent *i;
	struct work *pool; /* one thread: a long search must not take those that repairs need */
	struct opt_job *job; /* under way, or the last plan; or NULL */
	bool running;	   /* the thread has it */
	uint64_t id;
	enum intent_optimise_state state;
	char why[SR_REASON_MAX];
	struct mono started;
	uint64_t started_wall_ns, ended_wall_ns;
	struct loop_timer phase, patience;
	struct loop_task task;
	/* applying */
	uint32_t at;		    /* the step under way */
	struct intent_pol *waiting; /* whose answer it waits for */
	char lifted[SR_REASON_MAX]; /* why its pin did not hold */
	bool unblock_due;
	struct metric *m_runs, *m_stopped, *m_steps, *m_failed, *m_running;
};

const char *intent_optimise_state_text(enum intent_optimise_state s);
const char *intent_step_state_text(enum intent_step_state s);

/* optimise_apply.c */
void intent_opt_apply_start(struct intent_optimiser *o);
void intent_opt_apply_end(struct intent_optimiser *o, enum intent_optimise_state s, const char *why);
void intent_opt_apply_run(void *arg);	   /* struct intent_optimiser: its task */
void intent_opt_apply_late(void *arg);	   /* nobody answered in time */

/* optimise.c */
void intent_opt_end(struct intent_optimiser *o, enum intent_optimise_state s, const char *why);
