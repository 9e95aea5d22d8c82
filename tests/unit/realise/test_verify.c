/* SPDX-License-Identifier: Apache-2.0 */
/* Traffic is let on when probes agree, and only then. */
#include "bed.h"

#include <stdio.h>

#define STAMP ",\"sextant-slice:assurance-policy\":{\"method\":\"stamp\"}"
#define PROBED                                                                                     \
	ORDER("x", STAMP, END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64", "")) ","      \
	      END("b", "r2", "", AC("c1", "eth1", "2001:db8:2::1", "64", "")), BOTH)
#define SESSION(v) "/device/measure/stamp/session[name=sx-x-fd0c5087.v" v "]"

static const struct window good = { "true", 50, 0, 5000, 10, 9000 };

/* VPN is built, probes are on their way. */
static void probing(void)
{
	bed_up();
	bed_order("x", PROBED);
	bed_do("x", SLICE_STEP_VPN, false);
	bed_start("x", SLICE_STEP_VERIFY, false);
	for (unsigned i = 0; i < 50; i++) {
		bed_run(1);
		(void)bed_answer_all();
	}
	ck_assert(!bed.told.done);
}

static void both(uint64_t number, const struct window *w)
{
	bed_window("r1", 0, number, w);
	bed_window("r2", 1, number, w);
	bed_run(0);
}

static void end(void)
{
	bed_take_back("x");
	for (unsigned i = 0; i < DEVICES; i++) {
		ck_assert_uint_eq(bed.device[i].n, 0);
		ck_assert_uint_eq(bed.device[i].watches, 0);
	}
	ck_assert_uint_eq(bed_records(), 0);
	bed_down();
}

static void answered(bool ok)
{
	for (unsigned i = 0; i < 50 && !bed.told.done; i++) {
		bed_run(1);
		(void)bed_answer_all();
	}
	ck_assert(bed.told.done && bed.told.step == SLICE_STEP_VERIFY);
	ck_assert_msg(bed.told.ok == ok, "%s", bed.told.why);
}

START_TEST(three_good_windows_of_each_let_traffic_on)
{
	probing();
	ck_assert_str_eq(there("r1", SESSION("0")),
			 "{\"name\":\"sx-x-fd0c5087.v0\",\"reflector\":\"fd00::2\",\"source\":\"fd00::1\",\"interval\":20,"
			 "\"window\":1,\"policy\":{\"color\":100,\"endpoint\":\"fd00::2\"}}");
	ck_assert_ptr_nonnull(there("r2", SESSION("1")));
	ck_assert_uint_eq(device_at("r1")->watches, 1);
	ck_assert_uint_eq(device_at("r2")->reflects, 1);
	both(1, &good);
	both(2, &good);
	both(2, &good); /* the same one, told again */
	bed_window("r1", 0, 3, &good);
	bed_run(100);
	(void)bed_answer_all(); /* sessions that are good go before the others */
	ck_assert(!bed.told.done);
	bed_window("r2", 1, 3, &good);
	answered(true);
	ck_assert_ptr_null(there("r1", SESSION("0")));
	ck_assert_ptr_null(there("r2", SESSION("1")));
	bed_do("x", SLICE_STEP_CLASSIFY, false);
	ck_assert(bed.told.ok);
	end();
}
END_TEST

static const struct {
	struct window w;
	const char *why; /* NULL: it is good */
} windows[] = {
	{ { "true", 50, 0, 9990, 10, 15000 }, NULL },
	{ { "true", 50, 0, 9990, 11, 15000 }, "the way there takes 10001 us, 10000 are promised" },
	{ { "true", 50, 0, -1, -1, 10000 }, NULL }, /* clocks do not agree; there is no more than that */
	{ { "true", 50, 0, -1, -1, 10001 }, "there and back takes 10001 us, 10000 are promised, and the clocks" },
	{ { "true", 50, 0, 9990, -1, 15000 }, "there and back" }, /* nobody knows how wrong a clock is */
	{ { "true", 50, 0, -1, -1, -1 }, "no delay is known" },
	{ { "true", 50, 1, 5000, 10, 9000 }, "1 of 50 probes were lost" },
	{ { "true", 50, -1, 5000, 10, 9000 }, "probes are not answered" },
	{ { "true", 0, 0, 5000, 10, 9000 }, "probes are not answered" },
	{ { "false", 50, 0, 5000, 10, 9000 }, "probes are not answered" },
	{ { NULL, 50, 0, 5000, 10, 9000 }, "probes are not answered" },
};

START_TEST(a_window_is_good_or_says_why_not)
{
	probing();
	for (unsigned i = 1; i < 10; i++) {
		bed_window("r2", 1, i, &good);
		bed_window("r1", 0, i, &windows[_i].w);
		bed_run(0);
		(void)bed_answer_all();
		bed_run(100);
	}
	ck_assert(bed.told.done == !windows[_i].why);
	if (windows[_i].why) {
		bed_run(46000);
		(void)bed_answer_all();
		answered(false);
		ck_assert_msg(strncmp(bed.told.why, "r1 to r2: ", 10) == 0 && strstr(bed.told.why, windows[_i].why), "%s",
			      bed.told.why);
		bed_do("x", SLICE_STEP_VERIFY, true);
		ck_assert(bed.told.ok);
	}
	bed_run(10);
	(void)bed_answer_all();
	bed_run(10);
	ck_assert_ptr_null(there("r1", SESSION("0")));
	end();
}
END_TEST

START_TEST(one_bad_window_begins_anew)
{
	const struct window lossy = { "true", 50, 2, 5000, 10, 9000 };

	probing();
	both(1, &good);
	both(2, &good);
	bed_window("r1", 0, 3, &lossy);
	bed_window("r2", 1, 3, &good);
	both(4, &good);
	both(5, &good);
	bed_run(100);
	(void)bed_answer_all(); /* sessions that are good go before the others */
	ck_assert(!bed.told.done);
	realise_device_sink.gap(bed.room, "r1", 1, "the stream ended"); /* so does a gap */
	both(6, &good);
	both(7, &good);
	bed_run(100);
	(void)bed_answer_all(); /* sessions that are good go before the others */
	ck_assert(!bed.told.done);
	both(8, &good);
	answered(true);
	end();
}
END_TEST

START_TEST(a_reflector_that_says_nothing_is_asked_again)
{
	const struct window none = { "false", 50, -1, -1, -1, -1 };

	probing();
	for (unsigned i = 1; i <= 11; i++)
		both(i, &none);
	ck_assert_uint_eq(device_at("r2")->reflects, 3);
	for (unsigned i = 12; i <= 14; i++)
		both(i, &good);
	answered(true);
	end();
}
END_TEST

START_TEST(what_is_not_to_be_probed_is_not)
{
	bed_up();
	bed_order("x", LINE("x", "eth1", "2001:db8"));
	for (unsigned i = 0; i < bed_ordered("x")->n_flows; i++)
		bed_ordered("x")->flows[i].delay_us_max = PCE_NO_BOUND; /* nothing is promised */
	bed_do("x", SLICE_STEP_VPN, false);
	bed_start("x", SLICE_STEP_VERIFY, false);
	ck_assert(bed.told.done && bed.told.ok && bed.told.step == SLICE_STEP_VERIFY);
	ck_assert_uint_eq(objects("r1"), 1);
	ck_assert_uint_eq(device_at("r1")->watches, 0);
	end();
}
END_TEST

START_TEST(a_crash_leaves_no_session)
{
	probing();
	bed_crash();
	if (_i == 0) {
		bed_do("x", SLICE_STEP_VERIFY, true);
	} else {
		bed_do("x", SLICE_STEP_VPN, false);
		bed_run(100);
		(void)bed_answer_all();
	}
	ck_assert(bed.told.ok);
	ck_assert_ptr_null(there("r1", SESSION("0")));
	ck_assert_ptr_nonnull(there("r1", "/device/table[id=100000]"));
	end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("realise-verify");
	TCase *tc = tcase_create("verify");

	tcase_add_test(tc, three_good_windows_of_each_let_traffic_on);
	tcase_add_loop_test(tc, a_window_is_good_or_says_why_not, 0, (int)ARRAY_LEN(windows));
	tcase_add_test(tc, one_bad_window_begins_anew);
	tcase_add_test(tc, a_reflector_that_says_nothing_is_asked_again);
	tcase_add_test(tc, what_is_not_to_be_probed_is_not);
	tcase_add_loop_test(tc, a_crash_leaves_no_session, 0, 2);
	suite_add_tcase(s, tc);
	return check_main(s);
}
