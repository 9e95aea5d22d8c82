/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failure analysis of SID lists against a TED that never had what fails: each list is expanded on
 * it anew, and what it does there is what the analysis says of it. Lists have SIDs of a flexible
 * algorithm (whose definition may die with its router), adjacencies, containers, labels, and
 * binding SIDs of policies that have lists of the same kind.
 */
#include "check_main.h"

#include <string.h>

#include "packet.h"
#include "pce/failure.h"

enum { NETS = 250, CHUNKS = 10, LISTS = 4, SEGS = 4, BOUND = 2, SRLGS = 4, FLEX_INDEX = 50 };

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			ck_abort_msg("%s", #cond);                                                 \
	} while (0)

struct list {
	struct ip_addr sid[PCE_SEGS_MAX];
	uint32_t label[PCE_SEGS_MAX];
	struct pce_list l;
	uint32_t src, dst;
};

struct world {
	struct rng rng;
	struct mixed m;
	struct ted_fad fad; /* of another router than m.fad */
	struct ted_node_sid node_sid[NET_NODES][2];
	const struct ted *t;
	enum pce_dataplane plane;
	struct list behind[BOUND], list[LISTS];
	struct pce_binding bound[BOUND];
	uint32_t n_bound;
	struct pce_flow flow[LISTS];
	uint32_t n, flow_list[LISTS];
	struct pce_failures *f;
	struct arena arena;
	bool dead[NET_LINKS];
	uint32_t node_dead;
	uint64_t kept, lost, flexed, redefined, deep, bounds;
};

static uint32_t below(struct world *w, uint32_t n)
{
	return (uint32_t)rng_below(&w->rng, n);
}

/* ---- networks ---- */

static const struct ted *build(struct world *w)
{
	const struct ted *t = net_build(&w->m.net);

	MUST(t != NULL);
	return t;
}

/* Labels of the algorithm too; sometimes a second definition that comes after the first one. */
static void algo_give(struct world *w)
{
	struct net *n = &w->m.net;

	for (uint32_t i = 0; i < n->n_routers; i++) {
		struct ted_node *d = &n->node[i];

		w->node_sid[i][0] = n->mpls_sid[i];
		w->node_sid[i][1] = (struct ted_node_sid){ .value = FLEX_INDEX + i,
							   .algo = MIXED_ALGO };
		d->node_sids = w->node_sid[i];
		d->n_node_sids = (uint16_t)(1 + (d->algos[MIXED_ALGO / 64] & 1));
	}
	if (below(w, 3) == 0)
		return;
	w->fad = (struct ted_fad){ .algo = MIXED_ALGO, .metric_type = (uint8_t)below(w, 3),
				   .priority = 100, .unsupported = below(w, 6) == 0 };
	n->node[1].fads = &w->fad;
	n->node[1].n_fads = 1;
}

static void net_random(struct world *w)
{
	struct net_cfg c = { .routers = 3 + below(w, 5), .lan = below(w, 3) == 0,
			     .half = below(w, 4) == 0, .overload = below(w, 4) == 0,
			     .complete = true, .metric_max = 1 + below(w, 3),
			     .delay_max = 1 + below(w, 3) };

	c.pairs = c.routers + below(w, 6);
	net_make(&w->m.net, &w->rng, &c);
	mixed_make(&w->m, &w->rng, false);
	algo_give(w);
	net_risks(&w->m.net, &w->rng, SRLGS);
	w->t = build(w);
}

/* ---- lists ---- */

/* One SID, or a binding SID where its headend has been reached. */
static void sid_random(struct world *w, struct list *x)
{
	const struct net *n = &w->m.net;
	uint32_t l = below(w, n->n_links), v = below(w, n->n_routers);

	if (w->n_bound && below(w, 3) == 0) {
		const struct pce_binding *b = &w->bound[below(w, w->n_bound)];
		const struct ted_node *d = &n->node[b->headend];

		if (d->n_sids > 0) {
			x->sid[x->l.n++] = d->sids[0].sid;
			x->sid[x->l.n++] = b->sid;
		}
		return;
	}
	if (below(w, 4) == 0 && n->link[l].n_sids > 0)
		x->sid[x->l.n++] = n->link[l].sids[below(w, n->link[l].n_sids)].sid;
	else if (n->node[v].n_sids > 0)
		x->sid[x->l.n++] = n->node[v].sids[below(w, n->node[v].n_sids)].sid;
}

