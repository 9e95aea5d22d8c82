/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Between the files of checks. */
#include "sim.h"

/* Where a list leads, and every half of a wire that any packet may go over. */
struct walked {
	struct sim_walk w;
	uint64_t used[USED_WORDS];
};

/* False: not to the endpoint; w.why says so. */
bool check_walk(struct sim_paths *p, const struct sr_policy_key *key, const struct sr_list *l,
		struct walked *out);
/* Why a half may not be used by this candidate path; NULL: it may. */
const char *check_forbids(const struct sim_topo *t, const struct intent_cpath *c, uint32_t half);
const struct intent_cpath *check_cpath(const struct intent_policy *p, uint32_t preference);
/* NULL: it keeps everything that was asked for. */
const char *check_breaks(const struct sim_topo *t, const struct intent_cpath *c,
			 const struct walked *w);
void check_shadow(const struct ted *ted);
void check_explain(const struct sr_policy_key *key); /* with -v */
#define fail_of(key, ...) (check_explain(key), fail(__VA_ARGS__))
