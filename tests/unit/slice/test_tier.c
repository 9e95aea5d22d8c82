/* SPDX-License-Identifier: Apache-2.0 */
/* Lower tiers: what is offered where an order of a template has no room, and what templates may say of it. */
#include "bed.h"

#include <stdio.h>

#include "base/rng.h"

/* A tier of so many bit/s; lower "": none below it. more: members before its end. */
static const char *tier(const char *id, uint64_t bps, const char *lower, const char *more)
{
	static char text[1024];

	(void)snprintf(text, sizeof(text),
		       "{\"id\":\"%s\",%s%s%s\"slo-policy\":{%s\"metric-bound\":[{\"metric-type\":"
		       "\"ietf-network-slice-service:one-way-bandwidth\",\"metric-unit\":\"bps\",\"bound\":\"%llu\"}]}}",
		       id, lower[0] ? "\"sextant-slice:lower-tier\":\"" : "", lower, lower[0] ? "\"," : "", more,
		       (unsigned long long)bps);
	return text;
}

static int put_tier(const char *id, uint64_t bps, const char *lower)
{
	return put_doc(SLICE_TEMPLATE, id, tier(id, bps, lower, "")).code;
}

/* From a to b by a template; group: another one of its group, "" none. */
static const char *by(const char *id, const char *template, const char *group)
{
	static char text[1024];

	(void)snprintf(text, sizeof(text),
		       "{\"id\":\"%s\",\"slo-sle-template\":\"%s\",\"sdps\":{\"sdp\":[{\"id\":\"s1\",\"node-id\":\"a\"},"
		       "{\"id\":\"s2\",\"node-id\":\"b\"}]},\"connection-groups\":{\"connection-group\":[{\"id\":\"g\",%s%s%s"
		       "\"connectivity-construct\":[{\"id\":\"1\",\"p2p-sender-sdp\":\"s1\",\"p2p-receiver-sdp\":\"s2\"}]}]}}",
		       id, template, group[0] ? "\"slo-sle-template\":\"" : "", group, group[0] ? "\"," : "");
	return text;
}

static const char *offered(const struct slice_result *r)
{
	const char *one = "";

	for (unsigned i = 0; i < SLICE_ALTERNATIVES_MAX; i++) {
		if (strncmp(r->alternative[i], "template ", 9) != 0)
			continue;
		ck_assert_str_eq(one, ""); /* the highest, and no other */
		one = r->alternative[i];
	}
	return one;
}

static const char *offer_beside(uint64_t taken_bps)
{
	static struct slice_result r;

	ck_assert_int_eq(put_doc(SLICE_SERVICE, "other", order("other", taken_bps, "")).code, 0);
	bed_settle();
	r = put_doc(SLICE_SERVICE, "new", by("new", "gold", ""));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_ptr_null(seen("new"));
	ck_assert_uint_eq(reserved("a", "b"), taken_bps);
	return offered(&r);
}

static void setup(void)
{
	bed_up(bed_pair);
	ck_assert_int_eq(put_tier("bronze", 1ull * G, ""), 0);
	ck_assert_int_eq(put_tier("silver", 3ull * G, "bronze"), 0);
	ck_assert_int_eq(put_tier("gold", 8ull * G, "silver"), 0);
}

START_TEST(the_highest_lower_tier_that_fits_is_offered)
{
	char below[SR_REASON_MAX];

	ck_assert_str_eq(offer_beside(6ull * G), "template silver in place of gold");
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "new", by("new", "silver", "")).code, 0); /* it is true */
	bed_settle();
	ck_assert(slice_tier_below(bed.slice, "new", below, sizeof(below)));
	ck_assert_str_eq(below, "template bronze in place of silver");
	ck_assert(!slice_tier_below(bed.slice, "other", below, sizeof(below)));
	ck_assert(!slice_tier_below(bed.slice, "nobody", below, sizeof(below)));
	ck_assert_uint_eq(reserved("a", "b"), 9ull * G);
	ck_assert_int_eq(drop(SLICE_SERVICE, "new").code, 0);
	bed_settle();
	ck_assert_str_eq(offer_beside(8ull * G), "template bronze in place of gold");
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "new", by("new", "silver", "")).code, SLICE_E_SHORT);
	ck_assert_str_eq(offer_beside(9500000000), ""); /* none of them fits */
}
END_TEST

START_TEST(without_a_lower_tier_none_is_offered)
{
	ck_assert_int_eq(put_tier("gold", 8ull * G, ""), 0);
	ck_assert_str_eq(offer_beside(6ull * G), "");
}
END_TEST

/* What a tier inherits of the one above it stays as it is. */
START_TEST(a_lower_tier_may_stand_on_the_one_above)
{
	ck_assert_int_eq(put_tier("gold", 8ull * G, ""), 0);
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "silver", tier("silver", 3ull * G, "", "\"template-ref\":\"gold\",")).code, 0);
	ck_assert_int_eq(put_tier("gold", 8ull * G, "silver"), 0);
	ck_assert_str_eq(offer_beside(6ull * G), "template silver in place of gold");
}
END_TEST

