/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storage of statements. An object is kept as one block: the struct, then its arrays, found
 * by a table that says where each kind keeps its pointers.
 */
#include "topo/lsdb.h"

#include <string.h>

#include "pce/ted.h"

struct part {
	size_t at, count, size;
};

#define PART(member, array, n)                                                                     \
	{                                                                                          \
		offsetof(struct ls_object, member.array), offsetof(struct ls_object, member.n),    \
			sizeof(*((struct ls_object *)0)->member.array)                             \
	}

enum {
	PARTS_MAX = 5,
	DIRTY_MAX = 1024, /* entries: beyond it a merge of everything costs less */
};

static const struct part parts[][PARTS_MAX] = {
	[LS_NODE] = { PART(node, srgb, n_srgb), PART(node, srlb, n_srlb), PART(node, algos, n_algos),
		      PART(node, msd, n_msd), PART(node, flex, n_flex) },
	[LS_LINK] = { PART(link, srlg, n_srlg), PART(link, endx, n_endx), PART(link, adj, n_adj),
		      PART(link, msd, n_msd), PART(link, flex.srlg, flex.n_srlg) },
	[LS_PREFIX] = { PART(prefix, sids, n_sids) },
	[LS_SID] = { { 0 } },
};

static const void *part_ptr(const struct ls_object *o, const struct part *p)
{
	const void *v;

	memcpy(&v, (const char *)o + p->at, sizeof(v));
	return v;
}

static size_t part_len(const struct ls_object *o, const struct part *p)
{
	size_t n;

	memcpy(&n, (const char *)o + p->count, sizeof(n));
	return n * p->size;
}

static size_t align_up(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static struct ls_object *object_copy(const struct ls_object *src)
{
	const struct part *table = parts[src->kind];
	size_t len = align_up(sizeof(*src));
	struct ls_object *o;
	char *to;

	for (unsigned i = 0; i < PARTS_MAX && table[i].size; i++)
		len += align_up(part_len(src, &table[i]));
	o = calloc(1, len);
	if (!o)
		return NULL;
	memcpy(o, src, sizeof(*src));
	to = (char *)o + align_up(sizeof(*src));
	for (unsigned i = 0; i < PARTS_MAX && table[i].size; i++) {
		size_t n = part_len(src, &table[i]);
		const char *at = to;

		if (n > 0)
			memcpy(to, part_ptr(src, &table[i]), n);
		memcpy((char *)o + table[i].at, &at, sizeof(at));
		to += align_up(n);
	}
	return o;
}

/* Padding may differ where the values do not: that costs a rebuild, never a missed change. */
static bool object_same(const struct ls_object *a, const struct ls_object *b)
{
	const struct part *table = parts[a->kind];
	struct ls_object x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	for (unsigned i = 0; i < PARTS_MAX && table[i].size; i++) {
		size_t n = part_len(a, &table[i]);

		if (n != part_len(b, &table[i]) ||
		    (n > 0 && memcmp(part_ptr(a, &table[i]), part_ptr(b, &table[i]), n) != 0))
			return false;
		memset((char *)&x + table[i].at, 0, sizeof(void *));
		memset((char *)&y + table[i].at, 0, sizeof(void *));
	}
	return memcmp(&x, &y, sizeof(x)) == 0;
}

/* Field by field into zeroed memory, so that keys hash as bytes. */
static void id_copy(struct ls_node_id *to, const struct ls_node_id *from)
{
	to->protocol = from->protocol;
	to->igp_id_len = from->igp_id_len;
	memcpy(to->igp_id, from->igp_id, sizeof(to->igp_id));
	to->instance = from->instance;
	to->asn = from->asn;
	to->area = from->area;
	to->bgp_router_id = from->bgp_router_id;
}

static void link_key_copy(struct ls_link_key *to, const struct ls_link_key *from)
{
	id_copy(&to->local, &from->local);
	id_copy(&to->remote, &from->remote);
	to->has_ids = from->has_ids;
	to->local_link_id = from->local_link_id;
	to->remote_link_id = from->remote_link_id;
	to->local_v4 = from->local_v4;
	to->remote_v4 = from->remote_v4;
	to->local_v6 = from->local_v6;
	to->remote_v6 = from->remote_v6;
	to->mt_id = from->mt_id;
}

static void key_of(struct lsdb_key *k, const struct ls_object *o)
{
	memset(k, 0, sizeof(*k));
	k->kind = (uint8_t)o->kind;
	switch (o->kind) {
	case LS_NODE:
		id_copy(&k->node, &o->node.id);
		break;
	case LS_LINK:
		link_key_copy(&k->link, &o->link.key);
		break;
	case LS_PREFIX:
		id_copy(&k->prefix.node, &o->prefix.node);
		k->prefix.prefix.addr = o->prefix.prefix.addr;
		k->prefix.prefix.len = o->prefix.prefix.len;
		k->prefix.mt_id = o->prefix.mt_id;
		k->prefix.route_type = o->prefix.ospf_route_type;
		break;
	case LS_SID:
		id_copy(&k->sid.node, &o->sid.node);
		k->sid.sid = o->sid.sid.sid;
		k->sid.mt_id = o->sid.mt_id;
		break;
	}
}

/* Every variant begins with the node that advertises it. */
static const struct ls_node_id *key_local(const struct lsdb_key *k)
{
	return k->kind == LS_LINK ? &k->link.local : &k->node;
}

static bool entry_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&CONTAINER_OF(n, struct lsdb_entry, node)->key, key, sizeof(struct lsdb_key)) == 0;
}

