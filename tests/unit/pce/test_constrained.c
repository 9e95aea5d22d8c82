/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every constraint there is, in any mixture, against enumeration of all simple paths: the answer
 * is the best path, none means none, a conflict is minimal, a relaxation is the nearest.
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "pce/kshortest.h"
#include "want.h"

enum { ROUNDS = 4000 / CHECK_SHARE };

static struct want_net w;
static struct rng rng;

static uint32_t pick(uint32_t n)
{
	return (uint32_t)rng_below(&rng, n);
}

static struct want_lists lists;

static void net_random(void)
{
	want_net_random(&w, &rng);
}

static void request_random(struct pce_request *q)
{
	want_request(&w, &rng, &lists, q);
}

/* ---- the answer ---- */

static void tell(const struct pce_request *q, char *at, size_t cap)
{
	(void)snprintf(at, cap,
		       "%u>%u min %d of %d delay %u..%u hops %u igp %u te %u var %d %u loss %d %u bw %llu "
		       "algo %u include %u srlgs %u asns %u nodes %u links %u",
		       q->src, q->dst, (int)q->minimise, (int)q->objective, q->delay_us_min,
		       q->delay_us_max, q->hops_max, q->igp_max, q->te_max, q->bound_variation,
		       q->variation_us_max, q->bound_loss, q->loss_ppm_max,
		       (unsigned long long)q->bandwidth_bps, q->algo, q->n_include,
		       q->n_exclude_srlgs, q->n_exclude_asns, q->n_exclude_nodes, q->n_exclude_links);
}

static const char *where(const struct pce_request *q, int round)
{
	static char text[512];
	int n = snprintf(text, sizeof(text), "round %d: ", round);

	tell(q, text + n, sizeof(text) - (size_t)n);
	return text;
}

/* Domains and groups among what was passed. */
static int passed_sets(const struct pce_request *q)
{
	int n = 0;

	for (uint32_t i = 0; i < q->n_include; i++)
		n += q->include[i].kind != PCE_PASS_HOP;
	return n;
}

static void answer_is_best(const struct pce_request *q, const struct pce_answer *a,
			   const struct want *best, int round)
{
	struct want is;

	ck_assert_msg(best->found, "%s: there is none", where(q, round));
	ck_assert_msg(a->n_path <= NET_PATH && want_judge(&w, q, a->path, a->n_path, &is),
		      "%s: it breaks what was asked", where(q, round));
	ck_assert_msg(is.load == best->load, "%s: load", where(q, round));
	ck_assert_msg(is.cost == best->cost && a->cost == best->cost && a->cost_least == a->cost,
		      "%s: costs %llu, the best %llu", where(q, round),
		      (unsigned long long)is.cost, (unsigned long long)best->cost);
	ck_assert_msg(is.igp == best->igp && is.hops == best->hops, "%s: tie", where(q, round));
	if (q->objective == PCE_MLP)
		ck_assert_uint_eq(a->load_ppb, best->load);
}

/* ---- the explanation ---- */

static bool minimised(const struct pce_request *q, enum pce_constraint c)
{
	static const enum pce_constraint of[] = { PCE_C_IGP, PCE_C_TE, PCE_C_DELAY, PCE_C_HOPS,
						  PCE_C_VARIATION, PCE_C_LOSS };

	for (unsigned m = 0; m < PCE_METRICS && !q->algo; m++)
		if (of[m] == c && (q->minimise == PCE_MIX ? q->mix[m] : m == (unsigned)q->minimise))
			return true;
	return false;
}

