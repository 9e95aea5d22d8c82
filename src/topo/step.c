/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A merge of what is dirty. The rows of nodes whose parts changed, and of links between two nodes
 * one of whose links changed, are filled anew from the lists of merge.c. That is all there is to
 * do as long as every source reaches the nodes it reached: a view keeps over which neighbour each
 * node was reached, and a lost neighbour is replaced by another one if that is not reached through
 * the node itself. Where there is none, what hangs on the node is looked at once more, from those
 * around it that are still reached; who stays behind has lost that source, and is filled anew with
 * all its links. A failed router is that. Whatever is more is a merge of everything.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "topo/merge_priv.h"

enum {
	SLOTS_MAX = 4096, /* rows of links; beyond it a merge of everything costs less */
	WHOLE = 1,	  /* of functions here: it takes one */
	ORPHANS_MAX = 64, /* nodes that lost their neighbour, of all sources; the same */
	BELOW_MAX = 2048, /* nodes that hang on them, of one source; and nodes lost; the same */
};

struct step {
	struct merge *m;
	const struct merge_in *in;
	struct arena *a;
	uint32_t *node_at, *link_at; /* slots to fill */
	uint32_t n_nodes, n_links;
	struct {
		uint32_t from, to;
	} *pair; /* links from one node to another changed */
	uint32_t n_pairs;
	uint32_t *from; /* scratch by node slot: sources that tell a link from there */
	size_t looked, looked_max;
	struct {
		unsigned source;
		uint32_t node;
	} orphan[ORPHANS_MAX];
	uint32_t n_orphans;
	uint32_t *below, n_below; /* what hangs on orphans */
	bool *is_below;		  /* by node slot */
	uint32_t *lost, n_lost;	  /* nodes that a source reaches no more */
	struct ted_node *nodes;	  /* a copy of all rows, when somebody died; or NULL */
};

/* ---- parts of nodes ---- */

/* Does this node, having changed, make another one the root of the source's view, or stop to. */
static bool root_moves(const struct step *s, unsigned source, uint32_t slot)
{
	const struct merge_source *src = &s->in->sources[source];
	const struct ip_addr *names[] = { &src->producer, &src->peer };
	const struct merge_view *v = &s->m->view[source];

	for (unsigned k = 0; k < ARRAY_LEN(names); k++) {
		bool owns = names[k]->family != IP_NONE && merge_owns(s->m, slot, names[k]);

		if (v->root == slot && k == v->name)
			return !owns;
		if (!owns)
			continue;
		if (v->root == TED_NONE || k < v->name)
			return true;
		return k == v->name && slot < v->root;
	}
	return false;
}

static int roots_check(const struct step *s)
{
	for (uint32_t i = 0; i < s->n_nodes; i++)
		LSDB_EACH_SOURCE(source, s->m->known)
			if (root_moves(s, source, s->node_at[i]))
				return WHOLE;
	return 0;
}

/* ---- links, and what is reached over them ---- */

/* Sources that tell of a link from one node to another. */
static uint32_t told(struct step *s, uint32_t from, uint32_t to)
{
	const struct list *head = &s->m->nodes[from].out;
	uint32_t mask = 0;

	for (const struct list *l = head->next; l != head; l = l->next, s->looked++) {
		const struct lsdb_entry *x = CONTAINER_OF(l, struct lsdb_entry, at_local);

		if (x->remote->slot == to)
			mask |= x->announced;
	}
	return mask;
}

static bool reached_through(struct step *s, const struct merge_view *v, uint32_t node, uint32_t c)
{
	for (; node != c; node = v->via[node], s->looked++)
		if (node == v->root)
			return false;
	return true;
}

