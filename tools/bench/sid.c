/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine does with SIDs: all destinations with every trade of cost, delay and number of
 * segments, from nothing; the strict list of a known path of 20 hops, trees of its routers warm. */
#include <stdio.h>

#include "base/err.h"
#include "base/rng.h"
#include "pce/pce_priv.h"
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

/* ---- lists ---- */

enum { PATHS = 8, HOPS = 20, TREES_BYTES = 512 << 20 };

struct lists {
	const struct ted *ted;
	struct pce_trees *trees;
	struct pce_request req[PATHS];
	struct pce_path path[PATHS];
	uint32_t n, at;
	uint64_t n_segs, asked;
	struct pce_segment segs[PCE_SEGS_MAX];
	struct arena kept, arena;
	struct pce_ctx ctx;
};

/* Least delay paths of the wanted length, from random routers; those of one SID only are no work. */
static void lists_paths(struct lists *w, struct rng *r)
{
	for (uint32_t tries = 0; w->n < PATHS && tries < 20000; tries++) {
		struct pce_request q = { .src = (uint32_t)rng_below(r, w->ted->n_nodes),
					 .dst = (uint32_t)rng_below(r, w->ted->n_nodes),
					 .minimise = PCE_DELAY, .delay_us_max = PCE_NO_BOUND,
					 .hops_max = PCE_NO_BOUND, .igp_max = PCE_NO_BOUND,
					 .te_max = PCE_NO_BOUND, .strict = true, .no_flex = true };
		struct pce_answer a;

		pce_path(w->ted, &q, &w->kept, &a);
		if (a.status != PCE_OK || a.n_path < HOPS)
			continue;
		q.dst = w->ted->links[a.path[HOPS - 1]].to;
		q.trees = w->trees;
		pce_encode(w->ted, &q, a.path, HOPS, &w->kept, &a);
		if (a.status != PCE_OK || a.n_segs < 2)
			continue;
		w->path[w->n] = (struct pce_path){ .links = a.path, .n = HOPS };
		w->req[w->n++] = q;
	}
}

static uint64_t list_alone(void *arg)
{
	struct lists *w = arg;
	uint32_t i = w->at++ % w->n;

	const struct pce_route r = { .c = &w->ctx, .path = &w->path[i], .strict = true,
				     .usid = w->req[i].usid };

	w->ctx.req = &w->req[i];
	w->n_segs += pce_encode_quick(&r, w->segs);
	w->asked++;
	return 1;
}

static uint64_t list_proven(void *arg)
{
	struct lists *w = arg;
	struct pce_answer a;
	uint32_t i = w->at++ % w->n;

	arena_reset(&w->arena);
	pce_encode(w->ted, &w->req[i], w->path[i].links, HOPS, &w->arena, &a);
	return 1;
}

static void lists(struct bench *b)
{
	const struct sim_gen g = { .seed = b->seed, .routers = 10000, .classic_pct = 10 };
	struct lists w = { 0 };
	struct bench_net n;
	struct rng r;

	if (bench_net_make(&n, &g) < 0) {
		bench_fail(b, "sidlist", "no such network");
		return;
	}
	w.ted = topo_ted(n.topo);
	rng_seed(&r, b->seed);
	if (pce_trees_new(&w.trees, TREES_BYTES) == 0)
		lists_paths(&w, &r);
	if (w.n == 0)
		bench_fail(b, "sidlist", "no path of 20 hops");
	if (w.n && pce_ctx_init(&w.ctx, w.ted, &w.req[0], w.trees, &w.arena)) {
		bench_row(b, "sidlist_20hop_us", 1e6 / bench_rate(b, list_alone, &w), "us");
		bench_row(b, "sidlist_20hop_sids", (double)w.n_segs / (double)w.asked, "SIDs");
		pce_ctx_fini(&w.ctx);
		bench_row(b, "sidlist_20hop_proven_us", 1e6 / bench_rate(b, list_proven, &w), "us");
	}
	arena_fini(&w.kept);
	arena_fini(&w.arena);
	pce_trees_free(w.trees);
	bench_net_fini(&n);
}

void bench_sid(struct bench *b)
{
	struct reach_run run;

	if (bench_wants(b, "sidlist"))
		lists(b);

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
