/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator's PCCs against the real PCE role on a fake loop and network: what is asked is
 * installed when packets arrive, reported as it is, and survives what it should.
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "log/log.h"
#include "southbound/pcep/pcep.h"
#include "tools/sim/run.h"

static const char diamond[] = "router a\nrouter b\nrouter c\nrouter d\n"
			      "link a-b metric=10 delay=100\nlink b-d metric=10 delay=100\n"
			      "link a-c metric=20 delay=10\nlink c-d metric=20 delay=10\n";

static struct lab {
	struct loop *loop;
	struct net *net;
	struct pcep *pcep;
	const struct driver *driver;
	struct sim sim;
	/* what the PCE was told last */
	struct lsp_state last;
	struct driver_failure failure;
	struct headend_caps caps;
	uint32_t reports, failures, synced, up, down, session;
} l;

static void on_up(void *arg, const struct ip_addr *h, uint32_t session, const struct headend_caps *c)
{
	(void)arg;
	(void)h;
	l.up++;
	l.session = session;
	l.caps = *c;
}

static void on_synced(void *arg, const struct ip_addr *h, uint32_t session)
{
	(void)arg;
	(void)h;
	(void)session;
	l.synced++;
}

static void on_ready(void *arg, const struct ip_addr *h)
{
	(void)arg;
	(void)h;
}

static void on_down(void *arg, const struct ip_addr *h, uint32_t session)
{
	(void)arg;
	(void)h;
	(void)session;
	l.down++;
}

static void on_report(void *arg, const struct lsp_state *st)
{
	(void)arg;
	l.last = *st;
	l.reports++;
}

static void on_failed(void *arg, const struct driver_failure *f)
{
	(void)arg;
	l.failure = *f;
	l.failures++;
}

static void on_path(void *arg, const struct driver_path_set *set)
{
	(void)arg;
	(void)set;
}

static const struct driver_sink sink = { on_up,	    on_synced, on_ready, on_down,
					 on_report, on_failed, on_path };

static void run_ms(uint64_t ms)
{
	struct mono until = mono_add(loop_now(l.loop), ms * NS_PER_MS);

	while (loop_fake_step(l.loop, until))
		;
}

static void lab_start(void)
{
	const struct pcep_cfg cfg = { 0 };
	STR_AUTO struct str err = { 0 };

	memset(&l, 0, sizeof(l));
	ck_assert_int_eq(loop_fake_new(&l.loop, 5), 0);
	ck_assert_int_eq(net_fake_new(&l.net, l.loop, 0, NS_PER_MS), 0);
	sim_topo_init(&l.sim.topo);
	ck_assert_int_eq(sim_topo_read(&l.sim.topo, diamond, &err), 0);
	l.sim.opt = (struct sim_options){ .bgp_port = 1790, .pcep_port = 4189, .pccs = 1 };
	(void)ip_parse("fd00::c", &l.sim.opt.daemon);
	ck_assert_int_eq(pcep_new(&l.pcep, l.loop, l.net, NULL, &cfg, &sink, NULL), 0);
	ck_assert_int_eq(pcep_listen(l.pcep, &l.sim.opt.daemon, 4189), 0);
	{
		struct pcep_peer_cfg peer = { .addr = sim_source(&l.sim, 0), .insecure = true,
					      .headend = sim_source(&l.sim, 0), .profile = "rfc" };

		ck_assert_int_eq(pcep_peer_set(l.pcep, &peer), 0);
	}
	l.driver = pcep_driver(l.pcep);
	ck_assert_int_eq(sim_start(&l.sim, l.loop, l.net, NULL), 0);
	run_ms(5000);
	ck_assert_uint_eq(l.synced, 1);
}

static void lab_end(void)
{
	sim_fini(&l.sim);
	pcep_free(l.pcep);
	run_ms(5000); /* the Close of a session still leaves */
	net_free(l.net);
	loop_free(l.loop);
}

static void command(const char *line)
{
	STR_AUTO struct str out = { 0 };

	ck_assert_msg(sim_command(&l.sim, line, false, &out), "%s: %s", line, str_text(&out));
	run_ms(1000);
}

