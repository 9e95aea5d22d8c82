/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole trees over chains. Most nodes of a carrier's network have two neighbours: rings of access
 * routers between two hubs. Dijkstra runs on the hubs alone, with a chain as one arc; the places
 * inside are filled in afterwards, from both ends, in the order they have in memory; repairs (ispf.c)
 * fill in those that something changed for. Nothing of it is seen from outside: distances are the same.
 */
#include <string.h>

#include "pce/trees_priv.h"

static uint32_t far_of(const struct pce_chain *h, bool up)
{
	return up ? h->b : h->a;
}

/* Of the two arcs of a place inside a chain the one to the place after it; rows have two. */
static uint32_t arc_to(const struct pce_arc *arc, uint32_t row, uint32_t place)
{
	return arc[row].place == place ? row : row + 1;
}

static uint32_t place_at(const struct pce_chain *h, uint32_t i, bool up)
{
	return up ? h->first + i : h->first + h->len - 1 - i;
}

/* The weight of a whole chain from one hub to the other; nobody crosses an overloaded place. */
static uint32_t chain_weight(const struct pce_trees *p, const struct pce_kept_class *c,
			     const struct pce_chain *h, bool up)
{
	uint64_t sum = c->out[up ? h->out_a : h->out_b].w;

	if (h->a == h->b)
		return PCE_INF;
	for (uint32_t i = 0; i < h->len && sum <= PCE_FAR; i++) {
		uint32_t u = place_at(h, i, up);
		uint32_t next = i + 1 == h->len ? far_of(h, up) : place_at(h, i + 1, up);

		if (pce_overloaded(p, u))
			return PCE_INF;
		sum += c->out[arc_to(c->out, p->shape->out[u], next)].w;
	}
	return sum > PCE_FAR ? PCE_INF : (uint32_t)sum;
}

static void weigh(const struct pce_trees *p, struct pce_kept_class *c, const struct pce_chain *h)
{
	uint32_t up = chain_weight(p, c, h, true), down = chain_weight(p, c, h, false);

	c->hub_out[h->out_a] = (struct pce_arc){ h->b, up };
	c->hub_in[h->in_b] = (struct pce_arc){ h->a, up };
	c->hub_out[h->out_b] = (struct pce_arc){ h->a, down };
	c->hub_in[h->in_a] = (struct pce_arc){ h->b, down };
}

void pce_hubs_fill(const struct pce_trees *p, struct pce_kept_class *c)
{
	const struct pce_shape *s = p->shape;

	memcpy(c->hub_out, c->out, s->out[s->n_hubs] * sizeof(*c->out));
	memcpy(c->hub_in, c->in, s->in[s->n_hubs] * sizeof(*c->in));
	for (uint32_t i = 0; i < s->n_chains; i++)
		weigh(p, c, &s->chain[i]);
}

void pce_hubs_patch(const struct pce_trees *p, struct pce_kept_class *c, uint32_t out)
{
	const struct pce_shape *s = p->shape;
	const struct pce_chain *h = pce_chain_with(s, out);

	if (h) {
		weigh(p, c, h);
	} else {
		c->hub_out[out].w = c->out[out].w;
		c->hub_in[s->in_of_out[out]].w = c->out[out].w;
	}
}

void pce_hubs_overload(const struct pce_trees *p, struct pce_kept_class *c, uint32_t place)
{
	const struct pce_chain *h = pce_chain_of(p->shape, place);

	if (h)
		weigh(p, c, h);
}

/* ---- filling in ---- */

struct fill {
	const struct pce_trees *p;
	struct pce_kept *k;
	const struct pce_view *v;
};

static bool stops(const struct fill *f, uint32_t place)
{
	return place != f->k->is.root && pce_overloaded(f->p, place);
}

/* What the hub offers its chain: nothing when it hangs on the chain itself. */
static uint32_t offer(const struct fill *f, const struct pce_chain *h, bool up)
{
	uint32_t hub = up ? h->a : h->b;
	uint32_t own = f->k->from ? (up ? h->in_a : h->in_b) : (up ? h->out_a : h->out_b);

	return stops(f, hub) || f->k->via[hub] == own ? PCE_INF : f->k->dist[hub];
}

