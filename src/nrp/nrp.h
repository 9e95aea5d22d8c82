/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Network resource partitions in the network: a queueing class on every link a partition may use,
 * and SIDs of its own on every router, put there over the device port and believed when the device
 * has read them back. Loop thread only.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/ip.h"
#include "core/bus.h"
#include "core/device.h"
#include "intent/intent.h"
#include "loop/loop.h"
#include "slice/slice.h"
#include "store/store.h"
#include "topo/topo.h"

struct nrp;

/* Registers with the slices: who does the queue step, and where partitions are put. */
struct nrp_env {
	struct loop *loop;
	struct store *store;
	struct bus *bus;
	struct topo *topo;
	struct intent *intent;
	struct slice *slice;
};

int nrp_new(struct nrp **outp, const struct nrp_env *env);
/* Nothing is taken away from devices. */
struct nrp *nrp_free(struct nrp *n);
AUTO_DEFINE(struct nrp, nrp_free)
/* After slice_load(), before the loop runs. 0 or < 0. */
int nrp_load(struct nrp *n);
void nrp_port_set(struct nrp *n, const struct device_port *port);
extern const struct device_sink nrp_device_sink; /* arg is the struct nrp */
void nrp_on_ted(void *arg, const struct ted *ted); /* a topo_ted_fn; after slice's */

/* ---- queries ---- */

enum nrp_status {
	NRP_WAITING, /* for a device, or for its answer */
	NRP_IN,	     /* read back */
	NRP_FAILED,  /* reason says */
	NRP_LEAVING, /* its document is gone, something of it is left */
	NRP_STATUSES,
};

const char *nrp_status_text(enum nrp_status s);

/* One partition. */
struct nrp_view {
	const char *name; /* "" when its document is gone */
	uint32_t id;
	uint8_t algo;	  /* its SIDs are found under; 0: none */
	enum nrp_status status;
	char reason[SR_REASON_MAX];
	uint32_t n_links, n_links_in;	/* that are to have its class */
	uint32_t n_nodes, n_nodes_in;	/* that are to have its SIDs */
	bool alone; /* it borrows nothing: a slice in it is dedicated */
	uint8_t priority; /* of its queues: 0 is served first, 6 last */
};

/* By id ascending, the first above `after`. False: there is none. */
bool nrp_next(const struct nrp *n, uint32_t after, struct nrp_view *out);

/* A class of a partition on a link, as it is to be; what the device counted of it. */
struct nrp_link_view {
	const char *device, *interface; /* interface "": not known */
	const char *link;		/* label in the topology */
	uint64_t capacity_bps, rate_bps, ceil_bps;
	uint8_t priority; /* of its queue: its group of links may have another than the partition */
	enum nrp_status status;
	const char *reason;
	bool counted;
	uint64_t packets, octets, drops, backlog;
	uint64_t ordered_bps; /* as its document says; 0: that says no rate */
	const struct slice_growth *growth; /* a repair raised it; NULL: it is as ordered */
};
void nrp_each_link(const struct nrp *n, uint32_t id, void (*fn)(void *arg, const struct nrp_link_view *v),
		   void *arg);

/* Its SIDs on a router. */
struct nrp_node_view {
	const char *device;
	struct ip_prefix locator;
	uint32_t n_adjacencies;
	enum nrp_status status;
	const char *reason;
};
void nrp_each_node(const struct nrp *n, uint32_t id, void (*fn)(void *arg, const struct nrp_node_view *v),
		   void *arg);

/* The same for who may not call this room. */
struct nrp_query {
	void *self;
	bool (*next)(void *self, uint32_t after, struct nrp_view *out);
	void (*each_link)(void *self, uint32_t id, void (*fn)(void *arg, const struct nrp_link_view *v), void *arg);
	void (*each_node)(void *self, uint32_t id, void (*fn)(void *arg, const struct nrp_node_view *v), void *arg);
};
struct nrp_query nrp_queries(struct nrp *n);

/* The locator of a partition on a device, for SIDs of services. 0: *out; > 0: it has none, SIDs are
 * the router's own; < 0: it is to have one, not read back there yet. */
int nrp_locator(const struct nrp *n, const char *device, uint32_t id, struct ip_prefix *out);

/* What is left of partitions that are not there any more: a line each. */
uint32_t nrp_audit(const struct nrp *n, void (*fn)(void *arg, const char *id, const char *what), void *arg);
