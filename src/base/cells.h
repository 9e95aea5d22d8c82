/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Arrays of one size of which there are thousands, read here and there: large ones lie together in large pages
 * where the kernel gives some, for a processor remembers where few pages are, and asks the page tables for each
 * of many. What is given back is taken again; memory goes back to the system at the end.
 */
#include <stddef.h>

enum {
	CELLS_PAGE = 2 << 20, /* octets of a large page */
	CELLS_LEAST = 16 << 10, /* smaller ones are malloc's */
};

/* All zeros but for the size is one without cells. */
struct cells {
	size_t size; /* octets of a cell; stays while there are any */
	struct cells_free *free;
	struct cells_slab *slabs;
};

void *cells_take(struct cells *c); /* nothing is in it; NULL without memory */
void cells_give(struct cells *c, void *cell); /* fine with NULL */
void cells_fini(struct cells *c); /* all were given back; it is without a size then */
