/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disjoint sets under bounds and SRLGs, exactly: best first over conflicts.
 *
 * A branch has for every leg what it must not use, and its cheapest path under that: the sum of
 * those is less or equal to any set of the branch. When the paths share nothing they are such a
 * set. Otherwise in every set one of two legs does not use what they share: two branches, each
 * with that closed for one leg, whose path alone is searched again. Delays too far apart are
 * parted in the same way, by a bound on one of the two.
 *
 * Sums of cheapest paths are weak bounds where the legs want the same links. So legs between the
 * same ends pay tolls first: prices that a flow (Suurballe) says one path through a link must
 * make good; the sum less the tolls is a bound whatever the prices, and at the root the flow's
 * own cost. When paths share nothing but did not pay all tolls, the branch goes on without them.
 *
 * Sets to beat are made on the way: one path of a branch kept, the others around it.
 *
 * Where lists have to fit, a set with one that does not is a branch, too: there and below that
 * leg's path is the cheapest with a list that fits.
 */
#include <stdlib.h>
#include <string.h>

#include "pce/branch.h"

#define ROOT UINT32_MAX

enum { TRIES_ALWAYS = 16, TRY_EVERY = 8 };

struct branch {
	uint32_t parent;
	struct pce_share shut;	 /* for `leg`, here and in all below */
	struct pce_share others; /* what follows for all other legs: delays stay together */
	uint8_t leg;
	uint8_t fit; /* a bit a leg: its path is to have a list that fits */
	bool tolled;
	uint64_t least;
	const struct pce_way *way[PCE_LEGS_MAX];
};

struct tree {
	struct pce_set *b;
	struct pce_heap heap;
	struct branch **at;
	uint32_t n, cap;
	const struct pce_toll *toll;
	uint32_t n_toll;
	uint64_t tolls;
	struct pce_share *chain; /* of the leg at hand */
	uint32_t cap_chain;
	bool no_memory;
};

static bool tree_add(struct tree *t, const struct branch *x)
{
	struct arena *a = &t->b->l->scratch;
	struct branch *copy = arena_copy(a, x, sizeof(*x));

	if (t->n == t->cap) {
		uint32_t cap = t->cap ? t->cap * 2 : 64;
		struct branch **at = ARENA_ARRAY(a, cap, struct branch *);

		if (!at)
			return false;
		if (t->n)
			memcpy(at, t->at, t->n * sizeof(*at));
		t->at = at;
		t->cap = cap;
	}
	if (!copy)
		return false;
	t->at[t->n] = copy;
	return pce_heap_push(&t->heap,
			     (struct pce_entry){ x->least, UINT32_MAX - t->n, t->n++ });
}

static uint64_t sum_of(const struct tree *t, const struct branch *x)
{
	uint64_t sum = 0, tolls = x->tolled ? t->tolls : 0;

	for (uint32_t i = 0; i < t->b->n; i++)
		sum += x->tolled ? x->way[i]->priced : x->way[i]->cost;
	return sum > tolls ? sum - tolls : 0;
}

/* All that is shut for the leg from x up. */
static bool chain_of(struct tree *t, const struct branch *x, uint32_t leg, uint32_t *n)
{
	*n = 0;
	for (;;) {
		const struct pce_share *s = x->leg == leg ? &x->shut : &x->others;

		if (s->kind && *n == t->cap_chain) {
			uint32_t cap = t->cap_chain ? t->cap_chain * 2 : 32;
			struct pce_share *at = reallocarray(t->chain, cap, sizeof(*at));

			if (!at)
				return false;
			t->chain = at;
			t->cap_chain = cap;
		}
		if (s->kind)
			t->chain[(*n)++] = *s;
		if (x->parent == ROOT)
			return true;
		x = t->at[x->parent];
	}
}

/* The leg's cheapest path in a branch; the others' paths that are known already are soft. */
static enum pce_found find_leg(struct tree *t, struct branch *x, uint32_t leg, uint64_t most)
{
	struct pce_set *b = t->b;
	const struct pce_way *others[PCE_LEGS_MAX];
	struct pce_closed c = { .soft = others, .most = most, .fit = x->fit >> leg & 1 };
	struct pce_way *w = ARENA_NEW(&b->l->scratch, struct pce_way);
	enum pce_found r;

	if (!w || !chain_of(t, x, leg, &c.n))
		return PCE_FOUND_NO_MEMORY;
	c.at = t->chain;
	for (uint32_t i = 0; i < b->n; i++)
		if (i != leg && x->way[i])
			others[c.n_soft++] = x->way[i];
	if (x->tolled) {
		c.toll = t->toll;
		c.n_toll = t->n_toll;
	}
	r = pce_set_leg(b, leg, &c, w);
	x->way[leg] = w;
	return r;
}

