/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 and start again: the same policies, adopted by what their headends say. */
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

static void is(uint32_t color, enum intent_state state, const char *reason)
{
	view_is("a", color, "d", state, reason);
}

static void put_up(uint32_t color, uint64_t bps)
{
	struct intent_policy *p = policy("a", color, "d");

	p->bandwidth_bps = bps;
	put_ok(p);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(color, INTENT_UP, "");
}

START_TEST(policies_are_adopted_not_made_again)
{
	struct ip_addr bsid;
	uint64_t revision;

	pcc_up("a");
	put_up(1, G);
	put_up(2, G);
	bsid = view_of("a", 1, "d")->binding_sid;
	revision = intent_revision(world.intent);
	run_ms(1000);
	world_crash();
	ck_assert_uint_eq(intent_revision(world.intent), revision);
	is(1, INTENT_PENDING, "");
	if (_i == 0)
		net_publish();
	pcc_up("a");
	if (_i == 1) /* the topology comes last */
		net_publish();
	is(1, INTENT_UP, "");
	is(2, INTENT_UP, "");
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], 2ull * G);
	ck_assert(ip_eq(&view_of("a", 1, "d")->binding_sid, &bsid));
	run_ms(600000);
	ck_assert_uint_eq(world.n_calls, 2);
	is(1, INTENT_UP, "");
}
END_TEST

/* It runs another way than would be computed now: it is left there until that has settled. */
START_TEST(adopted_path_is_not_moved_at_once)
{
	pcc_up("a");
	net_cut("a", "b");
	put_up(1, G);
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>c,c>d");
	pcc_lsp("a", NAME_1)->list =
		list_of(2, (struct sr_segment[]){ net_sid("c"), net_sid("d") });
	run_ms(1000);
	world_crash();
	net_heal("a", "b");
	pcc_up("a");
	is(1, INTENT_UP, "");
	ck_assert_uint_eq(world.n_calls, 1);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G);
	run_ms(9000);
	ck_assert_uint_eq(world.n_calls, 1);
	run_ms(5000);
	ck_assert_uint_eq(world.n_calls, 2);
	ck_assert_uint_ne(call_last()->lsp.plsp_id, 0);
}
END_TEST

START_TEST(charge_stands_before_the_headend_is_back)
{
	pcc_up("a");
	put_up(1, 6ull * G);
	run_ms(1000);
	world_crash();
	net_publish();
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], 6ull * G);
	pcc_up("b");
	/* Another policy is computed around what may still be there. */
	{
		struct intent_policy *p = policy("a", 2, "d");

		p->bandwidth_bps = 6ull * G;
		put_ok(p);
		ck_assert_str_eq(view_of("a", 2, "d")->path_text, "a>c,c>d");
	}
}
END_TEST

START_TEST(own_orphan_is_taken_over_by_its_plsp_id)
{
	struct sr_list was;

	pcc_up("a");
	put_up(1, G);
	was = pcc_lsp("a", NAME_1)->list;
	run_ms(1000);
	world_crash();
	pcc_lsp("a", NAME_1)->delegated = false; /* the state timeout let go of it */
	net_publish();
	pcc_up("a");
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert(call_last()->lsp.take_over);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, 1);
	ck_assert(sr_list_eq(&call_last()->lsp.list, &was));
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(1, INTENT_UP, "");
	ck_assert_uint_eq(calls_open(), 0);
	ck_assert(sr_list_eq(&pcc_lsp("a", NAME_1)->list, &was));
}
END_TEST

START_TEST(lsp_its_headend_lost_is_made_again)
{
	pcc_up("a");
	put_up(1, G);
	if (_i == 0) {
		run_ms(1000);
		world_crash();
		net_publish();
	} else { /* the router restarted, not we */
		pcc_down("a");
	}
	memset(pcc_at("a")->lsps, 0, sizeof(pcc_at("a")->lsps));
	pcc_up("a");
	ck_assert_uint_eq(calls_open(), 1);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, 0);
	ck_assert_str_eq(call_last()->lsp.name, NAME_1);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	is(1, INTENT_UP, "");
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G);
}
END_TEST

