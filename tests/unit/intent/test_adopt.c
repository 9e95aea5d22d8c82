/* SPDX-License-Identifier: Apache-2.0 */
/* Brownfield: what is there already is observed, adopted without a change, given back. */
#include "world.h"

#include <stdio.h>

enum { G = 1000000000 };

static struct sr_list over_c;

static void setup(void)
{
	world_up(NULL);
	net_square();
	over_c = list_of(2, (struct sr_segment[]){ net_sid("c"), net_sid("d") });
}

/* An LSP of router a over c, of colour 9. */
static struct lsp_state *plant(bool delegated, bool pce_initiated)
{
	struct lsp_state *st = pcc_plant("a", "old", &over_c);

	st->has_key = true;
	st->color = 9;
	st->endpoint = net_addr("d");
	st->bandwidth_bps = G;
	st->delegated = delegated;
	st->pce_initiated = pce_initiated;
	return st;
}

static struct intent_book_row row(const char *from, const char *to)
{
	struct intent_book_row r;

	ck_assert(intent_book_row(world.intent, net_index(from, to), &r));
	return r;
}

/* Managed, by the list it had, charged as ours, and nobody was told anything. */
static void adopted_silently(unsigned calls)
{
	const struct intent_view *v = view_of("a", 9, "d");

	ck_assert_int_eq(v->mode, INTENT_MANAGED);
	ck_assert_msg(v->state == INTENT_UP, "%s: %s", intent_state_text(v->state), v->reason);
	ck_assert_uint_eq(v->desired.n_cpaths, 1);
	ck_assert_int_eq(v->desired.cpaths[0].kind, INTENT_EXPLICIT);
	ck_assert(sr_list_eq(&v->desired.cpaths[0].list, &over_c));
	ck_assert(sr_list_eq(&v->computed, &over_c));
	ck_assert_str_eq(v->lsp_name, "old");
	ck_assert(v->charged && v->confirmed);
	ck_assert_uint_eq(world.n_calls, calls);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G);
	ck_assert_uint_eq(row("a", "c").foreign_bps[7], 0);
}

START_TEST(observed_lsp_is_booked_and_left_alone)
{
	plant(true, false);
	pcc_up("a");
	ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_OBSERVED);
	ck_assert_int_eq(view_of("a", 9, "d")->state, INTENT_UP);
	ck_assert_uint_eq(row("a", "c").foreign_bps[7], G);
	net_cut("c", "d");
	run_ms(60000);
	net_heal("c", "d");
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 0);
	ck_assert_int_eq(put(INTENT_REPLACE, policy("a", 9, "d"), 0).code, INTENT_E_MODE);
	ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_OBSERVED);
}
END_TEST

START_TEST(adopting_an_unchanged_path_sends_nothing)
{
	plant(true, _i == 1);
	pcc_up("a");
	ck_assert_int_eq(adopt("a", 9, "d").code, 0);
	adopted_silently(0);
	net_publish();
	run_ms(120000);
	adopted_silently(0);
}
END_TEST

START_TEST(adopted_policy_survives_a_crash_in_silence)
{
	plant(true, false);
	pcc_up("a");
	ck_assert_int_eq(adopt("a", 9, "d").code, 0);
	world_crash();
	ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_MANAGED);
	net_publish();
	pcc_up("a");
	adopted_silently(0);
	run_ms(60000);
	adopted_silently(0);
}
END_TEST

START_TEST(adopted_policy_is_repaired_by_what_its_operator_adds)
{
	struct intent_policy *p = policy("a", 9, "d");

	plant(true, false);
	pcc_up("a");
	ck_assert_int_eq(adopt("a", 9, "d").code, 0);
	*p = view_of("a", 9, "d")->desired;
	cpath_add(p, 1);
	put_ok(p);
	ck_assert_uint_eq(calls_open(), 0);
	net_cut("c", "d"); /* from c back to a and over b: it still forwards */
	ck_assert_uint_eq(calls_open(), 0);
	net_cut("a", "c");
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_int_eq(call_last()->kind, CALL_APPLY);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, 1);
	ck_assert_str_eq(view_of("a", 9, "d")->path_text, "a>b,b>d");
	ck_assert_int_eq(view_of("a", 9, "d")->state, INTENT_UP);
}
END_TEST

