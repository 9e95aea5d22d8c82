/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths that headends ask for, against every simple path of small random networks: one by one
 * under constraints, disjoint, and sets whose bandwidth has to fit together under RFC 5541's
 * functions. The oracle knows the wires as the test drew them, nothing of TED or engine.
 */
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "intent/ask/ask.h"

enum { G = 1000000000, N = 6, WIRES = 10, PATHS = 200, ROUNDS = 5000 };

static const char *const names[N] = { "a", "b", "c", "d", "e", "f" };
static const uint8_t ends[WIRES][2] = { { 0, 1 }, { 0, 2 }, { 1, 2 }, { 1, 3 }, { 2, 4 },
					{ 3, 4 }, { 3, 5 }, { 4, 5 }, { 0, 3 }, { 2, 5 } };

struct wire {
	bool up;
	uint32_t igp, te, delay, group, srlg;
	uint64_t bps;
};

struct path {
	uint8_t wire[N], node[N + 1]; /* node[0]: the source */
	unsigned n;
};

static struct wire wires[WIRES];
static struct path all[PATHS];
static unsigned n_all;
static struct rng rng;

static uint32_t below(uint32_t n)
{
	return (uint32_t)rng_below(&rng, n);
}

/* ---- the network ---- */

/* The AS of each router: some are of two, the ends of one of their own. */
static uint32_t domain(unsigned node)
{
	return node == 0 || node == N - 1 ? 65000 + node : 4200000000 + node % 2;
}

static void setup(void)
{
	world_up(NULL);
	net_empty();
	for (unsigned i = 0; i < N; i++)
		net_node(names[i]);
	for (unsigned i = 0; i < N; i++)
		net_at(names[i])->asn = domain(i);
	for (unsigned i = 0; i < WIRES; i++)
		net_link(names[ends[i][0]], names[ends[i][1]], 1, 1, G);
	net_publish();
	for (unsigned i = 0; i < N; i++)
		pcc_up(names[i]);
}

static void draw(uint64_t seed)
{
	rng_seed(&rng, seed);
	for (unsigned i = 0; i < WIRES; i++) {
		struct wire *x = &wires[i];

		*x = (struct wire){ .up = below(8) > 0, .igp = 1 + below(4), .te = 1 + below(9),
				    .delay = below(5), .group = below(4), .srlg = 100 + below(6),
				    .bps = (1 + below(5)) * (uint64_t)G };
		for (int way = 0; way < 2; way++) {
			struct ted_link *l = net_dir(names[ends[i][way]], names[ends[i][1 - way]]);

			l->alive = x->up;
			l->igp_metric = x->igp;
			l->te_metric = x->te;
			l->delay_us = l->delay_min_us = l->delay_max_us = x->delay;
			l->admin_group[0] = x->group;
			l->srlg = &x->srlg;
			l->n_srlg = 1;
			l->max_bw_bps = l->rsv_bw_bps = l->capacity_bps = x->bps;
		}
	}
	net_publish();
}

/* ---- the oracle ---- */

static void walk(struct path *p, uint8_t dst)
{
	uint8_t at = p->node[p->n];

	if (at == dst) {
		ck_assert_uint_lt(n_all, PATHS);
		all[n_all++] = *p;
		return;
	}
	for (uint8_t i = 0; i < WIRES; i++) {
		uint8_t to = ends[i][0] == at ? ends[i][1] : ends[i][1] == at ? ends[i][0] : N;
		bool again = to == N || !wires[i].up;

		for (unsigned k = 0; k <= p->n && !again; k++)
			again = p->node[k] == to;
		if (again)
			continue;
		p->wire[p->n++] = i;
		p->node[p->n] = to;
		walk(p, dst);
		p->n--;
	}
}

static void paths_of(uint8_t src, uint8_t dst)
{
	struct path p = { .node = { src } };

	n_all = 0;
	walk(&p, dst);
}

static uint32_t cost(const struct path *p, uint8_t metric)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < p->n; i++) {
		const struct wire *x = &wires[p->wire[i]];

		sum += metric == 1 ? x->igp : metric == 2 ? x->te : metric == 12 ? x->delay : 1;
	}
	return sum;
}

