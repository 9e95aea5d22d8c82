/* SPDX-License-Identifier: Apache-2.0 */
/* The optimiser on live policies: plans, the moves, what ends them, what keeps policies there. */
#include <stdio.h>
#include <string.h>

#include "bed_optimise.h"

enum { G = 1000000000 };

/* Eight times 1G from a to d: all of it over b. */
static void eight(void)
{
	world_up(NULL);
	net_square();
	pcc_up("a");
	for (uint32_t c = 1; c <= 8; c++) {
		struct intent_policy *p = policy("a", c, "d");

		p->bandwidth_bps = G;
		put_ok(p);
	}
	all_answer();
}

static bool over_c(uint32_t color)
{
	const struct intent_view *v = view_of("a", color, "d");

	return crosses(v, net_index("a", "c"));
}

static unsigned n_over_c(void)
{
	unsigned n = 0;

	for (uint32_t c = 1; c <= 8; c++)
		n += over_c(c);
	return n;
}

START_TEST(dry_run_says_and_moves_nothing)
{
	const struct intent_optimise_view *v;
	struct intent_optimise_change c;
	uint32_t calls;

	eight();
	calls = world.n_calls;
	SAME(fullest(), 0.8);
	v = optimise(false);
	ck_assert_int_eq(v->state, INTENT_OPTIMISE_READY);
	ck_assert_uint_eq(v->before_ppb, 800000000);
	ck_assert_uint_eq(v->after_ppb, 400000000);
	ck_assert_uint_eq(v->booked_before_ppb, 800000000);
	ck_assert_uint_eq(v->booked_after_ppb, 400000000);
	ck_assert_uint_le(v->least_ppb, v->after_ppb);
	ck_assert_uint_lt(v->gap_ppb, 1000000);
	ck_assert_int_eq(v->rollout, INTENT_ROLLOUT_FOUND);
	ck_assert_uint_eq(v->n_changes, 4);
	ck_assert_uint_eq(v->n_steps, 4);
	ck_assert_uint_eq(v->n_movable, 8);
	ck_assert(intent_optimise_change(world.intent, 3, &c));
	ck_assert(!intent_optimise_change(world.intent, 4, &c));
	ck_assert_int_eq(sr_list_eq(&c.from, &c.to), 0);
	ck_assert_uint_eq(c.delay_us_to, 2000);
	run_ms(200000);
	ck_assert_uint_eq(world.n_calls, calls);
	SAME(fullest(), 0.8);
	world_down();
}
END_TEST

START_TEST(crowded_network_is_relieved)
{
	struct intent_optimise_step s;

	eight();
	optimise(true);
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_APPLYING);
	ck_assert_uint_eq(calls_open(), 1); /* the next only when this one is up */
	all_answer();
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_DONE);
	ck_assert_uint_eq(now()->n_done, 4);
	ck_assert(intent_optimise_step(world.intent, 0, &s));
	ck_assert_int_eq(s.state, INTENT_STEP_DONE);
	SAME(fullest(), 0.4);
	for (uint32_t c = 1; c <= 8; c++)
		ck_assert_int_eq(view_of("a", c, "d")->state, INTENT_UP);
	world_down();
}
END_TEST

START_TEST(nothing_to_gain_changes_nothing)
{
	uint32_t calls;

	eight();
	optimise(true);
	all_answer();
	calls = world.n_calls;
	ck_assert_int_eq(optimise(true)->state, INTENT_OPTIMISE_DONE);
	ck_assert_uint_eq(now()->n_changes, 0);
	ck_assert_uint_eq(now()->n_steps, 0);
	ck_assert_int_eq(now()->rollout, INTENT_ROLLOUT_NONE_NEEDED);
	run_ms(1000);
	ck_assert_uint_eq(world.n_calls, calls);
	world_down();
}
END_TEST

