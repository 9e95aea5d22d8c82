/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TI-LFA. All tests are sums of distances before the failure: a packet from u to v meets a cut
 * link (a, b) on some shortest path when d(u,a) + w + d(b,v) = d(u,v). From u that is asked with
 * trees from u and from b; towards v with trees to v and to a.
 *
 * For one destination the routers of the post-convergence paths (its DAG) are walked breadth first
 * by segments: the first neighbours cost none; from a router one more segment leads to each router
 * that every shortest path of before leads to as the DAG does (a node segment), or over a link of
 * the DAG (an adjacency; in SRv6 from wherever a node segment could lead to its near end). The
 * first router from which the destination is reached without meeting the cut ends it.
 */
#include "pce/backup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "pce/pce_priv.h"

enum {
	FROM_MAX = 64, /* trees from routers of the DAG for one destination */
	SID_UNKNOWN = 0,
	SID_THERE,
	SID_MISSING,
};

/* Something node segments must not meet. */
struct item {
	uint32_t a, b, w; /* places; a node is a link of no length from it to itself */
	const uint32_t *to_a, *from_b;
};

/* A router of the DAG, and how it was reached. */
struct mark {
	uint32_t epoch;	 /* in the DAG */
	uint32_t reached; /* epoch, when some list leads there */
	uint32_t level;
	uint32_t parent; /* place; its own at the first neighbours */
	uint32_t link;	 /* adjacency, or the first link */
};

struct pce_backups {
	struct pce_after *x;
	const struct ted *t;
	enum pce_dataplane dataplane;
	struct arena arena;
	uint32_t plr, epoch; /* plr: node index */
	const uint32_t *after;	/* from the PLR, by place */
	struct item *items;
	uint32_t n_items, cap_items;
	uint32_t *zero, n_zero;	/* places on circles of no length */
	struct mark *mark;	/* by place */
	uint32_t *dag, n_dag;	/* places, from the destination backwards */
	uint32_t *queue, n_queue;
	uint32_t hop_parent; /* of the adjacencies being looked at */
	uint8_t *node_sid;	/* by node */
	bool sid_missed, cut_short;
	bool readable; /* all routers have labels for all node SIDs, or none are needed */
	uint32_t froms, asked;
};

static bool overloaded(const struct pce_backups *b, uint32_t place)
{
	return b->x->overload && bitset_has(b->x->overload, place);
}

static bool pseudo(const struct pce_backups *b, uint32_t place)
{
	return b->t->nodes[b->x->s->node[place]].pseudonode;
}

/* ---- circles of no length ---- */

static uint32_t zero_next(const struct pce_backups *b, uint32_t u, uint32_t *at)
{
	const struct pce_shape *s = b->x->s;

	for (; *at < s->out[u + 1]; (*at)++)
		if (b->x->out[*at].w == 0)
			return b->x->out[(*at)++].place;
	return TED_NONE;
}

/* Is u on a circle: does a walk over zero arcs from it come back. Bounded by the zero arcs. */
static bool comes_back(struct pce_backups *b, uint32_t u)
{
	uint32_t n = 0, head = 0, v;

	b->epoch++;
	b->queue[n++] = u;
	while (head < n) {
		uint32_t x = b->queue[head++], at = b->x->s->out[x];

		while ((v = zero_next(b, x, &at)) != TED_NONE) {
			if (v == u)
				return true;
			if (b->mark[v].epoch == b->epoch)
				continue;
			b->mark[v].epoch = b->epoch;
			b->queue[n++] = v;
		}
	}
	return false;
}

static void zeros_find(struct pce_backups *b)
{
	for (uint32_t u = 0; b->x->zero && u < b->x->s->n; u++)
		if (comes_back(b, u))
			b->zero[b->n_zero++] = u;
}

/* ---- making ---- */

int pce_backups_new(struct pce_backups **outp, const struct ted *t, enum pce_dataplane dataplane,
		    struct pce_trees *trees)
{
	AUTO(pce_backups_free) struct pce_backups *b = calloc(1, sizeof(*b));
	uint32_t n = t->n_nodes + 1;

