/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failure analysis against routing everything again: path by path, in floating point, by plain
 * Bellman-Ford, for every link, node and SRLG of small random networks.
 */
#include "check_main.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "net.h"
#include "pce/failure.h"

enum { NETS = 1000, CHUNKS = 10, FAR = 1000000000, SRLGS = 4, FLOWS = 6, HOPS = 3, METRICS = 4 };

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			ck_abort_msg("%s", #cond);                                                 \
	} while (0)

static const enum pce_metric metrics[METRICS] = { PCE_IGP, PCE_TE, PCE_DELAY, PCE_HOPS };

struct world {
	struct rng rng;
	struct net n;
	const struct ted *t;
	struct pce_flow flow[FLOWS];
	struct pce_flow_hop hop[FLOWS][HOPS];
	struct pce_failures *f;
	/* of one failure */
	bool dead[NET_LINKS];
	uint32_t node_dead;
	uint64_t dist[NET_NODES][NET_NODES];
	double load[NET_LINKS];
	uint64_t effects, bounds, moved;
};

/* What becomes of a flow. */
struct fate {
	enum pce_flow_loss loss;
	uint64_t worst[METRICS]; /* UINT64_MAX: not told */
};

static uint32_t below(struct world *w, uint32_t n)
{
	return (uint32_t)rng_below(&w->rng, n);
}

/* ---- routing, plainly ---- */

static bool crosses(const struct world *w, uint32_t l, uint64_t *cost)
{
	return w->n.usable[l] && !w->dead[l] && net_cost(&w->n, l, PCE_IGP, cost);
}

static void distances(struct world *w, uint32_t root)
{
	uint64_t *dist = w->dist[root];

	for (uint32_t i = 0; i < w->n.n_nodes; i++)
		dist[i] = i == root ? 0 : FAR;
	for (uint32_t round = 0; round < w->n.n_nodes; round++)
		for (uint32_t l = 0; l < w->n.n_links; l++) {
			const struct ted_link *k = &w->n.link[l];
			uint64_t c;

			if (crosses(w, l, &c) && (!w->n.node[k->from].overload || k->from == root) &&
			    dist[k->from] + c < dist[k->to])
				dist[k->to] = dist[k->from] + c;
		}
}

static bool tight(const struct world *w, uint32_t l, uint32_t u, uint32_t v)
{
	uint64_t c;

	return w->n.link[l].from == u && crosses(w, l, &c) &&
	       (!w->n.node[w->n.link[l].to].overload || w->n.link[l].to == v) &&
	       c + w->dist[w->n.link[l].to][v] == w->dist[u][v];
}

static unsigned next_hops(const struct world *w, uint32_t u, uint32_t v)
{
	unsigned n = 0;

	for (uint32_t l = 0; l < w->n.n_links; l++) {
		uint32_t x = w->n.link[l].to;

		if (tight(w, l, u, v))
			n += w->n.node[x].pseudonode ? next_hops(w, x, v) : 1;
	}
	return n;
}

static void add(const struct world *w, uint32_t l, uint64_t *sum)
{
	for (unsigned m = 0; m < METRICS; m++) {
		uint64_t c;

		if (metrics[m] == PCE_HOPS)
			c = !w->n.node[w->n.link[l].from].pseudonode;
		else if (!net_cost(&w->n, l, metrics[m], &c))
			c = UINT64_MAX;
		sum[m] = c == UINT64_MAX || sum[m] == UINT64_MAX ? UINT64_MAX : sum[m] + c;
	}
}

/* Every path on its own. */
static void run(struct world *w, uint32_t u, uint32_t v, double amount, const uint64_t *sum,
		uint64_t *worst)
{
	unsigned n;

	if (u == v) {
		for (unsigned m = 0; m < METRICS; m++)
			worst[m] = sum[m] > worst[m] ? sum[m] : worst[m];
		return;
	}
	n = next_hops(w, u, v);
	for (uint32_t l = 0; l < w->n.n_links; l++) {
		uint32_t x = w->n.link[l].to;
		uint64_t longer[METRICS];
		double share;

		if (!tight(w, l, u, v))
			continue;
		share = amount * (w->n.node[x].pseudonode ? next_hops(w, x, v) : 1) / n;
		memcpy(longer, sum, sizeof(longer));
		add(w, l, longer);
		w->load[l] += share;
		run(w, x, v, share, longer, worst);
	}
}

