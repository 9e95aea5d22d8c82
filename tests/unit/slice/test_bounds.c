/* SPDX-License-Identifier: Apache-2.0 */
/* Several bounds of one kind in an order: which are held to, of one end and of two, and over a restart. */
#include "bed.h"

#include <stdio.h>
#include <stdlib.h>

#include "slice/plan.h"

/* ---- against what a list of all that was said implies ---- */

struct said {
	uint64_t us;
	uint32_t milli; /* 100000: of all */
};

static const enum slice_metric delays[4] = { SLICE_DELAY_MAX, SLICE_DELAY_PCT, SLICE_DELAY2_MAX, SLICE_DELAY2_PCT };
static const enum slice_metric variations[4] = { SLICE_VARIATION_MAX, SLICE_VARIATION_PCT, SLICE_VARIATION2_MAX,
						 SLICE_VARIATION2_PCT };

static uint64_t rnd;

static unsigned pick(unsigned n)
{
	rnd = rnd * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(rnd >> 33) % n;
}

/* Some of the four kinds; what of them was said goes to list. */
static unsigned say(struct slice_slo *s, const enum slice_metric at[4], struct said *list)
{
	static const uint32_t shares[] = { 50000, 90000, 95000, 99000, 99900, 100000 };
	unsigned n = 0;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t us = 1 + pick(9);
		uint32_t milli = i % 2 ? shares[pick(6)] : 0;

		if (pick(3) == 0)
			continue;
		s->bound[at[i]] = (struct slice_bound){ true, us * 1000 * (i < 2 ? 1 : 2), milli };
		list[n++] = (struct said){ us, milli ? milli : 100000 };
	}
	return n;
}

static bool within(const struct said *x, const struct said *of)
{
	return x->us <= of->us && x->milli >= of->milli;
}

/* All that is said is implied by what is kept, that was said, and none of it by another. */
static void compare(const struct said *said, unsigned n_said, const struct said *kept, unsigned n_kept)
{
	for (unsigned i = 0; i < n_said; i++) {
		bool found = false;

		for (unsigned j = 0; j < n_kept; j++)
			found |= within(&kept[j], &said[i]);
		ck_assert_msg(found, "%llu us of %u is not held to", (unsigned long long)said[i].us, said[i].milli);
	}
	for (unsigned j = 0; j < n_kept; j++) {
		bool found = false;

		for (unsigned i = 0; i < n_said; i++)
			found |= kept[j].us == said[i].us && kept[j].milli == said[i].milli;
		ck_assert(found);
		for (unsigned i = 0; i < n_kept; i++)
			ck_assert(i == j || !within(&kept[i], &kept[j]));
	}
}

static unsigned kept_of(uint32_t first_us, uint32_t first_milli, const struct slice_also *also, struct said *out)
{
	unsigned n = 0;

	if (first_us == PCE_NO_BOUND)
		return 0;
	out[n++] = (struct said){ first_us, first_milli ? first_milli : 100000 };
	for (unsigned i = 0; i < SLICE_ALSO_MAX && also[i].us; i++) {
		ck_assert_uint_gt(also[i].us, out[n - 1].us); /* ascending */
		out[n++] = (struct said){ also[i].us, also[i].milli ? also[i].milli : 100000 };
	}
	return n;
}

static void check(const struct slice_terms *t, const struct said *d, unsigned nd, const struct said *v, unsigned nv)
{
	struct said kept[2 + SLICE_ALSO_MAX];
	unsigned n = kept_of(t->promised_us, t->percentile_milli, t->delay_also, kept);

	if (t->ceiling_us != PCE_NO_BOUND)
		kept[n++] = (struct said){ t->ceiling_us, 100000 };
	compare(d, nd, kept, n);
	n = kept_of(t->variation_us_max, t->variation_milli, t->variation_also, kept);
	compare(v, nv, kept, n);
}

