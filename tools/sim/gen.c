/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network like a carrier's, from a seed: PoPs on a plane of 4500 x 2600 km, two core routers
 * in each, a Gabriel mesh of two planes between PoPs with some express links, aggregation pairs
 * homed to their PoP's core, access rings on aggregation pairs. Only integers, so that the same
 * seed is the same network on every machine. Router numbers are shuffled: they carry no place.
 */
#include "tools/sim/gen_int.h"

#include <errno.h>
#include <stdio.h>

#include "base/err.h"

enum { PLANE_X_M = 4500000, PLANE_Y_M = 2600000, SMALL = 6, POPS_MAX = SIM_ROUTERS_MAX / 20 };

static uint64_t between(struct gen *g, uint64_t low, uint64_t high)
{
	return low + gen_below(g, high - low + 1);
}

uint64_t sim_gen_isqrt(uint64_t v)
{
	uint64_t r = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
		if ((r | bit) * (r | bit) <= v)
			r |= bit;
	return r;
}

/* Fibre of 4.9 us/km, 1.35 to 1.6 times as long as the crow flies; a patch cable at least. */
static uint32_t delay_of(struct gen *g, struct place a, struct place b)
{
	uint64_t m = sim_gen_isqrt(gen_distance2(a, b)) * between(g, 135, 160) / 100;

	return (uint32_t)(m * 49 / 10000) + 5;
}

static uint32_t metric_of(uint64_t bw_bps, uint32_t delay_us)
{
	return (uint32_t)(UINT64_C(20000000000000) / bw_bps) + delay_us / 100 + 1;
}

static struct sim_wire *wire(struct gen *g, uint32_t a, uint32_t b, uint64_t gbps)
{
	uint32_t delay = delay_of(g, g->place[a], g->place[b]);
	uint64_t bw = gbps * UINT64_C(1000000000);
	uint32_t w = sim_topo_wire(g->t, g->number[a], g->number[b], metric_of(bw, delay), delay);
	struct sim_wire *at;

	if (w == SIM_NONE) {
		g->failed = true;
		return NULL;
	}
	at = &g->t->wires.at[w];
	at->bw_bps = bw;
	at->admin_group[0] = UINT32_C(1) << gen_below(g, 4);
	if (gen_below(g, 4) == 0)
		at->admin_group[0] |= UINT32_C(1) << 8;
	for (unsigned s = 0; s < 2; s++)
		at->half[s].te = delay + 1;
	if (gen_below(g, 32) == 0) /* somebody's hand tuned one direction */
		at->half[1].igp += (uint32_t)gen_below(g, 50) + 1;
	return at;
}

static void share(struct sim_wire *w, uint32_t srlg)
{
	if (w && w->n_srlg < SIM_SRLGS)
		w->srlg[w->n_srlg++] = srlg;
}

/* ---- places ---- */

static struct place near(struct gen *g, struct place p, uint64_t radius_m)
{
	/* The sum of two uniforms: denser in the middle. */
	p.x += (int64_t)(gen_below(g, radius_m) + gen_below(g, radius_m)) - (int64_t)radius_m;
	p.y += (int64_t)(gen_below(g, radius_m) + gen_below(g, radius_m)) - (int64_t)radius_m;
	return p;
}

static void pops_place(struct gen *g)
{
	uint32_t n_centres = (uint32_t)sim_gen_isqrt(g->n_pops) + 1;
	struct place centre[32];

	if (n_centres > ARRAY_LEN(centre))
		n_centres = ARRAY_LEN(centre);
	for (uint32_t i = 0; i < n_centres; i++)
		centre[i] = (struct place){ (int64_t)gen_below(g, PLANE_X_M),
					    (int64_t)gen_below(g, PLANE_Y_M) };
	for (uint32_t p = 0; p < g->n_pops; p++) {
		struct place at = near(g, centre[gen_below(g, n_centres)], 900000);

		g->place[2 * p] = at;
		g->place[2 * p + 1] = near(g, at, 5000);
	}
}

/* A PoP's share falls like 1 / rank. */
static uint32_t pop_pick(struct gen *g)
{
	uint64_t sum = 0, at;

	for (uint32_t p = 0; p < g->n_pops; p++)
		sum += 1000000 / (p + 1);
	at = gen_below(g, sum);
	for (uint32_t p = 0; p < g->n_pops; p++) {
		if (at < 1000000 / (p + 1))
			return p;
		at -= 1000000 / (p + 1);
	}
	return g->n_pops - 1;
}

