/* SPDX-License-Identifier: Apache-2.0 */
/* fib: routes against a real kernel, in a network namespace of their own. */
#include "bed.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/seg6_local.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static struct agent_route steer(const char *dst, const char *first)
{
	struct agent_route r = { .dst = prefix(dst),
				 .table = RT_TABLE_MAIN,
				 .metric = 10,
				 .protocol = AGENT_PROTO,
				 .kind = AGENT_ROUTE_ENCAP,
				 .reduced = true,
				 .dev = dev,
				 .n = 2 };

	r.seg[0] = addr(first);
	r.seg[1] = addr("fcbb:bbbb:8:d6::");
	return r;
}

START_TEST(a_route_is_in_only_after_it_was_read_back)
{
	struct agent_route r = steer("2001:db8:c2::/64", "fcbb:bbbb:2::");

	agent_fib_start(fib);
	ck_assert_int_eq(agent_fib_set(fib, &r), 0);
	ck_assert_int_eq(agent_fib_state(fib, &r), AGENT_FIB_PENDING);
	settle();
	ck_assert_int_eq(agent_fib_state(fib, &r), AGENT_FIB_IN);
	ck_assert_uint_eq(in_kernel(), 1);
	ck_assert(agent_route_same(&kernel[0], &r));
	ck_assert_ptr_nonnull(agent_fib_seen(fib, &r));
}
END_TEST

START_TEST(a_change_replaces_and_a_removal_removes)
{
	struct agent_route r = steer("2001:db8:c2::/64", "fcbb:bbbb:2::"), r2 = r;
	struct agent_fib_stats st;

	agent_fib_start(fib);
	agent_fib_set(fib, &r);
	settle();
	r2.seg[0] = addr("fcbb:bbbb:3::");
	agent_fib_set(fib, &r2);
	ck_assert_int_eq(agent_fib_state(fib, &r), AGENT_FIB_PENDING);
	settle();
	ck_assert_uint_eq(in_kernel(), 1);
	ck_assert(agent_route_same(&kernel[0], &r2));
	agent_fib_stats(fib, &st);
	ck_assert_uint_eq(st.installs, 1);
	ck_assert_uint_eq(st.replaces, 1);
	agent_fib_unset(fib, &r);
	settle();
	ck_assert_uint_eq(in_kernel(), 0);
	ck_assert_int_eq(agent_fib_state(fib, &r), AGENT_FIB_ABSENT);
}
END_TEST

START_TEST(changes_faster_than_the_kernel_end_at_the_last)
{
	struct agent_route r = steer("2001:db8:c2::/64", "fcbb:bbbb:2::");

	agent_fib_start(fib);
	for (unsigned i = 0; i < 50; i++) {
		r.seg[0].b[5] = (uint8_t)(i + 1);
		if (i % 7 == 3)
			agent_fib_unset(fib, &r);
		else
			agent_fib_set(fib, &r);
		if (i % 5 == 0)
			lab_run(loop, idle, NULL);
	}
	settle();
	ck_assert_uint_eq(in_kernel(), 1);
	ck_assert(agent_route_same(&kernel[0], &r));
	agent_fib_unset(fib, &r);
	agent_fib_set(fib, &r);
	settle();
	ck_assert_int_eq(agent_fib_state(fib, &r), AGENT_FIB_IN);
	ck_assert_uint_eq(in_kernel(), 1);
}
END_TEST

START_TEST(a_route_of_somebody_else_is_never_replaced)
{
	struct agent_route theirs = steer("2001:db8:c2::/64", "fcbb:bbbb:9::"), r = theirs;

	ck_assert_int_eq(lab_route(&theirs, RTPROT_STATIC, false), 0);
	r.seg[0] = addr("fcbb:bbbb:2::");
	agent_fib_start(fib);
	agent_fib_set(fib, &r);
	settle();
	ck_assert_int_eq(agent_fib_state(fib, &r), AGENT_FIB_FAILED);
	ck_assert_ptr_nonnull(strstr(agent_fib_reason(fib, &r), "somebody else"));
	ck_assert_uint_eq(in_kernel(), 0);
	ck_assert_uint_eq(lab_routes(RT_TABLE_MAIN, RTPROT_STATIC, kernel, 64), 1);
	ck_assert(agent_route_same(&kernel[0], &theirs));
	agent_fib_unset(fib, &r);
	settle();
	ck_assert_uint_eq(lab_routes(RT_TABLE_MAIN, RTPROT_STATIC, kernel, 64), 1);
}
END_TEST

static bool failed_to_in(void *arg)
{
	return agent_fib_state(fib, arg) == AGENT_FIB_IN;
}

