/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The usual strict list at once: from the end backwards, each segment as long as it can be. With
 * one cost for all SIDs that is a shortest list, as what is the only shortest path between two
 * routers is so between any two on it: a segment that begins later or ends earlier is one too.
 * An End.X is routed to, so it reaches from wherever its own router is reached; a node SID is
 * taken where it reaches as far back. Whatever is not so simple is left to encode_best.c.
 */
#include "pce/pce_priv.h"

static bool overloaded(const struct pce_ctx *c, uint32_t place)
{
	const uint64_t *map = pce_trees_overload(c->trees);

	return map && (map[place >> 6] >> (place & 63) & 1);
}

/* No arc from u but this one begins a shortest path; what cannot be used or reached adds up to
 * more than any distance. */
static bool ask_only_way(const struct pce_ctx *c, const struct pce_tree *s, uint32_t u,
			 uint32_t arc)
{
	const struct pce_arc *out = c->out_arcs;
	const uint32_t *dist = s->dist;
	uint64_t d = dist[u];

	for (uint32_t i = c->shape->out[u], end = c->shape->out[u + 1]; i < end; i++)
		if ((uint64_t)dist[out[i].place] + out[i].w == d && i != arc &&
		    (out[i].place == s->root || !overloaded(c, out[i].place)))
			return false;
	return true;
}

/* What was asked of a tree and an arc; the latest of those that fall on one place is kept. */
struct only {
	uint32_t stamp, root, arc;
	bool yes;
};

static bool only_way(const struct pce_ctx *c, const struct pce_tree *s, uint32_t u, uint32_t arc)
{
	uint32_t stamp = pce_trees_stamp(c->trees), mixed = (s->root * 0x9e3779b1U) ^ (arc * 0x85ebca77U);
	struct only *o = &c->only[(uint64_t)mixed * c->shape->m >> 32];

	if (o->stamp != stamp || o->root != s->root || o->arc != arc)
		*o = (struct only){ stamp, s->root, arc, ask_only_way(c, s, u, arc) };
	return o->yes;
}

enum { LINE_MAX_HOPS = 64 };

/* The path as places and arcs. */
struct line {
	uint32_t n;
	uint32_t place[LINE_MAX_HOPS + 1], arc[LINE_MAX_HOPS];
};

/* First position from which the path is a shortest one to position `to`. */
static uint32_t back_any(const struct pce_ctx *c, const struct line *p, const struct pce_tree *s,
			 uint32_t to)
{
	const uint32_t *dist = s->dist;

	for (; to > 0; to--) {
		uint32_t w = c->out_arcs[p->arc[to - 1]].w, d = dist[p->place[to - 1]];

		if (w == PCE_INF || d == PCE_INF || (uint64_t)dist[p->place[to]] + w != d ||
		    (p->place[to] != s->root && overloaded(c, p->place[to])))
			break;
	}
	return to;
}

/* The only one from `from` on: or the first position, further on, for which that is so. */
static uint32_t back_only(const struct pce_ctx *c, const struct line *p, const struct pce_tree *s,
			  uint32_t from, uint32_t to)
{
	while (to > from && only_way(c, s, p->place[to - 1], p->arc[to - 1]))
		to--;
	return to;
}

/* ---- SIDs, found once for a TED ---- */

/* The first SID of a kind that its owner routes: whole, and as a NEXT-C-SID. */
struct found {
	uint32_t stamp;
	bool any; /* of whatever make */
	const struct ted_sid *whole, *next;
};

struct found_adj {
	uint32_t stamp;
	struct found by[2]; /* unprotected, protected */
};

static void look(const struct pce_ctx *c, const struct ted_sid *s, enum pce_sid_kind kind,
		 uint32_t owner, struct found *f)
{
	struct pce_sid is;

	if (s->algo != 0)
		return;
	pce_sid_read(s, &is);
	if (is.kind != kind || !pce_sid_routed(c->t, s, owner))
		return;
	f->any = true;
	if (is.csid == PCE_CSID_REPLACE)
		return;
	if (!f->whole)
		f->whole = s;
	if (!f->next && is.csid == PCE_CSID_NEXT)
		f->next = s;
}

static const struct ted_sid *pick(const struct pce_ctx *c, const struct found *f)
{
	return c->req->usid ? f->next : f->whole;
}

static const struct ted_sid *node_sid(const struct pce_ctx *c, struct found *room, uint32_t place)
{
	struct found *f = &room[place];

	if (f->stamp != pce_trees_stamp(c->trees)) {
		uint32_t node = c->shape->node[place];

		*f = (struct found){ .stamp = pce_trees_stamp(c->trees) };
		for (uint32_t i = 0; i < c->t->nodes[node].n_sids; i++)
			look(c, &c->t->nodes[node].sids[i], PCE_SID_END, node, f);
	}
	return pick(c, f);
}

static const struct ted_sid *adj_sid(const struct pce_ctx *c, struct found_adj *room, uint32_t link)
{
	bool wanted = pce_protected_first(c->req->protection);
	struct found_adj *f = &room[link];
	const struct ted_sid *s;

	if (f->stamp != pce_trees_stamp(c->trees)) {
		const struct ted_link *l = &c->t->links[link];

		*f = (struct found_adj){ .stamp = pce_trees_stamp(c->trees) };
		for (uint32_t i = 0; i < l->n_sids; i++)
			look(c, &l->sids[i], PCE_SID_END_X, l->from,
			     &f->by[!!(l->sids[i].flags & 0x80)]);
	}
	s = pick(c, &f->by[wanted]);
	/* With others of what is wanted, that do not fit, it is not so simple. */
	return s || f->by[wanted].any || pce_protection_only(c->req->protection) ?
		       s :
		       pick(c, &f->by[!wanted]);
}

