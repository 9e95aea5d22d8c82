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

struct size {
	const char *name;
	uint32_t routers;
	uint32_t wires; /* that fail, come back, become dearer and cheaper */
	double whole_ms;
};

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

	(void)snprintf(name, sizeof(name), "%s_%s", what, z->name);
	bench_row(b, name, v, unit);
}

static void roots(struct trees *w, struct rng *r, const struct ted *t)
{
	for (uint32_t i = 0; i < ROOTS; i++)
		w->root[i] = (struct bench_pair){ (uint32_t)rng_below(r, t->n_nodes),
						  (uint32_t)rng_below(r, t->n_nodes) };
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

static void whole(struct bench *b, struct size *z, const struct ted *t)
{
	struct trees w = { .t = t };
	char name[64];
	struct rng r;

	rng_seed(&r, b->seed);
	roots(&w, &r, t);
	w.failed = pce_trees_new(&w.p, 0) < 0;
	z->whole_ms = w.failed ? 0 : 1e3 / bench_rate(b, tree_once, &w);
	if (w.failed)
		bench_fail(b, z->name, "no tree");
	(void)snprintf(name, sizeof(name), "spf_%s_ms", z->name);
	bench_row(b, name, z->whole_ms, "ms");
	beside(b, &w, z, z->whole_ms);
	pce_trees_free(w.p);
}

/* ---- repairs ---- */

struct events {
	struct bench *b;
	struct trees w; /* kept ones */
	const struct ted *t, *base;
	struct ted_link *links;
	struct rng rng;
	uint64_t repair_ns, n_repairs, touched;
	bool failed;
};

enum { LINK_DOWN, LINK_UP, LINK_DEARER, LINK_CHEAPER, EVENTS_A_WIRE };

/* Both directions of one link; only links there are. */
static void change(struct events *e, uint32_t link, unsigned what)
{
	for (unsigned side = 0; side < 2; side++) {
		uint32_t i = side ? e->base->links[link].reverse : link;
		struct ted_link *l = &e->links[i];

		l->alive = what != LINK_DOWN;
		l->reverse = l->alive ? e->base->links[i].reverse : TED_NONE;
		l->igp_metric = e->base->links[i].igp_metric * (what == LINK_DEARER ? 2 : 1);
	}
}

static void next_generation(struct events *e)
{
	const struct ted_input in = { .nodes = e->base->nodes, .links = e->links,
				      .n_nodes = e->base->n_nodes, .n_links = e->base->n_links,
				      .prev = e->t };
	const struct ted *next;

	if (ted_build(&in, &next) < 0) {
		e->failed = true;
		return;
	}
	if (e->t != e->base)
		ted_unref(e->t);
	e->t = next;
}

static void ask_all(struct events *e)
{
	uint64_t start;

	e->failed = e->failed || !follow(&e->w, e->t);
	start = bench_cpu_ns();
	for (uint32_t i = 0; i < ROOTS && !e->failed; i++)
		e->failed = !pce_tree_to(e->w.p, e->w.class, e->w.root[i].src);
	e->repair_ns += bench_cpu_ns() - start;
	e->n_repairs += ROOTS;
}

/* Kept trees of now have the distances of trees made now. */
static bool kept_are_right(struct events *e)
{
	struct trees fresh = { 0 };
	bool same = pce_trees_new(&fresh.p, SIZE_MAX) == 0 && follow(&fresh, e->t);

	for (uint32_t i = 0; same && i < ROOTS; i++) {
		const struct pce_tree *x = pce_tree_to(fresh.p, fresh.class, e->w.root[i].src);
		const struct pce_tree *y = pce_tree_to(e->w.p, e->w.class, e->w.root[i].src);

		same = x && y && memcmp(x->dist, y->dist, e->t->n_nodes * sizeof(*x->dist)) == 0;
	}
	pce_trees_free(fresh.p);
	return same;
}

static void run_events(struct events *e, uint32_t wires)
{
	for (uint32_t i = 0; i < wires && !e->failed; i++) {
		uint32_t link = (uint32_t)rng_below(&e->rng, e->base->n_links);

		if (e->base->links[link].reverse == TED_NONE)
			continue;
		for (unsigned what = 0; what < EVENTS_A_WIRE && !e->failed; what++) {
			change(e, link, what);
			next_generation(e);
			ask_all(e);
			if (what == LINK_DOWN && i % 8 == 0 && !kept_are_right(e))
				bench_fail(e->b, "ispf", "a repaired tree has other distances");
		}
	}
	if (!e->failed && !kept_are_right(e))
		bench_fail(e->b, "ispf", "a repaired tree has other distances");
}

/* The part of a whole tree that a repair costs. */
static double repairs(struct bench *b, const struct size *z, const struct ted *t)
{
	struct events e = { .b = b, .w = { .t = t }, .t = t, .base = t };
	struct pce_trees_stats before, after;
	double ratio = 0;

	rng_seed(&e.rng, b->seed);
	roots(&e.w, &e.rng, t);
	e.links = malloc(t->n_links * sizeof(*e.links));
	e.failed = !e.links || pce_trees_new(&e.w.p, SIZE_MAX) < 0;
	if (!e.failed) {
		memcpy(e.links, t->links, t->n_links * sizeof(*e.links));
		ask_all(&e);
		e.repair_ns = e.n_repairs = 0;
		pce_trees_stats(e.w.p, &before);
		run_events(&e, z->wires);
		pce_trees_stats(e.w.p, &after);
	}
	if (e.failed || after.built != before.built) {
		bench_fail(b, z->name, "trees were not repaired");
	} else {
		double us = (double)e.repair_ns / 1e3 / (double)e.n_repairs;

		ratio = us / 1e3 / z->whole_ms;
		row(b, "ispf_mean_us", z, us, "us");
		row(b, "ispf_mean_ratio", z, ratio, "ratio");
	}
	pce_trees_free(e.w.p);
	free(e.links);
	if (e.t != t)
		ted_unref(e.t);
	return ratio;
}

void bench_spf(struct bench *b)
{
	struct size sizes[] = { { "1k", 1000, 0, 0 }, { "10k", 10000, 100, 0 },
				{ "100k", 100000, 24, 0 } };
	double worst = 0;

	if (!bench_wants(b, "spf_") && !bench_wants(b, "ispf_"))
		return;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		const struct sim_gen g = { .seed = b->seed, .routers = sizes[i].routers };
		struct bench_net n;
		double ratio;

		if (bench_net_make(&n, &g) < 0) {
			bench_fail(b, sizes[i].name, "no such network");
			continue;
		}
		whole(b, &sizes[i], topo_ted(n.topo));
		ratio = bench_wants(b, "ispf_") && sizes[i].wires ?
				repairs(b, &sizes[i], topo_ted(n.topo)) :
				0;
		worst = ratio > worst ? ratio : worst;
		bench_net_fini(&n);
	}
	bench_row(b, "ispf_mean_ratio", worst, "ratio");
}
