/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the files of te_sync share. */
#include "pce/te_priv.h"
#include "pce/te_sync.h"

struct te_sync_told;

/* te_sync_fit.c: paths that were asked about. */
struct te_sync_fits {
	struct te_sync_told *at;
	uint32_t n, cap;
};

struct te_sync_run {
	const struct te_graph *g;
	const struct te_sync_request *req;
	const struct te_sync_options *o;
	uint32_t n;
	struct te_spf spf;
	struct rng rng;
	uint64_t *len;	 /* by arc: scratch of a search */
	double *load;	 /* by arc: bit/s, what others carry included */
	double base;	 /* MLL: the fullest link without the set */
	uint64_t *least; /* [request * nodes + node]: least length from there to the target */
	uint64_t *fast;	 /* same: least delay */
	uint32_t **path, **best_path; /* by request: arcs */
	uint32_t *n_path, *n_best;
	double value, best, bound; /* best: infinite, none yet */
	uint64_t work, work_next;
	bool stopped;
	struct te_sync_fits fits;
	struct arena mem;
};

/* Out of budget, or told to stop. */
bool te_sync_over(struct te_sync_run *r);
/* What a request pays for an arc towards a sum (not MLL). */
double te_sync_pay(const struct te_sync_run *r, uint32_t request, uint32_t arc);
bool te_sync_fits(const struct te_sync_run *r, uint32_t request, uint32_t arc);
void te_sync_add(struct te_sync_run *r, uint32_t request, double sign);
/* Value of the paths as they are. */
double te_sync_value(const struct te_sync_run *r);
void te_sync_keep(struct te_sync_run *r);

/* Will the request's whole path do for who asks. */
bool te_sync_good(struct te_sync_run *r, uint32_t request);
void te_sync_fits_fini(struct te_sync_fits *f);

/* te_sync_find.c: a placement, better ones around it, and a bound. */
void te_sync_find(struct te_sync_run *r);
