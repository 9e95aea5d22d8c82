/* SPDX-License-Identifier: Apache-2.0 */
/* pol and sids against a real kernel, in a network namespace of their own. */
#include "bed.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/seg6_local.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

/* Every local behaviour of the configuration is taken by this kernel and reads back the same. */
static const struct agent_local_sid behaviors[] = {
	{ .len = 64, .action = SEG6_LOCAL_ACTION_END },
	{ .len = 64, .action = SEG6_LOCAL_ACTION_END_DT6, .table = 100 },
	{ .len = 128, .action = SEG6_LOCAL_ACTION_END_X, .interface = "sr0" },
	{ .len = 64, .action = SEG6_LOCAL_ACTION_END_DX6 },
	{ .len = 64, .action = SEG6_LOCAL_ACTION_END_DX4 },
	{ .len = 48, .action = SEG6_LOCAL_ACTION_END, .next_csid = true, .block = 32 },
	{ .len = 64,
	  .action = SEG6_LOCAL_ACTION_END_X,
	  .next_csid = true,
	  .block = 32,
	  .interface = "sr0" },
};

static struct agent_cfg cfg_of(struct agent_steering *st, size_t n_st, struct agent_local_sid *sid,
			       size_t n_sid)
{
	return (struct agent_cfg){ .msd = 10,
				   .table = RT_TABLE_MAIN,
				   .metric = 10,
				   .reduced = true,
				   .counters = true,
				   .sid_device = "sr0",
				   .steering = st,
				   .n_steering = n_st,
				   .sids = sid,
				   .n_sids = n_sid };
}

static void start_pol(const struct agent_cfg *cfg)
{
	static const struct agent_pol_ops ops = { .changed = on_lsp };

	if (!pol)
		ck_assert_int_eq(agent_pol_new(&pol, loop, fib, &ops, NULL), 0);
	ck_assert_int_eq(agent_pol_configure(pol, cfg), 0);
	if (!agent_fib_ready(fib))
		agent_fib_start(fib);
	settle();
}

START_TEST(every_local_sid_is_taken_and_counted)
{
	struct agent_local_sid sid = behaviors[_i];
	struct agent_cfg cfg = cfg_of(NULL, 0, &sid, 1);
	struct agent_fib_stats st;

	sid.sid = addr(sid.len == 48 ? "fcbb:bbbb:8::" : "fcbb:bbbb:8:d6::");
	if (sid.action == SEG6_LOCAL_ACTION_END_DX4)
		sid.nh = addr("10.9.0.2");
	else if (sid.action == SEG6_LOCAL_ACTION_END_X || sid.action == SEG6_LOCAL_ACTION_END_DX6)
		sid.nh = addr("2001:db8:9::2");
	start_pol(&cfg);
	agent_fib_stats(fib, &st);
	ck_assert_uint_eq(st.in, 1);
	ck_assert_uint_eq(in_kernel(), 1);
	ck_assert(kernel[0].counters);
	ck_assert_uint_eq(kernel[0].action, sid.action);
	/* a configuration without it takes it away */
	cfg.n_sids = 0;
	start_pol(&cfg);
	ck_assert_uint_eq(in_kernel(), 0);
}
END_TEST

static struct lsp_state wish(const char *name, uint32_t color, uint32_t preference,
			     const char *const *sids_, unsigned n)
{
	struct lsp_state w = { .has_key = true,
			       .color = color,
			       .endpoint = addr("2001:db8:0:8::1"),
			       .has_preference = true,
			       .preference = preference,
			       .admin_up = true };

	(void)snprintf(w.name, sizeof(w.name), "%s", name);
	for (unsigned i = 0; i < n; i++)
		w.list.at[w.list.n++].sid = addr(sids_[i]);
	return w;
}

static struct agent_steering steering(const char *dst, uint32_t color, bool fallback)
{
	return (struct agent_steering){ .prefix = prefix(dst),
					.color = color,
					.endpoint = addr("2001:db8:0:8::1"),
					.service = addr("fcbb:bbbb:8:d6::"),
					.fallback_igp = fallback };
}

static const char *const path_a[] = { "fcbb:bbbb:2::", "fcbb:bbbb:8::" };
static const char *const path_b[] = { "fcbb:bbbb:3::", "fcbb:bbbb:4::", "fcbb:bbbb:8::" };