/* ---- sets ---- */

static uint64_t delay_gap(const struct pce_set *b, const struct pce_way *x, const struct pce_way *y)
{
	uint64_t d = x->sum[PCE_DELAY] > y->sum[PCE_DELAY] ?
			     x->sum[PCE_DELAY] - y->sum[PCE_DELAY] :
			     y->sum[PCE_DELAY] - x->sum[PCE_DELAY];

	return b->bound_difference && d > b->difference_us ? d : 0;
}

static bool gaps(const struct pce_set *b, const struct pce_way *const *way)
{
	for (uint32_t i = 0; i < b->n; i++) {
		for (uint32_t k = 0; k < b->n_fixed; k++)
			if (delay_gap(b, way[i], &b->fixed[k]))
				return true;
		for (uint32_t j = 0; j < i; j++)
			if (delay_gap(b, way[i], way[j]))
				return true;
	}
	return false;
}

static void keep_set(struct pce_set *b, const struct pce_way *const *way)
{
	uint64_t cost = 0;

	for (uint32_t i = 0; i < b->n; i++)
		cost += way[i]->cost;
	if ((b->found && cost >= b->cost) || gaps(b, way))
		return;
	for (uint32_t i = 0; i < b->n && b->fit; i++)
		if (!pce_set_fits(b, i, way[i]))
			return;
	b->found = true;
	b->cost = cost;
	for (uint32_t i = 0; i < b->n; i++)
		b->way[i] = *way[i];
}

/* One leg's path of the branch, all others around it in turn. */
static bool try_around(struct tree *t, const struct branch *x, uint32_t first)
{
	struct pce_set *b = t->b;
	struct pce_way made[PCE_LEGS_MAX];
	const struct pce_way *way[PCE_LEGS_MAX], *avoid[PCE_LEGS_MAX];
	uint64_t cost = x->way[first]->cost;
	uint32_t n = 0;

	way[first] = avoid[n++] = x->way[first];
	for (uint32_t k = 1; k < b->n; k++) {
		uint32_t leg = (first + k) % b->n;
		struct pce_closed c = { .avoid = avoid, .n_avoid = n, .most = UINT64_MAX,
					.fit = x->fit >> leg & 1 };
		enum pce_found r;

		if (b->found && cost >= b->cost)
			return true;
		if (b->found)
			c.most = b->cost - cost - 1;
		r = pce_set_leg(b, leg, &c, &made[leg]);
		if (r != PCE_FOUND)
			return r == PCE_FOUND_NOT;
		way[leg] = avoid[n++] = &made[leg];
		cost += made[leg].cost;
	}
	keep_set(b, way);
	return true;
}

static bool try_sets(struct tree *t, const struct branch *x)
{
	if (t->b->branched > TRIES_ALWAYS && t->b->branched % TRY_EVERY)
		return true;
	for (uint32_t i = 0; i < t->b->n; i++)
		if (!try_around(t, x, i))
			return false;
	return true;
}

/* ---- branching ---- */

struct split {
	uint32_t leg[2];
	struct pce_share shut[2], others[2];
};

/* The first thing two legs share, or two delays too far apart; kind NONE: a set. */
static bool find_split(struct pce_set *b, const struct branch *x, struct split *out)
{
	*out = (struct split){ 0 };
	for (uint32_t i = 0; i < b->n; i++)
		for (uint32_t j = i + 1; j < b->n; j++) {
			out->leg[0] = i;
			out->leg[1] = j;
			if (!pce_share_of(b->l, x->way[i], x->way[j], b->diverse, &out->shut[0]))
				return false;
			out->shut[1] = out->shut[0];
			if (out->shut[0].kind)
				return true;
		}
	return true;
}

/* Either the slower leg is as fast as it must be for the other's delay, or the other is slower. */
static void find_gap(const struct pce_set *b, const struct branch *x, struct split *out)
{
	for (uint32_t i = 0; i < b->n; i++)
		for (uint32_t j = 0; j < b->n; j++) {
			uint64_t fast = x->way[j]->sum[PCE_DELAY];

			if (i == j || x->way[i]->sum[PCE_DELAY] <= fast ||
			    !delay_gap(b, x->way[i], x->way[j]))
				continue;
			out->leg[0] = i;
			out->leg[1] = j;
			out->shut[0].kind = PCE_SHARE_DELAY_MAX;
			out->shut[0].id = pce_sat32(fast + b->difference_us);
			out->others[0].kind = PCE_SHARE_DELAY_MAX;
			out->others[0].id = pce_sat32(fast + 2 * (uint64_t)b->difference_us);
			out->shut[1].kind = PCE_SHARE_DELAY_MIN;
			out->shut[1].id = pce_sat32(fast + 1);
			out->others[1].kind = PCE_SHARE_DELAY_MIN;
			out->others[1].id = fast + 1 > b->difference_us ?
						    pce_sat32(fast + 1 - b->difference_us) : 0;
			return;
		}
}

