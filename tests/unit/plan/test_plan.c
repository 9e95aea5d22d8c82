/* SPDX-License-Identifier: Apache-2.0 */
/* Files of plans: what is read, what is refused and how that is said, what comes out. */
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "tools/plan/plan.h"

static const char graph[] = "NODES 3\nlabel x y\n0_New_York 1.5 -2\n1_X 1 2\n2_X 1 2\n\nEDGES 5\n"
			    "label src dest weight bw delay\ne0 0 1 10 1000 500\ne1 1 0 20 1000 600\n"
			    "e2 1 2 5 9 70\ne3 1 1 5 9 70\ne4 0 1 3 1000 700\n";

static const char topo_csv[] = "LinkID,SourceID,DestinationID,Peer ID,Cost,Bandwidth,Delay,SRLGNum,SRLGs\r\n"
			       "0,7,9,0,91,10000,13,1,0\r\n1,9,7,0,28,10000,15.25,2,1|451\r\n"
			       "2,9,8,0,5,40,0,0,0\r\n";

#define DOC(nodes, links)                                                                          \
	"{\"format\":\"sextant-topology\",\"version\":1,\"nodes\":[" nodes "],\"links\":[" links "]}"
#define AB "{\"node-id\":\"a\",\"name\":\"A\"},{\"node-id\":\"b\"}"
#define LINK(rest) "{\"source-node\":\"a\",\"dest-node\":\"b\"" rest "}"
#define BACK(rest) "{\"source-node\":\"b\",\"dest-node\":\"a\"" rest "}"

static const char json[] = DOC(AB, LINK(",\"igp-metric\":7,\"delay\":90,\"max-bandwidth\":\"5000000000\","
					"\"srlg\":[4,5],\"admin-group\":[40],\"loss\":3") ","
					BACK(",\"igp-metric\":8"));

static void net_of(struct plan_net *n, const char *text)
{
	STR_AUTO struct str err = { 0 };

	plan_net_init(n);
	ck_assert_msg(plan_net_read(n, "f", text, strlen(text), &err) == 0, "%s", str_text(&err));
}

static void asks_of(struct plan_asks *a, const struct plan_net *n, const char *text)
{
	STR_AUTO struct str err = { 0 };

	plan_asks_init(a);
	ck_assert_msg(plan_asks_read(a, n, "f", text, strlen(text), &err) == 0, "%s", str_text(&err));
}

/* ---- topologies ---- */

START_TEST(a_graph_is_read_with_its_lone_directions)
{
	struct plan_net n;
	const struct ted_link *l;

	net_of(&n, graph);
	ck_assert_uint_eq(n.ted->n_nodes, 3);
	ck_assert_uint_eq(n.n_told, 4);
	ck_assert_uint_eq(n.n_loops, 1);
	ck_assert_uint_eq(n.n_parts, 1);
	l = &n.ted->links[0];
	ck_assert_uint_eq(l->reverse, 1);
	ck_assert_uint_eq(l->igp_metric, 10);
	ck_assert_uint_eq(l->delay_us, 500);
	ck_assert_uint_eq(l->capacity_bps, 1000000);
	/* 1 to 2 and the second 0 to 1 have no way back: usable, over links that cost too much. */
	for (uint32_t i = 2; i < 4; i++) {
		ck_assert_uint_ge(n.ted->links[i].reverse, n.n_told);
		ck_assert_uint_gt(n.ted->links[n.ted->links[i].reverse].igp_metric, TED_METRIC_MAX);
		ck_assert_uint_eq(n.ted->links[n.ted->links[i].reverse].capacity_bps, 0);
	}
	ck_assert_uint_eq(ted_node_by_id(n.ted, "0_New_York"), 0);
	ck_assert_uint_eq(ted_node_by_id(n.ted, "2"), 2);
	plan_net_fini(&n);
}
END_TEST

START_TEST(made_up_sids_name_every_node_and_link)
{
	struct ip_addr a;
	struct plan_net n;

	net_of(&n, graph);
	ck_assert(n.made_sids);
	ck_assert_int_eq(ip_parse("fcbb:bbbb:3::", &a), 0);
	ck_assert_uint_eq(ted_node_by_addr(n.ted, &a), 2);
	ck_assert(ip_eq(&a, &n.ted->nodes[2].sids[0].sid));
	ck_assert_int_eq(ip_parse("fcbb:bbbb:1:e001::", &a), 0); /* node 0's second link */
	ck_assert(ip_eq(&a, &n.ted->links[3].sids[0].sid));
	plan_net_fini(&n);
}
END_TEST

