/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine against enumeration of every simple path, and its SID lists against a packet
 * simulator, on thousands of small random networks: ties, parallel links, one-way links, LANs,
 * overload, missing metrics.
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "net.h"

enum { ROUNDS = 4000 / CHECK_SHARE };

/* ---- the oracle ---- */

struct best {
	bool found;
	uint64_t cost;
};

struct walk {
	const struct net *n;
	const struct pce_request *q;
	struct best best;
};

static bool excluded(const uint32_t *list, uint32_t n, uint32_t x)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i] == x)
			return true;
	return false;
}

/* May this link carry the request? Out of a pseudonode there is only wire. */
static bool allowed(const struct walk *w, uint32_t l)
{
	const struct ted_link *k = &w->n->link[l];
	const struct pce_request *q = w->q;
	bool any = false, wanted = false;

	if (!w->n->usable[l] || excluded(q->exclude_links, q->n_exclude_links, l) ||
	    excluded(q->exclude_nodes, q->n_exclude_nodes, k->to) ||
	    excluded(q->exclude_nodes, q->n_exclude_nodes, k->from))
		return false;
	if (w->n->node[k->from].pseudonode)
		return true;
	if (q->bandwidth_bps > k->capacity_bps)
		return false;
	for (unsigned i = 0; i < TED_AFFINITY_WORDS; i++) {
		if (k->admin_group[i] & q->affinity.exclude_any[i])
			return false;
		if (~k->admin_group[i] & q->affinity.include_all[i])
			return false;
		wanted |= q->affinity.include_any[i] != 0;
		any |= (k->admin_group[i] & q->affinity.include_any[i]) != 0;
	}
	return any || !wanted;
}

struct sums {
	uint64_t of[NET_METRICS];
	bool has[NET_METRICS];
};

static bool within_bounds(const struct pce_request *q, const struct sums *s)
{
	const uint32_t max[NET_METRICS] = { [PCE_IGP] = q->igp_max, [PCE_TE] = q->te_max,
					    [PCE_DELAY] = q->delay_us_max, [PCE_HOPS] = q->hops_max };

	for (unsigned m = 0; m < NET_METRICS; m++)
		if (max[m] != PCE_NO_BOUND && (!s->has[m] || s->of[m] > max[m]))
			return false;
	return true;
}

static struct sums sums_add(const struct net *n, struct sums s, uint32_t link)
{
	for (unsigned m = 0; m < NET_METRICS; m++) {
		uint64_t c;

		s.has[m] &= net_cost(n, link, m, &c);
		s.of[m] += c;
	}
	return s;
}

static void enumerate(struct walk *w, uint32_t at, uint32_t seen, struct sums s)
{
	const struct net *n = w->n;

	if (at == w->q->dst) {
		if (within_bounds(w->q, &s) && s.has[w->q->minimise] &&
		    (!w->best.found || s.of[w->q->minimise] < w->best.cost))
			w->best = (struct best){ true, s.of[w->q->minimise] };
		return;
	}
	if (n->node[at].overload && at != w->q->src)
		return;
	for (uint32_t l = 0; l < n->n_links; l++)
		if (n->link[l].from == at && !(seen & 1U << n->link[l].to) && allowed(w, l))
			enumerate(w, n->link[l].to, seen | 1U << n->link[l].to, sums_add(n, s, l));
}

static struct best oracle(const struct net *n, const struct pce_request *q)
{
	struct walk w = { .n = n, .q = q };
	struct sums zero = { .has = { true, true, true, true } };

	enumerate(&w, q->src, 1U << q->src, zero);
	return w.best;
}

/* ---- one case ---- */

static struct net net;
static struct net_run run;
static struct rng rng;

static void net_random(bool complete)
{
	struct net_cfg cfg = {
		.routers = 3 + (uint32_t)rng_below(&rng, 5),
		.pairs = 3 + (uint32_t)rng_below(&rng, 9),
		.lan = rng_below(&rng, 4) == 0,
		.half = rng_below(&rng, 2),
		.overload = rng_below(&rng, 3) == 0,
		.odd_metrics = rng_below(&rng, 3) == 0,
		.complete = complete,
		.metric_max = rng_below(&rng, 2) ? 3 : 20,
		.delay_max = rng_below(&rng, 2) ? 3 : 50,
	};

	net_make(&net, &rng, &cfg);
}

static uint32_t maybe(uint32_t max)
{
	return rng_below(&rng, 3) ? PCE_NO_BOUND : (uint32_t)rng_below(&rng, max);
}

static uint32_t banned_nodes[1], banned_links[2];

