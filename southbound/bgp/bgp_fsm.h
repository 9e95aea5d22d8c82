/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The BGP state machine of one connection (RFC 4271 section 8), pure: event in, actions out.
 * A peer has two, one for the connection it starts and one for the connection it accepts;
 * which of two survives (section 6.8) is decided outside and comes in as an event.
 *
 * "Active" here is also the wait before the next attempt (the RFC's IdleHold); "Idle" is
 * stopped, or an incoming slot without a connection.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mono.h"

enum bgp_state {
	BGP_IDLE,
	BGP_CONNECT,
	BGP_ACTIVE,
	BGP_OPEN_SENT,
	BGP_OPEN_CONFIRM,
	BGP_ESTABLISHED,
	BGP_STATES,
};

enum bgp_timer {
	BGP_T_RETRY,
	BGP_T_HOLD,
	BGP_T_KEEPALIVE,
	BGP_TIMERS,
};

enum bgp_event_kind {
	BGP_EV_START,
	BGP_EV_STOP, /* with a Cease subcode */
	BGP_EV_TCP_UP,
	BGP_EV_TCP_DOWN,
	BGP_EV_RETRY, /* timers */
	BGP_EV_HOLD,
	BGP_EV_KEEPALIVE,
	BGP_EV_SEND_HOLD,   /* nothing of ours left for too long (RFC 9687) */
	BGP_EV_RX_OPEN,	    /* acceptable; with its hold time */
	BGP_EV_RX_KEEPALIVE,
	BGP_EV_RX_UPDATE,
	BGP_EV_RX_REFRESH,
	BGP_EV_RX_NOTIFICATION,
	BGP_EV_FAULT, /* answer code/sub and close */
	BGP_EVENTS,
};

struct bgp_event {
	enum bgp_event_kind kind;
	uint8_t code, sub;
	uint16_t hold_s;
	uint64_t random; /* for jitter */
};

enum bgp_action_kind {
	BGP_DO_CONNECT,
	BGP_DO_CLOSE,
	BGP_DO_OPEN,
	BGP_DO_KEEPALIVE,
	BGP_DO_NOTIFY, /* code, sub; a CLOSE follows */
	BGP_DO_ARM,    /* timer, at */
	BGP_DO_DISARM,
	BGP_DO_UP,
	BGP_DO_DOWN,
	BGP_DO_DELIVER, /* the message is for the upper half */
};

struct bgp_action {
	enum bgp_action_kind kind;
	enum bgp_timer timer;
	struct mono at;
	uint8_t code, sub;
};

enum { BGP_ACTIONS_MAX = 8 };

struct bgp_actions {
	size_t n;
	struct bgp_action at[BGP_ACTIONS_MAX];
};

struct bgp_fsm_cfg {
	bool incoming; /* this slot is for accepted connections */
	bool passive;  /* never connects */
	uint16_t hold_s;
	uint64_t retry_ns_min, retry_ns_max; /* back-off doubles between them */
};

struct bgp_fsm {
	enum bgp_state state;
	uint16_t hold_s;     /* agreed on; 0: no timers */
	uint32_t failures;   /* in a row, for the back-off */
	struct mono up_since;
};

/* A session that lived this long was a good one: the next attempt comes without back-off. */
#define BGP_STABLE_NS (UINT64_C(30) * NS_PER_S)
/* Hold time before the OPEN of the peer is known (RFC 4271 section 8.2.2). */
#define BGP_OPEN_HOLD_NS (UINT64_C(240) * NS_PER_S)

void bgp_fsm_step(const struct bgp_fsm_cfg *cfg, struct bgp_fsm *fsm, const struct bgp_event *ev,
		  struct mono now, struct bgp_actions *out);
const char *bgp_state_text(enum bgp_state s);
