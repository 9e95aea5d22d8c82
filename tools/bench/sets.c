/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of policies, as slices ask for them: 1 000 sets of 4 on 1 000 routers, each placed beside all
 * others, reserved and durable in a real store file, from the first question to the last answer. Wall
 * time, for it waits for a disk.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "intent/intent.h"
#include "tools/bench/network.h"
#include "tools/bench/proc.h"

enum { ROUTERS = 1000, SETS = 1000, EACH = 4, ENDS = 200, MBPS = 1000000 };

struct desk {
	struct bench *b;
	struct bench_net *n;
	struct loop *loop;
	struct intent *intent;
	struct loop_task start;
	uint64_t began_ns, ended_ns;
	unsigned n_done, admitted;
};

static void answered(void *arg, const struct intent_set_result *r)
{
	struct desk *d = arg;

	d->admitted += r->code == 0;
	if (++d->n_done < SETS)
		return;
	d->ended_ns = bench_ns();
	loop_stop(d->loop);
}

static struct intent_policy *wish(const struct desk *d, struct rng *rng, uint32_t color)
{
	const struct sim_topo *t = &d->n->sim;
	struct intent_policy *p = calloc(1, sizeof(*p));
	uint32_t from = (uint32_t)rng_below(rng, ENDS) * (ROUTERS / ENDS), to = from;

	while (to == from)
		to = (uint32_t)rng_below(rng, ENDS) * (ROUTERS / ENDS);
	if (!p)
		abort();
	intent_policy_default(p);
	p->key = (struct sr_policy_key){ .headend = sim_loopback(t, from),
					     .color = color, .endpoint = sim_loopback(t, to) };
	p->bandwidth_bps = (1 + rng_below(rng, 10)) * MBPS;
	p->setup_prio = p->hold_prio = 3;
	p->n_cpaths = 1;
	intent_cpath_default(&p->cpaths[0]);
	p->cpaths[0].minimise = PCE_DELAY;
	return p;
}

static void ask_all(void *arg)
{
	struct desk *d = arg;
	struct rng rng;

	rng_seed(&rng, d->b->seed);
	d->began_ns = bench_ns();
	for (uint32_t s = 0; s < SETS; s++) {
		struct intent_policy *puts[EACH];
		char owner[24];
		const struct store_op beside = { "slice", owner, "{}", 2 };
		const struct intent_set_write w = { .puts = (const struct intent_policy *const *)puts,
						    .n_puts = EACH, .beside = &beside, .n_beside = 1,
						    .owner = owner };

		snprintf(owner, sizeof(owner), "slice %u", s);
		for (uint32_t k = 0; k < EACH; k++)
			puts[k] = wish(d, &rng, 1 + s * EACH + k);
		intent_put_set(d->intent, &w, answered, d);
		for (uint32_t k = 0; k < EACH; k++)
			free(puts[k]);
	}
}

static void run(struct desk *d, const char *file)
{
	AUTO(work_free) struct work *work = NULL;
	AUTO(store_close) struct store *store = NULL;
	char why[256] = "";
	struct intent_cfg cfg;

	intent_cfg_default(&cfg);
	if (work_new(&work, d->loop, 0) < 0 || store_open(&store, d->loop, file, why, sizeof(why)) < 0 ||
	    intent_new(&d->intent, d->loop, work, store, d->n->bus, &cfg) < 0 || intent_load(d->intent) < 0) {
		bench_fail(d->b, "sets", why);
		return;
	}
	intent_on_ted(d->intent, topo_ted(d->n->topo));
	loop_task_init(&d->start, d->loop, ask_all, d);
	loop_task_run(&d->start);
	loop_run(d->loop);
	bench_row(d->b, "sets_1k_ms", (double)(d->ended_ns - d->began_ns) / 1e6, "ms");
	bench_row(d->b, "sets_1k_admitted", d->admitted, "sets");
	if (!intent_book_audit(d->intent, why, sizeof(why)))
		bench_fail(d->b, "sets", why);
	d->intent = intent_free(d->intent);
}

void bench_sets(struct bench *b)
{
	char dir[512], file[sizeof(dir) + 8];
	struct bench_net n;
	struct desk d = { .b = b, .n = &n };

	if (!bench_wants(b, "sets_"))
		return;
	if (!bench_folder(dir, sizeof(dir)) || bench_net_init(&n, b->seed, ROUTERS, 0) < 0) {
		bench_fail(b, "sets", "no such network, or no temporary folder");
		bench_folder_gone(dir);
		return;
	}
	(void)snprintf(file, sizeof(file), "%s/store", dir);
	if (loop_new(&d.loop) == 0)
		run(&d, file);
	loop_free(d.loop);
	bench_net_fini(&n);
	bench_folder_gone(dir);
}