static void exclude_random(struct pce_request *q)
{
	if (rng_below(&rng, 5) == 0) {
		banned_nodes[0] = (uint32_t)rng_below(&rng, net.n_routers);
		q->exclude_nodes = banned_nodes;
		q->n_exclude_nodes = 1;
	}
	if (rng_below(&rng, 4) == 0) {
		for (unsigned i = 0; i < 2; i++)
			banned_links[i] = (uint32_t)rng_below(&rng, net.n_links);
		q->exclude_links = banned_links;
		q->n_exclude_links = 2;
	}
}

static void request_random(struct pce_request *q)
{
	*q = (struct pce_request){
		.src = (uint32_t)rng_below(&rng, net.n_routers),
		.minimise = (enum pce_metric)rng_below(&rng, NET_METRICS),
		.delay_us_max = maybe(120), .hops_max = maybe(6), .igp_max = maybe(50),
		.te_max = maybe(30), .strict = rng_below(&rng, 2), .usid = rng_below(&rng, 2),
		.dataplane = rng_below(&rng, 4) ? PCE_SRV6 : PCE_MPLS,
	};
	exclude_random(q);
	q->dst = (q->src + 1 + (uint32_t)rng_below(&rng, net.n_routers - 1)) % net.n_routers;
	if (rng_below(&rng, 3) == 0)
		q->bandwidth_bps = rng_below(&rng, 8) * 1000;
	if (rng_below(&rng, 4) == 0)
		q->affinity.exclude_any[0] = 1U << rng_below(&rng, 4);
	if (rng_below(&rng, 6) == 0)
		q->affinity.include_any[7] = 3;
	if (rng_below(&rng, 6) == 0)
		q->affinity.include_all[0] = 1U << rng_below(&rng, 4);
}

static uint64_t cost_of(const struct pce_answer *a, enum pce_metric m)
{
	switch (m) {
	case PCE_IGP:
		return a->igp;
	case PCE_TE:
		return a->te;
	case PCE_DELAY:
		return a->delay_us;
	case PCE_HOPS:
		break;
	case PCE_VARIATION:
		return a->variation_us;
	case PCE_LOSS:
	case PCE_MIX:
		return a->cost;
	}
	return a->hops;
}

static const char *where(int round)
{
	static char text[64];

	(void)snprintf(text, sizeof(text), "round %d", round);
	return text;
}

/* The path is a path, and costs what the answer says. */
static void path_holds(const struct pce_request *q, const struct pce_answer *a, int round)
{
	struct walk w = { .n = &net, .q = q };
	struct sums s = { .has = { true, true, true, true } };
	uint32_t at = q->src;

	for (uint32_t i = 0; i < a->n_path; i++) {
		ck_assert_msg(net.link[a->path[i]].from == at, "%s: links do not join", where(round));
		ck_assert_msg(allowed(&w, a->path[i]), "%s: a forbidden link", where(round));
		s = sums_add(&net, s, a->path[i]);
		at = net.link[a->path[i]].to;
	}
	ck_assert_msg(at == q->dst, "%s: ends elsewhere", where(round));
	ck_assert_msg(within_bounds(q, &s), "%s: a bound is broken", where(round));
	ck_assert_msg(s.of[q->minimise] == cost_of(a, q->minimise), "%s: cost", where(round));
}

/* What packets really do with the list. */
static void list_holds(const struct pce_request *q, const struct pce_answer *a, int round)
{
	struct ip_addr sids[PCE_SEGS_MAX];
	uint32_t labels[PCE_SEGS_MAX];
	struct pce_list list = { .dataplane = q->dataplane, .n = a->n_segs, .sids = sids,
				 .labels = labels };
	struct walk w = { .n = &net, .q = q };

	for (uint32_t i = 0; i < a->n_segs; i++) {
		sids[i] = a->segs[i].sid;
		labels[i] = a->segs[i].label;
	}
	net_forward(&net, q->src, &list, &run);
	ck_assert_msg(!run.lost && run.n > 0, "%s: packets are lost", where(round));
	for (uint32_t t = 0; t < run.n; t++) {
		const struct net_trace *x = &run.trace[t];
		struct sums s = { .has = { true, true, true, true } };

		ck_assert_msg(x->end == q->dst, "%s: a packet ends elsewhere", where(round));
		if (q->strict) {
			ck_assert_msg(x->n == a->n_path && memcmp(x->link, a->path, x->n * 4) == 0,
				      "%s: strict, and a packet leaves the path", where(round));
			continue;
		}
		for (uint32_t i = 0; i < x->n; i++) {
			ck_assert_msg(allowed(&w, x->link[i]), "%s: a packet on a forbidden link", where(round));
			s = sums_add(&net, s, x->link[i]);
		}
		ck_assert_msg(within_bounds(q, &s), "%s: a packet breaks a bound", where(round));
	}
}

