/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/measure/stamp_io.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "base/mono.h"
#include "base/wr.h"
#include "southbound/stamp/codec/stampc.h"
#include "tools/agent/measure/stamp_cfg.h"

enum { SRH_TYPE = 4 }; /* RFC 8754 */

static uint64_t ns_of(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_nsec;
}

/* Not loop_now(): that is when the loop woke up, which is not when a packet leaves. */
struct agent_stamp_now agent_stamp_now(void)
{
	struct timespec wall = { 0 }, mono = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &mono);
	(void)clock_gettime(CLOCK_REALTIME, &wall);
	return (struct agent_stamp_now){ ns_of(&wall), ns_of(&mono) };
}

bool agent_stamp_kernel_clock(uint64_t *error_ns)
{
	struct timex t = { 0 };
	int state = adjtimex(&t);

	*error_ns = t.maxerror > 0 ? (uint64_t)t.maxerror * 1000 : 1000;
	return state >= 0 && state != TIME_ERROR && !(t.status & STA_UNSYNC);
}

void agent_stamp_mac(const struct conf_md5 *key, const uint8_t *packet, uint8_t *mac)
{
	uint8_t whole[EVP_MAX_MD_SIZE] = { 0 };

	/* a digest that cannot be had is zero here and something else at the other end */
	(void)HMAC(EVP_sha256(), key->key, key->len, packet, STAMPC_MAC_COVERS, whole, NULL);
	memcpy(mac, whole, STAMPC_MAC);
}

bool agent_stamp_mac_is(const struct conf_md5 *key, const uint8_t *packet, const uint8_t *mac)
{
	uint8_t want[STAMPC_MAC];

	agent_stamp_mac(key, packet, want);
	return CRYPTO_memcmp(want, mac, sizeof(want)) == 0;
}

struct sockaddr_in6 agent_stamp_sa(const struct ip_addr *a, uint16_t port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (a->family == IP_V6)
		memcpy(&sa.sin6_addr, a->b, 16);
	return sa;
}

static int option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

int agent_stamp_socket(const struct ip_addr *addr, uint16_t port)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_IPV6, IPV6_V6ONLY, 1 },	  { SOL_SOCKET, SO_TIMESTAMPNS, 1 },
		{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1 },	  { IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 },
		{ IPPROTO_IPV6, IPV6_RECVTCLASS, 1 },	  { IPPROTO_IPV6, IPV6_DONTFRAG, 1 },
		{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255 },
	};
	struct sockaddr_in6 sa = agent_stamp_sa(addr, port);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(options) && rc == 0; i++)
		rc = option(fd, options[i].level, options[i].name, options[i].value);
	if (rc == 0 && bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		rc = -errno;
	if (rc == 0)
		return fd;
	(void)close(fd);
	return rc;
}

int agent_stamp_via(int fd, const struct ip_addr *segments, unsigned n)
{
	uint8_t buf[8 + 16 * (AGENT_STAMP_SEGMENTS + 1)];
	struct wr w = wr_of(buf, sizeof(buf));

	if (n == 0)
		return setsockopt(fd, IPPROTO_IPV6, IPV6_RTHDR, NULL, 0) < 0 ? -errno : 0;
	if (n > AGENT_STAMP_SEGMENTS)
		return -EINVAL;
	wr_u8(&w, 0);			   /* next header: the kernel's */
	wr_u8(&w, (uint8_t)(2 * (n + 1))); /* in 8 octets, without the first */
	wr_u8(&w, SRH_TYPE);
	wr_u8(&w, (uint8_t)n); /* segments left */
	wr_u8(&w, (uint8_t)n); /* last entry */
	wr_u8(&w, 0);
	wr_u16(&w, 0);
	wr_zero(&w, 16); /* the last segment: the kernel puts the destination there */
	for (unsigned i = n; i > 0; i--)
		wr_bytes(&w, segments[i - 1].b, 16);
	return setsockopt(fd, IPPROTO_IPV6, IPV6_RTHDR, buf, (socklen_t)w.len) < 0 ? -errno : 0;
}

static void meta_of(struct msghdr *h, struct agent_stamp_meta *m)
{
	struct timespec ts;
	int value;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			m->rx_ns = ns_of(&ts);
			continue;
		}
		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&m->to, CMSG_DATA(c), sizeof(m->to));
			continue;
		}
		memcpy(&value, CMSG_DATA(c), sizeof(value));
		if (c->cmsg_type == IPV6_HOPLIMIT)
			m->hop_limit = (uint8_t)value;
		else if (c->cmsg_type == IPV6_TCLASS)
			m->traffic_class = (uint8_t)value;
	}
}

ssize_t agent_stamp_recv(int fd, uint8_t *buf, size_t cap, struct agent_stamp_meta *m)
{
	union {
		struct cmsghdr align;
		uint8_t b[256];
	} control;
	struct iovec v = { .iov_base = buf, .iov_len = cap };
	struct msghdr h = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = control.b,
			    .msg_controllen = sizeof(control.b),
			    .msg_name = &m->from,
			    .msg_namelen = sizeof(m->from) };
	ssize_t n;

	*m = (struct agent_stamp_meta){ 0 };
	n = recvmsg(fd, &h, 0);
	if (n < 0)
		return -errno;
	if (h.msg_flags & MSG_TRUNC)
		return 0; /* longer than any of ours: too short a packet to its reader */
	meta_of(&h, m);
	return n;
}

int agent_stamp_answer(int fd, const uint8_t *buf, size_t len, const struct agent_stamp_meta *m,
		       const struct sockaddr_in6 *to)
{
	union {
		struct cmsghdr align;
		uint8_t b[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct sockaddr_in6 dst = *to;
	struct iovec v = { .iov_base = (void *)(uintptr_t)buf, .iov_len = len };
	struct msghdr h = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = control.b,
			    .msg_controllen = sizeof(control.b),
			    .msg_name = &dst,
			    .msg_namelen = sizeof(dst) };
	struct in6_pktinfo from = { .ipi6_addr = m->to.ipi6_addr };
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	int class = m->traffic_class;

	/* by the routing table; only a link-local neighbour is bound to its link */
	if (IN6_IS_ADDR_LINKLOCAL(&to->sin6_addr))
		from.ipi6_ifindex = m->to.ipi6_ifindex;
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(from));
	memcpy(CMSG_DATA(c), &from, sizeof(from));
	c = CMSG_NXTHDR(&h, c);
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_TCLASS;
	c->cmsg_len = CMSG_LEN(sizeof(class));
	memcpy(CMSG_DATA(c), &class, sizeof(class));
	return sendmsg(fd, &h, 0) < 0 ? -errno : 0;
}