/* Its router came back with nothing: what may have been there is not, ours or not. */
START_TEST(what_is_not_reported_again_is_gone)
{
	const struct sr_list over_c = list_of(2, (struct sr_segment[]){ net_sid("c"), net_sid("d") });
	struct lsp_state *st = pcc_plant("a", "other", &over_c);
	struct intent_policy *p;

	st->endpoint = net_addr("d");
	st->bandwidth_bps = 2ull * G;
	pcc_up("a");
	p = policy("a", 1, "d");
	p->bandwidth_bps = G;
	put_ok(p);
	if (_i < 2)
		pcc_answer("a");
	p = policy("a", 1, "d");
	p->bandwidth_bps = G;
	p->cpaths[0].n_exclude = 1;
	memcpy(p->cpaths[0].exclude[0], "b", 2);
	put_ok(p);
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G);
	ck_assert_uint_eq(row("a", "c").foreign_bps[7], 2ull * G);
	pcc_down("a");
	if (_i != 1)
		memset(pcc_at("a")->lsps, 0, sizeof(pcc_at("a")->lsps));
	pcc_open("a");
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G); /* not told yet */
	pcc_sync("a");
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], _i != 1 ? 0 : G);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G);
	ck_assert_uint_eq(row("a", "c").foreign_bps[7], _i != 1 ? 0 : 2ull * G);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, _i != 1 ? 0 : 2);
}
END_TEST

START_TEST(crash_before_the_answer_finds_what_was_done)
{
	pcc_up("a");
	put_ok(policy("a", 1, "d"));
	run_ms(1000);
	ck_assert_uint_eq(pcc_answer("a"), 1); /* and the report is lost with the controller */
	world_crash();
	net_publish();
	pcc_up("a");
	is(1, INTENT_UP, "");
	ck_assert_uint_eq(world.n_calls, 1);
}
END_TEST

START_TEST(deleted_while_its_headend_was_away_is_removed_when_it_is_back)
{
	pcc_up("a");
	put_up(1, G);
	pcc_down("a");
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	ck_assert_ptr_null(view_of("a", 1, "d"));
	if (_i == 1) {
		world_crash();
		ck_assert_ptr_null(view_of("a", 1, "d"));
		net_publish();
	}
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G); /* it forwards still */
	pcc_up("a");
	ck_assert_int_eq(call_last()->kind, CALL_REMOVE);
	ck_assert_uint_eq(call_last()->lsp.plsp_id, 1);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_uint_eq(row("a", "b").n_lsps, 0);
	ck_assert_ptr_null(pcc_lsp("a", NAME_1));
	run_ms(1000);
	world_crash();
	net_publish();
	pcc_up("a");
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, 2);
}
END_TEST

static void count(void *arg, const struct intent_result *r)
{
	ck_assert_int_eq(r->code, 0);
	++*(unsigned *)arg;
}

/* A crash at any moment: what was acknowledged is there, what was not may be. */
START_TEST(what_was_acknowledged_is_there)
{
	unsigned acked = 0, there = 0;
	struct intent_view v;

	for (uint32_t c = 1; c <= 20; c++)
		intent_put(world.intent, INTENT_CREATE, policy("a", c, "d"), 0, count, &acked);
	run_ms((uint64_t)_i);
	world_crash();
	for (bool more = intent_next(world.intent, NULL, &v); more; there++) {
		struct sr_policy_key k = v.desired.key;

		more = intent_next(world.intent, &k, &v);
	}
	ck_assert_uint_ge(there, acked);
	if (_i == 0)
		ck_assert_uint_eq(acked, 0);
	if (_i == 9)
		ck_assert_uint_eq(acked, 20);
}
END_TEST

START_TEST(headend_that_stays_away_is_computed_for_after_the_grace)
{
	pcc_up("a");
	put_up(1, G);
	run_ms(1000);
	world_crash();
	net_publish();
	is(1, INTENT_PENDING, "no session");
	net_dir("a", "b")->alive = net_dir("b", "a")->alive = false;
	net_cut("b", "d");
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G); /* where the IGP takes that list now */
	run_ms(6000);
	ck_assert_uint_eq(world.n_calls, 1);
	pcc_up("a");
	is(1, INTENT_UP, "");
	ck_assert_uint_eq(world.n_calls, 1);
}
END_TEST

