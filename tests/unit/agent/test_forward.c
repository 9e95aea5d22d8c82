/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets: a headend and an egress in two namespaces, one cable. What the agent writes carries
 * traffic, a change of list loses none of it, and the SIDs of the router software are counted.
 */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <linux/seg6_local.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "check_main.h"
#include "lab.h"
#include "tools/agent/kernel/count.h"
#include "tools/agent/kernel/fib.h"
#include "tools/agent/kernel/tunsrc.h"
#include "tools/agent/policy/pol.h"

enum { PACKETS = 20000, PORT = 5000 };

static int head, egress; /* namespaces */
static struct loop *loop;
static struct agent_fib *fib;
static struct agent_pol *pol;
static unsigned sr_egress;

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

static void local_sid(const char *sid, uint8_t action, bool micro)
{
	struct agent_route r = { .table = RT_TABLE_MAIN,
				 .metric = 20,
				 .kind = AGENT_ROUTE_LOCAL,
				 .action = action,
				 .dev = sr_egress,
				 .next_csid = micro,
				 .lblen = micro ? 32 : 0,
				 .nflen = micro ? 16 : 0,
				 .lookup = micro ? 0 : RT_TABLE_LOCAL };

	ck_assert_int_eq(ip_prefix_parse(sid, &r.dst), 0);
	ck_assert_int_eq(lab_route(&r, AGENT_PROTO_ISIS, false), 0);
}

static void on_fib(void *arg)
{
	(void)arg;
	if (pol)
		agent_pol_fib_changed(pol);
}

static void on_lsp(void *arg, struct agent_lsp *l)
{
	(void)arg;
	(void)l;
}

static void build_egress(void)
{
	lab_sysctl("ipv6/conf/all/forwarding", "1");
	sr_egress = lab_link("sr0", "ifb");
	lab_link("ce", "bridge");
	lab_addr("ce", "2001:db8:c2::1", 64);
	lab_addr("r", "fd00:1::2", 64);
	local_sid("fcbb:bbbb:2::/48", SEG6_LOCAL_ACTION_END, true);
	local_sid("fcbb:bbbb:3::/48", SEG6_LOCAL_ACTION_END, true);
	local_sid("fcbb:bbbb:8:d6::/64", SEG6_LOCAL_ACTION_END_DT6, false);
}

static void setup(void)
{
	static const struct agent_fib_ops fib_ops = { .changed = on_fib };
	static const struct agent_pol_ops pol_ops = { .changed = on_lsp };

	lab_enter();
	egress = lab_ns();
	lab_enter();
	head = lab_ns();
	lab_cable("e", "r", egress);
	lab_link("sr0", "ifb");
	lab_addr("e", "fd00:1::1", 64);
	lab_addr("lo", "2001:db8:0:1::1", 128);
	lab_switch(egress);
	build_egress();
	lab_switch(head);
	lab_via("fcbb:bbbb::/32", "fd00:1::2", "e");
	ck_assert_int_eq(loop_new(&loop), 0);
	pol = NULL;
	ck_assert_int_eq(agent_fib_new(&fib, loop, &fib_ops, NULL), 0);
	ck_assert_int_eq(agent_pol_new(&pol, loop, fib, &pol_ops, NULL), 0);
	agent_fib_start(fib);
}

static void teardown(void)
{
	pol = agent_pol_free(pol);
	fib = agent_fib_free(fib);
	loop = loop_free(loop);
	close(head);
	close(egress);
}

static bool idle(void *arg)
{
	(void)arg;
	return agent_fib_idle(fib);
}

static int udp(const char *bind_to, uint16_t port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 64 << 20;

	ck_assert_int_ge(fd, 0);
	memcpy(&sa.sin6_addr, addr(bind_to).b, 16);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void send_to(int fd, const char *to, unsigned n)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };

	memcpy(&sa.sin6_addr, addr(to).b, 16);
	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq((int)sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), 1);
}

/* What is in fd's queue now, and what comes within a moment after the last. */
static unsigned received(int fd)
{
	struct timeval tv = { .tv_usec = 200000 };
	char c[8];
	unsigned n = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	while (recv(fd, c, sizeof(c), 0) > 0)
		n++;
	return n;
}

/* The same where want are to come: neighbours are looked up first, on a busy machine slowly. */
static unsigned received_of(int fd, unsigned want)
{
	struct timeval tv = { .tv_sec = 5 };
	char c[8];
	unsigned n = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	while (n < want && recv(fd, c, sizeof(c), 0) > 0)
		n++;
	return n + received(fd);
}

static struct agent_steering steering;
static struct agent_cfg cfg;

