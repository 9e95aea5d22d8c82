/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routers that are gNMI devices too: the simulator's targets (tools/sim/target.h) over a fake RPC runtime that
 * outlives the controller. In one seed of four every message may be late by seconds.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

enum { PORT = 9339 };

static struct ip_addr source(const void *arg, uint32_t router)
{
	(void)arg;
	return sim_loopback(&sim.topo, router);
}

static bool policy_up(uint32_t router, uint32_t color, const struct ip_addr *endpoint)
{
	const struct router *r = &sim.routers[router];

	for (unsigned k = 0; k < LSPS_MAX; k++) {
		const struct lsp_state *st = &r->lsps[k].st;

		if (r->lsps[k].used && st->color == color && ip_eq(&st->endpoint, endpoint) && st->oper == LSP_UP)
			return true;
	}
	return false;
}

void devices_up(void)
{
	const uint64_t late = chance(25) ? 1500 * NS_PER_MS : 2 * NS_PER_MS;
	const struct sim_targets_cfg cfg = { .n = (uint32_t)sim.topo.routers.n, .port = PORT, .paths = sim.paths,
					     .policy_up = policy_up, .source = source };
	struct sim_targets_cfg c = cfg;
	struct str err = { 0 };

	if (rpc_fake_new(&sim.rpc, sim.loop, 100 * NS_PER_US, late) < 0)
		fail("no RPC");
	c.rpc = sim.rpc;
	if (sim_targets_new(&sim.targets, sim.loop, &sim.topo, &c, &err) < 0)
		fail("no devices: %s", str_text(&err));
	str_fini(&err);
}

void devices_down(void)
{
	sim.targets = sim_targets_free(sim.targets);
	sim.rpc = rpc_free(sim.rpc);
}

void devices_conf(struct conf *c)
{
	uint32_t n = (uint32_t)sim.topo.routers.n;

	c->has_devices = true;
	c->devices = calloc(n, sizeof(*c->devices));
	if (!c->devices)
		abort();
	for (; c->n_devices < n; c->n_devices++) {
		struct conf_device *d = &c->devices[c->n_devices];

		d->addr = sim_loopback(&sim.topo, (uint32_t)c->n_devices);
		d->port = PORT;
		(void)str_copy(d->name, sizeof(d->name), sim.topo.routers.at[c->n_devices].name);
	}
}

void device_lost(uint32_t router, bool lost)
{
	struct ip_addr a = sim_loopback(&sim.topo, router);

	if (sim.lost[router] == lost)
		return;
	sim.lost[router] = lost;
	say("-- device %s is %s", sim.topo.routers.at[router].name, lost ? "lost" : "back");
	rpc_fake_block(sim.rpc, &a, lost);
}

bool device_drift(uint32_t router)
{
	char what[200];

	if (!sim_target_drift(sim.targets, router, rng_u64(&sim.rng), what, sizeof(what)))
		return false;
	say("-- somebody spoils %s of device %s", what, sim.topo.routers.at[router].name);
	return true;
}

void device_random(uint32_t router)
{
	struct ip_addr a = sim_loopback(&sim.topo, router);
	enum sim_fault f = (enum sim_fault)pick(SIM_FAULTS);


	if (chance(25)) {
		(void)device_drift(router);
		return;
	}
	switch (pick(4)) {
	case 0:
		device_lost(router, !sim.lost[router]);
		break;
	case 1:
		say("-- the connection to device %s breaks", sim.topo.routers.at[router].name);
		rpc_fake_cut(sim.rpc, &a);
		break;
	default:
		say("-- device %s: %s", sim.topo.routers.at[router].name, sim_fault_text(f));
		(void)sim_target_fault(sim.targets, router, f, f == SIM_FAULT_NONE ? 0 : 1 + pick(3));
	}
}

void devices_heal(void)
{
	for (uint32_t r = 0; sim.targets && r < sim.topo.routers.n; r++) {
		device_lost(r, false);
		(void)sim_target_fault(sim.targets, r, SIM_FAULT_NONE, 0);
	}
}