START_TEST(all_that_is_said_is_held_to_of_one_end_and_of_two)
{
	for (unsigned round = 0; round < 2000; round++) {
		struct slice_slo one = { 0 }, two = { 0 };
		struct said d[8], v[8];
		struct slice_terms t, u;
		unsigned nd, nv;

		rnd = (uint64_t)_i * 100000 + round;
		nd = say(&one, delays, d);
		nv = say(&one, variations, v);
		slice_terms(&one, 10, &t);
		check(&t, d, nd, v, nv);
		nd += say(&two, delays, d + nd);
		nv += say(&two, variations, v + nv);
		slice_terms(&two, 10, &u);
		slice_terms_join(&t, &u);
		check(&t, d, nd, v, nv);
	}
}
END_TEST

/* ---- in an order ---- */

#define PCT(type, ms, p)                                                                           \
	"{\"metric-type\":\"ietf-network-slice-service:" type "\",\"metric-unit\":\"milliseconds\",\"bound\":\"" ms \
	"\",\"percentile-value\":\"" p "\"}"
#define ORDER(bounds)                                                                              \
	SERVICE("one", CUSTOM(BOUND("one-way-bandwidth", "bps", "1000000") bounds) ",",            \
		SDP("s1", "a", "g", "") "," SDP("s2", "b", "g", ""), GROUP("g", "point-to-point", P2P("1", "s1", "s2", "")))

static struct slice_flow_view flow(void)
{
	struct slice_flow_view f;

	ck_assert_uint_ge(slice_flows(bed.slice, "one", 0, &f, 1), 1);
	return f;
}

START_TEST(two_percentiles_are_held_to_over_a_restart)
{
	struct slice_flow_view f;

	bed_up(bed_pair);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", ORDER("," PCT("one-way-delay-percentile", "20", "95.000") ","
							      PCT("two-way-delay-percentile", "80", "99.900") ","
							      BOUND("one-way-delay-maximum", "milliseconds", "60"))).code, 0);
	bed_settle();
	for (int again = 0; again < 2; again++) {
		f = flow();
		ck_assert(f.promised_us == 20000 && f.percentile_milli == 95000 && f.ceiling_us == 60000);
		ck_assert(f.delay_also[0].us == 40000 && f.delay_also[0].milli == 99900 && f.delay_also[1].us == 0);
		ck_assert_uint_eq(f.variation_also[0].us, 0);
		bed_crash();
		bed_settle();
	}
	/* one that the other implies is none; and one that is changed back is */
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", ORDER("," PCT("one-way-delay-percentile", "20", "99.900") ","
							      PCT("two-way-delay-percentile", "80", "99.900"))).code, 0);
	bed_settle();
	f = flow();
	ck_assert(f.promised_us == 20000 && f.percentile_milli == 99900 && f.ceiling_us == PCE_NO_BOUND);
	ck_assert_uint_eq(f.delay_also[0].us, 0);
	bed_down();
}
END_TEST

/* Pairs of any-to-any are held to what both ends promise, availability among it. */
START_TEST(the_stricter_end_of_a_pair_counts_for_availability)
{
#define END(sdp, nines)                                                                            \
	"{\"sdp-id\":\"" sdp "\",\"service-slo-sle-policy\":{\"slo-policy\":{\"availability\":" \
	"\"ietf-network-slice-service:" nines "-nines\"}}}"
	struct slice_flow_view f[2];

	bed_up(bed_pair);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one",
				 SERVICE("one", "", SDP("s1", "a", "g", "") "," SDP("s2", "b", "g", ""),
					 "{\"id\":\"g\",\"connectivity-type\":\"any-to-any\",\"connectivity-construct\":["
					 "{\"id\":\"all\",\"a2a-sdp\":[" END("s1", "two") "," END("s2", "four") "]}]}")).code, 0);
	bed_settle();
	ck_assert_uint_eq(slice_flows(bed.slice, "one", 0, f, 2), 2);
	ck_assert(f[0].nines == 4 && f[1].nines == 4);
	bed_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slice-bounds");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, all_that_is_said_is_held_to_of_one_end_and_of_two, 0, 5);
	tcase_add_test(t, two_percentiles_are_held_to_over_a_restart);
	tcase_add_test(t, the_stricter_end_of_a_pair_counts_for_availability);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return check_main(s);
}
