/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of partitions that repairs raise: how far, in which order, over crashes, and the operator's word. */
#include <stdio.h>

#include "bed.h"

#define HALF ",\"sextant-nrp:resize\":{\"maximum-growth-percent\":50}"
#define TWICE ",\"sextant-nrp:resize\":{\"maximum-growth\":\"1000000000\"}"
#define REAL(m) "\"sextant-slice:realisation\":{" m "},"

/* A link of 10 Gb/s, of which partitions may have 9.5 together. */
static void setup(void)
{
	bed_up(bed_pair);
	bed.partitions = true;
	for (int k = 0; k < SLICE_STEPS; k++)
		bed.available[k] = k == SLICE_STEP_QUEUE;
	bed_crash();
}

static struct slice_result partition(const char *name, unsigned id, uint64_t bps, const char *more)
{
	static char text[512];

	if (bps)
		(void)snprintf(text, sizeof(text),
			       "{\"name\":\"%s\",\"nrp-id\":%u,\"resource-reservation\":{\"maximum-bandwidth\":\"%llu\"}%s}",
			       name, id, (unsigned long long)bps, more);
	else
		(void)snprintf(text, sizeof(text), "{\"name\":\"%s\",\"nrp-id\":%u%s}", name, id, more);
	return put_doc(SLICE_NRP, name, text);
}

static int order_in(const char *id, uint64_t bps, unsigned nrp)
{
	char real[64];

	(void)snprintf(real, sizeof(real), REAL("\"nrp-id\":%u"), nrp);
	return put_doc(SLICE_SERVICE, id, order(id, bps, nrp ? real : "")).code;
}

static void said(void *arg, const struct slice_result *r)
{
	struct answer *a = arg;

	a->done = true;
	a->r = *r;
}

static const char *ab(void)
{
	static char label[TED_LABEL_MAX];

	return ted_link_label(world.ted, net_index("a", "b"), label, sizeof(label));
}

static struct slice_result grow_on(const char *link, unsigned nrp, uint64_t bps, bool dry)
{
	struct slice_grow g = { .bps = bps, .incident = 4, .slice = "one" };
	struct answer a = { 0 };

	(void)snprintf(g.link, sizeof(g.link), "%s", link);
	slice_growth_put(bed.slice, nrp, &g, 1, dry, said, &a);
	ck_assert(!a.done);
	return wait_for(&a);
}

static int grow(unsigned nrp, uint64_t bps)
{
	return grow_on(ab(), nrp, bps, false).code;
}

static void read_back(unsigned nrp, uint64_t bps, const char *why)
{
	slice_growth_told(bed.slice, nrp, ab(), bps, why);
	bed_settle();
}

static const struct slice_growth *is(unsigned nrp)
{
	return slice_growth_of(bed.slice, nrp, ab());
}

START_TEST(it_may_be_reserved_when_its_queue_was_read_back)
{
	unsigned n;

	ck_assert_int_eq(partition("x", 1, 1 * G, HALF).code, 0);
	ck_assert_int_eq(order_in("one", 800000000, 1), 0);
	ck_assert_int_eq(grow_on(ab(), 1, 1400000000, true).code, 0);
	ck_assert_ptr_null(is(1)); /* only asked */
	n = bed.changes;
	ck_assert_int_eq(grow(1, 1400000000), 0);
	ck_assert_uint_gt(bed.changes, n); /* who has queues looks */
	ck_assert_uint_eq(is(1)->is.bps, 1400000000);
	ck_assert_uint_eq(is(1)->in_bps, 0);
	ck_assert_uint_eq(events("nrp-resized"), 1);
	ck_assert_int_eq(order_in("two", 400000000, 1), SLICE_E_SHORT);
	read_back(1, 1300000000, ""); /* of an earlier one */
	ck_assert_int_eq(order_in("two", 400000000, 1), SLICE_E_SHORT);
	read_back(1, 1400000000, "");
	ck_assert_uint_eq(is(1)->in_bps, 1400000000);
	ck_assert_uint_eq(events("nrp-resized"), 2);
	ck_assert_int_eq(order_in("two", 400000000, 1), 0);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 1200000000);
	bed_crash();
	bed_settle();
	ck_assert_uint_eq(is(1)->is.bps, 1400000000);
	ck_assert_uint_eq(is(1)->is.incident, 4);
	ck_assert_str_eq(is(1)->is.slice, "one");
	ck_assert_uint_eq(reserved("a", "b"), 1200000000);
	ck_assert_int_eq(order_in("three", 200000000, 1), 0); /* the book has it again, nobody need tell */
	ck_assert_int_eq(order_in("four", 100000000, 1), SLICE_E_SHORT);
}
END_TEST