START_TEST(orphan_is_taken_over_by_its_plsp_id)
{
	plant(false, true);
	pcc_up("a");
	ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_OBSERVED);
	ck_assert_uint_eq(world.n_calls, 0);
	ck_assert_int_eq(adopt("a", 9, "d").code, 0);
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert(call_last()->lsp.take_over);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, 1);
	ck_assert(sr_list_eq(&call_last()->lsp.list, &over_c));
	ck_assert_uint_eq(pcc_answer("a"), 1);
	adopted_silently(1);
}
END_TEST

START_TEST(what_is_not_ours_to_take_is_not_adopted)
{
	plant(false, false);
	pcc_up("a");
	ck_assert_int_eq(adopt("a", 9, "d").code, INTENT_E_MODE);
	ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_OBSERVED);
	ck_assert_int_eq(adopt("a", 8, "d").code, INTENT_E_MISSING);
	put_ok(policy("a", 1, "d"));
	ck_assert_int_eq(adopt("a", 1, "d").code, INTENT_E_MODE);
	ck_assert_int_eq(release("a", 9, "d").code, INTENT_E_MODE);
	ck_assert_int_eq(release("a", 8, "d").code, INTENT_E_MISSING);
}
END_TEST

/* It would be a broken path the moment it is ours, and be taken out. */
START_TEST(list_that_leads_nowhere_is_not_adopted)
{
	struct lsp_state *st = plant(true, true);

	st->list.at[1].sid = net_addr("fcbb:bbbb:99::");
	pcc_up("a");
	ck_assert_int_eq(adopt("a", 9, "d").code, INTENT_E_MODE);
	ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_OBSERVED);
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 0);
}
END_TEST

START_TEST(adoption_that_the_disk_refuses_did_not_happen)
{
	plant(true, false);
	pcc_up("a");
	store_disk_fail(world.disk, true);
	ck_assert_int_eq(adopt("a", 9, "d").code, INTENT_E_STORE);
	ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_OBSERVED);
	ck_assert_uint_eq(row("a", "c").foreign_bps[7], G);
	store_disk_fail(world.disk, false);
	ck_assert_int_eq(adopt("a", 9, "d").code, 0);
	adopted_silently(0);
}
END_TEST

START_TEST(released_policy_is_given_back_and_observed)
{
	plant(true, false);
	pcc_up("a");
	ck_assert_int_eq(adopt("a", 9, "d").code, 0);
	ck_assert_int_eq(release("a", 9, "d").code, 0);
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert_int_eq(call_last()->kind, CALL_RELEASE);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, 1);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_OBSERVED);
	ck_assert_int_eq(view_of("a", 9, "d")->state, INTENT_UP);
	ck_assert_uint_eq(row("a", "c").foreign_bps[7], G);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], 0);
	world_crash();
	ck_assert_ptr_null(view_of("a", 9, "d"));
	net_publish();
	pcc_up("a");
	ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_OBSERVED);
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 1);
}
END_TEST

START_TEST(release_is_owed_until_the_headend_confirms_it)
{
	plant(true, false);
	pcc_up("a");
	ck_assert_int_eq(adopt("a", 9, "d").code, 0);
	ck_assert_int_eq(release("a", 9, "d").code, 0);
	ck_assert_uint_eq(world.n_calls, 1);
	world_crash(); /* before the headend heard of it */
	net_publish();
	pcc_up("a");
	run_ms(1000);
	ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_OBSERVED);
	ck_assert_uint_eq(world.n_calls, 2);
	ck_assert_int_eq(call_last()->kind, CALL_RELEASE);
	pcc_report("a", "old"); /* still ours, it says: not asked again in this session */
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 2);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	run_ms(1000);
	world_crash();
	pcc_lsp("a", "old")->delegated = true; /* of its own accord: nothing is owed for that */
	net_publish();
	pcc_up("a");
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 2);
}
END_TEST