/* Another neighbour over which the source reaches c. */
static bool reach_again(struct step *s, unsigned source, uint32_t c)
{
	struct merge_view *v = &s->m->view[source];
	struct merge_node *n = &s->m->nodes[c];
	bool found = false;

	for (const struct list *l = n->in.next; l != &n->in; l = l->next, s->looked++) {
		const struct lsdb_entry *x = CONTAINER_OF(l, struct lsdb_entry, at_remote);

		s->from[x->local->slot] |= x->announced;
	}
	for (const struct list *l = n->out.next; l != &n->out && !found; l = l->next) {
		const struct lsdb_entry *x = CONTAINER_OF(l, struct lsdb_entry, at_local);
		uint32_t p = x->remote->slot;

		s->looked++;
		found = p != c && (s->from[p] & x->announced & 1U << source) &&
			v->via[p] != TED_NONE && !reached_through(s, v, p, c);
		if (found)
			v->via[c] = p;
	}
	for (const struct list *l = n->in.next; l != &n->in; l = l->next)
		s->from[CONTAINER_OF(l, struct lsdb_entry, at_remote)->local->slot] = 0;
	return found;
}

static bool lost(const struct merge_view *v, uint32_t child, uint32_t parent)
{
	return child != v->root && v->via[child] == parent;
}

/* It still hangs on the neighbour it lost, until all links have been looked at. */
static bool orphan_add(struct step *s, unsigned source, uint32_t node)
{
	if (s->n_orphans == ORPHANS_MAX)
		return false;
	s->orphan[s->n_orphans].source = source;
	s->orphan[s->n_orphans++].node = node;
	return true;
}

static int reach_check(struct step *s, uint32_t a, uint32_t b)
{
	uint32_t both;

	if (a == b)
		return 0;
	both = told(s, a, b) & told(s, b, a);
	LSDB_EACH_SOURCE(source, s->m->known) {
		const struct merge_view *v = &s->m->view[source];

		if (v->root == TED_NONE)
			continue;
		if (both >> source & 1) {
			if ((v->via[a] == TED_NONE) != (v->via[b] == TED_NONE))
				return WHOLE;
			continue;
		}
		if ((lost(v, a, b) && !reach_again(s, source, a) && !orphan_add(s, source, a)) ||
		    (lost(v, b, a) && !reach_again(s, source, b) && !orphan_add(s, source, b)))
			return WHOLE;
	}
	return 0;
}

static bool slot_add(struct step *s, uint32_t slot)
{
	if (s->n_links == SLOTS_MAX)
		return false;
	s->link_at[s->n_links++] = slot;
	return true;
}

/* All links from one node to the other: one topology's may be left out for another's. */
static int links_between(struct step *s, uint32_t from, uint32_t to)
{
	const struct list *head = &s->m->nodes[from].out;

	for (const struct list *l = head->next; l != head; l = l->next, s->looked++) {
		const struct lsdb_entry *x = CONTAINER_OF(l, struct lsdb_entry, at_local);

		if (x->remote->slot == to && !slot_add(s, x->slot))
			return WHOLE;
	}
	return 0;
}

static int pairs_check(struct step *s)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < s->n_pairs; i++) {
		rc = reach_check(s, s->pair[i].from, s->pair[i].to);
		if (rc == 0)
			rc = links_between(s, s->pair[i].from, s->pair[i].to);
		if (s->looked > s->looked_max)
			rc = WHOLE;
	}
	return rc;
}

/* ---- who is not reached any more ---- */

static bool below_add(struct step *s, uint32_t node)
{
	if (s->is_below[node])
		return true;
	if (s->n_below == BELOW_MAX)
		return false;
	s->is_below[node] = true;
	s->below[s->n_below++] = node;
	return true;
}

/* All that the source reaches through its orphans only, as far as it knows: they hang in the air. */
static int below_find(struct step *s, unsigned source)
{
	struct merge_view *v = &s->m->view[source];

	s->n_below = 0;
	for (uint32_t k = 0; k < s->n_orphans; k++)
		if (s->orphan[k].source == source && !below_add(s, s->orphan[k].node))
			return WHOLE;
	for (uint32_t k = 0; k < s->n_below; k++) {
		const struct list *head = &s->m->nodes[s->below[k]].out;

		for (const struct list *l = head->next; l != head; l = l->next, s->looked++) {
			uint32_t to = CONTAINER_OF(l, struct lsdb_entry, at_local)->remote->slot;

			if (lost(v, to, s->below[k]) && !below_add(s, to))
				return WHOLE;
		}
	}
	for (uint32_t k = 0; k < s->n_below; k++)
		v->via[s->below[k]] = TED_NONE;
	return 0;
}

