/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cheapest path under a delay bound that binds: between the least delay there is and the
 * delay of the cheapest path. Warm: the egress's trees are in the shard, egresses taken in turn
 * so that those of others lie in the caches; cold: the egress is new, its trees are made too.
 * The path alone, medians over queries.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "pce/path.h"
#include "tools/bench/network.h"

enum { EGRESSES = 32, SOURCES = 8, ALPHAS = 5, QUERIES = EGRESSES * SOURCES * ALPHAS };

struct size {
	const char *name;
	uint32_t routers;
	size_t trees_bytes;
};

struct dclc {
	const struct ted *t;
	struct pce_trees *trees;
	struct pce_request q[QUERIES];
	uint32_t n;
	struct arena arena;
	bool failed;
};

static void ask(struct dclc *w, const struct pce_request *q, struct pce_answer *a)
{
	arena_reset(&w->arena);
	pce_path(w->t, q, &w->arena, a);
}

/* The pair's queries, one for each tightness; none when the cheapest path is the fastest. */
static void add_pair(struct dclc *w, uint32_t src, uint32_t dst)
{
	struct pce_request q = { .src = src, .dst = dst, .minimise = PCE_DELAY,
				 .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
				 .igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND,
				 .trees = w->trees };
	struct pce_answer fast, cheap;

	ask(w, &q, &fast);
	q.minimise = PCE_IGP;
	ask(w, &q, &cheap);
	if (fast.status != PCE_OK || cheap.status != PCE_OK || cheap.delay_us <= fast.delay_us)
		return;
	for (uint32_t i = 0; i < ALPHAS && w->n < QUERIES; i++) {
		uint64_t gap = cheap.delay_us - fast.delay_us;

		q.delay_us_max = (uint32_t)(fast.delay_us + gap * (2 * i + 1) / 10);
		w->q[w->n++] = q;
	}
}

static void queries(struct dclc *w, struct rng *r)
{
	for (uint32_t i = 0; i < EGRESSES; i++) {
		uint32_t dst = (uint32_t)rng_below(r, w->t->n_nodes), had = w->n;

		for (uint32_t j = 0; j < 20 * SOURCES && w->n < had + SOURCES * ALPHAS; j++) {
			uint32_t src = (uint32_t)rng_below(r, w->t->n_nodes);

			if (src != dst)
				add_pair(w, src, dst);
		}
	}
}

/* One egress's query after another's. */
static void mix_up(struct dclc *w, struct rng *r)
{
	for (uint32_t i = w->n; i > 1; i--) {
		uint32_t j = (uint32_t)rng_below(r, i);
		struct pce_request q = w->q[j];

		w->q[j] = w->q[i - 1];
		w->q[i - 1] = q;
	}
}

static double timed_us(struct dclc *w, const struct pce_request *q)
{
	struct pce_answer a;
	uint64_t from;
	double took;

	arena_reset(&w->arena);
	from = bench_cpu_ns();
	pce_path(w->t, q, &w->arena, &a);
	took = (double)(bench_cpu_ns() - from) / 1e3;
	w->failed = w->failed || a.status != PCE_OK || a.delay_us > q->delay_us_max;
	return took;
}

static double warm_us(struct dclc *w)
{
	static double us[QUERIES];

	for (uint32_t i = 0; i < w->n; i++)
		us[i] = timed_us(w, &w->q[i]);
	return bench_median(us, w->n);
}

/* Every query of an egress the shard does not know; what weighs what, it does know. */
static double cold_us(struct dclc *w, size_t bytes)
{
	static double us[EGRESSES];
	uint32_t n = 0, last = TED_NONE;

	w->trees = pce_trees_free(w->trees);
	if (w->n == 0 || pce_trees_new(&w->trees, bytes) < 0)
		return 0;
	for (uint32_t i = 0; i < w->n && n < EGRESSES; i++) {
		struct pce_request q = w->q[i];

		q.trees = w->trees;
		if (q.dst == last)
			continue;
		if (last == TED_NONE)
			(void)timed_us(w, &q);
		else
			us[n++] = timed_us(w, &q);
		last = q.dst;
	}
	return bench_median(us, n);
}

/* No path: half the least delay, and more bandwidth than any link has. */
static double explain_us(struct dclc *w)
{
	static double us[EGRESSES];
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n && n < EGRESSES; i++) {
		struct pce_request q = w->q[i];
		struct pce_answer a;
		uint64_t from;

		q.delay_us_max /= 8;
		q.bandwidth_bps = UINT64_C(1) << 50;
		arena_reset(&w->arena);
		from = bench_cpu_ns();
		pce_path(w->t, &q, &w->arena, &a);
		us[n++] = (double)(bench_cpu_ns() - from) / 1e3;
		w->failed = w->failed || a.status != PCE_NO_CONSTRAINED || a.n_conflict == 0;
	}
	return bench_median(us, n);
}

static int by_egress(const void *a, const void *b)
{
	const struct pce_request *x = a, *y = b;

	return (x->dst > y->dst) - (x->dst < y->dst);
}

static void measure(struct bench *b, struct dclc *w, const struct size *z)
{
	char name[64];
	struct rng r;

	rng_seed(&r, b->seed);
	queries(w, &r);
	mix_up(w, &r);
	if (w->n == 0) {
		bench_fail(b, z->name, "no bound binds");
		return;
	}
	(void)warm_us(w);
	(void)snprintf(name, sizeof(name), "dclc_warm_%s_us", z->name);
	bench_row(b, name, warm_us(w), "us");
	(void)snprintf(name, sizeof(name), "dclc_explain_%s_ms", z->name);
	bench_row(b, name, explain_us(w) / 1e3, "ms");
	qsort(w->q, w->n, sizeof(w->q[0]), by_egress);
	(void)snprintf(name, sizeof(name), "dclc_cold_%s_ms", z->name);
	bench_row(b, name, cold_us(w, z->trees_bytes) / 1e3, "ms");
	if (w->failed)
		bench_fail(b, z->name, "a path is missing or breaks its bound");
}

static void one_size(struct bench *b, const struct size *z)
{
	const struct sim_gen g = { .seed = b->seed, .routers = z->routers, .classic_pct = 10 };
	static struct dclc w;
	struct bench_net n;

	if (bench_net_make(&n, &g) < 0) {
		bench_fail(b, z->name, "no such network");
		return;
	}
	w = (struct dclc){ .t = topo_ted(n.topo) };
	if (pce_trees_new(&w.trees, z->trees_bytes) == 0)
		measure(b, &w, z);
	else
		bench_fail(b, z->name, "no memory");
	pce_trees_free(w.trees);
	arena_fini(&w.arena);
	bench_net_fini(&n);
}

void bench_dclc(struct bench *b)
{
	static const struct size sizes[] = { { "10k", 10000, 256U << 20 },
					     { "100k", 100000, 512U << 20 } };

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char warm[64], cold[64], why[64];

		(void)snprintf(warm, sizeof(warm), "dclc_warm_%s_us", sizes[i].name);
		(void)snprintf(cold, sizeof(cold), "dclc_cold_%s_ms", sizes[i].name);
		(void)snprintf(why, sizeof(why), "dclc_explain_%s_ms", sizes[i].name);
		if (bench_wants(b, warm) || bench_wants(b, cold) || bench_wants(b, why))
			one_size(b, &sizes[i]);
	}
}
