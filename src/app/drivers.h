/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Which southbound serves which headend: gNMI where the configuration says so of a device, PCEP
 * everywhere else. Intent sees one driver.
 */
#include "app/devices.h"
#include "conf/conf.h"
#include "core/driver.h"
#include "intent/intent.h"

struct app_drivers;

/* devices: NULL when there are none. 0 or < 0. */
int app_drivers_new(struct app_drivers **outp, struct loop *loop, struct bus *bus, struct intent *intent,
		    struct app_devices *devices);
/* After the devices. */
struct app_drivers *app_drivers_free(struct app_drivers *d);
/* NULL: there is none. */
void app_drivers_pcep(struct app_drivers *d, const struct driver *pcep);
const struct driver *app_drivers_driver(struct app_drivers *d);
/* What is in conf, in place of what was in old (may be NULL). 0, or < 0 with a line in errors. */
int app_drivers_apply(struct app_drivers *d, const struct conf *old, const struct conf *conf,
		      struct str *errors);