START_TEST(a_policy_steers_its_prefixes_and_is_up_when_read_back)
{
	struct agent_steering st[] = { steering("2001:db8:c2::/64", 100, false),
				       steering("10.9.0.0/16", 100, false),
				       steering("2001:db8:c3::/64", 200, false) };
	struct agent_cfg cfg = cfg_of(st, 3, NULL, 0);
	struct lsp_state w = wish("p", 100, 100, path_a, 2);
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];

	start_pol(&cfg);
	ck_assert_uint_eq(in_kernel(), 0);
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	ck_assert_int_eq(l->st.oper, LSP_GOING_UP);
	settle();
	ck_assert_int_eq(l->st.oper, LSP_ACTIVE);
	ck_assert(agent_pol_is_active(l));
	ck_assert_int_eq(last.oper, LSP_ACTIVE);
	ck_assert_uint_eq(in_kernel(), 2);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_uint_eq(kernel[i].n, 3);
		ck_assert(ip_eq(&kernel[i].seg[2], &st[0].service));
		ck_assert(kernel[i].reduced);
	}
	agent_pol_remove(pol, l);
	ck_assert(last.removed);
	settle();
	ck_assert_uint_eq(in_kernel(), 0);
}
END_TEST

START_TEST(a_new_list_is_one_replace_a_route)
{
	struct agent_steering st = steering("2001:db8:c2::/64", 100, false);
	struct agent_cfg cfg = cfg_of(&st, 1, NULL, 0);
	struct lsp_state w = wish("p", 100, 100, path_a, 2), w2 = wish("p", 100, 100, path_b, 3);
	struct agent_lsp *l = NULL, *l2 = NULL;
	struct agent_fib_stats fs;
	char why[SR_REASON_MAX];

	start_pol(&cfg);
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	settle();
	ck_assert_int_eq(agent_pol_put(pol, &w2, &l2, why), 0);
	ck_assert_ptr_eq(l, l2);
	settle();
	ck_assert_int_eq(l->st.oper, LSP_ACTIVE);
	agent_fib_stats(fib, &fs);
	ck_assert_uint_eq(fs.installs, 1);
	ck_assert_uint_eq(fs.replaces, 1);
	ck_assert_uint_eq(fs.removes, 0);
	ck_assert_uint_eq(in_kernel(), 1);
	ck_assert_uint_eq(kernel[0].n, 4);
}
END_TEST

START_TEST(the_best_candidate_forwards_and_the_next_follows)
{
	struct agent_steering st = steering("2001:db8:c2::/64", 100, false);
	struct agent_cfg cfg = cfg_of(&st, 1, NULL, 0);
	struct lsp_state lo = wish("lo", 100, 50, path_a, 2), hi = wish("hi", 100, 200, path_b, 3);
	struct agent_lsp *l_lo = NULL, *l_hi = NULL;
	char why[SR_REASON_MAX];

	start_pol(&cfg);
	ck_assert_int_eq(agent_pol_put(pol, &lo, &l_lo, why), 0);
	ck_assert_int_eq(agent_pol_put(pol, &hi, &l_hi, why), 0);
	settle();
	ck_assert_int_eq(l_hi->st.oper, LSP_ACTIVE);
	ck_assert_int_eq(l_lo->st.oper, LSP_UP);
	in_kernel();
	ck_assert_uint_eq(kernel[0].n, 4);
	ck_assert_uint_eq(agent_pol_active(pol, 100, &hi.endpoint)->n, 3);
	ck_assert_ptr_null(agent_pol_active(pol, 101, &hi.endpoint));
	hi.admin_up = false;
	ck_assert_int_eq(agent_pol_put(pol, &hi, &l_hi, why), 0);
	settle();
	ck_assert_int_eq(l_hi->st.oper, LSP_DOWN);
	ck_assert_int_eq(l_lo->st.oper, LSP_ACTIVE);
	in_kernel();
	ck_assert_uint_eq(kernel[0].n, 3);
	ck_assert_uint_eq(agent_pol_active(pol, 100, &hi.endpoint)->n, 2);
	agent_pol_remove(pol, l_lo);
	ck_assert_ptr_null(agent_pol_active(pol, 100, &hi.endpoint)); /* one that is down is none */
}
END_TEST

START_TEST(without_a_policy_the_fallback_decides)
{
	struct agent_steering st[] = { steering("2001:db8:c2::/64", 100, true),
				       steering("2001:db8:c3::/64", 100, false) };
	struct agent_cfg cfg = cfg_of(st, 2, NULL, 0);
	struct lsp_state w = wish("p", 100, 100, path_a, 2);
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];

	start_pol(&cfg);
	ck_assert_uint_eq(in_kernel(), 1);
	ck_assert_uint_eq(kernel[0].n, 1);
	ck_assert(ip_eq(&kernel[0].seg[0], &st[0].service));
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	settle();
	ck_assert_uint_eq(in_kernel(), 2);
	w.list.n = 0;
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	settle();
	ck_assert_int_eq(l->st.oper, LSP_DOWN);
	ck_assert_str_eq(l->reason, "no path given");
	ck_assert_uint_eq(in_kernel(), 1);
}
END_TEST

