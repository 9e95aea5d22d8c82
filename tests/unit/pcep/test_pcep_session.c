/* SPDX-License-Identifier: Apache-2.0 */
/* The machine, event by event; then two sessions against each other on the fake network. */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "certs.h"
#include "southbound/pcep/pcep_sess.h"

/* ---- the machine: events as letters, actions as text ---- */

static struct pcep_fsm fsm;

static const char *feed(enum pcep_event_kind kind, uint8_t ka, uint8_t dead)
{
	static const char *const names[] = {
		[PCEP_DO_SEND_OPEN] = "open", [PCEP_DO_SEND_KEEPALIVE] = "keepalive",
		[PCEP_DO_SEND_ERR] = "err", [PCEP_DO_SEND_ERR_OPEN] = "err+open",
		[PCEP_DO_SEND_CLOSE] = "close", [PCEP_DO_ARM_WAIT] = "arm", [PCEP_DO_STOP_WAIT] = "stop",
		[PCEP_DO_UP] = "up", [PCEP_DO_DROP] = "drop" };
	static char text[128];
	struct pcep_event e = { kind, ka, dead };
	struct pcep_actions a;
	size_t n = 0;

	text[0] = '\0';
	pcep_fsm_step(&fsm, &e, &a);
	for (unsigned i = 0; i < a.n; i++) {
		const struct pcep_action *x = &a.at[i];
		bool numbers = x->kind == PCEP_DO_SEND_ERR || x->kind == PCEP_DO_SEND_ERR_OPEN ||
			       x->kind == PCEP_DO_SEND_CLOSE;

		n += (size_t)snprintf(text + n, sizeof(text) - n, numbers ? "%s%s %u/%u" : "%s%s",
				      i ? ", " : "", names[x->kind], x->type, x->value);
	}
	return text;
}

static void fresh(void)
{
	fsm = (struct pcep_fsm){ .keepalive_s = 30, .dead_s = 120 };
	ck_assert_str_eq(feed(PCEP_EV_CONNECTED, 0, 0), "open, arm");
}

START_TEST(open_and_keepalive_from_the_peer_bring_it_up)
{
	fresh();
	ck_assert_str_eq(feed(PCEP_EV_OPEN_GOOD, 10, 40), "keepalive, arm");
	ck_assert_int_eq(fsm.state, PCEP_KEEPWAIT);
	ck_assert_str_eq(feed(PCEP_EV_KEEPALIVE, 0, 0), "stop, up");
	ck_assert_int_eq(fsm.state, PCEP_UP);
	ck_assert_uint_eq(fsm.peer_dead_s, 40);
}
END_TEST

START_TEST(anything_before_the_open_is_an_invalid_open)
{
	static const enum pcep_event_kind wrong[] = { PCEP_EV_KEEPALIVE, PCEP_EV_OTHER, PCEP_EV_MALFORMED };

	fresh();
	ck_assert_str_eq(feed(wrong[_i], 0, 0), "err 1/1, drop");
	ck_assert_int_eq(fsm.state, PCEP_IDLE);
}
END_TEST

START_TEST(waiting_has_an_end_and_says_which)
{
	fresh();
	ck_assert_str_eq(feed(PCEP_EV_WAIT_OVER, 0, 0), "err 1/2, drop");
	fresh();
	(void)feed(PCEP_EV_OPEN_GOOD, 10, 40);
	ck_assert_str_eq(feed(PCEP_EV_WAIT_OVER, 0, 0), "err 1/7, drop");
}
END_TEST

START_TEST(timers_are_negotiated_once)
{
	fresh();
	ck_assert_str_eq(feed(PCEP_EV_OPEN_NEGOTIABLE, 30, 20), "err+open 1/4, arm");
	ck_assert_str_eq(feed(PCEP_EV_OPEN_NEGOTIABLE, 30, 20), "err 1/5, drop");
	fresh();
	(void)feed(PCEP_EV_OPEN_NEGOTIABLE, 30, 20);
	ck_assert_str_eq(feed(PCEP_EV_OPEN_GOOD, 30, 120), "keepalive, arm");
	ck_assert_str_eq(feed(PCEP_EV_KEEPALIVE, 0, 0), "stop, up");
}
END_TEST

