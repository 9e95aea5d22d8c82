/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the files of planning share. */
#include "base/str.h"
#include "realise/plan.h"

struct realise_work {
	const struct realise_in *in;
	struct arena *a;
	struct realise_objects *out;
	struct slice_fault *f;
	char tag[REALISE_TAG_MAX];
	struct realise_prefix **prefixes; /* by SDP, found when first asked for */
	uint32_t *n_prefixes;
	struct realise_joins *joins[SLICE_GROUPS_MAX + 1]; /* by group, the last the pool's */
	bool nomem;
};

/* One more, unless its path is there: what two tables of an SDP need is needed once. */
void realise_put(struct realise_work *w, const char *device, enum realise_rank rank, const char *key,
		 struct str *json);
const struct realise_table *realise_table_of(const struct realise_table *at, uint32_t n, uint32_t sdp,
					     const char *group);
/* Policers, source filters, classifiers. */
void realise_entrance(struct realise_work *w);
