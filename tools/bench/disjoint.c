/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of paths: link-disjoint pairs beside LEMON's Suurballe, 16 shortest paths beside igraph's,
 * on generated backbones; SRLG-disjoint pairs with a delay bound on graphs of the make that
 * CoSE-Pulse+ was measured on (random links, SRLGs of links that leave one node). Trees are cold:
 * every question pays for its own (the arcs they grow on are kept), unless the row says warm. Costs are compared with the
 * libraries'.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "pce/disjoint.h"
#include "pce/kshortest.h"
#include "pce/trees.h"
#include "tools/bench/network.h"
#include "tools/bench/peers.h"

enum { PAIRS = 32, KSP_PAIRS = 8, KSP = 16, WARM_BYTES = 512 << 20 };

struct ask {
	const struct ted *t;
	struct pce_trees *trees;
	struct pce_request req[PAIRS];
	uint64_t cost[PAIRS];
	uint32_t n, at;
	struct arena arena;
	uint8_t diverse;
	uint32_t branched, unproved;
};

static struct pce_request plain(uint32_t src, uint32_t dst, struct pce_trees *trees)
{
	return (struct pce_request){ .src = src, .dst = dst, .minimise = PCE_IGP,
				     .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
				     .igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND,
				     .trees = trees };
}

static uint64_t pair_once(void *arg)
{
	struct ask *q = arg;
	uint32_t i = q->at++ % q->n;
	struct pce_request legs[2] = { q->req[i], q->req[i] };
	const struct pce_disjoint d = { .leg = legs, .n_legs = 2, .diverse = q->diverse,
					.strict = true };
	struct pce_disjoint_answer a;

	arena_reset(&q->arena);
	pce_disjoint_paths(q->t, &d, &q->arena, &a);
	q->cost[i] = a.status == PCE_OK ? a.cost : 0;
	q->branched += a.branched;
	q->unproved += a.status == PCE_NO_BUDGET || a.cost_least < a.cost;
	return 1;
}

static uint64_t ksp_once(void *arg)
{
	struct ask *q = arg;
	uint32_t i = q->at++ % q->n;
	struct pce_kshortest_answer a;

	arena_reset(&q->arena);
	pce_kshortest_paths(q->t, &q->req[i], KSP, &q->arena, &a);
	q->cost[i] = 0;
	for (uint32_t k = 0; k < a.n; k++)
		q->cost[i] += a.path[k].cost;
	return 1;
}

/* Over the questions the median, as the libraries', or the mean; each asked three times, the
 * quickest counts. Between two askings come all others, so that a cold shard is cold. */
static double typical_ms(struct ask *q, uint64_t (*once)(void *arg), bool mean)
{
	const uint32_t n = q->n;
	double ms[PAIRS] = { 0 }, sum = 0;

	if (n == 0)
		return 0;
	for (uint32_t i = 0; i < 3 * n; i++) {
		uint64_t start = bench_cpu_ns();
		double took;

		q->at = i;
		(void)once(q);
		took = (double)(bench_cpu_ns() - start) / 1e6;
		ms[i % n] = i < n || took < ms[i % n] ? took : ms[i % n];
	}
	for (uint32_t i = 0; i < n; i++)
		sum += ms[i];
	return mean ? sum / n : bench_median(ms, n);
}

/* What the classes and the trees of one question take: with so much and no more a shard keeps the
 * classes, and every question with another target makes its trees anew. */
static size_t one_question_bytes(const struct ask *q, uint64_t (*once)(void *arg))
{
	AUTO(pce_trees_free) struct pce_trees *trees = NULL;
	struct pce_trees_stats stats = { 0 };
	struct ask one = { .t = q->t, .n = 1, .diverse = q->diverse };

	if (pce_trees_new(&trees, WARM_BYTES) < 0)
		return 0;
	one.req[0] = q->req[0];
	one.req[0].trees = trees;
	arena_init(&one.arena, 0);
	(void)once(&one);
	arena_fini(&one.arena);
	pce_trees_stats(trees, &stats);
	return stats.bytes;
}

/* Other trees for all questions. False: no memory. */
static bool ask_again(struct ask *q, size_t bytes)
{
	q->trees = pce_trees_free(q->trees);
	if (pce_trees_new(&q->trees, bytes) < 0)
		return false;
	for (uint32_t i = 0; i < q->n; i++)
		q->req[i].trees = q->trees;
	return true;
}

static bool ask_init(struct ask *q, const struct ted *t, uint32_t n, size_t bytes)
{
	*q = (struct ask){ .t = t, .n = n, .diverse = PCE_DIVERSE_LINK };
	arena_init(&q->arena, 0);
	return pce_trees_new(&q->trees, bytes) == 0;
}

