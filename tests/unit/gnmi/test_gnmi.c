/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client against a target that behaves as told, on the fake runtime; the first test also
 * over mutual TLS (loop 1).
 */
#include "bed.h"

#include <stdio.h>
#include <string.h>

/* ---- sessions ---- */

START_TEST(a_session_sets_reads_back_and_watches)
{
	struct device_watch w = { .path = "/a", .on_change = true };
	uint32_t watch, txn;

	world(_i == 1);
	ck_assert_int_eq(add_device(NULL), 0);
	ck_assert(run(&seen.ups, 1, 20));
	ck_assert_str_eq(seen.kind, "agent");
	ck_assert_str_eq(target.user, "operator");
	txn = set1(DEVICE_REPLACE, "/a/b[k=v]", "{\"x\":\"1\",\"y\":{\"z\":true}}");
	ck_assert_uint_eq(seen.results, 0);
	ck_assert(run(&seen.results, 1, 20));
	RESULT(0, txn, DEVICE_DONE);
	ck_assert_str_eq(target_has(&target, "/a/b[k=v]"), "{\"x\":\"1\",\"y\":{\"z\":true}}");
	ck_assert_int_eq(port.watch(port.self, "r1", &w, &watch), 0);
	ck_assert(run(&seen.syncs, 1, 20));
	ck_assert_str_eq(str_text(&seen.told), "/a/b[k=v]/x=1#;/a/b[k=v]/y/z=true;");
	ck_assert_int_eq(seen.time_ns, 1000);
	target_tell(&target, 2000, "/a/b[k=v]/x", "\"2\"");
	target_tell(&target, 3000, "/a/b[k=v]", NULL);
	ck_assert(run(&seen.samples, 4, 20));
	ck_assert_str_eq(str_text(&seen.told),
			 "/a/b[k=v]/x=1#;/a/b[k=v]/y/z=true;/a/b[k=v]/x=2#;/a/b[k=v]=gone;");
	ck_assert_int_eq(seen.time_ns, 3000);
	ck_assert_uint_eq(seen.gaps + seen.downs + seen.drifts, 0);
	world_down();
}
END_TEST

START_TEST(the_kind_is_found_by_its_models_or_is_what_was_said)
{
	world(false);
	target.models[0] = "nokia-conf";
	target.models[1] = "nokia-state";
	ck_assert_int_eq(add_device(NULL), 0);
	ck_assert(run(&seen.ups, 1, 5));
	ck_assert_str_eq(seen.kind, "sros");
	ck_assert(seen.policies);
	ck_assert_int_eq(add_device("xr"), 0);
	ck_assert(run(&seen.ups, 2, 5));
	ck_assert_str_eq(seen.kind, "xr");
	ck_assert(!seen.policies); /* it lacks the models */
	ck_assert_uint_eq(seen.downs, 1);
	ck_assert_int_eq(add_device("xr"), 0);
	run_for(5);
	ck_assert_uint_eq(seen.ups, 2); /* unchanged: not disturbed */
	ck_assert_int_eq(add_device("toaster"), GNMI_E_CONFIG);
	world_down();
}
END_TEST

START_TEST(without_json_ietf_there_is_no_session)
{
	world(false);
	target.encodings = 1U << GNMIC_ENC_PROTO;
	ck_assert_int_eq(add_device(NULL), 0);
	run_for(30);
	ck_assert_uint_eq(seen.ups, 0);
	ck_assert_uint_ge(target.caps, 3); /* tried again */
	ck_assert_uint_le(target.caps, 7); /* and backed off */
	world_down();
}
END_TEST

START_TEST(a_device_that_falls_silent_is_missed_and_found_again)
{
	world_up();
	target.deaf = true;
	ck_assert(run(&seen.downs, 1, 60));
	ck_assert_uint_eq(seen.ups, 1);
	target.deaf = false;
	ck_assert(run(&seen.ups, 2, 120));
	rpc_fake_block(rpc, &lo, true);
	ck_assert(run(&seen.downs, 2, 60));
	rpc_fake_block(rpc, &lo, false);
	ck_assert(run(&seen.ups, 3, 120));
	world_down();
}
END_TEST

START_TEST(one_probe_that_is_late_is_forgiven)
{
	world_up();
	target.deaf = true;
	run_for(25); /* the probe at 20 s waits for its answer */
	target.deaf = false;
	run_for(60);
	ck_assert_uint_eq(seen.downs, 0);
	world_down();
}
END_TEST

