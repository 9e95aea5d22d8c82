/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What the routers do with a packet: shortest paths by IGP metric with all equal-cost branches,
 * and SRv6 endpoint behaviours (RFC 8986, RFC 9800 section 4.1) on their own SID tables. Written
 * apart from the path engine: this is what its lists are judged by.
 */
#include "tools/sim/topo.h"

enum { SIM_STEPS_MAX = 128, SIM_WHY_MAX = 160 };

/* One look at a destination address by the router that owns it. */
struct sim_step {
	uint32_t at;	   /* where the packet was sent on from towards it */
	uint32_t owner;	   /* whose SID it is */
	uint32_t half;	   /* 2 * wire + side it is then forced over, SIM_NONE: none */
	struct ip_addr da; /* before the behaviour */
};

struct sim_walk {
	bool ok;
	char why[SIM_WHY_MAX]; /* "" when ok */
	uint32_t end;	       /* the router where the list is used up */
	struct sim_step step[SIM_STEPS_MAX];
	unsigned n;
	uint64_t delay_us_min, delay_us_max; /* over all branches */
	uint32_t hops_max;
};

struct sim_paths; /* distances, kept while the network does not change */

/* A SID beside those of topo.h, because somebody configured it: blocks of 32 bits, functions of 16. */
struct sim_sid {
	struct ip_prefix prefix;
	uint32_t router; /* whose it is */
	uint32_t half;	 /* it forces packets over, SIM_NONE: none */
	bool local;	 /* means something at its router only */
	bool ends;	 /* what is inside goes on from here (End.DT6) */
};

int sim_paths_new(struct sim_paths **outp, const struct sim_topo *t);
struct sim_paths *sim_paths_free(struct sim_paths *p);
AUTO_DEFINE(struct sim_paths, sim_paths_free)

/* All of them; borrowed until the next call. Everybody has routes to those that are not local. */
void sim_paths_sids(struct sim_paths *p, const struct sim_sid *sids, size_t n);

/* IGP distance to a router from everybody, UINT32_MAX: none. NULL without memory. */
const uint32_t *sim_distances(struct sim_paths *p, uint32_t to);

/* Sends a packet with this list from a headend. used (may be NULL) has 2 bits a wire: the halves
 * any branch goes over are added. */
void sim_walk(struct sim_paths *p, uint32_t headend, const struct ip_addr *sids, unsigned n,
	      struct sim_walk *out, uint64_t *used);
/* Can the headend send it at all: is there a way to the first SID. All a router notices. */
bool sim_walk_first(struct sim_paths *p, uint32_t headend, const struct ip_addr *sid);
