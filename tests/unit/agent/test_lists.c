/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several weighted lists of one path, in the kernel: a customer, a headend and an egress in namespaces. The
 * egress counts by the SID a packet came with, so what is judged is what the packets did.
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
#include "tools/agent/kernel/fib.h"
#include "tools/agent/policy/pol.h"

enum { FLOWS = 800, PORT = 5000, PACKETS = 12000 };

static int head, egress, customer; /* namespaces */
static struct loop *loop;
static struct agent_fib *fib;
static struct agent_pol *pol;
static struct agent_lsp *lsp;
static struct agent_steering steering;
static struct agent_cfg cfg;

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

static void local_sid(const char *sid, uint8_t action, unsigned dev)
{
	bool micro = action == SEG6_LOCAL_ACTION_END;
	struct agent_route r = { .table = RT_TABLE_MAIN,
				 .metric = 20,
				 .kind = AGENT_ROUTE_LOCAL,
				 .action = action,
				 .dev = dev,
				 .next_csid = micro,
				 .lblen = micro ? 32 : 0,
				 .nflen = micro ? 16 : 0,
				 .counters = micro,
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
	unsigned dev;

	lab_sysctl("ipv6/conf/all/forwarding", "1");
	dev = lab_link("sr0", "ifb");
	lab_link("ce", "bridge");
	lab_addr("ce", "2001:db8:c2::1", 64);
	lab_addr("r", "fd00:1::2", 64);
	local_sid("fcbb:bbbb:2::/48", SEG6_LOCAL_ACTION_END, dev);
	local_sid("fcbb:bbbb:3::/48", SEG6_LOCAL_ACTION_END, dev);
	local_sid("fcbb:bbbb:4::/48", SEG6_LOCAL_ACTION_END, dev);
	local_sid("fcbb:bbbb:8:d6::/64", SEG6_LOCAL_ACTION_END_DT6, dev);
}

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

static void setup(void)
{
	static const struct agent_fib_ops fib_ops = { .changed = on_fib };
	static const struct agent_pol_ops pol_ops = { .changed = on_lsp };

	lab_enter();
	egress = lab_ns();
	lab_enter();
	customer = lab_ns();
	lab_enter();
	head = lab_ns();
	lab_cable("e", "r", egress);
	lab_cable("h", "c", customer);
	lab_link("sr0", "ifb");
	lab_sysctl("ipv6/conf/all/forwarding", "1");
	lab_addr("e", "fd00:1::1", 64);
	lab_addr("h", "2001:db8:c1::1", 64);
	lab_addr("lo", "2001:db8:0:1::1", 128);
	lab_switch(egress);
	build_egress();
	lab_switch(customer);
	lab_addr("c", "2001:db8:c1::2", 64);
	lab_via("::/0", "2001:db8:c1::1", "c");
	lab_switch(head);
	lab_via("fcbb:bbbb::/32", "fd00:1::2", "e");
	ck_assert_int_eq(loop_new(&loop), 0);
	pol = NULL;
	ck_assert_int_eq(agent_fib_new(&fib, loop, &fib_ops, NULL), 0);
	ck_assert_int_eq(agent_pol_new(&pol, loop, fib, &pol_ops, NULL), 0);
	agent_fib_start(fib);
	configure();
}

static void teardown(void)
{
	pol = agent_pol_free(pol);
	fib = agent_fib_free(fib);
	loop = loop_free(loop);
	close(head);
	close(egress);
	close(customer);
}

static bool idle(void *arg)
{
	(void)arg;
	return agent_fib_idle(fib);
}

/* Lists of one SID each, to these nodes of the egress; a weight each. */
static void set_path(unsigned n, const unsigned *nodes, const uint32_t *weights)
{
	struct lsp_state w = { .name = "p",
			       .has_key = true,
			       .color = 100,
			       .endpoint = addr("2001:db8:0:8::1"),
			       .binding_sid = addr("fcbb:bbbb:b000::1"),
			       .admin_up = true };
	struct sr_more more = { .weight = weights[0], .n = (uint8_t)(n - 1) };
	char why[SR_REASON_MAX];

	for (unsigned k = 0; k < n; k++) {
		struct sr_list *l = k ? &more.at[k - 1].list : &w.list;

		l->n = 1;
		l->at[0].sid = addr("fcbb:bbbb::");
		l->at[0].sid.b[5] = (uint8_t)nodes[k];
		if (k)
			more.at[k - 1].weight = weights[k];
	}
	w.list.more = n > 1 ? &more : NULL;
	ck_assert_msg(agent_pol_put(pol, &w, &lsp, why) == 0, "%s", why);
	memset(&more, 0xff, sizeof(more)); /* the path has its own */
	ck_assert(lab_run(loop, idle, NULL));
	ck_assert_msg(lsp->st.oper == LSP_ACTIVE, "%s", lsp->reason);
}

/* ---- packets ---- */

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

static void send_one(int fd)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };

	memcpy(&sa.sin6_addr, addr("2001:db8:c2::1").b, 16);
	ck_assert_int_eq((int)sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), 1);
}

