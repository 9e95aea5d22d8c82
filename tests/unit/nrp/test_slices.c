/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions and the slices in them: their queues, whose SIDs are in which. */
#include "bed.h"

#include <stdio.h>

#include "base/bitset.h"

#define BLOCK "fd5e:64::/32"
#define CLASS(r, peer, id) dev_has(r, "/device/link[name=to-" peer "]/nrp[id=" id "]/rate")
#define STATUS(id) nrp_status_text(view(id)->status)

static void gold(void)
{
	ck_assert_int_eq(put(SLICE_NRP, "gold", part("gold", 7, BLOCK, 5)), 0);
	run_ms(2000);
}

#define STATE(id) (slice_get(bed.slice, id, &sv) == 0 ? slice_state_text(sv.state) : "none")

static void count_queues(void *arg, const struct slice_device *d)
{
	unsigned *n = arg;

	ck_assert_str_eq(d->part, "queues");
	ck_assert_str_eq(d->state, "done");
	n[0]++;
	n[1] += d->wanted;
	n[2] += d->there;
}

START_TEST(slice_has_its_queue_when_every_link_of_its_way_has)
{
	unsigned queues[3] = { 0 };
	struct slice_view sv;

	gold();
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 3, "\"nrp-id\":7,\"sharing\":\"reserved\"")), 0);
	run_ms(5000);
	ck_assert_int_eq(slice_get(bed.slice, "one", &sv), 0);
	ck_assert(sv.done & 1u << SLICE_STEP_QUEUE);
	slice_devices(bed.slice, "one", count_queues, queues);
	ck_assert_uint_eq(queues[0], 3);
	ck_assert_uint_eq(queues[1], 4);
	ck_assert_uint_eq(queues[2], 4);
	ck_assert_uint_eq(sv.step, SLICE_STEP_POLICIES); /* no headend is there to go on with */
	ck_assert_int_eq(put(SLICE_SERVICE, "two", order("two", 2, "\"nrp-id\":7,\"sharing\":\"reserved\"")), 0);
	ck_assert_int_eq(put(SLICE_SERVICE, "three", order("three", 1, "\"nrp-id\":7,\"sharing\":\"reserved\"")),
			 SLICE_E_SHORT);
	ck_assert_int_eq(drop(SLICE_NRP, "gold"), SLICE_E_USED);
}
END_TEST

static bool in_block(const struct sr_list *l, bool all)
{
	struct ip_prefix block;
	unsigned n = 0;

	ck_assert_int_eq(ip_prefix_parse(BLOCK, &block), 0);
	for (unsigned i = 0; i < l->n; i++)
		n += ip_prefix_has(&block, &l->at[i].sid);
	return all ? l->n > 0 && n == l->n : n > 0;
}

/* What has SIDs of the partition is in its queues: those of its slices alone, and nothing else of theirs. */
START_TEST(slice_goes_by_sids_of_its_partition_and_nobody_else_does)
{
	struct intent_path_query q = { .src = "a", .dst = "c" };
	struct intent_view *v = malloc(sizeof(*v));
	struct slice_flow_view f;
	struct pce_answer answer;
	const struct ted *ted;
	struct arena a;

	gold();
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 3, "\"nrp-id\":7,\"sharing\":\"reserved\"")), 0);
	run_ms(1000);
	ck_assert_uint_eq(slice_flows(bed.slice, "one", 0, &f, 1), 1);
	ck_assert(v && intent_get(bed.intent, &f.key, v) == 0 && v->has_computed);
	ck_assert(in_block(&v->computed, true));
	ck_assert_int_eq(put(SLICE_SERVICE, "two", order("two", 3, "\"nrp-id\":0")), 0);
	run_ms(1000);
	ck_assert_uint_eq(slice_flows(bed.slice, "two", 0, &f, 1), 1);
	ck_assert(intent_get(bed.intent, &f.key, v) == 0 && v->has_computed);
	ck_assert(!in_block(&v->computed, false));
	/* Nor where every link has to be said. */
	arena_init(&a, 0);
	intent_cpath_default(&q.constraints);
	q.constraints.kind = INTENT_DYNAMIC;
	q.constraints.strict = true;
	q.msd = 10;
	intent_path(bed.intent, &q, &a, &answer, &ted);
	ck_assert_uint_gt(answer.n_segs, 0);
	for (unsigned i = 0; i < answer.n_segs; i++)
		ck_assert_uint_ne(answer.segs[i].algo, 255);
	arena_fini(&a);
	free(v);
}
END_TEST