START_TEST(a_csv_is_read_in_milliseconds_and_megabits)
{
	struct plan_net n;

	net_of(&n, topo_csv);
	ck_assert_uint_eq(n.ted->n_nodes, 3);
	ck_assert_uint_eq(n.n_told, 3);
	ck_assert_uint_eq(n.ted->links[1].delay_us, 15250);
	ck_assert_uint_eq(n.ted->links[1].n_srlg, 2);
	ck_assert_uint_eq(n.ted->links[1].srlg[1], 451);
	ck_assert_uint_eq(n.ted->links[2].n_srlg, 0); /* none: the 0 behind means nothing */
	ck_assert_uint_eq(n.ted->links[2].capacity_bps, 40000000);
	ck_assert_uint_eq(n.ted->links[0].te_metric, 91);
	ck_assert_uint_eq(n.ted->links[0].reverse, 1);
	plan_net_fini(&n);
}
END_TEST

START_TEST(our_own_format_is_read)
{
	struct plan_net n;
	const struct ted_link *l;

	net_of(&n, json);
	l = &n.ted->links[0];
	ck_assert_uint_eq(n.ted->n_links, 2);
	ck_assert_uint_eq(l->reverse, 1);
	ck_assert(l->has_igp && l->has_delay && !l->has_te);
	ck_assert_uint_eq(l->capacity_bps, 5000000000); /* what it has, when it is not said */
	ck_assert_uint_eq(l->n_srlg, 2);
	ck_assert_uint_eq(l->admin_group[1], UINT32_C(1) << 8);
	ck_assert_uint_eq(l->loss_ppm, 3);
	ck_assert(l->flex_plain && !n.ted->links[1].has_delay);
	plan_net_fini(&n);
}
END_TEST

START_TEST(sids_of_the_file_stay_and_no_others_are_made)
{
	static const char doc[] =
		DOC("{\"node-id\":\"a\",\"srv6\":{\"capable\":true,\"sid\":[{\"sid\":\"fc00:0:1:1::\","
		    "\"behavior\":1,\"structure\":{\"block-length\":32,\"node-length\":16,"
		    "\"function-length\":16,\"argument-length\":0}}]},\"msd\":{\"srh-max-h-encaps\":5},"
		    "\"algorithm\":[0,128],\"flex-algo-definition\":[{\"algorithm\":128,"
		    "\"metric-type\":1,\"exclude-any\":[3]}]},{\"node-id\":\"b\"}",
		    LINK(",\"igp-metric\":1,\"flex-algo-attributes\":{}") "," BACK(",\"igp-metric\":1"));
	struct plan_net n;

	net_of(&n, doc);
	ck_assert(!n.made_sids);
	ck_assert_uint_eq(n.ted->nodes[0].n_sids, 1);
	ck_assert_uint_eq(n.ted->nodes[0].sids[0].structure.ln, 16);
	ck_assert_uint_eq(n.ted->nodes[1].n_sids, 0);
	ck_assert_uint_eq(n.ted->nodes[0].msd_h_encaps, 5);
	ck_assert_uint_eq(n.ted->n_flex, 1);
	ck_assert(ted_flex_node(n.ted, 128, 0) && !ted_flex_node(n.ted, 128, 1));
	ck_assert_uint_eq(ted_flex_weight(n.ted, &n.ted->flex[0].def, 0), TED_NONE); /* no delay told */
	plan_net_fini(&n);
}
END_TEST

START_TEST(parts_that_no_link_joins_are_counted)
{
	struct plan_net n;

	net_of(&n, "NODES 4\nl x y\na 0 0\nb 0 0\nc 0 0\nd 0 0\nEDGES 2\nl s d w b d\n"
		   "e0 0 1 1 1 1\ne1 1 0 1 1 1\n");
	ck_assert_uint_eq(n.n_parts, 3);
	plan_net_fini(&n);
}
END_TEST

#define G2 "NODES 2\nl x y\na 0 0\nb 0 0\n"
#define CSV "LinkID,SourceID,DestinationID,PeerID,Cost,Bandwidth,Delay,SRLGNum,SRLGs\n"

