/* SPDX-License-Identifier: Apache-2.0 */
/* POST, PUT, PATCH, DELETE, operations: what they make, refuse, and leave in the audit log. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "fake.h"

#define P "/restconf/data/sextant-policy:policies"
#define KEY "2001:db8::1,100,2001:db8::9"
#define ONE P "/policy=" KEY
#define JSON "Content-Type: application/yang-data+json\r\n"
#define KEYS "\"headend\":\"2001:db8::1\",\"color\":100,\"endpoint\":\"2001:db8::9\""
#define DYN "\"candidate-path\":[{\"preference\":100,\"dynamic\":{\"metric\":\"delay\"}}]"
#define BODY(rest) "{\"sextant-policy:policy\":[{" KEYS "," rest "}]}"

static const struct intent_view *the_one(void)
{
	ck_assert_uint_eq(fake.n_views, 1);
	return &fake.views[0];
}

START_TEST(post_creates_once)
{
	const struct answer *a;
	char buf[300], etag[40];

	fake_up(4);
	a = ask("POST", P, JSON, BODY("\"name\":\"gold\",\"bandwidth\":\"10000000\"," DYN));
	ck_status(a, 201);
	header_of(a, "location", buf, sizeof(buf));
	ck_assert_str_eq(buf, P "/policy=2001%3Adb8%3A%3A1,100,2001%3Adb8%3A%3A9");
	header_of(a, "etag", etag, sizeof(etag));
	ck_assert_int_eq(fake.last_how, INTENT_CREATE);
	ck_assert_uint_eq(the_one()->desired.bandwidth_bps, 10000000);
	ck_assert_str_eq(the_one()->desired.name, "gold");
	ck_assert_int_eq(the_one()->desired.cpaths[0].minimise, PCE_DELAY);
	ck_assert_uint_eq(the_one()->desired.cpaths[0].delay_us_max, PCE_NO_BOUND);
	ck_assert_uint_eq(the_one()->desired.setup_prio, 7);
	ck_status(get(buf), 200);
	ck_assert_str_eq(header_of(get(buf), "etag", buf, sizeof(buf)), etag);
	a = ask("POST", P, JSON, BODY(DYN));
	ck_status(a, 409);
	ck_has(str_text(&a->body), "resource-denied");
	ck_assert_uint_eq(fake.puts, 1);
	fake_down();
}
END_TEST

START_TEST(put_creates_then_replaces)
{
	fake_up(4);
	ck_status(ask("PUT", ONE, JSON, BODY("\"msd\":5," DYN)), 201);
	ck_status(ask("PUT", ONE, JSON, BODY(DYN)), 204);
	ck_assert_uint_eq(the_one()->desired.msd, 0);
	ck_assert_int_eq(fake.last_how, INTENT_REPLACE);
	ck_assert_uint_eq(fake.last_if_revision, 0);
	ck_status(ask("PUT", ONE, JSON "If-None-Match: *\r\n", BODY(DYN)), 412);
	ck_status(ask("PUT", P "/policy=2001:db8::1,101,2001:db8::9", JSON, BODY(DYN)), 400);
	ck_assert_uint_eq(fake.puts, 2);
	fake_down();
}
END_TEST

START_TEST(patch_merges_and_does_not_create)
{
	const struct answer *a;

	fake_up(4);
	ck_status(ask("PATCH", ONE, JSON, BODY("\"bandwidth\":\"5\"")), 404);
	ck_status(ask("PUT", ONE, JSON, BODY("\"name\":\"n\"," DYN)), 201);
	ck_status(ask("PATCH", ONE, JSON, BODY("\"bandwidth\":\"5\"")), 204);
	ck_assert_uint_eq(the_one()->desired.bandwidth_bps, 5);
	ck_assert_str_eq(the_one()->desired.name, "n");
	ck_assert_uint_eq(the_one()->desired.n_cpaths, 1);
	ck_assert_int_eq(fake.last_how, INTENT_UPDATE);
	ck_assert_uint_ne(fake.last_if_revision, 0); /* what was read is what is changed */
	/* One case of a choice takes the other's place. */
	a = ask("PATCH", ONE, JSON, BODY("\"candidate-path\":[{\"preference\":100,\"explicit\":{\"segment\":"
		"[{\"index\":1,\"sid\":\"fcbb:bb00:1::\"}]}}]"));
	ck_status(a, 204);
	ck_assert_int_eq(the_one()->desired.cpaths[0].kind, INTENT_EXPLICIT);
	ck_assert_uint_eq(the_one()->desired.cpaths[0].list.n, 1);
	fake_down();
}
END_TEST

