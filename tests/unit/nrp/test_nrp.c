/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions on devices: what is put there, what is believed, what is left. */
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

START_TEST(partition_is_put_on_every_router_and_link)
{
	gold();
	ck_assert_str_eq(STATUS(7), "in");
	ck_assert_uint_eq(view(7)->n_links, 4);
	ck_assert_uint_eq(view(7)->n_links_in, 4);
	ck_assert_uint_eq(view(7)->n_nodes_in, 3);
	ck_assert_str_eq(CLASS("a", "b", "7"), "5000000");
	ck_assert_str_eq(CLASS("b", "c", "7"), "5000000");
	ck_assert_str_eq(dev_has("a", "/device/link[name=to-b]/capacity"), "10000000");
	ck_assert_str_eq(dev_has("a", "/device/link[name=to-b]/nrp[id=7]/ceil"), "10000000");
	ck_assert_str_eq(dev_has("a", "/device/link[name=to-b]/nrp[id=7]/sid-block"), "[" BLOCK "]");
	/* The node number is the router's own: fd00:0:1::/48. */
	ck_assert_str_eq(dev_has("a", "/device/locator[prefix=fd5e:64:1::/48]/block-length"), "32");
	ck_assert_str_eq(dev_has("a", "/device/locator[prefix=fd5e:64:1::/48]/adjacency[interface=to-b]/sid"),
			 "fd5e:64:1:e000::/64");
	ck_assert_str_eq(dev_has("a", "/device/locator[prefix=fd5e:64:1::/48]/adjacency[interface=to-b]/next-hop"),
			 "2001:db8:1::2");
	ck_assert_uint_eq(dev_count("b", "adjacency[interface=to-c]/sid"), 1);
	ck_assert_uint_eq(events("nrp-state"), 2);
}
END_TEST

START_TEST(what_devices_read_back_is_in_the_topology)
{
	struct ip_prefix p;
	char text[IP_PREFIX_TEXT_MAX];

	gold();
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 7), 255);
	ck_assert_uint_eq(node("a")->n_locators, 2);
	ck_assert_uint_eq(node("a")->locators[1].algo, 255);
	ck_assert(bitset_has(node("a")->algos, 255));
	ck_assert_uint_eq(link_of("a>b")->n_sids, 2);
	ck_assert_uint_eq(link_of("a>b")->sids[1].algo, 255);
	ck_assert_uint_eq(link_of("a>b")->sids[1].behavior, SR_BEHAVIOR_UA);
	ck_assert_int_eq(nrp_locator(bed.nrp, "b", 7, &p), 0);
	ck_assert_str_eq(ip_prefix_text(&p, text, sizeof(text)), "fd5e:64:2::/48");
	ck_assert_int_gt(nrp_locator(bed.nrp, "b", 8, &p), 0);
	dev("b")->mood = SILENT;
	dev_lose(dev("b"), "/device/locator[prefix=fd5e:64:2::/48]");
	run_ms(100);
	ck_assert_int_lt(nrp_locator(bed.nrp, "b", 7, &p), 0); /* it is to have one */
}
END_TEST

START_TEST(what_a_device_lost_goes_and_what_it_cannot_say_stays)
{
	gold();
	dev_up("b", false); /* the session alone: nobody says that anything is gone */
	run_ms(2000);
	ck_assert_uint_eq(node("b")->n_locators, 2);
	dev_up("b", true);
	run_ms(2000);
	ck_assert_uint_eq(node("b")->n_locators, 2);
	ck_assert_uint_eq(dev("b")->deletes, 0);
	dev("b")->mood = SILENT; /* it says that the locator is gone, and takes nothing new */
	dev_lose(dev("b"), "/device/locator[prefix=fd5e:64:2::/48]");
	run_ms(2000);
	ck_assert_uint_eq(node("b")->n_locators, 1);
	ck_assert_uint_eq(link_of("b>a")->n_sids, 1);
	ck_assert_uint_eq(node("a")->n_locators, 2);
	ck_assert_str_eq(STATUS(7), "waiting");
}
END_TEST

