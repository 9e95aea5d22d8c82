/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that lead through the binding SIDs of other policies: when they may, what they book, and
 * what becomes of them when those change. */
#include "bed_packets.h"

#include <string.h>

enum { G = 1000000000 };

/* ---- up, and booked ---- */

START_TEST(each_books_its_own_rate_on_the_links_behind)
{
	struct ip_addr bsid = fork_lower(1, 1);

	fork_upper(9, &bsid, 2);
	fork_is("a", 9, INTENT_UP, "");
	fork_booked("a", "b", 2);
	fork_booked("b", "c", 3);
	fork_booked("c", "d", 3);
	fork_booked("b", "e", 0);
	ck_assert_uint_eq(packets_book(), 2);
	/* The same without: only its own. */
	ck_assert_int_eq(del("a", 9, "d").code, 0);
	fork_settle();
	fork_booked("b", "c", 1);
	fork_booked("a", "b", 0);
	ck_assert_uint_eq(packets_book(), 1);
}
END_TEST

START_TEST(room_behind_the_binding_sid_is_what_there_is)
{
	struct ip_addr bsid = fork_lower(1, 4);

	fork_upper(9, &bsid, 7);
	fork_is("a", 9, INTENT_DOWN, "bandwidth");
	fork_booked("b", "c", 4);
	fork_booked("a", "b", 0);
	fork_upper(9, &bsid, 6);
	fork_is("a", 9, INTENT_UP, "");
	fork_booked("b", "c", 10);
	ck_assert_uint_eq(packets_book(), 2);
}
END_TEST

START_TEST(binding_sid_of_nobody_waits_for_somebody)
{
	struct ip_addr bsid, other;

	ck_assert_int_eq(ip_parse("fcbb:ffff::1", &bsid), 0);
	ck_assert_int_eq(ip_parse("fcbb:ffff::77", &other), 0);
	fork_upper(9, &bsid, 1);
	fork_upper(8, &other, 1);
	fork_is("a", 9, INTENT_DOWN, "segment 2: fcbb:ffff::1 is in no locator");
	/* Not before its headend says it is there. */
	put_ok(policy("b", 1, "d"));
	if (ip_eq(&view_of("b", 1, "d")->binding_sid, &bsid) == false) {
		bsid = view_of("b", 1, "d")->binding_sid;
		fork_upper(9, &bsid, 1);
	}
	fork_is("a", 9, INTENT_DOWN,
		"of 2001:db8:0:2::1,1,2001:db8:0:4::1: its headend does not report it up");
	ck_assert_uint_eq(pcc_answer_as("b", LSP_GOING_UP, 0), 1);
	fork_is("a", 9, INTENT_DOWN, "its headend does not report it up");
	pcc_lsp("b", view_of("b", 1, "d")->lsp_name)->oper = LSP_UP;
	pcc_report("b", view_of("b", 1, "d")->lsp_name);
	fork_settle();
	fork_is("a", 9, INTENT_UP, "");
	fork_is("a", 8, INTENT_DOWN, "fcbb:ffff::77 is in no locator");
	ck_assert_uint_eq(packets_book(), 2);
}
END_TEST

START_TEST(binding_sid_that_nobody_routes_works_at_its_headend_only)
{
	struct ip_addr bsid = fork_lower(1, 1);

	put_ok(fork_through("a", 9, NULL, &bsid, 1)); /* from a nobody knows where to send it */
	fork_settle();
	fork_is("a", 9, INTENT_DOWN, "not known at a");
	put_ok(fork_through("b", 9, NULL, &bsid, 1));
	fork_settle();
	fork_is("b", 9, INTENT_UP, "");
	fork_booked("b", "c", 2);
	ck_assert_uint_eq(packets_book(), 2);
}
END_TEST

/* ---- what becomes of them ---- */

