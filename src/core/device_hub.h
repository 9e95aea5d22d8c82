/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * One device southbound, several rooms that use it: each has a port of its own, and hears what
 * it asked for. Results go to who set, samples, synced and gap to who watches; up, down, gone and
 * drift go to all, in the order they joined. Loop thread only.
 */
#include "base/auto.h"
#include "core/device.h"

struct device_hub;

enum { DEVICE_USERS_MAX = 16 };

/* below: what it stands on; copied. seed: of its tables. 0 or -ENOMEM. */
int device_hub_new(struct device_hub **outp, const struct device_port *below, uint64_t seed);
/* Nobody is told anything; ports that were given are dead. */
struct device_hub *device_hub_free(struct device_hub *h);
AUTO_DEFINE(struct device_hub, device_hub_free)

/* *port is good as long as the hub. Functions of the sink may be NULL. Before the first device.
 * 0, or -ENOSPC. */
int device_hub_join(struct device_hub *h, const struct device_sink *sink, void *arg,
		    struct device_port *port);

/* What the southbound is given; its arg is the hub. */
extern const struct device_sink device_hub_sink;