START_TEST(what_is_lost_is_put_again)
{
	gold();
	dev_lose(dev("b"), "/device/link[name=to-c]");
	run_ms(30000);
	ck_assert_str_eq(CLASS("b", "c", "7"), "5000000");
	ck_assert_str_eq(STATUS(7), "in");
	/* Also when it lost it while nobody looked. */
	dev_up("b", false);
	dev_lose(dev("b"), "/device/link");
	dev_up("b", true);
	run_ms(30000);
	ck_assert_str_eq(CLASS("b", "a", "7"), "5000000");
	ck_assert_str_eq(STATUS(7), "in");
}
END_TEST

START_TEST(kernel_that_refuses_is_said_and_not_in_the_topology)
{
	dev("b")->kernel_fails = true;
	gold();
	ck_assert_str_eq(STATUS(7), "failed");
	ck_assert(strstr(view(7)->reason, "b, ") && strstr(view(7)->reason, "no such device"));
	ck_assert_uint_eq(node("b")->n_locators, 1);
	ck_assert_uint_eq(node("c")->n_locators, 2);
	ck_assert_uint_eq(events("nrp-failed"), 1);
}
END_TEST

START_TEST(device_that_refuses_is_asked_again_and_stops_no_other)
{
	unsigned sets;

	dev("b")->mood = REFUSES;
	gold();
	ck_assert_str_eq(STATUS(7), "failed");
	ck_assert(strstr(view(7)->reason, "the kernel does not want it"));
	ck_assert_str_eq(CLASS("a", "b", "7"), "5000000");
	sets = dev("b")->sets;
	ck_assert_uint_le(sets, 2);
	run_ms(600000);
	ck_assert_uint_gt(dev("b")->sets, sets);
	ck_assert_uint_lt(dev("b")->sets, 15); /* less and less often */
	dev("b")->mood = OBEYS;
	run_ms(200000);
	ck_assert_str_eq(STATUS(7), "in");
}
END_TEST

START_TEST(nothing_is_left_of_a_deleted_one)
{
	gold();
	ck_assert_int_eq(put(SLICE_NRP, "tin", part("tin", 8, "fd5e:65::/32", 2)), 0);
	run_ms(2000);
	ck_assert_str_eq(STATUS(8), "in");
	ck_assert_int_eq(drop(SLICE_NRP, "gold"), 0);
	run_ms(2000);
	for (unsigned i = 0; i < ROUTERS; i++) {
		ck_assert_uint_eq(dev_count(bed.dev[i].name, "nrp[id=7]"), 0);
		ck_assert_uint_eq(dev_count(bed.dev[i].name, "fd5e:64:"), 0);
	}
	ck_assert_str_eq(CLASS("b", "a", "8"), "2000000"); /* the other stands */
	ck_assert_ptr_null(view(7));
	ck_assert_uint_eq(events("nrp-gone"), 1);
	ck_assert_int_eq(drop(SLICE_NRP, "tin"), 0);
	run_ms(2000);
	for (unsigned i = 0; i < ROUTERS; i++)
		ck_assert_uint_eq(dev_count(bed.dev[i].name, "/device/l"), 0); /* links, locators */
	ck_assert_uint_eq(audit_lines(), 0);
	ck_assert_uint_eq(node("a")->n_locators, 1);
	ck_assert_ptr_null(ted_flex_of(topo_ted(bed.topo), 255));
	ck_assert_uint_eq(dev("a")->watch[0] + dev("a")->watch[3], 0); /* nobody looks any more */
}
END_TEST

START_TEST(device_that_is_away_is_cleaned_when_it_is_back)
{
	gold();
	dev_up("b", false);
	ck_assert_int_eq(drop(SLICE_NRP, "gold"), 0);
	run_ms(60000);
	ck_assert_str_eq(nrp_status_text(view(7)->status), "leaving");
	ck_assert_uint_gt(audit_lines(), 0);
	ck_assert_uint_eq(dev_count("a", "/device/l"), 0);
	bed.dev[1].configured = true;
	bed_crash(); /* and who deleted it is another by then */
	run_ms(2000);
	ck_assert_uint_eq(dev_count("b", "/device/l"), 0);
	ck_assert_ptr_null(view(7));
	ck_assert_uint_eq(audit_lines(), 0);
}
END_TEST

