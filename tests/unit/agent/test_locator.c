/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locators and their SIDs in a kernel: what ip shows, what others change, what is refused; the
 * blocks as underlay; the addresses of interfaces as the tree has them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slices_bed.h"
#include "tools/agent/gnmi/gnmi_tree.h"

static struct loop *loop;
static struct agent_slices *s;

#define DEVICE(parts) "{'sextant-device:device':{" parts "}}"
#define LOCATOR(prefix, more) "'locator':[{'prefix':'" prefix "'" more "}]"
#define ADJ(iface, sid, nh)                                                                        \
	"{'interface':'" iface "','sid':'" sid "','next-hop':'" nh "'}"
#define ONE                                                                                        \
	LOCATOR("fd5e:64:1::/48",                                                                  \
		",'adjacency':[" ADJ("core", "fd5e:64:e001::/48", "fe80::2") ","                   \
		ADJ("ce1", "fd5e:64:1:e002::/64", "2001:db8::2") "]")

static void setup(void)
{
	lab_enter();
	(void)lab_link("sr0", "ifb");
	(void)lab_link("core", "bridge");
	(void)lab_link("ce1", "bridge");
	ck_assert_int_eq(loop_new(&loop), 0);
	s = NULL;
}

static void teardown(void)
{
	s = agent_slices_free(s);
	loop = loop_free(loop);
	ly_ctx_destroy(models);
	models = NULL;
}

static void check_all_in(void)
{
	struct agent_slices_stats st;

	agent_slices_stats(s, &st);
	ck_assert_uint_gt(st.wanted, 0);
	ck_assert_uint_eq(st.failed, 0);
	ck_assert_uint_eq(st.in, st.wanted);
}

/* The tree that gNMI answers with, as text. Freed by the caller. */
static char *told(void)
{
	struct lyd_node *tree = agent_gnmi_tree(s, models);
	char *text = NULL;

	ck_assert_ptr_nonnull(tree);
	ck_assert_int_eq(lyd_print_mem(&text, tree, LYD_JSON, LYD_PRINT_SHRINK), LY_SUCCESS);
	lyd_free_all(tree);
	return text;
}

static bool tells(const char *text)
{
	char *o = told();
	bool has = strstr(o, text) != NULL;

	if (!has)
		(void)fprintf(stderr, "# the tree has no '%s':\n%.4000s\n", text, o);
	free(o);
	return has;
}

