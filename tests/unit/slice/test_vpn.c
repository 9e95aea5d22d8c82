/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of L3VPNs (RFC 9182): what is read of them, what is refused and where, and that they are slices. */
#include <stdio.h>

#include "bed.h"

static struct arena arena;

static void setup(void)
{
	arena_init(&arena, 4 << 20);
}

static void teardown(void)
{
	arena_fini(&arena);
}

#define V "ietf-vpn-common:"
#define V6(more) "\"ip-connection\":{\"ipv6\":{" more "}}"
#define ADDRESS "\"local-address\":\"2001:db8:1::1\",\"prefix-length\":64"
#define STATIC ",\"address-allocation-type\":\"ietf-l3vpn-ntw:static-address\""
#define CE ",\"primary-address\":\"1\",\"address\":[{\"address-id\":\"1\",\"customer-address\":\"2001:db8:1::2\"}]"
#define LAN(prefix, hop) "{\"lan\":\"" prefix "\",\"next-hop\":\"" hop "\"}"
#define ROUTES(lans)                                                                               \
	"\"routing-protocols\":{\"routing-protocol\":[{\"id\":\"1\",\"type\":\"" V "static-routing\"," \
	"\"static\":{\"cascaded-lan-prefixes\":{\"ipv6-lan-prefixes\":[" lans "]}}}]}"
#define ACCESS(id, more) "{\"id\":\"" id "\",\"interface-id\":\"ce1\"" more "}"
#define NODE(id, ne, more, accesses)                                                               \
	"{\"vpn-node-id\":\"" id "\",\"ne-id\":\"" ne "\"" more ",\"vpn-network-accesses\":{"       \
	"\"vpn-network-access\":[" accesses "]}}"
#define VPN(id, more, nodes) "{\"vpn-id\":\"" id "\"," more "\"vpn-nodes\":{\"vpn-node\":[" nodes "]}}"
#define UNDERLAY(id)                                                                               \
	"\"underlay-transport\":{\"instance-type\":\"" V "ietf-network-slice\",\"transport-instance-id\":\"" id \
	"\"},"
#define RATES ",\"service\":{\"ce-to-pe-bandwidth\":\"3000000\",\"pe-to-ce-bandwidth\":\"4000000\",\"mtu\":1400}"
#define ENTERS ",\"service\":{\"ce-to-pe-bandwidth\":\"3000000\"}"

/* ---- the document ---- */

START_TEST(all_of_an_order_is_read)
{
	const struct slice_ac *ac;
	struct slice_service s;

	read_ok(VPN("line", UNDERLAY("gold") "\"vpn-type\":\"" V "l3vpn\",",
		    NODE("east", "r1", "",
			 ACCESS("e", "," V6(ADDRESS STATIC CE) "," ROUTES(LAN("2001:db8:a::/48", "2001:db8:1::2") ","
									  LAN("2001:db8:b::/48", "2001:db8:1::2")) RATES))
		    "," NODE("west", "r8", "", ACCESS("w", "," V6(ADDRESS)))),
		&arena, &s);
	ck_assert(s.vpn && s.admin == SLICE_ADMIN_UP && !s.test_only);
	ck_assert_str_eq(s.id, "line");
	ck_assert_str_eq(s.real.parent, "gold");
	ck_assert(s.real.steering == SLICE_BY_AC && s.assure.period_ms == 1000);
	ck_assert_uint_eq(s.n_sdps, 2);
	ck_assert_str_eq(s.sdps[0].id, "east");
	ck_assert_str_eq(s.sdps[1].node, "r8");
	ck_assert(s.sdps[0].in.cir == 3000000 && s.sdps[0].out.cir == 4000000);
	ck_assert_uint_eq(s.n_groups, 1);
	ck_assert(s.groups[0].connectivity == SLICE_ANY_TO_ANY && s.groups[0].n_constructs == 0);
	ac = &s.sdps[0].acs[0];
	ck_assert_str_eq(ac->id, "e");
	ck_assert_str_eq(ac->node, "r1");
	ck_assert_str_eq(ac->port, "ce1");
	ck_assert(!ac->down && ac->mtu == 1400 && ac->in.cir == 3000000);
	ck_assert(ac->v6.len == 64 && ac->v6.addr.family == IP_V6);
	ck_assert(ac->next_hop.family == IP_V6 && ac->n_behind == 2 && ac->behind[1].len == 48);
	ck_assert(s.sdps[1].acs[0].next_hop.family == IP_NONE && s.sdps[1].acs[0].n_behind == 0);
}
END_TEST

