/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One UDP flow of numbered, timed packets, for labs: what a receiver saw of it. Both ends on one machine,
 * so that one clock times them.
 *
 *   sextant-flow send --to ADDRESS [--from ADDRESS] [--port 5000] [--rate 1000] [--size 100] [--count N] [--dscp N]
 *   sextant-flow receive --on ADDRESS [--port 5000] [--idle MS]
 *
 * The receiver ends when asked to (SIGTERM, SIGINT) or when nothing has come for a while after something has,
 * and prints one JSON object: packets received, lost (numbers between the first and last that did not come),
 * doubled, reordered; the longest gap between two arrivals and the delay in microseconds. SIGUSR1: prints what
 * was since the last time, and begins anew. The sender keeps its rate: what it could not send in time it sends late.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEADER = 16, SIZE_MAX_ = 1400, SAMPLES_MAX = 4 << 20, WINDOW = 1 << 16 };

static volatile sig_atomic_t over, report;

static void on_end(int s)
{
	(void)s;
	over = 1;
}

static void on_report(int s)
{
	(void)s;
	report = 1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int usage(void)
{
	fputs("usage: sextant-flow send --to ADDRESS [--from ADDRESS] [--port N] [--rate PER_S] [--size N] [--count N] [--dscp N]\n"
	      "       sextant-flow receive --on ADDRESS [--port N] [--idle MS]\n",
	      stderr);
	return 2;
}

struct args {
	const char *to, *from, *on;
	unsigned long port, rate, size, count, dscp, idle;
};

static int bound(const char *address, unsigned long port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), big = 16 << 20;

	if (fd < 0 || (address && inet_pton(AF_INET6, address, &sa.sin6_addr) != 1)) {
		fprintf(stderr, "sextant-flow: %s is no IPv6 address\n", address ? address : "?");
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0) {
		perror("sextant-flow: bind");
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- sender ---- */

static int run_sender(const struct args *a)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)a->port) };
	uint8_t buf[SIZE_MAX_] = { 0 };
	int fd = bound(a->from, 0), class = (int)a->dscp << 2;
	uint64_t sent = 0, failed = 0, start = now_ns();

	if (fd < 0 || inet_pton(AF_INET6, a->to, &to.sin6_addr) != 1)
		return usage();
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof(class));
	for (; !over && (a->count == 0 || sent < a->count); sent++) {
		uint64_t due = start + sent * 1000000000u / a->rate, now;
		const struct timespec at = { .tv_sec = (time_t)(due / 1000000000u),
					     .tv_nsec = (long)(due % 1000000000u) };

		while (!over && now_ns() < due)
			(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		now = now_ns();
		memcpy(buf, &sent, sizeof(sent));
		memcpy(buf + 8, &now, sizeof(now));
		failed += sendto(fd, buf, a->size, 0, (const struct sockaddr *)&to, sizeof(to)) < 0;
	}
	printf("{\"sent\":%" PRIu64 ",\"failed\":%" PRIu64 "}\n", sent, failed);
	close(fd);
	return 0;
}

/* ---- receiver ---- */

struct seen {
	uint64_t received, doubled, reordered, first, highest, last_ns, gap_ns, gap_at;
	uint32_t *delay_us;
	size_t n_delay;
	uint8_t window[WINDOW / 8]; /* which of the last numbers have come */
};

static bool mark(struct seen *s, uint64_t n)
{
	uint8_t *b = &s->window[n % WINDOW / 8], bit = (uint8_t)(1u << (n % 8));
	bool had = *b & bit;

	*b = (uint8_t)(*b | bit);
	return had;
}

static void unmark(struct seen *s, uint64_t from, uint64_t to)
{
	if (to - from >= WINDOW) {
		memset(s->window, 0, sizeof(s->window));
		return;
	}
	for (uint64_t n = from; n <= to; n++)
		s->window[n % WINDOW / 8] &= (uint8_t)~(1u << (n % 8));
}

