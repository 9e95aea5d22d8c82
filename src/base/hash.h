/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Intrusive hash table, chained, keyed by bytes. The hash is SipHash-2-4 with a key given at
 * creation, so a peer cannot aim at one chain. A node stores its hash; the owner compares keys.
 * Iteration order follows the table, not insertion: sort where order is shown.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

struct hash_node {
	struct hash_node *next;
	uint64_t hash;
};

struct hash {
	struct hash_node **slots;
	size_t n_slots; /* power of two, or 0 before the first put */
	size_t count;
	uint64_t key[2];
	bool (*eq)(const struct hash_node *n, const void *key);
};

uint64_t hash_bytes(const uint64_t key[2], const void *data, size_t len);

/* seed: from loop_random(); any value in tests. */
void hash_init(struct hash *h, uint64_t seed, bool (*eq)(const struct hash_node *, const void *));
void hash_fini(struct hash *h); /* frees the slots, not the nodes */

/* Finds by the hash of (bytes, len) and eq(node, key). */
struct hash_node *hash_get(const struct hash *h, const void *bytes, size_t len, const void *key);
/* Links n; the caller has made sure no equal key is there. 0 or -ENOMEM (first put only). */
int hash_put(struct hash *h, const void *bytes, size_t len, struct hash_node *n);
void hash_del(struct hash *h, struct hash_node *n);

/* First and next in table order; next must be taken before the current one is deleted. */
struct hash_node *hash_first(const struct hash *h);
struct hash_node *hash_next(const struct hash *h, const struct hash_node *n);

#define HASH_OF(n, type, member) CONTAINER_OF(n, type, member)
#define HASH_EACH(it, h)                                                                           \
	for (struct hash_node *it = hash_first(h), *it##_next = it ? hash_next(h, it) : NULL; it;  \
	     it = it##_next, it##_next = it ? hash_next(h, it) : NULL)
