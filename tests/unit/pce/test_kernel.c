/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept trees after thousands of link events, several at once too, against Bellman-Ford on the
 * input itself: zero weights, parallel links, one-way links, LANs, overload, huge metrics,
 * Flex-Algo, generations that a shard did not see.
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "base/bitset.h"
#include "base/rng.h"
#include "pce/buckets.h"
#include "pce/path.h"
#include "pce/trees.h"

enum {
	NODES = 26,
	LINKS = 140,
	CLASSES = 7,
	ALGO = 130,
	NETS = 125,
	EVENTS = 80, /* of a network: 10 000 in all */
};

static struct {
	struct ted_node node[NODES];
	struct ted_link link[LINKS];
	uint32_t n_nodes, n_links;
	struct ted_fad fad;
} net;
static struct rng rng;

static uint32_t below(uint32_t n)
{
	return (uint32_t)rng_below(&rng, n);
}

/* ---- networks and events ---- */

static uint32_t metric(void)
{
	static const uint32_t odd[] = { 0, 0, 0, 1, 0xfffffd, 0xfffffe, 0xffffff, 4096, 4095 };

	return below(4) == 0 ? odd[below(ARRAY_LEN(odd))] : below(below(2) ? 5 : 20000);
}

static void link_values(struct ted_link *l)
{
	static const uint32_t odd[] = { 0xfe000000, 0xfe000001, 0xfffffffe, 0xffffffff, 0x7f000000 };

	l->has_igp = below(20) != 0;
	l->igp_metric = metric();
	l->has_te = below(3) != 0;
	l->te_metric = below(4) == 0 ? odd[below(ARRAY_LEN(odd))] : below(1U << 26);
	l->has_delay = below(10) != 0;
	l->delay_us = l->delay_min_us = below(3) == 0 ? 0 : below(30000);
	memset(l->admin_group, 0, sizeof(l->admin_group));
	l->admin_group[below(2) * 7] = 1U << below(3);
	l->flex_plain = below(8) != 0;
}

static void add_pair(uint32_t a, uint32_t b)
{
	uint32_t i = net.n_links;

	for (uint32_t k = 0; k < 2; k++) {
		struct ted_link *l = &net.link[i + k];

		*l = (struct ted_link){ .alive = true, .from = k ? b : a, .to = k ? a : b,
					.reverse = i + !k, .local_id = i + k + 1,
					.remote_id = i + !k + 1 };
		link_values(l);
	}
	net.n_links += 2;
}

static void add_node(bool pseudonode)
{
	struct ted_node *d = &net.node[net.n_nodes];

	d->alive = true;
	d->pseudonode = pseudonode;
	d->overload = below(12) == 0;
	(void)snprintf(d->id, sizeof(d->id), "n%u", net.n_nodes++);
	bitset_add(d->algos, 0);
	if (below(8))
		bitset_add(d->algos, ALGO);
}

/* A row of routers between two that are there, which may be one, or nothing. */
static void add_chain(uint32_t hubs)
{
	uint32_t len = 1 + below(4), at = below(hubs);

	while (len-- > 0 && net.n_nodes < NODES) {
		add_node(false);
		add_pair(at, net.n_nodes - 1);
		at = net.n_nodes - 1;
	}
	if (below(8))
		add_pair(at, below(hubs));
}

static void net_random(void)
{
	bool rings = below(2);
	uint32_t routers = rings ? 2 + below(8) : 4 + below(NODES - 6), lans = below(3);
	uint32_t pairs = rings ? 1 + below(6) : routers + below(LINKS / 2 - 2 * 6 - routers);

	memset(&net, 0, sizeof(net));
	net.fad = (struct ted_fad){ .algo = ALGO, .metric_type = (uint8_t)below(3),
				    .exclude_any = { 1 }, .n_exclude_any = 1 };
	for (uint32_t i = 0; i < routers + lans; i++)
		add_node(i >= routers);
	net.node[0].fads = &net.fad;
	net.node[0].n_fads = 1;
	for (uint32_t i = 0; i < pairs; i++) {
		uint32_t a = below(routers), b = below(routers - 1);

		add_pair(a, b + (b >= a));
	}
	for (uint32_t lan = routers; lan < routers + lans; lan++)
		for (uint32_t i = 0; i < 3 + below(4); i++)
			add_pair(below(routers), lan);
	while (rings && net.n_nodes < NODES)
		add_chain(routers + lans);
}

