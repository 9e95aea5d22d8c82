/* SPDX-License-Identifier: Apache-2.0 */
/* The PCE: state synchronisation and what a PCC tells of its LSPs. */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "log/metric.h"
#include "raw_pcc.h"

START_TEST(synchronisation_tells_each_lsp_then_that_it_is_over)
{
	struct driver_lsp l;

	peer_up("rfc");
	l = wish_of("new");
	raw_report(0, 7, DELEGATED | PCEPC_LSP_SYNC, "east");
	raw_report(0, 8, PCEPC_LSP_SYNC | LSP_ACTIVE << 4, "west");
	run_ms(100);
	ck_assert(told("report id=7 txn=0 D S oper=0 name=east segs=2"));
	ck_assert(told("report id=8 txn=0 S oper=2 name=west segs=2"));
	ck_assert(!told("synced"));
	ck_assert_int_eq(apply(&l), DRIVER_E_NO_SESSION); /* not before the end */
	raw_end_of_sync();
	raw_end_of_sync(); /* once more is once */
	run_ms(100);
	ck_assert(told("synced\n") && !told("synced\nsynced"));
	ck_assert_uint_eq(session().objects, 2);
	ck_assert_int_eq(apply(&l), 0);
}
END_TEST

START_TEST(an_unusable_report_ends_synchronisation_but_not_a_session_in_sync)
{
	struct pcep_item b;

	if (_i == 0)
		peer_up("rfc");
	else
		peer_synced_up("rfc");
	report_of(&b, 0, 7, DELEGATED, "east");
	b.item.ero = NULL; /* RFC 8231: 6/9 */
	pcc_item(&pcc, PCEPC_PCRPT, &b);
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "about lsp 7"));
	ck_assert_int_eq(pcc_heard(&pcc, "err 20/1"), _i == 0);
	ck_assert_int_eq(pcc_heard(&pcc, "err 6/9"), _i == 1);
	ck_assert_int_eq(pcc.down, _i == 0);
	ck_assert_int_eq(told("down"), _i == 0);
	ck_assert(!told("report"));
}
END_TEST

START_TEST(a_first_report_needs_a_name_later_ones_do_not)
{
	peer_synced_up("rfc");
	raw_report(0, 7, DELEGATED, "");
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "err 10/8") && !told("report"));
	raw_report(0, 7, DELEGATED, "east");
	raw_report(0, 7, 0, "");
	run_ms(100);
	ck_assert(told("report id=7 txn=0 oper=0 name=east"));
}
END_TEST

START_TEST(what_a_report_leaves_out_of_its_association_stays)
{
	struct sr_policy_key key = { .headend = HEADEND, .color = 100, .endpoint = ENDPOINT };
	struct sr_cpath_id cpath = { 30, 0, HEADEND, 1 };
	uint32_t preference = 70;
	struct pcep_item b;

	peer_synced_up("rfc");
	report_of(&b, 0, 7, DELEGATED, "east");
	pcep_item_policy(&b, &key, &cpath, &preference);
	pcc_item(&pcc, PCEPC_PCRPT, &b);
	run_ms(100);
	raw_report(0, 7, DELEGATED | LSP_UP << 4, "");
	run_ms(100);
	ck_assert_uint_eq(w.reports, 2);
	ck_assert(w.report.has_key && w.report.color == 100 && ip_eq(&w.report.endpoint, &ENDPOINT));
	ck_assert(w.report.has_cpath && w.report.cpath.origin == 30);
	ck_assert(w.report.has_preference && w.report.preference == 70);
	ck_assert(ip_eq(&w.report.headend, &HEADEND));
}
END_TEST

