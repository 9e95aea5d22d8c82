/* SPDX-License-Identifier: Apache-2.0 */
/* Slices and partitions at their standard paths: orders in, what has become of them out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_main.h"
#include "fake.h"
#include "fake_slice.h"

#define NSS "/restconf/data/ietf-network-slice-service:network-slice-services"
#define NETS "/restconf/data/ietf-network:networks"
#define NRPS NETS "/ietf-nrp:nrp-policies"
#define JSON "Content-Type: application/yang-data+json\r\n"
#define M "ietf-network-slice-service:"
#define GOLD                                                                                       \
	"{\"id\":\"gold\",\"slo-policy\":{\"metric-bound\":[{\"metric-type\":\"" M                  \
	"one-way-bandwidth\",\"metric-unit\":\"Mbps\",\"bound\":\"50\"}]}}"
#define SDPS "\"sdps\":{\"sdp\":[{\"id\":\"a\",\"node-id\":\"pe1\"},{\"id\":\"b\",\"node-id\":\"pe2\"}]}"
#define GROUPS                                                                                     \
	"\"connection-groups\":{\"connection-group\":[{\"id\":\"cg-1\",\"connectivity-construct\":["  \
	"{\"id\":\"1\",\"p2p-sender-sdp\":\"a\",\"p2p-receiver-sdp\":\"b\"}]}]}"
#define SLICE(id, rest) "{\"id\":\"" id "\"," SDPS "," GROUPS rest "}"
#define ONE(id, rest) "{\"" M "slice-service\":[" SLICE(id, rest) "]}"
#define TOP(inner) "{\"" M "network-slice-services\":{" inner "}}"
#define TEMPLATES(list) "\"slo-sle-templates\":{\"slo-sle-template\":[" list "]}"

static const char *doc_of(enum slice_kind kind, const char *id)
{
	size_t len;
	uint64_t revision;
	const char *doc = slice_doc(NULL, kind, id, &len, &revision);

	ck_assert_msg(doc != NULL, "no %s", id);
	return doc;
}

static void up(void)
{
	fake_slices_fini();
	fake_up(4);
}

static void down(void)
{
	fake_down();
	fake_slices_fini();
}

START_TEST(a_slice_is_ordered_read_changed_and_deleted)
{
	char etag[40];
	const struct answer *a;

	up();
	a = ask("PUT", NSS "/slice-service=s1", JSON, ONE("s1", ""));
	ck_status(a, 201);
	header_of(a, "etag", etag, sizeof(etag));
	ck_assert_str_eq(etag, "\"1\"");
	ck_has(doc_of(SLICE_SERVICE, "s1"), "\"p2p-receiver-sdp\":\"b\"");
	ck_assert(doc_of(SLICE_SERVICE, "s1")[0] == '{');
	ck_status(ask("PUT", NSS "/slice-service=s1/description", JSON,
		      "{\"" M "description\":\"line\"}"), 201);
	ck_has(doc_of(SLICE_SERVICE, "s1"), "\"description\":\"line\"");
	/* Deep inside, as customers change a bound. */
	a = ask("PATCH", NSS "/slice-service=s1/connection-groups/connection-group=cg-1/"
			 "connectivity-construct=1", JSON,
		"{\"" M "connectivity-construct\":[{\"id\":\"1\",\"service-slo-sle-policy\":{\"slo-policy\":{"
		"\"metric-bound\":[{\"metric-type\":\"" M "one-way-bandwidth\",\"metric-unit\":\"Mbps\","
		"\"bound\":\"80\"}]}}}]}");
	ck_status(a, 204);
	ck_has(doc_of(SLICE_SERVICE, "s1"), "\"bound\":\"80\"");
	ck_has(doc_of(SLICE_SERVICE, "s1"), "\"description\":\"line\"");
	ck_status(ask("PUT", NSS "/slice-service=s1", JSON "If-Match: \"1\"\r\n", ONE("s1", "")), 412);
	ck_status(ask("DELETE", NSS "/slice-service=s1", "", NULL), 204);
	ck_status(ask("DELETE", NSS "/slice-service=s1", "", NULL), 404);
	ck_status(get(NSS "/slice-service=s1"), 404);
	ck_assert_uint_eq(fake_slices.n, 0);
	down();
}
END_TEST

