/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions that repairs raise: on which queue, when slice hears of it, and over a crash in between. */
#include <stdio.h>

#include "bed.h"

#define CLASS(r, peer) dev_has(r, "/device/link[name=to-" peer "]/nrp[id=7]/rate")
#define BLOCK "fd5e:64::/32"

static struct slice_result answer;
static unsigned answers;

static void said(void *arg, const struct slice_result *r)
{
	(void)arg;
	answer = *r;
	answers++;
}

static int partition(unsigned mbps)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "{\"name\":\"gold\",\"nrp-id\":7,\"resource-reservation\":{\"maximum-bandwidth\":\"%u000000\"},"
		       "\"sextant-nrp:resize\":{\"maximum-growth-percent\":40},"
		       "\"selector-id\":{\"ipv6\":{\"srv6-sid\":[\"" BLOCK "\"]}}}", mbps);
	return put(SLICE_NRP, "gold", text);
}

static void setup(void)
{
	answers = 0;
	bed_up();
	ck_assert_int_eq(partition(5), 0);
	run_ms(2000);
	ck_assert_str_eq(CLASS("a", "b"), "5000000");
}

static int grow(uint64_t bps)
{
	struct slice_grow g = { .link = "a>b", .bps = bps, .incident = 3, .slice = "one" };
	unsigned was = answers;

	slice_growth_put(bed.slice, 7, &g, 1, false, said, NULL);
	run_ms(20);
	ck_assert_uint_eq(answers, was + 1);
	return answer.code;
}

static const struct slice_growth *is(void)
{
	return slice_growth_of(bed.slice, 7, "a>b");
}

struct seen {
	uint64_t rate, ordered;
	uint32_t incident;
};

static void look(void *arg, const struct nrp_link_view *v)
{
	struct seen *s = arg;

	if (strcmp(v->link, "a>b") == 0)
		*s = (struct seen){ v->rate_bps, v->ordered_bps, v->growth ? v->growth->is.incident : 0 };
}

static struct seen seen(void)
{
	struct seen s = { 0 };

	nrp_each_link(bed.nrp, 7, look, &s);
	return s;
}

START_TEST(its_queue_grows_and_then_it_may_be_reserved)
{
	ck_assert_int_eq(grow(7000000), 0);
	run_ms(2000);
	ck_assert_str_eq(CLASS("a", "b"), "7000000");
	ck_assert_str_eq(CLASS("b", "a"), "5000000"); /* and no other */
	ck_assert_str_eq(CLASS("b", "c"), "5000000");
	ck_assert_uint_eq(is()->in_bps, 7000000);
	ck_assert_uint_eq(seen().rate, 7000000);
	ck_assert_uint_eq(seen().ordered, 5000000);
	ck_assert_uint_eq(seen().incident, 3);
	ck_assert_int_eq(grow(0), 0);
	run_ms(2000);
	ck_assert_str_eq(CLASS("a", "b"), "5000000");
	ck_assert_uint_eq(seen().rate, 5000000);
	ck_assert_uint_eq(seen().incident, 0);
	ck_assert_int_eq(grow(7000001), SLICE_E_SHORT);
}
END_TEST

START_TEST(what_a_device_refuses_is_not_in)
{
	dev("a")->mood = REFUSES;
	ck_assert_int_eq(grow(7000000), 0);
	run_ms(2000);
	ck_assert_uint_eq(is()->in_bps, 0);
	ck_assert(is()->why[0]);
	ck_assert_str_eq(CLASS("a", "b"), "5000000");
	ck_assert_int_eq(grow(0), 0);
	run_ms(2000);
	ck_assert_ptr_null(is());
	dev("a")->mood = OBEYS;
	run_ms(10000);
	ck_assert_str_eq(CLASS("a", "b"), "5000000");
}
END_TEST

START_TEST(a_crash_before_its_queue_has_it_goes_on)
{
	dev("a")->mood = SILENT;
	ck_assert_int_eq(grow(7000000), 0);
	run_ms(2000);
	ck_assert_uint_eq(is()->in_bps, 0);
	ck_assert_str_eq(CLASS("a", "b"), "5000000");
	dev("a")->mood = OBEYS;
	bed_crash(); /* with it on its way: nobody knows whether it was done */
	run_ms(2000);
	ck_assert_str_eq(CLASS("a", "b"), "7000000");
	ck_assert_uint_eq(is()->in_bps, 7000000);
	bed_crash();
	ck_assert_uint_eq(is()->in_bps, 7000000);
}
END_TEST

START_TEST(without_a_queue_it_does_not_grow)
{
	dev("a")->mood = SILENT; /* it says that it is gone, and takes nothing new */
	dev_lose(dev("a"), "/device/link[name=to-b]");
	run_ms(1000);
	ck_assert_str_eq(nrp_status_text(view(7)->status), "waiting");
	ck_assert_int_eq(grow(7000000), SLICE_E_STEP);
	ck_assert_msg(strstr(answer.text, "has no queue on a>b: ") != NULL, "%s", answer.text);
	ck_assert_ptr_null(is());
}
END_TEST

START_TEST(the_operator_s_word_is_in_its_queue)
{
	ck_assert_int_eq(grow(7000000), 0);
	run_ms(2000);
	ck_assert_int_eq(partition(6), 0);
	run_ms(2000);
	ck_assert_ptr_null(is());
	ck_assert_str_eq(CLASS("a", "b"), "6000000");
	ck_assert_uint_eq(seen().ordered, 6000000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nrp-grow");
	TCase *t = tcase_create("grow");

	tcase_add_checked_fixture(t, setup, bed_down);
	tcase_add_test(t, its_queue_grows_and_then_it_may_be_reserved);
	tcase_add_test(t, what_a_device_refuses_is_not_in);
	tcase_add_test(t, a_crash_before_its_queue_has_it_goes_on);
	tcase_add_test(t, without_a_queue_it_does_not_grow);
	tcase_add_test(t, the_operator_s_word_is_in_its_queue);
	suite_add_tcase(s, t);
	return check_main(s);
}
