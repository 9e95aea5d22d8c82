/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What slices are in a kernel: tc, ip and nft say what is there, before, after, when somebody
 * meddles, when the kernel refuses, when the agent is started again.
 */
#include <libyang/libyang.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slices_bed.h"
#include "tools/agent/slices/nft.h"

static struct loop *loop;
static struct agent_slices *s;

#define LINK                                                                                       \
	"'link':[{'name':'core','capacity':'10000000','nrp':[{'id':1,'rate':'6000000',"            \
	"'sid-block':['fc00:1::/32'],'queue-limit':30000},{'id':2,'rate':'1000000',"               \
	"'ceil':'2000000','priority':3,'sid-block':['fc00:2::/33','fc00:3:4500::/40']}]}]"
#define TABLES                                                                                     \
	"'underlay':['fc00::/16'],'table':[{'id':100,'name':'red','sid':['fc00:0:1:d100::'],"        \
	"'interface':['ce1'],'route':[{'prefix':'2001:db8:a::/48','next-hop':'fe80::2',"           \
	"'interface':'ce1'},{'prefix':'2001:db8:b::/48','segment':['fc00:0:2::','fc00:0:2:d100::']}"  \
	"]},{'id':200,'sid':['fc00:0:1:d200::'],'interface':['ce2'],'route':[{'prefix':"             \
	"'2001:db8:a::/48','next-hop':'fe80::2','interface':'ce2'}]}]"
#define RULES                                                                                      \
	"'classifier':[{'id':7,'name':'gold','interface':'ce1','dscp':34,'table':200},"            \
	"{'id':3,'name':'voice','source':'2001:db8:a::/48','destination':'2001:db8:b::/48',"       \
	"'protocol':17,'destination-port':5060,'table':100}],"                                     \
	"'policer':[{'name':'ce1-in','interface':'ce1','rate':'10000000'}],"                       \
	"'source-filter':[{'interface':'ce1','prefix':['2001:db8:aa::/48']}]"
#define DEVICE(parts) "{'sextant-device:device':{" parts "}}"
#define ALL DEVICE(LINK "," TABLES "," RULES)

/* Long texts: the first difference is told, Check cannot hold the whole. */
static void same(const char *a, const char *b)
{
	size_t at = 0;

	while (a[at] && a[at] == b[at])
		at++;
	ck_assert_msg(a[at] == b[at], "'%.200s' is now '%.200s'", a + at, b + at);
}

