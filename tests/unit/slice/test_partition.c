/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions that are put into the network: algorithms of their SIDs, who may be in which. */
#include "bed.h"

#include <stdio.h>

/* Partitions come before the start: what is wired is told then. */
static void setup(void)
{
	bed_up(bed_pair);
	bed.partitions = true;
	for (int k = 0; k < SLICE_STEPS; k++)
		bed.available[k] = k == SLICE_STEP_QUEUE;
	bed_crash();
}

static const char *nrp(const char *name, unsigned id, const char *more)
{
	static char text[512];

	(void)snprintf(text, sizeof(text),
		       "{\"name\":\"%s\",\"nrp-id\":%u,\"resource-reservation\":{\"maximum-bandwidth\":\"1000000000\"}%s}",
		       name, id, more);
	return text;
}

#define STATE(id) slice_state_text(seen(id)->state)
#define BLOCK(b) ",\"selector-id\":{\"ipv6\":{\"srv6-sid\":[\"" b "\"]}}"
#define ALGO(n) ",\"topology\":{\"igp-congruent\":{\"algo-id\":" n "}}"
#define REAL(m) "\"sextant-slice:realisation\":{" m "},"

static int put_nrp(const char *name, unsigned id, const char *more)
{
	return put_doc(SLICE_NRP, name, nrp(name, id, more)).code;
}

static int put_slice(const char *id, const char *real)
{
	return put_doc(SLICE_SERVICE, id, order(id, 1000000, real)).code;
}

START_TEST(sids_of_its_own_get_an_algorithm_that_nobody_uses_and_keep_it)
{
	bed.routers_algo = 254;
	ck_assert_int_eq(put_nrp("x", 1, BLOCK("fd5e:64::/32")), 0);
	ck_assert_int_eq(put_nrp("y", 2, BLOCK("fd5e:65::/32")), 0);
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 1), 255);
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 2), 253); /* not the routers' own */
	ck_assert_int_eq(drop(SLICE_NRP, "x").code, 0);
	bed_crash();
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 2), 253);
	ck_assert_int_eq(put_nrp("y", 2, BLOCK("fd5e:66::/32")), 0);
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 2), 253); /* 255 is free, but it has one */
	ck_assert_int_eq(put_nrp("z", 3, BLOCK("fd5e:67::/32")), 0);
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 3), 255);
}
END_TEST

START_TEST(what_has_no_block_gets_none)
{
	ck_assert_int_eq(put_nrp("x", 1, ""), 0);
	ck_assert_int_eq(put_nrp("y", 2, BLOCK("fd5e:64:1:e000::/128")), 0);
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 1), 0);
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 2), 0);
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 9), 0);
}
END_TEST

START_TEST(algorithm_of_the_routers_is_refused_and_so_is_anothers)
{
	struct slice_result r;

	bed.routers_algo = 200;
	r = put_doc(SLICE_NRP, "x", nrp("x", 1, BLOCK("fd5e:64::/32") ALGO("200")));
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert_str_eq(r.field, "topology/igp-congruent/algo-id");
	ck_assert(strstr(r.text, "the routers compute with algorithm 200 themselves"));
	/* Without SIDs of its own it is meant: a partition that is a flexible algorithm. */
	ck_assert_int_eq(put_nrp("x", 1, ALGO("200")), 0);
	ck_assert_int_eq(put_nrp("y", 2, BLOCK("fd5e:64::/32") ALGO("201")), 0);
	r = put_doc(SLICE_NRP, "z", nrp("z", 3, BLOCK("fd5e:65::/32") ALGO("201")));
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert(strstr(r.text, "y"));
	ck_assert_int_eq(put_nrp("z", 3, BLOCK("fd5e:65::/32")), 0);
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 2), 201);
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 3), 255);
}
END_TEST