static void event(void)
{
	uint32_t l = below(net.n_links), v = below(net.n_nodes);

	switch (below(10)) {
	case 0:
	case 1:
	case 2: /* both ways down, or up */
		net.link[l].alive = net.link[l ^ 1].alive = !net.link[l].alive;
		break;
	case 3: /* one way only */
		net.link[l].alive = !net.link[l].alive;
		break;
	case 4:
	case 5:
	case 6:
		net.link[l].igp_metric = metric();
		break;
	case 7:
		link_values(&net.link[l]);
		break;
	case 8:
		if (below(2))
			net.node[v].overload = !net.node[v].overload;
		else
			net.node[v].alive = !net.node[v].alive || v == 0;
		break;
	case 9:
		if (below(3))
			net.node[v].algos[ALGO / 64] ^= UINT64_C(1) << ALGO % 64;
		else
			net.fad.metric_type = (uint8_t)below(4); /* 3 is none there is */
		break;
	}
}

static const struct ted *build(const struct ted *prev)
{
	struct ted_input in = { .nodes = net.node, .links = net.link, .n_nodes = net.n_nodes,
				.n_links = net.n_links, .prev = prev };
	const struct ted *t = NULL;

	for (uint32_t i = 0; i < net.n_links; i++)
		net.link[i].reverse = net.link[i].alive && net.link[i ^ 1].alive ? i ^ 1 : TED_NONE;
	ck_assert_int_eq(ted_build(&in, &t), 0);
	return t;
}

/* ---- the oracle ---- */

static const struct pce_class classes[CLASSES] = {
	{ .metric = PCE_IGP },
	{ .metric = PCE_TE },
	{ .metric = PCE_DELAY },
	{ .metric = PCE_HOPS },
	{ .metric = PCE_IGP, .affinity = { .exclude_any = { 1 } } },
	{ .metric = PCE_IGP, .algo = ALGO },
	{ .metric = PCE_DELAY, .algo = ALGO, .own_metric = true,
	  .affinity = { .include_any = { 7, 0, 0, 0, 0, 0, 0, 3 } } },
};

static bool works(uint32_t i)
{
	const struct ted_link *l = &net.link[i];

	return l->alive && net.link[i ^ 1].alive && net.node[l->from].alive && net.node[l->to].alive;
}

static bool coloured(const struct pce_affinity *a, const struct ted_link *l)
{
	bool asked = false, any = false;

	for (unsigned i = 0; i < TED_AFFINITY_WORDS; i++) {
		if (l->admin_group[i] & a->exclude_any[i])
			return false;
		asked |= a->include_any[i] != 0;
		any |= (l->admin_group[i] & a->include_any[i]) != 0;
	}
	return any || !asked;
}

static bool cost(const struct ted_link *l, unsigned m, uint64_t *w)
{
	bool igp = l->has_igp && l->igp_metric < 0xffffff;

	*w = m == PCE_IGP ? l->igp_metric : m == PCE_DELAY ? l->delay_us : 1;
	if (m == PCE_TE)
		*w = l->has_te ? l->te_metric : l->igp_metric;
	return m == PCE_IGP ? igp : m == PCE_TE ? l->has_te || igp :
	       m == PCE_DELAY ? l->has_delay : true;
}

/* What the definition says: red links are out, and what tells Flex-Algo nothing has no colour. */
static bool flex_cost(const struct pce_class *c, const struct ted_link *l, uint64_t *w)
{
	static const unsigned type[] = { PCE_IGP, PCE_DELAY, PCE_TE };
	unsigned m;

	if (net.fad.metric_type > 2 || !net.node[0].alive)
		return false;
	for (unsigned end = 0; end < 2; end++) {
		const struct ted_node *d = &net.node[end ? l->to : l->from];

		if (!d->pseudonode && !bitset_has(d->algos, ALGO))
			return false;
	}
	*w = 0;
	if (net.node[l->from].pseudonode)
		return true;
	m = type[net.fad.metric_type];
	if (l->flex_plain && (l->admin_group[0] & 1))
		return false;
	if (m != PCE_IGP && (!l->flex_plain || (m == PCE_TE && !l->has_te)))
		return false;
	/* No metric can say 2^32 - 1. */
	return cost(l, m, w) && *w < UINT32_MAX && (!c->own_metric || cost(l, c->metric, w));
}

static bool weight(const struct pce_class *c, uint32_t i, uint64_t *w)
{
	const struct ted_link *l = &net.link[i];
	bool lan = net.node[l->from].pseudonode;

	*w = 0;
	if (!works(i) || (!lan && !coloured(&c->affinity, l)))
		return false;
	if (c->algo)
		return flex_cost(c, l, w);
	return lan || cost(l, c->metric, w);
}