START_TEST(a_server_that_restarts_is_found_with_its_watches_and_gaps)
{
	struct device_watch w = { .path = "/a", .on_change = true };
	uint32_t watch;

	world_up();
	target_put(&target, "/a", "1");
	ck_assert_int_eq(port.watch(port.self, "r1", &w, &watch), 0);
	ck_assert(run(&seen.syncs, 1, 5));
	target_down(&target);
	ck_assert(run(&seen.gaps, 1, 5));
	ck_assert(run(&seen.downs, 1, 60));
	target.models[0] = "sextant-device";
	listen_again();
	ck_assert(run(&seen.syncs, 2, 120));
	ck_assert_uint_eq(seen.ups, 2);
	port.unwatch(port.self, "r1", watch);
	run_for(5);
	ck_assert_ptr_null(target.stream);
	world_down();
}
END_TEST

/* ---- sets ---- */

START_TEST(transactions_that_wait_go_together_and_in_order)
{
	uint32_t t[5];

	world_up();
	t[0] = set1(DEVICE_REPLACE, "/a", "{\"x\":1}");
	t[1] = set1(DEVICE_REPLACE, "/b", "{\"x\":1}"); /* these wait for the first */
	t[2] = set1(DEVICE_UPDATE, "/c", "{\"x\":1}");
	t[3] = set1(DEVICE_DELETE, "/b", NULL); /* meets one of them: after it */
	t[4] = set1(DEVICE_REPLACE, "/d", "{\"x\":1}");
	ck_assert(run(&seen.results, 5, 20));
	for (size_t i = 0; i < 5; i++)
		RESULT(i, t[i], DEVICE_DONE);
	ck_assert_uint_eq(target.sets, 3);
	ck_assert_uint_eq(target.most_changes, 2);
	ck_assert_ptr_null(target_has(&target, "/b"));
	ck_assert_ptr_nonnull(target_has(&target, "/d"));
	world_down();
}
END_TEST

START_TEST(of_those_together_only_the_guilty_are_refused)
{
	uint32_t t[4];

	world_up();
	target.refuse = RPC_INVALID_ARGUMENT;
	target.refuse_path = "/bad";
	t[0] = set1(DEVICE_REPLACE, "/first", "1");
	t[1] = set1(DEVICE_REPLACE, "/good", "1");
	t[2] = set1(DEVICE_REPLACE, "/bad", "1");
	t[3] = set1(DEVICE_REPLACE, "/fine", "1");
	ck_assert(run(&seen.results, 4, 20));
	RESULT(0, t[0], DEVICE_DONE);
	RESULT(1, t[1], DEVICE_DONE);
	RESULT(2, t[2], DEVICE_REFUSED);
	RESULT(3, t[3], DEVICE_DONE);
	ck_assert_int_eq(seen.result[2].code, RPC_INVALID_ARGUMENT);
	ck_assert_str_eq(seen.result[2].text, "not today");
	ck_assert_ptr_null(target_has(&target, "/bad"));
	world_down();
}
END_TEST

START_TEST(a_lock_that_goes_away_is_waited_for)
{
	uint32_t t;

	world_up();
	target.refuse = RPC_FAILED_PRECONDITION;
	target.refuse_times = 2;
	t = set1(DEVICE_REPLACE, "/a", "1");
	ck_assert(run(&seen.results, 1, 30));
	RESULT(0, t, DEVICE_DONE);
	ck_assert_uint_eq(target.sets, 3);
	target.refuse = RPC_FAILED_PRECONDITION; /* and one that stays is not, for ever */
	target.refuse_times = 0;
	t = set1(DEVICE_REPLACE, "/b", "1");
	ck_assert(run(&seen.results, 2, 30));
	RESULT(1, t, DEVICE_REFUSED);
	world_down();
}
END_TEST

START_TEST(a_device_that_lies_is_found_out)
{
	uint32_t t;

	world_up();
	target_put(&target, "/a", "{\"x\":1}");
	target.lies = true;
	t = set1(DEVICE_REPLACE, "/a", "{\"x\":2}");
	ck_assert(run(&seen.results, 1, 60));
	RESULT(0, t, DEVICE_FALSE);
	ck_assert_uint_eq(target.sets, 3);
	t = set1(DEVICE_DELETE, "/a", NULL);
	ck_assert(run(&seen.results, 2, 60));
	RESULT(1, t, DEVICE_FALSE);
	t = set1(DEVICE_REPLACE, "/a", "{\"x\":1}"); /* what is there is what is wanted */
	ck_assert(run(&seen.results, 3, 60));
	RESULT(2, t, DEVICE_DONE);
	world_down();
}
END_TEST

