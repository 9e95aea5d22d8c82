/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of policies: all of it or nothing, reserved and durable before it is told, and nobody pushed out. */
#include "bed_admit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 64, MANY = 600, WIDE = 40 /* more than are looked at in one turn */ };

static unsigned n_told; /* by the watch of owned policies */

static void watched(void *arg, const struct sr_policy_key *k)
{
	(void)arg;
	(void)k;
	n_told++;
}

/* ---- all of it ---- */

START_TEST(all_are_reserved_and_durable_before_it_is_told_and_sent_after)
{
	struct intent_policy *puts[] = { wish(1, "d", 6ull * G), wish(2, "d", 6ull * G), wish(3, "b", 4ull * G) };
	struct answer a;

	ask(&a, "slice one", puts, 3, false);
	while (!a.done) {
		ck_assert_ptr_null(view_of("a", 1, "d")); /* it is nothing before it is everything */
		step();
	}
	ck_assert_msg(a.r.code == 0, "%s", a.r.text);
	ck_assert_uint_eq(a.calls_then, 0);
	ck_assert_uint_eq(records("policy"), 3);
	ck_assert_uint_eq(records("slice"), 1);
	ck_assert_uint_eq(a.r.revision, intent_revision(world.intent));
	ck_assert_uint_eq(view_of("a", 1, "d")->revision, a.r.revision);
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
	ck_assert_uint_eq(reserved("a", "c"), 6ull * G);
	run_ms(100);
	ck_assert_uint_eq(pcc_answer("a"), 3);
	for (uint32_t c = 1; c <= 3; c++) {
		ck_assert_int_eq(view_of("a", c, c == 3 ? "b" : "d")->state, INTENT_UP);
		ck_assert_str_eq(view_of("a", c, c == 3 ? "b" : "d")->desired.owner, "slice one");
		ck_assert_uint_eq(view_of("a", c, c == 3 ? "b" : "d")->desired.setup_prio, 3);
		ck_assert(view_of("a", c, c == 3 ? "b" : "d")->charged);
	}
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
	audit();
}
END_TEST

START_TEST(one_bit_too_much_and_nothing_of_it_is_there)
{
	struct intent_policy *puts[] = { wish(1, "b", 4ull * G), wish(2, "b", 6ull * G + 1) };
	struct intent_set_result r = admit("slice one", puts, 2);

	ck_assert_int_eq(r.code, INTENT_E_SHORT);
	ck_assert_uint_eq(r.index, 1);
	ck_assert_str_eq(r.link, "a>b");
	ck_assert_uint_eq(r.wanted_bps, 6ull * G + 1);
	ck_assert_uint_eq(r.free_bps, 6ull * G);
	ck_assert_msg(strstr(r.text, "bandwidth") && strstr(r.text, "a>b"), "%s", r.text);
	ck_assert_uint_eq(reserved("a", "b"), 0);
	nothing_is_there();
	run_ms(1000);
	ck_assert_uint_eq(world.n_calls, 0);
	ck_assert_uint_eq(told(), 0);
	/* One bit less. */
	puts[0] = wish(1, "b", 4ull * G);
	puts[1] = wish(2, "b", 6ull * G);
	ck_assert_int_eq(admit("slice one", puts, 2).code, 0);
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
}
END_TEST

START_TEST(of_64_that_want_the_last_exactly_one_wins)
{
	static struct answer a[SETS];
	unsigned won = 0;

	for (uint32_t k = 0; k < SETS; k++) {
		struct intent_policy *p[] = { wish(2 * k + 1, "b", 2ull * G), wish(2 * k + 2, "b", 6ull * G) };

		ask(&a[k], "slice", p, 2, false);
	}
	for (unsigned k = 0; k < SETS; k++) {
		struct intent_set_result r = wait_for(&a[k]);

		won += r.code == 0;
		ck_assert(r.code == 0 || r.code == INTENT_E_SHORT);
	}
	ck_assert_uint_eq(won, 1);
	ck_assert_uint_eq(reserved("a", "b"), 8ull * G);
	ck_assert_uint_eq(records("policy"), 2);
	audit();
}
END_TEST

