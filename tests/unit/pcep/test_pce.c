/* SPDX-License-Identifier: Apache-2.0 */
/* The PCE: peers and their sessions, Opens, what a PCC tells of its LSPs. */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "certs.h"
#include "raw_pcc.h"

static void find_session(void *arg, const struct session_info *s)
{
	*(struct session_info *)arg = *s;
}

static struct session_info session(void)
{
	struct session_query q = pcep_sessions(w.pcep);
	struct session_info s = { 0 };

	q.each(q.self, find_session, &s);
	return s;
}

/* ---- peers ---- */

START_TEST(an_unknown_peer_is_closed_at_once)
{
	struct ip_addr other = addr("2001:db8::12");

	peer_add("rfc");
	pcc_dial(&pcc, &other);
	run_ms(100);
	ck_assert(pcc.down && !pcc_heard(&pcc, "open"));
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	ck_assert(!pcc.down && pcc_heard(&pcc, "open"));
}
END_TEST

START_TEST(a_peer_must_be_secured_or_said_to_be_insecure)
{
	struct pcep_peer_cfg cfg = peer_cfg("rfc");

	cfg.insecure = false;
	ck_assert_int_eq(pcep_peer_set(w.pcep, &cfg), PCEP_E_INSECURE);
	cfg.md5.len = 3;
	memcpy(cfg.md5.key, "key", 3);
	ck_assert_int_eq(pcep_peer_set(w.pcep, &cfg), 0);
	run_ms(1);
	ck_assert_uint_eq(w.alarms, 0);
	cfg = peer_cfg("rfc");
	ck_assert_int_eq(pcep_peer_set(w.pcep, &cfg), 0);
	run_ms(1);
	ck_assert_uint_eq(w.alarms, 1);
	ck_assert_str_eq(w.alarm, "pcep-insecure");
	ck_assert_int_eq(pcep_peer_del(w.pcep, &PCC_ADDR), 0);
	run_ms(1);
	ck_assert_uint_eq(w.alarms, 0);
}
END_TEST

START_TEST(nonsense_in_a_peers_configuration_is_refused)
{
	struct pcep_peer_cfg cfg = peer_cfg("rfc");

	if (_i == 0)
		cfg.addr = (struct ip_addr){ 0 };
	if (_i == 1)
		cfg.headend = (struct ip_addr){ 0 };
	if (_i == 2)
		cfg.md5.len = 81;
	if (_i == 3)
		memcpy(cfg.profile, "cisco", 6);
	if (_i == 4) { /* the headend is another's */
		peer_add("rfc");
		cfg.addr = addr("2001:db8::12");
	}
	ck_assert_int_eq(pcep_peer_set(w.pcep, &cfg), PCEP_E_CONFIG);
	ck_assert_int_eq(pcep_peer_del(w.pcep, &cfg.addr), 1);
}
END_TEST

START_TEST(md5_is_set_on_the_listener)
{
	struct pcep_peer_cfg cfg = peer_cfg("rfc");

	cfg.md5.len = 3;
	memcpy(cfg.md5.key, "key", 3);
	ck_assert_int_eq(pcep_peer_set(w.pcep, &cfg), 0);
	pcc_dial(&pcc, &PCC_ADDR); /* without: silence */
	run_ms(1000);
	ck_assert(!pcc_heard(&pcc, "open"));
	pcc_drop(&pcc);
	pcc.md5 = cfg.md5;
	if (_i == 1) /* also on a listener that came later */
		ck_assert_int_eq(pcep_listen(w.pcep, &PCE_ADDR, pcc.port = 4190), 0);
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(1000);
	ck_assert(pcc_heard(&pcc, "open"));
	ck_assert_str_eq(session().security, "md5");
	pcc_drop(&pcc);
	pcc_forget(&pcc);
	peer_add("rfc"); /* no key any more */
	run_ms(100);
	pcc.md5.len = 0;
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(1000);
	ck_assert(pcc_heard(&pcc, "open"));
}
END_TEST

START_TEST(a_second_session_is_refused_and_the_first_stays)
{
	struct raw_pcc second = { .quiet = true };

	arena_init(&second.arena, PCEPC_ARENA_MAX);
	peer_synced_up("rfc");
	pcc_dial(&second, &PCC_ADDR);
	run_ms(100);
	ck_assert(pcc_heard(&second, "err 9/0\n") && second.down && !pcc_heard(&second, "open"));
	run_ms(3000);
	ck_assert(!pcc.down && session().up);
	str_fini(&second.log);
	arena_fini(&second.arena);
}
END_TEST

static struct net_tls *tls_of(enum net_tls_use use, const struct certs *c, bool stranger)
{
	struct net_tls_cfg cfg = {
		.cert_file = use == NET_TLS_SERVER ? c->cert : stranger ? c->other_cert : c->client_cert,
		.key_file = use == NET_TLS_SERVER ? c->key : stranger ? c->other_key : c->client_key,
		.ca_file = c->ca, .tls13_only = true,
	};
	struct net_tls *tls = NULL;
	char err[256];

