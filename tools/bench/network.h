/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A generated network told to src/topo on a fake loop: the TED that topology and path rows use. */
#include "loop/loop.h"
#include "tools/bench/bench.h"
#include "tools/sim/feed.h"
#include "topo/topo.h"

struct bench_net {
	struct sim_topo sim;
	struct loop *loop;
	struct bus *bus;
	struct topo *topo;
	struct sim_scratch scratch;
	uint64_t generating_ns; /* that took no part of learning */
	uint32_t flap;
};

int bench_net_init(struct bench_net *n, uint64_t seed, uint32_t routers, uint32_t wires);
/* The same with everything the generator can be told: variants, up to 100 000 routers. */
int bench_net_make(struct bench_net *n, const struct sim_gen *g);
void bench_net_fini(struct bench_net *n);
/* One half is announced or withdrawn; the TED follows with bench_net_settle(). */
void bench_net_half(struct bench_net *n, uint32_t wire, unsigned side, bool up);
void bench_net_settle(struct bench_net *n);
