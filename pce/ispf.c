/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repairing a tree from the arcs that changed since it was right, any number at once.
 *
 * Like a whole tree (spf.c) it works on hubs, with a chain as one arc. What hangs (by via) on an
 * arc that became dearer loses its distance and is seeded again from neighbours that kept theirs;
 * what an arc that became cheaper improves is seeded too; Dijkstra goes on from there. Then the
 * chains beside hubs that were settled, and those in which something changed, are filled in anew.
 * Parents, not the equality of distances, say what hangs on what: with links of weight zero hubs
 * can hold each other's distance up without any way to the root. The cost is that of the hubs that
 * lose or gain; when they are many a whole tree is cheaper.
 *
 * In a tree towards its root a hub's parent is the next one; the child of an arc is its tail. The
 * ends of a chain that the root is in hang on the root; no way crosses that chain.
 */
#include "pce/trees_priv.h"

enum {
	TOO_MANY = 4, /* more than a quarter of all hubs, or of as many arcs: a whole tree */
	TOO_MANY_LEAST = 64,
};

struct repair {
	struct pce_trees *p;
	struct pce_kept *k;
	struct pce_view hubs;
	const struct pce_chain *home; /* where the root is; NULL: it is a hub */
	uint32_t *lost; /* hubs without a distance for now */
	uint32_t n_lost, most, epoch;
	uint32_t *mark;	 /* by hub: epoch when it is lost */
	uint32_t *chain; /* by chain: epoch when it is filled in */
	struct pce_settled settled;
};

/* What an arc offers its child: PCE_INF for nothing. */
static uint32_t offer(const struct repair *r, uint32_t parent, uint32_t w)
{
	uint64_t d = (uint64_t)r->k->dist[parent] + w;

	return d > PCE_FAR || (parent != r->k->is.root && pce_overloaded(r->p, parent)) ?
		       PCE_INF :
		       (uint32_t)d;
}

/* An arc of the log as it is now: which hub it is for, and what it offers that. */
struct hook {
	uint32_t child, via, d;
};

typedef void (*hook_fn)(struct repair *r, const struct hook *h);

static void hub_arc(struct repair *r, uint32_t out, hook_fn fn)
{
	const struct pce_kept_class *c = r->p->class[r->k->class];
	const struct pce_shape *s = r->p->shape;
	bool from = r->k->from;
	uint32_t in = s->hub_in_of_out[out], tail = c->hub_in[in].place, head = c->hub_out[out].place;

	fn(r, &(struct hook){ from ? head : tail, from ? in : out,
			      offer(r, from ? tail : head, c->hub_out[out].w) });
}

/* The ends of the root's own chain. */
static void home_arcs(struct repair *r, hook_fn fn)
{
	const struct pce_view v = pce_view_of(r->p, r->k->class, r->k->from);

	for (unsigned up = 0; up < 2; up++) {
		struct hook h;

		h.d = pce_chain_end(r->p, r->k, &v, r->home, up, &h.child, &h.via);
		fn(r, &h);
	}
}

static void chain_arcs(struct repair *r, const struct pce_chain *h, hook_fn fn)
{
	if (h == r->home) {
		home_arcs(r, fn);
		return;
	}
	hub_arc(r, h->out_a, fn);
	hub_arc(r, h->out_b, fn);
}

/* All children it may carry. */
static void hub_row(struct repair *r, uint32_t u, hook_fn fn)
{
	const struct pce_view *v = &r->hubs;

	for (uint32_t i = v->start[u]; i < v->start[u + 1]; i++)
		if (!pce_chain_is_end(r->home, r->k->from, v->cross[i]))
			fn(r, &(struct hook){ v->arc[i].place, v->cross[i], offer(r, u, v->arc[i].w) });
}

/* All arcs of the log; a place that became overloaded, or no longer is, stands for those whose
 * children it may carry. */
static void each_hook(struct repair *r, hook_fn fn)
{
	const struct pce_log *l = &r->p->class[r->k->class]->log;
	const struct pce_shape *s = r->p->shape;

	for (uint64_t at = r->k->seen; at < l->end; at++) {
		uint32_t e = l->at[at - l->base], u = e & ~PCE_LOG_PLACE;
		const struct pce_chain *h = e & PCE_LOG_PLACE ? pce_chain_of(s, u) : pce_chain_with(s, e);

		if (h)
			chain_arcs(r, h, fn);
		else if (e & PCE_LOG_PLACE)
			hub_row(r, u, fn);
		else
			hub_arc(r, e, fn);
	}
}

static void lose(struct repair *r, uint32_t hub)
{
	if (r->mark[hub] == r->epoch)
		return;
	r->mark[hub] = r->epoch;
	r->lost[r->n_lost++] = hub;
}

static void lose_child(struct repair *r, const struct hook *h)
{
	if (r->k->via[h->child] == h->via && h->d > r->k->dist[h->child])
		lose(r, h->child);
}

