/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What fails if something fails: which flows lose their way or a bound once the IGP has converged
 * without it, and how full the fullest link is then.
 *
 * A flow is steered over hops: nodes, to which routers send packets over all shortest paths (of
 * the IGP, or of a flexible algorithm) in equal parts (each link and, on a LAN, each router behind it is one), and links that must be
 * crossed. Loads are kept in 1/1024 bit/s and every division is rounded up: what is said of a link
 * is never too little, and too much by less than 1 bit/s for every thousand divisions of flows
 * over it. A flow that is lost keeps loading the stretches it is not lost on.
 */
#include "pce/after.h"

/* One segment: to a node, or over a link (then to node, across the LAN where it is one). */
struct pce_flow_hop {
	uint32_t node;
	uint32_t link; /* TED_NONE: to the node, routed by algo */
	uint8_t algo;  /* 0, or a Flex-Algo as it is defined after the failure */
	const struct ted_node_sid *sid; /* SR-MPLS: routers on the way need a label for it; or NULL */
};

struct pce_flow {
	uint32_t src;
	const struct pce_flow_hop *hops; /* the last one ends at the destination */
	uint32_t n_hops;
	uint64_t rate_bps;
	/* Of the worst path packets take; PCE_NO_BOUND: none. */
	uint32_t delay_us_max, igp_max, te_max, hops_max;
	bool bound_variation, bound_loss;
	uint32_t variation_us_max, loss_ppm_max;
};

/* The hops of a SID list as it is understood now; those behind a binding SID are the hops of that
 * policy's list. 0, -ENOMEM, or > 0: it is not valid, or what is behind a binding SID is not known,
 * *why (arena text) says so. dst TED_NONE: wherever it ends. */
enum { PCE_FLOW_E_LIST = 1, PCE_FLOW_DEPTH_MAX = 4, PCE_FLOW_HOPS_MAX = 4096 };
int pce_flow_of_list(const struct ted *t, uint32_t src, uint32_t dst, const struct pce_list *list,
		     struct arena *a, struct pce_flow *out, const char **why);

enum pce_flow_loss {
	PCE_FLOW_KEPT,
	PCE_FLOW_END,	/* its source or destination is what fails */
	PCE_FLOW_LINK,	/* it must cross a link that fails */
	PCE_FLOW_ROUTE, /* there is no path to a hop, or a circle of zero metrics on it */
	PCE_FLOW_BOUND, /* packets arrive, beyond a bound */
};

const char *pce_flow_loss_text(enum pce_flow_loss l); /* "kept", "end", "link", "route", "bound" */

struct pce_flow_effect {
	uint32_t flow;
	enum pce_flow_loss loss;
	enum pce_constraint bound; /* of PCE_FLOW_BOUND: the first that is broken */
	uint64_t value, allowed;   /* value PCE_NO_BOUND: a link does not tell the metric */
};

/* How full: parts per 1e9 of the capacity, rounded up; a link that tells none is left out. */
struct pce_fullest {
	uint32_t link; /* TED_NONE: no link has a capacity */
	uint64_t load_bps; /* rounded up */
	uint64_t ppb;
};

struct pce_failure_answer {
	const struct pce_flow_effect *effects; /* flows that are worse off than now, ascending */
	uint32_t n_effects;
	const uint32_t *moved; /* flows that were looked at: they used what failed, ascending */
	uint32_t n_moved;
	struct pce_fullest fullest;
	const uint32_t *dead; /* links that fail; good until the next question */
	uint32_t n_dead;
};

struct pce_failures;

/* flows: borrowed, alive as long as the answers are asked for. 0, -ENOMEM, or > 0: a flow makes no
 * sense (names nothing, or its rates are beyond 1 Pbit/s together). */
enum { PCE_FAILURES_E_FLOW = 1 };
int pce_failures_new(struct pce_failures **outp, const struct ted *t, const struct pce_flow *flows,
		     uint32_t n_flows, struct pce_trees *trees);
struct pce_failures *pce_failures_free(struct pce_failures *f);
AUTO_DEFINE(struct pce_failures, pce_failures_free)

/* Nothing fails: flows that are lost or beyond a bound already. */
const struct pce_flow_effect *pce_failures_now(const struct pce_failures *f, uint32_t *n);
void pce_failures_fullest(const struct pce_failures *f, struct pce_fullest *out);
uint64_t pce_failures_load_bps(const struct pce_failures *f, uint32_t link); /* rounded up */

/* 0, -ENOMEM, or > 0: there is no such thing. The answer is in the arena. */
enum { PCE_FAILURES_E_NAME = 1 };
int pce_failures_ask(struct pce_failures *f, const struct pce_failure *what, struct arena *a,
		     struct pce_failure_answer *out);
/* Load of a link after the failure asked for last. */
uint64_t pce_failures_after_bps(const struct pce_failures *f, uint32_t link);
/* What a flow does after the failure asked for last (before any: now); not valid when it is lost.
 * A metric that some link does not tell is PCE_NO_BOUND. 0 or -ENOMEM. */
int pce_failures_way(const struct pce_failures *f, uint32_t flow, struct arena *a,
		     struct pce_expansion *out);
/* Takes a flow's load away until the next failure is asked for: it goes another way. Once only. */
void pce_failures_drop(struct pce_failures *f, uint32_t flow);

/* Everything of a kind that can fail: links once for both directions (the lower index), living
 * nodes (a LAN is one), SRLGs; ascending. NULL without memory. */
const uint32_t *pce_failures_all(const struct pce_failures *f, enum pce_failure_kind kind,
				 struct arena *a, uint32_t *n);