static void ask_fini(struct ask *q)
{
	pce_trees_free(q->trees);
	arena_fini(&q->arena);
}

static void random_pairs(struct ask *q, uint64_t seed, struct bench_pair *pairs)
{
	struct rng r;

	rng_seed(&r, seed);
	for (uint32_t i = 0; i < q->n; i++) {
		uint32_t src = (uint32_t)rng_below(&r, q->t->n_nodes);
		uint32_t dst = (uint32_t)((src + 1 + rng_below(&r, q->t->n_nodes - 1)) %
					  q->t->n_nodes);

		pairs[i] = (struct bench_pair){ src, dst };
		q->req[i] = plain(src, dst, q->trees);
	}
}

static uint64_t total(const struct ask *q)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < q->n; i++)
		sum += q->cost[i];
	return sum;
}

/* ---- beside libraries ---- */

struct size {
	const char *name;
	uint32_t routers;
};

struct beside {
	const char *own, *ratio;
	enum bench_peer_kind kind;
	uint64_t (*once)(void *arg);
	uint32_t n;
};

static void row(const struct bench *b, const char *what, const char *size, const char *more,
		double v, const char *unit)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s_%s%s", what, size, more);
	bench_row(b, name, v, unit);
}

/* What the library takes over what we take, trees cold; 0: no figure. */
static double beside(struct bench *b, const struct beside *k, const struct size *z,
		     const struct ted *t)
{
	struct bench_pair pairs[PAIRS];
	struct bench_peer p;
	struct ask q;
	char name[64];
	double cold, warm;

	if (!ask_init(&q, t, k->n, WARM_BYTES))
		bench_fail(b, k->own, "no memory");
	random_pairs(&q, b->seed, pairs);
	(void)typical_ms(&q, k->once, false);
	warm = typical_ms(&q, k->once, false);
	if (!ask_again(&q, one_question_bytes(&q, k->once)))
		bench_fail(b, k->own, "no memory");
	cold = typical_ms(&q, k->once, false);
	row(b, k->own, z->name, "_ms", cold, "ms");
	row(b, k->own, z->name, "_warm_ms", warm, "ms");
	p = bench_peer_run(b, k->kind, t, pairs, q.n);
	if (!p.recorded && p.checksum != total(&q))
		bench_fail(b, k->ratio, "the library has other costs");
	(void)snprintf(name, sizeof(name), "%s_%s", k->ratio, z->name);
	bench_peer_row(b, name, cold, &p);
	(void)snprintf(name, sizeof(name), "%s_%s_warm", k->ratio, z->name);
	bench_peer_row(b, name, warm, &p);
	ask_fini(&q);
	return cold > 0 ? p.ms / cold : 0;
}

static void all_sizes(struct bench *b, const struct beside *k, const struct size *sizes, size_t n)
{
	double worst = 0;

	if (!bench_wants(b, k->own) && !bench_wants(b, k->ratio))
		return;
	for (size_t i = 0; i < n; i++) {
		const struct sim_gen g = { .seed = b->seed, .routers = sizes[i].routers,
					   .classic_pct = 10 };
		struct bench_net net;
		double ratio;

		if (bench_net_make(&net, &g) < 0) {
			bench_fail(b, sizes[i].name, "no such network");
			continue;
		}
		ratio = beside(b, k, &sizes[i], topo_ted(net.topo));
		if (ratio > 0 && (worst == 0 || ratio < worst))
			worst = ratio;
		bench_net_fini(&net);
	}
	bench_row(b, k->ratio, worst, "x-least");
}

/* ---- SRLGs ---- */

/* Links of a random graph, both directions; every link in an SRLG of its own, and a few that
 * leave the same node in one more. */
struct graph {
	struct ted_node *nodes;
	struct ted_link *links;
	uint32_t (*srlg)[2];
	uint32_t n, m;
};

static void graph_fini(struct graph *g)
{
	free(g->nodes);
	free(g->links);
	free(g->srlg);
}

static void wire(struct graph *g, struct rng *r, uint32_t a, uint32_t b)
{
	for (unsigned side = 0; side < 2; side++) {
		struct ted_link *l = &g->links[g->m];

		*l = (struct ted_link){ .alive = true, .from = side ? b : a, .to = side ? a : b,
					.reverse = g->m ^ 1U, .has_igp = true, .has_delay = true,
					.srlg = g->srlg[g->m], .n_srlg = 1 };
		l->igp_metric = 1 + (uint32_t)rng_below(r, 100);
		l->delay_us = 1 + (uint32_t)rng_below(r, 100);
		g->srlg[g->m][0] = g->m;
		g->m++;
	}
}

