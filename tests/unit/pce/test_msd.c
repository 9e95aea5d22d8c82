/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path whose list no headend could impose, or for which a SID is missing: the cheapest that has a list,
 * and where there is none what conflicts and what would help, against every simple path, each judged by
 * itself whether it has a list that fits.
 */
#include "check_main.h"

#include <string.h>

#include "ways.h"

enum { ROUNDS = 10000 / CHECK_SHARE };

struct game {
	struct net net;
	struct ways_nums nums;
	struct ways all;
	struct pce_request q;
	struct pce_trees *trees;
	const struct ted *ted;
};

static struct game *game(void)
{
	static struct game g; /* too large for a stack */

	return &g;
}

static void deal(struct game *g, struct rng *r)
{
	struct pce_request *q = &g->q;

	ways_net(&g->net, r, &g->nums);
	*q = ways_request(&g->net, r);
	ways_terms(q, &g->net, r, &g->nums);
	q->msd = (uint8_t)(1 + rng_below(r, 2));
	q->usid = rng_below(r, 4) == 0;
	q->dataplane = rng_below(r, 6) ? PCE_SRV6 : PCE_MPLS;
	q->protection = rng_below(r, 4) ? PCE_UNPROTECTED_PREFERRED : PCE_UNPROTECTED_ONLY;
	q->strict = rng_below(r, 2);
	q->reserved = rng_below(r, 4) == 0;
	q->msd = (uint8_t)(q->msd + q->reserved);
	if (rng_below(r, 6) == 0 && q->delay_us_max > 12)
		q->delay_us_min = (uint32_t)rng_below(r, 12);
	for (uint32_t i = 0; i < g->net.n_routers; i++)
		g->net.node[i].msd_max_sl = rng_below(r, 6) ? 0 : 1;
	g->ted = net_build(&g->net);
	ck_assert_int_eq(pce_trees_new(&g->trees, SIZE_MAX), 0);
}

static void done(struct game *g)
{
	g->trees = pce_trees_free(g->trees);
	ted_unref(g->ted);
}

/* Is there a path; with lists, one that has a list. */
static bool there(struct game *g, const struct pce_request *asked, bool lists)
{
	struct pce_request q = *asked;
	bool found = false;

	q.trees = g->trees;
	ways_all(&g->net, asked, &g->all);
	for (uint32_t i = 0; lists && i < g->all.n && !found; i++) {
		struct pce_answer a;
		struct arena arena;

		arena_init(&arena, 0);
		pce_encode(g->ted, &q, g->all.at[i].link, g->all.at[i].n, &arena, &a);
		found = a.status == PCE_OK;
		arena_fini(&arena);
	}
	return lists ? found : g->all.n > 0;
}

/* ---- constraints, as the test knows them ---- */

static const enum pce_constraint all_of_them[] = {
	PCE_C_AFFINITY, PCE_C_BANDWIDTH, PCE_C_EXCLUDE, PCE_C_DELAY, PCE_C_HOPS,
	PCE_C_IGP,	PCE_C_TE,	 PCE_C_MSD,	PCE_C_SRLG,  PCE_C_DELAY_MIN,
};

enum { N_ALL = sizeof(all_of_them) / sizeof(all_of_them[0]) };

static void set(struct pce_request *q, enum pce_constraint c, uint64_t v)
{
	if (c == PCE_C_DELAY)
		q->delay_us_max = (uint32_t)v;
	else if (c == PCE_C_HOPS)
		q->hops_max = (uint32_t)v;
	else if (c == PCE_C_IGP)
		q->igp_max = (uint32_t)v;
	else if (c == PCE_C_TE)
		q->te_max = (uint32_t)v;
	else if (c == PCE_C_BANDWIDTH)
		q->bandwidth_bps = v;
	else if (c == PCE_C_DELAY_MIN)
		q->delay_us_min = (uint32_t)v;
	else if (c == PCE_C_MSD)
		q->msd = (uint8_t)v;
}

