/* SPDX-License-Identifier: Apache-2.0 */
/* Slices that begin later: booked from the order on, in the network from their time on. */
#include "bed.h"

#include <stdio.h>
#include <time.h>

#include "base/str.h"

/* The wall clock of everybody here: linked with --wrap. */
uint64_t __real_loop_wall_ns(const struct loop *loop);
uint64_t __wrap_loop_wall_ns(const struct loop *loop);

static int64_t jumped_s;

uint64_t __wrap_loop_wall_ns(const struct loop *loop)
{
	return __real_loop_wall_ns(loop) + (uint64_t)(jumped_s * (int64_t)NS_PER_S);
}

static uint64_t now_s(void)
{
	return loop_wall_ns(world.loop) / NS_PER_S;
}

static void clock_is(uint64_t s)
{
	jumped_s += (int64_t)s - (int64_t)now_s();
}

static const char *at(uint64_t s)
{
	static char text[4][32];
	static unsigned k;
	time_t t = (time_t)s;
	struct tm tm;

	k = (k + 1) % 4;
	ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
	ck_assert_uint_gt(strftime(text[k], sizeof(text[k]), "%Y-%m-%dT%H:%M:%SZ", &tm), 0);
	return text[k];
}

static const char *text_of(const char *id, uint64_t bps, uint64_t begin_s, uint64_t end_s, const char *more)
{
	char real[256];

	(void)snprintf(real, sizeof(real), "\"sextant-slice:realisation\":{\"begins\":\"%s\"%s%s%s%s},", at(begin_s),
		       end_s ? ",\"ends\":\"" : "", end_s ? at(end_s) : "", end_s ? "\"" : "", more);
	return order(id, bps, real);
}

/* A slice of so many bit/s from then on, until then; 0: for ever. */
static struct slice_result from(const char *id, uint64_t bps, uint64_t begin_s, uint64_t end_s)
{
	return put_doc(SLICE_SERVICE, id, text_of(id, bps, begin_s, end_s, ""));
}

static struct slice_result now(const char *id, uint64_t bps)
{
	return put_doc(SLICE_SERVICE, id, order(id, bps, ""));
}

static void pass_s(uint64_t s)
{
	struct mono end = mono_add(loop_now(world.loop), s * NS_PER_S);

	while (mono_before(loop_now(world.loop), end) && loop_fake_step(world.loop, end))
		;
	bed_settle();
}

/* All steps have somebody who does them. */
static void with_steps(void)
{
	bed_up(bed_pair);
	for (int k = 0; k < SLICE_STEPS; k++)
		bed.available[k] = k != SLICE_STEP_POLICIES;
	bed_crash();
}

static void is_in_wait(const char *id)
{
	ck_assert_int_eq(seen(id)->state, SLICE_SCHEDULED);
	ck_assert_uint_eq(bed.n_jobs, 0);
	for (uint32_t k = 0; k < world.n_calls; k++)
		ck_assert_int_ne(world.calls[k].kind, CALL_APPLY);
}

START_TEST(one_that_begins_later_is_booked_and_not_in_the_network)
{
	uint64_t t;

	with_steps();
	t = now_s();
	ck_assert_int_eq(from("one", 6ull * G, t + 3600, 0).code, 0);
	ck_assert_uint_eq(reserved("a", "b"), 6ull * G);
	pass_s(3200);
	is_in_wait("one");
	ck_assert_uint_eq(slice_audit(bed.slice, NULL, NULL), 0);
	ck_assert_uint_eq(alarms_of("policy-down"), 0);
	/* it is nobody else's room */
	ck_assert_int_eq(now("two", 4ull * G + 1).code, SLICE_E_SHORT);
	pass_s(500);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	ck_assert(bed.there[SLICE_STEP_VPN] && bed.there[SLICE_STEP_CLASSIFY]);
	ck_assert_uint_eq(events("slice-begun"), 1);
	ck_assert_uint_eq(events("slice-begin-checked"), 1);
	ck_assert_uint_eq(events("slice-begin-doubtful"), 0);
	ck_assert_uint_eq(reserved("a", "b"), 6ull * G);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	nothing_left();
	bed_down();
}
END_TEST

START_TEST(a_crash_forgets_neither_the_room_nor_the_time)
{
	uint64_t t;

	bed_up(bed_pair);
	t = now_s();
	ck_assert_int_eq(from("one", 6ull * G, t + 3600, 0).code, 0);
	bed_settle();
	for (unsigned k = 0; k < 3; k++) {
		bed_crash();
		bed_settle();
		is_in_wait("one");
		ck_assert_uint_eq(reserved("a", "b"), 6ull * G);
		ck_assert_int_eq(now("two", 4ull * G + 1).code, SLICE_E_SHORT);
	}
	pass_s(3700);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	bed_crash();
	bed_settle();
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	nothing_left();
	bed_down();
}
END_TEST

