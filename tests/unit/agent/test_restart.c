/* SPDX-License-Identifier: Apache-2.0 */
/* What outlives the agent: the LSPs in its file, the routes in the kernel. */
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "check_main.h"
#include "lab.h"
#include "tools/agent/kernel/fib.h"
#include "tools/agent/policy/pol.h"
#include "tools/agent/policy/state.h"

static struct loop *loop;
static struct agent_fib *fib;
static struct agent_pol *pol;
static struct agent_steering steering;
static struct agent_cfg cfg;
static char file[64];

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

static void on_fib(void *arg)
{
	(void)arg;
	if (pol)
		agent_pol_fib_changed(pol);
}

static void on_lsp(void *arg, struct agent_lsp *l)
{
	(void)arg;
	(void)l;
}

static void start(void)
{
	static const struct agent_fib_ops fib_ops = { .changed = on_fib };
	static const struct agent_pol_ops pol_ops = { .changed = on_lsp };

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(agent_fib_new(&fib, loop, &fib_ops, NULL), 0);
	ck_assert_int_eq(agent_pol_new(&pol, loop, fib, &pol_ops, NULL), 0);
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
}

static void stop(void)
{
	pol = agent_pol_free(pol);
	fib = agent_fib_free(fib);
	loop = loop_free(loop);
}

static void setup(void)
{
	int fd;

	lab_enter();
	lab_link("sr0", "ifb");
	(void)snprintf(file, sizeof(file), "/tmp/test_agent_state.XXXXXX");
	fd = mkstemp(file);
	ck_assert_int_ge(fd, 0);
	close(fd);
	steering = (struct agent_steering){ .color = 100,
					    .endpoint = addr("2001:db8:0:8::1"),
					    .service = addr("fcbb:bbbb:8:d6::") };
	ck_assert_int_eq(ip_prefix_parse("2001:db8:c2::/64", &steering.prefix), 0);
	cfg = (struct agent_cfg){ .msd = 10,
				  .table = RT_TABLE_MAIN,
				  .metric = 10,
				  .reduced = true,
				  .counters = true,
				  .sid_device = "sr0",
				  .steering = &steering,
				  .n_steering = 1 };
	start();
}

static void teardown(void)
{
	stop();
	(void)unlink(file);
}

static bool idle(void *arg)
{
	(void)arg;
	return agent_fib_idle(fib);
}

static struct lsp_state wish(const char *name, uint32_t color)
{
	struct lsp_state w = { .has_key = true,
			       .color = color,
			       .endpoint = addr("2001:db8:0:8::1"),
			       .has_preference = true,
			       .preference = 150,
			       .admin_up = true,
			       .pce_initiated = true,
			       .has_cpath = true,
			       .cpath = { .origin = 10, .asn = 65000, .discriminator = 7 },
			       .bandwidth_bps = 10000000,
			       .setup_prio = 3,
			       .hold_prio = 2 };

	(void)snprintf(w.name, sizeof(w.name), "%s", name);
	w.cpath.originator = addr("2001:db8::c");
	w.list.n = 2;
	w.list.at[0] = (struct sr_segment){ .kind = SR_SEG_CONTAINER,
					    .behavior = SR_BEHAVIOR_UN,
					    .sid = addr("fcbb:bbbb:2:4::"),
					    .structure = { 32, 16, 0, 80 },
					    .nai_local = addr("2001:db8:0:2::1") };
	w.list.at[1] = (struct sr_segment){ .kind = SR_SEG_NODE, .sid = addr("fcbb:bbbb:8::") };
	w.binding_sid = addr("fcbb:bbbb:b000::1");
	w.binding_sid.b[15] = (uint8_t)color;
	return w;
}

static struct agent_lsp *put(const char *name, uint32_t color)
{
	struct lsp_state w = wish(name, color);
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];

	ck_assert_msg(agent_pol_put(pol, &w, &l, why) == 0, "%s", why);
	return l;
}

START_TEST(what_is_saved_is_loaded_the_same)
{
	struct lsp_state before[2], got;
	const struct agent_lsp *l = NULL;

	before[0] = put("quote\" back\\ \xc3\xa9", 100)->st;
	before[1] = put("p", 101)->st;
	ck_assert_int_eq(agent_state_save(file, pol), 0);
	stop();
	start();
	ck_assert_int_eq(agent_state_load(file, pol), 0);
	for (unsigned i = 0; i < 2; i++) {
		l = agent_pol_next(pol, l);
		ck_assert_ptr_nonnull(l);
		got = l->st;
		ck_assert_uint_eq(got.list.n, before[i].list.n);
		ck_assert_mem_eq(got.list.at, before[i].list.at, got.list.n * sizeof(got.list.at[0]));
		got.list = before[i].list; /* behind the last segment anything may stand */
		ck_assert_mem_eq(&got, &before[i], sizeof(got));
	}
	ck_assert_ptr_null(agent_pol_next(pol, l));
}
END_TEST

