/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The driver over hub, client and a target that behaves as told. The target is an agent: what is set
 * of a policy is told to who watches it, and so is its state.
 */
#include "check_main.h"

#include "core/device_hub.h"
#include "southbound/gnmi/gnmi_driver.h"
#include "target.h"

struct driver_bed {
	struct loop *loop;
	struct rpc *rpc;
	struct target t;
	struct gnmi *g;
	struct device_hub *hub;
	struct device_port other; /* of another user of the same devices */
	struct gnmi_driver *drv;
	const struct driver *driver;
	struct ip_addr headend;
	/* How the agent behaves. */
	bool mute;	    /* tells nothing of what changes */
	const char *status; /* of what is set from now on; NULL: "in" */
	unsigned told;
};

extern struct driver_bed bed;

#define DEVICE_ROW(name) "/sextant-device:device/policy[name=" name "]"

/* The network, with a target; then a controller, whose device "r1" serves the headend fd5e::1. */
void bed_up(struct loop *loop);
void bed_controller_up(const char *kind, const struct driver_sink *sink, void *arg);
void bed_controller_down(void); /* as kill -9: nothing is said to anybody */
void bed_down(void);
bool bed_run(const unsigned *n, unsigned want, unsigned s); /* until *n is that much, s seconds at most */
void bed_run_for(unsigned s);
/* On the target, as if somebody else had done it; json NULL: deletes. Watchers are told. */
void bed_there(const char *name, const char *json);
void bed_state(const char *name, const char *status); /* of a policy that is there */
void bed_target_down(void);
void bed_target_up(void);
