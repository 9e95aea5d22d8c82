/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Indexes of a TED: arrays sorted by a 64-bit hash, searched by halving. Sorting is by radix,
 * so building costs the same whatever keys a peer chooses; equal hashes are told apart by
 * comparing what they stand for (ted_find.c).
 */
#include <string.h>

#include "base/err.h"
#include "pce/ted_priv.h"

uint64_t ted_hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i += 8) {
		uint64_t w = 0;

		memcpy(&w, p + i, len - i < 8 ? len - i : 8);
		h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
		h *= UINT64_C(0xbf58476d1ce4e5b9);
		h ^= h >> 32;
	}
	return h ^ len;
}

static void radix_pass(const struct ted_key *from, struct ted_key *to, uint32_t n, unsigned shift)
{
	uint32_t at[257] = { 0 };

	for (uint32_t i = 0; i < n; i++)
		at[(from[i].h >> shift & 0xff) + 1]++;
	for (unsigned i = 1; i < 257; i++)
		at[i] += at[i - 1];
	for (uint32_t i = 0; i < n; i++)
		to[at[from[i].h >> shift & 0xff]++] = from[i];
}

enum { SMALL = 48 };

static void insertion_sort(struct ted_key *at, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct ted_key x = at[i];
		uint32_t k = i;

		for (; k > 0 && at[k - 1].h > x.h; k--)
			at[k] = at[k - 1];
		at[k] = x;
	}
}

void ted_keys_sort(struct ted_key *at, struct ted_key *tmp, uint32_t n)
{
	if (n < SMALL) {
		insertion_sort(at, n);
		return;
	}
	for (unsigned shift = 0; shift < 64; shift += 16) {
		radix_pass(at, tmp, n, shift);
		radix_pass(tmp, at, n, shift + 8);
	}
}

uint64_t ted_addr_hash(const struct ip_addr *a)
{
	return ted_hash(a->family, a->b, sizeof(a->b));
}

uint64_t ted_prefix_hash(const struct ip_prefix *p)
{
	return ted_hash((uint64_t)p->addr.family << 8 | p->len, p->addr.b, sizeof(p->addr.b));
}

uint64_t ted_text_hash(const char *s)
{
	return ted_hash(0, s, strlen(s));
}

bool ted_host_prefix(const struct ip_prefix *p)
{
	return p->addr.family && p->len == ip_bits(&p->addr);
}

/* ---- what one node or link has to say to each index ---- */

/* Told of each key, in the order a full build enters them. */
struct sink {
	void (*put)(struct sink *s, enum ted_index_kind kind, struct ted_key key);
};

static void put(struct sink *s, enum ted_index_kind kind, uint64_t h, uint32_t ref, uint32_t aux)
{
	s->put(s, kind, (struct ted_key){ .h = h, .ref = ref, .aux = aux });
}

static void keys_of_sids(struct sink *s, uint32_t ref, const struct ted_sid *sids, uint32_t n,
			 uint32_t is_link)
{
	for (uint32_t j = 0; j < n; j++)
		put(s, TED_IX_SIDS, ted_addr_hash(&sids[j].sid), ref, is_link | j);
}

static void keys_of_addrs(struct sink *s, uint32_t i, const struct ted_node *n)
{
	if (n->router_v6.family)
		put(s, TED_IX_ADDRS, ted_addr_hash(&n->router_v6), i, 0);
	if (n->router_v4.family)
		put(s, TED_IX_ADDRS, ted_addr_hash(&n->router_v4), i, 0);
	for (uint32_t j = 0; j < n->n_prefixes; j++)
		if (ted_host_prefix(&n->prefixes[j]))
			put(s, TED_IX_ADDRS, ted_addr_hash(&n->prefixes[j].addr), i, 0);
}

static void keys_of_node(struct sink *s, uint32_t i, const struct ted_node *n)
{
	put(s, TED_IX_TEXTS, ted_text_hash(n->id), i, 0);
	if (n->name[0])
		put(s, TED_IX_TEXTS, ted_text_hash(n->name), i, 1);
	keys_of_addrs(s, i, n);
	for (uint32_t j = 0; j < n->n_locators; j++)
		if (n->locators[j].prefix.addr.family == IP_V6 && n->locators[j].prefix.len <= 128)
			put(s, TED_IX_LOCATORS, ted_prefix_hash(&n->locators[j].prefix), i, j);
	for (uint32_t j = 0; j < n->n_node_sids; j++)
		if (n->node_sids[j].algo == 0)
			put(s, TED_IX_NODE_SIDS,
			    (uint64_t)n->node_sids[j].value << 1 | n->node_sids[j].is_label, i, j);
	keys_of_sids(s, i, n->sids, n->n_sids, 0);
}

static void keys_of_link(struct sink *s, uint32_t i, const struct ted_link *l)
{
	if (l->local_v6.family)
		put(s, TED_IX_LINK_ADDRS, ted_addr_hash(&l->local_v6), i, 0);
	if (l->local_v4.family)
		put(s, TED_IX_LINK_ADDRS, ted_addr_hash(&l->local_v4), i, 0);
	keys_of_sids(s, i, l->sids, l->n_sids, TED_IX_OF_LINK);
}

static void keys_of_all(struct sink *s, const struct ted *t)
{
	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].alive)
			keys_of_node(s, i, &t->nodes[i]);
	for (uint32_t i = 0; i < t->n_links; i++)
		if (t->links[i].alive)
			keys_of_link(s, i, &t->links[i]);
}

/* ---- a full build: count, then fill, then sort ---- */

struct counter {
	struct sink sink;
	uint32_t n[TED_IX_COUNT];
};

