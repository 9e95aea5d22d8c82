/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cells.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { LINE = 64, WASTE = 8 }; /* a cell begins with a line of the cache; of a slab an eighth may be over */

struct cells_free {
	struct cells_free *next;
};

struct cells_slab {
	struct cells_slab *next;
	char *at;
};

static size_t up(size_t n, size_t step)
{
	return (n + step - 1) / step * step;
}

static size_t slab_bytes(size_t cell)
{
	size_t bytes = up(cell, CELLS_PAGE);

	while (bytes % cell > bytes / WASTE)
		bytes += CELLS_PAGE;
	return bytes;
}

static void slab_add(struct cells *c)
{
	size_t cell = up(c->size, LINE), bytes = slab_bytes(cell);
	struct cells_slab *s = malloc(sizeof(*s));

	if (!s)
		return;
	s->at = aligned_alloc(CELLS_PAGE, bytes);
	if (!s->at) {
		free(s);
		return;
	}
	(void)madvise(s->at, bytes, MADV_HUGEPAGE); /* small ones do as well */
	s->next = c->slabs;
	c->slabs = s;
	for (size_t i = bytes / cell; i-- > 0;)
		cells_give(c, s->at + i * cell);
}

void *cells_take(struct cells *c)
{
	struct cells_free *f;

	if (c->size < CELLS_LEAST)
		return malloc(c->size);
	if (!c->free)
		slab_add(c);
	f = c->free;
	if (f)
		c->free = f->next;
	return f;
}

void cells_give(struct cells *c, void *cell)
{
	struct cells_free *f = cell;

	if (c->size < CELLS_LEAST || !f) {
		free(cell);
		return;
	}
	f->next = c->free;
	c->free = f;
}

void cells_fini(struct cells *c)
{
	while (c->slabs) {
		struct cells_slab *s = c->slabs;

		c->slabs = s->next;
		free(s->at);
		free(s);
	}
	*c = (struct cells){ 0 };
}
