/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Reads the TCP streams of a small classic pcap file (Ethernet, IPv4 or IPv6), for tests. */
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

struct pcap_stream {
	struct ip_addr src, dst;
	uint16_t sport, dport;
	uint32_t isn; /* sequence number of data[0] */
	uint8_t *data, *seen;
	size_t len;
	size_t holes; /* octets never seen: 0 in a whole capture */
};

struct pcap {
	struct pcap_stream *streams;
	size_t n;
};

/* 0 or -errno. Order of streams: by their first packet. */
int pcap_read(const char *path, struct pcap *out);
void pcap_fini(struct pcap *p);
