/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Twenty slices on one link of 10 Mbit/s, each with 0.4 Mbit/s of its own and 0.35 Mbit/s in it,
 * beside 25 Mbit/s of best effort: each keeps what it was promised, best effort the rest.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "traffic_bed.h"

enum {
	SLICES = 20,
	PACKETS = 120, /* of each */
	RATE = 400000,
	FLOW_BPS = 350000,
	LINK_BPS = 10000000,
	BEST_BPS = 25000000,
	QUEUED = 100, /* packets of best effort that were dropped before slices begin */
	SIDS_OF_TABLE = 10,
};

/* Slice i: DSCP i + 1 on ce1, table 300 + i, its SIDs in fc00:<100 + i>::/32. */
static void slice_device(struct str *o, bool queues)
{
	str_add(o, "{'sextant-device:device':{'underlay':['fc00::/16'],'table':[{'id':200,'interface':"
		   "['ce2'],'route':[{'prefix':'2001:db8:b::/48','segment':['fc00:0:2:d200::']}]}");
	for (unsigned i = 0; i < SLICES; i++)
		str_addf(o, ",{'id':%u,'route':[{'prefix':'2001:db8:b::/48','segment':['fc00:%u:2:d100::']}]}",
			 300 + i, 100 + i);
	str_add(o, "],'classifier':[");
	for (unsigned i = 0; i < SLICES; i++)
		str_addf(o, "%s{'id':%u,'name':'s%u','interface':'ce1','dscp':%u,'table':%u}", i ? "," : "",
			 1 + i, i, 1 + i, 300 + i);
	str_addf(o, "],'link':[{'name':'core','capacity':'%u','best-effort':{'queue-limit':2000000},'nrp':[",
		 LINK_BPS);
	for (unsigned i = 0; queues && i < SLICES; i++)
		str_addf(o, "%s{'id':%u,'rate':'%u','sid-block':['fc00:%u::/32']}", i ? "," : "", 1 + i, RATE,
			 100 + i);
	str_add(o, "]}]}}");
}

static void far_device(struct str *o)
{
	str_add(o, "{'sextant-device:device':{'underlay':['fc00::/16'],'table':[{'id':200,'sid':"
		   "['fc00:0:2:d200::'],'route':[{'prefix':'2001:db8:b::/48','next-hop':'fe80::2',"
		   "'interface':'ce2'}]}");
	for (unsigned i = 0; i < SLICES; i++) {
		bool first = i % SIDS_OF_TABLE == 0;

		if (first)
			str_addf(o, ",{'id':%u,'route':[{'prefix':'2001:db8:b::/48','next-hop':'fe80::2',"
				    "'interface':'ce1'}],'sid':[", 100 + i);
		str_addf(o, "%s'fc00:%u:2:d100::'%s", first ? "" : ",", 100 + i,
			 i % SIDS_OF_TABLE == SIDS_OF_TABLE - 1 ? "]}" : "");
	}
	str_add(o, "]}}");
}

static void setup(void)
{
	STR_AUTO struct str near = { 0 }, far = { 0 };

	slice_device(&near, false);
	far_device(&far);
	traffic_up(str_text(&near), str_text(&far));
	lab_via("fc00::/16", "fd00::2", "core");
}

struct outcome {
	unsigned got[SLICES];
	uint64_t p99_ns[SLICES];
	double best_bps;
};

static uint64_t best_effort_drops(void)
{
	refresh(loop, pe1);
	return agent_slices_part(pe1, &agent_slices_device(pe1)->links[0]).stats.drops;
}

