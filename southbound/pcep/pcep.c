/* SPDX-License-Identifier: Apache-2.0 */
/* The PCE: peers by configuration, the listener, queries. */
#include "southbound/pcep/pcep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "southbound/pcep/pcep_int.h"

enum { DEAD_FACTOR = 4 };

static bool headend_eq(const struct hash_node *n, const void *key)
{
	return ip_eq(&HASH_OF(n, struct pcep_peer, by_headend)->cfg.headend, key);
}

int pcep_new(struct pcep **outp, struct loop *loop, struct net *net, struct bus *bus,
	     const struct pcep_cfg *cfg, const struct driver_sink *sink, void *arg)
{
	struct pcep *p = calloc(1, sizeof(*p));

	if (!p)
		return err_raise(-ENOMEM);
	p->loop = loop;
	p->net = net;
	p->bus = bus;
	p->cfg = *cfg;
	p->sink = sink;
	p->arg = arg;
	if (p->cfg.keepalive_s == 0)
		p->cfg.keepalive_s = PCEP_KEEPALIVE_S;
	if (p->cfg.keepalive_s == UINT8_MAX)
		p->cfg.keepalive_s--; /* a dead timer has to be longer */
	if (p->cfg.dead_s == 0)
		p->cfg.dead_s = p->cfg.keepalive_s < UINT8_MAX / DEAD_FACTOR ?
					(uint8_t)(p->cfg.keepalive_s * DEAD_FACTOR) :
					UINT8_MAX;
	if (p->cfg.dead_s <= p->cfg.keepalive_s)
		p->cfg.dead_s = (uint8_t)(p->cfg.keepalive_s + 1);
	if (p->cfg.lsps_max == 0)
		p->cfg.lsps_max = PCEP_LSPS_MAX;
	list_init(&p->peers);
	list_init(&p->leaving);
	hash_init(&p->headends, loop_random(loop), headend_eq);
	pcep_pce_driver(p);
	if (bus)
		p->m_unknown = metric_counter("sextant_pcep_unknown_connections_total",
					      "connections from addresses that are no peer", "");
	*outp = p;
	return 0;
}

struct pcep *pcep_free(struct pcep *p)
{
	struct list *n;

	if (!p)
		return NULL;
	while ((n = list_pop(&p->peers)) || (n = list_pop(&p->leaving)))
		pcep_peer_free(LIST_OF(n, struct pcep_peer, link));
	net_listener_free(p->listener);
	hash_fini(&p->headends);
	free(p);
	return NULL;
}

static struct pcep_peer *peer_find(const struct pcep *p, const struct ip_addr *addr)
{
	LIST_EACH(it, &p->peers) {
		struct pcep_peer *peer = LIST_OF(it, struct pcep_peer, link);

		if (ip_eq(&peer->cfg.addr, addr))
			return peer;
	}
	return NULL;
}

struct pcep_peer *pcep_peer_of(const struct pcep *p, const struct ip_addr *headend)
{
	struct hash_node *n = hash_get(&p->headends, headend, sizeof(*headend), headend);

	return n ? HASH_OF(n, struct pcep_peer, by_headend) : NULL;
}

/* ---- listening ---- */

static void on_accept(void *arg, struct net_conn *conn, const struct ip_addr *from, uint16_t port)
{
	struct pcep *p = arg;
	struct pcep_peer *peer = peer_find(p, from);
	char text[IP_TEXT_MAX];

	if (p->stopped)
		return;
	if (peer) {
		pcep_peer_accept(peer, conn);
		return;
	}
	if (p->m_unknown)
		metric_add(p->m_unknown, 1);
	log_event("", LOG_WARN, "pcep.connection.unknown", "from=%s port=%u",
		  ip_text(from, text, sizeof(text)), port);
}

static const struct net_listen_ops listen_ops = { .accept = on_accept };

static int listener_md5(struct pcep *p, const struct ip_addr *addr, const struct net_md5 *md5)
{
	return p->listener ? net_listener_md5(p->listener, addr, md5) : 0;
}