/* Distances of everybody to the root, or from it. */
static void bellman(const struct pce_class *c, uint32_t root, bool from, uint64_t *dist)
{
	bool more = true;

	for (uint32_t i = 0; i < net.n_nodes; i++)
		dist[i] = i == root ? 0 : UINT64_MAX;
	while (more) {
		more = false;
		for (uint32_t i = 0; i < net.n_links; i++) {
			uint32_t x = from ? net.link[i].from : net.link[i].to;
			uint32_t y = from ? net.link[i].to : net.link[i].from;
			uint64_t w;

			if (dist[x] == UINT64_MAX || (net.node[x].overload && x != root) ||
			    !weight(c, i, &w) || dist[x] + w >= dist[y])
				continue;
			dist[y] = dist[x] + w;
			more = true;
		}
	}
	/* RFC 5305 s3: MAX_PATH_METRIC */
	for (uint32_t i = 0; i < net.n_nodes; i++)
		dist[i] = dist[i] > 0xfe000000 ? UINT64_MAX : dist[i];
}

/* Following via from a node adds up to its distance and ends at the root. */
static bool way_is_right(const struct pce_shape *s, const struct pce_class *c,
			 const struct pce_tree *t, uint32_t node, bool from)
{
	uint32_t at = s->place[node], n = 0;
	uint64_t sum = 0, w;

	while (at != t->root) {
		uint32_t link = from ? s->in_link[t->via[at]] : s->out_link[t->via[at]];

		if (!weight(c, link, &w) || n++ == net.n_nodes ||
		    s->place[from ? net.link[link].to : net.link[link].from] != at)
			return false;
		sum += w;
		at = s->place[from ? net.link[link].from : net.link[link].to];
	}
	return sum == t->dist[s->place[node]] && t->via[t->root] == PCE_INF;
}

static bool tree_is_right(struct pce_trees *p, const struct pce_class *c, uint32_t root, bool from)
{
	const struct pce_shape *s = pce_trees_shape(p);
	uint32_t class = pce_trees_class(p, c);
	const struct pce_tree *t =
		from ? pce_tree_from(p, class, root) : pce_tree_to(p, class, root);
	uint64_t dist[NODES];

	bellman(c, root, from, dist);
	for (uint32_t i = 0; i < net.n_nodes; i++) {
		uint32_t d = t->dist[s->place[i]];

		if (dist[i] == UINT64_MAX ? d != PCE_INF : d != dist[i])
			return false;
		if (d != PCE_INF && !way_is_right(s, c, t, i, from))
			return false;
		if (d == PCE_INF && t->via[s->place[i]] != PCE_INF)
			return false;
	}
	return true;
}

static uint32_t lagging; /* distances of trees behind that were below the true ones */

/* A tree that was not brought to the TED says of no place that it is farther than it is. */
static bool behind_is_below(struct pce_trees *p, const struct pce_class *c, uint32_t root)
{
	const struct pce_shape *s = pce_trees_shape(p);
	const struct pce_tree *t = pce_tree_behind(p, pce_trees_class(p, c), root);
	uint64_t dist[NODES];

	if (!t)
		return true;
	bellman(c, root, false, dist);
	for (uint32_t i = 0; i < net.n_nodes; i++) {
		uint32_t d = t->dist[s->place[i]];

		if (dist[i] < (d == PCE_INF ? UINT64_MAX : d))
			return false;
		lagging += dist[i] > (d == PCE_INF ? UINT64_MAX : d);
	}
	return true;
}

static void check_one(struct pce_trees *p, uint32_t c, uint32_t root, int round, int step)
{
	ck_assert_msg(behind_is_below(p, &classes[c], root), "seed %d step %d class %u root %u behind",
		      round, step, c, root);
	for (unsigned from = 0; from < 2; from++)
		ck_assert_msg(tree_is_right(p, &classes[c], root, from),
			      "seed %d step %d class %u root %u %s", round, step, c, root,
			      from ? "from" : "to");
}

/* Some trees each time; others are asked for when they happen to be: made whole after many events. */
static void check_all(struct pce_trees *p, const struct ted *t, int round, int step)
{
	ck_assert_int_eq(pce_trees_follow(p, t), 0);
	for (uint32_t c = 0; c < CLASSES; c++) {
		for (uint32_t root = 0; root < net.n_nodes; root += 5)
			check_one(p, c, root, round, step);
		check_one(p, c, below(net.n_nodes), round, step);
	}
}

/* ---- events ---- */

