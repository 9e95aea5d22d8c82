/* SPDX-License-Identifier: Apache-2.0 */
#include "southbound/pcep/pcep_fsm.h"

#include <assert.h>

static void act(struct pcep_actions *out, enum pcep_action_kind kind, uint8_t type, uint8_t value)
{
	assert(out->n < PCEP_ACTIONS_MAX);
	out->at[out->n++] = (struct pcep_action){ kind, type, value };
}

static void drop(struct pcep_fsm *f, struct pcep_actions *out, uint8_t type, uint8_t value)
{
	act(out, PCEP_DO_SEND_ERR, type, value);
	act(out, PCEP_DO_DROP, 0, 0);
	f->state = PCEP_IDLE;
}

static void close_with(struct pcep_fsm *f, struct pcep_actions *out, uint8_t reason)
{
	act(out, PCEP_DO_SEND_CLOSE, 0, reason);
	act(out, PCEP_DO_DROP, 0, 0);
	f->state = PCEP_IDLE;
}

static void both_ok(struct pcep_fsm *f, struct pcep_actions *out)
{
	f->state = PCEP_UP;
	act(out, PCEP_DO_STOP_WAIT, 0, 0);
	act(out, PCEP_DO_UP, 0, 0);
}

static void wait_in(struct pcep_fsm *f, struct pcep_actions *out, enum pcep_state state)
{
	f->state = state;
	act(out, PCEP_DO_ARM_WAIT, 0, 0);
}

static void open_good(struct pcep_fsm *f, const struct pcep_event *e, struct pcep_actions *out)
{
	f->peer_keepalive_s = e->keepalive_s;
	f->peer_dead_s = e->dead_s;
	f->remote_ok = true;
	act(out, PCEP_DO_SEND_KEEPALIVE, 0, 0);
	if (f->local_ok)
		both_ok(f, out);
	else
		wait_in(f, out, PCEP_KEEPWAIT);
}

static void open_negotiable(struct pcep_fsm *f, struct pcep_actions *out)
{
	if (f->retried) {
		drop(f, out, 1, 5);
		return;
	}
	f->retried = true;
	act(out, PCEP_DO_SEND_ERR_OPEN, 1, 4);
	wait_in(f, out, f->local_ok ? PCEP_OPENWAIT : PCEP_KEEPWAIT);
}

/* A dead timer of 0 means "never"; otherwise it must leave room for a keepalive. */
static void proposal(struct pcep_fsm *f, const struct pcep_event *e, struct pcep_actions *out)
{
	if (f->local_ok || (e->keepalive_s == 0 && e->dead_s == 0) ||
	    (e->dead_s != 0 && e->dead_s <= e->keepalive_s)) {
		drop(f, out, 1, 6);
		return;
	}
	f->keepalive_s = e->keepalive_s;
	f->dead_s = e->dead_s;
	act(out, PCEP_DO_SEND_OPEN, 0, 0);
	act(out, PCEP_DO_ARM_WAIT, 0, 0);
}

static void opening(struct pcep_fsm *f, const struct pcep_event *e, struct pcep_actions *out)
{
	switch (e->kind) {
	case PCEP_EV_OPEN_GOOD:
		if (f->remote_ok)
			drop(f, out, 1, 1);
		else
			open_good(f, e, out);
		break;
	case PCEP_EV_OPEN_NEGOTIABLE:
		open_negotiable(f, out);
		break;
	case PCEP_EV_OPEN_REFUSED:
		drop(f, out, 1, 3);
		break;
	case PCEP_EV_KEEPALIVE:
		if (f->state != PCEP_KEEPWAIT) {
			drop(f, out, 1, 1);
			break;
		}
		f->local_ok = true;
		if (f->remote_ok)
			both_ok(f, out);
		else
			wait_in(f, out, PCEP_OPENWAIT);
		break;
	case PCEP_EV_PROPOSAL:
		proposal(f, e, out);
		break;
	case PCEP_EV_OTHER:
	case PCEP_EV_MALFORMED:
		drop(f, out, 1, 1);
		break;
	case PCEP_EV_WAIT_OVER:
		drop(f, out, 1, f->state == PCEP_OPENWAIT ? 2 : 7);
		break;
	case PCEP_EV_STOP:
		close_with(f, out, 1);
		break;
	case PCEP_EV_CONNECTED:
	case PCEP_EV_DEAD_OVER:
	case PCEP_EV_KEEPALIVE_DUE:
		break;
	}
}

static void running(struct pcep_fsm *f, const struct pcep_event *e, struct pcep_actions *out)
{
	switch (e->kind) {
	case PCEP_EV_OPEN_GOOD:
	case PCEP_EV_OPEN_NEGOTIABLE:
	case PCEP_EV_OPEN_REFUSED:
		act(out, PCEP_DO_SEND_ERR, 9, 0);
		break;
	case PCEP_EV_MALFORMED:
		close_with(f, out, 3);
		break;
	case PCEP_EV_DEAD_OVER:
		close_with(f, out, 2);
		break;
	case PCEP_EV_KEEPALIVE_DUE:
		act(out, PCEP_DO_SEND_KEEPALIVE, 0, 0);
		break;
	case PCEP_EV_STOP:
		close_with(f, out, 1);
		break;
	case PCEP_EV_CONNECTED:
	case PCEP_EV_KEEPALIVE:
	case PCEP_EV_PROPOSAL:
	case PCEP_EV_OTHER:
	case PCEP_EV_WAIT_OVER:
		break;
	}
}

void pcep_fsm_step(struct pcep_fsm *f, const struct pcep_event *e, struct pcep_actions *out)
{
	out->n = 0;
	switch (f->state) {
	case PCEP_IDLE:
		if (e->kind != PCEP_EV_CONNECTED)
			break;
		f->local_ok = f->remote_ok = f->retried = false;
		act(out, PCEP_DO_SEND_OPEN, 0, 0);
		wait_in(f, out, PCEP_OPENWAIT);
		break;
	case PCEP_OPENWAIT:
	case PCEP_KEEPWAIT:
		opening(f, e, out);
		break;
	case PCEP_UP:
		running(f, e, out);
		break;
	}
}

const char *pcep_state_text(enum pcep_state s)
{
	static const char *const text[] = { "idle", "open-wait", "keep-wait", "up" };

	return text[s];
}
