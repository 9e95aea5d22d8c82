/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program itself in a network namespace: a PCE that is nothing but the codec on the one
 * side, the kernel on the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check_main.h"
#include "lab.h"
#include "pcep/raw_pce.h"

enum { ROUTES_MAX = 16 };

static struct loop *loop;
static struct net *net;
static struct raw_pce pce;
static struct ip_addr lo;
static uint16_t port;
static char dir[64], config[96];
static pid_t agent;

/* ---- the agent as a process ---- */

static void configure(const char *more)
{
	FILE *f = fopen(config, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(
		fprintf(f,
			"node: r1\nrouter-id: \"2001:db8::1\"\nstate: agent.state\n"
			"socket: agent.sock\n"
			"pcep:\n  msd: 4\n  controller:\n"
			"    - { address: \"::1\", port: %u, insecure: true }\n"
			"steering:\n"
			"  - { prefix: \"2001:db8:c2::/64\", color: 100, endpoint: \"2001:db8::9\", "
			"service-sid: \"fcbb:bbbb:9:d6::\" }\n%s",
			port, more),
		0);
	ck_assert_int_eq(fclose(f), 0);
}

static pid_t spawn(const char *const *argv)
{
	char log[96];
	pid_t pid;
	int fd;

	(void)snprintf(log, sizeof(log), "%s/log", dir);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(99);
	(void)execv(AGENT, (char *const *)(uintptr_t)argv);
	_exit(99);
}

static int ended(pid_t pid)
{
	int status = 0;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static int run(const char *const *argv)
{
	return ended(spawn(argv));
}

static const char *log_text(void)
{
	static char text[65536];
	char log[96];
	FILE *f;
	size_t n;

	(void)snprintf(log, sizeof(log), "%s/log", dir);
	f = fopen(log, "r");
	if (!f)
		return "";
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return text;
}

static void start(void)
{
	agent = spawn((const char *const[]){ "sextant-agent", "--config", config, NULL });
}

/* ---- waiting ---- */

static bool on_heard(void *arg)
{
	return raw_pce_heard(&pce, arg);
}

static void await(const char *what)
{
	char copy[128];

	(void)snprintf(copy, sizeof(copy), "%s", what);
	ck_assert_msg(lab_run(loop, on_heard, copy), "not \"%s\" but:\n%s\nagent:\n%s", what,
		      str_text(&pce.log), log_text());
}

static unsigned ours(struct agent_route *out)
{
	return lab_routes(RT_TABLE_MAIN, AGENT_PROTO, out, ROUTES_MAX);
}

static bool on_routes(void *arg)
{
	struct agent_route r[ROUTES_MAX];

	return ours(r) == *(unsigned *)arg;
}

static void await_routes(unsigned n)
{
	ck_assert_msg(lab_run(loop, on_routes, &n), "not %u routes; agent:\n%s", n, log_text());
}

static bool on_log(void *arg)
{
	return strstr(log_text(), arg) != NULL;
}

static void await_log(const char *what)
{
	char copy[128];

	(void)snprintf(copy, sizeof(copy), "%s", what);
	ck_assert_msg(lab_run(loop, on_log, copy), "not \"%s\" in:\n%s", what, log_text());
}

static bool on_saved(void *arg)
{
	char path[128];
	struct stat st;

	(void)arg;
	(void)snprintf(path, sizeof(path), "%s/agent.state", dir);
	return stat(path, &st) == 0;
}

/* ---- the world ---- */

static void setup(void)
{
	lab_enter();
	lab_link("sr0", "ifb");
	ck_assert_int_eq(ip_parse("::1", &lo), 0);
	(void)snprintf(dir, sizeof(dir), "/tmp/test_agent.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(config, sizeof(config), "%s/agent.yaml", dir);
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(net_new(&net, loop), 0);
	raw_pce_init(&pce);
	port = raw_pce_listen(&pce, net, &lo, 0);
	configure("");
	start();
	await("end-of-sync");
	raw_pce_forget(&pce);
}

static void teardown(void)
{
	static const char *const files[] = { "agent.yaml", "agent.state", "agent.sock", "log" };
	char path[128];

	if (agent > 0) {
		(void)kill(agent, SIGKILL);
		(void)ended(agent);
	}
	raw_pce_fini(&pce);
	net_free(net);
	loop_free(loop);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

static void give(uint32_t srp, const char *name, unsigned segs)
{
	struct sr_list list = raw_list(segs);
	struct pcep_item b;

	raw_initiate(&b, srp, name, 100, &list);
	raw_pce_item(&pce, PCEPC_PCINITIATE, &b);
}

/* At the very moment a report says up, the route is there. */
static void up_is_true(const struct lsp_state *st)
{
	struct agent_route r[ROUTES_MAX];

	if (st->oper != LSP_UP && st->oper != LSP_ACTIVE)
		return;
	ck_assert_uint_eq(ours(r), 1);
	ck_assert_uint_eq(r[0].n, st->list.n + 1);
	for (unsigned i = 0; i < st->list.n; i++)
		ck_assert(ip_eq(&r[0].seg[i], &st->list.at[i].sid));
}

START_TEST(a_policy_is_told_up_when_its_route_is_there)
{
	struct sr_list list = raw_list(2);
	struct pcep_item b;

	pce.on_report = up_is_true;
	give(5, "gold", 3);
	await("srp=5 D A C oper=2 name=gold segs=3 color=100\n");
	raw_update(&b, 6, 1, &list);
	raw_pce_item(&pce, PCEPC_PCUPD, &b);
	await("srp=6 D A C oper=2 name=gold segs=2");
	raw_remove(&b, 7, 1);
	raw_pce_item(&pce, PCEPC_PCINITIATE, &b);
	await("srp=7 D R A C oper=0 name=gold");
	await_routes(0);
}
END_TEST

START_TEST(a_route_of_somebody_else_is_respected_and_told)
{
	struct agent_route theirs = { .table = RT_TABLE_MAIN, .metric = 10,
				      .kind = AGENT_ROUTE_ENCAP, .reduced = true, .n = 1 };
	struct agent_route r[ROUTES_MAX];

	ck_assert_int_eq(ip_prefix_parse("2001:db8:c2::/64", &theirs.dst), 0);
	ck_assert_int_eq(ip_parse("fcbb:bbbb:f::", &theirs.seg[0]), 0);
	theirs.dev = lab_link("sr1", "ifb");
	ck_assert_int_eq(lab_route(&theirs, RTPROT_STATIC, false), 0);
	give(5, "gold", 3);
	await("srp=5 D A C oper=0 name=gold");
	ck_assert(!raw_pce_heard(&pce, "oper=2"));
	ck_assert_uint_eq(ours(r), 0);
	ck_assert_uint_eq(lab_routes(RT_TABLE_MAIN, RTPROT_STATIC, r, ROUTES_MAX), 1);
	ck_assert_int_eq(lab_route(&theirs, RTPROT_STATIC, true), 0);
	await("oper=2 name=gold"); /* it is tried again */
}
END_TEST

START_TEST(what_is_wrong_is_refused_and_reaches_no_kernel)
{
	struct sr_list longer = raw_list(4), fine = raw_list(2);
	struct agent_route r[ROUTES_MAX];
	struct pcep_item b;

	raw_initiate(&b, 5, "long", 100, &longer); /* MSD 4, and the service SID */
	raw_pce_item(&pce, PCEPC_PCINITIATE, &b);
	await("err srp=5 10/40\n");
	raw_initiate(&b, 6, "mpls", 100, &fine);
	b.srp.pst = PCEPC_PST_SR;
	raw_pce_item(&pce, PCEPC_PCINITIATE, &b);
	await("err srp=6 21/1\n");
	raw_update(&b, 7, 9, &fine);
	raw_pce_item(&pce, PCEPC_PCUPD, &b);
	await("err srp=7 19/3\n");
	raw_remove(&b, 8, 9);
	raw_pce_item(&pce, PCEPC_PCINITIATE, &b);
	await("err srp=8 19/3\n");
	ck_assert_uint_eq(ours(r), 0);
	ck_assert(!raw_pce_heard(&pce, "rpt"));
}
END_TEST

START_TEST(forwarding_outlives_the_controller)
{
	struct agent_route before[ROUTES_MAX], after[ROUTES_MAX];

	give(5, "gold", 3);
	await("oper=2 name=gold");
	ck_assert_uint_eq(ours(before), 1);
	raw_pce_drop(&pce);
	pce.listener = net_listener_free(pce.listener);
	await_log("agent.controller.lost");
	ck_assert_uint_eq(ours(after), 1);
	ck_assert(agent_route_same(&before[0], &after[0]));
	raw_pce_forget(&pce);
	(void)raw_pce_listen(&pce, net, &lo, port);
	await("rpt id=1 srp=0 D S A C oper=2 name=gold segs=3 color=100\nend-of-sync\n");
	ck_assert_uint_eq(ours(after), 1);
}
END_TEST

START_TEST(forwarding_outlives_the_agent)
{
	struct agent_route before[ROUTES_MAX], after[ROUTES_MAX];

	give(5, "gold", 3);
	await("oper=2 name=gold");
	ck_assert_uint_eq(ours(before), 1);
	if (_i == 0) {
		await_log("agent.lsp.state");
		ck_assert_int_eq(kill(agent, SIGTERM), 0);
		ck_assert_int_eq(ended(agent), 0);
		agent = 0;
		await("close 1\n");
	} else {
		ck_assert(lab_run(loop, on_saved, NULL));
		(void)kill(agent, SIGKILL);
		(void)ended(agent);
		agent = 0;
		await("down\n");
	}
	ck_assert_uint_eq(ours(after), 1);
	ck_assert(agent_route_same(&before[0], &after[0]));
	raw_pce_forget(&pce);
	start();
	await("rpt id=1 srp=0 D S A C oper=2 name=gold segs=3 color=100\nend-of-sync\n");
	ck_assert_uint_eq(ours(after), 1);
	ck_assert(agent_route_same(&before[0], &after[0]));
}
END_TEST

START_TEST(on_exit_flush_removes_what_is_ours)
{
	configure("on-exit: flush\n");
	ck_assert_int_eq(kill(agent, SIGHUP), 0);
	await_log("daemon.reloaded");
	give(5, "gold", 3);
	await("oper=2 name=gold");
	ck_assert_int_eq(kill(agent, SIGTERM), 0);
	ck_assert_int_eq(ended(agent), 0);
	agent = 0;
	await_routes(0);
}
END_TEST

START_TEST(a_reload_applies_the_difference_or_nothing)
{
	give(5, "gold", 3);
	await("oper=2 name=gold");
	configure("  - { prefix: \"2001:db8:c3::/64\", color: 100, endpoint: \"2001:db8::9\", "
		  "service-sid: \"fcbb:bbbb:9:d6::\" }\n"
		  "local-sid:\n  - { sid: \"fcbb:bbbb:1:e1::\", behavior: End }\n");
	ck_assert_int_eq(kill(agent, SIGHUP), 0);
	await_routes(3);
	ck_assert_uint_eq(pce.connections, 1);
	configure("nonsense: 1\n");
	ck_assert_int_eq(kill(agent, SIGHUP), 0);
	await_log("daemon.reload.failed");
	await_routes(3);
	ck_assert_uint_eq(pce.connections, 1);
}
END_TEST

START_TEST(show_tells_what_is_there)
{
	const char *const json[] = { "sextant-agent", "show", "--config", config, "--json", NULL };
	const char *const text[] = { "sextant-agent", "show", "--config", config, NULL };
	const char *const gone[] = { "sextant-agent", "show", "--socket", "/nonexistent", NULL };
	pid_t pid;

	configure("local-sid:\n  - { sid: \"fcbb:bbbb:1:e1::\", behavior: End }\n");
	ck_assert_int_eq(kill(agent, SIGHUP), 0);
	await_routes(1);
	give(5, "gold", 3);
	await("oper=2 name=gold");
	pid = spawn(json);
	ck_assert_int_eq(ended(pid), 0);
	ck_assert_ptr_nonnull(strstr(log_text(), "\"name\":\"gold\",\"plsp-id\":1,\"color\":100"));
	ck_assert_ptr_nonnull(strstr(log_text(), "\"state\":\"active\""));
	ck_assert_ptr_nonnull(strstr(log_text(), "\"delegated-to\":\"::1\""));
	ck_assert_ptr_nonnull(strstr(log_text(), "\"sid\":\"fcbb:bbbb:1:e1::/64\",\"owner\":\"agent\""));
	ck_assert_ptr_nonnull(strstr(log_text(), "\"packets\":0"));
	ck_assert_int_eq(run(text), 0);
	ck_assert_ptr_nonnull(strstr(log_text(), "\nLSPs: 1\n"));
	ck_assert_ptr_nonnull(strstr(log_text(), "\nSIDs: 1\n"));
	ck_assert_int_eq(run(gone), 1);
}
END_TEST

static unsigned actives;

static void count_active(const struct lsp_state *st)
{
	actives += st->oper == LSP_ACTIVE;
}

static bool all_active(void *arg)
{
	return actives == *(unsigned *)arg;
}

/* As many as it keeps, each with a route of its own: a binding SID. One more is refused. */
START_TEST(four_thousand_policies_and_no_more)
{
	struct sr_list list = raw_list(3);
	unsigned want = 4096;
	char name[16];

	actives = 0;
	pce.on_report = count_active;
	for (unsigned i = 0; i <= want; i++) {
		struct ip_addr bsid;
		struct pcep_item b;

		ck_assert_int_eq(ip_parse("fcbb:bbbb:b000::", &bsid), 0);
		ip_bits_set(&bsid, 112, 16, i + 1);
		(void)snprintf(name, sizeof(name), "p%u", i);
		raw_initiate(&b, i + 1, name, 1000 + i, &list);
		pcep_item_binding(&b, &bsid, 0);
		raw_pce_item(&pce, PCEPC_PCINITIATE, &b);
	}
	await("err srp=4097 19/6\n");
	ck_assert_msg(lab_run(loop, all_active, &want), "%u", actives);
	raw_pce_drop(&pce);
	raw_pce_forget(&pce);
	pce.reports = 0;
	await("end-of-sync\n");
	ck_assert_uint_eq(pce.reports, want);
}
END_TEST

START_TEST(arguments_and_exit_codes)
{
	const char *const good[] = { "sextant-agent", "--check-config", "-c", config, NULL };
	const char *const absent[] = { "sextant-agent", "-c", "/nonexistent", NULL };
	const char *const second[] = { "sextant-agent", "-c", config, NULL };
	const char *const odd[] = { "sextant-agent", "--frobnicate", NULL };
	const char *const word[] = { "sextant-agent", "shew", NULL };
	const char *const mixed[] = { "sextant-agent", "--json", NULL };
	const char *const help[] = { "sextant-agent", "--help", NULL };

	ck_assert_int_eq(run(good), 0);
	ck_assert_int_eq(run(help), 0);
	ck_assert_int_eq(run(absent), 1);
	ck_assert_int_eq(run(second), 1); /* the socket answers: one runs already */
	ck_assert_ptr_nonnull(strstr(log_text(), "another agent answers there"));
	ck_assert_int_eq(run(odd), 2);
	ck_assert_int_eq(run(word), 2);
	ck_assert_int_eq(run(mixed), 2);
	configure("nonsense: 1\n");
	ck_assert_int_eq(run(good), 1);
	ck_assert_ptr_nonnull(strstr(log_text(), "nonsense"));
	give(5, "gold", 3); /* and the first one lives */
	await("oper=2 name=gold");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-program");
	TCase *t = tcase_create("program");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_policy_is_told_up_when_its_route_is_there);
	tcase_add_test(t, a_route_of_somebody_else_is_respected_and_told);
	tcase_add_test(t, what_is_wrong_is_refused_and_reaches_no_kernel);
	tcase_add_test(t, forwarding_outlives_the_controller);
	tcase_add_loop_test(t, forwarding_outlives_the_agent, 0, 2);
	tcase_add_test(t, on_exit_flush_removes_what_is_ours);
	tcase_add_test(t, a_reload_applies_the_difference_or_nothing);
	tcase_add_test(t, show_tells_what_is_there);
	tcase_add_test(t, four_thousand_policies_and_no_more);
	tcase_add_test(t, arguments_and_exit_codes);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr,
			      "# agent-program: no network namespaces here, NOTHING TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
