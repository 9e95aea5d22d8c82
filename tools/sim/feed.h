/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * BGP-LS producers: routers that tell a controller what they know. A producer knows what reaches
 * it: of a router it cannot reach any more, it keeps what was said last. Loop thread only.
 */
#include "core/ls_object.h"
#include "loop/loop.h"
#include "net/net.h"
#include "tools/sim/topo.h"

/* Room for what an object points at. */
struct sim_scratch {
	struct ls_srv6_sid endx[1];
	struct ls_msd msd[4];
	uint8_t algos[1 + SIM_ALGOS_MAX];
	struct ls_flex_algo flex[SIM_ALGOS_MAX];
};

/* What there is to tell: per router node, loopback, locator, SID, then a locator and a SID of each
 * Flex-Algo; then the halves of wires. */
enum { SIM_OBJECTS_A_ROUTER = 4 }; /* without Flex-Algos */
uint32_t sim_objects_a_router(const struct sim_topo *t);
uint32_t sim_objects(const struct sim_topo *t);
/* False: the router does not take part in the Flex-Algo this would be of. */
bool sim_object(const struct sim_topo *t, uint32_t i, struct sim_scratch *s, struct ls_object *out);

struct sim_feeds;

struct sim_feeds_cfg {
	struct ip_addr daemon;
	uint16_t port;
	uint32_t daemon_as;
	/* Where a router's sessions come from. */
	struct ip_addr (*source)(const void *arg, uint32_t router);
	const void *source_arg;
};

/* One for each router that is marked as feed. t is borrowed. 0 or -errno. */
int sim_feeds_new(struct sim_feeds **outp, struct loop *loop, struct net *net,
		  const struct sim_topo *t, const struct sim_feeds_cfg *cfg);
struct sim_feeds *sim_feeds_free(struct sim_feeds *f);
AUTO_DEFINE(struct sim_feeds, sim_feeds_free)
/* Says goodbye; free some moments later. */
void sim_feeds_stop(struct sim_feeds *f);

/* After a change of the network: everybody tells what is new to him. */
void sim_feeds_sync(struct sim_feeds *f);

uint32_t sim_feeds_count(const struct sim_feeds *f);
/* Ends, or starts again, the session of feed k (0, 1, …). False: there is no such feed, or it
 * is so already. */
bool sim_feed_set(struct sim_feeds *f, uint32_t k, bool up);

struct sim_feed_info {
	uint32_t router;
	bool wanted; /* not put down by a command, and its router is up */
	bool up;
	struct mono up_at; /* of the last session */
	uint32_t told; /* objects announced, halves of wires among them */
	uint32_t told_halves;
};
void sim_feed_info(const struct sim_feeds *f, uint32_t k, struct sim_feed_info *out);
