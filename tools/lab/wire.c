// SPDX-License-Identifier: Apache-2.0
/*
 * sextant-wire: the links of a virtual backbone.
 *
 * Every link is a pair of TAP devices in two network namespaces.  One process carries the frames
 * of all links and adds, for each direction, delay, jitter, loss and a rate limit; it can take the
 * carrier away at both ends, as a cut fibre does.  It needs no queueing discipline of the kernel.
 *
 * Invariants: frames of one direction never overtake each other; what waits in one direction is
 * bounded in frames and bytes, and what is over the bound is dropped and counted; a link that is
 * down carries nothing and holds nothing.
 * Ownership: `wires` owns the links, a way owns its waiting frames, a link its two devices.  The
 * devices live as long as this process.
 * One file, though long: a machine without a build folder compiles it with cc alone.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINKS_MAX 1024u
#define NAME_MAX_LEN 32u
#define RING_FRAMES 8192u /* power of two */
#define RING_BYTES (16u << 20)
#define FRAME_MAX 65536u
#define READS_A_TURN 64
#define EVENTS_A_TURN 64
#define BACKLOG_NS 100000000ull /* a rate-limited sender waits at most this long for its turn */
#define DELAY_US_MAX 10000000u
#define RATE_KBIT_MAX 100000000u
#define ANSWER_MAX 131072u
#define COMMAND_MAX 512u
#define REPLY_MS 2000

enum { TAG_CONTROL, TAG_SIGNAL, TAG_WAYS };

struct frame {
	uint64_t due_ns;
	size_t len;
	uint8_t data[];
};

struct shape {
	uint32_t delay_us, jitter_us, loss_ppm, rate_kbit;
};

/* One direction of a link: frames come in at one device and leave at the other. */
struct way {
	int in, out;
	struct shape shape;
	uint64_t last_due_ns, free_ns;
	struct frame *ring[RING_FRAMES];
	uint32_t head, tail; /* tail: oldest waiting frame; both run free */
	size_t bytes;
	uint64_t carried, lost, dropped;
};

struct link {
	char name[NAME_MAX_LEN];
	bool up;
	struct way way[2]; /* [0]: from end a to end b */
};

struct wires {
	struct link *link[LINKS_MAX];
	uint32_t n;
	int epoll, control, signals;
	uint64_t seed;
	const char *socket_path;
};

static const char *why(void)
{
	const char *s = strerrordesc_np(errno);
	return s ? s : "unknown error";
}

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static uint64_t next_random(struct wires *w)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return w->seed;
}

/* ---- devices ---- */

