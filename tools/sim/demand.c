/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gravity demands between the biggest routers: weight by weight over the root of their distance
 * in delay. They are then sent in slices, each over the links with most room, and scaled so that
 * this routing fills its fullest link to nine tenths: a best routing exists at or below that, and
 * close to it. Integers only: the same seed is the same demands on every machine.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/rng.h"
#include "tools/sim/topo.h"

enum { ENDS = 100, ENDS_OF_BIG = 40, BIG = 20000, SLICES = 8, SLICES_OF_BIG = 4, UNIT = 1000000 };
enum { SMALL = 2000, SLICES_OF_SMALL = 32 };

#define FAR UINT64_MAX

__extension__ typedef unsigned __int128 wide;

struct spot {
	struct heap_node node;
	uint64_t dist;
	uint32_t via; /* half that leads here */
};

struct demands {
	const struct sim_topo *t;
	uint32_t *end; /* routers that send and receive */
	uint32_t n_ends, slices;
	uint64_t *rate;	   /* end by end, of the unit of gravity */
	uint64_t *load;	   /* by half, in the same unit */
	uint64_t usual;	   /* load of a Gb/s when all were spread evenly: to measure against */
	struct spot *spot; /* by router */
	struct heap heap;
	bool by_load; /* what a link costs: its delay, or how full it is */
};

static uint64_t root(uint64_t v)
{
	uint64_t r = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
		if ((r | bit) * (r | bit) <= v)
			r |= bit;
	return r;
}

static uint64_t gbps(const struct sim_topo *t, uint32_t half)
{
	uint64_t v = t->wires.at[half / 2].bw_bps / UINT64_C(1000000000);

	return v ? v : 1;
}

/* ---- who takes part ---- */

static uint64_t weight(const struct sim_topo *t, uint32_t r)
{
	uint64_t sum = 0;

	for (uint32_t i = t->start[r]; i < t->start[r + 1]; i++)
		sum += gbps(t, t->idx[i]);
	return sum;
}

struct weighed {
	uint64_t weight;
	uint32_t router;
};

static int heaviest_first(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return (x->router > y->router) - (x->router < y->router);
}

static bool ends_choose(struct demands *d)
{
	size_t n = d->t->routers.n;
	AUTO_FREE struct weighed *w = calloc(n, sizeof(*w));

	if (!w)
		return false;
	for (uint32_t r = 0; r < n; r++)
		w[r] = (struct weighed){ weight(d->t, r), r };
	qsort(w, n, sizeof(*w), heaviest_first);
	for (uint32_t i = 0; i < d->n_ends; i++)
		d->end[i] = w[i].router;
	return true;
}

/* ---- ways ---- */

/* An empty link costs by its capacity, a fuller one by the cube of how full it is. */
static uint64_t cost(const struct demands *d, uint32_t half)
{
	const struct sim_wire *w = &d->t->wires.at[half / 2];
	uint64_t full;

	if (!sim_half_works(d->t, half / 2, half % 2))
		return FAR;
	if (!d->by_load)
		return w->half[half % 2].delay_us + 1;
	full = d->load[half] / gbps(d->t, half) * 1000 / d->usual;
	if (full > UNIT / 10) /* a hundred times the usual */
		full = UNIT / 10;
	return UNIT / gbps(d->t, half) * (1000 + full + full * full / 500 * full / 500) / 1000 + 1;
}

static bool spread(struct demands *d, uint32_t from)
{
	const struct sim_topo *t = d->t;
	struct heap_node *n;

	for (size_t i = 0; i < t->routers.n; i++)
		d->spot[i] = (struct spot){ .dist = FAR, .via = SIM_NONE };
	d->heap.n = 0;
	d->spot[from].dist = 0;
	if (heap_add(&d->heap, &d->spot[from].node, 0) < 0)
		return false;
	while ((n = heap_min(&d->heap))) {
		uint32_t r = (uint32_t)(CONTAINER_OF(n, struct spot, node) - d->spot);

		heap_del(&d->heap, n);
		for (uint32_t i = t->start[r]; i < t->start[r + 1]; i++) {
			uint32_t half = t->idx[i];
			struct spot *to = &d->spot[t->wires.at[half / 2].end[1 - half % 2]];
			uint64_t c = cost(d, half);

			if (c == FAR || d->spot[r].dist + c >= to->dist)
				continue;
			to->dist = d->spot[r].dist + c;
			to->via = half;
			heap_del(&d->heap, &to->node);
			if (heap_add(&d->heap, &to->node, to->dist) < 0)
				return false;
		}
	}
	return true;
}

/* ---- how much ---- */

