/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shares of links as intent's book has them: told when a partition or a link is another. While partitions
 * are being written the book has the larger of what they were and will be: nobody else gets between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "log/log.h"
#include "slice/change.h"

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

/* Partitions as they are, and behind them as they are being written. NULL without memory. */
static const struct slice_nrp **all_of(const struct slice *s, uint32_t *n)
{
	size_t more = s->holds ? s->holds->changes.n : 0;
	const struct slice_nrp **nrps = calloc(s->of[SLICE_NRP].n + more + 1, sizeof(*nrps));

	*n = 0;
	for (size_t i = 0; nrps && i < s->of[SLICE_NRP].n; i++)
		nrps[(*n)++] = &s->of[SLICE_NRP].at[i]->nrp;
	for (size_t i = 0; nrps && i < more; i++) {
		const struct slice_change *h = &s->holds->changes.at[i];

		if (h->kind == SLICE_NRP && h->fresh)
			nrps[(*n)++] = &h->fresh->nrp;
	}
	return nrps;
}

/* Of one that is there twice the larger of both, each link by itself; false: it was there before. */
static bool merge(const struct slice_nrp *const *nrps, struct slice_shares *shares, uint32_t n, uint32_t at)
{
	for (uint32_t i = 0; i < at; i++)
		if (nrps[i]->id == nrps[at]->id)
			return false;
	for (uint32_t i = at + 1; i < n; i++) {
		for (uint32_t l = 0; nrps[i]->id == nrps[at]->id && l < shares[at].n_links; l++)
			if (shares[i].bps[l] > shares[at].bps[l])
				shares[at].bps[l] = shares[i].bps[l];
	}
	return true;
}

static bool among(const struct slice_nrp *const *nrps, uint32_t n, uint32_t id)
{
	for (uint32_t i = 0; i < n; i++)
		if (nrps[i]->id == id)
			return true;
	return false;
}

int slice_shares_tell(struct slice *s)
{
	uint32_t n;
	AUTO_FREE const struct slice_nrp **nrps = all_of(s, &n);
	struct slice_shares *shares = NULL;
	struct slice_fault f;
	int r = 0;

	if (!nrps)
		return err_raise(-ENOMEM);
	if ((n == 0 && s->shares.n == 0) || !slice_in_sight(s))
		return 0;
	shares = shares_new(s->ted, n);
	r = shares ? slice_shares(s->ted, nrps, n, s->cfg.kappa_pct, false, shares, &f) : err_raise(-ENOMEM);
	for (uint32_t i = 0; r == 0 && i < s->of[SLICE_NRP].n; i++)
		slice_growth_add(s, s->of[SLICE_NRP].at[i], SLICE_GROWTH_BOOK, &shares[i]);
	for (uint32_t i = 0; r == 0 && i < n; i++)
		if (merge(nrps, shares, n, i))
			r = tell(s, nrps[i]->id, shares[i].bps, shares[i].n_links);
	for (size_t i = 0; r == 0 && i < s->shares.n; i++)
		if (!among(nrps, n, s->shares.at[i].nrp))
			r = tell(s, s->shares.at[i].nrp, NULL, 0);
	shares_fini(shares, n);
	return r;
}

static void retell(struct slice *s)
{
	if (slice_shares_tell(s) < 0)
		log_event("", LOG_ERROR, "slice.shares", "error=no memory");
}

void slice_shares_hold(struct slice_commit *c)
{
	bool nrps = false;

	for (size_t i = 0; i < c->changes.n; i++)
		nrps = nrps || c->changes.at[i].kind == SLICE_NRP;
	if (!nrps)
		return;
	c->s->holds = c;
	retell(c->s);
}

void slice_shares_let(struct slice_commit *c)
{
	if (c->s->holds != c)
		return;
	c->s->holds = NULL;
	retell(c->s);
}

/* What is reserved in none of them has to have room beside them, where they take more than before. */
static int beside(const struct slice *s, const struct slice_nrp *const *nrps, uint32_t n,
		  const struct slice_shares *shares, struct slice_fault *f)
{
	AUTO_FREE uint32_t *rated = calloc((size_t)n + 1, sizeof(*rated));
	struct intent_book_row row;
	char label[TED_LABEL_MAX];

	if (!rated)
		return err_raise(-ENOMEM);
	for (uint32_t l = 0; l < s->ted->n_links; l++) {
		uint64_t sum = 0, others;
		uint32_t k = 0;

		for (uint32_t i = 0; i < n; i++) {
			uint64_t bps = shares[i].bps[l];

			if (bps > 0)
				rated[k++] = nrps[i]->id;
			sum += bps == SLICE_NO_SHARE ? 0 : bps;
		}
		/* One that is down is judged when it is back. */
		if (!intent_book_row(s->intent, l, &row) || row.capacity_bps == 0 || sum <= row.shares_bps)
			continue;
		others = intent_outside(s->intent, l, rated, k);
		if (others == 0 || others + sum <= row.capacity_bps)
			continue;
		(void)snprintf(f->field, sizeof(f->field), "resource-reservation");
		(void)snprintf(f->text, sizeof(f->text),
			       "partitions would have %llu bit/s of link %.80s, where %llu of %llu are reserved outside of them",
			       (unsigned long long)sum, ted_link_label(s->ted, l, label, sizeof(label)),
			       (unsigned long long)others, (unsigned long long)row.capacity_bps);
		return err_raise(-EINVAL);
	}
	return 0;
}

/* What is written anew has not grown. */
static void grow(const struct slice *s, const struct slice_nrp *const *nrps, uint32_t n, enum slice_growth_for what,
		 struct slice_shares *shares)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct slice_entry *e = slice_nrp_of(s, nrps[i]->id);

		if (e && &e->nrp == nrps[i])
			slice_growth_add(s, e, what, &shares[i]);
	}
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
	if (r == 0)
		grow(s, nrps, n, SLICE_GROWTH_BOOK, shares);
	if (r == 0)
		r = beside(s, nrps, n, shares, f);
	if (r == 0)
		grow(s, nrps, n, SLICE_GROWTH_MOST, shares);
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
