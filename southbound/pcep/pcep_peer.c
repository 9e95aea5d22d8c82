/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer of the PCE: its session coming and going, what is told of that, its alarms, counters.
 *
 * Invariants: session is 0 unless the session is up; told is the session the sink knows of, and
 * is told of its end exactly once: at once from the session's own callback, from the gone task
 * when we ended it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "southbound/pcep/pcep_int.h"

#define LINGER_NS NS_PER_S

enum { ERR_SECOND_SESSION = 9 };

/* ---- telling ---- */

static void publish(struct pcep_peer *p, enum bus_severity sev, const char *type, const char *why)
{
	STR_AUTO struct str body = { 0 };

	if (!p->pcep->bus)
		return;
	str_add(&body, "\"protocol\":\"pcep\",\"peer\":");
	str_json(&body, p->text);
	str_add(&body, ",\"text\":");
	str_json(&body, why);
	bus_publish(p->pcep->bus, loop_wall_ns(p->pcep->loop), sev, type, p->resource,
		    str_text(&body));
}

void pcep_peer_alarm(struct pcep_peer *p, bool raise, const char *type, const char *why)
{
	publish(p, raise ? BUS_ALARM : BUS_CLEARED, type, why);
}

void pcep_peer_insecure(struct pcep_peer *p, bool standing)
{
	if (standing && !p->cfg.tls && p->cfg.md5.len == 0)
		pcep_peer_alarm(p, true, "pcep-insecure", "plaintext session without TLS or TCP-MD5");
	else
		pcep_peer_alarm(p, false, "pcep-insecure", "no plaintext session any more");
}

static void up_gauge(const struct pcep_peer *p)
{
	if (p->m.up)
		metric_set(p->m.up, p->session ? 1 : 0);
}

/* ---- counters ---- */

struct pcep_sess_stats pcep_peer_stats(struct pcep_peer *p)
{
	struct pcep_sess_stats now = p->folded;

	if (p->sess)
		now = *pcep_sess_stats(p->sess);
	p->sum.rx += now.rx - p->folded.rx;
	p->sum.tx += now.tx - p->folded.tx;
	p->sum.rx_errors += now.rx_errors - p->folded.rx_errors;
	if (p->m.rx) {
		metric_add(p->m.rx, now.rx - p->folded.rx);
		metric_add(p->m.tx, now.tx - p->folded.tx);
		metric_add(p->m.faults, now.rx_errors - p->folded.rx_errors);
		metric_set(p->m.lsps, (double)p->db.hash.count);
	}
	p->folded = now;
	return p->sum;
}

static void metrics_init(struct pcep_peer *p)
{
	char labels[IP_TEXT_MAX + 16];

	(void)snprintf(labels, sizeof(labels), "peer=\"%s\"", p->text);
	p->m.up = metric_gauge("sextant_pcep_session_up", "1 when the session is up", labels);
	p->m.rx = metric_counter("sextant_pcep_received_messages_total", "PCEP messages received",
				 labels);
	p->m.tx = metric_counter("sextant_pcep_sent_messages_total", "PCEP messages sent", labels);
	p->m.lsps = metric_gauge("sextant_pcep_lsps", "LSPs held of this peer", labels);
	p->m.flaps = metric_counter("sextant_pcep_session_losses_total", "sessions lost", labels);
	p->m.faults = metric_counter("sextant_pcep_faults_total", "faults in what the peer sent",
				     labels);
	p->m.refusals = metric_counter("sextant_pcep_refusals_total",
				       "errors (PCErr) the peer answered our requests with", labels);
}

/* ---- sessions coming and going ---- */

static uint32_t next_session(struct pcep *p)
{
	if (++p->last_session == 0)
		p->last_session = 1;
	return p->last_session;
}

static void tell_down(struct pcep_peer *p)
{
	uint32_t session = p->told;

	p->told = 0;
	if (session)
		p->pcep->sink->headend_down(p->pcep->arg, &p->cfg.headend, session);
}

void pcep_peer_synced(struct pcep_peer *p)
{
	if (p->synced)
		return;
	p->synced = true;
	loop_timer_stop(&p->grace);
	pcep_peer_alarm(p, false, "pcep-sync", "synchronised");
	log_event(p->scope, LOG_NOTICE, "pcep.session.synced", "lsps=%zu", p->db.hash.count);
	(void)pcep_peer_stats(p);
	p->pcep->sink->headend_synced(p->pcep->arg, &p->cfg.headend, p->session);
}

