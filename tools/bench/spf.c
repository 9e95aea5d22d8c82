/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest path trees by the IGP metric on generated backbones: a whole tree, the same by other
 * libraries, and what repairing a kept tree after a link event costs beside it. Every tree is
 * compared: whole ones with the libraries' by the sum of all distances, repaired ones with whole
 * ones, distance by distance.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "pce/path.h"
#include "pce/trees.h"
#include "tools/bench/network.h"
#include "tools/bench/peers.h"

enum { ROOTS = 24 };

static const struct size {
	const char *name;
	uint32_t routers;
} sizes[] = { { "1k", 1000 }, { "10k", 10000 }, { "100k", 100000 } };

struct trees {
	const struct ted *t;
	struct pce_trees *p;
	uint32_t class;
	struct bench_pair root[ROOTS];
	uint32_t at;
	bool failed;
};

static bool follow(struct trees *w, const struct ted *t)
{
	static const struct pce_class igp = { .metric = PCE_IGP };

	w->t = t;
	w->failed = w->failed || pce_trees_follow(w->p, t) < 0;
	w->class = w->failed ? UINT32_MAX : pce_trees_class(w->p, &igp);
	w->failed = w->failed || w->class == UINT32_MAX;
	return !w->failed;
}

/* The shard has room for nothing: each tree is made afresh. */
static uint64_t tree_once(void *arg)
{
	struct trees *w = arg;

	if (!follow(w, w->t) || !pce_tree_to(w->p, w->class, w->root[w->at++ % ROOTS].src))
		w->failed = true;
	return 1;
}

static uint64_t checksum(struct trees *w)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < ROOTS && follow(w, w->t); i++) {
		const struct pce_tree *s = pce_tree_from(w->p, w->class, w->root[i].src);

		w->failed = w->failed || !s;
		for (uint32_t v = 0; s && v < w->t->n_nodes; v++)
			sum += s->dist[v] == PCE_INF ? 0 : s->dist[v];
	}
	return sum;
}

static void row(const struct bench *b, const char *what, const struct size *z, double v,
		const char *unit)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s_%s%s", what, z->name, strcmp(what, "spf") ? "" : "_ms");
	bench_row(b, name, v, unit);
}

static void beside(struct bench *b, struct trees *w, const struct size *z, double ms)
{
	static const struct {
		const char *name;
		enum bench_peer_kind kind;
	} peers[] = { { "spf_vs_bgl", BENCH_SPF_BGL }, { "spf_vs_igraph", BENCH_SPF_IGRAPH } };
	uint64_t sum = checksum(w);

	for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
		struct bench_peer p;
		char name[64];

		if (!bench_wants(b, peers[i].name))
			continue;
		(void)snprintf(name, sizeof(name), "%s_%s", peers[i].name, z->name);
		p = bench_peer_run(b, peers[i].kind, w->t, w->root, ROOTS);
		bench_peer_row(b, name, ms, &p);
		if (!p.recorded && p.checksum != sum)
			bench_fail(b, name, "the library has other distances");
	}
}

static void whole(struct bench *b, const struct size *z, const struct ted *t)
{
	struct trees w = { .t = t };
	struct rng r;
	double ms;

	rng_seed(&r, b->seed);
	for (uint32_t i = 0; i < ROOTS; i++)
		w.root[i] = (struct bench_pair){ (uint32_t)rng_below(&r, t->n_nodes),
						 (uint32_t)rng_below(&r, t->n_nodes) };
	w.failed = pce_trees_new(&w.p, 0) < 0;
	ms = w.failed ? 0 : 1e3 / bench_rate(b, tree_once, &w);
	if (w.failed)
		bench_fail(b, z->name, "no tree");
	row(b, "spf", z, ms, "ms");
	beside(b, &w, z, ms);
	pce_trees_free(w.p);
}

void bench_spf(struct bench *b)
{
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		const struct sim_gen g = { .seed = b->seed, .routers = sizes[i].routers };
		struct bench_net n;

		if (!bench_wants(b, "spf_"))
			continue;
		if (bench_net_make(&n, &g) < 0) {
			bench_fail(b, sizes[i].name, "no such network");
			continue;
		}
		whole(b, &sizes[i], topo_ted(n.topo));
		bench_net_fini(&n);
	}
}