START_TEST(a_dry_run_tells_and_leaves_nothing)
{
	struct intent_policy *p = wish(1, "b", 10ull * G);
	struct answer a;

	ask(&a, "slice", &p, 1, true);
	ck_assert_int_eq(wait_for(&a).code, 0);
	ck_assert_uint_eq(reserved("a", "b"), 0);
	nothing_is_there();
	p = wish(1, "b", 10ull * G + 1);
	ask(&a, "slice", &p, 1, true);
	ck_assert_int_eq(wait_for(&a).code, INTENT_E_SHORT);
	nothing_is_there();
}
END_TEST

START_TEST(nobody_is_pushed_out_for_a_promise)
{
	struct intent_policy *p = policy("a", 9, "b");

	p->bandwidth_bps = 8ull * G;
	p->setup_prio = p->hold_prio = 7;
	put_ok(p);
	(void)pcc_answer("a");
	ck_assert_int_eq(admit_one("slice", wish(1, "b", 4ull * G)).code, INTENT_E_SHORT);
	ck_assert_int_eq(view_of("a", 9, "b")->state, INTENT_UP);
	/* An operator's own, of the same priority, would. */
	p = wish(1, "b", 4ull * G);
	put_ok(p);
	free(p);
	(void)pcc_answer("a");
	run_ms(100);
	ck_assert_int_ne(view_of("a", 9, "b")->state, INTENT_UP);
	/* And once it is there a set's is worth as much as any other of its priority. */
	ck_assert_int_eq(del("a", 9, "b").code, 0);
	ck_assert_int_eq(del("a", 1, "b").code, 0);
	(void)pcc_answer("a");
	run_ms(100);
	ck_assert_int_eq(admit_one("slice", wish(2, "b", 8ull * G)).code, 0);
	run_ms(100);
	(void)pcc_answer("a");
	p = policy("a", 9, "b");
	p->bandwidth_bps = 8ull * G;
	p->setup_prio = p->hold_prio = 7;
	put_ok(p);
	run_ms(100);
	ck_assert_int_eq(view_of("a", 2, "b")->state, INTENT_UP);
	ck_assert_int_eq(view_of("a", 9, "b")->state, INTENT_DOWN);
	audit();
}
END_TEST

/* ---- one that was there ---- */

START_TEST(more_for_one_that_is_there_is_admitted_as_a_whole)
{
	struct intent_policy *puts[] = { wish(1, "b", 5ull * G), wish(2, "b", 5ull * G + 1) };
	struct answer a;

	ck_assert_int_eq(admit_one("slice", wish(1, "b", 2ull * G)).code, 0);
	run_ms(100);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_int_eq(admit("slice", puts, 2).code, INTENT_E_SHORT);
	ck_assert_uint_eq(view_of("a", 1, "b")->desired.bandwidth_bps, 2ull * G);
	ck_assert_uint_eq(reserved("a", "b"), 2ull * G);
	ck_assert_int_eq(view_of("a", 1, "b")->state, INTENT_UP);
	ck_assert_uint_eq(calls_open(), 0);
	audit();
	/* It fits; while it is on its way to disk nobody else gets the room. */
	puts[0] = wish(1, "b", 5ull * G);
	puts[1] = wish(2, "b", 5ull * G);
	ask(&a, "slice", puts, 2, false);
	while (reserved("a", "b") < 10ull * G) {
		ck_assert(!a.done);
		step();
	}
	ck_assert_int_eq(wait_for(&a).code, 0);
	ck_assert_uint_eq(a.reserved_then, 10ull * G);
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
	run_ms(100);
	ck_assert_uint_eq(pcc_answer("a"), 2);
	ck_assert_int_eq(view_of("a", 1, "b")->state, INTENT_UP);
	ck_assert_uint_eq(view_of("a", 1, "b")->desired.bandwidth_bps, 5ull * G);
	ck_assert_uint_eq(pcc_lsp("a", view_of("a", 1, "b")->lsp_name)->bandwidth_bps, 5ull * G);
	audit();
}
END_TEST

