/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A merge of everything. Three passes over the statements: give every node a slot; find for every
 * source what its producer reaches over two-way links of its own view; then take, object by
 * object, the statement that counts, and fill the TED's rows.
 */
#include "topo/merge.h"

#include <errno.h>
#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "topo/merge_priv.h"

struct run {
	struct merge *m;
	const struct merge_in *in;
	struct arena *a;
	uint32_t n_nodes, n_links; /* slots, after interning */
	struct lsdb_entry **links; /* link entries, with both ends in slots */
	uint32_t *link_slot;
	uint32_t *link_end[2]; /* node slots: local, remote */
	uint32_t *link_mask; /* sources that announce it */
	uint32_t n_link_entries;
	struct ted_node *nodes;
	struct ted_link *tlinks;
};

void merge_init(struct merge *m, uint64_t seed, uint32_t max)
{
	*m = (struct merge){ 0 };
	merge_slots_init(&m->slots, seed, max);
}

static void list_clear(struct list *head)
{
	while (list_pop(head))
		continue;
}

void merge_reset(struct merge *m)
{
	/* Entries outlive the heads. */
	for (uint32_t i = 0; i < m->n_nodes; i++) {
		list_clear(&m->nodes[i].parts);
		list_clear(&m->nodes[i].out);
		list_clear(&m->nodes[i].in);
	}
	for (unsigned s = 0; s < LSDB_SOURCES_MAX; s++) {
		free(m->view[s].via);
		m->view[s] = (struct merge_view){ .root = TED_NONE };
	}
	free(m->nodes);
	m->nodes = NULL;
	m->n_nodes = 0;
	m->known = 0;
	m->held.n = 0;
	m->ready = false;
}

void merge_fini(struct merge *m)
{
	merge_reset(m);
	VEC_FINI(&m->held);
	merge_slots_fini(&m->slots);
}

/* ---- entries ---- */

void merge_attach(struct merge *m, struct lsdb_entry *e)
{
	struct merge_node *n = &m->nodes[e->local->slot];

	if (e->key.kind != LS_LINK) {
		list_push(&n->parts, &e->at_local);
		return;
	}
	list_add(&n->out, &e->at_local);
	list_add(&m->nodes[e->remote->slot].in, &e->at_remote);
}

static int nodes_new(struct merge *m)
{
	m->nodes = calloc((size_t)m->slots.n_nodes + 1, sizeof(*m->nodes));
	if (!m->nodes)
		return err_raise(-ENOMEM);
	m->n_nodes = m->slots.n_nodes;
	for (uint32_t i = 0; i < m->n_nodes; i++) {
		list_init(&m->nodes[i].parts);
		list_init(&m->nodes[i].out);
		list_init(&m->nodes[i].in);
	}
	return 0;
}

static void link_add(struct run *r, struct lsdb_entry *e)
{
	uint32_t n = r->n_link_entries, slot = merge_slot_of_link(&r->m->slots, e);

	if (slot == TED_NONE)
		return;
	r->links[n] = e;
	r->link_slot[n] = slot;
	r->link_mask[n] = e->announced;
	r->link_end[0][n] = e->local->slot;
	r->link_end[1][n] = e->remote->slot;
	r->n_link_entries++;
	merge_attach(r->m, e);
}

static int entries_sort(struct run *r)
{
	const struct lsdb *db = r->in->db;
	size_t n = db->entries.count + 1;

	r->links = ARENA_ARRAY(r->a, n, struct lsdb_entry *);
	r->link_slot = ARENA_ARRAY(r->a, n, uint32_t);
	r->link_mask = ARENA_ARRAY(r->a, n, uint32_t);
	r->link_end[0] = ARENA_ARRAY(r->a, n, uint32_t);
	r->link_end[1] = ARENA_ARRAY(r->a, n, uint32_t);
	if (!r->links || !r->link_slot || !r->link_mask || !r->link_end[0] || !r->link_end[1] ||
	    nodes_new(r->m) < 0)
		return err_raise(-ENOMEM);
	for (const struct list *l = db->all.next; l != &db->all; l = l->next) {
		struct lsdb_entry *e = CONTAINER_OF(l, struct lsdb_entry, link);

		if (e->local->slot == TED_NONE || (e->remote && e->remote->slot == TED_NONE))
			continue;
		if (e->key.kind == LS_LINK)
			link_add(r, e);
		else
			merge_attach(r->m, e);
	}
	r->n_nodes = r->m->n_nodes;
	r->n_links = r->m->slots.n_links;
	return 0;
}

/* ---- who reaches what ---- */

