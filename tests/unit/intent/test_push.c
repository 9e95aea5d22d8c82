/* SPDX-License-Identifier: Apache-2.0 */
/* From an operator's write to what the headend says of it, and back when it says no. */
#include "world.h"

#include <stdio.h>
#include <string.h>

enum { G = 1000000000 };

#define NAME_1 "c1-2001:db8:0:4::1" /* of the policy ("a", 1, "d") */

static void setup(void)
{
	world_up(NULL);
	net_square();
}

static struct intent_book_row row(const char *from, const char *to)
{
	struct intent_book_row r;

	ck_assert(intent_book_row(world.intent, net_index(from, to), &r));
	return r;
}

static void is(enum intent_state state, const char *reason)
{
	view_is("a", 1, "d", state, reason);
}

static struct intent_policy *with_bandwidth(uint64_t bps)
{
	struct intent_policy *p = policy("a", 1, "d");

	p->bandwidth_bps = bps;
	return p;
}

static void one_up(uint64_t bps)
{
	pcc_up("a");
	put_ok(with_bandwidth(bps));
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(INTENT_UP, "");
}

/* ---- creation ---- */

START_TEST(policy_is_up_when_its_headend_says_so)
{
	const struct driver_lsp *l;

	pcc_up("a");
	put_ok(with_bandwidth(G));
	is(INTENT_PENDING, "waiting for the headend's answer");
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G); /* before anything was sent */
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert_int_eq(call_last()->kind, CALL_APPLY);
	l = &call_last()->lsp;
	ck_assert_uint_eq(l->plsp_id, 0);
	ck_assert_str_eq(l->name, NAME_1);
	ck_assert_uint_eq(l->key.color, 1);
	ck_assert_uint_eq(l->preference, 100);
	ck_assert_uint_eq(l->cpath.origin, 10);
	ck_assert(ip_eq(&l->cpath.originator, &world.cfg.originator));
	ck_assert_uint_eq(l->bandwidth_bps, G);
	ck_assert(ip_prefix_has(&world.cfg.bsid_block, &l->binding_sid));
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(INTENT_UP, "");
	ck_assert_uint_eq(world.n_calls, 1);
	run_ms(120000);
	ck_assert_uint_eq(world.n_calls, 1);
	is(INTENT_UP, "");
}
END_TEST

/* FRR pathd without MPLS in its kernel: it echoes the request and never says up. */
START_TEST(accepted_is_not_up)
{
	pcc_up("a");
	put_ok(with_bandwidth(G));
	ck_assert_uint_eq(pcc_answer_as("a", LSP_GOING_UP, 0), 1);
	is(INTENT_PENDING, "accepted by the headend, not reported up");
	ck_assert(view_of("a", 1, "d")->confirmed);
	run_ms(120000);
	is(INTENT_PENDING, "accepted by the headend, not reported up");
	ck_assert_uint_eq(world.n_calls, 1);
	pcc_lsp("a", NAME_1)->oper = LSP_UP;
	pcc_report("a", NAME_1);
	is(INTENT_UP, "");
	pcc_lsp("a", NAME_1)->oper = LSP_DOWN;
	pcc_report("a", NAME_1);
	is(INTENT_DOWN, "the headend reports the LSP down");
}
END_TEST

START_TEST(another_list_than_ours_is_put_right)
{
	const struct sr_list over_c = list_of(2, (struct sr_segment[]){ net_sid("c"), net_sid("d") });

	one_up(G);
	pcc_lsp("a", NAME_1)->list = over_c;
	pcc_report("a", NAME_1);
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, 1);
	is(INTENT_PENDING, "");
	pcc_answer("a");
	is(INTENT_UP, "");
}
END_TEST

/* ---- when it cannot be sent ---- */

START_TEST(without_a_session_it_waits)
{
	put_ok(with_bandwidth(G));
	is(INTENT_PENDING, "no session with the headend");
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G);
	pcc_open("a");
	is(INTENT_PENDING, "reporting its LSPs");
	ck_assert_uint_eq(world.n_calls, 0);
	pcc_sync("a");
	ck_assert_uint_eq(world.n_calls, 1);
}
END_TEST

