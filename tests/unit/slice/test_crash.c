/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill -9 between any two steps of the loop while an order is realised, changed or taken away: what was
 * acknowledged is completed or rolled back with its cause, what was not is complete or absent, and in
 * the end nothing is left that nobody ordered.
 */
#include <stdio.h>
#include <string.h>

#include "bed.h"

enum { LONG = 400 };

static void up(void)
{
	bed_up(bed_pair);
	for (int k = 0; k < SLICE_STEPS; k++)
		bed.available[k] = k != SLICE_STEP_POLICIES;
	bed.slow = true;
	bed_crash();
}

#define RESERVED "\"sextant-slice:realisation\":{\"sharing\":\"reserved\"},"

/* The headend answers, as a step of its own, when nothing else is due. False: nothing happens any more. */
static bool go(unsigned steps)
{
	for (unsigned k = 0; k < steps; k++) {
		if (!loop_fake_step(world.loop, mono_add(loop_now(world.loop), 100 * NS_PER_MS)) &&
		    pcc_answer("a") == 0)
			return false;
	}
	return true;
}

static void clean(void)
{
	if (seen("one"))
		ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	bed_settle();
	ck_assert(!seen("one"));
	for (unsigned k = 0; k < SLICE_STEPS; k++)
		ck_assert(!bed.there[k]);
	nothing_left();
}

static bool one_order(unsigned steps)
{
	struct answer a;
	bool more, told;

	up();
	ask(&a, SLICE_SERVICE, SLICE_CREATE, "one", order("one", 4ull * G, RESERVED), false);
	more = go(steps);
	told = a.done;
	ck_assert(!told || a.r.code == 0);
	bed_crash();
	bed_settle();
	bed_settle();
	ck_assert_msg(!told || seen("one"), "it was acknowledged, and is not there after %u steps", steps);
	if (seen("one")) {
		ck_assert_msg(seen("one")->state == SLICE_ACTIVE, "%u steps: %s, %s", steps,
			      slice_state_text(seen("one")->state), seen("one")->reason);
		ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
		ck_assert_uint_eq(slice_audit(bed.slice, NULL, NULL), 0);
	} else {
		nothing_left();
	}
	clean();
	bed_down();
	return more;
}

START_TEST(killed_while_an_order_is_realised)
{
	unsigned n = 0;

	while (n < LONG && one_order(n))
		n++;
	ck_assert_uint_gt(n, 12); /* there were steps to be killed between */
	ck_assert_uint_lt(n, LONG);
}
END_TEST

static bool one_end(unsigned steps)
{
	struct answer a;
	bool more, told;

	up();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 4ull * G, RESERVED)).code, 0);
	bed_settle();
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	ask(&a, SLICE_SERVICE, SLICE_DELETE, "one", NULL, false);
	more = go(steps);
	told = a.done;
	bed_crash();
	bed_settle();
	bed_settle();
	ck_assert_msg(!told || !seen("one"), "its end was acknowledged, and it is there after %u steps", steps);
	if (seen("one"))
		ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	else
		nothing_left();
	clean();
	bed_down();
	return more;
}

START_TEST(killed_while_a_slice_is_taken_away)
{
	unsigned n = 0;

	while (n < LONG && one_end(n))
		n++;
	ck_assert_uint_gt(n, 12);
	ck_assert_uint_lt(n, LONG);
}
END_TEST

static bool one_change(unsigned steps)
{
	struct answer a;
	bool more, told;
	uint64_t has;

	up();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 2ull * G, RESERVED)).code, 0);
	bed_settle();
	ask(&a, SLICE_SERVICE, SLICE_UPDATE, "one", order("one", 6ull * G, RESERVED), false);
	more = go(steps);
	told = a.done;
	bed_crash();
	bed_settle();
	bed_settle();
	has = reserved("a", "b");
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	ck_assert(has == 6ull * G || (!told && has == 2ull * G));
	ck_assert_uint_eq(slice_audit(bed.slice, NULL, NULL), 0);
	clean();
	bed_down();
	return more;
}

