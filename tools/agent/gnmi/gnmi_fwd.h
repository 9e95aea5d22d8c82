/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the kernel does with customers' packets, as a tree (models/sextant-device-forwarding.yang). */
#include <libyang/libyang.h>

#include "tools/agent/slices/fwd.h"

/* Adds the container to a tree of the device: what is not as it was at a version, 0: everything. False: no memory. */
bool agent_gfwd_tree(const struct agent_fwd *f, struct lyd_node *device, uint64_t since);
/* A device of its own with what is not as it was, or went: entries alone. NULL: no memory. */
struct lyd_node *agent_gfwd_news(const struct agent_fwd *f, struct ly_ctx *models, uint64_t since);
struct lyd_node *agent_gfwd_gone(const struct agent_fwd *f, struct ly_ctx *models, uint64_t since);
/* Of the module. */
bool agent_gfwd_is_ours(const struct lysc_node *n);
/* Told whole: a way of a route, a SID. Another one takes the place of all of it. */
bool agent_gfwd_is_value(const struct lysc_node *n);