START_TEST(the_service_sid_counts_against_the_msd)
{
	struct agent_steering st = steering("2001:db8:c2::/64", 100, false);
	struct agent_cfg cfg = cfg_of(&st, 1, NULL, 0);
	struct lsp_state w = wish("p", 100, 100, path_b, 3), other = wish("q", 300, 100, path_b, 3);
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];

	cfg.msd = 3;
	start_pol(&cfg);
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), AGENT_POL_E_MSD);
	ck_assert_str_eq(why, "3 SIDs and 1 service SID, but MSD is 3");
	ck_assert_ptr_null(agent_pol_by_name(pol, "p"));
	ck_assert_int_eq(agent_pol_put(pol, &other, &l, why), 0); /* nothing is steered into it */
	w.list.n = 2;
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	settle();
	ck_assert_int_eq(l->st.oper, LSP_ACTIVE);
	w.list.n = 3; /* a refused change leaves all as it was */
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), AGENT_POL_E_MSD);
	settle();
	ck_assert_uint_eq(agent_pol_by_name(pol, "p")->st.list.n, 2);
	in_kernel();
	ck_assert_uint_eq(kernel[0].n, 3);
}
END_TEST

START_TEST(wrong_wishes_are_refused_with_a_reason)
{
	struct agent_cfg cfg = cfg_of(NULL, 0, NULL, 0);
	struct lsp_state w = wish("p", 100, 100, path_a, 2), bad;
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];

	start_pol(&cfg);
	bad = w;
	bad.list.dataplane = SR_MPLS;
	ck_assert_int_eq(agent_pol_put(pol, &bad, &l, why), AGENT_POL_E_LIST);
	bad = w;
	bad.list.at[1].sid = (struct ip_addr){ 0 };
	ck_assert_int_eq(agent_pol_put(pol, &bad, &l, why), AGENT_POL_E_LIST);
	bad = w;
	bad.has_key = false;
	ck_assert_int_eq(agent_pol_put(pol, &bad, &l, why), AGENT_POL_E_KEY);
	w.binding_sid = addr("fcbb:bbbb:b000::1");
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	bad = wish("q", 101, 100, path_a, 2);
	bad.binding_sid = w.binding_sid;
	ck_assert_int_eq(agent_pol_put(pol, &bad, &l, why), AGENT_POL_E_BSID);
	ck_assert_str_eq(why, "the binding SID belongs to 'p'");
}
END_TEST

START_TEST(a_binding_sid_is_installed_moved_and_removed)
{
	struct agent_cfg cfg = cfg_of(NULL, 0, NULL, 0);
	struct lsp_state w = wish("p", 100, 100, path_a, 2);
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];

	start_pol(&cfg);
	w.binding_sid = addr("fcbb:bbbb:b000::1");
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	settle();
	ck_assert_int_eq(l->st.oper, LSP_ACTIVE);
	ck_assert_uint_eq(in_kernel(), 1);
	ck_assert_uint_eq(kernel[0].action, SEG6_LOCAL_ACTION_END_B6_ENCAP);
	ck_assert_uint_eq(kernel[0].n, 2);
	ck_assert_uint_eq(kernel[0].dst.len, 128);
	w.binding_sid = addr("fcbb:bbbb:b000::2");
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	settle();
	ck_assert_uint_eq(in_kernel(), 1);
	ck_assert_uint_eq(kernel[0].dst.addr.b[15], 2);
	agent_pol_remove(pol, l);
	settle();
	ck_assert_uint_eq(in_kernel(), 0);
}
END_TEST

START_TEST(a_prefix_that_holds_the_first_sid_is_not_steered)
{
	struct agent_steering st = steering("fcbb:bbbb::/32", 100, false);
	struct agent_cfg cfg = cfg_of(&st, 1, NULL, 0);
	struct lsp_state w = wish("p", 100, 100, path_a, 2);
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];

	start_pol(&cfg);
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	settle();
	ck_assert_int_eq(l->st.oper, LSP_DOWN);
	ck_assert_ptr_nonnull(strstr(l->reason, "loop"));
	ck_assert_uint_eq(in_kernel(), 0);
}
END_TEST