START_TEST(parts_of_a_policy_are_resources_too)
{
	fake_up(4);
	ck_status(ask("PUT", ONE "/bandwidth", JSON, "{\"sextant-policy:bandwidth\":\"7\"}"), 404);
	ck_status(ask("PUT", ONE, JSON, BODY("\"msd\":5," DYN)), 201);
	ck_status(ask("PUT", ONE "/bandwidth", JSON, "{\"sextant-policy:bandwidth\":\"7\"}"), 204);
	ck_assert_uint_eq(the_one()->desired.bandwidth_bps, 7);
	ck_status(ask("PUT", ONE "/candidate-path=50", JSON,
		      "{\"sextant-policy:candidate-path\":[{\"preference\":50,\"dynamic\":{}}]}"), 201);
	ck_assert_uint_eq(the_one()->desired.n_cpaths, 2);
	ck_status(ask("POST", ONE, JSON,
		      "{\"sextant-policy:candidate-path\":[{\"preference\":50,\"dynamic\":{}}]}"), 409);
	ck_status(ask("POST", ONE, JSON,
		      "{\"sextant-policy:candidate-path\":[{\"preference\":51,\"dynamic\":{}}]}"), 201);
	ck_assert_uint_eq(the_one()->desired.n_cpaths, 3);
	ck_status(ask("PUT", ONE "/candidate-path=50/dynamic/bounds/delay", JSON,
		      "{\"sextant-policy:delay\":20000}"), 201);
	ck_assert_uint_eq(the_one()->desired.cpaths[1].delay_us_max, 20000);
	ck_status(ask("PATCH", ONE "/candidate-path=50/dynamic", JSON,
		      "{\"sextant-policy:dynamic\":{\"bounds\":{\"hops\":3}}}"), 204);
	ck_assert_uint_eq(the_one()->desired.cpaths[1].delay_us_max, 20000);
	ck_assert_uint_eq(the_one()->desired.cpaths[1].hops_max, 3);
	ck_status(ask("DELETE", ONE "/candidate-path=50", "", NULL), 204);
	ck_status(ask("DELETE", ONE "/candidate-path=50", "", NULL), 404);
	ck_status(ask("DELETE", ONE "/msd", "", NULL), 204);
	ck_assert_uint_eq(the_one()->desired.msd, 0);
	ck_status(ask("DELETE", ONE "/msd", "", NULL), 404);
	ck_status(ask("PUT", ONE "/protect-bandwidth", JSON, "{\"sextant-policy:protect-bandwidth\":"
		      "\"srlg-node\"}"), 204); /* its default was there */
	ck_assert_uint_eq(the_one()->desired.protect, INTENT_PROTECT_SRLG_NODE);
	ck_status(ask("DELETE", ONE "/protect-bandwidth", "", NULL), 204);
	ck_assert_uint_eq(the_one()->desired.protect, INTENT_PROTECT_NONE);
	ck_status(ask("DELETE", ONE "/color", "", NULL), 400);
	ck_status(ask("PUT", ONE "/candidate-path=9/dynamic/strict", JSON,
		      "{\"sextant-policy:strict\":true}"), 404);
	ck_status(ask("PUT", ONE "/state/status", JSON, "{\"sextant-policy:status\":\"up\"}"), 405);
	fake_down();
}
END_TEST