	ck_assert_int_eq(net_tls_new(&tls, use, &cfg, err, sizeof(err)), 0);
	return tls;
}

START_TEST(with_tls_only_tls_with_the_right_certificate_comes_up)
{
	struct pcep_peer_cfg cfg = peer_cfg("rfc");
	struct certs certs;

	certs_make(&certs);
	cfg.insecure = false;
	cfg.tls = tls_of(NET_TLS_SERVER, &certs, false);
	if (_i > 0)
		pcc.tls = tls_of(NET_TLS_CLIENT, &certs, _i == 2);
	ck_assert_int_eq(pcep_peer_set(w.pcep, &cfg), 0);
	pcc_dial(&pcc, &PCC_ADDR);
	if (_i == 0) /* its own Open before anything else */
		pcc_send(&pcc, &(struct pcepc_msg){ .type = PCEPC_OPEN, .open = &pcc.open });
	run_ms(2000);
	ck_assert_int_eq(told("up 2001"), _i == 1);
	ck_assert_int_eq(pcc.down, _i != 1);
	if (_i == 0)
		ck_assert(pcc_heard(&pcc, "err 25/3"));
	if (_i == 1) {
		ck_assert_str_eq(session().security, "tls");
		ck_assert_uint_eq(w.alarms, 0);
	}
	net_tls_unref(cfg.tls);
	net_tls_unref(pcc.tls);
	certs_remove(&certs);
}
END_TEST

START_TEST(an_unchanged_peer_is_not_disturbed_a_changed_one_starts_afresh)
{
	struct pcep_peer_cfg cfg = peer_cfg("rfc");

	peer_synced_up("rfc");
	ck_assert_int_eq(pcep_peer_set(w.pcep, &cfg), 0);
	run_ms(100);
	ck_assert(!pcc.down && !told("down"));
	cfg.headend = addr("2001:db8:1::2");
	ck_assert_int_eq(pcep_peer_set(w.pcep, &cfg), 0);
	ck_assert(!told("down")); /* no callback from inside a call */
	run_ms(100);
	ck_assert(told("down 2001:db8:1::1") && pcc_heard(&pcc, "close 1") && pcc.down);
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	ck_assert(told("up 2001:db8:1::2"));
}
END_TEST

START_TEST(removing_a_peer_and_stopping_close_with_a_word)
{
	struct driver_lsp l;

	peer_synced_up("rfc");
	if (_i == 0)
		ck_assert_int_eq(pcep_peer_del(w.pcep, &PCC_ADDR), 0);
	else if (_i == 1)
		pcep_stop(w.pcep);
	else
		ck_assert_int_eq(pcep_sessions(w.pcep).reset(w.pcep, &PCC_ADDR), 0);
	ck_assert(!told("down"));
	l = wish_of("x");
	ck_assert_int_eq(apply(&l), DRIVER_E_NO_SESSION);
	run_ms(100);
	ck_assert(told("down") && pcc_heard(&pcc, "close 1"));
	pcc_forget(&pcc);
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	ck_assert_int_eq(pcc_heard(&pcc, "open"), _i == 2);
}
END_TEST

START_TEST(freeing_with_a_removed_peer_and_a_live_one_is_clean)
{
	peer_synced_up("rfc");
	ck_assert_int_eq(pcep_peer_del(w.pcep, &PCC_ADDR), 0);
	peer_add("rfc"); /* teardown frees before the task of the removed one has run */
	ck_assert_int_eq(pcep_sessions(w.pcep).reset(w.pcep, &PCE_ADDR), 1);
}
END_TEST

START_TEST(a_lost_session_is_an_alarm_until_the_next)
{
	peer_add("rfc");
	run_ms(29000);
	ck_assert_uint_eq(w.alarms, 1); /* insecure */
	run_ms(2000);
	ck_assert_uint_eq(w.alarms, 2);
	ck_assert_str_eq(w.alarm, "pcep-session-down");
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	ck_assert_uint_eq(w.alarms, 1);
	pcc_drop(&pcc);
	run_ms(100);
	ck_assert_uint_eq(w.alarms, 2);
	ck_assert(told("down"));
	ck_assert_uint_eq(session().flaps, 1);
	ck_assert(!session().up && session().last_error[0] != '\0');
}
END_TEST

/* ---- Open ---- */

START_TEST(our_open_offers_what_the_rfcs_name)
{
	const struct pcepc_open *o;

	pcc.quiet = true;
	peer_add("rfc");
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	ck_assert_int_eq(pcc.last->type, PCEPC_OPEN);
	o = pcc.last->open;
	ck_assert(o->keepalive_s == 30 && o->dead_s == 120);
	ck_assert_uint_eq(o->stateful, 0x5);
	ck_assert(pcepc_open_pst(o, 1) && pcepc_open_pst(o, 3) && !pcepc_open_pst(o, 0));
	ck_assert(o->has_sr && o->sr_flags == 0x01 && o->sr_msd == 0); /* RFC 8664 s4.1.2 */
	ck_assert(o->has_srv6 && o->srv6_flags == 0 && o->n_msds == 0); /* RFC 9603 s4.1.1 */
	ck_assert(pcepc_open_assoc(o, 6) && o->has_sr_policy);
	ck_assert(!o->has_db_version && !o->has_speaker);
}
END_TEST