bool merge_owns(const struct merge *m, uint32_t slot, const struct ip_addr *addr)
{
	const struct list *head = &m->nodes[slot].parts;

	for (const struct list *l = head->next; l != head; l = l->next) {
		const struct lsdb_entry *e = CONTAINER_OF(l, struct lsdb_entry, at_local);

		LSDB_EACH_SOURCE(s, e->announced) {
			const struct ls_object *o = e->said[s].obj;

			if (o->kind == LS_NODE && (ip_eq(&o->node.router_id_v4, addr) ||
						   ip_eq(&o->node.router_id_v6, addr)))
				return true;
			if (o->kind == LS_PREFIX && o->prefix.prefix.len == ip_bits(addr) &&
			    ip_eq(&o->prefix.prefix.addr, addr))
				return true;
		}
	}
	return false;
}

static void producer_find(const struct merge *m, const struct merge_source *src,
			  struct merge_view *v)
{
	const struct ip_addr *names[] = { &src->producer, &src->peer };

	v->root = TED_NONE;
	for (unsigned k = 0; k < ARRAY_LEN(names); k++) {
		if (names[k]->family == IP_NONE)
			continue;
		for (uint32_t n = 0; n < m->n_nodes; n++)
			if (merge_owns(m, n, names[k])) {
				v->root = n;
				v->name = k;
				return;
			}
	}
}

/* Link entries by the slot of one of their ends. */
struct adj {
	uint32_t *start, *idx;
};

static int adj_build(struct run *r, struct adj *adj, bool remote)
{
	adj->start = ARENA_ARRAY(r->a, r->n_nodes + 2, uint32_t);
	adj->idx = ARENA_ARRAY(r->a, r->n_link_entries + 1, uint32_t);
	if (!adj->start || !adj->idx)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < r->n_link_entries; i++)
		adj->start[r->link_end[remote][i] + 2]++;
	for (uint32_t n = 2; n < r->n_nodes + 2; n++)
		adj->start[n] += adj->start[n - 1];
	for (uint32_t i = 0; i < r->n_link_entries; i++)
		adj->idx[adj->start[r->link_end[remote][i] + 1]++] = i;
	return 0;
}

/* For every link the sources in whose own view it is known from both ends. Node by node, so
 * that one with very many links costs no more than its links. */
static int two_way(struct run *r, const struct adj *out, uint32_t *both)
{
	uint32_t *from = ARENA_ARRAY(r->a, r->n_nodes + 1, uint32_t); /* masks by the other end */
	struct adj in;

	if (!from || adj_build(r, &in, true) < 0)
		return err_raise(-ENOMEM);
	for (uint32_t n = 0; n < r->n_nodes; n++) {
		for (uint32_t k = in.start[n]; k < in.start[n + 1]; k++)
			from[r->link_end[0][in.idx[k]]] |= r->link_mask[in.idx[k]];
		for (uint32_t k = out->start[n]; k < out->start[n + 1]; k++) {
			uint32_t i = out->idx[k];

			both[i] = from[r->link_end[1][i]] & r->link_mask[i];
		}
		for (uint32_t k = in.start[n]; k < in.start[n + 1]; k++)
			from[r->link_end[0][in.idx[k]]] = 0;
	}
	return 0;
}

static void reach_from(struct run *r, const struct adj *adj, const uint32_t *both, unsigned source,
		       uint32_t *queue)
{
	struct merge_view *v = &r->m->view[source];
	uint32_t head = 0, tail = 0;

	memset(v->via, 0xff, (size_t)r->n_nodes * sizeof(*v->via));
	queue[tail++] = v->root;
	v->via[v->root] = v->root;
	while (head < tail) {
		uint32_t n = queue[head++];

		for (uint32_t k = adj->start[n]; k < adj->start[n + 1]; k++) {
			uint32_t i = adj->idx[k], to = r->link_end[1][i];

			if (!(both[i] & 1U << source) || v->via[to] != TED_NONE)
				continue;
			v->via[to] = n;
			queue[tail++] = to;
		}
	}
}

static int reach_source(struct run *r, const struct adj *adj, const uint32_t *both, unsigned s,
			uint32_t *queue)
{
	const struct merge_source *src = &r->in->sources[s];
	struct merge_view *v = &r->m->view[s];

	producer_find(r->m, src, v);
	if (v->root != TED_NONE) { /* a reflector outside the topology has no view of its own */
		v->via = calloc((size_t)r->n_nodes + 1, sizeof(*v->via));
		if (!v->via)
			return err_raise(-ENOMEM);
		reach_from(r, adj, both, s, queue);
	}
	r->m->known |= 1U << s;
	for (uint32_t n = 0; n < r->n_nodes; n++) {
		if (v->root != TED_NONE && v->via[n] == TED_NONE)
			continue;
		r->m->nodes[n].any |= 1U << s;
		if (src->live)
			r->m->nodes[n].live |= 1U << s;
	}
	return 0;
}

