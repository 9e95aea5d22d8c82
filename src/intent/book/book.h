/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The bandwidth book: what every LSP holds on every directed link, by holding priority, NRP and
 * time window. Ours and foreign LSPs are kept apart. Pure bookkeeping on integers: no clock, no
 * events, loop thread only (workers get a snapshot).
 *
 * A claim is what one LSP holds. It has two sides: the new one (where we want it) and the old
 * one (where it may still be); while both stand each link is charged the larger of them, so a
 * move is booked before it is made and freed only once it is known to have happened.
 *
 * A link's room is its capacity less the traffic measured beside ours, less what claims reserve,
 * less what backups would need after the worst single failure. An NRP with a share of a link has
 * that share to itself, used or not, and no more; all others, and what is measured, have together
 * what is left of the capacity without shares.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

enum { BOOK_PRIOS = 8 };

/* Most one claim may hold on one link (100 Tb/s): sums of 2^17 of them fit 64 bits. */
#define BOOK_BPS_MAX UINT64_C(100000000000000)

struct book;
struct book_claim;

/* Wall seconds, half open. */
struct book_window {
	uint64_t start_s, end_s;
};

#define BOOK_ALWAYS ((struct book_window){ 0, UINT64_MAX })

struct book_terms {
	uint64_t bps;
	uint8_t hold; /* 0 best .. 7 */
	uint32_t nrp;
	struct book_window window;
};

/* A question about room: setup priority in place of the holding one. */
struct book_ask {
	uint8_t setup;
	uint32_t nrp;
	struct book_window window;
	const struct book_claim *except; /* as if it and its backups held nothing; may be NULL */
	/* This failure has come: of what is kept for after one only its part is in the way. */
	bool failed;
	uint64_t failure;
};

#define BOOK_NO_BACKUPS UINT64_MAX /* a failure nobody has a backup for */

int book_new(struct book **outp);
struct book *book_free(struct book *b);
AUTO_DEFINE(struct book, book_free)

/* Capacity 0: nothing can be booked there. Grows the table; 0 or -ENOMEM. */
int book_capacity_set(struct book *b, uint32_t link, uint64_t bps);
uint64_t book_capacity(const struct book *b, uint32_t link);
/* Traffic that no claim accounts for; every priority finds it there. 0 or -ENOMEM. */
int book_measured_set(struct book *b, uint32_t link, uint64_t bps);
uint64_t book_measured(const struct book *b, uint32_t link);
/* What an NRP has of a link for itself; 0: it shares the link with all who have none. BOOK_NO_SHARE:
 * it may reserve nothing there, and keeps nothing from others. 0 or -ENOMEM. */
enum { BOOK_NO_SHARE = 1 };
int book_share_set(struct book *b, uint32_t link, uint32_t nrp, uint64_t bps);
uint64_t book_share(const struct book *b, uint32_t link, uint32_t nrp);

/* Into the processor's caches what is read soon: a claim, then what it holds, and links. */
void book_claim_ahead(const struct book_claim *c);
void book_items_ahead(const struct book_claim *c);
void book_links_ahead(const struct book *b, const uint32_t *links, uint32_t n);
/* owner is handed back by book_users(). */
int book_claim_new(struct book *b, bool foreign, void *owner, struct book_claim **outp);
struct book_claim *book_claim_free(struct book *b, struct book_claim *c); /* releases all */
void *book_claim_owner(const struct book_claim *c);
bool book_claim_foreign(const struct book_claim *c);
uint8_t book_claim_hold(const struct book_claim *c);
const struct book_terms *book_claim_terms(const struct book_claim *c); /* of the new side */
/* Discovered LSP becomes ours, or ours is released to its headend. */
void book_claim_foreign_set(struct book *b, struct book_claim *c, bool foreign);

/* links: any order, doubles are one. Each: 0 or -ENOMEM, then nothing changed. */
/* Holds exactly this: both sides are replaced. */
int book_hold(struct book *b, struct book_claim *c, const struct book_terms *t,
	      const uint32_t *links, uint32_t n);