START_TEST(algorithm_of_a_partition_is_for_slices_in_it)
{
	struct slice_result r;

	bed.routers_algo = 200;
	ck_assert_int_eq(put_nrp("x", 1, ALGO("200")), 0);
	r = put_doc(SLICE_SERVICE, "one", order("one", 1, REAL("\"transport\":\"flex-algo\",\"flex-algo\":200")));
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert_str_eq(r.field, "sextant-slice:realisation/flex-algo");
	ck_assert(strstr(r.text, "that of partition x"));
}
END_TEST

/* Its twin: two partitions of one algorithm, without SIDs of their own too. */
START_TEST(algorithm_of_a_partition_is_for_no_other_partition)
{
	struct slice_result r;

	bed.routers_algo = 200;
	ck_assert_int_eq(put_nrp("x", 1, ALGO("200")), 0);
	r = put_doc(SLICE_NRP, "y", nrp("y", 2, ALGO("200")));
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert_str_eq(r.field, "topology/igp-congruent/algo-id");
	ck_assert_msg(strstr(r.text, "that of partition x"), "%s", r.text);
	ck_assert_int_eq(put_nrp("y", 2, ALGO("201")), 0);
	r = put_doc(SLICE_NRP, "y", nrp("y", 2, ALGO("200"))); /* nor by a change */
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert_int_eq(put_nrp("x", 1, ALGO("200")), 0); /* its own again */
}
END_TEST

START_TEST(dedicated_slice_is_alone_in_its_partition)
{
	struct slice_result r;

	ck_assert_int_eq(put_nrp("x", 1, ""), 0);
	ck_assert_int_eq(put_nrp("y", 2, ""), 0);
	ck_assert_int_eq(put_slice("one", REAL("\"nrp-id\":1,\"sharing\":\"dedicated\"")), 0);
	r = put_doc(SLICE_SERVICE, "two", order("two", 1, REAL("\"nrp-id\":1")));
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert_str_eq(r.field, "sextant-slice:realisation/nrp-id");
	ck_assert(strstr(r.text, "slice one's alone"));
	ck_assert_int_eq(put_slice("two", REAL("\"nrp-id\":2,\"sharing\":\"reserved\"")), 0);
	r = put_doc(SLICE_SERVICE, "three", order("three", 1, REAL("\"nrp-id\":2,\"sharing\":\"dedicated\"")));
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert(strstr(r.text, "slice two"));
	ck_assert_int_eq(put_slice("three", REAL("\"nrp-id\":2,\"sharing\":\"reserved\"")), 0);
}
END_TEST

START_TEST(queues_are_of_partitions)
{
	struct slice_result r = put_doc(SLICE_SERVICE, "one", order("one", 1, REAL("\"sharing\":\"reserved\"")));

	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert_str_eq(r.field, "sextant-slice:realisation/nrp-id");
	ck_assert_int_eq(put_slice("one", ""), 0);
}
END_TEST

START_TEST(each_change_is_told)
{
	unsigned n = bed.changes;

	ck_assert_int_eq(put_nrp("x", 1, ""), 0);
	ck_assert_uint_gt(bed.changes, n);
	n = bed.changes;
	ck_assert_int_eq(try_doc(SLICE_NRP, "y", nrp("y", 2, "")).code, 0);
	ck_assert_uint_eq(bed.changes, n); /* a dry run changes nothing */
	ck_assert_int_eq(put_slice("one", REAL("\"nrp-id\":1")), 0);
	ck_assert_uint_gt(bed.changes, n);
	bed_settle();
	n = bed.changes;
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	ck_assert_uint_ge(bed.changes, n + 2); /* deleted, and gone */
}
END_TEST

/* ---- shares ---- */

static void answered(void *arg, const struct slice_result *r)
{
	struct answer *a = arg;

	a->r = *r;
	a->done = true;
}

static struct slice_result order_of(const char *id, uint64_t bps, const char *real)
{
	return put_doc(SLICE_SERVICE, id, order(id, bps, real));
}