static bool passes(const struct path *p, const struct driver_spot *s)
{
	for (unsigned k = 0; k <= p->n; k++) {
		struct ip_addr a = net_addr(names[p->node[k]]);

		if (s->kind == DRIVER_SPOT_AS && domain(p->node[k]) == s->value)
			return true;
		if (s->kind != DRIVER_SPOT_AS && ip_prefix_has(&s->prefix, &a))
			return true;
	}
	return false;
}

static bool meets(const struct path *p, const struct driver_path_request *q, bool soft)
{
	for (unsigned i = 0; i < p->n; i++) {
		const struct wire *x = &wires[p->wire[i]];

		if (x->bps < q->bandwidth_bps || (x->group & q->exclude_any) ||
		    (q->include_any && !(x->group & q->include_any)))
			return false;
		for (unsigned k = 0; k < q->n_avoid; k++)
			if (q->avoid[k].kind == DRIVER_SPOT_SRLG && (soft || !q->avoid[k].soft) &&
			    q->avoid[k].value == x->srlg)
				return false;
	}
	for (unsigned k = 0; k < q->n_avoid; k++)
		if (q->avoid[k].kind == DRIVER_SPOT_NODE && (soft || !q->avoid[k].soft) &&
		    passes(p, &q->avoid[k]))
			return false;
	for (unsigned k = 0; k < q->n_pass; k++)
		if (!passes(p, &q->pass[k]))
			return false;
	return (!q->has_igp_bound || cost(p, 1) <= q->igp_max) &&
	       (!q->has_te_bound || cost(p, 2) <= q->te_max) &&
	       (!q->has_hop_bound || p->n <= q->hops_max) &&
	       (!q->has_delay_bound || cost(p, 12) <= q->delay_us_max);
}

/* UINT32_MAX: there is none. */
static uint32_t least(const struct driver_path_request *q, uint8_t metric, bool soft)
{
	uint32_t best = UINT32_MAX;

	for (unsigned i = 0; i < n_all; i++)
		if (meets(&all[i], q, soft) && cost(&all[i], metric) < best)
			best = cost(&all[i], metric);
	return best;
}

static uint32_t told(const struct driver_path_reply *r, uint8_t metric)
{
	return metric == 1 ? r->igp : metric == 2 ? r->te : metric == 12 ? r->delay_us : r->hops;
}

/* ---- one by one ---- */

static struct driver_path_request ask_of(uint8_t src, uint8_t dst)
{
	return (struct driver_path_request){ .request_id = 1, .src = net_addr(names[src]),
					     .dst = net_addr(names[dst]), .setup_prio = 7,
					     .hold_prio = 7 };
}

static void constrain(struct driver_path_request *q)
{
	static const uint8_t kinds[] = { 1, 2, 3, 12 };
	struct ip_addr a = net_addr(names[1 + below(4)]);

	q->metric_wanted = kinds[below(4)];
	q->bandwidth_bps = below(2) ? (1 + below(4)) * (uint64_t)G : 0;
	q->exclude_any = below(3) == 0 ? 1 + below(3) : 0;
	q->include_any = below(5) == 0 ? 3 : 0;
	q->has_delay_bound = below(3) == 0;
	q->delay_us_max = below(12);
	q->has_hop_bound = below(4) == 0;
	q->hops_max = 2 + below(3);
	q->has_te_bound = below(5) == 0;
	q->te_max = 5 + below(15);
	q->has_igp_bound = below(6) == 0;
	q->igp_max = 3 + below(8);
	if (below(3) == 0)
		q->avoid[q->n_avoid++] = (struct driver_spot){ .kind = DRIVER_SPOT_SRLG,
			.soft = below(2), .value = 100 + below(6) };
	if (below(4) == 0)
		q->avoid[q->n_avoid++] = (struct driver_spot){ .kind = DRIVER_SPOT_NODE,
			.soft = below(2), .prefix = ip_prefix_of(&a, 128) };
	if (below(5) == 0) {
		a = net_addr(names[1 + below(4)]);
		q->pass[q->n_pass++] = (struct driver_spot){ .kind = DRIVER_SPOT_NODE, .soft = true,
			.prefix = ip_prefix_of(&a, 128) };
	} else if (below(4) == 0) {
		q->pass[q->n_pass++] = (struct driver_spot){ .kind = DRIVER_SPOT_AS, .soft = true,
			.value = domain(below(N)) };
	}
}