static void contend(struct outcome *o)
{
	struct flow best = { .gap_ns = WIRE * 8 * NS_PER_S / BEST_BPS, .late_ns = NS_PER_S };
	struct flow f[SLICES] = { 0 };
	int rx[SLICES], best_rx = receiver(C2B, PORT);
	pthread_t t[SLICES], tb;
	struct arrivals *a;
	uint64_t drops;

	for (unsigned i = 0; i < SLICES; i++) {
		f[i].gap_ns = WIRE * 8 * NS_PER_S / FLOW_BPS;
		f[i].late_ns = f[i].gap_ns;
		f[i].n = PACKETS;
		f[i].fd = sender(C1A, "2001:db8:a::2", "2001:db8:b::2", (uint16_t)(PORT + 1 + i),
				 (int)i + 1);
		rx[i] = receiver(C1B, (uint16_t)(PORT + 1 + i));
	}
	best.fd = sender(C2A, "2001:db8:a::2", "2001:db8:b::2", PORT, 0);
	ck_assert_int_eq(pthread_create(&tb, NULL, flow_run, &best), 0);
	drops = best_effort_drops(); /* the queue is full when it begins to drop */
	while (best_effort_drops() < drops + QUEUED)
		;
	for (unsigned i = 0; i < SLICES; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, flow_run, &f[i]), 0);
	for (unsigned i = 0; i < SLICES; i++)
		pthread_join(t[i], NULL);
	best.stop = true;
	pthread_join(tb, NULL);
	a = receive(best_rx, 1 << 13, 1000); /* the queue drains */
	o->best_bps = rate_of(a);
	free(a);
	for (unsigned i = 0; i < SLICES; i++) {
		a = receive(rx[i], PACKETS, 200);
		o->got[i] = a->n;
		o->p99_ns[i] = a->p99;
		free(a);
		close(rx[i]);
		close(f[i].fd);
	}
	close(best_rx);
	close(best.fd);
}

static void say(const char *what, const struct outcome *o)
{
	unsigned got = 0;
	uint64_t p99 = 0;

	for (unsigned i = 0; i < SLICES; i++) {
		got += o->got[i];
		p99 = o->p99_ns[i] > p99 ? o->p99_ns[i] : p99;
	}
	(void)fprintf(stderr, "# %s: %u of %u, worst p99 %.1f ms, best effort %.2f Mbit/s\n", what, got,
		      SLICES * PACKETS, (double)p99 / 1e6, o->best_bps / 1e6);
}

START_TEST(twenty_slices_keep_theirs_and_best_effort_the_rest)
{
	STR_AUTO struct str queues = { 0 };
	struct outcome without, with;
	uint64_t crushed = 0;

	slice_device(&queues, true);
	contend(&without);
	say("without", &without);
	ck_assert(change(loop, pe1, str_text(&queues)));
	contend(&with);
	say("with", &with);
	for (unsigned i = 0; i < SLICES; i++)
		crushed = without.p99_ns[i] > crushed ? without.p99_ns[i] : crushed;
	for (unsigned i = 0; i < SLICES; i++) {
		if (without.got[i] == 0) /* crushed to nothing: it has no delay to compare with but others' */
			without.p99_ns[i] = crushed;
		ck_assert_msg(without.p99_ns[i] > 500 * NS_PER_MS, "slice %u: p99 %llu ns", i,
			      (unsigned long long)without.p99_ns[i]);
		ck_assert_msg(with.got[i] == PACKETS, "slice %u: %u of %d arrived", i, with.got[i], PACKETS);
		ck_assert_msg(with.p99_ns[i] <= without.p99_ns[i] / 20, "slice %u: p99 %llu ns of %llu", i,
			      (unsigned long long)with.p99_ns[i], (unsigned long long)without.p99_ns[i]);
	}
	/* what is reserved is not lost to best effort while nobody uses it */
	ck_assert_msg(with.best_bps > 0.9 * (LINK_BPS - SLICES * RATE), "%.0f bit/s", with.best_bps);
	ck_assert_msg(with.best_bps < 1.05 * LINK_BPS, "%.0f bit/s", with.best_bps);
	ck_assert(says("tc -s class show dev core | grep -A1 'htb 5e78:1[0-9a-f][0-9a-f] ' |"
		       " grep -c ' 120 pkt (dropped 0, '", /* the kernel agrees */
		       "20"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-slice-twenty");
	TCase *t = tcase_create("twenty");

	tcase_add_checked_fixture(t, setup, traffic_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, twenty_slices_keep_theirs_and_best_effort_the_rest);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr, "# agent-slice-twenty: no network namespaces here, NOTHING TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
