/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A socket and a timer a session. Probes leave on a schedule; one that could not leave in time is
 * not made up for, as a burst would measure itself. A session that follows a policy asks for its
 * list before each probe. Invariant: a session without a socket has an error and its retry is armed.
 */
#include "tools/agent/measure/stamp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/vec.h"
#include "log/log.h"
#include "tools/agent/measure/stamp_io.h"

enum { ANSWERS_A_TURN = 64, NEVER = -2 };

#define RETRY_NS NS_PER_S
#define CLOCK_NS NS_PER_S /* how long what the kernel says of the clock is believed */

struct session {
	struct agent_stamp *all;
	struct agent_stamp_session_cfg cfg;
	struct agent_stamp_acc *acc;
	struct ip_addr via[AGENT_STAMP_SEGMENTS];
	uint8_t n_via;
	int n_path; /* of the policy, as it was told last; < 0: none, NEVER: not asked yet */
	int fd; /* < 0: not open */
	struct loop_io *io;
	struct loop_timer tick;
	struct mono next;
	uint16_t ssid;
	struct conf_md5 old; /* probes under way when the key was replaced have a digest of it, or none as it has no length */
	struct mono old_until;
	bool was_known, said; /* what was logged last */
	uint64_t send_errors, unsupported, forged;
	char error[128];
	struct list link;
	bool wanted;
};

struct agent_stamp {
	struct loop *loop;
	const struct agent_stamp_ops *ops; /* NULL: none */
	void *arg;
	struct list sessions; /* in order of the configuration */
	struct agent_stamp_refl *refl; /* NULL: none */
	bool has_error;
	uint32_t error_us;
	struct stampc_clock clock;
	struct mono clock_until;
};

/* ---- our clock ---- */

static struct stampc_clock clock_now(struct agent_stamp *s)
{
	struct mono now = loop_now(s->loop);

	if (s->has_error) /* told by whoever disciplines it */
		return (struct stampc_clock){ .sync = true,
					      .error_ns = (uint64_t)s->error_us * 1000 };
	if (!mono_before(now, s->clock_until)) {
		s->clock.sync = agent_stamp_kernel_clock(&s->clock.error_ns);
		s->clock_until = mono_add(now, CLOCK_NS);
	}
	return s->clock;
}

static struct stampc_clock on_clock(void *arg)
{
	return clock_now(arg);
}

struct stampc_clock agent_stamp_clock(const struct agent_stamp *s)
{
	struct stampc_clock c = s->clock;

	if (s->has_error)
		return (struct stampc_clock){ .sync = true,
					      .error_ns = (uint64_t)s->error_us * 1000 };
	if (s->clock_until.ns == 0)
		c.sync = agent_stamp_kernel_clock(&c.error_ns);
	return c;
}

/* ---- answers ---- */

/* An answer of this session, with a digest of the key if that is one. */
static bool answers(struct session *s, const struct conf_md5 *key, struct rd *r, struct stampc_reply *y)
{
	const uint8_t *packet = r->pos, *mac;

	/* ssid 0: a reflector older than RFC 8972 */
	if (!stampc_reply_read(r, key->len > 0, y, &mac) || (y->ssid != s->ssid && y->ssid != 0))
		return false;
	return !mac || agent_stamp_mac_is(key, packet, mac);
}

/* To a probe of now, or to one that was under way when the key was replaced; those with a digest first, for
 * nothing else can be taken for them. */
static bool is_ours(struct session *s, const uint8_t *buf, size_t len, struct rd *r, struct stampc_reply *y)
{
	const struct conf_md5 *key[2] = { &s->cfg.key, NULL };

	if (mono_before(loop_now(s->all->loop), s->old_until)) {
		key[1] = s->cfg.key.len > 0 ? &s->old : &s->cfg.key;
		key[0] = s->cfg.key.len > 0 ? &s->cfg.key : &s->old;
	}
	for (unsigned i = 0; i < 2 && key[i]; i++) {
		*r = rd_of(buf, len);
		if (answers(s, key[i], r, y))
			return true;
	}
	s->forged += s->cfg.key.len > 0 && len >= STAMPC_BASE_AUTH;
	return false;
}

