/* SPDX-License-Identifier: Apache-2.0 */
/* What an order comes to on routers, written down by hand; and what is refused. */
#include "bed.h"

#include <json-c/json.h>
#include <stdio.h>

static void is_json(const char *device, const char *path, const char *wanted)
{
	const char *found = there(device, path);
	json_object *w = json_tokener_parse(wanted), *f = found ? json_tokener_parse(found) : NULL;

	ck_assert_ptr_nonnull(w);
	ck_assert_msg(f && json_object_equal(w, f), "%s on %s: %s\nnot %s", path, device, found ? found : "nothing", wanted);
	json_object_put(w);
	json_object_put(f);
}

static void built(const char *doc)
{
	struct slice_fault f;

	bed_up();
	ck_assert_msg(bed_possible(doc, &f), "%s: %s", f.field, f.text);
	bed_order("x", doc);
	bed_build("x");
}

static void gone(void)
{
	bed_take_back("x");
	for (unsigned i = 0; i < DEVICES; i++)
		ck_assert_uint_eq(bed.device[i].n, 0);
	ck_assert_uint_eq(bed_records(), 0);
	bed_down();
}

#define X "sx-x-fd0c5087"

START_TEST(a_line_is_a_table_at_each_end_and_a_route_each_way)
{
	bed_up();
	bed_order("x", LINE("x", "eth1", "2001:db8"));
	bed_do("x", SLICE_STEP_VPN, false);
	is_json("r1", "/device/table[id=100000]",
		"{\"id\":100000,\"name\":\"" X "\",\"sid\":[\"fd5e:64:1:d000::\"],\"sid-length\":64,"
		"\"interface\":[\"eth1\"],\"route\":[{\"prefix\":\"2001:db8:1::/64\",\"interface\":\"eth1\"}]}");
	ck_assert_uint_eq(objects("r1"), 1); /* traffic moves last */
	bed_do("x", SLICE_STEP_CLASSIFY, false);
	is_json("r1", "/device/table[id=100000]",
		"{\"id\":100000,\"name\":\"" X "\",\"sid\":[\"fd5e:64:1:d000::\"],\"sid-length\":64,"
		"\"interface\":[\"eth1\"],\"route\":[{\"prefix\":\"2001:db8:1::/64\",\"interface\":\"eth1\"},"
		"{\"prefix\":\"2001:db8:2::/64\",\"segment\":[\"fd5e:64:2:d000::\"],"
		"\"policy\":{\"color\":100,\"endpoint\":\"fd00::2\"}}]}");
	is_json("r2", "/device/table[id=100000]",
		"{\"id\":100000,\"name\":\"" X "\",\"sid\":[\"fd5e:64:2:d000::\"],\"sid-length\":64,"
		"\"interface\":[\"eth1\"],\"route\":[{\"prefix\":\"2001:db8:2::/64\",\"interface\":\"eth1\"},"
		"{\"prefix\":\"2001:db8:1::/64\",\"segment\":[\"fd5e:64:1:d000::\"],"
		"\"policy\":{\"color\":101,\"endpoint\":\"fd00::1\"}}]}");
	is_json("r1", "/device/source-filter[interface=eth1]", "{\"interface\":\"eth1\",\"mode\":\"list\"}");
	ck_assert_uint_eq(objects("r1"), 2);
	gone();
}
END_TEST