static void compute(const struct pce_request *q, struct arena *arena, struct pce_answer *a)
{
	const struct ted *t = net_build(&net);

	pce_compute(t, q, arena, a);
	ted_unref(t);
}

START_TEST(the_answer_is_the_cheapest_path_and_none_means_none)
{
	int found = 0, none = 0;

	rng_seed(&rng, (uint64_t)_i + 1);
	for (int round = 0; round < ROUNDS; round++) {
		struct pce_request q;
		struct pce_answer a;
		struct arena arena;
		struct best b;

		net_random(true);
		request_random(&q);
		arena_init(&arena, 0);
		compute(&q, &arena, &a);
		b = oracle(&net, &q);
		if (a.status == PCE_OK) {
			found++;
			ck_assert_msg(b.found, "%s: there is none", where(round));
			ck_assert_msg(cost_of(&a, q.minimise) == b.cost, "%s: %llu is not the least, %llu is",
				      where(round), (unsigned long long)cost_of(&a, q.minimise),
				      (unsigned long long)b.cost);
			path_holds(&q, &a, round);
			list_holds(&q, &a, round);
		} else {
			none++;
			ck_assert_msg(a.why && a.why[0], "%s: no reason", where(round));
			ck_assert_msg(!b.found || a.status == PCE_NO_SID, "%s: missed a path (%s)", where(round),
				      a.why);
		}
		arena_fini(&arena);
	}
	ck_assert_int_gt(found, ROUNDS / 5);
	ck_assert_int_gt(none, ROUNDS / 50);
}
END_TEST

START_TEST(kept_trees_change_no_answer)
{
	rng_seed(&rng, (uint64_t)_i + 1);
	for (int round = 0; round < ROUNDS / 10; round++) {
		AUTO(pce_trees_free) struct pce_trees *trees = NULL;
		const struct ted *t;

		net_random(true);
		t = net_build(&net);
		ck_assert_int_eq(pce_trees_new(&trees, 0), 0);
		for (int k = 0; k < 10; k++) {
			struct pce_answer a, b;
			struct pce_request q;
			struct arena arena;

			request_random(&q);
			arena_init(&arena, 0);
			pce_compute(t, &q, &arena, &a);
			q.trees = trees;
			pce_compute(t, &q, &arena, &b);
			ck_assert_msg(a.status == b.status && a.n_path == b.n_path && a.n_segs == b.n_segs &&
					      a.expansion.delay_us_max == b.expansion.delay_us_max,
				      "%s", where(round));
			ck_assert(a.n_path == 0 ||
				  memcmp(a.path, b.path, a.n_path * sizeof(*a.path)) == 0);
			for (uint32_t i = 0; i < a.n_segs; i++)
				ck_assert(ip_eq(&a.segs[i].sid, &b.segs[i].sid) &&
					  a.segs[i].label == b.segs[i].label);
			arena_fini(&arena);
		}
		ted_unref(t);
	}
}
END_TEST

START_TEST(with_sids_missing_no_list_does_harm)
{
	rng_seed(&rng, (uint64_t)_i + 100);
	for (int round = 0; round < ROUNDS; round++) {
		struct pce_request q;
		struct pce_answer a;
		struct arena arena;

		net_random(false);
		request_random(&q);
		q.msd = (uint8_t)rng_below(&rng, 4);
		arena_init(&arena, 0);
		compute(&q, &arena, &a);
		if (a.status == PCE_OK) {
			path_holds(&q, &a, round);
			list_holds(&q, &a, round);
			ck_assert_msg(q.msd == 0 || a.n_segs <= q.msd, "%s: deeper than the MSD", where(round));
		}
		arena_fini(&arena);
	}
}
END_TEST

/* A list of somebody else's: node SIDs as they come. */
static uint32_t list_random(const struct pce_request *q, struct ip_addr *sids)
{
	uint32_t n = 0, ways = (uint32_t)rng_below(&rng, 2);

	for (uint32_t i = 0; i <= ways; i++) {
		uint32_t node = i == ways ? q->dst : (uint32_t)rng_below(&rng, net.n_routers);

		if (net.node[node].n_sids == 0)
			return 0;
		sids[n++] = net.node[node].sids[0].sid;
	}
	return n;
}

/* By the packet simulator: does every way of the list hold what is asked? */
static bool run_holds(const struct pce_request *q)
{
	struct walk w = { .n = &net, .q = q };

	for (uint32_t t = 0; t < run.n; t++) {
		struct sums s = { .has = { true, true, true, true } };

		for (uint32_t i = 0; i < run.trace[t].n; i++) {
			uint32_t l = run.trace[t].link[i];
			const struct ted_link *k = &net.link[l];

			if (!allowed(&w, l) || (net.node[k->from].overload && k->from != q->src) ||
			    (net.node[k->to].overload && k->to != q->dst))
				return false;
			s = sums_add(&net, s, l);
		}
		if (!within_bounds(q, &s))
			return false;
	}
	return true;
}