START_TEST(frr_is_offered_only_what_it_reads)
{
	pcc.quiet = true;
	peer_add("frr");
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	ck_assert(pcepc_open_pst(pcc.last->open, 1) && !pcepc_open_pst(pcc.last->open, 3));
	ck_assert(!pcc.last->open->has_srv6 && !pcc.last->open->has_assoc_types &&
		  !pcc.last->open->has_sr_policy);
}
END_TEST

START_TEST(an_open_without_its_sub_tlvs_is_refused)
{
	static const char *const want[] = { "err 10/12", "err 10/34", "err 10/21" };

	if (_i == 0)
		pcc.open.has_sr = false;
	else if (_i == 1)
		pcc.open.has_srv6 = false;
	else
		pcc.open.sr_msd = 0; /* and X clear */
	peer_add("rfc");
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	ck_assert(pcc_heard(&pcc, want[_i]) && pcc.down && !told("up"));
}
END_TEST

START_TEST(capabilities_follow_the_open)
{
	struct pcep_peer_cfg cfg = peer_cfg("rfc");

	if (_i == 1)
		pcc.open.n_msds = 1; /* type 41 only */
	if (_i == 2)
		cfg.msd = 3;
	if (_i == 3)
		pcc.open.sr_flags = PCEPC_SR_NO_LIMIT;
	if (_i == 4) {
		pcc.open.n_psts = 1;
		pcc.open.has_assoc_types = false;
		pcc.open.stateful = PCEPC_CAP_UPDATE;
	}
	ck_assert_int_eq(pcep_peer_set(w.pcep, &cfg), 0);
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	ck_assert(told("up"));
	ck_assert(w.caps.sr_mpls && w.caps.update);
	ck_assert_int_eq(w.caps.srv6, _i != 4);
	ck_assert_int_eq(w.caps.initiate, _i != 4);
	ck_assert_int_eq(w.caps.sr_policy_assoc, _i != 4);
	ck_assert_uint_eq(w.caps.msd_srv6, _i == 1 ? 4 : _i == 2 ? 3 : 10);
	ck_assert_uint_eq(w.caps.msd_mpls, _i == 2 ? 3 : _i == 3 ? 0 : 8);
}
END_TEST

/* ---- state synchronisation and reports ---- */

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
	struct sr_policy_key key = { HEADEND, 100, ENDPOINT };
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

int main(void)
{
	Suite *s = suite_create("pce");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, world_setup, world_teardown);
	tcase_add_test(t, an_unknown_peer_is_closed_at_once);
	tcase_add_test(t, a_peer_must_be_secured_or_said_to_be_insecure);
	tcase_add_loop_test(t, nonsense_in_a_peers_configuration_is_refused, 0, 5);
	tcase_add_loop_test(t, md5_is_set_on_the_listener, 0, 2);
	tcase_add_test(t, a_second_session_is_refused_and_the_first_stays);
	tcase_add_loop_test(t, with_tls_only_tls_with_the_right_certificate_comes_up, 0, 3);
	tcase_add_test(t, an_unchanged_peer_is_not_disturbed_a_changed_one_starts_afresh);
	tcase_add_loop_test(t, removing_a_peer_and_stopping_close_with_a_word, 0, 3);
	tcase_add_test(t, freeing_with_a_removed_peer_and_a_live_one_is_clean);
	tcase_add_test(t, a_lost_session_is_an_alarm_until_the_next);
	tcase_add_test(t, our_open_offers_what_the_rfcs_name);
	tcase_add_test(t, frr_is_offered_only_what_it_reads);
	tcase_add_loop_test(t, an_open_without_its_sub_tlvs_is_refused, 0, 3);
	tcase_add_loop_test(t, capabilities_follow_the_open, 0, 5);
	tcase_add_test(t, synchronisation_tells_each_lsp_then_that_it_is_over);
	tcase_add_loop_test(t, an_unusable_report_ends_synchronisation_but_not_a_session_in_sync, 0, 2);
	tcase_add_test(t, a_first_report_needs_a_name_later_ones_do_not);
	tcase_add_test(t, what_a_report_leaves_out_of_its_association_stays);
	tcase_add_test(t, removal_is_told_and_forgotten);
	tcase_add_test(t, the_end_of_an_old_instance_is_not_the_end_of_the_lsp);
	tcase_add_test(t, another_name_is_another_lsp);
	tcase_add_test(t, more_lsps_than_allowed_are_refused_one_by_one);
	tcase_add_test(t, a_name_longer_than_ours_is_refused);
	tcase_add_test(t, rsvp_lsps_are_not_ours_and_no_fault);
	tcase_add_test(t, reports_without_the_capability_are_refused);
	tcase_add_loop_test(t, messages_only_a_pce_sends_get_an_error, 0, 2);
	tcase_add_loop_test(t, malformed_reports_get_their_error_and_nothing_else_happens, 0, 3);
	suite_add_tcase(s, t);
	return check_main(s);
}