/* An order that is there keeps what it has while more is refused. */
START_TEST(one_that_grows_is_offered_it_too)
{
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "other", order("other", 5ull * G, "")).code, 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "new", by("new", "bronze", "")).code, 0);
	bed_settle();

	struct slice_result r = put_doc(SLICE_SERVICE, "new", by("new", "gold", ""));

	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(offered(&r), "template silver in place of gold");
	ck_assert_uint_eq(reserved("a", "b"), 6ull * G);
	ck_assert_uint_eq(slice_audit(bed.slice, NULL, NULL), 0);
}
END_TEST

START_TEST(each_template_of_an_order_goes_lower)
{
	struct slice_result r;

	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "swift", tier("swift", 7ull * G, "silver", "")).code, 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "other", order("other", 6ull * G, "")).code, 0);
	bed_settle();
	r = put_doc(SLICE_SERVICE, "new", by("new", "gold", "swift"));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(offered(&r), "template silver in place of gold, silver in place of swift");
}
END_TEST

START_TEST(one_that_is_less_available_is_offered)
{
	static struct slice_odd none[1];
	struct slice_result r;

	ck_assert_int_eq(slice_odds_set(bed.slice, &(struct slice_odds){ 999000000, 999900000, none, 0 }), 0);
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "gold", tier("gold", G, "silver", "")).code, 0);
	r = put_doc(SLICE_TEMPLATE, "sure",
		    "{\"id\":\"sure\",\"sextant-slice:lower-tier\":\"silver\",\"slo-policy\":{\"availability\":"
		    "\"ietf-network-slice-service:five-nines\",\"metric-bound\":[{\"metric-type\":"
		    "\"ietf-network-slice-service:one-way-bandwidth\",\"metric-unit\":\"bps\",\"bound\":\"1000\"}]}}");
	ck_assert_int_eq(r.code, 0);
	r = put_doc(SLICE_SERVICE, "new", by("new", "sure", ""));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(offered(&r), "template silver in place of sure");
	ck_assert_ptr_nonnull(strstr(r.text, "%")); /* what is told is of the order as it came */
}
END_TEST

static const struct {
	const char *lower, *text;
} wrong[] = {
	{ "tin", "there is no template tin" },
	{ "gold", "below itself" },
	{ "bronze", NULL },
};

START_TEST(what_is_below_a_template_is_there_and_not_itself)
{
	struct slice_result r = put_doc(SLICE_TEMPLATE, "silver", tier("silver", 3ull * G, wrong[_i].lower, ""));

	ck_assert_int_eq(r.code, wrong[_i].text ? SLICE_E_INVALID : 0);
	if (wrong[_i].text) {
		ck_assert_ptr_nonnull(strstr(r.text, wrong[_i].text));
		ck_assert_str_eq(r.field, "sextant-slice:lower-tier");
	}
}
END_TEST

START_TEST(one_that_is_a_lower_tier_stays)
{
	struct slice_result r = drop(SLICE_TEMPLATE, "silver");

	ck_assert_int_eq(r.code, SLICE_E_USED);
	ck_assert_ptr_nonnull(strstr(r.text, "gold"));
	ck_assert_int_eq(drop(SLICE_TEMPLATE, "gold").code, 0);
	ck_assert_int_eq(drop(SLICE_TEMPLATE, "silver").code, 0);
}
END_TEST

/* Any load, any tiers: what is offered is taken, and no higher one would have been. */
START_TEST(what_is_offered_is_true)
{
	static const char *const names[] = { "t0", "t1", "t2", "t3" };
	struct slice_result r;
	struct rng g;
	char text[64];

	rng_seed(&g, (uint64_t)_i + 1);
	for (unsigned k = ARRAY_LEN(names); k-- > 0;)
		ck_assert_int_eq(put_tier(names[k], 1 + rng_below(&g, 10ull * G), k + 1 < ARRAY_LEN(names) ? names[k + 1] : ""), 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "other", order("other", 1 + rng_below(&g, 9ull * G), "")).code, 0);
	bed_settle();
	r = put_doc(SLICE_SERVICE, "new", by("new", names[0], ""));
	for (unsigned k = 1; r.code && k < ARRAY_LEN(names); k++) {
		bool fits = try_doc(SLICE_SERVICE, "new", by("new", names[k], "")).code == 0;

		(void)snprintf(text, sizeof(text), "template %s in place of t0", names[k]);
		ck_assert_int_eq(strcmp(offered(&r), text) == 0, fits);
		if (fits)
			return;
	}
	if (r.code)
		ck_assert_str_eq(offered(&r), "");
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		the_highest_lower_tier_that_fits_is_offered,
		without_a_lower_tier_none_is_offered,
		a_lower_tier_may_stand_on_the_one_above,
		one_that_grows_is_offered_it_too,
		each_template_of_an_order_goes_lower,
		one_that_is_less_available_is_offered,
		one_that_is_a_lower_tier_stays,
	};
	Suite *s = suite_create("slice-tier");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, bed_down);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, what_is_below_a_template_is_there_and_not_itself, 0, ARRAY_LEN(wrong));
	tcase_add_loop_test(t, what_is_offered_is_true, 0, 40);
	suite_add_tcase(s, t);
	return check_main(s);
}
