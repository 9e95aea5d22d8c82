/* SPDX-License-Identifier: Apache-2.0 */
/* The PCE: wishes to messages, their answers, path requests, FRR's dialect. */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "raw_pcc.h"

/* ---- wishes ---- */

START_TEST(an_initiation_says_all_of_the_policy)
{
	struct driver_lsp l;
	const struct pcepc_item *it;
	struct lsp_state st;

	peer_synced_up("rfc");
	l = wish_of("east");
	l.bandwidth_bps = 10000000;
	l.binding_sid = addr("fc00:0:1:b001::");
	ck_assert_int_eq(apply(&l), 0);
	ck_assert_uint_ne(txn, 0);
	run_ms(100);
	ck_assert_int_eq(pcc.last->type, PCEPC_PCINITIATE);
	it = pcc.last->items;
	ck_assert(it->srp->id == txn && it->srp->flags == 0 && it->srp->pst == 3);
	ck_assert_uint_eq(it->lsp->plsp_id, 0);
	ck_assert(ip_eq(&it->endpoints->src, &HEADEND) && ip_eq(&it->endpoints->dst, &ENDPOINT));
	/* RFC 9862: association id 1, source the headend */
	ck_assert(it->assoc->id == 1 && ip_eq(&it->assoc->source, &HEADEND));
	ck_assert(it->lspa->setup_prio == 3 && it->lspa->hold_prio == 2 && !it->vendor);
	ck_assert(pcep_state_of(it, &st));
	ck_assert_str_eq(st.name, "east");
	ck_assert(sr_list_eq(&st.list, &l.list) && st.bandwidth_bps == 10000000);
	ck_assert(st.color == 100 && st.preference == 200 && st.cpath.discriminator == 42 &&
		  st.cpath.origin == 10);
	ck_assert(ip_eq(&st.binding_sid, &l.binding_sid));
	ck_assert_uint_eq(it->ero->hops[0].structure[0], 32);
}
END_TEST

START_TEST(an_answer_carries_its_transaction_others_do_not)
{
	struct driver_lsp l;

	peer_synced_up("rfc");
	l = wish_of("east");
	ck_assert_int_eq(apply(&l), 0);
	raw_report(txn, 7, OURS | LSP_GOING_UP << 4, "east");
	raw_report(txn, 7, OURS | LSP_UP << 4, "");
	run_ms(100);
	ck_assert_uint_eq(w.reports, 2);
	ck_assert_uint_eq(w.report.txn, txn);
	ck_assert(w.report.pce_initiated && w.report.delegated && w.report.oper == LSP_UP);
	raw_report(txn + 1, 7, OURS, ""); /* never given out */
	run_ms(100);
	ck_assert_uint_eq(w.report.txn, 0);
}
END_TEST

START_TEST(an_update_names_the_lsp_by_its_id)
{
	struct driver_lsp l = known("rfc", DELEGATED);
	struct lsp_state st;

	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	ck_assert_int_eq(pcc.last->type, PCEPC_PCUPD);
	ck_assert(pcep_state_of(pcc.last->items, &st));
	ck_assert(st.plsp_id == 7 && st.delegated && st.admin_up && !st.removed);
	ck_assert(sr_list_eq(&st.list, &l.list));
	ck_assert_uint_eq(pcc.last->items->srp->id, txn);
	ck_assert_ptr_null(pcc.last->items->assoc); /* its own: left as it is */
}
END_TEST

/* Left out it would stay as it was: found by tests/sim. */
START_TEST(no_bandwidth_is_said_in_an_update_and_not_in_an_initiation)
{
	struct driver_lsp l = known("rfc", DELEGATED);

	l.bandwidth_bps = 0;
	if (_i == 1)
		l.plsp_id = 0;
	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	ck_assert_int_eq(pcc.last->type, _i == 1 ? PCEPC_PCINITIATE : PCEPC_PCUPD);
	ck_assert_int_eq(pcc.last->items->has_bandwidth, _i == 0);
	ck_assert_uint_eq(pcc.last->items->bandwidth_bps, 0);
}
END_TEST

