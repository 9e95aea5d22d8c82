/* SPDX-License-Identifier: Apache-2.0 */
/* What news of the topology does: to whom, in which order, how soon, and to nobody else. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "intent/intent_priv.h"

enum { G = 1000000000 };

static void setup(void)
{
	world_up(NULL);
	net_square();
	/* The TE metric prefers c, the IGP b: a list over c names its way. */
	net_dir("a", "b")->te_metric = 100;
	net_publish();
}

static struct intent_book_row row(const char *from, const char *to)
{
	struct intent_book_row r;

	ck_assert(intent_book_row(world.intent, net_index(from, to), &r));
	return r;
}

static void is(uint32_t color, enum intent_state state, const char *reason)
{
	view_is("a", color, "d", state, reason);
}

static void goes(uint32_t color, const char *path)
{
	ck_assert_str_eq(view_of("a", color, "d")->path_text, path);
}

static struct intent_policy *by(uint32_t color, enum pce_metric m, uint64_t bps)
{
	struct intent_policy *p = policy("a", color, "d");

	p->cpaths[0].minimise = m;
	p->bandwidth_bps = bps;
	return p;
}

static void put_up(const struct intent_policy *p)
{
	put_ok(p);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(p->key.color, INTENT_UP, "");
}

/* ---- bad news ---- */

START_TEST(cut_moves_its_users_in_order_of_priority_and_nobody_else)
{
	static const uint8_t prio[] = { 5, 3, 7, 3 };
	static const uint32_t order[] = { 2, 4, 1, 3 };
	uint32_t before;

	pcc_up("a");
	for (uint32_t c = 1; c <= 4; c++) {
		struct intent_policy *p = by(c, PCE_TE, G);

		p->setup_prio = p->hold_prio = prio[c - 1];
		put_up(p);
		goes(c, "a>c,c>d");
	}
	put_up(by(9, PCE_IGP, G));
	goes(9, "a>b,b>d");
	before = world.n_calls;
	net_cut("c", "d");
	ck_assert_uint_eq(world.n_calls, before + 4);
	for (uint32_t k = 0; k < 4; k++) {
		ck_assert_uint_eq(world.calls[before + k].lsp.key.color, order[k]);
		ck_assert_uint_ne(world.calls[before + k].lsp.plsp_id, 0);
	}
	ck_assert_uint_eq(row("a", "c").reserved_bps[7] + row("a", "c").reserved_bps[5] +
				  row("a", "c").reserved_bps[3],
			  4ull * G); /* until they are up elsewhere */
	ck_assert_uint_eq(pcc_answer("a"), 4);
	ck_assert_uint_eq(row("a", "c").n_lsps, 0);
	for (uint32_t c = 1; c <= 4; c++) {
		is(c, INTENT_UP, "");
		goes(c, "a>b,b>d");
		ck_assert_uint_eq(view_of("a", c, "d")->repairs, 1);
	}
	ck_assert_uint_eq(view_of("a", 9, "d")->repairs, 0);
}
END_TEST

START_TEST(list_that_still_means_the_right_way_is_not_sent_again)
{
	pcc_up("a");
	put_up(by(1, PCE_IGP, G));
	net_cut("b", "d"); /* the node SID of d now leads over c by itself */
	ck_assert_uint_eq(world.n_calls, 1);
	goes(1, "a>c,c>d");
	is(1, INTENT_UP, "");
	ck_assert_uint_eq(row("a", "b").n_lsps, 0);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G);
}
END_TEST

START_TEST(no_way_left_is_down_and_taken_out)
{
	pcc_up("a");
	put_up(by(1, PCE_TE, G));
	net_dir("a", "b")->alive = net_dir("b", "a")->alive = false;
	net_cut("a", "c");
	is(1, INTENT_DOWN, "");
	ck_assert_uint_gt(strlen(view_of("a", 1, "d")->reason), 10);
	ck_assert_int_eq(call_last()->kind, CALL_REMOVE);
	ck_assert_uint_eq(alarms_of("policy-down"), 1);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G); /* it is there until it is not */
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_uint_eq(row("a", "c").n_lsps, 0);
	is(1, INTENT_DOWN, "");
	net_heal("a", "b");
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(1, INTENT_UP, "");
	goes(1, "a>b,b>d");
	ck_assert_uint_eq(alarms_of("policy-down"), 0);
}
END_TEST

