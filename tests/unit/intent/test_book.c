/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"

#include <string.h>

#include "base/rng.h"
#include "intent/book/book.h"
#include "intent/book/book_claim.h"

enum { G = 1000000000 };

static struct book *book;

static void setup(void)
{
	ck_assert_int_eq(book_new(&book), 0);
	for (uint32_t i = 0; i < 8; i++)
		ck_assert_int_eq(book_capacity_set(book, i, 10ull * G), 0);
}

static void teardown(void)
{
	book = book_free(book);
}

static void audit(void)
{
	char why[128];

	ck_assert_msg(book_audit(book, why, sizeof(why)), "%s", why);
}

static struct book_claim *claim(bool foreign)
{
	struct book_claim *c = NULL;

	ck_assert_int_eq(book_claim_new(book, foreign, NULL, &c), 0);
	return c;
}

static struct book_terms terms(uint64_t bps, uint8_t hold)
{
	return (struct book_terms){ .bps = bps, .hold = hold, .window = BOOK_ALWAYS };
}

static void hold(struct book_claim *c, uint64_t bps, uint8_t prio, uint32_t a, uint32_t b)
{
	const struct book_terms t = terms(bps, prio);
	const uint32_t links[] = { a, b };

	ck_assert_int_eq(book_hold(book, c, &t, links, 2), 0);
	audit();
}

static void move(struct book_claim *c, uint64_t bps, uint8_t prio, uint32_t a, uint32_t b)
{
	const struct book_terms t = terms(bps, prio);
	const uint32_t links[] = { a, b };

	ck_assert_int_eq(book_move(book, c, &t, links, 2, true), 0);
	audit();
}

static uint64_t room(uint32_t link, uint8_t setup_prio, const struct book_claim *except)
{
	const struct book_ask ask = { .setup = setup_prio, .window = BOOK_ALWAYS, .except = except };

	return book_room(book, link, &ask);
}

START_TEST(room_counts_better_and_equal_holders_only)
{
	struct book_claim *c = claim(false);

	hold(c, 4ull * G, 3, 0, 1);
	for (uint8_t p = 0; p < 8; p++)
		ck_assert_uint_eq(room(0, p, NULL), (p < 3 ? 10ull : 6ull) * G);
	ck_assert_uint_eq(room(2, 7, NULL), 10ull * G);
	ck_assert_uint_eq(room(0, 7, c), 10ull * G);
}
END_TEST

START_TEST(foreign_counts_against_every_priority)
{
	struct book_claim *c = claim(true);
	struct book_row row;

	hold(c, 4ull * G, 7, 0, 1);
	for (uint8_t p = 0; p < 8; p++)
		ck_assert_uint_eq(room(0, p, NULL), 6ull * G);
	ck_assert(book_row(book, 0, &row));
	ck_assert_uint_eq(row.foreign_bps[7], 4ull * G);
	ck_assert_uint_eq(row.ours_bps[7], 0);
	book_claim_foreign_set(book, c, false);
	audit();
	ck_assert(book_row(book, 0, &row));
	ck_assert_uint_eq(row.foreign_bps[7], 0);
	ck_assert_uint_eq(row.ours_bps[7], 4ull * G);
	ck_assert_uint_eq(room(0, 6, NULL), 10ull * G);
}
END_TEST

START_TEST(an_unknown_capacity_books_nothing)
{
	const struct book_ask ask = { .setup = 7, .window = BOOK_ALWAYS };
	const uint32_t links[] = { 0, 77, 1 };

	ck_assert_uint_eq(book_refuses(book, &ask, 1, links, 3), 77);
	ck_assert_uint_eq(book_refuses(book, &ask, 0, links, 3), UINT32_MAX);
	ck_assert_int_eq(book_capacity_set(book, 1, 0), 0);
	ck_assert_uint_eq(book_refuses(book, &ask, 1, links + 2, 1), 1);
	ck_assert_uint_eq(book_refuses(book, &ask, 10ull * G, links, 1), UINT32_MAX);
	ck_assert_uint_eq(book_refuses(book, &ask, 10ull * G + 1, links, 1), 0);
}
END_TEST

START_TEST(make_before_break_books_the_larger_until_settled)
{
	struct book_claim *c = claim(false);

	hold(c, 4ull * G, 5, 0, 1);
	move(c, 6ull * G, 5, 1, 2);
	ck_assert_uint_eq(book_claim_bps(c, 0), 4ull * G);
	ck_assert_uint_eq(book_claim_bps(c, 1), 6ull * G); /* larger of both, not the sum */
	ck_assert_uint_eq(book_claim_bps(c, 2), 6ull * G);
	move(c, 1ull * G, 5, 1, 3); /* before the first is known up */
	ck_assert_uint_eq(book_claim_bps(c, 1), 6ull * G);
	ck_assert_uint_eq(book_claim_bps(c, 2), 6ull * G);
	book_settle(book, c);
	audit();
	ck_assert_uint_eq(book_claim_bps(c, 0), 0);
	ck_assert_uint_eq(book_claim_bps(c, 1), 1ull * G);
	ck_assert_uint_eq(book_claim_bps(c, 2), 0);
	ck_assert_uint_eq(book_claim_bps(c, 3), 1ull * G);
	ck_assert_uint_eq(room(1, 7, NULL), 9ull * G);
}
END_TEST