/* What is minimised has to be known, which goes with its bound. */
static void drop(struct pce_request *q, bool *lists, enum pce_constraint c)
{
	static const enum pce_constraint of[NET_METRICS] = {
		[PCE_IGP] = PCE_C_IGP, [PCE_TE] = PCE_C_TE, [PCE_DELAY] = PCE_C_DELAY,
		[PCE_HOPS] = PCE_C_HOPS,
	};

	if (c == PCE_C_AFFINITY)
		q->affinity.exclude_any[0] = 0;
	else if (c == PCE_C_EXCLUDE)
		q->n_exclude_nodes = q->n_exclude_links = 0;
	else if (c == PCE_C_SRLG)
		q->n_exclude_srlgs = 0;
	else if (c == PCE_C_MSD)
		*lists = false;
	else
		set(q, c, c == PCE_C_BANDWIDTH || c == PCE_C_DELAY_MIN ? 0 : PCE_NO_BOUND);
	if (of[q->minimise] == c)
		q->minimise = PCE_HOPS;
}

/* Without those of the bits. */
static bool there_without(struct game *g, uint32_t bits)
{
	struct pce_request q = g->q;
	bool lists = true;

	for (unsigned i = 0; i < N_ALL; i++)
		if (bits >> all_of_them[i] & 1)
			drop(&q, &lists, all_of_them[i]);
	return there(g, &q, lists);
}

static uint32_t bits_of(const struct pce_answer *a)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < a->n_conflict; i++)
		bits |= 1U << a->conflict[i];
	return bits;
}

static void conflict_is_minimal(struct game *g, const struct pce_answer *a, unsigned round)
{
	uint32_t all = 0, conflict = bits_of(a);

	for (unsigned i = 0; i < N_ALL; i++)
		all |= 1U << all_of_them[i];
	ck_assert_msg(conflict >> PCE_C_MSD & 1, "round %u: MSD is not of the conflict: %s", round, a->why);
	ck_assert_uint_eq(conflict & ~all, 0);
	ck_assert_msg(!there_without(g, all & ~conflict), "round %u: more conflicts than %s", round,
		      a->why);
	for (uint32_t i = 0; i < a->n_conflict; i++)
		ck_assert_msg(there_without(g, (all & ~conflict) | 1U << a->conflict[i]),
			      "round %u: %s need not be of %s", round,
			      pce_constraint_text(a->conflict[i]), a->why);
}

/* ---- changes ---- */

/* With that change; less: a step less far than told. */
static bool there_changed(struct game *g, const struct pce_relax *x, unsigned less)
{
	bool at_most = x->of == PCE_C_BANDWIDTH || x->of == PCE_C_DELAY_MIN;
	struct pce_request q = g->q;
	bool lists = true;

	if (x->drop)
		drop(&q, &lists, x->of);
	else
		set(&q, x->of, at_most ? x->needs + less : x->needs - less);
	return there(g, &q, lists);
}

/* The engine comes to the same when it is asked so. */
static void is_computed(struct game *g, const struct pce_relax *x, unsigned round)
{
	struct pce_request q = g->q;
	struct pce_answer b;
	struct arena arena;

	set(&q, x->of, x->needs);
	arena_init(&arena, 0);
	pce_compute(g->ted, &q, &arena, &b);
	ck_assert_msg(b.status == PCE_OK, "round %u: %s", round, b.why);
	arena_fini(&arena);
}

/* What has to go: under no value of it is there a path. */
static void no_value_helps(struct game *g, const struct pce_answer *a, enum pce_constraint c,
			   unsigned round)
{
	struct pce_request q = g->q;

	if (c == PCE_C_AFFINITY || c == PCE_C_EXCLUDE || c == PCE_C_SRLG)
		return;
	set(&q, c,
	    c == PCE_C_MSD					? PCE_SEGS_MAX :
	    c == PCE_C_BANDWIDTH || c == PCE_C_DELAY_MIN ? 1 :
							       PCE_NO_BOUND - 1);
	ck_assert_msg(!there(g, &q, true), "round %u: %s has a value: %s", round,
		      pce_constraint_text(c), a->why);
}

