/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices seen by their packets: two customers with the same addresses on two sites each, two
 * routers, one core link of 10 Mbit/s. The receivers say what arrived, and when.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traffic_bed.h"

enum {
	SLICE_PACKETS = 1200,
	SLICE_BPS = 5000000,
	BEST_BPS = 25000000,
	LEAD = 100, /* packets of best effort that were dropped before the slice begins */
	DSCP_GOLD = 34,
};

#define TABLES1(bound2)                                                                            \
	"'underlay':['fc00::/16'],'table':["                                                       \
	"{'id':100,'interface':['ce1'" bound2 "],'route':[{'prefix':'2001:db8:a::/48','next-hop':" \
	"'fe80::2','interface':'ce1'},{'prefix':'2001:db8:b::/48','segment':['fc00:0:2:d100::']}" \
	"]},{'id':110,'route':[{'prefix':'2001:db8:b::/48','segment':['fc00:1:2:d100::']}]}"
#define TABLE200                                                                                   \
	",{'id':200,'interface':['ce2'],'route':[{'prefix':'2001:db8:a::/48','next-hop':'fe80::2'," \
	"'interface':'ce2'},{'prefix':'2001:db8:b::/48','segment':['fc00:0:2:d200::']}]}"
#define GOLD "'classifier':[{'id':1,'name':'gold','interface':'ce1','dscp':34,'table':110}]"
#define QUEUE "'link':[{'name':'core','capacity':'10000000','best-effort':{'queue-limit':2000000}"
#define NRP ",'nrp':[{'id':1,'rate':'6000000','sid-block':['fc00:1::/32'],'queue-limit':90000}]"
#define DEVICE(parts) "{'sextant-device:device':{" parts "}}"
#define ROUTED TABLES1("") TABLE200 "]," GOLD

static const char pe1_plain[] = DEVICE(ROUTED);
static const char pe1_shared[] = DEVICE(ROUTED "," QUEUE "}]");
static const char pe1_sliced[] = DEVICE(ROUTED "," QUEUE NRP "}]");
static const char pe1_wrong[] = DEVICE(TABLES1(",'ce2'") "]," GOLD);
static const char pe1_guarded[] = DEVICE(
	ROUTED ",'source-filter':[{'interface':'ce1'}],'policer':[{'name':'c2','interface':'ce2',"
	       "'rate':'8000','burst':11000}]");
static const char pe2_device[] = DEVICE(
	"'underlay':['fc00::/16'],'table':[{'id':100,'sid':['fc00:0:2:d100::','fc00:1:2:d100::'],"
	"'interface':['ce1'],'route':[{'prefix':'2001:db8:b::/48','next-hop':'fe80::2','interface':"
	"'ce1'}]},{'id':200,'sid':['fc00:0:2:d200::'],'interface':['ce2'],'route':[{'prefix':"
	"'2001:db8:b::/48','next-hop':'fe80::2','interface':'ce2'}]}]");

static void setup(void)
{
	traffic_up(pe1_plain, pe2_device);
}

/* ---- customers do not meet ---- */

static int rx1, rx2, tx1, tx2;

static void open_customers(void)
{
	rx1 = receiver(C1B, PORT);
	rx2 = receiver(C2B, PORT);
	tx1 = sender(C1A, "2001:db8:a::2", "2001:db8:b::2", PORT, 0);
	tx2 = sender(C2A, "2001:db8:a::2", "2001:db8:b::2", PORT, 0);
}

static void close_customers(void)
{
	close(rx1);
	close(rx2);
	close(tx1);
	close(tx2);
}

static void send_n(int fd, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		send_one(fd);
}

START_TEST(customers_with_the_same_addresses_do_not_meet)
{
	struct agent_part p;

	open_customers();
	send_n(tx1, 30);
	ck_assert_uint_eq(arrived(rx1, 30), 30);
	ck_assert_uint_eq(arrived(rx2, 0), 0);
	send_n(tx2, 20);
	ck_assert_uint_eq(arrived(rx2, 20), 20);
	ck_assert_uint_eq(arrived(rx1, 0), 0);
	refresh(loop, pe2);
	p = agent_slices_part(pe2, &agent_slices_device(pe2)->tables[0]);
	ck_assert(p.counted);
	ck_assert_uint_eq(p.stats.packets, 30); /* as the receivers say */
	/* the twin: bound to a wrong table, the second customer leaks into the first */
	ck_assert(change(loop, pe1, pe1_wrong));
	send_n(tx2, 10);
	ck_assert_uint_eq(arrived(rx1, 10), 10);
	ck_assert_uint_eq(arrived(rx2, 0), 0);
	close_customers();
}
END_TEST

