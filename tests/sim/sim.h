/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Deterministic simulation: the whole controller on the fake loop, the fake network and the
 * fake disk, with routers that speak real BGP-LS and PCEP to it. Everything follows from one
 * seed. What must always hold is checked by means that share nothing with the controller's
 * path engine: packets are walked over the routers' own SID tables (tools/sim/walk.c).
 *
 *   world.c  the controller's life: start, kill -9, start again
 *   pccs.c   headends: their LSPs, what they answer and when
 *   devices.c the same routers as gNMI devices, what goes wrong there
 *   ops.c    operators: random policies, commands, a few of them over RESTCONF; what they were
 *            told is the truth that the controller is held to
 *   events.c what happens to it
 *   check.c  what must hold
 *   bugs.c   planted bugs, to see that the checks find them
 */
#include <stdbool.h>
#include <stdint.h>

#include "app/app.h"
#include "base/rng.h"
#include "intent/intent.h"
#include "intent/optimise.h"
#include "southbound/pcep/pcc.h"
#include "rpc/rpc.h"
#include "topo/topo.h"
#include "tools/sim/feed.h"
#include "tools/sim/target.h"
#include "tools/sim/topo.h"
#include "tools/sim/walk.h"

enum {
	ROUTERS_MAX = 8,
	WIRES_MAX = 20,
	LSPS_MAX = 40,
	POLS = 40, /* policy keys a seed may play with */
	PUSHES_MAX = 512,
	FEEDS = 2,
	RELEASED_MAX = 64,
	USED_WORDS = 1, /* 2 bits a wire */
};

/* What a headend does with what it is asked. */
enum mood { GOOD, SLOW, REFUSES, ERRS, STAYS_DOWN, MUTE, MOODS };

struct lsp {
	bool used;
	struct lsp_state st;
};

struct router {
	uint32_t n;
	struct ip_addr addr;
	struct pcc *pcc; /* NULL while the router is down */
	struct lsp lsps[LSPS_MAX];
	uint32_t next_plsp, next_own;
	enum mood mood;
	bool blocked;	  /* kept apart from the controller */
	uint8_t msd;
	struct list asked; /* of struct asked, answered in order */
	struct loop_timer timer;
};

/* A policy as its operator knows it. */
struct belief {
	struct sr_policy_key key;
	bool there;
	struct intent_policy *want;
	/* on its way: becomes the truth when acknowledged */
	bool pending, then_there;
	struct intent_policy *then_want;
	bool unknown; /* the controller died before it answered: either is right */
};

struct push {
	struct mono at;
	struct sr_policy_key key;
	bool list_changes;
};

struct sim {
	uint64_t seed;
	bool verbose;
	struct rng rng; /* of events; the loop has its own */
	struct loop *loop;
	struct net *net;
	struct store_disk *disk;
	/* of one life of the controller */
	struct store *store;
	struct work *work;
	struct app *app;
	/* routers that are gNMI devices too, NULL: none is */
	struct rpc *rpc;
	struct sim_targets *targets;
	bool lost[ROUTERS_MAX]; /* no device any more: in silence */
	unsigned epoch; /* lives so far */
	struct conf conf;      /* as it was at the start; whole */
	struct conf running[2]; /* the one in use, and the next */
	unsigned n_reloads;
	/* the network; shadow is the same as the controller's TED has it */
	struct sim_topo topo, shadow;
	struct sim_paths *paths, *shadow_paths;
	uint64_t shadow_generation; /* the shadow is of this one, of this life */
	unsigned shadow_epoch;
	uint32_t link_of_half[2 * WIRES_MAX];
	struct sim_feeds *feeds;
	bool feed_blocked[FEEDS];
	struct router routers[ROUTERS_MAX];
	/* operators */
	struct belief beliefs[POLS];
	struct list cmds;
	/* The last keys that were released. That the delegation is to be given back is kept neither
	 * over a restart nor for an LSP that was not reported yet: such an LSP goes on delegating. */
	struct sr_policy_key released[RELEASED_MAX];
	unsigned n_released;
	unsigned n_pols;  /* some seeds have enough for workers to take part */
	unsigned profile; /* 0: no bandwidth; 1: one priority; 2: many */
	bool held, hold_pending, hold_unknown, disk_full;
	struct mono disk_changed; /* a write may be on its way while it changes */
	/* the world's memory */
	struct push pushes[PUSHES_MAX];
	unsigned n_pushes;
	struct mono disturbed; /* the last time that anything was not well */
	/* while only this wire has gone: who may be moved */
	bool cut_watch;
	uint64_t cut_touched; /* bits of beliefs */
	bool guard_watch;
	uint64_t of_others;
	uint64_t guarded; /* bits of beliefs whose bandwidth is to be there after it */
	unsigned bug_count;
	uint64_t acks, lives, restful, walked, steps, survived, apart;
};

extern struct sim sim;

/* Prints the seed and how to replay it; ends the process. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* with -v */

static inline uint32_t pick(uint32_t n)
{
	return (uint32_t)rng_below(&sim.rng, n);
}

static inline bool chance(uint32_t percent)
{
	return pick(100) < percent;
}

/* world.c */
void world_up(uint64_t seed, bool verbose, bool devices);
void world_down(void);
void app_start(void);
void app_kill(void);
/* SIGHUP: other times and margins, and the last PCEP peer there or not. */
void app_hup(bool whole);
void run_ns(uint64_t ns);
struct ip_addr controller_addr(void);

/* devices.c */
void devices_up(void);
void devices_down(void);
void devices_conf(struct conf *c);
void devices_heal(void);
void device_lost(uint32_t router, bool lost);
void device_random(uint32_t router); /* something goes wrong with it, or is well again */
bool device_drift(uint32_t router);  /* something that is configured goes, or is changed, by nobody of ours */

/* pccs.c */
void router_init(struct router *r, uint32_t n);
void router_start(struct router *r); /* connects */
void router_stop(struct router *r);  /* the router dies: its LSPs are gone */
void router_fini(struct router *r);
struct lsp *router_lsp(struct router *r, const char *name);
void routers_notice(void);	      /* after a change of the network: up or down by the first hop */
void router_own(struct router *r);    /* makes, changes or removes an LSP of its own */
struct router *router_of(const struct ip_addr *headend);

/* ops.c */
void ops_random(void); /* one command */
void ops_hold(bool on);
void ops_optimise(void);
void ops_optimise_well(void);
bool ops_optimising(void);
void ops_killed(void); /* no answer will come any more */
bool ops_pending(void);
struct belief *belief_of(const struct sr_policy_key *key);
const char *key_text(const struct sr_policy_key *key);
void beliefs_free(void);

/* rest.c: one request over HTTP, waiting for its answer; 0: none came */
unsigned rest(const char *method, const char *path, const char *body);

/* events.c */
void event_random(void);
void heal_all(void);
void cut_each(void); /* every wire for a while, from a calm network */

/* check.c */
void check_push(int kind, const struct driver_lsp *l); /* 0 apply, 1 remove, 2 release */
void check_always(void);
void check_rest(void); /* nothing has happened for long */
void check_watch_begin(uint32_t wire);
void check_watch_end(void);
void disturb(void); /* something is not well from now on, for a while */
bool faults_standing(void);

extern const char *program; /* how to begin it, to replay a seed */

/* bugs.c */
extern const char *bug; /* "" : none */
bool bug_known(const char *name);