START_TEST(delete_takes_away_once)
{
	fake_up(4);
	ck_status(ask("PUT", ONE, JSON, BODY(DYN)), 201);
	ck_status(ask("DELETE", ONE, "", NULL), 204);
	ck_assert_uint_eq(fake.n_views, 0);
	ck_status(ask("DELETE", ONE, "", NULL), 404);
	ck_assert_uint_eq(fake.deletes, 1);
	fake_down();
}
END_TEST

START_TEST(preconditions_hold_or_nothing_changes)
{
	char etag[40], h[200];

	fake_up(4);
	ck_status(ask("PUT", ONE, JSON "If-Match: *\r\n", BODY(DYN)), 412);
	ck_status(ask("PUT", ONE, JSON "If-None-Match: *\r\n", BODY(DYN)), 201);
	header_of(get(ONE), "etag", etag, sizeof(etag));
	ck_status(ask("PATCH", ONE, JSON "If-Match: \"1\"\r\n", BODY("\"bandwidth\":\"5\"")), 412);
	ck_status(ask("DELETE", ONE, "If-Match: \"1\"\r\n", NULL), 412);
	ck_assert_uint_eq(fake.puts, 1);
	snprintf(h, sizeof(h), JSON "If-Match: %s\r\n", etag);
	ck_status(ask("PATCH", ONE, h, BODY("\"bandwidth\":\"5\"")), 204);
	ck_status(ask("PATCH", ONE, h, BODY("\"bandwidth\":\"6\"")), 412); /* the tag moved on */
	ck_assert_uint_eq(the_one()->desired.bandwidth_bps, 5);
	fake_down();
}
END_TEST

