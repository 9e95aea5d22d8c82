/* SPDX-License-Identifier: Apache-2.0 */
/* Links are measured, and what comes of it is where paths and admission see it. */
#include "bed.h"

#include "base/str.h"

static void on(enum sense_use delay, enum sense_use load)
{
	bed.cfg.delay = delay;
	bed.cfg.load = load;
	bed.cfg.window_s = 1;
	bed.cfg.load_s = 10;
	sense_configure(bed.sense, &bed.cfg);
	run_ms(2000);
}

static struct sense_link_view view(const char *link)
{
	struct sense_query q = sense_queries(bed.sense);
	struct sense_link_view v;

	ck_assert(q.link(q.self, link_of(link), &v));
	return v;
}

/* ---- what devices are to do ---- */

START_TEST(nothing_is_asked_of_devices_unless_it_is_configured)
{
	struct sense_query q = sense_queries(bed.sense);
	struct sense_link_view v;

	for (unsigned r = 0; r < ROUTERS; r++)
		ck_assert_uint_eq(bed.dev[r].sets, 0);
	ck_assert(!q.link(q.self, link_of("a>b"), &v));
}
END_TEST

START_TEST(every_link_has_a_session_along_itself_and_who_answers)
{
	const char *doc;

	on(SENSE_FILL, SENSE_OFF);
	for (unsigned r = 0; r < ROUTERS; r++)
		ck_assert_uint_eq(bed.dev[r].n, 3);
	doc = dev_has("a", "link-20010db8000100000000000000000001]");
	ck_assert_ptr_nonnull(doc);
	ck_assert_ptr_nonnull(strstr(doc, "\"source\":\"2001:db8:1::1\""));
	ck_assert_ptr_nonnull(strstr(doc, "\"reflector\":\"2001:db8:1::2\""));
	doc = dev_has("a", "/reflector");
	ck_assert_ptr_nonnull(strstr(doc, "\"2001:db8:1::2/128\""));
	ck_assert_ptr_nonnull(strstr(doc, "\"2001:db8:2::3/128\""));
	ck_assert_ptr_null(strstr(doc, "2001:db8:12::"));
}
END_TEST

START_TEST(the_same_again_is_not_told_again)
{
	unsigned sets;

	on(SENSE_FILL, SENSE_OFF);
	sets = bed.dev[0].sets;
	on(SENSE_FILL, SENSE_OFF);
	half_said("a", "b", 77, false);
	run_ms(5000);
	ck_assert_uint_eq(bed.dev[0].sets, sets);
}
END_TEST

START_TEST(switched_off_takes_all_sessions_away)
{
	on(SENSE_FILL, SENSE_SHOW);
	windows("a>b", 2000, 3);
	ck_assert(row("a>b")->has_delay);
	on(SENSE_OFF, SENSE_OFF);
	for (unsigned r = 0; r < ROUTERS; r++)
		ck_assert_uint_eq(bed.dev[r].n, 1); /* its reflector may be others' too */
	ck_assert(!row("a>b")->has_delay);
}
END_TEST

START_TEST(what_a_life_before_has_left_goes)
{
	(void)str_copy(bed.dev[0].has[0].path, sizeof(bed.dev[0].has[0].path),
		       "/device/measure/stamp/session[name=link-0123]");
	(void)str_copy(bed.dev[0].has[1].path, sizeof(bed.dev[0].has[1].path),
		       "/device/measure/stamp/session[name=slice-7]");
	bed.dev[0].n = 2;
	dev_up("a", false);
	dev_up("a", true);
	run_ms(3000);
	ck_assert_ptr_null(dev_has("a", "link-0123"));
	ck_assert_ptr_nonnull(dev_has("a", "slice-7"));
}
END_TEST

START_TEST(what_is_refused_is_tried_again_and_said)
{
	dev("a")->mood = REFUSES;
	on(SENSE_FILL, SENSE_OFF);
	ck_assert_ptr_nonnull(strstr(view("a>b").why, "it does not want to"));
	dev("a")->mood = OBEYS;
	run_ms(40000);
	ck_assert_uint_eq(dev("a")->n, 3);
	ck_assert_ptr_null(strstr(view("a>b").why, "want"));
}
END_TEST

START_TEST(a_link_to_no_device_is_not_probed_and_says_why)
{
	dev("b")->configured = false;
	sense_device_sink.gone(bed.sense, "b");
	on(SENSE_FILL, SENSE_OFF);
	ck_assert_uint_eq(dev("a")->n, 2); /* a>c, reflector */
	ck_assert_ptr_nonnull(strstr(view("a>b").why, "not among the devices"));
}
END_TEST

START_TEST(a_link_that_goes_loses_its_session)
{
	on(SENSE_FILL, SENSE_OFF);
	half_said("a", "b", 0, true);
	half_said("b", "a", 0, true);
	run_ms(3000);
	ck_assert_ptr_null(dev_has("a", "link-20010db8000100000000000000000001]"));
	ck_assert_ptr_nonnull(dev_has("a", "link-20010db8000200000000000000000001]"));
}
END_TEST

