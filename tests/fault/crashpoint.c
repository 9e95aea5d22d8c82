/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a daemon: kills it (SIGKILL) just before its N-th step. A step is a system call by which
 * something outside changes: a transaction that begins to be written to the store, one that is synced, a
 * message to a router (gNMI, PCEP), the first answer to a client. Between two of them nobody can tell when
 * it died, so that all N together are every moment there is.
 *
 * SEXTANT_CRASHPOINT names a file of three numbers of 8 octets, shared with the test, which arms it by writing
 * them: steps that are left (0: not armed, and nothing is counted), steps seen since, whether there was an
 * answer since. Every step is a line of FILE.trail: its number and what it is.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	GNMI = 9339,
	PCEP = 4189,
	HTTP = 8080,
	FRAME_MIN = 100, /* shorter ones on a gNMI connection are pings, window updates, acknowledgements */
	KEEPALIVE = 4,	 /* PCEP's shortest message */
};

struct shared {
	_Atomic uint64_t left, seen, answered;
};

static struct shared *shared;
static int trail = -1;
static _Atomic int writing; /* a transaction is being written */

__attribute__((constructor)) static void begin(void)
{
	const char *file = getenv("SEXTANT_CRASHPOINT");
	char name[4096];
	int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	if (fd < 0)
		return;
	at = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (at == MAP_FAILED)
		return;
	(void)snprintf(name, sizeof(name), "%s.trail", file);
	trail = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	shared = at;
}

static int armed(void)
{
	return shared && atomic_load(&shared->left) > 0;
}

static void step(const char *what)
{
	uint64_t left = shared ? atomic_load(&shared->left) : 0;
	char line[300];
	int n;

	while (left > 0 && !atomic_compare_exchange_weak(&shared->left, &left, left - 1))
		;
	if (left == 0)
		return;
	n = snprintf(line, sizeof(line), "%llu %s\n", (unsigned long long)(atomic_fetch_add(&shared->seen, 1) + 1),
		     what);
	/* Not by write(), which is one of those that are counted. */
	(void)!syscall(SYS_write, trail, line, (size_t)n);
	if (left == 1)
		(void)kill(getpid(), SIGKILL);
}

/* ---- the store ---- */

static int is_store(int fd)
{
	char link[64], path[4096];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return 0;
	path[n] = '\0';
	return strstr(path, ".db") != NULL;
}

static void before_write(int fd)
{
	if (armed() && is_store(fd) && !atomic_exchange(&writing, 1))
		step("store write");
}

static void before_sync(int fd)
{
	if (armed() && is_store(fd)) {
		step("store sync");
		atomic_store(&writing, 0);
	}
}

/* ---- the network ---- */

static uint16_t port_of(const struct sockaddr_in6 *a)
{
	return a->sin6_family == AF_INET6 ? ntohs(a->sin6_port) : 0;
}

static void before_send(int fd, size_t len)
{
	struct sockaddr_in6 here = { 0 }, there = { 0 };
	socklen_t n = sizeof(here), m = sizeof(there);
	char addr[INET6_ADDRSTRLEN], what[128];

	if (!armed() || getsockname(fd, (struct sockaddr *)&here, &n) != 0 ||
	    getpeername(fd, (struct sockaddr *)&there, &m) != 0)
		return;
	(void)inet_ntop(AF_INET6, &there.sin6_addr, addr, sizeof(addr));
	if (port_of(&there) == GNMI && len >= FRAME_MIN) {
		(void)snprintf(what, sizeof(what), "gnmi %s %zu", addr, len);
		step(what);
	} else if (port_of(&here) == PCEP && len > KEEPALIVE) {
		(void)snprintf(what, sizeof(what), "pcep %s %zu", addr, len);
		step(what);
	} else if (port_of(&here) == HTTP && !atomic_exchange(&shared->answered, 1)) {
		step("answer");
	}
}

/* ---- in the place of the library's ---- */

/* The next function of that name; POSIX wants the detour by an object pointer. */
#define NEXT(fn)                                          \
	static __typeof__(fn) *real;                      \
	if (!real)                                        \
		*(void **)(&real) = dlsym(RTLD_NEXT, #fn)

/* With 64 bits for places in files this is pwrite64, as SQLite calls it. */
ssize_t pwrite(int fd, const void *buf, size_t n, off_t at)
{
	NEXT(pwrite);
	before_write(fd);
	return real(fd, buf, n, at);
}

int fdatasync(int fd)
{
	NEXT(fdatasync);
	before_sync(fd);
	return real(fd);
}

int fsync(int fd)
{
	NEXT(fsync);
	before_sync(fd);
	return real(fd);
}

ssize_t send(int fd, const void *buf, size_t n, int flags)
{
	NEXT(send);
	before_send(fd, n);
	return real(fd, buf, n, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	size_t n = 0;

	NEXT(sendmsg);
	for (size_t i = 0; i < msg->msg_iovlen; i++)
		n += msg->msg_iov[i].iov_len;
	before_send(fd, n);
	return real(fd, msg, flags);
}
