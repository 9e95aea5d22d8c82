/* SPDX-License-Identifier: Apache-2.0 */
/* Orders in the room: admitted, realised, watched, changed, rolled back, taken away. */
#include <stdio.h>

#include "base/auto.h"
#include "bed.h"

static void pair(void)
{
	bed_up(bed_pair);
}

static void square(void)
{
	bed_up(bed_square);
}

static void all_executors(void)
{
	for (int k = 0; k < SLICE_STEPS; k++)
		bed.available[k] = k != SLICE_STEP_POLICIES;
	bed_crash(); /* they are known from the start on */
}

#define STATE(id) slice_state_text(seen(id)->state)

/* ---- the straight way ---- */

START_TEST(order_is_reserved_sent_and_active_when_the_network_says_so)
{
	struct slice_flow_view f;

	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 4ull * G, "")).code, 0);
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
	ck_assert_uint_eq(records("slice"), 1);
	ck_assert_uint_eq(records("policy"), 1);
	run_ms(1000);
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert_str_eq(STATE("one"), "realising");
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
	ck_assert_uint_eq(slice_flows(bed.slice, "one", 0, &f, 1), 1);
	ck_assert(f.bandwidth_bps == 4ull * G && f.key.color >= SLICE_COLORS);
	ck_assert_str_eq(f.sender, "s1");
	ck_assert_str_eq(slice_of(bed.slice, &f.key), "one");
	ck_assert_uint_eq(slice_audit(bed.slice, NULL, NULL), 0);
	ck_assert_uint_eq(events("slice-created"), 1);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	ck_assert_str_eq(STATE("one"), "retiring");
	run_ms(1000);
	ck_assert(seen("one")); /* its headend has not let go */
	bed_settle();
	ck_assert(!seen("one"));
	nothing_left();
	ck_assert_uint_eq(events("slice-gone"), 1);
}
END_TEST

START_TEST(one_bit_too_much_is_refused_with_the_link)
{
	struct slice_result r = put_doc(SLICE_SERVICE, "one", order("one", 10ull * G + 1, ""));

	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(r.link, "a>b");
	ck_assert_str_eq(r.id, "one");
	ck_assert_uint_eq(r.wanted_bps, 10ull * G + 1);
	ck_assert_uint_eq(r.free_bps, 10ull * G);
	ck_assert_str_eq(r.field, "connection-groups/connection-group[id='g']/connectivity-construct[id='1']");
	ck_assert_str_eq(r.alternative[0], "10000000000 bit/s");
	nothing_left();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 10ull * G, "")).code, 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", order("two", 1, "")).code, SLICE_E_SHORT);
}
END_TEST

START_TEST(of_64_that_want_the_last_exactly_one_wins)
{
	static struct answer a[64];
	unsigned won = 0;
	char id[16];

	ck_assert_int_eq(put_doc(SLICE_SERVICE, "big", order("big", 10ull * G - 10000000, "")).code, 0);
	for (unsigned k = 0; k < 64; k++) {
		snprintf(id, sizeof(id), "s%u", k);
		ask(&a[k], SLICE_SERVICE, SLICE_CREATE, id, order(id, 10000000, ""), false);
	}
	for (unsigned k = 0; k < 64; k++) {
		struct slice_result r = wait_for(&a[k]);

		won += r.code == 0;
		ck_assert(r.code == 0 || r.code == SLICE_E_SHORT);
	}
	ck_assert_uint_eq(won, 1);
	ck_assert_uint_eq(slice_count(bed.slice, SLICE_SERVICE), 2);
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
	ck_assert_uint_eq(records("slice"), 2);
	audit();
}
END_TEST

START_TEST(dry_run_and_test_only_leave_nothing)
{
	ck_assert_int_eq(try_doc(SLICE_SERVICE, "one", order("one", 10ull * G, "")).code, 0);
	nothing_left();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 10ull * G, "\"test-only\":[null],")).code, 0);
	nothing_left();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 10ull * G + 1, "\"test-only\":[null],")).code,
			 SLICE_E_SHORT);
	nothing_left();
}
END_TEST

