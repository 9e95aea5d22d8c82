/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Network resource partitions on the devices of the configuration. */
#include "app/devices.h"
#include "nrp/nrp.h"

/* A room that has joined the devices and read its records: after slice_load(), before
 * app_devices_apply(). 0 or < 0; the owner frees what there is. */
int app_partitions_new(struct nrp **outp, const struct nrp_env *env, struct app_devices *devices);