static void take_answer(struct session *s, const uint8_t *buf, size_t len,
			const struct agent_stamp_meta *m)
{
	struct rd r;
	struct agent_stamp_now now = agent_stamp_now();
	struct stampc_clock own = clock_now(s->all), other;
	struct agent_stamp_times t = { .t4 = m->rx_ns,
				       .now_wall_ns = now.wall_ns,
				       .now_mono_ns = now.mono_ns };
	struct stampc_opts opts;
	struct stampc_reply y;

	if (!is_ours(s, buf, len, &r, &y))
		return;
	if (s->cfg.n_back > 0 && (!stampc_opts_read(r, &opts) || !opts.has_return || opts.flags)) {
		s->unsupported++; /* it came back some other way: no measurement of this one */
		return;
	}
	if (!agent_stamp_acc_awaits(s->acc, y.sender_seq, y.sender_time, &t.t1, &t.sent_mono_ns))
		return;
	other = stampc_clock_read(y.estimate);
	t.t2 = stampc_time_ns(y.rx_time, other.ptp, now.wall_ns);
	t.t3 = stampc_time_ns(y.time, other.ptp, now.wall_ns);
	t.sync = own.sync && other.sync;
	t.error_ns = other.error_ns > UINT64_MAX / 2 ? UINT64_MAX : own.error_ns + other.error_ns;
	agent_stamp_acc_answer(s->acc, y.sender_seq, y.seq, &t);
}

static void on_readable(void *arg, unsigned events)
{
	struct session *s = arg;
	uint8_t buf[AGENT_STAMP_PACKET_MAX];
	struct agent_stamp_meta m;

	(void)events;
	for (unsigned i = 0; i < ANSWERS_A_TURN; i++) {
		ssize_t n = agent_stamp_recv(s->fd, buf, sizeof(buf), &m);

		if (n == -EAGAIN || n == -EINTR)
			return;
		if (n < 0)
			s->send_errors++; /* an ICMP error of ours: the reason of the silence */
		else if (m.rx_ns != 0)
			take_answer(s, buf, (size_t)n, &m);
	}
}

/* ---- probes ---- */

