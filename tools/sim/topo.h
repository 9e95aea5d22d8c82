/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The simulated network: routers, wires between them, and what each router says of its half of
 * a wire. Filled once (gen.c, file.c), then only states, metrics, delays and SIDs change.
 *
 * Router n (1, 2, …: its place in the network) has the system id n, the loopback LOOPBACKS:n::1,
 * the locator fcbb:bbbb:n::/48 (uSID, F3216) or fc00:0:n::/48 (classic End and End.X). A block's
 * GIB names 0xdfff routers; the next ones count from 1 again in the next block: fcbb:bbbc:n::/48,
 * fc00:1:n::/48, LOOPBACKS:n:1::1.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/str.h"
#include "base/vec.h"

enum {
	SIM_NAME_MAX = 32,
	SIM_ROUTERS_MAX = 100000,
	SIM_BLOCK_ROUTERS = 0xdfff,  /* the GIB of F3216: 0001 to dfff */
	SIM_BLOCKS = (SIM_ROUTERS_MAX + SIM_BLOCK_ROUTERS - 1) / SIM_BLOCK_ROUTERS,
	SIM_WIRES_MAX = 1000000,
	SIM_WIRES_OF_MAX = 4096,     /* of one router: its LIB holds 8192 functions */
	SIM_SRLGS = 3,
	SIM_ADMIN_WORDS = 8,
	SIM_METRIC_MAX = 0xfffffe,   /* above it a link is in no shortest path (RFC 5305 s3) */
	SIM_FUN_FIRST = 0xe000,	     /* the LIB */
	SIM_ALGOS_MAX = 4,	     /* beside algorithm 0 */
};

#define SIM_NONE UINT32_MAX

/* A Flex-Algo definition (RFC 9350): its metric, and links of which admin groups (the first 32)
 * it keeps off. SIDs of the k-th are in blocks of their own: SIM_BLOCKS * (k + 1) further on. */
struct sim_algo {
	uint8_t algo; /* 128 and up */
	bool delay;   /* else the IGP metric */
	uint32_t exclude_any;
};

struct sim_router {
	char name[SIM_NAME_MAX];
	bool classic; /* End and End.X instead of uN and uA */
	bool up;
	bool feed;	   /* chosen as BGP-LS producer */
	uint8_t algos;	   /* bit k: takes part in the k-th Flex-Algo */
	uint16_t fun_next; /* of the next adjacency that comes up */
};

struct sim_half {
	bool there; /* this direction exists at all (a given topology may lack one) */
	uint32_t igp, te, delay_us;
	uint16_t fun;	  /* of its End.X: a new one each time it comes up, as FRR does */
	uint32_t version; /* grows with everything that has to be told; never 0 */
};

/* half[0] leaves end[0], half[1] leaves end[1]. */
struct sim_wire {
	uint32_t end[2];
	char tag; /* tells parallel wires apart: 0, 'b', 'c', … */
	bool up;
	uint64_t bw_bps;
	uint32_t admin_group[SIM_ADMIN_WORDS];
	uint32_t srlg[SIM_SRLGS];
	uint8_t n_srlg;
	struct sim_half half[2];
};

struct sim_topo {
	VEC(struct sim_router) routers;
	VEC(struct sim_wire) wires;
	struct ip_prefix loopbacks; /* a /48 */
	bool dual;		    /* routers and links have IPv4 addresses too */
	uint32_t asn;
	struct sim_algo algo[SIM_ALGOS_MAX];
	uint8_t n_algos;
	uint32_t version; /* grows with every change of states or metrics */
	/* Halves leaving router r, as 2 * wire + side: idx[start[r]] … idx[start[r + 1] - 1]. */
	uint32_t *start, *idx;
};

void sim_topo_init(struct sim_topo *t);
void sim_topo_fini(struct sim_topo *t);

/* Filling. The index of the new one, or SIM_NONE (limit, no memory). */
uint32_t sim_topo_router(struct sim_topo *t, const char *name);
/* Both halves get metric and delay; change them after. The tag is chosen. */
uint32_t sim_topo_wire(struct sim_topo *t, uint32_t a, uint32_t b, uint32_t igp, uint32_t delay_us);
/* Ends the filling: adjacency, first SIDs. 0, -ENOMEM, or -E2BIG: a router with too many wires. */
int sim_topo_done(struct sim_topo *t);
/* Chooses k producers, evenly spread, beside those already marked when k is 0. */
void sim_topo_feeds(struct sim_topo *t, uint32_t k);

uint32_t sim_router_find(const struct sim_topo *t, const char *name); /* or SIM_NONE */
/* By an address of its loopback, its IPv4 router id, or inside its locator. */
uint32_t sim_router_by_addr(const struct sim_topo *t, const struct ip_addr *a);
/* The wire between two routers with this tag (0: the first), SIM_NONE when there is none. */
uint32_t sim_wire_find(const struct sim_topo *t, uint32_t a, uint32_t b, char tag);