START_TEST(a_proposal_is_taken_when_it_makes_sense)
{
	fresh();
	(void)feed(PCEP_EV_OPEN_GOOD, 10, 40);
	ck_assert_str_eq(feed(PCEP_EV_PROPOSAL, 20, 80), "open, arm");
	ck_assert_uint_eq(fsm.keepalive_s, 20);
	ck_assert_uint_eq(fsm.dead_s, 80);
	ck_assert_str_eq(feed(PCEP_EV_PROPOSAL, 20, 20), "err 1/6, drop");
	fresh();
	ck_assert_str_eq(feed(PCEP_EV_PROPOSAL, 0, 0), "err 1/6, drop");
}
END_TEST

START_TEST(a_refused_open_and_a_second_one)
{
	fresh();
	ck_assert_str_eq(feed(PCEP_EV_OPEN_REFUSED, 0, 0), "err 1/3, drop");
	fresh();
	(void)feed(PCEP_EV_OPEN_GOOD, 10, 40);
	(void)feed(PCEP_EV_KEEPALIVE, 0, 0);
	ck_assert_str_eq(feed(PCEP_EV_OPEN_GOOD, 10, 40), "err 9/0");
	ck_assert_int_eq(fsm.state, PCEP_UP);
}
END_TEST

START_TEST(up_ends_by_silence_garbage_or_wish)
{
	static const struct {
		enum pcep_event_kind kind;
		const char *want;
	} ends[] = { { PCEP_EV_DEAD_OVER, "close 0/2, drop" }, { PCEP_EV_MALFORMED, "close 0/3, drop" },
		     { PCEP_EV_STOP, "close 0/1, drop" } };

	fresh();
	(void)feed(PCEP_EV_OPEN_GOOD, 10, 40);
	(void)feed(PCEP_EV_KEEPALIVE, 0, 0);
	ck_assert_str_eq(feed(PCEP_EV_KEEPALIVE_DUE, 0, 0), "keepalive");
	ck_assert_str_eq(feed(PCEP_EV_OTHER, 0, 0), "");
	ck_assert_str_eq(feed(ends[_i].kind, 0, 0), ends[_i].want);
	ck_assert_int_eq(fsm.state, PCEP_IDLE);
}
END_TEST

/* ---- two ends on the fake network ---- */

struct end {
	struct pcep_sess *s;
	struct pcep_sess_cfg cfg;
	bool refuse, up, down;
	unsigned reports;
	char why[160];
};

static struct loop *loop;
static struct net *net;
static struct net_listener *listener;
static struct net_conn *dialled;
static struct end pce, pcc;
static struct ip_addr lo;

static bool accept_open(void *arg, const struct pcepc_open *open, uint8_t *type, uint8_t *value)
{
	const struct end *e = arg;

	ck_assert_uint_eq(open->version, 1);
	*type = 10;
	*value = 34;
	return !e->refuse;
}

static void sess_up(void *arg)
{
	((struct end *)arg)->up = true;
}

static void sess_message(void *arg, const struct pcepc_msg *msg)
{
	if (msg->type == PCEPC_PCRPT)
		((struct end *)arg)->reports += msg->n_items;
}

static void sess_down(void *arg, const char *why)
{
	struct end *e = arg;

	e->down = true;
	e->s = NULL;
	str_copy(e->why, sizeof(e->why), why);
}

static const struct pcep_sess_ops sess_ops = { accept_open, sess_up, sess_message, NULL, sess_down };

static void accepted(void *arg, struct net_conn *conn, const struct ip_addr *peer, uint16_t port)
{
	(void)arg;
	(void)peer;
	(void)port;
	ck_assert_int_eq(pcep_sess_new(&pce.s, loop, conn, &pce.cfg, &sess_ops, &pce), 0);
}

