/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the files of the generator share: gen.c the backbone, sim_gen_vary.c what variants change. */
#include "base/rng.h"
#include "tools/sim/topo.h"

struct place {
	int64_t x, y; /* metres */
};

struct gen {
	struct sim_topo *t;
	const struct sim_gen *cfg;
	struct rng rng;
	uint32_t *number; /* role order → router index */
	struct place *place; /* by role order */
	uint32_t n, n_pops, n_agg; /* roles: cores 2 * n_pops, then agg pairs, then access */
	uint32_t srlg_next;
	bool failed;
};

static inline uint64_t gen_below(struct gen *g, uint64_t n)
{
	return rng_below(&g->rng, n);
}

static inline uint64_t gen_distance2(struct place a, struct place b)
{
	int64_t dx = a.x - b.x, dy = a.y - b.y;

	return (uint64_t)(dx * dx + dy * dy);
}

uint64_t sim_gen_isqrt(uint64_t v);
/* The wires of one corridor between PoPs p and q, one in each plane at least. */
void sim_gen_core_wires(struct gen *g, uint32_t p, uint32_t q);

/* Up to six other PoPs for each, the nearest first. After the mesh. */
void sim_gen_dense(struct gen *g);
/* What changes wires that are there: parallel ones, trenches that corridors share, metrics. */
void sim_gen_vary(struct gen *g);