START_TEST(a_preference_that_changed_is_said_in_the_update)
{
	struct sr_policy_key key = { .headend = HEADEND, .color = 100, .endpoint = ENDPOINT };
	struct sr_cpath_id cpath = { 10, 65000, PCE_ADDR, 42 };
	struct driver_lsp l;
	struct pcep_item b;
	uint32_t preference = _i == 0 ? 200 : 100;

	peer_synced_up("rfc");
	report_of(&b, 0, 7, OURS, "east");
	pcep_item_policy(&b, &key, &cpath, &preference);
	pcc_item(&pcc, PCEPC_PCRPT, &b);
	run_ms(100);
	l = wish_of("east");
	l.plsp_id = 7;
	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	ck_assert_int_eq(pcc_heard(&pcc, "assoc color=100 pref=200"), _i == 1);
}
END_TEST

START_TEST(what_the_session_does_not_know_or_own_is_not_touched)
{
	struct driver_lsp l = known("rfc", _i == 3 ? DELEGATED : _i == 4 ? PCEPC_LSP_CREATE : OURS);
	int want = DRIVER_E_NO_SESSION, got;

	pcc_forget(&pcc);
	if (_i == 0)
		l.plsp_id = 8;
	if (_i == 1)
		l.session++;
	if (_i == 2)
		l.key.headend = ENDPOINT;
	if (_i == 3) { /* the router's own: not ours to remove */
		want = DRIVER_E_REFUSED;
		got = w.driver->remove(w.driver->self, &l, &txn);
	} else {
		got = apply(&l);
	}
	if (_i == 4) /* RFC 8231 s6.2: not delegated */
		want = DRIVER_E_REFUSED;
	ck_assert_int_eq(got, want);
	if (_i < 3) {
		ck_assert_int_eq(w.driver->remove(w.driver->self, &l, &txn), want);
		ck_assert_int_eq(w.driver->release(w.driver->self, &l, &txn), want);
	}
	run_ms(100);
	ck_assert(!pcc_heard(&pcc, "update") && !pcc_heard(&pcc, "initiate"));
}
END_TEST

START_TEST(a_peer_without_the_capability_is_not_asked)
{
	struct driver_lsp l;

	if (_i == 0)
		pcc.open.stateful = PCEPC_CAP_UPDATE;
	else if (_i == 1)
		pcc.open.n_psts = 1;
	else
		pcc.open.stateful = PCEPC_CAP_INITIATE;
	l = known("rfc", OURS);
	if (_i < 2)
		l.plsp_id = 0;
	ck_assert_int_eq(apply(&l), DRIVER_E_REFUSED);
	l.list = list_of(SR_MPLS, 2);
	ck_assert_int_eq(apply(&l), _i == 1 ? 0 : DRIVER_E_REFUSED);
}
END_TEST

START_TEST(without_association_type_6_there_is_no_association)
{
	struct driver_lsp l;

	if (_i == 0)
		pcc.open.has_assoc_types = false;
	peer_synced_up(_i == 0 ? "rfc" : _i == 1 ? "nokia" : "rfc");
	l = wish_of("east");
	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "initiate"));
	ck_assert_int_eq(pcc_heard(&pcc, "assoc"), _i == 2);
}
END_TEST

START_TEST(removal_release_and_take_over_look_as_the_rfcs_say)
{
	struct driver_lsp l = known("rfc", _i == 2 ? PCEPC_LSP_CREATE : OURS);
	const struct pcepc_item *it;

	if (_i == 0) {
		ck_assert_int_eq(w.driver->remove(w.driver->self, &l, &txn), 0);
	} else if (_i == 1) {
		ck_assert_int_eq(w.driver->release(w.driver->self, &l, &txn), 0);
	} else {
		l.take_over = true;
		ck_assert_int_eq(apply(&l), 0);
	}
	run_ms(100);
	it = pcc.last->items;
	ck_assert(it->srp->id == txn && it->lsp->plsp_id == 7 && it->srp->pst == 3);
	if (_i == 0) { /* RFC 8281 s5.4: SRP with R, LSP, nothing else */
		ck_assert(pcc.last->type == PCEPC_PCINITIATE && it->srp->flags == 0x1 && !it->ero);
	} else if (_i == 1) { /* RFC 8231 s5.7.3: empty update, D clear */
		ck_assert(pcc.last->type == PCEPC_PCUPD && !(it->lsp->flags & PCEPC_LSP_DELEGATE));
		ck_assert(it->ero && it->ero->n == 0);
	} else { /* RFC 8281 s6 */
		ck_assert(pcc.last->type == PCEPC_PCINITIATE && it->srp->flags == 0 && !it->ero &&
			  !it->endpoints && !it->assoc);
	}
}
END_TEST