START_TEST(optimised_policy_is_not_pulled_back)
{
	const struct sr_policy_key k = key("a", 1, "d");
	uint32_t calls, back = 1;

	eight();
	optimise(true);
	all_answer();
	calls = world.n_calls;
	run_ms(1000000); /* rounds of re-optimisation, each with time to revert */
	ck_assert_uint_eq(world.n_calls, calls);
	SAME(fullest(), 0.4);
	while (!over_c(back))
		back++;
	ck_assert_int_eq(intent_reoptimise(world.intent, &(struct sr_policy_key){ .headend = k.headend,
					     .color = back, .endpoint = k.endpoint }), 0);
	run_ms(1);
	all_answer();
	ck_assert(!over_c(back)); /* its own cheapest path, when that is asked for */
	SAME(fullest(), 0.5);
	world_down();
}
END_TEST

START_TEST(written_policy_is_computed_again)
{
	uint32_t back = 1;
	struct intent_policy *p;

	eight();
	optimise(true);
	all_answer();
	while (!over_c(back))
		back++;
	p = policy("a", back, "d");
	p->bandwidth_bps = G / 2;
	put_ok(p);
	run_ms(1);
	all_answer();
	ck_assert(!over_c(back));
	world_down();
}
END_TEST

START_TEST(pin_outlives_a_restart)
{
	eight();
	optimise(true);
	all_answer();
	run_ms(1000);
	world_crash();
	net_publish();
	pcc_up("a");
	run_ms(1000000);
	all_answer();
	SAME(fullest(), 0.4);
	ck_assert_uint_eq(n_over_c(), 4);
	world_down();
}
END_TEST

START_TEST(pin_ends_when_its_path_breaks)
{
	eight();
	optimise(true);
	all_answer();
	net_cut("a", "c");
	all_answer();
	ck_assert_uint_eq(n_over_c(), 0);
	for (uint32_t c = 1; c <= 8; c++)
		ck_assert_int_eq(view_of("a", c, "d")->state, INTENT_UP);
	net_heal("a", "c");
	run_ms(1000000);
	all_answer();
	ck_assert_uint_eq(n_over_c(), 0); /* nothing holds it there any more */
	world_down();
}
END_TEST

START_TEST(refusal_stops_the_rollout)
{
	struct intent_optimise_step s;

	eight();
	optimise(true);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	run_ms(1);
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert_uint_eq(pcc_refuse("a", 24, 2), 1);
	run_ms(1);
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_STOPPED);
	ck_assert_msg(strstr(now()->why, "step 2 of 4"), "%s", now()->why);
	ck_assert_uint_eq(now()->n_done, 1);
	ck_assert(intent_optimise_step(world.intent, 1, &s));
	ck_assert_int_eq(s.state, INTENT_STEP_FAILED);
	ck_assert(intent_optimise_step(world.intent, 2, &s));
	ck_assert_int_eq(s.state, INTENT_STEP_WAITING);
	run_ms(1000000);
	all_answer();
	never_over();
	ck_assert_uint_eq(n_over_c(), 1); /* what was made stays */
	SAME(fullest(), 0.7);
	for (uint32_t c = 1; c <= 8; c++)
		ck_assert_int_eq(view_of("a", c, "d")->state, INTENT_UP);
	world_down();
}
END_TEST

START_TEST(silent_headend_stops_the_rollout)
{
	eight();
	optimise(true);
	run_ms(60000);
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_STOPPED);
	ck_assert_msg(strstr(now()->why, "step 1 of 4"), "%s", now()->why);
	ck_assert_uint_eq(now()->n_done, 0);
	world_down();
}
END_TEST

START_TEST(failure_of_a_link_stops_the_rollout)
{
	eight();
	optimise(true);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	run_ms(1);
	net_cut("c", "d");
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_STOPPED);
	all_answer();
	ck_assert_uint_eq(n_over_c(), 0);
	for (uint32_t c = 1; c <= 8; c++)
		ck_assert_int_eq(view_of("a", c, "d")->state, INTENT_UP);
	world_down();
}
END_TEST

START_TEST(operator_ends_the_rollout)
{
	const char *why;
	uint64_t id;

	eight();
	optimise(true);
	id = now()->id;
	ck_assert_int_eq(intent_optimise_cancel(world.intent, id + 1, &why), INTENT_E_MISSING);
	ck_assert_int_eq(intent_optimise_cancel(world.intent, id, &why), 0);
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_STOPPED);
	ck_assert_int_eq(intent_optimise_cancel(world.intent, id, &why), INTENT_E_MODE);
	all_answer();
	ck_assert_uint_eq(n_over_c(), 1);
	world_down();
}
END_TEST

