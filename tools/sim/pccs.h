/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The routers as PCCs. A list is installed when a packet with it arrives at the policy's endpoint
 * (walk.h): then its LSP is reported up, else down. Later a headend notices of a failure only what
 * a headend can: that it cannot take the first step any more. Loop thread only.
 */
#include "core/sr.h"
#include "loop/loop.h"
#include "net/net.h"
#include "southbound/pcep/pcc.h"
#include "tools/sim/walk.h"

enum {
	SIM_LSPS_MAX = 65536, /* of one router; more are refused */
	SIM_ASK_MAX = 64,     /* paths in one request */
	SIM_ASKED_MAX = 1024, /* remembered; then the oldest are forgotten */
};

struct sim_pccs;

struct sim_pccs_cfg {
	struct ip_addr daemon;
	uint16_t port;
	uint32_t n; /* the first n routers have a session */
	struct ip_addr (*source)(const void *arg, uint32_t router);
	const void *source_arg;
};

/* t and paths are borrowed. 0 or -errno. */
int sim_pccs_new(struct sim_pccs **outp, struct loop *loop, struct net *net,
		 const struct sim_topo *t, struct sim_paths *paths, const struct sim_pccs_cfg *cfg);
struct sim_pccs *sim_pccs_free(struct sim_pccs *p);
AUTO_DEFINE(struct sim_pccs, sim_pccs_free)
/* Says goodbye; free some moments later. */
void sim_pccs_stop(struct sim_pccs *p);

/* After a change of the network: routers that died forget, headends look at their first step,
 * what could not be installed is tried again. */
void sim_pccs_sync(struct sim_pccs *p);

/* Headends alone look again: other SIDs are there than before. */
void sim_pccs_look(struct sim_pccs *p);

/* Ends or starts a router's session; its LSPs stay (the state timeout is infinite). False: it
 * is so already, or it has none. */
bool sim_pcc_set(struct sim_pccs *p, uint32_t router, bool up);

struct sim_lsp {
	uint32_t router;
	bool installed;	      /* its list arrived where it is to go when it was set */
	char why[SIM_WHY_MAX]; /* if not; "" */
	struct lsp_state st;
};

/* A path asked for, and what came back. */
struct sim_asked_path {
	uint32_t router, id;
	bool answered, lost; /* lost: with its session */
	struct pcc_path_reply reply;
};

/* 0; > 0: no session or no room; -ENOMEM. */
int sim_pcc_ask(struct sim_pccs *p, uint32_t router, const struct pcc_path_set *set, uint32_t *ids);
void sim_asked_each(const struct sim_pccs *p, void (*fn)(void *arg, const struct sim_asked_path *a),
		    void *arg);

/* What PCEs asked for since the last change of the network (or the start). */
struct sim_asked {
	struct mono since, first, last;
	uint32_t n;
};

void sim_pccs_asked(const struct sim_pccs *p, struct sim_asked *out);
uint32_t sim_pccs_count(const struct sim_pccs *p); /* routers with a session configured */
uint32_t sim_pccs_up(const struct sim_pccs *p);
void sim_lsps_each(const struct sim_pccs *p, void (*fn)(void *arg, const struct sim_lsp *l),
		   void *arg);
/* By name, or by "headend,colour,endpoint": the first. NULL: none. */
const struct sim_lsp *sim_lsp_find(const struct sim_pccs *p, const char *text);