START_TEST(a_reload_changes_only_what_changed)
{
	struct agent_steering one[] = { steering("2001:db8:c1::/64", 100, false),
					steering("2001:db8:c2::/64", 100, false) };
	struct agent_steering two[] = { steering("2001:db8:c2::/64", 100, false),
					steering("2001:db8:c3::/64", 100, false) };
	struct agent_cfg a = cfg_of(one, 2, NULL, 0), b = cfg_of(two, 2, NULL, 0);
	struct lsp_state w = wish("p", 100, 100, path_a, 2);
	struct agent_lsp *l = NULL;
	struct agent_fib_stats fs;
	char why[SR_REASON_MAX];

	start_pol(&a);
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	settle();
	start_pol(&b);
	ck_assert_int_eq(l->st.oper, LSP_ACTIVE);
	agent_fib_stats(fib, &fs);
	ck_assert_uint_eq(fs.installs, 3);
	ck_assert_uint_eq(fs.replaces, 0);
	ck_assert_uint_eq(fs.removes, 1);
	ck_assert_uint_eq(in_kernel(), 2);
	start_pol(&b);
	agent_fib_stats(fib, &fs);
	ck_assert_uint_eq(fs.installs + fs.replaces + fs.removes, 4);
}
END_TEST

static bool device_in(void *arg)
{
	return agent_pol_by_name(pol, arg)->st.oper == LSP_ACTIVE;
}

START_TEST(an_absent_device_is_told_and_waited_for)
{
	static char name[] = "p";
	struct agent_steering st = steering("2001:db8:c2::/64", 100, false);
	struct agent_cfg cfg = cfg_of(&st, 1, NULL, 0);
	struct lsp_state w = wish(name, 100, 100, path_a, 2);
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];

	(void)snprintf(cfg.sid_device, sizeof(cfg.sid_device), "sr9");
	start_pol(&cfg);
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	settle();
	ck_assert_int_eq(l->st.oper, LSP_DOWN);
	ck_assert_str_eq(l->reason, "the SID device is absent");
	lab_link("sr9", "ifb");
	ck_assert(lab_run(loop, device_in, name));
	lab_del_link("sr9");
	lab_link("sr9", "ifb");
	settle();
	ck_assert(lab_run(loop, device_in, name));
}
END_TEST

/* FRR's uA as lab facts tell it: /64, lblen 32, nflen 16, metric 20, protocol isis. */
static struct agent_route ua(const char *sid)
{
	return (struct agent_route){ .dst = prefix(sid),
				     .table = RT_TABLE_MAIN,
				     .metric = 20,
				     .kind = AGENT_ROUTE_LOCAL,
				     .action = SEG6_LOCAL_ACTION_END_X,
				     .nh = addr("fe80::2"),
				     .oif = dev,
				     .dev = dev,
				     .next_csid = true,
				     .lblen = 32,
				     .nflen = 16 };
}

static bool one_repair(void *arg)
{
	return in_kernel() == *(unsigned *)arg && agent_fib_idle(fib);
}

static bool repair_moved(void *arg)
{
	(void)arg;
	return in_kernel() == 2 && kernel[0].nh.b[15] == 3 && kernel[1].nh.b[15] == 3 &&
	       agent_fib_idle(fib);
}

START_TEST(a_broken_ua_is_repaired_and_the_repair_follows_it)
{
	struct agent_route first = ua("fcbb:bbbb:2:e001::/64"),
			   second = ua("fcbb:bbbb:2:e002::/64");
	unsigned want = 2;

	ck_assert_int_eq(agent_sids_new(&sids, loop, fib, on_sids, NULL), 0);
	agent_sids_repair(sids, true);
	ck_assert_int_eq(lab_route(&first, AGENT_PROTO_ISIS, false), 0); /* before us */
	agent_fib_start(fib);
	ck_assert(lab_run(loop, one_repair, &want));
	for (unsigned i = 0; i < 2; i++) { /* both halves, more specific than FRR's own */
		ck_assert_uint_eq(kernel[i].dst.len, 65);
		ck_assert(ip_prefix_has(&first.dst, &kernel[i].dst.addr));
	}
	ck_assert(ip_prefix_cmp(&kernel[0].dst, &kernel[1].dst) != 0);
	ck_assert_uint_eq(kernel[0].nflen, 32);
	ck_assert_uint_eq(kernel[0].lblen, 32);
	ck_assert_uint_eq(kernel[0].metric, AGENT_REPAIR_METRIC);
	ck_assert(ip_eq(&kernel[0].nh, &first.nh));
	want = 4;
	ck_assert_int_eq(lab_route(&second, AGENT_PROTO_ISIS, false), 0);
	ck_assert(lab_run(loop, one_repair, &want));
	want = 2;
	ck_assert_int_eq(lab_route(&first, AGENT_PROTO_ISIS, true), 0);
	ck_assert(lab_run(loop, one_repair, &want));
	ck_assert(ip_prefix_has(&second.dst, &kernel[0].dst.addr));
	second.nh = addr("fe80::3"); /* the adjacency moved */
	ck_assert_int_eq(lab_route(&second, AGENT_PROTO_ISIS, false), 0);
	ck_assert(lab_run(loop, repair_moved, NULL));
	agent_sids_repair(sids, false);
	want = 0;
	ck_assert(lab_run(loop, one_repair, &want));
}
END_TEST

