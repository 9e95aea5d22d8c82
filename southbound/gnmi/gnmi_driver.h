/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Policies by gNMI: the driver of core/driver.h for headends whose device is configured with static
 * SRv6 policies. It is a user of a device_port (through the hub): transactions, watches, nothing
 * below them. Facts go to a driver_sink, as PCEP's do: whoever owns policies need not know which
 * of the two serves a headend.
 *
 * A policy of ours is named "sx-" and its name on the device; what is named otherwise is somebody
 * else's: told, never touched. Loop thread only.
 */
#include "core/bus.h"
#include "core/driver.h"
#include "southbound/gnmi/gnmi.h"

struct gnmi_driver;

#define GNMI_DRIVER_PREFIX "sx-"

/* bus may be NULL. 0 or -ENOMEM. */
int gnmi_driver_new(struct gnmi_driver **outp, struct loop *loop, struct bus *bus,
		    const struct driver_sink *sink, void *arg);
struct gnmi_driver *gnmi_driver_free(struct gnmi_driver *d); /* nobody is told */
AUTO_DEFINE(struct gnmi_driver, gnmi_driver_free)

/* What it hears of devices; the arg is the driver. */
extern const struct device_sink gnmi_driver_devices;
/* What it asks them by; before the first headend. */
void gnmi_driver_port(struct gnmi_driver *d, const struct device_port *port);

enum { GNMI_DRIVER_E_TAKEN = 1 }; /* another device serves that headend */

/* The device serves this headend from now on; an unchanged one is not disturbed. These two tell what
 * ends with a session from inside of the call; never call them from a sink. 0, the above, or -errno. */
int gnmi_driver_headend_set(struct gnmi_driver *d, const char *device, const struct ip_addr *headend);
/* 0, or 1 when it serves none. */
int gnmi_driver_headend_del(struct gnmi_driver *d, const char *device);
bool gnmi_driver_serves(const struct gnmi_driver *d, const struct ip_addr *headend);

const struct driver *gnmi_driver_driver(struct gnmi_driver *d);