static bool any_soft(const struct driver_path_request *q)
{
	for (unsigned k = 0; k < q->n_avoid; k++)
		if (q->avoid[k].soft)
			return true;
	return false;
}

START_TEST(single_paths_are_the_best_there_are)
{
	unsigned found = 0, none = 0, softened = 0;

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct driver_path_request q;
		struct driver_path_reply r;
		uint32_t best;

		draw(seed);
		q = ask_of(0, 5);
		constrain(&q);
		paths_of(0, 5);
		best = least(&q, q.metric_wanted, true);
		if (best == UINT32_MAX && any_soft(&q)) {
			best = least(&q, q.metric_wanted, false);
			softened += best != UINT32_MAX;
		}
		r = ask_path("a", &q);
		ck_assert_msg(r.found == (best != UINT32_MAX), "seed %llu: best %u, %s",
			      (unsigned long long)seed, best, r.found ? "found" : "not found");
		if (!r.found) {
			none++;
			continue;
		}
		found++;
		ck_assert_msg(told(&r, q.metric_wanted) == best, "seed %llu: %u, best %u",
			      (unsigned long long)seed, told(&r, q.metric_wanted), best);
		ck_assert(r.list.n > 0 && r.unmet == 0 && r.no_path_vector == 0);
		ck_assert(r.objective == DRIVER_OF_MCP);
	}
	ck_assert_uint_gt(found, ROUNDS / 4);
	ck_assert_uint_gt(none, ROUNDS / 10);
	ck_assert_uint_gt(softened, 5);
}
END_TEST

/* RFC 5541: the fullest link, or the least room, before the metric. */
START_TEST(mlp_and_mbp_look_at_the_fullest_link)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct driver_path_request q;
		struct driver_path_reply r;
		uint64_t wide = 0;
		uint32_t best = UINT32_MAX;

		draw(seed);
		q = ask_of(0, 5);
		q.objective = DRIVER_OF_MBP;
		q.metric_wanted = 1;
		paths_of(0, 5);
		for (int turn = 0; turn < 2; turn++)
			for (unsigned i = 0; i < n_all; i++) {
				uint64_t room = UINT64_MAX;

				for (unsigned k = 0; k < all[i].n; k++)
					if (wires[all[i].wire[k]].bps < room)
						room = wires[all[i].wire[k]].bps;
				if (turn == 0 && room > wide)
					wide = room;
				else if (turn == 1 && room == wide && cost(&all[i], 1) < best)
					best = cost(&all[i], 1);
			}
		r = ask_path("a", &q);
		ck_assert(r.found == (n_all > 0));
		if (!r.found)
			continue;
		ck_assert_uint_eq(r.objective, DRIVER_OF_MBP);
		ck_assert_uint_eq(r.igp, best);
	}
}
END_TEST

/* ---- disjoint ---- */

static bool disjoint(const struct path *p, const struct path *q, uint8_t kind)
{
	for (unsigned i = 0; i < p->n; i++)
		for (unsigned k = 0; k < q->n; k++) {
			if (p->wire[i] == q->wire[k])
				return false;
			if ((kind & DRIVER_DIVERSE_SRLG) &&
			    wires[p->wire[i]].srlg == wires[q->wire[k]].srlg)
				return false;
		}
	for (unsigned i = 1; (kind & DRIVER_DIVERSE_NODE) && i < p->n; i++)
		for (unsigned k = 1; k < q->n; k++)
			if (p->node[i] == q->node[k])
				return false;
	return true;
}

static uint32_t least_pair(const struct driver_path_request *a, const struct driver_path_request *b,
			   uint8_t kind)
{
	uint32_t best = UINT32_MAX;

	for (unsigned i = 0; i < n_all; i++)
		for (unsigned k = 0; k < n_all; k++) {
			uint32_t sum = cost(&all[i], a->metric_wanted) + cost(&all[k], b->metric_wanted);

			if (sum < best && meets(&all[i], a, true) && meets(&all[k], b, true) &&
			    disjoint(&all[i], &all[k], kind))
				best = sum;
		}
	return best;
}

