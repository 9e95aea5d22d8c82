/* SPDX-License-Identifier: Apache-2.0 */
/* What packets of another policy do, from the links it may use: those must be paths from its
 * headend to its endpoint, without loops and dead ends. */
#include "pce/pce_priv.h"

static bool sane(const struct pce_ctx *c, const struct pce_binding *b)
{
	if (b->headend >= c->t->n_nodes || b->endpoint >= c->t->n_nodes ||
	    b->headend == b->endpoint || b->n_links == 0 || b->n_links > PCE_BINDING_LINKS_MAX)
		return false;
	for (uint32_t i = 0; i < b->n_links; i++)
		if (b->links[i] >= c->t->n_links || !c->t->links[b->links[i]].alive ||
		    c->t->links[b->links[i]].reverse == TED_NONE)
			return false;
	return true;
}

/* A link whose far end is known: the near end is the worse for it, or known for the first time. */
static void merge(struct pce_ctx *c, struct pce_bound_sum *near, const struct pce_bound_sum *far,
		  uint32_t link, bool first)
{
	const struct ted_arc *a = &c->p->arcs[link];
	uint64_t delay = far->delay_min + (a->delay == TED_NONE ? 0 : a->delay);
	bool allowed = far->allowed && pce_cut(c, link) == 0;

	for (unsigned m = 0; m < PCE_METRICS; m++) {
		uint32_t own = pce_arc_metric(a, m);
		uint64_t v = far->worst[m] + (own == TED_NONE ? 0 : own);

		allowed = allowed && !(c->need[m] && own == TED_NONE);
		near->worst[m] = first || v > near->worst[m] ? v : near->worst[m];
	}
	near->delay_min = first || delay < near->delay_min ? delay : near->delay_min;
	near->single = first && far->single;
	near->allowed = allowed && (first || near->allowed);
}

/* Sums by link: of its near end, when all links that leave there were merged. */
struct sums {
	struct pce_bound_sum *at;
	bool *done;
};

static bool node_done(struct pce_ctx *c, const struct pce_binding *b, const struct sums *s,
		      uint32_t node, uint32_t *any)
{
	*any = TED_NONE;
	if (node == b->endpoint)
		return true;
	for (uint32_t i = 0; i < b->n_links; i++)
		if (c->p->arcs[b->links[i]].from == node) {
			if (!s->done[i])
				return false;
			*any = i;
		}
	return *any != TED_NONE;
}

/* All links that leave node, when all they lead to is known: then it is too. */
static bool node_try(struct pce_ctx *c, const struct pce_binding *b, struct sums *s, uint32_t node)
{
	static const struct pce_bound_sum end = { .single = true, .allowed = true };
	struct pce_bound_sum sum = { 0 };
	bool first = true;
	uint32_t next;

	for (uint32_t i = 0; i < b->n_links; i++) {
		const struct ted_arc *a = &c->p->arcs[b->links[i]];

		if (a->from != node)
			continue;
		if (!node_done(c, b, s, a->to, &next))
			return false;
		merge(c, &sum, next == TED_NONE ? &end : &s->at[next], b->links[i], first);
		first = false;
	}
	for (uint32_t i = 0; i < b->n_links; i++)
		if (c->p->arcs[b->links[i]].from == node) {
			s->done[i] = true;
			s->at[i] = sum;
		}
	return !first;
}

bool pce_binding_sum(struct pce_ctx *c, const struct pce_binding *b, struct pce_bound_sum *out)
{
	struct sums s = { 0 };
	uint32_t at, left = b->n_links;
	bool moved = true;

	if (!sane(c, b))
		return false;
	s.at = ARENA_ARRAY(&c->scratch, b->n_links, struct pce_bound_sum);
	s.done = ARENA_ARRAY(&c->scratch, b->n_links, bool);
	if (!s.at || !s.done) {
		c->no_memory = true;
		return false;
	}
	while (moved && left) {
		moved = false;
		for (uint32_t i = 0; i < b->n_links; i++)
			if (!s.done[i] && node_try(c, b, &s, c->p->arcs[b->links[i]].from))
				moved = true;
		left = 0;
		for (uint32_t i = 0; i < b->n_links; i++)
			left += !s.done[i];
	}
	if (left || !node_done(c, b, &s, b->headend, &at) || at == TED_NONE)
		return false;
	*out = s.at[at];
	return true;
}