static void take(struct seen *s, const uint8_t *buf)
{
	uint64_t n, sent_ns, now = now_ns();

	memcpy(&n, buf, sizeof(n));
	memcpy(&sent_ns, buf + 8, sizeof(sent_ns));
	if (s->received == 0) {
		s->first = s->highest = n;
		memset(s->window, 0, sizeof(s->window));
	} else if (n > s->highest) {
		unmark(s, s->highest + 1, n);
		s->highest = n;
	} else if (s->highest - n >= WINDOW || n < s->first) {
		s->reordered++;
		return;
	} else {
		s->reordered++;
	}
	if (mark(s, n)) {
		s->doubled++;
		return;
	}
	if (s->last_ns && now - s->last_ns > s->gap_ns) {
		s->gap_ns = now - s->last_ns;
		s->gap_at = n;
	}
	s->last_ns = now;
	s->received++;
	if (s->n_delay < SAMPLES_MAX)
		s->delay_us[s->n_delay++] = (uint32_t)((now - sent_ns) / 1000);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t part(const struct seen *s, unsigned per_mille)
{
	return s->n_delay ? s->delay_us[(s->n_delay - 1) * per_mille / 1000] : 0;
}

static void print(struct seen *s)
{
	uint64_t span = s->received ? s->highest - s->first + 1 : 0;
	uint32_t *delay = s->delay_us;

	qsort(s->delay_us, s->n_delay, sizeof(*s->delay_us), by_value);
	printf("{\"received\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"doubled\":%" PRIu64 ",\"reordered\":%" PRIu64
	       ",\"first\":%" PRIu64 ",\"last\":%" PRIu64 ",\"gap-us\":%" PRIu64 ",\"gap-before\":%" PRIu64
	       ",\"delay-p50-us\":%u,\"delay-p99-us\":%u,\"delay-max-us\":%u}\n",
	       s->received, span > s->received ? span - s->received : 0, s->doubled, s->reordered, s->first,
	       s->highest, s->gap_ns / 1000, s->gap_at, part(s, 500), part(s, 990), part(s, 1000));
	fflush(stdout);
	memset(s, 0, sizeof(*s));
	s->delay_us = delay;
}

static int run_receiver(const struct args *a)
{
	static struct seen s;
	uint8_t buf[2048];
	int fd = bound(a->on, a->port);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	s.delay_us = malloc(SAMPLES_MAX * sizeof(*s.delay_us));
	if (fd < 0 || !s.delay_us)
		return 1;
	puts("{\"listening\":true}");
	fflush(stdout);
	while (!over) {
		int n = poll(&p, 1, a->idle && s.received ? (int)a->idle : -1);

		if (n == 0)
			break;
		while (n > 0 && recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= HEADER)
			take(&s, buf);
		if (report) {
			report = 0;
			print(&s);
		}
	}
	print(&s);
	free(s.delay_us);
	close(fd);
	return 0;
}

static bool number(unsigned long *out, unsigned long min, unsigned long max)
{
	char *end;

	errno = 0;
	*out = strtoul(optarg, &end, 10);
	return errno == 0 && *optarg && !*end && *out >= min && *out <= max;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "to", required_argument, NULL, 't' },	   { "from", required_argument, NULL, 'f' },
		{ "on", required_argument, NULL, 'o' },	   { "port", required_argument, NULL, 'p' },
		{ "rate", required_argument, NULL, 'r' },  { "size", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'n' }, { "dscp", required_argument, NULL, 'd' },
		{ "idle", required_argument, NULL, 'i' },  { 0 },
	};
	struct args a = { .port = 5000, .rate = 1000, .size = 100 };
	struct sigaction end = { .sa_handler = on_end }, usr = { .sa_handler = on_report };
	bool ok = true;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 't': a.to = optarg; break;
		case 'f': a.from = optarg; break;
		case 'o': a.on = optarg; break;
		case 'p': ok = ok && number(&a.port, 1, 65535); break;
		case 'r': ok = ok && number(&a.rate, 1, 1000000); break;
		case 's': ok = ok && number(&a.size, HEADER, SIZE_MAX_); break;
		case 'n': ok = ok && number(&a.count, 1, 1000000000); break;
		case 'd': ok = ok && number(&a.dscp, 0, 63); break;
		case 'i': ok = ok && number(&a.idle, 1, 3600000); break;
		default: return usage();
		}
	}
	if (!ok || optind != argc - 1)
		return usage();
	(void)sigaction(SIGTERM, &end, NULL);
	(void)sigaction(SIGINT, &end, NULL);
	(void)sigaction(SIGUSR1, &usr, NULL);
	if (strcmp(argv[optind], "send") == 0 && a.to)
		return run_sender(&a);
	if (strcmp(argv[optind], "receive") == 0 && a.on)
		return run_receiver(&a);
	return usage();
}