START_TEST(hubs_and_spokes_have_the_role_of_their_profile)
{
	struct slice_service s;

	read_ok(VPN("star",
		    "\"vpn-service-topology\":\"" V "hub-spoke\",\"vpn-instance-profiles\":{\"vpn-instance-profile\":["
		    "{\"profile-id\":\"h\",\"role\":\"" V "hub-role\"},{\"profile-id\":\"s\",\"role\":\"" V "spoke-role\"}]},",
		    NODE("c", "a",
			 ",\"active-vpn-instance-profiles\":{\"vpn-instance-profile\":[{\"profile-id\":\"h\"}]}", "")
		    "," NODE("l", "b",
			     ",\"active-vpn-instance-profiles\":{\"vpn-instance-profile\":[{\"profile-id\":\"s\"}]}",
			     "")),
		&arena, &s);
	ck_assert(s.groups[0].connectivity == SLICE_HUB_SPOKE && !s.real.parent);
	ck_assert(s.sdps[0].criteria[0].role == SLICE_ROLE_HUB && s.sdps[1].criteria[0].role == SLICE_ROLE_SPOKE);
}
END_TEST

START_TEST(bandwidth_outside_of_a_slice_is_policed_and_not_promised)
{
	struct slice_service s;

	read_ok(VPN("plain", "", NODE("e", "a", "", ACCESS("1", RATES)) "," NODE("w", "b", "", "")), &arena, &s);
	ck_assert(s.sdps[0].in.cir == 0 && s.sdps[0].out.cir == 0);
	ck_assert(s.sdps[0].acs[0].in.cir == 3000000);
}
END_TEST

#define LEAVES "vpn-nodes/vpn-node[vpn-node-id='e']/vpn-network-accesses/vpn-network-access[id='1']/service/pe-to-ce-bandwidth"

/* It is what is reserved between pairs, in the slice below; nothing holds packets to it. */
START_TEST(what_leaves_is_bound_among_all_in_a_slice_and_else_refused)
{
	struct slice_service s;

	read_ok(VPN("x", UNDERLAY("gold"), NODE("e", "a", "", ACCESS("1", RATES)) "," NODE("w", "b", "", "")), &arena, &s);
	ck_assert(!s.unkept);
	read_ok(VPN("x", "", NODE("e", "a", "", ACCESS("1", ENTERS)) "," NODE("w", "b", "", "")), &arena, &s);
	ck_assert(!s.unkept);
	read_ok(VPN("x", "", NODE("e", "a", "", ACCESS("1", RATES)) "," NODE("w", "b", "", "")), &arena, &s);
	ck_assert(s.unkept && strstr(s.unkept->text, "underlay-transport"));
	ck_assert_str_eq(s.unkept->field, LEAVES);
	read_ok(VPN("x", UNDERLAY("gold") "\"vpn-service-topology\":\"hub-spoke\",",
		    NODE("e", "a", "", ACCESS("1", RATES)) "," NODE("w", "b", "", "")), &arena, &s);
	ck_assert(s.unkept && strstr(s.unkept->text, "any-to-any only"));
	ck_assert_str_eq(s.unkept->field, LEAVES);
}
END_TEST

START_TEST(of_several_accesses_those_that_are_up_count)
{
	struct slice_service s;

	read_ok(VPN("many", UNDERLAY("gold"),
		    NODE("e", "a", "",
			 ACCESS("1", RATES) "," ACCESS("2", RATES) ","
			 ACCESS("3", RATES ",\"status\":{\"admin-status\":{\"status\":\"" V "admin-down\"}}"))),
		&arena, &s);
	ck_assert_uint_eq(s.sdps[0].n_acs, 3);
	ck_assert(s.sdps[0].acs[2].down && s.sdps[0].in.cir == 6000000);
}
END_TEST

#define AT(rest) "vpn-nodes/vpn-node[vpn-node-id='e']" rest
#define AT_ACCESS AT("/vpn-network-accesses/vpn-network-access[id='1']")
#define ONE_ACCESS(more) VPN("x", "", NODE("e", "a", "", ACCESS("1", more)))