static const struct {
	const char *text, *says;
} bad_nets[] = {
	{ "", "f:0: an empty file" },
	{ "hello\n", "f:1: no column 'LinkID'" },
	{ "NODES 0\nl x y\nEDGES 0\nl\n", "f:2: no node" },
	{ "NODES 4000000000\nl x y\n", "f:1: count 4000000000 is not between 0 and 200000" },
	{ "NODES -1\nl x y\n", "f:1: count '-1' is not a whole number" },
	{ "NODES 2\nl x y\na 0 0\n", "f:3: the file ends after 1 of 2 nodes" },
	{ "NODES 2\nl x y\na 0 0\na 0 0\n", "f:4: a second node 'a'" },
	{ "NODES 1\nl x y\na nan 0\n", "f:3: coordinate 'nan' is not a number" },
	{ "NODES 1\nl x y\na 0\n", "f:3: LABEL X Y expected" },
	{ G2 "EDGES 1\nl\ne0 0 2 1 1 1\n", "f:7: node 2 is not between 0 and 1" },
	{ G2 "EDGES 1\nl\ne0 0 1 0 1 1\n", "f:7: weight 0 is not between" },
	{ G2 "EDGES 1\nl\ne0 0 1 4294967295 1 1\n", "f:7: weight 4294967295 is not between" },
	{ G2 "EDGES 1\nl\ne0 0 1 -5 1 1\n", "f:7: weight '-5' is not a whole number" },
	{ G2 "EDGES 1\nl\ne0 0 1 1 1 nan\n", "f:7: delay 'nan' is not a whole number" },
	{ G2 "EDGES 1\nl\ne0 0 1 1 1 4294967295\n", "f:7: delay 4294967295 is not between" },
	{ G2 "EDGES 2\nl\ne0 0 1 1 1 1\ne0 1 0 1 1 1\n", "f:8: a second edge 'e0'" },
	{ G2 "EDGES 2\nl\ne0 0 1 1 1 1\n", "f:7: the file ends after 1 of 2 edges" },
	{ G2 "EDGES 0\nl\ne0 0 1 1 1 1\n", "f:7: more lines than were announced" },
	{ G2 "EDGES 1\nl\ne0 0 1 1 1\n", "f:7: LABEL SRC DEST WEIGHT BW DELAY expected" },
	{ CSV "0,1,2,0,nan,1,1,0,\n", "f:2: Cost 'nan' is not a whole number" },
	{ CSV "0,1,2,0,0,1,1,0,\n", "f:2: Cost 0 is not between" },
	{ CSV "0,1,2,0,4294967295,1,1,0,\n", "f:2: Cost 4294967295 is not between" },
	{ CSV "0,1,2,0,1,1,nan,0,\n", "f:2: Delay 'nan' is not a number" },
	{ CSV "0,1,2,0,1,1,-3,0,\n", "f:2: Delay '-3' is not a number" },
	{ CSV "0,1,2,0,1,1,1e9,0,\n", "f:2: Delay '1e9' is not a number" },
	{ CSV "0,1,2,0,1,1,16777.3,0,\n", "f:2: Delay 16777.3 is too large" },
	{ CSV "0,1,2,0,1,1,1,0,\n0,2,1,0,1,1,1,0,\n", "f:3: a second link 0" },
	{ CSV "0,1,2,0,1,1,1,2,5\n", "f:2: SRLGNum is 2, there are 1" },
	{ CSV "0,1\n", "f:2: node '' is not a whole number" },
	{ CSV, "f: no node in it" },
	{ "{", "f:1: the file ends inside a value" },
	{ "{} x", "f:1: more than one value" },
	{ "{\n\"a\":\n]", "f:3: " },
	{ "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", "f:1: no column" },
	{ "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", "f:1: nesting too deep" },
	{ "{}", "f: /: member 'format' with 'sextant-topology' expected" },
	{ "{\"format\":\"sextant-topology\",\"version\":2}", "f: /: version 1 expected" },
	{ DOC("", ""), "f: no node in it" },
	{ DOC("{\"node-id\":\"a\"},{\"node-id\":\"a\"}", ""), "f: /nodes/1: a second node 'a'" },
	{ DOC("{\"name\":\"a\"}", ""), "f: /nodes/0: member 'node-id' is missing" },
	{ DOC("{\"node-id\":\"a\",\"x\":1}", ""), "f: /nodes/0/x: unknown member" },
	{ DOC("{\"node-id\":\"a\",\"x\\ny\":1}", ""), "f: /nodes/0/x?y: unknown member" },
	{ DOC("{\"node-id\":\"a\",\"as-number\":\"\\u001b[31m\"}", ""), "f: /nodes/0/as-number: '?[31m' is not" },
	{ DOC("{\"node-id\":7}", ""), "f: /nodes/0/node-id: not a text" },
	{ DOC("{\"node-id\":\"a\\u001b\"}", ""), "f: /nodes/0/node-id: a text with control characters" },
	{ DOC(AB, LINK(",\"igp-metric\":0")), "f: /links/0: igp-metric 0" },
	{ DOC(AB, LINK(",\"igp-metric\":4294967295")), "f: /links/0/igp-metric: 4294967295 is not between" },
	{ DOC(AB, LINK(",\"igp-metric\":-1")), "f: /links/0/igp-metric: '-1' is not a whole number" },
	{ DOC(AB, LINK(",\"igp-metric\":1.5")), "f: /links/0/igp-metric: '1.5' is not a whole number" },
	{ DOC(AB, LINK(",\"delay\":NaN")), "f: /links/0/delay: 'NaN' is not a whole number" },
	{ DOC(AB, LINK(",\"te-metric\":4294967295")), "f: /links/0/te-metric: 4294967295 is not between" },
	{ DOC(AB, LINK(",\"delay-min\":5")), "f: /links/0: delay-min or delay-max without delay" },
	{ DOC(AB, LINK(",\"delay\":5,\"delay-min\":9,\"delay-max\":8")), "f: /links/0: delay-min is above" },
	{ DOC(AB, LINK(",\"srlg\":7")), "f: /links/0/srlg: an array expected" },
	{ DOC(AB, LINK(",\"admin-group\":[256]")), "f: /links/0/admin-group/0: 256 is not between" },
	{ DOC(AB, LINK(",\"sid\":[{\"sid\":\"10.0.0.1\"}]")), "f: /links/0/sid/0/sid: a SID is an IPv6" },
	{ DOC(AB, "{\"source-node\":\"a\",\"dest-node\":\"z\"}"), "f: /links/0: no node 'z'" },
	{ DOC(AB, "{\"source-node\":\"a\",\"dest-node\":\"a\"}"), "f: /links/0: from a node to itself" },
	{ DOC(AB, LINK(",\"link-id\":\"x\"") "," BACK(",\"link-id\":\"x\"")), "f: /links/1: a second link 'x'" },
};

