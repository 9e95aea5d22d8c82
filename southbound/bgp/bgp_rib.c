/* SPDX-License-Identifier: Apache-2.0 */
/* Adj-RIB-In: see bgp_rib.h. Owner: one peer. */
#include "southbound/bgp/bgp_rib.h"

#include <stdlib.h>
#include <string.h>

/* Room for NLRIs larger than usual, and a bound for hostile ones. */
enum { BYTES_PER_OBJECT = 512 };

static bool entry_eq(const struct hash_node *n, const void *key)
{
	const struct bgp_rib_entry *e = HASH_OF(n, struct bgp_rib_entry, node);
	const struct rd *r = key;

	return e->len == rd_left(r) && memcmp(e->bytes, r->pos, e->len) == 0;
}

void bgp_rib_init(struct bgp_rib *r, uint64_t seed, uint32_t objects_max)
{
	*r = (struct bgp_rib){ 0 };
	hash_init(&r->hash, seed, entry_eq);
	bgp_rib_limit(r, objects_max);
}

void bgp_rib_limit(struct bgp_rib *r, uint32_t objects_max)
{
	r->objects.limit = objects_max;
	r->bytes.limit = (uint64_t)objects_max * BYTES_PER_OBJECT;
}

void bgp_rib_fini(struct bgp_rib *r)
{
	bgp_rib_clear(r, NULL, NULL);
	hash_fini(&r->hash);
}

void bgp_rib_next_round(struct bgp_rib *r)
{
	r->round++;
}

static struct bgp_rib_entry *entry_find(const struct bgp_rib *r, const struct rd *nlri)
{
	struct hash_node *n = hash_get(&r->hash, nlri->pos, rd_left(nlri), nlri);

	return n ? HASH_OF(n, struct bgp_rib_entry, node) : NULL;
}

static void entry_free(struct bgp_rib *r, struct bgp_rib_entry *e)
{
	hash_del(&r->hash, &e->node);
	quota_give(&r->objects, 1);
	quota_give(&r->bytes, e->len);
	free(e);
}

enum bgp_rib_result bgp_rib_put(struct bgp_rib *r, struct rd nlri)
{
	struct bgp_rib_entry *e = entry_find(r, &nlri);
	size_t len = rd_left(&nlri);

	if (e) {
		e->round = r->round;
		return BGP_RIB_KEPT;
	}
	if (!quota_take(&r->objects, 1))
		return BGP_RIB_FULL;
	if (!quota_take(&r->bytes, len)) {
		quota_give(&r->objects, 1);
		return BGP_RIB_FULL;
	}
	e = malloc(sizeof(*e) + len);
	if (!e)
		goto refuse;
	*e = (struct bgp_rib_entry){ .round = r->round, .len = (uint32_t)len };
	memcpy(e->bytes, nlri.pos, len);
	if (hash_put(&r->hash, e->bytes, len, &e->node) < 0)
		goto refuse;
	return BGP_RIB_KEPT;
refuse:
	free(e);
	quota_give(&r->objects, 1);
	quota_give(&r->bytes, len);
	return BGP_RIB_FULL;
}

bool bgp_rib_del(struct bgp_rib *r, struct rd nlri)
{
	struct bgp_rib_entry *e = entry_find(r, &nlri);

	if (!e)
		return false;
	entry_free(r, e);
	return true;
}

static void drop_unless(struct bgp_rib *r, bool keep_current,
			void (*fn)(void *arg, struct rd nlri), void *arg)
{
	HASH_EACH(it, &r->hash) {
		struct bgp_rib_entry *e = HASH_OF(it, struct bgp_rib_entry, node);

		if (keep_current && e->round == r->round)
			continue;
		if (fn)
			fn(arg, rd_of(e->bytes, e->len));
		entry_free(r, e);
	}
}

void bgp_rib_purge(struct bgp_rib *r, void (*fn)(void *arg, struct rd nlri), void *arg)
{
	drop_unless(r, true, fn, arg);
}

void bgp_rib_clear(struct bgp_rib *r, void (*fn)(void *arg, struct rd nlri), void *arg)
{
	drop_unless(r, false, fn, arg);
}