START_TEST(what_is_behind_a_circuit_goes_by_its_next_hop)
{
	built(ORDER("x", "",
		    END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64",
					  ",\"sextant-slice:customer-prefix\":[\"2001:db8:aa::/48\"],"
					  "\"sextant-slice:next-hop\":\"2001:db8:1::2\"")) ","
		    END("b", "r2", "", "{\"id\":\"c\",\"ac-tp-id\":\"eth2\",\"ac-tags\":{\"ac-tag\":[{\"tag-type\":"
					  "\"" NSS "vlan-id\",\"tag-type-value\":[\"7\"]}]},"
					  "\"sextant-slice:customer-prefix\":[\"2001:db8:bb::/48\"]}"), BOTH));
	is_json("r1", "/device/table[id=100000]",
		"{\"id\":100000,\"name\":\"" X "\",\"sid\":[\"fd5e:64:1:d000::\"],\"sid-length\":64,"
		"\"interface\":[\"eth1\"],\"route\":[{\"prefix\":\"2001:db8:1::/64\",\"interface\":\"eth1\"},"
		"{\"prefix\":\"2001:db8:aa::/48\",\"interface\":\"eth1\",\"next-hop\":\"2001:db8:1::2\"},"
		"{\"prefix\":\"2001:db8:bb::/48\",\"segment\":[\"fd5e:64:2:d000::\"],"
		"\"policy\":{\"color\":100,\"endpoint\":\"fd00::2\"}}]}");
	ck_assert_ptr_nonnull(strstr(there("r2", "/device/table[id=100000]"), "\"interface\":[\"eth2.7\"]"));
	ck_assert_ptr_nonnull(there("r2", "/device/source-filter[interface=eth2.7]"));
	gone();
}
END_TEST

/* The first carries, the second waits; by which of them it comes is all one to the filters. */
START_TEST(a_prefix_behind_two_circuits_has_a_backup)
{
#define BEHIND(x) ",\"sextant-slice:customer-prefix\":[\"2001:db8:aa::/48\"],\"sextant-slice:next-hop\":\"" x "\""
	built(ORDER("x", "",
		    END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64", BEHIND("2001:db8:1::2")) ","
					  AC("c2", "eth3", "2001:db8:3::1", "64", BEHIND("2001:db8:3::2"))) ","
		    END("b", "r2", "", AC("c1", "eth2", "2001:db8:2::1", "64", "")), BOTH));
	is_json("r1", "/device/table[id=100000]",
		"{\"id\":100000,\"name\":\"" X "\",\"sid\":[\"fd5e:64:1:d000::\"],\"sid-length\":64,"
		"\"interface\":[\"eth1\",\"eth3\"],\"route\":[{\"prefix\":\"2001:db8:1::/64\",\"interface\":\"eth1\"},"
		"{\"prefix\":\"2001:db8:aa::/48\",\"interface\":\"eth1\",\"next-hop\":\"2001:db8:1::2\","
		"\"backup\":[{\"interface\":\"eth3\",\"next-hop\":\"2001:db8:3::2\"}]},"
		"{\"prefix\":\"2001:db8:3::/64\",\"interface\":\"eth3\"},"
		"{\"prefix\":\"2001:db8:2::/64\",\"segment\":[\"fd5e:64:2:d000::\"],"
		"\"policy\":{\"color\":100,\"endpoint\":\"fd00::2\"}}]}");
	ck_assert_ptr_nonnull(there("r1", "/device/source-filter[interface=eth1]"));
	ck_assert_ptr_nonnull(there("r1", "/device/source-filter[interface=eth3]"));
	gone();
}
END_TEST

#define DSCP_CRITERIA                                                                              \
	CRITERIA(CRITERION("2", "g", TERM("dscp", ",\"dscp\":[46]") ","                            \
			   TERM("destination-ip-prefix", ",\"ip-prefix\":[\"2001:db8:2::/64\",\"2001:db8:3::/64\"]")))

/* Traffic of other kinds goes on as it did: the interface is bound to nothing. */
START_TEST(fine_criteria_are_classifiers)
{
	built(ORDER("x", ",\"sextant-slice:realisation\":{\"steering\":\"dscp\"}",
		    END("a", "r1", DSCP_CRITERIA ",\"incoming-qos-policy\":{\"rate-limits\":{\"cir\":\"8000000\"}}",
			AC("c1", "eth1", "2001:db8:1::1", "64", "")) ","
		    END("b", "r2", CRITERIA(CRITERION("1", "g", TERM("any", ""))),
			AC("c1", "eth1", "2001:db8:2::1", "64", "")), BOTH));
	ck_assert_ptr_null(strstr(there("r1", "/device/table[id=100000]"), "\"interface\":["));
	is_json("r1", "/device/classifier[id=64]",
		"{\"id\":64,\"name\":\"" X ".c64\",\"interface\":\"eth1\",\"dscp\":46,"
		"\"destination\":\"2001:db8:2::/64\",\"table\":100000}");
	is_json("r1", "/device/classifier[id=65]",
		"{\"id\":65,\"name\":\"" X ".c65\",\"interface\":\"eth1\",\"dscp\":46,"
		"\"destination\":\"2001:db8:3::/64\",\"table\":100000}");
	is_json("r1", "/device/policer[name=" X ".eth1.46]",
		"{\"name\":\"" X ".eth1.46\",\"interface\":\"eth1\",\"dscp\":46,\"rate\":\"8000000\",\"burst\":50000}");
	is_json("r2", "/device/classifier[id=64]",
		"{\"id\":64,\"name\":\"" X ".c64\",\"interface\":\"eth1\",\"table\":100000}");
	ck_assert_uint_eq(objects("r1"), 4);
	ck_assert_uint_eq(objects("r2"), 2);
	gone();
}
END_TEST