START_TEST(what_has_become_of_it_is_told)
{
	struct intent_view *second;
	const struct answer *a;

	up();
	ck_status(ask("POST", NSS, JSON, ONE("s1", "")), 201);
	ck_status(ask("POST", NSS, JSON, ONE("s1", "")), 409);
	fake_slices.state = SLICE_ROLLED_BACK;
	fake_slices.reason = "no answer of pe1";
	fake_slices.construct = "1";
	fake_slices.device = true;
	fake_policy("2001:db8::1", 100, "2001:db8::9")->state = INTENT_UP;
	second = fake_policy("2001:db8::1", 101, "2001:db8::9");
	second->state = INTENT_UP;
	second->desired.key.color = 100;
	second->desired.key.leg = 1;
	a = get(NSS "/slice-service=s1");
	ck_status(a, 200);
	body_ok(str_text(&a->body), "/ietf-network-slice-service:network-slice-services");
	ck_has(str_text(&a->body), "\"oper-status\":{\"status\":\"ietf-vpn-common:op-down\"");
	ck_has(str_text(&a->body), "\"life-cycle\":\"rolled-back\"");
	ck_has(str_text(&a->body), "\"state\":\"unknown\"");
	ck_has(str_text(&a->body), "\"cause\":\"no answer of pe1\"");
	ck_has(str_text(&a->body), "\"device\":[{\"part\":\"tables\",\"name\":\"r1\",\"state\":\"refused\",\"wanted\":3,"
				   "\"present\":1,\"reason\":\"there is no interface eth1\"}]");
	ck_lacks(str_text(&a->body), "\"step\":"); /* it takes none */
	ck_has(str_text(&a->body), "\"sextant-slice:realised\":{\"headend\":\"2001:db8::1\"");
	ck_has(str_text(&a->body), "\"reserved-bandwidth\":\"50000000\"");
	ck_has(str_text(&a->body), "\"standby\":{\"up\":true}");
	ck_has(str_text(&a->body), "\"oper-status\":{\"status\":\"ietf-vpn-common:op-up\"");
	a = get(NSS "/slice-service=s1?content=config");
	ck_lacks(str_text(&a->body), "oper-status");
	ck_lacks(str_text(&a->body), "compliance-state");
	ck_has(str_text(&a->body), "p2p-sender-sdp");
	a = get(NSS "/slice-service=s1?content=nonconfig");
	ck_has(str_text(&a->body), "compliance-state");
	ck_has(str_text(&a->body), "realised");
	ck_lacks(str_text(&a->body), "p2p-sender-sdp");
	a = get(NSS);
	ck_status(a, 200);
	body_ok(str_text(&a->body), NULL);
	ck_has(a->head, "etag: ");
	down();
}
END_TEST

START_TEST(several_are_written_at_once_or_none)
{
	const struct answer *a;

	up();
	a = ask("PATCH", NSS, JSON,
		TOP(TEMPLATES(GOLD ",{\"id\":\"platinum\",\"template-ref\":\"gold\"}")
		    ",\"slice-service\":[" SLICE("child",
		    ",\"slo-sle-template\":\"platinum\",\"sextant-slice:realisation\":{\"parent-slice\":\"pool\"}")
		    "," SLICE("pool", "") "]"));
	ck_status(a, 204);
	ck_assert_uint_eq(fake_slices.puts, 1);
	ck_assert_uint_eq(fake_slices.last_n, 4);
	ck_assert_uint_eq(fake_slices.n, 4);
	ck_has(doc_of(SLICE_TEMPLATE, "platinum"), "\"template-ref\":\"gold\"");
	/* Merged with what there is, and what is not named stays. */
	a = ask("PATCH", NSS, JSON, TOP("\"slice-service\":[{\"id\":\"pool\",\"description\":\"p\"}]"));
	ck_status(a, 204);
	ck_has(doc_of(SLICE_SERVICE, "pool"), "\"description\":\"p\"");
	ck_has(doc_of(SLICE_SERVICE, "pool"), "\"node-id\":\"pe2\"");
	ck_assert_uint_eq(fake_slices.last_n, 1);
	/* One refused: none. */
	fake_slices.refuse = "c2";
	a = ask("PATCH", NSS, JSON, TOP("\"slice-service\":[{\"id\":\"pool\",\"description\":\"q\"},"
		SLICE("c2", "") "]"));
	ck_status(a, 409);
	ck_has(doc_of(SLICE_SERVICE, "pool"), "\"description\":\"p\"");
	ck_assert_uint_eq(fake_slices.n, 4);
	down();
}
END_TEST