START_TEST(killed_while_a_slice_is_changed)
{
	unsigned n = 0;

	while (n < LONG && one_change(n))
		n++;
	ck_assert_uint_gt(n, 12);
	ck_assert_uint_lt(n, LONG);
}
END_TEST

static bool one_roll_back(unsigned steps)
{
	struct answer a;
	bool more, told;

	up();
	bed.fails = SLICE_STEP_VERIFY;
	ask(&a, SLICE_SERVICE, SLICE_CREATE, "one", order("one", 4ull * G, RESERVED), false);
	more = go(steps);
	told = a.done;
	bed_crash();
	bed_settle();
	bed_settle();
	ck_assert(!told || seen("one"));
	if (seen("one")) {
		ck_assert_int_eq(seen("one")->state, SLICE_ROLLED_BACK);
		ck_assert_str_eq(seen("one")->reason, "verify: the router said no");
		ck_assert_uint_eq(reserved("a", "b"), 0);
		ck_assert_uint_eq(records("policy"), 0);
		for (unsigned k = 0; k < SLICE_STEPS; k++)
			ck_assert(!bed.there[k]);
	}
	clean();
	bed_down();
	return more;
}

START_TEST(killed_while_it_is_rolled_back)
{
	unsigned n = 0;

	while (n < LONG && one_roll_back(n))
		n++;
	ck_assert_uint_gt(n, 12);
	ck_assert_uint_lt(n, LONG);
}
END_TEST

/* Two policies kept apart, from a to d, both up; then all that is left of the square is a-c-d, or nothing. */
static void pair_and_cuts(bool both)
{
	bed_up(bed_square);
	for (int k = 0; k < SLICE_STEPS; k++)
		bed.available[k] = k != SLICE_STEP_POLICIES;
	bed_crash();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one",
				 "{\"id\":\"one\",\"sextant-slice:realisation\":{\"sharing\":\"dedicated\"},"
				 "\"service-slo-sle-policy\":{" SLO(BOUND("one-way-bandwidth", "Gbps", "1"))
				 ",\"sle-policy\":{\"path-constraints\":{\"diversity\":{\"diversity-type\":\"link\"}}}},"
				 "\"sdps\":{\"sdp\":[{\"id\":\"s1\",\"node-id\":\"a\"},{\"id\":\"s2\",\"node-id\":\"d\"}]},"
				 "\"connection-groups\":{\"connection-group\":[{\"id\":\"g\",\"connectivity-construct\":["
				 "{\"id\":\"1\",\"p2p-sender-sdp\":\"s1\",\"p2p-receiver-sdp\":\"s2\"}]}]}}").code, 0);
	bed_settle();
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	net_cut("b", "d");
	if (both)
		net_cut("c", "d");
	bed_publish();
	bed_settle();
}

/* What is said of it before and after is the same: not that it is on its way again. */
static void same_after_a_start(bool both)
{
	enum slice_state was;

	pair_and_cuts(both);
	was = seen("one")->state;
	ck_assert(was == SLICE_AT_RISK || was == SLICE_VIOLATED);
	bed_crash();
	bed_settle();
	ck_assert_msg(seen("one")->state == was, "it was %s, and is %s: %s", slice_state_text(was),
		      slice_state_text(seen("one")->state), seen("one")->reason);
	bed_down();
}

START_TEST(one_that_stood_is_what_it_was_after_a_start_when_one_way_is_left)
{
	same_after_a_start(false);
}
END_TEST

START_TEST(one_that_stood_is_violated_after_a_start_when_nothing_is_left)
{
	same_after_a_start(true);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slice-crash");
	TCase *t = tcase_create("crash");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, killed_while_an_order_is_realised);
	tcase_add_test(t, killed_while_a_slice_is_taken_away);
	tcase_add_test(t, killed_while_a_slice_is_changed);
	tcase_add_test(t, killed_while_it_is_rolled_back);
	tcase_add_test(t, one_that_stood_is_what_it_was_after_a_start_when_one_way_is_left);
	tcase_add_test(t, one_that_stood_is_violated_after_a_start_when_nothing_is_left);
	suite_add_tcase(s, t);
	return check_main(s);
}
