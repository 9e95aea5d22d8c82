/* SPDX-License-Identifier: Apache-2.0 */
/* Many slices that change together: with their template, or their parent; all of them or none. */
#include "bed.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

enum { MANY = 200, MBPS = 1000000 };

static const char *gold(unsigned mbps)
{
	static char text[512];

	(void)snprintf(text, sizeof(text), "{\"id\":\"gold\"," SLO(BOUND("one-way-bandwidth", "Mbps", "%u")) "}", mbps);
	return text;
}

/* To b and back, by turns. */
static const char *one_of(unsigned k, const char *more)
{
	static char text[1024];

	(void)snprintf(text, sizeof(text),
		       "{\"id\":\"s%u\",%s\"slo-sle-template\":\"gold\",\"sdps\":{\"sdp\":[{\"id\":\"s1\",\"node-id\":\"%s\"},"
		       "{\"id\":\"s2\",\"node-id\":\"%s\"}]},\"connection-groups\":{\"connection-group\":[{\"id\":\"g\","
		       "\"connectivity-construct\":[{\"id\":\"1\",\"p2p-sender-sdp\":\"s1\",\"p2p-receiver-sdp\":\"s2\"}]}]}}",
		       k, more, k % 2 ? "b" : "a", k % 2 ? "a" : "b");
	return text;
}

static const char *id_of(unsigned k)
{
	static char id[16];

	(void)snprintf(id, sizeof(id), "s%u", k);
	return id;
}

static void order_many(unsigned n, const char *more)
{
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "gold", gold(10)).code, 0);
	for (unsigned k = 0; k < n; k++)
		ck_assert_int_eq(put_doc(SLICE_SERVICE, id_of(k), one_of(k, more)).code, 0);
	bed_settle();
}

static void all_have(unsigned n, uint64_t bps)
{
	struct intent_view *v = malloc(sizeof(*v));
	struct slice_flow_view f;

	ck_assert_ptr_nonnull(v);
	for (unsigned k = 0; k < n; k++) {
		ck_assert_uint_eq(slice_flows(bed.slice, id_of(k), 0, &f, 1), 1);
		ck_assert_uint_eq(f.bandwidth_bps, bps);
		ck_assert_int_eq(intent_get(world.intent, &f.key, v), 0);
		ck_assert_uint_eq(v->desired.bandwidth_bps, bps);
		ck_assert(v->charged);
	}
	free(v);
	ck_assert_uint_eq(reserved("a", "b"), (n + 1) / 2 * bps);
	ck_assert_uint_eq(reserved("b", "a"), n / 2 * bps);
	ck_assert_uint_eq(slice_audit(bed.slice, NULL, NULL), 0);
	audit();
}

START_TEST(a_template_of_many_changes_with_all_of_them)
{
	bed_up(bed_pair);
	order_many(MANY, "");
	all_have(MANY, 10 * MBPS);
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "gold", gold(20)).code, 0);
	all_have(MANY, 20 * MBPS);
	bed_settle();
	for (unsigned k = 0; k < MANY; k++)
		ck_assert_int_eq(seen(id_of(k))->state, SLICE_ACTIVE);
	bed_crash();
	bed_settle();
	all_have(MANY, 20 * MBPS);
	for (unsigned k = 0; k < MANY; k++)
		ck_assert_int_eq(seen(id_of(k))->state, SLICE_ACTIVE);
	bed_down();
}
END_TEST

/* One that has no room leaves all as they were: a hundred times 100 Mb/s fit, and one more does not. */
START_TEST(where_one_of_many_has_no_room_nothing_changes)
{
	struct slice_result r;
	uint64_t revision;
	size_t len;

	bed_up(bed_pair);
	order_many(MANY + 1, "");
	(void)slice_doc(bed.slice, SLICE_SERVICE, "s7", &len, &revision);
	r = try_doc(SLICE_TEMPLATE, "gold", gold(100));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	r = put_doc(SLICE_TEMPLATE, "gold", gold(100));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(r.link, "a>b");
	ck_assert_int_eq(r.kind, SLICE_SERVICE);
	ck_assert_ptr_nonnull(seen(r.id));
	all_have(MANY + 1, 10 * MBPS);
	ck_assert_ptr_nonnull(strstr(slice_doc(bed.slice, SLICE_TEMPLATE, "gold", &len, &(uint64_t){ 0 }), "\"10\""));
	/* its twin: without that one all of them have room */
	ck_assert_int_eq(drop(SLICE_SERVICE, id_of(MANY)).code, 0);
	bed_settle();
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "gold", gold(100)).code, 0);
	all_have(MANY, 100 * MBPS);
	bed_down();
}
END_TEST