static const struct {
	const char *method, *path, *headers, *body;
	int status;
	const char *has;
} refusals[] = {
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1,\"dynamic\":{\"algorithm\":127}}]"), 400,
	  "algorithm" },
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1,\"dynamic\":{\"objective\":\"mbc\"}}]"), 400,
	  "objective" },
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1,\"dynamic\":{\"protection\":\"some\"}}]"), 400,
	  "protection" },
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1,\"dynamic\":{\"payload\":70000}}]"), 400,
	  "payload" },
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1,\"dynamic\":{\"bounds\":{\"loss\":1000001}}}]"), 400,
	  "loss" },
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1,\"dynamic\":{\"mix\":{\"igp\":65536}}}]"), 400,
	  "igp" },
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1,\"dynamic\":{\"include\":[{\"index\":17,\"ref\":\"r1\"}]}}]"), 400,
	  "index" },
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1,\"dynamic\":{\"include\":[{\"index\":1}]}}]"), 400,
	  "ref" },
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1,\"dynamic\":{\"exclude-asn\":[0]}}]"), 400,
	  "exclude-asn" },
	{ "POST", P, JSON, NULL, 400, "malformed-message" },
	{ "POST", P, JSON, "", 400, "malformed-message" },
	{ "POST", P, JSON, "{", 400, "malformed-message" },
	{ "POST", P, JSON, "{}", 400, "no resource" },
	{ "POST", P, JSON, BODY(DYN) "x", 400, "not one whole JSON object" },
	{ "POST", P, JSON, BODY(DYN) "{}", 400, "not one whole JSON object" },
	{ "POST", P, JSON, "{\"a\":\"}", 400, "not one whole JSON object" },
	{ "POST", P, JSON, "[]", 400, "malformed-message" },
	{ "POST", P, "Content-Type: text/plain\r\n", BODY(DYN), 415, "Content-Type" },
	{ "PATCH", ONE, "Content-Type: application/yang-patch+json\r\n", BODY(DYN), 415, "Content-Type" },
	{ "POST", P, "", BODY(DYN), 415, "Content-Type" },
	{ "POST", P, JSON, "{\"ietf-network:networks\":{}}", 400, "not found as a child" },
	{ "POST", P, JSON, BODY("\"frob\":1"), 400, "unknown-element" },
	{ "POST", P, JSON, BODY("\"bandwidth\":\"-1\""), 400,
	  "\"error-path\":\"/sextant-policy:policies/policy[headend='2001:db8::1'][color='100']"
	  "[endpoint='2001:db8::9']/bandwidth\"" },
	{ "POST", P, JSON, BODY("\"bandwidth\":10"), 400, "JSON strings" },
	{ "POST", P, JSON, BODY("\"setup-priority\":9"), 400, "setup-priority" },
	{ "POST", P, JSON, BODY("\"protect-bandwidth\":\"all\""), 400, "protect-bandwidth" },
	{ "POST", P, JSON, BODY("\"state\":{\"status\":\"up\"}"), 400, "state" },
	{ "POST", P, JSON, "{\"sextant-policy:policy\":[{\"color\":1,\"endpoint\":\"::1\"}]}", 400,
	  "missing-element" },
	{ "POST", P, JSON, "{\"sextant-policy:policy\":[{\"headend\":\"x\",\"color\":1,\"endpoint\":\"::1\"}]}",
	  400, "headend" },
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1}]"), 400, "missing-element" },
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1,\"dynamic\":{},\"explicit\":"
				"{\"segment\":[{\"index\":1,\"sid\":\"::2\"}]}}]"), 400, "bad-element" },
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1,\"explicit\":{\"segment\":[]}}]"), 400,
	  "segment" },
	{ "POST", P, JSON, BODY("\"candidate-path\":[{\"preference\":1,\"explicit\":{\"segment\":"
				"[{\"index\":1,\"label\":16}]}}]"), 400, "an srv6 policy takes sid" },
	{ "POST", P, JSON, BODY("\"name\":\" padded\""), 400, "name" },
	{ "POST", P, JSON, BODY("\"bandwidth\":\"9000000000000\""), 400, "more than any link" },
	{ "POST", P, JSON, "{\"sextant-policy:policy\":[{" KEYS "},{\"headend\":\"::2\",\"color\":1,"
			   "\"endpoint\":\"::3\"}]}", 400, "more than one" },
	{ "POST", P "?sextant.dry-run=maybe", JSON, BODY(DYN), 400, "takes true or false" },
	{ "POST", P "?depth=2", JSON, BODY(DYN), 400, "not for this method" },
	{ "PUT", P, JSON, BODY(DYN), 405, "allowed: GET, HEAD, OPTIONS, POST" },
	{ "DELETE", P, "", NULL, 405, "operation-not-supported" },
	{ "PUT", "/restconf/data", JSON, "{}", 405, "operation-not-supported" },
	{ "DELETE", "/restconf/data/ietf-network:networks/network=sextant%3Adefault", "", NULL, 405,
	  "allowed: GET, HEAD, OPTIONS" },
	{ "POST", "/restconf/data/sextant-audit:audit", JSON, "{\"sextant-audit:entry\":[]}", 405, "" },
	{ "PUT", P "/policy", JSON, BODY(DYN), 405, "by its keys" },
	{ "TRACE", P, "", NULL, 405, "" },
	{ "POST", "/restconf", JSON, "{}", 405, "" },
	{ "POST", "/healthz", "", NULL, 405, "" },
};

START_TEST(what_is_wrong_is_refused_and_changes_nothing)
{
	const struct answer *a;

	fake_up(4);
	a = ask(refusals[_i].method, refusals[_i].path, refusals[_i].headers, refusals[_i].body);
	ck_assert_msg(a->status == refusals[_i].status, "%d: %s %s: %d %s", _i, refusals[_i].method,
		      refusals[_i].body ? refusals[_i].body : "", a->status, str_text(&a->body));
	ck_has(str_text(&a->body), "ietf-restconf:errors");
	ck_has(str_text(&a->body), refusals[_i].has);
	if (a->status == 405)
		ck_has(a->head, "allow: ");
	ck_assert_uint_eq(fake.puts + fake.deletes, 0);
	ck_assert_uint_eq(fake.n_views, 0);
	fake_down();
}
END_TEST