static uint32_t label_random(struct world *w, uint32_t *at)
{
	const struct net *n = &w->m.net;
	uint32_t l = below(w, n->n_links), v = below(w, n->n_routers), was = *at;

	for (uint32_t i = 0; i < w->n_bound; i++)
		if (w->bound[i].headend == was && below(w, 2)) {
			*at = w->bound[i].endpoint;
			return w->bound[i].label;
		}
	if (below(w, 3) == 0 && n->link[l].from == was && n->link[l].n_adj_sids > 0) {
		const struct ted_adj_sid *s =
			&n->link[l].adj_sids[below(w, n->link[l].n_adj_sids)];

		*at = s->lan_node ? s->lan_node - 1 : n->link[l].to;
		return s->value;
	}
	*at = v;
	return ted_label_of(w->t, was, &n->node[v].node_sids[below(w, n->node[v].n_node_sids)]);
}

/* A list that is valid now; dst TED_NONE: wherever it goes. */
static bool list_random(struct world *w, struct list *x, uint32_t src)
{
	struct pce_expansion e;
	uint32_t n = 1 + below(w, SEGS), at = src;

	*x = (struct list){ .src = src, .l.dataplane = w->plane };
	x->l.sids = x->sid;
	x->l.labels = x->label;
	x->l.bindings = w->bound;
	x->l.n_bindings = w->n_bound;
	for (uint32_t i = 0; i < n; i++)
		if (w->plane == PCE_MPLS)
			x->label[x->l.n++] = label_random(w, &at);
		else
			sid_random(w, x);
	x->dst = TED_NONE;
	pce_expand(w->t, src, TED_NONE, &x->l, &w->arena, &e);
	return e.valid && e.n_links > 0;
}

/* The engine's own: containers, and SIDs of the algorithm where they are shorter. */
static bool list_computed(struct world *w, struct list *x, uint32_t src, uint32_t dst, bool algo)
{
	struct pce_request q = { .src = src, .dst = dst, .minimise = PCE_DELAY, .usid = true,
				 .strict = true, .delay_us_max = PCE_NO_BOUND,
				 .hops_max = PCE_NO_BOUND, .igp_max = PCE_NO_BOUND,
				 .te_max = PCE_NO_BOUND, .dataplane = w->plane,
				 .algo = algo ? MIXED_ALGO : 0 };
	struct pce_answer a;

	*x = (struct list){ .src = src, .dst = dst, .l.dataplane = w->plane };
	x->l.sids = x->sid;
	x->l.labels = x->label;
	x->l.bindings = w->bound;
	x->l.n_bindings = w->n_bound;
	pce_compute(w->t, &q, &w->arena, &a);
	if (a.status != PCE_OK || a.n_path == 0)
		return false;
	for (uint32_t i = 0; i < a.n_segs; i++) {
		x->sid[i] = a.segs[i].sid;
		x->label[i] = a.segs[i].label;
	}
	x->l.n = a.n_segs;
	return true;
}

static bool list_any(struct world *w, struct list *x)
{
	uint32_t src = below(w, w->m.net.n_routers), dst = below(w, w->m.net.n_routers);

	if (below(w, 3) == 0 && src != dst)
		return list_computed(w, x, src, dst, below(w, 2));
	return list_random(w, x, src);
}

/* Where a list ends now, and which links it uses. */
static bool list_ends(struct world *w, const struct list *x, struct pce_binding *b)
{
	for (uint32_t v = 0; v < w->m.net.n_routers; v++) {
		struct pce_expansion e;

		pce_expand(w->t, x->src, v, &x->l, &w->arena, &e);
		if (!e.valid || v == x->src)
			continue;
		b->endpoint = v;
		b->links = e.links;
		b->n_links = e.n_links;
		return e.n_links > 0;
	}
	return false;
}

/* The second one's list may have the first one in it. */
static void bindings_make(struct world *w)
{
	for (uint32_t i = 0; i < BOUND; i++) {
		struct pce_binding *b = &w->bound[w->n_bound];
		struct list *x = &w->behind[w->n_bound];

		if (!list_any(w, x))
			continue;
		*b = (struct pce_binding){ .headend = x->src, .label = 900000 + i, .list = &x->l };
		b->sid = (struct ip_addr){ .family = IP_V6, .b = { 0xfd, 0xff, 1, [15] = (uint8_t)i } };
		if (list_ends(w, x, b))
			w->n_bound++;
	}
}