START_TEST(commands_say_what_is_wrong)
{
	struct answer a, b;
	struct slice_edit twice[2] = { { .kind = SLICE_PHB, .id = "x", .doc = "{\"id\":\"x\"}", .len = 10 } };
	const struct slice_write both = { twice, 2, false };

	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, SLICE_E_MISSING);
	ask(&a, SLICE_SERVICE, SLICE_CREATE, "one", order("one", 1, ""), false);
	ask(&b, SLICE_SERVICE, SLICE_CREATE, "one", order("one", 1, ""), false);
	ck_assert_int_eq(wait_for(&a).code, 0);
	ck_assert_int_eq(wait_for(&b).code, SLICE_E_BUSY);
	ask(&a, SLICE_SERVICE, SLICE_CREATE, "one", order("one", 1, ""), false);
	ck_assert_int_eq(wait_for(&a).code, SLICE_E_EXISTS);
	ask(&a, SLICE_SERVICE, SLICE_UPDATE, "two", order("two", 1, ""), false);
	ck_assert_int_eq(wait_for(&a).code, SLICE_E_MISSING);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", order("three", 1, "")).code, SLICE_E_INVALID);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", "{").code, SLICE_E_INVALID);
	twice[1] = twice[0];
	slice_put(bed.slice, &both, NULL, NULL);
	run_ms(100);
	ck_assert_uint_eq(slice_count(bed.slice, SLICE_PHB), 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", order("two", 1, "\"slo-sle-template\":\"t\",")).code,
			 SLICE_E_INVALID);
	ck_assert_uint_eq(slice_count(bed.slice, SLICE_SERVICE), 1);
}
END_TEST

/* More than go at once, and more than may wait. */
START_TEST(orders_wait_for_one_another_and_not_without_end)
{
	enum { MANY = 600, LONG = 200000, TOO_MUCH = (64 << 20) / LONG };
	static struct answer a[MANY];
	AUTO_FREE char *big = malloc(LONG + 1);
	unsigned admitted = 0, late = 0;
	char id[16];

	for (unsigned k = 0; k < MANY; k++) {
		snprintf(id, sizeof(id), "s%u", k);
		ask(&a[k], SLICE_SERVICE, SLICE_CREATE, id, order(id, 10000000, ""), false);
	}
	for (unsigned k = 0; k < MANY; k++)
		admitted += wait_for(&a[k]).code == 0;
	ck_assert_uint_eq(admitted, MANY);
	ck_assert_uint_eq(reserved("a", "b"), MANY * 10000000ull);
	memset(big, ' ', LONG);
	big[LONG] = '\0';
	memcpy(big, "{\"id\":\"t\"}", 10);
	for (unsigned k = 0; k <= TOO_MUCH; k++)
		ask(&a[k], SLICE_TEMPLATE, SLICE_PUT, "t", big, true);
	for (unsigned k = 0; k <= TOO_MUCH; k++) {
		struct slice_result r = wait_for(&a[k]);

		late += r.code == SLICE_E_LIMIT;
		ck_assert(r.code == 0 || r.code == SLICE_E_LIMIT);
	}
	ck_assert_uint_eq(late, 1);
	ck_assert_int_eq(try_doc(SLICE_TEMPLATE, "t", big).code, 0);
}
END_TEST

START_TEST(refusing_disk_changes_nothing)
{
	store_disk_fail(world.disk, true);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "")).code, SLICE_E_STORE);
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "t", "{\"id\":\"t\"}").code, SLICE_E_STORE);
	ck_assert_uint_eq(slice_count(bed.slice, SLICE_TEMPLATE), 0);
	store_disk_fail(world.disk, false);
	nothing_left();
}
END_TEST

START_TEST(out_of_sight_nothing_is_promised)
{
	net_stale();
	slice_on_ted(bed.slice, world.ted);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "")).code, SLICE_E_BLIND);
	bed_publish();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "")).code, 0);
}
END_TEST

/* ---- changes ---- */

START_TEST(change_of_rate_keeps_the_policy_and_is_all_or_nothing)
{
	struct slice_flow_view f, g;

	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 4ull * G, "")).code, 0);
	bed_settle();
	slice_flows(bed.slice, "one", 0, &f, 1);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 8ull * G, "")).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
	slice_flows(bed.slice, "one", 0, &g, 1);
	ck_assert_int_eq(sr_policy_key_cmp(&f.key, &g.key), 0);
	ck_assert_uint_eq(reserved("a", "b"), 8ull * G);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 10ull * G + 1, "")).code, SLICE_E_SHORT);
	ck_assert_str_eq(STATE("one"), "active");
	ck_assert_uint_eq(reserved("a", "b"), 8ull * G);
	ck_assert_uint_eq(slice_audit(bed.slice, NULL, NULL), 0);
}
END_TEST