void pcep_peer_ready(struct pcep_peer *p)
{
	if (!p->full || !p->session)
		return;
	p->full = false;
	p->pcep->sink->headend_ready(p->pcep->arg, &p->cfg.headend);
}

/* What is only true while a session is up. */
static void session_clear(struct pcep_peer *p)
{
	p->session = 0;
	p->synced = p->full = p->limit_told = p->twice_told = false;
	p->caps = (struct headend_caps){ 0 };
	pcep_db_clear(&p->db, loop_random(p->pcep->loop));
	pcep_txns_fini(&p->txns);
	pcep_pce_asks_drop(p);
	loop_timer_stop(&p->pace);
	up_gauge(p);
}

static void session_lost(struct pcep_peer *p, const char *why)
{
	bool was_up = p->session != 0;

	(void)str_copy(p->last_error, sizeof(p->last_error), why);
	session_clear(p);
	if (!was_up) {
		log_event(p->scope, LOG_WARN, "pcep.session.failed", "why=\"%s\"", why);
		return;
	}
	p->flaps++;
	loop_timer_stop(&p->grace);
	pcep_peer_alarm(p, false, "pcep-sync", "the session ended");
	if (p->m.flaps)
		metric_add(p->m.flaps, 1);
	log_event(p->scope, LOG_WARN, "pcep.session.down", "why=\"%s\"", why);
	publish(p, BUS_WARNING, "session-down", why);
	if (!p->gone_for_good)
		pcep_peer_alarm(p, true, "pcep-session-down", why);
}

static bool sess_accept_open(void *arg, const struct pcepc_open *open, uint8_t *type,
			     uint8_t *value)
{
	struct pcep_peer *p = arg;

	if (!pcep_open_check(open, p->dialect, type, value))
		return false;
	p->stateful = open->has_stateful;
	pcep_open_caps(open, p->dialect, p->cfg.msd, &p->caps);
	return true;
}

static void sess_up(void *arg)
{
	struct pcep_peer *p = arg;
	struct pcep *pcep = p->pcep;
	const struct headend_caps *c = &p->caps;

	tell_down(p); /* of the one before, if its task has not run yet */
	p->session = p->told = next_session(pcep);
	p->up_since_wall_ns = loop_wall_ns(pcep->loop);
	p->last_error[0] = '\0';
	loop_timer_after(&p->grace, PCEP_SYNC_NS);
	up_gauge(p);
	log_event(p->scope, LOG_NOTICE, "pcep.session.up",
		  "security=%s srv6=%d sr-mpls=%d update=%d initiate=%d msd=%u/%u",
		  p->cfg.tls ? "tls" : p->cfg.md5.len ? "md5" : "none", c->srv6, c->sr_mpls, c->update,
		  c->initiate, c->msd_srv6, c->msd_mpls);
	pcep_peer_alarm(p, false, "pcep-session-down", "session up");
	pcep_peer_alarm(p, false, "pcep-lsps-max", "a new session");
	pcep_peer_alarm(p, false, "pcep-name-twice", "a new session");
	publish(p, BUS_INFO, "session-up", "session up");
	pcep->sink->headend_up(pcep->arg, &p->cfg.headend, p->session, &p->caps);
	if (!p->stateful && p->session)
		pcep_peer_synced(p); /* it has nothing to tell */
}

static void sess_message(void *arg, const struct pcepc_msg *msg)
{
	struct pcep_peer *p = arg;

	pcep_pce_message(p, msg);
	(void)pcep_peer_stats(p);
}

static void sess_writable(void *arg)
{
	struct pcep_peer *p = arg;

	if (!loop_timer_armed(&p->pace))
		pcep_peer_ready(p);
}

static void sess_down(void *arg, const char *why)
{
	struct pcep_peer *p = arg;

	(void)pcep_peer_stats(p);
	p->sess = NULL;
	session_lost(p, why);
	tell_down(p);
}

static const struct pcep_sess_ops sess_ops = {
	.accept_open = sess_accept_open,
	.up = sess_up,
	.message = sess_message,
	.writable = sess_writable,
	.down = sess_down,
};

static size_t refuse_data(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	return len;
}

static void refuse_down(void *arg, int err, const char *why)
{
	(void)arg;
	(void)err;
	(void)why;
}

