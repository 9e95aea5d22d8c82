/* SPDX-License-Identifier: Apache-2.0 */
/* What tests/sim found, as small as it can be told. */
#include "world.h"

#include <string.h>

enum { G = 1000000000 };

static void setup(void)
{
	world_up(NULL);
	net_square();
}

static void delays(const char *a, const char *b, uint32_t us)
{
	net_dir(a, b)->delay_us = us;
	net_dir(a, b)->delay_min_us = net_dir(a, b)->delay_max_us = us;
}

/* a to d by least delay, 2.5 ms at most. */
static struct intent_policy *bounded(uint64_t bps)
{
	struct intent_policy *p = policy("a", 1, "d");

	p->bandwidth_bps = bps;
	p->cpaths[0].minimise = PCE_DELAY;
	p->cpaths[0].delay_us_max = 2500;
	return p;
}

/* Both ways take 3 ms. */
static void too_slow(void)
{
	delays("a", "b", 2000);
	delays("a", "c", 2000);
	net_publish();
}

/* What a LAN sends has no capacity of its own; who sends onto it has. */
START_TEST(bandwidth_is_booked_across_a_lan)
{
	struct intent_book_row row;
	struct intent_policy *p;

	world_down(); /* another network than the others */
	world_up(NULL);
	for (const char *n = "a\0b\0l\0"; *n; n += 2)
		net_node(n);
	net_link("a", "l", 10, 1000, 10 * (uint64_t)G);
	net_link("b", "l", 10, 1000, 10 * (uint64_t)G);
	net_at("l")->pseudonode = true;
	net_at("l")->n_sids = net_at("l")->n_node_sids = net_at("l")->n_locators = 0;
	net_dir("l", "a")->igp_metric = net_dir("l", "b")->igp_metric = 0;
	net_dir("l", "a")->delay_us = net_dir("l", "b")->delay_us = 0;
	net_dir("l", "a")->capacity_bps = net_dir("l", "b")->capacity_bps = 0;
	net_publish();
	pcc_up("a");
	for (uint32_t c = 1; c <= 2; c++) {
		p = policy("a", c, "b");
		p->bandwidth_bps = 6 * (uint64_t)G;
		put_ok(p);
		(void)pcc_answer("a");
	}
	ck_assert_msg(view_of("a", 1, "b")->state == INTENT_UP, "%s", view_of("a", 1, "b")->reason);
	ck_assert_int_eq(view_of("a", 2, "b")->state, INTENT_DOWN); /* 4G are left */
	ck_assert(intent_book_row(world.intent, net_index("a", "l"), &row));
	ck_assert_uint_eq(row.reserved_bps[7], 6 * (uint64_t)G);
	ck_assert(!intent_book_row(world.intent, net_index("l", "b"), &row));
}
END_TEST

START_TEST(terms_changed_before_a_restart_are_sent_after_it)
{
	pcc_up("a");
	put_ok(bounded(4ull * G));
	put_ok(bounded(_i == 0 ? 2ull * G : 4ull * G)); /* while the first is not answered */
	ck_assert_uint_ge(pcc_answer("a"), 1);
	pcc_lsp("a", view_of("a", 1, "d")->lsp_name)->bandwidth_bps = 4ull * G;
	world_crash();
	world.n_calls = 0;
	net_publish();
	pcc_up("a");
	run_ms(1000);
	ck_assert_uint_eq(world.n_calls, _i == 0);
	if (_i == 0)
		ck_assert_uint_eq(call_last()->lsp.bandwidth_bps, 2ull * G);
}
END_TEST

static void noted(void *arg, const struct intent_result *r)
{
	ck_assert_int_eq(r->code, 0);
	*(bool *)arg = true;
}

/* The headend's word that the old one is gone comes between the write and its completion. */
START_TEST(policy_made_again_outlives_the_end_of_the_deleted_one)
{
	bool done = false;

	pcc_up("a");
	put_ok(bounded(G));
	pcc_answer("a");
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	ck_assert_int_eq(call_last()->kind, CALL_REMOVE);
	if (_i == 0)
		intent_put(world.intent, INTENT_CREATE, bounded(G), 0, noted, &done);
	pcc_answer("a");
	run_ms(1000);
	ck_assert_int_eq(done, _i == 0);
	world_crash();
	ck_assert_int_eq(view_of("a", 1, "d") != NULL, _i == 0);
}
END_TEST