/* Over which reached neighbour the source reaches it; TED_NONE: over none. */
static uint32_t way_to(struct step *s, unsigned source, uint32_t node)
{
	const struct merge_view *v = &s->m->view[source];
	const struct list *head = &s->m->nodes[node].out;

	for (const struct list *l = head->next; l != head; l = l->next, s->looked++) {
		const struct lsdb_entry *x = CONTAINER_OF(l, struct lsdb_entry, at_local);
		uint32_t p = x->remote->slot;

		if (p != node && v->via[p] != TED_NONE && (x->announced >> source & 1) &&
		    (told(s, p, node) >> source & 1))
			return p;
	}
	return TED_NONE;
}

/* From those around what hangs in the air back into it, until nothing more is reached. */
static void hang_again(struct step *s, unsigned source)
{
	struct merge_view *v = &s->m->view[source];
	bool some = true;

	while (some && s->looked <= s->looked_max) {
		some = false;
		for (uint32_t k = 0; k < s->n_below; k++) {
			uint32_t node = s->below[k];

			if (v->via[node] != TED_NONE)
				continue;
			v->via[node] = way_to(s, source, node);
			some = some || v->via[node] != TED_NONE;
		}
	}
}

static bool lost_add(struct step *s, unsigned source, uint32_t node)
{
	struct merge_node *n = &s->m->nodes[node];
	uint32_t k = 0;

	n->any &= ~(1U << source);
	n->live &= ~(1U << source);
	while (k < s->n_lost && s->lost[k] != node)
		k++;
	if (k == BELOW_MAX)
		return false;
	s->lost[k] = node;
	s->n_lost += k == s->n_lost;
	return true;
}

static int orphans_settle(struct step *s)
{
	LSDB_EACH_SOURCE(source, s->n_orphans ? s->m->known : 0) {
		const struct merge_view *v = &s->m->view[source];

		if (below_find(s, source) != 0)
			return WHOLE;
		hang_again(s, source);
		for (uint32_t k = 0; k < s->n_below; k++) {
			s->is_below[s->below[k]] = false;
			if (v->via[s->below[k]] == TED_NONE && !lost_add(s, source, s->below[k]))
				return WHOLE;
		}
	}
	return s->looked > s->looked_max ? WHOLE : 0;
}

/* ---- what a lost node changes around it ---- */

static int links_of(struct step *s, uint32_t node)
{
	const struct merge_node *n = &s->m->nodes[node];

	for (const struct list *l = n->out.next; l != &n->out; l = l->next)
		if (!slot_add(s, CONTAINER_OF(l, struct lsdb_entry, at_local)->slot))
			return WHOLE;
	for (const struct list *l = n->in.next; l != &n->in; l = l->next)
		if (!slot_add(s, CONTAINER_OF(l, struct lsdb_entry, at_remote)->slot))
			return WHOLE;
	return 0;
}

/* SIDs of LANs name who is there: links whose SIDs lead to somebody who died. */
static int named_dead(struct step *s)
{
	const struct ted *prev = s->in->prev;

	for (uint32_t i = 0; i < prev->n_links; i++) {
		const struct ted_link *l = &prev->links[i];

		for (uint16_t k = 0; k < l->n_sids; k++)
			if (l->sids[k].lan_node && !s->nodes[l->sids[k].lan_node - 1].alive && !slot_add(s, i))
				return WHOLE;
		for (uint16_t k = 0; k < l->n_adj_sids; k++)
			if (l->adj_sids[k].lan_node && !s->nodes[l->adj_sids[k].lan_node - 1].alive &&
			    !slot_add(s, i))
				return WHOLE;
	}
	return 0;
}

