/* SPDX-License-Identifier: Apache-2.0 */
/* Slices that end by themselves, and what is told to those that have to wait for it. */
#include "bed.h"

#include <stdio.h>
#include <time.h>

#include "base/rng.h"
#include "base/str.h"

static uint64_t now_s(void)
{
	return loop_wall_ns(world.loop) / NS_PER_S;
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

/* A slice of so many bit/s until then; 0: for ever. */
static struct slice_result until(const char *id, uint64_t bps, uint64_t end_s)
{
	char real[96] = "";

	if (end_s)
		(void)snprintf(real, sizeof(real), "\"sextant-slice:realisation\":{\"ends\":\"%s\"},", at(end_s));
	return put_doc(SLICE_SERVICE, id, order(id, bps, real));
}

static void pass_s(uint64_t s)
{
	struct mono end = mono_add(loop_now(world.loop), s * NS_PER_S);

	while (mono_before(loop_now(world.loop), end) && loop_fake_step(world.loop, end))
		;
	bed_settle();
}

/* "from TIME on" among the alternatives; "" none. */
static const char *offered(const struct slice_result *r)
{
	for (size_t i = 0; i < SLICE_ALTERNATIVES_MAX; i++)
		if (strncmp(r->alternative[i], "from ", 5) == 0)
			return r->alternative[i];
	return "";
}

static const char *from(uint64_t s)
{
	static char text[64];

	(void)snprintf(text, sizeof(text), "from %s on", at(s));
	return text;
}

START_TEST(one_that_ends_goes_by_itself_and_leaves_nothing)
{
	uint64_t end;

	bed_up(bed_pair);
	end = now_s() + 3600;
	ck_assert_int_eq(until("one", G, end).code, 0);
	bed_settle();
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	pass_s(3500);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	pass_s(200);
	ck_assert_ptr_null(seen("one"));
	ck_assert_uint_eq(events("slice-ended"), 1);
	nothing_left();
	bed_down();
}
END_TEST

START_TEST(one_without_an_end_stays)
{
	bed_up(bed_pair);
	ck_assert_int_eq(until("one", G, 0).code, 0);
	bed_settle();
	pass_s(100000);
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	bed_down();
}
END_TEST

START_TEST(an_end_that_came_while_nobody_ran_counts)
{
	bed_up(bed_pair);
	ck_assert_int_eq(until("one", G, now_s() + 60).code, 0);
	bed_settle();
	bed_crash();
	bed_settle();
	ck_assert_int_eq(seen("one")->state, SLICE_ACTIVE);
	pass_s(200);
	ck_assert_ptr_null(seen("one"));
	nothing_left();
	bed_down();
}
END_TEST

START_TEST(what_is_no_time_is_refused)
{
	static const char *const bad[] = { "tomorrow", "2026-11-30", "2026-11-30T25:99:00Z", "2026-11-30T10:00:00",
					   "2026-11-30T10:00:00+1", "1969-01-01T00:00:00Z", "" };
	char real[96];
	struct slice_result r;

	bed_up(bed_pair);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		(void)snprintf(real, sizeof(real), "\"sextant-slice:realisation\":{\"ends\":\"%s\"},", bad[i]);
		r = put_doc(SLICE_SERVICE, "one", order("one", G, real));
		ck_assert_int_eq(r.code, SLICE_E_INVALID);
		ck_assert_ptr_nonnull(strstr(r.field, "realisation/ends"));
	}
	r = until("one", G, now_s() - 1);
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert_ptr_nonnull(strstr(r.text, "over already"));
	/* zones count */
	(void)snprintf(real, sizeof(real), "\"sextant-slice:realisation\":{\"ends\":\"%.19s.5+01:00\"},",
		       at(now_s() + 3700));
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, real)).code, 0);
	bed_settle();
	pass_s(200);
	ck_assert_ptr_null(seen("one"));
	bed_down();
}
END_TEST