START_TEST(release_is_not_owed_of_what_is_adopted_again_or_gone)
{
	plant(true, false);
	pcc_up("a");
	ck_assert_int_eq(adopt("a", 9, "d").code, 0);
	hold(true);
	ck_assert_int_eq(release("a", 9, "d").code, 0);
	ck_assert_int_eq(adopt("a", 9, "d").code, 0);
	hold(false);
	world_crash();
	net_publish();
	pcc_up("a");
	run_ms(60000);
	ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_MANAGED);
	ck_assert_uint_eq(world.n_calls, 0);
	hold(true);
	ck_assert_int_eq(release("a", 9, "d").code, 0);
	hold(false);
	ck_assert_uint_eq(world.n_calls, 1);
	pcc_forget("a", "old");
	run_ms(1000);
	(void)pcc_plant("a", "old", &over_c);
	pcc_lsp("a", "old")->delegated = true;
	world_crash();
	net_publish();
	pcc_up("a");
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 1);
}
END_TEST

START_TEST(under_hold_nothing_is_given_back)
{
	plant(true, false);
	pcc_up("a");
	ck_assert_int_eq(adopt("a", 9, "d").code, 0);
	hold(true);
	ck_assert_int_eq(release("a", 9, "d").code, 0);
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 0);
	ck_assert_int_eq(view_of("a", 9, "d")->state, INTENT_HELD);
	hold(false);
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert_int_eq(call_last()->kind, CALL_RELEASE);
}
END_TEST

START_TEST(under_hold_adoption_is_silent_and_orphans_wait)
{
	plant(_i == 0, true);
	pcc_up("a");
	hold(true);
	ck_assert_int_eq(adopt("a", 9, "d").code, 0);
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 0);
	hold(false);
	ck_assert_uint_eq(world.n_calls, (unsigned)_i);
	pcc_answer("a");
	adopted_silently((unsigned)_i);
}
END_TEST

START_TEST(adopted_lsp_the_operator_deletes_is_removed_or_handed_back)
{
	plant(true, _i == 1);
	pcc_up("a");
	ck_assert_int_eq(adopt("a", 9, "d").code, 0);
	ck_assert_int_eq(del("a", 9, "d").code, 0);
	ck_assert_uint_eq(world.n_calls, 1);
	/* What the headend made itself is not ours to delete: RFC 8281 s5.4. */
	ck_assert_int_eq(call_last()->kind, _i == 1 ? CALL_REMOVE : CALL_RELEASE);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	if (_i == 1) {
		ck_assert_ptr_null(view_of("a", 9, "d"));
		ck_assert_uint_eq(row("a", "c").n_lsps, 0);
	} else {
		ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_OBSERVED);
		ck_assert_uint_eq(row("a", "c").foreign_bps[7], G);
	}
}
END_TEST

/* A headend asks by itself (RFC 5440) and is answered on the present topology and book. */
START_TEST(observed_lsp_shows_what_its_headend_says)
{
	static const struct {
		uint8_t oper;
		enum intent_state state;
	} rows[] = { { LSP_DOWN, INTENT_DOWN },	      { LSP_UP, INTENT_UP },
		     { LSP_ACTIVE, INTENT_UP },	      { LSP_GOING_DOWN, INTENT_DOWN },
		     { LSP_GOING_UP, INTENT_PENDING } };

	plant(false, false)->oper = rows[_i].oper;
	pcc_up("a");
	ck_assert_int_eq(view_of("a", 9, "d")->mode, INTENT_OBSERVED);
	ck_assert_int_eq(view_of("a", 9, "d")->state, rows[_i].state);
}
END_TEST