int pcep_listen(struct pcep *p, const struct ip_addr *addr, uint16_t port)
{
	struct net_listen_cfg cfg = { .addr = *addr, .port = port };
	struct net_listener *l = NULL;
	int rc;

	if (p->listener && ip_eq(addr, &p->listen_addr) && port == p->listen_port)
		return 0;
	if (addr->family != IP_NONE) {
		rc = net_listen(p->net, &cfg, &listen_ops, p, &l);
		if (rc < 0)
			return err_trace(rc);
	}
	net_listener_free(p->listener);
	p->listener = l;
	p->listen_addr = *addr;
	p->listen_port = port;
	LIST_EACH(it, &p->peers) {
		struct pcep_peer *peer = LIST_OF(it, struct pcep_peer, link);

		if (peer->cfg.md5.len == 0)
			continue;
		rc = listener_md5(p, &peer->cfg.addr, &peer->cfg.md5);
		if (rc < 0)
			log_event(peer->scope, LOG_ERROR, "pcep.md5.failed", "why=\"%s\"",
				  err_text(rc));
	}
	return 0;
}

uint16_t pcep_listen_port(const struct pcep *p)
{
	return p->listener ? net_listener_port(p->listener) : 0;
}

/* ---- peers ---- */

static bool md5_eq(const struct net_md5 *a, const struct net_md5 *b)
{
	return a->len == b->len && memcmp(a->key, b->key, a->len) == 0;
}

/* Whatever the session or those above would notice. Other certificates wait for the next one. */
static bool peer_same(const struct pcep_peer_cfg *a, const struct pcep_peer_cfg *b)
{
	return ip_eq(&a->headend, &b->headend) && !a->tls == !b->tls && md5_eq(&a->md5, &b->md5) &&
	       a->msd == b->msd && strcmp(a->profile, b->profile) == 0;
}

static void peer_touch(struct pcep_peer *p, const struct pcep_peer_cfg *cfg)
{
	struct net_tls *old = p->cfg.tls;

	p->cfg.insecure = cfg->insecure;
	p->cfg.tls = cfg->tls ? net_tls_ref(cfg->tls) : NULL;
	net_tls_unref(old);
}

static int cfg_check(const struct pcep *p, const struct pcep_peer_cfg *cfg)
{
	const struct pcep_peer *other = pcep_peer_of(p, &cfg->headend);

	if (cfg->addr.family == IP_NONE || cfg->headend.family == IP_NONE ||
	    cfg->md5.len > sizeof(cfg->md5.key) ||
	    !memchr(cfg->profile, '\0', sizeof(cfg->profile)) || !pcep_dialect_find(cfg->profile) ||
	    (other && !ip_eq(&other->cfg.addr, &cfg->addr)))
		return PCEP_E_CONFIG;
	return !cfg->tls && cfg->md5.len == 0 && !cfg->insecure ? PCEP_E_INSECURE : 0;
}

/* Ends its session; it is freed when the sink has been told. */
static void peer_retire(struct pcep_peer *p, const char *why)
{
	struct pcep *pcep = p->pcep;

	hash_del(&pcep->headends, &p->by_headend);
	list_del(&p->link);
	list_add(&pcep->leaving, &p->link);
	p->gone_for_good = true;
	pcep_peer_stop(p, why);
}

int pcep_peer_set(struct pcep *p, const struct pcep_peer_cfg *cfg)
{
	static const struct net_md5 none;
	struct pcep_peer *old = peer_find(p, &cfg->addr), *new;
	int rc = cfg_check(p, cfg);

	if (rc)
		return rc;
	if (old && peer_same(&old->cfg, cfg)) {
		peer_touch(old, cfg);
		return 0;
	}
	rc = pcep_peer_new(p, cfg, &new);
	if (rc < 0)
		return err_trace(rc);
	if (cfg->md5.len > 0 || (old && old->cfg.md5.len > 0))
		rc = listener_md5(p, &cfg->addr, cfg->md5.len > 0 ? &cfg->md5 : &none);
	if (rc == 0)
		rc = hash_put(&p->headends, &new->cfg.headend, sizeof(new->cfg.headend),
			      &new->by_headend);
	if (rc < 0) {
		pcep_peer_free(new);
		return err_trace(rc);
	}
	if (old)
		peer_retire(old, "its configuration changed");
	list_add(&p->peers, &new->link);
	pcep_peer_insecure(new, true);
	if (!p->stopped)
		pcep_peer_start(new);
	return 0;
}