/* Wants this from now on. new_was_sent: the present new side may be in the network, so it joins
 * the old; else it never left the house and is dropped. */
int book_move(struct book *b, struct book_claim *c, const struct book_terms *t,
	      const uint32_t *links, uint32_t n, bool new_was_sent);
/*
 * Links of several lists that share a rate: over each may come units of total, which is booked rounded
 * up, so never less than what comes. Links ascend, each once. units NULL: all of it over each.
 */
struct book_way {
	const uint32_t *links, *units;
	uint32_t n, total;
};
int book_hold_way(struct book *b, struct book_claim *c, const struct book_terms *t, const struct book_way *w);
int book_move_way(struct book *b, struct book_claim *c, const struct book_terms *t, const struct book_way *w,
		  bool new_was_sent);
uint32_t book_refuses_way(const struct book *b, const struct book_ask *ask, uint64_t bps, const struct book_way *w);
bool book_claim_full_way(const struct book_claim *c, uint64_t bps, const struct book_way *w);
uint64_t book_way_bps(const struct book_way *w, uint64_t bps, uint32_t k); /* on the k-th link */
void book_settle(struct book *b, struct book_claim *c); /* the move happened: old side released */
void book_revert(struct book *b, struct book_claim *c); /* it was refused: new side released */
void book_drop(struct book *b, struct book_claim *c);	/* holds nothing */
/*
 * The claim becomes one of a backup: nothing is reserved for it but room to take over after a
 * failure. failures: numbers of links, SRLGs, nodes, in one number space of the caller's; one of
 * them at a time is what the network is prepared for, so backups of different failures share
 * their room: a link reserves the largest sum of any one failure. Replaces what the claim held;
 * the window of t is always. 0 or -ENOMEM, then nothing changed. Such a claim takes no
 * book_hold(), book_move() or book_revert().
 */
struct book_backup {
	const uint32_t *links;
	uint32_t n_links;
	const uint64_t *failures; /* any order, doubles are one */
	uint32_t n_failures;
	/* Whose reservation it stands in for: his requests find its room free. May be NULL; stays. */
	struct book_claim *of;
};
int book_back_up(struct book *b, struct book_claim *c, const struct book_terms *t,
		 const struct book_backup *to);
bool book_claim_moving(const struct book_claim *c); /* the old side of a move stands */
bool book_claim_backup(const struct book_claim *c);
/* Keeps nothing on these links any more. Needs no memory. */
void book_backup_leave(struct book *b, struct book_claim *c, const uint32_t *links, uint32_t n);
uint64_t book_backup_failure(const struct book_claim *c); /* the first it is for */
/* What is reserved, measured and kept for a failure (NULL: any) is more than the link has, or than
 * some NRP's share of it. */
bool book_over_after(const struct book *b, uint32_t link, const uint64_t *failure);
/* Backups over a link, in no order; valid until the next change. They are no users. */
struct book_claim *const *book_backups(const struct book *b, uint32_t link, size_t *n);

/* Loses its reservation on one link to a better priority; stays a user of it. */
void book_yield(struct book *b, struct book_claim *c, uint32_t link);
uint64_t book_claim_bps(const struct book_claim *c, uint32_t link); /* charged there now */
/* It is charged so much, or more, on each of them. */
bool book_claim_full(const struct book_claim *c, uint64_t bps, const uint32_t *links, uint32_t n);
/* What of it a setup priority may take there: charged at worse holding priorities; *hold (may be
 * NULL) is the best of those, and stays when there is nothing. */
uint64_t book_claim_weak(const struct book_claim *c, uint32_t link, uint8_t setup, uint8_t *hold);