static bool go(struct world *w, uint32_t u, uint32_t v, double rate, struct fate *f)
{
	uint64_t sum[METRICS] = { 0 }, worst[METRICS] = { 0 };

	if (u == w->node_dead || v == w->node_dead || w->dist[u][v] >= FAR) {
		if (f->loss == PCE_FLOW_KEPT)
			f->loss = PCE_FLOW_ROUTE;
		return false;
	}
	run(w, u, v, rate, sum, worst);
	for (unsigned m = 0; m < METRICS; m++)
		f->worst[m] = worst[m] == UINT64_MAX || f->worst[m] == UINT64_MAX ?
				      UINT64_MAX :
				      f->worst[m] + worst[m];
	return true;
}

static void over(struct world *w, const struct pce_flow_hop *h, double rate, struct fate *f)
{
	uint32_t exit = TED_NONE, lan = w->n.link[h->link].to;

	for (uint32_t l = 0; lan != h->node && l < w->n.n_links; l++)
		if (w->n.link[l].from == lan && w->n.link[l].to == h->node && w->n.usable[l] &&
		    !w->dead[l])
			exit = l;
	if (!w->n.usable[h->link] || w->dead[h->link] || (lan != h->node && exit == TED_NONE)) {
		if (f->loss == PCE_FLOW_KEPT)
			f->loss = PCE_FLOW_LINK;
		return;
	}
	add(w, h->link, f->worst);
	w->load[h->link] += rate;
	if (exit == TED_NONE)
		return;
	add(w, exit, f->worst);
	w->load[exit] += rate;
}

/* Stretches after a lost one carry what they would: a lost flow is not taken away elsewhere. */
static struct fate fate_of(struct world *w, const struct pce_flow *flow)
{
	struct fate f = { .loss = PCE_FLOW_KEPT };
	double rate = (double)flow->rate_bps;
	uint32_t at = flow->src;

	for (uint32_t i = 0; i < flow->n_hops; i++) {
		const struct pce_flow_hop *h = &flow->hops[i];

		if (h->link == TED_NONE) {
			(void)go(w, at, h->node, rate, &f);
		} else {
			(void)go(w, at, w->n.link[h->link].from, rate, &f);
			over(w, h, rate, &f);
		}
		at = h->node;
	}
	if (flow->src == w->node_dead || at == w->node_dead)
		f.loss = PCE_FLOW_END;
	return f;
}

static bool breaks(const struct pce_flow *flow, const struct fate *f, struct pce_flow_effect *e)
{
	const struct {
		unsigned m;
		enum pce_constraint is;
		uint32_t max;
	} rows[] = { { 2, PCE_C_DELAY, flow->delay_us_max }, { 3, PCE_C_HOPS, flow->hops_max },
		     { 0, PCE_C_IGP, flow->igp_max },	     { 1, PCE_C_TE, flow->te_max } };

	for (unsigned i = 0; i < METRICS; i++)
		if (rows[i].max != PCE_NO_BOUND && f->worst[rows[i].m] > rows[i].max) {
			e->bound = rows[i].is;
			e->value = f->worst[rows[i].m] == UINT64_MAX ? PCE_NO_BOUND :
								       f->worst[rows[i].m];
			e->allowed = rows[i].max;
			return true;
		}
	return false;
}

static void everything(struct world *w, struct pce_flow_effect *e)
{
	memset(w->load, 0, sizeof(w->load));
	for (uint32_t i = 0; i < w->n.n_nodes; i++)
		distances(w, i);
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct fate f = fate_of(w, &w->flow[i]);

		e[i] = (struct pce_flow_effect){ .flow = i, .loss = f.loss };
		if (f.loss == PCE_FLOW_KEPT && breaks(&w->flow[i], &f, &e[i]))
			e[i].loss = PCE_FLOW_BOUND;
	}
}

