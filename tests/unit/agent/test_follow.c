/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes of customers' tables that follow a policy, in a kernel: ip says what is there while
 * paths come, change and go, what is refused, what others break, and that a route that changes
 * hands is never away.
 */
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slices_bed.h"
#include "tools/agent/gnmi/gnmi_tree.h"
#include "tools/agent/policy/pol.h"

static struct loop *loop;
static struct agent_fib *fib;
static struct agent_pol *pol;
static struct agent_slices *s;
static struct agent_cfg cfg;
static unsigned n_told;
static bool early; /* a path was called active before its route was */

#define DEVICE(parts) "{'sextant-device:device':{" parts "}}"
#define UNDERLAY "'underlay':['fc00::/16']"
#define FOLLOW(prefix, more)                                                                       \
	"{'prefix':'" prefix "','policy':{'color':10,'endpoint':'2001:db8::8'},'segment':["        \
	"'fc00:0:8:d100::'" more "]}"
#define STATIC(prefix)                                                                             \
	"{'prefix':'" prefix "','segment':['fc00:0:5::','fc00:0:8:d100::']}"
#define TABLE(routes) "'table':[{'id':100,'interface':['ce1'],'route':[" routes "]}]"
#define ONE DEVICE(UNDERLAY "," TABLE(FOLLOW("2001:db8:b::/48", "")))

static void on_fib(void *arg)
{
	(void)arg;
	agent_pol_fib_changed(pol);
}

static void on_lsp(void *arg, struct agent_lsp *l)
{
	struct agent_followed f;
	struct ip_prefix p;

	(void)arg;
	ck_assert_int_eq(ip_prefix_parse("2001:db8:b::/48", &p), 0);
	if (l->st.oper == LSP_ACTIVE && agent_pol_followed(pol, 100, &p, &f))
		early = early || f.state == AGENT_FIB_PENDING;
}

static void on_followed(void *arg)
{
	(void)arg;
	n_told++;
	if (s)
		agent_slices_followed(s);
}

static bool fib_idle(void *arg)
{
	(void)arg;
	return agent_fib_idle(fib);
}

static void start(const char *text)
{
	static const struct agent_fib_ops fib_ops = { .changed = on_fib };
	static const struct agent_pol_ops pol_ops = { .changed = on_lsp, .followed = on_followed };
	static const struct agent_slices_cfg sc = {
		.sid_device = "sr0", .metric = 10, .reduced = true, .counters = true
	};
	struct agent_device *d = device_of(text);

	ck_assert_int_eq(agent_fib_new(&fib, loop, &fib_ops, NULL), 0);
	ck_assert_int_eq(agent_pol_new(&pol, loop, fib, &pol_ops, NULL), 0);
	ck_assert_int_eq(agent_slices_new(&s, loop, NULL, NULL), 0);
	agent_slices_policies(s, pol);
	ck_assert_int_eq(agent_slices_start(s, &sc, &d), 0);
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	agent_fib_start(fib);
	settle_slices(loop, s);
	ck_assert(lab_run(loop, fib_idle, NULL));
}

static void stop(void)
{
	s = agent_slices_free(s);
	pol = agent_pol_free(pol);
	fib = agent_fib_free(fib);
}

static void setup(void)
{
	lab_enter();
	(void)lab_link("sr0", "ifb");
	(void)lab_link("ce1", "bridge");
	ck_assert_int_eq(loop_new(&loop), 0);
	n_told = 0;
	early = false;
	cfg = (struct agent_cfg){ .msd = 10,
				  .table = RT_TABLE_MAIN,
				  .metric = 10,
				  .reduced = true,
				  .counters = true,
				  .sid_device = "sr0" };
}

static void teardown(void)
{
	stop();
	loop = loop_free(loop);
	ly_ctx_destroy(models);
	models = NULL;
}