static const struct {
	const char *method, *path, *body;
	int status;
	const char *has;
} wrong[] = {
	{ "PATCH", NSS, TOP(TEMPLATES("{\"id\":\"x\",\"template-ref\":\"nobody\"}")), 400, "nobody" },
	{ "PUT", NSS "/slice-service=s", ONE("s", ",\"slo-sle-template\":\"nobody\""), 400, "nobody" },
	{ "PUT", NSS "/slice-service=s",
	  ONE("s", ",\"sextant-slice:realisation\":{\"parent-slice\":\"nobody\"}"), 400, "nobody" },
	{ "PUT", NSS "/slice-service=s", "{\"" M "slice-service\":[{\"id\":\"s\"}]}", 400, "sdp" },
	{ "PUT", NSS "/slice-service=s", ONE("t", ""), 400, "keys" },
	{ "PATCH", NSS "/slice-service=s", ONE("s", ""), 404, "" },
	{ "PUT", NSS "/slice-service=s", ONE("s", ",\"sextant-slice:realisation\":{\"color\":\"1\"}"), 400, "" },
	{ "PUT", NSS "/slice-service=s",
	  ONE("s", ",\"sextant-slice:compliance-state\":{\"state\":\"compliant\"}"), 400, "state" },
	{ "PATCH", NSS, TOP("\"slice-services\":[]"), 400, "slice-services" },
	{ "PATCH", NSS, TOP(""), 400, "nothing in it" },
	{ "PATCH", NSS, "{}", 400, "" },
	{ "PATCH", NSS, "{\"ietf-network:networks\":{}}", 400, "" },
	{ "PATCH", NSS, TOP("\"slice-service\":[{\"description\":\"no key\"}]"), 400, "key" },
	{ "PUT", NSS, TOP(""), 405, "PATCH" },
	{ "DELETE", NSS, NULL, 405, "" },
	{ "PUT", NETS, "{\"ietf-network:networks\":{}}", 405, "" },
	{ "PATCH", NETS, "{\"ietf-network:networks\":{\"network\":[{\"network-id\":\"n\"}]}}", 400, "" },
	{ "PATCH", NETS, "{\"ietf-network:networks\":{\"ietf-nrp:nrp-policies\":{\"nrp-policy\":[{"
	  "\"name\":\"n\",\"mode\":\"ietf-nrp:data-plane-partition\"}]}}}", 400, "nrp-id" },
	{ "PATCH", NETS, "{\"ietf-network:networks\":{\"ietf-nrp:nrp-policies\":{\"nrp-policy\":[{"
	  "\"name\":\"n\",\"nrp-id\":1,\"mode\":\"ietf-nrp:data-plane-partition\","
	  "\"phb-profile\":\"gone\"}]}}}", 400, "gone" },
	{ "PUT", NSS "/slice-service=s", ONE("s", ",\"test-only\":null"), 400, "" },
};

START_TEST(what_is_wrong_is_refused_and_nothing_is_written)
{
	const struct answer *a;

	up();
	a = ask(wrong[_i].method, wrong[_i].path, JSON, wrong[_i].body);
	ck_status(a, wrong[_i].status);
	ck_has(str_text(&a->body), wrong[_i].has);
	ck_assert_uint_eq(fake_slices.puts, 0);
	down();
}
END_TEST

