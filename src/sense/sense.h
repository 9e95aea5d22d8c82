/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Links as they are measured: their delay by STAMP from one end to the other, what they carry by the
 * counters of their interfaces; and their MTU, as their ends tell it. What comes of it goes into the topology and into the bandwidth book,
 * damped. Loop thread only.
 *
 * Devices and routers are joined by name: a device is called as its router in the topology.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "core/bus.h"
#include "core/device.h"
#include "core/sr.h"
#include "intent/intent.h"
#include "loop/loop.h"
#include "topo/topo.h"

struct sense;

enum sense_use {
	SENSE_OFF,  /* not measured */
	SENSE_FILL, /* delay: used where no router says one */
	SENSE_PREFER, /* delay: used in place of what routers say */
	SENSE_SHOW, /* load: only told */
	SENSE_BOOK, /* load: traffic beside reservations is room no more */
};

struct sense_cfg {
	enum sense_use delay, load;
	bool mtu; /* the topology is told what the links' ends say */
	uint32_t probe_ms, window_s; /* of STAMP */
	uint32_t load_s;	     /* between two readings of counters */
	uint32_t threshold_pct;
	uint32_t delay_floor_us;     /* a change of less is not worth saying at once */
	uint64_t hold_ns, interval_ns; /* see sense_filter.h */
	uint64_t keep_ns;	     /* the last delay stands so long when nothing is measured any more */
};

void sense_cfg_default(struct sense_cfg *cfg); /* nothing is measured */

struct sense_parts {
	struct loop *loop;
	struct bus *bus;
	struct topo *topo;
	struct intent *intent;
};

int sense_new(struct sense **outp, const struct sense_parts *parts);
/* Nothing is taken away from devices. */
struct sense *sense_free(struct sense *s);
AUTO_DEFINE(struct sense, sense_free)
/* The port its sink was joined with; before that nothing is asked of devices. */
void sense_port(struct sense *s, const struct device_port *port);
/* What is not measured any more is withdrawn, and its sessions go. */
void sense_configure(struct sense *s, const struct sense_cfg *cfg);
bool sense_needs(const struct sense *s, const char *device); /* its reflector, for links */
extern const struct device_sink sense_device_sink; /* arg is the struct sense */
void sense_on_ted(void *arg, const struct ted *ted); /* a topo_ted_fn; after intent's */

/* ---- queries ---- */

struct sense_link_view {
	const char *device, *interface; /* "": not known */
	bool delay_known; /* it is told to the topology: */
	bool one_way;	  /* else half of there and back */
	uint32_t delay_us, delay_max_us, delay_var_us;
	bool stale; /* nothing was measured lately: it stands for a while */
	bool load_known;
	uint64_t load_bps, beside_bps; /* all of it, and beside what is reserved, as told */
	uint64_t booked_bps;	       /* of that in the book */
	char why[SR_REASON_MAX];       /* of what is not known, "" */
};

struct sense_query {
	void *self;
	/* False: there is no such link, or it has no router that is a device. */
	bool (*link)(void *self, uint32_t link, struct sense_link_view *out);
};
struct sense_query sense_queries(struct sense *s);
