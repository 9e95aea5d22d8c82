/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A SetRequest applied to a device: another device, or why not. Pure. */
#include "tools/agent/device.h"
#include "tools/agent/gnmi_path.h"

/* In the standard's order: deletes, replaces, updates; the sum is validated. */
bool agent_gnmi_edit(struct ly_ctx *ctx, const struct agent_device *base,
		     const Gnmipb__SetRequest *req, struct agent_device **out,
		     struct agent_gerror *e);