static void flows_make(struct world *w)
{
	for (uint32_t i = 0; i < LISTS; i++) {
		struct list *x = &w->list[w->n];
		const char *why;

		if (!list_any(w, x))
			continue;
		MUST(pce_flow_of_list(w->t, x->src, x->dst, &x->l, &w->arena, &w->flow[w->n],
				      &why) == 0);
		w->flow[w->n].rate_bps = 1000000;
		if (below(w, 3) == 0)
			w->flow[w->n].delay_us_max = below(w, 8);
		w->n++;
	}
}

static void world_make(struct world *w, uint64_t seed)
{
	memset(w, 0, offsetof(struct world, kept));
	rng_seed(&w->rng, seed);
	arena_init(&w->arena, 0);
	w->plane = below(w, 3) ? PCE_SRV6 : PCE_MPLS;
	w->node_dead = TED_NONE;
	net_random(w);
	bindings_make(w);
	flows_make(w);
	MUST(pce_failures_new(&w->f, w->t, w->flow, w->n, NULL) == 0);
}

static void world_free(struct world *w)
{
	w->f = pce_failures_free(w->f);
	ted_unref(w->t);
	arena_fini(&w->arena);
}

static const struct pce_binding *bound_at(const struct world *w, const struct list *x, uint32_t i)
{
	for (uint32_t k = 0; k < w->n_bound; k++)
		if (w->plane == PCE_MPLS ? x->label[i] == w->bound[k].label :
					   ip_eq(&x->sid[i], &w->bound[k].sid))
			return &w->bound[k];
	return NULL;
}

static bool has_bound(const struct world *w, const struct list *x)
{
	for (uint32_t i = 0; i < x->l.n; i++)
		if (bound_at(w, x, i))
			return true;
	return false;
}

/* ---- failures ---- */

static void kill(struct world *w, const struct pce_failure *what)
{
	w->node_dead = what->kind == PCE_FAIL_NODE ? what->index : TED_NONE;
	for (uint32_t l = 0; l < w->m.net.n_links; l++)
		w->dead[l] = net_hit(&w->m.net, w->t, what, l);
}

/* The network as if what failed had never been there. */
static const struct ted *without(struct world *w)
{
	struct net saved = w->m.net;
	const struct ted *t;

	for (uint32_t l = 0; l < saved.n_links; l++)
		w->m.net.link[l].alive = saved.link[l].alive && !w->dead[l];
	if (w->node_dead != TED_NONE)
		w->m.net.node[w->node_dead].alive = false;
	t = build(w);
	w->m.net = saved;
	return t;
}

/* An adjacency SID that is gone may be read as the node's own when it stands alone on the new TED;
 * routers that lose the link drop what came for it. */
static bool over_dead(const struct world *w, const struct pce_flow *f)
{
	for (uint32_t i = 0; i < f->n_hops; i++) {
		uint32_t l = f->hops[i].link, lan;

		if (l == TED_NONE)
			continue;
		lan = w->m.net.link[l].to;
		if (w->dead[l])
			return true;
		for (uint32_t k = 0; lan != f->hops[i].node && k < w->m.net.n_links; k++)
			if (w->m.net.link[k].from == lan && w->m.net.link[k].to == f->hops[i].node &&
			    w->dead[k])
				return true;
	}
	return false;
}

static void same(const struct pce_expansion *is, const struct pce_expansion *want)
{
	MUST(is->n_links == want->n_links);
	MUST(memcmp(is->links, want->links, is->n_links * sizeof(*is->links)) == 0);
	MUST(is->delay_us_max == want->delay_us_max);
	MUST(is->delay_us_min == want->delay_us_min);
	MUST(is->igp_max == want->igp_max);
	MUST(is->te_max == want->te_max);
	MUST(is->hops_max == want->hops_max);
	MUST(is->single == want->single);
}

static enum pce_flow_loss loss_of(const struct pce_failure_answer *is, uint32_t flow)
{
	for (uint32_t i = 0; i < is->n_effects; i++)
		if (is->effects[i].flow == flow)
			return is->effects[i].loss;
	return PCE_FLOW_KEPT;
}

