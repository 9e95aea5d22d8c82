/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the parts of the benchmark share: see README.md for the rows. */
#include <stdbool.h>
#include <stdint.h>

struct bench {
	uint64_t seed;
	const char *only;   /* beginning of the names wanted; "" all */
	const char *programs; /* the build folder with sextantd and sextant-sim */
	unsigned seconds10; /* tenths of a second a measurement takes at least */
	uint16_t port;	    /* first of those used */
	bool failed;
};

/* Is any row with this beginning wanted. */
bool bench_wants(const struct bench *b, const char *prefix);
/* Prints one row, unless it is not wanted. */
void bench_row(const struct bench *b, const char *name, double value, const char *unit);
/* On standard error; the program then ends with 1. */
void bench_fail(struct bench *b, const char *what, const char *why);

uint64_t bench_ns(void);     /* monotonic */
uint64_t bench_cpu_ns(void); /* of this thread: what others do on the machine does not count */
/* Calls fn until enough time has passed, five times over; the median of units a
 * second of processor time. fn does the work once and returns how many units that was. */
double bench_rate(const struct bench *b, uint64_t (*fn)(void *arg), void *arg);
double bench_median(double *values, unsigned n);

void bench_codec(struct bench *b);
void bench_ted(struct bench *b);
void bench_path(struct bench *b);
void bench_sid(struct bench *b);
void bench_failure(struct bench *b);
void bench_dclc(struct bench *b);
void bench_spf(struct bench *b);
void bench_te(struct bench *b);
void bench_disjoint(struct bench *b);
void bench_admission(struct bench *b);
void bench_repair(struct bench *b);
void bench_assure(struct bench *b);
void bench_assure_told(struct bench *b);
void bench_guard(struct bench *b);
void bench_sets(struct bench *b);
void bench_slices(struct bench *b);
void bench_daemon(struct bench *b);
void bench_chain(struct bench *b);