/* Rows as they are to be read now: without the dead. */
static int bury(struct step *s, uint32_t node)
{
	const struct ted *prev = s->in->prev;

	if (s->m->nodes[node].any || !prev->nodes[node].alive)
		return 0;
	if (!s->nodes)
		s->nodes = arena_copy(s->a, prev->nodes, prev->n_nodes * sizeof(*s->nodes));
	if (!s->nodes)
		return err_raise(-ENOMEM);
	s->nodes[node].alive = false;
	return 0;
}

static int lost_fill(struct step *s)
{
	int rc = 0;

	for (uint32_t k = 0; rc == 0 && k < s->n_lost; k++) {
		s->node_at[s->n_nodes++] = s->lost[k];
		rc = links_of(s, s->lost[k]);
		if (rc == 0)
			rc = bury(s, s->lost[k]);
	}
	return rc == 0 && s->nodes ? named_dead(s) : rc;
}

/* ---- what is dirty ---- */

static int touch(struct step *s, const struct lsdb_entry *e)
{
	if (e->key.kind != LS_LINK) {
		s->node_at[s->n_nodes++] = e->local->slot;
		return 0;
	}
	s->pair[s->n_pairs].from = e->local->slot;
	s->pair[s->n_pairs++].to = e->remote->slot;
	return slot_add(s, e->slot) ? 0 : WHOLE;
}

/* Those nobody announces any more are noted, then forgotten. A node that goes with them may
 * change who is who: then no slot is to be given yet. */
static int gone(struct step *s)
{
	struct lsdb *db = s->in->db;

	for (struct list *l = db->dirty.next; l != &db->dirty; l = l->next) {
		const struct lsdb_entry *e = CONTAINER_OF(l, struct lsdb_entry, dirty);

		if (!e->announced && list_linked(&e->at_local) && touch(s, e) != 0)
			return WHOLE;
	}
	lsdb_bury(db);
	return db->all_dirty ? WHOLE : 0;
}

/* False: it has no place in the TED, for want of slots. */
static bool attached(struct step *s, struct lsdb_entry *e)
{
	if (list_linked(&e->at_local))
		return true;
	if (e->local->slot == TED_NONE || (e->remote && e->remote->slot == TED_NONE) ||
	    (e->remote && merge_slot_of_link(&s->m->slots, e) == TED_NONE))
		return false;
	merge_attach(s->m, e);
	return true;
}

static int there(struct step *s)
{
	struct lsdb *db = s->in->db;

	for (struct list *l = db->dirty.next; l != &db->dirty; l = l->next) {
		struct lsdb_entry *e = CONTAINER_OF(l, struct lsdb_entry, dirty);

		if (attached(s, e) && touch(s, e) != 0)
			return WHOLE;
		if (s->m->slots.n_links != s->in->prev->n_links)
			return WHOLE;
	}
	return 0;
}

/* ---- rows ---- */

static void sort_unique(uint32_t *at, uint32_t *n)
{
	uint32_t k = 0;

	for (uint32_t i = 1; i < *n; i++) {
		uint32_t x = at[i], j = i;

		for (; j > 0 && at[j - 1] > x; j--)
			at[j] = at[j - 1];
		at[j] = x;
	}
	for (uint32_t i = 0; i < *n; i++)
		if (k == 0 || at[i] != at[k - 1])
			at[k++] = at[i];
	*n = k;
}

/* A row that says who it is and nothing else. */
static struct ted_node identity(const struct ted_node *n)
{
	struct ted_node t = { .alive = n->alive, .pseudonode = n->pseudonode,
			      .igp_id_len = n->igp_id_len, .protocol = n->protocol, .asn = n->asn };

	memcpy(t.id, n->id, sizeof(t.id));
	memcpy(t.igp_id, n->igp_id, sizeof(t.igp_id));
	return t;
}

static int nodes_fill(struct step *s, const struct merge_rows *rows, struct ted_patch *out)
{
	struct ted_node *t = ARENA_ARRAY(s->a, s->n_nodes + 1, struct ted_node);

	if (!t)
		return err_raise(-ENOMEM);
	sort_unique(s->node_at, &s->n_nodes);
	for (uint32_t i = 0; i < s->n_nodes; i++) {
		t[i] = identity(&rows->nodes[s->node_at[i]]);
		if (t[i].alive && merge_node_row(s->m, rows, s->node_at[i], &t[i]) < 0)
			return -ENOMEM;
	}
	out->node_at = s->node_at;
	out->nodes = t;
	out->n_nodes = s->n_nodes;
	return 0;
}

