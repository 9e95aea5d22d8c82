/* SPDX-License-Identifier: Apache-2.0 */
/* Better priorities take reservations: as few as will do, told by whom; nothing is promised twice. */
#include "world.h"

#include <string.h>

enum { G = 1000000000 };

static void setup(void)
{
	world_up(NULL);
	net_node("a");
	net_node("b");
	net_link("a", "b", 10, 1000, 10ull * G);
	net_publish();
	pcc_up("a");
}

static void square(void)
{
	world_up(NULL);
	net_square();
	pcc_up("a");
}

static void make(uint32_t color, const char *to, uint64_t g, uint8_t prio)
{
	struct intent_policy *p = policy("a", color, to);

	p->bandwidth_bps = g * G;
	p->setup_prio = p->hold_prio = prio;
	put_ok(p);
	(void)pcc_answer("a");
}

static void is(uint32_t color, const char *to, enum intent_state state, const char *reason)
{
	const struct intent_view *v = view_of("a", color, to);

	ck_assert_ptr_nonnull(v);
	ck_assert_msg(v->state == state && strstr(v->reason, reason) == v->reason, "%u is %s: %s", color,
		      intent_state_text(v->state), v->reason);
}

static unsigned told(const char *text)
{
	unsigned n = 0;
	bool gap;

	for (const struct bus_event *e = bus_next(world.bus, 0, &gap); e; e = bus_next(world.bus, e->id, &gap))
		n += strcmp(e->type, "policy-preempted") == 0 && strstr(e->body, text);
	return n;
}

static uint64_t reserved(const char *from, const char *to)
{
	struct intent_book_row r;
	uint64_t sum = 0;

	ck_assert(intent_book_row(world.intent, net_index(from, to), &r));
	for (unsigned p = 0; p < 8; p++)
		sum += r.reserved_bps[p];
	return sum;
}

START_TEST(the_smallest_that_is_enough_goes_and_is_told_by_whom)
{
	make(1, "b", 3, 7);
	make(2, "b", 4, 7);
	make(3, "b", 2, 7);
	make(9, "b", 4, 3);
	is(9, "b", INTENT_UP, "");
	is(2, "b", INTENT_UP, "");
	is(3, "b", INTENT_UP, "");
	is(1, "b", INTENT_DEGRADED, "preempted by 2001:db8:0:1::1,9,2001:db8:0:2::1 on a>b; ");
	ck_assert_uint_eq(told(""), 1);
	ck_assert_uint_eq(told("\"by\":\"2001:db8:0:1::1,9,2001:db8:0:2::1\""), 1);
	ck_assert_uint_eq(told("\"link\":\"a>b\""), 1);
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
	audit();
	/* The room comes back, and nobody speaks of it any more. */
	ck_assert_int_eq(del("a", 9, "b").code, 0);
	(void)pcc_answer("a");
	is(1, "b", INTENT_UP, "");
	ck_assert_uint_eq(reserved("a", "b"), 9ull * G);
	audit();
}
END_TEST

START_TEST(one_that_is_held_better_stays_though_it_alone_would_do)
{
	make(1, "b", 5, 5);
	make(2, "b", 2, 7);
	make(3, "b", 3, 6);
	make(9, "b", 5, 3);
	is(9, "b", INTENT_UP, "");
	is(1, "b", INTENT_UP, "");
	is(2, "b", INTENT_DEGRADED, "preempted by ");
	is(3, "b", INTENT_DEGRADED, "preempted by ");
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
	audit();
}
END_TEST

START_TEST(equal_and_better_are_never_taken_from)
{
	make(1, "b", 6, 3);
	make(2, "b", 4, 2);
	make(9, "b", 1, 3);
	is(1, "b", INTENT_UP, "");
	is(2, "b", INTENT_UP, "");
	ck_assert_int_eq(view_of("a", 9, "b")->state, INTENT_DOWN);
	ck_assert_uint_eq(told(""), 0);
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
}
END_TEST

START_TEST(who_has_another_way_is_moved_at_once)
{
	make(1, "d", 8, 7);
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>b,b>d");
	make(9, "d", 8, 3);
	(void)pcc_answer("a");
	ck_assert_str_eq(view_of("a", 9, "d")->path_text, "a>b,b>d");
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>c,c>d");
	is(1, "d", INTENT_UP, "");
	ck_assert_uint_eq(told("\"link\":\"a>b\""), 1);
	ck_assert_uint_eq(reserved("a", "b"), 8ull * G);
	ck_assert_uint_eq(reserved("a", "c"), 8ull * G);
	audit();
}
END_TEST

START_TEST(traffic_that_moves_by_itself_is_not_promised_what_others_have)
{
	make(2, "c", 10, 7); /* a>c is full */
	make(1, "d", 5, 7);
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>b,b>d");
	net_cut("b", "d"); /* the list, d's node SID, leads over c now */
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_DEGRADED);
	ck_assert_uint_eq(reserved("a", "c"), 10ull * G);
	ck_assert_uint_eq(reserved("c", "d"), 5ull * G); /* where there is room it has it */
	audit();
	ck_assert_int_eq(del("a", 2, "c").code, 0);
	(void)pcc_answer("a");
	is(1, "d", INTENT_UP, "");
	ck_assert_uint_eq(reserved("a", "c"), 5ull * G);
	audit();
}
END_TEST