START_TEST(full_driver_is_asked_again_when_it_is_ready)
{
	struct ip_addr a = net_addr("a");

	pcc_up("a");
	world.refuse = DRIVER_E_FULL;
	put_ok(with_bandwidth(G));
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 0);
	world.refuse = 0;
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 0);
	intent_sink.headend_ready(world.intent, &a);
	run_ms(0);
	ck_assert_uint_eq(world.n_calls, 1);
	pcc_answer("a");
	is(INTENT_UP, "");
}
END_TEST

START_TEST(headend_without_the_capability_is_not_asked_again_in_its_session)
{
	pcc_up("a");
	world.refuse = DRIVER_E_REFUSED;
	put_ok(with_bandwidth(G));
	is(INTENT_PENDING, "lacks the capability");
	world.refuse = 0;
	run_ms(600000);
	ck_assert_uint_eq(world.n_calls, 0);
	pcc_down("a");
	pcc_up("a");
	ck_assert_uint_eq(world.n_calls, 1);
}
END_TEST

START_TEST(list_is_cut_to_what_the_headend_can_impose)
{
	struct intent_policy *p = policy("a", 1, "d");

	/* Over c costs two SIDs, and the way over b is forbidden. */
	net_dir("a", "c")->igp_metric = net_dir("c", "a")->igp_metric = 100;
	net_publish();
	p->no_usid = true;
	p->cpaths[0].n_exclude = 1;
	memcpy(p->cpaths[0].exclude[0], "b", 2);
	put_ok(p);
	ck_assert_uint_eq(view_of("a", 1, "d")->computed.n, 2);
	pcc_at("a")->caps.msd_srv6 = _i == 0 ? 1 : 2;
	pcc_up("a");
	ck_assert_uint_eq(world.n_calls, (unsigned)_i);
	if (_i == 0)
		is(INTENT_DOWN, "SID");
}
END_TEST

/* ---- when the headend says no ---- */

START_TEST(refused_list_is_not_sent_again_at_once)
{
	pcc_up("a");
	put_ok(with_bandwidth(G));
	ck_assert_uint_eq(pcc_refuse("a", 24, 2), 1);
	is(INTENT_DOWN, "PCErr 24/2");
	ck_assert_uint_eq(view_of("a", 1, "d")->failures, 1);
	ck_assert_uint_eq(row("a", "b").n_lsps, 0);
	ck_assert_uint_eq(alarms_of("policy-down"), 1);
	run_ms(50000);
	ck_assert_uint_eq(world.n_calls, 1);
	run_ms(15000);
	ck_assert_uint_eq(world.n_calls, 2);
	pcc_answer("a");
	is(INTENT_UP, "");
	ck_assert_uint_eq(alarms_of("policy-down"), 0);
}
END_TEST

START_TEST(refused_list_gives_way_to_the_next_candidate_path)
{
	struct intent_policy *p = with_bandwidth(G);
	struct intent_cpath *c = cpath_add(p, 50);

	c->n_exclude = 1;
	memcpy(c->exclude[0], "b", 2);
	pcc_up("a");
	put_ok(p);
	ck_assert_uint_eq(call_last()->lsp.preference, 100);
	ck_assert_uint_eq(pcc_refuse("a", 24, 2), 1);
	ck_assert_uint_eq(call_last()->lsp.preference, 50);
	ck_assert_uint_eq(row("a", "b").n_lsps, 0);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(INTENT_UP, "");
	/* Later the better one is tried again, and when it is refused again the other stays. */
	for (unsigned s = 0; s < 60 && !calls_open(); s++)
		run_ms(1000);
	ck_assert_uint_eq(call_last()->lsp.preference, 100);
	ck_assert_uint_eq(pcc_refuse("a", 24, 2), 1);
	ck_assert_uint_eq(calls_open(), 0);
	is(INTENT_UP, "");
	ck_assert_uint_eq(row("a", "b").n_lsps, 0);
}
END_TEST

START_TEST(lsp_error_is_a_refusal)
{
	pcc_up("a");
	put_ok(with_bandwidth(G));
	ck_assert_uint_eq(pcc_answer_as("a", LSP_DOWN, 4), 1);
	ck_assert_int_ne(view_of("a", 1, "d")->state, INTENT_UP);
	ck_assert_ptr_nonnull(strstr(view_of("a", 1, "d")->reason, "unacceptable parameters"));
	ck_assert_uint_eq(view_of("a", 1, "d")->failures, 1);
}
END_TEST

