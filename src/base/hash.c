/* SPDX-License-Identifier: Apache-2.0 */
/* Chained table that doubles at a load of one; SipHash-2-4 written from its definition. */
#include "base/hash.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static uint64_t load_le(const uint8_t *p, size_t n)
{
	uint64_t m = 0;

	for (size_t i = 0; i < n; i++)
		m |= (uint64_t)p[i] << 8 * i;
	return m;
}

uint64_t hash_bytes(const uint64_t key[2], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t v[4] = { key[0] ^ UINT64_C(0x736f6d6570736575),
			  key[1] ^ UINT64_C(0x646f72616e646f6d),
			  key[0] ^ UINT64_C(0x6c7967656e657261),
			  key[1] ^ UINT64_C(0x7465646279746573) };
	size_t left = len;
	uint64_t m;

	for (; left >= 8; left -= 8, p += 8) {
		m = load_le(p, 8);
		v[3] ^= m;
		sip_round(v);
		sip_round(v);
		v[0] ^= m;
	}
	m = load_le(p, left) | (uint64_t)len << 56;
	v[3] ^= m;
	sip_round(v);
	sip_round(v);
	v[0] ^= m;
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void hash_init(struct hash *h, uint64_t seed, bool (*eq)(const struct hash_node *, const void *))
{
	*h = (struct hash){ .eq = eq, .key = { seed, ~seed * UINT64_C(0x9e3779b97f4a7c15) } };
}

void hash_fini(struct hash *h)
{
	free(h->slots);
	h->slots = NULL;
	h->n_slots = h->count = 0;
}

struct hash_node *hash_get(const struct hash *h, const void *bytes, size_t len, const void *key)
{
	uint64_t v;

	if (h->n_slots == 0)
		return NULL;
	v = hash_bytes(h->key, bytes, len);
	for (struct hash_node *n = h->slots[v & (h->n_slots - 1)]; n; n = n->next)
		if (n->hash == v && h->eq(n, key))
			return n;
	return NULL;
}

static void relink(struct hash_node **slots, size_t n_slots, struct hash_node *n)
{
	struct hash_node **slot = &slots[n->hash & (n_slots - 1)];

	n->next = *slot;
	*slot = n;
}

/* A failed doubling only makes the chains longer. */
static int grow(struct hash *h)
{
	size_t n_slots = h->n_slots ? h->n_slots * 2 : 16;
	struct hash_node **slots = calloc(n_slots, sizeof(struct hash_node *));

	if (!slots)
		return h->n_slots ? 0 : err_raise(-ENOMEM);
	for (size_t i = 0; i < h->n_slots; i++) {
		struct hash_node *n = h->slots[i];

		while (n) {
			struct hash_node *next = n->next;

			relink(slots, n_slots, n);
			n = next;
		}
	}
	free(h->slots);
	h->slots = slots;
	h->n_slots = n_slots;
	return 0;
}

int hash_put(struct hash *h, const void *bytes, size_t len, struct hash_node *n)
{
	if (h->count >= h->n_slots) {
		int r = grow(h);

		if (r < 0)
			return err_trace(r);
	}
	n->hash = hash_bytes(h->key, bytes, len);
	relink(h->slots, h->n_slots, n);
	h->count++;
	return 0;
}

void hash_del(struct hash *h, struct hash_node *n)
{
	struct hash_node **p = &h->slots[n->hash & (h->n_slots - 1)];

	while (*p && *p != n)
		p = &(*p)->next;
	if (!*p)
		return;
	*p = n->next;
	n->next = NULL;
	h->count--;
}

static struct hash_node *first_from(const struct hash *h, size_t slot)
{
	for (; slot < h->n_slots; slot++)
		if (h->slots[slot])
			return h->slots[slot];
	return NULL;
}

struct hash_node *hash_first(const struct hash *h)
{
	return first_from(h, 0);
}

struct hash_node *hash_next(const struct hash *h, const struct hash_node *n)
{
	return n->next ? n->next : first_from(h, (n->hash & (h->n_slots - 1)) + 1);
}