START_TEST(what_was_ordered_and_not_read_back_is_so_after_a_crash)
{
	struct slice_grow g = { .bps = 1200000000 };

	ck_assert_int_eq(partition("x", 1, 1 * G, HALF).code, 0);
	(void)snprintf(g.link, sizeof(g.link), "%s", ab());
	slice_growth_put(bed.slice, 1, &g, 1, false, NULL, NULL);
	bed_crash(); /* at once: all of it or nothing */
	ck_assert(!is(1) || (is(1)->is.bps == 1200000000 && is(1)->in_bps == 0));
	ck_assert_int_eq(grow(1, 1200000000), 0);
	bed_crash();
	bed_settle();
	ck_assert_uint_eq(is(1)->is.bps, 1200000000);
	ck_assert_uint_eq(is(1)->in_bps, 0);
	ck_assert_int_eq(order_in("one", 1100000000, 1), SLICE_E_SHORT);
	read_back(1, 1200000000, "");
	ck_assert_int_eq(order_in("one", 1100000000, 1), 0);
}
END_TEST

static void refused(const char *link, unsigned nrp, uint64_t bps, int code, const char *text)
{
	struct slice_result r = grow_on(link, nrp, bps, false);

	ck_assert_int_eq(r.code, code);
	ck_assert_msg(strstr(r.text, text) != NULL, "%s", r.text);
	r = grow_on(link, nrp, bps, true);
	ck_assert_int_eq(r.code, code);
	ck_assert(!is(nrp) || is(nrp)->is.bps != bps);
}

START_TEST(what_may_not_be_is_refused_with_its_reason)
{
	ck_assert_int_eq(partition("x", 1, 1 * G, HALF).code, 0);
	ck_assert_int_eq(partition("y", 2, 1 * G, "").code, 0);
	ck_assert_int_eq(partition("z", 3, 0, HALF).code, 0);
	ck_assert_int_eq(partition("elsewhere", 4, 1 * G,
				   HALF ",\"topology\":{\"select\":{\"topology-group\":[{\"group-id\":\"g\",\"link\":"
					"[{\"link-ref\":\"b>a\"}]}]}}").code, 0);
	refused(ab(), 2, 1100000000, SLICE_E_STEP, "says no sextant-nrp:resize");
	refused(ab(), 3, 1100000000, SLICE_E_STEP, "says no rate");
	refused(ab(), 4, 1100000000, SLICE_E_STEP, "does not have link");
	refused(ab(), 9, 1100000000, SLICE_E_MISSING, "not there");
	refused("a>nowhere", 1, 1100000000, SLICE_E_INVALID, "not in the topology");
	refused(ab(), 1, 900000000, SLICE_E_INVALID, "assured that");
	refused(ab(), 1, 1500000001, SLICE_E_SHORT, "what its operator allows");
	bed.no_queue = true;
	refused(ab(), 1, 1500000000, SLICE_E_STEP, "no queue on a>b: it was not read back");
	bed.no_queue = false;
	ck_assert_int_eq(grow(1, 1500000000), 0);
}
END_TEST

START_TEST(others_keep_their_shares_and_what_they_reserved)
{
	ck_assert_int_eq(partition("x", 1, 1 * G, TWICE).code, 0);
	ck_assert_int_eq(partition("y", 2, 7ull * G, TWICE).code, 0);
	ck_assert_int_eq(order_in("plain", 1500000000, 0), 0);
	refused(ab(), 1, 1600000000, SLICE_E_SHORT, "what others leave of the link"); /* 10 - 7 - 1.5 */
	ck_assert_int_eq(grow(1, 1500000000), 0);
	refused(ab(), 2, 7100000000, SLICE_E_SHORT, "what others leave of the link");
	ck_assert_int_eq(grow(1, 0), 0);
	ck_assert_ptr_null(is(1));
	ck_assert_int_eq(grow(2, 7100000000), 0);
}
END_TEST

START_TEST(partitions_that_are_written_leave_what_was_raised)
{
	struct slice_result r;

	ck_assert_int_eq(partition("x", 1, 1 * G, HALF).code, 0);
	ck_assert_int_eq(grow(1, 1400000000), 0);
	r = partition("y", 2, 8200000000, "");
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert_msg(strstr(r.text, "9600000000") != NULL, "%s", r.text);
	ck_assert_int_eq(partition("y", 2, 8100000000, "").code, 0);
	ck_assert_int_eq(grow(1, 0), 0);
	ck_assert_int_eq(partition("y", 2, 8200000000, "").code, 0);
}
END_TEST