/* A candidate of the policy, along so many SIDs; E of agent_pol_put(). */
static int put(const char *name, uint32_t preference, const char *first, unsigned n)
{
	struct lsp_state w = { .has_key = true,
			       .color = 10,
			       .has_preference = true,
			       .preference = preference,
			       .admin_up = true };
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];
	int r;

	ck_assert_int_eq(ip_parse("2001:db8::8", &w.endpoint), 0);
	(void)str_copy(w.name, sizeof(w.name), name);
	for (unsigned i = 0; i < n; i++) {
		struct sr_segment *g = &w.list.at[w.list.n++];

		ck_assert_int_eq(ip_parse(first, &g->sid), 0);
		ip_bits_set(&g->sid, 48, 16, i);
	}
	r = agent_pol_put(pol, &w, &l, why);
	ck_assert_int_ge(r, 0);
	return r;
}

static void drop(const char *name)
{
	agent_pol_remove(pol, agent_pol_by_name(pol, name));
}

static struct agent_part part_of(size_t i)
{
	return agent_slices_route(s, &agent_slices_device(s)->tables[0].routes[i]);
}

static bool is_in(void *arg)
{
	(void)arg;
	return part_of(0).status == AGENT_PART_IN && fib_idle(NULL) && agent_slices_idle(s);
}

static bool is_failed(void *arg)
{
	(void)arg;
	return part_of(0).status == AGENT_PART_FAILED && fib_idle(NULL) && agent_slices_idle(s);
}

#define SHOW "ip -6 route show table 100"

static bool empty(void)
{
	return says(SHOW " | wc -l", "0\n");
}

START_TEST(the_route_is_the_path_of_the_policy_and_then_the_service)
{
	struct agent_slices_stats st;

	start(ONE);
	agent_slices_stats(s, &st);
	ck_assert_uint_eq(st.failed, 1);
	ck_assert_int_eq(part_of(0).status, AGENT_PART_FAILED);
	ck_assert_str_eq(part_of(0).reason, "the policy has no path that is up");
	ck_assert(empty());
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 2), 0);
	ck_assert(lab_run(loop, is_in, NULL));
	ck_assert(says(SHOW, "2001:db8:b::/48  encap seg6 mode encap.red segs 3 [ fc00:0:2:: "
			     "fc00:0:2:1:: fc00:0:8:d100:: ] dev sr0 proto 200 metric 10"));
	ck_assert_int_eq(agent_pol_by_name(pol, "a")->st.oper, LSP_ACTIVE);
	agent_slices_stats(s, &st);
	ck_assert_uint_eq(st.failed, 0);
	ck_assert_uint_eq(st.in, st.wanted);
	ck_assert_uint_gt(n_told, 1);
}
END_TEST

START_TEST(every_change_of_the_policy_is_one_replace)
{
	struct agent_fib_stats a, b;

	start(ONE);
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 2), 0);
	ck_assert(lab_run(loop, is_in, NULL));
	agent_fib_stats(fib, &a);
	early = false; /* a route that was not there yet is nobody's path */
	ck_assert_int_eq(put("a", 100, "fc00:0:3::", 1), 0); /* as a PCUpd does */
	ck_assert_int_eq(agent_pol_by_name(pol, "a")->st.oper, LSP_GOING_UP);
	ck_assert(lab_run(loop, is_in, NULL));
	ck_assert(says(SHOW, "segs 2 [ fc00:0:3:: fc00:0:8:d100:: ]"));
	ck_assert_int_eq(agent_pol_by_name(pol, "a")->st.oper, LSP_ACTIVE);
	ck_assert_int_eq(put("b", 200, "fc00:0:4::", 1), 0); /* a better one */
	ck_assert(lab_run(loop, is_in, NULL));
	ck_assert(says(SHOW, "segs 2 [ fc00:0:4:: fc00:0:8:d100:: ]"));
	drop("b"); /* back */
	ck_assert(lab_run(loop, is_in, NULL));
	ck_assert(says(SHOW, "segs 2 [ fc00:0:3:: fc00:0:8:d100:: ]"));
	agent_fib_stats(fib, &b);
	ck_assert_uint_eq(b.replaces, a.replaces + 3);
	ck_assert_uint_eq(b.installs, a.installs);
	ck_assert_uint_eq(b.removes, a.removes);
	ck_assert(!early);
	drop("a"); /* no other: the route goes */
	ck_assert(lab_run(loop, is_failed, NULL));
	ck_assert_str_eq(part_of(0).reason, "the policy has no path that is up");
	ck_assert(empty());
}
END_TEST