START_TEST(upper_follows_the_move_of_the_lower_without_a_word)
{
	struct ip_addr bsid = fork_lower(1, 1);
	unsigned calls;

	fork_upper(9, &bsid, 2);
	calls = world.n_calls;
	/* Its headend comes first in every order, and hears of the same cut. */
	net_cut("c", "d");
	fork_is("a", 9, INTENT_UP, "");
	fork_booked("e", "d", 3);
	fork_settle();
	for (unsigned k = calls; k < world.n_calls; k++)
		ck_assert(ip_eq(&world.calls[k].lsp.key.headend, &pcc_at("b")->addr));
	fork_is("a", 9, INTENT_UP, "");
	fork_booked("b", "c", 0);
	fork_booked("c", "d", 0);
	fork_booked("b", "e", 3);
	ck_assert_uint_eq(packets_book(), 2);
}
END_TEST

START_TEST(both_ways_are_booked_until_the_lower_has_moved)
{
	struct ip_addr bsid = fork_lower(1, 1);
	struct intent_policy *p;

	fork_upper(9, &bsid, 2);
	p = policy("b", 1, "d");
	p->bandwidth_bps = G;
	p->cpaths[0].n_exclude = 1;
	memcpy(p->cpaths[0].exclude[0], "c", 2);
	put_ok(p);
	ck_assert_uint_eq(calls_open(), 1);
	fork_booked("b", "c", 3);
	fork_booked("b", "e", 3);
	fork_settle();
	fork_booked("b", "c", 0);
	fork_booked("b", "e", 3);
	ck_assert_uint_eq(packets_book(), 2);
	/* One that is refused has not moved. */
	p->cpaths[0].n_exclude = 0;
	put_ok(p);
	fork_booked("b", "c", 3);
	ck_assert_uint_eq(pcc_refuse("b", 24, 1), 1);
	fork_booked("b", "c", 0);
	fork_booked("b", "e", 3);
	fork_is("a", 9, INTENT_UP, "");
	audit();
}
END_TEST

START_TEST(lower_without_a_path_takes_the_upper_down_and_brings_it_back)
{
	struct ip_addr bsid = fork_lower(1, 1);

	fork_upper(9, &bsid, 2);
	net_cut("c", "d");
	net_cut("e", "d");
	fork_settle();
	fork_is("b", 1, INTENT_DOWN, "");
	fork_is("a", 9, INTENT_DOWN, "of 2001:db8:0:2::1,1,2001:db8:0:4::1: that policy has no path");
	fork_booked("a", "b", 0);
	ck_assert_uint_eq(packets_book(), 0);
	net_heal("e", "d");
	fork_settle();
	fork_is("a", 9, INTENT_UP, "");
	fork_booked("b", "e", 3);
	ck_assert_uint_eq(packets_book(), 2);
}
END_TEST

START_TEST(upper_takes_its_next_candidate_path)
{
	struct ip_addr bsid = fork_lower(1, 1);
	struct intent_policy *p = fork_through("a", 9, "b", &bsid, 2);

	cpath_add(p, 50);
	put_ok(p);
	fork_settle();
	ck_assert_uint_eq(view_of("a", 9, "d")->active_preference, 100);
	p = policy("b", 1, "d");
	p->admin_down = true;
	put_ok(p);
	fork_settle();
	fork_is("a", 9, INTENT_UP, "");
	ck_assert_uint_eq(view_of("a", 9, "d")->active_preference, 50);
	ck_assert_uint_eq(packets_book(), 1);
	p->admin_down = false;
	put_ok(policy("b", 1, "d"));
	fork_settle();
	run_ms(11000); /* wait to revert */
	fork_settle();
	ck_assert_uint_eq(view_of("a", 9, "d")->active_preference, 100);
	ck_assert_uint_eq(packets_book(), 2);
}
END_TEST