/* A rate is a share of the link, used or not. */
START_TEST(what_a_partition_has_is_no_room_for_others)
{
	struct slice_result r;

	ck_assert_int_eq(put_nrp("x", 1, ""), 0); /* 1 of 10 Gb/s */
	r = order_of("plain", 9ull * G + 1, "");
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(r.link, "a>b");
	ck_assert_uint_eq(r.free_bps, 9ull * G);
	ck_assert_msg(strstr(r.text, "partitions have 1000000000 bit/s of link a>b for themselves"), "%s", r.text);
	ck_assert_str_eq(r.alternative[0], "9000000000 bit/s");
	ck_assert_int_eq(order_of("plain", 9ull * G, "").code, 0);
	r = order_of("in", G + 1, REAL("\"nrp-id\":1"));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_msg(strstr(r.text, "partition 1 has 1000000000 bit/s of link a>b"), "%s", r.text);
	ck_assert_int_eq(order_of("in", G, REAL("\"nrp-id\":1")).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("plain"), "active");
	ck_assert_str_eq(STATE("in"), "active");
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
	audit();
}
END_TEST

/* Its twin: what is reserved outside is no room for a partition. */
START_TEST(partition_that_others_leave_no_room_for_is_refused)
{
	struct slice_result r;

	ck_assert_int_eq(order_of("plain", 9ull * G + 1, "").code, 0);
	r = put_doc(SLICE_NRP, "x", nrp("x", 1, ""));
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert_str_eq(r.field, "resource-reservation");
	ck_assert_msg(strstr(r.text, "of link a>b, where 9000000001 of 10000000000 are reserved outside"), "%s", r.text);
	ck_assert_int_eq(order_of("plain", 9ull * G, "").code, 0);
	bed_settle();
	ck_assert_int_eq(put_nrp("x", 1, ""), 0);
	ck_assert_int_eq(order_of("plain", 9ull * G + 1, "").code, SLICE_E_SHORT);
	ck_assert_int_eq(drop(SLICE_NRP, "x").code, 0);
	ck_assert_int_eq(order_of("plain", 9ull * G + 1, "").code, 0);
	audit();
}
END_TEST

/* The room of a partition that is being written is not given to what is written with it. */
START_TEST(partition_and_what_is_beside_it_fit_in_one_write)
{
	static struct answer a;
	char one[2048];
	const char *x = nrp("x", 1, "");
	struct slice_edit e[] = { { .kind = SLICE_NRP, .id = "x", .doc = x, .len = strlen(x) },
				  { .kind = SLICE_SERVICE, .id = "one", .doc = one } };

	for (int k = 0; k < 2; k++) {
		(void)snprintf(one, sizeof(one), "%s", order("one", k ? 9ull * G : 9ull * G + 1, ""));
		e[1].len = strlen(one);
		a.done = false;
		slice_put(bed.slice, &(struct slice_write){ e, 2, false }, answered, &a);
		ck_assert_int_eq(wait_for(&a).code, k ? 0 : SLICE_E_SHORT);
		if (k == 0) /* it is given back */
			ck_assert_int_eq(try_doc(SLICE_SERVICE, "all", order("all", 10ull * G, "")).code, 0);
	}
	ck_assert_int_eq(order_of("two", 1, "").code, SLICE_E_SHORT);
	audit();
}
END_TEST

/* ---- what else could be ---- */

static bool offered(const struct slice_result *r, const char *what)
{
	for (size_t i = 0; i < SLICE_ALTERNATIVES_MAX; i++)
		if (strncmp(r->alternative[i], what, strlen(what)) == 0)
			return true;
	return false;
}

#define OUTSIDE "nrp-id 0 (outside of partitions: reserved, but without a queue)"
#define TOO_MUCH (2ull * G) /* of a partition; beside them there is more */

