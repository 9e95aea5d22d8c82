/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as values; text by the C library's own parser and printer. */
#include "base/ip.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

struct ip_addr ip_v4(const void *octets4)
{
	struct ip_addr a = { .family = IP_V4 };

	memcpy(a.b, octets4, 4);
	return a;
}

struct ip_addr ip_v6(const void *octets16)
{
	struct ip_addr a = { .family = IP_V6 };

	memcpy(a.b, octets16, 16);
	return a;
}

int ip_cmp(const struct ip_addr *a, const struct ip_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->b, b->b, sizeof(a->b));
}

bool ip_eq(const struct ip_addr *a, const struct ip_addr *b)
{
	return ip_cmp(a, b) == 0;
}

bool ip_is_loopback(const struct ip_addr *a)
{
	static const uint8_t v6[16] = { [15] = 1 };

	return (a->family == IP_V4 && a->b[0] == 127) ||
	       (a->family == IP_V6 && memcmp(a->b, v6, sizeof(v6)) == 0);
}

bool ip_is_any(const struct ip_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->b, zero, sizeof(zero)) == 0;
}

int ip_parse(const char *text, struct ip_addr *out)
{
	struct ip_addr a = { .family = IP_V4 };

	if (inet_pton(AF_INET, text, a.b) != 1) {
		a = (struct ip_addr){ .family = IP_V6 };
		if (inet_pton(AF_INET6, text, a.b) != 1)
			return -EINVAL;
	}
	*out = a;
	return 0;
}

const char *ip_text(const struct ip_addr *a, char *buf, size_t cap)
{
	int af = a->family == IP_V6 ? AF_INET6 : AF_INET;

	if (cap == 0)
		return "";
	if (a->family == IP_NONE || !inet_ntop(af, a->b, buf, (socklen_t)cap))
		(void)snprintf(buf, cap, "-");
	return buf;
}

struct ip_prefix ip_prefix_of(const struct ip_addr *a, uint8_t len)
{
	struct ip_prefix p = { .addr = *a, .len = len };
	uint8_t width = ip_bits(a);

	if (p.len > width)
		p.len = width;
	for (unsigned i = 0; i < sizeof(p.addr.b); i++) {
		unsigned keep = p.len > i * 8 ? p.len - i * 8 : 0;

		if (keep < 8)
			p.addr.b[i] &= (uint8_t)(0xff00U >> keep & 0xff);
	}
	return p;
}

int ip_prefix_parse(const char *text, struct ip_prefix *out)
{
	char buf[IP_PREFIX_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	struct ip_addr a;
	unsigned long len;
	char *end;

	if (n >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, text, n);
	buf[n] = '\0';
	if (ip_parse(buf, &a) < 0)
		return -EINVAL;
	len = ip_bits(&a);
	if (slash) {
		if (slash[1] < '0' || slash[1] > '9')
			return -EINVAL;
		len = strtoul(slash + 1, &end, 10);
		if (*end != '\0' || len > ip_bits(&a))
			return -EINVAL;
	}
	*out = ip_prefix_of(&a, (uint8_t)len);
	return 0;
}

const char *ip_prefix_text(const struct ip_prefix *p, char *buf, size_t cap)
{
	char a[IP_TEXT_MAX];

	(void)snprintf(buf, cap, "%s/%u", ip_text(&p->addr, a, sizeof(a)), p->len);
	return buf;
}

bool ip_prefix_has(const struct ip_prefix *p, const struct ip_addr *a)
{
	struct ip_prefix q;

	if (p->addr.family != a->family)
		return false;
	q = ip_prefix_of(a, p->len);
	return ip_eq(&q.addr, &p->addr);
}

int ip_prefix_cmp(const struct ip_prefix *a, const struct ip_prefix *b)
{
	int c = ip_cmp(&a->addr, &b->addr);

	if (c != 0)
		return c;
	return a->len < b->len ? -1 : a->len > b->len;
}

/* The address as one number, and a field of it: bits [at, at + n), n > 0 and at + n <= 128. */
__extension__ typedef unsigned __int128 u128;

static u128 number_of(const struct ip_addr *a)
{
	uint64_t w[2];

	memcpy(w, a->b, sizeof(w));
	return (u128)be64toh(w[0]) << 64 | be64toh(w[1]);
}

static void number_put(struct ip_addr *a, u128 x)
{
	const uint64_t w[2] = { htobe64((uint64_t)(x >> 64)), htobe64((uint64_t)x) };

	memcpy(a->b, w, sizeof(w));
}

static unsigned field_len(unsigned at, unsigned n)
{
	return at >= 128 ? 0 : at + n < 128 ? n : 128 - at;
}

uint64_t ip_bits_get(const struct ip_addr *a, unsigned at, unsigned n)
{
	unsigned len = field_len(at, n);

	return len ? (uint64_t)(number_of(a) << at >> (128 - len)) : 0;
}

/* What reaches beyond the end is not there. */
void ip_bits_set(struct ip_addr *a, unsigned at, unsigned n, uint64_t v)
{
	unsigned len = field_len(at, n), low = 128 - at - len;
	u128 mask, x;

	if (len == 0)
		return;
	mask = (~(u128)0 >> (128 - len)) << low;
	x = (number_of(a) & ~mask) | ((u128)(v >> (n - len)) << low & mask);
	number_put(a, x);
}

bool ip_bits_same(const struct ip_addr *a, const struct ip_addr *b, unsigned n)
{
	u128 differ = number_of(a) ^ number_of(b);

	return n == 0 || differ >> (n < 128 ? 128 - n : 0) == 0;
}

void ip_bits_drop(struct ip_addr *a, unsigned at, unsigned n)
{
	u128 x = number_of(a), rest = at < 128 ? ~(u128)0 >> at : 0;

	x = (x & ~rest) | ((n < 128 ? x << n : 0) & rest);
	number_put(a, x);
}