START_TEST(removal_is_told_and_forgotten)
{
	struct driver_lsp l = known("rfc", OURS);

	raw_report(0, 7, PCEPC_LSP_REMOVE, "");
	run_ms(100);
	ck_assert(w.report.removed);
	ck_assert_str_eq(w.report.name, "east");
	ck_assert_uint_eq(session().objects, 0);
	ck_assert_int_eq(apply(&l), DRIVER_E_NO_SESSION);
	told_forget();
	raw_report(0, 7, PCEPC_LSP_REMOVE, "east"); /* again: said again, nothing kept */
	run_ms(100);
	ck_assert(told("R ") && session().objects == 0);
}
END_TEST

START_TEST(the_end_of_an_old_instance_is_not_the_end_of_the_lsp)
{
	struct pcep_item b;

	peer_synced_up("rfc");
	for (uint16_t id = 1; id <= 2; id++) {
		report_of(&b, 0, 7, DELEGATED, "east");
		b.lsp.has_ids = true;
		b.lsp.ids = (struct pcepc_lsp_ids){ .sender = HEADEND, .endpoint = ENDPOINT,
						    .ext_tunnel = HEADEND, .lsp_id = id };
		pcc_item(&pcc, PCEPC_PCRPT, &b);
	}
	b.lsp.flags |= PCEPC_LSP_REMOVE;
	b.lsp.ids.lsp_id = 1;
	pcc_item(&pcc, PCEPC_PCRPT, &b);
	run_ms(100);
	ck_assert(!told("R ") && session().objects == 1);
	b.lsp.ids.lsp_id = 2;
	pcc_item(&pcc, PCEPC_PCRPT, &b);
	run_ms(100);
	ck_assert(told("R ") && session().objects == 0);
}
END_TEST

START_TEST(a_peer_removed_inside_a_report_hears_no_more)
{
	struct sr_list list = list_of(SR_SRV6, 1);
	struct pcep_item a, b;

	(void)known("rfc", DELEGATED);
	told_forget();
	w.deletes = true;
	report_of(&a, 0, 7, DELEGATED, "renamed"); /* two reports come of it */
	report_of(&b, 0, 8, DELEGATED, "west");
	pcep_item_list(&b, &list, false);
	a.item.next = &b.item;
	pcc_send(&pcc, &(struct pcepc_msg){ .type = PCEPC_PCRPT, .items = &a.item, .n_items = 2 });
	run_ms(100);
	ck_assert(told("R oper=0 name=east") && !told("renamed") && !told("west") && told("down"));
	ck_assert(pcc_heard(&pcc, "close 1") && pcc.down);
}
END_TEST

START_TEST(an_end_of_synchronisation_that_says_sync_is_none)
{
	peer_up("rfc");
	raw_report(0, 0, PCEPC_LSP_SYNC, "");
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "err 20/1") && pcc.down && !told("synced"));
}
END_TEST

START_TEST(of_two_lsps_with_one_name_the_first_is_told)
{
	(void)known("rfc", DELEGATED);
	told_forget();
	raw_report(0, 8, DELEGATED, "east");
	raw_report(0, 8, PCEPC_LSP_REMOVE, "east"); /* not the end of the first */
	raw_report(0, 9, DELEGATED, "west");
	raw_report(0, 9, DELEGATED, "east"); /* now it is called so too */
	run_ms(100);
	ck_assert(!told("name=east") && told("id=9 txn=0 D oper=0 name=west"));
	ck_assert_str_eq(w.alarm, "pcep-name-twice");
	raw_report(0, 7, PCEPC_LSP_REMOVE, "");
	raw_report(0, 8, DELEGATED, "east");
	run_ms(100);
	ck_assert(told("id=7 txn=0 R oper=0 name=east") && told("id=8 txn=0 D oper=0 name=east"));
}
END_TEST

START_TEST(another_name_is_another_lsp)
{
	(void)known("rfc", DELEGATED);
	told_forget();
	raw_report(0, 7, DELEGATED, "west");
	run_ms(100);
	ck_assert(told("report id=7 txn=0 R oper=0 name=east"));
	ck_assert(told("report id=7 txn=0 D oper=0 name=west"));
	ck_assert_uint_eq(session().objects, 1);
}
END_TEST

