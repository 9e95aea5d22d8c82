/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repairing a tree from the arcs that changed since it was right, any number at once.
 *
 * What hangs (by via) on an arc that became dearer loses its distance and is seeded again from
 * neighbours that kept theirs; what an arc that became cheaper improves is seeded too; Dijkstra
 * goes on from there. Parents, not the equality of distances, say what hangs on what: with links
 * of weight zero places can hold each other's distance up without any way to the root. The cost
 * is that of the places that lose or gain; when they are many a whole tree is cheaper.
 *
 * In a tree towards its root a place's parent is the next hop; the child of an arc is its tail.
 */
#include "pce/trees_priv.h"

enum {
	TOO_MANY = 4, /* more than a quarter of all places, or of as many arcs: a whole tree */
	TOO_MANY_LEAST = 64,
};

struct repair {
	struct pce_trees *p;
	struct pce_kept *k;
	struct pce_view v;
	uint32_t *lost; /* places without a distance for now */
	uint32_t n_lost, most, epoch;
	uint32_t *mark; /* by place: epoch when it is lost */
};

/* What an arc offers its child: PCE_INF for nothing. */
static uint32_t offer(const struct repair *r, uint32_t parent, uint32_t w)
{
	uint64_t d = (uint64_t)r->k->dist[parent] + w;

	return d > PCE_FAR || (parent != r->k->is.root && pce_overloaded(r->p, parent)) ?
		       PCE_INF :
		       (uint32_t)d;
}

/* One arc of the log, as it is now. */
struct hook {
	uint32_t child, parent, via, w;
};

static struct hook hook_of(const struct repair *r, uint32_t out)
{
	const struct pce_kept_class *c = r->p->class[r->k->class];
	uint32_t in = r->p->shape->in_of_out[out];
	uint32_t from = c->in[in].place, to = c->out[out].place, w = c->out[out].w;

	return r->k->from ? (struct hook){ to, from, in, w } : (struct hook){ from, to, out, w };
}

typedef bool (*hook_fn)(struct repair *r, const struct hook *h);

/* All arcs of the log; a place that became overloaded, or no longer is, stands for those whose
 * children it may carry. */
static bool each_hook(struct repair *r, hook_fn fn)
{
	const struct pce_kept_class *c = r->p->class[r->k->class];

	for (uint64_t at = r->k->seen; at < c->log.end; at++) {
		uint32_t e = c->log.at[at - c->log.base], u = e & ~PCE_LOG_PLACE;
		struct hook h;

		if (!(e & PCE_LOG_PLACE)) {
			h = hook_of(r, e);
			if (!fn(r, &h))
				return false;
			continue;
		}
		for (uint32_t i = r->v.start[u]; i < r->v.start[u + 1]; i++) {
			h = (struct hook){ r->v.arc[i].place, u, r->v.cross[i], r->v.arc[i].w };
			if (!fn(r, &h))
				return false;
		}
	}
	return true;
}

static void lose(struct repair *r, uint32_t place)
{
	if (r->mark[place] == r->epoch)
		return;
	r->mark[place] = r->epoch;
	r->lost[r->n_lost++] = place;
}

static bool lose_child(struct repair *r, const struct hook *h)
{
	if (r->k->via[h->child] == h->via && offer(r, h->parent, h->w) > r->k->dist[h->child])
		lose(r, h->child);
	return true;
}

/* All below those, too; false: they are too many. */
static bool lose_below(struct repair *r)
{
	for (uint32_t at = 0; at < r->n_lost; at++) {
		uint32_t u = r->lost[at];

		if (r->n_lost > r->most)
			return false;
		for (uint32_t i = r->v.start[u]; i < r->v.start[u + 1]; i++)
			if (r->k->via[r->v.arc[i].place] == r->v.cross[i])
				lose(r, r->v.arc[i].place);
	}
	for (uint32_t i = 0; i < r->n_lost; i++) {
		r->k->dist[r->lost[i]] = PCE_INF;
		r->k->via[r->lost[i]] = PCE_INF;
	}
	return true;
}

static bool seed(struct repair *r, const struct hook *h)
{
	uint32_t d = offer(r, h->parent, h->w);

	if (d >= r->k->dist[h->child])
		return true;
	r->k->dist[h->child] = d;
	r->k->via[h->child] = h->via;
	return pce_buckets_push(r->p->queue, d, h->child);
}

/* The best that neighbours with a distance offer a lost place. */
static bool seed_lost(struct repair *r, uint32_t u)
{
	struct hook best = { .child = u, .via = PCE_INF };
	uint32_t least = PCE_INF;

	for (uint32_t i = r->v.up[u]; i < r->v.up[u + 1]; i++) {
		const struct pce_arc *a = &r->v.up_arc[i];
		uint32_t d;

		if (r->mark[a->place] == r->epoch)
			continue;
		d = offer(r, a->place, a->w);
		if (d >= least)
			continue;
		least = d;
		best.parent = a->place;
		best.via = i;
		best.w = a->w;
	}
	return least == PCE_INF || seed(r, &best);
}

static bool repair(struct repair *r)
{
	if (!pce_buckets_begin(r->p->queue))
		return false;
	for (uint32_t i = 0; i < r->n_lost; i++)
		if (!seed_lost(r, r->lost[i]))
			return false;
	if (!each_hook(r, seed))
		return false;
	r->p->stats.touched += r->n_lost;
	return pce_spf_run(r->p, r->k, &r->v);
}

bool pce_spf_repair(struct pce_trees *p, struct pce_kept *k)
{
	struct repair r = { .p = p, .k = k, .v = pce_view_of(p, k->class, k->from) };
	const struct pce_log *log = &p->class[k->class]->log;

	r.most = TOO_MANY_LEAST + p->shape->n / TOO_MANY;
	if (k->seen < log->base || log->end - k->seen > r.most)
		return pce_spf_full(p, k);
	r.mark = pce_room_places(p, PCE_ROOM_SPF, sizeof(*r.mark));
	r.lost = pce_room_places(p, PCE_ROOM_SPF_LOST, sizeof(*r.lost));
	if (!r.mark || !r.lost)
		return false;
	r.epoch = pce_trees_epoch(p);
	(void)each_hook(&r, lose_child);
	return lose_below(&r) ? repair(&r) : pce_spf_full(p, k);
}