static const struct ls_object *link_object(struct step *s, uint32_t slot, uint32_t from)
{
	const struct list *head = &s->m->nodes[from].out;
	const struct ls_object *best = NULL;
	uint64_t best_seq = 0;

	for (const struct list *l = head->next; l != head; l = l->next) {
		const struct lsdb_entry *x = CONTAINER_OF(l, struct lsdb_entry, at_local);
		const struct ls_object *o;
		uint64_t seq;

		if (x->slot != slot)
			continue;
		o = merge_holds(s->m, x, &seq);
		if (!o || seq < best_seq || merge_mt_duplicate(s->m, x))
			continue;
		best = o;
		best_seq = seq;
	}
	return best;
}

static int links_fill(struct step *s, const struct merge_rows *rows, struct ted_patch *out)
{
	struct ted_link *t = ARENA_ARRAY(s->a, s->n_links + 1, struct ted_link);

	if (!t)
		return err_raise(-ENOMEM);
	s->m->held.n = 0;
	for (uint32_t i = 0; i < s->n_links; i++) {
		uint32_t slot = s->link_at[i];
		const struct merge_link_key *k = &s->m->slots.link_at.at[slot]->lk;
		const struct ls_object *o = link_object(s, slot, k->from);

		t[i] = merge_tombstone(k);
		if (o && merge_link_row(rows, &t[i], o) < 0)
			return -ENOMEM;
		if (!merge_ask_up(s->m, s->in, slot, &t[i]))
			return err_raise(-ENOMEM);
	}
	out->link_at = s->link_at;
	out->links = t;
	out->n_links = s->n_links;
	return 0;
}

static int rows_fill(struct step *s, struct ted_patch *out)
{
	const struct ted *prev = s->in->prev;
	const struct merge_rows rows = { .a = s->a, .nodes = s->nodes ? s->nodes : prev->nodes,
					 .n_nodes = prev->n_nodes, .overlay = s->in->overlay };

	if (nodes_fill(s, &rows, out) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < s->m->held.n; i++)
		if (!slot_add(s, s->m->held.at[i]))
			return WHOLE;
	sort_unique(s->link_at, &s->n_links);
	out->prev = prev;
	return links_fill(s, &rows, out);
}

int merge_step(struct merge *m, const struct merge_in *in, struct arena *a, struct ted_patch *out)
{
	struct lsdb *db = in->db;
	struct step s = { .m = m, .in = in, .a = a, .looked_max = db->entries.count + SLOTS_MAX };
	int rc;

	s.node_at = ARENA_ARRAY(a, db->n_dirty + BELOW_MAX + 1, uint32_t);
	s.below = ARENA_ARRAY(a, BELOW_MAX, uint32_t);
	s.lost = ARENA_ARRAY(a, BELOW_MAX, uint32_t);
	s.is_below = ARENA_ARRAY(a, m->n_nodes + 1, bool);
	s.pair = arena_array(a, db->n_dirty + 1, sizeof(*s.pair));
	s.link_at = ARENA_ARRAY(a, SLOTS_MAX, uint32_t);
	s.from = ARENA_ARRAY(a, m->n_nodes + 1, uint32_t);
	if (!s.node_at || !s.pair || !s.link_at || !s.from || !s.below || !s.lost || !s.is_below)
		return err_raise(-ENOMEM);
	if ((rc = gone(&s)) != 0 || (rc = there(&s)) != 0 || (rc = roots_check(&s)) != 0 ||
	    (rc = pairs_check(&s)) != 0 || (rc = orphans_settle(&s)) != 0 || (rc = lost_fill(&s)) != 0)
		return rc;
	lsdb_settle(db);
	return rows_fill(&s, out);
}