START_TEST(another_time_is_the_first_that_is_known_to_do)
{
	struct slice_result r;
	uint64_t t;

	bed_up(bed_pair); /* 10 Gb/s */
	t = now_s();
	ck_assert_int_eq(until("long", 4ull * G, t + 9000).code, 0);
	ck_assert_int_eq(until("short", 3ull * G, t + 1000).code, 0);
	ck_assert_int_eq(until("mid", 2ull * G, t + 5000).code, 0);
	r = until("new", 3ull * G, 0);
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(r.alternative[0], "1000000000 bit/s");
	ck_assert_str_eq(r.alternative[1], from(t + 1000));
	r = until("new", 5ull * G, 0);
	ck_assert_str_eq(offered(&r), from(t + 5000));
	r = until("new", 10ull * G, 0);
	ck_assert_str_eq(offered(&r), from(t + 9000));
	r = until("new", 10ull * G + 1, 0);
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(offered(&r), ""); /* never */
	/* a dry run is told as well */
	r = try_doc(SLICE_SERVICE, "new", order("new", 3ull * G, ""));
	ck_assert_str_eq(offered(&r), from(t + 1000));
	/* what was offered is true */
	bed_settle();
	pass_s(1100);
	ck_assert_int_eq(until("new", 3ull * G, 0).code, 0);
	ck_assert_int_eq(until("newer", G + 1, 0).code, SLICE_E_SHORT);
	bed_down();
}
END_TEST

/* Two paths are placed apart from each other: room on one way is not enough. */
START_TEST(another_time_is_found_for_a_pair_that_is_kept_apart)
{
	static const char two_ways[] = "{\"id\":\"two\",\"service-slo-sle-policy\":{"
		SLO(BOUND("one-way-bandwidth", "Gbps", "4")) ",\"sle-policy\":{\"path-constraints\":{\"diversity\":"
		"{\"diversity-type\":\"link\"}}}},\"sextant-slice:realisation\":{\"sharing\":\"dedicated\"},\"sdps\":{\"sdp\":"
		"[{\"id\":\"s1\",\"node-id\":\"a\"},{\"id\":\"s2\",\"node-id\":\"b\"}]},\"connection-groups\":{"
		"\"connection-group\":[{\"id\":\"g\",\"connectivity-construct\":[" P2P("1", "s1", "s2", "") "]}]}}";
	struct slice_result r;
	uint64_t t;

	bed_up(bed_square); /* a to b, and by c and d; 10 Gb/s each */
	bed.available[SLICE_STEP_QUEUE] = true;
	bed_crash();
	t = now_s();
	ck_assert_int_eq(until("one", 7ull * G, t + 1000).code, 0); /* on the straight way */
	ck_assert_int_eq(until("other", 7ull * G, t + 5000).code, 0); /* round */
	ck_assert_uint_eq(reserved("a", "c"), 7ull * G);
	r = put_doc(SLICE_SERVICE, "two", two_ways);
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(offered(&r), from(t + 5000)); /* one way is free before */
	bed_settle();
	pass_s(1100);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", two_ways).code, SLICE_E_SHORT);
	pass_s(4000);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", two_ways).code, 0); /* and it was true */
	/* its twin: where there is no second way no time is offered */
	ck_assert_int_eq(drop(SLICE_SERVICE, "two").code, 0);
	bed_settle();
	ck_assert_int_eq(until("one", 7ull * G, now_s() + 1000).code, 0);
	net_cut("c", "d");
	bed_publish();
	bed_settle();
	r = put_doc(SLICE_SERVICE, "two", two_ways);
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(offered(&r), "");
	bed_down();
}
END_TEST

START_TEST(without_ends_no_time_is_offered)
{
	struct slice_result r;
	uint64_t end;

	bed_up(bed_pair);
	end = now_s() + 600;
	ck_assert_int_eq(until("one", 8ull * G, 0).code, 0);
	r = until("two", 3ull * G, 0);
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(offered(&r), "");
	/* nor by one whose end does not help */
	ck_assert_int_eq(until("little", G, end).code, 0);
	r = until("two", 3ull * G, 0);
	ck_assert_str_eq(offered(&r), "");
	r = until("two", 2ull * G, 0);
	ck_assert_str_eq(offered(&r), from(end));
	bed_down();
}
END_TEST

START_TEST(one_that_grows_keeps_what_it_has)
{
	struct slice_result r;
	uint64_t t;

	bed_up(bed_pair);
	t = now_s();
	ck_assert_int_eq(until("one", 5ull * G, 0).code, 0);
	ck_assert_int_eq(until("two", 5ull * G, t + 1000).code, 0);
	bed_settle();
	r = until("one", 10ull * G, 0);
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(offered(&r), from(t + 1000));
	bed_down();
}
END_TEST