START_TEST(more_lsps_than_allowed_are_refused_one_by_one)
{
	char name[8];

	peer_up("rfc");
	for (uint32_t i = 1; i <= LSPS_MAX + 2; i++) {
		(void)snprintf(name, sizeof(name), "lsp%u", i);
		raw_report(0, i, DELEGATED | PCEPC_LSP_SYNC, name);
	}
	raw_end_of_sync();
	run_ms(100);
	ck_assert_uint_eq(w.reports, LSPS_MAX);
	ck_assert(pcc_heard(&pcc, "err 19/4\nabout lsp 9\nerr 19/4\nabout lsp 10"));
	ck_assert(told("synced") && !pcc.down);
	ck_assert_str_eq(w.alarm, "pcep-lsps-max");
	raw_report(0, 1, PCEPC_LSP_REMOVE, "");
	raw_report(0, 9, DELEGATED, "lsp9");
	run_ms(100);
	ck_assert(told("name=lsp9"));
}
END_TEST

START_TEST(a_name_longer_than_ours_is_refused)
{
	char name[SR_NAME_MAX + 1];

	memset(name, 'x', sizeof(name));
	name[SR_NAME_MAX] = '\0';
	peer_synced_up("rfc");
	raw_report(0, 7, DELEGATED, name);
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "err 19/4") && !told("report"));
	name[SR_NAME_MAX - 1] = '\0';
	raw_report(0, 7, DELEGATED, name);
	run_ms(100);
	ck_assert(told("report"));
}
END_TEST

START_TEST(rsvp_lsps_are_not_ours_and_no_fault)
{
	struct pcep_item b;

	peer_synced_up("rfc");
	report_of(&b, 0, 7, DELEGATED, "rsvp");
	b.item.srp = NULL;
	b.ero.n = 0;
	pcc_item(&pcc, PCEPC_PCRPT, &b);
	run_ms(100);
	ck_assert(!told("report") && !pcc_heard(&pcc, "err"));
	ck_assert_uint_eq(session().objects, 0);
}
END_TEST

START_TEST(reports_without_the_capability_are_refused)
{
	pcc.open.has_stateful = false;
	peer_add("rfc");
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	ck_assert(told("synced") && !w.caps.update && !w.caps.initiate);
	raw_report(0, 7, DELEGATED, "east");
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "err 19/5") && !told("report"));
}
END_TEST

START_TEST(messages_only_a_pce_sends_get_an_error)
{
	struct pcep_item b;

	peer_synced_up("rfc");
	report_of(&b, 5, 7, DELEGATED, "east");
	pcc_item(&pcc, _i == 0 ? PCEPC_PCUPD : PCEPC_PCINITIATE, &b);
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "err 2/0") && !pcc.down);
}
END_TEST

/* Octets as they are, lengths right, contents not: an error each, and the session stays. */
START_TEST(malformed_reports_get_their_error_and_nothing_else_happens)
{
	static const struct {
		uint8_t octets[48];
		size_t len;
		const char *want;
	} bad[] = {
		{ { 0x20, 10, 0, 4 }, 4, "err 6/8" },
		/* SRP alone */
		{ { 0x20, 10, 0, 16, 33, 0x12, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0 }, 16, "err 6/8" },
		/* LSP, SRv6-ERO with neither SID nor NAI */
		{ { 0x20, 10, 0, 28, 32, 0x12, 0, 8, 0, 0, 0x70, 0, 7, 0x12, 0, 16, 40, 12, 0, 3, 0, 0,
		    0xff, 0xff, 0, 0, 0, 0 },
		  28, "err 10/42" },
	};

	peer_synced_up("rfc");
	pcc_bytes(&pcc, bad[_i].octets, bad[_i].len);
	run_ms(100);
	ck_assert_msg(pcc_heard(&pcc, bad[_i].want), "%s", str_text(&pcc.log));
	ck_assert(!told("report") && !pcc.down);
	raw_report(0, 7, DELEGATED, "east");
	run_ms(100);
	ck_assert(told("name=east"));
}
END_TEST

