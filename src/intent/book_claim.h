/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of the book, shared by its two files only. */
#include "base/list.h"
#include "base/vec.h"
#include "intent/book.h"

enum { BOOK_OLD, BOOK_WANT, BOOK_SIDES };

/* One link of a claim; bit BOOK_OLD, bit BOOK_WANT of in tell on which side it stands. */
struct book_item {
	uint32_t link;
	uint8_t in;
	uint64_t bps[BOOK_SIDES];
};

struct book_claim {
	struct list link;
	void *owner;
	bool foreign;
	struct book_terms terms[BOOK_SIDES];
	struct book_item *items; /* by link, ascending */
	uint32_t n;
};

struct book_cell {
	uint32_t nrp;
	struct book_window window;
	uint64_t ours[BOOK_PRIOS], foreign[BOOK_PRIOS];
	uint32_t n; /* charges in it */
};

struct book_link {
	uint64_t capacity_bps;
	VEC(struct book_cell) cells;
	VEC(struct book_claim *) users;
};

struct book {
	struct book_link *links;
	uint32_t n_links;
	struct list claims;
};

/* What an item costs: one charge, or two when its sides stand in different NRPs or windows. */
struct book_charge {
	uint32_t nrp;
	struct book_window window;
	uint8_t hold;
	uint64_t bps;
};

unsigned book_item_charges(const struct book_claim *c, const struct book_item *it,
			   struct book_charge out[BOOK_SIDES]);
const struct book_item *book_item_find(const struct book_claim *c, uint32_t link);
