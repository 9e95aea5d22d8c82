/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hub labels by pruned searches: places in order of importance search the graph once forward and
 * once backward; a search goes no further where the hubs before it already give the distance. So
 * each search is small when the first few places are on most shortest paths, and the distance
 * between two places is the least sum over the hubs they share.
 */
#include "pce/hubs.h"

#include <string.h>

bool pce_near_push(struct pce_near *q, uint32_t dist, uint32_t place)
{
	uint64_t e = (uint64_t)dist << 32 | place;
	uint32_t i = q->n;

	if (i == q->cap) {
		uint32_t cap = q->cap ? q->cap * 2 : 256;
		uint64_t *at = cap > q->cap ? ARENA_ARRAY(q->a, cap, uint64_t) : NULL;

		if (!at)
			return false;
		if (q->n)
			memcpy(at, q->at, q->n * sizeof(*at));
		q->at = at;
		q->cap = cap;
	}
	q->n++;
	for (; i > 0 && e < q->at[(i - 1) / 2]; i = (i - 1) / 2)
		q->at[i] = q->at[(i - 1) / 2];
	q->at[i] = e;
	return true;
}

uint64_t pce_near_pop(struct pce_near *q)
{
	uint64_t top = q->at[0], e = q->at[--q->n];
	uint32_t i = 0;

	for (uint32_t k = 1; k < q->n; k = 2 * i + 1) {
		if (k + 1 < q->n && q->at[k + 1] < q->at[k])
			k++;
		if (q->at[k] >= e)
			break;
		q->at[i] = q->at[k];
		i = k;
	}
	q->at[i] = e;
	return top;
}

/* One direction of the preparation. */
struct side {
	const uint32_t *start;
	const struct pce_arc *arcs;
	struct pce_hub_list *own, *other; /* labels it adds to; labels of the root it reads */
	bool forward;
};

struct make {
	struct pce_hubs *h;
	const struct pce_arcs *g;
	struct arena *a;
	struct pce_near q;
	uint32_t *dist, *seen;
	uint32_t n_seen, total, total_max;
};

static bool list_add(struct make *m, struct pce_hub_list *l, uint32_t rank, uint32_t dist)
{
	if (l->n == l->cap) {
		uint32_t cap = l->cap ? l->cap * 2 : 8;
		struct pce_hub *at = ARENA_ARRAY(m->a, cap, struct pce_hub);

		if (!at)
			return false;
		if (l->n)
			memcpy(at, l->at, l->n * sizeof(*at));
		l->at = at;
		l->cap = cap;
	}
	l->at[l->n++] = (struct pce_hub){ rank, dist };
	m->total++;
	return true;
}

static void near_set(struct pce_hubs *h, const struct pce_hub_list *l, bool on)
{
	for (uint32_t i = 0; i < l->n; i++)
		h->near[l->at[i].rank] = on ? l->at[i].dist : PCE_INF;
}

static bool known(const struct pce_hubs *h, const struct pce_hub_list *l, uint32_t dist)
{
	for (uint32_t i = 0; i < l->n; i++) {
		uint32_t near = h->near[l->at[i].rank];

		if (near != PCE_INF && (uint64_t)near + l->at[i].dist <= dist)
			return true;
	}
	return false;
}

static bool relax(struct make *m, const struct side *s, uint32_t v, uint32_t dist)
{
	if (s->forward && m->g->ends_here[v])
		return true;
	for (uint32_t i = s->start[v]; i < s->start[v + 1]; i++) {
		const struct pce_arc *a = &s->arcs[i];
		uint64_t d = (uint64_t)dist + a->w;

		if (a->w == PCE_INF || d >= PCE_FAR || d >= m->dist[a->place] ||
		    (!s->forward && m->g->ends_here[a->place]))
			continue;
		if (m->dist[a->place] == PCE_INF)
			m->seen[m->n_seen++] = a->place;
		m->dist[a->place] = (uint32_t)d;
		if (!pce_near_push(&m->q, (uint32_t)d, a->place))
			return false;
	}
	return true;
}

