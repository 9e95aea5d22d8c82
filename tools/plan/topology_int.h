/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the two files that read our own topology format share. */
#include "tools/plan/plan_int.h"

enum { PLAN_MANY_MAX = 1024 }; /* of what hangs at one node or link */

/* The node or link being read; what is many is gathered here, then kept in the arena. */
struct plan_reading {
	struct plan_net *net;
	struct ted_node node;
	struct ted_link link;
	char from[40], to[40], link_id[256];
	VEC(struct ted_sid) sids;
	VEC(struct ted_locator) locators;
	VEC(struct ip_prefix) prefixes;
	VEC(struct ted_node_sid) node_sids;
	VEC(struct ted_label_range) srgb, srlb;
	VEC(struct ted_adj_sid) adj_sids;
	VEC(struct ted_fad) fads;
	VEC(uint32_t) srlgs;
};

#define PLAN_VALUE_ROW(name, kind, type, field, low, high)                                                    \
	{                                                                                          \
		name, kind, offsetof(type, field), low, high, false, NULL                          \
	}
#define PLAN_CALL_ROW(name, fn)                                                                             \
	{                                                                                          \
		name, PLAN_CALL, 0, 0, 0, false, fn                                                \
	}
#define PLAN_SKIP_ROW(name)                                                                                 \
	{                                                                                          \
		name, PLAN_SKIP, 0, 0, 0, false, NULL                                              \
	}

#define PLAN_KEEP(r, vec, field, count)                                                                 \
	((r)->vec.n == 0 ||                                                                        \
	 ((field = arena_copy(&(r)->net->arena, (r)->vec.at, (r)->vec.n * sizeof(*(r)->vec.at))) &&  \
	  ((count) = (uint16_t)(r)->vec.n) > 0))

int plan_topology_address(const struct plan_at *at, struct ip_addr *out);
int plan_topology_group(const struct plan_at *at, uint32_t *words); /* sets one bit */
int plan_topology_sids(const struct plan_at *at, void *reading);
int plan_topology_adj_sids(const struct plan_at *at, void *reading);
int plan_topology_links(const struct plan_at *at, void *reading);
