/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The usual list at once, and what encode_line.c needs for one: how far back a segment reaches,
 * SIDs found once for a TED.
 *
 * Strict and without containers: from the end backwards, each segment as long as it can be. With
 * one cost for all SIDs that is a shortest list, as what is the only shortest path between two
 * routers is so between any two on it: a segment that begins later or ends earlier is one too.
 * An End.X is routed to, so it reaches from wherever its own router is reached; a node SID is
 * taken where it reaches as far back. Whatever is not so simple is left to encode_best.c.
 */
#include "pce/encode_quick.h"

static bool overloaded(const struct quick *q, uint32_t place)
{
	return q->overload && (q->overload[place >> 6] >> (place & 63) & 1);
}

/* No arc from u but this one begins a shortest path; what cannot be used or reached adds up to
 * more than any distance. */
static bool ask_only_way(const struct quick *q, const struct pce_tree *s, uint32_t u, uint32_t arc)
{
	const struct pce_arc *out = q->c->out_arcs;
	const uint32_t *dist = s->dist, *start = q->c->shape->out;
	uint64_t d = dist[u];

	for (uint32_t i = start[u], end = start[u + 1]; i < end; i++)
		if ((uint64_t)dist[out[i].place] + out[i].w == d && i != arc &&
		    (out[i].place == s->root || !overloaded(q, out[i].place)))
			return false;
	return true;
}

/* What was asked of a tree and an arc; the latest of those that fall on one place is kept. */
struct only {
	uint32_t stamp, root, arc;
	bool yes;
};

/* What a tree that lags behind denies may be so all the same: that is not kept. */
static bool only_way(const struct quick *q, const struct pce_tree *s, uint32_t u, uint32_t arc, bool behind)
{
	uint32_t mixed = (s->root * 0x9e3779b1U) ^ (arc * 0x85ebca77U);
	struct only *o = &q->only[(uint64_t)mixed * q->c->shape->m >> 32];
	bool yes;

	if (o->stamp == q->stamp && o->root == s->root && o->arc == arc)
		return o->yes;
	yes = ask_only_way(q, s, u, arc);
	if (yes || !behind)
		*o = (struct only){ q->stamp, s->root, arc, yes };
	return yes;
}

/* First position from which the path is a shortest one to position `to`. */
static uint32_t back_any(const struct quick *q, const struct pce_tree *s, uint32_t to)
{
	const struct quick_line *p = &q->line;
	const uint32_t *dist = s->dist;
	uint64_t near = 0;

	/* What cannot be used adds up to more than any distance, and what is not reached is as far
	 * as that without any way on. */
	for (; to > 0; to--) {
		uint32_t d = dist[p->place[to - 1]];

		if (near + p->w[to - 1] != d || d == PCE_INF ||
		    (q->overload && p->place[to] != s->root && overloaded(q, p->place[to])))
			break;
		near = d;
	}
	return to;
}

/* The only one from `from` on: or the first position, further on, for which that is so. */
static uint32_t back_only(const struct quick *q, const struct pce_tree *s, uint32_t from, uint32_t to,
			  bool behind)
{
	while (to > from && only_way(q, s, q->line.place[to - 1], q->line.arc[to - 1], behind))
		to--;
	return to;
}

uint32_t pce_line_strict(const struct quick *q, const struct pce_tree *s, uint32_t to, bool behind)
{
	return back_only(q, s, back_any(q, s, to), to, behind);
}

/* ---- SIDs, found once for a TED ---- */

static void look(const struct pce_ctx *c, const struct ted_sid *s, enum pce_sid_kind kind,
		 uint32_t owner, struct quick_sids *f)
{
	struct pce_sid is;

	if (s->algo != 0)
		return;
	pce_sid_read(s, &is);
	if (is.kind != kind || !pce_sid_routed(c->t, s, owner))
		return;
	f->any = true;
	if (is.csid == PCE_CSID_REPLACE) {
		f->odd = true;
		return;
	}
	if (!f->whole)
		f->whole = s;
	if (is.csid != PCE_CSID_NEXT)
		return;
	if (!f->next) {
		f->next = s;
		f->is = is;
	} else if (is.lb != f->is.lb || is.len != f->is.len ||
		   !pce_sid_same_block(&s->sid, &f->next->sid, is.lb)) {
		f->odd = true;
	}
}

const struct quick_sids *pce_line_node(const struct quick *q, uint32_t position)
{
	const struct pce_ctx *c = q->c;
	uint32_t place = q->line.place[position];
	struct quick_sids *f = &q->nodes[place];

	if (f->stamp != q->stamp) {
		uint32_t node = c->shape->node[place];

		*f = (struct quick_sids){ .stamp = q->stamp };
		for (uint32_t i = 0; i < c->t->nodes[node].n_sids; i++)
			look(c, &c->t->nodes[node].sids[i], PCE_SID_END, node, f);
	}
	return f;
}

const struct quick_sids *pce_line_adj(const struct quick *q, uint32_t hop)
{
	const struct pce_ctx *c = q->c;
	enum pce_protection protection = c->req->protection;
	uint32_t link = q->path->links[hop];
	struct quick_adj *f = &q->adjs[link];
	bool wanted = pce_protected_first(protection);

	if (f->stamp != q->stamp) {
		const struct ted_link *l = &c->t->links[link];

		*f = (struct quick_adj){ .stamp = q->stamp };
		for (uint32_t i = 0; i < l->n_sids; i++)
			look(c, &l->sids[i], PCE_SID_END_X, l->from,
			     &f->by[!!(l->sids[i].flags & 0x80)]);
	}
	/* With others of what is wanted, that do not fit, it is not so simple. */
	return f->by[wanted].any || pce_protection_only(protection) ? &f->by[wanted] :
								      &f->by[!wanted];
}

