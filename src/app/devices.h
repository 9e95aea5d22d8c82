/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Devices spoken to by gNMI: the RPC runtime, our certificates and the client, as configured. */
#include "assure/keys/keys.h"
#include "base/str.h"
#include "conf/conf.h"
#include "core/bus.h"
#include "core/device.h"
#include "core/session.h"
#include "loop/loop.h"
#include "rpc/rpc.h"

struct app_devices;

/* rpc is borrowed; NULL: one of its own, the fake one on a fake loop. Starts threads on a real one:
 * after daemonising. */
int app_devices_new(struct app_devices **outp, struct loop *loop, struct rpc *rpc, struct bus *bus);
struct app_devices *app_devices_free(struct app_devices *d);
/* What is in conf, in place of what was in old (may be NULL). Reads the certificates again.
 * 0, or < 0 with a line for people in errors. */
int app_devices_apply(struct app_devices *d, const struct conf *old, const struct conf *conf,
		      struct str *errors);
/* Another user of them, before app_devices_apply(): see core/device_hub.h. 0 or < 0. */
int app_devices_join(struct app_devices *d, const struct device_sink *sink, void *arg,
		     struct device_port *port);
/* Users that join from now on set STAMP through keys, which itself has joined before. */
void app_devices_keys(struct app_devices *d, struct keys *keys);
struct session_query app_devices_sessions(struct app_devices *d);
