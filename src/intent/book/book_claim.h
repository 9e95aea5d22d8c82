/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of the book, shared by its files only. */
#include "base/hash.h"
#include "base/list.h"
#include "base/vec.h"
#include "intent/book/book.h"

enum { BOOK_OLD, BOOK_WANT, BOOK_SIDES };

/* One link of a claim; bit BOOK_OLD, bit BOOK_WANT of in tell on which side it stands. */
struct book_item {
	uint32_t link;
	uint32_t at : 30, in : 2; /* at: its place among the link's users, or backups */
	uint64_t bps[BOOK_SIDES];
};

struct book_claim {
	struct list link;
	void *owner;
	bool foreign;
	struct book_terms terms[BOOK_SIDES];
	struct book_item *items; /* by link, ascending */
	uint32_t n;
	uint64_t *failures; /* ascending; not NULL: a backup */
	uint32_t n_failures;
	struct book_claim *of;	     /* a backup's: whose; or NULL */
	struct list backups, of_link; /* those of it; its place among those of the other */
};

struct book_cell {
	uint32_t nrp;
	struct book_window window;
	uint64_t ours[BOOK_PRIOS], foreign[BOOK_PRIOS];
	uint32_t n; /* charges in it */
};

/* What backups need on a link after one failure. */
struct book_need {
	uint64_t failure;
	uint32_t nrp;
	uint32_t n; /* items in it */
	uint64_t bps[BOOK_PRIOS];
};

/* Where there is something for after it. */
struct book_failure {
	struct hash_node node;
	uint64_t failure;
	uint32_t held;	     /* by who is about to add to it */
	VEC(uint32_t) links; /* ascending */
};

struct book_part {
	uint32_t nrp;
	uint64_t bps;
};

enum { BOOK_USERS_MAX = (1 << 30) - 1 }; /* of a link */

struct book_claims {
	struct book_claim **at;
	size_t n, cap;
};

struct book_link {
	uint64_t capacity_bps, measured_bps;
	uint64_t logged; /* 1 + place of its last entry in the log */
	VEC(struct book_part) parts;
	uint32_t n_timed;	   /* cells that are not for always */
	uint64_t used[BOOK_PRIOS]; /* sum of all cells, as a request at that setup priority sees it */
	VEC(struct book_need) needs; /* by failure, then NRP */
	uint64_t most[BOOK_PRIOS];   /* that one failure needs, at that priority or better */
	VEC(struct book_cell) cells;
	struct book_claims users, backups;
};

/* Links whose rooms changed, the last BOOK_LOG of them: what views follow. */
enum { BOOK_LOG = 1 << 16 };

struct book {
	struct book_link *links;
	uint32_t n_links;
	struct list claims;
	struct hash failures;
	uint32_t n_parts; /* of all links */
	uint32_t n_timed; /* cells that are not for always */
	uint32_t *log;	  /* a ring */
	uint64_t n_log;	  /* entries ever */
	uint64_t seen;	  /* the most any view has followed */
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
/* Is it where its item says? */
bool book_user_is(const struct book *b, const struct book_claim *c, const struct book_item *it);

int book_links_grow(struct book *b, uint32_t n);
int book_link_reserve(struct book *b, uint32_t link); /* for one more item, not for needs */
struct book_item book_item_want(uint32_t link, uint64_t bps);
void book_changed(struct book *b, uint32_t link);
/* A backup's item into or out of what its link needs; room for it is there. */
void book_need_add(struct book *b, const struct book_claim *c, const struct book_item *it);
void book_need_del(struct book *b, const struct book_claim *c, const struct book_item *it);
void book_backups_detach(struct book_claim *c); /* it goes */
void book_failures_fini(struct book *b);
bool book_failure_eq(const struct hash_node *n, const void *key);
struct book_failure *book_failure_find(const struct book *b, uint64_t failure);
/* What of a link counts: for a setup priority, of some NRPs, without a claim and its backups; of
 * what is kept for after failures the most that any one, or that one, needs. */
struct book_scope {
	uint8_t setup;
	bool failed;
	/* All; what has no share of the link; nrp only; all but those listed. */
	enum { BOOK_OF_ALL, BOOK_OF_REST, BOOK_OF_NRP, BOOK_OF_OTHERS } of;
	uint32_t nrp;
	const uint32_t *listed;
	uint32_t n_listed;
	uint64_t failure;
	const struct book_claim *except;
};
struct book_part *book_part_of(const struct book_link *l, uint32_t nrp); /* NULL: it has no share */
bool book_counts(const struct book_link *l, const struct book_scope *s, uint32_t nrp);
void book_most_find(const struct book_link *l, uint64_t most[BOOK_PRIOS]);
uint64_t book_need_most(const struct book_link *l, uint32_t link, const struct book_scope *s);
int book_items_put(struct book *b, struct book_claim *c, const struct book_terms terms[BOOK_SIDES],
		   struct book_item *take_items, uint32_t n);
uint32_t book_items_merge(struct book_item *items, size_t n);