/* A rate on the wire is a 32-bit float: what comes back is near what was sent. */
START_TEST(rate_that_came_back_rounded_is_not_sent_again)
{
	pcc_up("a");
	put_ok(bounded(1234567891));
	pcc_answer("a");
	pcc_lsp("a", view_of("a", 1, "d")->lsp_name)->bandwidth_bps = _i == 0 ? 1234567936 : 1234569999;
	world_crash();
	world.n_calls = 0;
	net_publish();
	pcc_up("a");
	run_ms(1000);
	ck_assert_uint_eq(world.n_calls, (unsigned)_i);
}
END_TEST

START_TEST(terms_refused_with_a_list_are_sent_with_the_old_one)
{
	struct intent_policy *p = bounded(6ull * G);

	pcc_up("a");
	put_ok(p);
	pcc_answer("a");
	delays("a", "c", 500); /* another list, as soon as somebody looks */
	net_publish();
	p = bounded(_i == 0 ? 2ull * G : 6ull * G);
	put_ok(p);
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>c,c>d");
	ck_assert_uint_eq(pcc_refuse("a", 24, 1), 1);
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>b,b>d");
	run_ms(70000);
	ck_assert_uint_ge(calls_open(), 1); /* the terms, or the list once more */
	ck_assert_uint_eq(call_last()->lsp.bandwidth_bps, _i == 0 ? 2ull * G : 6ull * G);
	for (unsigned k = 0; k < 3; k++) {
		pcc_answer("a");
		run_ms(100000);
	}
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_UP);
	ck_assert_uint_eq(pcc_lsp("a", view_of("a", 1, "d")->lsp_name)->bandwidth_bps,
			  _i == 0 ? 2ull * G : 6ull * G);
}
END_TEST

/* Between the restart and the headend's report. */
START_TEST(terms_changed_during_a_restart_are_booked_before_they_are_sent)
{
	struct intent_book_row row;

	pcc_up("a");
	put_ok(bounded(G));
	pcc_answer("a");
	world_crash();
	world.n_calls = 0;
	net_publish();
	put_ok(bounded(4ull * G));
	pcc_up("a");
	run_ms(1000);
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert_uint_eq(call_last()->lsp.bandwidth_bps, 4ull * G);
	ck_assert(intent_book_row(world.intent, net_index("a", "b"), &row));
	ck_assert_uint_eq(row.reserved_bps[7], 4ull * G);
}
END_TEST

START_TEST(list_that_breaks_a_bound_does_for_another_candidate_path)
{
	struct intent_policy *p = bounded(0);

	cpath_add(p, 50)->minimise = PCE_DELAY;
	pcc_up("a");
	put_ok(p);
	pcc_answer("a");
	too_slow();
	run_ms(1000);
	pcc_answer("a");
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_UP);
	ck_assert_uint_eq(view_of("a", 1, "d")->active_preference, 50);
	ck_assert_uint_eq(world.n_calls, 2); /* the preference is told */
	ck_assert_uint_eq(call_last()->lsp.preference, 50);
}
END_TEST

START_TEST(list_that_breaks_a_bound_is_not_brought_anywhere)
{
	pcc_up("a");
	put_ok(bounded(0));
	ck_assert_uint_eq(world.n_calls, 1);
	too_slow(); /* the answer is due: it may stand there */
	ck_assert_uint_eq(world.n_calls, 1);
	run_ms(120000); /* none came */
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_DOWN);
	ck_assert_ptr_nonnull(strstr(view_of("a", 1, "d")->reason, "delay"));
	delays("a", "b", 1000);
	net_publish();
	run_ms(60000);
	ck_assert_uint_gt(world.n_calls, 1);
}
END_TEST

START_TEST(list_that_breaks_a_bound_stays_where_it_is)
{
	pcc_up("a");
	put_ok(bounded(G));
	pcc_answer("a");
	too_slow();
	run_ms(120000);
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_DEGRADED);
	/* A change of its terms is told all the same. */
	put_ok(bounded(2ull * G));
	ck_assert_uint_eq(world.n_calls, 2);
	ck_assert_uint_eq(call_last()->lsp.bandwidth_bps, 2ull * G);
	pcc_answer("a");
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_DEGRADED);
	/* But not more than there is. */
	put_ok(bounded(11ull * G));
	ck_assert_uint_eq(world.n_calls, 2);
}
END_TEST

