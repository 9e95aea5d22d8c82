/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The global optimiser on every topology with demands of the shared data, five seconds of one
 * core each, against recorded figures: what SRLS reached in 60 s, and the exact optimum of any
 * routing (multi-commodity flow, by an LP solver). Loads are recomputed here, from the midpoints
 * and the graph alone.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mono.h"
#include "base/str.h"
#include "pce/te_ted.h"
#include "tools/bench/bench.h"
#include "tools/plan/plan.h"

enum { FILES_MAX = 64, NAME_LEN = 96, MIDPOINTS = 2 };

#define GAP 1e-5 /* proven that close: no need to go on */

static const struct recorded {
	const char *name;
	double srls60, mcf; /* 0: not recorded */
} recorded[] = {
	{ "Aarnet", 0, 0.899991 },
	{ "Abilene", 0.9016, 0.899999 },
	{ "AttMpls", 0.9745, 0.899991 },
	{ "Cogentco", 0.9006, 0.898492 },
	{ "Colt", 0.898694, 0.898647 },
	{ "Geant2012", 0.899995, 0.899994 },
	{ "Interoute", 0.899704, 0.899672 },
	{ "Sinet", 0, 0.899988 },
	{ "rf1755_real_hard", 0.760793, 0 },
	{ "rf3967_real_hard", 0.6976, 0.678790 },
	{ "rf6461_real_hard", 0.698205, 0 },
	{ "synth100_opt_hard", 0.6576, 0.572173 },
};

struct tally {
	unsigned n, known, within_srls, within_mcf, proven;
	double worst_srls;
};

struct clock {
	uint64_t end;
};

static bool go_on(void *arg, const struct te_progress *p)
{
	(void)p;
	return bench_cpu_ns() < ((const struct clock *)arg)->end;
}

static const struct recorded *record_of(const char *name)
{
	static const struct recorded none = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(recorded); i++)
		if (strcmp(recorded[i].name, name) == 0)
			return &recorded[i];
	return &none;
}

/* ---- loads, worked out apart from the engine ---- */

struct plain {
	const struct te_problem *p;
	double *dist; /* [from * n + to] */
	double *at;   /* [to * n + node]: what is bound for there */
	double *load;
};

/* Floyd and Warshall: nobody needs to believe in a heap. */
static void distances(struct plain *x)
{
	size_t n = x->p->graph.n;

	for (size_t i = 0; i < n * n; i++)
		x->dist[i] = i / n == i % n ? 0 : INFINITY;
	for (uint32_t i = 0; i < x->p->graph.m; i++) {
		const struct te_arc *a = &x->p->graph.arcs[i];
		double *d = &x->dist[a->from * n + a->to];

		*d = fmin(*d, a->metric);
	}
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++)
				x->dist[i * n + j] = fmin(x->dist[i * n + j],
							  x->dist[i * n + k] + x->dist[k * n + j]);
}

static bool towards(const struct plain *x, uint32_t i, size_t to)
{
	const struct te_arc *a = &x->p->graph.arcs[i];
	size_t n = x->p->graph.n;

	return x->dist[a->from * n + to] < INFINITY && a->from != to &&
	       fabs(x->dist[a->from * n + to] - a->metric - x->dist[a->to * n + to]) < 0.5;
}

/* From the node that is furthest away and has something, until all is there. */
static void deliver(struct plain *x, size_t to)
{
	size_t n = x->p->graph.n;
	double *at = &x->at[to * n];

	for (;;) {
		size_t u = to;
		double ways = 0, all;

		for (size_t v = 0; v < n; v++)
			if (v != to && at[v] > 0 &&
			    (u == to || x->dist[v * n + to] > x->dist[u * n + to]))
				u = v;
		if (u == to)
			return;
		all = at[u];
		at[u] = 0;
		for (uint32_t i = 0; i < x->p->graph.m; i++)
			ways += x->p->graph.arcs[i].from == u && towards(x, i, to);
		for (uint32_t i = 0; i < x->p->graph.m; i++) {
			const struct te_arc *a = &x->p->graph.arcs[i];

			if (a->from != u || !towards(x, i, to))
				continue;
			x->load[i] += all / ways;
			at[a->to] += all / ways;
		}
	}
}