struct told {
	unsigned msd, other, several, dropped, limited;
};

static void each_helps(struct game *g, const struct pce_answer *a, unsigned round, struct told *n)
{
	uint32_t helps = 0;

	for (uint32_t i = 0; i < a->n_relax; i++) {
		const struct pce_relax *x = &a->relax[i];

		helps |= 1U << x->of;
		ck_assert_msg(there_changed(g, x, 0), "round %u: %s does not help: %s", round,
			      pce_constraint_text(x->of), a->why);
		ck_assert(a->removed[x->of].decisive);
		n->dropped += x->drop;
		if (x->drop)
			no_value_helps(g, a, x->of, round);
		if (x->drop)
			continue;
		ck_assert_msg(!there_changed(g, x, 1), "round %u: %s is not the nearest: %s", round,
			      pce_constraint_text(x->of), a->why);
		ck_assert_uint_eq(a->removed[x->of].nearest, x->needs);
		is_computed(g, x, round);
		n->msd += x->of == PCE_C_MSD;
		n->other += x->of != PCE_C_MSD;
	}
	for (unsigned i = 0; i < N_ALL; i++)
		ck_assert_msg(there_without(g, 1U << all_of_them[i]) == (helps >> all_of_them[i] & 1),
			      "round %u: does %s help? %s", round, pce_constraint_text(all_of_them[i]),
			      a->why);
}

static void nothing_is_told(const struct pce_answer *a)
{
	ck_assert(a->n_conflict == 0 && a->n_relax == 0 && !a->reasons_gave_up);
}

START_TEST(what_conflicts_with_the_limit_and_what_helps)
{
	struct game *g = game();
	unsigned none = 0;
	struct told n = { 0 };
	struct rng r;

	rng_seed(&r, 91);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct pce_answer a;
		struct arena arena;

		deal(g, &r);
		arena_init(&arena, 0);
		pce_compute(g->ted, &g->q, &arena, &a);
		if (a.status == PCE_OK)
			nothing_is_told(&a);
		if (a.status == PCE_NO_MSD) {
			none++;
			ck_assert_msg(!there(g, &g->q, true), "round %u: there is one: %s", i, a.why);
			ck_assert_msg(!a.reasons_gave_up, "round %u: %s", i, a.why);
			conflict_is_minimal(g, &a, i);
			n.several += a.n_conflict > 1;
			n.limited += strstr(a.why, "routers on the way") != NULL;
			ck_assert(!a.relax_together && a.n_relax > 0); /* MSD alone is the last */
			each_helps(g, &a, i, &n);
			ck_assert(strstr(a.why, "; needs ") != NULL);
		}
		arena_fini(&arena);
		done(g);
	}
	ck_assert_uint_gt(none, ROUNDS / 50);
	ck_assert_uint_gt(n.msd, ROUNDS / 60);
	ck_assert_uint_gt(n.other, ROUNDS / 200);
	ck_assert_uint_gt(n.several, ROUNDS / 100);
	ck_assert_msg(n.dropped > 0 && n.limited > 0, "%u %u", n.dropped, n.limited);
}
END_TEST

START_TEST(who_wants_no_reasons_gets_none)
{
	struct game *g = game();
	unsigned none = 0;
	struct rng r;

	rng_seed(&r, 92);
	for (unsigned i = 0; i < ROUNDS / 20; i++) {
		struct pce_answer a;
		struct arena arena;

		deal(g, &r);
		g->q.brief = true;
		arena_init(&arena, 0);
		pce_compute(g->ted, &g->q, &arena, &a);
		nothing_is_told(&a);
		none += a.status == PCE_NO_MSD;
		arena_fini(&arena);
		done(g);
	}
	ck_assert_uint_gt(none, 0);
}
END_TEST

