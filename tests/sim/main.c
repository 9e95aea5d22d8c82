/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate: runs seeds, a few in each of several processes, so that a seed that aborts is told
 * like one that fails. Exit code 0: all clean; 1: some are not; 2: usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "sim.h"

enum { EVENTS = 40, CHUNK = 25, JOBS_MAX = 64 };

/* What the processes share. */
struct shared {
	uint64_t at[JOBS_MAX]; /* the seed a process is at */
	uint64_t acks, lives, restful, walked, steps, survived, apart;
};

static struct shared *shared;

const char *program = "simulate";

struct opts {
	uint64_t first, n;
	unsigned jobs;
	bool verbose, until_found;
};

static void one_seed(uint64_t seed, bool verbose)
{
	world_up(seed, verbose, false);
	run_ns(pick(3) * NS_PER_S);
	for (unsigned k = 0; sim.n_pols > 10 && k < 2 * sim.n_pols; k++)
		ops_random();
	for (unsigned k = 0; k < EVENTS; k++)
		event_random();
	heal_all();
	check_rest();
	ops_optimise_well();
	check_rest();
	cut_each();
	__atomic_fetch_add(&shared->acks, sim.acks, __ATOMIC_RELAXED);
	__atomic_fetch_add(&shared->lives, sim.epoch, __ATOMIC_RELAXED);
	__atomic_fetch_add(&shared->restful, sim.restful, __ATOMIC_RELAXED);
	__atomic_fetch_add(&shared->walked, sim.walked, __ATOMIC_RELAXED);
	__atomic_fetch_add(&shared->apart, sim.apart, __ATOMIC_RELAXED);
	__atomic_fetch_add(&shared->steps, sim.steps, __ATOMIC_RELAXED);
	__atomic_fetch_add(&shared->survived, sim.survived, __ATOMIC_RELAXED);
	world_down();
}

/* A process for some seeds; the caller learns from shared->at where it stopped. */
static pid_t spawn(unsigned job, uint64_t first, uint64_t end, bool verbose)
{
	pid_t pid;

	shared->at[job] = first;
	(void)fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("simulate: fork");
		exit(2);
	}
	if (pid > 0)
		return pid;
	for (uint64_t s = first; s < end; s++) {
		shared->at[job] = s;
		one_seed(s, verbose);
	}
	exit(0);
}

struct job {
	pid_t pid;
	uint64_t end;
};

static void tell_death(uint64_t seed, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
		return; /* it told itself */
	if (WIFSIGNALED(status))
		printf("seed %llu: died of signal %d\n", (unsigned long long)seed,
		       WTERMSIG(status));
	else
		printf("seed %llu: ended with %d\n", (unsigned long long)seed, WEXITSTATUS(status));
	printf("  replay: simulate --seed %llu%s%s -v\n", (unsigned long long)seed,
	       bug[0] ? " --bug " : "", bug);
}

static unsigned job_of(const struct job *jobs, unsigned n, pid_t pid)
{
	unsigned j = 0;

	while (j < n && jobs[j].pid != pid)
		j++;
	return j;
}

/* Returns how many seeds failed. */
static uint64_t run(const struct opts *o)
{
	struct job jobs[JOBS_MAX] = { { 0 } };
	uint64_t next = o->first, end = o->first + o->n, failed = 0;
	unsigned running = 0;

	for (;;) {
		int status;
		unsigned j;
		pid_t pid;

		for (j = 0; j < o->jobs && next < end && !(failed && o->until_found); j++) {
			if (jobs[j].pid)
				continue;
			jobs[j].end = next + CHUNK < end ? next + CHUNK : end;
			jobs[j].pid = spawn(j, next, jobs[j].end, o->verbose);
			next = jobs[j].end;
			running++;
		}
		if (running == 0)
			return failed;
		pid = wait(&status);
		j = job_of(jobs, o->jobs, pid);
		if (pid < 0 || j == o->jobs)
			continue;
		jobs[j].pid = 0;
		running--;
		if (status == 0)
			continue;
		failed++;
		tell_death(shared->at[j], status);
		if (shared->at[j] + 1 < jobs[j].end && !o->until_found) {
			jobs[j].pid = spawn(j, shared->at[j] + 1, jobs[j].end, o->verbose);
			running++;
		}
	}
}

static int usage(void)
{
	(void)fprintf(stderr,
		      "usage: simulate [--seeds N] [--from SEED] [-j JOBS] [--bug NAME]\n"
		      "       simulate --seed SEED [-v] [--bug NAME]\n"
		      "Runs the whole controller in simulated networks, one a seed. A planted bug\n"
		      "(lost-write, over-booking, stale-generation, wrong-constraint) has to be found:\n"
		      "then exit code 0 means that it was.\n");
	return 2;
}

static bool number(const char *text, uint64_t *out)
{
	return text && str_u64(text, out) == 0;
}

static bool parse(int argc, char **argv, struct opts *o)
{
	uint64_t n = 1;

	for (int k = 1; k < argc; k++) {
		const char *value = k + 1 < argc ? argv[k + 1] : NULL;

		if (strcmp(argv[k], "-v") == 0) {
			o->verbose = true;
			continue;
		}
		if (strcmp(argv[k], "--bug") == 0 && value && bug_known(value)) {
			bug = value;
		} else if (strcmp(argv[k], "--seed") == 0 && number(value, &o->first)) {
			o->n = 1;
		} else if (strcmp(argv[k], "--from") == 0 && number(value, &o->first)) {
		} else if (strcmp(argv[k], "--seeds") == 0 && number(value, &o->n)) {
		} else if (strcmp(argv[k], "-j") == 0 && number(value, &n) && n > 0 && n <= JOBS_MAX) {
			o->jobs = (unsigned)n;
		} else {
			return false;
		}
		k++;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct opts o = { .first = 1, .n = 1000, .jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN) };
	uint64_t failed;

	if (!parse(argc, argv, &o))
		return usage();
	if (o.jobs == 0 || o.jobs > JOBS_MAX)
		o.jobs = 2;
	o.until_found = bug[0] != '\0';
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("simulate: mmap");
		return 2;
	}
	failed = run(&o);
	printf("%llu seeds, %llu failed; %llu writes acknowledged (%llu over RESTCONF), %llu starts of "
	       "the controller, %llu lists walked, %llu steps of optimisations, %llu bandwidths survived "
	       "a wire, %llu pairs kept apart\n",
	       (unsigned long long)o.n, (unsigned long long)failed, (unsigned long long)shared->acks,
	       (unsigned long long)shared->restful, (unsigned long long)shared->lives,
	       (unsigned long long)shared->walked, (unsigned long long)shared->steps,
	       (unsigned long long)shared->survived, (unsigned long long)shared->apart);
	return bug[0] ? failed == 0 : failed != 0;
}
