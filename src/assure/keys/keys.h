/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Keys of STAMP: who sets sessions and reflectors does so through a port of ours, and what it says
 * gets the key of the reflector with it. Keys are made here, replaced while probes run, and taken
 * away where nothing names them. Loop thread only.
 */
#include "core/bus.h"
#include "core/device.h"
#include "loop/loop.h"
#include "pce/ted.h"
#include "store/store.h"

struct keys;

struct keys_parts {
	struct loop *loop;
	struct bus *bus;
	struct store *store;
};

struct keys_cfg {
	bool on;
	uint64_t lifetime_ns; /* then keys are replaced; 0: never */
};

extern const struct device_sink keys_device_sink; /* arg is the struct keys */

/* Off until keys_configure(). 0 or < 0. */
int keys_new(struct keys **outp, const struct keys_parts *parts);
/* After all that have a port of it. */
struct keys *keys_free(struct keys *k);
AUTO_DEFINE(struct keys, keys_free)
int keys_load(struct keys *k); /* what is durable, once */
/* The port its sink was joined with. */
void keys_port(struct keys *k, const struct device_port *port);
/* *port, as a user was given it, becomes one that puts keys in; DEVICE_E_FULL of it may also mean
 * that there is no key yet. 0, or -ENOSPC. */
int keys_wrap(struct keys *k, struct device_port *port);
void keys_configure(struct keys *k, const struct keys_cfg *cfg);
void keys_on_ted(void *arg, const struct ted *ted); /* a topo_ted_fn; before those of its users */