static int garble(void *arg, const char *k, const void *value, size_t len)
{
	const struct store_op op = { "policy", k, "{\"version\":1}", 13 };

	(void)arg;
	(void)value;
	(void)len;
	if (!strstr(k, ",1,"))
		return 0;
	return store_write(world.store, &op, 1, NULL, NULL);
}

/* Every constraint there is stands in the record, and is obeyed. */
START_TEST(constraints_are_kept_and_obeyed)
{
	struct intent_policy *p = policy("a", 1, "d");
	struct intent_cpath *c = &p->cpaths[0], was;
	static const uint32_t group = 8;

	net_at("c")->asn = 65000;
	net_dir("c", "d")->srlg = &group;
	net_dir("c", "d")->n_srlg = 1;
	net_publish();
	pcc_up("a");
	c->include[0] = (struct intent_pass){ .text = "c", .strict = true };
	c->include[1] = (struct intent_pass){ .text = "asn:65000" };
	c->include[2] = (struct intent_pass){ .text = "srlg:8", .strict = true };
	c->n_include = 3;
	c->exclude_srlg[0] = 7;
	c->exclude_srlg[1] = 4294967295;
	c->n_exclude_srlg = 2;
	c->exclude_asn[0] = 65001;
	c->n_exclude_asn = 1;
	c->minimise = PCE_MIX;
	c->mix[PCE_IGP] = 3;
	c->mix[PCE_DELAY] = 65535;
	c->objective = PCE_MBP;
	c->protection = PCE_PROTECTED_PREFERRED;
	c->payload = 9000;
	c->delay_us_min = 1;
	put_ok(p);
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>c,c>d");
	was = view_of("a", 1, "d")->desired.cpaths[0];
	run_ms(1000);
	world_crash();
	ck_assert_int_eq(memcmp(&was, &view_of("a", 1, "d")->desired.cpaths[0], sizeof(was)), 0);
	ck_assert_uint_eq(was.mix[PCE_DELAY], 65535);
	c->variation_us_max = 5; /* which no link tells, and so nobody keeps */
	c->loss_ppm_max = 1000000;
	c->algo = 130; /* which nobody defines */
	put_ok(p);
	run_ms(1000);
	world_crash();
	ck_assert_uint_eq(view_of("a", 1, "d")->desired.cpaths[0].loss_ppm_max, 1000000);
	ck_assert_uint_eq(view_of("a", 1, "d")->desired.cpaths[0].variation_us_max, 5);
	net_publish();
	pcc_up("a");
	ck_assert_uint_eq(view_of("a", 1, "d")->desired.cpaths[0].algo, 130);
	is(1, INTENT_DOWN, "nobody defines algorithm 130");
}
END_TEST

START_TEST(record_that_cannot_be_read_costs_one_policy)
{
	pcc_up("a");
	put_up(1, G);
	put_up(2, G);
	run_ms(1000);
	ck_assert_int_eq(store_each(world.store, "policy", garble, NULL), 0);
	run_ms(1000);
	world_crash();
	ck_assert_ptr_null(view_of("a", 1, "d"));
	net_publish();
	pcc_up("a");
	ck_assert_int_eq(view_of("a", 1, "d")->mode, INTENT_OBSERVED);
	is(2, INTENT_UP, "");
	ck_assert_uint_eq(world.n_calls, 2);
}
END_TEST

/* ---- what a wave leaves in writing ---- */

enum { MANY = 40 }; /* more than are looked at without a wave */

struct moves {
	struct bus_reader reader;
	unsigned n, pending, up;
	char told[64]; /* of the policy of colour 1, in order */
};