START_TEST(slice_fails_with_the_link_and_the_devices_words)
{
	struct slice_view sv;

	gold();
	dev("b")->mood = REFUSES;
	dev_lose(dev("b"), "/device/link[name=to-c]");
	run_ms(2000);
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 3, "\"nrp-id\":7,\"sharing\":\"reserved\"")), 0);
	run_ms(5000);
	ck_assert_str_eq(STATE("one"), "rolled-back");
	ck_assert(strstr(sv.reason, "b>c"));
	ck_assert(strstr(sv.reason, "the kernel does not want it"));
}
END_TEST

START_TEST(slice_waits_for_a_device_that_is_slow)
{
	struct slice_view sv;

	gold();
	dev("b")->mood = SILENT;
	dev_lose(dev("b"), "/device/link[name=to-c]");
	run_ms(2000);
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 3, "\"nrp-id\":7,\"sharing\":\"reserved\"")), 0);
	run_ms(20000);
	ck_assert_str_eq(STATE("one"), "realising");
	ck_assert_uint_eq(sv.done & 1u << SLICE_STEP_QUEUE, 0);
	run_ms(60000);
	ck_assert_str_eq(STATE("one"), "rolled-back"); /* not for ever */
	ck_assert(strstr(sv.reason, "b>c: the device has not read it back"));
}
END_TEST

START_TEST(slice_that_is_dedicated_borrows_nothing)
{
	gold();
	ck_assert_str_eq(dev_has("a", "/device/link[name=to-b]/nrp[id=7]/ceil"), "10000000");
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 3, "\"nrp-id\":7,\"sharing\":\"dedicated\"")), 0);
	run_ms(5000);
	ck_assert_str_eq(dev_has("a", "/device/link[name=to-b]/nrp[id=7]/ceil"), "5000000");
	ck_assert(view(7)->alone);
	ck_assert_int_eq(put(SLICE_SERVICE, "two", order("two", 1, "\"nrp-id\":7")), SLICE_E_INVALID);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one"), 0);
	run_ms(5000);
	ck_assert_str_eq(dev_has("a", "/device/link[name=to-b]/nrp[id=7]/ceil"), "10000000");
	for (unsigned i = 0; i < ROUTERS; i++)
		ck_assert_uint_eq(bed.dev[i].deletes, 0);
}
END_TEST

#define FLEX_PART                                                                                  \
	"{\"name\":\"flex\",\"nrp-id\":5,\"resource-reservation\":{\"maximum-bandwidth\":\"3000000\"}," \
	"\"topology\":{\"igp-congruent\":{\"algo-id\":128}}}"

static void routers_flex(void)
{
	flex_said("a", 128, "fd00:128");
	flex_said("b", 128, "fd00:128");
	flex_said("c", 128, "fd00:128");
	run_ms(2000);
}

/* Its SIDs are the routers': queues are told them, and no SIDs are put anywhere. */
START_TEST(partition_that_is_an_algorithm_of_the_routers_has_queues_for_its_sids)
{
	struct slice_flow_view f;
	struct intent_view *v = malloc(sizeof(*v));
	struct ip_prefix p;
	char text[IP_PREFIX_TEXT_MAX];

	routers_flex();
	ck_assert_int_eq(put(SLICE_NRP, "flex", FLEX_PART), 0);
	run_ms(2000);
	ck_assert_str_eq(STATUS(5), "in");
	ck_assert_str_eq(CLASS("a", "b", "5"), "3000000");
	ck_assert_str_eq(dev_has("a", "/device/link[name=to-b]/nrp[id=5]/sid-block"), "[fd00:128::/32]");
	for (unsigned i = 0; i < ROUTERS; i++)
		ck_assert_uint_eq(dev_count(bed.dev[i].name, "/locator["), 0);
	ck_assert(ted_flex_of(topo_ted(bed.topo), 128)->def.exclusive);
	ck_assert_int_eq(nrp_locator(bed.nrp, "b", 5, &p), 0);
	ck_assert_str_eq(ip_prefix_text(&p, text, sizeof(text)), "fd00:128:2::/48");
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 2, "\"nrp-id\":5,\"sharing\":\"reserved\"")), 0);
	run_ms(1000);
	ck_assert_uint_eq(slice_flows(bed.slice, "one", 0, &f, 1), 1);
	ck_assert(v && intent_get(bed.intent, &f.key, v) == 0 && v->has_computed);
	ck_assert_uint_gt(v->computed.n, 0);
	ck_assert_int_eq(ip_prefix_parse("fd00:128::/32", &p), 0);
	for (unsigned i = 0; i < v->computed.n; i++)
		ck_assert(ip_prefix_has(&p, &v->computed.at[i].sid));
	ck_assert_int_eq(drop(SLICE_SERVICE, "one"), 0);
	run_ms(5000);
	ck_assert_int_eq(drop(SLICE_NRP, "flex"), 0);
	run_ms(30000);
	ck_assert_uint_eq(dev_count("a", "nrp[id=5]"), 0);
	ck_assert(!ted_flex_of(topo_ted(bed.topo), 128)->def.exclusive);
	ck_assert_uint_eq(audit_lines(), 0);
	free(v);
}
END_TEST