static enum pce_flow_loss loss_now(const struct world *w, uint32_t flow)
{
	uint32_t n;
	const struct pce_flow_effect *e = pce_failures_now(w->f, &n);

	for (uint32_t i = 0; i < n; i++)
		if (e[i].flow == flow)
			return e[i].loss;
	return PCE_FLOW_KEPT;
}

static void flow_compare(struct world *w, uint32_t i, const struct list *x,
			 const struct pce_failure_answer *is, const struct pce_expansion *want)
{
	enum pce_flow_loss loss = loss_of(is, i), now = loss_now(w, i);
	struct pce_expansion way;
	bool ok = want->valid && !over_dead(w, &w->flow[i]);

	MUST(pce_failures_way(w->f, i, &w->arena, &way) == 0);
	if (x->src == w->node_dead || w->flow[i].hops[w->flow[i].n_hops - 1].node == w->node_dead) {
		MUST(loss == PCE_FLOW_END);
		return;
	}
	MUST(way.valid == ok);
	if (!ok) {
		MUST(loss == PCE_FLOW_LINK || loss == PCE_FLOW_ROUTE);
		w->lost++;
		return;
	}
	same(&way, want);
	MUST((loss == PCE_FLOW_BOUND || now == PCE_FLOW_BOUND) ==
	     (want->delay_us_max > w->flow[i].delay_us_max || now == PCE_FLOW_BOUND));
	MUST(loss == PCE_FLOW_BOUND || loss == PCE_FLOW_KEPT);
	w->bounds += loss == PCE_FLOW_BOUND;
	w->kept++;
	for (uint32_t k = 0; k < w->flow[i].n_hops; k++)
		w->flexed += w->flow[i].hops[k].algo != 0;
	w->deep += has_bound(w, x);
}

/* ---- lists on another TED, binding SIDs list by list ---- */

struct walk {
	const struct ted *t;
	bool used[NET_LINKS];
	struct pce_expansion sum;
};

static void part_add(struct world *w, struct walk *k, const struct pce_list *l, uint32_t src,
		     uint32_t dst)
{
	struct pce_expansion e;

	pce_expand(k->t, src, dst, l, &w->arena, &e);
	for (uint32_t i = 0; i < e.n_links; i++)
		k->used[e.links[i]] = true;
	k->sum.valid = k->sum.valid && e.valid;
	k->sum.single = k->sum.single && e.single;
	k->sum.delay_us_max += e.delay_us_max;
	k->sum.delay_us_min += e.delay_us_min;
	k->sum.igp_max += e.igp_max;
	k->sum.te_max += e.te_max;
	k->sum.hops_max += e.hops_max;
}

static void list_walk(struct world *w, struct walk *k, const struct list *x, uint32_t dst)
{
	uint32_t at = x->src, from = 0;

	for (uint32_t i = 0; i <= x->l.n; i++) {
		const struct pce_binding *b = i < x->l.n ? bound_at(w, x, i) : NULL;
		const struct pce_list part = { .dataplane = w->plane, .n = i - from,
					       .sids = x->sid + from, .labels = x->label + from };

		if (i < x->l.n && !b)
			continue;
		if (i > from)
			part_add(w, k, &part, at, b ? b->headend : dst);
		if (!b)
			break;
		list_walk(w, k, &w->behind[b - w->bound], b->endpoint);
		at = b->endpoint;
		from = i + 1;
	}
}

static void list_on(struct world *w, const struct ted *t, const struct list *x,
		    struct pce_expansion *out)
{
	struct walk k = { .t = t, .sum = { .valid = true, .single = true } };
	uint32_t *links = ARENA_ARRAY(&w->arena, NET_LINKS, uint32_t);

	MUST(links != NULL);
	list_walk(w, &k, x, x->dst);
	for (uint32_t l = 0; l < w->m.net.n_links; l++)
		if (k.used[l])
			links[k.sum.n_links++] = l;
	k.sum.links = links;
	*out = k.sum;
}