START_TEST(disjoint_pairs_cost_least_together)
{
	unsigned found = 0, none = 0, less = 0;

	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		struct driver_path_request q[2];
		struct driver_path_set set = { .n = 2, .at = q, .best_available = seed % 2 };
		uint32_t best;
		bool asked;

		draw(seed);
		for (unsigned i = 0; i < 2; i++) {
			q[i] = ask_of(0, 5);
			q[i].metric_wanted = 1;
			q[i].bandwidth_bps = G * (uint64_t)below(3);
			q[i].exclude_any = below(4) == 0 ? 1 : 0;
			q[i].has_delay_bound = below(4) == 0;
			q[i].delay_us_max = 4 + below(10);
		}
		set.diverse = (uint8_t)(1 + below(7));
		set.objective = below(2) ? DRIVER_OF_MCC : DRIVER_OF_NONE;
		paths_of(0, 5);
		best = least_pair(&q[0], &q[1], set.diverse);
		ask_set("a", &set);
		asked = (world.paths.met & set.diverse) == set.diverse;
		ck_assert(world.replies[0].found == world.replies[1].found);
		if (best != UINT32_MAX) {
			ck_assert(world.replies[0].found && asked);
			ck_assert_msg(world.replies[0].igp + world.replies[1].igp == best,
				      "seed %llu", (unsigned long long)seed);
			ck_assert_uint_eq(world.paths.objective, set.objective);
			found++;
		} else if (world.replies[0].found) {
			ck_assert(set.best_available && !asked);
			less++;
		} else {
			ck_assert((world.replies[0].no_path_vector | world.replies[1].no_path_vector |
				   world.replies[0].unmet | world.replies[1].unmet) != 0 ||
				  n_all == 0);
			none++;
		}
	}
	ck_assert_uint_gt(found, ROUNDS / 5);
	ck_assert_uint_gt(none, ROUNDS / 10);
	ck_assert_uint_gt(less, ROUNDS / 20);
}
END_TEST

START_TEST(set_without_disjoint_paths_says_so)
{
	struct driver_path_request q[9];
	struct driver_path_set set = { .n = 2, .at = q, .diverse = DRIVER_DIVERSE_LINK };

	draw(1);
	for (unsigned i = 0; i < WIRES; i++)
		net_dir(names[ends[i][0]], names[ends[i][1]])->alive =
			net_dir(names[ends[i][1]], names[ends[i][0]])->alive = ends[i][1] == ends[i][0] + 1;
	net_cut("a", "c");
	for (unsigned i = 0; i < 9; i++)
		q[i] = ask_of(0, 1);
	net_heal("a", "b"); /* the only way */
	ask_set("a", &set);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(!world.replies[i].found && world.replies[i].unmet == 0);
		ck_assert_uint_eq(world.replies[i].no_path_vector, 0x100000); /* RFC 8800 s5.5 */
	}
	set.n = 9; /* more than can be told apart */
	ask_set("a", &set);
	ck_assert_uint_eq(world.replies[8].no_path_vector, 0x200000);
	set.n = 2;
	q[1].bandwidth_bps = UINT64_C(1000) * G; /* one has no path of its own */
	ask_set("a", &set);
	ck_assert_uint_eq(world.replies[0].no_path_vector, 0x100000);
	ck_assert_uint_eq(world.replies[1].no_path_vector, 0);
	ck_assert_uint_eq(world.replies[1].unmet, DRIVER_UNMET_BANDWIDTH);
	set.n = 1; /* the first of its group */
	ask_set("a", &set);
	ck_assert(world.replies[0].found && world.paths.met == DRIVER_DIVERSE_LINK);
}
END_TEST

/* ---- together ---- */

enum { SET = 3 };

/* Per direction: a wire carries both ways. */
static double value(const struct path *const *p, const struct driver_path_request *q, uint8_t of)
{
	double load[WIRES][2] = { 0 }, sum = 0, most = 0;

	for (unsigned s = 0; s < SET; s++)
		for (unsigned i = 0; i < p[s]->n; i++) {
			uint8_t x = p[s]->wire[i];
			double *l = &load[x][ends[x][0] == p[s]->node[i]];

			*l += (double)q[s].bandwidth_bps;
			if (*l > (double)wires[x].bps)
				return INFINITY;
			most = fmax(most, *l / (double)wires[x].bps);
			sum += of == DRIVER_OF_MBC ? (double)q[s].bandwidth_bps : wires[x].igp;
		}
	return of == DRIVER_OF_MLL ? most : sum;
}

