/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three passes over the statements: give every node a slot; find for every source what its
 * producer reaches over two-way links of its own view; then take, object by object, the
 * statement that counts, and fill the TED's rows.
 *
 * Producers write the same router differently (with or without its AS number, as level 1 and
 * level 2): identity here is (protocol family, instance, IGP id), split by AS only where two
 * different AS numbers really claim the same id.
 */
#include "topo/merge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "base/str.h"

struct node_slot_key {
	uint32_t asn;
	uint8_t family; /* 1 IS-IS, 2 OSPFv2, 3 OSPFv3, 4 others */
	uint8_t len;
	uint8_t id[18];
	uint64_t instance;
};

struct link_slot_key {
	uint32_t from, to;
	uint32_t local_id, remote_id;
	struct ip_addr local, remote;
};

struct slot {
	struct hash_node node;
	uint32_t index;
	union {
		struct node_slot_key nk;
		struct link_slot_key lk;
	};
};

struct run {
	const struct merge_in *in;
	struct arena *a;
	uint32_t n_nodes, n_links; /* slots, after interning */
	uint32_t n_entries;
	struct lsdb_entry **links; /* link entries, with both ends in slots */
	uint32_t *link_slot;
	uint32_t *link_end[2]; /* node slots: local, remote */
	uint32_t *link_mask; /* sources that announce it */
	uint32_t n_link_entries;
	uint64_t *reach[LSDB_SOURCES_MAX]; /* bitset of node slots, NULL: unknown source */
	uint32_t *node_live;		   /* per slot: mask of live sources that reach it */
	uint32_t *node_any;		   /* per slot: mask of sources that reach it */
	uint32_t *first, *next;		   /* non-link entries by node slot */
	struct lsdb_entry **others;
	struct ted_node *nodes;
	struct ted_link *tlinks;
};

static bool node_slot_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&CONTAINER_OF(n, struct slot, node)->nk, key, sizeof(struct node_slot_key)) == 0;
}

static bool link_slot_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&CONTAINER_OF(n, struct slot, node)->lk, key, sizeof(struct link_slot_key)) == 0;
}

void merge_slots_init(struct merge_slots *s, uint64_t seed, uint32_t max)
{
	*s = (struct merge_slots){ .max = max };
	hash_init(&s->nodes, seed, node_slot_eq);
	hash_init(&s->links, seed, link_slot_eq);
}

static void slots_free(struct hash *h)
{
	HASH_EACH(n, h)
		free(CONTAINER_OF(n, struct slot, node));
	hash_fini(h);
}

void merge_slots_fini(struct merge_slots *s)
{
	slots_free(&s->nodes);
	slots_free(&s->links);
}

/* TED_NONE: over the limit or no memory; the object is then left out, and counted. */
static uint32_t slot_get(struct merge_slots *s, struct hash *h, uint32_t *count, const void *key,
			 size_t len)
{
	struct hash_node *n = hash_get(h, key, len, key);
	struct slot *slot;

	if (n)
		return CONTAINER_OF(n, struct slot, node)->index;
	slot = *count < s->max ? calloc(1, sizeof(*slot)) : NULL;
	if (!slot) {
		s->refused++;
		return TED_NONE;
	}
	memcpy(&slot->nk, key, len);
	slot->index = *count;
	if (hash_put(h, key, len, &slot->node) < 0) {
		free(slot);
		s->refused++;
		return TED_NONE;
	}
	return (*count)++;
}

static uint8_t family_of(uint8_t protocol)
{
	static const uint8_t family[] = { [LS_ISIS_L1] = 1, [LS_ISIS_L2] = 1, [LS_OSPFV2] = 2,
					  [LS_OSPFV3] = 3, [LS_BGP] = 4 };

	return protocol < ARRAY_LEN(family) && family[protocol] ? family[protocol] : 4;
}

