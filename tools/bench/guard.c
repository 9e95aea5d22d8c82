/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bandwidth that survives a failure costs: routes after failures on 10 000 routers, and a cut
 * among policies that have asked for it. Processor time of one thread, workers' part included.
 */
#include <stdio.h>

#include "intent/intent_priv.h"
#include "tools/bench/room.h"

enum { ROUTERS = 10000, POLICIES = 50000, EVERY = 250 };

struct guarded {
	uint32_t asked, full, failures;
};

static struct guarded guarded(const struct intent *i)
{
	static struct intent_view v;
	struct guarded g = { 0 };

	for (bool more = intent_next(i, NULL, &v); more;) {
		struct sr_policy_key key = v.desired.key;

		g.asked += v.guarded != INTENT_GUARD_NONE;
		g.full += v.guarded == INTENT_GUARD_FULL;
		g.failures += v.guard_failures;
		more = intent_next(i, &key, &v);
	}
	return g;
}

static void measure(struct bench *b, struct bench_room *r)
{
	uint64_t start;
	struct guarded g;
	char why[256];

	bench_room_rest_guards(r); /* the policies are placed, too */
	start = bench_cpu_ns();
	intent_guards_news(bench_room_intent(r), true); /* all of it may be otherwise now */
	bench_room_rest_guards(r);
	g = guarded(bench_room_intent(r));
	bench_row(b, "guard_10k_us", (double)(bench_cpu_ns() - start) / 1e3 / (g.failures ? g.failures : 1), "us");
	bench_row(b, "guard_10k_failures", g.failures, "failures");
	bench_row(b, "guard_10k_full", g.asked ? 100.0 * g.full / g.asked : 0, "%");
	if (!intent_book_audit(bench_room_intent(r), why, sizeof(why)))
		bench_fail(b, "guard", why);
}

void bench_guard(struct bench *b)
{
	const struct bench_wish w = { .headends = 500, .endpoints = 500, .policies = POLICIES,
				      .minimise = PCE_DELAY, .bandwidth_bps = 1000000,
				      .delay_us_max = PCE_NO_BOUND, .seed = b->seed,
				      .protect_every = EVERY };
	struct bench_room *r = NULL;
	struct bench_net n;

	if (!bench_wants(b, "guard_"))
		return;
	if (bench_net_init(&n, b->seed, ROUTERS, 0) < 0 || bench_room_new(&r, &n, &w) < 0) {
		bench_fail(b, "guard", "no such network");
		return;
	}
	measure(b, r);
	bench_room_free(r);
	bench_net_fini(&n);
}