static bool search(struct make *m, const struct side *s, uint32_t root, uint32_t rank)
{
	bool ok;

	near_set(m->h, &s->other[root], true);
	m->q.n = m->n_seen = 0;
	m->dist[root] = 0;
	m->seen[m->n_seen++] = root;
	ok = pce_near_push(&m->q, 0, root);
	while (ok && m->q.n) {
		uint64_t e = pce_near_pop(&m->q);
		uint32_t v = (uint32_t)(e & UINT32_MAX), d = (uint32_t)(e >> 32);

		if (m->dist[v] != d || known(m->h, &s->own[v], d))
			continue;
		ok = list_add(m, &s->own[v], rank, d) && relax(m, s, v, d);
	}
	for (uint32_t i = 0; i < m->n_seen; i++)
		m->dist[m->seen[i]] = PCE_INF;
	near_set(m->h, &s->other[root], false);
	return ok;
}

/* Places with many neighbours first, else in order: a counting sort. */
static uint32_t *by_degree(const struct pce_arcs *g, struct arena *a)
{
	enum { TOP = 1024 };
	uint32_t *order = ARENA_ARRAY(a, g->n, uint32_t), *at = ARENA_ARRAY(a, TOP + 1, uint32_t);

	if (!order || !at)
		return NULL;
	for (uint32_t p = 0; p < g->n; p++) {
		uint32_t degree = g->start_out[p + 1] - g->start_out[p];

		at[TOP - (degree < TOP ? degree : TOP - 1)]++;
	}
	for (uint32_t i = 1; i <= TOP; i++)
		at[i] += at[i - 1];
	for (uint32_t p = 0; p < g->n; p++) {
		uint32_t degree = g->start_out[p + 1] - g->start_out[p];

		order[at[TOP - (degree < TOP ? degree : TOP - 1) - 1]++] = p;
	}
	return order;
}

static bool make_init(struct make *m, uint32_t each_max)
{
	const uint32_t n = m->g->n;
	uint64_t most = (uint64_t)n * each_max * (m->g->symmetric ? 1 : 2);

	m->q.a = m->a;
	m->total_max = most > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)most;
	m->dist = ARENA_ARRAY(m->a, n, uint32_t);
	m->seen = ARENA_ARRAY(m->a, n, uint32_t);
	m->h->near = ARENA_ARRAY(m->a, n, uint32_t);
	m->h->to = ARENA_ARRAY(m->a, n, struct pce_hub_list);
	m->h->from = m->g->symmetric ? m->h->to : ARENA_ARRAY(m->a, n, struct pce_hub_list);
	if (!m->dist || !m->seen || !m->h->near || !m->h->to || !m->h->from)
		return false;
	memset(m->dist, 0xff, n * sizeof(*m->dist));
	memset(m->h->near, 0xff, n * sizeof(*m->h->near));
	return true;
}

enum pce_hubs_made pce_hubs_make(struct pce_hubs *h, const struct pce_arcs *g, uint32_t each_max,
				 struct arena *a)
{
	struct make m = { .h = h, .g = g, .a = a };
	uint32_t *order;

	*h = (struct pce_hubs){ .n = g->n, .source = PCE_INF };
	order = by_degree(g, a);
	if (!order || !make_init(&m, each_max))
		return PCE_HUBS_NO_MEMORY;
	for (uint32_t rank = 0; rank < g->n; rank++) {
		const struct side forward = { g->start_out, g->out, h->from, h->to, true };
		const struct side backward = { g->start_in, g->in, h->to, h->from, false };

		if (!search(&m, &forward, order[rank], rank) ||
		    (!g->symmetric && !search(&m, &backward, order[rank], rank)))
			return PCE_HUBS_NO_MEMORY;
		if (m.total > m.total_max)
			return PCE_HUBS_TOO_MANY;
	}
	return PCE_HUBS_MADE;
}

void pce_hubs_from(struct pce_hubs *h, uint32_t source)
{
	if (h->source == source)
		return;
	if (h->source != PCE_INF)
		near_set(h, &h->to[h->source], false);
	near_set(h, &h->to[source], true);
	h->source = source;
}

uint32_t pce_hubs_dist(const struct pce_hubs *h, uint32_t place)
{
	const struct pce_hub_list *l = &h->from[place];
	uint64_t best = PCE_INF;

	for (uint32_t i = 0; i < l->n; i++) {
		uint64_t d = (uint64_t)h->near[l->at[i].rank] + l->at[i].dist;

		best = d < best ? d : best; /* PCE_INF in near is more than any best */
	}
	return (uint32_t)best;
}