/* ---- the list ---- */

static bool simple(const struct pce_ctx *c, const struct pce_path *p)
{
	const struct pce_request *q = c->req;

	return q->dataplane == PCE_SRV6 && !q->n_bindings && !q->decapsulates &&
	       (!c->t->n_flex || q->no_flex) && p->n > 0 && p->n <= LINE_MAX_HOPS;
}

/* LANs are not so simple. */
static bool line_of(const struct pce_ctx *c, const struct pce_path *p, struct line *out)
{
	out->n = p->n;
	out->place[0] = c->shape->place[c->p->arcs[p->links[0]].from];
	for (uint32_t i = 0; i < p->n; i++) {
		out->arc[i] = c->shape->out_arc[p->links[i]];
		out->place[i + 1] = c->shape->out_to[out->arc[i]];
		if (c->p->nflags[c->shape->node[out->place[i + 1]]] & TED_NF_PSEUDO)
			return false;
	}
	return true;
}

struct quick {
	struct pce_ctx *c;
	const struct pce_path *path;
	struct line line;
	struct found *nodes;
	struct found_adj *adjs;
	struct {
		const struct ted_sid *sid;
		uint32_t to; /* position it leads to */
		bool adj;
	} at[PCE_SEGS_MAX]; /* the last one first */
	uint32_t n;
};

/*
 * The segment that ends at position j and begins first; its beginning, or PCE_INF. Distances say
 * at once how far back one may reach; who else is as near is asked for the better one alone.
 */
static uint32_t one_more(struct quick *q, uint32_t j)
{
	struct pce_ctx *c = q->c;
	const struct line *p = &q->line;
	const struct pce_tree *s = pce_spt(c, c->shape->node[p->place[j]]), *near;
	uint32_t node = s ? back_any(c, p, s, j) : 0, adj = 0;
	bool take_adj;

	if (s && node == 0)
		node = back_only(c, p, s, 0, j);
	if (node > 0 && j > 1) {
		near = pce_spt(c, c->shape->node[p->place[j - 1]]);
		if (!near)
			return PCE_INF;
		adj = back_only(c, p, near, back_any(c, p, near, j - 1), j - 1);
		if (node <= adj)
			node = back_only(c, p, s, adj, j);
	}
	if (!s)
		return PCE_INF;
	take_adj = adj < node;
	q->at[q->n].sid = take_adj ? adj_sid(c, q->adjs, q->path->links[j - 1]) :
				     node_sid(c, q->nodes, p->place[j]);
	q->at[q->n].to = j;
	q->at[q->n].adj = take_adj;
	return q->at[q->n++].sid ? (take_adj ? adj : node) : PCE_INF;
}

static void seg_of(const struct quick *q, uint32_t i, struct pce_segment *s)
{
	const struct ted_sid *sid = q->at[i].sid;
	uint32_t last = q->path->links[q->at[i].to - 1];

	*s = (struct pce_segment){
		.kind = q->at[i].adj ? PCE_SEG_ADJ : PCE_SEG_NODE,
		.sid = sid->sid,
		.behavior = sid->behavior,
		.structure = sid->structure,
		.node = q->c->p->arcs[last].to,
		.link = q->at[i].adj ? last : TED_NONE,
	};
}

/* All in one container, or it is not so simple. */
static uint32_t pack(const struct quick *q, struct pce_segment *s)
{
	struct pce_sid first, is;
	unsigned used;

	seg_of(q, q->n - 1, s);
	pce_sid_read(q->at[q->n - 1].sid, &first);
	used = first.len;
	for (uint32_t i = q->n - 1; i-- > 0;) {
		pce_sid_read(q->at[i].sid, &is);
		if (is.lb != first.lb || is.ln != first.ln ||
		    !pce_sid_same_block(&s->sid, &q->at[i].sid->sid, is.lb) ||
		    (unsigned)is.lb + used + is.len > 128)
			return 0;
		ip_bits_set(&s->sid, is.lb + used, is.len, is.value);
		used += is.len;
		s->kind = PCE_SEG_CONTAINER;
		s->node = q->c->p->arcs[q->path->links[q->at[i].to - 1]].to;
		s->link = q->at[i].adj ? q->path->links[q->at[i].to - 1] : TED_NONE;
	}
	return 1;
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

uint32_t pce_encode_quick(struct pce_ctx *c, const struct pce_path *p, struct pce_segment *segs)
{
	struct quick q;
	uint32_t n;

	if (!simple(c, p) || !line_of(c, p, &q.line))
		return 0;
	q.c = c;
	q.path = p;
	q.n = 0;
	q.nodes = pce_room_places(c->trees, PCE_ROOM_NODE_SIDS, sizeof(*q.nodes));
	q.adjs = pce_room_links(c->trees, PCE_ROOM_ADJ_SIDS, sizeof(*q.adjs));
	c->only = pce_room_links(c->trees, PCE_ROOM_ONLY, sizeof(*c->only));
	if (!q.nodes || !q.adjs || !c->only)
		return 0;
	for (uint32_t j = p->n; j > 0;) {
		j = q.n < PCE_SEGS_MAX ? one_more(&q, j) : PCE_INF;
		if (j == PCE_INF)
			return 0;
	}
	n = q.n;
	if (c->req->usid)
		n = pack(&q, segs);
	else
		for (uint32_t i = 0; i < n; i++)
			seg_of(&q, n - 1 - i, &segs[i]);
	return n && within_limits(&q, n + c->req->reserved) ? n : 0;
}