static void count_move(void *arg, const struct bus_event *e)
{
	struct moves *m = arg;
	bool state = strcmp(e->type, "policy-state") == 0;
	bool path = strcmp(e->type, "policy-path") == 0 && strstr(e->body, "a>b,b>d") != NULL;
	bool pending = state && strstr(e->body, "\"old\":\"up\",\"new\":\"pending\"") != NULL;
	bool up = state && strstr(e->body, "\"old\":\"pending\",\"new\":\"up\"") != NULL;
	const struct sr_policy_key k = key("a", 1, "d");
	char text[SR_KEY_TEXT_MAX];

	m->n += path;
	m->pending += pending;
	m->up += up;
	if ((path || state) && strcmp(e->resource, sr_policy_key_text(&k, text, sizeof(text))) == 0)
		(void)strncat(m->told, path ? "path " : pending ? "pending " : up ? "up " : "? ",
			      sizeof(m->told) - strlen(m->told) - 1);
}

/* Many at once are sent first; then each has its events, and the list that stays charged. */
START_TEST(a_wave_is_told_and_kept)
{
	struct moves m = { .reader = { .fn = count_move, .arg = &m } };

	net_dir("a", "b")->delay_us = 5000;
	net_publish();
	pcc_up("a");
	for (uint32_t c = 1; c <= MANY; c++) {
		struct intent_policy *p = policy("a", c, "d");

		p->bandwidth_bps = G / 1000;
		p->cpaths[0].minimise = PCE_DELAY; /* over c, and another list than over b */
		put_ok(p);
		ck_assert_uint_eq(pcc_answer("a"), 1);
	}
	bus_subscribe(world.bus, &m.reader);
	net_cut("a", "c");
	run_ms(1000);
	ck_assert_uint_eq(m.n, MANY);
	ck_assert_uint_eq(m.pending, MANY);
	ck_assert_uint_eq(pcc_answer("a"), MANY);
	run_ms(1000);
	bus_unsubscribe(&m.reader);
	ck_assert_uint_eq(m.up, MANY);
	ck_assert_str_eq(m.told, "path pending up ");
	world_crash();
	net_publish();
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], MANY * (G / 1000));
}
END_TEST

/* Its headend says that it has none before the topology is in sight. */
START_TEST(path_its_headend_never_had_does_not_outlive_its_policy)
{
	const struct sr_policy_key k = key("a", 1, "d");

	net_cut("a", "c");
	pcc_up("a");
	put_ok(policy("a", 1, "d"));
	ck_assert_uint_eq(pcc_refuse("a", 24, 1), 1);
	run_ms(1000);
	world_crash();
	pcc_up("a");
	net_cut("a", "b");
	run_ms(30000);
	ck_assert_uint_eq(calls_open(), 0);
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	run_ms(1000);
	ck_assert(!intent_lingers(world.intent, &k));
	ck_assert_ptr_null(view_of("a", 1, "d"));
}
END_TEST

static void add_all(TCase *tc)
{
	tcase_add_loop_test(tc, policies_are_adopted_not_made_again, 0, 2);
	tcase_add_test(tc, adopted_path_is_not_moved_at_once);
	tcase_add_test(tc, charge_stands_before_the_headend_is_back);
	tcase_add_test(tc, own_orphan_is_taken_over_by_its_plsp_id);
	tcase_add_loop_test(tc, lsp_its_headend_lost_is_made_again, 0, 2);
	tcase_add_loop_test(tc, what_is_not_reported_again_is_gone, 0, 3);
	tcase_add_test(tc, crash_before_the_answer_finds_what_was_done);
	tcase_add_loop_test(tc, deleted_while_its_headend_was_away_is_removed_when_it_is_back, 0, 2);
	tcase_add_loop_test(tc, what_was_acknowledged_is_there, 0, 10);
	tcase_add_test(tc, headend_that_stays_away_is_computed_for_after_the_grace);
	tcase_add_test(tc, record_that_cannot_be_read_costs_one_policy);
	tcase_add_test(tc, constraints_are_kept_and_obeyed);
	tcase_add_test(tc, a_wave_is_told_and_kept);
	tcase_add_test(tc, path_its_headend_never_had_does_not_outlive_its_policy);
}

int main(void)
{
	Suite *s = suite_create("intent-restart");
	TCase *tc = tcase_create("restart");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_set_timeout(tc, 60);
	add_all(tc);
	suite_add_tcase(s, tc);
	return check_main(s);
}
