/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The optimiser against trying everything on small networks, its bound against the optimum, its
 * figures against an evaluator of its own; refusals; what stopping, seeds and charges do.
 */
#include "check_main.h"

#include <math.h>
#include <string.h>

#include "te_net.h"

enum { ROUNDS = 2000 / CHECK_SHARE, CHOICES = TN_NODES + 1 };

static const struct te_list direct = { { TE_NO_NODE, TE_NO_NODE, TE_NO_NODE } };

/* Everything with at most one midpoint. */
struct oracle {
	struct te_list list[TN_DEMANDS][CHOICES];
	uint32_t n[TN_DEMANDS];
	bool route[TN_DEMANDS]; /* some list gets there, in time or not */
	double best;
};

static bool usable_mid(const struct tn *t, const struct te_demand *d, uint32_t node)
{
	return node != d->src && node != d->dst &&
	       !(t->prob.graph.flags && (t->flags[node] & (TE_NO_MIDPOINT | TE_NO_TRANSIT)));
}

static void oracle_add(struct oracle *o, const struct tn *t, uint32_t i, struct te_list l)
{
	const struct te_demand *d = &t->demand[i];
	uint64_t delay;

	if (!tn_delay(t, d, &l, &delay))
		return;
	o->route[i] = true;
	if (d->fixed || d->delay_us_max == TE_NO_BOUND || delay <= d->delay_us_max)
		o->list[i][o->n[i]++] = l;
}

static void oracle_lists(struct oracle *o, const struct tn *t)
{
	memset(o, 0, sizeof(*o));
	for (uint32_t i = 0; i < t->prob.n_demands; i++) {
		const struct te_demand *d = &t->demand[i];

		if (d->fixed) {
			oracle_add(o, t, i, d->now);
			continue;
		}
		oracle_add(o, t, i, direct);
		for (uint32_t v = 0; v < t->prob.graph.n; v++)
			if (usable_mid(t, d, v) || (d->now.mid[0] == v && v != d->src && v != d->dst))
				oracle_add(o, t, i, tn_list(v, TE_NO_NODE, TE_NO_NODE));
	}
}

static void add(const struct tn *t, uint32_t i, const struct te_list *l, double sign, double *load)
{
	uint32_t at = t->demand[i].src;
	uint32_t stop[2] = { l->mid[0] == TE_NO_NODE ? t->demand[i].dst : l->mid[0],
			     t->demand[i].dst };

	for (uint32_t j = 0; j < 2; j++) {
		for (uint32_t k = 0; at != stop[j] && k < t->prob.graph.m; k++)
			if (t->arc[k].capacity_bps)
				load[k] += sign * t->share[at][stop[j]][k] *
					   (double)t->demand[i].rate_bps /
					   (double)t->arc[k].capacity_bps;
		at = stop[j];
	}
}

/* Counts through every combination. */
static void oracle_run(struct oracle *o, const struct tn *t)
{
	uint32_t at[TN_DEMANDS] = { 0 }, n = t->prob.n_demands, i;
	struct te_list all[TN_DEMANDS];
	double load[TN_ARCS];

	for (i = 0; i < n; i++)
		all[i] = o->list[i][0];
	ck_assert(tn_loads(t, all, load));
	o->best = INFINITY;
	do {
		double u = tn_max(t, load);

		o->best = u < o->best ? u : o->best;
		for (i = 0; i < n; i++) {
			add(t, i, &o->list[i][at[i]], -1, load);
			at[i] = (at[i] + 1) % o->n[i];
			add(t, i, &o->list[i][at[i]], 1, load);
			if (at[i] > 0)
				break;
		}
	} while (i < n);
}

static void lists_are_allowed(const struct tn *t, const struct oracle *o,
			      const struct te_result *out)
{
	for (uint32_t i = 0; i < t->prob.n_demands; i++) {
		bool found = false;

		for (uint32_t j = 0; j < o->n[i]; j++) {
			struct te_list l = out->lists[i];

			if (l.mid[0] == t->demand[i].src || l.mid[0] == t->demand[i].dst)
				l = direct; /* a running list may name its own ends */
			found = found || memcmp(&o->list[i][j], &l, sizeof(l)) == 0 ||
				memcmp(&o->list[i][j], &out->lists[i], sizeof(l)) == 0;
		}
		ck_assert_msg(found, "demand %u has a list it may not have", i);
	}
}

