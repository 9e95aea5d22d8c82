/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer: its two connection slots, the actions of their state machines carried out, what
 * follows from a session coming and going.
 *
 * Invariants: at most one slot is Established (peer->up); conn->net is NULL whenever the
 * connection is gone; a state machine is stepped only by bgp_conn_event().
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "southbound/bgp/bgp_int.h"

struct bgp_conn *bgp_peer_other(struct bgp_conn *c)
{
	return c == &c->peer->out ? &c->peer->in : &c->peer->out;
}

bool bgp_peer_ibgp(const struct bgp_peer *p)
{
	return p->cfg.remote_as == p->bgp->cfg.as;
}

size_t bgp_conn_len_max(const struct bgp_conn *c)
{
	return c->ext ? BGPC_MAX_LEN_EXT : BGPC_MAX_LEN;
}

struct ip_addr bgp_id_addr(uint32_t id)
{
	uint8_t b[4];
	struct wr w = wr_of(b, sizeof(b));

	wr_u32(&w, id);
	return ip_v4(b);
}

static void peer_publish(struct bgp_peer *p, enum bus_severity sev, const char *type,
			 const char *why)
{
	STR_AUTO struct str body = { 0 };

	if (!p->bgp->bus)
		return;
	str_add(&body, "\"protocol\":\"bgp\",\"peer\":");
	str_json(&body, p->text);
	str_add(&body, ",\"text\":");
	str_json(&body, why);
	bus_publish(p->bgp->bus, loop_wall_ns(p->bgp->loop), sev, type, p->resource,
		    str_text(&body));
}

void bgp_peer_alarm(struct bgp_peer *p, bool raise, const char *type, const char *why)
{
	peer_publish(p, raise ? BUS_ALARM : BUS_CLEARED, type, why);
}

void bgp_peer_insecure(struct bgp_peer *p, bool standing)
{
	if (standing && p->cfg.md5.len == 0)
		bgp_peer_alarm(p, true, "bgp-insecure", "plaintext session without TCP-MD5");
	else
		bgp_peer_alarm(p, false, "bgp-insecure", "no plaintext session any more");
}

/* ---- sending ---- */

static uint64_t conn_drained(const struct bgp_conn *c)
{
	return c->queued - net_conn_queued(c->net);
}

static void send_hold_arm(struct bgp_conn *c)
{
	uint64_t hold_ns = (uint64_t)c->fsm.hold_s * NS_PER_S * 2;

	c->drained_mark = conn_drained(c);
	loop_timer_after(&c->send_hold, hold_ns > BGP_SEND_HOLD_NS ? hold_ns : BGP_SEND_HOLD_NS);
}

static void on_send_hold(void *arg)
{
	struct bgp_conn *c = arg;

	if (!c->net || net_conn_queued(c->net) == 0)
		return;
	if (conn_drained(c) != c->drained_mark) {
		send_hold_arm(c);
		return;
	}
	(void)str_copy(c->peer->last_error, sizeof(c->peer->last_error),
		       "send hold timer expired: the peer reads nothing");
	bgp_conn_event(c, &(struct bgp_event){ .kind = BGP_EV_SEND_HOLD });
}

bool bgp_conn_send(struct bgp_conn *c, const void *data, size_t len)
{
	if (!c->net || net_conn_send(c->net, data, len) != 0)
		return false;
	c->queued += len;
	c->peer->tx++;
	if (c->peer->m.tx)
		metric_add(c->peer->m.tx, 1);
	if (!loop_timer_armed(&c->send_hold))
		send_hold_arm(c);
	return true;
}

static void notify_send(struct bgp_conn *c, uint8_t code, uint8_t sub)
{
	struct bgpc_notification n = { .code = code, .sub = sub, .data_len = c->note_len };
	uint8_t b[BGPC_HEADER_LEN + 2 + BGPC_NOTIFICATION_DATA_MAX];
	struct wr w = wr_of(b, sizeof(b));
	char text[200];

	memcpy(n.data, c->note_data, c->note_len);
	c->note_len = 0;
	bgpc_notification_write(&w, &n);
	(void)bgp_conn_send(c, b, w.len);
	c->farewell = true;
	log_event(c->peer->scope, LOG_NOTICE, "bgp.notification.sent", "what=\"%s\"",
		  bgpc_notification_text(&n, text, sizeof(text)));
}