START_TEST(template_changes_who_stands_on_it)
{
	static const char by[] = "{\"id\":\"one\",\"slo-sle-template\":\"low\",\"sdps\":{\"sdp\":[{\"id\":\"s1\","
				 "\"node-id\":\"a\"},{\"id\":\"s2\",\"node-id\":\"b\"}]},\"connection-groups\":"
				 "{\"connection-group\":[{\"id\":\"g\",\"connectivity-construct\":[" P2P("1", "s1", "s2", "") "]}]}}";
	static const char high[] = "{\"id\":\"high\"," SLO(BOUND("one-way-bandwidth", "Gbps", "3")) "}";
	static const char higher[] = "{\"id\":\"high\"," SLO(BOUND("one-way-bandwidth", "Gbps", "5")) "}";
	static const char too_high[] = "{\"id\":\"high\"," SLO(BOUND("one-way-bandwidth", "Gbps", "11")) "}";

	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", by).code, SLICE_E_INVALID);
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "low", "{\"id\":\"low\",\"template-ref\":\"high\"}").code, SLICE_E_INVALID);
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "high", high).code, 0);
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "low", "{\"id\":\"low\",\"template-ref\":\"high\"}").code, 0);
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "high", "{\"id\":\"high\",\"template-ref\":\"low\"}").code, SLICE_E_INVALID);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", by).code, 0);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 3ull * G);
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "high", higher).code, 0);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 5ull * G);
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "high", too_high).code, SLICE_E_SHORT);
	ck_assert_int_eq(drop(SLICE_TEMPLATE, "high").code, SLICE_E_USED);
	ck_assert_int_eq(drop(SLICE_TEMPLATE, "low").code, SLICE_E_USED);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	ck_assert_int_eq(drop(SLICE_TEMPLATE, "low").code, 0);
	ck_assert_int_eq(drop(SLICE_TEMPLATE, "high").code, 0);
	bed_settle();
	nothing_left();
}
END_TEST

#define ADMIN(s) "\"status\":{\"admin-status\":{\"status\":\"ietf-vpn-common:admin-" s "\"}},"

#define ENDS "\"sdps\":{\"sdp\":[{\"id\":\"s1\",\"node-id\":\"a\"},{\"id\":\"s2\",\"node-id\":\"b\"}]}"
#define CONS(group, construct)                                                                     \
	"\"connection-groups\":{\"connection-group\":[{\"id\":\"g\"," group "\"connectivity-construct\":[" \
	P2P("1", "s1", "s2", construct) "]}]}"

static void fill(char *out, size_t cap, const char *doc, const char *sle)
{
	const char *at = strstr(doc, "%s");

	snprintf(out, cap, "%.*s%s%s", at ? (int)(at - doc) : (int)strlen(doc), doc, at ? sle : "", at ? at + 2 : "");
}

/* By whom: the slice itself, a template of it, its group, its construct. */
static const char *const unkept_by[] = {
	"{\"id\":\"one\",\"service-slo-sle-policy\":{%s}," ENDS "," CONS("", "") "}",
	"{\"id\":\"one\",\"slo-sle-template\":\"low\"," ENDS "," CONS("", "") "}",
	"{\"id\":\"one\"," ENDS "," CONS("\"service-slo-sle-policy\":{%s},", "") "}",
	"{\"id\":\"one\"," ENDS "," CONS("", ",\"service-slo-sle-policy\":{%s}") "}",
};

START_TEST(what_nothing_here_keeps_is_refused_whoever_promises_it)
{
	static const char *const sle[][2] = {
		{ "\"sle-policy\":{\"security\":[\"ietf-network-slice-service:encryption\"]}", "encrypts" },
		{ "\"sle-policy\":{\"max-occupancy-level\":50}", "counts flows" },
		{ "\"sle-policy\":{\"isolation\":[\"ietf-network-slice-service:traffic-isolation\"]}", NULL },
	};

	for (size_t k = 0; k < ARRAY_LEN(sle); k++) {
		struct slice_result r;
		char doc[2000];

		snprintf(doc, sizeof(doc), "{\"id\":\"high\",%s}", sle[k][0]);
		ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "high", doc).code, 0);
		ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "low", "{\"id\":\"low\",\"template-ref\":\"high\"}").code, 0);
		fill(doc, sizeof(doc), unkept_by[_i], sle[k][0]);
		r = put_doc(SLICE_SERVICE, "one", doc);
		ck_assert_msg(r.code == (sle[k][1] ? SLICE_E_STEP : 0), "%s: %d: %s", doc, r.code, r.text);
		if (!sle[k][1])
			continue;
		ck_assert_str_eq(r.field, "connection-groups/connection-group[id='g']/connectivity-construct[id='1']");
		ck_assert_msg(strstr(r.text, sle[k][1]) != NULL, "%s", r.text);
		bed_settle();
		ck_assert_uint_eq(slice_count(bed.slice, SLICE_SERVICE), 0);
	}
	if (_i != 1)
		return;
	/* what comes to be promised of one that is there */
	bed_settle();
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "high", "{\"id\":\"high\",\"sle-policy\":{\"max-occupancy-level\":50}}").code,
			 SLICE_E_STEP);
	ck_assert_str_eq(STATE("one"), "active");
}
END_TEST