static double least_set(const struct driver_path_request *q, const uint8_t (*pair)[2], uint8_t of)
{
	static struct path each[SET][PATHS];
	unsigned n[SET] = { 0 };
	double best = INFINITY;

	for (unsigned s = 0; s < SET; s++) {
		paths_of(pair[s][0], pair[s][1]);
		for (unsigned i = 0; i < n_all; i++)
			if (meets(&all[i], &q[s], true))
				each[s][n[s]++] = all[i];
	}
	for (unsigned i = 0; i < n[0]; i++)
		for (unsigned j = 0; j < n[1]; j++)
			for (unsigned k = 0; k < n[2]; k++) {
				const struct path *p[SET] = { &each[0][i], &each[1][j], &each[2][k] };

				best = fmin(best, value(p, q, of));
			}
	return best;
}

static double told_set(const struct driver_path_request *q, uint8_t of)
{
	double sum = 0;

	if (of == DRIVER_OF_MLL)
		return world.paths.fullest_ppb / 1e9;
	for (unsigned s = 0; s < SET; s++)
		sum += of == DRIVER_OF_MBC ? (double)q[s].bandwidth_bps * world.replies[s].hops :
					     world.replies[s].igp;
	return sum;
}

START_TEST(sets_reach_the_optimum_of_their_function)
{
	static const uint8_t pair[SET][2] = { { 0, 5 }, { 0, 4 }, { 1, 5 } };
	unsigned found[8] = { 0 }, none = 0;

	for (uint64_t seed = 1; seed <= ROUNDS / 3; seed++) {
		struct driver_path_request q[SET];
		struct driver_path_set set = { .n = SET, .at = q,
					       .objective = (uint8_t)(DRIVER_OF_MBC + seed % 3) };
		double best;

		draw(seed);
		for (unsigned s = 0; s < SET; s++) {
			q[s] = ask_of(pair[s][0], pair[s][1]);
			q[s].metric_wanted = 1;
			q[s].bandwidth_bps = (1 + below(3)) * (uint64_t)G;
			q[s].exclude_any = below(4) == 0 ? 2 : 0;
			q[s].has_delay_bound = below(4) == 0;
			q[s].delay_us_max = 3 + below(10);
			if (below(4) == 0)
				q[s].avoid[q[s].n_avoid++] = (struct driver_spot){
					.kind = DRIVER_SPOT_SRLG, .value = 100 + below(6) };
		}
		best = least_set(q, pair, set.objective);
		ask_set("a", &set);
		ck_assert_msg(world.replies[0].found == (best < INFINITY), "seed %llu best %f",
			      (unsigned long long)seed, best);
		if (!world.replies[0].found) {
			none++;
			continue;
		}
		found[set.objective]++;
		ck_assert_uint_eq(world.paths.objective, set.objective);
		ck_assert_msg(fabs(told_set(q, set.objective) - best) <= 1e-6 * (1 + best),
			      "seed %llu function %u: %f, best %f", (unsigned long long)seed,
			      set.objective, told_set(q, set.objective), best);
	}
	for (unsigned of = DRIVER_OF_MBC; of <= DRIVER_OF_MCC; of++)
		ck_assert_uint_gt(found[of], 20);
	ck_assert_uint_gt(none, 20);
}
END_TEST

/* Bounds of all kinds, and what is to be passed. */
static struct driver_path_request bounded(const uint8_t *pair)
{
	struct driver_path_request q = ask_of(pair[0], pair[1]);

