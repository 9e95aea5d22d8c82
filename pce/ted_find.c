/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-ups in a TED. An index may hold keys of rows that are others by now: what it names is asked
 * again, and the first that fits, in the order of nodes and links, is the answer.
 */
#include <string.h>

#include "pce/ted_priv.h"

/* Entries with one hash, of the store's index and of what came later, in order. */
struct probe {
	const struct ted_keys *k[2];
	uint32_t at[2];
	uint64_t h;
};

/* Most keys are hashes: the first look is where it would be if they lay evenly, and from there in
 * growing steps to what is around it. */
static uint32_t first_of(const struct ted_keys *k, uint64_t h)
{
	uint32_t at = (uint32_t)((h >> 32) * k->n >> 32), lo = 0, hi = k->n;

	for (uint32_t step = 1; lo < hi; step *= 4) {
		if (k->at[at].h < h) {
			lo = at + 1;
			if (hi - lo <= step)
				break;
			at = lo + step;
		} else {
			hi = at;
			if (hi - lo <= step)
				break;
			at = hi - step;
		}
	}
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (k->at[mid].h < h)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct probe probe_of(const struct ted *t, enum ted_index_kind kind, uint64_t h)
{
	const struct ted_priv *p = ted_priv_of(t);
	struct probe b = { .k = { &p->store->index.k[kind], &p->more.k[kind] }, .h = h };

	b.at[0] = first_of(b.k[0], h);
	b.at[1] = first_of(b.k[1], h);
	return b;
}

static const struct ted_key *head_of(const struct probe *b, unsigned which)
{
	const struct ted_keys *k = b->k[which];
	uint32_t i = b->at[which];

	return i < k->n && k->at[i].h == b->h ? &k->at[i] : NULL;
}

static const struct ted_key *probe_next(struct probe *b)
{
	const struct ted_key *x = head_of(b, 0), *y = head_of(b, 1);

	if (x && (!y || ted_key_before(x, y))) {
		b->at[0]++;
		return x;
	}
	b->at[1] += y != NULL;
	return y;
}

static uint32_t node_by_text(const struct ted *t, const char *text, uint32_t kind)
{
	struct probe b = probe_of(t, TED_IX_TEXTS, ted_text_hash(text));

	for (const struct ted_key *k; (k = probe_next(&b));) {
		const struct ted_node *n = &t->nodes[k->ref];

		if (k->aux == kind && n->alive && strcmp(kind ? n->name : n->id, text) == 0)
			return k->ref;
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
		if (ted_host_prefix(&n->prefixes[j]) && ip_eq(&n->prefixes[j].addr, a))
			return true;
	return false;
}

uint32_t ted_node_by_addr(const struct ted *t, const struct ip_addr *a)
{
	struct probe b;

	if (!a->family)
		return TED_NONE;
	b = probe_of(t, TED_IX_ADDRS, ted_addr_hash(a));
	for (const struct ted_key *k; (k = probe_next(&b));)
		if (t->nodes[k->ref].alive && node_owns(&t->nodes[k->ref], a))
			return k->ref;
	return ted_locator_of(t, a).node;
}

uint32_t ted_link_by_addr(const struct ted *t, const struct ip_addr *local)
{
	struct probe b;

	if (!local->family)
		return TED_NONE;
	b = probe_of(t, TED_IX_LINK_ADDRS, ted_addr_hash(local));
	for (const struct ted_key *k; (k = probe_next(&b));) {
		const struct ted_link *l = &t->links[k->ref];

		if (l->alive && (ip_eq(&l->local_v6, local) || ip_eq(&l->local_v4, local)))
			return k->ref;
	}
	return TED_NONE;
}

static bool has_locator(const struct ted_node *n, uint32_t which, const struct ip_prefix *p)
{
	return n->alive && which < n->n_locators &&
	       ip_prefix_cmp(&n->locators[which].prefix, p) == 0;
}

static struct ted_locator_hit locator_at(const struct ted *t, const struct ip_prefix *want)
{
	struct ted_locator_hit hit = { .node = TED_NONE };
	struct probe b = probe_of(t, TED_IX_LOCATORS, ted_prefix_hash(want));

	for (const struct ted_key *k; (k = probe_next(&b));) {
		if (!has_locator(&t->nodes[k->ref], k->aux, want))
			continue;
		if (hit.node == TED_NONE)
			hit = (struct ted_locator_hit){ .node = k->ref, .which = k->aux };
		else if (hit.node != k->ref)
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

/* The SID a key names, NULL when that row has no such SID any more. */
static const struct ted_sid *sid_at(const struct ted *t, const struct ted_key *k)
{
	uint32_t which = k->aux & ~TED_IX_OF_LINK;

	if (k->aux & TED_IX_OF_LINK) {
		const struct ted_link *l = &t->links[k->ref];

		return ted_link_usable(l) && which < l->n_sids ? &l->sids[which] : NULL;
	}
	return t->nodes[k->ref].alive && which < t->nodes[k->ref].n_sids ?
		       &t->nodes[k->ref].sids[which] :
		       NULL;
}

struct ted_sid_hit ted_sid_of(const struct ted *t, const struct ip_addr *a)
{
	struct probe b = probe_of(t, TED_IX_SIDS, ted_addr_hash(a));

	for (const struct ted_key *k; (k = probe_next(&b));) {
		const struct ted_sid *s = sid_at(t, k);
		bool link = k->aux & TED_IX_OF_LINK;

		if (s && ip_eq(&s->sid, a))
			return (struct ted_sid_hit){ .node = link ? t->links[k->ref].from : k->ref,
						     .link = link ? k->ref : TED_NONE,
						     .sid = s };
	}
	return (struct ted_sid_hit){ .node = TED_NONE, .link = TED_NONE };
}

static bool has_node_sid(const struct ted_node *n, uint32_t which, uint32_t value, bool is_label)
{
	return n->alive && which < n->n_node_sids && n->node_sids[which].algo == 0 &&
	       n->node_sids[which].value == value && n->node_sids[which].is_label == is_label;
}

struct ted_node_sid_hit ted_node_sid_of(const struct ted *t, uint32_t value, bool is_label)
{
	struct probe b = probe_of(t, TED_IX_NODE_SIDS, (uint64_t)value << 1 | is_label);
	struct ted_node_sid_hit hit = { .node = TED_NONE };

	for (const struct ted_key *k; (k = probe_next(&b));) {
		const struct ted_node *n = &t->nodes[k->ref];

		if (!has_node_sid(n, k->aux, value, is_label))
			continue;
		if (hit.node == TED_NONE)
			hit = (struct ted_node_sid_hit){ k->ref, &n->node_sids[k->aux], false };
		else if (hit.node != k->ref)
			hit.twice = true;
	}
	return hit;
}