START_TEST(bandwidth_is_looked_at_again_where_the_lower_goes)
{
	struct ip_addr bsid;

	net_dir("b", "e")->capacity_bps = 2ull * G;
	net_publish();
	bsid = fork_lower(1, 1);
	fork_upper(9, &bsid, 2);
	fork_upper(8, &bsid, 1);
	fork_is("a", 9, INTENT_UP, "");
	net_cut("c", "d");
	fork_settle();
	fork_is("b", 1, INTENT_UP, "");
	fork_is("a", 8, INTENT_UP, "");
	fork_is("a", 9, INTENT_DEGRADED, "bandwidth");
	fork_booked("b", "e", 2);
	audit();
	net_heal("c", "d");
	run_ms(11000);
	fork_settle();
	run_ms(11000);
	fork_is("a", 9, INTENT_UP, "");
	fork_booked("b", "c", 4);
	ck_assert_uint_eq(packets_book(), 3);
}
END_TEST

START_TEST(upper_never_takes_what_the_lower_has)
{
	struct ip_addr bsid = fork_lower(1, 6);
	struct intent_policy *p = fork_through("a", 9, "b", &bsid, 6);

	/* It would move away, and take the upper along, for ever. */
	p->setup_prio = p->hold_prio = 0;
	put_ok(p);
	fork_settle();
	fork_is("a", 9, INTENT_DOWN, "bandwidth");
	fork_is("b", 1, INTENT_UP, "");
	fork_booked("b", "c", 6);
	/* Of others it takes what it needs. */
	(void)fork_lower(2, 4);
	fork_booked("b", "c", 10);
	p = fork_through("a", 9, "b", &bsid, 4);
	p->setup_prio = p->hold_prio = 0;
	put_ok(p);
	fork_settle();
	fork_is("a", 9, INTENT_UP, "");
	fork_is("b", 1, INTENT_UP, "");
	fork_is("b", 2, INTENT_UP, "");
	fork_booked("b", "c", 10);
	fork_booked("b", "e", 4);
	ck_assert_uint_eq(packets_book(), 3);
}
END_TEST

START_TEST(report_of_down_is_news_for_the_upper)
{
	struct ip_addr bsid = fork_lower(1, 1);
	char name[SR_NAME_MAX];

	fork_upper(9, &bsid, 2);
	memcpy(name, view_of("b", 1, "d")->lsp_name, sizeof(name));
	pcc_lsp("b", name)->oper = LSP_GOING_UP; /* it does what it did */
	pcc_report("b", name);
	fork_is("a", 9, INTENT_UP, "");
	pcc_lsp("b", name)->oper = LSP_DOWN;
	pcc_report("b", name);
	fork_settle();
	fork_is("a", 9, INTENT_DOWN, "its headend does not report it up");
	ck_assert_ptr_null(pcc_lsp("a", view_of("a", 9, "d")->lsp_name));
	pcc_lsp("b", name)->oper = LSP_UP;
	pcc_report("b", name);
	fork_settle();
	fork_is("a", 9, INTENT_UP, "");
	ck_assert_uint_eq(packets_book(), 2);
}
END_TEST

START_TEST(another_binding_sid_is_another_binding_sid)
{
	struct ip_addr bsid = fork_lower(1, 1), other;
	char name[SR_NAME_MAX];

	ck_assert_int_eq(ip_parse("fcbb:bbbb:2:fff1::", &other), 0); /* of b's locator: routed */
	fork_upper(9, &bsid, 2);
	put_ok(fork_through("a", 8, NULL, &other, 1));
	fork_is("a", 8, INTENT_DOWN, "");
	memcpy(name, view_of("b", 1, "d")->lsp_name, sizeof(name));
	pcc_lsp("b", name)->binding_sid = other;
	pcc_report("b", name);
	fork_settle();
	fork_is("a", 9, INTENT_DOWN, "is in no locator");
	fork_is("a", 8, INTENT_UP, "");
	ck_assert_uint_eq(packets_book(), 2);
	pcc_lsp("b", name)->binding_sid = bsid;
	pcc_report("b", name);
	fork_settle();
	fork_is("a", 9, INTENT_UP, "");
	fork_is("a", 8, INTENT_DOWN, "");
	ck_assert_uint_eq(packets_book(), 2);
	/* Told by two it is the first one's. */
	(void)fork_lower(2, 1);
	pcc_lsp("b", view_of("b", 2, "d")->lsp_name)->binding_sid = bsid;
	pcc_report("b", view_of("b", 2, "d")->lsp_name);
	fork_settle();
	fork_is("a", 9, INTENT_UP, "");
}
END_TEST

