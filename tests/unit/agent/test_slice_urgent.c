/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two partitions of one link of 10 Mbit/s, each assured 2 and allowed all of it: one is flooded, the
 * other has 4 Mbit/s to send. Who is more urgent has what is left of the link.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "traffic_bed.h"

enum {
	PACKETS = 600,
	FLOW_BPS = 4000000,
	FLOOD_BPS = 25000000,
	FULL = 100, /* packets of the flood that were dropped before the other begins */
	ROUNDS_MOST = 3,
};

#define ROUTE(sid) "'route':[{'prefix':'2001:db8:b::/48','segment':['" sid "']}]"
#define NRP(id, block, priority)                                                                   \
	"{'id':" id ",'rate':'2000000','ceil':'10000000','priority':" priority                     \
	",'queue-limit':90000,'sid-block':['" block "']}"
/* DSCP 1 in partition 1, DSCP 2 in partition 2. */
#define DEVICE(first, second)                                                                      \
	"{'sextant-device:device':{'underlay':['fc00::/16'],'table':[{'id':300," ROUTE(            \
		"fc00:100:2:d100::") "},{'id':301," ROUTE("fc00:101:2:d100::") "}],"                \
	"'classifier':[{'id':1,'name':'a','interface':'ce1','dscp':1,'table':300},"                \
	"{'id':2,'name':'b','interface':'ce1','dscp':2,'table':301}],"                             \
	"'link':[{'name':'core','capacity':'10000000','nrp':[" NRP("1", "fc00:100::/32", first) "," \
	NRP("2", "fc00:101::/32", second) "]}]}}"

static const char urgent_first[] = DEVICE("0", "4");
static const char urgent_last[] = DEVICE("4", "0");
static const char far[] =
	"{'sextant-device:device':{'underlay':['fc00::/16'],'table':[{'id':100,'sid':["
	"'fc00:100:2:d100::','fc00:101:2:d100::'],'interface':['ce1'],'route':[{'prefix':"
	"'2001:db8:b::/48','next-hop':'fe80::2','interface':'ce1'}]}]}}";

static void setup(void)
{
	traffic_up(urgent_first, far);
	lab_via("fc00::/16", "fd00::2", "core");
}

static uint64_t flood_drops(void)
{
	refresh(loop, pe1);
	return agent_slices_part(pe1, &agent_slices_device(pe1)->links[0].nrps[1]).stats.drops;
}

/* How many of the flow arrive beside the flood. */
static unsigned contend(uint64_t *p99)
{
	int rx = receiver(C1B, PORT), flood_rx = receiver(C1B, PORT + 1);
	struct flow flow = { .gap_ns = WIRE * 8 * NS_PER_S / FLOW_BPS, .late_ns = 5 * NS_PER_MS, .n = PACKETS };
	struct flow flood = { .gap_ns = WIRE * 8 * NS_PER_S / FLOOD_BPS, .late_ns = NS_PER_S };
	pthread_t tf, tt;
	struct arrivals *a;
	uint64_t drops;
	unsigned got;

	flow.fd = sender(C1A, "2001:db8:a::2", "2001:db8:b::2", PORT, 1);
	flood.fd = sender(C1A, "2001:db8:a::2", "2001:db8:b::2", PORT + 1, 2);
	ck_assert_int_eq(pthread_create(&tf, NULL, flow_run, &flood), 0);
	drops = flood_drops();
	while (flood_drops() < drops + FULL)
		;
	ck_assert_int_eq(pthread_create(&tt, NULL, flow_run, &flow), 0);
	pthread_join(tt, NULL);
	flood.stop = true;
	pthread_join(tf, NULL);
	a = receive(rx, PACKETS, 500);
	got = a->n;
	*p99 = a->p99;
	free(a);
	(void)arrived(flood_rx, 1);
	close(rx);
	close(flood_rx);
	close(flow.fd);
	close(flood.fd);
	return got;
}

/* Who is urgent has all it sends, and soon; as the twin, with the priorities the other way round, what it is
 * assured (2 of 4 Mbit/s, and a queue) and no more. */
static bool priority_counts(void)
{
	uint64_t first_ns, last_ns;
	unsigned first, last;

	ck_assert(change(loop, pe1, urgent_first));
	ck_assert(says("tc class show dev core", "htb 5e78:101 parent 5e78:1 leaf 101: prio 0 "));
	first = contend(&first_ns);
	ck_assert(change(loop, pe1, urgent_last));
	ck_assert(says("tc class show dev core", "htb 5e78:101 parent 5e78:1 leaf 101: prio 4 "));
	last = contend(&last_ns);
	(void)fprintf(stderr, "# of %d packets: first %u, p99 %.1f ms; last %u, p99 %.1f ms\n", PACKETS, first,
		      (double)first_ns / 1e6, last, (double)last_ns / 1e6);
	return first == PACKETS && last < PACKETS * 9 / 10 && last >= PACKETS * 4 / 10 && first_ns < last_ns / 4;
}

/* A machine that does not run sender and receiver for a while spoils a round, a wrong queue each of them. */
START_TEST(the_urgent_has_what_is_left_of_the_link)
{
	bool good = false;

	for (unsigned i = 0; !good && i < ROUNDS_MOST; i++)
		good = priority_counts();
	ck_assert(good);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-slice-urgent");
	TCase *t = tcase_create("urgent");

	tcase_add_checked_fixture(t, setup, traffic_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, the_urgent_has_what_is_left_of_the_link);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr, "# agent-slice-urgent: no network namespaces here, NOTHING TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
