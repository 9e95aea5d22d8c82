/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's part: routes after failures. The worker has a topology of its own, a copy of the
 * real one, in which one thing after another fails: each failure is a generation of it, so trees
 * are repaired and not made anew. What is dead there is what the real topology would lose: the
 * engine that places the policy then is asked now, with the room there is then.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "intent/guard/guard.h"

/* ---- the topology in which things fail ---- */

static void net_forget(struct guard_net *n)
{
	n->now = ted_unref(n->now);
	n->real = ted_unref(n->real);
	free(n->dead);
	n->dead = NULL;
	n->n_dead = 0;
	n->node = TED_NONE;
}

struct guard_net *intent_guard_net_free(struct guard_net *n)
{
	if (!n)
		return NULL;
	net_forget(n);
	pce_trees_free(n->trees);
	free(n);
	return NULL;
}

int intent_guard_net_bring(struct guard_net *n, const struct ted *real)
{
	const struct ted *old = n->now, *t = NULL;
	struct ted_input in = { .nodes = real->nodes, .n_nodes = real->n_nodes,
				.n_links = real->n_links, .prev = old };
	AUTO_FREE struct ted_link *links = NULL;
	int r;

	if (n->real == real)
		return 0;
	if (!n->trees && pce_trees_new(&n->trees, GUARD_TREES_BYTES) < 0)
		return err_raise(-ENOMEM);
	links = malloc((real->n_links + (size_t)1) * sizeof(*links));
	if (!links)
		return err_raise(-ENOMEM);
	for (uint32_t k = 0; k < real->n_links; k++) {
		links[k] = real->links[k];
		links[k].reverse = TED_NONE; /* pairs that are given cannot be patched */
	}
	in.links = links;
	r = ted_build(&in, &t);
	if (r < 0)
		return err_trace(r);
	net_forget(n);
	n->now = t;
	n->real = ted_ref(real);
	return 0;
}

static bool fails(const struct ted *t, uint32_t link, const struct pce_failure *what)
{
	const struct ted_link *l = &t->links[link];
	bool hit = false;

	if (!l->alive || l->reverse == TED_NONE)
		return false;
	switch (what->kind) {
	case PCE_FAIL_LINK:
		return link == what->index || l->reverse == what->index;
	case PCE_FAIL_NODE:
		return l->from == what->index || l->to == what->index;
	case PCE_FAIL_SRLG:
		for (unsigned s = 0; s < 2; s++, l = &t->links[l->reverse])
			for (uint16_t k = 0; k < l->n_srlg; k++)
				hit = hit || l->srlg[k] == what->index;
		return hit;
	}
	return false;
}

static int cmp_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Links that die, ascending; NULL without memory. */
static uint32_t *dead_of(const struct ted *t, const struct pce_failure *what, uint32_t *n)
{
	bool node = what->kind == PCE_FAIL_NODE;
	uint32_t x = what->index, k, room = 2;
	uint32_t *at;

	*n = 0;
	if (node)
		room = t->out.start[x + 1] - t->out.start[x] + t->in.start[x + 1] - t->in.start[x];
	if (what->kind == PCE_FAIL_SRLG)
		room = t->n_links;
	at = malloc((room + (size_t)1) * sizeof(*at));
	if (!at)
		return NULL;
	for (k = t->out.start[node ? x : 0]; node && k < t->out.start[x + 1]; k++)
		at[(*n)++] = t->out.idx[k];
	for (k = t->in.start[node ? x : 0]; node && k < t->in.start[x + 1]; k++)
		at[(*n)++] = t->in.idx[k];
	if (what->kind == PCE_FAIL_LINK && fails(t, x, what)) {
		at[(*n)++] = x;
		at[(*n)++] = t->links[x].reverse;
	}
	for (k = 0; what->kind == PCE_FAIL_SRLG && k < t->n_links; k++) {
		if (fails(t, k, what))
			at[(*n)++] = k;
	}
	qsort(at, *n, sizeof(*at), cmp_u32);
	return at;
}

/* Rows that differ from the generation before: links and nodes, by number. */
struct rows {
	struct ted_link *links;
	struct ted_node nodes[2];
	uint32_t *link_at, node_at[2];
	uint32_t n_links, n_nodes;
};

static bool rows_init(struct rows *r, uint32_t n)
{
	*r = (struct rows){ .links = malloc((n + (size_t)1) * sizeof(*r->links)),
			    .link_at = malloc((n + (size_t)1) * sizeof(*r->link_at)) };
	return r->links && r->link_at;
}