START_TEST(restart_moves_nobody_whoever_comes_back_first)
{
	struct ip_addr bsid = fork_lower(1, 1);
	unsigned calls;

	fork_upper(9, &bsid, 2);
	fork_settle();
	calls = world.n_calls;
	world_crash();
	net_publish();
	pcc_up("a");
	run_ms(1000);
	ck_assert_uint_eq(world.n_calls, calls);
	pcc_up("b");
	run_ms(1000);
	ck_assert_uint_eq(world.n_calls, calls);
	fork_is("a", 9, INTENT_UP, "");
	ck_assert_uint_eq(packets_book(), 2);
	/* When the lower is not there any more the upper is told. */
	world_crash();
	ck_assert_ptr_nonnull(pcc_lsp("b", "c1-2001:db8:0:4::1"));
	*pcc_lsp("b", "c1-2001:db8:0:4::1") = (struct lsp_state){ .oper = LSP_DOWN };
	for (unsigned k = 0; k < WORLD_LSPS; k++)
		pcc_at("b")->lsps[k].used = false;
	net_publish();
	pcc_up("a");
	fork_is("a", 9, INTENT_UP, "");
	pcc_up("b");
	fork_is("a", 9, INTENT_DOWN, "");
	fork_settle();
	fork_is("a", 9, INTENT_UP, "");
	ck_assert_uint_eq(packets_book(), 2);
}
END_TEST

