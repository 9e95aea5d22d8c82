/* SPDX-License-Identifier: Apache-2.0 */
/* A table of state and event; an empty cell is "ignore" for local events and an FSM error
 * (NOTIFICATION 5) for messages. */
#include "southbound/bgp/bgp_fsm.h"

#include <assert.h>

enum {
	ERR_HOLD = 4,
	ERR_FSM = 5,
	ERR_CEASE = 6,
};

struct step {
	const struct bgp_fsm_cfg *cfg;
	struct bgp_fsm *fsm;
	const struct bgp_event *ev;
	struct mono now;
	struct bgp_actions *out;
};

typedef void (*step_fn)(struct step *s);

static void act(struct step *s, struct bgp_action a)
{
	assert(s->out->n < BGP_ACTIONS_MAX);
	s->out->at[s->out->n++] = a;
}

static void do_kind(struct step *s, enum bgp_action_kind kind)
{
	act(s, (struct bgp_action){ .kind = kind });
}

static void arm(struct step *s, enum bgp_timer t, uint64_t ns)
{
	act(s, (struct bgp_action){ .kind = BGP_DO_ARM, .timer = t, .at = mono_add(s->now, ns) });
}

static void disarm(struct step *s, enum bgp_timer t)
{
	act(s, (struct bgp_action){ .kind = BGP_DO_DISARM, .timer = t });
}

/* RFC 4271 section 10: between 0.75 and 1 of the value. */
static uint64_t jitter(const struct step *s, uint64_t ns)
{
	uint64_t quarter = ns / 4;

	return quarter == 0 ? ns : ns - s->ev->random % quarter;
}

static uint64_t back_off(const struct step *s)
{
	uint64_t ns = s->cfg->retry_ns_min;

	for (uint32_t i = 1; i < s->fsm->failures && ns < s->cfg->retry_ns_max; i++)
		ns *= 2;
	return jitter(s, ns < s->cfg->retry_ns_max ? ns : s->cfg->retry_ns_max);
}

static void keepalive_arm(struct step *s)
{
	if (s->fsm->hold_s > 0)
		arm(s, BGP_T_KEEPALIVE, jitter(s, (uint64_t)s->fsm->hold_s * NS_PER_S / 3));
}

static void hold_arm(struct step *s)
{
	if (s->fsm->hold_s > 0)
		arm(s, BGP_T_HOLD, (uint64_t)s->fsm->hold_s * NS_PER_S);
	else
		disarm(s, BGP_T_HOLD);
}

static void connect(struct step *s)
{
	s->fsm->state = BGP_CONNECT;
	do_kind(s, BGP_DO_CONNECT);
}

/* Back to waiting: an accepted connection has nothing to wait for, a passive peer no timer. */
static void wait(struct step *s)
{
	if (s->cfg->incoming) {
		s->fsm->state = BGP_IDLE;
		return;
	}
	s->fsm->state = BGP_ACTIVE;
	if (!s->cfg->passive)
		arm(s, BGP_T_RETRY, back_off(s));
}

static void lose(struct step *s)
{
	bool up = s->fsm->state == BGP_ESTABLISHED;

	do_kind(s, BGP_DO_CLOSE);
	disarm(s, BGP_T_HOLD);
	disarm(s, BGP_T_KEEPALIVE);
	if (up && mono_since(s->fsm->up_since, s->now) >= BGP_STABLE_NS)
		s->fsm->failures = 0;
	if (s->fsm->failures < UINT32_MAX)
		s->fsm->failures++;
	if (up)
		do_kind(s, BGP_DO_DOWN);
}

static void fail(struct step *s)
{
	lose(s);
	wait(s);
}

static void notify(struct step *s, uint8_t code, uint8_t sub)
{
	act(s, (struct bgp_action){ .kind = BGP_DO_NOTIFY, .code = code, .sub = sub });
}

static void notify_fail(struct step *s, uint8_t code, uint8_t sub)
{
	notify(s, code, sub);
	fail(s);
}

static void start(struct step *s)
{
	if (s->cfg->incoming)
		return;
	if (s->cfg->passive || s->fsm->failures > 0)
		wait(s);
	else
		connect(s);
}

static void open_send(struct step *s)
{
	s->fsm->state = BGP_OPEN_SENT;
	do_kind(s, BGP_DO_OPEN);
	arm(s, BGP_T_HOLD, BGP_OPEN_HOLD_NS);
}

static void accepted(struct step *s)
{
	if (s->cfg->incoming)
		open_send(s);
}

static void stop_waiting(struct step *s)
{
	disarm(s, BGP_T_RETRY);
	if (s->fsm->state == BGP_CONNECT)
		do_kind(s, BGP_DO_CLOSE);
	s->fsm->state = BGP_IDLE;
	s->fsm->failures = 0;
}

static void stop_open(struct step *s)
{
	notify(s, ERR_CEASE, s->ev->sub);
	lose(s);
	s->fsm->state = BGP_IDLE;
	s->fsm->failures = 0;
}