/* What an order refers to needs not be in it. */
START_TEST(references_into_what_there_is_are_good)
{
	up();
	ck_status(ask("PATCH", NSS "/slo-sle-templates", JSON,
		      "{\"" M "slo-sle-templates\":{\"slo-sle-template\":[" GOLD "]}}"), 204);
	ck_status(ask("PUT", NSS "/slice-service=top", JSON, ONE("top", ",\"slo-sle-template\":\"gold\"")), 201);
	ck_status(ask("PUT", NSS "/slice-service=mid", JSON,
		      ONE("mid", ",\"sextant-slice:realisation\":{\"parent-slice\":\"top\"}")), 201);
	ck_status(ask("PUT", NSS "/slice-service=low", JSON,
		      ONE("low", ",\"sextant-slice:realisation\":{\"parent-slice\":\"mid\"}")), 201);
	ck_assert_uint_eq(fake_slices.last_n, 1);
	ck_lacks(doc_of(SLICE_SERVICE, "low"), "\"mid\",\"sdps\"");
	ck_status(ask("PUT", NSS "/slo-sle-templates/slo-sle-template=p", JSON,
		      "{\"" M "slo-sle-template\":[{\"id\":\"p\",\"template-ref\":\"gold\"}]}"), 201);
	down();
}
END_TEST

START_TEST(without_room_the_link_and_alternatives_are_named)
{
	const struct answer *a;
	const char *b;

	up();
	fake_slices.refuse = "s1";
	a = ask("PUT", NSS "/slice-service=s1", JSON, ONE("s1", ""));
	ck_status(a, 409);
	b = str_text(&a->body);
	ck_has(b, "\"error-tag\":\"resource-denied\",\"error-app-tag\":\"sextant:admission-bandwidth\"");
	ck_has(b, "\"error-path\":\"/ietf-network-slice-service:network-slice-services/slice-service["
		  "id='s1']/connection-groups/connection-group[id='cg-1']/connectivity-construct[id='1']\"");
	ck_has(b, "residual 41 Mb/s; alternatives: NRP 3 (+1.2 ms), 41 Mb/s\"");
	ck_has(b, "\"error-info\":{\"sextant-slice:shortage\":{\"limiting-link\":\"link \\\"a\\\"-b\","
		  "\"requested\":\"80000000\",\"residual\":\"41000000\",\"alternative\":[\"NRP 3 (+1.2 ms)\","
		  "\"41 Mb/s\"]}}}]}}");
	ck_assert_uint_eq(fake_slices.n, 0);
	/* The same in a dry run, and nothing of it on record. */
	a = ask("PUT", NSS "/slice-service=s1?sextant.dry-run=true", JSON, ONE("s1", ""));
	ck_status(a, 409);
	ck_has(str_text(&a->body), "sextant:admission-bandwidth");
	ck_assert_uint_eq(fake_slices.dry_runs, 1);
	a = ask("PUT", NSS "/slice-service=s2?sextant.dry-run=true", JSON, ONE("s2", ""));
	ck_status(a, 204);
	ck_has(a->head, "sextant-dry-run: true");
	ck_assert_uint_eq(fake_slices.puts, 1);
	ck_lacks(str_text(&get("/restconf/data/sextant-audit:audit")->body), "slice-service=s2");
	down();
}
END_TEST

START_TEST(a_test_only_order_is_answered_and_not_made)
{
	const struct answer *a;

	up();
	a = ask("PUT", NSS "/slice-service=s1", JSON, ONE("s1", ",\"test-only\":[null]"));
	ck_status(a, 200);
	ck_has(str_text(&a->body), "\"life-cycle\":\"feasible\"");
	body_ok(str_text(&a->body), "/ietf-network-slice-service:network-slice-services");
	ck_assert_uint_eq(fake_slices.n, 0);
	/* A description that has the words in it is not it. */
	a = ask("PUT", NSS "/slice-service=s2", JSON, ONE("s2", ",\"description\":\"\\\"test-only\\\":[null]\""));
	ck_status(a, 201);
	ck_assert_uint_eq(fake_slices.n, 1);
	down();
}
END_TEST