static void configure(void)
{
	steering = (struct agent_steering){ .color = 100,
					    .endpoint = addr("2001:db8:0:8::1"),
					    .service = addr("fcbb:bbbb:8:d6::") };
	ck_assert_int_eq(ip_prefix_parse("2001:db8:c2::/64", &steering.prefix), 0);
	cfg = (struct agent_cfg){ .msd = 10,
				  .table = RT_TABLE_MAIN,
				  .metric = 10,
				  .reduced = true,
				  .counters = true,
				  .sid_device = "sr0",
				  .steering = &steering,
				  .n_steering = 1 };
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
}

static void set_path(const char *sid)
{
	struct lsp_state w = { .name = "p",
			       .has_key = true,
			       .color = 100,
			       .endpoint = addr("2001:db8:0:8::1"),
			       .admin_up = true };
	struct agent_lsp *l;
	char why[SR_REASON_MAX];

	w.list.n = 1;
	w.list.at[0].sid = addr(sid);
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	ck_assert(lab_run(loop, idle, NULL));
	ck_assert_int_eq(l->st.oper, LSP_ACTIVE);
}

START_TEST(steered_packets_arrive_and_others_do_not)
{
	int rx, tx;

	cfg.reduced = _i == 0;
	lab_switch(egress);
	rx = udp("2001:db8:c2::1", PORT);
	lab_switch(head);
	configure();
	cfg.reduced = _i == 0;
	set_path("fcbb:bbbb:2::");
	tx = udp("2001:db8:0:1::1", 0);
	send_to(tx, "2001:db8:c2::1", 100);
	ck_assert_uint_eq(received_of(rx, 100), 100);
	set_path("fcbb:bbbb:9::"); /* nobody's SID: the list decides, not the cable */
	send_to(tx, "2001:db8:c2::1", 100);
	ck_assert_uint_eq(received(rx), 0);
	close(rx);
	close(tx);
}
END_TEST