START_TEST(what_was_given_back_or_never_was_ours_is_refused)
{
	struct driver_lsp l = known("rfc", _i == 0 ? PCEPC_LSP_CREATE : DELEGATED);

	pcc_forget(&pcc);
	if (_i == 0) {
		ck_assert_int_eq(w.driver->release(w.driver->self, &l, &txn), DRIVER_E_REFUSED);
	} else { /* no orphan of a PCE */
		l.take_over = true;
		ck_assert_int_eq(apply(&l), DRIVER_E_REFUSED);
	}
	run_ms(100);
	ck_assert_str_eq(str_text(&pcc.log), "");
}
END_TEST

START_TEST(frr_is_given_its_own_list_back)
{
	struct driver_lsp l = known("frr", DELEGATED);

	l.list = list_of(SR_MPLS, 2);
	ck_assert_int_eq(w.driver->release(w.driver->self, &l, &txn), 0);
	run_ms(100);
	ck_assert(pcc.last->type == PCEPC_PCUPD && pcc.last->items->ero->n == 2 &&
		  !(pcc.last->items->lsp->flags & PCEPC_LSP_DELEGATE));
}
END_TEST

START_TEST(an_error_about_a_request_is_its_failure)
{
	struct driver_lsp l;
	struct pcepc_err e[] = { { .kind = PCEPC_ERR_SRP }, { .kind = PCEPC_ERR_SRP },
				 { .kind = PCEPC_ERR_ERROR, .type = 24, .value = 2 },
				 { .kind = PCEPC_ERR_SRP, .id = 4711 },
				 { .kind = PCEPC_ERR_ERROR, .type = 19, .value = 8 } };
	char want[64];

	for (size_t i = 0; i + 1 < ARRAY_LEN(e); i++)
		e[i].next = &e[i + 1];
	peer_synced_up("rfc");
	l = wish_of("east");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(apply(&l), 0);
		e[i].id = txn;
	}
	pcc_send(&pcc, &(struct pcepc_msg){ .type = PCEPC_PCERR, .errs = e });
	run_ms(100);
	(void)snprintf(want, sizeof(want), "failed txn=%u 24/2\nfailed txn=%u 24/2\n", e[0].id, e[1].id);
	ck_assert(told(want) && !told("4711"));
	ck_assert(ip_eq(&w.failure.headend, &HEADEND) && w.failure.session == w.session);
	ck_assert_ptr_nonnull(strstr(w.failure.text, "24/2"));
}
END_TEST

/* FRR writes the error before what it is about. */
START_TEST(an_error_before_its_srp_is_understood_too)
{
	struct pcepc_err srp = { .kind = PCEPC_ERR_SRP },
			 e = { .next = &srp, .kind = PCEPC_ERR_ERROR, .type = 19, .value = 9 };
	struct driver_lsp l;

	peer_synced_up("rfc");
	l = wish_of("east");
	ck_assert_int_eq(apply(&l), 0);
	srp.id = txn + (_i == 1);
	pcc_send(&pcc, &(struct pcepc_msg){ .type = PCEPC_PCERR, .errs = &e });
	run_ms(100);
	ck_assert_int_eq(told("failed"), _i == 0);
	ck_assert_uint_eq(w.failure.txn, _i == 0 ? txn : 0);
}
END_TEST