/* Whatever is told then helps, and that it may be too much is said. */
START_TEST(a_search_for_reasons_that_gives_up_says_so)
{
	struct game *g = game();
	unsigned gave_up = 0, proven = 0, helps = 0;
	struct rng r;

	rng_seed(&r, 93);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct pce_answer a;
		struct arena arena;

		deal(g, &r);
		g->q.labels_max = 8 + (uint32_t)rng_below(&r, 32);
		arena_init(&arena, 0);
		pce_compute(g->ted, &g->q, &arena, &a);
		if (a.status == PCE_NO_MSD && !a.reasons_gave_up) {
			proven++;
			conflict_is_minimal(g, &a, i);
		}
		if (a.status == PCE_NO_MSD && a.reasons_gave_up)
			gave_up++;
		ck_assert_int_eq(a.reasons_gave_up, strstr(a.why, "gave up: there may be fewer") != NULL);
		for (uint32_t k = 0; a.status == PCE_NO_MSD && k < a.n_relax; k++) {
			helps++;
			ck_assert_msg(there_changed(g, &a.relax[k], 0), "round %u: %s", i, a.why);
		}
		arena_fini(&arena);
		done(g);
	}
	ck_assert_msg(gave_up > 5 && proven > 5 && helps > 5, "%u %u %u", gave_up, proven, helps);
}
END_TEST

/* As many changes as fit, whole ones, and that there are others. */
START_TEST(words_of_what_helps_have_their_room)
{
	static const struct pce_relax x[] = {
		{ .of = PCE_C_DELAY, .needs = 14200 },
		{ .of = PCE_C_BANDWIDTH, .needs = 6000000000 },
		{ .of = PCE_C_EXCLUDE, .drop = true },
		{ .of = PCE_C_MSD, .drop = true },
	};
	static const struct {
		uint32_t n;
		bool together;
		size_t most;
		const char *is;
	} row[] = {
		{ 0, false, 99, "" },
		{ 1, false, 24, "delay bound >= 14.200 ms" },
		{ 2, true, 99, "delay bound >= 14.200 ms and bandwidth <= 6.000 Gb/s" },
		{ 4, false, 199,
		  "delay bound >= 14.200 ms or bandwidth <= 6.000 Gb/s or no exclude constraint or no limit on lists" },
		{ 4, false, 80, "delay bound >= 14.200 ms or bandwidth <= 6.000 Gb/s or others" },
		{ 4, true, 40, "delay bound >= 14.200 ms and others" },
	};
	struct arena arena;

	arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const char *s = pce_relax_text(x, row[i].n, row[i].together, row[i].most, &arena);

		ck_assert_str_eq(s, row[i].is);
		ck_assert_uint_le(strlen(s), row[i].most);
	}
	arena_fini(&arena);
}
END_TEST

/* ---- SIDs that are missing ---- */

static void deal_gaps(struct game *g, struct rng *r)
{
	uint64_t of = 2 + rng_below(r, 5);

	deal(g, r);
	ted_unref(g->ted);
	g->q.msd = rng_below(r, 4) ? 9 : 2;
	for (uint32_t i = 0; i < g->net.n_routers; i++) {
		g->net.node[i].msd_max_sl = 0;
		if (rng_below(r, of) == 0)
			g->net.node[i].n_sids = g->net.node[i].n_node_sids = 0;
	}
	for (uint32_t l = 0; l < g->net.n_links; l++)
		if (rng_below(r, of) == 0)
			g->net.link[l].n_sids = g->net.link[l].n_adj_sids = 0;
	g->ted = net_build(&g->net);
}