/* What is offered is taken when it is ordered. */
START_TEST(outside_of_partitions_is_offered_where_there_is_room_and_it_would_be_taken)
{
	struct slice_result r;

	ck_assert_int_eq(put_nrp("x", 1, ""), 0);
	r = order_of("one", TOO_MUCH, REAL("\"nrp-id\":1"));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(r.alternative[1], OUTSIDE);
	ck_assert_str_eq(r.alternative[2], "");
	ck_assert_int_eq(order_of("one", TOO_MUCH, REAL("\"nrp-id\":0")).code, 0);
	r = order_of("two", 7ull * G + 1, REAL("\"nrp-id\":1")); /* 7 are left beside both */
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert(!offered(&r, "nrp-id"));
	r = order_of("two", 7ull * G, REAL("\"nrp-id\":1"));
	ck_assert(offered(&r, OUTSIDE));
	audit();
}
END_TEST

/* It would have no queue there, which it asks for. */
START_TEST(outside_of_partitions_is_nothing_for_who_wants_a_queue)
{
	struct slice_result r;

	ck_assert_int_eq(put_nrp("x", 1, ""), 0);
	r = order_of("one", TOO_MUCH, REAL("\"nrp-id\":1,\"sharing\":\"reserved\""));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert(!offered(&r, "nrp-id"));
	r = order_of("one", TOO_MUCH, REAL("\"nrp-id\":1,\"sharing\":\"dedicated\""));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert(!offered(&r, "nrp-id"));
}
END_TEST

START_TEST(where_the_operator_takes_none_outside_none_is_offered_nor_taken)
{
	struct slice_result r;

	ck_assert_int_eq(put_nrp("x", 1, ""), 0);
	ck_assert_int_eq(order_of("was", G, "").code, 0);
	slice_inside_only(bed.slice, true);
	r = order_of("one", TOO_MUCH, REAL("\"nrp-id\":1"));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert(!offered(&r, "nrp-id"));
	r = order_of("one", TOO_MUCH, "");
	ck_assert_int_eq(r.code, SLICE_E_INVALID);
	ck_assert_str_eq(r.field, "sextant-slice:realisation/nrp-id");
	ck_assert_int_eq(order_of("was", G + 1, "").code, 0); /* what is there may change */
	slice_inside_only(bed.slice, false);
	ck_assert_int_eq(order_of("one", TOO_MUCH, "").code, 0);
}
END_TEST

/* The routers have no path by the other's algorithm: there is room in the book, but no way. */
START_TEST(another_partition_is_tried_by_its_own_algorithm)
{
	struct slice_result r;

	bed.routers_algo = 200;
	ck_assert_int_eq(put_nrp("x", 1, ""), 0);
	ck_assert_int_eq(put_doc(SLICE_NRP, "y", "{\"name\":\"y\",\"nrp-id\":2,\"resource-reservation\":"
						 "{\"maximum-bandwidth\":\"3000000000\"}" ALGO("200") "}").code, 0);
	r = order_of("one", TOO_MUCH, REAL("\"nrp-id\":1"));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert(!offered(&r, "nrp-id 2"));
	ck_assert_int_ne(order_of("one", TOO_MUCH, REAL("\"nrp-id\":2")).code, 0);
	ck_assert_int_eq(put_doc(SLICE_NRP, "z", "{\"name\":\"z\",\"nrp-id\":3,\"resource-reservation\":"
						 "{\"maximum-bandwidth\":\"3000000000\"}}").code, 0);
	r = order_of("one", TOO_MUCH, REAL("\"nrp-id\":1"));
	ck_assert(offered(&r, "nrp-id 3 (z)"));
	ck_assert_int_eq(order_of("one", TOO_MUCH, REAL("\"nrp-id\":3")).code, 0);
}
END_TEST