START_TEST(a_full_queue_is_said_and_its_end_too)
{
	struct driver_lsp l;
	unsigned sent = 0;
	int rc;

	peer_synced_up("rfc");
	l = wish_of("east");
	net_conn_pause(pcc.conn, true);
	do {
		rc = apply(&l);
		run_ms(sent % 64 == 0 ? 1 : 0);
	} while (rc == 0 && ++sent < 100000);
	ck_assert_int_eq(rc, DRIVER_E_FULL);
	ck_assert_uint_gt(sent, 1000);
	run_ms(100);
	ck_assert_uint_eq(w.readies, 0);
	net_conn_pause(pcc.conn, false);
	run_ms(5000);
	ck_assert_uint_eq(w.readies, 1);
	ck_assert_int_eq(apply(&l), 0);
}
END_TEST

/* ---- path requests ---- */

static struct pcepc_rp rp;

static void request_of(struct pcep_item *b)
{
	rp = (struct pcepc_rp){ .id = 9, .has_pst = true, .pst = PCEPC_PST_SRV6 };
	pcep_item_init(b);
	b->item.rp = &rp;
	pcep_item_endpoints(b, &HEADEND, &ENDPOINT);
}

START_TEST(a_request_is_answered_with_the_path)
{
	struct pcepc_metric bound = { .type = 12, .bound = true, .value = 5000 },
			    wanted = { .next = &bound, .type = 2 };
	const struct pcepc_item *it;
	struct pcep_item b;

	peer_synced_up("rfc");
	w.reply = (struct driver_path_reply){ .found = true, .list = list_of(SR_SRV6, 3), .te = 55 };
	request_of(&b);
	b.item.metrics = &wanted;
	pcep_item_bandwidth(&b, 8000000);
	b.lspa = (struct pcepc_lspa){ .exclude_any = 1, .include_any = 2, .include_all = 4,
				      .setup_prio = 5, .hold_prio = 4 };
	b.item.lspa = &b.lspa;
	pcc_item(&pcc, PCEPC_PCREQ, &b);
	run_ms(100);
	ck_assert(w.request.request_id == 9 && w.request.dataplane == SR_SRV6);
	ck_assert(ip_eq(&w.request.src, &HEADEND) && ip_eq(&w.request.dst, &ENDPOINT));
	ck_assert(w.request.bandwidth_bps == 8000000 && w.request.metric_wanted == 2);
	ck_assert(w.request.has_delay_bound && w.request.delay_us_max == 5000);
	ck_assert(!w.request.has_te_bound && !w.request.has_hop_bound && !w.request.has_msd);
	ck_assert(w.request.exclude_any == 1 && w.request.include_any == 2 &&
		  w.request.include_all == 4 && w.request.setup_prio == 5 && w.request.hold_prio == 4);
	it = pcc.last->items;
	ck_assert(pcc.last->type == PCEPC_PCREP && it->rp->id == 9 && it->ero->n == 3 && !it->no_path);
	ck_assert(it->metrics->computed && it->metrics->type == 2 && it->metrics->value == 55);
	ck_assert_ptr_null(it->metrics->next);
}
END_TEST

START_TEST(a_peer_removed_inside_a_request_gets_no_reply)
{
	static const uint8_t empty[] = { 0x20, 3, 0, 4 };
	struct pcep_item b;

	peer_synced_up("rfc");
	pcc_bytes(&pcc, empty, sizeof(empty)); /* RFC 5440: without RP, 6/1 */
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "err 6/1"));
	w.reply.no_path_vector = _i == 1 ? 0x1 : 0; /* 1: it would have waited */
	request_of(&b);
	w.deletes = true;
	pcc_item(&pcc, PCEPC_PCREQ, &b);
	run_ms(3000);
	ck_assert(told("request 9\ndown") && !told("request 9\nrequest"));
	ck_assert(!pcc_heard(&pcc, "reply") && pcc_heard(&pcc, "close 1"));
}
END_TEST

START_TEST(a_peer_removed_while_a_request_waits_gets_no_reply)
{
	struct pcep_item b;

	peer_synced_up("rfc");
	w.reply.no_path_vector = 0x1;
	request_of(&b);
	pcc_item(&pcc, PCEPC_PCREQ, &b);
	pcc_item(&pcc, PCEPC_PCREQ, &b);
	run_ms(100);
	w.deletes = true;
	run_ms(3000);
	ck_assert(told("request 9\nrequest 9\nrequest 9\ndown") && !pcc_heard(&pcc, "reply"));
}
END_TEST