START_TEST(headend_that_refuses_one_list_after_the_other_gets_its_rest)
{
	struct intent_policy *p = policy("a", 1, "d");
	struct intent_cpath *c = cpath_add(p, 50);
	unsigned asked = 0;

	memcpy(c->exclude[c->n_exclude++], "b", 2);
	pcc_up("a");
	put_ok(p);
	for (unsigned k = 0; k < 100; k++) {
		asked += pcc_refuse("a", 24, 1);
		run_ms(100);
	}
	ck_assert_uint_ge(asked, 2); /* another list is offered at once */
	ck_assert_uint_le(asked, 4);
	ck_assert_int_ne(view_of("a", 1, "d")->state, INTENT_UP);
	run_ms(600000);
	pcc_answer("a");
	run_ms(600000);
	pcc_answer("a");
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_UP);
}
END_TEST

START_TEST(terms_on_their_way_when_the_session_is_lost_are_sent_again)
{
	pcc_up("a");
	put_ok(bounded(G));
	pcc_answer("a");
	put_ok(bounded(2ull * G));
	ck_assert_uint_eq(calls_open(), 1);
	if (_i == 1)
		pcc_answer("a");
	pcc_down("a");
	pcc_up("a");
	run_ms(1000);
	ck_assert_uint_eq(calls_open(), _i == 0);
	if (_i == 0)
		ck_assert_uint_eq(call_last()->lsp.bandwidth_bps, 2ull * G);
}
END_TEST

/* A list goes unanswered, and then the headend's own is wanted again. */
START_TEST(terms_that_got_no_answer_with_a_list_are_sent_with_the_old_one)
{
	pcc_up("a");
	put_ok(bounded(G));
	pcc_answer("a");
	delays("a", "c", 500);
	net_publish();
	put_ok(bounded(_i == 0 ? 2ull * G : G));
	ck_assert_uint_eq(calls_open(), 1);
	run_ms(6000); /* no answer */
	pcc_down("a");
	delays("a", "c", 1000);
	net_cut("c", "d");
	pcc_up("a");
	run_ms(1000);
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>b,b>d");
	ck_assert_uint_eq(calls_open(), _i == 0);
	if (_i == 0)
		ck_assert_uint_eq(call_last()->lsp.bandwidth_bps, 2ull * G);
}
END_TEST

START_TEST(terms_changed_while_there_is_no_path_are_sent_with_it)
{
	pcc_up("a");
	put_ok(bounded(G));
	pcc_answer("a");
	hold(true);
	net_dir("a", "b")->alive = net_dir("b", "a")->alive = false;
	net_cut("a", "c");
	put_ok(bounded(2ull * G));
	net_dir("a", "b")->alive = net_dir("b", "a")->alive = true;
	net_heal("a", "c");
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 1);
	hold(false);
	ck_assert_uint_eq(world.n_calls, 2);
	ck_assert_int_eq(call_last()->kind, CALL_APPLY);
	ck_assert_uint_eq(call_last()->lsp.bandwidth_bps, 2ull * G);
}
END_TEST

START_TEST(list_kept_over_a_restart_is_looked_at_before_it_is_sent_anew)
{
	struct sr_list was;

	pcc_up("a");
	put_ok(bounded(G));
	pcc_answer("a");
	was = view_of("a", 1, "d")->computed;
	world_crash();
	delays("a", "b", 9000);
	memset(pcc_at("a")->lsps, 0, sizeof(pcc_at("a")->lsps)); /* the router was restarted too */
	net_publish();
	pcc_up("a");
	run_ms(1000);
	ck_assert_uint_eq(world.n_calls, 2);
	ck_assert(!sr_list_eq(&call_last()->lsp.list, &was));
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>c,c>d");
}
END_TEST

/* Under hold the headend comes to the list we want by itself; then we want another. */
START_TEST(list_that_came_by_itself_stays_booked_while_it_is_left)
{
	struct intent_book_row row;
	const struct intent_view *v;

	net_dir("a", "b")->te_metric = 100;
	net_publish();
	pcc_up("a");
	put_ok(bounded(G));
	pcc_answer("a");
	hold(true);
	delays("a", "b", 1600);
	delays("a", "c", 900);
	net_publish();
	v = view_of("a", 1, "d");
	ck_assert_str_eq(v->path_text, "a>c,c>d");
	pcc_lsp("a", v->lsp_name)->list = v->computed;
	pcc_report("a", v->lsp_name);
	delays("a", "b", 1000);
	delays("a", "c", 2000);
	net_publish();
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>b,b>d");
	ck_assert(intent_book_row(world.intent, net_index("a", "c"), &row));
	ck_assert_uint_eq(row.reserved_bps[7], G);
}
END_TEST