static void keepalive_send(struct bgp_conn *c)
{
	uint8_t b[BGPC_HEADER_LEN];
	struct wr w = wr_of(b, sizeof(b));

	bgpc_keepalive_write(&w);
	(void)bgp_conn_send(c, b, w.len);
}

/* ---- connections ---- */

static const struct net_ops conn_ops;

static bool conn_connect(struct bgp_conn *c)
{
	const struct bgp_peer_cfg *cfg = &c->peer->cfg;
	struct net_connect_cfg nc = { .remote = cfg->addr,
				      .port = cfg->port,
				      .local = cfg->local,
				      .timeout_ns = BGP_CONNECT_TIMEOUT_NS,
				      .md5 = cfg->md5 };

	assert(!c->net);
	if (net_connect(c->peer->bgp->net, &nc, &conn_ops, c, &c->net) < 0) {
		c->net = NULL;
		return false;
	}
	net_conn_limits(c->net, BGP_READ_MAX, BGP_SEND_MAX);
	return true;
}

static void conn_close(struct bgp_conn *c)
{
	struct net_conn *net = c->net;

	loop_timer_stop(&c->send_hold);
	c->net = NULL;
	if (!net)
		return;
	if (c->farewell)
		net_conn_finish(net, BGP_LINGER_NS);
	else
		net_conn_close(net);
}

static void conn_reset(struct bgp_conn *c)
{
	c->queued = 0;
	c->farewell = c->as4 = c->ext = c->gr = false;
	c->note_len = 0;
	c->open = (struct bgpc_open){ 0 };
}

static struct bgp_event event_of(struct bgp_conn *c, enum bgp_event_kind kind)
{
	return (struct bgp_event){ .kind = kind, .random = loop_random(c->peer->bgp->loop) };
}

static void conn_event_kind(struct bgp_conn *c, enum bgp_event_kind kind)
{
	struct bgp_event ev = event_of(c, kind);

	bgp_conn_event(c, &ev);
}

static void on_up(void *arg)
{
	struct bgp_conn *c = arg;

	conn_reset(c);
	conn_event_kind(c, BGP_EV_TCP_UP);
}

static void on_down(void *arg, int err, const char *why)
{
	struct bgp_conn *c = arg;
	struct bgp_peer *p = c->peer;

	c->net = NULL;
	loop_timer_stop(&c->send_hold);
	(void)snprintf(p->last_error, sizeof(p->last_error), "connection: %s",
		       why && *why ? why : err ? err_text(err) : "closed by the peer");
	conn_event_kind(c, BGP_EV_TCP_DOWN);
}

static void on_writable(void *arg)
{
	struct bgp_conn *c = arg;

	if (c->peer->up == c && c->peer->dumping)
		bgp_tx_dump(c->peer);
}

void bgp_conn_fault(struct bgp_conn *c, uint8_t code, uint8_t sub, const char *why)
{
	struct bgp_event ev = event_of(c, BGP_EV_FAULT);

	ev.code = code;
	ev.sub = sub;
	(void)snprintf(c->peer->last_error, sizeof(c->peer->last_error), "%s (%u/%u)", why, code,
		       sub);
	bgp_fault_count(c->peer, BGP_FAULT_RESET);
	bgp_conn_event(c, &ev);
}

static void rx_notification(struct bgp_conn *c, struct rd body)
{
	struct bgpc_notification n;
	char text[200];

	(void)bgpc_notification_read(&body, &n);
	(void)bgpc_notification_text(&n, text, sizeof(text));
	log_event(c->peer->scope, LOG_NOTICE, "bgp.notification.received", "what=\"%s\"", text);
	(void)snprintf(c->peer->last_error, sizeof(c->peer->last_error), "peer said: %.140s",
		       text);
	conn_event_kind(c, BGP_EV_RX_NOTIFICATION);
}

static void message(struct bgp_conn *c, const uint8_t *frame, size_t len)
{
	struct rd body = bgpc_frame_body(frame, len);

	c->peer->rx++;
	if (c->peer->m.rx)
		metric_add(c->peer->m.rx, 1);
	switch (bgpc_frame_type(frame)) {
	case BGPC_OPEN:
		bgp_rx_open(c, body);
		break;
	case BGPC_UPDATE:
		conn_event_kind(c, BGP_EV_RX_UPDATE);
		if (c->peer->up == c)
			bgp_rx_update(c, body);
		break;
	case BGPC_NOTIFICATION:
		rx_notification(c, body);
		break;
	case BGPC_KEEPALIVE:
		conn_event_kind(c, BGP_EV_RX_KEEPALIVE);
		break;
	case BGPC_ROUTE_REFRESH:
		conn_event_kind(c, BGP_EV_RX_REFRESH);
		if (c->peer->up == c)
			bgp_rx_refresh(c, body);
		break;
	}
}