/* IPv4 customers: decapsulated by End.DX4 towards a neighbour in a third namespace. */
START_TEST(ipv4_customers_are_carried_too)
{
	struct agent_steering v4 = { .color = 100,
				     .endpoint = addr("2001:db8:0:8::1"),
				     .service = addr("fcbb:bbbb:8:d4::") };
	struct agent_route dx4 = { .table = RT_TABLE_MAIN,
				   .metric = 20,
				   .kind = AGENT_ROUTE_LOCAL,
				   .action = SEG6_LOCAL_ACTION_END_DX4,
				   .dev = sr_egress,
				   .nh = addr("10.9.0.2") };
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int cust, rx, tx;

	lab_enter();
	cust = lab_ns();
	lab_cable("c", "cust", egress);
	lab_addr("c", "10.9.0.2", 24);
	memcpy(&sa.sin_addr, addr("10.9.0.2").b, 4);
	rx = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(rx, (struct sockaddr *)&sa, sizeof(sa)), 0);
	lab_switch(egress);
	lab_addr("cust", "10.9.0.1", 24);
	lab_sysctl("ipv4/ip_forward", "1");
	ck_assert_int_eq(ip_prefix_parse("fcbb:bbbb:8:d4::/64", &dx4.dst), 0);
	ck_assert_int_eq(lab_route(&dx4, AGENT_PROTO_ISIS, false), 0);
	lab_switch(head);
	lab_addr("lo", "10.1.0.1", 32);
	configure();
	ck_assert_int_eq(ip_prefix_parse("10.9.0.0/16", &v4.prefix), 0);
	cfg.steering = &v4;
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	set_path("fcbb:bbbb:2::");
	tx = socket(AF_INET, SOCK_DGRAM, 0);
	for (unsigned i = 0; i < 20; i++)
		ck_assert_int_eq((int)sendto(tx, "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), 1);
	ck_assert_uint_eq(received_of(rx, 20), 20);
	close(rx);
	close(tx);
	close(cust);
}
END_TEST

struct sender {
	int fd;
	_Atomic bool done;
};

static void *sender_run(void *arg)
{
	struct sender *s = arg;

	for (unsigned i = 0; i < PACKETS / 20; i++) {
		send_to(s->fd, "2001:db8:c2::1", 20);
		usleep(200);
	}
	s->done = true;
	return NULL;
}

START_TEST(a_change_of_list_loses_no_packet)
{
	struct sender s = { .fd = -1 };
	unsigned changes = 0;
	pthread_t t;
	int rx;

	lab_switch(egress);
	rx = udp("2001:db8:c2::1", PORT);
	lab_switch(head);
	configure();
	s.fd = udp("2001:db8:0:1::1", 0);
	/* Neighbours first: what waits for one is dropped beyond some hundred packets. */
	for (int i = 0; i < 2; i++) {
		set_path(i ? "fcbb:bbbb:2::" : "fcbb:bbbb:3::");
		send_to(s.fd, "2001:db8:c2::1", 1);
		ck_assert_uint_eq(received_of(rx, 1), 1);
	}
	ck_assert_int_eq(pthread_create(&t, NULL, sender_run, &s), 0);
	while (!s.done)
		set_path(++changes % 2 ? "fcbb:bbbb:3::" : "fcbb:bbbb:2::");
	pthread_join(t, NULL);
	ck_assert_uint_gt(changes, 20);
	ck_assert_uint_eq(received_of(rx, PACKETS), PACKETS);
	close(rx);
	close(s.fd);
}
END_TEST

struct counts {
	struct agent_count *c;
	uint64_t at[3]; /* of nodes 2, 3 and the service SID */
	bool fresh;
};

static void on_count(void *arg, const struct ip_prefix *sid, uint64_t packets, uint64_t bytes)
{
	struct counts *k = arg;
	unsigned node = sid->addr.b[5];

	ck_assert(packets == 0 || bytes > packets * 40);
	k->at[sid->len == 64 ? 2 : node == 2 ? 0 : 1] = packets;
}

static void on_fresh(void *arg)
{
	struct counts *k = arg;

	agent_count_each(k->c, on_count, k);
	k->fresh = true;
}

static bool counted(void *arg)
{
	struct counts *k = arg;

	return k->fresh;
}

static bool rules_in(void *arg)
{
	struct counts *k = arg;

	k->at[0] = k->at[1] = UINT64_MAX;
	agent_count_each(k->c, on_count, k);
	return k->at[0] != UINT64_MAX && k->at[1] != UINT64_MAX;
}

static struct counts read_counts(struct agent_count *c)
{
	struct counts k = { .c = c };

	agent_count_refresh(c, on_fresh, &k);
	ck_assert(lab_run(loop, counted, &k));
	ck_assert_str_eq(agent_count_error(c), "");
	return k;
}

static void want_counts(struct agent_count *c)
{
	struct ip_prefix p;

	agent_count_begin(c);
	ck_assert_int_eq(ip_prefix_parse("fcbb:bbbb:2::/48", &p), 0);
	agent_count_add(c, &p);
	ck_assert_int_eq(ip_prefix_parse("fcbb:bbbb:3::/45", &p), 0); /* bits inside an octet */
	p.addr.b[5] = 3;
	p.len = 48;
	agent_count_add(c, &p);
	agent_count_end(c);
}

START_TEST(packets_are_counted_at_the_sid_they_arrive_with)
{
	struct agent_count *c = NULL;
	struct counts k = { 0 };
	int rx, tx;

	lab_switch(egress);
	ck_assert_int_eq(agent_count_new(&c, loop), 0);
	rx = udp("2001:db8:c2::1", PORT);
	lab_switch(head);
	want_counts(c);
	k.c = c;
	ck_assert(lab_run(loop, rules_in, &k));
	configure();
	set_path("fcbb:bbbb:2::");
	tx = udp("2001:db8:0:1::1", 0);
	send_to(tx, "2001:db8:c2::1", 50);
	ck_assert_uint_eq(received_of(rx, 50), 50);
	k = read_counts(c);
	ck_assert_uint_eq(k.at[0], 50);
	ck_assert_uint_eq(k.at[1], 0);
	agent_count_free(c);
	/* another agent finds the rules and their counts */
	lab_switch(egress);
	ck_assert_int_eq(agent_count_new(&c, loop), 0);
	lab_switch(head);
	want_counts(c);
	send_to(tx, "2001:db8:c2::1", 5);
	ck_assert_uint_eq(received_of(rx, 5), 5);
	k = read_counts(c);
	ck_assert_uint_eq(k.at[0], 55);
	agent_count_begin(c);
	agent_count_end(c);
	k = read_counts(c);
	ck_assert_uint_eq(k.at[0], 0);
	agent_count_free(c);
	close(rx);
	close(tx);
}
END_TEST

static bool src_set(void *arg)
{
	return agent_tunsrc_state(arg)[0] != '\0';
}

START_TEST(the_outer_source_is_set)
{
	struct agent_tunsrc *t = NULL;
	struct ip_addr a = addr("2001:db8:0:1::1");

	ck_assert_int_eq(agent_tunsrc_new(&t, loop), 0);
	agent_tunsrc_set(t, &a);
	ck_assert(lab_run(loop, src_set, t));
	ck_assert_str_eq(agent_tunsrc_state(t), "set");
	agent_tunsrc_free(t);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-forward");
	TCase *t = tcase_create("forward");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, steered_packets_arrive_and_others_do_not, 0, 2);
	tcase_add_test(t, ipv4_customers_are_carried_too);
	tcase_add_test(t, a_change_of_list_loses_no_packet);
	tcase_add_test(t, packets_are_counted_at_the_sid_they_arrive_with);
	tcase_add_test(t, the_outer_source_is_set);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr,
			      "# agent-forward: no network namespaces here, NOTHING TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
