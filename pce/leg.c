/* SPDX-License-Identifier: Apache-2.0 */
/* Legs made ready, and what searches must avoid, pay for or would rather not use. */
#include <stdlib.h>
#include <string.h>

#include "pce/leg.h"

bool pce_legs_init(struct pce_legs *l, const struct ted *t, struct pce_trees *trees,
		   struct arena *out)
{
	*l = (struct pce_legs){ .t = t, .p = ted_priv_of(t), .out = out };
	arena_init(&l->scratch, out->limit);
	l->heap.a = &l->scratch;
	if (!trees && pce_trees_new(&l->own, SIZE_MAX) < 0)
		return false;
	l->trees = trees ? trees : l->own;
	if (pce_trees_follow(l->trees, t) < 0)
		return false;
	l->s = pce_trees_shape(l->trees);
	l->overload = pce_trees_overload(l->trees);
	l->place = pce_room_places(l->trees, PCE_ROOM_LEG_PLACE, sizeof(*l->place));
	l->arc = pce_room_links(l->trees, PCE_ROOM_LEG_ARC, sizeof(*l->arc));
	l->head = pce_room_places(l->trees, PCE_ROOM_LEG_LABEL, sizeof(*l->head));
	l->taken = pce_room_links(l->trees, PCE_ROOM_LEG_TAKEN, sizeof(*l->taken));
	return l->place && l->arc && l->head && l->taken;
}

void pce_legs_fini(struct pce_legs *l)
{
	free(l->label);
	free(l->srlg);
	arena_fini(&l->scratch);
	pce_trees_free(l->own);
}

/* ---- a leg ---- */

/* Constraints that do not add up, or look at a path as a whole. */
static bool asks_more(const struct pce_request *r)
{
	return r->objective != PCE_MCP || (unsigned)r->minimise >= PCE_METRICS || r->delay_us_min ||
	       r->n_include || r->n_exclude_asns || r->algo;
}

static bool class_of(struct pce_legs *l, const struct pce_request *r, enum pce_metric m,
		     const struct pce_arc **arc, const struct pce_tree **tree)
{
	const struct pce_class c = { .metric = m, .affinity = r->affinity };
	uint32_t id = pce_trees_class(l->trees, &c);

	if (id == UINT32_MAX)
		return false;
	*arc = pce_class_out(l->trees, id);
	*tree = pce_tree_to(l->trees, id, r->dst);
	return *tree != NULL;
}

static bool add_bound(struct pce_legs *l, struct pce_leg *g, enum pce_metric m, uint32_t most)
{
	struct pce_leg_bound *b = &g->bound[g->n_bound];

	*b = (struct pce_leg_bound){ .metric = m, .most = most };
	if (!class_of(l, g->req, m, &b->arc, &b->tree))
		return false;
	g->n_bound++;
	return true;
}

static bool is_router(const struct ted *t, uint32_t node)
{
	return node < t->n_nodes && t->nodes[node].alive && !t->nodes[node].pseudonode;
}

static enum pce_status say(const char **why, enum pce_status status, const char *text)
{
	*why = text;
	return status;
}

static enum pce_status check(const struct pce_legs *l, const struct pce_request *req,
			     const char **why)
{
	const char *bad;

	if (!is_router(l->t, req->src))
		return say(why, PCE_NO_SOURCE, "the source is not in the topology");
	if (!is_router(l->t, req->dst))
		return say(why, PCE_NO_TARGET, "the target is not in the topology");
	if (req->src == req->dst)
		return say(why, PCE_NO_TARGET, "source and target are the same node");
	bad = pce_valid(l->t, req, l->out);
	return bad ? say(why, PCE_INVALID, bad) : PCE_OK;
}

static bool trees_of(struct pce_legs *l, struct pce_leg *g)
{
	struct pce_find f;
	bool good = class_of(l, g->req, g->req->minimise, &g->arc, &g->tree);

	pce_find_of(g->req, &f);
	for (unsigned m = 0; good && m < PCE_METRICS; m++)
		if (f.bound[m] != PCE_NO_BOUND)
			good = add_bound(l, g, (enum pce_metric)m, f.bound[m]);
	return good;
}

