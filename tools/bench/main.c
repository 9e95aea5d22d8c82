/* SPDX-License-Identifier: Apache-2.0 */
/* bench: arguments, the clock, rows. Exit codes: 0 fine, 1 something could not be measured,
 * 2 usage. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/mono.h"
#include "base/str.h"
#include "log/log.h"
#include "log/service.h"
#include "tools/bench/bench.h"

enum { ROUNDS = 5, NAME_WIDTH = 44, LOOK_NS = 50000 };

static const char usage[] =
	"usage: bench [OPTIONS] [GROUP]\n"
	"\n"
	"Prints rows: name value unit. Inputs follow from the seed. GROUP: only rows whose name\n"
	"begins so: spf, ispf, dclc, dclcsr, disjoint, srlg, ksp, sidlist, admission, te, failure,\n"
	"bgpls, pcrpt, ted, topo, path, inject, …\n"
	"\n"
	"  -s, --seed SEED      of topologies, policies and failures (default 1)\n"
	"  -o, --only GROUP     the same\n"
	"  -q, --quick          shorter measurements, for a look\n"
	"  -b, --build FOLDER   where sextantd and sextant-sim are built (default: from here)\n"
	"  -p, --port PORT      first of three TCP ports on loopback (default 31790)\n"
	"  -h, --help\n"
	"\n"
	"Exit codes: 0 fine, 1 something could not be measured, 2 usage.\n";

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t bench_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t bench_cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

bool bench_wants(const struct bench *b, const char *prefix)
{
	size_t n = strlen(b->only), m = strlen(prefix);

	return strncmp(b->only, prefix, n < m ? n : m) == 0;
}

void bench_row(const struct bench *b, const char *name, double value, const char *unit)
{
	if (strncmp(name, b->only, strlen(b->only)) != 0)
		return;
	(void)printf("%-*s %14.*f %s\n", NAME_WIDTH, name, value < 0.1 ? 5 : value < 100 ? 3 : 0, value, unit);
	(void)fflush(stdout);
}

void bench_fail(struct bench *b, const char *what, const char *why)
{
	(void)fprintf(stderr, "bench: %s: %s\n", what, why);
	b->failed = true;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double bench_median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), by_value);
	return n == 0 ? 0 : values[n / 2];
}

/* The clock of a thread is a call into the kernel, which takes as long as a short call of fn: it is
 * read once for so many of them as take a multiple of it. */
static uint64_t calls_a_look(uint64_t (*fn)(void *arg), void *arg)
{
	uint64_t calls = 1, took;

	do {
		uint64_t start = bench_cpu_ns();

		for (uint64_t i = 0; i < calls; i++)
			(void)fn(arg);
		took = bench_cpu_ns() - start;
		calls *= took < LOOK_NS ? 2 : 1;
	} while (took < LOOK_NS);
	return calls;
}

double bench_rate(const struct bench *b, uint64_t (*fn)(void *arg), void *arg)
{
	uint64_t least = b->seconds10 * (NS_PER_S / 10) / ROUNDS, calls;
	double rate[ROUNDS];

	(void)fn(arg); /* warms caches and allocators */
	calls = calls_a_look(fn, arg);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start = bench_cpu_ns(), took, units = 0;

		do {
			for (uint64_t k = 0; k < calls; k++)
				units += fn(arg);
			took = bench_cpu_ns() - start;
		} while (took < least);
		rate[i] = (double)units * 1e9 / (double)took;
	}
	return bench_median(rate, ROUNDS);
}

/* BUILD/tools/bench/bench → BUILD */
static char *build_of(const char *self)
{
	char *path = realpath(self, NULL);

	for (int up = 0; path && up < 3; up++) {
		char *slash = strrchr(path, '/');

		if (!slash)
			break;
		*slash = '\0';
	}
	return path;
}

static bool number(const char *text, uint64_t max, uint64_t *out)
{
	return str_u64(text, out) == 0 && *out <= max;
}

static bool arguments(struct bench *b, int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' }, { "only", required_argument, NULL, 'o' },
		{ "quick", no_argument, NULL, 'q' },	  { "build", required_argument, NULL, 'b' },
		{ "port", required_argument, NULL, 'p' }, { "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	uint64_t v;
	int o;

	while ((o = getopt_long(argc, argv, "s:o:qb:p:h", options, NULL)) != -1) {
		if (o == 's' && number(optarg, UINT64_MAX, &v)) {
			b->seed = v;
		} else if (o == 'p' && number(optarg, UINT16_MAX - 3, &v) && v > 0) {
			b->port = (uint16_t)v;
		} else if (o == 'o') {
			b->only = optarg;
		} else if (o == 'b') {
			b->programs = optarg;
		} else if (o == 'q') {
			b->seconds10 = 2;
		} else if (o == 'h') {
			(void)fputs(usage, stdout);
			exit(0);
		} else {
			return false;
		}
	}
	if (optind + 1 == argc && !*b->only)
		b->only = argv[optind++];
	return optind == argc;
}

int main(int argc, char **argv)
{
	const struct log_cfg quiet = { .level = LOG_ERROR };
	AUTO_FREE char *build = build_of("/proc/self/exe");
	struct bench b = { .seed = 1, .only = "", .programs = build, .seconds10 = 10,
			   .port = 31790 };

	if (!arguments(&b, argc, argv)) {
		(void)fputs("bench: see --help\n", stderr);
		return 2;
	}
	log_large_pages(argv); /* as sextantd does, and for peers too */
	log_setup(&quiet);
	bench_codec(&b);
	bench_ted(&b);
	bench_path(&b);
	bench_sid(&b);
	bench_failure(&b);
	bench_dclc(&b);
	bench_spf(&b);
	bench_te(&b);
	bench_disjoint(&b);
	bench_admission(&b);
	bench_repair(&b);
	bench_guard(&b);
	bench_sets(&b);
	bench_slices(&b);
	bench_assure(&b);
	bench_assure_told(&b);
	bench_daemon(&b);
	bench_chain(&b);
	return b.failed;
}