START_TEST(draft_says_whether_it_could_be_and_holds_nothing)
{
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 10ull * G, ADMIN("pre-deployment"))).code, 0);
	run_ms(1000);
	ck_assert_str_eq(STATE("one"), "feasible");
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", order("two", 10ull * G + 1, ADMIN("pre-deployment"))).code, 0);
	run_ms(1000);
	ck_assert_str_eq(STATE("two"), "infeasible");
	ck_assert(seen("two")->reason[0]);
	ck_assert_uint_eq(reserved("a", "b"), 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 10ull * G, ADMIN("up"))).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, ADMIN("pre-deployment"))).code, SLICE_E_INVALID);
	ck_assert_int_eq(drop(SLICE_SERVICE, "two").code, 0);
	bed_settle();
	ck_assert(!seen("two"));
}
END_TEST

START_TEST(suspended_slice_keeps_its_room)
{
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 10ull * G, "")).code, 0);
	bed_settle();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 10ull * G, ADMIN("down"))).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "suspended");
	ck_assert_uint_eq(reserved("a", "b"), 10ull * G);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", order("two", 1, "")).code, SLICE_E_SHORT);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 10ull * G, "")).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
}
END_TEST

/* ---- what nothing here does ---- */

#define REAL(m) "\"sextant-slice:realisation\":{" m "},"

START_TEST(resources_of_its_own_need_who_makes_queues)
{
	struct slice_result r = put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"sharing\":\"reserved\"")));

	ck_assert_int_eq(r.code, SLICE_E_STEP);
	ck_assert_str_eq(r.field, "sextant-slice:realisation/sharing");
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"sharing\":\"dedicated\""))).code, SLICE_E_STEP);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"nrp-id\":4"))).code, SLICE_E_INVALID);
	nothing_left();
	all_executors();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"sharing\":\"reserved\""))).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
}
END_TEST

/* ---- steps ---- */

START_TEST(steps_are_taken_in_order_and_taken_back_the_other_way)
{
	static const enum slice_step there[] = { SLICE_STEP_QUEUE, SLICE_STEP_VPN, SLICE_STEP_VERIFY, SLICE_STEP_CLASSIFY };
	static const enum slice_step back[] = { SLICE_STEP_CLASSIFY, SLICE_STEP_VERIFY, SLICE_STEP_VPN, SLICE_STEP_QUEUE };

	all_executors();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"sharing\":\"reserved\""))).code, 0);
	run_ms(1000);
	ck_assert_uint_eq(bed.n_jobs, 2); /* the rest waits for the policy */
	bed_settle();
	ck_assert_uint_eq(bed.n_jobs, 4);
	for (unsigned k = 0; k < 4; k++)
		ck_assert(bed.jobs[k].step == there[k] && !bed.jobs[k].undo);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	ck_assert_uint_eq(bed.n_jobs, 8);
	for (unsigned k = 0; k < 4; k++)
		ck_assert(bed.jobs[4 + k].step == back[k] && bed.jobs[4 + k].undo);
	nothing_left();
}
END_TEST

START_TEST(step_that_fails_rolls_all_of_it_back_and_says_why)
{
	static const enum slice_step steps[] = { SLICE_STEP_QUEUE, SLICE_STEP_VPN, SLICE_STEP_VERIFY, SLICE_STEP_CLASSIFY };

	all_executors();
	bed.fails = (int)steps[_i / 2];
	if (_i % 2) {
		bed.silent = bed.fails;
		bed.fails = -1;
	}
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"sharing\":\"reserved\""))).code, 0);
	for (unsigned k = 0; k < 90; k++) {
		bed_settle();
		run_ms(1000);
	}
	ck_assert_str_eq(STATE("one"), "rolled-back");
	ck_assert(strstr(seen("one")->reason, slice_step_text(steps[_i / 2])));
	ck_assert(strstr(seen("one")->reason, _i % 2 ? "no answer in time" : "the router said no"));
	ck_assert_uint_eq(reserved("a", "b"), 0);
	ck_assert_uint_eq(records("policy"), 0);
	ck_assert_uint_eq(slice_audit(bed.slice, NULL, NULL), 0);
	for (unsigned k = 0; k < SLICE_STEPS; k++)
		ck_assert(!bed.there[k]);
	bed_crash();
	ck_assert_str_eq(STATE("one"), "rolled-back");
	ck_assert(strstr(seen("one")->reason, slice_step_text(steps[_i / 2])));
	/* Ordered again it has another try. */
	bed.fails = bed.silent = -1;
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"sharing\":\"reserved\""))).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
}
END_TEST