START_TEST(deep_nesting_is_refused_before_the_parser)
{
	struct str b = { 0 };

	fake_up(4);
	str_add(&b, "{\"sextant-policy:policy\":");
	for (int i = 0; i < 200000; i++)
		str_add(&b, "[");
	ck_status(ask("POST", P, JSON, b.s), 400);
	ck_has(str_text(&ask("POST", P, JSON, b.s)->body), "nested deeper");
	ck_status(ask("POST", "/restconf/operations/sextant-path:compute", JSON, b.s), 400);
	str_fini(&b);
	fake_down();
}
END_TEST

START_TEST(a_dry_run_checks_and_writes_nothing)
{
	fake_up(4);
	ck_status(ask("POST", P "?sextant.dry-run=true", JSON, BODY(DYN)), 204);
	ck_status(ask("POST", P "?sextant.dry-run=true", JSON, BODY("\"bandwidth\":\"9000000000000\"")),
		  400);
	ck_status(ask("PUT", ONE "?sextant.dry-run=true", JSON, BODY(DYN)), 204);
	ck_status(ask("DELETE", ONE "?sextant.dry-run=true", "", NULL), 404);
	ck_assert_uint_eq(fake.puts + fake.deletes, 0);
	ck_assert_str_eq(str_text(&get("/restconf/data/sextant-audit:audit")->body),
			 "{\"sextant-audit:audit\":{}}");
	fake_down();
}
END_TEST

START_TEST(every_write_is_audited_and_outlives_a_restart)
{
	const struct bus_event *e;
	char b[8000];
	bool gap;

	fake_up(4);
	ck_status(ask("PUT", ONE, JSON, BODY(DYN)), 201);
	ck_status(ask("PATCH", ONE, JSON, BODY("\"bandwidth\":\"5\"")), 204);
	fake.refuse_store = true;
	ck_status(ask("PATCH", ONE, JSON, BODY("\"bandwidth\":\"6\"")), 507);
	fake.refuse_store = false;
	ck_status(ask("POST", "/restconf/operations/sextant-policy:hold", JSON,
		      "{\"sextant-policy:input\":{\"set\":true}}"), 204);
	str_copy(b, sizeof(b), str_text(&get("/restconf/data/sextant-audit:audit")->body));
	body_ok(b, NULL);
	ck_has(b, "\"id\":\"4\"");
	ck_lacks(b, "\"id\":\"5\"");
	ck_has(b, "\"user\":\"local\"");
	ck_has(b, "\"from\":\"::1\"");
	ck_has(b, "\"method\":\"PATCH\"");
	ck_has(b, "policy=2001:db8::1,100,2001:db8::9");
	ck_has(b, "\"outcome\":\"refused\",\"status\":507");
	ck_has(b, "\\\"bandwidth\\\":\\\"5\\\"");
	ck_has(b, "\"before\":");
	ck_lacks(b, "pending");
	e = bus_next(fake.bus, 0, &gap);
	ck_assert_str_eq(e->type, "audit");
	ck_has(e->body, "\"method\":\"PUT\"");
	fake_restart_rc();
	ck_assert_str_eq(str_text(&get("/restconf/data/sextant-audit:audit")->body), b);
	ck_status(ask("DELETE", ONE, "", NULL), 204);
	ck_has(str_text(&get("/restconf/data/sextant-audit:audit/entry=5")->body), "DELETE");
	fake_down();
}
END_TEST

