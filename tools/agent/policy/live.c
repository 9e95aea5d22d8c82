/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/policy/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/list.h"
#include "base/rd.h"
#include "base/wr.h"
#include "log/log.h"
#include "tools/agent/measure/stamp_cfg.h"
#include "tools/agent/measure/stamp_io.h"

/* Cookie, number of the watch, number of the probe, when it was sent by both clocks. */
enum { PROBE_LEN = 8 + 4 + 4 + 8 + 8, RTT_MAX_S = 10, RETRY_MS = 1000, READS_MAX = 4096 };

struct agent_watch {
	struct list link;
	struct agent_live *live;
	uint32_t id;
	uint64_t cookie;
	struct ip_addr segments[AGENT_STAMP_SEGMENTS];
	unsigned n;
	void *who;
	struct agent_judge judge;
	bool news; /* not told yet */
	uint64_t send_errors;
	int error;
};

struct agent_live {
	struct loop *loop;
	struct agent_live_cfg cfg;
	struct ip_addr self;
	void (*changed)(void *arg, void *who);
	void *arg;
	int fd; /* -1: not open */
	int error;
	uint16_t port;
	struct loop_io *io;
	struct loop_timer tick;
	struct list watches;
	uint32_t n, last_id;
};

uint64_t agent_live_now(void)
{
	return agent_stamp_now().mono_ns;
}

/* ---- the socket ---- */

static void drop_socket(struct agent_live *l)
{
	if (l->fd < 0)
		return;
	l->io = loop_io_free(l->io);
	close(l->fd);
	l->fd = -1;
}

static struct agent_watch *watch_of(const struct agent_live *l, uint32_t id, uint64_t cookie)
{
	LIST_EACH(it, &l->watches) {
		struct agent_watch *w = LIST_OF(it, struct agent_watch, link);

		if (w->id == id)
			return w->cookie == cookie ? w : NULL;
	}
	return NULL;
}

static void take_answer(struct agent_live *l, const uint8_t *buf, size_t len, uint64_t rx_wall_ns)
{
	struct rd r = rd_of(buf, len);
	uint64_t cookie = rd_u64(&r), mono_ns, wall_ns, rtt = 0;
	uint32_t id = rd_u32(&r), seq = rd_u32(&r);
	struct agent_watch *w;

	mono_ns = rd_u64(&r);
	wall_ns = rd_u64(&r);
	w = len == PROBE_LEN && !r.bad ? watch_of(l, id, cookie) : NULL;
	if (!w)
		return;
	/* A clock that was set meanwhile tells no time. */
	if (rx_wall_ns > wall_ns && rx_wall_ns - wall_ns < RTT_MAX_S * NS_PER_S)
		rtt = rx_wall_ns - wall_ns;
	w->news = agent_judge_answer(&w->judge, &l->cfg, seq, mono_ns, rtt, agent_live_now()) || w->news;
}

/* Once all that has come is heard: nobody is left for one whose answer merely lay in front of his. */
static void tell_news(struct agent_live *l)
{
	LIST_EACH(it, &l->watches) {
		struct agent_watch *w = LIST_OF(it, struct agent_watch, link);

		if (!w->news)
			continue;
		w->news = false;
		l->changed(l->arg, w->who);
	}
}

static void drain(struct agent_live *l)
{
	uint8_t buf[256];
	struct agent_stamp_meta m;
	ssize_t n;

	for (unsigned k = 0; k < READS_MAX && l->fd >= 0; k++) {
		n = agent_stamp_recv(l->fd, buf, sizeof(buf), &m);
		if (n == -EAGAIN)
			return;
		if (n > 0)
			take_answer(l, buf, (size_t)n, m.rx_ns);
	}
}

static void on_readable(void *arg, unsigned events)
{
	(void)events;
	drain(arg);
	tell_news(arg);
}

static void open_socket(struct agent_live *l)
{
	struct sockaddr_in6 sa = { 0 };
	socklen_t len = sizeof(sa);
	int fd = agent_stamp_socket(&l->self, 0);

	l->error = fd < 0 ? fd : 0;
	if (fd < 0)
		return;
	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0) {
		l->error = -errno;
		close(fd);
		return;
	}
	l->port = ntohs(sa.sin6_port);
	l->fd = fd;
	l->error = loop_io_new(&l->io, l->loop, fd, on_readable, l);
	if (l->error < 0)
		drop_socket(l);
	else
		loop_io_want(l->io, LOOP_READ);
}

/* ---- probes ---- */