/* Out of sight, too: what the book says must not wait for the next look at the topology. */
START_TEST(refused_move_leaves_what_was)
{
	struct intent_policy *p;

	one_up(G);
	p = with_bandwidth(G);
	p->cpaths[0].n_exclude = 1;
	memcpy(p->cpaths[0].exclude[0], "b", 2);
	put_ok(p);
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G);
	if (_i == 1)
		net_stale();
	ck_assert_uint_eq(pcc_refuse("a", 24, 2), 1);
	ck_assert_uint_eq(calls_open(), 0);
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], 0);
	if (_i == 1)
		return;
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>b,b>d");
}
END_TEST

START_TEST(silence_is_a_failure_and_tried_again)
{
	pcc_up("a");
	put_ok(with_bandwidth(G));
	run_ms(9000);
	is(INTENT_PENDING, "waiting");
	run_ms(2000);
	is(INTENT_PENDING, "no answer from the headend within 10000 ms");
	ck_assert_uint_eq(view_of("a", 1, "d")->failures, 1);
	/* It may be there all the same: it stays charged. */
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G);
	run_ms(10000);
	ck_assert_uint_eq(world.n_calls, 2);
}
END_TEST

START_TEST(unknown_plsp_id_means_it_is_gone)
{
	one_up(G);
	put_ok(with_bandwidth(2ull * G));
	ck_assert_uint_eq(calls_open(), 1);
	pcc_lsp("a", NAME_1)->name[0] = '?'; /* it lost it */
	ck_assert_uint_eq(pcc_refuse("a", 19, 3), 1);
	run_ms(11000);
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, 0);
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], 2ull * G);
}
END_TEST

START_TEST(lsp_the_headend_removes_is_made_again)
{
	one_up(G);
	pcc_forget("a", NAME_1);
	ck_assert_int_ne(view_of("a", 1, "d")->state, INTENT_UP);
	run_ms(11000);
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, 0);
	pcc_answer("a");
	is(INTENT_UP, "");
}
END_TEST

/* What forwards may break a bound and stay; what is not there is not made so. */
START_TEST(bound_that_cannot_be_kept_is_not_created)
{
	put_ok(with_bandwidth(G));
	if (_i == 1) {
		pcc_up("a");
		pcc_answer("a");
	}
	put_ok(with_bandwidth(20ull * G));
	is(_i == 1 ? INTENT_DEGRADED : INTENT_DOWN, "bandwidth");
	if (_i == 0)
		pcc_up("a");
	ck_assert_uint_eq(world.n_calls, (unsigned)_i);
	if (_i == 1) {
		pcc_forget("a", NAME_1);
		is(INTENT_DOWN, "bandwidth");
		run_ms(60000);
		ck_assert_uint_eq(world.n_calls, 1);
	}
	ck_assert_uint_eq(row("a", "b").n_lsps, 0);
}
END_TEST

/* ---- changes ---- */

START_TEST(more_bandwidth_on_the_same_list_is_told_and_charged)
{
	one_up(2ull * G);
	put_ok(with_bandwidth(_i == 0 ? 3ull * G : G));
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, 1);
	ck_assert_uint_eq(call_last()->lsp.bandwidth_bps, _i == 0 ? 3ull * G : G);
	/* The larger of old and new until it is known. */
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], _i == 0 ? 3ull * G : 2ull * G);
	pcc_answer("a");
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], _i == 0 ? 3ull * G : G);
	is(INTENT_UP, "");
}
END_TEST

START_TEST(unchanged_write_sends_nothing)
{
	uint64_t revision;

	one_up(G);
	revision = view_of("a", 1, "d")->revision;
	put_ok(with_bandwidth(G));
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert_uint_gt(view_of("a", 1, "d")->revision, revision);
}
END_TEST

START_TEST(shut_policy_leaves_network_and_book)
{
	struct intent_policy *p;

	one_up(G);
	p = with_bandwidth(G);
	p->admin_down = true;
	put_ok(p);
	is(INTENT_DOWN, "administratively down");
	ck_assert_int_eq(call_last()->kind, CALL_REMOVE);
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G); /* until it is gone */
	pcc_answer("a");
	ck_assert_uint_eq(row("a", "b").n_lsps, 0);
	ck_assert_uint_eq(alarms_of("policy-down"), 0); /* as wished */
	put_ok(with_bandwidth(G));
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(INTENT_UP, "");
}
END_TEST