START_TEST(no_path_says_why)
{
	struct pcep_item b;

	peer_synced_up("rfc");
	w.reply.no_path_vector = 0x2;
	request_of(&b);
	pcc_item(&pcc, PCEPC_PCREQ, &b);
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "reply request=9 no-path vector=2\n"));
}
END_TEST

/* FRR does not ask again after "no path", and cancels what takes it too long. */
START_TEST(a_request_before_the_topology_is_known_waits_for_it)
{
	struct pcepc_err id = { .kind = PCEPC_ERR_RP, .id = _i == 2 ? 10 : 9 };
	struct pcepc_ntf cancel = { .type = 1, .value = 1 };
	struct pcep_item b;

	peer_synced_up("rfc");
	w.reply.no_path_vector = 0x1;
	request_of(&b);
	pcc_item(&pcc, PCEPC_PCREQ, &b);
	run_ms(2500);
	ck_assert(told("request 9\nrequest 9\n") && !pcc_heard(&pcc, "reply"));
	if (_i == 1 || _i == 2)
		pcc_send(&pcc, &(struct pcepc_msg){ .type = PCEPC_PCNTF, .errs = &id, .ntfs = &cancel });
	if (_i == 3)
		pcc_drop(&pcc);
	run_ms(_i == 4 ? 60000 : 100);
	w.reply = (struct driver_path_reply){ .found = true, .list = list_of(SR_SRV6, 2) };
	run_ms(1500);
	ck_assert_int_eq(pcc_heard(&pcc, "reply request=9 segs=2\n"), _i == 0 || _i == 2);
	ck_assert_int_eq(pcc_heard(&pcc, "reply request=9 no-path vector=1\n"), _i == 4);
}
END_TEST

START_TEST(only_so_many_requests_wait)
{
	struct pcep_item b;

	peer_synced_up("rfc");
	w.reply.no_path_vector = 0x1;
	request_of(&b);
	for (rp.id = 1; rp.id <= 256; rp.id++)
		pcc_item(&pcc, PCEPC_PCREQ, &b);
	run_ms(100);
	ck_assert(!pcc_heard(&pcc, "reply"));
	rp.id = 999;
	pcc_item(&pcc, PCEPC_PCREQ, &b);
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "reply request=999 no-path vector=1\n"));
	w.reply.no_path_vector = 0x2; /* known now, and there is none */
	run_ms(2000);
	ck_assert(pcc_heard(&pcc, "reply request=1 no-path vector=2\n") &&
		  pcc_heard(&pcc, "reply request=256 no-path vector=2\n"));
}
END_TEST

START_TEST(a_request_we_cannot_serve_gets_its_error)
{
	static const char *const want[] = { "err 6/3", "err 21/1", "err 4/4" };
	struct pcepc_metric m = { .type = 20, .must = true, .bound = true, .value = 10 };
	struct pcep_item b;

	peer_synced_up("rfc");
	request_of(&b);
	if (_i == 0)
		b.item.endpoints = NULL;
	else if (_i == 1)
		rp.pst = 0;
	else
		b.item.metrics = &m;
	pcc_item(&pcc, PCEPC_PCREQ, &b);
	run_ms(100);
	ck_assert(pcc_heard(&pcc, want[_i]) && pcc_heard(&pcc, "about rp 9"));
	ck_assert(!told("request") && !pcc_heard(&pcc, "reply"));
	m.must = false; /* what need not be honoured is no obstacle */
	if (_i == 2) {
		pcc_item(&pcc, PCEPC_PCREQ, &b);
		run_ms(100);
		ck_assert(told("request 9"));
	}
}
END_TEST

/* ---- FRR ---- */

static struct driver_lsp frr_wish(void)
{
	struct driver_lsp l = wish_of("east");

	l.key.endpoint = addr("10.0.0.7");
	l.list = list_of(SR_MPLS, 2);
	l.bandwidth_bps = 1000000;
	return l;
}