static double plain_fullest(const struct te_problem *p, const struct te_list *lists)
{
	size_t n = p->graph.n;
	AUTO_FREE double *dist = calloc(n * n + 1, sizeof(double));
	AUTO_FREE double *at = calloc(n * n + 1, sizeof(double));
	AUTO_FREE double *load = calloc((size_t)p->graph.m + 1, sizeof(double));
	struct plain x = { p, dist, at, load };
	double max = 0;

	if (!dist || !at || !load)
		return -1;
	distances(&x);
	for (uint32_t i = 0; i < p->n_demands; i++) {
		const struct te_demand *d = &p->demands[i];
		size_t from = d->src;

		for (unsigned j = 0; j < TE_MIDPOINTS_MAX; j++) {
			if (lists[i].mid[j] == TE_NO_NODE)
				continue;
			at[lists[i].mid[j] * n + from] += (double)d->rate_bps;
			from = lists[i].mid[j];
		}
		at[d->dst * n + from] += (double)d->rate_bps;
	}
	for (size_t to = 0; to < n; to++)
		deliver(&x, to);
	for (uint32_t i = 0; i < p->graph.m; i++)
		max = fmax(max, load[i] / (double)p->graph.arcs[i].capacity_bps);
	return max;
}

/* ---- one topology ---- */

static void rows(const struct bench *b, const char *name, const struct te_result *r, double seconds)
{
	char row[NAME_LEN + 32];

	(void)snprintf(row, sizeof(row), "te_%s_util", name);
	bench_row(b, row, r->util * 100, "%");
	(void)snprintf(row, sizeof(row), "te_%s_gap", name);
	bench_row(b, row, r->gap * 100, "%");
	(void)snprintf(row, sizeof(row), "te_%s_s", name);
	bench_row(b, row, seconds, "s");
}

static void count(struct tally *t, const char *name, const struct te_result *r)
{
	const struct recorded *rec = record_of(name);
	double lowest = rec->mcf > 0 ? rec->mcf : r->bound_any;

	t->n++;
	t->within_mcf += r->util <= lowest * 1.001;
	t->proven += r->gap <= 0.001;
	if (rec->srls60 <= 0)
		return;
	t->known++;
	t->within_srls += r->util <= rec->srls60 * 1.0001;
	t->worst_srls = fmax(t->worst_srls, r->util / rec->srls60);
}

static void optimise(struct bench *b, const char *name, const struct te_problem *p, struct tally *t)
{
	uint64_t start = bench_cpu_ns();
	struct clock c = { start + (b->seconds10 < 10 ? 1 : 5) * NS_PER_S };
	struct te_options o = { .midpoints = MIDPOINTS, .seed = b->seed, .gap = GAP,
				.go_on = go_on, .arg = &c };
	struct te_result r;
	struct arena a;
	double seconds, again;

	arena_init(&a, 0);
	te_optimise(p, &o, &a, &r);
	seconds = (double)(bench_cpu_ns() - start) / 1e9;
	if (r.status != TE_OK) {
		bench_fail(b, name, te_status_text(r.status));
	} else {
		again = plain_fullest(p, r.lists);
		if (fabs(again - r.util) > 1e-6 * r.util)
			bench_fail(b, name, "the loads are not what they are said to be");
		rows(b, name, &r, seconds);
		count(t, name, &r);
	}
	arena_fini(&a);
}