START_TEST(five_tuples_are_classifiers_beside_what_is_bound)
{
	built(ORDER("x", "",
		    END("a", "r1", CRITERIA(CRITERION("1", "h",
			TERM("five-tuple", ",\"sextant-slice:flow\":{\"protocol\":17,\"destination-port\":5001}"))
			"," CRITERION("2", "g", TERM("any", ""))),
			AC("c1", "eth1", "2001:db8:1::1", "64", ",\"incoming-qos-policy\":{\"rate-limits\":"
			   "{\"cir\":\"1000000000\",\"cbs\":\"9000\"}}")) ","
		    END("b", "r2", "", AC("c1", "eth1", "2001:db8:2::1", "64", "")) ","
		    END("c", "r3", "", AC("c1", "eth1", "2001:db8:2::1", "64", "")),
		    BOTH "," GROUP("h", PAIR("t", "a", "c"))));
	/* One SDP, two groups, the same prefix at the far side of each: two tables. */
	ck_assert_ptr_nonnull(strstr(there("r1", "/device/table[id=100000]"), "fd5e:64:2:d000::"));
	ck_assert_ptr_nonnull(strstr(there("r1", "/device/table[id=100000]"), "\"interface\":[\"eth1\"]"));
	ck_assert_ptr_nonnull(strstr(there("r1", "/device/table[id=100001]"), "fd5e:64:3:d000::"));
	ck_assert_ptr_null(strstr(there("r1", "/device/table[id=100001]"), "\"interface\":["));
	is_json("r1", "/device/classifier[id=64]",
		"{\"id\":64,\"name\":\"" X ".c64\",\"interface\":\"eth1\",\"protocol\":17,"
		"\"destination-port\":5001,\"table\":100001}");
	is_json("r1", "/device/policer[name=" X ".eth1]",
		"{\"name\":\"" X ".eth1\",\"interface\":\"eth1\",\"rate\":\"1000000000\",\"burst\":30000}");
	ck_assert_uint_eq(objects("r1"), 5);
	gone();
}
END_TEST

START_TEST(spokes_of_one_router_are_apart)
{
	built(ORDER("x", "",
		    END("h", "r1", "", AC("c", "eth1", "2001:db8:1::1", "64", "")) ","
		    END("s", "r2", "", AC("c", "eth1", "2001:db8:2::1", "64", "")) ","
		    END("t", "r2", "", AC("c", "eth2", "2001:db8:3::1", "64", "")),
		    GROUP("g", PAIR("1", "h", "s") "," PAIR("2", "h", "t") "," PAIR("3", "s", "h") ","
			  PAIR("4", "t", "h"))));
	ck_assert_ptr_nonnull(strstr(there("r1", "/device/table[id=100000]"),
				     "\"2001:db8:3::/64\",\"segment\":[\"fd5e:64:2:d001::\"]"));
	ck_assert_ptr_null(strstr(there("r2", "/device/table[id=100000]"), "2001:db8:3::/64"));
	ck_assert_ptr_null(strstr(there("r2", "/device/table[id=100001]"), "2001:db8:2::/64"));
	gone();
}
END_TEST