/* What was to be minimised and is not left out must still be known. */
static void must_know(const struct pce_request *q, struct pce_request *r, uint32_t set)
{
	if (minimised(q, PCE_C_IGP) && (set >> PCE_C_IGP & 1) && r->igp_max == PCE_NO_BOUND)
		r->igp_max--;
	if (minimised(q, PCE_C_TE) && (set >> PCE_C_TE & 1) && r->te_max == PCE_NO_BOUND)
		r->te_max--;
	if (minimised(q, PCE_C_DELAY) && (set >> PCE_C_DELAY & 1) && r->delay_us_max == PCE_NO_BOUND)
		r->delay_us_max--;
	if (minimised(q, PCE_C_VARIATION) && (set >> PCE_C_VARIATION & 1) && !r->bound_variation) {
		r->bound_variation = true;
		r->variation_us_max = PCE_NO_BOUND - 1;
	}
	if (minimised(q, PCE_C_LOSS) && (set >> PCE_C_LOSS & 1) && !r->bound_loss) {
		r->bound_loss = true;
		r->loss_ppm_max = 999999;
	}
}

/* The request with only those constraints that are in the set, or all that are not. */
static bool found_with(const struct pce_request *q, uint32_t set)
{
	struct pce_request r = *q;

	for (unsigned c = 0; c < PCE_C_COUNT; c++) {
		if (set >> c & 1)
			continue;
		if (minimised(q, (enum pce_constraint)c))
			r.minimise = PCE_HOPS;
		(void)want_drop(&r, (enum pce_constraint)c);
	}
	r.objective = PCE_MCP;
	if (q->algo && !r.algo)
		r.minimise = PCE_HOPS;
	if (r.minimise == PCE_HOPS)
		must_know(q, &r, set);
	return want_best(&w, &r, set >> PCE_C_OVERLOAD & 1).found;
}

static uint32_t set_of(const struct pce_answer *a)
{
	uint32_t set = 0;

	for (uint32_t i = 0; i < a->n_conflict; i++)
		set |= 1U << a->conflict[i];
	return set;
}

static void conflict_is_minimal(const struct pce_request *q, const struct pce_answer *a, int round)
{
	uint32_t set = set_of(a);

	ck_assert_msg(a->n_conflict > 0, "%s: no conflict told", where(q, round));
	ck_assert_msg(!found_with(q, set), "%s: no conflict (%s)", where(q, round), a->why);
	for (uint32_t i = 0; i < a->n_conflict; i++)
		ck_assert_msg(found_with(q, set & ~(1U << a->conflict[i])), "%s: %s is too much (%s)",
			      where(q, round), pce_constraint_text(a->conflict[i]), a->why);
}

static void bound_to(struct pce_request *r, enum pce_constraint c, uint64_t v)
{
	uint32_t *const at[PCE_C_COUNT] = {
		[PCE_C_IGP] = &r->igp_max,	       [PCE_C_TE] = &r->te_max,
		[PCE_C_DELAY] = &r->delay_us_max,      [PCE_C_HOPS] = &r->hops_max,
		[PCE_C_VARIATION] = &r->variation_us_max, [PCE_C_LOSS] = &r->loss_ppm_max,
		[PCE_C_DELAY_MIN] = &r->delay_us_min,
	};

	if (c == PCE_C_BANDWIDTH)
		r->bandwidth_bps = v;
	else
		*at[c] = (uint32_t)v;
}

static void relaxations_help(const struct pce_request *q, const struct pce_answer *a, int round)
{
	struct pce_request all = *q;
	uint32_t out = 0;

	ck_assert_msg(a->n_relax > 0, "%s: nothing helps (%s)", where(q, round), a->why);
	for (uint32_t i = 0; i < a->n_relax; i++) {
		const struct pce_relax *x = &a->relax[i];
		bool down = x->of == PCE_C_BANDWIDTH || x->of == PCE_C_DELAY_MIN;
		struct pce_request r = *q;

		if (x->drop)
			out |= 1U << x->of;
		else
			bound_to(&all, x->of, x->needs);
		if (a->relax_together)
			continue;
		if (x->drop) {
			ck_assert_msg(found_with(q, ~(1U << x->of)), "%s: without %s (%s)",
				      where(q, round), pce_constraint_text(x->of), a->why);
			continue;
		}
		bound_to(&r, x->of, x->needs);
		ck_assert_msg(found_with(&r, ~0U), "%s: %s", where(q, round), a->why);
		bound_to(&r, x->of, down ? x->needs + 1 : x->needs - 1);
		ck_assert_msg((!down && x->needs == 0) || !found_with(&r, ~0U), "%s: nearer (%s)",
			      where(q, round), a->why);
	}
	if (a->relax_together)
		ck_assert_msg(found_with(&all, ~out), "%s: together (%s)", where(q, round), a->why);
}