static void node_key(struct node_slot_key *k, const struct ls_node_id *id)
{
	memset(k, 0, sizeof(*k));
	k->family = family_of(id->protocol);
	k->instance = id->instance;
	k->len = id->igp_id_len;
	if (k->len == 7 && id->igp_id[6] == 0)
		k->len = 6; /* pseudonode number 0 is the router itself */
	memcpy(k->id, id->igp_id, k->len <= 16 ? k->len : 16);
	if (k->family == 4 && k->len == 0)
		memcpy(k->id, &id->bgp_router_id, sizeof(id->bgp_router_id));
}

/* AS numbers seen for one id: a second hash, thrown away after the pass. */
struct asn_seen {
	struct hash_node node;
	struct node_slot_key key;
	uint32_t low, high;
};

static bool asn_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&CONTAINER_OF(n, struct asn_seen, node)->key, key, sizeof(struct node_slot_key)) == 0;
}

static struct asn_seen *asn_get(struct run *r, struct hash *h, const struct node_slot_key *k)
{
	struct hash_node *n = hash_get(h, k, sizeof(*k), k);
	struct asn_seen *s;

	if (n)
		return CONTAINER_OF(n, struct asn_seen, node);
	s = ARENA_NEW(r->a, struct asn_seen);
	if (!s)
		return NULL;
	s->key = *k;
	s->low = UINT32_MAX;
	return hash_put(h, k, sizeof(*k), &s->node) < 0 ? NULL : s;
}

static int slots_of_nodes(struct run *r)
{
	struct merge_slots *slots = r->in->slots;
	struct hash asns;
	int rc = 0;

	hash_init(&asns, 1, asn_eq);
	HASH_EACH(h, &r->in->db->nodes) {
		const struct lsdb_node *n = CONTAINER_OF(h, struct lsdb_node, node);
		struct node_slot_key k;
		struct asn_seen *s;

		node_key(&k, &n->id);
		s = asn_get(r, &asns, &k);
		if (!s) {
			rc = err_raise(-ENOMEM);
			goto out;
		}
		if (n->id.asn && n->id.asn < s->low)
			s->low = n->id.asn;
		if (n->id.asn > s->high)
			s->high = n->id.asn;
	}
	HASH_EACH(h, &r->in->db->nodes) {
		struct lsdb_node *n = CONTAINER_OF(h, struct lsdb_node, node);
		struct node_slot_key k;
		struct asn_seen *s;

		node_key(&k, &n->id);
		s = asn_get(r, &asns, &k);
		if (s && s->high && s->low != s->high)
			k.asn = n->id.asn ? n->id.asn : s->low;
		n->slot = slot_get(slots, &slots->nodes, &slots->n_nodes, &k, sizeof(k));
	}
out:
	hash_fini(&asns);
	return rc;
}

/* The strongest identifier a link has names it: IPv6 addresses, else IPv4, else link ids. */
static uint32_t slot_of_link(struct run *r, struct lsdb_entry *e)
{
	struct merge_slots *slots = r->in->slots;
	const struct ls_link_key *l = &e->key.link;
	struct link_slot_key k;

	if (e->slot_from == e->local->slot && e->slot_to == e->remote->slot)
		return e->slot; /* slots are for life */
	memset(&k, 0, sizeof(k));
	k.from = e->local->slot;
	k.to = e->remote->slot;
	if (l->local_v6.family) {
		k.local = l->local_v6;
		k.remote = l->remote_v6;
	} else if (l->local_v4.family) {
		k.local = l->local_v4;
		k.remote = l->remote_v4;
	} else {
		k.local_id = l->local_link_id;
		k.remote_id = l->remote_link_id;
	}
	e->slot = slot_get(slots, &slots->links, &slots->n_links, &k, sizeof(k));
	if (e->slot != TED_NONE) {
		e->slot_from = k.from;
		e->slot_to = k.to;
	}
	return e->slot;
}