START_TEST(headend_that_never_answers_is_a_roll_back)
{
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "")).code, 0);
	run_ms(61000);
	ck_assert_str_eq(STATE("one"), "rolled-back");
	ck_assert(strstr(seen("one")->reason, "policies: policy "));
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 0);
	ck_assert_uint_eq(records("policy"), 0);
}
END_TEST

/* ---- afterwards ---- */

START_TEST(lost_link_violates_and_another_way_mends)
{
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "")).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
	net_cut("a", "b");
	net_cut("a", "c");
	bed_publish();
	bed_settle();
	ck_assert_str_eq(STATE("one"), "violated");
	ck_assert_uint_eq(events("slice-violated"), 1);
	net_heal("a", "c");
	bed_publish();
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
	ck_assert_uint_eq(events("slice-violated"), 2); /* cleared */
}
END_TEST

START_TEST(verdicts_of_measurement_count_and_unknown_is_not_compliant)
{
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "")).code, 0);
	bed_settle();
	ck_assert_int_eq(seen("one")->verdict, SLICE_UNKNOWN);
	ck_assert_int_eq(slice_verdict_set(bed.slice, "one", SLICE_VIOLATION, "loss 2 %"), 0);
	run_ms(0);
	ck_assert_str_eq(STATE("one"), "violated");
	ck_assert(strstr(seen("one")->reason, "loss 2 %"));
	ck_assert_int_eq(slice_verdict_set(bed.slice, "one", SLICE_RISK, "delay"), 0);
	run_ms(0);
	ck_assert_str_eq(STATE("one"), "at-risk");
	ck_assert_int_eq(slice_verdict_set(bed.slice, "one", SLICE_COMPLIANT, ""), 0);
	run_ms(0);
	ck_assert_str_eq(STATE("one"), "active");
	ck_assert_int_eq(slice_verdict_set(bed.slice, "two", SLICE_COMPLIANT, ""), SLICE_E_MISSING);
}
END_TEST

static void keep_line(void *arg, const char *text)
{
	(void)snprintf(arg, SR_REASON_MAX, "%s", text);
}

/* What a router would not let go of is named, of a slice that is still in the books too. */
START_TEST(an_audit_names_what_is_left_of_one_that_was_rolled_back)
{
	char text[SR_REASON_MAX] = "";

	all_executors();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "")).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
	ck_assert(bed.there[SLICE_STEP_VPN]);
	ck_assert_uint_eq(slice_audit(bed.slice, NULL, NULL), 0); /* it is in use */
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	bed.fails = SLICE_STEP_VPN;
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "")).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "rolled-back");
	ck_assert_uint_eq(slice_audit(bed.slice, NULL, NULL), 0);
	bed.there[SLICE_STEP_VPN] = true;
	ck_assert_uint_eq(slice_audit(bed.slice, keep_line, text), 1);
	ck_assert_msg(strncmp(text, "slice one, which is rolled-back: ", 33) == 0, "%s", text);
	bed.there[SLICE_STEP_VPN] = false;
}
END_TEST

static const char two_ways[] = "{\"id\":\"one\",\"service-slo-sle-policy\":{" SLO(BOUND("one-way-bandwidth", "Gbps", "4"))
		",\"sle-policy\":{\"path-constraints\":{\"diversity\":{\"diversity-type\":\"link\"}}}},"
		"\"sextant-slice:realisation\":{\"sharing\":\"dedicated\"},\"sdps\":{\"sdp\":[{\"id\":\"s1\","
		"\"node-id\":\"a\"},{\"id\":\"s2\",\"node-id\":\"b\"}]},\"connection-groups\":{\"connection-group\":"
		"[{\"id\":\"g\",\"connectivity-construct\":[" P2P("1", "s1", "s2", "") "]}]}}";

/* What its headend has of a policy goes down, or comes back. */
static void leg_set(const struct sr_policy_key *k, enum lsp_oper oper)
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));

	ck_assert(v && intent_get(world.intent, k, v) == 0);
	pcc_lsp("a", v->lsp_name)->oper = (uint8_t)oper;
	pcc_report("a", v->lsp_name);
	run_ms(100);
}