/* Loop: says yes, or no; what was there before: nothing, something; answers whole or leaf by leaf. */
START_TEST(half_of_it_is_taken_back)
{
	uint32_t t;

	world_up();
	target_put(&target, "/other", "7");
	if (_i & 2)
		target_put(&target, "/a", "{\"old\":\"x\",\"more\":5}");
	target.leafwise = _i & 4;
	if (_i & 1)
		target.half = 1;
	else
		target.half_refused = 1;
	t = set2("/a", "/b", "{\"x\":1}");
	ck_assert(run(&seen.results, 1, 60));
	RESULT(0, t, DEVICE_UNDONE);
	ck_assert_ptr_null(target_has(&target, "/b"));
	ck_assert_str_eq(target_has(&target, "/other"), "7");
	if ((_i & 2) && (_i & 4)) {
		ck_assert_str_eq(target_has(&target, "/a/old"), "\"x\"");
		ck_assert_str_eq(target_has(&target, "/a/more"), "5");
	} else if (_i & 2) {
		ck_assert_str_eq(target_has(&target, "/a"), "{\"old\":\"x\",\"more\":5}");
	} else {
		ck_assert_ptr_null(target_has(&target, "/a"));
	}
	world_down();
}
END_TEST

START_TEST(half_of_it_that_stays_is_said)
{
	uint32_t t;

	world_up();
	target_put(&target, "/a", "1");
	target_put(&target, "/b", "1");
	target.half = 100; /* undoing is half done too */
	t = set2("/b", "/a", "2");
	target.refuse_path = "/b";
	ck_assert(run(&target.sets, 1, 10));
	target.refuse = RPC_PERMISSION_DENIED; /* and from now on refused */
	ck_assert(run(&seen.results, 1, 60));
	RESULT(0, t, DEVICE_BROKEN);
	ck_assert_str_ne(seen.result[0].text, "");
	world_down();
}
END_TEST

START_TEST(a_set_whose_answer_is_lost_is_read_back)
{
	uint32_t t;

	world_up();
	target.close = 1;
	t = set1(DEVICE_REPLACE, "/a", "1");
	ck_assert(run(&seen.results, 1, 60));
	RESULT(0, t, DEVICE_DONE);
	ck_assert_uint_eq(target.sets, 1); /* not sent again on top */
	world_down();
}
END_TEST

START_TEST(a_device_that_stalls_in_a_set_is_waited_for_and_then_unknown)
{
	uint32_t t;

	world_up();
	t = set1(DEVICE_REPLACE, "/a", "1");
	ck_assert(run(&target.gets, 1, 5));
	target.deaf = true; /* has the Set, or has it not? */
	ck_assert(run(&seen.downs, 1, 120));
	ck_assert(run(&seen.results, 1, 100)); /* a minute, and the try under way; tries do not add to it */
	RESULT(0, t, DEVICE_UNKNOWN);
	t = set1(DEVICE_REPLACE, "/b", "1");
	ck_assert(run(&seen.results, 2, 300));
	RESULT(1, t, DEVICE_REFUSED); /* never sent */
	ck_assert_int_eq(seen.result[1].code, RPC_UNAVAILABLE);
	world_down();
}
END_TEST

START_TEST(a_cut_in_the_middle_ends_in_what_reading_back_says)
{
	uint32_t t;

	world_up();
	t = set1(DEVICE_REPLACE, "/a", "1");
	ck_assert(run(&target.sets, 1, 5));
	rpc_fake_cut(rpc, &lo);
	ck_assert(run(&seen.results, 1, 120));
	RESULT(0, t, DEVICE_DONE);
	world_down();
}
END_TEST

START_TEST(an_answer_that_is_none_is_not_believed)
{
	uint32_t t;

	world_up();
	target.garbage = true;
	t = set1(DEVICE_REPLACE, "/a", "1");
	ck_assert(run(&seen.results, 1, 60));
	RESULT(0, t, DEVICE_UNKNOWN);
	world_down();
}
END_TEST

