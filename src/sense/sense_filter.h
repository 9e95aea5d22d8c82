/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * From readings to what is said of a link. Pure: no clock, no I/O.
 *
 * A network that computes by what it measures can swing: what is said moves traffic, and moved traffic
 * is measured. So little is said (RFC 8570 s6: thresholds, and an interval for the rest), bad news
 * sooner than good, and good news the later the more often it has turned out wrong.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/mono.h"

struct sense_rule {
	uint32_t threshold_pct; /* of what was said; a change of less is not worth saying at once */
	uint64_t floor;		/* nor is one of less than this */
	uint64_t hold_ns;	/* so long it has to be better before that is said; doubled by flaps, 64x at most */
	uint64_t interval_ns;	/* what is smaller is said this often at most */
};

struct sense_filter {
	bool known;	 /* something is said */
	uint64_t said;
	uint64_t last[3]; /* readings, the newest first */
	uint8_t n, level;
	bool better;	 /* than what is said, by more than the threshold */
	uint64_t most;	 /* since it is */
	struct mono better_since, told_at, eased_at; /* eased_at: better was said last, 0 never */
};

enum sense_news { SENSE_SAME, SENSE_FIRST, SENSE_WORSE, SENSE_BETTER, SENSE_REFRESH };

const char *sense_news_text(enum sense_news n); /* "first" */

/* A reading; larger is worse. What is said is the middle of three: one alone says nothing. */
enum sense_news sense_filter_put(struct sense_filter *f, const struct sense_rule *rule, uint64_t value,
				 struct mono now);
/* Nothing is said any more; what is read next is the first. How often it flapped stays. */
void sense_filter_forget(struct sense_filter *f);

/* ---- what a link carries ---- */

enum { SENSE_RESERVED_KEPT = 4 };

struct sense_load {
	bool based;
	uint64_t octets;
	int64_t time_ns;
	uint64_t reserved_bps[SENSE_RESERVED_KEPT]; /* the newest first */
	uint8_t n_reserved;
	bool known; /* beside_bps is */
	uint64_t bps, beside_bps;
};

/* A counter as read at a time of the device's clock: true, and l->bps is the rate since the one before.
 * A counter that went back, a clock that did, and rates beyond reason begin anew. */
bool sense_load_count(struct sense_load *l, uint64_t octets, int64_t time_ns);
/*
 * What l->bps has beside what is reserved now, by l's own history: nothing tells how much of its
 * reservation a policy sends, so it is between bps - reserved and bps. The value stays where it was as
 * long as that is possible: a new reservation that is not used yet does not make other traffic
 * vanish, nor does one that has just gone make it out of packets that were its own.
 */
void sense_load_beside(struct sense_load *l, uint64_t reserved_bps);