/* ---- comparing ---- */

static void effect_same(const struct pce_flow_effect *a, const struct pce_flow_effect *b)
{
	MUST(a->flow == b->flow);
	MUST(a->loss == b->loss);
	if (a->loss != PCE_FLOW_BOUND)
		return;
	MUST(a->bound == b->bound);
	MUST(a->value == b->value);
	MUST(a->allowed == b->allowed);
}

static void loads_same(const struct world *w, bool after)
{
	for (uint32_t l = 0; l < w->n.n_links; l++) {
		double said = (double)(after ? pce_failures_after_bps(w->f, l) :
					       pce_failures_load_bps(w->f, l));

		if (after && w->dead[l])
			continue;
		MUST(said >= w->load[l] - 1e-3);
		MUST(said <= w->load[l] + 1.5); /* rounded up, by little */
	}
}

static void fullest_same(const struct world *w, const struct pce_fullest *is)
{
	double most = -1, said;

	for (uint32_t l = 0; l < w->n.n_links; l++)
		if (w->n.usable[l] && !w->dead[l] && w->n.link[l].capacity_bps > 0 &&
		    w->load[l] / (double)w->n.link[l].capacity_bps > most)
			most = w->load[l] / (double)w->n.link[l].capacity_bps;
	MUST((is->link == TED_NONE) == (most < 0));
	if (is->link == TED_NONE)
		return;
	MUST(w->n.usable[is->link] && !w->dead[is->link]);
	said = (double)is->ppb / 1e9;
	MUST(said >= most - 1e-8);
	MUST(said <= most + 1e-3);
}

static void compare(struct world *w, const struct pce_flow_effect *now,
		    const struct pce_failure_answer *is)
{
	struct pce_flow_effect then[FLOWS];
	uint32_t k = 0;

	everything(w, then);
	for (uint32_t i = 0; i < FLOWS; i++) {
		bool worse = then[i].loss != PCE_FLOW_KEPT &&
			     (now[i].loss == PCE_FLOW_KEPT ||
			      (now[i].loss == PCE_FLOW_BOUND && then[i].loss != PCE_FLOW_BOUND));

		if (!worse)
			continue;
		MUST(k < is->n_effects);
		effect_same(&is->effects[k++], &then[i]);
		w->bounds += then[i].loss == PCE_FLOW_BOUND;
	}
	MUST(k == is->n_effects);
	w->effects += k;
	w->moved += is->n_moved;
	loads_same(w, true);
	fullest_same(w, &is->fullest);
}

/* ---- worlds ---- */

static void flow_make(struct world *w, uint32_t i)
{
	struct pce_flow *f = &w->flow[i];

	*f = (struct pce_flow){ .src = below(w, w->n.n_routers), .hops = w->hop[i],
				.n_hops = 1 + below(w, HOPS), .rate_bps = below(w, 1000),
				.delay_us_max = PCE_NO_BOUND, .igp_max = PCE_NO_BOUND,
				.te_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND };
	if (below(w, 3) == 0)
		f->delay_us_max = below(w, 12);
	if (below(w, 3) == 0)
		f->igp_max = below(w, 20);
	if (below(w, 4) == 0)
		f->hops_max = 1 + below(w, 5);
	if (below(w, 4) == 0)
		f->te_max = below(w, 40);
	for (uint32_t k = 0; k < f->n_hops; k++) {
		struct pce_flow_hop *h = &w->hop[i][k];
		uint32_t l = below(w, w->n.n_links);

		*h = (struct pce_flow_hop){ .node = below(w, w->n.n_routers), .link = TED_NONE };
		if (below(w, 4) || w->n.node[w->n.link[l].from].pseudonode)
			continue;
		h->link = l;
		if (!w->n.node[w->n.link[l].to].pseudonode)
			h->node = w->n.link[l].to;
	}
}