START_TEST(a_write_without_the_right_is_on_record)
{
	const char *b;

	fake_up(4);
	fake.role = HTTP_ROLE_READ;
	ck_status(ask("PUT", ONE, JSON, BODY(DYN)), 403);
	ck_status(ask("POST", "/restconf/operations/sextant-policy:hold", JSON,
		      "{\"sextant-policy:input\":{\"set\":true}}"), 403);
	ck_assert_uint_eq(fake.puts + fake.holds, 0);
	b = str_text(&get("/restconf/data/sextant-audit:audit")->body);
	body_ok(b, NULL);
	ck_has(b, "\"user\":\"local\",\"role\":\"read\",\"from\":\"::1\",\"method\":\"PUT\"");
	ck_has(b, "sextant-policy:hold");
	ck_has(b, "\"outcome\":\"refused\",\"status\":403");
	ck_lacks(b, "\"id\":\"3\"");
	/* without a log to write to the answer is the same */
	store_disk_fail(fake.disk, true);
	ck_status(ask("PUT", ONE, JSON, BODY(DYN)), 403);
	store_disk_fail(fake.disk, false);
	fake.role = HTTP_ROLE_NONE;
	ck_status(get("/restconf/data/sextant-audit:audit"), 403);
	fake.role = HTTP_ROLE_ADMIN;
	ck_lacks(str_text(&get("/restconf/data/sextant-audit:audit")->body), "\"role\":\"none\"");
	fake_down();
}
END_TEST

static unsigned entries(const char *b)
{
	unsigned n = 0;

	for (; (b = strstr(b, "\"id\":\"")); b++)
		n++;
	return n;
}

START_TEST(attempts_do_not_push_out_what_was_done)
{
	char last[32];
	const char *b;

	fake_up(4);
	ck_status(ask("PUT", ONE, JSON, BODY(DYN)), 201);
	fake.role = HTTP_ROLE_READ;
	for (unsigned i = 0; i < RC_AUDIT_DENIED_MAX + 5; i++)
		ck_status(ask("DELETE", ONE, "", NULL), 403);
	(void)snprintf(last, sizeof(last), "\"id\":\"%u\"", RC_AUDIT_DENIED_MAX + 6);
	for (unsigned i = 0; i < 2; i++) { /* in memory, and what the disk says */
		b = str_text(&get("/restconf/data/sextant-audit:audit")->body);
		ck_assert_uint_eq(entries(b), RC_AUDIT_DENIED_MAX + 1);
		ck_has(b, "\"id\":\"1\"");
		ck_lacks(b, "\"id\":\"6\"");
		ck_has(b, "\"id\":\"7\"");
		ck_has(b, last);
		fake_restart_rc();
	}
	fake_down();
}
END_TEST

START_TEST(without_an_audit_record_there_is_no_change)
{
	fake_up(4);
	store_disk_fail(fake.disk, true);
	ck_status(ask("PUT", ONE, JSON, BODY(DYN)), 507);
	ck_status(ask("POST", "/restconf/operations/sextant-policy:hold", JSON,
		      "{\"sextant-policy:input\":{\"set\":true}}"), 507);
	ck_assert_uint_eq(fake.puts + fake.holds, 0);
	store_disk_fail(fake.disk, false);
	ck_status(ask("PUT", ONE, JSON, BODY(DYN)), 201);
	fake_down();
}
END_TEST