START_TEST(a_bad_topology_is_refused_with_its_place)
{
	STR_AUTO struct str err = { 0 };
	struct plan_net n;

	plan_net_init(&n);
	ck_assert_int_lt(plan_net_read(&n, "f", bad_nets[_i].text, strlen(bad_nets[_i].text), &err), 0);
	ck_assert_msg(strncmp(str_text(&err), bad_nets[_i].says, strlen(bad_nets[_i].says)) == 0,
		      "%s: %s", bad_nets[_i].says, str_text(&err));
	plan_net_fini(&n);
}
END_TEST

/* Every prefix, in a block of its size: either good or refused, never read beyond. */
START_TEST(what_is_cut_off_is_never_read_beyond)
{
	static const char *const whole[] = { graph, topo_csv, json };
	const char *text = whole[_i];

	for (size_t len = 0; len <= strlen(text); len++) {
		STR_AUTO struct str err = { 0 };
		char *block = malloc(len ? len : 1);
		struct plan_net n;
		int rc;

		ck_assert_ptr_nonnull(block);
		memcpy(block, text, len);
		plan_net_init(&n);
		rc = plan_net_read(&n, "f", block, len, &err);
		ck_assert((rc < 0) == (err.len > 0));
		plan_net_fini(&n);
		free(block);
	}
}
END_TEST

/* ---- requests ---- */

#define WISH(request) "{\"format\":\"sextant-requests\",\"version\":1,\"requests\":[" request "]}"
#define ASK(rest) "{\"name\":\"r\",\"source\":\"A\",\"destination\":\"b\"" rest "}"
#define TUNNELS                                                                                    \
	"demandID,SourceID,Destination,MinDelay,MaxDelay,Bandwidth,Ishotstandby,DelayDifference,"      \
	"DisjointType,WorkOptCost\n"

START_TEST(tunnels_are_read_with_their_windows_inwards)
{
	struct plan_asks a;
	struct plan_net n;

	net_of(&n, topo_csv);
	asks_of(&a, &n, TUNNELS "0,7,9,191.2,201.8,10,0,0,-1,212.0\n5,9,8,0.0001,1.0009,10,1,3,2,0,637,258\n");
	ck_assert_uint_eq(a.asks.n, 2);
	ck_assert_uint_eq(a.asks.at[0].r.delay_us_min, 191200);
	ck_assert_uint_eq(a.asks.at[0].r.delay_us_max, 201800);
	ck_assert_uint_eq(a.asks.at[0].r.bandwidth_bps, 10000000);
	ck_assert(a.asks.at[0].has_known && a.asks.at[0].disjoint == PLAN_NOT_DISJOINT);
	ck_assert_uint_eq(a.asks.at[0].known, 212);
	ck_assert_uint_eq(a.asks.at[1].r.delay_us_min, 1);
	ck_assert_uint_eq(a.asks.at[1].r.delay_us_max, 1000);
	ck_assert(!a.asks.at[1].has_known && a.asks.at[1].disjoint == PLAN_SRLGS);
	plan_asks_fini(&a);
	plan_net_fini(&n);
}
END_TEST