static const struct {
	const char *groups;
	bool meet;
} neighbours[] = {
	{ GROUP("g", PAIR("1", "h", "s") "," PAIR("2", "s", "t")), true },
	{ GROUP("g", PAIR("1", "h", "s") "," PAIR("2", "h", "t")), false },
	{ "{\"id\":\"g\",\"connectivity-type\":\"" NSS "point-to-multipoint\",\"connectivity-construct\":["
	  "{\"id\":\"1\",\"p2mp-sender-sdp\":\"s\",\"p2mp-receiver-sdp\":[\"h\",\"t\"]}]}", true },
	{ "{\"id\":\"g\",\"connectivity-type\":\"ietf-vpn-common:any-to-any\",\"connectivity-construct\":["
	  "{\"id\":\"1\",\"a2a-sdp\":[{\"sdp-id\":\"h\"},{\"sdp-id\":\"s\"},{\"sdp-id\":\"t\"}]}]}", true },
};

/* They cross no link, so they are no flows; they are joined or not all the same. */
START_TEST(neighbours_meet_if_they_are_joined)
{
	char doc[4096];
	const char *s, *t;

	snprintf(doc, sizeof(doc), ORDER("x", "", END("h", "r1", "", AC("c", "eth1", "2001:db8:1::1", "64", "")) ","
		 END("s", "r2", "", AC("c", "eth1", "2001:db8:2::1", "64", "")) ","
		 END("t", "r2", "", AC("c", "eth2", "2001:db8:3::1", "64", "")), "%s"), neighbours[_i].groups);
	built(doc);
	s = there("r2", "/device/table[id=100000]");
	t = there("r2", "/device/table[id=100001]");
	ck_assert(s && t);
	ck_assert((strstr(s, "\"prefix\":\"2001:db8:3::/64\",\"interface\":\"eth2\"") != NULL) == neighbours[_i].meet);
	ck_assert((strstr(t, "\"prefix\":\"2001:db8:2::/64\",\"interface\":\"eth1\"") != NULL) == neighbours[_i].meet);
	gone();
}
END_TEST

#define ROLE(kind) CRITERIA("{\"index\":1,\"match-type\":[{\"type\":\"" NSS "any\"}],"                \
	"\"target-connection-group-id\":\"g\",\"connection-group-sdp-role\":\"ietf-vpn-common:" kind "-role\"}")
#define ROLES(group, a, b)                                                                         \
	ORDER("x", "", END("a", "r1", ROLE(a), AC("c", "eth1", "2001:db8:1::1", "64", "")) ","      \
	      END("b", "r1", ROLE(b), AC("c", "eth2", "2001:db8:2::1", "64", "")),                  \
	      "{\"id\":\"g\",\"connectivity-type\":\"ietf-vpn-common:" group "\"}")

/* A slice that never leaves its router. */
START_TEST(roles_join_neighbours_too)
{
	built(ROLES("hub-spoke", "hub", "spoke"));
	ck_assert_ptr_nonnull(strstr(there("r1", "/device/table[id=100000]"), "\"interface\":\"eth2\""));
	gone();
	built(ROLES("hub-spoke", "spoke", "spoke"));
	ck_assert_uint_eq(objects("r1"), 0);
	gone();
	built(ROLES("any-to-any", "any-to-any", "any-to-any"));
	ck_assert_ptr_nonnull(strstr(there("r1", "/device/table[id=100001]"), "\"interface\":\"eth1\""));
	gone();
}
END_TEST

START_TEST(an_order_without_circuits_is_done_at_once)
{
	bed_up();
	bed_order("x", ORDER("x", "", "{\"id\":\"a\",\"node-id\":\"r1\"},{\"id\":\"b\",\"node-id\":\"r2\"}", BOTH));
	bed_start("x", SLICE_STEP_VPN, false);
	ck_assert(bed.told.done && bed.told.ok);
	bed_start("x", SLICE_STEP_CLASSIFY, false);
	ck_assert(bed.told.done && bed.told.ok);
	bed_run(100);
	ck_assert_uint_eq(bed_records(), 0);
	bed_down();
}
END_TEST

/* ---- what is refused ---- */

#define A(more, acs) ORDER("x", "", END("a", "r1", more, acs) ","                                  \
			   END("b", "r2", "", AC("c1", "eth1", "2001:db8:2::1", "64", "")), BOTH)
#define GOOD AC("c1", "eth1", "2001:db8:1::1", "64", "")
#define AIMED(construct)                                                                           \
	"{\"index\":1,\"match-type\":[" TERM("any", "") "],\"target-connection-group-id\":\"g\","         \
	"\"target-connectivity-construct-id\":\"" construct "\"}"