START_TEST(repaired_trees_equal_whole_ones)
{
	uint64_t repaired = 0, built = 0;

	for (int round = _i; round < NETS; round += 5) {
		AUTO(pce_trees_free) struct pce_trees *p = NULL;
		struct pce_trees_stats st;
		const struct ted *t;

		rng_seed(&rng, (uint64_t)round + 1);
		net_random();
		t = build(NULL);
		ck_assert_int_eq(pce_trees_new(&p, SIZE_MAX), 0);
		for (int step = 0; step < EVENTS; step++) {
			const struct ted *next;

			if (below(3))
				check_all(p, t, round, step);
			for (uint32_t k = below(4) ? 1 : 1 + below(6); k > 0; k--)
				event();
			next = build(t);
			if (below(2)) /* seen, but no tree asked for */
				ck_assert_int_eq(pce_trees_follow(p, t), 0);
			if (below(16) == 0) { /* a generation nobody saw */
				ted_unref(t);
				t = next;
				event();
				next = build(t);
			}
			ted_unref(t);
			t = next;
		}
		check_all(p, t, round, EVENTS);
		pce_trees_stats(p, &st);
		repaired += st.repaired;
		built += st.built;
		ted_unref(t);
	}
	ck_assert_uint_gt(repaired, 5 * built);
	ck_assert_uint_gt(lagging, 100);
}
END_TEST

/* Two TEDs may be made from the same one: numbers of generations say nothing. */
START_TEST(a_sibling_is_not_the_next_generation)
{
	AUTO(pce_trees_free) struct pce_trees *p = NULL;
	const struct ted *t, *a, *b, *c;

	rng_seed(&rng, 9);
	net_random();
	ck_assert_uint_gt(net.n_links, 5);
	net.node[0].overload = false;
	t = build(NULL);
	net.link[0].alive = net.link[1].alive = false;
	a = build(t);
	net.link[0].alive = net.link[1].alive = true;
	net.link[2].alive = net.link[3].alive = false;
	net.node[0].overload = true;
	b = build(t);
	net.link[4].igp_metric = 77;
	c = build(b);
	ck_assert_int_eq(pce_trees_new(&p, SIZE_MAX), 0);
	for (int i = 0; i < 3; i++) {
		net.link[0].alive = net.link[1].alive = false;
		net.link[2].alive = net.link[3].alive = true;
		net.node[0].overload = false;
		(void)ted_unref(build(NULL)); /* sets the reverses only */
		check_all(p, a, i, 0);
		net.link[0].alive = net.link[1].alive = true;
		net.link[2].alive = net.link[3].alive = false;
		net.node[0].overload = true;
		check_all(p, c, i, 1); /* generation 3 after 2, but not of it */
	}
	ted_unref(a);
	ted_unref(b);
	ted_unref(c);
	ted_unref(t);
}
END_TEST

START_TEST(a_shape_is_shared_while_nodes_and_links_are_the_same)
{
	const struct ted *t, *same, *more;

	rng_seed(&rng, 3);
	net_random();
	t = build(NULL);
	net.link[0].alive = net.link[1].alive = false;
	same = build(t);
	ck_assert_ptr_eq(pce_shape_of(t), pce_shape_of(same));
	add_pair(0, 1);
	more = build(same);
	ck_assert_ptr_ne(pce_shape_of(same), pce_shape_of(more));
	ted_unref(t); /* in any order */
	ck_assert_uint_eq(pce_shape_of(same)->m, net.n_links - 2);
	ted_unref(more);
	ted_unref(same);
}
END_TEST

/* Places are a permutation, rows hold each link once, links ascending, and point at each other. */
START_TEST(a_shape_knows_every_link_there_is)
{
	const struct pce_shape *s;
	const struct ted *t;

	rng_seed(&rng, (uint64_t)_i);
	net_random();
	net.link[0].alive = net.link[3].alive = false;
	net.node[1].alive = false;
	t = build(NULL);
	s = pce_shape_of(t);
	ck_assert_uint_eq(s->out[s->n], net.n_links);
	ck_assert_uint_eq(s->in[s->n], net.n_links);
	for (uint32_t i = 0; i < s->n; i++) {
		ck_assert_uint_eq(s->node[s->place[i]], i);
		for (uint32_t k = s->out[i]; k < s->out[i + 1]; k++) {
			const struct ted_link *l = &net.link[s->out_link[k]];

			ck_assert_uint_eq(s->place[l->from], i);
			ck_assert_uint_eq(s->out_to[k], s->place[l->to]);
			ck_assert_uint_eq(s->out_arc[s->out_link[k]], k);
			ck_assert(k == s->out[i] || s->out_link[k - 1] < s->out_link[k]);
			ck_assert_uint_eq(s->out_of_in[s->in_of_out[k]], k);
			ck_assert_uint_eq(s->in_link[s->in_of_out[k]], s->out_link[k]);
			ck_assert_uint_eq(s->in_from[s->in_of_out[k]], i);
		}
	}
	ted_unref(t);
}
END_TEST