	q.metric_wanted = 1;
	q.bandwidth_bps = (1 + below(2)) * (uint64_t)G;
	q.exclude_any = below(6) == 0;
	q.has_delay_bound = below(6) == 0;
	q.delay_us_max = 5 + below(10);
	q.has_hop_bound = below(3) == 0;
	q.hops_max = 3 + below(2);
	q.has_te_bound = below(4) == 0;
	q.te_max = 10 + below(15);
	q.has_igp_bound = below(4) == 0;
	q.igp_max = 6 + below(8);
	if (below(5) == 0) {
		struct ip_addr a = net_addr(names[1 + below(4)]);

		q.pass[q.n_pass++] = (struct driver_spot){ .kind = DRIVER_SPOT_NODE, .soft = true,
			.prefix = ip_prefix_of(&a, 128) };
	}
	return q;
}

/* A function of one of the paths, or another priority: the terms are kept, no function is claimed. */
START_TEST(sets_with_other_bounds_reach_the_optimum_too)
{
	static const uint8_t pair[SET][2] = { { 0, 5 }, { 0, 4 }, { 1, 5 } };
	unsigned found = 0, none = 0, unclaimed = 0, dearer = 0;

	for (uint64_t seed = 1; seed <= ROUNDS / 3; seed++) {
		struct driver_path_request q[SET];
		struct driver_path_set set = { .n = SET, .at = q,
					       .objective = (uint8_t)(DRIVER_OF_MBC + seed % 3) };
		bool bounds = false, odd;
		double best;

		draw(seed);
		for (unsigned s = 0; s < SET; s++) {
			q[s] = bounded(pair[s]);
			bounds |= q[s].has_hop_bound || q[s].has_te_bound || q[s].has_igp_bound || q[s].n_pass;
		}
		odd = below(4) == 0;
		if (odd && below(2))
			q[1].objective = DRIVER_OF_MBP;
		else if (odd)
			q[1].setup_prio = 3;
		best = least_set(q, pair, set.objective);
		ask_set("a", &set);
		ck_assert_msg(world.replies[0].found ? best < INFINITY : odd || best == INFINITY,
			      "seed %llu best %f", (unsigned long long)seed, best);
		none += !world.replies[0].found && bounds;
		if (!world.replies[0].found)
			continue;
		ck_assert_uint_eq(world.paths.objective, odd ? DRIVER_OF_NONE : set.objective);
		unclaimed += odd;
		for (unsigned s = 0; s < SET; s++) {
			ck_assert(!q[s].has_hop_bound || world.replies[s].hops <= q[s].hops_max);
			ck_assert(!q[s].has_te_bound || world.replies[s].te <= q[s].te_max);
			q[s].has_hop_bound = q[s].has_te_bound = q[s].has_igp_bound = false;
		}
		if (odd)
			continue;
		found += bounds;
		ck_assert_msg(fabs(told_set(q, set.objective) - best) <= 1e-6 * (1 + best),
			      "seed %llu function %u: %f, best %f", (unsigned long long)seed,
			      set.objective, told_set(q, set.objective), best);
		dearer += least_set(q, pair, set.objective) < best - 1e-9;
	}
	ck_assert_msg(found > 100 && none > 50 && unclaimed > 50 && dearer > 5, "%u %u %u %u", found,
		      none, unclaimed, dearer);
}
END_TEST

/* ---- the question's life ---- */

START_TEST(answer_is_of_the_book_and_the_topology_of_now)
{
	struct driver_path_request q = ask_of(0, 3);
	struct driver_path_reply r;
	struct intent_policy *p = policy("a", 1, "d");

	net_empty();
	net_square();
	q.bandwidth_bps = 6ull * G;
	r = ask_path("a", &q);
	ck_assert(r.found && r.igp == 20 && r.hops == 2 && r.no_path_vector == 0);
	p->bandwidth_bps = 6ull * G;
	put_ok(p);
	r = ask_path("a", &q);
	ck_assert(r.found && r.igp == 40); /* ours has taken the shorter way */
	q.has_igp_bound = true;
	q.igp_max = 39;
	r = ask_path("a", &q);
	ck_assert(!r.found && r.no_path_vector == 0);
	ck_assert(r.unmet == (DRIVER_UNMET_BANDWIDTH | DRIVER_UNMET_IGP));
	q.has_igp_bound = false;
	q.setup_prio = 0; /* better than ours */
	r = ask_path("a", &q);
	ck_assert_uint_eq(r.igp, 20);
	q.exclude_any = q.include_all = 1;
	r = ask_path("a", &q);
	ck_assert(!r.found && r.unmet == DRIVER_UNMET_AFFINITY); /* contradicts itself */
	q.exclude_any = q.include_all = 0;
	q.dst = net_addr("2001:db8:99::1");
	r = ask_path("a", &q);
	ck_assert(!r.found && r.no_path_vector == 0x2); /* RFC 5440 s7.5: unknown destination */
	net_stale();
	q.dst = net_addr("d");
	r = ask_path("a", &q);
	ck_assert(!r.found && r.no_path_vector == 0x1); /* PCE unavailable */
}
END_TEST

