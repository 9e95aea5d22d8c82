/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The k cheapest simple paths under one request's constraints, cheapest first. Paths over
 * different parallel links are different. Of paths that cost the same which come first, and
 * which are left out at the end, is fixed by the TED and the request.
 */
#include "pce/path.h"

enum { PCE_KSHORTEST_MAX = 256 };

struct pce_kshortest_answer {
	enum pce_status status; /* PCE_NO_CONSTRAINED: not even one */
	struct pce_answer *path;
	uint32_t n;
	bool all;     /* there are no others: n is less than asked for because of that */
	bool gave_up; /* n is less than asked for because the budget ended: there may be others */
	/* pce_kshortest(): a path that has a list costs so much, though none of those given has one; 0:
	 * not told. */
	uint64_t cost_listed;
	/* Without a path: what the question for one answers (status, conflict, relax, removed …), as
	 * there are none exactly when there is not one. NULL: there are paths, or it did not come to
	 * that question (no memory, ends or a count that are none).
	 * Where it was shown that no path at all has a list that the headend can impose (status
	 * PCE_NO_MSD, beside the paths): what stands in its way, PCE_C_MSD among the constraints, and
	 * how many entries it must be able to. */
	const struct pce_answer *none;
	const char *why; /* arena text, "" when there is a path and no budget ended */
};

/*
 * Always fills *out (status says); deterministic. Constraints on a path as a whole (a least delay,
 * nodes to include, MLP …) make it search path by path with a limit of work: when that ends it,
 * gave_up says so; where it ends before the first, the question for one is asked, whose search may know
 * better.
 */
void pce_kshortest_paths(const struct ted *t, const struct pce_request *req, uint32_t k,
			 struct arena *a, struct pce_kshortest_answer *out);
/* With SID lists, strict whatever the request says, so that each leads along its own path; a path
 * that has none says so in its own status. Where none of them has, the whole question is for one that has:
 * there are dearer ones (cost_listed), or it was shown that there are none (status of the first, and why),
 * or neither in the work allowed (why). */
void pce_kshortest(const struct ted *t, const struct pce_request *req, uint32_t k, struct arena *a,
		   struct pce_kshortest_answer *out);
