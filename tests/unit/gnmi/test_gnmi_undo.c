/* SPDX-License-Identifier: Apache-2.0 */
/* Sets that are half done, by devices that do so once or always, and what is taken back of them. */
#include "bed.h"

#include <limits.h>
#include <string.h>

#define KEY "/m/key[name=k]"
#define FIRST "{\"name\":\"k\",\"secret\":\"first\"}"
#define NEXT "{\"name\":\"k\",\"secret\":\"next\"}"

static uint32_t set_all(const struct device_change *c, size_t n)
{
	uint32_t txn = 0;

	ck_assert_int_eq(port.set(port.self, "r1", c, n, &txn), 0);
	return txn;
}

static void has(const char *path, const char *json)
{
	if (json)
		ck_assert_str_eq(target_has(&target, path), json);
	else
		ck_assert_ptr_null(target_has(&target, path));
}

/* One that does half of every Set does all of one with a single change. Loop: what was there before. */
START_TEST(a_device_that_always_does_half_is_put_right_one_by_one)
{
	static const struct device_change c[] = { { DEVICE_REPLACE, "/a", "2" },
						  { DEVICE_REPLACE, "/b", "2" },
						  { DEVICE_REPLACE, "/c", "2" } };
	uint32_t t;

	world_up();
	target_put(&target, "/a", "1");
	if (_i)
		target_put(&target, "/b", "1");
	target.half = UINT_MAX;
	target.does = 2; /* and there are two to be put right */
	t = set_all(c, 3);
	ck_assert(run(&seen.results, 1, 60));
	RESULT(0, t, DEVICE_UNDONE);
	has("/a", "1");
	has("/b", _i ? "1" : NULL);
	has("/c", NULL);
	world_down();
}
END_TEST

static void one_with_a_key(void)
{
	uint32_t t;

	world_up();
	target.hides = ",\"secret\":\"";
	target.demands = "secret"; /* without one there is no key */
	t = set1(DEVICE_REPLACE, KEY, FIRST);
	ck_assert(run(&seen.results, 1, 60));
	RESULT(0, t, DEVICE_DONE);
}

/* What is never told cannot be put back as it was read, but as it was set. Loop: half once, always. */
START_TEST(a_secret_that_half_a_set_replaced_is_put_back)
{
	static const struct device_change c[] = { { DEVICE_REPLACE, KEY, NEXT }, { DEVICE_REPLACE, "/z", "1" } };
	uint32_t t;

	one_with_a_key();
	target.half = _i ? UINT_MAX : 1;
	t = set_all(c, 2);
	ck_assert(run(&seen.results, 2, 60));
	RESULT(1, t, DEVICE_UNDONE);
	has(KEY, FIRST);
	has("/z", NULL);
	world_down();
}
END_TEST

START_TEST(a_secret_that_half_a_set_deleted_is_put_back)
{
	static const struct device_change c[] = { { DEVICE_DELETE, KEY, NULL }, { DEVICE_REPLACE, "/z", "1" } };
	uint32_t t;

	one_with_a_key();
	target.half = _i ? UINT_MAX : 1;
	t = set_all(c, 2);
	ck_assert(run(&seen.results, 2, 60));
	RESULT(1, t, DEVICE_UNDONE);
	has(KEY, FIRST);
	has("/z", NULL);
	world_down();
}
END_TEST

/* Its twin: nobody here knows what it was. It is said not to be done, and nothing is made up. */
START_TEST(a_secret_of_somebody_else_is_not_made_up)
{
	static const struct device_change c[] = { { DEVICE_REPLACE, KEY, NEXT }, { DEVICE_REPLACE, "/z", "1" } };
	uint32_t t;

	world_up();
	target.hides = ",\"secret\":\"";
	target.demands = "secret";
	target_put(&target, KEY, "{\"name\":\"k\",\"secret\":\"theirs\"}");
	target.half = _i ? UINT_MAX : 1;
	t = set_all(c, 2);
	ck_assert(run(&seen.results, 1, 60));
	RESULT(0, t, _i ? DEVICE_FALSE : DEVICE_DONE);
	has(KEY, NEXT);
	has("/z", _i ? NULL : "1");
	world_down();
}
END_TEST

/* Nor is one taken back where the device says that it did nothing of it. */
START_TEST(a_secret_that_was_refused_is_left_alone)
{
	static const struct device_change c[] = { { DEVICE_REPLACE, KEY, NEXT }, { DEVICE_REPLACE, "/z", "1" } };
	unsigned sets;
	uint32_t t;

	one_with_a_key();
	sets = target.sets;
	target.refuse = RPC_INVALID_ARGUMENT;
	t = set_all(c, 2);
	ck_assert(run(&seen.results, 2, 60));
	RESULT(1, t, DEVICE_REFUSED);
	ck_assert_uint_eq(target.sets, sets + 1);
	has(KEY, FIRST);
	world_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("gnmi-undo");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_device_that_always_does_half_is_put_right_one_by_one, 0, 2);
	tcase_add_loop_test(t, a_secret_that_half_a_set_replaced_is_put_back, 0, 2);
	tcase_add_loop_test(t, a_secret_that_half_a_set_deleted_is_put_back, 0, 2);
	tcase_add_loop_test(t, a_secret_of_somebody_else_is_not_made_up, 0, 2);
	tcase_add_test(t, a_secret_that_was_refused_is_left_alone);
	suite_add_tcase(s, t);
	return check_main(s);
}