/* Two legs that ask for the same, with nothing shut yet: either may give way. */
static bool alike(const struct pce_set *b, uint32_t i, uint32_t j)
{
	return memcmp(b->leg[i].req, b->leg[j].req, sizeof(struct pce_request)) == 0;
}

/* What the leg's path may cost for the branch to be worth it; false: nothing. */
static bool most_of(const struct tree *t, const struct branch *y, uint32_t leg, uint64_t *most)
{
	const struct pce_set *b = t->b;
	uint64_t others = 0;

	*most = UINT64_MAX;
	if (!b->found)
		return true;
	for (uint32_t i = 0; i < b->n; i++)
		if (i != leg)
			others += y->tolled ? y->way[i]->priced : y->way[i]->cost;
	*most = b->cost + (y->tolled ? t->tolls : 0);
	if (*most <= others)
		return false;
	*most -= others + 1;
	return true;
}

static bool breaks(const struct pce_share *s, const struct pce_way *w)
{
	return (s->kind == PCE_SHARE_DELAY_MAX && w->sum[PCE_DELAY] > s->id) ||
	       (s->kind == PCE_SHARE_DELAY_MIN && w->sum[PCE_DELAY] < s->id);
}

static bool add_child(struct tree *t, uint32_t parent, const struct split *s, unsigned side)
{
	struct pce_set *b = t->b;
	struct branch y = *t->at[parent];

	y.parent = parent;
	y.leg = (uint8_t)s->leg[side];
	y.shut = s->shut[side];
	y.others = s->others[side];
	for (uint32_t i = 0; i < b->n; i++) {
		uint64_t most;
		enum pce_found r;

		if (i != y.leg && !breaks(&y.others, y.way[i]))
			continue;
		if (!most_of(t, &y, i, &most))
			return true;
		r = find_leg(t, &y, i, most);
		if (r != PCE_FOUND)
			return r == PCE_FOUND_NOT;
	}
	if (sum_of(t, &y) > y.least)
		y.least = sum_of(t, &y);
	return (b->found && y.least >= b->cost) || tree_add(t, &y);
}

/* The same branch by what paths really cost, some of them (a bit a leg) with lists that fit. */
static bool again(struct tree *t, uint32_t id, uint8_t fit)
{
	struct branch y = { .parent = id, .least = t->at[id]->least, .fit = fit };

	for (uint32_t i = 0; i < t->b->n; i++) {
		enum pce_found r = find_leg(t, &y, i, UINT64_MAX);

		if (r != PCE_FOUND)
			return r == PCE_FOUND_NOT;
	}
	if (sum_of(t, &y) > y.least)
		y.least = sum_of(t, &y);
	return tree_add(t, &y);
}

/* Legs whose lists do not fit. */
static uint8_t unfit(struct pce_set *b, const struct branch *x)
{
	unsigned bad = 0;

	for (uint32_t i = 0; i < b->n && b->fit; i++)
		if (!(x->fit >> i & 1) && !pce_set_fits(b, i, x->way[i]))
			bad |= 1U << i;
	return (uint8_t)bad;
}

static bool visit(struct tree *t, uint32_t id)
{
	struct pce_set *b = t->b;
	struct branch *x = t->at[id];
	struct split s;
	uint8_t bad;
	bool same;

	if (!find_split(b, x, &s))
		return false;
	if (!s.shut[0].kind)
		find_gap(b, x, &s);
	if (!s.shut[0].kind) {
		bad = unfit(b, x);
		if (bad) {
			b->branched++;
			return again(t, id, x->fit | bad);
		}
		keep_set(b, x->way);
		/* a set, but the tolls may not all have been paid */
		return !x->tolled || b->cost <= x->least || again(t, id, x->fit);
	}
	b->branched++;
	if (!try_sets(t, x))
		return false;
	same = x->parent == ROOT && s.shut[0].kind == s.shut[1].kind &&
	       alike(b, s.leg[0], s.leg[1]);
	return add_child(t, id, &s, 0) && (same || add_child(t, id, &s, 1));
}

/* ---- the root ---- */

/* Keeps the leg's bounds; a link that has not told what is bounded does not. */
static bool within(const struct pce_legs *l, const struct pce_leg *g, const struct pce_way *w)
{
	for (unsigned i = 0; i < g->n_bound; i++) {
		if (w->sum[g->bound[i].metric] > g->bound[i].most)
			return false;
		for (uint32_t k = 0; k < w->n; k++)
			if (g->bound[i].arc[l->s->out_arc[w->links[k]]].w == PCE_INF)
				return false;
	}
	return true;
}