/* Addresses and SIDs. */
struct ip_addr sim_loopback(const struct sim_topo *t, uint32_t router);
struct ip_addr sim_router_v4(uint32_t router); /* 10.b.x.y: also the BGP identifier */
struct ip_addr sim_half_addr(uint32_t wire, unsigned side);
struct ip_addr sim_half_v4(uint32_t wire, unsigned side);
struct ip_prefix sim_locator(const struct sim_topo *t, uint32_t router);
/* k: 0 for algorithm 0, else 1 + the place of the Flex-Algo. */
struct ip_prefix sim_locator_of(const struct sim_topo *t, uint32_t router, unsigned k);
struct ip_addr sim_node_sid_of(const struct sim_topo *t, uint32_t router, unsigned k);
/* Which algorithm an address inside a locator is of: k as above. */
unsigned sim_algo_of(const struct ip_addr *a);
/* Does the router take part in it. */
bool sim_router_in(const struct sim_topo *t, uint32_t router, unsigned k);
/* What a half costs for it, UINT32_MAX: it may not be used. */
uint32_t sim_half_cost(const struct sim_topo *t, uint32_t half, unsigned k);
/* The definitions are told by these routers: two, so that one may be missed. */
bool sim_router_defines(const struct sim_topo *t, uint32_t router);
struct ip_addr sim_node_sid(const struct sim_topo *t, uint32_t router);
struct ip_addr sim_adj_sid(const struct sim_topo *t, uint32_t wire, unsigned side);

/* Does a packet go over this half: it is there both ways, up, and both routers are. */
bool sim_half_works(const struct sim_topo *t, uint32_t wire, unsigned side);
/* Does its owner say it has this adjacency (its neighbour may say otherwise). */
bool sim_half_said(const struct sim_topo *t, uint32_t wire, unsigned side);

/* Events. False when nothing changed. */
bool sim_wire_set(struct sim_topo *t, uint32_t wire, bool up);
bool sim_router_set(struct sim_topo *t, uint32_t router, bool up);
bool sim_wire_delay(struct sim_topo *t, uint32_t wire, uint32_t delay_us); /* both ways */
bool sim_wire_metric(struct sim_topo *t, uint32_t wire, uint32_t igp);	   /* both ways */

/* "r1-r2", "r1-r2b". */
const char *sim_wire_text(const struct sim_topo *t, uint32_t wire, char *buf, size_t cap);
enum { SIM_WIRE_TEXT_MAX = 2 * SIM_NAME_MAX + 4 };

/* ---- gen.c: a network like a carrier's ---- */

enum {
	SIM_DENSE = 1 << 0,    /* a bigger core, each PoP with wires to six others */
	SIM_ECMP = 1 << 1,     /* metrics of three values */
	SIM_PARALLEL = 1 << 2, /* one wire in twenty has another beside it */
	SIM_FLEX = 1 << 4,     /* Flex-Algos 128 (delay) and 129 (without admin group 9) */
	SIM_CONDUITS = 1 << 3, /* corridors share trenches: one to three SRLGs a core link */
};

struct sim_gen {
	uint64_t seed;
	uint32_t routers;
	uint32_t wires;	      /* filled up to this many with short links; 0: as they come */
	uint32_t classic_pct; /* of the routers have classic SIDs */
	uint32_t variant;     /* SIM_DENSE, … or-ed */
};

/* 0, -ENOMEM, or -EINVAL: more routers or wires than there may be. */
int sim_gen(struct sim_topo *t, const struct sim_gen *g);

/* ---- demand.c, trace.c: what to do with it ---- */

struct sim_demand {
	uint32_t src, dst;
	uint64_t bps;
};

struct sim_demands {
	struct sim_demand *at;
	size_t n, cap; /* VEC */
};

/* Gravity demands between the biggest routers, such that the best routing fills its fullest link
 * to about nine tenths. 0 or -ENOMEM. */
int sim_gen_demands(const struct sim_topo *t, uint64_t seed, struct sim_demands *out);
/* In the format of tools/plan. */
void sim_demands_write(const struct sim_topo *t, const struct sim_demands *d, struct str *out);

/* n things that happen: flaps, metric changes, staggered cuts of an SRLG; a line each, see
 * trace.c. 0 or -ENOMEM. */
int sim_gen_trace(const struct sim_topo *t, uint64_t seed, uint32_t n, struct str *out);

/* The network in the format of tools/plan. */
void sim_topo_export(const struct sim_topo *t, struct str *out);

/* ---- file.c ---- */

/* Text in the lab's format, or REPETITA's. 0, or -EINVAL with a line in err. */
int sim_topo_read(struct sim_topo *t, const char *text, struct str *err);
/* The same from a file; err names it. */
int sim_topo_load(struct sim_topo *t, const char *file, struct str *err);
/* In the lab's format: what it reads, it writes. */
void sim_topo_write(const struct sim_topo *t, struct str *out);