START_TEST(plan_is_applied_later)
{
	const char *why;

	eight();
	optimise(false);
	ck_assert_int_eq(intent_optimise_apply(world.intent, now()->id + 1, &why), INTENT_E_MISSING);
	ck_assert_int_eq(intent_optimise_apply(world.intent, now()->id, &why), 0);
	ck_assert_int_eq(intent_optimise_apply(world.intent, now()->id, &why), INTENT_E_BUSY);
	all_answer();
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_DONE);
	SAME(fullest(), 0.4);
	ck_assert_int_eq(intent_optimise_apply(world.intent, now()->id, &why), INTENT_E_MODE);
	world_down();
}
END_TEST

START_TEST(stale_plan_does_not_move_a_changed_policy)
{
	struct intent_optimise_step s;
	const char *why;
	struct intent_policy *p;
	uint32_t color;

	eight();
	optimise(false);
	ck_assert(intent_optimise_step(world.intent, 0, &s));
	color = s.key.color;
	p = policy("a", color, "d");
	p->bandwidth_bps = 2000000000;
	put_ok(p);
	all_answer();
	ck_assert_int_eq(intent_optimise_apply(world.intent, now()->id, &why), 0);
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_STOPPED);
	ck_assert_uint_eq(n_over_c(), 0);
	world_down();
}
END_TEST

START_TEST(constraints_are_kept)
{
	unsigned dropped = 0;
	struct intent_optimise_left l;

	world_up(NULL);
	net_square();
	net_dir("a", "c")->delay_us = net_dir("c", "a")->delay_us = 50000;
	net_dir("c", "d")->admin_group[0] = 2;
	net_publish();
	pcc_up("a");
	for (uint32_t c = 1; c <= 8; c++) {
		struct intent_policy *p = policy("a", c, "d");

		p->bandwidth_bps = G;
		if (c <= 3)
			p->cpaths[0].delay_us_max = 10000;
		else if (c <= 6)
			p->cpaths[0].affinity.exclude_any[0] = 2;
		put_ok(p);
	}
	all_answer();
	optimise(true);
	all_answer();
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_DONE);
	SAME(fullest(), 0.6); /* the two that may */
	ck_assert(over_c(7) && over_c(8));
	for (uint32_t n = 0; intent_optimise_left(world.intent, n, &l); n++) {
		dropped += l.dropped;
		ck_assert_uint_ge(l.key.color, 4);
		ck_assert_uint_le(l.key.color, 6);
		ck_assert_msg(strstr(l.why, "affinity"), "%s", l.why);
	}
	ck_assert_uint_gt(dropped, 0);
	world_down();
}
END_TEST

START_TEST(what_cannot_move_is_load)
{
	struct intent_optimise_left l;
	struct sr_segment seg;

	world_up(NULL);
	net_square();
	pcc_up("a");
	seg = net_sid("d");
	for (uint32_t c = 1; c <= 8; c++) {
		struct intent_policy *p = policy("a", c, "d");

		p->bandwidth_bps = G;
		if (c > 2) {
			p->cpaths[0].kind = INTENT_EXPLICIT;
			p->cpaths[0].list = list_of(1, &seg);
		}
		put_ok(p);
	}
	all_answer();
	optimise(true);
	all_answer();
	ck_assert_uint_eq(now()->n_movable, 2);
	ck_assert_uint_eq(now()->n_left_out, 6);
	ck_assert(intent_optimise_left(world.intent, 0, &l));
	ck_assert_msg(strstr(l.why, "given"), "%s", l.why);
	ck_assert_uint_eq(now()->after_ppb, 600000000);
	SAME(fullest(), 0.6);
	world_down();
}
END_TEST

