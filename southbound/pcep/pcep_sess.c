/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plumbing between a connection and the machine. Before the machine starts, a session with
 * TLS exchanges StartTLS (RFC 8253 s3.2); octets behind it belong to the handshake.
 */
#include "southbound/pcep/pcep_sess.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

enum { SEND_ROOM = 16384, UNKNOWN_MAX = 5, MESSAGES_A_TURN = 64 };

#define WAIT_NS (60 * NS_PER_S)
#define MINUTE_NS (60 * NS_PER_S)
#define LINGER_NS NS_PER_S

struct pcep_sess {
	struct loop *loop;
	struct net_conn *conn;
	struct pcep_sess_cfg cfg;
	const struct pcep_sess_ops *ops;
	void *arg;
	struct pcep_fsm fsm;
	bool started, over, busy;
	struct loop_timer wait, dead, keepalive;
	struct loop_task end; /* frees when no callback of ours is on the stack */
	struct arena arena;
	struct pcep_sess_stats stats;
	unsigned unknown;
	struct mono unknown_since;
	char why[160];
};

static void step(struct pcep_sess *s, const struct pcep_event *e);

static void event(struct pcep_sess *s, enum pcep_event_kind kind)
{
	step(s, &(struct pcep_event){ .kind = kind });
}

/* ---- sending ---- */

static void keepalive_rearm(struct pcep_sess *s)
{
	if (s->fsm.state == PCEP_UP && s->fsm.keepalive_s)
		loop_timer_after(&s->keepalive, s->fsm.keepalive_s * NS_PER_S);
}

static int send_written(struct pcep_sess *s, const struct wr *w)
{
	if (w->bad || net_conn_send(s->conn, w->base, w->len) != 0)
		return NET_E_FULL;
	s->stats.tx++;
	keepalive_rearm(s);
	return 0;
}

/* Answers to sets of requests: as much as a message can hold. */
static int send_long(struct pcep_sess *s, const struct pcepc_msg *msg)
{
	uint8_t *buf = malloc(PCEPC_MSG_MAX);
	struct wr w = wr_of(buf, buf ? PCEPC_MSG_MAX : 0);
	int rc;

	pcepc_write(&w, msg);
	rc = send_written(s, &w);
	free(buf);
	return rc;
}

int pcep_sess_send(struct pcep_sess *s, const struct pcepc_msg *msg)
{
	uint8_t buf[SEND_ROOM];
	struct wr w = wr_of(buf, sizeof(buf));

	if (s->over)
		return 0;
	pcepc_write(&w, msg);
	return w.bad ? send_long(s, msg) : send_written(s, &w);
}

static void send_type(struct pcep_sess *s, uint8_t type)
{
	(void)pcep_sess_send(s, &(struct pcepc_msg){ .type = type });
}

static void send_open(struct pcep_sess *s)
{
	struct pcepc_open o = s->cfg.open;

	o.version = PCEPC_VERSION;
	o.keepalive_s = s->fsm.keepalive_s;
	o.dead_s = s->fsm.dead_s;
	(void)pcep_sess_send(s, &(struct pcepc_msg){ .type = PCEPC_OPEN, .open = &o });
}

void pcep_sess_send_err(struct pcep_sess *s, uint8_t type, uint8_t value, enum pcepc_err_kind about,
			uint32_t id)
{
	struct pcepc_err e = { .kind = PCEPC_ERR_ERROR, .type = type, .value = value };
	struct pcepc_err what = { .kind = about, .id = id };
	struct pcepc_msg m = { .type = PCEPC_PCERR, .errs = &e };

	if (about == PCEPC_ERR_LSP) {
		e.next = &what;
	} else if (about != PCEPC_ERR_ERROR) {
		what.next = &e;
		m.errs = &what;
	}
	s->stats.rx_errors++;
	(void)pcep_sess_send(s, &m);
}

/* PCErr 1/4 carries an OPEN with timers we would take. */
static void send_err_open(struct pcep_sess *s, uint8_t type, uint8_t value)
{
	struct pcepc_err e = { .kind = PCEPC_ERR_ERROR, .type = type, .value = value };
	struct pcepc_open o = s->cfg.open;

	o.version = PCEPC_VERSION;
	o.keepalive_s = s->fsm.keepalive_s;
	o.dead_s = s->fsm.dead_s;
	(void)pcep_sess_send(s, &(struct pcepc_msg){ .type = PCEPC_PCERR, .errs = &e, .open = &o });
}