static void count_put(struct sink *s, enum ted_index_kind kind, struct ted_key key)
{
	(void)key;
	CONTAINER_OF(s, struct counter, sink)->n[kind]++;
}

struct filler {
	struct sink sink;
	struct ted_index *ix;
};

static void fill_put(struct sink *s, enum ted_index_kind kind, struct ted_key key)
{
	struct ted_keys *k = &CONTAINER_OF(s, struct filler, sink)->ix->k[kind];

	k->at[k->n++] = key;
}

static bool length_known(const struct ted_priv *p, uint8_t len)
{
	for (uint32_t i = 0; i < p->n_loc_lens; i++)
		if (p->loc_lens[i] == len)
			return true;
	return false;
}

static void note_length(struct ted_priv *p, uint8_t len)
{
	uint32_t i;

	if (length_known(p, len))
		return;
	for (i = p->n_loc_lens++; i > 0 && p->loc_lens[i - 1] < len; i--)
		p->loc_lens[i] = p->loc_lens[i - 1];
	p->loc_lens[i] = len;
}

static void note_lengths(struct ted_priv *p, const struct ted_keys *k)
{
	for (uint32_t i = 0; i < k->n; i++)
		note_length(p, p->ted.nodes[k->at[i].ref].locators[k->at[i].aux].prefix.len);
}

int ted_index(struct ted_priv *p, struct arena *scratch)
{
	struct counter count = { .sink = { count_put } };
	struct filler fill = { .sink = { fill_put }, .ix = &p->store->index };
	uint32_t most = 0;
	struct ted_key *tmp;

	keys_of_all(&count.sink, &p->ted);
	for (unsigned k = 0; k < TED_IX_COUNT; k++) {
		fill.ix->k[k].at = ARENA_ARRAY(&p->store->arena, count.n[k], struct ted_key);
		most = count.n[k] > most ? count.n[k] : most;
		if (!fill.ix->k[k].at)
			return err_raise(-ENOMEM);
	}
	tmp = ARENA_ARRAY(scratch, most, struct ted_key);
	if (!tmp)
		return err_raise(-ENOMEM);
	keys_of_all(&fill.sink, &p->ted);
	for (unsigned k = 0; k < TED_IX_COUNT; k++)
		ted_keys_sort(fill.ix->k[k].at, tmp, fill.ix->k[k].n);
	note_lengths(p, &fill.ix->k[TED_IX_LOCATORS]);
	return 0;
}

/* ---- an update: what is not there yet goes into a small index of its own ---- */

struct adder {
	struct sink sink;
	struct ted_priv *p;
	bool full;
};

/* Where a key is or would be. */
static uint32_t key_place(const struct ted_keys *k, const struct ted_key *key)
{
	uint32_t lo = 0, hi = k->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ted_key_before(&k->at[mid], key))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool key_at(const struct ted_keys *k, uint32_t i, const struct ted_key *key)
{
	return i < k->n && k->at[i].h == key->h && k->at[i].ref == key->ref &&
	       k->at[i].aux == key->aux;
}

static void more_put(struct sink *s, enum ted_index_kind kind, struct ted_key key)
{
	struct adder *a = CONTAINER_OF(s, struct adder, sink);
	const struct ted_keys *store = &a->p->store->index.k[kind];
	struct ted_keys *k = &a->p->more.k[kind];
	uint32_t i = key_place(k, &key);

	if (key_at(store, key_place(store, &key), &key) || key_at(k, i, &key))
		return;
	if (k->n == TED_MORE_MAX) {
		a->full = true;
		return;
	}
	memmove(&k->at[i + 1], &k->at[i], (k->n++ - i) * sizeof(*k->at));
	k->at[i] = key;
	if (kind == TED_IX_LOCATORS)
		note_length(a->p, a->p->ted.nodes[key.ref].locators[key.aux].prefix.len);
}

/* Room for what there was and what may come; one word of memory when nothing can. */
static int more_room(struct ted_priv *p, const struct ted_index *before, const uint32_t *n)
{
	for (unsigned k = 0; k < TED_IX_COUNT; k++) {
		uint32_t cap = before->k[k].n + n[k];
		struct ted_key *at;

		cap = cap < TED_MORE_MAX ? cap : TED_MORE_MAX;
		at = ARENA_ARRAY(&p->arena, cap, struct ted_key);
		if (!at)
			return err_raise(-ENOMEM);
		if (before->k[k].n > 0)
			memcpy(at, before->k[k].at, before->k[k].n * sizeof(*at));
		p->more.k[k] = (struct ted_keys){ .at = at, .n = before->k[k].n };
	}
	return 0;
}

static void keys_of_some(struct sink *s, const struct ted *t, const struct ted_subset *nodes,
			 const struct ted_subset *links)
{
	for (uint32_t i = 0; i < nodes->n; i++)
		if (t->nodes[nodes->at[i]].alive)
			keys_of_node(s, nodes->at[i], &t->nodes[nodes->at[i]]);
	for (uint32_t i = 0; i < links->n; i++)
		if (t->links[links->at[i]].alive)
			keys_of_link(s, links->at[i], &t->links[links->at[i]]);
}

int ted_index_more(struct ted_priv *p, const struct ted_index *before,
		   const struct ted_subset *nodes, const struct ted_subset *links)
{
	struct counter count = { .sink = { count_put } };
	struct adder add = { .sink = { more_put }, .p = p };

	keys_of_some(&count.sink, &p->ted, nodes, links);
	if (more_room(p, before, count.n) < 0)
		return -ENOMEM;
	keys_of_some(&add.sink, &p->ted, nodes, links);
	return add.full;
}