START_TEST(who_waits_for_room_comes_after_the_rollout)
{
	struct intent_policy *p;

	world_up(NULL);
	net_square();
	pcc_up("a");
	for (uint32_t c = 1; c <= 8; c++) {
		p = policy("a", c, "d");
		p->bandwidth_bps = G;
		put_ok(p);
	}
	p = policy("a", 9, "d"); /* may only go over b, where 2G are left */
	p->bandwidth_bps = 5000000000;
	(void)snprintf(p->cpaths[0].exclude[0], TED_LABEL_MAX, "c");
	p->cpaths[0].n_exclude = 1;
	put_ok(p);
	all_answer();
	ck_assert_int_eq(view_of("a", 9, "d")->state, INTENT_DOWN);
	optimise(true);
	all_answer();
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_DONE);
	run_ms(100);
	all_answer();
	ck_assert_int_eq(view_of("a", 9, "d")->state, INTENT_UP);
	never_over();
	world_down();
}
END_TEST

static void refused(struct intent_optimise_options o, int code)
{
	const char *why = NULL;
	uint64_t id;

	ck_assert_int_eq(intent_optimise_start(world.intent, &o, &id, &why), code);
	ck_assert(why && why[0]);
}

START_TEST(what_makes_no_sense_is_refused)
{
	struct intent_optimise_options o = options(false);
	struct intent_optimise_view v;

	world_up(NULL);
	ck_assert(!intent_optimise_get(world.intent, &v));
	refused(o, INTENT_E_MODE); /* no topology */
	net_square();
	o.midpoints = 4;
	refused(o, INTENT_E_INVALID);
	o = options(false);
	o.work = 0;
	refused(o, INTENT_E_INVALID);
	o.seconds = 3601;
	refused(o, INTENT_E_INVALID);
	o = options(false);
	o.charge_ppm = 1000001;
	refused(o, INTENT_E_INVALID);
	hold(true);
	refused(options(true), INTENT_E_MODE);
	hold(false);
	ck_assert_int_eq(optimise(true)->state, INTENT_OPTIMISE_FAILED); /* there are no policies */
	o = options(false);
	(void)start(&o);
	refused(o, INTENT_E_BUSY);
	world_down(); /* while one is under way */
}
END_TEST

START_TEST(threads_find_the_same)
{
	struct intent_optimise_options o = options(true);

	world_up_threads(2);
	net_square();
	pcc_up("a");
	for (uint32_t c = 1; c <= 8; c++) {
		struct intent_policy *p = policy("a", c, "d");

		p->bandwidth_bps = G;
		put_ok(p);
		(void)pcc_answer("a");
	}
	run_ms(20);
	all_answer();
	(void)start(&o);
	for (unsigned k = 0; k < 1000 && now()->state == INTENT_OPTIMISE_COMPUTING; k++)
		run_ms(5);
	all_answer();
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_DONE);
	SAME(fullest(), 0.4);
	o.work = 0; /* the clock ends it, or we do */
	o.seconds = 600;
	o.apply = false;
	(void)start(&o);
	world_down();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("intent-optimise");
	TCase *t = tcase_create("optimise");

	tcase_add_test(t, dry_run_says_and_moves_nothing);
	tcase_add_test(t, crowded_network_is_relieved);
	tcase_add_test(t, nothing_to_gain_changes_nothing);
	tcase_add_test(t, optimised_policy_is_not_pulled_back);
	tcase_add_test(t, written_policy_is_computed_again);
	tcase_add_test(t, pin_outlives_a_restart);
	tcase_add_test(t, pin_ends_when_its_path_breaks);
	tcase_add_test(t, refusal_stops_the_rollout);
	tcase_add_test(t, silent_headend_stops_the_rollout);
	tcase_add_test(t, failure_of_a_link_stops_the_rollout);
	tcase_add_test(t, operator_ends_the_rollout);
	tcase_add_test(t, plan_is_applied_later);
	tcase_add_test(t, stale_plan_does_not_move_a_changed_policy);
	tcase_add_test(t, constraints_are_kept);
	tcase_add_test(t, what_cannot_move_is_load);
	tcase_add_test(t, who_waits_for_room_comes_after_the_rollout);
	tcase_add_test(t, what_makes_no_sense_is_refused);
	tcase_add_test(t, threads_find_the_same);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