static bool same_net(const struct pce_set *b)
{
	const struct pce_request *r = b->leg[0].req;

	for (uint32_t i = 0; i < b->n; i++) {
		const struct pce_request *q = b->leg[i].req;

		if (b->leg[i].general || q->src != r->src || q->dst != r->dst ||
		    q->minimise != r->minimise ||
		    memcmp(&q->affinity, &r->affinity, sizeof(r->affinity)) != 0)
			return false;
	}
	return true;
}

static bool all_alike(const struct pce_set *b)
{
	for (uint32_t i = 1; i < b->n; i++)
		if (!alike(b, 0, i))
			return false;
	return true;
}

/* What a path costs with tolls. */
static void price(const struct tree *t, struct pce_way *w)
{
	struct pce_legs *l = t->b->l;

	pce_marks_clear(l);
	for (uint32_t i = 0; i < t->n_toll; i++)
		if (t->toll[i].node)
			pce_price_node(l, t->toll[i].id, t->toll[i].price);
		else
			pce_price_arc(l, t->toll[i].id, t->toll[i].price);
	w->priced = w->cost;
	for (uint32_t i = 0; i < w->n; i++) {
		const struct pce_leg_mark *m = &l->arc[l->s->out_arc[w->links[i]]];

		w->priced += m->epoch == l->epoch ? m->price : 0;
		m = &l->place[l->s->place[l->t->links[w->links[i]].to]];
		w->priced += m->epoch == l->epoch ? m->price : 0;
	}
}

/* The tolls, and perhaps the paths. PCE_FOUND_NOT: there is no such set. */
static enum pce_found root_flow(struct tree *t, struct branch *x)
{
	struct pce_set *b = t->b;
	const struct pce_leg *g = &b->leg[0];
	struct pce_flow f;
	enum pce_found r;

	if (!same_net(b))
		return PCE_FOUND;
	if (!pce_marks_begin(b->l, g))
		return PCE_FOUND_NO_MEMORY;
	for (uint32_t i = 0; i < b->n_fixed; i++)
		if (!pce_mark_way(b->l, &b->fixed[i], b->diverse, PCE_CLOSED))
			return PCE_FOUND_NO_MEMORY;
	r = pce_flow(b->l, g, b->n, b->diverse & PCE_DIVERSE_NODE, &f);
	if (r != PCE_FOUND)
		return r == PCE_FOUND_NO_MEMORY || all_alike(b) ? r : PCE_FOUND;
	t->toll = f.toll;
	t->n_toll = f.n_toll;
	t->tolls = f.tolls;
	x->tolled = true;
	for (uint32_t i = 0; i < b->n && all_alike(b); i++) {
		if (!within(b->l, &b->leg[i], &f.way[i]))
			continue;
		price(t, &f.way[i]);
		x->way[i] = &f.way[i];
	}
	return PCE_FOUND;
}

static enum pce_found make_root(struct tree *t)
{
	struct branch x = { .parent = ROOT };
	enum pce_found r = root_flow(t, &x);

	for (uint32_t i = 0; r == PCE_FOUND && i < t->b->n; i++)
		if (!x.way[i])
			r = find_leg(t, &x, i, UINT64_MAX);
	if (r != PCE_FOUND)
		return r;
	x.least = sum_of(t, &x);
	return tree_add(t, &x) ? PCE_FOUND : PCE_FOUND_NO_MEMORY;
}

static enum pce_found run(struct tree *t)
{
	struct pce_set *b = t->b;
	enum pce_found r = make_root(t);

	if (r != PCE_FOUND)
		return r;
	while (t->heap.n) {
		struct pce_entry e = pce_heap_pop(&t->heap);

		b->least = e.k0;
		if (b->found && b->least >= b->cost)
			break;
		if (b->branched >= b->budget || (b->go_on && !b->go_on(b->arg)))
			return b->found ? PCE_FOUND : PCE_FOUND_NOT;
		if (!visit(t, e.id))
			return PCE_FOUND_NO_MEMORY;
	}
	/* What gave up may have been cheaper than all that was found. */
	if (b->unsure)
		b->least = t->n ? t->at[0]->least : 0;
	else
		b->least = b->found ? b->cost : UINT64_MAX;
	return b->found ? PCE_FOUND : PCE_FOUND_NOT;
}

enum pce_found pce_branch(struct pce_set *b)
{
	struct tree t = { .b = b, .heap.a = &b->l->scratch };
	enum pce_found r;

	b->found = b->unsure = false;
	b->fits = 0;
	b->least = UINT64_MAX;
	r = run(&t);
	free(t.chain);
	return r;
}