static int open_tap(const char *netns, const char *ifname, int mtu, int home)
{
	char path[128];
	snprintf(path, sizeof path, "/run/netns/%s", netns);
	int ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0) {
		fprintf(stderr, "sextant-wire: namespace %s: %s\n", netns, why());
		if (ns >= 0)
			close(ns);
		return -1;
	}
	close(ns);
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	snprintf(req.ifr_name, sizeof req.ifr_name, "%s", ifname);
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int helper = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = fd < 0 || helper < 0 ? -1 : ioctl(fd, TUNSETIFF, &req);
	if (rc == 0) {
		req.ifr_mtu = mtu;
		rc = ioctl(helper, SIOCSIFMTU, &req);
	}
	if (rc < 0)
		fprintf(stderr, "sextant-wire: device %s in %s: %s\n", ifname, netns, why());
	if (helper >= 0)
		close(helper);
	if (setns(home, CLONE_NEWNET) < 0)
		rc = -1;
	if (rc < 0 && fd >= 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int set_carrier(const struct link *l, int on)
{
	int rc = ioctl(l->way[0].in, TUNSETCARRIER, &on);
	return ioctl(l->way[1].in, TUNSETCARRIER, &on) < 0 ? -1 : rc;
}

/* ---- frames ---- */

static void send_frame(struct way *y, const uint8_t *data, size_t len)
{
	if (write(y->out, data, len) == (ssize_t)len)
		y->carried++;
	else
		y->dropped++;
}

static struct frame *take_oldest(struct way *y)
{
	assert(y->head != y->tail);
	struct frame *f = y->ring[y->tail++ % RING_FRAMES];
	y->bytes -= f->len;
	return f;
}

static void hold(struct way *y, const uint8_t *data, size_t len, uint64_t due_ns)
{
	struct frame *f = NULL;
	if (y->head - y->tail < RING_FRAMES && y->bytes + len <= RING_BYTES)
		f = malloc(sizeof *f + len);
	if (!f) {
		y->dropped++;
		return;
	}
	f->due_ns = due_ns;
	f->len = len;
	memcpy(f->data, data, len);
	y->ring[y->head++ % RING_FRAMES] = f;
	y->bytes += len;
}

static void drop_all(struct way *y)
{
	while (y->head != y->tail) {
		free(take_oldest(y));
		y->dropped++;
	}
}

/* Sends what is due; returns when the next frame is (UINT64_MAX: none waits). */
static uint64_t flush(struct way *y, uint64_t now)
{
	while (y->head != y->tail) {
		if (y->ring[y->tail % RING_FRAMES]->due_ns > now)
			return y->ring[y->tail % RING_FRAMES]->due_ns;
		struct frame *f = take_oldest(y);
		send_frame(y, f->data, f->len);
		free(f);
	}
	return UINT64_MAX;
}

static void enter(struct wires *w, struct way *y, const uint8_t *data, size_t len)
{
	const struct shape *s = &y->shape;
	uint64_t now = now_ns(), due = now;
	if (s->loss_ppm && next_random(w) % 1000000u < s->loss_ppm) {
		y->lost++;
		return;
	}
	if (s->rate_kbit) {
		if (y->free_ns < now)
			y->free_ns = now;
		if (y->free_ns - now > BACKLOG_NS) {
			y->dropped++;
			return;
		}
		y->free_ns += len * 8000000ull / s->rate_kbit;
		due = y->free_ns;
	}
	due += s->delay_us * 1000ull;
	if (s->jitter_us)
		due += next_random(w) % (s->jitter_us * 1000ull);
	if (due < y->last_due_ns)
		due = y->last_due_ns;
	y->last_due_ns = due;
	if (due <= now && y->head == y->tail)
		send_frame(y, data, len);
	else
		hold(y, data, len, due);
}

static void read_frames(struct wires *w, struct link *l, struct way *y)
{
	static uint8_t buf[FRAME_MAX];
	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t got = read(y->in, buf, sizeof buf);
		if (got <= 0)
			return;
		if (l->up)
			enter(w, y, buf, (size_t)got);
	}
}

/* ---- control ---- */

struct answer {
	char text[ANSWER_MAX];
	size_t len;
	bool full;
};

__attribute__((format(printf, 2, 3))) static void say(struct answer *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int k = vsnprintf(a->text + a->len, sizeof a->text - a->len, fmt, ap);
	va_end(ap);
	if (k < 0 || (size_t)k >= sizeof a->text - a->len)
		a->full = true;
	else
		a->len += (size_t)k;
}

static struct link *find_link(const struct wires *w, const char *name)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (strcmp(w->link[i]->name, name) == 0)
			return w->link[i];
	return NULL;
}

static bool read_number(const char *s, uint32_t max, uint32_t *outp)
{
	char *end = NULL;
	errno = 0;
	unsigned long v = strtoul(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno || v > max)
		return false;
	*outp = (uint32_t)v;
	return true;
}

/* One "key=value" word into a shape. */
static bool read_setting(const char *word, struct shape *s)
{
	static const struct {
		const char *key;
		size_t offset;
		uint32_t max;
	} keys[] = {
		{ "delay=", offsetof(struct shape, delay_us), DELAY_US_MAX },
		{ "jitter=", offsetof(struct shape, jitter_us), DELAY_US_MAX },
		{ "loss=", offsetof(struct shape, loss_ppm), 1000000u },
		{ "rate=", offsetof(struct shape, rate_kbit), RATE_KBIT_MAX },
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		size_t n = strlen(keys[i].key);
		uint32_t v = 0;
		if (strncmp(word, keys[i].key, n) != 0)
			continue;
		if (!read_number(word + n, keys[i].max, &v))
			return false;
		memcpy((char *)s + keys[i].offset, &v, sizeof v);
		return true;
	}
	return false;
}

static void say_link(struct answer *a, const struct link *l)
{
	const struct way *f = &l->way[0], *b = &l->way[1];
	say(a, "%s %s delay=%u,%u jitter=%u,%u loss=%u,%u rate=%u,%u", l->name,
	    l->up ? "up" : "down", f->shape.delay_us, b->shape.delay_us, f->shape.jitter_us,
	    b->shape.jitter_us, f->shape.loss_ppm, b->shape.loss_ppm, f->shape.rate_kbit,
	    b->shape.rate_kbit);
	say(a, " carried=%ju,%ju lost=%ju,%ju dropped=%ju,%ju\n", (uintmax_t)f->carried,
	    (uintmax_t)b->carried, (uintmax_t)f->lost, (uintmax_t)b->lost, (uintmax_t)f->dropped,
	    (uintmax_t)b->dropped);
}