	if (!b)
		return err_raise(-ENOMEM);
	arena_init(&b->arena, 0);
	b->t = t;
	b->dataplane = dataplane;
	if (pce_after_new(&b->x, t, trees) < 0)
		return err_raise(-ENOMEM);
	b->zero = ARENA_ARRAY(&b->arena, n, uint32_t);
	b->mark = ARENA_ARRAY(&b->arena, n, struct mark);
	b->dag = ARENA_ARRAY(&b->arena, n, uint32_t);
	b->queue = ARENA_ARRAY(&b->arena, n, uint32_t);
	b->node_sid = ARENA_ARRAY(&b->arena, n, uint8_t);
	if (!b->zero || !b->mark || !b->dag || !b->queue || !b->node_sid)
		return err_raise(-ENOMEM);
	zeros_find(b);
	b->readable = dataplane != PCE_MPLS || pce_all_readable(t);
	*outp = TAKE(b);
	return 0;
}

struct pce_backups *pce_backups_free(struct pce_backups *b)
{
	if (!b)
		return NULL;
	free(b->items);
	pce_after_free(b->x);
	arena_fini(&b->arena);
	free(b);
	return NULL;
}

/* ---- the cut ---- */

static bool item_add(struct pce_backups *b, uint32_t from, uint32_t to, uint32_t w)
{
	const struct pce_shape *s = b->x->s;
	struct item *i = &b->items[b->n_items++];

	*i = (struct item){ .a = from, .b = to, .w = w };
	i->to_a = pce_before_to(b->x, s->node[from]);
	i->from_b = pce_before_from(b->x, s->node[to]);
	return i->to_a && i->from_b;
}

static bool items_make(struct pce_backups *b)
{
	const struct pce_shape *s = b->x->s;
	uint32_t n_dead;
	const uint32_t *dead = pce_after_dead(b->x, &n_dead);
	bool node = b->x->node_dead != TED_NONE, good = true;
	uint32_t want = (node ? 1 : n_dead) + b->n_zero;

	if (want > b->cap_items) {
		struct item *at = realloc(b->items, want * sizeof(*at));

		if (!at)
			return false;
		b->items = at;
		b->cap_items = want;
	}
	b->n_items = 0;
	if (node)
		good = item_add(b, s->place[b->x->node_dead], s->place[b->x->node_dead], 0);
	for (uint32_t i = 0; good && !node && i < n_dead; i++) {
		uint32_t e = s->out_arc[dead[i]];

		if (b->x->out[e].w != PCE_INF)
			good = item_add(b, s->place[b->t->links[dead[i]].from], s->out_to[e],
					b->x->out[e].w);
	}
	for (uint32_t i = 0; good && i < b->n_zero; i++)
		good = item_add(b, b->zero[i], b->zero[i], 0);
	return good;
}

int pce_backups_fail(struct pce_backups *b, uint32_t plr, const struct pce_failure *f)
{
	if (plr >= b->t->n_nodes || !b->t->nodes[plr].alive || b->t->nodes[plr].pseudonode ||
	    (f->kind == PCE_FAIL_NODE && f->index == plr) || pce_after_fail(b->x, f) != 0)
		return PCE_BACKUPS_E_NAME;
	if (pce_after_renew(b->x) < 0)
		return err_raise(-ENOMEM);
	b->plr = plr;
	b->after = pce_after_from(b->x, plr);
	return b->after && items_make(b) ? 0 : err_raise(-ENOMEM);
}

static uint64_t sum(uint32_t x, uint32_t y, uint32_t z)
{
	return x == PCE_INF || z == PCE_INF ? UINT64_MAX : (uint64_t)x + y + z;
}

/* Can a shortest path from u to v pass over the item, as far as overload goes. */
static bool passes(const struct pce_backups *b, const struct item *i, uint32_t u, uint32_t v)
{
	return !(overloaded(b, i->a) && i->a != u && i->a != v) &&
	       !(overloaded(b, i->b) && i->b != v && i->b != u) &&
	       !(i->a != i->b && ((overloaded(b, i->a) && i->a != u) ||
				  (overloaded(b, i->b) && i->b != v)));
}

/* Does some shortest path of before from u (its tree) to v meet the cut. */
static bool meets_from(const struct pce_backups *b, const uint32_t *from, uint32_t u, uint32_t v)
{
	for (uint32_t k = 0; k < b->n_items; k++) {
		const struct item *i = &b->items[k];

		if (sum(from[i->a], i->w, i->from_b[v]) == from[v] && passes(b, i, u, v))
			return true;
	}
	return false;
}

