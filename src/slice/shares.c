/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions into shares of links. What all partitions together may reserve of a link is its capacity
 * less the part of the control plane. A partition that says no rate has no share: it draws on the
 * link as everybody does. Of a link that is not among those selected it may reserve nothing.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "slice/plan.h"

enum { ALL_PCT = 100 };

static uint64_t rate(uint64_t capacity, uint64_t bps, uint8_t pct)
{
	return bps ? bps : capacity / ALL_PCT * pct + capacity % ALL_PCT * pct / ALL_PCT;
}

/* "urn:NAME>NAME" as well: ids of ietf-network are URIs. */
uint32_t slice_link_named(const struct ted *t, const char *ref)
{
	uint32_t l = ted_link_by_text(t, ref);

	return l == TED_NONE && strncmp(ref, "urn:", 4) == 0 ? ted_link_by_text(t, ref + 4) : l;
}

static int one(const struct ted *t, const struct slice_nrp *n, bool strict, struct slice_shares *out,
	       struct slice_fault *f)
{
	for (uint32_t l = 0; l < t->n_links; l++)
		out->bps[l] = n->n_groups ? SLICE_NO_SHARE :
					    rate(t->links[l].capacity_bps, n->max_bps, n->max_pct);
	for (uint32_t g = n->n_groups; g > 0; g--) { /* of two that name a link the first holds */
		const struct slice_nrp_group *at = &n->groups[g - 1];
		bool own = at->max_bps || at->max_pct;

		for (uint32_t i = 0; i < at->n_links; i++) {
			uint32_t l = slice_link_named(t, at->links[i]);

			if (l == TED_NONE && strict) {
				(void)snprintf(f->field, sizeof(f->field),
					       "topology/select/topology-group[group-id='%s']", at->id);
				(void)snprintf(f->text, sizeof(f->text),
					       "there is no link %.120s: name it A>B, or A>B@its address",
					       at->links[i]);
				return err_raise(-EINVAL);
			}
			if (l != TED_NONE)
				out->bps[l] = rate(t->links[l].capacity_bps, own ? at->max_bps : n->max_bps,
						   own ? at->max_pct : n->max_pct);
		}
	}
	return 0;
}

uint64_t slice_share_of(const struct ted *t, const struct slice_nrp *n, uint32_t link)
{
	uint64_t capacity = t->links[link].capacity_bps;

	for (uint32_t g = 0; g < n->n_groups; g++) {
		const struct slice_nrp_group *at = &n->groups[g];
		bool own = at->max_bps || at->max_pct;

		for (uint32_t i = 0; i < at->n_links; i++) {
			if (slice_link_named(t, at->links[i]) == link)
				return rate(capacity, own ? at->max_bps : n->max_bps, own ? at->max_pct : n->max_pct);
		}
	}
	return n->n_groups ? SLICE_NO_SHARE : rate(capacity, n->max_bps, n->max_pct);
}

int slice_shares_fit(const struct ted *t, const struct slice_nrp *const *nrps, uint32_t n,
		     uint8_t kappa_pct, const struct slice_shares *shares, struct slice_fault *f)
{
	char label[2 * TED_LABEL_MAX];

	for (uint32_t l = 0; l < t->n_links; l++) {
		uint64_t c = t->links[l].capacity_bps, most = rate(c, 0, (uint8_t)(ALL_PCT - kappa_pct));
		uint64_t sum = 0;

		for (uint32_t i = 0; i < n; i++) {
			uint64_t bps = shares[i].bps[l];

			if (bps == SLICE_NO_SHARE || !t->links[l].alive || c == 0)
				continue;
			sum = sum > UINT64_MAX - bps ? UINT64_MAX : sum + bps;
			if (sum <= most)
				continue;
			(void)snprintf(f->field, sizeof(f->field), "resource-reservation");
			(void)snprintf(f->text, sizeof(f->text),
				       "with nrp %.40s the partitions of link %.80s have %llu bit/s, %u %% of it are %llu",
				       nrps[i]->name, ted_link_label(t, l, label, sizeof(label)),
				       (unsigned long long)sum, ALL_PCT - kappa_pct, (unsigned long long)most);
			return err_raise(-EINVAL);
		}
	}
	return 0;
}

int slice_shares(const struct ted *ted, const struct slice_nrp *const *nrps, uint32_t n,
		 uint8_t kappa_pct, bool strict, struct slice_shares *out, struct slice_fault *f)
{
	for (uint32_t i = 0; i < n; i++) {
		int r = one(ted, nrps[i], strict, &out[i], f);

		if (r < 0)
			return err_trace(r);
	}
	return strict ? slice_shares_fit(ted, nrps, n, kappa_pct, out, f) : 0;
}
