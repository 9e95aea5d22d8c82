/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program between its two masters: gNMI names a policy in a customer's table, a PCE says what
 * the policy is. The kernel, the state over gNMI and what the PCE hears must tell one story.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gnmi_bed.h"
#include "net/net.h"
#include "pcep/raw_pce.h"
#include "slices_bed.h"

#define ROUTE(prefix) "device/table[id=100000]/route[prefix=" prefix "]"
#define TABLE                                                                                      \
	"{\"route\":[{\"prefix\":\"2001:db8:b::/48\",\"policy\":{\"color\":100,\"endpoint\":"       \
	"\"2001:db8::9\"},\"segment\":[\"fcbb:bbbb:9:d000::\"]}]}"
#define SHOW "ip -6 route show table 100000"

static struct net *net;
static struct raw_pce pce;

static bool on_heard(void *arg)
{
	return raw_pce_heard(&pce, arg);
}

static void await(const char *what)
{
	char copy[128];

	(void)str_copy(copy, sizeof(copy), what);
	ck_assert_msg(lab_run(loop, on_heard, copy), "not \"%s\" but:\n%s", what,
		      str_text(&pce.log));
}

static void setup(void)
{
	struct ip_addr lo;
	char more[160];

	gnmi_setup();
	ck_assert_int_eq(ip_parse("::1", &lo), 0);
	ck_assert_int_eq(net_new(&net, loop), 0);
	raw_pce_init(&pce);
	(void)snprintf(more, sizeof(more),
		       "pcep:\n  msd: 4\n  controller:\n    - { address: \"::1\", port: %u, "
		       "insecure: true }\n",
		       raw_pce_listen(&pce, net, &lo, 0));
	configure("  writer: [ client ]\n", more);
	ck_assert_int_eq(kill(agent, SIGHUP), 0);
	await("end-of-sync");
}

static void teardown(void)
{
	raw_pce_fini(&pce);
	net = net_free(net);
	gnmi_teardown();
}

static void initiate(uint32_t srp, const char *name, unsigned segs)
{
	struct sr_list list = raw_list(segs);
	struct pcep_item b;

	raw_initiate(&b, srp, name, 100, &list);
	raw_pce_item(&pce, PCEPC_PCINITIATE, &b);
}

static void update(uint32_t srp, unsigned segs)
{
	struct sr_list list = raw_list(segs);
	struct pcep_item b;

	raw_update(&b, srp, 1, &list);
	raw_pce_item(&pce, PCEPC_PCUPD, &b);
}

static bool shown(void *arg)
{
	char *o = output(SHOW " || true"); /* there is no such table yet */
	bool has = strstr(o, arg) != NULL;

	free(o);
	return has;
}

static void await_kernel(const char *text)
{
	char copy[128];

	(void)str_copy(copy, sizeof(copy), text);
	ck_assert_msg(lab_run(loop, shown, copy), "the kernel never shows '%s'", text);
}

static void give(const char *underlay)
{
	struct answer a = set(NULL, "device/underlay", underlay, true);

	check_code(&a, RPC_OK, "");
	a = set(NULL, "device/table[id=100000]", TABLE, false);
	check_code(&a, RPC_OK, "");
}

START_TEST(a_route_is_what_the_pce_says_as_soon_as_it_says_it)
{
	static const struct wish w = { .path = "device/table/route/state",
				       .list = GNMIPB__SUBSCRIPTION_LIST__MODE__STREAM,
				       .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE };
	struct stream s = { 0 };
	struct pcep_item b;

	give("[\"fcbb::/16\"]");
	check_get(ROUTE("2001:db8:b::/48") "/state/reason",
		  "\"the policy has no path that is up\"\n");
	subscribe(&s, &w);
	ck_assert(lab_run(loop, synced, &s));
	initiate(5, "gold", 2);
	await("srp=5 D A C oper=2 name=gold segs=2");
	await_kernel("segs 3 [ fcbb:bbbb:1:: fcbb:bbbb:2:: fcbb:bbbb:9:d000:: ]");
	await_text(&s, "state/status=\"in\"");
	update(6, 1);
	await("srp=6 D A C oper=2 name=gold segs=1");
	ck_assert(says(SHOW, "segs 2 [ fcbb:bbbb:1:: fcbb:bbbb:9:d000:: ]")); /* up: read back */
	update(7, 4); /* with the service SID more than MSD: the route keeps what it has */
	await("err srp=7 10/40");
	ck_assert(says(SHOW, "segs 2 [ fcbb:bbbb:1:: fcbb:bbbb:9:d000:: ]"));
	raw_remove(&b, 8, 1);
	raw_pce_item(&pce, PCEPC_PCINITIATE, &b);
	await("srp=8 D R A C oper=0 name=gold");
	await_text(&s, "state/reason=\"the policy has no path that is up\"");
	ck_assert(says(SHOW " | wc -l", "0\n"));
	stream_fini(&s);
}
END_TEST

static bool saved(void *arg)
{
	char grep[96];
	char *o;
	bool has;

	(void)arg;
	(void)snprintf(grep, sizeof(grep), "grep gold %s/agent.state || true", dir);
	o = output(grep);
	has = o[0] != '\0';
	free(o);
	return has;
}

START_TEST(a_killed_agent_takes_it_up_again)
{
	give("[\"fcbb::/16\"]");
	initiate(5, "gold", 2);
	await_kernel("segs 3 [ fcbb:bbbb:1::");
	ck_assert(lab_run(loop, saved, NULL));
	kill_it();
	ck_assert(says(SHOW, "segs 3 [ fcbb:bbbb:1:: fcbb:bbbb:2:: fcbb:bbbb:9:d000:: ]"));
	raw_pce_forget(&pce);
	start();
	await("rpt id=1 srp=0 D S A C oper=2 name=gold segs=2");
	ck_assert(says(SHOW, "segs 3 [ fcbb:bbbb:1:: fcbb:bbbb:2:: fcbb:bbbb:9:d000:: ]"));
	update(6, 1);
	await_kernel("segs 2 [ fcbb:bbbb:1:: fcbb:bbbb:9:d000:: ]");
}
END_TEST

START_TEST(the_policy_of_one_is_not_down_for_what_another_cannot_have)
{
	struct answer a;

	give("[\"fc00::/16\"]"); /* the path is not in there */
	initiate(5, "gold", 2);
	await("srp=5 D A C oper=2 name=gold segs=2");
	ck_assert(says(SHOW " | wc -l", "0\n"));
	/* a Set that asks for more of it is refused in so many words */
	a = set(NULL, ROUTE("2001:db8:c::/48"),
		"{\"policy\":{\"color\":100,\"endpoint\":\"2001:db8::9\"},\"segment\":[\"fc00::1\"]}",
		false);
	check_code(&a, RPC_FAILED_PRECONDITION, "is in no 'underlay' block");
	a = set(NULL, "device/underlay", "[\"fcbb::/16\"]", true);
	check_code(&a, RPC_OK, "");
	await_kernel("segs 3 [ fcbb:bbbb:1::");
	a = set(ROUTE("2001:db8:b::/48"), NULL, NULL, false);
	check_code(&a, RPC_OK, "");
	ck_assert(says(SHOW " | wc -l", "0\n"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-follow-program");
	TCase *t = tcase_create("program");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_route_is_what_the_pce_says_as_soon_as_it_says_it);
	tcase_add_test(t, a_killed_agent_takes_it_up_again);
	tcase_add_test(t, the_policy_of_one_is_not_down_for_what_another_cannot_have);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr, "# agent-follow-program: no network namespaces here, NOTHING "
				      "TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
