/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topology at two sizes (nodes / directed links): the TED built from rows; a whole topology
 * through the merge; what one link event costs until its generation is there, and what a router does
 * whose neighbours all lose it.
 */
#include <stdio.h>

#include "base/err.h"
#include "tools/bench/network.h"

enum { LOST = 9 };

static const struct size {
	const char *name;
	uint32_t routers, wires;
} sizes[] = {
	{ "1k-5k", 1000, 2500 },
	{ "10k-50k", 10000, 25000 },
	{ "10k-100k", 10000, 50000 },
};

static void row(const struct bench *b, const char *what, const struct size *z, double v,
		const char *unit)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s.%s", what, z->name);
	bench_row(b, name, v, unit);
}

static uint64_t build_once(void *arg)
{
	const struct ted *from = arg, *t = NULL;
	const struct ted_input in = { .nodes = from->nodes, .links = from->links,
				      .n_nodes = from->n_nodes, .n_links = from->n_links };

	if (ted_build(&in, &t) < 0)
		return 0;
	ted_unref(t);
	return 1;
}

/* A link goes down and comes back, by withdraw and announcement of both halves. */
static uint64_t flap_once(void *arg)
{
	struct bench_net *n = arg;
	uint32_t w = n->flap++ % (uint32_t)n->sim.wires.n;

	bench_net_half(n, w, 0, false);
	bench_net_half(n, w, 1, false);
	bench_net_settle(n);
	bench_net_half(n, w, 0, true);
	bench_net_half(n, w, 1, true);
	bench_net_settle(n);
	return 2;
}

static void neighbours_say(struct bench_net *n, uint32_t router, bool up)
{
	for (uint32_t k = n->sim.start[router]; k < n->sim.start[router + 1]; k++)
		bench_net_half(n, n->sim.idx[k] / 2, !(n->sim.idx[k] % 2), up);
	bench_net_settle(n);
}

/* Of routers spread over the network, what the loss of one costs. */
static double router_lost_ms(struct bench_net *n, uint32_t routers)
{
	double ms[LOST];

	for (uint32_t k = 0; k < LOST; k++) {
		uint32_t router = (uint32_t)((uint64_t)routers * k / LOST), alive = topo_ted(n->topo)->n_alive;
		uint64_t start = bench_cpu_ns();

		neighbours_say(n, router, false);
		ms[k] = topo_ted(n->topo)->n_alive < alive ? (double)(bench_cpu_ns() - start) / 1e6 : 0;
		neighbours_say(n, router, true);
	}
	return bench_median(ms, LOST);
}

static void one_size(struct bench *b, const struct size *z)
{
	struct bench_net n;
	uint64_t start = bench_cpu_ns();
	uint64_t generation;

	if (bench_net_init(&n, b->seed, z->routers, z->wires) < 0) {
		bench_fail(b, z->name, "no such network");
		return;
	}
	row(b, "topo.learn", z, (double)(bench_cpu_ns() - start - n.generating_ns) / 1e6, "ms");
	{
		union {
			const struct ted *in;
			void *out;
		} ted = { topo_ted(n.topo) };

		row(b, "ted.build", z, 1e3 / bench_rate(b, build_once, ted.out), "ms");
	}
	generation = topo_ted(n.topo)->generation;
	row(b, "topo.event", z, 1e3 / bench_rate(b, flap_once, &n), "ms");
	if (topo_ted(n.topo)->generation < generation + 2)
		bench_fail(b, "topo.event", "no generation came of the events");
	row(b, "topo.router_lost", z, router_lost_ms(&n, z->routers), "ms");
	bench_net_fini(&n);
}

void bench_ted(struct bench *b)
{
	if (!bench_wants(b, "ted.build") && !bench_wants(b, "topo."))
		return;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		one_size(b, &sizes[i]);
}