START_TEST(a_refused_move_gives_the_new_back)
{
	struct book_claim *c = claim(false);

	hold(c, 4ull * G, 5, 0, 1);
	move(c, 6ull * G, 5, 1, 2);
	book_revert(book, c);
	audit();
	ck_assert_uint_eq(book_claim_bps(c, 0), 4ull * G);
	ck_assert_uint_eq(book_claim_bps(c, 1), 4ull * G);
	ck_assert_uint_eq(book_claim_bps(c, 2), 0);
}
END_TEST

START_TEST(what_was_never_sent_is_not_kept)
{
	struct book_claim *c = claim(false);
	const struct book_terms t = terms(1ull * G, 7);
	const uint32_t l2[] = { 2 }, l3[] = { 3 };

	hold(c, 4ull * G, 5, 0, 1);
	ck_assert_int_eq(book_move(book, c, &t, l2, 1, true), 0);
	ck_assert_int_eq(book_move(book, c, &t, l3, 1, false), 0);
	audit();
	ck_assert_uint_eq(book_claim_bps(c, 0), 4ull * G);
	ck_assert_uint_eq(book_claim_bps(c, 2), 0);
	ck_assert_uint_eq(book_claim_bps(c, 3), 1ull * G);
}
END_TEST

START_TEST(windows_and_nrps_are_kept_apart_and_add_up)
{
	struct book_claim *a = claim(false), *b = claim(false);
	struct book_terms t = terms(6ull * G, 7);
	const uint32_t links[] = { 0 };
	struct book_ask ask = { .setup = 7, .window = { 0, 100 } };

	t.window = (struct book_window){ 100, 200 };
	ck_assert_int_eq(book_hold(book, a, &t, links, 1), 0);
	ck_assert_uint_eq(book_room(book, 0, &ask), 10ull * G);
	ask.window.end_s = 101;
	ck_assert_uint_eq(book_room(book, 0, &ask), 4ull * G);
	t.window = (struct book_window){ 200, 300 };
	t.nrp = 9;
	ck_assert_int_eq(book_hold(book, b, &t, links, 1), 0);
	audit();
	ask.window = BOOK_ALWAYS;
	ck_assert_uint_eq(book_room(book, 0, &ask), 4ull * G); /* never both at once */
	ck_assert_uint_eq(book_excess(book, 0), 0);
	t.window = (struct book_window){ 150, 300 };
	ck_assert_int_eq(book_hold(book, b, &t, links, 1), 0);
	ck_assert_uint_eq(book_room(book, 0, &ask), 0);
	ck_assert_uint_eq(book_excess(book, 0), 2ull * G);
	ask.except = b;
	ck_assert_uint_eq(book_room(book, 0, &ask), 4ull * G);
	audit();
}
END_TEST

START_TEST(a_link_that_vanishes_and_returns_keeps_its_claims)
{
	struct book_claim *c = claim(false);

	hold(c, 4ull * G, 5, 0, 1);
	ck_assert_int_eq(book_capacity_set(book, 0, 0), 0);
	ck_assert_uint_eq(room(0, 7, NULL), 0);
	audit();
	ck_assert_int_eq(book_capacity_set(book, 0, 5ull * G), 0);
	ck_assert_uint_eq(room(0, 7, NULL), 1ull * G);
	c = book_claim_free(book, c);
	audit();
	ck_assert_uint_eq(room(0, 7, NULL), 5ull * G);
}
END_TEST

START_TEST(yielding_keeps_the_user_and_frees_the_room)
{
	struct book_claim *c = claim(false);
	size_t n;

	hold(c, 4ull * G, 5, 0, 1);
	book_yield(book, c, 0);
	book_yield(book, c, 6); /* not a user: nothing */
	audit();
	ck_assert_uint_eq(room(0, 7, NULL), 10ull * G);
	ck_assert_uint_eq(room(1, 7, NULL), 6ull * G);
	ck_assert_ptr_eq(book_users(book, 0, &n)[0], c);
	ck_assert_uint_eq(n, 1);
	ck_assert_ptr_null(book_users(book, 6, &n));
}
END_TEST