START_TEST(routes_come_and_go_while_the_policy_stays_up)
{
	start(DEVICE(UNDERLAY));
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 1), 0);
	ck_assert(lab_run(loop, fib_idle, NULL));
	ck_assert_int_eq(agent_pol_by_name(pol, "a")->st.oper, LSP_ACTIVE);
	ck_assert_msg(change(loop, s,
			     DEVICE(UNDERLAY ",'table':[{'id':100,'route':[" FOLLOW(
				     "2001:db8:b::/48", "") "," FOLLOW("2001:db8:c::/48", ",'fc00::1'")
				     "]},{'id':200,'route':[" FOLLOW("2001:db8:b::/48", "") "]}]")),
		      "%s", last_error);
	ck_assert(says(SHOW, "2001:db8:b::/48  encap seg6 mode encap.red segs 2 [ fc00:0:2::"));
	ck_assert(says(SHOW, "2001:db8:c::/48  encap seg6 mode encap.red segs 3 [ fc00:0:2:: "
			     "fc00:0:8:d100:: fc00::1 ]"));
	ck_assert(says("ip -6 route show table 200", "2001:db8:b::/48  encap seg6"));
	ck_assert_int_eq(agent_pol_by_name(pol, "a")->st.oper, LSP_ACTIVE);
	ck_assert(change(loop, s, ONE));
	ck_assert(says(SHOW " | wc -l", "1\n"));
	ck_assert(says("ip -6 route show table 200 | wc -l", "0\n"));
	ck_assert(change(loop, s, "{}"));
	ck_assert(empty()); /* gone when it is said to be */
	ck_assert_int_eq(agent_pol_by_name(pol, "a")->st.oper, LSP_ACTIVE);
	drop("a");
}
END_TEST

/* Looked up in the customer's table again, the packet would be wrapped again, for ever. */
START_TEST(a_path_outside_the_underlay_is_not_taken)
{
	start(ONE);
	ck_assert_int_eq(put("a", 100, "fd00:0:2::", 1), 0);
	ck_assert(lab_run(loop, is_failed, NULL));
	ck_assert_msg(strstr(part_of(0).reason, "first SID of the policy is in no 'underlay'") != NULL,
		      "%s", part_of(0).reason);
	ck_assert(empty());
	ck_assert_int_eq(agent_pol_by_name(pol, "a")->st.oper, LSP_ACTIVE); /* others may use it */
	ck_assert(change(loop, s, DEVICE("'underlay':['fc00::/16','fd00::/16'],"
					 TABLE(FOLLOW("2001:db8:b::/48", "")))));
	ck_assert(lab_run(loop, is_in, NULL));
	ck_assert(says(SHOW, "segs 2 [ fd00:0:2:: fc00:0:8:d100:: ]"));
}
END_TEST

START_TEST(what_this_router_cannot_impose_is_refused)
{
	cfg.msd = 3;
	start(DEVICE(UNDERLAY));
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 3), 0);
	ck_assert(lab_run(loop, fib_idle, NULL));
	ck_assert(!change(loop, s, ONE));
	ck_assert_ptr_nonnull(strstr(last_error, "table 100 route 2001:db8:b::/48: 3 SIDs of the "
						 "policy and 1 of the route are more than the 3"));
	ck_assert(empty());
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 2), 0);
	ck_assert_msg(change(loop, s, ONE), "%s", last_error);
	/* the route that is in keeps its path; the longer one is refused as such */
	ck_assert_int_eq(put("a", 100, "fc00:0:3::", 3), AGENT_POL_E_MSD);
	ck_assert(lab_run(loop, is_in, NULL));
	ck_assert(says(SHOW, "segs 3 [ fc00:0:2:: fc00:0:2:1:: fc00:0:8:d100:: ]"));
}
END_TEST