START_TEST(dedicated_slice_is_offered_no_partition_that_others_are_in)
{
	static const char three[] = "{\"name\":\"z\",\"nrp-id\":3,\"resource-reservation\":"
				    "{\"maximum-bandwidth\":\"3000000000\"}}";
	struct slice_result r;

	ck_assert_int_eq(put_nrp("x", 1, ""), 0);
	ck_assert_int_eq(put_doc(SLICE_NRP, "z", three).code, 0);
	r = order_of("one", TOO_MUCH, REAL("\"nrp-id\":1,\"sharing\":\"dedicated\""));
	ck_assert(offered(&r, "nrp-id 3 (z)"));
	ck_assert_int_eq(order_of("in", 1, REAL("\"nrp-id\":3")).code, 0);
	r = order_of("one", TOO_MUCH, REAL("\"nrp-id\":1,\"sharing\":\"dedicated\""));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert(!offered(&r, "nrp-id"));
	r = order_of("one", TOO_MUCH, REAL("\"nrp-id\":1")); /* its twin shares */
	ck_assert(offered(&r, "nrp-id 3 (z)"));
}
END_TEST

/* Its policies hold room in the partition it has: it stays there. */
START_TEST(one_that_is_there_is_not_offered_what_it_could_not_change_to)
{
	struct slice_result r;

	ck_assert_int_eq(put_nrp("x", 1, ""), 0);
	ck_assert_int_eq(order_of("one", G, REAL("\"nrp-id\":1")).code, 0);
	r = order_of("one", TOO_MUCH, REAL("\"nrp-id\":1"));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert(!offered(&r, "nrp-id"));
	ck_assert_int_eq(order_of("one", TOO_MUCH, "").code, SLICE_E_INVALID);
}
END_TEST

/* ---- operators' own policies ---- */

static void operator_runs(uint32_t color, uint8_t algo, uint32_t in)
{
	struct intent_policy *p = policy("a", color, "b");

	p->cpaths[0].algo = algo;
	p->nrp = in;
	put_ok(p);
}

/* Its packets would be in queues that are for slices. */
START_TEST(algorithm_that_operators_run_by_is_given_to_no_partition)
{
	struct slice_result r;

	bed.routers_algo = 200;
	operator_runs(7, 200, 0);
	r = put_doc(SLICE_NRP, "x", nrp("x", 1, ALGO("200")));
	ck_assert_int_eq(r.code, SLICE_E_USED);
	ck_assert_str_eq(r.field, "topology/igp-congruent/algo-id");
	ck_assert_msg(strstr(r.text, "policy 2001:db8:0:1::1,7,2001:db8:0:2::1: by that algorithm"), "%s", r.text);
	ck_assert_int_eq(put_nrp("x", 1, ""), 0);
	r = put_doc(SLICE_NRP, "x", nrp("x", 1, ALGO("200"))); /* nor by a change */
	ck_assert_int_eq(r.code, SLICE_E_USED);
	operator_runs(8, 200, 0);
	operator_runs(9, 200, 0);
	r = put_doc(SLICE_NRP, "x", nrp("x", 1, ALGO("200")));
	ck_assert_msg(strstr(r.text, ",8,2001:db8:0:2::1 and 1 more: by that"), "%s", r.text);
	/* In the partition they are where they belong. */
	ck_assert_int_eq(drop(SLICE_NRP, "x").code, 0);
	for (uint32_t color = 7; color <= 9; color++)
		operator_runs(color, 200, 1);
	ck_assert_int_eq(put_nrp("x", 1, ALGO("200")), 0);
}
END_TEST

START_TEST(algorithm_that_operators_run_by_is_not_given_out)
{
	operator_runs(7, 255, 0);
	ck_assert_int_eq(put_nrp("x", 1, BLOCK("fd5e:64::/32")), 0);
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 1), 254);
}
END_TEST