static const struct {
	const char *name, *body;
	int status;
	const char *has;
} ops[] = {
	{ "sextant-policy:adopt", "{\"sextant-policy:input\":{" KEYS "}}", 204, "" },
	{ "sextant-policy:release", " { \"sextant-policy:input\" : {" KEYS "}}", 204, "" },
	{ "sextant-policy:reoptimise", "{\"sextant-policy:input\":{" KEYS "}}", 204, "" },
	{ "sextant-policy:adopt", "{\"sextant-policy:input\":{\"headend\":\"::5\",\"color\":1,"
				  "\"endpoint\":\"::6\"}}", 404, "no such policy" },
	{ "sextant-policy:reoptimise", "{\"sextant-policy:input\":{\"headend\":\"::5\",\"color\":1,"
				       "\"endpoint\":\"::6\"}}", 404, "no such policy" },
	{ "sextant-policy:adopt", "{\"sextant-policy:input\":{\"color\":1}}", 400, "missing-element" },
	{ "sextant-policy:adopt", "", 400, "missing-element" },
	{ "sextant-policy:adopt", "{}", 400, "missing-element" },
	{ "sextant-policy:hold", "{\"sextant-policy:input\":{\"set\":\"yes\"}}", 400, "/sextant-policy:hold" },
	{ "sextant-policy:hold", "{\"other:input\":{\"set\":true}}", 400, "malformed-message" },
	/* After a whole operation: libyang would forget it, leaking, on each of these. */
	{ "sextant-policy:hold", "{\"sextant-policy:input\":{\"set\":true},\"x\":1}", 400, "malformed" },
	{ "sextant-policy:hold", "{\"sextant-policy:input\":{\"set\":true},}", 400, "malformed" },
	{ "sextant-policy:hold", "{\"sextant-policy:input\":{\"set\":true} 5}", 400, "malformed" },
	{ "sextant-policy:hold", "{\"sextant-policy:input\":{\"set\":true}]", 400, "malformed" },
	{ "sextant-policy:hold", "{\"sextant-policy:input\":{\"set\":true}", 400, "malformed" },
	{ "sextant-policy:hold", "{\"sextant-policy:input\":{\"set\":true}} x", 400, "malformed" },
	{ "sextant-policy:hold", "{\"sextant-policy:input\":{\"set\":true]}", 400, "" },
	{ "sextant-policy:hold", "{\"sextant-policy:input\":true}", 400, "malformed" },
	{ "sextant-policy:hold", "\n{ \"sextant-policy:input\" : { \"set\" : true } }\n", 204, "" },
	{ "sextant-system:session-clear", "{\"sextant-system:input\":{\"protocol\":\"pcep\","
					  "\"peer\":\"2001:db8::1\"}}", 204, "" },
	{ "sextant-system:session-clear", "{\"sextant-system:input\":{\"protocol\":\"pcep\","
					  "\"peer\":\"2001:db8::2\"}}", 404, "no pcep session" },
};

START_TEST(operations_do_or_say_why_not)
{
	const struct answer *a;
	char path[200];

	fake_up(4);
	fake_policy("2001:db8::1", 100, "2001:db8::9");
	snprintf(path, sizeof(path), "/restconf/operations/%s", ops[_i].name);
	a = ask("POST", path, JSON, ops[_i].body);
	ck_status(a, ops[_i].status);
	ck_has(str_text(&a->body), ops[_i].has);
	if (a->status == 204)
		ck_assert_uint_eq(fake.adopts + fake.releases + fake.reopts + fake.clears + fake.holds, 1);
	ck_status(ask("GET", path, "", NULL), 405);
	ck_has(ask("OPTIONS", path, "", NULL)->head, "allow: POST, OPTIONS");
	fake_down();
}
END_TEST

#define EVERY                                                                                      \
	"\"metric\":\"mix\",\"mix\":{\"igp\":3,\"loss\":65535},\"objective\":\"mlp\",\"protection\":\"protected-only\",\"payload\":1500,\"algorithm\":129,"   \
	"\"bounds\":{\"delay\":900,\"delay-min\":100,\"variation\":0,\"loss\":20},\"exclude\":[\"r3\"],"   \
	"\"include\":[{\"index\":9,\"ref\":\"r2\",\"strict\":true},{\"index\":4,\"ref\":\"r1>r2\"},"      \
	"{\"index\":16,\"ref\":\"asn:65000\"}],"                                                       \
	"\"exclude-srlg\":[7,4294967295],\"exclude-asn\":[65001],\"binding-sid\":[\"fcbb:ffff::1\"]"