START_TEST(zero_bandwidth_is_a_user_that_costs_nothing)
{
	struct book_claim *c = claim(false);
	size_t n;

	hold(c, 0, 7, 4, 4);
	ck_assert_uint_eq(book_claim_link(c, 0), 4);
	ck_assert_uint_eq(book_claim_link(c, 1), UINT32_MAX);
	(void)book_users(book, 4, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(room(4, 7, NULL), 10ull * G);
}
END_TEST

START_TEST(the_snapshot_is_the_room_and_own_rooms_correct_it)
{
	struct book_claim *a = claim(false), *b = claim(false);
	struct book_ask ask = { .setup = 7, .window = BOOK_ALWAYS };
	uint64_t free_bps[10];
	struct book_own own[4];

	hold(a, 8ull * G, 7, 0, 1);
	hold(b, 8ull * G, 7, 1, 2); /* link 1 over-booked: sums stay exact */
	book_snapshot(book, &ask, free_bps, 10);
	ck_assert_uint_eq(free_bps[0], 2ull * G);
	ck_assert_uint_eq(free_bps[1], 0);
	ck_assert_uint_eq(free_bps[9], 0);
	ask.except = a;
	ck_assert_uint_eq(book_own_rooms(book, &ask, NULL, own, 4), 2);
	ck_assert_uint_eq(own[0].free_bps, 10ull * G);
	ck_assert_uint_eq(own[1].link, 1);
	ck_assert_uint_eq(own[1].free_bps, 2ull * G);
	ck_assert_uint_eq(book_excess(book, 1), 6ull * G);
}
END_TEST

START_TEST(the_audit_sees_a_lost_and_a_doubled_charge)
{
	struct book_claim *c = claim(false);
	char why[128];

	hold(c, 4ull * G, 5, 0, 1);
	book->links[1].cells.at[0].ours[5] -= 1;
	ck_assert(!book_audit(book, why, sizeof(why)));
	ck_assert_ptr_nonnull(strstr(why, "link 1"));
	book->links[1].cells.at[0].ours[5] += 1;
	audit();
	book->links[0].users.n = 0;
	ck_assert(!book_audit(book, why, sizeof(why)));
	book->links[0].users.n = 1;
	book->links[0].cells.at[0].n++;
	ck_assert(!book_audit(book, why, sizeof(why)));
	book->links[0].cells.at[0].n--;
	audit();
}
END_TEST

static void random_step(struct rng *r, struct book_claim **c, unsigned n)
{
	struct book_claim **p = &c[rng_below(r, n)];
	struct book_terms t = terms(rng_below(r, 3) ? rng_below(r, 5ull * G) : 0,
				    (uint8_t)rng_below(r, 8));
	uint32_t links[12], k = (uint32_t)rng_below(r, 12);

	for (uint32_t i = 0; i < k; i++)
		links[i] = (uint32_t)rng_below(r, 40);
	if (rng_below(r, 4) == 0)
		t.window = (struct book_window){ rng_below(r, 4), 4 + rng_below(r, 4) };
	t.nrp = (uint32_t)rng_below(r, 3);
	switch (rng_below(r, 9)) {
	case 0:
		*p = book_claim_free(book, *p);
		*p = claim(rng_below(r, 2));
		break;
	case 1:
		ck_assert_int_eq(book_hold(book, *p, &t, links, k), 0);
		break;
	case 2:
		book_settle(book, *p);
		break;
	case 3:
		book_revert(book, *p);
		break;
	case 4:
		book_yield(book, *p, (uint32_t)rng_below(r, 40));
		break;
	case 5:
		book_claim_foreign_set(book, *p, rng_below(r, 2));
		break;
	case 6:
		ck_assert_int_eq(book_capacity_set(book, (uint32_t)rng_below(r, 40),
						   rng_below(r, 20ull * G)), 0);
		break;
	default:
		ck_assert_int_eq(book_move(book, *p, &t, links, k, rng_below(r, 2)), 0);
		break;
	}
}

START_TEST(random_sequences_stay_exact)
{
	struct book_claim *c[12];
	struct rng r;

	rng_seed(&r, (uint64_t)_i + 1);
	for (unsigned i = 0; i < 12; i++)
		c[i] = claim(i % 3 == 0);
	for (unsigned i = 0; i < 400; i++) {
		random_step(&r, c, 12);
		audit();
	}
	for (unsigned i = 0; i < 12; i++)
		book_claim_free(book, c[i]);
	audit();
	for (uint32_t l = 0; l < book_n_links(book); l++)
		ck_assert_uint_eq(room(l, 7, NULL), book_capacity(book, l));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-book");
	TCase *t = tcase_create("book");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, room_counts_better_and_equal_holders_only);
	tcase_add_test(t, foreign_counts_against_every_priority);
	tcase_add_test(t, an_unknown_capacity_books_nothing);
	tcase_add_test(t, make_before_break_books_the_larger_until_settled);
	tcase_add_test(t, a_refused_move_gives_the_new_back);
	tcase_add_test(t, what_was_never_sent_is_not_kept);
	tcase_add_test(t, windows_and_nrps_are_kept_apart_and_add_up);
	tcase_add_test(t, a_link_that_vanishes_and_returns_keeps_its_claims);
	tcase_add_test(t, yielding_keeps_the_user_and_frees_the_room);
	tcase_add_test(t, zero_bandwidth_is_a_user_that_costs_nothing);
	tcase_add_test(t, the_snapshot_is_the_room_and_own_rooms_correct_it);
	tcase_add_test(t, the_audit_sees_a_lost_and_a_doubled_charge);
	tcase_add_loop_test(t, random_sequences_stay_exact, 0, 40);
	suite_add_tcase(s, t);
	return check_main(s);
}