/* ---- the shard ---- */

START_TEST(the_oldest_trees_make_room_but_not_those_handed_out)
{
	AUTO(pce_trees_free) struct pce_trees *p = NULL;
	struct pce_trees_stats st;
	const struct pce_tree *first;
	const struct ted *t;
	uint32_t class;

	rng_seed(&rng, 5);
	net_random();
	t = build(NULL);
	ck_assert_int_eq(pce_trees_new(&p, 0), 0);
	ck_assert_int_eq(pce_trees_follow(p, t), 0);
	class = pce_trees_class(p, &classes[0]);
	first = pce_tree_to(p, class, 0);
	for (uint32_t i = 1; i < net.n_nodes; i++)
		(void)pce_tree_to(p, class, i);
	pce_trees_stats(p, &st);
	ck_assert_uint_eq(st.evicted, 0);
	ck_assert_uint_eq(first->dist[pce_shape_of(t)->place[0]], 0);
	ck_assert_ptr_eq(pce_tree_to(p, class, 0), first);
	check_all(p, t, 0, 0); /* a new call: those may go */
	pce_trees_stats(p, &st);
	ck_assert_uint_gt(st.evicted, net.n_nodes / 2);
	ted_unref(t);
}
END_TEST

START_TEST(working_memory_forgets_by_epoch)
{
	AUTO(pce_trees_free) struct pce_trees *p = NULL;
	const struct ted *t;
	uint32_t *room, a, b;

	rng_seed(&rng, 6);
	net_random();
	t = build(NULL);
	ck_assert_int_eq(pce_trees_new(&p, 0), 0);
	ck_assert_int_eq(pce_trees_follow(p, t), 0);
	a = pce_trees_epoch(p);
	room = pce_room_places(p, PCE_ROOMS - 1, sizeof(*room));
	ck_assert_uint_ne(a, 0);
	ck_assert_uint_eq(room[net.n_nodes - 1], 0);
	room[net.n_nodes - 1] = a;
	b = pce_trees_epoch(p);
	ck_assert_uint_ne(a, b);
	ck_assert_ptr_eq(pce_room_places(p, PCE_ROOMS - 1, sizeof(*room)), room);
	ck_assert_uint_eq(room[net.n_nodes - 1], a);
	ted_unref(t);
}
END_TEST

/* ---- the queue ---- */

START_TEST(the_queue_gives_keys_in_order_whatever_they_are)
{
	struct pce_buckets *q = calloc(1, sizeof(*q));
	enum { N = 3000 };
	static uint32_t left[N];
	uint32_t n = 0, now = 0, key, id;

	rng_seed(&rng, (uint64_t)_i);
	ck_assert(q && pce_buckets_begin(q));
	for (int step = 0; step < 20000; step++) {
		if (n < N && below(5) < 3) {
			uint32_t room = UINT32_MAX - now, far = below(4) ? below(9000) : below(room);

			left[n] = now + (far < room ? far : room);
			ck_assert(pce_buckets_push(q, left[n++], step < 0));
			continue;
		}
		ck_assert(pce_buckets_pop(q, &key, &id) == (n > 0));
		for (uint32_t i = 0, best = 0; i < n; i++) {
			best = left[i] < left[best] ? i : best;
			if (i + 1 < n)
				continue;
			ck_assert_uint_eq(left[best], key);
			left[best] = left[--n];
			now = key;
		}
	}
	ck_assert(q->n == n && pce_buckets_begin(q) && !pce_buckets_pop(q, &key, &id));
	free(q->at);
	free(q);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("kernel");
	TCase *tc = tcase_create("kernel");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, repaired_trees_equal_whole_ones, 0, 5);
	tcase_add_test(tc, a_sibling_is_not_the_next_generation);
	tcase_add_test(tc, a_shape_is_shared_while_nodes_and_links_are_the_same);
	tcase_add_loop_test(tc, a_shape_knows_every_link_there_is, 0, 20);
	tcase_add_test(tc, the_oldest_trees_make_room_but_not_those_handed_out);
	tcase_add_test(tc, working_memory_forgets_by_epoch);
	tcase_add_loop_test(tc, the_queue_gives_keys_in_order_whatever_they_are, 0, 4);
	suite_add_tcase(s, tc);
	return check_main(s);
}
