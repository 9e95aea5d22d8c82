/* SPDX-License-Identifier: Apache-2.0 */
/* Interning of nodes and links: keys are zeroed and hashed as bytes. */
#include "topo/slots.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

static bool node_slot_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&CONTAINER_OF(n, struct merge_slot, node)->nk, key,
		      sizeof(struct merge_node_key)) == 0;
}

static bool link_slot_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&CONTAINER_OF(n, struct merge_slot, node)->lk, key,
		      sizeof(struct merge_link_key)) == 0;
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
		free(CONTAINER_OF(n, struct merge_slot, node));
	hash_fini(h);
}

void merge_slots_fini(struct merge_slots *s)
{
	slots_free(&s->nodes);
	slots_free(&s->links);
	VEC_FINI(&s->link_at);
}

/* TED_NONE: over the limit or no memory; the object is then left out, and counted. */
static uint32_t slot_get(struct merge_slots *s, struct hash *h, uint32_t *count, const void *key,
			 size_t len)
{
	struct hash_node *n = hash_get(h, key, len, key);
	struct merge_slot *slot;

	if (n)
		return CONTAINER_OF(n, struct merge_slot, node)->index;
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

static void node_key(struct merge_node_key *k, const struct ls_node_id *id)
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
	struct merge_node_key key;
	uint32_t low, high;
};

static bool asn_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&CONTAINER_OF(n, struct asn_seen, node)->key, key,
		      sizeof(struct merge_node_key)) == 0;
}

static struct asn_seen *asn_get(struct arena *a, struct hash *h, const struct merge_node_key *k)
{
	struct hash_node *n = hash_get(h, k, sizeof(*k), k);
	struct asn_seen *s;

	if (n)
		return CONTAINER_OF(n, struct asn_seen, node);
	s = ARENA_NEW(a, struct asn_seen);
	if (!s)
		return NULL;
	s->key = *k;
	s->low = UINT32_MAX;
	return hash_put(h, k, sizeof(*k), &s->node) < 0 ? NULL : s;
}

int merge_slots_of_nodes(struct merge_slots *slots, const struct lsdb *db, struct arena *a)
{
	struct hash asns;
	int rc = 0;

	hash_init(&asns, 1, asn_eq);
	HASH_EACH(h, &db->nodes) {
		const struct lsdb_node *n = CONTAINER_OF(h, struct lsdb_node, node);
		struct merge_node_key k;
		struct asn_seen *s;

		node_key(&k, &n->id);
		s = asn_get(a, &asns, &k);
		if (!s) {
			rc = err_raise(-ENOMEM);
			goto out;
		}
		if (n->id.asn && n->id.asn < s->low)
			s->low = n->id.asn;
		if (n->id.asn > s->high)
			s->high = n->id.asn;
	}
	HASH_EACH(h, &db->nodes) {
		struct lsdb_node *n = CONTAINER_OF(h, struct lsdb_node, node);
		struct merge_node_key k;
		struct asn_seen *s;

		node_key(&k, &n->id);
		s = asn_get(a, &asns, &k);
		if (s && s->high && s->low != s->high)
			k.asn = n->id.asn ? n->id.asn : s->low;
		n->slot = slot_get(slots, &slots->nodes, &slots->n_nodes, &k, sizeof(k));
	}
out:
	hash_fini(&asns);
	return rc;
}

/* Like a node's, and found by its index too. */
static uint32_t link_slot(struct merge_slots *s, const struct merge_link_key *k)
{
	uint32_t before = s->n_links;
	uint32_t at = slot_get(s, &s->links, &s->n_links, k, sizeof(*k));
	struct hash_node *n;

	if (s->n_links == before)
		return at;
	n = hash_get(&s->links, k, sizeof(*k), k);
	if (VEC_ADD(&s->link_at, CONTAINER_OF(n, struct merge_slot, node)))
		return at;
	hash_del(&s->links, n);
	free(CONTAINER_OF(n, struct merge_slot, node));
	s->n_links--;
	s->refused++;
	return TED_NONE;
}

/* The strongest identifier a link has names it: IPv6 addresses, else IPv4, else link ids. */
uint32_t merge_slot_of_link(struct merge_slots *slots, struct lsdb_entry *e)
{
	const struct ls_link_key *l = &e->key.link;
	struct merge_link_key k;

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
	e->slot = link_slot(slots, &k);
	if (e->slot != TED_NONE) {
		e->slot_from = k.from;
		e->slot_to = k.to;
	}
	return e->slot;
}