/* ---- core ---- */

void sim_gen_core_wires(struct gen *g, uint32_t p, uint32_t q)
{
	static const uint64_t gbps[] = { 400, 800, 1600 };
	uint64_t rate = gbps[gen_below(g, ARRAY_LEN(gbps))];
	uint32_t conduit = g->srlg_next++;
	bool same_trench = gen_below(g, 2) == 0;

	for (uint32_t plane = 0; plane < 2; plane++) {
		unsigned n = gen_below(g, 20) == 0 ? 2 : 1; /* some are doubled */

		while (n-- > 0)
			share(wire(g, 2 * p + plane, 2 * q + plane, rate), conduit);
		if (!same_trench)
			conduit = g->srlg_next++;
	}
}

/* Gabriel: no third PoP inside the circle over the two. It holds the shortest spanning tree. */
static bool gabriel(const struct gen *g, uint32_t p, uint32_t q)
{
	uint64_t d = gen_distance2(g->place[2 * p], g->place[2 * q]);

	for (uint32_t k = 0; k < g->n_pops; k++)
		if (k != p && k != q &&
		    gen_distance2(g->place[2 * p], g->place[2 * k]) +
				    gen_distance2(g->place[2 * q], g->place[2 * k]) < d)
			return false;
	return true;
}

static void core(struct gen *g)
{
	for (uint32_t p = 0; p < g->n_pops; p++) {
		(void)wire(g, 2 * p, 2 * p + 1, 1600);
		for (uint32_t q = p + 1; q < g->n_pops; q++)
			if (gabriel(g, p, q))
				sim_gen_core_wires(g, p, q);
	}
	for (uint32_t i = 0; i < (g->n_pops + 5) / 10 && g->n_pops > 3; i++) {
		uint32_t p = (uint32_t)gen_below(g, g->n_pops);
		uint32_t q = (uint32_t)gen_below(g, g->n_pops - 1);

		sim_gen_core_wires(g, p, q + (q >= p));
	}
}

/* ---- aggregation and access ---- */

static void agg_pair(struct gen *g, uint32_t first)
{
	uint32_t p = pop_pick(g), srlg = g->srlg_next++;
	uint64_t gbps = 100 * between(g, 1, 4);

	g->place[first] = near(g, g->place[2 * p], 150000);
	g->place[first + 1] = near(g, g->place[first], 10000);
	share(wire(g, first, 2 * p, gbps), srlg);
	share(wire(g, first + 1, 2 * p + 1, gbps), srlg);
	(void)wire(g, first, first + 1, gbps);
	if (gen_below(g, 100) < 8) {
		uint32_t other = (uint32_t)gen_below(g, g->n_pops);

		(void)wire(g, first, 2 * other, gbps);
	}
}

/* members access routers in a chain from one router of an aggregation pair to the other. */
static void ring(struct gen *g, uint32_t first, uint32_t members)
{
	uint32_t base = 2 * g->n_pops, anchor = base + 2 * (uint32_t)gen_below(g, g->n_agg / 2);
	uint32_t srlg = g->srlg_next++, before = anchor;
	uint64_t gbps = gen_below(g, 3) == 0 ? 100 : 10 * between(g, 1, 4);

	for (uint32_t i = 0; i < members; i++) {
		g->place[first + i] = near(g, g->place[anchor], 60000);
		share(wire(g, before, first + i, gbps), srlg);
		before = first + i;
	}
	share(wire(g, before, anchor + 1, gbps), srlg);
}

static void edge(struct gen *g)
{
	uint32_t at = 2 * g->n_pops, end = at + g->n_agg;

	for (; at < end; at += 2)
		agg_pair(g, at);
	while (at < g->n) {
		uint32_t members = (uint32_t)between(g, 4, 10);

		if (members > g->n - at)
			members = g->n - at;
		ring(g, at, members);
		at += members;
	}
}

