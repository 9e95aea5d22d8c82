/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions are found by sender, port, SSID and our address, and stand in a list by their last use;
 * those idle for 15 min (REFWAIT of RFC 5357) end, and make room earlier when it is needed.
 */
#include "tools/agent/measure/stamp_refl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "log/log.h"
#include "tools/agent/measure/stamp_io.h"

enum { PACKETS_A_TURN = 64, PORT_MIN = 1024 };

#define IDLE_NS (900 * NS_PER_S)
#define YIELD_NS (60 * NS_PER_S) /* idle for so long, a session gives its room to another */
#define RETRY_NS NS_PER_S
#define BURST_NS (100 * NS_PER_MS)

struct key {
	uint8_t from[16], to[16];
	uint16_t port, ssid;
};

struct session {
	struct hash_node node;
	struct list link; /* of by_use, the one used last at the tail */
	struct key key;
	struct mono used;
	uint32_t next;
};

struct agent_stamp_refl {
	struct loop *loop;
	struct agent_stamp_refl_cfg cfg;
	struct stampc_clock (*clock)(void *arg);
	void *arg;
	int fd; /* < 0: not open */
	struct loop_io *io;
	struct loop_timer retry;
	struct hash sessions;
	struct list by_use;
	struct mono free_at; /* the rate: when all that was answered had its time */
	struct agent_stamp_refl_stats stats;
};

static bool key_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&HASH_OF(n, struct session, node)->key, key, sizeof(struct key)) == 0;
}

static void session_end(struct agent_stamp_refl *r, struct session *s)
{
	hash_del(&r->sessions, &s->node);
	list_del(&s->link);
	free(s);
}

/* Ends who was idle for long, all or, for_room, at most the oldest. */
static void sessions_age(struct agent_stamp_refl *r, bool for_room)
{
	struct mono now = loop_now(r->loop);

	LIST_EACH (it, &r->by_use) {
		struct session *s = LIST_OF(it, struct session, link);

		if (mono_since(s->used, now) < (for_room ? YIELD_NS : IDLE_NS))
			return;
		session_end(r, s);
		if (for_room)
			return;
	}
}

static struct session *session_of(struct agent_stamp_refl *r, const struct key *k)
{
	struct hash_node *n = hash_get(&r->sessions, k, sizeof(*k), k);
	struct session *s;

	if (n)
		return HASH_OF(n, struct session, node);
	sessions_age(r, false);
	if (r->sessions.count >= r->cfg.sessions)
		sessions_age(r, true);
	if (r->sessions.count >= r->cfg.sessions)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->key = *k;
	if (hash_put(&r->sessions, &s->key, sizeof(s->key), &s->node) < 0) {
		free(s);
		return NULL;
	}
	list_add(&r->by_use, &s->link);
	return s;
}

/* The number of the answer; false when there is no room to count. */
static bool number(struct agent_stamp_refl *r, const struct agent_stamp_meta *m,
		   const struct stampc_test *t, uint32_t *out)
{
	struct key k = { .port = m->from.sin6_port, .ssid = t->ssid };
	struct session *s;

	*out = t->seq;
	if (!r->cfg.stateful)
		return true;
	memcpy(k.from, &m->from.sin6_addr, 16);
	memcpy(k.to, &m->to.ipi6_addr, 16);
	s = session_of(r, &k);
	if (!s)
		return false;
	s->used = loop_now(r->loop);
	list_del(&s->link);
	list_add(&r->by_use, &s->link);
	*out = s->next++;
	return true;
}

/* ---- who may ask ---- */

static bool allowed(const struct agent_stamp_refl *r, const struct sockaddr_in6 *from)
{
	struct ip_addr a = ip_v6(&from->sin6_addr);

	/* two reflectors would answer each other for ever */
	if (ntohs(from->sin6_port) == r->cfg.port || ntohs(from->sin6_port) < PORT_MIN)
		return false;
	for (uint32_t i = 0; i < r->cfg.n_allow; i++)
		if (ip_prefix_has(&r->cfg.allow[i], &a))
			return true;
	return false;
}

static bool within_rate(struct agent_stamp_refl *r)
{
	struct mono now = loop_now(r->loop);

	if (mono_before(r->free_at, now))
		r->free_at = now;
	if (mono_since(now, r->free_at) > BURST_NS)
		return false;
	r->free_at = mono_add(r->free_at, NS_PER_S / r->cfg.rate);
	return true;
}

/* ---- answers ---- */

