/* SPDX-License-Identifier: Apache-2.0 */
/* A set of links that is as dear as what is in it: marks by epoch stay with the shard. */
#include <stdlib.h>
#include <string.h>

#include "pce/pce_priv.h"

enum { FEW = 40 }; /* as they are as a rule, and in pieces that ascend */

bool pce_used_init(struct pce_used *u, struct pce_ctx *c, unsigned room)
{
	*u = (struct pce_used){ .c = c, .epoch = pce_trees_epoch(c->trees) };
	u->seen = pce_room_links(c->trees, room, sizeof(*u->seen));
	if (!u->seen)
		c->no_memory = true;
	return u->seen != NULL;
}

bool pce_used_add(struct pce_used *u, uint32_t link)
{
	if (u->seen[link] == u->epoch)
		return false;
	if (u->n == u->cap) {
		uint32_t cap = u->cap ? u->cap * 2 : 32;
		uint32_t *at = cap > u->cap ? ARENA_ARRAY(&u->c->scratch, cap, uint32_t) : NULL;

		if (!at) {
			u->c->no_memory = true;
			return false;
		}
		if (u->n)
			memcpy(at, u->links, u->n * sizeof(*at));
		u->links = at;
		u->cap = cap;
	}
	u->seen[link] = u->epoch;
	u->links[u->n++] = link;
	return true;
}

bool pce_used_has(const struct pce_used *u, uint32_t link)
{
	return u->seen[link] == u->epoch;
}

static int by_index(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void pce_used_sort(struct pce_used *u)
{
	if (u->n <= FEW)
		ted_sort(u->links, u->n);
	else
		qsort(u->links, u->n, sizeof(*u->links), by_index);
}