START_TEST(values_written_in_another_way_are_the_same)
{
	uint32_t t;

	world_up();
	target.lies = true; /* so that what is there stays */
	target_put(&target, "/m:a",
		   "{\"x:n\":\"5\",\"addr\":\"2001:db8:0:0::1\",\"id\":\"mod:red\",\"p\":\"2001:db8::/32\",\"extra\":1}");
	t = set1(DEVICE_UPDATE, "/m:a", "{\"n\":5,\"addr\":\"2001:db8::1\",\"id\":\"red\",\"p\":\"2001:DB8::/32\"}");
	ck_assert(run(&seen.results, 1, 60));
	RESULT(0, t, DEVICE_DONE);
	t = set1(DEVICE_UPDATE, "/m:a", "{\"n\":5,\"addr\":\"2001:db8::2\"}");
	ck_assert(run(&seen.results, 2, 60));
	RESULT(1, t, DEVICE_FALSE);
	world_down();
}
END_TEST

/* Somebody else's values are in the same leaf-list: an update adds to them, a replace does not. */
START_TEST(an_update_of_a_list_of_values_leaves_those_of_others)
{
	uint32_t t;

	world_up();
	target.lies = true; /* so that what is there stays: as after the update */
	target_put(&target, "/m:a", "{\"allow\":[\"2001:db8::1/128\",\"2001:DB8::2/128\",\"2001:db8::3/128\"]}");
	t = set1(DEVICE_UPDATE, "/m:a", "{\"allow\":[\"2001:db8::3/128\",\"2001:db8::2/128\"]}");
	ck_assert(run(&seen.results, 1, 60));
	RESULT(0, t, DEVICE_DONE);
	t = set1(DEVICE_UPDATE, "/m:a", "{\"allow\":[\"2001:db8::3/128\",\"2001:db8::4/128\"]}");
	ck_assert(run(&seen.results, 2, 60));
	RESULT(1, t, DEVICE_FALSE);
	t = set1(DEVICE_REPLACE, "/m:a", "{\"allow\":[\"2001:db8::3/128\",\"2001:db8::2/128\"]}");
	ck_assert(run(&seen.results, 3, 60));
	RESULT(2, t, DEVICE_FALSE);
	world_down();
}
END_TEST

START_TEST(what_is_never_told_is_believed_when_it_was_taken)
{
	static const char key[] = "/m/key[name=k]";
	uint32_t t;

	world_up();
	target.hides = ",\"secret\":\"";
	t = set1(DEVICE_REPLACE, key, "{\"name\":\"k\",\"secret\":\"first\"}");
	ck_assert(run(&seen.results, 1, 60));
	RESULT(0, t, DEVICE_DONE);
	ck_assert_uint_eq(target.sets, 1);
	/* Nothing that can be read changes: a device that refuses has not done it. */
	target.refuse = RPC_INVALID_ARGUMENT;
	t = set1(DEVICE_REPLACE, key, "{\"name\":\"k\",\"secret\":\"next\"}");
	ck_assert(run(&seen.results, 2, 60));
	RESULT(1, t, DEVICE_REFUSED);
	target.refuse = RPC_OK;
	t = set1(DEVICE_REPLACE, key, "{\"name\":\"k\",\"secret\":\"next\"}");
	ck_assert(run(&seen.results, 3, 60));
	RESULT(2, t, DEVICE_DONE);
	ck_assert_str_eq(target_has(&target, key), "{\"name\":\"k\",\"secret\":\"next\"}");
	run_for(120);
	ck_assert_uint_eq(seen.drifts, 0); /* and it is not missed */
	world_down();
}
END_TEST

START_TEST(a_commit_is_confirmed_or_cancelled_or_done_without)
{
	uint32_t t;

	world(false);
	target.models[0] = "nokia-conf";
	target.knows_commit = true;
	ck_assert_int_eq(add_device("sros"), 0);
	ck_assert(run(&seen.ups, 1, 5));
	t = set1(DEVICE_REPLACE, "/a", "1");
	ck_assert(run(&seen.results, 1, 20));
	RESULT(0, t, DEVICE_DONE);
	ck_assert_uint_eq(target.commits, 1);
	ck_assert_uint_eq(target.confirms, 1);
	target.half = 1;
	t = set2("/a", "/b", "2");
	ck_assert(run(&seen.results, 2, 20));
	RESULT(1, t, DEVICE_UNDONE);
	ck_assert_uint_eq(target.cancels, 1);
	ck_assert_str_eq(target_has(&target, "/a"), "1");
	target.knows_commit = false;
	t = set1(DEVICE_REPLACE, "/c", "1");
	ck_assert(run(&seen.results, 3, 20));
	RESULT(2, t, DEVICE_DONE);
	ck_assert_uint_eq(target.commits, 2);
	world_down();
}
END_TEST

