/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resize-nrp: a queue that drops what a slice sends, and the share of its partition that is raised for it: how
 * far, what stands against it, over a crash, and away again.
 */
#include <stdio.h>

#include "desk_bed.h"

#define NRP "\"sextant-slice:realisation\":{\"nrp-id\":1},"
#define RESIZE(more)                                                                                    \
	NRP "\"sextant-slice:repair-policy\":{\"action\":[" ACTION(1, "resize-nrp", "") "],\"hold-down\":1," \
	    "\"max-actions-per-hour\":20" more "},"
#define STAYS ",\"revertive\":false"
#define HALF ",\"sextant-nrp:resize\":{\"maximum-growth-percent\":50}"

enum { MOMENTS = 12 };

static uint32_t watches;
static char watched[32][64];
static uint64_t packets, drops;

static int watch(void *self, const char *name, const struct device_watch *w, uint32_t *id)
{
	(void)self;
	*id = ++watches;
	(void)snprintf(watched[*id], sizeof(watched[0]), "%s%s", name, w->path);
	return 0;
}

static const char *device = "a"; /* that tells */

static void tell(const char *path, uint64_t u, const char *text)
{
	struct device_sample s = { .device = device, .path = path, .number = !text, .u = u, .text = text };

	s.time_ns = (int64_t)loop_wall_ns(world.loop);
	for (uint32_t i = 1; i <= watches; i++) {
		const char *last = strrchr(watched[i], '/');

		if (watched[i][0] == device[0] && strncmp(watched[i] + 1, "/device/table", 13) != 0 && strstr(path, last) &&
		    (strcmp(last, "/link") != 0 || strncmp(path, "/device/link", 12) == 0))
			s.watch = i;
	}
	repair_device_sink.sample(desk, &s);
}

/* A router is a device, with its interface towards another. */
static void is_device(const char *name, const char *towards)
{
	const struct device_info info = { .device = name, .kind = "agent" };
	char text[IP_TEXT_MAX + 8], a[IP_TEXT_MAX];

	device = name;
	repair_device_sink.up(desk, &info);
	(void)snprintf(text, sizeof(text), "[\"%s\"]",
		       ip_text(&world.ted->links[net_index(name, towards)].local_v6, a, sizeof(a)));
	tell("/device/interface[name=core0]/address", 0, text);
}

static void device_up(void)
{
	static const struct device_port port = { .watch = watch };

	watches = 0;
	repair_desk_port(desk, &port);
	is_device("a", "b");
}

static void setup(void)
{
	packets = drops = 0;
	raised = lowered = 0;
	bed_up(bed_square);
	for (int k = 0; k < SLICE_STEPS; k++)
		bed.available[k] = k != SLICE_STEP_POLICIES;
	bed.partitions = true;
	bed_crash();
	desk_up();
	device_up();
}

static void crash(void)
{
	desk = repair_desk_free(desk);
	bed_crash();
	desk_up();
	device_up();
}

static int partition(uint64_t bps, const char *more)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "{\"name\":\"x\",\"nrp-id\":1,\"resource-reservation\":{\"maximum-bandwidth\":\"%llu\"}%s}",
		       (unsigned long long)bps, more);
	return put_doc(SLICE_NRP, "x", text).code;
}

/* Two seconds of its queue: 1000 packets a second of 1 Mbit are 1 Gb/s, and so many are dropped. */
static void queue(uint64_t rate, uint64_t gbps, uint64_t dropped)
{
	run_ms(2000);
	packets += gbps * 2000;
	drops += dropped;
	tell("/device/link[name=core0]/nrp[id=1]/rate", rate, NULL);
	tell("/device/link[name=core0]/nrp[id=1]/state/packets", packets, NULL);
	tell("/device/link[name=core0]/nrp[id=1]/state/octets", packets * 125000, NULL);
	tell("/device/link[name=core0]/nrp[id=1]/state/drops", drops, NULL);
}

/* Offered are 6 Gb/s, 5 are sent. */
static void crowded(void)
{
	queue(5ull * G, 5, 0);
	queue(5ull * G, 5, 2000);
}

static const struct slice_growth *growth(void)
{
	return slice_growth_of(bed.slice, 1, "a>b");
}

static void read_back(const char *why)
{
	slice_growth_told(bed.slice, 1, "a>b", growth()->is.bps, why);
	bed_settle();
	run_ms(1500);
}

static void on(unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		window("one", "ab", 0, 0, ASSURE_COMPLIANT);
}

