/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event traces: what happens to a network and when, a line each: milliseconds from the start and
 * a command of the simulator. Made from a seed: links that flap, metrics that change, and cuts of
 * an SRLG whose links go down one after the other within some tens of milliseconds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/rng.h"
#include "tools/sim/topo.h"

enum { GAP_MS_MAX = 2000, DOWN_MS_MAX = 5000, STAGGER_MS_MAX = 50, HOLD_MS = 10000 };

struct event {
	uint64_t ms;
	uint32_t seq; /* of two at one time, the one made first */
	uint32_t wire, metric; /* metric 0: up or down */
	bool up;
};

struct trace {
	const struct sim_topo *t;
	struct rng rng;
	VEC(struct event) events;
	uint64_t *busy_until; /* by wire: what is down is left alone */
	bool failed;
};

static void add(struct trace *x, uint64_t ms, uint32_t wire, bool up, uint32_t metric)
{
	const struct event e = { .ms = ms, .seq = (uint32_t)x->events.n, .wire = wire, .up = up,
				 .metric = metric };

	x->failed |= !VEC_ADD(&x->events, e);
}

static void flap(struct trace *x, uint64_t ms, uint32_t wire)
{
	uint64_t back = ms + 1 + rng_below(&x->rng, DOWN_MS_MAX);

	add(x, ms, wire, false, 0);
	add(x, back, wire, true, 0);
	x->busy_until[wire] = back + 1;
}

static void metric(struct trace *x, uint64_t ms, uint32_t wire)
{
	uint32_t now = x->t->wires.at[wire].half[0].igp;
	uint32_t to = now / 2 + 1 + (uint32_t)rng_below(&x->rng, now + 1);

	add(x, ms, wire, false, to);
	add(x, ms + HOLD_MS, wire, false, now);
	x->busy_until[wire] = ms + HOLD_MS + 1;
}

static bool in_group(const struct sim_wire *w, uint32_t srlg)
{
	for (unsigned k = 0; k < w->n_srlg; k++)
		if (w->srlg[k] == srlg)
			return true;
	return false;
}

/* Every free wire of one of this wire's groups. */
static void cut(struct trace *x, uint64_t ms, uint32_t wire)
{
	const struct sim_wire *w = &x->t->wires.at[wire];
	uint32_t srlg;

	if (w->n_srlg == 0) {
		flap(x, ms, wire);
		return;
	}
	srlg = w->srlg[rng_below(&x->rng, w->n_srlg)];
	for (uint32_t i = 0; i < x->t->wires.n; i++)
		if (in_group(&x->t->wires.at[i], srlg) && x->busy_until[i] <= ms)
			flap(x, ms + rng_below(&x->rng, STAGGER_MS_MAX), i);
}

static int in_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->ms != y->ms)
		return x->ms < y->ms ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

static void write(const struct trace *x, struct str *out)
{
	char name[SIM_WIRE_TEXT_MAX];

	str_add(out, "# MILLISECONDS COMMAND\n");
	for (size_t i = 0; i < x->events.n; i++) {
		const struct event *e = &x->events.at[i];

		(void)sim_wire_text(x->t, e->wire, name, sizeof(name));
		if (e->metric)
			str_addf(out, "%llu metric %s %u\n", (unsigned long long)e->ms, name, e->metric);
		else
			str_addf(out, "%llu %s %s\n", (unsigned long long)e->ms, e->up ? "up" : "down", name);
	}
}

int sim_gen_trace(const struct sim_topo *t, uint64_t seed, uint32_t n, struct str *out)
{
	struct trace x = { .t = t };
	AUTO_FREE uint64_t *busy = calloc(t->wires.n + 1, sizeof(*busy));
	uint64_t ms = 0;

	if (!busy)
		return err_raise(-ENOMEM);
	x.busy_until = busy;
	rng_seed(&x.rng, seed);
	for (uint32_t i = 0; i < n && t->wires.n > 0; i++) {
		uint32_t wire = (uint32_t)rng_below(&x.rng, t->wires.n);
		uint64_t kind = rng_below(&x.rng, 10);

		ms += 1 + rng_below(&x.rng, GAP_MS_MAX);
		if (busy[wire] > ms)
			continue;
		if (kind < 6)
			flap(&x, ms, wire);
		else if (kind < 9)
			metric(&x, ms, wire);
		else
			cut(&x, ms, wire);
	}
	if (!x.failed && x.events.n)
		qsort(x.events.at, x.events.n, sizeof(*x.events.at), in_time);
	if (!x.failed)
		write(&x, out);
	VEC_FINI(&x.events);
	return x.failed || out->bad ? err_raise(-ENOMEM) : 0;
}