static bool gravity(struct demands *d, struct rng *rng)
{
	for (uint32_t i = 0; i < d->n_ends; i++) {
		uint64_t wi = weight(d->t, d->end[i]);

		if (!spread(d, d->end[i]))
			return false;
		for (uint32_t k = 0; k < d->n_ends; k++) {
			uint64_t us = d->spot[d->end[k]].dist;

			if (k == i || us == FAR)
				continue;
			/* Half to one and a half of what gravity says. */
			d->rate[i * d->n_ends + k] = wi * weight(d->t, d->end[k]) *
						     (500 + rng_below(rng, 1001)) / (1000 * (root(us) + 1)) + 1;
		}
	}
	return true;
}

static uint64_t usual(const struct demands *d)
{
	uint64_t rates = 0, room = 1;

	for (size_t i = 0; i < (size_t)d->n_ends * d->n_ends; i++)
		rates += d->rate[i];
	for (uint32_t h = 0; h < 2 * d->t->wires.n; h++)
		room += gbps(d->t, h);
	return 4 * rates / room + 1; /* some links a way */
}

static void charge(struct demands *d, uint32_t from, uint32_t slice)
{
	for (uint32_t k = 0; k < d->n_ends; k++) {
		uint64_t all = d->rate[from * d->n_ends + k], part = all / d->slices;
		uint32_t at = d->end[k];

		if (slice == 0)
			part = all - part * (d->slices - 1);
		while (all && d->spot[at].via != SIM_NONE) {
			uint32_t half = d->spot[at].via;

			d->load[half] += part;
			at = d->t->wires.at[half / 2].end[half % 2];
		}
	}
}

/* In thousandths of the unit a Gb/s. */
static uint64_t fullest(const struct demands *d)
{
	uint64_t most = 1;

	for (uint32_t h = 0; h < 2 * d->t->wires.n; h++) {
		uint64_t full = d->load[h] * 1000 / gbps(d->t, h);

		most = full > most ? full : most;
	}
	return most;
}

static bool fill(struct demands *d, struct sim_demands *out, struct rng *rng)
{
	uint64_t most;

	if (!ends_choose(d) || !gravity(d, rng))
		return false;
	d->usual = usual(d);
	d->by_load = true;
	for (uint32_t s = 0; s < d->slices; s++)
		for (uint32_t i = 0; i < d->n_ends; i++) {
			if (!spread(d, d->end[i]))
				return false;
			charge(d, i, s);
		}
	most = fullest(d);
	for (uint32_t i = 0; i < d->n_ends; i++)
		for (uint32_t k = 0; k < d->n_ends; k++) {
			/* rate / most is Gb/s of full links; nine tenths of it in bit/s. */
			uint64_t rate = d->rate[i * d->n_ends + k];
			struct sim_demand x = { .src = d->end[i], .dst = d->end[k] };

			if (rate == 0)
				continue;
			x.bps = (uint64_t)((wide)rate * UINT64_C(900000000000) / most);
			if (x.bps && !VEC_ADD(out, x))
				return false;
		}
	return true;
}

int sim_gen_demands(const struct sim_topo *t, uint64_t seed, struct sim_demands *out)
{
	bool big = t->routers.n > BIG;
	uint32_t most = big ? ENDS_OF_BIG : ENDS;
	struct demands d = { .t = t, .slices = big ? SLICES_OF_BIG : t->routers.n <= SMALL ? SLICES_OF_SMALL : SLICES,
			     .n_ends = t->routers.n < most ? (uint32_t)t->routers.n : most };
	AUTO_FREE uint32_t *end = calloc(d.n_ends + 1, sizeof(*end));
	AUTO_FREE uint64_t *rate = calloc((size_t)d.n_ends * d.n_ends + 1, sizeof(*rate));
	AUTO_FREE uint64_t *load = calloc(2 * t->wires.n + 1, sizeof(*load));
	AUTO_FREE struct spot *spot = calloc(t->routers.n + 1, sizeof(*spot));
	struct rng rng;
	bool good = end && rate && load && spot;

	d.end = end;
	d.rate = rate;
	d.load = load;
	d.spot = spot;
	rng_seed(&rng, seed);
	good = good && fill(&d, out, &rng);
	heap_fini(&d.heap);
	return good ? 0 : err_raise(-ENOMEM);
}

void sim_demands_write(const struct sim_topo *t, const struct sim_demands *d, struct str *out)
{
	str_add(out, "{ \"format\": \"sextant-requests\", \"version\": 1, \"demands\": [");
	for (size_t i = 0; i < d->n; i++) {
		const char *a = t->routers.at[d->at[i].src].name, *b = t->routers.at[d->at[i].dst].name;

		str_addf(out, "%s\n{ \"name\": \"%s-%s\", \"source\": \"%s\", \"destination\": \"%s\", \"bandwidth\": %llu }",
			 i ? "," : "", a, b, a, b, (unsigned long long)d->at[i].bps);
	}
	str_add(out, "\n] }\n");
}