START_TEST(less_is_admitted_where_nothing_is_left)
{
	ck_assert_int_eq(admit_one("slice", wish(1, "b", 10ull * G)).code, 0);
	run_ms(100);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_int_eq(admit_one("slice", wish(1, "b", 10ull * G + 1)).code, INTENT_E_SHORT);
	ck_assert_int_eq(admit_one("slice", wish(1, "b", 1ull * G)).code, 0);
	run_ms(100);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_uint_eq(reserved("a", "b"), 1ull * G);
	audit();
}
END_TEST

/* What it holds in one partition is no room in another. */
START_TEST(to_another_partition_it_needs_room_there)
{
	struct intent_policy *p = wish(1, "b", 4ull * G);
	uint32_t link = net_index("a", "b");

	ck_assert_int_eq(intent_share(world.intent, link, 1, 4ull * G), 0);
	ck_assert_int_eq(intent_share(world.intent, link, 2, 4ull * G), 0);
	p->nrp = 1;
	ck_assert_int_eq(admit_one("slice", p).code, 0);
	run_ms(100);
	(void)pcc_answer("a");
	p = wish(2, "b", 1ull * G);
	p->nrp = 2;
	ck_assert_int_eq(admit_one("slice", p).code, 0);
	p = wish(1, "b", 4ull * G);
	p->nrp = 2;
	ck_assert_int_eq(admit_one("slice", p).code, INTENT_E_SHORT);
	ck_assert_uint_eq(view_of("a", 1, "b")->desired.nrp, 1);
	p = wish(1, "b", 3ull * G);
	p->nrp = 2;
	ck_assert_int_eq(admit_one("slice", p).code, 0);
	run_ms(100);
	(void)pcc_answer("a");
	ck_assert_int_eq(view_of("a", 1, "b")->state, INTENT_UP);
	audit();
}
END_TEST

START_TEST(it_goes_as_a_whole_with_its_owners_record)
{
	ck_assert_int_eq(admit_one("slice", wish(1, "b", 10ull * G)).code, 0);
	run_ms(100);
	(void)pcc_answer("a");
	ck_assert_int_eq(drop("slice", 1, "b").code, 0);
	ck_assert_uint_eq(records("slice"), 0);
	ck_assert_ptr_null(view_of("a", 1, "b"));
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G); /* until it is out of the headend */
	run_ms(100);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	run_ms(100);
	ck_assert_uint_eq(reserved("a", "b"), 0);
	nothing_is_there();
	ck_assert_int_eq(drop("slice", 1, "b").code, INTENT_E_MISSING);
}
END_TEST

/* ---- whose they are ---- */

START_TEST(what_belongs_to_a_slice_is_written_by_it_only)
{
	struct intent_policy *p;
	struct intent_result r;

	ck_assert_int_eq(admit_one("slice one", wish(1, "b", G)).code, 0);
	p = wish(1, "b", 2ull * G);
	r = put(INTENT_REPLACE, p, 0);
	ck_assert_int_eq(r.code, INTENT_E_MODE);
	ck_assert_msg(strstr(r.text, "slice one") != NULL, "%s", r.text);
	ck_assert_int_eq(del("a", 1, "b").code, INTENT_E_MODE);
	ck_assert_int_eq(release("a", 1, "b").code, INTENT_E_MODE);
	ck_assert_int_eq(admit_one("slice two", p).code, INTENT_E_MODE);
	ck_assert_int_eq(drop("slice two", 1, "b").code, INTENT_E_MODE);
	put_ok(policy("a", 7, "b"));
	ck_assert_int_eq(admit_one("slice one", wish(7, "b", G)).code, INTENT_E_MODE); /* an operator's */
	ck_assert_int_eq(admit_one("", wish(8, "b", G)).code, INTENT_E_INVALID);
	ck_assert_uint_eq(view_of("a", 1, "b")->desired.bandwidth_bps, G);
	ck_assert_int_eq(drop("slice one", 1, "b").code, 0);
}
END_TEST

