/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the kernel does with customers' packets, as a tree (models/sextant-device-forwarding.yang). */
#include <libyang/libyang.h>

#include "tools/agent/slices/fwd.h"

/* Adds the container to a tree of the device. False: no memory. */
bool agent_gfwd_tree(const struct agent_fwd *f, struct lyd_node *device);

/* How far somebody was told; zeroes: nothing. What changes behind it has a later version. */
struct agent_gfwd_at {
	bool tables, began; /* SIDs are done; some of them, or of the table, is */
	uint32_t table;
	struct ip_prefix prefix; /* the last one */
	uint16_t member;
};

enum { AGENT_GFWD_ROWS = 512 }; /* of a part */

/* A device of its own with what is not as it was at a version (0: everything), the next part of it; at moves on.
 * NULL: no memory. */
struct lyd_node *agent_gfwd_part(const struct agent_fwd *f, struct ly_ctx *models, uint64_t since,
				 struct agent_gfwd_at *at, bool *more);
/* With entries that went after one version and until another. NULL: no memory, or it is not known. */
struct lyd_node *agent_gfwd_gone(const struct agent_fwd *f, struct ly_ctx *models, uint64_t since, uint64_t until);
/* Of the module. */
bool agent_gfwd_is_ours(const struct lysc_node *n);
/* Told whole: a way of a route, a SID. Another one takes the place of all of it. */
bool agent_gfwd_is_value(const struct lysc_node *n);