/* A packet of each of many flows, by ports (and the flow labels that the sender derives from them). */
static void send_flows(unsigned n)
{
	lab_switch(customer);
	for (unsigned i = 0; i < n; i++) {
		int fd = udp("2001:db8:c1::2", 0);

		send_one(fd);
		close(fd);
	}
	lab_switch(head);
}

static unsigned received(int fd, unsigned want)
{
	struct timeval tv = { .tv_sec = 5 };
	char c[8];
	unsigned n = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	while (n < want && recv(fd, c, sizeof(c), 0) > 0)
		n++;
	return n;
}

static int listener(void)
{
	int rx;

	lab_switch(egress);
	rx = udp("2001:db8:c2::1", PORT);
	lab_switch(head);
	return rx;
}

/* Neighbours first: what waits for one is dropped beyond some hundred packets. */
static void warm_up(int rx)
{
	send_flows(1);
	ck_assert_uint_eq(received(rx, 1), 1);
}

/* Packets that came with the SID of a node, by the egress' kernel. */
static uint64_t came_by(unsigned node)
{
	struct agent_route r[8];
	unsigned n;

	lab_switch(egress);
	n = lab_routes(RT_TABLE_MAIN, AGENT_PROTO_ISIS, r, 8);
	lab_switch(head);
	for (unsigned i = 0; i < n; i++) {
		if (r[i].dst.len == 48 && r[i].dst.addr.b[5] == node)
			return r[i].packets;
	}
	ck_abort_msg("no such SID");
}

/* Of 800 flows a share is off by 0.015 in the mean: five times that is chance no more. */
static void ck_share(uint64_t part, uint64_t all, double share)
{
	double is = (double)part / (double)all;

	ck_assert_msg(is > share - 0.08 && is < share + 0.08, "%f is not %f", is, share);
}

/* By the hash of addresses and flow label (0), or of addresses and ports (1). */
START_TEST(flows_divide_by_the_weights)
{
	int rx = listener();

	lab_sysctl("ipv6/fib_multipath_hash_policy", _i ? "1" : "0");
	set_path(2, (unsigned[]){ 2, 3 }, (uint32_t[]){ 3, 1 });
	warm_up(rx);
	send_flows(FLOWS);
	ck_assert_uint_eq(received(rx, FLOWS), FLOWS);
	ck_assert_uint_eq(came_by(2) + came_by(3), FLOWS + 1);
	ck_share(came_by(2), FLOWS, 0.75);
	close(rx);
}
END_TEST

START_TEST(with_one_list_all_go_one_way)
{
	int rx = listener();

	set_path(1, (unsigned[]){ 2 }, (uint32_t[]){ 1 });
	warm_up(rx);
	send_flows(FLOWS);
	ck_assert_uint_eq(received(rx, FLOWS), FLOWS);
	ck_assert_uint_eq(came_by(2), FLOWS + 1);
	ck_assert_uint_eq(came_by(3), 0);
	close(rx);
}
END_TEST

