/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/bench/proc.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rd.h"

enum { ARGS_MAX = 40, SNAP_MAX = 1 << 18, PCAP_MAGIC_US = (int)0xa1b2c3d4, LINK_ETHERNET = 1 };

extern char **environ;

pid_t bench_start(const char *const *argv)
{
	posix_spawn_file_actions_t files;
	char *args[ARGS_MAX];
	pid_t pid = -1;
	int i = 0, rc;

	for (; argv[i] && i < ARGS_MAX - 1; i++)
		args[i] = strdup(argv[i]);
	args[i] = NULL;
	(void)posix_spawn_file_actions_init(&files);
	(void)posix_spawn_file_actions_addopen(&files, 0, "/dev/null", 0, 0);
	(void)posix_spawn_file_actions_addopen(&files, 1, "/dev/null", 1, 0);
	(void)posix_spawn_file_actions_addopen(&files, 2, "/dev/null", 1, 0);
	rc = args[0] ? posix_spawnp(&pid, args[0], &files, NULL, args, environ) : ENOMEM;
	(void)posix_spawn_file_actions_destroy(&files);
	for (i = 0; args[i]; i++)
		free(args[i]);
	return rc == 0 ? pid : -1;
}

int bench_wait(pid_t pid)
{
	int status = -1;

	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void bench_stop(pid_t *pid)
{
	if (*pid > 0) {
		(void)kill(*pid, SIGTERM);
		(void)bench_wait(*pid);
	}
	*pid = -1;
}

double bench_status_mib(pid_t pid, const char *key)
{
	char name[64], line[256];
	unsigned long kib = 0;
	FILE *f;

	(void)snprintf(name, sizeof(name), "/proc/%d/status", (int)pid);
	f = fopen(name, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			kib = strtoul(line + strlen(key) + 1, NULL, 10);
	if (f)
		(void)fclose(f);
	return (double)kib / 1024;
}

static double task_cpu_ms(pid_t pid, const char *task)
{
	char name[96];
	unsigned long long ns = 0;
	FILE *f;

	(void)snprintf(name, sizeof(name), "/proc/%d/task/%.20s/schedstat", (int)pid, task);
	f = fopen(name, "re");
	if (f && fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	if (f)
		(void)fclose(f);
	return (double)ns / 1e6;
}

double bench_loop_cpu_ms(pid_t pid)
{
	char task[24];

	(void)snprintf(task, sizeof(task), "%d", (int)pid);
	return task_cpu_ms(pid, task);
}

double bench_all_cpu_ms(pid_t pid)
{
	char name[64];
	struct dirent *e;
	double sum = 0;
	DIR *d;

	(void)snprintf(name, sizeof(name), "/proc/%d/task", (int)pid);
	d = opendir(name);
	while (d && (e = readdir(d)))
		sum += e->d_name[0] == '.' ? 0 : task_cpu_ms(pid, e->d_name);
	if (d)
		(void)closedir(d);
	return sum;
}

double bench_stolen_ms(void)
{
	unsigned long long ticks = 0;
	FILE *f = fopen("/proc/stat", "re");

	if (f && fscanf(f, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &ticks) != 1)
		ticks = 0;
	if (f)
		(void)fclose(f);
	return (double)ticks * 1e3 / (double)sysconf(_SC_CLK_TCK);
}

/* A weight (nice) does not do: one that has the processor keeps it for a slice, and the scheduler
 * lets threads of sextantd share the other meanwhile, for 40 ms and more on a machine with two. */
void bench_beside(pid_t pid)
{
	const struct sched_param none = { 0 };
	char name[64];
	struct dirent *e;
	DIR *d;

	(void)snprintf(name, sizeof(name), "/proc/%d/task", (int)pid);
	d = opendir(name);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] != '.')
			(void)sched_setscheduler((pid_t)strtol(e->d_name, NULL, 10), SCHED_IDLE, &none);
	}
	if (d)
		(void)closedir(d);
}

/* ---- captures ---- */

/* Ethernet, IPv6 or IPv4, TCP. False: something else, or no data. */
static bool segment_read(const uint8_t *data, size_t cap, struct bench_segment *s)
{
	struct rd r;
	uint16_t type, total;
	uint32_t head;

	r = rd_of(data, cap);
	rd_skip(&r, 12);
	type = rd_u16(&r);
	if (type == 0x86dd) {
		rd_skip(&r, 4);
		total = rd_u16(&r);
		if (rd_u8(&r) != 6)
			return false;
		rd_skip(&r, 33);
	} else if (type == 0x0800) {
		head = (rd_u8(&r) & 0xfU) * 4;
		rd_skip(&r, 1);
		total = rd_u16(&r);
		rd_skip(&r, 5);
		if (rd_u8(&r) != 6 || head < 20 || total < head)
			return false;
		rd_skip(&r, head - 10);
		total = (uint16_t)(total - head);
	} else {
		return false;
	}
	s->from = rd_u16(&r);
	s->to = rd_u16(&r);
	rd_skip(&r, 8);
	head = (uint32_t)(rd_u8(&r) >> 4) * 4;
	s->len = total > head ? total - head : 0;
	return !r.bad && s->len > 0;
}

static const char *packets(FILE *f, void (*fn)(void *arg, const struct bench_segment *s), void *arg)
{
	uint32_t head[4];
	uint8_t *data = malloc(SNAP_MAX);
	const char *why = data ? NULL : "no memory";

	while (!why && fread(head, sizeof(head), 1, f) == 1) {
		struct bench_segment s = { .at_us = (uint64_t)head[0] * 1000000 + head[1] };

		if (head[2] > SNAP_MAX || fread(data, 1, head[2], f) != head[2])
			break; /* tcpdump was ended in the middle of one */
		if (segment_read(data, head[2], &s))
			fn(arg, &s);
	}
	free(data);
	return why;
}

const char *bench_capture_each(const char *file, void (*fn)(void *arg, const struct bench_segment *s),
			       void *arg)
{
	FILE *f = fopen(file, "re");
	const char *why = "there is no capture";
	uint32_t head[6];

	if (!f)
		return why;
	/* In this machine's order: tcpdump ran here. */
	if (fread(head, sizeof(head), 1, f) != 1 || head[0] != (uint32_t)PCAP_MAGIC_US ||
	    (head[5] & 0xffff) != LINK_ETHERNET)
		why = "not a capture of Ethernet frames in microseconds";
	else
		why = packets(f, fn, arg);
	(void)fclose(f);
	return why;
}

/* ---- files ---- */

bool bench_folder(char *path, size_t size)
{
	const char *under = getenv("TMPDIR");
	int n = snprintf(path, size, "%s/sextant-bench-XXXXXX", under && under[0] ? under : "/tmp");

	if (n > 0 && (size_t)n < size && mkdtemp(path))
		return true;
	path[0] = '\0';
	return false;
}

void bench_folder_gone(const char *path)
{
	DIR *d = path[0] ? opendir(path) : NULL;
	const struct dirent *e;

	while (d && (e = readdir(d)))
		(void)unlinkat(dirfd(d), e->d_name, 0); /* "." and ".." stay */
	if (d)
		(void)closedir(d);
	if (path[0])
		(void)rmdir(path);
}