/* Its list walks to c, where the rest could be a service SID of c: that is no way to d. */
START_TEST(dead_endpoint_is_down_wherever_the_list_ends)
{
	pcc_up("a");
	put_up(by(1, PCE_TE, G));
	ck_assert_int_eq(call_last()->lsp.list.at[0].kind, SR_SEG_CONTAINER);
	net_at("d")->alive = false;
	net_dir("b", "d")->alive = net_dir("d", "b")->alive = false;
	net_cut("c", "d");
	is(1, INTENT_DOWN, "endpoint");
	ck_assert_int_eq(call_last()->kind, CALL_REMOVE);
	net_at("d")->alive = true;
	ck_assert_uint_eq(pcc_answer("a"), 1);
	net_heal("c", "d");
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(1, INTENT_UP, "");
}
END_TEST

START_TEST(path_that_breaks_a_bound_moves_or_stays_degraded)
{
	struct intent_policy *p = by(1, PCE_TE, G);

	p->cpaths[0].delay_us_max = 2500;
	pcc_up("a");
	put_up(p);
	goes(1, "a>c,c>d");
	if (_i == 0) /* no other way keeps it either */
		net_dir("b", "d")->delay_us = 5000;
	net_dir("c", "d")->delay_us = 4000;
	net_publish();
	if (_i == 1) {
		ck_assert_uint_eq(pcc_answer("a"), 1);
		is(1, INTENT_UP, "");
		goes(1, "a>b,b>d");
		ck_assert_str_eq(view_of("a", 1, "d")->relax, "");
		ck_assert_uint_eq(alarms_of("policy-degraded"), 0);
		return;
	}
	ck_assert_uint_eq(calls_open(), 0);
	is(1, INTENT_DEGRADED, "delay");
	/* However long the reason: what would help has room of its own. */
	ck_assert_str_eq(view_of("a", 1, "d")->relax, "delay bound >= 5.000 ms");
	ck_assert_uint_eq(alarms_of("policy-degraded"), 1);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G);
	net_dir("c", "d")->delay_us = 1000;
	net_publish();
	is(1, INTENT_UP, "");
	ck_assert_str_eq(view_of("a", 1, "d")->relax, "");
	ck_assert_uint_eq(alarms_of("policy-degraded"), 0);
	ck_assert_uint_eq(world.n_calls, 1);
}
END_TEST

START_TEST(new_sids_on_the_same_path_are_sent)
{
	struct intent_policy *p = by(1, PCE_TE, G);

	p->cpaths[0].strict = true;
	pcc_up("a");
	/* Two links to c make the adjacency SID the only way to say which. */
	net_link("a", "c", 20, 1000, 10ull * G);
	net_dir("a", "c")->te_metric = 5;
	net_publish();
	put_up(p);
	ck_assert_uint_eq(view_of("a", 1, "d")->igp, 40);
	net_renumber("a", "c");
	net_publish();
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(1, INTENT_UP, "");
	net_renumber("b", "d"); /* not of ours */
	net_publish();
	ck_assert_uint_eq(calls_open(), 0);
}
END_TEST

START_TEST(every_equal_path_is_charged_in_full)
{
	net_dir("a", "c")->igp_metric = net_dir("c", "d")->igp_metric = 10;
	net_dir("c", "a")->igp_metric = net_dir("d", "c")->igp_metric = 10;
	net_publish();
	pcc_up("a");
	put_up(by(1, PCE_IGP, G));
	ck_assert_uint_eq(view_of("a", 1, "d")->computed.n, 1);
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G);
	ck_assert_uint_eq(row("b", "d").reserved_bps[7], G);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G);
	ck_assert_uint_eq(row("c", "d").reserved_bps[7], G);
}
END_TEST

/* ---- good news ---- */