/* All below those, too; false: they are too many. */
static bool lose_below(struct repair *r)
{
	const struct pce_view *v = &r->hubs;

	for (uint32_t at = 0; at < r->n_lost; at++) {
		uint32_t u = r->lost[at];

		if (r->n_lost > r->most)
			return false;
		for (uint32_t i = v->start[u]; i < v->start[u + 1]; i++)
			if (r->k->via[v->arc[i].place] == v->cross[i] &&
			    !pce_chain_is_end(r->home, r->k->from, v->cross[i]))
				lose(r, v->arc[i].place);
	}
	for (uint32_t i = 0; i < r->n_lost; i++) {
		r->k->dist[r->lost[i]] = PCE_INF;
		r->k->via[r->lost[i]] = PCE_INF;
	}
	return true;
}

static void seed(struct repair *r, const struct hook *h)
{
	if (h->d >= r->k->dist[h->child])
		return;
	r->k->dist[h->child] = h->d;
	r->k->via[h->child] = h->via;
	r->settled.no_memory |= !pce_buckets_push(r->p->queue, h->d, h->child);
}

/* The best that neighbours with a distance offer a lost hub. */
static void seed_lost(struct repair *r, uint32_t u)
{
	struct hook best = { u, PCE_INF, PCE_INF };
	const struct pce_view *v = &r->hubs;

	for (uint32_t i = v->up[u]; i < v->up[u + 1]; i++) {
		uint32_t parent = v->up_arc[i].place, d;

		if (r->mark[parent] == r->epoch)
			continue;
		d = offer(r, parent, v->up_arc[i].w);
		if (d < best.d)
			best = (struct hook){ u, i, d };
	}
	seed(r, &best);
}

/* ---- chains ---- */

static void fill(struct repair *r, const struct pce_chain *h)
{
	const struct pce_view v = pce_view_of(r->p, r->k->class, r->k->from);
	uint32_t *done = &r->chain[h - r->p->shape->chain];

	if (*done == r->epoch)
		return;
	*done = r->epoch;
	pce_chain_fill(r->p, r->k, &v, h);
	r->p->stats.touched += h->len;
}

static void fill_around(struct repair *r, uint32_t hub)
{
	const struct pce_shape *s = r->p->shape;

	for (uint32_t i = s->out[hub]; i < s->out[hub + 1]; i++) {
		const struct pce_chain *h = pce_chain_of(s, s->out_to[i]);

		if (h)
			fill(r, h);
	}
}

static void fill_all(struct repair *r)
{
	const struct pce_log *l = &r->p->class[r->k->class]->log;
	const struct pce_shape *s = r->p->shape;

	for (uint32_t i = 0; i < r->settled.n; i++)
		fill_around(r, r->settled.at[i]);
	for (uint32_t i = 0; i < r->n_lost; i++)
		if (r->k->dist[r->lost[i]] == PCE_INF)
			fill_around(r, r->lost[i]);
	for (uint64_t at = r->k->seen; at < l->end; at++) {
		uint32_t e = l->at[at - l->base], u = e & ~PCE_LOG_PLACE;
		const struct pce_chain *h = e & PCE_LOG_PLACE ? pce_chain_of(s, u) : pce_chain_with(s, e);

		if (h)
			fill(r, h);
		else if (e & PCE_LOG_PLACE)
			fill_around(r, u);
	}
}

static bool repair(struct repair *r)
{
	if (!pce_buckets_begin(r->p->queue))
		return false;
	for (uint32_t i = 0; i < r->n_lost; i++)
		seed_lost(r, r->lost[i]);
	if (r->home && r->n_lost > 0)
		home_arcs(r, seed);
	each_hook(r, seed);
	if (r->settled.no_memory || !pce_spf_run(r->p, r->k, &r->hubs, &r->settled))
		return false;
	fill_all(r);
	r->p->stats.touched += r->settled.n;
	return true;
}

bool pce_spf_repair(struct pce_trees *p, struct pce_kept *k)
{
	struct repair r = { .p = p, .k = k, .hubs = pce_hubs_of(p, k->class, k->from) };
	const struct pce_log *log = &p->class[k->class]->log;

	if (k->seen < log->base || log->end - k->seen > TOO_MANY_LEAST + p->shape->n / TOO_MANY)
		return pce_spf_full(p, k);
	r.most = TOO_MANY_LEAST + p->shape->n_hubs / TOO_MANY;
	r.home = pce_chain_of(p->shape, k->is.root);
	r.mark = pce_room_places(p, PCE_ROOM_SPF, sizeof(*r.mark));
	r.lost = pce_room_places(p, PCE_ROOM_SPF_LOST, sizeof(*r.lost));
	r.chain = pce_room_places(p, PCE_ROOM_SPF_CHAIN, sizeof(*r.chain));
	r.settled.at = pce_room_places(p, PCE_ROOM_SPF_SETTLED, sizeof(*r.settled.at));
	if (!r.mark || !r.lost || !r.chain || !r.settled.at)
		return false;
	r.epoch = pce_trees_epoch(p);
	each_hook(&r, lose_child);
	return lose_below(&r) ? repair(&r) : pce_spf_full(p, k);
}
