/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine: a list of events in, a list of actions out. */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "southbound/bgp/bgp_fsm.h"

static const struct bgp_fsm_cfg active = { .hold_s = 90,
					   .retry_ns_min = NS_PER_S,
					   .retry_ns_max = 60 * NS_PER_S };
static const struct bgp_fsm_cfg passive = { .passive = true, .hold_s = 90,
					    .retry_ns_min = NS_PER_S,
					    .retry_ns_max = 60 * NS_PER_S };
static const struct bgp_fsm_cfg incoming = { .incoming = true, .hold_s = 90,
					     .retry_ns_min = NS_PER_S,
					     .retry_ns_max = 60 * NS_PER_S };

/* "open arm(hold,240)" */
static const char *actions_text(const struct bgp_actions *a, struct mono now, char *buf, size_t cap)
{
	static const char *const kinds[] = { "connect", "close", "open", "keepalive", "notify",
					     "arm", "disarm", "up", "down", "deliver" };
	static const char *const timers[] = { "retry", "hold", "keepalive" };
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < a->n; i++) {
		const struct bgp_action *x = &a->at[i];
		int n;

		if (x->kind == BGP_DO_ARM)
			n = snprintf(buf + at, cap - at, "%sarm(%s,%llu)", i ? " " : "",
				     timers[x->timer],
				     (unsigned long long)(mono_since(now, x->at) / NS_PER_MS));
		else if (x->kind == BGP_DO_DISARM)
			n = snprintf(buf + at, cap - at, "%sdisarm(%s)", i ? " " : "",
				     timers[x->timer]);
		else if (x->kind == BGP_DO_NOTIFY)
			n = snprintf(buf + at, cap - at, "%snotify(%u,%u)", i ? " " : "", x->code,
				     x->sub);
		else
			n = snprintf(buf + at, cap - at, "%s%s", i ? " " : "", kinds[x->kind]);
		at += (size_t)n;
	}
	return buf;
}

static void expect(const struct bgp_fsm_cfg *cfg, struct bgp_fsm *f, struct bgp_event ev,
		   enum bgp_state state, const char *want)
{
	struct mono now = { 1000 * NS_PER_S };
	struct bgp_actions a;
	char text[512];

	bgp_fsm_step(cfg, f, &ev, now, &a);
	ck_assert_str_eq(actions_text(&a, now, text, sizeof(text)), want);
	ck_assert_str_eq(bgp_state_text(f->state), bgp_state_text(state));
}

static struct bgp_event ev(enum bgp_event_kind kind)
{
	return (struct bgp_event){ .kind = kind };
}

static struct bgp_event ev_open(uint16_t hold_s)
{
	return (struct bgp_event){ .kind = BGP_EV_RX_OPEN, .hold_s = hold_s };
}

#define LOST "close disarm(hold) disarm(keepalive)"

START_TEST(active_peer_connects_opens_and_comes_up)
{
	struct bgp_fsm f = { 0 };

	expect(&active, &f, ev(BGP_EV_START), BGP_CONNECT, "connect");
	expect(&active, &f, ev(BGP_EV_TCP_UP), BGP_OPEN_SENT, "open arm(hold,240000)");
	expect(&active, &f, ev_open(30), BGP_OPEN_CONFIRM,
	       "keepalive arm(keepalive,10000) arm(hold,30000)");
	expect(&active, &f, ev(BGP_EV_KEEPALIVE), BGP_OPEN_CONFIRM,
	       "keepalive arm(keepalive,10000)");
	expect(&active, &f, ev(BGP_EV_RX_KEEPALIVE), BGP_ESTABLISHED, "arm(hold,30000) up");
	ck_assert_uint_eq(f.hold_s, 30);
	expect(&active, &f, ev(BGP_EV_KEEPALIVE), BGP_ESTABLISHED,
	       "keepalive arm(keepalive,10000)");
	expect(&active, &f, ev(BGP_EV_RX_KEEPALIVE), BGP_ESTABLISHED, "arm(hold,30000)");
	expect(&active, &f, ev(BGP_EV_RX_UPDATE), BGP_ESTABLISHED, "arm(hold,30000) deliver");
	expect(&active, &f, ev(BGP_EV_RX_REFRESH), BGP_ESTABLISHED, "arm(hold,30000) deliver");
	expect(&active, &f, ev(BGP_EV_HOLD), BGP_ACTIVE,
	       "notify(4,0) " LOST " down arm(retry,1000)");
	expect(&active, &f, ev(BGP_EV_RETRY), BGP_CONNECT, "connect");
}
END_TEST

START_TEST(our_hold_time_is_the_cap_and_zero_means_no_timers)
{
	struct bgp_fsm f = { .state = BGP_OPEN_SENT };

	expect(&active, &f, ev_open(180), BGP_OPEN_CONFIRM,
	       "keepalive arm(keepalive,30000) arm(hold,90000)");
	f = (struct bgp_fsm){ .state = BGP_OPEN_SENT };
	expect(&active, &f, ev_open(0), BGP_OPEN_CONFIRM, "keepalive disarm(hold)");
	expect(&active, &f, ev(BGP_EV_RX_KEEPALIVE), BGP_ESTABLISHED, "disarm(hold) up");
}
END_TEST