START_TEST(partitions_are_written_beside_the_networks)
{
	const struct answer *a;

	up();
	a = ask("PATCH", NETS, JSON,
		"{\"ietf-network:networks\":{\"ietf-nrp:nrp-policies\":{\"qos-profiles\":{"
		"\"phb-profile-identifier\":[{\"id\":\"EF\"}]},\"nrp-policy\":[{\"name\":\"gov\",\"nrp-id\":1,"
		"\"mode\":\"ietf-nrp:hybrid-plane-partition\",\"resource-reservation\":{"
		"\"maximum-bandwidth-percent\":30},\"selector-id\":{\"ipv6\":{\"srv6-sid\":["
		"\"fc00:1:11:1::/128\"]}},\"phb-profile\":\"EF\",\"topology\":{\"select\":{\"topology-group\":[{"
		"\"group-id\":\"core\",\"network-ref\":\"sextant:default\",\"link\":[{\"link-ref\":"
		"\"0000.0000.0000>0000.0000.0001@2001:db8:ff:1::1\"}]}]}}}]}}}");
	ck_status(a, 204);
	ck_assert_uint_eq(fake_slices.last_n, 2);
	ck_has(doc_of(SLICE_NRP, "gov"), "\"nrp-id\":1");
	ck_assert_str_eq(doc_of(SLICE_PHB, "EF"), "{\"id\":\"EF\"}");
	a = get(NRPS "/nrp-policy=gov");
	ck_status(a, 200);
	body_ok(str_text(&a->body), "/ietf-network:networks/ietf-nrp:nrp-policies");
	a = get(NETS);
	ck_has(str_text(&a->body), "\"ietf-nrp:nrp-policies\":{");
	ck_has(str_text(&a->body), "\"network\":[");
	body_ok(str_text(&a->body), NULL);
	ck_status(ask("PATCH", NRPS "/nrp-policy=gov", JSON,
		      "{\"ietf-nrp:nrp-policy\":[{\"name\":\"gov\",\"resource-reservation\":{"
		      "\"maximum-bandwidth\":\"6000000\"}}]}"), 204);
	ck_lacks(doc_of(SLICE_NRP, "gov"), "maximum-bandwidth-percent"); /* the other case went */
	ck_status(ask("PATCH", NRPS "/nrp-policy=gov", JSON,
		      "{\"ietf-nrp:nrp-policy\":[{\"name\":\"gov\",\"sextant-nrp:resize\":{"
		      "\"maximum-growth-percent\":50}}]}"), 204);
	ck_has(doc_of(SLICE_NRP, "gov"), "\"sextant-nrp:resize\":{\"maximum-growth-percent\":50}");
	ck_status(ask("PUT", NRPS "/nrp-policy=gov", JSON, /* and how far it may not say nothing */
		      "{\"ietf-nrp:nrp-policy\":[{\"name\":\"gov\",\"nrp-id\":1,\"mode\":\"ietf-nrp:hybrid-plane-partition\","
		      "\"resource-reservation\":{\"maximum-bandwidth\":\"6000000\"},\"sextant-nrp:resize\":{}}]}"), 400);
	ck_status(ask("DELETE", NRPS "/nrp-policy=gov", "", NULL), 204);
	ck_status(get(NRPS "/nrp-policy=gov"), 404);
	ck_status(ask("DELETE", NRPS "/qos-profiles/phb-profile-identifier=EF", "", NULL), 204);
	ck_lacks(str_text(&get(NETS)->body), "\"nrp-policy\"");
	down();
}
END_TEST

START_TEST(the_same_order_again_is_one_slice)
{
	const struct answer *a;

	up();
	for (int i = 0; i < 2; i++) {
		a = ask("PATCH", NSS, JSON "Idempotency-Key: k\r\n",
			TOP("\"slice-service\":[" SLICE("a", "") "," SLICE("b", "") "]"));
		ck_status(a, 204);
		ck_status(ask("POST", NSS, JSON "Idempotency-Key: l\r\n", ONE("c", "")), 201);
	}
	ck_assert_uint_eq(fake_slices.puts, 2);
	fake_crash();
	ck_status(ask("POST", NSS, JSON "Idempotency-Key: l\r\n", ONE("c", "")), 201);
	ck_assert_uint_eq(fake_slices.puts, 2);
	ck_assert_uint_eq(fake_slices.n, 3);
	down();
}
END_TEST

#define ASYNC JSON "Prefer: respond-async\r\n"
#define CANCEL "/restconf/operations/sextant-operations:cancel"