static void send_probe(struct agent_live *l, struct agent_watch *w)
{
	const struct sockaddr_in6 to = agent_stamp_sa(&l->self, l->port);
	const struct agent_stamp_now now = agent_stamp_now();
	uint8_t buf[PROBE_LEN];
	struct wr o = wr_of(buf, sizeof(buf));

	wr_u64(&o, w->cookie);
	wr_u32(&o, w->id);
	wr_u32(&o, agent_judge_sent(&w->judge, now.mono_ns));
	wr_u64(&o, now.mono_ns);
	wr_u64(&o, now.wall_ns);
	w->error = agent_stamp_via(l->fd, w->segments, w->n);
	if (w->error == 0 && sendto(l->fd, buf, o.len, 0, (const struct sockaddr *)&to, sizeof(to)) < 0)
		w->error = -errno;
	agent_judge_left(&w->judge, agent_live_now());
	w->send_errors += w->error < 0;
}

static uint64_t interval_ns(const struct agent_live *l)
{
	uint64_t least = (uint64_t)l->n * NS_PER_S / AGENT_PROBES_PER_S;
	uint64_t told = l->cfg.interval_ms * NS_PER_MS;

	return told > least ? told : least;
}

static void on_tick(void *arg)
{
	struct agent_live *l = arg;
	uint64_t now;

	if (l->n == 0 || !l->cfg.on)
		return;
	if (l->fd < 0)
		open_socket(l);
	if (l->fd < 0) {
		loop_timer_after(&l->tick, RETRY_MS * NS_PER_MS);
		return;
	}
	loop_timer_after(&l->tick, interval_ns(l));
	/* What has come until now is heard before anybody is judged by how late it is now. */
	now = agent_live_now();
	drain(l);
	LIST_EACH(it, &l->watches) {
		struct agent_watch *w = LIST_OF(it, struct agent_watch, link);

		w->news = agent_judge_look(&w->judge, &l->cfg, now) || w->news;
	}
	tell_news(l);
	LIST_EACH(it, &l->watches)
		send_probe(l, LIST_OF(it, struct agent_watch, link));
}

/* ---- watches ---- */

struct agent_watch *agent_live_watch(struct agent_live *l, const struct ip_addr *segments, unsigned n, void *who)
{
	struct agent_watch *w;

	if (n == 0 || n > AGENT_STAMP_SEGMENTS || l->n >= AGENT_WATCHES_MAX)
		return NULL;
	w = calloc(1, sizeof(*w));
	if (!w || getrandom(&w->cookie, sizeof(w->cookie), 0) != (ssize_t)sizeof(w->cookie)) {
		free(w);
		return NULL;
	}
	w->live = l;
	w->id = ++l->last_id;
	memcpy(w->segments, segments, n * sizeof(*segments));
	w->n = n;
	w->who = who;
	w->judge.since_ns = agent_live_now();
	list_add(&l->watches, &w->link);
	l->n++;
	if (!loop_timer_armed(&l->tick))
		loop_timer_after(&l->tick, 0);
	return w;
}

struct agent_watch *agent_live_unwatch(struct agent_watch *w)
{
	if (!w)
		return NULL;
	list_del(&w->link);
	w->live->n--;
	free(w);
	return NULL;
}

bool agent_watch_along(const struct agent_watch *w, const struct ip_addr *segments, unsigned n)
{
	return w->n == n && memcmp(w->segments, segments, n * sizeof(*segments)) == 0;
}

void agent_watch_view(const struct agent_watch *w, struct agent_watch_view *out)
{
	int error = w->live->error ? w->live->error : w->error;

	*out = (struct agent_watch_view){ &w->judge, w->send_errors, error ? err_text(error) : "" };
}

/* ---- life ---- */

int agent_live_new(struct agent_live **outp, struct loop *loop, void (*changed)(void *arg, void *who),
		   void *arg)
{
	struct agent_live *l = calloc(1, sizeof(*l));

	if (!l)
		return err_raise(-ENOMEM);
	l->loop = loop;
	l->changed = changed;
	l->arg = arg;
	l->fd = -1;
	list_init(&l->watches);
	loop_timer_init(&l->tick, loop, on_tick, l);
	*outp = l;
	return 0;
}

struct agent_live *agent_live_free(struct agent_live *l)
{
	if (!l)
		return NULL;
	drop_socket(l);
	loop_timer_fini(&l->tick);
	free(l);
	return NULL;
}

void agent_live_configure(struct agent_live *l, const struct agent_live_cfg *cfg, const struct ip_addr *self)
{
	l->cfg = *cfg;
	if (!ip_eq(self, &l->self))
		drop_socket(l);
	l->self = *self;
	loop_timer_after(&l->tick, 0);
}

const struct agent_live_cfg *agent_live_config(const struct agent_live *l)
{
	return &l->cfg;
}
