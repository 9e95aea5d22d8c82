/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Sets of paths that share nothing: pairs, or up to PCE_LEGS_MAX, each leg a request of its own
 * (ends, bounds, bandwidth, affinities …); the sum of what the legs minimise is the least there
 * is. RFC 5440 SVEC, RFC 8800.
 *
 * Legs with objective MLP or MBP (all that have one the same): the worst link of any of them is as good
 * as can be, and of such sets the sum is the least. A set that only shares little does not look at it.
 *
 * What it means to share:
 *  link  the same wire, in either direction. Parallel links are different wires. A LAN (all links
 *	  of one pseudonode) is one wire, whatever kind of disjointness is asked for.
 *  node  a router that is between the ends of one leg and anywhere on another. Ends may be shared
 *	  by being an end of both. Includes link.
 *  SRLG  a number listed by links of both legs. Includes link.
 *
 * Lists are encoded strictly: what ECMP might do with a loose one could meet the other legs. Where one
 * of the cheapest set does not fit (PCE_NO_MSD, PCE_NO_SID …), pce_disjoint() looks for the cheapest set
 * whose lists all do, with as many branchings again; the refusal of the first tells of it, if there is
 * none.
 */
#include "pce/path.h"

enum {
	PCE_LEGS_MAX = 8,
	PCE_DISJOINT_BUDGET = 20000,
};

/* The flags of RFC 8800 s4.2. */
enum {
	PCE_DIVERSE_LINK = 1 << 0,
	PCE_DIVERSE_NODE = 1 << 1,
	PCE_DIVERSE_SRLG = 1 << 2,
};

struct pce_disjoint {
	const struct pce_request *leg; /* trees: those of the first are used for all */
	uint32_t n_legs;
	uint8_t diverse; /* PCE_DIVERSE_ bits, at least one */
	/* T: nothing, or a set that is disjoint as asked. Else, in this order, the first there is:
	 * as asked; by SRLG; by node; by link; a set that shares little. */
	bool strict;
	/* P, a bit a leg: its own best path, found before and without regard to the others. */
	uint32_t shortest;
	bool bound_difference; /* between the delays of any two legs */
	uint32_t delay_difference_us_max;
	uint32_t budget; /* branchings at most, so that time is bounded; 0: PCE_DISJOINT_BUDGET */
	/* Asked once a branching; false: as if the budget had ended. NULL: only the budget ends it. */
	bool (*go_on)(void *arg);
	void *arg;
	bool explain; /* when there is no set, find out why: some dozen searches more */
};

struct pce_disjoint_answer {
	enum pce_status status; /* PCE_NO_BUDGET: neither found a set nor proved that there is none */
	struct pce_answer *leg; /* in the order asked; without a set n_legs is 0 */
	uint32_t n_legs;
	uint8_t met; /* PCE_DIVERSE_ bits that hold, asked for or not */
	uint32_t shared_links, shared_nodes, shared_srlgs; /* by any two legs; a LAN is a link */
	/* Sum of what the legs minimise; no set as disjoint as this costs less than cost_least, which
	 * is less than cost only when the budget ended. With MLP or MBP: of sets whose bottleneck is as
	 * good; 0 when a better one was not excluded. */
	uint64_t cost, cost_least;
	uint32_t branched;
	/*
	 * With explain, when it was shown that there is no set. leg_alone: this leg, from 1, has no path
	 * even alone, and what follows is about it, as in a pce_answer. Else it is about the set:
	 * constraints, of all legs, that beside the disjointness (and where it is said the bound on the
	 * difference) leave none, and any of them less leaves one; changes that help, each alone, made
	 * in all legs that ask for more, or all together. None of them: it is the topology. With status
	 * PCE_NO_MSD: the same of sets whose lists fit, what headends may impose (PCE_C_MSD) being one of
	 * the constraints.
	 */
	uint32_t leg_alone;
	enum pce_constraint conflict[PCE_C_COUNT];
	uint32_t n_conflict;
	bool conflict_difference;
	struct pce_relax relax[PCE_C_COUNT];
	uint32_t n_relax;
	bool relax_together;
	bool reasons_gave_up; /* as in a pce_answer */
	uint8_t possible; /* PCE_DIVERSE_ bits: by this kind of disjointness alone there is a set */
	const char *why; /* arena text, "" when all that was asked for is met */
};

/* Always fills *out (status says); deterministic. */
void pce_disjoint(const struct ted *t, const struct pce_disjoint *req, struct arena *a,
		  struct pce_disjoint_answer *out);
/* The paths alone: neither SID lists nor expansions. */
void pce_disjoint_paths(const struct ted *t, const struct pce_disjoint *req, struct arena *a,
			struct pce_disjoint_answer *out);