static void stars(struct graph *g, struct rng *r)
{
	for (uint32_t l = 0; l < g->m; l++) {
		if (rng_below(r, 3))
			continue;
		g->srlg[l][1] = g->m + g->links[l].from;
		g->links[l].n_srlg = 2;
	}
}

static const struct ted *graph_make(struct graph *g, uint64_t seed, uint32_t nodes, uint32_t wires)
{
	const struct ted *t = NULL;
	struct ted_input in;
	struct rng r;

	*g = (struct graph){ .n = nodes };
	g->nodes = calloc(nodes, sizeof(*g->nodes));
	g->links = calloc(2 * (size_t)wires, sizeof(*g->links));
	g->srlg = calloc(2 * (size_t)wires, sizeof(*g->srlg));
	if (!g->nodes || !g->links || !g->srlg)
		return NULL;
	rng_seed(&r, seed);
	for (uint32_t i = 0; i < nodes; i++) {
		g->nodes[i].alive = true;
		(void)snprintf(g->nodes[i].id, sizeof(g->nodes[i].id), "n%u", i);
	}
	for (uint32_t i = 0; i < wires; i++) /* the first ones make it connected */
		wire(g, &r, i < nodes ? i : (uint32_t)rng_below(&r, nodes),
		     i < nodes ? (i + 1) % nodes : (uint32_t)rng_below(&r, nodes));
	stars(g, &r);
	in = (struct ted_input){ .nodes = g->nodes, .links = g->links, .n_nodes = nodes,
				 .n_links = g->m };
	return ted_build(&in, &t) < 0 ? NULL : t;
}

/* Delay at most two and a half times the least there is, as in their cases. */
static void bound_delays(struct ask *q)
{
	for (uint32_t i = 0; i < q->n; i++) {
		struct pce_request r = q->req[i];
		struct pce_answer a;

		r.minimise = PCE_DELAY;
		arena_reset(&q->arena);
		pce_path(q->t, &r, &q->arena, &a);
		q->req[i].delay_us_max = a.status == PCE_OK ? a.delay_us * 5 / 2 : PCE_NO_BOUND;
	}
}

static void srlg_size(struct bench *b, const char *name, uint32_t nodes, uint32_t wires,
		      double recorded_ms)
{
	struct bench_pair pairs[PAIRS];
	struct graph g;
	const struct ted *t = graph_make(&g, b->seed, nodes, wires);
	struct ask q = { 0 };
	double cold, warm;

	if (t && ask_init(&q, t, PAIRS, WARM_BYTES)) {
		q.diverse = PCE_DIVERSE_SRLG;
		random_pairs(&q, b->seed, pairs);
		bound_delays(&q);
		(void)typical_ms(&q, pair_once, true);
		warm = typical_ms(&q, pair_once, true);
		(void)ask_again(&q, one_question_bytes(&q, pair_once));
		q.branched = 0;
		cold = typical_ms(&q, pair_once, true);
		row(b, "srlg", name, "_ms", cold, "ms-mean-generated");
		row(b, "srlg", name, "_warm_ms", warm, "ms-mean-generated");
		row(b, "srlg", name, "_vs_cose", recorded_ms / cold, "x-recorded");
		row(b, "srlg", name, "_branchings", q.branched / 3.0 / q.n, "mean");
		if (q.unproved)
			bench_fail(b, name, "an optimum was not proved");
	} else {
		bench_fail(b, name, "no such network");
	}
	ask_fini(&q);
	ted_unref(t);
	graph_fini(&g);
}

void bench_disjoint(struct bench *b)
{
	static const struct size sizes[] = { { "1k", 1000 }, { "10k", 10000 },
					     { "100k", 100000 } };
	static const struct beside pair = { "disjoint", "disjoint_vs_lemon", BENCH_DISJOINT_LEMON,
					    pair_once, PAIRS };
	static const struct beside ksp = { "ksp16", "ksp16_vs_igraph", BENCH_KSP16_IGRAPH,
					   ksp_once, KSP_PAIRS };

	all_sizes(b, &pair, sizes, ARRAY_LEN(sizes));
	all_sizes(b, &ksp, sizes, 2);
	if (bench_wants(b, "srlg_1k"))
		srlg_size(b, "1k", 1000, 3500, 1.55);
	if (bench_wants(b, "srlg_10k"))
		srlg_size(b, "10k", 10000, 45500, 37.8);
}