static bool demands(const struct plan_asks *a, struct arena *mem, struct te_problem *p)
{
	struct te_demand *d = ARENA_ARRAY(mem, a->demands.n + 1, struct te_demand);

	for (size_t i = 0; d && i < a->demands.n; i++)
		d[i] = (struct te_demand){ .src = a->demands.at[i].src, .dst = a->demands.at[i].dst,
					   .rate_bps = a->demands.at[i].rate_bps,
					   .delay_us_max = TE_NO_BOUND,
					   .now = { { TE_NO_NODE, TE_NO_NODE, TE_NO_NODE } } };
	p->demands = d;
	p->n_demands = (uint32_t)a->demands.n;
	return d != NULL;
}

static void one(struct bench *b, const char *folder, const char *graph, const char *matrix,
		struct tally *t)
{
	STR_AUTO struct str err = { 0 };
	struct te_ted_cfg cfg = { .class = { .metric = PCE_IGP } };
	char file[600], name[NAME_LEN];
	struct te_problem p = { 0 };
	struct te_ted g;
	struct plan_net n;
	struct plan_asks a;

	plan_net_init(&n);
	plan_asks_init(&a);
	(void)snprintf(name, sizeof(name), "%.*s", (int)(strlen(graph) - strlen(".graph")), graph);
	(void)snprintf(file, sizeof(file), "%s/%s", folder, graph);
	if (plan_net_load(&n, file, &err) == 0) {
		(void)snprintf(file, sizeof(file), "%s/%s", folder, matrix);
		(void)plan_asks_load(&a, &n, file, &err);
	}
	if (err.len > 0)
		bench_fail(b, name, str_text(&err));
	else if (te_graph_of(n.ted, &cfg, &n.arena, &g) < 0 || !demands(&a, &n.arena, &p))
		bench_fail(b, name, "no memory");
	if (err.len == 0 && p.demands) {
		p.graph = g.graph;
		optimise(b, name, &p, t);
	}
	plan_asks_fini(&a);
	plan_net_fini(&n);
}

/* ---- all of them ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && strcmp(s + n - m, end) == 0;
}

static size_t files(const char *folder, const char *end, char (*out)[NAME_LEN])
{
	DIR *d = opendir(folder);
	size_t n = 0;

	for (struct dirent *e; d && n < FILES_MAX && (e = readdir(d));)
		if (ends_in(e->d_name, end) && str_copy(out[n], NAME_LEN, e->d_name))
			n++;
	if (d)
		(void)closedir(d);
	qsort(out, n, NAME_LEN, by_name);
	return n;
}

void bench_te(struct bench *b)
{
	static char graphs[FILES_MAX][NAME_LEN], matrices[FILES_MAX][NAME_LEN];
	const char *shared = getenv("SEXTANT_SHARED");
	struct tally t = { 0 };
	char folder[400];
	size_t n, m;

	if (!bench_wants(b, "te_"))
		return;
	(void)snprintf(folder, sizeof(folder), "%s/data/topologies", shared ? shared : "");
	n = shared ? files(folder, ".graph", graphs) : 0;
	m = shared ? files(folder, ".demands", matrices) : 0;
	if (n == 0) {
		(void)fprintf(stderr, "notice: te_ rows not measured, SEXTANT_SHARED has no topologies\n");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		size_t stem = strlen(graphs[i]) - strlen("graph"), j = 0;

		while (j < m && strncmp(graphs[i], matrices[j], stem) != 0)
			j++;
		if (j < m)
			one(b, folder, graphs[i], matrices[j], &t);
	}
	if (t.n == 0)
		return;
	bench_row(b, "te_within_srls", t.known ? (double)t.within_srls / t.known : 0, "ratio");
	bench_row(b, "te_within_srls_of", t.known, "topologies");
	bench_row(b, "te_worst_srls", t.worst_srls, "ratio");
	bench_row(b, "te_within_mcf", (double)t.within_mcf / t.n, "ratio");
	bench_row(b, "te_within_mcf_of", t.n, "topologies");
	bench_row(b, "te_proven", (double)t.proven / t.n, "ratio");
}