static void setup(void)
{
	lab_enter();
	(void)lab_link("sr0", "ifb");
	(void)lab_link("core", "bridge");
	(void)lab_link("ce1", "bridge");
	(void)lab_link("ce2", "bridge");
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

START_TEST(queues_are_what_tc_shows)
{
	s = engine(loop, DEVICE(LINK));
	check_all_in();
	ck_assert(says("tc qdisc show dev core", "qdisc htb 5e78: root"));
	ck_assert(says("tc class show dev core", "class htb 5e78:1 root rate 10Mbit ceil 10Mbit"));
	ck_assert(says("tc class show dev core",
		       "class htb 5e78:101 parent 5e78:1 leaf 101: prio 0 rate 6Mbit ceil 6Mbit"));
	ck_assert(says("tc class show dev core",
		       "class htb 5e78:102 parent 5e78:1 leaf 102: prio 3 rate 1Mbit ceil 2Mbit"));
	ck_assert(says("tc class show dev core", /* what is left of 10 Mbit/s */
		       "class htb 5e78:2 parent 5e78:1 leaf 2: prio 7 rate 3Mbit ceil 10Mbit"));
	ck_assert(says("tc qdisc show dev core", "qdisc bfifo 101: parent 5e78:101 limit 30000b"));
	ck_assert(says("tc qdisc show dev core", "qdisc bfifo 102: parent 5e78:102 limit 15000b"));
	ck_assert(says("tc filter show dev core parent 5e78:", "match fc000001/ffffffff at 24"));
	ck_assert(says("tc filter show dev core parent 5e78:", "match 00000000/80000000 at 28"));
	ck_assert(says("tc filter show dev core parent 5e78:", "match 45000000/ff000000 at 28"));
	ck_assert(says("tc filter show dev core parent 5e78:", "flowid 5e78:102"));
	ck_assert(says("tc qdisc show dev ce1 | grep -c htb || true", "0"));
}
END_TEST

START_TEST(tables_are_what_ip_shows)
{
	s = engine(loop, DEVICE(TABLES));
	check_all_in();
	ck_assert(says("ip -6 route show table main proto 201",
		       "fc00:0:1:d100::  encap seg6local action End.DT6 table 100"));
	ck_assert(says("ip -6 route show table 100",
		       "2001:db8:a::/48 via fe80::2 dev ce1 proto 201 metric 10 onlink"));
	ck_assert(says("ip -6 route show table 100", "2001:db8:b::/48  encap seg6 mode encap.red segs 2"));
	ck_assert(says("ip -6 route show table 200", "2001:db8:a::/48 via fe80::2 dev ce2"));
	ck_assert(says("ip -6 rule", "900:\tfrom all to fc00::/16 lookup main proto 201"));
	ck_assert(says("ip -6 rule", "1100:\tfrom all iif ce1 lookup 100 proto 201"));
	ck_assert(says("ip -6 rule", "1200:\tfrom all iif ce1 unreachable proto 201"));
	ck_assert(says("nft list table inet sextant_slices",
		       "iifname \"ce1\" ip6 daddr fc00::/16 counter name \"boundary.ce1\" drop"));
}
END_TEST

START_TEST(packet_rules_are_what_nft_shows)
{
	s = engine(loop, ALL);
	check_all_in();
	ck_assert(says("ip -6 rule", "from all fwmark 0x70000/0xffff0000 lookup 200 proto 201"));
	ck_assert(says("nft -n list table inet sextant_slices",
		       "ip6 saddr 2001:db8:a::/48 ip6 daddr 2001:db8:b::/48"));
	ck_assert(says("nft -n list table inet sextant_slices", "dport 5060"));
	ck_assert(says("nft -n list table inet sextant_slices",
		       "limit rate over 1250000 bytes/second burst 30000 bytes"));
	ck_assert(says("nft -n list table inet sextant_slices",
		       "iifname \"ce1\" ip6 saddr != { ::, 2001:db8:a::/48, 2001:db8:aa::/48, fe80::/10 }"));
	/* in the order of their ids */
	ck_assert(says("nft list table inet sextant_slices | grep -c 'accept comment'", "2"));
	ck_assert(says("nft list table inet sextant_slices | grep 'accept comment' | head -1",
		       "classifier.voice"));
}
END_TEST

/* Comments and handles of our rules, in their order. */
static char *handles(void)
{
	return output("nft -a list chain inet sextant_slices in | "
		      "sed -n 's/.* comment \"\\(.*\\)\" # handle \\([0-9]*\\)$/\\1 \\2/p'");
}

static unsigned handle_of(const char *all, const char *name)
{
	const char *at = strstr(all, name);
	unsigned h = at ? (unsigned)strtoul(at + strlen(name), NULL, 10) : 0;

	ck_assert_msg(h > 0, "'%s' is not in '%s'", name, all);
	return h;
}

/* One rule of each kind goes, one comes, one is changed; all others are those that they were. */
START_TEST(rules_that_stay_are_not_made_anew)
{
	static const char *const stay[] = { "boundary.ce1 ", "source.ce1 ", "policer.first ",
					    "policer.last ", "classifier.gold " };
	char *was, *is, *order, *anew;

	s = engine(loop, DEVICE(TABLES ",'policer':[{'name':'first','interface':'ce1','rate':'10000000'},"
				"{'name':'mid','interface':'ce1','dscp':8,'rate':'10000000'},"
				"{'name':'last','interface':'ce1','dscp':9,'rate':'10000000'}],"
				"'classifier':[{'id':3,'name':'voice','dscp':46,'table':100},"
				"{'id':7,'name':'gold','dscp':34,'table':200}],"
				"'source-filter':[{'interface':'ce1','prefix':['2001:db8:aa::/48']}]"));
	was = handles();
	ck_assert(change(loop, s,
			 DEVICE(TABLES ",'policer':[{'name':'first','interface':'ce1','rate':'10000000'},"
				"{'name':'mid','interface':'ce1','dscp':8,'rate':'20000000'},"
				"{'name':'new','interface':'ce2','rate':'10000000'},"
				"{'name':'last','interface':'ce1','dscp':9,'rate':'10000000'}],"
				"'classifier':[{'id':7,'name':'gold','dscp':34,'table':200},"
				"{'id':9,'name':'low','dscp':8,'table':200}],"
				"'source-filter':[{'interface':'ce1','prefix':['2001:db8:aa::/48']},"
				"{'interface':'ce2','prefix':['2001:db8:bb::/48']}]")));
	is = handles();
	for (size_t i = 0; i < sizeof(stay) / sizeof(stay[0]); i++)
		ck_assert_uint_eq(handle_of(was, stay[i]), handle_of(is, stay[i]));
	ck_assert_uint_ne(handle_of(was, "policer.mid "), handle_of(is, "policer.mid "));
	(void)handle_of(is, "policer.new ");
	(void)handle_of(is, "classifier.low ");
	(void)handle_of(is, "source.ce2 ");
	ck_assert_ptr_null(strstr(is, "classifier.voice "));
	/* in the order of a chain that is made anew */
	order = output("nft -s list table inet sextant_slices");
	shell("nft flush chain inet sextant_slices in");
	refresh(loop, s);
	anew = output("nft -s list table inet sextant_slices");
	same(order, anew);
	free(was);
	free(is);
	free(order);
	free(anew);
}
END_TEST

/* Between the reading and the change somebody was at the chain. */
START_TEST(rules_that_are_gone_meanwhile_are_made_anew)
{
	struct agent_device *d = device_of(DEVICE(RULES "," TABLES));
	struct agent_device *less = device_of(DEVICE(TABLES));
	struct agent_nft *n;

	ck_assert_int_eq(agent_nft_new(&n), 0);
	ck_assert_int_eq(agent_nft_want(n, d), 0);
	ck_assert_int_eq(agent_nft_read(n), 0);
	ck_assert_int_eq(agent_nft_apply(n), 0);
	ck_assert_int_eq(agent_nft_read(n), 0);
	ck_assert(agent_nft_in(n));
	shell("nft flush chain inet sextant_slices in");
	ck_assert_int_eq(agent_nft_want(n, less), 0);
	ck_assert_int_eq(agent_nft_apply(n), 0);
	ck_assert_int_eq(agent_nft_read(n), 0);
	ck_assert(agent_nft_in(n));
	ck_assert(says("nft list chain inet sextant_slices in | grep -c comment", "2"));
	ck_assert(says("nft list chain inet sextant_slices in", "boundary.ce2"));
	/* and between the change and the reading: one of ours is gone, one is there that is nobody's */
	ck_assert_int_eq(agent_nft_want(n, d), 0);
	ck_assert_int_eq(agent_nft_apply(n), 0);
	shell("nft delete rule inet sextant_slices in handle $(nft -a list chain inet sextant_slices in | "
	      "sed -n 's/.*policer.* handle //p')");
	shell("nft 'insert rule inet sextant_slices in accept comment \"alien\"'");
	ck_assert_int_eq(agent_nft_read(n), 0);
	ck_assert(!agent_nft_in(n));
	ck_assert_int_eq(agent_nft_apply(n), 0);
	ck_assert_int_eq(agent_nft_read(n), 0);
	ck_assert(agent_nft_in(n));
	ck_assert(says("nft list chain inet sextant_slices in", "policer.ce1-in"));
	agent_nft_free(n);
	agent_device_free(less);
	agent_device_free(d);
}
END_TEST

START_TEST(a_changed_capacity_changes_the_queues_in_place)
{
	s = engine(loop, DEVICE(LINK));
	ck_assert_msg(change(loop, s,
			     DEVICE("'link':[{'name':'core','capacity':'800000000000','nrp':[{'id':1,"
				    "'rate':'600000000000','sid-block':['fc00:1::/32']}]}]")),
		      "%s", last_error);
	ck_assert(says("tc class show dev core", "5e78:1 root rate 800Gbit ceil 800Gbit"));
	ck_assert(says("tc class show dev core", "rate 600Gbit ceil 600Gbit"));
	ck_assert(says("tc class show dev core", "rate 200Gbit ceil 800Gbit"));
	ck_assert(says("tc class show dev core | grep -c 5e78:102 || true", "0"));
	ck_assert(says("tc filter show dev core | grep -c 'pref 258' || true", "0"));
}
END_TEST

START_TEST(removal_leaves_nothing)
{
	char *before = kernel_state(), *with, *after;

	s = engine(loop, ALL);
	with = kernel_state();
	ck_assert(strcmp(before, with) != 0);
	ck_assert(change(loop, s, "{}"));
	after = kernel_state();
	same(before, after);
	free(before);
	free(with);
	free(after);
}
END_TEST

START_TEST(the_same_again_is_no_message)
{
	struct agent_slices_stats a, b;

	s = engine(loop, ALL);
	agent_slices_stats(s, &a);
	ck_assert(change(loop, s, ALL));
	agent_slices_stats(s, &b);
	ck_assert_uint_gt(a.made, 20);
	ck_assert_uint_eq(a.made, b.made);
	ck_assert_uint_eq(b.removed, 0);
	ck_assert_uint_eq(agent_slices_generation(s), 1);
}
END_TEST

START_TEST(a_new_agent_finds_it_as_it_was_left)
{
	char *before, *after;
	struct agent_slices_stats st;

	s = engine(loop, ALL);
	before = kernel_state();
	s = agent_slices_free(s);
	after = kernel_state();
	same(before, after); /* nothing ends with the agent */
	free(after);
	s = engine(loop, ALL);
	agent_slices_stats(s, &st);
	ck_assert_uint_eq(st.made + st.removed, 0);
	check_all_in();
	after = kernel_state();
	same(before, after);
	free(before);
	free(after);
}
END_TEST

START_TEST(what_was_left_and_is_not_wanted_goes_at_the_start)
{
	char *before = kernel_state(), *after;

	s = engine(loop, ALL);
	s = agent_slices_free(s);
	s = engine(loop, "{}");
	after = kernel_state();
	same(before, after);
	free(before);
	free(after);
}
END_TEST

/* What is otherwise as it was, to the tick: only packets count as others. */
#define CLASS_BUT(more)                                                                            \
	"tc class change dev core parent 5e78:1 classid 5e78:101 htb $(tc -d class show dev core | "   \
	"sed -nE 's#.* 5e78:101 .*(prio .*) linklayer .* (burst [0-9]+b).*(cburst [0-9]+b).*#\\1 \\2 " \
	"\\3#p' | sed 's/overhead [0-9]*//') " more

#define LEAF_BUT(more)                                                                             \
	"tc qdisc change dev core parent 5e78:101 handle 101: " more " bfifo limit 30000"

static const char *const meddling[] = {
	"tc qdisc del dev core root",
	"tc class change dev core parent 5e78:1 classid 5e78:101 htb rate 1mbit ceil 1mbit",
	"tc class add dev core parent 5e78:1 classid 5e78:777 htb rate 1mbit",
	"tc filter del dev core parent 5e78: prio 257",
	"tc filter add dev core parent 5e78: protocol ipv6 prio 1 u32 match u32 0 0 flowid 5e78:2",
	"tc qdisc replace dev core parent 5e78:101 handle 101: bfifo limit 9000",
	CLASS_BUT("overhead 2000"),
	CLASS_BUT("mpu 1500"),
	CLASS_BUT("linklayer atm"),
	LEAF_BUT("stab overhead 200 linklayer ethernet"),
	"ip -6 rule del pref 1100 iif ce1",
	"ip -6 rule add pref 7 iif ce1 lookup 200 proto 201",
	"ip -6 route del 2001:db8:a::/48 table 100",
	"ip -6 route replace 2001:db8:a::/48 via fe80::66 dev ce2 onlink table 100 metric 10 proto 201",
	"ip -6 route add 2001:db8:dead::/48 dev ce2 table 200 proto 201",
	"ip -6 route del fc00:0:1:d200::",
	"nft delete table inet sextant_slices",
	"nft flush chain inet sextant_slices in",
	"nft insert rule inet sextant_slices in accept",
	"ip link del ce1; ip link add ce1 type bridge; ip link set ce1 up",
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

/* Interface numbers are in no line, so that even a new interface looks as the old one did. */
START_TEST(what_others_change_is_repaired)
{
	char *meddled;

	s = engine(loop, ALL);
	expected = kernel_state();
	ck_assert(!system(meddling[_i]));
	meddled = kernel_state();
	ck_assert(strcmp(meddled, expected) != 0); /* the meddling was one */
	free(meddled);
	ck_assert_msg(lab_run(loop, repaired, NULL), "%s", meddling[_i]);
	free(expected);
}
END_TEST

START_TEST(others_objects_are_left_alone)
{
	char *before, *after;

	shell("tc qdisc add dev ce2 root handle 1: htb default 1");
	shell("tc class add dev ce2 parent 1: classid 1:1 htb rate 1mbit");
	shell("ip -6 rule add pref 1100 iif ce2 lookup 300");
	shell("ip -6 route add 2001:db8:c::/48 dev ce2 table 100 proto 200");
	shell("nft add table inet other; nft add chain inet other in '{ type filter hook input "
	      "priority 0; }'");
	before = kernel_state();
	s = engine(loop, ALL);
	ck_assert(change(loop, s, "{}"));
	after = kernel_state();
	same(before, after);
	free(before);
	free(after);
}
END_TEST

static const char *table_trouble(size_t at)
{
	struct agent_part p = agent_slices_part(s, &agent_slices_device(s)->tables[at]);

	return p.status == AGENT_PART_FAILED ? p.reason : "";
}

struct told {
	size_t at;
	const char *what;
};

static bool is_told(void *arg)
{
	const struct told *t = arg;

	return agent_slices_idle(s) && strcmp(table_trouble(t->at), t->what) == 0;
}

/* By what the kernel tells: nobody asks for a reading, and the next audit is a minute away. */
static void comes_to(size_t at, const char *what)
{
	struct told t = { at, what };

	ck_assert_msg(lab_run(loop, is_told, &t), "table %zu: \"%s\", not \"%s\"", at, table_trouble(at), what);
}

/* By a route of theirs in red's table red's packets come to blue's customer; nothing of ours is touched. */
START_TEST(a_route_of_somebody_else_in_a_table_is_told)
{
	s = engine(loop, DEVICE(TABLES));
	check_all_in();
	shell("ip -6 route add 2001:db8:66::/48 via fe80::2 dev ce2 table 100");
	comes_to(0, "a route of somebody else (2001:db8:66::/48, protocol 3) is in it");
	ck_assert_str_eq(table_trouble(1), "");
	shell("ip -6 route add throw default table 100 proto static");
	comes_to(0, "2 routes of somebody else are in it (2001:db8:66::/48)");
	ck_assert(says("ip -6 route show table 100", "2001:db8:66::/48 via fe80::2 dev ce2")); /* it is theirs */
	shell("ip -6 route del 2001:db8:66::/48 table 100");
	comes_to(0, "a route of somebody else (::/0, protocol 4) is in it");
	shell("ip -6 route del throw default table 100");
	comes_to(0, "");
	check_all_in();
	/* those of policies and of slices are ours; other tables are others', the router's own too */
	shell("ip -6 route add 2001:db8:66::/48 dev ce2 table 200 proto 200; ip -6 route add 2001:db8:66::/48 dev ce2; "
	      "ip -6 route add 2001:db8:66::/48 dev ce2 table 300");
	for (unsigned i = 0; i < 2; i++)
		refresh(loop, s);
	check_all_in();
	shell("ip -6 route flush table 300; ip -6 route flush proto 200 table 200; ip -6 route del 2001:db8:66::/48 dev ce2");
}
END_TEST

/* Who is there first is found by a table that is new; and a route that goes with its interface, of which nobody is
 * told, is not in the way for ever. */
START_TEST(a_route_of_somebody_else_was_there_before)
{
	shell("ip link add stray type veth peer name stray2; ip link set stray up; ip -6 route add 2001:db8:66::/48 dev stray table 100");
	s = engine(loop, DEVICE(TABLES));
	comes_to(0, "a route of somebody else (2001:db8:66::/48, protocol 3) is in it");
	shell("ip link del stray");
	comes_to(0, "");
}
END_TEST

/* Who binds a customer's interface to another's table meddles with neither of our rules. */
START_TEST(a_rule_of_somebody_else_that_mixes_customers_is_told)
{
	struct agent_slices_stats st;

	s = engine(loop, DEVICE(TABLES));
	check_all_in();
	shell("ip -6 rule add pref 5 iif ce1 lookup 200");
	for (unsigned i = 0; i < 2; i++)
		refresh(loop, s);
	agent_slices_stats(s, &st);
	ck_assert_uint_eq(st.failed, 2);
	ck_assert_str_eq(table_trouble(0), "a rule of somebody else (5) takes what enters ce1");
	ck_assert_str_eq(table_trouble(1), "a rule of somebody else (5) leads to it");
	ck_assert(says("ip -6 rule show pref 5", "iif ce1 lookup 200")); /* it is theirs */
	shell("ip -6 rule del pref 5");
	for (unsigned i = 0; i < 2; i++)
		refresh(loop, s);
	check_all_in();
	/* behind ours it gets nothing, and others' tables and interfaces are others' */
	shell("ip -6 rule add pref 2000 iif ce1 lookup 300; ip -6 rule add pref 5 iif core lookup 300");
	for (unsigned i = 0; i < 2; i++)
		refresh(loop, s);
	check_all_in();
}
END_TEST

struct refusal {
	const char *before, *device, *says[2];
};

static const struct refusal refusals[] = {
	{ "tc qdisc add dev ce2 root handle 1: htb",
	  DEVICE(LINK ",'policer':[{'name':'p','interface':'ce1','rate':'8000'}]," TABLES ","
		      "'classifier':[{'id':1,'name':'c','dscp':1,'table':100}]"),
	  { NULL } },
	{ "tc qdisc add dev core root handle 1: htb",
	  ALL,
	  { "link core", "a queueing discipline of somebody else is on the interface" } },
	{ "ip -6 route add 2001:db8:a::/48 dev ce2 table 200 metric 10 proto static",
	  ALL,
	  { "table 200 route 2001:db8:a::/48",
	    "a route of somebody else has this prefix and metric" } },
	{ "ip -6 rule add pref 5 iif ce1 lookup 300",
	  ALL,
	  { "table 100", "a rule of somebody else (5) takes what enters ce1" } },
	{ "ip link del ce2", ALL, { "ce2", "there is no interface ce2" } },
	{ "ip link set ce2 down",
	  ALL,
	  { "table 200 route 2001:db8:a::/48", "down" } },
};

START_TEST(what_the_kernel_refuses_is_refused_whole)
{
	const struct refusal *t = &refusals[_i];
	char *before, *after;

	shell("%s", t->before);
	s = engine(loop, DEVICE("'underlay':['fc00::/16']"));
	before = kernel_state();
	if (!t->says[0]) { /* the twin: a stranger elsewhere is in nobody's way */
		ck_assert_msg(change(loop, s, t->device), "%s", last_error);
		free(before);
		return;
	}
	ck_assert(!change(loop, s, t->device));
	ck_assert_msg(strstr(last_error, t->says[0]) != NULL, "%s", last_error);
	ck_assert_msg(strstr(last_error, t->says[1]) != NULL, "%s", last_error);
	after = kernel_state();
	same(before, after);
	ck_assert_uint_eq(agent_slices_generation(s), 0);
	free(before);
	free(after);
}
END_TEST

/* What could not be had before is no reason to refuse something else. */
START_TEST(an_old_failure_does_not_block_a_change)
{
	shell("ip link del ce2");
	s = engine(loop, DEVICE(TABLES));
	ck_assert(change(loop, s, DEVICE(TABLES "," LINK)));
	ck_assert(says("tc class show dev core", "5e78:101"));
	shell("ip link add ce2 type bridge; ip link set ce2 up");
	settle_slices(loop, s);
	for (unsigned i = 0; i < 3; i++) /* the news of the link, and what follows from it */
		refresh(loop, s);
	check_all_in();
}
END_TEST

static const char *const wrong[][2] = {
	{ DEVICE("'link':[{'name':'a','capacity':'10000000','nrp':[{'id':1,'rate':'9936001',"
		 "'sid-block':['fc00::/32']}]}]"),
	  "10000001 bit/s are reserved and kept for best effort, 1 too many" },
	{ DEVICE("'link':[{'name':'a','capacity':'10000000','nrp':[{'id':1,'rate':'1000000',"
		 "'sid-block':['fc00::/32']},{'id':2,'rate':'1000000','sid-block':['fc00:0:9::/48']}"
		 "]}]"),
	  "SID blocks overlap" },
	{ DEVICE("'link':[{'name':'a','capacity':'1000000','nrp':[{'id':1,'rate':'100000','ceil':"
		 "'2000000','sid-block':['fc00::/32']}]}]"),
	  "above the capacity" },
	{ DEVICE("'link':[{'name':'a','capacity':'1000000','nrp':[{'id':1,'rate':'100000','ceil':"
		 "'90000','sid-block':['fc00::/32']}]}]"),
	  "'ceil' is below 'rate'" },
	{ DEVICE("'link':[{'name':'a','capacity':'1000000','nrp':[{'id':0,'rate':'100000',"
		 "'sid-block':['fc00::/32']}]}]"),
	  "range" },
	{ DEVICE("'table':[{'id':254}]"), "range" },
	{ DEVICE("'table':[{'id':7,'interface':['a']},{'id':8,'interface':['a']}]"),
	  "interface a is bound to the tables 7 and 8" },
	{ DEVICE("'table':[{'id':7,'route':[{'prefix':'::/0','segment':['fc00::1']}]}]"),
	  "in no 'underlay' block" },
	{ DEVICE("'table':[{'id':7,'sid':['fc00::1'],'sid-length':64}]"), "bits set beyond" },
	{ DEVICE("'table':[{'id':7,'sid':['fc00::1']},{'id':8,'sid':['fc00::2','fc00::1']}]"),
	  "tables 7 and 8 have the same SID fc00::1" },
	{ DEVICE("'table':[{'id':7,'route':[{'prefix':'::/0'}]}]"), "needs 'interface' or 'segment'" },
	{ DEVICE("'classifier':[{'id':1,'name':'c','dscp':1,'table':100}]"), "table" },
	{ DEVICE("'table':[{'id':100}],'classifier':[{'id':1,'name':'c','table':100}]"),
	  "matches everything" },
	{ DEVICE("'policer':[{'name':'a b','interface':'x','rate':'8000'}]"), "name of letters" },
	{ DEVICE("'policer':[{'name':'a','interface':'x\\n y','rate':'8000'}]"),
	  "name of a network interface" },
	{ DEVICE("'bogus':1"), "bogus" },
	{ "[[[[[[[[[[[[[[[[[[[[[[[[", "too deep" },
	{ "[", "" },
};

START_TEST(a_wrong_device_is_refused_with_its_reason)
{
	ck_assert_msg(device_wrong(wrong[_i][0]), "%s", wrong[_i][0]);
	ck_assert_msg(strstr(last_error, wrong[_i][1]) != NULL, "%s", last_error);
}
END_TEST

#define BIG(capacity) DEVICE("'link':[{'name':'core','capacity':'" capacity "','nrp':[{'id':1,'rate':'8000','ceil':" \
			     "'1600000000000','sid-block':['fc00::/32']}]}]")

/* More than 32 bits of octets, up to 100 Tbit/s. */
START_TEST(a_link_of_terabits_has_its_classes)
{
	s = engine(loop, BIG("1600000000000"));
	ck_assert(says("tc class show dev core", "htb 5e78:101 parent 5e78:1 leaf 101: prio 0 rate 8Kbit ceil 1600Gbit"));
	check_all_in();
	ck_assert(device_wrong(BIG("100000000000008")));
}
END_TEST

START_TEST(a_file_keeps_the_device)
{
	char path[] = "/tmp/sextant-device-XXXXXX";
	int fd = mkstemp(path);
	struct agent_device *a = device_of(ALL), *b = NULL;
	STR_AUTO struct str errors = { 0 }, x = { 0 }, y = { 0 };

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(agent_device_save(a, path), 0);
	ck_assert_int_eq(agent_device_load(models, path, &b, &errors), 0);
	agent_nft_script(a, &x);
	agent_nft_script(b, &y);
	ck_assert_uint_gt(x.len, 100);
	ck_assert_str_eq(str_text(&x), str_text(&y));
	ck_assert_uint_eq(b->links[0].nrps[1].ceil_bps, 2000000);
	ck_assert(agent_device_save(a, "/tmp/no/such/folder/x") < 0);
	agent_device_free(b);
	shell("printf '{' > %s", path);
	ck_assert(agent_device_load(models, path, &b, &errors) < 0);
	ck_assert_ptr_nonnull(strstr(str_text(&errors), path));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(agent_device_load(models, path, &b, &errors), 0); /* none: nothing */
	ck_assert_uint_eq(b->n_links, 0);
	agent_device_free(a);
	agent_device_free(b);
}
END_TEST

static const char *const nothing[] = {
	"{}",
	DEVICE(""),
	DEVICE("'link':[]"),
	DEVICE("'sextant-device-measure:measure':{'marking':{}}"),
};

/* Found by the fuzzer: what was read of "{}" had no defaults. */
START_TEST(nothing_is_the_same_however_it_is_written)
{
	struct agent_device *a = device_of(nothing[0]), *b = device_of(nothing[_i]),
			    *c = device_of(DEVICE("'sextant-device-measure:measure':{'marking':{'period':500}}"));

	ck_assert_uint_gt(a->measure.marking.period_ms, 0);
	ck_assert(agent_altmark_cfg_same(&a->measure.marking, &b->measure.marking));
	ck_assert(!agent_altmark_cfg_same(&a->measure.marking, &c->measure.marking));
	ck_assert_int_eq(lyd_compare_siblings(a->tree, b->tree, LYD_COMPARE_FULL_RECURSION), LY_SUCCESS);
	agent_device_free(a);
	agent_device_free(b);
	agent_device_free(c);
}
END_TEST

static Suite *suite(void)
{
	Suite *su = suite_create("agent-slices");
	TCase *t = tcase_create("kernel"), *v = tcase_create("values");

	tcase_add_loop_test(v, a_wrong_device_is_refused_with_its_reason, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(v, a_file_keeps_the_device);
	tcase_add_loop_test(v, nothing_is_the_same_however_it_is_written, 0,
			    (int)(sizeof(nothing) / sizeof(nothing[0])));
	suite_add_tcase(su, v);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, queues_are_what_tc_shows);
	tcase_add_test(t, tables_are_what_ip_shows);
	tcase_add_test(t, packet_rules_are_what_nft_shows);
	tcase_add_test(t, rules_that_stay_are_not_made_anew);
	tcase_add_test(t, rules_that_are_gone_meanwhile_are_made_anew);
	tcase_add_test(t, a_changed_capacity_changes_the_queues_in_place);
	tcase_add_test(t, removal_leaves_nothing);
	tcase_add_test(t, a_link_of_terabits_has_its_classes);
	tcase_add_test(t, the_same_again_is_no_message);
	tcase_add_test(t, a_new_agent_finds_it_as_it_was_left);
	tcase_add_test(t, what_was_left_and_is_not_wanted_goes_at_the_start);
	tcase_add_loop_test(t, what_others_change_is_repaired, 0,
			    (int)(sizeof(meddling) / sizeof(meddling[0])));
	tcase_add_test(t, others_objects_are_left_alone);
	tcase_add_test(t, a_rule_of_somebody_else_that_mixes_customers_is_told);
	tcase_add_test(t, a_route_of_somebody_else_in_a_table_is_told);
	tcase_add_test(t, a_route_of_somebody_else_was_there_before);
	tcase_add_test(t, a_route_of_somebody_else_in_a_table_is_told);
	tcase_add_test(t, a_route_of_somebody_else_was_there_before);
	tcase_add_loop_test(t, what_the_kernel_refuses_is_refused_whole, 0,
			    (int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_test(t, an_old_failure_does_not_block_a_change);
	if (lab_possible())
		suite_add_tcase(su, t);
	else
		(void)fprintf(stderr, "# agent-slices: no network namespaces here, the kernel is "
				      "NOT TESTED\n");
	return su;
}

int main(void)
{
	return check_main(suite());
}
