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

/* Its twin: who does what it is told is told all of it at once. */
START_TEST(what_a_device_never_does_together_goes_one_by_one)
{
	for (int k = 0; k < 2; k++) {
		unsigned sets;

		gold();
		dev("b")->mood = k ? BREAKS : HALVES;
		sets = dev("a")->sets;
		ck_assert_int_eq(drop(SLICE_NRP, "gold"), 0);
		run_ms(10000);
		ck_assert_uint_eq(dev("a")->sets, sets + 1);
		ck_assert_uint_eq(dev_count("b", "/device/l"), 0);
		ck_assert_ptr_null(view(7));
		ck_assert_uint_eq(audit_lines(), 0);
		dev("b")->mood = OBEYS;
	}
}
END_TEST

START_TEST(what_one_delete_is_refused_for_keeps_no_other)
{
	unsigned sets;

	gold();
	dev("b")->keeps = "link[name=to-a]";
	ck_assert_int_eq(drop(SLICE_NRP, "gold"), 0);
	run_ms(10000);
	ck_assert_uint_eq(dev_count("b", "link[name=to-a]/nrp[id=7]/rate"), 1);
	ck_assert_uint_eq(dev_count("b", "link[name=to-c]"), 0);
	ck_assert_uint_eq(dev_count("b", "/device/locator"), 0);
	ck_assert_uint_gt(audit_lines(), 0); /* and that is said */
	sets = dev("b")->sets;
	run_ms(600000);
	ck_assert_uint_gt(dev("b")->sets, sets);
	ck_assert_uint_lt(dev("b")->sets, sets + 15); /* less and less often */
	dev("b")->keeps = NULL;
	run_ms(200000);
	ck_assert_uint_eq(dev_count("b", "/device/l"), 0);
	ck_assert_uint_eq(audit_lines(), 0);
	ck_assert_ptr_null(view(7));
}
END_TEST

/* What is put waits for no delete that is refused. */
START_TEST(partition_that_moves_is_where_it_is_to_be_before_the_old_is_gone)
{
	gold();
	dev("b")->keeps = "locator[prefix=fd5e:64:2::/48]";
	ck_assert_int_eq(put(SLICE_NRP, "gold", part("gold", 7, "fd5e:65::/32", 5)), 0);
	run_ms(10000);
	ck_assert_uint_eq(dev_count("b", "locator[prefix=fd5e:65:2::/48]/block-length"), 1);
	ck_assert_uint_eq(dev_count("b", "locator[prefix=fd5e:64:2::/48]/block-length"), 1);
	dev("b")->keeps = NULL;
	run_ms(200000);
	ck_assert_uint_eq(dev_count("b", "locator[prefix=fd5e:64:2::/48]/block-length"), 0);
	ck_assert_str_eq(STATUS(7), "in");
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
		what_a_device_never_does_together_goes_one_by_one,
		what_one_delete_is_refused_for_keeps_no_other,
		partition_that_moves_is_where_it_is_to_be_before_the_old_is_gone,
		device_that_is_away_is_cleaned_when_it_is_back,
		what_an_operator_put_there_is_not_ours,
		start_again_disturbs_nothing,
		topology_waits_for_the_sids_after_a_start,
		link_that_is_down_keeps_what_it_has,
		rate_that_changes_is_changed_in_place,
		why_nothing_is_made_of_it_is_said,
		block_of_one_that_is_gone_may_be_anothers,
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