static void world_make(struct world *w, uint64_t seed)
{
	struct net_cfg c;

	rng_seed(&w->rng, seed);
	c = (struct net_cfg){ .routers = 3 + below(w, 5), .lan = below(w, 3) == 0,
			      .half = below(w, 4) == 0, .overload = below(w, 4) == 0,
			      .odd_metrics = below(w, 3) == 0, .complete = true,
			      .metric_max = 1 + below(w, 3), .delay_max = 3 };
	c.pairs = c.routers + below(w, 6);
	net_make(&w->n, &w->rng, &c);
	net_risks(&w->n, &w->rng, SRLGS);
	w->t = net_build(&w->n);
	for (uint32_t i = 0; i < FLOWS; i++)
		flow_make(w, i);
	memset(w->dead, 0, sizeof(w->dead));
	w->node_dead = TED_NONE;
	MUST(pce_failures_new(&w->f, w->t, w->flow, FLOWS, NULL) == 0);
}

static void kill(struct world *w, const struct pce_failure *what)
{
	w->node_dead = what->kind == PCE_FAIL_NODE ? what->index : TED_NONE;
	for (uint32_t l = 0; l < w->n.n_links; l++)
		w->dead[l] = net_hit(&w->n, w->t, what, l);
}

static void failures_run(struct world *w, enum pce_failure_kind kind,
			 const struct pce_flow_effect *now)
{
	struct arena a;
	const uint32_t *all;
	uint32_t n;

	arena_init(&a, 0);
	all = pce_failures_all(w->f, kind, &a, &n);
	MUST(all != NULL);
	for (uint32_t i = 0; i < n; i++) {
		const struct pce_failure what = { kind, all[i] };
		struct pce_failure_answer is;

		MUST(i == 0 || all[i] > all[i - 1]);
		MUST(pce_failures_ask(w->f, &what, &a, &is) == 0);
		kill(w, &what);
		compare(w, now, &is);
	}
	arena_fini(&a);
}

static void world_run(struct world *w)
{
	struct pce_flow_effect now[FLOWS];
	const struct pce_flow_effect *said;
	struct pce_fullest fullest;
	uint32_t n, k = 0;

	everything(w, now);
	loads_same(w, false);
	pce_failures_fullest(w->f, &fullest);
	fullest_same(w, &fullest);
	said = pce_failures_now(w->f, &n);
	for (uint32_t i = 0; i < FLOWS; i++)
		if (now[i].loss != PCE_FLOW_KEPT) {
			MUST(k < n);
			effect_same(&said[k++], &now[i]);
		}
	MUST(k == n);
	failures_run(w, PCE_FAIL_LINK, now);
	failures_run(w, PCE_FAIL_SRLG, now);
	failures_run(w, PCE_FAIL_NODE, now);
}

START_TEST(every_failure_does_what_routing_everything_again_says)
{
	static struct world w;

	for (uint64_t i = 0; i < NETS; i++) {
		world_make(&w, (uint64_t)_i * NETS + i);
		world_run(&w);
		w.f = pce_failures_free(w.f);
		ted_unref(w.t);
	}
	ck_assert_uint_gt(w.effects, NETS);
	ck_assert_uint_gt(w.bounds, NETS / 4);
	ck_assert_uint_gt(w.moved, w.effects);
}
END_TEST

START_TEST(a_flow_that_makes_no_sense_is_refused)
{
	static struct world w;
	struct pce_failures *f = NULL;
	struct pce_flow bad;

	world_make(&w, 1);
	bad = w.flow[0];
	bad.src = 1000;
	ck_assert_int_gt(pce_failures_new(&f, w.t, &bad, 1, NULL), 0);
	bad = w.flow[0];
	bad.n_hops = 0;
	ck_assert_int_gt(pce_failures_new(&f, w.t, &bad, 1, NULL), 0);
	bad = w.flow[0];
	bad.rate_bps = UINT64_MAX;
	ck_assert_int_gt(pce_failures_new(&f, w.t, &bad, 1, NULL), 0);
	w.hop[0][0].node = 1000;
	ck_assert_int_gt(pce_failures_new(&f, w.t, w.flow, 1, NULL), 0);
	ck_assert_ptr_null(f);
	ck_assert_int_eq(pce_failures_new(&f, w.t, NULL, 0, NULL), 0);
	pce_failures_free(f);
	pce_failures_free(w.f);
	ted_unref(w.t);
}
END_TEST