START_TEST(what_an_operator_put_there_is_not_ours)
{
	dev_put(dev("a"), "/device/link[name=to-b]/nrp[id=9]/rate", "1000000");
	dev_put(dev("a"), "/device/locator[prefix=fd99:1::/48]/block-length", "32");
	gold();
	ck_assert_int_eq(drop(SLICE_NRP, "gold"), 0);
	run_ms(2000);
	ck_assert_str_eq(CLASS("a", "b", "9"), "1000000");
	ck_assert_uint_eq(dev_count("a", "fd99:1::"), 1);
	ck_assert_uint_eq(dev_count("a", "nrp[id=7]"), 0);
	ck_assert_uint_eq(audit_lines(), 0);
}
END_TEST

START_TEST(start_again_disturbs_nothing)
{
	unsigned changes[ROUTERS];

	gold();
	for (unsigned i = 0; i < ROUTERS; i++)
		changes[i] = bed.dev[i].changes;
	bed_crash();
	run_ms(60000);
	for (unsigned i = 0; i < ROUTERS; i++)
		ck_assert_uint_eq(bed.dev[i].changes, changes[i]);
	ck_assert_str_eq(STATUS(7), "in");
	ck_assert_uint_eq(node("a")->n_locators, 2);
	ck_assert_uint_eq(slice_nrp_algo(bed.slice, 7), 255);
}
END_TEST

START_TEST(topology_waits_for_the_sids_after_a_start)
{
	bool first = true, gap;

	gold();
	bed_crash();
	/* The first generation that is not stale has them: no path is lost on the way. */
	for (const struct bus_event *e = bus_next(bed.bus, 0, &gap); e; e = bus_next(bed.bus, e->id, &gap))
		first = first && strcmp(e->type, "nrp-state") != 0;
	ck_assert(!topo_ted(bed.topo)->stale);
	ck_assert_uint_eq(node("b")->n_locators, 2);
	/* A device that does not come back delays it no longer than 15 s. */
	bed.dev[1].configured = false;
	bed_crash();
	bed.dev[1].configured = true;
	run_ms(20000);
	ck_assert(!topo_ted(bed.topo)->stale);
}
END_TEST

START_TEST(link_that_is_down_keeps_what_it_has)
{
	gold();
	link_down("b", "c", true);
	run_ms(60000);
	ck_assert_str_eq(CLASS("b", "c", "7"), "5000000");
	ck_assert_uint_eq(dev_count("b", "adjacency[interface=to-c]/sid"), 1);
	ck_assert_uint_eq(dev("b")->deletes, 0);
	link_down("b", "c", false);
	run_ms(60000);
	ck_assert_uint_eq(link_of("b>c")->n_sids, 2);
	ck_assert_str_eq(dev_has("b", "/device/locator[prefix=fd5e:64:2::/48]/adjacency[interface=to-c]/sid"),
			 "fd5e:64:2:e001::/64");
}
END_TEST

START_TEST(rate_that_changes_is_changed_in_place)
{
	gold();
	ck_assert_int_eq(put(SLICE_NRP, "gold", part("gold", 7, BLOCK, 6)), 0);
	run_ms(2000);
	ck_assert_str_eq(CLASS("a", "b", "7"), "6000000");
	for (unsigned i = 0; i < ROUTERS; i++)
		ck_assert_uint_eq(bed.dev[i].deletes, 0);
}
END_TEST