START_TEST(a_strangers_route_is_not_replaced)
{
	char *before, *after;

	start(DEVICE(UNDERLAY));
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 1), 0);
	shell("ip -6 route add 2001:db8:b::/48 dev ce1 table 100 metric 10 proto static");
	before = kernel_state();
	ck_assert(!change(loop, s, ONE));
	ck_assert_msg(strstr(last_error, "table 100: a route of somebody else (2001:db8:b::/48") != NULL, "%s", last_error);
	ck_assert(lab_run(loop, fib_idle, NULL));
	after = kernel_state();
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(agent_pol_by_name(pol, "a")->st.oper, LSP_ACTIVE);
	free(before);
	free(after);
}
END_TEST

#define OTHER "encap seg6 mode encap segs fc00::66"

static const char *const meddling[] = {
	"ip -6 route del 2001:db8:b::/48 table 100",
	"ip -6 route replace 2001:db8:b::/48 " OTHER " dev sr0 table 100 metric 10 proto 200",
	"ip -6 route add 2001:db8:f::/48 dev sr0 table 100 metric 10 proto 201",
	"ip link del sr0; ip link add sr0 type ifb; ip link set sr0 up",
};

static char *expected;

static bool as_expected(void *arg)
{
	char *now = kernel_state();
	bool is = strcmp(now, expected) == 0;

	(void)arg;
	agent_pol_links_changed(pol); /* the agent calls it: the bed has no links */
	free(now);
	return is;
}

START_TEST(what_others_change_is_repaired)
{
	start(ONE);
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 1), 0);
	ck_assert(lab_run(loop, is_in, NULL));
	expected = kernel_state();
	shell("%s", meddling[_i]);
	ck_assert_msg(lab_run(loop, as_expected, NULL), "%s", meddling[_i]);
	ck_assert(lab_run(loop, is_in, NULL));
	free(expected);
}
END_TEST

/* ---- changing hands ---- */

static char log_file[] = "/tmp/sextant-monitor-XXXXXX";

static bool heard(void *arg)
{
	char cat[96];
	char *o;
	bool has;

	(void)snprintf(cat, sizeof(cat), "cat %s", log_file);
	o = output(cat);
	has = strstr(o, arg) != NULL;
	free(o);
	return has;
}

static void marker(const char *prefix)
{
	char text[64];

	(void)str_copy(text, sizeof(text), prefix);
	shell("ip -6 route add %s dev ce1 table 7; ip -6 route del %s dev ce1 table 7", prefix, prefix);
	if (lab_run(loop, heard, text))
		return;
	ck_abort_msg("the monitor never says %s", prefix);
}

static bool monitor_up(void *arg)
{
	char text[] = "2001:db8:1000::";

	(void)arg;
	shell("ip -6 route add 2001:db8:1000::/64 dev ce1 table 7; "
	      "ip -6 route del 2001:db8:1000::/64 dev ce1 table 7");
	return heard(text);
}

START_TEST(a_route_that_changes_hands_is_never_away)
{
	pid_t monitor;
	char cat[128];

	ck_assert_int_ge(mkstemp(log_file), 0);
	start(DEVICE(UNDERLAY "," TABLE(STATIC("2001:db8:b::/48"))));
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 1), 0);
	ck_assert(lab_run(loop, fib_idle, NULL));
	monitor = fork();
	ck_assert_int_ge(monitor, 0);
	if (monitor == 0) {
		ck_assert_ptr_nonnull(freopen(log_file, "w", stdout));
		(void)execlp("ip", "ip", "-6", "monitor", "route", (char *)NULL);
		_exit(99);
	}
	ck_assert(lab_run(loop, monitor_up, NULL));
	ck_assert_msg(change(loop, s, ONE), "%s", last_error);
	ck_assert(says(SHOW, "segs 2 [ fc00:0:2:: fc00:0:8:d100:: ] dev sr0 proto 200"));
	ck_assert(says(SHOW " | wc -l", "1\n"));
	marker("2001:db8:2000::/64");
	ck_assert_msg(change(loop, s, DEVICE(UNDERLAY "," TABLE(STATIC("2001:db8:b::/48")))), "%s",
		      last_error);
	ck_assert(lab_run(loop, fib_idle, NULL));
	ck_assert(says(SHOW, "segs 2 [ fc00:0:5:: fc00:0:8:d100:: ] dev sr0 proto 201"));
	ck_assert(says(SHOW " | wc -l", "1\n"));
	marker("2001:db8:3000::/64");
	(void)snprintf(cat, sizeof(cat), "grep -c 'Deleted 2001:db8:b::' %s || true", log_file);
	ck_assert(says(cat, "0\n"));
	/* the twin: what really goes is heard */
	ck_assert(change(loop, s, "{}"));
	marker("2001:db8:4000::/64");
	ck_assert(!says(cat, "0\n"));
	(void)kill(monitor, SIGTERM);
	(void)unlink(log_file);
}
END_TEST

