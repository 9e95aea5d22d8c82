/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/bench/network.h"

#include "base/err.h"

enum { SETTLE_MS = 3000 }; /* of virtual time: all that topo may wait */

static int fill(struct bench_net *n)
{
	struct ip_addr peer = sim_loopback(&n->sim, 0), id = sim_router_v4(0);

	topo_sink.source_up(n->topo, 0, &peer, &id);
	for (uint32_t i = 0; i < sim_objects(&n->sim); i++) {
		struct ls_object o;

		if (sim_object(&n->sim, i, &n->scratch, &o))
			topo_sink.object(n->topo, 0, &o, false);
	}
	topo_sink.end_of_rib(n->topo, 0);
	bench_net_settle(n);
	return topo_ted(n->topo)->n_nodes == n->sim.routers.n &&
			       topo_ted(n->topo)->n_links == 2 * n->sim.wires.n ?
		       0 :
		       err_raise(-EPROTO);
}

int bench_net_init(struct bench_net *n, uint64_t seed, uint32_t routers, uint32_t wires)
{
	const struct sim_gen g = { .seed = seed, .routers = routers, .wires = wires,
				   .classic_pct = 10 };

	return bench_net_make(n, &g);
}

int bench_net_make(struct bench_net *n, const struct sim_gen *g)
{
	uint64_t start = bench_cpu_ns();
	struct topo_cfg cfg;
	int rc;

	*n = (struct bench_net){ 0 };
	sim_topo_init(&n->sim);
	topo_cfg_default(&cfg);
	cfg.n_sources = 1;
	cfg.flap_hold_ns = 0;
	cfg.objects_max = 4 * SIM_WIRES_MAX;
	rc = sim_gen(&n->sim, g);
	n->generating_ns = bench_cpu_ns() - start;
	if (rc == 0)
		rc = loop_fake_new(&n->loop, g->seed);
	if (rc == 0)
		rc = bus_new(&n->bus, 1);
	if (rc == 0)
		rc = topo_new(&n->topo, n->loop, n->bus, &cfg);
	if (rc == 0)
		rc = fill(n);
	if (rc < 0)
		bench_net_fini(n);
	return rc;
}

void bench_net_fini(struct bench_net *n)
{
	topo_free(n->topo);
	bus_free(n->bus);
	loop_free(n->loop);
	sim_topo_fini(&n->sim);
}

void bench_net_half(struct bench_net *n, uint32_t wire, unsigned side, bool up)
{
	struct ls_object o;

	(void)sim_object(&n->sim,
		   (uint32_t)(sim_objects_a_router(&n->sim) * n->sim.routers.n + 2 * wire + side),
		   &n->scratch, &o);
	topo_sink.object(n->topo, 0, &o, !up);
}

void bench_net_settle(struct bench_net *n)
{
	struct mono until = mono_add(loop_now(n->loop), SETTLE_MS * NS_PER_MS);

	while (loop_fake_step(n->loop, until))
		;
}
