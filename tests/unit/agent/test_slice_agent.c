/* SPDX-License-Identifier: Apache-2.0 */
/* The program with a file of slices: started, killed, reloaded, refused, shown, ended. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "slices_bed.h"

#define LINK(capacity, more)                                                                       \
	"{\"sextant-device:device\":{\"link\":[{\"name\":\"core\",\"capacity\":\"" capacity        \
	"\",\"nrp\":[{\"id\":1,\"rate\":\"6000000\",\"sid-block\":[\"fc00:1::/32\"]}]}]" more "}}"

static char dir[64], config[96];
static pid_t agent;
static struct loop *loop;

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void configure(const char *more)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "node: r1\nrouter-id: \"2001:db8::1\"\nstate: agent.state\n"
		       "socket: agent.sock\nslices: slices.json\n%s",
		       more);
	write_file("agent.yaml", text);
}

static void start(void)
{
	agent = fork();
	ck_assert_int_ge(agent, 0);
	if (agent == 0) {
		char log[96];
		int fd;

		(void)snprintf(log, sizeof(log), "%s/log", dir);
		fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
		if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
			_exit(99);
		(void)execl(AGENT, "sextant-agent", "--config", config, (char *)NULL);
		_exit(99);
	}
}

static int ended(void)
{
	int status = 0;

	ck_assert_int_eq(waitpid(agent, &status, 0), agent);
	agent = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static bool on_output(void *arg)
{
	const char *const *a = arg;
	char *o = output(a[0]);
	bool has = strstr(o, a[1]) != NULL;

	free(o);
	return has;
}

static void await(const char *command, const char *text)
{
	const char *a[2] = { command, text };
	char *log;
	char cat[96];

	if (lab_run(loop, on_output, a))
		return;
	(void)snprintf(cat, sizeof(cat), "tail -c 2000 %s/log", dir);
	log = output(cat);
	ck_abort_msg("%s never says '%s'; log:\n%s", command, text, log);
}

static void await_log(const char *text)
{
	char cat[96];

	(void)snprintf(cat, sizeof(cat), "cat %s/log", dir);
	await(cat, text);
}

static void setup(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/sextant-slices-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(config, sizeof(config), "%s/agent.yaml", dir);
	lab_enter();
	(void)lab_link("sr0", "ifb");
	(void)lab_link("core", "bridge");
	(void)lab_link("ce1", "bridge");
	ck_assert_int_eq(loop_new(&loop), 0);
	write_file("slices.json", LINK("10000000", ""));
	configure("");
	start();
	await("tc class show dev core", "5e78:101 parent 5e78:1");
}

static void teardown(void)
{
	if (agent > 0) {
		(void)kill(agent, SIGKILL);
		(void)ended();
	}
	shell("rm -r %s", dir);
	loop = loop_free(loop);
}

static char *show(const char *more)
{
	char command[160];

	(void)snprintf(command, sizeof(command), AGENT " show --socket %s/agent.sock %s", dir, more);
	return output(command);
}

START_TEST(a_killed_agent_leaves_the_slices_and_takes_them_up_again)
{
	char *before, *after, *shown;

	await_log("event=daemon.ready");
	before = kernel_state();
	ck_assert_int_eq(kill(agent, SIGKILL), 0);
	ck_assert_int_eq(ended(), 256 + SIGKILL);
	after = kernel_state();
	ck_assert(strcmp(before, after) == 0);
	free(after);
	shell("tc qdisc del dev core root"); /* nobody is there to see it */
	start();
	await("tc class show dev core", "5e78:101 parent 5e78:1");
	await("tc filter show dev core", "fc000001");
	shown = show("--json"); /* what it says follows from a reading of its own */
	after = kernel_state();
	ck_assert(strcmp(before, after) == 0);
	ck_assert_ptr_nonnull(strstr(shown, "\"nrp\":\"1\",\"rate-bps\":6000000"));
	ck_assert_ptr_nonnull(strstr(shown, "\"failed\":0"));
	free(before);
	free(after);
	free(shown);
}
END_TEST

START_TEST(a_reload_takes_a_file_whole_or_not_at_all)
{
	char *before, *after, *shown;

	write_file("slices.json", LINK("20000000", ""));
	ck_assert_int_eq(kill(agent, SIGHUP), 0);
	await("tc class show dev core", "class htb 5e78:1 root rate 20Mbit");
	await_log("event=agent.slices.changed generation=1");
	before = kernel_state();
	/* what the table needs is not there, so the link stays as it was too */
	write_file("slices.json", LINK("30000000", ",\"policer\":[{\"name\":\"p\",\"interface\":\"ce1\","
				       "\"rate\":\"8000\"}],\"table\":[{\"id\":7,\"route\":[{\"prefix\":"
				       "\"2001:db8::/32\",\"interface\":\"none\"}]}]"));
	ck_assert_int_eq(kill(agent, SIGHUP), 0);
	await_log("table 7 route 2001:db8::/32: there is no interface none");
	after = kernel_state();
	ck_assert(strcmp(before, after) == 0);
	free(after);
	/* a file that is wrong is not even tried */
	write_file("slices.json", LINK("6000000", ""));
	ck_assert_int_eq(kill(agent, SIGHUP), 0);
	await_log("event=daemon.reload.failed");
	await_log("64000 too many");
	after = kernel_state();
	ck_assert(strcmp(before, after) == 0);
	shown = show("");
	ck_assert_ptr_nonnull(strstr(shown, "20000000"));
	ck_assert_ptr_null(strstr(shown, "30000000"));
	free(before);
	free(after);
	free(shown);
}
END_TEST

START_TEST(an_agent_told_to_flush_leaves_nothing)
{
	char *after;

	configure("on-exit: flush\n");
	ck_assert_int_eq(kill(agent, SIGHUP), 0);
	await_log("event=daemon.reloaded");
	ck_assert_int_eq(kill(agent, SIGTERM), 0);
	ck_assert_int_eq(ended(), 0);
	after = kernel_state();
	ck_assert_ptr_null(strstr(after, "5e78"));
	free(after);
}
END_TEST

START_TEST(a_file_is_checked_before_it_is_used)
{
	ck_assert_int_eq(system(AGENT " --version >/dev/null"), 0);
	shell(AGENT " --config %s --check-config >/dev/null 2>&1", config);
	write_file("slices.json", LINK("6000000", ""));
	shell("! " AGENT " --config %s --check-config >%s/said 2>&1", config, dir);
	shell("grep -q '64000 too many' %s/said", dir);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-slice-program");
	TCase *t = tcase_create("program");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_killed_agent_leaves_the_slices_and_takes_them_up_again);
	tcase_add_test(t, a_reload_takes_a_file_whole_or_not_at_all);
	tcase_add_test(t, an_agent_told_to_flush_leaves_nothing);
	tcase_add_test(t, a_file_is_checked_before_it_is_used);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr, "# agent-slice-program: no network namespaces here, NOTHING "
				      "TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
