/* SPDX-License-Identifier: Apache-2.0 */
/* The speaker: peers by configuration, the listener, queries. */
#include "southbound/bgp/bgp.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "southbound/bgp/bgp_int.h"

/* Packed objects go out, dumps go on. */
static void on_flush(void *arg)
{
	struct bgp *b = arg;

	LIST_EACH(it, &b->peers) {
		struct bgp_peer *p = LIST_OF(it, struct bgp_peer, link);

		if (p->dumping)
			bgp_tx_dump(p);
		bgp_tx_flush(p);
	}
}

int bgp_new(struct bgp **outp, struct loop *loop, struct net *net, struct bus *bus,
	    const struct bgp_cfg *cfg)
{
	struct bgp *b = calloc(1, sizeof(*b));

	if (!b)
		return err_raise(-ENOMEM);
	b->loop = loop;
	b->net = net;
	b->bus = bus;
	b->cfg = *cfg;
	if (b->cfg.retry_ns_min == 0)
		b->cfg.retry_ns_min = NS_PER_S;
	if (b->cfg.retry_ns_max < b->cfg.retry_ns_min)
		b->cfg.retry_ns_max = 60 * b->cfg.retry_ns_min;
	list_init(&b->peers);
	arena_init(&b->arena, BGP_DECODE_MAX);
	arena_init(&b->obj_arena, BGP_DECODE_MAX);
	loop_task_init(&b->flush, loop, on_flush, b);
	*outp = b;
	return 0;
}

struct bgp *bgp_free(struct bgp *b)
{
	struct list *n;

	if (!b)
		return NULL;
	while ((n = list_pop(&b->peers)))
		bgp_peer_free(LIST_OF(n, struct bgp_peer, link));
	if (b->listener)
		net_listener_free(b->listener);
	loop_task_cancel(&b->flush);
	arena_fini(&b->arena);
	arena_fini(&b->obj_arena);
	free(b);
	return NULL;
}

void bgp_controller(struct bgp *b, const struct ls_sink *sink, void *arg)
{
	b->sink = sink;
	b->sink_arg = arg;
}

void bgp_router(struct bgp *b, const struct bgp_router_ops *ops, void *arg)
{
	b->router = ops;
	b->router_arg = arg;
}

static struct bgp_peer *peer_find(const struct bgp *b, const struct ip_addr *addr)
{
	LIST_EACH(it, &b->peers) {
		struct bgp_peer *p = LIST_OF(it, struct bgp_peer, link);

		if (ip_eq(&p->cfg.addr, addr))
			return p;
	}
	return NULL;
}

/* ---- listening ---- */

static void on_accept(void *arg, struct net_conn *conn, const struct ip_addr *peer, uint16_t port)
{
	struct bgp *b = arg;
	struct bgp_peer *p = peer_find(b, peer);
	char text[IP_TEXT_MAX];

	if (!p || b->stopped) {
		log_event("", LOG_WARN, "bgp.connection.unknown", "from=%s port=%u",
			  ip_text(peer, text, sizeof(text)), port);
		return;
	}
	bgp_peer_accept(p, conn);
}

static const struct net_listen_ops listen_ops = { .accept = on_accept };

static int listener_md5(struct bgp *b, const struct ip_addr *addr, const struct net_md5 *md5)
{
	return b->listener ? net_listener_md5(b->listener, addr, md5) : 0;
}

int bgp_listen(struct bgp *b, const struct ip_addr *addr, uint16_t port)
{
	struct net_listen_cfg cfg = { .addr = *addr, .port = port };
	struct net_listener *l = NULL, *old = b->listener;
	int rc;

	if (old && ip_eq(addr, &b->listen_addr) && port == b->listen_port)
		return 0;
	if (addr->family != IP_NONE) {
		rc = net_listen(b->net, &cfg, &listen_ops, b, &l);
		if (rc < 0)
			return err_trace(rc);
	}
	if (old)
		net_listener_free(old);
	b->listener = l;
	b->listen_addr = *addr;
	b->listen_port = port;
	LIST_EACH(it, &b->peers) {
		struct bgp_peer *p = LIST_OF(it, struct bgp_peer, link);

		if (p->cfg.md5.len == 0)
			continue;
		rc = listener_md5(b, &p->cfg.addr, &p->cfg.md5);
		if (rc < 0)
			log_event(p->scope, LOG_ERROR, "bgp.md5.failed", "why=\"%s\"",
				  err_text(rc));
	}
	return 0;
}