/* From the first place on: each as far as that end, or the root between, lets it be. */
static void fill_first(const struct fill *f, const struct pce_chain *h)
{
	uint32_t d = offer(f, h, true), before = h->a, row = f->v->up[h->first];

	for (uint32_t u = h->first; u < h->first + h->len; before = u++, row += 2) {
		uint32_t arc = arc_to(f->v->up_arc, row, before);
		uint64_t nd = (uint64_t)d + f->v->up_arc[arc].w;

		if (u == f->k->is.root) {
			d = 0;
			continue;
		}
		d = nd > PCE_FAR ? PCE_INF : (uint32_t)nd;
		f->k->dist[u] = d;
		f->k->via[u] = d == PCE_INF ? PCE_INF : arc;
		if (stops(f, u))
			d = PCE_INF;
	}
}

/* From the last place back: what is nearer that way. */
static void fill_back(const struct fill *f, const struct pce_chain *h)
{
	uint32_t d = offer(f, h, false), before = h->b;
	uint32_t row = f->v->up[h->first] + 2 * h->len;

	for (uint32_t u = h->first + h->len; u-- > h->first; before = u) {
		uint32_t arc = arc_to(f->v->up_arc, row -= 2, before);
		uint64_t nd = (uint64_t)d + f->v->up_arc[arc].w;

		if (nd <= PCE_FAR && nd < f->k->dist[u]) {
			f->k->dist[u] = (uint32_t)nd;
			f->k->via[u] = arc;
		}
		d = stops(f, u) ? PCE_INF : f->k->dist[u];
	}
}

/* The same of a chain that the root is not in, where no place is overloaded: most are such. */
static void fill_plain(const struct fill *f, const struct pce_chain *h)
{
	uint32_t row = f->v->up[h->first], before = h->a, from_a = offer(f, h, true), from_b = offer(f, h, false);
	const struct pce_arc *up = &f->v->up_arc[row];
	uint32_t *dist = &f->k->dist[h->first], *via = &f->k->via[h->first];

	for (uint32_t i = 0; i < h->len; i++) {
		uint32_t at = 2 * i + (up[2 * i].place != before);
		uint64_t d = (uint64_t)from_a + up[at].w;

		from_a = d > PCE_FAR ? PCE_INF : (uint32_t)d;
		dist[i] = from_a;
		via[i] = from_a == PCE_INF ? PCE_INF : row + at;
		before = h->first + i;
	}
	before = h->b;
	for (uint32_t i = h->len; i-- > 0;) {
		uint32_t at = 2 * i + (up[2 * i].place != before);
		uint64_t d = (uint64_t)from_b + up[at].w;

		if (d <= PCE_FAR && d < dist[i]) {
			dist[i] = (uint32_t)d;
			via[i] = row + at;
		}
		from_b = dist[i];
		before = h->first + i;
	}
}

void pce_chain_fill(const struct pce_trees *p, struct pce_kept *k, const struct pce_view *v,
		    const struct pce_chain *h)
{
	const struct fill f = { p, k, v };

	if (p->n_overload == 0 && k->is.root - h->first >= h->len) {
		fill_plain(&f, h);
		return;
	}
	fill_first(&f, h);
	fill_back(&f, h);
}

/* ---- a root inside a chain ---- */

uint32_t pce_chain_end(const struct pce_trees *p, struct pce_kept *k, const struct pce_view *v,
		       const struct pce_chain *h, bool up, uint32_t *hub, uint32_t *via)
{
	const struct fill f = { p, k, v };
	uint32_t at = k->is.root, end = up ? h->first + h->len - 1 : h->first;
	uint64_t d = 0;

	*hub = far_of(h, up);
	*via = k->from ? (up ? h->in_b : h->in_a) : (up ? h->out_b : h->out_a);
	while (at != end && d <= PCE_FAR) {
		uint32_t next = up ? at + 1 : at - 1;

		d += v->up_arc[arc_to(v->up_arc, v->up[next], at)].w;
		if (stops(&f, next))
			return PCE_INF;
		at = next;
	}
	d += v->up_arc[*via].w;
	return d > PCE_FAR ? PCE_INF : (uint32_t)d;
}

bool pce_chain_seed(struct pce_trees *p, struct pce_kept *k, const struct pce_view *v)
{
	const struct pce_chain *h = pce_chain_of(p->shape, k->is.root);

	for (unsigned up = 0; up < 2; up++) {
		uint32_t hub, via, d = pce_chain_end(p, k, v, h, up, &hub, &via);

		if (d >= k->dist[hub])
			continue;
		k->dist[hub] = d;
		k->via[hub] = via;
		if (!pce_buckets_push(p->queue, d, hub))
			return false;
	}
	return true;
}