/* FRR calls its own dynamic candidate paths PCE-initiated once they are delegated. */
START_TEST(lsp_without_a_colour_is_handed_back_whatever_its_headend_calls_it)
{
	uint32_t color = intent_color_of("old");

	plant(true, true)->has_key = false;
	pcc_up("a");
	ck_assert_int_eq(adopt("a", color, "d").code, 0);
	if (_i == 1) {
		world_crash();
		net_publish();
		pcc_up("a");
		ck_assert_int_eq(view_of("a", color, "d")->mode, INTENT_MANAGED);
	}
	ck_assert_int_eq(del("a", color, "d").code, 0);
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert_int_eq(call_last()->kind, CALL_RELEASE);
	run_ms(60000); /* no answer, and it goes on calling it delegated */
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert_int_eq(view_of("a", color, "d")->mode, INTENT_OBSERVED);
	world_crash();
	ck_assert_ptr_null(view_of("a", color, "d"));
}
END_TEST

/* The first two of x0, x1, … that have the same colour. */
static void names_that_meet(char one[SR_NAME_MAX], char two[SR_NAME_MAX])
{
	uint32_t seen[20000], n = 0;

	for (;; n++) {
		ck_assert_uint_lt(n, ARRAY_LEN(seen));
		(void)snprintf(two, SR_NAME_MAX, "x%u", n);
		seen[n] = intent_color_of(two);
		for (uint32_t k = 0; k < n; k++) {
			if (seen[k] != seen[n])
				continue;
			(void)snprintf(one, SR_NAME_MAX, "x%u", k);
			return;
		}
	}
}

START_TEST(unnamed_lsps_whose_names_meet_have_two_keys)
{
	char one[SR_NAME_MAX], two[SR_NAME_MAX];
	struct intent_view v;
	unsigned n = 0;

	names_that_meet(one, two);
	ck_assert_uint_eq(intent_color_of(one) >> 24, 0xff);
	pcc_plant("a", one, &over_c)->endpoint = net_addr("d");
	pcc_plant("a", two, &over_c)->endpoint = net_addr("d");
	pcc_up("a");
	for (bool more = intent_next(world.intent, NULL, &v); more; n++) {
		struct sr_policy_key k = v.desired.key;

		ck_assert(v.key_made);
		more = intent_next(world.intent, &k, &v);
	}
	ck_assert_uint_eq(n, 2);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("intent-adopt");
	TCase *tc = tcase_create("brownfield");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, observed_lsp_is_booked_and_left_alone);
	tcase_add_loop_test(tc, adopting_an_unchanged_path_sends_nothing, 0, 2);
	tcase_add_test(tc, adopted_policy_survives_a_crash_in_silence);
	tcase_add_test(tc, adopted_policy_is_repaired_by_what_its_operator_adds);
	tcase_add_test(tc, orphan_is_taken_over_by_its_plsp_id);
	tcase_add_test(tc, what_is_not_ours_to_take_is_not_adopted);
	tcase_add_test(tc, list_that_leads_nowhere_is_not_adopted);
	tcase_add_test(tc, adoption_that_the_disk_refuses_did_not_happen);
	tcase_add_test(tc, released_policy_is_given_back_and_observed);
	tcase_add_test(tc, release_is_owed_until_the_headend_confirms_it);
	tcase_add_test(tc, release_is_not_owed_of_what_is_adopted_again_or_gone);
	tcase_add_test(tc, under_hold_nothing_is_given_back);
	tcase_add_loop_test(tc, under_hold_adoption_is_silent_and_orphans_wait, 0, 2);
	tcase_add_loop_test(tc, adopted_lsp_the_operator_deletes_is_removed_or_handed_back, 0, 2);
	tcase_add_loop_test(tc, observed_lsp_shows_what_its_headend_says, 0, 5);
	tcase_add_loop_test(tc, lsp_without_a_colour_is_handed_back_whatever_its_headend_calls_it, 0, 2);
	tcase_add_test(tc, unnamed_lsps_whose_names_meet_have_two_keys);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
