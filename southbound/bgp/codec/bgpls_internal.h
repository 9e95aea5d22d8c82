/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* The attribute reader's insides: its context and the readers its table is made of. */
#include "southbound/bgp/codec/bgpls.h"

/* Where a link attribute was told: for SR policies later ones win over earlier ones, up to
 * BGPLS_TIER_SR; Flex-Algo has its own or what is for any application. */
enum bgpls_tier {
	BGPLS_TIER_PLAIN,
	BGPLS_TIER_ANY_APP,
	BGPLS_TIER_SR,
	BGPLS_TIER_FLEX,
	BGPLS_TIERS,
};

/* What the rows of the attribute table fill: their out. */
struct bgpls_ctx {
	struct bgpls_attr *attr;
	struct bgpls_te te[BGPLS_TIERS];
	enum bgpls_tier tier;
	uint32_t ag[BGPLS_TIERS]; /* TLV 1088 */
	bool has_ag_of[BGPLS_TIERS];
	bool flex_own; /* an ASLA names Flex-Algo */
	size_t cap_srgb, cap_srlb, cap_flex, cap_endx, cap_adj, cap_sids, cap_msd[2];
	struct arena *arena;
	struct fault *fault;
	const struct bgpls_skip_log *log;
};

/* Room for one more element in an array of the arena; NULL when the arena is at its limit. */
void *bgpls_grow(struct bgpls_ctx *c, void *at, size_t n, size_t *cap, size_t size);
#define BGPLS_ADD(c, ptr, n, cap)                                                                  \
	__extension__({                                                                            \
		void *grown_ = bgpls_grow((c), (ptr), (n), (cap), sizeof(*(ptr)));                 \
		if (grown_)                                                                        \
			(ptr) = grown_;                                                            \
		grown_ ? &(ptr)[(n)++] : NULL;                                                     \
	})

uint32_t bgpls_sid_label(struct rd *v, bool *is_label);
bool bgpls_structure_read(struct rd *v, struct bgpls_structure *s);

/* node */
void bgpls_read_node_msd(struct rd *v, void *out);
void bgpls_read_link_msd(struct rd *v, void *out);
void bgpls_read_node_flags(struct rd *v, void *out);
void bgpls_read_name(struct rd *v, void *out);
void bgpls_read_router_v4(struct rd *v, void *out);
void bgpls_read_router_v6(struct rd *v, void *out);
void bgpls_read_srgb(struct rd *v, void *out);
void bgpls_read_srlb(struct rd *v, void *out);
void bgpls_read_algos(struct rd *v, void *out);
void bgpls_read_srv6_caps(struct rd *v, void *out);
void bgpls_read_fad(struct rd *v, void *out);
/* link */
void bgpls_read_admin_group(struct rd *v, void *out);
void bgpls_read_ext_admin_group(struct rd *v, void *out);
void bgpls_read_max_bw(struct rd *v, void *out);
void bgpls_read_rsv_bw(struct rd *v, void *out);
void bgpls_read_unrsv_bw(struct rd *v, void *out);
void bgpls_read_te_metric(struct rd *v, void *out);
void bgpls_read_igp_metric(struct rd *v, void *out);
void bgpls_read_srlg(struct rd *v, void *out);
void bgpls_read_delay(struct rd *v, void *out);
void bgpls_read_delay_mm(struct rd *v, void *out);
void bgpls_read_delay_var(struct rd *v, void *out);
void bgpls_read_loss(struct rd *v, void *out);
void bgpls_read_residual_bw(struct rd *v, void *out);
void bgpls_read_available_bw(struct rd *v, void *out);
void bgpls_read_utilized_bw(struct rd *v, void *out);
void bgpls_read_asla(struct rd *v, void *out);
/* segments */
void bgpls_read_adj_sid(struct rd *v, void *out);
void bgpls_read_lan_adj_sid(struct rd *v, void *out);
void bgpls_read_endx(struct rd *v, void *out);
void bgpls_read_lan_endx_isis(struct rd *v, void *out);
void bgpls_read_lan_endx_ospf(struct rd *v, void *out);
void bgpls_read_prefix_metric(struct rd *v, void *out);
void bgpls_read_prefix_sid(struct rd *v, void *out);
void bgpls_read_locator(struct rd *v, void *out);
void bgpls_read_behavior(struct rd *v, void *out);
void bgpls_read_structure(struct rd *v, void *out);

/* Merges the tiers into attr->te and attr->te_flex. */
void bgpls_te_merge(struct bgpls_ctx *c);