START_TEST(what_is_reserved_in_it_is_not_taken_away)
{
	ck_assert_int_eq(partition("x", 1, 1 * G, HALF).code, 0);
	ck_assert_int_eq(grow(1, 1400000000), 0);
	read_back(1, 1400000000, "");
	ck_assert_int_eq(order_in("one", 1200000000, 1), 0);
	bed_settle();
	refused(ab(), 1, 0, SLICE_E_SHORT, "more is reserved in partition x than it would be assured");
	ck_assert_int_eq(grow(1, 1300000000), 0);
	ck_assert_uint_eq(is(1)->in_bps, 1300000000); /* less needs nobody's word */
	ck_assert_int_eq(order_in("two", 200000000, 1), SLICE_E_SHORT);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	ck_assert_int_eq(grow(1, 0), 0);
	ck_assert_int_eq(order_in("two", 1100000000, 1), SLICE_E_SHORT);
	bed_crash();
	ck_assert_ptr_null(is(1));
}
END_TEST

START_TEST(the_next_write_of_the_document_holds)
{
	struct slice_result r;

	ck_assert_int_eq(partition("x", 1, 1 * G, HALF).code, 0);
	ck_assert_int_eq(grow(1, 1400000000), 0);
	read_back(1, 1400000000, "");
	ck_assert_int_eq(order_in("one", 1200000000, 1), 0);
	bed_settle();
	r = partition("x", 1, 1 * G, HALF);
	ck_assert_int_eq(r.code, SLICE_E_USED);
	ck_assert_msg(strstr(r.text, "1200000000 bit/s are reserved there") != NULL, "%s", r.text);
	ck_assert_uint_eq(is(1)->in_bps, 1400000000);
	ck_assert_int_eq(partition("x", 1, 1300000000, HALF).code, 0); /* more than was ordered, and enough */
	ck_assert_ptr_null(is(1));
	ck_assert_int_eq(order_in("two", 200000000, 1), SLICE_E_SHORT);
	ck_assert_int_eq(order_in("two", 100000000, 1), 0);
	bed_crash();
	bed_settle();
	ck_assert_ptr_null(is(1));
	ck_assert_uint_eq(reserved("a", "b"), 1300000000);
}
END_TEST

START_TEST(what_its_queue_says_is_kept_with_it)
{
	ck_assert_int_eq(partition("x", 1, 1 * G, HALF).code, 0);
	ck_assert_int_eq(grow(1, 1400000000), 0);
	read_back(1, 0, "no such interface");
	ck_assert_str_eq(is(1)->why, "no such interface");
	ck_assert_uint_eq(is(1)->in_bps, 0);
	read_back(1, 1400000000, "");
	ck_assert_str_eq(is(1)->why, "");
	ck_assert_uint_eq(is(1)->in_bps, 1400000000);
}
END_TEST

START_TEST(who_was_faster_has_it)
{
	ck_assert_int_eq(partition("x", 1, 1 * G, HALF).code, 0);
	ck_assert_int_eq(partition("y", 2, 7ull * G, "").code, 0);
	ck_assert_int_eq(grow(1, 1500000000), 0);
	ck_assert_int_eq(order_in("plain", 1600000000, 0), 0); /* before its queue is read back */
	bed_settle();
	read_back(1, 1500000000, "");
	ck_assert(strstr(is(1)->why, "others have reserved"));
	ck_assert_uint_eq(is(1)->in_bps, 0);
	ck_assert_int_eq(order_in("one", 1100000000, 1), SLICE_E_SHORT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("growth");
	TCase *t = tcase_create("growth");

	tcase_add_checked_fixture(t, setup, bed_down);
	tcase_add_test(t, it_may_be_reserved_when_its_queue_was_read_back);
	tcase_add_test(t, what_was_ordered_and_not_read_back_is_so_after_a_crash);
	tcase_add_test(t, what_may_not_be_is_refused_with_its_reason);
	tcase_add_test(t, others_keep_their_shares_and_what_they_reserved);
	tcase_add_test(t, partitions_that_are_written_leave_what_was_raised);
	tcase_add_test(t, what_is_reserved_in_it_is_not_taken_away);
	tcase_add_test(t, the_next_write_of_the_document_holds);
	tcase_add_test(t, what_its_queue_says_is_kept_with_it);
	tcase_add_test(t, who_was_faster_has_it);
	suite_add_tcase(s, t);
	return check_main(s);
}