static void explanation_holds(const struct pce_request *q, const struct pce_answer *a, int round)
{
	if (a->status == PCE_NO_ROUTE) {
		ck_assert_msg(!found_with(q, 0), "%s: there is a route", where(q, round));
		return;
	}
	ck_assert_msg(a->status == PCE_NO_CONSTRAINED, "%s: %s", where(q, round), a->why);
	conflict_is_minimal(q, a, round);
	relaxations_help(q, a, round);
}

static void slacks_hold(const struct pce_request *q, const struct pce_answer *a, int round)
{
	uint32_t binding = 0;

	for (uint32_t i = 0; i < a->n_slack; i++) {
		const struct pce_slack *s = &a->slack[i];
		bool low = s->of == PCE_C_DELAY_MIN || s->of == PCE_C_BANDWIDTH;
		struct pce_request r = *q;
		struct want best;

		binding += s->binding;
		if (s->is_bound)
			ck_assert_msg(s->slack == (low ? s->value - s->bound : s->bound - s->value) &&
					      s->slack <= (low ? s->value : s->bound),
				      "%s: slack of %s", where(q, round), pce_constraint_text(s->of));
		if (!q->explain)
			continue;
		(void)want_drop(&r, s->of);
		best = want_best(&w, &r, s->of != PCE_C_OVERLOAD);
		if (s->of == PCE_C_ALGO || q->objective || s->of == PCE_C_BANDWIDTH)
			continue;
		ck_assert_msg(s->binding == (best.cost < a->cost), "%s: %s binds",
			      where(q, round), pce_constraint_text(s->of));
		if (s->binding)
			ck_assert_uint_eq(s->cost_without, best.cost);
	}
	ck_assert(q->explain || binding <= 1);
}