static int entries_sort(struct run *r)
{
	const struct lsdb *db = r->in->db;
	uint32_t n = (uint32_t)db->entries.count;

	r->links = ARENA_ARRAY(r->a, n + 1, struct lsdb_entry *);
	r->link_slot = ARENA_ARRAY(r->a, n + 1, uint32_t);
	r->link_mask = ARENA_ARRAY(r->a, n + 1, uint32_t);
	r->link_end[0] = ARENA_ARRAY(r->a, n + 1, uint32_t);
	r->link_end[1] = ARENA_ARRAY(r->a, n + 1, uint32_t);
	r->others = ARENA_ARRAY(r->a, n + 1, struct lsdb_entry *);
	r->next = ARENA_ARRAY(r->a, n + 1, uint32_t);
	r->first = ARENA_ARRAY(r->a, r->n_nodes + 1, uint32_t);
	if (!r->links || !r->link_slot || !r->link_mask || !r->link_end[0] || !r->link_end[1] ||
	    !r->others || !r->next || !r->first)
		return err_raise(-ENOMEM);
	memset(r->first, 0xff, (r->n_nodes + 1) * sizeof(*r->first));
	for (const struct list *l = db->all.next; l != &db->all; l = l->next) {
		struct lsdb_entry *e = CONTAINER_OF(l, struct lsdb_entry, link);
		uint32_t slot = e->local->slot;

		if (slot == TED_NONE || (e->remote && e->remote->slot == TED_NONE))
			continue;
		if (e->key.kind != LS_LINK) {
			r->others[r->n_entries] = e;
			r->next[r->n_entries] = r->first[slot];
			r->first[slot] = r->n_entries++;
			continue;
		}
		r->link_mask[r->n_link_entries] = e->announced;
		r->link_end[0][r->n_link_entries] = slot;
		r->link_end[1][r->n_link_entries] = e->remote->slot;
		r->link_slot[r->n_link_entries] = slot_of_link(r, e);
		if (r->link_slot[r->n_link_entries] != TED_NONE)
			r->links[r->n_link_entries++] = e;
		else
			r->link_mask[r->n_link_entries] = 0;
	}
	r->n_links = r->in->slots->n_links;
	return 0;
}