START_TEST(what_a_table_does_not_have_is_not_found_in_main)
{
	int rx, tx = sender(C1A, "2001:db8:a::2", "2001:db8:cafe::1", PORT, 0);

	lab_switch(ns[PE2]);
	lab_addr("lo", "2001:db8:cafe::1", 128);
	lab_switch(ns[PE1]);
	lab_via("2001:db8:cafe::/48", "fd00::2", "core");
	rx = receiver_at(PE2, "2001:db8:cafe::1", PORT);
	send_n(tx, 6);
	ck_assert_uint_eq(arrived(rx, 0), 0);
	ck_assert(change(loop, pe1, "{}"));
	send_n(tx, 6);
	ck_assert_uint_eq(arrived(rx, 6), 6);
	close(rx);
	close(tx);
}
END_TEST

START_TEST(the_domain_is_closed_to_customers)
{
	int fd = sender(C1A, "2001:db8:a::2", "fc00:0:2:d200::", PORT, 0);
	int rx = receiver(C2B, PORT);
	struct agent_part p;

	send_n(fd, 7);
	ck_assert_uint_eq(arrived(rx, 0), 0);
	refresh(loop, pe1);
	p = agent_slices_rule(pe1, agent_slices_device(pe1), "boundary", "ce1");
	ck_assert_uint_eq(p.stats.packets, 7);
	p = agent_slices_rule(pe1, agent_slices_device(pe1), "boundary", "ce2");
	ck_assert_uint_eq(p.stats.packets, 0);
	close(fd);
	close(rx);
}
END_TEST

START_TEST(guards_drop_what_they_should)
{
	int spoofed = sender(C1A, "2001:db8:bad::1", "2001:db8:b::2", PORT, 0);

	open_customers();
	send_n(spoofed, 5); /* without the filter it passes */
	ck_assert_uint_eq(arrived(rx1, 5), 5);
	ck_assert(change(loop, pe1, pe1_guarded));
	send_n(spoofed, 9);
	send_n(tx1, 11);
	ck_assert_uint_eq(arrived(rx1, 11), 11);
	refresh(loop, pe1);
	ck_assert_uint_eq(agent_slices_rule(pe1, NULL, "source", "ce1").stats.packets, 9);
	/* 11000 octets of burst are 10 packets of 1048; a second gives one more at most */
	send_n(tx2, 50);
	ck_assert_uint_ge(arrived(rx2, 10), 10);
	refresh(loop, pe1);
	ck_assert_uint_ge(agent_slices_rule(pe1, NULL, "policer", "c2").stats.packets, 30);
	ck_assert_uint_le(agent_slices_rule(pe1, NULL, "policer", "c2").stats.packets, 40);
	close(spoofed);
	close_customers();
}
END_TEST

/* ---- a customer with two circuits ---- */

#define TWO(backup)                                                                                 \
	DEVICE("'underlay':['fc00::/16'],'table':[{'id':100,'sid':['fc00:0:1:d100::'],'interface':['ce1','ce3']," \
	       "'route':[{'prefix':'2001:db8:a::/48','next-hop':'fe80::2','interface':'ce1'" backup "},"         \
	       "{'prefix':'2001:db8:b::/48','segment':['fc00:0:2:d100::']}]}],"                                \
	       "'source-filter':[{'interface':'ce1'},{'interface':'ce3'}]")
static const char pe1_two[] = TWO(",'backup':[{'interface':'ce3','next-hop':'fe80::2'}]");
static const char pe1_one[] = TWO("");
static const char pe2_two[] = DEVICE(
	"'underlay':['fc00::/16'],'table':[{'id':100,'sid':['fc00:0:2:d100::'],'interface':['ce1'],'route':["
	"{'prefix':'2001:db8:b::/48','next-hop':'fe80::2','interface':'ce1'},"
	"{'prefix':'2001:db8:a::/48','segment':['fc00:0:1:d100::']}]}]");

/* A second cable from c1a to pe1, and the way back over the core. */
static void setup_two(void)
{
	traffic_up(pe1_plain, pe2_two);
	lab_switch(ns[PE2]);
	lab_via("fc00:0:1::/48", "fd00::1", "core");
	lab_switch(ns[C1A]);
	lab_cable("up2", "ce3", ns[PE1]);
	lab_addr("up2", "fe80::2", 64);
	lab_addr("lo", "2001:db8:a::2", 128); /* is there whatever becomes of a cable */
	lab_switch(ns[PE1]);
	lab_addr("ce3", "fe80::1", 64);
	ck_assert(change(loop, pe1, pe1_two));
}

static void sends_by(const char *dev)
{
	lab_switch(ns[C1A]);
	shell("ip -6 route replace 2000::/3 via fe80::1 dev %s", dev);
	lab_switch(ns[PE1]);
}