START_TEST(healed_link_is_used_after_the_wait)
{
	pcc_up("a");
	put_up(by(1, PCE_TE, G));
	net_cut("c", "d");
	pcc_answer("a");
	goes(1, "a>b,b>d");
	net_heal("c", "d");
	run_ms(9000);
	ck_assert_uint_eq(calls_open(), 0);
	if (_i == 1) { /* down again before it settled: the wait starts anew */
		net_cut("c", "d");
		net_heal("c", "d");
		run_ms(9000);
		ck_assert_uint_eq(calls_open(), 0);
	}
	run_ms(2000);
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	goes(1, "a>c,c>d");
	ck_assert_uint_eq(row("a", "b").n_lsps, 0);
	ck_assert_uint_eq(view_of("a", 1, "d")->repairs, 1); /* the way back was none */
}
END_TEST

START_TEST(small_gain_is_not_worth_a_move)
{
	pcc_up("a");
	put_up(by(1, PCE_TE, G)); /* 40 over c */
	net_dir("a", "b")->te_metric = _i == 0 ? 28 : 20;
	net_publish();
	run_ms(_i == 0 ? 60000 : 11000);
	ck_assert_uint_eq(calls_open(), (unsigned)_i); /* 38 is not 10 % better, 30 is */
}
END_TEST

START_TEST(operator_who_asks_does_not_wait)
{
	const struct sr_policy_key k = key("a", 1, "d");
	const struct sr_policy_key other = key("a", 2, "d");

	pcc_up("a");
	put_up(by(1, PCE_TE, G));
	net_dir("a", "b")->te_metric = 20;
	net_publish();
	ck_assert_uint_eq(calls_open(), 0);
	ck_assert_int_eq(intent_reoptimise(world.intent, &other), INTENT_E_MISSING);
	ck_assert_int_eq(intent_reoptimise(world.intent, &k), 0);
	run_ms(0);
	ck_assert_uint_eq(calls_open(), 1);
}
END_TEST

/* ---- loss of sight ---- */

START_TEST(what_vanishes_out_of_sight_is_made_again_in_sight)
{
	pcc_up("a");
	put_up(by(1, PCE_TE, G));
	net_stale();
	pcc_forget("a", view_of("a", 1, "d")->lsp_name);
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 1);
	net_publish();
	ck_assert_uint_eq(calls_open(), 1);
}
END_TEST

START_TEST(out_of_sight_nothing_happens)
{
	pcc_up("a");
	put_up(by(1, PCE_TE, G));
	net_dir("c", "d")->alive = net_dir("d", "c")->alive = false;
	net_stale();
	put_ok(by(2, PCE_TE, G));
	is(2, INTENT_PENDING, "the topology is not in sight");
	run_ms(600000);
	ck_assert_uint_eq(world.n_calls, 1);
	is(1, INTENT_UP, "");
	pcc_forget("a", view_of("a", 1, "d")->lsp_name);
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 1);
	net_publish();
	ck_assert_uint_eq(pcc_answer("a"), 2);
	goes(1, "a>b,b>d");
	goes(2, "a>b,b>d");
}
END_TEST

START_TEST(operator_removes_what_he_does_not_see)
{
	pcc_up("a");
	put_up(by(1, PCE_TE, G));
	net_stale();
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	ck_assert_int_eq(call_last()->kind, CALL_REMOVE);
}
END_TEST

static unsigned blind(void)
{
	unsigned n = 0;

	for (size_t k = 0; k < world.intent->pols.n; k++)
		n += strcmp(world.intent->pols.at[k]->reason, "the topology is not in sight") == 0;
	return n;
}

/* Fifty thousand at once would hold the loop. */
START_TEST(regained_sight_is_told_of_so_many_policies_a_turn)
{
	enum { MORE = 76, N = INTENT_STATES_TURN + MORE };
	struct ted_input in = { .n_nodes = 0 };
	const struct ted *t = NULL;

	pcc_up("a");
	net_stale();
	for (uint32_t c = 1; c <= N; c++)
		put_ok(by(c, PCE_IGP, 0));
	ck_assert_uint_eq(blind(), N);
	in.prev = world.ted;
	ck_assert_int_eq(ted_build(&in, &t), 0);
	intent_on_ted(world.intent, t);
	ck_assert_uint_eq(blind(), MORE);
	ck_assert_int_eq(del("a", 1, "d").code, 0); /* the rest move up, none is passed by */
	run_ms(1);
	ck_assert_uint_eq(blind(), 0);
	ted_unref(t);
}
END_TEST