static void session_close(struct session *s)
{
	if (s->io)
		loop_io_free(s->io);
	s->io = NULL;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

/* Connected: only the reflector's answers come in. */
static int session_connect(struct session *s)
{
	struct sockaddr_in6 to = agent_stamp_sa(&s->cfg.reflector, s->cfg.port);

	return connect(s->fd, (const struct sockaddr *)&to, sizeof(to));
}

static int session_open(struct session *s)
{
	int class = s->cfg.dscp << 2, rc;

	s->fd = agent_stamp_socket(&s->cfg.source, 0);
	if (s->fd < 0)
		return s->fd;
	rc = agent_stamp_via(s->fd, s->via, s->n_via);
	if (rc < 0)
		return rc;
	if (setsockopt(s->fd, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof(class)) < 0 || session_connect(s) < 0)
		return -errno;
	rc = loop_io_new(&s->io, s->all->loop, s->fd, on_readable, s);
	if (rc == 0)
		loop_io_want(s->io, LOOP_READ);
	return rc;
}

static bool ready(struct session *s)
{
	int rc;

	if (s->fd >= 0)
		return true;
	rc = session_open(s);
	if (rc == 0) {
		s->error[0] = '\0';
		return true;
	}
	session_close(s);
	(void)str_copy(s->error, sizeof(s->error), err_text(rc));
	return false;
}

static void tell(struct agent_stamp *s)
{
	if (s->ops)
		s->ops->told(s->arg);
}

/* Another list is another measurement: a window is of one alone. False: there is none. */
static bool follow(struct session *s)
{
	const struct agent_stamp *all = s->all;
	const char *why = "the policy has no active candidate";
	struct ip_addr via[AGENT_STAMP_SEGMENTS];
	int n;

	if (!s->cfg.follows)
		return true;
	memset(via, 0, sizeof(via));
	n = all->ops ? all->ops->path(all->arg, &s->cfg, via) : -1;
	if (n > AGENT_STAMP_SEGMENTS) {
		why = "the list of the policy is too long for a probe";
		memset(via, 0, sizeof(via));
		n = -1;
	}
	if (n == s->n_path && memcmp(via, s->via, sizeof(via)) == 0)
		return n >= 0;
	s->n_path = n;
	s->n_via = n > 0 ? (uint8_t)n : 0;
	memcpy(s->via, via, sizeof(via));
	session_close(s);
	agent_stamp_acc_restart(s->acc);
	(void)str_copy(s->error, sizeof(s->error), n >= 0 ? "" : why);
	tell(s->all);
	return n >= 0;
}

static size_t probe_write(struct session *s, uint8_t *buf, size_t cap, uint32_t seq,
			  uint64_t raw)
{
	struct stampc_clock clock = clock_now(s->all);
	struct stampc_test t = { .seq = seq, .time = raw, .ssid = s->ssid };
	struct stampc_opts o = { .has_return = s->cfg.n_back > 0,
				 .n_segments = s->cfg.n_back,
				 .padding = s->cfg.padding };
	struct wr w = wr_of(buf, cap);
	size_t at;

	memcpy(o.segments, s->cfg.back, sizeof(s->cfg.back));
	t.estimate = stampc_clock_write(&clock);
	at = stampc_test_write(&w, s->cfg.key.len > 0, &t);
	if (at > 0 && !w.bad)
		agent_stamp_mac(&s->cfg.key, buf, buf + at);
	stampc_opts_write(&w, &o);
	return w.bad ? 0 : w.len;
}

/* A connected socket keeps its route. When next-hop objects are replaced in a network namespace (as FRR does) the
 * kernel at times goes on with one that is none any more: it has an MTU of 68, what is larger is refused, and what is
 * smaller goes nowhere, for good (seen with Linux 6.18). Connected again it looks for its route. */
static ssize_t probe_send(struct session *s, const uint8_t *buf, size_t len)
{
	ssize_t n = send(s->fd, buf, len, 0);

	return n < 0 && errno == EMSGSIZE && session_connect(s) == 0 ? send(s->fd, buf, len, 0) : n;
}

static void probe(struct session *s)
{
	struct agent_stamp_now now = agent_stamp_now();
	uint64_t raw = stampc_time_of(now.wall_ns, false);
	uint32_t seq = agent_stamp_acc_sent(s->acc, raw, now.wall_ns, now.mono_ns);
	uint8_t buf[AGENT_STAMP_PACKET_MAX];
	size_t len = probe_write(s, buf, sizeof(buf), seq, raw);

	if (probe_send(s, buf, len) < 0) {
		s->send_errors++;
		(void)str_copy(s->error, sizeof(s->error), err_text(errno));
	} else {
		s->error[0] = '\0';
	}
}

static void say(struct session *s)
{
	bool known = agent_stamp_acc_last(s->acc)->known;

	if (s->said && known == s->was_known)
		return;
	s->said = true;
	s->was_known = known;
	log_event("", known ? LOG_INFO : LOG_WARN,
		  known ? "agent.stamp.measuring" : "agent.stamp.unknown", "session=%s",
		  s->cfg.name);
}

static void on_tick(void *arg)
{
	struct session *s = arg;
	struct loop *loop = s->all->loop;
	uint64_t interval = s->cfg.interval_ms * NS_PER_MS, timeout = s->cfg.timeout_ms * NS_PER_MS;
	struct agent_stamp_now now = agent_stamp_now();

	if (now.mono_ns > timeout &&
	    agent_stamp_acc_close(s->acc, now.mono_ns - timeout, now.wall_ns)) {
		say(s);
		tell(s->all);
	}
	if (!follow(s) || !ready(s)) {
		s->next = mono_add(loop_now(loop), RETRY_NS);
	} else {
		probe(s);
		s->next = mono_add(s->next, interval);
		if (mono_before(s->next, loop_now(loop)))
			s->next = mono_add(loop_now(loop), interval);
	}
	loop_timer_at(&s->tick, s->next);
}

/* ---- configuration ---- */

static struct session *session_free(struct session *s)
{
	if (!s)
		return NULL;
	session_close(s);
	explicit_bzero(&s->cfg, sizeof(s->cfg));
	explicit_bzero(&s->old, sizeof(s->old));
	loop_timer_fini(&s->tick);
	agent_stamp_acc_free(s->acc);
	list_del(&s->link);
	free(s);
	return NULL;
}

static struct session *session_new(struct agent_stamp *all,
				   const struct agent_stamp_session_cfg *cfg)
{
	struct session *s = calloc(1, sizeof(*s));
	uint64_t spread;

	if (!s)
		return NULL;
	s->all = all;
	s->cfg = *cfg;
	s->n_via = cfg->n_segments;
	s->n_path = NEVER;
	memcpy(s->via, cfg->segments, sizeof(s->via));
	s->fd = -1;
	s->ssid = (uint16_t)(1 + loop_random(all->loop) % UINT16_MAX);
	loop_timer_init(&s->tick, all->loop, on_tick, s);
	list_init(&s->link);
	if (agent_stamp_acc_new(&s->acc, cfg->window_s * 1000 / cfg->interval_ms,
				cfg->timeout_ms / cfg->interval_ms + 1, cfg->stateful) < 0)
		return session_free(s);
	/* sessions do not all send at the same moment */
	spread = loop_random(all->loop) % (cfg->interval_ms * NS_PER_MS);
	s->next = mono_add(loop_now(all->loop), spread);
	loop_timer_at(&s->tick, s->next);
	return s;
}

/* Another key is no other measurement, nor is none. */
static void key_replace(struct session *s, const struct conf_md5 *key)
{
	if (memcmp(&s->cfg.key, key, sizeof(*key)) == 0)
		return;
	s->old = s->cfg.key;
	s->old_until = mono_add(loop_now(s->all->loop), s->cfg.timeout_ms * NS_PER_MS);
	s->cfg.key = *key;
}

static struct session *same_of(const struct agent_stamp *s,
			       const struct agent_stamp_session_cfg *cfg)
{
	struct agent_stamp_session_cfg is = *cfg;
	struct session *found = NULL;

	LIST_EACH (it, &s->sessions) {
		struct session *x = LIST_OF(it, struct session, link);

		is.key = x->cfg.key;
		if (memcmp(&x->cfg, &is, sizeof(is)) == 0)
			found = x;
	}
	if (found)
		key_replace(found, &cfg->key);
	explicit_bzero(&is, sizeof(is));
	return found;
}

static int sessions_set(struct agent_stamp *s, const struct agent_stamp_cfg *cfg)
{
	int rc = 0;

	LIST_EACH (it, &s->sessions)
		LIST_OF(it, struct session, link)->wanted = false;
	for (size_t i = 0; i < cfg->n_sessions; i++) {
		struct session *x = same_of(s, &cfg->sessions[i]);

		if (!x)
			x = session_new(s, &cfg->sessions[i]);
		if (!x) {
			rc = -ENOMEM;
			continue;
		}
		x->wanted = true;
		list_del(&x->link);
		list_add(&s->sessions, &x->link);
	}
	LIST_EACH (it, &s->sessions) {
		struct session *x = LIST_OF(it, struct session, link);

		if (!x->wanted)
			session_free(x);
	}
	return rc;
}

static int reflector_set(struct agent_stamp *s, const struct agent_stamp_cfg *cfg)
{
	/* on the same socket nothing is lost, and numbers go on */
	if (s->refl && cfg->has_reflector && agent_stamp_refl_change(s->refl, &cfg->reflector))
		return 0;
	s->refl = agent_stamp_refl_free(s->refl);
	if (!cfg->has_reflector)
		return 0;
	return agent_stamp_refl_new(&s->refl, s->loop, &cfg->reflector, on_clock, s);
}

int agent_stamp_configure(struct agent_stamp *s, const struct agent_stamp_cfg *cfg)
{
	int rc = sessions_set(s, cfg), rc2 = reflector_set(s, cfg);

	s->has_error = cfg->has_error;
	s->error_us = cfg->error_us;
	if (rc < 0 || rc2 < 0)
		return err_raise(rc < 0 ? rc : rc2);
	return 0;
}

int agent_stamp_new(struct agent_stamp **outp, struct loop *loop)
{
	struct agent_stamp *s = calloc(1, sizeof(*s));

	if (!s)
		return err_raise(-ENOMEM);
	s->loop = loop;
	list_init(&s->sessions);
	*outp = s;
	return 0;
}

void agent_stamp_watch(struct agent_stamp *s, const struct agent_stamp_ops *ops, void *arg)
{
	s->ops = ops;
	s->arg = arg;
}

struct agent_stamp *agent_stamp_free(struct agent_stamp *s)
{
	if (!s)
		return NULL;
	LIST_EACH (it, &s->sessions)
		session_free(LIST_OF(it, struct session, link));
	agent_stamp_refl_free(s->refl);
	free(s);
	return NULL;
}

/* ---- what others see ---- */

void agent_stamp_each(const struct agent_stamp *s,
		      void (*fn)(void *arg, const struct agent_stamp_session_view *v), void *arg)
{
	LIST_EACH (it, &s->sessions) {
		const struct session *x = LIST_OF(it, struct session, link);
		struct agent_stamp_session_view v = { .cfg = &x->cfg,
						      .segments = x->via,
						      .n_segments = x->n_via,
						      .totals = agent_stamp_acc_totals(x->acc),
						      .last = agent_stamp_acc_last(x->acc),
						      .reason = x->error,
						      .ssid = x->ssid,
						      .send_errors = x->send_errors,
						      .unsupported = x->unsupported,
						      .forged = x->forged };

		v.known = v.last && v.last->known && x->fd >= 0;
		if (v.known)
			v.reason = "";
		else if (!v.reason[0])
			v.reason = x->unsupported ? "the reflector does not take the return path" :
				   v.last	  ? "no answer" :
						    "no window is over yet";
		fn(arg, &v);
	}
}

void agent_stamp_heard(const struct agent_stamp *s,
		       void (*fn)(void *arg, const struct ip_addr *from, uint16_t ssid, uint32_t packets), void *arg)
{
	if (s->refl)
		agent_stamp_refl_each(s->refl, fn, arg);
}

bool agent_stamp_reflector(const struct agent_stamp *s, struct agent_stamp_refl_stats *out)
{
	if (!s->refl)
		return false;
	agent_stamp_refl_stats(s->refl, out);
	return true;
}