static bool meets_to(const struct pce_backups *b, const uint32_t *to, uint32_t u, uint32_t v)
{
	for (uint32_t k = 0; k < b->n_items; k++) {
		const struct item *i = &b->items[k];

		if (sum(i->to_a[u], i->w, to[i->b]) == to[u] && passes(b, i, u, v))
			return true;
	}
	return false;
}

/* ---- SIDs ---- */

static bool node_sid(const struct pce_backups *b, uint32_t node, struct ip_addr *sid)
{
	const struct ted_node *n = &b->t->nodes[node];

	if (b->dataplane == PCE_MPLS)
		return pce_node_sid(n, 0) != NULL;
	for (uint32_t i = 0; i < n->n_sids; i++) {
		struct pce_sid is;

		pce_sid_read(&n->sids[i], &is);
		if (is.kind != PCE_SID_END || n->sids[i].algo != 0 ||
		    !pce_sid_routed(b->t, &n->sids[i], node))
			continue;
		*sid = n->sids[i].sid;
		return true;
	}
	return false;
}

static bool has_node_sid(struct pce_backups *b, uint32_t node)
{
	struct ip_addr sid;

	if (b->node_sid[node] == SID_UNKNOWN)
		b->node_sid[node] = node_sid(b, node, &sid) ? SID_THERE : SID_MISSING;
	b->sid_missed |= b->node_sid[node] == SID_MISSING;
	return b->node_sid[node] == SID_THERE;
}

/* An unprotected one if there is: a repair that is repaired again may go anywhere. */
static const struct ted_sid *adj_sid(const struct pce_backups *b, uint32_t link, uint32_t far)
{
	const struct ted_link *l = &b->t->links[link];
	const struct ted_sid *best = NULL;

	for (uint32_t i = 0; i < l->n_sids; i++) {
		const struct ted_sid *s = &l->sids[i];
		struct pce_sid is;

		pce_sid_read(s, &is);
		if (is.kind != PCE_SID_END_X || s->algo != 0 ||
		    (s->lan_node ? s->lan_node - 1 : l->to) != far ||
		    !pce_sid_routed(b->t, s, l->from))
			continue;
		if (!(s->flags & 0x80))
			return s;
		if (!best)
			best = s;
	}
	return best;
}

static bool has_adj_sid(struct pce_backups *b, uint32_t link, uint32_t far)
{
	bool has = b->dataplane == PCE_MPLS ? pce_adj_label(b->t, link, far, PCE_UNPROTECTED_PREFERRED) != 0 :
					      adj_sid(b, link, far) != NULL;

	b->sid_missed |= !has;
	return has;
}

/* ---- the DAG of one destination ---- */

static bool dag_arc(const struct pce_backups *b, uint32_t u, uint32_t v, uint32_t w, uint32_t link)
{
	return w != PCE_INF && !b->x->is_dead[link] && b->after[u] != PCE_INF &&
	       (!overloaded(b, u) || b->x->s->node[u] == b->plr) &&
	       (uint64_t)b->after[u] + w == b->after[v];
}

static void dag_make(struct pce_backups *b, uint32_t dst)
{
	const struct pce_shape *s = b->x->s;
	uint32_t head = 0;

	b->epoch++;
	b->n_dag = 0;
	b->dag[b->n_dag++] = dst;
	b->mark[dst].epoch = b->epoch;
	while (head < b->n_dag) {
		uint32_t v = b->dag[head++];

		for (uint32_t e = s->in[v]; e < s->in[v + 1]; e++) {
			uint32_t u = b->x->in[e].place;

			if (b->mark[u].epoch == b->epoch ||
			    !dag_arc(b, u, v, b->x->in[e].w, s->in_link[e]))
				continue;
			b->mark[u].epoch = b->epoch;
			b->dag[b->n_dag++] = u;
		}
	}
}

/* Calls for each link of the DAG from u, and the router it leads to: across a LAN each of them. */
typedef void (*hop_fn)(struct pce_backups *b, uint32_t u, uint32_t link, uint32_t v);

static void hops(struct pce_backups *b, uint32_t u, hop_fn fn)
{
	const struct pce_shape *s = b->x->s;

	for (uint32_t e = s->out[u]; e < s->out[u + 1]; e++) {
		uint32_t v = b->x->out[e].place, link = s->out_link[e];

		if (b->mark[v].epoch != b->epoch || !dag_arc(b, u, v, b->x->out[e].w, link))
			continue;
		if (!pseudo(b, v)) {
			fn(b, u, link, v);
			continue;
		}
		for (uint32_t k = s->out[v]; k < s->out[v + 1]; k++)
			if (b->mark[b->x->out[k].place].epoch == b->epoch &&
			    b->x->out[k].place != u &&
			    dag_arc(b, v, b->x->out[k].place, b->x->out[k].w, s->out_link[k]))
				fn(b, u, link, b->x->out[k].place);
	}
}