/* ---- bandwidth ---- */

START_TEST(bandwidth_decides_who_goes_where)
{
	pcc_up("a");
	put_up(by(1, PCE_IGP, 6ull * G));
	put_up(by(2, PCE_IGP, 6ull * G));
	goes(1, "a>b,b>d");
	goes(2, "a>c,c>d");
	put_ok(by(3, PCE_IGP, 6ull * G));
	is(3, INTENT_DOWN, "bandwidth");
	ck_assert_uint_eq(calls_open(), 0);
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	is(3, INTENT_DOWN, "bandwidth"); /* it is there until its headend says it is not */
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(3, INTENT_UP, "");
	goes(3, "a>b,b>d");
}
END_TEST

START_TEST(better_priority_takes_the_place)
{
	struct intent_policy *p;

	pcc_up("a");
	put_up(by(1, PCE_IGP, 6ull * G));
	p = by(2, PCE_IGP, 6ull * G);
	p->setup_prio = p->hold_prio = _i == 0 ? 2 : 7;
	put_ok(p);
	if (_i == 1) { /* no better: no place is taken */
		goes(1, "a>b,b>d");
		goes(2, "a>c,c>d");
		return;
	}
	goes(2, "a>b,b>d");
	goes(1, "a>c,c>d");
	ck_assert_uint_eq(pcc_answer("a"), 2);
	ck_assert_uint_eq(row("a", "b").reserved_bps[2], 6ull * G);
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], 0);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], 6ull * G);
}
END_TEST

START_TEST(lsps_of_others_take_their_room)
{
	const struct sr_list over_b = list_of(1, (struct sr_segment[]){ net_sid("d") });
	struct lsp_state *st = pcc_plant("a", "other", &over_b);

	st->endpoint = net_addr("d");
	st->bandwidth_bps = 6ull * G;
	if (_i == 0)
		pcc_up("a");
	else
		pcc_open("a");
	if (_i == 1) { /* it comes when ours is there already */
		st->bandwidth_bps = 0;
		pcc_sync("a");
	}
	put_up(by(1, PCE_IGP, 6ull * G));
	if (_i == 1) {
		goes(1, "a>b,b>d");
		st->bandwidth_bps = 6ull * G;
		pcc_report("a", "other");
		ck_assert_uint_eq(pcc_answer("a"), 1);
	}
	goes(1, "a>c,c>d");
	ck_assert_uint_eq(row("a", "b").foreign_bps[7], 6ull * G);
	ck_assert_uint_eq(row("a", "b").n_lsps, 1);
	net_cut("b", "d"); /* his moves with the IGP, on to ours */
	ck_assert_uint_eq(row("a", "b").foreign_bps[7], 0);
	ck_assert_uint_eq(row("a", "c").foreign_bps[7], 6ull * G);
	is(1, INTENT_DEGRADED, "");
	ck_assert_uint_eq(calls_open(), 0);
	net_heal("b", "d");
	is(1, INTENT_UP, "");
}
END_TEST

START_TEST(lost_headend_keeps_its_charges_until_they_age)
{
	const struct sr_list over_b = list_of(1, (struct sr_segment[]){ net_sid("d") });
	struct lsp_state *st = pcc_plant("a", "other", &over_b);

	st->endpoint = net_addr("d");
	st->bandwidth_bps = G;
	pcc_up("a");
	put_up(by(1, PCE_IGP, 2ull * G));
	pcc_down("a");
	is(1, INTENT_PENDING, "no session");
	run_ms(3590u * 1000);
	ck_assert_uint_eq(row("a", "b").foreign_bps[7], G);
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], 2ull * G);
	if (_i == 1) { /* back in time */
		pcc_up("a");
		run_ms(20u * 1000);
		ck_assert_uint_eq(row("a", "b").foreign_bps[7], G);
		is(1, INTENT_UP, "");
		ck_assert_uint_eq(world.n_calls, 1);
		return;
	}
	run_ms(20u * 1000);
	ck_assert_uint_eq(row("a", "b").foreign_bps[7], 0);
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], 2ull * G); /* wished for, seen or not */
}
END_TEST