START_TEST(several_lists_are_saved_and_loaded_with_their_weights)
{
	struct lsp_state w = wish("p", 100);
	struct sr_more more = { .weight = 7, .n = 2 };
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];
	struct agent_fib_stats s;

	for (unsigned k = 0; k < 2; k++) {
		more.at[k].weight = k ? 4000000000U : 1;
		more.at[k].list = w.list;
		more.at[k].list.at[0].sid.b[7] = (uint8_t)(0x21 + k);
	}
	w.list.more = &more;
	ck_assert_msg(agent_pol_put(pol, &w, &l, why) == 0, "%s", why);
	agent_fib_start(fib);
	ck_assert(lab_run(loop, idle, NULL));
	ck_assert_msg(l->st.oper == LSP_ACTIVE, "%s", l->reason);
	ck_assert_int_eq(agent_state_save(file, pol), 0);
	stop();
	start();
	ck_assert_int_eq(agent_state_load(file, pol), 0);
	l = agent_pol_by_name(pol, "p");
	ck_assert_ptr_nonnull(l);
	ck_assert(sr_list_eq(&l->st.list, &w.list));
	ck_assert_ptr_nonnull(l->st.list.more);
	ck_assert_mem_eq(l->st.list.more->at[1].list.at, more.at[1].list.at, sizeof(more.at[1].list.at));
	agent_fib_start(fib);
	agent_fib_sweep(fib);
	ck_assert(lab_run(loop, idle, NULL));
	ck_assert_int_eq(l->st.oper, LSP_ACTIVE);
	agent_fib_stats(fib, &s); /* as it left them */
	ck_assert_uint_eq(s.installs + s.replaces + s.removes, 0);
	ck_assert_uint_eq(s.in, 2);
}
END_TEST

START_TEST(a_restart_touches_no_route)
{
	struct agent_route kernel[8];
	struct agent_fib_stats s;
	struct agent_lsp *l = put("p", 100);
	uint32_t id;

	put("q", 200);
	id = l->st.plsp_id;
	agent_fib_start(fib);
	ck_assert(lab_run(loop, idle, NULL));
	ck_assert_int_eq(l->st.oper, LSP_ACTIVE);
	ck_assert_int_eq(agent_state_save(file, pol), 0);
	stop();
	ck_assert_uint_eq(lab_routes(RT_TABLE_MAIN, AGENT_PROTO, kernel, 8), 3);
	start();
	ck_assert_int_eq(agent_state_load(file, pol), 0);
	agent_fib_start(fib);
	agent_fib_sweep(fib);
	ck_assert(lab_run(loop, idle, NULL));
	l = agent_pol_by_name(pol, "p");
	ck_assert_int_eq(l->st.oper, LSP_ACTIVE);
	ck_assert_uint_eq(l->st.plsp_id, id);
	agent_fib_stats(fib, &s);
	ck_assert_uint_eq(s.installs + s.replaces + s.removes, 0);
	ck_assert_uint_eq(s.in, 3);
}
END_TEST

START_TEST(without_its_file_the_kernel_keeps_forwarding)
{
	struct agent_route kernel[8];
	struct agent_fib_stats s;
	struct agent_lsp *l;

	put("p", 100);
	agent_fib_start(fib);
	ck_assert(lab_run(loop, idle, NULL));
	stop();
	(void)unlink(file);
	start();
	ck_assert_int_eq(agent_state_load(file, pol), 0);
	agent_fib_start(fib);
	ck_assert(lab_run(loop, idle, NULL));
	ck_assert_uint_eq(lab_routes(RT_TABLE_MAIN, AGENT_PROTO, kernel, 8), 2);
	agent_fib_stats(fib, &s);
	ck_assert_uint_eq(s.leftover, 2);
	l = put("p", 100); /* the controller says it again: adopted as it is */
	ck_assert(lab_run(loop, idle, NULL));
	ck_assert_int_eq(l->st.oper, LSP_ACTIVE);
	agent_fib_stats(fib, &s);
	ck_assert_uint_eq(s.installs + s.replaces + s.removes + s.leftover, 0);
}
END_TEST