static void list_set(struct sr_list *list, const char *sids)
{
	char buf[256], *save = NULL;

	*list = (struct sr_list){ .dataplane = SR_SRV6 };
	ck_assert(str_copy(buf, sizeof(buf), sids));
	for (char *s = strtok_r(buf, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		struct sr_segment *g = &list->at[list->n++];

		g->behavior = SR_BEHAVIOR_UN;
		g->structure = (struct sr_sid_structure){ .lb = 32, .ln = 16, .fun = 16 };
		ck_assert_int_eq(ip_parse(s, &g->sid), 0);
	}
}

static struct driver_lsp wish(const char *name, const char *sids)
{
	struct driver_lsp w = { .key = { .headend = sim_loopback(&l.sim.topo, 0), .color = 7,
					 .endpoint = sim_loopback(&l.sim.topo, 3) },
				.preference = 100, .bandwidth_bps = 1000000, .setup_prio = 7,
				.hold_prio = 7, .session = l.session };

	w.cpath = (struct sr_cpath_id){ .origin = 10, .asn = 65000, .originator = w.key.headend,
					.discriminator = 1 };
	(void)str_copy(w.name, sizeof(w.name), name);
	list_set(&w.list, sids);
	return w;
}

static uint32_t apply(const struct driver_lsp *w)
{
	uint32_t txn = 0;

	ck_assert_int_eq(l.driver->apply(l.driver->self, w, &txn), 0);
	run_ms(1000);
	return txn;
}

/* ---- ---- */

START_TEST(a_router_offers_srv6_and_its_msd)
{
	lab_start();
	ck_assert(l.caps.srv6 && !l.caps.sr_mpls && l.caps.update && l.caps.initiate);
	ck_assert_uint_eq(l.caps.msd_srv6, 10);
	lab_end();
}
END_TEST

static const struct {
	const char *sids;
	bool up;
	const char *why;
} lists[] = {
	{ "fcbb:bbbb:4::", true, "" },
	{ "fcbb:bbbb:3:4::", true, "" },
	{ "fcbb:bbbb:3::,fcbb:bbbb:4::", true, "" },
	{ "fcbb:bbbb:2:e001:4::", true, "" },	      /* b's uA to d, then d itself */
	{ "fcbb:bbbb:3::", false, "another router" }, /* not the endpoint */
	{ "fcbb:bbbb:9::", false, "no SID" },
	{ "fcbb:bbbb:2:e007::", false, "no SID" },
};

START_TEST(what_arrives_is_up_and_what_does_not_is_down)
{
	struct driver_lsp w;
	const struct sim_lsp *s;
	uint32_t txn;

	lab_start();
	w = wish("east", lists[_i].sids);
	txn = apply(&w);
	ck_assert_uint_eq(l.last.txn, txn);
	ck_assert_str_eq(l.last.name, "east");
	ck_assert_uint_eq(l.last.oper, lists[_i].up ? LSP_UP : LSP_DOWN);
	ck_assert(l.last.delegated && l.last.pce_initiated && l.last.color == 7);
	ck_assert(sr_list_eq(&l.last.list, &w.list));
	ck_assert_uint_eq(l.last.bandwidth_bps, 1000000);
	s = sim_lsp_find(l.sim.pccs, "east");
	ck_assert_ptr_nonnull(s);
	ck_assert_msg(strstr(s->why, lists[_i].why), "%s", s->why);
	lab_end();
}
END_TEST

START_TEST(an_update_changes_the_list_and_a_removal_removes)
{
	struct driver_lsp w;
	uint32_t txn = 0;

	lab_start();
	w = wish("east", "fcbb:bbbb:4::");
	(void)apply(&w);
	w.plsp_id = l.last.plsp_id;
	list_set(&w.list, "fcbb:bbbb:3:4::");
	txn = apply(&w);
	ck_assert_uint_eq(l.last.txn, txn);
	ck_assert(l.last.oper == LSP_UP && sr_list_eq(&l.last.list, &w.list));
	ck_assert_uint_eq(l.last.plsp_id, w.plsp_id);
	ck_assert_int_eq(l.driver->remove(l.driver->self, &w, &txn), 0);
	run_ms(1000);
	ck_assert(l.last.removed);
	ck_assert_uint_eq(l.last.txn, txn);
	ck_assert_ptr_null(sim_lsp_find(l.sim.pccs, "east"));
	lab_end();
}
END_TEST

START_TEST(a_name_in_use_is_refused)
{
	struct driver_lsp w;

	lab_start();
	w = wish("east", "fcbb:bbbb:4::");
	(void)apply(&w);
	ck_assert_uint_eq(l.failures, 0);
	(void)apply(&w);
	ck_assert_uint_eq(l.failures, 1);
	ck_assert(l.failure.type == 23 && l.failure.value == 1);
	lab_end();
}
END_TEST

START_TEST(a_headend_reports_only_what_it_can_see)
{
	struct driver_lsp w;
	uint32_t before;

	lab_start();
	w = wish("east", "fcbb:bbbb:1:e000:2:e001:4::"); /* own uA to b, b's uA to d */
	(void)apply(&w);
	ck_assert_uint_eq(l.last.oper, LSP_UP);
	before = l.reports;
	command("down b d"); /* far away: the list is broken, nobody at a knows */
	ck_assert_uint_eq(l.reports, before);
	command("down a b");
	ck_assert_uint_eq(l.reports, before + 1);
	ck_assert(l.last.oper == LSP_DOWN && l.last.txn == 0);
	command("up a b"); /* a new SID: the list stays dead */
	ck_assert_uint_eq(l.reports, before + 1);
	lab_end();
}
END_TEST

START_TEST(what_could_not_be_installed_is_tried_again)
{
	struct driver_lsp w;

	lab_start();
	command("down b d");
	command("down c d");
	w = wish("east", "fcbb:bbbb:4::");
	(void)apply(&w);
	ck_assert_uint_eq(l.last.oper, LSP_DOWN);
	command("up c d");
	ck_assert(l.last.oper == LSP_UP && l.last.txn == 0);
	lab_end();
}
END_TEST

START_TEST(lsps_outlive_the_session_and_not_the_router)
{
	struct driver_lsp w;
	uint32_t plsp;

	lab_start();
	w = wish("east", "fcbb:bbbb:4::");
	(void)apply(&w);
	plsp = l.last.plsp_id;
	command("pcc-down a");
	ck_assert_uint_eq(l.down, 1);
	memset(&l.last, 0, sizeof(l.last));
	command("pcc-up a");
	run_ms(3000);
	ck_assert_uint_eq(l.synced, 2);
	ck_assert_uint_eq(l.last.plsp_id, plsp);
	ck_assert_str_eq(l.last.name, "east");
	ck_assert(l.last.delegated && l.last.pce_initiated && l.last.oper == LSP_UP);
	command("node-down a");
	command("node-up a");
	run_ms(5000);
	ck_assert_uint_eq(l.synced, 3);
	ck_assert_ptr_null(sim_lsp_find(l.sim.pccs, "east"));
	lab_end();
}
END_TEST

START_TEST(a_delegation_given_back_is_not_ours_to_update)
{
	struct driver_lsp w;
	uint32_t txn;

	lab_start();
	w = wish("east", "fcbb:bbbb:4::");
	(void)apply(&w);
	w.plsp_id = l.last.plsp_id;
	ck_assert_int_eq(l.driver->release(l.driver->self, &w, &txn), 0);
	run_ms(1000);
	ck_assert(!l.last.delegated);
	ck_assert_uint_eq(l.last.txn, txn);
	w.take_over = true;
	(void)apply(&w);
	ck_assert(l.last.delegated);
	lab_end();
}
END_TEST

START_TEST(policies_are_told_in_text_and_json)
{
	STR_AUTO struct str text = { 0 };
	STR_AUTO struct str json = { 0 };
	STR_AUTO struct str walk = { 0 };
	struct driver_lsp w;
	char key[SR_KEY_TEXT_MAX + 8] = "walk ";

	lab_start();
	w = wish("two\nok", "fcbb:bbbb:3:4::");
	(void)apply(&w);
	ck_assert(sim_command(&l.sim, "policies", false, &text));
	ck_assert(sim_command(&l.sim, "policies", true, &json));
	ck_assert_msg(strstr(str_text(&text), "\"two\\u000aok\": a to fd5e:5e:0:4::1 colour 7, up, "
					      "fcbb:bbbb:3:4::, ends at d after 20 us"),
		      "%s", str_text(&text));
	ck_assert(strstr(str_text(&json), "\"oper\":\"up\",\"delegated\":true"));
	ck_assert(strstr(str_text(&json), "\"sids\":[\"fcbb:bbbb:3:4::\"],\"forwards\":true"));
	ck_assert_ptr_eq(strchr(json.s, '\n'), json.s + json.len - 1);
	(void)sr_policy_key_text(&w.key, key + 5, sizeof(key) - 5);
	ck_assert(sim_command(&l.sim, key, false, &walk));
	ck_assert_msg(strstr(str_text(&walk), "ends at d, 20 to 20 us"), "%s", str_text(&walk));
	ck_assert(!sim_command(&l.sim, "walk west", false, &walk));
	lab_end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sim_pcc");
	TCase *t = tcase_create("pcc");
	const struct log_cfg quiet = { .level = LOG_ERROR };

	log_setup(&quiet);
	tcase_add_test(t, a_router_offers_srv6_and_its_msd);
	tcase_add_loop_test(t, what_arrives_is_up_and_what_does_not_is_down, 0, ARRAY_LEN(lists));
	tcase_add_test(t, an_update_changes_the_list_and_a_removal_removes);
	tcase_add_test(t, a_name_in_use_is_refused);
	tcase_add_test(t, a_headend_reports_only_what_it_can_see);
	tcase_add_test(t, what_could_not_be_installed_is_tried_again);
	tcase_add_test(t, lsps_outlive_the_session_and_not_the_router);
	tcase_add_test(t, a_delegation_given_back_is_not_ours_to_update);
	tcase_add_test(t, policies_are_told_in_text_and_json);
	suite_add_tcase(s, t);
	return check_main(s);
}