#define VALUES5 "[1,2,3,4,5]"

static const struct {
	const char *doc, *field, *text; /* text NULL: it is taken */
} orders[] = {
	{ A("", GOOD), "", NULL },
	{ A("", AC("c1", "eth 1", "2001:db8:1::1", "64", "")), "attachment-circuit[id='c1']", "name of an interface" },
	{ A("", AC("c1", "anameoffifteenx", "2001:db8:1::1", "64", "")), "", NULL },
	{ A("", AC("c1", "anameofsixteenxx", "2001:db8:1::1", "64", "")), "", "name of an interface" },
	{ A("", "{\"id\":\"c1\",\"ac-tp-id\":\"eth1\"}"), "", "no prefix is behind it" },
	{ A("", "{\"id\":\"c1\",\"ac-tp-id\":\"eth1\",\"ac-ipv4-address\":\"10.0.0.1\"}"), "", "IPv6" },
	{ A("", GOOD "," AC("c2", "eth1", "2001:db8:2::1", "64", "")), "", NULL }, /* two homes */
	{ A("", GOOD "," AC("c2", "eth1", "2001:db8:2::1", "65", "")), "", NULL },
	{ A("", AC("c1", "eth1", "2001:db8:1::1", "64", ",\"ac-node-id\":\"r3\"")), "", "another router" },
	{ A("", AC("c1", "eth1", "2001:db8:1::1", "64", ",\"ac-node-id\":\"r1\"")), "", NULL },
	{ A(CRITERIA(CRITERION("1", "g", TERM("apn-id", ",\"sextant-slice:apn-id\":[1]"))), GOOD), "index='1'", "APN" },
	{ A(CRITERIA(CRITERION("1", "g", TERM("vlan", ",\"vlan\":[3]"))), GOOD), "index='1'", "no circuit" },
	{ A(CRITERIA(AIMED("there")), GOOD), "", NULL },
	{ ORDER("x", "", END("a", "r1", CRITERIA(AIMED("there")), GOOD) ","
		END("b", "r2", "", AC("c1", "eth1", "2001:db8:2::1", "64", "")) ",{\"id\":\"c\",\"node-id\":\"r2\"}",
		GROUP("g", PAIR("there", "a", "b") "," PAIR("too", "a", "c"))), "index='1'", "which construct it takes" },
	{ A(CRITERIA(CRITERION("1", "g", TERM("phy-interface", ",\"interface-name\":[\"eth1\"]"))), GOOD), "", NULL },
	{ A(CRITERIA(CRITERION("1", "g", TERM("source-ip-prefix", ",\"ip-prefix\":[\"10.0.0.0/8\"]"))), GOOD), "", "IPv6" },
	{ A(CRITERIA(CRITERION("1", "g", TERM("five-tuple", ",\"sextant-slice:flow\":{\"source-port\":1}"))), GOOD), "",
	  "protocol 6, 17 or 132" },
	{ A(CRITERIA(CRITERION("1", "g", TERM("dscp", ",\"dscp\":" VALUES5) ","
		TERM("destination-ip-prefix", ",\"ip-prefix\":[\"::/1\",\"8000::/2\",\"c000::/2\"]"))), GOOD), "", NULL },
	{ A(CRITERIA(CRITERION("1", "g", TERM("dscp", ",\"dscp\":" VALUES5) ","
		TERM("destination-ip-prefix", ",\"ip-prefix\":[\"::/1\",\"8000::/2\",\"c000::/3\",\"e000::/3\"]"))), GOOD),
	  "index='1'", "more than 15" },
	{ A(CRITERIA(CRITERION("1", "g", TERM("dscp", ",\"dscp\":[1,2]")))
	    ",\"incoming-qos-policy\":{\"rate-limits\":{\"cir\":\"9000\"}}", GOOD), "incoming-qos-policy", "one DSCP" },
	{ A(CRITERIA(CRITERION("1", "g", TERM("dscp", ",\"dscp\":[1]")))
	    ",\"incoming-qos-policy\":{\"rate-limits\":{\"cir\":\"9000\"}}", GOOD), "", NULL },
	{ A(",\"incoming-qos-policy\":{\"rate-limits\":{\"cir\":\"7999\"}}", GOOD), "", "no rate below" },
	{ ORDER("x", "", END("a", "r1", "", GOOD) "," END("b", "r2", "", AC("c1", "eth1", "2001:db8:2::1", "64", "")),
		BOTH "," GROUP("h", PAIR("t", "a", "b"))), "", "would be of both groups g and h" },
	{ ORDER("x", "", END("a", "r1", "", GOOD) "," END("b", "r2", "", GOOD), BOTH), "", NULL },
	{ ORDER("x", "", END("a", "r1", "", GOOD) "," END("b", "r1", "", AC("c1", "eth2", "2001:db8:1::1", "64", "")), BOTH),
	  "sdp[id='b']", "is behind SDP a of this router too" },
	{ ORDER("x", "", END("a", "r1", "", GOOD) "," END("b", "0000.0000.0001", "",
		AC("c1", "eth2", "2001:db8:1::1", "64", "")), BOTH), "sdp[id='b']", "is behind SDP a of this router too" },
	{ ORDER("x", ",\"sextant-slice:realisation\":{\"steering\":\"dscp\"}", END("a", "r1", "", GOOD) ","
		END("b", "r2", "", AC("c1", "eth1", "2001:db8:2::1", "64", "")), BOTH), "service-match-criteria", "needs them" },
	{ ORDER("x", "", END("a", "r4", "", GOOD) ",{\"id\":\"b\",\"node-id\":\"r2\"}", BOTH), "sdp[id='a']/node-id",
	  "r4 is no device of the configuration" },
};