START_TEST(the_answer_is_the_best_path_and_none_is_explained)
{
	int found = 0, none = 0, invalid = 0, sets = 0;

	rng_seed(&rng, (uint64_t)_i + 1);
	for (int round = 0; round < ROUNDS; round++) {
		struct pce_request q;
		struct pce_answer a;
		struct arena arena;
		const struct ted *t;
		struct want best;

		net_random();
		request_random(&q);
		q.explain = pick(3) == 0;
		t = net_build(&w.n);
		arena_init(&arena, 0);
		pce_path(t, &q, &arena, &a);
		best = want_best(&w, &q, true);
		if (a.status == PCE_OK) {
			found++;
			sets += passed_sets(&q);
			answer_is_best(&q, &a, &best, round);
			slacks_hold(&q, &a, round);
		} else {
			ck_assert_msg(a.why && a.why[0], "%s: no reason", where(&q, round));
			ck_assert_msg(!best.found, "%s: missed a path (%s)", where(&q, round), a.why);
			if (a.status == PCE_INVALID)
				invalid++;
			else
				explanation_holds(&q, &a, round);
			none += a.status == PCE_NO_CONSTRAINED;
		}
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_int_gt(found, ROUNDS / 8);
	ck_assert_int_gt(none, ROUNDS / 20);
	ck_assert_int_gt(invalid, ROUNDS / 50);
	ck_assert_int_gt(sets, ROUNDS / 100);
}
END_TEST

/* Alternatives are there when one path is; none are told as none is. */
START_TEST(no_alternative_is_explained_as_no_path_is)
{
	int some = 0, none = 0, values = 0;

	rng_seed(&rng, (uint64_t)_i + 500);
	for (int round = 0; round < ROUNDS / 2; round++) {
		struct pce_kshortest_answer k;
		struct pce_request q;
		struct pce_answer a;
		struct arena arena;
		const struct ted *t;

		net_random();
		request_random(&q);
		t = net_build(&w.n);
		arena_init(&arena, 0);
		pce_path(t, &q, &arena, &a);
		q.brief = pick(2); /* is for one path that nobody explains */
		pce_kshortest_paths(t, &q, 1 + pick(4), &arena, &k);
		ck_assert_int_eq(k.status, a.status);
		ck_assert_int_eq(k.n > 0, want_best(&w, &q, true).found);
		ck_assert(!k.gave_up);
		if (a.status == PCE_OK) {
			some++;
			ck_assert_ptr_null(k.none);
			ck_assert_str_eq(k.why, "");
		} else if (a.status == PCE_INVALID) {
			ck_assert(k.why[0] && !k.all);
		} else {
			none++;
			ck_assert(k.all);
			ck_assert_ptr_nonnull(k.none);
			ck_assert_str_eq(k.why, a.why);
			ck_assert_str_eq(k.none->why, a.why);
			ck_assert_int_eq(set_of(k.none), set_of(&a));
			ck_assert_mem_eq(k.none->removed, a.removed, sizeof(a.removed));
			explanation_holds(&q, k.none, round);
			for (uint32_t i = 0; i < k.none->n_relax; i++)
				values += !k.none->relax[i].drop;
		}
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_int_gt(some, ROUNDS / 16);
	ck_assert_int_gt(none, ROUNDS / 20);
	ck_assert_int_gt(values, ROUNDS / 40);
}
END_TEST

/* Nodes, links, domains and groups in a row, and hardly anything else that takes paths away. */
START_TEST(what_is_to_be_passed_is_passed_in_order)
{
	int sets = 0, strict = 0, none = 0;

	rng_seed(&rng, (uint64_t)_i + 7000);
	for (int round = 0; round < ROUNDS; round++) {
		struct pce_request q = { .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
					 .igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND };
		struct pce_answer a;
		struct arena arena;
		const struct ted *t;
		struct want best;

		net_random();
		q.src = pick(w.n.n_routers);
		q.dst = (q.src + 1 + pick(w.n.n_routers - 1)) % w.n.n_routers;
		q.te_max = pick(5) ? PCE_NO_BOUND : pick(40);
		want_passes(&w, &rng, &lists, &q);
		t = net_build(&w.n);
		arena_init(&arena, 0);
		pce_path(t, &q, &arena, &a);
		best = want_best(&w, &q, true);
		if (a.status == PCE_OK) {
			answer_is_best(&q, &a, &best, round);
			sets += passed_sets(&q);
			strict += q.n_include > 1 && passed_sets(&q) && q.include[1].strict;
		} else {
			none++;
			ck_assert_msg(!best.found, "%s: missed a path (%s)", where(&q, round), a.why);
		}
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_int_gt(sets, ROUNDS / 6);
	ck_assert_int_gt(strict, ROUNDS / 40);
	ck_assert_int_gt(none, ROUNDS / 4);
}
END_TEST

/* With its list: what packets do is what was asked, and the engine's own check agrees. */
START_TEST(a_list_does_what_was_asked)
{
	static struct net_run run;
	int lists_seen = 0;

	rng_seed(&rng, (uint64_t)_i + 900);
	for (int round = 0; round < ROUNDS; round++) {
		struct ip_addr sids[PCE_SEGS_MAX];
		struct pce_list list = { .dataplane = PCE_SRV6, .sids = sids };
		struct pce_request q;
		struct pce_answer a;
		struct arena arena;
		const struct ted *t;
		struct want is;

		net_random();
		request_random(&q);
		q.usid = pick(2);
		t = net_build(&w.n);
		arena_init(&arena, 0);
		pce_compute(t, &q, &arena, &a);
		if (a.status == PCE_OK) {
			lists_seen++;
			for (uint32_t i = 0; i < a.n_segs; i++)
				sids[list.n++] = a.segs[i].sid;
			net_forward(&w.n, q.src, &list, &run);
			ck_assert_msg(run.n > 0 && !run.lost, "%s: lost", where(&q, round));
			for (uint32_t i = 0; i < run.n; i++)
				ck_assert_msg(run.trace[i].n <= NET_PATH &&
						      want_judge(&w, &q, run.trace[i].link, run.trace[i].n, &is),
					      "%s: a packet does something else", where(&q, round));
			ck_assert_ptr_null(pce_check(t, &q, &a.expansion, &arena));
		}
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_int_gt(lists_seen, ROUNDS / 10);
}
END_TEST

START_TEST(what_a_shard_holds_changes_no_answer)
{
	rng_seed(&rng, (uint64_t)_i + 2000);
	for (int round = 0; round < ROUNDS / 10; round++) {
		AUTO(pce_trees_free) struct pce_trees *trees = NULL;
		const struct ted *t;

		net_random();
		t = net_build(&w.n);
		ck_assert_int_eq(pce_trees_new(&trees, 1000), 0);
		for (int k = 0; k < 8; k++) {
			struct pce_answer a, b;
			struct pce_request q;
			struct arena arena;

			request_random(&q);
			arena_init(&arena, 0);
			pce_path(t, &q, &arena, &a);
			q.trees = trees;
			pce_path(t, &q, &arena, &b);
			ck_assert_msg(a.status == b.status && a.n_path == b.n_path &&
					      strcmp(a.why, b.why) == 0,
				      "%s", where(&q, round));
			ck_assert(a.n_path == 0 ||
				  memcmp(a.path, b.path, a.n_path * sizeof(*a.path)) == 0);
			arena_fini(&arena);
		}
		ted_unref(t);
	}
}
END_TEST

/* Never a wrong answer: worse than the best, and it says by how much at most, or none. */
START_TEST(a_search_that_gives_up_says_so)
{
	int worse = 0, gave_up = 0;

	rng_seed(&rng, 3000);
	for (int round = 0; round < ROUNDS; round++) {
		struct pce_request q;
		struct pce_answer a;
		struct arena arena;
		const struct ted *t;
		struct want best, is;

		net_random();
		request_random(&q);
		q.labels_max = 1 + pick(4);
		t = net_build(&w.n);
		arena_init(&arena, 0);
		pce_path(t, &q, &arena, &a);
		best = want_best(&w, &q, true);
		if (a.status == PCE_OK) {
			ck_assert_msg(best.found && want_judge(&w, &q, a.path, a.n_path, &is),
				      "%s: it breaks what was asked", where(&q, round));
			ck_assert_msg(a.cost == is.cost && a.cost_least <= (q.objective ? a.cost : best.cost),
				      "%s: bound %llu, best %llu", where(&q, round),
				      (unsigned long long)a.cost_least, (unsigned long long)best.cost);
			worse += a.cost > best.cost;
		} else {
			ck_assert_msg(a.status == PCE_NO_BUDGET || !best.found, "%s", where(&q, round));
		}
		gave_up += a.status == PCE_NO_BUDGET;
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_int_gt(worse, ROUNDS / 1000);
	ck_assert_int_gt(gave_up, ROUNDS / 50);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("constrained");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, the_answer_is_the_best_path_and_none_is_explained, 0, 4);
	tcase_add_test(t, no_alternative_is_explained_as_no_path_is);
	tcase_add_loop_test(t, what_is_to_be_passed_is_passed_in_order, 0, 3);
	tcase_add_loop_test(t, a_list_does_what_was_asked, 0, 2);
	tcase_add_loop_test(t, what_a_shard_holds_changes_no_answer, 0, 2);
	tcase_add_test(t, a_search_that_gives_up_says_so);
	suite_add_tcase(s, t);
	return check_main(s);
}
