/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Sockets of STAMP: routing headers, the kernel's receive timestamps, what clocks say. */
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/ip.h"
#include "conf/conf.h"

enum { AGENT_STAMP_PACKET_MAX = 4096 };

/* The clocks at this moment. A measurement is of now, not of the turn of the loop. */
struct agent_stamp_now {
	uint64_t wall_ns, mono_ns;
};
struct agent_stamp_now agent_stamp_now(void);
/* What the kernel says of the wall clock: synchronised, and by how much it may err. */
bool agent_stamp_kernel_clock(uint64_t *error_ns);

/* HMAC-SHA-256 cut to 128 bits (RFC 8762 s4.4) of the first STAMPC_MAC_COVERS octets. */
void agent_stamp_mac(const struct conf_md5 *key, const uint8_t *packet, uint8_t *mac);
bool agent_stamp_mac_is(const struct conf_md5 *key, const uint8_t *packet, const uint8_t *mac);

/* What the kernel says of a packet that arrived. */
struct agent_stamp_meta {
	struct sockaddr_in6 from;
	struct in6_pktinfo to;
	uint64_t rx_ns; /* 0: not told */
	uint8_t hop_limit, traffic_class;
};

struct sockaddr_in6 agent_stamp_sa(const struct ip_addr *a, uint16_t port);

/* A UDP socket bound to addr (none: any) and port (0: any), with timestamps. Descriptor or -errno. */
int agent_stamp_socket(const struct ip_addr *addr, uint16_t port);
/* The segments, in order, that what is sent next visits before its destination (RFC 8754);
 * n 0: none. 0 or -errno. */
int agent_stamp_via(int fd, const struct ip_addr *segments, unsigned n);
/* Octets, or -errno. */
ssize_t agent_stamp_recv(int fd, uint8_t *buf, size_t cap, struct agent_stamp_meta *m);
/* The answer to m: from where it was sent to, back to where it came from, in its class. */
int agent_stamp_answer(int fd, const uint8_t *buf, size_t len, const struct agent_stamp_meta *m,
		       const struct sockaddr_in6 *to);
