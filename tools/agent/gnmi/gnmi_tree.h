/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* The device with its state, as a tree: what Get and Subscribe answer from. */
#include <libyang/libyang.h>

#include "tools/agent/slices/slices.h"

/* As the kernel was read last; NULL: no memory. The caller frees it with lyd_free_all(). */
struct lyd_node *agent_gnmi_tree(const struct agent_slices *s, struct ly_ctx *models);