/* Is this the router that calls itself addr? By router id, or by a host prefix it owns. */
static bool node_owns(const struct run *r, uint32_t slot, const struct ip_addr *addr)
{
	for (uint32_t i = r->first[slot]; i != TED_NONE; i = r->next[i]) {
		const struct lsdb_entry *e = r->others[i];

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

static uint32_t producer_slot(const struct run *r, const struct merge_source *src)
{
	const struct ip_addr *names[] = { &src->producer, &src->peer };

	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		if (names[k]->family == IP_NONE)
			continue;
		for (uint32_t n = 0; n < r->n_nodes; n++)
			if (node_owns(r, n, names[k]))
				return n;
	}
	return TED_NONE;
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
		       uint32_t root, uint32_t *queue)
{
	uint64_t *seen = r->reach[source];
	uint32_t head = 0, tail = 0;

	queue[tail++] = root;
	bitset_add(seen, root);
	while (head < tail) {
		uint32_t n = queue[head++];

		for (uint32_t k = adj->start[n]; k < adj->start[n + 1]; k++) {
			uint32_t i = adj->idx[k], to = r->link_end[1][i];

			if (!(both[i] & 1U << source) || bitset_has(seen, to))
				continue;
			bitset_add(seen, to);
			queue[tail++] = to;
		}
	}
}

static int reach_all(struct run *r)
{
	uint32_t *both = ARENA_ARRAY(r->a, r->n_link_entries + 1, uint32_t);
	uint32_t *queue = ARENA_ARRAY(r->a, r->n_nodes + 1, uint32_t);
	struct adj adj;
	int rc = adj_build(r, &adj, false);

	r->node_live = ARENA_ARRAY(r->a, r->n_nodes + 1, uint32_t);
	r->node_any = ARENA_ARRAY(r->a, r->n_nodes + 1, uint32_t);
	if (rc < 0 || !both || !queue || !r->node_live || !r->node_any)
		return err_raise(-ENOMEM);
	rc = two_way(r, &adj, both);
	if (rc < 0)
		return err_trace(rc);
	for (unsigned s = 0; s < LSDB_SOURCES_MAX; s++) {
		const struct merge_source *src = &r->in->sources[s];
		size_t words = BITSET_WORDS((size_t)r->n_nodes + 1);
		uint32_t root;

		if (!src->known)
			continue;
		r->reach[s] = ARENA_ARRAY(r->a, words, uint64_t);
		if (!r->reach[s])
			return err_raise(-ENOMEM);
		root = producer_slot(r, src);
		if (root == TED_NONE) /* a reflector outside the topology: nothing to root it at */
			memset(r->reach[s], 0xff, words * sizeof(uint64_t));
		else
			reach_from(r, &adj, both, s, root, queue);
		for (uint32_t n = 0; n < r->n_nodes; n++)
			if (bitset_has(r->reach[s], n)) {
				r->node_any[n] |= 1U << s;
				if (src->live)
					r->node_live[n] |= 1U << s;
			}
	}
	return 0;
}

/* The statement that holds for an entry, or NULL. */
static const struct ls_object *holds(const struct run *r, const struct lsdb_entry *e, uint64_t *seq)
{
	uint32_t slot = e->local->slot;
	uint32_t mask = r->node_live[slot] ? r->node_live[slot] : r->node_any[slot];
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

static uint8_t msd_of(const struct ls_msd *msd, size_t n, uint8_t type)
{
	for (size_t i = 0; i < n; i++)
		if (msd[i].type == type)
			return msd[i].value;
	return 0;
}

static void sid_fill(struct ted_sid *to, const struct ls_srv6_sid *from)
{
	*to = (struct ted_sid){ .sid = from->sid, .behavior = from->behavior, .algo = from->algo,
				.flags = from->flags };
	if (from->has_structure)
		to->structure = (struct ted_sid_structure){ from->structure.lb, from->structure.ln,
							    from->structure.fun, from->structure.arg };
}

static const struct ted_label_range *ranges_copy(struct arena *a, const struct ls_label_range *from,
						 size_t n, uint16_t *count)
{
	struct ted_label_range *to = ARENA_ARRAY(a, n + 1, struct ted_label_range);

	*count = 0;
	for (size_t i = 0; to && i < n; i++)
		to[(*count)++] = (struct ted_label_range){ from[i].base, from[i].size };
	return to;
}

/* Of definitions of one algorithm the first counts (RFC 9350 s5.1): the TED sees to that. */
static const struct ted_fad *fads_copy(struct arena *a, const struct ls_node *n, uint16_t *count)
{
	struct ted_fad *to = ARENA_ARRAY(a, n->n_flex + 1, struct ted_fad);

	_Static_assert(sizeof(to->exclude_any) == sizeof(n->flex->exclude_any), "same width");
	_Static_assert(sizeof(to->exclude_srlg) == sizeof(n->flex->exclude_srlg), "same width");
	*count = 0;
	for (size_t i = 0; to && i < n->n_flex; i++) {
		const struct ls_flex_algo *f = &n->flex[i];
		struct ted_fad *t = &to[(*count)++];

		*t = (struct ted_fad){ .algo = f->algo, .metric_type = f->metric_type,
				       .calc_type = f->calc_type, .priority = f->priority,
				       .n_exclude_any = f->n_exclude_any,
				       .n_include_any = f->n_include_any,
				       .n_include_all = f->n_include_all,
				       .n_exclude_srlg = f->n_exclude_srlg,
				       .flags = f->flags, .unsupported = f->unsupported };
		memcpy(t->exclude_any, f->exclude_any, sizeof(t->exclude_any));
		memcpy(t->include_any, f->include_any, sizeof(t->include_any));
		memcpy(t->include_all, f->include_all, sizeof(t->include_all));
		memcpy(t->exclude_srlg, f->exclude_srlg, sizeof(t->exclude_srlg));
	}
	return to;
}

static void node_attrs(struct run *r, struct ted_node *t, const struct ls_node *n)
{
	str_copy(t->name, sizeof(t->name), n->name);
	t->overload |= n->overload;
	t->srv6 |= n->srv6;
	if (n->router_id_v4.family)
		t->router_v4 = n->router_id_v4;
	if (n->router_id_v6.family)
		t->router_v6 = n->router_id_v6;
	if (n->n_srgb)
		t->srgb = ranges_copy(r->a, n->srgb, n->n_srgb, &t->n_srgb);
	if (n->n_srlb)
		t->srlb = ranges_copy(r->a, n->srlb, n->n_srlb, &t->n_srlb);
	if (n->n_msd) {
		t->msd_mpls = msd_of(n->msd, n->n_msd, 1);
		t->msd_max_sl = msd_of(n->msd, n->n_msd, 41);
		t->msd_end_pop = msd_of(n->msd, n->n_msd, 42);
		t->msd_h_encaps = msd_of(n->msd, n->n_msd, 44);
		t->msd_end_d = msd_of(n->msd, n->n_msd, 45);
	}
	if (n->n_flex)
		t->fads = fads_copy(r->a, n, &t->n_fads);
	for (size_t i = 0; i < n->n_algos; i++)
		bitset_add(t->algos, n->algos[i]);
}

struct node_parts {
	struct ip_prefix *prefixes;
	struct ted_locator *locators;
	struct ted_sid *sids;
	struct ted_node_sid *node_sids;
};

/* Transit prefixes are never used: FRR keeps those of failed links (lab defect 2). */
static void prefix_fill(struct ted_node *t, struct node_parts *p, const struct ls_prefix *o)
{
	if (o->prefix.len == ip_bits(&o->prefix.addr) && t->n_prefixes < UINT16_MAX)
		p->prefixes[t->n_prefixes++] = o->prefix;
	if (o->has_locator && t->n_locators < UINT16_MAX) {
		t->srv6 = true;
		p->locators[t->n_locators++] = (struct ted_locator){
			.prefix = o->prefix, .algo = o->locator_algo, .flags = o->locator_flags,
			.metric = o->locator_metric,
		};
	}
	for (size_t i = 0; i < o->n_sids && t->n_node_sids < UINT16_MAX; i++)
		p->node_sids[t->n_node_sids++] = (struct ted_node_sid){
			.prefix = o->prefix, .value = o->sids[i].value, .algo = o->sids[i].algo,
			.is_label = o->sids[i].is_label, .no_php = o->sids[i].no_php,
		};
}

static void part_fill(struct run *r, struct ted_node *t, struct node_parts *p,
		      const struct ls_object *o)
{
	switch (o->kind) {
	case LS_NODE:
		node_attrs(r, t, &o->node);
		break;
	case LS_PREFIX:
		prefix_fill(t, p, &o->prefix);
		break;
	case LS_SID:
		if (t->n_sids < UINT16_MAX)
			sid_fill(&p->sids[t->n_sids++], &o->sid.sid);
		break;
	case LS_LINK:
		break;
	}
}

static int node_fill(struct run *r, uint32_t slot)
{
	struct ted_node *t = &r->nodes[slot];
	size_t n_prefix_sids = 0, n = 0;
	struct node_parts p;

	for (uint32_t i = r->first[slot]; i != TED_NONE; i = r->next[i], n++) {
		const struct ls_object *o = holds(r, r->others[i], NULL);

		if (o && o->kind == LS_PREFIX)
			n_prefix_sids += o->prefix.n_sids;
	}
	p.prefixes = ARENA_ARRAY(r->a, n + 1, struct ip_prefix);
	p.locators = ARENA_ARRAY(r->a, n + 1, struct ted_locator);
	p.sids = ARENA_ARRAY(r->a, n + 1, struct ted_sid);
	p.node_sids = ARENA_ARRAY(r->a, n_prefix_sids + 1, struct ted_node_sid);
	if (!p.prefixes || !p.locators || !p.sids || !p.node_sids)
		return err_raise(-ENOMEM);
	t->prefixes = p.prefixes;
	t->locators = p.locators;
	t->sids = p.sids;
	t->node_sids = p.node_sids;
	for (uint32_t i = r->first[slot]; i != TED_NONE; i = r->next[i]) {
		const struct ls_object *o = holds(r, r->others[i], NULL);

		if (o)
			part_fill(r, t, &p, o);
	}
	return 0;
}

static int nodes_fill(struct run *r)
{
	r->nodes = ARENA_ARRAY(r->a, r->n_nodes + 1, struct ted_node);
	if (!r->nodes)
		return err_raise(-ENOMEM);
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
		t->alive = r->node_any[n->slot] != 0;
	}
	for (uint32_t s = 0; s < r->n_nodes; s++)
		if (r->nodes[s].alive && node_fill(r, s) < 0)
			return -ENOMEM;
	return 0;
}

static uint8_t system_id_len(const struct ted_node *n)
{
	return n->protocol == LS_ISIS_L1 || n->protocol == LS_ISIS_L2 ? 6 : 4;
}

/* 1 + index of the router a LAN SID names, 0 when it is not in the topology. */
static uint32_t lan_node(const struct run *r, const uint8_t *neighbor, uint8_t len)
{
	for (uint32_t i = 0; i < r->n_nodes; i++) {
		const struct ted_node *n = &r->nodes[i];

		if (n->alive && !n->pseudonode && len == system_id_len(n) &&
		    memcmp(neighbor, n->igp_id, len) == 0)
			return i + 1;
	}
	return 0;
}

/* End.X of a LAN names its neighbour. On a link straight to a router only the SID of that
 * router is taken; on a link into the pseudonode each SID keeps whom it leads to. */
static bool neighbor_fits(const struct run *r, const struct ted_node *to, const uint8_t *neighbor,
			  uint8_t len, uint32_t *lan)
{
	*lan = 0;
	if (len == 0)
		return !to->pseudonode;
	if (!to->pseudonode)
		return len == system_id_len(to) && memcmp(neighbor, to->igp_id, len) == 0;
	*lan = lan_node(r, neighbor, len);
	return *lan != 0;
}

static int link_sids(struct run *r, struct ted_link *t, const struct ls_link *l)
{
	struct ted_sid *sids = ARENA_ARRAY(r->a, l->n_endx + 1, struct ted_sid);
	struct ted_adj_sid *adj = ARENA_ARRAY(r->a, l->n_adj + 1, struct ted_adj_sid);
	const struct ted_node *to = &r->nodes[t->to];
	uint32_t lan;

	if (!sids || !adj)
		return err_raise(-ENOMEM);
	t->sids = sids;
	t->adj_sids = adj;
	for (size_t i = 0; i < l->n_endx; i++) {
		const struct ls_srv6_sid *s = &l->endx[i];

		if (!neighbor_fits(r, to, s->neighbor, s->neighbor_len, &lan))
			continue;
		sid_fill(&sids[t->n_sids], s);
		sids[t->n_sids++].lan_node = lan;
	}
	for (size_t i = 0; i < l->n_adj; i++) {
		const struct ls_adj_sid *s = &l->adj[i];

		if (neighbor_fits(r, to, s->neighbor, s->neighbor_len, &lan))
			adj[t->n_adj_sids++] = (struct ted_adj_sid){ .value = s->value,
								     .is_label = s->is_label,
								     .backup = s->backup,
								     .lan_node = lan };
	}
	t->srlg = arena_copy(r->a, l->srlg, l->n_srlg * sizeof(*l->srlg));
	t->n_srlg = (uint16_t)l->n_srlg;
	return t->srlg ? 0 : err_raise(-ENOMEM);
}

/* Are the attributes for Flex-Algo the plain ones: then one copy is enough. */
static bool flex_is_plain(const struct ls_link *l)
{
	enum { USED = LS_HAVE_TE_METRIC | LS_HAVE_ADMIN_GROUP | LS_HAVE_DELAY_MM };
	const struct ls_flex_attrs *f = &l->flex;

	return f->have == (l->have & USED) && f->n_srlg == l->n_srlg &&
	       (!(l->have & LS_HAVE_DELAY) || (l->have & LS_HAVE_DELAY_MM)) &&
	       f->te_metric == l->te_metric && f->delay_min_us == l->delay_min_us &&
	       memcmp(f->admin_group, l->admin_group, sizeof(f->admin_group)) == 0 &&
	       (f->n_srlg == 0 || memcmp(f->srlg, l->srlg, f->n_srlg * sizeof(*f->srlg)) == 0);
}

static int link_flex(struct run *r, struct ted_link *t, const struct ls_link *l)
{
	const struct ls_flex_attrs *f = &l->flex;
	struct ted_flex_attrs *own;

	t->flex_plain = flex_is_plain(l);
	if (t->flex_plain || (!f->have && f->n_srlg == 0))
		return 0;
	own = ARENA_NEW(r->a, struct ted_flex_attrs);
	if (!own)
		return err_raise(-ENOMEM);
	*own = (struct ted_flex_attrs){ .has_te = f->have & LS_HAVE_TE_METRIC,
					.has_delay = f->have & LS_HAVE_DELAY_MM,
					.te_metric = f->te_metric,
					.delay_us = f->delay_min_us,
					.srlg = f->srlg,
					.n_srlg = (uint16_t)f->n_srlg };
	memcpy(own->admin_group, f->admin_group, sizeof(own->admin_group));
	t->flex = own;
	return 0;
}

static void link_attrs(struct ted_link *t, const struct ls_link *l)
{
	t->local_id = l->key.local_link_id;
	t->remote_id = l->key.remote_link_id;
	t->local_v6 = l->key.local_v6;
	t->remote_v6 = l->key.remote_v6;
	t->local_v4 = l->key.local_v4;
	t->remote_v4 = l->key.remote_v4;
	t->has_igp = l->have & LS_HAVE_IGP_METRIC;
	t->igp_metric = l->igp_metric;
	t->has_te = l->have & LS_HAVE_TE_METRIC;
	t->te_metric = l->te_metric;
	t->has_delay = l->have & (LS_HAVE_DELAY | LS_HAVE_DELAY_MM);
	t->delay_min_us = l->have & LS_HAVE_DELAY_MM ? l->delay_min_us : l->delay_us;
	t->delay_max_us = l->have & LS_HAVE_DELAY_MM ? l->delay_max_us : l->delay_us;
	t->delay_us = t->delay_min_us;
	t->has_delay_var = l->have & LS_HAVE_DELAY_VAR;
	t->delay_var_us = l->delay_var_us;
	t->has_loss = l->have & LS_HAVE_LOSS;
	t->loss_ppm = l->loss_ppm;
	t->max_bw_bps = l->max_bw_bps;
	t->rsv_bw_bps = l->rsv_bw_bps;
	t->capacity_bps = l->have & LS_HAVE_RSV_BW ? l->rsv_bw_bps : l->max_bw_bps;
	memcpy(t->unrsv_bw_bps, l->unrsv_bw_bps, sizeof(t->unrsv_bw_bps));
	memcpy(t->admin_group, l->admin_group, sizeof(t->admin_group));
}

/* With multi-topology a link is told per topology. Where the IPv6 topology (MT 2) has a link
 * between two nodes, their MT 0 links without IPv6 addresses are the same wires once more. */
static bool mt_duplicate(const struct run *r, const struct lsdb_entry *e, const uint64_t *mt2_from)
{
	if (e->key.link.mt_id != 0 || e->key.link.local_v6.family == IP_V6 ||
	    !bitset_has(mt2_from, e->local->slot))
		return false;
	for (uint32_t i = 0; i < r->n_link_entries; i++)
		if (r->links[i]->key.link.mt_id == 2 && r->links[i]->local == e->local &&
		    r->links[i]->remote == e->remote && holds(r, r->links[i], NULL))
			return true;
	return false;
}

static int link_fill(struct run *r, uint32_t slot, const struct lsdb_entry *e,
		     const struct ls_object *o)
{
	struct ted_link *t = &r->tlinks[slot];

	*t = (struct ted_link){ .alive = true, .from = e->local->slot, .to = e->remote->slot,
				.reverse = TED_NONE };
	t->alive = r->nodes[t->from].alive && r->nodes[t->to].alive;
	link_attrs(t, &o->link);
	if (link_flex(r, t, &o->link) < 0)
		return -ENOMEM;
	return link_sids(r, t, &o->link);
}

/* Ends of links that are down: a tombstone still says where it was. */
static void tombstones_fill(struct run *r)
{
	HASH_EACH(h, &r->in->slots->links) {
		const struct slot *s = CONTAINER_OF(h, struct slot, node);
		struct ted_link *t = &r->tlinks[s->index];

		t->from = s->lk.from;
		t->to = s->lk.to;
		t->reverse = TED_NONE;
		if (s->lk.local.family == IP_V6) {
			t->local_v6 = s->lk.local;
			t->remote_v6 = s->lk.remote;
		} else if (s->lk.local.family == IP_V4) {
			t->local_v4 = s->lk.local;
			t->remote_v4 = s->lk.remote;
		}
	}
	HASH_EACH(h, &r->in->slots->nodes) {
		const struct slot *s = CONTAINER_OF(h, struct slot, node);
		struct ted_node *t = &r->nodes[s->index];
		struct ls_node_id id = { .igp_id_len = s->nk.len };

		if (t->igp_id_len)
			continue;
		memcpy(id.igp_id, s->nk.id, sizeof(id.igp_id));
		ls_node_id_text(&id, t->id, sizeof(t->id));
	}
}

static int links_fill(struct run *r)
{
	uint64_t *seqs = ARENA_ARRAY(r->a, r->n_links + 1, uint64_t);
	uint64_t *mt2 = ARENA_ARRAY(r->a, BITSET_WORDS((size_t)r->n_nodes + 1), uint64_t);

	r->tlinks = ARENA_ARRAY(r->a, r->n_links + 1, struct ted_link);
	if (!seqs || !mt2 || !r->tlinks)
		return err_raise(-ENOMEM);
	tombstones_fill(r);
	for (uint32_t i = 0; i < r->n_link_entries; i++)
		if (r->links[i]->key.link.mt_id == 2)
			bitset_add(mt2, r->links[i]->local->slot);
	for (uint32_t i = 0; i < r->n_link_entries; i++) {
		uint32_t slot = r->link_slot[i];
		uint64_t seq;
		const struct ls_object *o = holds(r, r->links[i], &seq);

		if (!o || seq < seqs[slot] || mt_duplicate(r, r->links[i], mt2))
			continue;
		seqs[slot] = seq;
		if (link_fill(r, slot, r->links[i], o) < 0)
			return -ENOMEM;
	}
	for (uint32_t s = 0; r->in->up && s < r->n_links; s++)
		if (!r->in->up(r->in->up_arg, s, r->tlinks[s].alive))
			r->tlinks[s].alive = false;
	return 0;
}

int merge_run(const struct merge_in *in, struct arena *a, struct ted_input *out)
{
	struct run r = { .in = in, .a = a };
	int rc = slots_of_nodes(&r);

	r.n_nodes = in->slots->n_nodes;
	if (rc < 0 || (rc = entries_sort(&r)) < 0 || (rc = reach_all(&r)) < 0 ||
	    (rc = nodes_fill(&r)) < 0 || (rc = links_fill(&r)) < 0)
		return err_trace(rc);
	*out = (struct ted_input){ .nodes = r.nodes, .links = r.tlinks, .n_nodes = r.n_nodes,
				   .n_links = r.n_links };
	return 0;
}