/* Whole messages are taken, a started one is left. At most BGP_READ_MAX octets are there. */
static size_t on_data(void *arg, const uint8_t *data, size_t len)
{
	struct bgp_conn *c = arg;
	struct net_conn *net = c->net;
	size_t at = 0;

	while (c->net == net) {
		struct bgpc_fault f = { 0 };
		int n = bgpc_frame(data + at, len - at, bgp_conn_len_max(c), &f);

		if (n == 0)
			return at;
		if (n < 0) {
			bgp_conn_fault(c, f.code, f.sub, f.why);
			return len;
		}
		message(c, data + at, (size_t)n);
		at += (size_t)n;
	}
	return len;
}

static const struct net_ops conn_ops = {
	.up = on_up,
	.data = on_data,
	.writable = on_writable,
	.down = on_down,
};

/* ---- sessions coming and going ---- */

static void up_gauge(const struct bgp_peer *p)
{
	if (p->m.up)
		metric_set(p->m.up, p->up ? 1 : 0);
}

static void peer_up(struct bgp_conn *c)
{
	struct bgp_peer *p = c->peer;
	struct bgp *b = p->bgp;
	struct ip_addr id = bgp_id_addr(c->open.bgp_id);

	p->up = c;
	p->up_since_wall_ns = loop_wall_ns(b->loop);
	p->disabled = p->eor = p->refused_told = false;
	p->last_error[0] = '\0';
	bgp_rib_next_round(&p->rib);
	loop_timer_after(&p->eor_wait, BGP_EOR_WAIT_NS);
	loop_timer_stop(&p->grace);
	log_event(p->scope, LOG_NOTICE, "bgp.session.up", "as=%u hold=%us direction=%s",
		  bgpc_open_as(&c->open), c->fsm.hold_s, c == &p->in ? "in" : "out");
	bgp_peer_alarm(p, false, "bgp-session-down", "session established");
	bgp_peer_alarm(p, false, "bgp-objects-max", "a new session");
	bgp_peer_alarm(p, false, "bgp-family-disabled", "a new session");
	peer_publish(p, BUS_INFO, "session-up", "session established");
	if (b->sink)
		b->sink->source_up(b->sink_arg, p->cfg.source, &p->cfg.addr, &id);
	bgp_tx_up(p);
	up_gauge(p);
}

static void peer_down(struct bgp_conn *c)
{
	struct bgp_peer *p = c->peer;
	struct bgp *b = p->bgp;

	p->up = NULL;
	p->flaps++;
	up_gauge(p);
	if (p->m.flaps)
		metric_add(p->m.flaps, 1);
	loop_timer_stop(&p->eor_wait);
	log_event(p->scope, LOG_WARN, "bgp.session.down", "why=\"%s\"", p->last_error);
	peer_publish(p, BUS_WARNING, "session-down", p->last_error);
	if (!p->stopping)
		bgp_peer_alarm(p, true, "bgp-session-down", p->last_error);
	bgp_tx_down(p);
	if (b->sink && !p->disabled)
		b->sink->source_down(b->sink_arg, p->cfg.source);
}

static void slot_stop(struct bgp_conn *c, uint8_t sub)
{
	struct bgp_event ev = event_of(c, BGP_EV_STOP);

	ev.sub = sub;
	bgp_conn_event(c, &ev);
}

/* After an accepted connection ended: the other slot may take up its work again. */
static void slot_ended(struct bgp_conn *c)
{
	struct bgp_peer *p = c->peer;

	if (p->stopping || c != &p->in || p->up || p->out.fsm.state != BGP_IDLE)
		return;
	if (p->out.fsm.failures == 0)
		p->out.fsm.failures = 1;
	conn_event_kind(&p->out, BGP_EV_START);
}