START_TEST(the_owner_hears_of_every_state)
{
	unsigned before;

	n_told = 0;
	intent_owned_watch(world.intent, watched, NULL);
	put_ok(policy("a", 7, "b"));
	(void)pcc_answer("a");
	ck_assert_uint_eq(n_told, 0);
	ck_assert_int_eq(admit_one("slice", wish(1, "b", G)).code, 0);
	run_ms(100);
	(void)pcc_answer("a");
	run_ms(1);
	ck_assert_int_eq(view_of("a", 1, "b")->state, INTENT_UP);
	ck_assert_uint_ge(n_told, 1);
	before = n_told;
	net_cut("a", "b");
	run_ms(100);
	ck_assert_uint_gt(n_told, before);
	(void)pcc_answer("a");
	run_ms(100);
	before = n_told;
	ck_assert_int_eq(drop("slice", 1, "b").code, 0);
	run_ms(100);
	(void)pcc_answer("a");
	run_ms(100);
	ck_assert_uint_gt(n_told, before);
	ck_assert_ptr_null(view_of("a", 1, "b"));
}
END_TEST

/* ---- what can go wrong ---- */

START_TEST(without_sight_nothing_is_promised)
{
	net_stale();
	ck_assert_int_eq(admit_one("slice", wish(1, "b", G)).code, INTENT_E_BLIND);
	nothing_is_there();
	net_publish();
	ck_assert_int_eq(admit_one("slice", wish(1, "b", G)).code, 0);
}
END_TEST

START_TEST(a_full_disk_and_nothing_is_there)
{
	store_disk_fail(world.disk, true);
	ck_assert_int_eq(admit_one("slice", wish(1, "b", 10ull * G)).code, INTENT_E_STORE);
	store_disk_fail(world.disk, false);
	ck_assert_uint_eq(reserved("a", "b"), 0);
	nothing_is_there();
	run_ms(1000);
	ck_assert_uint_eq(world.n_calls, 0);
	ck_assert_int_eq(admit_one("slice", wish(1, "b", 10ull * G)).code, 0);
}
END_TEST

START_TEST(one_wish_that_is_wrong_and_all_are_refused)
{
	struct intent_policy *puts[] = { wish(1, "b", G), wish(2, "b", G), wish(1, "b", G) };
	struct intent_set_result r;

	puts[1]->hold_prio = 5; /* held worse than it is set up */
	r = admit("slice", puts, 2);
	free(puts[2]);
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_uint_eq(r.index, 1);
	ck_assert_str_ne(r.field, "");
	nothing_is_there();
	/* Twice the same. */
	puts[0] = wish(1, "b", G);
	puts[1] = wish(2, "b", G);
	puts[2] = wish(1, "b", G);
	r = admit("slice", puts, 3);
	ck_assert_int_eq(r.code, INTENT_E_BUSY);
	ck_assert_uint_eq(r.index, 2);
	nothing_is_there();
}
END_TEST

/* The link goes while the set is on its way to disk: it is kept, and looks for another way. */
START_TEST(a_cut_between_placing_and_the_disk_moves_it)
{
	struct intent_policy *p = wish(1, "d", 6ull * G);
	struct answer a;

	ask(&a, "slice", &p, 1, false);
	while (reserved("a", "b") == 0) {
		ck_assert(!a.done);
		step();
	}
	net_cut("a", "b");
	ck_assert_int_eq(wait_for(&a).code, 0);
	run_ms(100);
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>c,c>d");
	(void)pcc_answer("a");
	ck_assert_int_eq(view_of("a", 1, "d")->state, INTENT_UP);
	ck_assert_uint_eq(reserved("a", "c"), 6ull * G);
	audit();
}
END_TEST

