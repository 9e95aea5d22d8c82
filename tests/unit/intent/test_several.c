/* SPDX-License-Identifier: Apache-2.0 */
/* Several weighted lists in one candidate path: what no path carries alone, as one policy, all its life. */
#include "world.h"

#include <string.h>

enum { G = 1000000000 };

static void setup(void)
{
	world_up(NULL);
	net_square();
}

static void third_way(void)
{
	net_node("e");
	net_link("a", "e", 30, 1000, 10ull * G);
	net_link("e", "d", 30, 1000, 10ull * G);
	net_publish();
}

static struct intent_policy *wish(uint64_t g, uint8_t lists)
{
	struct intent_policy *p = policy("a", 1, "d");

	p->bandwidth_bps = g * G;
	p->lists_max = lists;
	return p;
}

static const struct intent_view *mine(void)
{
	const struct intent_view *v = view_of("a", 1, "d");

	ck_assert_ptr_nonnull(v);
	return v;
}

static uint64_t reserved(const char *from, const char *to)
{
	struct intent_book_row r;
	uint64_t sum = 0;

	ck_assert(intent_book_row(world.intent, net_index(from, to), &r));
	for (unsigned p = 0; p < 8; p++)
		sum += r.reserved_bps[p];
	ck_assert_uint_le(sum, r.capacity_bps);
	return sum;
}

static bool has(const struct sr_list *l, const char *node)
{
	struct sr_segment s = net_sid(node);

	for (unsigned k = 0; k < l->n; k++)
		if (ip_eq(&l->at[k].sid, &s.sid))
			return true;
	return false;
}

/* What the lists in force ask of what leaves a, by weights alone: the book has exactly that. */
static void booked_as_weighed(uint64_t bps)
{
	const struct intent_view *v = mine();
	uint64_t total = sr_list_total(&v->computed), sum = 0;

	for (unsigned k = 0; k < sr_list_count(&v->computed); k++)
		sum += (bps * sr_list_weight(&v->computed, k) + total - 1) / total;
	ck_assert_uint_ge(sum, bps);
	sum = reserved("a", "b") + reserved("a", "c") + (world.ted->n_nodes > 4 ? reserved("a", "e") : 0);
	ck_assert_uint_ge(sum, bps);
	ck_assert_uint_lt(sum, bps + SR_LISTS_MAX);
	audit();
}

/* Each list is told with the path it takes: one over b, one over c. */
static void over_both(void)
{
	char way[2][64], none[64];
	unsigned at = 0;

	for (unsigned k = 0; k < 2; k++)
		ck_assert(intent_list_path(world.intent, &mine()->desired.key, k, way[k], sizeof(way[k])));
	at = strstr(way[0], "b") ? 0 : 1;
	ck_assert_str_eq(way[at], "a>b,b>d");
	ck_assert_str_eq(way[!at], "a>c,c>d");
	ck_assert(!intent_list_path(world.intent, &mine()->desired.key, 2, none, sizeof(none)));
}

START_TEST(two_lists_carry_what_no_path_does)
{
	const struct call *c;

	pcc_up("a");
	put_ok(wish(15, 2));
	c = call_last();
	ck_assert_uint_eq(sr_list_count(&c->lsp.list), 2);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_int_eq(mine()->state, INTENT_UP);
	ck_assert(mine()->confirmed && mine()->charged);
	ck_assert(sr_list_eq(&mine()->reported.list, &mine()->computed));
	booked_as_weighed(15ull * G);
	ck_assert_uint_eq(reserved("a", "b"), reserved("b", "d"));
	ck_assert_uint_eq(reserved("a", "c"), reserved("c", "d"));
	over_both();
	/* the same, again: nothing is sent */
	net_publish();
	ck_assert_uint_eq(calls_open(), 0);
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	(void)pcc_answer("a");
	ck_assert_uint_eq(reserved("a", "b") + reserved("a", "c"), 0);
}
END_TEST