static bool action_do(struct bgp_conn *c, const struct bgp_action *a)
{
	switch (a->kind) {
	case BGP_DO_CONNECT:
		return conn_connect(c);
	case BGP_DO_CLOSE:
		conn_close(c);
		break;
	case BGP_DO_OPEN:
		bgp_tx_open(c);
		break;
	case BGP_DO_KEEPALIVE:
		keepalive_send(c);
		break;
	case BGP_DO_NOTIFY:
		notify_send(c, a->code, a->sub);
		break;
	case BGP_DO_ARM:
		loop_timer_at(&c->timer[a->timer], a->at);
		break;
	case BGP_DO_DISARM:
		loop_timer_stop(&c->timer[a->timer]);
		break;
	case BGP_DO_UP:
		/* One session a peer: the other slot ends before this one is told of. */
		slot_stop(bgp_peer_other(c), BGPC_CEASE_COLLISION);
		peer_up(c);
		break;
	case BGP_DO_DOWN:
		peer_down(c);
		break;
	case BGP_DO_DELIVER:
		break; /* the caller looks whether the session is up */
	}
	return true;
}

void bgp_conn_event(struct bgp_conn *c, const struct bgp_event *ev)
{
	enum bgp_state before = c->fsm.state;
	struct bgp_actions acts;
	bool ok = true;

	bgp_fsm_step(&c->fsm_cfg, &c->fsm, ev, loop_now(c->peer->bgp->loop), &acts);
	for (size_t i = 0; i < acts.n; i++)
		ok &= action_do(c, &acts.at[i]);
	if (!ok)
		conn_event_kind(c, BGP_EV_TCP_DOWN);
	if (before != BGP_IDLE && c->fsm.state == BGP_IDLE)
		slot_ended(c);
}

/*
 * A new connection from the peer. When the accepting slot is taken: one that is not yet up is
 * given up for the new one; one that is up and has been for a while means that the peer started
 * afresh, if it speaks graceful restart (RFC 4724 section 4.2); else the new one is refused.
 */
void bgp_peer_accept(struct bgp_peer *p, struct net_conn *net)
{
	struct bgp_conn *c = &p->in;
	uint64_t age = mono_since(c->fsm.up_since, loop_now(p->bgp->loop));

	if (p->stopping)
		return;
	if (p->up == c && (!c->gr || age < BGP_TAKEOVER_NS)) {
		log_event(p->scope, LOG_INFO, "bgp.connection.refused", "why=established");
		return;
	}
	net_conn_take(net, &conn_ops, c);
	net_conn_limits(net, BGP_READ_MAX, BGP_SEND_MAX);
	if (c->net) {
		(void)str_copy(p->last_error, sizeof(p->last_error), "the peer connected anew");
		p->stopping = true; /* do not start the other slot now */
		conn_close(c);
		conn_event_kind(c, BGP_EV_TCP_DOWN);
		p->stopping = false;
	}
	conn_reset(c);
	c->net = net;
	conn_event_kind(c, BGP_EV_TCP_UP);
}

/* ---- life ---- */

static void on_retry(void *arg)
{
	conn_event_kind(arg, BGP_EV_RETRY);
}

static void on_hold(void *arg)
{
	struct bgp_conn *c = arg;

	(void)str_copy(c->peer->last_error, sizeof(c->peer->last_error), "hold timer expired");
	conn_event_kind(c, BGP_EV_HOLD);
}

static void on_keepalive(void *arg)
{
	conn_event_kind(arg, BGP_EV_KEEPALIVE);
}

static void on_eor_wait(void *arg)
{
	bgp_rx_end_of_rib(arg);
}

static void on_grace(void *arg)
{
	struct bgp_peer *p = arg;

	if (!p->up)
		bgp_peer_alarm(p, true, "bgp-session-down",
			       p->last_error[0] ? p->last_error : "no session yet");
}

static void conn_init(struct bgp_peer *p, struct bgp_conn *c, bool incoming)
{
	struct loop *loop = p->bgp->loop;

	c->peer = p;
	c->fsm_cfg = (struct bgp_fsm_cfg){ .incoming = incoming,
					   .passive = p->cfg.passive,
					   .hold_s = p->cfg.hold_s,
					   .retry_ns_min = p->bgp->cfg.retry_ns_min,
					   .retry_ns_max = p->bgp->cfg.retry_ns_max };
	loop_timer_init(&c->timer[BGP_T_RETRY], loop, on_retry, c);
	loop_timer_init(&c->timer[BGP_T_HOLD], loop, on_hold, c);
	loop_timer_init(&c->timer[BGP_T_KEEPALIVE], loop, on_keepalive, c);
	loop_timer_init(&c->send_hold, loop, on_send_hold, c);
}