/* The key that a packet is authenticated with, NULL: none of ours. */
static const struct conf_md5 *key_of(struct agent_stamp_refl *r, const uint8_t *packet,
				     const uint8_t *mac, struct rd tlvs)
{
	const struct conf_md5 *key = &r->cfg.key;
	struct stampc_opts o;

	if (!agent_stamp_mac_is(key, packet, mac))
		key = &r->cfg.previous;
	if (key->len == 0 || !agent_stamp_mac_is(key, packet, mac)) {
		r->stats.forged++;
		return NULL;
	}
	/* what the digest does not cover is nothing to go by; padding says nothing (RFC 8972 s4.8) */
	if (stampc_opts_read(tlvs, &o) && o.unknown == 0 && !o.has_return &&
	    o.destination.family == IP_NONE)
		return key;
	r->stats.malformed++;
	return NULL;
}

/* Nobody asks for a digest of this one: there is no key, or senders need not have it and this one has not. */
static bool is_bare(const struct agent_stamp_refl *r, const uint8_t *packet, size_t len)
{
	const uint8_t *mac = packet + STAMPC_MAC_COVERS;

	if (r->cfg.key.len == 0)
		return true;
	if (!r->cfg.bare)
		return false;
	return len < STAMPC_BASE_AUTH ||
	       !(agent_stamp_mac_is(&r->cfg.key, packet, mac) ||
		 (r->cfg.previous.len > 0 && agent_stamp_mac_is(&r->cfg.previous, packet, mac)));
}

/* What the options ask of us; false: no answer. */
static bool heed(struct agent_stamp_refl *r, const struct stampc_opts *o,
		 const struct agent_stamp_meta *m)
{
	struct ip_addr to = ip_v6(&m->to.ipi6_addr);

	if (o->destination.family != IP_NONE && !ip_eq(&o->destination, &to)) {
		r->stats.not_ours++; /* RFC 9503 s3: it was meant for another */
		return false;
	}
	if (o->has_control && o->control == STAMPC_REPLY_NONE)
		return false;
	if (!r->cfg.return_path && (o->n_segments > 0 || o->return_addr.family != IP_NONE)) {
		r->stats.return_refused++;
		return false;
	}
	return true;
}

static int send_back(struct agent_stamp_refl *r, const struct wr *w, const struct stampc_opts *o,
		     const struct agent_stamp_meta *m)
{
	struct sockaddr_in6 to = m->from;
	int rc;

	if (o->return_addr.family == IP_V6) {
		struct sockaddr_in6 other = agent_stamp_sa(&o->return_addr, 0);

		if (!allowed(r, &(struct sockaddr_in6){ .sin6_port = to.sin6_port,
							.sin6_addr = other.sin6_addr })) {
			r->stats.return_refused++;
			return 0;
		}
		to.sin6_addr = other.sin6_addr;
	}
	if (o->n_segments == 0)
		return agent_stamp_answer(r->fd, w->base, w->len, m, &to);
	rc = agent_stamp_via(r->fd, o->segments, o->n_segments);
	if (rc == 0)
		rc = agent_stamp_answer(r->fd, w->base, w->len, m, &to);
	(void)agent_stamp_via(r->fd, NULL, 0);
	return rc;
}

static void reflect(struct agent_stamp_refl *r, const uint8_t *buf, size_t len,
		    const struct agent_stamp_meta *m)
{
	uint8_t out[AGENT_STAMP_PACKET_MAX];
	struct wr w = wr_of(out, len);
	struct rd in = rd_of(buf, len);
	struct stampc_clock clock = r->clock(r->arg);
	struct stampc_reply y = { .rx_time = stampc_time_of(m->rx_ns, false) };
	bool auth = !is_bare(r, buf, len);
	const struct conf_md5 *key = NULL;
	struct stampc_opts opts;
	struct stampc_test t;
	const uint8_t *mac;
	size_t at;

	if (!stampc_test_read(&in, auth, &t, &mac) || m->rx_ns == 0) {
		r->stats.malformed++;
		return;
	}
	if (auth)
		key = key_of(r, buf, mac, in);
	if (auth && !key)
		return;
	/* what is malformed in the options is told by its flag; what came before it counts */
	(void)stampc_opts_read(in, &opts);
	if (!heed(r, &opts, m))
		return;
	if (!number(r, m, &t, &y.seq)) {
		r->stats.no_room++;
		return;
	}
	clock.ptp = false;
	y.estimate = stampc_clock_write(&clock);
	y.ssid = t.ssid;
	y.sender_seq = t.seq;
	y.sender_time = t.time;
	y.sender_estimate = t.estimate;
	y.sender_ttl = m->hop_limit;
	y.time = stampc_time_of(agent_stamp_now().wall_ns, false);
	at = stampc_reply_write(&w, auth, &y);
	if (auth && !w.bad)
		agent_stamp_mac(key, out, out + at);
	stampc_tlv_reflect(&w, in);
	if (w.bad || send_back(r, &w, &opts, m) < 0)
		r->stats.failed++;
	else
		r->stats.answered++;
}