START_TEST(what_is_no_transaction_is_refused)
{
	const struct device_change bad[] = {
		{ DEVICE_REPLACE, "/a[k=*]", "1" }, { DEVICE_DELETE, "/...", NULL },
		{ DEVICE_REPLACE, "/a//b", "1" },   { DEVICE_REPLACE, "/a", "{" },
		{ DEVICE_UPDATE, "/a", NULL },
	};
	struct device_watch w = { .path = "/a[" };
	uint32_t id = 0;

	world_up();
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_eq(port.set(port.self, "r1", &bad[i], 1, &id), DEVICE_E_INVALID);
	ck_assert_int_eq(port.set(port.self, "r1", bad, 0, &id), DEVICE_E_INVALID);
	ck_assert_int_eq(port.set(port.self, "r2", bad, 1, &id), DEVICE_E_NONE);
	ck_assert_int_eq(port.watch(port.self, "r1", &w, &id), DEVICE_E_INVALID);
	ck_assert_int_eq(port.watch(port.self, "r2", &w, &id), DEVICE_E_NONE);
	run_for(5);
	ck_assert_uint_eq(target.sets, 0);
	ck_assert_int_eq(gnmi_device_del(g, "r2"), 1);
	world_down();
}
END_TEST

START_TEST(more_than_may_wait_is_refused)
{
	struct device_change c = { DEVICE_REPLACE, "/a", "1" };
	struct device_watch w = { .path = "/a" };
	uint32_t id;
	unsigned n = 0;

	world(false);
	ck_assert_int_eq(add_device(NULL), 0);
	while (n < 1000 && port.set(port.self, "r1", &c, 1, &id) == 0)
		n++;
	ck_assert_uint_eq(n, 256);
	for (n = 0; n < 1000 && port.watch(port.self, "r1", &w, &id) == 0;)
		n++;
	ck_assert_uint_eq(n, DEVICE_WATCHES_MAX);
	world_down();
}
END_TEST

START_TEST(a_device_that_is_removed_ends_its_transactions)
{
	uint32_t t;

	world_up();
	t = set1(DEVICE_REPLACE, "/a", "1");
	ck_assert(port.has(port.self, "r1") && !port.has(port.self, "r2"));
	ck_assert_int_eq(gnmi_device_del(g, "r1"), 0);
	ck_assert_uint_eq(seen.results, 1);
	ck_assert_uint_eq(seen.gones, 1);
	ck_assert(!port.has(port.self, "r1"));
	RESULT(0, t, DEVICE_UNKNOWN);
	run_for(60);
	ck_assert_uint_eq(target.sets, 0);
	world_down();
}
END_TEST

/* ---- watches ---- */

START_TEST(on_change_refused_is_sampled)
{
	struct device_watch w = { .path = "/a", .on_change = true, .interval_ns = 2 * NS_PER_S };
	uint32_t watch;

	world_up();
	target.no_change = true;
	ck_assert_int_eq(port.watch(port.self, "r1", &w, &watch), 0);
	ck_assert(run(&seen.syncs, 1, 5));
	ck_assert_int_eq(target.last_sub.mode, GNMIC_SAMPLE);
	ck_assert_uint_eq(target.last_sub.sample_ns, 2 * NS_PER_S);
	ck_assert_uint_eq(seen.gaps, 0);
	world_down();
}
END_TEST

START_TEST(samples_that_stop_are_a_gap_and_asked_for_again)
{
	struct device_watch w = { .path = "/a", .interval_ns = NS_PER_S };
	uint32_t watch;

	world_up();
	target_put(&target, "/a", "1");
	ck_assert_int_eq(port.watch(port.self, "r1", &w, &watch), 0);
	ck_assert(run(&seen.syncs, 1, 5));
	for (int i = 0; i < 10; i++) {
		run_for(2);
		target_tell(&target, 2000 + i, "/a", "2");
	}
	ck_assert_uint_eq(seen.gaps, 0);
	ck_assert(run(&seen.gaps, 1, 15)); /* 3 intervals and 5 s */
	ck_assert_str_eq(seen.gap, "the device is silent");
	ck_assert(run(&seen.syncs, 2, 15));
	ck_assert_uint_eq(seen.downs, 0);
	world_down();
}
END_TEST

