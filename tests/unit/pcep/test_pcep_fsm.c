/* SPDX-License-Identifier: Apache-2.0 */
/* The session machine of RFC 5440 appendix A: events in, actions out. */
#include "check_main.h"

#include "base/auto.h"
#include "southbound/pcep/pcep_fsm.h"

static struct pcep_fsm f;
static struct pcep_actions out;

static void fresh(void)
{
	f = (struct pcep_fsm){ .keepalive_s = 30, .dead_s = 120 };
}

static void step(enum pcep_event_kind kind, uint8_t keepalive, uint8_t dead)
{
	struct pcep_event e = { kind, keepalive, dead };

	pcep_fsm_step(&f, &e, &out);
}

static bool has(enum pcep_action_kind kind, uint8_t type, uint8_t value)
{
	for (unsigned i = 0; i < out.n; i++)
		if (out.at[i].kind == kind && out.at[i].type == type && out.at[i].value == value)
			return true;
	return false;
}

/* Both orders of the two things that make a session. */
START_TEST(a_session_is_up_when_both_opens_are_taken)
{
	fresh();
	step(PCEP_EV_CONNECTED, 0, 0);
	ck_assert(has(PCEP_DO_SEND_OPEN, 0, 0) && has(PCEP_DO_ARM_WAIT, 0, 0));
	ck_assert_int_eq(f.state, PCEP_OPENWAIT);
	step(PCEP_EV_OPEN_GOOD, 20, 80);
	ck_assert(has(PCEP_DO_SEND_KEEPALIVE, 0, 0) && !has(PCEP_DO_UP, 0, 0));
	ck_assert_int_eq(f.state, PCEP_KEEPWAIT);
	ck_assert_uint_eq(f.peer_keepalive_s, 20);
	ck_assert_uint_eq(f.peer_dead_s, 80);
	step(PCEP_EV_KEEPALIVE, 0, 0);
	ck_assert(has(PCEP_DO_UP, 0, 0) && has(PCEP_DO_STOP_WAIT, 0, 0));
	ck_assert_int_eq(f.state, PCEP_UP);
}
END_TEST

START_TEST(the_peer_may_take_our_open_before_its_own_is_good)
{
	fresh();
	step(PCEP_EV_CONNECTED, 0, 0);
	step(PCEP_EV_OPEN_NEGOTIABLE, 0, 0);
	ck_assert(has(PCEP_DO_SEND_ERR_OPEN, 1, 4) && has(PCEP_DO_ARM_WAIT, 0, 0));
	ck_assert_int_eq(f.state, PCEP_KEEPWAIT);
	step(PCEP_EV_KEEPALIVE, 0, 0);
	ck_assert_int_eq(f.state, PCEP_OPENWAIT);
	ck_assert(has(PCEP_DO_ARM_WAIT, 0, 0) && !has(PCEP_DO_UP, 0, 0));
	step(PCEP_EV_OPEN_GOOD, 30, 120);
	ck_assert(has(PCEP_DO_SEND_KEEPALIVE, 0, 0) && has(PCEP_DO_UP, 0, 0));
	ck_assert_int_eq(f.state, PCEP_UP);
}
END_TEST

START_TEST(only_one_proposal_is_made)
{
	fresh();
	step(PCEP_EV_CONNECTED, 0, 0);
	step(PCEP_EV_OPEN_NEGOTIABLE, 0, 0);
	step(PCEP_EV_OPEN_NEGOTIABLE, 0, 0);
	ck_assert(has(PCEP_DO_SEND_ERR, 1, 5) && has(PCEP_DO_DROP, 0, 0));
	ck_assert_int_eq(f.state, PCEP_IDLE);
}
END_TEST

START_TEST(a_proposal_of_the_peer_is_taken_once_it_makes_sense)
{
	fresh();
	step(PCEP_EV_CONNECTED, 0, 0);
	step(PCEP_EV_OPEN_GOOD, 30, 120);
	step(PCEP_EV_PROPOSAL, 10, 40);
	ck_assert(has(PCEP_DO_SEND_OPEN, 0, 0) && has(PCEP_DO_ARM_WAIT, 0, 0));
	ck_assert_uint_eq(f.keepalive_s, 10);
	ck_assert_uint_eq(f.dead_s, 40);
}
END_TEST

static const struct {
	uint8_t keepalive, dead;
} no_sense[] = { { 0, 0 }, { 30, 30 }, { 30, 10 } };

START_TEST(a_proposal_without_sense_ends_it)
{
	fresh();
	step(PCEP_EV_CONNECTED, 0, 0);
	step(PCEP_EV_PROPOSAL, no_sense[_i].keepalive, no_sense[_i].dead);
	ck_assert(has(PCEP_DO_SEND_ERR, 1, 6) && has(PCEP_DO_DROP, 0, 0));
	ck_assert_int_eq(f.state, PCEP_IDLE);
}
END_TEST

START_TEST(a_proposal_after_our_open_was_taken_ends_it)
{
	fresh();
	step(PCEP_EV_CONNECTED, 0, 0);
	step(PCEP_EV_OPEN_NEGOTIABLE, 0, 0);
	step(PCEP_EV_KEEPALIVE, 0, 0);
	step(PCEP_EV_PROPOSAL, 10, 40);
	ck_assert(has(PCEP_DO_SEND_ERR, 1, 6));
}
END_TEST

