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
	const struct pce_spt *s;
	const struct ted_node_sid *sid;
	uint32_t depth;
};

void pce_dag_begin(struct pce_ctx *c)
{
	if (++c->epoch == 0) { /* wrapped: old entries could look new */
		for (uint32_t i = 0; i < c->t->n_nodes; i++)
			c->dag[i].epoch = 0;
		c->epoch = 1;
	}
}

static bool link_allowed(const struct pce_ctx *c, uint32_t link)
{
	if (c->cut[link])
		return false;
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (c->need[m] && pce_arc_metric(&c->p->arcs[link], m) == TED_NONE)
			return false;
	return true;
}

static void node_open(struct walk *w, uint32_t node)
{
	struct pce_ctx *c = w->c;
	struct pce_dag_node *e = &c->dag[node];
	bool end = node == w->s->target;

	*e = (struct pce_dag_node){ .epoch = c->epoch, .done = end };
	e->sum.reached = e->sum.allowed = true;
	e->sum.labelled = end || !w->sid || (c->p->nflags[node] & TED_NF_PSEUDO) ||
			  ted_label_of(c->t, node, w->sid) != 0;
	e->sum.paths = end ? 1 : 0;
	e->sum.delay_min = end ? 0 : UINT64_MAX;
	if (end)
		return;
	c->stack[w->depth] = node;
	c->stack_arc[w->depth++] = c->t->out.start[node];
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

/* One step of the node on top: merges its next arc, or opens what the arc leads to, or leaves. */
static void step(struct walk *w)
{
	struct pce_ctx *c = w->c;
	uint32_t node = c->stack[w->depth - 1], *at = &c->stack_arc[w->depth - 1];
	struct pce_dag_node *e = &c->dag[node], *next;
	uint32_t link;

	while (*at < c->t->out.start[node + 1] && !pce_on_spt(c, w->s, c->t->out.idx[*at]))
		(*at)++;
	if (*at == c->t->out.start[node + 1]) {
		e->done = true;
		e->sum.reached = e->sum.reached && e->sum.paths > 0;
		w->depth--;
		return;
	}
	link = c->t->out.idx[*at];
	next = &c->dag[c->p->arcs[link].to];
	if (next->epoch != c->epoch) {
		node_open(w, c->p->arcs[link].to);
		return;
	}
	(*at)++;
	if (next->done)
		merge(c, &e->sum, link, &next->sum);
	else
		e->sum.reached = false; /* it is on the stack: a loop */
}

const struct pce_dag *pce_dag_from(struct pce_ctx *c, const struct pce_spt *s, uint32_t from,
				   const struct ted_node_sid *sid)
{
	static const struct pce_dag nowhere = { .delay_min = UINT64_MAX };
	struct walk w = { .c = c, .s = s, .sid = sid };

	if (s->dist[from] == TED_NONE)
		return &nowhere;
	if (c->dag[from].epoch != c->epoch)
		node_open(&w, from);
	while (w.depth)
		step(&w);
	return &c->dag[from].sum;
}

void pce_dag_mark(struct pce_ctx *c, const struct pce_spt *s, uint32_t from, uint8_t *used)
{
	uint32_t depth = 0;

	if (c->dag[from].epoch != c->epoch || c->dag[from].marked)
		return;
	c->dag[from].marked = true;
	c->stack[depth++] = from;
	while (depth) {
		uint32_t u = c->stack[--depth];

		for (uint32_t i = c->t->out.start[u]; i < c->t->out.start[u + 1]; i++) {
			uint32_t l = c->t->out.idx[i], v = c->p->arcs[l].to;

			if (!pce_on_spt(c, s, l))
				continue;
			used[l] = 1;
			if (c->dag[v].marked && c->dag[v].epoch == c->epoch)
				continue;
			c->dag[v].marked = true;
			c->stack[depth++] = v;
		}
	}
}
