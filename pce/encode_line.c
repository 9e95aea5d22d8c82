/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list for a path whose segments can only be the better the later they begin and the earlier
 * they end: strict ones, and loose ones on a plain path. There a shortest or second-best way would
 * have to be as cheap and no nearer, so what is good between two routers is good between any two
 * of the path between them. From the end backwards it is then enough to know, for each number of
 * entries and bits in the open container, the first position the rest of the list can begin at.
 */
#include <string.h>

#include "pce/encode_quick.h"

enum { SPOTS_MAX = 240, FULL = 128, ENTRY_BITS = 128 };

/* A list from a position to the end. */
struct spot {
	uint32_t from; /* PCE_INF: not asked yet */
	uint8_t entries, bits; /* bits of the first entry that are taken, the block too */
	uint8_t n_adj;
	uint8_t after; /* the spot it goes on with */
	struct quick_seg seg;
};

struct rest {
	struct quick *q;
	bool strict, usid;
	struct spot at[SPOTS_MAX];
	uint32_t n, next;
	uint32_t back[QUICK_HOPS_MAX + 1]; /* by position, PCE_INF: not asked yet */
	/* Of all C-SIDs on the way: their block and lengths. */
	struct ip_addr block;
	uint8_t lb, node_bits, adj_bits;
};

/* ---- how far back ---- */

/* What is minimised, over the path from one position to another. */
static uint64_t line_sum(const struct quick *q, uint32_t from, uint32_t to)
{
	uint64_t sum = 0;

	for (uint32_t i = from; i < to; i++) {
		uint32_t v = pce_arc_metric(&q->c->p->arcs[q->path->links[i]],
					    (unsigned)q->c->req->minimise);

		sum += v == TED_NONE ? 0 : v;
	}
	return sum;
}

/* Whatever routers choose is as good as the path. */
static bool as_good(const struct quick *q, const struct pce_tree *s, uint32_t from, uint32_t to)
{
	uint32_t node = q->c->shape->node[q->line.place[from]];
	uint64_t most = line_sum(q, from, to);
	NOT_CLEARED uint32_t links[PCE_PATH_MAX];
	uint32_t n = pce_dag_single(q->c, s, node, links);
	const struct pce_dag *d;

	if (n > 0)
		return pce_way_allowed(q->c, links, n, q->c->req->minimise, most);
	d = pce_dag_from(q->c, s, node, NULL);
	return d->reached && d->allowed && d->worst[q->c->req->minimise] <= most;
}

/*
 * The same by a tree that lags behind, while it can tell: what it says is not too far, so a single way
 * whose arcs add up to that is the one routers choose. PCE_INF: ask a tree that is right.
 */
static uint32_t tell_behind(const struct rest *r, uint32_t to)
{
	const struct quick *q = r->q;
	const struct pce_tree *s = pce_spt_behind(q->c, q->c->shape->node[q->line.place[to]], 0);
	NOT_CLEARED uint32_t links[PCE_PATH_MAX];
	uint32_t from;

	if (!s)
		return PCE_INF;
	for (from = pce_line_strict(q, s, to, true); from > 0; from--) {
		uint32_t n = pce_dag_single(q->c, s, q->c->shape->node[q->line.place[from - 1]], links);

		if (n == 0)
			return PCE_INF;
		/* Not along the path, or that would have been found. */
		if (r->strict || !pce_way_allowed(q->c, links, n, q->c->req->minimise,
						  line_sum(q, from - 1, to)))
			break;
	}
	return from;
}

static uint32_t work_out(const struct rest *r, uint32_t to)
{
	const struct quick *q = r->q;
	uint32_t from = tell_behind(r, to);
	const struct pce_tree *s;

	if (from != PCE_INF)
		return from;
	s = pce_spt(q->c, q->c->shape->node[q->line.place[to]]);
	from = s ? pce_line_strict(q, s, to, false) : to;
	if (r->strict || from == 0 || !s)
		return from;
	pce_dag_begin(q->c);
	while (from > 0 && as_good(q, s, from - 1, to))
		from--;
	return from;
}

/* First position from which routing alone leads to position `to` as wanted. */
static uint32_t back(struct rest *r, uint32_t to)
{
	if (r->back[to] == PCE_INF)
		r->back[to] = work_out(r, to);
	return r->back[to];
}

/* ---- SIDs along the path ---- */

static bool same_make(struct rest *r, const struct quick_sids *f, uint8_t *bits)
{
	if (f->odd)
		return false;
	if (!f->next)
		return true;
	if (!r->lb) {
		r->lb = f->is.lb;
		r->block = f->next->sid;
	}
	if (!*bits)
		*bits = f->is.len;
	return f->is.lb == r->lb && f->is.len == *bits &&
	       pce_sid_same_block(&r->block, &f->next->sid, r->lb);
}

/* With C-SIDs of several makes it is not so simple. */
static bool one_make(struct rest *r)
{
	const struct quick *q = r->q;

	for (uint32_t i = 0; i < q->line.n; i++)
		if (!same_make(r, pce_line_node(q, i + 1), &r->node_bits) ||
		    !same_make(r, pce_line_adj(q, i), &r->adj_bits))
			return false;
	return true;
}

/* ---- lists ---- */

