/* SPDX-License-Identifier: Apache-2.0 */
/* Assurance windows: when they are, against a clock that is counted; what they forbid, see beforehand and report. */
#include <stdio.h>
#include <stdlib.h>

#include "bed.h"

#include "assure/repair/repair_desk.h"
#include "base/rng.h"

#define S NS_PER_S

/* ---- when ---- */

static struct window plain(void)
{
	struct window w = { .name = "w", .start_wall_ns = 1000 * S, .duration_s = 60, .interval = 1, .n_services = 1,
			    .service = { "one" } };

	return w;
}

START_TEST(occurrences_are_those_that_are_counted)
{
	struct rng rng;

	rng_seed(&rng, 7);
	for (unsigned round = 0; round < 2000; round++) {
		struct window w = plain();
		static const uint64_t unit[] = { 0, 3600, 86400, 604800 };
		uint64_t at, begin, end, next, first = UINT64_MAX, period;
		bool on = false, is;

		w.every = (uint8_t)rng_below(&rng, 4);
		w.interval = (uint16_t)(1 + rng_below(&rng, 3));
		w.count = w.every == WINDOW_ONCE ? 0 : (uint32_t)rng_below(&rng, 5);
		w.duration_s = (uint32_t)(1 + rng_below(&rng, 3600));
		period = unit[w.every] * w.interval * S;
		at = rng_below(&rng, 12) * (period ? period : 2000 * S) / 2 + rng_below(&rng, 5000) * S;
		for (uint64_t k = 0; k < 40 && (w.every != WINDOW_ONCE || k == 0) && (!w.count || k < w.count); k++) {
			uint64_t b = w.start_wall_ns + k * period;

			on = on || (at >= b && at < b + w.duration_s * S);
			if (b >= at && b < first)
				first = b;
		}
		is = window_at(&w, at, &begin, &end);
		ck_assert_int_eq(is, on);
		ck_assert(!is || (at >= begin && at < end && end - begin == w.duration_s * S));
		ck_assert_int_eq(window_next(&w, at, &next), first != UINT64_MAX);
		ck_assert(first == UINT64_MAX || next == first);
	}
}
END_TEST

START_TEST(what_makes_no_sense_is_said)
{
	struct window w = plain();
	const char *leaf;

	ck_assert_ptr_null(window_fault(&w, &leaf));
	w.every = WINDOW_HOURLY;
	w.duration_s = 3601;
	ck_assert_ptr_nonnull(window_fault(&w, &leaf));
	ck_assert_str_eq(leaf, "duration");
	w.interval = 2;
	ck_assert_ptr_null(window_fault(&w, &leaf));
	w.interval = 0;
	ck_assert_ptr_nonnull(window_fault(&w, &leaf));
	w = plain();
	w.n_services = 0;
	ck_assert_ptr_nonnull(window_fault(&w, &leaf));
	ck_assert_str_eq(leaf, "service");
	w = plain();
	w.start_wall_ns = UINT64_MAX;
	ck_assert_ptr_nonnull(window_fault(&w, &leaf));
}
END_TEST

/* ---- the book ---- */

static struct window_book *book;
static struct repair_desk *desk;
static unsigned raised, lowered;

static bool hops(void *ctx, const char *slice, bool raise)
{
	(void)ctx;
	ck_assert_str_eq(slice, "one");
	raised += raise;
	lowered += !raise;
	return true;
}

static void book_up(void)
{
	const struct window_book_parts parts = { .loop = world.loop, .bus = world.bus, .store = world.store,
						 .intent = world.intent, .slice = bed.slice, .hops = hops };
	struct repair_desk_parts dp = { .loop = world.loop, .bus = world.bus, .intent = world.intent, .slice = bed.slice,
					.store = world.store };

	ck_assert_int_eq(window_book_new(&book, &parts), 0);
	ck_assert_int_eq(window_book_load(book), 0);
	dp.windows = book;
	ck_assert_int_eq(repair_desk_new(&desk, &dp, NULL), 0);
}

static void book_down(void)
{
	desk = repair_desk_free(desk);
	book = window_book_free(book);
}

static void pair(void)
{
	raised = lowered = 0;
	bed_up(bed_pair);
	book_up();
}

