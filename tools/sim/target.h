/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The routers' gNMI targets: each listens on its router's address and holds
 * models/sextant-device.yang in memory. What is configured is "in" at once, its SIDs are walked by
 * packets; interfaces, addresses and counters are the network's. A target can be told to misbehave. Loop thread only.
 */
#include "base/auto.h"
#include "loop/loop.h"
#include "rpc/rpc.h"
#include "tools/sim/pccs.h"
#include "tools/sim/topo.h"

/* What certificates of targets are for. */
#define SIM_TARGET_NAME "sextant-sim"

enum { SIM_TARGETS_MAX = 1024 };

enum sim_fault {
	SIM_FAULT_NONE,
	SIM_FAULT_STALL, /* a Set is never answered, and nothing is done */
	SIM_FAULT_LIE,	 /* it is said to be done, and nothing is */
	SIM_FAULT_HALF,	 /* it is said to be done, and of several changes the first alone is */
	SIM_FAULT_FULL,	 /* another source filter is refused, all else is done */
	SIM_FAULT_CLOSE, /* it is done, and every connection ends without an answer */
	SIM_FAULTS,
};

const char *sim_fault_text(enum sim_fault f);
bool sim_fault_parse(const char *text, enum sim_fault *out);

struct sim_targets;

struct sim_targets_cfg {
	uint32_t n; /* the first n routers have one */
	uint16_t port;
	const char *ca, *cert, *key; /* of all of them */
	const char *log;	     /* a file that is told every Set; may be NULL */
	struct sim_pccs *pccs;	 /* borrowed; may be NULL */
	/* In their place: has the router this policy, and is it up? NULL: no router has any. */
	bool (*policy_up)(uint32_t router, uint32_t color, const struct ip_addr *endpoint);
	struct sim_paths *paths; /* borrowed: learns the SIDs that are configured */
	struct rpc *rpc; /* NULL: one of its own, with TLS */
	struct ip_addr (*source)(const void *arg, uint32_t router);
	const void *source_arg;
};

/* t is borrowed. 0, or -errno and a line in err. */
int sim_targets_new(struct sim_targets **outp, struct loop *loop, const struct sim_topo *t,
		    const struct sim_targets_cfg *cfg, struct str *err);
struct sim_targets *sim_targets_free(struct sim_targets *ts); /* NULL is fine, here and below */
AUTO_DEFINE(struct sim_targets, sim_targets_free)
/* After a change of the network. */
void sim_targets_sync(struct sim_targets *ts);

uint32_t sim_targets_count(const struct sim_targets *ts);
/* For so many Sets, 0: until it is told otherwise. False: the router has no target. */
bool sim_target_fault(struct sim_targets *ts, uint32_t router, enum sim_fault f, uint32_t times);

/*
 * Somebody else's hand on what is configured, which no client is told of but by what it watches: an entry or a leaf
 * goes, or a rate changes; which one follows from pick. what: the path, for people. False: there is nothing, or
 * nothing that can go by itself.
 */
bool sim_target_drift(struct sim_targets *ts, uint32_t router, uint64_t pick, char *what, size_t cap);
/* A table of that name, of nobody; or it goes again. False: as sim_target_drift(). */
bool sim_target_stray(struct sim_targets *ts, uint32_t router, const char *name, bool there);

struct sim_target_info {
	bool listens;
	struct ip_addr addr;
	uint16_t port;
	uint64_t sets, refused; /* asked for, faults included; refused of them */
	uint32_t streams;	/* open subscriptions */
	enum sim_fault fault;
};

bool sim_target_info(const struct sim_targets *ts, uint32_t router, struct sim_target_info *out);
/* What is configured, as JSON: the oracle of tests. malloc'd; NULL: no target or no memory. */
char *sim_target_config(const struct sim_targets *ts, uint32_t router);
