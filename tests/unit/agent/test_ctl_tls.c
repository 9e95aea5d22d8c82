/* SPDX-License-Identifier: Apache-2.0 */
/* Controllers behind TLS: whom the agent takes for its controller, and what a reload does. */
#include <string.h>

#include "certs.h"
#include "check_main.h"
#include "southbound/pcep/pcep_sess.h"
#include "tools/agent/policy/ctl.h"

static struct loop *loop;
static struct net *net;
static struct net_listener *listener;
static struct agent_pol *pol;
static struct agent_ctl *ctl;
static struct agent_controller controller;
static struct agent_cfg cfg;
static struct certs certs;
static struct pcep_sess *sess;
static struct pcep_sess_cfg sess_cfg;
static unsigned ups, synced;

static bool on_open(void *arg, const struct pcepc_open *o, uint8_t *type, uint8_t *value)
{
	(void)arg;
	(void)o;
	(void)type;
	(void)value;
	return true;
}

static void on_up(void *arg)
{
	(void)arg;
	ups++;
}

static void on_message(void *arg, const struct pcepc_msg *m)
{
	(void)arg;
	(void)m;
}

static void on_down(void *arg, const char *why)
{
	(void)arg;
	(void)why;
	sess = NULL;
}

static const struct pcep_sess_ops sess_ops = { on_open, on_up, on_message, NULL, on_down };

static void on_accept(void *arg, struct net_conn *conn, const struct ip_addr *peer, uint16_t port)
{
	(void)arg;
	(void)peer;
	(void)port;
	if (!sess)
		ck_assert_int_eq(pcep_sess_new(&sess, loop, conn, &sess_cfg, &sess_ops, NULL), 0);
}

static void on_lsp(void *arg, struct agent_lsp *l)
{
	(void)arg;
	(void)l;
}

static void on_synced(void *arg)
{
	(void)arg;
	synced++;
}

static void run_s(uint64_t s)
{
	struct mono until = mono_add(loop_now(loop), s * NS_PER_S);

	while (loop_fake_step(loop, until))
		;
}

static void listen_at(const char *where)
{
	static const struct net_listen_ops listen_ops = { on_accept };
	struct net_listen_cfg lc = { .port = 4189 };

	ck_assert_int_eq(ip_parse(where, &lc.addr), 0);
	ck_assert_int_eq(net_listen(net, &lc, &listen_ops, NULL, &listener), 0);
	controller.addr = lc.addr;
}

static void setup(void)
{
	static const struct agent_pol_ops ops = { .changed = on_lsp };
	struct net_tls_cfg tc = { .tls13_only = true };
	char err[256];

	ups = synced = 0;
	certs_make(&certs);
	tc.cert_file = certs.cert;
	tc.key_file = certs.key;
	tc.ca_file = certs.ca;
	sess_cfg = (struct pcep_sess_cfg){ .use = NET_TLS_SERVER };
	sess_cfg.open = (struct pcepc_open){ .keepalive_s = 30, .dead_s = 120, .has_stateful = true,
					     .stateful = PCEPC_CAP_UPDATE, .has_pst = true,
					     .n_psts = 1, .psts = { PCEPC_PST_SRV6 },
					     .has_srv6 = true };
	ck_assert_int_eq(net_tls_new(&sess_cfg.tls, NET_TLS_SERVER, &tc, err, sizeof(err)), 0);
	controller = (struct agent_controller){ .port = 4189, .has_tls = true };
	(void)str_copy(controller.tls.cert, sizeof(controller.tls.cert), certs.client_cert);
	(void)str_copy(controller.tls.key, sizeof(controller.tls.key), certs.client_key);
	(void)str_copy(controller.tls.ca, sizeof(controller.tls.ca), certs.ca);
	cfg = (struct agent_cfg){ .controllers = &controller, .n_controllers = 1, .msd = 4,
				  .keepalive_s = 30, .dead_s = 120, .sid_device = "lo" };
	ck_assert_int_eq(ip_parse("2001:db8::1", &cfg.router_id), 0);
	ck_assert_int_eq(loop_fake_new(&loop, 5), 0);
	ck_assert_int_eq(net_fake_new(&net, loop, 10 * NS_PER_US, NS_PER_MS), 0);
	ck_assert_int_eq(agent_pol_new(&pol, loop, NULL, &ops, NULL), 0);
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	ck_assert_int_eq(agent_ctl_new(&ctl, loop, net, pol, on_synced, NULL), 0);
}

static void teardown(void)
{
	agent_ctl_free(ctl);
	run_s(3);
	sess = pcep_sess_free(sess);
	net_listener_free(listener);
	agent_pol_free(pol);
	net_tls_unref(sess_cfg.tls);
	net_free(net);
	loop_free(loop);
	certs_remove(&certs);
}

/* The certificate is for ::1 and localhost. */
static const struct {
	const char *at, *name;
	bool comes_up;
} whom[] = {
	{ "::1", "::1", true },
	{ "::1", "localhost", true },
	{ "fd00::1", "localhost", true },
	{ "::1", "elsewhere", false },
	{ "fd00::1", "fd00::1", false },
};

START_TEST(only_whom_the_configuration_names_is_the_controller)
{
	STR_AUTO struct str errors = { 0 };

	listen_at(whom[_i].at);
	(void)str_copy(controller.tls_name, sizeof(controller.tls_name), whom[_i].name);
	ck_assert_int_eq(agent_ctl_configure(ctl, &cfg, &errors), 0);
	run_s(5);
	ck_assert_uint_eq(ups > 0, whom[_i].comes_up);
	ck_assert_uint_eq(synced > 0, whom[_i].comes_up);
}
END_TEST

START_TEST(bad_files_change_nothing_and_good_ones_are_taken_anew)
{
	STR_AUTO struct str errors = { 0 };

	listen_at("::1");
	(void)str_copy(controller.tls_name, sizeof(controller.tls_name), "::1");
	ck_assert_int_eq(agent_ctl_configure(ctl, &cfg, &errors), 0);
	run_s(3);
	ck_assert_uint_eq(ups, 1);
	(void)str_copy(controller.tls.key, sizeof(controller.tls.key), "/nonexistent");
	ck_assert_int_lt(agent_ctl_configure(ctl, &cfg, &errors), 0);
	ck_assert_ptr_nonnull(strstr(str_text(&errors), "/nonexistent"));
	run_s(3);
	ck_assert_uint_eq(ups, 1);
	ck_assert_ptr_nonnull(sess);
	(void)str_copy(controller.tls.key, sizeof(controller.tls.key), certs.client_key);
	ck_assert_int_eq(agent_ctl_configure(ctl, &cfg, &errors), 0);
	run_s(5);
	ck_assert_uint_eq(ups, 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("agent-ctl-tls");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, only_whom_the_configuration_names_is_the_controller, 0,
			    (int)ARRAY_LEN(whom));
	tcase_add_test(t, bad_files_change_nothing_and_good_ones_are_taken_anew);
	suite_add_tcase(s, t);
	return check_main(s);
}