START_TEST(with_one_list_it_is_refused_and_says_why)
{
	pcc_up("a");
	put_ok(wish(15, 1));
	ck_assert_uint_eq(calls_open(), 0);
	view_is("a", 1, "d", INTENT_DOWN, "bandwidth: ");
	ck_assert_ptr_null(strstr(mine()->reason, "lists"));
	/* and what more lists would not help either */
	put_ok(wish(25, 4));
	ck_assert_uint_eq(calls_open(), 0);
	view_is("a", 1, "d", INTENT_DOWN, "bandwidth: ");
	ck_assert_ptr_nonnull(strstr(mine()->reason, "; up to 4 lists: "));
	ck_assert_uint_eq(reserved("a", "b") + reserved("a", "c"), 0);
}
END_TEST

START_TEST(a_headend_without_the_capability_gets_one_or_none)
{
	pcc_at("a")->caps.lists = 1;
	pcc_up("a");
	put_ok(wish(15, 2));
	ck_assert_uint_eq(calls_open(), 0);
	ck_assert_int_eq(mine()->state, INTENT_DOWN);
	ck_assert_ptr_nonnull(strstr(mine()->reason, "the headend takes one list alone"));
	put_ok(wish(5, 2));
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_int_eq(mine()->state, INTENT_UP);
	ck_assert_ptr_null(mine()->computed.more);
	/* It comes back with more. */
	put_ok(wish(15, 2));
	pcc_down("a");
	pcc_at("a")->caps.lists = 2;
	pcc_up("a");
	run_ms(100);
	(void)pcc_answer("a");
	ck_assert_int_eq(mine()->state, INTENT_UP);
	ck_assert_uint_eq(sr_list_count(&mine()->reported.list), 2);
	booked_as_weighed(15ull * G);
}
END_TEST

/* Decided on before its headend was ever there: what it cannot take is not sent. */
START_TEST(what_was_decided_before_the_headend_came_is_looked_at_again)
{
	pcc_at("a")->caps.lists = 1;
	put_ok(wish(15, 2));
	pcc_up("a");
	run_ms(6000);
	ck_assert_uint_eq(calls_open(), 0);
	ck_assert_int_eq(mine()->state, INTENT_DOWN);
	ck_assert_uint_eq(reserved("a", "b") + reserved("a", "c"), 0);
}
END_TEST

START_TEST(one_path_that_carries_it_is_taken_alone)
{
	pcc_up("a");
	put_ok(wish(10, 4));
	(void)pcc_answer("a");
	ck_assert_int_eq(mine()->state, INTENT_UP);
	ck_assert_ptr_null(mine()->computed.more);
	ck_assert_str_eq(mine()->path_text, "a>b,b>d");
	/* It grows beyond that, and shrinks again. */
	put_ok(wish(12, 4));
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_int_eq(mine()->state, INTENT_UP);
	ck_assert_uint_eq(sr_list_count(&mine()->reported.list), 2);
	booked_as_weighed(12ull * G);
	put_ok(wish(3, 1));
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_int_eq(mine()->state, INTENT_UP);
	ck_assert_ptr_null(mine()->reported.list.more);
	ck_assert_uint_eq(reserved("a", "b"), 3ull * G);
	ck_assert_uint_eq(reserved("a", "c"), 0);
}
END_TEST

START_TEST(another_rate_is_shared_by_the_same_weights)
{
	struct sr_list was;

	pcc_up("a");
	put_ok(wish(15, 2));
	(void)pcc_answer("a");
	ck_assert_int_eq(sr_list_keep(&mine()->computed, &was), 0);
	put_ok(wish(14, 2));
	(void)pcc_answer("a");
	ck_assert_int_eq(mine()->state, INTENT_UP);
	ck_assert(sr_list_eq(&mine()->reported.list, &was));
	ck_assert_uint_eq(mine()->reported.bandwidth_bps, 14ull * G);
	booked_as_weighed(14ull * G);
	sr_list_drop(&was);
}
END_TEST

