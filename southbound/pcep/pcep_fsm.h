/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The session machine of RFC 5440 appendix A, for both roles: (state, event) → actions. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

enum pcep_state {
	PCEP_IDLE,
	PCEP_OPENWAIT,
	PCEP_KEEPWAIT,
	PCEP_UP,
};

enum pcep_event_kind {
	PCEP_EV_CONNECTED,
	PCEP_EV_OPEN_GOOD,	 /* keepalive_s, dead_s: the peer's */
	PCEP_EV_OPEN_NEGOTIABLE, /* its timers make no sense, the rest is fine */
	PCEP_EV_OPEN_REFUSED,
	PCEP_EV_KEEPALIVE,
	PCEP_EV_PROPOSAL, /* PCErr 1/4; keepalive_s, dead_s: what it wants of us, 0/0 nothing usable */
	PCEP_EV_OTHER,	  /* any other message */
	PCEP_EV_MALFORMED,
	PCEP_EV_WAIT_OVER, /* OpenWait or KeepWait */
	PCEP_EV_DEAD_OVER,
	PCEP_EV_KEEPALIVE_DUE,
	PCEP_EV_STOP,
};

struct pcep_event {
	enum pcep_event_kind kind;
	uint8_t keepalive_s, dead_s;
};

enum pcep_action_kind {
	PCEP_DO_SEND_OPEN,
	PCEP_DO_SEND_KEEPALIVE,
	PCEP_DO_SEND_ERR, /* type, value */
	PCEP_DO_SEND_ERR_OPEN, /* the same with an OPEN of what we would take */
	PCEP_DO_SEND_CLOSE, /* value: reason */
	PCEP_DO_ARM_WAIT,   /* 60 s, RFC 5440 s6.2 */
	PCEP_DO_STOP_WAIT,
	PCEP_DO_UP,
	PCEP_DO_DROP,
};

struct pcep_action {
	enum pcep_action_kind kind;
	uint8_t type, value;
};

enum { PCEP_ACTIONS_MAX = 4 };

struct pcep_actions {
	struct pcep_action at[PCEP_ACTIONS_MAX];
	unsigned n;
};

struct pcep_fsm {
	enum pcep_state state;
	bool local_ok, remote_ok; /* the peer took our Open; we took the peer's */
	bool retried;
	uint8_t keepalive_s, dead_s;	       /* ours, as sent in our Open */
	uint8_t peer_keepalive_s, peer_dead_s; /* from the peer's */
};

void pcep_fsm_step(struct pcep_fsm *f, const struct pcep_event *e, struct pcep_actions *out);
const char *pcep_state_text(enum pcep_state s);