/* One goes and one comes back, or stays as it is: the two lists side by side. */
static void rows_links(struct rows *r, const struct guard_net *n, const uint32_t *dead, uint32_t n_dead)
{
	uint32_t i = 0, k = 0;

	while (i < n->n_dead || k < n_dead) {
		uint32_t a = i < n->n_dead ? n->dead[i] : UINT32_MAX;
		uint32_t b = k < n_dead ? dead[k] : UINT32_MAX, link = a < b ? a : b;
		struct ted_link *row = &r->links[r->n_links];

		i += a == link;
		k += b == link;
		if (a == b)
			continue;
		*row = n->real->links[link];
		row->alive = row->alive && b != link;
		row->reverse = TED_NONE; /* it is found */
		r->link_at[r->n_links++] = link;
	}
}

static void rows_node(struct rows *r, const struct guard_net *n, uint32_t node, bool alive)
{
	uint32_t at = r->n_nodes++;

	if (at == 1 && node < r->node_at[0]) {
		r->nodes[1] = r->nodes[0];
		r->node_at[1] = r->node_at[0];
		at = 0;
	}
	r->nodes[at] = n->real->nodes[node];
	r->nodes[at].alive = alive;
	r->node_at[at] = node;
}

int intent_guard_net_fail(struct guard_net *n, const struct pce_failure *what)
{
	uint32_t node = what->kind == PCE_FAIL_NODE ? what->index : TED_NONE, n_dead;
	uint32_t *dead = dead_of(n->real, what, &n_dead);
	const struct ted *t = NULL;
	struct rows r = { 0 };
	struct ted_patch in;
	int rc;

	if (!dead || !rows_init(&r, n->n_dead + n_dead)) {
		free(r.links);
		free(r.link_at);
		free(dead);
		return err_raise(-ENOMEM);
	}
	rows_links(&r, n, dead, n_dead);
	if (n->node != TED_NONE && n->node != node)
		rows_node(&r, n, n->node, true);
	if (node != TED_NONE && n->node != node)
		rows_node(&r, n, node, false);
	in = (struct ted_patch){ .prev = n->now, .node_at = r.node_at, .link_at = r.link_at,
				 .nodes = r.nodes, .links = r.links, .n_nodes = r.n_nodes,
				 .n_links = r.n_links };
	rc = ted_update(&in, &t);
	free(r.links);
	free(r.link_at);
	if (rc < 0) {
		free(dead);
		return err_trace(rc);
	}
	ted_unref(n->now);
	free(n->dead);
	n->now = t;
	n->dead = dead;
	n->n_dead = n_dead;
	n->node = node;
	return 0;
}

/* ---- questions ---- */

/* Others of its group stay where they are: only it looks for another way. NULL without memory. */
static struct intent_group_eval *peers_of(const struct guard_item *it, struct arena *a)
{
	struct intent_group_eval *g = arena_copy(a, it->group, sizeof(*g));

	for (uint32_t k = 0; g && k < g->n; k++)
		g->peer[k].fixed = true;
	return g;
}

static void answer(struct guard_slice *s, struct guard_question *q)
{
	const struct guard_item *it = &s->items[q->item];
	struct intent_eval e = { .ted = s->net->now,
				 .desired = it->desired,
				 .msd = it->msd,
				 .n_free = s->ted->n_links,
				 .own = q->own,
				 .n_own = q->n_own,
				 .trees = s->net->trees,
				 .arena = s->scratch };

	if (it->group && !(e.group = peers_of(it, &e.arena)))
		return;
	intent_eval_run(&e, s->room);
	q->found = e.best.set;
	if (q->found) {
		q->links = arena_copy(&s->out, e.best.links, e.best.n_links * sizeof(*q->links));
		q->n_links = e.best.n_links;
		q->ran = q->links != NULL;
	} else {
		q->why = arena_str(&s->out, e.why ? e.why : "no path");
		q->ran = true;
	}
	s->scratch = e.arena;
	arena_reset(&s->scratch);
}

static int by_failure(const void *a, const void *b)
{
	const struct guard_question *x = *(struct guard_question *const *)a;
	const struct guard_question *y = *(struct guard_question *const *)b;

	if (x->failure != y->failure)
		return x->failure < y->failure ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* One failure after the other, with all who are asked about it. What cannot be worked out for want
 * of memory is left. */
void intent_guard_slice_work(struct guard_slice *s)
{
	struct guard_question **order = malloc((s->n + (size_t)1) * sizeof(struct guard_question *));
	bool there = order && intent_guard_net_bring(s->net, s->ted) == 0;

	for (uint32_t k = 0; there && k < s->n; k++)
		order[k] = &s->at[k];
	if (there)
		qsort(order, s->n, sizeof(struct guard_question *), by_failure);
	for (uint32_t k = 0; there && k < s->n; k++) {
		struct pce_failure what = guard_what(order[k]->failure);

		if (atomic_load_explicit(&s->cancelled, memory_order_relaxed))
			break;
		if (k == 0 || order[k - 1]->failure != order[k]->failure)
			there = intent_guard_net_fail(s->net, &what) == 0;
		if (there)
			answer(s, order[k]);
	}
	free(order);
}
