/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Inside of what-if: policies are looked at a slice at a time. The loop copies what a slice needs,
 * a worker routes it, so neither the time of a turn nor the memory grows with the policies.
 */
#include "intent/intent_priv.h"

enum {
	WHATIF_SLICE = 1000,   /* policies a worker has at once */
	WHATIF_SCAN = 1 << 14, /* policies the loop looks at in a turn */
	WHATIF_OPEN = 4,       /* asked at once */
};

/* One list of a policy as the worker sees it: nothing of it changes. */
struct whatif_item {
	struct sr_policy_key key;
	struct pce_flow terms; /* its share of the rate, and bounds; hops come from the list */
	uint64_t booked_bps;   /* the policy's rate */
	struct pce_list list;
	uint32_t src; /* node of its headend; TED_NONE */
	bool sure;    /* it is known to run over what fails */
	struct intent_desired *desired; /* NULL: it has no constraints, or breaks them now; loop's */
	const struct intent_cpath *cpath; /* of desired */
	const uint32_t *links; /* it has booked rates there, of all its lists; of the first */
	uint64_t *rates;
	uint32_t n_links;
};

struct whatif_slice {
	struct arena arena;
	struct whatif_item *items;
	uint32_t n;
};

struct whatif {
	struct list link;
	struct intent *i;     /* NULL: it is gone; loop only */
	intent_whatif_fn fn;  /* NULL: nobody waits any more; loop only */
	void *arg;
	struct sr_policy_key at; /* the next policy, or whoever comes after it */
	bool begun, over;
	struct loop_task turn;
	struct work_job job;
	bool running; /* the worker has everything from here on */
	const struct ted *ted;
	struct pce_failure what;
	uint8_t *dead; /* by link */
	uint64_t *reserved, *booked, *after; /* by link: at the start; of those moved; of them then */
	struct pce_trees *trees;
	struct whatif_slice slice;
	struct sr_policy_key from; /* rows begin behind it */
	bool has_from, has_worse;
	struct sr_policy_key worse; /* the last that is */
	uint32_t limit;
	VEC(struct intent_whatif_row) rows;
	struct arena texts; /* of rows */
	struct intent_whatif out;
	int rc;
};

/* NULL, or why there is no such thing. */
const char *intent_failure_of(const struct ted *t, enum pce_failure_kind kind, const char *name,
			      struct pce_failure *out);
uint32_t intent_node_of(const struct ted *t, const char *text); /* TED_NONE */
/* On a worker: the slice's effects are added; w->rc < 0 without memory. */
void intent_whatif_slice_run(struct whatif *w);
