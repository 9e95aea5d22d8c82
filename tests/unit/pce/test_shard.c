/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No answer depends on what a shard holds: the same requests with nothing kept, with room for
 * nothing, and with a shard that has been through every generation before give the same to the
 * last bit. Links fail, come back and change between the requests; a shard may skip generations.
 */
#include "check_main.h"

#include <string.h>

#include "net.h"

enum { NETS = 240 / CHECK_SHARE, LOSING_NETS = 800 / CHECK_SHARE, GENERATIONS = 12, REQUESTS = 12 };

static struct net net;
static struct rng rng;

static uint32_t below(uint32_t n)
{
	return (uint32_t)rng_below(&rng, n);
}

static void net_random(void)
{
	struct net_cfg cfg = {
		.routers = 4 + below(4), .pairs = 5 + below(9), .lan = below(3) == 0,
		.overload = below(3) == 0, .odd_metrics = below(3) == 0, .complete = below(3) != 0,
		.metric_max = below(2) ? 3 : 20, .delay_max = below(2) ? 3 : 50,
	};

	net_make(&net, &rng, &cfg);
}

static void change(void)
{
	struct ted_link *l = &net.link[below(net.n_links)];

	switch (below(4)) {
	case 0:
		l->alive = !l->alive;
		break;
	case 1:
		l->igp_metric = net.node[l->from].pseudonode ? 0 : below(4);
		break;
	case 2:
		l->delay_us = below(50);
		l->admin_group[0] = 1U << below(4);
		break;
	default:
		net.node[below(net.n_routers)].overload = below(2);
	}
}

static const struct ted *next(const struct ted *prev)
{
	struct ted_input in = { .nodes = net.node, .links = net.link, .n_nodes = net.n_nodes,
				.n_links = net.n_links, .prev = prev };
	const struct ted *t = NULL;

	ck_assert_int_eq(ted_build(&in, &t), 0);
	return t;
}

static uint32_t maybe(uint32_t max)
{
	return below(3) ? PCE_NO_BOUND : below(max);
}

static void request_random(struct pce_request *q)
{
	*q = (struct pce_request){
		.src = below(net.n_routers), .minimise = (enum pce_metric)below(4),
		.delay_us_max = maybe(120), .hops_max = maybe(6), .igp_max = maybe(50),
		.te_max = maybe(30), .strict = below(2), .usid = below(2),
		.dataplane = below(4) ? PCE_SRV6 : PCE_MPLS, .explain = below(4) == 0,
	};
	q->dst = (q->src + 1 + below(net.n_routers - 1)) % net.n_routers;
	if (below(3) == 0)
		q->bandwidth_bps = below(8) * UINT64_C(1000);
	if (below(3) == 0)
		q->affinity.exclude_any[0] = 1U << below(4);
	if (below(6) == 0)
		q->affinity.include_any[7] = 3;
	if (below(5) == 0)
		q->objective = (enum pce_objective)(1 + below(2));
	if (below(6) == 0)
		q->delay_us_min = below(20);
}