/* Its queues are for what is in it: who runs by its SIDs already would get into them. */
START_TEST(algorithm_that_a_slice_outside_runs_by_is_refused)
{
	routers_flex();
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 2, "\"flex-algo\":128")), 0);
	ck_assert_int_eq(put(SLICE_NRP, "flex", FLEX_PART), SLICE_E_USED);
	ck_assert_str_eq(last_result().field, "topology/igp-congruent/algo-id");
	ck_assert_str_eq(last_result().text, "slice one runs by algorithm 128, and is not in it");
	ck_assert_int_eq(put(SLICE_NRP, "gold", part("gold", 7, BLOCK, 5)), 0); /* has one of its own */
	ck_assert_int_eq(drop(SLICE_SERVICE, "one"), 0);
	run_ms(5000);
	ck_assert_int_eq(put(SLICE_NRP, "flex", FLEX_PART), 0);
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 2, "\"flex-algo\":128")), SLICE_E_INVALID);
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 2, "\"flex-algo\":128,\"nrp-id\":5")), 0);
}
END_TEST

START_TEST(algorithm_whose_sids_cannot_be_told_apart_is_refused)
{
	ck_assert_int_eq(put(SLICE_NRP, "flex", FLEX_PART), 0);
	run_ms(2000);
	ck_assert_str_eq(STATUS(5), "failed");
	ck_assert(strstr(view(5)->reason, "no router has a locator of algorithm 128"));
	flex_said("a", 128, "fd00:0"); /* one block for both: fd00::/32 */
	run_ms(2000);
	ck_assert_str_eq(STATUS(5), "failed");
	ck_assert(strstr(view(5)->reason, "of algorithm 0, is in one block with those of 128"));
	ck_assert_uint_eq(dev_count("a", "nrp[id=5]"), 0);
}
END_TEST

#define FREE_PART(more)                                                                            \
	"{\"name\":\"open\",\"nrp-id\":9,\"selector-id\":{\"ipv6\":{\"srv6-sid\":[\"fd5e:66::/32\"]}}" more "}"

/* Without a rate it shares the links with all: its queues are assured what is reserved in it. */
START_TEST(partition_without_a_rate_is_assured_what_is_reserved_in_it)
{
	struct slice_view sv;

	gold();
	ck_assert_int_eq(put(SLICE_NRP, "open", FREE_PART("")), 0);
	run_ms(2000);
	ck_assert_str_eq(STATUS(9), "in");
	ck_assert_str_eq(CLASS("a", "b", "9"), "8000");
	ck_assert_str_eq(dev_has("a", "/device/link[name=to-b]/nrp[id=9]/ceil"), "10000000");
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 3, "\"nrp-id\":9,\"sharing\":\"reserved\"")), 0);
	run_ms(5000);
	ck_assert_int_eq(slice_get(bed.slice, "one", &sv), 0);
	ck_assert(sv.done & 1u << SLICE_STEP_QUEUE);
	ck_assert_str_eq(CLASS("a", "b", "9"), "3000000");
	ck_assert_str_eq(CLASS("b", "c", "9"), "3000000");
	ck_assert_str_eq(CLASS("c", "b", "9"), "8000"); /* it goes one way only */
	ck_assert_int_eq(drop(SLICE_SERVICE, "one"), 0);
	run_ms(5000);
	ck_assert_str_eq(CLASS("a", "b", "9"), "8000");
	for (unsigned i = 0; i < ROUTERS; i++)
		ck_assert_uint_eq(bed.dev[i].deletes, 0);
}
END_TEST