static int count_row(void *arg, const char *k, const void *value, size_t len)
{
	(void)k;
	(void)value;
	(void)len;
	++*(unsigned *)arg;
	return 0;
}

static unsigned records(const char *bucket)
{
	unsigned n = 0;

	ck_assert_int_eq(store_each(world.store, bucket, count_row, &n), 0);
	return n;
}

START_TEST(deleted_policy_is_removed_and_forgotten)
{
	one_up(G);
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	ck_assert_ptr_null(view_of("a", 1, "d"));
	ck_assert_int_eq(call_last()->kind, CALL_REMOVE);
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G);
	ck_assert_uint_eq(records("policy"), 1);
	pcc_answer("a");
	ck_assert_uint_eq(row("a", "b").n_lsps, 0);
	ck_assert_int_eq(del("a", 1, "d").code, INTENT_E_MISSING);
	run_ms(1000);
	ck_assert_uint_eq(records("policy") + records("path"), 0);
	world_crash();
	net_publish();
	pcc_up("a");
	run_ms(60000);
	ck_assert_ptr_null(view_of("a", 1, "d"));
	ck_assert_uint_eq(world.n_calls, 2);
}
END_TEST

START_TEST(deleted_before_the_answer_is_removed_after_it)
{
	pcc_up("a");
	put_ok(with_bandwidth(G));
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_int_eq(call_last()->kind, CALL_REMOVE);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_uint_eq(row("a", "b").n_lsps, 0);
}
END_TEST

/* The headend answers when it was given up, and the policy deleted. */
START_TEST(late_answer_leaves_nothing_behind)
{
	pcc_up("a");
	put_ok(with_bandwidth(G));
	run_ms(10500);
	is(INTENT_PENDING, "no answer");
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	if (_i == 1) {
		struct intent_policy *p = with_bandwidth(G);

		p->admin_down = true;
		put_ok(p);
	}
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_int_eq(call_last()->kind, CALL_REMOVE);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_ptr_null(pcc_lsp("a", NAME_1));
	ck_assert_uint_eq(row("a", "b").n_lsps, 0);
	if (_i == 0)
		ck_assert_ptr_null(view_of("a", 1, "d"));
}
END_TEST

START_TEST(made_again_while_it_is_removed)
{
	one_up(G);
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	ck_assert_int_eq(put(INTENT_CREATE, with_bandwidth(G), 0).code, 0);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_int_eq(call_last()->kind, CALL_APPLY);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, 0);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(INTENT_UP, "");
}
END_TEST

/* ---- the write itself ---- */

START_TEST(disk_that_refuses_changes_nothing)
{
	pcc_up("a");
	store_disk_fail(world.disk, true);
	ck_assert_int_eq(put(INTENT_REPLACE, with_bandwidth(G), 0).code, INTENT_E_STORE);
	ck_assert_ptr_null(view_of("a", 1, "d"));
	ck_assert_uint_eq(world.n_calls, 0);
	ck_assert_uint_eq(row("a", "b").n_lsps, 0);
	store_disk_fail(world.disk, false);
	put_ok(with_bandwidth(G));
	pcc_answer("a");
	store_disk_fail(world.disk, true);
	ck_assert_int_eq(del("a", 1, "d").code, INTENT_E_STORE);
	ck_assert_int_eq(put(INTENT_REPLACE, with_bandwidth(2ull * G), 0).code, INTENT_E_STORE);
	is(INTENT_UP, "");
	ck_assert_uint_eq(view_of("a", 1, "d")->desired.bandwidth_bps, G);
	ck_assert_uint_eq(world.n_calls, 1);
}
END_TEST