static const struct {
	const char *text, *field;
} bad[] = {
	{ "{\"vpn-id\":\"x\",\"vpn-type\":\"vpls\"}", "vpn-type" },
	{ "{\"vpn-id\":\"x\",\"vpn-service-topology\":\"custom\"}", "vpn-service-topology" },
	{ "{\"vpn-id\":\"\"}", "vpn-id" },
	{ VPN("x", "\"underlay-transport\":{\"instance-type\":\"virtual-network\",\"transport-instance-id\":\"n\"},", ""),
	  "underlay-transport/instance-type" },
	{ VPN("x", "\"underlay-transport\":{\"instance-type\":\"ietf-network-slice\"},", ""),
	  "underlay-transport/transport-instance-id" },
	{ "{\"vpn-id\":\"x\",\"vpn-nodes\":{\"vpn-node\":[{\"vpn-node-id\":\"e\"}]}}", AT("/ne-id") },
	{ VPN("x", "", NODE("e", "a", "", "") "," NODE("e", "b", "", "")), AT("/vpn-node-id") },
	{ VPN("x", "", NODE("e", "a", "", ACCESS("1", "") "," ACCESS("1", ""))), AT_ACCESS "/id" },
	{ VPN("x", "",
	      NODE("e", "a", ",\"active-vpn-instance-profiles\":{\"vpn-instance-profile\":[{\"profile-id\":\"h\"}]}", "")),
	  AT("/active-vpn-instance-profiles") },
	{ ONE_ACCESS(",\"vpn-network-access-type\":\"loopback\""), AT_ACCESS "/vpn-network-access-type" },
	{ ONE_ACCESS("," V6("\"local-address\":\"10.0.0.1\"")), AT_ACCESS "/ip-connection/ipv6/local-address" },
	{ ONE_ACCESS("," V6("\"prefix-length\":129")), AT_ACCESS "/ip-connection/ipv6/prefix-length" },
	{ ONE_ACCESS("," V6("\"address\":[{\"address-id\":\"1\",\"customer-address\":\"2001:db8::1\"},"
			    "{\"address-id\":\"2\",\"customer-address\":\"2001:db8::2\"}]")),
	  AT_ACCESS "/ip-connection/ipv6/primary-address" },
	{ ONE_ACCESS("," V6(ADDRESS CE) "," ROUTES(LAN("2001:db8:a::/48", "2001:db8:1::3"))),
	  AT_ACCESS "/routing-protocols/routing-protocol[id='1']/static/cascaded-lan-prefixes/ipv6-lan-prefixes/next-hop" },
	{ ONE_ACCESS("," V6(ADDRESS CE) "," ROUTES(LAN("2001:db8:a::/48", "ietf-l3vpn-ntw:discard"))),
	  AT_ACCESS "/routing-protocols/routing-protocol[id='1']/static/cascaded-lan-prefixes/ipv6-lan-prefixes/next-hop" },
	{ ONE_ACCESS("," V6(ADDRESS CE) "," ROUTES(LAN("10.0.0.0/8", "2001:db8:1::2"))),
	  AT_ACCESS "/routing-protocols/routing-protocol[id='1']/static/cascaded-lan-prefixes/ipv6-lan-prefixes/lan" },
	{ ONE_ACCESS(",\"routing-protocols\":{\"routing-protocol\":[{\"id\":\"1\",\"type\":\"bgp-routing\"}]}"),
	  AT_ACCESS "/routing-protocols/routing-protocol[id='1']/type" },
	{ VPN("x", "", NODE("e", "a", "", ACCESS("1", ",\"service\":{\"ce-to-pe-bandwidth\":\"18446744073709551615\"}") ","
			    ACCESS("2", ",\"service\":{\"ce-to-pe-bandwidth\":\"1\"}"))),
	  AT("/vpn-network-accesses/vpn-network-access[id='2']/service") },
};

START_TEST(what_is_wrong_is_refused_where_it_is)
{
	const char *text = bad[_i].text;
	struct slice_service s;
	struct slice_fault f = { 0 };

	ck_assert_int_lt(slice_service_read(text, strlen(text), &arena, &s, &f), 0);
	ck_assert_str_eq(f.field, bad[_i].field);
	ck_assert(f.text[0]);
}
END_TEST

/* ---- in the room ---- */

static const char *state(const char *id)
{
	struct slice_view v;

	return slice_get(bed.slice, id, &v) == 0 ? slice_state_text(v.state) : "none";
}

