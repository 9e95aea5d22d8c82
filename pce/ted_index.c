/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Indexes of a TED: arrays sorted by a 64-bit hash, searched by halving. Sorting is by radix,
 * so building costs the same whatever keys a peer chooses; equal hashes are told apart by
 * comparing what they stand for, and the first entry (lowest index) wins.
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

void ted_keys_sort(struct ted_key *at, struct ted_key *tmp, uint32_t n)
{
	for (unsigned shift = 0; shift < 64; shift += 16) {
		radix_pass(at, tmp, n, shift);
		radix_pass(tmp, at, n, shift + 8);
	}
}

uint32_t ted_keys_find(const struct ted_keys *k, uint64_t h)
{
	uint32_t lo = 0, hi = k->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (k->at[mid].h < h)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint64_t addr_hash(const struct ip_addr *a)
{
	return ted_hash(a->family, a->b, sizeof(a->b));
}

static uint64_t prefix_hash(const struct ip_prefix *p)
{
	return ted_hash((uint64_t)p->addr.family << 8 | p->len, p->addr.b, sizeof(p->addr.b));
}

static uint64_t text_hash(const char *s)
{
	return ted_hash(0, s, strlen(s));
}

static bool host_prefix(const struct ip_prefix *p)
{
	return p->addr.family && p->len == ip_bits(&p->addr);
}

/* ---- building: each function adds what one node or link has to one index ---- */

static void put(struct ted_keys *k, uint64_t h, uint32_t ref, uint32_t aux)
{
	k->at[k->n++] = (struct ted_key){ .h = h, .ref = ref, .aux = aux };
}

static void index_texts(struct ted_keys *k, uint32_t i, const struct ted_node *n)
{
	put(k, text_hash(n->id), i, 0);
	if (n->name[0])
		put(k, text_hash(n->name), i, 1);
}

static void index_addrs(struct ted_keys *k, uint32_t i, const struct ted_node *n)
{
	if (n->router_v6.family)
		put(k, addr_hash(&n->router_v6), i, 0);
	if (n->router_v4.family)
		put(k, addr_hash(&n->router_v4), i, 0);
	for (uint32_t j = 0; j < n->n_prefixes; j++)
		if (host_prefix(&n->prefixes[j]))
			put(k, addr_hash(&n->prefixes[j].addr), i, 0);
}

static void index_locators(struct ted_keys *k, uint32_t i, const struct ted_node *n)
{
	for (uint32_t j = 0; j < n->n_locators; j++)
		if (n->locators[j].prefix.addr.family == IP_V6 && n->locators[j].prefix.len <= 128)
			put(k, prefix_hash(&n->locators[j].prefix), i, j);
}

static void index_node_sids(struct ted_keys *k, uint32_t i, const struct ted_node *n)
{
	for (uint32_t j = 0; j < n->n_node_sids; j++)
		if (n->node_sids[j].algo == 0)
			put(k, (uint64_t)n->node_sids[j].value << 1 | n->node_sids[j].is_label, i,
			    j);
}

static void index_sids(struct ted_keys *k, uint32_t ref, const struct ted_sid *s, uint32_t n,
		       uint32_t is_link)
{
	for (uint32_t j = 0; j < n; j++)
		put(k, addr_hash(&s[j].sid), ref, j << 1 | is_link);
}

/* Every host prefix and SID once, and two more for router ids or names: never too small. */
struct sizes {
	size_t texts, addrs, links, locators, sids, node_sids, most;
};

static struct sizes measure(const struct ted *t)
{
	struct sizes s = { .texts = 2 * (size_t)t->n_nodes, .links = 2 * (size_t)t->n_links };

	for (uint32_t i = 0; i < t->n_nodes; i++) {
		s.addrs += 2U + t->nodes[i].n_prefixes;
		s.locators += t->nodes[i].n_locators;
		s.sids += t->nodes[i].n_sids;
		s.node_sids += t->nodes[i].n_node_sids;
	}
	for (uint32_t i = 0; i < t->n_links; i++)
		s.sids += t->links[i].n_sids;
	s.most = s.texts;
	s.most = s.addrs > s.most ? s.addrs : s.most;
	s.most = s.links > s.most ? s.links : s.most;
	s.most = s.locators > s.most ? s.locators : s.most;
	s.most = s.sids > s.most ? s.sids : s.most;
	s.most = s.node_sids > s.most ? s.node_sids : s.most;
	return s;
}

static bool room(struct ted_priv *p, struct ted_keys *k, size_t n)
{
	k->at = ARENA_ARRAY(&p->arena, n, struct ted_key);
	return k->at != NULL;
}

static void index_nodes(struct ted_priv *p)
{
	const struct ted *t = &p->ted;

	for (uint32_t i = 0; i < t->n_nodes; i++) {
		const struct ted_node *n = &t->nodes[i];

		if (!n->alive)
			continue;
		index_texts(&p->texts, i, n);
		index_addrs(&p->addrs, i, n);
		index_locators(&p->locators, i, n);
		index_node_sids(&p->node_sids, i, n);
		index_sids(&p->sids, i, n->sids, n->n_sids, 0);
	}
}

static void index_links(struct ted_priv *p)
{
	const struct ted *t = &p->ted;

	for (uint32_t i = 0; i < t->n_links; i++) {
		const struct ted_link *l = &t->links[i];

		if (!l->alive)
			continue;
		if (l->local_v6.family)
			put(&p->link_addrs, addr_hash(&l->local_v6), i, 0);
		if (l->local_v4.family)
			put(&p->link_addrs, addr_hash(&l->local_v4), i, 0);
		if (l->reverse != TED_NONE)
			index_sids(&p->sids, i, l->sids, l->n_sids, 1);
	}
}

static void note_lengths(struct ted_priv *p)
{
	bool used[129] = { false };

	for (uint32_t i = 0; i < p->locators.n; i++) {
		const struct ted_key *k = &p->locators.at[i];

		used[p->ted.nodes[k->ref].locators[k->aux].prefix.len] = true;
	}
	for (unsigned len = 129; len-- > 0;)
		if (used[len])
			p->loc_lens[p->n_loc_lens++] = (uint8_t)len;
}

int ted_index(struct ted_priv *p, struct arena *scratch)
{
	struct sizes s = measure(&p->ted);
	struct ted_key *tmp = ARENA_ARRAY(scratch, s.most, struct ted_key);
	struct ted_keys *const all[] = { &p->texts,    &p->addrs, &p->link_addrs,
					 &p->locators, &p->sids,  &p->node_sids };

	if (!tmp || !room(p, &p->texts, s.texts) || !room(p, &p->addrs, s.addrs) ||
	    !room(p, &p->link_addrs, s.links) || !room(p, &p->locators, s.locators) ||
	    !room(p, &p->sids, s.sids) || !room(p, &p->node_sids, s.node_sids))
		return err_raise(-ENOMEM);
	index_nodes(p);
	index_links(p);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		ted_keys_sort(all[i]->at, tmp, all[i]->n);
	note_lengths(p);
	return 0;
}

/* ---- look-ups ---- */

static uint32_t node_by_text(const struct ted *t, const char *text, uint32_t kind)
{
	const struct ted_keys *k = &ted_priv_of(t)->texts;
	uint64_t h = text_hash(text);

	for (uint32_t i = ted_keys_find(k, h); i < k->n && k->at[i].h == h; i++) {
		const struct ted_node *n = &t->nodes[k->at[i].ref];

		if (k->at[i].aux == kind && strcmp(kind ? n->name : n->id, text) == 0)
			return k->at[i].ref;
	}
	return TED_NONE;
}

uint32_t ted_node_by_id(const struct ted *t, const char *id_or_name)
{
	uint32_t i = node_by_text(t, id_or_name, 0);

	return i != TED_NONE ? i : node_by_text(t, id_or_name, 1);
}

static bool node_owns(const struct ted_node *n, const struct ip_addr *a)
{
	if (ip_eq(&n->router_v6, a) || ip_eq(&n->router_v4, a))
		return true;
	for (uint32_t j = 0; j < n->n_prefixes; j++)
		if (host_prefix(&n->prefixes[j]) && ip_eq(&n->prefixes[j].addr, a))
			return true;
	return false;
}

uint32_t ted_node_by_addr(const struct ted *t, const struct ip_addr *a)
{
	const struct ted_keys *k = &ted_priv_of(t)->addrs;
	uint64_t h = addr_hash(a);

	if (!a->family)
		return TED_NONE;
	for (uint32_t i = ted_keys_find(k, h); i < k->n && k->at[i].h == h; i++)
		if (node_owns(&t->nodes[k->at[i].ref], a))
			return k->at[i].ref;
	return ted_locator_of(t, a).node;
}

uint32_t ted_link_by_addr(const struct ted *t, const struct ip_addr *local)
{
	const struct ted_keys *k = &ted_priv_of(t)->link_addrs;
	uint64_t h = addr_hash(local);

	if (!local->family)
		return TED_NONE;
	for (uint32_t i = ted_keys_find(k, h); i < k->n && k->at[i].h == h; i++) {
		const struct ted_link *l = &t->links[k->at[i].ref];

		if (ip_eq(&l->local_v6, local) || ip_eq(&l->local_v4, local))
			return k->at[i].ref;
	}
	return TED_NONE;
}

static struct ted_locator_hit locator_at(const struct ted *t, const struct ip_prefix *want)
{
	const struct ted_keys *k = &ted_priv_of(t)->locators;
	struct ted_locator_hit hit = { .node = TED_NONE };
	uint64_t h = prefix_hash(want);

	for (uint32_t i = ted_keys_find(k, h); i < k->n && k->at[i].h == h; i++) {
		const struct ted_key *e = &k->at[i];

		if (ip_prefix_cmp(&t->nodes[e->ref].locators[e->aux].prefix, want) != 0)
			continue;
		if (hit.node == TED_NONE)
			hit = (struct ted_locator_hit){ .node = e->ref, .which = e->aux };
		else if (hit.node != e->ref)
			hit.anycast = true;
	}
	return hit;
}

struct ted_locator_hit ted_locator_of(const struct ted *t, const struct ip_addr *a)
{
	const struct ted_priv *p = ted_priv_of(t);

	if (a->family != IP_V6)
		return (struct ted_locator_hit){ .node = TED_NONE };
	for (uint32_t i = 0; i < p->n_loc_lens; i++) {
		struct ip_prefix want = ip_prefix_of(a, p->loc_lens[i]);
		struct ted_locator_hit hit = locator_at(t, &want);

		if (hit.node != TED_NONE)
			return hit;
	}
	return (struct ted_locator_hit){ .node = TED_NONE };
}

struct ted_sid_hit ted_sid_of(const struct ted *t, const struct ip_addr *a)
{
	const struct ted_keys *k = &ted_priv_of(t)->sids;
	uint64_t h = addr_hash(a);

	for (uint32_t i = ted_keys_find(k, h); i < k->n && k->at[i].h == h; i++) {
		uint32_t ref = k->at[i].ref;
		bool link = k->at[i].aux & 1;
		const struct ted_sid *s = link ? t->links[ref].sids : t->nodes[ref].sids;

		s += k->at[i].aux >> 1;
		if (ip_eq(&s->sid, a))
			return (struct ted_sid_hit){ .node = link ? t->links[ref].from : ref,
						     .link = link ? ref : TED_NONE,
						     .sid = s };
	}
	return (struct ted_sid_hit){ .node = TED_NONE, .link = TED_NONE };
}

uint32_t ted_node_of_index(const struct ted *t, uint32_t value, bool is_label, bool *twice)
{
	const struct ted_keys *k = &ted_priv_of(t)->node_sids;
	uint64_t h = (uint64_t)value << 1 | is_label;
	uint32_t node = TED_NONE;

	*twice = false;
	for (uint32_t i = ted_keys_find(k, h); i < k->n && k->at[i].h == h; i++) {
		if (node == TED_NONE)
			node = k->at[i].ref;
		else if (node != k->at[i].ref)
			*twice = true;
	}
	return node;
}