/* What ends a session that is being opened, and with which PCErr. */
static const struct {
	enum pcep_event_kind before[2]; /* after CONNECTED; PCEP_EV_CONNECTED: nothing */
	enum pcep_event_kind kind;
	enum pcep_action_kind with;
	uint8_t type, value;
} ends[] = {
	{ { 0 }, PCEP_EV_KEEPALIVE, PCEP_DO_SEND_ERR, 1, 1 },
	{ { PCEP_EV_OPEN_GOOD }, PCEP_EV_OPEN_GOOD, PCEP_DO_SEND_ERR, 1, 1 },
	{ { 0 }, PCEP_EV_OTHER, PCEP_DO_SEND_ERR, 1, 1 },
	{ { PCEP_EV_OPEN_GOOD }, PCEP_EV_MALFORMED, PCEP_DO_SEND_ERR, 1, 1 },
	{ { 0 }, PCEP_EV_OPEN_REFUSED, PCEP_DO_SEND_ERR, 1, 3 },
	{ { 0 }, PCEP_EV_WAIT_OVER, PCEP_DO_SEND_ERR, 1, 2 },
	{ { PCEP_EV_OPEN_GOOD }, PCEP_EV_WAIT_OVER, PCEP_DO_SEND_ERR, 1, 7 },
	{ { 0 }, PCEP_EV_STOP, PCEP_DO_SEND_CLOSE, 0, 1 },
	{ { PCEP_EV_OPEN_GOOD, PCEP_EV_KEEPALIVE }, PCEP_EV_STOP, PCEP_DO_SEND_CLOSE, 0, 1 },
	{ { PCEP_EV_OPEN_GOOD, PCEP_EV_KEEPALIVE }, PCEP_EV_DEAD_OVER, PCEP_DO_SEND_CLOSE, 0, 2 },
	{ { PCEP_EV_OPEN_GOOD, PCEP_EV_KEEPALIVE }, PCEP_EV_MALFORMED, PCEP_DO_SEND_CLOSE, 0, 3 },
};

START_TEST(what_ends_a_session_is_told_to_the_peer)
{
	fresh();
	step(PCEP_EV_CONNECTED, 0, 0);
	for (int i = 0; i < 2 && ends[_i].before[i] != PCEP_EV_CONNECTED; i++)
		step(ends[_i].before[i], 30, 120);
	step(ends[_i].kind, 0, 0);
	ck_assert(has(ends[_i].with, ends[_i].type, ends[_i].value) && has(PCEP_DO_DROP, 0, 0));
	ck_assert_int_eq(f.state, PCEP_IDLE);
}
END_TEST

START_TEST(a_running_session_refuses_a_second_open_and_goes_on)
{
	static const enum pcep_event_kind opens[] = { PCEP_EV_OPEN_GOOD, PCEP_EV_OPEN_NEGOTIABLE,
						      PCEP_EV_OPEN_REFUSED };

	fresh();
	step(PCEP_EV_CONNECTED, 0, 0);
	step(PCEP_EV_OPEN_GOOD, 30, 120);
	step(PCEP_EV_KEEPALIVE, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		step(opens[i], 30, 120);
		ck_assert_uint_eq(out.n, 1);
		ck_assert(has(PCEP_DO_SEND_ERR, 9, 0));
		ck_assert_int_eq(f.state, PCEP_UP);
	}
	step(PCEP_EV_KEEPALIVE_DUE, 0, 0);
	ck_assert(has(PCEP_DO_SEND_KEEPALIVE, 0, 0));
	step(PCEP_EV_OTHER, 0, 0);
	ck_assert_uint_eq(out.n, 0);
}
END_TEST

START_TEST(a_new_connection_remembers_nothing_of_the_last)
{
	fresh();
	step(PCEP_EV_CONNECTED, 0, 0);
	step(PCEP_EV_OPEN_NEGOTIABLE, 0, 0);
	step(PCEP_EV_KEEPALIVE, 0, 0);
	step(PCEP_EV_STOP, 0, 0);
	step(PCEP_EV_CONNECTED, 0, 0);
	ck_assert_int_eq(f.state, PCEP_OPENWAIT);
	step(PCEP_EV_OPEN_GOOD, 30, 120);
	ck_assert_int_eq(f.state, PCEP_KEEPWAIT); /* our Open was taken by the last one only */
	step(PCEP_EV_STOP, 0, 0);
	step(PCEP_EV_CONNECTED, 0, 0);
	step(PCEP_EV_OPEN_NEGOTIABLE, 0, 0);
	ck_assert(has(PCEP_DO_SEND_ERR_OPEN, 1, 4));
}
END_TEST

START_TEST(an_idle_machine_waits_for_a_connection)
{
	fresh();
	for (enum pcep_event_kind k = PCEP_EV_OPEN_GOOD; k <= PCEP_EV_STOP; k++) {
		step(k, 30, 120);
		ck_assert_uint_eq(out.n, 0);
		ck_assert_int_eq(f.state, PCEP_IDLE);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pcep_fsm");
	TCase *t = tcase_create("all");

	tcase_add_test(t, a_session_is_up_when_both_opens_are_taken);
	tcase_add_test(t, the_peer_may_take_our_open_before_its_own_is_good);
	tcase_add_test(t, only_one_proposal_is_made);
	tcase_add_test(t, a_proposal_of_the_peer_is_taken_once_it_makes_sense);
	tcase_add_loop_test(t, a_proposal_without_sense_ends_it, 0, 3);
	tcase_add_test(t, a_proposal_after_our_open_was_taken_ends_it);
	tcase_add_loop_test(t, what_ends_a_session_is_told_to_the_peer, 0, (int)ARRAY_LEN(ends));
	tcase_add_test(t, a_running_session_refuses_a_second_open_and_goes_on);
	tcase_add_test(t, a_new_connection_remembers_nothing_of_the_last);
	tcase_add_test(t, an_idle_machine_waits_for_a_connection);
	suite_add_tcase(s, t);
	return check_main(s);
}
