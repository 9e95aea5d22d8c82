/* SPDX-License-Identifier: Apache-2.0 */
/* The LSP-DB of a session and the requests it made. */
#include "check_main.h"

#include "southbound/pcep/pcep_int.h"

static struct pcep_txns txns;

static void give(uint32_t from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = from + i;

		if (id == 0 || id == UINT32_MAX)
			continue;
		ck_assert(pcep_txns_reserve(&txns));
		pcep_txns_add(&txns, id);
	}
}

static void teardown(void)
{
	pcep_txns_fini(&txns);
}

START_TEST(only_what_was_given_out_is_known)
{
	ck_assert(!pcep_txns_answer(&txns, 1));
	give(5, 3);
	ck_assert(!pcep_txns_answer(&txns, 4) && !pcep_txns_answer(&txns, 8) &&
		  !pcep_txns_answer(&txns, 0));
	for (uint32_t id = 5; id < 8; id++)
		ck_assert(pcep_txns_answer(&txns, id));
	ck_assert(pcep_txns_answer(&txns, 6)); /* a second answer is one too */
}
END_TEST

START_TEST(numbers_are_found_over_the_wrap)
{
	give(UINT32_MAX - 40, 80);
	for (uint32_t i = 0; i < 80; i++) {
		uint32_t id = UINT32_MAX - 40 + i;

		ck_assert_int_eq(pcep_txns_answer(&txns, id), id != 0 && id != UINT32_MAX);
	}
	ck_assert(!pcep_txns_answer(&txns, 100) && !pcep_txns_answer(&txns, UINT32_MAX - 41));
}
END_TEST

START_TEST(answered_ones_make_room_open_ones_make_it_grow)
{
	bool answer = _i == 0;

	for (uint32_t id = 1; id <= 1000; id++) {
		give(id, 1);
		if (answer)
			ck_assert(pcep_txns_answer(&txns, id));
	}
	if (answer)
		ck_assert_uint_eq(txns.cap, PCEP_TXNS_MIN);
	else
		ck_assert_uint_eq(txns.n, 1000);
	ck_assert(pcep_txns_answer(&txns, 1000));
	ck_assert_int_eq(pcep_txns_answer(&txns, 1), !answer);
}
END_TEST

START_TEST(a_long_open_one_stays_among_answered_ones)
{
	give(1, 1);
	for (uint32_t id = 2; id <= 5000; id++) {
		give(id, 1);
		ck_assert(pcep_txns_answer(&txns, id));
	}
	ck_assert_uint_eq(txns.cap, PCEP_TXNS_MIN);
	ck_assert(pcep_txns_answer(&txns, 1));
}
END_TEST

START_TEST(the_table_is_bounded_and_forgets_the_oldest)
{
	give(1, 3 * PCEP_TXNS_MAX);
	ck_assert_uint_eq(txns.cap, PCEP_TXNS_MAX);
	ck_assert_uint_le(txns.n, PCEP_TXNS_MAX);
	ck_assert(!pcep_txns_answer(&txns, 1));
	ck_assert(pcep_txns_answer(&txns, 3 * PCEP_TXNS_MAX));
	ck_assert(pcep_txns_answer(&txns, 3 * PCEP_TXNS_MAX - PCEP_TXNS_MAX / 2));
}
END_TEST

START_TEST(lsps_are_found_by_id_and_name_and_bounded)
{
	struct pcep_db_lsp *l;
	struct pcep_db db;

	pcep_db_init(&db, 1, 3);
	ck_assert_ptr_nonnull(pcep_db_add(&db, 1, "one"));
	ck_assert_ptr_nonnull(pcep_db_add(&db, 2, "name"));
	ck_assert_ptr_nonnull(pcep_db_add(&db, 3, "three"));
	ck_assert_ptr_null(pcep_db_add(&db, 4, "four"));
	ck_assert_ptr_eq(pcep_db_named(&db, "name"), pcep_db_find(&db, 2));
	ck_assert_ptr_null(pcep_db_named(&db, "four"));
	l = pcep_db_find(&db, 2);
	ck_assert(l && l->plsp_id == 2);
	ck_assert_str_eq(l->name, "name");
	ck_assert_ptr_null(pcep_db_find(&db, 4));
	pcep_db_del(&db, l);
	ck_assert_ptr_null(pcep_db_find(&db, 2));
	ck_assert_ptr_null(pcep_db_named(&db, "name"));
	ck_assert_ptr_nonnull(pcep_db_add(&db, 4, "other"));
	pcep_db_clear(&db, 2);
	ck_assert_ptr_null(pcep_db_find(&db, 4));
	ck_assert_ptr_null(pcep_db_named(&db, "other"));
	ck_assert_uint_eq(db.hash.count, 0);
	ck_assert_ptr_nonnull(pcep_db_add(&db, 4, ""));
	pcep_db_fini(&db);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pcep_db");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, only_what_was_given_out_is_known);
	tcase_add_test(t, numbers_are_found_over_the_wrap);
	tcase_add_loop_test(t, answered_ones_make_room_open_ones_make_it_grow, 0, 2);
	tcase_add_test(t, a_long_open_one_stays_among_answered_ones);
	tcase_add_test(t, the_table_is_bounded_and_forgets_the_oldest);
	tcase_add_test(t, lsps_are_found_by_id_and_name_and_bounded);
	suite_add_tcase(s, t);
	return check_main(s);
}
