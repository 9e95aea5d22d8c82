/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of links as intent's book has them: told when a partition or a link is another. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "slice/room.h"

static void shares_fini(struct slice_shares *shares, uint32_t n)
{
	for (uint32_t i = 0; shares && i < n; i++)
		free(shares[i].bps);
	free(shares);
}

static struct slice_shares *shares_new(const struct ted *ted, uint32_t n)
{
	struct slice_shares *out = calloc((size_t)n + 1, sizeof(*out));

	for (uint32_t i = 0; out && i < n; i++) {
		out[i].n_links = ted->n_links;
		out[i].bps = calloc((size_t)ted->n_links + 1, sizeof(*out[i].bps));
		if (!out[i].bps) {
			shares_fini(out, n);
			return NULL;
		}
	}
	return out;
}

static struct slice_shown *shown(struct slice *s, uint32_t nrp)
{
	for (size_t i = 0; i < s->shares.n; i++) {
		if (s->shares.at[i].nrp == nrp)
			return &s->shares.at[i];
	}
	return VEC_ADD(&s->shares, ((struct slice_shown){ .nrp = nrp }));
}

/* What is the same is not told again. */
static int tell(struct slice *s, uint32_t nrp, const uint64_t *bps, uint32_t n)
{
	struct slice_shown *x = shown(s, nrp);
	uint64_t *more;

	if (!x)
		return err_raise(-ENOMEM);
	if (x->n < n) {
		more = realloc(x->bps, n * sizeof(*more));
		if (!more)
			return err_raise(-ENOMEM);
		memset(more + x->n, 0, (n - x->n) * sizeof(*more));
		x->bps = more;
		x->n = n;
	}
	for (uint32_t l = 0; l < x->n; l++) {
		uint64_t is = bps && l < n ? bps[l] : 0;

		if (x->bps[l] == is)
			continue;
		if (intent_share(s->intent, l, nrp, is) < 0)
			return err_raise(-ENOMEM);
		x->bps[l] = is;
	}
	return 0;
}

int slice_shares_tell(struct slice *s)
{
	uint32_t n = (uint32_t)s->of[SLICE_NRP].n;
	const struct slice_nrp **nrps = calloc((size_t)n + 1, sizeof(*nrps));
	struct slice_shares *shares = NULL;
	struct slice_fault f;
	int r = 0;

	if ((n > 0 || s->shares.n > 0) && slice_in_sight(s))
		shares = shares_new(s->ted, n);
	for (uint32_t i = 0; nrps && i < n; i++)
		nrps[i] = &s->of[SLICE_NRP].at[i]->nrp;
	if (nrps && shares)
		r = slice_shares(s->ted, nrps, n, s->cfg.kappa_pct, false, shares, &f);
	for (uint32_t i = 0; r == 0 && shares && i < n; i++) {
		slice_growth_add(s, s->of[SLICE_NRP].at[i], SLICE_GROWTH_BOOK, &shares[i]);
		r = tell(s, nrps[i]->id, shares[i].bps, shares[i].n_links);
	}
	for (size_t i = 0; r == 0 && shares && i < s->shares.n; i++) {
		if (!slice_nrp_of(s, s->shares.at[i].nrp))
			r = tell(s, s->shares.at[i].nrp, NULL, 0);
	}
	shares_fini(shares, n);
	free(nrps);
	return nrps ? r : err_raise(-ENOMEM);
}

int slice_shares_check(const struct slice *s, const struct slice_nrp *const *nrps, uint32_t n,
		       struct slice_fault *f)
{
	struct slice_shares *shares;
	int r;

	if (!slice_in_sight(s))
		return 0;
	shares = shares_new(s->ted, n);
	r = shares ? slice_shares(s->ted, nrps, n, s->cfg.kappa_pct, true, shares, f) : err_raise(-ENOMEM);
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		const struct slice_entry *e = slice_nrp_of(s, nrps[i]->id);

		if (e && &e->nrp == nrps[i]) /* what is written anew has not grown */
			slice_growth_add(s, e, SLICE_GROWTH_MOST, &shares[i]);
	}
	if (r == 0)
		r = slice_shares_fit(s->ted, nrps, n, s->cfg.kappa_pct, shares, f);
	shares_fini(shares, n);
	return r;
}

bool slice_shares_less(const struct slice *s, const struct slice_nrp *was, const struct slice_nrp *is)
{
	const struct slice_nrp *both[] = { was, is };
	struct slice_shares *shares = slice_in_sight(s) ? shares_new(s->ted, 2) : NULL;
	struct slice_fault f;
	bool less = !shares;

	if (shares && slice_shares(s->ted, both, 2, 0, false, shares, &f) < 0)
		less = true;
	for (uint32_t l = 0; shares && !less && l < s->ted->n_links; l++) {
		uint64_t a = shares[0].bps[l], b = shares[1].bps[l];

		less = b && (!a || b < a);
	}
	shares_fini(shares, 2);
	return less;
}
