/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions that a device may take another time: who waits for them and who does not. */
#include "bed.h"

#include <stdio.h>
#include <string.h>

static void resting_is_one(void *arg, const struct session_info *s)
{
	(void)arg;
	ck_assert_msg(strstr(s->detail, " sets=2 resting=1") != NULL, "%s", s->detail);
}

/* What nobody else knows the end of rests: those whose paths do not meet its own go on. */
START_TEST(one_that_rests_keeps_nobody_who_does_not_meet_it)
{
	uint32_t t[6];
	struct session_query q;

	world_up();
	target.refuse = RPC_FAILED_PRECONDITION;
	target.refuse_path = "/bad";
	target.refuse_times = 3; /* with the others, then alone; and once more */
	t[0] = set1(DEVICE_REPLACE, "/first", "1");
	t[1] = set1(DEVICE_REPLACE, "/good", "1");
	t[2] = set1(DEVICE_REPLACE, "/bad", "{\"x\":1}");
	t[3] = set1(DEVICE_UPDATE, "/bad/x", "2"); /* in what rests */
	t[4] = set1(DEVICE_REPLACE, "/fine", "1");
	ck_assert(run(&seen.results, 3, 1)); /* a second: nobody has rested yet */
	RESULT(0, t[0], DEVICE_DONE);
	RESULT(1, t[1], DEVICE_DONE);
	RESULT(2, t[4], DEVICE_DONE);
	q = gnmi_sessions(g);
	q.each(q.self, resting_is_one, NULL);
	t[5] = set1(DEVICE_DELETE, "/fine", NULL); /* nor does it keep who comes later */
	ck_assert(run(&seen.results, 4, 1));
	RESULT(3, t[5], DEVICE_DONE);
	ck_assert(run(&seen.results, 6, 10));
	RESULT(4, t[2], DEVICE_DONE);
	RESULT(5, t[3], DEVICE_DONE);
	ck_assert_str_eq(target_has(&target, "/bad/x"), "2"); /* and was not overtaken */
	world_down();
}
END_TEST

START_TEST(those_that_rest_end_with_their_own_word)
{
	uint32_t t[2];

	world_up();
	target.refuse = RPC_UNAVAILABLE;
	t[0] = set1(DEVICE_REPLACE, "/a", "1");
	t[1] = set1(DEVICE_REPLACE, "/b", "1");
	ck_assert(run(&seen.results, 2, 10)); /* 2 s and 4 s, side by side */
	RESULT(0, t[0], DEVICE_REFUSED);
	RESULT(1, t[1], DEVICE_REFUSED);
	ck_assert_uint_eq(target.sets, 6);
	world_down();
}
END_TEST

START_TEST(one_that_rests_goes_on_with_the_next_session)
{
	uint32_t t;

	world_up();
	target.refuse = RPC_ABORTED;
	target.refuse_times = 1;
	t = set1(DEVICE_REPLACE, "/a", "1");
	ck_assert(run(&target.sets, 1, 5));
	run_for(1); /* it rests for another */
	rpc_fake_cut(rpc, &lo);
	target_down(&target);
	ck_assert(run(&seen.downs, 1, 60));
	ck_assert_uint_eq(seen.results, 0);
	target.models[0] = "sextant-device";
	listen_again();
	ck_assert(run(&seen.results, 1, 60));
	RESULT(0, t, DEVICE_DONE);
	target.deaf = true; /* and without a session it ends when it waited long enough, as any */
	t = set1(DEVICE_REPLACE, "/b", "1");
	ck_assert(run(&seen.results, 2, 300));
	RESULT(1, t, DEVICE_REFUSED);
	world_down();
}
END_TEST

/* However many paths: the order of those that meet is kept, and all come to their end. */
START_TEST(many_that_rest_and_meet_come_to_an_end)
{
	char path[64][16];
	struct device_change c[64];
	uint32_t id;

	world_up();
	target.refuse = RPC_ABORTED;
	target.refuse_path = "/p63";
	for (size_t i = 0; i < 64; i++) {
		(void)snprintf(path[i], sizeof(path[i]), "/p%zu", i);
		c[i] = (struct device_change){ DEVICE_REPLACE, path[i], "1" };
	}
	for (size_t i = 0; i < 15; i++)
		ck_assert_int_eq(port.set(port.self, "r1", c, 64, &id), 0);
	(void)set1(DEVICE_REPLACE, "/free", "1");
	ck_assert(run(&seen.results, 1, 1));
	ck_assert_str_eq(target_has(&target, "/free"), "1");
	ck_assert_ptr_null(target_has(&target, "/p0"));
	ck_assert(run(&seen.results, 16, 120));
	world_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("gnmi-queue");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, one_that_rests_keeps_nobody_who_does_not_meet_it);
	tcase_add_test(t, those_that_rest_end_with_their_own_word);
	tcase_add_test(t, one_that_rests_goes_on_with_the_next_session);
	tcase_add_test(t, many_that_rest_and_meet_come_to_an_end);
	suite_add_tcase(s, t);
	return check_main(s);
}