START_TEST(samples_of_what_there_is_none_of_are_no_gap)
{
	struct device_watch w = { .path = "/none", .interval_ns = NS_PER_S };
	uint32_t watch;

	world_up();
	ck_assert_int_eq(port.watch(port.self, "r1", &w, &watch), 0);
	ck_assert(run(&seen.syncs, 1, 5));
	run_for(120);
	ck_assert_uint_eq(seen.gaps, 0);
	ck_assert_uint_eq(seen.syncs, 1);
	/* There is one now, and then not any more. */
	target_tell(&target, 2000, "/none", "2");
	ck_assert(run(&seen.gaps, 1, 15));
	ck_assert_str_eq(seen.gap, "the device is silent");
	ck_assert(run(&seen.syncs, 2, 15));
	run_for(120);
	ck_assert_uint_eq(seen.gaps, 1);
	world_down();
}
END_TEST

START_TEST(a_subscription_that_is_never_answered_is_tried_again)
{
	struct device_watch w = { .path = "/a", .on_change = true };
	uint32_t watch;

	world_up();
	target.silent_stream = true;
	ck_assert_int_eq(port.watch(port.self, "r1", &w, &watch), 0);
	ck_assert(run(&seen.gaps, 1, 60));
	ck_assert_uint_eq(seen.syncs, 0);
	target.silent_stream = false;
	ck_assert(run(&seen.syncs, 1, 60));
	world_down();
}
END_TEST

START_TEST(a_stream_of_garbage_is_left)
{
	struct device_watch w = { .path = "/a", .on_change = true };
	uint32_t watch;

	world_up();
	ck_assert_int_eq(port.watch(port.self, "r1", &w, &watch), 0);
	ck_assert(run(&seen.syncs, 1, 5));
	ck_assert_int_eq(rpc_call_send(target.stream, "\xff", 1), 0);
	ck_assert(run(&seen.gaps, 1, 5));
	ck_assert_str_eq(seen.gap, "not a protobuf message");
	ck_assert(run(&seen.syncs, 2, 10));
	world_down();
}
END_TEST

/* ---- drift ---- */

START_TEST(what_is_changed_behind_our_back_is_told_once)
{
	world_up();
	set1(DEVICE_REPLACE, "/a", "{\"x\":1,\"y\":2}");
	ck_assert(run(&seen.results, 1, 5));
	run_for(200);
	ck_assert_uint_eq(seen.drifts, 0);
	target_put(&target, "/a", "{\"x\":1,\"y\":3}");
	ck_assert(run(&seen.drifts, 1, 130));
	ck_assert_str_eq(seen.drift_path, "/a");
	ck_assert_str_eq(seen.drift_found, "/a/y is 3, not 2");
	run_for(300);
	ck_assert_uint_eq(seen.drifts, 1);
	target_put(&target, "/a", NULL); /* after it was right again it is news again */
	set1(DEVICE_REPLACE, "/a", "{\"x\":1,\"y\":2}");
	ck_assert(run(&seen.results, 2, 5));
	run_for(130);
	ck_assert_uint_eq(seen.drifts, 1);
	target_put(&target, "/a", NULL);
	ck_assert(run(&seen.drifts, 2, 130));
	ck_assert_str_eq(seen.drift_found, "/a/x is absent, not 1");
	port.forget(port.self, "r1", "/a");
	set1(DEVICE_REPLACE, "/b", "1");
	ck_assert(run(&seen.results, 3, 5));
	run_for(200);
	ck_assert_uint_eq(seen.drifts, 2);
	world_down();
}
END_TEST

