/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* The optimiser's graph of a TED: nodes by their index, arcs in an order of their own. */
#include "pce/graph.h"
#include "pce/te.h"

struct te_ted_cfg {
	struct pce_class class; /* whose shortest paths segments follow */
	enum pce_dataplane dataplane; /* whose node SIDs midpoints are */
	/* By link: what the optimiser may fill, and what is carried there already. NULL: all that
	 * may be reserved, nothing. */
	const uint64_t *capacity_bps, *other_bps;
	uint32_t n_links; /* how long those are: links behind have nothing */
};

struct te_ted {
	struct te_graph graph;
	const uint32_t *link; /* by arc */
};

/* 0 or -ENOMEM; everything lives in a. A delay that is not known is endless. */
/* By arc: what affinities and exclusions of req keep it from. NULL: no memory. */
const bool *te_barred_of(const struct ted *t, const struct te_ted *g, const struct pce_request *req,
			 struct arena *a);

int te_graph_of(const struct ted *t, const struct te_ted_cfg *cfg, struct arena *a,
		struct te_ted *out);

/* A list over these routers to the last of them: SRv6 node SIDs, usid: packed where they can be.
 * False: one of them has told none, or they are too many. */
struct te_segments {
	struct pce_segment at[PCE_SEGS_MAX];
	uint32_t n;
};

bool te_segments_of(const struct ted *t, const uint32_t *nodes, uint32_t n, bool usid,
		    struct te_segments *out);
