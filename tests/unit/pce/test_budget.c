/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions that are hard on purpose end, and say that they were given up: no one who asks for a
 * path keeps a thread for long, whatever is asked. Ways through a grid of a few hundred routers
 * that have to be just so slow, or to keep three bounds that contradict each other, are more
 * than can be looked at.
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "pce/kshortest.h"

enum {
	SIDE = 30,
	NODES = SIDE * SIDE,
	LINKS = 4 * SIDE * (SIDE - 1),
	SECONDS = 25, /* of processor time, with sanitizers too; a tenth of it is usual */
};

static struct ted_node nodes[NODES];
static struct ted_link links[LINKS];
static uint32_t n_links;

static void wire(uint32_t a, uint32_t b, struct rng *r)
{
	uint32_t igp = 10 + (uint32_t)rng_below(r, 90), te = 10 + (uint32_t)rng_below(r, 90);
	uint32_t delay = 100 + (uint32_t)rng_below(r, 900);

	for (unsigned k = 0; k < 2; k++) {
		links[n_links] = (struct ted_link){ .alive = true, .from = k ? b : a, .to = k ? a : b,
						    .reverse = n_links ^ 1, .has_igp = true,
						    .igp_metric = igp, .has_te = true,
						    .te_metric = te, .has_delay = true,
						    .delay_us = delay, .local_id = n_links + 1,
						    .remote_id = (n_links ^ 1) + 1 };
		n_links++;
	}
}

static const struct ted *grid(uint64_t seed)
{
	const struct ted *t = NULL;
	struct ted_input in;
	struct rng r;

	rng_seed(&r, seed);
	n_links = 0;
	memset(nodes, 0, sizeof(nodes));
	for (uint32_t i = 0; i < NODES; i++) {
		nodes[i].alive = true;
		(void)snprintf(nodes[i].id, sizeof(nodes[i].id), "n%u", i);
	}
	for (uint32_t y = 0; y < SIDE; y++)
		for (uint32_t x = 0; x < SIDE; x++) {
			if (x + 1 < SIDE)
				wire(y * SIDE + x, y * SIDE + x + 1, &r);
			if (y + 1 < SIDE)
				wire(y * SIDE + x, (y + 1) * SIDE + x, &r);
		}
	in = (struct ted_input){ .nodes = nodes, .links = links, .n_nodes = NODES,
				 .n_links = n_links };
	ck_assert_int_eq(ted_build(&in, &t), 0);
	return t;
}

static struct pce_request corner_to_corner(void)
{
	return (struct pce_request){ .src = 0, .dst = NODES - 1, .delay_us_max = PCE_NO_BOUND,
				     .hops_max = PCE_NO_BOUND, .igp_max = PCE_NO_BOUND,
				     .te_max = PCE_NO_BOUND, .explain = true };
}

/* Ends in time; a path that it gives keeps what was asked. */
static void ask(const struct ted *t, const struct pce_request *q, struct pce_answer *a,
		struct arena *arena)
{
	clock_t from = clock();
	double took;

	pce_path(t, q, arena, a);
	took = (double)(clock() - from) / CLOCKS_PER_SEC;
	ck_assert_msg(took < SECONDS, "it took %.1f s: %s", took, a->why);
	ck_assert_msg(a->status == PCE_OK || a->status == PCE_NO_BUDGET ||
			      a->status == PCE_NO_CONSTRAINED,
		      "%s", a->why);
	if (a->status != PCE_OK)
		return;
	ck_assert_uint_le(a->cost_least, a->cost);
	ck_assert_uint_le(a->delay_us, q->delay_us_max);
	ck_assert_uint_ge(a->delay_us, q->delay_us_min);
	ck_assert_uint_le(a->te, q->te_max);
	ck_assert_uint_le(a->igp, q->igp_max);
}

START_TEST(a_way_that_has_to_be_just_so_slow)
{
	const struct ted *t = grid((uint64_t)_i + 1);
	struct pce_request q = corner_to_corner();
	struct pce_answer a;
	struct arena arena;
	uint32_t least;

	arena_init(&arena, 0);
	q.minimise = PCE_DELAY;
	pce_path(t, &q, &arena, &a);
	ck_assert_int_eq(a.status, PCE_OK);
	least = a.delay_us;
	q.minimise = PCE_MIX;
	q.mix[PCE_IGP] = 3;
	q.mix[PCE_TE] = 7;
	q.mix[PCE_DELAY] = 1;
	q.delay_us_max = least * 2 + 3;
	q.delay_us_min = q.delay_us_max - 3;
	q.hops_max = 120;
	ask(t, &q, &a, &arena);
	arena_fini(&arena);
	ted_unref(t);
}
END_TEST