START_TEST(broken_comes_before_waiting)
{
	net_dir("c", "d")->capacity_bps = G;
	net_publish();
	pcc_up("a");
	put_up(by(2, PCE_IGP, 6ull * G));
	put_ok(by(1, PCE_IGP, 6ull * G));
	is(1, INTENT_DOWN, "bandwidth");
	/* At once the one way goes and the other has room for one of them. */
	net_dir("c", "d")->capacity_bps = 10ull * G;
	net_cut("b", "d");
	is(2, INTENT_UP, "");
	is(1, INTENT_DOWN, "bandwidth");
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], 6ull * G);
}
END_TEST

/* ---- many: the loop's share and the workers' ---- */

START_TEST(many_are_repaired_in_order_whoever_computes)
{
	enum { N = 90 };
	unsigned moved = 0;
	uint32_t before;

	pcc_up("a");
	for (uint32_t c = 1; c <= N; c++) {
		struct intent_policy *p = by(c, PCE_TE, G / 10);

		p->setup_prio = p->hold_prio = (uint8_t)(c % 8);
		put_ok(p);
	}
	ck_assert_uint_eq(pcc_answer("a"), N);
	/* Room for less than all of them on the other way. */
	net_dir("b", "d")->capacity_bps = 5ull * G;
	net_publish();
	before = world.n_calls;
	net_dir("a", "c")->alive = net_dir("c", "a")->alive = false;
	net_cut("c", "d");
	run_ms(1000);
	ck_assert_uint_gt(world.n_calls, before + N / 2);
	for (uint32_t k = before + 1; k < world.n_calls; k++) {
		const struct call *x = &world.calls[k - 1], *y = &world.calls[k];

		if (x->kind == CALL_APPLY && y->kind == CALL_APPLY)
			ck_assert_uint_le(x->lsp.setup_prio, y->lsp.setup_prio);
	}
	pcc_answer("a");
	run_ms(1000);
	for (uint32_t c = 1; c <= N; c++)
		moved += view_of("a", c, "d")->state == INTENT_UP;
	ck_assert_uint_eq(moved, 50);
	/* The best fifty. */
	for (uint32_t c = 1; c <= N; c++) {
		if (view_of("a", c, "d")->state != INTENT_UP)
			ck_assert_uint_ge(c % 8, 4);
	}
	audit();
}
END_TEST

START_TEST(what_was_computed_before_is_not_sent_after)
{
	enum { N = 60 };
	const struct ip_addr a = net_addr("a"), d = net_sid("d").sid;

	pcc_up("a");
	world.refuse = DRIVER_E_FULL;
	for (uint32_t c = 1; c <= N; c++)
		put_ok(by(c, PCE_TE, G / 10));
	world.refuse = 0;
	net_dir("a", "c")->alive = net_dir("c", "a")->alive = false;
	net_cut("c", "d"); /* most of them wait for a worker */
	intent_sink.headend_ready(world.intent, &a);
	run_ms(1000);
	ck_assert_uint_eq(world.n_calls, N);
	for (uint32_t k = 0; k < world.n_calls; k++)
		ck_assert(ip_eq(&world.calls[k].lsp.list.at[0].sid, &d));
}
END_TEST

START_TEST(topology_that_changes_while_workers_compute_wins)
{
	enum { N = 60 };

	pcc_up("a");
	for (uint32_t c = 1; c <= N; c++)
		put_ok(by(c, PCE_TE, G / 10));
	pcc_answer("a");
	net_dir("a", "b")->te_metric = 1;
	for (unsigned k = 0; k < 10; k++) {
		net_dir("c", "d")->te_metric = 100 + k;
		net_publish();
	}
	run_ms(30000);
	pcc_answer("a");
	for (uint32_t c = 1; c <= N; c++) {
		is(c, INTENT_UP, "");
		goes(c, "a>b,b>d");
	}
	intent_on_ted(world.intent, world.ted);
	world.intent = intent_free(world.intent); /* with a batch on its way */
}
END_TEST

static void slow(const char *from, const char *to, uint32_t us)
{
	struct ted_link *l = net_dir(from, to);

	l->delay_us = l->delay_min_us = l->delay_max_us = us;
}