START_TEST(what_no_router_could_do_is_refused_when_it_is_ordered)
{
	struct slice_fault f = { 0 };
	bool ok;

	bed_up();
	device_at("r4")->missing = true;
	ok = bed_possible(orders[_i].doc, &f);
	ck_assert_msg(ok == !orders[_i].text, "%s: %s: %s", orders[_i].doc, f.field, f.text);
	if (!ok) {
		ck_assert_msg(strstr(f.field, orders[_i].field) != NULL, "%s", f.field);
		ck_assert_msg(strstr(f.text, orders[_i].text) != NULL, "%s", f.text);
	}
	bed_down();
}
END_TEST

START_TEST(a_circuit_is_one_slice_s)
{
	struct slice_fault f;

	bed_up();
	bed_order("x", LINE("x", "eth1", "2001:db8"));
	bed_build("x");
	ck_assert(bed_possible(LINE("x", "eth1", "2001:db8"), &f)); /* it may change */
	ck_assert(bed_possible(LINE("y", "eth2", "2001:db8"), &f)); /* the same prefixes, other circuits */
	ck_assert(!bed_possible(LINE("y", "eth1", "2001:db9"), &f));
	ck_assert_ptr_nonnull(strstr(f.text, "eth1 on r1 are slice x's"));
	bed_take_back("x");
	ck_assert(bed_possible(LINE("y", "eth1", "2001:db9"), &f));
	bed_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("realise-plan");
	TCase *tc = tcase_create("plan");

	tcase_add_test(tc, a_line_is_a_table_at_each_end_and_a_route_each_way);
	tcase_add_test(tc, what_is_behind_a_circuit_goes_by_its_next_hop);
	tcase_add_test(tc, a_prefix_behind_two_circuits_has_a_backup);
	tcase_add_test(tc, fine_criteria_are_classifiers);
	tcase_add_test(tc, five_tuples_are_classifiers_beside_what_is_bound);
	tcase_add_test(tc, spokes_of_one_router_are_apart);
	tcase_add_loop_test(tc, neighbours_meet_if_they_are_joined, 0, (int)ARRAY_LEN(neighbours));
	tcase_add_test(tc, roles_join_neighbours_too);
	tcase_add_test(tc, an_order_without_circuits_is_done_at_once);
	tcase_add_loop_test(tc, what_no_router_could_do_is_refused_when_it_is_ordered, 0, (int)ARRAY_LEN(orders));
	tcase_add_test(tc, a_circuit_is_one_slice_s);
	suite_add_tcase(s, tc);
	return check_main(s);
}
