/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A customer's packets along the paths of a policy, counted by the SIDs they pass:
 *
 *   ca --ce1- pe1 -core---a- mid -b---core- pe2 -ce1-- cb
 *
 * mid has two nodes' worth of locators and an adjacency SID, all made as slices' objects, so that
 * which list a packet took is what the kernel of mid counted. The service SID of pe2 is last.
 */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "slices_bed.h"
#include "tools/agent/policy/live.h"
#include "tools/agent/policy/pol.h"

enum { CA, CB, PE1, MID, PE2, NODES, PORT = 6000, PACKETS = 6000, BURST = 20 };

static int ns[NODES];
static struct loop *loop;
static struct agent_fib *fib;
static struct agent_pol *pol;
static struct agent_slices *pe1, *mid, *pe2;
static struct agent_cfg cfg;

#define DEVICE(parts) "{'sextant-device:device':{" parts "}}"

static const char pe1_device[] = DEVICE(
	"'underlay':['fc00::/16'],'table':[{'id':100,'interface':['ce1'],'route':[{'prefix':"
	"'2001:db8:b::/48','policy':{'color':10,'endpoint':'2001:db8::8'},'segment':["
	"'fc00:0:8:d100::']}]}]");
static const char mid_device[] = DEVICE(
	"'locator':[{'prefix':'fc00:0:2::/48','adjacency':[{'interface':'b','sid':'fc00:0:e001::/48',"
	"'next-hop':'fd00:2::2'}]},{'prefix':'fc00:0:3::/48'}]");
static const char pe2_device[] = DEVICE(
	"'underlay':['fc00::/16'],'table':[{'id':100,'sid':['fc00:0:8:d100::'],'interface':['ce1'],"
	"'route':[{'prefix':'2001:db8:b::/48','next-hop':'fe80::2','interface':'ce1'}]}]");

static void on_fib(void *arg)
{
	(void)arg;
	agent_pol_fib_changed(pol);
}

static void on_lsp(void *arg, struct agent_lsp *l)
{
	(void)arg;
	(void)l;
}

static void on_followed(void *arg)
{
	(void)arg;
	if (pe1)
		agent_slices_followed(pe1);
}

/* ---- the network ---- */

static void customer(int node, int pe, const char *address)
{
	lab_enter();
	ns[node] = lab_ns();
	lab_cable("up", "ce1", ns[pe]);
	lab_addr("up", address, 48);
	lab_addr("up", "fe80::2", 64);
	lab_via("2000::/3", "fe80::1", "up");
	lab_switch(ns[pe]);
	lab_addr("ce1", "fe80::1", 64);
}

static void router(int node)
{
	lab_enter();
	ns[node] = lab_ns();
	lab_sysctl("ipv6/conf/all/forwarding", "1");
	lab_sysctl("ipv6/conf/default/forwarding", "1");
	lab_sysctl("ipv6/conf/all/seg6_enabled", "1"); /* probes come back with their header */
	lab_sysctl("ipv6/conf/default/seg6_enabled", "1");
	(void)lab_link("sr0", "ifb");
}

static void start_pe1(void)
{
	static const struct agent_fib_ops fib_ops = { .changed = on_fib };
	static const struct agent_pol_ops pol_ops = { .changed = on_lsp, .followed = on_followed };
	static const struct agent_slices_cfg sc = {
		.sid_device = "sr0", .metric = 10, .reduced = true, .counters = true
	};
	struct agent_device *d = device_of(pe1_device);

	cfg = (struct agent_cfg){ .msd = 10,
				  .table = RT_TABLE_MAIN,
				  .metric = 10,
				  .reduced = true,
				  .counters = true,
				  .sid_device = "sr0" };
	pol = NULL;
	pe1 = NULL;
	ck_assert_int_eq(agent_fib_new(&fib, loop, &fib_ops, NULL), 0);
	ck_assert_int_eq(agent_pol_new(&pol, loop, fib, &pol_ops, NULL), 0);
	ck_assert_int_eq(agent_slices_new(&pe1, loop, NULL, NULL), 0);
	agent_slices_policies(pe1, pol);
	ck_assert_int_eq(agent_slices_start(pe1, &sc, &d), 0);
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	agent_fib_start(fib);
	settle_slices(loop, pe1);
}