/*
 * A search that is cut short is made again, at length, when no repair waits. 0: of a new policy, for which
 * the cheap way is not slow enough; 1: of one whose list breaks its bound, and stays until then; 2: of
 * the same, and it is not cut short.
 */
START_TEST(search_too_long_for_a_wave_is_made_again)
{
	struct intent_policy *p = by(1, _i == 0 ? PCE_IGP : PCE_TE, 0);
	const struct intent *i = world.intent;
	double before = metric_value(i->m_put_off);

	slow("a", "c", 5000);
	net_publish();
	pcc_up("a");
	p->cpaths[0].delay_us_min = 3000;
	if (_i > 0)
		put_up(p);
	world.intent->cfg.wave_labels = _i == 2 ? i->cfg.wave_labels : 1;
	if (_i == 0) {
		put_ok(p);
	} else {
		goes(1, "a>c,c>d");
		slow("a", "c", 1000);
		slow("a", "b", 5000);
		net_publish();
	}
	run_ms(1000);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(1, INTENT_UP, "");
	goes(1, _i == 0 ? "a>c,c>d" : "a>b,b>d");
	ck_assert_int_eq(metric_value(i->m_put_off) > before, _i < 2);
	ck_assert(!intent_pol_find(world.intent, &p->key)->put_off);
	audit();
}
END_TEST

/* Nothing can be found, however long: it is told once, and the searches end. */
START_TEST(search_in_vain_ends)
{
	struct intent_policy *p = by(1, PCE_IGP, 0);
	double before = metric_value(world.intent->m_put_off), n;

	pcc_up("a");
	world.intent->cfg.wave_labels = 1;
	p->cpaths[0].delay_us_min = 50000;
	put_ok(p);
	run_ms(1000);
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_DOWN);
	n = metric_value(world.intent->m_put_off);
	ck_assert(n >= before + 1);
	run_ms(60000);
	ck_assert(metric_value(world.intent->m_put_off) <= n + 1);
}
END_TEST

static void add_all(TCase *tc)
{
	tcase_add_test(tc, cut_moves_its_users_in_order_of_priority_and_nobody_else);
	tcase_add_test(tc, list_that_still_means_the_right_way_is_not_sent_again);
	tcase_add_test(tc, no_way_left_is_down_and_taken_out);
	tcase_add_test(tc, dead_endpoint_is_down_wherever_the_list_ends);
	tcase_add_loop_test(tc, path_that_breaks_a_bound_moves_or_stays_degraded, 0, 2);
	tcase_add_test(tc, new_sids_on_the_same_path_are_sent);
	tcase_add_test(tc, every_equal_path_is_charged_in_full);
	tcase_add_loop_test(tc, healed_link_is_used_after_the_wait, 0, 2);
	tcase_add_loop_test(tc, small_gain_is_not_worth_a_move, 0, 2);
	tcase_add_test(tc, operator_who_asks_does_not_wait);
	tcase_add_test(tc, what_vanishes_out_of_sight_is_made_again_in_sight);
	tcase_add_test(tc, out_of_sight_nothing_happens);
	tcase_add_test(tc, operator_removes_what_he_does_not_see);
	tcase_add_test(tc, regained_sight_is_told_of_so_many_policies_a_turn);
	tcase_add_test(tc, bandwidth_decides_who_goes_where);
	tcase_add_loop_test(tc, better_priority_takes_the_place, 0, 2);
	tcase_add_loop_test(tc, lsps_of_others_take_their_room, 0, 2);
	tcase_add_loop_test(tc, lost_headend_keeps_its_charges_until_they_age, 0, 2);
	tcase_add_test(tc, broken_comes_before_waiting);
	tcase_add_test(tc, many_are_repaired_in_order_whoever_computes);
	tcase_add_test(tc, what_was_computed_before_is_not_sent_after);
	tcase_add_loop_test(tc, search_too_long_for_a_wave_is_made_again, 0, 3);
	tcase_add_test(tc, search_in_vain_ends);
	tcase_add_test(tc, topology_that_changes_while_workers_compute_wins);
}

int main(void)
{
	Suite *s = suite_create("intent-repair");
	TCase *tc = tcase_create("repair");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_set_timeout(tc, 60);
	add_all(tc);
	suite_add_tcase(s, tc);
	return check_main(s);
}