/* Its headend tells of an LSP that a policy of the set would have, before the last has found no place. */
START_TEST(a_refused_set_leaves_what_the_headend_has)
{
	struct intent_policy *puts[WIDE];
	struct lsp_state *l = pcc_plant("a", "foreign", &(struct sr_list){ .n = 1, .at = { net_sid("b") } });
	struct answer a;

	l->has_key = true;
	l->color = 1;
	l->endpoint = net_addr("b");
	for (uint32_t k = 0; k < WIDE; k++)
		puts[k] = wish(k + 1, "b", k + 1 < WIDE ? 1 : 10ull * G);
	ask(&a, "slice", puts, WIDE, false);
	while (reserved("a", "b") == 0)
		step();
	ck_assert(!a.done);
	pcc_report("a", "foreign");
	ck_assert_int_eq(wait_for(&a).code, INTENT_E_SHORT);
	run_ms(100);
	ck_assert_ptr_nonnull(pcc_lsp("a", "foreign"));
	ck_assert_int_eq(view_of("a", 1, "b")->mode, INTENT_OBSERVED);
	ck_assert_uint_eq(records("policy"), 0);
	audit();
}
END_TEST

/* Nobody has to answer for it: it ends while its last write is being told. */
START_TEST(what_was_never_sent_is_deleted_to_its_record)
{
	struct intent_policy *p = wish(1, "b", G);

	p->admin_down = true;
	ck_assert_int_eq(admit_one("slice", p).code, 0);
	ck_assert_uint_eq(records("policy"), 1);
	ck_assert_int_eq(drop("slice", 1, "b").code, 0);
	run_ms(1000);
	ck_assert_uint_eq(records("policy"), 0);
	audit();
}
END_TEST

START_TEST(repairs_go_first)
{
	struct answer a;
	struct intent_policy *p;

	for (uint32_t k = 1; k <= WIDE; k++) {
		p = policy("a", k, "d");
		p->bandwidth_bps = 8ull * G / WIDE;
		put_ok(p);
	}
	run_ms(100);
	(void)pcc_answer("a");
	ck_assert_uint_eq(reserved("a", "b"), 8ull * G);
	net_cut("a", "b");
	p = wish(100, "d", 6ull * G); /* there is room as long as they are not moved */
	ask(&a, "slice", &p, 1, false);
	ck_assert_int_eq(wait_for(&a).code, INTENT_E_SHORT);
	run_ms(100);
	ck_assert_uint_eq(reserved("a", "c"), 8ull * G);
	for (uint32_t k = 1; k <= WIDE; k++)
		ck_assert(view_of("a", k, "d")->charged);
}
END_TEST

/* Crash after so many milliseconds: what was told is there, what was not is there as a whole or not. */
START_TEST(a_crash_at_any_time)
{
	struct intent_policy *puts[] = { wish(1, "b", 4ull * G), wish(2, "b", 6ull * G) };
	struct answer a;
	bool told;

	ask(&a, "slice", puts, 2, false);
	for (int k = 0; k < _i; k++)
		(void)loop_fake_step(world.loop, mono_add(loop_now(world.loop), NS_PER_S));
	told = a.done && a.r.code == 0;
	world_crash();
	ck_assert(records("policy") == 0 || records("policy") == 2);
	ck_assert_uint_eq(records("slice"), records("policy") / 2);
	ck_assert(!told || records("policy") == 2);
	net_publish();
	pcc_up("a");
	run_ms(6000);
	(void)pcc_answer("a");
	if (records("policy") == 2) {
		ck_assert_int_eq(view_of("a", 1, "b")->state, INTENT_UP);
		ck_assert_str_eq(view_of("a", 2, "b")->desired.owner, "slice");
		ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
	} else {
		nothing_is_there();
		ck_assert_uint_eq(reserved("a", "b"), 0);
	}
	audit();
}
END_TEST

