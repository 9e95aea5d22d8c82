/* SPDX-License-Identifier: Apache-2.0 */
/* MTUs that ends of links tell are where paths see them. */
#include "bed.h"

static void on(void)
{
	bed.cfg.mtu = true;
	sense_configure(bed.sense, &bed.cfg);
	run_ms(2000);
}

START_TEST(nothing_is_told_unless_it_is_configured)
{
	mtu_told("a>b", 1500);
	mtu_told("b>a", 1500);
	ck_assert_uint_eq(row("a>b")->mtu, 0);
	on();
	ck_assert_uint_eq(row("a>b")->mtu, 1500);
	bed.cfg.mtu = false;
	sense_configure(bed.sense, &bed.cfg);
	run_ms(2000);
	ck_assert_uint_eq(row("a>b")->mtu, 0);
}
END_TEST

START_TEST(asking_for_it_sets_and_measures_nothing)
{
	struct sense_query q = sense_queries(bed.sense);
	struct sense_link_view v;

	on();
	mtu_told("a>b", 1500);
	for (unsigned r = 0; r < ROUTERS; r++)
		ck_assert_uint_eq(bed.dev[r].sets, 0);
	ck_assert(!q.link(q.self, link_of("a>b"), &v));
}
END_TEST

START_TEST(the_least_of_both_ends_counts_both_ways)
{
	on();
	mtu_told("a>b", 1500);
	ck_assert_uint_eq(row("a>b")->mtu, 1500); /* as far as is known */
	ck_assert_uint_eq(row("b>a")->mtu, 1500);
	mtu_told("b>a", 1400);
	ck_assert_uint_eq(row("a>b")->mtu, 1400);
	ck_assert_uint_eq(row("b>a")->mtu, 1400);
	ck_assert_uint_eq(row("a>c")->mtu, 0);
	mtu_told("a>b", 1300);
	ck_assert_uint_eq(row("b>a")->mtu, 1300);
	mtu_told("a>b", 9000);
	ck_assert_uint_eq(row("a>b")->mtu, 1400);
	ck_assert_uint_gt(events("link-mtu"), 3);
}
END_TEST

START_TEST(a_larger_one_than_a_packet_may_be_is_the_longest_packet)
{
	on();
	mtu_told("a>b", 65536); /* as lo has */
	mtu_told("b>a", UINT32_MAX);
	ck_assert_uint_eq(row("a>b")->mtu, UINT16_MAX);
}
END_TEST

START_TEST(packets_go_around_a_link_they_do_not_fit)
{
	on();
	ck_assert_str_eq(least_for(1300), "a>c");
	mtu_told("a>c", 1300);
	ck_assert_str_eq(least_for(1300), "a>b b>c");
	ck_assert_str_eq(least_for(1200), "a>c");
	mtu_told("a>c", 1500);
	ck_assert_str_eq(least_for(1300), "a>c");
}
END_TEST

START_TEST(it_stands_while_the_device_or_the_link_is_away)
{
	on();
	mtu_told("a>b", 1300);
	dev_up("a", false);
	run_ms(5000);
	ck_assert_uint_eq(row("a>b")->mtu, 1300);
	half_said("a", "b", 0, true);
	half_said("b", "a", 0, true);
	run_ms(5000);
	half_said("a", "b", 0, false);
	half_said("b", "a", 0, false);
	run_ms(5000);
	ck_assert_uint_eq(row("a>b")->mtu, 1300);
	dev_up("a", true);
	run_ms(2000);
	ck_assert_uint_eq(row("a>b")->mtu, 1300);
}
END_TEST

START_TEST(with_its_device_it_is_forgotten)
{
	on();
	mtu_told("a>b", 1300);
	dev("a")->configured = false;
	sense_device_sink.gone(bed.sense, "a");
	run_ms(2000);
	ck_assert_uint_eq(row("a>b")->mtu, 0);
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		nothing_is_told_unless_it_is_configured,
		asking_for_it_sets_and_measures_nothing,
		the_least_of_both_ends_counts_both_ways,
		a_larger_one_than_a_packet_may_be_is_the_longest_packet,
		packets_go_around_a_link_they_do_not_fit,
		it_stands_while_the_device_or_the_link_is_away,
		with_its_device_it_is_forgotten,
	};
	Suite *s = suite_create("sense-mtu");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, bed_up, bed_down);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return check_main(s);
}