static void do_stat(struct wires *w, struct link *l, char **rest, struct answer *a)
{
	(void)rest;
	say(a, "ok\n");
	for (uint32_t i = 0; i < w->n; i++)
		if (!l || l == w->link[i])
			say_link(a, w->link[i]);
}

static void do_carrier(struct link *l, bool up, struct answer *a)
{
	if (set_carrier(l, up) < 0) {
		say(a, "error: carrier of %s: %s\n", l->name, why());
		return;
	}
	l->up = up;
	if (!up) {
		drop_all(&l->way[0]);
		drop_all(&l->way[1]);
	}
	say(a, "ok\n");
}

static void do_up(struct wires *w, struct link *l, char **rest, struct answer *a)
{
	(void)w, (void)rest;
	do_carrier(l, true, a);
}

static void do_down(struct wires *w, struct link *l, char **rest, struct answer *a)
{
	(void)w, (void)rest;
	do_carrier(l, false, a);
}

/* set LINK [from=a|from=b] key=value...: without from, both directions. */
static void do_set(struct wires *w, struct link *l, char **rest, struct answer *a)
{
	(void)w;
	struct shape s[2] = { l->way[0].shape, l->way[1].shape };
	unsigned first = 0, last = 1;
	if (*rest && (strcmp(*rest, "from=a") == 0 || strcmp(*rest, "from=b") == 0))
		first = last = (*rest++)[5] == 'a' ? 0 : 1;
	for (; *rest; rest++)
		for (unsigned i = first; i <= last; i++)
			if (!read_setting(*rest, &s[i])) {
				say(a,
				    "error: '%s' is not delay|jitter|loss|rate=NUMBER in range\n",
				    *rest);
				return;
			}
	l->way[0].shape = s[0];
	l->way[1].shape = s[1];
	say(a, "ok\n");
}

static void run_command(struct wires *w, char *text, struct answer *a)
{
	static const struct {
		const char *name;
		bool needs_link;
		void (*run)(struct wires *w, struct link *l, char **rest, struct answer *a);
	} commands[] = {
		{ "stat", false, do_stat },
		{ "set", true, do_set },
		{ "down", true, do_down },
		{ "up", true, do_up },
	};
	char *words[8] = { NULL }, *save = NULL, *t = strtok_r(text, " \n", &save);
	for (size_t n = 0; t && n < sizeof words / sizeof *words - 1;
	     t = strtok_r(NULL, " \n", &save))
		words[n++] = t;
	for (size_t i = 0; words[0] && i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(words[0], commands[i].name) != 0)
			continue;
		struct link *l = words[1] ? find_link(w, words[1]) : NULL;
		if (!l && (words[1] || commands[i].needs_link))
			say(a, "error: no link '%s'\n", words[1] ? words[1] : "");
		else
			commands[i].run(w, l, words[1] ? words + 2 : words + 1, a);
		return;
	}
	say(a, "error: unknown command (stat, set, down, up)\n");
}

static void serve_control(struct wires *w)
{
	static struct answer a;
	char text[COMMAND_MAX + 1];
	struct sockaddr_un from;
	socklen_t from_len = sizeof from;
	ssize_t k = recvfrom(w->control, text, sizeof text - 1, MSG_DONTWAIT,
			     (struct sockaddr *)&from, &from_len);
	if (k <= 0)
		return;
	text[k] = '\0';
	a.len = 0;
	a.full = false;
	run_command(w, text, &a);
	if (a.full) {
		a.len = 0;
		say(&a, "error: answer too long, ask for one link\n");
	}
	if (from_len > sizeof(sa_family_t))
		sendto(w->control, a.text, a.len, MSG_DONTWAIT, (struct sockaddr *)&from, from_len);
}

/* ---- start ---- */

static bool fill_address(struct sockaddr_un *su, const char *path)
{
	*su = (struct sockaddr_un){ .sun_family = AF_UNIX };
	int k = snprintf(su->sun_path, sizeof su->sun_path, "%s", path);
	if (k > 0 && (size_t)k < sizeof su->sun_path)
		return true;
	fprintf(stderr, "sextant-wire: socket path too long: %s\n", path);
	return false;
}

