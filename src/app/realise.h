/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Slices into the devices of the configuration. */
#include "app/app.h"
#include "app/devices.h"
#include "nrp/nrp.h"
#include "realise/realise.h"

/* A room that has joined the devices, gives its steps, and has read its records: after slice_load(),
 * before app_devices_apply(). 0 or < 0. */
int app_realise_new(struct realise **outp, const struct app_env *env, struct bus *bus, struct slice *slice,
		    struct nrp *nrp, struct app_devices *devices);
/* Of a flow, for who measures it; ctx is the room. */
bool app_realise_last_sid(void *ctx, const char *slice, const struct slice_flow_view *flow, struct ip_addr *out);