/* Others have their turns while many are planned, and what they do is not undone by it. */
START_TEST(others_go_on_meanwhile)
{
	struct answer many = { 0 }, other = { 0 };
	unsigned turns = 0;

	bed_up(bed_pair);
	order_many(MANY, "");
	ask(&many, SLICE_TEMPLATE, SLICE_PUT, "gold", gold(20), false);
	ask(&other, SLICE_SERVICE, SLICE_PUT, "other", order("other", G, ""), false);
	while (!many.done && turns++ < 10000)
		(void)bed_step();
	ck_assert(many.done && !other.done); /* it is alone */
	ck_assert_int_eq(many.r.code, 0);
	ck_assert_int_eq(wait_for(&other).code, 0);
	ck_assert_uint_eq(reserved("a", "b"), MANY / 2 * 20ull * MBPS + G);
	bed_down();
}
END_TEST

/* Killed anywhere between: all have the old rate, or all the new one. */
START_TEST(a_crash_leaves_all_of_many_or_none)
{
	struct answer many = { 0 };
	struct slice_flow_view f;

	bed_up(bed_pair);
	order_many(MANY, "");
	ask(&many, SLICE_TEMPLATE, SLICE_PUT, "gold", gold(20), false);
	for (int k = 0; k < _i && !many.done; k++)
		(void)bed_step();
	slice_forget(bed.slice, &many);
	bed_crash();
	bed_settle();
	ck_assert_uint_eq(slice_flows(bed.slice, "s0", 0, &f, 1), 1);
	ck_assert(!many.done || f.bandwidth_bps == 20 * MBPS);
	all_have(MANY, f.bandwidth_bps);
	bed_down();
}
END_TEST

/* Too many for one transaction: told before anything happens, with what to do. */
START_TEST(what_is_too_much_at_once_is_refused_with_what_to_do)
{
	static const char later[] = "\"sextant-slice:realisation\":{\"begins\":\"2030-01-01T00:00:00Z\"},";
	unsigned n = SLICE_TOGETHER_MAX + 1;
	struct slice_result r;

	bed_up(bed_pair);
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "gold", gold(1)).code, 0);
	for (unsigned k = 0; k < n - 2; k++)
		ck_assert_int_eq(put_doc(SLICE_SERVICE, id_of(k), one_of(k, later)).code, 0);
	/* its twin: just as many as may */
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "gold", gold(2)).code, 0);
	ck_assert_uint_eq(reserved("a", "b"), (n - 1) / 2 * 2ull * MBPS);
	for (unsigned k = n - 2; k < n; k++)
		ck_assert_int_eq(put_doc(SLICE_SERVICE, id_of(k), one_of(k, later)).code, 0);
	r = put_doc(SLICE_TEMPLATE, "gold", gold(3));
	ck_assert_int_eq(r.code, SLICE_E_LIMIT);
	ck_assert_ptr_nonnull(strstr(r.text, "another id"));
	ck_assert_uint_eq(reserved("a", "b"), (n + 1) / 2 * 2ull * MBPS);
	bed_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slice-many");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_template_of_many_changes_with_all_of_them);
	tcase_add_test(t, where_one_of_many_has_no_room_nothing_changes);
	tcase_add_test(t, others_go_on_meanwhile);
	tcase_add_loop_test(t, a_crash_leaves_all_of_many_or_none, 0, 24);
	tcase_add_test(t, what_is_too_much_at_once_is_refused_with_what_to_do);
	suite_add_tcase(s, t);
	return check_main(s);
}