START_TEST(list_is_not_good_because_its_end_is_gone)
{
	struct sr_segment s[1] = { net_adj("b", "d") };
	struct intent_policy *p = policy("a", 1, "d");

	p->cpaths[0].kind = INTENT_EXPLICIT;
	p->cpaths[0].list = list_of(1, s);
	pcc_up("a");
	put_ok(p);
	pcc_answer("a");
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_UP);
	/* The adjacency's function could be a service of b, were b the end of it. */
	net_at("d")->alive = false;
	net_cut("b", "d");
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_DOWN);
	ck_assert_int_eq(call_last()->kind, CALL_REMOVE);
}
END_TEST

static struct intent_policy *ranked(uint32_t color, uint64_t bps, uint8_t prio)
{
	struct intent_policy *p = policy("a", color, "d");

	p->bandwidth_bps = bps;
	p->setup_prio = p->hold_prio = prio;
	p->cpaths[0].minimise = PCE_DELAY;
	return p;
}

static uint64_t reserved(const char *from, const char *to, unsigned prio)
{
	struct intent_book_row row;

	ck_assert(intent_book_row(world.intent, net_index(from, to), &row));
	return row.reserved_bps[prio];
}

/* n of the least priority and one of a better share a link with little room left. */
static void share(unsigned n, uint64_t bps)
{
	delays("a", "c", 1100);
	net_publish();
	pcc_up("a");
	for (unsigned k = 0; k < n; k++)
		put_ok(ranked(100 + k, bps, 7));
	put_ok(ranked(2, 6ull * G, 6));
	pcc_answer("a");
	ck_assert_uint_eq(reserved("a", "b", 7), n * bps);
	ck_assert_uint_eq(reserved("a", "b", 6), 6ull * G);
}

/* Pushed aside with another that leaves more than was needed: it fits again, where it is. */
START_TEST(policy_pushed_aside_is_booked_again_where_it_fits)
{
	share(1, 2ull * G);
	put_ok(ranked(1, (_i == 0 ? 5ull : 9ull) * G, 0));
	ck_assert_uint_eq(reserved("a", "c", 6), 6ull * G);
	ck_assert_uint_eq(reserved("a", "b", 7), _i == 0 ? 2ull * G : 0);
	ck_assert_uint_eq(reserved("a", "c", 7), _i == 0 ? 0 : 2ull * G);
	ck_assert(view_of("a", 100, "d")->charged);
}
END_TEST

/* More of them than are looked at on the loop, and not enough room for all. The other way is
 * better, not by so much that they would move for that. */
START_TEST(policies_pushed_aside_are_not_booked_over_the_link)
{
	struct intent_policy *p;

	share(20, G / 5);
	delays("a", "c", 900);
	net_publish();
	p = ranked(1, 6ull * G + G / 2, 0);
	memcpy(p->cpaths[0].exclude[p->cpaths[0].n_exclude++], "c", 2);
	put_ok(p);
	run_ms(1000);
	ck_assert_uint_eq(reserved("a", "c", 6), 6ull * G);
	ck_assert_uint_eq(reserved("a", "b", 7), 17ull * (G / 5));
	ck_assert_uint_eq(reserved("a", "c", 7), 3ull * (G / 5));
}
END_TEST

/* The list runs over another link now, where a worse priority was alone and one as good was not. */
START_TEST(who_is_in_the_way_of_a_list_makes_room_by_priority)
{
	const uint8_t hold_prio = _i == 0 ? 4 : 2;
	struct intent_policy *p = ranked(2, 6ull * G, 7);

	p->hold_prio = hold_prio;
	memcpy(p->cpaths[0].exclude[p->cpaths[0].n_exclude++], "b", 2);
	delays("a", "c", 1100);
	net_publish();
	pcc_up("a");
	put_ok(p);
	put_ok(ranked(1, 6ull * G, 3));
	pcc_answer("a");
	ck_assert_uint_eq(reserved("a", "b", 3), 6ull * G);
	ck_assert_uint_eq(reserved("a", "c", hold_prio), 6ull * G);
	net_dir("a", "b")->igp_metric = 100;
	net_publish();
	pcc_answer("a");
	run_ms(1000);
	ck_assert_uint_eq(reserved("a", "c", 3), _i == 0 ? 6ull * G : 0);
	ck_assert_uint_eq(reserved("a", "c", hold_prio), _i == 0 ? 0 : 6ull * G);
	ck_assert_int_eq(view_of("a", 2, "d")->state, _i == 0 ? INTENT_DEGRADED : INTENT_UP);
}
END_TEST

