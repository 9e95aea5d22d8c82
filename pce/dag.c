/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All equal-cost shortest paths between two nodes, summed up: what is the worst that can happen
 * on them, may all their links be used, is there more than one. Sums are kept per node for one
 * target, so asking for many starting points costs little more than for one. A loop of
 * zero-metric links makes the sum "not reached": what routers do there cannot be said.
 */
#include "pce/pce_priv.h"

struct walk {
	struct pce_ctx *c;
	const struct pce_tree *s;
	const struct ted_node_sid *sid;
	uint32_t depth;
};

const struct pce_tree *pce_spt(struct pce_ctx *c, uint32_t node)
{
	const struct pce_tree *s = pce_tree_to(c->trees, c->routed, node);

	c->out_arcs = c->routed_out;
	if (!s)
		c->no_memory = true;
	return s;
}

/* The class of an algorithm, and its arcs; UINT32_MAX without memory. */
static uint32_t algo_class(struct pce_ctx *c, uint8_t algo)
{
	const struct pce_class is = { .metric = PCE_IGP, .algo = algo };
	uint32_t class = algo == 0 ? c->routed : pce_trees_class(c->trees, &is);

	c->out_arcs = class == UINT32_MAX ? NULL :
		      algo == 0		  ? c->routed_out :
					    pce_class_out(c->trees, class);
	return class;
}

const struct pce_tree *pce_spt_algo(struct pce_ctx *c, uint32_t node, uint8_t algo)
{
	uint32_t class = algo_class(c, algo);
	const struct pce_tree *s = class == UINT32_MAX ? NULL : pce_tree_to(c->trees, class, node);

	if (!s || !c->out_arcs)
		c->no_memory = true;
	return c->no_memory ? NULL : s;
}

const struct pce_tree *pce_spt_behind(struct pce_ctx *c, uint32_t node, uint8_t algo)
{
	uint32_t class = algo_class(c, algo);

	return class == UINT32_MAX || !c->out_arcs ? NULL : pce_tree_behind(c->trees, class, node);
}

/* Nobody crosses an overloaded place. */
static bool crossed(const struct pce_tree *s, const uint64_t *overload, uint32_t place)
{
	return !overload || place == s->root || !(overload[place >> 6] >> (place & 63) & 1);
}

/* Of the out-arcs of place u the first from `at` on that is on a shortest path to the root, or `end`.
 * What cannot be used or reached adds up to more than any distance. */
static uint32_t next_on_tree(const struct pce_ctx *c, const struct pce_tree *s, uint32_t u, uint32_t at,
			     uint32_t end)
{
	const uint64_t *overload = pce_trees_overload(c->trees);
	const struct pce_arc *out = c->out_arcs;
	const uint32_t *dist = s->dist;
	uint64_t d = dist[u];

	if (u == s->root || d == PCE_INF)
		return end;
	while (at < end && ((uint64_t)dist[out[at].place] + out[at].w != d || !crossed(s, overload, out[at].place)))
		at++;
	return at;
}

bool pce_on_spt(const struct pce_ctx *c, const struct pce_tree *s, uint32_t link)
{
	uint32_t arc = c->shape->out_arc[link];

	return next_on_tree(c, s, c->shape->place[c->p->arcs[link].from], arc, arc + 1) == arc;
}

/* The arc of u, which is not the root, on a shortest path; PCE_INF: there is none, or more than one. */
static uint32_t only_arc(const struct pce_ctx *c, const struct pce_tree *s, uint32_t u)
{
	uint32_t end = c->shape->out[u + 1], found = next_on_tree(c, s, u, c->shape->out[u], end);

	return found < end && next_on_tree(c, s, u, found + 1, end) == end ? found : PCE_INF;
}

uint32_t pce_dag_single(const struct pce_ctx *c, const struct pce_tree *s, uint32_t from,
			uint32_t links[PCE_PATH_MAX])
{
	uint32_t u = c->shape->place[from], n = 0;

	while (u != s->root) {
		uint32_t arc = n < PCE_PATH_MAX ? only_arc(c, s, u) : PCE_INF;

		if (arc == PCE_INF)
			return 0;
		links[n++] = c->shape->out_link[arc];
		u = c->out_arcs[arc].place;
	}
	return n;
}

static bool link_allowed(struct pce_ctx *c, uint32_t link)
{
	if (pce_cut(c, link))
		return false;
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (c->need[m] && pce_arc_metric(&c->p->arcs[link], m) == TED_NONE)
			return false;
	return true;
}

