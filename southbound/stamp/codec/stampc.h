/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * STAMP packets: RFC 8762 (base), RFC 8972 (SSID, TLVs), RFC 9503 (segment routing).
 *
 * Timestamps stay as on the wire (64 bits) until stampc_time_ns(); what format they have is a bit
 * of the error estimate beside them.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/rd.h"
#include "base/wr.h"

enum {
	STAMPC_PORT = 862,
	STAMPC_BASE = 44,	/* octets of either base packet */
	STAMPC_BASE_AUTH = 112, /* authenticated */
	STAMPC_MAC_COVERS = 96, /* octets its digest covers */
	STAMPC_MAC = 16,
	STAMPC_SEGMENTS_MAX = 16,
	STAMPC_TLV_HEADER = 4,
};

/* Error estimate, RFC 4656 s4.1.2. */
struct stampc_clock {
	bool sync, ptp; /* ptp: seconds and nanoseconds since 1970; else NTP */
	uint64_t error_ns; /* UINT64_MAX: nothing is known of it */
};

uint16_t stampc_clock_write(const struct stampc_clock *c); /* error_ns rounded up */
struct stampc_clock stampc_clock_read(uint16_t estimate);

uint64_t stampc_time_of(uint64_t unix_ns, bool ptp);
/* near_ns: any time within 68 years of it, to tell the era. */
uint64_t stampc_time_ns(uint64_t raw, bool ptp, uint64_t near_ns);

/* What a Session-Sender sends. */
struct stampc_test {
	uint32_t seq;
	uint64_t time;
	uint16_t estimate, ssid; /* ssid 0: a sender that knows no SSID */
};

/* What a Session-Reflector answers. */
struct stampc_reply {
	uint32_t seq;
	uint64_t time;
	uint16_t estimate, ssid;
	uint64_t rx_time;
	uint32_t sender_seq;
	uint64_t sender_time;
	uint16_t sender_estimate;
	uint8_t sender_ttl;
};

/* Each leaves what follows (TLVs) in r; false when it is too short. mac: where the digest is,
 * NULL when not authenticated. */
bool stampc_test_read(struct rd *r, bool auth, struct stampc_test *out, const uint8_t **mac);
bool stampc_reply_read(struct rd *r, bool auth, struct stampc_reply *out, const uint8_t **mac);
/* Returns the offset of the digest, still zero, in w (0: none). */
size_t stampc_test_write(struct wr *w, bool auth, const struct stampc_test *t);
size_t stampc_reply_write(struct wr *w, bool auth, const struct stampc_reply *t);

/* ---- TLVs ---- */

enum {
	STAMPC_TLV_PADDING = 1,
	STAMPC_TLV_HMAC = 8,
	STAMPC_TLV_DESTINATION = 9,
	STAMPC_TLV_RETURN = 10,
};

enum {
	STAMPC_SUB_CONTROL = 1,
	STAMPC_SUB_ADDRESS = 2,
	STAMPC_SUB_SRV6 = 4,
};

enum {
	STAMPC_FLAG_U = 0x80, /* not understood (a sender sets it, who understands clears it) */
	STAMPC_FLAG_M = 0x40, /* malformed */
	STAMPC_FLAG_I = 0x20, /* integrity check failed */
};

enum stampc_control {
	STAMPC_REPLY_NONE = 0,
	STAMPC_REPLY_SAME_LINK = 1,
};

/* What the TLVs of one packet say. */
struct stampc_opts {
	struct ip_addr destination; /* none: not given */
	bool has_control, has_return;
	uint32_t control;
	struct ip_addr return_addr;
	struct ip_addr segments[STAMPC_SEGMENTS_MAX]; /* in the order they are visited */
	uint8_t n_segments;
	uint16_t padding; /* octets */
	const uint8_t *hmac; /* NULL: none */
	uint8_t flags;	  /* of all top TLVs and return sub-TLVs, or'd */
	bool malformed;
	uint16_t unknown; /* TLVs no row knows */
};

/* Walks all of tlvs. False, with malformed set, when one was not as it must be: what came before
 * it counts, what comes after does not (RFC 8972 s4). */
bool stampc_opts_read(struct rd tlvs, struct stampc_opts *out);
/* As a sender: U set in each. Padding is what the TLV holds, without its header. */
void stampc_opts_write(struct wr *w, const struct stampc_opts *o);
/* The TLVs of an answer: the octets of tlvs, flags as a reflector sets them. Never longer. */
void stampc_tlv_reflect(struct wr *w, struct rd tlvs);
