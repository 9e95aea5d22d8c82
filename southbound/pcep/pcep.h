/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The PCE role: a stateful PCE server (RFC 5440, 8231, 8281, 8253, 8664, 9603, 9862) with its
 * peers, state synchronisation, LSP database, and the driver of core/driver.h. Facts go to a
 * driver_sink. Loop thread only; nothing here blocks, no callback comes from inside a call.
 */
#include "core/bus.h"
#include "core/driver.h"
#include "core/session.h"
#include "loop/loop.h"
#include "net/net.h"

struct pcep;

struct pcep_cfg {
	uint8_t keepalive_s, dead_s; /* 0: 30 and 120 */
	uint32_t lsps_max;	     /* LSPs kept of one peer; more get PCErr. 0: 100 000 */
};

/* PCCs connect to us; one that no peer names is closed at once. */
struct pcep_peer_cfg {
	struct ip_addr addr;	/* its transport address: its identity */
	struct ip_addr headend; /* its router address in policies */
	bool insecure;		/* plaintext allowed; an alarm stands */
	struct net_tls *tls;	/* PCEPS demanded (referenced); NULL: not */
	struct net_md5 md5;
	uint8_t msd;		/* 0: what the peer tells */
	char profile[16];	/* dialect: "rfc", "frr", "nokia" */
};

enum {
	PCEP_E_INSECURE = 1, /* neither tls nor md5 nor insecure: refused */
	PCEP_E_CONFIG = 2,   /* no address or headend, key too long, unknown profile, headend taken */
};

/* bus may be NULL. */
int pcep_new(struct pcep **outp, struct loop *loop, struct net *net, struct bus *bus,
	     const struct pcep_cfg *cfg, const struct driver_sink *sink, void *arg);
/* Closes everything at once, without farewell: pcep_stop() first for that. */
struct pcep *pcep_free(struct pcep *p);
AUTO_DEFINE(struct pcep, pcep_free)

/* Listens (again: moves there; port 0: any). 0 or -errno, then the old listener stays. */
int pcep_listen(struct pcep *p, const struct ip_addr *addr, uint16_t port);
uint16_t pcep_listen_port(const struct pcep *p);

/* Adds or changes a peer. An unchanged peer is not disturbed. 0, PCEP_E_*, or -errno. */
int pcep_peer_set(struct pcep *p, const struct pcep_peer_cfg *cfg);
/* Close, reason 1. 0, or 1 when there is no such peer. */
int pcep_peer_del(struct pcep *p, const struct ip_addr *addr);
/* Close (reason 1) to all, no new sessions. Free some moments later. */
void pcep_stop(struct pcep *p);

const struct driver *pcep_driver(struct pcep *p);
struct session_query pcep_sessions(struct pcep *p);