/* It did not help. */
static void worse(void)
{
	for (unsigned k = 0; k < 5 && incident(1)->phase == REPAIR_VERIFYING; k++)
		window("one", "ab", 20, 1, ASSURE_VIOLATED);
	ck_assert_int_ne(incident(1)->phase, REPAIR_VERIFYING);
}

static void ordered(const char *more, const char *policy)
{
	ck_assert_int_eq(partition(5ull * G, more), 0);
	stands("one", policy);
	crowded();
	bad("one");
	bed_settle();
	run_ms(1500);
	ck_assert_ptr_nonnull(incident(1));
}

/* Raised, verified and kept. */
static void kept(const char *policy)
{
	ordered(HALF, policy);
	ck_assert_ptr_nonnull(growth());
	read_back("");
	on(6);
	if (incident(1)->outcome != REPAIR_KEPT)
		say(incident(1));
	ck_assert_int_eq(incident(1)->outcome, REPAIR_KEPT);
}

START_TEST(a_queue_that_drops_is_raised_by_what_it_is_offered)
{
	ordered(HALF, RESIZE(STAYS));
	ck_assert_uint_eq(growth()->is.bps, 6600000000); /* a tenth more */
	ck_assert_uint_eq(growth()->is.incident, 1);
	ck_assert_str_eq(growth()->is.slice, "one");
	ck_assert_int_eq(incident(1)->phase, REPAIR_APPLYING); /* until its queue has it */
	on(3);
	ck_assert_int_eq(incident(1)->phase, REPAIR_APPLYING);
	read_back("");
	ck_assert_int_eq(incident(1)->phase, REPAIR_VERIFYING);
	on(6);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_KEPT);
	ck_assert(told(incident(1), REPAIR_W_SIMULATED, "x on a>b: 5000000000 to 6600000000 bit/s"));
	ck_assert(told(incident(1), REPAIR_W_APPLIED, "its queues are as they are to be"));
	ck_assert_uint_eq(growth()->in_bps, 6600000000);
	ck_assert_uint_eq(events("nrp-resized"), 2);
}
END_TEST

START_TEST(without_the_operator_s_limit_nothing_is_raised)
{
	ordered("", RESIZE(STAYS));
	ck_assert_ptr_null(growth());
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GIVEN_UP);
	ck_assert(told(incident(1), REPAIR_W_REFUSED, "partition x may not be resized: it says no sextant-nrp:resize"));
	ck_assert_uint_eq(events("nrp-resized"), 0);
}
END_TEST

START_TEST(no_farther_than_its_limit)
{
	ordered(",\"sextant-nrp:resize\":{\"maximum-growth\":\"1000000000\"}", RESIZE(STAYS));
	ck_assert_uint_eq(growth()->is.bps, 6000000000);
	ck_assert(told(incident(1), REPAIR_W_SIMULATED, "6000000000 bit/s, what its operator allows"));
	read_back("");
	packets = drops = 0;
	queue(6000000000, 6, 0);
	queue(6000000000, 6, 500); /* and still it drops */
	worse();
	bed_settle();
	run_ms(1500);
	ck_assert(told(incident(1), REPAIR_W_REVERTED, ""));
	ck_assert_ptr_null(growth());
}
END_TEST

START_TEST(what_drops_nothing_is_not_raised)
{
	ck_assert_int_eq(partition(5ull * G, HALF), 0);
	stands("one", RESIZE(STAYS));
	queue(5ull * G, 5, 0);
	queue(5ull * G, 5, 0);
	bad("one");
	bed_settle();
	run_ms(1500);
	ck_assert_ptr_null(growth());
	ck_assert(told(incident(1), REPAIR_W_REFUSED, "no queue of its partition drops on what is suspected"));
}
END_TEST

START_TEST(a_slice_in_no_partition_has_none_to_raise)
{
	ck_assert_int_eq(partition(5ull * G, HALF), 0);
	stands("one", "\"sextant-slice:repair-policy\":{\"action\":[" ACTION(1, "resize-nrp", "") "]},");
	crowded();
	bad("one");
	bed_settle();
	run_ms(1500);
	ck_assert_ptr_null(growth());
	ck_assert(told(incident(1), REPAIR_W_REFUSED, "the slice is in no partition"));
}
END_TEST

START_TEST(others_keep_what_they_have)
{
	ck_assert_int_eq(put_doc(SLICE_NRP, "y",
				 "{\"name\":\"y\",\"nrp-id\":2,\"resource-reservation\":"
				 "{\"maximum-bandwidth\":\"4400000000\"}}").code, 0);
	ordered(HALF, RESIZE(STAYS)); /* of 9.5 Gb/s 100 Mb/s are left */
	ck_assert_uint_eq(growth()->is.bps, 5100000000);
	ck_assert(told(incident(1), REPAIR_W_SIMULATED, "what others leave of the link"));
}
END_TEST