static void square(void)
{
	raised = lowered = 0;
	bed_up(bed_square);
	book_up();
}

static void down(void)
{
	book_down();
	bed_down();
}

static uint64_t wall(void)
{
	return loop_wall_ns(world.loop);
}

struct said {
	bool done;
	struct window_result r;
};

static void said(void *arg, const struct window_result *r)
{
	struct said *s = arg;

	s->done = true;
	s->r = *r;
}

static struct window_result put_window(const struct window *w)
{
	struct said s = { 0 };

	window_book_put(book, w, 0, said, &s);
	ck_assert(!s.done);
	run_ms(100);
	ck_assert(s.done);
	return s.r;
}

/* In ten seconds, for a minute. */
static struct window soon(void)
{
	struct window w = plain();

	w.start_wall_ns = wall() + 10 * S;
	w.freeze = w.high = true;
	w.allowed = 1u << REPAIR_REROUTE;
	w.check_s = 5;
	return w;
}

static struct window_view *seen_window(void)
{
	static struct window_view v;

	ck_assert(window_book_get(book, "w", &v));
	return &v;
}

static bool there(void)
{
	struct window_view *v = malloc(sizeof(*v));
	bool is = v && window_book_get(book, "w", v);

	free(v);
	return is;
}

static void measured(enum repair_verdict v, const char *why)
{
	const struct repair_window m = { .slice = "one", .begin_wall_ns = wall() - S, .verdict = v, .why = why };

	run_ms(1000);
	window_book_measured(book, "one", &m);
}

START_TEST(a_window_begins_freezes_ends_and_reports)
{
	const struct window w = soon();
	char name[WINDOW_NAME_MAX], text[REPAIR_TEXT_MAX];
	uint64_t end;
	uint8_t allowed;

	ck_assert_int_eq(put_window(&w).code, 0);
	ck_assert(!window_book_frozen(book, name, &end));
	ck_assert(window_book_free_for(book, "one", &allowed, text));
	ck_assert_uint_eq(seen_window()->begin_ns, w.start_wall_ns);
	ck_assert(!seen_window()->active);
	run_ms((w.start_wall_ns - wall()) / NS_PER_MS + 1);
	window_book_refused(book); /* in its first moment */
	run_ms(2000);
	ck_assert(seen_window()->active);
	ck_assert(window_book_frozen(book, name, &end));
	ck_assert_str_eq(name, "w");
	ck_assert_uint_eq(end, w.start_wall_ns + 60 * S);
	ck_assert(!window_book_free_for(book, "one", &allowed, text));
	ck_assert_uint_eq(allowed, 1u << REPAIR_REROUTE);
	ck_assert(!window_book_free_for(book, "two", &allowed, text)); /* a repair of another is a change */
	ck_assert_uint_eq(allowed, 0);
	ck_assert_uint_eq(raised, 1);
	window_book_refused(book);
	measured(REPAIR_WITHIN, "");
	measured(REPAIR_WITHIN, "");
	measured(REPAIR_BEYOND, "81 of 4017 lost");
	measured(REPAIR_BEYOND, "later");
	measured(REPAIR_UNKNOWN, "");
	run_ms(70000);
	ck_assert(!window_book_frozen(book, name, &end));
	ck_assert_uint_eq(lowered, 1);
	ck_assert_uint_eq(seen_window()->report.of[0].windows[REPAIR_WITHIN], 2);
	ck_assert_uint_eq(seen_window()->report.of[0].windows[REPAIR_BEYOND], 2);
	ck_assert_uint_eq(seen_window()->report.of[0].windows[REPAIR_UNKNOWN], 1);
	ck_assert_str_eq(seen_window()->report.of[0].worst, "81 of 4017 lost");
	ck_assert_uint_eq(seen_window()->report.refused, 2);
	ck_assert_uint_eq(events("assurance-window-report"), 1);
	ck_assert_uint_eq(seen_window()->begin_ns, 0); /* it was once */
	measured(REPAIR_BEYOND, ""); /* after it: nothing of its */
	ck_assert_uint_eq(seen_window()->report.of[0].windows[REPAIR_BEYOND], 2);
}
END_TEST

static void count_alarm(void *arg, const struct bus_event *e)
{
	struct { const char *type; unsigned n; } *x = arg;

	x->n += strcmp(e->type, x->type) == 0;
}