START_TEST(lost_leg_is_a_risk_and_both_are_a_violation)
{
	struct slice_flow_view f[2];
	unsigned ways;

	all_executors();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", two_ways).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
	ck_assert_uint_eq(slice_flows(bed.slice, "one", 0, f, 2), 2);
	ck_assert_int_eq(slice_way_of(bed.slice, &f[0].key), SLICE_WAY_IS);
	leg_set(&f[_i].key, LSP_DOWN);
	ck_assert_str_eq(STATE("one"), "at-risk");
	ck_assert(strstr(seen("one")->reason, "protection is lost: s1 to s2: "));
	ck_assert_uint_eq(events("slice-violated"), 0);
	ck_assert_int_eq(slice_way_of(bed.slice, &f[0].key), SLICE_WAY_IS);
	ways = bed.ways;
	leg_set(&f[1 - _i].key, LSP_DOWN);
	ck_assert_uint_gt(bed.ways, ways);
	ck_assert_int_eq(slice_way_of(bed.slice, &f[0].key), SLICE_WAY_NONE);
	ck_assert_str_eq(STATE("one"), "violated");
	ck_assert(!strstr(seen("one")->reason, "protection is lost"));
	ck_assert_uint_eq(events("slice-violated"), 1);
	leg_set(&f[_i].key, LSP_UP);
	ck_assert_int_eq(slice_way_of(bed.slice, &f[0].key), SLICE_WAY_IS);
	ck_assert_str_eq(STATE("one"), "at-risk");
	leg_set(&f[1 - _i].key, LSP_ACTIVE);
	ck_assert_str_eq(STATE("one"), "active");
}
END_TEST

/* A failure may lead one where the other goes: they forward, within their bounds, and one more takes both. */
START_TEST(legs_that_meet_are_a_risk_and_no_violation)
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	struct slice_flow_view f[2];

	all_executors();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", two_ways).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
	ck_assert_uint_eq(slice_flows(bed.slice, "one", 0, f, 2), 2);
	net_cut("c", "d"); /* what went over c comes back to a, and goes with the other */
	bed_publish();
	bed_settle();
	ck_assert_int_eq(intent_get(world.intent, &f[1].key, v), 0);
	ck_assert_int_eq(v->state, INTENT_DEGRADED);
	ck_assert(v->meets);
	ck_assert_str_eq(STATE("one"), "at-risk");
	ck_assert_msg(strstr(seen("one")->reason, "protection is lost: s1 to s2: disjointness group"), "%s", seen("one")->reason);
	ck_assert_uint_eq(events("slice-violated"), 0);
	/* after a start it is not said to be on its way either */
	bed_crash();
	bed_settle();
	ck_assert_str_eq(STATE("one"), "at-risk");
	/* its twin: what they share has no room for what is promised */
	net_dir("a", "b")->capacity_bps = 3ull * G;
	bed_publish();
	bed_settle();
	ck_assert_str_eq(STATE("one"), "violated");
	net_dir("a", "b")->capacity_bps = 10ull * G;
	net_heal("c", "d");
	bed_publish();
	run_ms(60000);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
}
END_TEST

START_TEST(dedicated_and_diverse_is_held_twice_on_ways_that_share_nothing)
{
	struct slice_flow_view f[3];

	all_executors();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", two_ways).code, 0);
	bed_settle();
	ck_assert_str_eq(STATE("one"), "active");
	ck_assert_uint_eq(slice_flows(bed.slice, "one", 0, f, 3), 2);
	ck_assert(!f[0].protection && f[1].protection && f[1].key.leg == 1);
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
	ck_assert_uint_eq(reserved("a", "c"), 4ull * G);
	ck_assert_uint_eq(reserved("d", "b"), 4ull * G);
	/* Where there is no second way it is refused. */
	net_cut("c", "d");
	bed_publish();
	bed_settle();
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	nothing_left();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", two_ways).code, SLICE_E_SHORT);
	nothing_left();
}
END_TEST

/* ---- parents ---- */