START_TEST(passive_peer_only_waits)
{
	struct bgp_fsm f = { 0 };

	expect(&passive, &f, ev(BGP_EV_START), BGP_ACTIVE, "");
	expect(&passive, &f, ev(BGP_EV_TCP_UP), BGP_ACTIVE, "");
	expect(&passive, &f, ev(BGP_EV_STOP), BGP_IDLE, "disarm(retry)");
}
END_TEST

START_TEST(accepted_connection_opens_at_once_and_ends_idle)
{
	struct bgp_fsm f = { 0 };

	expect(&incoming, &f, ev(BGP_EV_START), BGP_IDLE, "");
	expect(&incoming, &f, ev(BGP_EV_TCP_UP), BGP_OPEN_SENT, "open arm(hold,240000)");
	expect(&incoming, &f, ev(BGP_EV_TCP_DOWN), BGP_IDLE, LOST);
	expect(&active, &(struct bgp_fsm){ 0 }, ev(BGP_EV_TCP_UP), BGP_IDLE, "");
}
END_TEST

START_TEST(back_off_doubles_to_its_cap_and_a_stable_session_ends_it)
{
	static const char *const want[] = { "close arm(retry,1000)",  "close arm(retry,2000)",
					    "close arm(retry,4000)",  "close arm(retry,8000)",
					    "close arm(retry,16000)", "close arm(retry,32000)",
					    "close arm(retry,60000)", "close arm(retry,60000)" };
	struct bgp_fsm f = { 0 };

	expect(&active, &f, ev(BGP_EV_START), BGP_CONNECT, "connect");
	for (size_t i = 0; i < 8; i++) {
		expect(&active, &f, ev(BGP_EV_TCP_DOWN), BGP_ACTIVE, want[i]);
		expect(&active, &f, ev(BGP_EV_RETRY), BGP_CONNECT, "connect");
	}
	f.state = BGP_ESTABLISHED;
	f.up_since = (struct mono){ 999 * NS_PER_S }; /* one second */
	expect(&active, &f, ev(BGP_EV_TCP_DOWN), BGP_ACTIVE, LOST " down arm(retry,60000)");
	f.state = BGP_ESTABLISHED;
	f.up_since = (struct mono){ 900 * NS_PER_S };
	expect(&active, &f, ev(BGP_EV_TCP_DOWN), BGP_ACTIVE, LOST " down arm(retry,1000)");
}
END_TEST

START_TEST(jitter_takes_at_most_a_quarter)
{
	struct bgp_event e = { .kind = BGP_EV_TCP_DOWN };
	struct mono now = { 0 };

	for (uint64_t i = 0; i < 1000; i++) {
		struct bgp_fsm f = { .state = BGP_CONNECT };
		struct bgp_actions a;

		e.random = i * UINT64_C(0x9e3779b97f4a7c15);
		bgp_fsm_step(&active, &f, &e, now, &a);
		ck_assert_uint_eq(a.n, 2);
		ck_assert_uint_gt(a.at[1].at.ns, NS_PER_S * 3 / 4);
		ck_assert_uint_le(a.at[1].at.ns, NS_PER_S);
	}
}
END_TEST