/* RFC 5440 s4.2.1: one session a pair of peers; the new connection is the one to end. */
static void refuse(struct pcep_peer *p, struct net_conn *conn)
{
	static const struct net_ops ops = { .data = refuse_data, .down = refuse_down };
	struct pcepc_err e = { .kind = PCEPC_ERR_ERROR, .type = ERR_SECOND_SESSION };
	uint8_t buf[64];
	struct wr w = wr_of(buf, sizeof(buf));

	pcepc_write(&w, &(struct pcepc_msg){ .type = PCEPC_PCERR, .errs = &e });
	net_conn_take(conn, &ops, NULL);
	if (net_conn_send(conn, buf, w.len) == 0)
		net_conn_finish(conn, LINGER_NS);
	else
		net_conn_close(conn);
	log_event(p->scope, LOG_WARN, "pcep.connection.refused", "why=\"a second session\"");
}

void pcep_peer_accept(struct pcep_peer *p, struct net_conn *conn)
{
	struct pcep_sess_cfg cfg = { .open = pcep_open_of(&p->pcep->cfg, p->dialect),
				     .tls = p->cfg.tls, .use = NET_TLS_SERVER };
	int rc;

	if (p->sess) {
		refuse(p, conn);
		return;
	}
	net_conn_limits(conn, PCEP_READ_MAX, PCEP_SEND_MAX);
	p->folded = (struct pcep_sess_stats){ 0 };
	rc = pcep_sess_new(&p->sess, p->pcep->loop, conn, &cfg, &sess_ops, p);
	if (rc < 0) {
		p->sess = NULL;
		log_event(p->scope, LOG_ERROR, "pcep.connection.failed", "why=\"%s\"", err_text(rc));
	}
}

/* ---- life ---- */

static void on_gone(void *arg)
{
	struct pcep_peer *p = arg;

	tell_down(p);
	if (!p->gone_for_good)
		return;
	list_del(&p->link);
	pcep_peer_free(p);
}

static void on_grace(void *arg)
{
	struct pcep_peer *p = arg;

	if (!p->session)
		pcep_peer_alarm(p, true, "pcep-session-down",
				p->last_error[0] ? p->last_error : "no session yet");
	else if (!p->synced)
		pcep_peer_alarm(p, true, "pcep-sync",
				"it has not ended its state synchronisation: nothing is sent to it");
}

static void on_pace(void *arg)
{
	pcep_peer_ready(arg);
}

int pcep_peer_new(struct pcep *pcep, const struct pcep_peer_cfg *cfg, struct pcep_peer **outp)
{
	struct pcep_peer *p = calloc(1, sizeof(*p));

	if (!p)
		return err_raise(-ENOMEM);
	p->pcep = pcep;
	p->cfg = *cfg;
	p->dialect = pcep_dialect_find(cfg->profile);
	if (p->cfg.tls)
		net_tls_ref(p->cfg.tls);
	(void)ip_text(&cfg->addr, p->text, sizeof(p->text));
	(void)snprintf(p->scope, sizeof(p->scope), "peer=%s", p->text);
	(void)snprintf(p->resource, sizeof(p->resource), "pcep/peer/%s", p->text);
	list_init(&p->link);
	pcep_db_init(&p->db, loop_random(pcep->loop), pcep->cfg.lsps_max);
	loop_timer_init(&p->grace, pcep->loop, on_grace, p);
	loop_timer_init(&p->pace, pcep->loop, on_pace, p);
	list_init(&p->asks);
	loop_timer_init(&p->ask_retry, pcep->loop, pcep_pce_asks_retry, p);
	loop_task_init(&p->gone, pcep->loop, on_gone, p);
	if (pcep->bus)
		metrics_init(p);
	*outp = p;
	return 0;
}

void pcep_peer_free(struct pcep_peer *p)
{
	pcep_sess_free(p->sess);
	loop_timer_fini(&p->grace);
	loop_timer_fini(&p->pace);
	pcep_pce_asks_drop(p);
	loop_timer_fini(&p->ask_retry);
	loop_task_cancel(&p->gone);
	pcep_db_fini(&p->db);
	pcep_txns_fini(&p->txns);
	net_tls_unref(p->cfg.tls);
	free(p);
}

void pcep_peer_start(struct pcep_peer *p)
{
	loop_timer_after(&p->grace, PCEP_GRACE_NS);
}

void pcep_peer_stop(struct pcep_peer *p, const char *why)
{
	loop_timer_stop(&p->grace);
	if (p->sess) {
		(void)pcep_peer_stats(p);
		p->sess = pcep_sess_close(p->sess);
		session_lost(p, why);
	}
	if (p->told || p->gone_for_good)
		loop_task_run(&p->gone);
}