static void setup(void)
{
	router(PE2);
	router(MID);
	router(PE1);
	lab_cable("core", "a", ns[MID]);
	lab_addr("core", "fd00:1::1", 64);
	lab_addr("lo", "fc00:0:1::1", 128);
	lab_switch(ns[MID]);
	lab_addr("a", "fd00:1::2", 64);
	lab_cable("b", "core", ns[PE2]);
	lab_addr("b", "fd00:2::1", 64);
	lab_switch(ns[PE2]);
	lab_addr("core", "fd00:2::2", 64);
	customer(CA, PE1, "2001:db8:a::2");
	customer(CB, PE2, "2001:db8:b::2");
	lab_switch(ns[PE2]);
	ck_assert_int_eq(loop_new(&loop), 0);
	pe2 = engine(loop, pe2_device);
	lab_switch(ns[MID]);
	mid = engine(loop, mid_device);
	lab_via("fc00:0:8::/48", "fd00:2::2", "b");
	lab_switch(ns[PE1]);
	lab_via("fc00::/16", "fd00:1::2", "core");
	start_pe1();
}

static void teardown(void)
{
	pe1 = agent_slices_free(pe1);
	mid = agent_slices_free(mid);
	pe2 = agent_slices_free(pe2);
	pol = agent_pol_free(pol);
	fib = agent_fib_free(fib);
	loop = loop_free(loop);
	ly_ctx_destroy(models);
	models = NULL;
	for (int i = 0; i < NODES; i++)
		close(ns[i]);
}

/* ---- packets ---- */

static int udp(int node, const char *address, uint16_t port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd, size = 64 << 20;

	lab_switch(ns[node]);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(inet_pton(AF_INET6, address, &sa.sin6_addr), 1);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	lab_switch(ns[PE1]);
	return fd;
}

static void send_n(int fd, unsigned n)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };

	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8:b::2", &sa.sin6_addr), 1);
	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq((int)sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), 1);
}

/* What comes; with want, for as long as it takes to get so many, and a moment. */
static unsigned arrived(int fd, unsigned want)
{
	struct timeval lasting = { .tv_sec = 5 }, brief = { .tv_usec = 200000 };
	char c[8];
	unsigned n = 0;

	for (;;) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, n < want ? &lasting : &brief,
				 sizeof(brief));
		if (recv(fd, c, sizeof(c), 0) <= 0)
			return n;
		n++;
	}
}

/* ---- paths ---- */

static bool fib_idle(void *arg)
{
	(void)arg;
	return agent_fib_idle(fib);
}

/* second: of another list, of the same weight; or NULL. */
static void put_two(const char *name, uint32_t preference, const char *sid, const char *second)
{
	struct sr_more more = { .weight = 1, .n = 1, .at[0] = { .weight = 1, .list.n = 1 } };
	struct lsp_state w = { .has_key = true,
			       .color = 10,
			       .has_preference = true,
			       .preference = preference,
			       .admin_up = true };
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];

	ck_assert_int_eq(ip_parse("2001:db8::8", &w.endpoint), 0);
	(void)str_copy(w.name, sizeof(w.name), name);
	w.list.n = 1;
	ck_assert_int_eq(ip_parse(sid, &w.list.at[0].sid), 0);
	if (second) {
		ck_assert_int_eq(ip_parse(second, &more.at[0].list.at[0].sid), 0);
		w.list.more = &more;
	}
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	ck_assert(lab_run(loop, fib_idle, NULL));
}

static void put(const char *name, uint32_t preference, const char *sid)
{
	put_two(name, preference, sid, NULL);
}

struct tally {
	uint64_t two, three, adjacency, service;
};

static struct tally count(void)
{
	const struct agent_device *d;

	refresh(loop, mid);
	refresh(loop, pe2);
	d = agent_slices_device(mid);
	return (struct tally){
		.two = agent_slices_part(mid, &d->locators[0]).stats.packets,
		.three = agent_slices_part(mid, &d->locators[1]).stats.packets,
		.adjacency = agent_slices_part(mid, &d->locators[0].adjs[0]).stats.packets,
		.service = agent_slices_part(pe2, &agent_slices_device(pe2)->tables[0]).stats.packets,
	};
}