/* ---- ending ---- */

static void sess_release(struct pcep_sess *s)
{
	loop_timer_fini(&s->wait);
	loop_timer_fini(&s->dead);
	loop_timer_fini(&s->keepalive);
	loop_task_cancel(&s->end);
	net_tls_unref(s->cfg.tls);
	arena_fini(&s->arena);
	free(s);
}

static void end_cb(void *arg)
{
	struct pcep_sess *s = arg;

	if (s->ops)
		s->ops->down(s->arg, s->why);
	sess_release(s);
}

/* The connection is let go (what is queued still leaves), the owner told in a moment. */
static void end(struct pcep_sess *s, const char *why)
{
	if (s->over)
		return;
	s->over = true;
	str_copy(s->why, sizeof(s->why), why);
	if (s->conn)
		net_conn_finish(s->conn, LINGER_NS);
	s->conn = NULL;
	loop_task_run(&s->end);
}

struct pcep_sess *pcep_sess_free(struct pcep_sess *s)
{
	if (!s)
		return NULL;
	s->ops = NULL;
	if (s->busy || s->over) {
		end(s, "");
		return NULL;
	}
	net_conn_close(s->conn);
	sess_release(s);
	return NULL;
}

struct pcep_sess *pcep_sess_close(struct pcep_sess *s)
{
	if (!s)
		return NULL;
	s->ops = NULL;
	if (!s->over)
		event(s, PCEP_EV_STOP);
	end(s, "");
	return NULL;
}

/* ---- the machine ---- */

static void do_action(struct pcep_sess *s, const struct pcep_action *a, const char *why)
{
	switch (a->kind) {
	case PCEP_DO_SEND_OPEN:
		send_open(s);
		break;
	case PCEP_DO_SEND_KEEPALIVE:
		send_type(s, PCEPC_KEEPALIVE);
		break;
	case PCEP_DO_SEND_ERR:
		pcep_sess_send_err(s, a->type, a->value, PCEPC_ERR_ERROR, 0);
		(void)snprintf(s->why, sizeof(s->why), "sent PCErr %u/%u: %s", a->type, a->value,
			       pcepc_error_text(a->type, a->value));
		break;
	case PCEP_DO_SEND_ERR_OPEN:
		send_err_open(s, a->type, a->value);
		break;
	case PCEP_DO_SEND_CLOSE:
		(void)pcep_sess_send(s, &(struct pcepc_msg){ .type = PCEPC_CLOSE, .close_reason = a->value });
		(void)snprintf(s->why, sizeof(s->why), "closed, reason %u", a->value);
		break;
	case PCEP_DO_ARM_WAIT:
		loop_timer_after(&s->wait, WAIT_NS);
		break;
	case PCEP_DO_STOP_WAIT:
		loop_timer_stop(&s->wait);
		break;
	case PCEP_DO_UP:
		keepalive_rearm(s);
		if (s->fsm.peer_dead_s)
			loop_timer_after(&s->dead, s->fsm.peer_dead_s * NS_PER_S);
		if (s->ops)
			s->ops->up(s->arg);
		break;
	case PCEP_DO_DROP:
		end(s, s->why[0] ? s->why : why);
		break;
	}
}

static void step(struct pcep_sess *s, const struct pcep_event *e)
{
	struct pcep_actions actions;

	pcep_fsm_step(&s->fsm, e, &actions);
	for (unsigned i = 0; i < actions.n && !s->over; i++)
		do_action(s, &actions.at[i], "session ended");
}

static void wait_over(void *arg)
{
	struct pcep_sess *s = arg;

	if (s->started) {
		event(s, PCEP_EV_WAIT_OVER);
		return;
	}
	pcep_sess_send_err(s, 25, 5, PCEPC_ERR_ERROR, 0);
	end(s, "no StartTLS or handshake within 60 s");
}

static void dead_over(void *arg)
{
	event(arg, PCEP_EV_DEAD_OVER);
}

static void keepalive_due(void *arg)
{
	event(arg, PCEP_EV_KEEPALIVE_DUE);
}

static void start(struct pcep_sess *s)
{
	s->started = true;
	event(s, PCEP_EV_CONNECTED);
}

/* ---- receiving ---- */