START_TEST(frr_gets_its_colour_by_the_vendor_object)
{
	struct pcep_peer_cfg cfg = peer_cfg("frr");
	const struct pcepc_item *it;
	struct driver_lsp l;

	cfg.headend = addr("10.0.0.1");
	ck_assert_int_eq(pcep_peer_set(w.pcep, &cfg), 0);
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	raw_end_of_sync();
	run_ms(100);
	l = frr_wish();
	l.key.headend = cfg.headend;
	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	it = pcc.last->items;
	ck_assert(pcc.last->type == PCEPC_PCINITIATE && it->srp->pst == 1);
	ck_assert(it->endpoints->dst.family == IP_V4 && it->ero->n == 2 && !it->ero->hops[0].has_nai);
	ck_assert(it->vendor->has_color && it->vendor->color == 100);
	/* its reader takes this object for 20 octets */
	ck_assert(it->vendor->has_preference && it->vendor->preference == 200);
	ck_assert(!it->assoc && !it->lspa && !it->has_bandwidth);
	/* its reader takes one message a read: the second waits */
	ck_assert_int_eq(apply(&l), 0);
	ck_assert_int_eq(apply(&l), DRIVER_E_FULL);
	run_ms(100);
	ck_assert_uint_eq(w.readies, 1);
	ck_assert_int_eq(apply(&l), 0);
}
END_TEST

START_TEST(frr_never_gets_ipv6_endpoints_srv6_or_unknown_ids)
{
	struct driver_lsp l;

	peer_synced_up("frr");
	pcc_forget(&pcc);
	ck_assert(!w.caps.srv6 && !w.caps.sr_policy_assoc);
	l = frr_wish(); /* IPv6 headend */
	ck_assert_int_eq(apply(&l), DRIVER_E_REFUSED);
	l = wish_of("east");
	ck_assert_int_eq(apply(&l), DRIVER_E_REFUSED);
	l = frr_wish();
	l.plsp_id = 3;
	ck_assert_int_eq(apply(&l), DRIVER_E_NO_SESSION);
	run_ms(100);
	ck_assert_str_eq(str_text(&pcc.log), "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pce_driver");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, world_setup, world_teardown);
	tcase_add_test(t, an_initiation_says_all_of_the_policy);
	tcase_add_test(t, an_answer_carries_its_transaction_others_do_not);
	tcase_add_test(t, an_update_names_the_lsp_by_its_id);
	tcase_add_loop_test(t, no_bandwidth_is_said_in_an_update_and_not_in_an_initiation, 0, 2);
	tcase_add_loop_test(t, a_preference_that_changed_is_said_in_the_update, 0, 2);
	tcase_add_loop_test(t, what_the_session_does_not_know_or_own_is_not_touched, 0, 5);
	tcase_add_loop_test(t, a_peer_without_the_capability_is_not_asked, 0, 3);
	tcase_add_loop_test(t, without_association_type_6_there_is_no_association, 0, 3);
	tcase_add_loop_test(t, removal_release_and_take_over_look_as_the_rfcs_say, 0, 3);
	tcase_add_loop_test(t, what_was_given_back_or_never_was_ours_is_refused, 0, 2);
	tcase_add_test(t, frr_is_given_its_own_list_back);
	tcase_add_test(t, an_error_about_a_request_is_its_failure);
	tcase_add_loop_test(t, an_error_before_its_srp_is_understood_too, 0, 2);
	tcase_add_test(t, a_full_queue_is_said_and_its_end_too);
	tcase_add_test(t, a_request_is_answered_with_the_path);
	tcase_add_loop_test(t, a_peer_removed_inside_a_request_gets_no_reply, 0, 2);
	tcase_add_test(t, a_peer_removed_while_a_request_waits_gets_no_reply);
	tcase_add_test(t, no_path_says_why);
	tcase_add_loop_test(t, a_request_before_the_topology_is_known_waits_for_it, 0, 5);
	tcase_add_test(t, only_so_many_requests_wait);
	tcase_add_loop_test(t, a_request_we_cannot_serve_gets_its_error, 0, 3);
	tcase_add_test(t, frr_gets_its_colour_by_the_vendor_object);
	tcase_add_test(t, frr_never_gets_ipv6_endpoints_srv6_or_unknown_ids);
	suite_add_tcase(s, t);
	return check_main(s);
}
