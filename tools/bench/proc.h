/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Processes of their own, and what passed between them. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

pid_t bench_start(const char *const *argv); /* its output goes nowhere; -1 */
int bench_wait(pid_t pid);		    /* exit code, -1 when it had none */
void bench_stop(pid_t *pid);		    /* SIGTERM, and waits; *pid is -1 then */
double bench_status_mib(pid_t pid, const char *key); /* of /proc/PID/status */
double bench_loop_cpu_ms(pid_t pid); /* what its first thread has worked */
double bench_all_cpu_ms(pid_t pid);  /* what all have */
double bench_stolen_ms(void); /* what the host has taken of all processors since it booted, by ticks; 0: it does not say */
void bench_beside(pid_t pid); /* it gives way at once to who has work: SCHED_IDLE, all its threads */

/* A new folder under TMPDIR, else /tmp, for files of a run; false: none, and path is "". */
bool bench_folder(char *path, size_t size);
void bench_folder_gone(const char *path); /* with its files; "": nothing */

/* A capture of tcpdump's (microseconds, Ethernet of the loopback device): one after the other the
 * TCP segments with data. */
struct bench_segment {
	uint64_t at_us; /* wall clock */
	uint16_t from, to; /* ports */
	uint32_t len;	   /* of data */
};

/* NULL, or why the file cannot be read. */
const char *bench_capture_each(const char *file, void (*fn)(void *arg, const struct bench_segment *s),
			       void *arg);