START_TEST(a_locator_and_its_adjacencies_are_what_ip_shows)
{
	char *before = kernel_state(), *after;

	s = engine(loop, DEVICE(ONE));
	check_all_in();
	ck_assert(says("ip -6 route show table main proto 201",
		       "fd5e:64:1::/48  encap seg6local action End flavors next-csid lblen 32 nflen 16"));
	ck_assert(says("ip -6 route show table main proto 201",
		       "fd5e:64:e001::/48  encap seg6local action End.X nh6 fe80::2 oif core flavors "
		       "next-csid lblen 32 nflen 16"));
	ck_assert(says("ip -6 route show table main proto 201", /* known everywhere: node and function */
		       "fd5e:64:1:e002::/64  encap seg6local action End.X nh6 2001:db8::2 oif ce1 flavors "
		       "next-csid lblen 32 nflen 32"));
	ck_assert(says("ip -6 rule", "900:\tfrom all to fd5e:64::/32 lookup main proto 201"));
	ck_assert(tells("\"adjacency\":[{\"interface\":\"core\",\"sid\":\"fd5e:64:e001::/48\",\"next-hop\":"
			"\"fe80::2\",\"state\":{\"status\":\"in\",\"packets\":\"0\",\"octets\":\"0\"}}"));
	ck_assert(change(loop, s, "{}"));
	after = kernel_state();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

/* As the router software would know it while its link is cut and the other end still tells it. */
#define AROUND "ip -6 route replace 2001:db8::/64 dev core metric 5 proto isis"
#define GET "ip -6 route get 2001:db8::2"

START_TEST(a_neighbour_is_reached_by_its_link_alone)
{
	shell("ip -6 addr add 2001:db8::1/64 dev ce1 nodad; " AROUND);
	s = engine(loop, DEVICE("'underlay':['fc00::/16']"));
	ck_assert(says(GET, "dev core"));
	ck_assert_msg(change(loop, s,
			     DEVICE("'locator':[{'prefix':'fd5e:64:1::/48','adjacency':["
				    ADJ("core", "fd5e:64:1:e001::/64", "fe80::2") ","
				    ADJ("ce1", "fd5e:64:1:e002::/64", "2001:db8::2") "]},"
				    "{'prefix':'fd5e:65:1::/48','adjacency':["
				    ADJ("ce1", "fd5e:65:1:e002::/64", "2001:db8::2") "]}]")),
		      "%s", last_error);
	check_all_in();
	ck_assert(says(GET, "dev ce1"));
	ck_assert(says("ip -6 route show table main proto 201 | grep -c '^2001:db8::2 dev ce1 '", "1"));
	ck_assert(says("ip -6 route show table main proto 201 | grep -c '^fe80' || true", "0"));
	/* the locator that it was wanted for first goes */
	ck_assert_msg(change(loop, s, DEVICE(LOCATOR("fd5e:65:1::/48", ",'adjacency':["
						     ADJ("ce1", "fd5e:65:1:e002::/64", "2001:db8::2") "]"))),
		      "%s", last_error);
	ck_assert(says(GET, "dev ce1"));
	ck_assert(change(loop, s, DEVICE("'underlay':['fc00::/16']")));
	ck_assert(says(GET, "dev core"));
	ck_assert(says("ip -6 route show table main proto 201 | wc -l", "0"));
}
END_TEST

static bool by_its_link(void *arg)
{
	(void)arg;
	return system(GET " | grep -q 'dev ce1'") == 0;
}

START_TEST(a_link_that_is_switched_off_gets_its_route_when_it_is_on)
{
	shell("ip link set ce1 down; " AROUND);
	s = engine(loop, DEVICE("'underlay':['fc00::/16']"));
	ck_assert_msg(change(loop, s, DEVICE(ONE)), "%s", last_error);
	check_all_in();
	ck_assert(says(GET, "dev core"));
	shell("ip link set ce1 up");
	ck_assert(lab_run(loop, by_its_link, NULL));
	check_all_in();
}
END_TEST

START_TEST(a_moved_adjacency_is_one_replace)
{
	struct agent_slices_stats a, b;

	s = engine(loop, DEVICE(ONE));
	agent_slices_stats(s, &a);
	ck_assert_msg(change(loop, s,
			     DEVICE(LOCATOR("fd5e:64:1::/48", ",'adjacency':["
					    ADJ("core", "fd5e:64:1:e002::/64", "2001:db8::3") ","
					    ADJ("ce1", "fd5e:64:e001::/48", "fe80::2") "]"))),
		      "%s", last_error);
	agent_slices_stats(s, &b);
	ck_assert_uint_eq(b.made, a.made + 3); /* and its neighbour */
	ck_assert_uint_eq(b.removed, a.removed + 1);
	ck_assert(says("ip -6 route show table main proto 201", "End.X nh6 fe80::2 oif ce1"));
	ck_assert(says("ip -6 route show table main proto 201", "End.X nh6 2001:db8::3 oif core"));
}
END_TEST

/* Blocks of locators are underlay: segments may be in them, customers may not send to them. */
START_TEST(a_block_is_underlay_without_being_said)
{
#define TABLE                                                                                      \
	"'table':[{'id':100,'interface':['ce1'],'route':[{'prefix':'::/0','segment':"              \
	"['fd5e:64:2::']}]}]"
	ck_assert(device_wrong(DEVICE(TABLE)));
	ck_assert_ptr_nonnull(strstr(last_error, "in no 'underlay' block"));
	s = engine(loop, DEVICE(TABLE "," LOCATOR("fd5e:64:1::/48", "")));
	check_all_in();
	ck_assert(says("nft list table inet sextant_slices",
		       "iifname \"ce1\" ip6 daddr fd5e:64::/32 counter name \"boundary.ce1\" drop"));
	/* what is said and what follows from locators overlap: the larger one counts */
	ck_assert_msg(change(loop, s, DEVICE("'underlay':['fd5e:64:7::/48','fd5e:65::/32','fd5e:64::/31',"
					     "'fc00::/16']," TABLE "," LOCATOR("fd5e:64:1::/48", ""))),
		      "%s", last_error);
	ck_assert(says("nft list table inet sextant_slices", "ip6 daddr { fc00::/16, fd5e:64::/31 }"));
	ck_assert(says("ip -6 rule | grep -c ^900:", "2"));
}
END_TEST

#define OTHER_UA "encap seg6local action End.X nh6 fe80::66 oif core flavors next-csid"

static const char *const meddling[] = {
	"ip -6 route del fd5e:64:1::/48",
	"ip -6 route del fd5e:64:e001::/48 proto 201",
	"ip -6 route replace fd5e:64:e001::/48 " OTHER_UA " dev sr0 proto 201 metric 10",
	"ip -6 route add fd5e:64:e00f::/48 encap seg6local action End dev sr0 proto 201 metric 10",
	"ip -6 rule del pref 900 to fd5e:64::/32",
	"ip link del ce1; ip link add ce1 type bridge; ip link set ce1 up",
	"ip link set sr0 down; ip link set sr0 up",
};

static char *expected;

static bool repaired(void *arg)
{
	char *now = kernel_state();
	bool is = strcmp(now, expected) == 0;

	(void)arg;
	free(now);
	return is;
}

static bool all_in(void *arg)
{
	struct agent_slices_stats st;

	(void)arg;
	agent_slices_stats(s, &st);
	return agent_slices_idle(s) && st.failed == 0 && st.in == st.wanted;
}

START_TEST(what_others_change_is_repaired)
{
	s = engine(loop, DEVICE(ONE));
	expected = kernel_state();
	ck_assert(!system(meddling[_i]));
	ck_assert_msg(lab_run(loop, repaired, NULL), "%s", meddling[_i]);
	ck_assert_msg(lab_run(loop, all_in, NULL), "%s", meddling[_i]);
	free(expected);
}
END_TEST

struct refusal {
	const char *before, *device, *says[2];
};

static const struct refusal refusals[] = {
	/* the twin of all: a stranger's route of another metric or prefix is in nobody's way */
	{ "ip -6 route add fd5e:64:1::/48 dev ce1 metric 20 proto isis; "
	  "ip -6 route add fd5e:64:1:1::/64 encap seg6local action End dev sr0 proto isis",
	  DEVICE(ONE),
	  { NULL } },
	{ "ip -6 route add fd5e:64:1::/48 dev ce1 metric 10 proto static",
	  DEVICE(ONE),
	  { "locator fd5e:64:1::/48", "a route of somebody else has this prefix and metric" } },
	{ "ip -6 route add fd5e:64:e001::/48 encap seg6local action End dev sr0 proto 200 metric 10",
	  DEVICE(ONE),
	  { "locator fd5e:64:1::/48 adjacency core",
	    "a route of somebody else has this prefix and metric" } },
	{ "ip link del ce1",
	  DEVICE(ONE),
	  { "locator fd5e:64:1::/48 adjacency ce1", "there is no interface ce1" } },
	{ "true", /* the kernel shifts whole octets only */
	  DEVICE(LOCATOR("fd5e:64:1::/48", ",'block-length':33")),
	  { "locator fd5e:64:1::/48", "Invalid" } },
	{ "ip link del sr0", DEVICE(ONE), { "fd5e:64:1::/48", "there is no interface sr0" } },
};

START_TEST(what_cannot_be_had_is_refused_whole)
{
	const struct refusal *t = &refusals[_i];
	char *before, *after;

	shell("%s", t->before);
	s = engine(loop, DEVICE("'underlay':['fc00::/16']"));
	before = kernel_state();
	if (!t->says[0]) {
		ck_assert_msg(change(loop, s, t->device), "%s", last_error);
		free(before);
		return;
	}
	ck_assert(!change(loop, s, t->device));
	ck_assert_msg(strstr(last_error, t->says[0]) != NULL, "%s", last_error);
	ck_assert_msg(strstr(last_error, t->says[1]) != NULL, "%s", last_error);
	after = kernel_state();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

static bool theirs(void *arg, const struct ip_prefix *sid)
{
	return ip_prefix_cmp(sid, arg) == 0;
}

/* FRR's SIDs are left to FRR, also when they come later. */
START_TEST(a_sid_of_the_router_software_is_left_to_it)
{
	struct ip_prefix none = { 0 }, its;
	struct agent_part p;

	ck_assert_int_eq(ip_prefix_parse("fd5e:64:e001::/48", &its), 0);
	s = engine(loop, DEVICE("'underlay':['fc00::/16']"));
	agent_slices_others(s, theirs, &its);
	ck_assert(!change(loop, s, DEVICE(ONE)));
	ck_assert_msg(strstr(last_error, "adjacency core: the router software has this SID"), "%s",
		      last_error);
	agent_slices_others(s, theirs, &none);
	ck_assert_msg(change(loop, s, DEVICE(ONE)), "%s", last_error);
	agent_slices_others(s, theirs, &its);
	agent_slices_recheck(s);
	refresh(loop, s);
	p = agent_slices_part(s, &agent_slices_device(s)->locators[0].adjs[0]);
	ck_assert_int_eq(p.status, AGENT_PART_FAILED);
	ck_assert(says("ip -6 route show proto 201 | grep -c e001 || true", "0"));
	ck_assert(says("ip -6 route show proto 201 | grep -c e002", "1"));
}
END_TEST

static bool has_address(void *arg)
{
	char *o = told();
	bool has = strstr(o, arg) != NULL;

	free(o);
	return has;
}

START_TEST(addresses_of_interfaces_are_told_as_they_come_and_go)
{
	static char both[] = "\"address\":[\"2001:db8:1::1\"";

	shell("ip link set core address 02:00:00:00:00:01 addrgenmode none; ip link set ce1 addrgenmode none");
	shell("ip -6 addr flush dev core; ip -6 addr flush dev ce1; "
	      "ip addr add 2001:db8:7::7 peer 2001:db8:7::8/128 dev ce1 nodad");
	s = engine(loop, DEVICE("'underlay':['fc00::/16']"));
	ck_assert(tells("{\"name\":\"ce1\","));
	ck_assert(tells("\"address\":[\"2001:db8:7::7\"]")); /* ours, not the neighbour's */
	ck_assert(tells("\"address\":[\"::1\"]"));
	ck_assert(!has_address(both));
	shell("ip addr add 2001:db8:1::1/64 dev core nodad; ip addr add fe80::9/64 dev core nodad");
	ck_assert(lab_run(loop, has_address, both));
	settle_slices(loop, s);
	refresh(loop, s);
	ck_assert(tells("\"address\":[\"2001:db8:1::1\",\"fe80::9\"]"));
	shell("ip addr del 2001:db8:1::1/64 dev core");
	refresh(loop, s);
	ck_assert(tells("\"address\":[\"fe80::9\"]"));
}
END_TEST

static const char *const wrong[][2] = {
	{ LOCATOR("fd5e:64:1::/48", ",'block-length':48"), "leaves no bits for the node" },
	{ LOCATOR("fd5e:64:1::/48", ",'block-length':0"), "range" },
	{ LOCATOR("10.0.0.0/8", ""), "" },
	{ LOCATOR("fd5e:64:1::/48", ",'adjacency':[" ADJ("a", "fd5e:65:e001::/48", "fe80::2") "]"),
	  "not in the block" },
	{ LOCATOR("fd5e:64:1::/48", ",'adjacency':[" ADJ("a", "fd5e:64::/32", "fe80::2") "]"),
	  "not in the block" },
	{ LOCATOR("fd5e:64:1::/48", ",'adjacency':[" ADJ("a", "fd5e:64:e001::/48", "::") "]"), "no neighbour" },
	{ LOCATOR("fd5e:64:1::/48", ",'adjacency':[{'interface':'a','sid':'fd5e:64:e001::/48'}]"),
	  "next-hop" },
	{ LOCATOR("fd5e:64:1::/48", ",'adjacency':[" ADJ("a", "fd5e:64:e001::/48", "fe80::2") ","
		  ADJ("b", "fd5e:64:e001::/48", "fe80::2") "]"),
	  "fd5e:64:e001::/48 is the SID of two things" },
	{ LOCATOR("fd5e:64:1::/48", "") ",'table':[{'id':7,'sid-length':48,'sid':['fd5e:64:1::']}]",
	  "fd5e:64:1::/48 is the SID of two things" },
};

START_TEST(a_wrong_locator_is_refused_with_its_reason)
{
	char text[512];

	(void)snprintf(text, sizeof(text), DEVICE("%s"), wrong[_i][0]);
	ck_assert_msg(device_wrong(text), "%s", text);
	ck_assert_msg(strstr(last_error, wrong[_i][1]) != NULL, "%s", last_error);
}
END_TEST

static Suite *suite(void)
{
	Suite *su = suite_create("agent-locator");
	TCase *t = tcase_create("kernel"), *v = tcase_create("values");

	tcase_add_loop_test(v, a_wrong_locator_is_refused_with_its_reason, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	suite_add_tcase(su, v);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_locator_and_its_adjacencies_are_what_ip_shows);
	tcase_add_test(t, a_neighbour_is_reached_by_its_link_alone);
	tcase_add_test(t, a_link_that_is_switched_off_gets_its_route_when_it_is_on);
	tcase_add_test(t, a_moved_adjacency_is_one_replace);
	tcase_add_test(t, a_block_is_underlay_without_being_said);
	tcase_add_loop_test(t, what_others_change_is_repaired, 0,
			    (int)(sizeof(meddling) / sizeof(meddling[0])));
	tcase_add_loop_test(t, what_cannot_be_had_is_refused_whole, 0,
			    (int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_test(t, a_sid_of_the_router_software_is_left_to_it);
	tcase_add_test(t, addresses_of_interfaces_are_told_as_they_come_and_go);
	if (lab_possible())
		suite_add_tcase(su, t);
	else
		(void)fprintf(stderr, "# agent-locator: no network namespaces here, the kernel is "
				      "NOT TESTED\n");
	return su;
}

int main(void)
{
	return check_main(suite());
}