static bool texts_same(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static bool lists_same(const uint32_t *a, uint32_t n, const uint32_t *b, uint32_t m)
{
	return n == m && (n == 0 || memcmp(a, b, n * sizeof(*a)) == 0);
}

static bool segs_same(const struct pce_answer *a, const struct pce_answer *b)
{
	for (uint32_t i = 0; i < a->n_segs; i++) {
		const struct pce_segment *x = &a->segs[i], *y = &b->segs[i];

		if (x->kind != y->kind || x->behavior != y->behavior || !ip_eq(&x->sid, &y->sid) ||
		    x->label != y->label || x->node != y->node || x->link != y->link)
			return false;
	}
	return a->n_segs == b->n_segs;
}

static bool expansions_same(const struct pce_expansion *a, const struct pce_expansion *b)
{
	return lists_same(a->links, a->n_links, b->links, b->n_links) && a->valid == b->valid &&
	       a->delay_us_max == b->delay_us_max && a->hops_max == b->hops_max &&
	       a->igp_max == b->igp_max && a->te_max == b->te_max && a->single == b->single &&
	       a->delay_us_min == b->delay_us_min && texts_same(a->why, b->why);
}

static bool removed_same(const struct pce_answer *a, const struct pce_answer *b)
{
	for (unsigned i = 0; i < PCE_C_COUNT; i++)
		if (a->removed[i].links != b->removed[i].links ||
		    a->removed[i].decisive != b->removed[i].decisive ||
		    a->removed[i].nearest != b->removed[i].nearest)
			return false;
	return true;
}

static bool advice_same(const struct pce_answer *a, const struct pce_answer *b)
{
	for (uint32_t i = 0; i < a->n_conflict && i < b->n_conflict; i++)
		if (a->conflict[i] != b->conflict[i])
			return false;
	for (uint32_t i = 0; i < a->n_relax && i < b->n_relax; i++)
		if (a->relax[i].of != b->relax[i].of || a->relax[i].needs != b->relax[i].needs ||
		    a->relax[i].drop != b->relax[i].drop)
			return false;
	for (uint32_t i = 0; i < a->n_slack && i < b->n_slack; i++)
		if (a->slack[i].of != b->slack[i].of || a->slack[i].slack != b->slack[i].slack ||
		    a->slack[i].binding != b->slack[i].binding ||
		    a->slack[i].cost_without != b->slack[i].cost_without)
			return false;
	return a->n_conflict == b->n_conflict && a->n_relax == b->n_relax &&
	       a->n_slack == b->n_slack && a->relax_together == b->relax_together;
}

static bool answers_same(const struct pce_answer *a, const struct pce_answer *b)
{
	return a->status == b->status && lists_same(a->path, a->n_path, b->path, b->n_path) &&
	       a->delay_us == b->delay_us && a->igp == b->igp && a->te == b->te &&
	       a->hops == b->hops && a->cost == b->cost && segs_same(a, b) &&
	       expansions_same(&a->expansion, &b->expansion) &&
	       a->bottleneck_bps == b->bottleneck_bps && removed_same(a, b) &&
	       advice_same(a, b) && texts_same(a->why, b->why);
}

struct shards {
	struct pce_trees *warm, *tiny;
	uint32_t found, none;
};

static void compare(const struct ted *t, struct shards *s, const struct pce_request *asked, int round)
{
	struct pce_answer cold, warm, tiny;
	struct pce_request q = *asked;
	struct arena arena;

	arena_init(&arena, 0);
	pce_compute(t, &q, &arena, &cold);
	q.trees = s->warm;
	pce_compute(t, &q, &arena, &warm);
	q.trees = s->tiny;
	pce_compute(t, &q, &arena, &tiny);
	ck_assert_msg(answers_same(&cold, &warm), "round %d: a warm shard: %s / %s", round, cold.why,
		      warm.why);
	ck_assert_msg(answers_same(&cold, &tiny), "round %d: a tiny shard: %s / %s", round, cold.why,
		      tiny.why);
	s->found += cold.status == PCE_OK;
	s->none += cold.status != PCE_OK;
	arena_fini(&arena);
}

static void ask(const struct ted *t, struct shards *s, int round)
{
	struct pce_request q;

	request_random(&q);
	compare(t, s, &q, round);
}

START_TEST(answers_are_the_same_whatever_is_kept)
{
	struct shards s = { 0 };

	for (int round = _i; round < NETS; round += 4) {
		const struct ted *t, *old;

		rng_seed(&rng, (uint64_t)round + 1);
		net_random();
		t = net_build(&net);
		ck_assert_int_eq(pce_trees_new(&s.warm, SIZE_MAX), 0);
		ck_assert_int_eq(pce_trees_new(&s.tiny, 0), 0);
		for (int g = 0; g < GENERATIONS; g++) {
			for (int k = 0; k < REQUESTS && below(6); k++)
				ask(t, &s, round);
			change();
			old = t;
			t = next(old);
			ted_unref(old);
		}
		ted_unref(t);
		s.warm = pce_trees_free(s.warm);
		s.tiny = pce_trees_free(s.tiny);
	}
	ck_assert_uint_gt(s.found, 100);
	ck_assert_uint_gt(s.none, 20);
}
END_TEST

/* Links only go, and the same is asked again: what is kept lags behind as long as it may. */
START_TEST(answers_are_the_same_while_links_go)
{
	struct shards s = { 0 };

	for (int round = _i; round < LOSING_NETS; round += 4) {
		struct net_cfg cfg = { .complete = true, .metric_max = 1, .delay_max = 99 };
		struct pce_request q[6];
		const struct ted *t, *old;

		rng_seed(&rng, (uint64_t)round + 1);
		cfg.routers = 5 + below(4);
		cfg.pairs = 7 + below(5);
		net_make(&net, &rng, &cfg);
		for (size_t k = 0; k < ARRAY_LEN(q); k++) {
			request_random(&q[k]);
			q[k] = (struct pce_request){
				.src = q[k].src, .dst = q[k].dst, .usid = true, .strict = k % 2,
				.minimise = PCE_DELAY, .delay_us_max = PCE_NO_BOUND,
				.hops_max = PCE_NO_BOUND, .igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND,
			};
		}
		t = net_build(&net);
		ck_assert_int_eq(pce_trees_new(&s.warm, SIZE_MAX), 0);
		ck_assert_int_eq(pce_trees_new(&s.tiny, 0), 0);
		for (int g = 0; g < 5; g++) {
			for (size_t k = 0; k < ARRAY_LEN(q); k++)
				compare(t, &s, &q[k], round);
			net.link[below(net.n_links)].alive = false;
			old = t;
			t = next(old);
			ted_unref(old);
		}
		ted_unref(t);
		s.warm = pce_trees_free(s.warm);
		s.tiny = pce_trees_free(s.tiny);
	}
	ck_assert_uint_gt(s.found, 1000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("shard");
	TCase *tc = tcase_create("shard");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, answers_are_the_same_whatever_is_kept, 0, 4);
	tcase_add_loop_test(tc, answers_are_the_same_while_links_go, 0, 4);
	suite_add_tcase(s, tc);
	return check_main(s);
}
