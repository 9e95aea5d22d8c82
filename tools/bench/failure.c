/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When something fails: repair lists of every router for every link next to it and every
 * destination behind it; every link, node and SRLG failed under many demands.
 */
#include <stdio.h>

#include "base/err.h"
#include "base/rng.h"
#include "pce/backup.h"
#include "pce/failure.h"
#include "tools/bench/network.h"

enum { ROUTERS = 1000, WIRES = 2500, FLOWS = 10000, TREES = 256 << 20 };

struct repairs {
	uint64_t lists, none, segments, longest, asked;
};

static void repairs_of(struct pce_backups *b, const struct ted *t, struct repairs *r)
{
	struct arena a;

	arena_init(&a, 0);
	for (uint32_t d = 0; d < t->n_nodes; d++) {
		struct pce_backup is;

		pce_backups_to(b, d, &a, &is);
		if (is.status == PCE_BACKUP_NOT_NEEDED)
			continue;
		r->asked++;
		r->none += is.status != PCE_BACKUP_LIST;
		r->lists += is.status == PCE_BACKUP_LIST;
		r->segments += is.n_segs;
		r->longest = is.n_segs > r->longest ? is.n_segs : r->longest;
	}
	arena_fini(&a);
}

static void backup_rows(struct bench *b, const struct ted *t)
{
	AUTO(pce_trees_free) struct pce_trees *trees = NULL;
	AUTO(pce_backups_free) struct pce_backups *x = NULL;
	struct repairs r = { 0 };
	uint64_t start = bench_cpu_ns(), links = 0;

	if (pce_trees_new(&trees, TREES) < 0 || pce_backups_new(&x, t, PCE_SRV6, trees) < 0) {
		bench_fail(b, "backup", "no memory");
		return;
	}
	for (uint32_t l = 0; l < t->n_links; l++) {
		const struct pce_failure f = { PCE_FAIL_LINK, l };

		if (pce_backups_fail(x, t->links[l].from, &f) != 0)
			continue;
		links++;
		repairs_of(x, t, &r);
	}
	bench_row(b, "backup.links_1k_s", (double)(bench_cpu_ns() - start) / 1e9, "s");
	bench_row(b, "backup.links_1k", (double)links, "PLRs with a link");
	bench_row(b, "backup.lists_1k", (double)r.lists, "lists");
	bench_row(b, "backup.none_1k", (double)r.none, "not protectable");
	bench_row(b, "backup.segments_1k", (double)r.segments / (double)(r.lists ? r.lists : 1),
		  "segments a list");
	bench_row(b, "backup.longest_1k", (double)r.longest, "segments");
	if (r.lists == 0)
		bench_fail(b, "backup", "nothing was protected");
}

static void flows_make(const struct bench *b, const struct ted *t, struct pce_flow *flow,
		       struct pce_flow_hop *hop)
{
	struct rng rng;

	rng_seed(&rng, b->seed);
	for (uint32_t i = 0; i < FLOWS; i++) {
		hop[2 * i] = (struct pce_flow_hop){ .node = (uint32_t)rng_below(&rng, t->n_nodes),
						     .link = TED_NONE };
		hop[2 * i + 1] =
			(struct pce_flow_hop){ .node = (uint32_t)rng_below(&rng, t->n_nodes),
						     .link = TED_NONE };
		flow[i] = (struct pce_flow){ .src = (uint32_t)rng_below(&rng, t->n_nodes),
					     .hops = &hop[2 * i],
					     .n_hops = 2,
					     .rate_bps = 1000000 * (1 + rng_below(&rng, 100)),
					     .delay_us_max = 60000,
					     .igp_max = PCE_NO_BOUND,
					     .te_max = PCE_NO_BOUND,
					     .hops_max = PCE_NO_BOUND };
	}
}

static void fail_all(struct bench *b, struct pce_failures *f, enum pce_failure_kind kind,
		     const char *name)
{
	uint64_t start = bench_cpu_ns(), worse = 0;
	const uint32_t *all;
	struct arena a;
	char row[64];
	uint32_t n;

	arena_init(&a, 0);
	all = pce_failures_all(f, kind, &a, &n);
	for (uint32_t i = 0; all && i < n; i++) {
		struct pce_failure_answer is;

		if (pce_failures_ask(f, &(struct pce_failure){ kind, all[i] }, &a, &is) != 0)
			bench_fail(b, "failure", "no answer");
		worse += is.n_effects;
	}
	(void)snprintf(row, sizeof(row), "failure.%s_1k_ms", name);
	bench_row(b, row, (double)(bench_cpu_ns() - start) / 1e6 / (n ? n : 1), "ms a failure");
	(void)snprintf(row, sizeof(row), "failure.%s_1k_worse", name);
	bench_row(b, row, (double)worse, "flows worse off");
	arena_fini(&a);
}

static void failure_rows(struct bench *b, const struct ted *t)
{
	AUTO(pce_failures_free) struct pce_failures *f = NULL;
	static struct pce_flow flow[FLOWS];
	static struct pce_flow_hop hop[2 * FLOWS];
	uint64_t start = bench_cpu_ns();

	flows_make(b, t, flow, hop);
	if (pce_failures_new(&f, t, flow, FLOWS, NULL) != 0) {
		bench_fail(b, "failure", "no analysis");
		return;
	}
	bench_row(b, "failure.now_1k_ms", (double)(bench_cpu_ns() - start) / 1e6, "ms, 10 000 flows");
	fail_all(b, f, PCE_FAIL_LINK, "link");
	fail_all(b, f, PCE_FAIL_NODE, "node");
	fail_all(b, f, PCE_FAIL_SRLG, "srlg");
}

void bench_failure(struct bench *b)
{
	struct bench_net n;

	if (!bench_wants(b, "backup.") && !bench_wants(b, "failure.link"))
		return;
	if (bench_net_init(&n, b->seed, ROUTERS, WIRES) < 0) {
		bench_fail(b, "failure", "no such network");
		return;
	}
	if (bench_wants(b, "backup."))
		backup_rows(b, topo_ted(n.topo));
	if (bench_wants(b, "failure.link"))
		failure_rows(b, topo_ted(n.topo));
	bench_net_fini(&n);
}