static double value(struct metric *m)
{
	(void)session(); /* brings the counters up to date */
	return metric_value(m);
}

START_TEST(what_happens_is_counted)
{
	static const char *const peer = "peer=\"2001:db8::11\"";
	struct metric *up = metric_gauge("sextant_pcep_session_up", "", peer),
		      *lsps = metric_gauge("sextant_pcep_lsps", "", peer),
		      *rx = metric_counter("sextant_pcep_received_messages_total", "", peer),
		      *tx = metric_counter("sextant_pcep_sent_messages_total", "", peer),
		      *losses = metric_counter("sextant_pcep_session_losses_total", "", peer),
		      *faults = metric_counter("sextant_pcep_faults_total", "", peer),
		      *refusals = metric_counter("sextant_pcep_refusals_total", "", peer),
		      *unknown = metric_counter("sextant_pcep_unknown_connections_total", "", "");
	struct pcepc_err e = { .kind = PCEPC_ERR_ERROR, .type = 24, .value = 2 };
	struct ip_addr other = addr("2001:db8::12");
	double rx0 = value(rx), tx0 = value(tx), losses0 = value(losses), faults0 = value(faults),
	       refusals0 = value(refusals), unknown0 = value(unknown);

	(void)known("rfc", DELEGATED);
	ck_assert(value(up) == 1 && value(lsps) == 1);
	ck_assert(value(rx) == rx0 + 4 && value(tx) == tx0 + 2); /* Open, Keepalive, 2 PCRpt */
	raw_report(0, 8, DELEGATED, "");
	pcc_send(&pcc, &(struct pcepc_msg){ .type = PCEPC_PCERR, .errs = &e });
	run_ms(100);
	ck_assert(value(faults) == faults0 + 1 && value(refusals) == refusals0 + 1);
	ck_assert(session().rx_messages == 6 && session().tx_messages == 3 && session().rx_errors == 1);
	pcc_drop(&pcc);
	run_ms(100);
	ck_assert(value(up) == 0 && value(lsps) == 0 && value(losses) == losses0 + 1);
	ck_assert(value(unknown) == unknown0);
	pcc_dial(&pcc, &other);
	run_ms(100);
	ck_assert(value(unknown) == unknown0 + 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pce_report");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, world_setup, world_teardown);
	tcase_add_test(t, synchronisation_tells_each_lsp_then_that_it_is_over);
	tcase_add_loop_test(t, an_unusable_report_ends_synchronisation_but_not_a_session_in_sync, 0, 2);
	tcase_add_test(t, a_first_report_needs_a_name_later_ones_do_not);
	tcase_add_test(t, what_a_report_leaves_out_of_its_association_stays);
	tcase_add_test(t, removal_is_told_and_forgotten);
	tcase_add_test(t, the_end_of_an_old_instance_is_not_the_end_of_the_lsp);
	tcase_add_test(t, a_peer_removed_inside_a_report_hears_no_more);
	tcase_add_test(t, an_end_of_synchronisation_that_says_sync_is_none);
	tcase_add_test(t, of_two_lsps_with_one_name_the_first_is_told);
	tcase_add_test(t, another_name_is_another_lsp);
	tcase_add_test(t, more_lsps_than_allowed_are_refused_one_by_one);
	tcase_add_test(t, a_name_longer_than_ours_is_refused);
	tcase_add_test(t, rsvp_lsps_are_not_ours_and_no_fault);
	tcase_add_test(t, reports_without_the_capability_are_refused);
	tcase_add_loop_test(t, messages_only_a_pce_sends_get_an_error, 0, 2);
	tcase_add_loop_test(t, malformed_reports_get_their_error_and_nothing_else_happens, 0, 3);
	tcase_add_test(t, what_happens_is_counted);
	suite_add_tcase(s, t);
	return check_main(s);
}