static bool node_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&CONTAINER_OF(n, struct lsdb_node, node)->id, key, sizeof(struct ls_node_id)) == 0;
}

void lsdb_init(struct lsdb *db, uint64_t seed)
{
	*db = (struct lsdb){ 0 };
	hash_init(&db->entries, seed, entry_eq);
	hash_init(&db->nodes, seed, node_eq);
	list_init(&db->all);
	list_init(&db->dirty);
	db->all_dirty = true;
}

static struct lsdb_node *node_hold(struct lsdb *db, const struct ls_node_id *id)
{
	struct hash_node *h = hash_get(&db->nodes, id, sizeof(*id), id);
	struct lsdb_node *n;

	if (h) {
		n = CONTAINER_OF(h, struct lsdb_node, node);
		n->refs++;
		return n;
	}
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	memcpy(&n->id, id, sizeof(*id));
	n->refs = 1;
	n->slot = TED_NONE;
	if (hash_put(&db->nodes, &n->id, sizeof(n->id), &n->node) < 0) {
		free(n);
		return NULL;
	}
	lsdb_all_dirty(db);
	return n;
}

static void node_drop(struct lsdb *db, struct lsdb_node *n)
{
	if (!n || --n->refs > 0)
		return;
	hash_del(&db->nodes, &n->node);
	free(n);
	db->all_dirty = true;
}

static void entry_free(struct lsdb *db, struct lsdb_entry *e)
{
	if (e->node.next || hash_get(&db->entries, &e->key, sizeof(e->key), &e->key) == &e->node)
		hash_del(&db->entries, &e->node);
	list_del(&e->link);
	list_del(&e->dirty);
	list_del(&e->at_local);
	list_del(&e->at_remote);
	node_drop(db, e->local);
	node_drop(db, e->remote);
	LSDB_EACH_SOURCE(s, e->announced)
		free(e->said[s].obj);
	free(e);
}

static void dirty_end(struct lsdb *db)
{
	for (struct list *l; (l = list_pop(&db->dirty));) {
		struct lsdb_entry *e = LIST_OF(l, struct lsdb_entry, dirty);

		if (!e->announced)
			entry_free(db, e);
	}
	db->n_dirty = 0;
}

void lsdb_settle(struct lsdb *db)
{
	db->all_dirty = false;
	dirty_end(db);
}

void lsdb_bury(struct lsdb *db)
{
	LIST_EACH(l, &db->dirty) {
		struct lsdb_entry *e = LIST_OF(l, struct lsdb_entry, dirty);

		if (e->announced)
			continue;
		db->n_dirty--;
		entry_free(db, e);
	}
}

void lsdb_all_dirty(struct lsdb *db)
{
	db->all_dirty = true;
	dirty_end(db);
}

static void touch(struct lsdb *db, struct lsdb_entry *e)
{
	if (db->all_dirty || list_linked(&e->dirty))
		return;
	list_add(&db->dirty, &e->dirty);
	if (++db->n_dirty > DIRTY_MAX)
		lsdb_all_dirty(db);
}

void lsdb_fini(struct lsdb *db)
{
	dirty_end(db);
	LIST_EACH(l, &db->all)
		entry_free(db, LIST_OF(l, struct lsdb_entry, link));
	hash_fini(&db->entries);
	hash_fini(&db->nodes);
}

static struct lsdb_entry *entry_find(const struct lsdb *db, const struct lsdb_key *k)
{
	struct hash_node *h = hash_get(&db->entries, k, sizeof(*k), k);