START_TEST(measured_traffic_moves_the_worst_held_and_lets_them_back)
{
	uint32_t link = net_index("a", "b");

	make(1, "d", 4, 7);
	make(2, "d", 4, 3);
	ck_assert_int_eq(intent_measured(world.intent, link, 1ull * G), 0);
	run_ms(100);
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>b,b>d"); /* it fits still */
	ck_assert_int_eq(intent_measured(world.intent, link, 5ull * G), 0);
	run_ms(100);
	(void)pcc_answer("a");
	ck_assert_str_eq(view_of("a", 2, "d")->path_text, "a>b,b>d");
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>c,c>d");
	make(3, "b", 2, 7);
	ck_assert_str_ne(view_of("a", 3, "b")->path_text, "a>b"); /* 1G is left there */
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
	ck_assert_int_eq(intent_measured(world.intent, link, 0), 0);
	make(4, "b", 2, 7);
	ck_assert_str_eq(view_of("a", 4, "b")->path_text, "a>b");
	audit();
}
END_TEST

START_TEST(an_nrp_gets_its_share_and_no_more)
{
	struct intent_policy *p = policy("a", 1, "d");

	ck_assert_int_eq(intent_share(world.intent, net_index("a", "b"), 5, 3ull * G), 0);
	p->bandwidth_bps = 2ull * G;
	p->nrp = 5;
	put_ok(p);
	(void)pcc_answer("a");
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>b,b>d");
	p = policy("a", 2, "d");
	p->bandwidth_bps = 2ull * G;
	p->nrp = 5;
	put_ok(p);
	(void)pcc_answer("a");
	ck_assert_str_eq(view_of("a", 2, "d")->path_text, "a>c,c>d");
	make(3, "d", 7, 7); /* of no NRP with a share */
	ck_assert_str_eq(view_of("a", 3, "d")->path_text, "a>b,b>d");
	/* The share shrinks: who no longer fits goes. */
	ck_assert_int_eq(intent_share(world.intent, net_index("a", "b"), 5, 1ull * G), 0);
	run_ms(100);
	(void)pcc_answer("a");
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>c,c>d");
	ck_assert_uint_eq(reserved("a", "b"), 7ull * G);
	audit();
}
END_TEST

/* What an NRP has for itself is nobody else's, used or not, however well that is set up. */
START_TEST(an_nrps_share_is_no_room_for_others)
{
	uint32_t link = net_index("a", "b");
	struct intent_policy *p;

	ck_assert_int_eq(intent_share(world.intent, link, 5, 4ull * G), 0);
	make(1, "b", 7, 7); /* 6G are left beside the share */
	ck_assert_str_ne(view_of("a", 1, "b")->path_text, "a>b");
	make(2, "b", 3, 7);
	ck_assert_str_eq(view_of("a", 2, "b")->path_text, "a>b");
	/* One that is set up better takes that from it, and not the share. */
	make(3, "b", 6, 0);
	(void)pcc_answer("a");
	ck_assert_str_eq(view_of("a", 3, "b")->path_text, "a>b");
	ck_assert_str_ne(view_of("a", 2, "b")->path_text, "a>b");
	p = policy("a", 9, "d");
	p->bandwidth_bps = 4ull * G;
	p->nrp = 5;
	put_ok(p);
	(void)pcc_answer("a");
	ck_assert_str_eq(view_of("a", 9, "d")->path_text, "a>b,b>d");
	ck_assert_str_eq(view_of("a", 3, "b")->path_text, "a>b");
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
	audit();
}
END_TEST

/* A share that comes or grows is a fact: who is in its way goes; those in NRPs stay. */
START_TEST(who_is_in_the_way_of_a_share_goes)
{
	uint32_t link = net_index("a", "b");
	struct intent_policy *p = policy("a", 9, "d");

	ck_assert_int_eq(intent_share(world.intent, link, 5, 2ull * G), 0);
	p->bandwidth_bps = 2ull * G;
	p->nrp = 5;
	put_ok(p);
	make(1, "d", 8, 7);
	(void)pcc_answer("a");
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>b,b>d");
	ck_assert_int_eq(intent_share(world.intent, link, 5, 3ull * G), 0);
	run_ms(100);
	(void)pcc_answer("a");
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>c,c>d");
	ck_assert_str_eq(view_of("a", 9, "d")->path_text, "a>b,b>d");
	/* its twin: measured traffic takes what is left beside the share, and the share itself stays */
	make(2, "b", 2, 7);
	ck_assert_str_eq(view_of("a", 2, "b")->path_text, "a>b");
	ck_assert_int_eq(intent_measured(world.intent, link, 6ull * G), 0);
	run_ms(100);
	(void)pcc_answer("a");
	ck_assert_str_ne(view_of("a", 2, "b")->path_text, "a>b");
	ck_assert_str_eq(view_of("a", 9, "d")->path_text, "a>b,b>d");
	ck_assert_uint_eq(reserved("a", "b"), 2ull * G);
	audit();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-preempt");
	TCase *two = tcase_create("two"), *four = tcase_create("four");

	tcase_add_checked_fixture(two, setup, world_down);
	tcase_add_test(two, the_smallest_that_is_enough_goes_and_is_told_by_whom);
	tcase_add_test(two, one_that_is_held_better_stays_though_it_alone_would_do);
	tcase_add_test(two, equal_and_better_are_never_taken_from);
	tcase_add_checked_fixture(four, square, world_down);
	tcase_add_test(four, who_has_another_way_is_moved_at_once);
	tcase_add_test(four, measured_traffic_moves_the_worst_held_and_lets_them_back);
	tcase_add_test(four, an_nrp_gets_its_share_and_no_more);
	tcase_add_test(four, an_nrps_share_is_no_room_for_others);
	tcase_add_test(four, who_is_in_the_way_of_a_share_goes);
	tcase_add_test(four, traffic_that_moves_by_itself_is_not_promised_what_others_have);
	suite_add_tcase(s, two);
	suite_add_tcase(s, four);
	return check_main(s);
}