START_TEST(a_policy_that_is_not_up_takes_the_static_path_away)
{
	start(DEVICE(UNDERLAY "," TABLE(STATIC("2001:db8:b::/48"))));
	ck_assert(says(SHOW, "fc00:0:5::"));
	ck_assert(change(loop, s, ONE));
	ck_assert(empty());
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 1), 0);
	ck_assert(lab_run(loop, is_in, NULL));
	ck_assert(says(SHOW, "proto 200"));
}
END_TEST

/* ---- other things ---- */

START_TEST(forwarding_outlives_the_agent)
{
	start(ONE);
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 1), 0);
	ck_assert(lab_run(loop, is_in, NULL));
	stop();
	ck_assert(says(SHOW, "segs 2 [ fc00:0:2:: fc00:0:8:d100:: ]"));
	start(ONE); /* nothing is known of the policy yet */
	ck_assert(says(SHOW, "segs 2 [ fc00:0:2:: fc00:0:8:d100:: ]"));
	ck_assert_int_eq(part_of(0).status, AGENT_PART_FAILED);
	agent_fib_sweep(fib); /* nobody wanted it in time */
	ck_assert(lab_run(loop, fib_idle, NULL));
	ck_assert(empty());
}
END_TEST

START_TEST(a_prefix_that_the_configuration_steers_stays_its)
{
	struct agent_steering st = { .color = 11 };

	ck_assert_int_eq(ip_prefix_parse("2001:db8:b::/48", &st.prefix), 0);
	ck_assert_int_eq(ip_parse("2001:db8::8", &st.endpoint), 0);
	ck_assert_int_eq(ip_parse("fc00:0:9::", &st.service), 0);
	st.fallback_igp = true;
	cfg.table = 100;
	cfg.steering = &st;
	cfg.n_steering = 1;
	start(DEVICE(UNDERLAY));
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 1), 0);
	ck_assert(!change(loop, s, ONE));
	ck_assert_ptr_nonnull(strstr(last_error, "the configuration steers this prefix"));
	ck_assert(says(SHOW, "segs 1 [ fc00:0:9:: ]"));
	cfg.n_steering = 0;
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	ck_assert_msg(change(loop, s, ONE), "%s", last_error);
	ck_assert(says(SHOW, "segs 2 [ fc00:0:2:: fc00:0:8:d100:: ]"));
	cfg.n_steering = 1;
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	ck_assert(lab_run(loop, is_failed, NULL));
	ck_assert(says(SHOW, "segs 1 [ fc00:0:9:: ]"));
	cfg.n_steering = 0;
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	ck_assert(lab_run(loop, is_in, NULL));
}
END_TEST

enum { MANY = 5200 }; /* more than the kernel has a reserve for at once */

START_TEST(thousands_of_routes_follow_together)
{
	struct str text = { .limit = 4 << 20 };

	start(DEVICE(UNDERLAY));
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 1), 0);
	str_add(&text, "{'sextant-device:device':{'underlay':['fc00::/16'],'table':[{'id':100,'route':[");
	for (unsigned i = 0; i < MANY; i++)
		str_addf(&text,
			 "%s{'prefix':'2001:db8:%x::/48','policy':{'color':10,'endpoint':'2001:db8::8'},"
			 "'segment':['fc00:0:8:d100::']}",
			 i ? "," : "", i + 1);
	str_add(&text, "]}]}}");
	ck_assert_msg(change(loop, s, str_text(&text)), "%s", last_error);
	str_fini(&text);
	ck_assert(says(SHOW " | grep -c 'segs 2 . fc00:0:2:: fc00:0:8:d100::'", "5200\n"));
	ck_assert_int_eq(put("a", 100, "fc00:0:3::", 1), 0);
	ck_assert(lab_run(loop, is_in, NULL));
	ck_assert(says(SHOW " | grep -c 'segs 2 . fc00:0:3:: fc00:0:8:d100::'", "5200\n"));
	ck_assert(change(loop, s, "{}"));
	ck_assert(empty());
}
END_TEST

