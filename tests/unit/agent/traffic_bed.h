/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Two customers with the same addresses on two sites each, two routers, one core link. Senders,
 * and receivers that say what arrived, and when.
 *
 *   c1a --ce1- pe1 -core---core- pe2 -ce1-- c1b
 *   c2a --ce2-/                    \-ce2-- c2b
 */
#include <stdatomic.h>

#include "slices_bed.h"

enum {
	PORT = 6000,
	PAYLOAD = 1000,
	WIRE = PAYLOAD + 48 + 40 + 14, /* UDP and IPv6, outer header, Ethernet: what HTB counts */
};

enum { C1A, C2A, C1B, C2B, PE1, PE2, NODES };

extern int ns[NODES];
extern struct loop *loop;
extern struct agent_slices *pe1, *pe2;

/* The network with these devices on pe1 and pe2; we are in pe1 then. */
void traffic_up(const char *device1, const char *device2);
void traffic_down(void);

/* Sockets; the second is at 2001:db8:b::2. */
int receiver_at(int node, const char *address, uint16_t port);
int receiver(int node, uint16_t port);
int sender(int node, const char *source, const char *dest, uint16_t port, int dscp);

struct arrivals {
	unsigned n;
	uint64_t first, last, p99; /* ns */
	uint64_t delay[1 << 14];
};

/* Everything that comes until nothing came for wait_ms; want: no longer than to the last of so
 * many and a moment. */
struct arrivals *receive(int fd, unsigned want, unsigned wait_ms);
/* How many did; want 0: none is waited for. */
unsigned arrived(int fd, unsigned want);
double rate_of(const struct arrivals *a); /* bit/s on the wire */

struct flow {
	int fd;
	uint64_t gap_ns;
	_Atomic unsigned sent;
	_Atomic bool stop;
	unsigned n; /* 0: until it is stopped */
	uint64_t late_ns; /* so late it may be and still catch up */
};
/* A thread that sends; arg is the flow. */
void *flow_run(void *arg);
void send_one(int fd);
