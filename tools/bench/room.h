/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * src/intent on a fake loop and disk with many policies, on the topology of a bench_net. Its
 * headends do at once what they are asked for; jobs for workers run on the loop, so all of its
 * work is in this thread's processor time.
 */
#include "intent/intent.h"
#include "tools/bench/network.h"

struct bench_room;

struct bench_wish {
	uint32_t headends;  /* the first routers */
	uint32_t endpoints; /* evenly spread over all */
	uint32_t policies;  /* the same number at each headend */
	enum pce_metric minimise;
	uint64_t bandwidth_bps;
	uint32_t delay_us_max; /* PCE_NO_BOUND: none */
	uint64_t seed;
	uint32_t protect_every; /* each so many asks to survive links and routers; 0: none */
};

/* The policies are in the store, as an operator left them. */
int bench_room_new(struct bench_room **outp, struct bench_net *n, const struct bench_wish *w);
struct bench_room *bench_room_free(struct bench_room *r);
struct intent *bench_room_intent(struct bench_room *r);
/* Lets time pass until nothing is left to do; what was asked of headends meanwhile. */
uint32_t bench_room_rest(struct bench_room *r);
/* And what is kept for after failures has been worked out, too. */
void bench_room_rest_guards(struct bench_room *r);

/* One policy of a wish, as its record in the store: key and value, both malloc'd. */
int bench_wish_record(const struct bench_wish *w, const struct sim_topo *t, uint32_t policy, char **key,
		      char **value);
