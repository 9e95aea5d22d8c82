/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One leg of a set, searched under what others have and what branching has closed for it. Legs
 * that the shared search cannot do go through pce_search(), with all that is closed as exclusions
 * of the request.
 */
#include "pce/branch.h"

bool pce_mark_way(struct pce_legs *l, const struct pce_way *w, uint8_t diverse, enum pce_how how)
{
	for (uint32_t i = 0; i < w->n; i++) {
		const struct ted_link *k = &l->t->links[w->links[i]];
		bool transit = i + 1 < w->n;

		pce_mark_wire(l, w->links[i], how);
		if (transit && ((diverse & PCE_DIVERSE_NODE) || pce_is_lan(l, k->to)))
			pce_mark_node(l, k->to, how);
		for (uint32_t j = 0; (diverse & PCE_DIVERSE_SRLG) && j < pce_n_srlg(l, w->links[i]); j++)
			if (!pce_mark_srlg(l, k->srlg[j], how))
				return false;
	}
	return true;
}

bool pce_share_of(struct pce_legs *l, const struct pce_way *a, const struct pce_way *b,
		  uint8_t diverse, struct pce_share *out)
{
	struct pce_share node = { PCE_SHARE_NONE, 0 }, wire = { PCE_SHARE_NONE, 0 };

	pce_marks_clear(l);
	if (!pce_mark_way(l, a, diverse, PCE_SOFT))
		return false;
	for (uint32_t i = 0; i < b->n; i++) {
		const struct ted_link *k = &l->t->links[b->links[i]];

		for (uint32_t j = 0; j < pce_n_srlg(l, b->links[i]); j++) {
			if (!pce_soft_srlg(l, k->srlg[j]))
				continue;
			*out = (struct pce_share){ PCE_SHARE_SRLG, k->srlg[j] };
			return true;
		}
		if (!node.kind && i + 1 < b->n && pce_soft_node(l, k->to))
			node = (struct pce_share){ PCE_SHARE_NODE, k->to };
		if (!wire.kind && pce_soft_arc(l, b->links[i]))
			wire = (struct pce_share){ PCE_SHARE_WIRE, b->links[i] };
	}
	*out = node.kind ? node : wire;
	return true;
}

/* ---- by marks ---- */

static bool mark_share(struct pce_legs *l, const struct pce_share *x)
{
	if (x->kind == PCE_SHARE_SRLG)
		return pce_mark_srlg(l, x->id, PCE_CLOSED);
	if (x->kind == PCE_SHARE_NODE)
		pce_mark_node(l, x->id, PCE_CLOSED);
	else if (x->kind == PCE_SHARE_WIRE)
		pce_mark_wire(l, x->id, PCE_CLOSED);
	return true;
}

/* Ends of other legs are no transit nodes of this one. */
static bool foreign_end(const struct pce_set *b, uint32_t leg, uint32_t node)
{
	const struct pce_request *r = b->leg[leg].req;

	return node != r->src && node != r->dst;
}

static uint32_t foreign_ends(const struct pce_set *b, uint32_t leg, uint32_t *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->n + b->n_fixed; i++) {
		const struct pce_way *w = i < b->n ? NULL : &b->fixed[i - b->n];
		uint32_t src = w ? b->l->t->links[w->links[0]].from : b->leg[i].req->src;
		uint32_t dst = w ? b->l->t->links[w->links[w->n - 1]].to : b->leg[i].req->dst;

		if (foreign_end(b, leg, src))
			out[n++] = src;
		if (foreign_end(b, leg, dst))
			out[n++] = dst;
	}
	return n;
}

static void mark_ends(struct pce_set *b, uint32_t leg)
{
	uint32_t end[4 * PCE_LEGS_MAX], n = foreign_ends(b, leg, end);

	for (uint32_t i = 0; i < n; i++)
		pce_mark_node(b->l, end[i], PCE_CLOSED);
}

static bool mark_all(struct pce_set *b, uint32_t leg, const struct pce_closed *c)
{
	struct pce_legs *l = b->l;
	bool good = pce_marks_begin(l, &b->leg[leg]);

	if (b->diverse & PCE_DIVERSE_NODE)
		mark_ends(b, leg);
	for (uint32_t i = 0; good && i < b->n_fixed; i++)
		good = pce_mark_way(l, &b->fixed[i], b->diverse, PCE_CLOSED);
	for (uint32_t i = 0; good && i < c->n_avoid; i++)
		good = pce_mark_way(l, c->avoid[i], b->diverse, PCE_CLOSED);
	for (uint32_t i = 0; good && i < c->n; i++)
		good = mark_share(l, &c->at[i]);
	for (uint32_t i = 0; good && i < c->n_soft; i++)
		good = pce_mark_way(l, c->soft[i], b->diverse, PCE_SOFT);
	for (uint32_t i = 0; c->soft_bps && i < c->n_soft; i++)
		for (uint32_t k = 0; k < c->soft[i]->n; k++)
			pce_take(l, c->soft[i]->links[k], c->soft_bps[i]);
	for (uint32_t i = 0; i < c->n_toll; i++)
		if (c->toll[i].node)
			pce_price_node(l, c->toll[i].id, c->toll[i].price);
		else
			pce_price_arc(l, c->toll[i].id, c->toll[i].price);
	return good;
}

