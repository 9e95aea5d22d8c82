/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* The program put together: what the parts of sextant-sim share. */
#include "loop/loop.h"
#include "net/net.h"
#include "tools/sim/feed.h"
#include "tools/sim/pccs.h"
#include "tools/sim/target.h"
#include "tools/sim/topo.h"
#include "tools/sim/walk.h"

struct sim_options {
	struct sim_gen gen;
	const char *topology; /* a file; NULL: generate */
	bool has_feeds;
	uint32_t feeds, pccs; /* pccs: the first so many routers have PCEP sessions */
	struct ip_addr daemon;
	uint16_t bgp_port, pcep_port, restconf_port;
	bool ipv4; /* sessions over IPv4: from 127.64.x.y */
	const char *socket, *write_config, *write_topology, *store;
	const char *write_export, *write_demands, *write_trace, *play;
	uint32_t trace_events;
	uint32_t targets; /* the first so many routers have gNMI targets */
	uint16_t gnmi_port;
	char gnmi_tls[3][256]; /* certificate, key, authorities: files */
	const char *gnmi_faults, *gnmi_log;
	bool json, no_run;
};

struct sim {
	struct sim_options opt;
	struct loop *loop;
	struct net *net;
	struct sim_topo topo;
	struct sim_paths *paths;
	struct sim_feeds *feeds;
	struct sim_pccs *pccs;
	struct sim_targets *targets; /* NULL: none */
	struct rpc *rpc;	     /* theirs, NULL: one of their own */
	struct loop_timer bye; /* armed by quit: time for farewells */
};

/* The address a router's sessions come from; arg is the struct sim. */
struct ip_addr sim_source(const void *arg, uint32_t router);

/* After a change of the network: everybody who speaks for a router is told. */
void sim_sync(struct sim *s);
/* Farewells, then the loop ends. */
void sim_stop(struct sim *s);

/* ---- cmd.c ---- */

/* Carries out one line; the answer goes to out, as text or as one JSON object, each ended by a
 * newline. False: it was refused (the answer says why). */
bool sim_command(struct sim *s, const char *line, bool json, struct str *out);

/* ---- config.c ---- */

/* A configuration for sextantd that fits this simulator. */
void sim_config(const struct sim *s, struct str *out);

/* ---- play.c ---- */

struct sim_play;

/* Carries out a trace from now on; what is wrong with the file goes to standard error. 0 or
 * -EINVAL. */
int sim_play_new(struct sim_play **outp, struct sim *s, const char *file);
struct sim_play *sim_play_free(struct sim_play *p);
AUTO_DEFINE(struct sim_play, sim_play_free)

/* ---- serve.c ---- */

struct sim_serve;

/* Reads commands from standard input and, when path is not NULL, on a unix socket made there.
 * 0 or -errno. */
int sim_serve_new(struct sim_serve **outp, struct sim *s, const char *path);
struct sim_serve *sim_serve_free(struct sim_serve *v);
AUTO_DEFINE(struct sim_serve, sim_serve_free)

/* The other side: sends a command, prints the answer. The program's exit code. */
int sim_ask(const char *path, char **words, int n, bool json);