START_TEST(our_own_requests_are_read)
{
	const struct plan_ask *x;
	struct plan_asks a;
	struct plan_net n;

	net_of(&n, json);
	asks_of(&a, &n, WISH(ASK(",\"metric\":\"mix\",\"mix\":{\"igp\":2,\"delay\":1},\"objective\":\"mlp\","
				 "\"bounds\":{\"delay\":9,\"delay-min\":2,\"loss\":5},\"bandwidth\":\"7\","
				 "\"affinity\":{\"include-any\":[33]},\"exclude\":{\"links\":[\"A>b\"],"
				 "\"srlgs\":[3]},\"include\":[{\"node\":\"b\",\"strict\":true},"
				 "{\"as-number\":4294967295},{\"srlg\":0,\"strict\":true}],"
				 "\"strict\":false,\"disjoint\":{\"type\":\"node\",\"paths\":3}")));
	x = &a.asks.at[0];
	ck_assert(x->r.src == 0 && x->r.dst == 1 && !x->r.strict && x->r.usid);
	ck_assert(x->r.minimise == PCE_MIX && x->r.mix[PCE_IGP] == 2 && x->r.mix[PCE_DELAY] == 1);
	ck_assert(x->r.delay_us_min == 2 && x->r.delay_us_max == 9 && x->r.bound_loss);
	ck_assert(x->r.hops_max == PCE_NO_BOUND && !x->r.bound_variation);
	ck_assert(x->r.bandwidth_bps == 7 && x->r.affinity.include_any[1] == 2);
	ck_assert(x->r.n_exclude_links == 1 && x->r.exclude_links[0] == 0 && x->r.exclude_srlgs[0] == 3);
	ck_assert(x->r.n_include == 3 && x->r.include[0].node == 1 && x->r.include[0].strict);
	ck_assert(x->r.include[1].kind == PCE_PASS_ASN && x->r.include[1].number == UINT32_MAX);
	ck_assert(x->r.include[2].kind == PCE_PASS_SRLG && x->r.include[2].number == 0 &&
		  x->r.include[2].strict);
	ck_assert(x->disjoint == PLAN_NODES && x->legs == 3);
	plan_asks_fini(&a);
	plan_net_fini(&n);
}
END_TEST

static const struct {
	const char *text, *says;
} bad_asks[] = {
	{ WISH(ASK("") "," ASK("")), "f: /requests/1: a second request 'r'" },
	{ WISH(ASK(",\"metric\":\"speed\"")), "f: /requests/0/metric: 'speed' is no choice here" },
	{ WISH(ASK(",\"metric\":\"mix\"")), "f: /requests/0: metric 'mix' goes with member 'mix'" },
	{ WISH(ASK(",\"mix\":{\"igp\":1}")), "f: /requests/0: metric 'mix' goes with member 'mix'" },
	{ WISH(ASK(",\"bounds\":{\"delay\":4,\"delay-min\":5}")), "f: /requests/0/bounds: delay-min is above" },
	{ WISH(ASK(",\"bounds\":{\"delay\":4294967295}")), "f: /requests/0/bounds/delay: 4294967295 is not" },
	{ WISH(ASK(",\"bounds\":{\"delay\":NaN}")), "f: /requests/0/bounds/delay: 'NaN' is not a whole" },
	{ WISH(ASK(",\"affinity\":{\"exclude-any\":[1],\"include-all\":[1]}")),
	  "f: /requests/0/affinity: a group is in exclude-any and in include-all" },
	{ WISH(ASK(",\"include\":[{\"as-number\":1,\"node\":\"b\"}]")),
	  "f: /requests/0/include/0: one of a node, a link, a domain and an SRLG expected" },
	{ WISH(ASK(",\"include\":[{\"as-number\":1,\"srlg\":2}]")),
	  "f: /requests/0/include/0/srlg: either a domain or an SRLG expected" },
	{ WISH(ASK(",\"include\":[{\"as-number\":0}]")), "f: /requests/0/include/0/as-number: 0 is not" },
	{ WISH(ASK(",\"include\":[{}]")), "f: /requests/0/include/0: one of a node, a link, a domain and an SRLG expected" },
	{ WISH(ASK(",\"exclude\":{\"nodes\":[\"z\"]}")), "f: /requests/0/exclude/nodes/0: no node 'z'" },
	{ WISH(ASK(",\"exclude\":{\"links\":[\"z\"]}")), "f: /requests/0/exclude/links/0: no link 'z'" },
	{ WISH(ASK(",\"payload\":0")), "f: /requests/0/payload: 0 is not between 1 and 65535" },
	{ WISH(ASK(",\"payload\":70000")), "f: /requests/0/payload: 70000 is not between" },
	{ WISH(ASK(",\"protection\":\"some\"")), "f: /requests/0/protection: 'some' is no choice" },
	{ WISH(ASK(",\"algorithm\":5")), "f: /requests/0/algorithm: 5 is not between 128 and 255" },
	{ WISH("{\"name\":\"r\",\"source\":\"A\",\"destination\":\"a\"}"), "f: /requests/0: source and dest" },
	{ WISH("{\"name\":\"r\",\"source\":\"A\"}"), "f: /requests/0: member 'destination' is missing" },
	{ "{\"format\":\"sextant-topology\",\"version\":1}", "f: /: member 'format'" },
	{ "DEMANDS 1\nl\nd 0 1 5\n", "f: numbers of nodes need a .graph topology" },
	{ TUNNELS "0,0,9,1,2,10,0,0,-1,5\n", "f:2: no node '0' in the topology" },
	{ TUNNELS "0,a,b,3,2,10,0,0,-1,5\n", "f:2: MinDelay 3 is above MaxDelay 2" },
	{ TUNNELS "0,a,b,nan,2,10,0,0,-1,5\n", "f:2: MinDelay 'nan' is not a number" },
	{ TUNNELS "0,a,b,1,2,10,1,0,-1,5\n", "f:2: Ishotstandby without a DisjointType" },
	{ TUNNELS "0,a,b,1,2,10,1,0,7,5\n", "f:2: DisjointType 7 is not between 0 and 2" },
	{ TUNNELS "0,a,b,1,2,10,0,0,-1,5\n0,a,b,1,2,10,0,0,-1,5\n", "f:3: a second demand 0" },
	{ TUNNELS "0,a,a,1,2,10,0,0,-1,5\n", "f:2: from a node to itself" },
};