START_TEST(lost_session_of_the_lower_is_no_news)
{
	struct ip_addr bsid = fork_lower(1, 1);
	unsigned calls;

	fork_upper(9, &bsid, 2);
	calls = world.n_calls;
	pcc_down("b");
	run_ms(1000);
	fork_is("a", 9, INTENT_UP, "");
	pcc_open("b");
	fork_is("a", 9, INTENT_UP, "");
	pcc_sync("b");
	fork_is("a", 9, INTENT_UP, "");
	ck_assert_uint_eq(world.n_calls, calls);
	pcc_down("b");
	for (unsigned k = 0; k < WORLD_LSPS; k++)
		pcc_at("b")->lsps[k].used = false; /* it has restarted, and has none */
	pcc_up("b");
	ck_assert_int_ne(view_of("a", 9, "d")->state, INTENT_UP);
	fork_settle();
	fork_is("a", 9, INTENT_UP, "");
	ck_assert_uint_eq(packets_book(), 2);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(used_policy_is_not_deleted_before_it_is_set_down)
{
	struct ip_addr bsid = fork_lower(1, 1);
	struct intent_policy *p;
	struct intent_result r;

	fork_upper(9, &bsid, 2);
	r = del("b", 1, "d");
	ck_assert_int_eq(r.code, INTENT_E_MODE);
	ck_assert_msg(strstr(r.text, "2001:db8:0:1::1,9,2001:db8:0:4::1"), "%s", r.text);
	ck_assert_int_eq(release("b", 1, "d").code, INTENT_E_MODE);
	fork_is("b", 1, INTENT_UP, "");
	p = policy("b", 1, "d");
	p->admin_down = true;
	put_ok(p);
	fork_settle();
	fork_is("a", 9, INTENT_DOWN, "that policy is administratively down");
	ck_assert_int_eq(del("b", 1, "d").code, 0);
	fork_settle();
	ck_assert_ptr_null(view_of("b", 1, "d"));
	fork_is("a", 9, INTENT_DOWN, "is in no locator");
	ck_assert_uint_eq(packets_book(), 0);
	/* One that is not used may go at once. */
	(void)fork_lower(2, 1);
	ck_assert_int_eq(del("b", 2, "d").code, 0);
}
END_TEST

START_TEST(lists_that_lead_round_in_circles_are_refused)
{
	struct ip_addr one = fork_lower(1, 1), two;
	struct intent_result r;

	put_ok(fork_through("b", 2, NULL, &one, 1));
	fork_settle();
	fork_is("b", 2, INTENT_UP, "");
	two = view_of("b", 2, "d")->binding_sid;
	r = put(INTENT_REPLACE, fork_through("b", 1, NULL, &two, 1), 0);
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_msg(strstr(r.text, "leads back"), "%s", r.text);
	ck_assert_int_eq(put(INTENT_REPLACE, fork_through("b", 2, NULL, &two, 1), 0).code, INTENT_E_INVALID);
	put_ok(fork_through("b", 3, NULL, &two, 1)); /* a chain is none */
	fork_settle();
	fork_is("b", 3, INTENT_UP, "");
	fork_booked("b", "c", 3);
	ck_assert_uint_eq(packets_book(), 3);
}
END_TEST

START_TEST(chains_are_as_long_as_they_may_be)
{
	struct ip_addr sid = fork_lower(1, 1);
	struct intent_result r;

	for (uint32_t c = 2; c <= 5; c++) {
		put_ok(fork_through("b", c, NULL, &sid, 1));
		fork_settle();
		fork_is("b", c, INTENT_UP, "");
		sid = view_of("b", c, "d")->binding_sid;
	}
	fork_booked("c", "d", 5);
	ck_assert_uint_eq(packets_book(), 5);
	r = put(INTENT_REPLACE, fork_through("b", 6, NULL, &sid, 1), 0);
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_msg(strstr(r.text, "too many"), "%s", r.text);
	/* News goes up all of it. */
	net_cut("c", "d");
	fork_settle();
	fork_booked("e", "d", 5);
	ck_assert_uint_eq(packets_book(), 5);
}
END_TEST

static void told(void *arg, const struct intent_result *r)
{
	ck_assert_int_eq(r->code, 0);
	++*(unsigned *)arg;
}

START_TEST(circle_of_two_writes_at_once_carries_nothing)
{
	struct ip_addr one = fork_lower(1, 1), two = fork_lower(2, 1);
	struct intent_policy *p;
	struct packets way;
	unsigned done = 0;

	intent_put(world.intent, INTENT_REPLACE, fork_through("b", 1, NULL, &two, 1), 0, told, &done);
	intent_put(world.intent, INTENT_REPLACE, fork_through("b", 2, NULL, &one, 1), 0, told, &done);
	run_ms(100);
	ck_assert_uint_eq(done, 2);
	fork_settle();
	run_ms(1000);
	fork_settle();
	/* The first has its wish; what the other had forwards, and is not what was asked for. */
	fork_is("b", 1, INTENT_UP, "");
	fork_is("b", 2, INTENT_DEGRADED, "its packets would come back here");
	packets_map();
	for (uint32_t c = 1; c <= 2; c++) {
		packets_run("b", &view_of("b", c, "d")->reported.list, &way);
		ck_assert(!way.lost && ip_eq(&world.ted->nodes[way.at].router_v6, &pcc_at("d")->addr));
	}
	fork_booked("b", "c", 2);
	p = policy("b", 1, "d");
	p->cpaths[0].n_exclude = 1;
	memcpy(p->cpaths[0].exclude[0], "c", 2);
	put_ok(p);
	fork_settle();
	fork_is("b", 1, INTENT_UP, "");
	fork_is("b", 2, INTENT_UP, "");
	ck_assert_uint_eq(packets_book(), 2);
}
END_TEST

/* ---- beside policies ---- */

START_TEST(lsp_of_others_is_charged_behind_the_binding_sid)
{
	struct ip_addr bsid = fork_lower(1, 1);
	struct sr_segment s[2] = { net_sid("b"), packets_sid(&bsid) };
	const struct sr_list list = list_of(2, s);
	struct lsp_state *st = pcc_plant("a", "theirs", &list);
	struct intent_book_row row;

	st->bandwidth_bps = 2ull * G;
	pcc_report("a", "theirs");
	ck_assert(intent_book_row(world.intent, net_index("b", "c"), &row));
	ck_assert_uint_eq(row.foreign_bps[7], 2ull * G);
	net_cut("c", "d");
	fork_settle();
	ck_assert(intent_book_row(world.intent, net_index("b", "c"), &row));
	ck_assert_uint_eq(row.foreign_bps[7], 0);
	ck_assert(intent_book_row(world.intent, net_index("e", "d"), &row));
	ck_assert_uint_eq(row.foreign_bps[7], 2ull * G);
	audit();
}
END_TEST

static void judged(void *arg, int rc, const struct intent_whatif *w)
{
	unsigned *got = arg;

	ck_assert_int_eq(rc, 0);
	ck_assert_uint_eq(w->n_unknown, 0);
	got[0] = w->n_moved;
	got[1] = w->after.link;
}

START_TEST(what_if_follows_them_into_the_policies_behind)
{
	struct ip_addr bsid = fork_lower(1, 1), two;
	const struct intent_whatif_query q = { .kind = PCE_FAIL_LINK, .name = "b>c", .limit = 10 };
	const struct intent_whatif_query away = { .kind = PCE_FAIL_LINK, .name = "b>e", .limit = 10 };
	unsigned got[2] = { 99, 0 };

	put_ok(fork_through("b", 2, NULL, &bsid, 1));
	fork_settle();
	two = view_of("b", 2, "d")->binding_sid;
	fork_upper(9, &two, 4);
	fork_is("a", 9, INTENT_UP, "");
	ck_assert_int_eq(intent_whatif(world.intent, &q, judged, got), 0);
	run_ms(5000);
	ck_assert_uint_eq(got[0], 3);
	ck_assert(got[1] == net_index("b", "e") || got[1] == net_index("e", "d"));
	ck_assert_int_eq(intent_whatif(world.intent, &away, judged, got), 0);
	run_ms(5000);
	ck_assert_uint_eq(got[0], 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("intent-binding");
	TCase *tc = tcase_create("binding");

	tcase_add_checked_fixture(tc, fork_up, world_down);
	tcase_add_test(tc, each_books_its_own_rate_on_the_links_behind);
	tcase_add_test(tc, room_behind_the_binding_sid_is_what_there_is);
	tcase_add_test(tc, binding_sid_of_nobody_waits_for_somebody);
	tcase_add_test(tc, binding_sid_that_nobody_routes_works_at_its_headend_only);
	tcase_add_test(tc, upper_follows_the_move_of_the_lower_without_a_word);
	tcase_add_test(tc, both_ways_are_booked_until_the_lower_has_moved);
	tcase_add_test(tc, lower_without_a_path_takes_the_upper_down_and_brings_it_back);
	tcase_add_test(tc, upper_takes_its_next_candidate_path);
	tcase_add_test(tc, bandwidth_is_looked_at_again_where_the_lower_goes);
	tcase_add_test(tc, upper_never_takes_what_the_lower_has);
	tcase_add_test(tc, report_of_down_is_news_for_the_upper);
	tcase_add_test(tc, another_binding_sid_is_another_binding_sid);
	tcase_add_test(tc, restart_moves_nobody_whoever_comes_back_first);
	tcase_add_test(tc, lost_session_of_the_lower_is_no_news);
	tcase_add_test(tc, used_policy_is_not_deleted_before_it_is_set_down);
	tcase_add_test(tc, lists_that_lead_round_in_circles_are_refused);
	tcase_add_test(tc, chains_are_as_long_as_they_may_be);
	tcase_add_test(tc, circle_of_two_writes_at_once_carries_nothing);
	tcase_add_test(tc, lsp_of_others_is_charged_behind_the_binding_sid);
	tcase_add_test(tc, what_if_follows_them_into_the_policies_behind);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