static int reach_all(struct run *r)
{
	uint32_t *both = ARENA_ARRAY(r->a, r->n_link_entries + 1, uint32_t);
	uint32_t *queue = ARENA_ARRAY(r->a, r->n_nodes + 1, uint32_t);
	struct adj adj;
	int rc = adj_build(r, &adj, false);

	if (rc < 0 || !both || !queue)
		return err_raise(-ENOMEM);
	rc = two_way(r, &adj, both);
	for (unsigned s = 0; rc == 0 && s < LSDB_SOURCES_MAX; s++)
		if (r->in->sources[s].known)
			rc = reach_source(r, &adj, both, s, queue);
	return err_trace(rc);
}

/* ---- rows ---- */

const struct ls_object *merge_holds(const struct merge *m, const struct lsdb_entry *e,
				    uint64_t *seq)
{
	const struct merge_node *n = &m->nodes[e->local->slot];
	uint32_t mask = n->live ? n->live : n->any;
	const struct lsdb_statement *best = NULL;

	LSDB_EACH_SOURCE(s, mask & e->heard)
		if (!best || e->said[s].seq > best->seq)
			best = &e->said[s];
	if (!best)
		return NULL;
	if (seq)
		*seq = best->seq;
	return best->obj;
}

int merge_node_row(const struct merge *m, const struct merge_rows *r, uint32_t slot,
		   struct ted_node *t)
{
	const struct list *head = &m->nodes[slot].parts;
	const struct ls_object **o;
	size_t n = 0, k = 0;

	for (const struct list *l = head->next; l != head; l = l->next)
		n++;
	o = ARENA_ARRAY(r->a, n + 1, const struct ls_object *);
	if (!o)
		return err_raise(-ENOMEM);
	for (const struct list *l = head->next; l != head; l = l->next) {
		o[k] = merge_holds(m, CONTAINER_OF(l, struct lsdb_entry, at_local), NULL);
		k += o[k] != NULL;
	}
	return merge_row_node(r, t, o, k);
}

/* With multi-topology a link is told per topology. Where the IPv6 topology (MT 2) has a link
 * between two nodes, their MT 0 links without IPv6 addresses are the same wires once more. */
bool merge_mt_duplicate(const struct merge *m, const struct lsdb_entry *e)
{
	const struct list *head = &m->nodes[e->local->slot].out;

	if (e->key.link.mt_id != 0 || e->key.link.local_v6.family == IP_V6)
		return false;
	for (const struct list *l = head->next; l != head; l = l->next) {
		const struct lsdb_entry *x = CONTAINER_OF(l, struct lsdb_entry, at_local);

		if (x->key.link.mt_id == 2 && x->local == e->local && x->remote == e->remote &&
		    merge_holds(m, x, NULL))
			return true;
	}
	return false;
}

struct ted_link merge_tombstone(const struct merge_link_key *k)
{
	struct ted_link t = { .from = k->from, .to = k->to, .reverse = TED_NONE };

	if (k->local.family == IP_V6) {
		t.local_v6 = k->local;
		t.remote_v6 = k->remote;
	} else if (k->local.family == IP_V4) {
		t.local_v4 = k->local;
		t.remote_v4 = k->remote;
	}
	return t;
}

int merge_link_row(const struct merge_rows *r, struct ted_link *t, const struct ls_object *o)
{
	*t = (struct ted_link){ .from = t->from, .to = t->to, .reverse = TED_NONE };
	t->alive = r->nodes[t->from].alive && r->nodes[t->to].alive;
	return merge_row_link(r, t, &o->link);
}

bool merge_ask_up(struct merge *m, const struct merge_in *in, uint32_t slot, struct ted_link *t)
{
	if (!in->up || in->up(in->up_arg, slot, t->alive) || !t->alive)
		return true;
	t->alive = false;
	return VEC_ADD(&m->held, slot) != NULL;
}

