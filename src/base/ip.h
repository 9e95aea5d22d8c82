/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * IP addresses and prefixes as plain values.
 *
 * struct ip_addr holds either family; an IPv4 address uses the first 4 octets and the rest is
 * zero, so values can be compared and hashed as memory. The zero value is "no address".
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ip_family {
	IP_NONE = 0,
	IP_V4 = 4,
	IP_V6 = 6,
};

struct ip_addr {
	uint8_t family; /* enum ip_family */
	uint8_t pad[3]; /* zero */
	uint8_t b[16];
};

struct ip_prefix {
	struct ip_addr addr; /* host bits are zero */
	uint8_t len;
	uint8_t pad[3];
};

enum {
	IP_TEXT_MAX = 64,     /* "[" address "%" zone "]:" port and the NUL */
	IP_PREFIX_TEXT_MAX = 52,
};

struct ip_addr ip_v4(const void *octets4);
struct ip_addr ip_v6(const void *octets16);

static inline size_t ip_len(const struct ip_addr *a)
{
	return a->family == IP_V6 ? 16 : a->family == IP_V4 ? 4 : 0;
}

static inline uint8_t ip_bits(const struct ip_addr *a)
{
	return (uint8_t)(ip_len(a) * 8);
}

int ip_cmp(const struct ip_addr *a, const struct ip_addr *b);
bool ip_eq(const struct ip_addr *a, const struct ip_addr *b);
bool ip_is_loopback(const struct ip_addr *a);
bool ip_is_any(const struct ip_addr *a); /* 0.0.0.0, :: or none */

/* 0, or -EINVAL. Text is an address alone: no port, zone or prefix length. */
int ip_parse(const char *text, struct ip_addr *out);
/* Writes into buf (IP_TEXT_MAX is always enough), returns buf. RFC 5952 form; "-" for none. */
const char *ip_text(const struct ip_addr *a, char *buf, size_t cap);

/* Zeroes host bits. len above the family's width is cut to it. */
struct ip_prefix ip_prefix_of(const struct ip_addr *a, uint8_t len);
int ip_prefix_parse(const char *text, struct ip_prefix *out); /* "addr/len"; "addr" is a host */
const char *ip_prefix_text(const struct ip_prefix *p, char *buf, size_t cap);
bool ip_prefix_has(const struct ip_prefix *p, const struct ip_addr *a);
int ip_prefix_cmp(const struct ip_prefix *a, const struct ip_prefix *b);

/* Bits [at, at + n) of an address as an integer, n <= 64, bit 0 the most significant. */
uint64_t ip_bits_get(const struct ip_addr *a, unsigned at, unsigned n);
void ip_bits_set(struct ip_addr *a, unsigned at, unsigned n, uint64_t v);
/* Takes n bits out at `at`: those behind them move up, zeros follow. */
void ip_bits_drop(struct ip_addr *a, unsigned at, unsigned n);
/* The first n bits are the same; the family is not looked at. */
bool ip_bits_same(const struct ip_addr *a, const struct ip_addr *b, unsigned n);