enum pce_status pce_leg_init(struct pce_legs *l, struct pce_leg *g, const struct pce_request *req,
			     const char **why)
{
	enum pce_status status = check(l, req, why);

	if (status != PCE_OK)
		return status;
	*g = (struct pce_leg){ .req = req, .general = asks_more(req) };
	g->src = l->s->place[req->src];
	g->dst = l->s->place[req->dst];
	if (g->general || trees_of(l, g))
		return PCE_OK;
	return say(why, PCE_NO_MEMORY, "out of memory");
}

enum pce_found pce_leg_other(struct pce_legs *l, const struct pce_request *req, bool fit,
			     struct pce_trees *side, struct pce_way *out)
{
	struct pce_path p = { 0 };
	struct pce_find f;
	struct pce_ctx c;
	enum pce_found r = PCE_FOUND_NO_MEMORY;

	if (pce_ctx_init(&c, l->t, req, side, &l->scratch)) {
		c.depth_least = l->depth_least;
		pce_find_of(req, &f);
		r = fit ? pce_fit(&c, &f, &p) : pce_search(&c, &f, &p);
	}
	pce_ctx_fini(&c);
	if (r != PCE_FOUND)
		return r;
	*out = (struct pce_way){ .links = p.links, .n = p.n, .cost = p.cost, .priced = p.cost };
	memcpy(out->sum, p.sum, sizeof(out->sum));
	return r;
}

bool pce_leg_fits(struct pce_legs *l, const struct pce_request *req, struct pce_trees *side,
		  const struct pce_way *w)
{
	struct pce_path p = { .links = w->links, .n = w->n };
	struct pce_request q = *req;
	struct arena aside;
	struct pce_ctx c;
	bool good;

	q.strict = true;
	arena_init(&aside, 0);
	good = pce_ctx_init(&c, l->t, &q, side, &aside);
	if (good) {
		c.depth_least = l->depth_least;
		pce_path_sum(&c, &p);
		good = pce_fits(&c, &p);
	}
	pce_ctx_fini(&c);
	arena_fini(&aside);
	return good;
}

enum { FITS_LEAST = 32, FITS_SIZE = 4000000 };

uint32_t pce_fits_max(const struct ted *t)
{
	uint32_t n = FITS_SIZE / (t->n_links + 1);

	return n > FITS_LEAST ? n : FITS_LEAST;
}

struct pce_seek pce_leg_seek(const struct pce_leg *g)
{
	return (struct pce_seek){ .from = g->src, .most = UINT64_MAX };
}

/* ---- marks ---- */

static struct pce_leg_mark *fresh(const struct pce_legs *l, struct pce_leg_mark *m)
{
	if (m->epoch != l->epoch)
		*m = (struct pce_leg_mark){ .epoch = l->epoch };
	return m;
}

static void put(struct pce_leg_mark *m, enum pce_how how)
{
	if (how == PCE_CLOSED)
		m->closed = true;
	else if (m->soft < 16) /* a path's sum of them stays below unit */
		m->soft++;
}

void pce_mark_arc(struct pce_legs *l, uint32_t link, enum pce_how how)
{
	put(fresh(l, &l->arc[l->s->out_arc[link]]), how);
}

void pce_mark_wire(struct pce_legs *l, uint32_t link, enum pce_how how)
{
	uint32_t back = l->t->links[link].reverse;

	pce_mark_arc(l, link, how);
	if (back < l->t->n_links)
		pce_mark_arc(l, back, how);
}

void pce_mark_node(struct pce_legs *l, uint32_t node, enum pce_how how)
{
	put(fresh(l, &l->place[l->s->place[node]]), how);
}

void pce_price_arc(struct pce_legs *l, uint32_t link, uint32_t price)
{
	fresh(l, &l->arc[l->s->out_arc[link]])->price += price;
}

void pce_price_node(struct pce_legs *l, uint32_t node, uint32_t price)
{
	fresh(l, &l->place[l->s->place[node]])->price += price;
}

void pce_take(struct pce_legs *l, uint32_t link, uint64_t bps)
{
	struct pce_leg_taken *k = &l->taken[l->s->out_arc[link]];

	*k = (struct pce_leg_taken){ l->epoch, pce_taken(l, link) + bps };
	l->any_taken = true;
}

/* Open addressing, a power of two, never more than half full; an old epoch is an empty place. */
static struct pce_leg_srlg *srlg_slot(const struct pce_legs *l, uint32_t srlg)
{
	uint32_t i = (srlg * UINT32_C(2654435769)) >> 7;

	for (;; i++) {
		struct pce_leg_srlg *m = &l->srlg[i & (l->cap_srlg - 1)];

		if (m->is.epoch != l->epoch || m->srlg == srlg)
			return m;
	}
}