/* ---- the list ---- */

static bool simple(const struct pce_ctx *c, const struct pce_path *p)
{
	const struct pce_request *q = c->req;

	return q->dataplane == PCE_SRV6 && !q->algo && !q->decapsulates && p->n > 0 &&
	       p->n <= QUICK_HOPS_MAX;
}

/* LANs are not so simple. */
static bool line_of(const struct pce_ctx *c, const struct pce_path *p, struct quick_line *out)
{
	out->n = p->n;
	out->place[0] = c->shape->place[c->p->arcs[p->links[0]].from];
	for (uint32_t i = 0; i < p->n; i++) {
		const struct pce_arc *a;

		out->arc[i] = c->shape->out_arc[p->links[i]];
		a = &c->routed_out[out->arc[i]];
		out->place[i + 1] = a->place;
		out->w[i] = a->w;
		if (c->p->n_pseudo && (c->p->nflags[c->shape->node[a->place]] & TED_NF_PSEUDO))
			return false;
	}
	return true;
}

/*
 * The segment that ends at position j and begins first; its beginning, or PCE_INF. Distances say
 * at once how far back one may reach; who else is as near is asked for the better one alone.
 */
static uint32_t one_more(struct quick *q, uint32_t j)
{
	struct pce_ctx *c = q->c;
	const struct quick_line *p = &q->line;
	const struct pce_tree *s = pce_spt(c, c->shape->node[p->place[j]]), *near;
	uint32_t node = s ? back_any(q, s, j) : 0, adj = 0;
	bool take_adj;

	if (s && node == 0)
		node = back_only(q, s, 0, j, false);
	if (node > 0 && j > 1) {
		near = pce_spt(c, c->shape->node[p->place[j - 1]]);
		if (!near)
			return PCE_INF;
		adj = back_only(q, near, back_any(q, near, j - 1), j - 1, false);
		if (node <= adj)
			node = back_only(q, s, adj, j, false);
	}
	if (!s)
		return PCE_INF;
	take_adj = adj < node;
	q->at[q->n] = (struct quick_seg){
		.sid = (take_adj ? pce_line_adj(q, j - 1) : pce_line_node(q, j))->whole,
		.to = j,
		.adj = take_adj,
	};
	return q->at[q->n++].sid ? (take_adj ? adj : node) : PCE_INF;
}

void pce_line_seg(const struct quick *q, const struct quick_seg *x, struct pce_segment *s)
{
	uint32_t last = q->path->links[x->to - 1];

	*s = (struct pce_segment){
		.kind = x->adj ? PCE_SEG_ADJ : PCE_SEG_NODE,
		.sid = x->sid->sid,
		.behavior = x->sid->behavior,
		.structure = x->sid->structure,
		.node = q->c->p->arcs[last].to,
		.link = x->adj ? last : TED_NONE,
	};
}

static uint32_t strict_whole(struct quick *q, struct pce_segment *segs)
{
	for (uint32_t j = q->line.n; j > 0;) {
		j = q->n < PCE_SEGS_MAX ? one_more(q, j) : PCE_INF;
		if (j == PCE_INF)
			return 0;
	}
	for (uint32_t i = 0; i < q->n; i++)
		pce_line_seg(q, &q->at[q->n - 1 - i], &segs[i]);
	return q->n;
}

/* Those who read a SID of the list are all who may have limits. */
static bool within_limits(const struct quick *q, uint32_t total)
{
	const struct pce_ctx *c = q->c;

	for (uint32_t i = 0; total > 1 && i < q->n; i++) {
		uint32_t reader = q->line.place[q->at[i].to - q->at[i].adj];

		if (pce_limits_node(&c->t->nodes[c->shape->node[reader]], total))
			return false;
	}
	return total < 2 || !pce_limits_node(&c->t->nodes[c->req->dst], total);
}

/* Other algorithms, and bindings, may do with fewer entries; but none does with none. Loose
 * segments can be told to be the longest on a plain path alone. */
static bool is_least(const struct quick *q, bool strict, uint32_t n)
{
	const struct pce_request *r = q->c->req;
	bool others = r->n_bindings || (q->c->t->n_flex && !r->no_flex);

	return n == 1 || (!others && (strict || q->path->plain));
}

uint32_t pce_encode_quick(const struct pce_route *r, struct pce_segment *segs)
{
	struct pce_ctx *c = r->c;
	NOT_CLEARED struct quick q;
	uint32_t n;

	if (!simple(c, r->path) || !line_of(c, r->path, &q.line))
		return 0;
	q.c = c;
	q.path = r->path;
	q.n = 0;
	q.nodes = pce_room_places(c->trees, PCE_ROOM_NODE_SIDS, sizeof(*q.nodes));
	q.adjs = pce_room_links(c->trees, PCE_ROOM_ADJ_SIDS, sizeof(*q.adjs));
	q.only = pce_room_links(c->trees, PCE_ROOM_ONLY, sizeof(*q.only));
	q.overload = pce_trees_overload(c->trees);
	q.stamp = pce_trees_stamp(c->trees);
	if (!q.nodes || !q.adjs || !q.only)
		return 0;
	n = r->strict && !r->usid ? strict_whole(&q, segs) :
				    pce_encode_line(&q, r->strict, r->usid, segs);
	return n && is_least(&q, r->strict, n) && within_limits(&q, n + c->req->reserved) ? n : 0;
}