START_TEST(things_are_named_in_every_way)
{
	struct driver_path_request q;
	struct ted_link *l;
	struct driver_path_reply r;
	const struct {
		struct driver_spot s;
		bool other; /* the way over c, which costs 40 */
	} rows[] = {
		{ { .kind = DRIVER_SPOT_NODE, .prefix = { .addr = net_addr("b"), .len = 128 } }, true },
		{ { .kind = DRIVER_SPOT_NODE, .prefix = { .addr = net_addr("10.0.0.2"), .len = 32 } }, true },
		{ { .kind = DRIVER_SPOT_NODE, .prefix = ip_prefix_of(&(struct ip_addr){ 0 }, 0) }, false },
		{ { .kind = DRIVER_SPOT_NODE, .prefix = { .addr = net_addr("2001:db8:0:2::"), .len = 64 } }, true },
		{ { .kind = DRIVER_SPOT_LINK, .prefix = { .addr = net_addr("2001:db8:ff:1::2"), .len = 128 } }, true },
		{ { .kind = DRIVER_SPOT_LINK, .prefix = { .addr = net_addr("2001:db8:ff:1::"), .len = 64 } }, true },
		{ { .kind = DRIVER_SPOT_LINK, .prefix = { .addr = net_addr("10.1.2.1"), .len = 32 } }, true },
		{ { .kind = DRIVER_SPOT_LINK, .prefix = { .addr = net_addr("10.9.9.9"), .len = 32 } }, false },
		{ { .kind = DRIVER_SPOT_LINK_SRLGS, .prefix = { .addr = net_addr("10.1.1.1"), .len = 32 } }, true },
		{ { .kind = DRIVER_SPOT_INTERFACE, .value = 7,
		    .prefix = { .addr = net_addr("10.0.0.1"), .len = 32 } }, true },
		{ { .kind = DRIVER_SPOT_INTERFACE, .value = 8,
		    .prefix = { .addr = net_addr("10.0.0.1"), .len = 32 } }, false },
		{ { .kind = DRIVER_SPOT_SRLG, .value = 5 }, true },
		{ { .kind = DRIVER_SPOT_SRLG, .value = 6 }, false },
	};
	static const uint32_t srlg = 5;

	net_empty();
	net_square();
	l = net_dir("a", "b");
	l->local_id = 7;
	l->srlg = &srlg;
	l->n_srlg = 1;
	net_publish();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		q = ask_of(0, 3);
		q.avoid[q.n_avoid++] = rows[i].s;
		r = ask_path("a", &q);
		ck_assert_msg(r.found && r.igp == (rows[i].other ? 40 : 20), "row %zu: %u", i, r.igp);
	}
	/* and passed: an interface names its router */
	for (int k = 0; k < 3; k++) {
		static const char *const at[] = { "c", "2001:db8:ff:3::2", "10.9.9.9" };
		struct ip_addr a = net_addr(at[k]);

		q = ask_of(0, 3);
		q.pass[q.n_pass++] = (struct driver_spot){ .kind = DRIVER_SPOT_NODE, .soft = true,
							   .prefix = ip_prefix_of(&a, ip_bits(&a)) };
		r = ask_path("a", &q);
		ck_assert_int_eq(r.found, k < 2);
		ck_assert(k == 2 ? r.unmet == DRIVER_UNMET_PASS : r.igp == 40);
	}
	q.avoid[q.n_avoid++] = rows[0].s; /* what must be passed and must not */
	q.pass[0].prefix = rows[0].s.prefix;
	r = ask_path("a", &q);
	ck_assert(!r.found && r.unmet == (DRIVER_UNMET_PASS | DRIVER_UNMET_AVOID));
}
END_TEST