START_TEST(why_nothing_is_made_of_it_is_said)
{
	ck_assert_int_eq(put(SLICE_NRP, "own", part("own", 1, "fd00::/32", 1)), 0);
	ck_assert_int_eq(put(SLICE_NRP, "gold", part("gold", 7, BLOCK, 5)), 0);
	ck_assert_int_eq(put(SLICE_NRP, "over", part("over", 8, "fd5e:64:8000::/33", 1)), 0);
	ck_assert_int_eq(put(SLICE_NRP, "sid", part("sid", 9, "fd5e:77:1::/128", 1)), 0);
	ck_assert_int_eq(put(SLICE_NRP, "high", part("high", 20000, "fd5e:78::/32", 1)), 0);
	run_ms(2000);
	ck_assert_str_eq(STATUS(7), "in");
	ck_assert(strstr(view(1)->reason, "a locator of "));
	ck_assert(strstr(view(8)->reason, "overlaps one of partition gold"));
	ck_assert(strstr(view(9)->reason, "no block"));
	ck_assert(strstr(view(20000)->reason, "numbered up to"));
	ck_assert_uint_eq(dev_count("a", "nrp[id=8]"), 0);
	ck_assert_uint_eq(dev_count("a", "fd5e:77"), 0);
}
END_TEST

START_TEST(block_of_one_that_is_gone_may_be_anothers)
{
	unsigned sets;

	gold();
	ck_assert_int_eq(put(SLICE_NRP, "next", part("next", 8, BLOCK, 3)), 0);
	run_ms(2000);
	ck_assert_str_eq(STATUS(8), "failed");
	ck_assert_int_eq(drop(SLICE_NRP, "gold"), 0);
	run_ms(30000);
	ck_assert_str_eq(STATUS(8), "in");
	ck_assert_ptr_null(view(7));
	ck_assert_uint_eq(dev_count("b", "fd5e:64:2::/48]/block-length"), 1);
	ck_assert_uint_eq(dev_count("b", "nrp[id=7]"), 0);
	sets = dev("b")->sets;
	run_ms(200000);
	ck_assert_uint_eq(dev("b")->sets, sets);
	ck_assert_uint_eq(audit_lines(), 0);
}
END_TEST

/* ---- slices in it ---- */

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

/* Its twin: the book has room (gold's is not used), the queues of the link do not. */
START_TEST(what_others_are_assured_is_not_promised_twice)
{
	struct slice_view sv;

	gold();
	ck_assert_int_eq(put(SLICE_NRP, "open", FREE_PART("")), 0);
	run_ms(2000);
	ck_assert_int_eq(put(SLICE_SERVICE, "one", order("one", 6, "\"nrp-id\":9,\"sharing\":\"reserved\"")), 0);
	run_ms(5000);
	ck_assert_str_eq(STATE("one"), "rolled-back");
	ck_assert(strstr(sv.reason, "a>b"));
	ck_assert(strstr(sv.reason, "more is reserved in it than partitions with a rate leave"));
	ck_assert_str_eq(CLASS("a", "b", "7"), "5000000");
	ck_assert_str_eq(STATUS(9), "in");
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

int main(void)
{
	const TTest *const all[] = {
		partition_is_put_on_every_router_and_link,
		what_devices_read_back_is_in_the_topology,
		what_a_device_lost_goes_and_what_it_cannot_say_stays,
		what_is_lost_is_put_again,
		kernel_that_refuses_is_said_and_not_in_the_topology,
		device_that_refuses_is_asked_again_and_stops_no_other,
		nothing_is_left_of_a_deleted_one,
		device_that_is_away_is_cleaned_when_it_is_back,
		what_an_operator_put_there_is_not_ours,
		start_again_disturbs_nothing,
		topology_waits_for_the_sids_after_a_start,
		link_that_is_down_keeps_what_it_has,
		rate_that_changes_is_changed_in_place,
		partition_without_a_rate_is_assured_what_is_reserved_in_it,
		what_others_are_assured_is_not_promised_twice,
		queues_are_as_urgent_as_the_profile_says,
		partition_of_a_slice_with_a_delay_goes_first,
		why_nothing_is_made_of_it_is_said,
		block_of_one_that_is_gone_may_be_anothers,
		slice_has_its_queue_when_every_link_of_its_way_has,
		slice_goes_by_sids_of_its_partition_and_nobody_else_does,
		slice_fails_with_the_link_and_the_devices_words,
		slice_waits_for_a_device_that_is_slow,
		slice_that_is_dedicated_borrows_nothing,
		router_that_is_no_device_is_said,
	};
	Suite *s = suite_create("nrp");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, bed_up, bed_down);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return check_main(s);
}