static void got_open(struct pcep_sess *s, const struct pcepc_open *o)
{
	struct pcep_event e = { .keepalive_s = o->keepalive_s, .dead_s = o->dead_s };
	uint8_t type = 1, value = 3;

	if (s->fsm.state != PCEP_UP && s->ops && !s->ops->accept_open(s->arg, o, &type, &value)) {
		pcep_sess_send_err(s, type, value, PCEPC_ERR_ERROR, 0);
		(void)snprintf(s->why, sizeof(s->why), "its Open was refused, PCErr %u/%u: %s", type, value,
			       pcepc_error_text(type, value));
		end(s, s->why);
		return;
	}
	e.kind = o->dead_s != 0 && o->dead_s <= o->keepalive_s ? PCEP_EV_OPEN_NEGOTIABLE : PCEP_EV_OPEN_GOOD;
	step(s, &e);
}

static void got_err(struct pcep_sess *s, const struct pcepc_msg *m)
{
	const struct pcepc_err *e = m->errs;

	while (e && e->kind != PCEPC_ERR_ERROR)
		e = e->next;
	if (s->fsm.state == PCEP_UP) {
		if (s->ops)
			s->ops->message(s->arg, m);
		return;
	}
	if (e && e->type == 1 && e->value == 4 && m->open) {
		step(s, &(struct pcep_event){ PCEP_EV_PROPOSAL, m->open->keepalive_s, m->open->dead_s });
		return;
	}
	(void)snprintf(s->why, sizeof(s->why), "peer sent PCErr %u/%u: %s", e ? e->type : 0, e ? e->value : 0,
		       e ? pcepc_error_text(e->type, e->value) : "without error object");
	end(s, s->why);
}

/* MAX-UNKNOWN-MESSAGES, RFC 5440 s6.9: five a minute. */
static void got_unknown(struct pcep_sess *s)
{
	struct mono now = loop_now(s->loop);

	if (mono_since(s->unknown_since, now) > MINUTE_NS) {
		s->unknown = 0;
		s->unknown_since = now;
	}
	s->stats.rx_errors++;
	if (++s->unknown < UNKNOWN_MAX)
		return;
	(void)pcep_sess_send(s, &(struct pcepc_msg){ .type = PCEPC_CLOSE,
						     .close_reason = PCEPC_CLOSE_UNKNOWN_MESSAGES });
	end(s, "too many unknown messages");
}

static void dispatch(struct pcep_sess *s, const struct pcepc_msg *m)
{
	switch (m->type) {
	case PCEPC_OPEN:
		if (m->open)
			got_open(s, m->open);
		else
			event(s, PCEP_EV_MALFORMED);
		return;
	case PCEPC_KEEPALIVE:
		event(s, PCEP_EV_KEEPALIVE);
		return;
	case PCEPC_PCERR:
		got_err(s, m);
		return;
	case PCEPC_CLOSE:
		(void)snprintf(s->why, sizeof(s->why), "closed by the peer, reason %u", m->close_reason);
		end(s, s->why);
		return;
	case PCEPC_STARTTLS:
		pcep_sess_send_err(s, 25, 1, PCEPC_ERR_ERROR, 0);
		end(s, "StartTLS in the middle of a session");
		return;
	case PCEPC_PCREQ:
	case PCEPC_PCREP:
	case PCEPC_PCNTF:
	case PCEPC_PCRPT:
	case PCEPC_PCUPD:
	case PCEPC_PCINITIATE:
		if (s->fsm.state != PCEP_UP)
			event(s, PCEP_EV_OTHER);
		else if (s->ops)
			s->ops->message(s->arg, m);
		return;
	}
	got_unknown(s);
}

static void frame(struct pcep_sess *s, const uint8_t *data, size_t len)
{
	struct pcepc_fault fault = { 0 };
	struct pcepc_msg *m = NULL;
	enum verdict v;

	arena_reset(&s->arena);
	v = pcepc_read(&s->arena, data, len, &m, &fault);
	s->stats.rx++;
	if (s->fsm.state == PCEP_UP && s->fsm.peer_dead_s)
		loop_timer_after(&s->dead, s->fsm.peer_dead_s * NS_PER_S);
	if (v == VERDICT_RESET || !m) {
		if (fault.err_type)
			pcep_sess_send_err(s, fault.err_type, fault.err_value, PCEPC_ERR_ERROR, 0);
		(void)snprintf(s->why, sizeof(s->why), "malformed message (%s)", fault_why_text(fault.why));
		event(s, PCEP_EV_MALFORMED);
		return;
	}
	dispatch(s, m);
}