/* ---- delay ---- */

START_TEST(half_of_there_and_back_where_clocks_do_not_agree)
{
	on(SENSE_FILL, SENSE_OFF);
	windows("a>b", 3000, 2);
	run_ms(1000);
	ck_assert(row("a>b")->has_delay);
	ck_assert_uint_eq(row("a>b")->delay_us, 1500);
	ck_assert_uint_eq(row("a>b")->delay_max_us, 3000);
	ck_assert_uint_eq(row("a>b")->delay_var_us, 20);
	ck_assert(!view("a>b").one_way);
	ck_assert(!row("b>a")->has_delay);
	ck_assert_uint_eq(events("link-delay"), 1);
}
END_TEST

START_TEST(one_way_where_they_do)
{
	on(SENSE_FILL, SENSE_OFF);
	for (int i = 0; i < 3; i++)
		window("a>b", (struct window){ .round_us = 9000, .forward_us = 1000, .error_us = 90 });
	run_ms(1000);
	ck_assert_uint_eq(row("a>b")->delay_us, 1000);
	ck_assert(view("a>b").one_way);
	/* and not with an error like the delay itself */
	for (int i = 0; i < 3; i++)
		window("b>a", (struct window){ .round_us = 9000, .forward_us = 1000, .error_us = 800 });
	run_ms(1000);
	ck_assert_uint_eq(row("b>a")->delay_us, 4500);
}
END_TEST

START_TEST(what_the_router_says_goes_before_unless_ours_is_preferred)
{
	half_said("a", "b", 700, false);
	on(SENSE_FILL, SENSE_OFF);
	windows("a>b", 3000, 3);
	ck_assert_uint_eq(row("a>b")->delay_us, 700);
	ck_assert(view("a>b").delay_known);
	on(SENSE_PREFER, SENSE_OFF);
	ck_assert_uint_eq(row("a>b")->delay_us, 700); /* it is measured anew */
	windows("a>b", 3000, 3);
	ck_assert_uint_eq(row("a>b")->delay_us, 1500);
	on(SENSE_OFF, SENSE_OFF);
	ck_assert_uint_eq(row("a>b")->delay_us, 700);
}
END_TEST

START_TEST(no_readings_no_delay_and_never_zero)
{
	on(SENSE_FILL, SENSE_OFF);
	for (int i = 0; i < 20; i++) {
		window("a>b", (struct window){ .unknown = true });
		run_ms(1000);
	}
	ck_assert(!row("a>b")->has_delay);
	ck_assert(!view("a>b").delay_known);
	ck_assert_ptr_nonnull(strstr(view("a>b").why, "does not answer"));
	ck_assert_uint_eq(events("link-delay"), 0);
	/* half a window is none either */
	leaf("a>b", "known", 1);
	leaf("a>b", "round-trip/minimum", 100);
	leaf("a>b", "window", 99);
	ck_assert(!view("a>b").delay_known);
}
END_TEST

START_TEST(a_delay_that_cannot_be_seen_is_not_none)
{
	on(SENSE_FILL, SENSE_OFF);
	windows("a>b", 1, 3);
	ck_assert(row("a>b")->has_delay);
	ck_assert_uint_eq(row("a>b")->delay_us, 1);
}
END_TEST

START_TEST(missing_readings_leave_it_for_a_while_and_then_it_is_unknown)
{
	on(SENSE_FILL, SENSE_OFF);
	windows("a>b", 3000, 3);
	for (int i = 0; i < 30; i++) {
		window("a>b", (struct window){ .unknown = true });
		run_ms(1000);
	}
	ck_assert_uint_eq(row("a>b")->delay_us, 1500);
	ck_assert(view("a>b").stale);
	ck_assert_uint_eq(events("link-unmeasured"), 1);
	run_ms(600000);
	ck_assert(!row("a>b")->has_delay);
	ck_assert_uint_eq(row("a>b")->delay_us, 0); /* as everywhere where has_delay is not */
	ck_assert_uint_eq(events("link-unmeasured"), 2); /* it is over: given up */
}
END_TEST

START_TEST(a_device_that_is_away_changes_nothing_for_a_while)
{
	on(SENSE_FILL, SENSE_OFF);
	windows("a>b", 3000, 3);
	dev_up("a", false);
	run_ms(100000);
	ck_assert_uint_eq(row("a>b")->delay_us, 1500);
	dev_up("a", true);
	run_ms(1000);
	windows("a>b", 3000, 3);
	ck_assert(!view("a>b").stale);
	ck_assert_uint_eq(row("a>b")->delay_us, 1500);
	ck_assert_uint_eq(events("link-delay"), 1);
}
END_TEST

/* What a longer delay does: the path of least delay goes another way, at once; and comes back when the
 * link has been well for its time, later each time it was not. */