static struct te_options options(uint8_t midpoints, uint64_t work)
{
	return (struct te_options){ .midpoints = midpoints, .seed = 7, .work_max = work };
}

static uint32_t first_without(const struct oracle *o, const struct tn *t, bool route)
{
	for (uint32_t i = 0; i < t->prob.n_demands; i++)
		if (route ? !o->route[i] : o->n[i] == 0)
			return i;
	return TE_NO_NODE;
}

struct tally {
	uint32_t placed, optimal, no_route, no_delay, tight;
};

static void one_instance(uint64_t seed, const struct tn_cfg *cfg, struct tally *tally)
{
	struct tn t;
	struct oracle o;
	struct rng r;
	struct arena a;
	struct te_result out;
	struct te_options opt = options(1, 1000000);
	double load[TN_ARCS];

	rng_seed(&r, seed);
	tn_make(&t, &r, cfg);
	oracle_lists(&o, &t);
	arena_init(&a, 0);
	te_optimise(&t.prob, &opt, &a, &out);
	if (first_without(&o, &t, true) != TE_NO_NODE) {
		ck_assert_msg(out.status == TE_NO_ROUTE || out.status == TE_NO_DELAY, "seed %lu",
			      (unsigned long)seed);
		ck_assert_uint_lt(out.where, t.prob.n_demands);
		ck_assert_uint_eq(o.n[out.where], 0);
		tally->no_route++;
	} else if (first_without(&o, &t, false) != TE_NO_NODE) {
		ck_assert_msg(out.status == TE_NO_DELAY, "seed %lu", (unsigned long)seed);
		ck_assert_uint_eq(o.n[out.where], 0);
		tally->no_delay++;
	} else {
		ck_assert_msg(out.status == TE_OK, "seed %lu: %s", (unsigned long)seed,
			      te_status_text(out.status));
		oracle_run(&o, &t);
		lists_are_allowed(&t, &o, &out);
		ck_assert(tn_loads(&t, out.lists, load));
		for (uint32_t i = 0; i < t.prob.graph.m; i++)
			ck_assert_double_le(fabs(load[i] - out.load[i]), 1e-9 * (1 + load[i]));
		ck_assert_msg(out.util >= o.best * (1 - 1e-9) && out.bound <= o.best &&
				      out.bound_any <= o.best && out.bound >= 0,
			      "seed %lu: util %.9f bound %.9f any %.9f best %.9f",
			      (unsigned long)seed, out.util, out.bound, out.bound_any, o.best);
		tally->placed++;
		tally->optimal += out.util <= o.best * (1 + 1e-6);
		tally->tight += out.bound >= o.best * 0.9;
	}
	arena_fini(&a);
}

START_TEST(nothing_beats_what_it_finds_and_nothing_is_below_its_bound)
{
	static const struct tn_cfg kinds[] = {
		{ .nodes = 5, .wires = 8, .demands = 4, .metric_max = 3 },
		{ .nodes = 6, .wires = 9, .demands = 5, .metric_max = 2 },
		{ .nodes = 5, .wires = 9, .demands = 4, .metric_max = 4, .bounds = true,
		  .running = true },
		{ .nodes = 6, .wires = 9, .demands = 4, .metric_max = 3, .holes = true,
		  .flags = true, .bounds = true },
		{ .nodes = 5, .wires = 8, .demands = 3, .metric_max = 2, .zero = true,
		  .holes = true },
	};
	struct tally tally = { 0 };

	for (uint64_t i = 0; i < ROUNDS; i++)
		one_instance(1000 + i, &kinds[i % 5], &tally);
	/* All kinds of ends were met, and the optimum is what it nearly always finds. */
	ck_assert_uint_gt(tally.placed, ROUNDS / 2);
	ck_assert_uint_gt(tally.no_route, 20);
	ck_assert_uint_gt(tally.no_delay, 20);
	ck_assert_msg(tally.optimal * 100 >= tally.placed * 99, "%u of %u optimal",
		      tally.optimal, tally.placed);
	ck_assert_msg(tally.tight * 10 >= tally.placed * 5, "%u of %u bounds tight", tally.tight,
		      tally.placed);
}
END_TEST