int pcep_peer_del(struct pcep *p, const struct ip_addr *addr)
{
	static const struct net_md5 none;
	struct pcep_peer *peer = peer_find(p, addr);

	if (!peer)
		return 1;
	if (peer->cfg.md5.len > 0)
		(void)listener_md5(p, addr, &none);
	pcep_peer_insecure(peer, false);
	peer_retire(peer, "no longer configured");
	pcep_peer_alarm(peer, false, "pcep-session-down", "no longer configured");
	pcep_peer_alarm(peer, false, "pcep-lsps-max", "no longer configured");
	pcep_peer_alarm(peer, false, "pcep-name-twice", "no longer configured");
	return 0;
}

void pcep_stop(struct pcep *p)
{
	p->stopped = true;
	LIST_EACH(it, &p->peers)
		pcep_peer_stop(LIST_OF(it, struct pcep_peer, link), "we shut down");
}

const struct driver *pcep_driver(struct pcep *p)
{
	return &p->driver;
}

/* ---- queries ---- */

static void detail_fill(const struct pcep_peer *p, struct session_info *s)
{
	const struct headend_caps *c = &p->caps;
	char headend[IP_TEXT_MAX];

	(void)snprintf(s->detail, sizeof(s->detail), "headend %s%s%s%s%s%s msd %u/%u %s%s",
		       ip_text(&p->cfg.headend, headend, sizeof(headend)), c->srv6 ? " srv6" : "",
		       c->sr_mpls ? " sr-mpls" : "", c->update ? " update" : "",
		       c->initiate ? " initiate" : "", c->sr_policy_assoc ? " sr-policy" : "",
		       c->msd_srv6, c->msd_mpls, p->synced ? "synced" : "synchronising",
		       p->full ? " congested" : "");
}

static void session_fill(struct pcep_peer *p, struct session_info *s)
{
	struct pcep_sess_stats stats = pcep_peer_stats(p);

	*s = (struct session_info){ .protocol = "pcep",
				    .peer = p->cfg.addr,
				    .port = pcep_listen_port(p->pcep),
				    .state = pcep_state_text(p->sess ? pcep_sess_state(p->sess) : PCEP_IDLE),
				    .up = p->session != 0,
				    .secured = p->cfg.tls || p->cfg.md5.len > 0,
				    .security = p->cfg.tls	     ? "tls" :
						p->cfg.md5.len > 0 ? "md5" :
								     "none",
				    .up_since_wall_ns = p->session ? p->up_since_wall_ns : 0,
				    .rx_messages = stats.rx,
				    .tx_messages = stats.tx,
				    .rx_errors = stats.rx_errors,
				    .objects = p->db.hash.count,
				    .flaps = p->flaps };
	(void)str_copy(s->last_error, sizeof(s->last_error), p->last_error);
	if (p->session)
		detail_fill(p, s);
}

static void sessions_each(void *self, void (*fn)(void *arg, const struct session_info *s),
			  void *arg)
{
	struct pcep *p = self;

	LIST_EACH(it, &p->peers) {
		struct session_info s;

		session_fill(LIST_OF(it, struct pcep_peer, link), &s);
		fn(arg, &s);
	}
}

static int session_reset(void *self, const struct ip_addr *addr)
{
	struct pcep_peer *peer = peer_find(self, addr);

	if (!peer)
		return 1;
	pcep_peer_stop(peer, "reset by an operator");
	pcep_peer_start(peer);
	return 0;
}

struct session_query pcep_sessions(struct pcep *p)
{
	return (struct session_query){ .self = p, .each = sessions_each, .reset = session_reset };
}