uint16_t bgp_listen_port(const struct bgp *b)
{
	return b->listener ? net_listener_port(b->listener) : 0;
}

/* ---- peers ---- */

static bool md5_eq(const struct net_md5 *a, const struct net_md5 *b)
{
	return a->len == b->len && memcmp(a->key, b->key, a->len) == 0;
}

/* Whatever the other side of a running session would notice. */
static bool session_same(const struct bgp_peer_cfg *a, const struct bgp_peer_cfg *b)
{
	return a->port == b->port && a->remote_as == b->remote_as && a->passive == b->passive &&
	       a->hold_s == b->hold_s && a->source == b->source && ip_eq(&a->local, &b->local) &&
	       md5_eq(&a->md5, &b->md5);
}

static int cfg_check(const struct bgp_peer_cfg *cfg)
{
	if (cfg->addr.family == IP_NONE || cfg->remote_as == 0 || cfg->hold_s == 1 ||
	    cfg->hold_s == 2 || cfg->md5.len > sizeof(cfg->md5.key))
		return BGP_E_CONFIG;
	return cfg->md5.len == 0 && !cfg->insecure ? BGP_E_INSECURE : 0;
}

static void source_gone(struct bgp *b, uint32_t source)
{
	if (b->sink)
		b->sink->source_gone(b->sink_arg, source);
}

static int peer_add(struct bgp *b, const struct bgp_peer_cfg *cfg)
{
	struct bgp_peer *p;
	int rc = cfg->md5.len > 0 ? listener_md5(b, &cfg->addr, &cfg->md5) : 0;

	if (rc < 0)
		return err_trace(rc);
	rc = bgp_peer_new(b, cfg, &p);
	if (rc < 0)
		return err_trace(rc);
	list_add(&b->peers, &p->link);
	bgp_peer_insecure(p, true);
	if (!b->stopped)
		bgp_peer_start(p);
	return 0;
}

static int peer_change(struct bgp_peer *p, const struct bgp_peer_cfg *cfg)
{
	struct bgp *b = p->bgp;
	uint32_t old_source = p->cfg.source;
	int rc;

	p->cfg.insecure = cfg->insecure;
	p->cfg.objects_max = cfg->objects_max;
	bgp_rib_limit(&p->rib, cfg->objects_max);
	if (session_same(&p->cfg, cfg))
		return 0;
	if (!md5_eq(&p->cfg.md5, &cfg->md5)) {
		rc = listener_md5(b, &cfg->addr, &cfg->md5);
		if (rc < 0)
			return err_trace(rc);
	}
	bgp_peer_stop(p, BGPC_CEASE_CONFIG_CHANGE);
	p->cfg = *cfg;
	if (old_source != cfg->source) {
		source_gone(b, old_source);
		bgp_rib_clear(&p->rib, NULL, NULL);
	}
	bgp_peer_insecure(p, true);
	if (!b->stopped)
		bgp_peer_start(p);
	return 0;
}

int bgp_peer_set(struct bgp *b, const struct bgp_peer_cfg *wanted)
{
	struct bgp_peer_cfg cfg = *wanted;
	struct bgp_peer *p = peer_find(b, &cfg.addr);
	int rc = cfg_check(&cfg);

	if (rc)
		return rc;
	if (cfg.port == 0)
		cfg.port = BGP_PORT;
	if (cfg.hold_s == 0)
		cfg.hold_s = BGP_HOLD_S;
	if (cfg.objects_max == 0)
		cfg.objects_max = BGP_OBJECTS_MAX;
	return p ? peer_change(p, &cfg) : peer_add(b, &cfg);
}

int bgp_peer_del(struct bgp *b, const struct ip_addr *addr)
{
	static const struct net_md5 none;
	struct bgp_peer *p = peer_find(b, addr);

	if (!p)
		return 1;
	bgp_peer_stop(p, BGPC_CEASE_DECONFIGURED);
	if (p->cfg.md5.len > 0)
		(void)listener_md5(b, addr, &none);
	bgp_peer_insecure(p, false);
	bgp_peer_alarm(p, false, "bgp-session-down", "no longer configured");
	source_gone(b, p->cfg.source);
	list_del(&p->link);
	bgp_peer_free(p);
	return 0;
}