static void compare(struct world *w, const struct pce_failure_answer *is)
{
	const struct ted *t = without(w);
	uint64_t sum[NET_LINKS] = { 0 };
	bool all = true;

	for (uint32_t i = 0; i < w->n; i++) {
		const struct list *x = &w->list[i];
		struct pce_expansion want;

		list_on(w, t, x, &want);
		flow_compare(w, i, x, is, &want);
		all = all && want.valid && !over_dead(w, &w->flow[i]);
		for (uint32_t k = 0; k < want.n_links; k++)
			sum[want.links[k]]++;
	}
	for (uint32_t l = 0; all && l < w->m.net.n_links; l++)
		MUST((sum[l] > 0) == (pce_failures_after_bps(w->f, l) > 0));
	ted_unref(t);
}

static void failures_run(struct world *w, enum pce_failure_kind kind)
{
	const uint32_t *all;
	uint32_t n;

	all = pce_failures_all(w->f, kind, &w->arena, &n);
	MUST(all != NULL);
	for (uint32_t i = 0; i < n; i++) {
		const struct pce_failure what = { kind, all[i] };
		struct pce_failure_answer is;

		MUST(pce_failures_ask(w->f, &what, &w->arena, &is) == 0);
		kill(w, &what);
		w->redefined += kind == PCE_FAIL_NODE && all[i] == 0 && is.n_moved > 0;
		compare(w, &is);
	}
}

START_TEST(lists_do_what_they_do_on_a_network_without_it)
{
	static struct world w;

	for (uint64_t i = 0; i < NETS; i++) {
		world_make(&w, (uint64_t)_i * NETS + i);
		failures_run(&w, PCE_FAIL_LINK);
		failures_run(&w, PCE_FAIL_SRLG);
		failures_run(&w, PCE_FAIL_NODE);
		world_free(&w);
	}
	ck_assert_uint_gt(w.kept, NETS);
	ck_assert_uint_gt(w.lost, NETS / 2);
	ck_assert_uint_gt(w.flexed, NETS / 4);
	ck_assert_uint_gt(w.redefined, NETS / 10);
	ck_assert_uint_gt(w.deep, NETS / 10);
	ck_assert_uint_gt(w.bounds, NETS / 20);
}
END_TEST

/* ---- what is behind a binding SID ---- */

/* A flow through binding SIDs, for as long as a network with one is looked for. */
static bool bound_world(struct world *w, uint32_t *flow)
{
	for (uint64_t seed = 0; seed < 1000; seed++) {
		world_make(w, seed);
		for (*flow = 0; *flow < w->n; (*flow)++)
			if (has_bound(w, &w->list[*flow]))
				return true;
		world_free(w);
	}
	return false;
}

START_TEST(a_binding_sid_that_nobody_knows_the_list_of_is_refused)
{
	static struct world w;
	struct pce_flow f;
	const char *why = "";
	uint32_t i;

	ck_assert(bound_world(&w, &i));
	for (uint32_t k = 0; k < w.n_bound; k++)
		w.bound[k].list = NULL;
	ck_assert_int_eq(pce_flow_of_list(w.t, w.list[i].src, TED_NONE, &w.list[i].l, &w.arena, &f,
					  &why),
			 PCE_FLOW_E_LIST);
	ck_assert_str_eq(why, "it is not known what is behind a binding SID");
	world_free(&w);
}
END_TEST

START_TEST(binding_sids_that_lead_to_themselves_end)
{
	static struct world w;
	struct list *x = &w.behind[0];
	struct pce_flow f;
	const char *why = "";

	do
		world_make(&w, w.kept++);
	while ((w.n_bound == 0 || w.plane != PCE_SRV6) && (world_free(&w), true));
	x->sid[0] = w.bound[0].sid;
	x->l.n = 1;
	ck_assert_int_eq(pce_flow_of_list(w.t, x->src, TED_NONE,
					  &(struct pce_list){ .dataplane = PCE_SRV6, .n = 1,
							      .sids = x->sid, .bindings = w.bound,
							      .n_bindings = w.n_bound },
					  &w.arena, &f, &why),
			 PCE_FLOW_E_LIST);
	ck_assert_str_eq(why, "binding SIDs lead to binding SIDs too often");
	world_free(&w);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("failure-lists");
	TCase *tc = tcase_create("failure-lists");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, lists_do_what_they_do_on_a_network_without_it, 0, CHUNKS);
	tcase_add_test(tc, a_binding_sid_that_nobody_knows_the_list_of_is_refused);
	tcase_add_test(tc, binding_sids_that_lead_to_themselves_end);
	suite_add_tcase(s, tc);
	return check_main(s);
}