START_TEST(a_bad_request_is_refused_with_its_place)
{
	STR_AUTO struct str err = { 0 };
	struct plan_asks a;
	struct plan_net n;

	net_of(&n, json);
	plan_asks_init(&a);
	ck_assert_int_lt(plan_asks_read(&a, &n, "f", bad_asks[_i].text, strlen(bad_asks[_i].text), &err), 0);
	ck_assert_msg(strncmp(str_text(&err), bad_asks[_i].says, strlen(bad_asks[_i].says)) == 0,
		      "%s: %s", bad_asks[_i].says, str_text(&err));
	plan_asks_fini(&a);
	plan_net_fini(&n);
}
END_TEST

static const struct {
	const char *text, *says;
} bad_demands[] = {
	{ "DEMANDS 2\nl\nd 0 1 5\n", "f:3: the file ends after 1 of 2 demands" },
	{ "DEMANDS 1\nl\nd 0 3 5\n", "f:3: node 3 is not between 0 and 2" },
	{ "DEMANDS 1\nl\nd 0 1 -5\n", "f:3: bandwidth '-5' is not a whole number" },
	{ "DEMANDS 2\nl\nd 0 1 5\nd 1 2 5\n", "f:4: a second demand 'd'" },
	{ "DEMANDS 99999999\nl\n", "f:1: count 99999999 is not between" },
};

START_TEST(a_bad_demand_is_refused_with_its_place)
{
	STR_AUTO struct str err = { 0 };
	struct plan_asks a;
	struct plan_net n;

	net_of(&n, graph);
	plan_asks_init(&a);
	ck_assert_int_lt(plan_asks_read(&a, &n, "f", bad_demands[_i].text, strlen(bad_demands[_i].text),
					&err), 0);
	ck_assert_msg(strncmp(str_text(&err), bad_demands[_i].says, strlen(bad_demands[_i].says)) == 0,
		      "%s: %s", bad_demands[_i].says, str_text(&err));
	plan_asks_fini(&a);
	plan_net_fini(&n);
}
END_TEST

START_TEST(the_diagonal_of_a_matrix_is_left_out)
{
	static const char text[] = "DEMANDS 3\nl\nd 0 1 5\ne 1 1 5\nf 1 0 5\n";
	STR_AUTO struct str err = { 0 };
	struct plan_asks a;
	struct plan_net n;

	net_of(&n, graph);
	plan_asks_init(&a);
	ck_assert_int_eq(plan_asks_read(&a, &n, "f", text, strlen(text), &err), 0);
	ck_assert_uint_eq(a.demands.n, 2);
	ck_assert_uint_eq(a.n_left_out, 1);
	plan_asks_fini(&a);
	plan_net_fini(&n);
}
END_TEST

/* ---- paths ---- */

static json_object *result(json_object *out, size_t i)
{
	json_object *r = NULL;

	ck_assert(json_object_object_get_ex(out, "results", &r));
	return json_object_array_get_idx(r, i);
}

static const char *member(json_object *o, const char *name)
{
	json_object *v = NULL;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : "";
}