START_TEST(repairs_of_an_earlier_run_are_adopted_or_removed)
{
	struct agent_route here = ua("fcbb:bbbb:2:e001::/64"), fix = here;
	struct agent_fib_stats st;
	unsigned want = 2;

	ck_assert_int_eq(lab_route(&here, AGENT_PROTO_ISIS, false), 0);
	fix.metric = AGENT_REPAIR_METRIC;
	fix.nflen = 32;
	fix.counters = true;
	fix.dst = prefix("fcbb:bbbb:2:e001::/65");
	ck_assert_int_eq(lab_route(&fix, AGENT_PROTO, false), 0);
	fix.dst = prefix("fcbb:bbbb:2:e001:8000::/65");
	ck_assert_int_eq(lab_route(&fix, AGENT_PROTO, false), 0);
	fix.dst = prefix("fcbb:bbbb:2:e009::/65"); /* its SID went while we were away */
	ck_assert_int_eq(lab_route(&fix, AGENT_PROTO, false), 0);
	ck_assert_int_eq(agent_sids_new(&sids, loop, fib, on_sids, NULL), 0);
	agent_sids_repair(sids, true);
	agent_fib_start(fib);
	ck_assert(lab_run(loop, one_repair, &want));
	agent_fib_stats(fib, &st);
	ck_assert_uint_eq(st.installs + st.replaces, 0);
	ck_assert_uint_eq(st.removes, 1);
	ck_assert_uint_eq(st.in, 2);
}
END_TEST

START_TEST(what_is_not_broken_is_not_repaired)
{
	struct agent_route good = ua("fcbb:bbbb:2:e001::/64"), un = ua("fcbb:bbbb:2::/48");
	struct agent_route mine = ua("fcbb:bbbb:2:e003::/64");

	good.nflen = 32;
	un.action = SEG6_LOCAL_ACTION_END;
	un.nh = (struct ip_addr){ 0 };
	un.oif = 0;
	ck_assert_int_eq(agent_sids_new(&sids, loop, fib, on_sids, NULL), 0);
	agent_sids_repair(sids, true);
	ck_assert_int_eq(lab_route(&good, AGENT_PROTO_ISIS, false), 0);
	ck_assert_int_eq(lab_route(&un, AGENT_PROTO_ISIS, false), 0);
	ck_assert_int_eq(lab_route(&mine, RTPROT_STATIC, false), 0); /* an operator's own */
	agent_fib_start(fib);
	settle();
	ck_assert_uint_eq(in_kernel(), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-policies");
	TCase *t = tcase_create("kernel");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, every_local_sid_is_taken_and_counted, 0, (int)ARRAY_LEN(behaviors));
	tcase_add_test(t, a_policy_steers_its_prefixes_and_is_up_when_read_back);
	tcase_add_test(t, a_new_list_is_one_replace_a_route);
	tcase_add_test(t, the_best_candidate_forwards_and_the_next_follows);
	tcase_add_test(t, without_a_policy_the_fallback_decides);
	tcase_add_test(t, the_service_sid_counts_against_the_msd);
	tcase_add_test(t, wrong_wishes_are_refused_with_a_reason);
	tcase_add_test(t, a_binding_sid_is_installed_moved_and_removed);
	tcase_add_test(t, a_prefix_that_holds_the_first_sid_is_not_steered);
	tcase_add_test(t, a_reload_changes_only_what_changed);
	tcase_add_test(t, an_absent_device_is_told_and_waited_for);
	tcase_add_test(t, a_broken_ua_is_repaired_and_the_repair_follows_it);
	tcase_add_test(t, repairs_of_an_earlier_run_are_adopted_or_removed);
	tcase_add_test(t, what_is_not_broken_is_not_repaired);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr,
			      "# agent-policies: no network namespaces here, NOTHING TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
