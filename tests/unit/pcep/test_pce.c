/* SPDX-License-Identifier: Apache-2.0 */
/* The PCE: peers and their sessions, Opens. */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "certs.h"
#include "raw_pcc.h"

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
	if (_i == 1)
		ck_assert_int_eq(pcep_peer_del(w.pcep, &PCC_ADDR), 0);
	peer_add("rfc"); /* no key any more */
	run_ms(100);
	pcc.md5.len = 0;
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(1000);
	ck_assert(pcc_heard(&pcc, "open"));
}
END_TEST

START_TEST(a_listener_moves_only_where_there_is_room)
{
	struct net_listen_cfg cfg = { .addr = PCE_ADDR, .port = 4191 };
	static const struct net_listen_ops none;
	struct net_listener *other;

	peer_add("rfc");
	ck_assert_int_eq(net_listen(w.net, &cfg, &none, NULL, &other), 0);
	ck_assert_int_lt(pcep_listen(w.pcep, &PCE_ADDR, 4191), 0);
	ck_assert_uint_eq(pcep_listen_port(w.pcep), 4189);
	ck_assert_int_eq(pcep_listen(w.pcep, &PCE_ADDR, 4189), 0); /* already there */
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "open"));
	ck_assert_ptr_nonnull(strstr(session().detail, "srv6 sr-mpls update initiate sr-policy msd 10/8"));
	net_listener_free(other);
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
	pcc.open.sr_msd = 0; /* its Open is refused: that is no session */
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(2000);
	ck_assert_uint_eq(w.alarms, 2);
	ck_assert_str_eq(w.alarm, "pcep-session-down");
	pcc.open.sr_msd = 8;
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

START_TEST(synchronisation_without_an_end_is_an_alarm)
{
	peer_up("rfc");
	run_ms(50000);
	ck_assert_uint_eq(w.alarms, 1); /* insecure */
	pcc_send(&pcc, &(struct pcepc_msg){ .type = PCEPC_KEEPALIVE });
	run_ms(20000);
	ck_assert_uint_eq(w.alarms, 2);
	ck_assert_str_eq(w.alarm, "pcep-sync");
	if (_i == 0)
		raw_end_of_sync();
	else
		pcc_drop(&pcc);
	run_ms(100);
	ck_assert_uint_eq(w.alarms, _i == 0 ? 1 : 2);
	ck_assert_str_eq(w.alarm, _i == 0 ? "pcep-sync" : "pcep-session-down");
}
END_TEST

START_TEST(timers_that_make_no_sense_are_mended)
{
	static const struct pcep_cfg cfgs[] = { { .keepalive_s = 255 },
						{ .keepalive_s = 60, .dead_s = 60 },
						{ .keepalive_s = 10 } };
	static const uint8_t want[][2] = { { 254, 255 }, { 60, 61 }, { 10, 40 } };
	struct pcep_peer_cfg cfg = peer_cfg("rfc");

	pcep_free(w.pcep);
	ck_assert_int_eq(pcep_new(&w.pcep, w.loop, w.net, NULL, &cfgs[_i], w.sink, NULL), 0);
	ck_assert_int_eq(pcep_listen(w.pcep, &PCE_ADDR, 4189), 0);
	ck_assert_int_eq(pcep_peer_set(w.pcep, &cfg), 0);
	pcc.quiet = true;
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	ck_assert_uint_eq(pcc.last->open->keepalive_s, want[_i][0]);
	ck_assert_uint_eq(pcc.last->open->dead_s, want[_i][1]);
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

int main(void)
{
	Suite *s = suite_create("pce");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, world_setup, world_teardown);
	tcase_add_test(t, an_unknown_peer_is_closed_at_once);
	tcase_add_test(t, a_peer_must_be_secured_or_said_to_be_insecure);
	tcase_add_loop_test(t, nonsense_in_a_peers_configuration_is_refused, 0, 5);
	tcase_add_loop_test(t, md5_is_set_on_the_listener, 0, 2);
	tcase_add_test(t, a_listener_moves_only_where_there_is_room);
	tcase_add_test(t, a_second_session_is_refused_and_the_first_stays);
	tcase_add_loop_test(t, with_tls_only_tls_with_the_right_certificate_comes_up, 0, 3);
	tcase_add_test(t, an_unchanged_peer_is_not_disturbed_a_changed_one_starts_afresh);
	tcase_add_loop_test(t, removing_a_peer_and_stopping_close_with_a_word, 0, 3);
	tcase_add_test(t, freeing_with_a_removed_peer_and_a_live_one_is_clean);
	tcase_add_test(t, a_lost_session_is_an_alarm_until_the_next);
	tcase_add_loop_test(t, synchronisation_without_an_end_is_an_alarm, 0, 2);
	tcase_add_loop_test(t, timers_that_make_no_sense_are_mended, 0, 3);
	tcase_add_test(t, our_open_offers_what_the_rfcs_name);
	tcase_add_test(t, frr_is_offered_only_what_it_reads);
	tcase_add_loop_test(t, an_open_without_its_sub_tlvs_is_refused, 0, 3);
	tcase_add_loop_test(t, capabilities_follow_the_open, 0, 5);
	suite_add_tcase(s, t);
	return check_main(s);
}
