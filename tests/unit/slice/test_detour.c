/* SPDX-License-Identifier: Apache-2.0 */
/* Where a repair sends a slice's policies: around what is suspected, over the standby, and back. */
#include <stdio.h>

#include "bed.h"

#define DEDICATED                                                                                  \
	"\"sextant-slice:realisation\":{\"sharing\":\"dedicated\"},"
#define WHICH(id) (slice_flows(bed.slice, id, 0, flow, 4) ? &flow[0] : NULL)

static struct slice_flow_view flow[4];

static void square(void)
{
	bed_up(bed_square);
}

/* Two policies kept apart, from a to d. */
static const char *pair(const char *id)
{
	static char text[4096];

	(void)snprintf(text, sizeof(text),
		       "{\"id\":\"%s\"," DEDICATED "\"service-slo-sle-policy\":{" SLO(BOUND("one-way-bandwidth", "Gbps", "1"))
		       ",\"sle-policy\":{\"path-constraints\":{\"diversity\":{\"diversity-type\":\"link\"}}}},"
		       "\"sdps\":{\"sdp\":[{\"id\":\"s1\",\"node-id\":\"a\"},{\"id\":\"s2\",\"node-id\":\"d\"}]},"
		       "\"connection-groups\":{\"connection-group\":[{\"id\":\"g\",\"connectivity-construct\":["
		       "{\"id\":\"1\",\"p2p-sender-sdp\":\"s1\",\"p2p-receiver-sdp\":\"s2\"}]}]}}", id);
	return text;
}

static void said(void *arg, const struct slice_result *r)
{
	struct answer *a = arg;

	a->done = true;
	a->r = *r;
}

static struct slice_result detour(const char *id, const char *avoid, bool swapped, bool dry)
{
	struct slice_detour d = { .n_avoid = avoid ? 1 : 0, .swapped = swapped };
	struct answer a = { 0 };

	if (avoid)
		(void)snprintf(d.avoid[0], sizeof(d.avoid[0]), "%s", avoid);
	slice_detour_put(bed.slice, id, &d, dry, said, &a);
	ck_assert(!a.done);
	return wait_for(&a);
}

static const char *path_of(const struct sr_policy_key *k)
{
	static struct intent_view v;

	ck_assert_int_eq(intent_get(world.intent, k, &v), 0);
	return v.path_text;
}

static const char *link_of(const char *from, const char *to)
{
	static char label[TED_LABEL_MAX];

	return ted_link_label(world.ted, net_index(from, to), label, sizeof(label));
}

static void one_stands(void)
{
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 4ull * G, "")).code, 0);
	bed_settle();
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active");
}

START_TEST(it_goes_around_a_link_and_back)
{
	unsigned jobs = bed.n_jobs;
	struct slice_result r;

	one_stands();
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
	ck_assert_int_eq(detour("one", link_of("a", "b"), false, true).code, 0);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G); /* only asked */
	ck_assert_uint_eq(seen("one")->detour.n_avoid, 0);
	r = detour("one", link_of("a", "b"), false, false);
	ck_assert_int_eq(r.code, 0);
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active"); /* it stands meanwhile */
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 0);
	ck_assert_uint_eq(reserved("c", "d"), 4ull * G);
	ck_assert_uint_eq(seen("one")->detour.n_avoid, 1);
	ck_assert_uint_eq(bed.n_jobs, jobs); /* no step is taken again */
	ck_assert_int_eq(detour("one", NULL, false, false).code, 0);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
	ck_assert_uint_eq(reserved("c", "d"), 0);
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active");
}
END_TEST

START_TEST(it_outlives_a_crash_and_another_document)
{
	one_stands();
	ck_assert_int_eq(detour("one", link_of("a", "b"), false, false).code, 0);
	bed_crash();
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 0);
	ck_assert_uint_eq(seen("one")->detour.n_avoid, 1);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 5ull * G, "")).code, 0);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 0);
	ck_assert_uint_eq(reserved("a", "c"), 5ull * G);
	ck_assert_uint_eq(slice_audit(bed.slice, NULL, NULL), 0);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	nothing_left();
}
END_TEST

/* Who holds what was ordered against what is there is not to wait for steps that are never taken. */
START_TEST(it_is_no_other_order)
{
	uint64_t ordered, revision;

	one_stands();
	ordered = seen("one")->ordered;
	revision = seen("one")->revision;
	ck_assert_int_eq(detour("one", link_of("a", "b"), false, false).code, 0);
	bed_settle();
	ck_assert_uint_ne(seen("one")->revision, revision);
	ck_assert_uint_eq(seen("one")->ordered, ordered);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 5ull * G, "")).code, 0);
	ck_assert_uint_ne(seen("one")->ordered, ordered);
}
END_TEST

START_TEST(without_room_around_it_is_refused_and_nothing_changes)
{
	struct slice_result r;

	one_stands();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", order("two", 6ull * G, "")).code, 0);
	bed_settle();
	ck_assert_int_eq(detour("two", link_of("a", "b"), false, false).code, 0);
	bed_settle();
	r = detour("one", link_of("a", "b"), false, true);
	ck_assert_int_eq(r.code, 0); /* 4 and 6 of 10 */
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", order("two", 7ull * G, "")).code, 0);
	bed_settle();
	r = detour("one", link_of("a", "b"), false, false);
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_ne(r.text, "");
	ck_assert_uint_eq(seen("one")->detour.n_avoid, 0);
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
}
END_TEST