/* ---- against a sum ---- */

static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

START_TEST(what_is_admitted_is_what_fits)
{
	static uint64_t held[65];
	uint64_t sum = 0;

	seed = (uint64_t)_i + 1;
	memset(held, 0, sizeof(held));
	for (unsigned k = 0; k < MANY; k++) {
		uint32_t first = 1 + below(60), n = 1 + below(4);
		uint64_t now = sum, bps[4];
		struct intent_policy *puts[4];
		struct intent_set_result r;

		if (below(4) == 0) {
			r = drop("slice", first, "b");
			ck_assert_int_eq(r.code, held[first] ? 0 : INTENT_E_MISSING);
			sum -= held[first];
			held[first] = 0;
			(void)pcc_answer("a");
			run_ms(1);
			(void)pcc_answer("a");
			continue;
		}
		for (uint32_t j = 0; j < n; j++) {
			bps[j] = 1 + below(G);
			puts[j] = wish(first + j, "b", bps[j]);
			/* More is held before less is let go. */
			now += bps[j] > held[first + j] ? bps[j] - held[first + j] : 0;
		}
		r = admit("slice", puts, n);
		ck_assert_msg((r.code == 0) == (now <= 10ull * G), "%u: %d %s, %llu", k, r.code, r.text,
			      (unsigned long long)now);
		for (uint32_t j = 0; r.code == 0 && j < n; j++) {
			sum += bps[j] - held[first + j];
			held[first + j] = bps[j];
		}
		run_ms(1);
		(void)pcc_answer("a");
		run_ms(1);
		(void)pcc_answer("a");
		ck_assert_uint_eq(reserved("a", "b"), sum);
		if (k % 16 == 0)
			audit();
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-admit");
	TCase *two = tcase_create("two"), *four = tcase_create("four"), *often = tcase_create("often");

	tcase_add_checked_fixture(four, square, world_down);
	tcase_add_test(four, all_are_reserved_and_durable_before_it_is_told_and_sent_after);
	tcase_add_test(four, a_cut_between_placing_and_the_disk_moves_it);
	tcase_add_test(four, what_was_never_sent_is_deleted_to_its_record);
	tcase_add_test(four, repairs_go_first);
	tcase_add_checked_fixture(two, pair, world_down);
	tcase_add_test(two, one_bit_too_much_and_nothing_of_it_is_there);
	tcase_add_test(two, of_64_that_want_the_last_exactly_one_wins);
	tcase_add_test(two, a_dry_run_tells_and_leaves_nothing);
	tcase_add_test(two, nobody_is_pushed_out_for_a_promise);
	tcase_add_test(two, more_for_one_that_is_there_is_admitted_as_a_whole);
	tcase_add_test(two, less_is_admitted_where_nothing_is_left);
	tcase_add_test(two, to_another_partition_it_needs_room_there);
	tcase_add_test(two, it_goes_as_a_whole_with_its_owners_record);
	tcase_add_test(two, what_belongs_to_a_slice_is_written_by_it_only);
	tcase_add_test(two, the_owner_hears_of_every_state);
	tcase_add_test(two, without_sight_nothing_is_promised);
	tcase_add_test(two, a_full_disk_and_nothing_is_there);
	tcase_add_test(two, one_wish_that_is_wrong_and_all_are_refused);
	tcase_add_test(two, a_refused_set_leaves_what_the_headend_has);
	tcase_add_loop_test(two, a_crash_at_any_time, 0, 20);
	tcase_add_checked_fixture(often, pair, world_down);
	tcase_add_loop_test(often, what_is_admitted_is_what_fits, 0, 8);
	suite_add_tcase(s, two);
	suite_add_tcase(s, four);
	suite_add_tcase(s, often);
	return check_main(s);
}