/* capacity - reserved at priorities <= setup - all foreign, never below 0, least over the window. */
uint64_t book_room(const struct book *b, uint32_t link, const struct book_ask *ask);
/* TED_NONE-like UINT32_MAX: t fits on every link; else the first link where it does not. */
uint32_t book_refuses(const struct book *b, const struct book_ask *ask, uint64_t bps,
		      const uint32_t *links, uint32_t n);
/* For workers: room per link. */
void book_snapshot(const struct book *b, const struct book_ask *ask, uint64_t *free_bps, uint32_t n);
/* Where ask->except stands, and its backups do, the snapshot is wrong by its own share: the true
 * rooms of those links, ascending. Returns how many were written, of cap at most; with cap 0 how
 * many there may be. now: what a view that follows the book shows for such requests at present,
 * which makes it cheap; NULL: none. */
struct book_own {
	uint32_t link;
	uint64_t free_bps;
};
struct book_view;
uint32_t book_own_rooms(const struct book *b, const struct book_ask *ask, const struct book_view *now,
			struct book_own *out, uint32_t cap);
/* The same for ask->except and its failure: where a view without backups is wrong for them. */
uint32_t book_rooms_after(const struct book *b, const struct book_ask *ask, struct book_own *out,
			  uint32_t cap);
/* Links the claim is a user of, ascending: the i-th, or UINT32_MAX past the end. */
uint32_t book_claim_link(const struct book_claim *c, uint32_t i);

/* By how much all there is exceeds capacity now or at any time; 0: it does not. */
uint64_t book_excess(const struct book *b, uint32_t link);
/* The same for what an NRP draws on: its share, or what is left beside shares. Without shares 0. */
uint64_t book_share_excess(const struct book *b, uint32_t link, uint32_t nrp);
/* Two NRPs draw on the same room of a link. */
bool book_same_room(const struct book *b, uint32_t link, uint32_t nrp, uint32_t other);
/* Most that is reserved in an NRP at any time, with what is kept for after a failure. */
uint64_t book_nrp_most(const struct book *b, uint32_t link, uint32_t nrp);
/* Most that is reserved in none of these NRPs at any time, without what is kept for after a failure. */
uint64_t book_outside_most(const struct book *b, uint32_t link, const uint32_t *nrps, uint32_t n);
/* Claims on a link, in order of arrival; valid until the next change. */
struct book_claim *const *book_users(const struct book *b, uint32_t link, size_t *n);

struct book_row {
	uint64_t capacity_bps;
	uint64_t measured_bps;
	uint64_t ours_bps[BOOK_PRIOS], foreign_bps[BOOK_PRIOS]; /* over all NRPs and windows */
	uint64_t backup_bps[BOOK_PRIOS]; /* reserved for after a failure, for that priority or better */
	uint64_t shares_bps, unused_bps; /* of NRPs; what of them is not reserved */
	uint32_t n_claims;
};
bool book_row(const struct book *b, uint32_t link, struct book_row *out);
uint32_t book_n_links(const struct book *b);

/*
 * The rooms of all links as one kind of request sees them, kept up to date from what changed: a
 * versioned snapshot. Following costs as much as there were changes since. Whoever reads bps may
 * write there between two follows if it puts back what was.
 */
struct book_view {
	uint8_t setup;
	bool bare; /* without what is kept for after failures */
	uint32_t nrp;
	uint64_t *bps; /* n long */
	uint32_t n;
	uint64_t at;   /* version of the book it shows */
	bool made;
};

uint64_t book_version(const struct book *b); /* of the rooms: another after every change of any */
/* A link the book has no capacity for has no room. 0 or -ENOMEM, then the view shows what it did. */
int book_view_follow(struct book *b, struct book_view *v, uint32_t n_links);
void book_view_fini(struct book_view *v);
/* The NRP a view for requests of this one is kept under: its own only where it has shares. */
uint32_t book_view_nrp(const struct book *b, uint32_t nrp);

/* Recomputes every cell from the claims and compares bit for bit; why names the first difference. */
bool book_audit(const struct book *b, char *why, size_t cap);