/* Few entries, then few SIDs that hang on a single link, then few bits. */
static bool before(const struct spot *a, const struct spot *b)
{
	if (a->entries != b->entries)
		return a->entries < b->entries;
	return a->n_adj != b->n_adj ? a->n_adj < b->n_adj : a->bits < b->bits;
}

/* One taken before does all that this could. */
static bool is_idle(const struct rest *r, const struct spot *x, uint32_t taken)
{
	for (uint32_t i = 0; i < taken; i++)
		if (r->at[i].from <= x->from &&
		    (r->at[i].entries < x->entries || r->at[i].bits <= x->bits))
			return true;
	return false;
}

/* In their order, behind the one that is being gone on from. Of equal ones the latest is the first:
 * a SID that hangs on a link rather ends a list than begins it. */
static bool put(struct rest *r, const struct spot *x)
{
	uint32_t i = r->n;

	if (x->entries > PCE_SEGS_MAX || (x->from != PCE_INF && is_idle(r, x, r->next)))
		return true;
	if (r->n == SPOTS_MAX)
		return false;
	/* Those before have their places: others point to them. */
	for (; i > r->next && !before(&r->at[i - 1], x); i--)
		r->at[i] = r->at[i - 1];
	r->at[i] = *x;
	r->n++;
	return true;
}

static bool add(struct rest *r, uint32_t to, bool adj, bool as_next)
{
	const struct spot *after = &r->at[r->next - 1];
	const struct quick_sids *f = adj ? pce_line_adj(r->q, to - 1) : pce_line_node(r->q, to);
	unsigned bits = adj ? r->adj_bits : r->node_bits;
	bool open = as_next && after->bits + bits <= ENTRY_BITS;

	return put(r, &(struct spot){
			      .from = r->back[adj ? to - 1 : to],
			      .entries = (uint8_t)(after->entries + !open),
			      .bits = (uint8_t)(!as_next ? FULL :
						open	 ? after->bits + bits :
							   r->lb + bits),
			      .n_adj = (uint8_t)(after->n_adj + adj),
			      .after = (uint8_t)(r->next - 1),
			      .seg = { as_next ? f->next : f->whole, to, adj },
		      });
}

/* The first position on that a SID leads to: as a C-SID, or whole. 0: none. */
static uint32_t first(const struct rest *r, uint32_t from, bool adj, bool as_next)
{
	for (uint32_t to = from > 0 ? from : 1; to <= r->q->line.n; to++) {
		const struct quick_sids *f = adj ? pce_line_adj(r->q, to - 1) :
						   pce_line_node(r->q, to);

		if (as_next ? f->next != NULL : f->whole != NULL)
			return to;
	}
	return 0;
}

static bool go_on(struct rest *r, uint32_t from)
{
	for (unsigned adj = 0; adj < 2; adj++) {
		uint32_t next = r->usid ? first(r, from, adj, true) : 0;
		uint32_t whole = first(r, from, adj, false);

		if (next && !add(r, next, adj, true))
			return false;
		if (whole && whole != next && !add(r, whole, adj, false))
			return false;
	}
	return true;
}

/* ---- as entries ---- */

/* A SID that goes into the open container. */
static void squeeze(const struct rest *r, const struct quick_seg *x, unsigned used,
		    struct pce_segment *s)
{
	const struct quick_sids *f = x->adj ? pce_line_adj(r->q, x->to - 1) :
					      pce_line_node(r->q, x->to);
	struct pce_segment own;

	pce_line_seg(r->q, x, &own);
	ip_bits_set(&s->sid, r->lb + used, f->is.len, f->is.value);
	s->kind = PCE_SEG_CONTAINER;
	s->node = own.node;
	s->link = own.link;
}

static uint32_t give(struct rest *r, const struct spot *x, struct pce_segment *segs)
{
	struct quick *q = r->q;
	uint32_t n = 0, entry = 0, used = 0;

	for (; x != r->at; x = &r->at[x->after]) {
		if (x->entries != entry) {
			pce_line_seg(q, &x->seg, &segs[n++]);
			used = 0;
		} else {
			squeeze(r, &x->seg, used, &segs[n - 1]);
		}
		entry = x->entries;
		used += x->seg.adj ? r->adj_bits : r->node_bits;
		q->at[q->n++] = x->seg;
	}
	return n;
}

uint32_t pce_encode_line(struct quick *q, bool strict, bool usid, struct pce_segment *segs)
{
	NOT_CLEARED struct rest r;

	r.q = q;
	r.strict = strict;
	r.usid = usid;
	r.n = 1;
	r.next = 0;
	r.lb = r.node_bits = r.adj_bits = 0;
	memset(r.back, 0xff, (q->line.n + 1) * sizeof(*r.back));
	r.at[0] = (struct spot){ .from = q->line.n, .bits = FULL };
	if (!one_make(&r))
		return 0;
	/* Where one begins is asked when it is its turn: of those a shorter list leaves behind, never. */
	while (r.next < r.n && !q->c->no_memory) {
		struct spot *x = &r.at[r.next];

		if (x->from == PCE_INF)
			x->from = back(&r, x->seg.adj ? x->seg.to - 1 : x->seg.to);
		if (x->from == 0)
			return give(&r, x, segs);
		if (is_idle(&r, x, r.next++))
			continue;
		if (!go_on(&r, x->from))
			return 0;
	}
	return 0;
}