/* It was given back to its headend, and the controller forgot it. */
START_TEST(lsp_that_was_there_before_its_policy_is_told_the_terms)
{
	struct intent_policy *p;
	const struct lsp_state *st;

	pcc_up("a");
	put_ok(ranked(1, 4ull * G, 7));
	pcc_answer("a");
	st = pcc_lsp("a", view_of("a", 1, "d")->lsp_name);
	ck_assert_int_eq(release("a", 1, "d").code, 0);
	pcc_answer("a");
	world_crash();
	world.n_calls = 0;
	net_publish();
	p = _i == 0 ? ranked(1, 2ull * G, 7) : ranked(1, 4ull * G, 5);
	put_ok(p);
	pcc_up("a");
	ck_assert(call_last()->lsp.take_over);
	pcc_answer("a");
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_uint_eq(st->bandwidth_bps, p->bandwidth_bps);
	ck_assert_uint_eq(st->setup_prio, p->setup_prio);
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 2);
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_UP);
}
END_TEST

/* Changed while the first request was on its way and nothing was wanted for lack of a path. */
START_TEST(lsp_of_an_older_request_is_told_the_terms)
{
	pcc_up("a");
	put_ok(bounded(4ull * G));
	net_cut("a", "b");
	net_cut("a", "c");
	put_ok(bounded(_i == 0 ? 2ull * G : 4ull * G));
	net_heal("a", "b");
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_uint_eq(pcc_answer("a"), _i == 0);
	ck_assert_uint_eq(call_last()->lsp.bandwidth_bps, _i == 0 ? 2ull * G : 4ull * G);
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_UP);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("intent-found");
	TCase *tc = tcase_create("found");

	tcase_add_test(tc, bandwidth_is_booked_across_a_lan);
	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_loop_test(tc, terms_changed_before_a_restart_are_sent_after_it, 0, 2);
	tcase_add_loop_test(tc, policy_made_again_outlives_the_end_of_the_deleted_one, 0, 2);
	tcase_add_loop_test(tc, rate_that_came_back_rounded_is_not_sent_again, 0, 2);
	tcase_add_loop_test(tc, terms_refused_with_a_list_are_sent_with_the_old_one, 0, 2);
	tcase_add_test(tc, terms_changed_during_a_restart_are_booked_before_they_are_sent);
	tcase_add_test(tc, list_that_breaks_a_bound_does_for_another_candidate_path);
	tcase_add_test(tc, list_that_breaks_a_bound_is_not_brought_anywhere);
	tcase_add_test(tc, list_that_breaks_a_bound_stays_where_it_is);
	tcase_add_test(tc, headend_that_refuses_one_list_after_the_other_gets_its_rest);
	tcase_add_loop_test(tc, terms_on_their_way_when_the_session_is_lost_are_sent_again, 0, 2);
	tcase_add_loop_test(tc, terms_that_got_no_answer_with_a_list_are_sent_with_the_old_one, 0, 2);
	tcase_add_test(tc, terms_changed_while_there_is_no_path_are_sent_with_it);
	tcase_add_test(tc, list_kept_over_a_restart_is_looked_at_before_it_is_sent_anew);
	tcase_add_test(tc, list_that_came_by_itself_stays_booked_while_it_is_left);
	tcase_add_test(tc, list_is_not_good_because_its_end_is_gone);
	tcase_add_loop_test(tc, policy_pushed_aside_is_booked_again_where_it_fits, 0, 2);
	tcase_add_test(tc, policies_pushed_aside_are_not_booked_over_the_link);
	tcase_add_loop_test(tc, who_is_in_the_way_of_a_list_makes_room_by_priority, 0, 2);
	tcase_add_loop_test(tc, lsp_that_was_there_before_its_policy_is_told_the_terms, 0, 2);
	tcase_add_loop_test(tc, lsp_of_an_older_request_is_told_the_terms, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