static void identities_fill(struct run *r)
{
	HASH_EACH(h, &r->in->db->nodes) {
		const struct lsdb_node *n = CONTAINER_OF(h, struct lsdb_node, node);
		struct ted_node *t;

		if (n->slot == TED_NONE)
			continue;
		t = &r->nodes[n->slot];
		if (t->igp_id_len && t->asn >= n->id.asn)
			continue;
		ls_node_id_text(&n->id, t->id, sizeof(t->id));
		memcpy(t->igp_id, n->id.igp_id, sizeof(t->igp_id));
		t->igp_id_len = n->id.igp_id_len;
		t->protocol = n->id.protocol;
		t->asn = n->id.asn;
		t->pseudonode = ls_node_is_pseudo(&n->id);
		t->alive = r->m->nodes[n->slot].any != 0;
	}
}

static int nodes_fill(struct run *r, const struct merge_rows *rows)
{
	for (uint32_t s = 0; s < r->n_nodes; s++)
		if (r->nodes[s].alive && merge_node_row(r->m, rows, s, &r->nodes[s]) < 0)
			return -ENOMEM;
	return 0;
}

/* Who is gone is still somebody. */
static void tombstones_fill(struct run *r)
{
	for (uint32_t i = 0; i < r->n_links; i++)
		r->tlinks[i] = merge_tombstone(&r->m->slots.link_at.at[i]->lk);
	HASH_EACH(h, &r->m->slots.nodes) {
		const struct merge_slot *s = CONTAINER_OF(h, struct merge_slot, node);
		struct ted_node *t = &r->nodes[s->index];
		struct ls_node_id id = { .igp_id_len = s->nk.len };

		if (t->igp_id_len)
			continue;
		memcpy(id.igp_id, s->nk.id, sizeof(id.igp_id));
		ls_node_id_text(&id, t->id, sizeof(t->id));
	}
}

static int links_fill(struct run *r, const struct merge_rows *rows)
{
	uint64_t *seqs = ARENA_ARRAY(r->a, r->n_links + 1, uint64_t);

	if (!seqs)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < r->n_link_entries; i++) {
		uint32_t slot = r->link_slot[i];
		uint64_t seq;
		const struct ls_object *o = merge_holds(r->m, r->links[i], &seq);

		if (!o || seq < seqs[slot] || merge_mt_duplicate(r->m, r->links[i]))
			continue;
		seqs[slot] = seq;
		if (merge_link_row(rows, &r->tlinks[slot], o) < 0)
			return -ENOMEM;
	}
	for (uint32_t s = 0; s < r->n_links; s++)
		if (!merge_ask_up(r->m, r->in, s, &r->tlinks[s]))
			return err_raise(-ENOMEM);
	return 0;
}

static int rows_fill(struct run *r)
{
	struct merge_rows rows = { .a = r->a, .n_nodes = r->n_nodes, .overlay = r->in->overlay };
	int rc;

	r->nodes = ARENA_ARRAY(r->a, r->n_nodes + 1, struct ted_node);
	r->tlinks = ARENA_ARRAY(r->a, r->n_links + 1, struct ted_link);
	if (!r->nodes || !r->tlinks)
		return err_raise(-ENOMEM);
	rows.nodes = r->nodes;
	identities_fill(r);
	rc = nodes_fill(r, &rows);
	tombstones_fill(r);
	return rc < 0 ? rc : links_fill(r, &rows);
}

static int whole(struct merge *m, const struct merge_in *in, struct arena *a, struct ted_input *out)
{
	struct run r = { .m = m, .in = in, .a = a };
	int rc;

	lsdb_settle(in->db);
	merge_reset(m);
	in->db->all_dirty = false; /* whoever went with what was settled is not there any more */
	rc = merge_slots_of_nodes(&m->slots, in->db, a);
	if (rc < 0 || (rc = entries_sort(&r)) < 0 || (rc = reach_all(&r)) < 0 ||
	    (rc = rows_fill(&r)) < 0) {
		merge_reset(m);
		lsdb_all_dirty(in->db);
		return err_trace(rc);
	}
	m->ready = true;
	*out = (struct ted_input){ .nodes = r.nodes, .links = r.tlinks, .n_nodes = r.n_nodes,
				   .n_links = r.n_links };
	return 0;
}

int merge_run(struct merge *m, const struct merge_in *in, struct arena *a, struct merge_out *out)
{
	int rc = 1;

	*out = (struct merge_out){ 0 };
	if (m->ready && !in->whole && !in->db->all_dirty && in->prev &&
	    in->prev->n_nodes == m->slots.n_nodes && in->prev->n_links == m->slots.n_links) {
		rc = merge_step(m, in, a, &out->patch);
		if (rc < 0) {
			merge_reset(m);
			return err_trace(rc);
		}
	}
	if (rc == 0)
		return 0;
	out->whole = true;
	return err_trace(whole(m, in, a, &out->input));
}
