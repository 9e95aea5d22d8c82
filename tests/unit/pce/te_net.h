/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Small random problems for the optimiser, and what lists do in them by plain means: every figure
 * is worked out from the routes up, with no code of the engine.
 */
#include "base/rng.h"
#include "pce/te.h"

enum { TN_NODES = 8, TN_ARCS = 40, TN_DEMANDS = 10 };

struct tn {
	struct te_arc arc[TN_ARCS];
	uint8_t flags[TN_NODES];
	struct te_demand demand[TN_DEMANDS];
	struct te_problem prob;
	/* by [from][to] */
	bool reached[TN_NODES][TN_NODES]; /* over links with capacity only, no loop */
	double share[TN_NODES][TN_NODES][TN_ARCS]; /* of the traffic, by arc */
	uint64_t delay[TN_NODES][TN_NODES];	   /* worst */
};

struct tn_cfg {
	uint32_t nodes, wires, demands;
	uint32_t metric_max; /* small: many ties; links of metric 0 when zero is set */
	bool zero, holes, bounds, running, flags;
};

void tn_make(struct tn *t, struct rng *r, const struct tn_cfg *cfg);
/* Works the tables out again after the arcs were changed. */
void tn_routes(struct tn *t);
/* false: some stretch is not reached. load: by arc, share of the capacity. */
bool tn_loads(const struct tn *t, const struct te_list *lists, double *load);
bool tn_delay(const struct tn *t, const struct te_demand *d, const struct te_list *l,
	      uint64_t *delay);
double tn_max(const struct tn *t, const double *load);
struct te_list tn_list(uint32_t a, uint32_t b, uint32_t c);