/* A write that was answered goes on: its operation shows the steps until the slice is there. */
START_TEST(an_operation_follows_its_slice)
{
	char where[200], body[120];
	const struct answer *a;

	up();
	fake_slices.state = SLICE_REALISING;
	a = ask("PUT", NSS "/slice-service=s1", ASYNC, ONE("s1", ""));
	ck_status(a, 202);
	header_of(a, "location", where, sizeof(where));
	fake_run(50 * NS_PER_MS);
	a = get(where);
	body_ok(str_text(&a->body), "/sextant-operations:operations");
	ck_has(str_text(&a->body), "\"state\":\"running\"");
	ck_has(str_text(&a->body), "{\"index\":4,\"name\":\"vpn\",\"state\":\"done\"}");
	ck_has(str_text(&a->body), "{\"index\":5,\"name\":\"policies\",\"state\":\"running\"}");
	ck_has(str_text(&a->body), "{\"index\":7,\"name\":\"classify\",\"state\":\"waiting\"}");
	ck_has(str_text(&a->body), "\"progress\":57,\"cancellable\":true");
	ck_lacks(str_text(&a->body), "\"ended\"");
	fake_slices.state = SLICE_ACTIVE;
	a = get(where);
	ck_has(str_text(&a->body), "\"state\":\"done\"");
	ck_has(str_text(&a->body), "\"status\":201");
	fake_slices.state = SLICE_ROLLED_BACK;
	fake_slices.reason = "no answer of pe1";
	a = get(where);
	ck_has(str_text(&a->body), "\"state\":\"failed\"");
	ck_has(str_text(&a->body), "\"text\":\"no answer of pe1\"");
	ck_has(str_text(&a->body), "\"state\":\"undone\"");
	/* What it made is taken back while it is being made, and only then. */
	snprintf(body, sizeof(body), "{\"sextant-operations:input\":{\"id\":\"%s\"}}", strrchr(where, '=') + 1);
	ck_status(ask("POST", CANCEL, JSON, body), 409);
	fake_slices.state = SLICE_REALISING;
	ck_status(ask("POST", CANCEL, JSON, body), 204);
	ck_assert_uint_eq(fake_slices.n, 0);
	ck_status(ask("POST", CANCEL, JSON, body), 409);
	/* What a later order has changed is no longer its business; what it changed it does not undo. */
	ck_status(ask("PUT", NSS "/slice-service=s1", JSON, ONE("s1", "")), 201);
	a = ask("PUT", NSS "/slice-service=s1", ASYNC, ONE("s1", ",\"description\":\"x\""));
	header_of(a, "location", where, sizeof(where));
	fake_run(50 * NS_PER_MS);
	snprintf(body, sizeof(body), "{\"sextant-operations:input\":{\"id\":\"%s\"}}", strrchr(where, '=') + 1);
	ck_has(str_text(&get(where)->body), "\"state\":\"running\"");
	ck_status(ask("POST", CANCEL, JSON, body), 409);
	ck_status(ask("PUT", NSS "/slice-service=s1", JSON, ONE("s1", "")), 204);
	ck_has(str_text(&get(where)->body), "\"state\":\"done\"");
	down();
}
END_TEST

#define L3NM "/restconf/data/ietf-l3vpn-ntw:l3vpn-ntw/vpn-services"
#define VPN(id, more)                                                                              \
	"{\"ietf-l3vpn-ntw:vpn-service\":[{\"vpn-id\":\"" id "\",\"vpn-nodes\":{\"vpn-node\":[{"            \
	"\"vpn-node-id\":\"e\",\"ne-id\":\"pe1\",\"vpn-network-accesses\":{\"vpn-network-access\":["        \
	"{\"id\":\"1\",\"interface-id\":\"ce1\"" more "}]}}]}}]}"

