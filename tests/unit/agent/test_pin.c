/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alternate marking without CAP_SYS_ADMIN: an agent finds what the one before it left, leaves
 * nothing when it is told so, and says what it lacks. Each agent is a process of its own, with a
 * BPF file system of the test's own.
 */
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "slices_bed.h"
#include "tools/agent/measure/altmark_kern.h"

enum { GOOD, NO_PROGRAMS, NO_PORTS, NOT_FOUND, LEFT, NO_DROP, WRONG_WHY };

static const struct agent_altmark_port port = { .name = "core" };

/* What the unit leaves us. */
static bool drop_caps(void)
{
	static const int kept[] = { CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE, CAP_BPF,
				    CAP_PERFMON };
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { { 0 } };

	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		d[kept[i] / 32].effective |= 1u << kept[i] % 32;
		d[kept[i] / 32].permitted |= 1u << kept[i] % 32;
	}
	return prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0) == 0 &&
	       syscall(SYS_capset, &h, d) == 0;
}

/* An agent's life; boot: of the counters it found, or made. */
static int life(uint64_t *boot, bool flush, char why[128])
{
	struct agent_amk *k = NULL;
	struct altmark_self self;
	unsigned missing = 0;
	int r;

	if (agent_amk_new(&k, why, 128) < 0)
		return NO_PROGRAMS;
	r = agent_amk_ports(k, &port, 1, &missing) < 0 || missing ? NO_PORTS : GOOD;
	if (r == GOOD && agent_amk_self(k, &self) == 0)
		*boot = self.boot;
	agent_amk_free(k);
	if (r == GOOD && flush && agent_amk_remove_all() != 2)
		r = LEFT;
	return r;
}

static int in_a_process(bool caps, bool flush, uint64_t *boot, char why[128])
{
	int fds[2], status = 0;
	pid_t p;

	ck_assert_int_eq(pipe(fds), 0);
	p = fork();
	ck_assert_int_ge(p, 0);
	if (p == 0) {
		int r = caps || drop_caps() ? life(boot, flush, why) : NO_DROP;
		bool told = write(fds[1], boot, sizeof(*boot)) == sizeof(*boot) &&
			    write(fds[1], why, 128) == 128;

		_exit(told ? r : 99);
	}
	(void)close(fds[1]);
	ck_assert_int_eq((int)read(fds[0], boot, sizeof(*boot)), sizeof(*boot));
	ck_assert_int_eq((int)read(fds[0], why, 128), 128);
	(void)close(fds[0]);
	ck_assert_int_eq(waitpid(p, &status, 0), p);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void setup(void)
{
	lab_enter();
	(void)lab_link("core", "bridge");
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	(void)umount2("/sys/fs/bpf", MNT_DETACH); /* of the machine: in this test's eyes only */
}

static void teardown(void)
{
	(void)umount2("/sys/fs/bpf", MNT_DETACH);
}

static bool bpffs(void)
{
	return mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700") == 0;
}

START_TEST(the_next_agent_goes_on_with_the_counters)
{
	uint64_t first = 0, second = 0, third = 0;
	char why[128] = "";

	ck_assert(bpffs());
	ck_assert_int_eq(in_a_process(false, false, &first, why), GOOD);
	ck_assert_uint_ne(first, 0);
	ck_assert(says("ls /sys/fs/bpf", "sextant-"));
	ck_assert_int_eq(in_a_process(false, false, &second, why), GOOD);
	ck_assert_uint_eq(first, second);
	ck_assert(says("ls /sys/fs/bpf/sextant-* | wc -l", "9\n")); /* of one agent, not of two */
	ck_assert_int_eq(in_a_process(false, true, &third, why), GOOD);
	ck_assert_uint_eq(first, third);
	ck_assert(says("ls /sys/fs/bpf | grep -c sextant || true", "0\n"));
	ck_assert(says("tc qdisc show dev core | grep -c clsact || true", "0\n"));
}
END_TEST

/* The twin: who may ask the kernel by number pins nothing, and goes on all the same. */
START_TEST(with_the_capability_nothing_is_pinned)
{
	uint64_t first = 0, second = 0;
	char why[128] = "";

	ck_assert(bpffs());
	ck_assert_int_eq(in_a_process(true, false, &first, why), GOOD);
	ck_assert(says("ls /sys/fs/bpf | grep -c sextant || true", "0\n"));
	ck_assert_int_eq(in_a_process(true, true, &second, why), GOOD);
	ck_assert_uint_ne(first, 0);
	ck_assert_uint_eq(first, second);
}
END_TEST

START_TEST(without_a_place_to_keep_them_it_is_refused_with_the_reason)
{
	uint64_t boot = 0;
	char why[128] = "";

	ck_assert_int_eq(in_a_process(false, false, &boot, why), NO_PROGRAMS);
	ck_assert_msg(strstr(why, "a BPF file system is needed at /sys/fs/bpf") != NULL, "%s", why);
	ck_assert(says("tc qdisc show dev core | grep -c clsact || true", "0\n"));
}
END_TEST

static bool possible(void)
{
	pid_t p = fork();
	int status = 1;

	if (p == 0) {
		char why[128] = "";
		struct agent_amk *k = NULL;

		_exit(agent_amk_new(&k, why, sizeof(why)) < 0 || unshare(CLONE_NEWNS) < 0 ||
		      mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || !bpffs());
	}
	return p > 0 && waitpid(p, &status, 0) == p && status == 0;
}

static Suite *suite(void)
{
	Suite *su = suite_create("agent-pin");
	TCase *t = tcase_create("programs");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_next_agent_goes_on_with_the_counters);
	tcase_add_test(t, with_the_capability_nothing_is_pinned);
	tcase_add_test(t, without_a_place_to_keep_them_it_is_refused_with_the_reason);
	if (lab_possible() && possible())
		suite_add_tcase(su, t);
	else
		(void)fprintf(stderr, "# agent-pin: no namespaces, programs or BPF file system here, "
				      "NOTHING TESTED\n");
	return su;
}

int main(void)
{
	return check_main(suite());
}