static const struct {
	const char *text;
	unsigned kept;
} damaged[] = {
	{ "", 0 },
	{ "{", 0 },
	{ "[]", 0 },
	{ "{\"version\":2,\"lsps\":[]}", 0 },
	{ "{\"version\":1,\"lsps\":5}", 0 },
	{ "{\"version\":1,\"lsps\":[5]}", 0 },
	{ "{\"version\":1,\"lsps\":[{\"name\":5}]}", 0 },
	{ "{\"version\":1,\"lsps\":[{\"name\":\"p\",\"list\":[{\"sid\":\"x\"}],\"color\":1,"
	  "\"endpoint\":\"::8\"}]}",
	  0 },
	{ "{\"version\":1,\"lsps\":[{\"name\":\"p\",\"list\":[null],\"color\":1,\"endpoint\":\"::"
	  "8\"}]}",
	  0 },
	{ "{\"version\":1,\"lsps\":[{},{\"name\":\"p\",\"list\":[{\"sid\":\"fc::1\",\"structure\":["
	  "900,\"x\"]}],"
	  "\"color\":1,\"endpoint\":\"::8\",\"admin-up\":true}]}",
	  1 },
	{ "{\"version\":1,\"lsps\":[[[[[[[[[[[[[[]]]]]]]]]]]]]]}", 0 },
	{ "{\"version\":1,\"lsps\":[{\"name\":\"p\",\"weight\":1,\"list\":[{\"sid\":\"fc::1\"}],\"color\":1,\"endpoint\":\"::8\",\"admin-up\":true,"
	  "\"more\":5}]}",
	  0 },
	{ "{\"version\":1,\"lsps\":[{\"name\":\"p\",\"weight\":1,\"list\":[{\"sid\":\"fc::1\"}],\"color\":1,\"endpoint\":\"::8\",\"admin-up\":true,"
	  "\"more\":[]}]}",
	  0 },
	{ "{\"version\":1,\"lsps\":[{\"name\":\"p\",\"weight\":1,\"list\":[{\"sid\":\"fc::1\"}],\"color\":1,\"endpoint\":\"::8\",\"admin-up\":true,"
	  "\"more\":[5]}]}",
	  0 },
	{ "{\"version\":1,\"lsps\":[{\"name\":\"p\",\"weight\":1,\"list\":[{\"sid\":\"fc::1\"}],\"color\":1,\"endpoint\":\"::8\",\"admin-up\":true,"
	  "\"more\":[{\"list\":[{\"sid\":\"fc::2\"}]}]}]}",
	  0 },
	{ "{\"version\":1,\"lsps\":[{\"name\":\"p\",\"weight\":1,\"list\":[{\"sid\":\"fc::1\"}],\"color\":1,\"endpoint\":\"::8\",\"admin-up\":true,"
	  "\"more\":[{\"weight\":4294967295,\"list\":[{\"sid\":\"fc::2\"}]}]}]}",
	  0 },
	{ "{\"version\":1,\"lsps\":[{\"name\":\"p\",\"list\":[{\"sid\":\"fc::1\"}],\"color\":1,\"endpoint\":\"::8\",\"admin-up\":true,"
	  "\"more\":[{\"weight\":1,\"list\":[{\"sid\":\"fc::2\"}]}]}]}",
	  0 },
	{ "{\"version\":1,\"lsps\":[{\"name\":\"p\",\"weight\":1,\"list\":[{\"sid\":\"fc::1\"}],\"color\":1,\"endpoint\":\"::8\",\"admin-up\":true,"
	  "\"more\":[{\"weight\":1,\"list\":[]}]}]}",
	  0 },
	{ "{\"version\":1,\"lsps\":[{},{\"name\":\"p\",\"weight\":1,\"list\":[{\"sid\":\"fc::1\"}],\"color\":1,\"endpoint\":\"::8\",\"admin-up\":true,"
	  "\"more\":[{\"weight\":1,\"list\":[{\"sid\":\"fc::2\"}]}]}]}",
	  1 },
};

START_TEST(a_damaged_file_is_refused_and_the_rest_of_it_kept)
{
	const struct agent_lsp *l = NULL;
	FILE *f = fopen(file, "w");
	unsigned n = 0;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(damaged[_i].text, f), 0);
	fclose(f);
	ck_assert_int_lt(agent_state_load(file, pol), 0);
	while ((l = agent_pol_next(pol, l)))
		n++;
	ck_assert_uint_eq(n, damaged[_i].kept);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_told)
{
	put("p", 100);
	ck_assert_int_lt(agent_state_save("/nonexistent/agent.state", pol), 0);
	ck_assert_int_lt(agent_state_load("/tmp", pol), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-restart");
	TCase *t = tcase_create("restart");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, what_is_saved_is_loaded_the_same);
	tcase_add_test(t, several_lists_are_saved_and_loaded_with_their_weights);
	tcase_add_test(t, a_restart_touches_no_route);
	tcase_add_test(t, without_its_file_the_kernel_keeps_forwarding);
	tcase_add_loop_test(t, a_damaged_file_is_refused_and_the_rest_of_it_kept, 0,
			    (int)ARRAY_LEN(damaged));
	tcase_add_test(t, a_file_that_cannot_be_written_is_told);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr,
			      "# agent-restart: no network namespaces here, NOTHING TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