static void connect_failed(struct step *s)
{
	if (s->fsm->failures < UINT32_MAX)
		s->fsm->failures++;
	do_kind(s, BGP_DO_CLOSE);
	wait(s);
}

static void hold_expired(struct step *s)
{
	notify_fail(s, ERR_HOLD, 0);
}

static void fault(struct step *s)
{
	notify_fail(s, s->ev->code, s->ev->sub);
}

static void rx_open(struct step *s)
{
	s->fsm->hold_s = s->ev->hold_s < s->cfg->hold_s ? s->ev->hold_s : s->cfg->hold_s;
	s->fsm->state = BGP_OPEN_CONFIRM;
	do_kind(s, BGP_DO_KEEPALIVE);
	keepalive_arm(s);
	hold_arm(s);
}

static void keepalive_due(struct step *s)
{
	do_kind(s, BGP_DO_KEEPALIVE);
	keepalive_arm(s);
}

static void confirmed(struct step *s)
{
	s->fsm->state = BGP_ESTABLISHED;
	s->fsm->up_since = s->now;
	hold_arm(s);
	do_kind(s, BGP_DO_UP);
}

static void alive(struct step *s)
{
	hold_arm(s);
}

static void deliver(struct step *s)
{
	hold_arm(s);
	do_kind(s, BGP_DO_DELIVER);
}

/* RFC 6608: the subcode says in which state the message was not expected. */
static void unexpected(struct step *s)
{
	static const uint8_t sub[BGP_STATES] = {
		[BGP_OPEN_SENT] = 1,
		[BGP_OPEN_CONFIRM] = 2,
		[BGP_ESTABLISHED] = 3,
	};

	notify_fail(s, ERR_FSM, sub[s->fsm->state]);
}

static const step_fn table[BGP_STATES][BGP_EVENTS] = {
	[BGP_IDLE] = {
		[BGP_EV_START] = start,
		[BGP_EV_TCP_UP] = accepted,
	},
	[BGP_CONNECT] = {
		[BGP_EV_STOP] = stop_waiting,
		[BGP_EV_TCP_UP] = open_send,
		[BGP_EV_TCP_DOWN] = connect_failed,
	},
	[BGP_ACTIVE] = {
		[BGP_EV_STOP] = stop_waiting,
		[BGP_EV_RETRY] = connect,
	},
	[BGP_OPEN_SENT] = {
		[BGP_EV_STOP] = stop_open,
		[BGP_EV_TCP_DOWN] = fail,
		[BGP_EV_HOLD] = hold_expired,
		[BGP_EV_SEND_HOLD] = fail,
		[BGP_EV_RX_OPEN] = rx_open,
		[BGP_EV_RX_KEEPALIVE] = unexpected,
		[BGP_EV_RX_UPDATE] = unexpected,
		[BGP_EV_RX_REFRESH] = unexpected,
		[BGP_EV_RX_NOTIFICATION] = fail,
		[BGP_EV_FAULT] = fault,
	},
	[BGP_OPEN_CONFIRM] = {
		[BGP_EV_STOP] = stop_open,
		[BGP_EV_TCP_DOWN] = fail,
		[BGP_EV_HOLD] = hold_expired,
		[BGP_EV_KEEPALIVE] = keepalive_due,
		[BGP_EV_SEND_HOLD] = fail,
		[BGP_EV_RX_OPEN] = unexpected,
		[BGP_EV_RX_KEEPALIVE] = confirmed,
		[BGP_EV_RX_UPDATE] = unexpected,
		[BGP_EV_RX_REFRESH] = unexpected,
		[BGP_EV_RX_NOTIFICATION] = fail,
		[BGP_EV_FAULT] = fault,
	},
	[BGP_ESTABLISHED] = {
		[BGP_EV_STOP] = stop_open,
		[BGP_EV_TCP_DOWN] = fail,
		[BGP_EV_HOLD] = hold_expired,
		[BGP_EV_KEEPALIVE] = keepalive_due,
		[BGP_EV_SEND_HOLD] = fail,
		[BGP_EV_RX_OPEN] = unexpected,
		[BGP_EV_RX_KEEPALIVE] = alive,
		[BGP_EV_RX_UPDATE] = deliver,
		[BGP_EV_RX_REFRESH] = deliver,
		[BGP_EV_RX_NOTIFICATION] = fail,
		[BGP_EV_FAULT] = fault,
	},
};

void bgp_fsm_step(const struct bgp_fsm_cfg *cfg, struct bgp_fsm *fsm, const struct bgp_event *ev,
		  struct mono now, struct bgp_actions *out)
{
	struct step s = { cfg, fsm, ev, now, out };
	step_fn fn = table[fsm->state][ev->kind];

	out->n = 0;
	if (fn)
		fn(&s);
}

const char *bgp_state_text(enum bgp_state s)
{
	static const char *const text[BGP_STATES] = { "idle",	   "connect",	   "active",
						      "opensent", "openconfirm", "established" };

	return text[s];
}
