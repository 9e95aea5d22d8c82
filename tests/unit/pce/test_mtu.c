/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets that have to fit: the answer is the cheapest of all simple paths whose list leaves room on every
 * link; where there is none a link is named. An MTU that nobody told forbids nothing.
 */
#include "check_main.h"

#include <string.h>

#include "ways.h"

enum { ROUNDS = 3000 / CHECK_SHARE, PAYLOAD = 1300 };

struct mtu_game {
	struct net net;
	struct ways all;
	struct pce_request q;
	const struct ted *ted;
};

static struct mtu_game *game(void)
{
	static struct mtu_game g; /* too large for a stack */

	return &g;
}

static void deal(struct mtu_game *g, struct rng *r)
{
	/* none told; for no list; for one SID; for two; for any */
	static const uint16_t mtu[] = { 0, 1339, 1340, 1380, 1500 };

	const struct net_cfg cfg = { .routers = 4 + (uint32_t)rng_below(r, 4), .pairs = 5 + (uint32_t)rng_below(r, 8),
				     .lan = rng_below(r, 4) == 0, .complete = true, .metric_max = 9, .delay_max = 9 };

	net_make(&g->net, r, &cfg);
	for (uint32_t i = 0; i < g->net.n_links; i++)
		g->net.link[i].mtu = g->net.node[g->net.link[i].from].pseudonode ? 0 : mtu[rng_below(r, ARRAY_LEN(mtu))];
	g->q = ways_request(&g->net, r);
	g->q.bandwidth_bps = 0;
	g->q.payload = PAYLOAD;
	g->q.strict = true;
	g->ted = net_build(&g->net);
}

/* UINT64_MAX: none fits. */
static uint64_t least(struct mtu_game *g)
{
	uint64_t cost = UINT64_MAX;

	ways_all(&g->net, &g->q, &g->all);
	for (uint32_t i = 0; i < g->all.n; i++) {
		const struct way *x = &g->all.at[i];
		uint32_t narrow = UINT32_MAX;
		struct pce_answer a;
		struct arena arena;

		for (uint32_t k = 0; k < x->n; k++)
			if (g->net.link[x->link[k]].mtu && g->net.link[x->link[k]].mtu < narrow)
				narrow = g->net.link[x->link[k]].mtu;
		g->q.payload = 0; /* its list, and the numbers of RFC 8200 and RFC 8754 beside it */
		arena_init(&arena, 0);
		pce_encode(g->ted, &g->q, x->link, x->n, &arena, &a);
		if (a.status == PCE_OK && PAYLOAD + 40 + (a.n_segs > 1 ? 8 + 16 * a.n_segs : 0) <= narrow &&
		    x->cost < cost)
			cost = x->cost;
		arena_fini(&arena);
		g->q.payload = PAYLOAD;
	}
	return cost;
}

START_TEST(the_cheapest_path_that_packets_fit_is_found)
{
	unsigned found = 0, none = 0, dearer = 0;
	struct mtu_game *g = game();
	struct rng r;

	rng_seed(&r, 5);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct pce_answer a, any;
		struct arena arena;
		uint64_t best;

		deal(g, &r);
		best = least(g);
		arena_init(&arena, 0);
		pce_compute(g->ted, &g->q, &arena, &a);
		g->q.payload = 0;
		pce_compute(g->ted, &g->q, &arena, &any);
		g->q.payload = PAYLOAD;
		if (best != UINT64_MAX) {
			found++;
			dearer += any.status == PCE_OK && a.cost > any.cost;
			ck_assert_msg(a.status == PCE_OK && a.cost == best, "round %u: %llu, the best %llu: %s", i,
				      (unsigned long long)a.cost, (unsigned long long)best, a.why);
			ck_assert_ptr_null(pce_check(g->ted, &g->q, &a.expansion, &arena));
			ck_assert_uint_eq(a.removed[PCE_C_MTU].decisive, 0);
		} else {
			ck_assert_int_ne(a.status, PCE_OK);
			none += any.status == PCE_OK;
		}
		if (best == UINT64_MAX && any.status == PCE_OK) {
			ck_assert_msg(strstr(a.why, " carries packets of ") || strstr(a.why, "together"), "round %u: %s",
				      i, a.why);
			ck_assert_ptr_nonnull(pce_check(g->ted, &g->q, &any.expansion, &arena));
		}
		arena_fini(&arena);
		ted_unref(g->ted);
	}
	ck_assert_uint_gt(found, ROUNDS / 20);
	ck_assert_uint_gt(dearer, ROUNDS / 100);
	ck_assert_uint_gt(none, ROUNDS / 20);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mtu");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_cheapest_path_that_packets_fit_is_found);
	suite_add_tcase(s, t);
	return check_main(s);
}