/* The least cost of those that have a list; UINT64_MAX: none has. any: with a list or not. */
static uint64_t cheapest(struct game *g, uint64_t *any)
{
	uint64_t best = UINT64_MAX;

	*any = UINT64_MAX;
	ways_all(&g->net, &g->q, &g->all);
	for (uint32_t i = 0; i < g->all.n; i++) {
		const struct way *x = &g->all.at[i];
		struct pce_request q = g->q;
		struct pce_answer a;
		struct arena arena;

		*any = x->cost < *any ? x->cost : *any;
		if (x->cost >= best)
			continue;
		q.trees = g->trees;
		arena_init(&arena, 0);
		pce_encode(g->ted, &q, x->link, x->n, &arena, &a);
		best = a.status == PCE_OK ? x->cost : best;
		arena_fini(&arena);
	}
	return best;
}

/* The words name a router or a link of the network. */
static bool names_one(const struct game *g, const char *why)
{
	for (uint32_t i = 0; i < g->net.n_routers; i++)
		if (strstr(why, ted_node_label(g->ted, i)))
			return true;
	return false;
}

struct gaps {
	unsigned there, dearer, none, no_end, helped, gave_up;
};

static void gap_is_told(struct game *g, const struct pce_answer *a, unsigned round, struct gaps *n)
{
	struct told t = { 0 };

	ck_assert_msg(names_one(g, a->why), "round %u: %s", round, a->why);
	n->none++;
	if (a->n_conflict == 0) { /* no SID leads to the target: nothing helps */
		n->no_end++;
		nothing_is_told(a);
		ck_assert_msg(!there_without(g, ~(1U << PCE_C_MSD)), "round %u: %s", round, a->why);
		return;
	}
	n->gave_up += a->reasons_gave_up;
	if (a->reasons_gave_up) /* more paths than are tried one by one */
		return;
	conflict_is_minimal(g, a, round);
	ck_assert(!a->relax_together && a->n_relax > 0); /* the missing SIDs are one */
	each_helps(g, a, round, &t);
	n->helped += t.other > 0;
}

START_TEST(a_sid_that_is_missing_is_gone_round)
{
	struct game *g = game();
	struct gaps n = { 0 };
	struct rng r;

	rng_seed(&r, (uint64_t)_i + 94);
	for (unsigned i = 0; i < ROUNDS / 2; i++) {
		uint64_t best, any;
		struct pce_answer a;
		struct arena arena;

		deal_gaps(g, &r);
		best = cheapest(g, &any);
		arena_init(&arena, 0);
		pce_compute(g->ted, &g->q, &arena, &a);
		if (best != UINT64_MAX) {
			ck_assert_msg(a.status == PCE_OK, "round %u: missed %llu: %s", i,
				      (unsigned long long)best, a.why);
			ck_assert_msg(a.cost == best && a.cost_least == best,
				      "round %u: %llu, the least is %llu", i, (unsigned long long)a.cost,
				      (unsigned long long)best);
			ck_assert_ptr_nonnull(ways_own(&g->net, &g->q, &a, &g->all));
			n.there++;
			n.dearer += best > any;
		} else {
			ck_assert_msg(a.status != PCE_OK, "round %u: there is none", i);
			ck_assert_int_eq(a.status == PCE_NO_SID || a.status == PCE_NO_MSD,
					 any != UINT64_MAX);
		}
		if (a.status == PCE_NO_SID)
			gap_is_told(g, &a, i, &n);
		arena_fini(&arena);
		done(g);
	}
	ck_assert_msg(n.there > ROUNDS / 20 && n.dearer > ROUNDS / 200 && n.none > ROUNDS / 40 &&
			      n.no_end > ROUNDS / 200 && n.helped > ROUNDS / 400 &&
			      n.gave_up < n.none / 20,
		      "%u %u %u %u %u %u", n.there, n.dearer, n.none, n.no_end, n.helped, n.gave_up);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("msd");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, what_conflicts_with_the_limit_and_what_helps);
	tcase_add_test(t, who_wants_no_reasons_gets_none);
	tcase_add_test(t, a_search_for_reasons_that_gives_up_says_so);
	tcase_add_test(t, words_of_what_helps_have_their_room);
	tcase_add_loop_test(t, a_sid_that_is_missing_is_gone_round, 0, 2);
	suite_add_tcase(s, t);
	return check_main(s);
}