START_TEST(where_it_ends_nothing_goes_around)
{
	one_stands();
	ck_assert_int_eq(detour("one", "a", false, false).code, SLICE_E_SHORT);
	ck_assert_int_eq(detour("one", "b", false, true).code, SLICE_E_SHORT);
	ck_assert_int_eq(detour("one", "c", false, true).code, 0); /* never was there, and is not to be */
	ck_assert_int_eq(detour("none", "c", false, true).code, SLICE_E_MISSING);
	ck_assert_int_eq(detour("one", "nowhere", false, true).code, SLICE_E_INVALID);
}
END_TEST

START_TEST(what_does_not_stand_is_not_moved)
{
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "")).code, 0);
	ck_assert_int_eq(detour("one", link_of("a", "b"), false, false).code, SLICE_E_BUSY);
	bed_settle();
	ck_assert_int_eq(detour("one", link_of("a", "b"), false, false).code, 0);
}
END_TEST

START_TEST(the_standby_is_preferred_and_the_other_again)
{
	struct intent_view v[2];

	for (int k = 0; k < SLICE_STEPS; k++)
		bed.available[k] = k != SLICE_STEP_POLICIES;
	bed_crash();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", pair("one")).code, 0);
	bed_settle();
	ck_assert_uint_eq(slice_flows(bed.slice, "one", 0, flow, 4), 2);
	ck_assert(!flow[0].protection && flow[1].protection);
	ck_assert_int_eq(detour("one", NULL, true, false).code, 0);
	bed_settle();
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(intent_get(world.intent, &flow[i].key, &v[i]), 0);
	ck_assert_uint_lt(v[0].active_preference, v[1].active_preference);
	ck_assert_uint_eq(v[0].reported.preference, v[0].active_preference); /* the headend has it */
	ck_assert(v[0].state == INTENT_UP && v[1].state == INTENT_UP);
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active");
	ck_assert_int_eq(detour("one", NULL, false, false).code, 0);
	bed_settle();
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(intent_get(world.intent, &flow[i].key, &v[i]), 0);
	ck_assert_uint_gt(v[0].active_preference, v[1].active_preference);
}
END_TEST

START_TEST(one_without_a_standby_cannot_switch)
{
	struct slice_result r;

	one_stands();
	r = detour("one", NULL, true, true);
	ck_assert_int_eq(r.code, SLICE_E_STEP);
	ck_assert_ptr_nonnull(strstr(r.text, "standby"));
	ck_assert(!seen("one")->detour.swapped);
	ck_assert_ptr_nonnull(strstr(path_of(&WHICH("one")->key), "a"));
}
END_TEST

START_TEST(what_is_violated_is_shown_as_what_is_done_about_it)
{
	one_stands();
	ck_assert_int_eq(slice_mend_set(bed.slice, "one", SLICE_MEND_REPAIR), 0);
	run_ms(10);
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active");
	ck_assert_int_eq(slice_verdict_set(bed.slice, "one", SLICE_VIOLATION, "loss"), 0);
	run_ms(10);
	ck_assert_str_eq(slice_state_text(seen("one")->state), "repairing");
	ck_assert_int_eq(slice_mend_set(bed.slice, "one", SLICE_MEND_ACCEPTED), 0);
	run_ms(10);
	ck_assert_str_eq(slice_state_text(seen("one")->state), "degraded");
	ck_assert_int_eq(slice_mend_set(bed.slice, "one", SLICE_MEND_NONE), 0);
	run_ms(10);
	ck_assert_str_eq(slice_state_text(seen("one")->state), "violated");
	ck_assert_int_eq(slice_mend_set(bed.slice, "none", SLICE_MEND_NONE), SLICE_E_MISSING);
}
END_TEST

static struct slice_result moves(const struct slice_move *m, size_t n, bool dry)
{
	struct answer a = { 0 };

	slice_moves_put(bed.slice, m, n, dry, said, &a);
	return wait_for(&a);
}

static struct slice_move around(const char *id)
{
	struct slice_move m = { .detour = { .n_avoid = 1 } };

	(void)snprintf(m.id, sizeof(m.id), "%s", id);
	(void)snprintf(m.detour.avoid[0], sizeof(m.detour.avoid[0]), "%s", link_of("a", "b"));
	return m;
}

static void two_stands(uint64_t bps)
{
	one_stands();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", order("two", bps, "")).code, 0);
	bed_settle();
}