START_TEST(a_failure_moves_the_set_make_before_break)
{
	third_way();
	pcc_up("a");
	put_ok(wish(15, 3));
	(void)pcc_answer("a");
	ck_assert_int_eq(mine()->state, INTENT_UP);
	ck_assert_uint_eq(reserved("a", "e"), 0);
	net_cut("b", "d");
	run_ms(10);
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert_uint_eq(sr_list_count(&call_last()->lsp.list), 2);
	ck_assert(!has(&call_last()->lsp.list, "b"));
	/* until the headend has it both stand: the old ones go over c by now */
	ck_assert_uint_gt(reserved("a", "e"), 0);
	ck_assert_uint_gt(reserved("a", "c"), 10ull * G - sr_share(15ull * G, 1, 2));
	(void)pcc_answer("a");
	ck_assert_int_eq(mine()->state, INTENT_UP);
	ck_assert_uint_eq(reserved("a", "b"), 0);
	booked_as_weighed(15ull * G);
	/* One way alone is not enough, and the reason says so. */
	net_cut("e", "d");
	run_ms(10);
	(void)pcc_answer("a");
	ck_assert_int_ne(mine()->state, INTENT_UP);
	ck_assert_ptr_nonnull(strstr(mine()->reason, "bandwidth"));
	audit();
	net_heal("b", "d");
	run_ms(20000);
	(void)pcc_answer("a");
	ck_assert_int_eq(mine()->state, INTENT_UP);
	booked_as_weighed(15ull * G);
}
END_TEST

START_TEST(a_refused_set_is_rolled_back)
{
	pcc_up("a");
	put_ok(wish(10, 2));
	(void)pcc_answer("a");
	put_ok(wish(15, 2));
	ck_assert_uint_eq(pcc_refuse("a", 4, 4), 1);
	ck_assert_int_ne(mine()->state, INTENT_UP);
	ck_assert_ptr_null(mine()->reported.list.more);
	audit();
	run_ms(61000);
	(void)pcc_answer("a");
	ck_assert_int_eq(mine()->state, INTENT_UP);
	booked_as_weighed(15ull * G);
}
END_TEST

START_TEST(a_restart_finds_the_set_and_sends_nothing)
{
	pcc_up("a");
	put_ok(wish(15, 2));
	(void)pcc_answer("a");
	run_ms(1000);
	world_crash();
	ck_assert_uint_eq(mine()->desired.lists_max, 2);
	ck_assert(mine()->has_computed);
	net_publish();
	ck_assert_uint_eq(sr_list_count(&mine()->computed), 2);
	ck_assert_uint_ge(reserved("a", "b") + reserved("a", "c"), 15ull * G);
	pcc_up("a");
	run_ms(6000);
	ck_assert_uint_eq(calls_open(), 0);
	ck_assert_int_eq(mine()->state, INTENT_UP);
	booked_as_weighed(15ull * G);
}
END_TEST

START_TEST(a_better_priority_takes_a_part_and_the_set_is_placed_again)
{
	struct intent_policy *p;

	third_way();
	pcc_up("a");
	put_ok(wish(15, 3));
	(void)pcc_answer("a");
	p = policy("a", 9, "d");
	p->bandwidth_bps = 8ull * G;
	p->setup_prio = p->hold_prio = 2;
	put_ok(p);
	run_ms(10);
	while (calls_open() > 0)
		(void)pcc_answer("a");
	ck_assert_int_eq(view_of("a", 9, "d")->state, INTENT_UP);
	ck_assert_int_eq(mine()->state, INTENT_UP);
	ck_assert(mine()->charged);
	ck_assert_uint_ge(reserved("a", "b") + reserved("a", "c") + reserved("a", "e"), 23ull * G);
	audit();
}
END_TEST

/* An LSP of somebody else with several lists: each takes its share. */
START_TEST(lists_of_others_are_charged_by_their_weights)
{
	const struct sr_segment b[] = { net_sid("b"), net_sid("d") }, c[] = { net_sid("c"), net_sid("d") };
	struct sr_more more = { .weight = 3, .n = 1 };
	struct sr_list l = list_of(2, b);
	struct lsp_state *st;

	more.at[0] = (struct sr_weighted){ .weight = 1, .list = list_of(2, c) };
	st = pcc_plant("a", "theirs", &l);
	st->endpoint = net_addr("d");
	st->bandwidth_bps = 8ull * G;
	st->admin_up = true;
	l.more = &more;
	ck_assert_int_eq(sr_list_keep(&l, &st->list), 0);
	pcc_up("a");
	run_ms(100);
	for (unsigned k = 0; k < 2; k++) {
		struct intent_book_row r;

		ck_assert(intent_book_row(world.intent, net_index("a", k ? "c" : "b"), &r));
		ck_assert_uint_eq(r.foreign_bps[7], (k ? 2ull : 6ull) * G);
	}
	audit();
}
END_TEST