/* The engine looks through what is excluded link by link: a prefix of half the network is too much. */
START_TEST(prefixes_name_only_so_much)
{
	enum { NODES = 300 };
	static struct ted_node nodes[NODES];
	struct driver_path_request q = ask_of(0, 5);
	const struct ted *t = NULL;
	struct intent_wanted x;
	struct arena a;

	for (unsigned i = 0; i < NODES; i++) {
		struct ip_addr *at = &nodes[i].router_v6;

		nodes[i] = (struct ted_node){ .alive = true };
		(void)snprintf(nodes[i].id, sizeof(nodes[i].id), "0000.0000.%04u", i);
		*at = net_addr("2001:db8:9::");
		at->b[14] = (uint8_t)(i >> 8);
		at->b[15] = (uint8_t)i;
	}
	ck_assert_int_eq(ted_build(&(struct ted_input){ .nodes = nodes, .n_nodes = NODES }, &t), 0);
	arena_init(&a, 0);
	q.n_avoid = 1;
	for (uint8_t len = 120; len >= 119; len--) {
		struct ip_addr at = net_addr("2001:db8:9::");

		q.avoid[0] = (struct driver_spot){ .kind = DRIVER_SPOT_NODE,
						   .prefix = ip_prefix_of(&at, len) };
		ck_assert(intent_wanted_of(t, &q, &at, &a, &x));
		ck_assert_int_eq(x.too_much, len == 119);
		ck_assert_uint_eq(x.req.n_exclude_nodes, 256);
	}
	arena_fini(&a);
	ted_unref(t);
}
END_TEST

/* A headend that is gone is told nothing, an intent that goes leaves nothing behind. */
START_TEST(questions_end_with_who_asked)
{
	struct driver_path_request q = ask_of(0, 5);
	struct driver_path_set set = { .headend = net_addr("a"), .session = pcc_at("a")->session,
				       .ask = 77, .n = 1, .at = &q };
	unsigned before = world.n_answers;

	intent_sink.path_request(world.intent, &set);
	ck_assert_uint_eq(world.n_answers, before); /* not from inside the call */
	set.ask++;
	intent_sink.path_request(world.intent, &set); /* waits for the first */
	if (_i == 0)
		pcc_down("a");
	if (_i < 2)
		run_ms(1000);
	ck_assert_uint_eq(world.n_answers, before + (_i == 1 ? 2 : 0));
}
END_TEST

START_TEST(too_many_questions_are_put_off)
{
	struct driver_path_request q = ask_of(0, 5);
	struct driver_path_set set = { .headend = net_addr("a"), .session = pcc_at("a")->session,
				       .n = 1, .at = &q };
	unsigned before = world.n_answers;

	for (set.ask = 1; set.ask <= 1024; set.ask++)
		intent_sink.path_request(world.intent, &set);
	ck_assert_uint_eq(world.n_answers, before);
	intent_sink.path_request(world.intent, &set);
	ck_assert_uint_eq(world.n_answers, before + 1);
	ck_assert(!world.replies[0].found && world.replies[0].no_path_vector == 0x1);
	run_ms(60000);
	ck_assert_uint_eq(world.n_answers, before + 1025);
	ck_assert(world.replies[0].found);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-asked");
	TCase *tc = tcase_create("asked");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, single_paths_are_the_best_there_are);
	tcase_add_test(tc, mlp_and_mbp_look_at_the_fullest_link);
	tcase_add_test(tc, disjoint_pairs_cost_least_together);
	tcase_add_test(tc, set_without_disjoint_paths_says_so);
	tcase_add_test(tc, sets_reach_the_optimum_of_their_function);
	tcase_add_test(tc, sets_with_other_bounds_reach_the_optimum_too);
	tcase_add_test(tc, answer_is_of_the_book_and_the_topology_of_now);
	tcase_add_test(tc, things_are_named_in_every_way);
	tcase_add_test(tc, prefixes_name_only_so_much);
	tcase_add_loop_test(tc, questions_end_with_who_asked, 0, 3);
	tcase_add_test(tc, too_many_questions_are_put_off);
	suite_add_tcase(s, tc);
	return check_main(s);
}