bool pce_way_allowed(struct pce_ctx *c, const uint32_t *links, uint32_t n, enum pce_metric metric, uint64_t most)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t own = pce_arc_metric(&c->p->arcs[links[i]], metric);

		sum += own == TED_NONE ? 0 : own;
	}
	for (uint32_t i = 0; i < n && sum <= most; i++)
		if (!link_allowed(c, links[i]))
			return false;
	return sum <= most;
}

void pce_dag_begin(struct pce_ctx *c)
{
	c->epoch = pce_trees_epoch(c->trees);
}

static void place_open(struct walk *w, uint32_t at)
{
	struct pce_ctx *c = w->c;
	struct pce_dag_node *e = &c->dag[at];
	uint32_t node = c->shape->node[at];
	bool end = at == w->s->root;

	*e = (struct pce_dag_node){ .epoch = c->epoch, .done = end };
	e->sum.reached = e->sum.allowed = true;
	e->sum.labelled = end || !w->sid || (c->p->nflags[node] & TED_NF_PSEUDO) ||
			  ted_label_of(c->t, node, w->sid) != 0;
	e->sum.paths = end ? 1 : 0;
	e->sum.delay_min = end ? 0 : UINT64_MAX;
	if (end)
		return;
	c->stack[w->depth] = at;
	c->stack_arc[w->depth++] = c->shape->out[at];
}

static void merge(struct pce_ctx *c, struct pce_dag *sum, uint32_t link, const struct pce_dag *next)
{
	const struct ted_arc *a = &c->p->arcs[link];
	uint64_t delay = next->delay_min + (a->delay == TED_NONE ? 0 : a->delay);

	sum->reached = sum->reached && next->reached;
	sum->allowed = sum->allowed && next->allowed && link_allowed(c, link);
	sum->labelled = sum->labelled && next->labelled;
	sum->paths = (uint8_t)(sum->paths + next->paths > 1 ? 2 : sum->paths + next->paths);
	for (unsigned m = 0; m < PCE_METRICS; m++) {
		uint32_t own = pce_arc_metric(a, m);
		uint64_t v = next->worst[m] + (own == TED_NONE ? 0 : own);

		sum->worst[m] = v > sum->worst[m] ? v : sum->worst[m];
	}
	sum->delay_min = delay < sum->delay_min ? delay : sum->delay_min;
}

/* One step of the place on top: merges its next arc, or opens what the arc leads to, or leaves. */
static void step(struct walk *w)
{
	struct pce_ctx *c = w->c;
	uint32_t u = c->stack[w->depth - 1], *at = &c->stack_arc[w->depth - 1];
	uint32_t end = c->shape->out[u + 1];
	struct pce_dag_node *e = &c->dag[u], *next;

	*at = next_on_tree(c, w->s, u, *at, end);
	if (*at == end) {
		e->done = true;
		e->sum.reached = e->sum.reached && e->sum.paths > 0;
		w->depth--;
		return;
	}
	next = &c->dag[c->out_arcs[*at].place];
	if (next->epoch != c->epoch) {
		place_open(w, c->out_arcs[*at].place);
		return;
	}
	if (next->done)
		merge(c, &e->sum, c->shape->out_link[*at], &next->sum);
	else
		e->sum.reached = false; /* it is on the stack: a loop */
	(*at)++;
}

const struct pce_dag *pce_dag_from(struct pce_ctx *c, const struct pce_tree *s, uint32_t from,
				   const struct ted_node_sid *sid)
{
	static const struct pce_dag nowhere = { .delay_min = UINT64_MAX };
	struct walk w = { .c = c, .s = s, .sid = sid };
	uint32_t at = c->shape->place[from];

	if (s->dist[at] == PCE_INF)
		return &nowhere;
	if (c->dag[at].epoch != c->epoch)
		place_open(&w, at);
	while (w.depth)
		step(&w);
	return &c->dag[at].sum;
}

void pce_dag_mark(struct pce_ctx *c, const struct pce_tree *s, uint32_t from,
		  struct pce_used *used)
{
	uint32_t depth = 0, at = c->shape->place[from];

	if (c->dag[at].epoch != c->epoch || c->dag[at].marked)
		return;
	c->dag[at].marked = true;
	c->stack[depth++] = at;
	while (depth) {
		uint32_t u = c->stack[--depth], end = c->shape->out[u + 1];
		uint32_t i = next_on_tree(c, s, u, c->shape->out[u], end);

		for (; i < end; i = next_on_tree(c, s, u, i + 1, end)) {
			struct pce_dag_node *v = &c->dag[c->out_arcs[i].place];

			(void)pce_used_add(used, c->shape->out_link[i]);
			if (v->marked && v->epoch == c->epoch)
				continue;
			v->marked = true;
			c->stack[depth++] = c->out_arcs[i].place;
		}
	}
}
