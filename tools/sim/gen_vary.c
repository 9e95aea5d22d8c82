/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variants of a generated network. Nothing here runs, and no random number is drawn, for a
 * network without variants: its seed means what it always meant.
 */
#include <string.h>

#include "tools/sim/gen_int.h"

enum {
	DENSE_DEGREE = 6,
	PARALLEL_ONE_IN = 20,
	TRENCH_CELL_M = 200000,
	TRENCH_FIRST = 1000000, /* SRLGs of trenches: above those of conduits */
	TRENCH_ROW = 1000,
};

/* ---- dense ---- */

/* Which PoPs p has wires to: marked in near, counted. */
static uint32_t pop_peers(const struct gen *g, const uint32_t *pop_of, uint32_t p, bool *peer)
{
	uint32_t n = 0;

	memset(peer, 0, g->n_pops * sizeof(*peer));
	peer[p] = true;
	for (uint32_t w = 0; w < g->t->wires.n; w++) {
		const uint32_t *end = g->t->wires.at[w].end;
		uint32_t a = pop_of[end[0]], b = pop_of[end[1]], other = a == p ? b : a;

		if ((a == p || b == p) && !peer[other]) {
			peer[other] = true;
			n++;
		}
	}
	return n;
}

static uint32_t pop_nearest(const struct gen *g, uint32_t p, const bool *peer)
{
	uint32_t best = SIM_NONE;
	uint64_t least = UINT64_MAX;

	for (uint32_t q = 0; q < g->n_pops; q++) {
		uint64_t d = gen_distance2(g->place[2 * p], g->place[2 * q]);

		if (!peer[q] && d < least) {
			best = q;
			least = d;
		}
	}
	return best;
}

void sim_gen_dense(struct gen *g)
{
	AUTO_FREE uint32_t *pop_of = calloc(g->n, sizeof(*pop_of));
	AUTO_FREE bool *peer = calloc(g->n_pops, sizeof(*peer));

	g->failed |= !pop_of || !peer;
	if (g->failed)
		return;
	for (uint32_t i = 0; i < 2 * g->n_pops; i++)
		pop_of[g->number[i]] = i / 2;
	for (uint32_t p = 0; p < g->n_pops && !g->failed; p++) {
		uint32_t n = pop_peers(g, pop_of, p, peer), q;

		for (; n < DENSE_DEGREE && (q = pop_nearest(g, p, peer)) != SIM_NONE; n++) {
			peer[q] = true;
			sim_gen_core_wires(g, p, q);
		}
	}
}

/* ---- parallel wires ---- */

/* Beside a wire that is there, in its conduit; half of them look the same, half do not. */
static void parallel(struct gen *g)
{
	uint32_t n = (uint32_t)g->t->wires.n;

	for (uint32_t i = 0; i < (n + PARALLEL_ONE_IN - 1) / PARALLEL_ONE_IN; i++) {
		uint32_t from = (uint32_t)gen_below(g, n);
		struct sim_wire w = g->t->wires.at[from];
		uint32_t at = sim_topo_wire(g->t, w.end[0], w.end[1], 1, 1);

		if (at == SIM_NONE) {
			g->failed = true;
			return;
		}
		if (gen_below(g, 2) == 0)
			for (unsigned s = 0; s < 2; s++) {
				w.half[s].igp += (uint32_t)gen_below(g, 20) + 1;
				w.half[s].delay_us += (uint32_t)gen_below(g, 500);
			}
		g->t->wires.at[at] = w;
	}
}

/* ---- trenches ---- */

static void trench(struct sim_wire *w, struct place a, struct place b, unsigned third)
{
	int64_t x = a.x + (b.x - a.x) * third / 3, y = a.y + (b.y - a.y) * third / 3;
	uint32_t col = (uint32_t)((x + 1000 * TRENCH_CELL_M / 2) / TRENCH_CELL_M);
	uint32_t row = (uint32_t)((y + 1000 * TRENCH_CELL_M / 2) / TRENCH_CELL_M);
	uint32_t srlg = TRENCH_FIRST + row * TRENCH_ROW + col;

	for (unsigned k = 0; k < w->n_srlg; k++)
		if (w->srlg[k] == srlg)
			return;
	if (w->n_srlg < SIM_SRLGS)
		w->srlg[w->n_srlg++] = srlg;
}

/* Corridors that go through the same country share its trenches: up to two more for a long one. */
static void trenches(struct gen *g)
{
	AUTO_FREE uint32_t *role = calloc(g->n, sizeof(*role));

	g->failed |= !role;
	for (uint32_t i = 0; role && i < g->n; i++)
		role[g->number[i]] = i;
	for (uint32_t i = 0; role && i < g->t->wires.n; i++) {
		struct sim_wire *w = &g->t->wires.at[i];
		uint32_t a = role[w->end[0]], b = role[w->end[1]];

		if (a >= 2 * g->n_pops || b >= 2 * g->n_pops || a / 2 == b / 2 ||
		    sim_gen_isqrt(gen_distance2(g->place[a], g->place[b])) < TRENCH_CELL_M)
			continue;
		for (unsigned third = 1; third < 3; third++)
			trench(w, g->place[a], g->place[b], third);
	}
}

/* ---- metrics ---- */

static void three_metrics(struct gen *g)
{
	for (uint32_t i = 0; i < g->t->wires.n; i++) {
		struct sim_wire *w = &g->t->wires.at[i];
		uint32_t us = w->half[0].delay_us;

		w->half[0].igp = w->half[1].igp = us <= 500 ? 10 : us <= 3000 ? 20 : 40;
	}
}

/* ---- Flex-Algo ---- */

/* Core and aggregation take part, and nine access routers of ten; one great link in ten is of the
 * colour that 129 keeps off. Numbers of its own, so that all else is the network without. */
static void flex(struct gen *g)
{
	struct rng rng;

	g->t->n_algos = 2;
	g->t->algo[0] = (struct sim_algo){ .algo = 128, .delay = true };
	g->t->algo[1] = (struct sim_algo){ .algo = 129, .exclude_any = UINT32_C(1) << 9 };
	rng_seed(&rng, ~g->cfg->seed);
	for (uint32_t i = 0; i < g->n; i++) {
		uint8_t both = (uint8_t)rng_below(&rng, 100), all = (1 << 2) - 1;

		if (i >= 2 * g->n_pops + g->n_agg && both < 20)
			all = both < 10 ? 1 : 2;
		g->t->routers.at[g->number[i]].algos = all;
	}
	for (uint32_t i = 0; i < g->t->wires.n; i++)
		if (g->t->wires.at[i].bw_bps >= UINT64_C(400000000000) && rng_below(&rng, 10) == 0)
			g->t->wires.at[i].admin_group[0] |= UINT32_C(1) << 9;
}

void sim_gen_vary(struct gen *g)
{
	if (g->cfg->variant & SIM_FLEX)
		flex(g);
	if (g->cfg->variant & SIM_PARALLEL && g->t->wires.n)
		parallel(g);
	if (g->cfg->variant & SIM_CONDUITS && g->n_pops)
		trenches(g);
	if (g->cfg->variant & SIM_ECMP)
		three_metrics(g);
}