static void on_readable(void *arg, unsigned events)
{
	struct agent_stamp_refl *r = arg;
	uint8_t buf[AGENT_STAMP_PACKET_MAX];
	struct agent_stamp_meta m;

	(void)events;
	for (unsigned i = 0; i < PACKETS_A_TURN; i++) {
		ssize_t n = agent_stamp_recv(r->fd, buf, sizeof(buf), &m);

		if (n == -EAGAIN || n == -EINTR)
			return;
		if (n < 0) /* an ICMP error of what was answered */
			continue;
		if (!allowed(r, &m.from))
			r->stats.denied++;
		else if (!within_rate(r))
			r->stats.over_rate++;
		else
			reflect(r, buf, (size_t)n, &m);
	}
}

/* ---- life ---- */

static void try_open(void *arg)
{
	struct agent_stamp_refl *r = arg;
	int rc = agent_stamp_socket(&r->cfg.address, r->cfg.port);

	if (rc >= 0) {
		r->fd = rc;
		rc = loop_io_new(&r->io, r->loop, r->fd, on_readable, r);
		if (rc == 0) {
			loop_io_want(r->io, LOOP_READ);
			r->stats.error[0] = '\0';
			log_event("", LOG_INFO, "agent.stamp.reflector", "port=%u",
				  r->cfg.port);
			return;
		}
		(void)close(r->fd);
		r->fd = -1;
	}
	if (!r->stats.error[0])
		log_event("", LOG_WARN, "agent.stamp.reflector.failed", "port=%u error=\"%s\"",
			  r->cfg.port, err_text(rc));
	(void)str_copy(r->stats.error, sizeof(r->stats.error), err_text(rc));
	loop_timer_after(&r->retry, RETRY_NS);
}

int agent_stamp_refl_new(struct agent_stamp_refl **outp, struct loop *loop,
			 const struct agent_stamp_refl_cfg *cfg,
			 struct stampc_clock (*clock)(void *arg), void *arg)
{
	struct agent_stamp_refl *r = calloc(1, sizeof(*r));

	if (!r)
		return err_raise(-ENOMEM);
	r->loop = loop;
	r->cfg = *cfg;
	r->clock = clock;
	r->arg = arg;
	r->fd = -1;
	hash_init(&r->sessions, loop_random(loop), key_eq);
	list_init(&r->by_use);
	loop_timer_init(&r->retry, loop, try_open, r);
	try_open(r);
	*outp = r;
	return 0;
}

struct agent_stamp_refl *agent_stamp_refl_free(struct agent_stamp_refl *r)
{
	if (!r)
		return NULL;
	if (r->io)
		loop_io_free(r->io);
	if (r->fd >= 0)
		(void)close(r->fd);
	loop_timer_fini(&r->retry);
	LIST_EACH (it, &r->by_use)
		session_end(r, LIST_OF(it, struct session, link));
	hash_fini(&r->sessions);
	explicit_bzero(&r->cfg, sizeof(r->cfg));
	free(r);
	return NULL;
}

bool agent_stamp_refl_change(struct agent_stamp_refl *r, const struct agent_stamp_refl_cfg *cfg)
{
	if (cfg->port != r->cfg.port || !ip_eq(&cfg->address, &r->cfg.address))
		return false;
	explicit_bzero(&r->cfg, sizeof(r->cfg));
	r->cfg = *cfg;
	return true;
}

void agent_stamp_refl_each(const struct agent_stamp_refl *r,
			   void (*fn)(void *arg, const struct ip_addr *from, uint16_t ssid, uint32_t packets),
			   void *arg)
{
	for (const struct list *n = r->by_use.next; n != &r->by_use; n = n->next) {
		const struct session *s = LIST_OF(n, const struct session, link);
		struct ip_addr from = ip_v6(s->key.from);

		fn(arg, &from, s->key.ssid, s->next);
	}
}

void agent_stamp_refl_stats(const struct agent_stamp_refl *r, struct agent_stamp_refl_stats *out)
{
	*out = r->stats;
	out->sessions = r->sessions.count;
}