void bgp_peers_each(const struct bgp *b, void (*fn)(void *arg, const struct bgp_peer_cfg *cfg),
		    void *arg)
{
	LIST_EACH(it, &b->peers)
		fn(arg, &LIST_OF(it, struct bgp_peer, link)->cfg);
}

void bgp_stop(struct bgp *b)
{
	b->stopped = true;
	LIST_EACH(it, &b->peers)
		bgp_peer_stop(LIST_OF(it, struct bgp_peer, link), BGPC_CEASE_SHUTDOWN);
}

/* ---- queries ---- */

/* The slot that is furthest. */
static const struct bgp_conn *peer_face(const struct bgp_peer *p)
{
	return p->in.fsm.state > p->out.fsm.state ? &p->in : &p->out;
}

static void session_fill(const struct bgp_peer *p, struct session_info *s)
{
	const struct bgp_conn *c = peer_face(p);
	char id[IP_TEXT_MAX];
	struct ip_addr addr = bgp_id_addr(c->open.bgp_id);

	*s = (struct session_info){ .protocol = "bgp",
				    .peer = p->cfg.addr,
				    .port = p->cfg.port,
				    .state = bgp_state_text(c->fsm.state),
				    .up = p->up != NULL,
				    .secured = p->cfg.md5.len > 0,
				    .security = p->cfg.md5.len > 0 ? "md5" : "none",
				    .up_since_wall_ns = p->up ? p->up_since_wall_ns : 0,
				    .rx_messages = p->rx,
				    .tx_messages = p->tx,
				    .objects = p->rib.hash.count,
				    .flaps = p->flaps };
	for (size_t i = 0; i < BGP_FAULTS; i++)
		s->rx_errors += p->faults[i];
	(void)str_copy(s->last_error, sizeof(s->last_error), p->last_error);
	if (!p->up)
		return;
	(void)snprintf(s->detail, sizeof(s->detail), "as %u id %s hold %us%s%s%s%s%s",
		       p->cfg.remote_as, ip_text(&addr, id, sizeof(id)), c->fsm.hold_s,
		       c->ext ? " extended-message" : "", c->gr ? " graceful-restart" : "",
		       c->as4 ? " as4" : "", p->eor ? " end-of-rib" : " initial",
		       p->disabled ? " DISABLED" : "");
}

static void sessions_each(void *self, void (*fn)(void *arg, const struct session_info *s),
			  void *arg)
{
	struct bgp *b = self;

	LIST_EACH(it, &b->peers) {
		struct session_info s;

		session_fill(LIST_OF(it, struct bgp_peer, link), &s);
		fn(arg, &s);
	}
}

static int session_reset(void *self, const struct ip_addr *addr)
{
	struct bgp *b = self;
	struct bgp_peer *p = peer_find(b, addr);

	if (!p)
		return 1;
	bgp_peer_stop(p, BGPC_CEASE_RESET);
	if (!b->stopped)
		bgp_peer_start(p);
	return 0;
}

struct session_query bgp_sessions(struct bgp *b)
{
	return (struct session_query){ .self = b, .each = sessions_each, .reset = session_reset };
}

/* ---- router role ---- */

static void tell(struct bgp *b, const struct ls_object *obj, bool withdraw)
{
	LIST_EACH(it, &b->peers)
		bgp_tx_add(LIST_OF(it, struct bgp_peer, link), obj, withdraw);
	loop_task_run(&b->flush);
}

void bgp_announce(struct bgp *b, const struct ls_object *obj)
{
	tell(b, obj, false);
}

void bgp_withdraw(struct bgp *b, const struct ls_object *obj)
{
	tell(b, obj, true);
}

void bgp_announce_eor(struct bgp *b)
{
	LIST_EACH(it, &b->peers) {
		struct bgp_peer *p = LIST_OF(it, struct bgp_peer, link);

		if (p->up && !p->dumping)
			bgp_tx_eor(p);
	}
}
