/* SPDX-License-Identifier: Apache-2.0 */
/* Paths a second on one core, answers complete: path, SID list, re-expansion of it. Pairs are
 * random; bounds and constraints such that most of the pairs still have a path. */
#include <stdio.h>

#include "base/err.h"
#include "base/rng.h"
#include "pce/path.h"
#include "tools/bench/network.h"

enum { PAIRS = 64, TREES_BYTES = 64 << 20 };

struct work {
	const struct ted *ted;
	struct pce_request req[PAIRS];
	struct arena arena;
	uint32_t at, found, asked;
};

static uint64_t compute_one(void *arg)
{
	struct work *w = arg;
	struct pce_answer ans;

	arena_reset(&w->arena);
	pce_compute(w->ted, &w->req[w->at++ % PAIRS], &w->arena, &ans);
	w->asked++;
	w->found += ans.status == PCE_OK;
	return 1;
}

struct kind {
	const char *name;
	enum pce_metric minimise;
	bool bounded, constrained, strict, warm;
};

static void requests(struct work *w, struct rng *r, const struct kind *k)
{
	for (uint32_t i = 0; i < PAIRS; i++) {
		struct pce_request *q = &w->req[i];

		*q = (struct pce_request){ .src = (uint32_t)rng_below(r, w->ted->n_nodes),
					   .minimise = k->minimise, .strict = k->strict,
					   .delay_us_max = k->bounded ? 40000 : PCE_NO_BOUND,
					   .hops_max = PCE_NO_BOUND, .igp_max = PCE_NO_BOUND,
					   .te_max = PCE_NO_BOUND, .usid = true, .msd = 10 };
		q->dst = (q->src + 1 + (uint32_t)rng_below(r, w->ted->n_nodes - 1)) % w->ted->n_nodes;
		if (k->constrained) {
			q->bandwidth_bps = UINT64_C(1000000000);
			q->affinity.exclude_any[0] = 1U << 8; /* a quarter of the links */
		}
	}
}

static void measure(struct bench *b, struct work *w, const struct kind *k, const char *size)
{
	char name[64];
	AUTO(pce_trees_free) struct pce_trees *trees = NULL;
	struct rng r;
	double rate;

	if (k->warm)
		(void)pce_trees_new(&trees, TREES_BYTES);
	rng_seed(&r, b->seed);
	requests(w, &r, k);
	for (uint32_t i = 0; i < PAIRS; i++)
		w->req[i].trees = trees;
	for (uint32_t i = 0; trees && i < PAIRS; i++)
		(void)compute_one(w);
	w->at = w->found = w->asked = 0;
	rate = bench_rate(b, compute_one, w);
	(void)snprintf(name, sizeof(name), "path.%s.%s", k->name, size);
	bench_row(b, name, rate, "paths/s");
	(void)snprintf(name, sizeof(name), "path.%s.%s.found", k->name, size);
	bench_row(b, name, (double)w->found / (double)w->asked, "ratio");
}

static void one_size(struct bench *b, const char *size, uint32_t routers, uint32_t wires)
{
	static const struct kind kinds[] = {
		{ "igp", PCE_IGP, false, false, false, false },
		{ "delay", PCE_DELAY, false, false, false, false },
		{ "delay-warm", PCE_DELAY, false, false, false, true },
		{ "igp-delay-bound", PCE_IGP, true, false, false, false },
		{ "constrained", PCE_TE, true, true, false, false },
		{ "strict", PCE_DELAY, false, false, true, false },
		{ "strict-warm", PCE_DELAY, false, false, true, true },
	};
	struct bench_net n;
	struct work w = { 0 };

	if (bench_net_init(&n, b->seed, routers, wires) < 0) {
		bench_fail(b, size, "no such network");
		return;
	}
	w.ted = topo_ted(n.topo);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		measure(b, &w, &kinds[i], size);
	arena_fini(&w.arena);
	bench_net_fini(&n);
}

void bench_path(struct bench *b)
{
	if (!bench_wants(b, "path."))
		return;
	one_size(b, "1k-5k", 1000, 2500);
	one_size(b, "10k-100k", 10000, 50000);
}