static void delay_window(const struct pce_set *b, const struct pce_closed *c, uint32_t *least,
			 uint32_t *most)
{
	*least = 0;
	*most = PCE_NO_BOUND;
	for (uint32_t i = 0; b->bound_difference && i < b->n_fixed; i++) {
		uint64_t d = b->fixed[i].sum[PCE_DELAY], high = d + b->difference_us;

		*most = high < *most ? (uint32_t)high : *most;
		if (d > b->difference_us && d - b->difference_us > *least)
			*least = (uint32_t)(d - b->difference_us);
	}
	for (uint32_t i = 0; i < c->n; i++) {
		if (c->at[i].kind == PCE_SHARE_DELAY_MAX && c->at[i].id < *most)
			*most = c->at[i].id;
		if (c->at[i].kind == PCE_SHARE_DELAY_MIN && c->at[i].id > *least)
			*least = c->at[i].id;
	}
}

static enum pce_found by_marks(struct pce_set *b, uint32_t leg, const struct pce_closed *c,
			       uint32_t delay_most, struct pce_way *out)
{
	struct pce_leg g = b->leg[leg];
	struct pce_seek k = pce_leg_seek(&g);
	enum pce_found r;

	for (unsigned i = 0; i < g.n_bound; i++)
		if (g.bound[i].metric == PCE_DELAY && g.bound[i].most > delay_most)
			g.bound[i].most = delay_most;
	k.most = c->most;
	k.soft_first = c->soft_first;
	if (!mark_all(b, leg, c))
		return PCE_FOUND_NO_MEMORY;
	r = pce_leg_search(b->l, &g, &k, out);
	b->unsure = b->unsure || r == PCE_FOUND_NO_BUDGET;
	return r == PCE_FOUND_NO_BUDGET ? PCE_FOUND_NOT : r;
}

/* ---- by exclusions ---- */

struct lists {
	struct arena *a;
	uint32_t *link, *node, *srlg;
	uint32_t n_link, n_node, n_srlg;
};

static void count_way(struct lists *x, const struct pce_legs *l, const struct pce_way *w)
{
	x->n_link += 2 * w->n;
	x->n_node += w->n;
	for (uint32_t i = 0; i < w->n; i++)
		x->n_srlg += pce_n_srlg(l, w->links[i]);
}

static void list_wire(struct lists *x, const struct pce_legs *l, uint32_t link)
{
	uint32_t back = l->t->links[link].reverse;

	x->link[x->n_link++] = link;
	if (back < l->t->n_links)
		x->link[x->n_link++] = back;
}

static void list_way(struct lists *x, const struct pce_legs *l, const struct pce_way *w,
		     uint8_t diverse)
{
	for (uint32_t i = 0; i < w->n; i++) {
		const struct ted_link *k = &l->t->links[w->links[i]];

		list_wire(x, l, w->links[i]);
		if (i + 1 < w->n && ((diverse & PCE_DIVERSE_NODE) || pce_is_lan(l, k->to)))
			x->node[x->n_node++] = k->to;
		for (uint32_t j = 0; (diverse & PCE_DIVERSE_SRLG) && j < pce_n_srlg(l, w->links[i]); j++)
			x->srlg[x->n_srlg++] = k->srlg[j];
	}
}

/* Room for all that is closed, the request's own included. */
static bool lists_room(struct lists *x, const struct pce_set *b, const struct pce_request *r,
		       const struct pce_closed *c)
{
	x->n_link = r->n_exclude_links + 2 * c->n;
	x->n_node = r->n_exclude_nodes + c->n + 4 * PCE_LEGS_MAX;
	x->n_srlg = r->n_exclude_srlgs + c->n;
	for (uint32_t i = 0; i < b->n_fixed; i++)
		count_way(x, b->l, &b->fixed[i]);
	for (uint32_t i = 0; i < c->n_avoid; i++)
		count_way(x, b->l, c->avoid[i]);
	x->link = ARENA_ARRAY(x->a, (size_t)x->n_link + 1, uint32_t);
	x->node = ARENA_ARRAY(x->a, (size_t)x->n_node + 1, uint32_t);
	x->srlg = ARENA_ARRAY(x->a, (size_t)x->n_srlg + 1, uint32_t);
	x->n_link = x->n_node = x->n_srlg = 0;
	return x->link && x->node && x->srlg;
}