START_TEST(a_new_metric_moves_the_routes)
{
	start(ONE);
	ck_assert_int_eq(put("a", 100, "fc00:0:2::", 1), 0);
	ck_assert(lab_run(loop, is_in, NULL));
	cfg.metric = 12;
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	ck_assert(lab_run(loop, is_in, NULL));
	ck_assert(says(SHOW, "metric 12"));
	ck_assert(says(SHOW " | wc -l", "1\n"));
}
END_TEST

START_TEST(without_policies_such_routes_fail)
{
	s = engine(loop, ONE);
	ck_assert_int_eq(part_of(0).status, AGENT_PART_FAILED);
	ck_assert_str_eq(part_of(0).reason, "there are no policies here");
}
END_TEST

static const char *const wrong[][2] = {
	{ "'policy':{'color':10},'segment':['fc00::1']", "endpoint" },
	{ "'policy':{'endpoint':'2001:db8::8'},'segment':['fc00::1']", "color" },
	{ "'policy':{'color':0,'endpoint':'2001:db8::8'},'segment':['fc00::1']", "range" },
	{ "'policy':{'color':1,'endpoint':'2001:db8::8'}", "needs 'interface' or 'segment'" },
	{ "'policy':{'color':1,'endpoint':'2001:db8::8'},'interface':'ce1'",
	  "'policy' needs 'segment': the service SID" },
	{ "'policy':{'color':1,'endpoint':'10.0.0.1'},'segment':['fc00::1']", "" },
};

START_TEST(a_wrong_route_is_refused_with_its_reason)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       DEVICE(UNDERLAY ",'table':[{'id':7,'route':[{'prefix':'::/0',%s}]}]"), wrong[_i][0]);
	ck_assert_msg(device_wrong(text), "%s", text);
	ck_assert_msg(strstr(last_error, wrong[_i][1]) != NULL, "%s", last_error);
}
END_TEST

static Suite *suite(void)
{
	Suite *su = suite_create("agent-follow");
	TCase *t = tcase_create("kernel"), *v = tcase_create("values");

	tcase_add_loop_test(v, a_wrong_route_is_refused_with_its_reason, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	suite_add_tcase(su, v);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_route_is_the_path_of_the_policy_and_then_the_service);
	tcase_add_test(t, every_change_of_the_policy_is_one_replace);
	tcase_add_test(t, routes_come_and_go_while_the_policy_stays_up);
	tcase_add_test(t, a_path_outside_the_underlay_is_not_taken);
	tcase_add_test(t, what_this_router_cannot_impose_is_refused);
	tcase_add_test(t, a_strangers_route_is_not_replaced);
	tcase_add_loop_test(t, what_others_change_is_repaired, 0,
			    (int)(sizeof(meddling) / sizeof(meddling[0])));
	tcase_add_test(t, a_route_that_changes_hands_is_never_away);
	tcase_add_test(t, a_policy_that_is_not_up_takes_the_static_path_away);
	tcase_add_test(t, forwarding_outlives_the_agent);
	tcase_add_test(t, a_prefix_that_the_configuration_steers_stays_its);
	tcase_add_test(t, thousands_of_routes_follow_together);
	tcase_add_test(t, a_new_metric_moves_the_routes);
	tcase_add_test(t, without_policies_such_routes_fail);
	if (lab_possible())
		suite_add_tcase(su, t);
	else
		(void)fprintf(stderr, "# agent-follow: no network namespaces here, the kernel is "
				      "NOT TESTED\n");
	return su;
}

int main(void)
{
	return check_main(suite());
}