START_TEST(a_lone_direction_is_used_one_way_only)
{
	STR_AUTO struct str err = { 0 };
	const struct plan_options o = { .seed = 1 };
	json_object *out = NULL;
	struct plan_asks a;
	struct plan_net n;

	net_of(&n, graph);
	asks_of(&a, &n, WISH("{\"name\":\"there\",\"source\":\"0\",\"destination\":\"2\",\"metric\":\"hops\"},"
			     "{\"name\":\"back\",\"source\":\"2\",\"destination\":\"0\",\"metric\":\"hops\"}"));
	ck_assert_int_eq(plan_path(&n, &a, &o, &out, &err), PLAN_INFEASIBLE);
	ck_assert_str_eq(member(result(out, 0), "status"), "ok");
	ck_assert_str_ne(member(result(out, 1), "status"), "ok");
	json_object_put(out);
	plan_asks_fini(&a);
	plan_net_fini(&n);
}
END_TEST

START_TEST(with_book_what_is_taken_is_not_given_again)
{
	static const char wishes[] =
		WISH("{\"name\":\"p\",\"source\":\"0\",\"destination\":\"1\",\"bandwidth\":600000},"
		     "{\"name\":\"q\",\"source\":\"0\",\"destination\":\"1\",\"bandwidth\":600000},"
		     "{\"name\":\"r\",\"source\":\"0\",\"destination\":\"1\",\"bandwidth\":600000}");
	static const char *const alone[] = { "ok", "ok", "ok" };

	for (int book = 0; book < 2; book++) {
		STR_AUTO struct str err = { 0 };
		const struct plan_options o = { .seed = 1, .book = book };
		json_object *out = NULL;
		struct plan_asks a;
		struct plan_net n;

		net_of(&n, graph);
		asks_of(&a, &n, wishes);
		ck_assert_int_eq(plan_path(&n, &a, &o, &out, &err), book ? PLAN_INFEASIBLE : PLAN_FINE);
		for (size_t i = 0; i < 3; i++)
			ck_assert(strcmp(member(result(out, i), "status"), alone[i]) == 0 || (book && i == 2));
		ck_assert(!book || strcmp(member(result(out, 2), "status"), "ok") != 0);
		json_object_put(out);
		plan_asks_fini(&a);
		plan_net_fini(&n);
	}
}
END_TEST

/* ---- payload, protection, the metric of an algorithm ---- */

#define HEADERS(more) LINK(",\"igp-metric\":7,\"delay\":90,\"mtu\":1500" more) "," BACK(",\"igp-metric\":7")

static void path_of(const char *topology, const char *wish, json_object **out)
{
	STR_AUTO struct str err = { 0 };
	const struct plan_options o = { .seed = 1 };
	struct plan_asks a;
	struct plan_net n;

	net_of(&n, topology);
	asks_of(&a, &n, wish);
	ck_assert_int_ne(plan_path(&n, &a, &o, out, &err), PLAN_REFUSED);
	plan_asks_fini(&a);
	plan_net_fini(&n);
}

/* One SID needs an outer IPv6 header of 40 octets and no SRH. */
START_TEST(a_payload_has_to_fit_the_links_with_its_headers)
{
	static const char net[] = DOC(AB, HEADERS(""));
	json_object *out = NULL;

	path_of(net, WISH(ASK(",\"payload\":1460")), &out);
	ck_assert_str_eq(member(result(out, 0), "status"), "ok");
	json_object_put(out);
	path_of(net, WISH(ASK(",\"payload\":1461")), &out);
	ck_assert_str_ne(member(result(out, 0), "status"), "ok");
	ck_assert_ptr_nonnull(strstr(member(result(out, 0), "why"), "carries packets of 1500 octets"));
	json_object_put(out);
}
END_TEST

static const struct {
	const char *protection, *sid;
} protections[] = {
	{ "unprotected-preferred", "fc00:0:1:e000::" },
	{ "unprotected-only", "fc00:0:1:e000::" },
	{ "protected-preferred", "fc00:0:1:e001::" },
	{ "protected-only", "fc00:0:1:e001::" },
};