static void dial_up(void *arg)
{
	(void)arg;
	ck_assert_int_eq(pcep_sess_new(&pcc.s, loop, dialled, &pcc.cfg, &sess_ops, &pcc), 0);
}

static size_t dial_data(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return 0;
}

static void dial_down(void *arg, int err, const char *why)
{
	(void)arg;
	(void)err;
	(void)why;
}

static const struct net_listen_ops listen_ops = { accepted };
static const struct net_ops dial_ops = { .up = dial_up, .data = dial_data, .down = dial_down };

static void world(void)
{
	struct net_listen_cfg cfg = { .port = 4189 };
	struct pcepc_open open = { .keepalive_s = 10, .dead_s = 40, .has_stateful = true, .stateful = 5 };

	pce = pcc = (struct end){ .cfg.open = open };
	ck_assert_int_eq(ip_parse("::1", &lo), 0);
	cfg.addr = lo;
	ck_assert_int_eq(loop_fake_new(&loop, 9), 0);
	ck_assert_int_eq(net_fake_new(&net, loop, 10 * NS_PER_US, NS_PER_MS), 0);
	ck_assert_int_eq(net_listen(net, &cfg, &listen_ops, NULL, &listener), 0);
}

static void dial(void)
{
	struct net_connect_cfg cfg = { .remote = lo, .port = 4189 };

	ck_assert_int_eq(net_connect(net, &cfg, &dial_ops, NULL, &dialled), 0);
}

static void run_s(uint64_t s)
{
	struct mono until = mono_add(loop_now(loop), s * NS_PER_S);

	while (loop_fake_step(loop, until))
		;
}

static void end_world(void)
{
	pcep_sess_free(pce.s);
	pcep_sess_free(pcc.s);
	run_s(2);
	net_free(net);
	loop_free(loop);
}

START_TEST(two_ends_come_up_stay_up_and_pass_messages)
{
	struct pcepc_srp srp = { .has_pst = true, .pst = PCEPC_PST_SRV6 };
	struct pcepc_lsp lsp = { .plsp_id = 7, .flags = PCEPC_LSP_SYNC, .has_name = true,
				 .name = { (const uint8_t *)"east", 4 } };
	struct pcepc_route ero = { 0 };
	struct pcepc_item item = { .srp = &srp, .lsp = &lsp, .ero = &ero };

	world();
	dial();
	run_s(1);
	ck_assert(pce.up && pcc.up);
	run_s(600); /* keepalives hold it */
	ck_assert(!pce.down && !pcc.down);
	ck_assert_int_eq(pcep_sess_send(pcc.s, &(struct pcepc_msg){ .type = PCEPC_PCRPT, .items = &item,
								   .n_items = 1 }), 0);
	run_s(1);
	ck_assert_uint_eq(pce.reports, 1);
	pcc.s = pcep_sess_close(pcc.s);
	run_s(1);
	ck_assert(pce.down);
	ck_assert_ptr_nonnull(strstr(pce.why, "reason 1"));
	end_world();
}
END_TEST

START_TEST(a_peer_that_falls_silent_is_dead_after_its_own_timer)
{
	/* Open with keepalive 10 and dead timer 40, then one Keepalive, then nothing. */
	static const uint8_t words[] = { 0x20, 1, 0, 12, 1, 0x10, 0, 8, 0x20, 10, 40, 7, 0x20, 2, 0, 4 };

	world();
	ck_assert_int_eq(net_connect(net, &(struct net_connect_cfg){ .remote = lo, .port = 4189 },
				     &(const struct net_ops){ .data = dial_data, .down = dial_down }, NULL,
				     &dialled), 0);
	ck_assert_int_eq(net_conn_send(dialled, words, sizeof(words)), 0);
	run_s(39);
	ck_assert(pce.up && !pce.down);
	run_s(2);
	ck_assert(pce.down);
	ck_assert_ptr_nonnull(strstr(pce.why, "reason 2"));
	end_world();
}
END_TEST

