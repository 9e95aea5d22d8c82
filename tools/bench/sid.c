/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine does with SIDs: all destinations with every trade of cost, delay and number of
 * segments, from nothing; the list of a known path. */
#include <stdio.h>

#include "base/err.h"
#include "base/rng.h"
#include "pce/path.h"
#include "pce/reach.h"
#include "tools/bench/network.h"

enum { SOURCES = 9, DELAY_US = 50000, SEGS = 10 };

struct reach_run {
	double ms[SOURCES], points;
	size_t bytes;
};

static void reach_one(struct bench *b, const struct ted *t, struct rng *r, struct reach_run *run,
		      unsigned i)
{
	const struct pce_reach_request q = { .src = (uint32_t)rng_below(r, t->n_nodes),
					     .minimise = PCE_IGP,
					     .delay_us_max = DELAY_US,
					     .segs_max = SEGS };
	struct pce_reach out;
	struct arena a;
	uint64_t start;

	arena_init(&a, 0);
	start = bench_cpu_ns();
	if (pce_reach(t, &q, &a, &out) < 0)
		bench_fail(b, "dclcsr", "no memory");
	run->ms[i] = (double)(bench_cpu_ns() - start) / 1e6;
	run->points += out.n_points;
	run->bytes = out.bytes + a.used > run->bytes ? out.bytes + a.used : run->bytes;
	arena_fini(&a);
}

static void reach_size(struct bench *b, uint32_t routers, unsigned sources, struct reach_run *run)
{
	const struct sim_gen g = { .seed = b->seed, .routers = routers, .classic_pct = 10 };
	struct bench_net n;
	struct rng r;

	*run = (struct reach_run){ 0 };
	if (bench_net_make(&n, &g) < 0) {
		bench_fail(b, "dclcsr", "no such network");
		return;
	}
	rng_seed(&r, b->seed);
	for (unsigned i = 0; i < sources; i++)
		reach_one(b, topo_ted(n.topo), &r, run, i);
	run->points /= (double)sources * routers;
	bench_net_fini(&n);
}

void bench_sid(struct bench *b)
{
	struct reach_run run;

	if (bench_wants(b, "dclcsr_1k")) {
		reach_size(b, 1000, SOURCES, &run);
		bench_row(b, "dclcsr_1k_ms", bench_median(run.ms, SOURCES), "ms");
		bench_row(b, "dclcsr_1k_points", run.points, "points/node");
	}
	if (bench_wants(b, "dclcsr_10k")) {
		reach_size(b, 10000, SOURCES, &run);
		bench_row(b, "dclcsr_10k_ms", bench_median(run.ms, SOURCES), "ms");
		bench_row(b, "dclcsr_10k_mb", (double)run.bytes / 1e6, "MB");
		bench_row(b, "dclcsr_10k_points", run.points, "points/node");
	}
	if (bench_wants(b, "dclcsr_50k")) {
		reach_size(b, 50000, 3, &run);
		bench_row(b, "dclcsr_50k_s", bench_median(run.ms, 3) / 1e3, "s");
	}
}