/* Two ways between 0 and 1: over 2 (short), over 3 (long). */
static void diamond(struct tn *t, uint32_t demands)
{
	static const uint32_t ends[8][2] = { { 0, 2 }, { 2, 1 }, { 0, 3 }, { 3, 1 },
					     { 2, 0 }, { 1, 2 }, { 3, 0 }, { 1, 3 } };

	memset(t, 0, sizeof(*t));
	t->prob.graph = (struct te_graph){ .n = 4, .m = 8, .arcs = t->arc };
	for (uint32_t i = 0; i < 8; i++)
		t->arc[i] = (struct te_arc){ .from = ends[i][0], .to = ends[i][1],
					     .metric = i % 4 < 2 ? 1 : 2, .delay_us = 10 + i % 4,
					     .capacity_bps = 100 };
	for (uint32_t i = 0; i < demands; i++)
		t->demand[i] = (struct te_demand){ .src = 0, .dst = 1, .rate_bps = 10,
						   .delay_us_max = TE_NO_BOUND, .now = direct };
	t->prob.demands = t->demand;
	t->prob.n_demands = demands;
	tn_routes(t);
}

static void optimise(const struct tn *t, const struct te_options *o, struct arena *a,
		     struct te_result *out)
{
	arena_init(a, 0);
	te_optimise(&t->prob, o, a, out);
}