/* ---- the walk ---- */

static bool reached(const struct pce_backups *b, uint32_t v)
{
	return b->mark[v].reached == b->epoch;
}

static void reach(struct pce_backups *b, uint32_t v, uint32_t level, uint32_t parent, uint32_t link)
{
	struct mark *m = &b->mark[v];

	if (reached(b, v))
		return;
	m->reached = b->epoch;
	m->level = level;
	m->parent = parent;
	m->link = link;
	b->queue[b->n_queue++] = v;
}

static void first_hop(struct pce_backups *b, uint32_t u, uint32_t link, uint32_t v)
{
	(void)u;
	reach(b, v, 0, v, link);
}

static void adjacency(struct pce_backups *b, uint32_t u, uint32_t link, uint32_t v)
{
	(void)u;
	if (!reached(b, v) && has_adj_sid(b, link, b->x->s->node[v]))
		reach(b, v, b->mark[b->hop_parent].level + 1, b->hop_parent, link);
}

/* One node segment from u leads to v as the DAG does. */
static bool leads(const struct pce_backups *b, const uint32_t *from, uint32_t u, uint32_t v)
{
	return from[v] != PCE_INF && (uint64_t)b->after[u] + from[v] == b->after[v] &&
	       !meets_from(b, from, u, v);
}

/* SR-MPLS: whoever is on the way has a label for the node. What has no SID is sent otherwise. */
static bool readable(struct pce_backups *b, const uint32_t *to, uint32_t u, uint32_t v)
{
	uint32_t node = b->x->s->node[v];
	const struct ted_node_sid *sid = b->readable ? NULL : pce_node_sid(&b->t->nodes[node], 0);
	bool good;

	if (!sid)
		return true;
	if (!to)
		to = pce_before_to(b->x, node);
	good = to && pce_before_readable(b->x, to, u, node, sid);
	b->sid_missed |= !good;
	return good;
}

static bool expand(struct pce_backups *b, uint32_t u)
{
	const uint32_t *from = NULL;

	b->hop_parent = u;
	if (b->froms < FROM_MAX) {
		b->froms++;
		from = pce_before_from(b->x, b->x->s->node[u]);
		if (!from)
			return false;
	} else {
		b->cut_short = true;
	}
	for (uint32_t i = 0; from && i < b->n_dag; i++) {
		uint32_t v = b->dag[i];

		if (!reached(b, v) && !pseudo(b, v) && leads(b, from, u, v) &&
		    has_node_sid(b, b->x->s->node[v]) && readable(b, NULL, u, v))
			reach(b, v, b->mark[u].level + 1, u, TED_NONE);
	}
	hops(b, u, adjacency);
	for (uint32_t i = 0; from && b->dataplane == PCE_SRV6 && i < b->n_dag; i++)
		if (!pseudo(b, b->dag[i]) && b->dag[i] != u && leads(b, from, u, b->dag[i]))
			hops(b, b->dag[i], adjacency);
	return true;
}

/* The destination is reached from u without meeting what failed. */
static bool arrives(struct pce_backups *b, const uint32_t *to, uint32_t u, uint32_t dst)
{
	return u == dst ||
	       (to[u] != PCE_INF && !meets_to(b, to, u, dst) && readable(b, to, u, dst));
}

/* Place of the router where the last segment ends; TED_NONE: no list. */
static uint32_t walk(struct pce_backups *b, const uint32_t *to, uint32_t dst, bool *no_memory)
{
	uint32_t plr = b->x->s->place[b->plr];

	b->n_queue = b->froms = 0;
	b->sid_missed = b->cut_short = false;
	b->mark[plr].reached = b->epoch;
	hops(b, plr, first_hop);
	for (uint32_t i = 0; i < b->n_queue; i++) {
		uint32_t u = b->queue[i];

		if (arrives(b, to, u, dst))
			return u;
		if (b->mark[u].level < PCE_BACKUP_SEGS_MAX && !expand(b, u)) {
			*no_memory = true;
			return TED_NONE;
		}
	}
	return TED_NONE;
}