static int add_link(struct wires *w, const char *line, int home)
{
	char name[NAME_MAX_LEN], ns[2][64], dev[2][IFNAMSIZ];
	struct shape s[2];
	int mtu = 0;
	int got = sscanf(line, "%31s %63s %15s %63s %15s %u %u %u %u %u %d", name, ns[0], dev[0],
			 ns[1], dev[1], &s[0].delay_us, &s[1].delay_us, &s[0].jitter_us,
			 &s[0].loss_ppm, &s[0].rate_kbit, &mtu);
	if (got != 11 || s[0].delay_us > DELAY_US_MAX || s[1].delay_us > DELAY_US_MAX ||
	    s[0].jitter_us > DELAY_US_MAX || s[0].loss_ppm > 1000000u ||
	    s[0].rate_kbit > RATE_KBIT_MAX || find_link(w, name) || w->n == LINKS_MAX) {
		fprintf(stderr, "sextant-wire: bad link line: %s", line);
		return -1;
	}
	s[1] = (struct shape){ s[1].delay_us, s[0].jitter_us, s[0].loss_ppm, s[0].rate_kbit };
	struct link *l = calloc(1, sizeof *l);
	if (!l)
		abort();
	memcpy(l->name, name, sizeof name);
	l->up = true;
	w->link[w->n++] = l;
	int fd[2];
	for (unsigned i = 0; i < 2; i++) {
		fd[i] = open_tap(ns[i], dev[i], mtu, home);
		if (fd[i] < 0)
			return -1;
	}
	for (unsigned i = 0; i < 2; i++) {
		l->way[i].in = fd[i];
		l->way[i].out = fd[1 - i];
		l->way[i].shape = s[i];
	}
	return 0;
}

static int read_config(struct wires *w, const char *path)
{
	char line[512];
	int rc = 0, home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	FILE *f = fopen(path, "re");
	if (!f || home < 0) {
		fprintf(stderr, "sextant-wire: %s: %s\n", path, why());
		rc = -1;
	}
	while (rc == 0 && fgets(line, sizeof line, f))
		if (line[0] != '#' && line[0] != '\n')
			rc = add_link(w, line, home);
	if (f)
		fclose(f);
	if (home >= 0)
		close(home);
	return rc;
}

static int open_control(struct wires *w)
{
	struct sockaddr_un su;
	if (!fill_address(&su, w->socket_path))
		return -1;
	w->control = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(w->socket_path);
	umask(0077);
	if (w->control < 0 || bind(w->control, (struct sockaddr *)&su, sizeof su) < 0) {
		fprintf(stderr, "sextant-wire: %s: %s\n", w->socket_path, why());
		return -1;
	}
	return 0;
}

static int watch(struct wires *w, int fd, uint32_t tag)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = tag };
	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static int watch_all(struct wires *w)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll < 0 || w->signals < 0 || watch(w, w->control, TAG_CONTROL) < 0 ||
	    watch(w, w->signals, TAG_SIGNAL) < 0)
		return -1;
	for (uint32_t i = 0; i < 2 * w->n; i++)
		if (watch(w, w->link[i / 2]->way[i % 2].in, TAG_WAYS + i) < 0)
			return -1;
	return 0;
}

static uint64_t flush_all(struct wires *w)
{
	uint64_t now = now_ns(), next = UINT64_MAX;
	for (uint32_t i = 0; i < 2 * w->n; i++) {
		uint64_t due = flush(&w->link[i / 2]->way[i % 2], now);
		if (due < next)
			next = due;
	}
	return next;
}

static void run(struct wires *w)
{
	for (;;) {
		struct epoll_event ev[EVENTS_A_TURN];
		struct timespec ts, *wait = NULL;
		uint64_t next = flush_all(w);
		if (next != UINT64_MAX) {
			uint64_t now = now_ns(), left = next > now ? next - now : 0;
			ts.tv_sec = (time_t)(left / 1000000000ull);
			ts.tv_nsec = (long)(left % 1000000000ull);
			wait = &ts;
		}
		int n = epoll_pwait2(w->epoll, ev, EVENTS_A_TURN, wait, NULL);
		for (int i = 0; i < n; i++) {
			uint32_t tag = ev[i].data.u32;
			if (tag == TAG_SIGNAL)
				return;
			if (tag == TAG_CONTROL) {
				serve_control(w);
				continue;
			}
			struct link *l = w->link[(tag - TAG_WAYS) / 2];
			read_frames(w, l, &l->way[(tag - TAG_WAYS) % 2]);
		}
	}
}