/* The first message where TLS is configured, RFC 8253 s3.2. True: go on with the handshake. */
static bool first_of_tls(struct pcep_sess *s, const uint8_t *data)
{
	if (data[1] == PCEPC_STARTTLS) {
		if (s->cfg.tls && net_conn_tls(s->conn, s->cfg.tls, s->cfg.use, s->cfg.server_name) == 0)
			return true;
		pcep_sess_send_err(s, 25, 4, PCEPC_ERR_ERROR, 0);
		end(s, "the peer wants TLS and we have none for it");
		return false;
	}
	pcep_sess_send_err(s, 25, data[1] == PCEPC_OPEN ? 3 : 2, PCEPC_ERR_ERROR, 0);
	end(s, data[1] == PCEPC_OPEN ? "the peer does not speak TLS, and we want it" :
				       "the peer did not begin with StartTLS");
	return false;
}

static size_t on_data(void *arg, const uint8_t *data, size_t len)
{
	struct pcep_sess *s = arg;
	size_t used = 0, n;

	s->busy = true;
	for (int i = 0; i < MESSAGES_A_TURN && !s->over; i++) {
		enum pcepc_frame f = pcepc_frame(data + used, len - used, &n);

		if (f == PCEPC_FRAME_MORE)
			break;
		if (f != PCEPC_FRAME_OK) {
			s->stats.rx_errors++;
			if (f == PCEPC_FRAME_BAD_VERSION)
				pcep_sess_send_err(s, 1, 8, PCEPC_ERR_ERROR, 0);
			str_copy(s->why, sizeof(s->why), "not PCEP: impossible header");
			if (s->started)
				event(s, PCEP_EV_MALFORMED);
			end(s, s->why);
			break;
		}
		if (!s->started || (s->fsm.state == PCEP_OPENWAIT && data[used + 1] == PCEPC_STARTTLS)) {
			used += first_of_tls(s, data + used) ? n : 0;
			break; /* what follows belongs to the handshake */
		}
		frame(s, data + used, n);
		used += n;
	}
	s->busy = false;
	return s->over ? len : used;
}

static void on_tls_up(void *arg)
{
	start(arg);
}

static void on_writable(void *arg)
{
	struct pcep_sess *s = arg;

	if (s->ops && s->ops->writable)
		s->ops->writable(s->arg);
}

static void on_down(void *arg, int err, const char *why)
{
	struct pcep_sess *s = arg;

	(void)err;
	s->conn = NULL;
	end(s, s->why[0] ? s->why : why);
}

static const struct net_ops ops_of_net = {
	.data = on_data,
	.tls_up = on_tls_up,
	.writable = on_writable,
	.down = on_down,
};

int pcep_sess_new(struct pcep_sess **outp, struct loop *loop, struct net_conn *conn,
		  const struct pcep_sess_cfg *cfg, const struct pcep_sess_ops *ops, void *arg)
{
	struct pcep_sess *s = calloc(1, sizeof(*s));

	if (!s)
		return err_raise(-ENOMEM);
	s->loop = loop;
	s->conn = conn;
	s->cfg = *cfg;
	if (cfg->tls)
		net_tls_ref(cfg->tls);
	s->ops = ops;
	s->arg = arg;
	s->fsm.keepalive_s = cfg->open.keepalive_s;
	s->fsm.dead_s = cfg->open.dead_s;
	arena_init(&s->arena, PCEPC_ARENA_MAX);
	loop_timer_init(&s->wait, loop, wait_over, s);
	loop_timer_init(&s->dead, loop, dead_over, s);
	loop_timer_init(&s->keepalive, loop, keepalive_due, s);
	loop_task_init(&s->end, loop, end_cb, s);
	*outp = s;
	net_conn_take(conn, &ops_of_net, s);
	if (cfg->tls) {
		loop_timer_after(&s->wait, WAIT_NS);
		send_type(s, PCEPC_STARTTLS);
	} else {
		start(s);
	}
	return 0;
}

enum pcep_state pcep_sess_state(const struct pcep_sess *s)
{
	return s->fsm.state;
}

const struct pcep_sess_stats *pcep_sess_stats(const struct pcep_sess *s)
{
	return &s->stats;
}

bool pcep_sess_is_tls(const struct pcep_sess *s)
{
	return s->cfg.tls != NULL;
}