START_TEST(one_flow_keeps_its_list)
{
	int rx = listener(), tx;

	set_path(2, (unsigned[]){ 2, 3 }, (uint32_t[]){ 1, 1 });
	warm_up(rx);
	lab_switch(customer);
	tx = udp("2001:db8:c1::2", 4000);
	for (unsigned i = 0; i < 100; i++)
		send_one(tx);
	lab_switch(head);
	ck_assert_uint_eq(received(rx, 100), 100);
	ck_assert(came_by(2) <= 1 || came_by(3) <= 1);
	close(rx);
	close(tx);
}
END_TEST

struct sender {
	int fds[16];
	_Atomic bool done;
};

static void *sender_run(void *arg)
{
	struct sender *s = arg;

	for (unsigned i = 0; i < PACKETS / 16; i++) {
		for (unsigned k = 0; k < 16; k++)
			send_one(s->fds[k]);
		usleep(200);
	}
	s->done = true;
	return NULL;
}

/* One list to two, to two others, to three, and back to one. */
START_TEST(a_change_of_lists_loses_no_packet)
{
	static const struct {
		unsigned n, nodes[3];
		uint32_t weights[3];
	} forms[] = { { 1, { 2 }, { 1 } },
		      { 2, { 2, 3 }, { 1, 1 } },
		      { 2, { 4, 3 }, { 5, 1 } },
		      { 3, { 2, 3, 4 }, { 1, 2, 3 } } };
	struct sender s = { .done = false };
	unsigned changes = 0;
	pthread_t t;
	int rx = listener();

	lab_switch(customer);
	for (unsigned k = 0; k < 16; k++)
		s.fds[k] = udp("2001:db8:c1::2", 0);
	lab_switch(head);
	set_path(1, forms[0].nodes, forms[0].weights);
	warm_up(rx);
	ck_assert_int_eq(pthread_create(&t, NULL, sender_run, &s), 0);
	while (!s.done) {
		unsigned f = ++changes % ARRAY_LEN(forms);

		set_path(forms[f].n, forms[f].nodes, forms[f].weights);
	}
	pthread_join(t, NULL);
	ck_assert_uint_gt(changes, 8);
	ck_assert_uint_eq(received(rx, PACKETS), PACKETS / 16 * 16);
	ck_assert_uint_gt(came_by(4), 0);
	for (unsigned k = 0; k < 16; k++)
		close(s.fds[k]);
	close(rx);
}
END_TEST

/* ---- routes ---- */

static const struct agent_route *wanted_of(const char *prefix)
{
	struct agent_route key = { .table = RT_TABLE_MAIN, .metric = 10 };

	ck_assert_int_eq(ip_prefix_parse(prefix, &key.dst), 0);
	return agent_fib_wanted(fib, &key);
}

static const struct {
	uint32_t told[2];
	uint16_t kernel[2];
} weights[] = {
	{ { 1, 1 }, { 1, 1 } },		    { { 1000, 3000 }, { 1, 3 } },
	{ { 1, 256 }, { 1, 256 } },	    { { 300, 1 }, { 256, 1 } },
	{ { UINT32_MAX - 1, 1 }, { 256, 1 } }, { { 1000, 999 }, { 256, 256 } },
};

