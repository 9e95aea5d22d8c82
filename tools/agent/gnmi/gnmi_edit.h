/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A SetRequest applied to a device: another device, or why not. Pure. */
#include "tools/agent/gnmi/gnmi_path.h"
#include "tools/agent/slices/device.h"

/* In the standard's order: deletes, replaces, updates; the sum is validated. */
bool agent_gnmi_edit(struct ly_ctx *ctx, const struct agent_device *base,
		     const Gnmipb__SetRequest *req, struct agent_device **out,
		     struct agent_gerror *e);