/* A cheaper way round: only an adjacency SID leads over the link that must be passed. */
START_TEST(adjacency_sids_are_taken_as_protection_says)
{
	static const char net[] =
		DOC("{\"node-id\":\"a\",\"name\":\"A\",\"srv6\":{\"capable\":true,\"locator\":[{\"prefix\":\"fc00:0:1::/48\"}]}},"
		    "{\"node-id\":\"b\",\"srv6\":{\"capable\":true,\"locator\":[{\"prefix\":\"fc00:0:2::/48\"}],"
		    "\"sid\":[{\"sid\":\"fc00:0:2::1\",\"behavior\":1}]}},{\"node-id\":\"c\"}",
		    LINK(",\"igp-metric\":50,\"sid\":[{\"sid\":\"fc00:0:1:e000::\",\"behavior\":5},"
			 "{\"sid\":\"fc00:0:1:e001::\",\"behavior\":5,\"backup\":true}]") ","
		    BACK(",\"igp-metric\":50") ","
		    "{\"source-node\":\"a\",\"dest-node\":\"c\",\"igp-metric\":1},"
		    "{\"source-node\":\"c\",\"dest-node\":\"a\",\"igp-metric\":1},"
		    "{\"source-node\":\"c\",\"dest-node\":\"b\",\"igp-metric\":1},"
		    "{\"source-node\":\"b\",\"dest-node\":\"c\",\"igp-metric\":1}");
	char wish[512];
	json_object *out = NULL, *segs = NULL;

	(void)snprintf(wish, sizeof(wish),
		       WISH(ASK(",\"include\":[{\"link\":\"A>b\"}],\"protection\":\"%s\"")),
		       protections[_i].protection);
	path_of(net, wish, &out);
	ck_assert_str_eq(member(result(out, 0), "status"), "ok");
	ck_assert(json_object_object_get_ex(result(out, 0), "segments", &segs));
	ck_assert_str_eq(member(json_object_array_get_idx(segs, 0), "sid"), protections[_i].sid);
	json_object_put(out);
}
END_TEST

#define FLEX(metric)                                                                               \
	DOC("{\"node-id\":\"a\",\"name\":\"A\",\"algorithm\":[0,128],\"flex-algo-definition\":[{\"algorithm\":128,"      \
	    "\"metric-type\":" metric ",\"priority\":9}],\"srv6\":{\"capable\":true,\"locator\":[{"         \
	    "\"prefix\":\"fc00:0:1::/48\",\"algorithm\":128}]}},{\"node-id\":\"b\",\"algorithm\":[0,128],"  \
	    "\"srv6\":{\"capable\":true,\"locator\":[{\"prefix\":\"fc00:0:2::/48\",\"algorithm\":128}],"    \
	    "\"sid\":[{\"sid\":\"fc00:0:2::1\",\"behavior\":1,\"algorithm\":128}]}}",                   \
	    LINK(",\"igp-metric\":7,\"te-metric\":11,\"delay\":90") ","                                \
	    BACK(",\"igp-metric\":7,\"te-metric\":11,\"delay\":90"))

/* By the metric of its definition, whatever the request minimises; never 0 for want of a minimum. */
START_TEST(a_path_of_an_algorithm_costs_what_its_definition_says)
{
	static const char *const nets[] = { FLEX("0"), FLEX("1"), FLEX("2") };
	static const char *const cost[] = { "7", "90", "11" };
	json_object *out = NULL;

	path_of(nets[_i], WISH(ASK(",\"algorithm\":128")), &out);
	ck_assert_str_eq(member(result(out, 0), "why"), "");
	ck_assert_str_eq(member(result(out, 0), "cost"), cost[_i]);
	json_object_put(out);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("plan");
	TCase *c = tcase_create("topologies"), *r = tcase_create("requests");
	TCase *p = tcase_create("paths");

	tcase_add_test(c, a_graph_is_read_with_its_lone_directions);
	tcase_add_test(c, made_up_sids_name_every_node_and_link);
	tcase_add_test(c, a_csv_is_read_in_milliseconds_and_megabits);
	tcase_add_test(c, our_own_format_is_read);
	tcase_add_test(c, sids_of_the_file_stay_and_no_others_are_made);
	tcase_add_test(c, parts_that_no_link_joins_are_counted);
	tcase_add_loop_test(c, a_bad_topology_is_refused_with_its_place, 0,
			    (int)(sizeof(bad_nets) / sizeof(*bad_nets)));
	tcase_add_loop_test(c, what_is_cut_off_is_never_read_beyond, 0, 3);
	suite_add_tcase(s, c);
	tcase_add_test(r, tunnels_are_read_with_their_windows_inwards);
	tcase_add_test(r, our_own_requests_are_read);
	tcase_add_loop_test(r, a_bad_request_is_refused_with_its_place, 0,
			    (int)(sizeof(bad_asks) / sizeof(*bad_asks)));
	tcase_add_loop_test(r, a_bad_demand_is_refused_with_its_place, 0,
			    (int)(sizeof(bad_demands) / sizeof(*bad_demands)));
	tcase_add_test(r, the_diagonal_of_a_matrix_is_left_out);
	suite_add_tcase(s, r);
	tcase_add_test(p, a_lone_direction_is_used_one_way_only);
	tcase_add_test(p, with_book_what_is_taken_is_not_given_again);
	tcase_add_test(p, a_payload_has_to_fit_the_links_with_its_headers);
	tcase_add_loop_test(p, adjacency_sids_are_taken_as_protection_says, 0, 4);
	tcase_add_loop_test(p, a_path_of_an_algorithm_costs_what_its_definition_says, 0, 3);
	suite_add_tcase(s, p);
	return check_main(s);
}
