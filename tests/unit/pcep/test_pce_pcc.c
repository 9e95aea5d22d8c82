/* SPDX-License-Identifier: Apache-2.0 */
/* Our two roles against each other: what one asks is what the other is asked. */
#include "check_main.h"

#include <string.h>

#include "raw_pcc.h"
#include "southbound/pcep/pcc.h"

/* A router that does what it is told, and keeps at most one LSP. */
static struct pcc *router;
static struct lsp_state lsp;
static struct pcc_request asked;
static bool has_lsp, refuses;

static bool on_next(void *arg, uint32_t pce, uint64_t *cursor, struct lsp_state *st)
{
	(void)arg;
	(void)pce;
	if (!has_lsp || (*cursor)++ > 0)
		return false;
	*st = lsp;
	return true;
}

static void obey(const struct pcc_request *r)
{
	if (r->ask == PCC_ASK_INITIATE) {
		lsp = r->wish;
		lsp.plsp_id = 7;
		lsp.pce_initiated = true;
		has_lsp = true;
	}
	if (r->ask == PCC_ASK_UPDATE)
		lsp.list = r->wish.list;
	lsp.delegated = r->ask != PCC_ASK_RELEASE;
	lsp.removed = r->ask == PCC_ASK_REMOVE;
	has_lsp = !lsp.removed;
	lsp.oper = lsp.removed ? LSP_DOWN : LSP_UP;
}

static void on_request(void *arg, uint32_t pce, const struct pcc_request *r)
{
	(void)arg;
	asked = *r;
	if (refuses) {
		ck_assert_int_eq(pcc_refuse(router, pce, r->srp_id, 24, 2), 0);
		return;
	}
	obey(r);
	lsp.txn = r->srp_id;
	ck_assert_int_eq(pcc_report(router, pce, &lsp), 0);
	lsp.txn = 0;
}

static const struct pcc_ops ops = { .next = on_next, .request = on_request };

static void setup(void)
{
	struct pcc_cfg cfg = { .srv6 = true, .msd_srv6 = 9, .router_id = HEADEND };
	struct pcc_pce_cfg to = { .number = 1, .addr = PCE_ADDR, .source = PCC_ADDR, .insecure = true };

	has_lsp = refuses = false;
	lsp = (struct lsp_state){ 0 };
	world_setup();
	peer_add("rfc");
	ck_assert_int_eq(pcc_new(&router, w.loop, w.net, &cfg, &ops, NULL), 0);
	ck_assert_int_eq(pcc_pce_set(router, &to), 0);
	run_ms(1000);
	ck_assert(told("synced"));
}

static void teardown(void)
{
	router = pcc_free(router);
	world_teardown();
}

static struct driver_lsp initiated(void)
{
	struct driver_lsp l = wish_of("east");

	l.bandwidth_bps = 8000000;
	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	l.plsp_id = 7;
	return l;
}

START_TEST(capabilities_are_those_of_the_router)
{
	ck_assert(w.caps.srv6 && !w.caps.sr_mpls && w.caps.update && w.caps.initiate &&
		  w.caps.sr_policy_assoc);
	ck_assert_uint_eq(w.caps.msd_srv6, 9);
}
END_TEST

START_TEST(an_initiation_arrives_whole_and_is_answered)
{
	struct driver_lsp l = initiated();

	ck_assert_int_eq(asked.ask, PCC_ASK_INITIATE);
	ck_assert_str_eq(asked.wish.name, "east");
	ck_assert(asked.wish.has_key && asked.wish.color == 100 &&
		  ip_eq(&asked.wish.endpoint, &ENDPOINT));
	ck_assert(asked.wish.has_cpath && asked.wish.cpath.origin == 10 &&
		  asked.wish.cpath.discriminator == 42);
	ck_assert(asked.wish.preference == 200 && asked.wish.bandwidth_bps == 8000000);
	ck_assert(asked.wish.setup_prio == 3 && asked.wish.hold_prio == 2);
	ck_assert(sr_list_eq(&asked.wish.list, &l.list));
	ck_assert(w.report.txn == txn && w.report.plsp_id == 7 && w.report.oper == LSP_UP &&
		  w.report.pce_initiated && w.report.delegated && w.report.color == 100);
	ck_assert(sr_list_eq(&w.report.list, &l.list));
	ck_assert_uint_eq(w.report.bandwidth_bps, 8000000);
}
END_TEST

START_TEST(update_release_take_over_and_removal_follow)
{
	struct driver_lsp l = initiated();

	l.list = list_of(SR_SRV6, 2);
	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	ck_assert(asked.ask == PCC_ASK_UPDATE && asked.wish.list.n == 2 && w.report.txn == txn &&
		  w.report.list.n == 2);
	ck_assert_int_eq(w.driver->release(w.driver->self, &l, &txn), 0);
	run_ms(100);
	ck_assert(asked.ask == PCC_ASK_RELEASE && !w.report.delegated && w.report.list.n == 2);
	ck_assert_int_eq(apply(&l), DRIVER_E_REFUSED); /* not ours any more */
	l.take_over = true;
	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	ck_assert(asked.ask == PCC_ASK_TAKE && !asked.has_list && w.report.delegated &&
		  w.report.list.n == 2);
	ck_assert_int_eq(w.driver->remove(w.driver->self, &l, &txn), 0);
	run_ms(100);
	ck_assert(asked.ask == PCC_ASK_REMOVE && w.report.removed && w.report.txn == txn);
	ck_assert_str_eq(w.report.name, "east");
}
END_TEST

START_TEST(a_refusal_is_a_failure_of_its_transaction)
{
	struct driver_lsp l = wish_of("east");

	refuses = true;
	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	ck_assert(w.failure.txn == txn && w.failure.type == 24 && w.failure.value == 2);
	ck_assert_uint_eq(w.reports, 0);
}
END_TEST

/* RFC 8231 s5.6: what the router has is told again after a loss, under a new session. */
START_TEST(a_new_session_tells_the_lsp_again)
{
	uint32_t before;
	struct driver_lsp l = initiated();

	before = w.session;
	told_forget();
	ck_assert_int_eq(pcep_sessions(w.pcep).reset(w.pcep, &PCC_ADDR), 0);
	run_ms(30000);
	ck_assert(told("down") && told("up ") && told("S C oper=1 name=east") && told("synced"));
	ck_assert_uint_ne(w.session, before);
	ck_assert_int_eq(apply(&l), DRIVER_E_NO_SESSION); /* its PLSP-ID is of the old one */
	l.session = w.session;
	ck_assert_int_eq(apply(&l), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pce_pcc");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, capabilities_are_those_of_the_router);
	tcase_add_test(t, an_initiation_arrives_whole_and_is_answered);
	tcase_add_test(t, update_release_take_over_and_removal_follow);
	tcase_add_test(t, a_refusal_is_a_failure_of_its_transaction);
	tcase_add_test(t, a_new_session_tells_the_lsp_again);
	suite_add_tcase(s, t);
	return check_main(s);
}