/* Everything that can go wrong has been done: leave the caller, write down who we are. */
static int go_background(const char *pid_path)
{
	pid_t child = fork();
	if (child == 0) {
		setsid();
		int null = open("/dev/null", O_RDWR);
		for (int fd = 0; fd < 3 && null >= 0; fd++)
			dup2(null, fd);
		if (null > 2)
			close(null);
		return 0;
	}
	FILE *f = child > 0 ? fopen(pid_path, "we") : NULL;
	if (!f || fprintf(f, "%d\n", (int)child) < 0 || fclose(f) != 0) {
		fprintf(stderr, "sextant-wire: %s: %s\n", pid_path, why());
		if (child > 0)
			kill(child, SIGTERM);
		exit(1);
	}
	exit(0);
}

static int cmd_run(const char *config, const char *socket_path, const char *pid_path)
{
	static struct wires w;
	w.socket_path = socket_path;
	if (getrandom(&w.seed, sizeof w.seed, GRND_NONBLOCK) < 0 || w.seed == 0)
		w.seed = 88172645463325252ull;
	if (read_config(&w, config) < 0 || open_control(&w) < 0)
		return 1;
	if (pid_path)
		go_background(pid_path);
	prctl(PR_SET_TIMERSLACK, 1000ul); /* 1 us: delays are to be what they say */
	if (watch_all(&w) < 0) {
		fprintf(stderr, "sextant-wire: epoll: %s\n", why());
		return 1;
	}
	run(&w);
	unlink(w.socket_path);
	return 0;
}

/* ---- the other end of the control socket ---- */

static int cmd_ctl(const char *path, char **words)
{
	static char text[ANSWER_MAX];
	char own[128];
	struct sockaddr_un su, self;
	struct timeval limit = { .tv_sec = REPLY_MS / 1000 };
	size_t len = 0;
	for (; *words; words++) {
		int k = snprintf(text + len, COMMAND_MAX - len, "%s ", *words);
		if (k < 0 || (size_t)k >= COMMAND_MAX - len) {
			fprintf(stderr, "sextant-wire: command too long\n");
			return 2;
		}
		len += (size_t)k;
	}
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* a name in the file system: abstract names end at the network namespace */
	snprintf(own, sizeof own, "%s.%d", path, (int)getpid());
	if (!fill_address(&su, path) || !fill_address(&self, own) || s < 0)
		return 1;
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	unlink(own);
	ssize_t k = -1;
	if (bind(s, (struct sockaddr *)&self, sizeof self) == 0 &&
	    sendto(s, text, len, 0, (struct sockaddr *)&su, sizeof su) >= 0)
		k = recv(s, text, sizeof text - 1, 0);
	int reason = errno;
	close(s);
	unlink(own);
	errno = reason;
	if (k < 0) {
		fprintf(stderr, "sextant-wire: no answer from %s: %s\n", path, why());
		return 3;
	}
	text[k] = '\0';
	bool good = strncmp(text, "ok\n", 3) == 0;
	fputs(good ? text + 3 : text, good ? stdout : stderr);
	return good ? 0 : 1;
}

static const char usage[] =
	"usage: sextant-wire run --config FILE --socket PATH [--pid FILE]\n"
	"       sextant-wire ctl PATH COMMAND...\n"
	"\n"
	"run: joins pairs of TAP devices in network namespaces, one line of FILE a link:\n"
	"  LINK NETNS-A DEV-A NETNS-B DEV-B DELAY-AB DELAY-BA JITTER LOSS RATE MTU\n"
	"  (microseconds, loss in ppm, rate in kbit/s or 0 for none).  With --pid it goes to the\n"
	"  background as soon as all devices exist.\n"
	"ctl: asks a running one:\n"
	"  stat [LINK] | down LINK | up LINK\n"
	"  set LINK [from=a|from=b] [delay=US] [jitter=US] [loss=PPM] [rate=KBIT]\n"
	"Exit: 0 done, 1 failed, 2 wrong use, 3 nobody answers.\n";

int main(int argc, char **argv)
{
	const char *config = NULL, *path = NULL, *pid = NULL;
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc > 3 && strcmp(argv[1], "ctl") == 0)
		return cmd_ctl(argv[2], argv + 3);
	bool bad = argc < 2 || strcmp(argv[1], "run") != 0;
	for (int i = 2; i < argc && !bad; i += 2) {
		const char **to = strcmp(argv[i], "--config") == 0   ? &config
				  : strcmp(argv[i], "--socket") == 0 ? &path
				  : strcmp(argv[i], "--pid") == 0    ? &pid
								     : NULL;
		bad = !to || i + 1 == argc;
		if (!bad)
			*to = argv[i + 1];
	}
	if (bad || !config || !path) {
		fputs(usage, stderr);
		return 2;
	}
	return cmd_run(config, path, pid);
}