START_TEST(a_refused_open_gets_the_owners_error)
{
	world();
	pce.refuse = true;
	dial();
	run_s(1);
	ck_assert(pce.down && pcc.down && !pce.up && !pcc.up);
	ck_assert_ptr_nonnull(strstr(pcc.why, "10/34"));
	end_world();
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

START_TEST(pceps_comes_up_with_the_right_certificates_only)
{
	bool stranger = _i == 1;
	struct net_tls *s, *c;
	struct certs certs;

	certs_make(&certs);
	s = tls_of(NET_TLS_SERVER, &certs, false);
	c = tls_of(NET_TLS_CLIENT, &certs, stranger);
	world();
	pce.cfg.tls = s;
	pce.cfg.use = NET_TLS_SERVER;
	pcc.cfg.tls = c;
	pcc.cfg.use = NET_TLS_CLIENT;
	dial();
	run_s(2);
	ck_assert_int_eq(pce.up, !stranger);
	ck_assert_int_eq(pce.down, stranger);
	end_world();
	net_tls_unref(s);
	net_tls_unref(c);
	certs_remove(&certs);
}
END_TEST

START_TEST(one_end_with_tls_and_one_without_part_with_words)
{
	struct net_tls *s;
	struct certs certs;

	certs_make(&certs);
	s = tls_of(NET_TLS_SERVER, &certs, false);
	world();
	if (_i == 0) {
		pce.cfg.tls = s;
		pce.cfg.use = NET_TLS_SERVER;
	} else {
		pcc.cfg.tls = s;
		pcc.cfg.use = NET_TLS_CLIENT;
	}
	dial();
	run_s(2);
	ck_assert(pce.down && pcc.down && !pce.up && !pcc.up);
	ck_assert_ptr_nonnull(strstr(pce.why, "TLS"));
	end_world();
	net_tls_unref(s);
	certs_remove(&certs);
}
END_TEST

START_TEST(octets_that_are_not_pcep_end_it)
{
	static const uint8_t bad[][8] = { { 0x20, 1, 0, 2 }, { 0x40, 1, 0, 8, 1, 2, 3, 4 },
					  { 0x20, 1, 0, 8, 1, 0x10, 0, 0xff } };

	world();
	ck_assert_int_eq(net_connect(net, &(struct net_connect_cfg){ .remote = lo, .port = 4189 },
				     &(const struct net_ops){ .data = dial_data, .down = dial_down }, NULL,
				     &dialled), 0);
	ck_assert_int_eq(net_conn_send(dialled, bad[_i], sizeof(bad[_i])), 0);
	run_s(2);
	ck_assert(pce.down && !pce.up);
	end_world();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pcep_session");
	TCase *t = tcase_create("all");

	tcase_add_test(t, open_and_keepalive_from_the_peer_bring_it_up);
	tcase_add_loop_test(t, anything_before_the_open_is_an_invalid_open, 0, 3);
	tcase_add_test(t, waiting_has_an_end_and_says_which);
	tcase_add_test(t, timers_are_negotiated_once);
	tcase_add_test(t, a_proposal_is_taken_when_it_makes_sense);
	tcase_add_test(t, a_refused_open_and_a_second_one);
	tcase_add_loop_test(t, up_ends_by_silence_garbage_or_wish, 0, 3);
	tcase_add_test(t, two_ends_come_up_stay_up_and_pass_messages);
	tcase_add_test(t, a_peer_that_falls_silent_is_dead_after_its_own_timer);
	tcase_add_test(t, a_refused_open_gets_the_owners_error);
	tcase_add_loop_test(t, pceps_comes_up_with_the_right_certificates_only, 0, 2);
	tcase_add_loop_test(t, one_end_with_tls_and_one_without_part_with_words, 0, 2);
	tcase_add_loop_test(t, octets_that_are_not_pcep_end_it, 0, 3);
	suite_add_tcase(s, t);
	return check_main(s);
}