START_TEST(a_private_line_is_ordered_in_its_own_model)
{
	const struct answer *a;

	up();
	fake_slices.state = SLICE_ACTIVE;
	ck_status(ask("PUT", NSS "/slice-service=s1", JSON, ONE("s1", "")), 201);
	ck_status(ask("PUT", L3NM "/vpn-service=line", JSON, VPN("line", "")), 201);
	ck_has(doc_of(SLICE_SERVICE, "line"), "\"interface-id\":\"ce1\"");
	a = get(L3NM "/vpn-service=line");
	ck_status(a, 200);
	ck_has(str_text(&a->body), "\"status\":\"ietf-vpn-common:op-up\"");
	ck_has(str_text(&a->body), "\"sextant-vpn:compliance-state\":{\"state\":\"unknown\",\"life-cycle\":\"active\"");
	/* Each in its own place. */
	ck_status(get(NSS "/slice-service=line"), 404);
	ck_status(get(L3NM "/vpn-service=s1"), 404);
	a = get(NSS);
	ck_lacks(str_text(&a->body), "\"line\"");
	ck_has(str_text(&a->body), "\"s1\"");
	a = get(L3NM);
	ck_lacks(str_text(&a->body), "\"s1\"");
	ck_has(str_text(&a->body), "\"vpn-id\":\"line\"");
	/* An entry that says its key twice names nothing. */
	a = ask("PATCH", NSS, JSON, "{\"" M "network-slice-services\":{\"slice-service\":[{\"id\":\"s1\",\"id\":\"t\"}]}}");
	ck_status(a, 400);
	ck_has(str_text(&a->body), "twice");
	/* What is not served is not taken for served. */
	a = ask("PUT", L3NM "/vpn-service=b", JSON,
		VPN("b", ",\"routing-protocols\":{\"routing-protocol\":[{\"id\":\"1\",\"type\":"
			 "\"ietf-vpn-common:bgp-routing\"}]}"));
	ck_status(a, 400);
	ck_status(ask("PUT", L3NM "/vpn-service=b", JSON, VPN("b", ",\"connection\":{}")), 400);
	fake_slices.refuse = "b";
	a = ask("PUT", L3NM "/vpn-service=b", JSON, VPN("b", ""));
	ck_status(a, 409);
	ck_has(str_text(&a->body), "\"/ietf-l3vpn-ntw:l3vpn-ntw/vpn-services/vpn-service[vpn-id='b']\"");
	ck_status(ask("DELETE", L3NM "/vpn-service=line", "", NULL), 204);
	ck_status(get(L3NM "/vpn-service=line"), 404);
	down();
}
END_TEST

START_TEST(an_audit_says_what_is_left)
{
	const struct answer *a;
	const char *b;

	up();
	a = ask("POST", "/restconf/operations/sextant-slice:audit", JSON, NULL);
	ck_status(a, 200);
	ck_assert_str_eq(str_text(&a->body), "{\"sextant-slice:output\":{\"clean\":true,\"findings\":0}}");
	fake_slices.residue = 300;
	a = ask("POST", "/restconf/operations/sextant-slice:audit", JSON, NULL);
	b = str_text(&a->body);
	ck_has(b, "\"clean\":false");
	ck_has(b, "\"findings\":300");
	ck_has(b, "policy 255 is nobody's");
	ck_lacks(b, "policy 256 is nobody's");
	down();
}
END_TEST

static const struct answer *reach(const char *id)
{
	char body[128];

	snprintf(body, sizeof(body), "{\"sextant-slice:input\":{\"slice\":\"%s\"}}", id);
	return ask("POST", "/restconf/operations/sextant-slice:reachability", JSON, body);
}

START_TEST(it_says_who_is_reached)
{
	const struct answer *a;
	const char *b;

	up();
	ck_status(reach("s1"), 404);
	ck_status(ask("PUT", NSS "/slice-service=s1", JSON, ONE("s1", "")), 201);
	a = reach("s1");
	ck_status(a, 200);
	ck_assert_str_eq(str_text(&a->body), "{\"sextant-slice:output\":{\"state\":\"unsure\"}}");
	fake_slices.reached = 1;
	b = str_text(&reach("s1")->body);
	ck_has(b, "\"looked-at\":\"2025-11-24T");
	ck_has(b, "\"state\":\"proven\",\"source\":[{\"sdp\":\"a\",\"group\":\"g\",\"device\":\"r1\",\"table\":100007,"
		  "\"destination\":[{\"prefix\":\"2001:db8:2::/64\",\"sdp\":\"b\",\"state\":\"proven\"}]},{\"sdp\":\"b\"");
	ck_lacks(b, "leads-to");
	fake_slices.leaks = true;
	b = str_text(&reach("s1")->body);
	ck_has(b, "\"state\":\"leak\",\"source\"");
	ck_has(b, "{\"prefix\":\"2001:db8:2::/64\",\"state\":\"leak\",\"alarm\":true,\"leads-to\":{\"slice\":\"s2\",\"sdp\":\"c\","
		  "\"interface\":\"eth2\",\"device\":\"r2\",\"table\":100009,\"sid\":\"fd5e:64:2:d002::\"},"
		  "\"text\":\"it goes elsewhere\"}");
	ck_has(b, "\"reason\":\"r2 does not tell\"");
	ck_lacks(b, "truncated");
	fake_slices.reached = 20000;
	b = str_text(&reach("s1")->body);
	ck_has(b, "\"truncated\":true");
	ck_has(b, "\"state\":\"leak\",\"source\""); /* what is not listed counts */
	down();
}
END_TEST