/* The hops of a list, walked plainly, use the links the list is expanded to. */
START_TEST(a_list_is_the_hops_it_takes)
{
	static struct world w;
	uint32_t lists = 0, refused = 0;

	for (uint64_t i = 0; i < NETS; i++) {
		struct pce_expansion e;
		struct pce_flow flow;
		struct ip_addr sids[3];
		struct pce_list list = { .dataplane = PCE_SRV6, .sids = sids };
		struct fate f;
		struct arena a;
		const char *why;
		uint32_t src, at = 0;
		int rc;

		world_make(&w, i);
		arena_init(&a, 0);
		src = below(&w, w.n.n_routers);
		for (list.n = 0; list.n < 3; list.n++) {
			uint32_t l = below(&w, w.n.n_links), v = below(&w, w.n.n_routers);

			sids[list.n] = below(&w, 3) == 0 && w.n.link[l].n_sids > 0 ?
					       w.n.link[l].sids[0].sid :
					       w.n.node[v].sids[0].sid;
		}
		if (below(&w, 8) == 0)
			sids[1].b[3] ^= 1;
		pce_expand(w.t, src, TED_NONE, &list, &a, &e);
		rc = pce_flow_of_list(w.t, src, TED_NONE, &list, &a, &flow, &why);
		MUST(rc == (e.valid ? 0 : PCE_FLOW_E_LIST));
		refused += rc != 0;
		MUST(rc == 0 || why[0] != '\0');
		memset(w.load, 0, sizeof(w.load));
		for (uint32_t k = 0; k < w.n.n_nodes; k++)
			distances(&w, k);
		if (rc == 0) {
			lists++;
			flow.rate_bps = 1000;
			f = fate_of(&w, &flow);
			MUST(f.loss == PCE_FLOW_KEPT);
			for (uint32_t l = 0; l < w.n.n_links; l++) {
				bool used = at < e.n_links && e.links[at] == l;

				at += used;
				MUST(used == (w.load[l] > 0));
			}
		}
		arena_fini(&a);
		w.f = pce_failures_free(w.f);
		ted_unref(w.t);
	}
	ck_assert_uint_gt(lists, NETS / 4);
	ck_assert_uint_gt(refused, 0);
}
END_TEST

START_TEST(what_is_not_there_cannot_fail)
{
	static struct world w;
	struct pce_failure_answer is;
	struct arena a;

	world_make(&w, 1);
	arena_init(&a, 0);
	ck_assert_int_gt(pce_failures_ask(w.f, &(struct pce_failure){ PCE_FAIL_LINK, 999 }, &a, &is),
			 0);
	ck_assert_int_gt(pce_failures_ask(w.f, &(struct pce_failure){ PCE_FAIL_NODE, 999 }, &a, &is),
			 0);
	ck_assert_int_gt(pce_failures_ask(w.f, &(struct pce_failure){ PCE_FAIL_SRLG, 999 }, &a, &is),
			 0);
	ck_assert_int_eq(pce_failures_ask(w.f, &(struct pce_failure){ PCE_FAIL_NODE, 0 }, &a, &is), 0);
	arena_fini(&a);
	pce_failures_free(w.f);
	ted_unref(w.t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("failure");
	TCase *tc = tcase_create("failure");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, every_failure_does_what_routing_everything_again_says, 0, CHUNKS);
	tcase_add_test(tc, a_list_is_the_hops_it_takes);
	tcase_add_test(tc, a_flow_that_makes_no_sense_is_refused);
	tcase_add_test(tc, what_is_not_there_cannot_fail);
	suite_add_tcase(s, tc);
	return check_main(s);
}
