/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What is known of routers from elsewhere than the link-state feeds: SIDs that were configured on
 * them and read back. It stands beside what the feeds say of a router and its links, and shows
 * only while they say that those are there.
 */
#include "base/vec.h"
#include "topo/topo.h"

struct overlay_node {
	char id[sizeof(((struct ted_node *)0)->id)];
	struct topo_extra x; /* owns its arrays */
};

/* A link of which the delay is measured, or the MTU told. */
struct overlay_link {
	char id[sizeof(((struct ted_node *)0)->id)];
	struct ip_addr local_v6;
	bool has_delay;
	struct topo_delay delay;
	uint16_t mtu; /* 0: not known */
};

struct overlay {
	VEC(struct overlay_node) nodes; /* by id */
	VEC(struct overlay_link) links; /* by id, address */
	uint64_t algos[4];		/* all routers take part in them */
	uint64_t reserved[4];		/* of the routers' own: their SIDs are for lists for them alone */
};

enum overlay_news { OVERLAY_SAME, OVERLAY_MORE, OVERLAY_LESS };

void overlay_fini(struct overlay *o);
/* x NULL: nothing. 0 and *news, or -ENOMEM and nothing has changed. */
int overlay_set(struct overlay *o, const char *id, const struct topo_extra *x, enum overlay_news *news);
/* d NULL: not known. LESS: the delay is longer, or not known any more. */
int overlay_delay_set(struct overlay *o, const char *id, const struct ip_addr *local_v6, const struct topo_delay *d,
		      enum overlay_news *news);
/* mtu 0: not known. LESS: it is smaller, or known now. */
int overlay_mtu_set(struct overlay *o, const char *id, const struct ip_addr *local_v6, uint16_t mtu,
		    enum overlay_news *news);
/* Into a link's row that is filled otherwise. 0 or -ENOMEM. */
int overlay_told_fill(const struct overlay *o, struct arena *a, const char *id, struct ted_link *t);
/* What is known of a node, NULL nothing. */
const struct topo_extra *overlay_of(const struct overlay *o, const char *id);
/* Into a node's row, whose arrays have room for it; and the algorithms of all. 0 or -ENOMEM. */
int overlay_node_fill(const struct overlay *o, struct arena *a, struct ted_node *t, struct ted_locator *locators,
		      struct ted_sid *sids);
/* Into a link's row; sids has room for it. */
void overlay_link_fill(const struct topo_extra *x, struct ted_link *t, struct ted_sid *sids);