START_TEST(a_later_change_below_is_no_drift_of_the_earlier)
{
	world_up();
	target.leafwise = true;
	set1(DEVICE_REPLACE, "/a", "{\"x\":1,\"y\":2}");
	ck_assert(run(&seen.results, 1, 5));
	target_put(&target, "/a", NULL);
	target_put(&target, "/a/x", "1");
	target_put(&target, "/a/y", "2");
	set1(DEVICE_UPDATE, "/a/x", "5");
	ck_assert(run(&seen.results, 2, 5));
	run_for(200);
	ck_assert_uint_eq(seen.drifts, 0);
	set1(DEVICE_DELETE, "/a/x", NULL);
	ck_assert(run(&seen.results, 3, 5));
	run_for(200);
	ck_assert_uint_eq(seen.drifts, 0);
	target_put(&target, "/a/y", "3");
	ck_assert(run(&seen.drifts, 1, 130));
	world_down();
}
END_TEST

START_TEST(after_a_restart_what_is_lost_is_seen_at_once)
{
	world_up();
	set1(DEVICE_REPLACE, "/a", "1");
	ck_assert(run(&seen.results, 1, 5));
	target_down(&target);
	ck_assert(run(&seen.downs, 1, 60));
	target.models[0] = "sextant-device";
	listen_again();
	ck_assert(run(&seen.ups, 2, 120));
	ck_assert(run(&seen.drifts, 1, 5));
	world_down();
}
END_TEST

/* What waited for the session is set first, and spoils the look. */
START_TEST(a_look_that_was_spoiled_comes_again_soon)
{
	world_up();
	set1(DEVICE_REPLACE, "/a", "1");
	ck_assert(run(&seen.results, 1, 5));
	target_down(&target);
	ck_assert(run(&seen.downs, 1, 60));
	set1(DEVICE_REPLACE, "/b", "1");
	target.models[0] = "sextant-device";
	listen_again();
	ck_assert(run(&seen.ups, 2, 120));
	ck_assert(run(&seen.results, 2, 5));
	ck_assert(run(&seen.drifts, 1, 5));
	ck_assert_str_eq(seen.drift_path, "/a");
	world_down();
}
END_TEST

START_TEST(sessions_are_shown_and_reset)
{
	struct session_query q;

	world_up();
	q = gnmi_sessions(g);
	ck_assert_int_eq(q.reset(q.self, &lo), 0);
	ck_assert(run(&seen.ups, 2, 10));
	ck_assert_str_eq(seen.down, "reset by the operator");
	lo.b[15] = 2;
	ck_assert_int_eq(q.reset(q.self, &lo), 1);
	world_down();
}
END_TEST

int main(void)
{
	const TTest *const once[] = {
		the_kind_is_found_by_its_models_or_is_what_was_said,
		without_json_ietf_there_is_no_session,
		a_device_that_falls_silent_is_missed_and_found_again,
		one_probe_that_is_late_is_forgiven,
		a_server_that_restarts_is_found_with_its_watches_and_gaps,
		transactions_that_wait_go_together_and_in_order,
		of_those_together_only_the_guilty_are_refused,
		a_lock_that_goes_away_is_waited_for,
		a_device_that_lies_is_found_out,
		half_of_it_that_stays_is_said,
		a_set_whose_answer_is_lost_is_read_back,
		a_device_that_stalls_in_a_set_is_waited_for_and_then_unknown,
		a_cut_in_the_middle_ends_in_what_reading_back_says,
		an_answer_that_is_none_is_not_believed,
		values_written_in_another_way_are_the_same,
		an_update_of_a_list_of_values_leaves_those_of_others,
		what_is_never_told_is_believed_when_it_was_taken,
		a_commit_is_confirmed_or_cancelled_or_done_without,
		what_is_no_transaction_is_refused,
		more_than_may_wait_is_refused,
		a_device_that_is_removed_ends_its_transactions,
		on_change_refused_is_sampled,
		samples_that_stop_are_a_gap_and_asked_for_again,
		samples_of_what_there_is_none_of_are_no_gap,
		a_subscription_that_is_never_answered_is_tried_again,
		a_stream_of_garbage_is_left,
		what_is_changed_behind_our_back_is_told_once,
		a_later_change_below_is_no_drift_of_the_earlier,
		after_a_restart_what_is_lost_is_seen_at_once,
		a_look_that_was_spoiled_comes_again_soon,
		sessions_are_shown_and_reset,
	};
	Suite *s = suite_create("gnmi");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_session_sets_reads_back_and_watches, 0, 2);
	tcase_add_loop_test(t, half_of_it_is_taken_back, 0, 8);
	for (size_t i = 0; i < ARRAY_LEN(once); i++)
		tcase_add_test(t, once[i]);
	suite_add_tcase(s, t);
	return check_main(s);
}
