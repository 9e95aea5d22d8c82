/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What routers do after something failed and the IGP converged: shortest paths without the dead
 * links, by the IGP metric or as a flexible algorithm has them. Inside of the engine; borrowed memory is good until the next call of the
 * same function, or the next failure.
 */
#include "pce/trees.h"

enum pce_failure_kind {
	PCE_FAIL_LINK, /* both directions */
	PCE_FAIL_NODE, /* with all its links */
	PCE_FAIL_SRLG, /* all links that have it, both directions of each */
};

struct pce_failure {
	enum pce_failure_kind kind;
	uint32_t index; /* of the link or node; the SRLG's number */
};

struct pce_after;

/* trees: borrowed, or NULL. 0 or -ENOMEM. */
int pce_after_new(struct pce_after **outp, const struct ted *t, struct pce_trees *trees);
struct pce_after *pce_after_free(struct pce_after *x);
AUTO_DEFINE(struct pce_after, pce_after_free)

/* Another failure in place of the one before. 0, or 1: there is no such thing. */
int pce_after_fail(struct pce_after *x, const struct pce_failure *f);
/* Usable links that are dead now. */
const uint32_t *pce_after_dead(const struct pce_after *x, uint32_t *n);
bool pce_after_is_dead(const struct pce_after *x, uint32_t link);
bool pce_after_node_dead(const struct pce_after *x, uint32_t node);

/* Whose shortest paths are asked for from here on; 0 until told otherwise. A Flex-Algo is what it is
 * after the failure: a node that dies takes its definition along. 0 or -ENOMEM. */
int pce_after_algo(struct pce_after *x, uint8_t algo);
/* The failure leaves the algorithm with another definition than before, or with none. */
bool pce_after_redefined(const struct pce_after *x, uint8_t algo);

/* By place: distances from, or towards, a node index. NULL without memory. */
const uint32_t *pce_after_from(struct pce_after *x, uint32_t node);
const uint32_t *pce_after_to(struct pce_after *x, uint32_t node);
/* The same before the failure; valid until pce_after_renew(). */
const uint32_t *pce_before_from(struct pce_after *x, uint32_t node);
const uint32_t *pce_before_to(struct pce_after *x, uint32_t node);
/* Lets the shard throw out trees handed out so far. 0 or -ENOMEM. */
int pce_after_renew(struct pce_after *x);

/* Is an out-arc on a shortest path towards the node these distances lead to, after the failure. */
bool pce_after_on(const struct pce_after *x, const uint32_t *to, uint32_t target, uint32_t arc);

/* Every router has labels for all node SIDs: nobody has to ask who is on the way. */
bool pce_all_readable(const struct ted *t);
/* Before the failure: can every router on the shortest paths from a place to a node, but that node,
 * read the label of its SID. to: pce_before_to() of the node. */
bool pce_before_readable(struct pce_after *x, const uint32_t *to, uint32_t from, uint32_t node,
			 const struct ted_node_sid *sid);

/* What the files that use it share. */
struct pce_after {
	const struct ted *t;
	struct pce_trees *trees, *own;
	const struct pce_shape *s;
	uint32_t class;
	const struct pce_arc *out, *in;
	const uint64_t *overload; /* by place; NULL: none */
	uint8_t algo;
	uint8_t zero_of[256]; /* by algorithm: enum after_zero */
	bool zero; /* some router's link costs nothing: who depends on whom may go round */
	bool other; /* out and in are own: by a definition that did not hold before */
	struct pce_arc *own_out, *own_in;
	struct arena arena;
	struct pce_failure what;
	uint32_t *dead, n_dead;
	uint8_t *is_dead;   /* by link */
	uint32_t node_dead; /* index; TED_NONE */
	uint32_t *dist_from, *dist_to; /* by place */
	uint32_t *stack;
	uint8_t *hit; /* by place */
	uint32_t *lost, n_lost;
	struct pce_buckets *q;
	const uint32_t *srlg_start, *srlg_link, *srlg; /* links by SRLG, SRLGs ascending */
	uint32_t n_srlg;
};
