/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much can be carried at all, by however many paths: a maximum flow (Dinic: the shortest ways of the
 * residual graph, all of one length at a time). Links that the request may not use carry nothing; what else
 * it asks of a path is not looked at, so that no set of paths under all of it carries more. Once that is as
 * much as is asked for nothing is proven, and it ends.
 */
#include <string.h>

#include "pce/pce_priv.h"

enum { WORK_MAX = 1 << 25 }; /* looks at a link */

struct most {
	const struct ted *t;
	uint32_t src, dst;
	uint64_t *left;	 /* by link: what it can still carry */
	uint64_t *taken; /* what it carries */
	uint32_t *level; /* by node, from the source; UINT32_MAX: not reached, or nothing goes on there */
	uint32_t *at;	 /* by node: which of its links is next */
	uint32_t *queue; /* nodes; then the way at hand: the place of its links in the rows of their nodes */
	uint32_t *way;	 /* nodes of the way at hand */
	uint32_t work;
};

/* The k-th link of a node: those that leave it, then those that lead to it, to be pushed back. */
struct edge {
	uint32_t link, to;
	bool back, none;
};

static struct edge edge_of(const struct most *m, uint32_t node, uint32_t k)
{
	const struct ted *t = m->t;
	uint32_t out = t->out.start[node + 1] - t->out.start[node];
	uint32_t in = t->in.start[node + 1] - t->in.start[node];
	struct edge e = { .none = k >= out + in, .back = k >= out };

	if (e.none)
		return e;
	e.link = e.back ? t->in.idx[t->in.start[node] + k - out] : t->out.idx[t->out.start[node] + k];
	e.to = e.back ? t->links[e.link].from : t->links[e.link].to;
	return e;
}

static uint64_t room(const struct most *m, const struct edge *e)
{
	return e->back ? m->taken[e->link] : m->left[e->link];
}

/* False: the target is not reached any more. */
static bool levels(struct most *m)
{
	uint32_t n = 0;

	memset(m->level, 0xff, m->t->n_nodes * sizeof(*m->level));
	memset(m->at, 0, m->t->n_nodes * sizeof(*m->at));
	m->level[m->src] = 0;
	m->queue[n++] = m->src;
	for (uint32_t i = 0; i < n && m->level[m->dst] == UINT32_MAX; i++) {
		uint32_t node = m->queue[i];

		for (uint32_t k = 0;; k++) {
			struct edge e = edge_of(m, node, k);

			if (e.none)
				break;
			m->work++;
			if (!room(m, &e) || m->level[e.to] != UINT32_MAX)
				continue;
			m->level[e.to] = m->level[node] + 1;
			m->queue[n++] = e.to;
		}
	}
	return m->level[m->dst] != UINT32_MAX;
}

/* The narrowest of the way is pushed along it; how many of its nodes are still to be had. */
static uint64_t push(struct most *m, uint32_t *n)
{
	uint64_t least = UINT64_MAX;
	uint32_t keep = 0;

	for (uint32_t i = 0; i + 1 < *n; i++) {
		struct edge e = edge_of(m, m->way[i], m->at[m->way[i]]);
		uint64_t v = room(m, &e);

		keep = v < least ? i : keep;
		least = v < least ? v : least;
	}
	for (uint32_t i = 0; i + 1 < *n; i++) {
		struct edge e = edge_of(m, m->way[i], m->at[m->way[i]]);

		m->left[e.link] += e.back ? least : 0;
		m->left[e.link] -= e.back ? 0 : least;
		m->taken[e.link] -= e.back ? least : 0;
		m->taken[e.link] += e.back ? 0 : least;
	}
	*n = keep + 1;
	return least;
}

/* On from the end of the way; false: there it ends. */
static bool on(struct most *m, uint32_t *n)
{
	uint32_t node = m->way[*n - 1];

	for (;; m->at[node]++) {
		struct edge e = edge_of(m, node, m->at[node]);

		if (e.none)
			return false;
		m->work++;
		if (!room(m, &e) || m->level[e.to] != m->level[node] + 1)
			continue;
		m->way[(*n)++] = e.to;
		return true;
	}
}

/* All that goes by ways of the length at hand, or enough. */
static uint64_t fill(struct most *m, uint64_t enough)
{
	uint64_t sum = 0;
	uint32_t n = 1;

	m->way[0] = m->src;
	while (n && sum < enough && m->work < WORK_MAX) {
		if (m->way[n - 1] == m->dst) {
			sum += push(m, &n);
			continue;
		}
		if (on(m, &n))
			continue;
		m->level[m->way[--n]] = UINT32_MAX;
		if (n)
			m->at[m->way[n - 1]]++;
	}
	return sum;
}

static bool usable(const struct pce_ctx *c, uint32_t link)
{
	static const enum pce_constraint by[] = { PCE_C_AFFINITY, PCE_C_EXCLUDE, PCE_C_OVERLOAD,
						  PCE_C_SRLG, PCE_C_ASN, PCE_C_ALGO };

	if (!c->t->links[link].alive || c->t->links[link].reverse == TED_NONE)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(by); i++)
		if ((c->asked & PCE_CUT(by[i])) && pce_link_cut(c, link, by[i]))
			return false;
	return true;
}

static bool init(struct most *m, const struct pce_ctx *c, struct arena *a)
{
	size_t nodes = (size_t)m->t->n_nodes + 1, links = (size_t)m->t->n_links + 1;

	m->left = ARENA_ARRAY(a, links, uint64_t);
	m->taken = ARENA_ARRAY(a, links, uint64_t);
	m->level = ARENA_ARRAY(a, nodes, uint32_t);
	m->at = ARENA_ARRAY(a, nodes, uint32_t);
	m->queue = ARENA_ARRAY(a, nodes, uint32_t);
	m->way = ARENA_ARRAY(a, nodes, uint32_t);
	if (!m->left || !m->taken || !m->level || !m->at || !m->queue || !m->way)
		return false;
	memset(m->taken, 0, links * sizeof(*m->taken));
	for (uint32_t l = 0; l < m->t->n_links; l++) {
		bool lan = c->p->nflags[c->p->arcs[l].from] & TED_NF_PSEUDO;
		uint64_t v = lan ? UINT64_MAX : pce_free_bps(c->req, m->t, l);

		v = v < c->req->bandwidth_bps ? v : c->req->bandwidth_bps;
		m->left[l] = usable(c, l) ? v : 0;
	}
	return true;
}

enum pce_found pce_most(const struct ted *t, const struct pce_request *r, struct arena *a,
			uint64_t *out)
{
	struct most m = { .t = t, .src = r->src, .dst = r->dst };
	struct pce_ctx c;

	*out = 0;
	pce_ctx_look(&c, t, r);
	if (!init(&m, &c, a))
		return PCE_FOUND_NO_MEMORY;
	while (*out < r->bandwidth_bps && m.work < WORK_MAX) {
		if (!levels(&m))
			return PCE_FOUND;
		*out += fill(&m, r->bandwidth_bps - *out);
	}
	return *out < r->bandwidth_bps ? PCE_FOUND_NO_BUDGET : PCE_FOUND;
}