static const struct {
	enum bgp_state from;
	enum bgp_event_kind kind;
	enum bgp_state to;
	const char *want;
} faults[] = {
	{ BGP_OPEN_SENT, BGP_EV_FAULT, BGP_ACTIVE, "notify(2,2) " LOST " arm(retry,1000)" },
	{ BGP_OPEN_CONFIRM, BGP_EV_FAULT, BGP_ACTIVE, "notify(2,2) " LOST " arm(retry,1000)" },
	{ BGP_ESTABLISHED, BGP_EV_FAULT, BGP_ACTIVE, "notify(2,2) " LOST " down arm(retry,1000)" },
	{ BGP_OPEN_SENT, BGP_EV_RX_NOTIFICATION, BGP_ACTIVE, LOST " arm(retry,1000)" },
	{ BGP_OPEN_CONFIRM, BGP_EV_RX_NOTIFICATION, BGP_ACTIVE, LOST " arm(retry,1000)" },
	{ BGP_ESTABLISHED, BGP_EV_RX_NOTIFICATION, BGP_ACTIVE, LOST " down arm(retry,1000)" },
	{ BGP_OPEN_SENT, BGP_EV_RX_UPDATE, BGP_ACTIVE, "notify(5,1) " LOST " arm(retry,1000)" },
	{ BGP_OPEN_SENT, BGP_EV_RX_KEEPALIVE, BGP_ACTIVE, "notify(5,1) " LOST " arm(retry,1000)" },
	{ BGP_OPEN_SENT, BGP_EV_RX_REFRESH, BGP_ACTIVE, "notify(5,1) " LOST " arm(retry,1000)" },
	{ BGP_OPEN_CONFIRM, BGP_EV_RX_UPDATE, BGP_ACTIVE, "notify(5,2) " LOST " arm(retry,1000)" },
	{ BGP_OPEN_CONFIRM, BGP_EV_RX_REFRESH, BGP_ACTIVE, "notify(5,2) " LOST " arm(retry,1000)" },
	{ BGP_OPEN_CONFIRM, BGP_EV_RX_OPEN, BGP_ACTIVE, "notify(5,2) " LOST " arm(retry,1000)" },
	{ BGP_ESTABLISHED, BGP_EV_RX_OPEN, BGP_ACTIVE,
	  "notify(5,3) " LOST " down arm(retry,1000)" },
	{ BGP_OPEN_SENT, BGP_EV_HOLD, BGP_ACTIVE, "notify(4,0) " LOST " arm(retry,1000)" },
	{ BGP_OPEN_CONFIRM, BGP_EV_HOLD, BGP_ACTIVE, "notify(4,0) " LOST " arm(retry,1000)" },
	{ BGP_OPEN_SENT, BGP_EV_SEND_HOLD, BGP_ACTIVE, LOST " arm(retry,1000)" },
	{ BGP_OPEN_CONFIRM, BGP_EV_SEND_HOLD, BGP_ACTIVE, LOST " arm(retry,1000)" },
	{ BGP_ESTABLISHED, BGP_EV_SEND_HOLD, BGP_ACTIVE, LOST " down arm(retry,1000)" },
	{ BGP_OPEN_SENT, BGP_EV_TCP_DOWN, BGP_ACTIVE, LOST " arm(retry,1000)" },
	{ BGP_OPEN_CONFIRM, BGP_EV_TCP_DOWN, BGP_ACTIVE, LOST " arm(retry,1000)" },
	{ BGP_OPEN_SENT, BGP_EV_STOP, BGP_IDLE, "notify(6,2) " LOST },
	{ BGP_OPEN_CONFIRM, BGP_EV_STOP, BGP_IDLE, "notify(6,2) " LOST },
	{ BGP_ESTABLISHED, BGP_EV_STOP, BGP_IDLE, "notify(6,2) " LOST " down" },
	{ BGP_CONNECT, BGP_EV_STOP, BGP_IDLE, "disarm(retry) close" },
	{ BGP_IDLE, BGP_EV_STOP, BGP_IDLE, "" },
	{ BGP_IDLE, BGP_EV_HOLD, BGP_IDLE, "" },
	{ BGP_CONNECT, BGP_EV_RETRY, BGP_CONNECT, "" },
	{ BGP_ESTABLISHED, BGP_EV_RETRY, BGP_ESTABLISHED, "" },
	{ BGP_ESTABLISHED, BGP_EV_START, BGP_ESTABLISHED, "" },
};

START_TEST(every_fault_ends_as_it_should)
{
	struct bgp_fsm f = { .state = faults[_i].from, .hold_s = 90 };
	struct bgp_event e = { .kind = faults[_i].kind, .code = 2, .sub = 2, .hold_s = 90 };

	expect(&active, &f, e, faults[_i].to, faults[_i].want);
}
END_TEST

/* No event in any state does more than there is room for, or leaves the states. */
START_TEST(every_event_in_every_state_is_defined)
{
	const struct bgp_fsm_cfg *cfgs[] = { &active, &passive, &incoming };

	for (size_t c = 0; c < 3; c++)
		for (int s = 0; s < BGP_STATES; s++)
			for (int k = 0; k < BGP_EVENTS; k++) {
				struct bgp_fsm f = { .state = (enum bgp_state)s, .hold_s = 90 };
				struct bgp_event e = { .kind = (enum bgp_event_kind)k,
						       .hold_s = 3 };
				struct bgp_actions a;

				bgp_fsm_step(cfgs[c], &f, &e, (struct mono){ 0 }, &a);
				ck_assert_uint_le(a.n, BGP_ACTIONS_MAX);
				ck_assert_uint_lt(f.state, BGP_STATES);
			}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bgp_fsm");
	TCase *c = tcase_create("fsm");

	tcase_add_test(c, active_peer_connects_opens_and_comes_up);
	tcase_add_test(c, our_hold_time_is_the_cap_and_zero_means_no_timers);
	tcase_add_test(c, passive_peer_only_waits);
	tcase_add_test(c, accepted_connection_opens_at_once_and_ends_idle);
	tcase_add_test(c, back_off_doubles_to_its_cap_and_a_stable_session_ends_it);
	tcase_add_test(c, jitter_takes_at_most_a_quarter);
	tcase_add_loop_test(c, every_fault_ends_as_it_should, 0,
			    (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_test(c, every_event_in_every_state_is_defined);
	suite_add_tcase(s, c);
	return check_main(s);
}
