/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a failure costs, in processor time that a busy machine does not change: topo and intent on
 * one thread, workers' part included, from the withdraws to the last request and the headends'
 * answers, on 10 000 routers.
 */
#include <stdio.h>
#include <string.h>

#include "tools/bench/room.h"

enum { ROUTERS = 10000, CUTS = 9, AFFECTED_MAX = 2000 };

static uint32_t users_of(const struct bench_net *n, const struct intent *i, uint32_t wire)
{
	uint32_t sum = 0;

	for (unsigned side = 0; side < 2; side++) {
		const struct ip_addr local = sim_half_addr(wire, side);
		struct intent_book_row row;

		if (intent_book_row(i, ted_link_by_addr(topo_ted(n->topo), &local), &row))
			sum += row.n_lsps;
	}
	return sum;
}

static uint32_t busiest(const struct bench_net *n, const struct intent *i)
{
	uint32_t best = 0, most = 0;

	for (uint32_t w = 0; w < n->sim.wires.n; w++) {
		uint32_t users = users_of(n, i, w);

		if (users <= most || users > AFFECTED_MAX)
			continue;
		most = users;
		best = w;
	}
	return best;
}

static void cuts(struct bench *b, struct bench_net *n, struct bench_room *r)
{
	double us[CUTS], pushed = 0, affected = 0;

	for (unsigned k = 0; k < CUTS; k++) {
		uint32_t wire = busiest(n, bench_room_intent(r));
		uint32_t users = users_of(n, bench_room_intent(r), wire);
		uint64_t start = bench_cpu_ns();

		bench_net_half(n, wire, 0, false);
		bench_net_half(n, wire, 1, false);
		pushed += bench_room_rest(r);
		us[k] = (double)(bench_cpu_ns() - start) / 1e3 / (users ? users : 1);
		affected += users;
	}
	bench_row(b, "repair_10k_us", bench_median(us, CUTS), "us");
	bench_row(b, "repair_10k_worst_us", us[CUTS - 1], "us");
	bench_row(b, "repair_10k_affected", affected / CUTS, "policies");
	bench_row(b, "repair_10k_pushed", pushed / CUTS, "messages");
}

void bench_repair(struct bench *b)
{
	const struct bench_wish w = { .headends = 500, .endpoints = 500, .policies = 50000,
				      .minimise = PCE_DELAY, .bandwidth_bps = 1000000,
				      .delay_us_max = PCE_NO_BOUND, .seed = b->seed };
	struct bench_room *r = NULL;
	struct bench_net n;
	char why[256];

	if (!bench_wants(b, "repair_"))
		return;
	if (bench_net_init(&n, b->seed, ROUTERS, 0) < 0 || bench_room_new(&r, &n, &w) < 0) {
		bench_fail(b, "repair", "no such network");
		return;
	}
	(void)bench_room_rest(r);
	cuts(b, &n, r);
	if (!intent_book_audit(bench_room_intent(r), why, sizeof(why)))
		bench_fail(b, "repair", why);
	bench_room_free(r);
	bench_net_fini(&n);
}