START_TEST(children_run_in_their_parent_and_never_beyond)
{
	static struct answer a[16];
	unsigned won = 0;
	char id[16];

	ck_assert_int_eq(put_doc(SLICE_SERVICE, "kid", order("kid", G, REAL("\"parent-slice\":\"all\""))).code, SLICE_E_INVALID);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "all", order("all", 4ull * G, "")).code, 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "kid", order("kid", 3ull * G, REAL("\"parent-slice\":\"all\""))).code, 0);
	ck_assert_uint_eq(reserved("a", "b"), 4ull * G);
	ck_assert_uint_eq(records("policy"), 1);
	bed_settle();
	ck_assert_str_eq(STATE("kid"), "active");
	for (unsigned k = 0; k < 16; k++) {
		snprintf(id, sizeof(id), "s%u", k);
		ask(&a[k], SLICE_SERVICE, SLICE_PUT, id, order(id, G, REAL("\"parent-slice\":\"all\"")), false);
	}
	for (unsigned k = 0; k < 16; k++) {
		struct slice_result r = wait_for(&a[k]);

		won += r.code == 0;
		ck_assert(r.code == 0 || (r.code == SLICE_E_SHORT && r.free_bps == 0 && r.wanted_bps == G));
	}
	ck_assert_uint_eq(won, 1);
	/* The parent may not become less than its children have. */
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "all", order("all", 4ull * G - 1, "")).code, SLICE_E_SHORT);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "all", order("all", 5ull * G, "")).code, 0);
	ck_assert_int_eq(drop(SLICE_SERVICE, "all").code, SLICE_E_USED);
	ck_assert_int_eq(drop(SLICE_SERVICE, "kid").code, 0);
	ck_assert_int_eq(drop(SLICE_SERVICE, "s0").code, 0);
	bed_settle();
	ck_assert_int_eq(drop(SLICE_SERVICE, "all").code, 0);
	bed_settle();
	nothing_left();
}
END_TEST

START_TEST(parent_and_child_come_and_go_in_one_write_whatever_the_order)
{
	AUTO_FREE char *kid = strdup(order("kid", G, REAL("\"parent-slice\":\"all\"")));
	AUTO_FREE char *all = strdup(order("all", 4ull * G, ""));
	struct slice_edit e[] = { { .kind = SLICE_SERVICE, .id = "kid", .doc = kid, .len = strlen(kid) },
				  { .kind = SLICE_SERVICE, .id = "all", .doc = all, .len = strlen(all) } };
	AUTO_FREE char *big = strdup(order("kid", 5ull * G, REAL("\"parent-slice\":\"all\"")));

	e[0].doc = big;
	e[0].len = strlen(big);
	slice_put(bed.slice, &(struct slice_write){ e, 2, false }, NULL, NULL);
	run_ms(1000);
	nothing_left();
	e[0].doc = kid;
	e[0].len = strlen(kid);
	slice_put(bed.slice, &(struct slice_write){ e, 2, false }, NULL, NULL);
	bed_settle();
	ck_assert_str_eq(STATE("kid"), "active");
	ck_assert_str_eq(STATE("all"), "active");
	bed_crash();
	bed_settle();
	ck_assert_str_eq(STATE("kid"), "active");
	e[0].how = e[1].how = SLICE_DELETE;
	slice_put(bed.slice, &(struct slice_write){ e, 2, false }, NULL, NULL);
	bed_settle();
	nothing_left();
}
END_TEST

/* ---- partitions ---- */

#define NRP(name, id, gbps) "{\"name\":\"" name "\",\"nrp-id\":" id ",\"resource-reservation\":{\"maximum-bandwidth\":\"" gbps "000000000\"}}"

/* The book would learn of its share too late, or count what is held in the other one. */
START_TEST(slice_does_not_come_with_its_partition_nor_change_it)
{
	AUTO_FREE char *one = strdup(order("one", 2ull * G, REAL("\"nrp-id\":1")));
	struct slice_edit e[] = {
		{ .kind = SLICE_NRP, .id = "x", .doc = NRP("x", "1", "1"), .len = strlen(NRP("x", "1", "1")) },
		{ .kind = SLICE_SERVICE, .id = "one", .doc = one, .len = strlen(one) },
	};

	slice_put(bed.slice, &(struct slice_write){ e, 2, false }, NULL, NULL);
	bed_settle();
	nothing_left();
	ck_assert_uint_eq(slice_count(bed.slice, SLICE_NRP), 0);
	ck_assert_int_eq(put_doc(SLICE_NRP, "x", NRP("x", "1", "2")).code, 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", one).code, 0);
	ck_assert_int_eq(put_doc(SLICE_NRP, "y", NRP("y", "2", "2")).code, 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"nrp-id\":2"))).code, SLICE_E_INVALID);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "")).code, SLICE_E_INVALID);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"nrp-id\":1"))).code, 0);
}
END_TEST

