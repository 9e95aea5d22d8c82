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
	struct realise_behind *behind;	     /* by SDP, found when first asked for */
	uint32_t *flow_to;		     /* of the table that is made: by SDP at the other end; UINT32_MAX none */
	struct realise_joins *joins[SLICE_GROUPS_MAX + 1]; /* by group, the last the pool's */
	struct realise_homes homes;
	bool nomem;
};

/* What is behind an SDP. */
const struct realise_prefix *realise_behind(struct realise_work *w, uint32_t sdp, uint32_t *n);
/* Who is joined in a group; found when first asked for. NULL: no memory. */
const struct realise_joins *realise_joins_of(struct realise_work *w, const char *group);
uint32_t realise_sdp_of(const struct slice_service *s, const char *id); /* UINT32_MAX: there is none */
/* The first flow of a table to each SDP: flow_to. */
void realise_find_flows(struct realise_work *w, const struct realise_table *t);
/*
 * homes.c: how far a home is for a table, whose flow_to it is; the less the better. From REALISE_BACK on it has just
 * come back, and is left to others for a while; from REALISE_AWAY on it is away; UINT32_MAX: nothing leads there.
 */
enum { REALISE_BACK = 2, REALISE_AWAY = 4 };
unsigned realise_how_far(struct realise_work *w, const struct realise_table *t, const struct realise_home *h);
/* All circuits of the SDP that lead to it are down, as its router says. */
bool realise_is_cut_off(struct realise_work *w, uint32_t sdp, const struct ip_prefix *prefix);
/* Does a table lead to this home of a prefix, rather than to others that has it? */
bool realise_is_best_home(struct realise_work *w, const struct realise_table *t, uint32_t sdp, const struct ip_prefix *p);

/* One more, unless its path is there: what two tables of an SDP need is needed once. */
void realise_put(struct realise_work *w, const char *device, enum realise_rank rank, const char *key,
		 struct str *json);
const struct realise_table *realise_table_of(const struct realise_table *at, uint32_t n, uint32_t sdp,
					     const char *group);
/* Policers, source filters, classifiers. */
void realise_entrance(struct realise_work *w);