START_TEST(packets_take_the_path_of_the_policy_and_its_changes)
{
	int rx = udp(CB, "2001:db8:b::2", PORT), tx = udp(CA, "2001:db8:a::2", 0);
	struct tally t;

	send_n(tx, 5); /* the twin: no path, no way */
	ck_assert_uint_eq(arrived(rx, 0), 0);
	put("p", 100, "fc00:0:2::");
	send_n(tx, 30);
	ck_assert_uint_eq(arrived(rx, 30), 30);
	t = count();
	ck_assert_uint_eq(t.two, 30);
	ck_assert_uint_eq(t.three + t.adjacency, 0);
	ck_assert_uint_eq(t.service, 30);
	put("p", 100, "fc00:0:3::");
	send_n(tx, 20);
	ck_assert_uint_eq(arrived(rx, 20), 20);
	put("p", 100, "fc00:0:2:e001::"); /* uN and uA in one container */
	send_n(tx, 10);
	ck_assert_uint_eq(arrived(rx, 10), 10);
	t = count();
	ck_assert_uint_eq(t.two, 40);
	ck_assert_uint_eq(t.three, 20);
	ck_assert_uint_eq(t.adjacency, 10);
	ck_assert_uint_eq(t.service, 60);
	put("p", 100, "fc00:0:9::"); /* nobody's: the list decides, not the cable */
	send_n(tx, 10);
	ck_assert_uint_eq(arrived(rx, 0), 0);
	agent_pol_remove(pol, agent_pol_by_name(pol, "p"));
	ck_assert(lab_run(loop, fib_idle, NULL));
	send_n(tx, 10);
	ck_assert_uint_eq(arrived(rx, 0), 0);
	ck_assert_uint_eq(count().service, 60);
	close(rx);
	close(tx);
}
END_TEST

enum { FLOWS = 400 };

static void send_flows(void)
{
	for (unsigned i = 0; i < FLOWS; i++) {
		int tx = udp(CA, "2001:db8:a::2", 0);

		send_n(tx, 1);
		close(tx);
	}
}

/* A customer's table follows both lists, then one of them alone, then the other way is in no block. */
START_TEST(flows_of_a_table_take_all_lists_of_the_policy)
{
	int rx = udp(CB, "2001:db8:b::2", PORT), tx = udp(CA, "2001:db8:a::2", 0);
	struct tally t;

	put_two("p", 100, "fc00:0:2::", "fc00:0:3::");
	send_n(tx, 1); /* neighbours first */
	ck_assert_uint_eq(arrived(rx, 1), 1);
	send_flows();
	ck_assert_uint_eq(arrived(rx, FLOWS), FLOWS);
	t = count();
	ck_assert_uint_eq(t.service, FLOWS + 1); /* its SID is behind every list */
	ck_assert_uint_eq(t.two + t.three, FLOWS + 1);
	ck_assert_uint_gt(t.two, FLOWS / 3); /* even shares: off by a sixth is 6 times the mean deviation */
	ck_assert_uint_gt(t.three, FLOWS / 3);
	put("p", 100, "fc00:0:3::");
	send_flows();
	ck_assert_uint_eq(arrived(rx, FLOWS), FLOWS);
	ck_assert_uint_eq(count().two, t.two);
	/* a list that would bring packets back to the table: none is taken */
	put_two("p", 100, "fc00:0:3::", "2001:db8:b::9");
	send_n(tx, 5);
	ck_assert_uint_eq(arrived(rx, 0), 0);
	close(rx);
	close(tx);
}
END_TEST

struct sender {
	int fd;
	_Atomic bool done;
};

static void *sender_run(void *arg)
{
	struct sender *x = arg;

	for (unsigned i = 0; i < PACKETS / BURST; i++) {
		send_n(x->fd, BURST);
		usleep(500);
	}
	x->done = true;
	return NULL;
}

/* The controller changes the list; the better candidate comes and goes. */
START_TEST(no_packet_is_lost_while_the_path_changes)
{
	struct sender x = { .fd = udp(CA, "2001:db8:a::2", 0) };
	int rx = udp(CB, "2001:db8:b::2", PORT);
	unsigned changes = 0;
	struct tally t;
	pthread_t thread;

	for (unsigned i = 0; i < 2; i++) { /* neighbours first */
		put("p", 100, i ? "fc00:0:2::" : "fc00:0:3::");
		send_n(x.fd, 1);
		ck_assert_uint_eq(arrived(rx, 1), 1);
	}
	ck_assert_int_eq(pthread_create(&thread, NULL, sender_run, &x), 0);
	while (!x.done) {
		if (++changes % 3 == 0)
			put("better", 200, "fc00:0:3::");
		else if (changes % 3 == 1 && agent_pol_by_name(pol, "better"))
			agent_pol_remove(pol, agent_pol_by_name(pol, "better"));
		else
			put("p", 100, changes % 2 ? "fc00:0:2:e001::" : "fc00:0:2::");
	}
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(arrived(rx, PACKETS), PACKETS);
	ck_assert_uint_gt(changes, 20);
	t = count();
	ck_assert_uint_gt(t.two, 100);
	ck_assert_uint_gt(t.three, 100);
	ck_assert_uint_gt(t.adjacency, 10);
	ck_assert_uint_eq(t.two + t.three, PACKETS + 2);
	ck_assert_uint_eq(t.service, PACKETS + 2);
	close(rx);
	close(x.fd);
}
END_TEST