static const char partition[] =
	"{\"name\":\"x\",\"nrp-id\":1,\"resource-reservation\":{\"maximum-bandwidth\":\"3000000000\"}}";

START_TEST(a_partition_gives_back_its_own_share_only)
{
	static const char in[] = "\"sextant-slice:realisation\":{\"nrp-id\":1%s%s%s},";
	char real[128];
	struct slice_result r;
	uint64_t t;

	bed_up(bed_pair);
	t = now_s();
	ck_assert_int_eq(put_doc(SLICE_NRP, "x", partition).code, 0);
	ck_assert_int_eq(until("out", 5ull * G, t + 1000).code, 0);
	(void)snprintf(real, sizeof(real), in, ",\"ends\":\"", at(t + 2000), "\"");
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "in", order("in", 3ull * G, real)).code, 0);
	(void)snprintf(real, sizeof(real), in, "", "", "");
	r = put_doc(SLICE_SERVICE, "new", order("new", G, real));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(offered(&r), from(t + 2000)); /* not when "out" ends: that has nothing of the share */
	bed_down();
}
END_TEST

START_TEST(a_child_ends_before_its_parent)
{
	char real[160];
	uint64_t t;

	bed_up(bed_pair);
	t = now_s();
	ck_assert_int_eq(until("top", 5ull * G, t + 1000).code, 0);
	bed_settle();
	(void)snprintf(real, sizeof(real), "\"sextant-slice:realisation\":{\"parent-slice\":\"top\"},");
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "kid", order("kid", G, real)).code, SLICE_E_INVALID);
	(void)snprintf(real, sizeof(real), "\"sextant-slice:realisation\":{\"parent-slice\":\"top\",\"ends\":\"%s\"},",
		       at(t + 1001));
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "kid", order("kid", G, real)).code, SLICE_E_INVALID);
	(void)snprintf(real, sizeof(real), "\"sextant-slice:realisation\":{\"parent-slice\":\"top\",\"ends\":\"%s\"},",
		       at(t + 1000));
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "kid", order("kid", G, real)).code, 0);
	bed_settle();
	pass_s(1200); /* the parent waits for it, and is tried again */
	ck_assert_ptr_null(seen("kid"));
	ck_assert_ptr_null(seen("top"));
	nothing_left();
	bed_down();
}
END_TEST

/* Any load, any order: at the time that was offered it is admitted. */
START_TEST(what_was_offered_is_true)
{
	struct slice_result r;
	struct rng g;
	uint64_t t, bps, k = 1;
	char id[16];

	rng_seed(&g, (uint64_t)_i + 1);
	bed_up(_i % 2 ? bed_square : bed_pair);
	t = now_s();
	for (unsigned n = 0; n < 12; n++) {
		(void)snprintf(id, sizeof(id), "s%u", n);
		(void)until(id, G / 2 + rng_below(&g, 4ull * G), t + 1000 * (1 + rng_below(&g, 10)));
	}
	bed_settle();
	bps = 3ull * G + rng_below(&g, 7ull * G);
	r = until("new", bps, 0);
	if (r.code) { /* all of them end, so there is a time for what a link can carry */
		ck_assert_str_ne(offered(&r), "");
		while (k <= 10 && strcmp(offered(&r), from(t + 1000 * k)) != 0)
			k++;
		ck_assert_uint_le(k, 10);
		pass_s(t + 1000 * k + 30 - now_s());
		r = until("new", bps, 0);
	}
	ck_assert_int_eq(r.code, 0);
	bed_down();
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		one_that_ends_goes_by_itself_and_leaves_nothing,
		one_without_an_end_stays,
		an_end_that_came_while_nobody_ran_counts,
		what_is_no_time_is_refused,
		another_time_is_the_first_that_is_known_to_do,
		another_time_is_found_for_a_pair_that_is_kept_apart,
		without_ends_no_time_is_offered,
		one_that_grows_keeps_what_it_has,
		a_partition_gives_back_its_own_share_only,
		a_child_ends_before_its_parent,
	};
	Suite *s = suite_create("slice-ends");
	TCase *t = tcase_create("all");

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, what_was_offered_is_true, 0, 40);
	suite_add_tcase(s, t);
	return check_main(s);
}