START_TEST(what_a_device_refuses_is_taken_back)
{
	ordered(HALF, RESIZE(STAYS));
	slice_growth_told(bed.slice, 1, "a>b", 0, "refused: no such class");
	run_ms(1500);
	bed_settle();
	ck_assert_ptr_null(growth());
	ck_assert(told(incident(1), REPAIR_W_FAILED, "a>b: refused: no such class"));
	ck_assert_int_eq(incident(1)->outcome, REPAIR_GIVEN_UP);
}
END_TEST

#define LINK(l) "{\"link-ref\":\"" l "\"}"

/* Of the other way, a to c to d to b, all links but the second have 5 Gb/s. */
static void the_other_way(const char *second)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "{\"name\":\"x\",\"nrp-id\":1" HALF ",\"topology\":{\"select\":{\"topology-group\":["
		       "{\"group-id\":\"1\",\"link\":[" LINK("c>d") "],\"resource-reservation\":{\"maximum-bandwidth\":\"%s\"}},"
		       "{\"group-id\":\"2\",\"link\":[" LINK("a>c") "," LINK("d>b") "]}]}},"
		       "\"resource-reservation\":{\"maximum-bandwidth\":\"5000000000\"}}", second);
	ck_assert_int_eq(put_doc(SLICE_NRP, "x", text).code, 0);
	stands("one", RESIZE(STAYS));
	is_device("c", "d"); /* and was read when little was sent */
	queue(5ull * G, 1, 0);
	queue(5ull * G, 1, 0);
	packets = drops = 0;
	is_device("a", "c");
	crowded();
	for (unsigned k = 0; k < 3; k++)
		window("one", "acdb", 20, 1, ASSURE_VIOLATED);
	bed_settle();
	run_ms(1500);
}

static uint64_t raised_to(const char *link)
{
	const struct slice_growth *g = slice_growth_of(bed.slice, 1, link);

	return g ? g->is.bps : 0;
}

START_TEST(queues_behind_that_would_drop_instead_are_raised_too)
{
	the_other_way("5000000000");
	ck_assert_uint_eq(raised_to("a>c"), 6600000000);
	ck_assert_uint_eq(raised_to("c>d"), 6600000000);
	ck_assert_uint_eq(raised_to("a>b"), 0);
}
END_TEST

START_TEST(those_that_are_large_enough_are_not)
{
	the_other_way("7000000000");
	ck_assert_uint_eq(raised_to("a>c"), 6600000000);
	ck_assert_uint_eq(raised_to("c>d"), 0);
}
END_TEST

START_TEST(a_crash_before_its_queue_has_it_goes_on)
{
	ordered(HALF, RESIZE(STAYS));
	ck_assert_int_eq(incident(1)->phase, REPAIR_APPLYING);
	crash();
	bed_settle();
	run_ms(1500);
	ck_assert_int_eq(incident(1)->phase, REPAIR_APPLYING);
	ck_assert_uint_eq(growth()->is.bps, 6600000000);
	read_back("");
	ck_assert_int_eq(incident(1)->phase, REPAIR_VERIFYING);
	crash();
	bed_settle();
	run_ms(1500);
	on(6);
	ck_assert_int_eq(incident(1)->outcome, REPAIR_KEPT);
	ck_assert_uint_eq(growth()->in_bps, 6600000000);
}
END_TEST

/* Milliseconds from when it is ordered, over what is durable before and after. */
START_TEST(a_crash_at_any_moment_of_raising_goes_on)
{
	ck_assert_int_eq(partition(5ull * G, HALF), 0);
	stands("one", RESIZE(STAYS));
	crowded();
	bad("one");
	run_ms((uint64_t)_i);
	crash();
	bed_settle();
	run_ms(1500);
	for (unsigned k = 0; k < 10 && !growth(); k++) { /* what was only thought of is thought of again */
		crowded();
		bad("one");
		bed_settle();
	}
	ck_assert_uint_eq(growth()->is.bps, 6600000000);
	read_back("");
	on(6);
	if (incident(1)->outcome != REPAIR_KEPT)
		say(incident(1));
	ck_assert_int_eq(incident(1)->outcome, REPAIR_KEPT);
}
END_TEST