static unsigned standing(const char *type)
{
	struct { const char *type; unsigned n; } x = { type, 0 };

	bus_alarms(world.bus, count_alarm, &x);
	return x.n;
}

START_TEST(it_outlives_a_crash_and_is_deleted)
{
	const struct window w = soon();
	struct said s = { 0 };
	char name[WINDOW_NAME_MAX];
	uint64_t end;

	ck_assert_int_eq(put_window(&w).code, 0);
	book_down();
	bed_crash();
	book_up();
	ck_assert(there());
	ck_assert_mem_eq(&seen_window()->window, &w, sizeof(w));
	run_ms(12000);
	ck_assert(window_book_frozen(book, name, &end));
	ck_assert_uint_eq(standing("assurance-window-on"), 1);
	window_book_delete(book, "w", 0, said, &s);
	run_ms(100);
	ck_assert(s.done && s.r.code == 0);
	ck_assert(!window_book_frozen(book, name, &end));
	ck_assert_uint_eq(records("assurance-window"), 0);
	ck_assert_uint_eq(standing("assurance-window-on"), 0);
	ck_assert_uint_eq(raised, lowered);
	s = (struct said){ 0 };
	window_book_delete(book, "w", 0, said, &s);
	run_ms(100);
	ck_assert_int_eq(s.r.code, WINDOW_E_MISSING);
	s = (struct said){ 0 };
	window_book_put(book, &w, 99, said, &s);
	run_ms(100);
	ck_assert_int_eq(s.r.code, WINDOW_E_REVISION);
}
END_TEST

/* Killed in it, and away for some seconds of it; dead: until it was over. */
static void report_outlives(bool dead)
{
	const struct window w = soon();

	ck_assert_int_eq(put_window(&w).code, 0);
	run_ms(12000);
	measured(REPAIR_WITHIN, "");
	measured(REPAIR_BEYOND, "81 of 4017 lost");
	window_book_refused(book);
	run_ms(2000);
	ck_assert_uint_eq(seen_window()->report.unwatched_s, 0);
	book_down();
	bed_crash();
	run_ms(dead ? 70000 : 10000);
	book_up();
	ck_assert_uint_eq(seen_window()->report.of[0].windows[REPAIR_WITHIN], 1);
	run_ms(1000);
	ck_assert_uint_eq(seen_window()->active, !dead);
	measured(REPAIR_WITHIN, "");
	run_ms(60000);
	ck_assert_uint_eq(events("assurance-window-report"), 1);
	ck_assert_uint_eq(seen_window()->report.of[0].windows[REPAIR_WITHIN], dead ? 1 : 2);
	ck_assert_uint_eq(seen_window()->report.of[0].windows[REPAIR_BEYOND], 1);
	ck_assert_str_eq(seen_window()->report.of[0].worst, "81 of 4017 lost");
	ck_assert_uint_eq(seen_window()->report.refused, 1);
	ck_assert_uint_ge(seen_window()->report.unwatched_s, dead ? 40 : 10);
	ck_assert_uint_le(seen_window()->report.unwatched_s, dead ? 60 : 13);
	book_down(); /* what is over is told once */
	bed_crash();
	book_up();
	run_ms(5000);
	ck_assert_uint_eq(events("assurance-window-report"), 0);
	ck_assert_uint_eq(seen_window()->report.refused, 1);
}

START_TEST(its_report_outlives_a_crash_and_says_what_was_not_watched)
{
	report_outlives(false);
}
END_TEST

START_TEST(one_that_ended_meanwhile_is_reported_on)
{
	report_outlives(true);
}
END_TEST

START_TEST(a_report_goes_with_its_window)
{
	const struct window w = soon();
	struct said s = { 0 };

	ck_assert_int_eq(put_window(&w).code, 0);
	run_ms(12000);
	ck_assert_uint_eq(records("assurance-report"), 1);
	window_book_delete(book, "w", 0, said, &s);
	run_ms(3000);
	ck_assert_uint_eq(records("assurance-report"), 0);
}
END_TEST