START_TEST(load_is_spread_and_proven_optimal)
{
	struct tn t;
	struct arena a;
	struct te_result out;
	struct te_options o = options(2, 1000000);

	diamond(&t, 8);
	optimise(&t, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	ck_assert_int_eq(out.end, TE_END_OPTIMAL);
	ck_assert_double_eq_tol(out.util_start, 0.8, 1e-9);
	ck_assert_double_eq_tol(out.util, 0.4, 1e-9);
	ck_assert_double_le(out.gap, 1e-5);
	ck_assert_double_eq_tol(out.bound_any, 0.4, 1e-5);
	ck_assert_uint_eq(out.changed, 4);
	ck_assert_uint_eq(out.midpoints, 4);
	arena_fini(&a);
}
END_TEST

START_TEST(what_is_good_already_stays)
{
	struct tn t;
	struct arena a;
	struct te_result out;
	struct te_options o = options(2, 1000000);

	diamond(&t, 8);
	for (uint32_t i = 0; i < 4; i++)
		t.demand[i].now = tn_list(3, TE_NO_NODE, TE_NO_NODE);
	optimise(&t, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	ck_assert_uint_eq(out.changed, 0);
	ck_assert_double_eq_tol(out.util, 0.4, 1e-9);
	arena_fini(&a);
}
END_TEST

START_TEST(a_change_must_be_worth_its_charge)
{
	struct tn t;
	struct arena a;
	struct te_result out;
	struct te_options o = options(1, 300000);

	diamond(&t, 8);
	o.charge = 0.11; /* a move wins 0.1 */
	optimise(&t, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	ck_assert_uint_eq(out.changed, 0);
	ck_assert_double_eq_tol(out.util, 0.8, 1e-9);
	arena_fini(&a);
	o.charge = 0.09;
	optimise(&t, &o, &a, &out);
	ck_assert_uint_eq(out.changed, 4);
	arena_fini(&a);
}
END_TEST

START_TEST(it_stops_at_the_target_with_few_changes)
{
	struct tn t;
	struct arena a;
	struct te_result out;
	struct te_options o = options(1, 1000000);

	diamond(&t, 8);
	o.target = 0.7;
	optimise(&t, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	ck_assert_int_eq(out.end, TE_END_TARGET);
	ck_assert_double_le(out.util, 0.7 + 1e-9);
	ck_assert_uint_eq(out.changed, 1);
	arena_fini(&a);
}
END_TEST

START_TEST(a_delay_bound_holds)
{
	struct tn t;
	struct arena a;
	struct te_result out;
	struct te_options o = options(2, 300000);

	diamond(&t, 8);
	for (uint32_t i = 0; i < 8; i++)
		t.demand[i].delay_us_max = 21; /* over 2: 10 + 11; over 3: 12 + 13 */
	optimise(&t, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	ck_assert_double_eq_tol(out.util, 0.8, 1e-9);
	ck_assert_double_eq_tol(out.bound, 0.8, 1e-5);
	ck_assert_double_le(out.bound_any, 0.8);
	arena_fini(&a);
	t.demand[5].delay_us_max = 20;
	optimise(&t, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_NO_DELAY);
	ck_assert_uint_eq(out.where, 5);
	arena_fini(&a);
}
END_TEST

/* ---- larger ones: no oracle, but laws ---- */

static void large(struct tn *t, uint64_t seed)
{
	static const struct tn_cfg cfg = { .nodes = 8, .wires = 14, .demands = 10,
					   .metric_max = 3, .running = true };
	struct rng r;

	rng_seed(&r, seed);
	tn_make(t, &r, &cfg);
}

static bool same(const struct te_result *x, const struct te_result *y, uint32_t n)
{
	return x->status == y->status && x->end == y->end && x->work == y->work &&
	       memcmp(&x->util, &y->util, sizeof(x->util)) == 0 &&
	       memcmp(&x->bound, &y->bound, sizeof(x->bound)) == 0 &&
	       (x->status != TE_OK || memcmp(x->lists, y->lists, n * sizeof(*x->lists)) == 0);
}

START_TEST(the_same_seed_and_budget_give_the_same_answer)
{
	uint32_t differ = 0;

	for (uint64_t seed = 0; seed < 40; seed++) {
		struct tn t;
		struct arena a, b, c;
		struct te_result x, y, z;
		struct te_options o = options(2, 400000);

		large(&t, seed);
		optimise(&t, &o, &a, &x);
		optimise(&t, &o, &b, &y);
		ck_assert(same(&x, &y, t.prob.n_demands));
		o.seed++;
		o.work_max = 500000;
		optimise(&t, &o, &c, &z);
		differ += !same(&x, &z, t.prob.n_demands);
		arena_fini(&a);
		arena_fini(&b);
		arena_fini(&c);
	}
	ck_assert_uint_gt(differ, 0);
}
END_TEST

START_TEST(more_midpoints_are_never_worse_for_the_bound)
{
	for (uint64_t seed = 100; seed < 140; seed++) {
		struct tn t;
		double load[TN_ARCS], util[TE_MIDPOINTS_MAX + 1], bound[TE_MIDPOINTS_MAX + 1];
		uint32_t k;

		large(&t, seed);
		for (uint32_t i = 0; i < t.prob.n_demands; i++) {
			t.demand[i].now = direct;
			t.demand[i].fixed = false;
		}
		for (k = 0; k <= TE_MIDPOINTS_MAX; k++) {
			struct te_options o = options((uint8_t)k, 1000000);
			struct te_result out;
			struct arena a;

			optimise(&t, &o, &a, &out);
			ck_assert_int_eq(out.status, TE_OK);
			ck_assert(tn_loads(&t, out.lists, load));
			ck_assert_double_eq_tol(tn_max(&t, load), out.util, 1e-9);
			util[k] = out.util;
			bound[k] = out.bound;
			for (uint32_t i = 0; i < t.prob.n_demands; i++)
				ck_assert(k == TE_MIDPOINTS_MAX ||
					  out.lists[i].mid[k] == TE_NO_NODE);
			arena_fini(&a);
		}
		/* a placement with fewer midpoints is one with more */
		for (k = 1; k <= TE_MIDPOINTS_MAX; k++)
			for (uint32_t j = 0; j < k; j++)
				ck_assert_double_le(bound[k], util[j] + 1e-9);
		ck_assert_double_eq_tol(bound[0], util[0], 1e-5 * (1 + util[0]));
	}
}
END_TEST

struct stop {
	uint32_t calls, after;
	struct te_progress last;
	bool went_back;
};

static bool stop_after(void *arg, const struct te_progress *p)
{
	struct stop *s = arg;

	if (s->calls > 0)
		s->went_back = s->went_back || p->util > s->last.util ||
			       p->bound < s->last.bound || p->work < s->last.work;
	s->last = *p;
	return ++s->calls < s->after;
}

START_TEST(stopping_gives_the_best_so_far)
{
	static const uint32_t after[] = { 1, 2, 10, 100 };

	for (uint64_t seed = 200; seed < 220; seed++) {
		for (size_t i = 0; i < 4; i++) {
			struct stop s = { .after = after[i] };
			struct te_options o = { .midpoints = 2, .seed = 3, .go_on = stop_after,
						.arg = &s };
			struct tn t;
			struct arena a;
			struct te_result out;
			double load[TN_ARCS];

			large(&t, seed);
			optimise(&t, &o, &a, &out);
			if (out.status == TE_NO_ROUTE)
				continue; /* a fixed one over a node it cannot use */
			ck_assert_int_eq(out.status, TE_OK);
			ck_assert(out.end == TE_END_STOPPED || out.end == TE_END_OPTIMAL);
			ck_assert_uint_le(s.calls, after[i]);
			ck_assert(!s.went_back);
			ck_assert(tn_loads(&t, out.lists, load));
			ck_assert_double_eq_tol(tn_max(&t, load), out.util, 1e-9);
			ck_assert_double_le(out.bound, out.util);
			arena_fini(&a);
		}
	}
}
END_TEST

/* ---- what is refused ---- */

static enum te_status status_of(const struct tn *t, const struct te_options *o, uint32_t *where)
{
	struct arena a;
	struct te_result out;

	optimise(t, o, &a, &out);
	*where = out.where;
	arena_fini(&a);
	return out.status;
}

START_TEST(bad_input_is_refused)
{
	struct te_options o = options(1, 1000), bad;
	struct tn t, u;
	uint32_t where;

	diamond(&t, 3);
	ck_assert_int_eq(status_of(&t, &o, &where), TE_OK);
	ck_assert_uint_eq(where, TE_NO_NODE);
	bad = o;
	bad.work_max = 0;
	ck_assert_int_eq(status_of(&t, &bad, &where), TE_BAD_OPTIONS);
	bad = o;
	bad.midpoints = TE_MIDPOINTS_MAX + 1;
	ck_assert_int_eq(status_of(&t, &bad, &where), TE_BAD_OPTIONS);
	bad = o;
	bad.gap = NAN;
	ck_assert_int_eq(status_of(&t, &bad, &where), TE_BAD_OPTIONS);
	bad.gap = 0;
	bad.charge = INFINITY;
	ck_assert_int_eq(status_of(&t, &bad, &where), TE_BAD_OPTIONS);
	bad.charge = 0;
	bad.target = -1;
	ck_assert_int_eq(status_of(&t, &bad, &where), TE_BAD_OPTIONS);

	diamond(&u, 3);
	u.arc[6].to = 4;
	ck_assert_int_eq(status_of(&u, &o, &where), TE_BAD_GRAPH);
	ck_assert_uint_eq(where, 6);
	diamond(&u, 3);
	u.demand[1].dst = 9;
	ck_assert_int_eq(status_of(&u, &o, &where), TE_BAD_DEMAND);
	ck_assert_uint_eq(where, 1);
	diamond(&u, 3);
	u.demand[2].dst = u.demand[2].src;
	ck_assert_int_eq(status_of(&u, &o, &where), TE_BAD_DEMAND);
	diamond(&u, 3);
	u.demand[2].now = (struct te_list){ { TE_NO_NODE, 3, TE_NO_NODE } };
	ck_assert_int_eq(status_of(&u, &o, &where), TE_BAD_DEMAND);
	diamond(&u, 3);
	u.prob.graph.m = 4; /* 0 and the others can be left only */
	u.demand[1] = (struct te_demand){ .src = 1, .dst = 0, .rate_bps = 1, .now = direct,
					  .delay_us_max = TE_NO_BOUND };
	ck_assert_int_eq(status_of(&u, &o, &where), TE_NO_ROUTE);
	ck_assert_uint_eq(where, 1);
	diamond(&u, 3);
	u.arc[0].capacity_bps = u.arc[2].capacity_bps = 0;
	ck_assert_int_eq(status_of(&u, &o, &where), TE_NO_ROUTE);
	diamond(&u, 3);
	u.arc[0].capacity_bps = 0; /* the way over 3 is left: it takes a midpoint */
	ck_assert_int_eq(status_of(&u, &o, &where), TE_OK);
	bad = o;
	bad.bytes_max = 16;
	ck_assert_int_eq(status_of(&t, &bad, &where), TE_TOO_LARGE);
	for (int s = TE_OK; s <= TE_NO_MEMORY; s++)
		ck_assert_ptr_nonnull(te_status_text((enum te_status)s));
}
END_TEST

START_TEST(extreme_numbers_stay_numbers)
{
	static const uint64_t caps[] = { 1, 1000, UINT64_MAX };
	static const uint64_t rates[] = { 0, 1, UINT64_MAX };

	for (uint32_t i = 0; i < 27; i++) {
		struct te_options o = options(2, 100000);
		struct tn t;
		struct arena a;
		struct te_result out;

		diamond(&t, 6);
		for (uint32_t j = 0; j < 8; j++) {
			t.arc[j].metric = UINT32_MAX - (j < 4 ? 0 : 1);
			t.arc[j].delay_us = UINT32_MAX;
			t.arc[j].capacity_bps = caps[(i + j) % 3];
			t.arc[j].other_bps = rates[i / 9];
		}
		for (uint32_t j = 0; j < 6; j++)
			t.demand[j].rate_bps = rates[(i / 3 + j) % 3];
		optimise(&t, &o, &a, &out);
		ck_assert_int_eq(out.status, TE_OK);
		ck_assert(isfinite(out.util) && isfinite(out.bound) && isfinite(out.gap));
		ck_assert(isfinite(out.bound_any) && out.bound <= out.util && out.bound >= 0);
		arena_fini(&a);
	}
}
END_TEST

START_TEST(nothing_to_do_is_done)
{
	struct te_options o = options(2, 1000);
	struct tn t;
	struct arena a;
	struct te_result out;

	diamond(&t, 0);
	optimise(&t, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	ck_assert_double_eq(out.util, 0);
	ck_assert_double_eq(out.gap, 0);
	arena_fini(&a);
	diamond(&t, 2);
	t.demand[0].fixed = t.demand[1].fixed = true;
	optimise(&t, &o, &a, &out);
	ck_assert_int_eq(out.status, TE_OK);
	ck_assert_double_eq_tol(out.util, 0.2, 1e-9);
	ck_assert_double_eq_tol(out.bound, 0.2, 1e-5);
	ck_assert_uint_eq(out.changed, 0);
	arena_fini(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("te");
	TCase *c = tcase_create("te");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, nothing_beats_what_it_finds_and_nothing_is_below_its_bound);
	tcase_add_test(c, load_is_spread_and_proven_optimal);
	tcase_add_test(c, what_is_good_already_stays);
	tcase_add_test(c, a_change_must_be_worth_its_charge);
	tcase_add_test(c, it_stops_at_the_target_with_few_changes);
	tcase_add_test(c, a_delay_bound_holds);
	tcase_add_test(c, the_same_seed_and_budget_give_the_same_answer);
	tcase_add_test(c, more_midpoints_are_never_worse_for_the_bound);
	tcase_add_test(c, stopping_gives_the_best_so_far);
	tcase_add_test(c, bad_input_is_refused);
	tcase_add_test(c, extreme_numbers_stay_numbers);
	tcase_add_test(c, nothing_to_do_is_done);
	suite_add_tcase(s, c);
	return check_main(s);
}