START_TEST(writes_say_what_they_expect)
{
	struct intent_result r;
	struct intent_policy *p = with_bandwidth(G);

	ck_assert_int_eq(put(INTENT_UPDATE, p, 0).code, INTENT_E_MISSING);
	ck_assert_int_eq(put(INTENT_REPLACE, p, 7).code, INTENT_E_MISSING);
	r = put(INTENT_CREATE, p, 0);
	ck_assert_int_eq(r.code, 0);
	ck_assert_uint_eq(r.revision, view_of("a", 1, "d")->revision);
	ck_assert_uint_eq(r.revision, intent_revision(world.intent));
	ck_assert_int_eq(put(INTENT_CREATE, p, 0).code, INTENT_E_EXISTS);
	ck_assert_int_eq(put(INTENT_UPDATE, p, r.revision + 1).code, INTENT_E_REVISION);
	ck_assert_int_eq(put(INTENT_UPDATE, p, r.revision).code, 0);
	ck_assert_int_eq(put(INTENT_UPDATE, p, r.revision).code, INTENT_E_REVISION);
	p->dataplane = SR_MPLS;
	r = put(INTENT_UPDATE, p, 0);
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_str_eq(r.field, "dataplane");
}
END_TEST

static unsigned n_done, codes[4];

static void note_code(void *arg, const struct intent_result *r)
{
	(void)arg;
	ck_assert_uint_lt(n_done, ARRAY_LEN(codes));
	codes[n_done++] = (unsigned)r->code;
}

START_TEST(one_write_of_a_policy_at_a_time)
{
	const struct sr_policy_key k = key("a", 1, "d");

	n_done = 0;
	intent_put(world.intent, INTENT_CREATE, with_bandwidth(G), 0, note_code, NULL);
	intent_put(world.intent, INTENT_REPLACE, with_bandwidth(2ull * G), 0, note_code, NULL);
	ck_assert_uint_eq(n_done, 0);
	run_ms(1000);
	ck_assert_uint_eq(n_done, 2);
	ck_assert_uint_eq(codes[0], INTENT_E_BUSY);
	ck_assert_uint_eq(codes[1], 0);
	intent_delete(world.intent, &k, 0, note_code, NULL);
	run_ms(1000);
	ck_assert_uint_eq(codes[2], 0);
}
END_TEST

START_TEST(end_before_the_disk_answers_is_quiet)
{
	n_done = 0;
	intent_put(world.intent, INTENT_CREATE, with_bandwidth(G), 0, note_code, NULL);
	world.intent = intent_free(world.intent);
	run_ms(1000);
	ck_assert_uint_eq(n_done, 0);
}
END_TEST

START_TEST(limit_holds_for_what_is_on_its_way_too)
{
	struct intent_cfg cfg;

	world_down();
	world_cfg(&cfg);
	cfg.policies_max = 2;
	world_up(&cfg);
	net_square();
	n_done = 0;
	for (uint32_t c = 1; c <= 3; c++)
		intent_put(world.intent, INTENT_CREATE, policy("a", c, "d"), 0, note_code, NULL);
	run_ms(1000);
	ck_assert_uint_eq(n_done, 3);
	ck_assert_uint_eq(codes[0], INTENT_E_LIMIT);
	ck_assert_uint_eq(codes[1] + codes[2], 0);
	ck_assert_ptr_null(view_of("a", 3, "d"));
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	put_ok(policy("a", 3, "d"));
}
END_TEST

START_TEST(names_and_binding_sids_are_given_once)
{
	struct ip_addr sids[3];

	for (uint32_t c = 1; c <= 3; c++) {
		struct intent_policy *p = policy("a", c, "d");

		put_ok(p);
		sids[c - 1] = view_of("a", c, "d")->binding_sid;
		for (uint32_t k = 1; k < c; k++)
			ck_assert(!ip_eq(&sids[k - 1], &sids[c - 1]));
	}
	world_crash();
	ck_assert(ip_eq(&view_of("a", 3, "d")->binding_sid, &sids[2]));
	put_ok(policy("a", 4, "d"));
	for (uint32_t k = 0; k < 3; k++)
		ck_assert(!ip_eq(&view_of("a", 4, "d")->binding_sid, &sids[k]));
}
END_TEST

START_TEST(name_somebody_else_uses_is_left_to_him)
{
	const struct sr_list l = list_of(1, (struct sr_segment[]){ net_sid("d") });
	struct intent_policy *p = policy("a", 1, "d");

	pcc_plant("a", "edge", &l)->endpoint = net_addr("d");
	memcpy(p->name, "edge", 5);
	if (_i == 0)
		pcc_up("a");
	put_ok(p);
	if (_i == 1)
		pcc_up("a"); /* named before it was known */
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, 0); /* never an update of his */
	ck_assert_str_eq(view_of("a", 1, "d")->lsp_name, _i == 0 ? "edge-2" : "edge");
	ck_assert_int_eq(view_of("a", intent_color_of("edge"), "d")->mode, INTENT_OBSERVED);
}
END_TEST

