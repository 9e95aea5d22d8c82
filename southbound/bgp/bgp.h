/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * BGP speaker for BGP-LS (AFI 16388, SAFI 71). One instance is one speaker with several peers,
 * in one of two roles: the controller takes link-state objects from its peers and hands them
 * to an ls_sink; the router (simulator, agent, tests) gives them to its peers. Loop thread
 * only. Nothing here blocks; callbacks to the owner come from the loop or from bgp_peer_del().
 */
#include "core/bus.h"
#include "core/ls_object.h"
#include "core/session.h"
#include "loop/loop.h"
#include "net/net.h"

struct bgp;

struct bgp_cfg {
	uint32_t as;
	uint32_t router_id; /* BGP identifier, never 0 */
	bool strict_order;  /* discard NLRIs whose TLVs are out of order even as FRR sends them */
	uint64_t retry_ns_min, retry_ns_max; /* 0: 1 s and 60 s */
};

struct bgp_peer_cfg {
	struct ip_addr addr;
	uint16_t port; /* 0: 179 */
	uint32_t remote_as;
	bool passive;  /* wait for the peer to connect */
	bool insecure; /* plaintext allowed; an alarm stands */
	struct net_md5 md5;
	uint16_t hold_s;      /* 0: 90 */
	struct ip_addr local; /* none: any */
	uint32_t source;      /* number of this feed towards the sink */
	uint32_t objects_max; /* NLRIs kept; more are refused. 0: 1 000 000 */
};

enum {
	BGP_E_INSECURE = 1, /* neither md5 nor insecure: refused */
	BGP_E_CONFIG = 2,   /* no address, AS 0, hold time of 1 or 2 s, md5 key too long */
};

/*
 * The router's source of objects. next is asked with *cursor 0 first and writes the cursor of
 * the following call; false ends the dump and End-of-RIB is sent. Objects are borrowed until
 * the next call. A dump is spread over turns of the loop as the peer reads; changes meanwhile
 * go out at once by bgp_announce() and bgp_withdraw().
 */
struct bgp_router_ops {
	bool (*next)(void *arg, uint64_t *cursor, struct ls_object *obj);
	void (*established)(void *arg, const struct ip_addr *peer); /* may be NULL */
	void (*closed)(void *arg, const struct ip_addr *peer);	    /* may be NULL */
};

/* bus may be NULL (simulated routers have none). */
int bgp_new(struct bgp **outp, struct loop *loop, struct net *net, struct bus *bus,
	    const struct bgp_cfg *cfg);
/* Closes everything at once, without farewell: bgp_stop() first for that. */
struct bgp *bgp_free(struct bgp *b);
AUTO_DEFINE(struct bgp, bgp_free)

/* The role; before the first peer. */
void bgp_controller(struct bgp *b, const struct ls_sink *sink, void *arg);
void bgp_router(struct bgp *b, const struct bgp_router_ops *ops, void *arg);

/* Listens (again: moves there; port 0: any, see bgp_listen_port()). 0 or -errno, then the old
 * listener stays. addr none: listen no more. */
int bgp_listen(struct bgp *b, const struct ip_addr *addr, uint16_t port);
uint16_t bgp_listen_port(const struct bgp *b);

/* Adds or changes a peer; its address is its identity. An unchanged peer is not disturbed,
 * one whose quota alone changed neither. 0, BGP_E_*, or -errno. */
int bgp_peer_set(struct bgp *b, const struct bgp_peer_cfg *cfg);
/* Cease, source_gone. 0, or 1 when there is no such peer. */
int bgp_peer_del(struct bgp *b, const struct ip_addr *addr);
void bgp_peers_each(const struct bgp *b, void (*fn)(void *arg, const struct bgp_peer_cfg *cfg),
		    void *arg);
/* NOTIFICATION cease/admin-shutdown to all, no new sessions. Free some moments later. */
void bgp_stop(struct bgp *b);

struct session_query bgp_sessions(struct bgp *b);

/*
 * Router role. To every established peer, packed with its neighbours in time: sent at the end
 * of this turn of the loop, or before. An object that does not fit the peer's message size is
 * left out, logged and counted.
 */
void bgp_announce(struct bgp *b, const struct ls_object *obj);
void bgp_withdraw(struct bgp *b, const struct ls_object *obj);
void bgp_announce_eor(struct bgp *b);
