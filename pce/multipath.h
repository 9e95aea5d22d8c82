/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Several paths for one request whose bandwidth none carries alone: a weighted set of SID lists
 * (RFC 9256 s2.11), weights small integers, each path under all other terms of the request.
 *
 * A list of weight w of a total W gets the share w / W of the traffic: booked as that, rounded up
 * to whole bit/s, so that what is booked is never less than what comes. On no link the shares
 * of the paths over it are more than what is free.
 *
 * Where a path found has no list that fits, pce_multipath() looks for paths that have.
 */
#include "pce/path.h"

enum {
	PCE_LISTS_MAX = 16,
	PCE_WEIGHTS_MAX = 256, /* of a set together */
	PCE_WEIGHTS = 64,
};

struct pce_multipath {
	const struct pce_request *req; /* bandwidth_bps: of all lists together */
	uint32_t lists_max;	       /* 1 .. PCE_LISTS_MAX */
	uint32_t weights_max;	       /* of a set together; 0: PCE_WEIGHTS */
};

struct pce_multipath_answer {
	/* PCE_NO_BUDGET: no set was found, but it was not shown that there is none.
	 * PCE_NO_CONSTRAINED, with limit_bps: however many paths there were, and whatever their
	 * weights, they would not carry what is asked for. */
	enum pce_status status;
	struct pce_answer *path;
	const uint32_t *weight;
	const uint64_t *rate_bps; /* what to book for each */
	uint32_t n, total;
	uint64_t most_bps; /* what the paths found carry together, as they are */
	uint64_t limit_bps; /* without a set: nothing carries more than that, by a maximum flow; 0:
			     * not known to be less than what is asked for */
	const char *why;   /* arena text, "" with a set */
};

/* Always fills *out (status says); deterministic. */
void pce_multipath(const struct ted *t, const struct pce_multipath *req, struct arena *a,
		   struct pce_multipath_answer *out);
/* The paths alone: neither SID lists nor expansions. */
void pce_multipath_paths(const struct ted *t, const struct pce_multipath *req, struct arena *a,
			 struct pce_multipath_answer *out);

/*
 * Integer weights, total at most total_max, for n shares of what can carry cap_bps each: those
 * under which the fullest is as little full as can be; of equals the smallest total. Returns
 * the total. No cap may be zero.
 */
uint32_t pce_weights(const uint64_t *cap_bps, uint32_t n, uint32_t total_max, uint32_t *weight);