START_TEST(one_without_a_freeze_forbids_nothing)
{
	struct window w = soon();
	char name[WINDOW_NAME_MAX], text[REPAIR_TEXT_MAX];
	uint64_t end;
	uint8_t allowed;

	w.freeze = w.high = false;
	ck_assert_int_eq(put_window(&w).code, 0);
	run_ms(12000);
	ck_assert(seen_window()->active);
	ck_assert(!window_book_frozen(book, name, &end));
	ck_assert(window_book_free_for(book, "two", &allowed, text));
	ck_assert_uint_eq(raised, 0);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused_and_there_is_an_end)
{
	struct window w = soon();

	w.duration_s = 0;
	ck_assert_int_eq(put_window(&w).code, WINDOW_E_INVALID);
	ck_assert(!there());
	w = soon();
	for (unsigned i = 0; i < WINDOWS_MAX; i++) {
		(void)snprintf(w.name, sizeof(w.name), "w%u", i);
		ck_assert_int_eq(put_window(&w).code, 0);
	}
	ck_assert_int_eq(put_window(&w).code, 0); /* the same again */
	(void)snprintf(w.name, sizeof(w.name), "one too many");
	ck_assert_int_eq(put_window(&w).code, WINDOW_E_LIMIT);
}
END_TEST

static void ordered(void)
{
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 4ull * G, "")).code, 0);
	bed_settle();
}

START_TEST(the_only_link_is_found_beforehand)
{
	const struct window w = soon();

	ordered();
	ck_assert_int_eq(put_window(&w).code, 0);
	ck_assert_uint_eq(seen_window()->check.ended_ns, 0);
	run_ms(8000);
	ck_assert_uint_gt(seen_window()->check.ended_ns, 0);
	ck_assert(!seen_window()->check.failed);
	ck_assert_uint_eq(seen_window()->check.failures, 3); /* a link, two routers */
	ck_assert_uint_eq(seen_window()->check.bad, 1);
	ck_assert_ptr_nonnull(strstr(seen_window()->check.finding[0], "link a>b: one loses its way"));
	ck_assert_uint_eq(events("assurance-window-check"), 1);
}
END_TEST

START_TEST(with_another_way_nothing_is_found)
{
	const struct window w = soon();

	ordered();
	ck_assert_int_eq(put_window(&w).code, 0);
	ck_assert_int_eq(window_book_check(book, "x"), WINDOW_E_MISSING);
	ck_assert_int_eq(window_book_check(book, "w"), 0);
	ck_assert_int_eq(window_book_check(book, "w"), WINDOW_E_BUSY);
	run_ms(2000);
	ck_assert_uint_eq(seen_window()->check.failures, 8);
	ck_assert_uint_eq(seen_window()->check.bad, 0);
	ck_assert_uint_eq(events("assurance-window-check"), 0);
}
END_TEST

START_TEST(out_of_sight_it_is_not_known)
{
	const struct window w = soon();

	ordered();
	ck_assert_int_eq(put_window(&w).code, 0);
	net_stale();
	ck_assert_int_eq(window_book_check(book, "w"), 0);
	run_ms(2000);
	ck_assert(seen_window()->check.failed);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("window");
	TCase *when = tcase_create("when"), *t = tcase_create("pair"), *q = tcase_create("square");

	tcase_add_test(when, occurrences_are_those_that_are_counted);
	tcase_add_test(when, what_makes_no_sense_is_said);
	suite_add_tcase(s, when);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, pair, down);
	tcase_add_test(t, a_window_begins_freezes_ends_and_reports);
	tcase_add_test(t, it_outlives_a_crash_and_is_deleted);
	tcase_add_test(t, its_report_outlives_a_crash_and_says_what_was_not_watched);
	tcase_add_test(t, one_that_ended_meanwhile_is_reported_on);
	tcase_add_test(t, a_report_goes_with_its_window);
	tcase_add_test(t, one_without_a_freeze_forbids_nothing);
	tcase_add_test(t, what_makes_no_sense_is_refused_and_there_is_an_end);
	tcase_add_test(t, the_only_link_is_found_beforehand);
	tcase_add_test(t, out_of_sight_it_is_not_known);
	suite_add_tcase(s, t);
	tcase_set_timeout(q, 60);
	tcase_add_checked_fixture(q, square, down);
	tcase_add_test(q, with_another_way_nothing_is_found);
	suite_add_tcase(s, q);
	return check_main(s);
}