static bool srlg_grow(struct pce_legs *l)
{
	uint32_t n = l->cap_srlg, cap = n ? n * 2 : 64;
	struct pce_leg_srlg *old = l->srlg;

	if (cap < n)
		return false;
	l->srlg = calloc(cap, sizeof(*l->srlg));
	if (!l->srlg) {
		l->srlg = old;
		return false;
	}
	l->cap_srlg = cap;
	for (uint32_t i = 0; i < n; i++)
		if (old[i].is.epoch == l->epoch)
			*srlg_slot(l, old[i].srlg) = old[i];
	free(old);
	return true;
}

bool pce_mark_srlg(struct pce_legs *l, uint32_t srlg, enum pce_how how)
{
	struct pce_leg_srlg *m;

	if (l->n_srlg >= l->cap_srlg / 2 && !srlg_grow(l))
		return false;
	m = srlg_slot(l, srlg);
	if (m->is.epoch != l->epoch) {
		*m = (struct pce_leg_srlg){ .srlg = srlg, .is.epoch = l->epoch };
		l->n_srlg++;
	}
	put(&m->is, how);
	return true;
}

bool pce_soft_srlg(const struct pce_legs *l, uint32_t srlg)
{
	const struct pce_leg_srlg *m = l->n_srlg ? srlg_slot(l, srlg) : NULL;

	return m && m->is.epoch == l->epoch && m->is.soft;
}

bool pce_unsoft_srlg(struct pce_legs *l, uint32_t srlg)
{
	bool was = pce_soft_srlg(l, srlg);

	if (was)
		srlg_slot(l, srlg)->is.soft = 0;
	return was;
}

void pce_marks_clear(struct pce_legs *l)
{
	l->epoch = pce_trees_epoch(l->trees);
	l->n_srlg = 0;
	l->any_taken = false;
}

bool pce_marks_begin(struct pce_legs *l, const struct pce_leg *g)
{
	const struct pce_request *r = g->req;
	bool good = true;

	pce_marks_clear(l);
	for (uint32_t i = 0; i < r->n_exclude_links; i++)
		if (r->exclude_links[i] < l->t->n_links)
			pce_mark_arc(l, r->exclude_links[i], PCE_CLOSED);
	for (uint32_t i = 0; i < r->n_exclude_nodes; i++)
		if (r->exclude_nodes[i] < l->t->n_nodes)
			pce_mark_node(l, r->exclude_nodes[i], PCE_CLOSED);
	for (uint32_t i = 0; good && i < r->n_exclude_srlgs; i++)
		good = pce_mark_srlg(l, r->exclude_srlgs[i], PCE_CLOSED);
	return good;
}

static bool take(const struct pce_legs *l, const struct pce_leg_mark *m, uint64_t *price,
		 uint32_t *soft)
{
	if (m->epoch != l->epoch)
		return true;
	*price += m->price;
	*soft += m->soft;
	return !m->closed;
}

static bool take_srlgs(const struct pce_legs *l, uint32_t link, uint64_t *price, uint32_t *soft)
{
	const struct ted_link *k = &l->t->links[link];
	uint32_t n = 0;

	for (uint32_t i = 0; i < pce_n_srlg(l, link); i++)
		if (!take(l, &srlg_slot(l, k->srlg[i])->is, price, &n))
			return false;
	*soft += n < 16 ? n : 16;
	return true;
}

static bool has_room(const struct pce_legs *l, const struct pce_leg *g, uint32_t link)
{
	uint64_t left = pce_free_bps(g->req, l->t, link);
	uint64_t taken = l->any_taken ? pce_taken(l, link) : 0;

	return taken <= left && g->req->bandwidth_bps <= left - taken;
}

bool pce_leg_step(const struct pce_legs *l, const struct pce_leg *g, uint32_t arc, uint64_t *price,
		  uint32_t *soft)
{
	uint32_t link = l->s->out_link[arc];

	*price = 0;
	*soft = 0;
	if (!take(l, &l->arc[arc], price, soft) ||
	    !take(l, &l->place[l->s->out_to[arc]], price, soft))
		return false;
	if (l->n_srlg && !take_srlgs(l, link, price, soft))
		return false;
	return g->req->bandwidth_bps == 0 || pce_is_lan(l, l->p->arcs[link].from) ||
	       has_room(l, g, link);
}