START_TEST(partition_holds_what_it_was_given_and_no_more)
{
	struct slice_result r;

	ck_assert_int_eq(put_doc(SLICE_NRP, "x", NRP("x", "1", "3")).code, 0);
	ck_assert_int_eq(put_doc(SLICE_NRP, "y", NRP("y", "1", "3")).code, SLICE_E_INVALID); /* the number is taken */
	ck_assert_int_eq(put_doc(SLICE_NRP, "y", NRP("y", "2", "7")).code, SLICE_E_INVALID); /* 9.5 is all there is */
	ck_assert_int_eq(put_doc(SLICE_NRP, "y", NRP("y", "2", "6")).code, 0);
	r = put_doc(SLICE_SERVICE, "one", order("one", 3ull * G + 1, REAL("\"nrp-id\":1")));
	ck_assert_int_eq(r.code, SLICE_E_SHORT);
	ck_assert_str_eq(r.alternative[1], "nrp-id 2 (y)");
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 3ull * G, REAL("\"nrp-id\":1"))).code, 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", order("two", 1, REAL("\"nrp-id\":1"))).code, SLICE_E_SHORT);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "two", order("two", 6ull * G, REAL("\"nrp-id\":2"))).code, 0);
	bed_settle();
	ck_assert_int_eq(drop(SLICE_NRP, "x").code, SLICE_E_USED);
	ck_assert_int_eq(put_doc(SLICE_NRP, "x", NRP("x", "1", "2")).code, SLICE_E_USED);
	bed_crash();
	bed_settle();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "three", order("three", 1, REAL("\"nrp-id\":1"))).code, SLICE_E_SHORT);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	ck_assert_int_eq(drop(SLICE_SERVICE, "two").code, 0);
	bed_settle();
	ck_assert_int_eq(drop(SLICE_NRP, "x").code, 0);
	ck_assert_int_eq(drop(SLICE_NRP, "y").code, 0);
	nothing_left();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slice-room");
	TCase *t = tcase_create("pair"), *q = tcase_create("square");

	tcase_add_checked_fixture(t, pair, bed_down);
	tcase_add_test(t, order_is_reserved_sent_and_active_when_the_network_says_so);
	tcase_add_test(t, one_bit_too_much_is_refused_with_the_link);
	tcase_add_test(t, of_64_that_want_the_last_exactly_one_wins);
	tcase_add_test(t, dry_run_and_test_only_leave_nothing);
	tcase_add_test(t, an_audit_names_what_is_left_of_one_that_was_rolled_back);
	tcase_add_test(t, commands_say_what_is_wrong);
	tcase_add_test(t, orders_wait_for_one_another_and_not_without_end);
	tcase_add_test(t, refusing_disk_changes_nothing);
	tcase_add_test(t, out_of_sight_nothing_is_promised);
	tcase_add_test(t, change_of_rate_keeps_the_policy_and_is_all_or_nothing);
	tcase_add_test(t, template_changes_who_stands_on_it);
	tcase_add_loop_test(t, what_nothing_here_keeps_is_refused_whoever_promises_it, 0, (int)ARRAY_LEN(unkept_by));
	tcase_add_test(t, draft_says_whether_it_could_be_and_holds_nothing);
	tcase_add_test(t, suspended_slice_keeps_its_room);
	tcase_add_test(t, resources_of_its_own_need_who_makes_queues);
	tcase_add_test(t, steps_are_taken_in_order_and_taken_back_the_other_way);
	tcase_add_loop_test(t, step_that_fails_rolls_all_of_it_back_and_says_why, 0, 8);
	tcase_add_test(t, headend_that_never_answers_is_a_roll_back);
	tcase_add_test(t, verdicts_of_measurement_count_and_unknown_is_not_compliant);
	tcase_add_test(t, children_run_in_their_parent_and_never_beyond);
	tcase_add_test(t, parent_and_child_come_and_go_in_one_write_whatever_the_order);
	tcase_add_test(t, slice_does_not_come_with_its_partition_nor_change_it);
	tcase_add_test(t, partition_holds_what_it_was_given_and_no_more);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(q, square, bed_down);
	tcase_add_test(q, lost_link_violates_and_another_way_mends);
	tcase_add_loop_test(q, lost_leg_is_a_risk_and_both_are_a_violation, 0, 2);
	tcase_add_test(q, dedicated_and_diverse_is_held_twice_on_ways_that_share_nothing);
	tcase_add_test(q, legs_that_meet_are_a_risk_and_no_violation);
	suite_add_tcase(s, q);
	return check_main(s);
}