/* ---- the payloads at hand ---- */

static const struct {
	const char *file, *path;
	int status;
	size_t n; /* entries in one write */
} payloads[] = {
	{ "1-templates.json", NSS, 204, 2 },
	{ "2-slice.json", NSS, 204, 1 },
	{ "3-test-only.json", NSS, 200, 1 },
	{ "4-child.json", NSS, 204, 3 },
	{ "5-state.json", NSS, 400, 0 }, /* tells what is, not what is wanted */
	{ "6-nrp.json", NETS, 400, 0 },	 /* has networks in it, which routers tell */
	{ "8-patch.json", NSS, 204, 1 },
};

START_TEST(published_payloads_are_served)
{
	const char *dir = getenv("SEXTANT_SHARED");
	char path[600], text[20000];
	const struct answer *a;

	snprintf(path, sizeof(path), "%s/data/slice-examples", dir ? dir : "");
	if (!dir || access(path, R_OK) != 0) {
		fprintf(stderr, "notice: not asked, SEXTANT_SHARED has no data/slice-examples\n");
		return;
	}
	up();
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		FILE *f;
		size_t n;

		snprintf(path, sizeof(path), "%s/data/slice-examples/%s", dir, payloads[i].file);
		f = fopen(path, "r");
		ck_assert_msg(f != NULL, "%s", path);
		n = fread(text, 1, sizeof(text) - 1, f);
		text[n] = '\0';
		fclose(f);
		fake_slices.last_n = 0;
		a = ask("PATCH", payloads[i].path, JSON, text);
		ck_assert_msg(a->status == payloads[i].status, "%s: %d: %s", payloads[i].file, a->status,
			      str_text(&a->body));
		ck_assert_uint_eq(fake_slices.last_n, payloads[i].n);
	}
	ck_has(doc_of(SLICE_SERVICE, "gov-video-01"), "\"bound\":\"80\"");
	ck_has(doc_of(SLICE_SERVICE, "gov-video-01"), "\"cir\":\"60000000\"");
	ck_has(doc_of(SLICE_TEMPLATE, "gov-video-gold"), "\"availability\"");
	a = get(NSS);
	ck_status(a, 200);
	body_ok(str_text(&a->body), NULL);
	down();
}
END_TEST

Suite *suite_slice(void)
{
	Suite *s = suite_create("restconf-slice");
	TCase *t = tcase_create("slice");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_slice_is_ordered_read_changed_and_deleted);
	tcase_add_test(t, what_has_become_of_it_is_told);
	tcase_add_test(t, several_are_written_at_once_or_none);
	tcase_add_loop_test(t, what_is_wrong_is_refused_and_nothing_is_written, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(t, references_into_what_there_is_are_good);
	tcase_add_test(t, without_room_the_link_and_alternatives_are_named);
	tcase_add_test(t, a_test_only_order_is_answered_and_not_made);
	tcase_add_test(t, partitions_are_written_beside_the_networks);
	tcase_add_test(t, the_same_order_again_is_one_slice);
	tcase_add_test(t, an_operation_follows_its_slice);
	tcase_add_test(t, a_private_line_is_ordered_in_its_own_model);
	tcase_add_test(t, an_audit_says_what_is_left);
	tcase_add_test(t, it_says_who_is_reached);
	tcase_add_test(t, published_payloads_are_served);
	suite_add_tcase(s, t);
	return s;
}