START_TEST(a_crash_when_it_is_to_be_taken_back_goes_on)
{
	ordered(HALF, RESIZE(STAYS));
	read_back("");
	worse();
	ck_assert_int_eq(incident(1)->phase, REPAIR_REVERTING);
	run_ms((uint64_t)_i);
	crash();
	bed_settle();
	worse(); /* where that it did not help was not durable yet */
	bed_settle();
	run_ms(1500);
	ck_assert_ptr_null(growth());
	ck_assert(told(incident(1), REPAIR_W_REVERTED, ""));
}
END_TEST

START_TEST(the_operator_s_word_is_not_taken_back)
{
	ordered(HALF, RESIZE(STAYS));
	read_back("");
	ck_assert_int_eq(partition(7000000000, HALF), 0);
	worse();
	bed_settle();
	run_ms(1500);
	ck_assert_ptr_null(growth());
	ck_assert(told(incident(1), REPAIR_W_REVERTED, "it is as it was written"));
}
END_TEST

/* Until it is tried. */
static bool tried(uint32_t id, unsigned windows)
{
	for (unsigned k = 0; k < windows && !incident(id); k++)
		on(1);
	return incident(id) != NULL;
}

START_TEST(when_it_is_offered_less_again_it_goes_back)
{
	kept(RESIZE(",\"wait-to-restore\":30"));
	packets = drops = 0;
	queue(6600000000, 6, 0);
	queue(6600000000, 6, 0);
	ck_assert(tried(2, 200));
	bed_settle();
	run_ms(1500);
	ck_assert(told(incident(2), REPAIR_W_REFUSED, "the queue on a>b is offered 6000000000 bit/s"));
	ck_assert_uint_eq(growth()->is.bps, 6600000000);
	queue(6600000000, 4, 0);
	queue(6600000000, 4, 0);
	ck_assert(tried(3, 400));
	bed_settle();
	run_ms(1500);
	on(6);
	if (incident(3)->outcome != REPAIR_KEPT)
		say(incident(3));
	ck_assert_int_eq(incident(3)->outcome, REPAIR_KEPT);
	ck_assert_ptr_null(growth());
}
END_TEST

START_TEST(what_was_written_meanwhile_is_not_tried)
{
	kept(RESIZE(",\"wait-to-restore\":30"));
	ck_assert_int_eq(partition(8000000000, HALF), 0);
	ck_assert(!tried(2, 200));
	ck_assert_ptr_null(growth());
}
END_TEST

static void released(void *arg, const struct slice_result *r)
{
	*(int *)arg = r->code;
}

START_TEST(an_operator_takes_it_away)
{
	int code = -1;

	kept(RESIZE(STAYS));
	ck_assert_int_eq(repair_desk_release(desk, "one", released, &code), 0);
	bed_settle();
	run_ms(100);
	ck_assert_int_eq(code, 0);
	ck_assert_ptr_null(growth());
}
END_TEST

START_TEST(with_its_slice_it_goes)
{
	kept(RESIZE(STAYS));
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	run_ms(12000);
	ck_assert_ptr_null(growth());
	ck_assert_uint_eq(slice_audit(bed.slice, NULL, NULL), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("repair-resize");
	TCase *t = tcase_create("resize");

	tcase_add_checked_fixture(t, setup, desk_teardown);
	tcase_add_test(t, a_queue_that_drops_is_raised_by_what_it_is_offered);
	tcase_add_test(t, without_the_operator_s_limit_nothing_is_raised);
	tcase_add_test(t, no_farther_than_its_limit);
	tcase_add_test(t, what_drops_nothing_is_not_raised);
	tcase_add_test(t, a_slice_in_no_partition_has_none_to_raise);
	tcase_add_test(t, others_keep_what_they_have);
	tcase_add_test(t, what_a_device_refuses_is_taken_back);
	tcase_add_test(t, queues_behind_that_would_drop_instead_are_raised_too);
	tcase_add_test(t, those_that_are_large_enough_are_not);
	tcase_add_test(t, a_crash_before_its_queue_has_it_goes_on);
	tcase_add_loop_test(t, a_crash_when_it_is_to_be_taken_back_goes_on, 0, MOMENTS);
	tcase_add_loop_test(t, a_crash_at_any_moment_of_raising_goes_on, 0, MOMENTS);
	tcase_add_test(t, the_operator_s_word_is_not_taken_back);
	tcase_add_test(t, when_it_is_offered_less_again_it_goes_back);
	tcase_add_test(t, what_was_written_meanwhile_is_not_tried);
	tcase_add_test(t, an_operator_takes_it_away);
	tcase_add_test(t, with_its_slice_it_goes);
	suite_add_tcase(s, t);
	return check_main(s);
}