static uint64_t dropped(const char *interface)
{
	refresh(loop, pe1);
	return agent_slices_rule(pe1, NULL, "source", interface).stats.packets;
}

START_TEST(who_has_two_circuits_may_send_by_both_and_lie_by_none)
{
	int lies = sender(C1A, "2001:db8:bad::1", "2001:db8:b::2", PORT, 0);

	open_customers();
	send_n(tx1, 11);
	ck_assert_uint_eq(arrived(rx1, 11), 11);
	sends_by("up2"); /* what comes back goes by the other: strict uRPF would drop it */
	send_n(tx1, 12);
	ck_assert_uint_eq(arrived(rx1, 12), 12);
	ck_assert_uint_eq(dropped("ce1") + dropped("ce3"), 0);
	send_n(lies, 7);
	ck_assert_uint_eq(dropped("ce3"), 7);
	sends_by("up");
	send_n(lies, 5);
	ck_assert_uint_eq(dropped("ce1"), 5);
	ck_assert_uint_eq(arrived(rx1, 0), 0);
	/* the twin: a circuit that is no backup has no part in the prefix */
	ck_assert(change(loop, pe1, pe1_one));
	sends_by("up2");
	send_n(tx1, 9);
	ck_assert_uint_eq(dropped("ce3"), 7 + 9);
	ck_assert_uint_eq(arrived(rx1, 0), 0);
	close(lies);
	close_customers();
}
END_TEST

/* As the kernel has it; arg: the interface. */
static bool leads(void *arg)
{
	char *route = output("ip -6 route show table 100 2001:db8:a::/48"), want[32];
	bool does;

	(void)snprintf(want, sizeof(want), " dev %s ", (const char *)arg);
	does = strstr(route, want) != NULL;
	free(route);
	return does;
}

static bool leads_to(const char *interface)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "%s", interface);
	return lab_run(loop, leads, name);
}

static void cable(const char *name, bool up)
{
	lab_switch(ns[C1A]);
	lab_up(name, up);
	lab_switch(ns[PE1]);
}

START_TEST(packets_to_it_take_the_other_circuit_while_the_first_is_down)
{
	const struct agent_table_route *r = agent_slices_device(pe1)->tables[0].routes;
	int rx = receiver_at(C1A, "2001:db8:a::2", PORT), tx = sender(C1B, "2001:db8:b::2", "2001:db8:a::2", PORT, 0);

	ck_assert(leads_to("ce1"));
	ck_assert_ptr_null(agent_slices_backup(pe1, r));
	send_n(tx, 10);
	ck_assert_uint_eq(arrived(rx, 10), 10);
	cable("up", false);
	ck_assert(leads_to("ce3"));
	ck_assert_str_eq(agent_slices_backup(pe1, r), "ce3");
	send_n(tx, 10);
	ck_assert_uint_eq(arrived(rx, 10), 10);
	cable("up", true);
	ck_assert(leads_to("ce1"));
	cable("up2", false);
	cable("up", false); /* none is left: it stays with the first */
	refresh(loop, pe1);
	ck_assert(leads_to("ce1"));
	close(rx);
	close(tx);
}
END_TEST

/* ---- the slice keeps its promise ---- */

struct outcome {
	unsigned sent, got;
	uint64_t p99_ns;
	double best_bps, slice_bps;
};

static uint64_t best_effort_drops(void)
{
	refresh(loop, pe1);
	return agent_slices_part(pe1, &agent_slices_device(pe1)->links[0]).stats.drops;
}

/* 25 Mbit/s of best effort of both customers, and in it 5 Mbit/s of gold. */
static struct outcome contend(void)
{
	int gold_rx = receiver(C1B, PORT + 1), best_rx = receiver(C2B, PORT + 2);
	struct flow gold = { .gap_ns = WIRE * 8 * NS_PER_S / SLICE_BPS,
			     .late_ns = 5 * NS_PER_MS,
			     .n = SLICE_PACKETS };
	struct flow best = { .gap_ns = WIRE * 8 * NS_PER_S / BEST_BPS, .late_ns = NS_PER_S };
	pthread_t tg, tb;
	struct arrivals *a, *b;
	struct outcome o;
	uint64_t drops;