START_TEST(partition_that_operators_are_in_or_run_by_neither_goes_nor_gets_another_algorithm)
{
	struct slice_result r;

	ck_assert_int_eq(put_nrp("x", 1, BLOCK("fd5e:64::/32") ALGO("201")), 0);
	operator_runs(7, 0, 1);
	r = drop(SLICE_NRP, "x");
	ck_assert_int_eq(r.code, SLICE_E_USED);
	ck_assert_msg(strstr(r.text, ",7,2001:db8:0:2::1: in this partition"), "%s", r.text);
	ck_assert_int_eq(put_nrp("x", 1, BLOCK("fd5e:64::/32") ALGO("202")), SLICE_E_USED);
	ck_assert_int_eq(put_nrp("x", 2, BLOCK("fd5e:64::/32") ALGO("201")), SLICE_E_USED);
	operator_runs(7, 201, 0); /* it names the algorithm only */
	r = drop(SLICE_NRP, "x");
	ck_assert_int_eq(r.code, SLICE_E_USED);
	ck_assert_msg(strstr(r.text, "by the algorithm of this partition's SIDs"), "%s", r.text);
	ck_assert_int_eq(put_nrp("x", 1, BLOCK("fd5e:64::/32") ALGO("202")), SLICE_E_USED);
	ck_assert_int_eq(put_nrp("x", 1, BLOCK("fd5e:64::/32") ALGO("201")), 0); /* as it is */
	operator_runs(7, 0, 0);
	ck_assert_int_eq(put_nrp("x", 1, BLOCK("fd5e:64::/32") ALGO("202")), 0);
	ck_assert_int_eq(drop(SLICE_NRP, "x").code, 0);
}
END_TEST

/* The routers compute with it whether it is a partition's or not. */
START_TEST(algorithm_of_the_routers_stays_when_its_partition_goes)
{
	bed.routers_algo = 200;
	ck_assert_int_eq(put_nrp("x", 1, ALGO("200")), 0);
	operator_runs(7, 200, 0);
	ck_assert_int_eq(drop(SLICE_NRP, "x").code, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slice-partition");
	TCase *t = tcase_create("partition");

	tcase_add_checked_fixture(t, setup, bed_down);
	tcase_add_test(t, sids_of_its_own_get_an_algorithm_that_nobody_uses_and_keep_it);
	tcase_add_test(t, what_has_no_block_gets_none);
	tcase_add_test(t, algorithm_of_the_routers_is_refused_and_so_is_anothers);
	tcase_add_test(t, algorithm_of_a_partition_is_for_slices_in_it);
	tcase_add_test(t, algorithm_of_a_partition_is_for_no_other_partition);
	tcase_add_test(t, dedicated_slice_is_alone_in_its_partition);
	tcase_add_test(t, queues_are_of_partitions);
	tcase_add_test(t, each_change_is_told);
	tcase_add_test(t, what_a_partition_has_is_no_room_for_others);
	tcase_add_test(t, partition_that_others_leave_no_room_for_is_refused);
	tcase_add_test(t, partition_and_what_is_beside_it_fit_in_one_write);
	tcase_add_test(t, outside_of_partitions_is_offered_where_there_is_room_and_it_would_be_taken);
	tcase_add_test(t, outside_of_partitions_is_nothing_for_who_wants_a_queue);
	tcase_add_test(t, where_the_operator_takes_none_outside_none_is_offered_nor_taken);
	tcase_add_test(t, another_partition_is_tried_by_its_own_algorithm);
	tcase_add_test(t, dedicated_slice_is_offered_no_partition_that_others_are_in);
	tcase_add_test(t, one_that_is_there_is_not_offered_what_it_could_not_change_to);
	tcase_add_test(t, algorithm_that_operators_run_by_is_given_to_no_partition);
	tcase_add_test(t, algorithm_that_operators_run_by_is_not_given_out);
	tcase_add_test(t, partition_that_operators_are_in_or_run_by_neither_goes_nor_gets_another_algorithm);
	tcase_add_test(t, algorithm_of_the_routers_stays_when_its_partition_goes);
	suite_add_tcase(s, t);
	return check_main(s);
}