START_TEST(a_list_is_checked_by_what_its_packets_do)
{
	int good = 0, bad = 0;

	rng_seed(&rng, (uint64_t)_i + 300);
	for (int round = 0; round < ROUNDS; round++) {
		struct ip_addr sids[PCE_SEGS_MAX];
		struct pce_list list = { .dataplane = PCE_SRV6, .sids = sids };
		struct pce_expansion e;
		struct pce_request q;
		struct arena arena;
		const struct ted *t;
		const char *why;

		net_random(true);
		request_random(&q);
		q.minimise = PCE_HOPS; /* which every link has */
		list.n = list_random(&q, sids);
		net_forward(&net, q.src, &list, &run);
		if (list.n == 0 || run.lost || run.n == 0)
			continue;
		t = net_build(&net);
		arena_init(&arena, 0);
		pce_expand(t, q.src, q.dst, &list, &arena, &e);
		ck_assert_msg(e.valid, "%s: packets arrive, and the list is called bad: %s", where(round), e.why);
		why = pce_check(t, &q, &e, &arena);
		ck_assert_msg((why == NULL) == run_holds(&q), "%s: %s", where(round),
			      why ? why : "called good, and it is not");
		good += why == NULL;
		bad += why != NULL;
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_int_gt(good, ROUNDS / 50);
	ck_assert_int_gt(bad, ROUNDS / 50);
}
END_TEST

START_TEST(a_list_over_what_is_gone_is_not_good)
{
	int dead = 0, half = 0;

	rng_seed(&rng, 500);
	for (int round = 0; round < 200; round++) {
		uint32_t link = (uint32_t)rng_below(&rng, 6);
		struct pce_expansion e = { .links = &link, .n_links = 1, .valid = true, .why = "" };
		struct pce_request q = { .minimise = PCE_HOPS, .delay_us_max = PCE_NO_BOUND,
					 .hops_max = PCE_NO_BOUND, .igp_max = PCE_NO_BOUND,
					 .te_max = PCE_NO_BOUND };
		const struct ted *t;
		struct arena arena;
		const char *why;

		net_random(true);
		q.src = net.link[link].from;
		q.dst = net.link[link].to;
		net.link[link].alive = rng_below(&rng, 2);
		t = net_build(&net);
		arena_init(&arena, 0);
		why = pce_check(t, &q, &e, &arena);
		if (!t->links[link].alive) {
			dead++;
			ck_assert_ptr_nonnull(strstr(why ? why : "", "is down"));
		} else if (t->links[link].reverse == TED_NONE) {
			half++;
			ck_assert_ptr_nonnull(strstr(why ? why : "", "in the other direction"));
		}
		link = t->n_links; /* was never there */
		ck_assert_ptr_nonnull(pce_check(t, &q, &e, &arena));
		arena_fini(&arena);
		ted_unref(t);
	}
	ck_assert_int_gt(dead, 20);
	ck_assert_int_gt(half, 5);
}
END_TEST

START_TEST(the_same_question_has_the_same_answer)
{
	rng_seed(&rng, 77);
	for (int round = 0; round < 200; round++) {
		struct pce_answer a, b;
		struct arena x, y;
		struct pce_request q;

		net_random(true);
		request_random(&q);
		arena_init(&x, 0);
		arena_init(&y, 0);
		compute(&q, &x, &a);
		compute(&q, &y, &b);
		ck_assert_int_eq(a.status, b.status);
		ck_assert_uint_eq(a.n_path, b.n_path);
		if (a.status == PCE_OK) {
			ck_assert(a.n_path == 0 || memcmp(a.path, b.path, a.n_path * 4) == 0);
			for (uint32_t i = 0; i < a.n_segs; i++)
				ck_assert(ip_eq(&a.segs[i].sid, &b.segs[i].sid));
		}
		arena_fini(&x);
		arena_fini(&y);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("paths");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, the_answer_is_the_cheapest_path_and_none_means_none, 0, 4);
	tcase_add_loop_test(t, kept_trees_change_no_answer, 0, 4);
	tcase_add_loop_test(t, with_sids_missing_no_list_does_harm, 0, 2);
	tcase_add_loop_test(t, a_list_is_checked_by_what_its_packets_do, 0, 2);
	tcase_add_test(t, a_list_over_what_is_gone_is_not_good);
	tcase_add_test(t, the_same_question_has_the_same_answer);
	suite_add_tcase(s, t);
	return check_main(s);
}