/* Its twin: gold's is not used, and nobody else's all the same. What is admitted has its queues. */
START_TEST(what_others_are_assured_is_not_promised_twice)
{
	struct slice_view sv;

	gold();
	ck_assert_int_eq(put(SLICE_NRP, "open", FREE_PART("")), 0);
	run_ms(2000);
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 6, "\"nrp-id\":9,\"sharing\":\"reserved\"")),
			 SLICE_E_SHORT);
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 5, "\"nrp-id\":9,\"sharing\":\"reserved\"")), 0);
	run_ms(5000);
	ck_assert_int_eq(slice_get(bed.slice, "one", &sv), 0);
	ck_assert(sv.done & 1u << SLICE_STEP_QUEUE);
	ck_assert_str_eq(CLASS("a", "b", "7"), "5000000");
	ck_assert_str_eq(CLASS("a", "b", "9"), "5000000");
	ck_assert_str_eq(STATUS(9), "in");
	ck_assert_int_eq(put(SLICE_SERVICE, "two", order("two", 5, "\"nrp-id\":7,\"sharing\":\"reserved\"")), 0);
	run_ms(5000);
	ck_assert_int_eq(slice_get(bed.slice, "two", &sv), 0);
	ck_assert(sv.done & 1u << SLICE_STEP_QUEUE);
}
END_TEST

#define PRIORITY(id) dev_has("a", "/device/link[name=to-b]/nrp[id=" id "]/priority")
#define PHB(name, more) put(SLICE_PHB, name, "{\"id\":\"" name "\"" more "}")

START_TEST(queues_are_as_urgent_as_the_profile_says)
{
	gold();
	ck_assert_str_eq(PRIORITY("7"), "4");
	ck_assert_int_eq(PHB("bulk", ""), 0);
	ck_assert_int_eq(put(SLICE_NRP, "open", FREE_PART(",\"phb-profile\":\"bulk\"")), 0);
	run_ms(2000);
	ck_assert_str_eq(PRIORITY("9"), "4"); /* it says nothing, and its name is none that is known */
	ck_assert_int_eq(PHB("bulk", ",\"sextant-nrp:queue-priority\":6"), 0);
	run_ms(2000);
	ck_assert_str_eq(PRIORITY("9"), "6");
	ck_assert_int_eq(put(SLICE_NRP, "open", FREE_PART(",\"phb-profile\":\"EF-queue-1\"")), 0);
	run_ms(2000);
	ck_assert_str_eq(PRIORITY("9"), "0");
	ck_assert_uint_eq(view(9)->priority, 0);
	ck_assert_str_eq(PRIORITY("7"), "4");
	ck_assert_int_eq(PHB("bad", ",\"sextant-nrp:queue-priority\":7"), SLICE_E_INVALID);
}
END_TEST

#define TWO_GROUPS(phb)                                                                            \
	"{\"name\":\"open\",\"nrp-id\":9,\"phb-profile\":\"AF41\",\"selector-id\":{\"ipv6\":{\"srv6-sid\":[\"fd5e:66::/32\"]}}," \
	"\"topology\":{\"select\":{\"topology-group\":[{\"group-id\":\"one\",\"link\":[{\"link-ref\":\"a>b\"}]" phb "}," \
	"{\"group-id\":\"two\",\"link\":[{\"link-ref\":\"b>a\"},{\"link-ref\":\"a>b\"}],\"phb-profile\":\"EF\"}]}}}"

static void links_priority(void *arg, const struct nrp_link_view *v)
{
	if (strcmp(v->link, "a>b") == 0)
		*(unsigned *)arg = v->priority;
}

/* A group of links may have a profile of its own; of two that name a link the first holds. */
START_TEST(queues_of_a_group_are_as_urgent_as_its_profile_says)
{
	unsigned seen = 0;

	ck_assert_int_eq(put(SLICE_NRP, "open", TWO_GROUPS(",\"phb-profile\":\"CS1\"")), 0);
	run_ms(2000);
	ck_assert_str_eq(PRIORITY("9"), "5");
	ck_assert_str_eq(dev_has("b", "/device/link[name=to-a]/nrp[id=9]/priority"), "0");
	nrp_each_link(bed.nrp, 9, links_priority, &seen);
	ck_assert_uint_eq(seen, 5);
	ck_assert_uint_eq(view(9)->priority, 2); /* of links that no group names */
	ck_assert_int_eq(put(SLICE_NRP, "open", TWO_GROUPS("")), 0);
	run_ms(2000);
	ck_assert_str_eq(PRIORITY("9"), "2"); /* the group says none: as the partition does */
	ck_assert_str_eq(dev_has("b", "/device/link[name=to-a]/nrp[id=9]/priority"), "0");
	ck_assert_int_eq(PHB("EF", ",\"sextant-nrp:queue-priority\":3"), 0);
	run_ms(2000);
	ck_assert_str_eq(dev_has("b", "/device/link[name=to-a]/nrp[id=9]/priority"), "3");
}
END_TEST