START_TEST(several_go_around_together_or_none)
{
	struct slice_move m[2] = { 0 };
	struct slice_result r;

	two_stands(6ull * G);
	m[0] = around("one");
	m[1] = around("two");
	ck_assert_int_eq(moves(m, 2, true).code, 0);
	ck_assert_uint_eq(seen("one")->detour.n_avoid, 0);
	ck_assert_int_eq(moves(m, 2, false).code, 0);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 0);
	ck_assert_uint_eq(reserved("c", "d"), 10ull * G);
	m[0].detour.n_avoid = m[1].detour.n_avoid = 0;
	ck_assert_int_eq(moves(m, 2, false).code, 0);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
	m[0] = around("one");
	m[1] = around("none");
	r = moves(m, 2, false);
	ck_assert_int_eq(r.code, SLICE_E_MISSING);
	ck_assert_str_eq(r.id, "none");
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
}
END_TEST

/* Each alone finds room, both together do not. */
START_TEST(what_has_no_room_together_is_refused_together)
{
	struct slice_move m[2] = { 0 };

	two_stands(4ull * G);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "wide", order("wide", 1ull * G, "")).code, 0);
	bed_settle();
	m[0] = around("wide");
	ck_assert_int_eq(moves(m, 1, false).code, 0);
	bed_settle();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "wide", order("wide", 5ull * G, "")).code, 0);
	bed_settle();
	ck_assert_uint_eq(reserved("c", "d"), 5ull * G);
	m[0] = around("one");
	m[1] = around("two");
	ck_assert_int_eq(moves(&m[0], 1, true).code, 0);
	ck_assert_int_eq(moves(&m[1], 1, true).code, 0);
	ck_assert_int_eq(moves(m, 2, true).code, SLICE_E_SHORT);
	ck_assert_int_eq(moves(m, 2, false).code, SLICE_E_SHORT);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 8ull * G);
	ck_assert_uint_eq(seen("one")->detour.n_avoid, 0);
	ck_assert_uint_eq(seen("two")->detour.n_avoid, 0);
}
END_TEST

static void with_steps(void)
{
	square();
	for (int k = 0; k < SLICE_STEPS; k++)
		bed.available[k] = k != SLICE_STEP_POLICIES;
	bed_crash();
}

static bool classified(void)
{
	return seen("one")->done & 1u << SLICE_STEP_CLASSIFY;
}

START_TEST(one_that_is_shed_keeps_its_room_over_crashes_and_changes)
{
	struct slice_move m = { .id = "one", .shed_for = "two" };

	one_stands();
	ck_assert(classified());
	ck_assert_int_eq(moves(&m, 1, true).code, 0);
	ck_assert_str_eq(seen("one")->shed_for, "");
	ck_assert_int_eq(moves(&m, 1, false).code, 0);
	bed_settle();
	ck_assert_str_eq(slice_state_text(seen("one")->state), "suspended");
	ck_assert_ptr_nonnull(strstr(seen("one")->reason, "two"));
	ck_assert(!classified());
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
	bed_crash();
	bed_settle();
	ck_assert_str_eq(seen("one")->shed_for, "two");
	ck_assert_str_eq(slice_state_text(seen("one")->state), "suspended");
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 5ull * G, "")).code, 0);
	bed_settle();
	ck_assert_str_eq(slice_state_text(seen("one")->state), "suspended");
	ck_assert(!classified());
	ck_assert_int_eq(detour("one", link_of("a", "b"), false, false).code, 0);
	bed_settle();
	ck_assert_str_eq(seen("one")->shed_for, "two"); /* where it runs is another matter */
	m = (struct slice_move){ .id = "one" };
	ck_assert_int_eq(moves(&m, 1, false).code, 0);
	bed_settle();
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active");
	ck_assert(classified());
	ck_assert_uint_eq(reserved("a", "b"), 5ull * G);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	nothing_left();
}
END_TEST

START_TEST(what_nothing_takes_off_is_not_shed)
{
	struct slice_move m = { .id = "one", .shed_for = "two" };

	one_stands(); /* no executors */
	ck_assert_int_eq(moves(&m, 1, false).code, SLICE_E_STEP);
	bed_settle();
	ck_assert_str_eq(seen("one")->shed_for, "");
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slice-detour");
	TCase *t = tcase_create("square"), *steps = tcase_create("steps");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, square, bed_down);
	tcase_add_test(t, it_goes_around_a_link_and_back);
	tcase_add_test(t, it_outlives_a_crash_and_another_document);
	tcase_add_test(t, it_is_no_other_order);
	tcase_add_test(t, without_room_around_it_is_refused_and_nothing_changes);
	tcase_add_test(t, where_it_ends_nothing_goes_around);
	tcase_add_test(t, what_does_not_stand_is_not_moved);
	tcase_add_test(t, the_standby_is_preferred_and_the_other_again);
	tcase_add_test(t, one_without_a_standby_cannot_switch);
	tcase_add_test(t, what_is_violated_is_shown_as_what_is_done_about_it);
	tcase_add_test(t, several_go_around_together_or_none);
	tcase_add_test(t, what_has_no_room_together_is_refused_together);
	tcase_add_test(t, what_nothing_takes_off_is_not_shed);
	tcase_add_checked_fixture(steps, with_steps, bed_down);
	tcase_add_test(steps, one_that_is_shed_keeps_its_room_over_crashes_and_changes);
	suite_add_tcase(s, steps);
	suite_add_tcase(s, t);
	return check_main(s);
}
