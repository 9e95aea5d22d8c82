/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several weighted lists in one candidate path (RFC 9256 s2.11): looked for where no single one carries
 * the bandwidth. They are one route: its links are those of all lists, each with the weights of the lists
 * over it, by which the book takes its share. What is said of the route as a whole is what is worst on it.
 */
#include <stdlib.h>

#include "intent/group/group.h"
#include "intent/intent_priv.h"

struct unit {
	uint32_t link, weight;
};

static int unit_cmp(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	return x->link < y->link ? -1 : x->link > y->link;
}

static void worst(const struct pce_expansion *x, struct intent_route *out)
{
	const uint32_t is[] = { x->igp_max, x->te_max, x->hops_max, x->delay_us_min, x->delay_us_max,
				x->variation_us_max, x->loss_max };
	uint32_t *const to[] = { &out->igp, &out->te, &out->hops, &out->delay_us, &out->worst_delay_us,
				 &out->variation_us, &out->loss };

	for (size_t k = 0; k < ARRAY_LEN(is); k++)
		*to[k] = is[k] > *to[k] ? is[k] : *to[k];
}

/* One entry a link, ascending, weights added up. */
static uint32_t merge(struct unit *at, uint32_t n, struct intent_route *out)
{
	uint32_t k = 0;

	qsort(at, n, sizeof(*at), unit_cmp);
	for (uint32_t i = 0; i < n; i++) {
		if (k == 0 || out->links[k - 1] != at[i].link) {
			out->links[k] = at[i].link;
			out->units[k++] = 0;
		}
		out->units[k - 1] += at[i].weight;
	}
	return k;
}

bool intent_join(const struct pce_expansion *x, const struct sr_list *list, uint64_t generation,
		 struct arena *a, struct intent_route *out)
{
	uint32_t n = 0, k = 0;
	struct unit *at;

	for (unsigned i = 0; i < sr_list_count(list); i++)
		n += x[i].n_links;
	intent_route_init(out, 0);
	out->set = true;
	out->generation = generation;
	sr_list_set(&out->list, list);
	at = ARENA_ARRAY(a, (size_t)n + 1, struct unit);
	out->links = ARENA_ARRAY(a, (size_t)n + 1, uint32_t);
	out->units = ARENA_ARRAY(a, (size_t)n + 1, uint32_t);
	out->path = ARENA_ARRAY(a, 1, uint32_t); /* there is no single one */
	if (!at || !out->links || !out->units || !out->path)
		return false;
	for (unsigned i = 0; i < sr_list_count(list); i++) {
		worst(&x[i], out);
		for (uint32_t l = 0; l < x[i].n_links; l++)
			at[k++] = (struct unit){ x[i].links[l], sr_list_weight(list, i) };
	}
	out->n_links = merge(at, n, out);
	return true;
}

uint32_t intent_eval_lacks(const struct intent_eval *e, const struct intent_route *r, uint64_t bps,
			   const uint64_t *room)
{
	const struct book_way w = intent_way(r);

	for (uint32_t k = 0; bps > 0 && k < r->n_links; k++) {
		uint64_t has = r->links[k] < e->n_free ? room[r->links[k]] : 0;

		if (has < book_way_bps(&w, bps, k))
			return r->links[k];
	}
	return TED_NONE;
}

/* The lists of an answer, one behind the other. False without memory. */
static bool lists_of(struct intent_eval *e, const struct pce_multipath_answer *m, struct sr_list *out,
		     struct pce_expansion **x)
{
	struct sr_more *more = ARENA_NEW(&e->arena, struct sr_more);

	*x = ARENA_ARRAY(&e->arena, m->n, struct pce_expansion);
	if (!more || !*x)
		return false;
	*more = (struct sr_more){ .weight = m->weight[0], .n = (uint8_t)(m->n - 1) };
	for (uint32_t k = 0; k < m->n; k++) {
		struct sr_list *to = k == 0 ? out : &more->at[k - 1].list;

		intent_list_of_answer(e->ted, &m->path[k], e->desired->p.dataplane, to);
		(*x)[k] = m->path[k].expansion;
		if (k > 0)
			more->at[k - 1].weight = m->weight[k];
	}
	out->more = m->n > 1 ? more : NULL;
	return true;
}

bool intent_eval_several(struct intent_eval *e, const struct intent_cpath *c, const struct pce_request *req,
			 const char **why)
{
	const struct pce_multipath q = { .req = req, .lists_max = e->lists_max };
	struct pce_multipath_answer m;
	struct pce_expansion *x;
	struct sr_list list;
	bool joined;

	pce_multipath(e->ted, &q, &e->arena, &m);
	if (m.status != PCE_OK || m.n == 0) {
		e->blocked = true;
		*why = m.why;
		return false;
	}
	if (m.n == 1) {
		intent_route_of_answer(e->ted, &m.path[0], c, e->desired->p.dataplane, &e->best);
		return true;
	}
	joined = lists_of(e, &m, &list, &x) && intent_join(x, &list, e->ted->generation, &e->arena, &e->best);
	*why = joined ? NULL : "no memory";
	e->best.set = joined;
	e->best.preference = c->preference;
	return joined;
}