static const char *vpn(const char *id, const char *underlay)
{
	static char text[2048];
	const char *rates = underlay[0] ? RATES : ENTERS;

	snprintf(text, sizeof(text), VPN("%s", "%s", NODE("e", "a", "", ACCESS("1", "%s")) ","
					 NODE("w", "b", "", ACCESS("1", "%s"))), id, underlay, rates, rates);
	return text;
}

START_TEST(a_vpn_is_a_slice_in_its_slice)
{
	struct slice_flow_view flows[4];

	ck_assert_int_eq(put_doc(SLICE_SERVICE, "line", vpn("line", UNDERLAY("gold"))).code, SLICE_E_INVALID);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "gold", order("gold", G, "")).code, 0);
	/* gold is one way only: there is nothing in it for the way back */
	ck_assert_int_ne(put_doc(SLICE_SERVICE, "line", vpn("line", UNDERLAY("gold"))).code, 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "both", vpn("both", "")).code, 0);
	bed_settle();
	ck_assert_str_eq(state("both"), "active");
	ck_assert(slice_is_vpn(bed.slice, "both") && !slice_is_vpn(bed.slice, "gold") && !slice_is_vpn(bed.slice, "line"));
	ck_assert_uint_eq(slice_flows(bed.slice, "both", 0, flows, 4), 2);
	ck_assert_uint_eq(flows[0].bandwidth_bps + flows[1].bandwidth_bps, 0);
	ck_assert_uint_eq(reserved("a", "b"), G);
	/* one id, one order */
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "both", order("both", G, "")).code, SLICE_E_EXISTS);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "gold", vpn("gold", "")).code, SLICE_E_EXISTS);
	bed_crash();
	bed_settle();
	ck_assert(slice_is_vpn(bed.slice, "both"));
	ck_assert_str_eq(state("both"), "active");
	ck_assert_int_eq(drop(SLICE_SERVICE, "both").code, 0);
	ck_assert_int_eq(drop(SLICE_SERVICE, "gold").code, 0);
	bed_settle();
	nothing_left();
}
END_TEST

#define POOL                                                                                       \
	SERVICE("gold", CUSTOM(BOUND("one-way-bandwidth", "Mbps", "5")) ",", "{\"id\":\"p\",\"node-id\":\"a\"},"       \
		"{\"id\":\"q\",\"node-id\":\"b\"}", "{\"id\":\"g\",\"connectivity-construct\":["    \
		P2P("1", "p", "q", "") "," P2P("2", "q", "p", "") "]}")

START_TEST(what_accesses_may_send_is_taken_from_its_slice)
{
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "gold", POOL).code, 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "line", vpn("line", UNDERLAY("gold"))).code, 0);
	bed_settle();
	ck_assert_str_eq(state("line"), "active");
	ck_assert_uint_eq(reserved("a", "b"), 5000000);
	/* 3 of 5 Mbit/s are taken: no second line of 3 */
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "more", vpn("more", UNDERLAY("gold"))).code, SLICE_E_SHORT);
	ck_assert_int_eq(drop(SLICE_SERVICE, "gold").code, SLICE_E_USED);
	ck_assert_int_eq(drop(SLICE_SERVICE, "line").code, 0);
	bed_settle();
	ck_assert_int_eq(drop(SLICE_SERVICE, "gold").code, 0);
	bed_settle();
	nothing_left();
}
END_TEST

static void room(void)
{
	bed_up(bed_pair);
}

static Suite *suite(void)
{
	Suite *s = suite_create("slice-vpn");
	TCase *t = tcase_create("document"), *r = tcase_create("room");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_of_an_order_is_read);
	tcase_add_test(t, hubs_and_spokes_have_the_role_of_their_profile);
	tcase_add_test(t, bandwidth_outside_of_a_slice_is_policed_and_not_promised);
	tcase_add_test(t, what_leaves_is_bound_among_all_in_a_slice_and_else_refused);
	tcase_add_test(t, of_several_accesses_those_that_are_up_count);
	tcase_add_loop_test(t, what_is_wrong_is_refused_where_it_is, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(r, room, bed_down);
	tcase_add_test(r, a_vpn_is_a_slice_in_its_slice);
	tcase_add_test(r, what_accesses_may_send_is_taken_from_its_slice);
	suite_add_tcase(s, r);
	return s;
}

int main(void)
{
	return check_main(suite());
}