/* More wires than a carrier lays: between a router and the nearest of some at random. */
static void fill(struct gen *g)
{
	while (g->t->wires.n < g->cfg->wires && !g->failed) {
		uint32_t a = (uint32_t)gen_below(g, g->n), best = SIM_NONE;

		for (int i = 0; i < 8; i++) {
			uint32_t b = (uint32_t)gen_below(g, g->n);

			if (b != a && (best == SIM_NONE || gen_distance2(g->place[a], g->place[b]) <
							   gen_distance2(g->place[a], g->place[best])))
				best = b;
		}
		if (best != SIM_NONE)
			share(wire(g, a, best, 10 * between(g, 1, 10)), g->srlg_next++);
	}
}

/* ---- all ---- */

static int routers(struct gen *g)
{
	for (uint32_t i = 0; i < g->n; i++) {
		char name[SIM_NAME_MAX];
		uint32_t r;

		(void)snprintf(name, sizeof(name), "r%u", i + 1);
		r = sim_topo_router(g->t, name);
		if (r == SIM_NONE)
			return err_raise(-ENOMEM);
		g->t->routers.at[r].classic = gen_below(g, 100) < g->cfg->classic_pct;
		g->number[i] = r;
	}
	for (uint32_t i = g->n; i > 1; i--) {
		uint32_t k = (uint32_t)gen_below(g, i), was = g->number[i - 1];

		g->number[i - 1] = g->number[k];
		g->number[k] = was;
	}
	return 0;
}

/* A handful of routers is a ring with a chord. */
static void small(struct gen *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		g->place[i] = (struct place){ (int64_t)gen_below(g, PLANE_X_M),
					      (int64_t)gen_below(g, PLANE_Y_M) };
	for (uint32_t i = 0; i + 1 < g->n; i++)
		share(wire(g, i, i + 1, 100), g->srlg_next++);
	if (g->n > 2)
		share(wire(g, g->n - 1, 0, 100), g->srlg_next++);
	if (g->n > 3)
		share(wire(g, 0, 2, 100), g->srlg_next++);
}

static void sizes(struct gen *g)
{
	uint32_t few = g->n / 5 < 10 ? g->n / 5 : 10, many = g->n / 100;

	if (g->cfg->variant & SIM_DENSE)
		many = g->n / 20;

	g->n_pops = few > many ? few : many;
	if (g->n_pops > POPS_MAX)
		g->n_pops = POPS_MAX;
	if (g->n_pops < 3)
		g->n_pops = 3;
	g->n_agg = g->n * 14 / 100 / 2 * 2;
	if (g->n_agg == 0 && g->n >= 2 * g->n_pops + 2)
		g->n_agg = 2;
	if (2 * g->n_pops + g->n_agg > g->n)
		g->n_agg = (g->n - 2 * g->n_pops) / 2 * 2;
}

static int build(struct gen *g)
{
	int rc = routers(g);

	if (rc < 0)
		return err_trace(rc);
	if (g->n < SMALL) {
		small(g);
	} else {
		sizes(g);
		pops_place(g);
		core(g);
		if (g->cfg->variant & SIM_DENSE)
			sim_gen_dense(g);
		if (g->n_agg == 0 && g->n > 2 * g->n_pops) { /* one router too many for the PoPs */
			g->place[g->n - 1] = near(g, g->place[0], 50000);
			(void)wire(g, g->n - 1, 0, 100);
			(void)wire(g, g->n - 1, 1, 100);
		} else {
			edge(g);
		}
	}
	if (g->n > 1)
		fill(g);
	sim_gen_vary(g);
	return g->failed ? err_raise(-ENOMEM) : sim_topo_done(g->t);
}

int sim_gen(struct sim_topo *t, const struct sim_gen *cfg)
{
	struct gen g = { .t = t, .cfg = cfg, .n = cfg->routers, .srlg_next = 1 };
	AUTO_FREE uint32_t *number = NULL;
	AUTO_FREE struct place *place = NULL;

	if (cfg->routers == 0 || cfg->routers > SIM_ROUTERS_MAX || cfg->wires > SIM_WIRES_MAX)
		return err_raise(-EINVAL);
	g.number = number = calloc(g.n, sizeof(*number));
	g.place = place = calloc(g.n, sizeof(*place));
	if (!number || !place)
		return err_raise(-ENOMEM);
	rng_seed(&g.rng, cfg->seed);
	return build(&g);
}