START_TEST(weights_are_those_of_the_kernel)
{
	const struct agent_route *r;

	set_path(2, (unsigned[]){ 2, 3 }, weights[_i].told);
	r = wanted_of("2001:db8:c2::/64");
	ck_assert_ptr_nonnull(r);
	ck_assert_ptr_nonnull(r->more);
	ck_assert_uint_eq(r->more->weight, weights[_i].kernel[0]);
	ck_assert_uint_eq(r->more->at[0].weight, weights[_i].kernel[1]);
	ck_assert_uint_eq(r->n, 2); /* and the service SID */
	ck_assert_uint_eq(r->more->at[0].n, 2);
	r = wanted_of("fcbb:bbbb:b000::1/128");
	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(r->kind, AGENT_ROUTE_LOCAL);
	ck_assert_uint_eq(r->more->weight, weights[_i].kernel[0]);
	ck_assert_uint_eq(r->more->at[0].n, 1);
	/* as they are there */
	ck_assert(agent_route_same(agent_fib_seen(fib, r), r));
}
END_TEST

START_TEST(lists_that_are_the_same_are_one)
{
	const struct agent_route *r;

	set_path(3, (unsigned[]){ 2, 3, 2 }, (uint32_t[]){ 1, 3, 4 });
	r = wanted_of("2001:db8:c2::/64");
	ck_assert_uint_eq(r->more->n, 1);
	ck_assert_uint_eq(r->more->weight, 5);
	ck_assert_uint_eq(r->more->at[0].weight, 3);
	set_path(2, (unsigned[]){ 2, 2 }, (uint32_t[]){ 1, 3 });
	ck_assert_ptr_null(wanted_of("2001:db8:c2::/64")->more);
}
END_TEST

START_TEST(an_ipv4_prefix_has_all_lists_too)
{
	const struct agent_route *r;

	ck_assert_int_eq(ip_prefix_parse("10.9.0.0/16", &steering.prefix), 0);
	configure();
	ck_assert_int_eq(ip_prefix_parse("10.9.0.0/16", &steering.prefix), 0);
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	set_path(3, (unsigned[]){ 2, 3, 4 }, (uint32_t[]){ 1, 2, 3 });
	r = wanted_of("10.9.0.0/16");
	ck_assert_uint_eq(r->more->n, 2);
	ck_assert(agent_route_same(agent_fib_seen(fib, r), r));
}
END_TEST

static bool repaired(void *arg)
{
	struct agent_fib_stats st;

	agent_fib_stats(fib, &st);
	return st.repaired > 0 && agent_fib_state(fib, arg) == AGENT_FIB_IN && agent_fib_idle(fib);
}

/* Somebody takes one of three lists out, or gives them other weights. */
START_TEST(what_others_change_is_repaired_and_nothing_is_left)
{
	struct agent_route key, theirs, r[8];
	struct agent_more more;

	set_path(3, (unsigned[]){ 2, 3, 4 }, (uint32_t[]){ 1, 2, 3 });
	key = *wanted_of("2001:db8:c2::/64");
	more = *key.more;
	theirs = key;
	theirs.more = &more;
	if (_i)
		more.at[1].weight = 7;
	else
		more.n = 1;
	ck_assert_int_eq(lab_route(&theirs, AGENT_PROTO, false), 0);
	ck_assert(lab_run(loop, repaired, &key));
	ck_assert(agent_route_same(agent_fib_seen(fib, &key), wanted_of("2001:db8:c2::/64")));
	agent_pol_remove(pol, lsp);
	ck_assert(lab_run(loop, idle, NULL));
	ck_assert_uint_eq(lab_routes(RT_TABLE_MAIN, AGENT_PROTO, r, 8), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-lists");
	TCase *t = tcase_create("lists");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, flows_divide_by_the_weights, 0, 2);
	tcase_add_test(t, with_one_list_all_go_one_way);
	tcase_add_test(t, one_flow_keeps_its_list);
	tcase_add_test(t, a_change_of_lists_loses_no_packet);
	tcase_add_loop_test(t, weights_are_those_of_the_kernel, 0, (int)ARRAY_LEN(weights));
	tcase_add_test(t, lists_that_are_the_same_are_one);
	tcase_add_test(t, an_ipv4_prefix_has_all_lists_too);
	tcase_add_loop_test(t, what_others_change_is_repaired_and_nothing_is_left, 0, 2);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr, "# agent-lists: no network namespaces here, NOTHING TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