/* ---- nobody there but the router ---- */

/* The working path is active, and alive where a standby is there. */
static bool ready(void *arg)
{
	const char *const names[] = { "p", "standby" };

	(void)arg;
	if (!agent_pol_is_active(agent_pol_by_name(pol, "p")))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names) && agent_pol_by_name(pol, "standby"); i++) {
		const struct agent_lsp *l = agent_pol_by_name(pol, names[i]);
		struct agent_watch_view v;

		if (!l->watch[0])
			return false;
		agent_watch_view(l->watch[0], &v);
		if (v.judge->state != AGENT_LIVE_YES)
			return false;
	}
	return true;
}

struct stream {
	int fd;
	_Atomic unsigned sent;
	unsigned until;
};

enum { STREAM = 1500, BEFORE = 300 };

static void *stream_run(void *arg)
{
	struct stream *x = arg;

	for (; x->sent < STREAM; x->sent++) {
		send_n(x->fd, 1);
		usleep(1000);
	}
	return NULL;
}

static bool has_sent(void *arg)
{
	const struct stream *x = arg;

	return x->sent >= x->until;
}

/* How many packets of the stream are lost when the working path is cut in mid. */
static unsigned lost_by_a_cut(void)
{
	struct stream x = { .fd = udp(CA, "2001:db8:a::2", 0), .until = BEFORE };
	int rx = udp(CB, "2001:db8:b::2", PORT);
	pthread_t thread;
	unsigned n;

	send_n(x.fd, 1); /* neighbours first; no probe was seen to while this waited */
	ck_assert_uint_eq(arrived(rx, 1), 1);
	ck_assert(lab_run(loop, ready, NULL));
	ck_assert_int_eq(pthread_create(&thread, NULL, stream_run, &x), 0);
	ck_assert(lab_run(loop, has_sent, &x));
	lab_switch(ns[MID]);
	shell("nft 'add table ip6 cut; add chain ip6 cut in { type filter hook prerouting priority -300; };"
	      " add rule ip6 cut in ip6 daddr fc00:0:2::/48 drop'");
	lab_switch(ns[PE1]);
	x.until = STREAM;
	ck_assert(lab_run(loop, has_sent, &x));
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	n = arrived(rx, 0);
	close(rx);
	close(x.fd);
	return STREAM - n;
}

static void live(void)
{
	lab_switch(ns[MID]);
	lab_via("fc00:0:1::1/128", "fd00:1::1", "a");
	lab_switch(ns[PE1]);
	ck_assert_int_eq(ip_parse("fc00:0:1::1", &cfg.source), 0);
	cfg.live = (struct agent_live_cfg){ true, 10, 3, 300 };
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
}

START_TEST(a_dead_path_is_left_without_any_controller)
{
	unsigned lost;

	live();
	put("standby", 50, "fc00:0:3::");
	put("p", 100, "fc00:0:2::");
	lost = lost_by_a_cut();
	(void)fprintf(stderr, "# %u packets of 1 ms were lost while the router went to its standby\n",
		      lost);
	ck_assert_uint_gt(lost, 0);
	ck_assert_uint_lt(lost, 400); /* on a busy machine too; 1200 were to come */
	ck_assert(agent_pol_is_active(agent_pol_by_name(pol, "standby")));
	ck_assert_uint_gt(count().three, 100);
}
END_TEST

START_TEST(without_a_standby_a_dead_path_stays_dead)
{
	live();
	put("p", 100, "fc00:0:2::");
	ck_assert_uint_gt(lost_by_a_cut(), STREAM - BEFORE - 200);
	ck_assert_uint_eq(count().three, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *su = suite_create("agent-follow-traffic");
	TCase *t = tcase_create("packets");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, packets_take_the_path_of_the_policy_and_its_changes);
	tcase_add_test(t, flows_of_a_table_take_all_lists_of_the_policy);
	tcase_add_test(t, no_packet_is_lost_while_the_path_changes);
	tcase_add_test(t, a_dead_path_is_left_without_any_controller);
	tcase_add_test(t, without_a_standby_a_dead_path_stays_dead);
	if (lab_possible())
		suite_add_tcase(su, t);
	else
		(void)fprintf(stderr, "# agent-follow-traffic: no network namespaces here, NOTHING "
				      "TESTED\n");
	return su;
}

int main(void)
{
	return check_main(suite());
}