START_TEST(one_whose_time_came_while_nobody_ran_begins)
{
	bed_up(bed_pair);
	ck_assert_int_eq(from("one", G, now_s() + 100, 0).code, 0);
	clock_is(now_s() + 5000);
	bed_crash();
	pass_s(20);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	bed_down();
}
END_TEST

START_TEST(the_clock_may_jump)
{
	uint64_t t;

	bed_up(bed_pair);
	t = now_s();
	ck_assert_int_eq(from("one", G, t + 100000, 0).code, 0);
	pass_s(100);
	clock_is(t + 100001);
	pass_s(70);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	/* and back: what has begun stays */
	clock_is(t - 5000);
	pass_s(100);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	ck_assert_int_eq(from("one", 2ull * G, t + 100000, 0).code, 0); /* the same time: no word against it */
	bed_settle();
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	ck_assert_uint_eq(reserved("a", "b"), 2ull * G);
	bed_crash();
	bed_settle();
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	bed_down();
}
END_TEST

START_TEST(times_that_make_no_sense)
{
	struct slice_result r;
	uint64_t t;

	bed_up(bed_pair);
	t = now_s();
	r = from("one", G, t + 200, t + 200);
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert_ptr_nonnull(strstr(r.field, "realisation/begins"));
	/* one that is past is as none */
	ck_assert_int_eq(from("one", G, t - 10, 0).code, 0);
	bed_settle();
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	/* what runs is not put off */
	r = from("one", G, t + 100, 0);
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert_ptr_nonnull(strstr(r.text, "begun already"));
	ck_assert_int_eq(now("two", G).code, 0);
	bed_settle();
	ck_assert_int_eq(from("two", G, t + 100, 0).code, SLICE_E_INVALID);
	bed_down();
}
END_TEST

START_TEST(its_time_may_be_changed_before_it_comes)
{
	uint64_t t;

	with_steps();
	t = now_s();
	ck_assert_int_eq(from("one", G, t + 1000, 0).code, 0);
	ck_assert_int_eq(from("one", 2ull * G, t + 2000, 0).code, 0);
	ck_assert_uint_eq(reserved("a", "b"), 2ull * G);
	pass_s(1500);
	is_in_wait("one");
	ck_assert_int_eq(from("one", 2ull * G, t + 1600, 0).code, 0);
	pass_s(150);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	/* and one without a time begins now */
	ck_assert_int_eq(from("two", G, t + 9000, 0).code, 0);
	bed_settle();
	ck_assert_int_eq(seen("two")->state, SLICE_SCHEDULED);
	ck_assert_int_eq(now("two", G).code, 0);
	bed_settle();
	ck_assert_int_eq(seen("two")->state, SLICE_ACTIVE);
	ck_assert_uint_eq(events("slice-begun"), 2);
	bed_down();
}
END_TEST

START_TEST(one_that_is_deleted_before_leaves_nothing)
{
	with_steps();
	ck_assert_int_eq(from("one", G, now_s() + 1000, 0).code, 0);
	if (_i)
		bed_crash();
	bed_settle();
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	ck_assert_ptr_null(seen("one"));
	nothing_left();
	pass_s(1100);
	ck_assert_uint_eq(world.n_calls, 0);
	bed_down();
}
END_TEST

START_TEST(one_that_begins_and_ends_does_both)
{
	uint64_t t;

	bed_up(bed_pair);
	t = now_s();
	ck_assert_int_eq(from("one", G, t + 1000, t + 2000).code, 0);
	pass_s(1100);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	pass_s(1000);
	ck_assert_ptr_null(seen("one"));
	nothing_left();
	/* one that was over before it could begin does not */
	ck_assert_int_eq(from("one", G, now_s() + 1000, now_s() + 2000).code, 0);
	world.n_calls = 0;
	clock_is(now_s() + 3000);
	pass_s(100);
	ck_assert_ptr_null(seen("one"));
	ck_assert_uint_eq(world.n_calls, 0);
	nothing_left();
	bed_down();
}
END_TEST

