/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every simple path that keeps the request, cheapest first: a best-first search without
 * dominance, guided by exact lower bounds, so that what it opens lies on feasible paths as far
 * as single bounds can tell. Used when the cheapest path needs more SIDs than the headend can
 * impose; work is bounded, small networks are searched to the end.
 */
#include "pce/heap.h"
#include "pce/pce_priv.h"

enum { OPENED_MAX = 200000, GIVEN_MAX = 512 };

struct twig {
	uint64_t sum[PCE_METRICS];
	uint32_t node, via, n;
	const struct twig *parent;
};

struct alts {
	struct pce_ctx *c;
	const struct pce_find *f;
	const uint64_t *low[PCE_METRICS];
	struct pce_heap heap;
	struct twig **at;
	uint32_t n, given;
	bool stop;
};

static bool fits(const struct alts *s, const struct twig *x)
{
	if (s->low[s->f->minimise][x->node] == UINT64_MAX)
		return false;
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (s->f->bound[m] != PCE_NO_BOUND &&
		    x->sum[m] + s->low[m][x->node] > s->f->bound[m])
			return false;
	return true;
}

static bool on_twig(const struct twig *x, uint32_t node)
{
	for (; x; x = x->parent)
		if (x->node == node)
			return true;
	return false;
}

static void push(struct alts *s, const struct twig *proto)
{
	struct twig *x;

	if (s->n == OPENED_MAX || !fits(s, proto)) {
		s->stop = s->stop || s->n == OPENED_MAX;
		return;
	}
	x = arena_copy(&s->c->scratch, proto, sizeof(*proto));
	if (!x || !pce_heap_push(&s->heap,
				 (struct pce_entry){ x->sum[s->f->minimise] +
							     s->low[s->f->minimise][x->node],
						     x->sum[PCE_IGP] << 8 | (x->n & 0xff), s->n })) {
		s->stop = true;
		return;
	}
	s->at[s->n++] = x;
}

static void open_twig(struct alts *s, const struct twig *x)
{
	const struct ted *t = s->c->t;

	for (uint32_t i = t->out.start[x->node]; i < t->out.start[x->node + 1]; i++) {
		uint32_t l = t->out.idx[i];
		struct twig y = { .node = t->links[l].to, .via = l, .n = x->n + 1, .parent = x };
		bool known = true;

		if ((pce_cut(s->c, l) & s->f->mask) || on_twig(x, y.node))
			continue;
		for (unsigned m = 0; m < PCE_METRICS; m++) {
			uint32_t v = pce_arc_metric(&s->c->p->arcs[l], m);

			known = known && !(v == TED_NONE && s->low[m]);
			y.sum[m] = x->sum[m] + (v == TED_NONE ? 0 : v);
		}
		if (known)
			push(s, &y);
	}
}

static void give_twig(struct alts *s, const struct twig *x, pce_give_fn give, void *arg)
{
	struct pce_path p = { .n = x->n };
	uint32_t *links = ARENA_ARRAY(&s->c->scratch, x->n, uint32_t);

	if (!links) {
		s->stop = true;
		return;
	}
	for (; x->parent; x = x->parent)
		links[x->n - 1] = x->via;
	p.links = links;
	pce_path_sum(s->c, &p);
	if (!give(arg, &p) || ++s->given == GIVEN_MAX)
		s->stop = true;
}

void pce_alternatives(struct pce_ctx *c, const struct pce_find *f, pce_give_fn give, void *arg)
{
	struct alts s = { .c = c, .f = f, .heap = { .a = &c->scratch } };
	struct twig start = { .node = c->req->src };

	s.at = ARENA_ARRAY(&c->scratch, OPENED_MAX, struct twig *);
	for (unsigned m = 0; m < PCE_METRICS; m++) {
		if (f->bound[m] == PCE_NO_BOUND && m != (unsigned)f->minimise)
			continue;
		s.low[m] = pce_tree(c, f, m, c->req->dst, true);
		if (!s.low[m])
			return;
	}
	if (!s.at)
		return;
	push(&s, &start);
	while (s.heap.n && !s.stop) {
		const struct twig *x = s.at[pce_heap_pop(&s.heap).id];

		if (x->node == c->req->dst)
			give_twig(&s, x, give, arg);
		else
			open_twig(&s, x);
	}
}