static bool counted;

static void whatif_done(void *arg, int rc, const struct intent_whatif *w)
{
	(void)arg;
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_le(w->n_worse, 1);
	for (uint32_t k = 0; k < w->n_rows; k++)
		ck_assert_uint_eq(w->rows[k].bandwidth_bps, 15ull * G);
	/* all of it on the one way that is left: 150 % */
	ck_assert_uint_ge(w->after.ppb, 1490000000u);
	ck_assert_uint_le(w->after.ppb, 1510000000u);
	counted = true;
}

START_TEST(what_if_counts_every_list_by_its_share)
{
	const struct intent_whatif_query q = { .kind = PCE_FAIL_LINK, .name = "b>d", .limit = 10 };

	pcc_up("a");
	put_ok(wish(15, 2));
	(void)pcc_answer("a");
	counted = false;
	ck_assert_int_eq(intent_whatif(world.intent, &q, whatif_done, NULL), 0);
	run_ms(1000);
	ck_assert(counted);
}
END_TEST

START_TEST(what_does_not_go_together_is_refused_with_what_to_do)
{
	pcc_up("a");
	for (unsigned k = 0; k < 8; k++) {
		struct intent_policy *p = wish(k == 0 ? 0 : 15, k == 7 ? 9 : 2);
		struct intent_result r;

		if (k == 1)
			p->dataplane = SR_MPLS;
		if (k == 2)
			p->group = (struct intent_membership){ .id = 7, .diverse = PCE_DIVERSE_LINK };
		if (k == 3)
			p->protect = INTENT_PROTECT_LINK;
		if (k == 4) {
			p->cpaths[0].binding[0] = net_addr("d");
			p->cpaths[0].n_binding = 1;
		}
		if (k == 5) {
			const struct sr_segment d = net_sid("d");

			p->cpaths[0].kind = INTENT_EXPLICIT;
			p->cpaths[0].list = list_of(1, &d);
		}
		r = put(INTENT_CREATE, p, 0);
		ck_assert_msg(r.code == (k == 6 ? 0 : INTENT_E_INVALID), "%u: %s", k, r.text);
		if (k != 6)
			ck_assert_str_eq(r.field, "multipath/max-lists");
		if (k != 6 && k != 7)
			ck_assert_ptr_nonnull(strstr(r.text, "max-lists 1"));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent_several");
	TCase *t = tcase_create("several");

	tcase_add_checked_fixture(t, setup, world_down);
	tcase_add_test(t, two_lists_carry_what_no_path_does);
	tcase_add_test(t, with_one_list_it_is_refused_and_says_why);
	tcase_add_test(t, a_headend_without_the_capability_gets_one_or_none);
	tcase_add_test(t, what_was_decided_before_the_headend_came_is_looked_at_again);
	tcase_add_test(t, one_path_that_carries_it_is_taken_alone);
	tcase_add_test(t, another_rate_is_shared_by_the_same_weights);
	tcase_add_test(t, a_failure_moves_the_set_make_before_break);
	tcase_add_test(t, a_refused_set_is_rolled_back);
	tcase_add_test(t, a_restart_finds_the_set_and_sends_nothing);
	tcase_add_test(t, a_better_priority_takes_a_part_and_the_set_is_placed_again);
	tcase_add_test(t, lists_of_others_are_charged_by_their_weights);
	tcase_add_test(t, what_if_counts_every_list_by_its_share);
	tcase_add_test(t, what_does_not_go_together_is_refused_with_what_to_do);
	suite_add_tcase(s, t);
	return check_main(s);
}