/* ---- hold ---- */

START_TEST(under_hold_everything_is_computed_and_nothing_sent)
{
	pcc_up("a");
	hold(true);
	put_ok(with_bandwidth(G));
	is(INTENT_HELD, "would create the LSP");
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>b,b>d");
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 0);
	world_crash();
	ck_assert(intent_held(world.intent));
	net_publish();
	pcc_up("a");
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 0);
	hold(false);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(INTENT_UP, "");
	world_crash();
	ck_assert(!intent_held(world.intent));
}
END_TEST

START_TEST(configured_hold_is_not_lifted_by_an_operator)
{
	struct intent_cfg cfg = world.cfg;

	n_done = 0;
	cfg.hold = true;
	intent_reconfigure(world.intent, &cfg);
	ck_assert(intent_held(world.intent));
	intent_hold(world.intent, false, note_code, NULL);
	run_ms(100);
	ck_assert_uint_eq(codes[0], INTENT_E_MODE);
	ck_assert(intent_held(world.intent));
	cfg.hold = false;
	intent_reconfigure(world.intent, &cfg);
	ck_assert(!intent_held(world.intent));
}
END_TEST

static void add_all(TCase *tc)
{
	tcase_add_test(tc, policy_is_up_when_its_headend_says_so);
	tcase_add_test(tc, accepted_is_not_up);
	tcase_add_test(tc, another_list_than_ours_is_put_right);
	tcase_add_test(tc, without_a_session_it_waits);
	tcase_add_test(tc, full_driver_is_asked_again_when_it_is_ready);
	tcase_add_test(tc, headend_without_the_capability_is_not_asked_again_in_its_session);
	tcase_add_loop_test(tc, list_is_cut_to_what_the_headend_can_impose, 0, 2);
	tcase_add_test(tc, refused_list_is_not_sent_again_at_once);
	tcase_add_test(tc, refused_list_gives_way_to_the_next_candidate_path);
	tcase_add_test(tc, lsp_error_is_a_refusal);
	tcase_add_loop_test(tc, refused_move_leaves_what_was, 0, 2);
	tcase_add_test(tc, silence_is_a_failure_and_tried_again);
	tcase_add_test(tc, unknown_plsp_id_means_it_is_gone);
	tcase_add_test(tc, lsp_the_headend_removes_is_made_again);
	tcase_add_loop_test(tc, bound_that_cannot_be_kept_is_not_created, 0, 2);
	tcase_add_loop_test(tc, more_bandwidth_on_the_same_list_is_told_and_charged, 0, 2);
	tcase_add_test(tc, unchanged_write_sends_nothing);
	tcase_add_test(tc, shut_policy_leaves_network_and_book);
	tcase_add_test(tc, deleted_policy_is_removed_and_forgotten);
	tcase_add_test(tc, deleted_before_the_answer_is_removed_after_it);
	tcase_add_loop_test(tc, late_answer_leaves_nothing_behind, 0, 2);
	tcase_add_test(tc, made_again_while_it_is_removed);
	tcase_add_test(tc, disk_that_refuses_changes_nothing);
	tcase_add_test(tc, writes_say_what_they_expect);
	tcase_add_test(tc, one_write_of_a_policy_at_a_time);
	tcase_add_test(tc, end_before_the_disk_answers_is_quiet);
	tcase_add_test(tc, limit_holds_for_what_is_on_its_way_too);
	tcase_add_test(tc, names_and_binding_sids_are_given_once);
	tcase_add_loop_test(tc, name_somebody_else_uses_is_left_to_him, 0, 2);
	tcase_add_test(tc, under_hold_everything_is_computed_and_nothing_sent);
	tcase_add_test(tc, configured_hold_is_not_lifted_by_an_operator);
}

int main(void)
{
	Suite *s = suite_create("intent-push");
	TCase *tc = tcase_create("push");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_set_timeout(tc, 60);
	add_all(tc);
	suite_add_tcase(s, tc);
	return check_main(s);
}