	return h ? CONTAINER_OF(h, struct lsdb_entry, node) : NULL;
}

static struct lsdb_entry *entry_new(struct lsdb *db, const struct lsdb_key *k)
{
	struct lsdb_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	memcpy(&e->key, k, sizeof(*k));
	e->slot_from = UINT32_MAX;
	list_init(&e->link);
	list_init(&e->dirty);
	list_init(&e->at_local);
	list_init(&e->at_remote);
	e->local = node_hold(db, key_local(k));
	if (k->kind == LS_LINK)
		e->remote = node_hold(db, &k->link.remote);
	if (!e->local || (k->kind == LS_LINK && !e->remote) ||
	    hash_put(&db->entries, &e->key, sizeof(e->key), &e->node) < 0) {
		node_drop(db, e->local);
		node_drop(db, e->remote);
		free(e);
		return NULL;
	}
	list_add(&db->all, &e->link);
	return e;
}

enum lsdb_change lsdb_announce(struct lsdb *db, unsigned source, const struct ls_object *obj)
{
	struct ls_object *copy;
	struct lsdb_entry *e;
	struct lsdb_key k;
	enum lsdb_change change = LSDB_GOOD;

	key_of(&k, obj);
	e = entry_find(db, &k);
	if (e && e->said[source].obj && object_same(e->said[source].obj, obj)) {
		e->said[source].seq = ++db->seq;
		touch(db, e); /* what is said again may hold instead of what another said */
		return LSDB_NOTHING;
	}
	copy = object_copy(obj);
	if (!copy)
		return LSDB_NO_MEMORY;
	if (!e)
		e = entry_new(db, &k);
	if (!e) {
		free(copy);
		return LSDB_NO_MEMORY;
	}
	if (e->said[source].obj) {
		free(e->said[source].obj);
		change = LSDB_BAD;
	} else {
		db->n_announced[source]++;
	}
	e->said[source] = (struct lsdb_statement){ ++db->seq, copy };
	e->heard |= UINT32_C(1) << source;
	e->announced |= UINT32_C(1) << source;
	touch(db, e);
	return change;
}

enum lsdb_change lsdb_withdraw(struct lsdb *db, unsigned source, const struct ls_object *obj)
{
	struct lsdb_entry *e;
	struct lsdb_key k;

	key_of(&k, obj);
	e = entry_find(db, &k);
	if (!e || !e->said[source].obj)
		return LSDB_NOTHING;
	free(e->said[source].obj);
	e->said[source] = (struct lsdb_statement){ ++db->seq, NULL };
	e->announced &= ~(UINT32_C(1) << source);
	db->n_announced[source]--;
	if (!db->all_dirty)
		touch(db, e); /* and it is kept until the next merge has seen it */
	else if (!e->announced)
		entry_free(db, e);
	return LSDB_BAD;
}

bool lsdb_forget(struct lsdb *db, unsigned source)
{
	bool any = false;

	lsdb_all_dirty(db);
	LIST_EACH(l, &db->all) {
		struct lsdb_entry *e = LIST_OF(l, struct lsdb_entry, link);

		any |= e->said[source].obj != NULL;
		free(e->said[source].obj);
		e->said[source] = (struct lsdb_statement){ 0 };
		e->heard &= ~(UINT32_C(1) << source);
		e->announced &= ~(UINT32_C(1) << source);
		if (!e->announced)
			entry_free(db, e);
	}
	db->n_announced[source] = 0;
	return any;
}

static bool object_tells(const struct ls_object *o, uint8_t algo)
{
	bool told = o->kind == LS_PREFIX && o->prefix.has_locator && o->prefix.locator_algo == algo;

	for (size_t i = 0; o->kind == LS_NODE && !told && i < o->node.n_algos; i++)
		told = o->node.algos[i] == algo;
	for (size_t i = 0; o->kind == LS_NODE && !told && i < o->node.n_flex; i++)
		told = o->node.flex[i].algo == algo;
	return told;
}

bool lsdb_algo_told(const struct lsdb *db, uint8_t algo)
{
	for (const struct list *l = db->all.next; l != &db->all; l = l->next) {
		const struct lsdb_entry *e = CONTAINER_OF(l, struct lsdb_entry, link);

		LSDB_EACH_SOURCE(s, e->key.kind == LS_LINK ? 0 : e->announced)
			if (object_tells(e->said[s].obj, algo))
				return true;
	}
	return false;
}
