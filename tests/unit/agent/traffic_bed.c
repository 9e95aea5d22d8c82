/* SPDX-License-Identifier: Apache-2.0 */
#include "traffic_bed.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int ns[NODES];
struct loop *loop;
struct agent_slices *pe1, *pe2;

/* ---- the network ---- */

static void customer(int node, int pe, const char *port, const char *address)
{
	lab_enter();
	ns[node] = lab_ns();
	lab_cable("up", port, ns[pe]);
	lab_addr("up", address, 48);
	lab_addr("up", "fe80::2", 64);
	lab_addr("lo", "2001:db8:bad::1", 128);
	lab_via("2000::/3", "fe80::1", "up");
	lab_via("fc00::/16", "fe80::1", "up");
	lab_switch(ns[pe]);
	lab_addr(port, "fe80::1", 64);
}

static void router(int node)
{
	lab_enter();
	ns[node] = lab_ns();
	lab_sysctl("ipv6/conf/all/forwarding", "1");
	lab_sysctl("ipv6/conf/default/forwarding", "1");
	(void)lab_link("sr0", "ifb");
}

void traffic_up(const char *device1, const char *device2)
{
	router(PE2);
	router(PE1);
	lab_cable("core", "core", ns[PE2]);
	lab_addr("core", "fd00::1", 64);
	lab_addr("lo", "fc00:0:1::1", 128);
	customer(C1A, PE1, "ce1", "2001:db8:a::2");
	customer(C2A, PE1, "ce2", "2001:db8:a::2");
	customer(C1B, PE2, "ce1", "2001:db8:b::2");
	customer(C2B, PE2, "ce2", "2001:db8:b::2");
	lab_switch(ns[PE2]);
	lab_addr("core", "fd00::2", 64);
	ck_assert_int_eq(loop_new(&loop), 0);
	pe2 = engine(loop, device2);
	lab_switch(ns[PE1]);
	lab_via("fc00:0:2::/48", "fd00::2", "core");
	lab_via("fc00:1:2::/48", "fd00::2", "core");
	pe1 = engine(loop, device1);
}

void traffic_down(void)
{
	pe1 = agent_slices_free(pe1);
	pe2 = agent_slices_free(pe2);
	loop = loop_free(loop);
	ly_ctx_destroy(models);
	models = NULL;
	for (int i = 0; i < NODES; i++)
		close(ns[i]);
}

/* ---- packets ---- */

static uint64_t wall_ns(void)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &t), 0);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static struct sockaddr_in6 to(const char *address, uint16_t port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	ck_assert_int_eq(inet_pton(AF_INET6, address, &sa.sin6_addr), 1);
	return sa;
}

int receiver_at(int node, const char *address, uint16_t port)
{
	struct sockaddr_in6 sa = to(address, port);
	int fd, size = 64 << 20, on = 1;

	lab_switch(ns[node]);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	lab_switch(ns[PE1]);
	return fd;
}

int receiver(int node, uint16_t port)
{
	return receiver_at(node, "2001:db8:b::2", port);
}

int sender(int node, const char *source, const char *dest, uint16_t port, int dscp)
{
	struct sockaddr_in6 from = to(source, 0), sa = to(dest, port);
	int fd, class = dscp << 2, size = 64 << 20;

	lab_switch(ns[node]);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	ck_assert_int_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof(class)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	lab_switch(ns[PE1]);
	return fd;
}

void send_one(int fd)
{
	char payload[PAYLOAD] = { 0 };
	uint64_t now = wall_ns();

	memcpy(payload, &now, sizeof(now));
	(void)send(fd, payload, sizeof(payload), 0); /* what is lost is what the test is about */
}

static uint64_t stamp_of(struct msghdr *m)
{
	struct timespec t = { 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&t, CMSG_DATA(c), sizeof(t));
	}
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static int num_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct arrivals *receive(int fd, unsigned want, unsigned wait_ms)
{
	struct arrivals *a = calloc(1, sizeof(*a));
	char payload[PAYLOAD];
	_Alignas(struct cmsghdr) char control[256];
	struct timeval tv = { .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000 };

	ck_assert_ptr_nonnull(a);
	for (;;) {
		struct iovec iov = { payload, sizeof(payload) };
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				    .msg_controllen = sizeof(control) };
		struct timeval brief = { .tv_usec = 200000 };
		uint64_t sent;

		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, a->n < want ? &tv : &brief, sizeof(tv));
		if (recvmsg(fd, &m, 0) != PAYLOAD)
			break;
		memcpy(&sent, payload, sizeof(sent));
		a->last = stamp_of(&m);
		a->first = a->n ? a->first : a->last;
		a->delay[a->n++ % (1 << 14)] = a->last - sent;
	}
	if (a->n > 0 && a->n <= 1 << 14) {
		qsort(a->delay, a->n, sizeof(a->delay[0]), num_cmp);
		a->p99 = a->delay[a->n * 99 / 100];
	}
	return a;
}

unsigned arrived(int fd, unsigned want)
{
	struct arrivals *a = receive(fd, want, want ? 5000 : 200);
	unsigned n = a->n;

	free(a);
	return n;
}

/* ---- flows ---- */

void *flow_run(void *arg)
{
	struct flow *f = arg;
	struct timespec t;
	uint64_t next = wall_ns();

	while (!f->stop && (f->n == 0 || f->sent < f->n)) {
		uint64_t now = wall_ns();

		if (now < next) {
			t = (struct timespec){ .tv_nsec = (long)(next - now) };
			(void)nanosleep(&t, NULL);
			continue;
		}
		send_one(f->fd);
		f->sent++;
		/* a sender that overslept must not send a burst of its own making */
		next = (now - next < f->late_ns ? next : now) + f->gap_ns;
	}
	return NULL;
}

double rate_of(const struct arrivals *a)
{
	return a->n < 2 ? 0 : (double)(a->n - 1) * WIRE * 8e9 / (double)(a->last - a->first);
}