START_TEST(what_was_refused_is_tried_again)
{
	struct agent_route r = steer("2001:db8:c2::/64", "fcbb:bbbb:2::"), other;
	struct agent_fib_stats st;

	lab_up("sr0", false);
	agent_fib_start(fib);
	agent_fib_set(fib, &r);
	settle();
	ck_assert_int_eq(agent_fib_state(fib, &r), AGENT_FIB_FAILED);
	ck_assert_str_ne(agent_fib_reason(fib, &r), "");
	agent_fib_audit(fib); /* refused while the kernel is read: that makes no loop */
	other = steer("2001:db8:c3::/64", "fcbb:bbbb:2::");
	agent_fib_set(fib, &other);
	settle();
	lab_up("sr0", true);
	ck_assert(lab_run(loop, failed_to_in, &r));
	agent_fib_stats(fib, &st);
	ck_assert_uint_lt(st.audits, 40);
	ck_assert_str_eq(agent_fib_reason(fib, &r), "");
}
END_TEST

static bool repaired(void *arg)
{
	struct agent_fib_stats st;

	(void)arg;
	agent_fib_stats(fib, &st);
	return st.repaired > 0 && st.in == st.wanted && agent_fib_idle(fib);
}

START_TEST(what_somebody_removes_comes_back)
{
	struct agent_route r = steer("2001:db8:c2::/64", "fcbb:bbbb:2::");

	agent_fib_start(fib);
	agent_fib_set(fib, &r);
	settle();
	ck_assert_int_eq(lab_route(&r, AGENT_PROTO, true), 0);
	ck_assert_uint_eq(in_kernel(), 0);
	ck_assert(lab_run(loop, repaired, NULL));
	ck_assert_uint_eq(in_kernel(), 1);
}
END_TEST

START_TEST(routes_come_back_with_their_link)
{
	struct agent_route r = steer("2001:db8:c2::/64", "fcbb:bbbb:2::"), v4 = r;

	v4.dst = prefix("10.77.0.0/16");
	agent_fib_start(fib);
	agent_fib_set(fib, &r);
	agent_fib_set(fib, &v4);
	settle();
	ck_assert_uint_eq(in_kernel(), 2);
	lab_up("sr0", false);
	ck_assert_uint_eq(in_kernel(), 0);
	lab_up("sr0", true);
	ck_assert(lab_run(loop, repaired, NULL));
	ck_assert_uint_eq(in_kernel(), 2);
}
END_TEST

START_TEST(leftovers_stay_until_swept_and_what_fits_is_adopted)
{
	struct agent_route keep = steer("2001:db8:c1::/64", "fcbb:bbbb:2::");
	struct agent_route odd = steer("2001:db8:c2::/64", "fcbb:bbbb:2::");
	struct agent_fib_stats st;

	ck_assert_int_eq(lab_route(&keep, AGENT_PROTO, false), 0);
	ck_assert_int_eq(lab_route(&odd, AGENT_PROTO, false), 0);
	agent_fib_start(fib);
	agent_fib_set(fib, &keep);
	settle();
	agent_fib_stats(fib, &st);
	ck_assert_uint_eq(st.installs + st.replaces + st.removes, 0);
	ck_assert_uint_eq(st.in, 1);
	ck_assert_uint_eq(st.leftover, 1);
	ck_assert_uint_eq(in_kernel(), 2);
	agent_fib_sweep(fib);
	settle();
	ck_assert_uint_eq(in_kernel(), 1);
	ck_assert(agent_route_same(&kernel[0], &keep));
}
END_TEST

START_TEST(thousands_of_routes_are_read_back)
{
	struct agent_route r = steer("2001:db8::/64", "fcbb:bbbb:2::");
	struct agent_fib_stats st;

	agent_fib_start(fib);
	for (unsigned i = 0; i < 3000; i++) {
		r.dst.addr.b[4] = (uint8_t)(i >> 8);
		r.dst.addr.b[5] = (uint8_t)i;
		ck_assert_int_eq(agent_fib_set(fib, &r), 0);
	}
	settle();
	agent_fib_stats(fib, &st);
	ck_assert_uint_eq(st.in, 3000);
	ck_assert_uint_lt(st.audits, 200);
	agent_fib_flush(fib);
	settle();
	agent_fib_stats(fib, &st);
	ck_assert_uint_eq(st.wanted, 0);
	ck_assert_uint_eq(in_kernel(), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-kernel");
	TCase *t = tcase_create("kernel");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_route_is_in_only_after_it_was_read_back);
	tcase_add_test(t, a_change_replaces_and_a_removal_removes);
	tcase_add_test(t, changes_faster_than_the_kernel_end_at_the_last);
	tcase_add_test(t, a_route_of_somebody_else_is_never_replaced);
	tcase_add_test(t, what_was_refused_is_tried_again);
	tcase_add_test(t, what_somebody_removes_comes_back);
	tcase_add_test(t, routes_come_back_with_their_link);
	tcase_add_test(t, leftovers_stay_until_swept_and_what_fits_is_adopted);
	tcase_add_test(t, thousands_of_routes_are_read_back);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr,
			      "# agent-kernel: no network namespaces here, NOTHING TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
