/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * How a slice gets into routers: the steps VPN and CLASSIFY of src/slice as tables, routes,
 * classifiers and policers on devices (core/device.h, sextant-device.yang). Loop thread only.
 *
 * What may be on a device is durable before it is sent there, and what is done there is read back
 * before a step is done: so whatever crashes in between, a step that is asked for again ends with
 * exactly what was ordered, and one taken back with nothing.
 */
#include <stdbool.h>
#include <stdint.h>

#include "core/bus.h"
#include "core/device.h"
#include "loop/loop.h"
#include "slice/slice.h"
#include "store/store.h"

struct realise;

struct realise_cfg {
	struct loop *loop;
	struct store *store;
	struct bus *bus;
	struct slice *slice;
	uint64_t patience_ns; /* a step that gets no further fails with its reason; 0: 45 s */
	uint64_t retry_ns;    /* between tries, doubled up to 32 times that; 0: 1 s */
	/*
	 * Where service SIDs of a partition are made on a device. 0: *out; > 0: the partition has no
	 * locators of its own; < 0: it has, but not there yet. NULL: none ever has.
	 */
	int (*locator)(void *ctx, const char *device, uint32_t nrp, struct ip_prefix *out);
	void *locator_ctx;
};

/* 0 or -ENOMEM. Then join the devices with realise_device_sink, and tell the port. */
int realise_new(struct realise **outp, const struct realise_cfg *cfg);
/* Before what it was given. */
struct realise *realise_free(struct realise *r);
AUTO_DEFINE(struct realise, realise_free)
extern const struct device_sink realise_device_sink; /* its arg is the room */
void realise_port(struct realise *r, const struct device_port *port);
/* Who is told that a device's reflector answered for a verification that is over: whose reflectors are is
 * to take it away where nobody needs it. */
void realise_on_probed(struct realise *r, void (*fn)(void *ctx, const char *device), void *ctx);
struct slice_steps realise_steps(struct realise *r);
/* Once, after slice_load() and realise_port(). 0 or < 0. */
int realise_load(struct realise *r);
void realise_on_ted(void *arg, const struct ted *ted); /* a topo_ted_fn */

/* ---- queries ---- */

/* The SID that packets to this SDP have last, when its table is on its router. */
bool realise_service_sid(const struct realise *r, const char *slice, const char *group, const char *sdp,
			 struct ip_addr *out);