static void conn_fini(struct bgp_conn *c)
{
	conn_close(c);
	for (size_t i = 0; i < BGP_TIMERS; i++)
		loop_timer_fini(&c->timer[i]);
	loop_timer_fini(&c->send_hold);
}

static void metrics_init(struct bgp_peer *p)
{
	static const char *const kinds[BGP_FAULTS] = { "tlv-skip",     "attribute-discard",
						       "nlri-discard", "treat-as-withdraw",
						       "afi-disable",  "reset",
						       "refused" };
	char labels[IP_TEXT_MAX + 64];

	(void)snprintf(labels, sizeof(labels), "peer=\"%s\"", p->text);
	p->m.up = metric_gauge("sextant_bgp_session_up", "1 when the session is established",
			       labels);
	p->m.rx = metric_counter("sextant_bgp_received_messages_total", "BGP messages received",
				 labels);
	p->m.tx = metric_counter("sextant_bgp_sent_messages_total", "BGP messages sent", labels);
	p->m.nlris = metric_gauge("sextant_bgp_nlris", "NLRIs held of this peer", labels);
	p->m.flaps = metric_counter("sextant_bgp_session_losses_total", "sessions lost", labels);
	for (size_t i = 0; i < BGP_FAULTS; i++) {
		(void)snprintf(labels, sizeof(labels), "peer=\"%s\",cost=\"%s\"", p->text,
			       kinds[i]);
		p->m.faults[i] = metric_counter("sextant_bgp_faults_total",
						"faults in what the peer sent, by their cost",
						labels);
	}
}

int bgp_peer_new(struct bgp *b, const struct bgp_peer_cfg *cfg, struct bgp_peer **outp)
{
	struct bgp_peer *p = calloc(1, sizeof(*p));

	if (!p)
		return err_raise(-ENOMEM);
	if (b->router) {
		p->pack.nlri = malloc(BGPC_MAX_LEN_EXT);
		p->pack.attr = malloc(BGPC_MAX_LEN_EXT);
		if (!p->pack.nlri || !p->pack.attr) {
			free(p->pack.nlri);
			free(p->pack.attr);
			free(p);
			return err_raise(-ENOMEM);
		}
	}
	p->bgp = b;
	p->cfg = *cfg;
	(void)ip_text(&cfg->addr, p->text, sizeof(p->text));
	(void)snprintf(p->scope, sizeof(p->scope), "peer=%s", p->text);
	(void)snprintf(p->resource, sizeof(p->resource), "bgp/peer/%s", p->text);
	bgp_rib_init(&p->rib, loop_random(b->loop), cfg->objects_max);
	conn_init(p, &p->out, false);
	conn_init(p, &p->in, true);
	loop_timer_init(&p->eor_wait, b->loop, on_eor_wait, p);
	loop_timer_init(&p->grace, b->loop, on_grace, p);
	if (b->bus)
		metrics_init(p);
	*outp = p;
	return 0;
}

void bgp_peer_free(struct bgp_peer *p)
{
	p->stopping = true;
	conn_fini(&p->out);
	conn_fini(&p->in);
	loop_timer_fini(&p->eor_wait);
	loop_timer_fini(&p->grace);
	bgp_rib_fini(&p->rib);
	free(p->pack.nlri);
	free(p->pack.attr);
	free(p);
}

void bgp_peer_start(struct bgp_peer *p)
{
	p->stopping = false;
	p->out.fsm_cfg.passive = p->cfg.passive;
	p->out.fsm_cfg.hold_s = p->in.fsm_cfg.hold_s = p->cfg.hold_s;
	loop_timer_after(&p->grace, BGP_GRACE_NS);
	conn_event_kind(&p->out, BGP_EV_START);
}

void bgp_peer_stop(struct bgp_peer *p, uint8_t cease_sub)
{
	p->stopping = true;
	if (p->up)
		(void)str_copy(p->last_error, sizeof(p->last_error), "ended by us");
	slot_stop(&p->out, cease_sub);
	slot_stop(&p->in, cease_sub);
	loop_timer_stop(&p->grace);
}