	gold.fd = sender(C1A, "2001:db8:a::2", "2001:db8:b::2", PORT + 1, DSCP_GOLD);
	best.fd = sender(C2A, "2001:db8:a::2", "2001:db8:b::2", PORT + 2, 0);
	ck_assert_int_eq(pthread_create(&tb, NULL, flow_run, &best), 0);
	drops = best_effort_drops(); /* the queue is full when it begins to drop */
	while (best_effort_drops() < drops + LEAD)
		;
	ck_assert_int_eq(pthread_create(&tg, NULL, flow_run, &gold), 0);
	pthread_join(tg, NULL);
	best.stop = true;
	pthread_join(tb, NULL);
	b = receive(best_rx, 1 << 13, 1000); /* the queue drains */
	a = receive(gold_rx, SLICE_PACKETS, 200);
	o = (struct outcome){ gold.sent, a->n, a->p99, rate_of(b), rate_of(a) };
	free(a);
	free(b);
	close(gold_rx);
	close(best_rx);
	close(gold.fd);
	close(best.fd);
	return o;
}

/* How many are lost depends on how long the sender of best effort has a CPU; that the promise is
 * broken, and how late packets are, does not: the queue is as long as it is. */
static void crushed(const struct outcome *o)
{
	ck_assert_msg(o->got < o->sent, "%u of %u arrived", o->got, o->sent);
	ck_assert_msg(o->got == 0 || o->p99_ns > 500 * NS_PER_MS, "p99 %llu ns", (unsigned long long)o->p99_ns);
}

START_TEST(a_slice_keeps_its_promise_and_is_crushed_without)
{
	struct outcome without, with, again;

	open_customers(); /* neighbours are found before anything is measured */
	send_n(tx1, 1);
	ck_assert_uint_eq(arrived(rx1, 1), 1);
	send_n(tx2, 1);
	ck_assert_uint_eq(arrived(rx2, 1), 1);
	ck_assert(change(loop, pe1, pe1_shared));
	without = contend();
	ck_assert(change(loop, pe1, pe1_sliced));
	with = contend();
	ck_assert(says("tc -s class show dev core | grep -A1 'htb 5e78:101 '",
		       "1200 pkt (dropped 0, ")); /* the kernel agrees */
	ck_assert(change(loop, pe1, pe1_shared));
	again = contend();
	(void)fprintf(stderr,
		      "# without: %u of %u, p99 %.1f ms; with: %u of %u, p99 %.1f ms, %.2f Mbit/s, best "
		      "effort %.2f Mbit/s\n",
		      without.got, without.sent, (double)without.p99_ns / 1e6, with.got, with.sent,
		      (double)with.p99_ns / 1e6, with.slice_bps / 1e6, with.best_bps / 1e6);
	crushed(&without);
	ck_assert_uint_eq(with.got, with.sent);
	if (without.got == 0) /* crushed to nothing: there is no delay to compare with */
		without.p99_ns = NS_PER_S;
	ck_assert_msg(with.p99_ns <= without.p99_ns / 20, "p99 %llu ns of %llu",
		      (unsigned long long)with.p99_ns, (unsigned long long)without.p99_ns);
	ck_assert(with.best_bps > 3e6 && with.best_bps < 10.5e6);
	crushed(&again);
	close_customers();
}
END_TEST

START_TEST(routers_are_left_as_they_were_found)
{
	char *with = kernel_state(), *after, *none;

	ck_assert(change(loop, pe1, pe1_sliced));
	ck_assert(change(loop, pe1, "{}"));
	after = kernel_state();
	ck_assert(strcmp(with, after) != 0);
	ck_assert_ptr_null(strstr(after, "5e78"));
	ck_assert_ptr_null(strstr(after, "proto 201"));
	ck_assert_ptr_null(strstr(after, "sextant"));
	none = output("ip -6 route show table 100 2>/dev/null || true");
	ck_assert_str_eq(none, "");
	free(with);
	free(after);
	free(none);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-slice-traffic");
	TCase *t = tcase_create("traffic"), *two = tcase_create("two circuits");

	tcase_add_checked_fixture(t, setup, traffic_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, customers_with_the_same_addresses_do_not_meet);
	tcase_add_test(t, what_a_table_does_not_have_is_not_found_in_main);
	tcase_add_test(t, the_domain_is_closed_to_customers);
	tcase_add_test(t, guards_drop_what_they_should);
	tcase_add_test(t, a_slice_keeps_its_promise_and_is_crushed_without);
	tcase_add_test(t, routers_are_left_as_they_were_found);
	tcase_add_checked_fixture(two, setup_two, traffic_down);
	tcase_set_timeout(two, 120);
	tcase_add_test(two, who_has_two_circuits_may_send_by_both_and_lie_by_none);
	tcase_add_test(two, packets_to_it_take_the_other_circuit_while_the_first_is_down);
	if (lab_possible()) {
		suite_add_tcase(s, t);
		suite_add_tcase(s, two);
	} else
		(void)fprintf(stderr, "# agent-slice-traffic: no network namespaces here, NOTHING "
				      "TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
