/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * SRv6 packets with their routing header, to the letter of RFC 8754, 8986 and 9800, on networks
 * whose routers do not all have the same kinds of SIDs: classic, NEXT-C-SID of several lengths,
 * REPLACE-C-SID of 16 and 32 bits, flavours, a flexible algorithm, limits (RFC 9352). Written
 * apart from the engine.
 */
#include "net.h"

enum {
	MIXED_KINDS = 8,
	MIXED_SIDS = 16, /* of a link */
	MIXED_ALGO = 128,
	PACKET_TRACES = 64,
};

struct mixed {
	struct net net;
	uint8_t kinds[NET_NODES]; /* bits */
	struct ted_locator locator[NET_NODES][MIXED_KINDS];
	struct ted_sid node_sid[NET_NODES][MIXED_KINDS];
	struct ted_sid link_sid[NET_LINKS][MIXED_SIDS];
	struct ted_fad fad;
	uint64_t dist[2][NET_NODES][NET_NODES]; /* algorithm 0, MIXED_ALGO; from, to */
};

/* SIDs for the routers of m->net, which is made; limits: MSDs too. */
void mixed_make(struct mixed *m, struct rng *r, bool limits);

struct packet_list {
	const struct ip_addr *entry; /* in the order packets take them */
	uint32_t n;
	const struct pce_binding *bindings;
	uint32_t n_bindings;
	bool decapsulate; /* the last SID has to; else the last entry is where the packet is to end */
};

struct packet_run {
	struct net_trace trace[PACKET_TRACES];
	uint32_t n;
	bool lost;
};

/* Every way of a packet; it is delivered where its address is the last entry, as it stands, or
 * where it is decapsulated. */
void packet_run(const struct mixed *m, uint32_t src, const struct packet_list *l,
		struct packet_run *out);
/* The same of one SID alone, which is then followed by something else. */
void packet_probe(const struct mixed *m, uint32_t src, const struct ted_sid *sid,
		  struct packet_run *out);
/* The same of a list whose limits do not count. */
void packet_bound(const struct mixed *m, uint32_t src, const struct packet_list *l,
		  struct packet_run *out);