START_TEST(the_path_of_least_delay_follows_and_comes_back_damped)
{
	static const char *const links[] = { "a>b", "b>a", "b>c", "c>b", "a>c", "c>a" };
	uint64_t away_ms = 0;

	on(SENSE_FILL, SENSE_OFF);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		windows(links[i], 2000, 3);
	ck_assert_str_eq(least(), "a>c");
	for (int round = 0; round < 3; round++) {
		uint64_t ms = 0;

		windows("a>c", 20000, 3);
		ck_assert_str_eq(least(), "a>b b>c");
		while (strcmp(least(), "a>c") != 0) {
			windows("a>c", 2000, 1);
			ms += 1000;
			ck_assert_uint_lt(ms, 1000000);
		}
		ck_assert_uint_ge(ms, 60000);
		ck_assert(round == 0 || ms > away_ms * 3 / 2);
		away_ms = ms;
	}
}
END_TEST

START_TEST(one_window_that_stands_out_moves_nothing)
{
	on(SENSE_FILL, SENSE_OFF);
	windows("a>c", 2000, 3);
	windows("a>c", 90000, 1);
	windows("a>c", 2000, 3);
	ck_assert_uint_eq(row("a>c")->delay_us, 1000);
	ck_assert_uint_eq(events("link-delay"), 1);
}
END_TEST

/* ---- load ---- */

/* So many bit/s for so many readings of 10 s. */
static void carries(const char *link, uint64_t bps, unsigned n)
{
	static uint64_t octets;

	for (unsigned i = 0; i < n; i++) {
		run_ms(10000);
		octets += bps / 8 * 10;
		counted(link, octets);
	}
}

static struct intent_book_row book(const char *link)
{
	struct intent_book_row r;

	ck_assert(intent_book_row(bed.intent, link_of(link), &r));
	return r;
}

START_TEST(counters_are_sampled_and_told)
{
	on(SENSE_OFF, SENSE_SHOW);
	ck_assert_uint_eq(dev("a")->n, 0); /* nobody probes */
	ck_assert(!view("a>b").load_known);
	carries("a>b", 4000000, 4);
	ck_assert(view("a>b").load_known);
	ck_assert_uint_eq(view("a>b").load_bps, 4000000);
	ck_assert_uint_eq(view("a>b").beside_bps, 4000000);
	ck_assert_uint_eq(book("a>b").measured_bps, 0); /* only shown */
	ck_assert(!view("a>c").load_known);
}
END_TEST

START_TEST(what_is_carried_is_no_room)
{
	on(SENSE_OFF, SENSE_BOOK);
	carries("a>b", 4000000, 4);
	ck_assert_uint_eq(book("a>b").measured_bps, 4000000);
	ck_assert_uint_eq(book("a>b").free_bps[7], 6000000);
	ck_assert_uint_eq(book("b>a").free_bps[7], 10000000);
	on(SENSE_OFF, SENSE_SHOW);
	ck_assert_uint_eq(book("a>b").free_bps[7], 10000000);
}
END_TEST

START_TEST(no_readings_give_no_room_back)
{
	on(SENSE_OFF, SENSE_BOOK);
	carries("a>b", 4000000, 4);
	dev_up("a", false);
	run_ms(2000000);
	ck_assert_uint_eq(book("a>b").measured_bps, 4000000);
	dev_up("a", true);
	run_ms(1000);
	carries("a>b", 1000000, 1); /* only a base */
	ck_assert_uint_eq(book("a>b").measured_bps, 4000000);
	carries("a>b", 1000000, 12);
	ck_assert_uint_eq(book("a>b").measured_bps, 1000000);
}
END_TEST

/* Best effort fills a link: then there is no room for more, and who has a reservation keeps it. */
START_TEST(a_full_link_pushes_nobody_out)
{
	on(SENSE_OFF, SENSE_BOOK);
	carries("a>b", 12000000, 5);
	ck_assert_uint_eq(book("a>b").measured_bps, 10000000);
	ck_assert_uint_eq(book("a>b").free_bps[7], 0);
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		nothing_is_asked_of_devices_unless_it_is_configured,
		every_link_has_a_session_along_itself_and_who_answers,
		the_same_again_is_not_told_again,
		switched_off_takes_all_sessions_away,
		what_a_life_before_has_left_goes,
		what_is_refused_is_tried_again_and_said,
		a_link_to_no_device_is_not_probed_and_says_why,
		a_link_that_goes_loses_its_session,
		half_of_there_and_back_where_clocks_do_not_agree,
		one_way_where_they_do,
		what_the_router_says_goes_before_unless_ours_is_preferred,
		no_readings_no_delay_and_never_zero,
		a_delay_that_cannot_be_seen_is_not_none,
		missing_readings_leave_it_for_a_while_and_then_it_is_unknown,
		a_device_that_is_away_changes_nothing_for_a_while,
		the_path_of_least_delay_follows_and_comes_back_damped,
		one_window_that_stands_out_moves_nothing,
		counters_are_sampled_and_told,
		what_is_carried_is_no_room,
		no_readings_give_no_room_back,
		a_full_link_pushes_nobody_out,
	};
	Suite *s = suite_create("sense");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, bed_up, bed_down);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return check_main(s);
}