/* Where no profile says it: a slice that is promised a delay is not behind one that is not. */
START_TEST(partition_of_a_slice_with_a_delay_goes_first)
{
	char doc[2048];
	const char *plain = order("one", 1, "\"nrp-id\":7,\"sharing\":\"reserved\"");
	const char *at = strstr(plain, "\"bound\":\"1\"}");

	gold();
	ck_assert_ptr_nonnull(at);
	(void)snprintf(doc, sizeof(doc),
		       "%.*s\"bound\":\"1\"},{\"metric-type\":\"ietf-network-slice-service:one-way-delay-maximum\","
		       "\"metric-unit\":\"milliseconds\",\"bound\":\"900\"}%s", (int)(at - plain), plain,
		       at + strlen("\"bound\":\"1\"}"));
	ck_assert_int_eq(put(SLICE_SERVICE, "one", doc), 0);
	run_ms(2000);
	ck_assert_str_eq(PRIORITY("7"), "1");
	ck_assert_int_eq(drop(SLICE_SERVICE, "one"), 0);
	run_ms(2000);
	ck_assert_str_eq(PRIORITY("7"), "4");
}
END_TEST

START_TEST(router_that_is_no_device_is_said)
{
	struct slice_view sv;

	bed.dev[1].configured = false;
	bed_crash();
	gold();
	ck_assert_uint_eq(view(7)->n_nodes, 2);
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 3, "\"nrp-id\":7,\"sharing\":\"reserved\"")), 0);
	run_ms(5000);
	ck_assert_str_eq(STATE("one"), "rolled-back");
	ck_assert(strstr(sv.reason, "b is no configured device"));
}
END_TEST

#define STEP(id) (slice_get(bed.slice, id, &sv) == 0 ? sv.step : SLICE_STEPS)

static void one_stands(void)
{
	struct slice_view sv;

	gold();
	headend_up("a");
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 3, "\"nrp-id\":7,\"sharing\":\"reserved\"")), 0);
	run_ms(5000);
	ck_assert_str_eq(STATE("one"), "active");
	ck_assert_uint_eq(headend_has("a"), 1);
}

/* There is nothing to put a queue on: what is wrong is the way, and that is said. */
START_TEST(slice_without_a_way_waits_for_no_queue_after_a_start)
{
	struct slice_view sv;

	one_stands();
	link_down("b", "c", true);
	ck_assert_str_eq(STATE("one"), "violated");
	bed_crash();
	headend_up("a");
	run_ms(5000);
	ck_assert_uint_eq(STEP("one"), SLICE_STEP_POLICIES);
	ck_assert_str_eq(STATE("one"), "violated");
	run_ms(60000);
	ck_assert_ptr_null(strstr(sv.reason, "queue"));
	link_down("b", "c", false);
	run_ms(60000);
	ck_assert_str_eq(STATE("one"), "active");
}
END_TEST

/* Its twin: what has a way waits for the queues on it. */
START_TEST(slice_with_a_way_waits_for_its_queues_after_a_start)
{
	struct slice_view sv;

	one_stands();
	dev("b")->mood = SILENT;
	dev_lose(dev("b"), "/device/link[name=to-c]");
	bed_crash();
	headend_up("a");
	run_ms(5000);
	ck_assert_uint_eq(STEP("one"), SLICE_STEP_QUEUE);
	ck_assert_str_eq(STATE("one"), "realising");
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		partition_that_is_an_algorithm_of_the_routers_has_queues_for_its_sids,
		algorithm_that_a_slice_outside_runs_by_is_refused,
		algorithm_whose_sids_cannot_be_told_apart_is_refused,
		partition_without_a_rate_is_assured_what_is_reserved_in_it,
		what_others_are_assured_is_not_promised_twice,
		queues_are_as_urgent_as_the_profile_says,
		queues_of_a_group_are_as_urgent_as_its_profile_says,
		partition_of_a_slice_with_a_delay_goes_first,
		slice_has_its_queue_when_every_link_of_its_way_has,
		slice_goes_by_sids_of_its_partition_and_nobody_else_does,
		slice_fails_with_the_link_and_the_devices_words,
		slice_waits_for_a_device_that_is_slow,
		slice_that_is_dedicated_borrows_nothing,
		router_that_is_no_device_is_said,
		slice_without_a_way_waits_for_no_queue_after_a_start,
		slice_with_a_way_waits_for_its_queues_after_a_start,
	};
	Suite *s = suite_create("nrp-slices");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, bed_up, bed_down);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return check_main(s);
}