START_TEST(what_could_not_begin_is_told_before_and_is_an_alarm_then)
{
	uint64_t t;

	bed_up(bed_pair);
	t = now_s();
	ck_assert_int_eq(from("one", G, t + 1000, 0).code, 0);
	pass_s(500);
	net_cut("a", "b");
	bed_publish();
	bed_settle();
	pass_s(50);
	ck_assert_int_eq(seen("one")->state, SLICE_SCHEDULED);
	ck_assert_ptr_nonnull(strstr(seen("one")->reason, "could not begin now"));
	ck_assert_uint_eq(events("slice-begin-doubtful"), 0); /* there is time */
	pass_s(250);
	ck_assert_uint_eq(events("slice-begin-doubtful"), 1);
	ck_assert_uint_eq(alarms_of("slice-violated"), 0);
	pass_s(250);
	ck_assert_uint_eq(alarms_of("slice-violated"), 1);
	ck_assert_int_eq(seen("one")->state, SLICE_SCHEDULED);
	ck_assert_ptr_nonnull(strstr(seen("one")->reason, "cannot begin"));
	net_heal("a", "b");
	bed_publish();
	bed_settle();
	pass_s(100);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	ck_assert_uint_eq(alarms_of("slice-violated"), 0);
	bed_down();
}
END_TEST

START_TEST(what_fails_at_its_time_is_not_rolled_back)
{
	with_steps();
	bed.fails = SLICE_STEP_VPN;
	ck_assert_int_eq(from("one", 6ull * G, now_s() + 1000, 0).code, 0);
	pass_s(1100);
	ck_assert_int_eq(seen("one")->state, SLICE_VIOLATED);
	ck_assert_uint_eq(alarms_of("slice-violated"), 1);
	ck_assert_uint_eq(reserved("a", "b"), 6ull * G);
	bed.fails = -1;
	pass_s(100);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	ck_assert_uint_eq(alarms_of("slice-violated"), 0);
	/* its twin, which was ordered for now */
	bed.fails = SLICE_STEP_VPN;
	ck_assert_int_eq(now("two", G).code, 0);
	bed_settle();
	ck_assert_int_eq(seen("two")->state, SLICE_ROLLED_BACK);
	bed_down();
}
END_TEST

START_TEST(a_child_begins_in_what_its_parent_has)
{
	static const char in[] = ",\"parent-slice\":\"top\"";
	uint64_t t;

	bed_up(bed_pair);
	t = now_s();
	ck_assert_int_eq(from("top", 5ull * G, t + 1000, 0).code, 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "kid", text_of("kid", G, t + 999, 0, in)).code, SLICE_E_INVALID);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "kid", text_of("kid", G, t + 1000, 0, in)).code, 0);
	pass_s(500);
	ck_assert_int_eq(seen("kid")->state, SLICE_SCHEDULED);
	/* the parent is not put off beyond it */
	ck_assert_int_eq(from("top", 5ull * G, t + 1001, 0).code, SLICE_E_INVALID);
	pass_s(700);
	ck_assert_int_eq(seen("top")->state, SLICE_ACTIVE);
	ck_assert_int_eq(seen("kid")->state, SLICE_ACTIVE);
	ck_assert_uint_eq(reserved("a", "b"), 5ull * G);
	bed_down();
}
END_TEST

/* Another time is the same for who orders a time: room is booked from the order on. */
START_TEST(another_time_is_when_it_has_to_be_ordered)
{
	struct slice_result r;
	char want[64];
	uint64_t t;

	bed_up(bed_pair);
	t = now_s();
	ck_assert_int_eq(from("one", 8ull * G, t + 1000, t + 2000).code, 0);
	(void)snprintf(want, sizeof(want), "from %s on", at(t + 2000));
	r = now("two", 3ull * G);
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(r.alternative[1], want);
	pass_s(2100);
	ck_assert_int_eq(now("two", 3ull * G).code, 0);
	bed_down();
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		one_that_begins_later_is_booked_and_not_in_the_network,
		a_crash_forgets_neither_the_room_nor_the_time,
		one_whose_time_came_while_nobody_ran_begins,
		the_clock_may_jump,
		times_that_make_no_sense,
		its_time_may_be_changed_before_it_comes,
		one_that_begins_and_ends_does_both,
		what_could_not_begin_is_told_before_and_is_an_alarm_then,
		what_fails_at_its_time_is_not_rolled_back,
		a_child_begins_in_what_its_parent_has,
		another_time_is_when_it_has_to_be_ordered,
	};
	Suite *s = suite_create("slice-begins");
	TCase *t = tcase_create("all");

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, one_that_is_deleted_before_leaves_nothing, 0, 2);
	suite_add_tcase(s, t);
	return check_main(s);
}