static void lists_fill(struct lists *x, struct pce_set *b, uint32_t leg, const struct pce_closed *c)
{
	const struct pce_request *r = b->leg[leg].req;

	for (uint32_t i = 0; i < r->n_exclude_links; i++)
		x->link[x->n_link++] = r->exclude_links[i];
	for (uint32_t i = 0; i < r->n_exclude_nodes; i++)
		x->node[x->n_node++] = r->exclude_nodes[i];
	for (uint32_t i = 0; i < r->n_exclude_srlgs; i++)
		x->srlg[x->n_srlg++] = r->exclude_srlgs[i];
	if (b->diverse & PCE_DIVERSE_NODE)
		x->n_node += foreign_ends(b, leg, &x->node[x->n_node]);
	for (uint32_t i = 0; i < b->n_fixed; i++)
		list_way(x, b->l, &b->fixed[i], b->diverse);
	for (uint32_t i = 0; i < c->n_avoid; i++)
		list_way(x, b->l, c->avoid[i], b->diverse);
	for (uint32_t i = 0; i < c->n; i++) {
		if (c->at[i].kind == PCE_SHARE_SRLG)
			x->srlg[x->n_srlg++] = c->at[i].id;
		else if (c->at[i].kind == PCE_SHARE_NODE)
			x->node[x->n_node++] = c->at[i].id;
		else if (c->at[i].kind == PCE_SHARE_WIRE)
			list_wire(x, b->l, c->at[i].id);
	}
}

/* A shard of its own: the trees of the other legs must stay. */
static bool side_room(struct pce_set *b)
{
	return b->side || pce_trees_new(&b->side, PCE_SIDE_BYTES) == 0;
}

static enum pce_found by_request(struct pce_set *b, uint32_t leg, const struct pce_closed *c,
				 const uint32_t delay[2], struct pce_way *out)
{
	struct pce_request r = *b->leg[leg].req;
	struct lists x = { .a = &b->l->scratch };
	enum pce_found got;

	if (!side_room(b) || !lists_room(&x, b, &r, c))
		return PCE_FOUND_NO_MEMORY;
	lists_fill(&x, b, leg, c);
	r.exclude_links = x.link;
	r.n_exclude_links = x.n_link;
	r.exclude_nodes = x.node;
	r.n_exclude_nodes = x.n_node;
	r.exclude_srlgs = x.srlg;
	r.n_exclude_srlgs = x.n_srlg;
	r.delay_us_min = delay[0] > r.delay_us_min ? delay[0] : r.delay_us_min;
	r.delay_us_max = delay[1] < r.delay_us_max ? delay[1] : r.delay_us_max;
	if (r.delay_us_min > r.delay_us_max)
		return PCE_FOUND_NOT;
	r.strict = r.strict || c->fit;
	got = pce_leg_other(b->l, &r, c->fit, b->side, out);
	b->unsure = b->unsure || got == PCE_FOUND_NO_BUDGET;
	if (got == PCE_FOUND_NO_BUDGET || (got == PCE_FOUND && out->cost > c->most))
		return PCE_FOUND_NOT;
	return got;
}

bool pce_set_fits(struct pce_set *b, uint32_t leg, const struct pce_way *w)
{
	return side_room(b) && pce_leg_fits(b->l, b->leg[leg].req, b->side, w);
}

enum pce_found pce_set_leg(struct pce_set *b, uint32_t leg, const struct pce_closed *c,
			   struct pce_way *out)
{
	struct pce_closed any = *c;
	enum pce_found r;
	uint32_t delay[2];

	any.fit = false;
	delay_window(b, c, &delay[0], &delay[1]);
	if (b->leg[leg].general || delay[0])
		r = by_request(b, leg, &any, delay, out);
	else
		r = by_marks(b, leg, &any, delay[1], out);
	/* What fits costs as much at least: mostly it is this one. */
	if (!c->fit || r != PCE_FOUND || pce_set_fits(b, leg, out))
		return r;
	if (b->fits++ < b->fits_max && (!b->go_on || b->go_on(b->arg)))
		return by_request(b, leg, c, delay, out);
	b->unsure = true;
	return PCE_FOUND_NOT;
}