static void seg_fill(const struct pce_backups *b, uint32_t v, struct pce_backup_seg *seg)
{
	const struct mark *m = &b->mark[v];
	uint32_t node = b->x->s->node[v], at = b->x->s->node[m->parent];

	*seg = (struct pce_backup_seg){ .node = node, .link = m->link };
	if (b->dataplane == PCE_MPLS)
		seg->label = m->link != TED_NONE ?
				     pce_adj_label(b->t, m->link, node,
						   PCE_UNPROTECTED_PREFERRED) :
				     ted_label_of(b->t, at, pce_node_sid(&b->t->nodes[node], 0));
	else if (m->link != TED_NONE)
		seg->sid = adj_sid(b, m->link, node)->sid;
	else
		(void)node_sid(b, node, &seg->sid);
}

static void list_give(const struct pce_backups *b, uint32_t last, struct pce_backup *out)
{
	uint32_t v = last;

	out->status = PCE_BACKUP_LIST;
	out->n_segs = b->mark[last].level;
	out->minimal = !b->cut_short;
	for (uint32_t i = out->n_segs; i > 0; i--) {
		seg_fill(b, v, &out->segs[i - 1]);
		v = b->mark[v].parent;
	}
	out->link = b->mark[v].link;
	out->neighbour = b->x->s->node[v];
}

/* The router's own next hops towards the root of `to`: is one of them cut. */
static bool loses_hop(const struct pce_backups *b, const uint32_t *to, uint32_t root)
{
	const struct pce_shape *s = b->x->s;
	uint32_t u = s->place[b->plr];

	for (uint32_t e = s->out[u]; to[u] != PCE_INF && e < s->out[u + 1]; e++) {
		uint32_t v = b->x->out[e].place;

		if (sum(to[v], b->x->out[e].w, 0) != to[u] || b->x->out[e].w == PCE_INF ||
		    (overloaded(b, v) && v != root))
			continue;
		if (b->x->is_dead[s->out_link[e]])
			return true;
		for (uint32_t k = s->out[v]; pseudo(b, v) && k < s->out[v + 1]; k++)
			if (b->x->is_dead[s->out_link[k]] && b->x->out[k].w != PCE_INF &&
			    to[b->x->out[k].place] == to[v])
				return true;
	}
	return false;
}

bool pce_backups_touches(struct pce_backups *b, uint32_t dst)
{
	const uint32_t *to = pce_before_to(b->x, dst);

	return to && dst != b->plr && loses_hop(b, to, b->x->s->place[dst]);
}

static void none(struct pce_backup *out, const char *why)
{
	out->status = PCE_BACKUP_NONE;
	out->why = why;
}

/* Trees of destinations pile up in the shard until it may throw them out. */
static bool renew(struct pce_backups *b)
{
	if (++b->asked % 256 != 0)
		return true;
	return pce_after_renew(b->x) == 0 && items_make(b);
}

void pce_backups_to(struct pce_backups *b, uint32_t dst, struct arena *a, struct pce_backup *out)
{
	const uint32_t *to;
	bool no_memory = false;
	uint32_t last;

	*out = (struct pce_backup){ .status = PCE_BACKUP_NO_MEMORY, .why = "", .link = TED_NONE,
				    .neighbour = TED_NONE };
	to = renew(b) ? pce_before_to(b->x, dst) : NULL;
	if (!to)
		return;
	if (dst == b->plr || !loses_hop(b, to, b->x->s->place[dst])) {
		out->status = PCE_BACKUP_NOT_NEEDED;
		return;
	}
	if (pce_after_node_dead(b->x, dst)) {
		none(out, "the destination itself fails");
		return;
	}
	out->igp = b->after[b->x->s->place[dst]];
	if (out->igp == PCE_INF) {
		none(out, "without what fails there is no path");
		return;
	}
	dag_make(b, b->x->s->place[dst]);
	last = walk(b, to, b->x->s->place[dst], &no_memory);
	if (last != TED_NONE)
		list_give(b, last, out);
	else if (!no_memory && b->sid_missed)
		none(out, arena_printf(a, "routers on the path after the failure tell no SID that is "
					  "needed to reach %s", ted_node_label(b->t, dst)));
	else if (!no_memory)
		none(out, "no list of 8 segments keeps packets off what fails");
	if (!out->why)
		out->status = PCE_BACKUP_NO_MEMORY;
}