START_TEST(every_constraint_is_written_and_read)
{
	const struct intent_cpath *c;
	const struct answer *a;

	fake_up(4);
	a = ask("PUT", ONE, JSON,
		BODY("\"candidate-path\":[{\"preference\":100,\"dynamic\":{" EVERY "}}]"));
	ck_status(a, 201);
	c = &the_one()->desired.cpaths[0];
	ck_assert_int_eq(c->minimise, PCE_MIX);
	ck_assert_uint_eq(c->mix[PCE_IGP], 3);
	ck_assert_uint_eq(c->mix[PCE_LOSS], 65535);
	ck_assert_uint_eq(c->mix[PCE_TE], 0);
	ck_assert_int_eq(c->objective, PCE_MLP);
	ck_assert_int_eq(c->protection, PCE_PROTECTED_ONLY);
	ck_assert_uint_eq(c->payload, 1500);
	ck_assert_uint_eq(c->algo, 129);
	ck_assert_uint_eq(c->delay_us_min, 100);
	ck_assert_uint_eq(c->variation_us_max, 0);
	ck_assert_uint_eq(c->loss_ppm_max, 20);
	ck_assert_uint_eq(c->n_include, 3);
	ck_assert_str_eq(c->include[2].text, "asn:65000");
	ck_assert_str_eq(c->include[0].text, "r1>r2");
	ck_assert(!c->include[0].strict && c->include[1].strict);
	ck_assert_uint_eq(c->exclude_srlg[1], 4294967295);
	ck_assert_uint_eq(c->exclude_asn[0], 65001);
	ck_assert_uint_eq(c->n_binding, 1);
	ck_assert_uint_eq(c->binding[0].b[15], 1);
	a = get(ONE);
	ck_status(a, 200);
	ck_has(str_text(&a->body), "\"mix\":{\"igp\":3,\"loss\":65535}");
	ck_has(str_text(&a->body), "\"objective\":\"mlp\"");
	ck_has(str_text(&a->body), "\"protection\":\"protected-only\"");
	ck_has(str_text(&a->body), "\"payload\":1500");
	ck_has(str_text(&a->body), "\"algorithm\":129");
	ck_has(str_text(&a->body), "\"delay-min\":100,\"variation\":0,\"loss\":20");
	ck_has(str_text(&a->body), "\"include\":[{\"index\":1,\"ref\":\"r1>r2\",\"strict\":false},"
	       "{\"index\":2,\"ref\":\"r2\",\"strict\":true},"
	       "{\"index\":3,\"ref\":\"asn:65000\",\"strict\":false}]");
	ck_has(str_text(&a->body), "\"exclude-srlg\":[7,4294967295],\"exclude-asn\":[65001]");
	ck_has(str_text(&a->body), "\"binding-sid\":[\"fcbb:ffff::1\"]");
	fake_down();
}
END_TEST

Suite *suite_write(void)
{
	Suite *s = suite_create("restconf-write");
	TCase *t = tcase_create("write");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, post_creates_once);
	tcase_add_test(t, put_creates_then_replaces);
	tcase_add_test(t, patch_merges_and_does_not_create);
	tcase_add_test(t, parts_of_a_policy_are_resources_too);
	tcase_add_test(t, delete_takes_away_once);
	tcase_add_test(t, preconditions_hold_or_nothing_changes);
	tcase_add_loop_test(t, what_is_wrong_is_refused_and_changes_nothing, 0, ARRAY_LEN(refusals));
	tcase_add_test(t, deep_nesting_is_refused_before_the_parser);
	tcase_add_test(t, a_dry_run_checks_and_writes_nothing);
	tcase_add_test(t, every_write_is_audited_and_outlives_a_restart);
	tcase_add_test(t, a_write_without_the_right_is_on_record);
	tcase_add_test(t, attempts_do_not_push_out_what_was_done);
	tcase_add_test(t, without_an_audit_record_there_is_no_change);
	tcase_add_loop_test(t, operations_do_or_say_why_not, 0, ARRAY_LEN(ops));
	tcase_add_test(t, every_constraint_is_written_and_read);
	suite_add_tcase(s, t);
	return s;
}