/* Path by path the search comes to its end before it has them all: that there may be others is told. */
START_TEST(alternatives_that_are_too_far_apart)
{
	/* how much slower than the fastest; how many there are in time */
	static const struct {
		uint64_t seed;
		uint32_t eighths, least, most;
	} row[] = { { 22, 0, PCE_KSHORTEST_MAX, PCE_KSHORTEST_MAX }, { 34, 6, 1, PCE_KSHORTEST_MAX - 1 } };
	const struct ted *t = grid(row[_i].seed);
	struct pce_request q = corner_to_corner();
	struct pce_kshortest_answer k;
	struct pce_answer a;
	struct arena arena;

	arena_init(&arena, 0);
	q.minimise = PCE_DELAY;
	pce_path(t, &q, &arena, &a);
	ck_assert_int_eq(a.status, PCE_OK);
	q.minimise = PCE_IGP;
	q.delay_us_min = a.delay_us + a.delay_us * row[_i].eighths / 8;
	pce_kshortest_paths(t, &q, PCE_KSHORTEST_MAX, &arena, &k);
	ck_assert_int_eq(k.status, PCE_OK);
	ck_assert(k.n >= row[_i].least && k.n <= row[_i].most && !k.all);
	ck_assert_int_eq(k.gave_up, k.n < PCE_KSHORTEST_MAX);
	ck_assert_int_eq(strstr(k.why, "there may be others") != NULL, k.gave_up);
	for (uint32_t i = 0; i < k.n; i++)
		ck_assert_uint_ge(k.path[i].delay_us, q.delay_us_min);
	arena_fini(&arena);
	ted_unref(t);
}
END_TEST

START_TEST(bounds_that_can_just_not_be_kept_together)
{
	const struct ted *t = grid((uint64_t)_i + 11);
	static const enum pce_metric of[3] = { PCE_IGP, PCE_TE, PCE_DELAY };
	struct pce_request q = corner_to_corner();
	uint32_t least[3];
	struct pce_answer a;
	struct arena arena;

	arena_init(&arena, 0);
	for (unsigned i = 0; i < 3; i++) {
		q.minimise = of[i];
		pce_path(t, &q, &arena, &a);
		ck_assert_int_eq(a.status, PCE_OK);
		least[i] = (uint32_t)a.cost;
	}
	q.minimise = PCE_HOPS;
	q.igp_max = least[0] * 5 / 4;
	q.te_max = least[1] * 5 / 4;
	q.delay_us_max = least[2] * 5 / 4;
	ask(t, &q, &a, &arena);
	arena_fini(&arena);
	ted_unref(t);
}
END_TEST

/* Every router has a SID but the last, which only one link leads to that has, and that one is full:
 * wherever lists are begun, none ends. */
START_TEST(a_sid_that_is_missing_at_the_end_of_every_way)
{
	static struct ted_sid sids[NODES], last;
	static struct ted_locator locators[NODES];
	struct pce_request q = corner_to_corner();
	struct ted_input in = { .nodes = nodes, .links = links, .n_nodes = NODES };
	const struct ted *t = grid(21);
	uint32_t into = TED_NONE;
	struct pce_answer a;
	struct arena arena;
	clock_t from;
	double took;

	ted_unref(t);
	for (uint32_t i = 0; i < NODES; i++) {
		struct ip_addr at = { .family = IP_V6, .b = { 0x20, 0x01, 0x0d, 0xb8, (uint8_t)(i >> 8), (uint8_t)i } };

		locators[i] = (struct ted_locator){ .prefix = { .addr = at, .len = 64 } };
		at.b[15] = 1;
		sids[i] = (struct ted_sid){ .sid = at, .behavior = 1 };
		nodes[i].locators = &locators[i];
		nodes[i].n_locators = 1;
		nodes[i].sids = &sids[i];
		nodes[i].n_sids = i + 1 < NODES;
	}
	for (uint32_t l = 0; l < n_links; l++) {
		links[l].capacity_bps = 1000;
		if (links[l].to == NODES - 1)
			into = l;
	}
	last = sids[links[into].from];
	last.behavior = 5;
	last.sid.b[15] = 2;
	links[into].sids = &last;
	links[into].n_sids = 1;
	links[into].capacity_bps = 1;
	in.n_links = n_links;
	ck_assert_int_eq(ted_build(&in, &t), 0);
	arena_init(&arena, 0);
	q.bandwidth_bps = 10;
	q.minimise = PCE_DELAY;
	pce_path(t, &q, &arena, &a);
	ck_assert_int_eq(a.status, PCE_OK);
	q.minimise = PCE_IGP;
	q.delay_us_max = a.delay_us * 5 / 4;
	q.strict = q.brief = _i == 1; /* without reasons, as a sweep asks */
	q.labels_max = _i == 2 ? 1 << 16 : 0; /* as in a wave of repairs */
	from = clock();
	pce_compute(t, &q, &arena, &a);
	took = (double)(clock() - from) / CLOCKS_PER_SEC;
	ck_assert_msg(took < SECONDS, "it took %.1f s: %s", took, a.why);
	ck_assert_int_eq(a.status, PCE_NO_SID);
	ck_assert_ptr_nonnull(strstr(a.why, "n899"));
	arena_fini(&arena);
	links[into].n_sids = 0;
	ted_unref(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("budget");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, a_way_that_has_to_be_just_so_slow, 0, 2);
	tcase_add_loop_test(t, bounds_that_can_just_not_be_kept_together, 0, 2);
	tcase_add_loop_test(t, alternatives_that_are_too_far_apart, 0, 2);
	tcase_add_loop_test(t, a_sid_that_is_missing_at_the_end_of_every_way, 0, 3);
	suite_add_tcase(s, t);
	return check_main(s);
}
